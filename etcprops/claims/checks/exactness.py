"""Claims about bits: Gram matrices, decisions and whole pipelines that are the same doubles.

The kernels that make it so are in `etcprops.exact`; what rounding does to everybody else's is
claimed in `arithmetic` and `certificates`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks.exact_gram import (
    check_exact_gram_against_rational_arithmetic,
    check_exact_gram_at_full_size,
    check_exact_gram_whatever_the_order,
    check_exact_gram_whatever_the_threads,
)
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import OZAKI_2012, SCHOELKOPF_1998
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.exact._memory import remembered
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

if TYPE_CHECKING:
    from etcprops.exact.kernels import Kind

    Values = dict[str, NDArray[np.float64]]

KERNELS: tuple[Kind, ...] = ("linear", "rbf", "poly")
EXACT_SCORES = "z-scores come from integers, as ExactStandardScaler makes them"
EXACT_KERNELS = "inner products are added without rounding, as ExactKernel does"
ONE_ORDER = (
    "what follows adds in one order: on one machine with one number of threads, a forest in one job"
)
GRAM_ALONE = "nothing but the exact Gram matrix, or exact distances, is seen of the features"
NO_IMAGES = "no images given: etcprops verify --data PATH"


def _fifth_of(data: ImageSet) -> ImageSet:
    """Return every fifth image."""
    return ImageSet(data.name, data.images[::5], data.labels[::5], data.geometry)


def keys_of(implementation: Implementation, geometry: BlockGeometry, count: int) -> list[EtCKey]:
    """Return keys that are derived from the implementation's secret."""
    secret = (
        implementation.secret
        if isinstance(implementation.secret, bytes)
        else implementation.secret.encode()
    )
    return [EtCKey.from_secret(geometry, secret + b" %d" % number) for number in range(count)]


def _decision_values(
    data: ImageSet,
    images: NDArray[np.uint8],
    scaler: Callable[[], Any] | None = None,
    kernel: Callable[[Any], Any] | None = None,
) -> Values:
    """Train SVMs on half of some images and return the decision values of the others."""
    from sklearn.svm import SVC

    from etcprops.exact.kernels import ExactKernel
    from etcprops.exact.scaler import ExactStandardScaler

    training, queries = data.half_split(0)
    vectors = images.reshape(len(images), -1)
    scores = (scaler or ExactStandardScaler)().fit(vectors[training])
    Z, W = (scores.transform(vectors[half]) for half in (training, queries))
    values: Values = {}
    for kind in KERNELS:
        svm = SVC(kernel=(kernel or ExactKernel)(kind), decision_function_shape="ovo")
        values[kind] = svm.fit(Z, data.labels[training]).decision_function(W)
    return values


def _compare_bits(plain: Values, encrypted: list[Values], what: str) -> Observation:
    """Observe whether every value has the same bits under every key."""
    parts = []
    for name, values in plain.items():
        others = [there[name] for there in encrypted]
        different = sum(int(np.count_nonzero(values != there)) for there in others)
        largest = max(float(abs(values - there).max()) for there in others)
        by = f", by up to {largest:.1e}" if different else ""
        parts.append(f"{name}: {different} of {values.size * len(others)} differ{by}")
    same = all(np.array_equal(there[name], plain[name]) for there in encrypted for name in plain)
    return Observation(same, f"{what}, {len(encrypted)} keys. {'; '.join(parts)}")


def search_keys(
    implementation: Implementation,
    geometry: BlockGeometry,
    count: int,
    look: Callable[[list[EtCKey]], Observation],
) -> Observation:
    """Look at one key after the other until the statement does not come out true.

    A library may happen to round alike under one key. That it does so with thousands of sums, under
    several keys, would take sums that do not depend on their order.
    """
    for key in keys_of(implementation, geometry, count):
        observation = look([key])
        if not observation.agrees:
            break
    return observation


def _bits_of_decisions(
    implementation: Implementation, data: ImageSet, keys: list[EtCKey], **options: Any
) -> Observation:
    """Compare decision values of plain and of encrypted images, bit for bit."""
    with remembered(implementation.exact_products):
        plain = _decision_values(data, data.images, **options)
        encrypted = [
            _decision_values(data, implementation.encrypt(data.images, key), **options)
            for key in keys
        ]
    what = f"{len(data.images)} images of {data.name}, decision values"
    return _compare_bits(plain, encrypted, what)


def check_bits_of_decisions_on_digits(implementation: Implementation) -> Observation:
    """Compare decision values on a fifth of the digits under 20 keys, bit for bit."""
    digits = _fifth_of(load_digits_images())
    return _bits_of_decisions(implementation, digits, keys_of(implementation, digits.geometry, 20))


def check_bits_of_decisions_on_given_images(implementation: Implementation) -> Observation:
    """Compare decision values on all given images under 3 keys, bit for bit."""
    data = implementation.given
    if data is None:
        return Observation.skipped(Needs.DATA, NO_IMAGES)
    keys = keys_of(implementation, data.geometry, 3)
    return _bits_of_decisions(implementation, data, keys)


def check_bits_of_decisions_from_pixels(implementation: Implementation) -> Observation:
    """Compare those of kernels that standardize the pixels themselves, under 5 keys."""
    from sklearn.preprocessing import FunctionTransformer

    from etcprops.exact.kernels import ExactKernel

    digits = _fifth_of(load_digits_images())
    keys = keys_of(implementation, digits.geometry, 5)
    own = {"scaler": FunctionTransformer, "kernel": partial(ExactKernel, standardize=True)}
    return _bits_of_decisions(implementation, digits, keys, **own)


def check_bits_after_standard_scaler(implementation: Implementation) -> Observation:
    """Compare them with z-scores from StandardScaler and exact kernels of three slices."""
    from sklearn.preprocessing import StandardScaler

    from etcprops.exact.kernels import ExactKernel

    def kernel(kind: Any) -> ExactKernel:
        return ExactKernel(kind, slices=3)

    digits = _fifth_of(load_digits_images())
    look = partial(_bits_of_decisions, implementation, digits, scaler=StandardScaler, kernel=kernel)
    return search_keys(implementation, digits.geometry, 3, look)


def check_bits_with_ordinary_kernels(implementation: Implementation) -> Observation:
    """Compare them with exact z-scores and scikit-learn's own kernels."""
    digits = _fifth_of(load_digits_images())
    look = partial(_bits_of_decisions, implementation, digits, kernel=lambda kind: kind)
    return search_keys(implementation, digits.geometry, 3, look)


# --- The Gram matrix


def _estimators() -> list[Any]:
    """Return estimators of many kinds, with fixed seeds."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier

    return [
        RandomForestClassifier(25, random_state=0),
        ExtraTreesClassifier(25, random_state=0),
        KNeighborsClassifier(),
        LinearDiscriminantAnalysis(),
        GaussianNB(),
        LogisticRegression(max_iter=2000),
    ]


def _after(
    reduction: Any, data: ImageSet, images: NDArray[np.uint8], estimators: list[Any]
) -> Values:
    """Return reduced training vectors and queries, and the probabilities of estimators on them."""
    from sklearn.base import clone

    from etcprops.exact.scaler import ExactStandardScaler

    training, queries = data.half_split(0)
    vectors = images.reshape(len(images), -1)
    scaler = ExactStandardScaler().fit(vectors[training])
    before = clone(reduction).fit(scaler.transform(vectors[training]))
    Z, W = (before.transform(scaler.transform(vectors[half])) for half in (training, queries))
    values = {"scores": np.concatenate([Z, W])}
    for estimator in estimators:
        fitted = clone(estimator).fit(Z, data.labels[training])
        values[type(estimator).__name__] = fitted.predict_proba(W)
    return values


def _bits_after(
    implementation: Implementation,
    data: ImageSet,
    reduction: Any,
    estimators: list[Any],
    keys: list[EtCKey],
) -> Observation:
    """Compare scores and probabilities on plain and on encrypted images, bit for bit."""
    with remembered(implementation.exact_products):
        plain = _after(reduction, data, data.images, estimators)
        encrypted = [
            _after(reduction, data, implementation.encrypt(data.images, key), estimators)
            for key in keys
        ]
    return _compare_bits(plain, encrypted, f"{len(data.images)} images of {data.name}")


def check_estimators_after_gram_pca_on_digits(implementation: Implementation) -> Observation:
    """Compare 20 principal components of digits and what six estimators learn, bit for bit."""
    from etcprops.reductions import GramPCA

    digits = _fifth_of(load_digits_images())
    keys = keys_of(implementation, digits.geometry, 2)
    return _bits_after(implementation, digits, GramPCA(20), _estimators(), keys)


def check_forest_after_gram_pca_on_given_images(implementation: Implementation) -> Observation:
    """Compare 100 components of all given images, and a random forest on them, bit for bit."""
    from etcprops.reductions import GramPCA

    data = implementation.given
    if data is None:
        return Observation.skipped(Needs.DATA, NO_IMAGES)
    keys = keys_of(implementation, data.geometry, 3)
    return _bits_after(implementation, data, GramPCA(100), _estimators()[:1], keys)


def check_forest_after_ordinary_pca_on_digits(implementation: Implementation) -> Observation:
    """Compare scikit-learn's PCA of the same z-scores, which sees features, and a random forest."""
    from sklearn.decomposition import PCA

    digits = _fifth_of(load_digits_images())
    reduction = PCA(20, svd_solver="full")
    look = partial(_bits_after, implementation, digits, reduction, _estimators()[:1])
    return search_keys(implementation, digits.geometry, 3, look)


def check_votes_in_another_order(implementation: Implementation) -> Observation:
    """Add the votes of a forest after GramPCA in reverse, as the threads of several jobs may do."""
    from sklearn.ensemble import RandomForestClassifier

    from etcprops.reductions import GramPCA

    digits = _fifth_of(load_digits_images())
    training, queries = digits.half_split(0)
    vectors = flat(digits.images)
    before = GramPCA(20).fit(vectors[training])
    Z, W = (before.transform(vectors[half]) for half in (training, queries))
    forest = RandomForestClassifier(25, random_state=0, max_depth=4).fit(Z, digits.labels[training])
    votes = [tree.predict_proba(W) for tree in forest.estimators_]
    forwards, backwards = (implementation.arithmetic.add(order) for order in (votes, votes[::-1]))
    different = int(np.count_nonzero(forwards != backwards))
    detail = f"25 trees: {different} of {forwards.size} probabilities differ"
    return Observation(different == 0, detail)


EXACTNESS_CLAIMS = (
    Claim(
        "same-bits",
        "SVMs with linear, RBF and polynomial kernel, trained by plain scikit-learn, have decision "
        "values that are the same doubles on plain and on encrypted images.",
        "section 3.2, read literally",
        Outcome.HOLDS_IF,
        paper=PaperSays.LITERAL,
        scope=Scope.BITS_ANY_THREADS,
        hypotheses=(EXACT_SCORES, EXACT_KERNELS),
        checks=(
            Check(check_bits_of_decisions_on_digits, EvidenceKind.END_TO_END),
            Check(check_bits_of_decisions_on_given_images, EvidenceKind.END_TO_END),
            Check(check_bits_of_decisions_from_pixels, EvidenceKind.END_TO_END),
            Check(check_bits_after_standard_scaler, EvidenceKind.REFUTATION, without=EXACT_SCORES),
            Check(check_bits_with_ordinary_kernels, EvidenceKind.REFUTATION, without=EXACT_KERNELS),
        ),
        note="make_pipeline(ExactStandardScaler(), SVC(kernel=ExactKernel('rbf'))).",
        references=(OZAKI_2012,),
    ),
    Claim(
        "exact-gram",
        "The exact Gram matrix has the same bits for every order of the features and any number of "
        "BLAS threads, and is within its stated bound of the truth.",
        "not in the paper",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ANY_THREADS,
        checks=(
            Check(check_exact_gram_whatever_the_order, EvidenceKind.EXACT),
            Check(check_exact_gram_whatever_the_threads, EvidenceKind.EXACT),
            Check(check_exact_gram_against_rational_arithmetic, EvidenceKind.EXACT),
        ),
        note="Rows are cut into integer vectors, and partial sums of their products stay below "
        "2^53 by Cauchy and Schwarz, with norms computed for the data at hand: no sum rounds, so "
        "its order cannot matter.",
        references=(OZAKI_2012,),
    ),
    Claim(
        "gram-alone",
        "Whatever sees images only through their exact Gram matrix is the same to the last bit: "
        "with GramPCA before it every estimator with a fixed seed is, a random forest included.",
        "section 3.2: 'typical machine learning algorithms with the kernel trick'",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.BITS_ALIKE,
        hypotheses=(EXACT_SCORES, GRAM_ALONE, ONE_ORDER),
        checks=(
            Check(check_exact_gram_at_full_size, EvidenceKind.EXACT),
            Check(check_estimators_after_gram_pca_on_digits, EvidenceKind.END_TO_END),
            Check(check_forest_after_gram_pca_on_given_images, EvidenceKind.END_TO_END),
            Check(
                check_forest_after_ordinary_pca_on_digits,
                EvidenceKind.REFUTATION,
                without=GRAM_ALONE,
            ),
            Check(check_bits_after_standard_scaler, EvidenceKind.REFUTATION, without=EXACT_SCORES),
            Check(check_votes_in_another_order, EvidenceKind.REFUTATION, without=ONE_ORDER),
        ),
        note="A function of equal arguments has equal values.",
        references=(SCHOELKOPF_1998,),
    ),
)
