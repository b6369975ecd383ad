"""The search for the cause: which experiments are made, in which order, and when it stops."""

# ruff: noqa: SLF001  # parts of the search, each alone

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scripted import (
    CANDIDATE,
    GEOMETRY,
    KEY,
    LITTLE,
    MUCH,
    ROUNDED,
    ROWS,
    SAME,
    SECRET,
    Scripted,
    begun,
    names,
)  # fmt: skip

from etcprops import EtCKey
from etcprops.auditing.causes import ROUNDING_EXPERIMENT, Search
from etcprops.auditing.harness import Candidate
from etcprops.auditing.predictions import ModelError
from etcprops.auditing.remedies import Change
from etcprops.auditing.verdict import Comparison
from etcprops.auditing.wording import UNREPEATABLE
from etcprops.scheme.keys import STEP_NAMES, Step
from etcprops.scheme.signed_permutation import SignedPermutation

BOTH, PERMUTED, NEGATED = (
    "features permuted and negated", "features permuted", "features negated",
)  # fmt: skip
APART = ", no two values equal"


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    return partial(begun, monkeypatch)


# --- Time


def test_fits_that_end_just_in_time_are_begun(begin: Any) -> None:
    harness = Scripted()
    search = begin(harness, budget=30.0, _cost=10.0)
    assert not search._over(3)
    assert not search.cut_short
    harness.now = 0.5
    assert search._over(3)
    assert search.cut_short
    assert not search._over()


# --- The whole


def test_a_fit_that_does_not_repeat_ends_the_search(begin: Any) -> None:
    draws = iter(range(100))
    search = begin(Scripted(said=lambda rows: np.full(len(rows), next(draws))))
    assert search.run() == (UNREPEATABLE, None)
    assert names(search) == ["a second fit on the same plain images"]
    assert search.experiments[0].identical is False
    assert "10 of 10 answers differ" in search.experiments[0].detail


def test_a_fit_that_repeats_is_no_experiment(begin: Any) -> None:
    harness = Scripted()
    search = begin(harness)
    assert search._repeats()
    assert search.experiments == []
    assert harness.seeds == [0, 0]


class WithOpenSeeds(Candidate):
    """Of a model that is none: nothing has a seed."""

    def with_open_seeds(self) -> Candidate:
        return self


def test_another_seed_is_tried_once(begin: Any) -> None:
    harness = Scripted()
    harness.said = lambda rows: np.full(len(rows), harness.seeds[-1])
    search = begin(harness, WithOpenSeeds((), "the model"))
    assert search.seed_matters()
    assert search.seed_matters()
    assert len(harness.seeds) == len(set(harness.seeds)) == 2
    assert min(harness.seeds) >= 0  # scikit-learn takes no others
    assert not begin(Scripted(), WithOpenSeeds((), "the model")).seed_matters()


def test_a_model_that_another_seed_breaks_does_not_mind_it(begin: Any) -> None:
    harness = Scripted()

    def said(rows: NDArray[Any]) -> NDArray[Any]:
        if harness.seeds[-1]:
            raise ModelError("of this seed")
        return rows[:, 0]

    harness.said = said
    assert begin(harness, WithOpenSeeds((), "the model")).seed_matters() is False


class Whole(Search):
    """A search whose only change is one that is free."""

    def _changes(self) -> Any:
        return [("solver", [Change("a solver", lambda c: c)])]


def test_findings_make_a_cause_and_what_fits_cost_is_known(begin: Any) -> None:
    harness = Scripted(takes=1.0, compared=lambda _c, key: SAME if key is None else MUCH)
    search = begin(harness, WithOpenSeeds((), "the model"), kind=Whole)
    cause, remedy = search.run()
    assert search._cost == 1.0
    assert remedy is not None
    assert remedy.change == "a solver"
    steps = ", ".join([STEP_NAMES[step] for step in KEY.steps[:-1]])
    assert cause == (
        "the model makes rounding large: noise of 1e-14 of their spread in plain features changes "
        f"its answers as well; {steps} and {STEP_NAMES[KEY.steps[-1]]} change the order of sums; "
        "with a solver the answers are identical"
    )
    late = begin(Scripted(takes=10.0), WithOpenSeeds((), "the model"), kind=Whole, budget=25.0)
    late.run()
    assert late.cut_short
    assert late.experiments == []


# --- Steps


@pytest.mark.parametrize(
    ("alone", "breaking"),
    [
        ((SAME, MUCH, LITTLE), (Step.TRANSFORMS,)),
        ((LITTLE, SAME, LITTLE), (Step.PERMUTATION, Step.NEGATIVES)),
        ((MUCH, ROUNDED, MUCH), (Step.PERMUTATION, Step.NEGATIVES)),
        ((SAME, SAME, SAME), ()),
    ],
)
def test_steps_that_change_as_much_are_breaking_or_else_those_that_change_little(
    begin: Any, alone: tuple[Comparison, ...], breaking: tuple[Step, ...]
) -> None:
    outcomes = dict(zip(KEY.steps, alone, strict=True))
    harness = Scripted(compared=lambda _candidate, key: outcomes[key.steps[0]])  # type: ignore[union-attr]
    search = begin(harness)
    assert search._steps_alone() == breaking
    assert names(search) == [f"{STEP_NAMES[step]} alone" for step in KEY.steps]
    assert [trial.identical for trial in search.experiments] == [
        one.identical(1e-6) for one in alone
    ]
    assert harness.asked == [
        EtCKey.from_secret(GEOMETRY, SECRET, steps=(step,)) for step in KEY.steps
    ]


def test_the_only_step_is_breaking_and_not_tried(begin: Any) -> None:
    for steps in ((), ("negatives",)):
        harness = Scripted(key=EtCKey.from_secret(GEOMETRY, "1", steps=steps))
        assert begin(harness)._steps_alone() == steps
        assert harness.asked == []
    harness = Scripted(key=EtCKey.from_secret(GEOMETRY, "1", steps=("permutation", "negatives")))
    begin(harness)._steps_alone()
    assert len(harness.asked) == 2


def test_no_step_is_tried_that_would_end_too_late(begin: Any) -> None:
    search = begin(Scripted(takes=10.0), budget=45.0, _cost=10.0)
    assert search._steps_alone() == KEY.steps[:2]
    assert search.cut_short


# --- Features


def feed(begin: Any, said: Any, **changed: Any) -> tuple[dict[str, bool], Search, Scripted]:
    harness = Scripted(said=said, **changed)
    search = begin(harness)
    return search._feed(ROWS, CANDIDATE, " after something"), search, harness


MOVED = SignedPermutation.from_key(KEY)


def test_features_are_permuted_and_negated_without_an_offset(begin: Any) -> None:
    found, search, harness = feed(begin, lambda rows: np.sort(np.abs(rows), axis=1))
    assert found == {BOTH: True, PERMUTED: True, NEGATED: True}
    assert names(search) == [f"{name} after something" for name in (BOTH, PERMUTED, NEGATED)]
    sign = MOVED.sign.astype(float)
    expected = ROWS, ROWS[:, MOVED.source] * sign, ROWS[:, MOVED.source], ROWS * sign
    for rows, wanted in zip(harness.asked, expected, strict=True):
        np.testing.assert_array_equal(rows, wanted)
    assert harness.seeds == [0] * 4


def test_what_a_key_leaves_as_it_is_is_not_tried(begin: Any) -> None:
    key = EtCKey.from_secret(GEOMETRY, "1", steps=("negatives",))
    found, _, _ = feed(begin, np.abs, key=key)
    assert found == {BOTH: True, NEGATED: True}


def coarse(rows: NDArray[Any]) -> NDArray[Any]:
    return np.where(rows.sum(axis=1) < 0, -1.0, np.round(rows[:, 0] / 64))


def test_what_the_order_changes_is_tried_without_ties_and_with_rounding(begin: Any) -> None:
    found, search, harness = feed(begin, coarse)
    assert found[PERMUTED] is found[PERMUTED + APART] is False
    assert found["rounding"]
    assert names(search).count(ROUNDING_EXPERIMENT) == 4
    assert names(search)[-1].endswith(APART + " after something")
    dithered, slightly, others = harness.asked[4], harness.asked[5:9], harness.asked[9:]
    spread = np.ptp(ROWS, axis=0)
    assert (np.abs(dithered - ROWS) <= 1e-3 * spread).all()
    assert np.abs(dithered - ROWS).max() > 5e-4 * spread.max()
    for rows in slightly:
        noise = np.abs(rows - dithered).max() / np.ptp(ROWS)
        assert 5e-15 < noise < 1.1e-14
    assert not np.array_equal(slightly[0], slightly[1])
    np.testing.assert_array_equal(others[0], dithered[:, MOVED.source])


def test_rounding_that_changes_answers_is_seen_once(begin: Any) -> None:
    found, search, _ = feed(begin, lambda rows: rows[:, 0])
    assert found["rounding"] is False
    assert names(search).count(ROUNDING_EXPERIMENT) == 1


def test_ties_are_gone_where_no_two_values_are_equal(begin: Any) -> None:
    level = [0]

    def said(rows: NDArray[Any]) -> NDArray[Any]:
        whole = np.array_equal(rows, np.round(rows))
        level[0] += whole
        return np.full(len(rows), level[0] if whole else 0)

    found, _, _ = feed(begin, said)
    assert found == {
        BOTH: False, PERMUTED: False, NEGATED: False, "rounding": True,
        PERMUTED + APART: True, NEGATED + APART: True,
    }  # fmt: skip


def test_constant_features_are_told_apart_too(begin: Any) -> None:
    harness = Scripted(said=lambda rows: rows[:, 0] < 0)
    flat = np.full_like(ROWS, 7.0)
    begin(harness)._feed(flat, CANDIDATE, "")
    dithered = harness.asked[3]  # permuted alone they are the same, and not tried
    assert 0 < np.abs(dithered - flat).max() <= 1e-6


def test_models_that_fail_on_features_say_so(begin: Any) -> None:
    def on_whole_and_positive(rows: NDArray[Any]) -> NDArray[Any]:
        if (rows < 0).any() or not np.array_equal(rows, np.round(rows)):
            raise ModelError("of these features")
        return np.sort(rows, axis=1)

    found, search, _ = feed(begin, on_whole_and_positive)
    assert found == {BOTH: False, PERMUTED: True, NEGATED: False}
    assert search.experiments[0].identical is False
    assert search.experiments[0].detail == "the model cannot be fitted"

    def never(rows: NDArray[Any]) -> NDArray[Any]:  # noqa: ARG001
        raise ModelError("always")

    found, search, _ = feed(begin, never)
    assert (found, search.experiments) == ({}, [])


@pytest.mark.parametrize("fits", range(9))
def test_features_are_fed_as_long_as_there_is_time(begin: Any, fits: int) -> None:
    whole, _, _ = feed(begin, lambda rows: rows[:, 0])
    harness = Scripted(said=lambda rows: rows[:, 0], takes=1.0)
    search = begin(harness, budget=fits + 1.0, _cost=1.0)
    found = search._feed(ROWS, CANDIDATE, "")
    assert list(found) == list(whole)[: len(found)]
    assert search.cut_short is (len(found) < len(whole))
    assert len(harness.asked) <= max(fits, 1) + 1
