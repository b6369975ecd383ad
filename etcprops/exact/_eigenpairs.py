"""Eigenpairs of a symmetric matrix of doubles that depend on the matrix alone.

LAPACK's are a start, close and equal eigenvalues are told apart here, and here it is proved that
none was missed; the refinement is in `etcprops.exact._refinement`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import cholesky, eigh

from etcprops.exact import _digits
from etcprops.exact._digits import BITS
from etcprops.exact._refinement import POINT, Matrix, Start, refine

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

    def last_of_clusters(self) -> NDArray[np.bool_]:
        """Return whether each eigenvalue differs from the next."""
        last = np.ones(len(self.columns), dtype=np.bool_)
        for places in self.clusters:
            last[places[:-1]] = False
        return last


def eigenpairs(A: Floats, count: int | None = None, above: float = 0.0) -> tuple[Floats, Floats]:
    r"""Return the largest eigenvalues of a symmetric matrix and their vectors, correctly rounded.

    The result is a function of `A`, `count` and `above`, and of nothing else: not of the CPU, of
    BLAS or LAPACK, or of the number of threads.

    Parameters
    ----------
    A : ndarray of float64, shape (m, m)
        Finite, symmetric bit for bit.
    count : int, optional
        How many eigenvalues at most.
    above : float, default=0
        Not negative; only eigenvalues above it are returned.

    Returns
    -------
    values : ndarray of float64, shape (k,)
        In decreasing order.
    vectors : ndarray of float64, shape (m, k)
        Of norm 1; in each the entry of largest magnitude is positive, the first of these where
        several are equal.

    Raises
    ------
    ValueError
        From SciPy, if `A` is not finite.
    LinAlgError
        If the result cannot be proved. That is to be expected only of eigenvalues that differ by
        hardly more than what counts as equal: where `above` is zero and the matrix is singular
        up to rounding.

    Notes
    -----
    Let u be the least power of two above the magnitudes of all entries.

    **Rounding.** Entries of unit vectors are rounded to the nearest double, those below
    :math:`2^{-9}` to the nearest multiple of :math:`2^{-62}`; eigenvalues to the nearest double,
    those below :math:`2^{-9} u` to the nearest multiple of :math:`2^{-62} u`. (That an entry is
    zero, and not just tiny, no residual can tell.)

    **Equal eigenvalues.** Neighbours that differ by :math:`2^{-60} u` or less count as equal, and
    so do those joined by a chain of such. They have one value, the mean. Their vectors are
    the eigenvectors of P W P in their span, where P projects to it orthogonally and W is diagonal,
    with the squares of the fractional parts of :math:`(i + 1) (\sqrt 5 - 1) / 2`, i from 0, to
    20 bits: the largest first. `count` may cut through them.

    **Proof.** For each vector x the residual :math:`A x - \lambda x` is computed in integers; its
    norm, divided by the distance to the other eigenvalues, bounds the error [2]_. What this does
    not round beyond doubt gets more bits. That no eigenvalue is missing follows from the
    disjoint intervals of those found and a Cholesky decomposition of the matrix without them,
    shifted by less than the last, with a bound of its rounding [3]_. So each run proves that
    another start would have given the same.

    Two decisions cannot always be proved. A number still in doubt when its error is below
    :math:`2^{-96}` is taken to lie in the middle of its neighbours and rounded to the even one; an
    accident does that to one number in :math:`2^{30}` at most. And a distance that is
    :math:`2^{-60} u` to three digits may be taken for equality or not.

    **Cost.** All eigenvectors from LAPACK, a Cholesky decomposition, and 15 products of m by m with
    m by k, twice as many where doubts remain. Memory: eight to twelve matrices of m by m.

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
    if not A.any():
        return np.empty(0), np.empty((m, 0))
    exponent = int(np.frexp(np.abs(A).max())[1]) + 1
    scaled = np.ldexp(A, -exponent)  # below 1/2
    lowest = math.ldexp(above, -exponent)
    values, vectors = _start(scaled)
    norm = float(np.abs(values).max())
    margin = lowest / 2 if lowest > 0 else m * 2.0**-50 * norm
    most = m if count is None else min(count, m)
    seen = min(most, int((values > lowest - margin).sum()))
    bounds = np.flatnonzero(values[:-1] - values[1:] >= _CLOSE * norm) + 1
    bounds = np.array([0, *bounds, m])
    split = _split(scaled)
    # Where that does not suffice for a proof, all eigenvalues are found, and all are rounded.
    for wanted, found in ((seen, int(bounds[bounds >= seen][0])), (seen, m), (most, m)):
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


def _weights(m: int) -> Integers:
    """Return the numbers below 2**20 that choose the vectors of equal eigenvalues.

    The squares keep them free of linear relations, which vectors of +1 and -1 would find.
    """
    golden = np.arange(1, m + 1, dtype=np.uint64) * 2654435769 % 2**32
    return (golden * golden >> 44).astype(np.int64)


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
        self.matrix = Matrix(A, *split, vectors, _weights(len(A)))
        self.groups = [self._separated(columns) for columns in groups]
        self.found = found = sum(len(columns) for columns in groups)
        self.numbers, self.rounded = np.empty(found), np.empty((len(A), found))
        self.exact, self.errors, self.gaps = [0] * found, np.empty(found), np.empty(found)

    def solve(self, wanted: int, limit: float) -> bool:
        """Refine all, some until they can be rounded.

        Return whether these are proved to be the largest, and all others at most `limit`.
        """
        floor = -math.inf
        if self.found < len(self.A):
            last = self.values[self.found - 1] if self.found else math.inf
            following = self.values[self.found]
            floor = min(limit, following + (last - following) / 4)
        for groups in _batches(self.groups):
            start = self._start_of(groups, wanted, floor)
            refined = refine(self.matrix, start)
            self.gaps[start.columns], self.errors[start.columns] = start.gaps, refined.errors
            self.rounded[:, start.columns] = refined.vectors
            for j, exact in zip(start.columns, refined.values, strict=True):
                self.exact[j] = exact
                self.numbers[j] = _digits.nearest(exact, POINT, self.errors[j])[0]
        highest = (self.numbers + self.errors)[wanted:].max(initial=-math.inf)
        return bool(highest <= limit) and self._apart(floor) and self._rest_below(floor)

    def _separated(self, columns: Integers) -> _Group:
        """Tell close eigenvalues apart by exact products, and rotate the vectors accordingly."""
        centre = float(self.values[columns].mean())
        if len(columns) == 1:
            return _Group(columns, centre, np.zeros(1), [])
        Q = self.matrix.vectors
        X = _digits.digits(Q[:, columns] / 2, 3)
        left = np.ascontiguousarray(X.transpose(0, 2, 1))
        R = np.zeros((_SEPARATING, *X.shape[1:]), dtype=np.int64)
        shift = _digits.digits(np.full((1, 1), -centre), 3)
        _digits.add_product(R, shift.astype(np.int64), X.astype(np.int64))
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

    def _apart(self, floor: float) -> bool:
        """Return whether the eigenvalues are as far apart as was assumed, and above the floor."""
        differ = [last for group in self.groups for last in group.last_of_clusters()]
        for j in np.flatnonzero(differ):
            pair = slice(j, j + 2)
            if j + 1 < self.found:
                distance = math.ldexp(self.exact[j] - self.exact[j + 1], -POINT)
            else:
                distance = math.ldexp(self.exact[j], -POINT) - floor
            if distance - self.errors[pair].sum() < self.gaps[pair].max():
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
