"""What several statements draw: vectors of plain and encrypted images, and exact inner products."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.implementation import flat
from etcprops.scheme.keys import EtCKey

Pixels = NDArray[np.int64]
Products = list[list[Fraction]]


def both(case: Case, key: EtCKey, count: int) -> tuple[Pixels, Pixels]:
    """Draw images, and return them and what the key makes of them as vectors of integers.

    Parameters
    ----------
    case : Case
    key : EtCKey
    count : int
        Images.

    Returns
    -------
    tuple of two ndarray of int64, shape (count, n)
    """
    images = case.images(key.geometry, count)
    return flat(images), flat(case.encrypted(images, key))


def products_of_z_scores(rows: Pixels, fitted: int) -> Products:
    """Return all inner products of z-scores by the statistics of the first rows, as fractions.

    Features that are constant there are left as they are, less their mean.

    Parameters
    ----------
    rows : ndarray of int64, shape (k, n)
    fitted : int
        How many of them the statistics are of.

    Returns
    -------
    list of lists of Fraction, (k, k)
    """
    numerators = fitted * rows - rows[:fitted].sum(axis=0)
    squares = (numerators[:fitted] ** 2).sum(axis=0)
    # z = d / N over the deviation: z_i z_j = N d_i d_j / sum of d^2, or d_i d_j / N^2.
    scales, group = np.unique(squares, return_inverse=True)
    weights = [Fraction(fitted, int(s)) if s else Fraction(1, fitted**2) for s in scales]
    parts = [numerators[:, group == index] for index in range(len(scales))]
    grams = [(part @ part.T).tolist() for part in parts]
    size = range(len(rows))
    return [
        [sum((w * g[i][j] for w, g in zip(weights, grams, strict=True)), Fraction(0)) for j in size]
        for i in size
    ]


def trees(rows: Pixels | NDArray[np.float64], labels: Any, count: int, **options: Any) -> list[Any]:
    """Return trees as those of a random forest, with its rule of drawing features and fixed seeds.

    Parameters
    ----------
    rows : ndarray of float64 or int64, shape (k, n)
    labels : ndarray of int64, shape (k,)
    count : int
        Trees; a forest would spend most of its time on starting threads.
    **options
        Of `DecisionTreeClassifier`.

    Returns
    -------
    list of DecisionTreeClassifier
    """
    from sklearn.tree import DecisionTreeClassifier

    return [
        DecisionTreeClassifier(max_features="sqrt", random_state=seed, **options).fit(rows, labels)
        for seed in range(count)
    ]


def products_of(rows: Pixels) -> Products:
    """Return all inner products of rows as fractions, (k, k)."""
    return [[Fraction(value) for value in row] for row in (rows @ rows.T).tolist()]
