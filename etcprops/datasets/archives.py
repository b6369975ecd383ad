"""What others may have made: arrays in ``.npy`` and ``.npz``, and the files of folders and zips.

Headers say how much there is before anything of it is read; what they promise is held against what
the file has. Nothing is unpacked to the disk, no archive inside an archive is opened, and nothing
is unpickled.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from tokenize import TokenError
from typing import IO, Any, Final, NamedTuple

from numpy.lib import format as npy
from numpy.typing import NDArray

from etcprops._files import read_at_most
from etcprops._validation import reject

MOST_BYTES: Final = 1 << 30
"""Larger files of a folder or a zip are no images."""

MOST_ENTRIES: Final = 100_000
"""Archives of more files are refused."""

UNSUSPECTED: Final = 1 << 30
"""Arrays of so many bytes are read, however small they are in the archive."""

MOST_RATIO: Final = 100
"""Larger ones are read if the archive has at least this part of their bytes."""

_HEADERS: Final = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class ArchiveError(ValueError):
    """A file cannot be read, or holds something else; the message is one line."""


class File(NamedTuple):
    """A file in a folder or a zip.

    Attributes
    ----------
    name : PurePosixPath
        From the folder or the top of the zip.
    read : callable
        Returns the content, or raises ArchiveError.
    """

    name: PurePosixPath
    read: Callable[[], bytes]


@contextmanager
def files_in(
    path: Path, parameter: str, caller: str, wanted: str, most: int = MOST_BYTES
) -> Iterator[list[File]]:
    """Open a folder or a zip, and list its files by name; what systems hide in them is left out.

    Parameters
    ----------
    path : Path
        The folder or the zip.
    parameter, caller, wanted : str
        For the error if it is neither.
    most : int, optional
        Bytes of a file: larger ones are not read.

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
    if is_folder(path, parameter, caller, wanted):
        found = sorted(p for p in path.rglob("*") if p.is_file())
        names = (PurePosixPath(p.relative_to(path).as_posix()) for p in found)
        files = [File(n, partial(_content, p, most)) for n, p in zip(names, found, strict=True)]
        yield [file for file in files if not _hidden(file.name)]
        return
    if not path.is_file():
        reject(parameter, caller, wanted, f"{str(path)!r}, which is not there.")
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(open_zip(path))
        except (
            zipfile.BadZipFile,
            ArchiveError,
            NotImplementedError,
            OSError,
            ValueError,
        ) as error:
            reject(parameter, caller, wanted, f"{str(path)!r}, which is none: {error}.")
        # Names may be empty, or begin with a slash: they count from the top of the zip, too.
        entries = [name for name in archive.namelist() if not name.endswith("/")]
        names = (PurePosixPath(name.lstrip("/")) for name in entries)
        reads = (partial(read_entry, archive, name, most) for name in entries)
        files = [File(name, read) for name, read in zip(names, reads, strict=True)]
        yield sorted((f for f in files if not _hidden(f.name)), key=lambda file: file.name)


def is_folder(path: Path, parameter: str, caller: str, wanted: str) -> bool:
    """Whether a path is a folder; what is no name of a file at all is refused."""
    try:
        return path.is_dir()
    except OSError as error:
        reject(parameter, caller, wanted, f"{str(path)!r}: {error.strerror or error}.")


def _content(path: Path, most: int) -> bytes:
    with errors_in_a_line():
        return read_at_most(path, most)


def _hidden(name: PurePosixPath) -> bool:
    """Whether a file, or a folder above it, is of the kind that systems add and do not show."""
    return any(part.startswith((".", "__MACOSX")) for part in name.parts)


def load_arrays(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Return arrays of a file ``.npz`` by their names, those that it has.

    Parameters
    ----------
    path : Path
        The file; one array, ``.npy``, is named "".
    *names : str
        Without any, the only one.

    Raises
    ------
    ArchiveError
        If it is no such file, broken, encrypted, or holds less than it promises, objects, or more
        than anybody's images.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(f"{folder}/faces.npz", images=np.zeros((2, 8, 8), np.uint8), labels=[0, 1])
    ...     load_arrays(Path(folder) / "faces.npz", "labels")
    {'labels': array([0, 1])}
    """
    with errors_in_a_line(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Reading `.npy`")  # headers as Python 2 wrote them
        path = Path(path)
        if not path.exists():
            raise ArchiveError("is not there")
        if not path.is_file():
            raise ArchiveError("is no file")
        with path.open("rb") as file:
            single = file.read(len(npy.MAGIC_PREFIX)) == npy.MAGIC_PREFIX
            file.seek(0)
            if single:
                size = path.stat().st_size
                return {"": _read_array(file, size, size)}
        with open_zip(path) as archive:
            found = {name.removesuffix(".npy"): name for name in archive.namelist()}
            if not names and len(found) != 1:
                raise ArchiveError(
                    f"has {', '.join(found)[:200] or 'nothing'}: one array is wanted"
                )
            chosen = [name for name in names or found if name in found]
            return {name: _entry_as_array(archive, found[name]) for name in chosen}


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive, of no more entries than anybody's data set has."""
    with zipfile.ZipFile(path) as archive:
        if len(archive.namelist()) > MOST_ENTRIES:
            raise ArchiveError(f"has more than {MOST_ENTRIES} entries")
        yield archive


def read_entry(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return an entry of a zip that promises at most so many bytes.

    Raises
    ------
    ArchiveError
        If it promises more, or cannot be read.
    """
    with errors_in_a_line():
        size = archive.getinfo(name).file_size
        if size > most:
            raise ArchiveError(f"has {size} bytes, more than {most}")
        return archive.read(name)


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """Turn whatever a reader of archives raises into an `ArchiveError`."""
    try:
        yield
    except ArchiveError:
        raise
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"cannot be read as a zip: {error}") from None
    except (MemoryError, TokenError):  # of NumPy's headers, by the version of Python
        raise ArchiveError("does not fit into memory, or its header is none") from None
    except OSError as error:
        raise ArchiveError(f"cannot be read: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001  # zlib, NumPy's headers, methods that are not known
        what = str(error).split("\n", 1)[0][:200]
        raise ArchiveError(f"cannot be read: {what or type(error).__name__}") from None


def _entry_as_array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    info = archive.getinfo(name)
    with archive.open(info) as file:
        return _read_array(file, info.file_size, info.compress_size)


def _read_array(file: IO[bytes], size: int, stored: int) -> NDArray[Any]:
    """Return the array in a file of so many bytes, of which so many are on the disk."""
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise ArchiveError(f"is of version {version} of NumPy's format")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ArchiveError("holds Python objects, which are not unpickled")
    promised, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or promised != there:
        raise ArchiveError(f"promises {promised} bytes of shape {shape}, and holds {there}")
    if promised > max(UNSUSPECTED, MOST_RATIO * stored):
        raise ArchiveError(f"becomes {promised} bytes from {stored}: a zip bomb?")
    file.seek(0)
    array: NDArray[Any] = npy.read_array(file, allow_pickle=False)
    return array
