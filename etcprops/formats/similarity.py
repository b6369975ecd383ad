"""How like its original a decoded picture is: peak signal-to-noise ratio, and MS-SSIM.

Multi-scale structural similarity is that of Wang, Simoncelli and Bovik (2003): means, variances
and covariance under a Gaussian window, at five resolutions. The libraries that have it need a
framework for deep learning, or disagree with the paper.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from etcprops._validation import describe, reject

Floats = NDArray[np.float64]

WEIGHTS: Final = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, the finest first, from the paper's experiment with observers."""

WINDOW: Final = 11
DEVIATION: Final = 1.5
SMALLEST: Final = WINDOW << (len(WEIGHTS) - 1)
"""176 pixels: below that the window does not fit into the coarsest scale."""

_LUMINANCE: Final = (0.01 * 255) ** 2
_CONTRAST: Final = (0.03 * 255) ** 2
_LUMA: Final = (0.299, 0.587, 0.114)


def psnr(original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio in decibels, over all components of all pixels.

    Parameters
    ----------
    original, decoded : ndarray of uint8
        Of one shape.

    Returns
    -------
    float
        Infinite if nothing differs.

    Raises
    ------
    InvalidParameterError
        If they are no such arrays.

    Examples
    --------
    >>> black = np.zeros((8, 8), np.uint8)
    >>> round(psnr(black, black + 1), 2)
    48.13
    """
    _check(original, decoded, "psnr")
    error = float(np.mean((original.astype(np.float64) - decoded) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ms_ssim(original: NDArray[np.uint8], decoded: NDArray[np.uint8]) -> float:
    """Return the multi-scale structural similarity of two pictures; of their luma if coloured.

    Parameters
    ----------
    original, decoded : ndarray of uint8, shape (H, W) or (H, W, 3)
        Of one shape; both sides at least 176.

    Returns
    -------
    float
        1 if nothing differs. Means of negative contrast count as 0.

    Raises
    ------
    InvalidParameterError
        If they are no such arrays, or too small for five scales.

    References
    ----------
    Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multiscale structural similarity for image quality
    assessment", Asilomar Conference on Signals, Systems and Computers, 2003.

    Examples
    --------
    >>> flat = np.full((176, 176), 100, np.uint8)
    >>> ms_ssim(flat, flat), round(ms_ssim(flat, flat + np.uint8(20)), 4)
    (1.0, 0.9978)
    """
    _check(original, decoded, "ms_ssim")
    if original.ndim not in {2, 3} or min(original.shape[:2]) < SMALLEST:
        wanted = f"be pictures with sides of at least {SMALLEST}"
        reject("original", "ms_ssim", wanted, describe(original))
    one, other = (
        image @ np.array(_LUMA) if image.ndim == 3 else image.astype(np.float64)
        for image in (original, decoded)
    )
    product = 1.0
    for weight in WEIGHTS[:-1]:
        product *= max(0.0, _similarity(one, other, luminance=False)) ** weight
        one, other = _halved(one), _halved(other)
    return float(product * max(0.0, _similarity(one, other, luminance=True)) ** WEIGHTS[-1])


def _check(original: Any, decoded: Any, caller: str) -> None:
    """Refuse anything but two uint8 arrays of one shape."""
    for name, image in (("original", original), ("decoded", decoded)):
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or not image.size:
            reject(name, caller, "be an array of uint8 that is not empty", describe(image))
    if original.shape != decoded.shape:
        wanted = f"have the original's shape {original.shape}"
        reject("decoded", caller, wanted, describe(decoded))


def _similarity(one: Floats, other: Floats, *, luminance: bool) -> float:
    """Return the mean of contrast and structure over all windows, times luminance if wanted."""
    mean, mean_of_other = _windowed(one), _windowed(other)
    variance = _windowed(one * one) - mean**2
    variance_of_other = _windowed(other * other) - mean_of_other**2
    covariance = _windowed(one * other) - mean * mean_of_other
    found = (2 * covariance + _CONTRAST) / (variance + variance_of_other + _CONTRAST)
    if luminance:
        products = 2 * mean * mean_of_other + _LUMINANCE
        found = found * products / (mean**2 + mean_of_other**2 + _LUMINANCE)
    return float(found.mean())


def _windowed(plane: Floats) -> Floats:
    """Return Gaussian means of all windows that lie within the plane."""
    radius = WINDOW // 2
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / DEVIATION) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        plane = correlate1d(plane, weights, axis=axis)
    return plane[radius:-radius, radius:-radius]


def _halved(plane: Floats) -> Floats:
    """Return the means of 2 x 2 pixels; a last row or column alone is left out."""
    rows, columns = (size // 2 for size in plane.shape)
    even = plane[: 2 * rows, : 2 * columns]
    return np.asarray(even.reshape(rows, 2, columns, 2).mean(axis=(1, 3)))
