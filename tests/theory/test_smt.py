"""Proofs with z3: what is proved, what is refuted and confirmed in numpy, what stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from etcprops.claims import CLAIMS, EvidenceKind, Finding, Implementation
from etcprops.claims.checks.solver import MEAN_COUNTEREXAMPLES
from etcprops.claims.runner import examine
from etcprops.theory import smt
from etcprops.theory.smt import Answer

pytest.importorskip("z3", reason="needs z3: pip install 'etcprops[smt]'")

PROOFS: dict[str, Callable[[], Answer]] = {
    "xor": smt.prove_xor,
    "squared difference": smt.prove_squared_difference,
    "deviations of up to 1,024 images": lambda: smt.prove_deviations(counts=(1, 2, 7, 1024)),
    "numerators of any number of images": smt.prove_numerators,
    "negation in float64": smt.prove_float_negation,
    "centring of one sum of two images": lambda: smt.prove_centring(2, 301),
}
MUTANTS: dict[str, tuple[Callable[[Any], Answer], Callable[[Any], Any]]] = {
    "254 - x is no XOR": (smt.prove_xor, lambda x: 254 - x),
    "x + 1 wraps": (smt.prove_xor, lambda x: x + 1),
    "x is not XOR": (smt.prove_xor, lambda x: x),
    "twice the difference": (smt.prove_squared_difference, lambda x: 2 * x),
    "a difference that wraps": (smt.prove_squared_difference, lambda x: x * x),
    "not affine of slope -1": (smt.prove_deviations, lambda x: 255 - 3 * x),
    "another level": (smt.prove_numerators, lambda x: 254 - x),
    "negation with an offset": (smt.prove_float_negation, lambda x: 254.5 - x),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("prove", PROOFS.values(), ids=PROOFS)
def test_proved(prove: Callable[[], Answer]) -> None:
    answer = prove()
    assert answer.proved, str(answer)
    assert answer.counterexample == {}
    assert str(answer).endswith(": proved")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("prove", "negate"), MUTANTS.values(), ids=MUTANTS)
def test_refuted_with_a_counterexample(
    prove: Callable[[Any], Answer], negate: Callable[[Any], Any]
) -> None:
    answer = prove(negate)
    assert answer.proved is False
    assert answer.counterexample
    assert "false for" in str(answer)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("count", "total"), MEAN_COUNTEREXAMPLES.items())
def test_counterexamples_of_centring_are_decoded_and_true(count: int, total: int) -> None:
    answer = smt.prove_centring(count, total)
    assert answer.proved is False
    x = answer.counterexample["x"]
    assert answer.counterexample == {"S": total, "x": x}
    assert 0 <= x <= 255
    plain = np.float64(x) - np.float64(total) / count
    negated = np.float64(255 - x) - np.float64(255 * count - total) / count
    assert negated != -plain
    assert repr(float(plain)) in answer.detail


def test_a_counterexample_that_numpy_does_not_confirm_is_an_error() -> None:
    class Sly:
        """Another operation on symbols than on numbers."""

        def __call__(self, x: Any) -> Any:
            return 255 - x if isinstance(x, np.ndarray) else x

    with pytest.raises(smt.SpuriousCounterexampleError, match="numpy"):
        smt.prove_float_negation(Sly())


@pytest.mark.thorough
def test_what_takes_too_much_effort_is_unknown() -> None:
    answer = smt.prove_centring(4, effort=1_000_000)
    assert answer.proved is None
    assert "unknown, " in str(answer)
    assert answer.seconds < 20


def test_unknown_is_shown_as_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer("it is so", None, {}, "timeout after 1.0 s", 1.0)
    monkeypatch.setattr(smt, "prove_deviations", lambda *_: answer)
    evidence = _examine("numerators with a solver", Implementation())
    assert evidence.finding is Finding.UNKNOWN
    assert evidence.detail == "it is so: unknown, timeout after 1.0 s"


def test_without_z3_its_evidence_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt, "available", lambda: False)
    for claim in CLAIMS:
        for check in claim.checks:
            if (
                check.kind is EvidenceKind.SMT
                and check.name != "centring of all sums with a solver"
            ):
                evidence = examine(check, Implementation())
                assert evidence.finding is Finding.SKIPPED
                assert evidence.detail == "z3 is not installed: pip install 'etcprops[smt]'"


def test_what_takes_minutes_is_asked_only_when_wanted() -> None:
    evidence = _examine("centring of all sums with a solver", Implementation())
    assert evidence.finding is Finding.SKIPPED
    assert "etcprops verify --deep" in evidence.detail


def _examine(name: str, implementation: Implementation) -> Any:
    checks = [check for claim in CLAIMS for check in claim.checks if check.name == name]
    return examine(checks[0], implementation)
