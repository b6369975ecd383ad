"""Bounds of decision errors: never exceeded, not absurdly large, and clear about bad input."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import permuted
from numpy.typing import NDArray
from sixty_digits import exact_decisions
from sklearn.metrics.pairwise import (
    linear_kernel,
    polynomial_kernel,
    rbf_kernel,
    sigmoid_kernel,
)
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC

from etcprops import (
    EtCKey,
    InvalidParameterError,
    PixelStatistics,
    certified,
    decision_error_bound,
    encrypt,
    standard_scaler_error_bound,
)
from etcprops.datasets import load_digits_images
from etcprops.exact import margins
from etcprops.exact._kernel_error import KernelError
from etcprops.exact._kernel_function import KernelFunction, kernel_function
from etcprops.exact._two_models import two_models
from etcprops.exact.margins import bounds_of

Matrix = NDArray[np.float64]
KERNELS = ("linear", "rbf", "poly", "sigmoid")


def fitted(kernel: str, classes: int = 2, *, seed: int = 0, n: int = 40, **options: Any) -> Any:
    """Return an SVM, its training rows and queries."""
    rng = np.random.default_rng(seed)
    X, Q = rng.standard_normal((30, n)), rng.standard_normal((12, n))
    labels = np.arange(30) % classes
    svm = SVC(kernel=kernel, decision_function_shape="ovo", **options).fit(X, labels)
    return svm, X, Q


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("classes", [2, 4])
def test_twice_the_error_against_60_digits_is_within_the_bound(kernel: str, classes: int) -> None:
    # The bound is for two computations of the same exact value: each is allowed a half.
    svm, _, Q = fitted(kernel, classes, coef0=0.5 if kernel in {"poly", "sigmoid"} else 0.0)
    bound = decision_error_bound(svm, Q[:4]).reshape(4, -1)
    computed = svm.decision_function(Q[:4]).reshape(4, -1)
    for i, values in enumerate(exact_decisions(svm, Q[:4])):
        for pair, value in enumerate(values):
            error = abs(Decimal(float(computed[i, pair])) - value)
            assert 2 * error <= Decimal(float(bound[i, pair]))
    assert bound.max() < 1e-11 * (1 + np.abs(computed).max())


FUNCTIONS = {
    "linear": linear_kernel,
    "rbf": rbf_kernel,
    "poly": partial(polynomial_kernel, gamma=0.1, coef0=0.5, degree=2),
    "sigmoid": partial(sigmoid_kernel, coef0=0.5),
}


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_from_one_product_against_60_digits(kernel: str) -> None:
    rng = np.random.default_rng(0)
    X, Q = rng.standard_normal((30, 40)), rng.standard_normal((4, 40))
    options = {"decision_function_shape": "ovo"}
    svm = SVC(kernel=FUNCTIONS[kernel], **options).fit(X, np.arange(30) % 4)
    given = getattr(FUNCTIONS[kernel], "keywords", {})
    named = SimpleNamespace(
        **{name: getattr(svm, name) for name in ("dual_coef_", "intercept_", "n_support_")},
        classes_=svm.classes_,
        support_vectors_=X[svm.support_],
        kernel=kernel,
        degree=given.get("degree"),
        _gamma=given.get("gamma", 1 / 40),
        coef0=given.get("coef0", 1.0),
    )
    bound = decision_error_bound(svm, Q)
    errors = [
        [abs(Decimal(float(value)) - exact) for value, exact in zip(*both, strict=True)]
        for both in zip(svm.decision_function(Q), exact_decisions(named, Q), strict=True)
    ]
    assert (2 * np.array(errors, dtype=float) <= bound).all()
    assert bound.max() < 1e-11
    # The same bound as for libsvm's own kernel with the same parameters.
    own = SVC(kernel=kernel, gamma=named._gamma, coef0=named.coef0, **options)  # noqa: SLF001
    own.set_params(degree=named.degree or 3).fit(X, np.arange(30) % 4)
    np.testing.assert_allclose(bound, decision_error_bound(own, Q), rtol=1e-6)


def test_kernels_from_one_product_have_the_defaults_of_scikit_learn() -> None:
    X = np.random.default_rng(0).standard_normal((20, 8))
    for function, kind in ((polynomial_kernel, "poly"), (sigmoid_kernel, "sigmoid")):
        svm = SVC(kernel=function).fit(X, X[:, 0] > 0)
        assert kernel_function(svm) == KernelFunction(kind, 1 / 8, 3, 1.0)


@pytest.mark.parametrize("kernel", KERNELS)
def test_moved_features_of_kernels_from_one_product(kernel: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, Q = rng.standard_normal((30, 200)), rng.standard_normal((9, 200))
        svms = [
            SVC(kernel=FUNCTIONS[kernel], decision_function_shape="ovo").fit(rows, X[:, 0] > 0)
            for rows in (X, permuted(X, seed))
        ]
        bound = decision_error_bound(svms[0], Q, encrypted=svms[1], train=X)
        plain, other = (
            svms[0].decision_function(Q),
            svms[1].decision_function(permuted(Q, seed)),
        )
        assert (abs(plain - other) <= bound).all()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize("svm_type", [SVC, NuSVC])
def test_moved_features_stay_within_the_bound(kernel: str, scale: float, svm_type: Any) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        X, Q = scale * rng.standard_normal((30, 200)), scale * rng.standard_normal((9, 200))
        options = {"kernel": kernel, "decision_function_shape": "ovo"}
        plain = svm_type(**options).fit(X, np.arange(30) % 3)
        other = svm_type(**options).fit(permuted(X, seed), np.arange(30) % 3)
        bound = decision_error_bound(plain, Q, encrypted=other, train=X)
        difference = plain.decision_function(Q) - other.decision_function(permuted(Q, seed))
        assert (abs(difference) <= bound).all()
        coarse = decision_error_bound(plain, Q, encrypted=other, train=X, coarse=True)
        assert (coarse >= bound).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_perturbed_features_stay_within_the_bound(kernel: str) -> None:
    # Errors far above rounding, so that the terms for them alone decide.
    svm, X, Q = fitted(kernel, 3)
    size = 1e-4
    bound = decision_error_bound(svm, Q, feature_error=size)
    assert (decision_error_bound(svm, Q, feature_error=size, coarse=True) >= bound).all()
    worst = 0.0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        # Both sides may be off by the feature error: encrypted minus plain by twice that.
        other, rows = (rng.choice([-2 * size, 2 * size], A.shape) + A for A in (Q, X))
        twin = SVC(kernel=kernel, decision_function_shape="ovo", gamma=svm._gamma)  # noqa: SLF001
        twin.fit(rows, np.arange(30) % 3)
        # The same dual solution on permuted support vectors.
        for name in ("dual_coef_", "_dual_coef_", "_intercept_", "support_", "_n_support"):
            setattr(twin, name, getattr(svm, name))
        twin.support_vectors_ = rows[svm.support_]
        twin.shape_fit_ = svm.shape_fit_
        difference = abs(svm.decision_function(Q) - twin.decision_function(other))
        worst = max(worst, float((difference / bound).max()))
        assert (difference <= bound).all()
    assert worst > 1e-3  # and the bound is no wild overestimate


def digits_with_standard_scaler(kernel: str) -> tuple[Any, ...]:
    digits = load_digits_images()
    training, queries = digits.half_split(0)
    key = EtCKey.from_secret(digits.geometry, "margins")
    sides = []
    for images in (digits.images, encrypt(digits.images, key)):
        rows = images.reshape(len(images), -1)
        scaler = StandardScaler().fit(rows[training])
        X, Q = scaler.transform(rows[training]), scaler.transform(rows[queries])
        svm = SVC(kernel=kernel, decision_function_shape="ovo").fit(X, digits.labels[training])
        sides.append((svm, X, Q))
    pixels = digits.images.reshape(len(digits.images), -1)[training]
    return *sides, standard_scaler_error_bound(PixelStatistics(pixels))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly"])
def test_decisions_on_encrypted_digits_are_certified(kernel: str) -> None:
    (plain, X, Q), (other, _, encrypted), error = digits_with_standard_scaler(kernel)
    bound = decision_error_bound(plain, Q, encrypted=other, train=X, feature_error=error)
    values = plain.decision_function(Q)
    assert (abs(values - other.decision_function(encrypted)) <= bound).all()
    sure = certified(values, bound)
    assert sure.mean() > 0.99
    np.testing.assert_array_equal(plain.predict(Q)[sure], other.predict(encrypted)[sure])


def test_z_scores_of_standard_scaler_stay_within_their_bound() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60, 30), dtype=np.uint8)
    pixels[:, 0], pixels[:, 1] = 17, 0  # constant
    pixels[:, 2] = 255
    pixels[0, 2] = 254  # nearly so
    pixels[:, 3] = rng.integers(0, 2, 60)
    queries = rng.integers(0, 256, (20, 30), dtype=np.uint8)
    for rows, others in ((pixels, queries), (255 - pixels, 255 - queries)):
        bound = standard_scaler_error_bound(PixelStatistics(rows))
        z = StandardScaler().fit(rows).transform(others)
        for f in range(30):
            column = [Fraction(int(x)) for x in rows[:, f]]
            mean = sum(column, Fraction(0)) / 60
            variance = sum(((x - mean) ** 2 for x in column), Fraction(0)) / 60
            for x, value in zip(others[:, f].tolist(), z[:, f].tolist(), strict=True):
                with localcontext() as context:
                    context.prec = 60
                    deviation = variance or Fraction(1)
                    root = (Decimal(deviation.numerator) / Decimal(deviation.denominator)).sqrt()
                    off = Fraction(x) - mean
                    truth = Decimal(off.numerator) / Decimal(off.denominator) / root
                    error = abs(Decimal(value) - truth)
                # Constant features: the integer mean is exact, and so is the difference.
                assert error <= Decimal(float(bound[f]))
        assert bound[0] == bound[1] == 0
        assert bound.max() < 1e-11


def test_features_that_may_be_taken_for_constant_have_no_bound() -> None:
    statistics = PixelStatistics(np.array([[0], [255]], dtype=np.uint8))
    statistics.count = 10**8  # as if there were so many rows, all equal but for one
    statistics.total = np.array([255 * (10**8 - 1)])
    statistics.variance_numerator = np.array([1])
    assert np.isinf(standard_scaler_error_bound(statistics)).all()


def test_what_may_be_taken_for_constant_is_what_scikit_learn_compares() -> None:
    statistics = PixelStatistics(np.array([[0], [255]], dtype=np.uint8))
    statistics.count = 10**8
    statistics.total = np.array([10**8])
    # Four times (N L eps)^2 and more, times N^2: the deviation is lost below that.
    limit = (4 * 255 * 10**16 * 2.0**-52) ** 2
    for share, lost in ((1 - 1e-6, True), (1 + 1e-6, False)):
        statistics.variance_numerator = np.array([int(share * limit)])
        assert np.isinf(standard_scaler_error_bound(statistics)).all() == lost


def test_levels_of_scalers_reach_from_the_means() -> None:
    statistics = PixelStatistics([[0, 0], [0, 300]])
    assert standard_scaler_error_bound(statistics, level=150)[0] == 0
    with pytest.raises(InvalidParameterError, match=r"'level' .* at least every pixel.* Got 149"):
        standard_scaler_error_bound(statistics, level=149)
    with pytest.raises(InvalidParameterError, match=r"'level' .* these not negative"):
        standard_scaler_error_bound(PixelStatistics([[-3, 0], [2, 0]]))


@pytest.mark.parametrize("ulps", [1, 2**20])
def test_all_ulps_in_range_are_taken(ulps: int) -> None:
    assert np.isfinite(decision_error_bound(SVM, QUERIES, ulps=ulps)).all()


@pytest.mark.parametrize("coarse", [True, False])
def test_defaults_and_blocks_of_bounds_do_not_show(
    monkeypatch: pytest.MonkeyPatch, *, coarse: bool
) -> None:
    expected = decision_error_bound(SVM, QUERIES, coarse=coarse)
    options: dict[str, Any] = {"feature_error": 0, "ulps": 4, "encrypted": SVM, "train": ROWS}
    stated = decision_error_bound(SVM, QUERIES, coarse=coarse, **options)
    np.testing.assert_array_equal(stated, expected)
    monkeypatch.setattr(margins, "_BLOCK", 2 * len(SVM.support_) + 1)
    np.testing.assert_allclose(
        decision_error_bound(SVM, QUERIES, coarse=coarse), expected, rtol=1e-12
    )
    rbf, _, Q = fitted("rbf")
    four, five = (decision_error_bound(rbf, Q, coarse=coarse, ulps=u) for u in (4, 5))
    np.testing.assert_array_equal(decision_error_bound(rbf, Q, coarse=coarse), four)
    assert (four < five).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_coarse_bounds_see_the_norms_alone(kernel: str) -> None:
    svm, _, Q = fitted(kernel)
    turned = np.concatenate([Q, -Q[:, ::-1]])
    coarse = decision_error_bound(svm, turned, coarse=True).reshape(2, -1)
    np.testing.assert_allclose(coarse[0], coarse[1], rtol=1e-12)
    sharp = decision_error_bound(svm, turned).reshape(2, -1)
    assert (abs(sharp[0] / sharp[1] - 1) > 1e-6).any()
    assert (sharp < coarse).all()


@pytest.mark.parametrize("classes", [2, 4])
def test_bounds_have_the_shape_of_decision_values(classes: int) -> None:
    svm, _, Q = fitted("linear", classes)
    assert decision_error_bound(svm, Q).shape == svm.decision_function(Q).shape


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("ulps", [1.0, 2.0**20])
def test_bounds_are_the_sums_of_their_parts_and_grow_by_what_rounds_in_them(
    kernel: str, ulps: float
) -> None:
    (one, X, Q), (other, *_) = (fitted(kernel, 3, C=C) for C in (1.0, 1.0 + 1e-6))
    both = two_models(one, other, X, 1e-9, "a test")
    bound = bounds_of(both, Q[:2], ulps, coarse=False)
    size = KernelError(both.function, Q[:2], both.rows, ulps)
    kernels = size.magnitude, size.error(0.0, 0.0), size.error(both.shift, both.gap)
    machines = [[np.abs(part) for part in machine] for machine in both.machines]
    differences = [abs(a - b) for a, b in zip(*both.machines, strict=True)]
    terms = len(both.places) + 2
    gamma = Fraction(terms, 2**53 - terms)
    growth = 4 * (40 + len(both.places) + 64) + 16 * int(ulps)
    for q, pair in np.ndindex(*bound.shape):
        k, *errors = ([Fraction(v) for v in part[q].tolist()] for part in kernels)
        stated = _product(differences[0][pair], k) + Fraction(float(differences[1][pair]))
        for (dual, intercept), error in zip(machines, errors, strict=True):
            stated += _product(dual[pair], error)
            stated += gamma * (_product(dual[pair], k) + _product(dual[pair], error))
            stated += gamma * Fraction(float(intercept[pair]))
        grown = Fraction(float(bound[q, pair])) / stated - 1
        assert Fraction(9 * growth, 10 * 2**53) <= grown <= Fraction(2 * growth, 2**53)


def _product(coefficients: Matrix, values: list[Fraction]) -> Fraction:
    pairs = zip(coefficients.tolist(), values, strict=True)
    return sum((Fraction(a) * b for a, b in pairs), Fraction(0))


def test_certified_needs_every_pair() -> None:
    values, bound = np.array([[1.0, -2.0], [1.0, 0.1], [np.nan, 5.0]]), np.full((3, 2), 0.5)
    np.testing.assert_array_equal(certified(values, bound), [True, False, False])
    np.testing.assert_array_equal(certified([0.5, -0.6], [0.5, 0.5]), [False, True])
    np.testing.assert_array_equal(certified([0.0, 1e-300], [0, 0]), [False, True])


@pytest.mark.parametrize("kernel", KERNELS)
def test_coarse_bounds_hold_where_rows_point_one_way(kernel: str) -> None:
    # Rows along one direction: inner products are as large as norms allow, coef0 works against.
    rng = np.random.default_rng(0)
    direction, sizes = rng.standard_normal(40), rng.uniform(0.5, 2.0, 30)
    X = sizes[:, None] * direction + 1e-3 * rng.standard_normal((30, 40))
    options: dict[str, Any] = {"coef0": -2.0} if kernel in {"poly", "sigmoid"} else {}
    svm = SVC(kernel=kernel, gamma=0.02, **options).fit(X, sizes > 1.0)
    size, difference = 1e-6, np.zeros(30)
    for seed in range(10):
        noise = np.random.default_rng(seed).choice([-2 * size, 2 * size], X.shape)
        other = svm.decision_function(X + noise)
        difference = np.maximum(difference, abs(svm.decision_function(X) - other))
    bound = decision_error_bound(svm, X, feature_error=size, coarse=True)
    assert (difference <= bound).all()
    assert (bound >= decision_error_bound(svm, X, feature_error=size)).all()


def test_infinite_error_certifies_nothing() -> None:
    svm, _, Q = fitted("rbf")
    bound = decision_error_bound(svm, Q, feature_error=np.inf)
    assert np.isinf(bound).all()
    assert np.isinf(decision_error_bound(svm, Q, feature_error=np.inf, coarse=True)).all()
    assert not certified(svm.decision_function(Q), bound).any()


def test_tiny_rows_are_covered() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20, 30)) * 1e-165  # squares underflow
    svm = SVC(kernel="rbf", gamma=1e300).fit(X, np.arange(20) % 2)
    for coarse in (False, True):
        assert (decision_error_bound(svm, X, coarse=coarse) > 0).all()


SVM, ROWS, QUERIES = fitted("linear", 3)
GROUPS = np.arange(30) % 2
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": 3}, r"'model' .* fitted SVC or NuSVC\. Got 3"),
    "not fitted": ({"model": SVC()}, r"'model' .* fitted SVC or NuSVC"),
    "a regression": ({"model": SVR().fit(ROWS, ROWS[:, 0])}, r"'model' .* fitted SVC"),
    "a callable kernel": (
        {"model": SVC(kernel=np.inner).fit(ROWS, GROUPS)},
        r"'model' .* kernels linear, rbf, poly, sigmoid, or scikit-learn's .* Got kernel=",
    ),
    "a kernel in single precision": (
        {"model": SVC(kernel=rbf_kernel).fit(ROWS.astype(np.float32), GROUPS)},
        r"'model' .* Got kernel=<function rbf_kernel",
    ),
    "a fractional degree": (
        {"model": SVC(kernel=partial(polynomial_kernel, degree=1.5)).fit(abs(ROWS), GROUPS)},
        r"'model' .* Got kernel=functools\.partial",
    ),
    "features": ({"X": QUERIES[:, :3]}, r"'X' .* with 40 features\. Got .* \(12, 3\)"),
    "NaN": ({"X": np.full((1, 40), np.nan)}, r"'X' .* finite .* Got infinities or NaN"),
    "text": ({"X": [["a"] * 40]}, r"'X' .* real numbers"),
    "another kernel": ({"encrypted": fitted("rbf", 3)[0]}, r"'encrypted' .* kernel='linear'"),
    "other classes": ({"encrypted": fitted("linear", 2)[0]}, r"'encrypted' .* classes of model"),
    "train is missing": (
        {"encrypted": fitted("linear", 3, seed=1, C=1e-4)[0]},
        r"'train' .* other support vectors\. Got None",
    ),
    "train is another": (
        {"encrypted": fitted("linear", 3, seed=1)[0], "train": ROWS[::-1]},
        r"'train' .* rows that model was fitted on",
    ),
    "train is shorter": (
        {"encrypted": fitted("linear", 3, seed=1)[0], "train": ROWS[:5]},
        r"'train' .* rows that model was fitted on",
    ),
    "negative error": ({"feature_error": -1.0}, r"'feature_error' .* at least 0.* Got -1\.0"),
    "errors of others": ({"feature_error": [0.0, 1.0]}, r"'feature_error' .* or 40 of them"),
    "ulps": ({"ulps": 0}, r"'ulps' .* from 1 to 2\*\*20\. Got 0"),
    "no ulps": ({"ulps": 0.999}, r"'ulps' .* from 1 to 2\*\*20\. Got 0\.999"),
    "too many ulps": ({"ulps": 2**20 + 1}, r"'ulps' .* from 1 to 2\*\*20\. Got 1048577"),
}


@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD)
def test_bad_input(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        decision_error_bound(**{"model": SVM, "X": QUERIES, **bad})


@pytest.mark.parametrize(
    "bad", [0.5, [[[1.0]]], [True], [1j]], ids=["a number", "a batch", "booleans", "complex"]
)
def test_decision_values_are_real_and_of_one_dimension_or_two(bad: Any) -> None:
    for values, bound, name in ((bad, [1.0], "decision_values"), ([1.0], bad, "bound")):
        with pytest.raises(InvalidParameterError, match=f"'{name}' .* one or two dimensions"):
            certified(values, bound)


@pytest.mark.parametrize("level", [0, 2**32 + 1, 255.0])
def test_levels_are_integers_from_1_to_2_to_the_32(level: Any) -> None:
    statistics = PixelStatistics([[0], [1]])
    assert standard_scaler_error_bound(statistics, level=1)[0] > 0
    assert standard_scaler_error_bound(statistics, level=2**32)[0] < np.inf
    default = standard_scaler_error_bound(statistics)
    assert default == standard_scaler_error_bound(statistics, level=255)
    with pytest.raises(InvalidParameterError, match="'level' parameter of standard_scaler"):
        standard_scaler_error_bound(statistics, level=level)


def test_bad_input_of_the_others() -> None:
    with pytest.raises(InvalidParameterError, match=r"'bound' .* shape of decision_values, \(1,\)"):
        certified([1.0], [1.0, 2.0])
    with pytest.raises(InvalidParameterError, match=r"'bound' .* not be negative\. Got -1\.0"):
        certified([1.0], [-1.0])
    with pytest.raises(InvalidParameterError, match=r"'decision_values' .* real numbers"):
        certified(["a"], [1.0])
    with pytest.raises(InvalidParameterError, match=r"'statistics' .* PixelStatistics\. Got 3"):
        standard_scaler_error_bound(3)  # type: ignore[arg-type]
    statistics = PixelStatistics([[0], [300]])
    with pytest.raises(InvalidParameterError, match=r"'level' .* at least every pixel"):
        standard_scaler_error_bound(statistics, level=100)
