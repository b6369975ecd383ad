"""Checkpointed tasks in parallel: an interrupted run goes on from the files that it has written."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from etcprops._files import write_whole
from etcprops._workers import as_done

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Result = TypeVar("Result")


def run_tasks(
    work: Callable[..., Result],
    tasks: Mapping[str, tuple[Any, ...]],
    *,
    dump: Callable[[Result], str],
    load: Callable[..., Result],
    label: Callable[..., str],
    jobs: int = 1,
    folder: Path | None = None,
    fresh: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Result]:
    """Return the results of all tasks in their order; those that a folder has are read from it.

    Parameters
    ----------
    work : callable
        Given the arguments of a task, returns its result.
    tasks : mapping of str to tuple
        From the name of a task's file to its arguments.
    dump, load : callable
        From a result to the text of a file, and back from the text and the arguments. Whatever
        `load` refuses with a ValueError, TypeError or KeyError is run again.
    label : callable
        From the arguments to what `progress` shows.
    jobs : int, default=1
        How many processes.
    folder : Path, optional
        Where results are kept.
    fresh : bool, default=False
        Whether to run again what is there.
    progress : callable, optional
        Called with the number of tasks done, of all, and what was last.

    Returns
    -------
    list

    Examples
    --------
    >>> run_tasks(abs, {"a": (-2,), "b": (3,)}, dump=str, load=int, label=str)
    [2, 3]
    """
    tell = progress or (lambda _done, _of, _last: None)
    results: dict[str, Result] = {}
    if folder is not None and not fresh:
        for name, arguments in tasks.items():
            try:
                results[name] = load((folder / name).read_text(encoding="utf-8"), *arguments)
            except (OSError, ValueError, TypeError, KeyError):
                continue
    missing = [name for name in tasks if name not in results]
    tell(len(results), len(tasks), "starting" if missing else "all parts are there")
    work_named, todo = partial(_named, work), [(name, tasks[name]) for name in missing]
    for name, result in as_done(work_named, todo, min(jobs, len(todo) or 1)):
        results[name] = result
        if folder is not None:
            write_whole(folder / name, dump(result))
        tell(len(results), len(tasks), label(*tasks[name]))
    return [results[name] for name in tasks]


def _named(
    work: Callable[..., Result], name: str, arguments: tuple[Any, ...]
) -> tuple[str, Result]:
    return name, work(*arguments)
