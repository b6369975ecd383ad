"""`audit`: outcomes, causes, remedies, witnesses, distributions; models whose fate is known."""

from __future__ import annotations

import json
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import DBSCAN, KMeans, SpectralCoclustering
from sklearn.decomposition import PCA, MiniBatchSparsePCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection
from sklearn.svm import SVC

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, Verdict, audit, encrypt
from etcprops.auditing import AuditOutcome
from etcprops.auditing.auditor import _said
from etcprops.auditing.comparison import compare
from etcprops.auditing.predictions import Predictions, fit_and_predict
from etcprops.datasets import load_digits_images
from etcprops.exact import _tiles
from etcprops.exact.kernels import ExactKernel
from etcprops.exact.scaler import ExactStandardScaler

DIGITS = load_digits_images(block=2)
KEY = EtCKey.from_secret(DIGITS.geometry, "tests of the audit")
IMAGES, LABELS = DIGITS.images[:200], DIGITS.labels[:200]
SHORT: dict[str, Any] = {"budget": 100.0, "runs": 0}


class FirstPixel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Say whether the first pixel is bright: depends on order and sign by construction."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> FirstPixel:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return (X[:, 0] > 0).astype(np.int64)


class Coin(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Answer 1 to a tenth of the queries at random by the features: equal in distribution."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Coin:
        self.classes_ = np.unique(y)
        self.state_ = zlib.crc32(X.tobytes())
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        rng = np.random.default_rng([self.state_, self.random_state or 0])
        return np.asarray(rng.integers(0, 10, len(X)) == 0, dtype=np.int64)


class BiasedOnNegated(Coin):
    """Toss no coin where the first row is not all bright: another distribution if negated."""

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.where(X[:, :8].mean() < 200, 1, super().predict(X))


# --- Outcomes


def test_exact_pipeline_is_bitwise_identical_and_that_is_so() -> None:
    pipeline = make_pipeline(ExactStandardScaler(), SVC(kernel=ExactKernel("rbf")))
    verdict = audit(pipeline, IMAGES, LABELS, KEY)
    assert verdict.outcome is AuditOutcome.BITWISE_IDENTICAL
    assert verdict.largest_difference == 0
    assert not verdict.cause
    # By hand, past all of the audit's code.
    values = []
    for images in (IMAGES, encrypt(IMAGES, KEY)):
        rows = images.reshape(200, 64).astype(np.float64)
        values.append(pipeline.fit(rows[::2], LABELS[::2]).decision_function(rows[1::2]))
    assert np.array_equal(*values)


def test_rounding_is_identical_decisions_with_all_certified() -> None:
    verdict = audit(SVC(), IMAGES, LABELS, KEY, preprocessing="standard-scaler")
    assert verdict.outcome is AuditOutcome.IDENTICAL_DECISIONS
    assert verdict.comparison is not None
    assert verdict.certified == verdict.comparison.n_queries
    assert 0 < verdict.largest_difference < 1e-10
    assert "rounding" in verdict.cause


class Shifted(SVC):  # type: ignore[misc]
    """Say something else than its decision values do."""

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.roll(super().predict(X), int(X[0, 0] > 0))


def test_only_decisions_far_from_the_boundary_are_certified() -> None:
    # A query half-way between both classes, which votes by rounding; and no votes at all.
    images = np.zeros((12, 8, 8), dtype=np.uint8)
    images[:8:2, :, :4], images[1:8:2, :, 4:] = 200, 200
    images[8:, :4] = 200
    images[8, :, :4], images[9, :, 4:] = 180, 180
    folds = [(np.arange(8), np.arange(8, 12))]
    verdict = audit(SVC(gamma=1e-6), images, np.arange(12) % 2, KEY, cv=folds, explain=False)
    assert verdict.certified is None  # raw pixels, negated
    verdict = audit(
        SVC(gamma=1e-6), images, np.arange(12) % 2, KEY, cv=folds, explain=False,
        preprocessing="mid-grey",
    )  # fmt: skip
    assert verdict.certified == 2
    for model in (SVC(break_ties=True), Shifted()):
        assert audit(model, IMAGES, LABELS, KEY, preprocessing="z-score").certified is None


@pytest.mark.parametrize("shape", ["ovr", "ovo"])
@pytest.mark.parametrize("classes", [2, 10])
def test_values_are_those_of_the_model_and_those_of_pairs_make_them(
    shape: str, classes: int
) -> None:
    rows, labels = IMAGES.reshape(200, 64).astype(np.float64), LABELS % classes
    model = make_pipeline(StandardScaler(), SVC(decision_function_shape=shape))
    answers = fit_and_predict(model, rows[:100], labels[:100], rows[100:])
    assert answers.values is not None
    assert answers.pairs is not None
    expected = model.decision_function(rows[100:]).reshape(100, -1)
    assert answers.values.tobytes() == np.ascontiguousarray(expected).tobytes()
    assert answers.pairs.reshape(100, -1).shape[1] == classes * (classes - 1) // 2
    assert model.steps[-1][1].decision_function_shape == shape


def test_not_applicable_says_why() -> None:
    verdict = audit(MultinomialNB(), IMAGES, LABELS, KEY, preprocessing="z-score")
    assert verdict.outcome is AuditOutcome.NOT_APPLICABLE
    assert "Negative values" in verdict.conditions[0]


def test_equal_decisions_by_luck_are_not_passed_off_as_a_property() -> None:
    images, labels = IMAGES[:40], LABELS[:40] % 2
    verdict = audit(SVC(gamma="scale", C=0.01), images, labels, KEY, **SHORT)
    assert verdict.outcome is AuditOutcome.SAME_DECISIONS_HERE
    assert not verdict.identical
    assert "luck" in str(verdict).splitlines()[1]
    assert "gamma" in verdict.cause


@pytest.mark.parametrize(
    ("model", "relation"),
    [
        (PCA(3), "up to the signs"),
        (StandardScaler(), "up to order, sign and offset"),
        (KMeans(3), ""),
        (DBSCAN(eps=300), ""),
        (Ridge(), ""),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_other_kinds_of_models(model: Any, relation: str) -> None:
    verdict = audit(model, IMAGES, LABELS, KEY)
    assert verdict.identical
    assert any(relation in condition for condition in verdict.conditions)


def test_folds_ask_each_image_once() -> None:
    verdict = audit(KNeighborsClassifier(), IMAGES, LABELS, KEY, cv=4)
    assert verdict.comparison is not None
    assert verdict.comparison.n_queries == len(IMAGES)
    assert verdict.outcome is AuditOutcome.BITWISE_IDENTICAL


def test_numbers_that_are_none_on_both_sides_are_the_same() -> None:
    def answers(*values: float) -> Predictions:
        decisions, column = np.zeros(len(values)), np.array(values)[:, None]
        return Predictions("classifier", decisions, column, False, 0.0, (), None)

    nan = float("nan")
    assert compare(answers(nan, 1.0), answers(nan, 1.0), tolerance=0.0).identical(0.0)
    assert not compare(answers(nan, 1.0), answers(0.0, 1.0), tolerance=0.0).identical(1.0)


# --- Distributions


def test_equal_in_distribution_is_found_by_a_test_with_power() -> None:
    verdict = audit(Coin(), IMAGES[:60], LABELS[:60], KEY, budget=100, runs=20)
    assert verdict.outcome is AuditOutcome.EQUAL_IN_DISTRIBUTION
    assert verdict.two_sample_test is not None
    assert verdict.two_sample_test.runs == 20
    assert verdict.two_sample_test.p_value > verdict.two_sample_test.level == 0.01


@pytest.mark.sampled(2)
@pytest.mark.parametrize("negated", [False, True])
def test_distributions_of_partitions_do_not_depend_on_the_names_of_clusters(
    *, negated: bool
) -> None:
    model = make_pipeline(VarianceThreshold(), SpectralCoclustering(3, n_init=1))
    steps = ("permutation", "negatives") if negated else ("permutation",)
    key = EtCKey.from_secret(DIGITS.geometry, "1", steps=steps)
    verdict = audit(model, DIGITS.images[:60], None, key, budget=100, thorough=False)
    assert verdict.two_sample_test is not None
    assert verdict.two_sample_test.different is negated
    named = _said(Predictions("clusterer", np.array([4, 4, 2, 7, 2]), None, True, 0.0, (), None))
    assert named.tolist() == [0, 0, 1, 2, 1]


class Drawn(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Predict the sum of all features but one drawn by index, and 1 more if one is always white."""

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Drawn:  # noqa: ARG002
        rng = np.random.default_rng(self.random_state)
        self.weights_ = np.arange(X.shape[1]) != rng.integers(X.shape[1])
        self.offset_ = float((X.min(axis=0) == 255).any())  # wherever that pixel is
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(X @ self.weights_ / 1e4 + self.offset_)


@pytest.mark.parametrize("negated", [False, True])
def test_distributions_of_values_are_tested_where_there_are_no_decisions(*, negated: bool) -> None:
    steps = ("permutation", "negatives") if negated else ("permutation",)
    key = EtCKey.from_secret(DIGITS.geometry, "1", steps=steps)
    verdict = audit(Drawn(), IMAGES[:60], LABELS[:60], key, budget=100, thorough=False)
    assert verdict.two_sample_test is not None
    assert verdict.two_sample_test.different is negated
    assert verdict.two_sample_test.convincing
    different, in_distribution = AuditOutcome.DIFFERENT, AuditOutcome.EQUAL_IN_DISTRIBUTION
    assert verdict.outcome is (different if negated else in_distribution)


@pytest.mark.thorough
def test_distributions_of_transformers_are_those_of_distances() -> None:
    # Signs of these components follow a start that the key moves: rows are distributed otherwise.
    model = MiniBatchSparsePCA(2, max_iter=1, alpha=0.1)
    verdict = audit(model, IMAGES[:40], None, KEY, runs=10, thorough=False)
    assert verdict.two_sample_test is not None
    assert not verdict.two_sample_test.different
    rows = np.random.default_rng(0).standard_normal((5, 3))
    answers = [
        Predictions("transformer", None, values, False, 0.0, (), None)
        for values in (rows, 7 - rows[:, [2, 0, 1]])
    ]
    first, second = (_said(one) for one in answers)
    assert np.allclose(first, second)
    assert np.isclose(first[0, 1], np.linalg.norm(rows[0] - rows[1]))


def test_a_test_without_power_shows_no_equal_distribution() -> None:
    # One direction: runs differ by so much that hardly anything would be noticed among 20.
    projection = GaussianRandomProjection(1)
    verdict = audit(projection, IMAGES[:60], None, KEY, budget=100, thorough=False)
    assert verdict.two_sample_test is not None
    assert not verdict.two_sample_test.different
    assert not verdict.two_sample_test.convincing
    assert any("more runs would tell" in condition for condition in verdict.conditions)
    assert verdict.outcome is AuditOutcome.DIFFERENT


def test_another_distribution_is_rejected() -> None:
    images = IMAGES[:60].copy()
    images[:, 0] = 255
    key = EtCKey(DIGITS.geometry, negatives=np.arange(16) < 4)
    verdict = audit(BiasedOnNegated(), images, LABELS[:60] % 2, key, budget=100, runs=20)
    assert verdict.outcome is AuditOutcome.DIFFERENT
    assert verdict.two_sample_test is not None
    assert verdict.two_sample_test.p_value <= 0.01


# --- Reports


def test_verdicts_go_to_json_without_nan() -> None:
    verdict = audit(FirstPixel(), IMAGES, LABELS % 2, KEY, **SHORT)
    assert isinstance(verdict, Verdict)
    document = json.loads(verdict.to_json())
    assert document["outcome"] == verdict.outcome
    assert np.asarray(document["witness"]["image"]).shape == (8, 8)
    assert "witness" in str(verdict)


def test_same_seed_same_verdict() -> None:
    texts = [
        str(audit(RandomForestClassifier(3), IMAGES, LABELS, KEY, explain=False)) for _ in "ab"
    ]
    assert texts[0] == texts[1]


def test_bookkeeping_costs_little_beside_the_models() -> None:
    # The figure itself is in tests/benchmarks: here only that the models' time is counted.
    verdict = audit(RandomForestClassifier(20), IMAGES, LABELS, KEY, explain=False)
    assert 0 < verdict.model_seconds <= verdict.seconds


# --- Input


def test_numbers_of_numpy_are_numbers() -> None:
    numbers = {"seed": 3, "runs": 0, "budget": 3.0, "tolerance": 0.5, "level": 0.25}
    of_numpy = {name: np.array(value)[()] for name, value in numbers.items()}
    ours, theirs = (
        json.loads(audit(Ridge(), IMAGES, LABELS, KEY, **chosen).to_json())
        for chosen in (numbers, of_numpy)
    )
    for document in (ours, theirs):
        del document["seconds"], document["model_seconds"]
    assert ours == theirs


def test_labels_and_decision_values_take_kernels_from_one_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed = []
    tile = _tiles._real_tile  # noqa: SLF001

    def counted(*arguments: Any, **options: Any) -> Any:
        computed.append(1)
        return tile(*arguments, **options)

    monkeypatch.setattr(_tiles, "_real_tile", counted)
    rows = np.random.default_rng(0).standard_normal((30, 20))
    found = fit_and_predict(SVC(kernel=ExactKernel("linear")), rows[:20], rows[:20, 0] > 0, rows)
    assert found.pairs is not None
    assert len(computed) == 2  # of the training rows, and of the queries with them
    model = SVC(kernel=ExactKernel("linear")).fit(rows[:20], rows[:20, 0] > 0)
    np.testing.assert_array_equal(found.decisions, model.predict(rows))


GOOD: dict[str, Any] = {"estimator": SVC(), "images": IMAGES, "labels": LABELS, "key": KEY}
OTHER_KEY = EtCKey.from_secret(BlockGeometry(16, 16), "another geometry")
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a class": ({"estimator": SVC}, "an instance, not the class"),
    "no estimator": ({"estimator": "SVC"}, "'estimator' parameter of audit must be a scikit-learn"),
    "nothing to ask": ({"estimator": BaseEstimator()}, "'estimator' parameter of audit"),
    "an invalid pipeline": (
        {"estimator": make_pipeline(SVC(), SVC())},
        "SVC(), which does not transform",
    ),
    "labels of one class": ({"labels": np.zeros(200)}, "at least two classes. Got 200 images"),
    "no labels": ({"labels": None}, "be given for SVC. Got None"),
    "too few labels": ({"labels": LABELS[:9]}, "be 200 labels, one an image"),
    "float images": ({"images": IMAGES / 255}, "be an array of uint8. Got an array of dtype"),
    "a list": ({"images": IMAGES.tolist()}, "be an array of uint8"),
    "another geometry": ({"key": OTHER_KEY}, "'key' parameter of audit must be for the images"),
    "no key": ({"key": "secret"}, "'key' parameter of audit must be an EtCKey"),
    "unknown preprocessing": ({"preprocessing": "zscore"}, "be one of none, z-score, mid-grey"),
    "folds in words": ({"cv": "ten"}, "'cv' parameter of audit"),
    "negative runs": ({"runs": -1}, "'runs' parameter of audit"),
    "level above one": ({"level": 2.0}, "'level' parameter of audit"),
    "level of one": ({"level": 1.0}, "'level' parameter of audit"),
    "level too small": ({"level": 9e-6}, "be a number from 0.00001 to below 1"),
    "negative budget": ({"budget": -1.0}, "'budget' parameter of audit"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_input_names_parameter_and_value(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        audit(**(GOOD | change))
    assert message in str(caught.value)
