"""Small parts of the probe: arrangements, bits and draws at the edges of what chance explains."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import DOUBLES, asked, grid, rng
from scipy.sparse import csr_array

from etcprops import InvalidParameterError
from etcprops.probing import AffineMap, key_audit, linearity, within
from etcprops.probing.arrangement import arrangements
from etcprops.probing.bits import find_bits
from etcprops.probing.budget import FULL, QUICK, Effort
from etcprops.probing.classification import _Classifier
from etcprops.probing.draws import codes, permutation
from etcprops.probing.repeats import own_orders
from etcprops.probing.within import arranged

Array = NDArray[Any]


# --- Arrangements


@pytest.mark.parametrize("count", [2, 3])
def test_lines_of_two_pieces_on_are_shifted(count: int) -> None:
    shifted = np.roll(np.arange(count), 1)
    names = [name for name, _ in arrangements(shifted, (1, count), "pixels")]
    assert names == ["one cyclic shift", "free"]


def rows_in_halves() -> Array:
    """Return an order that moves rows, each within its half, and mirrors those of the upper one."""
    rows = grid(8, 2)[[1, 3, 0, 2, 6, 4, 7, 5]]
    rows[:4] = rows[:4, ::-1]
    return rows.reshape(-1)


def test_the_smallest_blocks_that_move_whole_are_found() -> None:
    names = [name for name, _ in arranged([rows_in_halves()] * 2, (8, 2), "single pixels")]
    assert names[0] == "free"
    assert names[1:]
    assert all(name.startswith("within rows, ") for name in names[1:])


def test_how_blocks_move_is_told_unless_they_move_freely() -> None:
    pairs = np.roll(grid(16).reshape(8, 2), 1, axis=0)
    pairs[3] = pairs[3, ::-1]
    names = [name for name, _ in arranged([pairs.reshape(-1)], (1, 16), "single pixels")]
    assert names == [
        "free",
        "within blocks of 1 x 2, which move: one cyclic shift",
        "within blocks of 1 x 2, which move",
    ]


@pytest.mark.parametrize(("keys", "found"), [(5, False), (6, True)])
def test_orders_within_blocks_count_once_a_block(keys: int, *, found: bool) -> None:
    # Chance keeps two blocks of three with 2 (3!)^2 / 6!: five keys of it are more than 5e-6.
    order = np.array([1, 2, 0, 3, 5, 4])
    forms = arranged([order] * keys, (1, 6), "single pixels")
    assert (len(forms) > 1) is found


@pytest.mark.parametrize(("saved", "kept"), [(160, True), (159, False)])
def test_blocks_that_save_what_chance_does_are_found(
    monkeypatch: pytest.MonkeyPatch, saved: int, *, kept: bool
) -> None:
    monkeypatch.setattr(within, "_log2_factorial", lambda number: saved * (number == 16))
    sizes = 6  # of blocks: 1 x 2, 2 x 1, 2 x 2, 4 x 1, 4 x 2, 8 x 1
    monkeypatch.setattr(within, "FACT_ERROR", sizes / 2.0**160)
    found = within._within([rows_in_halves()], (8, 2), "single pixels")
    assert bool(found) is kept


# --- Orders that repeat


def test_shifts_of_any_earlier_order_are_found() -> None:
    keys = [rng(key) for key in range(4)]
    rows = []
    for random in keys:
        first, second = random.permutation(30), random.permutation(30)
        rows.append(permutation("order", np.stack([first, second, np.roll(first, 7)])))
    (own,) = own_orders([rows])
    assert own.kept.tolist() == [True, True, False]


# --- What keys draw


@pytest.mark.parametrize(("bits", "found"), [(16, False), (17, True)])
def test_what_chance_draws_alike_under_two_keys_is_not_called_constant(
    monkeypatch: pytest.MonkeyPatch, bits: int, *, found: bool
) -> None:
    monkeypatch.setattr(key_audit, "FACT_ERROR", 2.0**-16)
    values = np.ones((2, bits), dtype=np.int64)
    assert key_audit._constant(key_audit._Draws(), codes("flips", values[0], 2), values) is found


@pytest.mark.parametrize(("chance", "findings"), [(2.0, 0), (2.1, 1)])
def test_keys_that_move_nothing_are_named_beyond_chance(
    monkeypatch: pytest.MonkeyPatch, chance: float, findings: int
) -> None:
    monkeypatch.setattr(key_audit, "FACT_ERROR", chance)
    result = key_audit._Draws()
    values = np.zeros((2, 1, 1), dtype=np.int64)
    moving = key_audit._moving(result, permutation("order", values[0]), values)
    assert len(result.findings) == findings
    assert len(moving) == (0 if findings else 2)


def tried(orders: list[Array]) -> Any:
    """Return what is found of permutations under several keys, one each."""
    result = key_audit._Draws()
    draw = permutation("order", orders[0])
    structure: Any = SimpleNamespace(
        size=(1, draw.bound, 1), unit=(1, 1), arrangement="free", layout="pixels", beside=1
    )
    key_audit._test_permutations(result, structure, draw, np.array(orders)[:, None])
    return result


def test_orders_of_two_pieces_are_tested_and_of_one_are_none() -> None:
    two = tried([np.array([0, 1]), np.array([1, 0])] * 10)
    assert [test.name for test in two.tests][-1] == "order: order"
    one = tried([np.array([0])] * 20)
    assert (one.tests, one.findings) == ([], [])


def test_orders_as_coherent_as_allowed_are_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [rng(key).permutation(30) for key in range(8)]
    coherent = key_audit._coherence(np.array(orders))
    monkeypatch.setattr(key_audit, "COHERENT", coherent)
    assert tried(orders).tests
    monkeypatch.setattr(key_audit, "COHERENT", coherent * 0.99)
    assert not tried(orders).tests


@pytest.mark.parametrize(
    ("still", "says"), [(7, "moves neighbours together"), (8, "leaves 29% in place")]
)
def test_orders_that_leave_more_than_a_quarter_in_place_are_said_to(still: int, says: str) -> None:
    order = np.arange(28)
    order[still:] = np.roll(order[still:], 1)
    (finding,) = tried([order] * 2).findings
    assert finding.startswith(f"The order {says}")


# --- Confirmed images


@pytest.mark.parametrize(
    ("sweep", "right", "swept"),
    [(True, 255, False), (True, 256, True), (False, 256, False), (False, 0, False)],
)
def test_all_levels_were_shown_from_256_images_of_a_sweep_on(
    right: int, *, sweep: bool, swept: bool
) -> None:
    classifier: Any = SimpleNamespace(
        effort=Effort(sweep=sweep), right=right, right_on_noise=1, oracle=SimpleNamespace(queries=3)
    )
    assert _Classifier._confirmed(classifier).all_levels is swept


# --- Bits


def test_bits_that_are_combined_to_a_number_beyond_the_last_are_no_map_of_bits() -> None:
    assert find_bits(asked(lambda image: image ^ image >> 7, (1, 1)), rng(), QUICK) is None


def test_negative_numbers_have_as_many_bits_as_they_need() -> None:
    oracle = asked(lambda image: -(image & 128).astype(np.int16))
    found = find_bits(oracle, rng(), QUICK)
    assert found is not None
    assert found.width == 8
    assert found.mask.tolist() == [0] * 12
    assert found.source.reshape(-1, 8)[:, 7].tolist() == [8 * i + 7 for i in range(12)]


def test_numbers_of_64_bits_are_read_to_the_last_bit() -> None:
    oracle = asked(lambda image: image.astype(np.int64) << 56 | image & 1)
    found = find_bits(oracle, rng(), FULL)
    assert found is not None
    assert found.width == 64
    assert found.mask.tolist() == [0] * 12
    first = found.source[:64]
    assert np.flatnonzero(first >= 0).tolist() == [0, *range(56, 64)]
    assert first[first >= 0].tolist() == [0, *range(8)]


# --- Affine maps


@pytest.mark.parametrize(("roundings", "departs"), [(1024, False), (1024.5, True)])
def test_results_may_be_off_by_1024_roundings(roundings: float, *, departs: bool) -> None:
    found = AffineMap(csr_array(np.zeros((1, 1))), np.ones(1))
    oracle: Any = SimpleNamespace(
        size=1, scale=DOUBLES, rounding=2.0**-20,
        answered=lambda vectors: [(v, np.array([1 + roundings * 2.0**-20])) for v in vectors],
    )  # fmt: skip
    image = linearity.affine_departure(oracle, rng(), found, QUICK)
    assert (image is not None) is departs


@pytest.mark.parametrize("vector", [np.zeros(3), np.zeros((1, 2)), np.zeros(2, complex)])
def test_affine_maps_are_applied_to_as_many_real_numbers(vector: Array) -> None:
    found = AffineMap(csr_array(np.array([[1, -1]])), np.zeros(1))
    with pytest.raises(InvalidParameterError, match="be 2 real numbers"):
        found.apply(vector)


def test_differences_of_large_integers_are_exact() -> None:
    large = np.array([2**53 + 1, 2**53])
    for entry, difference in ((1, 1), (1.0, 0)):
        found = AffineMap(csr_array(np.array([[entry, -entry]])), np.zeros(1))
        assert found.apply(large).tolist() == [difference]
