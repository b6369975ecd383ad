"""Bounds against what their notes state, with 60 digits: never below that, and hardly above it.

Measured errors are mostly far below a bound that has to hold for the worst of inputs. So the bounds
are also written down a second time, from the notes of `decision_error_bound`, in mpmath: what is
computed in doubles must reach that value and may exceed it by its own rounding alone.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from numpy.typing import NDArray
from sklearn.svm import SVC

from etcprops import (
    ExactKernel,
    PixelStatistics,
    gram_error_bound,
    standard_scaler_error_bound,
)
from etcprops.exact._accuracy import (
    SLACK,
    _Size,
    _size_by_mean,
    _size_by_smallest,
    _suffices,
)
from etcprops.exact._kernel_error import KernelError, dual_sum_error, gamma_n, norms
from etcprops.exact._kernel_function import KernelFunction
from etcprops.exact._splitting import Splitting, row_scales
from etcprops.exact._two_models import two_models
from etcprops.exact.decisions import SLICES, _refined

Matrix = NDArray[np.float64]
U = mpf(2) ** -53
TINY = mpf(2) ** -1074
MORE = 1e-12  # relative: norms are taken a few gamma_n too large, and everything is rounded

KERNELS = [
    KernelFunction("linear", 0.3, 3, 0.5),
    KernelFunction("rbf", 0.07, 3, 0.5),
    KernelFunction("poly", 0.3, 3, 0.5),
    KernelFunction("poly", -0.3, 1, -0.25),
    KernelFunction("poly", 0.3, 0, 0.5),
    KernelFunction("sigmoid", 0.02, 3, -0.125),
]


@pytest.fixture(autouse=True)
def _sixty_digits() -> object:
    with mpmath.workdps(60):
        yield


def higham(terms: int) -> mpf:
    return terms * U / (1 - terms * U)


class Stated:
    """The bounds for one query and one row, or for all rows that are `longest` at most."""

    def __init__(self, kernel: KernelFunction, x: Matrix, row: Matrix | float, ulps: float) -> None:
        self.kernel, self.n, self.ulps = kernel, len(x), ulps
        self.x = mpmath.norm(mpmath.matrix(x.tolist()))
        self.gamma, self.coef0 = mpf(kernel.gamma), mpf(kernel.coef0)
        if isinstance(row, float):
            self.y = mpf(row)
            self.product = self.x * self.y
            self.nearest, self.farthest = mpf(0), (self.x + self.y) ** 2
            self.argument = abs(self.gamma) * self.product + abs(self.coef0)
        else:
            pairs = [(mpf(a), mpf(b)) for a, b in zip(x.tolist(), row.tolist(), strict=True)]
            self.y = mpmath.norm(mpmath.matrix(row.tolist()))
            self.product = sum(a * b for a, b in pairs)
            distance = sum((a - b) ** 2 for a, b in pairs)
            slack = higham(4 * self.n + 32) * (self.x + self.y) ** 2
            self.nearest, self.farthest = max(distance - slack, mpf(0)), distance + slack
            self.argument = abs(self.gamma * self.product + self.coef0)
        self.gamma = abs(self.gamma)

    def product_error(self, shift: mpf) -> mpf:
        error = higham(self.n) * (self.x + shift) * (self.y + shift)
        return error + shift * (self.x + self.y) + shift**2

    def moved(self, shift: mpf) -> mpf:
        if self.kernel.kind == "rbf":
            return 4 * shift * mpmath.sqrt(self.farthest) + 4 * shift**2
        return shift * (self.x + self.y) + shift**2

    def largest_argument(self) -> mpf:
        size = self.gamma * abs(self.product) + abs(self.coef0)
        return self.argument + higham(4) * size + self.gamma * self.product_error(mpf(0))

    def magnitude(self) -> mpf:
        kind = self.kernel.kind
        if kind == "linear":
            return abs(self.product) + self.product_error(mpf(0))
        if kind == "rbf":
            return mpmath.exp(-self.gamma * self.nearest) * (1 + 4 * self.ulps * U)
        argument = self.largest_argument()
        return argument**self.kernel.degree if kind == "poly" else min(argument, mpf(1))

    def error(self, shift: float, gap: float) -> mpf:
        h = mpf(shift)
        if self.kernel.kind == "rbf":
            rounded = higham(self.n + 3) * (self.x + self.y + 2 * h) ** 2
            return self.through(rounded + self.moved(h), mpf(gap))
        return self.through(self.product_error(h), mpf(gap))

    def change(self, shift: float, gap: float) -> mpf:
        return self.through(self.moved(mpf(shift)), mpf(gap), computed=False)

    def through(self, error: mpf, gap: mpf, *, computed: bool = True) -> mpf:
        kind, off = self.kernel.kind, 2 * self.ulps * U * computed
        gamma = self.gamma + gap
        if kind == "linear":
            return error
        if kind == "rbf":
            exponent = gamma * error + gap * self.farthest
            exponent += U * computed * gamma * (self.farthest + error)
            return self.magnitude() * (mpmath.expm1(exponent) * (1 + off) + off)
        product = abs(self.product) + self.product_error(mpf(0))
        error = gamma * error + gap * product
        if computed:
            error += higham(3) * (gamma * (product + (error - gap * product) / gamma))
            error += higham(3) * abs(self.coef0)
        if kind == "sigmoid":
            return error + off
        degree = self.kernel.degree
        top = self.largest_argument() + error
        slope = degree * top ** max(degree - 1, 0)
        return slope * error + (higham(degree) * computed + off) * top**degree


def _agree(computed: float, stated: mpf, more: float = MORE) -> None:
    """Assert that a bound is the one that is stated, rounded up."""
    # What rounds to nearest may be some units below; `own_rounding` makes bounds larger by more.
    assert stated * (1 - 64 * U) <= mpf(computed) <= stated * (1 + more)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("longest", [None, 4.0])
@pytest.mark.parametrize("ulps", [3.0, 2.0**20])
@pytest.mark.parametrize(("shift", "gap"), [(0.0, 0.0), (0.0, 2.0**-50), (0.01, 0.0), (3.0, 0.1)])
def test_errors_of_kernels_are_the_stated_ones(
    kernel: KernelFunction, longest: float | None, shift: float, gap: float, ulps: float
) -> None:
    rng = np.random.default_rng(3)
    X, rows = rng.standard_normal((2, 5)), rng.standard_normal((3, 5))
    rows[2] = -1.5 * X[1]  # far away
    rows[1] = X[0] + 0.25 * rows[1]  # near
    computed = KernelError(kernel, X, longest or rows, ulps)
    found = computed.magnitude, computed.error(shift, gap), computed.change(shift, gap)
    for i, x in enumerate(X):
        for j in range(found[0].shape[1]):
            stated = Stated(kernel, x, longest or rows[j], ulps)
            values = stated.magnitude(), stated.error(shift, gap), stated.change(shift, gap)
            for array, value in zip(found, values, strict=True):
                _agree(float(array[i, j]), value)


def test_errors_of_products_are_the_stated_ones_of_any_number_of_features() -> None:
    x, y = np.array([3.0, 4.0]), np.array([[5.0, 12.0]])
    computed = KernelError(KERNELS[0], x[None], y, 1.0)
    stated = Stated(KERNELS[0], x, y[0], 1.0)
    computed.features = stated.n = 2**45  # then what is added up weighs as much as what is moved
    for shift in (0.0, 0.5, 100.0):
        _agree(float(computed.error(shift, 0.0)[0, 0]), stated.product_error(mpf(shift)))


def test_a_row_and_itself_have_the_kernel_1_at_most() -> None:
    x = np.array([[3.0, 4.0, 12.0]])
    kernel = KernelFunction("rbf", 0.5, 3, 0.0)
    computed = KernelError(kernel, x, x, 1.0)
    assert computed.nearest[0, 0] == 0
    # The norms are too large, so that a distance is left.
    _agree(float(computed.farthest[0, 0]), higham(4 * 3 + 32) * 26**2, 0.25)
    _agree(float(computed.magnitude[0, 0]), 1 + 4 * U)


def test_rows_whose_squares_underflow_are_not_taken_for_nothing() -> None:
    # Everything but the allowances for underflow is below the smallest double, which is exact.
    x, tiny, ulps = np.full((1, 4), 2.0**-600), 2.0**-1074, 2.0
    linear, rbf, poly, sigmoid = (
        KernelError(KernelFunction(kind, 0.5, 1, 0.0), x, -x, ulps)
        for kind in ("linear", "rbf", "poly", "sigmoid")
    )
    norm = 2 * 2.0**-536
    assert rbf.nearest == 0
    assert rbf.farthest == 2 * norm**2 + 2 * 2.0**-534 * 2 * norm + 4 * 2.0**-1064
    assert linear.error(0.0, 0.0) == linear.magnitude == 4 * 2 * tiny
    assert linear.change(0.0, 0.0) == 0
    # Half of that, twice the smallest double for its product by gamma, and for the power.
    assert poly.magnitude == sigmoid.magnitude == 4 * tiny + 2 * tiny
    assert sigmoid.through(np.zeros((1, 1)), computed=False) == 0
    assert poly.through(np.zeros((1, 1))) == 2 * tiny + 2 * tiny
    assert poly.through(np.zeros((1, 1)), computed=False) == 0
    # The kernel is 1, but for the last places of what exp and scaling give.
    _agree(float(rbf.magnitude[0, 0]), 1 + 4 * ulps * U)
    _agree(float(rbf.error(0.0, 0.0)[0, 0]), rbf.magnitude[0, 0] * 2 * ulps * U)
    assert rbf.change(0.0, 0.0) == 0
    # A gamma that makes much of little: four roundings of each feature to nothing.
    steep = KernelError(KernelFunction("rbf", 2.0**1000, 3, 0.0), x, -x, ulps)
    exponent = 2.0**1000 * (4 * 4 * tiny + 2.0**-53 * (float(steep.farthest[0, 0]) + 16 * tiny))
    stated = steep.magnitude[0, 0] * (exponent + 2 * ulps * 2.0**-53)
    assert steep.error(0.0, 0.0)[0, 0] == pytest.approx(stated, rel=1e-12, abs=0)


def test_kernels_that_underflow_are_not_taken_for_exact() -> None:
    far = KernelError(
        KernelFunction("rbf", 1.0, 3, 0.0), np.full((1, 1), 99.0), -np.ones((1, 1)), 3.0
    )
    tiny = 2.0**-1074
    assert far.magnitude == 3 * 2 * tiny
    assert far.error(0.0, 0.0) == 2 * 3 * tiny
    assert far.change(0.0, 0.0) == 0


@pytest.mark.parametrize("columns", [1, 3])
def test_errors_of_dual_sums_are_the_stated_ones(columns: int) -> None:
    rng = np.random.default_rng(0)
    dual, intercept = rng.standard_normal((2, 3)), np.array([0.5, -8.0])
    size, error = rng.random((4, columns)), 1e-15 * rng.random((4, columns))
    bounds = dual_sum_error(dual, intercept, size, error)
    for q in range(4):
        for pair in range(2):
            weights = [abs(mpf(a)) for a in dual[pair].tolist()]
            k, e = ([mpf(v) for v in (array[q].tolist() * 3)[:3]] for array in (size, error))
            moved = sum(a * b for a, b in zip(weights, e, strict=True))
            total = sum(a * (b + c) for a, b, c in zip(weights, k, e, strict=True))
            stated = moved + higham(3 + 2) * (total + abs(mpf(float(intercept[pair]))))
            _agree(float(bounds[q, pair]), stated)
    nothing = dual_sum_error(dual, 0 * intercept, 0 * size, 0 * error)
    assert (nothing == (3 + 2) * 2 * float(TINY)).all()


def test_norms_are_upper_bounds_of_the_stated_size() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((50, 7))
    for x, norm in zip(X, norms(X), strict=True):
        true = mpmath.norm(mpmath.matrix(x.tolist()))
        assert true <= mpf(float(norm)) <= true * (1 + higham(7 + 4) + 16 * U)
        assert mpf(float(norm)) >= true * (1 + higham(7 + 4) - 8 * U)
    assert norms(np.full((1, 4), 2.0**-600))[0] == 2 * 2.0**-536
    assert norms(np.zeros((1, 9)))[0] == 3 * 2.0**-536


def test_highams_constants_are_rounded_up_a_little() -> None:
    for terms in (1, 2, 7, 1000, 2**30, 2**45):
        assert higham(terms) <= mpf(gamma_n(terms)) <= higham(terms) * (1 + 8 * U)


def _scaler_error(count: int, sigma: mpf, level: int) -> mpf:
    correction = U * level + higham(count) * (sigma + U * level)
    theta = (U * level) ** 2 + correction**2
    theta = higham(count + 4) + theta * (1 + higham(count + 6)) / sigma**2
    rho = mpf("0.6") * theta + 2 * U
    tau = (3 * U + rho) / (1 - rho)
    return level / sigma * (U * (1 + tau) + tau)


@pytest.mark.parametrize("count", [3, 60, 4000])
@pytest.mark.parametrize("level", [255, 1000])
def test_the_bound_of_the_standard_scaler_is_the_stated_one(count: int, level: int) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (count, 4), dtype=np.uint8)
    pixels[:, 0] = 255 - (np.arange(count) == 0)  # the smallest deviation there is
    pixels[:, 1] = 7
    bounds = standard_scaler_error_bound(PixelStatistics(pixels), level=level).tolist()
    assert bounds[1] == 0
    for feature in (0, 2, 3):
        values = [mpf(int(value)) for value in pixels[:, feature]]
        mean = sum(values) / count
        sigma = mpmath.sqrt(sum((value - mean) ** 2 for value in values) / count)
        stated = _scaler_error(count, sigma, level)
        # Larger by 2**-40 for the rounding of the bound, and as much for that of the deviation.
        assert stated * (1 + 1.99 * 2.0**-40) <= bounds[feature] <= stated * (1 + 2.01 * 2.0**-40)


@pytest.mark.parametrize(
    ("count", "numerator", "level"), [(10**8, 10**7, 255), (20_000, 2_400_000, 2**32)]
)
def test_the_bound_of_the_standard_scaler_counts_the_second_pass(
    count: int, numerator: int, level: int
) -> None:
    # As if there were so many rows: then the error of the mean shows in the deviation, and with
    # pixels of 32 bits that of the deviation itself.
    statistics = PixelStatistics([[0], [1]])
    statistics.count = count
    statistics.total, statistics.variance_numerator = np.array([1]), np.array([numerator])
    stated = _scaler_error(count, mpmath.sqrt(numerator) / count, level)
    bound = standard_scaler_error_bound(statistics, level=level).tolist()[0]
    slack = bound / stated - 1
    assert 0.9 * 2.0**-40 <= slack <= 1e-11


def _rests(x: Matrix, splitting: Splitting) -> tuple[list[mpf], int]:
    """Return bounds of the norms of what 0 .. s slices leave of a row, in units of the first."""
    scales = row_scales(x[None], splitting)
    exponent, coarse = int(scales.exponent[0]), int(scales.coarse[0])
    root = mpmath.sqrt(len(x))
    rounded = [mpf(round(Fraction(v) / Fraction(2) ** coarse)) for v in x.tolist()]
    norm = mpmath.norm(mpmath.matrix(rounded)) + root / 2
    rests = [norm * mpf(2) ** (coarse - exponent) if x.any() else mpf(0)]
    left = [Fraction(v) / Fraction(2) ** exponent for v in x.tolist()]
    for i in range(splitting.slices):
        left = [v - round(v) for v in left]
        rests.append(root / 2 * mpf(2) ** (-splitting.bits * i) if any(left) else mpf(0))
        left = [v * 2**splitting.bits for v in left]
    return rests, exponent


@pytest.mark.parametrize("slices", [1, 2, 3, 4, 5])
def test_bounds_of_inner_products_are_the_stated_ones(slices: int) -> None:
    rng = np.random.default_rng(2)
    n = 12
    X = rng.standard_normal((5, n)) * 10.0 ** rng.integers(-3, 4, (5, 1))
    X[1] = np.rint(8 * X[1]) + 1  # one slice is enough
    X[2] = 0
    X[3, 0] *= 2.0**20  # one entry is far larger
    X[4] = np.rint(2.0**30 * X[4] / np.abs(X[4]).max())  # two are enough
    splitting = Splitting(n, slices)
    bounds = gram_error_bound(X, slices=slices)
    assert np.array_equal(gram_error_bound(X, X.copy(), slices=slices), bounds)
    parts = [_rests(x, splitting) for x in X]
    # Products of slices i and j are kept where i + j <= order.
    order = 2 if slices == 2 else slices - 1
    for i, (x, x_exponent) in enumerate(parts):
        for j, (y, y_exponent) in enumerate(parts):
            dropped = x[slices] * y[0]
            for k in range(slices):
                dropped += (x[k] + x[k + 1]) * y[min(slices, order + 1 - k)]
            stated = dropped + 2 * U * (1 + mpf(2) ** -12) * (x[0] * y[0] + dropped)
            stated *= mpf(2) ** (x_exponent + y_exponent)
            _agree(float(bounds[i, j]), stated, 2.0**-29)
    assert not bounds[2].any()


def test_bounds_of_inner_products_that_underflow_are_the_smallest_double_at_least() -> None:
    X = np.full((1, 4), 2.0**-600)
    assert gram_error_bound(X, slices=3) == 2.0**-1074
    X[0, 0] = 0.0
    assert gram_error_bound(X, 0 * X, slices=3) == 0


@pytest.mark.parametrize("slices", [3, 4, 6])
def test_slices_suffice_up_to_the_stated_size(slices: int) -> None:
    n = 1000
    splitting = Splitting(n, slices)
    h = Fraction(1, 2**splitting.bits)
    x_unit, x_mean, y_mean = Fraction(2) ** (7 * slices - 35), Fraction(3, 2), Fraction(5, 2)
    common = Fraction(900 + 700 - n, n)
    # The unit of y at which what is truncated is 2**-52 of what is certain.
    constant = h ** (slices - 1) / 2 * x_unit * y_mean
    factor = Fraction(slices, 4) * h ** (slices - 2) * x_unit + h ** (slices - 1) / 2 * x_mean
    unit = float((common / 2**52 / Fraction(SLACK) - constant) / factor)
    assert unit > 0
    x = _Size(900, float(x_unit), float(x_mean))
    for share, enough in ((1 - 1e-9, True), (1 + 1e-9, False)):
        y = _Size(700, share * unit, float(y_mean))
        assert _suffices([x, y], splitting) == _suffices([y, x], splitting) == enough
    equal = _Size(n, 2.0**-40, 1.0)
    assert _suffices([equal], splitting) == _suffices([equal, equal], splitting)


def test_sizes_of_rows_are_the_stated_ones() -> None:
    rng = np.random.default_rng(4)
    n = 40
    X = rng.standard_normal((4, n)) * [[1.0], [1e-9], [1e200], [0.0]]
    X[1, :7] = 0.0
    X[2] = np.abs(X[2]) + 1e199
    scales = row_scales(X, Splitting(n, 3))
    reached, units, means, smallest = [], [], [], []
    for i in range(3):
        coarse, exponent = int(scales.coarse[i]), int(scales.exponent[i])
        values = [abs(Fraction(v)) for v in X[i].tolist()]
        rounded = [round(v / Fraction(2) ** coarse) for v in values]
        rms = mpmath.sqrt(mpf(sum(v * v for v in rounded)) / n)
        reached.append(sum(v >= rms / 4 for v in rounded))
        units.append(mpf(2) ** (exponent - coarse) / (rms / 4 - 0.5))
        means.append((rms + 0.5) / (rms / 4 - 0.5))
        least = min(value for value in values if value)
        smallest.append(Fraction(2) ** exponent / least)
    by_mean = _size_by_mean(X, scales)
    assert by_mean.reached == min(reached)
    assert by_mean.unit == pytest.approx(float(max(units)), rel=1e-12, abs=0)
    assert by_mean.mean == pytest.approx(float(max(means)), rel=1e-12, abs=0)
    by_smallest = _size_by_smallest(X, scales)
    assert by_smallest.reached == n
    assert by_smallest.unit == pytest.approx(float(max(smallest)), rel=1e-12, abs=0)
    assert by_smallest.mean == 1
    # Nothing is certain of a row whose entries are nearly all below the unit.
    small = replace(scales, energy=np.full(4, 4.0 * n))
    assert _size_by_mean(X, small).reached == 0
    assert np.isinf(_size_by_mean(X, small)[1:]).all()


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly", "sigmoid"])
@pytest.mark.parametrize("shift", [0.0, 1e-3])
def test_errors_of_refined_decisions_are_the_stated_ones(kernel: str, shift: float) -> None:
    rng = np.random.default_rng(5)
    X, Q = rng.standard_normal((40, 6)), rng.standard_normal((3, 6))
    svm, other = (
        SVC(kernel=kernel, gamma=0.1, coef0=0.25, C=C).fit(X, np.arange(40) % 3)
        for C in (1.0, 1.0 + 1e-6)
    )
    both = two_models(svm, other if shift else None, X, shift, "a test")
    values, errors = _refined(both, Q)
    (dual, intercept), (other_dual, other_intercept) = both.machines
    rows = X[both.places]
    size = KernelError(both.function, Q, rows, 1.0)
    argument = gram_error_bound(Q, rows, slices=SLICES)
    if kernel == "rbf":  # of squared distances: both squares, the product twice, two roundings
        own = [
            np.array([gram_error_bound(row[None], slices=SLICES)[0, 0] for row in side])
            for side in (Q, rows)
        ]
        argument = own[0][:, None] + 2 * argument + own[1]
        lengths = np.linalg.norm(Q, axis=1)[:, None] + np.linalg.norm(rows, axis=1)
        argument = argument + 2.0**-52 * lengths**2
    K = ExactKernel(kernel, gamma=0.1, coef0=0.25, slices=SLICES)(Q, rows)  # type: ignore[arg-type]
    stated = size.through(argument) @ np.abs(dual).T
    stated += size.change(both.shift, both.gap) @ np.abs(other_dual).T
    stated += size.magnitude @ np.abs(dual - other_dual).T + np.abs(intercept - other_intercept)
    stated += gram_error_bound(K, dual, slices=SLICES)
    stated += 2.0**-53 * (np.abs(values - intercept) + np.abs(intercept))
    # A little larger, for their own rounding.
    growth = both.own_rounding(1.0) - 1
    assert growth > 100 * 2.0**-53
    assert (errors >= stated * (1 + growth / 2)).all()
    np.testing.assert_allclose(errors, stated, rtol=1e-9)
