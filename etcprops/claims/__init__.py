"""The ledger: what the paper says, what holds, and the evidence, recomputed at each run.

`model` says what a claim, a piece of evidence and a ledger are; the claims themselves stand by
theme in `steps`, `statistics`, `arithmetic`, `models`, `forests`, `estimators` and `reductions`,
and in one list in `catalogue`; `runner` has `verify`; `report` writes the page.
"""

from etcprops.claims.catalogue import CLAIMS
from etcprops.claims.model import Claim, Evidence, Exhibit, Finding, Ledger, Outcome, Row, Strength
from etcprops.claims.runner import verify
from etcprops.claims.subject import Subject

__all__ = [
    "CLAIMS",
    "Claim",
    "Evidence",
    "Exhibit",
    "Finding",
    "Ledger",
    "Outcome",
    "Row",
    "Strength",
    "Subject",
    "verify",
]
