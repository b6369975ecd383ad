"""A demonstration: trees whose answers are the same on encrypted images in distribution only.

Not for use on real data: it shows which rules scikit-learn's random forest lacks, and computes the
distribution of a small tree's answers exactly, by enumeration. The theorem is
``proofs/coq/Forest.v``. For a forest that decides the same path by path put
:class:`~etcprops.reductions.CanonicalFeatures` or :class:`~etcprops.reductions.GramPCA` before any
forest.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from etcprops._validation import as_integer, describe, reject
from etcprops.exact.statistics import as_integer_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Split = tuple[int, int]
"""A feature, and twice the threshold: an integer for integer pixels."""

TreeAnswers = tuple[tuple[Fraction, ...], ...]
"""For each query the probability of each class."""


@dataclass(frozen=True)
class Rules:
    """What a tree does where scikit-learn's is not symmetric. The defaults are symmetric.

    Parameters
    ----------
    draw : {"uniform", "first"}, default="uniform"
        Which features of those that can split a node are considered: each set alike, or those of
        the lowest indices.
    ties : {"uniform", "first"}, default="uniform"
        Which of several best splits is taken: each alike, or that of the lowest feature, then of
        the lowest threshold.
    on_threshold : {"both", "low"}, default="both"
        Where a query goes that sits on a threshold: to both sides, which are averaged, or to the
        low side.
    """

    draw: Literal["uniform", "first"] = "uniform"
    ties: Literal["uniform", "first"] = "uniform"
    on_threshold: Literal["both", "low"] = "both"


SYMMETRIC = Rules()


def best_splits(X: NDArray[np.int64], y: NDArray[np.int64], features: Any) -> list[Split]:
    """Return all splits of the rows by some features whose Gini impurity is least.

    Parameters
    ----------
    X : ndarray of int64, shape (N, n)
    y : ndarray of int64, shape (N,)
        Classes from 0.
    features : iterable of int
        In ascending order.

    Returns
    -------
    list of (feature, twice the threshold)
        Compared as fractions of integers: ties are ties, and which side is called low plays no
        part.

    Examples
    --------
    >>> best_splits(np.array([[0], [1], [2], [3]]), np.array([0, 1, 1, 0]), [0])
    [(0, 1), (0, 5)]
    """
    classes = np.eye(int(y.max()) + 1, dtype=np.int64)[y]
    best, found = Fraction(-1), list[Split]()
    for k in features:
        order = np.argsort(X[:, k], kind="stable")
        values, counts = X[order, k], np.cumsum(classes[order], axis=0)
        for last in np.flatnonzero(np.diff(values)):
            low, high = counts[last], counts[-1] - counts[last]
            # The weighted Gini impurity of both sides is 1 less this over N.
            purity = Fraction(int(low @ low), int(low.sum()))
            purity += Fraction(int(high @ high), int(high.sum()))
            if purity > best:
                best, found = purity, []
            if purity == best:
                found.append((int(k), int(values[last] + values[last + 1])))
    return found


def tree_distribution(
    X: ArrayLike,
    y: ArrayLike,
    queries: ArrayLike,
    *,
    max_features: int = 1,
    depth: int = 2,
    rules: Rules = SYMMETRIC,
) -> dict[TreeAnswers, Fraction]:
    """Return the joint distribution of a random tree's answers to some queries, by enumeration.

    Parameters
    ----------
    X : array_like of int, shape (N, n)
        Training rows: few, since every set of features and every tie is followed.
    y : array_like of int, shape (N,)
        Classes 0, 1, ...
    queries : array_like of int, shape (q, n)
    max_features : int, default=1
        How many of the features that can split a node are drawn.
    depth : int, default=2
        Largest depth.
    rules : Rules
        By default the symmetric ones.

    Returns
    -------
    dict of outcome to Fraction
        The probability of each outcome that can occur: of each tuple of class probabilities, one
        for each query.

    Raises
    ------
    InvalidParameterError
        If a parameter is wrong.

    Examples
    --------
    The distribution of a stump does not change when its pixel is negated; scikit-learn's rule for
    queries on thresholds changes it.

    >>> X, y, query = np.array([[0], [2]]), [0, 1], np.array([[1]])
    >>> tree_distribution(X, y, query) == tree_distribution(2 - X, y, 2 - query)
    True
    >>> low = Rules(on_threshold="low")
    >>> tree_distribution(X, y, query, rules=low) == tree_distribution(
    ...     2 - X, y, 2 - query, rules=low
    ... )
    False
    """
    caller = "tree_distribution"
    rows = as_integer_pixels(X, "X", caller).astype(np.int64)
    asked = as_integer_pixels(queries, "queries", caller).astype(np.int64)
    labels = np.asarray(y)
    if labels.shape != (len(rows),) or labels.dtype.kind not in "iu" or labels.min(initial=0) < 0:
        reject("y", caller, f"be {len(rows)} classes 0, 1, ...", describe(labels))
    if asked.shape[1] != rows.shape[1]:
        reject("queries", caller, f"have {rows.shape[1]} features", f"{asked.shape[1]}.")
    as_integer(max_features, "max_features", caller)
    size = int(labels.max()) + 1
    limits = max_features, depth
    return _grow(rows, labels.astype(np.int64), asked, size=size, limits=limits, rules=rules)


def _leaf(y: NDArray[np.int64], size: int) -> tuple[Fraction, ...]:
    """Return the shares of the classes."""
    return tuple(Fraction(int(n), len(y)) for n in np.bincount(y, minlength=size))


def sides(
    queries: NDArray[np.int64], split: Split, rules: Rules
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which queries go to the low side and which to the high one; some go to both."""
    feature, threshold = split
    doubled = 2 * queries[:, feature]
    if rules.on_threshold == "low":
        return doubled <= threshold, doubled > threshold
    return doubled <= threshold, doubled >= threshold


def _grow(
    X: NDArray[np.int64],
    y: NDArray[np.int64],
    queries: NDArray[np.int64],
    *,
    size: int,
    limits: tuple[int, int],
    rules: Rules,
) -> dict[TreeAnswers, Fraction]:
    """Return the distribution of a node's answers."""
    max_features, depth = limits
    splittable = np.flatnonzero(np.ptp(X, axis=0)).tolist()
    if depth == 0 or not splittable or (y == y[0]).all() or not len(queries):
        return {(_leaf(y, size),) * len(queries): Fraction(1)}
    distribution: dict[TreeAnswers, Fraction] = defaultdict(Fraction)
    count, left = min(max_features, len(splittable)), (max_features, depth - 1)
    drawn = list(combinations(splittable, count))
    for features in drawn if rules.draw == "uniform" else drawn[:1]:
        best = best_splits(X, y, features)
        chosen = best if rules.ties == "uniform" else best[:1]
        weight = Fraction(1, len(chosen) * (len(drawn) if rules.draw == "uniform" else 1))
        for split in chosen:
            below = 2 * X[:, split[0]] <= split[1]
            low, high = sides(queries, split, rules)
            distributions = [
                _grow(X[part], y[part], queries[side], size=size, limits=left, rules=rules)
                for part, side in ((below, low), (~below, high))
            ]
            for (below_side, p), (above_side, q) in product(
                *(side.items() for side in distributions)
            ):
                distribution[_merge(below_side, above_side, low, high)] += weight * p * q
    return dict(distribution)


def _merge(
    left: TreeAnswers, right: TreeAnswers, low: NDArray[np.bool_], high: NDArray[np.bool_]
) -> TreeAnswers:
    """Return the answers of both sides in the order of the queries, averaged where both answer."""
    from_left, from_right = iter(left), iter(right)
    merged = []
    for is_low, is_high in zip(low, high, strict=True):
        answers = [
            next(side) for side, there in ((from_left, is_low), (from_right, is_high)) if there
        ]
        merged.append(tuple(sum(p, Fraction(0)) / len(answers) for p in zip(*answers, strict=True)))
    return tuple(merged)
