"""In which order three neighbours stand: sorted orbits of a chaotic map forbid one of six.

Of the logistic map three values in turn never fall twice (Amigó, Kocarev and Szczepanski 2006), so
an order made by sorting its orbit is no even one, though each piece comes from everywhere. In even
orders disjoint triples are independent of each other. Which pieces are neighbours hangs on how the
code reads an image, so each usual way to read it is looked at; Holm's rule minds no dependence.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.description import Structure
from etcprops.probing.uniformity import LEAST_EXPECTED, UniformityTest, code_uniformity

Integers = NDArray[np.int64]

ORDERS = 6
"""Of three."""

MOST_TRIPLES = 1 << 16
"""Of one order: more show nothing new."""


def orders_of_three(name: str, orders: Integers, structure: Structure) -> Iterator[UniformityTest]:
    """Yield a test of the sources and one of the places for each way to read them.

    Parameters
    ----------
    name : str
        What is drawn.
    orders : ndarray of int64, shape (number, count)
        Permutations, of all pieces of `structure` or of other things.
    structure : Structure
        A description in which they are drawn.
    """
    number, count = orders.shape
    triples = min(count // 3, MOST_TRIPLES)
    if count <= 5 or number * triples < 4 * LEAST_EXPECTED * ORDERS:
        return
    inverses = np.empty_like(orders)
    np.put_along_axis(inverses, orders, np.arange(count)[None], axis=1)
    for how, reading in _readings(count, structure):
        rank = np.empty_like(reading)
        rank[reading] = np.arange(count)
        for what, rows in (("sources", orders), ("places", inverses)):
            three = rank[rows[:, reading[: 3 * triples]]].reshape(-1, 3)
            ranks = np.argsort(three, axis=1)
            codes = 2 * ranks[:, 0] + (ranks[:, 1] > ranks[:, 2])
            of_what = f"order of three neighbouring {what}{how}, {name}"
            yield code_uniformity(of_what, codes, ORDERS)


def _readings(count: int, structure: Structure) -> Iterator[tuple[str, Integers]]:
    """Yield ways to read so many numbers one after the other: as drawn, and as images are read."""
    numbers = np.arange(count)
    yield "", numbers
    height, width, _ = structure.size
    rows, columns = height // structure.unit[0], width // structure.unit[1]
    if structure.arrangement != "free" or structure.layout == "axes" or count != rows * columns:
        return
    if min(rows, columns) > 1:
        yield ", down the columns", numbers.reshape(rows, columns).T.reshape(-1)
    beside = structure.beside
    if beside > 1:
        planes = numbers.reshape(rows, beside, columns // beside)
        yield ", pixel by pixel", planes.swapaxes(1, 2).reshape(-1)
        yield ", component by component", planes.swapaxes(0, 1).reshape(-1)
