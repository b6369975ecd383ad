"""The smallest description of one map, its draws and its key, in every kind of pieces."""

from __future__ import annotations

from itertools import combinations
from math import log2, prod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, SignedPermutation
from etcprops.probing.description import Structure, common_bits, scramble_bits
from etcprops.probing.structure import infer_common, infer_structure
from etcprops.probing.tiles import transforms_of
from etcprops.scheme.keys import COMPONENT_ORDERS

Integers = NDArray[np.int64]


def grid(*shape: int) -> Integers:
    return np.arange(prod(shape)).reshape(shape)


def moved(order: Integers) -> SignedPermutation:
    return SignedPermutation(order.reshape(-1), np.ones(order.size))


def draws(structure: Structure) -> dict[str, tuple[list[int], int]]:
    return {d.name: (d.values.reshape(-1).tolist(), d.bound) for d in structure.draws}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("unit", [(3, 3), (2, 3), (3, 2), (1, 3), (5, 1)])
def test_draws_of_pieces_are_those_that_were_made(unit: tuple[int, int], channels: int) -> None:
    rng = np.random.default_rng([*unit, channels])
    rows, columns = 5, 7
    shape = (rows * unit[0], columns * unit[1], *(() if channels == 1 else (channels,)))
    cells = grid(rows * unit[0], columns * unit[1], channels)
    cells = cells.reshape(rows, unit[0], columns, unit[1], channels).swapaxes(1, 2)
    order = rng.permutation(rows * columns)
    cells = cells.reshape(-1, *unit, channels)[order].copy()
    turns = transforms_of(unit)
    codes, orders = rng.integers(0, len(turns), len(cells)), rng.integers(0, 6, len(cells))
    negated = rng.integers(0, 2, len(cells))
    for number, code in enumerate(codes):
        turn = turns[code]
        piece = np.rot90(cells[number], turn % 4)
        piece = np.fliplr(piece) if turn >= 4 else piece
        cells[number] = (
            piece[..., list(COMPONENT_ORDERS[orders[number]])] if channels > 1 else piece
        )
    sign = np.broadcast_to(1 - 2 * negated[:, None, None, None], cells.shape)
    source, sign = (
        part.reshape(rows, columns, *unit, channels).swapaxes(1, 2).reshape(-1)
        for part in (cells, sign)
    )
    found = infer_structure(SignedPermutation(source, sign), shape)
    assert found is not None
    assert (found.unit, found.arrangement, found.layout) == (unit, "free", "pixels")
    assert found.block == (3 if unit == (3, 3) else 0)
    permutation, *rest = found.draws
    assert permutation.values.tolist() == [order.tolist()]
    expected = {"element of D4": (codes.tolist(), len(turns)), "negation": (negated.tolist(), 2)}
    if channels == 3:
        expected["component order"] = (orders.tolist(), 6)
    assert draws(found) == {permutation.name: (order.tolist(), 35), **expected}
    assert len(rest) == len(expected)
    assert found.bits == pytest.approx(
        permutation.bits + 35 * log2(len(turns)) + 35 + 35 * log2(6) * (channels == 3)
    )
    if unit == (3, 3):
        assert found.key is not None
        assert SignedPermutation.from_key(found.key) == SignedPermutation(source, sign)
    else:
        assert found.key is None


STEPS = ("permutation", "transforms", "negatives", "components")


@pytest.mark.parametrize("channels", [1, 3])
def test_every_set_of_steps_has_its_key(channels: int) -> None:
    rng = np.random.default_rng(0)
    geometry = BlockGeometry(8, 12, channels=channels, block=4)
    shape = (8, 12) if channels == 1 else (8, 12, 3)
    values: dict[str, Any] = {
        "permutation": np.array([1, 3, 5, 0, 2, 4]),
        "transforms": rng.integers(1, 8, 6),
        "negatives": np.array([1, 0, 0, 1, 1, 0]),
        "components": rng.integers(1, 6, 6),
    }
    steps = STEPS if channels == 3 else STEPS[:3]
    for number in range(1, len(steps) + 1):
        for chosen in combinations(steps, number):
            key = EtCKey(geometry, **{name: values[name] for name in chosen})
            found = infer_structure(SignedPermutation.from_key(key), shape, block=4)
            assert found is not None
            assert found.key == key


def test_blocks_of_a_side_are_found_if_they_move_whole() -> None:
    key = EtCKey.from_secret(BlockGeometry(16, 24, block=4), "an example")
    found = SignedPermutation.from_key(key)
    assert [infer_structure(found, (16, 24), block=side) is None for side in (2, 4, 8)] == [
        False,
        False,
        True,
    ]
    halves = infer_structure(found, (16, 24), block=2)
    assert halves is not None
    assert halves.block == 2
    assert halves.key is not None
    assert SignedPermutation.from_key(halves.key) == found


def test_components_of_their_own_are_told() -> None:
    rng = np.random.default_rng(0)
    planes = [rng.permutation(64) for _ in range(3)]
    shown = [1, 0, 2]
    source = np.stack([3 * order + c for order, c in zip(planes, shown, strict=True)], axis=-1)
    found = infer_structure(moved(source), (8, 8, 3))
    assert found is not None
    assert found.layout == "apart"
    assert found.statements[0] == "each component by itself, the first as follows"
    order, permutation, _ = found.draws
    assert order.values.tolist() == [shown]
    assert permutation.values.tolist() == [o.tolist() for o in planes]
    assert found.bits == pytest.approx(log2(6) + permutation.bits)
    assert not permutation.neutral
    assert found.key is None
    # Where components cross, values are side by side; of two kinds of images there are none.
    mixed = infer_structure(moved(rng.permutation(192)), (8, 8, 3))
    assert mixed is not None
    assert (mixed.layout, mixed.beside) == ("planes", 3)
    grey = infer_structure(moved(rng.permutation(64)), (8, 8, 1))
    assert grey is not None
    assert (grey.layout, grey.beside) == ("pixels", 1)


@pytest.mark.parametrize("negated", [(), (0,), tuple(range(96))])
def test_orders_of_axes_are_smaller_than_any_permutation(negated: tuple[int, ...]) -> None:
    sign = np.ones(96)
    sign[list(negated)] = -1
    source = grid(8, 4, 3).transpose(1, 2, 0).reshape(-1)
    found = infer_structure(SignedPermutation(source, sign), (8, 4, 3))
    assert found is not None
    assert (found.layout, found.loops) == ("axes", ((12, 1), (8, 12)))
    last = found.statements[-2]
    assert last == (f"negated: {len(negated)} of 96" if negated else "nothing is negated")
    assert found.draws[1].values.size == (96 if len(negated) == 1 else 1)
    two = infer_common([SignedPermutation(source, sign), moved(source[::-1])], (8, 4, 3))
    assert (two[0].layout == "axes") == (len(negated) != 1)


def test_results_of_other_shapes_are_vectors() -> None:
    rng = np.random.default_rng(0)
    found = infer_structure(moved(rng.permutation(24)), (4, 6), (3, 8))
    assert found is not None
    assert (found.layout, found.unit, found.size) == ("axes", (1, 1), (24, 1, 1))
    assert found.arrangement == "free"
    nothing = infer_structure(moved(rng.permutation(24)), (4, 6), (3, 8), block=2)
    assert nothing is None


def test_how_a_description_was_chosen_is_told() -> None:
    rng = np.random.default_rng(0)
    only = infer_structure(moved(rng.permutation(96)), (8, 12))
    assert only is not None
    assert only.chosen == f"no larger pieces move whole: {only.bits:.1f} bits"
    key = EtCKey.from_secret(BlockGeometry(16, 24, block=4), "an example")
    large = infer_structure(SignedPermutation.from_key(key), (16, 24))
    assert large is not None
    assert large.chosen == f"the largest pieces that move whole: {large.bits:.1f} bits"
    rows = infer_structure(moved(grid(8, 12)[rng.permutation(8)]), (8, 12))
    assert rows is not None
    assert rows.chosen.startswith("smallest of ")
    assert f"{rows.bits:.1f} bits; the next, " in rows.chosen


def test_all_maps_have_one_form() -> None:
    """The smallest that fits all of them."""
    rng = np.random.default_rng(0)
    rows = [moved(grid(8, 12)[rng.permutation(8)]) for _ in range(3)]
    free = moved(rng.permutation(96))
    assert {s.unit for s in infer_common(rows, (8, 12))} == {(1, 12)}
    forms = infer_common([*rows, free], (8, 12))
    assert {(s.unit, s.arrangement) for s in forms} == {((1, 1), "free")}
    for structure, found in zip(forms, [*rows, free], strict=True):
        assert np.array_equal(structure.permutation, found.source)


def in_blocks(inside: Integers, *, negated: slice | None = None) -> SignedPermutation:
    """Return a map of 8 x 8 pixels that moves blocks of 4 x 4, and moves pixels inside."""
    cells = grid(2, 4, 2, 4).swapaxes(1, 2).reshape(4, 16)[[1, 3, 2, 0]][:, inside]
    signs = np.ones((4, 16))
    if negated is not None:
        signs[:, negated] = -1
    order, sign = (x.reshape(2, 2, 4, 4).swapaxes(1, 2).reshape(-1) for x in (cells, signs))
    return SignedPermutation(order, sign)


STILL, SCRAMBLED = in_blocks(np.arange(16)), in_blocks(np.random.default_rng(0).permutation(16))


@pytest.mark.parametrize(
    ("maps", "names"),
    [
        ([STILL, STILL], ["element of D4", "negation"]),
        ([STILL, SCRAMBLED], ["negation"]),
        ([SCRAMBLED, STILL], ["negation"]),
        ([SCRAMBLED, in_blocks(np.arange(16), negated=slice(0, 3))], []),
    ],
)
def test_what_has_a_name_under_some_keys_only_is_no_draw(
    maps: list[SignedPermutation], names: list[str]
) -> None:
    found = infer_common(maps, (8, 8), block=4)
    inside = {"element of D4", "negation"}
    assert [[d.name for d in s.draws if d.name in inside] for s in found] == [names] * 2
    assert scramble_bits(found) == max(scramble_bits([s]) for s in found)
    assert bool(scramble_bits(found)) is (len(names) < 2)
    assert common_bits(found) == common_bits(found[::-1])
    assert [s.key is None for s in found] == [not s.tiles.explained for s in found]
