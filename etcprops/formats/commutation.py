"""The 16 operations of encryption on blocks, on pixels and on coefficients, and who keeps them.

An independent second path to what `coefficients` does to whole planes: here each element of D4 is
written down as what it is to the cosine transform, there it is composed of turns and mirrors.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import describe, reject
from etcprops.formats.quantization import SIDE, as_table
from etcprops.scheme.keys import N_TRANSFORMS


class Operation(NamedTuple):
    """What encryption does to a block: an element of D4, as in `EtCKey`, and perhaps negation."""

    code: int
    negated: bool


OPERATIONS: Final = tuple(
    Operation(code, negated) for negated, code in product((False, True), range(N_TRANSFORMS))
)
"""All 16."""

# Whether rows and columns are exchanged, and whether odd vertical and odd horizontal frequencies
# then change sign.
_ELEMENTS: Final = (
    (False, False, False),
    (True, True, False),
    (False, True, True),
    (True, False, True),
    (False, False, True),
    (True, True, True),
    (False, True, False),
    (True, False, False),
)
_ALTERNATING: Final = np.array([1, -1] * (SIDE // 2))


def on_pixels(blocks: NDArray[np.uint8], operation: Operation) -> NDArray[np.uint8]:
    """Apply an operation to blocks of pixels, shape (..., B, B).

    Examples
    --------
    >>> on_pixels(np.array([[1, 2], [3, 4]], dtype=np.uint8), Operation(4, negated=True))
    array([[253, 254],
           [251, 252]], dtype=uint8)
    """
    code, negated = operation
    turned = np.rot90(blocks, code % 4, axes=(-2, -1))
    mirrored = turned[..., ::-1] if code >= 4 else turned
    return mirrored ^ np.uint8(255 * negated)


def undone_on_pixels(blocks: NDArray[np.uint8], operation: Operation) -> NDArray[np.uint8]:
    """Undo `on_pixels`."""
    code, negated = operation
    mirrored = blocks[..., ::-1] if code >= 4 else blocks
    return np.rot90(mirrored, -(code % 4), axes=(-2, -1)) ^ np.uint8(255 * negated)


def on_coefficients(coefficients: NDArray[Any], operation: Operation) -> NDArray[Any]:
    """Apply an operation to the orthonormal cosine transform of blocks less 128, shape (..., 8, 8).

    Examples
    --------
    >>> on_coefficients(np.diag(np.arange(8)), Operation(6, negated=True))[0, 0]
    np.int64(-8)
    """
    code, negated = operation
    transposed, rows, columns = _ELEMENTS[code]
    result = coefficients.swapaxes(-2, -1) if transposed else coefficients
    sign = np.ones((SIDE, SIDE), dtype=np.int64)
    sign *= _ALTERNATING[:, None] if rows else 1
    sign *= _ALTERNATING if columns else 1
    result = result * (-sign if negated else sign)
    if negated:
        result[..., 0, 0] -= 8  # the middle is 127.5
    return np.asarray(result)


def mismatches(
    coder: Callable[[NDArray[np.uint8]], NDArray[Any]],
    blocks: NDArray[np.uint8],
    table: ArrayLike,
) -> NDArray[np.int64]:
    """Count blocks for which coding and an operation do not commute.

    Parameters
    ----------
    coder : callable
        Takes blocks of pixels to quantized coefficients of the same shape.
    blocks : ndarray of uint8, shape (n, 8, 8)
    table : array_like of int, shape (8, 8)
        The steps that the coder uses.

    Returns
    -------
    ndarray of int64, shape (16,)
        For each of `OPERATIONS` the number of blocks that an encoder writes otherwise than the
        operation on what it writes for the plain block.

    Raises
    ------
    InvalidParameterError
        If blocks or table are no such arrays.

    Examples
    --------
    >>> from etcprops.formats.exact_jpeg import code_blocks
    >>> from etcprops.formats.quantization import exact_table
    >>> blocks = np.arange(640, dtype=np.uint8).reshape(10, 8, 8)
    >>> table = exact_table(75)
    >>> int(mismatches(lambda blocks: code_blocks(blocks, table), blocks, table).sum())
    0
    """
    caller = "mismatches"
    steps = as_table(table, "table", caller)
    if not isinstance(blocks, np.ndarray) or blocks.dtype != np.uint8:
        reject("blocks", caller, "be an array of uint8 and shape (n, 8, 8)", describe(blocks))
    if blocks.ndim != 3 or blocks.shape[1:] != (SIDE, SIDE):
        reject("blocks", caller, "be an array of uint8 and shape (n, 8, 8)", describe(blocks))
    plain = coder(blocks) * steps
    return np.array(
        [
            (coder(on_pixels(blocks, operation)) * steps != on_coefficients(plain, operation))
            .any(axis=(1, 2))
            .sum()
            for operation in OPERATIONS
        ]
    )
