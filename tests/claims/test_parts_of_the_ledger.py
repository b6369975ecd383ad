"""Parts of the ledger on their own: checks of proofs, pages, pictures, searches, counts."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import json
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import ImageFont

from etcprops import InvalidParameterError, verify
from etcprops._pictures import Difference
from etcprops.claims import (
    CLAIMS,
    Evidence,
    EvidenceKind,
    Finding,
    Implementation,
    Outcome,
    implementation,
    page,
    runner,
    searches,
    unproved,
)
from etcprops.claims.checks.formal import Proofs, checked
from etcprops.claims.implementation import DEEP_EXAMPLES, EXAMPLES
from etcprops.claims.model import Check, Exhibit, Ledger, Observation, Row
from etcprops.claims.pictures import TILE, drawn, example_key, tiles
from etcprops.claims.proofs import PROOFS, with_proofs
from etcprops.claims.search import UNTIL_FOUND
from etcprops.claims.searches import Line, Searches
from etcprops.claims.summary import Summary
from etcprops.claims.terms import Needs, Sense
from etcprops.scheme.keys import STEP_NAMES
from etcprops.theory import coq

CLAIM = next(claim for claim in CLAIMS if claim.name == "mid-grey")
RECORDED = Implementation(prove=coq.read_record)


def holds(_: Implementation) -> Observation:
    """Hold."""
    return Observation(True, "so")


def evidence(finding: Finding = Finding.SUPPORTS, **more: Any) -> Evidence:
    return Evidence("look", "Looks.", EvidenceKind.EXACT, finding, "seen", **more)


# --- Checks of proofs


def test_theorems_support_and_counterexamples_refute() -> None:
    over_reals = next(proofs.over_reals for proofs in PROOFS.values() if proofs.over_reals)
    refuting = next(
        names for proofs in PROOFS.values() for names in proofs.counterexamples.values()
    )
    query = Check(holds, EvidenceKind.SMT)
    proofs = Proofs(
        PROOFS[CLAIM.name].theorems,
        counterexamples={None: refuting, "a hypothesis": refuting},
        over_reals=over_reals,
        queries=(query,),
    )
    own = Check(holds, EvidenceKind.EXACT)
    found = checked(replace(CLAIM, checks=(own,)), proofs).checks
    assert found[:2] == (own, query)
    assert [check.run(RECORDED).agrees for check in found[2:]] == [True, True, False, False]
    assert [check.without for check in found] == [None] * 5 + ["a hypothesis"]
    assert [check.refuting for check in found] == [False] * 4 + [True] * 2
    assert [check.cites for check in found[2:]] == [
        proofs.theorems,
        over_reals,
        refuting,
        refuting,
    ]


@pytest.mark.parametrize(
    ("of_checks", "of_proofs"),
    [
        ([(Sense.PATH, None)], Sense.PATH),
        ([(Sense.DISTRIBUTION, None)], Sense.DISTRIBUTION),
        ([(Sense.PATH, None), (Sense.DISTRIBUTION, None)], Sense.DISTRIBUTION),
        ([(Sense.DISTRIBUTION, "a hypothesis")], Sense.PATH),
    ],
)
def test_proofs_speak_of_distributions_where_a_check_of_the_claim_does(
    of_checks: list[tuple[Sense, str | None]], of_proofs: Sense
) -> None:
    own = tuple(
        Check(holds, EvidenceKind.EXACT, without, sense=sense) for sense, without in of_checks
    )
    found = checked(replace(CLAIM, checks=own), PROOFS[CLAIM.name]).checks[len(own) :]
    assert {check.sense for check in found} == {of_proofs}


def test_what_is_pending_or_has_no_proofs_is_given_none() -> None:
    bare = replace(CLAIM, checks=())
    assert len(with_proofs(bare).checks) > 0
    assert with_proofs(replace(bare, expected=Outcome.PENDING)).checks == ()
    assert with_proofs(replace(bare, name="another")).checks == ()


# --- Pages and pictures


def ledger(*rows: Row) -> Ledger:
    return Ledger(rows, {"geometry": {}, "data": None, "seconds": 0.0})


def test_rows_stand_in_the_order_of_sections_and_those_of_none_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caught: dict[str, Any] = {}
    monkeypatch.setattr(page, "render_page", lambda *_, **given: caught.update(given))
    sections = {claim.section: claim for claim in CLAIMS}
    assert "" in sections
    page.render(ledger(*(Row(claim, ()) for claim in sections.values())))
    found = [row.claim.section for row in caught["rows"]]
    assert found == [*sorted(filter(None, sections)), ""]


def test_only_what_is_not_as_expected_stands_out() -> None:
    claim = replace(CLAIM, name="made-up", hypotheses=())  # whose evidence is not on record
    row = Row(replace(claim, expected=Outcome.HOLDS), (evidence(),))
    assert "not as expected" not in page.fragment(ledger(row)).split("<p>")[0]
    row = Row(replace(claim, expected=Outcome.FAILS), (evidence(),))
    assert "<strong>holds, not as expected</strong>" in page.fragment(ledger(row))


def test_differences_are_framed_in_pictures() -> None:
    exhibit = Exhibit("two", np.array([[1, 2]], np.uint8))
    apart = Difference.between(exhibit.values, np.array([[1, 3]], np.uint8))
    assert apart is not None
    (plain,), (framed,) = (page._drawn([("two", exhibit, mark)]) for mark in (None, apart))
    assert plain != framed


@pytest.mark.parametrize(
    ("shape", "dtype", "size"),
    [
        ((1, 12), np.uint8, (12 * TILE + 1, TILE + 1)),
        ((12, 12), np.int64, (12 * TILE + 1, 12 * TILE + 1)),
        ((12, 13), np.uint8, None),
        ((13, 13), np.int64, None),
    ],
)
def test_twelve_numbers_in_a_row_are_drawn_as_tiles(
    shape: tuple[int, int], dtype: type, size: tuple[int, int] | None
) -> None:
    picture = drawn(np.zeros(shape, dtype))
    assert (None if picture is None else picture.size) == size


def test_pictures_are_drawn_enlarged() -> None:
    picture = drawn(np.zeros((13, 13), np.uint8))
    assert picture is not None
    assert picture.size[0] < 13 * TILE


def grey(values: Any) -> np.ndarray[Any, Any]:
    return np.asarray(tiles(np.array(values)))


def test_tiles_are_shaded_from_the_least_to_the_greatest() -> None:
    for values in ([[2.0, 4.0, 3.0]], [[-4.0, 0.0, -2.0]], [[2, 12, 7]]):
        assert grey(values)[3, 3::TILE].tolist() == [0, 255, 127]
    assert grey([[5.0, 5.0]])[3, 3::TILE].tolist() == [0, 0]
    assert grey(np.array([[5, 7]], np.uint8))[3, 3::TILE].tolist() == [5, 7]
    assert grey([[1.0]])[0].tolist() == [128] * (TILE + 1)
    assert grey([[1.0]]).shape == (TILE + 1, TILE + 1)


def test_ink_is_black_on_what_is_lighter_than_110() -> None:
    for shade, ink in ((110, 255), (111, 0), (0, 255), (255, 0)):
        inside = grey(np.array([[shade]], np.uint8))[1:-1, 1:-1]
        found = {int(inside.min()), int(inside.max())} - {shade}
        assert found == {ink}, shade


def test_numbers_on_tiles_are_fourteen_pixels_high(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    load: Any = ImageFont.load_default

    def noting(size: int) -> Any:
        sizes.append(size)
        return load(size)

    monkeypatch.setattr(ImageFont, "load_default", noting)
    grey([[0.0]])
    assert sizes == [14]


def test_the_example_key_is_always_the_same() -> None:
    content = json.loads(example_key().to_json())
    assert {name: content[name] for name in ["geometry", *STEP_NAMES]} == {
        "geometry": {"height": 4, "width": 4, "channels": 3, "block": 2},
        "permutation": [2, 0, 3, 1],
        "transforms": [1, 6, 3, 4],
        "negatives": [1, 0, 0, 1],
        "components": [3, 1, 5, 4],
    }


# --- Runs


@pytest.mark.parametrize("deep", [False, True])
def test_deep_runs_search_among_more_cases(
    deep: bool,  # noqa: FBT001  # a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caught: list[Implementation] = []
    monkeypatch.setattr(runner, "run", lambda given, *_, **__: caught.append(given))
    verify(deep=deep)
    assert [given.examples for given in caught] == [DEEP_EXAMPLES if deep else EXAMPLES]


def test_paths_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "load_images", lambda path: f"images of {path}")
    with pytest.raises(InvalidParameterError, match="images of faces"):
        verify(data="faces")


def test_claims_that_cannot_be_looked_up_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="hold names of claims"):
        verify(claims=[[]])  # type: ignore[list-item]


def test_claims_have_their_former_names_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runner.RENAMED, "grey", "mid-grey")
    assert [claim.name for claim in runner._choose(["grey"])] == ["mid-grey"]


def test_one_processor_is_left_to_the_other_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implementation, "fingerprints_of", lambda kinds, spare: (kinds, spare))
    found: Any = implementation._fingerprints([])
    assert found == ([], 1)


def test_seconds_are_told_in_thousandths() -> None:
    assert evidence(seconds=1.23456).to_dict()["seconds"] == 1.235


# --- Counts


def test_checks_that_looked_are_counted() -> None:
    rows = Row(
        CLAIM,
        (
            evidence(),
            evidence(Finding.SUPPORTS),
            evidence(Finding.REFUTES),
            evidence(Finding.NOT_APPLICABLE),
            evidence(Finding.SKIPPED, needs=Needs.DATA),
            evidence(Finding.RECORDED, needs=Needs.COQ),
        ),
    )
    assert Summary.of((rows,)).checks == 3


def test_axioms_are_only_told_of_where_theorems_stand_on_them() -> None:
    assert unproved._axioms([]) == ""
    assert unproved._axioms(["a", "b"]).endswith("of the real numbers: a, b.")


# --- Searches


def test_what_is_false_is_searched_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def search(*_: Any, examples: int, without: str | None) -> Any:
        asked.append((without, examples))
        return SimpleNamespace(cases=examples, geometries=set(), counterexample=None)

    monkeypatch.setattr(searches, "search", search)
    claim = replace(CLAIM, expected=Outcome.HOLDS_IF, hypotheses=("h",))
    assert len([*searches.lines_of(claim, lambda _: None, Implementation(), 3)]) == 2
    assert asked == [(None, 3), ("h", UNTIL_FOUND)]


def test_searches_are_made_of_what_is_given_by_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[Any] = []
    given = Implementation()

    class Limits:
        def __init__(self, threads: int) -> None:
            used.append(threads)

        def __enter__(self) -> None:
            """Do nothing."""

        def __exit__(self, *_: object) -> None:
            """Do nothing."""

    def lines_of(_claim: Any, _statement: Any, implementation: Any, _examples: int) -> list[Line]:
        used.append(implementation)
        return []

    times = iter([1.5, 4.0])
    monkeypatch.setattr(searches, "threadpool_limits", Limits)
    monkeypatch.setattr(time, "process_time", lambda: next(times))
    monkeypatch.setattr(searches, "lines_of", lines_of)
    found = searches.report(1, statements={CLAIM.name: lambda _: None}, implementation=given)
    assert used[0] == 1
    assert used[1] is given
    assert found == Searches((), 1, 2.5)


def test_reports_of_searches_name_a_claim_once() -> None:
    lines = (
        Line("a claim", None, 1, 1, None, expected=False),
        Line("a claim", "h", 2, 1, "x", expected=True),
    )
    found = Searches(lines, 1, 1.26)
    rows = [line for line in found.to_markdown().splitlines() if line.startswith("| ")][1:]
    assert rows == ["| a claim |  | 1 | 1 | none |", "|  | h | 2 | 1 | x |"]
    assert json.loads(found.to_json())["about"]["seconds"] == 1.3
