"""What searches put together, show and try first; what is said of theorems that are looked up."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from etcprops import BlockGeometry
from etcprops.claims import Implementation, case, runner, search
from etcprops.claims.checks import formal
from etcprops.claims.model import Check, Observation
from etcprops.claims.terms import EvidenceKind
from etcprops.theory.theorems import find_theorems, reals_folder, sources_folder

SMALL, LARGE = BlockGeometry(1, 1, block=1), BlockGeometry(8, 8, block=4)


@pytest.mark.parametrize(("examples", "tiny"), [(720, 90), (16, 8)])
def test_an_eighth_as_many_tiny_cases_come_first_and_both_are_told_of(
    monkeypatch: pytest.MonkeyPatch, examples: int, tiny: int
) -> None:
    found = iter(
        search.Found(cases, None, (), frozenset({geometry}), frozenset({name, "both"}))
        for cases, geometry, name in ((3, SMALL, "tiny"), (5, LARGE, "large"))
    )
    asked: list[tuple[int, int]] = []

    def part(*_: Any, examples: int, largest: int) -> search.Found:
        asked.append((examples, largest))
        return next(found)

    monkeypatch.setattr(search, "_search", part)
    whole = search.search(lambda _: None, Implementation(), examples=examples)
    assert asked == [(tiny, 4), (examples, 192)]
    assert whole.cases == 8
    assert whole.geometries == {SMALL, LARGE}
    assert whole.asked == {"tiny", "large", "both"}


@pytest.mark.parametrize(("side", "shown"), [(4, 4), (5, 0)])
def test_images_of_up_to_64_pixels_together_are_shown(side: int, shown: int) -> None:
    drawn = {"images": np.zeros((2, 4, 4), np.uint8), "numbers": np.zeros(9)}
    results = {"encrypted": np.zeros((2, 4, side), np.uint8)}
    small: Any = SimpleNamespace(drawn=drawn, results=results)
    assert len(search._pictures(small)) == shown


@pytest.mark.parametrize("folder", [sources_folder(), reals_folder()], ids=["exact", "reals"])
def test_theorems_are_told_by_their_place_and_the_axioms_that_they_may_assume(
    monkeypatch: pytest.MonkeyPatch, folder: Any
) -> None:
    monkeypatch.setattr(formal, "_insist", lambda *_: None)
    report = SimpleNamespace(result=lambda: SimpleNamespace(source="here"))
    implementation: Any = SimpleNamespace(proved=lambda _: report)
    known = find_theorems(folder)
    name = min(known)
    found = formal._look_up(implementation, (name, "no_such_theorem"), folder, agrees=True)
    places, _, assumed = found.detail.partition("; ")
    assert places == f"{known[name].location}, no_such_theorem"
    some = f"assumed are the axioms {', '.join(found.axioms)}"
    assert assumed == (some if found.axioms else "nothing assumed")
    assert bool(found.axioms) is (folder == reals_folder())


# --- Cases and how long they take


class Chunks:
    """Gives zeros, and notes of which strategy."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def draw(self, strategy: Any) -> bytes:
        self.asked.append(strategy)
        return bytes(40)


@pytest.mark.parametrize(("largest", "chunk"), [(192, 160), (49, 160), (48, 40), (4, 40)])
def test_bytes_are_drawn_many_at_once_fewer_for_tiny_images(largest: int, chunk: int) -> None:
    data: Any = Chunks()
    tried = case.Case(data, Implementation(), largest=largest)
    tried.integer("number", 0, 1)
    assert data.asked == [case._chunk(chunk)]


@pytest.mark.parametrize(("options", "size"), [(64, 1), (65, 2), (2**16, 2), (2**16 + 1, 8)])
def test_a_choice_takes_no_more_bytes_than_it_needs(options: int, size: int) -> None:
    data: Any = Chunks()
    tried = case.Case(data, Implementation())
    tried.choose("option", range(options))
    assert len(tried._left) == 40 - size
    tried._bytes(40 - size)
    assert len(data.asked) == 1  # what is left is enough


def test_seconds_are_those_of_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 12.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(times))
    check = Check(lambda _: Observation(True, "-"), EvidenceKind.SYMBOLIC)
    assert runner.examine(check, Implementation()).seconds == 2.5
