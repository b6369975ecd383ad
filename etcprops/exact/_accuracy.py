"""How far products of slices are from the true inner products, and how many slices suffice.

Here live the rigorous bound of every entry and the choice of slices for the accuracy of dgemm. Both
are functions of the multisets of magnitudes of the rows: the order of features has no part in them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from etcprops.exact._splitting import RowScales, Splitting, chunks, in_units, rounded_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 2.0**-52 * (1 + 2.0**-12)  # relative, of `etcprops.exact._splitting.rounded`
SLACK = 1 + 2.0**-30  # for the rounding of the bounds themselves
SMALLEST = 2.0**-1074


def error_bound(
    operands: list[NDArray[Any]], scales: list[RowScales], splitting: Splitting
) -> NDArray[np.float64]:
    """Return a bound of the error of every entry, shape (m, k)."""
    s = splitting.slices
    norms = [_norms(X, scale, splitting) for X, scale in zip(operands, scales, strict=True)]
    (rests_x, slices_x), (rests_y, _) = norms[0], norms[-1]
    # x.y - (kept products) = (rest of x).y + sum_i (slice i of x).(y less the slices kept with it)
    bound: NDArray[np.float64] = np.outer(rests_x[s], rests_y[0])
    for i in range(s):
        bound += np.outer(slices_x[i], rests_y[min(s, splitting.order + 1 - i)])
    bound += ROUNDING * (np.outer(rests_x[0], rests_y[0]) + bound)
    something = bound > 0
    with np.errstate(over="ignore", under="ignore"):
        bound = np.ldexp(bound * SLACK, scales[0].exponent[:, None] + scales[-1].exponent)
    # The result may be subnormal, and so may be the bound.
    bound[something] += SMALLEST
    return bound


def _norms(
    X: NDArray[Any], scales: RowScales, splitting: Splitting
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Return bounds of the norms of the rests after 0 .. s slices, and of slices 0 .. s-1.

    They are in units of the first slice; rests are zero where nothing is left of a row.
    """
    s, n = splitting.slices, splitting.features
    norm = np.ldexp(np.sqrt(scales.energy) + math.sqrt(n) / 2, scales.coarse - scales.exponent)
    rests = [np.where(scales.largest > 0, norm, 0.0)]
    left_over = _left_over(X, scales, splitting)
    # Half a unit in each feature.
    rests += [left_over[i] * math.sqrt(n) / 2 * 2.0 ** (-splitting.bits * i) for i in range(s)]
    return rests, [rests[i] + rests[i + 1] for i in range(s)]


def _left_over(X: NDArray[Any], scales: RowScales, splitting: Splitting) -> NDArray[np.bool_]:
    """Return whether anything is left of each row after 1 .. s slices, shape (s, m)."""
    left_over = np.zeros((splitting.slices, len(X)), dtype=np.bool_)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            chunk = X[rows, columns]
            rest = in_units(chunk, scales.exponent[rows], np.empty(chunk.shape))
            vanished = ((chunk != 0) & (rest == 0)).any(axis=1)  # by underflow
            for taken in range(splitting.slices):
                rest -= np.rint(rest)
                left_over[taken, rows] |= rest.any(axis=1) | vanished
                rest *= 2.0**splitting.bits
    return left_over


class _Size(NamedTuple):
    """The worst over the rows of one operand, relative to a level of each row."""

    reached: int  # least number of features whose magnitude reaches the level
    unit: float  # largest unit of the first slice
    mean: float  # largest mean magnitude


def slices_like_dgemm(
    operands: list[NDArray[Any]], scales: list[RowScales], most: int
) -> int | None:
    """Return the fewest slices that truncate no entry by more than ``2**-52 abs(X) @ abs(Y).T``.

    If c of the n features of x reach a level, and d of those of y another, then c + d - n features
    at least reach both: so much of ``abs(x) @ abs(y)`` is certain. The level is a quarter of the
    root mean square of a row; where that is not enough, its smallest magnitude other than zero,
    which all features reach that matter. None where `most` slices are too few.
    """
    n = operands[0].shape[1]
    sides = list(zip(operands, scales, strict=True))
    by_mean = [_size_by_mean(X, scale) for X, scale in sides]
    if _suffices(by_mean, Splitting(n, 3)):
        return 3
    by_smallest = [_size_by_smallest(X, scale) for X, scale in sides]
    for s in range(3, most + 1):
        splitting = Splitting(n, s)
        if _suffices(by_mean, splitting) or _suffices(by_smallest, splitting):
            return s
    return None


def _suffices(sizes: list[_Size], splitting: Splitting) -> bool:
    """Return whether the splitting, of more than two slices, truncates by 2**-52 at most.

    Per feature, in units of the first slices of x and y, with ``h = 2**-bits``: slice i > 0 of x
    is at most ``(1 + h) h**i / 2``, and it meets a rest of y of ``h**(s - 1 - i) / 2``, in all
    ``(s - 1) (1 + h) h**(s - 2) / 4``; the first slice of x, at most ``abs(x) + 1/2``, meets a rest
    of ``h**(s - 1) / 2``, and ``abs(y)`` the rest of x, of the same size.
    """
    x, y = sizes[0], sizes[-1]
    s, h = splitting.slices, 2.0**-splitting.bits
    later = s / 4 * h ** (s - 2) * x.unit * y.unit
    first = h ** (s - 1) / 2 * (x.unit * y.mean + y.unit * x.mean)
    common = (x.reached + y.reached - splitting.features) / splitting.features
    return SLACK * (later + first) <= 2.0**-52 * common


def _size_by_mean(X: NDArray[Any], scales: RowScales) -> _Size:
    """Return the sizes relative to a quarter of the root mean square of each row."""
    n = X.shape[1]
    rms = np.sqrt(scales.energy / n)
    reached = np.zeros(len(X), dtype=np.int64)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            integers = rounded_units(X[rows, columns], scales.coarse[rows])
            magnitudes = np.abs(integers, out=integers)
            reached[rows] += np.count_nonzero(magnitudes >= rms[rows, None] / 4, axis=1)
    # The integers are rounded, by half a unit at most; rows of zeros need no slices.
    level = np.where(scales.largest > 0, rms / 4 - 0.5, np.inf)
    if (level <= 0).any():
        return _Size(0, math.inf, math.inf)
    units = np.ldexp(1.0, scales.exponent - scales.coarse) / level
    least = np.min(reached, where=scales.largest > 0, initial=n)
    return _Size(int(least), float(units.max()), float(np.max((rms + 0.5) / level)))


def _size_by_smallest(X: NDArray[Any], scales: RowScales) -> _Size:
    """Return the sizes relative to the smallest magnitude of each row that is not zero."""
    smallest = np.full(len(X), np.inf)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            chunk = np.abs(X[rows, columns], dtype=np.float64)
            least = np.min(chunk, axis=1, where=chunk > 0, initial=np.inf)
            smallest[rows] = np.minimum(smallest[rows], least)
    level, exponent = np.frexp(smallest)  # infinite for rows of zeros, which need no slices
    units = np.ldexp(1.0, np.clip(scales.exponent - exponent, -1000, 1000)) / level
    # Relative to the magnitude of each feature itself, the mean is 1.
    return _Size(X.shape[1], float(units.max()), 1.0)
