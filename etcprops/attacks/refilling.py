"""Blocks put where they fit best, and turned, mirrored, negated and coloured as fits there.

A place is looked at when it has as many neighbours as any, and again only if a neighbour came or
too few of the blocks that were nearest are still free; a block, if a neighbour has been turned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from etcprops.attacks.poses import COMPOSED, INVERSE, STEPS, Poses, side_of
from etcprops.attacks.seams import ORDERS, by_order, smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.seams import Borders

    Floats = NDArray[np.float32]
    Integers = NDArray[np.int64]

HOLE: Final = -1
"""Of a layout, a place without a block."""
ENTRIES: Final = 1 << 20
"""Holes times blocks in all poses that are tried at a time."""
TRIED: Final = 6
"""Blocks that are compared closely for a place."""
COMPONENTS: Final = np.array(ORDERS)
REMEMBERED: Final = 24
"""Blocks that are remembered for a place: some of them will be put elsewhere."""


def refilled(layout: Integers, poses: Poses, borders: Borders) -> Integers:
    """Put every block that has no place where it fits best, those with most neighbours first."""
    search = _Search(layout, poses, borders)
    while (holes := np.flatnonzero(search.layout == HOLE)).size:
        count = (search.around[:, holes] >= 0).sum(axis=0)
        search.fill(holes[count == count.max()])
    return search.layout


class _Search:
    """Which free blocks fit into which holes, as far as it is known.

    Attributes
    ----------
    layout : ndarray of int64, shape (rows, columns)
        Which block is where, `HOLE` for none.
    around : ndarray of int64, shape (4, places)
        What each place has above, right, below and left.
    """

    def __init__(self, layout: Integers, poses: Poses, borders: Borders) -> None:
        self.layout, self.poses, self.borders = layout.copy(), poses, borders
        self.around = _around(layout)
        self._used = np.zeros(borders.n + 1, dtype=np.bool_)
        self._used[layout[layout >= 0]] = True
        self._used[-1] = True  # -1 stands for no block
        self._gather()
        self._near = np.full((layout.size, REMEMBERED), -1)
        self._tried = np.full((layout.size, TRIED), -1)
        # Of the best block, and by how much it fits better than the second best.
        self._block = np.full(layout.size, -1)
        self._lead = np.zeros(layout.size)
        self._pose = np.zeros((4, layout.size), dtype=np.int64)

    def _gather(self) -> None:
        """Take the lines of all free blocks, those of a block in a row."""
        self._pool = np.flatnonzero(~self._used)
        lines = self.borders.lines[:, :, self._pool].swapaxes(1, 2)
        self._lines = lines.reshape(*lines.shape[:2], 4 * self.borders.lines[0, 0, 0].size)
        self._energies = self.borders.energy[:, self._pool]

    def fill(self, holes: Integers) -> None:
        """Fill as many of these holes as are no neighbours and want different blocks."""
        self._update(holes)
        places = np.stack(np.unravel_index(holes, self.layout.shape), axis=1)
        order = self._lead[holes].argsort(kind="stable")
        chosen = holes[_independent(places, self._block[holes], order)]
        blocks, there = self._block[chosen], np.unravel_index(chosen, self.layout.shape)
        self.layout[there] = blocks
        self._used[blocks] = True
        self.poses.put(blocks, Poses(np.stack(there, axis=1), *self._pose[:, chosen]))
        before, self.around = self.around, _around(self.layout)
        self._near[(before != self.around).any(axis=0)] = -1

    def _update(self, holes: Integers) -> None:
        """Find the best blocks for holes about which something has changed."""
        free = int(np.count_nonzero(~self._used))
        count = min(TRIED, free)
        if 2 * free < len(self._pool):
            self._gather()
        few = (~self._used[self._near[holes]]).sum(axis=1) < count
        step = max(1, ENTRIES // (8 * len(self._pool) * self.borders.orders))
        for start in range(0, int(few.sum()), step):
            self._look(holes[few][start : start + step])
        near = self._near[holes]
        first = self._used[near].argsort(axis=1, kind="stable")[:, :count]
        tried = np.full((len(holes), TRIED), -1)
        tried[:, :count] = np.take_along_axis(near, first, axis=1)
        changed = few | (tried != self._tried[holes]).any(axis=1)
        self._tried[holes] = tried
        if changed.any():
            self._compare(holes[changed], tried[changed, :count])

    def _look(self, holes: Integers) -> None:
        """Remember the free blocks with the least squared errors, the nearest first."""
        around = self.around[:, holes]
        cost = _squared_errors(around, self._lines, self._energies, self.poses, self.borders)
        cost[:, self._used[self._pool]] = np.inf
        near = smallest(cost, min(REMEMBERED, len(self._pool)))
        costs = np.take_along_axis(cost, near, axis=1)
        order = costs.argsort(axis=1, kind="stable")
        blocks = self._pool[np.take_along_axis(near, order, axis=1)]
        self._near[holes] = -1
        self._near[holes, : near.shape[1]] = blocks

    def _compare(self, holes: Integers, tried: Integers) -> None:
        """Compare blocks closely, and remember the best with its pose."""
        around = np.repeat(self.around[:, holes], tried.shape[1], axis=1)
        fit = _fit(around, tried.ravel(), self.poses, self.borders)
        cost, here = fit.cost.reshape(tried.shape), np.arange(len(holes))
        first = cost.argmin(axis=1)
        others = np.where(np.arange(tried.shape[1]) == first[:, None], np.inf, cost).min(axis=1)
        self._block[holes] = tried[here, first]
        self._lead[holes] = cost[here, first] - others
        self._pose[:, holes] = [part.reshape(tried.shape)[here, first] for part in fit[1:]]


def _around(layout: Integers) -> Integers:
    """Return what each place has above, right, below and left, negative for nothing."""
    padded = np.pad(layout, 1, constant_values=HOLE)
    rows, columns = layout.shape
    return np.stack(
        [padded[1 + y : 1 + y + rows, 1 + x : 1 + x + columns].ravel() for y, x in STEPS.tolist()]
    )


def _squared_errors(
    neighbours: Integers, lines: Floats, energies: Floats, poses: Poses, borders: Borders
) -> Floats:
    """Return how well blocks fit to neighbours in their best pose, shape (places, blocks).

    Of the blocks, lines and energies of all sides in a row are given, shapes (C, blocks, ...) and
    (4, blocks). Of each pose the neighbours are put in the order in which its sides look at them,
    so that one product of matrices compares all.
    """
    places, channels = neighbours.shape[1], borders.channels
    direction, hole = np.nonzero(neighbours >= 0)
    a = neighbours[direction, hole]
    facing = borders.facing(4 * a + poses.side_towards(a, direction + 2))
    # In the components of the picture, from which a block differs by one order.
    facing = facing[COMPONENTS[poses.order[a], :channels].T, :, np.arange(len(a))]
    facing *= poses.sign[a, None, None, None, None].astype(np.float32)
    sides = np.zeros((channels, 8, places, 4, *facing.shape[3:]), dtype=np.float32)
    there = np.zeros((8, places, 4), dtype=np.float32)
    for pose in range(8):
        side = side_of(pose // 4, pose % 4, direction)
        there[pose, hole, side] = 1
        flip = poses.mirrored[a] ^ (pose // 4)
        sides[:, pose, hole, side] = facing[:, np.arange(len(a)), flip]
    flat = sides.reshape(channels, 8 * places, -1)
    total = by_order([[own @ other.T for other in lines] for own in flat])
    np.abs(total, out=total)
    total *= -2
    total += there.reshape(-1, 4) @ energies
    return np.asarray(total.reshape(-1, 8, places, total.shape[2]).min(axis=(0, 1)))


def _relative(order: int, others: Integers, borders: Borders) -> Integers:
    """Return the order in which a neighbour sees components that the picture has in this one."""
    return COMPOSED[order, INVERSE[others]] if borders.orders > 1 else np.zeros_like(others)


def _independent(holes: Integers, blocks: Integers, order: Integers) -> Integers:
    """Return holes to be filled, in this order, no two next to each other, no block twice."""
    used: set[int] = set()
    blocked: set[tuple[int, int]] = set()
    chosen = []
    for h in order.tolist():
        row, column = holes[h].tolist()
        if blocks[h] in used or (row, column) in blocked:
            continue
        used.add(blocks[h])
        blocked |= {(row + y, column + x) for y, x in STEPS.tolist()}
        chosen.append(h)
    return np.array(chosen)


def settle(layout: Integers, poses: Poses, borders: Borders, rounds: int) -> None:
    """Turn, mirror, negate and colour each block as fits its neighbours best, some times over."""
    around, flat = _around(layout), layout.ravel()
    colour = np.indices(layout.shape).sum(axis=0).ravel() % 2  # of a chess board: no neighbours
    open_ = flat >= 0
    for _ in range(rounds):
        for one in range(2):
            places = np.flatnonzero(open_ & (colour == one))
            if not places.size:
                continue
            open_[places] = False
            blocks = flat[places]
            fit = _fit(around[:, places], blocks, poses, borders)
            old = (poses.mirrored, poses.turns, poses.sign, poses.order)
            changed = np.any([x != y[blocks] for x, y in zip(fit[1:], old, strict=True)], axis=0)
            poses.put(blocks, Poses(poses.place[blocks], *fit[1:]))
            open_ |= np.isin(around, blocks[changed]).any(axis=0) & (flat >= 0)
        if not open_.any():
            break


class _Fit(NamedTuple):
    """Cost of a block in a place, in its best pose there, and that pose."""

    cost: NDArray[np.float32]
    mirrored: Integers
    turns: Integers
    sign: Integers
    order: Integers


def _fit(neighbours: Integers, blocks: Integers, poses: Poses, borders: Borders) -> _Fit:
    """Return how well each block fits into its place.

    Parameters
    ----------
    neighbours : ndarray of int64, shape (4, places)
        Above, right, below and left; -1 for none.
    blocks : ndarray of int64, shape (places,)
        What to try in each place.
    poses, borders
        Of the neighbours, and of all blocks.

    Returns
    -------
    _Fit
        With a cost that is a logarithm, the mean over neighbours.
    """
    step = max(1, ENTRIES // (16 * borders.orders * borders.energies.shape[2]))
    parts = [
        _fit_few(neighbours[:, start : start + step], blocks[start : start + step], poses, borders)
        for start in range(0, len(blocks), step)
    ]
    return _Fit(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _fit_few(neighbours: Integers, blocks: Integers, poses: Poses, borders: Borders) -> _Fit:
    """Do the work of `_fit` at once."""
    total = np.zeros((borders.orders, 2, 8, len(blocks)), dtype=np.float32)
    for direction in range(4):
        there = np.flatnonzero(neighbours[direction] >= 0)
        if not there.size:
            continue
        a = neighbours[direction, there]
        rows = 4 * a + poses.side_towards(a, direction + 2)
        here = np.arange(len(a))
        sign = (poses.sign[a] < 0).astype(np.int64)
        for side in range(4):
            distances = borders.distances(rows, 4 * blocks[there] + side)
            for mirrored in range(2):
                turns = ((-side if mirrored else side) - direction) % 4
                for order in range(borders.orders):
                    relative = _relative(order, poses.order[a], borders)
                    flip = poses.mirrored[a] ^ mirrored
                    for s in range(2):
                        total[order, s, 4 * mirrored + turns, there] += distances[
                            relative, flip, sign ^ s, here
                        ]
    total /= np.maximum(1, (neighbours >= 0).sum(axis=0))
    flat = total.reshape(-1, len(blocks))
    best = flat.argmin(axis=0)
    order, sign, pose = np.unravel_index(best, (borders.orders, 2, 8))
    return _Fit(flat[best, np.arange(len(blocks))], pose // 4, pose % 4, 1 - 2 * sign, order)
