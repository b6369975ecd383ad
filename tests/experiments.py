"""What checks and statements of the ledger try, on record: a changed experiment shows as a change.

An experiment with other numbers may support a claim as well, so no verdict would tell. The record,
``tests/claims/experiments.json``, has what each check says, shows, hands to the functions that it
calls and has its parts return, and the same of each statement, which draws from bytes that are
always the same.
``python tests/experiments.py`` writes it anew.

What rounds is left out: it is what the oldest machine that this one can stand in for says
otherwise, and what `LEFT_OUT` names.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from on_record import renew
from threadpoolctl import threadpool_limits
from tracing import Traced, traced

from etcprops import EtCKey, encrypt
from etcprops.claims import CLAIMS, Claim, Evidence, EvidenceKind, Finding, Implementation
from etcprops.claims.case import Case, shown
from etcprops.claims.model import Check, Exhibit
from etcprops.claims.runner import examine
from etcprops.claims.statements import STATEMENTS

Option = TypeVar("Option")

FILE: Final = Path(__file__).parent / "claims" / "experiments.json"
CASES: Final = 12
"""Of each statement, under all its hypotheses and without each; half of them are tiny."""

TINY: Final = 4
BY_LIBRARY: Final = {
    "other-estimators: estimators on raw digits",
    "principal-components: principal components of digits",
    "float-centring: centring of known sums with a solver",
    "gram-alone: forest after ordinary pca on digits",
    "what-exact-learning-tells: images from inner products",
    "key-space-counts: keys that are left after the attack",
}
"""Checks of which all but what they hand over changes with versions of libraries, or the time."""

LEFT_OUT: Final = {
    **{name: {"says", "shows", "returns"} for name in BY_LIBRARY},
    "gram-alone: estimators after gram pca on digits": {"returns"},  # the probabilities of LDA
}


class Bytes:
    """Draws bytes as Hypothesis would, the same with any version of it."""

    def __init__(self, seed: int, count: int) -> None:
        self.rng, self.count = np.random.default_rng(seed), count

    def draw(self, _strategy: Any) -> bytes:
        """Draw as many as a case of that size asks for at once."""
        return self.rng.bytes(self.count)


class Asked(Case):
    """Remembers what a statement lets it choose from."""

    def choose(self, name: str, options: Sequence[Option]) -> Option:
        """Choose as `Case` does."""
        self.asked.add(f"{name}: {shown(options)}")
        return super().choose(name, options)

    def integer(self, name: str, low: int, high: int) -> int:
        """Choose as `Case` does."""
        self.asked.add(f"{name}: {low} to {high}")
        return super().integer(name, low, high)


def name_of(claim: Claim, check: Check) -> str:
    """Name a check of a claim; several claims may have it."""
    return f"{claim.name}: {check.name}"


def noted(check: Check, implementation: Implementation) -> tuple[Evidence, dict[str, str]]:
    """Run a check; return what it found, and what is on record of it.

    That is what it says, and digests of what it shows, hands over and has its parts return.
    """
    with traced("etcprops.claims") as trace:
        evidence = examine(check, implementation)
    shows = _digest(_written(exhibit) for exhibit in evidence.exhibits)
    return evidence, {"says": evidence.detail, "shows": shows} | _digests(trace)


def stated(claim: Claim, without: str | None) -> dict[str, str]:
    """Return digests of what a claim's statement draws, says, hands over and has its parts return.

    What it says is where it is false, and why: also of an encryption that is off by one level.
    """
    draws: list[str] = []
    says: list[str] = []
    with traced("etcprops.claims") as trace, threadpool_limits(1):
        for number in range(CASES):
            case = _case(number, Implementation(), without)
            says.append(_said(claim, case))
            draws += [f"{name}: {shown(value)}" for name, value in case.drawn.items()]
            draws += [f"{name}: {shown(value)}" for name, value in case.results.items()]
            draws += sorted(case.asked)
    unsound = Implementation(encrypt=off_by_one)
    with threadpool_limits(1):
        says += [_said(claim, _case(number, unsound, without)) for number in range(CASES)]
    return {"draws": _digest(draws), "says": _digest(says)} | _digests(trace)


def off_by_one(images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
    """Encrypt, and change the last bit of the first pixel of each second image."""
    encrypted = encrypt(images, key)
    batch = encrypted.reshape(-1, key.geometry.n_pixels)
    batch[::2, 0] ^= 1
    return encrypted


def _case(number: int, implementation: Implementation, without: str | None) -> Case:
    tiny = number % 2 == 0
    data: Any = Bytes(number, 40 if tiny else 160)
    return Asked(data, implementation, without, *([TINY] if tiny else []))


def _said(claim: Claim, case: Case) -> str:
    """Return whether a statement is true of a case, and why it is not."""
    try:
        STATEMENTS[claim.name](case)
    except AssertionError as error:
        return f"false: {str(error).partition(chr(10))[0]}"  # pytest may add more
    except Exception as error:  # noqa: BLE001  # what a wrong encryption leads to
        return f"{type(error).__name__}"
    return "true"


def named_statements() -> list[tuple[str, Claim, str | None]]:
    """Return a name for each statement under all its hypotheses and without each."""
    return [
        (f"{claim.name}, without: {hypothesis}" if hypothesis else claim.name, claim, hypothesis)
        for claim in CLAIMS
        if claim.name in STATEMENTS
        for hypothesis in (None, *claim.hypotheses)
    ]


def _written(exhibit: Exhibit) -> str:
    values = np.asarray(exhibit.values)
    return f"{exhibit.label}: {values.dtype} {values.tolist()}"


def _digests(trace: Traced) -> dict[str, str]:
    returned = [text for text, _ in itertools.groupby(trace.returned)]
    return {"hands over": _digest(trace.handed_over), "returns": _digest(returned)}


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def measured() -> dict[str, dict[str, dict[str, str]]]:
    """Run what takes no other process and asks neither Coq nor Hypothesis."""
    checks: dict[str, Any] = {}
    with threadpool_limits(1):
        for claim in CLAIMS:
            for check in claim.checks:
                asks_others = check.kind is EvidenceKind.MACHINE_CHECKED or check.ahead is not None
                name = name_of(claim, check)
                by_library = name in BY_LIBRARY
                asks_others |= by_library and check.kind is EvidenceKind.SMT
                if not (asks_others or "search_of" in check.run.__name__):
                    evidence, found = noted(check, Implementation())
                    assert evidence.finding is not Finding.RAISED, evidence.detail
                    kept = found.keys() - LEFT_OUT.get(name, set())
                    checks[name] = {part: found[part] for part in found if part in kept}
    statements = {name: stated(claim, without) for name, claim, without in named_statements()}
    return {"checks": checks, "statements": statements}


if __name__ == "__main__":
    renew(FILE, measured(), depth=3)
