"""Inner products that do not depend on the order of the features, to the last bit.

Real rows are cut into integer slices that BLAS multiplies without rounding, so its summation
order, threads and blocking cannot show; 8-bit and 16-bit pixels are multiplied exactly by the
fastest route. Kernels and distances of real data are made elsewhere, from these matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from etcprops._validation import as_integer, describe, reject
from etcprops.exact import _accuracy, _bytewise, _tiles
from etcprops.exact._pixel_products import pixel_distances, pixel_gram
from etcprops.exact._splitting import (
    MOST_FEATURES,
    MOST_SLICES,
    RowScales,
    Splitting,
    row_scales,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def exact_gram(
    X: ArrayLike, Y: ArrayLike | None = None, *, slices: int | Literal["dgemm"] = 2
) -> NDArray[np.float64]:
    r"""Return ``X @ Y.T``, the same bits for every order of the features.

    Each row is scaled by a power of two of its own and cut into `slices` integer vectors
    (error-free splitting). Products of slices are sums of integers that stay below
    :math:`2^{53}`, hence exact in doubles in whatever order BLAS adds; they are summed over blocks
    of features in int64, and over slices elementwise in one order. The result is a function of the
    multisets of pairs :math:`\{(x_f, y_f)\}`: no permutation of the features, change of sign of
    a feature in both operands, number of threads or blocking changes a bit of it.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Rows of finite real numbers: float64, or what is exact in it (float32, float16, integers of
        up to 32 bits, larger ones within ``2**53``). Arrays of uint8 take the route of
        :func:`integer_gram`, which gives the same bits.
    Y : array_like, shape (k, n), optional
        The other rows; `X` itself if not given, which takes half the work and gives the same bits.
    slices : int from 1 to 16, or "dgemm"
        How many slices: 1, 2, 3, 4 take 1, 3, 5, 8 matrix products (``s + s**2 // 4``). With an
        integer, an entry depends on its two rows and `slices` alone, not on the rest of the batch.
        ``"dgemm"`` takes the fewest, three at least, that certainly keep the truncation below
        ``2**-52 * (abs(X) @ abs(Y).T)`` in every entry: three for dense rows (a half of whose
        entries reach a quarter of their root mean square, with some to spare), more where
        magnitudes vary widely within a row.

    Returns
    -------
    ndarray of float64, shape (m, k)
        Symmetric bit for bit where `Y` is `X`.

    Raises
    ------
    InvalidParameterError
        If an operand is not a two-dimensional array of finite real numbers with at least one row
        and one feature, there are ``2**28`` features or more, the numbers of features differ,
        `slices` is out of range, ``"dgemm"`` would need more than 16 slices, or an inner product
        exceeds the largest double.

    See Also
    --------
    gram_error_bound : the rigorous bound, entry by entry.
    integer_gram : for pixels.

    Notes
    -----
    The first slice of a row is in units :math:`q_1`, a power of two, and each further slice adds
    :math:`\beta` bits, :math:`q_s = 2^{-\beta (s-1)} q_1`, where :math:`\beta = 21` for up to
    262,144 features, :math:`\min(21, \lfloor (60 - \lceil \log_2 n \rceil) / 2 \rfloor)` in
    general, and

    .. math:: q_1 \le \max(2^{2.54 - \beta} \lVert x\rVert / \sqrt n,
        \; 2^{-\beta - 4} \max_f |x_f|).

    With one or two slices all their products are kept, and

    .. math:: |G_{ij} - x_i^T y_j| \le \tfrac{\sqrt n}{2} \left((\lVert x\rVert + \rho)
        q_s(y) + \lVert y\rVert q_s(x)\right) + 2^{-52} (1 + 2^{-12}) |G_{ij}|

    with :math:`\rho = \sqrt n q_s(x) / 2`. Where no entry is more than 64 times the root mean
    square of its row, the first term is at most :math:`2^{-18.4} \lVert x\rVert \lVert
    y\rVert` for one slice and :math:`2^{-39.4} \lVert x\rVert \lVert y\rVert` for two; as a
    rule it is less by a factor :math:`\sqrt n`. From three slices on products of slices
    :math:`i + j > s + 1` are dropped, which adds :math:`\tfrac{s}{4} n 2^{\beta} q_1(x) q_s(y)`
    at most. With ``"dgemm"`` the error is below :math:`2^{-51} |x_i|^T |y_j|`, for four features
    and more below the error :math:`n 2^{-53} |x_i|^T |y_j|` that dgemm is allowed. Results below
    the normal doubles are rounded once more, by :math:`2^{-1075}` at most.

    Every partial sum is bounded by :math:`\lVert a\rVert \lVert b\rVert` (Cauchy and Schwarz),
    and these norms of integer vectors are computed exactly for the data at hand, queries included:
    a block of features that would take one to :math:`2^{26.5}` goes into the next accumulation, or
    is halved. (Any BLAS will do that adds products; Strassen's algorithm would not.)

    Memory: tiles of the output are made such that, above input and output, at most the bytes of
    the input are used (or 32 MiB, where that is more) and 4 MiB; once the input more where integers
    of 64 bits are turned to doubles.

    References
    ----------
    .. [1] K. Ozaki, T. Ogita, S. Oishi, S. M. Rump, "Error-free transformations of matrix
       multiplication by using fast routines of matrix multiplication and its applications",
       Numerical Algorithms 59, 95-118 (2012).
    .. [2] D. Mukunoki, K. Ozaki, T. Ogita, T. Imamura, "DGEMM using tensor cores, and its accurate
       and reproducible versions", ISC High Performance 2020, 230-248.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).standard_normal((3, 1000))
    >>> order = np.random.default_rng(1).permutation(1000)
    >>> np.array_equal(exact_gram(X), exact_gram(-X[:, order]))
    True
    >>> np.array_equal(X @ X.T, X[:, order] @ X[:, order].T)
    False
    """
    caller = "exact_gram"
    count = None if isinstance(slices, str) and slices == "dgemm" else as_slices(slices, caller)
    operands = _real_operands(X, Y, caller)
    if all(operand.dtype == np.uint8 for operand in operands):
        return pixel_gram(operands).astype(np.float64)
    scales = _finite_scales(operands, caller)
    splitting = Splitting(
        operands[0].shape[1], count or _count_like_dgemm(operands, scales, caller)
    )
    out = _tiles.real_gram(operands, [scale.exponent for scale in scales], splitting)
    if not np.isfinite(out).all():
        i, j = (int(index) for index in np.argwhere(~np.isfinite(out))[0])
        reject(
            "X",
            caller,
            f"have inner products of at most {np.finfo(np.float64).max:.4g} in magnitude",
            f"a larger one for rows {i} and {j}, whose largest magnitudes are "
            f"{scales[0].largest[i]:.4g} and {scales[-1].largest[j]:.4g}.",
        )
    return out


def gram_error_bound(
    X: ArrayLike, Y: ArrayLike | None = None, *, slices: int = 2
) -> NDArray[np.float64]:
    """Bound ``abs(exact_gram(X, Y, slices=slices) - X @ Y.T)`` entry by entry, rigorously.

    The bound takes O((m + k) n) operations for the rows and O(m k) for the entries: no matrix
    product of the data. Rows that `slices` represent without remainder contribute no truncation.

    Parameters
    ----------
    X : array_like, shape (m, n)
        Rows of finite real numbers.
    Y : array_like, shape (k, n), optional
        The other rows; `X` itself if not given.
    slices : int from 1 to 16
        As in :func:`exact_gram`.

    Returns
    -------
    ndarray of float64, shape (m, k)
        Truncation of the slices plus the rounding of the result, the latter from
        ``norm(x) * norm(y)``. Infinite where that overflows.

    Raises
    ------
    InvalidParameterError
        As :func:`exact_gram`, but for overflow.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0, 2.0, 3.0]])
    >>> bool(gram_error_bound(X, slices=1)[0, 0] < 2**-48)  # no remainder: rounding alone
    True
    >>> bool(gram_error_bound(X / 7, slices=1)[0, 0] < 2**-20)
    True
    """
    caller = "gram_error_bound"
    count = as_slices(slices, caller)
    operands = _real_operands(X, Y, caller)
    scales = _finite_scales(operands, caller)
    splitting = Splitting(operands[0].shape[1], count)
    return _accuracy.error_bound(operands, scales, splitting)


def integer_gram(X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the exact ``X @ Y.T`` of 8-bit or 16-bit pixels in int64.

    Pixels are centred to integers of at most 128 (8 bits) or 32,768 (16 bits) in magnitude. Single
    precision multiplies 1,024 features of the former at a time exactly (up to 2**24), double
    precision of the latter (below 2**53). Where onnxruntime is installed (the extra ``fast``) and
    faster on this processor, it multiplies large matrices of 8-bit pixels, as they are, 4,096
    features at a time in 32-bit integers: the same numbers.

    Parameters
    ----------
    X : array_like of uint8 or uint16, shape (m, n)
        Rows of pixels.
    Y : array_like of uint8 or uint16, shape (k, n), optional
        The other rows; `X` itself if not given.

    Returns
    -------
    ndarray of int64, shape (m, k)
        Without rounding.

    Raises
    ------
    InvalidParameterError
        If an operand is not a two-dimensional array of uint8 or uint16 with at least one row and
        one feature, the numbers of features differ, or there are 2**31 features or more (the sums
        would leave int64).

    Notes
    -----
    Memory above input and output: at most the bytes of the input (or 32 MiB, where that is more)
    and 4 MiB.

    Examples
    --------
    >>> import numpy as np
    >>> integer_gram(np.array([[0, 255], [3, 4]], dtype=np.uint8))
    array([[65025,  1020],
           [ 1020,    25]])
    """
    return pixel_gram(_pixel_operands(X, Y, "integer_gram"))


def integer_squared_distances(X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.int64]:
    """Return the exact squared distances ``sum((x - y)**2)`` of 8-bit or 16-bit rows in int64.

    Parameters
    ----------
    X : array_like of uint8 or uint16, shape (m, n)
        Rows of pixels.
    Y : array_like of uint8 or uint16, shape (k, n), optional
        The other rows; `X` itself if not given.

    Returns
    -------
    ndarray of int64, shape (m, k)
        Without rounding; zero exactly where two rows are equal.

    Raises
    ------
    InvalidParameterError
        As :func:`integer_gram`.

    Notes
    -----
    Memory: as :func:`integer_gram`.

    Examples
    --------
    >>> import numpy as np
    >>> integer_squared_distances(np.array([[0, 255], [3, 4]], dtype=np.uint8))
    array([[    0, 63010],
           [63010,     0]])
    """
    operands = _pixel_operands(X, Y, "integer_squared_distances")
    return pixel_distances(operands, _bytewise.multiplier(operands))


def _as_array(value: ArrayLike | None, parameter: str, caller: str, wanted: str) -> NDArray[Any]:
    """Return `value` as a two-dimensional array that is not empty."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        reject(parameter, caller, wanted, describe(value))
    if array.ndim != 2 or 0 in array.shape:
        reject(parameter, caller, wanted, describe(array if array.ndim else value))
    return array


def _as_rows(value: ArrayLike | None, parameter: str, caller: str) -> NDArray[Any]:
    """Return `value` as a two-dimensional array of real numbers that doubles hold exactly."""
    wanted = "be a two-dimensional array of real numbers with at least one row and one feature"
    array = _as_array(value, parameter, caller, wanted)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if (kind == "f" and size <= 8) or (kind in "iu" and size <= 4):
        return array
    if kind not in "iu":
        reject(parameter, caller, wanted, describe(array))
    # Lists of integers come as int64; they are welcome as long as doubles hold them.
    if array.max() > 2**53 or array.min() < -(2**53):
        got = f"{array.min()} to {array.max()}."
        reject(parameter, caller, "be within 2**53 where it holds 64-bit integers", got)
    return array.astype(np.float64)


def _real_operands(X: ArrayLike, Y: ArrayLike | None, caller: str) -> list[NDArray[Any]]:
    """Return [X], or [X, Y] where Y is another object."""
    operands = [_as_rows(X, "X", caller)]
    if Y is not None and Y is not X:
        operands.append(_as_rows(Y, "Y", caller))
    _same_features(operands, caller)
    return operands


def _same_features(operands: list[NDArray[Any]], caller: str) -> None:
    """Refuse operands with different numbers of features, or more than the sums can hold."""
    features = [operand.shape[1] for operand in operands]
    if features[0] != features[-1]:
        wanted = f"have as many features as X, {features[0]}"
        reject("Y", caller, wanted, f"{features[-1]} features.")
    if features[0] >= MOST_FEATURES:
        reject("X", caller, f"have fewer than 2**28 = {MOST_FEATURES} features", f"{features[0]}.")


def as_slices(value: Any, caller: str) -> int:
    """Return the number of slices."""
    also = ' or "dgemm"' if caller == "exact_gram" else ""
    wanted = f"be an integer from 1 to {MOST_SLICES}{also}"
    return as_integer(value, "slices", caller, 1, MOST_SLICES, wanted)


def _finite_scales(operands: list[NDArray[Any]], caller: str) -> list[RowScales]:
    """Return the scales of the rows; they show infinities and NaN, which are refused."""
    scales = []
    for operand, name in zip(operands, ("X", "Y"), strict=False):
        # The scale does not depend on the number of slices.
        scales.append(row_scales(operand, Splitting(operand.shape[1], 1)))
        bad = np.flatnonzero(~np.isfinite(scales[-1].largest))
        if bad.size:
            row = int(bad[0])
            feature = int(np.flatnonzero(~np.isfinite(operand[row]))[0])
            got = f"{operand[row, feature]} at row {row}, feature {feature}."
            reject(name, caller, "be finite", got)
    return scales


def _count_like_dgemm(operands: list[NDArray[Any]], scales: list[RowScales], caller: str) -> int:
    """Return the fewest slices that are as accurate as dgemm."""
    count = _accuracy.slices_like_dgemm(operands, scales, MOST_SLICES)
    if count is None:
        reject(
            "slices",
            caller,
            "be an integer for rows of such a range of magnitudes: no "
            f"{MOST_SLICES} slices surely keep every entry within dgemm's error bound",
            "'dgemm'.",
        )
    return count


def _pixel_operands(X: ArrayLike, Y: ArrayLike | None, caller: str) -> list[NDArray[Any]]:
    """Return one or two arrays of pixels."""
    wanted = "be a two-dimensional array of uint8 or uint16, at least one row and one feature"
    operands = [_as_array(X, "X", caller, wanted)]
    if Y is not None and Y is not X:
        operands.append(_as_array(Y, "Y", caller, wanted))
    for operand, name in zip(operands, ("X", "Y"), strict=False):
        if operand.dtype not in (np.uint8, np.uint16):
            reject(name, caller, wanted, describe(operand))
    _same_features(operands, caller)
    return operands
