"""All claims in one list, those that nothing can show yet among them."""

from __future__ import annotations

from etcprops.claims.arithmetic import ARITHMETIC_CLAIMS
from etcprops.claims.certificates import CERTIFICATE_CLAIMS
from etcprops.claims.exactness import EXACTNESS_CLAIMS
from etcprops.claims.model import Claim, Outcome
from etcprops.claims.models import MODEL_CLAIMS
from etcprops.claims.statistics import STATISTICS_CLAIMS
from etcprops.claims.steps import STEP_CLAIMS

PENDING_CLAIMS = (
    Claim(
        "other-estimators",
        "PCA scores, ridge and L2 logistic regression, LDA and Gaussian processes are the same; so "
        "are L1 penalties, though not for a general orthogonal map.",
        "section 3.2: 'typical machine learning algorithms with the kernel trick'",
        Outcome.PENDING,
    ),
    Claim(
        "random-forest-in-law",
        "A random forest's decisions have the same distribution over seeds.",
        "section 3.2, in a weaker form than stated there",
        Outcome.PENDING,
    ),
    Claim(
        "reductions",
        "Dimensionality reduction of encrypted images gives the same results as of plain ones.",
        "sections 3.1 and 4.1",
        Outcome.PENDING,
    ),
    Claim(
        "jpeg",
        "JPEG compression of encrypted images changes nothing.",
        "section 2, by reference to EtC systems",
        Outcome.PENDING,
    ),
)

CLAIMS: tuple[Claim, ...] = (
    *STEP_CLAIMS,
    *STATISTICS_CLAIMS,
    *MODEL_CLAIMS,
    *ARITHMETIC_CLAIMS,
    *EXACTNESS_CLAIMS,
    *CERTIFICATE_CLAIMS,
    *PENDING_CLAIMS,
)
"""Every claim of the ledger, in the order in which it is shown."""
