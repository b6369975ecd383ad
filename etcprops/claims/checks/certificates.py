"""Claims about decisions in ordinary floating point that are proved to be the same all the same.

The bound is in `etcprops.exact.margins`; here it meets what is observed.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks.exactness import KERNELS, NO_IMAGES, keys_of
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import HIGHAM_2002
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.geometry import BlockGeometry

if TYPE_CHECKING:
    from sklearn.svm import SVC

    Halves = tuple[NDArray[Any], NDArray[Any]]  # training rows and queries

MARGIN = "the decision's margin exceeds decision_error_bound"


def _margins(
    implementation: Implementation, data: ImageSet, kernels: dict[str, Any], whose: str
) -> Observation:
    """Compare differences of decision values in ordinary floats with their bound."""
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from etcprops.exact import margins

    training, queries = data.half_split(0)
    (key,) = keys_of(implementation, data.geometry, 1)
    labels = data.labels[training]
    sides: list[Halves] = []
    for images in (data.images, implementation.encrypt(data.images, key)):
        vectors = images.reshape(len(images), -1)
        scaler = StandardScaler().fit(vectors[training])
        sides.append((scaler.transform(vectors[training]), scaler.transform(vectors[queries])))
    pixels = data.images.reshape(len(data.images), -1)[training]
    error = margins.standard_scaler_error_bound(PixelStatistics(pixels))
    parts, agrees = [], True
    for kind, kernel in kernels.items():
        svms = [SVC(kernel=kernel, decision_function_shape="ovo") for _ in sides]
        for svm, (rows, _) in zip(svms, sides, strict=True):
            svm.fit(rows, labels)
        plain, encrypted = _values_of(svms, sides)
        bound = margins.decision_error_bound(
            svms[0],
            sides[0][1],
            encrypted=svms[1],
            train=sides[0][0],
            feature_error=error,
        )
        sure = margins.certified(plain, bound)
        same = ((plain > 0) == (encrypted > 0)).reshape(len(plain), -1).all(axis=1)
        difference = abs(plain - encrypted)
        agrees &= bool((difference <= bound).all() and same[sure].all())
        parts.append(
            f"{kind}: differences up to {difference.max():.1e}, bounds {np.median(bound):.1e} in "
            f"the median, {sure.mean():.1%} of {len(sure)} decisions certified"
        )
    return Observation(agrees, f"{data.name}, kernels by {whose}. {'; '.join(parts)}")


def _values_of(svms: list[SVC], sides: list[Halves]) -> list[NDArray[np.float64]]:
    """Return the decision values of either SVM for its own queries."""
    return [svm.decision_function(queries) for svm, (_, queries) in zip(svms, sides, strict=True)]


def check_certified_margins_on_digits(implementation: Implementation) -> Observation:
    """Compare decision values of StandardScaler and SVC on plain and encrypted digits."""
    return _margins(
        implementation, load_digits_images(), {kind: kind for kind in KERNELS}, "libsvm"
    )


def check_certified_margins_on_given_images(implementation: Implementation) -> Observation:
    """Compare decision values of StandardScaler and SVC with scikit-learn's kernel functions.

    They take one BLAS product each. libsvm would add up each product of 30,720 pixels many times:
    that takes twenty minutes.
    """
    from sklearn.metrics import pairwise

    data = implementation.given
    if data is None:
        return Observation.skipped(Needs.DATA, NO_IMAGES)
    kernels = {
        "linear": pairwise.linear_kernel,
        "rbf": pairwise.rbf_kernel,
        "poly": partial(pairwise.polynomial_kernel, coef0=0.0),
    }
    return _margins(implementation, data, kernels, "sklearn.metrics.pairwise")


def query_as_far_from_either_class(
    implementation: Implementation, kernels: Collection[str]
) -> Observation:
    """Search 200 keys for one under which each kernel decides otherwise on one query.

    Two training images 100 - d and 100 + d have the z-scores -1 and 1, the query 100 + e has e / d,
    and half of the e are 1, half -1, for the same d: the terms cancel in pairs. What remains of
    them by rounding has either sign in about a third of all orders, however a library adds.
    """
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    geometry = BlockGeometry(8, 8, block=1)
    d = np.tile(2 * np.arange(32) + 3, 2)
    e = np.repeat([1, -1], 32)
    images = (100 + np.stack([-d, d, e])).astype(np.uint8).reshape(3, 8, 8)

    def decide(batch: NDArray[np.uint8], kernel: str) -> float:
        vectors = flat(batch)
        scaler = StandardScaler().fit(vectors[:2])
        svm = SVC(kernel=kernel).fit(scaler.transform(vectors[:2]), [0, 1])
        return float(svm.decision_function(scaler.transform(vectors[2:]))[0])

    plain = {kernel: decide(images, kernel) for kernel in kernels}
    found: dict[str, str] = {}
    for key in keys_of(implementation, geometry, 200):
        hidden = implementation.encrypt(images, key)
        for kernel in plain.keys() - found.keys():
            encrypted = decide(hidden, kernel)
            if (plain[kernel] > 0) != (encrypted > 0):
                classes = f"class {int(plain[kernel] > 0)} plain, {int(encrypted > 0)} encrypted"
                values = f"{plain[kernel]:.2g} plain, {encrypted:.2g} encrypted"
                found[kernel] = f"{kernel}: decision value {values}: {classes}"
        if found.keys() == plain.keys():
            exhibits = Exhibit("query", images[2]), Exhibit("query encrypted", hidden[2])
            return Observation(
                False, "; ".join(found[kernel] for kernel in sorted(found)), exhibits
            )
    never = ", ".join(sorted(plain.keys() - found.keys()))
    return Observation(True, f"200 keys: the sign of a zero decision value never changes: {never}")


def check_query_as_far_from_either_class(implementation: Implementation) -> Observation:
    """Decide on a query whose decision value is zero but for the order of additions, for 200 keys.

    By a linear SVM.
    """
    return query_as_far_from_either_class(implementation, {"linear"})


CERTIFICATE_CLAIMS = (
    Claim(
        "certified-margins",
        "In ordinary floating point, a decision is the same on plain and on encrypted images.",
        "section 3.2, read literally",
        Outcome.HOLDS_IF,
        paper=PaperSays.LITERAL,
        scope=Scope.ROUNDED,
        hypotheses=(MARGIN,),
        checks=(
            Check(check_certified_margins_on_digits, EvidenceKind.END_TO_END),
            Check(check_certified_margins_on_given_images, EvidenceKind.END_TO_END),
            Check(check_query_as_far_from_either_class, EvidenceKind.REFUTATION, without=MARGIN),
        ),
        note="decision_error_bound is rigorous (Higham's gamma_n, through z-score, kernel and dual "
        "sum); the checks look whether observed differences stay below it.",
        references=(HIGHAM_2002,),
    ),
)
