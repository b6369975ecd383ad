"""Cells in processes of their own, with a time limit: a crash or a hang costs one row.

A worker process is kept for many cells, since importing scikit-learn takes longer than most of
them; it is replaced when it crashes or is stopped.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any, Final

from etcprops._workers import deaf_to_interruption
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.rows import AtlasRow

START_LIMIT: Final = 300.0
"""Seconds that a worker may take to import its libraries."""


class Worker:
    """One worker process, started when it is first needed.

    Parameters
    ----------
    command : list of str, optional
        Instead of the package's own worker; for tests.
    """

    def __init__(self, command: list[str] | None = None) -> None:
        self.command = command or [sys.executable, "-m", "etcprops.auditing.atlas.worker"]
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: IO[bytes] | None = None
        self._lock = threading.Lock()

    def run(self, cell: AtlasCell, limit: float) -> AtlasRow:
        """Return the row of a cell, or one that says that it timed out or crashed.

        Parameters
        ----------
        cell : AtlasCell
            What to do.
        limit : float
            Seconds; the time that a new process takes to start does not count.
        """
        with self._lock:
            try:
                process = self._start()
                if process.stdin is None:
                    raise BrokenPipeError
                process.stdin.write(json.dumps(cell.to_dict()) + "\n")
                process.stdin.flush()
                line = self._lines.get(timeout=min(limit, threading.TIMEOUT_MAX))
            except queue.Empty:
                self.stop()
                return AtlasRow.without_answer(cell, "timed out", f"took more than {limit:g} s")
            except OSError:
                line = None
            if line is None:
                return AtlasRow.without_answer(cell, "crashed", self._epitaph())
            document: dict[str, Any] = json.loads(line)
            if "raised" in document:
                return AtlasRow.without_answer(cell, "crashed", document["raised"])
            return AtlasRow.from_dict(document)

    def stop(self) -> None:
        """End the process at once; the next cell starts another."""
        process, self._process = self._process, None
        _RUNNING.discard(self)
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _start(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.stop()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        with deaf_to_interruption():  # one that ends by itself would be a row that crashed
            self._process = process = subprocess.Popen(  # noqa: S603
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                encoding="utf-8",
            )
        _RUNNING.add(self)
        # A queue of its own for each process: a late line of the last one goes nowhere.
        lines: queue.Queue[str | None] = queue.Queue()
        self._lines = lines
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        if lines.get(timeout=START_LIMIT) is None:
            raise BrokenPipeError
        return process

    def _epitaph(self) -> str:
        """Return how the process ended, and its last words."""
        code = None if self._process is None else self._process.wait()
        words = ""
        if self._errors is not None:
            self._errors.seek(0)
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
            words = f": {lines[-1][:200]}" if lines else ""
        self.stop()
        how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
        return f"its process ended with {how}{words}"


_RUNNING: set[Worker] = set()
_OF_THREAD = threading.local()


def run_isolated(fields: dict[str, Any], limit: float) -> AtlasRow:
    """Run a cell, given as a dictionary, in the worker process of this thread."""
    worker: Worker | None = getattr(_OF_THREAD, "worker", None)
    if worker is None:
        worker = _OF_THREAD.worker = Worker()
    return worker.run(AtlasCell.from_dict(fields), limit)


def stop_workers() -> None:
    """End every worker process that this process has started."""
    for worker in list(_RUNNING):
        worker.stop()


def _read(stream: IO[str] | None, lines: queue.Queue[str | None]) -> None:
    """Pass lines on until the stream ends, then None."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):  # closed by stop()
            for line in stream:
                lines.put(line)
    lines.put(None)
