"""Reading a map off chosen images, and the images on which it is then tested.

``1 + ceil(log256 n)`` chosen images give source and sign of every pixel of a signed permutation:
black shows the signs, and the digits of the places show the sources. This is a chosen-plaintext
attack: whoever gets those few images encrypted has the key, which is why no image of somebody
else's choice may be encrypted under a key that protects others. What was read is a candidate
only, for a function of any kind gives some answer, until it is right on other images.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops._chosen_images import digit_count, digit_vectors
from etcprops.probing.model import Array, PixelMap
from etcprops.probing.oracle import Oracle, Scale

SWEEP_LIMIT = 1 << 18
"""Up to this many pixels every pixel is shown all 256 grey levels, in 256 images."""

UNIFORM = 8
"""Images of uniform noise among those that confirm a map."""


def chosen_vectors(size: int, scale: Scale) -> Iterator[Array]:
    """Yield black and the digits of the places, ``1 + ceil(log(size) / log(base))`` vectors."""
    yield scale.pixels(np.zeros(size, dtype=np.int64))
    for digit in digit_vectors(size, scale.base):
        yield scale.pixels(digit)


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
    negated = np.asarray(black == scale.level)
    if not np.all(negated | (black == 0)):
        return None
    source = np.zeros(black.size, dtype=np.int64)
    for place, output in enumerate(outputs[1:]):
        steps = np.where(negated, scale.level - output.astype(np.float32), output) / scale.unit
        digit = steps.astype(np.int64)
        if not np.array_equal(digit, steps):
            return None
        digit *= scale.base**place
        source += digit
    if source.size and (source.min() < 0 or source.max() >= size):
        return None
    sign = np.where(negated, np.int8(-1), np.int8(1))
    return PixelMap(source, sign, negated * np.float64(scale.level), size)


def predict(found: PixelMap, vector: Array, scale: Scale) -> Array:
    """Return what the map makes of a vector, of the vector's type."""
    if (found.source < 0).any():
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
    levels, a gradient), then `UNIFORM` images of noise and, with `sweep`, 256 images in which
    every pixel runs through all grey levels, from dark images to bright ones.
    """
    base = scale.base
    yield scale.pixels(np.full(size, base - 1))
    yield scale.pixels(np.full(size, base // 2))
    yield scale.pixels(rng.integers(0, 2, size) * (base - 1))
    for low, high in ((0, 1 / 32), (0, 1 / 4), (3 / 4, 1), (31 / 32, 1)):
        yield scale.pixels(rng.integers(round(low * base), round(high * base), size))
    yield scale.pixels(np.arange(size) * (base - 1) // max(1, size - 1))
    for _ in range(UNIFORM):
        yield scale.pixels(rng.integers(0, base, size))
    if sweep:
        start = rng.integers(0, 32, size)
        for level in range(256):
            yield scale.pixels((start + level) % 256 * (base // 256))


def confirmation_count(*, sweep: bool) -> int:
    """Return how many images `confirming_vectors` yields."""
    return 8 + UNIFORM + 256 * sweep


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
