"""Exact weighted products of pixels by ordinary BLAS: the digits of weights, block by block.

Here live the sums that cannot round, whatever order BLAS adds in, and their way to one double. The
weights and how they are cut are in `etcprops.exact._weights`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops.exact import _threads, _tiles
from etcprops.exact._rounding import carry, digits_of, nearest
from etcprops.exact._threads import Spaces, panels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.exact._threads import Workers
    from etcprops.exact._weights import Block, Weights

    Loaded = tuple[NDArray[np.float64], NDArray[np.int64]]  # centred pixels, and their energies

EXACT = 2.0**53  # integers up to here are doubles, and so is every sum that stays below
MOST = 2**60  # what sums in int64 may reach before they are carried
PANEL = 96  # rows that are weighted at a time
ROWS = 32  # rows per elementwise step on the products
WORTH_THREADS = 2**25  # products of pixels that take longer than to start threads


def weighted_products(
    operands: list[NDArray[Any]], weights: Weights, *, distances: bool
) -> NDArray[np.float64]:
    """Return z-scored inner products or squared distances of all pairs of rows, rounded once.

    They are integers times ``2**-exponent``: with ``u``, ``v`` the pixels less their centres and
    ``r = N * centre - S``, the sums of ``weight * (N u + r) * (N v + r)``, or of ``weight * N**2 *
    (u - v)**2``. `operands` are [X], for its products with itself, or [X, Y].
    """
    symmetric = len(operands) == 1
    out = np.empty((len(operands[0]), len(operands[-1])))
    with _threads.shared_out(worth_it=out.size * weights.features >= WORTH_THREADS) as workers:
        edge = _edge(operands, weights, workers.count)
        for rows, columns in _tiles.tiles(out.shape, edge, symmetric=symmetric):
            diagonal = symmetric and rows == columns
            parts = [operands[0][rows]] if diagonal else [operands[0][rows], operands[-1][columns]]
            tile = out[rows, columns]
            _fill(tile, parts, weights, workers, distances=distances)
            if diagonal:
                _tiles.mirror(tile)
            elif symmetric:
                out[columns, rows] = tile.T
    return out


def _edge(operands: list[NDArray[Any]], weights: Weights, workers: int) -> int:
    """Return the rows of a tile whose working memory stays within the bytes of the input.

    Or `_tiles.SMALLEST_BUDGET`, where that is more.
    """
    budget = max(_tiles.SMALLEST_BUDGET, sum(rows.nbytes for rows in operands))
    # Per entry, the totals of each digit. Per row, the centred pixels of either side, and for each
    # worker a panel of products as doubles and as integers.
    square = 8 * weights.digits
    line = 8 * (len(operands) * weights.block + 2 * workers * weights.digits * PANEL)
    edge = (math.isqrt(line**2 + 4 * square * budget) - line) // (2 * square)
    most = max(len(rows) for rows in operands)
    return -(-most // -(-most // max(1, edge)))


def _fill(
    out: NDArray[np.float64],
    parts: list[NDArray[Any]],
    weights: Weights,
    workers: Workers,
    *,
    distances: bool,
) -> None:
    """Write a tile to `out`: the upper triangle of products of rows with themselves, or others."""
    sides = [Side(rows, weights) for rows in parts]
    totals = Totals(out.shape, weights, symmetric=len(parts) == 1)
    for block in weights.blocks():
        totals.add(block, [side.load(block, workers) for side in sides], workers)
    count = weights.count
    if distances:
        factor = -2 * count**2
        left, right = (count**2 * side.energies.value() for side in (sides[0], sides[-1]))
    else:
        factor = count**2
        left, right = (count * side.moments.value() for side in (sides[0], sides[-1]))
        left = left + weights.constant
    terms = totals.terms(factor, left.tolist(), right.tolist(), -weights.exponent)
    workers.for_each(lambda rows: totals.write(out, terms, rows), panels(len(out), ROWS))


@dataclass(frozen=True)
class Terms:
    """What turns totals into results: ``(factor * total + left + right) * 2**exponent``.

    All but the exponent in digits, the lowest first; those of `left` and `right` have shapes
    (digits, rows) and (digits, columns).
    """

    factor: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    exponent: int


class RowSums:
    """Sums of integers, one for each row, from those of their digits."""

    def __init__(self, rows: int, bits: int) -> None:
        self.bits = bits
        self.total = np.zeros(rows, dtype=object)
        self.digits = np.zeros((1, rows), dtype=np.int64)
        self.bound = 0

    def add(self, digits: NDArray[np.int64]) -> None:
        """Add numbers of magnitude at most `MOST`, shape (digits, rows)."""
        largest = max(int(digits.max()), -int(digits.min()))
        if len(digits) != len(self.digits) or self.bound + largest > MOST:
            self.total, self.bound = self.value(), 0
            self.digits = np.zeros_like(digits)
        self.bound += largest
        self.digits += digits

    def value(self) -> NDArray[np.object_]:
        """Return the sums as Python integers."""
        parts = (part.astype(object) << self.bits * d for d, part in enumerate(self.digits))
        return np.asarray(self.total + sum(parts))


class Side:
    """Rows of one operand, with exact sums over the features of each.

    `energies` are ``sum(weight * u**2)``, `moments` ``sum(weight * r * u)``.
    """

    def __init__(self, rows: NDArray[Any], weights: Weights) -> None:
        self.rows = rows
        self.space = np.empty(len(rows) * weights.block)
        self.energies = RowSums(len(rows), weights.bits)
        self.moments = RowSums(len(rows), weights.bits)

    def load(self, block: Block, workers: Workers) -> Loaded:
        """Return the centred pixels of a block, and their energies by digit, shape (s, rows)."""
        shape = len(self.rows), len(block.centre)
        U = self.space[: math.prod(shape)].reshape(shape)
        energies = np.empty((len(block.digits), shape[0]), dtype=np.int64)
        moments = np.empty((len(block.offsets), shape[0]))

        def load(rows: slice) -> None:
            np.subtract(self.rows[rows, block.columns], block.centre, out=U[rows])
            energies[:, rows] = exact_energies(U[rows], block.digits)
            # At most 768 * 2**27 * 2**8, or 512 * 2**18 * 2**16: exact in any order.
            np.matmul(block.offsets, U[rows].T, out=moments[:, rows])

        workers.for_each(load, panels(shape[0], PANEL))
        self.energies.add(energies)
        self.moments.add(moments.astype(np.int64))
        return U, energies


def exact_energies(U: NDArray[np.float64], digits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return ``sum(digit * u**2)`` over the features, shape (digits, rows).

    No term is negative, so that a sum of doubles is exact where it is below 2**53, and is not below
    where the true one is not, in whatever order it is added. Large ones are added up from halves.
    """
    energies = digits @ np.square(U).T
    if energies.max() < EXACT:
        return energies.astype(np.int64)
    return sum(exact_energies(half, part) for half, part in _halves(U, digits))  # type: ignore[return-value]


def _halves(*arrays: NDArray[np.float64]) -> list[list[NDArray[np.float64]]]:
    """Return the arrays with the first half of their features, then with the others."""
    features = arrays[0].shape[1]
    if features == 1:  # impossible while weights are light
        raise OverflowError("a product of one feature reaches 2**53")
    parts = (slice(features // 2), slice(features // 2, features))
    return [[np.ascontiguousarray(array[:, part]) for array in arrays] for part in parts]


class Totals:
    """Sums of products for each digit of the weights, shape (rows, columns), in int64.

    No entry exceeds `bound`, which is known from the energies; before it could leave int64, digits
    are carried. Where `symmetric`, only what is not left of the diagonal is made.
    """

    def __init__(self, shape: tuple[int, ...], weights: Weights, *, symmetric: bool) -> None:
        self.shape, self.bits, self.symmetric = shape, weights.bits, symmetric
        self.digits = [np.zeros(shape, dtype=np.int64) for _ in range(weights.digits)]
        self.bound = 0
        self.spaces = Spaces()

    def add(self, block: Block, sides: list[Loaded], workers: Workers) -> None:
        """Add the products of a block."""
        (U, left), (V, right) = sides[0], sides[-1]
        # By Cauchy and Schwarz no sum of products over any of the features exceeds this.
        largest = max(int(left.max()), int(right.max()))
        if self.bound + largest > MOST:
            self._carry()
        self.bound += largest
        while len(self.digits) < len(block.digits):
            self.digits.append(np.zeros(self.shape, dtype=np.int64))

        def add(rows: slice) -> None:
            columns = self._columns(rows)
            sums = [digit[rows, columns] for digit in self.digits[: len(block.digits)]]
            operands = [U[rows], V[columns], block.digits]
            self._add(sums, operands, [left[:, rows], right[:, columns]])

        workers.for_each(add, panels(len(U), PANEL))

    def _columns(self, rows: slice) -> slice:
        """Return the columns that count."""
        return slice(rows.start if self.symmetric else 0, None)

    def _add(
        self,
        sums: list[NDArray[np.int64]],
        operands: list[NDArray[np.float64]],
        energies: list[NDArray[np.int64]],
    ) -> None:
        """Add ``digits * U @ V.T`` to `sums`, [U, V, digits] being the operands."""
        U, V, digits = operands
        left, right = (energy.max(axis=1).astype(np.float64) for energy in energies)
        if (left * right >= EXACT * EXACT / 2).any():
            for half in _halves(*operands):
                self._add(sums, half, [exact_energies(rows, half[2]) for rows in half[:2]])
            return
        shape = len(digits), len(U), len(V)
        weighted = self.spaces.empty("weighted", (*shape[:2], U.shape[1]), np.float64)
        products = self.spaces.empty("products", shape, np.float64)
        integers = self.spaces.empty("integers", shape, np.int64)
        np.multiply(digits[:, None], U, out=weighted)
        np.matmul(weighted.reshape(-1, U.shape[1]), V.T, out=products.reshape(-1, len(V)))
        np.copyto(integers, products, casting="unsafe")
        for total, part in zip(sums, integers, strict=True):
            np.add(total, part, out=total)

    def _carry(self) -> None:
        """Carry the digits, to one more."""
        self.digits.append(np.zeros(self.shape, dtype=np.int64))
        for rows in panels(self.shape[0], ROWS):
            carry([digit[rows] for digit in self.digits], self.bits)
        self.bound = (self.bound >> self.bits) + (1 << self.bits)

    def terms(self, factor: int, left: list[int], right: list[int], exponent: int) -> Terms:
        """Return the terms in as many digits as results may have."""
        bits = self.bits
        factors = digits_of([factor], bits, -(-factor.bit_length() // bits))[:, 0]
        largest = max(abs(number) for number in (*left, *right)).bit_length()
        count = max(len(self.digits) + len(factors), -(-largest // bits))
        left_digits, right_digits = (digits_of(side, bits, count) for side in (left, right))
        return Terms(factors, left_digits, right_digits, exponent)

    def write(self, out: NDArray[np.float64], terms: Terms, rows: slice) -> None:
        """Write the results of some rows to `out`, rounded to the nearest."""
        columns = self._columns(rows)
        sums = [a[rows, None] + b[columns] for a, b in zip(terms.left, terms.right, strict=True)]
        totals = [digit[rows, columns].copy() for digit in self.digits]
        # Digits of the factor and of the totals, carried once more, have products below 2**62.
        totals.append(np.zeros_like(totals[0]))
        carry(totals, self.bits)
        for i, multiplier in enumerate(terms.factor):
            for j, total in enumerate(totals):
                sums[i + j] += multiplier * total
        carry(sums, self.bits)
        np.ldexp(nearest(sums, self.bits), terms.exponent, out=out[rows, columns])
