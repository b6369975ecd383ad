"""What evidence each claim has on record, so that none can go without notice.

Outcomes follow from evidence, and most claims have more of it than their outcome needs: a theorem
less would leave it as it is. So the package ships a list of the evidence of each claim, which
``python -m etcprops.claims.table`` writes, and a row without all of it is not as expected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etcprops.claims.model import Check, Claim, Evidence

RECORD = Path(__file__).with_name("record.json")


def names_of(check: Check) -> tuple[str, ...]:
    """Return what a check is on the record as: its name, or the theorems that it looks up.

    Parameters
    ----------
    check : Check
        Of any claim.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from etcprops.claims import CLAIMS
    >>> [name for check in CLAIMS[0].checks for name in names_of(check)][-2:]
    ['Blocks.encryption_matrix_product', 'Executable.etc_encrypt_matrix']
    """
    without = f", without: {check.without}" if check.without else ""
    return tuple(f"{name}{without}" for name in check.cites or (check.name,))


def written(claims: Iterable[Claim]) -> str:
    """Return the record of some claims as text, a line for each piece of evidence."""
    listed = {
        claim.name: [n for check in claim.checks for n in names_of(check)] for claim in claims
    }
    return f"{json.dumps(listed, indent=1)}\n"


@cache
def _recorded() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = json.loads(RECORD.read_text(encoding="utf-8"))
    return {name: tuple(listed) for name, listed in found.items()}


def missing(claim: Claim, evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    """Return what the record has of a claim and a run has not looked for.

    Parameters
    ----------
    claim : Claim
        With the checks that it has now. One that is not on record misses nothing.
    evidence : tuple of Evidence
        What was found for it, whatever that is.

    Returns
    -------
    tuple of str
    """
    run = {(found.check, found.without) for found in evidence}
    looked = [check for check in claim.checks if (check.name, check.without) in run]
    seen = {name for check in looked for name in names_of(check)}
    return tuple(name for name in _recorded().get(claim.name, ()) if name not in seen)
