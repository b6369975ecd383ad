"""Atomic writes, a file as a whole or not at all, and where the user's cache is."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path


def user_cache() -> Path:
    """Return this package's folder in the user's cache; it need not exist yet.

    On Linux ``etcprops`` in ``$XDG_CACHE_HOME`` or else in ``~/.cache``, elsewhere in its place.
    """
    from platformdirs import user_cache_path

    return user_cache_path("etcprops", appauthor=False)


def write_whole(path: Path, text: str, *, secret: bool = False, overwrite: bool = True) -> None:
    """Write the whole file or nothing (atomic write); others may read it as any new file.

    Nothing is left beside it, also if the writing fails; an interruption waits until it is done.
    A `secret` file only its owner may read. Without `overwrite`, one that is there raises
    FileExistsError.
    """
    with _undisturbed():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as folder:
            file = Path(folder) / path.name  # nobody else can look into the folder
            file.write_text(text, encoding="utf-8")
            if secret:
                file.chmod(0o600)
            if overwrite:
                file.replace(path)
            else:
                _move_where_nothing_is(file, path)


def _move_where_nothing_is(file: Path, path: Path) -> None:
    """Move a file, but raise FileExistsError if there is one, also if it came a moment ago."""
    try:
        path.hardlink_to(file)
    except FileExistsError:
        raise
    except OSError:  # no links on this file system
        if path.exists():
            raise FileExistsError(EEXIST, os.strerror(EEXIST), str(path)) from None
        file.replace(path)


@contextmanager
def parts_folder(folder: Path) -> Iterator[Path]:
    """Make a hidden folder in another, where files grow until `move_whole` can move them.

    It is gone afterwards; what a killed run left in it is removed by the next. Two runs at once
    must not write to one folder: the second raises BlockingIOError, where the system has locks.
    """
    parts = folder / ".etcprops-parts"
    parts.mkdir(parents=True, exist_ok=True)
    with _locked(parts):
        for left in parts.iterdir():
            left.unlink(missing_ok=True)
        try:
            yield parts
        finally:
            shutil.rmtree(parts, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock, which the system gives back however the process ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def move_whole(path: Path, content: bytes, parts: Path) -> None:
    """Write a file in a `parts_folder` and move it to its place when all of it is on the disk.

    Raises
    ------
    OSError
        If it cannot be written: nothing is left of it, and what was at its place is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = parts / secrets.token_hex(8)
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let SIGINT wait: between making a folder and knowing of it, it would leave the folder."""
    main = threading.current_thread() is threading.main_thread()  # signals come there alone
    if not main or signal.getsignal(signal.SIGINT) is None:  # None: not set from Python
        yield
        return
    waiting: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting:
            signal.raise_signal(signal.SIGINT)
