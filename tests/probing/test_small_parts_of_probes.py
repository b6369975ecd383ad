"""Small parts of the probe on their own, each with what it is for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, DOUBLES, SINGLES, WORDS, asked, rng

from etcprops import probe
from etcprops.probing import MapKind, MapWitness, PixelMap, pictures, returns, witnesses
from etcprops.probing.calling import how_to_call
from etcprops.probing.gates import unexpected
from etcprops.probing.keys import default_keys
from etcprops.probing.local import FEW_ROUNDS, ROUNDS, influences
from etcprops.probing.model import LocalMap
from etcprops.probing.oracle import Scale
from etcprops.probing.verdicts import curves

Array = NDArray[Any]


# --- What is asked


@pytest.mark.parametrize("rounds", [FEW_ROUNDS, ROUNDS])
@pytest.mark.parametrize("size", [2, 4, 5, 8])
def test_groups_of_pixels_are_changed_by_little_by_much_and_anyhow(size: int, rounds: int) -> None:
    seen: list[Array] = []

    def watched(image: Array) -> Array:
        seen.append(image.ravel().astype(np.int64))
        return image

    oracle = asked(watched, (1, size))
    seen.clear()
    source, mixed = influences(oracle, rng(), rounds)
    assert source.tolist() == list(range(size))
    assert not mixed.size
    bits = (size - 1).bit_length()
    assert len(seen) == rounds * (1 + 2 * bits)
    steps = seen[:rounds]
    for test, image in enumerate(seen[rounds:]):
        bit, other, number = test // (2 * rounds), test // rounds % 2, test % rounds
        group = (np.arange(size) >> bit & 1) != other
        before, after = steps[number], image
        assert np.array_equal(before[~group], after[~group])
        assert (before[group] != after[group]).all()
        if number == 1:
            low = np.where(before[group] > 0, before[group] - 1, 1)
            assert np.array_equal(after[group], low)
        if number == 2:
            assert set(before.tolist()) <= {0, 255}
            assert np.array_equal(after[group], 255 - before[group])


def test_scales_have_the_levels_of_their_types() -> None:
    assert (BYTES.level, BYTES.base, BYTES.unit) == (255, 256, 1)
    assert (WORDS.level, WORDS.base, WORDS.unit) == (65535, 65536, 1)
    for scale in (SINGLES, DOUBLES):
        assert (scale.level, scale.base, scale.unit) == (1, 2**16, 2.0**-16)
        assert scale.pixels(np.array([0, 1, 2**16 - 1])).tolist() == [0, 2**-16, 1 - 2**-16]
    half = Scale(np.dtype(np.float16))
    assert (half.base, half.unit) == (2**10, 2.0**-10)


def test_keys_are_those_of_the_documentation() -> None:
    assert default_keys() == [77, 46, 151, 212]
    for modulus in (4, 8, 16, 64):
        assert len({key % modulus for key in default_keys()}) == 4
    assert probe.__doc__ is not None
    assert "77, 46, 151 and 212" in probe.__doc__


def test_a_key_that_is_not_second_is_told_of() -> None:
    def first(image: Any, rounds: int, key: int) -> None: ...
    def second(image: Any, key: int) -> None: ...
    def by_name(image: Any, *, key: int) -> None: ...
    def named_second(image: Any, rounds: int = 3, *, key: int) -> None: ...

    told = "The key is passed as 'key', not as its second parameter."
    notes = {"first": told, "second": "", "by_name": "", "named_second": told}
    for function in (first, second, by_name, named_second):
        assert how_to_call(function).note == notes[function.__name__]


# --- What comes back


def test_what_is_no_image_is_refused() -> None:
    for value in (np.zeros((0, 3)), np.zeros(()), np.array(["a"]), np.array([[np.inf, 1.0]])):
        with pytest.raises(returns.NoArrayError):
            returns.as_image(value, (1, 2))
    for value in (np.zeros((1, 2), dtype=bool), np.ones((1, 2)), np.ones((1, 2), dtype=np.int32)):
        array, taken = returns.as_image(value, (1, 2))
        assert np.array_equal(array, value)
        assert not taken


def test_components_are_put_last_where_they_came_first() -> None:
    image = np.arange(24).reshape(2, 4, 3)
    for value in (image, np.moveaxis(image, -1, 0)):
        assert np.array_equal(returns.as_image(value, (2, 4, 3))[0], image)
    square = np.arange(27).reshape(3, 3, 3)  # may be either: it is taken as it is
    assert np.array_equal(returns.as_image(square, (3, 3, 3))[0], square)
    numbers = np.arange(6).reshape(2, 3) + 1j * np.arange(6, 12).reshape(2, 3)
    parts, taken = returns.as_image(numbers, (2, 3))
    assert np.array_equal(parts, np.stack([numbers.real, numbers.imag], axis=-1))
    assert taken == "real and imaginary parts as two components"


@pytest.mark.parametrize(
    ("noun", "article"), [("array", "an"), ("ndarray", "an"), ("list", "a"), ("Image", "an")]
)
def test_nouns_have_their_article(noun: str, article: str) -> None:
    assert returns._a(noun) == f"{article} {noun}"  # noqa: SLF001


# --- Witnesses


def test_the_pixel_shown_is_the_one_without_a_counterpart() -> None:
    oracle = asked(lambda image: image, (1, 5))
    pair = np.zeros(5, np.uint8), np.array([9, 5, 0, 0, 0], np.uint8)
    outputs = np.zeros(5, np.uint8), np.array([0, 9, 7, 4, 0], np.uint8)
    found = witnesses._describe(oracle, pair, outputs)  # noqa: SLF001
    assert found.pixel == (0, 2)
    assert found.detail == (
        "The images differ in 2 pixels, at (0, 0) by as much as 9; their encryptions in 3, at "
        "(0, 2) by 7 (0 and 7)."
    )
    lost = witnesses._describe(oracle, pair, (outputs[0], outputs[0]))  # noqa: SLF001
    assert lost.detail.endswith("their encryptions are the same.")
    known = witnesses._describe(oracle, pair, pair)  # noqa: SLF001
    assert known.pixel == (0, 0)


def test_two_results_of_one_image_are_compared() -> None:
    oracle = asked(lambda image: image, (2, 3))
    image = np.arange(6, dtype=np.uint8)
    other = image.copy()
    other[[1, 4, 5]] += 7
    found = witnesses.two_calls(oracle, image, (image, other))
    assert found.pixel == (0, 1)
    assert found.detail == "The same image gave 1 and 8 at (0, 1); 3 pixels of it differ."
    other[:] = image
    other[5] = 0
    assert witnesses.two_calls(oracle, image, (image, other)).detail == (
        "The same image gave 5 and 0 at (1, 2); 1 pixel of it differs."
    )


def reduced(size: int, taken: Any) -> tuple[list[list[int]], list[int]]:
    """Return the pieces that were tried on so many pixels, and what was left."""
    left, tried = list(range(size)), []

    def remove(piece: Array) -> bool:
        tried.append(piece.tolist())
        assert len(tried) < 100
        if not taken(piece.tolist()):
            return False
        left[:] = [pixel for pixel in left if pixel not in piece]
        return True

    oracle: Any = SimpleNamespace(queries=0)
    witnesses._reduce(lambda: np.array(left, dtype=np.int64), remove, oracle, 1)  # noqa: SLF001
    return tried, left


def test_parts_are_halved_until_each_is_one_pixel() -> None:
    tried, left = reduced(4, lambda _: False)
    assert tried == [[0, 1, 2, 3], [0, 1], [2, 3], [0], [1], [2], [3]]
    assert left == [0, 1, 2, 3]
    assert reduced(3, lambda _: True) == ([[0, 1, 2]], [])
    assert reduced(6, lambda piece: 5 not in piece)[1] == [5]
    assert reduced(8, lambda piece: not {2, 7} & set(piece))[1] == [2, 7]


def test_parts_grow_again_after_one_was_removed() -> None:
    tried, left = reduced(8, lambda piece: piece == [0])
    assert left == list(range(1, 8))
    after = tried[tried.index([0]) + 1 :]
    assert after[:7] == [[number] for number in range(1, 8)]  # the rest of that turn
    assert after[7:11] == [[1, 2], [3, 4], [5, 6], [7]]
    assert after[11:] == [[number] for number in range(1, 8)]


# --- Pictures and curves


def test_infinite_values_are_as_bright_as_the_brightest_finite_one() -> None:
    dark, bright = np.array([[0.0, 0.25]]), np.array([[0.5, np.inf]])
    found = MapWitness("any", dark, bright, (dark, np.array([[np.nan, -np.inf]])), (0, 0), "")
    drawn, white = pictures.witness(found)
    assert white == 0.5
    shades = [np.asarray(image.convert("L"))[[5, 5], [5, -6]].tolist() for _, image in drawn]
    assert shades[1] == [255, 255]
    assert shades[3] == [0, 0]


def test_pixels_that_are_shown_often_are_as_blue_as_those_shown_three_times() -> None:
    found = PixelMap(np.repeat([0, 1, 2], [5, 3, 1]), np.ones(9, np.int8), 9, 255, np.zeros(9))
    drawn = np.asarray(pictures.uses(found, (1, 9)).convert("RGB"))
    step = drawn.shape[1] // 9
    often, thrice, once, *lost = (
        tuple(drawn[drawn.shape[0] // 2, step * n + step // 2].tolist()) for n in range(9)
    )
    assert often == thrice != once
    assert set(lost) == {pictures.LOST}


def test_curves_that_neither_copy_nor_negate_are_counted() -> None:
    levels = np.arange(256)
    table = np.stack([levels, 255 - levels, levels // 2, levels ^ 1])
    indices = np.arange(4)
    oracle = asked(lambda image: image, (2, 3))
    reason = curves(LocalMap(indices, indices, table), oracle).reason
    assert "; 2 of 4 neither copy nor negate it" in reason
    assert "Up to 128 of 256 grey levels become the same as another." in reason
    assert reason.endswith(" Sampled: 4 of 6 pixels.")


# --- What was expected


def test_a_permutation_is_expected_where_a_signed_one_is() -> None:
    def report(kind: MapKind, other: MapKind, *failures: str) -> Any:
        verdict = SimpleNamespace(kind=other, key="7", reason="It is. So it is.")
        return SimpleNamespace(
            kind=kind, key_verdicts=[verdict], failures=failures, headline="first"
        )

    signed, plain = MapKind.SIGNED_PERMUTATION, MapKind.PERMUTATION
    assert unexpected(report(signed, plain), [signed]) == ""
    assert unexpected(report(MapKind.IDENTITY, plain), [MapKind.IDENTITY]) == (
        "permutation under key 7: It is."
    )
    assert unexpected(report(plain, plain), [signed]) == "first"
    failing = report(plain, plain, "of zeros")
    assert unexpected(failing, [plain]) == "no image of zeros"
    assert unexpected(failing, [plain, MapKind.NOT_IMAGE]) == ""
