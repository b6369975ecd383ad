"""Pixel-local maps: every output pixel is a function of one input pixel, whatever that function is.

Which input pixel it is comes from group testing (Dorfman 1943): all pixels whose number has a 1 in
some binary digit are changed, then all those that have a 0 there. A pixel that follows only one
input pixel answers to exactly one of the two groups.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.budget import Effort
from etcprops.probing.extraction import confirming_vectors
from etcprops.probing.model import Array, LocalMap, MapKind
from etcprops.probing.oracle import Oracle, whole_numbers

TABLE_PIXELS = 1 << 14
"""Larger outputs are sampled: tables for this many pixels."""

ROUNDS, FEW_ROUNDS = 4, 2
"""How often each group is changed: for a look that misses nothing, and for a quick one."""


def influences(
    oracle: Oracle, rng: np.random.Generator, rounds: int = ROUNDS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the only source of each output pixel, and the pixels that have more than one.

    Parameters
    ----------
    oracle : Oracle
        The function.
    rng : numpy.random.Generator
        Where the images come from.
    rounds : int
        How often each group is changed: to any other grey level, by 1, from black to white or back,
        and to any other again.

    Returns
    -------
    source : ndarray of int64, shape (m,)
        The input pixel on which it depends, 0 if it was never seen to change.
    others : ndarray of int64
        Output pixels that answered to both groups of a test.
    """
    size, scale = oracle.size, oracle.scale
    indices = np.arange(size)
    steps = rng.integers(0, scale.base, (rounds, size))
    # Another grey level everywhere, so that a curve that is not flat shows it.
    changed = (steps + rng.integers(1, scale.base, (rounds, size))) % scale.base
    # Sums modulo a number always answer to 1, thresholds to the whole range.
    changed[1:2] = np.where(steps[1:2] > 0, steps[1:2] - 1, 1)
    steps[2:3] = np.where(steps[2:3] % 2, scale.base - 1, 0)
    changed[2:3] = scale.base - 1 - steps[2:3]
    before = list(oracle.ask(scale.pixels(row) for row in steps))
    source = np.zeros(before[0].size, dtype=np.int64)
    mixed = np.zeros(source.size, dtype=np.bool_)
    for bit in range((size - 1).bit_length()):
        ones = (indices >> bit & 1).astype(np.bool_)
        answered = []
        for group in (ones, ~ones):
            tests = (
                scale.pixels(np.where(group, b, a)) for a, b in zip(steps, changed, strict=True)
            )
            changes = (
                after != first for after, first in zip(oracle.ask(tests), before, strict=True)
            )
            answered.append(np.any(list(changes), axis=0))
        mixed |= answered[0] & answered[1]
        source |= answered[0].astype(np.int64) << bit
    source[source >= size] = 0
    return source, np.flatnonzero(mixed)


def tabulate(
    oracle: Oracle, source: NDArray[np.int64], rng: np.random.Generator, effort: Effort
) -> LocalMap | None:
    """Return the tone curve of every output pixel, or None if they have none.

    Every pixel is shown all 256 grey levels; the curves must then be right on the
    images that confirm a map, in which each level is seen in the company of others.
    """
    if oracle.scale.dtype != np.uint8:
        return None
    count = source.size
    indices = (
        np.arange(count)
        if count <= TABLE_PIXELS
        else np.sort(rng.choice(count, TABLE_PIXELS, replace=False))
    )
    followed = source[indices]
    rows = np.arange(indices.size)
    start = rng.integers(0, 256, oracle.size)
    levels = ((start + level) % 256 for level in range(256))
    table: Array | None = None
    for level, got in enumerate(oracle.ask(v.astype(np.uint8) for v in levels)):
        if table is None:
            table = np.zeros((indices.size, 256), dtype=got.dtype)
        table[rows, (start[followed] + level) % 256] = got[indices]
    tests = confirming_vectors(oracle.size, oracle.scale, rng, effort)
    for vector, got in oracle.answered(tests):
        if table is None or not np.array_equal(table[rows, vector[followed]], got[indices]):
            return None
    return None if table is None else LocalMap(indices, followed, table)


def kind_of_curves(found: LocalMap) -> MapKind:
    """Return the class of a pixel-local map: affine, affine over GF(2), or neither.

    Examples
    --------
    >>> levels = np.arange(256, dtype=np.uint8)[None]
    >>> one = np.zeros(1, dtype=np.int64)
    >>> [str(kind_of_curves(LocalMap(one, one, t))) for t in (levels // 3, levels ^ 77)]
    ['non-linear, pixel-local', 'affine over GF(2)']
    """
    integers = whole_numbers(found.table)
    if integers is None:
        table = found.table
        step = table[:, 1:2] - table[:, :1]
        straight = np.allclose(table, table[:, :1] + step * np.arange(256), atol=1e-6)
        return MapKind.AFFINE if straight else MapKind.PIXEL_LOCAL
    (wide,) = integers
    if np.array_equal(wide, wide[:, :1] + (wide[:, 1:2] - wide[:, :1]) * np.arange(256)):
        return MapKind.AFFINE
    linear = wide ^ wide[:, :1]
    built = np.zeros_like(linear)
    for bit, columns in _bits():
        built[:, columns] ^= linear[:, [1 << bit]]
    return MapKind.GF2_AFFINE if np.array_equal(built, linear) else MapKind.PIXEL_LOCAL


def _bits() -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield each bit of a byte with the grey levels that have it."""
    levels = np.arange(256)
    for bit in range(8):
        yield bit, (levels >> bit & 1).astype(np.bool_)
