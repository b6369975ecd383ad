"""Claims about learning: which decisions are the same on plain and on encrypted images."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from etcprops.claims.checks.certificates import check_query_as_far_from_either_class
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import BREIMAN_2001, CORTES_VAPNIK_1995, COVER_HART_1967
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

NORMALIZED = (
    "pixels are z-scored per feature by the training images, or centred at mid-grey with a gamma "
    "that does not depend on the pixels"
)
NO_TIES = "the k nearest images are nearer than all others"
MARGINS = (
    "no decision value is so near to zero, and no two distances to each other, that rounding and "
    "the solver's tolerance decide"
)


def _compare(implementation: Implementation, data: ImageSet, **options: Any) -> Observation:
    """Train the paper's models on plain and on encrypted images, and compare all decisions."""
    from etcprops.experiments.common_key import compare_decisions

    key = EtCKey.from_secret(data.geometry, implementation.secret)
    comparisons = compare_decisions(data, key, encrypt=implementation.encrypt, **options)
    parts = []
    for c in comparisons:
        values = (
            f", decision values differ by up to {c.largest_difference:.1e}"
            if np.isfinite(c.largest_difference)
            else ""
        )
        parts.append(
            f"{c.name}: {c.n_different} of {c.n_queries} decisions differ "
            f"({c.accuracy_plain:.0%} right){values}"
        )
    same = all(c.identical for c in comparisons)
    return Observation(same, f"{data.name}. {'; '.join(parts)}")


def check_decisions_on_digits(implementation: Implementation) -> Observation:
    """Train SVMs and k-NN on plain and encrypted digits, z-score fitted on the training half."""
    return _compare(implementation, load_digits_images())


def check_decisions_on_digits_at_mid_grey(implementation: Implementation) -> Observation:
    """Train the same models on plain and encrypted digits centred at mid-grey."""
    return _compare(implementation, load_digits_images(), preprocessing="mid-grey")


def check_decisions_on_given_images(implementation: Implementation) -> Observation:
    """Train the same models on the given images, z-score fitted on the training half."""
    data = implementation.given
    if data is None:
        return Observation.skipped(Needs.DATA, "no images given: etcprops verify --data PATH")
    return _compare(implementation, data)


def check_decisions_on_raw_digits(implementation: Implementation) -> Observation:
    """Train the same models on raw plain and encrypted digits, without normalization."""
    return _compare(implementation, load_digits_images(), preprocessing=None)


def check_tied_neighbours(implementation: Implementation) -> Observation:
    """Search for a query of k-NN that hangs on which of two equally near images is counted."""
    from sklearn.neighbors import KNeighborsClassifier

    rng = np.random.default_rng(0)
    geometry = BlockGeometry(2, 2, block=2)
    key = EtCKey(geometry, transforms=[1])
    for _ in range(20):
        # More than the 30 images of a leaf, so that the tree divides them by a feature.
        images = (85 * rng.integers(0, 4, (200, *geometry.shape))).astype(np.uint8)
        labels = rng.integers(0, 2, 100)
        answers = []
        for vectors in (flat(images), flat(implementation.encrypt(images, key))):
            centred = vectors - 127.5
            answers.append(KNeighborsClassifier().fit(centred[:100], labels).predict(centred[100:]))
        different = np.flatnonzero(answers[0] != answers[1])
        if different.size:
            query = images[100 + different[0]]
            detail = (
                f"2 x 2 pixels of 4 levels about mid-grey, rotated: {different.size} of 100 "
                f"queries are decided otherwise, the first {flat(query[None])[0].tolist()}"
            )
            return Observation(False, detail, (Exhibit("query", query),))
    return Observation(True, "2,000 queries of 2 x 2 pixels with 4 levels")


def check_stump_on_one_pixel(implementation: Implementation) -> Observation:
    """Search for the smallest training set and query on which a random forest changes its mind."""
    from sklearn.ensemble import RandomForestClassifier

    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for bright, query in itertools.product(range(1, 8), repeat=2):
        if query >= bright:
            continue
        images = np.array([0, bright, query], dtype=np.uint8).reshape(3, 1, 1)
        encrypted = implementation.encrypt(images, key)
        answers = []
        for vectors in (flat(images), flat(encrypted)):
            forest = RandomForestClassifier(n_estimators=3, bootstrap=False, random_state=0)
            answers.append(int(forest.fit(vectors[:2], [0, 1]).predict(vectors[2:])[0]))
        if answers[0] != answers[1]:
            detail = (
                f"one pixel, training 0 -> class 0 and {bright} -> class 1, query {query}: class "
                f"{answers[0]} plain, class {answers[1]} encrypted"
            )
            exhibits = (
                Exhibit("training, training, query", images.reshape(1, -1)),
                Exhibit("encrypted", encrypted.reshape(1, -1)),
            )
            return Observation(False, detail, exhibits)
    return Observation(True, "two training pixels 0 and up to 7, every query between")


def check_forest_on_digits(implementation: Implementation) -> Observation:
    """Train random forests with one seed on plain and on encrypted digits."""
    from sklearn.ensemble import RandomForestClassifier

    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    train, query = digits.half_split(0)
    answers = []
    for images in (digits.images, implementation.encrypt(digits.images, key)):
        forest = RandomForestClassifier(n_estimators=25, random_state=0)
        vectors = flat(images)
        forest.fit(vectors[train], digits.labels[train])
        answers.append(forest.predict(vectors[query]))
    different = int(np.count_nonzero(answers[0] != answers[1]))
    detail = f"25 trees, the same seed: {different} of {len(query)} decisions differ"
    return Observation(different == 0, detail)


MODEL_CLAIMS = (
    Claim(
        "svm-and-k-nn",
        "SVM with linear, RBF and polynomial kernel, and k-nearest neighbours, decide the same for "
        "every query when training and queries are encrypted under one key.",
        "sections 3.2 and 4.2.1",
        Outcome.HOLDS_IF,
        paper=PaperSays.STATED,
        scope=Scope.ROUNDED,
        hypotheses=(NORMALIZED, NO_TIES, MARGINS),
        checks=(
            Check(check_decisions_on_digits, EvidenceKind.END_TO_END),
            Check(check_decisions_on_digits_at_mid_grey, EvidenceKind.END_TO_END),
            Check(check_decisions_on_given_images, EvidenceKind.END_TO_END),
            Check(check_decisions_on_raw_digits, EvidenceKind.REFUTATION, without=NORMALIZED),
            Check(check_tied_neighbours, EvidenceKind.REFUTATION, without=NO_TIES),
            Check(check_query_as_far_from_either_class, EvidenceKind.REFUTATION, without=MARGINS),
        ),
        note="Decision values differ by rounding, and by as much as libsvm's tolerance where "
        "several images tie for its next step; certified-margins says which decisions that cannot "
        "change. Up to 15 features scikit-learn's k-NN searches a tree that visits features in "
        "order. On raw pixels the RBF kernel's gamma='scale' and the polynomial kernel change; a "
        "linear SVM's intercept absorbs the offset, k-NN sees distances only. The theorems say "
        "that optima correspond, not that there is only one.",
        references=(CORTES_VAPNIK_1995, COVER_HART_1967),
    ),
    Claim(
        "random-forest",
        "A random forest with a fixed seed gives exactly the same decisions.",
        "section 3.2: 'exact the same as the performance of plain images ... random forest'",
        Outcome.FAILS,
        paper=PaperSays.STATED,
        scope=Scope.EXACT,
        checks=(
            Check(check_stump_on_one_pixel, EvidenceKind.REFUTATION),
            Check(check_forest_on_digits, EvidenceKind.REFUTATION),
        ),
        note="Thresholds lie in the middle and '<=' sends them to one side; features are drawn by "
        "index and ties go to the first.",
        references=(BREIMAN_2001,),
    ),
)
