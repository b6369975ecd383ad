"""Maps cut into pieces, and how these are arranged, against straightforward code."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import lgamma, log, log2, prod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import SignedPermutation
from etcprops.probing import tiles as tiles_module
from etcprops.probing.arrangement import arrangements
from etcprops.probing.axes import draw_of, in_words, loops_of
from etcprops.probing.description import Structure, common_bits, scramble_bits
from etcprops.probing.draws import Draw, DrawKind, codes, constant, permutation
from etcprops.probing.layouts import divisors, layouts, pieces
from etcprops.probing.region import describe
from etcprops.probing.shifts import shifts, three_turns
from etcprops.probing.tiles import Tiles, cut, transforms_of
from etcprops.probing.within import arranged
from etcprops.scheme.keys import COMPONENT_ORDERS

Integers = NDArray[np.int64]
Size = tuple[int, int, int]


def grid(*shape: int) -> Integers:
    return np.arange(prod(shape)).reshape(shape)


def turned(piece: NDArray[Any], code: int) -> NDArray[Any]:
    """Return a piece turned by quarters, and mirrored from code 4 on."""
    rotated = np.rot90(piece, code % 4)
    return np.fliplr(rotated) if code >= 4 else rotated


# --- Cutting


def straightforward(source: Integers, negated: NDArray[np.bool_], size: Size, unit: Any) -> Any:
    """Return what `cut` finds, one piece at a time: None, or the codes of each and their number."""
    height, width, channels = size
    shown, signs = source.reshape(size), negated.reshape(size)
    found, inside = [], set()
    for top, left in product(range(0, height, unit[0]), range(0, width, unit[1])):
        place = np.s_[top : top + unit[0], left : left + unit[1]]
        y, x, component = np.unravel_index(shown[place], size)
        origins = set(zip((y // unit[0]).flat, (x // unit[1]).flat, strict=True))
        if len(origins) > 1:
            return None
        ((row, column),) = origins
        position = y % unit[0] * unit[1] + x % unit[1]
        inside.add((position.tobytes(), component.tobytes(), signs[place].tobytes()))
        turns = [
            code
            for code in transforms_of(unit)
            if np.array_equal(
                position,
                np.repeat(turned(grid(*unit), code)[..., None], channels, 2),
            )
        ]
        known = COMPONENT_ORDERS if channels == 3 else [tuple(range(channels))]
        orders = [number for number, order in enumerate(known) if (component == order).all()]
        some, all_of_it = signs[place].any(), signs[place].all()
        found.append(
            (
                row * (width // unit[1]) + column,
                turns[0] if turns else -1,
                orders[0] if orders else -1,
                int(all_of_it) if all_of_it or not some else -1,
            )
        )
    return np.array(found).T.tolist(), len(inside)


def same(tiles: Tiles | None, expected: Any) -> bool:
    if tiles is None or expected is None:
        return tiles is expected
    columns = (tiles.permutation, tiles.codes, tiles.orders, tiles.negatives)
    return bool(([c.tolist() for c in columns], tiles.in_block_maps) == expected)


SIZES: list[tuple[Size, tuple[int, int]]] = [
    ((4, 4, 1), (2, 2)),
    ((6, 4, 3), (2, 2)),
    ((6, 9, 1), (2, 3)),
    ((4, 6, 3), (1, 3)),
    ((6, 4, 2), (3, 1)),
    ((3, 4, 3), (1, 1)),
    ((3, 4, 1), (1, 1)),
    ((2, 3, 2), (1, 1)),
    ((4, 6, 3), (4, 6)),
]


def scrambled(size: Size, unit: tuple[int, int], seed: int) -> tuple[Integers, NDArray[np.bool_]]:
    """Return a map of whole pieces; of what happens inside, more has no name with each seed."""
    rng = np.random.default_rng([seed, *size, *unit])
    height, width, channels = size
    rows, columns = height // unit[0], width // unit[1]
    cells = grid(*size).reshape(rows, unit[0], columns, unit[1], channels).swapaxes(1, 2)
    cells = cells.reshape(-1, *unit, channels)[rng.permutation(rows * columns)].copy()
    signs = np.zeros(cells.shape, dtype=np.bool_)
    for number, cell in enumerate(cells):
        piece = turned(cell, int(rng.choice(transforms_of(unit))))
        if channels == 3:
            piece = piece[..., list(COMPONENT_ORDERS[rng.integers(6)])]
        cells[number] = piece
        signs[number] = rng.integers(2)
        odd = seed % 4 if rng.integers(2) else 0
        if odd == 1:
            signs[number].flat[rng.integers(signs[number].size)] ^= True
        if odd == 2:
            cells[number] = rng.permutation(piece.reshape(-1, channels)).reshape(piece.shape)
        if odd == 3:
            cells[number] = rng.permuted(piece, axis=2)

    def laid_out(values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(rows, columns, *unit, channels).swapaxes(1, 2).reshape(-1)

    return laid_out(cells), laid_out(signs)


@pytest.mark.parametrize("chunk", [1, 24, 1 << 20])
@pytest.mark.parametrize(("size", "unit"), SIZES)
def test_pieces_are_cut_as_one_by_one(
    size: Size, unit: tuple[int, int], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In strips of any height."""
    monkeypatch.setattr(tiles_module, "CHUNK", chunk)
    for seed in range(12):
        source, negated = scrambled(size, unit, seed)
        expected = straightforward(source, negated, size, unit)
        assert expected is not None
        found = cut(source, negated, size, unit)
        assert same(found, expected)
        assert found is not None
        assert found.unit == unit
        assert found.negated_pixels == np.count_nonzero(negated)
        assert found.explained == all(min(c) >= 0 for c in expected[0])
        only = cut(source, negated, size, unit, explained=True)
        assert same(only, expected if found.explained else None)


@pytest.mark.parametrize("chunk", [1, 1 << 20])
@pytest.mark.parametrize(("size", "unit"), SIZES[:-1])
def test_one_pixel_from_elsewhere_leaves_no_pieces(
    size: Size, unit: tuple[int, int], chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is; single components are pieces of every map."""
    monkeypatch.setattr(tiles_module, "CHUNK", chunk)
    source, negated = scrambled(size, unit, 0)
    for place in range(1, source.size):
        other = source.copy()
        other[[0, place]] = other[[place, 0]]
        expected = straightforward(other, negated, size, unit)
        assert same(cut(other, negated, size, unit), expected)


def test_a_piece_is_explained_by_all_its_codes() -> None:
    whole = np.zeros(2, dtype=np.int64)
    for field in ("codes", "orders", "negatives"):
        values = {"codes": whole, "orders": whole, "negatives": whole}
        assert Tiles((1, 1), whole, **values, negated_pixels=0, in_block_maps=1).explained
        values[field] = np.array([0, -1])
        assert not Tiles((1, 1), whole, **values, negated_pixels=0, in_block_maps=1).explained


@pytest.mark.parametrize("unit", [(1, 1), (2, 2), (3, 3), (1, 2), (2, 1), (2, 3), (5, 1)])
def test_transforms_keep_the_shape_and_differ(unit: tuple[int, int]) -> None:
    kept = [turned(grid(*unit), code) for code in range(8)]
    kept = [piece for piece in kept if piece.shape == unit]
    chosen = [turned(grid(*unit), code) for code in transforms_of(unit)]
    assert {p.tobytes() for p in chosen} == {p.tobytes() for p in kept}
    assert len(chosen) == len({p.tobytes() for p in chosen})


# --- Layouts


def test_divisors_are_all_that_divide() -> None:
    assert [divisors(n) for n in (1, 2, 12, 13)] == [[1], [1, 2], [1, 2, 3, 4, 6, 12], [1, 13]]


def test_layouts_place_sources_where_results_show_them() -> None:
    rng = np.random.default_rng(0)
    size = (3, 4, 2)
    found = SignedPermutation(rng.permutation(24), rng.choice([-1, 1], 24))
    image = rng.integers(0, 256, 24)

    def laid_out(out_shape: tuple[int, ...], shape: tuple[int, ...] = size) -> dict[str, Any]:
        return {name: (s, p[0]) for name, s, p in layouts([found], shape, out_shape)}

    known = laid_out(size)
    assert list(known) == ["pixels", "planes"]
    assert known["pixels"][0] == size
    assert np.array_equal(known["pixels"][1][0], found.source)
    assert known["planes"][0] == (3, 8, 1)
    shown, negated = known["planes"][1]

    def beside(vector: NDArray[Any]) -> NDArray[Any]:
        return vector.reshape(3, 4, 2).transpose(0, 2, 1).reshape(-1)

    expected = beside(found.apply(image.astype(np.uint8)))
    values = beside(image)[shown]
    assert np.array_equal(np.where(negated, 255 - values, values), expected)

    assert list(laid_out((3, 8))) == ["planes"]
    shown, negated = laid_out((3, 8))["planes"][1]
    values = beside(image)[shown]
    result = found.apply(image.astype(np.uint8))
    assert np.array_equal(np.where(negated, 255 - values, values), result)

    assert list(laid_out((4, 3, 2))) == ["transposed"]
    shape, (shown, negated) = laid_out((4, 3, 2))["transposed"]
    assert shape == size
    values = image[shown]
    back = result.reshape(4, 3, 2).swapaxes(0, 1).reshape(-1)
    assert np.array_equal(np.where(negated, 255 - values, values), back)
    assert list(laid_out((2, 12))) == []
    assert list(laid_out((4, 6), (4, 6))) == ["pixels"]
    assert list(laid_out((4, 6, 1), (4, 6, 1))) == ["pixels"]
    assert list(laid_out((6, 4), (4, 6))) == ["transposed"]
    square = SignedPermutation(np.arange(16), np.ones(16))
    assert [name for name, *_ in layouts([square], (4, 4), (4, 4))] == ["pixels"]


def units(order: Integers, size: Size, block: int | None = None, *, signs: Any = None) -> list[Any]:
    negated = np.zeros(order.size, dtype=np.bool_) if signs is None else signs
    return [t[0].unit for t in pieces([(order.reshape(-1), negated)], size, block)]


def test_pieces_worth_a_description() -> None:
    rng = np.random.default_rng(0)
    whole, negated = scrambled((12, 18, 1), (3, 3), 0)
    assert units(whole, (12, 18, 1), signs=negated) == [(3, 3)]
    assert units(whole, (12, 18, 1), 3, signs=negated) == [(3, 3)]
    assert units(whole, (12, 18, 1), 6, signs=negated) == []
    # Rows that move whole may be single pixels that do, arranged by another form.
    assert units(grid(6, 4)[[2, 0, 3, 5, 1, 4]], (6, 4, 1)) == [(1, 4), (1, 1)]
    assert units(grid(6, 4), (6, 4, 1)) == [(6, 4)]
    assert units(grid(1, 6), (1, 6, 1)) == [(1, 6)]
    # Of what is scrambled inside, the smallest squares, though the whole image is one as well.
    inside, plain = scrambled((8, 8, 1), (4, 4), 2)
    assert units(inside, (8, 8, 1), signs=plain) == [(4, 4), (1, 1)]
    assert units(rng.permutation(16), (4, 4, 1)) == [(1, 1)]


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


# --- Draws and their bits


def test_the_bits_of_a_draw_are_those_of_its_choices() -> None:
    assert permutation("order", np.array([1, 0, 2])).bits == pytest.approx(log2(6))
    assert permutation("orders", np.array([[1, 0, 2]] * 4)).bits == pytest.approx(4 * log2(6))
    assert codes("codes", np.array([1, 2, 0]), 5).bits == pytest.approx(3 * log2(5))
    assert codes("codes", np.array([1, 1]), 2).kind is DrawKind.BITS
    assert codes("codes", np.array([1, 1]), 3).kind is DrawKind.CODES
    assert permutation("order", np.arange(3)).neutral
    assert not permutation("orders", np.array([[0, 1, 2], [0, 2, 1]])).neutral
    assert codes("codes", np.zeros(3, dtype=np.int64), 5).neutral
    assert not codes("codes", np.array([0, 0, 1]), 5).neutral
    assert constant(np.array([[1, 1], [2, 2]]), 1)
    assert not constant(np.array([[1, 1], [2, 2]]), 0)


def described(tiles: Tiles, channels: int, *draws: Draw) -> Structure:
    return Structure("pixels", tiles.unit, "free", tiles, draws, (1, 1, channels))


def inside(
    *, codes: int = 0, orders: int = 0, negatives: int = 0, pieces: int = 5, maps: int = 5
) -> Tiles:
    """Return pieces of 2 x 3, the last of which has these codes."""

    def last(code: int) -> Integers:
        return np.array([0] * (pieces - 1) + [code])

    return Tiles((2, 3), np.arange(pieces), last(codes), last(orders), last(negatives), 0, maps)


def test_what_has_no_name_inside_pieces_has_its_bits() -> None:
    """By each piece for itself, or by a list of maps and a choice among them, if that is less."""

    def factorial(number: int) -> float:
        return lgamma(number + 1) / log(2)

    assert scramble_bits(described(inside(), 3)) == 0
    cases = [
        (inside(codes=-1), factorial(6)),
        (inside(codes=-1, orders=-1), factorial(18)),
        (inside(orders=-1), 6 * log2(6)),
        (inside(negatives=-1), 18),
        (inside(codes=-1, negatives=-1), 18 + factorial(6)),
    ]
    for tiles, each in cases:
        assert scramble_bits(described(tiles, 3)) == pytest.approx(5 * each)
    few = inside(negatives=-1, maps=2)
    assert scramble_bits(described(few, 3)) == pytest.approx(2 * 18 + 5)
    one = inside(negatives=-1, maps=1)
    assert scramble_bits(described(one, 3)) == pytest.approx(18)


def test_bits_of_a_key_are_those_of_draws_that_change_anything() -> None:
    tiles = inside()
    free = permutation("order", np.array([1, 0, 2]))
    still = permutation("order", np.arange(3))
    turn = codes("turns", np.array([1, 0]), 4)
    none = codes("turns", np.array([0, 0]), 4)
    assert described(tiles, 1, free, none).bits == pytest.approx(log2(6))
    assert described(tiles, 1, still, turn).bits == pytest.approx(4)
    either = [described(tiles, 1, free, none), described(tiles, 1, still, none)]
    assert common_bits(either) == pytest.approx(log2(6))
    assert common_bits(either[1:]) == 0
    scrambled = described(inside(negatives=-1, maps=1), 1, free, turn)
    assert common_bits([scrambled]) == pytest.approx(log2(6) + 4 + 6)


def test_codes_of_pieces_are_known_if_all_are() -> None:
    found = described(inside(), 1)
    assert found.transforms is not None
    assert found.negatives is not None
    assert not found.negatives.any()
    assert described(inside(codes=-1), 1).transforms is None
    assert described(inside(negatives=-1), 1).negatives is None
    assert (found.block, found.components) == (0, None)
    square = described(replace(inside(), unit=(2, 2)), 1)
    assert square.block == 2
    orders = codes("component order", np.array([3]), 6)
    assert described(inside(), 3, orders).components is orders.values


# --- Part of an image


def moved(order: Integers) -> SignedPermutation:
    return SignedPermutation(order.reshape(-1), np.ones(order.size))


def changing(order: Integers, keys: int = 9) -> str:
    """Return what is said of the part that changes; "" if it is the image."""
    found = describe([moved(order)] * keys, order.shape, order.shape)
    return next((s for s in found[0].statements if s.endswith("under any key")), "")


@pytest.mark.parametrize(
    ("rows", "columns"), [((0, 4), (0, 2)), ((2, 6), (3, 7)), ((5, 7), (1, 7)), ((1, 2), (0, 7))]
)
def test_the_part_that_changes_is_told(rows: tuple[int, int], columns: tuple[int, int]) -> None:
    order = grid(8, 8)
    box = np.s_[rows[0] : rows[1] + 1, columns[0] : columns[1] + 1]
    part = order[box]
    order[box] = np.random.default_rng(0).permutation(part.reshape(-1)).reshape(part.shape)
    assert changing(order) == (
        f"only rows {rows[0]} to {rows[1]} and columns {columns[0]} to {columns[1]} change under "
        "any key"
    )


def test_negation_is_a_change_and_one_pixel_at_each_edge_is_enough() -> None:
    sign = np.ones((8, 8))
    sign[2:4, 5:8] = -1
    found = describe([SignedPermutation(np.arange(64), sign.ravel())] * 9, (8, 8), (8, 8))
    assert "only rows 2 to 3 and columns 5 to 7 change under any key" in found[0].statements
    order = np.random.default_rng(0).permutation(64).reshape(8, 8)
    assert changing(order) == ""
    assert changing(grid(8, 8)) == ""


def test_a_part_is_told_only_beyond_chance() -> None:
    """Of one key that leaves a border of one pixel, nothing is said; of many it is."""
    order = grid(6, 6)
    order[:, :5] = np.random.default_rng(2).permutation(order[:, :5].reshape(-1)).reshape(6, 5)
    assert changing(order, 8).startswith("only rows 0 to 5 and columns 0 to 4")
    few = grid(4, 4)
    few[:, :3] = few[[1, 0, 3, 2]][:, [2, 0, 1]]
    assert changing(few, 1) == ""
