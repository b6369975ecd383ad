"""Reduction of dimension that sees images only through their inner products.

Principal components in the space of the samples (dual PCA, kernel PCA): the reduced vectors of
plain and of encrypted images have the same bits, and so has everything that is learnt from them.
The idea is from Schoelkopf, Smola and Mueller (1998).
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from etcprops._validation import as_integer, describe, reject
from etcprops.exact._eigenpairs import eigenpairs
from etcprops.exact.distances import exact_squared_distances
from etcprops.exact.gram import exact_gram
from etcprops.exact.kernels import ExactKernel
from etcprops.exact.standardized import standardized_squared_distances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_SCORE_SLICES = 3  # of centred kernels and eigenvectors: as accurate as dgemm


class GramPCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Principal components through the exact Gram matrix of the samples.

    With the linear kernel these are the scores of scikit-learn's PCA, up to sign and rounding. But
    of the images nothing is used but distances and inner products that do not depend on the order
    of the features to the last bit. So images encrypted with one key, z-scored or (linear and RBF
    kernels) as raw pixels, get bitwise the scores of the plain images, and any estimator that
    follows is trained on identical numbers, a random forest with a fixed seed included.

    Parameters
    ----------
    n_components : int, optional
        The largest number of components; by default all that are not dropped.
    kernel : "linear" or ExactKernel, default="linear"
        An :class:`~etcprops.ExactKernel` gives kernel PCA.
    slices : int from 1 to 16, default=2
        Accuracy of the inner products, as in :func:`~etcprops.exact_gram`, for
        ``kernel="linear"``. An ExactKernel has its own.

    Attributes
    ----------
    eigenvalues_ : ndarray of float64, shape (r,)
        Of the centred kernel matrix, in decreasing order, correctly rounded. Divided by ``m - 1``
        they are the explained variances of PCA.
    eigenvectors_ : ndarray of float64, shape (m, r)
        Of norm 1, correctly rounded; in each the entry of largest magnitude is positive, the first
        of these where several are equal.
    n_components_ : int
        How many components were kept, r.
    X_fit_ : ndarray, shape (m, n)
        The training rows.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of str, shape (n,)
        Their names, if they have names that are all strings.

    Raises
    ------
    InvalidParameterError
        In `fit`: if a parameter has another type or value, or no component is left because
        all training rows are equal to within the accuracy.

    See Also
    --------
    etcprops.exact.kernels.ExactKernel : for kernel machines directly.

    Notes
    -----
    The linear kernel is taken as :math:`-\tfrac12 \lVert x - y\rVert^2`, which differs from
    :math:`x^T y` by terms that centring removes, is exact for pixels, and does not change when they
    are negated. The matrix is centred in feature space,
    :math:`k(x, y) - \bar k(x) - \bar k(y) + \bar k`, with means over the training rows, and
    decomposed in the space of the samples.

    Eigenvalues and eigenvectors are those of this matrix of doubles, each rounded to the nearest
    double after a proof that it is the nearest (entries below :math:`2^{-9}` to 62 bits after the
    point); LAPACK's are but the start [2]_. All other operations, up to the scores, are exact or
    correctly rounded in a fixed order. So with the linear kernel, and any other whose values are
    the same everywhere, the scores are the same doubles on every machine, whatever its CPU, BLAS
    and LAPACK, and with any number of threads.

    Eigenvalues count as equal that differ by :math:`2^{-60}` or less of the largest entry of the
    matrix (scaled up to a power of two). They get their mean; which vectors they have, the matrix
    does not say: taken are the principal axes, in their span, of a fixed diagonal matrix of
    pseudo-random numbers. `n_components` may cut through them.

    With t the trace of the centred matrix, or its largest entry where that is more, components are
    dropped whose eigenvalue is at most :math:`\max(m 2^{-52}, 2^{5 - 21 s}) t` (:math:`s` slices):
    that is where the truncation of the inner products and rounding, not the data, decide. So are
    all negative ones, which the sigmoid kernel can give.

    Training rows get the same scores from `transform` as from `fit_transform`, up to rounding.

    Cost: with 40 components of 900 rows of 64 features `fit` takes 2.7 times as long as with
    LAPACK's eigenvectors, with all 899 (RBF kernel) 11 times. Memory: a copy of the training rows,
    eight to twelve matrices of m by m in `fit`; in `transform` about three of q by m, six where
    nearly all components are kept; and what :func:`~etcprops.exact_gram` takes.

    References
    ----------
    .. [1] B. Schoelkopf, A. Smola, K.-R. Mueller, "Nonlinear component analysis as a kernel
       eigenvalue problem", Neural Computation 10, 1299-1319 (1998).
    .. [2] T. Ogita, K. Aishima, "Iterative refinement for symmetric eigenvalue decomposition",
       Japan Journal of Industrial and Applied Mathematics 35, 1007-1035 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry = BlockGeometry(8, 8, block=4)
    >>> images = np.random.default_rng(0).integers(0, 256, (10, 8, 8), dtype=np.uint8)
    >>> encrypted = encrypt(images, EtCKey.from_secret(geometry, "an example"))
    >>> plain_scores = GramPCA(3).fit_transform(images.reshape(10, 64))
    >>> np.array_equal(plain_scores, GramPCA(3).fit_transform(encrypted.reshape(10, 64)))
    True
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        kernel: Literal["linear"] | ExactKernel = "linear",
        slices: int = 2,
    ) -> None:
        self.n_components = n_components
        self.kernel = kernel
        self.slices = slices

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the principal components of the training rows.

        Parameters
        ----------
        X : array_like, shape (m, n)
            At least two rows, finite; uint8 and uint16 are taken as they are, as float32 is.
        y : ignored

        Returns
        -------
        GramPCA
            This one.

        Raises
        ------
        ValueError, TypeError, OverflowError
            From scikit-learn, if `X` is no such array.
        InvalidParameterError
            If a parameter is wrong, or no component is left.
        """
        del y
        self._check()
        rows = self._validated(X, copy=True, ensure_min_samples=2)
        K = self._kernel_matrix(rows, None)
        m = len(rows)
        means = _row_sums(K) / m
        mean = math.fsum(means) / m
        _centre(K, means, means, mean)
        trace = max(math.fsum(np.diagonal(K)), float(np.abs(K).max()))
        slices = int(self.slices if isinstance(self.kernel, str) else self.kernel.slices)
        cut = max(m * 2.0**-52, 2.0 ** (5 - 21 * slices)) * trace
        values, vectors = eigenpairs(K, self.n_components, above=cut)
        if not values.size:
            got = f"{m} rows whose centred kernel matrix has the trace {trace:.4g}."
            reject("X", "GramPCA", "have rows that differ", got)
        self.X_fit_ = rows
        self.eigenvalues_, self.eigenvectors_ = values, vectors
        self.n_components_ = len(values)
        self._means, self._mean = means, mean
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores of rows.

        Parameters
        ----------
        X : array_like, shape (q, n)
            Rows with the features of the training rows.

        Returns
        -------
        ndarray of float64, shape (q, r)

        Raises
        ------
        NotFittedError, ValueError, TypeError, OverflowError
            From scikit-learn, before `fit` or if `X` is no such array.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        K = self._kernel_matrix(rows, self.X_fit_)
        _centre(K, _row_sums(K) / K.shape[1], self._means, self._mean)
        directions = self.eigenvectors_ / np.sqrt(self.eigenvalues_)
        return exact_gram(K, directions.T, slices=_SCORE_SLICES)

    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[np.float64]:
        """Find the components of the training rows and return their scores.

        Parameters
        ----------
        X : array_like, shape (m, n)
            As in `fit`.
        y : ignored

        Returns
        -------
        ndarray of float64, shape (m, r)
            ``eigenvectors_ * sqrt(eigenvalues_)``.

        Raises
        ------
        InvalidParameterError, ValueError, TypeError, OverflowError
            As `fit`.
        """
        self.fit(X, y)
        scores: NDArray[np.float64] = self.eigenvectors_ * np.sqrt(self.eigenvalues_)
        return scores

    @property
    def _n_features_out(self) -> int:
        """What ClassNamePrefixFeaturesOutMixin asks for."""
        return self.n_components_

    def _check(self) -> None:
        """Refuse bad parameters; those of the kernel are its own business."""
        caller, count = "GramPCA", self.n_components
        if count is not None:
            as_integer(
                count, "n_components", caller, 1, sys.maxsize, "be a positive integer or None"
            )
        kernel: object = self.kernel
        if not isinstance(kernel, ExactKernel) and not (
            isinstance(kernel, str) and kernel == "linear"
        ):
            reject("kernel", caller, 'be "linear" or an ExactKernel', describe(kernel))

    def _validated(self, X: ArrayLike, **options: Any) -> NDArray[Any]:
        """Return `X` as an array, checked by scikit-learn: names and number of features too."""
        dtypes = [np.float64, np.float32, np.uint8, np.uint16]
        rows: NDArray[Any] = validate_data(self, X, dtype=dtypes, **options)
        return rows

    def _kernel_matrix(self, X: NDArray[Any], Y: NDArray[Any] | None) -> NDArray[np.float64]:
        """Return the kernel of all pairs of rows."""
        if isinstance(self.kernel, ExactKernel) and self.kernel.kind != "linear":
            return self.kernel(X, Y)
        slices = self.slices if isinstance(self.kernel, str) else self.kernel.slices
        if isinstance(self.kernel, ExactKernel) and self.kernel.standardize:
            K = standardized_squared_distances(X, Y, slices=min(slices, 2))
        else:
            K = exact_squared_distances(X, Y, slices=slices)
        K *= -0.5
        return K


def _centre(
    K: NDArray[np.float64],
    row_means: NDArray[np.float64],
    column_means: NDArray[np.float64],
    mean: float,
) -> None:
    """Centre a kernel matrix in feature space, in place; what was symmetric stays so."""
    for i, row_mean in enumerate(row_means):
        K[i] -= column_means + row_mean
        K[i] += mean


def _row_sums(K: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of the rows: added in sequence, with the errors carried along (Kahan)."""
    sums, lost = np.zeros(len(K)), np.zeros(len(K))
    for column in K.T:
        term = column - lost
        after = sums + term
        lost = (after - sums) - term
        sums = after
    return sums
