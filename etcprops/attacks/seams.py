"""How well two encrypted blocks fit together, side by side, over all images under one key.

A common key cuts every image alike, so all pixels of all images along a side are one long vector,
and the right neighbour must continue it in every image. A line is predicted from those before it by
coefficients that are fitted inside the blocks, where neighbours are known: turning, mirroring and
negating a block leave them as they are. Costs of the 32 gluings of two blocks, each with both
signs, come from matrix products, and only the best few for each side are compared more closely.

Predictions across a border are those of Pomeranz, Shemesh and Ben-Shahar ("A fully automated greedy
square jigsaw puzzle solver", CVPR 2011), errors in units of those within blocks those of Gallagher
("Jigsaw puzzles with pieces of unknown orientation", CVPR 2012); Chuman, Kurihara and Kiya ("On the
security of block scrambling-based EtC systems against extended jigsaw puzzle solver attacks", 2018)
first took them to encrypted images, one at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

LARGEST: Final = 1e15
"""Magnitude of pixels: their squares are summed in single precision."""
LINES: Final = 3
"""Lines from the border inwards that a prediction sees."""
ENTRIES: Final = 1 << 22
"""Products of sides that are held at a time."""
SAMPLE: Final = 200_000
"""Pixels from which the prediction is fitted."""
FLOOR: Final = 0.3
"""Squared error below which differences between candidates say little, in units of that inside."""
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
        From `cut`, B at least 2; an image that is constant in each block is left out.
    rounding : float, default=ROUNDING
        Least squared error of a prediction.

    Attributes
    ----------
    n, channels : int
        Numbers of blocks and of components.
    lines : ndarray of float32, shape (C, 4, n, N, 2, B)
        For each side of each block what is predicted beyond it, and its border, in units of the
        error of predictions within blocks.
    energies : ndarray of float32, shape (4, n, N)
        Sum of squares of both in each image.
    smoothness : float
        Share of the variance of pixels that predictions within blocks explain; 0 for white noise.
    inside : float
        Mean logarithm of the squared error of predictions within blocks, as in `distances`: what a
        seam of true neighbours has.
    """

    def __init__(self, blocks: Floats, rounding: float = ROUNDING) -> None:
        vary = np.ptp(blocks, axis=(3, 4)).max(axis=(0, 2)) > 0
        blocks = blocks[:, vary] if not vary.all() else blocks
        self.n, images, self.channels, size, _ = blocks.shape
        depth = min(LINES + 1, size)
        turned = [np.rot90(blocks, turns, axes=(-2, -1))[..., :depth, :] for turns in range(4)]
        coefficients, error, self.inside = _predictor(turned, rounding)
        self.smoothness = _explained(blocks, error)
        weight = (1 / np.sqrt(np.maximum(error, rounding))).astype(np.float32)[:, None, None]
        self.lines = np.empty((self.channels, 4, self.n, images, 2, size), dtype=np.float32)
        for side, lines in enumerate(turned):
            predicted = np.tensordot(lines[..., : len(coefficients), :], coefficients, (-2, 0))
            for part, values in enumerate((predicted, lines[..., 0, :])):
                self.lines[:, side, :, :, part] = np.moveaxis(values * weight, 2, 0)
        self.pixels = 2 * size * self.channels
        self.energies = np.square(self.lines).sum(axis=(0, 4, 5))
        self.energy = self.energies.sum(axis=2)

    @property
    def orders(self) -> int:
        """How many orders the components of a neighbour may have."""
        return len(ORDERS) if self.channels == 3 else 1

    def products(self, rows: Integers, lines: Floats | None = None) -> Floats:
        """Return products of sides with all sides of blocks, shape (orders, 2, rows, 4, blocks).

        The squared error of a seam is the sum of both energies less twice its product, with the
        sign. The second axis is whether one block is mirrored against the other. Of the blocks,
        their `lines` may be given; all by default.
        """
        own = self.facing(rows).reshape(self.channels, 2 * len(rows), -1)
        others = self.lines if lines is None else lines
        shape = (2, len(rows), 4, others.shape[2])
        return by_order([[_product(o, f).reshape(shape) for f in others] for o in own])

    def distances(self, rows: Integers, columns: Integers) -> Floats:
        """Return how badly sides fit pair by pair, shape (orders, 2, 2, pairs).

        The mean over images of the logarithm of the squared error per pixel, so that one image with
        an edge there does not outvote the others. Axes are orders, mirrored or not, and signs.
        """
        own = self.facing(rows)
        others = self.lines[:, columns % 4, columns // 4]
        # Both lines of an image lie side by side: NumPy adds long rows much faster than short ones.
        own, others = (lines.reshape(*lines.shape[:-2], -1) for lines in (own, others))
        table = [[np.einsum("kpnx,pnx->kpn", o, f) for f in others] for o in own]
        both = self.energies[rows % 4, rows // 4] + self.energies[columns % 4, columns // 4]
        twice = 2 * by_order(table)[:, :, None]
        errors = both + np.concatenate([-twice, twice], axis=2)
        return np.asarray(np.log(np.maximum(errors, 0) / self.pixels + FLOOR).mean(axis=-1))

    def facing(self, sides: Integers) -> Floats:
        """Return what the other side of a seam is multiplied with, shape (C, 2, sides, N, 2, B).

        Each predicts the other; what is not mirrored is read in opposite directions at a seam.
        """
        own = self.lines[:, sides % 4, sides // 4][..., ::-1, :]
        return np.stack([own[..., ::-1], own], axis=1)


def _product(own: Floats, lines: Floats) -> Floats:
    """Return products of vectors with all sides of blocks, shape (vectors, 4, blocks)."""
    product = np.empty((len(own), *lines.shape[:2]), dtype=np.float32)
    for side, each in enumerate(lines):
        np.matmul(own, each.reshape(len(each), -1).T, out=product[:, side])
    return product


def by_order(table: list[list[Floats]]) -> Floats:
    """Return sums of products of components, for each order of the second's."""
    if len(table) == 1:
        return table[0][0][None]
    return np.stack([table[0][p[0]] + table[1][p[1]] + table[2][p[2]] for p in ORDERS])


def _predictor(turned: list[Floats], rounding: float) -> tuple[Floats, NDArray[np.float64], float]:
    """Return coefficients that predict a line from those after it, and how well they do.

    That is the squared error in each image, and the mean logarithm of that of single lines.
    """
    depth = turned[0].shape[3]
    step = max(1, 4 * turned[0][:, :, :, 0].size // SAMPLE)
    samples = [lines.swapaxes(-2, -1).reshape(-1, depth)[::step] for lines in turned]
    flat = np.concatenate(samples)
    coefficients = np.linalg.lstsq(flat[:, 1:], flat[:, 0], rcond=None)[0].astype(np.float32)
    errors = np.stack(
        [
            np.square(lines[..., 0, :] - np.tensordot(lines[..., 1:, :], coefficients, (-2, 0)))
            .mean(axis=(2, 3))
            .astype(np.float64)
            for lines in turned
        ]
    )
    error = errors.mean(axis=(0, 1))
    inside = np.log(errors / np.maximum(error, rounding) + FLOOR).mean()
    return coefficients, error, float(inside)


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
        inside blocks; the geometric mean over images.
    """

    block: Integers
    side: Integers
    mirrored: Integers
    sign: Integers
    order: Integers
    cost: NDArray[np.float64]


def find_seams(
    borders: Borders, candidates: int = 6, progress: Callable[[float], None] | None = None
) -> Seams:
    """Return the best candidates for every side.

    All blocks are compared by the squared error over all images, at once; the best few by
    `Borders.distances`.

    Parameters
    ----------
    borders : Borders
        Of all blocks.
    candidates : int, default=6
        How many other blocks for a side; two at least, to know how much better the best is.
    progress : callable, optional
        Called now and then with the share of pairs of blocks that were compared.

    Returns
    -------
    Seams
    """
    n = borders.n
    count = min(candidates, n - 1)
    block = _nearest(borders, count, progress or (lambda _share: None))
    sides = max(1, ENTRIES // (16 * count * borders.orders * borders.lines[0, 0, 0].size))
    parts = [
        _compared(
            borders, np.arange(start, min(start + sides, 4 * n)), block[start : start + sides]
        )
        for start in range(0, 4 * n, sides)
    ]
    return Seams(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _nearest(borders: Borders, count: int, progress: Callable[[float], None]) -> Integers:
    """Return the blocks with the least squared errors for each side, shape (4 n, count).

    A seam costs the same from either side, so each two blocks are compared once: some blocks with
    themselves and all that come after them, whose own lists are kept up to date.
    """
    n = borders.n
    cost = np.full((4 * n, count), np.inf, dtype=np.float32)
    block = np.zeros((4 * n, count), dtype=np.int64)
    step = max(1, ENTRIES // (32 * n * borders.orders))
    for start in range(0, n, step):
        stop = min(start + step, n)
        rows = np.arange(4 * start, 4 * stop)
        own, theirs = _least(borders, rows, start)
        own[np.arange(len(rows)), rows // 4 - start] = np.inf
        near = smallest(own, min(count, own.shape[1]))
        _merge(cost, block, rows, np.take_along_axis(own, near, axis=1), near + start)
        later = np.arange(4 * stop, 4 * n)
        better = theirs.min(axis=0) < cost[later].max(axis=1)
        numbers = np.tile(np.arange(start, stop), (int(better.sum()), 1))
        _merge(cost, block, later[better], theirs[:, better].T, numbers)
        progress(1 - (1 - stop / n) ** 2)
    return block


def _least(borders: Borders, rows: Integers, start: int) -> tuple[Floats, Floats]:
    """Return the squared errors of some blocks' sides with the best side of blocks, and vice versa.

    Less what each side has by itself. First those with the blocks from `start` on, shape (rows,
    blocks); then, by blocks, those of the sides of blocks after them, shape (rows / 4, sides).
    """
    products = borders.products(rows, borders.lines[:, :, start:])
    np.abs(products, out=products)
    products = products.reshape(-1, *products.shape[2:])
    twice = products[0]
    for other in products[1:]:
        np.maximum(twice, other, out=twice)
    twice *= -2
    count = len(rows) // 4
    own = (twice + borders.energy[:, start:]).min(axis=1)
    after = twice[:, :, count:].reshape(count, 4, 4, -1)
    energy = borders.energy.T[start : start + count, :, None, None]
    # Sides are numbered block by block.
    theirs = (after + energy).min(axis=1).swapaxes(1, 2).reshape(count, -1)
    return own, theirs


def _merge(cost: Floats, block: Integers, rows: Integers, costs: Floats, blocks: Integers) -> None:
    """Keep the least of what some rows have and what is new, shape (rows, new)."""
    both = np.concatenate([cost[rows], costs], axis=1)
    least = np.argpartition(both, cost.shape[1] - 1, axis=1)[:, : cost.shape[1]]
    cost[rows] = np.take_along_axis(both, least, axis=1)
    numbers = np.concatenate([block[rows], blocks], axis=1)
    block[rows] = np.take_along_axis(numbers, least, axis=1)


def smallest(values: Floats, count: int) -> Integers:
    """Return the indices of the least values of each row, in no order, shape (rows, count).

    They lie in the groups with the least minima, so that most values are looked at once.
    """
    rows, n = values.shape
    width = max(1, math.isqrt(n // (4 * count)))
    groups = n // width
    if groups <= 2 * count:
        return np.argpartition(values, count - 1, axis=1)[:, :count].copy()
    minima = values[:, : groups * width].reshape(rows, groups, width).min(axis=2)
    best = np.argpartition(minima, count - 1, axis=1)[:, :count, None]
    inside = (best * width + np.arange(width)).reshape(rows, -1)
    rest = np.broadcast_to(np.arange(groups * width, n), (rows, n - groups * width))
    index = np.concatenate([inside, rest], axis=1)
    first = np.argpartition(np.take_along_axis(values, index, axis=1), count - 1, axis=1)
    return np.take_along_axis(index, first[:, :count], axis=1)


def _compared(borders: Borders, rows: Integers, block: Integers) -> tuple[NDArray[Any], ...]:
    """Return block, side, mirrored, sign, order and cost of candidates, the best first."""
    shape = block.shape
    sides = 4 * block[..., None] + np.arange(4)
    pairs = np.broadcast_to(rows[:, None, None], sides.shape).ravel()
    distances = borders.distances(pairs, sides.ravel()).reshape(-1, *shape, 4)
    flat = np.moveaxis(distances, 0, 2).reshape(*shape, -1)
    best = flat.argmin(axis=2)
    order, mirrored, sign, side = np.unravel_index(best, (borders.orders, 2, 2, 4))
    cost = np.exp(np.take_along_axis(flat, best[..., None], axis=2)[..., 0], dtype=np.float64)
    ascending = cost.argsort(axis=1, kind="stable")
    parts = (block, side, mirrored, 1 - 2 * sign, order, np.maximum(cost - FLOOR, 0))
    return tuple(np.take_along_axis(part, ascending, axis=1) for part in parts)
