"""The size of blocks, found from the lines across which neighbouring pixels stop being alike."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from scipy.special import expit, log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

RARE: Final = 10.0
"""Of noise, one picture in a hundred thousand, exp(-10) or so, may show a lattice."""


class Lattice(NamedTuple):
    """A block size and how sure it is.

    Attributes
    ----------
    block : int or None
        The most likely size; None if no lattice of lines stands out.
    confidence : float
        That there is a lattice, and of this size.
    """

    block: int | None
    confidence: float


def candidates(height: int, width: int) -> list[int]:
    """Return the sizes of square blocks that an image may have: not one pixel, not all of it.

    Examples
    --------
    >>> candidates(192, 160)
    [2, 4, 8, 16, 32]
    >>> candidates(16, 16)
    [2, 4, 8]
    """
    common = math.gcd(height, width)
    sizes = [size for size in range(2, common + 1) if common % size == 0]
    return [size for size in sizes if height * width > size * size]


def find_lattice(images: NDArray[Any]) -> Lattice:
    """Return the size of blocks, from differences of neighbouring pixels.

    Each line between two rows, or two columns, has the mean absolute difference across it, as the
    logarithm against its two neighbours. Lines are explained by two levels, one of them at every
    B-th line; the size that explains them best stands against the others, and against no lattice.

    Parameters
    ----------
    images : ndarray, shape (N, H, W[, 3])
        Encrypted images; those that do not vary say nothing.

    Returns
    -------
    Lattice
    """
    sizes = candidates(*images.shape[1:3])
    profiles = [_profile(images, axis) for axis in (1, 2)]
    if not sizes or any(profile is None for profile in profiles):
        return Lattice(None, 0.0)
    evidence = np.array([_evidence([p for p in profiles if p is not None], s) for s in sizes])
    best = int(evidence.argmax())
    among = float(np.exp(log_softmax(evidence)[best]))
    confidence = among * float(expit(evidence[best]))
    return Lattice(sizes[best] if evidence[best] > 0 else None, confidence)


def _profile(images: NDArray[Any], axis: int) -> Values | None:
    """Return how much larger differences are across each line than across its neighbours."""
    pixels = images.astype(np.float32)
    steps = np.abs(np.diff(pixels, axis=axis))
    others = tuple(a for a in range(1, images.ndim) if a != axis)
    size = steps.mean(axis=others, dtype=np.float64)
    level = size.mean(axis=1, keepdims=True)
    if size.shape[1] < 3 or not (level > 0).any():
        return None
    lines = np.log((size / np.where(level > 0, level, 1)).mean(axis=0) + 1e-6)
    padded = np.concatenate([lines[1:2], lines, lines[-2:-1]])
    return np.asarray(lines - (padded[:-2] + padded[2:]) / 2)


def _evidence(profiles: list[Values], size: int) -> float:
    """Return the log-likelihood of a lattice against none, less what a free level costs."""
    total = 0.0
    for lines in profiles:
        on = np.arange(1, len(lines) + 1) % size == 0
        if not on.any() or on.all():
            continue
        rest = lines[~on].mean()
        height = lines[on].mean() - rest
        if height <= 0:
            return -RARE
        apart = np.square(lines - np.where(on, rest + height, rest)).sum()
        together = np.square(lines - lines.mean()).sum()
        total += len(lines) / 2 * math.log(max(together, 1e-12) / max(apart, 1e-12))
        total -= math.log(len(lines)) + RARE / 2
    return total
