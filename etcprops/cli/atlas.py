"""``etcprops atlas``: all of scikit-learn on encrypted images, against what theory says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from etcprops._validation import reject
from etcprops.cli._progress import progress_bar
from etcprops.cli.common import Fit, Outputs, named_as_options, parse_fit, terminal
from etcprops.datasets.files import FORMS

if TYPE_CHECKING:
    from etcprops.auditing.atlas.grid import Atlas
    from etcprops.auditing.atlas.lines import Line

OUTCOME_STYLES = {
    "bitwise-identical": "bold green",
    "identical-decisions": "green",
    "same-decisions-here": "yellow",
    "equal-in-distribution": "cyan",
    "different": "bold yellow",
    "not-applicable": "dim",
}
WIDE = 120
"""Columns from which on causes have one of their own."""

# Options that `etcprops audit` has as well.
Preprocessing = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help='none, z-score, mid-grey, standard-scaler, "per-image z-score", min-max.  '
        "\\[default: z-score; none for module:object, which may have its own]",
    ),
]
Steps = Annotated[
    list[str] | None,
    typer.Option(
        metavar="STEP+...",
        help="Steps of the key, of permutation, transforms, negatives, components, or K1 to K4; "
        "may be given several times.  \\[default: all]",
    ),
]
Data = Annotated[
    str,
    typer.Option(
        metavar="digits|PATH",
        help=f"Images: digits; {FORMS}.",
    ),
]
Images = Annotated[int, typer.Option(help="How many images to use, at random; 0 for all.")]
Secret = Annotated[
    str,
    typer.Option(
        help="Keys are derived from this: a word for tests, since others see it in the list of "
        "processes."
    ),
]
Budget = Annotated[
    float, typer.Option(help="Seconds for each search: cause, witness, distribution.")
]
Json = Annotated[str | None, typer.Option(metavar="FILE|-", help="Write everything as JSON.")]

# Options of the grid, which `etcprops audit` takes without naming them in its help.
Keys = Annotated[int, typer.Option(help="How many keys.")]
Seeds = Annotated[int, typer.Option(help="How many seeds.")]
Jobs = Annotated[int, typer.Option(help="Processes at a time; -1 for one a core.")]
Backend = Annotated[str, typer.Option(metavar="joblib|dask", help="Where to run.")]
Scheduler = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of the dask scheduler.")]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write rows as they come, one JSON line each."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with --output where it was cut off.")]
TimeLimit = Annotated[float, typer.Option(help="Seconds for one cell of the grid.")]
Html = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the atlas as one HTML page.")
]
ListModels = Annotated[
    bool, typer.Option("--list", help="List estimators with their invariance, and exit.")
]

PUBLIC_SECRET = "etcprops audit"  # noqa: S105  # public, so that runs repeat


def atlas(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Names of scikit-learn's estimators, such as SVC.  \\[default: all]",
        ),
    ] = None,
    *,
    preprocessing: Preprocessing = None,
    steps: Steps = None,
    data: Data = "digits",
    fit: Fit = None,
    images: Images = 600,
    secret: Secret = PUBLIC_SECRET,
    keys: Keys = 3,
    seeds: Seeds = 1,
    jobs: Jobs = 1,
    backend: Backend = "joblib",
    scheduler: Scheduler = None,
    output: Output = None,
    resume: Resume = False,
    time_limit: TimeLimit = 60.0,
    budget: Budget = 10.0,
    json: Json = None,
    html: Html = None,
    list_models: ListModels = False,
) -> None:
    """Audit many of scikit-learn's estimators, and compare what comes out with theory.

    A grid of estimators, preprocessings, steps, keys and seeds; all of scikit-learn takes some
    minutes.

    Exit status 1 if the theory was wrong without explanation, or a cell gave no answer.
    """
    if list_models:
        print_table_of_estimators(terminal())
        return
    run_grid(
        names, "atlas", preprocessing=preprocessing, steps=steps, data=data, fit=fit,
        images=images, secret=secret, keys=keys, seeds=seeds, jobs=jobs, backend=backend,
        scheduler=scheduler, output=output, resume=resume, time_limit=time_limit, budget=budget,
        json=json, html=html,
    )  # fmt: skip


def run_grid(
    names: list[str] | None,
    command: str,
    *,
    preprocessing: str | None,
    steps: list[str] | None,
    fit: str | None,
    output: Path | None,
    resume: bool,
    json: str | None,
    html: Path | None,
    **options: Any,
) -> None:
    """Run the grid for whichever command was asked for it, print it, and exit as it came out."""
    from etcprops.auditing.atlas.grid import InterruptedAtlasError
    from etcprops.auditing.atlas.grid import atlas as run

    outputs = Outputs(command, json, html, {"--output": output})
    if resume and output is None:
        reject("--resume", f"etcprops {command}", "come with --output FILE", "no file.")
    names_of = {"estimators": "NAME" if command == "atlas" else "MODEL"}
    try:
        with named_as_options(command, **names_of), progress_bar() as progress:
            found = run(
                names or None,
                preprocessings=(preprocessing or "z-score").split(","),
                steps=split_steps(steps),
                fit=parse_fit(fit, command),
                output=output,
                resume=resume,
                progress=progress,
                **options,
            )
    except InterruptedAtlasError as stopped:
        print_atlas(stopped.atlas, outputs.console)
        how = "--resume goes on" if output else "--output FILE could have gone on with --resume"
        typer.echo(f"Interrupted, no page is written. The same command with {how}.", err=True)
        raise typer.Exit(130) from None
    print_atlas(found, outputs.console)
    outputs.write(found.to_json, found.to_html)
    if not found.ok:
        raise typer.Exit(1)


def split_steps(groups: list[str] | None) -> list[list[str]]:
    """Return the steps of each group; an empty one stands for all."""
    return [[step for step in group.split("+") if step] for group in groups or [""]]


def print_table_of_estimators(console: Console) -> None:
    """Print the table of estimators."""
    from etcprops.auditing.estimators import TABLE

    for entry in sorted(TABLE.values(), key=lambda e: e.name.lower()):
        what = "cannot be tried" if entry.absent else str(entry.invariance)
        console.print(Text.assemble((entry.name, "bold"), f" ({what}): {entry.because}"))


def print_atlas(found: Atlas, console: Console) -> None:
    """Print the lines, those of one preprocessing and steps together, and what was not foreseen."""
    lines = found.lines
    groups: dict[str, list[Line]] = {}
    for line in lines:
        title = f"after {line.preprocessing}, {'+'.join(line.steps) or 'all steps'}"
        groups.setdefault(title, []).append(line)
    for title, members in groups.items():
        console.print(Text(f"{title}:", "bold"))
        show = _print_table if console.width >= WIDE else _print_list
        show(members, console)
    for line in found.mismatches:
        explained = line.main.explanation or "NOT EXPLAINED"
        where = f"{line.preprocessing}, {'+'.join(line.steps) or 'all steps'}"
        text = f"{line.estimator} after {where}: {line.against}: {explained}"
        console.print(Text(text, style="" if line.main.explanation else "red"))
    counts = {o: sum(line.outcome == o for line in lines) for o in OUTCOME_STYLES}
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    confirmed, wrong = sum(line.confirmed for line in lines), len(found.mismatches)
    silent = len(lines) - confirmed - wrong - len(found.unfinished)
    console.print(
        f"{len(lines)} line{'' if len(lines) == 1 else 's'}: {summary}. "
        f"{confirmed} as theory predicts, {silent} not contradicted, {wrong} against it, "
        f"{len(found.unexplained)} of them unexplained; {len(found.unfinished)} without an "
        f"answer. {found.about['seconds']} s.",
        highlight=False,
    )


def _print_table(lines: list[Line], console: Console) -> None:
    """Print lines with their causes beside them."""
    table = Table(expand=False)
    for name in ("estimator", "measured", "theory"):
        table.add_column(name, no_wrap=True)
    table.add_column("cause and remedy")
    for line in lines:
        outcome = Text(line.outcome, OUTCOME_STYLES[line.outcome])
        table.add_row(line.estimator, outcome, _theory(line), _say(line))
    console.print(table)


def _print_list(lines: list[Line], console: Console) -> None:
    """Print lines with their causes beneath them, where columns would be too narrow."""
    longest = max(len(line.estimator) for line in lines)
    for line in lines:
        outcome = Text(f"{line.outcome:<21}", OUTCOME_STYLES[line.outcome])
        name = Text(f"{line.estimator:<{longest}}", "bold")
        console.print(Text("  ").join([name, outcome, _theory(line)]))
        if told := _say(line):
            console.print(Padding(Text(told), (0, 0, 0, 4)))


def _theory(line: Line) -> Text:
    if line.agrees is None:
        return Text(line.status, style="red")
    wrong = "yellow" if line.main.explanation else "red"
    return Text(line.verdict, style="dim" if line.agrees else wrong)


def _say(line: Line) -> str:
    """Return cause and remedy, or the reason why there is no answer."""
    row = line.main
    if line.outcome == "not-applicable":
        return "; ".join(c for r in line.rows[:1] for c in r.conditions)
    cause = f"{row.cause}." if row.cause else ""
    told = row.remedy is None or row.remedy.change in cause
    return cause if told else f"{cause} Remedy: {line.remedy}."
