"""Features in an order and with signs that encryption cannot change: any estimator may follow.

Not a reduction of dimension: a normal form of the training set under all signed permutations with
offset, for estimators that look at features one by one and at their order, such as trees.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from etcprops.exact.statistics import as_integer_pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_COLUMNS = 2048  # features brought into the normal form at once


class CanonicalFeatures(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Features sorted by their training values, each negated or not so that it begins low.

    Images encrypted with one key become bitwise the same numbers as the plain ones, training images
    and queries alike. So whatever is trained on them, with the same seed, decides the same: a
    random forest too, which otherwise decides differently on encrypted images.

    Attributes
    ----------
    order_ : ndarray of int64, shape (n_features,)
        The feature that comes at each place.
    offset_, sign_ : ndarray of int64, shape (n_features,)
        In that order: features become ``sign * (x - offset)``.
    group_ : ndarray of int64, shape (n_features,)
        In that order, from 0: features with the same number have the same training values.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where `X` had them; those that come out have these names too, but
        not the meaning.

    Notes
    -----
    A feature ``x`` of the training images becomes ``x - min`` or ``max - x``, whichever has the
    lower value in the first image where they differ, and the features are sorted lexicographically.
    A permutation of the features changes nothing then; nor does ``c - x`` in place of ``x``.

    Features that are equal on all training images after that cannot be told apart, but may differ
    on a query. So the values that a query has in such a group are sorted. Features that are
    constant in training form one group; as they may be negated or not, of ``x - mean`` the
    magnitude is taken. Estimators learn nothing from such groups beyond their common value: what
    the sorting loses was not in the training set.

    The images must come in the same order. Numbers are integers of magnitude below 2^31.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry, rng = BlockGeometry(8, 8, block=4), np.random.default_rng(0)
    >>> images = rng.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    >>> encrypted = encrypt(images, EtCKey.from_secret(geometry, "an example"))
    >>> answers = []
    >>> for vectors in (images.reshape(40, 64), encrypted.reshape(40, 64)):
    ...     forest = RandomForestClassifier(n_estimators=5, random_state=0)
    ...     model = make_pipeline(CanonicalFeatures(), forest)
    ...     answers.append(model.fit(vectors[:30], [0, 1, 2] * 10).predict_proba(vectors[30:]))
    >>> np.array_equal(*answers)
    True
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn order, signs and groups of the training images' features.

        Parameters
        ----------
        X : array_like, shape (N, n_features)
            Integers.
        y : ignored

        Returns
        -------
        CanonicalFeatures
            This one.

        Raises
        ------
        InvalidParameterError
            If `X` holds anything but integers of magnitude below 2^31.
        ValueError, TypeError
            From scikit-learn, if `X` is no matrix of numbers.
        """
        del y
        rows = self._validated(X, reset=True)
        parts = [
            _oriented(rows[:, start : start + _COLUMNS])
            for start in range(0, rows.shape[1], _COLUMNS)
        ]
        offset, sign = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        names = [name for part in parts for name in part[2]]
        order = sorted(range(len(names)), key=names.__getitem__)
        new = [names[one] != names[other] for one, other in pairwise(order)]
        self.order_ = np.array(order)
        self.sign_, self.offset_ = sign[self.order_], offset[self.order_]
        self.group_ = np.cumsum([0, *new])
        self._constant = (rows == rows[0]).all(axis=0)[self.order_]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.int64]:
        """Return images in the normal form of the training images.

        Parameters
        ----------
        X : array_like, shape (m, n_features)
            Integers.

        Returns
        -------
        ndarray of int64, shape (m, n_features)

        Raises
        ------
        NotFittedError
            From scikit-learn, before `fit`.
        InvalidParameterError, ValueError, TypeError
            As `fit`.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        transformed = rows[:, self.order_].astype(np.int64)
        transformed -= self.offset_
        transformed *= self.sign_
        transformed[:, self._constant] = abs(transformed[:, self._constant])
        for group in np.split(transformed, np.flatnonzero(np.diff(self.group_)) + 1, axis=1):
            group.sort(axis=1)
        return transformed

    def _validated(self, X: Any, *, reset: bool) -> NDArray[Any]:
        """Let scikit-learn check names and numbers of features, and return integers."""
        rows: NDArray[Any] = validate_data(self, X, reset=reset, dtype="numeric")
        return as_integer_pixels(rows, "X", "CanonicalFeatures")


def _oriented(rows: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[bytes]]:
    """Return offset and sign of features, and their normal form as bytes that compare alike."""
    wide = rows.astype(np.int64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    # Where x - min and max - x differ first, the sign of their difference decides.
    differences = 2 * wide - (low + high)
    first = (differences != 0).argmax(axis=0)
    leading = np.take_along_axis(differences, first[None], axis=0)[0]
    falling = leading > 0  # x - min would begin high
    sign, offset = np.where(falling, -1, 1), np.where(falling, high, low)
    # As big-endian bytes, columns compare as their numbers do, none of which is negative.
    columns = np.ascontiguousarray((sign * (wide - offset)).T.astype(">u4"))
    return offset, sign, [column.tobytes() for column in columns]
