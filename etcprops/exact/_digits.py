"""Numbers in fixed point, cut into digits of 21 bits that BLAS multiplies without rounding.

A number is ``sum(D[i] * 2**(-21 * (i + 1)))`` with integers ``D[i]``, of magnitude at most 2**20
once they are carried (the first may be larger). Here live exact sums and products of arrays of such
numbers, and their rounding to doubles with a test whether it is certain. Error-free splitting is
from Ozaki, Ogita, Oishi and Rump (2012), the rounding test from Ziv (1991).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

BITS = 21
_HALF = 1 << BITS - 1
_TERMS = 2**13  # products of digits, at most 2**40 each, whose sum is exact in a double


def digits(X: NDArray[np.float64], count: int, first: int = 0) -> NDArray[np.float64]:
    """Return the digits ``first`` to ``first + count - 1`` of `X`, shape (count, *X.shape).

    Rounded to the nearest where `count` is too small; the digits before `first` must be zero.
    """
    out = np.empty((count, *X.shape))
    rest = X * 2.0 ** (BITS * (first + 1))
    for digit in out:
        np.rint(rest, out=digit)
        rest -= digit
        rest *= 2.0**BITS
    return out


def carry(D: NDArray[np.int64]) -> None:
    """Carry in place, so that all digits but the first are at most 2**20 in magnitude."""
    for i in range(len(D) - 1, 0, -1):
        excess = (D[i] + _HALF) >> BITS
        D[i] -= excess << BITS
        D[i - 1] += excess


def value(D: NDArray[Any]) -> NDArray[np.float64]:
    """Return carried digits as doubles, relative error below 2**-50."""
    out: NDArray[np.float64] = D[-1].astype(np.float64)
    for digit in D[-2::-1]:
        out *= 2.0**-BITS
        out += digit
    out *= 2.0**-BITS
    return out


def add_matrix_product(
    out: NDArray[np.int64], A: Iterable[NDArray[np.float64]], B: NDArray[np.float64], first: int = 0
) -> None:
    """Add ``A @ B`` to the digits `out`, exactly; those of `B` begin with digit `first`.

    `A` has shape (r, m, n), `B` (s, n, k) and `out` (t, m, k); digits beyond t are left out. The
    digits of `A` and `B` are at most 2**20 in magnitude, so that sums of 2**13 products are exact
    in whatever order BLAS adds.
    """
    side_by_side = np.concatenate(list(B), axis=1)
    k = B.shape[2]
    for start in range(0, B.shape[1], _TERMS):
        terms = slice(start, start + _TERMS)
        for i, digit in enumerate(A):
            products = digit[:, terms] @ side_by_side[terms]
            for j in range(min(len(B), len(out) - first - 1 - i)):
                out[first + i + j + 1] += products[:, j * k : (j + 1) * k].astype(np.int64)


def add_product(out: NDArray[np.int64], A: NDArray[np.int64], B: NDArray[np.int64]) -> None:
    """Add ``A * B`` to the digits `out`, entry by entry; digits beyond its last are left out."""
    for i, left in enumerate(A):
        for j, right in enumerate(B[: len(out) - i - 1] if left.any() else ()):
            out[i + j + 1] += left * right


def squared_norms(X: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the digits of the sums of squares of columns; those of `X` are (s, m, k)."""
    out = np.zeros((2 * len(X), X.shape[2]), dtype=np.int64)
    for i, left in enumerate(X):
        for j in range(i + 1):
            out[i + j + 1] += (1 + (j < i)) * np.vecdot(left.T, X[j].T)
    carry(out)
    return out


def rounded(
    D: NDArray[np.int64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Round twice the numbers to 53 bits, and at most 62 after the point.

    Parameters
    ----------
    D : ndarray of int64, shape (s, m, k)
        Carried digits, four or more; the numbers are at most 1/2 in magnitude.
    error : ndarray of float64, shape (k,)
        How far twice the numbers of a column may be from what is to be rounded.

    Returns
    -------
    rounded : ndarray of float64, shape (m, k)
        Numbers that may lie halfway are rounded as if they did, to the even neighbour.
    doubtful : ndarray of bool, shape (m, k)
        Whether another number within `error` might be rounded elsewhere.
    """
    units = (D[0] << 2 * BITS) + (D[1] << BITS) + D[2]
    rest = value(D[3:])
    error = np.maximum(error * 2.0**62, 2.0**-40)
    # The shift keeps the conversion from rounding up to the next power of two.
    length = np.frexp((np.abs(units) >> 9).astype(np.float64))[1].astype(np.int64) + 9
    step = np.int64(1) << np.maximum(length - 53, 0)
    below = units & -step
    above = (units - below) + rest  # of `below`, less than a step and a half
    under = above < 0
    below -= step * under
    above += step * under
    past_half = above - 0.5 * step
    tie = np.abs(past_half) <= error
    odd = (below & step) != 0
    up = np.where(tie, odd, past_half > 0)
    return (below + step * up) * 2.0**-62, tie | (0.5 - np.abs(rest) <= error)


def nearest(number: int, point: int, error: float) -> tuple[float, bool]:
    """Round ``number * 2**-point`` to 53 bits, and at most 63 after the point.

    `error` is in units of 1. Return the double, and whether the rounding is doubtful.
    """
    drop = max(abs(number).bit_length() - 53, point - 63, 0)
    step = 1 << drop
    below, above = divmod(number, step)
    past_half = 2 * above - step
    tie = abs(past_half) <= 2 * (int(math.ldexp(error, point)) + 1)
    up = below % 2 == 1 if tie else past_half > 0
    return math.ldexp(below + up, drop - point), tie
