"""``etcprops audit``: one model, or all of scikit-learn, on plain and on encrypted images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from etcprops._files import write_whole
from etcprops._validation import InvalidParameterError, reject
from etcprops.cli.common import check_writable, current_folder, import_object, progress_bar

if TYPE_CHECKING:
    from etcprops.auditing.atlas.grid import Atlas
    from etcprops.auditing.atlas.lines import Line
    from etcprops.auditing.verdict import Verdict
    from etcprops.datasets import ImageSet
    from etcprops.scheme.keys import EtCKey

OUTCOME_STYLES = {
    "bitwise-identical": "bold green",
    "identical-decisions": "green",
    "equal-in-distribution": "cyan",
    "different": "bold yellow",
    "not-applicable": "dim",
}
COMMAND = "etcprops audit"
WIDE = 120
"""Columns from which on causes have one of their own."""


def audit(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="Names of scikit-learn's estimators, such as SVC, or one module:object, an "
            "estimator or pipeline of your own.",
        ),
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All of scikit-learn: the atlas. Takes some minutes.")
    ] = False,
    preprocessing: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help='none, z-score, mid-grey, standard-scaler, "per-image z-score", min-max.  '
            "[default: z-score; none for module:object, which may have its own]",
        ),
    ] = None,
    steps: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP+...",
            help="Steps of the key, of permutation, transforms, negatives, components; may be "
            "given several times.  [default: all]",
        ),
    ] = None,
    data: Annotated[
        str,
        typer.Option(
            metavar="digits|FILE",
            help="Images: digits, a file .npz with images and labels, or the Extended Yale Face "
            "Database B, cropped: zip or folder.",
        ),
    ] = "digits",
    images: Annotated[
        int, typer.Option(help="How many images to use, at random; 0 for all.")
    ] = 600,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Key as JSON, for a single audit of module:object."),
    ] = None,
    secret: Annotated[
        str, typer.Option(help="Keys are derived from this; public, so that runs repeat.")
    ] = "etcprops audit",  # noqa: S107
    keys: Annotated[int, typer.Option(help="How many keys.")] = 3,
    seeds: Annotated[int, typer.Option(help="How many seeds.")] = 1,
    cv: Annotated[
        int | None, typer.Option(help="Folds, for module:object.  [default: halves]")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes at a time; -1 for one a core.")] = 1,
    backend: Annotated[str, typer.Option(metavar="joblib|dask", help="Where to run.")] = "joblib",
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of the dask scheduler.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write rows as they come, one JSON line each."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with --output where it was cut off.")
    ] = False,
    time_limit: Annotated[float, typer.Option(help="Seconds for one cell of the grid.")] = 60.0,
    budget: Annotated[
        float, typer.Option(help="Seconds for each search: cause, witness, law.")
    ] = 10.0,
    json: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Write everything as JSON.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the atlas as one HTML page.")
    ] = None,
    list_models: Annotated[
        bool, typer.Option("--list", help="List estimators with their invariance, and exit.")
    ] = False,
) -> None:
    """Fit models on plain and on encrypted images, compare their answers, and find out why.

    Exit status 1 if an own model is not identical, or if the theory was wrong without explanation
    or a cell gave no answer.
    """
    console = Console(stderr=json == "-")
    if list_models:
        _list(console)
        return
    names = list(models or [])
    own = [name for name in names if ":" in name]
    groups = [[s for s in group.split("+") if s] for group in steps or [""]]
    _check_choice(names, every=every)
    _check_files(json, html, output, resume=resume)
    if own:
        _refuse(
            {"--html": html, "--output": output, "a second --steps": groups[1:] or None}, own[0]
        )
        with current_folder():
            verdict = _audit_own(
                _import(own[0]), data, images, key, preprocessing=preprocessing, cv=cv,
                budget=budget, secret=secret, steps=groups[0],
            )  # fmt: skip
        console.print(Text(str(verdict)), soft_wrap=True)
        _write(json, verdict.to_json())
        raise typer.Exit(0 if verdict.identical else 1)
    _refuse({"--key": key, "--cv": cv}, "names and --all")
    from etcprops.auditing.atlas.grid import atlas

    with progress_bar() as progress:
        found = atlas(
            None if every else names,
            preprocessings=(preprocessing or "z-score").split(","),
            steps=groups,
            keys=keys,
            seeds=seeds,
            secret=secret,
            data=data,
            images=images,
            jobs=jobs,
            backend=backend,  # type: ignore[arg-type]  # atlas refuses other words
            scheduler=scheduler,
            output=output,
            resume=resume,
            time_limit=time_limit,
            budget=budget,
            progress=progress,
        )
    print_atlas(found, console)
    _write(json, found.to_json())
    if html is not None:
        write_whole(html, found.to_html())
    if not found.ok:
        raise typer.Exit(1)


def _check_choice(names: list[str], *, every: bool) -> None:
    """Refuse names with --all, neither, and more than one if one is a module:object."""
    if every == bool(names):
        got = f"{', '.join(names)} with --all." if every else "neither."
        reject("MODEL", COMMAND, "be given, or --all", got)
    if len(names) > 1 and any(":" in name for name in names):
        reject("MODEL", COMMAND, "be one if it is a module:object", ", ".join(names))


def _check_files(json: str | None, html: Path | None, output: Path | None, *, resume: bool) -> None:
    """Refuse files that cannot be written before the work, not after it."""
    as_path = None if json in {None, "-"} else Path(str(json))
    for option, path in (("--json", as_path), ("--html", html), ("--output", output)):
        if path is not None:
            check_writable(option, path, "audit")
    if resume and output is None:
        reject("--resume", COMMAND, "come with --output FILE", "no file.")


def _refuse(options: dict[str, Any], subject: str) -> None:
    """Refuse options that have no meaning for what is audited."""
    for option, value in options.items():
        if value is not None:
            reject(option, COMMAND, f"be left out with {subject}", f"{value}")


def _write(json: str | None, text: str) -> None:
    if json == "-":
        typer.echo(text)
    elif json is not None:
        write_whole(Path(json), text)


def _list(console: Console) -> None:
    """Print the table of estimators."""
    from etcprops.auditing.estimators import TABLE

    for entry in sorted(TABLE.values(), key=lambda e: e.name.lower()):
        what = "cannot be tried" if entry.absent else str(entry.invariance)
        console.print(Text.assemble((entry.name, "bold"), f" ({what}): {entry.because}"))


def _audit_own(
    model: Any, data: str, count: int, key: Path | None, *, secret: str, steps: list[str],
    **options: Any,
) -> Verdict:  # fmt: skip
    """Audit the model that a user named."""
    import numpy as np

    from etcprops.auditing.auditor import audit as audit_one
    from etcprops.datasets import load_images

    pictures: ImageSet = load_images(data)
    chosen = np.arange(len(pictures.images))
    if 0 < count < len(chosen):
        chosen = np.sort(np.random.default_rng(0).permutation(len(chosen))[:count])
    key_of_images = _key(key, pictures, secret, steps)
    images, labels = pictures.images[chosen], pictures.labels[chosen]
    return audit_one(model, images, labels, key_of_images, **options)


def _key(path: Path | None, pictures: ImageSet, secret: str, steps: list[str]) -> EtCKey:
    """Return the key of a file, or one derived from the secret."""
    from etcprops.scheme.keys import ALL, EtCKey

    if path is None:
        return EtCKey.from_secret(pictures.geometry, secret, steps=steps or ALL)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reject("--key", COMMAND, "be a file with a key as JSON", f"{str(path)!r}: {error}")
    return EtCKey.from_json(text)


def _import(name: str) -> Any:
    """Return the object ``module:object``; functions without parameters are called."""
    try:
        found = import_object(name, "MODEL", COMMAND)
        if callable(found) and not hasattr(found, "fit"):
            found = found()
    except InvalidParameterError:
        raise
    except Exception as error:  # noqa: BLE001  # a user's function may raise anything
        wanted = "be module:object, something that can be imported"
        reject("MODEL", COMMAND, wanted, f"{name!r}: {type(error).__name__}: {error}")
    return found


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
        place = f"{line.preprocessing}, {'+'.join(line.steps) or 'all steps'}"
        text = f"{line.estimator} after {place}: {line.against}: {explained}"
        console.print(Text(text, style="" if line.main.explanation else "red"))
    counts = {o: sum(line.outcome == o for line in lines) for o in OUTCOME_STYLES}
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    confirmed, wrong = sum(line.confirmed for line in lines), len(found.mismatches)
    silent = len(lines) - confirmed - wrong - len(found.unfinished)
    console.print(
        f"{len(lines)} lines: {summary}. "
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
    table.add_column("cause and mend")
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
    """Return cause and mend, or the reason why there is no answer."""
    row = line.main
    if line.outcome == "not-applicable":
        return "; ".join(c for r in line.rows[:1] for c in r.conditions)
    cause = f"{row.cause}." if row.cause else ""
    told = row.mend is None or row.mend.change in cause
    return cause if told else f"{cause} Mend: {line.mend}."
