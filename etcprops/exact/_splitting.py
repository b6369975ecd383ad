"""Error-free splitting of real rows into vectors of integers, and the way back from their products.

Here live the scale of a row, its slices, and the rounding of the exact products of slices to one
double; the products are in `etcprops.exact._tiles`, the error bound in `etcprops.exact._accuracy`.
The idea is from Ozaki, Ogita, Oishi and Rump (2012); products of sums in place of mixed ones
(Karatsuba 1962) are added here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_SLICES = 16
MOST_FEATURES = 2**28  # so that sums of 2**COARSE_BITS squared stay below 2**53
COARSE_BITS = 12  # magnitudes below 2**12 tell the size of a row
MOST_BITS = 21  # bits of each slice: 2**14 typical features then fit into one accumulation
SPARE_BITS = 5  # an entry of the first slice may have so many more: 2**26 at most
ROWS = 32  # rows per elementwise step: the working set fits the second-level cache


@dataclass(frozen=True)
class Splitting:
    """How rows of `features` entries are cut into `slices`: which bits, which products are kept.

    Slice ``i`` (from 0) of a row is a vector of integers in units of ``2**(exponent - i * bits)``,
    of magnitude at most ``2**(bits - 1)`` for ``i > 0`` and ``2**(bits + SPARE_BITS)`` for the
    first. Products of slices ``i`` and ``j`` are kept where ``i + j <= order``.
    """

    features: int
    slices: int

    @property
    def bits(self) -> int:
        """Return how many bits each slice after the first adds.

        21 for up to 2**18 features; then fewer, so that the 16 products of slices of one order
        have a sum below 2**62 in magnitude.
        """
        return min(MOST_BITS, (60 - (self.features - 1).bit_length()) // 2)

    @property
    def order(self) -> int:
        """Return the largest ``i + j`` that is kept; two slices are kept in full."""
        return 2 if self.slices == 2 else self.slices - 1

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Return the mixed products: one product of sums each, instead of two products."""
        indices = combinations(range(self.slices), 2)
        return [(i, j) for i, j in indices if i + j <= self.order]

    @property
    def products(self) -> int:
        """Return the number of matrix products: ``slices + floor(slices**2 / 4)``."""
        return self.slices + len(self.pairs)


@dataclass(frozen=True)
class RowScales:
    """Scales of rows: functions of the multiset of absolute values, never of their order.

    `largest` is ``max(abs(x))``; `coarse` is the exponent of a unit in which that is below
    ``2**COARSE_BITS``, and `energy` the sum of squares of the row in this unit, each entry rounded
    to an integer; `exponent` is the exponent of the unit of the first slice.
    """

    largest: NDArray[np.float64]
    coarse: NDArray[np.int64]
    energy: NDArray[np.float64]
    exponent: NDArray[np.int64]


def chunks(rows: int, features: int) -> Iterator[tuple[slice, list[slice]]]:
    """Yield slices of rows, with those of the features, of at most half a megabyte of doubles.

    And of at most 8,192 features: BLAS would give longer dot products to several threads, which
    then wait for one another most of the time.
    """
    step = max(1, 2**16 // features)
    columns = [slice(start, start + 2**13) for start in range(0, features, 2**13)]
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows)), columns


def in_units(
    X: NDArray[Any], exponent: NDArray[np.int64], out: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Write ``X * 2**-exponent`` to `out`, row by row, and return it.

    No bit is lost, except far below the last slice there can be.
    """
    if exponent.min() >= -1000:
        np.multiply(X, np.ldexp(1.0, -exponent)[:, None], out=out)
        return out
    half = exponent // 2  # tiny rows: 2**-exponent would overflow
    np.multiply(X, np.ldexp(1.0, -half)[:, None], out=out)
    np.multiply(out, np.ldexp(1.0, half - exponent)[:, None], out=out)
    return out


def rounded_units(X: NDArray[Any], exponent: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return ``X * 2**-exponent``, row by row, rounded to integers."""
    units = in_units(X, exponent, np.empty(X.shape))
    return np.rint(units, out=units)


def row_scales(X: NDArray[Any], splitting: Splitting) -> RowScales:
    """Return the scale of each row of `X`, shape (m, n).

    The root mean square of the first slice lies in ``[2**(bits - 2.5), 2**(bits - 1.5))`` (in the
    middle for rows of unit root mean square, which z-scores have nearly), or below it
    where the largest entry would exceed ``2**(bits + SPARE_BITS)``. Where a row is not finite,
    `largest` says so and the rest means nothing.
    """
    m, n = X.shape
    bits = splitting.bits
    largest, energy = np.empty(m), np.zeros(m)
    coarse = np.zeros(m, dtype=np.int64)
    for rows, blocks in chunks(m, n):
        high, low = (limit(X[rows], axis=1).astype(np.float64) for limit in (np.max, np.min))
        largest[rows] = np.maximum(high, -low)
        coarse[rows] = np.frexp(largest[rows])[1] - COARSE_BITS
        if np.isfinite(largest[rows]).all():
            for columns in blocks:
                integers = rounded_units(X[rows, columns], coarse[rows])
                # Sums of integers below 2**53: exact, whatever the order of the features.
                energy[rows] += np.vecdot(integers, integers)
    mean_exponent = np.frexp(energy / n)[1]  # 2**(mean_exponent - 1) <= mean < 2**mean_exponent
    exponent = coarse - (2 * bits - 3 - mean_exponent) // 2
    exponent = np.maximum(exponent, coarse + COARSE_BITS - bits - SPARE_BITS)
    return RowScales(largest, coarse, energy, np.where(largest > 0, exponent, 0))


def split(
    X: NDArray[Any],
    exponent: NDArray[np.int64],
    splitting: Splitting,
    out: list[NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Write slices of `X`, shape (m, n), and then the sums of pairs of slices to `out`.

    Return their sums of squares, shape (products, m): exact where below 2**53, at least 2**53 where
    not, in whatever order they are summed, since all partial sums are integers.
    """
    s, pairs, factor = splitting.slices, splitting.pairs, 2.0**splitting.bits
    energies = np.empty((len(out), len(X)))
    space = np.empty((min(ROWS, len(X)), X.shape[1]))
    for start in range(0, len(X), ROWS):
        rows = slice(start, start + ROWS)
        part = [vectors[rows] for vectors in out]
        rest = in_units(X[rows], exponent[rows], space[: len(part[0])])
        for i in range(s - 1):
            np.rint(rest, out=part[i])
            np.subtract(rest, part[i], out=rest)
            np.multiply(rest, factor, out=rest)
        np.rint(rest, out=part[s - 1])
        for p, (i, j) in enumerate(pairs, start=s):
            np.add(part[i], part[j], out=part[p])
        for p, vectors in enumerate(part):
            np.vecdot(vectors, vectors, out=energies[p, rows])
    return energies


def rounded(totals: list[NDArray[np.int64]], splitting: Splitting) -> NDArray[np.float64]:
    """Return the sum of the products of slices in units of the first, rounded from integers.

    `totals` are the products of the slices with themselves, then those of the sums of pairs. The
    relative error is below ``2**-52 * (1 + 2**-12)``, and zero where the sum is a double.
    """
    s, bits, order = splitting.slices, splitting.bits, splitting.order
    digits = [np.zeros_like(totals[0]) for _ in range(order + 1)]
    digits[::2] = [totals[i].copy() for i in range(order // 2 + 1)]
    for p, (i, j) in enumerate(splitting.pairs, start=s):
        digits[i + j] += totals[p] - totals[i] - totals[j]  # (a + b)(c + d) - ac - bd = ad + bc
    # Carried to half a unit of the digit before, digits cannot cancel: the first that is not zero
    # outweighs all that follow.
    for d in range(order, 0, -1):
        carry = (digits[d] + (1 << bits - 1)) >> bits
        digits[d] -= carry << bits
        digits[d - 1] += carry
    value = digits[order].astype(np.float64)
    for d in range(order - 1, -1, -1):
        value *= 2.0**-bits
        value += digits[d]
    return value
