"""Mutants: wrong encryptions, models, distributions and workers, each caught by its own part."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rounding import assert_rounding_is_the_reason
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer

from etcprops import EtCKey, audit, encrypt
from etcprops.auditing import AuditOutcome
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.isolation import Worker
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.auditing.auditor import TOLERANCE
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.preprocessing import centre
from etcprops.auditing.two_sample import two_sample_test
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
    options: dict[str, Any] = {"level": LEVEL, "effect": 0.05, "seed": 0}
    assert two_sample_test(fair, also, **options).equal
    test = two_sample_test(fair, biased, **options)
    # So small a p-value needs more exchanges than 999.
    assert not test.equal
    assert test.p_value <= LEVEL


WORKERS = {
    "hangs": ("import time; time.sleep(60)", "timed out", "more than 0.3 s"),
    "is killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crashed", "signal 9"),
    "ends": ("raise SystemExit(3)", "crashed", "exit status 3"),
}


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
