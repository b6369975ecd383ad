"""Kernels and distances against scikit-learn, rational arithmetic, and their own bits."""

from __future__ import annotations

import pickle
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import flat, permuted
from hypothesis import given
from hypothesis import strategies as st
from joblib import Memory
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics.pairwise import euclidean_distances, pairwise_kernels
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, NuSVC

import etcprops
from etcprops import (
    EtCKey,
    ExactKernel,
    ExactStandardScaler,
    InvalidParameterError,
    PixelStatistics,
    encrypt,
    exact_gram,
    exact_squared_distances,
    scale_gamma,
)
from etcprops.datasets import load_digits_images

DIGITS = load_digits_images()
KINDS: tuple[Any, ...] = ("linear", "rbf", "poly", "sigmoid")
seeds = st.integers(0, 2**32 - 1)


# --- Values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gamma", ["auto", "scale", 0.01])
def test_values_are_those_of_scikit_learn(kind: Any, gamma: Any) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((2, 30, 50))
    Y -= Y.mean(axis=0)  # where "scale" means the same to both
    width = {"auto": 1 / 50, "scale": 1 / (50 * Y.var())}.get(gamma, gamma)
    parameters: dict[str, Any] = {"degree": 4, "coef0": 0.5} if kind in {"poly", "sigmoid"} else {}
    ours = ExactKernel(kind, gamma=gamma, slices=3, **parameters)(X, Y)
    options = {
        name: value for name, value in parameters.items() if kind == "poly" or name != "degree"
    }
    if kind != "linear":
        options["gamma"] = width
    np.testing.assert_allclose(ours, pairwise_kernels(X, Y, metric=kind, **options), rtol=1e-11)


@given(seed=seeds, kind=st.sampled_from(KINDS), n=st.sampled_from([1, 3, 70]))
def test_order_and_signs_of_features_do_not_show(seed: int, kind: Any, n: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((4, n)), rng.standard_normal((3, n))
    for gamma in (0.3, "auto", "scale"):
        kernel = ExactKernel(kind, gamma=gamma, degree=5, coef0=0.25)
        here, there = kernel(X, Y), kernel(permuted(X, seed), permuted(Y, seed))
        np.testing.assert_array_equal(here, there)
        own = kernel(X)
        np.testing.assert_array_equal(own, kernel(permuted(X, seed)))
        np.testing.assert_array_equal(own, own.T)
        np.testing.assert_array_equal(own, kernel(X, X.copy()))


def test_entry_depends_on_its_rows_alone() -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((5, 40)), rng.standard_normal((4, 40))
    for kind in ("linear", "rbf"):
        kernel = ExactKernel(kind, gamma=0.1)
        whole = kernel(X, Y)
        parts = [[kernel(x[None], y[None])[0, 0] for y in Y] for x in X]
        np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 7, 20])
def test_powers(degree: int) -> None:
    X = np.random.default_rng(2).integers(-3, 4, (5, 6))
    kernel = ExactKernel("poly", gamma=1.0, degree=degree, coef0=1)
    # Integers below 2**53 are exact, so are their powers.
    expected = [
        [float(value) for value in row]
        for row in (X.astype(object) @ X.T.astype(object) + 1) ** degree
    ]
    np.testing.assert_allclose(kernel(X), expected, rtol=degree * 2.0**-53)


def test_rbf_of_equal_rows_is_one() -> None:
    X = np.random.default_rng(3).standard_normal((6, 1000)) * 1e3
    np.testing.assert_array_equal(np.diagonal(ExactKernel("rbf")(X, X.copy())), 1.0)


# --- Distances


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int64, np.float64, np.float32])
def test_distances_of_pixels_are_integers(dtype: type) -> None:
    rng = np.random.default_rng(4)
    top = 255 if dtype is np.uint8 else 65535
    X, Y = (rng.integers(0, top, (k, 300), endpoint=True) for k in (5, 4))
    truth = ((X[:, None] - Y) ** 2).sum(axis=2)
    distances = exact_squared_distances(X.astype(dtype), Y.astype(dtype))
    np.testing.assert_array_equal(distances, truth)
    np.testing.assert_array_equal(exact_squared_distances(top - X, top - Y), truth)
    # Through slices of real rows the bits are the same: the route does not show.
    shifted = exact_squared_distances(X - 0.5, Y - 0.5, slices=2)
    np.testing.assert_array_equal(shifted, truth)


def test_distances_of_real_rows() -> None:
    rng = np.random.default_rng(5)
    X, Y = rng.standard_normal((4, 60)), rng.standard_normal((3, 60))
    for slices, tolerance in ((1, 1e-4), (2, 1e-10), (3, 1e-13)):
        distances = exact_squared_distances(X, Y, slices=slices)
        for i, j in np.ndindex(distances.shape):
            pairs = zip(X[i].tolist(), Y[j].tolist(), strict=True)
            truth = sum((Fraction(a) - Fraction(b)) ** 2 for a, b in pairs)
            assert abs(Fraction(float(distances[i, j])) - truth) <= tolerance * truth
    own = exact_squared_distances(X)
    np.testing.assert_array_equal(np.diagonal(own), 0.0)
    np.testing.assert_array_equal(own, own.T)
    near = exact_squared_distances(X, np.nextafter(X, 9))  # rounding must not make them negative
    assert (near >= 0).all()


def test_neighbours_with_a_precomputed_metric() -> None:
    X, y = flat(DIGITS.images), DIGITS.labels
    key = EtCKey.from_secret(DIGITS.geometry, "neighbours")
    answers = []
    for rows in (X, flat(encrypt(DIGITS.images, key))):
        model = KNeighborsClassifier(metric="precomputed")
        model.fit(exact_squared_distances(rows[::2]), y[::2])
        answers.append(model.kneighbors(exact_squared_distances(rows[1::2], rows[::2])))
    for plain, encrypted in zip(*answers, strict=True):
        np.testing.assert_array_equal(plain, encrypted)
    usual = euclidean_distances(X[1::2].astype(float), X[::2].astype(float), squared=True)
    np.testing.assert_allclose(answers[0][0], np.sort(usual, axis=1)[:, :5])


# --- The scale of gamma


@given(seed=seeds)
def test_scale_gamma_is_rounded_once_and_invariant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 256, (rng.integers(1, 9), 5), dtype=np.uint8)
    exact = [[Fraction(int(x)) for x in row] for row in X]
    means = [sum(column) / len(exact) for column in zip(*exact, strict=True)]
    inertia = sum((x - mean) ** 2 for row in exact for x, mean in zip(row, means, strict=True))
    assert scale_gamma(X) == (float(len(exact) / inertia) if inertia else 1.0)
    order, negative = rng.permutation(5), rng.random(5) < 0.5
    assert scale_gamma(X) == scale_gamma(np.where(negative, 255 - X, X)[:, order])
    assert scale_gamma(X) == scale_gamma(X.astype(np.float64))
    z = rng.standard_normal((7, 30)) * rng.uniform(0.1, 10, 30)
    assert scale_gamma(z) == scale_gamma(permuted(z, seed)) == scale_gamma(np.asfortranarray(z))


@given(seed=seeds)
def test_signs_of_integers_do_not_show_in_gamma(seed: int) -> None:
    """z-scores of rows other than the fitted ones are often integers, of the other sign encrypted.

    Such integers were once added exactly only where none is negative.
    """
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 9, (rng.integers(2, 7), rng.integers(1, 5)))
    sign = rng.choice([-1, 1], X.shape[1])
    for dtype in (np.int16, np.float32, np.float64):
        assert scale_gamma(X.astype(dtype)) == scale_gamma((X * sign).astype(dtype))
    statistics = PixelStatistics(np.array([[0, 0], [2, 2]]))
    rows = rng.integers(0, 9, (5, 2))
    plain, negated = statistics.z_score(rows), statistics.z_score(rows) * [1, -1]
    assert scale_gamma(plain) == scale_gamma(negated)


def test_scale_gamma_is_one_over_the_variances_of_rows_that_are_not_centred() -> None:
    X = np.random.default_rng(3).standard_normal((9, 7)) + 5 * np.arange(7)
    assert scale_gamma(X) == pytest.approx(1 / X.var(axis=0).sum(), rel=1e-13)
    assert scale_gamma(np.full((3, 2), 0.1)) == 1


def test_scale_gamma_is_that_of_scikit_learn_on_z_scores() -> None:
    z = ExactStandardScaler().fit_transform(flat(DIGITS.images))
    np.testing.assert_allclose(scale_gamma(z), 1 / (z.shape[1] * z.var()), rtol=1e-13)
    # On raw pixels theirs changes under encryption, ours does not.
    raw = flat(DIGITS.images)
    other = flat(encrypt(DIGITS.images, EtCKey.from_secret(DIGITS.geometry, "gamma")))
    assert raw.astype(float).var() != other.astype(float).var()
    assert scale_gamma(raw) == scale_gamma(other)


# --- In scikit-learn


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["linear", "rbf", "poly"])
def test_decision_values_of_all_digits_are_the_same_doubles(kind: Any) -> None:
    training, queries = DIGITS.half_split(0)

    def decide(images: NDArray[np.uint8], kernel: Any) -> NDArray[np.float64]:
        model = SVC(kernel=kernel, decision_function_shape="ovo")
        pipeline = make_pipeline(ExactStandardScaler(), model)
        pipeline.fit(flat(images)[training], DIGITS.labels[training])
        return np.asarray(pipeline.decision_function(flat(images)[queries]))

    plain = decide(DIGITS.images, ExactKernel(kind))
    keys = [EtCKey.from_secret(DIGITS.geometry, str(number)) for number in range(3)]
    for key in keys:
        np.testing.assert_array_equal(plain, decide(encrypt(DIGITS.images, key), ExactKernel(kind)))
    # scikit-learn's own kernel is not bitwise the same: the control.
    assert not np.array_equal(
        decide(DIGITS.images, kind), decide(encrypt(DIGITS.images, keys[0]), kind)
    )


@pytest.mark.thorough
def test_grid_search_reaches_the_kernel_and_sees_the_same() -> None:
    results = []
    key = EtCKey.from_secret(DIGITS.geometry, "grid")
    for images in (DIGITS.images[:300], encrypt(DIGITS.images[:300], key)):
        pipeline = make_pipeline(ExactStandardScaler(), SVC(kernel=ExactKernel("rbf")))
        grid = {"svc__kernel__gamma": [0.001, 0.02, "scale"], "svc__C": [0.1, 10]}
        search = GridSearchCV(pipeline, grid, cv=2).fit(flat(images), DIGITS.labels[:300])
        scores = cross_val_score(pipeline, flat(images), DIGITS.labels[:300], cv=2)
        results.append((search.cv_results_["mean_test_score"], search.best_params_, scores))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][2], results[1][2])
    assert results[0][1] == results[1][1]
    assert len(set(results[0][0].tolist())) > 1  # the parameters do something
    assert results[0][2].min() > 0.8


def test_pickle_clone_equality() -> None:
    kernel = ExactKernel("poly", gamma=0.1, degree=2, coef0=1.0)
    for other in (pickle.loads(pickle.dumps(kernel)), clone(kernel)):  # noqa: S301
        assert other == kernel
        assert hash(other) == hash(kernel)
    assert kernel != ExactKernel("poly", gamma=0.1, degree=3, coef0=1.0)
    assert kernel != "poly"
    X, y = flat(DIGITS.images[:100]), DIGITS.labels[:100]
    model = SVC(kernel=kernel).fit(X, y)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    np.testing.assert_array_equal(model.decision_function(X), again.decision_function(X))


@pytest.mark.thorough
def test_memory_of_distances() -> None:
    X = np.random.default_rng(6).standard_normal((700, 6500))
    tracemalloc.start()
    D = exact_squared_distances(X)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - D.nbytes <= max(X.nbytes, 2**25) + 2**22 + 2**20


# --- Bad input

BAD_PARAMETERS = {
    "unknown kind": (
        {"kind": "cosine"},
        r"'kind' .* one of linear, rbf, poly, sigmoid\. Got 'cosine'",
    ),
    "no kind": ({"kind": None}, r"'kind' .* Got None"),
    "unknown gamma": (
        {"gamma": "large"},
        r"'gamma' .* \"scale\", \"auto\" or a number of at least 0",
    ),
    "negative gamma": ({"gamma": -1.0}, r"'gamma' .* Got -1\.0"),
    "infinite gamma": ({"gamma": np.inf}, r"'gamma' .* Got inf"),
    "boolean gamma": ({"gamma": True}, r"'gamma' .* Got True"),
    "fractional degree": ({"degree": 1.5}, r"'degree' .* integer from 0 to 2147483647\. Got 1\.5"),
    "negative degree": ({"degree": -1}, r"'degree' .* Got -1"),
    "coef0": ({"coef0": np.nan}, r"'coef0' .* finite number\. Got nan"),
    "no slices": (
        {"slices": 0},
        r"'slices' parameter of ExactKernel must be an integer from 1 to 16",
    ),
    "slices of dgemm": ({"slices": "dgemm"}, r"'slices' parameter of ExactKernel .* Got 'dgemm'"),
}


@pytest.mark.parametrize(("bad", "message"), BAD_PARAMETERS.values(), ids=BAD_PARAMETERS)
def test_bad_parameters(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        ExactKernel(**{"kind": "rbf", **bad})
    kernel = ExactKernel("rbf").set_params(**bad)
    with pytest.raises(InvalidParameterError, match=message):
        kernel([[1.0]])


ONE = np.ones((1, 3))
BAD_ROWS: dict[str, tuple[Any, Any, str]] = {
    "one-dimensional": ([1.0], None, "'X' .* two-dimensional"),
    "empty": (np.ones((0, 3)), None, "'X' .* at least one row"),
    "ragged": ([[1], [1, 2]], None, "'X' .* two-dimensional"),
    "complex": ([[1j]], None, "'X' .* real numbers"),
    "text": ([["a"]], None, "'X' .* real numbers"),
    "NaN": ([[np.nan, 1]], None, r"'X' .* finite\. Got nan at row 0, feature 0"),
    "infinity": (ONE, [[1, np.inf, 2]], r"'Y' .* finite\. Got inf at row 0, feature 1"),
    "features": (ONE, np.ones((1, 4)), r"'Y' .* as many features as X, 3\. Got 4"),
    "pixels of other features": (
        np.ones((1, 3), dtype=np.uint8),
        np.ones((1, 4), dtype=np.uint8),
        r"'Y' .* as many features as X, 3\. Got 4",
    ),
}


@pytest.mark.parametrize(("X", "Y", "message"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows(X: Any, Y: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        exact_squared_distances(X, Y)
    with pytest.raises(InvalidParameterError, match=message):
        ExactKernel("rbf", gamma=1.0)(X, Y)


def test_values_beyond_the_largest_double() -> None:
    large = np.array([[1e154, 1.0], [1.0, 1.5]])
    with pytest.raises(InvalidParameterError, match=r"quarter of the largest double\. Got 1e\+308"):
        exact_squared_distances(large)
    with pytest.raises(InvalidParameterError, match=r"'degree' .* Got 3 with gamma=1\.0"):
        ExactKernel("poly", gamma=1.0)(large)
    with pytest.raises(InvalidParameterError, match=r"'X' parameter of scale_gamma .* variance of"):
        scale_gamma(large * [1e3, 1])
    with pytest.raises(
        InvalidParameterError, match=r"'X' parameter of scale_gamma .* normal double"
    ):
        scale_gamma([[1e-160], [-1e-160]])
    # The limits of exp and tanh are no errors.
    assert ExactKernel("rbf", gamma=1e308)([[0.5], [9.5]])[0, 1] == 0.0
    assert ExactKernel("sigmoid", gamma=1e308)([[1.5], [2.5]])[0, 1] == 1.0
    np.testing.assert_array_equal(ExactKernel("linear")(large), exact_gram(large))


# --- Memory and precomputed matrices


@pytest.mark.sampled(4)
@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("kind", ["linear", "rbf", "poly"])
def test_a_grid_search_with_memory_computes_each_product_once(
    kind: Any, *, standardize: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = flat(DIGITS.images)[:90], DIGITS.labels[:90]
    grid = {"C": [0.1, 10], "kernel__gamma": [0.001, 0.01, "scale"]}
    computed: list[int] = []

    def search(memory: Any) -> Any:
        kernel = ExactKernel(kind, standardize=standardize, memory=memory)
        return GridSearchCV(SVC(kernel=kernel), grid, cv=3).fit(X, y).cv_results_

    expected = search(None)
    name = "squared_distances" if kind == "rbf" else "gram"
    name = f"{'standardized' if standardize else 'exact'}_{name}"
    function = getattr(etcprops, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        computed.append(1)
        return function(*arguments, **options)

    monkeypatch.setattr(etcprops, name, counted)
    for memory in (str(tmp_path), Memory(str(tmp_path), verbose=0)):
        found = search(memory)
        np.testing.assert_array_equal(found["mean_test_score"], expected["mean_test_score"])
        # Training rows with themselves, and queries with them, in each fold; then the last fit.
        assert len(computed) == 3 * 2 + 1
    with monkeypatch.context() as other:
        other.setattr(etcprops, "__version__", "another")
        search(str(tmp_path))
        assert len(computed) == 2 * (3 * 2 + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_libsvm_computes_the_same_from_a_precomputed_matrix(kind: Any) -> None:
    X, y = flat(DIGITS.images), DIGITS.labels
    rows, queries = X[:150].astype(np.float64), X[150:250].astype(np.float64)
    kernel = ExactKernel(kind, gamma=0.001, standardize=True)
    for model in (SVC(C=3), NuSVC(nu=0.1), SVC(class_weight="balanced", break_ties=True)):
        called = clone(model).set_params(kernel=kernel).fit(rows, y[:150])
        given = clone(model).set_params(kernel="precomputed").fit(kernel(rows), y[:150])
        np.testing.assert_array_equal(called.dual_coef_, given.dual_coef_)
        np.testing.assert_array_equal(called.intercept_, given.intercept_)
        np.testing.assert_array_equal(called.support_, given.support_)
        np.testing.assert_array_equal(
            called.decision_function(queries), given.decision_function(kernel(queries, rows))
        )


def test_libsvms_own_linear_kernel_computes_the_same_from_exact_products() -> None:
    # Products of pixels are integers, which libsvm's own kernel adds without rounding as well.
    X, y = flat(DIGITS.images).astype(np.float64), DIGITS.labels
    own = SVC(kernel="linear").fit(X[:150], y[:150])
    given = SVC(kernel="precomputed").fit(X[:150] @ X[:150].T, y[:150])
    np.testing.assert_array_equal(own.dual_coef_, given.dual_coef_)
    np.testing.assert_array_equal(own.support_, given.support_)
    np.testing.assert_array_equal(own.intercept_, given.intercept_)
    np.testing.assert_array_equal(
        own.decision_function(X[150:250]), given.decision_function(X[150:250] @ X[:150].T)
    )


def test_memory_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(
        InvalidParameterError, match="'memory' parameter of ExactKernel must be None"
    ):
        ExactKernel("rbf", memory=3)


def test_what_is_no_array_is_told_as_it_was_given() -> None:
    with pytest.raises(InvalidParameterError, match=r"'X' parameter of scale_gamma .* Got 3"):
        scale_gamma(3)
