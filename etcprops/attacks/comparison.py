"""How much of a reconstruction is right, in the measures of the literature on jigsaw puzzles.

Direct comparison, neighbour comparison and largest component, as Gallagher (2012) has them and
Chuman, Kurihara and Kiya (2017) use them for EtC images, up to what no attack can tell: one
symmetry of the frame, one sign, one order of the colour components.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from etcprops._validation import as_integer, describe, reject
from etcprops.scheme.geometry import BlockGeometry, check_geometry
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
        Lc: of the blocks, those in the largest part whose seams are right, wherever in the frame it
        stands.
    """

    direct: float
    neighbours: float
    largest: float

    def __str__(self) -> str:
        return f"Dc {self.direct:.3f}, Nc {self.neighbours:.3f}, Lc {self.largest:.3f}"


def compare(
    found: Images, truth: Images, geometry: BlockGeometry, *, tolerance: int = 0
) -> Agreement:
    """Compare a reconstruction with the plain images.

    Parameters
    ----------
    found, truth : ndarray of uint8, shape (N, H, W[, 3])
        Reconstruction and plain images, in the same order.
    geometry : BlockGeometry
        Their size, and that of the blocks.
    tolerance : int, default=0
        By how many grey levels blocks may differ to be taken for one another: 1 where pixels were
        rounded after encryption, which may round a value and its negative to the same side.

    Returns
    -------
    Agreement
        Blocks that look alike in all images are taken for one another.

    Raises
    ------
    InvalidParameterError
        If the images are not of the geometry, or not as many, or `tolerance` is no grey level.

    Examples
    --------
    >>> geometry = BlockGeometry(16, 16, block=8)
    >>> truth = np.random.default_rng(0).integers(0, 256, (2, 16, 16), dtype=np.uint8)
    >>> print(compare(255 - truth[:, ::-1], truth, geometry))
    Dc 1.000, Nc 1.000, Lc 1.000
    >>> print(compare(np.roll(truth, 8, axis=1), truth, geometry))
    Dc 0.000, Nc 0.500, Lc 0.500
    """
    check_geometry(geometry, "compare")
    count = len(truth) if isinstance(truth, np.ndarray) and truth.ndim else "N"
    wanted = f"be an array of uint8 and shape ({count}, {', '.join(map(str, geometry.shape))})"
    for images, name in ((truth, "truth"), (found, "found")):
        plain = isinstance(images, np.ndarray) and not np.ma.is_masked(images)
        fits = plain and images.dtype == np.uint8
        if not fits or images.shape != (count, *geometry.shape) or not count:
            reject(name, "compare", wanted, describe(images))
    as_integer(tolerance, "tolerance", "compare", 0, 255)
    found_blocks, true_blocks = (_blocks(images, geometry) for images in (found, truth))
    direct, pairs = 0.0, []
    for reading in _readings(geometry):
        ids = _numbers(reading.turned(found_blocks), true_blocks, tolerance)
        direct = max(direct, reading.in_place(*ids))
        pairs.append(reading.right_pairs(*ids))
    # Readings are kept apart: each part of the picture is right in one of them.
    largest = max(_largest_part(p, geometry) for p in pairs)
    rows, columns = geometry.grid
    total = rows * (columns - 1) + columns * (rows - 1)
    neighbours = len(np.unique(np.concatenate(pairs), axis=0)) / total if total else 1.0
    return Agreement(direct, neighbours, largest)


@dataclass(frozen=True)
class _Reading:
    """One of the ways to look at a reconstruction that no attack can tell apart.

    First mirrored left to right, then turned by quarters; components in an order, the sign.
    """

    grid: tuple[int, int]
    mirrored: bool
    turns: int
    order: tuple[int, ...]
    negated: bool

    def _on_plane(self, array: NDArray[Any], axes: tuple[int, int] = (0, 1)) -> NDArray[Any]:
        return np.rot90(np.flip(array, axes[1]) if self.mirrored else array, self.turns, axes)

    def turned(self, blocks: Images) -> Images:
        """Return blocks, shape (n_blocks, N, B, B, C), in this reading, each where it is."""
        turned = self._on_plane(blocks, (2, 3))[..., list(self.order)]
        return 255 - turned if self.negated else turned

    def in_place(self, found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
        """Return the share of numbered blocks that are in their place."""
        picture = self._on_plane(found.reshape(self.grid))
        return (
            float((picture == true.reshape(self.grid)).mean()) if picture.shape == self.grid else 0
        )

    def right_pairs(self, found: NDArray[np.int64], true: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the adjacent places whose blocks are so adjacent in truth, shape (p, 2)."""
        here, picture = np.arange(found.size).reshape(self.grid), true.reshape(self.grid)
        numbers, pairs = found.reshape(self.grid), []
        most = int(max(found.max(), true.max())) + 1
        for step in ((0, 1), (1, 0)):
            a, b = _sides(here, step)
            first, second = _sides(picture, self._moved(step))
            known = first * most + second
            first, second = _sides(numbers, step)
            right = np.isin(first * most + second, known)
            pairs.append(np.stack([a[right], b[right]], axis=1))
        return np.concatenate(pairs)

    def _moved(self, step: tuple[int, int]) -> tuple[int, int]:
        """Return where a step of the reconstruction leads in truth."""
        row, column = step[0], -step[1] if self.mirrored else step[1]
        for _ in range(self.turns):
            row, column = -column, row
        return row, column


def _readings(geometry: BlockGeometry) -> Iterator[_Reading]:
    """Yield all readings."""
    orders = COMPONENT_ORDERS if geometry.channels == 3 else ((0,),)
    for choice in product((False, True), range(4), orders, (False, True)):
        yield _Reading(geometry.grid, *choice)


def _sides(grid: NDArray[np.int64], step: tuple[int, int]) -> tuple[NDArray[np.int64], ...]:
    """Return what stands at all places that have one a step further, and what stands there."""
    rows, columns = (
        slice(max(0, -d), n - max(0, d)) for d, n in zip(step, grid.shape, strict=True)
    )
    further = tuple(
        slice(s.start + d, s.stop + d) for s, d in zip((rows, columns), step, strict=True)
    )
    return grid[rows, columns].ravel(), grid[further].ravel()


def _blocks(images: Images, geometry: BlockGeometry) -> Images:
    """Return blocks, shape (n_blocks, N, B, B, C)."""
    (rows, columns), side = geometry.grid, geometry.block
    tiles = images.reshape(len(images), rows, side, columns, side, geometry.channels)
    return tiles.transpose(1, 3, 0, 2, 4, 5).reshape(
        geometry.n_blocks, len(images), side, side, geometry.channels
    )


def _numbers(
    found: Images, true: Images, tolerance: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give each block a number, the same where blocks look the same in all images."""
    both = np.ascontiguousarray(np.concatenate([found, true])).reshape(2 * len(true), -1)
    opaque = both.view(np.dtype((np.void, both.shape[1]))).ravel()
    numbers = np.unique(opaque, return_inverse=True)[1].astype(np.int64)
    mine, theirs = np.split(numbers, 2)
    if tolerance:
        one, other = np.split(both.astype(np.float64), 2)
        apart = cdist(one, other, "chebyshev")
        near = apart.argmin(axis=1)
        mine = np.where(apart.min(axis=1) <= tolerance, theirs[near], mine)
    return mine, theirs


def _largest_part(pairs: NDArray[np.int64], geometry: BlockGeometry) -> float:
    """Return the share of blocks in the largest part that right pairs connect."""
    n = geometry.n_blocks
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    return float(np.bincount(labels).max()) / n
