"""How pieces are arranged on their grid: freely, by rows and columns, by shifts, or linearly.

Each form that fits has its draws, the numbers that a key must choose, and so a size in bits. Forms
with fewer bits explain more: rows that are shuffled whole are 44 bits of 16 rows, and 1684 bits of
256 pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class DrawKind(StrEnum):
    """What a key chooses."""

    PERMUTATION = "permutation"
    CODES = "codes"
    BITS = "bits"


@dataclass(frozen=True)
class Draw:
    """Numbers that one key chooses.

    Attributes
    ----------
    name : str
        What they are.
    kind : DrawKind
        Permutations, codes that are independent of each other, or bits.
    values : ndarray of int64, shape (count,), or (m, count) for m permutations
        The numbers.
    bound : int
        How many values each can take.
    neutral : bool
        Whether they change nothing.
    """

    name: str
    kind: DrawKind
    values: Integers
    bound: int
    neutral: bool

    @property
    def bits(self) -> float:
        """log2 of the number of choices."""
        if self.kind is DrawKind.PERMUTATION:
            number, count = self.values.shape
            return float(number * math.lgamma(count + 1) / math.log(2))
        return float(self.values.size * math.log2(self.bound))


def permutation(name: str, order: Integers) -> Draw:
    """Return the draw of a permutation, or of several, shape (m, count)."""
    orders = np.atleast_2d(order)
    count = orders.shape[1]
    still = bool((orders == np.arange(count)).all())
    return Draw(name, DrawKind.PERMUTATION, orders, count, still)


def codes(name: str, values: Integers, bound: int) -> Draw:
    """Return the draw of codes below `bound`, of which 0 changes nothing."""
    kind = DrawKind.BITS if bound == 2 else DrawKind.CODES
    return Draw(name, kind, values, bound, not values.any())


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
        # The first row and column tell most forms from the rest, of images with a million pixels.
        if _constant(y[:1], 1) and _constant(x[:, :1], 0) and _constant(y, 1) and _constant(x, 0):
            yield (
                "rows and columns",
                (
                    permutation(f"order of the rows of {piece}", y[:, 0]),
                    permutation(f"order of the columns of {piece}", x[0]),
                ),
            )
        if not y[0].any() and (y == np.arange(rows)[:, None]).all():
            yield "within rows", (permutation(f"permutation of the {piece} of each row", x),)
        if not x[:, 0].any() and (x == np.arange(columns)).all():
            name = f"permutation of the {piece} of each column"
            yield "within columns", (permutation(name, y.T),)
    elif order.size > 1 and ((order - np.arange(order.size)) % order.size == order[0]).all():
        yield "one cyclic shift", (codes(f"shift of the {piece}", order[:1], order.size),)
    yield "free", (permutation(f"permutation of the {piece}", order),)


def _constant(values: Integers, axis: int) -> bool:
    """Tell whether values are the same along an axis."""
    return bool((values == values.take([0], axis=axis)).all())


def shifts(y: Integers, x: Integers) -> Iterator[tuple[str, tuple[Draw, ...]]]:
    """Yield one shift of all, of each row, each column, or first the ones and then the others."""
    rows, columns = y.shape
    each_row, each_column = "shift of each row", "shift of each column"
    row_wise = _constant((x[:1] - np.arange(columns)) % columns, 1)
    column_wise = _constant((y[:, :1] - np.arange(rows)[:, None]) % rows, 0)
    if not row_wise and not column_wise:
        return
    up, left = (y - np.arange(rows)[:, None]) % rows, (x - np.arange(columns)) % columns
    row_wise, column_wise = _constant(left, 1), _constant(up, 0)
    if row_wise and column_wise and _constant(left, 0) and _constant(up, 1):
        yield (
            "one cyclic shift",
            (
                codes("shift downwards", up[0, :1], rows),
                codes("shift to the right", left[0, :1], columns),
            ),
        )
    if row_wise and not up.any():
        yield "each row shifted", (codes(each_row, left[:, 0], columns),)
    if column_wise and not left.any():
        yield "each column shifted", (codes(each_column, up[0], rows),)
    if column_wise and (shift := _by_label(y, left, rows)) is not None:
        draws = (codes(each_row, shift, columns), codes(each_column, up[0], rows))
        yield "rows shifted, then columns", draws
    if row_wise and (shift := _by_label(x, up, columns)) is not None:
        draws = (codes(each_column, shift, rows), codes(each_row, left[:, 0], columns))
        yield "columns shifted, then rows", draws


def _by_label(labels: Integers, values: Integers, count: int) -> Integers | None:
    """Return the value that goes with each label, or None if one label has several."""
    found = np.zeros(count, dtype=np.int64)
    found[labels.reshape(-1)] = values.reshape(-1)
    return found if (found[labels] == values).all() else None


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
    kind = DrawKind.CODES
    # An even choice among invertible matrices is not one of each entry: nothing is tested.
    yield (
        "a linear map of the places",
        (Draw("matrix of the places", kind, values, side, bool((values == identity).all())),),
    )
