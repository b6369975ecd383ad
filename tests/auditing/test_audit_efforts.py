"""What `audit` says besides the outcome, and how long it tries: defaults, seeds, witnesses."""

from __future__ import annotations

import inspect
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scripted import CANDIDATE, IMAGES, KEY, MUCH, Scripted
from sklearn.base import BaseEstimator, ClassifierMixin

from etcprops import EtCKey, Verdict, audit
from etcprops.auditing import AuditOutcome, auditor, witness
from etcprops.auditing import harness as harness_module
from etcprops.auditing.auditor import FEW, _Effort, _explained, _said, _test_distributions
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.predictions import ModelError, Predictions
from etcprops.auditing.verdict import Comparison, Excluded, TwoSampleTest
from etcprops.auditing.witness import smallest_witness

LABELS = np.arange(10) // 2 % 2


class FirstPixel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Say whether the first pixel is bright."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> FirstPixel:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return (X[:, 0] > 127).astype(np.int64)


def answers(decisions: Any, values: Any = None, kind: Any = "classifier", **more: Any) -> Any:
    said = Predictions(kind, decisions, values, False, 0.0, (), None)
    return replace(said, **more)


# --- Parameters


def test_defaults_are_those_of_the_documentation() -> None:
    parameters = inspect.signature(audit).parameters
    defaults = {
        name: one.default
        for name, one in parameters.items()
        if one.default is not inspect.Parameter.empty
    }
    del defaults["encrypt"]
    assert defaults == {
        "preprocessing": None, "cv": None, "seed": 0, "runs": 20, "level": 0.01, "explain": True,
        "thorough": True, "protection": True, "budget": 60.0, "tolerance": 1e-6, "progress": None,
    }  # fmt: skip


def test_a_verdict_names_the_model_with_its_preprocessing() -> None:
    for preprocessing, text in (
        (None, "FirstPixel()"), ("none", "FirstPixel()"), ("z-score", "FirstPixel() after z-score"),
    ):  # fmt: skip
        started = time.perf_counter()
        verdict = audit(
            FirstPixel(), IMAGES, LABELS, KEY, preprocessing=preprocessing, explain=False,
            protection=False,
        )  # fmt: skip
        assert verdict.estimator == text
        assert (verdict.exposure, verdict.cause, verdict.experiments) == (None, "", ())
        assert 0 < verdict.model_seconds <= verdict.seconds <= time.perf_counter() - started


# --- What is found out of answers that differ


@pytest.fixture
def explained(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Explain with a search and a test that find what they are told to."""

    def found(
        test: TwoSampleTest | None = None, *, cut_short: bool = False, seed_matters: bool = True,
        runs: int = 20, fixed: str = "", outcome: AuditOutcome = AuditOutcome.DIFFERENT,
    ) -> Verdict:  # fmt: skip
        search = SimpleNamespace(
            run=lambda: ("a cause", None), experiments=[], cut_short=cut_short,
            seed_matters=lambda: seed_matters,
        )  # fmt: skip
        monkeypatch.setattr(auditor, "Search", lambda *_: search)
        monkeypatch.setattr(auditor, "smallest_witness", lambda *_, **__: None)
        monkeypatch.setattr(auditor, "_test_distributions", lambda *_: test)
        model: Any = SimpleNamespace(fixed_seeds=lambda: fixed, with_open_seeds=lambda: CANDIDATE)
        harness = Harness(IMAGES, LABELS, [(np.arange(6), np.arange(6, 10))], KEY, 0, 1e-6)
        verdict = Verdict("a model", outcome, comparison=MUCH, conditions=("known before",))
        effort = _Effort(runs, 0.01, explain=True, thorough=False, budget=7.5)
        said = answers(np.zeros(4))
        return _explained(verdict, harness, model, (said, said), effort)

    return found


NEAR, FAR = Excluded("queries", 0.02, 0.05), Excluded("runs", 0.5, 0.25)
EQUAL = TwoSampleTest(20, 0.5, 0.01, (NEAR,))
UNCLEAR = TwoSampleTest(20, 0.5, 0.01, (NEAR, FAR))
REJECTED = TwoSampleTest(20, 0.001, 0.01, (NEAR, FAR))


def test_conditions_grow_by_what_was_not_found_out(explained: Any) -> None:
    assert explained().conditions == ("known before",)
    cut_short = "the search for the cause was cut short after 7.5 s"
    assert explained(cut_short=True).conditions == ("known before", cut_short)
    seeds = "the distribution is over seeds instead of seed=1, with which both fits were made"
    unclear = (
        "equality in distribution is not contradicted, but not shown either: only 50 % of the runs "
        "(margin 25 %) is excluded; more runs would tell"
    )
    assert explained(fixed="seed=1").conditions == ("known before",)
    assert explained(EQUAL, fixed="seed=1").conditions == ("known before", seeds)
    assert explained(REJECTED).conditions == ("known before",)
    everything = explained(UNCLEAR, fixed="seed=1", cut_short=True).conditions
    assert everything == ("known before", cut_short, seeds, unclear)


def test_equal_distributions_are_an_outcome_of_decisions_that_differ(explained: Any) -> None:
    luck, different = AuditOutcome.SAME_DECISIONS_HERE, AuditOutcome.DIFFERENT
    assert explained(EQUAL).outcome is AuditOutcome.EQUAL_IN_DISTRIBUTION
    assert explained(EQUAL).two_sample_test is EQUAL
    for test, outcome in ((None, different), (UNCLEAR, different), (REJECTED, different)):
        assert explained(test).outcome is outcome
    assert explained(EQUAL, outcome=luck).outcome is luck
    for without in ({"runs": 0}, {"seed_matters": False}):
        verdict = explained(EQUAL, **without)
        assert (verdict.outcome, verdict.two_sample_test) == (different, None)
    assert explained().cause == "a cause"


# --- The two-sample test


@pytest.fixture
def distributions(monkeypatch: pytest.MonkeyPatch) -> Any:
    def tested(harness: Scripted, budget: float = 1e6, seconds: float = 0.0, runs: int = 4) -> Any:
        keys: list[EtCKey] = []

        def encrypt(images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
            keys.append(key)
            return images

        place: Any = harness
        place.images, place.encrypt, place.keys = IMAGES, encrypt, keys
        monkeypatch.setattr(auditor, "time", harness)
        effort = _Effort(runs, 0.05, explain=True, thorough=True, budget=budget)
        return _test_distributions(place, CANDIDATE, seconds, effort)

    return tested


def test_each_fit_of_the_two_sample_test_has_its_own_seed_and_key(distributions: Any) -> None:
    harness: Any = Scripted(seed=5, key=EtCKey.from_secret(KEY.geometry, "1", steps=["negatives"]))
    test = distributions(harness)
    assert (test.runs, test.level) == (4, 0.05)
    assert len(set(harness.seeds)) == 8
    assert 5 not in harness.seeds
    assert len(set(harness.keys)) == 4
    assert all(key.steps == ("negatives",) for key in harness.keys)
    assert not test.different


@pytest.mark.parametrize(
    ("budget", "seconds", "made"), [(8.0, 1.0, True), (7.5, 1.0, False), (8.0, 1.5, False)]
)
def test_two_fits_a_run_are_expected_to_end_in_time(
    distributions: Any, budget: float, seconds: float, *, made: bool
) -> None:
    assert (distributions(Scripted(), budget, seconds) is not None) is made


@pytest.mark.parametrize(("budget", "fits"), [(15.0, 8), (14.5, 6), (10.0, 6), (9.5, 4)])
def test_no_run_is_begun_after_twice_the_budget(
    distributions: Any, budget: float, fits: int
) -> None:
    harness = Scripted(takes=5.0)  # runs begin after 0, 10, 20 and 30 s
    test = distributions(harness, budget)
    assert len(harness.seeds) == fits
    assert (test is None) is (fits < 8)


def test_runs_that_cannot_be_compared_are_not_tested(distributions: Any) -> None:
    def failing(_rows: Any) -> Any:
        raise ModelError("of a seed")

    assert distributions(Scripted(said=failing)) is None
    sizes = iter(range(1, 9))
    assert distributions(Scripted(said=lambda rows: rows[: next(sizes), 0])) is None


class OfValues(Scripted):
    """Whose models have values and no decisions."""

    def fit_and_predict(self, _model: Any, rows: NDArray[Any], *, seed: int) -> Predictions:
        found = super().fit_and_predict(_model, rows, seed=seed)
        return replace(found, kind="regressor", decisions=None, values=found.decisions)


def test_values_are_tested_if_they_are_numbers(distributions: Any) -> None:
    rng = np.random.default_rng(0)
    test = distributions(OfValues(said=lambda rows: rng.random(len(rows))))
    assert test is not None
    assert distributions(OfValues(said=lambda rows: rows[:, 0] + np.nan)) is None
    assert distributions(OfValues(said=lambda rows: rows[:, 0] + np.inf)) is None


def test_answers_are_tested_as_they_are_and_transformers_by_distances() -> None:
    values = np.arange(3.0)
    assert _said(answers(None, values, "regressor")).tolist() == [[0.0], [1.0], [2.0]]
    rows = np.random.default_rng(0).random((FEW + 1, 2))
    np.testing.assert_array_equal(_said(answers(None, rows, "regressor")), rows)
    assert len(_said(answers(None, rows, "transformer"))) == FEW == 100
    assert _said(answers(np.array([[4], [2]]))).tolist() == [4, 2]
    assert _said(answers(np.array([4, 2, 4]), kind="clusterer")).tolist() == [0, 1, 0]


# --- Witnesses


FIRST, SECOND = np.array([0, 2, 4, 6, 8]), np.array([1, 3, 5, 7, 9])


def place(*folds: Any) -> Harness:
    return Harness(IMAGES, LABELS, list(folds) or [(FIRST, SECOND)], KEY, 0, 1e-6)


def witnessed(plain: Any, encrypted: Any, *folds: Any, budget: float = 0.0) -> Any:
    return smallest_witness(
        place(*folds), Candidate((), FirstPixel()), plain, encrypted, budget=budget
    )


@pytest.mark.parametrize("of_training", [False, True])
def test_the_witness_is_the_image_that_was_answered_differently(*, of_training: bool) -> None:
    one = answers(np.array([3, 3, 3, 3, 3]), of_training=of_training)
    other = answers(np.array([3, 3, 3, 7, 3]), of_training=of_training)
    found = witnessed(one, other)
    assert found.query == (6 if of_training else 7)
    assert found.training == tuple(FIRST)
    np.testing.assert_array_equal(found.image, IMAGES[found.query])
    assert (found.plain_answer, found.encrypted_answer) == ("3", "7")
    assert np.isnan(found.margin)
    assert witnessed(one, one) is None
    both = (FIRST, SECOND), (SECOND, FIRST)
    twice = [replace(said, decisions=np.tile(said.decisions, 2)) for said in (one, other)]
    twice[1].decisions[:5] = 3  # differs in the second fold alone
    found = witnessed(*twice, *both)
    assert found.query == (7 if of_training else 6)


def test_the_witness_shows_values_where_there_are_no_decisions() -> None:
    one, other = np.zeros(5), np.array([0, 0, 0.5, 0, 0])
    found = witnessed(answers(None, one, "regressor"), answers(None, other, "regressor"))
    assert (found.query, found.plain_answer, found.encrypted_answer) == (5, "0", "0.5")


def test_an_answer_that_is_of_no_image_is_no_witness() -> None:
    for more, query in ((4, 9), (5, None), (6, None)):
        one, other = np.zeros(7), np.zeros(7)
        other[more] = 1
        found = witnessed(answers(one), answers(other))
        assert (found and found.query) == query


def test_clusters_are_of_all_images_and_training_is_not_shrunk() -> None:
    one, other = (np.array(of, dtype=np.int64) for of in ([0, 0, 0, 1, 1], [1, 1, 1, 0, 1]))
    found = witnessed(answers(one, kind="clusterer"), answers(other, kind="clusterer"), budget=9.0)
    assert found.training == tuple(FIRST)


class Slow(FirstPixel):
    """Take a second of a clock for each fit; answer 0 after too few images of class 0."""

    now = 0.0

    def __init__(self, fewest: int = 0) -> None:
        self.fewest = fewest

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Slow:
        Slow.now += 1
        super().fit(X, y)
        self.learnt_ = np.count_nonzero(y == 0) >= self.fewest
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return super().predict(X) * self.learnt_


@pytest.fixture
def shrunk(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = SimpleNamespace(perf_counter=lambda: Slow.now)
    for module in (witness, harness_module):
        monkeypatch.setattr(module, "time", clock)

    def found(budget: float, fewest: int = 0) -> tuple[int, ...]:
        harness, model = place(), Candidate((), Slow(fewest))
        plain = harness.plain_predictions(model)
        other = harness.fit_and_predict(model, harness.encrypted_vectors(KEY), seed=0)
        harness.model_seconds = Slow.now = 0.0
        one = smallest_witness(harness, model, plain, other, budget=budget)
        assert one is not None
        assert harness.model_seconds == Slow.now
        assert one.plain_answer != one.encrypted_answer
        return one.training

    return found


def test_training_images_are_left_out_as_long_as_there_is_time(shrunk: Any) -> None:
    # Without an image, two fits: the first of those left is left out each time.
    assert shrunk(0.0) == (0, 2, 4, 6, 8)
    assert shrunk(2.0) == (2, 4, 6, 8)
    assert shrunk(2.5) == (4, 6, 8)
    assert shrunk(1e3) == (6, 8)  # of two classes


def test_images_without_which_answers_agree_are_kept(shrunk: Any) -> None:
    assert shrunk(1.5, fewest=3) == (0, 2, 4, 6, 8)  # the first has to stay
    assert shrunk(2.0, fewest=3) == shrunk(1e3, fewest=3) == (0, 4, 6, 8)
    assert Slow.now == 10  # each that may be left out once


# --- Texts


def test_a_comparison_says_its_relation_unless_it_is_equality() -> None:
    assert str(Comparison(4, 0, True, 0.0, 1.0)) == "the same to the last bit"
    assert str(Comparison(4, 0, True, 0.0, 1.0, "up to signs")) == (
        "the same to the last bit (up to signs)"
    )
    assert str(Comparison(4, 1, False, np.nan, 0.0)) == "1 of 4 answers differ"
    assert str(Comparison(4, 1, False, 0.5, 2.0)) == (
        "1 of 4 answers differ, values by up to 2.5e-01 of their spread"
    )
    assert str(Comparison(4, 1, False, 0.5, 2.0, failure="raises")) == "raises"


def test_a_dictionary_of_a_verdict_is_of_plain_types() -> None:
    verdict = Verdict("a model", AuditOutcome.DIFFERENT, certified=3, conditions=("one",))
    document = verdict.to_dict()
    assert type(document["outcome"]) is str
    assert document["outcome"] == "different"
    assert (document["certified"], document["conditions"]) == (3, ["one"])
    assert document["comparison"] is None
    found = replace(verdict, comparison=Comparison(4, 1, False, np.nan, np.inf)).to_dict()
    comparison = found["comparison"]
    assert (comparison["largest_difference"], comparison["spread"]) == (None, None)
    assert comparison["bitwise"] is False
    assert comparison["n_queries"] == 4
