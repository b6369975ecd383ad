"""``etcprops fingerprint``: whether all decisions are the same here as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from etcprops._validation import reject
from etcprops.cli._progress import progress_bar, told_if_interrupted
from etcprops.cli.common import Outputs

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.reproducibility import Fingerprint


def fingerprint(
    *,
    machines: Annotated[
        bool,
        typer.Option(
            "--machines",
            help="Take it on every kind of machine that this one can stand in for, too: other BLAS "
            "kernels, SIMD levels, C library functions, numbers of threads.",
        ),
    ] = False,
    threads: Annotated[
        int, typer.Option(min=1, help="How many threads BLAS may use; it must not show.")
    ] = 1,
    json: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-", help="Write this machine's as JSON to a file, or to stdout."
        ),
    ] = None,
) -> None:
    """Hash all z-scores, kernels, components, decision values and labels, and compare them.

    A fixed set of exact pipelines on scikit-learn's digits, plain and under three keys. What SVMs
    say is compared on x86-64 alone: elsewhere libsvm may fuse multiplications and additions. Exit
    status 0 if every bit is the one that the package ships, 1 if not.
    """
    from etcprops import reproducibility

    outputs = Outputs("fingerprint", json)
    shipped = reproducibility.shipped_fingerprint()
    taken: dict[str, Fingerprint] = {}
    kinds = reproducibility.machines()[1:] if machines else ()

    def so_far() -> str:
        if not taken:
            return " before anything was hashed. The same command starts again."
        _print_table(taken, shipped, outputs.console)
        done = f"after {len(taken)} of {1 + len(kinds)} machines"
        return f" {done}, no file is written. The same command starts again."

    with told_if_interrupted(so_far):
        with progress_bar() as progress:
            taken["this machine"] = reproducibility.fingerprint(threads=threads, progress=progress)
        if machines:
            try:
                with progress_bar() as progress:
                    reproducibility.fingerprints_of(kinds, progress, taken=taken)
            except RuntimeError as error:  # of a process that was killed, for memory say
                wanted = "come where each of them can be run"
                reject("--machines", "etcprops fingerprint", wanted, f"{error}.")
    _print_table(taken, shipped, outputs.console)
    outputs.write(taken["this machine"].to_json)
    if any(there.differences(shipped) for there in taken.values()):
        raise typer.Exit(1)


def _print_table(taken: dict[str, Fingerprint], shipped: Fingerprint, console: Console) -> None:
    """Print each machine's fingerprint, and which parts are not those shipped."""
    table = Table(expand=False)
    table.add_column("machine")
    table.add_column("fingerprint", no_wrap=True)
    table.add_column("against the one shipped")
    for name, there in taken.items():
        different = there.differences(shipped)
        told = Text("the same", style="green")
        if there.fuses:
            told.append(" but for what SVMs say: libsvm may fuse operations here", style="")
        if different:
            verb = "part differs" if len(different) == 1 else "parts differ"
            told = Text(f"{len(different)} {verb}: {', '.join(different)}", style="bold red")
        table.add_row(name, there.digest[:16], told)
    console.print(table)
    here = taken["this machine"]
    console.print(Text(f"SHA-256 {here.digest}, of {len(here.parts)} arrays"), soft_wrap=True)
    console.print(Text(", ".join(f"{key} {value}" for key, value in here.about.items())))
