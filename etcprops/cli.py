"""The command line: ``etcprops verify``.

Exit status 0 if everything came out as expected, 1 if not, 2 if the command was given something
that it cannot work with.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from etcprops import __version__
from etcprops._validation import InvalidParameterError, reject
from etcprops.geometry import BlockGeometry

if TYPE_CHECKING:
    from etcprops.claims.model import Ledger, Row

OUTCOME_STYLES = {
    "holds": "bold green",
    "holds-if": "green",
    "in-distribution": "cyan",
    "fails": "bold yellow",
    "pending": "dim",
}
FINDING_MARKS = {"supports": "+", "refutes": "-", "not-applicable": "o", "raised": "!"}
SIZES = re.compile(r"(\d+)x(\d+)(?:x(\d+))?(?:/(\d+))?")

app = typer.Typer(
    help="Verify and test machine learning on block-wise encrypted (EtC) images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; a user's mistake is a message and status 2, never a traceback."""
    try:
        app()
    except InvalidParameterError as error:
        Console(stderr=True).print(Text(f"Error: {error}"), style="red", soft_wrap=True)
        sys.exit(2)


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer's callbacks take the value alone
    if wanted:
        typer.echo(f"etcprops {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # eager: its callback has done the work
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Verify and test machine learning on block-wise encrypted (EtC) images."""


def parse_geometry(text: str) -> BlockGeometry:
    """Return the geometry written as ``HxW``, ``HxWx3``, with ``/B`` for blocks other than 8 x 8.

    Parameters
    ----------
    text : str
        For example ``192x160x3/8``.

    Returns
    -------
    BlockGeometry

    Raises
    ------
    InvalidParameterError
        If the text reads otherwise, or the sizes do not fit.

    Examples
    --------
    >>> parse_geometry("192x160/16")
    BlockGeometry(height=192, width=160, channels=1, block=16)
    """
    match = SIZES.fullmatch(text)
    if match is None:
        wanted = "be height x width [x channels] [/ block], such as 192x160 or 96x64x3/16"
        reject("--geometry", "etcprops verify", wanted, f"{text!r}.")
    height, width, channels, block = match.groups()
    return BlockGeometry(
        int(height), int(width), channels=int(channels or 1), block=int(block or 8)
    )


@app.command()
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
            "checks. Takes some minutes more."
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Write the ledger as JSON to a file, or to stdout."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the ledger as one HTML page.")
    ] = None,
    list_claims: Annotated[
        bool, typer.Option("--list", help="List the claims and exit; nothing is tested.")
    ] = False,
) -> None:
    """Test every claim of the ledger, here and now, and print what came out."""
    from etcprops import claims as ledger_of

    console = Console(stderr=json == "-")
    if list_claims:
        for claim in ledger_of.CLAIMS:
            console.print(Text.assemble((f"{claim.name}\n", "bold"), f"    {claim.statement}"))
        return
    for option, path in (
        ("--json", None if json in {None, "-"} else Path(json or "")),
        ("--html", html),
    ):
        if path is not None:
            _check_writable(option, path)
    with _progress() as progress:
        ledger = ledger_of.verify(
            None if geometry is None else parse_geometry(geometry),
            claims=None if claims is None else [n for c in claims for n in c.split(",")],
            secret=secret,
            data=data,
            progress=progress,
        )
    _print_ledger(ledger, console)
    if json == "-":
        typer.echo(ledger.to_json())
    elif json is not None:
        _write(Path(json), ledger.to_json())
    if html is not None:
        _write(html, ledger.to_html())
    if not ledger.ok:
        raise typer.Exit(1)


@contextlib.contextmanager
def _progress() -> Iterator[_Reporter]:
    """Show a bar with the time left on stderr, if that is a terminal."""
    columns = (
        TextColumn("{task.description:.60}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield _Reporter(bar)


class _Reporter:
    """Passes progress on to a bar."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.task = bar.add_task("starting", total=None)

    def __call__(self, done: int, total: int, label: str) -> None:
        self.bar.update(self.task, completed=done, total=total, description=label)


def _print_ledger(ledger: Ledger, console: Console) -> None:
    """Print the claims as a table, and beneath it what was not as expected."""
    table = Table(show_lines=True, expand=False)
    table.add_column("claim", ratio=5)
    table.add_column("outcome", no_wrap=True)
    table.add_column("evidence: + supports, - refutes, o not applicable", ratio=7)
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
        text.append(f"{FINDING_MARKS[e.finding]} {e.strength}", style="bold")
        if e.without:
            text.append(" without the hypothesis", style="italic")
        text.append(f": {e.detail}")
    return text or Text("nothing can show it yet", style="dim")


def _check_writable(option: str, path: Path) -> None:
    """Refuse an output file before the work rather than after it."""
    if path.is_dir() or not path.parent.is_dir():
        got = f"{str(path)!r}, which is a folder." if path.is_dir() else f"{str(path)!r}."
        reject(option, "etcprops verify", "be a file in an existing folder", got)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        reject(option, "etcprops verify", "be a file that may be written", f"{str(path)!r}.")


def _write(path: Path, text: str) -> None:
    """Write the whole file or nothing."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False
    ) as file:
        file.write(text)
    Path(file.name).replace(path)
