"""What the table says of mechanisms: with the mechanism another answer, without it the same."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray
from rounding import DRAWS, assert_rounding_is_the_reason, changed, one_unit, units
from sklearn.base import BaseEstimator, TransformerMixin, clone, is_classifier
from sklearn.cluster import OPTICS, AffinityPropagation
from sklearn.ensemble import AdaBoostClassifier, HistGradientBoostingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.metrics import euclidean_distances, pairwise_distances
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from threadpoolctl import threadpool_info, threadpool_limits

from etcprops import EtCKey, ExactKernel, SignedPermutation
from etcprops.auditing.atlas.cells import build_estimator, make_targets
from etcprops.auditing.auditor import TOLERANCE
from etcprops.auditing.comparison import compare
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.inputs import as_folds
from etcprops.auditing.predictions import Predictions, fit_and_predict
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.datasets import load_images
from etcprops.scheme.keys import ALL

BOOSTED = (
    AdaBoostClassifier(random_state=0),
    HistGradientBoostingClassifier(min_samples_leaf=1, max_iter=5),
)


@pytest.mark.parametrize("model", BOOSTED, ids=lambda model: type(model).__name__)
def test_boosting_depends_on_thresholds_and_ties_only(model: Any) -> None:
    with threadpool_limits(1):  # forty rows are not worth several threads
        labels = np.repeat([0, 1], 20)
        column = np.repeat([100.0, 102.0], 20)[:, None]
        on_threshold, beside = np.array([[101.0]]), np.array([[100.5], [101.5]])
        for queries, same in ((beside, True), (on_threshold, False)):
            plain = clone(model).fit(column, labels).predict(queries)
            negated = clone(model).fit(255 - column, labels).predict(255 - queries)
            assert np.array_equal(plain, negated) is same
        queries = np.array([[100.0, 102.0], [102.0, 100.0]])
        for second, same in ((column[::-1] * 0 + 7, True), (column, False)):
            rows = np.hstack([column, second])  # a tie where both columns are equal
            plain = clone(model).fit(rows, labels).predict(queries)
            moved = clone(model).fit(rows[:, ::-1], labels).predict(queries[:, ::-1])
            assert np.array_equal(plain, moved) is same


@pytest.mark.parametrize(
    ("name", "preprocessing"),
    [("BernoulliNB", "z-score"), ("Binarizer", "z-score"), ("QuantileTransformer", "none")],
)
def test_pixels_that_are_constant_in_training_are_the_reason(name: str, preprocessing: str) -> None:
    harness, candidate = _harness(name, preprocessing)
    assert not harness.compare(candidate).identical(TOLERANCE)
    varying = candidate.with_preprocessing(VarianceThreshold(), *candidate.preprocessing)
    assert harness.compare(varying).identical(TOLERANCE)


def test_a_scaler_that_scales_nothing_is_identical() -> None:
    harness, candidate = _harness("MaxAbsScaler", "min-max")
    for rows in (harness.plain_vectors, harness.encrypted_vectors(harness.key)):
        scale = candidate.build(0).fit(rows).steps[-1][1].scale_
        assert np.abs(scale - 1).max() < 1e-15


def test_levels_cut_to_integers_are_the_reason_after_min_max() -> None:
    harness, candidate = _harness("CategoricalNB", "min-max")
    assert not harness.compare(candidate).identical(TOLERANCE)
    clip = FunctionTransformer(np.clip, kw_args={"a_min": 0.0, "a_max": 1.0})
    back = FunctionTransformer(_to_levels)
    preprocessing = (VarianceThreshold(), *candidate.preprocessing, clip)
    assert not harness.compare(candidate.with_preprocessing(*preprocessing)).identical(TOLERANCE)
    assert harness.compare(candidate.with_preprocessing(*preprocessing, back)).identical(TOLERANCE)


def test_a_tree_of_sums_without_nodes_is_identical() -> None:
    harness, candidate = _harness("KernelDensity", "none", steps=("transforms",))
    without = candidate.with_parameters(leaf_size=300)
    assert harness.compare(without).bitwise
    assert_rounding_is_the_reason(harness, candidate, without, tolerance=1e-12)


@pytest.mark.thorough
def test_graphical_lasso_is_identical_at_convergence() -> None:
    harness, candidate = _harness("GraphicalLasso", "z-score")
    assert not harness.compare(candidate).identical(1e-8)
    tight = candidate.with_parameters(tol=1e-10, enet_tol=1e-12, max_iter=2000)
    assert harness.compare(tight).identical(1e-9)


@pytest.mark.thorough
@pytest.mark.parametrize("steps", [("permutation",), ("transforms",)])
def test_biclusters_depend_on_pixels_of_one_image_and_on_first_centres(
    steps: tuple[str, ...],
) -> None:
    harness, candidate = _harness("SpectralBiclustering", "none", steps=steps)
    assert not harness.compare(candidate).identical(TOLERANCE)
    assert harness.compare(candidate.with_preprocessing(VarianceThreshold(100))).bitwise
    harness, candidate = _harness("SpectralCoclustering", "none", steps=steps)
    once = candidate.with_parameters(n_init=1)
    given = once.with_parameters(init=np.array([[0.0, 0.0], [0.01, 0.0], [0.0, 0.01]]))
    seeds = [replace(harness, seed=seed) for seed in range(8)]
    assert not all(one.compare(once).identical(TOLERANCE) for one in seeds)
    assert all(one.compare(given).bitwise for one in seeds)


class WithoutTwins(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leave out pixels that are multiples of others in training, but for an offset."""

    def fit(self, X: NDArray[Any], y: Any = None) -> Self:  # noqa: ARG002
        varies = np.ptp(X, axis=0) > 0
        correlations = np.zeros((X.shape[1], X.shape[1]))
        correlations[np.ix_(varies, varies)] = np.corrcoef(X[:, varies].T)
        np.fill_diagonal(correlations, 0.0)
        self.kept_ = varies & (np.abs(correlations) < 1 - 1e-9).all(axis=1)
        return self

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        return X[:, self.kept_]


class WithoutEdges(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Leave out pixels of which a level, plain or negated, is at a third of the range."""

    def fit(self, X: NDArray[Any], y: Any = None) -> Self:  # noqa: ARG002
        low, size = X.min(axis=0), np.ptp(X, axis=0)
        levels = np.unique(load_images("digits").images).astype(np.float64)
        levels = np.union1d(levels, 255 - levels)[:, None]
        on_edge = [np.isclose(levels, low + size * third / 3).any(axis=0) for third in (1, 2)]
        self.kept_ = (size > 0) & ~on_edge[0] & ~on_edge[1]
        return self

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        return X[:, self.kept_]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("preprocessing", ["z-score", "standard-scaler"])
@pytest.mark.parametrize(
    "name", ["LassoLars", "LassoLarsCV", "LassoLarsIC", "FactorAnalysis", "QuantileRegressor"]
)
def test_equal_columns_are_the_reason_of_greedy_and_linear_programmes(
    name: str, preprocessing: str
) -> None:
    harness, candidate = _harness(name, preprocessing, count=600)
    keys = (EtCKey.from_secret(harness.key.geometry, f"twins, {number}") for number in range(10))
    if all(harness.compare(candidate, key).identical(TOLERANCE) for key in (harness.key, *keys)):
        pytest.skip("the same of two equal columns was picked under 11 keys with these libraries")
    without = candidate.with_preprocessing(WithoutTwins(), *candidate.preprocessing)
    assert harness.compare(without).identical(1e-9)


@pytest.mark.parametrize("preprocessing", ["none", "z-score", "mid-grey", "standard-scaler"])
def test_levels_on_edges_of_bins_are_the_reason(preprocessing: str) -> None:
    harness, candidate = _harness(
        "KBinsDiscretizer", preprocessing, steps=("negatives",), count=600
    )
    assert not harness.compare(candidate).identical(TOLERANCE)
    assert harness.compare(
        candidate.with_preprocessing(WithoutEdges(), *candidate.preprocessing)
    ).bitwise


@pytest.mark.thorough
def test_the_mirrored_start_of_an_embedding_and_its_tree_are_the_reason() -> None:
    harness, candidate = _harness("TSNE", "z-score", steps=("negatives",))
    assert not harness.compare(candidate).identical(TOLERANCE)
    for remedied in ({"method": "exact"}, {"init": "random"}):
        assert harness.compare(candidate.with_parameters(**remedied)).bitwise
    harness, candidate = _harness("TSNE", "z-score", steps=("permutation", "transforms"))
    assert harness.compare(candidate).bitwise  # signs of the start are not touched
    # It is not rounding: noise in plain features changes nothing.
    rows = candidate.preprocessing[0].fit(harness.plain_vectors).transform(harness.plain_vectors)
    noisy = rows + 1e-14 * np.ptp(rows) * np.random.default_rng(0).uniform(-1, 1, rows.shape)
    answers = [
        harness.fit_and_predict(candidate.with_preprocessing(), side, seed=0)
        for side in (rows, noisy)
    ]
    assert compare(*answers, tolerance=0.0).bitwise


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("preprocessing", "count"), [("z-score", 300), ("min-max", 600)])
def test_a_distance_computed_twice_is_the_reason_of_another_order(
    preprocessing: str, count: int
) -> None:
    harness, candidate = _harness("OPTICS", preprocessing, count=count)
    training = harness.plain_vectors[harness.folds[0][0]]
    rows = candidate.preprocessing[0].fit(training).transform(training)
    # Where the second distance comes out below the first, the neighbour ties with nearer ones.
    orders = []
    for error in (-16, 16):
        with changed("sklearn.cluster._optics.pairwise_distances", partial(units, count=error)):
            orders.append(OPTICS().fit(rows).ordering_)
    assert not np.array_equal(*orders)
    movement = SignedPermutation.from_key(harness.key)
    sides = rows, rows[:, movement.source] * movement.sign
    once = [OPTICS(metric="precomputed").fit(pairwise_distances(side)) for side in sides]
    assert np.array_equal(*(model.ordering_ for model in once))
    assert np.array_equal(*(model.labels_ for model in once))


class Favouring(np.random.RandomState):
    """Noise against ties that is all zero, but for 64 units by which one of a pair is nearer."""

    def __init__(self, chosen: int, other: int) -> None:
        super().__init__(0)
        self.entry = other, chosen

    def standard_normal(self, size: Any = None) -> Any:
        noise = np.zeros(size)
        noise[self.entry] = -64.0  # similarities are negative
        return noise


@pytest.mark.parametrize("drawn", [48, 99, 114])
def test_noise_of_the_size_of_rounding_chooses_who_stands_for_a_pair(drawn: int) -> None:
    points = np.random.default_rng(drawn).standard_normal((12, 4))
    similarities = np.round(-euclidean_distances(points, squared=True), 9)
    model = AffinityPropagation(damping=0.9, affinity="precomputed", random_state=0)
    labels = clone(model).fit(similarities).labels_
    pair = next(
        pair for label in labels if len(pair := np.flatnonzero(labels == label)) == 2
    ).tolist()
    sets = []
    for chosen, other in (pair, pair[::-1]):
        noise = Favouring(chosen, other)
        fitted = clone(model).set_params(random_state=noise).fit(similarities)
        assert np.array_equal(fitted.labels_ == fitted.labels_[chosen], np.isin(range(12), pair))
        sets.append(set(fitted.cluster_centers_indices_.tolist()))
        assert sets[-1] & set(pair) == {chosen}
    assert sets[0] ^ sets[1] == set(pair)
    # The estimator's own noise can choose nothing else.
    for seed in range(8):
        own = clone(model).set_params(random_state=seed).fit(similarities)
        assert set(own.cluster_centers_indices_.tolist()) in sets


@pytest.mark.parametrize("preprocessing", ["none", "z-score"])
def test_a_first_pixel_that_is_black_loses_components_and_that_is_the_reason(
    preprocessing: str,
) -> None:
    harness, candidate = _harness("FastICA", preprocessing, count=600)
    rows, training = harness.plain_vectors, harness.folds[0][0]
    assert np.ptp(rows[training, 0]) == 0
    varying = candidate.with_preprocessing(VarianceThreshold(), *candidate.preprocessing)

    def fitted(model: Candidate, first: float) -> Predictions:
        """Let what is 0 but for rounding in the first row be `first`, then numbers above 0."""

        def change(factors: tuple[NDArray[Any], ...]) -> tuple[NDArray[Any], ...]:
            row = factors[0][0]
            rounded = np.where(np.arange(len(row)) == 0, first, 2.0**-54)
            row[:] = np.where(np.abs(row) < 1e-12, rounded, row)
            return factors

        with changed("sklearn.decomposition._fastica.linalg.svd", change):
            return harness.fit_and_predict(model, rows, seed=0)

    for model, same in ((candidate, False), (varying, True)):
        answers = [fitted(model, first) for first in (2.0**-54, 0.0)]
        assert compare(*answers, tolerance=TOLERANCE).identical(TOLERANCE) is same
    for seed in (0, 1):
        assert replace(harness, seed=seed).compare(varying).identical(1e-9)


@pytest.mark.parametrize("preprocessing", ["none", "mid-grey"])
@pytest.mark.parametrize("name", ["GammaRegressor", "PoissonRegressor", "TweedieRegressor"])
def test_a_solver_that_stops_early_is_the_reason(name: str, preprocessing: str) -> None:
    harness, candidate = _harness(name, preprocessing, steps=("permutation",))
    newton = candidate.with_parameters(solver="newton-cholesky")
    assert_rounding_is_the_reason(harness, candidate, newton, tolerance=1e-9)


@pytest.mark.thorough
def test_the_choice_of_c_hangs_on_an_image_and_newton_makes_it_one() -> None:
    digits = load_images("digits")
    some = np.flatnonzero(digits.labels >= 7)[:150]
    key = EtCKey.from_secret(digits.geometry, "etcprops audit, 2", steps=("permutation",))
    halves = [(np.arange(0, 150, 2), np.arange(1, 150, 2))]
    harness = Harness(digits.images[some], digits.labels[some], halves, key, 0, TOLERANCE)
    candidate = Candidate.of(build_estimator(TABLE["LogisticRegressionCV"], 64), None)
    newton = candidate.with_parameters(solver="newton-cholesky", tol=1e-8)
    assert_rounding_is_the_reason(harness, candidate, newton, tolerance=1e-9)

    def choices(model: Candidate) -> set[tuple[float, ...]]:
        moved = (one_unit(harness.plain_vectors, seed) for seed in range(DRAWS // 4))
        sides = harness.plain_vectors, harness.encrypted_vectors(key), *moved
        return {tuple(harness.fit_and_predict(model, side, seed=0).model.C_) for side in sides}

    assert len(choices(newton)) == 1
    if len(choices(candidate)) == 1:
        pytest.skip(f"{DRAWS // 4} ways to round choose the same C with these libraries")


def _to_levels(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.rint(255 * values))


def _harness(
    name: str, preprocessing: str, steps: tuple[str, ...] = (), *, count: int = 300, key: int = 1
) -> tuple[Harness, Candidate]:
    """Return the harness on which the atlas tries a cell, and its candidate."""
    digits, entry = load_images("digits"), TABLE[name]
    chosen = np.sort(np.random.default_rng(0).permutation(1797)[:count])
    secret = EtCKey.from_secret(digits.geometry, f"etcprops audit, {key}", steps=steps or ALL)
    model, targets = build_estimator(entry, 64), make_targets(entry.target, digits.labels[chosen])
    folds = as_folds(targets, count, None, seed=0, by_class=is_classifier(model))
    harness = Harness(digits.images[chosen], targets, folds, secret, 0, TOLERANCE)
    return harness, Candidate.of(model, PREPROCESSINGS[preprocessing]())


class _Watched(SVC):  # type: ignore[misc]  # scikit-learn has no types
    """A machine that keeps how many threads BLAS has while it is fitted."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        pools = threadpool_info()
        self.threads_ = {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}
        super().fit(X, y, sample_weight)
        return self


@pytest.mark.parametrize(
    ("kernel", "threads"), [("rbf", 1), ("linear", 1), (ExactKernel("linear"), 2)]
)
def test_libsvms_own_kernels_get_one_thread(kernel: Any, threads: int) -> None:
    rng = np.random.default_rng(0)
    rows, labels = rng.standard_normal((12, 5)), np.arange(12) % 2
    with threadpool_limits(2, user_api="blas"):
        for model in (_Watched(kernel=kernel), make_pipeline(_Watched(kernel=kernel))):
            fit_and_predict(model, rows, labels, rows)
            last = model[-1] if isinstance(model, Pipeline) else model
            assert last.threads_ == {threads}
        pools = threadpool_info()
        assert {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"} == {2}
