"""Exact weighted products of pixels by ordinary BLAS: the digits of weights, block by block.

Here live the sums that cannot round, whatever order BLAS adds in, and their way to one double. The
weights and how they are cut are in `etcprops.exact._weights`. Workers share out the blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from etcprops.exact import _threads, _tiles
from etcprops.exact._rounding import carry, digits_of, nearest
from etcprops.exact._threads import Spaces, panels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.exact._threads import Workers
    from etcprops.exact._weights import Block, Weights

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
    # Per entry, the sums of each digit. Per row and worker, the centred pixels of either side, and
    # the products of a strip as doubles and as integers.
    square = 8 * weights.digits
    line = 8 * workers * (len(operands) * weights.block + 2 * weights.digits * PANEL)
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
    sides = [SideSums(len(rows), weights) for rows in parts]
    strips = [
        Strip(rows, slice(rows.start if len(parts) == 1 else 0, out.shape[1]), weights)
        for rows in panels(len(out), PANEL)
    ]
    blocks, spaces, adding = list(weights.blocks()), Spaces(), Lock()
    # Where blocks are few, workers share out the strips of each, too.
    shares = 1 if len(blocks) >= 4 * workers.count else workers.count

    def add(task: tuple[Block, int]) -> None:
        block, share = task
        loaded = [load(n, rows, block, spaces) for n, rows in zip("UV", parts, strict=False)]
        if share == 0:
            with adding:
                for side, part in zip(sides, loaded, strict=True):
                    side.add(part)
        for strip in strips[share::shares]:
            strip.add(loaded, block.digits, spaces)

    workers.for_each(add, [(block, share) for block in blocks for share in range(shares)])
    count = weights.count
    if distances:
        factor = -2 * count**2
        left, right = (count**2 * side.energies.value() for side in (sides[0], sides[-1]))
    else:
        factor = count**2
        left, right = (count * side.moments.value() for side in (sides[0], sides[-1]))
        left = left + weights.constant
    digits = max(len(strip.digits) for strip in strips)
    terms = Terms.of(factor, left.tolist(), right.tolist(), weights, digits)
    workers.for_each(lambda strip: strip.write(out, terms), strips)


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

    @classmethod
    def of(
        cls, factor: int, left: list[int], right: list[int], weights: Weights, digits: int
    ) -> Terms:
        """Return the terms in as many digits as results of totals of so many digits may have."""
        bits = weights.bits
        factors = digits_of([factor], bits, -(-factor.bit_length() // bits))[:, 0]
        largest = max(abs(number) for number in (*left, *right)).bit_length()
        count = max(digits + len(factors), -(-largest // bits))
        left_digits, right_digits = (digits_of(side, bits, count) for side in (left, right))
        return cls(factors, left_digits, right_digits, -weights.exponent)


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


class Loaded(NamedTuple):
    """A block of one side's pixels, less their centres, with exact sums over its features."""

    pixels: NDArray[np.float64]  # shape (rows, features)
    energies: NDArray[np.int64]  # of ``digit * u**2``, shape (digits, rows)
    moments: NDArray[np.int64]  # of ``offset * u`` for each digit of the offsets, as above


def load(name: str, rows: NDArray[Any], block: Block, spaces: Spaces) -> Loaded:
    """Load a block of rows, into memory of that name."""
    pixels = spaces.empty(name, (len(rows), len(block.centre)), np.float64)
    energies = np.empty((len(block.digits), len(rows)), dtype=np.int64)
    moments = np.empty((len(block.offsets), len(rows)), dtype=np.int64)
    for panel in panels(len(rows), PANEL):
        U = np.subtract(rows[panel, block.columns], block.centre, out=pixels[panel])
        energies[:, panel] = exact_energies(U, block.digits)
        # At most 768 * 2**27 * 2**8, or 512 * 2**18 * 2**16: exact in any order.
        moments[:, panel] = block.offsets @ U.T
    return Loaded(pixels, energies, moments)


class SideSums:
    """Exact sums over all features for each row of a side.

    `energies` are ``sum(weight * u**2)``, `moments` ``sum(weight * r * u)``.
    """

    def __init__(self, rows: int, weights: Weights) -> None:
        self.energies = RowSums(rows, weights.bits)
        self.moments = RowSums(rows, weights.bits)

    def add(self, loaded: Loaded) -> None:
        """Add the sums of a block."""
        self.energies.add(loaded.energies)
        self.moments.add(loaded.moments)


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


class Strip:
    """Sums of products for each digit of the weights, of some rows with some columns, in int64.

    No entry exceeds `bound`, which is known from the energies; before it could leave int64, digits
    are carried. Workers add at any time.
    """

    def __init__(self, rows: slice, columns: slice, weights: Weights) -> None:
        self.rows, self.columns, self.bits = rows, columns, weights.bits
        self.shape = rows.stop - rows.start, columns.stop - columns.start
        self.digits = [np.zeros(self.shape, dtype=np.int64) for _ in range(weights.digits)]
        self.bound = 0
        self._adding = Lock()

    def add(self, loaded: list[Loaded], digits: NDArray[np.float64], spaces: Spaces) -> None:
        """Add the products of a block, given as [U] for rows with themselves, or as [U, V]."""
        left, right = loaded[0].energies[:, self.rows], loaded[-1].energies[:, self.columns]
        operands = [loaded[0].pixels[self.rows], loaded[-1].pixels[self.columns], digits]
        self._add(operands, [left, right], spaces)

    def _add(
        self, operands: list[NDArray[np.float64]], energies: list[NDArray[np.int64]], spaces: Spaces
    ) -> None:
        """Add ``digits * U @ V.T``, [U, V, digits] being the operands."""
        U, V, digits = operands
        left, right = (energy.max(axis=1).astype(np.float64) for energy in energies)
        if (left * right >= EXACT * EXACT / 2).any():
            for half in _halves(*operands):
                self._add(half, [exact_energies(rows, half[2]) for rows in half[:2]], spaces)
            return
        shape = len(digits), len(U), len(V)
        weighted = spaces.empty("weighted", (*shape[:2], U.shape[1]), np.float64)
        products = spaces.empty("products", shape, np.float64)
        integers = spaces.empty("integers", shape, np.int64)
        np.multiply(digits[:, None], U, out=weighted)
        np.matmul(weighted.reshape(-1, U.shape[1]), V.T, out=products.reshape(-1, len(V)))
        np.copyto(integers, products, casting="unsafe")
        # By Cauchy and Schwarz no sum of products over any of the features exceeds this.
        largest = max(int(energy.max()) for energy in energies)
        with self._adding:
            if self.bound + largest > MOST:
                self._carry()
            self.bound += largest
            while len(self.digits) < len(digits):
                self.digits.append(np.zeros(self.shape, dtype=np.int64))
            for total, part in zip(self.digits, integers, strict=False):
                np.add(total, part, out=total)

    def _carry(self) -> None:
        """Carry the digits, to one more."""
        self.digits.append(np.zeros(self.shape, dtype=np.int64))
        carry(self.digits, self.bits)
        self.bound = (self.bound >> self.bits) + (1 << self.bits)

    def write(self, out: NDArray[np.float64], terms: Terms) -> None:
        """Write the results to their places in `out`, rounded to the nearest; once."""
        for few in panels(self.shape[0], ROWS):
            rows = slice(self.rows.start + few.start, self.rows.start + few.stop)
            left, right = terms.left[:, rows, None], terms.right[:, None, self.columns]
            sums = list(left + right)
            totals = [digit[few] for digit in self.digits]
            # Digits of the factor and of the totals, carried once more, have products below 2**62.
            totals.append(np.zeros_like(totals[0]))
            carry(totals, self.bits)
            for i, multiplier in enumerate(terms.factor):
                for j, total in enumerate(totals):
                    sums[i + j] += multiplier * total
            carry(sums, self.bits)
            out[rows, self.columns] = np.ldexp(nearest(sums, self.bits), terms.exponent)
