"""Products and distances of pixels that were checked: exact integers, by the fastest route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops.exact import _bytewise, _tiles
from etcprops.exact._splitting import chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.exact._bytewise import Multiply


def pixel_gram(operands: list[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the exact products of pixels."""
    out, centre = _centred_gram(operands, _bytewise.multiplier(operands))
    if centre:
        # x.y = u.v + c (sum(x) + sum(y)) - n c^2 with u = x - c, v = y - c
        sums = [centre * operand.sum(axis=1, dtype=np.int64) for operand in operands]
        out += sums[0][:, None] - operands[0].shape[1] * centre**2
        out += sums[-1]
    return out


def pixel_distances(operands: list[NDArray[Any]], multiply: Multiply | None) -> NDArray[np.int64]:
    """Return the exact squared distances of pixels, by what multiplies bytes, or by BLAS."""
    out, centre = _centred_gram(operands, multiply)
    if len(operands) == 1:
        squares = [np.diagonal(out).copy()]
    else:
        squares = [_centred_squares(operand, centre) for operand in operands]
    out *= -2
    out += squares[0][:, None]
    out += squares[-1]
    return out


def _centred_gram(
    operands: list[NDArray[Any]], multiply: Multiply | None
) -> tuple[NDArray[np.int64], int]:
    """Return the exact products of pixels less a centre, and this centre."""
    if multiply is not None:
        return _bytewise.products(operands, multiply), 0
    # The pixel value that becomes zero: half the range of the wider operand.
    centre = 128 if all(operand.dtype == np.uint8 for operand in operands) else 32768
    return _tiles.centred_gram(operands, centre), centre


def _centred_squares(X: NDArray[Any], centre: int) -> NDArray[np.int64]:
    """Return the exact sums of squares of pixels less `centre`, row by row."""
    squares = np.zeros(len(X), dtype=np.int64)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            centred = np.subtract(X[rows, columns], centre, dtype=np.int64)
            squares[rows] += np.vecdot(centred, centred)
    return squares
