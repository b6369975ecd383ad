"""Cyclic shifts of rows and columns: of all, of each, and in turns, as Rubik's cube is turned.

Rows and then columns are told from where pixels come from alone. A third turn is undone first: in
each row of the result the rows that pixels come from are the same sequence, rotated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.draws import Draw, codes, constant

Integers = NDArray[np.int64]


def shifts(y: Integers, x: Integers) -> Iterator[tuple[str, tuple[Draw, ...]]]:
    """Yield one shift of all, of each row, each column, or first the ones and then the others."""
    rows, columns = y.shape
    each_row, each_column = "shift of each row", "shift of each column"
    row_wise = constant((x[:1] - np.arange(columns)) % columns, 1)
    column_wise = constant((y[:, :1] - np.arange(rows)[:, None]) % rows, 0)
    if not row_wise and not column_wise:
        return
    up, left = (y - np.arange(rows)[:, None]) % rows, (x - np.arange(columns)) % columns
    row_wise, column_wise = constant(left, 1), constant(up, 0)
    if row_wise and column_wise and constant(left, 0) and constant(up, 1):
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


def three_turns(y: Integers, x: Integers) -> Iterator[tuple[str, tuple[Draw, ...]]]:
    """Yield shifts of rows, columns and rows again, or of columns, rows and columns.

    Parameters
    ----------
    y, x : ndarray of int64, shape (rows, columns)
        The row and the column that each place of the result shows.
    """
    for first, second, sides in (("row", "column", (y, x)), ("column", "row", (x.T, y.T))):
        found = _three(*sides)
        if found is None:
            continue
        before, between, after = found
        rows, columns = sides[0].shape
        yield (
            f"{first}s shifted, then {second}s, then {first}s",
            (
                codes(f"first shift of each {first}", before, columns),
                codes(f"shift of each {second}", between, rows),
                # Shifting all by one more, and the first time by one less, is the same map.
                codes(f"second shift of each {first} but the first", after[1:], columns),
            ),
        )


def _three(y: Integers, x: Integers) -> tuple[Integers, Integers, Integers] | None:
    """Return the shifts of rows, columns and rows, if a map is made of such."""
    rows, columns = y.shape
    # Most maps fail at their first two rows.
    if (np.sort(y[0]) != np.sort((y[1] - 1) % rows)).any():
        return None
    up = (y - np.arange(rows)[:, None]) % rows
    turned = _rotations(up)
    if turned is None:
        return None
    back = (np.arange(columns) + turned[:, None]) % columns
    undone = [np.take_along_axis(part, back, axis=1) for part in (y, x)]
    left = (undone[1] - np.arange(columns)) % columns
    before = _by_label(undone[0], left, rows)
    return None if before is None else (before, up[0], turned)


def _rotations(sequences: Integers) -> Integers | None:
    """Return by how much each row is the first one rotated to the right; None if one is not."""
    first, columns = sequences[0], sequences.shape[1]
    values, counts = np.unique(first, return_counts=True)
    rarest = values[counts.argmin()]
    places = np.flatnonzero(first == rarest)
    found = np.zeros(len(sequences), dtype=np.int64)
    for number, sequence in enumerate(sequences):
        there = np.flatnonzero(sequence == rarest)
        if there.size != places.size:
            return None
        for shift in (there[0] - places) % columns:
            if np.array_equal(np.roll(first, shift), sequence):
                found[number] = shift
                break
        else:
            return None
    return found
