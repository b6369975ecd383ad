"""Sizes and index arithmetic of blocks, against the arithmetic of reshapes and plain loops."""

from __future__ import annotations

import pickle
import re
import sys
from dataclasses import FrozenInstanceError
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from etcprops import (
    BlockGeometry,
    InvalidParameterError,
    crop_to_blocks,
    pad_to_blocks,
    strategies,
)
from etcprops.scheme.geometry import check_geometry, fitting_blocks, nearest_size, what_fits

SIZES = [
    BlockGeometry(rows * block, columns * block, channels=channels, block=block)
    for rows, columns, block, channels in product((1, 2, 3), (1, 2, 5), (1, 2, 3), (1, 3))
]


@pytest.mark.parametrize("geometry", SIZES, ids=str)
def test_flat_index_counts_as_nested_loops_do(geometry: BlockGeometry) -> None:
    # The image is numbered in C order; its blocks are cut out by slicing, in raster order.
    numbers = np.arange(geometry.n_pixels).reshape(*geometry.shape[:2], geometry.channels)
    side, (rows, columns) = geometry.block, geometry.grid
    tiles = [
        numbers[i * side : (i + 1) * side, j * side : (j + 1) * side]
        for i, j in product(range(rows), range(columns))
    ]
    assert len(tiles) == geometry.n_blocks
    for block, tile in enumerate(tiles):
        for row, column, channel in np.ndindex(tile.shape):
            flat = geometry.flat_index(block, row, column, channel)
            assert flat == tile[row, column, channel]
            assert tuple(map(int, geometry.locate(flat))) == (block, row, column, channel)


@pytest.mark.parametrize("geometry", SIZES, ids=str)
def test_flat_index_and_locate_are_inverse_bijections(geometry: BlockGeometry) -> None:
    everything = np.arange(geometry.n_pixels)
    parts = geometry.locate(everything)
    bounds = (geometry.n_blocks, geometry.block, geometry.block, geometry.channels)
    for part, bound in zip(parts, bounds, strict=True):
        assert part.dtype == np.int64
        assert part.min() == 0
        assert part.max() == bound - 1
    assert len(set(zip(*(part.tolist() for part in parts), strict=True))) == geometry.n_pixels
    assert np.array_equal(geometry.flat_index(*parts), everything)


@given(strategies.geometries())
def test_flat_index_equals_reshape_arithmetic(geometry: BlockGeometry) -> None:
    side, (rows, columns) = geometry.block, geometry.grid
    tiles = np.arange(geometry.n_pixels).reshape(rows, side, columns, side, geometry.channels)
    expected = tiles.transpose(0, 2, 1, 3, 4).reshape(
        geometry.n_blocks, side, side, geometry.channels
    )
    block, row, column, channel = np.indices(expected.shape)
    assert np.array_equal(geometry.flat_index(block, row, column, channel), expected)


def test_flat_index_broadcasts() -> None:
    geometry = BlockGeometry(4, 6, channels=3, block=2)
    index = geometry.flat_index(np.arange(6)[:, None], 1, [[0]], np.arange(3))
    assert index.shape == (6, 3)
    assert index.dtype == np.int64
    assert index[4].tolist() == [(3 * 6 + 2) * 3 + c for c in range(3)]


def test_locate_keeps_the_shape_of_its_argument() -> None:
    geometry = BlockGeometry(4, 6, block=2)
    assert [part.shape for part in geometry.locate(np.zeros((2, 0, 3), dtype=np.uint8))] == [
        (2, 0, 3)
    ] * 4
    assert [part.shape for part in geometry.locate(23)] == [()] * 4


def test_sizes_of_extended_yale_b() -> None:
    geometry = BlockGeometry(192, 160)
    assert geometry.shape == (192, 160)
    assert geometry.grid == (24, 20)
    assert (geometry.n_blocks, geometry.n_pixels, geometry.block) == (480, 30720, 8)
    colour = BlockGeometry(192, 160, channels=3, block=16)
    assert colour.shape == (192, 160, 3)
    assert colour.grid == (12, 10)
    assert (colour.n_blocks, colour.n_pixels) == (120, 92160)


def test_to_dict_makes_the_same_geometry() -> None:
    for geometry in SIZES:
        sizes = geometry.to_dict()
        assert list(sizes) == ["height", "width", "channels", "block"]
        assert all(type(size) is int for size in sizes.values())
        assert BlockGeometry(**sizes) == geometry


def test_value_semantics() -> None:
    sizes: Any = (np.int16(4), np.uint8(6), np.int64(3), np.int32(2))
    geometry = BlockGeometry(*sizes[:2], channels=sizes[2], block=sizes[3])
    same = BlockGeometry(4, 6, channels=3, block=2)
    assert geometry == same
    assert hash(geometry) == hash(same)
    assert type(geometry.height) is int
    assert repr(geometry) == "BlockGeometry(height=4, width=6, channels=3, block=2)"
    assert pickle.loads(pickle.dumps(geometry)) == same  # noqa: S301
    assert len({*SIZES, *SIZES}) == len(SIZES)
    with pytest.raises(FrozenInstanceError):
        geometry.height = 8  # type: ignore[misc]


def _integer(name: str, got: str) -> str:
    return f"The '{name}' parameter of BlockGeometry must be a positive integer. Got {got}."


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        pytest.param({"height": 0}, _integer("height", "0 (int)"), id="zero height"),
        pytest.param({"height": -8}, _integer("height", "-8 (int)"), id="negative height"),
        pytest.param({"width": 8.0}, _integer("width", "8.0 (float)"), id="float width"),
        pytest.param({"width": "8"}, _integer("width", "'8' (str)"), id="string width"),
        pytest.param({"width": None}, _integer("width", "None (NoneType)"), id="no width"),
        pytest.param({"height": True}, _integer("height", "True (bool)"), id="boolean height"),
        pytest.param({"block": 0}, _integer("block", "0 (int)"), id="zero block"),
        pytest.param(
            {"height": np.array([8, 8])},
            _integer("height", "an array of dtype int64 and shape (2,)"),
            id="array height",
        ),
        pytest.param(
            {"block": np.True_}, _integer("block", "np.True_ (bool)"), id="numpy boolean block"
        ),
        pytest.param(
            {"channels": 2},
            "The 'channels' parameter of BlockGeometry must be 1 (grey) or 3 (colour). "
            "Got 2 (int).",
            id="two channels",
        ),
        pytest.param(
            {"channels": 4},
            "The 'channels' parameter of BlockGeometry must be 1 (grey) or 3 (colour). "
            "Got 4 (int).",
            id="four channels",
        ),
        pytest.param(
            {"height": 30},
            "The 'block' parameter of BlockGeometry must divide height. "
            "Got block=8, height=30 instead; 6 divides 30 x 24, and 8 divides 32 x 24.",
            id="height not divisible",
        ),
        pytest.param(
            {"width": 4},
            "The 'block' parameter of BlockGeometry must divide width. "
            "Got block=8, width=4 instead; 4 divides 16 x 4, and 8 divides 16 x 8.",
            id="block larger than the image",
        ),
    ],
)
def test_bad_sizes(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        BlockGeometry(**{"height": 16, "width": 24, **sizes})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("place", "wanted", "got"),
    [
        pytest.param({"block": 6}, "block must be integers from 0 to 5", "6", id="block too large"),
        pytest.param({"block": -1}, "block must be integers from 0 to 5", "-1", id="negative"),
        pytest.param({"row": 2}, "row must be integers from 0 to 1", "2", id="row outside"),
        pytest.param(
            {"column": 2}, "column must be integers from 0 to 1", "2", id="column outside"
        ),
        pytest.param(
            {"channel": 1}, "channel must be integers from 0 to 0", "1", id="grey has one"
        ),
        pytest.param(
            {"row": [0, 1, 5]}, "row must be integers from 0 to 1", "5", id="one of several"
        ),
        pytest.param(
            {"row": 0.5}, "row must be integers from 0 to 1", "dtype float64", id="fraction"
        ),
        pytest.param(
            {"block": True}, "block must be integers from 0 to 5", "dtype bool", id="boolean"
        ),
        pytest.param(
            {"block": np.uint64(2**63)},
            "block must be integers from 0 to 5",
            str(2**63),
            id="would wrap to a negative number",
        ),
        pytest.param(
            {"block": [[0], [0, 1]]},
            "block must be integers from 0 to 5",
            "a list that is no array of numbers",
            id="ragged",
        ),
    ],
)
def test_bad_places(place: dict[str, Any], wanted: str, got: str) -> None:
    geometry = BlockGeometry(4, 6, block=2)
    name, wanted = wanted.split(" ", 1)
    with pytest.raises(InvalidParameterError) as caught:
        geometry.flat_index(**{"block": 0, "row": 0, "column": 0, "channel": 0, **place})
    assert (
        str(caught.value)
        == f"The '{name}' parameter of BlockGeometry.flat_index {wanted}. Got {got}."
    )


@pytest.mark.parametrize(
    ("flat", "got"),
    [
        pytest.param(24, "24", id="past the end"),
        pytest.param([3, -1], "-1", id="negative"),
        pytest.param(1.0, "dtype float64", id="float"),
        pytest.param("a", "dtype <U1", id="string"),
    ],
)
def test_bad_positions(flat: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        BlockGeometry(4, 6, block=2).locate(flat)
    assert str(caught.value) == (
        f"The 'flat' parameter of BlockGeometry.locate must be integers from 0 to 23. Got {got}."
    )


def test_check_geometry_names_the_caller() -> None:
    geometry = BlockGeometry(8, 8)
    assert check_geometry(geometry, "someone") is geometry
    with pytest.raises(InvalidParameterError) as caught:
        check_geometry((8, 8), "someone")
    assert str(caught.value) == (
        "The 'geometry' parameter of someone must be a BlockGeometry. Got (8, 8) (tuple)."
    )


def test_long_values_are_cut_short_in_messages() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        check_geometry("x" * 1000, "someone")
    assert str(caught.value).endswith(f"Got '{'x' * 76}... (str).")


# --- Of an image


@pytest.mark.parametrize("shape", [(16, 24), (16, 24, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float64, np.bool_])
def test_geometry_of_an_image(shape: tuple[int, ...], dtype: Any) -> None:
    image = np.zeros(shape, dtype)
    geometry = BlockGeometry.for_image(image, block=4)
    assert geometry.shape == shape
    assert geometry.block == 4
    assert BlockGeometry.for_image(image).block == 8
    assert BlockGeometry.for_image(image.tolist(), 4) == geometry
    if dtype is np.uint8:
        assert BlockGeometry.for_image(Image.fromarray(image), 4) == geometry


NOT_ONE_IMAGE: dict[str, tuple[Any, str]] = {
    "batch": (np.zeros((5, 8, 8), np.uint8), "of a batch, images[0] is one image"),
    "batch in colour": (np.zeros((5, 8, 8, 3), np.uint8), "of a batch, images[0] is one image"),
    "alpha": (np.zeros((8, 8, 4), np.uint8), "image[..., :3] leaves the alpha channel out"),
    "batch of four columns": (np.zeros((2, 5, 8, 4), np.uint8), "4); of a batch, images[0]"),
    "one channel": (np.zeros((8, 8, 1), np.uint8), "image[..., 0] is a grey image"),
    "vector": (np.zeros(64, np.uint8), "shape (64,)"),
    "nothing": (np.zeros((0, 8), np.uint8), "shape (0, 8)"),
    "text": (np.full((8, 8), "a"), "dtype <U1"),
    "None": (None, "dtype object"),
    "ragged": ([[1, 2], [3]], "a list that is no array of numbers"),
    "path": (Path("sea.jpg"), "a path; etcprops.read_image('sea.jpg') gives its pixels"),
    "path as text": ("sea.jpg", "a path; etcprops.read_image('sea.jpg') gives its pixels"),
    "palette": (Image.new("P", (8, 8)), "a Pillow image of mode P, not L or RGB"),
}


@pytest.mark.parametrize("name", NOT_ONE_IMAGE)
@pytest.mark.parametrize(
    "function", [BlockGeometry.for_image, crop_to_blocks, pad_to_blocks], ids=lambda f: f.__name__
)
def test_what_is_not_one_image_has_no_geometry(name: str, function: Any) -> None:
    image, got = NOT_ONE_IMAGE[name]
    wanted = r"must be one image of shape \(H, W\) or \(H, W, 3\). Got .*"
    with pytest.raises(InvalidParameterError, match=wanted + re.escape(got)):
        function(image)


def test_an_image_of_other_sizes_names_what_fits() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        BlockGeometry.for_image(np.zeros((100, 100), np.uint8))
    assert str(caught.value) == (
        "The 'image' parameter of BlockGeometry.for_image must be of whole blocks. Got 100 x 100 "
        "and block=8: 5, 10 and 20 divide 100 x 100, and 8 divides 96 x 96; crop_to_blocks and "
        "pad_to_blocks make them fit."
    )


@given(
    *(st.integers(1, 300) for _ in range(2)),
    st.integers(1, 40),
)
def test_what_is_said_to_fit_fits(height: int, width: int, block: int) -> None:
    near = nearest_size(height, width, block)
    assert BlockGeometry(*near, block=block).n_blocks
    for length, found in zip((height, width), near, strict=True):
        assert abs(found - length) <= max(block // 2, block - length)
    for size in fitting_blocks(height, width, block):
        assert BlockGeometry(height, width, block=size).n_blocks > 1
        assert size > 1


@pytest.mark.parametrize("shape", [(16, 20), (20, 16)])
def test_both_sides_must_be_of_whole_blocks(shape: tuple[int, int]) -> None:
    with pytest.raises(InvalidParameterError, match=r"be of whole blocks. Got (16 x 20|20 x 16)"):
        BlockGeometry.for_image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("size", "block", "sizes"),
    [(64, 8, [4, 16, 32]), (64, 2, [4, 8]), (134, 4, [2]), (8194, 4000, [482]), (7, 8, [])],
)
def test_blocks_around_one_block(size: int, block: int, sizes: list[int]) -> None:
    # One below, two above; not the block itself, none of more than 16 blocks or 4,096 pixels.
    assert fitting_blocks(size, size, block) == sizes


def test_where_no_other_block_fits_none_is_named() -> None:
    assert what_fits(101, 97, 8) == "8 divides 104 x 96"


def test_absurd_sizes_are_refused_at_once() -> None:
    with pytest.raises(InvalidParameterError, match="at most 4294967296 pixels"):
        BlockGeometry(10**12, 10**12, block=7)


@pytest.mark.parametrize(("height", "channels"), [(2**16, 1), (21845, 3)])
def test_images_have_2_to_the_32_pixels_at_most(height: int, channels: int) -> None:
    width = 2**32 // height // channels
    assert BlockGeometry(height, width, channels=channels, block=1).n_pixels <= 2**32
    got = rf"at most 4294967296 pixels. Got {height} x {width + 1}\."
    with pytest.raises(InvalidParameterError, match=got):
        BlockGeometry(height, width + 1, channels=channels, block=1)
    with pytest.raises(InvalidParameterError, match=f"Got {sys.maxsize} x 1"):
        BlockGeometry(sys.maxsize, 1, block=1)
