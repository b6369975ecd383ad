"""A random forest whose distribution of answers encryption does not change, to sample from.

`etcprops.theory.forests` computes the distribution of one tree exactly; this draws trees.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, check_X_y, validate_data

from etcprops._validation import as_integer
from etcprops.exact.statistics import as_integer_pixels
from etcprops.theory.forests import SYMMETRIC, Rules, best_splits, sides


class SymmetricForestClassifier(ClassifierMixin, BaseEstimator):
    """A random forest on integer pixels that is the same on encrypted images, in distribution.

    Slow and plain; see the module. Over the seeds, probabilities on encrypted images have exactly
    the distribution of those on plain images, for any signed permutation and any queries.

    Parameters
    ----------
    n_estimators : int, default=10
        Number of trees, each on a resample of the training rows.
    max_features : int, default=1
        How many of the features that can split a node are drawn.
    max_depth : int, default=4
        Largest depth.
    bootstrap : bool, default=True
        Whether each tree has its own resample.
    rules : Rules
        By default the symmetric ones.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Names of the classes.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where `X` had them.

    Examples
    --------
    >>> X = np.array([[0, 7], [2, 7], [9, 7]])
    >>> forest = SymmetricForestClassifier(bootstrap=False).fit(X, ["a", "b", "b"])
    >>> forest.predict_proba([[1, 0]])
    array([[0.5, 0.5]])
    """

    def __init__(
        self,
        n_estimators: int = 10,
        *,
        max_features: int = 1,
        max_depth: int = 4,
        bootstrap: bool = True,
        rules: Rules = SYMMETRIC,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.max_depth = max_depth
        self.bootstrap = bootstrap
        self.rules = rules
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep the training images; trees are grown for the queries.

        Parameters
        ----------
        X : array_like of int, shape (N, n_features)
        y : array_like, shape (N,)

        Returns
        -------
        SymmetricForestClassifier
            This one.

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong or `X` holds anything but integers of magnitude below 2^31.
        """
        caller = type(self).__name__
        for name in ("n_estimators", "max_features", "max_depth"):
            as_integer(getattr(self, name), name, caller)
        validate_data(self, X, dtype="numeric")
        rows, labels = check_X_y(X, y, dtype="numeric")
        self._rows = as_integer_pixels(rows, "X", caller).astype(np.int64)
        self.classes_, self._labels = np.unique(labels, return_inverse=True)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the mean of the trees' class probabilities.

        Parameters
        ----------
        X : array_like of int, shape (q, n_features)

        Returns
        -------
        ndarray of float64, shape (q, n_classes)

        Raises
        ------
        NotFittedError, InvalidParameterError
            Before `fit`, or as there.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype="numeric")
        queries = as_integer_pixels(rows, "X", type(self).__name__).astype(np.int64)
        rng = np.random.default_rng(self.random_state)
        total = np.zeros((len(queries), self.classes_.size))
        for _ in range(self.n_estimators):
            chosen = np.arange(len(self._rows))
            if self.bootstrap:
                chosen = rng.integers(0, len(chosen), len(chosen))
            total += self._tree(self._rows[chosen], self._labels[chosen], queries, rng, 0)
        return np.asarray(total / self.n_estimators)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class of each query, the first of several.

        Parameters
        ----------
        X : array_like of int, shape (q, n_features)

        Returns
        -------
        ndarray, shape (q,)

        Raises
        ------
        NotFittedError, InvalidParameterError
            As `predict_proba`.
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _tree(
        self,
        X: NDArray[np.int64],
        y: NDArray[np.int64],
        queries: NDArray[np.int64],
        rng: np.random.Generator,
        depth: int,
    ) -> NDArray[np.float64]:
        """Return the answers of a random node, grown as far as the queries go."""
        answers = np.zeros((len(queries), self.classes_.size))
        splittable = np.flatnonzero(np.ptp(X, axis=0))
        if depth == self.max_depth or not splittable.size or (y == y[0]).all() or not len(queries):
            answers[:] = np.bincount(y, minlength=self.classes_.size) / len(y)
            return answers
        count = min(self.max_features, splittable.size)
        drawn = splittable[:count]
        if self.rules.draw == "uniform":
            drawn = np.sort(rng.choice(splittable, count, replace=False))
        best = best_splits(X, y, drawn)
        split = best[rng.integers(len(best)) if self.rules.ties == "uniform" else 0]
        below = 2 * X[:, split[0]] <= split[1]
        low, high = sides(queries, split, self.rules)
        answers[low] += self._tree(X[below], y[below], queries[low], rng, depth + 1)
        answers[high] += self._tree(X[~below], y[~below], queries[high], rng, depth + 1)
        answers[low & high] /= 2
        return answers
