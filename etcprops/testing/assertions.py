"""Measurers of how far something is from a property, and assertions that it has it exactly.

Integers are compared exactly, in int64 and with the bound checked: products of int8 matrices and
differences of uint8 pixels wrap, so that the naive tests can pass falsely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from etcprops._validation import as_array, describe, in_the_name_of, reject
from etcprops.exact.gram import integer_squared_distances
from etcprops.exact.statistics import as_integer_pixels
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class DifferenceError(AssertionError):
    """What was to be the same is not.

    Parameters
    ----------
    message : str
        What differs.
    place : tuple of int
        Where first: two images, a query, a value.
    """

    def __init__(self, message: str, place: tuple[int, ...]) -> None:
        super().__init__(message)
        self.place = place


def orthogonality_defect(matrix: Any) -> csr_array:
    """Return ``Q^T Q - I`` without rounding and without wrapping.

    Parameters
    ----------
    matrix : sparse array, SignedPermutation or array_like, shape (n, n)
        Integers, of any real dtype.

    Returns
    -------
    csr_array of int64, shape (n, n)
        Only entries that are not zero are stored: none exactly if the matrix is orthogonal.

    Raises
    ------
    InvalidParameterError
        If `matrix` is not square, holds anything but integers, or such large ones that a sum of n
        products could reach 2^63.

    Examples
    --------
    In int8 this would pass, since 257 wraps to 1:

    >>> orthogonality_defect(np.array([[1, 16], [-16, 1]], dtype=np.int8)).toarray()
    array([[256,   0],
           [  0, 256]])
    """
    wide = _as_integer_matrix(matrix, "matrix", "orthogonality_defect")
    size = wide.shape[0]
    indices = np.arange(size)
    identity = csr_array((np.ones(size, dtype=np.int64), (indices, indices)), shape=wide.shape)
    defect = csr_array(wide.T @ wide - identity)
    defect.eliminate_zeros()
    return defect


def assert_orthogonal(matrix: Any) -> None:
    """Assert that a matrix of integers is orthogonal, exactly.

    Parameters
    ----------
    matrix : sparse array, SignedPermutation or array_like, shape (n, n)
        Integers, of any real dtype.

    Raises
    ------
    AssertionError
        If it is not; the message names the first wrong entry of ``Q^T Q``.
    InvalidParameterError
        As `orthogonality_defect`.

    Examples
    --------
    >>> assert_orthogonal([[0, -1], [1, 0]])
    >>> assert_orthogonal([[0, 1], [0, 1]])
    Traceback (most recent call last):
        ...
    AssertionError: not orthogonal: entry (0, 0) of Q^T Q is 0, not 1; 2 of 4 entries are wrong
    """
    if isinstance(matrix, SignedPermutation) and matrix.is_orthogonal():
        return
    with in_the_name_of("assert_orthogonal"):
        defect = orthogonality_defect(matrix).tocoo()
    if defect.nnz:
        rows, columns = (np.asarray(axis, dtype=np.int64) for axis in defect.coords)
        first = int(np.lexsort((columns, rows))[0])
        i, j = int(rows[first]), int(columns[first])
        wanted = int(i == j)
        raise AssertionError(
            f"not orthogonal: entry ({i}, {j}) of Q^T Q is {defect.data[first] + wanted}, not "
            f"{wanted}; {defect.nnz} of {defect.shape[0] ** 2} entries are wrong"
        )


def distance_defect(plain: Pixels, encrypted: Pixels) -> NDArray[np.int64]:
    """Return by how much each squared distance between two images differs, exactly.

    Parameters
    ----------
    plain, encrypted : array_like, shape (N, ...)
        Batches of N images, at least one; integers of which no two differ by more than 65,535.
        The images of one batch may have another shape than those of the other.

    Returns
    -------
    ndarray of int64, shape (N, N)
        Squared distances of the encrypted images less those of the plain ones.

    Raises
    ------
    InvalidParameterError
        If a batch is empty or holds anything else, or the batches differ in N.

    Examples
    --------
    >>> pair = np.array([[0, 7], [3, 3]], dtype=np.uint8)
    >>> distance_defect(pair, 255 - pair)
    array([[0, 0],
           [0, 0]])
    """
    before, after = _both_distances(plain, encrypted, "distance_defect")
    return after - before


def assert_isometry(plain: Pixels, encrypted: Pixels) -> None:
    """Assert that all distances between images are the same before and after, exactly.

    Parameters
    ----------
    plain, encrypted : array_like, shape (N, ...)
        As for `distance_defect`.

    Raises
    ------
    DifferenceError
        An AssertionError, if a distance differs; the message names the two images.
    InvalidParameterError
        As `distance_defect`; or if all plain images are one and the same: whatever becomes of
        those, no distance changes.

    Examples
    --------
    >>> assert_isometry([[0], [16]], [[0], [0]])
    Traceback (most recent call last):
        ...
    etcprops.testing.assertions.DifferenceError: no isometry: the squared distance of images 0 and
    1 changes by -256 (1 of 1 distances change)
    """
    caller = "assert_isometry"
    before, after = _both_distances(plain, encrypted, caller)
    defect = after - before
    pairs = np.argwhere(np.triu(defect))
    if len(pairs):
        i, j = (int(index) for index in pairs[0])
        raise DifferenceError(
            f"no isometry: the squared distance of images {i} and {j} changes by {defect[i, j]} "
            f"({len(pairs)} of {len(defect) * (len(defect) - 1) // 2} distances change)",
            (i, j),
        )
    if not before.any():
        got = f"{len(before)} of which no two differ."
        reject("plain", caller, "hold two different images at least", got)


def assert_bitwise_equal(found: ArrayLike, expected: ArrayLike) -> None:
    """Assert that two arrays have one shape, one dtype and the same bits.

    Unlike ``==`` this tells 0.0 from -0.0, and a NaN is equal to itself.

    Parameters
    ----------
    found, expected : array_like
        Numbers.

    Raises
    ------
    DifferenceError
        An AssertionError, if anything differs; the message names the first place.
    InvalidParameterError
        If one of them is no array, or holds Python objects, which have no bits; or if there is no
        number, but nothing at all or NaN throughout.

    Examples
    --------
    >>> assert_bitwise_equal([0.5, 0.0], [0.5, -0.0])
    Traceback (most recent call last):
        ...
    etcprops.testing.assertions.DifferenceError: 1 of 2 values differ in their bits,
    first at (1,): 0.0, not -0.0
    """
    wanted, caller = "be an array of numbers", "assert_bitwise_equal"
    a = as_array(found, "found", caller, wanted)
    b = as_array(expected, "expected", caller, wanted)
    for array, name in ((a, "found"), (b, "expected")):
        if array.dtype.hasobject:
            reject(name, caller, wanted, describe(array))
    if a.shape != b.shape or a.dtype != b.dtype:
        text = f"{a.dtype} of shape {a.shape} is not {b.dtype} of shape {b.shape}"
        raise DifferenceError(text, ())
    if not a.size or (a.dtype.kind in "fc" and np.isnan(a).all() and np.isnan(b).all()):
        reject("found", caller, "hold a number at least, which could differ", describe(a))
    octets = [
        np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8).reshape(array.size, -1)
        for array in (a, b)
    ]
    different = (octets[0] != octets[1]).any(axis=1)
    if different.any():
        index = tuple(int(i) for i in np.unravel_index(int(different.argmax()), a.shape))
        raise DifferenceError(
            f"{np.count_nonzero(different)} of {a.size} values differ in their bits, first at "
            f"{index}: {a[index].item()!r}, not {b[index].item()!r}",
            index,
        )


def _as_integer_matrix(value: Any, parameter: str, caller: str) -> csr_array:
    """Return a square matrix of integers as csr_array of int64, if its square cannot wrap."""
    wanted = "be a square matrix of integers"
    if isinstance(value, SignedPermutation):
        value = value.matrix()
    if not issparse(value):
        value = as_array(value, parameter, caller, wanted)
    if value.ndim != 2 or value.shape[0] != value.shape[1] or not value.shape[0]:
        reject(parameter, caller, wanted, f"shape {value.shape}.")
    if value.dtype.kind not in "biuf":
        reject(parameter, caller, wanted, f"entries of dtype {value.dtype}.")
    if value.dtype == np.float16:  # of which there are no sparse ones
        value = value.astype(np.float32)
    matrix = csr_array(value.astype(value.dtype.newbyteorder("=")))
    entries = matrix.data
    wrong = np.flatnonzero(~np.isfinite(entries) | (entries != np.trunc(entries)))
    if wrong.size:
        reject(parameter, caller, wanted, f"an entry {entries[wrong[0]]}.")
    largest = max(int(entries.max(initial=0)), -int(entries.min(initial=0)))
    if largest**2 * matrix.shape[0] >= 2**63:
        wanted = "have entries so small that n of their products stay below 2^63"
        reject(parameter, caller, wanted, f"{largest} for n = {matrix.shape[0]}.")
    return csr_array(matrix.astype(np.int64))


def _both_distances(
    plain: Pixels, encrypted: Pixels, caller: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the squared distances between plain images, and between encrypted ones."""
    before, after = (
        _distances(batch, name, caller)
        for batch, name in ((plain, "plain"), (encrypted, "encrypted"))
    )
    if before.shape != after.shape:
        reject("encrypted", caller, f"hold {len(before)} images", f"{len(after)}.")
    return before, after


def _distances(value: Pixels, parameter: str, caller: str) -> NDArray[np.int64]:
    """Return the squared distances between the images of a batch."""
    batch = as_pixels(value, parameter, caller, "be a batch of images")
    if batch.ndim < 2 or not batch.size:
        reject(parameter, caller, "be a batch of at least one image", describe(batch))
    rows = as_integer_pixels(batch.reshape(len(batch), -1), parameter, caller)
    if rows.dtype != np.uint8:
        # Distances do not change when every pixel moves by the same amount.
        rows = rows.astype(np.int64) - int(rows.min())
        if rows.max() > 65535:
            got = f"pixels that differ by {rows.max()}."
            reject(parameter, caller, "hold pixels that differ by at most 65535", got)
        rows = rows.astype(np.uint16)
    return integer_squared_distances(rows)
