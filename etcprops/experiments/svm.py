"""One-vs-rest SVMs, fast: kernels once for all people, from one matrix of inner products (Gram).

scikit-learn's `SVC` with many classes trains an SVM for each pair of classes, whose decision
values are no scores of a claimed identity; here each person has an SVM against all others. Each
is solved by `SVC` on a kernel matrix that all share, so no inner product is taken twice.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etcprops._validation import describe, reject
from etcprops.exact.gram import exact_gram

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.experiments.choices import SVM


@dataclass(frozen=True)
class InnerProducts:
    """Inner products of rows with the training rows: all that kernels depend on.

    Attributes
    ----------
    cross : ndarray of float64, shape (m, k)
        Of each row with each training row.
    squares : ndarray of float64, shape (m,)
        Of each row with itself.
    training_squares : ndarray of float64, shape (k,)
        Of each training row with itself.
    features : int
        How many the rows have.
    """

    cross: NDArray[np.float64]
    squares: NDArray[np.float64]
    training_squares: NDArray[np.float64]
    features: int

    def kernel(self, svm: SVM) -> NDArray[np.float64]:
        """Return the kernel matrix of an SVM, shape (m, k)."""
        if svm.kernel == "linear":
            return self.cross
        values = self.squares[:, None] + self.training_squares
        values -= 2 * self.cross
        np.maximum(values, 0, out=values)
        values *= -svm.width(self.features)
        return np.exp(values, out=values)


def training_products(rows: NDArray[np.float64], *, exact: bool) -> InnerProducts:
    """Return the inner products of training rows.

    Parameters
    ----------
    rows : ndarray of float64, shape (k, n)
        Normalized training vectors.
    exact : bool
        Whether the result must not depend on the order or the signs of the features to the last
        bit; it takes three matrix products then.

    Returns
    -------
    InnerProducts
    """
    cross = exact_gram(rows) if exact else rows @ rows.T
    squares = np.diagonal(cross).copy()
    return InnerProducts(cross, squares, squares, rows.shape[1])


def query_products(
    rows: NDArray[np.float64], training: NDArray[np.float64], own: InnerProducts, *, exact: bool
) -> InnerProducts:
    """Return the inner products of queries with training rows.

    Parameters
    ----------
    rows : ndarray of float64, shape (m, n)
        Queries, normalized as the training rows.
    training : ndarray of float64, shape (k, n)
        Training rows.
    own : InnerProducts
        Those of the training rows.
    exact : bool
        As in `training_products`.

    Returns
    -------
    InnerProducts
    """
    if exact:
        cross, squares = exact_gram(rows, training), _exact_squares(rows)
    else:
        cross, squares = rows @ training.T, np.vecdot(rows, rows)
    return InnerProducts(cross, squares, own.squares, rows.shape[1])


def _exact_squares(rows: NDArray[np.float64], step: int = 64) -> NDArray[np.float64]:
    """Return the diagonal of the exact Gram matrix without the rest of it."""
    parts = (rows[start : start + step] for start in range(0, len(rows), step))
    return np.concatenate([np.diagonal(exact_gram(part)) for part in parts])


@dataclass(frozen=True)
class OneVsRestSVMs:
    """Trained one-vs-rest SVMs: for each person one against all others.

    Attributes
    ----------
    weights : ndarray of float64, shape (k, p)
        Of each training row in each person's SVM; zero where it is no support vector.
    intercepts : ndarray of float64, shape (p,)
        Their constants.
    norms : ndarray of float64, shape (p,)
        Lengths of the normal vectors in feature space: a score divided by it is a distance.
    """

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    norms: NDArray[np.float64]

    def scores(self, kernel: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the decision values of queries, shape (m, p), from their kernel matrix (m, k)."""
        return kernel @ self.weights + self.intercepts


def fit_one_vs_rest(
    kernel: NDArray[np.float64],
    labels: NDArray[np.int64],
    people: NDArray[np.int64],
    C: float,
    *,
    max_iter: int = -1,
) -> OneVsRestSVMs:
    """Train one-vs-rest SVMs: for each person a binary one against all others.

    Parameters
    ----------
    kernel : ndarray of float64, shape (k, k)
        Of the training rows.
    labels : ndarray of int64, shape (k,)
        Whose image each is.
    people : ndarray of int64, shape (p,)
        Whom to train for; others stay examples of the opposite.
    C : float
        Penalty of errors.
    max_iter : int, default=-1
        How many steps libsvm may take for one of them; -1 for as many as it needs.

    Returns
    -------
    OneVsRestSVMs

    Raises
    ------
    InvalidParameterError
        If the kernel is not finite.
    ConvergenceWarning
        scikit-learn's, as an error: if `max_iter` did not suffice for somebody.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> labels = np.array([1, 1, 2, 3])
    >>> models = fit_one_vs_rest(X @ X.T, labels, np.unique(labels), C=100.0)
    >>> models.scores(X @ X.T).argmax(axis=1)
    array([0, 0, 1, 2])
    """
    import sklearn
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import SVC

    if not np.isfinite(kernel).all():
        reject("kernel", "fit_one_vs_rest", "be finite", describe(kernel))
    weights = np.zeros((len(kernel), len(people)))
    intercepts = np.empty(len(people))
    # Looked through once, not by each SVM again.
    with sklearn.config_context(assume_finite=True), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        for index, person in enumerate(people):
            svm = SVC(kernel="precomputed", C=C, max_iter=max_iter)
            svm.fit(kernel, labels == person)
            weights[svm.support_, index] = svm.dual_coef_[0]
            intercepts[index] = svm.intercept_[0]
    squares = np.einsum("ip,ip->p", weights, kernel @ weights)
    return OneVsRestSVMs(weights, intercepts, np.sqrt(np.maximum(squares, 0)))
