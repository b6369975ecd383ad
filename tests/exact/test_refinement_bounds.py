"""Bounds of the refinement of eigenpairs against exact residuals, and against 70 digits."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops.exact import _digits, _eigenpairs
from etcprops.exact._refinement import POINT, ROUNDING, _State

Floats = NDArray[np.float64]


def _state(A: Floats, disturbance: float) -> _State:
    """Return the start of a refinement of all eigenpairs, from vectors with errors of some size."""
    values, vectors = _eigenpairs._start(A)  # noqa: SLF001
    noise = np.random.default_rng(0).standard_normal(A.shape)
    vectors = vectors + disturbance * noise
    groups = [np.array([j]) for j in range(len(A))]
    problem = _eigenpairs._Problem(A, _eigenpairs._split(A), values, vectors, groups)  # noqa: SLF001
    return _State(problem.matrix, problem._start_of(problem.groups, len(A), -np.inf))  # noqa: SLF001


def _matrix(m: int) -> Floats:
    X = np.random.default_rng(m).integers(-99, 99, (m, m + 1)).astype(float)
    return np.asarray(np.ldexp(X @ X.T, -int(np.frexp((X @ X.T).max())[1]) - 1))


def _numbers(digits: NDArray[np.int64]) -> list[list[Fraction]]:
    """Return digits of an array of two dimensions as the numbers they are."""
    places = range(1, len(digits) + 1)
    weights = [Fraction(1, 2 ** (_digits.BITS * place)) for place in places]
    return [
        [
            sum((int(d) * w for d, w in zip(digits[:, i, j], weights, strict=True)), Fraction(0))
            for j in range(digits.shape[2])
        ]
        for i in range(digits.shape[1])
    ]


def _norm(values: list[Fraction]) -> mpmath.mpf:
    square = sum((v * v for v in values), Fraction(0))
    return mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator)


@pytest.mark.parametrize("disturbance", [0.0, 1e-9, 1e-3])
@pytest.mark.parametrize("m", [2, 5, 11])
def test_errors_are_residuals_and_what_rounds_in_them(m: int, disturbance: float) -> None:
    A = _matrix(m)
    state, shares = _state(A, disturbance), []
    exact = [[Fraction(value) for value in row] for row in A.tolist()]
    with mpmath.workdps(70):
        values, vectors = mpmath.eigsy(mpmath.matrix(A.tolist()))
        order = sorted(range(m), key=lambda j: -values[j])
        for step in range(3):
            before = state.X.copy()
            better, vector_errors, correction = state.examine()
            X, moved = _numbers(2 * better), _numbers(2 * (better - before))
            numbers = [Fraction(number, 2**POINT) for number in state.numbers()]
            for j in range(m):
                column = [row[j] for row in X]
                residual = [
                    sum((a * x for a, x in zip(row, column, strict=True)), Fraction(0))
                    - numbers[j] * x
                    for row, x in zip(exact, column, strict=True)
                ]
                length = _norm(column)
                size = _norm([row[j] for row in moved])
                true, bound = _norm(residual) / length, mpmath.mpf(float(state.errors[j]))
                assert true <= bound
                # Products in doubles, the residual itself, the last digit.
                slip = (m + 8) * size * np.linalg.norm(A) * 2.0**-51 + m * 2.0 ** (9 - POINT)
                slip += 2.0**-47 * (_norm(residual) + size)
                excess = abs(length**2 - 1)
                assert bound <= (1 + 2.0**-20) * ROUNDING * (true + slip) / (1 - 2 * excess)
                v = vectors[:, order[j]]
                sign = mpmath.sign(sum(float(x) * v[i] for i, x in enumerate(column)))
                apart = mpmath.sqrt(
                    sum(
                        (mpmath.mpf(x.numerator) / x.denominator - sign * v[i]) ** 2
                        for i, x in enumerate(column)
                    )
                )
                shares.append(float(apart / vector_errors[j]))
                assert shares[-1] <= 1, (step, j)
                assert abs(
                    mpmath.mpf(numbers[j].numerator) / numbers[j].denominator - values[order[j]]
                ) <= mpmath.mpf(float(state.errors[j]))
            state.correct(correction)
    # The bounds are not idle: the first vectors came within a few times their errors.
    assert max(shares) > 0.05 or not disturbance
    if disturbance < 1e-6:  # each step multiplies errors by about that
        assert vector_errors.max() < 2.0**-60


@pytest.mark.parametrize("disturbance", [1e-9, 0.2])
def test_products_with_the_matrix_stay_exact(disturbance: float) -> None:
    A = _matrix(11)
    state = _state(A, disturbance)
    state.correct(state.examine()[2])
    X, products = _numbers(state.X), _numbers(state.AX)
    for row, computed in zip(A.tolist(), products, strict=True):
        exact = [Fraction(value) for value in row]
        for j, value in enumerate(computed):
            assert value == sum((a * x[j] for a, x in zip(exact, X, strict=True)), Fraction(0))


def test_of_a_matrix_of_many_digits_the_rest_is_bounded() -> None:
    A = np.array([[0.25, 2.0**-180], [2.0**-180, 0.125]])
    digits, truncation = _eigenpairs._split(A)  # noqa: SLF001
    assert len(digits) == 7
    assert truncation == 2 * 2.0 ** (-21 * 7)
