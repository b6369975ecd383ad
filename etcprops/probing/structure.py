"""The block scheme behind a signed permutation, and the key that reproduces it.

For every block size that divides the image: do whole blocks move, is what happens inside a block
one of the 8 elements of D4, is the negation the same all over it, are its colour components in one
order? The largest size at which all of this is so is the scheme's. Colour images are also looked
at as their components side by side, which is how grayscale-based schemes encrypt them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.geometry import BlockGeometry
from etcprops.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey
from etcprops.signed_permutation import SignedPermutation

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Structure:
    """What a signed permutation looks like in blocks.

    Attributes
    ----------
    layout : str
        "pixels" if a block has all components, "planes" if components lie side by side.
    block : int
        Side of the blocks; 1 if pixels move on their own.
    permutation : ndarray of int64, shape (n_blocks,)
        The input block that each output block shows.
    transforms : ndarray of int64, shape (n_blocks,), or None
        Codes of K2; None for an in-block scramble that is not D4.
    components : ndarray of int64, shape (n_blocks,), or None
        Codes of K4; None for grey or if components are not in one order a block.
    negatives : ndarray of bool, shape (n_blocks,), or None
        Blocks that are negated; None if some are in part.
    in_block_maps : int
        Number of different maps inside blocks.
    key : EtCKey or None
        The key that reproduces the map, if it is an EtC scheme.
    statements : tuple of str
        The above in words, and what is odd about it.
    """

    layout: str
    block: int
    permutation: Integers
    transforms: Integers | None
    components: Integers | None
    negatives: NDArray[np.bool_] | None
    in_block_maps: int
    key: EtCKey | None
    statements: tuple[str, ...]


@dataclass(frozen=True)
class _Tiles:
    """A map cut into blocks: where each pixel of each output block comes from."""

    block: int
    whole: bool  # every output block comes from one input block
    permutation: Integers
    inside: Integers  # (n_blocks, B * B * C), position in the input block
    negated: NDArray[np.bool_]  # the same shape


def infer_structure(
    found: SignedPermutation, shape: tuple[int, ...], out_shape: tuple[int, ...] | None = None
) -> Structure | None:
    """Return the block scheme of a bijective signed permutation.

    Parameters
    ----------
    found : SignedPermutation
        On images of `shape`.
    shape : tuple of int
        ``(H, W)`` or ``(H, W, C)``.
    out_shape : tuple of int, optional
        Of the result; by default `shape`. ``(H, C W)`` is taken for components side by side.

    Returns
    -------
    Structure or None
        None if the result has a shape in which blocks cannot be looked for.

    Examples
    --------
    >>> key = EtCKey.from_secret(BlockGeometry(16, 24, block=4), "an example")
    >>> structure = infer_structure(SignedPermutation.from_key(key), (16, 24))
    >>> structure.block, structure.key == key
    (4, True)
    """
    out_shape = shape if out_shape is None else out_shape
    channels = shape[2] if len(shape) == 3 else 1
    height, width = shape[:2]
    choices: list[tuple[str, Integers, NDArray[np.bool_], tuple[int, int, int]]] = []
    if out_shape == shape or (len(shape) == 2 and out_shape == (*shape, 1)):
        choices.append(("pixels", found.source, found.negated, (height, width, channels)))
    if channels > 1:
        planes = (height, channels * width)
        pixel = np.arange(height * width * channels).reshape(height, width, channels)
        # Where each pixel of the planes side by side lies in the image.
        order = pixel.transpose(0, 2, 1).reshape(-1)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        if out_shape == planes:
            choices.append(("planes", place[found.source], found.negated, (*planes, 1)))
        elif out_shape == shape:
            source, negated = place[found.source[order]], found.negated[order]
            choices.append(("planes", source, negated, (*planes, 1)))
    results = [_in_layout(*choice) for choice in choices]
    good = [r for r in results if r.key is not None and r.block > 1]
    better = [r for r in results if r.block > 1]
    return next(iter(good + better + results), None)


def _in_layout(
    layout: str, source: Integers, negated: NDArray[np.bool_], size: tuple[int, int, int]
) -> Structure:
    """Return the scheme of the largest blocks that are EtC's, else of the smallest that move."""
    height, width, channels = size
    sides = [s for s in range(2, gcd(height, width) + 1) if gcd(height, width) % s == 0]
    smallest: _Tiles | None = None
    for side in reversed(sides):
        tiles = _cut(source, negated, size, side)
        if tiles is None:
            continue
        structure = _as_etc(layout, tiles, size)
        if structure is not None:
            return structure
        smallest = tiles
    # One block that is the whole image says nothing.
    if smallest is not None and smallest.permutation.size > 1:
        return _scrambled(layout, smallest, channels)
    tiles = _cut(source, negated, size, 1)
    if tiles is not None:
        structure = _as_etc(layout, tiles, size)
        if structure is not None:
            return structure
        return _scrambled(layout, tiles, channels)
    empty = np.zeros(0, dtype=np.int64)
    what = "components move across pixels: no block size fits, not even single pixels"
    return Structure(layout, 1, empty, None, None, None, 0, None, (what,))


def _cut(
    source: Integers, negated: NDArray[np.bool_], size: tuple[int, int, int], side: int
) -> _Tiles | None:
    """Cut a map into blocks; None unless each output block comes from one input block."""
    height, width, channels = size
    rows, columns = height // side, width // side
    shape = (rows, side, columns, side, channels)

    def by_block(values: NDArray[Any]) -> NDArray[Any]:
        return values.reshape(shape).swapaxes(1, 2).reshape(rows * columns, -1)

    tiled = by_block(source)
    # The corner block first, which most sizes fail at.
    for part in (tiled[:1], tiled):
        y, x = np.divmod(part // channels, width)
        number = y // side * columns + x // side
        if np.any(number != number[:, :1]):
            return None
    inside = (y % side * side + x % side) * channels + tiled % channels
    return _Tiles(side, True, number[:, 0].copy(), inside, by_block(negated))


def _as_etc(layout: str, tiles: _Tiles, size: tuple[int, int, int]) -> Structure | None:
    """Return the structure if every block is turned, negated and reordered as EtC does it."""
    height, width, channels = size
    negatives = tiles.negated[:, 0].copy()
    if np.any(tiles.negated != negatives[:, None]):
        return None
    codes = _transform_codes(tiles.inside // channels, tiles.block, channels)
    if codes is None:
        return None
    if channels not in {1, 3}:
        return None
    component = (tiles.inside % channels).reshape(-1, tiles.block**2, channels)
    if np.any(component != component[:, :1]):
        return None
    orders = _order_codes(component[:, 0]) if channels == 3 else None
    if channels == 3 and orders is None:
        return None
    geometry = BlockGeometry(height, width, channels=channels, block=tiles.block)
    same = np.arange(codes.size)
    steps: dict[str, Any] = {
        "permutation": tiles.permutation if (tiles.permutation != same).any() else None,
        "transforms": codes if codes.any() else None,
        "negatives": negatives if negatives.any() else None,
        "components": orders if orders is not None and orders.any() else None,
    }
    used = codes * 12 + negatives * 6 + (0 if orders is None else orders)
    return Structure(
        layout,
        tiles.block,
        tiles.permutation,
        codes,
        orders,
        negatives,
        int(np.unique(used).size),
        EtCKey(geometry, **steps),
        _in_words(layout, tiles, codes, orders, negatives),
    )


def _transform_codes(position: Integers, side: int, channels: int) -> Integers | None:
    """Return the element of D4 that each block's positions are, or None if some is none."""
    square = np.arange(side * side).reshape(side, side)
    codes = np.full(len(position), -1)
    for code in reversed(range(N_TRANSFORMS)):  # for one pixel all 8 are 0
        turned = np.rot90(square, code % 4)
        pattern = (np.fliplr(turned) if code >= 4 else turned).reshape(-1).repeat(channels)
        likely = np.flatnonzero((position[:, 0] == pattern[0]) & (position[:, -1] == pattern[-1]))
        codes[likely[(position[likely] == pattern).all(axis=1)]] = code
    return None if (codes < 0).any() else codes


def _order_codes(component: Integers) -> Integers | None:
    """Return the index into `COMPONENT_ORDERS` of each row, or None."""
    equal = (component[:, None, :] == np.array(COMPONENT_ORDERS)[None]).all(axis=2)
    return equal.argmax(axis=1) if equal.any(axis=1).all() else None


def _scrambled(layout: str, tiles: _Tiles, channels: int) -> Structure:
    """Return the structure of blocks that move as a whole and are no EtC blocks."""
    partly = np.any(tiles.negated != tiles.negated[:, :1], axis=1)
    negatives = None if partly.any() else tiles.negated[:, 0].copy()
    codes = _transform_codes(tiles.inside // channels, tiles.block, channels)
    maps = np.unique(
        np.concatenate([2 * tiles.inside + tiles.negated], axis=1), axis=0
    )
    words = list(_in_words(layout, tiles, codes, None, negatives))
    if tiles.block > 1:
        words.append(
            f"inside blocks: {len(maps)} different map{'s' * (len(maps) != 1)} for "
            f"{len(tiles.inside)} blocks"
        )
    return Structure(
        layout,
        tiles.block,
        tiles.permutation,
        codes,
        None,
        negatives,
        len(maps),
        None,
        tuple(words),
    )


def _in_words(
    layout: str,
    tiles: _Tiles,
    codes: Integers | None,
    orders: Integers | None,
    negatives: NDArray[np.bool_] | None,
) -> tuple[str, ...]:
    """Return what blocks do, a statement for each step."""
    count = tiles.permutation.size
    where = " of the components side by side" if layout == "planes" else ""
    side = tiles.block
    unit = f"{side} x {side} blocks" if side > 1 else "single pixels"
    moved = int(np.count_nonzero(tiles.permutation != np.arange(count)))
    words = [f"{count} {unit}{where}; {moved} change their place"]
    if side > 1 and codes is not None:
        used = np.unique(codes).size
        words.append(f"each is turned or mirrored by an element of D4, {used} of 8 occur")
    elif codes is None:
        words.append("in-block scramble, not D4")
    if negatives is not None:
        n = int(negatives.sum())
        half = ", exactly half" if 2 * n == count and count > 1 else ""
        words.append(f"negation per block: {n} of {count}{half}")
    else:
        n, total = int(tiles.negated.sum()), tiles.negated.size
        half = ", exactly half" if 2 * n == total else ""
        words.append(f"negation per pixel: {n} of {total}{half}")
    if orders is not None:
        words.append(f"components in one order a block, {np.unique(orders).size} of 6 occur")
    return tuple(words)
