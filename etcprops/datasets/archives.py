"""The files of a folder or of a zip, whichever it is."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from etcprops._validation import reject

UNREADABLE: Final = (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile)
"""What `File.read` may raise: RuntimeError for zips with a password."""


class File(NamedTuple):
    """A file in a folder or a zip.

    Attributes
    ----------
    name : PurePosixPath
        From the folder or the top of the zip.
    read : callable
        Returns the content.
    """

    name: PurePosixPath
    read: Callable[[], bytes]


@contextmanager
def files_in(path: Path, parameter: str, caller: str, wanted: str) -> Iterator[list[File]]:
    """Open a folder or a zip, and list its files by name; what systems hide in them is left out.

    Parameters
    ----------
    path : Path
        The folder or the zip.
    parameter, caller, wanted : str
        For the error if it is neither.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Path(folder, "a.txt").write_text("text")
    ...     with files_in(Path(folder), "path", "f", "be a folder") as files:
    ...         print(files[0].name, files[0].read())
    4
    a.txt b'text'
    """
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file())
        names = (PurePosixPath(p.relative_to(path).as_posix()) for p in found)
        files = [File(name, p.read_bytes) for name, p in zip(names, found, strict=True)]
        yield [file for file in files if not _hidden(file.name)]
        return
    if not path.is_file():
        reject(parameter, caller, wanted, f"{str(path)!r}, which is not there.")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        reject(parameter, caller, wanted, f"{str(path)!r}, which is none: {error}.")
    with archive:
        entries = (entry for entry in archive.infolist() if not entry.is_dir())
        files = [File(PurePosixPath(e.filename), partial(archive.read, e)) for e in entries]
        yield sorted((f for f in files if not _hidden(f.name)), key=lambda file: file.name)


def _hidden(name: PurePosixPath) -> bool:
    """Whether a file, or a folder above it, is of the kind that systems add and do not show."""
    return any(part.startswith((".", "__MACOSX")) for part in name.parts)
