"""What the claims about floating point say of a case."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from etcprops.claims.case import Case
from etcprops.claims.checks.arithmetic import POWER_OF_TWO
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.exact.statistics import PixelStatistics

INTEGERS = (np.uint8, np.int16, np.uint16, np.int32, np.int64)
FLOATS = (np.float16, np.float32, np.float64)


def float_negation(case: Case) -> None:
    """Negate grey levels in a dtype that holds them."""
    dtype: type[Any] = case.choose("dtype", (*INTEGERS, *FLOATS))
    levels = case.images(case.geometry(), 1).ravel()
    negated = case.implementation.arithmetic.negate(levels.astype(dtype))
    same(negated.astype(np.int64), 255 - levels.astype(np.int64), "negated grey levels are wrong")


def float_centring(case: Case) -> None:
    """Centre a pixel by the mean of N images with any sum, and its negation."""
    if case.assumes(POWER_OF_TWO):
        count = 2 ** case.integer("binary logarithm of the number of images", 0, 45)
    else:
        count = case.integer("number of images", 1, 40)
    pixel = case.integer("pixel", 0, 255)
    total = pixel + case.integer("sum of the others", 0, 255 * (count - 1))
    centre = case.implementation.arithmetic.centre
    plain = centre(float(pixel), float(total), count)
    negated = centre(255.0 - pixel, float(255 * count - total), count)
    assert negated == -plain, f"{plain!r} plain, {negated!r} negated"


def standard_scaler(case: Case) -> None:
    """Normalize three images of some pixels by StandardScaler, plain and negated."""
    pixels = flat(case.images(case.geometry(), 3)).astype(np.float64)
    z_score = case.implementation.arithmetic.z_score
    same(z_score(255 - pixels), -z_score(pixels), "z-scores of negated pixels")


def integer_z_score(case: Case) -> None:
    """Compare z-scores of training images and queries with those of plain ones, bit for bit."""
    key = case.key(case.geometry())
    training = case.integer("training images", 1, 4)
    images = case.images(key.geometry, training + case.integer("queries", 0, 2))
    plain, encrypted = flat(images), flat(case.encrypted(images, key))
    z, w = (PixelStatistics(rows[:training]).z_score(rows) for rows in (plain, encrypted))
    for matrix in case.implementation.step_matrices(key).values():
        z = (matrix.astype(np.float64) @ z.T).T
    same(w, z, "z-scores differ")


def blas_gram(case: Case) -> None:
    """Multiply z-scores of images through BLAS, in plain and in encrypted order of the features."""
    key = case.key(case.geometry())
    images = case.images(key.geometry, 6)
    rows = flat(images), flat(case.encrypted(images, key))
    plain, encrypted = (
        case.implementation.arithmetic.gram(PixelStatistics(v).z_score(v)) for v in rows
    )
    same(encrypted, plain, "Gram matrices differ")


ARITHMETIC_STATEMENTS: Final[dict[str, Statement]] = {
    "float-negation": float_negation,
    "float-centring": float_centring,
    "standard-scaler": standard_scaler,
    "integer-z-score": integer_z_score,
    "blas-gram": blas_gram,
}
"""By the name of the claim."""
