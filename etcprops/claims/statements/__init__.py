"""The claims as functions of a `Case`, in which `etcprops.claims.search` looks for counterexamples.

A module here has the statements of the claims in the module of the same name in `checks`.
"""

from __future__ import annotations

from typing import Final

from etcprops.claims.search import Statement
from etcprops.claims.statements.arithmetic import ARITHMETIC_STATEMENTS
from etcprops.claims.statements.certificates import CERTIFICATE_STATEMENTS
from etcprops.claims.statements.coefficients import COEFFICIENT_STATEMENTS
from etcprops.claims.statements.compressed_learning import COMPRESSED_LEARNING_STATEMENTS
from etcprops.claims.statements.compression import COMPRESSION_STATEMENTS
from etcprops.claims.statements.estimators import ESTIMATOR_STATEMENTS
from etcprops.claims.statements.exactness import EXACTNESS_STATEMENTS
from etcprops.claims.statements.forests import FOREST_STATEMENTS
from etcprops.claims.statements.key_conditions import KEY_CONDITION_STATEMENTS
from etcprops.claims.statements.models import MODEL_STATEMENTS
from etcprops.claims.statements.protection import PROTECTION_STATEMENTS
from etcprops.claims.statements.reductions import REDUCTION_STATEMENTS
from etcprops.claims.statements.statistics import STATISTICS_STATEMENTS
from etcprops.claims.statements.steps import STEP_STATEMENTS

STATEMENTS: Final[dict[str, Statement]] = {
    **ESTIMATOR_STATEMENTS,
    **FOREST_STATEMENTS,
    **KEY_CONDITION_STATEMENTS,
    **MODEL_STATEMENTS,
    **PROTECTION_STATEMENTS,
    **REDUCTION_STATEMENTS,
    **STEP_STATEMENTS,
    **STATISTICS_STATEMENTS,
    **ARITHMETIC_STATEMENTS,
    **EXACTNESS_STATEMENTS,
    **CERTIFICATE_STATEMENTS,
    **COMPRESSION_STATEMENTS,
    **COEFFICIENT_STATEMENTS,
    **COMPRESSED_LEARNING_STATEMENTS,
}
"""By the name of the claim."""

_PICTURES: Final = "its cases are pictures of many pixels, each an attack of its own"

UNSEARCHED: Final = {
    "ciphertext-only-common-key": _PICTURES,
    "ciphertext-only-key-per-client": _PICTURES,
    "ciphertext-only-one-image": _PICTURES,
    "key-space-counts": _PICTURES,
    "protects-visual-information": _PICTURES,
    "jpeg-size": "its cases are photographs: what encryption costs is a question of what they show",
    "key-per-client": "its cases are people and their error rates: the paper's cloud measures them",
    "reduction-ratios": "it says that a reduction exists: what is searched for is a proof of none",
    "same-on-every-machine": "its cases are machines: this one and those that it can stand in for, "
    "all of them with --deep",
}
"""Claims without a statement to search, and why."""
