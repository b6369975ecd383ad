"""Small counterexamples: two images whose difference a signed permutation would have kept.

Under a signed permutation the absolute differences of two images are those of their encryptions,
in another order: a metamorphic relation (Chen et al. 1998). A pair that breaks it is shrunk by
delta debugging (Zeller and Hildebrandt 2002): fewer pixels that differ, fewer that are not black,
smaller grey levels, as long as the relation stays broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from etcprops.probing.extraction import extreme_vectors, triggers
from etcprops.probing.model import Array, MapWitness, PixelMap, count
from etcprops.probing.oracle import NoImageError, Oracle

RELATION = "a signed permutation keeps the absolute differences of two images, in another order"

SMALL_BUDGET, LARGE_BUDGET = 400, 40
"""Calls for shrinking, up to 2^18 pixels and beyond."""


def _differences(pair: tuple[Array, Array]) -> Array:
    """Return the absolute differences of two vectors, flat."""
    return np.abs(pair[0].astype(np.float64) - pair[1].astype(np.float64))


def _unexplained(oracle: Oracle, pair: tuple[Array, Array]) -> tuple[Array, Array] | None:
    """Return the outputs of a pair that breaks the relation, or None."""
    outputs = tuple(oracle.ask(pair))
    return (outputs[0], outputs[1]) if _broken(oracle, pair, (outputs[0], outputs[1])) else None


def _broken(oracle: Oracle, pair: tuple[Array, Array], outputs: tuple[Array, Array]) -> bool:
    """Tell whether a pair and its outputs break the relation, by more than rounding."""
    inside, outside = np.sort(_differences(pair)), np.sort(_differences(outputs))
    largest = max(float(np.abs(v).max()) for v in (*pair, *outputs))
    tolerance = max(oracle.scale.tolerance, 4 * oracle.rounding * largest)
    if inside.size != outside.size:
        inside, outside = (d[d > tolerance] for d in (inside, outside))
    return inside.size != outside.size or bool((np.abs(inside - outside) > tolerance).any())


def find_witness(
    oracle: Oracle, rng: np.random.Generator, starts: list[Array], budget: int = SMALL_BUDGET
) -> MapWitness | None:
    """Return a shrunk pair of images that breaks the relation, or None if no pair at hand does.

    Parameters
    ----------
    oracle : Oracle
        A deterministic function.
    rng : numpy.random.Generator
        For more images.
    starts : list of ndarray
        Images to pair with others first.
    budget : int
        Calls for shrinking.
    """
    known: list[tuple[Array, Array]] = []
    for vector, output in oracle.answered(chain(starts, _others(oracle, rng))):
        for before, result in known:
            pair, outputs = (before, vector), (result, output)
            if _broken(oracle, pair, outputs):
                small, made = _shrink(oracle, pair, outputs, budget)
                return _describe(oracle, small, made)
        known.append((vector, output))
    return None


def _others(oracle: Oracle, rng: np.random.Generator) -> Iterator[Array]:
    """Yield images to pair: black, bright, dark, noise, and what data-dependent maps react to."""
    scale, size = oracle.scale, oracle.size
    yield scale.pixels(np.zeros(size, dtype=np.int64))
    for low, high in ((1, scale.base), (scale.base // 2, scale.base), (1, 8), (0, scale.base)):
        yield scale.pixels(rng.integers(low, high, size))
    yield from extreme_vectors(size, scale, rng)
    yield from triggers(size, scale, rng)


def _shrink(
    oracle: Oracle, pair: tuple[Array, Array], outputs: tuple[Array, Array], most: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return a smaller pair that breaks the relation as well, with what became of it."""
    best, kept = pair, outputs
    budget = most if oracle.size <= 1 << 18 else min(most, LARGE_BUDGET)
    end = oracle.queries + budget

    def accept(a: Array, b: Array) -> bool:
        nonlocal best, kept
        try:
            broken = _unexplained(oracle, (a, b))
        except NoImageError:
            return False
        if broken is None:
            return False
        best, kept = (a, b), broken
        return True

    def undo(indices: Array) -> bool:
        second = best[1].copy()
        second[indices] = best[0][indices]
        return accept(best[0], second)

    def blacken(indices: Array) -> bool:
        first, second = best[0].copy(), best[1].copy()
        first[indices], second[indices] = 0, 0
        return accept(first, second)

    def halve(indices: Array) -> bool:
        first, second = best[0].copy(), best[1].copy()
        first[indices], second[indices] = first[indices] // 2, second[indices] // 2
        return accept(first, second)

    _reduce(lambda: np.flatnonzero(best[0] != best[1]), undo, oracle, end - budget // 3)
    _reduce(lambda: np.flatnonzero((best[0] == best[1]) & (best[0] != 0)), blacken, oracle, end)
    _reduce(lambda: np.flatnonzero(best[0] != best[1]), undo, oracle, end)
    if oracle.scale.dtype.kind == "u":
        while oracle.queries < end and halve(np.flatnonzero(best[0] | best[1])):
            pass
    return best, kept


def _reduce(
    remaining: Callable[[], Array], remove: Callable[[Array], bool], oracle: Oracle, end: int
) -> None:
    """Delta debugging: take away as many of the remaining pixels as can go, large parts first."""
    parts = 1
    while oracle.queries < end:
        indices = remaining()
        parts = min(parts, max(1, indices.size))
        pieces = np.array_split(indices, parts)
        # Not the only piece when that would leave nothing: then the relation cannot be broken.
        removed = [oracle.queries < end and bool(piece.size) and remove(piece) for piece in pieces]
        if not any(removed) and parts >= indices.size:
            return
        parts = parts // 2 if any(removed) and parts > 2 else 2 * parts


def _describe(
    oracle: Oracle, pair: tuple[Array, Array], outputs: tuple[Array, Array]
) -> MapWitness:
    """Return the witness with the output pixel that shows the break best."""
    inside, outside = _differences(pair), _differences(outputs)
    # The output pixel whose difference the input has no counterpart for, and the largest of these.
    strange = ~np.isin(outside, inside)
    index = int(np.argmax(np.where(strange, outside, -1.0) if strange.any() else outside))
    tolerance = 4 * oracle.rounding * max(float(np.abs(v).max()) for v in outputs)
    changed = int(np.count_nonzero(inside))
    came = int(np.count_nonzero(outside > tolerance))
    pixel = tuple(int(i) for i in np.unravel_index(index, oracle.out_shape))
    first = int(np.argmax(inside))
    where = tuple(int(i) for i in np.unravel_index(first, oracle.shape))
    gap = "by" if changed == 1 else "by as much as"
    detail = (
        f"The images differ in {count(changed, 'pixel')}, at {where} {gap} "
        f"{inside[first]:g}; their encryptions "
    )
    if came:
        detail += (
            f"in {came}, at {pixel} by {outside[index]:g} "
            f"({outputs[0][index]:g} and {outputs[1][index]:g})."
        )
    else:
        detail += "are the same."
    return _witness(oracle, RELATION, pair, outputs, pixel, detail)


def _witness(  # noqa: PLR0917
    oracle: Oracle,
    relation: str,
    pair: tuple[Array, Array],
    outputs: tuple[Array, Array],
    pixel: tuple[int, ...],
    detail: str,
) -> MapWitness:
    first, second = (vector.reshape(oracle.shape) for vector in pair)
    shown = (outputs[0].reshape(oracle.out_shape), outputs[1].reshape(oracle.out_shape))
    return MapWitness(relation, first, second, shown, pixel, detail)


def lost_pixel(oracle: Oracle, found: PixelMap) -> MapWitness | None:
    """Return two images that differ in one pixel and are encrypted alike, if a pixel is lost."""
    if not found.lost.size:
        return None
    lost = int(found.lost[0])
    black = oracle.scale.pixels(np.zeros(oracle.size, dtype=np.int64))
    white = black.copy()
    white[lost] = oracle.scale.pixels(np.array(oracle.scale.base - 1))
    try:
        outputs = tuple(oracle.ask([black, white]))
    except NoImageError:
        return None
    if not np.array_equal(outputs[0], outputs[1]):
        return None
    pixel = tuple(int(i) for i in np.unravel_index(lost, oracle.shape))
    detail = f"The images differ at {pixel} by {white[lost]:g}; their encryptions are the same."
    relation = "different images have different encryptions"
    return _witness(oracle, relation, (black, white), (outputs[0], outputs[1]), pixel, detail)


def same_residue(oracle: Oracle, modulus: int) -> MapWitness | None:
    """Return two images whose pixels are the same modulo a number and that are encrypted alike.

    None if all grey levels lie below the number, or if images failed.
    """
    if modulus > oracle.scale.level:
        return None
    black = oracle.scale.pixels(np.zeros(oracle.size, dtype=np.int64))
    other = black.copy()
    other[0] = modulus
    try:
        outputs = tuple(oracle.ask([black, other]))
    except NoImageError:
        return None
    if not np.array_equal(outputs[0], outputs[1]):
        return None
    pixel = tuple(int(i) for i in np.unravel_index(0, oracle.shape))
    detail = f"The images are 0 and {modulus} at {pixel}; their encryptions are the same."
    relation = "different images have different encryptions"
    return _witness(oracle, relation, (black, other), (outputs[0], outputs[1]), pixel, detail)


def two_calls(oracle: Oracle, vector: Array, outputs: tuple[Array, Array]) -> MapWitness:
    """Return the witness that the same image gave two results."""
    index = int(np.argmax(outputs[0] != outputs[1]))
    pixel = tuple(int(i) for i in np.unravel_index(index, oracle.out_shape))
    different = int(np.count_nonzero(outputs[0] != outputs[1]))
    detail = (
        f"The same image gave {outputs[0][index]:g} and {outputs[1][index]:g} at {pixel}; "
        f"{count(different, 'pixel')} of it {'differs' if different == 1 else 'differ'}."
    )
    relation = "the same image and key give the same result"
    return _witness(oracle, relation, (vector, vector), outputs, pixel, detail)
