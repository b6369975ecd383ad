"""Principal components through the Gram matrix: the same bits, and the scores of PCA."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import eigh
from sklearn.base import clone
from sklearn.decomposition import PCA, KernelPCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from etcprops import (
    EtCKey,
    ExactKernel,
    ExactStandardScaler,
    GramPCA,
    InvalidParameterError,
    encrypt,
)
from etcprops.datasets import load_digits_images
from etcprops.exact import _eigenpairs
from etcprops.reductions import gram_pca

DIGITS = load_digits_images()
TRAINING, QUERIES = DIGITS.half_split(0)


@parametrize_with_checks([GramPCA(), GramPCA(kernel=ExactKernel("rbf"))])  # type: ignore[untyped-decorator]
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    if "array_api" in str(check):
        pytest.skip("takes NumPy's arrays; other libraries' are asked with SCIPY_ARRAY_API=1 alone")
    check(estimator)


def test_scores_are_those_of_pca_up_to_sign() -> None:
    X = np.random.default_rng(0).standard_normal((40, 300)) * np.arange(1, 301)
    Q = np.random.default_rng(1).standard_normal((7, 300))
    theirs, ours = PCA(10, svd_solver="full").fit(X), GramPCA(10, slices=3).fit(X)
    for rows in (X, Q):
        a, b = ours.transform(rows), theirs.transform(rows)
        signs = np.sign(np.sum(a * b, axis=0))
        np.testing.assert_allclose(a, b * signs, atol=1e-8 * np.abs(b).max())
    np.testing.assert_allclose(ours.eigenvalues_ / 39, theirs.explained_variance_)
    np.testing.assert_allclose(np.linalg.norm(ours.eigenvectors_, axis=0), 1)


@pytest.mark.parametrize("kind", ["rbf", "poly", "sigmoid"])
def test_kernel_pca_of_scikit_learn_up_to_sign(kind: Any) -> None:
    X = np.random.default_rng(2).standard_normal((30, 8))
    kernel = ExactKernel(kind, gamma=0.1, coef0=0.5, slices=3)
    theirs = KernelPCA(4, kernel=kind, gamma=0.1, coef0=0.5, eigen_solver="dense").fit(X)
    ours = GramPCA(4, kernel=kernel).fit(X)
    a, b = ours.transform(X[:9] + 0.1), theirs.transform(X[:9] + 0.1)
    np.testing.assert_allclose(np.abs(a), np.abs(b), atol=1e-8)


@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["linear", "rbf", "poly", None]),
    m=st.integers(3, 12),
    n=st.sampled_from([4, 50, 900]),
)
def test_order_and_signs_of_features_do_not_show(seed: int, kind: Any, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    X, Q = rng.standard_normal((m, n)), rng.standard_normal((3, n))
    order, sign = rng.permutation(n), rng.choice([-1.0, 1.0], n)
    reduction = GramPCA(5, kernel="linear" if kind is None else ExactKernel(kind, coef0=0.5))
    plain, permuted = clone(reduction).fit(X), clone(reduction).fit((sign * X)[:, order])
    np.testing.assert_array_equal(plain.eigenvectors_, permuted.eigenvectors_)
    np.testing.assert_array_equal(plain.transform(Q), permuted.transform((sign * Q)[:, order]))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("kernel", "normalized"),
    [
        ("linear", True),
        (ExactKernel("rbf"), True),
        (ExactKernel("poly", coef0=1.0), True),
        ("linear", False),
        (ExactKernel("rbf"), False),  # of distances; the polynomial kernel needs z-scores
    ],
)
def test_encrypted_digits_have_the_scores_of_plain_ones(kernel: Any, *, normalized: bool) -> None:
    key = EtCKey.from_secret(DIGITS.geometry, "components")
    results = []
    for images in (DIGITS.images, encrypt(DIGITS.images, key)):
        rows = images.reshape(len(images), -1)
        reduction = GramPCA(30, kernel=kernel)
        pipeline = make_pipeline(ExactStandardScaler(), reduction) if normalized else reduction
        scores = pipeline.fit_transform(rows[TRAINING][::2])
        forest = RandomForestClassifier(10, random_state=0).fit(
            scores, DIGITS.labels[TRAINING][::2]
        )
        others = pipeline.transform(rows[QUERIES])
        results.append((scores, others, forest.predict_proba(others)))
    for plain, encrypted in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, encrypted)


def test_sign_convention_looks_at_samples_alone() -> None:
    X = np.random.default_rng(3).standard_normal((9, 20))
    vectors = GramPCA().fit(X).eigenvectors_
    leading = np.abs(vectors).argmax(axis=0)
    assert (vectors[leading, np.arange(vectors.shape[1])] > 0).all()
    assert vectors.shape == (9, 8)  # the mean takes one of nine


def test_components_of_rounding_are_dropped() -> None:
    rng = np.random.default_rng(4)
    X = rng.standard_normal((20, 3)) @ rng.standard_normal((3, 500))
    assert GramPCA(10, slices=2).fit(X).n_components_ == 3
    assert GramPCA(2).fit(X).n_components_ == 2
    pixels = rng.integers(0, 256, (5, 40), dtype=np.uint8)
    assert GramPCA().fit(np.concatenate([pixels, pixels])).n_components_ == 4


def test_training_rows_get_their_scores_again() -> None:
    X = np.random.default_rng(5).standard_normal((12, 70))
    reduction = GramPCA(6)
    scores = reduction.fit_transform(X)
    np.testing.assert_allclose(reduction.transform(X), scores, atol=1e-9)
    expected = X.copy()
    X[:] = 0  # the training rows were copied
    again = pickle.loads(pickle.dumps(reduction))  # noqa: S301
    np.testing.assert_allclose(again.transform(expected), scores, atol=1e-9)
    assert reduction.get_feature_names_out().tolist() == [f"grampca{i}" for i in range(6)]


def test_the_memory_address_does_not_show() -> None:
    X = np.random.default_rng(6).standard_normal((150, 40))
    expected = GramPCA(10).fit_transform(X)
    kept = []
    for size in (1, 7, 33, 129, 1000):
        kept.append(np.empty(size))  # moves what is allocated next
        np.testing.assert_array_equal(GramPCA(10).fit_transform(X), expected)


@pytest.mark.parametrize("kernel", ["linear", ExactKernel("poly", coef0=1.0)], ids=str)
def test_errors_of_lapack_do_not_show(monkeypatch: pytest.MonkeyPatch, kernel: Any) -> None:
    rows = DIGITS.images.reshape(-1, 64)
    scaler = ExactStandardScaler().fit(rows[:90])
    X, Q = scaler.transform(rows[:90]), scaler.transform(rows[90:120])
    reduction = GramPCA(20, kernel=kernel)
    expected = reduction.fit_transform(X), reduction.transform(Q)

    def other_start(A: NDArray[np.float64]) -> Any:
        values, vectors = eigh(A + np.ldexp(np.diag(np.cos(np.arange(len(A)))), -47))
        return values[::-1].copy(), np.ascontiguousarray(vectors[:, ::-1])

    monkeypatch.setattr(_eigenpairs, "_start", other_start)
    np.testing.assert_array_equal(reduction.fit_transform(X), expected[0])
    np.testing.assert_array_equal(reduction.transform(Q), expected[1])


def test_equidistant_rows_have_equal_eigenvalues() -> None:
    reduction = GramPCA().fit(np.eye(7))
    np.testing.assert_array_equal(reduction.eigenvalues_, np.ones(6))
    products = reduction.eigenvectors_.T @ reduction.eigenvectors_
    np.testing.assert_allclose(products, np.eye(6), atol=1e-15)
    fewer = GramPCA(4).fit(np.eye(7))
    np.testing.assert_array_equal(fewer.eigenvectors_, reduction.eigenvectors_[:, :4])


ROWS = np.random.default_rng(7).standard_normal((4, 3))
BAD: dict[str, tuple[dict[str, Any], Any, str]] = {
    "no components": ({"n_components": 0}, ROWS, r"'n_components' .* positive integer or None"),
    "a fraction": ({"n_components": 0.9}, ROWS, r"'n_components' .* Got 0\.9"),
    "a boolean": ({"n_components": True}, ROWS, r"'n_components' .* Got True"),
    "a kernel by name": ({"kernel": "rbf"}, ROWS, r"'kernel' .* \"linear\" or an ExactKernel"),
    "slices": ({"slices": 17}, ROWS, r"'slices' .* from 1 to 16\. Got 17"),
    "equal rows": ({}, np.ones((3, 2)), r"'X' parameter of GramPCA must have rows that differ"),
}


@pytest.mark.parametrize(("bad", "X", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(bad: dict[str, Any], X: NDArray[np.float64], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        GramPCA(**bad).fit(X)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="minimum of 2"):
        GramPCA().fit(ROWS[:1])
    with pytest.raises(ValueError, match="NaN"):
        GramPCA().fit(ROWS * np.nan)
    with pytest.raises(ValueError, match="is expecting 3 features"):
        GramPCA().fit(ROWS).transform(ROWS[:, :2])
    with pytest.raises(NotFittedError):
        GramPCA().transform(ROWS)


@pytest.mark.parametrize(
    ("slices", "kept", "dropped"), [(1, -14, -16), (2, -36, -38), (3, -48, -50), (16, -48, -50)]
)
@pytest.mark.parametrize("own", [True, False])
def test_components_are_dropped_from_the_documented_eigenvalue_on(
    slices: int, kept: int, dropped: int, *, own: bool
) -> None:
    # Two rows and their negatives: of the centred matrix, exact here, the eigenvalues are 2 and
    # 2**(power + 1). Of 4 rows, 2**-50 of the trace is dropped, and 2**(5 - 21 slices).
    options: dict[str, Any] = {"slices": slices}
    if own:
        options = {"kernel": ExactKernel("linear", slices=slices)}
    for power, count in ((kept, 2), (dropped, 1)):
        X = np.diag([1.0, 2.0 ** (power // 2)])
        reduction = GramPCA(**options).fit(np.concatenate([X, -X]))
        assert reduction.eigenvalues_.tolist() == [2.0, 2.0 ** (power + 1)][:count]


def test_kernels_have_their_own_slices() -> None:
    X = np.random.default_rng(8).standard_normal((6, 30))
    one, two = (GramPCA(slices=slices).fit(X).eigenvalues_ for slices in (1, 2))
    assert not np.array_equal(one, two)
    for slices, expected in ((1, one), (2, two)):
        reduction = GramPCA(kernel=ExactKernel("linear", slices=slices)).fit(X)
        np.testing.assert_array_equal(reduction.eigenvalues_, expected)
    # Weights of z-scores have two slices at most.
    pixels = np.random.default_rng(8).integers(0, 256, (6, 30), dtype=np.uint8)
    two, three = (
        GramPCA(kernel=ExactKernel("linear", standardize=True, slices=slices)).fit(pixels)
        for slices in (2, 3)
    )
    np.testing.assert_array_equal(two.eigenvalues_, three.eigenvalues_)


def test_scores_of_many_rows_lose_nothing_in_the_centring() -> None:
    X = np.random.default_rng(9).standard_normal((256, 3)) + 50.0
    reduction = GramPCA(3)
    scores = reduction.fit_transform(X)
    np.testing.assert_allclose(reduction.transform(X), scores, rtol=0, atol=2.0**-42)


def test_sums_of_rows_carry_what_each_addition_loses() -> None:
    rows = np.full((2, 1000), 2.0**-54)
    rows[:, 0] = 1.0, -1.0
    sums = gram_pca._row_sums(rows)  # noqa: SLF001
    assert abs(sums - rows[:, 0] - 999 * 2.0**-54).max() <= 2.0**-52
