"""Exact products of integer vectors by ordinary BLAS, tile by tile of the output.

Here live the accumulation that cannot round, whatever order BLAS adds in, and the tiling that
bounds the memory; what the integers stand for is the business of `_splitting` (slices of real rows)
and rounding. Blocks whose size is decided by the energies of the data at hand (Cauchy and
Schwarz) are added here to the scheme of Ozaki and others (2012).
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import blas

from etcprops.exact import _memory, _splitting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from etcprops.exact._splitting import Splitting

    Side = tuple[NDArray[Any], NDArray[np.int64]]  # rows, and the exponents of their units
    TileOf = Callable[[list[Side]], NDArray[np.float64]]

SMALLEST_BUDGET = 2**25  # bytes of working memory that small inputs may use
BLOCK = 768  # features per BLAS call: full speed, and small enough for the cache
LIMIT = 2.0**53  # integers up to here are doubles, and so is every sum that stays below it
ROWS = 32  # rows per elementwise step on the products


class Accumulator:
    """The exact sum of a product of integer vectors, held as floats, over the features.

    Floats take the sums as long as the energies (sums of squares) of both operands keep every
    partial sum below `LIMIT`: by Cauchy and Schwarz ``abs(sum(a * b))`` over any subset of the
    features is at most ``sqrt(energy(a) * energy(b))``, so it does not matter in which order BLAS
    adds. Before an energy would reach the limit, the sums are flushed to int64. Where `columns` is
    None the product is symmetric, and only the upper triangle is made.
    """

    def __init__(self, rows: int, columns: int | None) -> None:
        self.symmetric = columns is None
        shape = (rows, rows if columns is None else columns)
        self.sums = np.zeros(shape)
        self.totals: NDArray[np.int64] | None = None  # until the first flush
        self.energies = [np.zeros(size) for size in shape]  # of either operand, in `sums`

    def add(self, operands: list[NDArray[Any]], energies: list[NDArray[Any]]) -> None:
        """Add ``A @ B.T``, for `operands` [A] (B is A) or [A, B]."""
        if self._too_much(energies):
            self._add_halves(operands)
            return
        after = [old + new for old, new in zip(self.energies, energies, strict=False)]
        if self._too_much(after):
            self._flush()
            after = energies
        self.energies = after
        A, B, C = operands[0], operands[-1], self.sums
        # Fortran sees each array transposed: C.T = B @ A.T, whose lower triangle is our upper.
        if self.symmetric:
            blas.dsyrk(1.0, A.T, beta=1.0, c=C.T, trans=1, lower=1, overwrite_c=1)
        else:
            blas.dgemm(1.0, B.T, A.T, beta=1.0, c=C.T, trans_a=1, overwrite_c=1)

    def _too_much(self, energies: list[NDArray[Any]]) -> bool:
        """Return whether sums of such energies might round."""
        return any(bool((energy >= LIMIT).any()) for energy in energies)

    def _add_halves(self, operands: list[NDArray[Any]]) -> None:
        """Add a block too heavy for one accumulation as two."""
        features = operands[0].shape[1]
        if features == 1:  # impossible while integers stay below the square root of the limit
            raise OverflowError(f"the square of one integer reaches the bound {LIMIT:.0f}")
        for columns in (slice(features // 2), slice(features // 2, features)):
            halves = [np.ascontiguousarray(operand[:, columns]) for operand in operands]
            self.add(halves, [np.vecdot(half, half) for half in halves])

    def _flush(self) -> None:
        """Move the sums from floats to int64; both are exact."""
        if self.totals is None:
            self.totals = np.zeros(self.sums.shape, dtype=np.int64)
        for part in self.parts():
            self.totals[part] += self.sums[part].astype(np.int64)
            self.sums[part] = 0

    def parts(self) -> Iterator[tuple[slice, slice]]:
        """Yield a few rows at a time, and the columns that matter."""
        for start in range(0, len(self.sums), ROWS):
            yield slice(start, start + ROWS), slice(start if self.symmetric else 0, None)

    def integers(self, part: tuple[slice, slice]) -> NDArray[np.int64]:
        """Return a part of the sum."""
        sums = self.sums[part].astype(np.int64)
        return sums if self.totals is None else np.add(sums, self.totals[part], out=sums)


def real_gram(
    operands: list[NDArray[Any]], exponents: list[NDArray[np.int64]], splitting: Splitting
) -> NDArray[np.float64]:
    """Return the rounded products of real rows, whose first slices are in units 2**exponent."""

    def compute() -> NDArray[np.float64]:
        out = np.empty((len(operands[0]), len(operands[-1])))
        sides = list(zip(operands, exponents, strict=True))
        tile = partial(_real_tile, splitting=splitting)
        _fill(out, sides, tile, splitting.products)
        return out

    return _memory.recall(operands, splitting, compute)


def _fill(out: NDArray[np.float64], sides: list[Side], tile: TileOf, products: int) -> None:
    """Write the products of one side with itself, or of two, to `out`, tile by tile.

    `tile` gets the rows of a tile, once where it is symmetric, and returns the tile, of which only
    the upper triangle counts where it is symmetric. The working memory of a tile stays within the
    bytes of the input, or `SMALLEST_BUDGET` where that is more.
    """
    symmetric = len(sides) == 1
    budget = max(SMALLEST_BUDGET, sum(X.nbytes for X, _ in sides))
    edge = tile_edge(max(out.shape), budget, products)
    for rows, columns in tiles(out.shape, edge, symmetric=symmetric):
        diagonal = symmetric and rows == columns
        parts = [(sides[0], rows)] if diagonal else [(sides[0], rows), (sides[-1], columns)]
        out[rows, columns] = tile([(X[part], exponent[part]) for (X, exponent), part in parts])
        if diagonal:
            mirror(out[rows, columns])
        elif symmetric:
            out[columns, rows] = out[rows, columns].T


def tile_edge(most: int, budget: int, products: int) -> int:
    """Return the rows of a tile: at most `most`, in tiles of nearly equal size."""
    # Per entry: sums and totals of each product, and the result. Per row: the operands from either
    # side, in halves once more, and what `rounded` needs for some rows.
    square = 16 * products + 8
    line = 16 * (products + 1) * BLOCK + 8 * ROWS * (products + 4)
    edge = (math.isqrt(line**2 + 4 * square * budget) - line) // (2 * square)
    return -(-most // -(-most // max(1, edge)))


def tiles(shape: tuple[int, ...], edge: int, *, symmetric: bool) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of tiles, of the upper triangle where `symmetric`."""
    for i in range(0, shape[0], edge):
        for j in range(i if symmetric else 0, shape[1], edge):
            yield slice(i, min(i + edge, shape[0])), slice(j, min(j + edge, shape[1]))


def mirror(out: NDArray[Any]) -> None:
    """Copy the upper triangle of `out`, shape (m, m), to the lower."""
    for start in range(0, len(out), ROWS):
        stop = min(start + ROWS, len(out))
        square = out[start:stop, start:stop]
        lower = np.tril_indices(stop - start, -1)
        square[lower] = square.T[lower]
        out[stop:, start:stop] = out[start:stop, stop:].T


def _tile_shape(pieces: list[Side]) -> tuple[int, int | None]:
    """Return the numbers of rows and columns, the latter None for a symmetric tile."""
    return len(pieces[0][0]), (len(pieces[1][0]) if len(pieces) == 2 else None)


def _real_tile(pieces: list[Side], splitting: Splitting) -> NDArray[np.float64]:
    """Return the rounded products of real rows."""
    products, n = splitting.products, splitting.features
    rows, columns = _tile_shape(pieces)
    accumulators = [Accumulator(rows, columns) for _ in range(products)]
    # One piece of memory per product and side, used again by each block.
    spaces = [[np.empty(len(X) * min(n, BLOCK)) for _ in range(products)] for X, _ in pieces]
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        slices, energies = [], []
        for (X, exponent), space in zip(pieces, spaces, strict=True):
            part = X[:, block]
            slices.append([vectors[: part.size].reshape(part.shape) for vectors in space])
            energies.append(_splitting.split(part, exponent, splitting, slices[-1]))
        for p, accumulator in enumerate(accumulators):
            accumulator.add([side[p] for side in slices], [energy[p] for energy in energies])
    del spaces, slices
    out = np.zeros(accumulators[0].sums.shape)
    left, right = pieces[0][1], pieces[-1][1]
    for upper in accumulators[0].parts():
        totals = [accumulator.integers(upper) for accumulator in accumulators]
        value = _splitting.rounded(totals, splitting)
        with np.errstate(over="ignore", under="ignore"):
            np.ldexp(value, left[upper[0], None] + right[upper[1]], out=out[upper])
    return out
