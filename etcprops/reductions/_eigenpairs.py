"""Eigenpairs of a symmetric matrix of doubles that depend on the matrix alone.

LAPACK's are a start, close and equal eigenvalues are told apart here, and here it is proved that
none was missed; the refinement is in `etcprops.reductions._refinement`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import cholesky, eigh

from etcprops.reductions import _digits
from etcprops.reductions._digits import BITS
from etcprops.reductions._refinement import POINT, Matrix, Start, refine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

EQUAL = 2.0**-60  # eigenvalues no further apart, in units of the matrix, count as equal
_CLOSE = 2.0**-33  # of the norm; eigenvalues so close LAPACK does not separate well enough
_MOST_DIGITS = 7  # of the matrix: 147 bits
_SEPARATING = 6  # digits that tell close eigenvalues apart
_BATCH = 64  # columns refined together


class _Group(NamedTuple):
    """Neighbouring eigenvalues, ``centre + offsets``; `clusters` are the places of equal ones."""

    columns: Integers
    centre: float
    offsets: Floats
    clusters: list[Integers]


def eigenpairs(A: Floats, count: int | None = None, above: float = 0.0) -> tuple[Floats, Floats]:
    r"""Return the largest eigenvalues of a symmetric matrix and their vectors, correctly rounded.

    The result is a function of `A`, `count` and `above`, and of nothing else: not of the CPU, the
    BLAS or LAPACK, or the number of threads.

    Parameters
    ----------
    A : ndarray of float64, shape (m, m)
        Finite, symmetric bit for bit.
    count : int, optional
        How many eigenvalues; all by default.
    above : float, default=0
        At least 0; only eigenvalues above it are returned.

    Returns
    -------
    values : ndarray of float64, shape (k,)
        In decreasing order.
    vectors : ndarray of float64, shape (m, k)
        Of norm 1; in each the entry of largest magnitude is positive, the first of these where
        several are equal.

    Raises
    ------
    LinAlgError
        If the refinement does not converge, or does not prove its result.

    Notes
    -----
    Let u be the power of two above the largest magnitude of an entry, at most twice that.

    **Rounding.** The entries of the unit vectors are rounded to the nearest double, those below
    :math:`2^{-9}` to the nearest multiple of :math:`2^{-62}`; eigenvalues to the nearest double,
    below :math:`2^{-9} u` to the nearest multiple of :math:`2^{-62} u`. (An entry that is zero in
    exact arithmetic could not be rounded to 53 significant bits by any finite computation.)

    **Equal eigenvalues.** Neighbours that differ by :math:`2^{-60} u` or less count as equal, and
    as one cluster with those that these are equal to. A cluster has one eigenvalue, the mean. Its
    vectors are the eigenvectors of :math:`P W P` in its span, where P is the orthogonal projector to
    the span and W a fixed diagonal matrix, with the fractional parts of
    :math:`(i + 1) (\sqrt 5 - 1) / 2` to 20 bits, i from 0: the largest first. `count` may cut
    through a cluster.

    **Proof.** Of each vector x the residual :math:`\lVert A x - \lambda x\rVert` is computed in
    integers; divided by the distance of the other eigenvalues it bounds the error (Davis and
    Kahan). That none was missed follows from disjoint intervals about those that were found and
    from a Cholesky decomposition of a matrix less these, shifted, with a bound of its rounding
    errors (Rump). A number whose rounding this bound does not decide is computed to more bits. Only
    if it lies within :math:`2^{-96}` of the middle between two neighbours is it taken to lie there,
    and rounded to the even one: by chance that happens to one number in :math:`2^{30}` or fewer.

    Eigenvalues apart by :math:`2^{-60} u` up to a part in a thousand may be taken for equal or not.

    References
    ----------
    .. [1] T. Ogita, K. Aishima, "Iterative refinement for symmetric eigenvalue decomposition",
       Japan Journal of Industrial and Applied Mathematics 35, 1007-1035 (2018).
    .. [2] C. Davis, W. M. Kahan, "The rotation of eigenvectors by a perturbation. III", SIAM
       Journal on Numerical Analysis 7, 1-46 (1970).
    .. [3] S. M. Rump, "Verification of positive definiteness", BIT 46, 433-452 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> values, vectors = eigenpairs(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> values
    array([3., 1.])
    >>> bool((vectors[:, 0] == np.sqrt(0.5)).all())
    True
    """
    m = len(A)
    exponent = int(np.frexp(np.abs(A).max())[1]) + 1
    scaled = np.ldexp(A, -exponent)  # below 1/2
    lowest = math.ldexp(above, -exponent)
    values, vectors = _start(scaled)
    norm = float(np.abs(values).max())
    margin = lowest / 2 if lowest > 0 else m * 2.0**-50 * norm
    most = m if count is None else min(count, m)
    wanted = min(most, int((values > lowest - margin).sum()))
    bounds = np.flatnonzero(values[:-1] - values[1:] >= _CLOSE * norm) + 1
    bounds = np.array([0, *bounds, m])
    split = _split(scaled)
    # Where LAPACK's eigenvalues do not suffice for a proof, all are taken.
    for wanted, found in ((wanted, int(bounds[bounds >= wanted][0])), (most, m)):
        groups = np.split(np.arange(found), bounds[(bounds > 0) & (bounds < found)])
        problem = _Problem(scaled, split, values.copy(), vectors, groups if found else [])
        if problem.solve(wanted, lowest if wanted < most or count is None else math.inf):
            break
    else:
        raise np.linalg.LinAlgError("not proved: whether the eigenvalues found are all")
    kept = problem.numbers[:wanted] > lowest
    rounded = problem.rounded[:, :wanted][:, kept]
    leading = rounded[np.abs(rounded).argmax(axis=0), np.arange(rounded.shape[1])]
    return np.ldexp(problem.numbers[:wanted][kept], exponent), rounded * np.sign(leading) + 0.0


def _start(A: Floats) -> tuple[Floats, Floats]:
    """Return approximate eigenvalues, the largest first, and eigenvectors."""
    values, vectors = eigh(A, driver="evd")
    return values[::-1].copy(), np.ascontiguousarray(vectors[:, ::-1])


def _split(A: Floats) -> tuple[list[Floats], float]:
    """Return the digits of a matrix, and a bound of the norm of what they leave out."""
    split: list[Floats] = []
    rest = A
    while rest.any() and len(split) < _MOST_DIGITS:
        rest = rest * 2.0**BITS
        split.append(np.rint(rest))
        rest -= split[-1]
    return split, len(A) * 2.0 ** (-BITS * len(split)) * float(rest.any())


class _Problem:
    """The largest eigenpairs of a matrix with entries below 1/2, in groups of close eigenvalues.

    After `solve`, `numbers` are the rounded eigenvalues, `rounded` the vectors but for their signs.
    """

    def __init__(
        self,
        A: Floats,
        split: tuple[list[Floats], float],
        values: Floats,
        vectors: Floats,
        groups: list[Integers],
    ) -> None:
        self.A, self.values = A, values
        weights = (np.arange(1, len(A) + 1, dtype=np.uint64) * 2654435769 % 2**32) >> 12
        self.matrix = Matrix(*split, vectors, weights.astype(np.int64))
        self.groups = [self._separated(columns) for columns in groups]
        self.found = sum(len(columns) for columns in groups)

    def solve(self, wanted: int, limit: float) -> bool:
        """Refine all, some until they can be rounded.

        Return whether these are proved to be the largest, and all others at most `limit`.
        """
        m, found = len(self.A), self.found
        self.numbers, self.rounded = np.empty(found), np.empty((m, found))
        last = self.values[found - 1] if found else math.inf
        floor = -math.inf
        if found < m:
            floor = min(limit, self.values[found] + (last - self.values[found]) / 4)
        exact, errors, gaps = [0] * found, np.empty(found), np.empty(found)
        for groups in _batches(self.groups):
            start = self._start_of(groups, wanted, floor)
            refined = refine(self.matrix, start)
            self.rounded[:, start.columns] = refined.vectors
            errors[start.columns], gaps[start.columns] = refined.errors, start.gaps
            for column, number, error in zip(
                start.columns, refined.values, refined.errors, strict=True
            ):
                exact[column] = number
                self.numbers[column] = _digits.nearest(number, POINT, error)[0]
        highest = self.numbers[wanted:].max(initial=-math.inf)
        return (
            highest <= limit and self._apart(exact, errors, gaps, floor) and self._rest_below(floor)
        )

    def _separated(self, columns: Integers) -> _Group:
        """Tell close eigenvalues apart by exact products, and rotate the vectors accordingly."""
        centre = float(self.values[columns].mean())
        if len(columns) == 1:
            return _Group(columns, centre, np.zeros(1), [])
        Q = self.matrix.vectors
        X = _digits.digits(Q[:, columns] / 2, 3)
        left = np.ascontiguousarray(X.transpose(0, 2, 1))
        R = np.zeros((_SEPARATING, *X.shape[1:]), dtype=np.int64)
        _digits.add_product(
            R, _digits.digits(-np.array([[centre]]), 3).astype(np.int64), X.astype(np.int64)
        )
        _digits.add_matrix_product(R, self.matrix.digits, X)
        _digits.carry(R)
        products = np.zeros((_SEPARATING, len(columns), len(columns)), dtype=np.int64)
        _digits.add_matrix_product(products, left, R.astype(np.float64))
        _digits.carry(products)
        S = 4 * _digits.value(products)
        offsets, rotation = _start((S + S.T) / 2)
        Q[:, columns] = Q[:, columns] @ rotation
        equal = np.split(
            np.arange(len(columns)), np.flatnonzero(offsets[:-1] - offsets[1:] > EQUAL / 2) + 1
        )
        clusters = [places for places in equal if len(places) > 1]
        for places in clusters:
            V = Q[:, columns[places]]
            _, rotation = _start(V.T @ (V * (self.matrix.weights[:, None] * 2.0**-20)))
            Q[:, columns[places]] = V @ rotation
            offsets[places] = offsets[places].mean()
        self.values[columns] = centre + offsets
        return _Group(columns, centre, offsets, clusters)

    def _start_of(self, groups: list[_Group], wanted: int, floor: float) -> Start:
        """Return the start of some groups."""
        columns = np.concatenate([group.columns for group in groups])
        apart = self.values[columns] - self.values[:, None]
        clusters = []
        place = 0
        for group in groups:
            width = len(group.columns)
            own = group.offsets - group.offsets[:, None]
            apart[group.columns, place : place + width] = own
            clusters += [place + places for places in group.clusters]
            place += width
        inverse = np.divide(1, apart, where=apart != 0, out=np.zeros_like(apart))
        apart[inverse == 0] = math.inf
        gaps = np.abs(apart[: self.found]).min(axis=0)
        gaps = np.minimum(gaps, self.values[columns] - floor) / 2
        return Start(columns, self.values[columns], columns < wanted, inverse, gaps, clusters)

    def _apart(self, exact: list[int], errors: Floats, gaps: Floats, floor: float) -> bool:
        """Return whether the eigenvalues are as far apart as was assumed, and above the floor."""
        for j, number in enumerate(exact):
            below = floor if j + 1 == len(exact) else None
            if below is None and exact[j + 1] == number:  # one cluster
                continue
            distance = (
                math.ldexp(number - exact[j + 1], -POINT)
                if below is None
                else math.ldexp(number, -POINT) - floor
            )
            if distance - errors[j : j + 2].sum() < gaps[j : j + 2].max():
                return False
        return True

    def _rest_below(self, floor: float) -> bool:
        """Return whether the matrix less the pairs found is less than `floor`, without doubt.

        A Cholesky decomposition that succeeds shows no eigenvalue below minus the trace times
        ``(m + 2) * 2**-53`` (Rump).
        """
        if floor == -math.inf:
            return True
        A, X = self.A, self.rounded
        m, found = X.shape
        size = np.abs(self.numbers).sum() + np.linalg.norm(A) + abs(floor)
        M = (X * self.numbers) @ X.T
        M -= A
        M[np.diag_indices(m)] += floor
        trace = float(np.trace(M))
        M[np.diag_indices(m)] -= 2.0**-52 * ((found + 8) * size + (m + 8) * abs(trace))
        try:
            cholesky(M, lower=True, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            return False
        return True


def _batches(groups: list[_Group]) -> list[list[_Group]]:
    """Return the groups in batches of some columns."""
    batches: list[list[_Group]] = []
    width = _BATCH
    for group in groups:
        if width >= _BATCH:
            batches.append([])
            width = 0
        batches[-1].append(group)
        width += len(group.columns)
    return batches
