"""How well two encrypted blocks fit together, side by side, over all images under one key.

A common key cuts every image alike, so all pixels of all images along a side are one long vector,
and the right neighbour must continue it in every image. A line is predicted from those before it by
coefficients that are fitted inside the blocks, where neighbours are known: turning, mirroring and
negating a block leave them as they are. Costs of the 32 gluings of two blocks, each with both signs,
come from matrix products, and only the best few for each side are kept.

Predictions across a border, each image in units of its own error, are those of Pomeranz, Shemesh and
Ben-Shahar ("A fully automated greedy square jigsaw puzzle solver", CVPR 2011) and of Gallagher
("Jigsaw puzzles with pieces of unknown orientation", CVPR 2012); Chuman, Kurihara and Kiya ("On the
security of block scrambling-based EtC systems against extended jigsaw puzzle solver attacks", 2018)
first took them to encrypted images, one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

LINES: Final = 3
"""Lines from the border inwards that a prediction sees."""
ENTRIES: Final = 1 << 22
"""Products of sides that are held at a time."""
SAMPLE: Final = 200_000
"""Pixels from which the prediction is fitted."""
ROUNDING: Final = 1 / 12
"""Variance of the rounding to whole grey levels: no image is smoother than that."""
ORDERS: Final = tuple(permutations(range(3)))
"""Orders of three colour components, as in the key."""


def cut(images: NDArray[Any], geometry: BlockGeometry) -> Floats:
    """Return blocks about mid-grey, or floats as they are, shape (n, N, C, B, B)."""
    side, (rows, columns) = geometry.block, geometry.grid
    pixels = images.reshape(len(images), rows, side, columns, side, geometry.channels)
    blocks = pixels.transpose(1, 3, 0, 5, 2, 4).astype(np.float32)
    if images.dtype == np.uint8:
        blocks -= np.float32(127.5)
    return blocks.reshape(-1, len(images), geometry.channels, side, side)


class Borders:
    """The borders of all blocks, and what is predicted to come after them.

    Side ``4 b + s`` is the top of block ``b`` after ``s`` quarter turns, read from left to right.

    Parameters
    ----------
    blocks : ndarray of float32, shape (n, N, C, B, B)
        From `cut`, B at least 2.
    rounding : float, default=ROUNDING
        Least squared error of a prediction.

    Attributes
    ----------
    n, channels : int
        Numbers of blocks and of components.
    lines : ndarray of float32, shape (C, 4, n, 2, N, B)
        For each side of each block what is predicted beyond it, and its border, in units of the
        error of predictions within blocks.
    energy : ndarray of float32, shape (4, n)
        Sum of squares of both.
    smoothness : float
        Share of the variance of pixels that predictions within blocks explain; 0 for white noise.
    """

    def __init__(self, blocks: Floats, rounding: float = ROUNDING) -> None:
        self.n, images, self.channels, size, _ = blocks.shape
        depth = min(LINES + 1, size)
        turned = [np.rot90(blocks, turns, axes=(-2, -1))[..., :depth, :] for turns in range(4)]
        coefficients, error = _predictor(turned)
        self.smoothness = _explained(blocks, error)
        weight = np.where(error > 0, 1 / np.sqrt(np.maximum(error, rounding)), 0)
        weight = weight.astype(np.float32)[:, None, None]
        self.lines = np.empty((self.channels, 4, self.n, 2, images, size), dtype=np.float32)
        for side, lines in enumerate(turned):
            predicted = np.tensordot(lines[..., : len(coefficients), :], coefficients, (-2, 0))
            for part, values in enumerate((predicted, lines[..., 0, :])):
                self.lines[:, side, :, part] = np.moveaxis(values * weight, 2, 0)
        self.scale = 2 * size * self.channels * max(1, int(np.count_nonzero(weight)))
        self.energy = np.square(self.lines).sum(axis=(0, 3, 4, 5))

    @property
    def orders(self) -> int:
        """How many orders the components of a neighbour may have."""
        return len(ORDERS) if self.channels == 3 else 1

    def facing(self, sides: Integers) -> Floats:
        """Return what the other side of a seam is multiplied with, shape (C, 2, sides, D).

        Each predicts the other; what is not mirrored is read in opposite directions at a seam.
        """
        own = self.lines[:, sides % 4, sides // 4][:, :, ::-1]
        both = np.stack([own[..., ::-1], own], axis=1)
        return both.reshape(self.channels, 2, len(sides), -1)

    def products(self, rows: Integers, blocks: Any = slice(None)) -> Floats:
        """Return products of sides with all sides of blocks, shape (orders, 2, rows, 4, blocks).

        The cost of a seam is the sum of both energies less twice its product, with the sign. The
        second axis is whether one block is mirrored against the other.
        """
        own = self.facing(rows)
        others = self.lines[:, :, blocks]
        shape = (2, len(rows), 4, others.shape[2])
        flat = others.reshape(self.channels, shape[2] * shape[3], -1)
        if self.channels == 1:
            return (own[0].reshape(2 * len(rows), -1) @ flat[0].T).reshape(1, *shape)
        table = [[(o.reshape(2 * len(rows), -1) @ f.T).reshape(shape) for f in flat] for o in own]
        return np.stack([sum(table[a][p[a]] for a in range(3)) for p in ORDERS])

    def paired(self, rows: Integers, columns: Integers) -> Floats:
        """Return products of sides taken pair by pair, shape (orders, 2, pairs)."""
        own = self.facing(rows)
        others = self.lines[:, columns % 4, columns // 4].reshape(self.channels, len(columns), -1)
        if self.channels == 1:
            return np.vecdot(own[0], others[0])[None]
        table = [[np.vecdot(o, other) for other in others] for o in own]
        return np.stack([sum(table[a][p[a]] for a in range(3)) for p in ORDERS])


def _predictor(turned: list[Floats]) -> tuple[Floats, NDArray[np.float64]]:
    """Return coefficients that predict a line from those after it, and each image's squared error."""
    blocks, images, _, depth, size = turned[0].shape
    step = max(1, 4 * turned[0][:, :, :, 0].size // SAMPLE)
    samples = [lines.swapaxes(-2, -1).reshape(-1, depth)[::step] for lines in turned]
    flat = np.concatenate(samples)
    coefficients = np.linalg.lstsq(flat[:, 1:], flat[:, 0], rcond=None)[0].astype(np.float32)
    error = np.zeros(images)
    for lines in turned:
        off = lines[..., 0, :] - np.tensordot(lines[..., 1:, :], coefficients, (-2, 0))
        error += np.square(off, dtype=np.float64).mean(axis=(0, 2, 3)) / 4
    return coefficients, error


def _explained(blocks: Floats, error: NDArray[np.float64]) -> float:
    """Return the share of the variance about blocks' own means that is predicted."""
    spread = float((blocks - blocks.mean(axis=(-2, -1), keepdims=True)).var(dtype=np.float64))
    return 0.0 if spread == 0 else max(0.0, 1 - float(error.mean()) / spread)


@dataclass(frozen=True)
class Seams:
    """Candidates for what continues each side of each block, the best first.

    Attributes
    ----------
    block, side : ndarray of int64, shape (4 n, k)
        Which block, and which of its sides.
    mirrored : ndarray of int64, shape (4 n, k)
        Whether one of the two blocks is mirrored against the other.
    sign : ndarray of int64, shape (4 n, k)
        -1 where one is negated against the other.
    order : ndarray of int64, shape (4 n, k)
        Index into `ORDERS`: which component of the neighbour continues each of its own.
    cost : ndarray of float64, shape (4 n, k)
        Squared error of predicting each border from the other, per pixel, in units of the error
        inside blocks.
    """

    block: Integers
    side: Integers
    mirrored: Integers
    sign: Integers
    order: Integers
    cost: NDArray[np.float64]


def find_seams(borders: Borders, candidates: int = 4) -> Seams:
    """Return the best candidates for every side.

    Parameters
    ----------
    borders : Borders
        Of all blocks.
    candidates : int, default=4
        How many other blocks for a side; two at least, to know how much better the best is.

    Returns
    -------
    Seams
    """
    n = borders.n
    count = min(candidates, n - 1)
    step = max(4, ENTRIES // (8 * n * borders.orders))
    parts = [
        _candidates(borders, np.arange(start, min(start + step, 4 * n)), count)
        for start in range(0, 4 * n, step)
    ]
    return Seams(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _candidates(borders: Borders, rows: Integers, count: int) -> tuple[NDArray[Any], ...]:
    """Return block, side, mirrored, sign, order and cost of the best candidates of some sides."""
    products = borders.products(rows)
    cost = np.abs(products)
    cost = cost[0] if len(cost) == 1 else cost.max(axis=0)
    cost *= -2
    cost += borders.energy
    least = cost.min(axis=(0, 2))  # of each block the best side, mirrored or not
    least[np.arange(len(rows)), rows // 4] = np.inf
    block = np.argpartition(least, count - 1, axis=1)[:, :count]
    ascending = np.take_along_axis(least, block, axis=1).argsort(axis=1, kind="stable")
    block = np.take_along_axis(block, ascending, axis=1)
    here = np.arange(len(rows))[:, None]
    mirrored, side = np.divmod(cost[:, here, :, block].reshape(*block.shape, 8).argmin(axis=2), 4)
    # cost[:, here, :, block] has the two advanced axes in front.
    signed = products[:, mirrored, here, side, block]
    order = np.abs(signed).argmax(axis=0)
    sign = np.where(np.take_along_axis(signed, order[None], axis=0)[0] < 0, -1, 1)
    own = borders.energy[rows % 4, rows // 4][:, None]
    costs = np.maximum(own + cost[mirrored, here, side, block], 0).astype(np.float64)
    return block, side, mirrored, sign, order, costs / borders.scale
