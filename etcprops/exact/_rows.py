"""Rows as kernels take them: checked, known as pixels, and walked through in blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, describe, reject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

LARGEST_PIXEL = 65535.0  # of 16 bits
_BLOCK = 2**16  # entries per elementwise step: half a megabyte of doubles


def both_operands(
    X: ArrayLike, Y: ArrayLike | None, caller: str
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return both operands as arrays of rows, the second None where it is the first."""
    wanted = "be a two-dimensional array with at least one row and one feature"
    arrays: list[NDArray[Any]] = []
    for value, name in ((X, "X"), (Y, "Y")):
        if name == "Y" and (value is None or value is X):
            return arrays[0], None
        array = as_array(value, name, caller, wanted)
        if array.ndim != 2 or 0 in array.shape:
            reject(name, caller, wanted, describe(array if array.ndim else value))
        if array.dtype.kind not in "iuf":
            reject(name, caller, "hold real numbers", describe(array))
        arrays.append(array)
    return arrays[0], arrays[1]


def as_pixels(X: NDArray[Any]) -> NDArray[Any] | None:
    """Return rows of integers from 0 to 65,535 as uint8 or uint16, None if there are others."""
    if X.dtype in (np.uint8, np.uint16):
        return X
    largest = largest_integer(X, signed=False)
    if largest > LARGEST_PIXEL:
        return None
    return X.astype(np.uint8 if largest <= 255 else np.uint16)


def largest_integer(X: NDArray[Any], *, signed: bool = True) -> float:
    """Return the largest magnitude of integers up to that of pixels, infinity for other entries."""
    lowest = -LARGEST_PIXEL if signed else 0.0
    largest = 0.0
    for rows in row_blocks(X):  # real rows are found out in the first block
        block = X[rows]
        # NaN compares false. The limits are doubles: as a float16 the upper would be infinite.
        inside = (block >= np.float64(lowest)) & (block <= np.float64(LARGEST_PIXEL))
        if not (inside & (np.trunc(block) == block)).all():
            return math.inf
        largest = max(largest, float(block.max()), -float(block.min()))
    return largest


def row_blocks(X: NDArray[Any]) -> Iterator[slice]:
    """Yield slices of the rows of `X`, of at most `_BLOCK` entries, or of one row."""
    step = max(1, _BLOCK // X.shape[1])
    for start in range(0, len(X), step):
        yield slice(start, start + step)
