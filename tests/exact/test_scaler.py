"""The exact z-score inside scikit-learn: its own checks, its customs, and the bits."""

from __future__ import annotations

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from etcprops import (
    EtCKey,
    ExactStandardScaler,
    InvalidParameterError,
    encrypt,
    standard_scaler_error_bound,
)
from etcprops.datasets import load_digits_images


# All pass: scikit-learn gives integers to what says that it takes categories.
@parametrize_with_checks([ExactStandardScaler()])  # type: ignore[untyped-decorator]
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    if "array_api" in str(check):
        pytest.skip("takes NumPy's arrays; other libraries' are asked with SCIPY_ARRAY_API=1 alone")
    check(estimator)


@st.composite
def pixels(draw: st.DrawFn) -> NDArray[Any]:
    """Draw rows of 8-bit or 16-bit pixels, with a constant feature at times."""
    dtype: Any = draw(st.sampled_from([np.uint8, np.uint16]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.integers(1, 20)), draw(st.integers(1, 8))
    top = np.iinfo(dtype).max
    X = rng.integers(0, top, shape, dtype=dtype, endpoint=True)
    if draw(st.booleans()):
        X[:, 0] = draw(st.sampled_from([0, 7, int(top)]))
    return X


@given(pixels(), st.integers(0, 2**32 - 1))
def test_negation_and_order_change_signs_and_order_alone(X: NDArray[Any], seed: int) -> None:
    rng, top = np.random.default_rng(seed), np.iinfo(X.dtype).max
    order, negative = rng.permutation(X.shape[1]), rng.random(X.shape[1]) < 0.5
    permuted = np.where(negative, top - X, X)[:, order]
    z = ExactStandardScaler().fit_transform(X)
    w = ExactStandardScaler().fit_transform(permuted)
    np.testing.assert_array_equal(np.where(negative, -z, z)[:, order], w)


@given(pixels())
def test_equal_to_standard_scaler_up_to_rounding(X: NDArray[Any]) -> None:
    theirs, ours = StandardScaler().fit(X), ExactStandardScaler().fit(X)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-14)
    np.testing.assert_allclose(ours.var_, theirs.var_, rtol=1e-11, atol=1e-11)
    # Constant features too, for queries besides.
    queries = np.concatenate([X, X[::-1, ::-1]])
    tolerance = 1e-11 * (1 + np.abs(theirs.transform(queries)).max())
    np.testing.assert_allclose(ours.transform(queries), theirs.transform(queries), atol=tolerance)


@given(pixels())
def test_each_value_is_rounded_twice_at_most(X: NDArray[Any]) -> None:
    z = ExactStandardScaler().fit_transform(X)
    columns = X.astype(object)
    for f in range(X.shape[1]):
        column = [Fraction(int(x)) for x in columns[:, f]]
        mean = sum(column, Fraction(0)) / len(column)
        variance = sum(((x - mean) ** 2 for x in column), Fraction(0)) / len(column)
        for x, value in zip(column, z[:, f].tolist(), strict=True):
            # z^2 var = (x - mean)^2 up to two roundings of z.
            true = (x - mean) ** 2
            error = abs(Fraction(value) ** 2 * (variance or 1) - true)
            assert error <= true * Fraction(4.1 * 2.0**-53)


def test_output_and_names() -> None:
    X = np.array([[0, 10], [1, 20], [5, 30]], dtype=np.uint8)
    scaler = ExactStandardScaler().fit(X)
    assert scaler.get_feature_names_out().tolist() == ["x0", "x1"]
    assert scaler.get_feature_names_out(["left", "right"]).tolist() == ["left", "right"]
    assert (scaler.n_features_in_, scaler.n_samples_seen_) == (2, 3)
    assert scaler.set_output(transform="default") is scaler
    assert not hasattr(clone(scaler), "statistics_")


def test_data_frames_keep_their_names() -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas: pip install pandas")
    frame = pandas.DataFrame({"a": [0, 1, 5], "b": [10, 20, 30]})
    scaler = ExactStandardScaler().set_output(transform="pandas").fit(frame)
    assert list(scaler.transform(frame).columns) == ["a", "b"]
    assert scaler.feature_names_in_.tolist() == ["a", "b"]


def test_pickle_and_clone_in_a_pipeline_give_the_same_bits() -> None:
    digits = load_digits_images()
    X, y = digits.images[:200].reshape(200, -1), digits.labels[:200]
    pipeline = make_pipeline(ExactStandardScaler(), SVC()).fit(X, y)
    expected = pipeline.decision_function(X)
    again = pickle.loads(pickle.dumps(pipeline))  # noqa: S301
    np.testing.assert_array_equal(again.decision_function(X), expected)
    np.testing.assert_array_equal(clone(pipeline).fit(X, y).decision_function(X), expected)


def test_encrypted_digits_have_the_z_scores_of_plain_ones() -> None:
    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, "z-score")
    plain, encrypted = (
        ExactStandardScaler().fit_transform(images.reshape(len(images), -1))
        for images in (digits.images, encrypt(digits.images, key))
    )
    indices = encrypt(np.arange(64, dtype=np.uint8).reshape(1, 8, 8), key).ravel()
    # A negated place shows 255 - index, which is above 64.
    negative, source = indices > 64, np.where(indices > 64, 255 - indices, indices)
    assert negative.any()
    np.testing.assert_array_equal(np.where(negative, -1, 1) * plain[:, source], encrypted)
    # The usual scaler does not: the control.
    theirs, others = (
        StandardScaler().fit_transform(images.reshape(len(images), -1))
        for images in (digits.images, encrypt(digits.images, key))
    )
    assert not np.array_equal(np.where(negative, -1, 1) * theirs[:, source], others)


BAD = {
    "fractions": ([[0.5, 1.0]], InvalidParameterError, r"integers .* Got 0\.5 in row 0, feature 0"),
    "too large": ([[0, 2**31]], InvalidParameterError, r"below 2\^31\. Got 2147483648 in row 0"),
    "infinity": ([[np.inf, 1.0]], ValueError, "infinity"),
    "NaN": ([[np.nan, 1.0]], ValueError, "NaN"),
    "one-dimensional": ([1, 2], ValueError, "Expected 2D array"),
    "no rows": (np.ones((0, 2)), ValueError, "0 sample"),
    "no features": (np.ones((2, 0)), ValueError, "0 feature"),
    "text": ([["a", "b"]], ValueError, "could not convert|non-numeric|dtype"),
}


@pytest.mark.parametrize(("X", "error", "message"), BAD.values(), ids=BAD)
def test_bad_input(X: Any, error: type[ValueError], message: str) -> None:
    with pytest.raises(error, match=message):
        ExactStandardScaler().fit(X)


@pytest.mark.parametrize("count", [46_340, 46_341, 50_000])
def test_variances_beyond_int64_are_exact(count: int) -> None:
    # From 46,341 images of 16 bits on, N^2 max(x)^2 reaches 2^63.
    X = np.zeros((count, 2), dtype=np.uint16)
    X[: count // 2] = 65535
    X[:, 1] = 65535 - X[:, 1]
    scaler = ExactStandardScaler().fit(X)
    half = count // 2
    expected = count * half * 65535**2 - (half * 65535) ** 2
    assert [int(v) for v in scaler.statistics_.variance_numerator] == [expected, expected]
    np.testing.assert_allclose(scaler.var_, expected / count**2)
    assert scaler.var_.dtype == np.float64
    z = scaler.transform(X[:: count // 2])
    np.testing.assert_array_equal(z[:, 0], -z[:, 1])
    bound = standard_scaler_error_bound(scaler.statistics_, level=65535)
    assert (bound < 1e-9).all()


def test_features_and_fitting_are_asked_for() -> None:
    with pytest.raises(ValueError, match=r"3 features, but .* expecting 2"):
        ExactStandardScaler().fit([[1, 2]]).transform([[1, 2, 3]])
    with pytest.raises(NotFittedError):
        ExactStandardScaler().transform([[1, 2]])


def test_errors_name_the_transformer_and_not_what_it_calls() -> None:
    whole = np.arange(6).reshape(3, 2)
    with pytest.raises(InvalidParameterError, match=r"of ExactStandardScaler\.fit must"):
        ExactStandardScaler().fit(whole + 0.5)
    fitted = ExactStandardScaler().fit(whole)
    with pytest.raises(InvalidParameterError, match=r"of ExactStandardScaler\.transform must"):
        fitted.transform(whole + 0.5)
