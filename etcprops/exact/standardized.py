"""Inner products and distances of z-scores, straight from the pixels, in one rounding.

A z-scored inner product of pixels is a sum of ``w (N x - S) (N y - S)``: pixels are integers, only
the weights ``w = 1 / (N Q - S**2)`` are real. So the weights are rounded to integers and cut, in
place of the data; their products are in `etcprops.exact._weighted`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_integer, reject
from etcprops.exact._rows import as_pixels, both_operands
from etcprops.exact._weighted import weighted_products
from etcprops.exact._weights import WEIGHT_BITS, Weights
from etcprops.exact.statistics import PixelStatistics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def standardized_gram(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    statistics: PixelStatistics | None = None,
    slices: int = 2,
) -> NDArray[np.float64]:
    r"""Return the inner products of the z-scores of pixels, the same bits under every key.

    In exact arithmetic this is ``Z(X) @ Z(Y).T`` with the z-scores `Z` of
    :class:`~etcprops.PixelStatistics`. It is made without them: with N training images, their sums
    S and sums of squares Q, and integers :math:`M_f`, the quotients :math:`2^p / (N Q_f - S_f^2)`
    rounded to the nearest, it is

    .. math:: G_{ij} = 2^{-p} \sum_f M_f (N x_{if} - S_f) (N y_{jf} - S_f),

    a sum of integers, exact, which is rounded to the nearest double. Permuting the features, and
    negating pixels as :math:`x \to 255 - x`, in training images and both operands, changes no
    weight, and of each product both signs: no bit. Neither do threads, blocking or the order of
    additions.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Rows of pixels: integers from 0 to 65,535, of any real dtype. Those up to 255 are 8-bit
        pixels, for which it is fastest.
    Y : array_like, shape (k, n), optional
        The other rows; `X` itself if not given, which takes half the work and gives the same bits.
    statistics : PixelStatistics, optional
        Of the training images; by default of `Y`, or of `X` where there is no `Y`.
    slices : {1, 2}
        With 2, each weight is within ``2**-53`` of the true one, as near as a double can be; with
        1 within ``2**-27``, in half the time.

    Returns
    -------
    ndarray of float64, shape (m, k)
        Symmetric bit for bit where `Y` is `X`. An entry depends on its two rows, the statistics and
        `slices` alone.

    Raises
    ------
    InvalidParameterError
        If an operand is no two-dimensional array of pixels, the numbers of features differ,
        `slices` is another number, or `statistics` are not of so many features or not of pixels.

    See Also
    --------
    standardized_squared_distances : what an RBF kernel needs.
    exact_gram : of any real rows. Of the z-scores of ``ExactStandardScaler``, each of them rounded,
        it gives other doubles: they differ from these by that rounding and by its own slices.

    Notes
    -----
    The error is at most :math:`2^{-53} (\lvert z_i\rvert^T \lvert z_j\rvert + \lvert
    G_{ij}\rvert)`, of exact z-scores, with :math:`2^{-27}` before the first term for one slice: for
    three features and more below the error :math:`n 2^{-53} \lvert z_i\rvert^T \lvert z_j\rvert`
    that dgemm is allowed. A feature of the training images that is constant is divided by 1; it
    adds to products of queries with each other alone.

    The weights are cut into integers of up to 27 bits, mostly two. Pixels are centred by integers
    next to their means, and what that leaves is added exactly. The products of a block of features
    stay below :math:`2^{53}` by their energies, :math:`\sum_f M_f u_f^2` of either row (Cauchy and
    Schwarz), which are computed exactly for the data at hand; where they do not, the block is
    halved. Pixels of 16 bits take four products or five.

    Memory: above input and output, at most the bytes of the input as 8-bit or 16-bit pixels (or 32
    MiB, where that is more), 4 MiB, and some hundred bytes a feature. Pixels of another dtype
    are copied to integers of 8 or 16 bits; a memory map of such integers is read block by block.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).integers(0, 256, (3, 1000), dtype=np.uint8)
    >>> order = np.random.default_rng(1).permutation(1000)
    >>> np.array_equal(standardized_gram(X), standardized_gram(255 - X[:, order]))
    True
    >>> standardized_gram(
    ...     [[0, 10], [4, 30]], [[8, 20]], statistics=PixelStatistics([[0, 0], [4, 20]])
    ... )
    array([[-3.],
           [ 5.]])
    """
    return _products(X, Y, statistics, slices, "standardized_gram")


def standardized_squared_distances(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    statistics: PixelStatistics | None = None,
    slices: int = 2,
) -> NDArray[np.float64]:
    r"""Return squared distances between the z-scores of pixels, the same bits under every key.

    As :func:`standardized_gram`, :math:`2^{-p} \sum_f M_f N^2 (x_{if} - y_{jf})^2`, an integer
    that is rounded to the nearest. No digits cancel: the weights make a *relative* error of at most
    :math:`2^{-53}` (:math:`2^{-27}` for one slice), and the rounding another :math:`2^{-53}`.

    Parameters
    ----------
    X, Y, statistics, slices
        As in :func:`standardized_gram`.

    Returns
    -------
    ndarray of float64, shape (m, k)
        Zero exactly where two rows are equal; symmetric bit for bit where `Y` is `X`.

    Raises
    ------
    InvalidParameterError
        As :func:`standardized_gram`.

    Examples
    --------
    >>> standardized_squared_distances([[0, 10], [4, 30]])
    array([[0., 8.],
           [8., 0.]])
    """
    return _products(X, Y, statistics, slices, "standardized_squared_distances")


def _products(
    X: ArrayLike,
    Y: ArrayLike | None,
    statistics: PixelStatistics | None,
    slices: int,
    caller: str,
) -> NDArray[np.float64]:
    """Return inner products or squared distances."""
    as_integer(slices, "slices", caller, 1, max(WEIGHT_BITS), "be 1 or 2")
    rows, others = both_operands(X, Y, caller)
    operands = [_pixels(rows, "X", caller)]
    if others is not None:
        if others.shape[1] != rows.shape[1]:
            wanted = f"have as many features as X, {rows.shape[1]}"
            reject("Y", caller, wanted, f"{others.shape[1]} features.")
        operands.append(_pixels(others, "Y", caller))
    statistics = PixelStatistics(operands[-1]) if statistics is None else statistics
    _check(statistics, rows.shape[1], caller)
    wide = any(operand.dtype != np.uint8 for operand in operands)
    wide = wide or bool(statistics.total.max() > 255 * statistics.count)
    weights = Weights(statistics, slices, 16 if wide else 8)
    return weighted_products(operands, weights, distances="distances" in caller)


def _pixels(rows: NDArray[Any], parameter: str, caller: str) -> NDArray[Any]:
    """Return rows as 8-bit or 16-bit pixels."""
    pixels = as_pixels(rows)
    if pixels is None:
        wanted = "hold pixels, integers from 0 to 65,535; others are scaled by ExactStandardScaler"
        reject(parameter, caller, wanted, "other numbers.")
    return pixels


def _check(statistics: Any, features: int, caller: str) -> None:
    """Refuse what are not statistics of as many features, or not of pixels."""
    wanted = f"be a PixelStatistics of {features} features with means from 0 to 65,535"
    if not isinstance(statistics, PixelStatistics):
        reject("statistics", caller, wanted, f"a {type(statistics).__name__}.")
    total = statistics.total
    if total.size != features:
        reject("statistics", caller, wanted, f"{total.size} features.")
    if total.min() < 0 or total.max() > 65535 * statistics.count:
        means = total.min() / statistics.count, total.max() / statistics.count
        reject("statistics", caller, wanted, f"means from {means[0]:g} to {means[1]:g}.")
