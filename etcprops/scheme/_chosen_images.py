"""The chosen images from which a signed permutation can be read off: black, then digits of places.

Image 0 is black: it shows the signs. Image ``d`` shows at place ``i`` digit ``d - 1`` of ``i`` to
the base of the number of grey levels, so ``1 + ceil(log(n) / log(base))`` images name every place.
The attack is as old as permutation-only ciphers: Li et al., "A general quantitative cryptanalysis
of permutation-only multimedia ciphers", Signal Processing: Image Communication 23(3), 2008.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

CHUNK: Final = 1 << 16


def digit_count(size: int, base: int) -> int:
    """Return ``ceil(log(size) / log(base))``, in integers.

    Examples
    --------
    >>> digit_count(65536, 256), digit_count(65537, 256), digit_count(1, 256)
    (2, 3, 0)
    """
    digits, reach = 0, 1
    while reach < size:
        digits, reach = digits + 1, reach * base
    return digits


def digits(places: NDArray[np.int64], base: int, number: int) -> NDArray[np.int64]:
    """Return digit `number` of places, counted from the least.

    Examples
    --------
    >>> digits(np.arange(5), 3, 0).tolist(), digits(np.arange(5), 3, 1).tolist()
    ([0, 1, 2, 0, 1], [0, 0, 0, 1, 1])
    """
    weighted = places // base**number if number else places
    return np.asarray(weighted if base >= 1 << 63 else weighted % base)


def slices(size: int) -> Iterator[slice]:
    """Yield slices that cover ``0 .. size - 1``, small enough for the processor's cache."""
    for start in range(0, size, CHUNK):
        yield slice(start, min(start + CHUNK, size))


def fingerprint(source: NDArray[np.int64], sign: NDArray[np.int8], level: int) -> str:
    """Return the SHA-256 of what a map makes of the chosen images, in hexadecimal digits.

    Of the pixels of all encrypted images, one after the other, each in as many bytes as `level`
    needs, the least significant first; for 8-bit images these are the images' own bytes.
    """
    width = (level.bit_length() + 7) // 8
    digest = hashlib.sha256()
    for number in range(-1, digit_count(source.size, level + 1)):
        for part in slices(source.size):
            shown = source[part]
            plain = np.zeros_like(shown) if number < 0 else digits(shown, level + 1, number)
            pixels = np.where(sign[part] < 0, level - plain, plain)
            octets = pixels.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
            digest.update(np.ascontiguousarray(octets).tobytes())
    return digest.hexdigest()
