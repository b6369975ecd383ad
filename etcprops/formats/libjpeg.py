"""libjpeg's slow integer transform in integers: what its encoder and decoder make of each block.

libjpeg-turbo's `jfdctint`, `jcdctmgr` and `jidctint` (C, SSE2 and AVX2 alike, for what an encoder
of 8-bit samples makes). Each of two passes multiplies by integers and shifts right with halves
going up: odd but for ties, which are therefore all that mirrors and negation can trip over. Turns
also exchange the passes, and so round otherwise even where nothing ties.

The transform is that of Loeffler, Ligtenberg, Moschytz, ICASSP 1989, with 13 bits.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_integer, describe, reject
from etcprops.formats.commutation import Operation, on_pixels, undone_on_pixels
from etcprops.formats.quantization import SIDE, as_table
from etcprops.scheme.keys import N_TRANSFORMS

# Left halves of the rows: those of odd frequencies are odd, the others even. Sums of the program's
# constants, so that 11362 and 11363 stand for the same cosine.
_HALVES: Final = (
    (8192, 8192, 8192, 8192),
    (11363, 9633, 6437, 2260),
    (10703, 4433, -4433, -10703),
    (9633, -2259, -11362, -6436),
    (8192, -8192, -8192, 8192),
    (6437, -11362, 2261, 9633),
    (4433, -10704, 10704, -4433),
    (2260, -6436, 9633, -11363),
)
MATRIX: Final[NDArray[np.float64]] = np.array(
    [
        [*half, *(factor * (-1) ** frequency for factor in reversed(half))]
        for frequency, half in enumerate(_HALVES)
    ],
    dtype=np.float64,  # integers below 2^53, whose products BLAS cannot round
)
MATRIX.flags.writeable = False
FORWARD_BITS: Final = (11, 15)
"""By how many bits the forward transform shifts after rows, and after columns."""

INVERSE_BITS: Final = (11, 18)
"""The same of the inverse, after columns, and after rows."""

TURNING: Final = (1, 3, 5, 7)
"""The elements of D4 that exchange rows and columns."""


class Ties(NamedTuple):
    """Where the two passes of a transform had exactly a half to round; shape (..., 8, 8).

    Of the forward transform ``first[i, v]`` is row i at horizontal frequency v, ``second[u, v]`` a
    coefficient; of the inverse ``first[i, v]`` is the same, ``second[i, j]`` a pixel.
    """

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]


def forward(blocks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return libjpeg's coefficients before quantization: eight times the orthonormal ones, rounded.

    Parameters
    ----------
    blocks : ndarray of uint8, shape (..., 8, 8)

    Returns
    -------
    ndarray of float64, shape (..., 8, 8)
        Integers.

    Raises
    ------
    InvalidParameterError
        If the blocks are no such array.

    Examples
    --------
    >>> forward(np.full((8, 8), 129, np.uint8))[0, :2]
    array([64.,  0.])
    """
    _, coefficients = _forward_passes(_check_blocks(blocks, "forward"))
    return _shifted(coefficients, FORWARD_BITS[1])


def coded(blocks: NDArray[np.uint8], table: ArrayLike) -> NDArray[np.int16]:
    """Return the quantized coefficients that libjpeg writes.

    Parameters
    ----------
    blocks : ndarray of uint8, shape (..., 8, 8)
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.

    Returns
    -------
    ndarray of int16, shape (..., 8, 8)

    Raises
    ------
    InvalidParameterError
        If the blocks or the table are no such arrays.

    Examples
    --------
    >>> from etcprops.formats.quantization import standard_table
    >>> coded(np.full((8, 8), 200, np.uint8), standard_table(50))[0, :2]
    array([36,  0], dtype=int16)
    """
    steps = as_table(table, "table", "coded")
    coefficients = forward(_check_blocks(blocks, "coded"))
    # Halves go away from zero. The program multiplies by reciprocals that come to the same.
    sizes = np.floor((np.abs(coefficients) + 4 * steps) / (8 * steps))
    return np.copysign(sizes, coefficients).astype(np.int16)


def decoded(levels: NDArray[np.int16], table: ArrayLike) -> NDArray[np.uint8]:
    """Return the pixels that libjpeg makes of quantized coefficients.

    Parameters
    ----------
    levels : ndarray of int16, shape (..., 8, 8)
        As an encoder of 8-bit samples makes them: others may overflow the 16 bits in which
        processors compute, each in its way.
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.

    Returns
    -------
    ndarray of uint8, shape (..., 8, 8)

    Raises
    ------
    InvalidParameterError
        If the coefficients or the table are no such arrays.

    Examples
    --------
    >>> decoded(np.zeros((8, 8), np.int16), np.full((8, 8), 16))[0, :2]
    array([128, 128], dtype=uint8)
    """
    _, pixels = _inverse_passes(_check_levels(levels, "decoded"), table, "decoded")
    return np.clip(128 + _shifted(pixels, INVERSE_BITS[1]), 0, 255).astype(np.uint8)


def forward_ties(blocks: NDArray[np.uint8]) -> Ties:
    """Return where the encoder's transform rounds exactly a half.

    Parameters and errors are those of `forward`.

    Examples
    --------
    >>> bool(forward_ties(np.full((8, 8), 129, np.uint8)).second.any())
    False
    """
    rows, coefficients = _forward_passes(_check_blocks(blocks, "forward_ties"))
    return Ties(_tied(rows, FORWARD_BITS[0]), _tied(coefficients, FORWARD_BITS[1]))


def inverse_ties(levels: NDArray[np.int16], table: ArrayLike) -> Ties:
    """Return where the decoder's transform rounds exactly a half.

    Parameters and errors are those of `decoded`.

    Examples
    --------
    >>> levels = np.zeros((8, 8), np.int16)
    >>> levels[0, 0] = 1
    >>> bool(inverse_ties(levels, np.full((8, 8), 4)).second.all())
    True
    """
    caller = "inverse_ties"
    columns, pixels = _inverse_passes(_check_levels(levels, caller), table, caller)
    return Ties(_tied(columns, INVERSE_BITS[0]), _tied(pixels, INVERSE_BITS[1]))


def differing_pixels(
    blocks: NDArray[np.uint8], table: ArrayLike, code: int, *, negated: bool = False
) -> NDArray[np.bool_]:
    """Return which pixels of each block come back from JPEG otherwise if they went encrypted.

    Parameters
    ----------
    blocks : ndarray of uint8, shape (..., 8, 8)
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.
    code : int
        The element of D4, as in `EtCKey`.
    negated : bool, default=False
        Whether the block is negated too.

    Returns
    -------
    ndarray of bool, shape (..., 8, 8)
        Where decoding what was encrypted, coded, decoded and decrypted differs from what was coded
        and decoded.

    Raises
    ------
    InvalidParameterError
        If blocks, table or code are none.

    Examples
    --------
    >>> from etcprops.formats.quantization import standard_table
    >>> block = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> int(differing_pixels(block, standard_table(50), 0, negated=True).sum())
    64
    """
    caller = "differing_pixels"
    code = as_integer(code, "code", caller, 0, N_TRANSFORMS - 1)
    operation = Operation(code, bool(negated))
    plain = decoded(coded(_check_blocks(blocks, caller), table), table)
    back = decoded(coded(on_pixels(blocks, operation), table), table)
    return np.asarray(undone_on_pixels(back, operation) != plain)


def may_differ(
    blocks: NDArray[np.uint8], table: ArrayLike, code: int, *, negated: bool = False
) -> NDArray[np.bool_]:
    """Return in which blocks a rounding of a half can tell what was encrypted from what was not.

    Parameters
    ----------
    blocks, table, code, negated
        As for `differing_pixels`; the code exchanges no rows and columns (0, 2, 4, 6), and for
        negation the DC step divides 8.

    Returns
    -------
    ndarray of bool, shape (...)
        In the other blocks no pixel differs: every number that the passes round has the same or
        the opposite value, and only the opposite of a half is rounded otherwise.

    Raises
    ------
    InvalidParameterError
        If blocks, table or code are none, or are not of these.

    Examples
    --------
    >>> from etcprops.formats.quantization import standard_table
    >>> block = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> bool(may_differ(block, standard_table(75), 6))
    False
    """
    caller = "may_differ"
    code = as_integer(code, "code", caller, 0, N_TRANSFORMS - 1)
    if code in TURNING:
        reject("code", caller, "be 0, 2, 4 or 6: the others exchange the passes", describe(code))
    steps = as_table(table, "table", caller)
    if negated and 8 % steps[0, 0]:
        reject("table", caller, "have a DC step that divides 8", describe(int(steps[0, 0])))
    rows, columns = _opposite(code, negated=negated)
    there = forward_ties(_check_blocks(blocks, caller))
    back = inverse_ties(coded(blocks, steps), steps)
    found = (there.first & columns) | (there.second & (rows ^ columns))
    found |= (back.first & columns) | (back.second & negated)
    found = np.asarray(found.any(axis=(-2, -1)))
    if negated:  # halves go away from 0, not from the middle, which is at -4
        constant = forward(blocks)[..., 0, 0]
        found |= (abs(constant + 32) < 32) & (constant % (8 * steps[0, 0]) == 4 * steps[0, 0])
    return found


def _opposite(code: int, *, negated: bool) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which vertical, and together with negation which horizontal, frequencies change sign.

    Of shapes (8, 1) and (8,); mirrors left-right are codes 2 and 4, mirrors up-down 2 and 6.
    """
    odd = np.arange(SIDE) % 2 == 1
    rows = odd[:, None] & (code in {2, 6})
    columns = (odd & (code in {2, 4})) ^ negated
    return rows, columns


def _forward_passes(blocks: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the forward passes are about to shift: rows, then coefficients."""
    rows = (blocks.astype(np.float64) - 128) @ MATRIX.T
    return rows, MATRIX @ _shifted(rows, FORWARD_BITS[0])


def _inverse_passes(
    levels: NDArray[np.int16], table: ArrayLike, caller: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the inverse passes are about to shift: columns, then pixels."""
    columns = MATRIX.T @ (levels.astype(np.float64) * as_table(table, "table", caller))
    return columns, _shifted(columns, INVERSE_BITS[0]) @ MATRIX


def _shifted(numbers: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Shift integers right by `bits`, halves going up; exact, since they are below 2^51."""
    return np.floor(numbers * 2.0**-bits + 0.5)


def _tied(numbers: NDArray[np.float64], bits: int) -> NDArray[np.bool_]:
    """Tell where `_shifted` had exactly a half to round."""
    return np.asarray(numbers % 2.0**bits == 2.0 ** (bits - 1))


def _check_blocks(value: Any, caller: str) -> NDArray[np.uint8]:
    """Return `value` if it is an array of blocks of pixels."""
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.shape[-2:] != (8, 8):
        reject("blocks", caller, "be an array of uint8 and shape (..., 8, 8)", describe(value))
    return value


def _check_levels(value: Any, caller: str) -> NDArray[np.int16]:
    """Return `value` if it is an array of blocks of quantized coefficients."""
    if not isinstance(value, np.ndarray) or value.dtype != np.int16 or value.shape[-2:] != (8, 8):
        reject("levels", caller, "be an array of int16 and shape (..., 8, 8)", describe(value))
    return value
