"""What a key chooses of a map: permutations, codes, bits, and how many bits that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class DrawKind(StrEnum):
    """What a key chooses."""

    PERMUTATION = "permutation"
    CODES = "codes"
    BITS = "bits"
    WHOLE = "numbers that hang together"


@dataclass(frozen=True)
class Draw:
    """Numbers that one key chooses.

    Attributes
    ----------
    name : str
        What they are.
    kind : DrawKind
        Permutations, codes that are independent of each other, bits, or numbers that are not, whose
        evenness is not tested.
    values : ndarray of int64, shape (count,), or (m, count) for m permutations
        The numbers.
    bound : int
        How many values each can take.
    neutral : bool
        Whether they change nothing.
    """

    name: str
    kind: DrawKind
    values: Integers
    bound: int
    neutral: bool

    @property
    def bits(self) -> float:
        """log2 of the number of choices."""
        if self.kind is DrawKind.PERMUTATION:
            number, count = self.values.shape
            return float(number * math.lgamma(count + 1) / math.log(2))
        return float(self.values.size * math.log2(self.bound))


def permutation(name: str, order: Integers) -> Draw:
    """Return the draw of a permutation, or of several, shape (m, count)."""
    orders = np.atleast_2d(order)
    count = orders.shape[1]
    still = bool((orders == np.arange(count)).all())
    return Draw(name, DrawKind.PERMUTATION, orders, count, still)


def codes(name: str, values: Integers, bound: int) -> Draw:
    """Return the draw of codes below `bound`, of which 0 changes nothing."""
    kind = DrawKind.BITS if bound == 2 else DrawKind.CODES
    return Draw(name, kind, values, bound, not values.any())


def constant(values: Integers, axis: int) -> bool:
    """Tell whether values are the same along an axis."""
    return bool((values == values.take([0], axis=axis)).all())
