"""A row of the atlas: what one cell of the grid gave, judged against what theory predicts.

Rows go to other processes and to disk as JSON. What follows from the measurement is derived: a row
holds what was measured, and whether that agrees with theory is asked of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

import numpy as np

from etcprops.auditing.atlas.cells import AtlasCell, build_estimator, load_once, make_targets
from etcprops.auditing.auditor import DEGENERATE, TOLERANCE, audit
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.estimators.invariance import Entry, Path, predict
from etcprops.auditing.verdict import Mend, Outcome, Trial, Verdict
from etcprops.scheme.keys import ALL, EtCKey, Step

IDENTICAL: Final = (Outcome.BITWISE_IDENTICAL, Outcome.IDENTICAL_DECISIONS)

Status = Literal["done", "timed out", "crashed"]


@dataclass(frozen=True, kw_only=True)
class AtlasRow:
    """What one cell gave.

    Attributes
    ----------
    cell : AtlasCell
        What was done.
    predicted, outcome : Outcome
        What theory says, and what came out.
    status : str
        "done", "timed out" or "crashed".
    estimator : str
        What was audited, with its parameters and preprocessing.
    comparison, witness, law : str
        In words; empty if there is none.
    certified : int or None
        As in `Verdict`.
    cause : str
        As in `Verdict`.
    mend : Mend or None
        As in `Verdict`.
    trials, conditions : tuple
        As in `Verdict`.
    law_tested : bool
        Whether a test for equality in law was made that says something.
    values_agree : bool
        Whether decision values are the same but for rounding.
    seconds, model_seconds : float or None
        As in `Verdict`.
    """

    cell: AtlasCell
    predicted: Outcome
    outcome: Outcome
    status: Status = "done"
    estimator: str = ""
    comparison: str = ""
    certified: int | None = None
    cause: str = ""
    mend: Mend | None = None
    witness: str = ""
    law: str = ""
    trials: tuple[Trial, ...] = ()
    conditions: tuple[str, ...] = ()
    law_tested: bool = False
    values_agree: bool = True
    seconds: float | None = None
    model_seconds: float | None = None

    @classmethod
    def of(cls, cell: AtlasCell, predicted: Outcome, verdict: Verdict) -> AtlasRow:
        """Return the row of a cell that gave a verdict.

        Pictures of a witness are in the data set: a row says which they are.
        """
        compared, law = verdict.comparison, verdict.law
        return cls(
            cell=cell,
            predicted=predicted,
            outcome=verdict.outcome,
            estimator=verdict.estimator,
            comparison="" if compared is None else str(compared),
            certified=verdict.certified,
            cause=verdict.cause,
            mend=verdict.mend,
            witness="" if verdict.witness is None else str(verdict.witness),
            law="" if law is None else str(law),
            trials=verdict.trials,
            conditions=verdict.conditions,
            law_tested=law is not None and law.convincing,
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
            outcome=Outcome.NOT_APPLICABLE,
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
        path and not in law. Bitwise identity is identity, and identity is equality in law. Where no
        law was tested, answers that differ do not contradict equality in law.
        """
        if self.status != "done":
            return None
        # What a solver leaves open when it stops may be more than rounding.
        stopped = self.entry.path is Path.SOLVER and self.predicted is Outcome.IDENTICAL_DECISIONS
        same_values = self.values_agree or stopped
        if self.predicted in IDENTICAL:
            return self.outcome in IDENTICAL and same_values
        if self.predicted is Outcome.DIFFERENT and self.outcome is not Outcome.NOT_APPLICABLE:
            return self.outcome not in IDENTICAL or not same_values
        if self.predicted is Outcome.EQUAL_IN_DISTRIBUTION and not self.law_tested:
            return self.outcome is not Outcome.NOT_APPLICABLE
        return self.outcome is self.predicted

    @property
    def confirmed(self) -> bool:
        """Whether what came out shows what theory predicts, beyond not contradicting it.

        A predicted difference is shown by a decision that differs and by no test of laws that found
        nothing; equality in law by a test, of which one identical pair of runs says nothing;
        identity by values that agree.
        """
        if not self.agrees:
            return False
        if self.entry.path is Path.THRESHOLDS and not self.law_tested:
            # A fit that draws takes another path in any case: only a test shows another law.
            return False
        if self.predicted is Outcome.DIFFERENT:
            return self.outcome is Outcome.DIFFERENT
        if self.predicted is Outcome.EQUAL_IN_DISTRIBUTION:
            return self.law_tested and self.outcome is Outcome.EQUAL_IN_DISTRIBUTION
        return self.predicted is Outcome.NOT_APPLICABLE or self.values_agree

    @property
    def explanation(self) -> str:
        """What is known about a mismatch: that answers are all one, or what the table says."""
        if DEGENERATE in self.conditions:
            return DEGENERATE
        notes = self.entry.notes
        return notes.get(self.cell.preprocessing, notes.get("any", ""))

    # --- JSON

    def to_dict(self) -> dict[str, Any]:
        """Return what was measured and what follows as a dictionary ready for JSON."""
        return {
            "name": self.name,
            "invariance": str(self.entry.invariance),
            "reason": self.entry.because,
            "agrees": self.agrees,
            "confirmed": self.confirmed,
            "explanation": self.explanation,
            **{field.name: getattr(self, field.name) for field in fields(self)},
            "cell": self.cell.to_dict(),
            "predicted": str(self.predicted),
            "outcome": str(self.outcome),
            "mend": None if self.mend is None else asdict(self.mend),
            "witness": self.witness or None,
            "trials": [asdict(trial) for trial in self.trials],
            "conditions": list(self.conditions),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> AtlasRow:
        """Return the row that `to_dict` described; what follows from the rest is not read."""
        known = {field.name for field in fields(cls)}
        found = {name: value for name, value in document.items() if name in known}
        mend = document["mend"]
        return cls(**found | {
            "cell": AtlasCell.from_dict(document["cell"]),
            "predicted": Outcome(document["predicted"]),
            "outcome": Outcome(document["outcome"]),
            "mend": mend and Mend(**mend | {"outcome": Outcome(mend["outcome"])}),
            "witness": document["witness"] or "",
            "trials": tuple(Trial(**trial) for trial in document.get("trials", [])),
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
    data = load_once(cell.data)
    key = EtCKey.from_secret(data.geometry, cell.secret, steps=cell.steps or ALL)
    predicted = predict(entry, cell.preprocessing, key.steps)
    if entry.absent:
        nothing = Outcome.NOT_APPLICABLE
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
        budget=cell.budget,
    )
    return AtlasRow.of(cell, predicted, verdict)
