"""What two halves of the same evidence agree on: errors by chance differ from half to half."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etcprops.attacks._neighbours import Floats, Integers

FEWEST: Final = 4
"""Samples that can be halved."""


class Found(NamedTuple):
    """Which pixel is where, shape (H, W), and the sign of each pixel, shape (n,)."""

    picture: Integers
    sign: Integers


def halves(find: Callable[[Floats], Found], samples: Floats) -> list[Found]:
    """Return what is found from either half of the samples, shape (n, N); nothing of too few."""
    if samples.shape[1] < FEWEST:
        return []
    return [find(np.ascontiguousarray(samples[:, start::2])) for start in (0, 1)]


def consensus(layouts: Sequence[Found], motions: int) -> float:
    """Return the share of pixels on which each two of three layouts agree; 0 for one alone."""
    return min((_agreement(a, b, motions) for a, b in combinations(layouts, 2)), default=0.0)


def _agreement(one: Found, other: Found, motions: int) -> float:
    """Return the share of pixels that two layouts have in one place, with the same sign.

    A pixel off at most, once the whole is shifted as most of it is, in the best of their common
    readings: the identity alone, or 4 or 8 motions of the frame, and either sign. Which line of a
    picture is the first, a frame of its size does not say to the pixel.
    """
    places = np.empty((2, one.sign.size, 2), dtype=np.int64)
    places[0, one.picture.ravel()] = np.argwhere(one.picture >= 0)
    alike = one.sign == other.sign
    best = 0.0
    for motion in range(motions):
        picture = other.picture.T if motion >= 4 else other.picture
        picture = picture[:: -1 if motion & 1 else 1, :: -1 if motion & 2 else 1]
        places[1, picture.ravel()] = np.argwhere(picture >= 0)
        apart = places[0] - places[1]
        near = np.abs(apart - np.median(apart, axis=0)).max(axis=1) <= 1
        best = max(best, float((near & alike).mean()), float((near & ~alike).mean()))
    return best
