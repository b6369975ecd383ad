"""``etcprops verify``: the ledger, as a table, as JSON and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from etcprops._validation import reject
from etcprops.cli._progress import progress_bar
from etcprops.cli.common import Fit, Outputs, named_as_options, parse_fit, parse_geometry
from etcprops.datasets.files import FORMS

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.claims.model import Ledger


def verify(
    *,
    geometry: Annotated[
        str | None,
        typer.Option(
            metavar="HxW[x3][/B]",
            help="Image and block size for the checks at full size.  \\[default: 192x160x3/8]",
        ),
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            help="Derive the key from this: a word for tests, since others see it in the list of "
            "processes.  \\[default: a public one, so that runs repeat]"
        ),
    ] = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="Test only these claims.  \\[default: all]"),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help=f"Your own images, for the end-to-end checks: {FORMS}. The latter takes some two "
            "minutes more.",
        ),
    ] = None,
    fit: Fit = None,
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
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Evidence that is skipped or left open is a failure, too."),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", help="Print all evidence of each claim, as with --claims."),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print the summary alone.")] = False,
    list_claims: Annotated[
        bool, typer.Option("--list", help="List the claims and exit; nothing is tested.")
    ] = False,
) -> None:
    """Test every claim of the ledger, here and now, and print a line for each.

    Exit status 1 if a claim does not come out as expected, or with --strict if evidence is
    skipped or left open.
    """
    from etcprops import claims as ledger_of
    from etcprops.claims.runner import InterruptedRunError
    from etcprops.datasets import load_images
    from etcprops.theory import smt

    outputs = Outputs("verify", json, html)
    if verbose and quiet:
        reject("--quiet", "etcprops verify", "come without --verbose", "both.")
    if deep and not smt.available():
        reject("--deep", "etcprops verify", "come with z3: pip install 'etcprops[smt]'", "no z3.")
    if list_claims:
        for claim in ledger_of.CLAIMS:
            text = Text.assemble((f"{claim.name}\n", "bold"), f"    {claim.statement}")
            outputs.console.print(text)
        return
    chosen = None if claims is None else [name for each in claims for name in each.split(",")]
    size = None if geometry is None else parse_geometry(geometry, "verify")
    with named_as_options("verify", path="data"):
        images = None if data is None else load_images(data, fit=parse_fit(fit, "verify"))
    try:
        with named_as_options("verify"), progress_bar() as progress:
            ledger = ledger_of.verify(
                size,
                claims=chosen,
                secret=secret,
                data=images,
                deep=deep,
                fresh=fresh,
                progress=progress,
            )
    except InterruptedRunError as stopped:
        _print(stopped.ledger, outputs.console, verbose=False, quiet=quiet)
        rest = f"etcprops verify --claims {','.join(stopped.left)}"
        typer.echo(f"Interrupted, no file is written. The rest: {rest}", err=True)
        raise typer.Exit(130) from None
    _print(ledger, outputs.console, verbose=verbose or chosen is not None, quiet=quiet)
    outputs.write(ledger.to_json, ledger.to_html)
    if not ledger.ok or (strict and ledger.undecided):
        raise typer.Exit(1)


def _print(ledger: Ledger, console: Console, *, verbose: bool, quiet: bool) -> None:
    """Print as much as was asked for."""
    from etcprops.cli.ledger import print_cells, print_lines, print_summary

    show = print_summary if quiet else print_cells if verbose else print_lines
    show(ledger, console)
