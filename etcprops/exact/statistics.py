"""Normalizations under which the encryption becomes linear: z-score and mid-grey centring.

The z-score of integer pixels is computed from integers: with N images, their sum S and their sum of
squares, the deviation of ``x`` is ``(N x - S) / N`` and the variance ``(N sum(x^2) - S^2) / N^2``.
Both numerators are exact, the first changes its sign under ``x -> c - x`` and the second does not
change at all, so the negative-positive step becomes a sign to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, describe, reject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MID_GREY = 127.5
"""The middle of the grey levels 0 to 255, which the negative-positive step leaves where it is."""

LARGEST_PIXEL = 2**31 - 1  # sums over blocks may be wider than pixels


def centre_mid_grey(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return ``images - 127.5``, in which every step of the encryption is linear.

    No statistics of the data are needed and nothing is rounded. With ``u = x - 127.5`` the
    negative-positive step is ``u -> -u``.

    Parameters
    ----------
    images : ndarray of uint8, any shape
        8-bit pixels.

    Returns
    -------
    ndarray of float64, same shape

    Raises
    ------
    InvalidParameterError
        If `images` is not a uint8 array.

    Examples
    --------
    >>> centre_mid_grey(np.array([0, 100, 255], dtype=np.uint8))
    array([-127.5,  -27.5,  127.5])
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        reject("images", "centre_mid_grey", "be an array of uint8", describe(images))
    return np.subtract(images, MID_GREY, dtype=np.float64)


class PixelStatistics:
    """Count, sum and variance of every feature of integer pixels, all exact.

    Parameters
    ----------
    X : array_like, shape (N, n)
        At least one row; integers of magnitude below 2^31, of any real dtype: pixels, or reduced
        vectors such as sums over blocks.

    Attributes
    ----------
    count : int
        N.
    total : ndarray of int64, shape (n,)
        ``S = sum(x)``.
    variance_numerator : ndarray of int64 or of Python integers, shape (n,)
        ``N sum(x^2) - S^2``, which is ``N^2`` times the population variance. Python integers where
        ``N^2 max(x)^2`` reaches 2^63.

    Raises
    ------
    InvalidParameterError
        If `X` is empty, not two-dimensional, holds NaN or other values that are no such integers.

    Notes
    -----
    A feature that is constant has variance 0. Like scikit-learn's StandardScaler it is divided by
    1 instead: its training rows become 0 and a query ``x`` becomes ``x - mean``, which still only
    changes its sign under the negative-positive step.

    Examples
    --------
    >>> statistics = PixelStatistics(np.array([[0], [4]], dtype=np.uint8))
    >>> statistics.z_score(np.array([[0], [4], [6]], dtype=np.uint8)).ravel()
    array([-1.,  1.,  2.])
    """

    def __init__(self, X: ArrayLike) -> None:
        caller = "PixelStatistics"
        rows = as_integer_pixels(X, "X", caller)
        if not rows.shape[0]:
            reject("X", caller, "have at least one row", describe(rows))
        self.count = rows.shape[0]
        largest = max(abs(int(rows.max(initial=0))), abs(int(rows.min(initial=0))))
        self.total = rows.sum(axis=0, dtype=np.int64)
        self.variance_numerator: NDArray[Any]
        if self.count**2 * largest**2 < 2**63:
            squares = np.einsum("ij,ij->j", rows, rows, dtype=np.int64)
            self.variance_numerator = self.count * squares - self.total**2
        else:
            self.variance_numerator = (
                self.count * _wide_squares(rows) - self.total.astype(object) ** 2
            )

    def deviation_numerators(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return ``N x - S`` for every pixel: the deviation from the mean, times N, exactly.

        Parameters
        ----------
        X : array_like, shape (m, n)
            Integer pixels with as many features as the training rows.

        Returns
        -------
        ndarray of int64, shape (m, n)

        Raises
        ------
        InvalidParameterError
            As the constructor, or if the number of features differs.
        """
        caller = "PixelStatistics.deviation_numerators"
        rows = as_integer_pixels(X, "X", caller)
        if rows.shape[1] != self.total.size:
            reject("X", caller, f"have {self.total.size} features", f"{rows.shape[1]}.")
        numerators = rows * np.int64(self.count)
        numerators -= self.total
        return numerators

    @property
    def divisors(self) -> NDArray[np.float64]:
        """What the deviation numerators are divided by: ``N * deviation``, N where that is 0."""
        numerator = self.variance_numerator
        return np.where(numerator > 0, correctly_rounded_root(numerator), float(self.count))

    def z_score(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the z-scores of `X` under these statistics: one root and one division rounded.

        Parameters
        ----------
        X : array_like, shape (m, n)
            Integer pixels with as many features as the training rows.

        Returns
        -------
        ndarray of float64, shape (m, n)

        Raises
        ------
        InvalidParameterError
            As `deviation_numerators`.
        """
        return self.deviation_numerators(X) / self.divisors


def _wide_squares(rows: NDArray[Any]) -> NDArray[np.object_]:
    """Return the sums of squares of columns as Python integers, however large."""
    high, low = np.divmod(rows.astype(np.int64), 2**16)
    # Each factor is at most 2^16 in magnitude: up to 2^31 rows, no sum of int64 overflows.
    squares, mixed, small = (
        np.einsum("ij,ij->j", a, b).astype(object)
        for a, b in ((high, high), (high, low), (low, low))
    )
    return np.asarray(squares * 2**32 + mixed * 2**17 + small)


def correctly_rounded_root(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Return the double nearest to the square root of each integer.

    Up to 2^53 integers are doubles and the hardware's root is correctly rounded. Beyond, the
    integer would be rounded first, so those few roots are taken of integers.

    Parameters
    ----------
    numbers : ndarray of int64 or of Python integers
        Not negative.

    Returns
    -------
    ndarray of float64, same shape

    Examples
    --------
    >>> correctly_rounded_root(np.array([4, 2**62 + 2**10]))
    array([2.00000000e+00, 2.14748365e+09])
    """
    roots = np.sqrt(numbers.astype(np.float64))
    for place in np.argwhere(numbers > 2**53):
        number = int(numbers[tuple(place)]) << 64
        root = math.isqrt(number)
        # A last bit that says whether there is a remainder decides ties as the full root would.
        sticky = 2 * root + (root * root != number)
        roots[tuple(place)] = math.ldexp(float(sticky), -33)
    return roots


def as_integer_pixels(value: Any, parameter: str, caller: str) -> NDArray[Any]:
    """Return `value` as a two-dimensional array of integers of magnitude below 2^31.

    8-bit and 16-bit arrays are returned as they are, others as int64.
    """
    wanted = "be an array (rows, features) of integers of magnitude below 2^31"
    array = as_array(value, parameter, caller, wanted)
    if array.ndim != 2 or not array.shape[1] or array.dtype.kind not in "iuf":
        reject(parameter, caller, wanted, describe(array))
    if array.dtype.kind != "f" and array.dtype.itemsize <= 2:
        return array
    # NaN compares false, so it is caught with the infinities and the fractions. No abs: that of the
    # smallest int64 is itself. The limit is no int: as a float16 it would be infinite.
    limit = np.float64(LARGEST_PIXEL)
    bad = np.argwhere(~((array >= -limit) & (array <= limit) & (np.trunc(array) == array)))
    if bad.size:
        row, feature = (int(index) for index in bad[0])
        reject(parameter, caller, wanted, f"{array[row, feature]} in row {row}, feature {feature}.")
    return array.astype(np.int64)
