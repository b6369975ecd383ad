"""Progress on stderr: a line of one width on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from etcprops.cli.common import terminal

EVERY: Final = 10.0
"""Seconds between two plain lines: what is shorter says nothing."""
WEIGHT: Final = 0.3
"""Of a new estimate against those before it."""
WIDTH: Final = len("about 60 min")


class TimeLeft:
    """When work will be done, estimated so that it neither jumps nor says more than is known.

    Parameters
    ----------
    clock : callable, optional
        Seconds from anywhere.

    Examples
    --------
    >>> now = [0.0]
    >>> left = TimeLeft(lambda: now[0])
    >>> str(left)
    ''
    >>> now[0] = 30.0
    >>> left.update(0.25)
    >>> str(left)
    'about 90 s'
    >>> now[0] = 48.0
    >>> str(left)
    'about 70 s'
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start = clock()
        self._end: float | None = None

    def update(self, share: float) -> None:
        """Take note that a share of the work is done."""
        if share > 0:
            now = self._clock()
            self.promise((now - self._start) * (1 - share) / share)

    def promise(self, seconds: float) -> None:
        """Take note of an estimate of somebody who knows better."""
        end = self._clock() + seconds
        self._end = end if self._end is None else self._end + WEIGHT * (end - self._end)

    def __str__(self) -> str:
        if self._end is None:
            return ""
        seconds = max(self._end - self._clock(), 0.0)
        if seconds < 10:
            return "some seconds"
        if seconds < 95:
            return f"about {round(seconds, -1):.0f} s"
        return f"about {min(round(seconds / 60), 99)} min" if seconds < 5400 else "over an hour"


class Reporter:
    """Shows what is done; what `progress_bar` yields.

    Parameters
    ----------
    bar : Progress
        Where to show it, if that is a terminal.
    clock : callable, optional
        Seconds from anywhere.
    """

    def __init__(self, bar: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._bar = bar
        self._clock = clock
        self._left = TimeLeft(clock)
        self._told = clock()
        self._of: int | None = None
        self._first = 0
        self._task = bar.add_task("starting", total=None, count="", left=self._left)

    def __call__(
        self, done: int, total: int | None, label: str, *, left: float | None = None
    ) -> None:
        """Show how much is done and what comes next.

        Parameters
        ----------
        done, total : int
            Parts; the total may be None, which is unknown.
        label : str
            What comes next.
        left : float, optional
            Seconds to go, where that is known better than from the parts.
        """
        if total != self._of:  # something else begins
            # What was done before, by an interrupted run, says nothing of how fast this one is.
            self._of, self._first, self._left = total, done, TimeLeft(self._clock)
        if left is not None:
            self._left.promise(left)
        elif total is not None and total > self._first:
            self._left.update((done - self._first) / (total - self._first))
        of_all = "" if total is None else f" of {total}"
        count = f"{done:>{len(str(total or 1000))}}{of_all}" if done or of_all else ""
        self._bar.update(
            self._task,
            completed=done,
            total=total,
            description=label,
            count=count,
            left=self._left,
        )
        now = self._clock()
        if not self._bar.console.is_terminal and now - self._told >= EVERY:
            self._told = now
            left_then = f"{self._left} left" if str(self._left) and done != total else ""
            told = ", ".join(filter(None, (count.strip(), left_then)))
            self.say(f"{told}: {label}" if told else label)

    def say(self, text: Any) -> None:
        """Print a line above the bar."""
        self._bar.console.print(text, soft_wrap=True, highlight=False)


@contextlib.contextmanager
def progress_bar() -> Iterator[Reporter]:
    """Show a bar with the time left on stderr; if that is no terminal, a line every ten seconds."""
    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    bar = Progress(
        BarColumn(bar_width=16),
        TextColumn("{task.fields[count]}", markup=False),
        TextColumn(f"{{task.fields[left]!s:<{WIDTH}}}", markup=False),
        TextColumn("{task.description}", markup=False, table_column=rest),
        console=terminal(stderr=True),
        transient=True,
        expand=True,
    )
    # Not even disabled where there is no terminal: older versions of rich end with a blank line.
    with bar if bar.console.is_terminal else contextlib.nullcontext():
        yield Reporter(bar)


@contextlib.contextmanager
def told_if_interrupted(told: Callable[[], str]) -> Iterator[None]:
    """Say for Ctrl-C what there is and how to go on, and exit as shells expect.

    Parameters
    ----------
    told : callable
        Returns what to say after "Interrupted".
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"Interrupted{told()}", err=True)
        raise typer.Exit(130) from None
