"""A frame full of blocks: which is where, which seams that makes, and how it is mended.

What is inconsistent is taken out, and put back where it fits all its neighbours best (Gallagher
2012); then each block is turned, mirrored, negated and coloured anew where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from etcprops.attacks.poses import COMPOSED, INVERSE, STEPS, Poses, side_of
from etcprops.attacks.seams import smallest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.assembly import Assembly
    from etcprops.attacks.seams import Borders, Seams

    Integers = NDArray[np.int64]

HOLE: Final = -1
"""Of a layout, a place without a block."""
WALL: Final = -2
"""Of a layout, what is no place."""
ENTRIES: Final = 1 << 20
"""Holes times blocks that are tried at a time."""
TRIED: Final = 6
"""Blocks that are compared closely for a place."""
ROUNDS: Final = 8
"""How often what is inconsistent is taken out at most."""


def framed(poses: Poses, members: Integers, grid: tuple[int, int]) -> Integers:
    """Move a component into an upright frame and return which block is where, -1 for none."""
    height, width = np.ptp(poses.place[members], axis=0) + 1
    if height > grid[0] or width > grid[1]:
        first = int(members[0])
        pose = poses.of(first)
        quarter = pose._replace(turns=(pose.turns + 1) % 4)
        poses.put(members, poses.moved(members, first, quarter))
    poses.place[members] -= poses.place[members].min(axis=0)
    layout = np.full(grid, -1)
    layout[tuple(poses.place[members].T)] = members
    return layout


def shifted(layout: Integers, direction: int) -> Integers:
    """Return what each place has for a neighbour in a direction, -1 for none."""
    row, column = STEPS[direction]
    result = np.full_like(layout, -1)
    height, width = layout.shape
    to = np.s_[max(0, -row) : height - max(0, row), max(0, -column) : width - max(0, column)]
    of = np.s_[max(0, row) : height + min(0, row), max(0, column) : width + min(0, column)]
    result[to] = layout[of]
    return result


def is_best(
    a: Integers, b: Integers, direction: int, poses: Poses, seams: Seams
) -> NDArray[np.bool_]:
    """Tell for each pair of neighbours whether one is the best candidate of the other's side."""
    agree = np.zeros(len(a), dtype=np.bool_)
    relative = COMPOSED[poses.order[b], INVERSE[poses.order[a]]]
    for x, y, d, order in ((a, b, direction, relative), (b, a, direction + 2, INVERSE[relative])):
        side = 4 * x + poses.side_towards(x, d)
        agree |= (
            (seams.block[side, 0] == y)
            & (seams.side[side, 0] == poses.side_towards(y, d + 2))
            & (seams.mirrored[side, 0] == poses.mirrored[x] ^ poses.mirrored[y])
            & (seams.sign[side, 0] == poses.sign[x] * poses.sign[y])
            & (seams.order[side, 0] == order)
        )
    return agree


def solve(
    assembly: Assembly, grid: tuple[int, int], borders: Borders, seams: Seams, planes: int
) -> Integers:
    """Return which block is where, and give each block its pose there.

    Parameters
    ----------
    assembly : Assembly
        In frames of one plane; its poses are changed.
    grid : tuple of int
        Rows and columns of blocks of the whole.
    borders, seams
        Of the blocks.
    planes : int
        How many pictures stand side by side; a wall is between them while they grow.

    Returns
    -------
    ndarray of int64, shape (rows, columns)
    """
    poses, frame = assembly.poses, (grid[0], grid[1] // planes)
    layout = walled([framed(poses, part, frame) for part in assembly.largest(planes)])
    most = 0
    for _ in range(ROUNDS):
        parts = np.split(np.delete(layout, walls(layout), axis=1), planes, axis=1)
        kept_parts = [consistent(part, poses, seams) for part in parts]
        held = sum(int(np.count_nonzero(part >= 0)) for part in kept_parts)
        if held <= most:
            break
        most = held
        layout = refilled(walled(kept_parts), poses, borders)
        for _ in range(ROUNDS):
            if not settle(layout, poses, borders):
                break
        if most == borders.n:
            break
    whole = np.delete(layout, walls(layout), axis=1)
    poses.place[whole.ravel()] = np.argwhere(whole >= 0)
    return whole


def walled(parts: list[Integers]) -> Integers:
    """Return layouts side by side with columns between them that no block may take."""
    wall = np.full((len(parts[0]), 1), WALL)
    return np.concatenate([x for part in parts for x in (wall, part)][1:], axis=1)


def walls(layout: Integers) -> Integers:
    """Return the columns that are walls."""
    return np.flatnonzero(layout[0] == WALL)


def consistent(layout: Integers, poses: Poses, seams: Seams) -> Integers:
    """Return the layout with its largest part that best candidates hold together.

    By loops of four blocks with four such seams, each of which shares two blocks with another (Son,
    Hays and Cooper, "Solving square jigsaw puzzles with loop constraints", ECCV 2014): one false
    seam joins nothing. Where there are few loops, by single seams.
    """
    down, right = kept(layout, poses, seams)
    loops = down[:, :-1] & down[:, 1:] & right[:-1] & right[1:]
    labels, _ = label(loops)
    sizes = np.bincount(labels.ravel(), minlength=2)[1:]
    by_loops = _corners(np.asarray(labels == sizes.argmax() + 1))
    by_seams = _connected(layout, down, right)
    enough = 2 * np.count_nonzero(by_loops) > np.count_nonzero(by_seams)
    return np.where(by_loops if enough else by_seams, layout, -1)


def kept(
    layout: Integers, poses: Poses, seams: Seams
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which seams, to the blocks below and to the right, are best candidates."""
    found = []
    for direction, first, second in (
        (2, layout[:-1], layout[1:]),
        (1, layout[:, :-1], layout[:, 1:]),
    ):
        good = (first >= 0) & (second >= 0)
        good[good] = is_best(first[good], second[good], direction, poses, seams)
        found.append(good)
    return found[0], found[1]


def _corners(loops: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which places are in a loop of four."""
    places = np.zeros((loops.shape[0] + 1, loops.shape[1] + 1), dtype=np.bool_)
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        places[row : row + loops.shape[0], column : column + loops.shape[1]] |= loops
    return places


def _connected(
    layout: Integers, down: NDArray[np.bool_], right: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the places of the largest part that seams connect."""
    places = np.arange(layout.size).reshape(layout.shape)
    a = np.concatenate([places[:-1][down], places[:, :-1][right]])
    b = np.concatenate([places[1:][down], places[:, 1:][right]])
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(layout.size, layout.size))
    labels = connected_components(graph, directed=False)[1].reshape(layout.shape)
    largest = np.bincount(labels[layout >= 0], minlength=1).argmax()
    return np.asarray((labels == largest) & (layout >= 0))


def refilled(layout: Integers, poses: Poses, borders: Borders) -> Integers:
    """Put every block that has no place where it fits best, those with most neighbours first."""
    layout = layout.copy()
    while (layout == HOLE).any():
        rest = np.setdiff1d(np.arange(borders.n), layout)
        neighbours = np.stack([shifted(layout, d) for d in range(4)])
        count = np.where(layout == HOLE, (neighbours >= 0).sum(axis=0), 0)
        most = max(1, ENTRIES // (len(rest) * borders.orders))
        holes = np.argwhere((layout == HOLE) & (count == count.max()))[:most]
        around = neighbours[:, holes[:, 0], holes[:, 1]]
        tried = rest[_nearest(around, rest, poses, borders)]
        fit = _fit(np.repeat(around, tried.shape[1], axis=1), tried.ravel(), poses, borders)
        cost = fit.cost.reshape(tried.shape)
        first = cost.argmin(axis=1)
        best = cost[np.arange(len(holes)), first]
        others = np.where(np.arange(tried.shape[1]) == first[:, None], np.inf, cost).min(axis=1)
        blocks = tried[np.arange(len(holes)), first]
        chosen = _independent(holes, blocks, (best - others).argsort(kind="stable"))
        choice = chosen * tried.shape[1] + first[chosen]
        layout[tuple(holes[chosen].T)] = blocks[chosen]
        poses.put(blocks[chosen], Poses(holes[chosen], *(part[choice] for part in fit[1:])))
    return layout


def _nearest(neighbours: Integers, rest: Integers, poses: Poses, borders: Borders) -> Integers:
    """Return which blocks have the least squared errors in places with these neighbours."""
    shape = (borders.orders, 8, neighbours.shape[1], len(rest))
    total = np.zeros(shape, dtype=np.float32)
    energy = np.zeros(shape[1:], dtype=np.float32)
    for direction in range(4):
        there = np.flatnonzero(neighbours[direction] >= 0)
        if not there.size:
            continue
        a = neighbours[direction, there]
        rows = 4 * a + poses.side_towards(a, direction + 2)
        products = borders.products(rows, borders.lines[:, :, rest]) * poses.sign[a][:, None, None]
        here = np.arange(len(a))
        for pose in range(8):
            side = int(side_of(pose // 4, pose % 4, direction))
            energy[pose, there] += borders.energy[side, rest]
            values = products[:, poses.mirrored[a] ^ (pose // 4), here, side]
            for order in range(borders.orders):
                total[order, pose, there] += values[_relative(order, poses.order[a], borders), here]
    cost = (energy - 2 * np.abs(total)).min(axis=(0, 1))
    count = min(TRIED, len(rest))
    return smallest(cost, count)


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


def settle(layout: Integers, poses: Poses, borders: Borders) -> int:
    """Turn, mirror, negate and colour each block as fits its neighbours best; count changes."""
    changes = 0
    for colour in range(2):  # of a chess board: no two neighbours at once
        chosen = (layout >= 0) & (np.indices(layout.shape).sum(axis=0) % 2 == colour)
        blocks = layout[chosen]
        neighbours = np.stack([shifted(layout, d)[chosen] for d in range(4)])
        fit = _fit(neighbours, blocks, poses, borders)
        old = (poses.mirrored[blocks], poses.turns[blocks], poses.sign[blocks], poses.order[blocks])
        different = np.any([x != y for x, y in zip(fit[1:], old, strict=True)], axis=0)
        changes += int(np.count_nonzero(different))
        poses.put(blocks, Poses(poses.place[blocks], *fit[1:]))
    return changes


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
