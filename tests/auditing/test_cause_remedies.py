"""Remedies: tried from the smallest to the largest, and what ends the trying."""

# ruff: noqa: SLF001  # parts of the search, each alone

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from scripted import LITTLE, MUCH, ROUNDED, SAME, Scripted, begun, names
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from etcprops import EtCKey
from etcprops.auditing import AuditOutcome
from etcprops.auditing.causes import Search
from etcprops.auditing.harness import Candidate
from etcprops.auditing.predictions import ModelError
from etcprops.auditing.remedies import Change
from etcprops.auditing.verdict import Comparison


def _named(name: str, _candidate: Candidate) -> Candidate:
    return Candidate((), name)


@dataclass
class Listed(Search):
    """A search with changes that are given as names."""

    changes: tuple[tuple[str, str], ...] = ()

    def _changes(self) -> Any:
        for kind, listed in self.changes:
            yield kind, [Change(name, partial(_named, name)) for name in listed]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    return partial(begun, monkeypatch, kind=Listed)


def helping(*good: str, found: Comparison = SAME) -> Callable[[Candidate, Any], Comparison]:
    return lambda candidate, _key: found if candidate.estimator in good else MUCH


KINDS = ("gamma", "ab"), ("solver", "h"), ("preprocessing", "cde"), ("draws", "fg")


@pytest.mark.parametrize(
    ("good", "thorough", "tried", "found"),
    [
        ("", False, "abhcdefg", (None, "")),
        ("", True, "abhcdefg", (None, "")),
        ("b", False, "ab", ("b", "gamma")),
        ("a", False, "a", ("a", "gamma")),
        ("a", True, "acde", ("a", "gamma")),
        ("ad", True, "acde", ("a", "gamma")),
        ("ce", False, "abhc", ("c", "preprocessing")),
        ("ce", True, "abhcde", ("c", "preprocessing")),
        ("f", False, "abhcdef", ("f", "draws")),
        ("f", True, "abhcdef", ("f", "draws")),
    ],
)
def test_the_first_change_that_helps_is_the_remedy(
    begin: Any, good: str, tried: str, found: tuple[str | None, str], *, thorough: bool
) -> None:
    search = begin(Scripted(compared=helping(*good)), changes=KINDS, thorough=thorough)
    remedy, kind = search._remedy()
    assert (remedy and remedy.change, kind) == found
    assert "".join(names(search)) == tried
    assert [trial.identical for trial in search.experiments] == [one in good for one in tried]


@pytest.mark.parametrize(
    ("comparison", "outcome"),
    [
        (SAME, AuditOutcome.BITWISE_IDENTICAL),
        (ROUNDED, AuditOutcome.IDENTICAL_DECISIONS),
        (LITTLE, None),
    ],
)
def test_remedies_say_how_equal_answers_are(
    begin: Any, comparison: Comparison, outcome: AuditOutcome | None
) -> None:
    search = begin(Scripted(compared=helping("a", found=comparison)), changes=KINDS[:1])
    remedy, _ = search._remedy()
    assert (remedy and remedy.outcome) == outcome
    assert search.experiments[0].detail == str(comparison)
    assert remedy is None or remedy.detail == str(comparison)


def test_answers_that_cannot_differ_are_no_remedy(begin: Any) -> None:
    search = begin(Scripted(compared=helping("a"), empty=True), changes=KINDS[:1])
    assert search._remedy() == (None, "")
    assert search.experiments[0].identical


def test_convergence_takes_twenty_times_as_long_and_the_others_are_tried(begin: Any) -> None:
    kinds = ("solver", "a"), ("convergence", "bc"), ("draws", "d")
    for budget, tried in ((22.0, "abd"), (21.0, "ad"), (1.0, "")):
        harness = Scripted(compared=helping(), takes=1.0)
        search = begin(harness, changes=kinds, budget=budget, _cost=1.0)
        assert search._remedy() == (None, "")
        assert "".join(names(search)) == tried
        assert search.cut_short


def test_a_remedy_is_kept_when_time_is_over(begin: Any) -> None:
    harness = Scripted(compared=helping("a"), takes=1.0)
    search = begin(harness, changes=KINDS, budget=5.0, _cost=1.0, thorough=True)
    remedy, kind = search._remedy()
    assert (remedy.change, kind) == ("a", "gamma")
    assert "".join(names(search)) == "ac"
    assert search.cut_short


@pytest.mark.parametrize(("budget", "tried"), [(85.9, "ad"), (87.9, "ad"), (88.0, "abd")])
def test_what_the_milder_tolerance_took_says_what_the_tighter_takes(
    begin: Any, budget: float, tried: str
) -> None:
    # Each fit takes 4 s where 1 s was expected: after 8 s, 20 more are expected to take 80 s.
    harness = Scripted(compared=helping(), takes=4.0)
    kinds = ("convergence", "ab"), ("draws", "d")
    search = begin(harness, changes=kinds, budget=budget, _cost=1.0)
    search._remedy()
    assert "".join(names(search)) == tried
    assert search._cost == 1.0  # what follows costs what it did


def test_what_the_milder_tolerance_took_is_counted_from_its_beginning(begin: Any) -> None:
    harness = Scripted(compared=helping(), takes=4.0, now=1000.0)
    search = begin(harness, changes=(("convergence", "ab"),), budget=90.0, _cost=1.0, _started=1e3)
    search._remedy()
    assert names(search) == ["a", "b"]


def test_a_milder_tolerance_that_took_less_does_not_make_fits_cheaper(begin: Any) -> None:
    search = begin(Scripted(compared=helping()), changes=(("convergence", "ab"),), _cost=4.0)
    search._remedy()
    assert search._cost == 4.0


class InvalidParameterError(ValueError):
    """Of the name that scikit-learn's has."""


def raising(error: Exception, cause: Exception | None = None) -> Any:
    def compared(_candidate: Candidate, _key: EtCKey | None) -> Comparison:
        raise error from cause

    return compared


@pytest.mark.parametrize("error", [ModelError("no"), TypeError("no"), ValueError("no")], ids=repr)
def test_changes_that_cannot_be_fitted_say_so(begin: Any, error: Exception) -> None:
    search = begin(Scripted(compared=raising(error)), changes=(("solver", "a"),))
    assert search._remedy() == (None, "")
    (trial,) = search.experiments
    assert (trial.name, trial.identical) == ("a", None)
    assert trial.detail == "cannot be fitted so: no"
    # A value that the parameter does not have is no experiment.
    no_value = raising(error, InvalidParameterError("no value"))
    search = begin(Scripted(compared=no_value), changes=(("solver", "a"),))
    assert search._remedy() == (None, "")
    assert search.experiments == []


def test_changes_go_from_the_smallest_to_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    def gammas(candidate: Candidate) -> list[tuple[str, list[str]]]:
        search = begun(monkeypatch, Scripted(), candidate)
        monkeypatch.setattr(search, "_gamma", lambda: 0.5)
        return [(kind, [change.name for change in some]) for kind, some in search._changes()]

    kinds = [
        "gamma", "solver", "newton", "preprocessing", "convergence", "draws", "arithmetic",
        "normal form",
    ]  # fmt: skip
    found = gammas(Candidate((), SVC()))
    assert [kind for kind, _ in found] == kinds
    assert found[0][1] == ["gamma=0.5", "gamma='auto'"]
    assert dict(found)["newton"] == []
    assert dict(gammas(Candidate((), LogisticRegression())))["newton"]
