"""What an outcome depends on, and parts of fits and remedies on their own."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from audited import DIGITS, IMAGES, LABELS
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN, KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.svm import SVC

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.auditing import (
    AuditOutcome,
    auditor,
    certificates,
    conditions,
    predictions,
    remedies,
)
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.predictions import Predictions, fit_and_predict, unseeded
from etcprops.auditing.verdict import DEGENERATE, NO_NUMBER, UNCHANGED, Comparison
from etcprops.exact import margins

KEY = EtCKey.from_secret(DIGITS.geometry, "conditions")
FOLD = np.arange(60), np.arange(60, 120)
EQUAL = Comparison(2, 0, True, 0.0, 1.0)


def harness(**options: Any) -> Harness:
    given: dict[str, Any] = {"key": KEY, "seed": 0, "tolerance": 1e-9, **options}
    return Harness(IMAGES, LABELS, [FOLD], **given)


def answers(values: Any = None, decisions: Any = None, **options: Any) -> Predictions:
    numbers = None if values is None else np.asarray(values, dtype=np.float64)
    labels = None if decisions is None else np.asarray(decisions)
    given = Predictions("classifier", labels, numbers, False, 0.0, (), None)
    return replace(given, **options)


def said(plain: Predictions, place: Harness, comparison: Comparison = EQUAL) -> tuple[str, ...]:
    return conditions.conditions_of(comparison, plain, plain, place)


# --- Conditions


@pytest.mark.parametrize(
    ("negatives", "told"),
    [
        ([True], ["the key negates every block"]),
        ([False], ["the key negates no block"]),
        (None, []),
    ],
)
def test_keys_that_negate_all_or_nothing_are_told(negatives: Any, told: list[str]) -> None:
    count = DIGITS.geometry.n_blocks
    flags = [n % 2 == 0 for n in range(count)] if negatives is None else negatives * count
    key = EtCKey(DIGITS.geometry, negatives=flags)
    found = said(answers(decisions=[0, 1]), harness(key=key))
    assert found == ("steps: negatives", *told)


def test_no_key_and_relations_and_warnings_are_told() -> None:
    plain = answers(decisions=[0, 1], warnings=("one", "two"))
    place = harness(key=EtCKey(DIGITS.geometry))
    related = replace(EQUAL, relation="up to the signs of the columns")
    assert said(plain, place, related) == (
        "steps: none",
        "compared up to the signs of the columns",
        "one",
        "two",
    )
    assert DEGENERATE in said(answers(decisions=[1, 1]), place)
    assert "training images" in said(answers(decisions=[0, 1], of_training=True), place)[-1]


def test_an_encryption_that_ignores_its_key_is_told() -> None:
    def the_same(images: NDArray[Any], _key: EtCKey) -> NDArray[Any]:
        return 255 - images

    def by_key(images: NDArray[Any], key: EtCKey) -> NDArray[Any]:
        return encrypt(images, key)

    text = f"the encryption gives the same images under {conditions.OTHER_KEYS} other keys"
    plain = answers(decisions=[0, 1])
    assert text in said(plain, harness(encrypt=the_same))
    assert text not in said(plain, harness(encrypt=by_key))
    assert text not in said(plain, harness())
    assert text not in said(plain, harness(encrypt=the_same, key=EtCKey(DIGITS.geometry)))


def test_answers_that_could_not_differ_are_told() -> None:
    nothing = harness(key=EtCKey(DIGITS.geometry))
    number, none = answers([[1.0]]), answers([[np.nan]])
    assert conditions.incomparable(number, number, nothing) == UNCHANGED
    assert conditions.incomparable(none, none, harness()) == NO_NUMBER
    assert conditions.incomparable(none, number, harness()) == ""
    assert conditions.incomparable(number, number, harness()) == ""
    decided = answers([[np.nan]], [0])
    assert conditions.incomparable(decided, decided, harness()) == ""


# --- Fits


def test_models_without_other_answers_give_those_of_the_training() -> None:
    rows = IMAGES.reshape(len(IMAGES), -1).astype(np.float64)
    for model, of_training in ((DBSCAN(eps=20), True), (KMeans(2, n_init=1), False)):
        found = fit_and_predict(model, rows[:60], None, rows[60:])
        assert found.of_training is of_training
        assert found.decisions is not None
        assert len(found.decisions) == 60


def test_a_solver_that_stops_early_is_told_of_and_no_other() -> None:
    rows = IMAGES.reshape(len(IMAGES), -1).astype(np.float64)
    told = "the solver stopped before it converged"
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        for model, stops in ((LogisticRegression(max_iter=2), True), (SVC(), False)):
            found = fit_and_predict(model, rows[:60], LABELS[:60], rows[60:])
            assert (told in found.warnings) is stops


def test_seeds_within_pipelines_are_opened() -> None:
    model = make_pipeline(
        QuantileTransformer(random_state=1), RandomForestClassifier(random_state=2)
    )
    found = unseeded(model).get_params(deep=True)
    states = {name: v for name, v in found.items() if name.endswith("random_state")}
    assert states == {
        "quantiletransformer__random_state": None,
        "randomforestclassifier__random_state": None,
    }


# --- Remedies and proofs


def test_scales_in_grids_become_numbers() -> None:
    grid: Any = {"C": [1.0], "gamma": ["scale", 0.5], "svc__gamma": ("scale", "auto")}
    frozen = {"C": [1.0], "gamma": [0.25, 0.5], "svc__gamma": [0.25, "auto"]}
    assert remedies._without_scale(grid, 0.25) == frozen  # noqa: SLF001
    assert remedies._without_scale([grid, {"C": [2.0]}], 0.25) == [frozen, {"C": [2.0]}]  # noqa: SLF001
    for other in ("scale", 7, (grid,)):
        assert remedies._without_scale(other, 0.25) is other  # noqa: SLF001


def test_decisions_that_the_coarse_bound_leaves_open_are_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = harness()
    candidate = Candidate((StandardScaler(),), SVC(gamma=0.01))
    plain = place.plain_predictions(candidate)
    rows = place.encrypted_vectors(KEY)
    encrypted = place.fit_and_predict(candidate, rows, seed=0)
    whole = certificates.certified_decisions(place, plain, encrypted)
    assert whole == 60
    asked = []

    def certain(pairs: NDArray[Any], _bound: NDArray[Any]) -> NDArray[np.bool_]:
        asked.append(len(pairs))
        return np.arange(len(pairs)) % 3 > 0 if len(asked) == 1 else np.arange(len(pairs)) > 4

    bound = margins.decision_error_bound
    coarse = []

    def noted(*arguments: Any, **options: Any) -> Any:
        coarse.append(options["coarse"])
        return bound(*arguments, **options)

    monkeypatch.setattr(margins, "certified", certain)
    monkeypatch.setattr(margins, "decision_error_bound", noted)
    assert certificates.certified_decisions(place, plain, encrypted) == 40 + 15
    assert (asked, coarse) == ([60, 20], [True, False])


def test_training_images_of_a_pipeline_have_the_labels_of_its_last_step() -> None:
    model = make_pipeline(StandardScaler(), StandardScaler(), KMeans(2, n_init=1, random_state=0))
    model.fit(IMAGES[:20].reshape(20, -1))
    labels = model[-1].labels_
    found = predictions._labels_of_training(model, IMAGES[20:])  # noqa: SLF001
    assert np.array_equal(found, labels)


def test_a_key_of_one_block_negates_all_or_nothing() -> None:
    key = EtCKey(BlockGeometry(8, 8, block=8), negatives=[True])
    place = Harness(IMAGES, LABELS, [FOLD], key, 0, 1e-9)
    assert "the key negates every block" in said(answers([1.0, 2.0], [0, 1]), place)


def test_why_answers_cannot_be_compared_is_a_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "incomparable", lambda *_: "nothing is to be seen")
    differs = auditor.audit(
        SVC(), IMAGES, LABELS, KEY, runs=0, protection=False, explain=False, budget=0
    )
    assert differs.outcome is AuditOutcome.DIFFERENT  # of those nobody asks
    verdict = auditor.audit(
        KMeans(2, n_init=1, random_state=0), IMAGES, None, KEY, runs=0, protection=False
    )
    assert verdict.outcome is AuditOutcome.NOT_APPLICABLE
    assert verdict.conditions[0] == "nothing is to be seen"
