"""What the claims about bits say of a case."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from etcprops.claims.case import Case
from etcprops.claims.checks.exactness import (
    EXACT_KERNELS,
    EXACT_SCORES,
    GRAM_ALONE,
    KERNELS,
    ONE_ORDER,
)
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same

Floats = NDArray[np.float64]
Half = tuple[Floats, Floats, NDArray[np.int64]]
"""Rows to train on, queries, and the labels of the former."""


def halves(case: Case, training: int, scaler: Any, *, largest: int = 64) -> tuple[Half, Half]:
    """Draw labelled images and queries, and normalize plain and encrypted ones by a scaler each."""
    key = case.key(case.geometry(largest=largest))
    images = case.images(key.geometry, training + 2)
    labels = case.labels(training)
    labels[:2] = 0, 1  # scikit-learn refuses one class, on either side

    def normalized(pixels: NDArray[np.uint8]) -> Half:
        rows = flat(pixels)
        fitted = scaler().fit(rows[:training])
        return fitted.transform(rows[:training]), fitted.transform(rows[training:]), labels

    return normalized(images), normalized(case.encrypted(images, key))


def scaler_of(case: Case) -> Any:
    """Return the exact scaler, or scikit-learn's where the hypothesis is dropped."""
    from sklearn.preprocessing import StandardScaler

    from etcprops.exact.scaler import ExactStandardScaler

    return ExactStandardScaler if case.assumes(EXACT_SCORES) else StandardScaler


def same_bits(case: Case) -> None:
    """Compare decision values of SVMs for queries, bit for bit."""
    from sklearn.svm import SVC

    from etcprops.exact.kernels import ExactKernel

    sides = halves(case, case.integer("training images", 2, 9), scaler_of(case))
    kind = case.choose("kernel", KERNELS)
    gamma: Any = case.choose("gamma", ("scale", "auto", 0.3))
    # Two slices are too coarse to see the rounding of a z-score.
    slices = case.choose("slices", (3, 2) if case.assumes(EXACT_SCORES) else (3,))
    kernel = ExactKernel(kind, gamma=gamma, slices=slices)
    values = []
    for rows, queries, labels in sides:
        exact = case.assumes(EXACT_KERNELS)
        svm = SVC(kernel=kernel) if exact else SVC(kernel=kind, gamma=gamma)
        values.append(svm.fit(rows, labels).decision_function(queries))
    same(values[1], values[0], "decision values differ")


def exact_gram(case: Case) -> None:
    """Compare Gram matrices of rows with those of moved, negated features, and with fractions."""
    from etcprops.exact.gram import gram_error_bound

    rows = case.rows(case.integer("number of rows", 1, 4), case.integer("features", 1, 24))
    order = case.order(rows.shape[1])
    signs = np.where(case.bits("negated", rows.shape[1]), -1.0, 1.0)
    slices, threads = case.integer("slices", 1, 3), case.integer("threads", 1, 2)
    gram = case.implementation.arithmetic.exact_gram(rows, slices)
    with threadpool_limits(threads, user_api="blas"):
        moved = case.implementation.arithmetic.exact_gram((rows * signs)[:, order], slices)
    same(moved, gram, "Gram matrices differ")
    bound = gram_error_bound(rows, slices=slices)
    exact = [[Fraction(value) for value in row] for row in rows.tolist()]
    for i, j in np.ndindex(gram.shape):
        truth = sum(map(Fraction.__mul__, exact[i], exact[j]), Fraction())
        error = abs(Fraction(float(gram[i, j])) - truth)
        assert error <= Fraction(float(bound[i, j])), (
            f"entry {i}, {j} is off by {float(error):.3g}, its bound is {bound[i, j]:.3g}"
        )


def gram_alone(case: Case) -> None:
    """Compare what estimators learn after GramPCA, or sums of its scores, bit for bit."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier

    from etcprops.reductions import GramPCA

    sides = halves(case, 9, scaler_of(case))
    if not np.ptp(sides[0][0], axis=0).any():
        return  # equal rows have no principal components, on either side
    components = case.integer("components", 1, 3)
    forest = RandomForestClassifier(7, random_state=0, max_depth=2, min_samples_leaf=3)
    estimators = (KNeighborsClassifier(3), GaussianNB(), forest)
    estimator: Any = case.choose("estimator", estimators)
    # Two slices are too coarse to see the rounding of a z-score, and answers of most estimators.
    slices = 2 if case.assumes(EXACT_SCORES) else 4
    answers = []
    for backwards, (rows, queries, labels) in enumerate(sides):
        if case.assumes(GRAM_ALONE):
            reduction = GramPCA(components, slices=slices)
        else:
            reduction = PCA(min(components, rows.shape[1]), svd_solver="full")
        reduced = reduction.fit(rows).transform(rows)
        if not (case.assumes(GRAM_ALONE) and case.assumes(EXACT_SCORES)):
            answers.append(reduction.transform(queries))
        elif case.assumes(ONE_ORDER):
            fitted = estimator.fit(reduced, labels)
            answers.append(fitted.predict_proba(reduction.transform(queries)))
        else:
            terms = list(reduced)
            answers.append(case.implementation.arithmetic.add(terms[::-1] if backwards else terms))
    same(answers[1], answers[0], "answers differ")


EXACTNESS_STATEMENTS: Final[dict[str, Statement]] = {
    "same-bits": same_bits,
    "exact-gram": exact_gram,
    "gram-alone": gram_alone,
}
"""By the name of the claim."""
