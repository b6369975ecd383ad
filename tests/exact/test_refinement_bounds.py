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
            before, R = state.X.copy(), state._residuals()  # noqa: SLF001
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
                # Products in doubles, and the residual before the correction.
                slip = (m + 8) * size * np.linalg.norm(A) * 2.0**-51
                slip += 2.0**-48 * np.linalg.norm(R[:, j])
                assert (1 - 1e-6) * slip <= bound
                slip += m * 2.0 ** (9 - POINT)  # the last digit
                assert bound <= 1.05 * (_norm(residual) + slip) / (2 - length**2)
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


def test_corrections_have_the_stated_errors() -> None:
    # The second vector is moved towards the first, and its residual is that of the move.
    A = np.diag([0.25, 0.125, 0.0625])
    state, m, size = _state(A, 0.0), 3, 2.0**-60
    X, trial = 2 * _digits.value(state.X), np.zeros((3, 3))
    trial[0, 1] = size
    R = -(A @ trial - trial * np.diag(A))
    _, residuals, after = state._tried(X, R, np.zeros(3), trial)  # noqa: SLF001
    last_digit = m * 2.0 ** (8 - POINT)
    slip = 2.0**-51 * (m + 8) * size * np.linalg.norm(A)
    np.testing.assert_allclose(residuals, np.array([0, slip, 0]) + last_digit, rtol=1e-14)
    moved = size**2 + 2.0**-50 * (m + 8) * size
    np.testing.assert_allclose(after, np.array([0, moved, 0]) + last_digit, rtol=1e-14)
    _, residuals, after = state._tried(X, R, np.full(3, -0.5), 0 * trial)  # noqa: SLF001
    np.testing.assert_allclose(after, 0.5 + 2.0**-50 * (m + 8) / 2, rtol=1e-15)
    assert (residuals == [last_digit, np.linalg.norm(R[:, 1]) + last_digit, last_digit]).all()


def test_clusters_have_the_stated_errors() -> None:
    # Exact vectors of two equal eigenvalues that are thought to be larger: nothing else is off.
    A = np.diag([0.25, 0.25, 0.0625])
    groups = [np.array([0, 1]), np.array([2])]
    values = np.diag(A).copy()
    problem = _eigenpairs._Problem(A, _eigenpairs._split(A), values, np.eye(3), groups)  # noqa: SLF001
    start = problem._start_of(problem.groups, 3, -np.inf)  # noqa: SLF001
    np.testing.assert_array_equal(start.clusters, [[0, 1]])
    start.values[:2] += 2.0**-10
    state = _State(problem.matrix, start)
    state.examine()
    each = ROUNDING * (2**2 * 2.0**-48 * 2.0**-10 + 3 * 2.0 ** (8 - POINT))
    np.testing.assert_allclose(state.errors[:2], 2 * np.sqrt(2) * each, rtol=1e-12)
    assert state.numbers() == [2 ** (POINT - 2), 2 ** (POINT - 2), 2 ** (POINT - 4)]


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
