"""The ledger in the terminal: a line a claim, or everything about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from etcprops.claims.summary import REMEDIES, Summary
from etcprops.claims.terms import EvidenceKind, Finding, Needs, PaperSays

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.claims.model import Evidence, Ledger, Row

OUTCOME_STYLES: Final = {
    "holds": "bold green",
    "holds-if": "green",
    "in-distribution": "cyan",
    "fails": "bold yellow",
    "pending": "dim",
}
SHORT: Final = {"in-distribution": "in-distr."}
"""Outcomes in a narrow column."""
FINDING_MARKS: Final = {
    Finding.SUPPORTS: "+",
    Finding.REFUTES: "-",
    Finding.RECORDED: "r",
    Finding.UNKNOWN: "?",
    Finding.SKIPPED: "s",
    Finding.NOT_APPLICABLE: "o",
    Finding.RAISED: "!",
}
LETTERS: Final = {
    EvidenceKind.MACHINE_CHECKED: "M",
    EvidenceKind.SMT: "S",
    EvidenceKind.SYMBOLIC: "Y",
    EvidenceKind.EXACT: "X",
    EvidenceKind.FUZZED: "F",
    EvidenceKind.END_TO_END: "E",
    EvidenceKind.REFUTATION: "R",
}
"""Kinds of evidence in the strip, the strongest first."""
COUNT: Final = {Finding.SUPPORTS, Finding.REFUTES}
INSTALLED: Final = Needs.SOLVER, Needs.COQ, Needs.JPEGLIB
"""What no option of the command brings; how to get it is told."""


def print_lines(ledger: Ledger, console: Console) -> None:
    """Print a line a claim, by section of the paper, then what was not as expected."""
    legend = " ".join(f"{letter} {kind}" for kind, letter in LETTERS.items())
    titles = ["claim", "§", "outcome", "paper", "".join(LETTERS.values()), "s"]
    if ledger.summary.skipped:
        titles.append("lack")
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for title in titles[1:]:
        table.add_column(no_wrap=True, justify="right" if title == "s" else "left")
    table.add_row(*(Text(title, "bold") for title in titles))
    for row in sorted(ledger.rows, key=lambda row: (not row.claim.section, row.claim.section)):
        style = OUTCOME_STYLES[row.outcome] if row.ok else "bold white on red"
        name = Text.assemble((row.claim.name, "bold"), " ", (row.claim.statement, "dim"))
        outcome = Text(SHORT.get(row.outcome, str(row.outcome)), style)
        seconds = sum(e.seconds for e in row.evidence)
        paper = "-" if row.claim.paper is PaperSays.SILENT else str(row.claim.paper)
        cells = name, row.claim.section, outcome, paper, strip(row.evidence), f"{seconds:.1f}"
        table.add_row(*cells, *([lacking(row)] if ledger.summary.skipped else []))
    console.print(table)
    console.print(Text(legend, "dim"), no_wrap=True, overflow="ellipsis")
    _print_unexpected(ledger, console)
    for needs in INSTALLED:
        if needs in ledger.summary.skipped:
            console.print(Text(f"Skipped for want of {REMEDIES[needs]}"))
    _print_left_open(ledger, console)
    print_summary(ledger, console)


def print_cells(ledger: Ledger, console: Console) -> None:
    """Print everything about each claim, then what was not as expected, and the summary."""
    table = Table(show_lines=True, expand=False)
    table.add_column("claim", ratio=5)
    table.add_column("outcome", no_wrap=True)
    marks = ", ".join(f"{mark} {finding}" for finding, mark in FINDING_MARKS.items())
    table.add_column(f"evidence: {marks.replace('-a', ' a')}", ratio=7)
    for row in ledger.rows:
        style = OUTCOME_STYLES[row.outcome] if row.ok else "bold white on red"
        table.add_row(_described(row), Text(row.outcome, style=style), _evidence(row))
    console.print(table)
    _print_unexpected(ledger, console)
    print_summary(ledger, console, whole=True)


def print_summary(ledger: Ledger, console: Console, *, whole: bool = False) -> None:
    """Print what the run comes to; who says so of the proofs is cut to a line if not `whole`."""
    summary = Summary.of(ledger.rows)
    if summary.authorities:
        text = f"Proofs: {'; '.join(summary.authorities)}."
        console.print(text, highlight=False, no_wrap=not whole, overflow="ellipsis")
    *lines, checks = summary.lines
    for line in (*lines, f"{checks} {ledger.about.get('seconds', 0)} s."):
        console.print(line, highlight=False)


def strip(evidence: tuple[Evidence, ...]) -> Text:
    """Return a letter for each kind of evidence, in its place.

    Examples
    --------
    >>> str(strip(()))
    '.......'
    """
    text = Text()
    for kind, letter in LETTERS.items():
        found = [e.finding for e in evidence if e.kind is kind]
        if Finding.RAISED in found:
            text.append("!", "bold red")
        elif COUNT & set(found):
            text.append(letter, "bold")
        else:
            text.append(letter.lower() if found else ".", "dim")
    return text


def lacking(row: Row) -> Text:
    """Return in a word or two what skipped evidence of a claim needs, without its dashes."""
    needs = dict.fromkeys(e.needs.removeprefix("--") for e in row.evidence if e.needs)
    return Text(" ".join(needs), "dim")


def _print_unexpected(ledger: Ledger, console: Console) -> None:
    for row in ledger.rows:
        if not row.ok:
            console.print(Text(f"NOT AS EXPECTED {row.claim.name}: {row.surprise}", style="red"))


def _print_left_open(ledger: Ledger, console: Console) -> None:
    """Print which checks could not tell, though nothing was missing."""
    for claim, found in ledger.undecided:
        if found.needs is None and found.finding is not Finding.RAISED:
            text = Text.assemble(
                (f"Left open {claim.name}: ", "bold"), f"{found.check}: {found.detail}"
            )
            console.print(text)


def _described(row: Row) -> Text:
    claim = row.claim
    text = Text.assemble((claim.name, "bold"), "\n", claim.statement)
    for hypothesis in claim.hypotheses:
        text.append(f"\nif {hypothesis}", style="green")
    where = f", section {claim.section}" if claim.section else ""
    return text.append(f"\nthe paper: {claim.paper}{where}", style="dim")


def _evidence(row: Row) -> Text:
    text = Text()
    for e in row.evidence:
        if text:
            text.append("\n")
        text.append(f"{FINDING_MARKS[e.finding]} {e.label}", style="bold")
        if e.sense == "distribution":
            text.append(", of distributions", style="italic")
        if e.without:
            text.append(" without the hypothesis", style="italic")
        text.append(f": {e.detail}")
    return text or Text("nothing can show it yet", style="dim")
