"""Work in other processes: an interruption passes them by, and they do not outlive this one.

The terminal sends SIGINT to all processes of a command. The first ends the others, when what is
being written is whole; of theirs, each would print a traceback, or be taken for one that crashed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, Final, TypeVar
from weakref import WeakSet

Result = TypeVar("Result")


@contextmanager
def deaf_to_interruption() -> Iterator[None]:
    """Start processes that SIGINT passes by, from their first instruction on.

    They inherit that it is blocked. For this process it waits until they are started. Where
    signals cannot be blocked, on Windows, this does nothing.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def as_done(
    work: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    jobs: int,
    *,
    threads: bool = False,
) -> Generator[Result]:
    """Yield results as tasks end.

    Left early, no other task is begun. Threads finish what they are at, processes are killed:
    either way nobody works any more afterwards.

    Parameters
    ----------
    work : callable
    tasks : iterable of tuple
        Arguments of `work`, for each call.
    jobs : int
        How many at once.
    threads : bool, default=False
        Whether threads do it, not processes.

    Raises
    ------
    concurrent.futures.BrokenExecutor
        If a process dies.
    """
    if threads:
        yield from _by_threads(work, tasks, jobs)
        return
    from joblib import Parallel, delayed

    call = delayed(_Companion(work))
    with warnings.catch_warnings(), ExitStack() as opened:
        # Interrupted, joblib would warn that tasks are cancelled; the results are closed in here,
        # while the filter holds.
        warnings.filterwarnings("ignore", r"\d+ tasks which were still being processed")
        parallel = Parallel(jobs, backend="loky", return_as="generator_unordered")
        # Trackers of resources, with which processes come, unblock SIGINT once they are started, in
        # older versions of Python and joblib: Python's is started here, joblib's in the first of
        # the two steps in which workers are.
        if os.name == "posix":
            resource_tracker.ensure_running()
        with deaf_to_interruption():
            opened.enter_context(parallel)
        with deaf_to_interruption():
            results = opened.enter_context(closing(parallel(call(*task) for task in tasks)))
        yield from results


def _by_threads(
    work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]], jobs: int
) -> Generator[Result]:
    """Yield results as tasks end; joblib would leave its threads at work, and not wait for them."""
    pool = ThreadPoolExecutor(jobs)
    try:
        for future in as_completed([pool.submit(work, *task) for task in tasks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Companion:
    """Work for a process that ends when the one that it was made in is gone."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work, self.parent = work, os.getpid()

    def __call__(self, *arguments: Any) -> Any:
        if os.getpid() != self.parent:  # joblib may work in place
            follow(self.parent)
        return self.work(*arguments)


@cache
def follow(parent: int) -> None:
    """Be deaf to interruption, and end this process once its parent is gone.

    loky's would wait for work for ever; and one that was there before may have been started by
    somebody else, or on Windows.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


class Processes:
    """Programs for whose ends threads wait, and that another thread can end."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._ended = False
        with _LOCK:
            _IN_USE.add(self)

    def run(
        self,
        command: list[str],
        *,
        folder: Path | None = None,
        variables: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, whatever its status, and return what it printed.

        Parameters
        ----------
        command : list of str
        folder : Path, optional
            The current one, for it.
        variables : mapping of str to str, optional
            Environment variables that it has besides those of this process.
        seconds : float, optional
            The time that it may take.

        Raises
        ------
        RuntimeError
            If it was to begin when others were ended already.
        subprocess.TimeoutExpired
            If it takes longer; it is ended then.
        """
        with self._started(command, folder, variables) as process:
            try:
                said, errors = process.communicate(timeout=seconds)
            except BaseException:
                process.kill()
                raise
            finally:
                with _LOCK:
                    self._running.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, said, errors)

    def _started(
        self, command: list[str], folder: Path | None, variables: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        with _LOCK, deaf_to_interruption():
            if self._ended:
                raise RuntimeError(f"{command[0]} was not begun: others have been ended")
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=folder,
                env={**os.environ, **(variables or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._running.add(process)
        return process

    def end(self) -> None:
        """End those that run, and let no other begin."""
        with _LOCK:
            self._ended = True
            for process in self._running:
                process.kill()


_LOCK: Final = threading.Lock()
_IN_USE: Final[WeakSet[Processes]] = WeakSet()


def end_processes() -> None:
    """End all programs for which threads wait: Python waits for these threads when it ends."""
    with _LOCK:
        in_use = [*_IN_USE]
    for processes in in_use:
        processes.end()
