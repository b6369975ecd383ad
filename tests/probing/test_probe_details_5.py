"""Small parts of the probe: limits, shapes, pieces, and what chance leaves in place or repeats."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import DOUBLES, asked, grid, rng

from etcprops import InvalidParameterError, SignedPermutation
from etcprops.probing import infer_structure, key_audit, linearity, region, repeats
from etcprops.probing.budget import QUICK
from etcprops.probing.draws import Draw, permutation
from etcprops.probing.drift import drift
from etcprops.probing.keys import Keys
from etcprops.probing.layouts import pieces
from etcprops.probing.linearity import Sums
from etcprops.probing.repeats import OwnOrders, own_orders
from etcprops.probing.sandbox import open_sandbox

Array = NDArray[Any]


# --- Drift


def test_a_call_of_what_may_have_drifted_has_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float] = []

    def opened(encrypt: Any, keys: Any, time_limit: float, isolation: Any) -> Any:
        limits.append(time_limit)
        return open_sandbox(encrypt, keys, time_limit, isolation)

    monkeypatch.setattr("etcprops.probing.drift.open_sandbox", opened)
    still = SignedPermutation.identity(4)
    for chosen in ({}, {"time_limit": 3}):
        assert drift(still, lambda image, _key: image, (2, 2), 0, **chosen).same
    assert limits == [10, 3]


# --- Keys


def hopeless(hung: int, left: float) -> bool:
    """Return whether further keys are given up after the first two."""
    budget = SimpleNamespace(left=left, miss=lambda _: None)
    found = [SimpleNamespace(reason="did not return within 1 s")] * hung
    keys: Any = SimpleNamespace(found=found, oracles=[SimpleNamespace(budget=budget)])
    return Keys._hopeless(keys, 2)


def test_keys_are_asked_until_the_last_second_is_over() -> None:
    assert [hopeless(0, left) for left in (2, 1, 0.1, 0, -1)] == [False, False, False, True, True]


def collide(monkeypatch: pytest.MonkeyPatch, allowed: float) -> bool:
    monkeypatch.setattr(key_audit, "FACT_ERROR", allowed)
    return key_audit._collide_too_often(["a", "b", "a"], 3.0)


def test_collisions_as_rare_as_allowed_are_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.special import gammainc

    # Three pairs of keys, of which one collides, and eight maps.
    chance = float(gammainc(1, 3 / 8))
    assert chance == pytest.approx(1 - np.exp(-3 / 8))
    assert not collide(monkeypatch, chance)
    assert collide(monkeypatch, chance * 1.001)


# --- Shapes and pieces


def test_images_have_up_to_four_channels() -> None:
    for shape in ((1, 2), (1, 2, 1), (1, 2, 4)):
        assert infer_structure(SignedPermutation.identity(math.prod(shape)), shape) is not None
    with pytest.raises(InvalidParameterError, match="have 1 to 4 channels"):
        infer_structure(SignedPermutation.identity(10), (1, 2, 5))


def test_pieces_of_two_pixels_each_way_are_not_cut_further() -> None:
    cells = grid(8, 8).reshape(4, 2, 4, 2).swapaxes(1, 2).reshape(16, 2, 2)
    moved = cells[rng().permutation(16)].reshape(4, 4, 2, 2).swapaxes(1, 2).reshape(-1)
    placed = [(moved, np.zeros(64, dtype=np.bool_))]
    assert [tiles[0].unit for tiles in pieces(placed, (8, 8, 1), None)] == [(2, 2)]


# --- Matrices


@pytest.mark.parametrize(("roundings", "kept"), [(64, False), (64.5, True)])
def test_offsets_of_more_than_64_roundings_are_kept(roundings: float, *, kept: bool) -> None:
    ones: Any = SimpleNamespace(random=np.ones)
    offset = roundings * 2.0**-49  # of doubles; the largest result is 1

    def shifted(image: Array) -> Array:
        return np.array([[image[0, 0] / 2 + offset, 1.0]])

    oracle = asked(shifted, (1, 2), DOUBLES)
    assert oracle.rounding == 2.0**-49
    found = linearity.find_matrix(
        oracle, ones, Sums(0.0, 0, 0, 1, whole=False, tried=3), QUICK, None
    )
    assert found is not None
    assert found.offset.tolist() == [offset if kept else 0, 1]


# --- A part of the image


@pytest.mark.parametrize(("saved", "described"), [(20, True), (19, False)])
def test_a_part_is_described_that_saves_what_chance_does_in_any_rectangle(
    monkeypatch: pytest.MonkeyPatch, saved: int, *, described: bool
) -> None:
    order = grid(6, 8)
    order[1:3, 2:4] = order[1:3, 2:4][::-1]
    bits = iter([saved + 5.0, 5.0])
    monkeypatch.setattr(region, "common_bits", lambda _: next(bits))
    rectangles = 21 * 36  # of 6 rows and 8 columns: first and last, which may be the same
    monkeypatch.setattr(region, "FACT_ERROR", rectangles / 2.0**20)
    found = region.describe([SignedPermutation(order.ravel(), np.ones(48))], (6, 8), (6, 8))
    words = "only rows 1 to 2 and columns 2 to 3 change under any key"
    assert (words in found[0].statements) is described


# --- Orders that repeat


def own(keys: int, *orders: list[int]) -> OwnOrders:
    """Return which orders of one draw, the same under every key, are its own."""
    draws: list[Draw] = [permutation("order", np.array(orders))] * keys
    (found,) = own_orders([draws])
    return found


def test_orders_that_repeat_are_told_beyond_the_chance_of_any_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three orders of two pieces, any two may be the same: by chance, 9 / 2^keys."""
    monkeypatch.setattr(repeats, "_log2_orders", lambda _: 1.0)  # it rounds
    monkeypatch.setattr(repeats, "FACT_ERROR", 9 / 2.0**8)
    exchanged = [[1, 0]] * 3
    assert own(8, *exchanged).kept.all()
    assert own(9, *exchanged).kept.tolist() == [True, False, False]


def test_shifts_are_told_beyond_the_chance_of_any_two_either_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two orders, of places or of names: by chance, 8 / 2^keys if shifts leave two orders."""
    monkeypatch.setattr(repeats, "_log2_orders", lambda _: 3.0)  # of which four shifts take 2
    monkeypatch.setattr(repeats, "FACT_ERROR", 8 / 2.0**20)
    shifted = [[0, 2, 1, 3], [3, 0, 2, 1]]
    assert own(20, *shifted).kept.all()
    assert own(21, *shifted).kept.tolist() == [True, False]
