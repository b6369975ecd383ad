"""Linearity tests: affine over the integers, affine over GF(2) (Blum, Luby, Rubinfeld 1993).

Such a relation holds for all images or fails on most. Each is tested on random instances, and where
it holds the matrix is found: from unit images while they are few, else from a sample of them.
"""

from __future__ import annotations

from itertools import product, tee

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.probing.extraction import SWEEP_LIMIT, confirming_vectors
from etcprops.probing.model import AffineMap, Array, BitMap
from etcprops.probing.oracle import Oracle

UNIT_IMAGES = 1 << 12
"""Up to this many pixels the whole matrix is found, a column an image."""

SAMPLED_COLUMNS = 64
INSTANCES = 6


def quadruple_residual(
    oracle: Oracle, rng: np.random.Generator, *, flat: int = 1, instances: int = INSTANCES
) -> tuple[float, tuple[Array, Array] | None]:
    """Return the largest ``|f(a) + f(b) - f(c) - f(d)|`` where ``a + b = c + d``.

    Parameters
    ----------
    oracle : Oracle
        The function f.
    rng : numpy.random.Generator
        Where the images come from.
    flat : int, default=1
        Images are constant on tiles of this side.
    instances : int
        Quadruples to try.

    Returns
    -------
    residual : float
        0 if every quadruple satisfies the relation, up to rounding of floats.
    pair : tuple of ndarray, or None
        Two of the images where it is largest.
    """
    worst, pair = 0.0, None
    base = oracle.scale.base
    for number in range(instances):
        span = base if number % 3 else base // 4
        a, b = (_tiled(oracle.shape, rng, span, flat) for _ in range(2))
        if number % 3 == 1:
            # One of the brightest and one of the darkest, whose sum two ordinary images have.
            narrow = base // 32 if number % 2 else 1
            a, b = base - 1 - a * narrow // span, b * narrow // span
        low, high = np.maximum(a + b - (base - 1), 0), np.minimum(a + b, base - 1)
        share = _tiled(oracle.shape, rng, 1 << 16, flat) / (1 << 16)
        c = low + np.rint((high - low) * share).astype(np.int64)
        vectors = [oracle.scale.pixels(v) for v in (a, b, c, a + b - c)]
        p, q, r, s = (output.astype(np.float64) for output in oracle.ask(vectors))
        gap = np.abs(p + q - r - s)
        largest = float(gap.max())
        floats = oracle.out_dtype is not None and oracle.out_dtype.kind == "f"
        if floats and oracle.output_factor == 1:
            scale = float(np.abs(np.stack([p, q, r, s])).max()) or 1.0
            eps = float(np.finfo(oracle.out_dtype or np.float64).eps)
            # Sums over an image round once a pixel at worst, far less in practice.
            largest = 0.0 if largest <= scale * eps * (64 + oracle.size**0.5) else largest
        if largest > worst:
            worst, pair = largest, (vectors[0], vectors[1])
    return worst, pair


def _tiled(
    shape: tuple[int, ...], rng: np.random.Generator, span: int, side: int
) -> NDArray[np.int64]:
    """Return whole numbers below `span`, the same within tiles of `side`; flat."""
    if side == 1:
        return rng.integers(0, span, int(np.prod(shape)))
    rows, columns = -(-shape[0] // side), -(-shape[1] // side)
    small = rng.integers(0, span, (rows, columns, *shape[2:]))
    large = small.repeat(side, axis=0).repeat(side, axis=1)
    return np.asarray(large[: shape[0], : shape[1]]).reshape(-1)


def find_matrix(oracle: Oracle, rng: np.random.Generator) -> AffineMap | None:
    """Return matrix and offset of a function that passed as affine, or None if it is not.

    Of large images only some columns; the rest of the matrix is then not known.
    """
    size, scale = oracle.size, oracle.scale
    whole = size <= UNIT_IMAGES
    columns = (
        np.arange(size)
        if whole
        else np.sort(rng.choice(size, min(size, SAMPLED_COLUMNS), replace=False))
    )
    height = scale.base - 1
    black = np.zeros(size, dtype=np.int64)
    offset = oracle.one(scale.pixels(black)).astype(np.float64)

    def units() -> list[Array]:
        vectors = []
        for column in columns:
            unit = black.copy()
            unit[column] = height
            vectors.append(scale.pixels(unit))
        return vectors

    rows, indices, entries = [], [], []
    for index, output in enumerate(oracle.ask(units())):
        change = (output.astype(np.float64) - offset) / (height * scale.unit)
        # Rounding of floats is no entry.
        reached = np.flatnonzero(np.abs(change) > 1e-9 * np.abs(change).max())
        rows.append(reached)
        indices.append(np.full(reached.size, index))
        entries.append(change[reached])
    values = np.concatenate(entries)
    if np.allclose(values, np.rint(values), rtol=0, atol=1e-9):
        values = np.rint(values).astype(np.int64)
    coordinates = (np.concatenate(rows), np.concatenate(indices))
    matrix = csr_array((values, coordinates), shape=(offset.size, columns.size))
    if not whole:
        return AffineMap(matrix, offset, columns)
    tests = list(confirming_vectors(size, scale, rng, sweep=False))
    for test, output in zip(tests, oracle.ask(tests), strict=True):
        expected = matrix @ test.astype(np.float64) + offset
        if not np.allclose(output, expected, rtol=1e-5, atol=1e-4 * scale.level):
            return None
    return AffineMap(matrix, offset)


def xor_departure(oracle: Oracle, rng: np.random.Generator) -> tuple[Array, Array] | None:
    """Return two images that break ``f(a ^ b ^ c) = f(a) ^ f(b) ^ f(c)``, or None.

    For integers only: floats have no bits to speak of.
    """
    kinds = (oracle.scale.dtype.kind, oracle.out_dtype.kind if oracle.out_dtype else "f")
    if kinds != ("u", "u"):
        a, b = (rng.integers(0, oracle.scale.base, oracle.size) for _ in range(2))
        return oracle.scale.pixels(a), oracle.scale.pixels(b)
    base = oracle.scale.base
    # Dark, bright and even images, in all combinations: a function that minds the brightness would
    # else agree in the parity of what it does.
    ranges = ((0, base // 4), (3 * base // 4, base), (0, base))
    for low_and_high in product(ranges, repeat=3):
        a, b, c = (
            oracle.scale.pixels(rng.integers(low, high, oracle.size)) for low, high in low_and_high
        )
        p, q, r, s = oracle.ask([a, b, c, a ^ b ^ c])
        if not np.array_equal(p ^ q ^ r, s):
            return a, b
    # An image beyond these, together with two whose XOR with it is nothing special.
    for a in confirming_vectors(oracle.size, oracle.scale, rng, sweep=False):
        b, c = (oracle.scale.draw(rng, oracle.size) for _ in range(2))
        p, q, r, s = oracle.ask([a, b, c, a ^ b ^ c])
        if not np.array_equal(p ^ q ^ r, s):
            return a, b
    return None


def find_bits(oracle: Oracle, rng: np.random.Generator) -> BitMap | None:
    """Return where each output bit comes from, or None if it mixes bits or is not 8-bit.

    Bit ``t`` of the number of every input bit, in ``ceil(log2(8 n))`` images.
    """
    if oracle.scale.dtype != np.uint8 or oracle.out_dtype != np.uint8:
        return None
    count = 8 * oracle.size
    numbers = np.arange(count)
    black = np.zeros(oracle.size, dtype=np.uint8)
    mask = oracle.one(black)
    source = np.zeros(8 * mask.size, dtype=np.int64)
    images = (
        np.packbits((numbers >> t & 1).astype(np.uint8), bitorder="little")
        for t in range((count - 1).bit_length())
    )
    for t, output in enumerate(oracle.ask(images)):
        source |= (
            np.unpackbits(np.bitwise_xor(output, mask, dtype=np.uint8), bitorder="little").astype(
                np.int64
            )
            << t
        )
    if source.max() >= count:
        return None
    sweep = oracle.size <= SWEEP_LIMIT
    tests, asked = tee(confirming_vectors(oracle.size, oracle.scale, rng, sweep=sweep))
    for test, output in zip(tests, oracle.ask(asked), strict=True):
        bits = np.unpackbits(test, bitorder="little")[source]
        if not np.array_equal(np.packbits(bits, bitorder="little") ^ mask, output):
            return None
    return BitMap(source, mask)
