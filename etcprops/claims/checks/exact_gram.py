"""Checks of the exact Gram matrix: its bits, whatever the order and threads, and its bound."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Observation
from etcprops.exact.statistics import PixelStatistics

if TYPE_CHECKING:
    Values = dict[str, NDArray[np.float64]]


def check_exact_gram_at_full_size(implementation: Implementation) -> Observation:
    """Compare exact Gram matrices of z-scores of images of full size, bit for bit."""
    plain, encrypted = implementation.vectors(implementation.key)
    z, w = (PixelStatistics(vectors).z_score(vectors) for vectors in (plain, encrypted))
    before, after = (implementation.arithmetic.exact_gram(rows, 2) for rows in (z, w))
    different = int(np.count_nonzero(before != after))
    detail = f"5 images of {z.shape[1]} pixels: {different} of {before.size} entries differ"
    return Observation(different == 0, detail)


def check_exact_gram_whatever_the_order(implementation: Implementation) -> Observation:
    """Compare exact Gram matrices of one set of rows with features in 10 orders, bit for bit."""
    rng = np.random.default_rng(20120101)
    rows = rng.standard_normal((30, 3000))
    gram = implementation.arithmetic.exact_gram(rows, 2)
    orders = (rng.permutation(rows.shape[1]) for _ in range(10))
    others = [implementation.arithmetic.exact_gram(rows[:, order], 2) for order in orders]
    different = sum(int(np.count_nonzero(gram != other)) for other in others)
    detail = f"30 rows of 3000 features, 10 orders: {different} of {10 * gram.size} entries differ"
    return Observation(different == 0, detail)


def check_exact_gram_whatever_the_threads(implementation: Implementation) -> Observation:
    """Compare exact Gram matrices that BLAS makes with one, two or three threads, bit for bit."""
    from threadpoolctl import threadpool_limits

    rows = np.random.default_rng(20200101).standard_normal((200, 1000))
    # More threads than cores crash OpenBLAS up to 0.3.28 in a process that was forked before.
    counts = (1, 2, 3) if (os.cpu_count() or 1) > 2 else (1, 2)
    grams = []
    for threads in counts:
        with threadpool_limits(threads, user_api="blas"):
            grams.append(implementation.arithmetic.exact_gram(rows, 2))
    different = sum(int(np.count_nonzero(grams[0] != gram)) for gram in grams[1:])
    tried = ", ".join(map(str, counts))
    detail = f"200 rows of 1000 features, {tried} threads: {different} entries differ"
    return Observation(different == 0, detail)


def check_exact_gram_against_rational_arithmetic(implementation: Implementation) -> Observation:
    """Compare the errors of exact Gram matrices, from fractions, with their bounds.

    Rows of magnitudes from 2**-40 to 2**40 and rows that cancel are among them.
    """
    from etcprops.exact.gram import gram_error_bound

    rng = np.random.default_rng(20120102)
    rows = rng.standard_normal((4, 400))
    rows[1] = np.ldexp(rows[1], rng.integers(-40, 41, 400))
    rows[2] = -rows[0, ::-1] * (1 + 2.0**-50)
    exact = [[Fraction(value) for value in row] for row in rows.tolist()]
    truth = [[sum(map(Fraction.__mul__, x, y)) for y in exact] for x in exact]
    worst = Fraction(0)
    for slices in (1, 2, 3):
        gram = implementation.arithmetic.exact_gram(rows, slices)
        bound = gram_error_bound(rows, slices=slices)
        for i, j in np.ndindex(gram.shape):
            error = abs(Fraction(float(gram[i, j])) - truth[i][j])
            worst = max(worst, error / Fraction(float(bound[i, j])))
    detail = f"16 entries, 1 to 3 slices: errors reach {float(worst):.2g} of the bound"
    return Observation(worst <= 1, detail)
