r"""The exponential function and the hyperbolic tangent, correctly rounded: one result anywhere.

NumPy's ``exp`` and ``tanh`` are chosen by the processor and differ in the last bit. Here lives
what is computed with ``+ - * /`` on arrays alone, each a ufunc call of its own, which IEEE 754
rounds in one way and nothing fuses. Each value comes with a proved bound of its error; where that
leaves open which double is the nearest, exact integers decide (Ziv 1991). So the result is defined
by mathematics, not by the steps: monotone, exact at 0, within half a unit in the last place.

Tables stand for the larger part of an argument (Tang 1989); they are made of integers, too.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]
    Places = NDArray[np.int64]

_BLOCK = 2**15  # entries per step: what a step works with stays in the second-level cache
_BITS = 192  # behind the point, of the integers that stand for real numbers
_STEPS = 2**13  # in the table of exp: 2**(j / _STEPS)
_NEAREST = 1.5 * 2.0**52  # added to a double, leaves the nearest integer in its low bits
_SPARE = 42  # of the 52 bits of a double's fraction, those that points of tanh's table lack
_FIRST, _ONE = 2.0**-7, 19.0625  # tanh's table begins; tanh is nearest to 1 from there on


def exp(values: Doubles) -> None:
    """Replace each value by its exponential, the nearest double.

    Parameters
    ----------
    values : ndarray of float64, C-contiguous
        Any doubles: where the exponential overflows it is infinite, and NaN stays.

    Examples
    --------
    >>> values = np.array([0.0, 1.0, -745.0, -800.0, 710.0])
    >>> exp(values)
    >>> values.tolist()
    [1.0, 2.718281828459045, 5e-324, 0.0, inf]
    """
    _replace(values, _fast_exp, exact_exp, -746.0, 710.0)


def tanh(values: Doubles) -> None:
    """Replace each value by its hyperbolic tangent, the nearest double.

    Parameters
    ----------
    values : ndarray of float64, C-contiguous
        Any doubles; NaN stays.

    Examples
    --------
    >>> values = np.array([-0.0, 0.5, -20.0, np.inf])
    >>> tanh(values)
    >>> values.tolist()
    [-0.0, 0.46211715726000974, -1.0, 1.0]
    """
    _replace(values, _fast_tanh, exact_tanh, -_ONE, _ONE)


def _replace(
    values: Doubles,
    fast: Callable[[Doubles, Doubles, list[Doubles]], Places],
    exact: Callable[[float], float],
    lowest: float,
    highest: float,
) -> None:
    """Let `fast` replace the values, constant beyond two ends, and `exact` those it leaves open."""
    if not values.flags.c_contiguous:
        raise AssertionError("values must be C-contiguous")
    flat = values.reshape(-1)
    buffers = [np.empty(min(_BLOCK, flat.size)) for _ in range(6)]
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        x, *work = (buffer[: part.size] for buffer in buffers)
        np.clip(part, lowest, highest, out=x)
        undecided = fast(x, part, work)
        if undecided.size:
            arguments, which = np.unique(x[undecided], return_inverse=True)
            part[undecided] = np.array([exact(value) for value in arguments.tolist()])[which]


def _fast_exp(x: Doubles, out: Doubles, work: list[Doubles]) -> Places:
    r"""Write exponentials to `out`, and return where it is open whether they are the nearest.

    With k next to :math:`x \cdot 8192 / \ln 2` and :math:`r = x - k \ln 2 / 8192`, the
    exponential is :math:`2^{\lfloor k / 8192\rfloor}` times :math:`T + T (e^r - 1)`, T the
    table's. Take :math:`T < 2` for its largest. Of the parts of :math:`\ln 2 / 8192` the first has
    29 bits, so its multiple and the difference are exact (Cody and Waite 1980, Sterbenz), and
    :math:`\lvert r\rvert < 2^{-14.5}`. To the error of the second term contribute: in r the
    rounding of the difference, :math:`2^{-68}`, and of the multiple of the second part,
    :math:`2^{-72}`; the series, cut behind :math:`r^4`, :math:`2^{-79}`; its last addition
    :math:`2^{-68}`, the others :math:`2^{-80}`; all this times T. Then the product
    :math:`2^{-67}`, the addition of the table's lower part :math:`2^{-67}`, that part's product
    with r, left out, :math:`2^{-67.5}`, and adding or subtracting the bound :math:`2^{-67}`. In
    all less than :math:`3 \cdot 2^{-66}`, which is the bound.
    """
    a, p, r, table, spare = work
    scaled, j = a.view(np.int64), spare.view(np.int64)
    coarse, fine = _parts_of_step()
    upper, lower = _table_of_exp()
    np.multiply(x, _STEPS / math.log(2.0), out=a)
    np.add(a, _NEAREST, out=a)
    k = np.subtract(a, _NEAREST, out=r)
    np.multiply(k, coarse, out=p)
    np.subtract(x, p, out=p)
    np.multiply(k, fine, out=r)
    np.subtract(p, r, out=r)
    np.multiply(r, 1 / 24, out=p)
    for coefficient in (1 / 6, 1 / 2):
        np.add(p, coefficient, out=p)
        np.multiply(p, r, out=p)
    np.multiply(p, r, out=p)
    np.add(p, r, out=p)
    np.bitwise_and(scaled, _STEPS - 1, out=j)
    np.take(upper, j, out=table, mode="clip")
    np.multiply(p, table, out=p)
    np.take(lower, j, out=r, mode="clip")
    np.add(p, r, out=p)
    bound = 3 * 2.0**-66
    np.add(p, bound, out=r)
    np.subtract(p, bound, out=p)
    np.add(table, r, out=r)
    np.add(table, p, out=p)
    undecided = np.flatnonzero(p != r)
    # The integer k // _STEPS, moved to the exponent's place: all bits above it are shifted out.
    np.subtract(scaled, j, out=scaled)
    np.left_shift(scaled, 52 - _STEPS.bit_length() + 1, out=scaled)
    np.add(p.view(np.int64), scaled, out=out.view(np.int64))
    if x.min() < -708.0 or x.max() > 709.0:  # the exponent leaves that of normal doubles
        undecided = np.union1d(undecided, np.flatnonzero((x < -708.0) | (x > 709.0)))
    return undecided


def _fast_tanh(x: Doubles, out: Doubles, work: list[Doubles]) -> Places:
    r"""Write tangents to `out`, and return where it is open whether they are the nearest.

    A size :math:`a = c + d` is cut, exactly, at the nearest point c of 11 significant bits, so
    :math:`\lvert d\rvert \le 2^{-11} c`, and

    .. math:: \tanh a = T + (1 - T^2) \frac{t}{1 + T t}, \qquad T = \tanh c, \; t = \tanh d.

    Below the table, where c and T are 0, d itself stands for the first term and :math:`t - d` for
    the second. Six roundings of :math:`2^{-53}` go into the second term, relative to it: that of
    the addition of d to the series, the addition of 1, the division, the slope, the product, the
    addition of the table's lower part; those in the series itself count :math:`2^{-15}` of that,
    or, below the table, are five in place of the six. Adding and subtracting the bound is one more.
    The series is cut behind :math:`d^9`, which leaves :math:`2^{-60}` of it for
    :math:`\lvert d\rvert \le 2^{-7}`. The lower part is rounded by :math:`2^{-53}` and, in the
    addition, once more. The bound is :math:`2^{-50}` of the second term and :math:`2^{-52}` of the
    lower part.
    """
    d, t, term, first, spare = work
    j = spare.view(np.int64)
    upper, lower, slope = _table_of_tanh()
    size = np.abs(x, out=term)
    np.add(size.view(np.int64), 1 << (_SPARE - 1), out=j)
    np.right_shift(j, _SPARE, out=j)
    np.left_shift(j, _SPARE, out=first.view(np.int64))
    base = int(np.float64(_FIRST).view(np.int64)) >> _SPARE
    np.subtract(j, base - 1, out=j)
    np.maximum(j, 0, out=j)
    below = np.flatnonzero(j == 0)
    first[below] = 0.0
    np.subtract(size, first, out=d)
    w = np.multiply(d, d, out=first)
    series = (62 / 2835, -17 / 315, 2 / 15, -1 / 3)
    np.multiply(w, series[0], out=t)
    for coefficient in series[1:]:
        np.add(t, coefficient, out=t)
        np.multiply(t, w, out=t)
    np.multiply(t, d, out=t)
    of_small, small = t[below], d[below]
    np.add(t, d, out=t)
    np.take(upper, j, out=first, mode="clip")
    np.multiply(first, t, out=term)
    np.add(term, 1.0, out=term)
    np.divide(t, term, out=t)
    np.take(slope, j, out=term, mode="clip")
    np.multiply(term, t, out=term)
    np.take(lower, j, out=d, mode="clip")
    term[below], first[below] = of_small, small
    np.add(term, d, out=t)
    np.abs(term, out=term)
    np.multiply(term, 2.0**-50, out=term)
    np.abs(d, out=d)
    np.multiply(d, 2.0**-52, out=d)
    bound = np.add(term, d, out=term)
    np.add(t, bound, out=d)
    np.subtract(t, bound, out=t)
    np.add(first, d, out=d)
    np.add(first, t, out=t)
    np.copysign(t, x, out=out)
    return np.flatnonzero(t != d)


def exact_exp(x: float) -> float:
    """Return the double nearest to the exponential of `x`, from integers alone.

    Examples
    --------
    >>> exact_exp(1.0)
    2.718281828459045
    """
    if math.isnan(x):
        return x
    # But for x = 0 it is no fraction, so at some accuracy both ends are on one side of a midpoint.
    for bits in itertools.count(128, 128):
        exponent, *ends = _enclose_exp(x, bits)
        low, high = (
            _quotient(end << max(exponent, 0), 1 << bits - min(exponent, 0)) for end in ends
        )
        if low == high:
            return low
    raise AssertionError


def exact_tanh(x: float) -> float:
    """Return the double nearest to the hyperbolic tangent of `x`, from integers alone.

    Examples
    --------
    >>> exact_tanh(0.5)
    0.46211715726000974
    """
    size = abs(x)
    if not size > 2.0**-27:  # x**3 / 3 is less than half of what would be rounded away
        return x
    for bits in itertools.count(128, 128):
        exponent, *ends = _enclose_exp(2 * size, bits)
        low, high = (_quotient(*_tanh_of_half(end << exponent, bits)) for end in ends)
        if low == high:
            return math.copysign(low, x)
    raise AssertionError


def _quotient(numerator: int, denominator: int) -> float:
    """Return a quotient of integers, which Python rounds to the nearest double, or infinity."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf


def _tanh_of_half(power: int, bits: int) -> tuple[int, int]:
    """Return the fraction ``(e - 1) / (e + 1)`` for the exponential ``e = power / 2**bits``."""
    one = 1 << bits
    return power - one, power + one


def _enclose_exp(x: float, bits: int) -> tuple[int, int, int]:
    """Return e, low and high with ``low <= 2**bits * exp(x) / 2**e <= high``.

    For magnitudes up to 1,100: the logarithm is taken at most 2**24 times with an error of 2**6
    units, the table's entries have errors of 2**14 units, the series one of 2**6.
    """
    numerator, denominator = x.as_integer_ratio()
    argument = (numerator << bits) // denominator
    k = argument * _STEPS // _log_2(bits)
    exponent, j = divmod(k, _STEPS)
    rest = argument - k * _log_2(bits) // _STEPS
    value = _series_of_exp(rest, bits) * _powers(bits)[j] >> bits
    return exponent, value - 2**32, value + 2**32


def _series_of_exp(x: int, bits: int) -> int:
    """Return the exponential, both as multiples of ``2**-bits``, to some units."""
    total = term = 1 << bits
    count = 0
    while term:
        count += 1
        term = (term * x >> bits) // count
        total += term
    return total


@lru_cache
def _log_2(bits: int) -> int:
    """Return ``2**bits * log(2)`` to some units, by a formula of Machin's kind."""
    terms = ((18, 26), (-2, 4801), (8, 8749))
    return sum(factor * _inverse_hyperbolic(divisor, bits) for factor, divisor in terms)


def _inverse_hyperbolic(divisor: int, bits: int) -> int:
    """Return ``2**bits * atanh(1 / divisor)`` to some units."""
    total = term = (1 << bits) // divisor
    count = 1
    while term:
        term //= divisor**2
        count += 2
        total += term // count
    return total


@lru_cache
def _powers(bits: int) -> list[int]:
    """Return ``2**bits * 2**(j / _STEPS)`` for all j, each the one before times a root of two."""
    root = _series_of_exp(_log_2(bits) // _STEPS, bits)
    multiply = lambda power, _: power * root >> bits  # noqa: E731
    return list(itertools.accumulate(range(_STEPS - 1), multiply, initial=1 << bits))


@lru_cache
def _parts_of_step() -> tuple[float, float]:
    """Return ``log(2) / _STEPS`` as a double of 29 bits and another."""
    coarse = _log_2(_BITS) >> _BITS - 29
    fine = _log_2(_BITS) - (coarse << _BITS - 29)
    return coarse / (_STEPS << 29), fine / (_STEPS << _BITS)


@lru_cache
def _table_of_exp() -> tuple[Doubles, Doubles]:
    """Return ``2**(j / _STEPS)`` as sums of two doubles."""
    return _pairs(_powers(_BITS))


@lru_cache
def _table_of_tanh() -> tuple[Doubles, Doubles, Doubles]:
    """Return tanh at 0 and at its table's points, as sums of two doubles, and the slope there."""
    one = 1 << _BITS
    values, slopes = [0], [one]
    step = _FIRST
    while step < _ONE:
        for j in range(1 << 52 - _SPARE):
            exponent, power, _ = _enclose_exp(2 * step * (1 + j / (1 << 52 - _SPARE)), _BITS)
            above, below = _tanh_of_half(power << exponent, _BITS)
            values.append((above << _BITS) // below)
            slopes.append(one - (values[-1] ** 2 >> _BITS))
        step *= 2
    return *_pairs(values), np.array([slope / one for slope in slopes])


def _pairs(values: list[int]) -> tuple[Doubles, Doubles]:
    """Return multiples of ``2**-_BITS`` as sums of two doubles."""
    one = 1 << _BITS
    upper = [value / one for value in values]
    lower = [
        (value - int(math.ldexp(high, 64)) * (one >> 64)) / one
        for value, high in zip(values, upper, strict=True)
    ]
    return np.array(upper), np.array(lower)
