"""The encryption steps as explicit sparse matrices on flat vectors.

Every constructor derives its matrix from the definition of the step on block coordinates, by exact
integer arithmetic. It shares no code with `pixels`, which moves pictures about: that both agree is
a theorem under test. The matrices are the orthogonal maps of Kawamura, Kinoshita, Kiya 2019,
section 3.2, written out.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from etcprops._validation import as_bits, as_codes, as_permutation, describe, reject
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey, Step, check_key

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_QUARTER_TURN = np.array([[0, 1], [-1, 0]])
_MIRROR = np.array([[1, 0], [0, -1]])

TRANSFORM_MATRICES: NDArray[np.int64] = np.stack(
    [
        np.linalg.matrix_power(_QUARTER_TURN, code % 4)
        @ (_MIRROR if code >= 4 else np.eye(2, dtype=int))
        for code in range(N_TRANSFORMS)
    ]
).astype(np.int64)
"""The dihedral group D4 as integer matrices, shape (8, 2, 2).

Matrix ``t`` takes (row, column) of an output pixel, measured from the middle of the block, to those
of the input pixel that it shows, for transform code ``t``.
"""


def block_permutation_matrix(
    geometry: BlockGeometry | EtCKey, permutation: ArrayLike | None = None
) -> csr_array:
    """Return the matrix of step K1: output block ``b`` is input block ``permutation[b]``.

    Parameters
    ----------
    geometry : BlockGeometry or EtCKey
        Image and block size. Or a key that has the step, which says all.
    permutation : array_like of int, shape (n_blocks,), optional
        Each of 0 to ``n_blocks - 1`` once.

    Returns
    -------
    csr_array of int8, shape (n, n)
        A permutation matrix, ``n = geometry.n_pixels``.

    Raises
    ------
    InvalidParameterError
        If `permutation` is none, or has another length.

    Examples
    --------
    >>> block_permutation_matrix(BlockGeometry(1, 3, block=1), [2, 0, 1]).toarray()
    array([[0, 0, 1],
           [1, 0, 0],
           [0, 1, 0]], dtype=int8)
    """
    caller = "block_permutation_matrix"
    geometry, permutation = _given(geometry, permutation, Step.PERMUTATION, caller)
    size = geometry.n_blocks
    source = as_permutation(permutation, size, "permutation", caller)
    block, row, column, channel = _coordinates(geometry)
    return _selection(geometry, geometry.flat_index(source[block], row, column, channel))


def block_transform_matrix(
    geometry: BlockGeometry | EtCKey, transforms: ArrayLike | None = None
) -> csr_array:
    """Return the matrix of step K2: every block rotated and mirrored by an element of D4.

    Parameters
    ----------
    geometry : BlockGeometry or EtCKey
        Image and block size. Or a key that has the step, which says all.
    transforms : array_like of int in [0, 8), shape (n_blocks,), optional
        ``t % 4`` quarter turns counter-clockwise, then a left-right mirror where ``t >= 4``.

    Returns
    -------
    csr_array of int8, shape (n, n)
        A permutation matrix, block diagonal if pixels are ordered by blocks.

    Raises
    ------
    InvalidParameterError
        If `transforms` has another length or holds other codes.

    Examples
    --------
    >>> one_turn = block_transform_matrix(BlockGeometry(2, 2, block=2), [1])
    >>> (one_turn @ [1, 2, 3, 4]).reshape(2, 2)
    array([[2, 4],
           [1, 3]])
    """
    caller = "block_transform_matrix"
    geometry, transforms = _given(geometry, transforms, Step.TRANSFORMS, caller)
    size = geometry.n_blocks
    codes = as_codes(transforms, size, N_TRANSFORMS, "transforms", caller)
    block, row, column, channel = _coordinates(geometry)
    # Twice the distance from the middle of the block: an integer for odd and even sides.
    middle = geometry.block - 1
    position = np.stack([2 * row - middle, 2 * column - middle])
    source = np.einsum("nij,jn->in", TRANSFORM_MATRICES[codes[block]], position)
    source_row, source_column = (source + middle) // 2
    return _selection(geometry, geometry.flat_index(block, source_row, source_column, channel))


def negative_positive_matrix(
    geometry: BlockGeometry | EtCKey, negatives: ArrayLike | None = None
) -> csr_array:
    """Return the matrix of step K3: the diagonal with -1 in the blocks that are negated.

    On pixels the step is affine, ``x -> -x + 255``; `encryption_offset` has the constant. In pixels
    centred at mid-grey, 127.5, this matrix alone is the step.

    Parameters
    ----------
    geometry : BlockGeometry or EtCKey
        Image and block size. Or a key that has the step, which says all.
    negatives : array_like of bool, shape (n_blocks,), optional
        The blocks to negate.

    Returns
    -------
    csr_array of int8, shape (n, n)
        A diagonal matrix of +1 and -1.

    Raises
    ------
    InvalidParameterError
        If `negatives` has another length or holds anything but booleans, 0 and 1.

    Examples
    --------
    >>> negative_positive_matrix(BlockGeometry(1, 2, block=1), [0, 1]).toarray()
    array([[ 1,  0],
           [ 0, -1]], dtype=int8)
    """
    caller = "negative_positive_matrix"
    geometry, negatives = _given(geometry, negatives, Step.NEGATIVES, caller)
    size = geometry.n_blocks
    bits = as_bits(negatives, size, "negatives", caller)
    block, _, _, _ = _coordinates(geometry)
    signs = np.where(bits[block], -1, 1).astype(np.int8)
    return csr_array(diags_array(signs, dtype=np.int8))


def component_permutation_matrix(
    geometry: BlockGeometry | EtCKey, components: ArrayLike | None = None
) -> csr_array:
    """Return the matrix of step K4: the colour components of every block in another order.

    Parameters
    ----------
    geometry : BlockGeometry or EtCKey
        Image and block size, with ``channels=3``. Or a key that has the step, which says all.
    components : array_like of int in [0, 6), shape (n_blocks,), optional
        Index into `COMPONENT_ORDERS`: output component ``c`` is input component ``order[c]``.

    Returns
    -------
    csr_array of int8, shape (n, n)
        A permutation matrix.

    Raises
    ------
    InvalidParameterError
        If the geometry is grey, or `components` has another length or holds other codes.

    Examples
    --------
    >>> colour = BlockGeometry(1, 1, channels=3, block=1)
    >>> component_permutation_matrix(colour, [5]).toarray()  # RGB becomes BGR
    array([[0, 0, 1],
           [0, 1, 0],
           [1, 0, 0]], dtype=int8)
    """
    caller = "component_permutation_matrix"
    geometry, components = _given(geometry, components, Step.COMPONENTS, caller)
    size = geometry.n_blocks
    if geometry.channels != 3:
        reject("geometry", caller, "have 3 channels", f"{geometry}.")
    codes = as_codes(components, size, len(COMPONENT_ORDERS), "components", caller)
    block, row, column, channel = _coordinates(geometry)
    source = np.array(COMPONENT_ORDERS)[codes[block], channel]
    return _selection(geometry, geometry.flat_index(block, row, column, source))


def step_matrices(key: EtCKey) -> dict[Step, csr_array]:
    """Return the matrix of every step that the key has, in the order in which they are applied.

    Parameters
    ----------
    key : EtCKey
        The key.

    Returns
    -------
    dict of Step to csr_array of int8, shape (n, n)

    Examples
    --------
    >>> list(step_matrices(EtCKey(BlockGeometry(2, 2, block=2), negatives=[1])))
    [<Step.NEGATIVES: 'negatives'>]
    """
    constructors = {
        Step.PERMUTATION: block_permutation_matrix,
        Step.TRANSFORMS: block_transform_matrix,
        Step.NEGATIVES: negative_positive_matrix,
        Step.COMPONENTS: component_permutation_matrix,
    }
    return {
        step: constructors[step](key.geometry, getattr(key, step))
        for step in check_key(key, "step_matrices").steps
    }


def encryption_matrix(key: EtCKey) -> csr_array:
    """Return the orthogonal matrix ``Q`` of the whole key, the product of its steps' matrices.

    Parameters
    ----------
    key : EtCKey
        The key.

    Returns
    -------
    csr_array of int8, shape (n, n)
        One entry, +1 or -1, in every row and column. On flat vectors ``x`` the encryption is
        ``Q @ x + encryption_offset(key)``; promote ``x`` to a signed type first.

    Examples
    --------
    >>> key = EtCKey(BlockGeometry(1, 2, block=1), permutation=[1, 0], negatives=[0, 1])
    >>> encryption_matrix(key).toarray()
    array([[ 0,  1],
           [-1,  0]], dtype=int8)
    """
    matrices = step_matrices(check_key(key, "encryption_matrix")).values()
    # One entry of size 1 in each row: no sum, hence no wrap, although the entries are int8.
    return reduce(lambda before, step: step @ before, matrices, _identity(key.geometry))


def encryption_offset(key: EtCKey) -> NDArray[np.int64]:
    """Return the constant ``c`` of the whole key, ``encrypt(x) = Q x + c`` on flat vectors.

    Parameters
    ----------
    key : EtCKey
        The key.

    Returns
    -------
    ndarray of int64, shape (n,)
        255 at the pixels of negated blocks, 0 elsewhere.

    Examples
    --------
    >>> key = EtCKey(BlockGeometry(1, 2, block=1), permutation=[1, 0], negatives=[0, 1])
    >>> encryption_offset(key)
    array([  0, 255])
    """
    offset = np.zeros(check_key(key, "encryption_offset").geometry.n_pixels, dtype=np.int64)
    for step, matrix in step_matrices(key).items():
        offset = np.asarray(matrix.astype(np.int64) @ offset)
        if step is Step.NEGATIVES:
            offset += np.where(matrix.diagonal() < 0, 255, 0)
    return offset


def _given(
    given: BlockGeometry | EtCKey, sequence: ArrayLike | None, step: Step, caller: str
) -> tuple[BlockGeometry, Any]:
    """Return geometry and sequence of a step, of a key its own."""
    if not isinstance(given, EtCKey):
        return check_geometry(given, caller), sequence
    if sequence is not None:
        reject(str(step), caller, "be left out with a key, which has it", describe(sequence))
    if step not in given.steps:
        steps = ", ".join(given.steps) or "none"
        reject("geometry", caller, f"be a key with the step {step}", f"one with {steps}.")
    return given.geometry, getattr(given, step)


def _coordinates(
    geometry: BlockGeometry,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return block, row, column and channel of every place of the flat vector."""
    return geometry.locate(np.arange(geometry.n_pixels))


def _selection(geometry: BlockGeometry, source: NDArray[np.int64]) -> csr_array:
    """Return the matrix whose row ``i`` selects entry ``source[i]``."""
    size = geometry.n_pixels
    ones = np.ones(size, dtype=np.int8)
    return csr_array((ones, (np.arange(size), source)), shape=(size, size))


def _identity(geometry: BlockGeometry) -> csr_array:
    return _selection(geometry, np.arange(geometry.n_pixels))
