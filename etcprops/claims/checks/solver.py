"""Questions to z3 about 8-bit values and doubles, as checks of claims."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Observation
from etcprops.claims.terms import Finding, Needs
from etcprops.theory import smt
from etcprops.theory.smt import Answer

MEAN_COUNTEREXAMPLES = {3: 494, 5: 978, 7: 1766, 10: 146}
"""Numbers of images, and sums of one pixel over them for which centring is not antisymmetric."""

DEEP_EFFORT = 4_000_000_000


def _observe(*questions: Callable[[], Answer]) -> Observation:
    """Ask z3 and observe the first answer that is not a proof, or that all of them are."""
    if not smt.available():
        return Observation.skipped(Needs.SOLVER, "z3 is not installed: pip install 'etcprops[smt]'")
    answers = []
    for ask in questions:
        answers.append(ask())
        if answers[-1].proved is None:
            return Observation(None, str(answers[-1]), otherwise=Finding.UNKNOWN)
        if not answers[-1].proved:
            return Observation(False, str(answers[-1]))
    return Observation(True, "; ".join(map(str, answers)))


def check_xor_with_a_solver(implementation: Implementation) -> Observation:
    """Ask z3 for a grey level whose negation is not XOR with 255, or not exact in float64."""
    negate = implementation.arithmetic.negate
    return _observe(partial(smt.prove_xor, negate), partial(smt.prove_float_negation, negate))


def check_squared_differences_with_a_solver(implementation: Implementation) -> Observation:
    """Ask z3 for two grey levels whose squared difference changes or wraps in 64 bits."""
    return _observe(partial(smt.prove_squared_difference, implementation.arithmetic.negate))


def check_numerators_with_a_solver(implementation: Implementation) -> Observation:
    """Ask z3 for pixels whose integer numerators change, for N up to 1,024 and by induction."""
    negate = implementation.arithmetic.negate
    return _observe(partial(smt.prove_deviations, negate), partial(smt.prove_numerators, negate))


def check_centring_of_known_sums_with_a_solver(implementation: Implementation) -> Observation:
    """Ask z3 for a pixel whose centring is not antisymmetric, for one sum of 3, 5, 7, 10 images."""
    ask = _centring(implementation)
    return _observe(*(partial(ask, *case) for case in MEAN_COUNTEREXAMPLES.items()))


def check_centring_of_all_sums_with_a_solver(implementation: Implementation) -> Observation:
    """Prove with z3 that centring is antisymmetric for every sum of 2, 4, 8 and 16 images."""
    if not implementation.deep:
        return Observation.skipped(Needs.DEEP, "takes z3 a minute or two: etcprops verify --deep")
    ask = _centring(implementation)
    return _observe(*(partial(ask, count, effort=DEEP_EFFORT) for count in (2, 4, 8, 16)))


def _centring(implementation: Implementation) -> Callable[..., Answer]:
    """Return the question on centring for the implementation's arithmetic."""
    arithmetic = implementation.arithmetic
    return partial(smt.prove_centring, negate=arithmetic.negate, centre=arithmetic.centre)
