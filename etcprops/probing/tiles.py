"""A map cut into rectangular pieces, each of which comes from one piece of the image.

What happens inside a piece is one of the elements of D4 that keep its shape, one order of its
components and one sign, or something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.scheme._chosen_images import CHUNK
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Tiles:
    """A map cut into pieces.

    A code is -1 where a piece has none: no element of D4, more than one order, negated in part.

    Attributes
    ----------
    unit : tuple of int
        Height and width of a piece.
    permutation, codes, orders, negatives : ndarray of int64, shape (pieces,)
        Where each piece comes from, and what was done to it.
    negated_pixels : int
        How many are.
    in_block_maps : int
        Number of different maps inside pieces.
    """

    unit: tuple[int, int]
    permutation: Integers
    codes: Integers
    orders: Integers
    negatives: Integers
    negated_pixels: int
    in_block_maps: int

    @property
    def explained(self) -> bool:
        """Whether every piece has all codes."""
        return all((c >= 0).all() for c in (self.codes, self.orders, self.negatives))


def transforms_of(unit: tuple[int, int]) -> tuple[int, ...]:
    """Return the elements of D4 that keep a piece's shape and differ on it.

    Examples
    --------
    >>> transforms_of((4, 4)), transforms_of((2, 3)), transforms_of((1, 5)), transforms_of((1, 1))
    ((0, 1, 2, 3, 4, 5, 6, 7), (0, 2, 4, 6), (0, 2), (0,))
    """
    height, width = unit
    if height == width:
        return tuple(range(N_TRANSFORMS)) if height > 1 else (0,)
    return (0, 2, 4, 6) if min(unit) > 1 else (0, 2)


def cut(
    source: NDArray[Any],
    negated: NDArray[np.bool_],
    size: tuple[int, int, int],
    unit: tuple[int, int],
    *,
    explained: bool = False,
) -> Tiles | None:
    """Cut a map into pieces; None unless each piece of the result comes from one of the image.

    Parameters
    ----------
    source : ndarray of integers, shape (n,)
        The input pixel that each output pixel shows.
    negated : ndarray of bool, shape (n,)
        Whether it is negated.
    size : tuple of int
        Height, width and components.
    unit : tuple of int
        Height and width of the pieces; they divide those of the image.
    explained : bool, default=False
        Return None, too, as soon as a piece has no code.
    """
    height, width, channels = size
    if unit == (1, 1):
        return _cut_pixels(source, negated, channels, explained=explained)
    rows, columns = height // unit[0], width // unit[1]
    # The first row of the first piece: most sizes fail at it.
    corner = _origins(source[None, : unit[1] * channels].copy(), width, channels, unit)[0]
    if (corner != corner[:, :1]).any():
        return None
    parts: list[tuple[Integers, ...]] = []
    maps: set[int | bytes] = set()
    strip = unit[0] * width * channels
    step = max(1, CHUNK // strip)
    for top in range(0, rows, step):
        pixels = slice(top * strip, (top + step) * strip)
        tiled = _by_piece(source[pixels].astype(np.int32), columns, unit, channels)
        signs = _by_piece(negated[pixels], columns, unit, channels)
        number, position, component = _origins(tiled, width, channels, unit)
        if (number != number[:, :1]).any():
            return None
        # A piece may be as large as the image: keep no array longer than needed.
        number = number[:, 0].copy()
        del tiled
        turns = _transform_codes(position, unit, channels)
        order = _order_codes(component, channels)
        negative = np.where((signs == signs[:, :1]).all(axis=1), signs[:, 0], -1)
        parts.append((number, turns, order, negative, signs.sum(axis=1)))
        known = (turns >= 0) & (order >= 0) & (negative >= 0)
        maps.update(_drawn(turns[known], order[known], negative[known]))
        if not known.all():
            if explained:
                return None
            inside = (2 * (position * channels + component) + signs)[~known]
            rows_as_one = np.dtype((np.void, inside.itemsize * inside.shape[1]))
            different = np.unique(np.ascontiguousarray(inside).view(rows_as_one))
            maps.update(row.tobytes() for row in different)
    permutation, codes, orders, negatives, counts = (
        np.concatenate(values).astype(np.int64) for values in zip(*parts, strict=True)
    )
    return Tiles(unit, permutation, codes, orders, negatives, int(counts.sum()), len(maps))


def _cut_pixels(
    source: NDArray[Any], negated: NDArray[np.bool_], channels: int, *, explained: bool
) -> Tiles | None:
    """Cut a map into single pixels: components are in some order, or the same pixel's at least."""
    count = source.size // channels
    permutation = np.empty(count, dtype=np.int64)
    orders, negatives = (np.zeros(count, dtype=np.int64) for _ in range(2))
    different: set[int] = set()
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        values = slice(start * channels, (start + CHUNK) * channels)
        shown = source[values].reshape(-1, channels)
        signs = negated[values].reshape(-1, channels)
        permutation[part] = shown[:, 0] // channels
        if channels > 1:
            component = shown - permutation[part, None] * channels
            if component.min() < 0 or component.max() >= channels:
                return None
            orders[part] = _order_codes(component, channels)
            alike = (signs == signs[:, :1]).all(axis=1)
            negatives[part] = np.where(alike, signs[:, 0], -1)
        else:
            negatives[part] = signs[:, 0]
        known = (orders[part] >= 0) & (negatives[part] >= 0)
        if not known.all():
            if explained:
                return None
            weights = (2 * channels) ** np.arange(channels)
            inside = ((2 * component + signs)[~known] * weights).sum(axis=1)
            different.update((-1 - np.unique(inside)).tolist())
        different.update(_drawn(np.int64(0), orders[part][known], negatives[part][known]))
    still = np.zeros(count, dtype=np.int64)
    total = int(np.count_nonzero(negated))
    return Tiles((1, 1), permutation, still, orders, negatives, total, len(different))


def _drawn(turns: Any, orders: Integers, negatives: Integers) -> list[int]:
    """Return the different combinations of codes, as numbers."""
    return list(np.flatnonzero(np.bincount(((turns * 6 + orders) * 2 + negatives).reshape(-1))))


def _by_piece(
    values: NDArray[Any], columns: int, unit: tuple[int, int], channels: int
) -> NDArray[Any]:
    """Return the pixels of whole rows of pieces, one row a piece."""
    tiles = values.reshape(-1, unit[0], columns, unit[1], channels).swapaxes(1, 2)
    return tiles.reshape(-1, unit[0] * unit[1] * channels)


def _origins(
    tiled: NDArray[Any], width: int, channels: int, unit: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the piece, the position in it and the component that each pixel comes from.

    The array is used up: these are many pixels, so all is done in place.
    """
    component = (tiled % channels).astype(np.int8)
    x = np.floor_divide(tiled, channels, out=tiled)
    y = x // width
    x -= y * width
    number = y // unit[0]
    y -= number * unit[0]
    column = x // unit[1]
    x -= column * unit[1]
    number *= width // unit[1]
    number += column
    y *= unit[1]
    y += x
    return number, y, component


def _transform_codes(position: NDArray[Any], unit: tuple[int, int], channels: int) -> Integers:
    """Return the element of D4 that each piece's positions are, -1 where they are none."""
    piece = np.arange(unit[0] * unit[1], dtype=position.dtype).reshape(unit)
    codes = np.full(len(position), -1)
    for code in transforms_of(unit):
        rotated = np.rot90(piece, code % 4)
        pattern = (np.fliplr(rotated) if code >= 4 else rotated).reshape(-1).repeat(channels)
        likely = np.flatnonzero(
            (position[:, 0] == pattern[0])
            & (position[:, unit[1] * channels - 1] == pattern[unit[1] * channels - 1])
        )
        codes[likely[(position[likely] == pattern).all(axis=1)]] = code
    return codes


def _order_codes(component: NDArray[Any], channels: int) -> Integers:
    """Return the index into `COMPONENT_ORDERS` of each block, -1 where it has more than one."""
    first = component[:, :channels]
    uniform = np.ones(len(component), dtype=np.bool_)
    if component.shape[1] > channels:
        whole = component.reshape(len(component), -1, channels)
        uniform = (whole == first[:, None]).all(axis=(1, 2))
    known = np.array(COMPONENT_ORDERS) if channels == 3 else np.arange(channels)[None]
    weights = channels ** np.arange(channels)
    code_of = np.full(channels**channels, -1)
    code_of[known @ weights] = np.arange(len(known))
    return np.where(uniform, code_of[first @ weights], -1)
