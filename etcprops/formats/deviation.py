"""How far JPEG can move inner products, from its quantization steps alone: a bound with its proof.

Inner products are all that kernels see, so this bounds what compression does to learning. Checked
on pictures, and on blocks that reach it, in ``tests/formats/test_deviation.py``.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_number, describe, reject
from etcprops.formats.libjpeg import FORWARD_BITS, INVERSE_BITS, MATRIX
from etcprops.formats.quantization import SIDE, as_table

Floats = NDArray[np.float64]

SLACK: Final = 1 + 2.0**-30
"""More than all roundings of the bound's own arithmetic, some units in the last place."""


class CodecErrors(NamedTuple):
    """What a codec's own arithmetic adds to the rounding to steps.

    Attributes
    ----------
    coding : float
        How far a coefficient may be from that of the orthonormal cosine transform before it is
        rounded to a step.
    decoding : float
        How far a decoded pixel may be from the inverse transform, before values beyond 0 and 255
        are clipped; at least 1/2 on the worst block, for pixels are integers.
    """

    coding: float
    decoding: float


EXACT: Final = CodecErrors(0.0, 0.5)
"""An exact transform, and pixels rounded to the nearest."""


def libjpeg_errors(table: ArrayLike) -> CodecErrors:
    """Return what libjpeg's slow integer transform can add, proved from its constants.

    Parameters
    ----------
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.

    Returns
    -------
    CodecErrors

    Raises
    ------
    InvalidParameterError
        If it is no such table.

    Notes
    -----
    Each of two passes multiplies by a matrix of integers A and rounds, wrong by at most 1/2. What
    the first rounds goes through the second, which multiplies it by at most the sum of a row or
    column of ``|A|``. That A is not quite the cosine transform is a linear error: of pixels up to
    128, and of coefficients whose norm is at most ``8 * 128`` and the rounding to steps.

    Examples
    --------
    >>> coding, decoding = libjpeg_errors(np.full((8, 8), 16))
    >>> round(coding, 3), round(decoding, 3)
    (0.308, 0.726)
    """
    steps = as_table(table, "table", "libjpeg_errors")
    basis = _cosines()
    sizes = np.abs(MATRIX)
    there = np.einsum("ui,vj->uvij", MATRIX, MATRIX) / 2.0 ** sum(FORWARD_BITS)
    there -= 8 * np.einsum("ui,vj->uvij", basis, basis)
    linear = 128 * np.abs(there).sum(axis=(2, 3)).max()
    passed = 0.5 * sizes.sum(axis=1).max() / 2.0 ** FORWARD_BITS[1]
    coding = (linear + passed + 0.5) / 8
    back = np.einsum("ui,vj->ijuv", MATRIX, MATRIX) / 2.0 ** sum(INVERSE_BITS)
    back -= np.einsum("ui,vj->ijuv", basis, basis)
    norm = SIDE * 128 + _norm(steps) / 2 + SIDE * coding
    linear = norm * np.sqrt((back**2).sum(axis=(2, 3))).max()
    passed = 0.5 * sizes.sum(axis=0).max() / 2.0 ** INVERSE_BITS[1]
    return CodecErrors(float(coding * SLACK), float((linear + passed + 0.5) * SLACK))


def gram_deviation_bound(
    images: NDArray[np.uint8], table: ArrayLike, errors: CodecErrors = EXACT
) -> Floats:
    r"""Bound how far JPEG moves the inner products of pictures at mid-grey.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W)
        Grey pictures before they are coded, with sides that are multiples of 8.
    table : array_like of int, shape (8, 8)
        The steps q of the quantization table.
    errors : CodecErrors, default=EXACT
        Of the codec; for libjpeg and what is built on it `libjpeg_errors`.

    Returns
    -------
    ndarray of float64, shape (N, N)
        What ``|<x', y'> - <x, y>|`` is at most, with pixels less 127.5, x' and y' decoded.

    Raises
    ------
    InvalidParameterError
        If images, table or errors are no such values.

    Notes
    -----
    Rounded to its nearest multiple of q, a coefficient u moves by at most ``min(|u|, q/2)``; with
    an error c before, by ``2 c`` more. The orthonormal transform keeps norms, each of n pixels
    moves by at most the decoding error d more, and clipping only brings it nearer to x, which lies
    within 0 and 255. So

    .. math:: \|x' - x\| \le D_x = \|\min(|u|, q/2)\| + (2 c + d) \sqrt n

    and by Cauchy and Schwarz inner products move by at most

    .. math:: D_x \|y\| + \|x\| D_y + D_x D_y .

    Blocks all of whose coefficients lie just above half a step come close to it. Encryption keeps
    inner products at mid-grey, so between coded plain and coded encrypted pictures the bound is
    the sum of that for the plain and that for the encrypted ones; with a symmetric table these are
    the same.

    Examples
    --------
    >>> grey = np.full((1, 8, 8), 128, np.uint8)
    >>> gram_deviation_bound(grey, np.full((8, 8), 2)).round(3)
    array([[48.]])
    """
    caller = "gram_deviation_bound"
    wanted = "be an array of uint8, shape (N, H, W), with sides that are multiples of 8"
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim != 3:
        reject("images", caller, wanted, describe(images))
    if images.shape[1] % SIDE or images.shape[2] % SIDE:
        reject("images", caller, wanted, describe(images))
    steps = as_table(table, "table", caller)
    coding, decoding = (as_number(e, "errors", caller, 0, math.inf) for e in errors)
    n = images.shape[1] * images.shape[2]
    centred = images - 127.5
    rows, columns = images.shape[1] // SIDE, images.shape[2] // SIDE
    blocks = centred.reshape(-1, rows, SIDE, columns, SIDE).swapaxes(2, 3)
    blocks = blocks - 0.5  # coders count from 128
    basis = _cosines()
    lost = np.minimum(np.abs(basis @ blocks @ basis.T), steps / 2)
    moved = np.linalg.norm(lost.reshape(len(images), n), axis=1)
    moved += (2 * coding + decoding) * math.sqrt(n)
    norms = np.linalg.norm(centred.reshape(len(images), n), axis=1)
    products = np.outer(moved, norms)
    return np.asarray((products + products.T + np.outer(moved, moved)) * SLACK)


def _norm(steps: NDArray[np.int64]) -> float:
    return math.sqrt(int((steps**2).sum()))


def _cosines() -> Floats:
    """Return the orthonormal cosine transform of eight samples, a frequency a row."""
    frequency, place = np.arange(SIDE)[:, None], np.arange(SIDE)
    rows: Any = np.sqrt(2 / SIDE) * np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE))
    rows[0] = 1 / math.sqrt(SIDE)
    return np.asarray(rows)
