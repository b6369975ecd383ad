"""All claims in one list."""

from __future__ import annotations

from etcprops.claims.checks.arithmetic import ARITHMETIC_CLAIMS
from etcprops.claims.checks.audited import AUDITED_CLAIMS
from etcprops.claims.checks.certificates import CERTIFICATE_CLAIMS
from etcprops.claims.checks.coefficients import COEFFICIENT_CLAIMS
from etcprops.claims.checks.compressed_learning import COMPRESSED_LEARNING_CLAIMS
from etcprops.claims.checks.compression import COMPRESSION_CLAIMS
from etcprops.claims.checks.estimators import ESTIMATOR_CLAIMS
from etcprops.claims.checks.exactness import EXACTNESS_CLAIMS
from etcprops.claims.checks.forests import FOREST_CLAIMS
from etcprops.claims.checks.key_conditions import KEY_CONDITION_CLAIMS
from etcprops.claims.checks.machines import MACHINE_CLAIMS
from etcprops.claims.checks.models import MODEL_CLAIMS
from etcprops.claims.checks.protection import PROTECTION_CLAIMS
from etcprops.claims.checks.recovery import RECOVERY_CLAIMS
from etcprops.claims.checks.reductions import REDUCTION_CLAIMS
from etcprops.claims.checks.statistics import STATISTICS_CLAIMS
from etcprops.claims.checks.steps import STEP_CLAIMS
from etcprops.claims.model import Claim
from etcprops.claims.proofs import with_proofs
from etcprops.claims.search import with_search
from etcprops.claims.statements import STATEMENTS

FAMILIES: tuple[tuple[Claim, ...], ...] = (
    STEP_CLAIMS,
    STATISTICS_CLAIMS,
    KEY_CONDITION_CLAIMS,
    MODEL_CLAIMS,
    FOREST_CLAIMS,
    AUDITED_CLAIMS,
    ESTIMATOR_CLAIMS,
    REDUCTION_CLAIMS,
    ARITHMETIC_CLAIMS,
    EXACTNESS_CLAIMS,
    MACHINE_CLAIMS,
    CERTIFICATE_CLAIMS,
    COMPRESSION_CLAIMS,
    COEFFICIENT_CLAIMS,
    COMPRESSED_LEARNING_CLAIMS,
    PROTECTION_CLAIMS,
    RECOVERY_CLAIMS,
)
"""Claims with their own checks, in the order in which they are shown."""


def assembled() -> tuple[Claim, ...]:
    """Return every claim with its searches and formal proofs."""
    return tuple(
        with_proofs(with_search(claim, STATEMENTS.get(claim.name)))
        for family in FAMILIES
        for claim in family
    )


CLAIMS: tuple[Claim, ...] = assembled()
"""Every claim with its searches and formal proofs, in the order in which it is shown."""
