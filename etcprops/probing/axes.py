"""Maps that only read pixels in another order of the axes: transposed, planar, column by column.

Such an order is a nest of loops, each of so many steps of one length: whatever reshapes,
transposes, mirrors and separates odd lines from even ones is one.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.draws import Draw, DrawKind

Integers = NDArray[np.int64]
Loops = tuple[tuple[int, int], ...]


def loops_of(source: Integers) -> Loops | None:
    """Return the nest of loops by which a permutation is read, outermost first, or None.

    Parameters
    ----------
    source : ndarray of int64, shape (n,)
        The place that each place of the result shows.

    Returns
    -------
    tuple of (int, int) or None
        How many steps each loop makes, and how long they are.

    Examples
    --------
    >>> columns_first = np.arange(12).reshape(3, 4).ravel(order="F")
    >>> loops_of(columns_first), loops_of(np.array([0, 1, 3, 2, 4, 5]))
    (((4, 1), (3, 4)), None)
    """
    found = []
    rest = source
    while rest.size > 1:
        step = int(rest[1] - rest[0])
        ends = np.flatnonzero(np.diff(rest[: 1 << 12]) != step)
        if not ends.size:
            ends = np.flatnonzero(np.diff(rest) != step)
        extent = int(ends[0]) + 1 if ends.size else rest.size
        if rest.size % extent:
            return None
        rows = rest.reshape(-1, extent)
        if (rows - rows[:, :1] != step * np.arange(extent)).any():
            return None
        found.append((extent, step))
        rest = rows[:, 0]
    return tuple(reversed(found))


def draw_of(loops: Loops, size: int) -> Draw:
    """Return what a key must choose: two numbers up to the number of pixels for each loop."""
    values = np.array(loops, dtype=np.int64).reshape(-1)
    still = loops in {(), ((size, 1),)}
    return Draw("order and direction of the axes", DrawKind.WHOLE, values, max(size, 1), still)


def in_words(loops: Loops, shape: tuple[int, ...], out_shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return an order of the axes in words.

    Examples
    --------
    >>> loops = loops_of(np.arange(12).reshape(3, 4).ravel(order="F"))
    >>> in_words(loops, (3, 4), (3, 4))
    ('pixels are read column by column (the order "F") and laid out in rows',)
    """
    places = np.arange(prod(shape)).reshape(shape)
    names = {
        "the image as it is, laid out in another shape": places,
        'pixels are read column by column (the order "F") and laid out in rows': places.swapaxes(
            0, 1
        ),
        "components are read one after the other (planar) and laid out as they come": (
            np.moveaxis(places, -1, 0)
        ),
        'everything is read in the order "F", the first axis fastest': places.T,
    }
    known = [name for name, order in names.items() if loops_of(order.reshape(-1)) == loops]
    if known:
        return (known[0] if out_shape == shape else f"{known[0]}, as {_size(out_shape)}",)
    nest = ", in each of these ".join(f"{extent} steps of {step}" for extent, step in loops)
    return (f"the vector of pixels is read in another order of axes: {nest}",)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)
