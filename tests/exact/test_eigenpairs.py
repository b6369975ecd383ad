"""Eigenpairs of the matrix alone: correctly rounded, whatever the start and its errors."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import eigh, expm

from etcprops.exact import _digits, _eigenpairs
from etcprops.exact._eigenpairs import eigenpairs

Floats = NDArray[np.float64]


# --- Against 70 digits of another library


def _rounded(number: mpmath.mpf, smallest: int) -> float:
    """Return the nearest double, or the nearest multiple of ``2**smallest`` where that is more."""
    if not number:
        return 0.0
    unit = max(int(mpmath.frexp(number)[1]) - 53, smallest)
    return float(mpmath.ldexp(mpmath.nint(mpmath.ldexp(number, -unit)), unit))


def _signed(vectors: Floats) -> Floats:
    """Return vectors in whose columns the entry of largest magnitude is positive."""
    leading = vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])]
    return np.asarray(vectors * np.sign(leading))


def _reference(A: Floats, clusters: list[list[int]]) -> tuple[Floats, Floats]:
    """Return the eigenpairs of a definite matrix, with the rule for equal eigenvalues."""
    m = len(A)
    with mpmath.workdps(70):
        values, vectors = mpmath.eigsy(mpmath.matrix(A.tolist()))
        order = sorted(range(m), key=lambda j: -values[j])
        columns = [vectors[:, j] for j in order]
        for indices in clusters:
            V = mpmath.matrix([[columns[j][i] for j in indices] for i in range(m)])
            golden = [Fraction((2654435769 * (i + 1) % 2**32) ** 2 >> 44, 2**20) for i in range(m)]
            W = mpmath.diag([mpmath.mpf(w.numerator) / w.denominator for w in golden])
            _, rotation = mpmath.eigsy(V.T * W * V)
            for i, j in enumerate(reversed(indices)):
                columns[j] = V * rotation[:, i]
        exponent = int(np.frexp(np.abs(A).max())[1])
        rounded = [_rounded(values[j], exponent - 62) for j in order]
        entries = [[_rounded(column[i], -62) for column in columns] for i in range(m)]
    return np.array(rounded), _signed(np.array(entries))


def _with_eigenvalues(values: list[float], seed: int) -> Floats:
    """Return a matrix with such eigenvalues, up to rounding."""
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.standard_normal((len(values), len(values))))
    A: Floats = (Q * values) @ Q.T
    return np.asarray(A + A.T)


def _of_noise(m: int, seed: int) -> Floats:
    X = np.random.default_rng(seed).integers(-999, 999, (m, m + 1)).astype(float)
    return np.asarray(X @ X.T)


def _circulant(m: int) -> Floats:
    row = np.round(np.cos(2 * np.pi * np.arange(m) / m), 2)
    row[0] += 2
    return np.array([[row[(i - j) % m] for j in range(m)] for i in range(m)])


CUBE = [[1, 2, 3], [4, 5, 6]]
SMALL = {
    "one": (np.array([[3.0]]), []),
    "two": (np.array([[2.0, 1.0], [1.0, 2.0]]), []),
    "noise": (_of_noise(14, 0), []),
    "tiny": (np.ldexp(_of_noise(5, 1), -600), []),
    "huge": (np.ldexp(_of_noise(5, 1), 600), []),
    "subnormal": (np.ldexp(_of_noise(3, 2), -1070), []),
    "range of magnitudes": (np.diag([1.0, 3e-9, 5e-14]) + 1e-17, []),
    "zeros": (np.kron(np.diag([1.0, 2.0, 3.0]), _of_noise(2, 3)), []),
    **{
        f"close to {gap:.0e}": (_with_eigenvalues([5, 4, 4 - gap, 2, 2 - gap, 2 - 3 * gap], 4), [])
        for gap in (1e-6, 1e-9, 1e-12, 1e-14)
    },
    "identity": (np.eye(5), [[0, 1, 2, 3, 4]]),
    "equidistant rows": (np.full((6, 6), -1.0) + 8 * np.eye(6), [[0, 1, 2, 3, 4]]),
    "circulant": (_circulant(4), [[0, 1]]),
    "hypercube": (np.exp2([[-(i ^ j).bit_count() for j in range(8)] for i in range(8)]), CUBE),
    "block twice": (np.kron(np.eye(2), _of_noise(3, 5)), [[0, 1], [2, 3], [4, 5]]),
    "ends halfway": (np.array([[1.0, 2.0**-53], [2.0**-53, 1.0]]), []),
}


@pytest.mark.parametrize(("A", "clusters"), SMALL.values(), ids=SMALL)
def test_values_and_vectors_are_correctly_rounded(A: Floats, clusters: list[list[int]]) -> None:
    values, vectors = eigenpairs(A)
    expected_values, expected_vectors = _reference(A, clusters)
    np.testing.assert_array_equal(values, expected_values)
    np.testing.assert_array_equal(vectors, expected_vectors)


# --- Whatever the start


def _disturbed(size: float, driver: Any = "evd") -> Callable[[Floats], tuple[Floats, Floats]]:
    """Return a decomposition by LAPACK with errors of some size, the vectors turned."""

    def start(A: Floats) -> tuple[Floats, Floats]:
        values, vectors = eigh(A, driver=driver)
        rng = np.random.default_rng(0)
        turn = rng.standard_normal(A.shape) * size / np.sqrt(len(A))
        values = values + size * np.abs(values).max() * rng.standard_normal(len(A))
        order = np.argsort(-values)
        return values[order], np.ascontiguousarray((vectors @ expm(turn - turn.T))[:, order])

    return start


def _gaussian(m: int) -> Floats:
    x = np.arange(m) / m
    return np.asarray(np.exp(-((x[:, None] - x) ** 2)))


LARGER: dict[str, tuple[Floats, dict[str, Any]]] = {
    "noise": (_of_noise(130, 6), {}),
    "a few": (_of_noise(130, 6), {"count": 7}),
    "cut": (_of_noise(60, 7), {"above": 1e7}),
    "equidistant rows": (np.eye(40) - 1 / 64, {"count": 11}),
    "fast decay": (_gaussian(50), {"above": 1e-12}),
    "close": (_with_eigenvalues([3 - 1e-13 * i**2 for i in range(30)], 8), {}),
    "low rank": (_of_noise(60, 9)[:, :9] @ _of_noise(60, 9)[:, :9].T / 2**20, {"above": 1.0}),
    "indefinite": (_of_noise(30, 10) - 10**7 * np.eye(30), {}),
    "nothing": (-_of_noise(9, 11), {}),
}


@pytest.mark.parametrize(("A", "options"), LARGER.values(), ids=LARGER)
def test_the_start_does_not_show(
    monkeypatch: pytest.MonkeyPatch, A: Floats, options: dict[str, Any]
) -> None:
    # There is something to show.
    assert not np.array_equal(_disturbed(0)(A)[1], _disturbed(1e-13)(A)[1])
    values, vectors = eigenpairs(A, **options)
    residuals = np.linalg.norm(A @ vectors - vectors * values, axis=0)
    assert (residuals <= 1e-13 * len(A) * np.abs(A).max()).all()
    for start in (_disturbed(0, "ev"), _disturbed(0, "evr"), _disturbed(1e-13)):
        monkeypatch.setattr(_eigenpairs, "_start", start)
        again = eigenpairs(A, **options)
        np.testing.assert_array_equal(values, again[0])
        np.testing.assert_array_equal(vectors, again[1])


def test_a_missed_eigenvalue_is_found_out() -> None:
    A = np.ldexp(_of_noise(12, 12), -27)  # below 1/2
    values, vectors = _eigenpairs._start(A)  # noqa: SLF001
    groups = [np.array([j]) for j in range(3)]
    problem = _eigenpairs._Problem(A, _eigenpairs._split(A), values, vectors, groups)  # noqa: SLF001
    assert problem.solve(3, np.inf)
    assert problem._rest_below(values[3:5].mean()) is False  # noqa: SLF001
    floor = values[2:4].mean()
    assert problem._rest_below(floor)  # noqa: SLF001
    assert not problem._apart(values[2])  # noqa: SLF001  # the third may be one below the floor
    problem.numbers[1] = 0.0  # as if the second had not been seen
    assert not problem._rest_below(floor)  # noqa: SLF001
    problem.exact[1] = problem.exact[0]  # or the first had been seen twice
    assert not problem._apart(floor)  # noqa: SLF001


def test_what_is_not_rounded_is_at_most_the_limit_with_its_error() -> None:
    A = np.ldexp(_of_noise(6, 12), -26)
    values, vectors = _disturbed(1e-3)(A)
    groups = [np.array([j]) for j in range(6)]

    def solved(limit: float) -> tuple[bool, _eigenpairs._Problem]:
        split = _eigenpairs._split(A)  # noqa: SLF001
        problem = _eigenpairs._Problem(A, split, values.copy(), vectors.copy(), groups)  # noqa: SLF001
        return problem.solve(2, limit), problem

    proved, problem = solved(np.inf)
    assert proved
    assert (problem.gaps > 0).all()
    number, error = problem.numbers[2], problem.errors[2]
    assert number + error / 2 > number  # it was not refined further than needed
    assert not solved(number)[0]
    assert not solved(number + error / 2)[0]
    assert solved(number + 2 * error)[0]


@pytest.mark.parametrize("count", [2, None])
def test_an_eigenvalue_that_looks_too_small_is_found(
    monkeypatch: pytest.MonkeyPatch, count: int | None
) -> None:
    A = np.diag([4.0, 2.0, 2.0**-9])
    start = _eigenpairs._start  # noqa: SLF001

    def too_small(A: Floats) -> tuple[Floats, Floats]:
        values, vectors = start(A)
        values[1] *= 0.4  # less than half of what is asked for
        return values, vectors

    monkeypatch.setattr(_eigenpairs, "_start", too_small)
    np.testing.assert_array_equal(eigenpairs(A, count=count, above=1.9)[0], [4.0, 2.0])


def test_zero_and_what_is_not_finite() -> None:
    values, vectors = eigenpairs(np.zeros((3, 3)))
    assert values.shape == (0,)
    assert vectors.shape == (3, 0)
    with pytest.raises(ValueError, match="infs or NaNs"):
        eigenpairs(np.full((2, 2), np.nan))


# --- Digits


def test_products_are_exact() -> None:
    rng = np.random.default_rng(13)
    X, Y = (np.asarray(rng.integers(-(2**52), 2**52, (5, 4)) / 2**53, float) for _ in range(2))
    digits = np.zeros((8, 4, 4), dtype=np.int64)
    left = _digits.digits(X.T, 3)
    _digits.add_matrix_product(digits, left, _digits.digits(Y, 3))
    _digits.carry(digits)
    for i in range(4):
        for j in range(4):
            exact = sum(Fraction(x) * Fraction(y) for x, y in zip(X[:, i], Y[:, j], strict=True))
            units = [Fraction(int(d), 2 ** (21 * (k + 1))) for k, d in enumerate(digits[:, i, j])]
            assert sum(units) == exact
            assert _digits.value(digits)[i, j] == pytest.approx(float(exact), rel=2**-50)


def test_carried_digits_are_small_and_mean_the_same() -> None:
    digits = np.random.default_rng(0).integers(-(2**40), 2**40, (6, 50))
    digits[0] >>= 30
    before = [sum(int(d) << 21 * (5 - i) for i, d in enumerate(column)) for column in digits.T]
    _digits.carry(digits)
    assert np.abs(digits[1:]).max() <= 2**20
    assert [
        sum(int(d) << 21 * (5 - i) for i, d in enumerate(column)) for column in digits.T
    ] == before


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("length", [1, 30, 52, 53, 54, 57, 61, 62])
def test_rounding_and_its_doubts(length: int, sign: int) -> None:
    # Twice a number is an integer of such a length in units of 2**-62, plus a rest.
    rng = np.random.default_rng(length)
    step = 1 << max(length - 53, 0)
    for whole in (
        2 ** (length - 1),
        2**length - 1,
        int(rng.integers(2 ** (length - 1), 2**length)),
    ):
        for rest in (Fraction(0), Fraction(step, 2), Fraction(step, 2) + Fraction(1, 2**20)):
            number = sign * (whole // step * step + rest)
            scaled = number * 2 ** (168 - 63)
            assert scaled.denominator == 1
            digits = np.zeros((8, 1, 1), dtype=np.int64)
            remaining = int(scaled)
            for i in range(7, 0, -1):
                digits[i] = (remaining + 2**20) % 2**21 - 2**20
                remaining = (remaining - int(digits[i, 0, 0])) >> 21
            digits[0] = remaining
            rounded, doubtful = _digits.rounded(digits, np.array([2.0**-90]))
            unit = max(int(abs(number)).bit_length() - 53, 0)
            expected = round(number / 2**unit) * 2**unit  # to even
            assert rounded[0, 0] == float(expected) * 2.0**-62
            assert doubtful[0, 0] == (rest == Fraction(step, 2))
            nearest, doubt = _digits.nearest(int(scaled), 168, 2.0**-91)
            assert nearest == float(expected) * 2.0**-63
            assert doubt == (rest == Fraction(step, 2))
