"""``etcprops check``: a certificate of a signed permutation, by the standard library alone."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text


def check(
    certificate: Annotated[
        str,
        typer.Argument(
            metavar="CERT",
            help="File with what SignedPermutation.to_certificate or etcprops probe --certificate "
            "gave, as JSON.",
        ),
    ],
) -> None:
    """Check a certificate: is each pixel shown exactly once, with sign -1 or +1.

    The checker is etcprops/probing/checker.py, one file that needs nothing but Python. Exit status
    0 if the map is orthogonal, 1 if not, 2 if the file holds no certificate.
    """
    from etcprops.probing import checker

    status, text = checker.check(certificate)
    style = {0: "green", 1: "bold yellow"}.get(status, "red")
    Console(stderr=status == 2).print(Text(text, style=style), soft_wrap=True)
    raise typer.Exit(status)
