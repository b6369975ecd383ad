"""What theory predicts for an estimator: the transformations of the features that leave it alone.

After a linearising preprocessing the encryption is a signed permutation of the features; without
negation it is a permutation; on raw pixels negation adds an offset. An estimator whose answers no
map of such a group changes is predicted to be identical. The estimators themselves stand in
`etcprops.auditing.estimators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum
from typing import Any, Literal

from etcprops.auditing.preprocessing import LINEARISING
from etcprops.auditing.verdict import AuditOutcome
from etcprops.scheme.keys import Step


class Invariance(StrEnum):
    """The largest of these groups of maps of the features that leaves the answers as they are."""

    ANY = "any"
    ORTHOGONAL = "orthogonal"
    SIGNED_PERMUTATION = "signed permutation"
    PERMUTATION = "permutation"
    NONE = "none"


ANY, ORTHOGONAL, SIGNED_PERMUTATION, PERMUTATION, NONE = Invariance


class Path(StrEnum):
    """How the computation gets to the answer, where that matters."""

    EXACT = "exact"
    """To rounding, whatever the order of the features."""
    TIES = "ties"
    """But for ties between features and values on a threshold, which go to one side."""
    SOLVER = "solver"
    """A solver stops before it converges. Its path turns with the features but not with an offset:
    it starts from weights of 0, elsewhere as seen from the optimum."""
    ORDER = "order"
    """Order matters, sign does not: a solver visits features in order and stops early (the same
    at convergence only), or features are taken by their number."""
    DRAWS = "draws"
    """Random numbers are drawn by the index of a feature: equal in distribution."""
    THRESHOLDS = "thresholds"
    """So they are, but values on a threshold go to one side: not equal in distribution."""


Target = Literal["labels", "numbers", "columns", "binary columns", "none"]


@dataclass(frozen=True)
class Entry:
    """One estimator of scikit-learn in the table; all but its name is given by keyword.

    Attributes
    ----------
    name : str
        As in ``sklearn.utils.all_estimators``.
    invariance : Invariance
        Of its answers, as mathematics.
    because : str
        Why.
    offset : bool
        Whether adding a constant to a feature leaves the answers as they are, too.
    path : Path
        Whether the computation keeps to the mathematics.
    parameters : dict
        Other than the defaults, so that it runs on images or says something.
    build : callable or None
        ``build(n_features)`` gives the estimator, where parameters do not suffice.
    target : str
        What it learns: digits, numbers, two columns of numbers, two binary columns, nothing.
    scale : str
        Whether it depends on the variance of all features together, as ``gamma="scale"`` does: a
        negated feature keeps that only if its mean is 0. "never", "training", or "subsets" if it
        does so on parts of the training images, where no preprocessing makes means 0.
    counts : bool
        Whether features may not be negative.
    absent : str
        Why it cannot be tried on images at all; empty if it can.
    notes : dict
        What is measured otherwise than predicted after a preprocessing ("any": after each), and
        why.
    """

    name: str
    _: KW_ONLY
    invariance: Invariance
    because: str
    offset: bool = False
    path: Path = Path.EXACT
    parameters: dict[str, Any] = field(default_factory=dict)
    build: Callable[[int], Any] | None = None
    target: Target = "labels"
    scale: Literal["never", "training", "subsets"] = "never"
    counts: bool = False
    absent: str = ""
    notes: dict[str, str] = field(default_factory=dict)


def predict(entry: Entry, preprocessing: str, steps: Iterable[Step]) -> AuditOutcome:
    """Return the outcome that theory predicts.

    Parameters
    ----------
    entry : Entry
        The estimator.
    preprocessing : str
        A key of `PREPROCESSINGS`.
    steps : iterable of Step
        Steps of the key.

    Returns
    -------
    AuditOutcome
        IDENTICAL_DECISIONS stands for bitwise identity as well; rounding is not predicted.

    Examples
    --------
    >>> from etcprops.auditing.estimators import TABLE
    >>> predict(TABLE["SVC"], "z-score", [Step.PERMUTATION, Step.NEGATIVES])
    <AuditOutcome.IDENTICAL_DECISIONS: 'identical-decisions'>
    >>> predict(TABLE["SVC"], "none", [Step.PERMUTATION, Step.NEGATIVES])
    <AuditOutcome.DIFFERENT: 'different'>
    >>> predict(TABLE["SVC"], "none", [Step.PERMUTATION])
    <AuditOutcome.IDENTICAL_DECISIONS: 'identical-decisions'>
    """
    chosen = set(steps)
    if entry.absent or (entry.counts and preprocessing not in {"none", "min-max"}):
        return AuditOutcome.NOT_APPLICABLE
    if entry.invariance is Invariance.ANY:
        return AuditOutcome.IDENTICAL_DECISIONS
    permuted = bool(chosen - {Step.NEGATIVES})
    negated = Step.NEGATIVES in chosen and _negation_matters(entry, preprocessing)
    if negated or (permuted and _order_matters(entry)):
        return AuditOutcome.DIFFERENT
    if entry.path is Path.THRESHOLDS and chosen:
        return AuditOutcome.DIFFERENT
    if entry.path is Path.DRAWS and chosen:
        return AuditOutcome.EQUAL_IN_DISTRIBUTION
    return AuditOutcome.IDENTICAL_DECISIONS


def _order_matters(entry: Entry) -> bool:
    """Whether the order of features changes answers."""
    return entry.invariance is Invariance.NONE or entry.path is Path.ORDER


def _negation_matters(entry: Entry, preprocessing: str) -> bool:
    """Whether negated pixels, after a preprocessing, change answers."""
    if entry.invariance not in {Invariance.ORTHOGONAL, Invariance.SIGNED_PERMUTATION}:
        return True
    if entry.scale == "subsets":
        return True
    if entry.scale == "training" and preprocessing not in {"z-score", "standard-scaler"}:
        return True
    if preprocessing in LINEARISING:
        return False
    # Negation is a sign and an offset then; of each image's own z-score it is neither.
    affine = preprocessing in {"none", "min-max"}
    return not (affine and entry.offset) or entry.path is Path.SOLVER
