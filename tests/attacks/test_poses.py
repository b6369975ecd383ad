"""Poses of blocks: how they compose, against keys and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, decrypt, encrypt
from etcprops.attacks.attacker import key_of
from etcprops.attacks.calibration import poses_of, right_blocks
from etcprops.attacks.poses import COMPOSED, INVERSE, Pose, Poses, Seam
from etcprops.attacks.seams import ORDERS, Borders, cut
from etcprops.attacks.verification import in_order
from etcprops.scheme.keys import COMPONENT_ORDERS

GEOMETRY = BlockGeometry(16, 24, channels=3, block=4)
KEY = EtCKey.from_secret(GEOMETRY, "poses")


def test_orders_are_those_of_the_key_and_compose() -> None:
    assert ORDERS == COMPONENT_ORDERS
    for p in range(6):
        assert COMPOSED[p, INVERSE[p]] == COMPOSED[INVERSE[p], p] == 0
        for q in range(6):
            assert ORDERS[COMPOSED[p, q]] == tuple(ORDERS[p][j] for j in ORDERS[q])


def test_poses_and_keys_say_the_same() -> None:
    assert key_of(poses_of(KEY), GEOMETRY) == KEY


def whole(poses: Poses, pose: Pose) -> Poses:
    """Return the plane after the move that gives its first block a pose."""
    return poses.moved(np.arange(len(poses.turns)), 0, pose)


@pytest.mark.parametrize("mirrored", range(2))
@pytest.mark.parametrize("turns", range(4))
def test_a_moved_plane_is_the_moved_picture(mirrored: int, turns: int) -> None:
    square = BlockGeometry(16, 16, channels=3, block=4)
    key = EtCKey.from_secret(square, "square")
    image = np.random.default_rng(0).integers(0, 256, square.shape, dtype=np.uint8)
    true = poses_of(key)
    there = whole(true, Pose(0, 0, mirrored, turns, -1, 3))
    there.place -= there.place.min(axis=0)
    seen = decrypt(encrypt(image, key), key_of(there, square))
    pictures = [
        np.rot90(image[:, ::-1] if m else image, r)[..., order] ^ np.uint8(mask)
        for m in range(2) for r in range(4) for order in ORDERS for mask in (0, 255)
    ]  # fmt: skip
    assert any(np.array_equal(seen, picture) for picture in pictures)
    assert right_blocks(there, key).all()


def test_a_neighbour_is_where_the_key_has_it() -> None:
    poses = poses_of(KEY)
    rows, columns = GEOMETRY.grid
    at = np.empty(GEOMETRY.grid, dtype=np.int64)
    at[tuple(poses.place.T)] = np.arange(GEOMETRY.n_blocks)
    for block in range(GEOMETRY.n_blocks):
        for side in range(4):
            pose = poses.neighbour(block, Seam(side, 0, 0, 1, 0))
            if not (0 <= pose.row < rows and 0 <= pose.column < columns):
                continue
            other = int(at[pose.row, pose.column])
            step = poses.place[other] - poses.place[block]
            direction = [(-1, 0), (0, 1), (1, 0), (0, -1)].index(tuple(step.tolist()))
            assert int(poses.side_towards(np.array([block]), direction)[0]) == side
            seam = Seam(
                side,
                int(poses.side_towards(np.array([other]), direction + 2)[0]),
                int(poses.mirrored[block] ^ poses.mirrored[other]),
                int(poses.sign[block] * poses.sign[other]),
                int(COMPOSED[poses.order[other], INVERSE[poses.order[block]]]),
            )
            assert poses.neighbour(block, seam) == poses.of(other)
            assert poses.neighbour(other, seam.reversed()) == poses.of(block)


def test_sides_of_a_gradient_fit_without_error() -> None:
    row, column = np.indices(GEOMETRY.shape[:2])
    ramp = np.stack([2 * row + 3 * column, 200 - 3 * row, 4 * column + row], axis=-1)
    borders = Borders(cut(encrypt(ramp.astype(np.uint8)[None], KEY), GEOMETRY))
    poses = poses_of(KEY)
    at = np.empty(GEOMETRY.grid, dtype=np.int64)
    at[tuple(poses.place.T)] = np.arange(GEOMETRY.n_blocks)
    a, b = at[:, :-1].ravel(), at[:, 1:].ravel()
    sides = 4 * a + poses.side_towards(a, 1), 4 * b + poses.side_towards(b, 3)
    order = COMPOSED[poses.order[b], INVERSE[poses.order[a]]]
    sign = (poses.sign[a] != poses.sign[b]).astype(np.int64)
    found = borders.distances(*sides)
    here = np.arange(len(a))
    true = found[order, poses.mirrored[a] ^ poses.mirrored[b], sign, here]
    assert (true <= found.reshape(-1, len(a)).min(axis=0) + 1e-3).all()
    products = borders.products(sides[0])[:, :, here, sides[1] % 4, sides[1] // 4]
    energy = borders.energy.T.ravel()
    errors = (
        energy[sides[0]]
        + energy[sides[1]]
        - 2 * (1 - 2 * sign) * (products[order, poses.mirrored[a] ^ poses.mirrored[b], here])
    )
    assert np.abs(errors).max() < 1e-3 * energy.max()


def test_a_key_that_moves_the_whole_leaves_it_in_order() -> None:
    square = BlockGeometry(12, 12, block=4)
    still = poses_of(EtCKey(square))
    for mirrored in range(2):
        for turns in range(4):
            moved = whole(still, Pose(0, 0, mirrored, turns, -1, 0))
            moved.place -= moved.place.min(axis=0)
            assert in_order(key_of(moved, square))
    assert in_order(EtCKey(square))
    assert not in_order(EtCKey.from_secret(square, "x"))
    assert not in_order(EtCKey.from_secret(square, "x", steps=["permutation"]))
    assert not in_order(EtCKey(square, negatives=[1, 0, 0, 0, 0, 0, 0, 0, 0]))
