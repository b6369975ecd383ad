"""What is proved formally for a claim, as checks like any other.

Coq proves for all sizes, keys and images; where it is absent, the record of an earlier check is
shown as that and counts for nothing. Theorems over the real numbers are checks of their own, which
name the axioms that they stand on and take no others.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.terms import EvidenceKind, Finding, Needs, Sense
from etcprops.theory import coq
from etcprops.theory.theorems import (
    allowed_axioms,
    find_theorems,
    reals_folder,
    sources_folder,
)


@dataclass(frozen=True)
class Proofs:
    """What is proved formally for one claim.

    Parameters
    ----------
    theorems : tuple of str
        Theorems that support it, as ``File.theorem``, and assume nothing.
    over_reals : tuple of str
        Theorems that support it, and stand on the axioms in ``proofs/coq/reals/AXIOMS``.
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
    over_reals: tuple[str, ...] = ()

    @property
    def all_theorems(self) -> tuple[str, ...]:
        """Every theorem of the line, once."""
        refuting = [name for names in self.counterexamples.values() for name in names]
        return tuple(dict.fromkeys([*self.theorems, *self.over_reals, *refuting]))


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
        supporting = _theorems(proofs.theorems)
        checks.append(
            Check(
                supporting,
                EvidenceKind.MACHINE_CHECKED,
                sense=sense,
                ahead=_begin(sources_folder),
                cites=proofs.theorems,
            )
        )
    if proofs.over_reals:
        over_reals = _theorems_over_reals(proofs.over_reals)
        checks.append(
            Check(
                over_reals,
                EvidenceKind.MACHINE_CHECKED,
                sense=sense,
                ahead=_begin(reals_folder),
                cites=proofs.over_reals,
            )
        )
    for without, names in proofs.counterexamples.items():
        refuting = Check(
            _counterexamples(names),
            EvidenceKind.MACHINE_CHECKED,
            without,
            refutes=True,
            ahead=_begin(sources_folder),
            cites=names,
        )
        checks.append(replace(refuting, sense=sense))
    return replace(claim, checks=tuple(checks))


def _begin(folder: Callable[[], Path]) -> Callable[[Implementation], object]:
    """Return what has Coq begin with a folder, which takes seconds, before the first check."""

    def begin(implementation: Implementation) -> None:
        with suppress(FileNotFoundError):  # no sources: the check itself says so
            implementation.proved(folder())

    return begin


def _theorems(names: tuple[str, ...]) -> Callable[[Implementation], Observation]:
    def check_theorems_in_coq(implementation: Implementation) -> Observation:
        """Compile the proofs with Coq, and ask what the theorems assume."""
        return _look_up(implementation, names, sources_folder(), agrees=True)

    return check_theorems_in_coq


def _theorems_over_reals(names: tuple[str, ...]) -> Callable[[Implementation], Observation]:
    def check_theorems_over_the_reals_in_coq(implementation: Implementation) -> Observation:
        """Compile the proofs over the real numbers with Coq, and compare what they assume."""
        return _look_up(implementation, names, reals_folder(), agrees=True)

    return check_theorems_over_the_reals_in_coq


def _counterexamples(names: tuple[str, ...]) -> Callable[[Implementation], Observation]:
    def check_counterexamples_in_coq(implementation: Implementation) -> Observation:
        """Compile the proofs with Coq, and ask what the theorems on counterexamples assume."""
        return _look_up(implementation, names, sources_folder(), agrees=False)

    return check_counterexamples_in_coq


def _look_up(
    implementation: Implementation, names: tuple[str, ...], folder: Path, *, agrees: bool
) -> Observation:
    """Observe whether Coq accepts some theorems here and now, or did so elsewhere."""
    known = find_theorems(folder)
    places = ", ".join(known[name].location if name in known else name for name in names)
    axioms = tuple(allowed_axioms(folder))
    assumed = f"assumed are the axioms {', '.join(axioms)}" if axioms else "nothing assumed"
    try:
        report = implementation.proved(folder).result()
    except coq.CoqUnavailableError as missing:
        try:
            record = implementation.recorded(folder)
            _insist(record, names, folder)
        except coq.ProofError as reason:
            return Observation.skipped(Needs.COQ, f"{missing}; {reason}")
        return Observation(
            None,
            f"{places}; {assumed}",
            otherwise=Finding.RECORDED,
            axioms=axioms,
            authority=f"{record.source}; recorded, not re-checked here: {missing}",
            needs=Needs.COQ,
        )
    _insist(report, names, folder)
    return Observation(agrees, f"{places}; {assumed}", axioms=axioms, authority=report.source)


def _insist(report: coq.Report, names: tuple[str, ...], folder: Path) -> None:
    """Raise `ProofError` unless the sources state every theorem and the report shows its proof.

    A report may be of other sources, or forged: what these do not state is not proved.
    """
    known = find_theorems(folder)
    reasons = {name: "is not stated in the sources" for name in names if name not in known}
    reasons |= coq.rejected(report, names, allowed_axioms(folder))
    if reasons:
        raise coq.ProofError("; ".join(f"{name} {why}" for name, why in reasons.items()))
