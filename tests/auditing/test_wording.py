"""What the experiments on a model showed, in one sentence: which experiment decides which words."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from etcprops.auditing import AuditOutcome, Remedy
from etcprops.auditing.wording import Findings, explain
from etcprops.scheme.keys import STEP_NAMES, Step

PERMUTED, NEGATED, BOTH = (
    "features permuted",
    "features negated",
    "features permuted and negated",
)
APART = ", no two values equal"
REMEDY = Remedy("gamma=0.5", AuditOutcome.IDENTICAL_DECISIONS, "")
HELPED = "; with gamma=0.5 the answers are identical"
ONE = (Step.NEGATIVES,)
TWO = (Step.PERMUTATION, Step.NEGATIVES)
STEPS = f"{STEP_NAMES[Step.PERMUTATION]} and {STEP_NAMES[Step.NEGATIVES]}"
NEGATIVES = STEP_NAMES[Step.NEGATIVES]


def found(features: dict[str, bool] | None = None, **changed: Any) -> Findings:
    usual: dict[str, Any] = {
        "breaking": ONE, "preprocessing": (), "remedy": None, "kind": "", "seed_matters": False,
    }  # fmt: skip
    return Findings(features=features or {}, **(usual | changed))


SENTENCES: dict[str, tuple[Findings, str]] = {
    "gamma": (
        found(kind="gamma", remedy=REMEDY),
        f"gamma='scale' uses X.var(), which {NEGATIVES} changes{HELPED}",
    ),
    "two steps": (
        found(kind="gamma", breaking=TWO),
        f"gamma='scale' uses X.var(), which {STEPS} change",
    ),
    "three steps": (
        found(kind="gamma", breaking=(Step.TRANSFORMS, *TWO)),
        f"gamma='scale' uses X.var(), which {STEP_NAMES[Step.TRANSFORMS]}, {STEPS} change",
    ),
    "no step alone": (
        found(kind="gamma", breaking=()),
        "gamma='scale' uses X.var(), which the steps together, none alone, change",
    ),
    "offset moves a solver": (
        found({BOTH: True}, kind="convergence", remedy=REMEDY),
        (
            "the solver stops before it converges, at a point that depends on the offset of "
            f"x -> 255 - x{HELPED}"
        ),
    ),
    "order moves a solver": (
        found({BOTH: False, PERMUTED: False}, kind="newton"),
        (
            "the solver stops before it converges, at a point that depends on the order of the "
            "features"
        ),
    ),
    "rounding moves a solver": (
        found({BOTH: False, PERMUTED: False, "rounding": False}, kind="convergence"),
        (
            "the solver stops before it converges, at a point that rounding chooses (noise of "
            "1e-14 of their spread in plain features moves it as far)"
        ),
    ),
    "one transformer": (
        found({BOTH: True}, preprocessing=(StandardScaler(),), remedy=REMEDY),
        (
            f"StandardScaler does not turn {NEGATIVES} into permuted and negated features, on "
            f"which the model answers the same{HELPED}"
        ),
    ),
    "two transformers": (
        found({BOTH: True}, preprocessing=(StandardScaler(), MinMaxScaler()), breaking=TWO),
        (
            f"StandardScaler and MinMaxScaler do not turn {STEPS} into permuted and negated "
            "features, on which the model answers the same"
        ),
    ),
    "offset": (
        found({BOTH: True}),
        (
            f"{NEGATIVES} changes pixels by more than order and sign, namely the offset of "
            "x -> 255 - x, to which the model is not indifferent"
        ),
    ),
    "offset, where only negation was to be tried": (
        found({NEGATED: True, PERMUTED: False}),
        (
            f"{NEGATIVES} changes pixels by more than order and sign, namely the offset of "
            "x -> 255 - x, to which the model is not indifferent"
        ),
    ),
    "offset, where only permutation was to be tried": (
        found({PERMUTED: True}),
        (
            f"{NEGATIVES} changes pixels by more than order and sign, namely the offset of "
            "x -> 255 - x, to which the model is not indifferent"
        ),
    ),
    "rounding": (
        found({BOTH: False, PERMUTED: False, "rounding": False}, breaking=TWO),
        (
            "the model makes rounding large: noise of 1e-14 of their spread in plain features "
            f"changes its answers as well; {STEPS} change the order of sums"
        ),
    ),
    "order": (
        found({BOTH: False, PERMUTED: False, NEGATED: True, "rounding": True}),
        f"the model depends on the order of the features: {NEGATIVES} changes its answers",
    ),
    "draws": (
        found({BOTH: False, PERMUTED: False}, seed_matters=True),
        (
            "the model depends on the order of the features (it draws by index, with one seed): "
            f"{NEGATIVES} changes its answers"
        ),
    ),
    "ties": (
        found({BOTH: False, PERMUTED: False, PERMUTED + APART: True}, seed_matters=True),
        (
            "the model depends on the order of the features (ties: without equal values it does "
            f"not): {NEGATIVES} changes its answers"
        ),
    ),
    "no ties": (
        found({BOTH: False, PERMUTED: False, PERMUTED + APART: False}),
        f"the model depends on the order of the features: {NEGATIVES} changes its answers",
    ),
    "signs": (
        found({BOTH: False, NEGATED: False, PERMUTED: True}),
        f"the model depends on the signs of the features: {NEGATIVES} changes its answers",
    ),
    "signs and draws": (
        found({BOTH: False, NEGATED: False}, seed_matters=True),
        (
            "the model depends on the signs of the features (it draws by index, with one seed): "
            f"{NEGATIVES} changes its answers"
        ),
    ),
    "thresholds": (
        found({BOTH: False, NEGATED: False, NEGATED + APART: True}, seed_matters=True),
        (
            "the model depends on the signs of the features (values on a threshold: without equal "
            f"values it does not): {NEGATIVES} changes its answers"
        ),
    ),
    "order and signs": (
        found({BOTH: False, PERMUTED: False, NEGATED: False}, seed_matters=True),
        (
            "the model depends on the order of the features (it draws by index, with one seed) and "
            f"on the signs of the features: {NEGATIVES} changes its answers"
        ),
    ),
    "nothing that was tried": (
        found({BOTH: False, PERMUTED: True, NEGATED: True}),
        (
            "the model depends on the features in a way that no experiment isolated: "
            f"{NEGATIVES} changes its answers"
        ),
    ),
    "nothing tried": (
        found(),
        (
            "the model depends on the features in a way that no experiment isolated: "
            f"{NEGATIVES} changes its answers"
        ),
    ),
}


@pytest.mark.parametrize(("findings", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_the_sentence_is_that_of_the_experiments(findings: Findings, sentence: str) -> None:
    assert explain(findings) == sentence
