"""Parts of exact arithmetic on their own, at the edges where a neighbouring rule would differ."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import SVC

from etcprops import (
    ExactKernel,
    InvalidParameterError,
    PixelStatistics,
    decision_error_bound,
    exact_gram,
    exact_squared_distances,
    gram_error_bound,
)
from etcprops.exact import (
    _accuracy,
    _elementary,
    _tiles,
    _weighted,
    _weights,
)
from etcprops.exact._accuracy import _Size, _suffices, slices_like_dgemm
from etcprops.exact._kernel_error import UNIT, KernelError, gamma_n, norms
from etcprops.exact._kernel_function import KernelFunction
from etcprops.exact._memory import remembered
from etcprops.exact._rounding import nearest
from etcprops.exact._rows import as_pixels, largest_integer
from etcprops.exact._splitting import Splitting, rounded, row_scales
from etcprops.exact._two_models import two_models
from etcprops.exact.kernels import scale_gamma
from etcprops.exact.standardized import _check
from etcprops.exact.statistics import as_integer_pixels, correctly_rounded_root

Floats = NDArray[np.float64]


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


def test_what_is_left_open_lies_on_both_sides_of_the_middle() -> None:
    """Nearly halfway between points of the table, where an error of the series shows most."""
    rng, above = np.random.default_rng(0), []
    for _ in range(10):
        k = rng.integers(-8192, 0, 1_000_000) + 0.4995 * rng.choice([-1, 1], 1_000_000)
        x = k * (math.log(2) / 8192) * (1 + rng.integers(-9999, 9999, k.size) * 2.0**-50)
        undecided = _elementary._fast_exp(x, np.empty_like(x), list(np.empty((5, x.size))))  # noqa: SLF001
        with mpmath.workprec(120):
            for value in x[undecided].tolist():
                true = mpmath.exp(value)
                units = true * mpmath.mpf(2) ** (53 - math.frexp(float(true))[1])
                above.append(units - mpmath.floor(units) > 0.5)
    assert len(above) > 3000
    assert 0.46 < np.mean(above) < 0.54


HARD = (
    "-0x1.230e8ce9038cep-1", "-0x1.fb35e24812689p-4", "-0x1.3c6668755845ep-1",
    "-0x1.93f98fc23d739p-2", "-0x1.c029b93a34157p-2", "-0x1.e38e8bb36f472p-3",
    "-0x1.1485bccb1da7cp-2", "-0x1.8d6eeb9167884p-3", "-0x1.c2e46e721f0a0p-5",
    "-0x1.c5251efa9056dp-4", "-0x1.0175fb37fec34p-2", "-0x1.e7c24ed360a26p-2",
)  # fmt: skip
"""Halfway between two points of the table, with exponentials just below halfway of two doubles."""


def test_every_term_of_the_series_counts() -> None:
    x = np.array([float.fromhex(text) for text in HARD])
    found = x.copy()
    _elementary.exp(found)
    assert found.tolist() == [_elementary.exact_exp(value) for value in x.tolist()]


def test_results_below_normal_doubles_are_all_left_open() -> None:
    x = np.array([-708.0, np.nextafter(-708.0, -800), -708.5, -709.0, -710.0])
    undecided = _elementary._fast_exp(x, np.empty_like(x), list(np.empty((5, x.size))))  # noqa: SLF001
    assert set(range(1, 5)) <= set(undecided.tolist())
    alone = np.array([-708.5])
    assert _elementary._fast_exp(alone, np.empty(1), list(np.empty((5, 1)))).tolist() == [0]  # noqa: SLF001


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


@pytest.mark.parametrize("depth", [8, 16])
def test_digits_of_weights_are_light(depth: int) -> None:
    rows = 2**depth - 1 - np.random.default_rng(0).integers(0, 2, (9, 6))
    weights = _weights.Weights(PixelStatistics(rows), 2, depth)
    assert 1 << weights.bits <= weights._light  # noqa: SLF001


@pytest.mark.parametrize("more", [0, 1])
def test_weights_are_in_one_block_each_whatever_they_are(more: int) -> None:
    statistics = PixelStatistics(np.random.default_rng(0).integers(0, 256, (9, 6), dtype=np.uint8))
    weights = _weights.Weights(statistics, 2, 8)
    heaviest = weights._light << weights.bits * (weights.digits - 1)  # noqa: SLF001
    weights.weights[:3] = [heaviest - 1, heaviest, heaviest + more]
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


def test_what_vanishes_in_units_of_its_row_is_left_over() -> None:
    X = np.array([[2.0**1000, 2.0**-1074]])
    splitting = Splitting(2, 3)
    left = _accuracy._left_over(X, row_scales(X, splitting), splitting)  # noqa: SLF001
    assert left.all()


def test_features_that_just_reach_a_quarter_of_the_mean_are_counted() -> None:
    X = np.array([[7.0] * 5 + [1.0] * 11])  # of root mean square 4
    scales = row_scales(X, Splitting(16, 3))
    assert _accuracy._size_by_mean(X, scales).reached == 16  # noqa: SLF001
    below = np.where(X == 1, 0.9, X)
    assert _accuracy._size_by_mean(below, row_scales(below, Splitting(16, 3))).reached == 5  # noqa: SLF001
    low = replace(scales, energy=np.full(1, 36.0 * 16))  # a quarter of 6 units, less a half: 1
    assert np.isfinite(_accuracy._size_by_mean(X, low).unit)  # noqa: SLF001


def test_digits_that_nearly_cancel_keep_their_sum() -> None:
    splitting = Splitting(10, 6)
    assert splitting.order == 5
    totals = [np.zeros((1, 1), np.int64) for _ in range(splitting.products)]
    totals[2][:] = -1  # the fifth digit
    for p, (i, j) in enumerate(splitting.pairs, start=splitting.slices):
        totals[p] += totals[i] + totals[j] + ((i, j) == (0, 5))  # the sixth is 1
    bits = splitting.bits
    assert rounded(totals, splitting).item() == 2.0 ** (-5 * bits) - 2.0 ** (-4 * bits)


def test_as_many_slices_as_are_allowed_and_no_more() -> None:
    X = np.ldexp(1.0, np.arange(-20, 21, 4))[None]
    scales = [row_scales(X, Splitting(X.shape[1], 1))]
    needed = slices_like_dgemm([X], scales, 9)
    assert needed is not None
    assert needed > 3
    assert slices_like_dgemm([X], scales, needed) == needed
    assert slices_like_dgemm([X], scales, needed - 1) is None
    many = np.r_[1e3, np.ones(2**19)][None]  # of so many features slices have fewer bits
    assert slices_like_dgemm([many], [row_scales(many, Splitting(many.size, 1))], 9) == 4


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


def test_rows_that_are_given_by_their_length_are_as_far_as_can_be() -> None:
    kernel, rng = KernelFunction("rbf", 1.0, 3, 0.0), np.random.default_rng(0)
    for x, length in zip(rng.random((50, 1, 3)), rng.random(50).tolist(), strict=True):
        error = KernelError(kernel, x, length, 1.0)
        one, other = Fraction(float(error.norms[0][0, 0])), Fraction(length)
        assert Fraction(float(error.farthest[0, 0])) >= (one + other) ** 2
        assert Fraction(float(error.products[0, 0])) >= one * other


def test_errors_of_exponents_are_rounded_up() -> None:
    x = np.array([[0.0]])
    error = KernelError(KernelFunction("rbf", 1.0, 3, 0.0), x, x, 0.0)
    for number in np.random.default_rng(0).random(100).tolist():
        found = error.through(np.array([[number]]), computed=False)[0, 0]
        # 1 + x + x**2 / 2 + ... from below, in rationals
        term, true = Fraction(1), Fraction(0)
        for n in range(1, 30):
            term *= Fraction(number) / n
            true += term
        assert Fraction(float(found)) >= true
        assert found <= float(true) * (1 + 20 * UNIT)


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


def test_variances_whose_inverse_is_just_a_double_have_a_gamma() -> None:
    X = np.array([[0.0], [1.79e-154]])
    assert scale_gamma(X) == 1 / (X[1, 0] / 2) ** 2


def test_kernels_of_z_scores_take_two_slices_at_most() -> None:
    X = np.random.default_rng(0).integers(0, 256, (5, 3))
    three, two = (ExactKernel("linear", standardize=True, slices=s)(X) for s in (3, 2))
    assert np.array_equal(three, two)


def test_kernels_of_many_rows_are_kernels_of_each() -> None:
    X = np.random.default_rng(0).random((300, 2))
    kernel = ExactKernel("rbf", gamma=0.5)
    whole = kernel(X, X[::-1].copy())
    assert whole.size > 2**16
    assert np.array_equal(whole[-1:], kernel(X[-1:], X[::-1].copy()))


def test_the_least_dtype_holds_the_largest_pixel() -> None:
    for level, dtype in ((255, np.uint8), (256, np.uint16), (65535, np.uint16)):
        pixels = as_pixels(np.array([[0.0, level]]))
        assert pixels is not None
        assert pixels.dtype == dtype
        assert pixels.tolist() == [[0, level]]


def test_centres_are_the_integers_nearest_to_means() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (7, 50), dtype=np.uint8)
    centre = _weights.Weights(PixelStatistics(rows), 2, 8).centre
    assert (np.abs(2 * (7 * centre - rows.sum(axis=0, dtype=np.int64))) <= 7).all()


def test_rows_of_training_that_are_too_few_are_refused() -> None:
    rows = np.array([[-1.0], [1.0], [-2.0], [2.0]])
    svm = SVC(kernel="linear", C=0.01).fit(rows, [0, 1, 0, 1])
    assert svm.support_.max() == 3
    with pytest.raises(InvalidParameterError, match="was fitted on"):
        decision_error_bound(svm, rows, encrypted=SVC(kernel="linear").fit(rows, [0, 1, 0, 1]),
                             train=rows[:3])  # fmt: skip


def test_rows_are_known_again_by_all_of_them() -> None:
    X = np.random.default_rng(0).random((3, 4))
    with remembered({}):
        for changed in range(3):
            other = X.copy()
            other[changed] += 1
            assert np.array_equal(exact_gram(X), exact_gram(X.copy()))
            assert not np.array_equal(exact_gram(other), exact_gram(X))


def test_bounds_have_two_slices_where_nothing_is_said() -> None:
    X = np.random.default_rng(1).standard_normal((3, 9))
    assert np.array_equal(gram_error_bound(X), gram_error_bound(X, slices=2))
    assert not np.array_equal(gram_error_bound(X), gram_error_bound(X, slices=3))


def test_rows_whose_distances_are_doubles_have_them() -> None:
    largest = np.finfo(np.float64).max
    X = np.array([[np.sqrt(largest / 4.5)]])
    assert np.isfinite(exact_squared_distances(X, -X)).all()
    with pytest.raises(InvalidParameterError, match="a quarter of the largest double"):
        exact_squared_distances(X * 1.1)
    # The limit itself: the largest root below it, and what is left.
    root = np.nextafter(np.sqrt(largest / 4), 0)
    rest = math.sqrt(Fraction(largest / 4) - Fraction(float(root)) ** 2)
    at_most = np.array([[root, rest]])
    assert exact_gram(at_most, slices=6).item() == largest / 4
    assert exact_squared_distances(at_most, slices=6).item() == 0


def test_arrays_that_are_no_rows_are_told_by_their_shape() -> None:
    with pytest.raises(InvalidParameterError, match=r"dtype float64 and shape \(2,\)"):
        ExactKernel("linear")([1.0, 2.0])


def test_the_largest_of_integers_may_be_the_most_negative() -> None:
    assert largest_integer(np.array([[-5.0, 1.0]])) == 5.0


def test_a_kernel_with_memory_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ExactKernel("linear", memory=str(tmp_path))(np.eye(2))
    assert capfd.readouterr() == ("", "")


def test_a_gap_of_gamma_is_not_below_the_difference() -> None:
    rows, labels = np.array([[-1.0], [1.0]]), [0, 1]
    one, other = (SVC(gamma=gamma).fit(rows, labels) for gamma in (0.3, 1e-3 / 7))
    gap = two_models(one, other, None, 0.0, "here").gap
    assert Fraction(gap) >= abs(Fraction(0.3) - Fraction(1e-3 / 7))
    # The difference is rounded: below, in some of these.
    for gamma in np.random.default_rng(0).random(40).tolist():
        other = SVC(gamma=gamma / 1e3).fit(rows, labels)
        gap = two_models(one, other, None, 0.0, "here").gap
        assert Fraction(gap) >= abs(Fraction(0.3) - Fraction(gamma / 1e3))
