"""A frame full of blocks: which is where, which seams that makes, and how it is mended.

What is inconsistent is taken out, and put back where it fits all its neighbours best (Gallagher
2012); then each block is turned, mirrored, negated and coloured anew where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.ndimage import label
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from etcprops.attacks.poses import COMPOSED, INVERSE, Poses
from etcprops.attacks.refilling import refilled, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks.assembly import Assembly
    from etcprops.attacks.seams import Borders, Seams

    Integers = NDArray[np.int64]

WALL: Final = -2
"""Of a layout, what is no place."""
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
        settle(layout, poses, borders, ROUNDS)
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
