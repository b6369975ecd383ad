"""The exact z-score as a scikit-learn transformer.

The arithmetic stands in `normalization`; here it learns to live in pipelines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from etcprops._validation import in_the_name_of
from etcprops.exact.statistics import PixelStatistics

if TYPE_CHECKING:
    from typing import Self

    from sklearn.utils import Tags


class ExactStandardScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """z-score of integer pixels, bit for bit the same on plain and on encrypted images.

    scikit-learn's StandardScaler subtracts a rounded mean, so ``x -> 255 - x`` does not quite
    change the sign of its result. This one divides the integer ``N x - S`` by the square root of
    the integer ``N sum(x^2) - S^2``: the former changes its sign, the latter stays, and each
    z-score depends on its own feature alone, so no order of features matters.

    Attributes
    ----------
    statistics_ : PixelStatistics
        Count, sums and variances of the training images, exact.
    mean_ : ndarray of float64, shape (n_features,)
        ``S / N``, rounded; for inspection, not used.
    var_ : ndarray of float64, shape (n_features,)
        The population variance, rounded; for inspection, not used.
    n_samples_seen_ : int
        N.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, where `X` had them.

    See Also
    --------
    etcprops.PixelStatistics : the arithmetic, its bounds, and what is done with constant features.

    Notes
    -----
    Features are integers of magnitude below 2^31 of any real dtype: pixels, or what an integer
    reduction of :mod:`etcprops.reductions` makes of them.

    Examples
    --------
    >>> X = np.array([[0, 10], [1, 20], [5, 30]], dtype=np.uint8)
    >>> z = ExactStandardScaler().fit_transform(X)
    >>> np.array_equal(ExactStandardScaler().fit_transform(255 - X), -z)
    True
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the statistics of the training images.

        Parameters
        ----------
        X : array_like, shape (N, n_features)
            Integer pixels.
        y : None
            Ignored.

        Returns
        -------
        ExactStandardScaler
            The transformer itself.

        Raises
        ------
        InvalidParameterError
            If a feature is no integer of magnitude below 2^31.
        ValueError, TypeError
            From scikit-learn, if `X` is no matrix of numbers.
        """
        rows = self._validate(X, reset=True)
        with in_the_name_of("ExactStandardScaler.fit"):
            self.statistics_ = PixelStatistics(rows)
        count = self.n_samples_seen_ = self.statistics_.count
        self.mean_ = self.statistics_.total / count
        variances = self.statistics_.variance_numerator / float(count) ** 2
        self.var_ = np.asarray(variances, dtype=np.float64)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the z-scores of images under the training statistics.

        Parameters
        ----------
        X : array_like, shape (m, n_features)
            Integer pixels.

        Returns
        -------
        ndarray of float64, shape (m, n_features)

        Raises
        ------
        NotFittedError
            From scikit-learn, before `fit`.
        InvalidParameterError, ValueError, TypeError
            As `fit`.
        """
        check_is_fitted(self)
        rows = self._validate(X, reset=False)
        with in_the_name_of("ExactStandardScaler.transform"):
            return self.statistics_.z_score(rows)

    def _validate(self, X: Any, *, reset: bool) -> NDArray[Any]:
        """Let scikit-learn check names and numbers of features; integers stay integers."""
        rows: NDArray[Any] = validate_data(self, X, reset=reset, dtype="numeric")
        return rows

    def __sklearn_tags__(self) -> Tags:
        """Say that features are integers, which scikit-learn calls categorical."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags
