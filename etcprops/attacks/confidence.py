"""How sure it is that blocks lie where they were put.

The tree takes one seam less than there are blocks. All others that it makes, it did not choose: in
noise, one in thousands of them is the best candidate of its side by chance; in images they close
loops. Their number is the evidence that anything was recovered at all, whatever the images are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.special import bdtrc

from etcprops.attacks.frame import kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.poses import Poses
    from etcprops.attacks.seams import Seams

    Integers = NDArray[np.int64]

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


def confidences(layout: Integers, poses: Poses, seams: Seams) -> NDArray[np.float64]:
    """Return the probability that each place has the right block in the right pose.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    down, right = kept(layout, poses, seams)
    good, all_of_them = np.zeros(layout.shape), np.zeros(layout.shape)
    for part, first, second in (
        (down, np.s_[:-1], np.s_[1:]),
        (right, np.s_[:, :-1], np.s_[:, 1:]),
    ):
        for side in (first, second):
            good[side] += part
            all_of_them[side] += 1
    own = good / np.maximum(all_of_them, 1)
    around = uniform_filter(own, 3, mode="nearest")
    return np.asarray(np.sqrt(own * around))
