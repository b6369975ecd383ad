"""The base of all linear reductions: a matrix, a transformer, and what encryption does to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from etcprops._validation import as_integer, reject
from etcprops.reductions.equivariance import (
    Equivariance,
    InducedMap,
    check_step,
    equivariance,
    induced_map,
)
from etcprops.scheme.geometry import BlockGeometry, check_geometry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from etcprops.scheme.keys import EtCKey, Step

_ENTRIES = 2**20  # of pixels promoted at once: 4 or 8 MB


class LinearReduction(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator, ABC):
    """A reduction ``x -> R x`` of flat image vectors, as a scikit-learn transformer.

    Where ``R`` holds integers, integer pixels give integers and nothing is rounded: reduced vectors
    of encrypted images have the bits of the encrypted reduced vectors if ``R`` commutes with the
    key. An :class:`~etcprops.exact.scaler.ExactStandardScaler` after it keeps them.

    Attributes
    ----------
    components_ : csr_array of int64 or ndarray of float64, shape (m, n)
        ``R``, set by `fit`.
    n_features_in_ : int
        ``n``.
    feature_names_in_ : ndarray of str, shape (n,)
        Names of the features, where `X` had them.
    """

    geometry: BlockGeometry
    in_distribution: ClassVar[bool] = False
    """Whether the distribution of ``R`` over its seeds is that of ``R Q``, for every key."""

    @abstractmethod
    def _build(self) -> csr_array | NDArray[np.float64]:
        """Check the parameters and return the matrix."""

    def matrix(self) -> csr_array | NDArray[np.float64]:
        """Return ``R``; no fit is needed.

        Returns
        -------
        csr_array of int64 or float64, or ndarray of float64, shape (m, n)

        Raises
        ------
        InvalidParameterError
            If a parameter of the reduction is wrong.
        """
        check_geometry(self.geometry, type(self).__name__)
        return self._build()

    @property
    def dimension(self) -> int:
        """The number of features of reduced vectors, m."""
        return int(self.matrix().shape[0])

    def is_equivariant(self, step: Step | str) -> Equivariance:
        """Tell what a step of the encryption becomes after this reduction, exactly.

        Parameters
        ----------
        step : Step or str
            ``"permutation"``, ``"transforms"``, ``"negatives"``, or ``"components"``.

        Returns
        -------
        Equivariance
            True as a boolean if it becomes a signed permutation; else with a counterexample.

        Raises
        ------
        InvalidParameterError
            If there is no such step, or a parameter of the reduction is wrong.
        """
        # The step first: a matrix may take a while.
        check_geometry(self.geometry, type(self).__name__)
        chosen = check_step(step, self.geometry, f"{type(self).__name__}.is_equivariant")
        return equivariance(self.matrix(), self.geometry, chosen)

    commutes_with = is_equivariant

    def induced(self, key: EtCKey) -> InducedMap:
        """Return what a key does to reduced vectors.

        Parameters
        ----------
        key : EtCKey
            Of this geometry.

        Returns
        -------
        InducedMap
            ``transform(encrypted) == induced.apply(transform(plain))``.

        Raises
        ------
        InvalidParameterError
            If the key makes something else of a row than a multiple of a row.
        """
        return induced_map(self.matrix(), key)

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Build the matrix; of `X` only the number of features is used.

        Parameters
        ----------
        X : array_like, shape (N, n)
            Flat image vectors.
        y : ignored

        Returns
        -------
        LinearReduction
            This one.

        Raises
        ------
        InvalidParameterError
            If a parameter is wrong, or the number of features is not that of the geometry.
        ValueError, TypeError
            From scikit-learn, if `X` is no matrix of numbers.
        """
        del y
        R = self.matrix()
        self._validated(X, reset=True)
        if self.n_features_in_ != self.geometry.n_pixels:
            wanted = f"have the {self.geometry.n_pixels} features of its geometry"
            reject("X", type(self).__name__, wanted, f"{self.n_features_in_}.")
        self.components_ = R
        self._whole = _in_whole_numbers(R)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return reduced vectors.

        Parameters
        ----------
        X : array_like, shape (N, n)
            Flat image vectors.

        Returns
        -------
        ndarray of int64 or float64, shape (N, m)
            Integers where both `X` and ``R`` hold integers.

        Raises
        ------
        NotFittedError, ValueError, TypeError
            From scikit-learn, before `fit` or if `X` is no such array.
        InvalidParameterError
            If integers are so large that sums would not fit into 64 bits.
        """
        check_is_fitted(self)
        rows = self._validated(X, reset=False)
        R: Any = self.components_
        integer = R.dtype.kind == "i" and rows.dtype.kind in "iu"
        reduced = np.empty((len(rows), R.shape[0]), dtype=np.int64 if integer else np.float64)
        working, whole = reduced.dtype, self._whole
        unit = 1.0 if whole is None else whole.unit
        if whole is not None and R.dtype.kind == "f":
            R = whole.matrix  # signs: integers have exact sums as floats, too
        if whole is not None and rows.dtype.kind in "iu":
            largest = max(int(rows.max()), -int(rows.min()))
            bound = largest * whole.weight
            if integer and bound >= 2**63:
                wanted = f"hold integers of magnitude at most {(2**63 - 1) // whole.weight}"
                reject("X", type(self).__name__, wanted, f"one of {largest}.")
            if bound < 2**24:
                # Sums are integers that float32 holds: nothing is rounded, in half the memory.
                R, working = whole.matrix, np.dtype(np.float32)
        # Sampling uses a few columns: the others are neither converted nor copied.
        few = not isinstance(R, np.ndarray) and 0 < 2 * R.nnz < rows.shape[1]
        used = np.unique(R.indices) if few else slice(None)
        if few:
            R = R[:, used]
        step = max(1, _ENTRIES // R.shape[1])
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            # Turned while they are small; sparse products need them in this order.
            transposed = part[:, used].T.astype(working, order="C", copy=False)
            reduced[start : start + step] = (R @ transposed).T
        if unit != 1:
            reduced *= unit
        return reduced

    @property
    def _n_features_out(self) -> int:
        """What ClassNamePrefixFeaturesOutMixin asks for."""
        return int(self.components_.shape[0])

    def _validated(self, X: Any, *, reset: bool) -> NDArray[Any]:
        """Return `X` as an array, checked by scikit-learn; integers stay integers."""
        rows: NDArray[Any] = validate_data(self, X, reset=reset, dtype="numeric")
        return rows


@dataclass(frozen=True)
class _WholeNumbers:
    """A sparse matrix as integers, and what they are multiples of.

    Attributes
    ----------
    matrix : csr_array of float32, shape (m, n)
        Integers; rounded only if `weight` is at least 2^24.
    unit : float
        The matrix is that many times as large.
    weight : int
        The greatest sum of magnitudes in a row.
    """

    matrix: csr_array
    unit: float
    weight: int


def _in_whole_numbers(R: Any) -> _WholeNumbers | None:
    """Return a sparse matrix of integers, or of entries of one size; None for any other."""
    if isinstance(R, np.ndarray) or not R.nnz:
        return None
    if R.dtype.kind == "i":
        unit, values, weight = 1, R.data, abs(R).sum(axis=1).max()
    else:
        unit, values, weight = abs(R.data[0]), np.sign(R.data), np.diff(R.indptr).max()
        if not (np.abs(R.data) == unit).all():
            return None
    matrix = csr_array((values.astype(np.float32), R.indices, R.indptr), shape=R.shape)
    return _WholeNumbers(matrix, float(unit), int(weight))


def check_seed(value: Any, caller: str) -> int:
    """Return `value` as an int that scikit-learn takes for a seed."""
    return as_integer(value, "seed", caller, 0, 2**32 - 1, "be an integer from 0 to 2^32 - 1")


def selection_sums(groups: NDArray[np.int64], n: int) -> csr_array:
    """Return the 0-1 matrix whose row ``i`` adds up the features ``groups[i]``."""
    m, size = groups.shape
    ones = np.ones(groups.size, dtype=np.int64)
    return csr_array((ones, groups.ravel(), np.arange(0, m * size + 1, size)), shape=(m, n))
