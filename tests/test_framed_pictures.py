"""Pictures for pages: pixels as they are, frames around them, and differences in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from etcprops._pictures import (
    HALO,
    MARGIN,
    MARK,
    SMALL,
    Difference,
    close_ups,
    data_uri,
    enlarge,
    gallery,
)


def test_pictures_and_files_give_the_same_uri(tmp_path: Path) -> None:
    picture, file = Image.new("L", (2, 2)), tmp_path / "picture.png"
    picture.save(file, optimize=True)
    assert data_uri(picture) == data_uri(file.read_bytes())
    assert data_uri(picture).startswith("data:image/png;base64,iVBORw0KGgo")


@pytest.mark.parametrize("shape", [(4, 6), (64, 48, 3)])
def test_every_pixel_is_a_square_of_its_own_colour(shape: tuple[int, ...]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    drawn = np.asarray(enlarge(image))
    factor = drawn.shape[0] // shape[0]
    assert factor > 1
    for down, right in ((0, 0), (factor - 1, factor - 1)):
        assert np.array_equal(drawn[down::factor, right::factor], image)


@pytest.mark.parametrize("mark", [(0, 0), (3, 5), (1, 2)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_frame_leaves_the_pixel_and_is_seen_on_all_sides(
    mark: tuple[int, int], shade: int
) -> None:
    image = np.full((4, 6), shade, dtype=np.uint8)
    drawn = np.asarray(enlarge(image, mark))
    side = (drawn.shape[0] - 2 * MARGIN) // 4
    top, left = (MARGIN + side * place for place in mark)
    inside = drawn[top : top + side, left : left + side, :3]
    assert (inside == shade).all()
    ring = drawn[top - MARGIN : top + side + MARGIN, left - MARGIN : left + side + MARGIN, :3]
    for line in (ring[1], ring[-2], ring[:, 1], ring[:, -2]):
        assert (line == HALO).all(axis=-1).sum() > side
    for line in (ring[3], ring[-4], ring[:, 3], ring[:, -4]):
        assert (line == MARK).all(axis=-1).sum() > side


def test_the_frame_stands_out_from_black_white_and_each_other() -> None:
    def light(colour: tuple[int, ...]) -> float:
        shares = np.array(colour) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    def contrast(first: tuple[int, ...], second: tuple[int, ...]) -> float:
        low, high = sorted((light(first), light(second)))
        return (high + 0.05) / (low + 0.05)

    assert contrast(MARK, HALO) > 4.5
    for grey in range(256):
        assert max(contrast(line, (grey,) * 3) for line in (MARK, HALO)) > 2


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ((2, 1), 7, "The images differ in one pixel, row 2, column 1 (framed): 0 and 7"),
        ((slice(1, None), 0), 9, "2 of 6 pixels differ, first row 1, column 0 (framed): 0 and 9"),
    ],
)
def test_a_difference_is_told_in_words(place: Any, value: int, told: str) -> None:
    first, second = np.zeros((3, 2), np.uint8), np.zeros((3, 2), np.uint8)
    second[place] = value
    assert str(Difference.between(first, second)) == told


def test_a_difference_of_colours_counts_pixels_and_tells_all_components() -> None:
    first, second = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 3), np.uint8)
    second[1, 0] = 1, 0, 3
    found = Difference.between(first, second)
    assert found is not None
    assert (found.mark, found.count, found.total) == ((1, 0), 1, 4)
    assert found.values == ("(0, 0, 0)", "(1, 0, 3)")


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (4,)])
def test_there_is_no_difference_to_show(shape: tuple[int, ...]) -> None:
    assert Difference.between(np.zeros((2, 2)), np.zeros(shape)) is None


@pytest.mark.parametrize("side", [8, 200])
def test_small_pixels_are_shown_larger(side: int) -> None:
    shown = close_ups(np.zeros((side, side), np.uint8), (side - 1, 3), "Plain")
    assert len(shown) == (2 if 256 // side < SMALL else 1)
    assert all(uri.startswith("data:image/png") for _, uri in shown)


def test_captions_are_escaped() -> None:
    assert "&lt;b&gt;" in gallery([("<b>", "data:,")])
    assert "<b>" not in gallery([("<b>", "data:,")])
