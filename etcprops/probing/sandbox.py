"""Calls of somebody else's function: with a time limit, and with its side effects seen.

Where processes can be forked the function runs in one of its own, which is killed when it hangs,
whatever it hangs in, and whose crash, ``exit`` or output does no harm here; forking takes closures
and keys along that cannot be pickled. All calls go to the same process, so that a function with a
memory keeps it, and is found out. Elsewhere, in the main thread, an alarm interrupts it between
two steps of the interpreter. Otherwise there is no limit, and the report says so.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from etcprops._validation import printable
from etcprops._workers import deaf_to_interruption
from etcprops.probing.calling import how_to_call
from etcprops.probing.model import Array, Encrypt
from etcprops.probing.returns import NoArrayError, as_image, hint

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

LONGEST: Final = 1e6
"""Seconds; the system's timers take no infinity."""


class Isolation(StrEnum):
    """What stands between the function and the probe."""

    PROCESS = "process"
    ALARM = "alarm"
    NONE = "none"


@dataclass(frozen=True)
class Reply:
    """What one call gave.

    Attributes
    ----------
    value : ndarray or None
        The numeric array, a copy; None if there is none.
    problem : str
        Why there is none.
    seconds : float
        Time spent in the function.
    modified : bool
        Whether it wrote into the image that it was given.
    printed : int
        Characters that it wrote to stdout and stderr.
    taken : str
        How what it returned was taken for an array; "" if it is one.
    """

    value: Array | None = None
    problem: str = ""
    seconds: float = 0.0
    modified: bool = False
    printed: int = 0
    taken: str = ""


class _TimeUp(BaseException):
    """Raised in the function by the alarm; no ``except Exception`` takes it for its own."""


def best_isolation() -> Isolation:
    """Return the strongest isolation that this platform has, here."""
    if sys.platform == "linux" and "fork" in multiprocessing.get_all_start_methods():
        return Isolation.PROCESS
    # Forking is not safe on macOS once its own libraries have started threads.
    main = threading.current_thread() is threading.main_thread()
    return Isolation.ALARM if main and hasattr(signal, "setitimer") else Isolation.NONE


class Sandbox(ABC):
    """A place in which to call a function on images, one after the other.

    Parameters
    ----------
    encrypt : callable
        ``encrypt(image, key)``, or ``encrypt(image)`` if it takes no key.
    keys : sequence
        What it is called with.
    time_limit : float
        Seconds a call.
    """

    interruptible = True
    """Whether Ctrl-C reaches the process in which the function is called."""

    def __init__(self, encrypt: Encrypt, keys: Sequence[Any], time_limit: float) -> None:
        self.encrypt = encrypt
        self.keys = keys
        self.time_limit = time_limit
        self.calling = how_to_call(encrypt)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027  # nothing to free, unless a subclass says so
        """Free what the sandbox holds."""

    @abstractmethod
    def calls(self, images: Sequence[Array], key: int) -> Iterator[Reply]:
        """Yield the reply for each image under ``keys[key]``, in order; the images stay whole."""

    def call(self, image: Array, key: int) -> Reply:
        """Call the function here and now, without a limit."""
        given = image.copy()
        value: Any = None
        problem = taken = ""
        start = time.perf_counter()
        try:
            value = self.calling.call(self.encrypt, given, self.keys[key])
        except _TimeUp:
            problem = f"did not return within {self.time_limit:g} s"
        except BaseException as error:  # exit() and the like are no reason to stop
            if self.interruptible and isinstance(error, KeyboardInterrupt):
                raise
            problem = printable(f"raised {type(error).__name__}: {error}"[:300]).removesuffix(".")
            problem += hint(error)
        seconds = time.perf_counter() - start
        modified = given.shape != image.shape or not np.array_equal(given, image)
        if not problem:
            try:
                value, taken = as_image(value, image.shape)
            except NoArrayError as error:
                value, problem = None, str(error)
            except Exception as error:  # noqa: BLE001  # whatever somebody's class does
                problem = f"returned a {type(value).__name__} of which no array can be made: "
                value, problem = None, problem + str(error)
        return Reply(value, problem, seconds, modified=modified, taken=taken)


class InProcess(Sandbox):
    """Calls in this process, interrupted by an alarm if `alarm`."""

    alarm = False

    def calls(self, images: Sequence[Array], key: int) -> Iterator[Reply]:
        """Yield the reply for each image."""
        for image in images:
            log = io.StringIO()
            with (
                contextlib.redirect_stdout(log),
                contextlib.redirect_stderr(log),
                warnings.catch_warnings(),
                np.errstate(all="ignore"),
                self._limit(),
            ):
                warnings.simplefilter("ignore")
                reply = self.call(image, key)
            yield _printed(reply, len(log.getvalue()))

    @contextlib.contextmanager
    def _limit(self) -> Iterator[None]:
        """Let the alarm ring at the limit and, should the function swallow it, again."""
        if not self.alarm:
            yield
            return

        def ring(_signal: int, _frame: FrameType | None) -> None:
            raise _TimeUp

        before = signal.signal(signal.SIGALRM, ring)
        try:
            signal.setitimer(signal.ITIMER_REAL, self.time_limit, 0.1)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


class WithAlarm(InProcess):
    """Calls in the main thread of this process, under an alarm."""

    alarm = True


class Forked(Sandbox):
    """Calls in one forked process, which is killed when its time is up."""

    interruptible = False
    process: ForkProcess | None = None
    connection: Connection[Any, Any] | None = None
    unread = 0
    """Answers to the last question that were not read."""

    def calls(self, images: Sequence[Array], key: int) -> Iterator[Reply]:
        """Yield the reply for each image; after a process that died, the next is a new one."""
        try:
            # Whoever stopped asking must not get the old answers to the next question.
            self._forget()
            connection = self._start()
            connection.send((key, images))
            self.unread = len(images)
            for _ in images:
                if not connection.poll(self.time_limit):
                    self.close()
                    problem = f"did not return within {self.time_limit:g} s"
                    yield Reply(problem=problem, seconds=self.time_limit)
                    return
                reply = connection.recv()
                self.unread -= 1
                yield reply
        except (EOFError, ConnectionError):
            yield Reply(problem=f"ended the process{self._how()}")
        except KeyboardInterrupt:
            self.close()  # nobody waits for the rest
            raise

    def _forget(self) -> None:
        """Read the answers that nobody waited for, or end a process that does not give them.

        Before the next question, not when the iterator is closed: an exception keeps that alive.
        """
        while self.unread and self.connection is not None:
            try:
                if self.connection.poll(self.time_limit):
                    self.connection.recv()
                    self.unread -= 1
                    continue
            except (EOFError, ConnectionError):
                pass
            self.close()

    def _start(self) -> Connection[Any, Any]:
        """Fork, unless there is a process."""
        if self.connection is None:
            context = multiprocessing.get_context("fork")
            here, there = context.Pipe()
            self.process = context.Process(target=self._serve, args=(here, there))
            with warnings.catch_warnings(), deaf_to_interruption():
                # Threads of the parent are not in the child; the time limit covers their locks.
                warnings.simplefilter("ignore", DeprecationWarning)
                self.process.start()
            there.close()
            self.connection = here
        return self.connection

    def _serve(self, here: Connection[Any, Any], there: Connection[Any, Any]) -> None:
        """Answer until the other end is closed. Runs in the forked process."""
        here.close()
        with open(os.devnull, "rb") as nothing, tempfile.TemporaryFile() as log:  # noqa: PTH123
            os.dup2(nothing.fileno(), 0)
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115
            sys.stdout = sys.stderr = open(1, "w", closefd=False)  # noqa: SIM115
            warnings.resetwarnings()
            warnings.simplefilter("ignore")
            with contextlib.suppress(EOFError, BrokenPipeError):
                while True:
                    key, images = there.recv()
                    for image in images:
                        with np.errstate(all="ignore"):
                            reply = self.call(image, key)
                        with contextlib.suppress(ValueError):  # closed by the function
                            sys.stdout.flush()
                        there.send(_printed(reply, os.fstat(1).st_size))
                        if os.fstat(1).st_size:
                            os.ftruncate(1, 0)
                            os.lseek(1, 0, os.SEEK_SET)
        os._exit(0)  # exit handlers are the parent's

    def _how(self) -> str:
        """Return how the process ended and forget it."""
        code = None
        if self.process is not None:
            self.process.join(1)
            code = self.process.exitcode
        self.close()
        if code is None:
            return ""
        if code < 0:
            return f" by signal {-code} ({signal.strsignal(-code)})"
        return f" with status {code}"

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self.connection is not None:
            self.connection.close()
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process.close()
        self.process = self.connection = None
        self.unread = 0


def _printed(reply: Reply, count: int) -> Reply:
    """Return the reply with the number of characters printed."""
    if not count:
        return reply
    fields = {**vars(reply), "printed": count}
    return Reply(**fields)


def open_sandbox(
    encrypt: Encrypt, keys: Sequence[Any], time_limit: float, isolation: Isolation
) -> Sandbox:
    """Return a sandbox of the kind wanted.

    Parameters
    ----------
    encrypt : callable
        The function.
    keys : sequence
        Its keys.
    time_limit : float
        Seconds a call, 0 or more than `LONGEST` for that; not kept by ``Isolation.NONE``.
    isolation : Isolation
        Its kind.

    Returns
    -------
    Sandbox
        To be closed, or used as a context manager.

    Examples
    --------
    >>> with open_sandbox(lambda x, k: x + k, [1], 5, best_isolation()) as sandbox:
    ...     [reply] = sandbox.calls([np.zeros((1, 2), dtype=np.uint8)], 0)
    >>> reply.value
    array([[1, 1]], dtype=uint8)
    """
    kinds: dict[Isolation, type[Sandbox]] = {
        Isolation.PROCESS: Forked,
        Isolation.ALARM: WithAlarm,
        Isolation.NONE: InProcess,
    }
    return kinds[isolation](encrypt, keys, min(time_limit or LONGEST, LONGEST))
