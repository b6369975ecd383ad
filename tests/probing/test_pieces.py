"""Maps cut into pieces, against straightforward code, and the bits of what is in them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import lgamma, log, log2
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import grid, turned

from etcprops import SignedPermutation
from etcprops.probing import tiles as tiles_module
from etcprops.probing.description import Structure, common_bits, scramble_bits
from etcprops.probing.draws import Draw, DrawKind, codes, constant, permutation
from etcprops.probing.layouts import divisors, layouts, pieces
from etcprops.probing.region import describe
from etcprops.probing.structure import infer_common
from etcprops.probing.tiles import Tiles, cut, transforms_of
from etcprops.scheme.keys import COMPONENT_ORDERS

Integers = NDArray[np.int64]
Size = tuple[int, int, int]


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

    assert scramble_bits([described(inside(), 3)]) == 0
    cases = [
        (inside(codes=-1), factorial(6)),
        (inside(codes=-1, orders=-1), factorial(18)),
        (inside(orders=-1), 6 * log2(6)),
        (inside(negatives=-1), 18),
        (inside(codes=-1, negatives=-1), 18 + factorial(6)),
        (inside(orders=-1, negatives=-1), 18 + 6 * log2(6)),
    ]
    for tiles, each in cases:
        assert scramble_bits([described(tiles, 3)]) == pytest.approx(5 * each)
    few = inside(negatives=-1, maps=2)
    assert scramble_bits([described(few, 3)]) == pytest.approx(2 * 18 + 5)
    one = inside(negatives=-1, maps=1)
    assert scramble_bits([described(one, 3)]) == pytest.approx(18)


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


def test_orders_that_repeat_are_counted_once() -> None:
    rng = np.random.default_rng(0)
    keys = [rng.permutation(9) for _ in range(4)]
    twice = [described(inside(), 1, permutation("order", np.stack([o, o]))) for o in keys]
    assert common_bits(twice) == pytest.approx(lgamma(10) / log(2))


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
    assert str(described(inside(orders=3), 3).components) == "[0 0 0 0 3]"
    assert described(inside(orders=-1), 3).components is None


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


@pytest.mark.parametrize("shape", [(1, 6), (6, 1)])
def test_a_part_is_told_from_the_number_of_keys_on_that_chance_allows(
    shape: tuple[int, int],
) -> None:
    """One of six pieces stays under k keys with 6**-k; there are 21 parts of six in a line."""
    orders = [[1, 0, 4, 2, 3], [4, 2, 1, 0, 3], [2, 4, 3, 1, 0]] * 3
    maps = [moved(np.array([*order, 5])) for order in orders]
    told = "columns 0 to 4 change" if shape[0] == 1 else "only rows 0 to 4"
    for keys in (8, 9):
        assert (21 * 6.0**-keys < 1e-5) == (keys == 9)
        found = describe(maps[:keys], shape, shape)[0].statements
        assert any(told in statement for statement in found) == (keys == 9)
    line = (1, 5) if shape[0] == 1 else (5, 1)
    part = infer_common([moved(np.array(order)) for order in orders], line)[0].statements
    assert (found[0], *found[2:]) == part


def test_results_of_another_shape_have_no_part() -> None:
    order = grid(4, 6)
    order[1:3, 1:5] = order[[2, 1], 1:5]
    maps = [moved(order)] * 40
    whole = infer_common(maps, (4, 6), (6, 4))
    assert [s.statements for s in describe(maps, (4, 6), (6, 4))] == [s.statements for s in whole]
