"""What a search found, ranked by how near it comes to the paper's tables."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.tables import log_ratio
from etcprops.reductions import PAPER_RATIOS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcprops.experiments.choices import SVM

OWN_KEYS: Final = ("own", "stolen", "wrong")
"""The conditions under which each client has a key of their own."""


@dataclass(frozen=True)
class Trial:
    """One SVM under one set of choices, one split and one ratio.

    Attributes
    ----------
    reduction, normalization, score : str
        As in `Choices`.
    svm : SVM
        Kernel and parameters.
    condition : str
        ``"plain"``, or key condition 2 with ``"own"`` keys or the right person's ``"wrong"`` key.
    ratio, split : int
        The part.
    eer : float
        What came out.
    resolution : float
        One over the genuine claims of the split.
    """

    reduction: str
    normalization: str
    score: str
    svm: SVM
    condition: str
    ratio: int
    split: int
    eer: float
    resolution: float


@dataclass(frozen=True)
class Candidate:
    """A set of choices for one kernel, with its EERs averaged over splits.

    Attributes
    ----------
    reduction, normalization, score : str
        As in `Choices`.
    svm : SVM
        Kernel and parameters.
    eer : dict
        From condition to ratio to mean EER, of the conditions that were tried.
    distance : float
        Root mean square of ``log(EER / paper's EER)`` over the paper's "not encrypted" column:
        0.1 means that they differ by 10 % typically.
    resolution : float
        What an EER counts as in distances if it is less, as zero is.
    """

    reduction: str
    normalization: str
    score: str
    svm: SVM
    eer: dict[str, dict[int, float]]
    distance: float
    resolution: float

    @property
    def setting(self) -> tuple[str, str, str]:
        """Reduction, normalization and score: what both kernels of an experiment share."""
        return self.reduction, self.normalization, self.score

    def encrypted_distance(self, impostors: str) -> float | None:
        """Return the distance over the column "encrypted" against a kind of impostors.

        Parameters
        ----------
        impostors : {"own", "stolen", "wrong"}
            Whom the EERs are taken against.

        Returns
        -------
        float or None
            None if they were not tried.
        """
        if impostors not in self.eer:
            return None
        return _distance(self.eer[impostors], self.svm.kernel, "own", self.resolution)

    def distance_with(self, impostors: str) -> float | None:
        """Return the distance over both columns, "encrypted" against a kind of impostors.

        Parameters
        ----------
        impostors : {"own", "stolen", "wrong"}
            Whom the EERs of the column "encrypted" are taken against.

        Returns
        -------
        float or None
            None if they were not tried.
        """
        encrypted = self.encrypted_distance(impostors)
        return None if encrypted is None else _root_mean_square(self.distance, encrypted)


def rank(trials: Iterable[Trial]) -> list[Candidate]:
    """Return all candidates with the paper's ratios, the nearest first.

    Parameters
    ----------
    trials : iterable of Trial
        From `search`.

    Returns
    -------
    list of Candidate
    """
    values: dict[Any, dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    for t in trials:
        key = (t.reduction, t.normalization, t.score, t.svm, t.resolution)
        values[key][t.condition, t.ratio].append(t.eer)
    candidates = []
    for (reduction, normalization, score, svm, resolution), cells in values.items():
        means: dict[str, dict[int, float]] = defaultdict(dict)
        for (condition, ratio), rates in cells.items():
            means[condition][ratio] = float(np.mean(rates))
        paper = PAPER_EER[svm.kernel, "plain"]
        # An SVM may have been given up at some ratios: it has no column then.
        eer = {name: column for name, column in means.items() if set(paper) <= set(column)}
        if "plain" in eer:
            distance = _distance(eer["plain"], svm.kernel, "plain", resolution)
            setting = reduction, normalization, score
            candidates.append(Candidate(*setting, svm, eer, distance, resolution))
    return sorted(candidates, key=lambda candidate: candidate.distance)


def pairs(candidates: Iterable[Candidate]) -> list[tuple[Candidate, Candidate]]:
    """Return for each reduction, normalization and score the nearest linear and RBF SVMs.

    Parameters
    ----------
    candidates : iterable of Candidate
        From `rank`.

    Returns
    -------
    list of (Candidate, Candidate)
        Linear and RBF; one experiment has one such pair. The nearest first, by the root mean square
        over both "not encrypted" columns.
    """
    best: dict[tuple[str, str, str], dict[str, Candidate]] = defaultdict(dict)
    for candidate in sorted(candidates, key=lambda c: c.distance):
        best[candidate.setting].setdefault(candidate.svm.kernel, candidate)
    both = [(found["linear"], found["rbf"]) for found in best.values() if len(found) == 2]
    return sorted(both, key=lambda pair: math.hypot(*(c.distance for c in pair)))


def nearest_to_both_columns(
    candidates: Iterable[Candidate],
) -> list[tuple[str, Candidate, Candidate, float]]:
    """Return the sets of choices by their nearness to all 16 values of the paper's two tables.

    Parameters
    ----------
    candidates : iterable of Candidate
        From `rank`; those whose clients had no keys of their own are left out.

    Returns
    -------
    list of (str, Candidate, Candidate, float)
        Impostors, linear and RBF of one reduction, normalization and score, and the root mean
        square of ``log(EER / paper's EER)`` over 16 cells. The nearest first.
    """
    best: dict[tuple[str, ...], dict[str, tuple[float, Candidate]]] = defaultdict(dict)
    for candidate, impostors in product(candidates, OWN_KEYS):
        distance = candidate.distance_with(impostors)
        kernels, kernel = best[impostors, *candidate.setting], candidate.svm.kernel
        if distance is not None and distance < kernels.get(kernel, (math.inf,))[0]:
            kernels[kernel] = distance, candidate
    sets = [
        (
            setting[0],
            found["linear"][1],
            found["rbf"][1],
            _root_mean_square(found["linear"][0], found["rbf"][0]),
        )
        for setting, found in best.items()
        if len(found) == 2
    ]
    return sorted(sets, key=lambda chosen: chosen[3])


@dataclass(frozen=True)
class Reach:
    """How near anything in the search comes to one cell of the paper's tables.

    Attributes
    ----------
    kernel, column : str
        ``"linear"`` or ``"rbf"``; ``"plain"`` for "not encrypted", ``"own"`` for "encrypted".
    ratio : int
        The reduction ratio's denominator.
    paper : float
        The paper's EER.
    nearest : float
        The nearest EER of any candidate, for "encrypted" under any of the impostor models.
    impostors : str
        The condition that it was found under.
    candidate : Candidate
        Whose it is.
    """

    kernel: str
    column: str
    ratio: int
    paper: float
    nearest: float
    impostors: str
    candidate: Candidate

    @property
    def distance(self) -> float:
        """Of the logarithms of both EERs."""
        return abs(log_ratio(self.nearest, self.paper, self.candidate.resolution))


def reach(candidates: Iterable[Candidate]) -> list[Reach]:
    """Return for each of the paper's 16 cells the nearest EER of any candidate, each on its own.

    Parameters
    ----------
    candidates : iterable of Candidate
        From `rank`. Cells of conditions that none has tried are left out.

    Returns
    -------
    list of Reach
    """
    all_of_them = list(candidates)
    cells = []
    for (kernel, column), paper in PAPER_EER.items():
        conditions = ("plain",) if column == "plain" else OWN_KEYS
        for ratio, value in paper.items():
            found = [
                Reach(kernel, column, ratio, value, c.eer[condition][ratio], condition, c)
                for c, condition in product(all_of_them, conditions)
                if c.svm.kernel == kernel and condition in c.eer
            ]
            if found:
                cells.append(min(found, key=lambda r: r.distance))
    return cells


CHOICE_NAMES: Final = ("reduction", "normalization", "score", "kernel", "C", "gamma", "gamma_rule")


def _named(c: Candidate) -> tuple[Any, ...]:
    m = c.svm
    return (
        *c.setting,
        m.kernel,
        m.C,
        *((m.gamma, m.gamma_rule) if m.kernel == "rbf" else ("", "")),
    )


def ranking_csv(candidates: Iterable[Candidate]) -> str:
    """Return one line a candidate: choices, distance, EERs; empty where a condition was not tried.

    Parameters
    ----------
    candidates : iterable of Candidate
        From `rank`.

    Returns
    -------
    str
    """
    columns = list(product(("plain", *OWN_KEYS), PAPER_RATIOS))
    names = [f"{condition}_{ratio}" for condition, ratio in columns]
    both = [f"distance_with_{impostors}" for impostors in OWN_KEYS]
    heads = (*CHOICE_NAMES, "distance", *both, "encrypted_distance", *names)
    lines: list[tuple[Any, ...]] = [heads]
    for c in candidates:
        rates = (c.eer.get(condition, {}).get(ratio) for condition, ratio in columns)
        distances = c.distance, *(c.distance_with(impostors) for impostors in OWN_KEYS)
        lines.append((*_named(c), *distances, c.encrypted_distance("own"), *rates))
    return _csv(lines)


def reach_csv(cells: Iterable[Reach]) -> str:
    """Return one line a cell of the paper's tables: its value, the nearest, and whose that is.

    Parameters
    ----------
    cells : iterable of Reach
        From `reach`.

    Returns
    -------
    str
    """
    heads = ("column", "ratio", "paper", "nearest", "impostors", *CHOICE_NAMES)
    rows = (
        (r.column, r.ratio, r.paper, r.nearest, r.impostors, *_named(r.candidate)) for r in cells
    )
    return _csv([heads, *rows])


def _csv(rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _distance(found: dict[int, float], kernel: str, column: str, resolution: float) -> float:
    """Return the root mean square of the logarithms over a column of the paper."""
    paper = PAPER_EER[kernel, column].items()
    return _root_mean_square(*(log_ratio(found[r], value, resolution) for r, value in paper))


def _root_mean_square(*values: float) -> float:
    return math.sqrt(sum(value**2 for value in values) / len(values))
