"""A cell of the audit's grid: one estimator, preprocessing, set of steps, key, seed and data set.

A cell is data that goes to another process as JSON. What it needs there is made here: images,
estimator and targets; `rows` does the work.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops.auditing.estimators.invariance import Entry
from etcprops.datasets import ImageSet, load_images
from etcprops.scheme.geometry import BlockGeometry

FAMILY_LEVEL: Final = 0.01
"""Chance of one false alarm or more, equal distributions called different, in a run, fixed
beforehand: each test has this over their number (Bonferroni). To call distributions equal needs no
such correction, and does not depend on it: `etcprops.auditing.equivalence`."""


PUBLIC: Final = "etcprops audit"
"""What keys are derived from if nothing else is given, so that runs repeat."""

_SHOWN: Final = re.compile(rf"{PUBLIC}(, \d+)?|sha256:[0-9a-f]{{16}}")


def shown(secret: str) -> str:
    """Return what results show of a secret: one of the user's by the beginning of its digest.

    Examples
    --------
    >>> shown("etcprops audit, 1"), shown("mine, 1"), shown(shown("mine, 1"))
    ('etcprops audit, 1', 'sha256:fff2d8d4ab984b04', 'sha256:fff2d8d4ab984b04')
    """
    if _SHOWN.fullmatch(secret):
        return secret
    return f"sha256:{hashlib.sha256(secret.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class AtlasCell:
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
        The key is derived from it; of a cell that was read from results, what they show of it.
    seed : int
        Of the model and of the division into training images and queries.
    data : str
        "digits", or the path of a file or folder of images.
    fit : tuple of four int, or None
        Height, width, channels and block to which images of a folder are scaled and cut.
    images : int
        How many of them are used; 0 for all.
    explain : bool
        Whether to look for cause, remedy and witness, and to test for equality in distribution.
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
    secret: str = field(default=PUBLIC, repr=False)
    seed: int = 0
    data: str = "digits"
    fit: tuple[int, int, int, int] | None = None
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
            f"{self.estimator} | {self.preprocessing} | {steps} | key {shown(self.secret)!r} | "
            f"seed {self.seed} | {self.data}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary ready for JSON."""
        fit = {"fit": list(self.fit)} if self.fit else {}
        others = {key: value for key, value in asdict(self).items() if key != "fit"}
        budget = _documents.finite(self.budget)
        return others | {"steps": list(self.steps), "budget": budget} | fit

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> AtlasCell:
        """Return the cell that `to_dict` described."""
        budget = math.inf if fields["budget"] is None else fields["budget"]
        fit = fields.get("fit")
        size = None if fit is None else tuple(fit)
        steps = tuple(fields["steps"])
        return cls(**(fields | {"steps": steps, "budget": budget, "fit": size}))


@cache
def load_once(data: str, fit: tuple[int, int, int, int] | None) -> ImageSet:
    """Return a data set, the same one each time; `fit` is height, width, channels and block."""
    if fit is None:
        return load_images(data)
    height, width, channels, block = fit
    return load_images(data, fit=BlockGeometry(height, width, channels=channels, block=block))


@cache
def _classes() -> dict[str, Any]:
    from sklearn.utils import all_estimators

    return dict(all_estimators())


def build_estimator(entry: Entry, n_features: int) -> Any:
    """Return a new estimator as the table describes it.

    Examples
    --------
    >>> from etcprops.auditing.estimators import TABLE
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
