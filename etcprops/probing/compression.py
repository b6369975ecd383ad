"""JPEG inside a function: named from what it makes of noise, with quality and sub-sampling.

A decoder leaves each DCT coefficient near a multiple of its quantisation step (`formats.traces`).
The images are chosen to show that: noise without clipped pixels, first grey, so that no order of
the colour components hides luma, then coloured.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from etcprops.formats.traces import JpegTraces, find_jpeg
from etcprops.probing.oracle import Oracle

CONTRASTS = (40, 80, 110)
"""Of the noise: what is faint is rounded to zero at a low quality, what is strong is clipped."""
PIXELS = 1 << 13
MOST_IMAGES = 32
GREY = 128
ALTERNATING = (100, -51, 0)
"""Added to red, green and blue of every other line: luma stays as it is."""
KEPT, LOST = 0.6, 0.1
"""Shares of the contrast between lines that mean full resolution, and half of it."""


def find_compression(oracle: Oracle, rng: np.random.Generator) -> JpegTraces | None:
    """Return what a function's results show of JPEG, or None if it is not seen.

    Parameters
    ----------
    oracle : Oracle
        A function of images with 256 grey levels, which was asked before.
    rng : numpy.random.Generator
        Where the noise comes from.
    """
    if oracle.scale.dtype != np.uint8 or oracle.out_dtype != np.uint8:
        return None
    for contrast in CONTRASTS:
        found = find_jpeg(_of_noise(oracle, rng, contrast, coloured=False))
        if found is not None:
            break
    else:
        return None
    if oracle.shape[2:] != (3,) or oracle.out_shape[2:] != (3,) or not found.qualities:
        return found
    coloured = find_jpeg(_of_noise(oracle, rng, contrast, coloured=True))
    sampling = None if coloured is None else coloured.sampling
    return replace(found, sampling=sampling or _sampling_by_lines(oracle))


def _of_noise(
    oracle: Oracle, rng: np.random.Generator, contrast: int, *, coloured: bool
) -> NDArray[np.uint8]:
    """Return what the function makes of noise around mid-grey, shape (images, *out_shape)."""
    count = min(MOST_IMAGES, -(-PIXELS // oracle.size))
    size = (count, *oracle.shape) if coloured else (count, *oracle.shape[:2])
    noise = rng.integers(GREY - contrast, GREY + contrast, size, dtype=np.uint8)
    if not coloured and len(oracle.shape) == 3:
        noise = np.repeat(noise[..., None], oracle.shape[2], axis=-1)
    outputs = oracle.ask(list(noise.reshape(count, -1)))
    return np.stack([output.reshape(oracle.out_shape) for output in outputs])


def _sampling_by_lines(oracle: Oracle) -> str | None:
    """Return the sub-sampling from whether hues of single lines survive, or None.

    For results in which chroma is on no grid: blocks of 8 x 8 pixels that were moved, or colour
    components that were exchanged afterwards.
    """
    image = np.full(oracle.shape, GREY, dtype=np.int64)
    kept = []
    for axis in (0, 1):
        signs = np.where(np.arange(oracle.shape[axis]) % 2, 1, -1)
        lines = np.moveaxis(np.moveaxis(image, axis, -2) + signs[:, None] * ALTERNATING, -2, axis)
        asked = lines.astype(np.uint8)
        output = oracle.one(asked.reshape(-1)).reshape(oracle.out_shape)
        kept.append(_hue_contrast(output) / _hue_contrast(asked))
    if any(LOST < share < KEPT for share in kept):
        return None
    rows, columns = (share >= KEPT for share in kept)
    return {(True, True): "4:4:4", (True, False): "4:2:2", (False, True): "4:4:0"}.get(
        (rows, columns), "4:2:0"
    )


def _hue_contrast(image: NDArray[np.uint8]) -> float:
    """Return how much differences between components vary over an image."""
    wide = image.astype(np.float64)
    return float((wide - np.roll(wide, 1, axis=2)).std(axis=(0, 1)).sum())
