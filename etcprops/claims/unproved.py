"""What is not proved: claims without a theorem, each with its reason, and the page on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from etcprops.claims.checks.formal import Proofs
from etcprops.claims.model import Claim
from etcprops.claims.terms import EvidenceKind, Outcome

TRUE: Final = frozenset({Outcome.HOLDS, Outcome.HOLDS_IF, Outcome.IN_DISTRIBUTION})
"""Outcomes of claims that ask for a theorem."""


LIBRARIES: Final = "behaviour of libraries"


@dataclass(frozen=True)
class Unproved:
    """Why a claim has no theorem, and what of it is proved elsewhere."""

    reason: str
    what: str


UNPROVED: Final[dict[str, Unproved]] = {
    "ciphertext-only-one-image": Unproved(
        "an attack that was tried",
        "that no other attack does better on one image. Theorems say when an attack succeeds "
        "(`Assembly.v`), none that all attacks fail.",
    ),
    "common-key-scores": Unproved(
        LIBRARIES,
        "that scikit-learn's SVM is a function of the kernel matrix, and that the pipeline passes "
        "on what it gets. That reduced images have the same inner products is proved under "
        "*reductions*, that exact kernels are the same doubles under *same-bits*.",
    ),
    "jpeg-size": Unproved(
        "a measurement",
        "that photographs cost no more: it depends on what they show. That scramble changes no "
        "coefficient is proved under *jpeg-block-permutation*.",
    ),
    "learning-through-exact-jpeg": Unproved(
        LIBRARIES,
        "that jpeglib writes and reads coefficients as they are, and that scikit-learn's SVM is a "
        "function of the kernel matrix. That coefficients are encrypted is proved under "
        "*exact-jpeg*, that exact kernels are the same doubles under *same-bits*.",
    ),
    "same-on-every-machine": Unproved(
        LIBRARIES,
        "that BLAS adds products only, that compilers keep to the order written, and that libsvm "
        "and trees do the same everywhere: taken on machines, real and emulated. That sums on a "
        "grid are exact in any order is proved under *exact-gram*.",
    ),
}
"""By the name of the claim; the tests ask that it is these and no others."""

BY_HAND: Final = {
    "`theory/linear_reductions.py`": "that reductions whose z-scored inner products never change "
    "are those that permute lines (theorem 1, (c) to (b)). Coq has the rows by blocks and the "
    "converse for rows of equal length.",
    "`exact/_eigenpairs.py`": "that the enclosures of eigenvectors hold what they enclose.",
    "`exact/_elementary.py`": "that exponentials and tangents are correctly rounded.",
    "`exact/margins.py`": "that `decision_error_bound` adds up the right terms: features, kernel, "
    "weighted sum, and the weights of a second model. Coq has the bound for given terms, not for "
    "the program.",
    "`exact/decisions.py`": "that the intervals of `certain_decisions` do, too.",
    "*reductions-in-distribution*": "the law of Gaussian projections. Coq has matrices whose "
    "columns are exchangeable, up to sign.",
}
"""Where an argument is written out for people and checked on examples."""

NOT_SAID: Final = {
    "That an optimum is unique": "The optima of a support vector machine or of a linear model on "
    "plain and on encrypted images correspond; which one a solver returns, where there are "
    "several, is the solver's.",
    "Which sign, which axes": "Principal components correspond for a matched choice of signs, and "
    "of axes where eigenvalues are equal.",
    "Anything about rounding": "Except where a theorem names float64, it is about exact "
    "arithmetic. Those that name it are about Coq's model of IEEE 754.",
    "That two trainings end with the same weights": "The margins in `coq/reals` are those of one "
    "model on two machines, without overflow, and with a library's `exp` and `pow` within a number "
    "of units in the last place that is a hypothesis.",
    "That scikit-learn's models are those of the theorems": "Its trees those of `Forest.v`, its "
    "neighbours those of `NearestNeighbours.v`, its solvers at the optimum.",
    "That keys are uniform": "Laws are over uniform keys; that SHAKE-256 is as good is believed.",
    "That libjpeg codes blocks alone": "And that its integers are those of `formats/libjpeg.py`: "
    "compared, on many blocks and files.",
    "That `encrypt` is `etc_encrypt`": "Vectors and an extracted program compare them; NumPy has "
    "no semantics in Coq.",
}


def without_theorem(claims: Iterable[Claim], proofs: Mapping[str, Proofs]) -> list[str]:
    """Return the names of the claims that hold and have no theorem that says so.

    Parameters
    ----------
    claims : iterable of Claim
        The ledger.
    proofs : mapping of str to Proofs
        What is proved, by the name of the claim.
    """
    lines = ((claim, proofs.get(claim.name, Proofs())) for claim in claims)
    return [
        claim.name
        for claim, line in lines
        if claim.expected in TRUE and not (line.theorems or line.over_reals)
    ]


def page(
    claims: tuple[Claim, ...], proofs: Mapping[str, Proofs], theorems: int, written: str
) -> str:
    """Return the page ``docs/explanation/not-proved.md``.

    Parameters
    ----------
    claims, proofs
        As for `without_theorem`.
    theorems : int
        How many theorems and lemmas there are.
    written : str
        By what the page was written.
    """
    true = [claim for claim in claims if claim.expected in TRUE]
    bare = without_theorem(claims, proofs)
    rows = "".join(f"| {_link(n)} | {UNPROVED[n].reason} | {UNPROVED[n].what} |\n" for n in bare)
    hand = "".join(f"| {where} | {what} |\n" for where, what in BY_HAND.items())
    unsaid = "".join(f"- **{what}.** {why}\n" for what, why in NOT_SAID.items())
    measured = "".join(_measured(claim) for claim in true if claim.name not in bare)
    axioms = [_link(claim.name) for claim in true if proofs.get(claim.name, Proofs()).over_reals]
    return f"""\
# What is not proved

{written}

Of {len(true)} claims that are true, alone or under hypotheses, {len(true) - len(bare)} have a
theorem in Coq, with {theorems} theorems and lemmas in all. This page has the rest: claims without a
theorem, and what the theorems leave out. What must be believed of those that are proved is on
[another page](trusted-base.md), and [the claims](../../proofs/claims.md) say what would refute
each.

## {len(bare)} claims without a theorem

| claim | why | what is not proved |
|---|---|---|
{rows}
`etcprops verify` tests them on each run, and would report a counterexample. Claims that fail need
no theorem: their counterexample is shown. {_axioms(axioms)}

## What no theorem says

{unsaid}
## Proved by hand

| where | what |
|---|---|
{hand}
## Measured on models beside the theorem

The theorem is about the mathematics; that programs do it is measured, on real images and with
scikit-learn, each time:

| claim | what `etcprops verify` does |
|---|---|
{measured}"""


def _axioms(names: list[str]) -> str:
    listed = ", ".join(names)
    return f"Theorems that stand on four axioms of the real numbers: {listed}." if names else ""


def _measured(claim: Claim) -> str:
    direct = (check for check in claim.checks if check.without is None)
    seen = [check.summary for check in direct if check.kind is EvidenceKind.END_TO_END]
    return f"| {_link(claim.name)} | {' '.join(seen)} |\n" if seen else ""


def _link(name: str) -> str:
    return f"[{name}](../../proofs/claims.md#{name})"
