"""Bits of images: affine over GF(2), which bits move where, and which are lost.

Results are taken as integers, whatever type they come in: the same XOR is the same map as uint8, as
int64 and as floats.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.budget import Effort
from etcprops.probing.extraction import confirming_vectors
from etcprops.probing.model import Array, BitMap
from etcprops.probing.oracle import NoImageError, Oracle, whole_numbers

RANK_BITS = 1 << 10
"""Up to this many input bits, the rank of a map that combines bits is found."""


def keeps_xor(oracle: Oracle, rng: np.random.Generator, effort: Effort) -> bool:
    """Tell whether ``f(a ^ b ^ c) = f(a) ^ f(b) ^ f(c)`` on all images that were tried."""
    if oracle.scale.dtype.kind != "u":
        return False
    tried = 0
    for a, b, c in _triples(oracle, rng, effort):
        try:
            outputs = list(oracle.ask([a, b, c, a ^ b ^ c]))
        except NoImageError as error:
            oracle.fail(error)
            continue
        integers = whole_numbers(*outputs)
        if integers is None:
            return False
        p, q, r, s = integers
        if not np.array_equal(p ^ q ^ r, s):
            return False
        tried += 1
    return tried > 0


def _triples(oracle: Oracle, rng: np.random.Generator, effort: Effort) -> Iterator[list[Array]]:
    """Yield three images.

    Dark, bright and even ones, in all combinations: a function that minds the brightness would
    else agree in the parity of what it does. Then images beyond these, each with two others.
    """
    base, size = oracle.scale.base, oracle.size
    ranges = ((0, base), (0, base // 4), (3 * base // 4, base))
    for number, limits in enumerate(product(ranges, repeat=3)):
        if number >= 4 * effort.instances:
            break
        yield [oracle.scale.pixels(rng.integers(low, high, size)) for low, high in limits]
    special = Effort(noise=0, extremes=effort.extremes, sweep=False)
    for vector in confirming_vectors(size, oracle.scale, rng, special):
        yield [vector, oracle.scale.draw(rng, size), oracle.scale.draw(rng, size)]


def find_bits(oracle: Oracle, rng: np.random.Generator, effort: Effort) -> BitMap | None:
    """Return where each output bit comes from, or None if bits are combined.

    The number of every input bit, counted from 1, in ``ceil(log2(8 n + 1))`` images; a bit that
    none of them changes is constant.
    """
    if oracle.scale.dtype != np.uint8:
        return None
    count = 8 * oracle.size
    numbers = np.arange(1, count + 1)
    ground = oracle.scale.draw(rng, oracle.size)
    images = [ground] + [
        ground ^ np.packbits((numbers >> t & 1).astype(np.uint8), bitorder="little")
        for t in range(count.bit_length())
    ]
    try:
        outputs = whole_numbers(*oracle.ask(images))
    except NoImageError as error:
        oracle.fail(error)
        return None
    if outputs is None:
        return None
    # Of negative numbers the bits of two's complement, in the type's width.
    least = min(int(v.min()) for v in outputs)
    most = max(int(v.max()) for v in outputs)
    needed = max(most.bit_length(), (~least).bit_length()) + 1 if least < 0 else most.bit_length()
    width = 8 * math.ceil(needed / 8) or 8
    if least < 0:
        oracle.notes.add("Some results are negative: their bits are those of two's complement.")
    source = np.zeros(width * outputs[0].size, dtype=np.int64)
    for t, output in enumerate(outputs[1:]):
        source |= _bits(output ^ outputs[0], width) << t
    source -= 1
    if source.max() >= count:
        return None
    low = (1 << width) - 1 if width < 64 else -1
    mask = (outputs[0] & low) ^ _shown(source, ground, width)
    found = BitMap(source, mask, oracle.size, width)
    for vector, output in oracle.answered(
        confirming_vectors(oracle.size, oracle.scale, rng, effort)
    ):
        integers = whole_numbers(output)
        if integers is None or not np.array_equal(
            _shown(source, vector, width) ^ found.mask, integers[0] & low
        ):
            return None
    return found


def _bits(values: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return the bits of integers, the least significant first, shape (width m,)."""
    octets = values.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : width // 8]
    return np.unpackbits(octets, axis=1, bitorder="little").reshape(-1).astype(np.int64)


def _shown(source: NDArray[np.int64], vector: Array, width: int) -> NDArray[np.int64]:
    """Return the integers whose bits are those of a vector of bytes that `source` names."""
    bits = np.unpackbits(vector, bitorder="little")
    shown = np.where(source >= 0, bits[source], 0).astype(np.uint8).reshape(-1, width)
    octets = np.zeros((len(shown), 8), dtype=np.uint8)
    octets[:, : width // 8] = np.packbits(shown, axis=1, bitorder="little")
    return octets.view("<i8").reshape(-1).astype(np.int64)


def lost_bits(oracle: Oracle, rng: np.random.Generator) -> int | None:
    """Return how many dimensions a map that combines bits loses; None if bits are too many."""
    count = 8 * oracle.size
    if count > RANK_BITS or oracle.scale.dtype != np.uint8:
        return None
    ground = oracle.scale.draw(rng, oracle.size)
    units = np.packbits(np.eye(count, dtype=np.uint8), axis=1, bitorder="little") ^ ground
    try:
        outputs = whole_numbers(*oracle.ask([ground, *units]))
    except NoImageError:
        return None
    if outputs is None:
        return None
    basis: dict[int, int] = {}
    for output in outputs[1:]:
        row = int.from_bytes((output ^ outputs[0]).astype("<i8").tobytes(), "little")
        while row:
            lead = row.bit_length()
            if lead not in basis:
                basis[lead] = row
                break
            row ^= basis[lead]
    return count - len(basis)
