"""Pieces that move within blocks of them, whether these blocks stay or move whole as well.

An even order within each block is no even order of all pieces: who takes it for one sees each
piece come from few places. Blocks that move are arranged themselves, in any of the forms there are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.arrangement import arrangements
from etcprops.probing.draws import Draw, permutation
from etcprops.probing.layouts import divisors
from etcprops.probing.uniformity import FACT_ERROR

Integers = NDArray[np.int64]
Form = tuple[str, list[tuple[Draw, ...]]]


def arranged(orders: Sequence[Integers], grid: tuple[int, int], piece: str) -> list[Form]:
    """Return the forms of arrangement that several permutations share, with the draws of each.

    Parameters
    ----------
    orders : sequence of ndarray of int64, shape (rows * columns,)
        The piece that stands at each place, under each key.
    grid : tuple of int
        Rows and columns.
    piece : str
        What the pieces are called, for the names of draws.

    Returns
    -------
    list of (str, list of tuples of Draw)

    Examples
    --------
    >>> pairs = np.array([1, 0, 2, 3, 5, 4, 7, 6])
    >>> [name for name, _ in arranged([pairs] * 9, (1, 8), "single pixels")]
    ['free', 'within blocks of 1 x 2, which stay']
    """
    still = np.arange(orders[0].size)
    if all(np.array_equal(order, still) for order in orders):
        name = f"permutation of the {piece}"
        return [("free", [(permutation(name, order),) for order in orders])]
    found = [dict(arrangements(order, grid, piece)) for order in orders]
    names = [name for name in found[0] if all(name in f for f in found)]
    forms: list[Form] = [(name, [f[name] for f in found]) for name in names]
    return forms + _within(orders, grid, piece) if names == ["free"] else forms


def _within(orders: Sequence[Integers], grid: tuple[int, int], piece: str) -> list[Form]:
    """Return the forms in which pieces move within blocks; none if chance makes such blocks."""
    rows, columns = grid
    units = [(h, w) for h in divisors(rows) for w in divisors(columns)]
    units = [u for u in units if 1 < u[0] * u[1] < rows * columns]
    for unit in sorted(units, key=lambda u: (u[0] * u[1], u)):
        if (cut := _cut(orders, grid, unit)) is not None:
            break
    else:
        return []
    count = unit[0] * unit[1]
    number = rows * columns // count
    saved = _log2_factorial(rows * columns) - _log2_factorial(number)
    saved -= number * _log2_factorial(count)
    if saved * len(orders) < math.log2(len(units) / FACT_ERROR):
        return []
    single = piece == "single pixels"
    blocks = f"blocks of {unit[0]} x {unit[1]}" + ("" if single else f" {piece}")
    name = f"permutation of the {piece} within {blocks}"
    if unit in {(1, columns), (rows, 1)}:
        line = "row" if unit[0] == 1 else "column"
        blocks, name = f"{line}s", f"permutation of the {piece} of each {line}"
    inside = [permutation(name, order) for _, order in cut]
    above = arranged([above for above, _ in cut], (rows // unit[0], columns // unit[1]), blocks)
    forms = []
    for outer, draws in above:
        moves = f"which move: {outer}" if outer != "free" else "which move"
        if all(d.neutral for each in draws for d in each):
            moves = "which stay"
        each = [(*outer, order) for outer, order in zip(draws, inside, strict=True)]
        forms.append((f"within {blocks}, {moves}", each))
    return forms


def _cut(
    orders: Sequence[Integers], grid: tuple[int, int], unit: tuple[int, int]
) -> list[tuple[Integers, Integers]] | None:
    """Return where blocks come from, and the places in them; None unless they move whole."""
    columns = grid[1]
    cut = []
    for order in orders:
        # The first block tells most sizes from those that fit.
        corner = order.reshape(grid)[: unit[0], : unit[1]].reshape(1, -1)
        if _block_of(corner, columns, unit) is None:
            return None
        split = order.reshape(grid[0] // unit[0], unit[0], columns // unit[1], unit[1])
        tiled = split.swapaxes(1, 2).reshape(-1, unit[0] * unit[1])
        block = _block_of(tiled, columns, unit)
        if block is None:
            return None
        y, x = np.divmod(tiled, columns)
        cut.append((block, y % unit[0] * unit[1] + x % unit[1]))
    return cut


def _block_of(tiled: Integers, columns: int, unit: tuple[int, int]) -> Integers | None:
    """Return the block from which each row of an array comes; None if one comes from several."""
    y, x = np.divmod(tiled, columns)
    block = y // unit[0] * (columns // unit[1]) + x // unit[1]
    return block[:, 0].copy() if (block == block[:, :1]).all() else None


def _log2_factorial(number: int) -> float:
    return math.lgamma(number + 1) / math.log(2)
