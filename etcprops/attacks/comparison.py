"""How much of a reconstruction is right, in the measures of the literature on jigsaw puzzles.

Direct comparison, neighbour comparison and largest component, as Gallagher (2012) has them and
Chuman, Kurihara and Kiya (2017) use them for EtC images, up to what no attack can tell: one
symmetry of the frame, one sign, one order of the colour components.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from etcprops._validation import describe, reject
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Agreement:
    """Shares of a reconstruction that are right.

    Attributes
    ----------
    direct : float
        Dc: of the blocks, those in their place, in their orientation.
    neighbours : float
        Nc: of the pairs of adjacent places, those whose blocks are neighbours in truth, joined at
        the right sides.
    largest : float
        Lc: of the blocks, those in the largest part whose seams are right.
    """

    direct: float
    neighbours: float
    largest: float

    def __str__(self) -> str:
        return f"Dc {self.direct:.3f}, Nc {self.neighbours:.3f}, Lc {self.largest:.3f}"


def compare(found: Images, truth: Images, geometry: BlockGeometry) -> Agreement:
    """Compare a reconstruction with the plain images.

    Parameters
    ----------
    found, truth : ndarray of uint8, shape (N, H, W[, 3])
        Reconstruction and plain images, in the same order.
    geometry : BlockGeometry
        Their size, and that of the blocks.

    Returns
    -------
    Agreement
        Blocks that look alike in all images are taken for one another.

    Raises
    ------
    InvalidParameterError
        If the images are not of the geometry, or not as many.

    Examples
    --------
    >>> geometry = BlockGeometry(16, 16, block=8)
    >>> truth = np.random.default_rng(0).integers(0, 256, (2, 16, 16), dtype=np.uint8)
    >>> print(compare(255 - truth[:, ::-1], truth, geometry))
    Dc 1.000, Nc 1.000, Lc 1.000
    >>> print(compare(np.roll(truth, 8, axis=1), truth, geometry))
    Dc 0.000, Nc 0.500, Lc 0.500
    """
    for images, name in ((found, "found"), (truth, "truth")):
        wanted = f"be an array of uint8 and shape (N, {', '.join(map(str, geometry.shape))})"
        fits = isinstance(images, np.ndarray) and images.dtype == np.uint8
        if not fits or images.shape[1:] != geometry.shape or len(images) != len(truth):
            reject(name, "compare", wanted, describe(images))
    true_blocks = _blocks(truth, geometry)
    direct, pairs = 0.0, []
    for image in _readings(found):
        blocks = _blocks(image, geometry)
        direct = max(direct, float((blocks == true_blocks).mean()))
        pairs.append(_right_pairs(_places(blocks, true_blocks), geometry))
    rows, columns = geometry.grid
    total = rows * (columns - 1) + columns * (rows - 1)
    # Readings are kept apart: a part of the picture is right in one of them.
    largest = max(_largest_part(p, geometry) for p in pairs)
    neighbours = len(np.unique(np.concatenate(pairs), axis=0)) / total if total else 1.0
    return Agreement(direct, neighbours, largest)


def _readings(images: Images) -> Iterator[Images]:
    """Yield the images in all ways that no attack can tell apart."""
    turned: list[Images] = []
    for turns in range(4):
        for picture in (images, images[:, :, ::-1]):
            candidate = np.rot90(picture, turns, axes=(1, 2))
            if candidate.shape == images.shape:
                turned.append(candidate)
    orders: Any = COMPONENT_ORDERS if images.ndim == 4 else [None]
    for picture in turned:
        for order in orders:
            coloured = picture if order is None else picture[..., order]
            yield from (coloured, 255 - coloured)


def _blocks(images: Images, geometry: BlockGeometry) -> NDArray[Any]:
    """Return each block, over all images, as one opaque value, shape (n_blocks,)."""
    (rows, columns), side = geometry.grid, geometry.block
    tiles = images.reshape(len(images), rows, side, columns, side, geometry.channels)
    flat = np.ascontiguousarray(tiles.transpose(1, 3, 0, 2, 4, 5)).reshape(geometry.n_blocks, -1)
    return flat.view(np.dtype((np.void, flat.shape[1]))).ravel()


def _places(blocks: NDArray[Any], true_blocks: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each block is in truth, -1 for nowhere; where it is if that is one place."""
    order = np.argsort(true_blocks, kind="stable")
    place = np.minimum(np.searchsorted(true_blocks[order], blocks), len(order) - 1)
    places = np.where(true_blocks[order][place] == blocks, order[place], -1)
    return np.where(true_blocks == blocks, np.arange(len(blocks)), places)


def _right_pairs(places: NDArray[np.int64], geometry: BlockGeometry) -> NDArray[np.int64]:
    """Return the adjacent pairs of the reconstruction that are adjacent in truth, shape (p, 2)."""
    rows, columns = geometry.grid
    here = np.arange(geometry.n_blocks).reshape(rows, columns)
    true_row, true_column = np.where(places < 0, -9, np.divmod(places, columns)).reshape(
        2, rows, columns
    )
    found = []
    for a, b, step in (
        (np.s_[:, :-1], np.s_[:, 1:], (0, 1)),
        (np.s_[:-1], np.s_[1:], (1, 0)),
    ):
        right = (true_row[b] - true_row[a] == step[0]) & (
            true_column[b] - true_column[a] == step[1]
        )
        found.append(np.stack([here[a][right], here[b][right]], axis=1))
    return np.concatenate(found)


def _largest_part(pairs: NDArray[np.int64], geometry: BlockGeometry) -> float:
    """Return the share of blocks in the largest part that right pairs connect."""
    n = geometry.n_blocks
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    return float(np.bincount(labels).max()) / n
