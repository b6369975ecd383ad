"""Small parts of the probe: how descriptions in pieces are chosen, and how they read in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import grid, rng

from etcprops import BlockGeometry, EtCKey, SignedPermutation
from etcprops.probing import infer_structure, structure
from etcprops.probing.draws import permutation
from etcprops.probing.repeats import own_orders
from etcprops.probing.tiles import Tiles
from etcprops.probing.wording import in_words

Array = NDArray[Any]


def moved(order: Array) -> SignedPermutation:
    return SignedPermutation(order.reshape(-1), np.ones(order.size))


# --- Orders that repeat


@pytest.mark.parametrize(("count", "keys", "repeats"), [(6, 2, True), (4, 4, False)])
def test_orders_repeat_beyond_what_chance_does_of_all_pairs(
    count: int, keys: int, *, repeats: bool
) -> None:
    """Two orders are 2^2 pairs: 4 / 10^-5 lies between 24^4 and 720^2, the choices of all keys."""
    orders = [np.roll(np.arange(count), 1 + key) for key in range(keys)]
    rows, columns = (
        [permutation(f"order of the {name}", order) for order in orders]
        for name in ("rows", "columns")
    )
    first, second = own_orders([rows, columns])
    assert first.kept.all()
    assert second.kept.all() == (not repeats)


# --- How a description is chosen


@pytest.mark.parametrize("block", [2, 4])
def test_components_are_not_looked_at_by_themselves_where_blocks_move_whole(block: int) -> None:
    geometry = BlockGeometry(4 * block, 6 * block, channels=3, block=block)
    key = EtCKey.from_secret(geometry, "an example")
    assert key.components is not None
    found = infer_structure(SignedPermutation.from_key(key), (4 * block, 6 * block, 3))
    assert found is not None
    assert found.unit == (block, block)
    assert found.chosen == f"the largest pieces that move whole: {found.bits:.1f} bits"


def test_components_are_not_looked_at_by_themselves_for_blocks_that_are_asked_for() -> None:
    orders = [rng(component).permutation(16) for component in range(3)]
    source = np.stack([3 * order + component for component, order in enumerate(orders)], axis=1)
    assert infer_structure(moved(source), (4, 4, 3)) is not None
    assert infer_structure(moved(source), (4, 4, 3), block=2) is None


def test_the_next_description_is_told_by_its_rows_and_columns() -> None:
    pieces = grid(2, 5, 3)
    found = infer_structure(moved(np.roll(pieces, 1, axis=1)), (2, 15))
    assert found is not None
    assert (found.unit, found.arrangement) == ((2, 3), "one cyclic shift")
    assert found.chosen == (
        "smallest of 2 descriptions that fit: 2.3 bits; the next, 2 x 3 pixels, has 6.9"
    )


@pytest.mark.parametrize(("bits", "asked"), [(7.9, False), (8.0, False), (8.1, True)])
def test_orders_of_axes_are_looked_at_where_more_bits_are_needed_than_for_one_loop(
    monkeypatch: pytest.MonkeyPatch, bits: float, *, asked: bool
) -> None:
    """The start and the step of a loop over 16 pixels are 8 bits."""
    looked: list[Any] = []

    def axes(maps: Any) -> list[Any]:
        looked.append(maps)
        return []

    monkeypatch.setattr(structure, "common_bits", lambda _: bits)
    monkeypatch.setattr(structure, "_axes", axes)
    assert infer_structure(SignedPermutation.identity(16), (4, 4)) is not None
    assert bool(looked) is asked


@pytest.mark.parametrize("part", ["common_bits", "scramble_bits"])
@pytest.mark.parametrize(("more", "layout"), [(0, "pixels"), (3e-7, "pixels"), (3e-6, "planes")])
def test_bits_that_agree_to_a_millionth_are_equal(
    monkeypatch: pytest.MonkeyPatch, part: str, more: float, layout: str
) -> None:
    """Of equal descriptions, components in their pixels come before those side by side."""

    def bits(name: str) -> Any:
        def of(forms: Any) -> float:
            return more if name == part and forms[0].layout != "planes" else 0.0

        return of

    for name in ("common_bits", "scramble_bits"):
        monkeypatch.setattr(structure, name, bits(name))
    pixels = grid(8, 3)[rng().permutation(8)]
    pixels[::2] = pixels[::2, [1, 2, 0]]
    found = infer_structure(moved(pixels), (4, 2, 3))
    assert found is not None
    assert found.layout == layout


def test_pixels_that_are_read_in_another_order_are_a_vector() -> None:
    found = infer_structure(moved(grid(8, 4, 3).transpose(1, 2, 0)), (8, 4, 3))
    assert found is not None
    assert (found.arrangement, found.size) == ("axes", (96, 1, 1))


# --- In words


@pytest.fixture(name="pair")
def of_two_pieces() -> Tiles:
    """Return a map of two pieces of two pixels, each in its place."""
    still = np.zeros(2, dtype=np.int64)
    return Tiles((1, 2), np.arange(2), still, still, still, 0, 1)


def said(tiles: Tiles, layout: str = "pixels", channels: int = 1) -> list[str]:
    """Return what is said of a map in pieces that are two in a row, or one over the other."""
    height, width = 2 * tiles.unit[0], 2 * tiles.unit[1]
    size = (2, width, channels) if tiles.unit[0] == 1 else (height, 2, channels)
    return list(in_words(layout, tiles, size, "free"))


@pytest.mark.parametrize("unit", [(1, 2), (2, 1)])
def test_pieces_of_two_pixels_are_pieces(pair: Tiles, unit: tuple[int, int]) -> None:
    name = f"pieces of {unit[0]} x {unit[1]}"
    assert said(replace(pair, unit=unit)) == [
        f"2 {name}; 0 change their place",
        "none is rotated or mirrored",
        "nothing is negated",
        f"1 different map inside 2 {name}",
    ]
    turned = replace(pair, unit=unit, codes=np.array([0, 2]), in_block_maps=2)
    assert said(turned)[1:] == [
        "each is rotated or mirrored by an element of D4, 2 of 2 occur",
        "nothing is negated",
        f"2 different maps inside 2 {name}",
    ]


def test_one_of_two_pieces_is_half(pair: Tiles) -> None:
    negated = replace(pair, negatives=np.array([1, 0]), negated_pixels=2)
    assert "negation per piece: 1 of 2, exactly half" in said(negated)


def test_values_of_pieces_that_are_negated_in_part_are_counted_with_their_components(
    pair: Tiles,
) -> None:
    negated = replace(pair, negatives=np.array([-1, 0]), negated_pixels=5)
    for channels in (1, 3):
        assert f"negation per value: 5 of {4 * channels}" in said(negated, channels=channels)


def test_components_in_one_order_a_piece_are_told_from_others(pair: Tiles) -> None:
    assert "components in one order a piece, 1 of 6 occur" in said(pair, channels=3)
    mixed = said(replace(pair, orders=np.array([-1, 0])), channels=3)
    assert "components are not in one order a piece" in mixed
    assert not any("occur" in statement for statement in mixed)


@pytest.mark.parametrize("count", [1, 2])
def test_several_pieces_move_before_all_is_transposed(pair: Tiles, count: int) -> None:
    some: Any = {n: getattr(pair, n)[:count] for n in ("codes", "orders", "negatives")}
    tiles = replace(pair, permutation=np.arange(count), **some)
    words = in_words("transposed", tiles, (1, 2 * count, 1), "free")
    assert words[1] == (
        "transposed: mirrored at the diagonal from top left to bottom right"
        if count == 1
        else "then all is transposed: 1 x 4 becomes 4 x 1"
    )
