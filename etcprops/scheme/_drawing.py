"""Unbiased draws from a stream of bytes: rejection, never modulo.

Where the bytes come from (SHAKE-256 of a secret, or the operating system) is the caller's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class Shake256Stream:
    """The bytes of SHAKE-256 of one message, read in order."""

    def __init__(self, message: bytes) -> None:
        self._hash = hashlib.shake_256(message)
        self._position = 0

    def read(self, size: int) -> bytes:
        # hashlib has no incremental squeeze; nearly every draw is done with one or two reads.
        start, self._position = self._position, self._position + size
        return self._hash.digest(self._position)[start:]


def draw_below(read: Callable[[int], bytes], bound: int, size: int) -> NDArray[np.int64]:
    """Draw `size` independent uniform integers in ``[0, bound)`` from a source of bytes.

    Bytes of at least ``256 - 256 % bound`` are rejected, so nothing is biased; the accepted ones
    are used in the order of the stream.

    Parameters
    ----------
    read : callable
        ``read(k)`` returns the next ``k`` uniform bytes.
    bound : int
        From 1 to 256.
    size : int
        How many.

    Returns
    -------
    ndarray of int64, shape (size,)
    """
    limit = 256 - 256 % bound
    accepted = np.empty(0, dtype=np.uint8)
    while accepted.size < size:
        octets = np.frombuffer(read(size - accepted.size), dtype=np.uint8)
        accepted = np.concatenate([accepted, octets[octets < limit]])
    return accepted.astype(np.int64) % bound


def draw_permutation(read: Callable[[int], bytes], size: int) -> NDArray[np.int64]:
    """Draw a uniform permutation of ``range(size)`` from a source of bytes.

    Every place gets a 64-bit tag and the places are sorted by tag. If two tags are equal all are
    drawn again; given that they differ every order has the same probability, by symmetry.

    Parameters
    ----------
    read : callable
        ``read(k)`` returns the next ``k`` uniform bytes.
    size : int
        Length of the permutation.

    Returns
    -------
    ndarray of int64, shape (size,)
    """
    while True:
        tags = np.frombuffer(read(8 * size), dtype="<u8")
        order = np.argsort(tags, kind="stable")
        ranked = tags[order]
        if np.all(ranked[1:] != ranked[:-1]):
            return order.astype(np.int64)
