"""What the claims about normalization and kernels say of a case."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.statistics import GAMMA_FIXED, PER_FEATURE, SAME_KEY, SCALE_OF_FIT
from etcprops.claims.checks.steps import squared_distances
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import EtCKey

Integers = NDArray[np.int64]
Scores = tuple[Integers, NDArray[Any]]
"""Numerators and squared denominators, shape (N, n) each: z-scores before any rounding."""


def _scores(rows: Integers, training: Integers) -> Scores:
    """Return the z-scores of rows, with statistics of each feature over the training rows."""
    statistics = PixelStatistics(training)
    variance = statistics.variance_numerator
    squares = np.where(variance > 0, variance, statistics.count**2)
    return statistics.deviation_numerators(rows), np.broadcast_to(squares, rows.shape)


def _scores_per_image(rows: Integers) -> Scores:
    """Return each row less its own mean, over its own deviation."""
    numerators, squares = _scores(rows.T, rows.T)
    return numerators.T, squares.T


def _sides(case: Case, key: EtCKey) -> tuple[Integers, Integers, int]:
    """Draw images; return their vectors, encrypted ones, and how many are training images."""
    training = case.integer("training images", 1, 4)
    images = case.images(key.geometry, training + case.integer("queries", 0, 2))
    return flat(images), flat(case.encrypted(images, key)), training


def z_score(case: Case) -> None:
    """Compare z-scores of training images and queries with those of plain ones, moved by Q."""
    key = case.key(case.geometry())
    plain, encrypted, training = _sides(case, key)
    fitted_on = encrypted if case.assumes(SAME_KEY) else plain
    if case.assumes(PER_FEATURE):
        before, after = _scores(plain, plain[:training]), _scores(encrypted, fitted_on[:training])
    else:
        before, after = _scores_per_image(plain), _scores_per_image(encrypted)
    for matrix in case.implementation.step_matrices(key).values():
        wide = matrix.astype(np.int64)
        before = (wide @ before[0].T).T, (abs(wide) @ before[1].T).T
    # d / sqrt(v) = e / sqrt(w), by sign and square.
    (d, v), (e, w) = before, after
    same(np.sign(e) * e**2 * v, np.sign(d) * d**2 * w, "z-scores differ, multiplied out")


def _gram(scores: Scores) -> list[list[Fraction]]:
    """Return the inner products of z-scores with statistics of each feature."""
    numerators, squares = scores
    parts = [(squares[0] == square, square) for square in np.unique(squares[0]).tolist()]

    def product(x: Integers, y: Integers) -> Fraction:
        return sum((Fraction(int(x[p] @ y[p]), square) for p, square in parts), Fraction())

    return [[product(x, y) for y in numerators] for x in numerators]


def kernels_after_z_score(case: Case) -> None:
    """Compare inner products, of which the four kernels are functions, and gamma='scale'."""
    key = case.key(case.geometry(largest=64))
    plain, encrypted, training = _sides(case, key)
    sides = [_scores(v, v[:training]) for v in (plain, encrypted)]
    before, after = (_gram(scores) for scores in sides)
    assert before == after, "inner products of z-scores differ"
    if case.assumes(SCALE_OF_FIT):
        # Sums of z are 0, and sums of z^2 are N where the pixel is not constant.
        for numerators, _ in sides:
            assert not numerators[:training].sum(axis=0).any(), "a mean of z-scores is not 0"
        varying = [
            int(np.count_nonzero(numerators[:training].any(axis=0))) for numerators, _ in sides
        ]
        assert varying[0] == varying[1], f"features that vary: {varying[0]} and {varying[1]}"
        return
    scores = [PixelStatistics(v[:training]).z_score(v) for v in (plain, encrypted)]
    some = case.integer("first image of 'scale'", 0, len(plain) - 1)
    variances = [float(z[some:].var()) for z in scores]
    # No rounding of so few z-scores comes near the difference.
    assert np.isclose(variances[0], variances[1], rtol=1e-9, atol=1e-9), (
        f"X.var() of the z-scores is {variances[0]:g} plain, {variances[1]:g} encrypted"
    )


def rbf_on_raw_pixels(case: Case) -> None:
    """Compare squared distances and gamma, of which the RBF kernel is a function."""
    key = case.key(case.geometry())
    images = case.images(key.geometry, case.integer("number of images", 1, 3))
    plain, encrypted = flat(images), flat(case.encrypted(images, key))
    same(squared_distances(encrypted), squared_distances(plain), "squared distances differ")
    if case.assumes(GAMMA_FIXED):
        return
    spreads = [v.size * int((v**2).sum()) - int(v.sum()) ** 2 for v in (plain, encrypted)]
    assert spreads[0] == spreads[1], (
        f"1 / gamma is {spreads[0]} / {plain.size**2} n plain, {spreads[1]} / {plain.size**2} n "
        "encrypted"
    )


def linear_and_polynomial_on_raw_pixels(case: Case) -> None:
    """Compare (x.y + c)^d of raw images, for the linear kernel with d = 1 and c = 0."""
    key = case.key(case.geometry())
    images = case.images(key.geometry, 2)
    plain, encrypted = flat(images), flat(case.encrypted(images, key))
    linear = [v.astype(object) @ v.T.astype(object) for v in (plain, encrypted)]
    degree, constant = case.integer("degree", 1, 3), case.integer("coef0", 0, 1)
    polynomial = [(gram + constant) ** degree for gram in linear]
    if (linear[0] == linear[1]).all():
        same(polynomial[1], polynomial[0], "polynomial kernels differ")
    elif (polynomial[0] != polynomial[1]).any():
        same(linear[1], linear[0], "both kernels differ, the linear one")


def pooled_z_score(case: Case) -> None:
    """Normalize two clients' images together; compare inner products within the first client."""
    geometry = case.geometry(largest=12)
    keys = [case.key(geometry, name=f"key of client {number}") for number in (1, 2)]
    parts = [
        case.images(geometry, case.integer("images", 1, 2), name=f"images of client {number}")
        for number in (1, 2)
    ]
    plain = np.concatenate([flat(part) for part in parts])
    encrypted = np.concatenate(
        [flat(case.encrypted(part, key)) for part, key in zip(parts, keys, strict=True)]
    )
    before, after = (_gram(_scores(v, v)) for v in (plain, encrypted))
    own = range(len(parts[0]))
    products = [[gram[i][j] for i in own for j in own] for gram in (before, after)]
    assert products[0] == products[1], (
        f"inner products are {', '.join(map(str, products[0]))} plain, "
        f"{', '.join(map(str, products[1]))} encrypted"
    )


STATISTICS_STATEMENTS: Final[dict[str, Statement]] = {
    "z-score": z_score,
    "kernels-after-z-score": kernels_after_z_score,
    "rbf-on-raw-pixels": rbf_on_raw_pixels,
    "linear-and-polynomial-on-raw-pixels": linear_and_polynomial_on_raw_pixels,
    "pooled-z-score": pooled_z_score,
}
"""By the name of the claim."""
