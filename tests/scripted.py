"""A harness whose models are functions of rows and whose comparisons are written down.

With a clock of its own: a search for the cause takes milliseconds, and ends when it is told to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey
from etcprops.auditing import causes
from etcprops.auditing.causes import Search
from etcprops.auditing.harness import Candidate
from etcprops.auditing.predictions import Predictions
from etcprops.auditing.verdict import Comparison

GEOMETRY = BlockGeometry(4, 4, block=2)
SECRET = "tests of the search"  # noqa: S105  # a key of tests
KEY = EtCKey.from_secret(GEOMETRY, SECRET)
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 4, 4)).astype(np.uint8)
ROWS = IMAGES.reshape(10, -1).astype(np.float64)
CANDIDATE = Candidate((), "the model")

SAME = Comparison(100, 0, True, 0.0, 1.0)
ROUNDED = Comparison(100, 0, False, 1e-9, 1.0)
LITTLE = Comparison(100, 2, False, 0.05, 1.0)
MUCH = Comparison(100, 20, False, 0.5, 1.0)


@dataclass
class Scripted:
    """A harness that answers what it is told to, each fit taking so many seconds of its clock."""

    said: Callable[[NDArray[np.float64]], NDArray[Any]] = lambda rows: rows[:, 0]
    compared: Callable[[Candidate, EtCKey | None], Comparison] = lambda _candidate, _key: MUCH
    key: EtCKey = KEY
    takes: float = 0.0
    now: float = 0.0
    seed: int = 0
    tolerance: float = 1e-6
    empty: bool = False
    plain_vectors: NDArray[np.float64] = field(default_factory=lambda: ROWS)
    asked: list[Any] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)

    def perf_counter(self) -> float:
        return self.now

    def plain_predictions(self, candidate: Any) -> Any:
        if self.empty:
            return SimpleNamespace(empty=True, seconds=self.takes)
        return self.fit_and_predict(candidate, ROWS, seed=self.seed)

    def fit_and_predict(self, _model: Any, rows: NDArray[Any], *, seed: int) -> Predictions:
        self.now += self.takes
        self.asked.append(rows)
        self.seeds.append(seed)
        said = self.said(rows)
        return Predictions("classifier", said, None, False, self.takes, (), None)

    def compare(self, candidate: Candidate, key: EtCKey | None = None) -> Comparison:
        self.now += 2 * self.takes
        self.asked.append(key)
        return self.compared(candidate, key)


def begun(
    monkeypatch: pytest.MonkeyPatch, harness: Scripted, candidate: Candidate = CANDIDATE,
    kind: type[Search] = Search, **changed: Any,
) -> Search:  # fmt: skip
    """Return a search that starts now, with the harness's clock."""
    monkeypatch.setattr(causes, "time", harness)
    usual: dict[str, Any] = {"difference": MUCH, "budget": 1e6, "thorough": False}
    searched: Any = harness
    return kind(searched, candidate, **(usual | {"_started": 0.0} | changed))


def names(search: Search) -> list[str]:
    """Return what was tried, in order."""
    return [trial.name for trial in search.experiments]
