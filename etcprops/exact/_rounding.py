"""Integers of several digits, in arrays, and the double that is nearest to each.

Digits come with the lowest first. The last of them has the sign, and may be larger; once they are
carried the others lie in ``[0, 2**bits)``, so that an integer has one representation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BITS = 62  # of the integers that become doubles


def digits_of(numbers: list[int], bits: int, count: int) -> NDArray[np.int64]:
    """Return `count` digits of each number, shape (count, numbers)."""
    mask, last = (1 << bits) - 1, bits * (count - 1)
    rows = [[number >> bits * d & mask for number in numbers] for d in range(count - 1)]
    return np.array([*rows, [number >> last for number in numbers]], dtype=np.int64)


def carry(digits: list[NDArray[np.int64]], bits: int) -> None:
    """Carry in place."""
    for d in range(len(digits) - 1):
        digits[d + 1] += digits[d] >> bits
        digits[d] &= (1 << bits) - 1


def nearest(digits: list[NDArray[np.int64]], bits: int) -> NDArray[np.float64]:
    """Return the doubles nearest to carried integers, ties to even.

    The highest bits are gathered in an integer below 2**62. Where some are left out it is 2**60
    at least, so that its last bit may say whether one of them is set: the conversion, which rounds
    to nearest, then decides as all of them would.
    """
    head = digits[-1].copy()
    left_out = np.zeros_like(head)  # how many bits
    rest = np.zeros(head.shape, dtype=np.bool_)
    for digit in digits[-2::-1]:
        largest = max(int(head.max()), -int(head.min()))
        if largest.bit_length() + bits <= MOST_BITS and not left_out.any():
            head <<= bits
            head |= digit
            continue
        # One bit more than there are where the double is rounded up, which does no harm.
        length = np.frexp(head.astype(np.float64))[1]
        room = np.where(left_out > 0, 0, np.clip(MOST_BITS - length, 0, bits))
        below = bits - room
        head <<= room
        head |= digit >> below
        rest |= (digit & ((np.int64(1) << below) - 1)) != 0
        left_out += below
    head |= rest
    return np.ldexp(head.astype(np.float64), left_out)
