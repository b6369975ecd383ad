"""Candidates for seams, and blocks put where they fit, against the plain way to find them."""

from __future__ import annotations

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.attacks import refilling, seams
from etcprops.attacks.poses import Poses
from etcprops.attacks.refilling import HOLE, refilled, settle
from etcprops.attacks.seams import Borders, cut, find_seams
from etcprops.datasets import make_synthetic_faces

CANDIDATES = 5


def borders_of(channels: int) -> Borders:
    """Return the borders of 48 blocks of faces, or of their tinted copies."""
    faces = make_synthetic_faces(people=2, lights=3, height=64, width=48, seed=1).images
    if channels == 3:
        tints = [faces, np.roll(faces, 1, axis=0), 255 - np.roll(faces, 2, axis=0)]
        faces = np.stack(tints, axis=-1)
    geometry = BlockGeometry(64, 48, channels=channels, block=8)
    return Borders(cut(encrypt(faces, EtCKey.from_secret(geometry, "seams")), geometry))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("channels", [1, 3])
def test_blocks_that_are_compared_once_are_found_from_both_sides(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    borders = borders_of(channels)
    n = borders.n
    rows = np.arange(4 * n)
    products = np.abs(borders.products(rows)).max(axis=(0, 1))
    cost = (borders.energy - 2 * products).min(axis=1) + borders.energy.T.reshape(-1, 1)
    cost[rows, rows // 4] = np.inf
    wanted = np.sort(cost, axis=1)[:, :CANDIDATES]
    for entries in (1, 7 * 32 * n * borders.orders, 1 << 22):  # one block at a time, seven, all
        monkeypatch.setattr(seams, "ENTRIES", entries)
        block = find_seams(borders, CANDIDATES).block
        assert all(len(set(row)) == CANDIDATES for row in block.tolist())
        found = np.sort(np.take_along_axis(cost, block, axis=1), axis=1)
        assert found == pytest.approx(wanted, rel=1e-3, abs=1e-2)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_remembered_of_holes_changes_nothing(
    channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    borders = borders_of(channels)
    layout = np.full((8, 6), HOLE)
    layout[2:4, 2:5] = np.arange(6).reshape(2, 3)
    found = []
    for remembered, entries in ((refilling.TRIED, 1 << 20), (12, 1 << 20), (24, 1)):
        monkeypatch.setattr(refilling, "REMEMBERED", remembered)
        monkeypatch.setattr(refilling, "ENTRIES", entries)
        poses = Poses.at_the_origin(borders.n)
        full = refilled(layout, poses, borders)
        assert np.array_equal(np.sort(full, axis=None), np.arange(borders.n))
        found.append((full, poses.turns, poses.mirrored, poses.sign, poses.order))
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_blocks_settle_whose_neighbours_do_not_turn() -> None:
    borders = borders_of(1)
    layout = np.arange(48).reshape(8, 6)
    poses = Poses.at_the_origin(48)
    settle(layout, poses, borders, rounds=50)
    before = [values.copy() for values in vars(poses).values()]
    settle(layout, poses, borders, rounds=1)  # looks at all blocks again
    assert all(np.array_equal(a, b) for a, b in zip(before, vars(poses).values(), strict=True))
