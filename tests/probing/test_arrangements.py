"""How pieces are arranged: each form is read as it was drawn, and no other map has it."""

from __future__ import annotations

from itertools import product
from math import log2
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import grid

from etcprops.probing.arrangement import arrangements
from etcprops.probing.axes import draw_of, in_words, loops_of
from etcprops.probing.draws import Draw, DrawKind
from etcprops.probing.shifts import shifts, three_turns
from etcprops.probing.within import arranged

Integers = NDArray[np.int64]
Size = tuple[int, int, int]


# --- Arrangement


def arranged_as(order: Integers) -> dict[str, tuple[Draw, ...]]:
    return dict(arrangements(order.reshape(-1), order.shape, "pixels"))


def rolled(image: Integers, numbers: Integers) -> Integers:
    return np.stack([np.roll(row, n) for row, n in zip(image, numbers, strict=True)])


SHAPES = [(2, 2), (2, 3), (3, 2), (4, 4), (5, 3), (4, 7)]


@pytest.mark.parametrize("shape", SHAPES)
def test_shifts_are_read_as_they_were_drawn(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape)
    rows, columns = shape
    for _ in range(8):
        each_row, each_column = rng.integers(0, columns, rows), rng.integers(0, rows, columns)
        by_rows = rolled(grid(*shape), each_row)
        by_columns = rolled(grid(*shape).T, each_column).T
        then_columns = rolled(by_rows.T, each_column).T
        then_rows = rolled(by_columns, each_row)
        for image, name, drawn in (
            (by_rows, "each row shifted", [each_row]),
            (by_columns, "each column shifted", [each_column]),
            (then_columns, "rows shifted, then columns", [each_row, each_column]),
            (then_rows, "columns shifted, then rows", [each_column, each_row]),
        ):
            draws = arranged_as(image)[name]
            for draw, numbers in zip(draws, drawn, strict=True):
                bound = columns if draw.name == "shift of each row" else rows
                assert draw.bound == bound
                assert ((draw.values + numbers) % bound == 0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_one_shift_is_read_as_it_was_drawn(shape: tuple[int, int]) -> None:
    for down, right in product(*map(range, shape)):
        down_draw, right_draw = arranged_as(np.roll(grid(*shape), (down, right), (0, 1)))[
            "one cyclic shift"
        ]
        assert (down_draw.values + down) % shape[0] == 0
        assert (right_draw.values + right) % shape[1] == 0
        assert (down_draw.bound, right_draw.bound) == shape
        assert (down_draw.neutral, right_draw.neutral) == (not down, not right)
    uneven = grid(*shape)
    uneven[0] = np.roll(uneven[0], 1)
    assert "one cyclic shift" not in arranged_as(uneven)
    uneven = grid(*shape)
    uneven[:, 0] = np.roll(uneven[:, 0], 1)
    assert "one cyclic shift" not in arranged_as(uneven)


def test_a_line_may_be_shifted() -> None:
    for shape in ((1, 5), (5, 1)):
        (draw,) = arranged_as(np.roll(grid(*shape), -2))["one cyclic shift"]
        assert (draw.values.tolist(), draw.bound, draw.kind) == ([2], 5, DrawKind.CODES)
        assert list(arranged_as(grid(*shape)[::-1, ::-1])) == ["free"]
    assert list(arranged_as(grid(1, 1))) == ["free"]


def test_rows_and_columns_are_read_as_they_were_drawn() -> None:
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(5), rng.permutation(4)
    found = arranged_as(grid(5, 4)[rows][:, columns])
    assert list(found) == ["rows and columns", "free"]
    first, second = found["rows and columns"]
    assert first.values.tolist() == [rows.tolist()]
    assert second.values.tolist() == [columns.tolist()]
    for place in range(1, 20):
        swapped = grid(5, 4)[rows][:, columns].reshape(-1)
        swapped[[0, place]] = swapped[[place, 0]]
        assert "rows and columns" not in arranged_as(swapped.reshape(5, 4))


@pytest.mark.parametrize("side", [3, 4, 5])
def test_linear_maps_of_the_places_are_read(side: int) -> None:
    """As Arnold's cat map is one, on squares that are not tiny."""
    y, x = np.mgrid[:side, :side]
    a, b, c, d, down, right = 1, 1, 1, 2, 1, side - 1
    order = (a * y + b * x + down) % side * side + (c * y + d * x + right) % side
    found = arranged_as(order)
    name = "a linear map of the places"
    assert (name in found) == (side >= 4)
    if side >= 4:
        (draw,) = found[name]
        assert draw.values.tolist() == [a, b, down, c, d, right]
        assert (draw.kind, draw.bound, draw.neutral) == (DrawKind.WHOLE, side, False)
        assert arranged_as(grid(side, side))[name][0].neutral
        for place in range(1, side * side):
            swapped = order.reshape(-1).copy()
            swapped[[0, place]] = swapped[[place, 0]]
            assert name not in arranged_as(swapped.reshape(side, side))
    assert name not in arranged_as(grid(side, side + 1))


def turns(shape: tuple[int, int], drawn: list[Integers]) -> Integers:
    image = grid(*shape)
    for number, each in enumerate(drawn):
        image = rolled(image.T, each).T if number % 2 else rolled(image, each)
    return image


@pytest.mark.parametrize("shape", [(4, 5), (5, 4), (6, 6)])
def test_three_turns_are_read_as_a_map_that_is_the_same(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape)
    rows, columns = shape
    for _ in range(12):
        drawn = [rng.integers(0, columns, rows), rng.integers(0, rows, columns)]
        drawn.append(rng.integers(0, columns, rows))
        image = turns(shape, drawn)
        y, x = np.divmod(image, columns)
        before, between, after = dict(three_turns(y, x))["rows shifted, then columns, then rows"]
        again = [-before.values, -between.values, np.concatenate([[0], after.values])]
        assert np.array_equal(turns(shape, again), image)
        assert (before.bound, between.bound, after.bound) == (columns, rows, columns)
        # Turned over, columns are what rows were.
        flipped = dict(three_turns(x.T, y.T))["columns shifted, then rows, then columns"]
        for draw, other in zip(flipped, (before, between, after), strict=True):
            assert np.array_equal(draw.values, other.values)
            assert draw.bound == other.bound


def test_other_maps_are_no_three_turns() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        y, x = np.divmod(rng.permutation(20).reshape(4, 5), 5)
        assert list(three_turns(y, x)) == []
    image = turns((4, 5), [rng.integers(0, 5, 4), rng.integers(0, 4, 5), rng.integers(0, 5, 4)])
    for place in range(1, 20):
        swapped = image.reshape(-1).copy()
        swapped[[0, place]] = swapped[[place, 0]]
        y, x = np.divmod(swapped.reshape(4, 5), 5)
        assert not any(name.startswith("row") for name, _ in three_turns(y, x))


def test_maps_that_are_no_shifts_are_none() -> None:
    rng = np.random.default_rng(1)
    image = rolled(rolled(grid(4, 5), rng.integers(1, 5, 4)).T, rng.integers(1, 4, 5)).T
    y, x = np.divmod(image, 5)
    assert [name for name, _ in shifts(y, x)] == ["rows shifted, then columns"]
    for place in range(1, 20):
        swapped = image.reshape(-1).copy()
        swapped[[0, place]] = swapped[[place, 0]]
        y, x = np.divmod(swapped.reshape(4, 5), 5)
        assert list(shifts(y, x)) == []


# --- Pieces within blocks


def within(shape: tuple[int, int], unit: tuple[int, int], keys: int, *, move: bool) -> list[Any]:
    rng = np.random.default_rng(0)
    rows, columns = shape[0] // unit[0], shape[1] // unit[1]
    found = []
    for _ in range(keys):
        cells = grid(*shape).reshape(rows, unit[0], columns, unit[1]).swapaxes(1, 2)
        cells = rng.permuted(cells.reshape(rows * columns, -1), axis=1)
        cells = cells[rng.permutation(len(cells))] if move else cells
        found.append(cells.reshape(rows, columns, *unit).swapaxes(1, 2).reshape(-1))
    return found


@pytest.mark.parametrize("move", [False, True])
@pytest.mark.parametrize(
    ("unit", "blocks", "name"),
    [
        ((2, 2), "blocks of 2 x 2", "permutation of the {} within blocks of 2 x 2{}"),
        ((3, 2), "blocks of 3 x 2", "permutation of the {} within blocks of 3 x 2{}"),
        ((1, 8), "rows", "permutation of the {} of each row"),
        ((6, 1), "columns", "permutation of the {} of each column"),
    ],
)
@pytest.mark.parametrize("piece", ["single pixels", "pieces"])
def test_pieces_within_blocks_are_told(
    unit: tuple[int, int], blocks: str, name: str, piece: str, *, move: bool
) -> None:
    orders = within((6, 8), unit, 6, move=move)
    found = dict(arranged(orders, (6, 8), piece))
    of = "" if piece == "single pixels" or "x" not in blocks else f" {piece}"
    (form,) = [key for key in found if key != "free"]
    assert form == f"within {blocks}{of}, which {'move' if move else 'stay'}"
    for order, draws in zip(orders, found[form], strict=True):
        outer, inner = draws[-2].values, draws[-1].values
        assert draws[-1].name == name.format(piece, of)
        rows, columns = 6 // unit[0], 8 // unit[1]
        cells = grid(6, 8).reshape(rows, unit[0], columns, unit[1]).swapaxes(1, 2)
        cells = cells.reshape(rows * columns, -1)[outer.reshape(-1)]
        cells = np.take_along_axis(cells, inner, axis=1)
        again = cells.reshape(rows, columns, *unit).swapaxes(1, 2).reshape(-1)
        assert np.array_equal(again, order)


def test_blocks_are_told_only_beyond_chance() -> None:
    """Pairs of 4 pieces that stay leave 1 of 24 orders in each of 3; of one size that divides."""
    pairs = np.array([1, 0, 3, 2])
    saved = log2(24) - log2(2) - 2 * log2(2)
    enough = int(np.ceil(log2(1 / 1e-5) / saved))
    for keys in (enough - 1, enough):
        forms = arranged([pairs] * keys, (1, 4), "single pixels")
        assert len(forms) == (2 if keys == enough else 1)


def test_the_smallest_blocks_are_taken() -> None:
    """Blocks of the halves of a row hold those of its quarters."""
    orders = within((1, 16), (1, 4), 9, move=False)
    names = [name for name, _ in arranged(orders, (1, 16), "single pixels")]
    assert names == ["free", "within blocks of 1 x 4, which stay"]
    tall = within((16, 1), (4, 1), 9, move=False)
    names = [name for name, _ in arranged(tall, (16, 1), "single pixels")]
    assert names == ["free", "within blocks of 4 x 1, which stay"]


def test_what_stays_under_all_keys_is_one_free_order() -> None:
    ((name, draws),) = arranged([np.arange(12)] * 3, (3, 4), "pixels")
    assert name == "free"
    assert [d.neutral for (d,) in draws] == [True] * 3
    moved = np.arange(12)
    moved[[0, 1]] = 1, 0
    _, draws = arranged([np.arange(12), moved], (3, 4), "pixels")[0]
    assert [d.neutral for (d,) in draws] == [True, False]


def test_a_form_is_one_of_all_keys() -> None:
    shifted, random = np.roll(np.arange(12), 1), np.random.default_rng(0).permutation(12)
    names = [name for name, _ in arranged([shifted, shifted], (1, 12), "pixels")]
    assert names == ["one cyclic shift", "free"]
    assert [name for name, _ in arranged([shifted, random], (1, 12), "pixels")] == ["free"]


# --- Axes


def read_by(loops: tuple[tuple[int, int], ...], start: int) -> Integers:
    """Return the places that a nest of loops reads."""
    places = np.array([start])
    for extent, step in loops:
        places = (places[:, None] + step * np.arange(extent)).reshape(-1)
    return places


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2), (1, 5), (2, 2, 2, 3)])
def test_every_order_of_axes_is_a_nest_of_loops(shape: tuple[int, ...]) -> None:
    image = grid(*shape)
    for axes in set(product(range(len(shape)), repeat=len(shape))):
        if len(set(axes)) < len(shape):
            continue
        for mirrored in product([1, -1], repeat=len(shape)):
            source = image.transpose(axes)[tuple(np.s_[::m] for m in mirrored)].reshape(-1)
            loops = loops_of(source)
            assert loops is not None
            assert np.array_equal(read_by(loops, source[0]), source)
            draw = draw_of(loops, source.size)
            assert draw.values.tolist() == [number for loop in loops for number in loop]
            assert draw.neutral == np.array_equal(source, np.arange(source.size))
    assert loops_of(np.array([0])) == ()
    assert draw_of((), 1).neutral
    assert draw_of((), 1).bound == 1


def test_other_orders_are_no_nests_of_loops() -> None:
    for place in range(12):
        for other in range(place):
            source = grid(3, 4).T.reshape(-1).copy()
            source[[place, other]] = source[[other, place]]
            assert loops_of(source) is None
    # A step that goes on for longer than the first 4,096 places are looked at.
    long = np.concatenate([np.arange(5000), np.arange(5000, 10_000)[::-1]])
    assert loops_of(long) is None
    assert loops_of(np.arange(10_000).reshape(2, 5000)[::-1].reshape(-1)) == ((2, -5000), (5000, 1))


def test_orders_of_axes_have_names() -> None:
    def words(order: Integers, shape: tuple[int, ...], out_shape: tuple[int, ...]) -> str:
        loops = loops_of(order.reshape(-1))
        assert loops is not None
        (text,) = in_words(loops, shape, out_shape)
        return text

    places = grid(3, 4, 2)
    assert words(places, (3, 4, 2), (24, 1)) == (
        "the image as it is, laid out in another shape, as 24 x 1"
    )
    planar = "components are read one after the other (planar) and laid out as they come"
    assert words(np.moveaxis(places, -1, 0), (3, 4, 2), (2, 3, 4)) == f"{planar}, as 2 x 3 x 4"
    assert words(np.moveaxis(places, -1, 0), (3, 4, 2), (3, 4, 2)) == planar
    fastest = 'everything is read in the order "F", the first axis fastest'
    assert words(places.T, (3, 4, 2), (3, 4, 2)) == fastest
    columns = 'pixels are read column by column (the order "F") and laid out in rows'
    assert words(places.swapaxes(0, 1), (3, 4, 2), (3, 4, 2)) == columns
    assert words(places[::-1], (3, 4, 2), (3, 4, 2)) == (
        "the vector of pixels is read in another order of axes: 3 steps of -8, in each of these "
        "8 steps of 1"
    )
