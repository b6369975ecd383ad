"""Quantization tables of JPEG: the standard ones, and those with which encryption commutes.

The standard tables are those of Annex K, scaled by a quality as libjpeg does. They are not
symmetric, so a quarter turn of a block asks for another table, and the step of their constant
coefficient (DC) is 16 at quality 50, where the negative of a block can have no code.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_array, as_choice, as_integer, describe, reject

SIDE: Final = 8
"""Side of JPEG's blocks."""

DC_STEPS: Final = (4, 2, 1)
"""Steps of the luminance's DC under which every block has a code whose negative is one."""

_STANDARD: Final = {
    "luminance": (
        (16, 11, 10, 16, 24, 40, 51, 61),
        (12, 12, 14, 19, 26, 58, 60, 55),
        (14, 13, 16, 24, 40, 57, 69, 56),
        (14, 17, 22, 29, 51, 87, 80, 62),
        (18, 22, 37, 56, 68, 109, 103, 77),
        (24, 35, 55, 64, 81, 104, 113, 92),
        (49, 64, 78, 87, 103, 121, 120, 101),
        (72, 92, 95, 98, 112, 100, 103, 99),
    ),
    "chrominance": (
        (17, 18, 24, 47, 99, 99, 99, 99),
        (18, 21, 26, 66, 99, 99, 99, 99),
        (24, 26, 56, 99, 99, 99, 99, 99),
        (47, 66, 99, 99, 99, 99, 99, 99),
        *((99,) * 8,) * 4,
    ),
}


def standard_table(quality: int, kind: str = "luminance") -> NDArray[np.int64]:
    """Return the table of Annex K at a quality, as libjpeg and Pillow write it.

    Parameters
    ----------
    quality : int
        From 1 to 100.
    kind : {"luminance", "chrominance"}
        Which of the two tables.

    Returns
    -------
    ndarray of int64, shape (8, 8)
        Steps from 1 to 255; the row is the vertical frequency.

    Raises
    ------
    InvalidParameterError
        If the quality or the kind is another.

    References
    ----------
    ITU-T Recommendation T.81, 1992, tables K.1 and K.2; libjpeg, `jpeg_quality_scaling`.

    Examples
    --------
    >>> standard_table(75)[0]
    array([ 8,  6,  5,  8, 12, 20, 26, 31])
    """
    quality = as_integer(quality, "quality", "standard_table", 1, 100)
    base = np.array(_STANDARD[as_choice(kind, _STANDARD, "kind", "standard_table")])
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.asarray(np.clip((base * scale + 50) // 100, 1, 255))


def symmetrised(table: ArrayLike) -> NDArray[np.int64]:
    """Return the mean of a table and its transpose, rounded up: what turns of blocks leave alone.

    Parameters
    ----------
    table : array_like of int, shape (8, 8)
        Steps from 1 to 255.

    Raises
    ------
    InvalidParameterError
        If it is no such table.

    Examples
    --------
    >>> symmetrised(standard_table(50))[:2, :2]
    array([[16, 12],
           [12, 12]])
    """
    steps = as_table(table, "table", "symmetrised")
    return (steps + steps.T + 1) // 2


def exact_table(quality: int, kind: str = "luminance") -> NDArray[np.int64]:
    """Return the standard table made fit for encryption: symmetric, with a DC step that divides 4.

    The luminance's DC step is the largest of 4, 2, 1 that does not exceed the standard one. In
    chrominance, whose middle is a level of its own, it may be any.

    Parameters
    ----------
    quality, kind
        As for `standard_table`.

    Notes
    -----
    Negation takes the DC coefficient ``c`` of a block, which JPEG counts from 128, to ``-c - 8``.
    A block that is its own negative after a turn has ``c = -4``, and whatever code ``k`` it is
    given must satisfy ``k = -k - 8 / step``: so ``4 / step`` has to be an integer. The division of
    8 does not suffice: with a step of 8 such a block has no code that commutes.

    Examples
    --------
    >>> exact_table(75)[0]
    array([ 4,  6,  6,  8, 11, 16, 26, 34])
    >>> exact_table(95)[0, :2]
    array([2, 1])
    """
    table = symmetrised(standard_table(quality, kind))
    if kind == "luminance":
        table[0, 0] = next(step for step in DC_STEPS if step <= table[0, 0])
    return table


def as_table(value: Any, parameter: str, caller: str) -> NDArray[np.int64]:
    """Return `value` as a table of 8 x 8 steps from 1 to 255, which 8-bit files hold."""
    wanted = "be 8 x 8 integers from 1 to 255"
    table = as_array(value, parameter, caller, wanted)
    if table.shape != (SIDE, SIDE) or table.dtype.kind not in "iu":
        reject(parameter, caller, wanted, describe(table))
    if table.min() < 1 or table.max() > 255:
        outside = table.min() if table.min() < 1 else table.max()
        reject(parameter, caller, wanted, f"{outside}.")
    return table.astype(np.int64)
