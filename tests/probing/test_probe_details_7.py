"""Small parts of the probe: images that change pixels or combine bits, and maps inside pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import asked, rng

from etcprops.probing import bits
from etcprops.probing.budget import FULL
from etcprops.probing.local import influences
from etcprops.probing.tiles import cut

Array = NDArray[Any]
Images = tuple[Array, Array]


# --- Images that change pixels


@pytest.fixture(name="changes", scope="module")
def how_pixels_are_changed() -> list[Images]:
    """Return every pixel of 4096 before and after it was changed, for each of four rounds."""
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image.ravel().astype(np.int64))
        return image

    oracle = asked(watched, (64, 64))
    seen.clear()
    influences(oracle, rng(), 4)
    before, odd, even = (seen[4 * test : 4 * test + 4] for test in range(3))
    is_odd = np.arange(4096) % 2 > 0
    return [(b, np.where(is_odd, o, e)) for b, o, e in zip(before, odd, even, strict=True)]


@pytest.mark.parametrize("number", [0, 3])
def test_any_level_becomes_any_other(changes: list[Images], number: int) -> None:
    before, after = changes[number]
    assert set(before.tolist()) == set(after.tolist()) == set(range(256))
    assert set(((after - before) % 256).tolist()) == set(range(1, 256))


def test_levels_become_the_next_lower_and_black_the_next_higher(changes: list[Images]) -> None:
    before, after = changes[1]
    pairs = set(zip(before.tolist(), after.tolist(), strict=True))
    assert pairs == {(0, 1), *((level, level - 1) for level in range(1, 256))}


def test_black_and_white_are_exchanged_and_as_frequent(changes: list[Images]) -> None:
    before, after = changes[2]
    assert set(before.tolist()) == {0, 255}
    assert np.array_equal(after, 255 - before)
    assert abs((before > 0).mean() - 0.5) < 0.05


def test_one_change_of_each_group_names_the_sources_of_pixels_that_are_moved() -> None:
    order = rng().permutation(12)
    oracle = asked(lambda image: image.reshape(-1)[order].reshape(3, 4))
    queries = oracle.queries
    source, mixed = influences(oracle, rng(), 1)
    assert np.array_equal(source, order)
    assert not mixed.size
    assert oracle.queries - queries == 1 + 2 * 4


@pytest.mark.parametrize(("one", "other"), [(4, 8), (5, 8), (3, 12), (7, 8)])
def test_pixels_that_follow_two_have_no_source_beyond_the_image(one: int, other: int) -> None:
    """The numbers of both, together, name a pixel that 12 or 13 pixels may not have."""

    def sums(image: Array) -> Array:
        out = image.copy()
        out.flat[1] = image.flat[one] ^ image.flat[other]
        return out

    for size in (max(12, other + 1), 13):
        source, mixed = influences(asked(sums, (1, size)), rng())
        named = one | other
        assert mixed.tolist() == [1]
        assert source[1] == (named if named < size else 0)
        assert np.array_equal(np.delete(source, 1), np.delete(np.arange(size), 1))


# --- Images that combine bits


def up_to_half(image: Array) -> Array:
    """Keep the levels of the lower half, add 1 to the others, and refuse white."""
    if image.max() == 255:
        raise ValueError("white")
    return np.asarray(image + (image >= 128))


@pytest.mark.parametrize(
    ("levels", "kept"),
    [
        ([(1, 2, 4)], True),
        ([(1, 2, 4), (255, 0, 0)], True),
        ([(255, 0, 0), (1, 2, 4)], True),
        ([(1, 2, 4), (3, 5, 9)], True),
        ([(255, 0, 0)], False),
        ([(1, 2, 128)], False),
        ([(1, 2, 4), (1, 2, 128)], False),
        ([(1, 2, 4), (255, 0, 0), (1, 2, 128)], False),
    ],
)
def test_one_triple_is_enough_to_keep_xor_or_not_whatever_others_are_refused(
    levels: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    triples = [[np.full(12, level, np.uint8) for level in triple] for triple in levels]
    monkeypatch.setattr(bits, "_triples", lambda *_: iter(triples))
    assert bits.keeps_xor(asked(up_to_half), rng(), FULL) is kept


# --- Maps inside pieces


@pytest.mark.parametrize("unit", [(1, 4), (2, 2)])
def test_pieces_of_one_value_each_differ_in_the_value_they_repeat_and_in_its_sign(
    unit: tuple[int, int],
) -> None:
    """The value is a component of one of the four pixels of a piece."""
    height, width = unit
    channels = 3
    piece = (height, width, channels)
    cases = [(value, sign) for value in range(4 * channels) for sign in (False, True)]
    for one in cases:
        for other in cases:
            shown = [np.full(piece, value) for value, _ in (one, other)]
            signs = [np.full(piece, sign) for _, sign in (one, other)]
            # One piece is above the other, and both come from the upper one.
            source, negated = (np.concatenate(both).reshape(-1) for both in (shown, signs))
            found = cut(source, negated, (2 * height, width, channels), unit)
            assert found is not None
            assert found.codes.tolist() == [-1, -1]
            assert found.permutation.tolist() == [0, 0]
            assert found.negatives.tolist() == [one[1], other[1]]
            assert found.in_block_maps == len({one, other})
