"""Rigorous bounds against the worst input that is known: never exceeded, and nearly reached.

A bound that is only compared with errors far below it may be wrong by a factor without a test that
fails. Each test here builds what its bound allows (rests of half a unit that all point one way,
terms that are lost one by one, features that move as far as they may), and demands a share of it.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from etcprops import (
    PixelStatistics,
    decision_error_bound,
    exact_gram,
    gram_error_bound,
    standard_scaler_error_bound,
)
from etcprops.exact._splitting import Splitting, row_scales

Matrix = NDArray[np.float64]
UNIT = 2.0**-53


def _product(x: Matrix, y: Matrix) -> Fraction:
    """Return the exact inner product."""
    return sum((Fraction(a) * Fraction(b) for a, b in zip(x, y, strict=True)), Fraction(0))


def _gram_share(x: Matrix, y: Matrix, slices: int) -> float:
    """Return the error of an inner product as a share of its bound."""
    X, Y = x[None], y[None]
    error = abs(Fraction(exact_gram(X, Y, slices=slices)[0, 0]) - _product(x, y))
    return float(error / Fraction(gram_error_bound(X, Y, slices=slices)[0, 0]))


def _last_unit(x: Matrix, slices: int) -> float:
    """Return the unit of the last slice of a row."""
    splitting = Splitting(x.size, slices)
    exponent = int(row_scales(x[None], splitting).exponent[0])
    return float(2.0 ** (exponent - splitting.bits * (slices - 1)))


@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("features", [4, 100, 3000])
def test_rests_of_nearly_half_a_unit_reach_the_bound_of_truncation(
    slices: int, features: int
) -> None:
    x = np.ones(features)
    rest = 0.499 * _last_unit(x, slices)
    # One row has rests, the other none; then both.
    assert 0.98 < _gram_share(x, x + rest, slices) <= 1
    assert 0.98 < _gram_share(x + rest, x + rest, slices) <= 1


def test_products_of_slices_that_are_dropped_reach_the_bound() -> None:
    # The first slice has one large entry in each row, the second and third are at their largest, of
    # one sign, in all features: what three slices drop adds up.
    features = 2**19
    X = np.ones((2, features))
    X[[0, 1], [0, 1]], X[[0, 1], [1, 0]] = 2.0**24, 0.0
    unit, ratio = _last_unit(X[0], 1), 2.0 ** -Splitting(features, 3).bits
    value = (0.5 / ratio - 1 + 0.499) * ratio * unit
    X[:, 2:] = value
    assert _last_unit(X[0], 1) == unit
    error = abs(Fraction(exact_gram(X, slices=3)[0, 1]) - (features - 2) * Fraction(value) ** 2)
    assert 0.6 < float(error / Fraction(gram_error_bound(X, slices=3)[0, 1])) <= 1


def test_the_rounding_of_the_result_comes_near_its_bound() -> None:
    # Without rests only the result is rounded: half a unit in the last place of just above 2**k.
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        x = rng.integers(-(2**30), 2**30, 2).astype(np.float64)
        y = x + rng.integers(-9, 9, 2).astype(np.float64)
        shares.append(_gram_share(x, y, 3))
    assert max(shares) <= 1
    assert max(shares) > 0.4


def _machine(rows: Matrix, kernel: str, **options: Any) -> Any:
    """Return an SVM whose support vectors are two rows."""
    return SVC(kernel=kernel, C=1e6, **options).fit(rows, [0, 1])


def _decision(svm: Any, kernels: list[float]) -> float:
    """Return the decision value from computed kernels with the support vectors, added in order."""
    first, second = svm.dual_coef_[0]
    return float(first * kernels[0] + second * kernels[1] + svm.intercept_[0])


def _in_order(x: Matrix, y: Matrix) -> float:
    """Return the inner product, added feature by feature."""
    total = 0.0
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        total += a * b
    return total


@pytest.mark.parametrize("features", [16, 256, 1024])
def test_terms_that_are_lost_one_by_one_reach_a_share_of_the_bound_for_sums(features: int) -> None:
    # After a first product of 1 each further one of just below half its unit is lost; in the other
    # order none is. Cauchy and Schwarz, with which the bound adds up, is nearly an equality for two
    # rows that point one way; the second computation may lose as much to the other side.
    small = np.sqrt(UNIT * 0.999)
    x = np.r_[1.0, np.full(features - 1, small)]
    svm = _machine(np.stack([-x, x]), "linear")
    rows = svm.support_vectors_
    lost = _decision(svm, [_in_order(x, row) for row in rows])
    kept = _decision(svm, [_in_order(x[::-1], row[::-1]) for row in rows])
    share = abs(lost - kept) / float(decision_error_bound(svm, x[None])[0])
    # Half of the bound is the other computation's; the dual sum and the norms take some more.
    assert 0.4 * (1 - 12 / features) < share <= 1


FEATURES = 8
EXTENT = 0.01


@pytest.mark.parametrize(
    ("kernel", "least"), [("linear", 0.99), ("poly", 0.9), ("sigmoid", 0.8), ("rbf", 0.9)]
)
def test_features_that_move_as_far_as_they_may_nearly_reach_the_bound(
    kernel: str, least: float
) -> None:
    options = {"linear": {}, "poly": {"gamma": 0.05, "degree": 3, "coef0": 0.0}}.get(
        kernel, {"gamma": 0.05, "coef0": 0.0}
    )
    one = np.ones(FEATURES)
    svm = _machine(np.stack([-one, one]), kernel, **options)
    bound = float(decision_error_bound(svm, one[None], feature_error=EXTENT)[0])
    # Plain features are off one way, encrypted ones the other: 2 EXTENT in every feature.
    moved = 2 * EXTENT * one

    def value(query: Matrix, rows: Matrix) -> float:
        product, gamma = rows @ query, options.get("gamma", 1.0)
        kernels = {
            "linear": product,
            "poly": (gamma * product) ** 3,
            "sigmoid": np.tanh(gamma * product),
            "rbf": np.exp(-gamma * ((rows - query) ** 2).sum(axis=1)),
        }[kernel]
        return _decision(svm, kernels.tolist())

    rows = svm.support_vectors_
    plain = value(one, rows)
    signs = np.sign(rows[:, :1])
    moves = [(s * moved, t * signs * moved) for s in (-1, 1) for t in (-1, 1)]
    shares = [abs(value(one + a, rows + b) - plain) / bound for a, b in moves]
    assert max(shares) <= 1
    assert max(shares) > least


def test_coefficients_that_differ_reach_their_part_of_the_bound() -> None:
    one = np.ones(FEATURES)
    svms = [_machine(np.stack([-one, one]), "linear") for _ in range(2)]
    change = 0.001 * np.sign(svms[1].dual_coef_[0])
    svms[1].dual_coef_ = svms[1].dual_coef_ + change
    svms[1]._dual_coef_ = svms[1]._dual_coef_ + change
    bound = float(decision_error_bound(svms[0], one[None], encrypted=svms[1])[0])
    kernels = (svms[0].support_vectors_ @ one).tolist()
    difference = abs(_decision(svms[0], kernels) - _decision(svms[1], kernels))
    assert 0.999 < difference / bound <= 1


def test_standard_scaler_comes_near_its_bound() -> None:
    # Nearly constant bright pixels: mean and deviation are hard, and the deviation is small.
    worst = 0.0
    rng = np.random.default_rng(0)
    for count in (3, 7, 50, 1000):
        pixels = np.full((count, 200), 255, dtype=np.uint8)
        pixels[rng.integers(0, count, 200), np.arange(200)] = 254
        pixels[0, 100:] = rng.integers(0, 256, 100)
        exact = PixelStatistics(pixels)
        bound = standard_scaler_error_bound(exact)
        scaled = StandardScaler().fit(pixels.astype(np.float64))
        shown = np.unique(pixels)[:, None] * np.ones(200)
        # The exact z-scores are correctly rounded: within half a unit of the truth.
        errors = np.abs(scaled.transform(shown) - exact.z_score(shown.astype(np.int64)))
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = np.where(np.isfinite(bound) & (bound > 0), errors / bound, 0.0)
        worst = max(worst, float(shares.max()))
    assert 0.3 < worst <= 1
