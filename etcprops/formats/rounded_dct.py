"""The cosine transform of blocks, divided by steps and rounded, with no rounding ever wrong.

Single precision decides what is further from a half than its proved error; double precision most
of the rest; and integers what is left, which is where something lies on a half or looks like it.
Halves go away from zero, as libjpeg's do, so the rounding is odd: the negative of a block has the
negative of its code, and mirrored and turned ones have its signs and places changed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_integer, describe, reject
from etcprops.formats import _cosines
from etcprops.formats.quantization import SIDE, as_table

_PLACES: Final = SIDE * SIDE
CHUNK: Final = 1 << 12
"""Blocks that are rounded at once: a megabyte in single precision."""

_LARGEST: Final = 1 << 24  # single precision holds the integers below


def rounded_dct(numerators: NDArray[Any], denominator: int, table: ArrayLike) -> NDArray[np.int16]:
    """Return the quantized coefficients of blocks of fractions.

    Parameters
    ----------
    numerators : ndarray of int, shape (..., 8, 8)
        Blocks of numerators, of magnitude below 2^24.
    denominator : int
        What they are all over, up to 2^20: pixels are ``2 x - 255`` over 2.
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.

    Returns
    -------
    ndarray of int16, shape (..., 8, 8)
        Coefficients of the orthonormal cosine transform over their steps, rounded to the nearest
        integer, halves away from zero.

    Raises
    ------
    InvalidParameterError
        If the blocks are no such array, too large for the denominator, or the table is none.

    Notes
    -----
    Where a coefficient can be half-way at all: its value is rational, not zero, only if both
    frequencies are 0 or 4, both are 2 or 6, or both are odd.

    Examples
    --------
    >>> block = np.full((8, 8), 2 * 200 - 255)
    >>> rounded_dct(block, 2, np.full((8, 8), 4))[0]
    array([145,   0,   0,   0,   0,   0,   0,   0], dtype=int16)
    """
    caller = "rounded_dct"
    steps = as_table(table, "table", caller).ravel()
    denominator = as_integer(denominator, "denominator", caller, 1, 1 << 20)
    wanted = "be an array of integers and shape (..., 8, 8)"
    if not isinstance(numerators, np.ndarray) or numerators.dtype.kind not in "iu":
        reject("numerators", caller, wanted, describe(numerators))
    if numerators.shape[-2:] != (SIDE, SIDE):
        reject("numerators", caller, wanted, describe(numerators))
    largest = max(-int(numerators.min()), int(numerators.max())) if numerators.size else 0
    most = min(_LARGEST, 2000 * denominator)
    if largest >= most:
        reject("numerators", caller, f"be of magnitude below {most}", f"{largest}.")
    blocks = numerators.astype(np.float32, order="C").reshape(-1, _PLACES)
    parts = [slice(start, start + CHUNK) for start in range(0, len(blocks), CHUNK)]
    levels = np.empty(blocks.shape, dtype=np.int16)
    for part in parts:
        levels[part] = round_in_place(blocks[part], denominator * steps)
    return levels.reshape(numerators.shape)


def round_in_place(blocks: NDArray[np.float32], divisors: NDArray[np.int64]) -> NDArray[np.int16]:
    """Do the work of `rounded_dct` on blocks of integers, shape (n, 64), of some `CHUNK`."""
    largest = float(max(-blocks.min(), blocks.max()))
    values = blocks @ (_cosines.transform() / divisors).astype(np.float32)
    levels = np.rint(values)
    # Exact, as the difference of neighbouring numbers. From here on the distance to the integer.
    values -= levels
    np.abs(values, out=values)
    limits = (0.5 - _error(2.0**-24, largest, divisors)).astype(np.float32)
    doubtful = np.flatnonzero(values >= np.nextafter(limits, np.float32(0)))
    found = levels.astype(np.int16)
    if doubtful.size:
        rows, places = np.divmod(doubtful, _PLACES)
        again = _rounded_again(blocks[rows].astype(np.int64), places, divisors[places], largest)
        found.ravel()[doubtful] = again
    return np.asarray(found)


def _error(
    unit: float, largest: float, divisors: NDArray[np.int64], places: Any = slice(None)
) -> NDArray[np.float64]:
    """Return what a coefficient over its divisor can be off, in a precision with roundoff `unit`.

    A sum of 64 products in any order errs by at most 65 units of roundoff of the sum of their
    magnitudes (Higham 2002, section 3.1), and rounding the factors adds five: in double precision
    each is within 2^-55, and the magnitudes of all 64 add up to at least 4.
    """
    magnitudes = np.abs(_cosines.transform()).sum(axis=0)[places]
    return np.asarray(70 * unit * largest * magnitudes / divisors)


def _rounded_again(
    blocks: NDArray[np.int64],
    places: NDArray[np.int64],
    divisors: NDArray[np.int64],
    largest: float,
) -> NDArray[np.int64]:
    """Round single coefficients in double precision, and in integers what that leaves in doubt."""
    weights = _cosines.transform().T[places]
    values = np.einsum("np,np->n", blocks, weights) / divisors
    found = np.rint(values).astype(np.int64)
    limits = 0.5 - _error(2.0**-53, largest, divisors, places)
    doubtful = np.flatnonzero(np.abs(values - found) >= limits)
    if doubtful.size:
        lower = np.floor(values[doubtful]).astype(np.int64)
        table = _cosines.combinations()[places[doubtful]]
        integers = np.einsum("np,npk->nk", blocks[doubtful], table)
        # 16 divisors (lower + 1/2), in units of t[0] = 2
        integers[:, 0] -= 4 * divisors[doubtful] * (2 * lower + 1)
        side = _cosines.signs(integers)
        found[doubtful] = lower + np.where(side == 0, lower >= 0, side > 0)  # halves go away from 0
    return np.asarray(found)
