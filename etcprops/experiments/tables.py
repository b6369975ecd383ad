"""Means and spreads over splits, beside the paper's values, as rows for CSV, JSON and pages."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from etcprops import _documents
from etcprops._about import versions
from etcprops.experiments.paper import PAPER_EER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from etcprops.experiments.choices import Choices
    from etcprops.experiments.reproduction import Part
    from etcprops.experiments.uploads import Upload


NEAR: Final = 2.0
"""Factor within which a mean EER under own keys agrees with the paper's; they span one of 19."""


@dataclass(frozen=True)
class EERCell:
    """One cell of a table: an EER over splits.

    Attributes
    ----------
    kernel, condition : str
        ``"linear"`` or ``"rbf"``; one of `CONDITIONS`.
    ratio : int
        The reduction ratio's denominator.
    splits : int
        How many splits.
    mean, deviation : float
        Over splits; the deviation is that of a sample, 0 for one split.
    least, greatest : float
        Of the splits. They share images, so that this is no confidence interval: it says how far
        divisions of the same images differ.
    resolution : float
        One over the genuine claims of a split: an EER below is less than one query sent away.
    paper : float or None
        The paper's value, where it has one.
    """

    kernel: str
    condition: str
    ratio: int
    splits: int
    mean: float
    deviation: float
    least: float
    greatest: float
    resolution: float
    paper: float | None

    @property
    def within(self) -> bool:
        """Whether some split gave at most the paper's value, and some at least."""
        return self.paper is not None and self.least <= self.paper <= self.greatest

    @property
    def log_ratio(self) -> float | None:
        """See `log_ratio`, of mean and paper; None where the paper has no value."""
        return None if self.paper is None else log_ratio(self.mean, self.paper, self.resolution)

    @property
    def near(self) -> bool:
        """Whether mean and paper differ by a factor of at most `NEAR`, either way."""
        return self.log_ratio is not None and abs(self.log_ratio) <= math.log(NEAR)

    def to_dict(self) -> dict[str, Any]:
        """Return the cell with what follows from it."""
        return asdict(self) | {"within": self.within, "log_ratio": self.log_ratio}


def log_ratio(found: float, paper: float, resolution: float) -> float:
    """Return by which logarithm an EER is above the paper's, or below.

    Parameters
    ----------
    found, paper : float
        EERs from 0 to 1.
    resolution : float
        What either counts as if it is less, zero above all: one over the number of genuine claims.

    Examples
    --------
    >>> round(log_ratio(0.02, 0.01, 1 / 1216), 2), round(log_ratio(0.0, 0.00855, 1 / 1216), 2)
    (0.69, -2.34)
    >>> log_ratio(0.0, 0.0007, 1 / 1216)
    0.0
    """
    return math.log(max(found, resolution) / max(paper, resolution))


def cells(parts: Sequence[Part]) -> list[EERCell]:
    """Return all cells of some parts, by kernel, condition and ratio.

    Parameters
    ----------
    parts : sequence of Part
        From `run`.

    Returns
    -------
    list of EERCell
    """
    values: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    resolution = 1 / min((part.genuine for part in parts), default=1)
    for part in parts:
        for condition, by_kernel in part.eer.items():
            for kernel, eer in by_kernel.items():
                values[kernel, condition, part.ratio].append(eer)
    table = []
    for (kernel, condition, ratio), rates in values.items():
        deviation = float(np.std(rates, ddof=1)) if len(rates) > 1 else 0.0
        paper = PAPER_EER.get((kernel, condition), {}).get(ratio)
        mean = float(np.mean(rates))
        spread = deviation, min(rates), max(rates)
        table.append(
            EERCell(kernel, condition, ratio, len(rates), mean, *spread, resolution, paper)
        )
    return table


def accepted(parts: Sequence[Part]) -> dict[str, dict[str, dict[int, float]]]:
    """Return the mean shares accepted under key condition 2: by kernel, case and ratio."""
    shares: dict[str, dict[str, dict[int, list[float]]]] = {}
    for part in parts:
        for kernel, cases in part.accepted.items():
            for case, share in cases.items():
                by_ratio = shares.setdefault(kernel, {}).setdefault(case, {})
                by_ratio.setdefault(part.ratio, []).append(share)
    return {
        kernel: {
            case: {ratio: float(np.mean(found)) for ratio, found in by_ratio.items()}
            for case, by_ratio in cases.items()
        }
        for kernel, cases in shares.items()
    }


@dataclass(frozen=True)
class CaseScores:
    """Scores of one of the four cases of key condition 2, over splits.

    Attributes
    ----------
    kernel, case : str
        Which; the case is a key of `Part.accepted`.
    ratio, splits : int
        The reduction ratio's denominator, and how many splits.
    quantiles : ndarray of float64, shape (101,)
        At `SHARES`, means over splits.
    threshold : float
        The EER threshold against impostors with their own keys, mean over splits; NaN if there is
        none that accepts anybody.
    accepted : float
        The share that scores at least the threshold, mean over splits.
    """

    kernel: str
    case: str
    ratio: int
    splits: int
    quantiles: NDArray[np.float64]
    threshold: float
    accepted: float


def case_scores(parts: Sequence[Part]) -> list[CaseScores]:
    """Return the distributions of scores in the four cases, by kernel, case and ratio.

    Parameters
    ----------
    parts : sequence of Part
        From `run`; those without key condition 2 have no such scores.

    Returns
    -------
    list of CaseScores
    """
    shares = accepted(parts)
    found = []
    for kernel, cases in shares.items():
        for case, by_ratio in cases.items():
            for ratio, share in by_ratio.items():
                mine = [p for p in parts if p.ratio == ratio and case in p.scores.get(kernel, {})]
                thresholds = [t for p in mine if (t := p.thresholds[kernel]) is not None]
                found.append(
                    CaseScores(
                        kernel,
                        case,
                        ratio,
                        len(mine),
                        np.mean([p.scores[kernel][case] for p in mine], axis=0),
                        float(np.mean(thresholds)) if thresholds else np.nan,
                        share,
                    )
                )
    return found


def n_identical(parts: Sequence[Part], what: str) -> tuple[int, int]:
    """Return in how many SVMs plain and encrypted agree under key condition 1, and of how many.

    Parameters
    ----------
    parts : sequence of Part
        From `run`.
    what : {"scores", "decisions"}
        All scores to the last bit, or all decisions at the EER threshold.
    """
    found = [found[what] for part in parts for found in part.identical.values()]
    return sum(found), len(found)


def to_csv(table: Sequence[EERCell], data: str) -> str:
    """Return cells as CSV with a header; each line says of which faces it is.

    Examples
    --------
    >>> cell = EERCell("linear", "plain", 20, 1, 0.02, 0.0, 0.02, 0.02, 0.01, 0.02)
    >>> print(to_csv([cell], "faces"))
    data,kernel,condition,ratio,splits,mean,deviation,least,greatest,resolution,paper,within,log_ratio
    faces,linear,plain,20,1,0.02,0.0,0.02,0.02,0.01,0.02,True,0.0
    """
    text = io.StringIO()
    names = ["data", *EERCell.__dataclass_fields__, "within", "log_ratio"]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for cell in table:
        writer.writerow({"data": data} | cell.to_dict())
    return text.getvalue()


def scores_csv(table: Sequence[CaseScores], data: str) -> str:
    """Return the four cases as CSV with a header: quantiles, the threshold, and who is accepted.

    Each line says of which faces it is.
    """
    percents = (0, 1, 5, 25, 50, 75, 95, 99, 100)
    heads = ["data", "kernel", "case", "ratio", "splits", *(f"q{percent}" for percent in percents)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*heads, "threshold", "accepted"])
    for row in table:
        values = [f"{row.quantiles[percent]:.6g}" for percent in percents]
        rest = [f"{row.threshold:.6g}", f"{row.accepted:.6g}"]
        writer.writerow([data, row.kernel, row.case, row.ratio, row.splits, *values, *rest])
    return text.getvalue()


def to_json(
    about: dict[str, Any],
    choices: Choices,
    runs: dict[str, Sequence[Part]],
    uploads: Sequence[Upload] = (),
) -> str:
    """Return everything as JSON: what was run, its cells, its parts, and what keys gave away."""
    content = {
        "about": versions() | about,
        "choices": choices.to_dict(),
        "runs": {
            name: {
                "cells": [cell.to_dict() for cell in cells(parts)],
                "accepted": accepted(parts),
                "parts": [asdict(part) for part in parts],
            }
            for name, parts in runs.items()
        },
        "exposures": [asdict(upload) for upload in uploads],
    }
    return _documents.write("etcprops.Reproduction", _documents.finite(content))
