"""What is drawn of a small case: which byte decides what, the simplest first, and nothing twice."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.claims import Implementation
from etcprops.claims.case import LARGEST, LEVELS, Case, shown, small_geometries, subsets
from etcprops.scheme.keys import ALL, Step


class Bytes:
    """Draws given bytes, one by one from the first; then the same byte again and again."""

    def __init__(self, first: bytes, then: int) -> None:
        self.left, self.then, self.drawn = first, then, 0

    def draw(self, _strategy: Any) -> bytes:
        size = 160 if not self.drawn else 1
        found = (self.left + bytes([self.then]) * size)[:size]
        self.left = self.left[size:]
        self.drawn += size
        return found


def case(*first: int, then: int = 0, **options: Any) -> Case:
    return Case(Bytes(bytes(first), then), Implementation(), **options)  # type: ignore[arg-type]


GREY, COLOUR = BlockGeometry(4, 4, block=2), BlockGeometry(4, 4, block=2, channels=3)


def test_what_shrinks_is_the_simplest() -> None:
    lowest = case()
    assert lowest.integer("n", 3, 9) == 3
    assert lowest.choose("c", "abc") == "a"
    assert not lowest.bits("b", 5).any()
    assert lowest.geometry() == BlockGeometry(1, 1, block=1)
    assert lowest.geometry(channels=3) == BlockGeometry(1, 1, block=1, channels=3)
    assert lowest.key(COLOUR).steps == ()
    assert not lowest.images(GREY, 2).any()
    assert lowest.labels(4, 3).tolist() == [0] * 4
    assert not lowest.rows(2, 3).any()
    assert lowest.order(4).tolist() == [0, 1, 2, 3]


def test_what_is_largest_is_the_last() -> None:
    highest = case(then=255)
    assert highest.integer("n", 3, 9) == 9
    assert highest.choose("c", "abc") == "c"
    assert highest.bits("b", 5).all()
    assert highest.geometry() == small_geometries()[-1]
    assert highest.geometry(largest=4).n_pixels == 4
    assert highest.geometry(largest=4, channels=1).channels == 1
    assert case(then=255, largest=3).geometry(channels=1).n_pixels == 3
    key = highest.key(COLOUR)
    assert set(key.steps) == ALL
    assert key.transforms is not None
    assert key.transforms.tolist() == [7] * 4
    assert key.components is not None
    assert key.components.tolist() == [5] * 4
    assert key.negatives is not None
    assert key.negatives.all()
    assert Step.COMPONENTS not in highest.key(GREY).steps
    assert highest.key(COLOUR, frozenset({Step.NEGATIVES})).steps == (Step.NEGATIVES,)
    assert (highest.images(GREY, 2) == 255).all()
    assert highest.images(COLOUR, 2).shape == (2, 4, 4, 3)
    assert highest.labels(4, 3).tolist() == [2] * 4


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64])
def test_a_byte_chooses_evenly_and_in_order(count: int) -> None:
    found = [case(byte).integer("n", 0, count - 1) for byte in range(256)]
    assert found == sorted(found)
    often = Counter(found)
    assert set(often) == set(range(count))
    assert max(often.values()) - min(often.values()) <= 1


def test_more_choices_take_more_bytes() -> None:
    for count, used in ((64, 1), (65, 2), (2**16, 2), (2**16 + 1, 8), (2**40, 8)):
        some = case(*range(1, 20))
        found = some.integer("n", 0, count - 1)
        assert found == int.from_bytes(bytes(range(1, 1 + used)), "big") * count >> 8 * used
        assert some.integer("next", 0, 63) == (used + 1) * 64 // 256


def test_entries_are_drawn_from_the_last_byte_on_and_as_many_whatever_is_asked() -> None:
    for count in (1, 5, 16, 17, 40):
        some = case(*range(0, 160, 10))  # sixteen for blocks
        found = some.labels(count, 256)
        if count <= 16:
            assert found.tolist() == list(range(150, -1, -10))[:count]
        assert found.shape == (count,)
        assert 0 <= found.min() <= found.max() <= 255
        assert some.drawn["labels"] is found
        assert some.integer("next", 0, 63) == 0
    assert len(np.unique(case(*range(100)).labels(200, 256))) > 50  # grown from a seed


def test_images_are_of_few_levels_constant_equal_or_of_constant_pixels() -> None:
    seen: set[tuple[int, str]] = set()
    noise = [83 * n % 256 for n in range(1, 49)]
    for level, arrangement in product(range(4), range(4)):
        some = case(level * 64, arrangement * 64, *noise)
        images = some.images(BlockGeometry(2, 4, block=2), 3).reshape(3, 8)
        assert set(images.ravel().tolist()) <= set(LEVELS[level])
        assert len(np.unique(images)) > 1
        constant_images = bool((images == images[:, :1]).all())
        equal_images = bool((images == images[:1]).all())
        constant_pixels = bool((images[:, ::2] == images[:1, ::2]).all())
        kind = {
            (False, False, False): "any",
            (True, False, False): "constant images",
            (False, True, True): "equal images",
            (False, False, True): "constant pixels",
        }[constant_images, equal_images, constant_pixels]
        seen.add((level, kind))
        assert (kind == "constant pixels") is (arrangement == 3)
    assert len(seen) == 16


def test_rows_are_of_either_sign_fractions_magnitudes_or_cancel() -> None:
    noise = [83 * n % 256 for n in range(1, 49)]
    for sign, kind in product((0, 1), range(4)):
        rows = case(192, 0, *noise, sign * 128, kind * 64, 1, 2).rows(3, 5)
        assert rows.shape == (3, 5)
        assert bool(rows.min() < 0) is (sign == 1 or kind == 3)
        assert bool((rows % 1).any()) is (kind > 0)
        assert bool(np.abs(rows).max() > 2.0**9) is (kind == 2)
        if kind == 3:
            assert (rows[:, :2] == -rows[:, 2:4]).all()
            assert rows[:, 4].any()
        if kind == 0:
            assert rows.max() == max(noise) - 128 * sign or rows.max() <= 255 - 128 * sign
        if kind == 1:
            assert np.abs(rows).max() < 512


def test_names_that_are_taken_are_numbered() -> None:
    some = case()
    for _ in range(3):
        some.integer("n", 0, 1)
        some.encrypted(some.images(GREY, 1), EtCKey(GREY))
    some.note("Q", "a matrix")
    names = ["n", "images", "n 2", "images 2", "n 3", "images 3", "Q"]
    assert list(some.drawn) == names
    assert list(some.results) == ["encrypted", "encrypted 2", "encrypted 3"]
    assert some.order(3, name="order of images").tolist() == [0, 1, 2]
    assert "order of images" in some.drawn


def test_a_hypothesis_is_kept_unless_it_is_the_one_that_is_dropped() -> None:
    some = case(without="dark")
    assert some.assumes("grey")
    assert not some.assumes("dark")
    assert some.asked == {"grey", "dark"}
    assert case().assumes("dark")


def test_what_is_encrypted_is_so_by_the_implementation() -> None:
    some = case(then=255)
    key = some.key(COLOUR)
    images = some.images(COLOUR, 2)
    assert np.array_equal(some.encrypted(images, key), encrypt(images, key))


def test_orders_are_permutations_and_not_all_one() -> None:
    found = {tuple(case(0, byte).order(5).tolist()) for byte in range(20)}
    assert len(found) > 10
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in found)


def test_small_geometries_are_all_there_are_the_smallest_first() -> None:
    expected = {
        BlockGeometry(rows * block, columns * block, block=block, channels=channels)
        for block, rows, columns in product((1, 2, 3, 4), repeat=3)
        for channels in (1, 3)
        if rows * columns * block**2 * channels <= LARGEST
    }
    found = small_geometries()
    assert set(found) == expected
    assert len(found) == len(expected)
    sizes = [geometry.n_pixels for geometry in found]
    assert sizes == sorted(sizes)
    assert sizes[-1] == LARGEST


def test_half_of_the_subsets_are_all_steps() -> None:
    some = frozenset({Step.NEGATIVES, Step.PERMUTATION})
    found = subsets(some)
    assert found[0] == frozenset()
    assert set(found[:4]) == {frozenset(), *(frozenset({step}) for step in some), some}
    assert found[4:] == (some,) * 3
    assert len(subsets(ALL)) == 31
    assert subsets(frozenset()) == (frozenset(),)


def test_what_was_drawn_can_be_typed_in_again() -> None:
    assert shown(GREY) == "4x4/2"
    assert shown(COLOUR) == "4x4x3/2"
    assert shown(EtCKey(GREY)) == "EtCKey(geometry)"
    key = EtCKey(GREY, negatives=[0, 1, 1, 0])
    assert shown(key) in {
        "EtCKey(geometry, negatives=[0, 1, 1, 0])",
        "EtCKey(geometry, negatives=[False, True, True, False])",
    }
    assert shown(np.arange(3)) == "[0, 1, 2]"
    assert shown(("a", 1)) == "('a', 1)"
