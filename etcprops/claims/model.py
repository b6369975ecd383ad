"""What a claim is, what evidence is, and how an outcome follows from evidence.

No outcome is written down anywhere as a fact: it is derived from what the checks found in this run,
and compared with what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops.claims.terms import EvidenceKind, Finding, Needs, Outcome, PaperSays, Scope, Sense

if TYPE_CHECKING:
    from etcprops.claims.implementation import Implementation
    from etcprops.claims.summary import Summary


@dataclass(frozen=True)
class Exhibit:
    """A labelled array that shows what was found: a counterexample's pixels, say.

    Parameters
    ----------
    label : str
        What the array is.
    values : ndarray, two-dimensional
        Small. Drawn in the report: uint8 as grey levels, other numbers on a scale of their own.
    """

    label: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Observation:
    """What a check saw.

    Parameters
    ----------
    agrees : bool or None
        Whether the claim's statement came out true in every case that the check looked at; None
        if it could not look.
    detail : str
        How many cases of what, or the counterexample, or why it could not look.
    exhibits : tuple of Exhibit
        What to show.
    otherwise : Finding, default=NOT_APPLICABLE
        What was found if `agrees` is None: `RECORDED` and `UNKNOWN` are the other two.
    axioms : tuple of str
        What a proof stands on besides the rules of its logic.
    authority : str
        Who says so, and when, where it is not this check: Coq, now or earlier.
    needs : Needs or None
        What would be needed to look, if it was skipped.
    """

    agrees: bool | None
    detail: str
    exhibits: tuple[Exhibit, ...] = ()
    otherwise: Finding = Finding.NOT_APPLICABLE
    axioms: tuple[str, ...] = ()
    authority: str = ""
    needs: Needs | None = None

    @classmethod
    def skipped(cls, needs: Needs, detail: str) -> Observation:
        """Return that nothing was looked at, and for want of what."""
        return cls(None, detail, otherwise=Finding.SKIPPED, needs=needs)


@dataclass(frozen=True)
class Check:
    """One way to test a claim.

    Parameters
    ----------
    run : callable
        Takes the `Implementation` and returns an `Observation`; the first line of its docstring
        says what it does.
    kind : EvidenceKind
        The kind of evidence that it gives.
    without : str, optional
        The hypothesis that the check drops, to look for a counterexample: if the statement is
        refuted without it, the hypothesis is necessary.
    refutes : bool, optional
        Whether it is there to find a counterexample; by default if its kind of evidence says so.
    sense : Sense, default=Sense.PATH
        Whether it compares results or their distributions.
    ahead : callable, optional
        Begins, before the first check of all is run, what takes time in other processes.
    cites : tuple of str
        The theorems that it looks up.
    """

    run: Callable[[Implementation], Observation]
    kind: EvidenceKind
    without: str | None = None
    refutes: bool | None = None
    sense: Sense = Sense.PATH
    ahead: Callable[[Implementation], object] | None = None
    cites: tuple[str, ...] = ()

    @property
    def refuting(self) -> bool:
        """Whether the check is there to find a counterexample."""
        return self.kind is EvidenceKind.REFUTATION if self.refutes is None else self.refutes

    @property
    def name(self) -> str:
        """The function's name without ``check_``, in words."""
        return self.run.__name__.removeprefix("check_").replace("_", " ")

    @property
    def summary(self) -> str:
        """The first line of the function's docstring."""
        return (self.run.__doc__ or "").strip().split("\n", maxsplit=1)[0]


@dataclass(frozen=True)
class Claim:
    """One statement, where it is from, and how it is tested.

    Parameters
    ----------
    name : str
        Short, in kebab case; unique.
    statement : str
        What is claimed.
    source : str
        Where the paper says it, or that it does not.
    expected : Outcome
        What should come out; a run in which anything else does is not ok.
    paper : PaperSays
        How the paper stands to it.
    scope : Scope
        Whether it speaks of exact arithmetic or of bits, and of whose.
    hypotheses : tuple of str
        What the statement needs; each must be dropped by a check that then finds a counterexample.
    checks : tuple of Check
        How it is tested. None: pending.
    note : str
        What a reader must know besides: limits, the true form of a false claim.
    references : tuple of str
        Where else it is from: what the statement, its proof or its checks build on.
    """

    name: str
    statement: str
    source: str
    expected: Outcome
    paper: PaperSays = field(kw_only=True)
    scope: Scope = field(kw_only=True)
    hypotheses: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    note: str = ""
    references: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The section of the paper that speaks of it, or against it; empty if none does."""
        if self.paper is PaperSays.SILENT:
            return ""
        found = re.search(r"sections? (\d(?:\.\d)*)", self.source)
        return found[1] if found else ""


def kind_label(kind: EvidenceKind, axioms: int) -> str:
    """Return what a reader sees of a kind of evidence.

    Examples
    --------
    >>> kind_label(EvidenceKind.MACHINE_CHECKED, 4)
    'machine-checked on 4 axioms'
    """
    return f"{kind} on {axioms} axioms" if axioms else str(kind)


@dataclass(frozen=True)
class Evidence:
    """What one check found in one run."""

    check: str
    summary: str
    kind: EvidenceKind
    finding: Finding
    detail: str
    without: str | None = None
    sense: Sense = Sense.PATH
    exhibits: tuple[Exhibit, ...] = ()
    seconds: float = 0.0
    axioms: tuple[str, ...] = ()
    authority: str = ""
    needs: Needs | None = None

    @property
    def decides(self) -> bool:
        """Whether it says anything of its claim: only two findings count."""
        return self.finding in {Finding.SUPPORTS, Finding.REFUTES}

    @property
    def label(self) -> str:
        """The kind, and on how many axioms it stands, if on any."""
        return kind_label(self.kind, len(self.axioms))

    def to_dict(self) -> dict[str, Any]:
        """Return the evidence ready for JSON."""
        return {
            "check": self.check,
            "summary": self.summary,
            "kind": str(self.kind),
            "finding": str(self.finding),
            "without": self.without,
            "sense": str(self.sense),
            "detail": self.detail,
            "axioms": list(self.axioms),
            "authority": self.authority,
            "needs": None if self.needs is None else str(self.needs),
            "exhibits": {
                e.label: _documents.finite(np.asarray(e.values).tolist()) for e in self.exhibits
            },
            "seconds": round(self.seconds, 3),
        }


def derive_outcome(claim: Claim, evidence: tuple[Evidence, ...]) -> Outcome:
    """Return what the evidence says of a claim.

    A check that refutes the statement under all its hypotheses makes it fail. Without one, it
    needs a check that supports it, and for each hypothesis a counterexample found without it. What
    has less is pending; so is what raised an exception.

    If checks compare distributions, the statement is about distributions: what refutes it and what
    supports it must have compared them. Then results compared one by one decide how much more is
    true: if they refute, it holds in distribution only; if they support, it holds as it stands; and
    without any, it is not known whether it holds path by path, so it is pending.

    Parameters
    ----------
    claim : Claim
        The claim; its expectation plays no part.
    evidence : tuple of Evidence
        What its checks found.

    Returns
    -------
    Outcome
    """
    direct: dict[Sense, set[Finding]] = {
        sense: {e.finding for e in evidence if e.without is None and e.sense is sense}
        for sense in Sense
    }
    paths, distributions = direct[Sense.PATH], direct[Sense.DISTRIBUTION]
    about = distributions or paths
    necessary = {e.without for e in evidence if e.without and e.finding is Finding.REFUTES}
    if any(e.finding is Finding.RAISED for e in evidence):
        return Outcome.PENDING
    if Finding.REFUTES in about:
        return Outcome.FAILS
    if Finding.SUPPORTS not in about or set(claim.hypotheses) - necessary:
        return Outcome.PENDING
    if distributions and Finding.REFUTES in paths:
        return Outcome.IN_DISTRIBUTION
    if Finding.SUPPORTS not in paths:
        return Outcome.PENDING
    return Outcome.HOLDS_IF if claim.hypotheses else Outcome.HOLDS


@dataclass(frozen=True)
class Row:
    """A claim with the evidence of one run."""

    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def outcome(self) -> Outcome:
        """What the evidence says."""
        return derive_outcome(self.claim, self.evidence)

    @property
    def missing(self) -> tuple[str, ...]:
        """The evidence on the record of the claim that this run did not look for."""
        from etcprops.claims.record import missing

        return missing(self.claim, self.evidence)

    @property
    def ok(self) -> bool:
        """Whether it is what was expected, and no evidence on record is missing."""
        return self.outcome is self.claim.expected and not self.missing

    @property
    def surprise(self) -> str:
        """Why the row is not ok, in a sentence; empty if it is."""
        if self.ok:
            return ""
        if self.missing:
            return f"evidence is missing: {'; '.join(self.missing)}"
        direct = [e for e in self.evidence if e.without is None]
        bad = [e for e in self.evidence if e.finding is Finding.RAISED]
        if self.claim.expected in {Outcome.HOLDS, Outcome.HOLDS_IF}:
            bad += [e for e in direct if e.finding is Finding.REFUTES]
            bad += [e for e in self.evidence if e.without and e.finding is Finding.SUPPORTS]
        if self.claim.expected is Outcome.IN_DISTRIBUTION:
            usual = {Sense.DISTRIBUTION: Finding.SUPPORTS, Sense.PATH: Finding.REFUTES}
            bad += [e for e in direct if e.finding is not usual[e.sense]]
            bad += [e for e in self.evidence if e.without and e.finding is Finding.SUPPORTS]
        reasons = "; ".join(f"{e.check} ({e.finding}: {e.detail})" for e in bad)
        return f"expected {self.claim.expected}, found {self.outcome}. {reasons}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Return the row ready for JSON."""
        return {
            "claim": self.claim.name,
            "statement": self.claim.statement,
            "source": self.claim.source,
            "paper": str(self.claim.paper),
            "section": self.claim.section,
            "scope": str(self.claim.scope),
            "hypotheses": list(self.claim.hypotheses),
            "note": self.claim.note,
            "references": list(self.claim.references),
            "outcome": str(self.outcome),
            "expected": str(self.claim.expected),
            "ok": self.ok,
            "evidence": [e.to_dict() for e in self.evidence],
        }


@dataclass(frozen=True)
class Ledger:
    """All claims with the evidence of one run.

    Attributes
    ----------
    rows : tuple of Row
        One a claim.
    about : dict
        What was run: geometry, data, versions, seconds.
    """

    rows: tuple[Row, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every claim came out as expected."""
        return all(row.ok for row in self.rows)

    @property
    def undecided(self) -> tuple[tuple[Claim, Evidence], ...]:
        """What neither supports nor refutes its claim, whatever the reason."""
        return tuple((row.claim, e) for row in self.rows for e in row.evidence if not e.decides)

    @property
    def summary(self) -> Summary:
        """What the run comes to: outcomes, how they stand to the paper, what was skipped."""
        from etcprops.claims.summary import Summary

        return Summary.of(self.rows)

    def to_json(self) -> str:
        r"""Return the ledger as JSON text.

        Examples
        --------
        >>> print(*Ledger(rows=()).to_json().splitlines()[-2:], sep="\n")
         "rows": []
        }
        """
        rows = [row.to_dict() for row in self.rows]
        summary = self.summary.to_dict()
        content = {"ok": self.ok, "about": self.about, "summary": summary, "rows": rows}
        return _documents.write("etcprops.Ledger", content)

    def to_html(self) -> str:
        """Return the ledger as one self-contained HTML page with pictures."""
        from etcprops.claims.page import render

        return render(self)

    def _repr_html_(self) -> str:
        """Show claims and outcomes in a notebook."""
        from etcprops.claims.page import fragment

        return fragment(self)
