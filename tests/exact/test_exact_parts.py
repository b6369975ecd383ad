"""Parts of exact arithmetic on their own, at the edges where a neighbouring rule would differ."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import ExactKernel, InvalidParameterError, PixelStatistics, exact_squared_distances
from etcprops.exact import (
    _accuracy,
    _digits,
    _eigenpairs,
    _elementary,
    _refinement,
    _tiles,
    _weighted,
    _weights,
)
from etcprops.exact._accuracy import _Size, _suffices, slices_like_dgemm
from etcprops.exact._eigenpairs import eigenpairs
from etcprops.exact._kernel_error import UNIT, KernelError, gamma_n, norms
from etcprops.exact._kernel_function import KernelFunction
from etcprops.exact._refinement import POINT, ROUNDING
from etcprops.exact._rounding import nearest
from etcprops.exact._splitting import Splitting, row_scales
from etcprops.exact.kernels import scale_gamma
from etcprops.exact.standardized import _check
from etcprops.exact.statistics import as_integer_pixels, correctly_rounded_root

Floats = NDArray[np.float64]


# --- Eigenvectors


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
    for off, equal in ((2.0**-61, False), (2.0**-63, True)):
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


def test_products_of_more_terms_than_are_added_at_once() -> None:
    A, B = np.ones((1, 1, 2**13 + 5)), np.ones((1, 2**13 + 5, 1))
    out = np.zeros((2, 1, 1), dtype=np.int64)
    _digits.add_matrix_product(out, A, B)
    assert out.ravel().tolist() == [0, 2**13 + 5]


# --- Elementary functions


def test_the_bound_of_the_fast_way_leaves_open_the_stated_share() -> None:
    # In (1/2, 1) doubles are 2**-53 apart, of which the table's number is twice as large.
    x = -np.random.default_rng(3).random(1_000_000) * math.log(2)
    undecided = _elementary._fast_exp(x, np.empty_like(x), list(np.empty((5, x.size))))  # noqa: SLF001
    stated = 2 * 3 * 2.0**-66 / 2.0**-52 * x.size
    assert 0.8 * stated < undecided.size < 1.2 * stated


def test_the_bound_of_tangents_leaves_open_the_stated_share() -> None:
    x = np.random.default_rng(4).uniform(0.25, 2.0, 300_000)
    undecided = _elementary._fast_tanh(x, np.empty_like(x), list(np.empty((5, x.size))))  # noqa: SLF001
    length = 2.0 ** (np.frexp(x)[1] - 11)
    d = x - np.rint(x / length) * length  # from the nearest point of 11 bits
    T = np.tanh(x - d)
    second = (1 - T**2) * np.tanh(d) / (1 + T * np.tanh(d))
    bound = 2.0**-50 * np.abs(second)  # the lower part of the table adds a thousandth
    stated = (2 * bound / np.spacing(np.tanh(x))).sum()
    assert 0.9 * stated < undecided.size < 1.1 * stated


def test_results_below_normal_doubles_are_all_left_open() -> None:
    x = np.array([-708.0, np.nextafter(-708.0, -800), -708.5, -709.0, -710.0])
    undecided = _elementary._fast_exp(x, np.empty_like(x), list(np.empty((5, x.size))))  # noqa: SLF001
    assert set(range(1, 5)) <= set(undecided.tolist())


@pytest.mark.parametrize("bits", [128, 256])
@pytest.mark.parametrize("x", [-700.0, -0.1, 1e-9, 1.0, 709.0])
def test_exponentials_are_enclosed_in_the_stated_width(x: float, bits: int) -> None:
    exponent, low, high = _elementary._enclose_exp(x, bits)  # noqa: SLF001
    assert high - low == 2**33
    finer, *ends = _elementary._enclose_exp(x, 2 * bits)  # noqa: SLF001
    assert finer == exponent
    middle = sum(ends) >> bits + 1
    assert abs(middle - (low + high) // 2) < 2**25  # of the 2**32 that are allowed


# --- Sums


def test_every_bit_that_is_left_out_is_seen() -> None:
    bits, tie = 21, (1 << 53) + 1  # halfway between doubles, but for what follows
    high = [tie >> bits * i & ((1 << bits) - 1) for i in range(3)]
    for place in range(3):
        lower = [0, 0, 0]
        lower[place] = 1
        digits = [np.array([d]) for d in (*lower, *high)]
        number = sum(int(d[0]) << bits * i for i, d in enumerate(digits))
        assert nearest(digits, bits).tolist() == [float(number)]


def test_sums_of_rows_that_are_all_negative_do_not_leave_64_bits() -> None:
    sums, largest = _weighted.RowSums(1, 26), _weighted.MOST
    for number in range(1, 20):
        sums.add(np.array([[-largest]]))
        assert sums.value().tolist() == [-number * largest]


def test_weights_are_in_one_block_each_whatever_they_are() -> None:
    statistics = PixelStatistics(np.random.default_rng(0).integers(0, 256, (9, 6), dtype=np.uint8))
    weights = _weights.Weights(statistics, 2, 8)
    heaviest = weights._light << weights.bits * (weights.digits - 1)  # noqa: SLF001
    weights.weights[:3] = [heaviest - 1, heaviest, heaviest + 1]
    total = [0] * 6
    for block in weights.blocks():
        columns = np.arange(6)[block.columns]
        for place, digits in zip(columns.tolist(), block.digits.T.tolist(), strict=True):
            total[place] += sum(int(d) << weights.bits * i for i, d in enumerate(digits))
            assert all(abs(d) < weights._light for d in digits)  # noqa: SLF001
    assert total == weights.weights


def test_what_is_left_over_of_any_block_of_features_is_seen() -> None:
    for feature in (0, 8500):
        X = np.ones((1, 9000))
        X[0, feature] = 1 + 2.0**-50
        splitting = Splitting(9000, 3)
        left = _accuracy._left_over(X, row_scales(X, splitting), splitting)  # noqa: SLF001
        assert left.ravel().tolist() == [True, True, False]


def test_as_many_slices_as_are_allowed_and_no_more() -> None:
    X = np.ldexp(1.0, np.arange(-20, 21, 4))[None]
    scales = [row_scales(X, Splitting(X.shape[1], 1))]
    needed = slices_like_dgemm([X], scales, 9)
    assert needed is not None
    assert needed > 3
    assert slices_like_dgemm([X], scales, needed) == needed
    assert slices_like_dgemm([X], scales, needed - 1) is None


@pytest.mark.parametrize("products", [1, 3, 6])
def test_tiles_of_real_rows_are_as_large_as_their_memory_allows(products: int) -> None:
    for budget in (10**6, 2**24, 10**8, 123_456_789, 10**9):
        edge = _tiles.tile_edge(10**18, budget, products)
        used = [
            (16 * products + 8) * e**2
            + (16 * (products + 1) * _tiles.BLOCK + 8 * _tiles.ROWS * (products + 4)) * e
            for e in (edge, edge + 1)
        ]
        assert used[0] <= budget < used[1]


def test_slices_suffice_of_rows_of_which_nothing_is_left_out() -> None:
    nothing = _Size(10, 0.0, 1.0)
    assert _suffices([nothing], Splitting(10, 3))
    assert _suffices([_Size(5, 0.0, 1.0), _Size(5, 0.0, 1.0)], Splitting(10, 3))


# --- Errors of kernels


def test_a_row_and_itself_are_as_far_apart_as_rounding_may_have_it() -> None:
    x = np.array([[1.0]])
    found = KernelError(KernelFunction("rbf", 1.0, 3, 0.0), x, x, 1.0).farthest[0, 0]
    (size,) = norms(x)  # a little above 1
    stated = gamma_n(4 + 32) * (2 * size) ** 2 + 2 * size**2 - 2
    assert found == pytest.approx(stated, rel=1e-6, abs=0)


def test_arguments_that_cancel_have_the_rounding_of_both_terms() -> None:
    x = np.array([[1.0]])
    error = KernelError(KernelFunction("poly", 0.5, 3, -0.5), x, x, 1.0)
    product = 1.0 / 2 * gamma_n(1)
    found = error._argument()[0, 0]  # noqa: SLF001
    assert found == pytest.approx(4 * UNIT + product, rel=1e-6, abs=0)


def test_a_gap_of_gamma_counts_what_products_may_be_off() -> None:
    x, y = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])  # a product of 0, which may be off
    error = KernelError(KernelFunction("sigmoid", 2.0**-40, 3, 0.0), x, y, 0.0)
    off = error.product_error[0, 0]
    assert off > UNIT
    # Gamma is nearly 0, and 1 more: once the error itself, once the product's magnitude.
    assert error.error(0.0, 1.0)[0, 0] == pytest.approx(2 * off, rel=1e-6, abs=0)


# --- Defaults and limits


def test_distances_have_two_slices_where_nothing_is_said() -> None:
    X = np.random.default_rng(1).standard_normal((4, 300))
    two, three = (exact_squared_distances(X, slices=slices) for slices in (2, 3))
    assert np.array_equal(exact_squared_distances(X), two)
    assert not np.array_equal(two, three)


def test_rows_that_are_no_pixels_are_named_by_a_kernel_of_z_scores() -> None:
    with pytest.raises(InvalidParameterError, match=r"Got 0\.5 in row 0, feature 1\."):
        ExactKernel("linear", standardize=True)(np.array([[1.0, 0.5], [2.0, 3.0]]))


def test_the_largest_pixel_is_counted_among_integers() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        X = rng.integers(0, 65536, (7, 3)).astype(np.float64)
        X[0, 0] = 65535.0
        columns = [[Fraction(v) for v in column] for column in X.T.tolist()]
        variances = [sum(v * v for v in c) / 7 - (sum(c) / 7) ** 2 for c in columns]
        assert scale_gamma(X) == float(1 / sum(variances))


def test_gamma_of_rows_that_are_one_or_hardly_differ_is_one() -> None:
    for X in ([[0.5, 0.25]], [[1e-200], [2e-200]], [[0.5], [0.5]]):
        assert scale_gamma(X) == 1.0


def test_variances_whose_sum_is_no_double_are_refused() -> None:
    X = np.array([[-1.0], [1.0]]) * np.full(4, 9e153)
    assert np.isfinite(scale_gamma(X[:, :1]))
    with pytest.raises(InvalidParameterError, match="sum is below the largest double"):
        scale_gamma(X)


def test_gamma_is_one_where_no_feature_of_the_training_rows_varies() -> None:
    kernel = ExactKernel("rbf", standardize=True)
    found = kernel(np.array([[5.0, 3.0]]), np.full((2, 2), 3.0))  # two grey levels from the mean
    assert found.tolist() == [[math.exp(-4.0)] * 2]


def test_means_are_those_of_pixels() -> None:
    for level, allowed in ((65535, True), (65536, False)):
        statistics = PixelStatistics(np.array([[level], [65535]]))
        if allowed:
            _check(statistics, 1, "here")
        else:
            with pytest.raises(InvalidParameterError, match=r"means from 65535\.5"):
                _check(statistics, 1, "here")


def test_pixels_of_16_bits_are_looked_at_as_they_are() -> None:
    for kind in (np.uint8, np.int16, np.uint16):
        pixels = np.ones((2, 2), kind)
        assert as_integer_pixels(pixels, "X", "here") is pixels


def test_roots_beyond_53_bits_are_those_of_integers() -> None:
    numbers = 2**53 + 1 + 2 * np.random.default_rng(0).integers(0, 2**51, 200)
    roots = correctly_rounded_root(numbers)
    assert (roots != np.sqrt(numbers.astype(np.float64))).any()
    for number, root in zip(numbers.tolist(), roots.tolist(), strict=True):
        low, high = (Fraction(root) + side * Fraction(math.ulp(root)) / 2 for side in (-1, 1))
        assert low**2 < number < high**2
