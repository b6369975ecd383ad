"""Eigenvectors of a symmetric matrix, refined until the rounding of each is certain.

Residuals are exact (`etcprops.exact._digits`), corrections ordinary doubles from approximate
eigenvectors. Where these come from, and that no eigenvalue was missed, is the business of
`etcprops.exact._eigenpairs`. Refinement with exact products is from Ogita and Aishima (2018),
the bounds are those of Davis and Kahan (1970).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etcprops.exact import _digits
from etcprops.exact._digits import BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MOST = 8  # digits of the vectors
POINT = BITS * MOST  # bits after the point of eigenvalues
GAINED = 38  # bits that a correction is trusted to gain
STEPS = 24
PATIENCE = 10  # steps after which what is still doubtful is taken for a tie
ROUNDING = 1 + 2.0**-30  # of the bounds themselves
NEGLIGIBLE = 2.0**-96  # an error that makes a doubtful rounding a tie


@dataclass(frozen=True)
class Matrix:
    """A symmetric matrix in fixed point, and approximate eigenvectors of it.

    `doubles` and `digits` are the matrix, arrays of shape (m, m), and what the digits leave out has
    a norm of at most `truncation`; `vectors` are columns, shape (m, m). `weights` are the numbers
    below 2**20 that tell vectors of equal eigenvalues apart, shape (m,).
    """

    doubles: Floats
    digits: list[Floats]
    truncation: float
    vectors: Floats
    weights: Integers


@dataclass(frozen=True)
class Start:
    """Eigenpairs to be refined together.

    `columns` says which vectors of the matrix, shape (k,), `values` what their eigenvalues are, and
    `needed` which are to be rounded. ``inverse[i, j]`` is one over the eigenvalue of column j less
    that of vector i, zero where they are equal; `gaps` bound from below what the eigenvalue of each
    column is apart from all that differ. `clusters` are places among the columns of equal
    eigenvalues, two or more each.
    """

    columns: Integers
    values: Floats
    needed: NDArray[np.bool_]
    inverse: Floats
    gaps: Floats
    clusters: list[Integers]


@dataclass(frozen=True)
class Refined:
    """Rounded vectors, shape (m, k), eigenvalues times ``2**POINT``, and bounds of their errors."""

    vectors: Floats
    values: list[int]
    errors: Floats


def refine(matrix: Matrix, start: Start) -> Refined:
    """Refine eigenpairs until the rounding of each vector and value is certain.

    Raises
    ------
    LinAlgError
        If they do not converge.
    """
    m, k = len(matrix.vectors), len(start.columns)
    result = Refined(np.empty((m, k)), [0] * k, np.empty(k))
    state = _State(matrix, start)
    for step in range(STEPS):
        X, vector_errors, correction = state.examine()
        if not (np.isfinite(correction).all() and np.isfinite(state.errors).all()):
            break
        vectors, doubtful = _digits.rounded(X, vector_errors)
        numbers = state.numbers()
        needed = start.needed[state.places]
        certain = ~doubtful.any(axis=0) | ~needed
        for j, (number, error) in enumerate(zip(numbers, state.errors, strict=True)):
            certain[j] &= not (needed[j] and _digits.nearest(number, POINT, error)[1])
        certain &= state.errors <= state.gaps / 4
        if step >= PATIENCE:
            certain |= np.maximum(vector_errors, state.errors) <= NEGLIGIBLE
        for cluster in state.clusters:
            certain[cluster] = certain[cluster].all()
        for j in map(int, np.flatnonzero(certain)):
            place = int(state.places[j])
            result.vectors[:, place] = vectors[:, j]
            result.values[place], result.errors[place] = numbers[j], state.errors[j]
        if certain.all():
            return result
        state.keep(~certain)
        state.correct(correction[:, ~certain])
    raise np.linalg.LinAlgError("eigenvectors do not converge when refined")


class _State:
    """The columns that are being refined: half the vectors, and the matrix times these, in digits.

    `places` are those in the result, `errors` bounds of the errors of eigenvalues.
    """

    def __init__(self, matrix: Matrix, start: Start) -> None:
        m, k = len(matrix.vectors), len(start.columns)
        self.matrix = matrix
        self.places = np.arange(k)
        self.inverse, self.gaps, self.clusters = start.inverse, start.gaps, start.clusters
        self.X = np.zeros((MOST, m, k), dtype=np.int64)
        self.AX = np.zeros((MOST + len(matrix.digits), m, k), dtype=np.int64)
        self.values = _digits.digits(start.values, MOST).astype(np.int64)
        self.errors = np.empty(k)
        self.size = float(np.linalg.norm(matrix.doubles))
        self._add(_digits.digits(matrix.vectors[:, start.columns] / 2, 3), 0)

    def numbers(self) -> list[int]:
        """Return the eigenvalues times ``2**POINT``."""
        numbers = [0] * len(self.places)
        for digit in self.values:
            numbers = [(number << BITS) + int(d) for number, d in zip(numbers, digit, strict=True)]
        return numbers

    def examine(self) -> tuple[Integers, Floats, Floats]:
        """Improve the eigenvalues; return better vectors, bounds of their errors, and a correction.

        A residual of norm r gives an eigenvalue to r, and an eigenvector to ``r / gap``, the sine
        of the angle. With a cluster, the residual is that of its span. The better vectors are the
        corrected ones, whose residuals doubles suffice to bound; of clusters the present ones.
        """
        X = 2 * _digits.value(self.X)
        excess = self._excess_of_squared_norms()
        R = self._residuals()
        rounding = 2.0**-48 * _norms(R)
        shift = np.vecdot(X.T, R.T) / (1 + excess)
        projection = X * shift
        for cluster in self.clusters:
            products = X[:, cluster].T @ R[:, cluster]
            shift[cluster] = np.trace(products) / len(cluster)
            projection[:, cluster] = X[:, cluster] @ products
            rounding[cluster] = len(cluster) ** 2 * rounding[cluster].max()
        R -= projection
        self.values += _digits.digits(shift, MOST).astype(np.int64)
        _digits.carry(self.values)
        correction = self.matrix.vectors @ (self.inverse * (self.matrix.vectors.T @ R))
        correction -= X * (excess / 2)
        trial = correction.copy()
        for cluster in self.clusters:
            trial[:, cluster] = 0
        better, residuals, excess = self._tried(X, R, excess, trial)
        self.errors = ROUNDING * (residuals + rounding + self.matrix.truncation)
        self.errors /= 1 - np.minimum(excess, 0.5)
        vector_errors = ROUNDING * (1.5 * self.errors / self.gaps + excess)
        for cluster in self.clusters:
            self.errors[cluster] = 2 * np.linalg.norm(self.errors[cluster])
            outside = 1.5 * float((self.errors[cluster] / self.gaps[cluster]).max())
            within, vector_errors[cluster] = self._within(cluster, outside, excess[cluster])
            correction[:, cluster] += X[:, cluster] @ within
        return better, vector_errors, correction

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Go on with some of the columns."""
        place = np.cumsum(kept) - 1
        self.clusters = [place[cluster] for cluster in self.clusters if kept[cluster[0]]]
        self.places, self.gaps = self.places[kept], self.gaps[kept]
        self.inverse, self.values = self.inverse[:, kept], self.values[:, kept]
        self.X, self.AX = self.X[:, :, kept], self.AX[:, :, kept]

    def correct(self, correction: Floats) -> None:
        """Add a correction, as far as it is worth while."""
        size = math.frexp(np.abs(correction).max() / 2)[1]  # below 2**size
        first = min(max(-(size + 1) // BITS, 0), MOST - 1)
        last = min(-((size - GAINED) // BITS), MOST)
        self._add(_digits.digits(correction / 2, max(last - first, 1), first), first)

    def _tried(
        self, X: Floats, R: Floats, excess: Floats, trial: Floats
    ) -> tuple[Integers, Floats, Floats]:
        """Return corrected vectors, and bounds of their residuals and of squared norms less one."""
        m = len(X)
        better = self.X.copy()
        better += _digits.digits(trial / 2, MOST).astype(np.int64)
        _digits.carry(better)
        change = self.matrix.doubles @ trial - trial * _digits.value(self.values)
        size = _norms(trial)
        # Of the products in doubles, and of the last digit.
        slip = 2.0**-51 * (m + 8) * size * self.size + m * 2.0 ** (8 - POINT)
        products = np.vecdot(X.T, trial.T)
        after = np.abs(excess + 2 * products + size**2)
        after += 2.0**-50 * (m + 8) * (np.abs(excess) + size) + m * 2.0 ** (8 - POINT)
        return better, _norms(R + change) + slip, after

    def _add(self, correction: Floats, first: int) -> None:
        """Add digits to the vectors, and to their products with the matrix."""
        self.X[first : first + len(correction)] += correction.astype(np.int64)
        _digits.carry(self.X)
        _digits.add_matrix_product(self.AX, self.matrix.digits, correction, first)
        _digits.carry(self.AX)

    def _used(self) -> Integers:
        """Return the digits of the vectors without the zeros at the end."""
        used = MOST
        while used > 1 and not self.X[used - 1].any():
            used -= 1
        return self.X[:used]

    def _residuals(self) -> Floats:
        """Return the matrix times the vectors less eigenvalues times vectors."""
        R = np.negative(self.AX)
        _digits.add_product(R, self.values[:, None], self._used())
        _digits.carry(R)
        return -2 * _digits.value(R)

    def _excess_of_squared_norms(self) -> Floats:
        """Return the squared norms of the vectors less one."""
        squares = _digits.squared_norms(self._used())
        squares[0] -= 1 << BITS - 2  # 1/4
        _digits.carry(squares)
        return 4 * _digits.value(squares)

    def _within(self, cluster: Integers, outside: float, excess: Floats) -> tuple[Floats, Floats]:
        """Return the correction of a cluster within its span, and a bound of the whole error.

        The vectors are the eigenvectors of the diagonal matrix of the weights, projected to the
        span, from which they deviate by `outside` at most.
        """
        X = self._used()[:, :, cluster]
        left = np.ascontiguousarray(X.transpose(0, 2, 1), dtype=np.float64)
        weighted = np.zeros((len(X) + 1, *X.shape[1:]), dtype=np.int64)
        weighted[1:] = X * self.matrix.weights[:, None]
        _digits.carry(weighted)
        shape = (2 * len(X) + 2, len(cluster), len(cluster))
        products, overlaps = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        _digits.add_matrix_product(products, left, weighted.astype(np.float64))
        _digits.add_matrix_product(overlaps, left, X.astype(np.float64))
        _digits.carry(products)
        _digits.carry(overlaps)
        F, G = 4 * _digits.value(products), 4 * _digits.value(overlaps)
        np.fill_diagonal(G, 0)
        means = np.diagonal(F).copy()
        apart = means - means[:, None]  # of column from row
        np.fill_diagonal(apart, np.inf)
        np.fill_diagonal(F, 0)
        gap = np.abs(apart).min(axis=0) / 2
        skew = float(np.linalg.norm(G) + np.abs(excess).max())
        if skew > 0.25:
            self.errors[cluster] = math.inf  # not known to span as many dimensions
        with np.errstate(divide="ignore", invalid="ignore"):
            error = 1.5 * (_norms(F) + 3 * (outside + skew)) / gap + outside + skew
            # Aishima and Ogita's correction for pairs that are apart, here by their weights.
            return (F - means * G) / apart, ROUNDING * error


def _norms(X: Floats) -> Floats:
    """Return the norms of columns."""
    norms: Floats = np.sqrt(np.vecdot(X.T, X.T))
    return norms
