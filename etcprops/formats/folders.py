"""Whole folders encrypted and decrypted: what is to be done, by all cores, and a report of it.

A folder keeps its structure. A file stands under its name only when it is whole, with a record of
what it was made from and how; so the same call goes on where an earlier one was interrupted.
"""

from __future__ import annotations

import os
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from etcprops import _documents
from etcprops._files import parts_folder
from etcprops._validation import as_integer, reject
from etcprops._workers import as_done
from etcprops.datasets.pictures import SUFFIXES
from etcprops.formats.files import (
    FileOutcome,
    FileResult,
    FileSettings,
    decrypt_file,
    encrypt_file,
)

WITH_LOCK: Final = frozenset({".j2k", ".jp2"})
"""Files whose codec keeps the interpreter's lock: processes work on them, threads on others."""

FEW_IMAGES: Final = 6
"""So many images under one key give it away: `etcprops.attack` on faces, blocks of 8 x 8."""


class FileTask(NamedTuple):
    """A file to read and one to write."""

    source: Path
    target: Path


class FileTasks(NamedTuple):
    """What is to be done.

    Attributes
    ----------
    tasks : list of FileTask
    refused : list of FileResult
        Files whose target another file has.
    ignored : int
        Files in folders that are no images by their names.
    """

    tasks: list[FileTask]
    refused: list[FileResult]
    ignored: int


@dataclass(frozen=True)
class FilesReport:
    """What became of files.

    Attributes
    ----------
    command : {"encrypt", "decrypt"}
    files : list of FileResult
    ignored : int
        Files in folders that are no images by their names.
    seconds : float
        From the first to the last.
    settings : dict
        How files were written.
    """

    command: str
    files: list[FileResult]
    ignored: int
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every file was done, now or earlier."""
        return self.count(FileOutcome.DONE, FileOutcome.SKIPPED) == len(self.files)

    def count(self, *outcomes: FileOutcome) -> int:
        """Return how many files have one of some outcomes."""
        return sum(result.outcome in outcomes for result in self.files)

    @property
    def codec_share(self) -> float:
        """Share of the time that decoding and encoding took, without checks; 0 if none was done."""
        stages: Counter[str] = Counter()
        for result in self.files:
            if result.outcome is FileOutcome.DONE:
                stages.update(result.seconds)
        total = sum(stages.values()) - stages["check"]
        return (stages["decode"] + stages["encode"]) / (total or 1)

    def keys_in_use(self) -> dict[str, int]:
        """Return how many images each key has encrypted, the most used first."""
        return dict(Counter(r.key for r in self.files if r.key).most_common())

    def to_json(self) -> str:
        """Return the report as JSON text; it has names and sizes of files, and nothing secret."""
        files = [
            {
                "source": r.source,
                "target": r.target,
                "outcome": r.outcome,
                "message": r.message,
                "notes": r.notes,
                "key": r.key,
                "bytes_in": r.bytes_in,
                "bytes_out": r.bytes_out,
                "psnr": "exact" if r.psnr == float("inf") else r.psnr,
                "seconds": r.seconds,
            }
            for r in self.files
        ]
        content = {
            "command": self.command,
            "settings": self.settings,
            "counts": {str(outcome): self.count(outcome) for outcome in FileOutcome},
            "ignored": self.ignored,
            "seconds": self.seconds,
            "codec_share": self.codec_share,
            "files": files,
        }
        return _documents.write("etcprops.Files", content)


def find_tasks(inputs: Iterable[Path], out: Path, suffix: str, caller: str) -> FileTasks:
    """Return what is to be done for files and folders.

    Parameters
    ----------
    inputs : iterable of Path
        A file goes into `out`, what is below a folder to the same place below `out`.
    out : Path
        A folder; what is in it already is no input.
    suffix : str
        How names of targets end.
    caller : str
        For messages.

    Raises
    ------
    InvalidParameterError
        If an input is not there, or is `out` itself.
    """
    tasks: dict[Path, Path] = {}
    refused: list[FileResult] = []
    ignored = 0
    within = Path(os.path.realpath(out))  # unlike resolve, also of links in a circle
    for given in inputs:
        if Path(os.path.realpath(given)) == within:
            reject("--out", caller, "be another folder than those that are read", f"{str(out)!r}.")
        if not given.exists():
            reject("IN", caller, "be files or folders", f"{str(given)!r}, which is not there.")
        whole_folder = given.is_dir()
        for source, place in _below(given, within, refused):
            if whole_folder and not _is_image(source):
                ignored += 1
                continue
            target = (out / place).with_suffix(suffix)
            other = tasks.setdefault(target, source)
            if other != source or _same(source, target):
                what = "itself" if other == source else f"what {other} becomes"
                message = f"would become {target}, which is {what}"
                refused.append(FileResult(str(source), "", FileOutcome.FAILED, message))
                if other == source:
                    del tasks[target]
    return FileTasks([FileTask(s, t) for t, s in tasks.items()], refused, ignored)


def _same(source: Path, target: Path) -> bool:
    """Whether two paths are one file; links that lead nowhere, or in a circle, are none."""
    with suppress(OSError):
        return source.samefile(target)
    return False


def _is_image(path: Path) -> bool:
    """Whether a file in a folder is meant: an image by its name, not hidden, no device or pipe."""
    named = path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    return named and (path.is_file() or path.is_symlink())  # a broken link is said to be one


def _below(given: Path, out: Path, refused: list[FileResult]) -> Iterator[tuple[Path, Path]]:
    """Yield files with where they are below what was given, sorted; `out` is left aside."""
    if not given.is_dir():
        yield given, Path(given.name)
        return

    def refuse(error: OSError) -> None:
        what = f"cannot be read: {error.strerror}"
        refused.append(FileResult(str(error.filename), "", FileOutcome.FAILED, what))

    for folder, folders, names in os.walk(given, onerror=refuse):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if not _same(here / name, out))
        for name in sorted(names):
            yield here / name, (here / name).relative_to(given)


def run_files(
    command: str,
    inputs: Sequence[Path],
    out: Path,
    settings: FileSettings,
    *,
    jobs: int | None = None,
    progress: Callable[[int, int, FileResult | None], None] | None = None,
) -> FilesReport:
    """Encrypt or decrypt files and folders.

    Parameters
    ----------
    command : {"encrypt", "decrypt"}
    inputs : sequence of Path
    out : Path
        The folder to which all is written; made if it is not there.
    settings : FileSettings
    jobs : int, optional
        Files that are worked on at once; without it one a core.
    progress : callable, optional
        Called with the number of files done, of all, and what became of the last.

    Returns
    -------
    FilesReport
        What is wrong with a file stands in its result.

    Raises
    ------
    InvalidParameterError
        If there is nothing to do, an input is not there, or another run writes to `out`.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> Image.new("RGB", (32, 16), "teal").save(folder / "sea.png")
    >>> settings = FileSettings(secret=bytes(range(32)))
    >>> report = run_files("encrypt", [folder / "sea.png"], folder / "out", settings, jobs=1)
    >>> report.ok, [path.name for path in (folder / "out").iterdir()]
    (True, ['sea.png'])
    """
    caller = f"etcprops {command}"
    workers = (os.cpu_count() or 1) if jobs is None else as_integer(jobs, "--jobs", caller)
    found = find_tasks(inputs, out, settings.codec.suffix, caller)
    total = len(found.tasks) + len(found.refused)
    if not total:
        reject("IN", caller, "hold image files", f"none, and {found.ignored} others.")
    start, results = time.perf_counter(), []
    tell = progress or (lambda _done, _of, _last: None)
    tell(0, total, None)
    try:
        with parts_folder(out) as parts:
            work = encrypt_file if command == "encrypt" else decrypt_file
            with closing(_in_parallel(work, found.tasks, settings, parts, workers)) as done:
                for result in chain(found.refused, done):
                    results.append(result)
                    tell(len(results), total, result)
    except BlockingIOError:
        got = f"{str(out)!r}, to which another run is writing."
        reject("--out", caller, "be a folder of its own for each run", got)
    except BrokenExecutor:
        got = f"{workers}, of which one was killed: is there too little memory?"
        reject("--jobs", caller, "be fewer (the same command goes on)", got)
    except OSError as error:
        reject("--out", caller, "be a folder that may be written", f"{str(out)!r}: {error}")
    results.sort(key=lambda result: result.source)
    seconds = time.perf_counter() - start
    return FilesReport(command, results, found.ignored, seconds, _described(settings))


def _described(settings: FileSettings) -> dict[str, Any]:
    """Return settings as the report shows them: all but the secret."""
    codec = settings.codec
    return {
        "format": codec.format,
        "quality": codec.quality,
        "exact": codec.exact,
        "sampling": settings.sampling if settings.scheme == "grayscale" else codec.sampling,
        "scheme": settings.scheme,
        "block": settings.block,
        "pad": settings.pad,
    }


def _in_parallel(
    work: Callable[..., FileResult],
    tasks: Sequence[FileTask],
    settings: FileSettings,
    parts: Path,
    workers: int,
) -> Generator[FileResult]:
    """Yield results as files are done; left early, nothing is written any more afterwards."""
    from PIL import Image

    locked = any(path.suffix.lower() in WITH_LOCK for task in tasks for path in task)
    calls = ((*task, settings, parts) for task in tasks)
    with warnings.catch_warnings():
        # Of large images Pillow would warn, and threads cannot catch that each for itself.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield from as_done(work, calls, min(workers, len(tasks) or 1), threads=not locked)
