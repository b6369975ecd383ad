"""RGB and YCbCr in integers, against fractions and over all colours."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import InvalidParameterError
from etcprops.formats.ycbcr import (
    STRIP_PIXELS,
    doubled,
    rgb_to_ycbcr,
    rgb_to_ycbcr_420,
    ycbcr_to_rgb,
)

RED, BLUE = Fraction("0.299"), Fraction("0.114")
GREEN = 1 - RED - BLUE


def colours(count: int, seed: int = 0) -> NDArray[np.uint8]:
    corners = np.array(np.meshgrid(*[[0, 1, 127, 128, 254, 255]] * 3)).reshape(3, -1).T
    drawn = np.random.default_rng(seed).integers(0, 256, (count, 3))
    return np.vstack([corners, drawn]).astype(np.uint8)[None]


def jfif(red: Fraction, green: Fraction, blue: Fraction) -> list[int]:
    """Return Y, Cb and Cr as JFIF defines them: by the weights alone, rounded at the end."""
    luma = RED * red + GREEN * green + BLUE * blue
    exact = [
        luma,
        (blue - luma) / (2 * (1 - BLUE)) + 128,
        (red - luma) / (2 * (1 - RED)) + 128,
    ]
    return [min(floor(value + Fraction(1, 2)), 255) for value in exact]


def test_ycbcr_is_the_exact_value_rounded_once() -> None:
    image = colours(300)
    wanted = [jfif(*(Fraction(int(c)) for c in colour)) for colour in image[0]]
    assert rgb_to_ycbcr(image)[:, 0].T.tolist() == wanted


def test_sampled_chroma_is_that_of_the_mean() -> None:
    image = colours(200)[0, :400].reshape(20, 20, 3)
    luma, cb, cr = rgb_to_ycbcr_420(image)
    assert np.array_equal(luma, rgb_to_ycbcr(image)[0])
    for row, column in np.ndindex(cb.shape):
        part = image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].reshape(4, 3)
        mean = [Fraction(int(total), 4) for total in part.sum(axis=0, dtype=int)]
        assert [cb[row, column], cr[row, column]] == jfif(*mean)[1:]


def test_there_and_back_is_off_by_1_at_most_and_exact_for_grey() -> None:
    # Every second level of each component, and the last: with all of them it takes seconds.
    levels = np.append(np.arange(0, 256, 2), 255).astype(np.uint8)
    exact = total = 0
    for red in levels:
        image = np.stack(np.meshgrid(red, levels, levels, indexing="ij"), axis=-1)[0]
        off = np.abs(ycbcr_to_rgb(*rgb_to_ycbcr(image)).astype(int) - image)
        assert off.max() <= 1
        exact += int((off.max(axis=-1) == 0).sum())
        total += image[..., 0].size
    assert 0.2 < exact / total < 0.3  # 23.84 % of all 2^24
    grey = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    assert np.array_equal(ycbcr_to_rgb(*rgb_to_ycbcr(grey)), grey)


def test_upsampling_is_the_triangle_filter() -> None:
    plane = np.random.default_rng(0).integers(0, 256, (3, 4)).astype(np.uint8)
    padded = np.pad(plane.astype(int), 1, mode="edge")
    out = doubled(plane)
    for row, column in np.ndindex(out.shape):
        i, j = row // 2 + 1, column // 2 + 1
        down, right = 2 * (row % 2) - 1, 2 * (column % 2) - 1
        weighted = 9 * padded[i, j] + 3 * padded[i + down, j] + 3 * padded[i, j + right]
        assert out[row, column] == (weighted + padded[i + down, j + right] + 8) // 16


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (4,)])
def test_other_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidParameterError, match=r"shape \(H, W, 3\)"):
        rgb_to_ycbcr(np.zeros(shape, np.uint8))
    with pytest.raises(InvalidParameterError, match="have even sizes"):
        rgb_to_ycbcr_420(np.zeros((3, 4, 3), np.uint8))


def test_large_images_are_their_parts() -> None:
    image = np.random.default_rng(0).integers(0, 256, (54, 1000, 3)).astype(np.uint8)
    assert image[..., 0].size > 3 * STRIP_PIXELS
    upper, lower = image[:10], image[10:]
    whole = rgb_to_ycbcr(image)
    assert np.array_equal(whole[:, :10], rgb_to_ycbcr(upper))
    assert np.array_equal(whole[:, 10:], rgb_to_ycbcr(lower))
    for found, above, below in zip(*map(rgb_to_ycbcr_420, (image, upper, lower)), strict=True):
        assert np.array_equal(found, np.concatenate([above, below]))
    back = ycbcr_to_rgb(*whole)
    assert np.array_equal(back[10:], ycbcr_to_rgb(*whole[:, 10:]))
