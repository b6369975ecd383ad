"""What a check of the Coq sources found, as an object, as JSON, and as the record that is shipped.

The record says when and with what the sources were last checked. It is shown where Coq is absent,
and never as if they had been checked now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from etcprops import _documents
from etcprops._validation import as_iterator, describe, reject
from etcprops.theory.theorems import digest, find_theorems, sources_folder, taken_on_trust

RECORD = "RECORD.json"
"""The record's file beside the sources."""


class CoqError(Exception):
    """What kept the theorems from being checked, in a sentence for the user."""


class CoqUnavailableError(CoqError):
    """Coq, or the library that the proofs need, is not on this machine."""


class ProofError(CoqError):
    """Coq is there and does not accept the proofs."""


class Origin(StrEnum):
    """When and where the sources of a report were compiled."""

    NOW = "now"
    KEPT = "kept"
    """Earlier, on this machine; what the theorems assume was asked again of the compiled files."""
    RECORDED = "recorded"
    """Wherever the record was written."""


@dataclass(frozen=True)
class Report:
    """What one check of the sources found.

    Parameters
    ----------
    digest : str
        SHA-256 of the sources.
    coq : str
        Version of Coq.
    libraries : dict of str to str
        SHA-256 of the compiled files of each library, Coq's own among them, the first 16 digits.
    checked : str
        Date and time at which they were compiled, UTC.
    seconds : float
        How long it took.
    coqchk : str
        What of it ``coqchk`` went through: the files of the sources, or those of the libraries too.
    files : dict of str to str
        SHA-256 of each compiled file.
    axioms : dict of str to str
        What is assumed, from name to statement, as Coq prints it.
    assumptions : dict of str to tuple of str
        For every theorem the names of what it assumes at most; none if it is proved from nothing.
    origin : Origin
        How the report was come by; no part of the document.
    """

    digest: str
    coq: str
    libraries: dict[str, str]
    checked: str
    seconds: float
    coqchk: str
    files: dict[str, str]
    axioms: dict[str, str]
    assumptions: dict[str, tuple[str, ...]]
    origin: Origin = field(default=Origin.NOW, compare=False)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        content = {name: getattr(self, name) for name in _SAVED}
        return _documents.write("etcprops.CoqReport", content)

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return the report that `to_json` wrote.

        Raises
        ------
        InvalidParameterError
            If it is none.
        """
        caller = "Report.from_json"
        document = _documents.read(text, "etcprops.CoqReport", caller)
        for name in _SAVED:
            if not _fits(name, document.get(name)):
                wanted = f"have {', '.join(_SAVED)}, each of its kind"
                reject("text", caller, wanted, f"{name}: {describe(document.get(name))}")
        content = {name: document[name] for name in _SAVED}
        assumed = {name: tuple(axioms) for name, axioms in content.pop("assumptions").items()}
        return cls(**content, assumptions=assumed, origin=Origin.RECORDED)

    @property
    def source(self) -> str:
        """With what, when and where the sources were compiled; the words differ by `origin`."""
        used = f"with Coq {self.coq}, in {self.seconds:g} s; coqchk went through {self.coqchk}"
        if self.origin is Origin.NOW:
            return f"compiled now {used}"
        if self.origin is Origin.KEPT:
            return (
                f"compiled on {self.checked} on this machine {used}; asked again now what they "
                "assume"
            )
        return f"compiled on {self.checked}, as recorded, {used}"

    def same_tools(self, other: Report) -> bool:
        """Whether both are of the same sources, compiled by the same Coq with the same libraries.

        Coq then writes the same files, to the byte.
        """
        return isinstance(other, Report) and (
            (self.digest, self.coq, self.libraries) == (other.digest, other.coq, other.libraries)
        )


_SAVED = [entry.name for entry in fields(Report) if entry.compare]


def _fits(name: str, value: Any) -> bool:
    """Whether a field of a document is of its kind."""
    if name == "seconds":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if name == "assumptions":
        lists = isinstance(value, dict) and all(isinstance(v, list) for v in value.values())
        return lists and all(isinstance(a, str) for v in value.values() for a in v)
    if name in {"libraries", "files", "axioms"}:
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    return isinstance(value, str)


def rejected(
    report: Report, names: Iterable[str], allowed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return those of some theorems that a report does not show to be proved, and why.

    Parameters
    ----------
    report : Report
        Of a check or of a record.
    names : iterable of str
        Such as ``Normalization.zscore_encrypt``.
    allowed : mapping of str to str, optional
        The axioms on which they may stand, with their statements; by default none.

    Returns
    -------
    dict of str to str
        Empty if every one of them is proved from nothing but what is allowed.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind.
    """
    if not isinstance(report, Report):
        reject("report", "rejected", "be a Report", describe(report))
    given = as_iterator(names, "names", "rejected", "be a collection of names")
    if not isinstance(allowed, Mapping | None):
        reject("allowed", "rejected", "map axioms to statements", describe(allowed))
    permitted = {} if allowed is None else allowed
    reasons = {}
    for name in given:
        if not isinstance(name, str):
            reject("names", "rejected", "hold names of theorems", describe(name))
        if name not in report.assumptions:
            reasons[name] = "is not there"
            continue
        assumed = {axiom: report.axioms.get(axiom, "") for axiom in report.assumptions[name]}
        excess = [f"{axiom} : {says}" for axiom, says in assumed.items() - permitted.items()]
        if excess:
            reasons[name] = f"assumes {'; '.join(sorted(excess)).removesuffix(' : ')}"
    return reasons


def read_record(folder: Path | None = None) -> Report:
    """Return the record of the last check of the shipped sources.

    Parameters
    ----------
    folder : Path, optional
        By default the shipped sources.

    Returns
    -------
    Report

    Raises
    ------
    ProofError
        If there is no record, it is of other sources or of theorems that these do not state, or
        the sources take something on trust.
    """
    folder = sources_folder() if folder is None else folder
    try:
        record = Report.from_json((folder / RECORD).read_text())
    except (OSError, ValueError) as error:
        raise ProofError(f"no record of an earlier check: {error}") from None
    if record.digest != digest(folder):
        raise ProofError(
            f"the record ({record.source}) is stale: the sources have changed since then"
        )
    if set(record.assumptions) != set(find_theorems(folder)):
        raise ProofError("the record is of other theorems than the sources state")
    if trusting := taken_on_trust(folder):
        said = ", ".join(f"{word} in {name}" for name, word in trusting.items())
        raise ProofError(f"the record is of sources that take something on trust: {said}")
    return record
