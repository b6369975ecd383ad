"""The Coq sources as text: where they are, and which theorem stands in which file and line.

Nothing here runs Coq; see `etcprops.theory.coq` for that. Theorems are found by reading the
sources, so that a name that is not there is noticed and a line number is never out of date.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from etcprops._validation import reject

_HERE = Path(__file__).resolve()
FOLDERS = (_HERE.parents[2] / "proofs" / "coq", _HERE.parent / "coq_sources")
"""Where the sources are in a checkout, and where in an installed package."""

REALS = "reals"
"""The folder in there of what stands on the axioms of Coq's real numbers."""

AXIOMS = "AXIOMS"
"""The file that lists what the theorems of a folder may assume; where there is none, nothing."""

_THEOREM = re.compile(r"(?:Theorem|Lemma|Corollary|Example)\s+([\w']+)")
_OPENING = re.compile(r"Section\s+([\w']+)\.")
_CONTEXT = re.compile(r"(?:Variables?|Hypothesis|Notation)\b")
_TRUST = re.compile(
    r"\b(?:Admitted|admit|give_up|Axioms?|Parameters?|Conjecture|bypass_check)\b"
    r"|Unset (?:Guard|Positivity|Universe) Checking"
)
_IMPORT = re.compile(r"From EtC Require Import ([\w\s]+)\.")


@dataclass(frozen=True)
class Theorem:
    """A theorem as its source states it.

    Parameters
    ----------
    name : str
        With the file in front: ``Normalization.zscore_encrypt``.
    line : int
        Where its statement begins, counted from 1.
    statement : str
        From ``Theorem`` to the full stop.
    context : tuple of str
        The variables, hypotheses and notations of the sections around it, outermost first.
    folder : str
        Where its file is below the sources: none, or ``reals/``.
    """

    name: str
    line: int
    statement: str
    context: tuple[str, ...] = ()
    folder: str = ""

    @property
    def file(self) -> str:
        """Its file, below the sources."""
        return f"{self.folder}{self.name.partition('.')[0]}.v"

    @property
    def location(self) -> str:
        """Short name, file and line, for a reader."""
        return f"{self.name.partition('.')[2]} ({self.file}:{self.line})"

    @property
    def link(self) -> str:
        """Address of its line, relative to ``proofs/``."""
        return f"coq/{self.file}#L{self.line}"

    def _repr_markdown_(self) -> str:
        """Return what a notebook shows: a link, and the statement with its context."""
        code = "\n".join([*self.context, self.statement])
        title = f"**[{self.name}]({self.link})**, `coq/{self.file}` line {self.line}"
        return f"{title}\n\n```coq\n{code}\n```"


def sources_folder() -> Path:
    """Return the folder of the shipped Coq sources.

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If the package was installed without them.

    Examples
    --------
    >>> (sources_folder() / "Blocks.v").is_file()
    True
    """
    for folder in FOLDERS:
        if (folder / "SignedPermutation.v").is_file():
            return folder
    raise FileNotFoundError(f"no Coq sources in {' or '.join(map(str, FOLDERS))}")


def reals_folder() -> Path:
    """Return the folder of the sources that stand on the axioms listed in their `AXIOMS`."""
    return sources_folder() / REALS


def allowed_axioms(folder: Path) -> dict[str, str]:
    r"""Return what the theorems of a folder may assume, from name to statement, as Coq prints it.

    Examples
    --------
    >>> allowed_axioms(sources_folder())
    {}
    >>> print(allowed_axioms(reals_folder())["Classical_Prop.classic"])
    forall P : Prop, P \/ ~ P
    """
    path = folder / AXIOMS
    lines = path.read_text().splitlines() if path.is_file() else []
    parts = [line.partition(" : ") for line in lines if line and not line.startswith("#")]
    return {name: statement for name, _, statement in parts}


def modules(folder: Path) -> tuple[str, ...]:
    """Return the names of the ``.v`` files of a folder, each after those that it imports.

    Parameters
    ----------
    folder : Path
        Coq sources.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> modules(sources_folder())[0], "Executable" in modules(sources_folder())
    ('SignedPermutation', True)
    """
    graph = dependencies(folder)
    sorter = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
    return tuple(sorter.static_order())


def dependencies(folder: Path) -> dict[str, set[str]]:
    """Return for each ``.v`` file of a folder the files of that folder that it imports."""
    texts = {p.stem: without_comments(p.read_text()) for p in sorted(folder.glob("*.v"))}
    return {
        stem: {name for group in _IMPORT.findall(text) for name in group.split()} & set(texts)
        for stem, text in texts.items()
    }


def digest(folder: Path) -> str:
    """Return the SHA-256 of all ``.v`` files of a folder, names and contents, in hexadecimal."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.v")):
        content = path.read_bytes()
        total.update(f"{path.name} {len(content)}\n".encode() + content)
    return total.hexdigest()


def taken_on_trust(folder: Path) -> dict[str, str]:
    """Return the files that say they prove less than they state, each with the word for it.

    Coq's own answer is what counts; this is for where Coq is absent.
    """
    files = {p.name: without_comments(p.read_text()) for p in sorted(folder.glob("*.v"))}
    return {name: found[0] for name, text in files.items() if (found := _TRUST.search(text))}


def find_theorems(folder: Path | None = None) -> dict[str, Theorem]:
    """Return every theorem and lemma of the sources by its name.

    Parameters
    ----------
    folder : Path, optional
        By default the shipped sources, with those over the real numbers.

    Returns
    -------
    dict of str to Theorem

    Examples
    --------
    >>> find_theorems()["SignedPermutation.sp_apply_one"].statement
    'Theorem sp_apply_one x : sp_apply (sp_one n) x = x.'
    """
    if folder is None:
        return find_theorems(sources_folder()) | find_theorems(reals_folder())
    below = f"{REALS}/" if folder.name == REALS else ""
    files = ((path.stem, path.read_text()) for path in sorted(folder.glob("*.v")))
    return {found.name: found for module, text in files for found in _read(module, text, below)}


def theorem(name: str) -> Theorem:
    """Return one theorem of the shipped sources; in a notebook it shows itself.

    Parameters
    ----------
    name : str
        Such as ``Normalization.zscore_encrypt``.

    Returns
    -------
    Theorem

    Raises
    ------
    InvalidParameterError
        If there is no theorem of that name.

    Examples
    --------
    >>> theorem("Blocks.raster_order_bijective").file
    'Blocks.v'
    """
    known = find_theorems()
    if name not in known:
        reject("name", "theorem", "be a theorem of the Coq sources, as File.theorem", f"{name!r}.")
    return known[name]


@cache
def _read(module: str, text: str, folder: str) -> tuple[Theorem, ...]:
    """Return the theorems of one file, with the context of the sections that they stand in."""
    lines = without_comments(text).split("\n")
    sections: list[list[str]] = [[]]
    found = []
    for number, line in enumerate(lines):
        if _OPENING.match(line):
            sections.append([])
        elif len(sections) > 1 and re.match(r"End\s+[\w']+\.", line):
            sections.pop()
        elif _CONTEXT.match(line) and len(sections) > 1:
            sections[-1].append(_sentence(lines, number))
        elif match := _THEOREM.match(line):
            context = tuple(sentence for section in sections for sentence in section)
            name = f"{module}.{match[1]}"
            found.append(Theorem(name, number + 1, _sentence(lines, number), context, folder))
    return tuple(found)


def _sentence(lines: list[str], start: int) -> str:
    """Return the lines from `start` up to the first that ends with a full stop."""
    end = start
    while not lines[end].rstrip().endswith("."):
        end += 1
    return "\n".join(line.rstrip() for line in lines[start : end + 1] if line.strip())


@cache
def without_comments(text: str) -> str:
    """Return the text with comments blanked, its lines where they were."""
    blank = re.compile(r"\(\*(?:(?!\(\*|\*\)).)*\*\)", re.DOTALL)
    while blank.search(text):
        text = blank.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text
