"""``etcprops verify``: the ledger, as a table, as JSON and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from etcprops.cli.common import Outputs, parse_geometry, progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.claims.model import Ledger, Row

OUTCOME_STYLES = {
    "holds": "bold green",
    "holds-if": "green",
    "in-distribution": "cyan",
    "fails": "bold yellow",
    "pending": "dim",
}
FINDING_MARKS = {
    "supports": "+",
    "refutes": "-",
    "recorded": "r",
    "unknown": "?",
    "not-applicable": "o",
    "raised": "!",
}


def verify(
    *,
    geometry: Annotated[
        str | None,
        typer.Option(
            metavar="HxW[x3][/B]",
            help="Image and block size for the checks at full size.  [default: 192x160x3/8]",
        ),
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            help="Derive the key from this.  [default: a public one, so that runs repeat]"
        ),
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="Test only these claims.  [default: all]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="The Extended Yale Face Database B, cropped: zip or folder, for the end-to-end "
            "checks. Takes some two minutes more."
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Write the ledger as JSON to a file, or to stdout."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the ledger as one HTML page.")
    ] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Ask the solver what takes it minutes, too, and search for as long."
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Compile the proofs now instead of asking what is kept of them, and check Coq's "
            "libraries again, too. Takes some minutes.",
        ),
    ] = False,
    list_claims: Annotated[
        bool, typer.Option("--list", help="List the claims and exit; nothing is tested.")
    ] = False,
) -> None:
    """Test every claim of the ledger, here and now, and print what came out."""
    from etcprops import claims as ledger_of

    outputs = Outputs("verify", json, html)
    if list_claims:
        for claim in ledger_of.CLAIMS:
            text = Text.assemble((f"{claim.name}\n", "bold"), f"    {claim.statement}")
            outputs.console.print(text)
        return
    with progress_bar() as progress:
        ledger = ledger_of.verify(
            None if geometry is None else parse_geometry(geometry, "verify"),
            claims=None if claims is None else [n for c in claims for n in c.split(",")],
            secret=secret,
            data=data,
            deep=deep,
            fresh=fresh,
            progress=progress,
        )
    _print_ledger(ledger, outputs.console)
    outputs.write(ledger.to_json, ledger.to_html)
    if not ledger.ok:
        raise typer.Exit(1)


def _print_ledger(ledger: Ledger, console: Console) -> None:
    """Print the claims as a table, and beneath it what was not as expected."""
    table = Table(show_lines=True, expand=False)
    table.add_column("claim", ratio=5)
    table.add_column("outcome", no_wrap=True)
    table.add_column(
        "evidence: + supports, - refutes, r recorded, ? unknown, o not applicable", ratio=7
    )
    for row in ledger.rows:
        style = OUTCOME_STYLES[row.outcome] if row.ok else "bold white on red"
        table.add_row(_describe(row), Text(row.outcome, style=style), _evidence(row))
    console.print(table)
    for row in ledger.rows:
        if not row.ok:
            console.print(Text(f"NOT AS EXPECTED {row.claim.name}: {row.surprise}", style="red"))
    counts = {o: sum(row.outcome == o for row in ledger.rows) for o in OUTCOME_STYLES}
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    bad = sum(not row.ok for row in ledger.rows)
    verdict = f"{bad} NOT as expected" if bad else "All as expected"
    seconds = ledger.about["seconds"]
    console.print(f"{len(ledger.rows)} claims: {summary}. {verdict}. {seconds} s.", highlight=False)


def _describe(row: Row) -> Text:
    text = Text.assemble((row.claim.name, "bold"), "\n", row.claim.statement)
    for hypothesis in row.claim.hypotheses:
        text.append(f"\nif {hypothesis}", style="green")
    return text


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
