"""How pieces are arranged on their grid: freely, by rows and columns, by shifts, or linearly.

Each form that fits has its draws, the numbers that a key must choose, and so a size in bits. Forms
with fewer bits explain more: rows that are shuffled whole are 44 bits of 16 rows, and 1684 bits of
256 pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.draws import Draw, DrawKind, codes, constant, permutation
from etcprops.probing.shifts import shifts, three_turns

Integers = NDArray[np.int64]


def arrangements(
    order: Integers, grid: tuple[int, int], piece: str
) -> Iterator[tuple[str, tuple[Draw, ...]]]:
    """Yield each form of arrangement that a permutation of the pieces of a grid has.

    Parameters
    ----------
    order : ndarray of int64, shape (rows * columns,)
        The piece that stands at each place.
    grid : tuple of int
        Rows and columns.
    piece : str
        What the pieces are called, for the names of draws.

    Yields
    ------
    name : str
        Of the form.
    draws : tuple of Draw
        What a key chooses.

    Examples
    --------
    >>> rolled = np.roll(np.arange(12).reshape(3, 4), 1, axis=1).reshape(-1)
    >>> [name for name, _ in arrangements(rolled, (3, 4), "pixels")][:2]
    ['one cyclic shift', 'each row shifted']
    """
    rows, columns = grid
    if rows > 1 and columns > 1:
        y = order.reshape(grid) // columns
        x = order.reshape(grid) - y * columns
        yield from _linear(y, x)
        yield from shifts(y, x)
        yield from three_turns(y, x)
        # The first row and column tell most forms from the rest, of images with a million pixels.
        if constant(y[:1], 1) and constant(x[:, :1], 0) and constant(y, 1) and constant(x, 0):
            yield (
                "rows and columns",
                (
                    permutation(f"order of the rows of {piece}", y[:, 0]),
                    permutation(f"order of the columns of {piece}", x[0]),
                ),
            )
    elif order.size > 1 and ((order - np.arange(order.size)) % order.size == order[0]).all():
        yield "one cyclic shift", (codes(f"shift of the {piece}", order[:1], order.size),)
    yield "free", (permutation(f"permutation of the {piece}", order),)


def _linear(y: Integers, x: Integers) -> Iterator[tuple[str, tuple[Draw, ...]]]:
    """Yield a linear map of the places modulo the side of a square, such as Arnold's cat map."""
    side = y.shape[0]
    if side != y.shape[1] or side < 4:
        return
    places = np.arange(side)
    numbers = []
    for part in (y, x):
        constant, a, b = part[0, 0], part[1, 0] - part[0, 0], part[0, 1] - part[0, 0]
        first = (constant + b * places) % side
        if (first != part[0]).any() or ((a * places[:, None] + first) % side != part).any():
            return
        numbers += [a % side, b % side, constant]
    values = np.array(numbers, dtype=np.int64)
    identity = np.array([1, 0, 0, 0, 1, 0]) % side
    # An even choice among invertible matrices is not one of each entry: nothing is tested.
    whole = DrawKind.WHOLE
    yield (
        "a linear map of the places",
        (Draw("matrix of the places", whole, values, side, bool((values == identity).all())),),
    )
