"""How sure it is that blocks lie where they were put.

The tree takes one seam less than there are blocks. All others that it makes, it did not choose: in
noise, one in thousands of them is the best candidate of its side by chance; in images they close
loops. Their number is the evidence that anything was recovered at all, whatever the images are.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.special import bdtrc, expit

from etcprops.attacks.frame import consistent, kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.poses import Poses
    from etcprops.attacks.seams import Borders, Seams

    Integers = NDArray[np.int64]

WEIGHTS: Final = np.array([1.57, 8.05, 9.42, 2.71, -6.2])
"""Of `features`, in the logarithm of the odds; fitted by ``etcprops/attacks/calibration.py``."""
OFFSET: Final = -8.12
"""The same without any."""
PAIRS: Final = 4096
"""Pairs of sides from which `images_needed` is estimated."""
CLEAR: Final = 0.3
"""How much lower the logarithm of errors must be than that of all others."""
BY_CHANCE: Final = 1e-6
"""Nothing was recovered if loops close as well as this by chance."""


def chance(layout: Integers, joined: Integers, poses: Poses, seams: Seams, orders: int) -> float:
    """Return the probability that chance alone closes as many loops of a tree.

    Parameters
    ----------
    layout : ndarray of int64, shape (rows, columns)
        The largest component of an assembly, -1 where there is no block.
    joined : ndarray of int64, shape (joins, 2)
        Blocks that the tree joins.
    poses, seams
        Of the blocks.
    orders : int
        How many orders the components of a neighbour may have.
    """
    n = len(poses.turns)
    good = np.concatenate([part.ravel() for part in kept(layout, poses, seams)])
    first = np.concatenate([layout[:-1].ravel(), layout[:, :-1].ravel()])
    second = np.concatenate([layout[1:].ravel(), layout[:, 1:].ravel()])
    tree = np.sort(joined, axis=1) @ (n, 1)
    code = np.minimum(first, second) * n + np.maximum(first, second)
    free = (first >= 0) & (second >= 0) & ~np.isin(code, tree)
    closed = int(np.count_nonzero(good & free))
    if closed == 0:
        return 1.0
    # Of n - 1 others each in 8 poses, with 2 signs, one is best; seen from either side.
    single = min(1.0, 2 / (16 * (n - 1) * orders))
    return float(bdtrc(closed - 1, int(np.count_nonzero(free)), single))


def features(layout: Integers, poses: Poses, seams: Seams) -> NDArray[np.float64]:
    """Return what tells right places from wrong ones, shape (rows * columns, 5).

    The share of a place's seams that are best candidates; the same about it, in 5 x 5 places, and
    on the whole; whether it is in the largest part that such seams hold together; the size of that.
    """
    good, seams_of = np.zeros(layout.shape), np.zeros(layout.shape)
    down, right = kept(layout, poses, seams)
    for part, first, second in (
        (down, np.s_[:-1], np.s_[1:]),
        (right, np.s_[:, :-1], np.s_[:, 1:]),
    ):
        for side in (first, second):
            good[side] += part
            seams_of[side] += 1
    own = good / np.maximum(seams_of, 1)
    inside = (consistent(layout, poses, seams) >= 0).astype(np.float64)
    around = uniform_filter(own, 5, mode="nearest")
    whole = np.ones_like(own)
    parts = [own, around, own.mean() * whole, inside, inside.mean() * whole]
    return np.stack(parts, axis=-1).reshape(-1, 5)


def confidences(layout: Integers, poses: Poses, seams: Seams) -> NDArray[np.float64]:
    """Return the probability that each place has the right block in the right pose.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    evidence = features(layout, poses, seams) @ WEIGHTS + OFFSET
    return np.asarray(expit(evidence).reshape(layout.shape))


def images_needed(borders: Borders) -> int | None:
    """Return how many images like these tell every neighbour from all other blocks.

    Of other blocks the mean logarithm of errors has a mean and, over N images, a variance of v / N;
    the least of M stands sqrt(2 v log(M) / N) below the mean. That must not be less than what true
    neighbours have, as lines within blocks show it.

    Returns
    -------
    int or None
        None if errors within blocks are no smaller than between any two.
    """
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 4 * borders.n, (2, PAIRS))
    apart = one // 4 != two // 4
    distances = borders.distances(one[apart], two[apart])[0, 0, 0].astype(np.float64)
    images = int(borders.energies.shape[2])
    gap = float(distances.mean()) - borders.inside - CLEAR
    if gap <= 0:
        return None
    others = 16 * borders.orders * borders.n
    return math.ceil(2 * float(distances.var()) * images * math.log(others) / gap**2)
