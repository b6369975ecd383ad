"""Random projections of scikit-learn, fixed by a seed: equal in distribution, not path by path.

The idea is from Johnson and Lindenstrauss (1984), the sparse matrix from Achlioptas (2003) and Li,
Hastie and Church (2006).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.sparse import csr_array

from etcprops._validation import as_integer
from etcprops.reductions.linear import LinearReduction, check_seed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry


class _RandomProjection(LinearReduction):
    """Parameters and checks that both projections share."""

    in_distribution: ClassVar[bool] = True

    def __init__(self, geometry: BlockGeometry, n_components: int, *, seed: int = 0) -> None:
        self.geometry = geometry
        self.n_components = n_components
        self.seed = seed

    def _checked(self) -> tuple[int, int, NDArray[np.float64]]:
        """Return the number of components, the seed, and a row that has the right length."""
        caller, n = type(self).__name__, self.geometry.n_pixels
        count = as_integer(self.n_components, "n_components", caller, 1, n)
        return count, check_seed(self.seed, caller), np.zeros(n)


class GaussianProjection(_RandomProjection):
    """Projection by a matrix of independent normal numbers.

    A fixed matrix does not commute with any key but the trivial ones. Its distribution does: the
    columns are independent and symmetric, so ``R Q`` is distributed as ``R``, for every orthogonal
    ``Q``.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    n_components : int
        Dimension of the reduced vectors.
    seed : int, default=0
        ``random_state`` of scikit-learn's GaussianRandomProjection.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if a parameter is out of range.

    Notes
    -----
    The matrix takes ``8 m n`` bytes: 377 MB for 1/20 of 30,720.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> reduction = GaussianProjection(BlockGeometry(8, 8, block=4), n_components=5)
    >>> reduction.matrix().shape, str(reduction.is_equivariant("negatives").kind)
    ((5, 64), 'none')
    """

    def _build(self) -> NDArray[np.float64]:
        from sklearn.random_projection import GaussianRandomProjection

        count, seed, row = self._checked()
        projection = GaussianRandomProjection(n_components=count, random_state=seed).fit([row])
        return np.asarray(projection.components_)


class SparseProjection(_RandomProjection):
    """Projection by a sparse matrix of independent entries, 0 or of one size with random sign.

    As for the Gaussian one, ``R Q`` is distributed as ``R``, though only where ``Q`` is a
    signed permutation, as it is for every key.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    n_components : int
        Dimension of the reduced vectors.
    seed : int, default=0
        ``random_state`` of scikit-learn's SparseRandomProjection.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if a parameter is out of range.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> reduction = SparseProjection(BlockGeometry(8, 8, block=4), n_components=5)
    >>> reduction.matrix().shape, str(reduction.is_equivariant("negatives").kind)
    ((5, 64), 'none')
    """

    def _build(self) -> csr_array:
        count, seed, row = self._checked()
        return _sparse_matrix(row.size, count, seed)


@lru_cache(maxsize=1)
def _sparse_matrix(n: int, count: int, seed: int) -> csr_array:
    """Return the last matrix again, which an experiment fits for each of its conditions."""
    from sklearn.random_projection import SparseRandomProjection

    projection = SparseRandomProjection(n_components=count, random_state=seed)
    R = csr_array(projection.fit(np.zeros((1, n))).components_)
    for array in (R.data, R.indices, R.indptr):
        array.flags.writeable = False
    return R
