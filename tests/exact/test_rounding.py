"""Integers in digits: carried without a change of value, and rounded as Python rounds integers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops.exact._rounding import MOST_BITS, carry, digits_of, nearest


def value_of(digits: NDArray[np.int64] | list[NDArray[np.int64]], bits: int) -> list[int]:
    """Return the integers that digits stand for."""
    return [
        sum(int(digit) << bits * d for d, digit in enumerate(column))
        for column in np.transpose(digits).tolist()
    ]


def hard_numbers() -> list[int]:
    """Return integers around powers of two, and halfway between doubles, of either sign."""
    numbers = {0, 1}
    for length in range(1, 140):
        power = 1 << length
        numbers |= {power - 1, power, power + 1, 3 * power, power - (power >> 53)}
        for tail in (1, 2, 53, 54, 55, 61, 62):
            half = (power >> 53) + (power >> 54)  # odd doubles and even ones
            numbers |= {power + half, power + (power >> 54), power + half + (power >> tail)}
            numbers |= {power + (power >> 54) + 1, power + half - 1, power - (power >> tail)}
    return sorted(numbers | {-number for number in numbers})


@pytest.mark.parametrize("bits", [8, 21, 26, 27])
def test_the_nearest_double_is_that_of_python(bits: int) -> None:
    numbers = hard_numbers()
    for count in (-(-140 // bits) + 1, max(2, -(-90 // bits))):
        fitting = [n for n in numbers if abs(n) >> bits * (count - 1) < 1 << MOST_BITS - 1]
        digits = digits_of(fitting, bits, count)
        assert value_of(digits, bits) == fitting
        assert all((digit >= 0).all() and (digit < 1 << bits).all() for digit in digits[:-1])
        # One at a time as well: others in the array decide which way is taken.
        assert nearest(list(digits), bits).tolist() == [float(n) for n in fitting]
        for n, column in zip(fitting[::17], digits.T[::17], strict=True):
            assert nearest(list(column[:, None]), bits).tolist() == [float(n)]


@pytest.mark.parametrize("bits", [1, 21, 27])
def test_carried_digits_stand_for_the_same(bits: int) -> None:
    digits = list(np.random.default_rng(bits).integers(-(2**60), 2**60, (5, 40)))
    before = value_of(digits, bits)
    carry(digits, bits)
    assert value_of(digits, bits) == before
    assert all((digit >= 0).all() and (digit < 1 << bits).all() for digit in digits[:-1])
