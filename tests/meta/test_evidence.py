"""Whatever evidence of a claim is taken away, the ledger turns red, or ``--strict`` refuses it.

It is taken away as it could go by accident: a check that is no longer in its claim, a line that is
no longer in a table, a theorem that Coq does not know, a record that is not there, a library that
is not installed, a solver that gives up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from etcprops.claims import CLAIMS, Claim, Evidence, EvidenceKind, Finding, Implementation, Row
from etcprops.claims.catalogue import FAMILIES, assembled
from etcprops.claims.checks.formal import Proofs
from etcprops.claims.model import Check, Ledger
from etcprops.claims.proofs import PROOFS
from etcprops.claims.record import RECORD, names_of
from etcprops.claims.runner import examine
from etcprops.claims.statements import STATEMENTS
from etcprops.theory import coq, smt
from etcprops.theory.theorems import find_theorems

CHECKS = [(claim, check) for claim in CLAIMS for check in claim.checks]
PROVED = [(claim, check) for claim, check in CHECKS if check.cites]


def usual(check: Check) -> Finding:
    return Finding.REFUTES if check.refuting else Finding.SUPPORTS


def with_finding(check: Check, finding: Finding) -> Evidence:
    """Return evidence of a check, whatever it would find."""
    return Evidence(
        check.name, check.summary, check.kind, finding, "", without=check.without, sense=check.sense
    )


def row_of(claim: Claim, check: Check | None = None, found: Evidence | None = None) -> Row:
    """Return a row in which all is as usual, but for what one check found; None: it did not run."""
    evidence = [found if c is check else with_finding(c, usual(c)) for c in claim.checks]
    return Row(claim, tuple(e for e in evidence if e is not None))


def is_red(row: Row) -> bool:
    """Whether ``etcprops verify --strict`` fails for a row; test_cli_verify has that it does."""
    ledger = Ledger((row,))
    return not ledger.ok or bool(ledger.undecided)


def by_name(claims: tuple[Claim, ...]) -> dict[str, Claim]:
    return {claim.name: claim for claim in claims}


def test_with_all_evidence_nothing_is_red() -> None:
    """Without this the tests below would show nothing."""
    assert [claim.name for claim in CLAIMS if is_red(row_of(claim))] == []


def test_the_record_is_of_all_claims() -> None:
    recorded = json.loads(RECORD.read_text(encoding="utf-8"))
    assert list(recorded) == [claim.name for claim in CLAIMS]
    for claim in CLAIMS:
        names = [name for check in claim.checks for name in names_of(check)]
        assert recorded[claim.name] == names
        assert len(set(names)) == len(names), claim.name


def test_each_check_that_is_not_run_is_missing() -> None:
    for claim, check in CHECKS:
        rest = tuple(other for other in claim.checks if other is not check)
        for row in (row_of(replace(claim, checks=rest)), row_of(claim, check)):
            assert not row.ok, (claim.name, check.name)
            lost = set(names_of(check)) if check.cites else {names_of(check)[0]}
            assert lost <= set(row.missing), (claim.name, check.name)
            assert all(name in row.surprise for name in lost)


def without_one(names: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != gone)


def lines_without_something(proofs: Proofs) -> list[tuple[str, Proofs]]:
    """Return what is left of a line if one theorem goes, or one question."""
    proved, over_reals = proofs.theorems, proofs.over_reals
    left = [(name, replace(proofs, theorems=without_one(proved, name))) for name in proved]
    left += [(n, replace(proofs, over_reals=without_one(over_reals, n))) for n in over_reals]
    for without, names in proofs.counterexamples.items():
        for name in names:
            fewer = without_one(names, name)
            others = {k: v for k, v in proofs.counterexamples.items() if k != without}
            kept = others | ({without: fewer} if fewer else {})
            left.append((name, replace(proofs, counterexamples=kept)))
    for query in proofs.queries:
        rest_of = tuple(q for q in proofs.queries if q is not query)
        left.append((query.name, replace(proofs, queries=rest_of)))
    return left


@pytest.mark.parametrize("name", PROOFS)
def test_each_theorem_and_question_that_leaves_the_table_is_missing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for gone, rest in lines_without_something(PROOFS[name]):
        monkeypatch.setitem(PROOFS, name, rest)
        row = row_of(by_name(assembled())[name])
        assert not row.ok, gone
        assert any(gone in one for one in row.missing)
    monkeypatch.delitem(PROOFS, name)
    assert not row_of(by_name(assembled())[name]).ok


def test_each_search_that_leaves_the_table_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(STATEMENTS):
        with monkeypatch.context() as patch:
            patch.delitem(STATEMENTS, name)
            row = row_of(by_name(assembled())[name])
        searches = [m for m in row.missing if m.startswith("search of ")]
        assert len(searches) == 1 + len(row.claim.hypotheses)
        assert not row.ok


def test_each_own_check_that_leaves_its_claim_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, family in enumerate(FAMILIES):
        for place, claim in enumerate(family):
            for check in claim.checks:
                rest = replace(claim, checks=tuple(c for c in claim.checks if c is not check))
                changed = (*family[:place], rest, *family[place + 1 :])
                families = (*FAMILIES[:number], changed, *FAMILIES[number + 1 :])
                monkeypatch.setattr("etcprops.claims.catalogue.FAMILIES", families)
                row = row_of(by_name(assembled())[claim.name])
                assert names_of(check)[0] in row.missing


@pytest.mark.parametrize(
    "finding",
    [Finding.SKIPPED, Finding.RECORDED, Finding.UNKNOWN, Finding.NOT_APPLICABLE, Finding.RAISED],
)
def test_each_check_that_does_not_decide_is_red(finding: Finding) -> None:
    for claim, check in CHECKS:
        row = row_of(claim, check, with_finding(check, finding))
        assert is_red(row), (claim.name, check.name)


# --- Proofs


@pytest.fixture
def sources_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcprops.claims.checks.formal.find_theorems", cache(find_theorems))


def report_without(*gone: str) -> coq.Report:
    """Return what Coq says if it does not know some theorems, and the rest assume nothing."""
    names = {name for line in PROOFS.values() for name in line.all_theorems} - {*gone}
    return coq.Report("", "none", {}, "now", 0.0, "nothing", {}, {}, dict.fromkeys(names, ()))


@pytest.mark.usefixtures("sources_read_once")
def test_with_all_theorems_each_check_of_proofs_is_as_usual() -> None:
    implementation = Implementation(prove=lambda _: report_without())
    for claim, check in PROVED:
        evidence = examine(check, implementation)
        assert evidence.finding is usual(check), (claim.name, evidence.detail)


@pytest.mark.usefixtures("sources_read_once")
def test_each_theorem_that_coq_does_not_know_is_red() -> None:
    for name in dict.fromkeys(name for _, check in PROVED for name in check.cites):
        implementation = Implementation(prove=lambda _, gone=name: report_without(gone))  # type: ignore[misc]
        for claim, check in PROVED:
            if name in check.cites:
                evidence = examine(check, implementation)
                assert evidence.finding is Finding.RAISED, evidence.detail
                assert name in evidence.detail
                assert not row_of(claim, check, evidence).ok


def no_coq(_folder: Path) -> coq.Report:
    raise coq.CoqUnavailableError("coqc is not on the path")


@pytest.mark.usefixtures("sources_read_once")
def test_each_proof_of_which_there_is_neither_coq_nor_a_record_is_red(tmp_path: Path) -> None:
    """An empty folder stands for one of which the record was deleted."""
    implementation = Implementation(prove=no_coq, recorded=lambda _: coq.read_record(tmp_path))
    for claim, check in PROVED:
        evidence = examine(check, implementation)
        assert evidence.finding is Finding.SKIPPED
        assert is_red(row_of(claim, check, evidence))


# --- Solver, symbols, searches, data


@pytest.mark.parametrize(
    "ask",
    [name for name in vars(smt) if name.startswith("prove_")],
)
def test_each_question_that_the_solver_gives_up_is_red(
    ask: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of each function that asks is in the check that fails."""
    given_up = smt.Answer("it is so", None, {}, "canceled", 0.0)
    monkeypatch.setattr(smt, "available", lambda: True)
    for name in (n for n in vars(smt) if n.startswith("prove_")):
        proved = smt.Answer("it is so", True, {}, "", 0.0)
        answer = given_up if name == ask else proved
        monkeypatch.setattr(smt, name, lambda *_, answer=answer, **__: answer)
    left_open = 0
    for claim, check in CHECKS:
        if check.kind is EvidenceKind.SMT:
            evidence = examine(check, Implementation(deep=True))
            if evidence.finding is Finding.UNKNOWN:
                left_open += 1
                assert is_red(row_of(claim, check, evidence))
    assert left_open


LIBRARIES = ("sympy", "z3", "hypothesis", "jpeglib")
WITHOUT = f"""
import json, sys
sys.modules.update(dict.fromkeys({LIBRARIES}))
from etcprops import BlockGeometry
from etcprops.claims import CLAIMS, Implementation
from etcprops.claims.runner import examine
small = Implementation(BlockGeometry(8, 8, channels=3, block=4))
asked = [c for claim in CLAIMS for c in claim.checks
         if c.kind in ("symbolic", "smt") or c.name.startswith("search of ")]
print(json.dumps([examine(check, small).finding for check in asked]))
"""


@pytest.mark.thorough
def test_each_check_whose_library_is_not_installed_is_red() -> None:
    """In a process in which none of them can be imported."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    asked = [
        (claim, check)
        for claim, check in CHECKS
        if check.kind in {EvidenceKind.SYMBOLIC, EvidenceKind.SMT}
        or check.name.startswith("search of ")
    ]
    for (claim, check), finding in zip(asked, json.loads(done.stdout), strict=True):
        row = row_of(claim, check, with_finding(check, Finding(finding)))
        assert is_red(row), (claim.name, check.name, finding)


def test_each_check_of_data_that_are_not_given_is_red() -> None:
    of_data = [(claim, check) for claim, check in CHECKS if check.name.endswith("given images")]
    assert len(of_data) >= 5
    for claim, check in of_data:
        evidence = examine(check, Implementation())
        assert evidence.finding is Finding.SKIPPED
        assert is_red(row_of(claim, check, evidence))
