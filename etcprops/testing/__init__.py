"""Checks for somebody else's encryption, and assertions for somebody else's tests.

`assertions` and `decisions` have measurers and the assertions over them; `scheme` says what is put
under test; `checks` has one function a property; `runner` runs them: from pytest with
`parametrize_with_checks`, or in one call with `check_scheme`. The shape of it is that of
scikit-learn's ``estimator_checks``. `vectors` holds implementations of the EtC scheme against the
test vectors.
"""

from etcprops.testing.assertions import (
    assert_bitwise_equal,
    assert_isometry,
    assert_orthogonal,
    distance_defect,
    orthogonality_defect,
)
from etcprops.testing.checks import CHECKS
from etcprops.testing.decisions import assert_same_decisions, different_decisions
from etcprops.testing.runner import CheckResult, Status, check_scheme, parametrize_with_checks
from etcprops.testing.scheme import Scheme
from etcprops.testing.vectors import VectorsReport, check_vectors

__all__ = [
    "CHECKS",
    "CheckResult",
    "Scheme",
    "Status",
    "VectorsReport",
    "assert_bitwise_equal",
    "assert_isometry",
    "assert_orthogonal",
    "assert_same_decisions",
    "check_scheme",
    "check_vectors",
    "different_decisions",
    "distance_defect",
    "orthogonality_defect",
    "parametrize_with_checks",
]
