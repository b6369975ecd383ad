"""The study's command: its options, and what it prints and writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from grid import search_choices
from ranking import (
    Candidate,
    nearest_to_both_columns,
    pairs,
    ranking_csv,
    reach,
    reach_csv,
)
from rich.console import Console
from rich.table import Table

from etcprops._files import write_whole
from etcprops.cli.reproduce import (
    DataOption,
    FirstColumnOption,
    JobsOption,
    SeedOption,
    SplitsOption,
    WithoutBadOption,
    check_folder,
    interruptible,
    load_faces,
)
from etcprops.experiments.choices import SVM, Choices

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def study(
    *,
    data: DataOption = None,
    splits: SplitsOption = 1,
    jobs: JobsOption = 2,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where tables and finished parts go.")
    ] = Path("open-choices"),
    seed: SeedOption = 0,
    without_bad: WithoutBadOption = False,
    first_column: FirstColumnOption = 4,
) -> None:
    """Rank reductions, normalizations, score rules and SVMs by their distance to the paper."""
    check_folder(out, "python notebooks/open_choices")
    images = load_faces(data, include_bad=not without_bad, first_column=first_column)
    folder = out / "search"
    with interruptible(folder, "search") as progress:
        candidates = search_choices(
            images, Choices(seed=seed), splits=splits, jobs=jobs, folder=folder, progress=progress
        )
    cells = reach(candidates)
    write_whole(out / "search.csv", ranking_csv(candidates))
    write_whole(out / "search-cells.csv", reach_csv(cells))
    console = Console()
    table = _table("both 'not encrypted' columns (distance: of logarithms)", "distances")
    for linear, rbf in pairs(candidates)[:10]:
        table.add_row(*_names(linear, rbf), f"{linear.distance:.3f}, {rbf.distance:.3f}")
    console.print(table)
    table = _table("all 16 values", "impostors", "distance")
    for impostors, linear, rbf, distance in nearest_to_both_columns(candidates)[:10]:
        table.add_row(*_names(linear, rbf), impostors, f"{distance:.2f}")
    console.print(table)
    for cell in cells:
        console.print(
            f"{cell.kernel} {cell.column} 1/{cell.ratio}: paper {cell.paper:.6g}, "
            f"nearest {cell.nearest:.6g}",
            highlight=False,
        )
    console.print(
        f"{len(candidates)} candidates in {out / 'search.csv'}, fitted on seed {seed}, "
        f"{splits} split{'s' * (splits > 1)}: confirm what you choose on another seed.",
        highlight=False,
    )


def _table(to: str, *last: str) -> Table:
    """Return an empty table of pairs."""
    table = Table(title=f"Nearest to {to}", title_justify="left")
    for name in ("choices", "linear", "rbf", *last):
        table.add_column(name)
    return table


def _names(linear: Candidate, rbf: Candidate) -> tuple[str, str, str]:
    """Return what a pair shares, and the parameters of each."""
    return ", ".join(linear.setting), _short(linear.svm), _short(rbf.svm)


def _short(svm: SVM) -> str:
    """Return an SVM's parameters in a few characters."""
    divided = "/n" if svm.gamma_rule == "per-feature" else ""
    width = f", gamma {svm.gamma:g}{divided}" if svm.kernel == "rbf" else ""
    return f"C {svm.C:g}{width}"
