"""Small parts of the probe: what is looked at under several keys, and pieces of maps."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import grid, rng

from etcprops import InvalidParameterError, SignedPermutation
from etcprops.probing import MapKind, infer_structure, key_audit, keys, neighbours
from etcprops.probing.draws import codes
from etcprops.probing.keys import Keys
from etcprops.probing.structure import _apart
from etcprops.probing.tiles import cut

Array = NDArray[Any]


# --- Other keys

PERMUTED, COPIED, UNDECIDED = MapKind.PERMUTATION, MapKind.COPY_MAP, MapKind.UNDECIDED


@pytest.mark.parametrize(
    ("again", "asked_again", "missed"),
    [(COPIED, [0, 3], []), (UNDECIDED, [0], ["rare departures under the other keys"])],
)
def test_other_keys_of_the_class_are_looked_at_again_until_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, again: MapKind, asked_again: list[int], missed: list[str]
) -> None:
    looked: list[int] = []
    told: list[str] = []

    def classify(oracle: Any, *_: Any) -> Any:
        looked.append(oracle.number)
        return SimpleNamespace(kind=again)

    monkeypatch.setattr(keys, "classify", classify)
    kinds = [PERMUTED, PERMUTED, COPIED, PERMUTED]  # of the second more is known already
    budget = SimpleNamespace(miss=told.append)
    fake: Any = SimpleNamespace(
        oracles=[SimpleNamespace(number=n, budget=budget) for n in range(5)],
        found=[SimpleNamespace(kind=kind) for kind in kinds],
        main=1, seed=0, effort=None,
    )  # fmt: skip
    Keys._look_again(fake, PERMUTED)
    assert (looked, told) == (asked_again, missed)
    for number in (0, 3):
        assert fake.found[number].kind is (PERMUTED if missed else COPIED)


# --- Orders and codes


@pytest.mark.parametrize("gap", [1, 5, 10])
def test_orders_that_move_neighbours_or_lines_together_are_coherent(gap: int) -> None:
    lines = np.arange(30).reshape(-1, gap)
    within = rng(gap).permutation(gap)
    order = (lines[:, within] if gap > 1 else lines).reshape(-1)
    assert key_audit._coherence(np.tile(order, (2, 1))) == 1.0


def test_coherence_is_that_of_the_best_distance_over_sixteen_orders() -> None:
    still = np.tile(np.arange(30), (16, 1))
    assert key_audit._coherence(np.vstack([still, rng().permutation(30)])) == 1.0
    assert key_audit._coherence(np.array([[1, 0]])) == 1.0
    pairs = (2 * rng().permutation(15)[:, None] + np.arange(2)).reshape(-1)
    steps = np.diff(pairs) % 30
    assert key_audit._coherence(pairs[None]) == np.bincount(steps).max() / 29


@pytest.fixture(name="drawn")
def with_bits_before() -> Any:
    return key_audit._Draws(bits=5.0)


def test_halves_that_are_negated_under_every_key_add_their_bits(
    drawn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = np.tile([[0, 1, 0, 1]], (2, 1))
    chance = (6 / 16) ** 2
    monkeypatch.setattr(key_audit, "FACT_ERROR", chance)
    assert not key_audit._half(drawn, halves)
    assert drawn.bits == 5
    monkeypatch.setattr(key_audit, "FACT_ERROR", 1.01 * chance)
    assert key_audit._half(drawn, halves)
    assert drawn.bits == 5 + math.log2(6)


def test_few_codes_add_their_bits(drawn: Any) -> None:
    values = np.array([[0, 1, 2], [7, 3, 1]])
    key_audit._test_codes(drawn, codes("element of D4", values[0], 8), values)
    assert drawn.bits == 5 + 3 * 3
    assert len(drawn.findings) == 1


@pytest.mark.parametrize(("beside", "read"), [(1, 2), (2, 4)])
def test_planes_side_by_side_are_read_in_four_ways(beside: int, read: int) -> None:
    structure: Any = SimpleNamespace(
        size=(4, 8, 1), unit=(2, 1), arrangement="free", layout="planes", beside=beside
    )
    found = {how: order.tolist() for how, order in neighbours._readings(16, structure)}
    ways = {
        "": grid(16),
        ", down the columns": grid(2, 8).T,
        ", pixel by pixel": grid(2, 2, 4).transpose(0, 2, 1),
        ", component by component": grid(2, 2, 4).transpose(1, 0, 2),
    }
    assert found == {how: order.ravel().tolist() for how, order in [*ways.items()][:read]}


# --- Pieces


@pytest.mark.parametrize("shape", [(2, 3), (2, 2, 1, 1), (4,), 4, "22", None])
def test_structures_are_of_shapes_of_as_many_pixels(shape: Any) -> None:
    found = SignedPermutation.identity(4)
    with pytest.raises(InvalidParameterError, match=r"of 4 pixels in all"):
        infer_structure(found, shape)


def test_single_pixels_may_be_looked_for() -> None:
    found = infer_structure(SignedPermutation.identity(16), (4, 4), block=1)
    assert found is not None
    assert found.unit == (1, 1)


def test_one_pixel_may_have_its_components_exchanged() -> None:
    found = infer_structure(SignedPermutation([1, 0, 2], [1, 1, 1]), (1, 1, 3))
    assert found is not None
    assert found.bits > 0


def test_components_by_themselves_are_described_by_the_first() -> None:
    orders = [rng(component).permutation(16) for component in range(3)]
    source = np.stack([3 * order + component for component, order in enumerate(orders)], axis=1)
    found = infer_structure(SignedPermutation(source.ravel(), np.ones(48)), (4, 4, 3))
    assert found is not None
    assert found.layout == "apart"
    assert found.permutation.tolist() == orders[0].tolist()
    drawn = found.draws[1].values.tolist()
    assert drawn == [order.tolist() for order in orders]


@pytest.mark.parametrize(
    ("shape", "out_shape", "apart"),
    [
        ((2, 3), (2, 3), False),
        ((2, 3, 1), (2, 3, 1), False),
        ((2, 3, 2), (2, 3, 2), True),
        ((2, 3, 3), (2, 3, 3), True),
        ((2, 3, 3), (3, 2, 3), False),
    ],
)
def test_components_are_looked_at_by_themselves_where_they_stay_in_place(
    shape: tuple[int, ...], out_shape: tuple[int, ...], *, apart: bool
) -> None:
    still = SignedPermutation.identity(math.prod(shape))
    assert bool(_apart([still], shape, out_shape)) is apart


def test_a_pixel_that_shows_the_next_one_is_not_whole() -> None:
    source = np.array([0, 1, 3, 3, 4, 5])
    assert cut(source, np.zeros(6, np.bool_), (1, 2, 3), (1, 1)) is None


def test_maps_inside_pixels_differ_in_order_or_sign() -> None:
    source = np.array([0, 2, 1, 5, 3, 4])
    negated = np.array([0, 1, 0, 0, 0, 1], dtype=np.bool_)
    for same, maps in ((False, 2), (True, 1)):
        twice = np.concatenate([source[:3], source[:3] + 3]) if same else source
        signs = np.tile(negated[:3], 2) if same else negated
        found = cut(twice, signs, (1, 2, 3), (1, 1))
        assert found is not None
        assert found.in_block_maps == maps


def test_components_that_are_repeated_differ_from_those_that_are_negated() -> None:
    source = np.array([0, 0, 2, 3])
    found = cut(source, np.array([0, 0, 1, 1], dtype=np.bool_), (1, 2, 2), (1, 1))
    assert found is not None
    assert found.orders.tolist() == [-1, 0]
    assert found.in_block_maps == 2
