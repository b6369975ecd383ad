"""Results on disk: one JSON line a row, written as they come; a run that was cut off goes on.

The first line says which run the file belongs to. A last line without an end, from a process that
was killed while it wrote, is dropped when the run goes on: its cell runs again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, Self

from etcprops import _documents
from etcprops._validation import reject
from etcprops.auditing.atlas.rows import AtlasRow

FORMAT: Final = "etcprops.audit"


class Store:
    """The rows of one run, in a file.

    Parameters
    ----------
    path : Path
        The file.
    about : dict
        What the run is: two runs with equal `about` are one.
    resume : bool
        Whether to go on with a file that is there; otherwise it must not be there.

    Attributes
    ----------
    rows : list of AtlasRow
        All rows, those of earlier parts of the run first.

    Raises
    ------
    InvalidParameterError
        If the file is there and `resume` is false, or it belongs to another run or is no such
        file, or another process is writing to it.
    """

    def __init__(self, path: Path, about: dict[str, Any], *, resume: bool) -> None:
        self.path, self.about = path, about
        self.rows: list[AtlasRow] = []
        self._file = self._open(resume=resume)

    def _open(self, *, resume: bool) -> IO[bytes]:
        caller = "etcprops atlas"
        if self.path.exists() and self.path.stat().st_size and not resume:
            wanted = "be a file that is not there yet, unless --resume is given"
            reject("--output", caller, wanted, f"{str(self.path)!r}.")
        # Opened as it is: whoever comes second must not cut off what the first has written.
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(self.path, flags, 0o666), "r+b")
        try:
            self._lock(file)
            end = self._read(file)
        except BaseException:
            file.close()
            raise
        file.seek(end)
        if end == 0:
            self._write(file, _documents.document(FORMAT, {"about": self.about}))
        return file

    def _read(self, file: IO[bytes]) -> int:
        """Read header and rows; return where the last whole line ends, and cut off the rest."""
        caller, got = "etcprops atlas", f"{str(self.path)!r}"
        content = file.read()
        end = content.rfind(b"\n") + 1
        lines = content[:end].splitlines()
        if not lines:
            begins = b'{"format": "etcprops.audit"'  # of which a full disk may have a part
            if not content.startswith(begins[: len(content)]):
                reject("--output", caller, "be a file of results", f"{got}, which is none.")
        else:
            try:
                documents = [_documents.parse(line) for line in lines]
                header, known = documents[0], documents[0]["format"] == FORMAT
                known = known and isinstance(header.get("about"), dict)
                self.rows = [AtlasRow.from_dict(row) for row in documents[1:]]
            except (AttributeError, KeyError, TypeError, ValueError):
                known = False
            if not known:
                reject("--output", caller, "be a file of results", f"{got}, which is none.")
            kind = (header.get("version"), header.get("about"))
            if kind != (_documents.VERSIONS[FORMAT], self.about):
                theirs = header["about"]
                differing = [k for k, v in self.about.items() if theirs.get(k) != v] or ["version"]
                wanted = "belong to this run, with the same options"
                name = differing[0]
                values = f"{name}={theirs.get(name)!r} there, {self.about.get(name)!r} here"
                reject("--output", caller, wanted, f"{got}: {values}.")
        file.truncate(end)
        return end

    def _lock(self, file: IO[bytes]) -> None:
        """Refuse a file that another process is writing to; a lock ends with its process."""
        try:
            import fcntl
        except ImportError:  # no POSIX: nothing to lock with
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            wanted = "be a file that no other process is writing to"
            reject("--output", "etcprops atlas", wanted, f"{str(self.path)!r}.")

    @property
    def done(self) -> set[str]:
        """Names of the cells that have a row."""
        return {row.name for row in self.rows}

    def add(self, row: AtlasRow) -> None:
        """Append a row; it is on disk when this returns. A cell that has one keeps it."""
        if row.name not in self.done:
            self._write(self._file, row.to_dict())
            self.rows.append(row)

    @staticmethod
    def _write(file: IO[bytes], document: dict[str, Any]) -> None:
        file.write(f"{_documents.line(document)}\n".encode())
        file.flush()
        with contextlib.suppress(OSError):  # a pipe or a special file has no disk to sync
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the file; what is in it stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[AtlasRow]:
        return iter(self.rows)
