"""Data-dependent maps: simple on every single image, but not the same map for all of them.

Four signatures, each of which a fixed non-linear map lacks: every image keeps its grey levels up to
negation, or its histogram up to names of the levels; the map stays the same while pixels are only
swapped, so that it hangs on statistics of the image; or one map explains some images whole and
others not at all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.extraction import extreme_vectors, predict, triggers, wrong_pixels
from etcprops.probing.model import Array, PixelMap
from etcprops.probing.oracle import NoImageError, Oracle

SWAPS = 6


def signature(oracle: Oracle, rng: np.random.Generator, candidate: PixelMap | None) -> str:
    """Return why a function is data-dependent, or "" if it shows no sign of it.

    Parameters
    ----------
    oracle : Oracle
        A deterministic function that is none of the simpler kinds.
    rng : numpy.random.Generator
        Where the images come from.
    candidate : PixelMap or None
        The map that was read off the chosen images, if it was one.
    """
    asked = [*_skewed(oracle, rng), *triggers(oracle.size, oracle.scale, rng)]
    pairs = list(oracle.answered(asked))
    if pairs and pairs[0][1].size == oracle.size:
        if all(np.array_equal(np.sort(a), np.sort(b)) for a, b in pairs):
            return (
                "a permutation that the content of the image chooses: every image keeps all its "
                "grey levels, but not in one order for all images"
            )
        if all(np.array_equal(_levels(oracle, a), _levels(oracle, b)) for a, b in pairs):
            return (
                "a signed permutation that the content of the image chooses: every image keeps its "
                "grey levels but for negation and order, but not by one map for all images"
            )
        if any(all(np.array_equal(c(oracle, a), c(oracle, b)) for a, b in pairs) for c in _COUNTS):
            return (
                "every image keeps its histogram up to the names of the grey levels (an XOR or a "
                "tone curve that the image chooses), but not the same for all images"
            )
    if candidate is not None:
        right = _explained(oracle, rng, candidate)
        if 0 < right.sum() < right.size:
            return (
                f"the map read off the chosen images explains {right.sum()} of {right.size} other "
                "images in every pixel, and not the rest"
            )
    return _hangs_on_statistics(oracle, rng)


def _skewed(oracle: Oracle, rng: np.random.Generator) -> Iterator[Array]:
    """Yield images with uneven histograms, dark ones and bright ones."""
    base, size = oracle.scale.base, oracle.size
    for number in range(6):
        levels = rng.choice(base, 2 + 3 * number, replace=False)
        weights = 0.6 ** np.arange(levels.size)
        yield oracle.scale.pixels(rng.choice(levels, size, p=weights / weights.sum()))
    for low, high in ((0, base // 4), (3 * base // 4, base), (0, base)):
        yield oracle.scale.pixels(rng.integers(low, high, size))


def _levels(oracle: Oracle, vector: Array) -> NDArray[np.float64]:
    """Return what negation leaves of the pixels, sorted: the distance from mid-grey, doubled."""
    doubled = 2 * vector.astype(np.float64) - oracle.scale.level
    return np.sort(np.abs(doubled))


def _counts(_oracle: Oracle, vector: Array) -> NDArray[np.int64]:
    """Return how often grey levels occur, sorted."""
    return np.sort(np.unique(vector, return_counts=True)[1])


def _counts_but_for_negation(oracle: Oracle, vector: Array) -> NDArray[np.int64]:
    """Return how often grey levels occur, a level and its negative as one, sorted."""
    return _counts(oracle, _levels(oracle, vector))


_COUNTS = (_counts, _counts_but_for_negation)


def _explained(oracle: Oracle, rng: np.random.Generator, candidate: PixelMap) -> NDArray[np.bool_]:
    """Return which of the confirming images the candidate is right on."""
    # Not flat ones and gradients, which a blur leaves alone as well.
    tests = [oracle.scale.draw(rng, oracle.size) for _ in range(4)]
    tests += list(extreme_vectors(oracle.size, oracle.scale, rng))[:2]
    tests += list(triggers(oracle.size, oracle.scale, rng))[1:]
    return np.array(
        [
            not wrong_pixels(predict(candidate, test, oracle.scale), got, oracle.scale).size
            for test, got in oracle.answered(tests)
        ]
    )


def _hangs_on_statistics(oracle: Oracle, rng: np.random.Generator) -> str:
    """Compare swaps of two pixels, which keep all statistics, with changes of one pixel."""
    scale, size = oracle.scale, oracle.size
    if size < 16:
        return ""
    swapped, changed = [], []
    for _ in range(SWAPS):
        steps = rng.integers(0, scale.base, size)
        i, j = rng.choice(size, 2, replace=False)
        if steps[i] == steps[j]:
            continue
        swap, change = steps.copy(), steps.copy()
        swap[[i, j]] = swap[[j, i]]
        change[i] = steps[j]
        try:
            before, a, b = oracle.ask([scale.pixels(v) for v in (steps, swap, change)])
        except NoImageError:
            continue
        swapped.append(int(np.count_nonzero(a != before)))
        changed.append(int(np.count_nonzero(b != before)))
    if not swapped or max(swapped) * 8 > np.median(changed) or max(swapped) > size // 8:
        return ""
    return (
        f"swapping two pixels changes at most {max(swapped)} pixels of the result, changing one "
        f"pixel changes {int(np.median(changed))}: the map hangs on statistics of the image, such "
        "as its mean or variance"
    )
