"""Inverse variances as integers, and these in digits that BLAS multiplies by pixels exactly.

Here lives what a z-scored inner product of pixels takes from the training images alone: each
feature's weight, its centre, and how the weights are cut. The products are in
`etcprops.exact._weighted`. The idea, to cut the weights in place of the data, is added here to the
error-free splitting of Ozaki, Ogita, Oishi and Rump (2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops.exact._rounding import digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etcprops.exact.statistics import PixelStatistics

WEIGHT_BITS = {1: 26, 2: 52}  # by the number of slices
MOST_DIGIT_BITS = 27
BLOCK = {8: 768, 16: 512}  # features per BLAS call, by the bits of the pixels
LIGHT = 2.0**50  # a product of a digit and two pixels stays below, and 768 of them below 2**60


@dataclass(frozen=True)
class Block:
    """Some features: their columns, centres, and the digits of their weights.

    `digits` has shape (digits, features), the lowest first; so has `offsets`, with the digits of
    ``weight * (N * centre - S)``.
    """

    columns: slice | NDArray[np.int64]
    centre: NDArray[np.float64]
    digits: NDArray[np.float64]
    offsets: NDArray[np.float64]


class Weights:
    """The weights ``2**exponent / (N Q - S**2)`` of features, rounded to integers.

    Each is ``2**bits`` at least, with the bits of `WEIGHT_BITS`, so it is off by ``2**-(bits + 1)``
    of itself at most. Features that are constant have ``N**2`` in the place of ``N Q - S**2``: as
    everywhere they are divided by 1.

    Parameters
    ----------
    statistics : PixelStatistics
        Of the training images.
    slices : {1, 2}
        Whether weights have 26 bits or 52.
    depth : {8, 16}
        Bits of the pixels that are to be multiplied, and of those of the training images.
    """

    def __init__(self, statistics: PixelStatistics, slices: int, depth: int) -> None:
        count = self.count = statistics.count
        squares = [int(v) or count**2 for v in statistics.variance_numerator.tolist()]
        self.features = len(squares)
        self.exponent = WEIGHT_BITS[slices] + max(squares).bit_length()
        numerator = 2 << self.exponent
        self.weights = [(numerator + square) // (2 * square) for square in squares]
        self.centre = (2 * statistics.total + count) // (2 * count)
        offset = (count * self.centre - statistics.total).tolist()
        self.offsets = [w * r for w, r in zip(self.weights, offset, strict=True)]
        self.constant = sum(w * r for w, r in zip(self.offsets, offset, strict=True))
        self.block = BLOCK[depth]
        # What a digit must stay below, so that products with two pixels stay below `LIGHT`.
        self._light = int(LIGHT) >> 2 * depth
        self.bits, self.digits = self._plan(squares)
        largest = max(*self.offsets, -min(self.offsets))
        self._offset_digits = largest.bit_length() // self.bits + 1

    def _plan(self, squares: list[int]) -> tuple[int, int]:
        """Return the bits of a digit, and how many digits most weights are cut into.

        So that rows of up to four times the mean energy fit a block. Blocks are halved for others:
        this is about speed alone.
        """
        room = 51 - math.log2(self.block)
        # Mean squares of deviations, alone and times the weight.
        square = math.log2(sum(squares) / len(squares)) - 2 * math.log2(self.count)
        energy = self.exponent - 2 * math.log2(self.count)
        most = min(MOST_DIGIT_BITS, self._light.bit_length() - 1)
        bits = min(most, int(room - max(square, 0.0)))
        return bits, 1 + max(0, math.ceil((energy - room) / bits))

    def blocks(self) -> Iterator[Block]:
        """Yield the features in blocks: in order, less those of heavy weights, then these.

        Nearly constant features have weights so large that a product might not be exact; these are
        cut into more digits.
        """
        heaviest = self._light << self.bits * (self.digits - 1)
        heavy = [f for f, weight in enumerate(self.weights) if weight >= heaviest]
        for start in range(0, self.features, self.block):
            columns = slice(start, min(start + self.block, self.features))
            weights = [weight * (weight < heaviest) for weight in self.weights[columns]]
            offsets = [r * (w > 0) for r, w in zip(self.offsets[columns], weights, strict=True)]
            yield self._block(columns, weights, offsets, self.digits)
        for start in range(0, len(heavy), self.block):
            some = heavy[start : start + self.block]
            weights = [self.weights[f] for f in some]
            digits = self.digits
            while max(weights) >= self._light << self.bits * (digits - 1):
                digits += 1
            yield self._block(np.array(some), weights, [self.offsets[f] for f in some], digits)

    def _block(self, columns: Any, weights: list[int], offsets: list[int], digits: int) -> Block:
        """Return a block whose weights have so many digits."""
        return Block(
            columns,
            self.centre[columns].astype(np.float64),
            digits_of(weights, self.bits, digits).astype(np.float64),
            digits_of(offsets, self.bits, self._offset_digits).astype(np.float64),
        )
