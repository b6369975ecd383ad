"""The paper's list of classifiers with scikit-learn's defaults, as `etcprops.audit` finds them.

What must be done to each of them is a hypothesis; without it the audit finds another answer.
"""

from __future__ import annotations

from typing import Any

from etcprops.claims.checks.certificates import query_as_far_from_either_class
from etcprops.claims.checks.models import MARGINS, NO_TIES, check_tied_neighbours
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.datasets import load_digits_images
from etcprops.scheme.keys import EtCKey

SCALED = "an SVM gets z-scores that are fitted per feature on the training images"
NORMAL_FORM = "a random forest gets features that the encryption cannot change: CanonicalFeatures"

COUNT = 300


def _audit(implementation: Implementation, models: dict[str, Any]) -> Observation:
    """Audit models on digits, and tell whether all decide the same."""
    from etcprops.auditing import audit

    digits = load_digits_images(block=2)
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    images, labels = digits.images[:COUNT], digits.labels[:COUNT]
    parts, same = [], True
    for name, model in models.items():
        verdict = audit(
            model, images, labels, key,
            explain=False, protection=False, encrypt=implementation.encrypt,
        )  # fmt: skip
        found = verdict.comparison
        same &= found is not None and found.decisions_identical
        parts.append(f"{name}: {verdict.outcome}, {found or '; '.join(verdict.conditions)}")
    return Observation(same, f"{COUNT} digits, half for training. {'. '.join(parts)}")


def _classifiers() -> dict[str, Any]:
    from sklearn.svm import SVC

    return {"RBF": SVC(), "polynomial": SVC(kernel="poly")}


def check_named_models_by_audit(implementation: Implementation) -> Observation:
    """Audit k-NN on raw digits, SVMs after StandardScaler, a forest after CanonicalFeatures."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from etcprops.reductions import CanonicalFeatures

    scaled = {name: make_pipeline(StandardScaler(), svm) for name, svm in _classifiers().items()}
    forest = make_pipeline(CanonicalFeatures(), RandomForestClassifier())
    models = {"k-NN": KNeighborsClassifier(), **scaled, "random forest": forest}
    return _audit(implementation, models)


def check_svms_on_raw_digits_by_audit(implementation: Implementation) -> Observation:
    """Audit SVMs with RBF and polynomial kernel on raw digits."""
    return _audit(implementation, _classifiers())


def check_forest_on_z_scores_by_audit(implementation: Implementation) -> Observation:
    """Audit a random forest after StandardScaler."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    forest = make_pipeline(StandardScaler(), RandomForestClassifier())
    return _audit(implementation, {"random forest": forest})


def check_svms_between_two_images(implementation: Implementation) -> Observation:
    """Decide on a query as far from either class by RBF and polynomial kernel, for 200 keys."""
    return query_as_far_from_either_class(implementation, {"rbf", "poly"})


AUDITED_CLAIMS = (
    Claim(
        "named-classifiers",
        "k-nearest neighbours, random forest, and SVMs with RBF and polynomial kernel, with "
        "scikit-learn's defaults, decide the same under one key.",
        "section 3.2: 'exact the same ... k-nearest neighbor, random forest, the radial basis "
        "function (RBF) kernel and the polynomial kernel'",
        Outcome.HOLDS_IF,
        paper=PaperSays.STATED,
        scope=Scope.ROUNDED,
        hypotheses=(SCALED, NORMAL_FORM, NO_TIES, MARGINS),
        checks=(
            Check(check_named_models_by_audit, EvidenceKind.END_TO_END),
            Check(check_svms_on_raw_digits_by_audit, EvidenceKind.REFUTATION, without=SCALED),
            Check(check_forest_on_z_scores_by_audit, EvidenceKind.REFUTATION, without=NORMAL_FORM),
            Check(check_tied_neighbours, EvidenceKind.REFUTATION, without=NO_TIES),
            Check(check_svms_between_two_images, EvidenceKind.REFUTATION, without=MARGINS),
        ),
        note="k-nearest neighbours need no normalization. Decision values differ by rounding, and "
        "where several images tie for libsvm's next step by as much as its tolerance. The theorem "
        "for forests stands under forest-with-remedy. `etcprops audit` tells it of any pipeline, "
        "with cause and remedy.",
    ),
)
