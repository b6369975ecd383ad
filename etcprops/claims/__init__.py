"""The ledger: what the paper says, what holds, and the evidence, recomputed at each run.

`model` says what a claim, a piece of evidence and a ledger are, `terms` has their words; the claims
themselves stand with their checks in `checks`, one module a theme, and in one list in `catalogue`;
`search` looks for counterexamples to the `statements`, `searches` reports on that; `implementation`
is what is put under test; `runner` has `verify`, `summary` what it comes to; `page` writes HTML,
`table` the pages on proofs, with `refuting`, `unproved` and `diagrams`.
"""

from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Claim, Evidence, Exhibit, Ledger, Row
from etcprops.claims.runner import verify
from etcprops.claims.terms import EvidenceKind, Finding, Outcome, PaperSays, Scope

__all__ = [
    "CLAIMS",
    "Claim",
    "Evidence",
    "EvidenceKind",
    "Exhibit",
    "Finding",
    "Implementation",
    "Ledger",
    "Outcome",
    "PaperSays",
    "Row",
    "Scope",
    "verify",
]
