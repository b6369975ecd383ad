"""Descriptions of maps that other libraries make, and of near misses: two pixels swapped."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageChops, ImageOps

from etcprops import SignedPermutation
from etcprops.probing import Structure, axes, infer_structure

Image = NDArray[Any]
Function = Callable[[Image], Image]
GREY, COLOUR = (12, 16), (12, 16, 3)


def through_pillow(function: Callable[[Picture.Image], Picture.Image]) -> Function:
    """Let Pillow move the digits of the pixels' numbers, one digit an image."""

    def move(numbers: Image) -> Image:
        digits = [(numbers // 256**d % 256).astype(np.uint8) for d in range(2)]
        moved = [
            np.asarray(function(Picture.fromarray(digit))).astype(np.int64) for digit in digits
        ]
        return moved[0] + 256 * moved[1]

    return move


def turned(method: Picture.Transpose) -> Function:
    return through_pillow(lambda picture: picture.transpose(method))


def shifted(seed: int, axis: int) -> Function:
    """Shift each line by its own amount, with NumPy."""

    def move(image: Image) -> Image:
        lines = np.moveaxis(image, axis, 0)
        amounts = np.random.default_rng(seed).integers(1, lines.shape[1], len(lines))
        rolled = [np.roll(line, amount, 0) for line, amount in zip(lines, amounts, strict=True)]
        return np.moveaxis(np.stack(rolled), 0, axis)

    return move


def one_after_the_other(*functions: Function) -> Function:
    def move(image: Image) -> Image:
        for function in functions:
            image = function(image)
        return image

    return move


ROWS, COLUMNS, AGAIN = shifted(1, 0), shifted(2, 1), shifted(3, 0)
TURN = Picture.Transpose

CASES: dict[str, tuple[Function, str, float]] = {
    # What moves the pixels, what the description says, its bits on a grey image of 12 x 16.
    "numpy.rot90": (np.rot90, "turned by a quarter, counter-clockwise", 2),
    "numpy.rot90, thrice": (lambda x: np.rot90(x, 3), "turned by a quarter, clockwise", 2),
    "numpy.flipud": (np.flipud, "mirrored, top and bottom exchanged", 2),
    "numpy.fliplr": (np.fliplr, "mirrored, left and right exchanged", 2),
    "numpy.swapaxes": (lambda x: np.swapaxes(x, 0, 1), "transposed: mirrored at", 0),
    "Pillow, ROTATE_90": (turned(TURN.ROTATE_90), "quarter, counter-clockwise", 2),
    "Pillow, ROTATE_180": (turned(TURN.ROTATE_180), "turned by half", 2),
    "Pillow, ROTATE_270": (turned(TURN.ROTATE_270), "turned by a quarter, clockwise", 2),
    "Pillow, TRANSPOSE": (turned(TURN.TRANSPOSE), "top left to bottom right", 0),
    "Pillow, TRANSVERSE": (turned(TURN.TRANSVERSE), "bottom left to top right", 2),
    "Pillow, mirror": (through_pillow(ImageOps.mirror), "left and right exchanged", 2),
    "Pillow, flip": (through_pillow(ImageOps.flip), "top and bottom exchanged", 2),
    "Pillow, offset": (
        through_pillow(lambda p: ImageChops.offset(p, 5, 5)),
        "one cyclic shift of all",
        7.585,
    ),
    "rows, columns": (one_after_the_other(ROWS, COLUMNS), "each row, then of each column", 105.36),
    "columns, rows": (one_after_the_other(COLUMNS, ROWS), "each column, then of each row", 105.36),
    "rows, columns, rows": (
        one_after_the_other(ROWS, COLUMNS, AGAIN),
        "cyclic shifts of rows, columns and rows again",
        149.36,
    ),
    "columns, rows, columns": (
        one_after_the_other(COLUMNS, ROWS, shifted(4, 1)),
        "cyclic shifts of columns, rows and columns again",
        159.13,
    ),
    "order F": (lambda x: x.ravel(order="F").reshape(x.shape), 'order "F"', 30.34),
    "odd and even lines": (
        lambda x: np.concatenate(np.split(x.reshape(6, 2, -1), 2, axis=1)).reshape(x.shape),
        "12 rows|another order of axes",
        0,
    ),
    "2 x 2 to depth": (
        lambda x: x.reshape(6, 2, 8, 2, -1).swapaxes(1, 2).reshape(x.shape),
        "6 steps of 32, in each of these 8 steps of 2, in each of these 2 steps of 16",
        60.68,
    ),
    "another shape": (lambda x: x.reshape(x.shape[0] * 2, -1), "laid out in another shape", 0),
}


def described(function: Function, shape: tuple[int, ...], *, swap: bool = False) -> Structure:
    moved = np.ascontiguousarray(function(np.arange(int(np.prod(shape))).reshape(shape)))
    source = moved.reshape(-1).astype(np.int64)
    if swap:
        source[[3, 40]] = source[[40, 3]]
    structure = infer_structure(SignedPermutation(source, np.ones(source.size)), shape, moved.shape)
    assert structure is not None
    return structure


@pytest.mark.parametrize("name", CASES)
def test_maps_of_other_libraries_are_described(name: str) -> None:
    function, says, bits = CASES[name]
    structure = described(function, GREY)
    text = "; ".join(structure.statements)
    assert any(part in text for part in says.split("|")), text
    if bits or "transposed" in says:
        assert structure.bits == pytest.approx(bits, abs=0.02)


@pytest.mark.parametrize("name", CASES)
def test_two_pixels_swapped_are_another_description(name: str) -> None:
    function, says, _ = CASES[name]
    structure = described(function, GREY, swap=True)
    text = "; ".join(structure.statements)
    assert not any(part in text for part in says.split("|")), text
    # A permutation, if not one within rows or columns.
    assert structure.bits > 400


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (np.rot90, "quarter, counter-clockwise"),
        (lambda x: np.moveaxis(x, -1, 0).reshape(x.shape), "planar"),
        (lambda x: x.ravel(order="F").reshape(x.shape), "the first axis fastest"),
        (lambda x: np.swapaxes(x, 0, 1).reshape(x.shape), "column by column"),
        (one_after_the_other(ROWS, COLUMNS, AGAIN), "rows, columns and rows again"),
    ],
)
def test_colour_images_are_described_as_grey_ones(function: Function, says: str) -> None:
    assert says in "; ".join(described(function, COLOUR).statements)


def test_four_turns_have_no_name_and_that_is_said() -> None:
    structure = described(one_after_the_other(ROWS, COLUMNS, AGAIN, shifted(4, 1)), GREY)
    assert structure.arrangement == "free"
    assert any("in up to three turns" in statement for statement in structure.statements)


def test_a_result_of_any_shape_has_a_description() -> None:
    order = np.random.default_rng(0).permutation(192)
    structure = described(lambda x: x.reshape(-1)[order].reshape(24, 8), GREY)
    assert structure.bits == pytest.approx(math.log2(math.factorial(192)))
    assert structure.key is None


def test_what_is_not_smaller_is_not_chosen() -> None:
    """On four pixels an order of the axes is no less than any permutation."""
    structure = described(lambda x: x.T, (2, 2))
    assert structure.layout == "pixels"
    assert axes.draw_of(((2, 1), (2, 2)), 4).bits > np.log2(24)


@pytest.mark.parametrize(
    ("loops", "count"),
    [(((4, 1), (3, 4)), 12), (((3, -4), (4, 1)), 12), (((2, 2), (3, 4), (2, 1)), 12), ((), 1)],
)
def test_loops_are_found_again(loops: axes.Loops, count: int) -> None:
    source = np.zeros(1, dtype=np.int64)
    for extent, step in loops:
        source = (source[:, None] + step * np.arange(extent)).reshape(-1)
    source -= source.min()
    assert sorted(source.tolist()) == list(range(count))
    assert axes.loops_of(source) == loops
