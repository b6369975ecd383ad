"""Squared distances that do not depend on the order of the features, to the last bit.

Of pixels they are integers, of real rows they come from the inner products of `gram`. k-NN is
elsewhere: give them to scikit-learn as a precomputed metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import reject
from etcprops.exact._rows import as_pixels, both_operands, row_blocks
from etcprops.exact.gram import as_slices, exact_gram, integer_squared_distances

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROWS = 32  # rows whose norms are taken from one product


def exact_squared_distances(
    X: ArrayLike, Y: ArrayLike | None = None, *, slices: int = 2
) -> NDArray[np.float64]:
    r"""Return ``sum((x - y)**2)`` for all pairs of rows, the same bits for every feature order.

    For pixels (uint8, uint16, or integers from 0 to 65,535 of any real dtype, in both operands)
    through :func:`~etcprops.integer_squared_distances`: exact below :math:`2^{53}`, and not
    changed by negation. For other rows through :func:`~etcprops.exact_gram`, as
    :math:`(\lVert x\rVert^2 + \lVert y\rVert^2) - 2 x^T y` with norms rounded as inner products
    are, and zero where that is negative. For integers and up to :math:`2^{20}` features the routes
    give the same bits: which of them was taken does not show.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Rows of finite real numbers.
    Y : array_like, shape (k, n), optional
        The other rows; `X` itself if not given.
    slices : int from 1 to 16
        Accuracy of the inner products, as in :func:`~etcprops.exact_gram`.

    Returns
    -------
    ndarray of float64, shape (m, k)
        Zero, exactly, where two rows are equal; symmetric bit for bit where `Y` is `X`.

    Raises
    ------
    InvalidParameterError
        If an operand is not a two-dimensional array of finite real numbers, the numbers of
        features differ, `slices` is out of range, or a squared norm exceeds a quarter of the
        largest double.

    Examples
    --------
    >>> import numpy as np
    >>> exact_squared_distances(np.array([[0, 255], [3, 4]], dtype=np.uint8))
    array([[ 0., 63010.],
           [63010., 0.]])
    >>> exact_squared_distances([[0.5, 0.5]], [[0.0, 1.5]])
    array([[1.25]])
    """
    caller = "exact_squared_distances"
    as_slices(slices, caller)
    X, Y = both_operands(X, Y, caller)
    pixels = as_pixels(X)
    others = pixels if Y is None or pixels is None else as_pixels(Y)
    if pixels is not None and others is not None:
        integers = integer_squared_distances(pixels, others)
        distances = integers.view(np.float64)  # converted where they are
        for rows in row_blocks(integers):
            distances[rows] = integers[rows].copy()
        return distances
    out = exact_gram(X, Y, slices=slices)
    operands = () if Y is None else (X, Y)
    norms = [_squared_norms(rows, slices) for rows in operands] or [np.diagonal(out).copy()]
    largest = max(float(norm.max()) for norm in norms)
    if largest > np.finfo(np.float64).max / 4:
        wanted = "have rows of squared norm at most a quarter of the largest double"
        reject("X", caller, wanted, f"{largest:.4g}.")
    for rows in row_blocks(out):
        # Addition commutes, so the matrix is symmetric.
        both = norms[0][rows, None] + norms[-1]
        out[rows] *= -2
        out[rows] += both
    return np.maximum(out, 0.0, out=out)


def _squared_norms(X: NDArray[Any], slices: int) -> NDArray[np.float64]:
    """Return the diagonal of ``exact_gram(X)``, the same bits, without the rest of it."""
    blocks = (X[start : start + _ROWS] for start in range(0, len(X), _ROWS))
    return np.concatenate([np.diagonal(exact_gram(block, slices=slices)) for block in blocks])
