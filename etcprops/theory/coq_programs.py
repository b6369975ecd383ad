"""Coq's programs: compile a file, check it again, ask what its theorems assume.

Nothing is kept here; see `etcprops.theory.coq` for that.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from etcprops._workers import Processes
from etcprops.theory.coq_report import CoqUnavailableError, ProofError
from etcprops.theory.theorems import allowed_axioms, find_theorems, modules

WRITTEN_FOR = "8.16"
"""The version of Coq, with mathcomp 1.15, that the sources are written for."""

MATHCOMP = ("ssreflect", "fingroup", "algebra", "algebra_tactics", "zify")
"""What they need of mathcomp."""

CLOSED = "Closed under the global context"
_SECONDS = 600
_WARNINGS = (
    "-notation-overridden,-ambiguous-paths,-projection-no-head-constant,"
    "-redundant-canonical-projection"
)
_LIBRARY = re.compile(r"^From\s+(\w+)\s+Require\b", re.MULTILINE)


def find_coq(folder: Path | None = None) -> str:
    """Return the version of Coq.

    Parameters
    ----------
    folder : Path, optional
        Sources, all of whose libraries must be there; by default those that need mathcomp alone.

    Raises
    ------
    CoqUnavailableError
        If Coq or a library is not there.
    """
    missing = [name for name in ("coqc", "coqchk") if shutil.which(name) is None]
    if missing:
        raise CoqUnavailableError(f"{' and '.join(missing)} not found on this machine")
    version = _run(["coqc", "--print-version"], Path.cwd()).split()[0]
    needed = {"mathcomp"} if folder is None else _libraries_used(folder)
    parts = [name for name in sorted(needed) if name not in {"Coq", "mathcomp"}]
    if "mathcomp" in needed:
        parts += [f"mathcomp/{name}" for name in MATHCOMP]
    library = _standard_library() / "user-contrib"
    absent = [name.replace("/", ".") for name in parts if not (library / name).is_dir()]
    if absent:
        raise CoqUnavailableError(f"Coq {version} is here, but without {', '.join(absent)}")
    return version


def libraries(folder: Path) -> dict[str, str]:
    """Return what identifies the libraries of some sources: SHA-256 of all compiled files of each.

    A compiled file names the digests of those that it was compiled with, so these stand for the
    libraries' own libraries as well.
    """
    where = _standard_library()
    places = {"Coq": where / "theories"}
    used = sorted({"Coq", *_libraries_used(folder)})
    return {name: _contents(places.get(name, where / "user-contrib" / name)) for name in used}


def _libraries_used(folder: Path) -> set[str]:
    texts = (path.read_text() for path in folder.glob("*.v"))
    return {name for text in texts for name in _LIBRARY.findall(text)} - {"EtC"}


def _standard_library() -> Path:
    return Path(_run(["coqc", "-where"], Path.cwd()).strip())


@cache
def _contents(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.vo")):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return total.hexdigest()[:16]


def compile_file(path: Path) -> str:
    """Compile one file where it stands and return what it prints, or raise `ProofError`."""
    return _run(["coqc", "-q", "-Q", ".", "EtC", "-w", _WARNINGS, path.name], path.parent)


def compile_proofs(path: Path, version: str) -> None:
    """Compile a file of the sources; where another Coq cannot, it is as if Coq were absent."""
    try:
        compile_file(path)
    except ProofError as error:
        if version.startswith(WRITTEN_FOR):
            raise
        raise CoqUnavailableError(
            f"the proofs are written for Coq {WRITTEN_FOR} with mathcomp 1.15, and do not compile "
            f"with Coq {version}: {error}"
        ) from None


def check_again(what: list[str], work: Path) -> None:
    """Let ``coqchk`` check compiled files anew; `ProofError` if it rejects one."""
    _run(["coqchk", "-silent", "-Q", ".", "EtC", *what], work)


def ask(sentences: str, compiled: Path) -> str:
    """Return what Coq prints for some sentences after compiled files; nothing is left of it.

    Parameters
    ----------
    sentences : str
        Coq, such as ``Compute 1 + 1.``, with its own ``Require`` lines.
    compiled : Path
        The folder of the compiled files.

    Returns
    -------
    str
    """
    with tempfile.TemporaryDirectory() as place:
        return _ask(sentences, compiled, Path(place))


def _ask(sentences: str, compiled: Path, place: Path) -> str:
    (place / "query.v").write_text(sentences)
    loaded = str(compiled.resolve())
    return _run(["coqc", "-q", "-Q", loaded, "EtC", "-w", _WARNINGS, "query.v"], place)


Assumptions = dict[str, dict[str, str]]
"""For every theorem the axioms on which it stands, from name to statement."""


def assumptions_of(compiled: Path, folder: Path) -> Assumptions:
    """Return for every theorem of some sources what it assumes, as Coq reads it off compiled files.

    Parameters
    ----------
    compiled : Path
        The folder of the compiled files.
    folder : Path
        The sources, which say what theorems there are.

    Returns
    -------
    dict of str to dict of str to str
        For each theorem the axioms, from name to statement. Where all are allowed in the folder
        (`allowed_axioms`), it is those of all theorems together, which each of them may assume.

    Raises
    ------
    ProofError
        If a theorem is not there, or there is none.
    """
    theorems = list(find_theorems(folder))
    if not theorems:
        raise ProofError("the sources have no theorem")
    load = f"From EtC Require {' '.join(modules(folder))}.\n"
    # Asking for all at once is quick; only if too much is assumed does it matter which assume it.
    everything = "\n".join(f"let _ := @{name} in" for name in theorems)
    query = f"Definition everything :=\n{everything}\ntt.\nPrint Assumptions everything.\n"
    together = _entries(ask(load + query, compiled))
    if together.items() <= allowed_axioms(folder).items():
        return dict.fromkeys(theorems, together)
    single = (f'Redirect "{name}" Print Assumptions {name}.' for name in theorems)
    with tempfile.TemporaryDirectory() as place:
        _ask(load + "\n".join(single), compiled, Path(place))
        return {name: _entries((Path(place) / f"{name}.out").read_text()) for name in theorems}


def _entries(text: str) -> dict[str, str]:
    """Return what Coq lists, an entry at the margin with its indented lines; none if closed.

    What is no axiom, such as a function that was not checked to terminate, has no statement.
    """
    text = text.strip()
    if text == CLOSED:
        return {}
    entries = (" ".join(e.split()) for e in re.split(r"\n(?=\S)", text.removeprefix("Axioms:\n")))
    return {name: statement for name, _, statement in (e.partition(" : ") for e in entries)}


def _run(command: list[str], folder: Path) -> str:
    """Run one of Coq's programs and return what it prints; `ProofError` if it fails."""
    try:
        done = Processes().run(command, folder=folder, seconds=_SECONDS)
    except subprocess.TimeoutExpired:
        raise ProofError(f"{' '.join(command)} took more than {_SECONDS} s") from None
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())
        raise ProofError(f"{command[0]} on {command[-1]}: {said[-400:]}")
    return done.stdout
