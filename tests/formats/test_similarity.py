"""PSNR and MS-SSIM: against the definition written out, and against a library's figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import convolve2d

from etcprops import InvalidParameterError
from etcprops.formats import similarity
from etcprops.formats.similarity import WEIGHTS, ms_ssim, psnr

Pixels = NDArray[np.uint8]


def waves(*shape: int) -> Pixels:
    """A picture of waves, in integers: the same everywhere."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    grey = (row * row // 90 + 3 * column + row * column // 40) % 256
    if len(shape) == 3:
        grey = np.stack([grey, 255 - grey, grey // 2], axis=-1)
    return np.asarray(grey, dtype=np.uint8)


ORIGINAL = waves(200, 180)
COARSE = ORIGINAL // 24 * 24 + 12
FROM_SCIKIT_IMAGE = 0.8757140760563895


def by_the_paper(one: NDArray[Any], other: NDArray[Any]) -> float:
    """MS-SSIM with two-dimensional windows, as the paper writes it."""
    side = np.arange(-5, 6)
    window = np.exp(-(side[:, None] ** 2 + side**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(plane: NDArray[Any]) -> NDArray[Any]:
        return convolve2d(plane, window, mode="valid")

    product = 1.0
    for scale, weight in enumerate(WEIGHTS):
        mu, nu = mean(one), mean(other)
        both = mean(one * other) - mu * nu
        squares = mean(one**2) - mu**2 + mean(other**2) - nu**2
        found = (2 * both + 58.5225) / (squares + 58.5225)
        if scale == len(WEIGHTS) - 1:
            found = found * (2 * mu * nu + 6.5025) / (mu**2 + nu**2 + 6.5025)
        product *= found.mean() ** weight
        one, other = (
            convolve2d(plane, np.full((2, 2), 0.25), mode="valid")[::2, ::2]
            for plane in (one, other)
        )
    return float(product)


def test_ms_ssim_is_that_of_the_paper() -> None:
    expected = by_the_paper(ORIGINAL.astype(np.float64), COARSE.astype(np.float64))
    assert 0.5 < expected < 0.999
    assert ms_ssim(ORIGINAL, COARSE) == pytest.approx(expected, rel=1e-12)


def test_one_scale_is_the_ssim_of_scikit_image() -> None:
    # structural_similarity(ORIGINAL, COARSE, gaussian_weights=True, sigma=1.5,
    # use_sample_covariance=False, data_range=255) of scikit-image 0.26.0.
    one, other = ORIGINAL.astype(np.float64), COARSE.astype(np.float64)
    found = similarity._similarity(one, other, luminance=True)  # noqa: SLF001
    assert found == pytest.approx(FROM_SCIKIT_IMAGE, rel=1e-12)


def test_of_colours_luma_is_compared() -> None:
    colours = waves(180, 180, 3)
    grey = np.repeat(colours[..., :1], 3, axis=-1)
    darker = grey // 2
    assert ms_ssim(grey, darker) == pytest.approx(ms_ssim(grey[..., 0], darker[..., 0]), rel=1e-9)
    assert ms_ssim(colours, colours) == 1


def test_contrast_turned_round_counts_as_nothing() -> None:
    assert ms_ssim(ORIGINAL, 255 - ORIGINAL) == 0


def test_psnr_of_one_level_and_of_nothing() -> None:
    black = np.zeros((4, 4), np.uint8)
    assert psnr(black, black) == np.inf
    assert psnr(black, black + np.uint8(255)) == 0


@pytest.mark.parametrize("function", [psnr, ms_ssim])
@pytest.mark.parametrize(
    ("original", "decoded", "parameter"),
    [
        (ORIGINAL.astype(np.float64), ORIGINAL, "original"),
        (ORIGINAL, ORIGINAL[1:], "decoded"),
        (ORIGINAL, [1], "decoded"),
        (ORIGINAL[:0], ORIGINAL[:0], "original"),
    ],
    ids=["floats", "another shape", "no array", "empty"],
)
def test_bad_pictures(function: Any, original: Any, decoded: Any, parameter: str) -> None:
    with pytest.raises(
        InvalidParameterError, match=f"'{parameter}' parameter of {function.__name__}"
    ):
        function(original, decoded)


def test_pictures_too_small_for_five_scales() -> None:
    with pytest.raises(InvalidParameterError, match="at least 176"):
        ms_ssim(ORIGINAL[:175], ORIGINAL[:175])
