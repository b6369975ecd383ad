"""The smallest description of a signed permutation in pieces, and the key that reproduces it.

For every size of rectangular pieces that divides the image: do whole pieces move, is what happens
inside one of the elements of D4, is the negation the same all over it, are its components in one
order? How the pieces are arranged on their grid is looked at in turn. Colour images are also looked
at as their components side by side, which is how grayscale-based schemes encrypt them. Of all that
fits, under every key, the description that leaves a key the fewest bits to choose is the smallest
(Rissanen 1978): the others are special cases of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from etcprops._validation import as_integer, describe, reject
from etcprops.probing import axes
from etcprops.probing.description import Structure, common_bits, scramble_bits
from etcprops.probing.draws import Draw, codes, permutation
from etcprops.probing.layouts import as_shape, layouts, pieces
from etcprops.probing.tiles import Tiles, cut, transforms_of
from etcprops.probing.within import arranged
from etcprops.probing.wording import STILL, in_words, piece_name
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.signed_permutation import SignedPermutation


def infer_structure(
    found: SignedPermutation,
    shape: tuple[int, ...],
    out_shape: tuple[int, ...] | None = None,
    *,
    block: int | None = None,
) -> Structure | None:
    """Return the smallest description of a bijective signed permutation in pieces.

    Parameters
    ----------
    found : SignedPermutation
        On images of `shape`.
    shape : tuple of int
        ``(H, W)`` or ``(H, W, C)`` with 1 to 4 channels.
    out_shape : tuple of int, optional
        Of the result; by default `shape`. ``(H, C W)`` is taken for components side by side.
    block : int, optional
        Look for square blocks of this side only; by default for pieces of every size.

    Returns
    -------
    Structure or None
        None if no square blocks of the side asked for move whole.

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind, or `shape` has another number of pixels than the map.

    Examples
    --------
    >>> key = EtCKey.from_secret(BlockGeometry(16, 24, block=4), "an example")
    >>> structure = infer_structure(SignedPermutation.from_key(key), (16, 24))
    >>> structure.block, structure.key == key
    (4, True)
    """
    caller = "infer_structure"
    if not isinstance(found, SignedPermutation):
        reject("found", caller, "be a SignedPermutation", describe(found))
    size = as_shape(shape, "shape", found)
    result = None if out_shape is None else as_shape(out_shape, "out_shape", found)
    if block is not None:
        block = as_integer(block, "block", caller, 1, max(size))
    common = infer_common([found], size, result, block=block)
    return common[0] if common else None


def infer_common(
    maps: Sequence[SignedPermutation],
    shape: tuple[int, ...],
    out_shape: tuple[int, ...] | None = None,
    *,
    block: int | None = None,
) -> list[Structure]:
    """Return the descriptions of several maps in the smallest form that all of them have.

    Parameters
    ----------
    maps : sequence of SignedPermutation
        Of several keys.
    shape, out_shape, block
        As for `infer_structure`.

    Returns
    -------
    list of Structure
        One a map; empty if there is no such form.
    """
    out_shape = shape if out_shape is None else out_shape
    forms: list[list[Structure]] = []
    for layout, size, placed in layouts(maps, shape, out_shape):
        for tiles in pieces(placed, size, block):
            forms += _forms(layout, size, tiles)
        if any(_settled(form) for form in forms):
            break  # components by themselves would be the same pieces, more often
    else:
        forms += _apart(maps, shape, out_shape) if block is None else []
    least = min((common_bits(form) for form in forms), default=math.inf)
    # No order of the axes is smaller than one loop.
    if block is None and least > 2 * math.log2(len(maps[0])):
        forms += _axes(maps)
        forms = forms or _as_vectors(maps)
    if not forms:
        return []

    sizes = [common_bits(form) for form in forms]

    def rank(number: int) -> tuple[float, float, bool, int]:
        first = forms[number][0]
        # Of equal ones, those say more in which less has no name, and components as images of
        # their own more than side by side.
        planes = first.layout == "planes"
        return round(sizes[number], 6), round(scramble_bits(forms[number]), 6), planes, number

    order = sorted(range(len(forms)), key=rank)
    chosen = _choice([forms[i][0] for i in order], [sizes[i] for i in order])
    return [_in_full(s, chosen, shape, out_shape) for s in forms[order[0]]]


def _settled(form: list[Structure]) -> bool:
    """Tell whether all pieces move whole, of several pixels or with components in their order."""
    large = min(form[0].unit) > 1
    return all(
        s.tiles.explained and (large or (s.layout == "pixels" and not s.tiles.orders.any()))
        for s in form
    )


# --- Forms


def _forms(layout: str, size: tuple[int, int, int], tiles: list[Tiles]) -> list[list[Structure]]:
    """Return the descriptions of all maps in each arrangement that all of them have."""
    height, width, _ = size
    unit = tiles[0].unit
    grid = (height // unit[0], width // unit[1])
    piece = piece_name(unit, (height, width))
    orders = [t.permutation for t in tiles]
    return [
        _alike([_describe(layout, t, size, name, d) for t, d in zip(tiles, draws, strict=True)])
        for name, draws in arranged(orders, grid, piece)
    ]


def _alike(form: list[Structure]) -> list[Structure]:
    """Leave out draws that some of the maps do not have: what happens inside has no name there."""
    common = set.intersection(*({draw.name for draw in s.draws} for s in form))
    return [replace(s, draws=tuple(d for d in s.draws if d.name in common)) for s in form]


def _apart(
    maps: Sequence[SignedPermutation], shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> list[list[Structure]]:
    """Return the descriptions of maps under which each component is an image of its own."""
    if len(shape) != 3 or shape[2] == 1 or out_shape != shape:
        return []
    channels, size = shape[2], (*shape[:2], 1)
    orders, placed = [], []
    for m in maps:
        source, negated = m.source.reshape(-1, channels), m.negated.reshape(-1, channels)
        component = source % channels
        if (component != component[0]).any():
            return []
        orders.append(permutation("order of the components", component[0]))
        placed += [(source[:, c] // channels, negated[:, c]) for c in range(channels)]
    found = []
    for tiles in pieces(placed, size, None):
        for form in _forms("apart", size, tiles):
            if not all(s.tiles.explained for s in form):
                continue  # as single pixels they are
            groups = [form[i : i + channels] for i in range(0, len(form), channels)]
            found.append([_joined(g, o) for g, o in zip(groups, orders, strict=True)])
    return found


def _axes(maps: Sequence[SignedPermutation]) -> list[list[Structure]]:
    """Return the descriptions of maps that only read pixels in another order of axes."""
    found: list[Structure] = []
    for m in maps:
        loops = axes.loops_of(m.source)
        if loops is None or (found and len(loops) != len(found[0].loops)):
            return []
        negated = m.negated[:1] if (m.negated == m.negated[0]).all() else m.negated
        draws = [axes.draw_of(loops, m.source.size)]
        draws.append(codes("negation", negated.astype(np.int64), 2))
        size = (m.source.size, 1, 1)
        tiles = cut(m.source, m.negated, size, (1, 1))
        assert tiles is not None, "single values are pieces of every map"
        found.append(Structure("axes", (1, 1), "axes", tiles, tuple(draws), size, loops=loops))
    if len({s.draws[1].values.size for s in found}) > 1:
        return []
    return [found]


def _as_vectors(maps: Sequence[SignedPermutation]) -> list[list[Structure]]:
    """Return the descriptions of maps whose results have a shape that says nothing of places."""
    size = (len(maps[0]), 1, 1)
    tiles = [cut(m.source, m.negated, size, (1, 1)) for m in maps]
    return _forms("axes", size, [t for t in tiles if t is not None])


def _joined(parts: Sequence[Structure], order: Draw) -> Structure:
    """Return one structure for components that are images of their own."""
    draws = []
    for same in zip(*(p.draws for p in parts), strict=True):
        values = np.concatenate([d.values for d in same])
        neutral = all(d.neutral for d in same)
        draws.append(replace(same[0], values=values, neutral=neutral))
    return replace(parts[0], draws=(order, *draws))


def _describe(
    layout: str,
    tiles: Tiles,
    size: tuple[int, int, int],
    arrangement: str,
    arranged: tuple[Draw, ...],
) -> Structure:
    """Return the structure, without words."""
    channels = size[2]
    draws = list(arranged)
    turns = transforms_of(tiles.unit)
    if len(turns) > 1 and (tiles.codes >= 0).all():
        step = 8 // len(turns) if len(turns) != 2 else 2
        draws.append(codes("element of D4", tiles.codes // step, len(turns)))
    if channels == 3 and (tiles.orders >= 0).all():
        draws.append(codes("component order", tiles.orders, 6))
    if (tiles.negatives >= 0).all():
        draws.append(codes("negation", tiles.negatives, 2))
    return Structure(layout, tiles.unit, arrangement, tiles, tuple(draws), size)


def _key(tiles: Tiles, size: tuple[int, int, int]) -> EtCKey | None:
    """Return the key of an EtC scheme whose blocks are the pieces; None if these are not square."""
    height, width, channels = size
    if tiles.unit[0] != tiles.unit[1]:
        return None
    geometry = BlockGeometry(height, width, channels=channels, block=tiles.unit[0])
    still = {"permutation": np.arange(tiles.permutation.size)}
    steps = {
        "permutation": tiles.permutation,
        "transforms": tiles.codes,
        "negatives": tiles.negatives,
    }
    if channels == 3:
        steps["components"] = tiles.orders
    used = {n: c for n, c in steps.items() if (c != still.get(n, 0)).any()}
    return EtCKey(geometry, **used)


def _choice(firsts: Sequence[Structure], sizes: Sequence[float]) -> str:
    """Return how the first of several forms was chosen: they come smallest first."""
    if len(firsts) == 1:
        larger = min(firsts[0].unit) > 1
        why = "the largest pieces that move whole" if larger else "no larger pieces move whole"
        return f"{why}: {sizes[0]:.1f} bits"
    other = firsts[1]
    name = "" if other.arrangement == "free" else f", {other.arrangement.partition(': ')[0]}"
    unit = f"{other.unit[0]} x {other.unit[1]} {other.layout}{name}"
    text = f"smallest of {len(firsts)} descriptions that fit: {sizes[0]:.1f} bits"
    return f"{text}; the next, {unit}, has {sizes[1]:.1f}"


def _in_full(
    structure: Structure, chosen: str, shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> Structure:
    """Return a structure in words, with its key and how it was chosen."""
    size, tiles, layout = structure.size, structure.tiles, structure.layout
    if structure.arrangement == "axes":
        words = axes.in_words(structure.loops, shape, out_shape)
        negated = int(np.count_nonzero(tiles.negatives))
        words += (f"negated: {negated} of {tiles.negatives.size}" if negated else STILL,)
    else:
        words = in_words(layout, tiles, size, structure.arrangement)
    if layout == "apart":
        words = ("each component by itself, the first as follows", *words)
    known = tiles.explained and size[2] in {1, 3} and layout in {"pixels", "planes"}
    key = _key(tiles, size) if known else None
    beside = shape[2] if layout == "planes" else 1
    words += (chosen,)
    return replace(structure, beside=beside, chosen=chosen, statements=words, key=key)
