"""The same bits on every machine: a fingerprint of all decisions, and machines to take it on.

`fingerprints` hashes what the exact pipelines give; `machines` has the kinds of machines that this
one can stand in for. The claim about them is in `etcprops.claims`.
"""

from etcprops.reproducibility.fingerprints import Fingerprint, fingerprint, shipped_fingerprint
from etcprops.reproducibility.machines import (
    Machine,
    fingerprints_of,
    machines,
    oldest_machine,
)

__all__ = [
    "Fingerprint",
    "Machine",
    "fingerprint",
    "fingerprints_of",
    "machines",
    "oldest_machine",
    "shipped_fingerprint",
]
