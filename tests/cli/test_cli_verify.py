"""What ``etcprops verify`` prints: a line a claim, all of it, or the summary; and its statuses."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import Run, command_line
from rich.console import Console

from etcprops.claims import CLAIMS, Evidence, EvidenceKind, Finding, Ledger, Outcome, PaperSays, Row
from etcprops.claims.terms import Needs
from etcprops.cli.ledger import LETTERS, print_cells, print_lines, print_summary, strip
from etcprops.theory import smt

WIDTH = 80
BESIDES = 6
"""Lines at most besides those of the claims."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


def as_expected() -> Ledger:
    """Return a ledger in which every check found what it should, those that need more excepted."""
    needs = {"on given images": Needs.DATA, "of all sums with a solver": Needs.DEEP}
    rows = []
    for claim in CLAIMS:
        evidence = []
        for check in claim.checks:
            skipped = next((n for end, n in needs.items() if check.name.endswith(end)), None)
            usual = Finding.REFUTES if check.refuting else Finding.SUPPORTS
            evidence.append(
                Evidence(
                    check.name,
                    check.summary,
                    check.kind,
                    usual if skipped is None else Finding.SKIPPED,
                    "17 cases",
                    without=check.without,
                    sense=check.sense,
                    needs=skipped,
                    authority="compiled now with Coq" if check.kind == "machine-checked" else "",
                )
            )
        rows.append(Row(claim, tuple(evidence)))
    return Ledger(tuple(rows), {"seconds": 12.3})


def printed(show: object, ledger: Ledger) -> str:
    """Return what is printed 80 columns wide."""
    file = io.StringIO()
    show(ledger, Console(file=file, width=WIDTH))  # type: ignore[operator]
    return file.getvalue()


def test_by_default_a_claim_is_a_line() -> None:
    ledger = as_expected()
    assert ledger.ok
    lines = [line.rstrip() for line in printed(print_lines, ledger).splitlines()]
    assert len(lines) <= len(CLAIMS) + BESIDES
    assert max(map(len, lines)) <= WIDTH
    lacking = {"data": 0, "deep": 0}
    for claim in CLAIMS:
        (line,) = (line for line in lines if line.startswith(f"{claim.name} "))
        seconds, *lack = line.split()[-2 if line.endswith(("data", "deep")) else -1 :]
        assert seconds == "0.0"
        for need in lack:
            lacking[need] += 1
    assert lacking == {need[2:]: count for need, count in ledger.summary.skipped.items()}
    sections = [row.claim.section for row in ledger.rows if row.claim.section]
    order = [line.split()[0] for line in lines[1 : len(sections) + 1]]
    by_name = {claim.name: claim for claim in CLAIMS}
    assert [by_name[name].section for name in order] == sorted(sections)


def test_what_has_to_be_installed_is_told_with_how() -> None:
    ledger = as_expected()
    row = ledger.rows[0]
    skipped = replace(row.evidence[0], finding=Finding.SKIPPED, needs=Needs.SOLVER)
    row = replace(row, evidence=(skipped, *row.evidence[1:]))
    text = printed(print_lines, replace(ledger, rows=(row, *ledger.rows[1:])))
    assert "Skipped for want of z3: pip install 'etcprops[smt]'\n" in text
    assert "Skipped for want of z3" not in printed(print_lines, ledger)


def test_everything_about_a_claim_is_in_its_cells() -> None:
    text = printed(print_cells, as_expected())
    assert text.count("17 cases") == sum(len(claim.checks) for claim in CLAIMS)


def test_the_summary_counts_what_the_paper_does_not_say_apart() -> None:
    ledger = as_expected()
    fails = [row for row in ledger.rows if row.outcome is Outcome.FAILS]
    by_paper = {says: sum(row.claim.paper is says for row in fails) for says in PaperSays}
    text = " ".join(printed(print_summary, ledger).split())
    assert f"{len(fails)} fails" in text
    assert f"Of the fails the paper states {by_paper[PaperSays.STATED]}" in text
    assert f"omits {by_paper[PaperSays.SILENT]}" in text
    skipped = [e for row in ledger.rows for e in row.evidence if e.needs]
    assert f"{len(skipped)} skipped" in text
    assert text.count("compiled now with Coq") == 1
    counted = ledger.summary
    assert counted.checks + len(skipped) == sum(len(claim.checks) for claim in CLAIMS)


@pytest.mark.parametrize(
    ("finding", "shown"),
    [
        (Finding.SUPPORTS, "X"),
        (Finding.REFUTES, "X"),
        (Finding.SKIPPED, "x"),
        (Finding.RAISED, "!"),
    ],
)
def test_the_strip_shows_which_kinds_counted(finding: Finding, shown: str) -> None:
    evidence = Evidence("look", "Looks.", EvidenceKind.EXACT, finding, "seen")
    place = list(LETTERS).index(EvidenceKind.EXACT)
    assert str(strip((evidence,))) == "." * place + shown + "." * (len(LETTERS) - place - 1)


def test_what_is_not_as_expected_is_told_in_full() -> None:
    ledger = as_expected()
    row = ledger.rows[0]
    bad = replace(row.evidence[0], finding=Finding.RAISED, detail="ValueError: seven is not even")
    ledger = replace(
        ledger, rows=(replace(row, evidence=(bad, *row.evidence[1:])), *ledger.rows[1:])
    )
    text = " ".join(printed(print_lines, ledger).split())
    assert f"NOT AS EXPECTED {row.claim.name}" in text
    assert "seven is not even" in text
    assert "1 NOT as expected" in text


QUICK = ("verify", "--claims", "sixteen-codes", "--geometry", "8x8/4")
SKIPPING = ("verify", "--claims", "ciphertext-only-common-key")


def test_quiet_is_the_summary_alone(run: Run) -> None:
    assert "4 rotations" in run(*QUICK).out
    quiet = run(*QUICK, "-q").out
    assert "4 rotations" not in quiet
    assert "1 claim: 1 fails. All as expected." in quiet


def test_skipped_evidence_fails_if_strict(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "ledger.json"
    assert run(*SKIPPING, "--json", str(data)).status == 0
    assert json.loads(data.read_text())["summary"]["skipped"] == {"--data": 1}
    strict = run(*SKIPPING, "--strict")
    assert strict.status == 1
    assert "1 skipped: 1 needs --data" in strict.out
    assert run("verify", "--claims", "int8-products", "--strict").status == 0  # by numbers alone


def test_evidence_that_is_left_open_fails_if_strict(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = smt.Answer("it is so", None, {}, "canceled", 0.0)
    monkeypatch.setattr(smt, "available", lambda: True)
    monkeypatch.setattr(smt, "prove_squared_difference", lambda _negate: given_up)
    arguments = "verify", "--claims", "distances", "--geometry", "4x4/2"
    assert run(*arguments).status == 0
    strict = run(*arguments, "--strict")
    assert strict.status == 1
    assert "unknown, canceled" in strict.out
    # A line a claim does not have the evidence, so what was left open is told of by itself.
    row = next(row for row in as_expected().rows if row.claim.name == "distances")
    (asked,) = (e for e in row.evidence if e.kind is EvidenceKind.SMT)
    unknown = replace(asked, finding=Finding.UNKNOWN, detail="canceled")
    evidence = tuple(unknown if e is asked else e for e in row.evidence)
    text = printed(print_lines, Ledger((replace(row, evidence=evidence),)))
    assert "Left open distances: squared differences with a solver: canceled" in text


def test_deep_needs_the_solver(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt, "available", lambda: False)
    result = run(*QUICK, "--deep")
    assert result.status == 2
    assert "etcprops[smt]" in result.err


def test_quiet_and_verbose_exclude_each_other(run: Run) -> None:
    assert run(*QUICK, "-q", "-v").status == 2


def test_interrupted_it_shows_what_it_found_and_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from etcprops.claims import runner

    examine, seen = runner.examine, []

    def interrupted(check: object, implementation: object) -> Evidence:
        seen.append(check)
        if len(seen) > 4:
            raise KeyboardInterrupt
        return examine(check, implementation)  # type: ignore[arg-type]

    monkeypatch.setattr(runner, "examine", interrupted)
    page = tmp_path / "ledger.html"
    names = "raw-inner-products,sixteen-codes,int8-products"
    result = run("verify", "--claims", names, "--geometry", "8x8/4", "--html", str(page))
    assert result.status == 130
    assert "2 claims: 2 fails" in result.out
    assert result.err.strip().endswith("etcprops verify --claims int8-products")
    assert not page.exists()
