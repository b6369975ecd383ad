"""Decisions that are certain: intervals around the exact value, small where it matters."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import permuted
from numpy.typing import NDArray
from sixty_digits import exact_decisions
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, NuSVC

from etcprops import (
    CertainDecisions,
    EtCKey,
    InvalidParameterError,
    PixelStatistics,
    certain_decisions,
    decision_error_bound,
    encrypt,
    standard_scaler_error_bound,
)
from etcprops.datasets import make_synthetic_faces
from etcprops.exact import decisions

Matrix = NDArray[np.float64]
KERNELS = ("linear", "rbf", "poly", "sigmoid")


def fitted(kernel: str, classes: int, svm_type: Any = SVC) -> tuple[Any, Matrix, Matrix]:
    """Return a machine, its training rows and queries."""
    rng = np.random.default_rng(3)
    X, Q = rng.standard_normal((30, 40)), rng.standard_normal((4, 40))
    return svm_type(kernel=kernel).fit(X, np.arange(30) % classes), X, Q


def on_the_boundary(svm: Any, Q: Matrix) -> Matrix:
    """Return a query between each and the next of another class, as near to both as doubles are."""
    found = []
    for a, b in pairwise(Q):
        left, right = a, b
        own = svm.predict(a[None])[0]
        if svm.predict(b[None])[0] == own:
            continue
        for _ in range(45):
            middle = (left + right) / 2
            left, right = (middle, right) if svm.predict(middle[None])[0] == own else (left, middle)
        found.append(left)
    return np.array(found)


def assert_contains(found: CertainDecisions, truth: list[list[Decimal]]) -> None:
    """Check that the intervals contain the exact values, and that labels are those of these."""
    pairs = [end.reshape(len(truth), -1) for end in (found.lower, found.upper)]
    for lows, highs, values in zip(*pairs, truth, strict=True):
        for low, high, value in zip(lows, highs, values, strict=True):
            assert Decimal(float(low)) <= value <= Decimal(float(high))


@pytest.fixture
def open_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the bound by norms leave all open."""
    monkeypatch.setattr(
        decisions,
        "bounds_of",
        lambda both, X, *_, **__: np.full((len(X), len(both.machines[0][1])), 9.0),
    )


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("open_all")
@pytest.mark.parametrize("svm_type", [SVC, NuSVC])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kernel", KERNELS)
def test_small_intervals_contain_the_exact_value(kernel: str, classes: int, svm_type: Any) -> None:
    svm, _, Q = fitted(kernel, classes, svm_type)
    found = certain_decisions(svm, Q)
    assert found.refined.all()
    assert found.certified.all()
    assert (found.upper - found.lower).max() < 1e-12
    assert_contains(found, exact_decisions(svm, Q))
    np.testing.assert_array_equal(found.labels, svm.predict(Q))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kernel", KERNELS)
def test_queries_on_the_boundary(kernel: str, classes: int) -> None:
    svm, X, _ = fitted(kernel, classes)
    Q = on_the_boundary(svm, X[:9])
    found = certain_decisions(svm, Q)
    assert found.refined.all()
    truth = exact_decisions(svm, Q)
    assert_contains(found, truth)
    svm.decision_function_shape = "ovo"
    values, bound = svm.decision_function(Q), decision_error_bound(svm, Q, coarse=True)
    assert (np.nextafter(values - bound, -np.inf) <= found.lower).all()
    assert (np.nextafter(values + bound, np.inf) >= found.upper).all()
    # Where all signs are certain, votes are those of the exact values.
    for sure, label, exact in zip(found.certified, found.labels, truth, strict=True):
        if sure and classes == 2:
            assert label == (exact[0] > 0)


def test_what_the_sharp_bound_leaves_open_is_decided() -> None:
    svm, _, _ = fitted("rbf", 2)
    (query,) = on_the_boundary(svm, np.array([svm.support_vectors_[0], svm.support_vectors_[-1]]))
    # One that is a little further off: rounding may decide it, exact kernels need not fear that.
    slope = svm.decision_function((query + 1e-6)[None])[0] / 1e-6
    near = (query + 2e-13 / slope)[None]
    value = svm.decision_function(near)
    assert abs(value) < decision_error_bound(svm, near)
    found = certain_decisions(svm, near)
    assert found.certified.all()
    assert_contains(found, exact_decisions(svm, near))


def test_an_interval_that_ends_in_zero_decides_nothing() -> None:
    lower, upper = np.array([[-1.0], [0.0], [1.0], [-2.0]]), np.array([[0.0], [1.0], [2.0], [-1.0]])
    sure = decisions._decided(lower, upper)  # noqa: SLF001
    np.testing.assert_array_equal(sure, [False, False, True, True])


def test_a_tie_stays_open() -> None:
    svm = SVC(kernel="linear").fit([[-1.0], [1.0]], [0, 1])
    found = certain_decisions(svm, [[0.0], [0.5]])
    np.testing.assert_array_equal(found.refined, [True, False])
    np.testing.assert_array_equal(found.certified, [False, True])
    assert found.lower[0] <= 0 <= found.upper[0]
    np.testing.assert_array_equal(found.labels, svm.predict([[0.0], [0.5]]))


def test_of_several_classes_ties_are_for_the_later_one_as_in_predict() -> None:
    svm = SVC(kernel="linear").fit([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], [0, 1, 2, 2])
    queries = np.array([[0.0, 0.0], [0.25, 0.0], [-0.25, 0.0], [0.0, 0.5], [0.5, 0.5], [-3.0, 1.0]])
    found = certain_decisions(svm, queries)
    np.testing.assert_array_equal(found.labels, svm.predict(queries))
    assert set(found.labels.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("value", [1.0, -1.0, 3.5, 2.0**60, 2.0**-1022])
@pytest.mark.parametrize("share", [0.0, 2.0**-60, 0.3, 1.0])
def test_intervals_are_rounded_outwards(value: float, share: float) -> None:
    bound = share * abs(value)
    low, high = decisions._interval(np.array([value]), np.array([bound]))  # noqa: SLF001
    # A double further than what is rounded to nearest: never inside of the true ends.
    assert Fraction(low[0]) < Fraction(value) - Fraction(bound)
    assert Fraction(high[0]) > Fraction(value) + Fraction(bound)


def test_the_bound_by_norms_comes_first_with_the_stated_ulps() -> None:
    svm, _, Q = fitted("rbf", 3)
    svm.decision_function_shape = "ovo"
    values, bound = svm.decision_function(Q), decision_error_bound(svm, Q, coarse=True)
    found = certain_decisions(svm, Q)
    assert not found.refined.any()
    np.testing.assert_array_equal(found.lower, np.nextafter(values - bound, -np.inf))
    np.testing.assert_array_equal(found.upper, np.nextafter(values + bound, np.inf))
    for ulps in (1, 4.0, 2**20):
        same = certain_decisions(svm, Q, ulps=ulps).lower == found.lower
        assert same.all() == (ulps == 4)


@pytest.mark.usefixtures("open_all")
def test_how_many_are_refined_at_once_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    svm, _, Q = fitted("poly", 3)
    whole = certain_decisions(svm, Q)
    monkeypatch.setattr(decisions, "_BLOCK", 2 * len(svm.support_) + 1)
    monkeypatch.setattr(decisions, "_ROWS", 3)
    parts = certain_decisions(svm, Q)
    for name in ("labels", "certified", "refined", "lower", "upper"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def moved_by(svm: Any, rows: Matrix) -> Any:
    """Return what `exact_decisions` reads, with other support vectors."""
    names = ("dual_coef_", "intercept_", "n_support_", "classes_", "kernel", "degree", "coef0")
    given = {name: getattr(svm, name) for name in (*names, "_gamma")}
    return SimpleNamespace(**given, support_vectors_=rows)


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("open_all")
@pytest.mark.parametrize("kernel", KERNELS)
def test_features_that_are_off_are_covered(kernel: str) -> None:
    svm, _, Q = fitted(kernel, 2)
    size, share = 1e-5, 0.0
    found = certain_decisions(svm, Q, feature_error=size)
    # The worst direction of a linear kernel, and chance.
    weights = np.sign(svm.dual_coef_[0] @ svm.support_vectors_)
    for seed in range(4):
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], Q.shape) if seed else weights
        other = Q + 2 * size * signs
        twin = moved_by(svm, svm.support_vectors_ + 2 * size * weights)
        truth = exact_decisions(twin, other)
        assert_contains(found, truth)
        middle = (found.lower + found.upper) / 2
        off = [abs(float(values[0]) - at) for values, at in zip(truth, middle, strict=True)]
        share = max(share, float((off / (found.upper - found.lower)).max()))
    assert share > 1e-3  # and the interval is no wild overestimate


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly"])
def test_faces_and_encrypted_faces(kernel: str) -> None:
    data = make_synthetic_faces(people=4, lights=12, height=48, width=40)
    training, queries = data.half_split(0)
    key = EtCKey.from_secret(data.geometry, "decisions")
    sides = []
    for images in (data.images, encrypt(data.images, key)):
        rows = images.reshape(len(images), -1)
        scaler = StandardScaler().fit(rows[training])
        X, Q = scaler.transform(rows[training]), scaler.transform(rows[queries])
        sides.append((SVC(kernel=kernel).fit(X, data.labels[training]), X, Q))
    pixels = data.images.reshape(len(data.images), -1)[training]
    error = standard_scaler_error_bound(PixelStatistics(pixels))
    (plain, X, Q), (other, Z, encrypted) = sides
    found = certain_decisions(plain, Q, encrypted=other, train=X, feature_error=error)
    there = certain_decisions(other, encrypted, encrypted=plain, train=Z, feature_error=error)
    assert found.certified.mean() > 0.99
    np.testing.assert_array_equal(found.labels, plain.predict(Q))
    both = found.certified & there.certified
    np.testing.assert_array_equal(found.labels[both], there.labels[both])


def test_permuted_features_have_the_same_labels() -> None:
    rng = np.random.default_rng(5)
    X, Q = rng.standard_normal((30, 200)), rng.standard_normal((40, 200))
    labels = np.array(["c", "a", "b"])[np.arange(30) % 3]
    plain, other = (SVC().fit(rows, labels) for rows in (X, permuted(X, 0)))
    found = certain_decisions(plain, Q, encrypted=other, train=X)
    sure = found.certified
    assert sure.mean() > 0.9  # the two stopped at solutions that differ by the tolerance
    np.testing.assert_array_equal(found.labels[sure], other.predict(permuted(Q, 0))[sure])


def test_infinite_error_certifies_nothing() -> None:
    svm, _, Q = fitted("rbf", 3)
    found = certain_decisions(svm, Q, feature_error=np.inf)
    assert not found.certified.any()
    np.testing.assert_array_equal(found.labels, svm.predict(Q))


def test_kernels_of_one_product_are_known() -> None:
    rng = np.random.default_rng(0)
    X, Q = rng.standard_normal((30, 40)), rng.standard_normal((4, 40))
    svm = SVC(kernel=partial(polynomial_kernel, degree=2, gamma=0.1)).fit(X, X[:, 0] > 0)
    found = certain_decisions(svm, Q)
    np.testing.assert_array_equal(found.labels, svm.predict(Q))
    assert found.certified.all()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"model": 3}, r"'model' parameter of certain_decisions .* fitted SVC or NuSVC\. Got 3"),
        ({"X": np.ones((2, 3))}, r"'X' parameter of certain_decisions .* with 40 features"),
        ({"ulps": 0}, r"'ulps' parameter of certain_decisions .* Got 0"),
        ({"ulps": 2**20 + 1}, r"'ulps' parameter of certain_decisions .* Got 1048577"),
    ],
)
def test_bad_input(bad: dict[str, Any], message: str) -> None:
    svm, _, Q = fitted("linear", 2)
    with pytest.raises(InvalidParameterError, match=message):
        certain_decisions(**{"model": svm, "X": Q, **bad})
