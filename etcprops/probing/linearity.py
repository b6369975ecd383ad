"""Sums of images: affine over the integers, or modulo a number such as 256, and the matrix.

Such a relation holds for all images or fails on most (Blum, Luby, Rubinfeld 1993). It is tested on
random instances; where it holds, the matrix is found from single pixels changed one at a time, or
all at once where every pixel of the result follows one pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.probing.budget import Effort
from etcprops.probing.extraction import confirming_vectors
from etcprops.probing.isometry import Kept, from_differences
from etcprops.probing.model import AffineMap, Array
from etcprops.probing.oracle import NoImageError, Oracle, whole_numbers


@dataclass(frozen=True)
class Sums:
    """How far ``f(a) + f(b) - f(c) - f(d)`` is from 0 where ``a + b = c + d``.

    Attributes
    ----------
    residual : float
        Its largest absolute value; 0 up to rounding of floats.
    modulus : int
        The greatest number of which all its values are multiples; 0 if results are no integers.
    lowest, highest : float
        Of all results.
    whole : bool
        Whether all results are integers.
    tried : int
        Instances.
    """

    residual: float
    modulus: int
    lowest: float
    highest: float
    whole: bool
    tried: int

    @property
    def affine(self) -> bool:
        """Whether the relation holds."""
        return self.tried > 0 and self.residual == 0

    @property
    def modular(self) -> bool:
        """Whether it holds modulo a number, of which no result goes beyond."""
        return self.modulus > 1 and self.highest - self.lowest < self.modulus


def sums_of_images(
    oracle: Oracle, rng: np.random.Generator, instances: int, *, flat: int = 1
) -> Sums:
    """Return how far sums of images are kept, over random instances.

    Parameters
    ----------
    oracle : Oracle
        The function f.
    rng : numpy.random.Generator
        Where the images come from.
    instances : int
        Quadruples to try.
    flat : int, default=1
        Images are constant on tiles of this side.
    """
    worst, modulus, tried = 0.0, 0, 0
    low, high, whole = math.inf, -math.inf, True
    for number in range(instances):
        try:
            outputs = list(oracle.ask(_quadruple(oracle, rng, number, flat)))
        except NoImageError as error:
            oracle.fail(error)
            continue
        tried += 1
        low = min(low, *(float(v.min()) for v in outputs))
        high = max(high, *(float(v.max()) for v in outputs))
        integers = whole_numbers(*outputs) if whole else None
        if integers is None:
            whole = False
            p, q, r, s = (v.astype(np.float64) for v in outputs)
            largest = float(np.abs(p + q - r - s).max())
            # Sums over an image round once a pixel at worst, far less in practice.
            noise = max(abs(low), abs(high)) * oracle.rounding * (8 + oracle.size**0.5 / 8)
            worst = max(worst, 0.0 if largest <= noise else largest)
            continue
        a, b, c, d = integers
        gap = a + b - c - d
        worst = max(worst, float(np.abs(gap).max()))
        modulus = math.gcd(modulus, int(np.gcd.reduce(gap)))
    return Sums(worst, modulus if whole else 0, low, high, whole, tried)


def _quadruple(oracle: Oracle, rng: np.random.Generator, number: int, flat: int) -> list[Array]:
    """Return four images a, b, c, d with ``a + b = c + d``."""
    base = oracle.scale.base
    span = base if number % 3 else base // 4
    a, b = (_tiled(oracle.shape, rng, span, flat) for _ in range(2))
    if number % 3 == 1:
        # One of the brightest and one of the darkest, whose sum two ordinary images have.
        narrow = base // 32 if number % 2 else 1
        a, b = base - 1 - a * narrow // span, b * narrow // span
    low, high = np.maximum(a + b - (base - 1), 0), np.minimum(a + b, base - 1)
    share = _tiled(oracle.shape, rng, 1 << 16, flat) / (1 << 16)
    c = low + np.rint((high - low) * share).astype(np.int64)
    return [oracle.scale.pixels(v) for v in (a, b, c, a + b - c)]


def _tiled(
    shape: tuple[int, ...], rng: np.random.Generator, span: int, side: int
) -> NDArray[np.int64]:
    """Return whole numbers below `span`, the same within tiles of `side`; flat."""
    if side == 1:
        return rng.integers(0, span, int(np.prod(shape)))
    rows, columns = -(-shape[0] // side), -(-shape[1] // side)
    small = rng.integers(0, span, (rows, columns, *shape[2:]))
    large = small.repeat(side, axis=0).repeat(side, axis=1)
    return np.asarray(large[: shape[0], : shape[1]]).reshape(-1)


def find_matrix(
    oracle: Oracle,
    rng: np.random.Generator,
    sums: Sums,
    effort: Effort,
    source: NDArray[np.int64] | None,
) -> AffineMap | None:
    """Return matrix and offset of a function that passed as affine, if they can be had.

    Parameters
    ----------
    oracle : Oracle
        The function.
    rng : numpy.random.Generator
        Where the images come from.
    sums : Sums
        What showed that it is affine, or affine modulo a number.
    effort : Effort
        Up to how many pixels the matrix is read column by column.
    source : ndarray of int64, shape (m,), or None
        The only input pixel that each output pixel follows, if that is so.

    Returns
    -------
    AffineMap or None
        None if the image is too large to read all columns.
    """
    scale = oracle.scale
    modulus = 0 if sums.affine else sums.modulus
    # The largest step, for what is rounded; modulo a number one of 1, which is invertible.
    height = 1 if modulus else scale.base - 1
    ground = np.where(rng.random(oracle.size) < 0.5, 0, scale.base - 1)
    step = np.where(ground == 0, height, -height)
    if source is None and oracle.size > effort.columns:
        return None
    before = oracle.one(scale.pixels(ground))

    def entries(vector: Array, columns: Array | int) -> NDArray[np.float64]:
        change = _difference(oracle.one(vector), before)
        return np.asarray(change / (step[columns] * scale.unit))

    if source is not None:
        values = entries(scale.pixels(ground + step), source)
        rows = np.flatnonzero(values)
        found, coordinates = values[rows], (rows, source[rows])
    else:
        parts = []
        for column in range(oracle.size):
            unit = ground.copy()
            unit[column] += step[column]
            change = entries(scale.pixels(unit), column)
            # Rounding of floats is no entry.
            floor = max(1e-9, oracle.rounding) * max(float(np.abs(change).max()), 1e-300)
            floor = max(floor, oracle.rounding * float(np.abs(before).max()) / height / scale.unit)
            reached = np.flatnonzero(np.abs(change) > (0 if sums.whole else floor))
            parts.append((reached, np.full(reached.size, column), change[reached]))
        rows, indices, found = (np.concatenate(p) for p in zip(*parts, strict=True))
        coordinates = (rows, indices)
    nearest = np.rint(found)
    if sums.whole and np.array_equal(nearest, found):
        found = nearest.astype(np.int64)
    if modulus:
        found = (found + modulus // 2) % modulus - modulus // 2
    matrix = csr_array((found, coordinates), shape=(before.size, oracle.size))
    matrix.eliminate_zeros()
    lowest = int(sums.lowest) if modulus and (sums.lowest < 0 or sums.highest >= modulus) else 0
    at_ground = matrix @ (ground * scale.unit if scale.unit != 1 else ground)
    offset = before.astype(np.float64) - lowest - at_ground
    if modulus:
        offset %= modulus
    elif not sums.whole:
        offset[np.abs(offset) <= 64 * max(oracle.rounding, 1e-15) * np.abs(before).max()] = 0
    return AffineMap(matrix, offset, modulus, lowest)


def _difference(after: Array, before: Array) -> NDArray[np.float64]:
    """Return a difference of results of any type as floats."""
    exact = whole_numbers(after, before)
    if exact is not None:
        return (exact[0] - exact[1]).astype(np.float64)
    return np.asarray(after.astype(np.float64) - before)


def affine_departure(
    oracle: Oracle, rng: np.random.Generator, found: AffineMap, effort: Effort
) -> Array | None:
    """Return an image that is not encrypted as the matrix says, or None."""
    vectors = confirming_vectors(oracle.size, oracle.scale, rng, effort)
    for vector, output in oracle.answered(vectors):
        expected = found.apply(vector)
        if oracle.rounding == 0 and found.matrix.dtype.kind == "i":
            same = np.array_equal(expected, output.astype(np.float64))
        else:
            rough = max(oracle.rounding * 1024, 1e-9) * float(np.abs(expected).max() or 1)
            same = bool((np.abs(expected - output) <= rough).all())
        if not same:
            return vector
    return None


def kept_in_samples(oracle: Oracle, rng: np.random.Generator) -> Kept | None:
    """Return what an affine function keeps, from random differences; None if images failed."""
    scale, size = oracle.scale, oracle.size
    vectors = [scale.draw(rng, size) for _ in range(4)]
    one = vectors[-1].copy()
    place = int(rng.integers(size))
    one[place] = scale.pixels(np.array(0 if one[place] > scale.level / 2 else scale.base - 1))
    try:
        outputs = list(oracle.ask([*vectors, one]))
    except NoImageError:
        return None
    return from_differences([*vectors, one], outputs, rounding=oracle.rounding)
