"""Draws are unbiased: exhaustively over all bytes, and by a test that a biased shuffle fails."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcprops.scheme._drawing import Shake256Stream, draw_below, draw_permutation


class Tape:
    """A reader of given bytes that counts what was read and never gives more."""

    def __init__(self, octets: Iterable[int]) -> None:
        self.octets = bytes(octets)
        self.position = 0

    def read(self, size: int) -> bytes:
        part = self.octets[self.position : self.position + size]
        assert len(part) == size, "read past the end of the tape"
        self.position += size
        return part


@given(st.binary(max_size=32), st.lists(st.integers(0, 400), max_size=6))
def test_stream_is_one_shake_digest_in_pieces(message: bytes, sizes: list[int]) -> None:
    stream = Shake256Stream(message)
    pieces = [stream.read(size) for size in sizes]
    assert [len(piece) for piece in pieces] == sizes
    assert b"".join(pieces) == hashlib.shake_256(message).digest(sum(sizes))


@pytest.mark.parametrize("bound", [2, 6, 8])
@pytest.mark.parametrize("direction", [1, -1], ids=["ascending", "descending"])
def test_every_byte_once_gives_every_value_equally_often(bound: int, direction: int) -> None:
    size = 256 - 256 % bound
    tape = Tape(range(256)[::direction])
    drawn = draw_below(tape.read, bound, size)
    assert Counter(drawn.tolist()) == dict.fromkeys(range(bound), 256 // bound)


def test_every_bound_that_a_byte_allows() -> None:
    # Descending: the bytes that must be rejected come first.
    for bound in range(1, 257):
        tape = Tape(range(255, -1, -1))
        drawn = draw_below(tape.read, bound, 256 - 256 % bound)
        assert drawn.dtype == np.int64
        assert Counter(drawn.tolist()) == dict.fromkeys(range(bound), 256 // bound)
        assert tape.position == 256


def test_rejected_bytes_are_skipped_and_the_order_is_kept() -> None:
    tape = Tape([252, 7, 255, 0, 253, 254, 11, 251])
    assert draw_below(tape.read, 6, 4).tolist() == [1, 0, 5, 5]
    assert tape.position == 8


def test_nothing_is_read_for_nothing() -> None:
    tape = Tape([])
    assert draw_below(tape.read, 6, 0).tolist() == []
    assert tape.position == 0


def _tags(*tags: int) -> bytes:
    return b"".join(tag.to_bytes(8, "little") for tag in tags)


def test_permutation_sorts_64_bit_little_endian_tags() -> None:
    # In big-endian or in signed arithmetic these four would come in another order.
    tape = Tape(_tags(2**63 + 1, 1, 256, 2**64 - 1))
    assert draw_permutation(tape.read, 4).tolist() == [1, 2, 0, 3]


def test_permutation_with_equal_tags_is_drawn_again_as_a_whole() -> None:
    tape = Tape(_tags(5, 9, 5) + _tags(0, 0, 0) + _tags(5, 9, 9) + _tags(3, 1, 2))
    assert draw_permutation(tape.read, 3).tolist() == [1, 2, 0]
    assert tape.position == 4 * 24


def test_permutation_of_one() -> None:
    drawn = draw_permutation(Tape(_tags(7)).read, 1)
    assert drawn.tolist() == [0]
    assert drawn.dtype == np.int64


@pytest.mark.parametrize("size", [2, 3, 4])
def test_every_order_of_the_tags_gives_its_own_permutation(size: int) -> None:
    orders = [
        tuple(draw_permutation(Tape(_tags(*tags)).read, size).tolist())
        for tags in permutations(range(size))
    ]
    assert sorted(orders) == sorted(permutations(range(size)))


def _swap_shuffle(read: Callable[[int], bytes], size: int) -> list[int]:
    """Swap every place with any place: the biased shuffle found in other people's code."""
    order = list(range(size))
    for i in range(size):
        j = int(draw_below(read, size, 1)[0])
        order[i], order[j] = order[j], order[i]
    return order


def _chi_square(draw: Callable[[Callable[[int], bytes], int], Iterable[int]]) -> float:
    """Pearson's statistic of 4,800 permutations of 4 against uniform: 23 degrees of freedom."""
    read = Shake256Stream(b"tests/test_drawing.py").read
    buffer = Tape(read(300_000))
    counts = Counter(tuple(int(i) for i in draw(buffer.read, 4)) for _ in range(4800))
    expected = 4800 / 24
    return sum((counts[order] - expected) ** 2 / expected for order in permutations(range(4)))


def test_permutations_pass_a_chi_square_that_the_swap_shuffle_fails() -> None:
    # 23 degrees of freedom: 49.7 is exceeded with probability 0.001, and never again, as the
    # stream is fixed.
    assert _chi_square(draw_permutation) < 49.7
    assert _chi_square(_swap_shuffle) > 100
