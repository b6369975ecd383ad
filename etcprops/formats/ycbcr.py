"""RGB and YCbCr as JFIF has them, in integers: every result is the exact value, rounded once.

Rounding is half up, as in JPEG. It is what makes the grayscale-based scheme no linear map: there
and back changes three colours of four, each component by at most 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject

YCBCR: Final = ((299, 587, 114), (-299, -587, 886), (701, -587, -114))
"""What R, G and B weigh in Y, Cb and Cr, over `OVER`."""

OVER: Final = (1000, 1772, 1402)

STRIP_PIXELS: Final = 1 << 14

MIDDLE: Final = (0, 128, 128)
"""What is added: grey has Cb = Cr = 128."""


def rgb_to_ycbcr(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return Y, Cb and Cr of an RGB image.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)

    Returns
    -------
    ndarray of uint8, shape (3, H, W)
        The nearest integers, halves up; Cb and Cr of pure blue and red, 255.5, become 255.

    Raises
    ------
    InvalidParameterError
        If `image` is something else.

    Examples
    --------
    >>> rgb_to_ycbcr(np.array([[[255, 0, 0], [7, 7, 7]]], dtype=np.uint8)).tolist()
    [[[76, 7]], [[85, 128]], [[255, 128]]]
    """
    _check(image, "rgb_to_ycbcr")
    out = np.empty((3, *image.shape[:2]), dtype=np.uint8)
    for rows in _strips(*image.shape[:2]):
        components = _components(image[rows])
        for number in range(3):
            out[number, rows] = _component(components, number, 1)
    return out


def rgb_to_ycbcr_420(
    image: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return Y, and Cb and Cr of the mean of each 2 x 2 pixels.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W, 3)
        Of even sizes.

    Returns
    -------
    tuple of three ndarrays of uint8, shapes (H, W), (H / 2, W / 2), (H / 2, W / 2)

    Raises
    ------
    InvalidParameterError
        If `image` is something else.

    Examples
    --------
    >>> image = np.array([[[255, 0, 0], [0, 0, 0]]] * 2, dtype=np.uint8)
    >>> [component.tolist() for component in rgb_to_ycbcr_420(image)]
    [[[76, 0], [76, 0]], [[106]], [[192]]]
    """
    _check(image, "rgb_to_ycbcr_420")
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        reject("image", "rgb_to_ycbcr_420", "have even sizes", describe(image))
    luma = np.empty((height, width), dtype=np.uint8)
    blue, red = np.empty((2, height // 2, width // 2), dtype=np.uint8)
    for rows in _strips(height, width):
        components = _components(image[rows])
        luma[rows] = _component(components, 0, 1)
        pairs = components[:, ::2] + components[:, 1::2]
        sums = pairs[:, :, ::2] + pairs[:, :, 1::2]
        half = slice(rows.start // 2, rows.stop // 2)
        blue[half], red[half] = _component(sums, 1, 4), _component(sums, 2, 4)
    return luma, blue, red


def ycbcr_to_rgb(
    luma: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return the RGB image of Y, Cb and Cr.

    Parameters
    ----------
    luma, blue, red : ndarray of uint8, shape (H, W)
        Y, Cb and Cr.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        The nearest integers, halves up, within 0 to 255.

    Notes
    -----
    Of all 2^24 colours 23.84 % come back as they were from `rgb_to_ycbcr` and this function; no
    component of any is off by more than 1. Cb and Cr of mid-grey, 128, are exact for grey.

    Examples
    --------
    >>> image = np.array([[[200, 100, 50], [9, 9, 9]]], dtype=np.uint8)
    >>> ycbcr_to_rgb(*rgb_to_ycbcr(image)).tolist()
    [[[200, 100, 50], [9, 9, 9]]]
    """
    image = np.empty((*luma.shape, 3), dtype=np.uint8)
    for rows in _strips(*luma.shape):
        y, cb, cr = (plane[rows].astype(np.int32) for plane in (luma, blue, red))
        cb -= 128
        cr -= 128
        image[rows, :, 0] = np.clip(y + (1402 * cr + 500) // 1000, 0, 255)
        image[rows, :, 1] = np.clip(y + (293500 - 202008 * cb - 419198 * cr) // 587000, 0, 255)
        image[rows, :, 2] = np.clip(y + (1772 * cb + 500) // 1000, 0, 255)
    return image


def doubled(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a plane of twice the size, by the triangle filter that JPEG decoders use for chroma.

    Parameters
    ----------
    plane : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of uint8, shape (2 H, 2 W)
        Each pixel 9/16 of the nearest, 3/16 of two, 1/16 of one, rounded once.

    Examples
    --------
    >>> doubled(np.array([[0, 16]], dtype=np.uint8)).tolist()
    [[0, 4, 12, 16], [0, 4, 12, 16]]
    """
    wide = _stretched(_stretched(plane.astype(np.int32)).T).T
    return ((wide + 8) >> 4).astype(np.uint8)


def _stretched(rows: NDArray[Any]) -> NDArray[Any]:
    """Return twice the rows, four times the values."""
    above, below = np.vstack([rows[:1], rows[:-1]]), np.vstack([rows[1:], rows[-1:]])
    out = np.empty((2 * rows.shape[0], rows.shape[1]), dtype=rows.dtype)
    out[::2] = 3 * rows + above
    out[1::2] = 3 * rows + below
    return out


def _check(image: Any, caller: str) -> None:
    """Refuse what is no RGB image."""
    fits = isinstance(image, np.ndarray) and image.dtype == np.uint8
    if not fits or image.ndim != 3 or image.shape[2] != 3:
        reject("image", caller, "be an array of uint8 and shape (H, W, 3)", describe(image))


def _strips(height: int, width: int) -> Iterator[slice]:
    """Yield an even number of rows at a time, few enough to stay in cache."""
    size = max(2, STRIP_PIXELS // width // 2 * 2)
    for start in range(0, height, size):
        yield slice(start, min(start + size, height))


def _components(image: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return R, G and B, wide enough for sums of products."""
    return np.ascontiguousarray(np.moveaxis(image, 2, 0), dtype=np.int32)


def _component(components: NDArray[np.int32], number: int, pixels: int) -> NDArray[np.uint8]:
    """Return one of Y, Cb and Cr of the sums of some pixels each."""
    over = OVER[number] * pixels
    red, green, blue = (w * c for w, c in zip(YCBCR[number], components, strict=True))
    rounded = (red + green + blue + over // 2) // over + MIDDLE[number]
    return np.asarray(np.minimum(rounded, 255), dtype=np.uint8)
