"""Files of limited size, written as a whole or not at all; where the user's cache is."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EEXIST, EFBIG, EINVAL, ENOTDIR
from pathlib import Path
from typing import BinaryIO, Final

_PART: Final = ".etcprops-part-"
"""How names of files that grow begin."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def user_cache() -> Path:
    """Return this package's folder in the user's cache; it need not exist yet.

    On Linux ``etcprops`` in ``$XDG_CACHE_HOME`` or else in ``~/.cache``, elsewhere in its place.
    """
    from platformdirs import user_cache_path

    return user_cache_path("etcprops", appauthor=False)


def read_at_most(path: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes; a device may be without an end.

    Raises
    ------
    OSError
        If it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as file:
            content = b"".join(_portions(file, most + 1))
    except ValueError as error:  # a NUL, or half of a surrogate pair
        raise OSError(EINVAL, f"no name of a file: {error}", str(path)) from None
    if len(content) > most:
        raise OSError(EFBIG, f"more than {most} bytes", str(path))
    return content


def _portions(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Yield what is in a file: to ask for all that may be there would take the memory for it."""
    while most and (portion := file.read(min(most, 1 << 20))):
        yield portion
        most -= len(portion)


def write_whole(
    path: Path, content: str | bytes, *, secret: bool = False, overwrite: bool = True
) -> None:
    """Write the whole file or nothing (atomic write); others may read it as any new file.

    Nothing is left beside it, also if the writing fails; an interruption waits until it is done,
    and what a killed process left is removed by the next that writes into the folder. A symbolic
    link is replaced, not followed; devices and pipes are written to. Half of a surrogate pair, with
    which Python stands for a byte of a name that is no UTF-8, becomes its escape of JSON. A
    `secret` file only its owner may read. Without `overwrite`, one that is there raises
    FileExistsError.
    """
    octets = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with _undisturbed():
        path.parent.mkdir(parents=True, exist_ok=True)
        if overwrite and path.exists() and not path.is_file():
            path.write_bytes(octets)
            return
        with _growing(path.parent, 0o600 if secret else 0o666) as (part, file):
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
            if overwrite:
                part.replace(path)
            else:
                _move_where_nothing_is(part, path)


def write_all(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder, each whole, and return where they are."""
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]


@contextmanager
def _growing(folder: Path, mode: int) -> Iterator[tuple[Path, BinaryIO]]:
    """Make a hidden file, locked while somebody writes to it; remove those that nobody does."""
    for left in folder.iterdir():
        if left.name.startswith(_PART):
            with suppress(OSError), left.open("rb") as file:
                _lock(file.fileno())
                left.unlink()
    descriptor, part = _made(folder, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield part, file
    finally:
        part.unlink(missing_ok=True)


def _made(folder: Path, mode: int) -> tuple[int, Path]:
    """Return a new file, open and locked; again if another process just took it for one left."""
    while True:
        part = folder / f"{_PART}{secrets.token_hex(8)}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with suppress(OSError):  # a file system without locks
            _lock(descriptor)
        if part.exists():
            return descriptor, part
        os.close(descriptor)


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
    A symbolic link in its place is not followed: what it names would be emptied.
    """
    parts = folder / ".etcprops-parts"
    parts.mkdir(parents=True, exist_ok=True)
    if parts.is_symlink():
        raise NotADirectoryError(ENOTDIR, "is a symbolic link, no folder", str(parts))
    with locked(parts):
        for left in parts.iterdir():
            left.unlink(missing_ok=True)
        try:
            yield parts
        finally:
            shutil.rmtree(parts, ignore_errors=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a lock, which the system gives back however the process ends.

    Raises
    ------
    BlockingIOError
        If another process holds it, where the system has locks.
    """
    if os.name != "posix":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock a file, or raise BlockingIOError; it is free again when it is closed."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
    """Let SIGINT and SIGTERM wait: between making a file and knowing of it, they would leave it."""
    main = threading.current_thread() is threading.main_thread()  # signals come there alone
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    if not main or None in handlers.values():  # None: not set from Python
        yield
        return
    waiting: list[int] = []
    for which in handlers:
        signal.signal(which, lambda number, _frame: waiting.append(number))
    try:
        yield
    finally:
        for which, before in handlers.items():
            signal.signal(which, before)
        for number in waiting[:1]:
            signal.raise_signal(number)
