"""Run Coq on the shipped sources: compile them, ask what each theorem assumes, check them again.

A theorem counts as machine-checked if its file compiles, if ``Print Assumptions`` says "Closed
under the global context", and if ``coqchk``, which checks compiled files anew, accepts the file.
What has been checked once is kept in the user's cache under a hash of the sources and the version
of Coq. Where Coq is absent there is the record in ``RECORD.json`` of when and with what the same
sources were last checked; it is never shown as if it had been checked now.

``python -m etcprops.theory.coq`` checks everything from scratch; ``--record`` writes the record.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from etcprops._files import user_cache
from etcprops.theory.coq_report import (
    RECORD,
    CoqError,
    CoqUnavailableError,
    ProofError,
    Report,
    read_record,
    rejected,
)
from etcprops.theory.theorems import dependencies, digest, find_theorems, modules, sources_folder

__all__ = [
    "RECORD",
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

WRITTEN_FOR = "8.16"
"""The version of Coq, with mathcomp 1.15, that the sources are written for."""

LIBRARIES = ("ssreflect", "fingroup", "algebra", "algebra_tactics", "zify")
"""What they need of mathcomp besides Coq's own library."""

CLOSED = "Closed under the global context"
_SECONDS = 600
_WARNINGS = (
    "-notation-overridden,-ambiguous-paths,-projection-no-head-constant,"
    "-redundant-canonical-projection"
)


def check_proofs(folder: Path | None = None, *, cache_folder: Path | None = None) -> Report:
    """Check the Coq sources, or return what an earlier check of the same sources found.

    Parameters
    ----------
    folder : Path, optional
        By default the shipped sources.
    cache_folder : Path, optional
        Where results are kept, by default ``etcprops`` in the user's cache.

    Returns
    -------
    Report

    Raises
    ------
    CoqUnavailableError
        If Coq or mathcomp is not there.
    ProofError
        If a file does not compile, or ``coqchk`` rejects it.
    """
    folder = sources_folder() if folder is None else folder
    keep = default_cache() if cache_folder is None else cache_folder
    # Within one run of the ledger, sources that fail would otherwise be compiled for every claim.
    outcome = _attempt(folder, digest(folder), keep)
    if isinstance(outcome, CoqError):
        raise outcome
    return outcome


@cache
def _attempt(folder: Path, _digest: str, keep: Path) -> Report | CoqError:
    try:
        path = compiled(folder, keep) / "report.json"
    except CoqError as error:
        return error
    try:
        return Report.from_json(path.read_text())
    except (OSError, ValueError) as error:
        return ProofError(f"{path} cannot be read ({error}); remove its folder and try again")


def compiled(
    folder: Path | None = None, cache_folder: Path | None = None, *, from_scratch: bool = False
) -> Path:
    """Return a folder with the compiled and checked sources, compiling them if there is none.

    Parameters
    ----------
    folder, cache_folder : Path, optional
        As for `check_proofs`.
    from_scratch : bool, default=False
        Compile them in any case, and let ``coqchk`` go through all libraries as well.

    Returns
    -------
    Path
        With ``.vo`` files, and the `Report` as ``report.json``.
    """
    folder = sources_folder() if folder is None else folder
    keep = default_cache() if cache_folder is None else cache_folder
    version = find_coq()
    key = hashlib.sha256(f"{digest(folder)} {version} 1".encode()).hexdigest()[:20]
    final = keep / f"coq-{key}"
    if (final / "report.json").is_file() and not from_scratch:
        return final
    keep.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="coq-", dir=keep))
    try:
        report = build(folder, work, libraries=from_scratch)
        (work / "report.json").write_text(report.to_json() + "\n")
        if from_scratch:
            shutil.rmtree(final, ignore_errors=True)
        try:
            work.rename(final)
        except OSError:  # another process was faster; what it has is the same
            if not (final / "report.json").is_file():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def default_cache() -> Path:
    """Return where results are kept: `user_cache`, made if need be.

    Where that cannot be written, a folder in the system's place for temporary files.
    """
    folder = user_cache()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        return Path(tempfile.gettempdir()) / "etcprops"


def find_coq() -> str:
    """Return the version of Coq, or raise `CoqUnavailableError` if mathcomp or it is not there."""
    missing = [name for name in ("coqc", "coqchk") if shutil.which(name) is None]
    if missing:
        raise CoqUnavailableError(f"{' and '.join(missing)} not found on this machine")
    version = _run(["coqc", "--print-version"], Path.cwd()).split()[0]
    library = Path(_run(["coqc", "-where"], Path.cwd()).strip()) / "user-contrib" / "mathcomp"
    absent = [name for name in LIBRARIES if not (library / name).is_dir()]
    if absent:
        names = ", ".join(f"mathcomp.{name}" for name in absent)
        raise CoqUnavailableError(f"Coq {version} is here, but without {names}")
    return version


def build(folder: Path, work: Path, *, libraries: bool = False) -> Report:
    """Compile and check the sources of `folder` in the empty folder `work`.

    Parameters
    ----------
    folder : Path
        Coq sources.
    work : Path
        Empty; afterwards with sources and compiled files.
    libraries : bool, default=False
        Let ``coqchk`` go through all libraries as well, which takes a minute.

    Returns
    -------
    Report

    Raises
    ------
    CoqUnavailableError
        If Coq or mathcomp is not there, or of a version with which the proofs do not compile.
    ProofError
        If Coq does not accept the proofs.
    """
    start = time.perf_counter()
    version = find_coq()
    for path in folder.glob("*.v"):
        shutil.copy(path, work)
    names = modules(work)
    _each_after_its_imports(dependencies(work), lambda name: _compile(name, work, version))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answer = pool.submit(assumptions_of, work, names)
        if libraries:
            check_again([f"EtC.{name}" for name in names], work)
        else:
            list(pool.map(lambda name: check_again(["-norec", f"EtC.{name}"], work), names))
        assumptions = answer.result()
    return Report(
        digest(folder),
        version,
        datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        round(time.perf_counter() - start, 1),
        "sources and libraries" if libraries else "sources",
        assumptions,
    )


def _each_after_its_imports(graph: dict[str, set[str]], task: Callable[[str], None]) -> None:
    """Run a task for each file, as many at a time as there are cores, imports first."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while sorter.is_active():
            ready = sorter.get_ready()
            list(pool.map(task, ready))
            sorter.done(*ready)


def _compile(name: str, work: Path, version: str) -> None:
    try:
        compile_file(work / f"{name}.v")
    except ProofError as error:
        if version.startswith(WRITTEN_FOR):
            raise
        raise CoqUnavailableError(
            f"the proofs are written for Coq {WRITTEN_FOR} with mathcomp 1.15, and do not compile "
            f"with Coq {version}: {error}"
        ) from None


def compile_file(path: Path) -> str:
    """Compile one file where it stands and return what it prints, or raise `ProofError`."""
    return _run(["coqc", "-q", "-Q", ".", "EtC", "-w", _WARNINGS, path.name], path.parent)


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
    folder = compiled() if folder is None else folder
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "query.v").write_text(sentences)
        command = ["coqc", "-q", "-Q", str(folder), "EtC", "-w", _WARNINGS, "query.v"]
        return _run(command, Path(place))


def check_again(what: list[str], work: Path) -> None:
    """Let ``coqchk`` check compiled files anew; `ProofError` if it rejects one."""
    _run(["coqchk", "-silent", "-Q", ".", "EtC", *what], work)


def assumptions_of(work: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Return for every theorem of the compiled files what it assumes."""
    theorems = list(find_theorems(work))
    if not theorems:
        raise ProofError("the sources have no theorem")
    load = f"From EtC Require {' '.join(names)}.\n"
    # Asking for all at once is quick; only if something is assumed does it matter which assume it.
    everything = ",\n".join(f"@{name}" for name in theorems)
    query = f"Definition everything := ({everything}, tt).\nPrint Assumptions everything.\n"
    if _ask(work, load + query).strip() == CLOSED:
        return dict.fromkeys(theorems, "")
    for name in theorems:
        load += f'Redirect "{name}" Print Assumptions {name}.\n'
    _ask(work, load)
    answers = {name: (work / f"{name}.out").read_text().strip() for name in theorems}
    return {name: "" if text == CLOSED else _flat(text) for name, text in answers.items()}


def _flat(text: str) -> str:
    return " ".join(text.removeprefix("Axioms:").split())


def _ask(work: Path, text: str) -> str:
    path = work / "assumptions_of_theorems.v"
    path.write_text(text)
    return compile_file(path)


def _run(command: list[str], folder: Path) -> str:
    """Run one of Coq's programs and return what it prints; `ProofError` if it fails."""
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ProofError(f"{' '.join(command)} took more than {_SECONDS} s") from None
    if done.returncode:
        said = _flat(done.stderr or done.stdout)
        raise ProofError(f"{command[0]} on {command[-1]}: {said[-400:]}")
    return done.stdout


def main(arguments: list[str] | None = None) -> int:
    """Check the shipped sources from scratch, libraries too, and say what came out."""
    parser = argparse.ArgumentParser(prog="python -m etcprops.theory.coq", description=__doc__)
    parser.add_argument("--record", action="store_true", help=f"write {RECORD} beside the sources")
    wanted = parser.parse_args(arguments)
    folder = sources_folder()
    try:
        path = compiled(folder, from_scratch=True) / "report.json"
        report = Report.from_json(path.read_text())
    except CoqError as error:
        print(f"not checked: {error}")  # noqa: T201
        return 1
    bad = rejected(report, report.assumptions)
    for name, reason in bad.items():
        print(f"{name} {reason}")  # noqa: T201
    print(  # noqa: T201
        f"{len(report.assumptions)} theorems and lemmas, {len(bad)} with assumptions; coqchk went "
        f"through {report.coqchk}. {report.source}."
    )
    if wanted.record and not bad:
        (folder / RECORD).write_text(report.to_json() + "\n")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
