"""Where blocks lie and how they are turned, mirrored, negated and coloured; how poses compose.

A pose is what undoes the encryption of a block: mirror it left to right, then turn it by quarters
as `numpy.rot90` does, then put it into its place. Planes of blocks are moved as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from etcprops.attacks.seams import ORDERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

STEPS: Final = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
"""From a block to its neighbour above, right, below and left."""

_INDEX_OF: Final = {order: index for index, order in enumerate(ORDERS)}
COMPOSED: Final = np.array([[_INDEX_OF[p[q[0]], p[q[1]], p[q[2]]] for q in ORDERS] for p in ORDERS])
"""``ORDERS[COMPOSED[p, q]][j] == ORDERS[p][ORDERS[q][j]]``."""
INVERSE: Final = (COMPOSED == 0).argmax(axis=1)
"""``COMPOSED[p, INVERSE[p]] == 0``, the order that leaves components as they are."""


class Seam(NamedTuple):
    """Which side of one block meets which of another, and what differs between the two."""

    side: int
    other_side: int
    mirrored: int
    sign: int
    order: int

    def reversed(self) -> Seam:
        """Return the seam as the other block sees it."""
        back = int(INVERSE[self.order])
        return Seam(self.other_side, self.side, self.mirrored, self.sign, back)


class Pose(NamedTuple):
    """Place, mirrored or not, quarter turns, sign and order of components of one block."""

    row: int
    column: int
    mirrored: int
    turns: int
    sign: int
    order: int


@dataclass
class Poses:
    """Poses of all blocks.

    Attributes
    ----------
    place : ndarray of int64, shape (n, 2)
        Row and column.
    mirrored, turns, sign, order : ndarray of int64, shape (n,)
        Whether mirrored, quarter turns, -1 where negated, index into `ORDERS`: component ``j`` of
        the picture is component ``ORDERS[order][j]`` of the block.
    """

    place: Integers
    mirrored: Integers
    turns: Integers
    sign: Integers
    order: Integers

    @classmethod
    def at_the_origin(cls, n: int) -> Poses:
        """Return blocks as they come, each in a plane of its own."""
        mirrored, turns, order = np.zeros((3, n), dtype=np.int64)
        return cls(np.zeros((n, 2), dtype=np.int64), mirrored, turns, np.ones_like(order), order)

    def of(self, block: int) -> Pose:
        """Return the pose of one block."""
        row, column = self.place[block].tolist()
        rest = (self.mirrored, self.turns, self.sign, self.order)
        return Pose(row, column, *(int(values[block]) for values in rest))

    def put(self, blocks: Integers, poses: Poses) -> None:
        """Give blocks new poses."""
        for name, values in vars(poses).items():
            getattr(self, name)[blocks] = values

    def neighbour(self, block: int, seam: Seam) -> Pose:
        """Return the pose of what a seam joins to a block."""
        row, column, mirrored, turns, sign, order = self.of(block)
        direction = ((-seam.side if mirrored else seam.side) - turns) % 4
        there = mirrored ^ seam.mirrored
        facing = direction + 2
        other_turns = ((-seam.other_side if there else seam.other_side) - facing) % 4
        step = STEPS[direction]
        return Pose(
            row + int(step[0]),
            column + int(step[1]),
            there,
            other_turns,
            sign * seam.sign,
            int(COMPOSED[seam.order, order]),
        )

    def moved(self, members: Integers, block: int, pose: Pose) -> Poses:
        """Return the poses of a plane's members after the move that gives one of them this pose."""
        mirrored, turns = self.mirrored[members], self.turns[members]
        flip = int(self.mirrored[block]) ^ pose.mirrored
        own = int(self.turns[block])
        quarters = (pose.turns + own if flip else pose.turns - own) % 4
        place = turned(self.place[members] - self.place[block], flip, quarters)
        relabel = COMPOSED[INVERSE[self.order[block]], pose.order]
        return Poses(
            place + np.array([pose.row, pose.column]),
            mirrored ^ flip,
            (quarters - turns if flip else quarters + turns) % 4,
            self.sign[members] * (int(self.sign[block]) * pose.sign),
            COMPOSED[self.order[members], relabel],
        )

    def side_towards(self, blocks: Integers, direction: int | Integers) -> Integers:
        """Return which side of each block looks in a direction."""
        return side_of(self.mirrored[blocks], self.turns[blocks], direction)


def side_of(mirrored: int | Integers, turns: int | Integers, direction: int | Integers) -> Integers:
    """Return which side looks in a direction once a block is mirrored and turned."""
    looking = np.asarray(turns) + direction
    return np.where(mirrored, -looking, looking) % 4


def turned(places: Integers, mirrored: int, quarters: int) -> Integers:
    """Mirror places left to right, then turn them by quarters, as `numpy.rot90` does."""
    row, column = places[:, 0], -places[:, 1] if mirrored else places[:, 1]
    for _ in range(quarters):
        row, column = -column, row
    return np.stack([row, column], axis=1)
