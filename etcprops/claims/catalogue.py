"""All claims in one list, those that nothing can show yet among them."""

from __future__ import annotations

from etcprops.claims.arithmetic import ARITHMETIC_CLAIMS
from etcprops.claims.audited import AUDITED_CLAIMS
from etcprops.claims.certificates import CERTIFICATE_CLAIMS
from etcprops.claims.estimators import ESTIMATOR_CLAIMS
from etcprops.claims.everywhere import MACHINE_CLAIMS
from etcprops.claims.exactness import EXACTNESS_CLAIMS
from etcprops.claims.forests import FOREST_CLAIMS
from etcprops.claims.formal import with_proofs
from etcprops.claims.key_conditions import KEY_CONDITION_CLAIMS
from etcprops.claims.model import Claim, Outcome
from etcprops.claims.models import MODEL_CLAIMS
from etcprops.claims.reductions import REDUCTION_CLAIMS
from etcprops.claims.statistics import STATISTICS_CLAIMS
from etcprops.claims.steps import STEP_CLAIMS

PENDING_CLAIMS = (
    Claim(
        "jpeg",
        "JPEG compression of encrypted images changes nothing.",
        "section 2, by reference to EtC systems",
        Outcome.PENDING,
    ),
)

CLAIMS: tuple[Claim, ...] = tuple(
    with_proofs(claim)
    for claim in (
        *STEP_CLAIMS,
        *STATISTICS_CLAIMS,
        *KEY_CONDITION_CLAIMS,
        *MODEL_CLAIMS,
        *FOREST_CLAIMS,
        *AUDITED_CLAIMS,
        *ESTIMATOR_CLAIMS,
        *REDUCTION_CLAIMS,
        *ARITHMETIC_CLAIMS,
        *EXACTNESS_CLAIMS,
        *MACHINE_CLAIMS,
        *CERTIFICATE_CLAIMS,
        *PENDING_CLAIMS,
    )
)
"""Every claim of the ledger with its formal proofs, in the order in which it is shown."""
