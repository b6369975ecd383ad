"""A picture that grows pixel by pixel: each place is predicted from those around it.

Where a few pixels are in their places, their values in all images predict those of the next place
(kriging with a linear trend: Matheron 1969). The pixel that fits best is put there, the surest
first: those that fit much better than the second best. Straight extrapolation knows no favoured
direction, so a lattice that has grown stays a lattice. Growth begins where pixel and neighbours
are most like a square lattice.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.attacks._neighbours import Floats, Integers, Neighbours

OFFSETS: Final = np.array(
    [(i, j) for i in range(-2, 3) for j in range(-2, 3) if (i, j) != (0, 0)], dtype=np.int64
)
"""The 24 places that predict one."""
_RING: Final = np.flatnonzero(np.abs(OFFSETS).max(axis=1) == 1)
_BITS: Final = 1 << np.arange(len(OFFSETS))
_EXPONENT: Final = 1.65  # variogram of face images: |d| ** 1.65
_NUGGET: Final = 0.05  # noise of a pixel, in units of the squared step to a neighbour
_DOUBTS: Final = (0.5, 0.65, 0.8, 0.9)  # cost of the best by that of the second: surest first
_BENT: Final = 1.0  # 0.4 in pictures, 1.5 in noise
_LIMIT: Final = 6.0  # cost of the best by what was expected
_TILE: Final = 16


@cache
def _kriging(mask: int) -> tuple[Floats, float]:
    """Return weights of the 24 places and the expected squared error, infinite if undetermined."""
    known = np.flatnonzero(mask & _BITS)
    places, k = OFFSETS[known].astype(np.float64), len(known)
    apart = np.linalg.norm(places[:, None] - places, axis=2)
    away = np.linalg.norm(places, axis=1)
    covariance = -(apart**_EXPONENT) + _NUGGET * np.eye(k)
    trend = np.column_stack([np.ones(k), places])
    system = np.block([[covariance, trend], [trend.T, np.zeros((3, 3))]])
    solution = np.linalg.lstsq(system, np.r_[-(away**_EXPONENT), 1, 0, 0], rcond=None)[0][:k]
    weights = np.zeros(len(OFFSETS), dtype=np.float32)
    weights[known] = solution
    error = float(solution @ covariance @ solution + 2 * solution @ away**_EXPONENT)
    determined = np.allclose(trend.T @ solution, [1, 0, 0], atol=1e-6)
    return weights, max(error, _NUGGET) if determined else np.inf


def predict(
    pixels: Floats, canvas: Integers, rows: Integers, columns: Integers
) -> tuple[Floats, NDArray[np.float64]]:
    """Return what belongs at some places, shape (m, N), and how far off that may be, shape (m,).

    Places of `canvas` without a pixel hold -1; the two lines at its border must.
    """
    around = canvas[rows[:, None] + OFFSETS[:, 0], columns[:, None] + OFFSETS[:, 1]]
    masks, which = np.unique((around >= 0) @ _BITS, return_inverse=True)
    table = [_kriging(int(mask)) for mask in masks]
    weights = np.stack([w for w, _ in table])[which]
    predicted = np.zeros((len(rows), pixels.shape[1]), dtype=np.float32)
    for k in range(len(OFFSETS)):
        known = np.flatnonzero(around[:, k] >= 0)
        predicted[known] += weights[known, k, None] * pixels[around[known, k]]
    return predicted, np.array([error for _, error in table])[which]


def seeds(pixels: Floats, neighbours: Neighbours, count: int) -> Integers:
    """Return pixels with those left, right, above and below, shape (m, 5), the best first.

    The four nearest must be two opposite pairs, at a right angle and equally far. There are `count`
    at most, and none where pairs are no more opposite than those of noise.
    """
    near = neighbours.index[:, :4]
    steps = pixels[near] - pixels[:, None]
    energy = np.square(steps).sum(axis=(1, 2)) + np.float32(1e-9)
    bends, crooked, pairs = [], [], ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2))
    for one, other, two, second in pairs:
        bent = np.square(steps[:, one] + steps[:, other]).sum(axis=1)
        bent += np.square(steps[:, two] + steps[:, second]).sum(axis=1)
        a, b = steps[:, one] - steps[:, other], steps[:, two] - steps[:, second]
        lengths = np.stack([np.square(a).sum(axis=1), np.square(b).sum(axis=1)]) + 1e-9
        angle = np.abs(np.vecdot(a, b)) / np.sqrt(lengths[0] * lengths[1])
        bends.append(bent / energy)
        crooked.append(bends[-1] + angle + np.abs(np.log(lengths[0] / lengths[1])) / 2)
    score = np.min(crooked, axis=0)
    score[np.min(bends, axis=0) > _BENT] = np.inf
    best = np.argsort(score + score[neighbours.index[:, :8]].mean(axis=1), kind="stable")[:count]
    best = best[np.isfinite(score[best])]
    order = np.array(pairs)[np.argmin(crooked, axis=0)[best]]
    return np.column_stack([best, np.take_along_axis(near[best], order, axis=1)])


class Growth:
    """A canvas on which a picture grows from one seed.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n, N)
        Pixels under their signs.
    neighbours : Neighbours
        Of each pixel: the candidates for the places next to it.
    longest : int
        The longer side of the frame: how it lies is not known before the end.
    """

    def __init__(self, pixels: Floats, neighbours: Neighbours, longest: int) -> None:
        self.pixels, self.neighbours, self.longest = pixels, neighbours, longest
        side = 2 * longest + 7
        self.canvas = np.full((side, side), -1, dtype=np.int64)
        self.placed = np.zeros(len(pixels), dtype=np.bool_)
        self.step = np.maximum(neighbours.distance[:, :4].mean(axis=1), np.float32(1e-6))
        # Of each place the best pixel, and how sure it is; infinite where nothing fits.
        self.best = np.full((side, side), -1, dtype=np.int64)
        self.doubt = np.full((side, side), np.inf)
        self.stale = np.zeros((side, side), dtype=np.bool_)

    def run(self, seed: Integers) -> Integers:
        """Grow from a seed and return what has grown, -1 where there is nothing."""
        middle = len(self.canvas) // 2
        cross = np.array([(0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)]) + middle
        self._put(cross[:, 0], cross[:, 1], seed)
        while self._advance():
            pass
        rows, columns = np.nonzero(self.canvas >= 0)
        return self.canvas[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]

    def _put(self, rows: Integers, columns: Integers, pixels: Integers) -> None:
        self.canvas[rows, columns] = pixels
        self.placed[pixels] = True
        for row, column in OFFSETS:
            self.stale[rows + row, columns + column] = True

    def _advance(self) -> bool:
        """Fill the surer half of the surest places; return whether there was one."""
        full = self.canvas >= 0
        count = sum(np.roll(full, tuple(OFFSETS[k]), axis=(0, 1)).astype(np.int8) for k in _RING)
        rows, columns = np.nonzero(~full & (count >= 2) & self._inside(full))
        lost = self.placed[self.best[rows, columns]] & (self.best[rows, columns] >= 0)
        stale = self.stale[rows, columns] | lost
        if stale.any():
            self._look(rows[stale], columns[stale])
        doubt = self.doubt[rows, columns]
        limit = next((t for t in _DOUBTS if (doubt < t).any()), None)
        if limit is None:
            return False
        good = np.flatnonzero(doubt < limit)
        good = good[np.argsort(doubt[good], kind="stable")][: max(4, len(good) // 2)]
        # A pixel goes to the surest of the places that want it.
        good = good[np.unique(self.best[rows[good], columns[good]], return_index=True)[1]]
        self._put(rows[good], columns[good], self.best[rows[good], columns[good]])
        return True

    def _inside(self, full: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return where a pixel may be put without the picture growing longer than its frame."""
        at = np.arange(len(full))
        lines = [np.flatnonzero(full.any(axis=axis)) for axis in (1, 0)]
        extents = [np.maximum(at, line[-1]) - np.minimum(at, line[0]) for line in lines]
        height, width = (extent < self.longest for extent in extents)
        return np.asarray(height[:, None] & width)

    def _look(self, rows: Integers, columns: Integers) -> None:
        """Find the best pixel for some places, and how sure it is."""
        predicted, error = predict(self.pixels, self.canvas, rows, columns)
        ring = self.canvas[rows[:, None] + OFFSETS[_RING, 0], columns[:, None] + OFFSETS[_RING, 1]]
        known = ring >= 0
        step = np.where(known, self.step[ring], 0).sum(axis=1) / known.sum(axis=1)
        candidates = self._candidates(ring)
        cost = np.full(candidates.shape, np.inf)
        at, k = np.nonzero(candidates >= 0)
        for start in range(0, len(at), 1 << 15):
            i, j = at[start : start + (1 << 15)], k[start : start + (1 << 15)]
            cost[i, j] = np.square(self.pixels[candidates[i, j]] - predicted[i]).sum(axis=1)
        each = np.arange(len(rows))
        choice = cost.argmin(axis=1)
        least = cost[each, choice]
        cost[each, choice] = np.inf
        # One that has no rival is judged by what was expected.
        second = np.minimum(cost.min(axis=1), 4 * step * np.maximum(error, 1))
        fits = np.isfinite(least) & (least < _LIMIT * step * error)
        doubt = np.where(fits, least / np.maximum(second, 1e-30), np.inf)
        self.best[rows, columns] = candidates[each, choice]
        self.doubt[rows, columns] = doubt
        self.stale[rows, columns] = False

    def _candidates(self, ring: Integers) -> Integers:
        """Return each neighbour of the pixels of a ring once, if not placed; -1 fills the rest."""
        found = np.where((ring >= 0)[..., None], self.neighbours.index[ring], -1)
        found = np.where((found < 0) | self.placed[found], -1, found).reshape(len(ring), -1)
        found.sort(axis=1)
        found[:, 1:][found[:, 1:] == found[:, :-1]] = -1
        found = -np.sort(-found, axis=1)
        return found[:, : max(1, int((found >= 0).sum(axis=1).max()))]


def reassigned(
    pixels: Floats, picture: Integers, targets: Floats, shift: tuple[int, int], tile: int = _TILE
) -> Integers:
    """Move pixels within tiles to where they fit best, by linear assignment.

    Parameters
    ----------
    pixels : ndarray of float32, shape (n, N)
        Pixels under their signs.
    picture : ndarray of int64, shape (H, W)
        Which pixel is where.
    targets : ndarray of float32, shape (H, W, N)
        What belongs there.
    shift : tuple of int
        Where tiles begin.
    tile : int
        Their side.

    Returns
    -------
    ndarray of int64, shape (H, W)
    """
    out = picture.copy()
    height, width = picture.shape
    for top in range(-shift[0], height, tile):
        for left in range(-shift[1], width, tile):
            part = (slice(max(top, 0), top + tile), slice(max(left, 0), left + tile))
            inside = picture[part].ravel()
            wanted = targets[part].reshape(len(inside), -1)
            cost = np.square(wanted).sum(axis=1) - 2 * (pixels[inside] @ wanted.T)
            pixel, place = linear_sum_assignment(cost)
            moved = np.empty_like(inside)
            moved[place] = inside[pixel]
            out[part] = moved.reshape(out[part].shape)
    return out
