"""``etcprops audit``: one model on plain and on encrypted images.

Names of scikit-learn's estimators, and ``--all`` of them, go to `etcprops.cli.atlas`, with its
options.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperCommand

from etcprops._validation import as_choice, reject
from etcprops.cli._progress import progress_bar
from etcprops.cli.atlas import (
    PUBLIC_SECRET,
    Backend,
    Budget,
    Data,
    Html,
    Images,
    Jobs,
    Json,
    Keys,
    ListModels,
    Output,
    Preprocessing,
    Resume,
    Scheduler,
    Secret,
    Seeds,
    Steps,
    TimeLimit,
    print_table_of_estimators,
    run_grid,
    split_steps,
)
from etcprops.cli.common import (
    Fit,
    Outputs,
    current_folder,
    import_object,
    named_as_options,
    parse_fit,
    terminal,
    warn_of_readers,
)

if TYPE_CHECKING:
    from etcprops.auditing.verdict import Verdict
    from etcprops.datasets import ImageSet
    from etcprops.scheme.keys import EtCKey

COMMAND = "etcprops audit"
SHORTER = "The same command starts again; --budget and --images make it shorter."
OF_THE_GRID = (
    "keys", "seeds", "jobs", "backend", "scheduler", "output", "resume", "time_limit",
    "list_models",
)  # fmt: skip
"""Options that are described by ``etcprops atlas --help``."""


class AuditCommand(TyperCommand):
    """Takes the options of the atlas, and leaves them out of its help."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for parameter in self.params:
            if parameter.name in OF_THE_GRID:
                parameter.hidden = True  # type: ignore[attr-defined]  # options have it


def audit(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL]...",
            help="One module:object, an estimator or pipeline of your own, or names of "
            "scikit-learn's estimators, such as SVC.",
        ),
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All of scikit-learn, as etcprops atlas does.")
    ] = False,
    preprocessing: Preprocessing = None,
    steps: Steps = None,
    data: Data = "digits",
    fit: Fit = None,
    images: Images = 600,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Key as JSON, for a single audit of module:object."),
    ] = None,
    secret: Secret = PUBLIC_SECRET,
    cv: Annotated[
        int | None, typer.Option(help="Folds, for module:object.  \\[default: halves]")
    ] = None,
    budget: Budget = 10.0,
    json: Json = None,
    keys: Keys = 3,
    seeds: Seeds = 1,
    jobs: Jobs = 1,
    backend: Backend = "joblib",
    scheduler: Scheduler = None,
    output: Output = None,
    resume: Resume = False,
    time_limit: TimeLimit = 60.0,
    html: Html = None,
    fail_on: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME,...",
            help="Outcomes of an own model with which the exit status is 1.  "
            "\\[default: all but bitwise-identical and identical-decisions]",
        ),
    ] = None,
    list_models: ListModels = False,
) -> None:
    """Fit a model on plain and on encrypted images, compare its answers, and find out why.

    Names and --all take the options of etcprops atlas, too.

    Exit status 1 if an own model is not identical, decisions that agree by luck included, or has
    one answer for all images, or if the theory was wrong without explanation or a cell gave no
    answer.
    """
    if list_models:
        print_table_of_estimators(terminal())
        return
    names = list(models or [])
    _check_choice(names, every=every)
    if not any(":" in name for name in names):
        _refuse({"--key": key, "--cv": cv, "--fail-on": fail_on}, "names and --all")
        run_grid(
            names, "audit", preprocessing=preprocessing, steps=steps, data=data, fit=fit,
            images=images, secret=secret, keys=keys, seeds=seeds, jobs=jobs, backend=backend,
            scheduler=scheduler, output=output, resume=resume, time_limit=time_limit,
            budget=budget, json=json, html=html,
        )  # fmt: skip
        return
    groups = split_steps(steps)
    second = groups[1:] or None
    _refuse({"--output": output, "a second --steps": second}, names[0])
    if resume:
        reject("--resume", COMMAND, "come with --output FILE", "no file.")
    from etcprops.auditing.auditor import InterruptedAuditError
    from etcprops.datasets import load_images

    outputs, failing = Outputs("audit", json, html), _failing(fail_on)
    with named_as_options("audit", path="data"):
        pictures = load_images(data, fit=parse_fit(fit, "audit"))
    try:
        with current_folder(), progress_bar() as progress:
            verdict = _audit_own(
                _import(names[0]), pictures, images, _key(key, pictures, secret, groups[0]),
                preprocessing=preprocessing, cv=cv, budget=budget, progress=progress,
            )  # fmt: skip
    except InterruptedAuditError as stopped:
        if stopped.verdict is not None:
            outputs.console.print(Text(str(stopped.verdict)), soft_wrap=True)
        typer.echo(f"Interrupted, no file is written. {SHORTER}", err=True)
        raise typer.Exit(130) from None
    outputs.console.print(Text(str(verdict)), soft_wrap=True)
    outputs.write(verdict.to_json, verdict.to_html)
    # Nobody who asks for certain outcomes to fail is told of others.
    telling = fail_on is not None or not verdict.degenerate
    raise typer.Exit(0 if telling and verdict.outcome not in failing else 1)


def _failing(outcomes: str | None) -> set[str]:
    """Return the outcomes with which the exit status is 1."""
    from etcprops.auditing.verdict import AuditOutcome

    known = [str(outcome) for outcome in AuditOutcome]
    if outcomes is None:
        return set(known[known.index(AuditOutcome.SAME_DECISIONS_HERE) :])
    return {as_choice(name, known, "--fail-on", COMMAND) for name in outcomes.split(",")}


def _check_choice(names: list[str], *, every: bool) -> None:
    """Refuse names with --all, neither, and more than one if one is a module:object."""
    if every == bool(names):
        got = f"{', '.join(names)} with --all." if every else "neither."
        reject("MODEL", COMMAND, "be given, or --all", got)
    if len(names) > 1 and any(":" in name for name in names):
        reject("MODEL", COMMAND, "be one if it is a module:object", ", ".join(names))


def _refuse(options: dict[str, Any], subject: str) -> None:
    """Refuse options that have no meaning for what is audited."""
    for option, value in options.items():
        if value is not None:
            reject(option, COMMAND, f"be left out with {subject}", f"{value}")


def _audit_own(model: Any, pictures: ImageSet, count: int, key: EtCKey, **options: Any) -> Verdict:
    """Audit the model that a user named, on so many of the images."""
    import numpy as np

    from etcprops.auditing.auditor import audit as audit_one

    chosen = np.arange(len(pictures.images))
    if 0 < count < len(chosen):
        chosen = np.sort(np.random.default_rng(0).permutation(len(chosen))[:count])
    with named_as_options("audit", labels="data", estimator="MODEL"):
        return audit_one(model, pictures.images[chosen], pictures.labels[chosen], key, **options)


def _key(path: Path | None, pictures: ImageSet, secret: str, steps: list[str]) -> EtCKey:
    """Return the key of a file, or one derived from the secret."""
    from etcprops.scheme.keys import ALL, EtCKey

    if path is None:
        return EtCKey.from_secret(pictures.geometry, secret, steps=steps or ALL)
    with named_as_options("audit", path="key"):
        key = EtCKey.load(path)
    warn_of_readers(path)
    return key


def _import(name: str) -> Any:
    """Return the object ``module:object``; functions are called without arguments."""
    found = import_object(name, "MODEL", COMMAND)
    if not callable(found) or hasattr(found, "fit"):
        return found
    try:
        return found()
    except Exception as error:  # noqa: BLE001  # a user's function may raise anything
        wanted = "be an estimator, or a function that returns one when called without arguments"
        reject("MODEL", COMMAND, wanted, f"{name!r}: {type(error).__name__}: {error}")
