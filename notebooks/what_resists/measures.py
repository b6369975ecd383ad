"""The study's measurements: images that an attack needs, exactness of learning, size as JPEG."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from schemes import Images, Scheme, Uploads

from etcprops import BlockGeometry, ExactStandardScaler, attack, exact_gram
from etcprops.attacks import compare

COUNTS = (1, 2, 4, 8, 16, 32)
DRAWS = 3
ENOUGH = 0.95
"""From this share of blocks on, in all draws, a scheme counts as broken."""


@dataclass(frozen=True)
class Trial:
    """One attack on one draw of images under one key."""

    scheme: str
    images: int
    draw: int
    right: float
    claimed: float
    outcome: str
    seconds: float


def seam_trials(scheme: Scheme, images: Images, *, seed: int = 0) -> Iterator[Trial]:
    """Attack more and more images of a scheme of blocks, until the attack succeeds in all draws."""
    for count in COUNTS:
        if count > len(images):
            return
        trials = [_attacked(scheme, images, count, draw, seed) for draw in range(DRAWS)]
        yield from trials
        if min(trial.right for trial in trials) >= ENOUGH:
            return


def _attacked(scheme: Scheme, images: Images, count: int, draw: int, seed: int) -> Trial:
    """Draw images, encrypt them under one key, and attack them."""
    rng = np.random.default_rng((seed, count, draw))
    chosen = images[rng.choice(len(images), count, replace=False)]
    start = time.perf_counter()
    report = attack(scheme.encrypt(chosen, 1000 * seed + draw), block=scheme.block)
    seconds = time.perf_counter() - start
    truth = scheme.truth(chosen)
    height, width = truth.shape[1:]
    geometry = BlockGeometry(height, width, block=scheme.block or 1)
    # The largest part that is right: a picture that is shifted as a whole is still seen.
    right = compare(report.images, truth, geometry, tolerance=scheme.tolerance).largest
    return Trial(scheme.name, count, draw, right, report.share, str(report.outcome), seconds)


def gram_deviation(scheme: Scheme, images: Images) -> float:
    """Return how far inner products of z-scores move, relative to the largest; 0 is to the bit."""
    uploads, truth = scheme.encrypt(images, 0), scheme.truth(images)
    plain, hidden = (_gram(each.astype(uploads.dtype)) for each in (truth, uploads))
    return float(np.abs(plain - hidden).max() / np.abs(plain).max())


def _gram(uploads: NDArray[Any]) -> NDArray[Any]:
    """Return inner products of z-scores."""
    rows = uploads.reshape(len(uploads), -1)
    if rows.dtype == np.uint8:
        return exact_gram(ExactStandardScaler().fit_transform(rows), slices=3)
    # Z-scores of single features mean nothing after a rotation: centred on the mean alone.
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred @ centred.T)


def jpeg_ratio(scheme: Scheme, images: Images, quality: int = 75) -> float:
    """Return the bytes of encrypted images as JPEG over those of plain images."""
    uploads = scheme.encrypt(images, 0)
    if uploads.dtype != np.uint8 or uploads.ndim != 3:
        return float("nan")
    return _bytes(uploads, quality) / _bytes(scheme.truth(images), quality)


def _bytes(images: Uploads, quality: int) -> int:
    """Return the size of all images as JPEG."""
    total = 0
    for image in images:
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=quality, optimize=True)
        total += stream.tell()
    return total
