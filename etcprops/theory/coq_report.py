"""What a check of the Coq sources found, as an object, as JSON, and as the record that is shipped.

The record says when and with what the sources were last checked. It is shown where Coq is absent,
and never as if they had been checked now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from etcprops import _documents
from etcprops.theory.theorems import digest, sources_folder

RECORD = "RECORD.json"
"""The record's file beside the sources."""


class CoqError(Exception):
    """What kept the theorems from being checked, in a sentence for the user."""


class CoqUnavailableError(CoqError):
    """Coq, or the library that the proofs need, is not on this machine."""


class ProofError(CoqError):
    """Coq is there and does not accept the proofs."""


@dataclass(frozen=True)
class Report:
    """What one check of the sources found.

    Parameters
    ----------
    digest : str
        SHA-256 of the sources.
    coq : str
        Version of Coq.
    checked : str
        Date and time of the check, UTC.
    seconds : float
        How long it took.
    coqchk : str
        What of it ``coqchk`` went through: the files of the sources, or those of the libraries too.
    assumptions : dict of str to str
        For every theorem what it assumes; empty if nothing.
    """

    digest: str
    coq: str
    checked: str
    seconds: float
    coqchk: str
    assumptions: dict[str, str]

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return _documents.write("etcprops.CoqReport", asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Return the report that `to_json` wrote; ValueError if it is none."""
        document = _documents.read(text, "etcprops.CoqReport", "Report.from_json")
        names = [field.name for field in fields(cls)]
        try:
            return cls(*(document[name] for name in names))
        except KeyError as error:
            raise ValueError(f"a report of a check with Coq without {error}") from None

    @property
    def source(self) -> str:
        """With what, when and in what time the sources were checked."""
        return f"checked with Coq {self.coq}, {self.checked}, in {self.seconds:g} s"


def rejected(report: Report, names: Iterable[str]) -> dict[str, str]:
    """Return those of some theorems that a report does not show to be proved, and why.

    Parameters
    ----------
    report : Report
        Of a check or of a record.
    names : iterable of str
        Such as ``Normalization.zscore_encrypt``.

    Returns
    -------
    dict of str to str
        Empty if every one of them is proved without assumption.
    """
    reasons = {}
    for name in names:
        if name not in report.assumptions:
            reasons[name] = "is not there"
        elif report.assumptions[name]:
            reasons[name] = f"assumes {report.assumptions[name]}"
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
        If there is no record, or it is of other sources.
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
    return record
