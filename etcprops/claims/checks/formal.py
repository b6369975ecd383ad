"""What is proved formally for a claim, as checks like any other.

Coq proves for all sizes, keys and images; where it is absent, the record of an earlier check is
shown as that and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import (
    Check,
    Claim,
    EvidenceKind,
    Finding,
    Observation,
    Sense,
)
from etcprops.theory import coq
from etcprops.theory.theorems import find_theorems


@dataclass(frozen=True)
class Proofs:
    """What is proved formally for one claim.

    Parameters
    ----------
    theorems : tuple of str
        Theorems that support it, as ``File.theorem``.
    counterexamples : dict of str or None to tuple of str
        Theorems that refute it without a hypothesis, by that hypothesis; None: that refute it.
    queries : tuple of Check
        Questions to z3.
    notebook : str
        The notebook in ``proofs/`` that tells the proof, without suffix.
    """

    theorems: tuple[str, ...] = ()
    counterexamples: dict[str | None, tuple[str, ...]] = field(default_factory=dict)
    queries: tuple[Check, ...] = ()
    notebook: str = ""

    @property
    def all_theorems(self) -> tuple[str, ...]:
        """Every theorem of the line, once."""
        refuting = [name for names in self.counterexamples.values() for name in names]
        return tuple(dict.fromkeys([*self.theorems, *refuting]))


def checked(claim: Claim, proofs: Proofs) -> Claim:
    """Return the claim with checks of its proofs after its own.

    Parameters
    ----------
    claim : Claim
        Any.
    proofs : Proofs
        What is proved for it.

    Returns
    -------
    Claim
    """
    checks = list(claim.checks) + list(proofs.queries)
    in_distribution = any(
        check.sense is Sense.DISTRIBUTION for check in checks if check.without is None
    )
    sense = Sense.DISTRIBUTION if in_distribution else Sense.PATH
    if proofs.theorems:
        checks.append(Check(_theorems(proofs.theorems), EvidenceKind.MACHINE_CHECKED, sense=sense))
    for without, names in proofs.counterexamples.items():
        refuting = Check(
            _counterexamples(names), EvidenceKind.MACHINE_CHECKED, without, refutes=True
        )
        checks.append(replace(refuting, sense=sense))
    return replace(claim, checks=tuple(checks))


def _theorems(names: tuple[str, ...]) -> Callable[[Implementation], Observation]:
    def check_theorems_in_coq(implementation: Implementation) -> Observation:
        """Compile the proofs with Coq, and ask what the theorems assume."""
        return _look_up(implementation, names, agrees=True)

    return check_theorems_in_coq


def _counterexamples(names: tuple[str, ...]) -> Callable[[Implementation], Observation]:
    def check_counterexamples_in_coq(implementation: Implementation) -> Observation:
        """Compile the proofs with Coq, and ask what the theorems on counterexamples assume."""
        return _look_up(implementation, names, agrees=False)

    return check_counterexamples_in_coq


def _look_up(
    implementation: Implementation, names: tuple[str, ...], *, agrees: bool
) -> Observation:
    """Observe whether Coq accepts some theorems here and now, or did so elsewhere."""
    known = find_theorems()
    places = ", ".join(known[name].location if name in known else name for name in names)
    try:
        report = implementation.prove()
    except coq.CoqUnavailableError as missing:
        try:
            record = implementation.recorded()
            _insist(record, names)
        except coq.ProofError as reason:
            return Observation(None, f"{missing}; {reason}")
        detail = f"recorded, not re-checked here: {missing}. {places}; {record.source}"
        return Observation(None, detail, otherwise=Finding.RECORDED)
    _insist(report, names)
    return Observation(agrees, f"{places}; nothing assumed; {report.source}")


def _insist(report: coq.Report, names: tuple[str, ...]) -> None:
    """Raise `ProofError` unless the report shows every theorem to be proved from nothing."""
    reasons = coq.rejected(report, names)
    if reasons:
        raise coq.ProofError("; ".join(f"{name} {why}" for name, why in reasons.items()))
