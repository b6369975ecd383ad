"""Exact values of the 8 x 8 cosine transform of integers, and which way they round.

With ``t[k] = 2 cos(k pi / 16)`` a factor of the transform is ``t[m] / 4`` for some m, and
``t[m] t[n] = t[m + n] + t[m - n]``: a coefficient of a block of integers is a sixteenth of an
integer combination of 2 = ``t[0]`` and ``t[1]`` to ``t[7]``. These eight are linearly independent
over the rationals, so the combination is zero only if all its integers are.
"""

from __future__ import annotations

from functools import cache
from math import isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 8
PLACES: Final = SIDE * SIDE
SCALE: Final = 16
"""Coefficients are the combinations over this."""


def _index(frequency: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``m`` of the factor ``t[m] / 4`` for a frequency at a place of its side."""
    return np.where(frequency == 0, 4, (2 * place + 1) * frequency)


def _combination(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``t[index]`` as integers before ``t[0]`` to ``t[7]``, along a new last axis."""
    folded = np.mod(index, 32)
    folded = np.minimum(folded, 32 - folded)  # cos is even, of period 32
    sign = np.where(folded > 8, -1, 1)
    folded = np.where(folded > 8, 16 - folded, folded)
    # t[8] = 0: it is none of the eight.
    return np.asarray(sign[..., None] * (folded[..., None] == np.arange(SIDE)))


@cache
def combinations() -> NDArray[np.int64]:
    """Return the transform in integers, shape (coefficient, pixel, 8); read-only."""
    u, v, i, j = np.ogrid[:SIDE, :SIDE, :SIDE, :SIDE]
    m, n = _index(u, i), _index(v, j)
    table = (_combination(m + n) + _combination(m - n)).reshape(PLACES, PLACES, SIDE)
    table.flags.writeable = False
    return table


@cache
def transform() -> NDArray[np.float64]:
    """Return the transform in floating point, shape (pixel, coefficient); read-only."""
    table = np.ascontiguousarray((combinations() @ _rounded_cosines()).T) / SCALE
    table.flags.writeable = False
    return table


def signs(integers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the signs, -1, 0 or 1, of integer combinations of ``t[0]`` to ``t[7]``.

    Parameters
    ----------
    integers : ndarray of int64, shape (n, 8)
        Of magnitude below 2^40.

    Returns
    -------
    ndarray of int64, shape (n,)
        Zero for zero alone: nothing else is.
    """
    cosines = _rounded_cosines()
    values = integers @ cosines
    # Each term is rounded ten times at most, its cosine included.
    doubtful = np.abs(values) <= 2.0**-48 * (np.abs(integers) @ cosines)
    found = np.sign(values).astype(np.int64)
    found[doubtful] = 0
    for place in np.flatnonzero(doubtful & integers.any(axis=1)):
        found[place] = _sign(tuple(int(factor) for factor in integers[place]))
    return np.asarray(found)


def _sign(integers: tuple[int, ...]) -> int:
    """Return the sign of a combination that is not zero, in whole numbers.

    It is an algebraic integer whose eight conjugates are combinations with the same integers of
    numbers of at most 2. Their product is an integer other than zero, so it is at least 1 in
    magnitude, and the combination at least ``size ** -7``: cosines to as many bits decide.
    """
    size = 2 * sum(abs(factor) for factor in integers)
    value = sum(
        factor * cosine
        for factor, cosine in zip(integers, _cosines(8 * size.bit_length()), strict=True)
    )
    return 1 if value > 0 else -1


@cache
def _rounded_cosines() -> NDArray[np.float64]:
    """Return ``t[0]`` to ``t[7]``, correctly rounded."""
    return np.array([cosine / (1 << 128) for cosine in _cosines(128)])


@cache
def _cosines(bits: int) -> tuple[int, ...]:
    """Return ``t[0]`` to ``t[7]`` times ``2 ** bits``, within 1, from square roots.

    ``t[2k] + 2 = t[k] ** 2``, and ``t[k + 1] = t[1] t[k] - t[k - 1]``.
    """
    more = bits + 32  # the errors double with each step, or so
    one = 1 << more
    root = 0  # t[8]
    for _ in range(3):  # t[4], t[2], t[1]
        root = isqrt((root + 2 * one) << more)
    found = [2 * one, root]
    while len(found) < SIDE:
        found.append((root * found[-1] >> more) - found[-2])
    return tuple(cosine >> 32 for cosine in found)
