"""exp and tanh are the nearest doubles, by exact integers, by mpmath, and on every path."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from etcprops.exact import _elementary

Doubles = NDArray[np.float64]
FUNCTIONS = {
    "exp": (_elementary.exp, _elementary.exact_exp, mpmath.exp),
    "tanh": (_elementary.tanh, _elementary.exact_tanh, mpmath.tanh),
}
RANGES: dict[str, Callable[[np.random.Generator, int], NDArray[Any]]] = {
    "of kernels": lambda rng, n: -3 * rng.random(n),
    "all of exp": lambda rng, n: rng.uniform(-746, 710, n),
    "subnormal results": lambda rng, n: rng.uniform(-745.5, -708, n // 10),
    "all of tanh": lambda rng, n: rng.uniform(-19.5, 19.5, n),
    "below the table": lambda rng, n: rng.uniform(-0.008, 0.008, n),
    "every exponent": lambda rng, n: np.ldexp(rng.uniform(-1, 1, n), rng.integers(-1074, 11, n)),
    "points of tables": lambda rng, n: np.ldexp(rng.integers(-2048, 2049, n) / 1024, 0),
    "next to steps of exp": lambda rng, n: rng.integers(-9999, 9999, n) * (math.log(2) / 16384),
}


def nearest(name: str, value: float) -> float:
    """Return mpmath's function, rounded once: its own float() rounds subnormal numbers twice."""
    if abs(value) > 800:  # mpmath would work out all digits
        return math.copysign(1.0, value) if name == "tanh" else math.inf if value > 0 else 0.0
    with mpmath.workprec(300):
        result = FUNCTIONS[name][2](mpmath.mpf(value))
    sign, mantissa, exponent, _ = result._mpf_
    try:
        return float((-1) ** sign * Fraction(mantissa) * Fraction(2) ** exponent)
    except OverflowError:
        return math.inf


def applied(name: str, values: Any) -> Doubles:
    result = np.array(values, dtype=np.float64)
    FUNCTIONS[name][0](result)
    return result


@pytest.mark.parametrize("drawn", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_random_arguments_get_the_nearest_double(
    name: str, drawn: Callable[[np.random.Generator, int], NDArray[Any]]
) -> None:
    count = 4 * settings().max_examples
    x = drawn(np.random.default_rng(count), count)
    expected = [nearest(name, value) for value in x.tolist()]
    assert applied(name, x).tolist() == expected
    assert [FUNCTIONS[name][1](value) for value in x.tolist()] == expected


@given(st.floats(allow_nan=False), st.sampled_from(sorted(FUNCTIONS)))
def test_any_double_gets_the_nearest_one(x: float, name: str) -> None:
    (result,) = applied(name, [x])
    assert result == nearest(name, x)
    assert math.copysign(1.0, result) == (1.0 if name == "exp" else math.copysign(1.0, x))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_the_bound_leaves_open_is_decided_by_integers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many arguments a few are open, some of which the fast path alone would round wrongly."""
    x = -3 * np.random.default_rng(0).random(200_000)
    right = applied(name, x)
    asked: list[float] = []
    exact = FUNCTIONS[name][1]

    def asking(value: float) -> float:
        asked.append(value)
        return exact(value)

    monkeypatch.setattr(_elementary, f"exact_{name}", asking)
    assert np.array_equal(applied(name, x), right)
    assert 10 < len(asked) < 1000
    # A number other than the nearest would be taken over as it is.
    monkeypatch.setattr(_elementary, f"exact_{name}", lambda _: 7.0)
    assert np.count_nonzero(applied(name, x) == 7.0) == len(asked)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_without_the_bound_some_results_would_be_wrong(name: str) -> None:
    """A control: where it is open, the fast path is wrong now and then, and nowhere else."""
    x = np.random.default_rng(1).uniform(-3, -0.001, 100_000)
    fast = getattr(_elementary, f"_fast_{name}")
    alone = np.empty_like(x)
    undecided = fast(x, alone, list(np.empty((5, x.size))))
    wrong = np.flatnonzero(alone != applied(name, x))
    assert wrong.size
    assert set(wrong.tolist()) < set(undecided.tolist())


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("largest", [2.0**-8, 2.0**-7, 2.0**-4, 16.0])
def test_few_are_open_at_any_size(name: str, largest: float) -> None:
    x = largest * (np.random.default_rng(2).random(20_000) / 2 - 1)
    fast = getattr(_elementary, f"_fast_{name}")
    undecided = fast(x, np.empty_like(x), list(np.empty((5, x.size))))
    assert undecided.size < x.size / 100


@pytest.mark.parametrize("name", FUNCTIONS)
def test_monotone_from_one_double_to_the_next(name: str) -> None:
    for start in (-700.0, -19.1, -1.0, -0.03125, -(2.0**-7), -(2.0**-27), 2.0**-8, 0.6931471805):
        x = np.array(list(itertools.islice(neighbours(start), 2000)))
        assert (np.diff(applied(name, x)) >= 0).all()


def neighbours(start: float) -> Iterator[float]:
    """Yield doubles upwards, one unit in the last place after the other."""
    while True:
        yield start
        start = math.nextafter(start, math.inf)


def test_special_values() -> None:
    ends = (709.782712893384, 709.7827128933841, -745.1332191019411)
    special = [0.0, -0.0, math.inf, -math.inf, *ends]
    assert applied("exp", special).tolist() == [
        1.0, 1.0, math.inf, 0.0, 1.7976931348622732e308, math.inf, 5e-324,
    ]  # fmt: skip
    assert applied("exp", [-745.1332191019412, -1e300, 1e300]).tolist() == [0.0, 0.0, math.inf]
    assert applied("tanh", [math.inf, -math.inf, 5e-324, 19.06, 19.0625]).tolist() == [
        1.0, -1.0, 5e-324, 1 - 2.0**-53, 1.0,
    ]  # fmt: skip
    for name, (_, exact, _) in FUNCTIONS.items():
        assert np.isnan(applied(name, [np.nan, 0.0])).tolist() == [True, False]
        assert math.isnan(exact(math.nan))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_blocks_and_shapes_do_not_show(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(2).uniform(-9, 9, (7, 5, 3))
    whole = applied(name, x)
    monkeypatch.setattr(_elementary, "_BLOCK", 13)
    assert np.array_equal(applied(name, x), whole)
    assert applied(name, np.empty((0, 3))).shape == (0, 3)
    with pytest.raises(AssertionError, match="contiguous"):
        FUNCTIONS[name][0](x[:, ::2])
    assert np.array_equal(x, np.random.default_rng(2).uniform(-9, 9, (7, 5, 3)))


def test_tables_are_pairs_of_doubles_that_add_up() -> None:
    with mpmath.workprec(200):
        upper, lower = _elementary._table_of_exp()  # noqa: SLF001
        for j in range(0, 8192, 37):
            error = mpmath.mpf(2) ** (mpmath.mpf(j) / 8192) - float(upper[j]) - float(lower[j])
            assert abs(error) < 2.0**-106
        upper, lower, slope = _elementary._table_of_tanh()  # noqa: SLF001
        points = [2.0**e * (1 + j / 1024) for e in range(-7, 5) for j in range(1024)]
        assert len(upper) == 1 + len(points)
        for j in range(0, len(points), 97):
            exact = mpmath.tanh(mpmath.mpf(points[j]))
            assert abs(exact - float(upper[j + 1]) - float(lower[j + 1])) < 2.0**-106
            assert abs(1 - exact**2 - float(slope[j + 1])) <= abs(1 - exact**2) * 2.0**-53


# --- What is computed once, and kept


@pytest.mark.parametrize("divisor", [2, 3, 26, 4801])
def test_the_series_of_inverse_tangents_is_summed_to_some_units(divisor: int) -> None:
    with mpmath.workprec(300):
        exact = mpmath.atanh(mpmath.mpf(1) / divisor) * 2**192
        found = _elementary._inverse_hyperbolic(divisor, 192)  # noqa: SLF001
        assert abs(found - exact) <= 200


def test_numbers_become_sums_of_two_doubles() -> None:
    one = 1 << 192
    rng = np.random.default_rng(0)
    values = [one, one + 1, 2 * one - 1, *(one + int.from_bytes(rng.bytes(24)) for _ in range(20))]
    upper, lower = _elementary._pairs(values)  # noqa: SLF001
    for value, high, low in zip(values, upper, lower, strict=True):
        assert high == value / one
        assert abs(Fraction(value, one) - Fraction(high) - Fraction(low)) < Fraction(1, 2**105)
