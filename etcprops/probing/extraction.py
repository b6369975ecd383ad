"""Reading a map off chosen images, and the images on which it is then tested.

``1 + ceil(log256 n)`` chosen images give source and sign of every pixel of a signed permutation:
black shows the signs, and the digits of the pixels' indices show the sources. This is a
chosen-plaintext attack on a permutation-only cipher (Li et al. 2008): whoever gets those few images
encrypted has the key, which is why no image of somebody else's choice may be encrypted under a key
that protects others. What was read is a candidate
only, for a function of any kind gives some answer, until it is right on other images.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.model import Array, PixelMap
from etcprops.probing.oracle import Oracle, Scale
from etcprops.scheme._chosen_images import digit_count, digits, slices

SWEEP_LIMIT = 1 << 18
"""Up to this many pixels every pixel is shown all 256 grey levels, in 256 images."""

UNIFORM, FEWER_UNIFORM = 64, 8
"""Images of uniform noise among those that confirm a map, for images up to that size and beyond."""


def chosen_vectors(size: int, scale: Scale) -> Iterator[Array]:
    """Yield black and the digits of the places, ``1 + ceil(log(size) / log(base))`` vectors."""
    yield np.zeros(size, dtype=scale.dtype)
    for number in range(digit_count(size, scale.base)):
        vector = np.empty(size, dtype=scale.dtype)
        for part in slices(size):
            indices = np.arange(part.start, part.stop)
            vector[part] = scale.pixels(digits(indices, scale.base, number))
        yield vector


def read_pixel_map(outputs: list[Array], size: int, scale: Scale) -> PixelMap | None:
    """Return the map that every output pixel's answers to the chosen images name.

    Parameters
    ----------
    outputs : list of ndarrays, shape (m,)
        What became of `chosen_vectors`.
    size : int
        Number n of input pixels.
    scale : Scale
        The input's grey levels.

    Returns
    -------
    PixelMap or None
        A candidate; None if some pixel's answers name no pixel.

    Examples
    --------
    >>> scale = Scale(np.dtype(np.uint8))
    >>> answers = [255 - x[::-1] for x in chosen_vectors(300, scale)]
    >>> found = read_pixel_map(answers, 300, scale)
    >>> found.source[:3], found.sign[:3]
    (array([299, 298, 297]), array([-1, -1, -1], dtype=int8))
    """
    black = outputs[0]
    source = np.empty(black.size, dtype=np.int64)
    sign = np.empty(black.size, dtype=np.int8)
    for part in slices(black.size):
        negated = np.asarray(black[part] == scale.level)
        if not np.all(negated | (black[part] == 0)):
            return None
        indices = np.zeros(negated.size, dtype=np.int64)
        for number, output in enumerate(outputs[1:]):
            wide = output[part].astype(np.float64)
            steps = np.where(negated, scale.level - wide, wide) / scale.unit
            digit = steps.astype(np.int64)
            if not np.array_equal(digit, steps):
                return None
            indices += digit * scale.base**number
        if indices.min() < 0 or indices.max() >= size:
            return None
        source[part] = indices
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


def confirming_vectors(
    size: int, scale: Scale, rng: np.random.Generator, *, sweep: bool
) -> Iterator[Array]:
    """Yield the images on which a map is tested after it was read off.

    First the extremes that data-dependent functions react to (white, mid-grey, dark, bright, two
    levels, a gradient), then uniform noise and, with `sweep`, 256 images in which
    every pixel runs through all grey levels, from dark images to bright ones.
    """
    base = scale.base
    yield scale.pixels(np.full(size, base - 1))
    yield scale.pixels(np.full(size, base // 2))
    # Not the rising gradient: it is one of the chosen images.
    yield np.resize(scale.pixels(np.arange(base)[::-1]), size)
    yield np.where(scale.draw(rng, size, 0, 2) > 0, scale.pixels(np.array(base - 1)), 0).astype(
        scale.dtype
    )
    for low, high in ((0, 1 / 32), (0, 1 / 4), (3 / 4, 1), (31 / 32, 1)):
        yield scale.draw(rng, size, round(low * base), round(high * base))
    for _ in range(uniform_count(sweep=sweep)):
        yield scale.draw(rng, size)
    if sweep:
        start = rng.integers(0, 32, size)
        for level in range(256):
            yield scale.pixels((start + level) % 256 * (base // 256))


def uniform_count(*, sweep: bool) -> int:
    """Return how many images of uniform noise `confirming_vectors` yields."""
    return UNIFORM if sweep else FEWER_UNIFORM


def confirmation_count(*, sweep: bool) -> int:
    """Return how many images `confirming_vectors` yields."""
    return 8 + uniform_count(sweep=sweep) + 256 * sweep


def first_departure(
    oracle: Oracle, found: PixelMap, vectors: Iterator[Array]
) -> tuple[int, Array, Array] | None:
    """Return the first image, its number and its output, on which a map is not right."""
    asked: list[Array] = []

    def remembered() -> Iterator[Array]:
        for vector in vectors:
            asked.append(vector)
            yield vector

    for number, got in enumerate(oracle.ask(remembered())):
        vector = asked.pop(0)
        if wrong_pixels(predict(found, vector, oracle.scale), got, oracle.scale).size:
            return number, vector, got
    return None


def chosen_calls(size: int, scale: Scale) -> int:
    """Return the number of chosen images, ``1 + ceil(log(size) / log(base))``.

    Examples
    --------
    >>> chosen_calls(1024 * 1024 * 3, Scale(np.dtype(np.uint8)))
    4
    """
    return 1 + digit_count(size, scale.base)
