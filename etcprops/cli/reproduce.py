"""``etcprops reproduce``: the paper's experiment, as tables, figures and a page."""

from __future__ import annotations

import os
import time
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from etcprops._files import locked
from etcprops._validation import printable, reject
from etcprops.cli._progress import progress_bar, told_if_interrupted
from etcprops.cli.common import Fit, named_as_options, parse_fit, terminal
from etcprops.datasets.files import FORMS
from etcprops.experiments.choices import SVM, Choices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etcprops.datasets import ImageSet
    from etcprops.experiments.page import Reproduction
    from etcprops.scheme.geometry import BlockGeometry

DEFAULT = Choices()

DataOption = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help=f"Images of people, each person a class: {FORMS}.  "
        "\\[default: synthetic faces, no download]",
    ),
]
SplitsOption = Annotated[int, typer.Option(min=1, help="Random divisions into halves.")]
JobsOption = Annotated[int, typer.Option(min=1, help="Processes.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of splits, keys and reductions.")]
WithoutBadOption = Annotated[
    bool, typer.Option("--without-bad", help="Leave out the 18 images marked as corrupt.")
]
FirstColumnOption = Annotated[
    int, typer.Option(min=0, max=8, help="Where the 160 of 168 columns begin.")
]


class _Normalization(StrEnum):
    POOLED = "pooled"
    PER_CLIENT = "per-client"
    MID_GREY = "mid-grey"


class _Score(StrEnum):
    POOLED = "pooled"
    PER_PERSON = "per-person"
    DISTANCE = "distance"


def reproduce(
    *,
    context: typer.Context,
    data: DataOption = None,
    fit: Fit = None,
    splits: SplitsOption = 1,
    jobs: JobsOption = 2,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where report, figures and numbers go.")
    ] = Path("reproduction"),
    seed: SeedOption = 0,
    reduction: Annotated[
        str, typer.Option(help="sparse-projection, mean-pooling, random-pixels, exact, ...")
    ] = DEFAULT.reduction,
    linear_c: Annotated[float, typer.Option(help="C of the linear kernel.")] = DEFAULT.linear.C,
    rbf_c: Annotated[float, typer.Option(help="C of the RBF kernel.")] = DEFAULT.rbf.C,
    gamma: Annotated[
        float | None,
        typer.Option(
            help=f"gamma of the RBF kernel. Without it {DEFAULT.rbf.gamma:g}, or 1 per feature."
        ),
    ] = None,
    gamma_per_feature: Annotated[
        bool, typer.Option(help="Divide gamma by the number of reduced features.")
    ] = False,
    normalization: Annotated[
        _Normalization, typer.Option(help="Whose statistics the z-score takes.")
    ] = _Normalization.POOLED,
    score: Annotated[
        _Score, typer.Option(help="One threshold, one a person, or distances.")
    ] = _Score.POOLED,
    without_bad: WithoutBadOption = False,
    first_column: FirstColumnOption = 4,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run again what is in the folder already.")
    ] = False,
) -> None:
    """Run the experiment of the paper's section 4; interrupted, it goes on where it was."""
    from etcprops.experiments.page import Reproduction
    from etcprops.experiments.reproduction import run
    from etcprops.experiments.uploads import run_attacks

    check_folder(out, "etcprops reproduce")
    start = time.perf_counter()
    rule = "per-feature" if gamma_per_feature else "fixed"
    width = gamma if gamma is not None else (1.0 if gamma_per_feature else DEFAULT.rbf.gamma)
    with named_as_options("reproduce", C="linear-c"):
        linear = SVM("linear", C=linear_c)
    with named_as_options("reproduce", C="rbf-c"):
        rbf = SVM("rbf", C=rbf_c, gamma=width, gamma_rule=rule)  # type: ignore[arg-type]
    with named_as_options("reproduce"):
        choices = Choices(
            reduction=reduction,
            linear=linear,
            rbf=rbf,
            normalization=normalization.value,
            score=score.value,
            seed=seed,
        )
    with named_as_options("reproduce", path="data"):
        images = load_faces(
            data,
            include_bad=not without_bad,
            first_column=first_column,
            fit=parse_fit(fit, "reproduce"),
        )
    of_yale = _choices_of_yale(images, first_column=first_column, without_bad=without_bad)
    context.with_resource(_alone_in(out))
    exact = replace(choices, reduction="exact", conditions=("plain", "common"))
    folder = out / "parts"
    run_all = partial(run, images, splits=splits, jobs=jobs, folder=folder, fresh=fresh)
    runs = []
    for label, chosen in (("all conditions", choices), ("exact reductions", exact)):
        with named_as_options("reproduce"), interruptible(folder, label) as progress:
            runs.append(run_all(chosen, progress=progress))
    with interruptible(folder, "attacks on uploads") as progress:
        uploads = run_attacks(
            images, choices, jobs=jobs, folder=folder, fresh=fresh, progress=progress
        )
    about = {
        "data": images.name,
        "synthetic": data is None,
        **of_yale,
        "images": len(images.images),
        "people": len(set(images.labels.tolist())),
        "splits": splits,
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 1),
    }
    result = Reproduction(about, choices, runs[0], runs[1], uploads)
    console = terminal()
    _print(result, console)
    try:
        page, *rest = result.write(out)
    except OSError as error:
        got = f"{str(out)!r}: {error.strerror or error}. Parts are kept: the same command goes on."
        reject("--out", "etcprops reproduce", "be a folder that can be written", got)
    console.print(f"{page} and {len(rest)} files beside it. {about['seconds']} s.", highlight=False)
    if not result.ok:
        console.print("An exact reduction gave other scores on encrypted images.", style="red")
        raise typer.Exit(1)


def check_folder(out: Path, command: str) -> None:
    """Refuse a folder that cannot be written before the work rather than after it."""
    nearest = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        reject("--out", command, "be a folder that may be written", f"{str(out)!r}.")


@contextmanager
def _alone_in(out: Path) -> Iterator[None]:
    """Make a folder and hold it for this run: two would do everything twice."""
    wanted = "be a folder of its own for each run"
    try:
        out.mkdir(parents=True, exist_ok=True)
        with locked(out):
            yield
    except BlockingIOError:
        got = f"{str(out)!r}, to which another run is writing."
        reject("--out", "etcprops reproduce", wanted, got)


def load_faces(
    data: Path | None,
    *,
    include_bad: bool,
    first_column: int,
    fit: BlockGeometry | None = None,
) -> ImageSet:
    """Return the user's images, or the synthetic ones."""
    from etcprops.datasets import load_images, user_cache
    from etcprops.datasets.synthetic_faces import make_synthetic_faces

    if data is None:
        return make_synthetic_faces()
    return load_images(
        data, fit=fit, include_bad=include_bad, first_column=first_column, cache=user_cache()
    )


@contextmanager
def interruptible(folder: Path, label: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show a bar; interrupted, say what is kept where."""
    finished = [0, 0]

    def kept() -> str:
        place = printable(str(folder))
        return f"{finished[0]} of {finished[1]} parts ({label}) are kept in {place}"

    try:
        told = told_if_interrupted(lambda: f". {kept()}: the same command goes on.")
        with told, progress_bar() as bar:

            def progress(done: int, total: int, last: str) -> None:
                finished[:] = done, total
                bar(done, total, f"{label}: {last}")

            yield progress
    except BrokenExecutor:
        got = f"some of which one was killed: is there too little memory? {kept()}."
        reject("--jobs", "etcprops reproduce", "be fewer (the same command goes on)", got)
    except OSError as error:
        got = f"{str(folder.parent)!r}: {error.strerror or error}. {kept()}."
        reject("--out", "etcprops reproduce", "be a folder that can be written", got)


def _print(result: Reproduction, console: Console) -> None:
    """Print tables 1 and 2 beside the paper's; what is not of its images says of which it is."""
    from etcprops.experiments.tables import cells, n_identical
    from etcprops.experiments.uploads import summarise

    of = _of(result)
    found = {(c.kernel, c.condition, c.ratio): c for c in cells(result.parts)}
    for number, kernel in enumerate(("linear", "rbf"), start=1):
        title = f"Table {number}: EER, {kernel} kernel"
        table = Table(title=title, title_justify="left", pad_edge=False)  # 80 columns wide
        table.add_column("ratio", justify="right")
        for condition in ("plain", "own key", "stolen", "wrong"):
            if condition in {"plain", "own key"}:
                table.add_column(f"{condition}, paper", justify="right")
            table.add_column(f"{condition}{of}", justify="right", min_width=len(of[2:14]))
        for ratio in sorted({ratio for _, _, ratio in found}):
            row = [f"1/{ratio}"]
            for condition in ("plain", "own", "stolen", "wrong"):
                cell = found[kernel, condition, ratio]
                if condition in {"plain", "own"}:
                    row.append("-" if cell.paper is None else f"{cell.paper:.6g}")
                row.append(f"{cell.mean:.4f}")
            table.add_row(*row)
        console.print(table)
    _print_cases(result, console, of)
    same, models = n_identical(result.exact, "scores")
    text = f"Key condition 1, exact reductions{of}: scores equal bit for bit in {same} of {models}"
    console.print(f"{text} models.", highlight=False)
    for keys in summarise(result.uploads):
        text = (
            f"{keys.condition}{of}, {keys.images} encrypted images each, attacked: "
            f"{keys.recovered} of {keys.keys} recovered, {100 * keys.right:.1f} % of the blocks "
            "right."
        )
        console.print(text, highlight=False)


def _choices_of_yale(images: ImageSet, **choices: Any) -> dict[str, Any]:
    """Return the choices if the images have them, refuse others than the default if not."""
    if _is_yale(images.name):
        return choices
    if choices != {"first_column": 4, "without_bad": False}:
        wanted = "be left out with other images than Extended Yale B"
        reject("--first-column or --without-bad", "etcprops reproduce", wanted, f"{images.name}.")
    return {}


def _is_yale(name: str) -> bool:
    return name.startswith("Extended Yale B")


def _of(result: Reproduction) -> str:
    """Return whose images these are, to stand beside every number; "" for the paper's own."""
    if result.about["synthetic"]:
        return ", synthetic"
    name = str(result.about["data"])
    return "" if _is_yale(name) else f", {name}"


def _print_cases(result: Reproduction, console: Console, of: str) -> None:
    """Print what scores the four cases of key condition 2 have, and who is accepted."""
    from etcprops.experiments.tables import case_scores

    smallest = min(part.ratio for part in result.parts)
    title = f"Key condition 2, 1/{smallest}: scores (median, 1 % to 99 %) and share accepted"
    table = Table(title=title, title_justify="left")
    table.add_column("query")
    rows: dict[str, list[str]] = {}
    for kernel in ("linear", "rbf"):
        for name in (kernel, "accepted"):
            table.add_column(f"{name}{of}", justify="right", min_width=len(of[2:14]))
        for row in case_scores(result.parts):
            if (row.kernel, row.ratio) == (kernel, smallest):
                low, middle, high = (row.quantiles[percent] for percent in (1, 50, 99))
                scores = f"{middle:.2f} ({low:.2f} to {high:.2f})"
                rows.setdefault(row.case, []).extend([scores, f"{100 * row.accepted:.2f} %"])
    for case, values in rows.items():
        table.add_row(case, *values)
    console.print(table)
