"""What the claims about other estimators say of a case."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from etcprops.claims.case import Case
from etcprops.claims.checks.estimators import (
    ISOTROPIC,
    OFFSET,
    ONE_OPTIMUM,
    SIGNED,
    SIMPLE,
)
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement
from etcprops.claims.statements.drawn import (
    Pixels,
    Products,
    both,
    products_of,
    products_of_z_scores,
)

TRAINING: Final = 3
TOLERANCE: Final = 1e-6
PENALTY: Final = Fraction(60)
"""Of the lasso on pixels from mid-grey, doubled: between none and all of the weights are 0."""
ROTATION: Final = np.array([[3, -4], [4, 3]])
"""Times 5."""


def solve(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction | int]) -> list[Fraction]:
    """Solve a system of linear equations in fractions.

    Parameters
    ----------
    matrix : sequence of sequences of Fraction, shape (k, k)
    right : sequence of Fraction, shape (k,)

    Returns
    -------
    list of Fraction, shape (k,)

    Raises
    ------
    ZeroDivisionError
        If there is not just one solution.
    """
    from sympy.polys.domains import QQ
    from sympy.polys.matrices import DomainMatrix
    from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

    def exact(rows: Sequence[Sequence[Fraction]]) -> Any:
        entries = [[QQ(value.numerator, value.denominator) for value in row] for row in rows]
        return DomainMatrix(entries, (len(rows), len(rows[0])), QQ)

    try:
        solution = exact(matrix).lu_solve(exact([[Fraction(value)] for value in right]))
    except DMNonInvertibleMatrixError:
        raise ZeroDivisionError from None
    return [Fraction(int(v.numerator), int(v.denominator)) for v in solution.to_list_flat()]


def _answer(kernel: Products, targets: Sequence[int], *, intercept: bool) -> Fraction:
    """Return what ridge regression with a kernel matrix of all images answers to the last one.

    That is also the mean of a Gaussian process, and the intercept is not penalised.
    """
    ends = [Fraction(int(intercept))]
    system = [
        [value + (i == j) for j, value in enumerate(row[:TRAINING])] + ends
        for i, row in enumerate(kernel[:TRAINING])
    ]
    # Without an intercept the last unknown is 0.
    system.append(ends * TRAINING + [Fraction(int(not intercept))])
    weights = solve(system, [Fraction(t) for t in targets] + [Fraction(0)])
    return sum(
        (w * k for w, k in zip(weights, kernel[-1][:TRAINING] + ends, strict=True)), Fraction(0)
    )


def _kernel(name: str, products: Products) -> Products:
    """Return a kernel matrix: of inner products, or of distances that are made of them."""
    if name == "quadratic":
        return [[(1 + value) ** 2 for value in row] for row in products]
    if name == "rational quadratic":
        squares = [row[i] for i, row in enumerate(products)]
        return [
            [1 / (1 + squares[i] + squares[j] - 2 * value) for j, value in enumerate(row)]
            for i, row in enumerate(products)
        ]
    return products


def _discriminant(rows: Pixels, labels: Sequence[int]) -> Fraction | None:
    """Return the score of the last row between two classes, by shrunk linear discriminants.

    None where the classes do not vary, so that nothing can be shrunk.
    """
    training = rows[:-1]
    masks = [np.array(labels) == c for c in (0, 1)]
    counts = [int(mask.sum()) for mask in masks]
    # Times both counts, so that all are integers.
    scale = counts[0] * counts[1]
    means = [
        training[mask].sum(axis=0) * (scale // count)
        for mask, count in zip(masks, counts, strict=True)
    ]
    within = [scale * training[m] - mean for m, mean in zip(masks, means, strict=True)]
    scatter = sum(part.T @ part for part in within)
    trace = int(np.trace(scatter))
    if not trace:
        return None
    shrunk = scatter + trace * np.eye(len(scatter), dtype=np.int64)
    between = (means[1] - means[0]).tolist()
    normal = solve([[Fraction(v) for v in row] for row in shrunk.tolist()], between)
    offsets = (2 * scale * rows[-1] - means[0] - means[1]).tolist()
    return sum((o * w for o, w in zip(offsets, normal, strict=True)), Fraction(0))


def _products(vectors: Pixels, way: str) -> Products:
    """Return inner products of pixels, normalized or not; the last image is a query."""
    if way == "z-score":
        return products_of_z_scores(vectors, TRAINING)
    return products_of(2 * vectors - 255 if way == "mid-grey" else vectors)


def other_estimators(case: Case) -> None:
    """Solve ridge regression, Gaussian processes and linear discriminants in fractions.

    Logistic regression has no closed form: the check on digits is what it has.
    """
    key = case.key(case.geometry(largest=12))
    pictures = both(case, key, TRAINING + 1)
    targets = case.labels(TRAINING, 3)
    if case.assumes(OFFSET) and case.assumes(ISOTROPIC) and case.integer("discriminant", 0, 3) == 3:
        targets = np.minimum(targets, 1)
        targets[:2] = 0, 1
        scores = [_discriminant(vectors, targets.tolist()) for vectors in pictures]
        assert scores[0] == scores[1], f"score {scores[0]} plain, {scores[1]} encrypted"
        return
    name = case.choose("kernel", ("linear", "quadratic", "rational quadratic"))
    way = "raw"
    if not case.assumes(ISOTROPIC):
        # Pixels by their number: length scales of the kernel, for what its exponent is made of.
        scales = np.arange(1, 1 + pictures[0].shape[1])
        pictures = (2 * pictures[0] - 255) * scales, (2 * pictures[1] - 255) * scales
    elif case.assumes(OFFSET):
        # The quadratic kernel sees an offset, the rational quadratic one differences alone.
        ways = ("z-score", "mid-grey", "raw") if name != "quadratic" else ("z-score", "mid-grey")
        way = case.choose("normalization", ways)
    intercept = way == "raw" and name == "linear" and case.assumes(OFFSET)
    answers = [
        _answer(_kernel(name, _products(vectors, way)), targets.tolist(), intercept=intercept)
        for vectors in pictures
    ]
    assert answers[0] == answers[1], f"answer {answers[0]} plain, {answers[1]} encrypted"


def principal_components(case: Case) -> None:
    """Compare unsigned scores of the components whose variance no other component has."""
    key = case.key(case.geometry(largest=12))
    sides = []
    for vectors in both(case, key, 5):
        centred = vectors - vectors[:-1].mean(axis=0)
        scatter = centred[:-1].T @ centred[:-1]
        variances = np.linalg.eigvalsh(scatter)
        axes = case.implementation.arithmetic.eigenvectors(scatter)
        sides.append((variances, abs(centred @ axes)))
    (variances, before), (_, after) = sides
    gaps = np.diff(variances, prepend=-np.inf, append=np.inf)
    alone = np.minimum(gaps[:-1], gaps[1:]) > TOLERANCE * (1 + variances[-1])
    asked = alone if case.assumes(SIMPLE) else np.full(len(alone), fill_value=True)
    difference = abs(before - after)[:, asked].max(initial=0.0)
    assert difference <= TOLERANCE * (1 + before.max()), "unsigned scores differ"


def lassos(rows: Pixels, targets: Sequence[Fraction]) -> list[tuple[Fraction, ...]]:
    """Return the weights of a lasso: the optimum, or all corners of the set of them.

    Every set of features and of signs is tried: weights are optimal if residuals meet each of these
    features with the penalty and its sign, and no other one with more.

    Parameters
    ----------
    rows : ndarray of int64, shape (k, n)
        Training images, of few features.
    targets : sequence of Fraction, shape (k,)

    Returns
    -------
    list of tuple of Fraction, shape (n,)
        Of ``|targets - rows w|^2 / 2 + PENALTY |w|_1``.
    """
    columns = rows.T.tolist()
    gram = [[Fraction(value) for value in row] for row in (rows.T @ rows).tolist()]
    with_targets = [
        sum((x * t for x, t in zip(column, targets, strict=True)), Fraction(0))
        for column in columns
    ]
    found: list[tuple[Fraction, ...]] = []
    for signs in itertools.product((1, -1, 0), repeat=len(columns)):
        active = [j for j, sign in enumerate(signs) if sign]
        weights = [Fraction(0)] * len(columns)
        if active:
            system = [[gram[i][j] for j in active] for i in active]
            try:
                solved = solve(system, [with_targets[j] - PENALTY * signs[j] for j in active])
            except ZeroDivisionError:
                continue  # these features are not independent
            for j, weight in zip(active, solved, strict=True):
                weights[j] = weight
        met = [
            value - sum(g * w for g, w in zip(row, weights, strict=True))
            for row, value in zip(gram, with_targets, strict=True)
        ]
        right_signs = all(weights[j] * signs[j] > 0 for j in active)
        if right_signs and all(abs(value) <= PENALTY for value in met):
            found.append(tuple(weights))
    return found


def _from_offset(vectors: Pixels, way: str) -> Pixels:
    """Return pixels from mid-grey, from the mean of all rows but the last, or as they are."""
    if way == "mid-grey":
        return 2 * vectors - 255
    if way == "intercept":
        return np.asarray((len(vectors) - 1) * vectors - vectors[:-1].sum(axis=0))
    return vectors


def l1_penalties(case: Case) -> None:
    """Solve a lasso in fractions, from mid-grey or with an intercept, and compare its answers."""
    geometry = case.geometry(largest=3)
    images = case.images(geometry, TRAINING + 1)
    if not case.assumes(ONE_OPTIMUM):
        # Any pixel tells the same of a training image.
        images.reshape(len(images), -1)[:-1] = flat(images)[:-1, :1]
    encrypted = case.encrypted(images, case.key(geometry))
    targets = [Fraction(label) for label in case.labels(TRAINING, 3).tolist()]
    ways = ("mid-grey", "intercept") if case.assumes(OFFSET) else ("raw",)
    way = case.choose("normalization", ways)
    mean = sum(targets, Fraction(0)) / TRAINING if way == "intercept" else Fraction(0)
    sides = [_from_offset(flat(batch), way) for batch in (images, encrypted)]
    if not case.assumes(SIGNED):
        # An orthogonal map that is no signed permutation, after the encryption and instead of it.
        sides = [5 * sides[1], 5 * sides[1]]
        sides[1][:, :2] = sides[1][:, :2] @ ROTATION // 5 if geometry.n_pixels > 1 else sides[0]
    answers = []
    for rows in sides:
        optima = lassos(rows[:-1], [target - mean for target in targets])
        if len(optima) > 1 and case.assumes(ONE_OPTIMUM):
            return
        query = rows[-1].tolist()
        answers.append(mean + sum(x * w for x, w in zip(query, optima[0], strict=True)))
    assert answers[0] == answers[1], f"answer {answers[0]} plain, {answers[1]} encrypted"


ESTIMATOR_STATEMENTS: Final[dict[str, Statement]] = {
    "other-estimators": other_estimators,
    "principal-components": principal_components,
    "l1-penalties": l1_penalties,
}
"""By the name of the claim."""
