"""Check the shipped proofs with Coq: compile them, ask what each theorem assumes, check them again.

A theorem counts as machine-checked if its file compiles, if ``Print Assumptions`` says "Closed
under the global context", and if ``coqchk``, which checks compiled files anew, accepts the file.
Theorems over the real numbers, in a folder of their own, may assume the axioms that stand there in
``AXIOMS``, and are shown with them.

Compiled files are kept in the user's cache. What the report beside them says is not believed: the
theorems are those that the sources state, the files must be those that were compiled (those of the
shipped record, where it is of the same Coq and libraries), and Coq is asked again what they assume.
It is not asked again whether each proof is one: who can write that folder can write compiled files
as well, so a folder that others can write is not used. ``--fresh`` compiles everything now. Where
Coq is absent there is the record in ``RECORD.json``, which supports nothing.

``python -m etcprops.theory.coq`` checks what is kept or compiles it; ``--fresh`` compiles in any
case and has ``coqchk`` go through all libraries; ``--record`` does, and writes the record.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypedDict

from etcprops._files import user_cache, write_whole
from etcprops.theory.coq_programs import (
    WRITTEN_FOR,
    Assumptions,
    ask,
    assumptions_of,
    check_again,
    compile_proofs,
    find_coq,
    libraries,
)
from etcprops.theory.coq_report import (
    RECORD,
    CoqError,
    CoqUnavailableError,
    Origin,
    ProofError,
    Report,
    read_record,
    rejected,
)
from etcprops.theory.theorems import (
    allowed_axioms,
    dependencies,
    digest,
    modules,
    reals_folder,
    sources_folder,
)

__all__ = [
    "RECORD",
    "WRITTEN_FOR",
    "CoqError",
    "CoqUnavailableError",
    "ProofError",
    "Report",
    "build",
    "check_proofs",
    "compiled",
    "evaluate",
    "find_coq",
    "read_record",
    "rejected",
]


def check_proofs(
    folder: Path | None = None, *, cache_folder: Path | None = None, fresh: bool = False
) -> Report:
    """Check the Coq sources, or ask what was compiled from the same sources before.

    Parameters
    ----------
    folder : Path, optional
        By default the shipped sources that assume nothing.
    cache_folder : Path, optional
        Where compiled files are kept, by default ``etcprops`` in the user's cache.
    fresh : bool, default=False
        Compile them now in any case, and let ``coqchk`` go through all libraries as well.

    Returns
    -------
    Report

    Raises
    ------
    CoqUnavailableError
        If Coq or a library is not there.
    ProofError
        If a file does not compile, or ``coqchk`` rejects it.
    """
    return _once(folder, cache_folder, fresh=fresh)[1]


def compiled(folder: Path | None = None, cache_folder: Path | None = None) -> Path:
    """Return a folder with the compiled and checked sources, compiling them if there is none.

    Parameters
    ----------
    folder, cache_folder : Path, optional
        As for `check_proofs`.

    Returns
    -------
    Path
        With ``.vo`` files, and the `Report` as ``report.json``.
    """
    return _once(folder, cache_folder)[0]


def _once(
    folder: Path | None, cache_folder: Path | None, *, fresh: bool = False
) -> tuple[Path, Report]:
    """Return what `_checked` finds, sought once a run: every claim asks, and may find an error."""
    folder = sources_folder() if folder is None else folder
    keep = default_cache() if cache_folder is None else cache_folder
    outcome = _attempt(folder, digest(folder), keep, fresh)
    if isinstance(outcome, CoqError):
        raise outcome
    return outcome


@cache
def _attempt(
    folder: Path,
    _digest: str,
    keep: Path,
    fresh: bool,  # noqa: FBT001
) -> tuple[Path, Report] | CoqError:
    try:
        return _checked(folder, keep, fresh=fresh)
    except CoqError as error:
        return error


def _checked(folder: Path, keep: Path, *, fresh: bool = False) -> tuple[Path, Report]:
    """Return where the compiled sources are, and what was found."""
    tools = find_coq(folder), libraries(folder)
    key = json.dumps([digest(folder), *tools, platform.node()], sort_keys=True)
    final = keep / f"coq-{hashlib.sha256(key.encode()).hexdigest()[:20]}"
    if not fresh and (report := _kept(final, folder, *tools)) is not None:
        return final, report
    keep.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="coq-", dir=keep))
    try:
        report = build(folder, work, through_libraries=fresh)
        (work / "report.json").write_text(report.to_json() + "\n")
        _remove(final)
        try:
            work.rename(final)
        except OSError:  # another process was faster; what it has is the same
            if not (final / "report.json").is_file():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final, report


def _kept(final: Path, folder: Path, coq: str, used: dict[str, str]) -> Report | None:
    """Return what is kept of these sources, asked again; None if it cannot be believed."""
    try:
        report = Report.from_json((final / "report.json").read_text())
        believed = (
            _is_private(final)
            and (report.digest, report.coq, report.libraries) == (digest(folder), coq, used)
            and report.files == _files(final, folder) == _as_recorded(report, folder)
        )
        if not believed:
            return None
        assumptions = assumptions_of(final, folder)
    except (OSError, ValueError, TypeError, ProofError):
        return None
    return replace(report, **_told(assumptions), origin=Origin.KEPT)


def _is_private(folder: Path) -> bool:
    """Whether a folder is the user's and nobody else can write it, where there is such a thing."""
    status = folder.stat()
    return not hasattr(os, "getuid") or (
        status.st_uid == os.getuid() and not status.st_mode & 0o022
    )


def _files(work: Path, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each compiled file of some sources."""
    names = (f"{name}.vo" for name in sorted(modules(folder)))
    return {name: hashlib.sha256((work / name).read_bytes()).hexdigest() for name in names}


def _as_recorded(report: Report, folder: Path) -> dict[str, str]:
    """Return the compiled files of the shipped record if it is of the same, else the report's."""
    try:
        record = read_record(folder)
    except ProofError:
        return report.files
    return record.files if record.same_tools(report) else report.files


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def default_cache() -> Path:
    """Return where compiled files are kept: `user_cache`, made if need be.

    Where that cannot be written, or others can write to it, a folder of this process alone, which
    is removed when it ends: in a place that is known to others they could plant proofs.
    """
    folder = user_cache()
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            if _is_private(folder):
                return folder
    return _folder_of_this_process()


@cache
def _folder_of_this_process() -> Path:
    """Return a folder that only its owner may enter, until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="etcprops-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def build(folder: Path, work: Path, *, through_libraries: bool = False) -> Report:
    """Compile and check the sources of `folder` in the empty folder `work`.

    Parameters
    ----------
    folder : Path
        Coq sources.
    work : Path
        Empty; afterwards with sources and compiled files.
    through_libraries : bool, default=False
        Let ``coqchk`` go through all libraries as well, which takes a minute.

    Returns
    -------
    Report

    Raises
    ------
    CoqUnavailableError
        If Coq or a library is not there, or of a version with which the proofs do not compile.
    ProofError
        If Coq does not accept the proofs.
    """
    start = time.perf_counter()
    version = find_coq(folder)
    before = digest(folder)
    for path in folder.glob("*.v"):
        shutil.copy(path, work)
    _each_after_its_imports(
        dependencies(work), lambda name: compile_proofs(work / f"{name}.v", version)
    )
    names = [f"EtC.{name}" for name in modules(work)]
    alone = [word for name in names for word in ("-norec", name)]
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(assumptions_of, work, folder)
        check_again(names if through_libraries else alone, work)
        assumptions = answer.result()
    if not before == digest(work) == digest(folder):
        raise ProofError("the sources changed while they were compiled")
    return Report(
        before,
        version,
        libraries(folder),
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        round(time.perf_counter() - start, 1),
        "sources and libraries" if through_libraries else "the sources' files, not the libraries'",
        _files(work, folder),
        **_told(assumptions),
    )


class _Told(TypedDict):
    axioms: dict[str, str]
    assumptions: dict[str, tuple[str, ...]]


def _told(assumptions: Assumptions) -> _Told:
    """Return what Coq says that theorems assume as a report has it: each statement once."""
    return {
        "axioms": {name: text for each in assumptions.values() for name, text in each.items()},
        "assumptions": {theorem: tuple(sorted(each)) for theorem, each in assumptions.items()},
    }


def _each_after_its_imports(graph: dict[str, set[str]], task: Callable[[str], None]) -> None:
    """Run a task for each file, as many at a time as there are cores, imports first."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while sorter.is_active():
            ready = sorter.get_ready()
            list(pool.map(task, ready))
            sorter.done(*ready)


def evaluate(sentences: str, folder: Path | None = None) -> str:
    """Return what Coq prints for some sentences after the compiled sources are loaded.

    Parameters
    ----------
    sentences : str
        Coq, such as ``Compute 1 + 1.``, with its own ``Require`` lines.
    folder : Path, optional
        As `compiled` returns it; by default the shipped sources are compiled if need be.

    Returns
    -------
    str
    """
    return ask(sentences, compiled() if folder is None else folder)


def main(arguments: list[str] | None = None) -> int:
    """Check the shipped sources and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.theory.coq", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="compile now, whatever is kept")
    parser.add_argument(
        "--record", action="store_true", help=f"--fresh, and write {RECORD} beside the sources"
    )
    parser.add_argument(
        "--reals", action="store_true", help="the theorems over the real numbers, not the others"
    )
    wanted = parser.parse_args(arguments)
    folder = reals_folder() if wanted.reals else sources_folder()
    try:
        report = check_proofs(folder, fresh=wanted.fresh or wanted.record)
    except CoqError as error:
        print(f"not checked: {error}")  # noqa: T201
        return 1
    allowed = allowed_axioms(folder)
    bad = rejected(report, report.assumptions, allowed)
    for name, reason in bad.items():
        print(f"{name} {reason}")  # noqa: T201
    based = f"stand on {', '.join(allowed)}" if allowed else "assume nothing"
    print(  # noqa: T201
        f"{len(report.assumptions)} theorems and lemmas, {len(bad)} rejected; the others {based}. "
        f"{report.source[0].upper()}{report.source[1:]}."
    )
    if wanted.record and not bad:
        write_whole(folder / RECORD, report.to_json() + "\n")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
