"""What JPEG leaves in pixels: whether images went through it, at which quality, how sub-sampled.

Of 8 x 8 blocks that a decoder wrote, each DCT coefficient is a multiple of its quantisation step,
but for the rounding of pixels (Fan and de Queiroz 2003). Every table of libjpeg's quality scale is
a hypothesis, and the evidence for it a log-likelihood ratio against coefficients that lie anywhere
between two multiples. Blocks may have been moved, rotated, mirrored and inverted since.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from etcprops._validation import describe, reject
from etcprops.formats.quantization import SIDE, standard_table

Floats = NDArray[np.float64]

EVIDENCE = 40.0
"""In nats. Coefficients anywhere between the steps pass it by chance with a probability below
``exp(-40)`` for each table that is tried, by Markov's inequality."""
UNDECIDED = 5.0
"""Qualities whose evidence is no further than this from the best are not told apart."""
OFF_SCALE = 2
"""A table off libjpeg's scale must have so many times its evidence: fine steps divide coarse ones,
so that a table of 99 explains some of those of 20 throughout."""
BLOCKS = 256
"""More blocks are not looked at; these are spread evenly over all."""

FIRST_BLOCKS = 32
"""Blocks that refute JPEG in most images that had none, an eighth of the work."""

AC = slice(1, None)
STEPS = np.arange(2, 256)
"""Those of baseline JPEG, less the one that pixels do not show."""
OUTLIERS = 0.02
"""Share of coefficients that may lie anywhere: in blocks that were clipped before they moved."""
GREY_NOISE, LUMA_NOISE, CHROMA_NOISE = 0.30, 0.40, 0.55
"""Standard deviations of a coefficient: pixels rounded once have 0.29, colour is rounded twice."""
RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""The weights of luma (ITU-R BT.601), as JFIF has them."""
SAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:4:0": (2, 1), "4:2:0": (2, 2)}
"""Rows and columns of pixels for one of chroma."""


@dataclass(frozen=True)
class JpegTraces:
    """What images that went through JPEG show of it.

    Attributes
    ----------
    qualities : tuple of int
        The qualities of libjpeg's scale that fit, in order; empty if the table is another one.
    sampling : str or None
        "4:4:4", "4:2:2", "4:4:0" or "4:2:0"; None if the images are grey or it cannot be told.
    steps : ndarray of int, shape (8, 8)
        Quantisation steps of grey or luma; 0 where the images do not tell.
    turned : bool
        Whether blocks were transposed since, as quarter turns do.
    evidence : float
        Log-likelihood ratio, in nats, against coefficients anywhere between the steps.
    """

    qualities: tuple[int, ...]
    sampling: str | None
    steps: NDArray[np.int64]
    turned: bool
    evidence: float

    def __str__(self) -> str:
        """Name quality and sub-sampling as far as they are known."""
        if not self.qualities:
            text = "JPEG with quantization steps off libjpeg's scale of qualities"
        elif len(self.qualities) == 1:
            text = f"JPEG of quality {self.qualities[0]}"
        else:
            text = f"JPEG of quality {self.qualities[0]} to {self.qualities[-1]}"
        return text if self.sampling is None else f"{text}, {self.sampling}"


def find_jpeg(images: NDArray[np.uint8]) -> JpegTraces | None:
    """Say whether images went through JPEG, from their pixels alone.

    Parameters
    ----------
    images : ndarray of uint8, shape (..., H, W) or (..., H, W, 3)
        All through the same compression or none. The grid of its blocks starts at the first
        pixel; a last axis of length 3 is one of colour components.

    Returns
    -------
    JpegTraces or None
        None where nothing is seen: there was no JPEG, its steps were no coarser than the rounding
        of pixels (quality 98 and above), its blocks were cut since, or the images are too few or
        too flat to tell.

    Raises
    ------
    InvalidParameterError
        If `images` is no uint8 array of at least two axes.

    References
    ----------
    Z. Fan, R. L. de Queiroz, "Identification of bitmap compression history: JPEG detection and
    quantizer estimation", IEEE Transactions on Image Processing 12(2), 2003.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> rng = np.random.default_rng(0)
    >>> image = rng.integers(64, 192, (64, 64, 3), dtype=np.uint8)
    >>> file = BytesIO()
    >>> Image.fromarray(image).save(file, "jpeg", quality=75, subsampling="4:2:0")
    >>> print(find_jpeg(np.asarray(Image.open(file))))
    JPEG of quality 75, 4:2:0
    >>> find_jpeg(image) is None
    True
    """
    wanted = "be an array of uint8, shape (..., H, W) or (..., H, W, 3)"
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.ndim < 2:
        reject("images", "find_jpeg", wanted, describe(images))
    colour = images.ndim > 2 and images.shape[-1] == 3
    pictures = images.reshape(-1, *images.shape[-3:]) if colour else images[..., None]
    pictures = pictures.reshape(-1, *pictures.shape[-3:])
    luma = _ac(_tiles(pictures, SIDE) @ np.array((RED, GREEN, BLUE) if colour else (1.0,)))
    noise = LUMA_NOISE if colour else GREY_NOISE
    if not len(luma) or _refuted(luma[:: -(-len(luma) // FIRST_BLOCKS)], noise):
        return None
    best, other = _on_the_scale(luma, noise), _any_steps(luma, noise)
    if best is None or (other is not None and other.evidence > OFF_SCALE * best.evidence):
        best = other
    if best is None or not colour or not best.qualities:
        return best
    return replace(best, sampling=_sampling(pictures, best.qualities))


@cache
def _tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return libjpeg's tables of luma and chroma for qualities 1 to 100, shape (100, 8, 8) each."""
    luma, chroma = (
        np.array([standard_table(quality, kind) for quality in range(1, 101)])
        for kind in ("luminance", "chrominance")
    )
    return luma, chroma


def _tiles(pictures: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return tiles without a clipped pixel, shape (tiles, side, side, channels)."""
    rows, columns = (size // side for size in pictures.shape[1:3])
    whole = pictures[:, : rows * side, : columns * side]
    cut = whole.reshape(len(whole), rows, side, columns, side, pictures.shape[3])
    tiles = cut.swapaxes(2, 3).reshape(-1, side, side, pictures.shape[3])
    inside = ((tiles > 0) & (tiles < 255)).all(axis=(1, 2, 3))
    tiles = tiles[inside]
    return tiles[:: -(-len(tiles) // BLOCKS) or 1]


def _ac(blocks: Floats) -> Floats:
    """Return the 63 coefficients beside the mean, of different 8 x 8 blocks, shape (blocks, 63)."""
    coefficients = dctn(blocks, axes=(1, 2), norm="ortho").reshape(-1, SIDE * SIDE)[:, AC]
    _, first = np.unique(coefficients.round(6), axis=0, return_index=True)
    return np.asarray(coefficients[np.sort(first)])


def _log_ratio(coefficients: Floats, steps: NDArray[np.int64], noise: float) -> Floats:
    """Return for each coefficient how much likelier it is with these steps than anywhere.

    Coefficients that were rounded to zero count against the steps only, never for them: every
    smooth image has such.
    """
    numbers = np.rint(coefficients / steps)
    away = (coefficients - numbers * steps) / noise
    peak = (1 - OUTLIERS) * steps / (noise * math.sqrt(2 * math.pi))
    ratio = np.log(peak * np.exp(-0.5 * away * away) + OUTLIERS)
    ratio = np.where(numbers == 0, np.minimum(ratio, 0), ratio)
    return np.where(steps == 1, 0.0, ratio)


def _refuted(coefficients: Floats, noise: float) -> bool:
    """Whether a few blocks speak against every table and every step."""
    coarse = _evidence_of_scale(coefficients, noise)[:, :-1]  # quality 100 has steps of 1 alone
    against_scale = bool(coarse.max() < -EVIDENCE)
    return against_scale and bool(_ratios_of_steps(coefficients, noise).max() <= 0)


def _evidence_of_scale(coefficients: Floats, noise: float) -> Floats:
    """Return the evidence for each quality with all blocks upright, all turned, or mixed."""
    tables = _tables()[0]
    upright, turned = (
        np.array([_log_ratio(coefficients, t.reshape(-1)[AC], noise).sum(axis=1) for t in group])
        for group in (tables, tables.swapaxes(1, 2))
    )
    mixed = np.logaddexp(upright, turned) - math.log(2)
    return np.array([way.sum(axis=1) for way in (upright, turned, mixed)])


def _ratios_of_steps(coefficients: Floats, noise: float) -> Floats:
    """Return the evidence for each step at each frequency, shape (254, 63)."""
    fresh = np.zeros(coefficients.shape, dtype=np.bool_)
    for frequency, column in enumerate(np.abs(coefficients).round(6).T):
        # A value that drawn images repeat says the same each time.
        fresh[np.unique(column, return_index=True)[1], frequency] = True
    ratios = [
        _log_ratio(coefficients, np.full(SIDE * SIDE - 1, step), noise).sum(axis=0, where=fresh)
        for step in STEPS
    ]
    # One of so many steps will be chosen.
    return np.array(ratios) - math.log(STEPS.size)


def _on_the_scale(coefficients: Floats, noise: float) -> JpegTraces | None:
    """Return the qualities of libjpeg's scale that explain blocks."""
    tables = _tables()[0]
    evidence = _evidence_of_scale(coefficients, noise)
    way, best = (int(index) for index in np.unravel_index(evidence.argmax(), evidence.shape))
    most = float(evidence[way, best])
    if most < EVIDENCE:
        return None
    fitting = np.flatnonzero(evidence.max(axis=0) > most - UNDECIDED) + 1
    steps = np.where(_seen(coefficients, tables[best]), tables[best], 0)
    return JpegTraces(tuple(fitting.tolist()), None, steps, way > 0, most)


def _seen(coefficients: Floats, steps: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a coefficient of some block is not rounded to zero, shape (8, 8)."""
    some = np.zeros(SIDE * SIDE, dtype=np.bool_)
    some[AC] = (np.abs(coefficients) > steps.reshape(-1)[AC] / 2).any(axis=0)
    return some.reshape(SIDE, SIDE)


def _any_steps(coefficients: Floats, noise: float) -> JpegTraces | None:
    """Read the step of each frequency on its own, for tables off libjpeg's scale."""
    ratios = _ratios_of_steps(coefficients, noise)
    best = ratios.max(axis=0)
    told = best > 0
    against = ~told & (np.abs(coefficients) > 4 * noise).any(axis=0)
    if best[told].sum() < EVIDENCE or against.sum() > told.sum():
        return None
    steps = np.zeros(SIDE * SIDE, dtype=np.int64)
    steps[AC] = np.where(told, STEPS[ratios.argmax(axis=0)], 0)
    return JpegTraces((), None, steps.reshape(SIDE, SIDE), False, float(best[told].sum()))


def _sampling(pictures: NDArray[np.uint8], qualities: tuple[int, ...]) -> str | None:
    """Return the sub-sampling under which chroma lies on the steps of the same qualities."""
    tables = [_tables()[1][quality - 1].reshape(-1)[AC] for quality in qualities]
    tiles = _tiles(pictures, 2 * SIDE)
    planes = np.concatenate([tiles @ np.array(weights) for weights in _chroma_weights()])
    evidence = {}
    for name, (rows, columns) in SAMPLINGS.items():
        found = _ac(_shrunk(planes, rows, columns))
        evidence[name] = max(_log_ratio(found, steps, CHROMA_NOISE).sum() for steps in tables)
    best = max(evidence, key=evidence.__getitem__)
    return best if evidence[best] > EVIDENCE else None


def _chroma_weights() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the weights of red, green and blue in Cb and Cr."""
    luma = np.array([RED, GREEN, BLUE])
    blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - BLUE))
    red = (np.array([1, 0, 0]) - luma) / (2 * (1 - RED))
    return tuple(blue.tolist()), tuple(red.tolist())


def _shrunk(planes: Floats, rows: int, columns: int) -> Any:
    """Undo the decoder's interpolation of sub-sampled chroma, within each 16 x 16 tile.

    Returns 8 x 8 blocks of chroma as it was coded.
    """
    for axis, factor in ((1, rows), (2, columns)):
        if factor == 2:
            planes = np.moveaxis(np.moveaxis(planes, axis, -1) @ _undo_triangle().T, -1, axis)
    tall, wide = (size // SIDE for size in planes.shape[1:])
    cut = planes.reshape(-1, tall, SIDE, wide, SIDE).swapaxes(2, 3)
    return cut.reshape(-1, SIDE, SIDE)


@cache
def _undo_triangle() -> Floats:
    """Return the matrix from 16 interpolated samples to the 8 in their middle, shape (8, 16).

    libjpeg weighs the nearer sample by 3/4 and the next by 1/4; the samples beyond the tile are
    two more unknowns of sixteen equations.
    """
    place = np.arange(2 * SIDE)
    near, far = place // 2 + 1, place // 2 + 2 * (place % 2)
    triangle = np.zeros((2 * SIDE, SIDE + 2))
    triangle[place, near] += 0.75
    triangle[place, far] += 0.25
    return np.asarray(np.linalg.pinv(triangle)[1:-1])
