"""Put blocks together along the surest seams: a spanning tree in a plane.

Kruskal's tree over seams in the order of their cost over that of the next best (Pomeranz and others
2011; Paikin and Tal, "Solving multiple square jigsaw puzzles with missing pieces", CVPR 2015). A
seam that would put two blocks into one place, or blocks beyond the frame, is refused (Gallagher
2012).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from etcprops.attacks.poses import Poses, Seam

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.seams import Seams

    Integers = NDArray[np.int64]


class Assembly(NamedTuple):
    """Blocks in planes, one for each component.

    Attributes
    ----------
    poses : Poses
        Each block's, in the plane of its component.
    component : ndarray of int64, shape (n,)
        Which.
    joined : ndarray of int64, shape (n - components, 2)
        Blocks that the tree joins.
    """

    poses: Poses
    component: Integers
    joined: Integers

    def largest(self, count: int = 1) -> list[Integers]:
        """Return the blocks of the largest components."""
        sizes = np.bincount(self.component, minlength=count)
        return [
            np.flatnonzero(self.component == c) for c in np.argsort(-sizes, kind="stable")[:count]
        ]


def ratios(seams: Seams) -> NDArray[np.float64]:
    """Return the cost of each candidate over the least cost of another, from either side.

    Below 1 if and only if both sides have each other for their best.
    """
    cost = seams.cost + 1e-6
    if cost.shape[1] == 1:  # two blocks
        return np.ones_like(cost)
    own = np.where(np.arange(cost.shape[1]) == 0, cost[:, 1:2], cost[:, :1])
    other = 4 * seams.block + seams.side
    back = seams.block[other, 0] == (np.arange(len(cost)) // 4)[:, None]
    theirs = np.where(back, cost[other, 1], cost[other, 0])
    return np.asarray(cost / np.minimum(own, theirs))


def assemble(seams: Seams, grid: tuple[int, int]) -> Assembly:
    """Join blocks along the surest seams, each component in a plane of its own."""
    planes = _Planes(len(seams.block) // 4, grid)
    ratio = ratios(seams)
    sides, choice = np.unravel_index(ratio.argsort(axis=None, kind="stable"), ratio.shape)
    columns = [
        values[sides, choice].tolist()
        for values in (seams.block, seams.side, seams.mirrored, seams.sign, seams.order)
    ]
    for side, other, *rest in zip(sides.tolist(), *columns, strict=True):
        planes.join(side // 4, other, Seam(side % 4, *rest))
        if planes.joins_left == 0:
            break
    joined = np.array(planes.joined, dtype=np.int64).reshape(-1, 2)
    return Assembly(planes.poses, planes.component, joined)


class _Planes:
    """Components that grow together, the smaller of two always moved to the larger."""

    def __init__(self, n: int, grid: tuple[int, int]) -> None:
        self.poses = Poses.at_the_origin(n)
        self.component = np.arange(n)
        self.joined: list[tuple[int, int]] = []
        self.joins_left = n - 1
        self._sides = sorted(grid)
        self._width = 4 * n + 1  # of the plane: a place as one number
        self._members = [[i] for i in range(n)]
        self._taken = [{0} for _ in range(n)]
        self._box = [(0, 0, 0, 0)] * n

    def join(self, a: int, b: int, seam: Seam) -> None:
        """Join two blocks if they lie in two planes and these fit together."""
        one, two = int(self.component[a]), int(self.component[b])
        if one == two:
            return
        if len(self._members[one]) < len(self._members[two]):
            a, b, one, two, seam = b, a, two, one, seam.reversed()
        pose = self.poses.neighbour(a, seam)
        if pose.row * self._width + pose.column in self._taken[one]:
            return
        members = np.array(self._members[two])
        moved = self.poses.moved(members, b, pose)
        box = self._fitting(one, moved.place)
        places = (moved.place @ (self._width, 1)).tolist()
        if box is None or not self._taken[one].isdisjoint(places):
            return
        self.poses.put(members, moved)
        self.component[members] = one
        self._box[one] = box
        self._taken[one].update(places)
        self._members[one] += self._members[two]
        self._taken[two], self._members[two] = set(), []
        self.joined.append((a, b))
        self.joins_left -= 1

    def _fitting(self, one: int, places: Integers) -> tuple[int, int, int, int] | None:
        """Return the bounds of a plane with more places, if these fit into the frame."""
        low, high = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        top, left, bottom, right = self._box[one]
        top, left = min(top, low[0]), min(left, low[1])
        bottom, right = max(bottom, high[0]), max(right, high[1])
        sides = sorted((bottom - top + 1, right - left + 1))
        fits = all(side <= most for side, most in zip(sides, self._sides, strict=True))
        return (top, left, bottom, right) if fits else None
