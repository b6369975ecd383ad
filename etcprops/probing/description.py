"""A description of a signed permutation in pieces, and how many bits it leaves to a key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etcprops.probing import axes
from etcprops.probing.draws import Draw
from etcprops.probing.repeats import own_orders
from etcprops.probing.tiles import Tiles
from etcprops.scheme.keys import EtCKey

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Structure:
    """What a signed permutation looks like in pieces.

    Attributes
    ----------
    layout : str
        "pixels" if a piece has all components, "planes" if components lie side by side, "apart" if
        each component is an image of its own; then pieces are those of the first. "transposed" if
        the result is, after what is described; "axes" if pixels are only read in another order, or
        the result has a shape that says nothing of rows and columns.
    unit : tuple of int
        Height and width of the pieces.
    arrangement : str
        How they are arranged: "free", "rows and columns", and so on.
    tiles : Tiles
        The map cut into these pieces.
    draws : tuple of Draw
        What a key chooses.
    size : tuple of int
        Height, width and components of what is cut into pieces.
    loops : tuple of pairs of int
        The order of the axes in which pixels are read, if that is the description.
    beside : int
        How many components lie side by side.
    key : EtCKey or None
        The key that reproduces the map, if the pieces are square and are not scrambled inside.
    chosen : str
        How the description was chosen.
    statements : tuple of str
        It in words, and what is odd about it.
    """

    layout: str
    unit: tuple[int, int]
    arrangement: str
    tiles: Tiles
    draws: tuple[Draw, ...]
    size: tuple[int, int, int]
    loops: axes.Loops = ()
    beside: int = 1
    key: EtCKey | None = None
    statements: tuple[str, ...] = ()
    chosen: str = ""

    @property
    def block(self) -> int:
        """Side of the pieces if they are square, 1 if pixels move on their own; else 0."""
        return self.unit[0] if self.unit[0] == self.unit[1] else 0

    @property
    def permutation(self) -> Integers:
        """The piece of the image that each piece of the result shows."""
        return self.tiles.permutation

    @property
    def transforms(self) -> Integers | None:
        """Codes of K2; None for an in-block scramble that is not D4."""
        return _all_known(self.tiles.codes)

    @property
    def components(self) -> Integers | None:
        """Codes of K4; None for grey or if components are not in one order a piece."""
        return _all_known(self.tiles.orders) if self.size[2] == 3 else None

    @property
    def negatives(self) -> NDArray[np.bool_] | None:
        """Pieces that are negated; None if some are in part."""
        found = _all_known(self.tiles.negatives)
        return None if found is None else found.astype(np.bool_)

    @property
    def in_block_maps(self) -> int:
        """Number of different maps inside pieces."""
        return self.tiles.in_block_maps

    @property
    def bits(self) -> float:
        """log2 of the number of choices of a key, of what this one chooses at all."""
        return sum((d.bits for d in self.draws if not d.neutral), 0.0)


def _all_known(values: Integers) -> Integers | None:
    return values if values.size and (values >= 0).all() else None


def common_bits(structures: Sequence[Structure]) -> float:
    """Return log2 of the number of choices of a key, of what any of several keys chooses.

    What is the same under all of them is one choice.
    """
    total = 0.0
    draws = list(zip(*(s.draws for s in structures), strict=True))
    for same, own in zip(draws, own_orders(draws), strict=True):
        if not all(d.neutral for d in same):
            total += same[0].bits * own.share
    return total + scramble_bits(structures)


def scramble_bits(structures: Sequence[Structure]) -> float:
    """Return the bits of what happens inside pieces, where it has no name under some key."""
    return max(map(_scramble_bits, structures))


def _scramble_bits(structure: Structure) -> float:
    tiles = structure.tiles
    if tiles.explained or not tiles.permutation.size:
        return 0.0
    pixels, channels = math.prod(tiles.unit), structure.size[2]
    turned, mixed = (tiles.codes < 0).any(), (tiles.orders < 0).any()
    inside = (tiles.negatives < 0).any() * float(pixels * channels)
    if turned:
        inside += math.lgamma(pixels * (channels if mixed else 1) + 1) / math.log(2)
    elif mixed:
        inside += pixels * math.lgamma(channels + 1) / math.log(2)
    # Each piece by itself, or a list of the different maps and which of them each piece has.
    pieces, maps = tiles.permutation.size, tiles.in_block_maps
    return float(min(pieces * inside, maps * inside + pieces * math.log2(maps)))
