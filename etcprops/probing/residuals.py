"""How far a function is from an affine one, and what that looks like."""

from __future__ import annotations

import numpy as np

from etcprops.probing.budget import Effort
from etcprops.probing.compression import find_compression
from etcprops.probing.linearity import Sums, sums_of_images
from etcprops.probing.oracle import NoImageError, Oracle

ROUNDING = 6
"""The sums of four results that are each rounded once or twice are off by no more grey levels."""

SMALLEST_CODED = 4 * 64
"""Pixels from which quantization steps of JPEG's blocks can be told."""

SOME_COMPRESSION = (
    "Images that are flat in 8 x 8 tiles are encrypted almost linearly, and a pixel changes its "
    "surroundings alone: lossy compression such as JPEG stands in it."
)


def how_non_linear(oracle: Oracle, rng: np.random.Generator, sums: Sums, effort: Effort) -> str:
    """Return how far sums of images are from being kept, and note what explains it.

    Parameters
    ----------
    oracle : Oracle
        A function that is of no class.
    rng : numpy.random.Generator
        Where the images come from.
    sums : Sums
        What was measured.
    effort : Effort
        How many instances are tried.
    """
    if not sums.tried:
        return "Sums of images could not be compared, for images failed."
    span = sums.highest - sums.lowest
    text = (
        f"Sums are not kept: |f(a) + f(b) - f(c) - f(d)| reaches {sums.residual:g} where "
        f"a + b = c + d, of results from {sums.lowest:g} to {sums.highest:g}"
    )
    if effort.sweep and oracle.size >= SMALLEST_CODED and oracle.scale.base == 256:
        compression = find_compression(oracle, rng)
        if compression is not None:
            oracle.notes.discard(SOME_COMPRESSION)  # of the quick look before this one
            oracle.notes.add(
                f"{compression} stands in it: the DCT coefficients of what it makes of noise are "
                "multiples of quantization steps."
            )
            return f"{text}."
    # Floats are not rounded to whole numbers, and of few levels everything is off by few.
    if sums.whole and sums.residual <= ROUNDING and span >= 20 * sums.residual:
        conversion = len(oracle.shape) == 3 and _stays_in_its_pixel(oracle, rng)
        what = "a colour conversion such as YCbCr" if conversion else "an average of pixels"
        oracle.notes.add(
            f"It is affine up to rounding to whole grey levels, as {what} is; distances change by "
            "that much."
        )
        return f"{text}: affine but for rounding."
    if sums.whole and oracle.scale.base == 256 and _looks_like_jpeg(oracle, rng, sums, effort):
        oracle.notes.add(SOME_COMPRESSION)
    return f"{text}."


def _changed(oracle: Oracle, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the output places that change with all components of a pixel, for three pixels."""
    channels = oracle.shape[2] if len(oracle.shape) == 3 else 1
    ground = rng.integers(64, 192, oracle.size)
    vectors = [ground]
    for place in rng.choice(oracle.size // channels, 3):
        other = ground.copy()
        other[place * channels : (place + 1) * channels] ^= 255
        vectors.append(other)
    try:
        before, *after = oracle.ask([oracle.scale.pixels(v) for v in vectors])
    except NoImageError:
        return []
    return [np.flatnonzero(v != before) for v in after]


def _stays_in_its_pixel(oracle: Oracle, rng: np.random.Generator) -> bool:
    """Tell whether a colour changes one colour of the result."""
    return all(0 < places.size <= oracle.shape[2] for places in _changed(oracle, rng))


def _looks_like_jpeg(oracle: Oracle, rng: np.random.Generator, sums: Sums, effort: Effort) -> bool:
    """Tell whether tiles of 8 x 8 are kept almost linearly and pixels change a few tiles alone."""
    channels = oracle.shape[2] if len(oracle.shape) == 3 else 1
    if min(oracle.shape[:2]) < 16:
        return False
    changed = _changed(oracle, rng)
    if not changed or not all(4 < places.size <= 256 * channels for places in changed):
        return False
    flat = sums_of_images(oracle, rng, effort.instances, flat=8)
    return flat.residual <= max(8.0, sums.residual / 4)
