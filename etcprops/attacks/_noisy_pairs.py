"""The nearest input block and the way it was turned, for pairs that do not fit exactly.

What turning, negating and reordering leaves alone, sorted distances from mid-grey, narrows down the
input blocks that an encrypted block may come from; of these every variant is compared. An
assignment of least squares makes a permutation of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CANDIDATES = 48
"""Input blocks that are compared in all ways with each encrypted block."""

QUANTILES = 24
"""Numbers by which candidates are found."""

FAR = 40.0
"""Differences of more grey levels count as this many: wrong pixels are wrong by anything."""

TWICE = 2.0
"""A block is determined if the next explanation is farther by this factor, in squares."""


@dataclass(frozen=True)
class Nearest:
    """The nearest input blocks.

    Attributes
    ----------
    source, code : ndarray of int64, shape (n_blocks,)
        Input block and way of each encrypted block; sources are a permutation.
    determined : ndarray of bool, shape (n_blocks,)
        Whether nothing else explains it nearly as well.
    same_source : ndarray of bool, shape (n_blocks,)
        Whether the next explanation is the same block, turned in another way.
    unexplained : ndarray of bool, shape (n_blocks,)
        Whether it has structure of which the nearest explains less than half.
    noise : float
        Root mean square of the differences of determined blocks.
    bits_left : float
        log2 of the ways to explain what is not determined.
    """

    source: NDArray[np.int64]
    code: NDArray[np.int64]
    determined: NDArray[np.bool_]
    same_source: NDArray[np.bool_]
    unexplained: NDArray[np.bool_]
    noise: float
    bits_left: float


def recover_nearest(variants: NDArray[np.uint8], after: NDArray[np.uint8]) -> Nearest:
    """Return the nearest explanation of every encrypted block.

    Parameters
    ----------
    variants : ndarray of uint8, shape (codes, n_blocks, m)
        Every input block in all ways.
    after : ndarray of uint8, shape (n_blocks, m)
        The encrypted blocks.
    """
    codes, count, size = variants.shape
    likely = _likely(variants[0], after)
    squares = np.empty((count, likely.shape[1], codes))
    for block in range(count):
        gaps = np.abs(variants[:, likely[block]].astype(np.float32) - after[block])
        squares[block] = (np.minimum(gaps, FAR) ** 2).sum(axis=2).T
    best = squares.min(axis=2)
    source, column = _assign(best, likely)
    rows = np.arange(count)
    code = squares[rows, column].argmin(axis=1)
    first = squares[rows, column, code]
    rest = squares.reshape(count, -1).copy()
    rest[rows, column * codes + code] = np.inf
    other = rest.argmin(axis=1)
    second = rest[rows, other]
    determined = (TWICE * first < second) & (first <= best.min(axis=1))
    gaps = np.abs(after - after.mean(axis=1, keepdims=True))
    spread = (np.minimum(gaps, FAR) ** 2).sum(axis=1)
    noise = float(np.sqrt(np.median(first[determined]) / size)) if determined.any() else 0.0
    unexplained = ~determined & (first > spread / 2) & (first > 9 * (noise**2 + 1) * size)
    left = int(np.count_nonzero(~determined))
    bits = math.lgamma(left + 1) / math.log(2) + left * math.log2(codes)
    mean = float(np.sqrt(first[determined].mean() / size)) if determined.any() else 0.0
    same = likely[rows, other // codes] == source
    return Nearest(source, code, determined, same, unexplained, mean, bits)


def _likely(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the input blocks whose levels are nearest those of each encrypted block."""
    from scipy.spatial import KDTree

    number = min(CANDIDATES, len(before))
    tree = KDTree(_levels(before))
    _, near = tree.query(_levels(after), k=number)
    return np.asarray(near, dtype=np.int64).reshape(len(after), number)


def _levels(blocks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return means of sorted distances from mid-grey, shape (n_blocks, at most QUANTILES)."""
    levels = np.sort(np.abs(2 * blocks.astype(np.int64) - 255), axis=1)
    parts = np.array_split(levels, min(QUANTILES, levels.shape[1]), axis=1)
    return np.stack([p.mean(axis=1) for p in parts], axis=1)


def _assign(
    best: NDArray[np.float64], likely: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the input block of each encrypted block, each once, and its column in `likely`.

    Blocks are taken in the order of how sure they are. One whose candidates are all taken gets what
    is left over, in the column of its nearest, and is then not determined.
    """
    count = len(best)
    columns = best.argsort(axis=1)
    ordered = np.take_along_axis(best, columns, axis=1)
    gap = ordered[:, 0] / (ordered[:, 1] + 1) if best.shape[1] > 1 else ordered[:, 0]
    source, column = np.full(count, -1), columns[:, 0].copy()
    taken = np.zeros(count, dtype=np.bool_)
    for block in np.argsort(gap, kind="stable"):
        for choice in columns[block]:
            if not taken[likely[block, choice]]:
                source[block], column[block] = likely[block, choice], choice
                taken[source[block]] = True
                break
    source[source < 0] = np.flatnonzero(~taken)
    return source, column
