"""The atlas: scikit-learn's estimators x preprocessing x steps x keys, predicted and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, product
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops._about import versions
from etcprops._validation import (
    SMALLEST,
    as_choice,
    as_integer,
    as_number,
    describe,
    nearest_name,
    reject,
)
from etcprops.auditing.atlas.backends import run_with_dask, run_with_joblib
from etcprops.auditing.atlas.cells import FAMILY_LEVEL, AtlasCell, shown
from etcprops.auditing.atlas.lines import Line
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.auditing.atlas.store import Store
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.estimators.invariance import predict
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.auditing.verdict import AuditOutcome
from etcprops.datasets import load_images
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import ALL, EtCKey, Step

Progress = Callable[[int, int, str], None]

FEWEST_IMAGES: Final = 20


@dataclass(frozen=True)
class Atlas:
    """All rows of a run.

    Attributes
    ----------
    rows : list of AtlasRow
        One a cell.
    about : dict
        The options of the run and the versions of libraries.
    """

    rows: list[AtlasRow]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> list[Line]:
        """The rows, those of the same estimator, preprocessing and steps together."""

        def of_line(row: AtlasRow) -> tuple[str, int, tuple[str, ...]]:
            cell = row.cell
            order = list(PREPROCESSINGS).index(cell.preprocessing)
            return cell.estimator.lower(), order, cell.steps

        ordered = sorted(self.rows, key=lambda row: (*of_line(row), row.name))
        return [Line(tuple(rows)) for _, rows in groupby(ordered, key=of_line)]

    @property
    def mismatches(self) -> list[Line]:
        """Lines in which theory and measurement disagree."""
        return [line for line in self.lines if line.agrees is False]

    @property
    def unexplained(self) -> list[Line]:
        """Mismatches of which the table does not say why."""
        return [line for line in self.mismatches if not line.main.explanation]

    @property
    def unfinished(self) -> list[Line]:
        """Lines with a cell that timed out or crashed."""
        return [line for line in self.lines if line.status != "done"]

    @property
    def ok(self) -> bool:
        """Whether every mismatch is explained and every cell gave an answer."""
        return not self.unexplained and not self.unfinished

    def to_json(self) -> str:
        """Return everything as JSON text."""
        rows = [row.to_dict() for row in self.rows]
        content = {"about": self.about, "ok": self.ok, "rows": rows}
        return _documents.write("etcprops.Atlas", content)

    def to_html(self) -> str:
        """Return one page that needs nothing else, with a table that can be sorted."""
        from etcprops.auditing.page import render

        return render(self)

    def _repr_html_(self) -> str:
        """Show a line an estimator in a notebook."""
        from etcprops.auditing.page import atlas_fragment

        return atlas_fragment(self)


class InterruptedAtlasError(KeyboardInterrupt):
    """Raised for Ctrl-C in the middle of a run, with what was found until then.

    Attributes
    ----------
    atlas : Atlas
        The rows that were there.
    """

    def __init__(self, found: Atlas) -> None:
        super().__init__(f"{len(found.rows)} cells were audited")
        self.atlas = found


def atlas(
    estimators: Iterable[str] | None = None,
    *,
    preprocessings: Iterable[str] = ("z-score",),
    steps: Sequence[Iterable[str]] = ((),),
    keys: int = 3,
    seeds: int = 1,
    secret: str = "etcprops audit",  # noqa: S107  # public, so that runs repeat
    data: str = "digits",
    fit: BlockGeometry | None = None,
    images: int = 600,
    jobs: int = 1,
    backend: Literal["joblib", "dask"] = "joblib",
    scheduler: str | None = None,
    output: Path | None = None,
    resume: bool = False,
    time_limit: float = 60.0,
    budget: float = 10.0,
    progress: Progress | None = None,
) -> Atlas:
    """Audit many estimators, each in a process of its own, and compare with theory.

    Parameters
    ----------
    estimators : iterable of str, optional
        Names as in ``sklearn.utils.all_estimators``; by default all.
    preprocessings : iterable of str, default=("z-score",)
        Keys of `PREPROCESSINGS`.
    steps : sequence of iterables of str, default=((),)
        Steps of the keys; an empty one stands for all that the images have.
    keys, seeds : int, default=3 and 1
        How many of each. Cause, remedy and witness are looked for, and distributions tested, with
        the first of both.
    secret : str
        Keys are derived from it.
    data : str, default="digits"
    fit : BlockGeometry, optional
        See `load_images`.
    images : int, default=600
        How many of them to use, at random; 0 for all.
    jobs : int, default=1
        Processes at a time; -1 for one a core.
    backend : {"joblib", "dask"}, default="joblib"
        Where to run.
    scheduler : str, optional
        Address of the dask scheduler.
    output : Path, optional
        File for the rows, one JSON line each, written as they come.
    resume : bool, default=False
        Whether to go on with `output` where it was cut off.
    time_limit : float, default=60
        Seconds for a cell.
    budget : float, default=10
        Seconds for the search for a cause, for the witness and for the test of distributions, each.
    progress : callable, optional
        Called with done, total and the name of the last cell.

    Returns
    -------
    Atlas

    Raises
    ------
    InvalidParameterError
        If a name is unknown, a number out of range, the scheduler does not answer, or the file
        belongs to another run. Rows that are in the file stay there.
    InterruptedAtlasError
        A KeyboardInterrupt, with the rows that were there.

    Examples
    --------
    >>> found = atlas(["KNeighborsClassifier", "DummyClassifier"], keys=1, images=100)
    >>> [(line.estimator, line.outcome) for line in found.lines]
    [('DummyClassifier', 'bitwise-identical'), ('KNeighborsClassifier', 'bitwise-identical')]
    """
    caller = "atlas"
    names = _names(estimators, TABLE, "estimators", caller)
    chosen_preprocessings = _names(preprocessings, PREPROCESSINGS, "preprocessing", caller)
    if not isinstance(keys, (int, np.integer)):  # whoever gave keys themselves finds them nowhere
        reject("keys", caller, "be a positive integer", f"a {type(keys).__name__}.")
    keys, seeds = as_integer(keys, "keys", caller), as_integer(seeds, "seeds", caller)
    images, jobs = _image_count(images, caller), _job_count(jobs, caller)
    seconds = "be a positive number of seconds"
    time_limit = as_number(time_limit, "time_limit", caller, SMALLEST, math.inf, seconds)
    budget = as_number(budget, "budget", caller, SMALLEST, math.inf, seconds)
    _check_backend(backend, scheduler, caller)
    pictures = load_images(data, fit=fit)
    _check_classes(pictures.labels, data, caller)
    geometry = pictures.geometry
    chosen = [_steps(group, geometry, secret) for group in steps]
    size = None if fit is None else (fit.height, fit.width, fit.channels, fit.block)
    common: dict[str, Any] = {"data": data, "fit": size, "images": images, "budget": budget}
    tests = sum(
        predict(TABLE[name], preprocessing, [Step(s) for s in group] or list(Step))
        is AuditOutcome.EQUAL_IN_DISTRIBUTION
        for name, preprocessing, group in product(names, chosen_preprocessings, chosen)
    )
    common["level"] = FAMILY_LEVEL / max(tests, 1)
    cells = list(
        grid(names, chosen_preprocessings, chosen, keys=keys, seeds=seeds, secret=secret, **common)
    )
    about = {
        "estimators": names,
        "preprocessings": chosen_preprocessings,
        "steps": [list(group) for group in chosen],
        "keys": keys,
        "seeds": seeds,
        "secret": shown(secret),
        "data": data,
        **({} if size is None else {"fit": list(size)}),
        "images": images,
        "time_limit": _documents.finite(time_limit),
        "budget": _documents.finite(budget),
        "law_level": common["level"],
        **versions(),
    }
    start = time.perf_counter()
    store = None if output is None else Store(output, about, resume=resume)
    rows: list[AtlasRow] = [] if store is None else list(store.rows)

    def so_far() -> Atlas:
        order = {cell.name: i for i, cell in enumerate(cells)}
        in_order = sorted(rows, key=lambda row: order[row.name])
        return Atlas(in_order, about | {"seconds": round(time.perf_counter() - start, 1)})

    try:
        done = {row.name for row in rows}
        left = [cell for cell in cells if cell.name not in done]
        report = progress or (lambda _done, _total, _name: None)
        report(len(rows), len(cells), "starting")
        for row in _run(left, backend, scheduler, jobs, time_limit):
            if store is not None:
                store.add(row)
            rows.append(row)
            report(len(rows), len(cells), row.cell.estimator)
    except KeyboardInterrupt:
        raise InterruptedAtlasError(so_far()) from None
    finally:
        if store is not None:
            store.close()
    return so_far()


def grid(
    estimators: Iterable[str],
    preprocessings: Iterable[str],
    steps: Iterable[tuple[str, ...]],
    *,
    keys: int,
    seeds: int,
    secret: str,
    **common: Any,
) -> Iterator[AtlasCell]:
    """Yield the cells of a grid; `common` are fields that all of them share.

    Examples
    --------
    >>> cells = list(grid(["SVC"], ["none"], [()], keys=2, seeds=1, secret="s"))
    >>> [(cell.secret, cell.explain) for cell in cells]
    [('s, 1', True), ('s, 2', False)]
    """
    for name, preprocessing, group in product(estimators, preprocessings, steps):
        for seed, number in product(range(seeds), range(keys)):
            first = seed == 0 and number == 0
            key = f"{secret}, {number + 1}"
            yield AtlasCell(name, preprocessing, group, key, seed, explain=first, **common)


def _image_count(images: Any, caller: str) -> int:
    """Return the number of images, 0 for all."""
    wanted = f"be 0 for all or at least {FEWEST_IMAGES}"
    count = as_integer(images, "images", caller, 0, wanted=wanted)
    if 0 < count < FEWEST_IMAGES:
        reject("images", caller, wanted, describe(images))
    return count


def _job_count(jobs: Any, caller: str) -> int:
    """Return the number of processes, -1 for one a core."""
    wanted = "be a positive integer, or -1 for one a core"
    count = as_integer(jobs, "jobs", caller, -1, wanted=wanted)
    if count == 0:
        reject("jobs", caller, wanted, describe(jobs))
    return count


def _check_backend(backend: Any, scheduler: str | None, caller: str) -> None:
    """Refuse unknown backends, and dask without a scheduler."""
    as_choice(backend, ("joblib", "dask"), "backend", caller)
    if backend == "dask" and not scheduler:
        got = "none: --scheduler ADDRESS, for instance tcp://127.0.0.1:8786."
        reject("scheduler", caller, "be given for the backend 'dask'", got)


def _check_classes(labels: NDArray[np.int64], data: str, caller: str) -> None:
    """Refuse images with which no classifier can be tried, before one crashes on them."""
    wanted = (
        f"hold {FEWEST_IMAGES} images or more, of two classes or more, two of each or more: one "
        "for training and one query"
    )
    classes, counts = np.unique(labels, return_counts=True)
    if len(labels) < FEWEST_IMAGES or len(classes) < 2 or counts.min() < 2:
        fewest = f", {counts.min()} of one" if len(classes) > 1 else ""
        plural = "es" if len(classes) != 1 else ""
        got = f"{len(labels)} images of {len(classes)} class{plural}{fewest}, in {data!r}."
        reject("data", caller, wanted, got)


def _run(
    cells: Sequence[AtlasCell], backend: str, scheduler: str | None, jobs: int, limit: float
) -> Iterator[AtlasRow]:
    if not cells:
        return iter(())
    if backend == "dask":
        return run_with_dask(cells, scheduler=scheduler or "", limit=limit)
    return run_with_joblib(cells, jobs=jobs, limit=limit)


def _names(given: Iterable[str] | None, known: Iterable[str], name: str, caller: str) -> list[str]:
    """Return chosen names without repetition; all if none are given."""
    names = list(known) if given is None else list(dict.fromkeys(given))
    unknown = [n for n in names if n not in set(known)]
    if unknown or not names:
        near = nearest_name(unknown[0], known) if unknown else ""
        reject(name, caller, "hold known names (etcprops atlas --list)", describe(unknown) + near)
    return names


def _steps(group: Iterable[str], geometry: Any, secret: str) -> tuple[str, ...]:
    """Return the steps of a group in their order; errors are those of `EtCKey`."""
    chosen = list(group)
    key = EtCKey.from_secret(geometry, secret, steps=chosen or ALL)
    return tuple(str(step) for step in Step if step in key.steps) if chosen else ()
