"""Reading a map off chosen images, and the images on which it is then tested.

``ceil(log256 2n)`` chosen images give source and sign of every pixel of a signed permutation: they
show the digits of the pixels' numbers, the first of them in dark grey levels alone, so that bright
ones of the result are negated. That is as few as counting allows: a number and a sign have 2n
cases, and an image shows 256. This is a chosen-plaintext attack on a permutation-only cipher
(Li et al. 2008): whoever gets those few images encrypted has the key, which is why no image of
somebody else's choice may be encrypted under a key that protects others. What was read is a
candidate only, for a function of any kind gives some answer, until it is right on other images.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.budget import Effort
from etcprops.probing.model import Array, PixelMap
from etcprops.probing.oracle import Scale
from etcprops.scheme._chosen_images import digit_count, digits, slices

SWEEP_LIMIT = 1 << 18
"""Up to this many pixels every pixel is shown all 256 grey levels, in 256 images."""

TRIGGERS = 11
"""Images that `triggers` yields."""

FEWER_UNIFORM = 8
"""Images of uniform noise that confirm a map of larger images."""


def naming_vectors(size: int, scale: Scale, start: int = 0) -> Iterator[Array]:
    """Yield the digits of the pixels' numbers, ``ceil(log(2 size) / log(base))`` vectors.

    Parameters
    ----------
    size : int
        Number n of pixels.
    scale : Scale
        Their grey levels.
    start : int, default=0
        The number of the first pixel; the others follow, modulo `size`.
    """
    half = scale.base // 2
    for number in range(digit_count(2 * size, scale.base)):
        vector = np.empty(size, dtype=scale.dtype)
        for part in slices(size):
            indices = (np.arange(part.start, part.stop) + start) % size
            shown = (
                indices % half if not number else digits(indices // half, scale.base, number - 1)
            )
            vector[part] = scale.pixels(shown)
        yield vector


def read_pixel_map(
    outputs: list[Array], size: int, scale: Scale, start: int = 0
) -> PixelMap | None:
    """Return the map that every output pixel's answers to the naming images name.

    Parameters
    ----------
    outputs : list of ndarrays, shape (m,)
        What became of `naming_vectors`.
    size : int
        Number n of input pixels.
    scale : Scale
        The input's grey levels.
    start : int, default=0
        As in `naming_vectors`.

    Returns
    -------
    PixelMap or None
        A candidate; None if some pixel's answers name no pixel.

    Examples
    --------
    >>> scale = Scale(np.dtype(np.uint8))
    >>> answers = [255 - x[::-1] for x in naming_vectors(300, scale)]
    >>> found = read_pixel_map(answers, 300, scale)
    >>> found.source[:3], found.sign[:3]
    (array([299, 298, 297]), array([-1, -1, -1], dtype=int8))
    """
    half = scale.base // 2
    source = np.empty(outputs[0].size, dtype=np.int64)
    sign = np.empty(source.size, dtype=np.int8)
    for part in slices(source.size):
        negated = outputs[0][part] >= half * scale.unit
        indices = np.zeros(negated.size, dtype=np.int64)
        weight = 1
        for number, output in enumerate(outputs):
            wide = output[part].astype(np.float64)
            steps = np.where(negated, scale.level - wide, wide) / scale.unit
            if steps.min() < 0 or steps.max() >= (scale.base if number else half):
                return None
            digit = steps.astype(np.int64)
            if not np.array_equal(digit, steps):
                return None
            indices += digit * weight
            weight *= scale.base if number else half
        if indices.max() >= size:
            return None
        source[part] = (indices - start) % size
        sign[part] = np.where(negated, -1, 1)
    return PixelMap(source, sign, size, scale.level)


def predict(found: PixelMap, vector: Array, scale: Scale) -> Array:
    """Return what the map makes of a vector, of the vector's type."""
    if found.constants is not None:
        values = found.sign * vector[found.source].astype(np.float64) + found.offset
        return np.asarray(values)
    out = np.take(vector, found.source)
    level = vector.dtype.type(scale.level)
    np.subtract(level, out, out=out, where=found.sign < 0)
    return out


def wrong_pixels(expected: Array, got: Array, scale: Scale) -> NDArray[np.int64]:
    """Return the places where two outputs differ, by more than rounding for floats."""
    if scale.tolerance:
        return np.flatnonzero(np.abs(expected - got.astype(np.float64)) > scale.tolerance)
    return np.flatnonzero(expected != got)


def extreme_vectors(size: int, scale: Scale, rng: np.random.Generator) -> Iterator[Array]:
    """Yield what data-dependent functions react to: eight images.

    Dark, bright, white, mid-grey, two levels, a falling gradient, very dark, very bright.
    """
    base = scale.base
    yield scale.draw(rng, size, 0, base // 4)
    yield scale.draw(rng, size, 3 * base // 4, base)
    yield scale.pixels(np.full(size, base - 1))
    yield scale.pixels(np.full(size, base // 2))
    yield np.where(scale.draw(rng, size, 0, 2) > 0, scale.pixels(np.array(base - 1)), 0).astype(
        scale.dtype
    )
    # Not the rising gradient: it is one of the chosen images.
    yield np.resize(scale.pixels(np.arange(base)[::-1]), size)
    yield scale.draw(rng, size, 0, base // 32)
    yield scale.draw(rng, size, 31 * base // 32, base)


def triggers(size: int, scale: Scale, rng: np.random.Generator) -> Iterator[Array]:
    """Yield black, and images that functions of contrast, parity or a few pixels react to."""
    base = scale.base
    yield np.zeros(size, dtype=scale.dtype)
    noise = rng.integers(0, base, size)
    for spread in (2, base // 16, base // 4):
        yield scale.pixels(base // 2 - spread // 2 + rng.integers(0, spread, size))
    yield scale.pixels(noise // 2 * 2)
    yield scale.pixels(noise // 2 * 2 + 1)
    for place in (0, size - 1):
        odd = noise // 2 * 2
        odd[place] += 1
        yield scale.pixels(odd)
    for level in (0, base // 2 - 1, base - 1):
        yield scale.pixels(np.where(rng.random(size) < 0.9, level, noise))


def sweep_vectors(size: int, scale: Scale, rng: np.random.Generator) -> Iterator[Array]:
    """Yield 256 images in which every pixel runs through all grey levels, from dark to bright."""
    start = rng.integers(0, 32, size)
    for level in range(256):
        yield scale.pixels((start + level) % 256 * (scale.base // 256))


def confirming_vectors(
    size: int, scale: Scale, rng: np.random.Generator, effort: Effort
) -> Iterator[Array]:
    """Yield the images on which a map is tested after it was read off, noise first."""
    for _ in range(uniform_count(size, effort)):
        yield scale.draw(rng, size)
    extremes = extreme_vectors(size, scale, rng)
    for _, vector in zip(range(effort.extremes), extremes, strict=False):
        yield vector
    if effort.extremes > 2:
        yield from triggers(size, scale, rng)
    if effort.sweep and size <= SWEEP_LIMIT:
        yield from sweep_vectors(size, scale, rng)


def confirming_count(size: int, effort: Effort) -> int:
    """Return how many images `confirming_vectors` yields.

    Examples
    --------
    >>> from etcprops.probing.budget import FULL, QUICK
    >>> confirming_count(64, FULL), confirming_count(64, QUICK)
    (339, 2)
    """
    swept = 256 if effort.sweep and size <= SWEEP_LIMIT else 0
    triggered = TRIGGERS if effort.extremes > 2 else 0
    return uniform_count(size, effort) + effort.extremes + triggered + swept


def uniform_count(size: int, effort: Effort) -> int:
    """Return how many images of uniform noise `confirming_vectors` yields."""
    return effort.noise if size <= SWEEP_LIMIT else min(effort.noise, FEWER_UNIFORM)


def chosen_calls(size: int, scale: Scale) -> int:
    """Return the number of images that name a signed permutation, ``ceil(log(2 n) / log(base))``.

    Examples
    --------
    >>> chosen_calls(1024 * 1024 * 3, Scale(np.dtype(np.uint8)))
    3
    """
    return digit_count(2 * size, scale.base)
