"""Mutants: wrong encryptions, models, distributions and workers, each caught by its own part."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from operating import assert_errors_are_controlled, quiet
from rounding import assert_rounding_is_the_reason
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from etcprops import EtCKey, audit, encrypt
from etcprops.auditing import AuditOutcome, equivalence, two_sample
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.isolation import Worker
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.auditing.auditor import TOLERANCE
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.preprocessing import centre
from etcprops.auditing.two_sample import two_sample_test
from etcprops.auditing.verdict import Excluded
from etcprops.datasets import load_digits_images

DIGITS = load_digits_images(block=2)
KEY = EtCKey.from_secret(DIGITS.geometry, "mutants of the audit")
IMAGES, LABELS = DIGITS.images[:200], DIGITS.labels[:200]
SHORT: dict[str, Any] = {"budget": 2.0, "runs": 0}
LEVEL = 0.0004


class OnePixel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Say whether one pixel in the middle is bright."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> OnePixel:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return (X[:, 27] > 0).astype(np.int64)


def another_key_each(images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
    """Encrypt every second image with another key: no common map."""
    other = EtCKey.from_secret(key.geometry, "another")
    odd = (np.arange(len(images)) % 2 == 1)[:, None, None]
    return np.where(odd, encrypt(images, other), encrypt(images, key))


def bright_negated(images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
    """Negate the whole of images that are bright: a step that depends on the image."""
    encrypted = encrypt(images, key)
    brightness = encrypted.mean(axis=(-2, -1), keepdims=True)
    bright = brightness > np.median(brightness)
    return np.where(bright, 255 - encrypted, encrypted).astype(np.uint8)


class Sums(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Decide by the distance of all pixels from mid-grey, and a little by the first pixel alone."""

    def __init__(self, share: float = 0.0) -> None:
        self.share = share

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Sums:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        self.level_ = float(np.median(self._distances(X)))
        return self

    def _distances(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.abs(2 * X - 255).sum(axis=1))

    def decision_function(self, X: NDArray[Any]) -> NDArray[Any]:
        values = self._distances(X) - self.level_ + 0.5
        return np.asarray(values + self.share * (X[:, 27] - 127.5))

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return (self.decision_function(X) > 0).astype(np.int64)


class Lots(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Draw lots, by the seed and the training images; `bias`: and by how bright these are."""

    def __init__(self, *, bias: bool = False, random_state: int | None = None) -> None:
        self.bias, self.random_state = bias, random_state

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Lots:  # noqa: ARG002
        self.classes_ = np.array([0, 1])
        self.share_ = float(X.mean() / 255) if self.bias else 0.5
        self.lots_ = np.random.default_rng([self.random_state or 0, int(X[:, 27].sum())])
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        return (self.lots_.random(len(X)) < self.share_).astype(np.int64)


class Refusing(Sums):
    """Cannot be fitted."""

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Sums:  # noqa: ARG002
        raise ValueError("no such images")


NEGATING = EtCKey(
    DIGITS.geometry, permutation=KEY.permutation, negatives=np.ones(DIGITS.geometry.n_blocks, int)
)
Audited = tuple[Any, dict[str, Any]]
OUTCOMES: dict[AuditOutcome, tuple[Audited, Audited]] = {
    AuditOutcome.BITWISE_IDENTICAL: ((Sums(), {}), (Sums(1e-6), {})),
    AuditOutcome.IDENTICAL_DECISIONS: ((Sums(1e-6), {}), (Sums(1e-3), {})),
    AuditOutcome.SAME_DECISIONS_HERE: ((Sums(1e-3), {}), (Sums(50.0), {})),
    AuditOutcome.EQUAL_IN_DISTRIBUTION: (
        (Lots(), {"runs": 40}),
        (Lots(bias=True), {"runs": 40}),
    ),
    AuditOutcome.DIFFERENT: ((Lots(bias=True), {"runs": 40}), (Lots(), {"runs": 40})),
    AuditOutcome.NOT_APPLICABLE: ((Refusing(), {}), (Sums(), {})),
}
"""For each outcome a model that has it, and its mutant, which has not."""


@pytest.mark.sampled(2)
@pytest.mark.parametrize("outcome", AuditOutcome)
def test_each_outcome_is_that_of_a_model_and_not_of_its_mutant(outcome: AuditOutcome) -> None:
    (model, options), (mutant, others) = OUTCOMES[outcome]
    common = {**SHORT, "protection": False, "thorough": False}
    found = [
        audit(one, IMAGES, LABELS % 2, NEGATING, **common | chosen).outcome
        for one, chosen in ((model, options), (mutant, others))
    ]
    assert found[0] is outcome
    assert found[1] is not outcome


@pytest.mark.parametrize("mutant", [another_key_each, bright_negated])
def test_no_common_map_is_different(mutant: Any) -> None:
    assert audit(KNeighborsClassifier(), IMAGES, LABELS, KEY).identical
    broken = audit(KNeighborsClassifier(), IMAGES, LABELS, KEY, encrypt=mutant, explain=False)
    assert broken.outcome is AuditOutcome.DIFFERENT


def test_a_model_of_one_pixel_is_different_by_order() -> None:
    verdict = audit(OnePixel(), IMAGES, LABELS % 2, KEY, preprocessing="mid-grey", **SHORT)
    assert verdict.outcome is AuditOutcome.DIFFERENT
    assert "the order of the features" in verdict.cause
    assert verdict.witness is not None


def test_rounding_is_not_blamed_for_a_model_of_one_pixel_nor_for_no_difference() -> None:
    halves = [(np.arange(100), np.arange(100, 200))]
    harness = Harness(IMAGES, LABELS, halves, KEY, 0, TOLERANCE)
    models = OnePixel(), KNeighborsClassifier()
    pixel, neighbours = (Candidate.of(model, FunctionTransformer(centre)) for model in models)
    with pytest.raises(AssertionError, match="another reason than rounding"):
        assert_rounding_is_the_reason(harness, pixel, neighbours, tolerance=0.0)
    with pytest.raises(pytest.skip.Exception, match="32 ways to round leave KNeighbors"):
        assert_rounding_is_the_reason(harness, neighbours, neighbours, tolerance=0.0)
    with pytest.raises(AssertionError):
        assert_rounding_is_the_reason(harness, neighbours, pixel, tolerance=0.0)


def test_a_biased_distribution_is_rejected_at_the_level_of_a_run() -> None:
    rng = np.random.default_rng(0)
    fair, also = rng.integers(0, 2, (2, 20, 100))
    biased = (rng.random((20, 100)) < 0.7).astype(int)
    assert not two_sample_test(fair, also, level=LEVEL, seed=0).different
    test = two_sample_test(fair, biased, level=LEVEL, seed=0)
    # So small a p-value needs more exchanges than 999.
    assert test.different
    assert test.p_value <= LEVEL


def excludes_everything(_both: NDArray[Any], *, seed: int) -> tuple[Excluded, ...]:  # noqa: ARG001
    """Find every difference excluded, whatever the samples: not rejected is then equal."""
    return (Excluded("queries always answered otherwise", 0.01, 0.05),)


def no_distance(_distances: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """Find all samples as far from each other: no power against anything."""
    return np.zeros(len(weights))


STATISTICS: dict[str, tuple[dict[str, Any], str]] = {
    "none rejects": ({"permutation_p_value": lambda *_, **__: 1.0}, "called different only: 0.0"),
    "all reject": ({"permutation_p_value": lambda *_, **__: 0.0}, "equal ones called different: 1"),
    "not rejected is equal": ({"excluded_of_decisions": excludes_everything}, "some_runs other"),
    "accepts everything": (
        {
            "permutation_p_value": lambda *_, **__: 1.0,
            "excluded_of_decisions": excludes_everything,
        },
        "some_queries otherwise, called equal: 1.0",
    ),
    "without power": (
        {"energies": no_distance, "equivalence.energies": no_distance},
        "equal ones called equal only: 0.0",
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("broken", "reason"), STATISTICS.values(), ids=STATISTICS)
def test_a_two_sample_test_of_which(
    broken: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, mutant in broken.items():
        module = equivalence if name.startswith("equivalence.") else two_sample
        monkeypatch.setattr(module, name.rpartition(".")[2], mutant)
    with pytest.raises(AssertionError, match=reason):
        assert_errors_are_controlled(
            two_sample_test, quiet(40), repetitions=20, power=0.9, level=0.01
        )


def test_a_blind_test_shows_no_equal_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (two_sample, equivalence):
        monkeypatch.setattr(module, "energies", no_distance)
    runs = np.random.default_rng(0).integers(0, 2, (2, 20, 30))
    test = two_sample_test(*runs, level=0.01, seed=0)
    assert not test.different
    assert not test.equal
    assert not test.convincing


WORKERS = {
    "hangs": ("import time; time.sleep(60)", "timed out", "more than 0.3 s"),
    "is killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crashed", "signal 9"),
    "ends": ("raise SystemExit(3)", "crashed", "exit status 3"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("end", "status", "reason"), WORKERS.values(), ids=WORKERS)
def test_a_worker_that(end: str, status: str, reason: str) -> None:
    script = f"import sys; print('0', flush=True); sys.stdin.readline(); {end}"
    if end.startswith("raise"):
        script = script.replace("; raise", "\nraise")
    worker = Worker([sys.executable, "-c", script])
    row = worker.run(AtlasCell("SVC"), limit=0.3 if status == "timed out" else 20)
    worker.stop()
    assert row.status == status
    assert reason in row.conditions[0]
    assert row.agrees is None
    assert not row.confirmed


def test_luck_and_silence_do_not_count_as_shown() -> None:
    def row(
        predicted: AuditOutcome, outcome: AuditOutcome, name: str = "KMeans", **found: Any
    ) -> AtlasRow:
        cell = AtlasCell(name, "min-max")
        return AtlasRow(cell=cell, predicted=predicted, outcome=outcome, **found)

    identical, different = AuditOutcome.IDENTICAL_DECISIONS, AuditOutcome.DIFFERENT
    in_distribution = AuditOutcome.EQUAL_IN_DISTRIBUTION
    assert not row(different, identical, values_agree=False).confirmed
    assert not row(
        different, in_distribution, distribution_tested=True, values_agree=False
    ).confirmed
    assert not row(in_distribution, different, values_agree=False).confirmed
    assert not row(identical, identical, values_agree=False).confirmed
    # A solver that ends elsewhere with the same decisions shows no difference, nor contradicts it.
    solver = row(different, identical, "LogisticRegression", values_agree=False)
    assert solver.agrees
    assert not solver.confirmed
    # A tree that takes another path, untested for its distribution, shows nothing about that.
    assert not row(different, different, "DecisionTreeClassifier").confirmed
    assert row(different, different, "DecisionTreeClassifier", distribution_tested=True).confirmed
