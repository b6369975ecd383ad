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

from etcprops.scheme._chosen_images import CHUNK
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey
from etcprops.scheme.signed_permutation import SignedPermutation

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
    """A map cut into blocks, each of which comes from one input block.

    A code is -1 where a block has none: no element of D4, more than one order, negated in part.
    """

    block: int
    permutation: Integers
    codes: Integers
    orders: Integers
    negatives: Integers
    negated_pixels: int
    in_block_maps: int

    @property
    def is_etc(self) -> bool:
        """Whether every block has all codes."""
        return all((c >= 0).all() for c in (self.codes, self.orders, self.negatives))


def infer_structure(
    found: SignedPermutation,
    shape: tuple[int, ...],
    out_shape: tuple[int, ...] | None = None,
    *,
    block: int | None = None,
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
    block : int, optional
        Look for blocks of this side only; by default of every side.

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
    size = (height, width, channels)
    first: Structure | None = None
    if out_shape == shape or (len(shape) == 2 and out_shape == (*shape, 1)):
        first = _in_layout("pixels", found.source, found.negated, size, block)
        if first.key is not None and first.block > 1:
            return first
    if channels > 1 and out_shape in {shape, (height, channels * width)}:
        planes = (height, channels * width, 1)
        # Where each pixel of the components side by side lies in the image, and the inverse.
        order = np.arange(found.source.size).reshape(size).transpose(0, 2, 1).reshape(-1)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        shown = order if out_shape == shape else np.arange(order.size)
        source, negated = place[found.source[shown]], found.negated[shown]
        second = _in_layout("planes", source, negated, planes, block)
        return second if first is None or _rank(second) > _rank(first) else first
    return first


def _rank(structure: Structure) -> tuple[bool, bool]:
    """Return how much a structure explains: blocks before single pixels, a key before none."""
    return structure.block > 1, structure.key is not None


def _in_layout(
    layout: str,
    source: Integers,
    negated: NDArray[np.bool_],
    size: tuple[int, int, int],
    block: int | None,
) -> Structure:
    """Return the scheme of the largest blocks that are EtC's, else of the smallest that move."""
    height, width, channels = size
    common = gcd(height, width)
    sides = [s for s in range(2, common + 1) if common % s == 0 and block in {None, s}]
    smallest: _Tiles | None = None
    for side in reversed(sides):
        tiles = _cut(source, negated, size, side)
        if tiles is None:
            continue
        if tiles.is_etc and channels in {1, 3}:
            return _describe(layout, tiles, size)
        smallest = tiles
    # One block that is the whole image says nothing.
    if smallest is not None and smallest.permutation.size > 1:
        return _describe(layout, smallest, size)
    tiles = _cut(source, negated, size, 1)
    if tiles is not None:
        return _describe(layout, tiles, size)
    empty = np.zeros(0, dtype=np.int64)
    what = "components move across pixels: no block size fits, not even single pixels"
    return Structure(layout, 1, empty, None, None, None, 0, None, (what,))


def _cut(
    source: Integers, negated: NDArray[np.bool_], size: tuple[int, int, int], side: int
) -> _Tiles | None:
    """Cut a map into blocks; None unless each output block comes from one input block."""
    height, width, channels = size
    rows, columns = height // side, width // side
    # The first row of the first block: most sizes fail at it.
    corner = _origins(source[None, : side * channels].copy(), width, channels, side)[0]
    if (corner != corner[:, :1]).any():
        return None
    parts: list[tuple[Integers, ...]] = []
    maps: set[int | bytes] = set()
    step = max(1, CHUNK // (side * width * channels))
    for top in range(0, rows, step):
        pixels = slice(top * side * width * channels, (top + step) * side * width * channels)
        tiled = _by_block(source[pixels].astype(np.int32), columns, side, channels)
        signs = _by_block(negated[pixels], columns, side, channels)
        number, position, component = _origins(tiled, width, channels, side)
        if (number != number[:, :1]).any():
            return None
        # A block may be as large as the image: keep no array longer than needed.
        number = number[:, 0].copy()
        del tiled
        turns = _transform_codes(position, side, channels)
        order = _order_codes(component, channels)
        negative = np.where((signs == signs[:, :1]).all(axis=1), signs[:, 0], -1)
        parts.append((number, turns, order, negative, signs.sum(axis=1)))
        known = (turns >= 0) & (order >= 0) & (negative >= 0)
        maps.update(np.unique((turns * 6 + order)[known] * 2 + negative[known]).tolist())
        if not known.all():
            inside = (2 * (position * channels + component) + signs)[~known]
            rows_as_one = np.dtype((np.void, inside.itemsize * inside.shape[1]))
            different = np.unique(np.ascontiguousarray(inside).view(rows_as_one))
            maps.update(row.tobytes() for row in different)
    permutation, codes, orders, negatives, counts = (
        np.concatenate(values).astype(np.int64) for values in zip(*parts, strict=True)
    )
    return _Tiles(side, permutation, codes, orders, negatives, int(counts.sum()), len(maps))


def _by_block(values: NDArray[Any], columns: int, side: int, channels: int) -> NDArray[Any]:
    """Return the pixels of whole rows of blocks, one row a block."""
    tiles = values.reshape(-1, side, columns, side, channels).swapaxes(1, 2)
    return tiles.reshape(-1, side * side * channels)


def _origins(
    tiled: NDArray[Any], width: int, channels: int, side: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the block, the position in it and the component that each pixel comes from.

    The array is used up: these are many pixels, so all is done in place.
    """
    component = (tiled % channels).astype(np.int8)
    x = np.floor_divide(tiled, channels, out=tiled)
    y = x // width
    x -= y * width
    number = y // side
    y -= number * side
    column = x // side
    x -= column * side
    number *= width // side
    number += column
    y *= side
    y += x
    return number, y, component


def _transform_codes(position: NDArray[Any], side: int, channels: int) -> Integers:
    """Return the element of D4 that each block's positions are, -1 where they are none."""
    square = np.arange(side * side, dtype=position.dtype).reshape(side, side)
    codes = np.full(len(position), -1)
    for code in reversed(range(N_TRANSFORMS)):  # for one pixel all 8 are the same: 0
        rotated = np.rot90(square, code % 4)
        pattern = (np.fliplr(rotated) if code >= 4 else rotated).reshape(-1).repeat(channels)
        likely = np.flatnonzero(
            (position[:, 0] == pattern[0])
            & (position[:, side * channels - 1] == pattern[side * channels - 1])
        )
        codes[likely[(position[likely] == pattern).all(axis=1)]] = code
    return codes


def _order_codes(component: NDArray[Any], channels: int) -> Integers:
    """Return the index into `COMPONENT_ORDERS` of each block, -1 where it has more than one."""
    first = component[:, :channels]
    uniform = (component.reshape(len(component), -1, channels) == first[:, None]).all(axis=(1, 2))
    known = np.array(COMPONENT_ORDERS) if channels == 3 else np.arange(channels)[None]
    equal = (first[:, None, :] == known[None]).all(axis=2)
    return np.where(uniform & equal.any(axis=1), equal.argmax(axis=1), -1)


def _describe(layout: str, tiles: _Tiles, size: tuple[int, int, int]) -> Structure:
    """Return the structure, with the key if it is that of an EtC scheme."""
    height, width, channels = size
    known = {
        "permutation": tiles.permutation,
        "transforms": tiles.codes,
        "negatives": tiles.negatives,
        "components": tiles.orders,
    }
    usable = {name: codes if (codes >= 0).all() else None for name, codes in known.items()}
    if channels != 3:
        usable["components"] = None
    key = None
    if tiles.is_etc and channels in {1, 3}:
        geometry = BlockGeometry(height, width, channels=channels, block=tiles.block)
        still = {"permutation": np.arange(tiles.permutation.size)}
        key = EtCKey(
            geometry,
            **{
                name: codes
                for name, codes in usable.items()
                if codes is not None and (codes != still.get(name, 0)).any()
            },
        )
    negatives = usable["negatives"]
    return Structure(
        layout,
        tiles.block,
        tiles.permutation,
        usable["transforms"],
        usable["components"],
        None if negatives is None else negatives.astype(np.bool_),
        tiles.in_block_maps,
        key,
        _in_words(layout, tiles, channels),
    )


def _in_words(layout: str, tiles: _Tiles, channels: int) -> tuple[str, ...]:
    """Return what blocks do, a statement for each step."""
    count, side = tiles.permutation.size, tiles.block
    where = " of the components side by side" if layout == "planes" else ""
    unit = f"{side} x {side} blocks" if side > 1 else "single pixels"
    displaced = int(np.count_nonzero(tiles.permutation != np.arange(count)))
    words = [f"{count} {unit}{where}; {displaced} change their place"]
    if (tiles.codes < 0).any():
        words.append("in-block scramble, not D4")
    elif side > 1:
        words.append(
            f"each is rotated or mirrored by an element of D4, {np.unique(tiles.codes).size} of 8 "
            "occur"
        )
    per_block = (tiles.negatives >= 0).all()
    total = count if per_block else count * side * side * channels
    negated = int(tiles.negatives.sum()) if per_block else tiles.negated_pixels
    half = ", exactly half" if 2 * negated == total and total > 1 else ""
    words.append(f"negation per {'block' if per_block else 'pixel'}: {negated} of {total}{half}")
    if channels == 3:
        words.append(
            f"components in one order a block, {np.unique(tiles.orders).size} of 6 occur"
            if (tiles.orders >= 0).all()
            else "components are not in one order a block"
        )
    if side > 1:
        maps = tiles.in_block_maps
        words.append(f"{maps} different map{'s' * (maps != 1)} inside {count} blocks")
    return tuple(words)
