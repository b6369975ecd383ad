"""A row of the atlas: what one cell of the grid gave, judged against what theory predicts.

Rows go to other processes and to disk as JSON. What follows from the measurement is derived: a row
holds what was measured, and whether that agrees with theory is asked of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

import numpy as np

from etcprops.auditing.atlas.cells import AtlasCell, build_estimator, load_once, make_targets, shown
from etcprops.auditing.auditor import TOLERANCE, audit
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.estimators.invariance import Entry, Path, predict
from etcprops.auditing.verdict import (
    DEGENERATE,
    NO_NUMBER,
    UNCHANGED,
    AuditOutcome,
    Experiment,
    Remedy,
    Verdict,
)
from etcprops.scheme.keys import ALL, EtCKey, Step

IDENTICAL: Final = (AuditOutcome.BITWISE_IDENTICAL, AuditOutcome.IDENTICAL_DECISIONS)

KEYS: Final = {
    "remedy": "mend", "experiments": "trials", "two_sample_test": "law",
    "distribution_tested": "law_tested",
}  # fmt: skip
"""Fields that files of rows know by other keys: those of version 1 of their format."""

Status = Literal["done", "timed out", "crashed"]


@dataclass(frozen=True, kw_only=True)
class AtlasRow:
    """What one cell gave.

    Attributes
    ----------
    cell : AtlasCell
        What was done.
    predicted, outcome : AuditOutcome
        What theory says, and what came out.
    status : str
        "done", "timed out" or "crashed".
    estimator : str
        What was audited, with its parameters and preprocessing.
    comparison, witness, two_sample_test : str
        In words; empty if there is none.
    certified : int or None
        As in `Verdict`.
    cause : str
        As in `Verdict`.
    remedy : Remedy or None
        As in `Verdict`.
    experiments, conditions : tuple
        As in `Verdict`.
    distribution_tested : bool
        Whether a test for equality in distribution was made that says something.
    values_agree : bool
        Whether decision values are the same but for rounding.
    seconds, model_seconds : float
        As in `Verdict`; `seconds` is None without a verdict.
    """

    cell: AtlasCell
    predicted: AuditOutcome
    outcome: AuditOutcome
    status: Status = "done"
    estimator: str = ""
    comparison: str = ""
    certified: int | None = None
    cause: str = ""
    remedy: Remedy | None = None
    witness: str = ""
    two_sample_test: str = ""
    experiments: tuple[Experiment, ...] = ()
    conditions: tuple[str, ...] = ()
    distribution_tested: bool = False
    values_agree: bool = True
    seconds: float | None = None
    model_seconds: float = 0.0

    @classmethod
    def of(cls, cell: AtlasCell, predicted: AuditOutcome, verdict: Verdict) -> AtlasRow:
        """Return the row of a cell that gave a verdict.

        Pictures of a witness are in the data set: a row says which they are.
        """
        compared, test = verdict.comparison, verdict.two_sample_test
        return cls(
            cell=cell,
            predicted=predicted,
            outcome=verdict.outcome,
            estimator=verdict.estimator,
            comparison="" if compared is None else str(compared),
            certified=verdict.certified,
            cause=verdict.cause,
            remedy=verdict.remedy,
            witness="" if verdict.witness is None else str(verdict.witness),
            two_sample_test="" if test is None else str(test),
            experiments=verdict.experiments,
            conditions=verdict.conditions,
            distribution_tested=test is not None and test.convincing,
            values_agree=compared is not None and compared.identical(TOLERANCE),
            seconds=verdict.seconds,
            model_seconds=verdict.model_seconds,
        )

    @classmethod
    def without_answer(cls, cell: AtlasCell, status: Status, reason: str) -> AtlasRow:
        """Return the row of a cell that gave none itself."""
        steps = [Step(step) for step in cell.steps] or list(Step)
        return cls(
            cell=cell,
            predicted=predict(TABLE[cell.estimator], cell.preprocessing, steps),
            outcome=AuditOutcome.NOT_APPLICABLE,
            status=status,
            conditions=(f"{status}: {reason}",),
        )

    # --- Theory against measurement

    @property
    def name(self) -> str:
        """That of the cell."""
        return self.cell.name

    @property
    def entry(self) -> Entry:
        """What the table says of the estimator."""
        return TABLE[self.cell.estimator]

    @property
    def agrees(self) -> bool | None:
        """Whether what came out is what theory predicts; None if nothing came out.

        Identical are answers with the same decision values, but for rounding: the same decisions
        with other values are luck, and agree with "different". So do answers that differ path by
        path and not in distribution. Bitwise identity is identity, and identity is equality in
        distribution. Where no distribution was tested, answers that differ do not contradict
        equality in distribution.
        """
        if self.status != "done":
            return None
        # What a solver leaves open when it stops may be more than rounding.
        stopped = (
            self.entry.path is Path.SOLVER and self.predicted is AuditOutcome.IDENTICAL_DECISIONS
        )
        same_values = self.values_agree or stopped
        same = self.outcome in (*IDENTICAL, AuditOutcome.SAME_DECISIONS_HERE)
        if self.predicted in IDENTICAL:
            return same and same_values
        if (
            self.predicted is AuditOutcome.DIFFERENT
            and self.outcome is not AuditOutcome.NOT_APPLICABLE
        ):
            return not (same and same_values)
        if self.predicted is AuditOutcome.EQUAL_IN_DISTRIBUTION and not self.distribution_tested:
            return self.outcome is not AuditOutcome.NOT_APPLICABLE
        return self.outcome is self.predicted

    @property
    def confirmed(self) -> bool:
        """Whether what came out shows what theory predicts, beyond not contradicting it.

        A predicted difference is shown by a decision that differs and by no test of distributions
        that found nothing; equality in distribution by a test, of which one identical pair of runs
        says nothing; identity by values that agree.
        """
        if not self.agrees:
            return False
        if self.entry.path is Path.THRESHOLDS and not self.distribution_tested:
            # A fit that draws takes another path in any case: only a test tells distributions.
            return False
        if self.predicted is AuditOutcome.DIFFERENT:
            return self.outcome is AuditOutcome.DIFFERENT
        if self.predicted is AuditOutcome.EQUAL_IN_DISTRIBUTION:
            return self.distribution_tested and self.outcome is AuditOutcome.EQUAL_IN_DISTRIBUTION
        return self.predicted is AuditOutcome.NOT_APPLICABLE or self.values_agree

    @property
    def explanation(self) -> str:
        """What is known about a mismatch: that answers are all one, or what the table says."""
        for reason in (DEGENERATE, UNCHANGED, NO_NUMBER):
            if reason in self.conditions:
                return reason
        notes = self.entry.notes
        return notes.get(self.cell.preprocessing, notes.get("any", ""))

    # --- JSON

    def to_dict(self) -> dict[str, Any]:
        """Return what was measured and what follows as a dictionary ready for JSON."""
        measured = {KEYS.get(f.name, f.name): getattr(self, f.name) for f in fields(self)}
        return {
            "name": self.name,
            "invariance": str(self.entry.invariance),
            "reason": self.entry.because,
            "agrees": self.agrees,
            "confirmed": self.confirmed,
            "explanation": self.explanation,
            **measured,
            "cell": self.cell.to_dict() | {"secret": shown(self.cell.secret)},
            "predicted": str(self.predicted),
            "outcome": str(self.outcome),
            "mend": self.remedy and asdict(self.remedy),
            "witness": self.witness or None,
            "trials": [asdict(experiment) for experiment in self.experiments],
            "conditions": list(self.conditions),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> AtlasRow:
        """Return the row that `to_dict` described; what follows from the rest is not read."""
        keys = {field.name: KEYS.get(field.name, field.name) for field in fields(cls)}
        found = {name: document[key] for name, key in keys.items() if key in document}
        remedy = document["mend"]
        return cls(**found | {
            "cell": AtlasCell.from_dict(document["cell"]),
            "predicted": AuditOutcome(document["predicted"]),
            "outcome": AuditOutcome(document["outcome"]),
            "remedy": remedy and Remedy(**remedy | {"outcome": AuditOutcome(remedy["outcome"])}),
            "witness": document["witness"] or "",
            "experiments": tuple(Experiment(**one) for one in document.get("trials", [])),
            "conditions": tuple(document["conditions"]),
        })  # fmt: skip


def run_cell(cell: AtlasCell) -> AtlasRow:
    """Audit the estimator of a cell.

    Parameters
    ----------
    cell : AtlasCell
        What to do.

    Returns
    -------
    AtlasRow

    Examples
    --------
    >>> row = run_cell(AtlasCell("KNeighborsClassifier", preprocessing="none", images=60))
    >>> str(row.predicted), str(row.outcome), row.agrees
    ('identical-decisions', 'bitwise-identical', True)
    """
    entry = TABLE[cell.estimator]
    data = load_once(cell.data, cell.fit)
    key = EtCKey.from_secret(data.geometry, cell.secret, steps=cell.steps or ALL)
    predicted = predict(entry, cell.preprocessing, key.steps)
    if entry.absent:
        nothing = AuditOutcome.NOT_APPLICABLE
        return AtlasRow(cell=cell, predicted=predicted, outcome=nothing, conditions=(entry.absent,))
    rng = np.random.default_rng(cell.seed)
    chosen = np.arange(len(data.images))
    if 0 < cell.images < len(chosen):
        chosen = np.sort(rng.permutation(len(chosen))[: cell.images])
    targets = make_targets(entry.target, data.labels[chosen])
    if entry.name in {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}:
        targets = None if targets is None else targets[:, 0]
    verdict = audit(
        build_estimator(entry, data.geometry.n_pixels),
        data.images[chosen],
        targets,
        key,
        preprocessing=cell.preprocessing,
        seed=cell.seed,
        runs=cell.runs if cell.explain else 0,
        level=cell.level,
        explain=cell.explain,
        thorough=False,
        protection=False,
        budget=cell.budget,
    )
    return AtlasRow.of(cell, predicted, verdict)
