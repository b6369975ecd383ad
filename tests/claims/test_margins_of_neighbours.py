"""Whether true neighbours win, from seams that are given: three blocks in a row."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from etcprops import BlockGeometry
from etcprops.attacks.seams import Seams
from etcprops.claims import Implementation
from etcprops.claims.checks import recovery

GEOMETRY = BlockGeometry(8, 24, block=8)
UP, RIGHT, DOWN, LEFT = range(4)
TRUE = {(0, RIGHT): (1, LEFT), (1, LEFT): (0, RIGHT), (1, RIGHT): (2, LEFT), (2, LEFT): (1, RIGHT)}
Side = tuple[int, int]


def margins(
    monkeypatch: pytest.MonkeyPatch,
    *,
    costs: tuple[float, float] = (1.0, 2.0),
    true_ratio: float = 0.5,
    false: dict[Side, tuple[Side, float]] | None = None,
) -> recovery.Margins:
    """Let true seams have these costs and ratio, and sides without a neighbour these gluings."""
    block, side = np.zeros((2, 12, 2), np.int64)
    ratio = np.ones((12, 2))
    for (a, s), (b, t) in TRUE.items():
        block[4 * a + s], side[4 * a + s] = (b, (b + 1) % 3), (t, UP)
        ratio[4 * a + s, 0] = true_ratio
    for (a, s), ((b, t), value) in (false or {}).items():
        block[4 * a + s, 0], side[4 * a + s, 0], ratio[4 * a + s, 0] = b, t, value
    none = np.zeros_like(block)
    seams = Seams(block, side, none, none + 1, none, np.tile(costs, (12, 1)))
    monkeypatch.setattr(recovery, "_seams", lambda _: seams)
    monkeypatch.setattr(recovery, "_one_pose", lambda *_: np.full(4, fill_value=True))
    monkeypatch.setattr(recovery, "ratios", lambda _: ratio)
    images = np.random.default_rng(0).integers(0, 256, (1, *GEOMETRY.shape)).astype(np.uint8)
    return recovery.margins(images, GEOMETRY)


def test_true_neighbours_that_cost_less_win(monkeypatch: pytest.MonkeyPatch) -> None:
    assert margins(monkeypatch) == (True, True)
    assert margins(monkeypatch, costs=(2.0, 2.0)) == (False, True)


def test_of_seams_that_cost_nothing_none_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert margins(monkeypatch, costs=(0.0, 0.0)).wins is False
    false = {(0, UP): ((1, UP), 0.0)}
    assert margins(monkeypatch, true_ratio=0.0, false=false).border is False


@pytest.mark.parametrize("ratio", [0.1, 0.9])
def test_a_false_seam_that_no_true_one_contradicts_must_be_less_sure(
    monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    assert margins(monkeypatch, false={(0, UP): ((1, UP), ratio)}).border is (ratio > 0.5)


@pytest.mark.parametrize(("block", "side"), TRUE)
def test_a_false_seam_to_a_side_with_a_neighbour_is_contradicted(
    monkeypatch: pytest.MonkeyPatch, block: int, side: int
) -> None:
    stranger = next(b for b in range(3) if b not in {block, TRUE[block, side][0]})
    false = {(stranger, UP): ((block, side), 0.1)}
    assert margins(monkeypatch, false=false).border


@pytest.mark.parametrize(
    ("costs", "wins"),
    [([1, 2, 2, 2], True), ([1, 1, 2, 2], False), ([2, 1, 2, 1], False), ([0, 0, 2, 2], False)],
)
def test_one_gluing_to_the_neighbour_must_cost_less_than_all_others(
    costs: list[float], wins: bool  # noqa: FBT001
) -> None:  # fmt: skip
    with np.errstate(divide="ignore"):
        distances = np.log(np.array(costs, float))
    borders: Any = SimpleNamespace(distances=lambda pairs, _: np.resize(distances, (1, len(pairs))))
    found = recovery._one_pose(borders, np.array([1, 3]), np.array([1, -1]))
    assert found.tolist() == [wins]


def test_blocks_are_flat_where_no_pixel_differs_from_its_neighbours() -> None:
    levels = np.arange(3, dtype=np.uint8).repeat(8)
    across = np.tile(levels, (8, 1))[None]  # each block of one level
    assert recovery._flat(across, GEOMETRY)
    rows = np.arange(8, dtype=np.uint8)[None, :, None].repeat(24, axis=2)
    assert not recovery._flat(rows, GEOMETRY)
    columns = np.tile(np.arange(8, dtype=np.uint8), (1, 8, 3))
    assert not recovery._flat(columns, GEOMETRY)


def test_draws_whose_margins_are_not_as_wanted_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = iter([recovery.Margins(wins=False, border=True), *[recovery.Margins(True, True)] * 3])
    monkeypatch.setattr(recovery, "margins", lambda *_: next(found))
    monkeypatch.setattr(recovery, "recovered", lambda *_: 1.0)
    observed = recovery.check_key_where_true_neighbours_win(Implementation())
    assert observed.agrees
    assert "hold in 3 of 4 draws, the key is recovered in 3" in observed.detail


def test_where_no_margins_hold_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    none = recovery.Margins(wins=False, border=False)
    monkeypatch.setattr(recovery, "margins", lambda *_: none)
    assert recovery.check_key_where_true_neighbours_win(Implementation()).agrees is None
