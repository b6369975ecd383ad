"""A cell of the audit's grid: one estimator, preprocessing, set of steps, key, seed and data set.

A cell is data that goes to another process as JSON; `run_cell` does its work there and returns one
row, whatever the estimator raises.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.auditor import DEGENERATE, TOLERANCE, audit
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.estimators.invariance import Entry, Path, predict
from etcprops.auditing.verdict import Outcome
from etcprops.datasets import ImageSet, load_images
from etcprops.scheme.keys import ALL, EtCKey

Row = dict[str, Any]

FAMILY_LEVEL: Final = 0.01
"""Chance of one false alarm or more among all tests of laws in a run, fixed beforehand: each test
has this over their number (Bonferroni)."""


@dataclass(frozen=True)
class Cell:
    """What one row of the grid is about.

    Attributes
    ----------
    estimator : str
        A name of the table.
    preprocessing : str
        A key of `PREPROCESSINGS`.
    steps : tuple of str
        Steps of the key; empty for all that the images have.
    secret : str
        The key is derived from it.
    seed : int
        Of the model and of the division into training images and queries.
    data : str
        "digits", or the path of a file of images.
    images : int
        How many of them are used; 0 for all.
    explain : bool
        Whether to look for cause, mend and witness, and to test for equality in law.
    runs : int
        Seeds on each side of that test.
    budget : float
        Seconds for it and for the search.
    level : float
        Of that test.
    """

    estimator: str
    preprocessing: str = "z-score"
    steps: tuple[str, ...] = ()
    secret: str = "etcprops audit"  # noqa: S105  # public, so that runs repeat
    seed: int = 0
    data: str = "digits"
    images: int = 600
    explain: bool = True
    runs: int = 40
    budget: float = 10.0
    level: float = FAMILY_LEVEL

    @property
    def name(self) -> str:
        """All that sets it apart from other cells of a grid, as text."""
        steps = "+".join(self.steps) or "all steps"
        return (
            f"{self.estimator} | {self.preprocessing} | {steps} | key {self.secret!r} | "
            f"seed {self.seed} | {self.data}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary ready for JSON."""
        return asdict(self) | {"steps": list(self.steps)}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Cell:
        """Return the cell that `to_dict` described."""
        return cls(**(fields | {"steps": tuple(fields["steps"])}))


@cache
def _images(data: str) -> ImageSet:
    return load_images(data)


@cache
def _classes() -> dict[str, Any]:
    from sklearn.utils import all_estimators

    return dict(all_estimators())


def build_estimator(entry: Entry, n_features: int) -> Any:
    """Return a new estimator as the table describes it.

    Examples
    --------
    >>> build_estimator(TABLE["DBSCAN"], 64)
    DBSCAN(eps=6.0)
    """
    if entry.build is not None:
        return entry.build(n_features)
    return _classes()[entry.name](**entry.parameters)


def make_targets(kind: str, labels: NDArray[np.int64]) -> NDArray[Any] | None:
    """Return what an estimator learns, made from the labels of images."""
    numbers = labels.astype(np.float64) + 1.0
    odd, large = labels % 2, labels > np.median(labels)
    choices: dict[str, NDArray[Any] | None] = {
        "labels": labels,
        "numbers": numbers,
        "columns": np.column_stack([labels, odd]),
        "binary columns": np.column_stack([odd, large]).astype(np.int64),
        "none": None,
    }
    return choices[kind]


def run_cell(cell: Cell) -> Row:
    """Audit the estimator of a cell; return one row for the report.

    Parameters
    ----------
    cell : Cell
        What to do.

    Returns
    -------
    dict
        The cell's fields, "predicted", "outcome", "agrees" and everything of the verdict.

    Examples
    --------
    >>> row = run_cell(Cell("KNeighborsClassifier", preprocessing="none", images=60))
    >>> row["predicted"], row["outcome"], row["agrees"]
    ('identical-decisions', 'bitwise-identical', True)
    """
    entry = TABLE[cell.estimator]
    data = _images(cell.data)
    key = EtCKey.from_secret(data.geometry, cell.secret, steps=cell.steps or ALL)
    predicted = predict(entry, cell.preprocessing, key.steps)
    if entry.absent:
        return make_row(cell, Outcome.NOT_APPLICABLE, predicted, conditions=[entry.absent])
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
    found = verdict.to_dict()
    if found["witness"] is not None:
        # The pictures are in the data set; a row says which they are.
        found["witness"] = str(verdict.witness)
    found["law_tested"] = verdict.law is not None and verdict.law.convincing
    compared = verdict.comparison
    found["values_agree"] = compared is not None and compared.identical(TOLERANCE)
    for name in ("comparison", "law"):
        found[name] = "" if found[name] is None else str(getattr(verdict, name))
    found.pop("outcome")
    return make_row(cell, verdict.outcome, predicted, **found)


def make_row(
    cell: Cell, outcome: Outcome, predicted: Outcome, *, status: str = "done", **found: Any
) -> Row:
    """Return a row of the report; `status` is "done", "timed out" or "crashed"."""
    known = TABLE[cell.estimator]
    values_agree = bool(found.get("values_agree", True))
    # What a solver leaves open when it stops may be more than rounding.
    near = known.path is Path.SOLVER and predicted is Outcome.IDENTICAL_DECISIONS
    agrees = agree(
        predicted,
        outcome,
        law_tested=bool(found.get("law_tested")),
        values_agree=values_agree or near,
    )
    # A fit that draws takes another path in any case: only a test shows another law.
    untested = known.path is Path.THRESHOLDS and not found.get("law_tested")
    weak = untested or not confirms(
        predicted,
        outcome,
        law_tested=bool(found.get("law_tested")),
        values_agree=values_agree,
    )
    empty: dict[str, Any] = {
        "comparison": "",
        "certified": None,
        "cause": "",
        "mend": None,
        "witness": None,
        "law": "",
        "conditions": [],
        "seconds": None,
    }
    return {
        "name": cell.name,
        "cell": cell.to_dict(),
        "status": status,
        "invariance": str(known.invariance),
        "reason": known.because,
        "predicted": str(predicted),
        "outcome": str(outcome),
        "agrees": agrees if status == "done" else None,
        "confirmed": agrees and status == "done" and not weak,
        "explanation": explanation(known, cell.preprocessing, found.get("conditions", [])),
        **empty,
        **found,
    }


def explanation(entry: Entry, preprocessing: str, conditions: Iterable[str]) -> str:
    """Return what is known about a mismatch: that answers are all one, or what the table says."""
    if DEGENERATE in conditions:
        return DEGENERATE
    return entry.notes.get(preprocessing, entry.notes.get("any", ""))


def confirms(
    predicted: Outcome, measured: Outcome, *, law_tested: bool, values_agree: bool
) -> bool:
    """Whether what came out shows what theory predicts, and does not only fail to contradict it.

    A predicted difference is shown by a decision that differs and by no test of laws that found
    nothing; equality in law by a test, of which one identical pair of runs says nothing; identity
    by values that agree.

    Examples
    --------
    >>> different, in_law = Outcome.DIFFERENT, Outcome.EQUAL_IN_DISTRIBUTION
    >>> confirms(different, different, law_tested=False, values_agree=False)
    True
    >>> confirms(different, in_law, law_tested=True, values_agree=False)
    False
    """
    if predicted is Outcome.DIFFERENT:
        return measured is Outcome.DIFFERENT
    if predicted is Outcome.EQUAL_IN_DISTRIBUTION:
        return law_tested and measured is Outcome.EQUAL_IN_DISTRIBUTION
    return predicted is Outcome.NOT_APPLICABLE or values_agree


def agree(
    predicted: Outcome, measured: Outcome, *, law_tested: bool, values_agree: bool = True
) -> bool:
    """Whether what came out is what theory predicts.

    Identical are answers with the same decision values, but for rounding: the same decisions with
    other values are luck, and agree with "different". So do answers that differ path by path and
    not in law. Bitwise identity is identity, and identity is equality in law. Where no law was
    tested, answers that differ do not contradict equality in law.

    Examples
    --------
    >>> agree(Outcome.EQUAL_IN_DISTRIBUTION, Outcome.DIFFERENT, law_tested=True)
    False
    """
    identical: Iterable[Outcome] = (Outcome.BITWISE_IDENTICAL, Outcome.IDENTICAL_DECISIONS)
    if predicted in identical:
        return measured in identical and values_agree
    if predicted is Outcome.DIFFERENT and measured is not Outcome.NOT_APPLICABLE:
        return measured not in identical or not values_agree
    if predicted is Outcome.EQUAL_IN_DISTRIBUTION and not law_tested:
        return measured is not Outcome.NOT_APPLICABLE
    return measured is predicted
