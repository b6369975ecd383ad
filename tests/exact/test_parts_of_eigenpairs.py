"""Parts of the search for eigenpairs on their own, where a neighbouring rule would differ."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops.exact import (
    _digits,
    _eigenpairs,
    _refinement,
)
from etcprops.exact._eigenpairs import eigenpairs
from etcprops.exact._refinement import POINT, ROUNDING

Floats = NDArray[np.float64]


def apart(distance: float, errors: list[float], gap: float, found: int = 2) -> bool:
    """Ask whether two eigenvalues are as far from each other, and from 0, as was assumed."""
    problem = SimpleNamespace(
        groups=[_eigenpairs._Group(np.arange(2), 0.0, np.zeros(2), [])],  # noqa: SLF001
        found=found,
        exact=[2**POINT, 2**POINT - int(distance * 2**POINT)],
        errors=np.array(errors),
        gaps=np.array([gap, 0.0]),
    )
    return _eigenpairs._Problem._apart(problem, -1.0)  # type: ignore[arg-type]  # noqa: SLF001


def test_eigenvalues_are_apart_by_the_gap_and_both_their_errors() -> None:
    assert apart(0.5, [0.125, 0.125], 0.25)
    assert not apart(0.5, [0.125, 0.125 + 2.0**-40], 0.25)
    assert not apart(0.5, [0.125, 0.125], 0.25 + 2.0**-40)


def test_the_rest_is_shifted_by_what_may_have_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Floats] = []
    monkeypatch.setattr(_eigenpairs, "cholesky", lambda M, **_: given.append(M.copy()))
    A = np.diag([0.25, 0.125, 0.0])
    problem = SimpleNamespace(A=A, rounded=np.eye(3)[:, :1], numbers=np.array([0.25]))
    floor = 0.1875
    assert _eigenpairs._Problem._rest_below(problem, floor)  # type: ignore[arg-type]  # noqa: SLF001
    rest = np.diag([floor, floor - 0.125, floor])
    size = 0.25 + np.linalg.norm(A) + floor
    shift = ((1 + 8) * size + (3 + 8) * np.trace(rest)) * 2.0**-52
    np.testing.assert_allclose(np.diag(rest - given[0]), shift, rtol=0.02)
    assert not given[0][~np.eye(3, dtype=bool)].any()


def test_as_many_eigenvalues_as_are_asked_for() -> None:
    for count, found in ((None, [4.0, 2.0, 1.0]), (2, [4.0, 2.0]), (5, [4.0, 2.0, 1.0])):
        assert eigenpairs(np.diag([1.0, 4.0, 2.0]), count)[0].tolist() == found


def test_products_leave_out_what_is_beyond_the_last_digit() -> None:
    A, B = np.full((2, 1, 1), 3.0), np.full((3, 1, 1), 5.0)
    for first in range(4):
        out = np.zeros((4, 1, 1), dtype=np.int64)
        _digits.add_matrix_product(out, A, B, first)
        places = [first + i + j + 1 for i in range(2) for j in range(3)]
        assert out.ravel().tolist() == [15 * places.count(place) for place in range(4)]


def test_zeros_between_digits_are_used() -> None:
    X = np.zeros((_refinement.MOST, 1, 1), dtype=np.int64)
    X[[0, 3]] = 1
    used = _refinement._State._used(SimpleNamespace(X=X))  # type: ignore[arg-type]  # noqa: SLF001
    assert used.ravel().tolist() == [1, 0, 0, 1]
    none = SimpleNamespace(X=0 * X)
    assert len(_refinement._State._used(none)) == 1  # type: ignore[arg-type]  # noqa: SLF001


@pytest.mark.parametrize("overlap", [0.0, 2.0**-25, 0.25])
def test_a_cluster_has_the_stated_error_within_its_span(overlap: float) -> None:
    # Two vectors that are those of the weights, but for a rotation by a small angle.
    angle, weights, outside = 2.0**-20, np.array([1 << 19, 1 << 17]), 2.0**-30
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned[:, 1] += overlap * turned[:, 0]
    state = SimpleNamespace(
        matrix=SimpleNamespace(weights=weights), errors=np.zeros(2),
        _used=lambda: _digits.digits(turned / 2, 4).astype(np.int64),
    )  # fmt: skip
    excess = np.full(2, 2.0**-35)
    _, error = _refinement._State._within(  # noqa: SLF001
        state,  # type: ignore[arg-type]
        np.array([0, 1]),
        outside,
        excess,
    )
    fractions = weights * 2.0**-21  # a digit further down, half of what they are elsewhere
    F = turned.T @ np.diag(fractions) @ turned
    gap, skew = abs(F[0, 0] - F[1, 1]) / 2, np.sqrt(2) * overlap + 2.0**-35
    stated = 1.5 * (abs(F[0, 1]) + 3 * (outside + skew)) / gap + outside + skew
    np.testing.assert_allclose(error, ROUNDING * stated, rtol=1e-6)
    assert (state.errors == (np.inf if skew > 0.25 else 0.0)).all()


@pytest.mark.parametrize("width", [2, 3, 4])
def test_residuals_of_a_cluster_are_as_wrong_as_all_its_columns(width: int) -> None:
    A = np.diag([*[0.25] * width, 0.0625])
    groups = [np.arange(width), np.array([width])]
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), np.eye(width + 1), groups  # noqa: SLF001
    )  # fmt: skip
    start = problem._start_of(problem.groups, width + 1, -np.inf)  # noqa: SLF001
    start.values[:width] += 2.0**-10
    state = _refinement._State(problem.matrix, start)  # noqa: SLF001
    state.examine()
    last_digit = (width + 1) * 2.0 ** (8 - POINT)
    each = ROUNDING * (width**2 * 2.0**-48 * 2.0**-10 + last_digit)
    np.testing.assert_allclose(state.errors[:width], 2 * np.sqrt(width) * each, rtol=1e-12)


def test_vectors_that_are_far_too_long_have_errors_all_the_same() -> None:
    A = np.diag([0.25, 0.125])
    groups = [np.array([0]), np.array([1])]
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), 3 * np.eye(2), groups  # noqa: SLF001
    )  # fmt: skip
    state = _refinement._State(problem.matrix, problem._start_of(problem.groups, 2, -np.inf))  # noqa: SLF001
    state.examine()
    assert (state.errors > 0).all()


def test_corrections_lengthen_vectors_by_their_squares() -> None:
    A, size = np.diag([0.25, 0.125, 0.0625]), 2.0**-10
    groups = [np.array([j]) for j in range(3)]
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), np.eye(3), groups  # noqa: SLF001
    )  # fmt: skip
    state = _refinement._State(problem.matrix, problem._start_of(problem.groups, 3, -np.inf))  # noqa: SLF001
    X, trial = np.eye(3), np.zeros((3, 3))
    trial[0, 1] = size
    _, _, after = state._tried(X, np.zeros((3, 3)), np.full(3, size**2), trial)  # noqa: SLF001
    assert after[1] == pytest.approx(2 * size**2, rel=1e-6, abs=0)


def test_what_a_cluster_deviates_by_is_three_halves_of_its_largest_share() -> None:
    A = np.diag([0.25, 0.25, 0.0625])
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), np.eye(3),  # noqa: SLF001
        [np.array([0, 1]), np.array([2])],
    )  # fmt: skip
    start = problem._start_of(problem.groups, 3, -np.inf)  # noqa: SLF001
    start.values[:2] += 2.0**-10
    state = _refinement._State(problem.matrix, start)  # noqa: SLF001
    given: list[float] = []
    within = state._within  # noqa: SLF001

    def noting(cluster: Any, outside: float, excess: Any) -> Any:
        given.append(outside)
        return within(cluster, outside, excess)

    state._within = noting  # type: ignore[method-assign]  # noqa: SLF001
    state.examine()
    share = (state.errors[:2] / state.gaps[:2]).max()
    assert given == [pytest.approx(1.5 * share, rel=1e-12, abs=0)]


def test_gaps_are_half_of_what_eigenvalues_are_apart() -> None:
    A = np.diag([0.25, 0.125, 0.0625])
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), np.eye(3), [np.array([j]) for j in range(3)]  # noqa: SLF001
    )  # fmt: skip
    for floor, last in ((-np.inf, 0.03125), (0.03125, 0.015625)):
        gaps = problem._start_of(problem.groups, 3, floor).gaps  # noqa: SLF001
        assert gaps.tolist() == [0.0625, 0.03125, last]


def test_eigenvalues_that_differ_by_more_than_the_limit_are_told_apart() -> None:
    # Entries are below u = 1/2, so that 2**-61 is the limit: these differ by twice that.
    for off, equal in ((2.0**-61, False), (0.9 * 2.0**-62, True), (2.0**-63, True)):
        values, vectors = eigenpairs(np.array([[0.25, off], [off, 0.25]]))
        assert values.tolist() == [0.25, 0.25]
        assert np.isin(vectors, [0.0, 1.0]).all() == equal


def test_only_eigenvalues_above_the_limit_are_returned() -> None:
    A = np.diag([4.0, 2.0, 1.0])
    for above, found in ((2.0, [4.0]), (np.nextafter(2.0, 0), [4.0, 2.0]), (0.0, [4.0, 2.0, 1.0])):
        assert eigenpairs(A, above=above)[0].tolist() == found


@pytest.mark.parametrize(("share", "doubtful"), [(1.1, False), (0.9, True)])
def test_what_lies_within_the_error_of_a_tie_is_doubtful(share: float, doubtful: bool) -> None:  # noqa: FBT001
    # Half of 1/2 + 2**-54 and something more: just above the middle between two doubles.
    error = 2.0**-70
    number = Fraction(1, 4) + Fraction(1, 2**55) + Fraction(share * error) / 2
    D = np.zeros((_refinement.MOST, 1, 1), dtype=np.int64)
    for place in range(len(D)):
        number *= 2**_digits.BITS
        D[place] = round(number)
        number -= round(number)
    assert _digits.rounded(D, np.array([error]))[1].item() is doubtful


def test_what_lies_next_to_a_tie_is_doubtful_without_an_error() -> None:
    D = np.zeros((_refinement.MOST, 1, 1), dtype=np.int64)
    number = Fraction(1, 4) + Fraction(1, 2**55) + Fraction(1, 2**104)
    for place in range(len(D)):
        number *= 2**_digits.BITS
        D[place] = round(number)
        number -= round(number)
    assert _digits.rounded(D, np.zeros(1))[1].item()


@pytest.mark.parametrize("error", [0, 1, 7, 100])
def test_numbers_within_the_error_of_a_tie_are_doubtful(error: int) -> None:
    point = 168
    middle = (1 << 167) + (1 << 114)  # halfway between two doubles above 1/2
    for off, doubtful in ((error + 1, True), (error + 2, False)):
        for side in (-off, off):
            found, tie = _digits.nearest(middle + side, point, math.ldexp(error, -point))
            assert tie is doubtful
            assert found == float(Fraction(middle + side, 2**point)) or doubtful


def test_products_of_more_terms_than_are_added_at_once() -> None:
    A, B = np.ones((1, 1, 2**13 + 5)), np.ones((1, 2**13 + 5, 1))
    out = np.zeros((2, 1, 1), dtype=np.int64)
    _digits.add_matrix_product(out, A, B)
    assert out.ravel().tolist() == [0, 2**13 + 5]


def test_numbers_of_fixed_point_are_values_to_fifty_bits() -> None:
    D = np.array([[3], [-5], [7], [1 << 20]], dtype=np.int64)
    for count in (2, 3, 4):
        digits = D[:count]
        exact = sum(Fraction(int(d)) / 2 ** (21 * (i + 1)) for i, d in enumerate(digits[:, 0]))
        found = Fraction(float(_digits.value(digits)[0]))
        assert abs(found - exact) <= abs(exact) / 2**50
    tail = np.array([[0], [0], [1]], dtype=np.int64)
    assert _digits.value(tail).tolist() == [2.0**-63]


def test_what_is_just_as_near_as_the_error_is_doubtful() -> None:
    D = np.zeros((_refinement.MOST, 1, 1), dtype=np.int64)
    D[0] = 1 << 19  # 1/4: half of what is rounded
    D[3], D[4] = 1 << 20, -4  # and less than half of the last unit, by 2**-40 of it
    assert _digits.rounded(D, np.zeros(1))[1].item()
    D[4] = -8
    assert not _digits.rounded(D, np.zeros(1))[1].item()
    tie = np.zeros((_refinement.MOST, 1, 1), dtype=np.int64)
    number = Fraction(1, 4) + Fraction(1, 2**55) + Fraction(1, 2**103)  # 2**-40 units from a tie
    for place in range(len(tie)):
        number *= 2**_digits.BITS
        tie[place] = round(number)
        number -= round(number)
    assert _digits.rounded(tie, np.zeros(1))[1].item()


def test_of_three_that_are_close_two_may_be_equal() -> None:
    for off in (2.0**-45, 2.0**-58):
        A = np.array([[0.25, off, 0], [off, 0.25, 0], [0, 0, 0.25 - off]])  # and once more
        values, vectors = eigenpairs(A)
        assert values.tolist() == [0.25 + off, 0.25 - off, 0.25 - off] or off < 2.0**-54
        assert np.abs(vectors[:, 0]).tolist() == [np.sqrt(0.5), np.sqrt(0.5), 0.0]
        assert (vectors[2, 1:] ** 2).sum() == pytest.approx(1, rel=1e-12)


def test_zeros_have_no_sign() -> None:
    for A in (np.diag([3.0, 2.0, 1.0]), np.array([[2.0, 1, 0], [1, 2, 0], [0, 0, 5]])):
        vectors = eigenpairs(A)[1]
        assert (vectors == 0).any()
        assert not np.signbit(vectors[vectors == 0]).any()


def test_weights_are_squares_of_multiples_of_the_golden_ratio() -> None:
    golden = (math.isqrt(5 << 64) - (1 << 32)) // 2  # of 32 bits, below
    stated = [(i * golden % 2**32) ** 2 >> 44 for i in range(1, 1001)]
    assert _eigenpairs._weights(1000).tolist() == stated  # noqa: SLF001


def state_of(A: Floats, vectors: Floats) -> _refinement._State:
    groups = [np.array([j]) for j in range(len(A))]
    problem = _eigenpairs._Problem(  # noqa: SLF001
        A, _eigenpairs._split(A), np.diag(A).copy(), vectors.copy(), groups  # noqa: SLF001
    )  # fmt: skip
    start = problem._start_of(problem.groups, len(A), -np.inf)  # noqa: SLF001
    return _refinement._State(problem.matrix, start)  # noqa: SLF001


@pytest.mark.parametrize("size", [0.9, 1.1, 1.9])
@pytest.mark.parametrize("power", [-21, -22, -42, -43, -63, -64])
def test_corrections_are_added_whole(size: float, power: int) -> None:
    A = np.diag([0.25, 0.125])
    state, correction = state_of(A, np.eye(2)), np.full((2, 2), size * 2.0**power)
    before, add = state.X.copy(), state._add  # noqa: SLF001

    def watched(digits: Floats, first: int) -> None:
        assert np.abs(digits).max() <= 2**20  # what sums of their products are exact for
        add(digits, first)

    state._add = watched  # type: ignore[assignment,method-assign]  # noqa: SLF001
    state.correct(correction)
    added = 2 * _digits.value(state.X - before)
    np.testing.assert_allclose(added, correction, rtol=2.0**-36)


def test_errors_count_what_digits_of_the_matrix_leave_out() -> None:
    A = np.array([[0.25, 2.0**-180], [2.0**-180, 0.125]])
    state = state_of(A, np.eye(2))
    without = state_of(np.diag([0.25, 0.125]), np.eye(2))
    assert state.matrix.truncation > 0
    for each in (state, without):
        each.examine()
    more = state.errors - without.errors
    np.testing.assert_allclose(more, ROUNDING * state.matrix.truncation, rtol=1e-6)


def test_vectors_are_off_by_three_halves_of_error_and_gap() -> None:
    A, angle = np.diag([0.25, 0.125]), 2.0**-12
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    state = state_of(A, turned)
    errors = state.examine()[1]
    shares = errors / (1.5 * state.errors / state.gaps)
    assert ((shares > 1) & (shares < 1.5)).all()


def test_what_is_no_number_ends_the_refinement(monkeypatch: pytest.MonkeyPatch) -> None:
    examine = _refinement._State.examine  # noqa: SLF001

    def without(state: Any) -> Any:
        X, errors, correction = examine(state)
        return X, np.full_like(errors, 1.0), np.full_like(correction, np.nan)

    monkeypatch.setattr(_refinement._State, "examine", without)  # noqa: SLF001
    monkeypatch.setattr(_refinement._State, "correct", None)  # noqa: SLF001  # nothing to add
    with pytest.raises(np.linalg.LinAlgError, match="do not converge"):
        eigenpairs(np.array([[0.25, 0.1], [0.1, 0.125]]))


def test_what_becomes_certain_late_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten steps a tie is taken for one, but what can be rounded still may be."""
    examine, rounded = _refinement._State.examine, _digits.rounded  # noqa: SLF001
    steps: list[int] = []

    def vaguely(state: Any) -> Any:
        X, errors, correction = examine(state)
        state.errors = np.full_like(state.errors, 2.0**-80)
        return X, np.full_like(errors, 2.0**-80), correction

    def late(X: Any, errors: Any) -> Any:
        steps.append(len(steps))
        vectors, doubtful = rounded(X, errors)
        return vectors, np.full_like(doubtful, len(steps) < _refinement.PATIENCE + 3)

    monkeypatch.setattr(_refinement._State, "examine", vaguely)  # noqa: SLF001
    monkeypatch.setattr(_digits, "rounded", late)
    values = eigenpairs(np.array([[0.25, 0.1], [0.1, 0.125]]))[0]
    assert values[0] > values[1]
    assert len(steps) == _refinement.PATIENCE + 3
