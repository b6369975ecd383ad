"""Which pixels go together: nearest neighbours over images under one key, up to sign.

What is near in the plane is alike in every image, wherever a common key has put it and whether it
negated it. Distances are those of pixels less their means, or of their negatives, if that is
nearer; each image is weighted by how well its pixels are predicted by their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

_ROWS: Final = 512  # compared with all others at a time
_GROUP: Final = 16  # columns that are looked at closely only if one of them may be among the best
_SAMPLE: Final = 1000  # pixels from which weights of images are found


@dataclass(frozen=True)
class Neighbours:
    """The nearest of each pixel, the nearest first.

    Attributes
    ----------
    index : ndarray of int64, shape (n, k)
        Which pixels.
    distance : ndarray of float32, shape (n, k)
        Squared distance, to the pixel or to its negative.
    sign : ndarray of int64, shape (n, k)
        -1 where the negative is nearer.
    """

    index: Integers
    distance: Floats
    sign: Integers


def weighted(pixels: Floats, rng: np.random.Generator) -> Floats:
    """Return pixels less their means, shape (n, N), with images weighted by their smoothness."""
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    rows = rng.permutation(len(centred))[:_SAMPLE]
    weight = np.ones(centred.shape[1], dtype=np.float32)
    for _ in range(2):
        near = nearest(centred * weight, 1, rows)
        other = centred[near.index[:, 0]] * near.sign.astype(np.float32)
        error = np.square(centred[rows] - other).mean(axis=0)
        # Flat images must not drown the rest, hence the one grey level.
        weight = (1 / np.sqrt(error + 1e-2 * error.mean() + np.float32(1e-12))).astype(np.float32)
    return np.asarray(centred * weight)


def nearest(pixels: Floats, count: int, rows: Integers | None = None) -> Neighbours:
    """Return the `count` nearest of each pixel, or of those in `rows`, itself left out.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n, N)
        Pixels less their means.
    count : int
        How many; fewer if there are not so many others.
    rows : ndarray of int64, optional
        Pixels whose neighbours are asked for.

    Returns
    -------
    Neighbours
    """
    n = len(pixels)
    rows = np.arange(n) if rows is None else rows
    energy = np.square(pixels).sum(axis=1)
    width = -(-n // _GROUP)
    count = min(count, n - 1)
    parts = []
    for start in range(0, len(rows), _ROWS):
        chosen = rows[start : start + _ROWS]
        at = np.arange(len(chosen))
        padded = np.full((len(chosen), width * _GROUP), np.inf, dtype=np.float32)
        distance = padded[:, :n]
        np.abs(pixels[chosen] @ pixels.T, out=distance)
        distance *= -2
        distance += energy
        distance[at, chosen] = np.inf
        # Column j is in group j % width: the best are in the groups with the best minima.
        least = padded.reshape(len(chosen), _GROUP, width).min(axis=1)
        groups = _smallest(least, min(count, width))
        columns = (groups[:, :, None] + width * np.arange(_GROUP)).reshape(len(chosen), -1)
        values = np.take_along_axis(padded, columns, axis=1)
        place = _smallest(values, count)
        index = np.take_along_axis(columns, place, axis=1)
        value = np.take_along_axis(values, place, axis=1) + energy[chosen, None]
        product = np.vecdot(pixels[chosen][:, None], pixels[index])
        parts.append((index, np.maximum(value, 0), np.where(product < 0, -1, 1)))
    return Neighbours(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _smallest(values: Floats, count: int) -> Integers:
    """Return the columns of the `count` smallest of each row, in ascending order."""
    if count < values.shape[1]:
        columns = np.argpartition(values, count - 1, axis=1)[:, :count]
    else:
        columns = np.broadcast_to(np.arange(count), values.shape)
    order = np.take_along_axis(values, columns, axis=1).argsort(axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def relative_signs(pixels: Floats, neighbours: Neighbours) -> Integers:
    """Return signs under which neighbours agree, along a minimum spanning tree, shape (n,).

    Parts that have no neighbour in common are joined by their nearest pixels.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n, N)
        Pixels less their means.
    neighbours : Neighbours
        Of each pixel.

    Returns
    -------
    ndarray of int64, shape (n,)
        Up to one sign of all.
    """
    n, count = neighbours.index.shape
    rows = np.repeat(np.arange(n), count)
    columns, distance = neighbours.index.ravel(), neighbours.distance.ravel()
    while True:
        # Zero would be no edge; SciPy's trees take 32-bit indices, the older ones no others.
        ends = rows.astype(np.int32), columns.astype(np.int32)
        graph = coo_array((distance.astype(np.float64) + 1e-9, ends), shape=(n, n))
        parts, label = connected_components(graph, directed=False)
        if parts == 1:
            break
        inside = np.flatnonzero(label == np.bincount(label).argmin())
        outside = np.flatnonzero(label != label[inside[0]])
        near = nearest(pixels[np.r_[inside, outside]], n - 1, np.arange(len(inside)))
        at, k = np.nonzero(near.index >= len(inside))
        best = near.distance[at, k].argmin()
        rows = np.append(rows, inside[at[best]])
        columns = np.append(columns, outside[near.index[at[best], k[best]] - len(inside)])
        distance = np.append(distance, near.distance[at[best], k[best]])
    tree = minimum_spanning_tree(graph.tocsr().maximum(graph.tocsr().T))
    order, parent = breadth_first_order(tree, 0, directed=False)
    product = np.vecdot(pixels[order[1:]], pixels[parent[order[1:]]])
    signs = np.ones(n, dtype=np.int64)
    for child, mother, value in zip(order[1:], parent[order[1:]], product, strict=True):
        signs[child] = -signs[mother] if value < 0 else signs[mother]
    return signs
