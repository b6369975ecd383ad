"""The images that name a map, those that confirm it, and the numbers in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from oracles import BYTES, DOUBLES, SCALES, SINGLES, WORDS, asked, rng

from etcprops.probing.budget import BRIEF, FULL, QUICK, Effort
from etcprops.probing.extraction import (
    chosen_calls,
    confirming_count,
    confirming_vectors,
    extreme_vectors,
    naming_vectors,
    predict,
    read_pixel_map,
    sweep_vectors,
    triggers,
    wrong_pixels,
)
from etcprops.probing.model import (
    Confirmation,
    PixelMap,
)
from etcprops.probing.oracle import Scale, whole_numbers

# --- Naming images


@pytest.mark.parametrize(
    ("size", "scale"),
    [(200, BYTES), (40_000, BYTES), (300, WORDS), (200, SINGLES), (128, BYTES), (129, BYTES)],
)
@pytest.mark.parametrize("start", [0, 77])
def test_the_naming_images_name_every_pixel_and_sign(size: int, scale: Scale, start: int) -> None:
    source = rng().permutation(size)
    sign = rng(1).choice(np.array([-1, 1], dtype=np.int8), size)
    level = scale.dtype.type(scale.level)
    images = list(naming_vectors(size, scale, start))
    assert len(images) == chosen_calls(size, scale)
    assert all(image.dtype == scale.dtype for image in images)
    answers = [np.where(sign < 0, level - image[source], image[source]) for image in images]
    found = read_pixel_map(answers, size, scale, start)
    assert found is not None
    assert np.array_equal(found.source, source)
    assert np.array_equal(found.sign, sign)
    assert (found.size, found.level) == (size, scale.level)
    for image, answer in zip(images, answers, strict=True):
        assert np.array_equal(predict(found, image, scale), answer)


def test_as_few_images_as_counting_allows() -> None:
    assert [chosen_calls(n, BYTES) for n in (1, 128, 129, 32_768, 32_769)] == [1, 1, 2, 2, 3]


def test_answers_that_name_no_pixel_are_none() -> None:
    images = list(naming_vectors(129, BYTES))
    plain = [image.astype(np.float64) for image in images]
    assert read_pixel_map(plain, 129, BYTES) is not None

    def changed(number: int, value: float) -> PixelMap | None:
        answers = [answer.copy() for answer in plain]
        answers[number][5] = value
        return read_pixel_map(answers, 129, BYTES)

    assert changed(0, 6) is not None
    assert changed(0, 127) is not None
    assert changed(0, 128) is None, "negated, and 255 in the other image"
    assert changed(0, 6.5) is None
    assert changed(0, -1) is None
    assert changed(0, 256) is None
    assert changed(1, 255) is None, "there are not so many pixels"
    assert changed(1, 1) is None, "this would be pixel 133"
    assert changed(1, 256) is None
    assert changed(1, -1) is None


def test_constants_and_tolerances() -> None:
    found = PixelMap(
        np.array([1, -1, 0]), np.array([1, 0, -1], dtype=np.int8), 2, 255, np.array([0, 9.5, 0])
    )
    image = np.array([10, 20], dtype=np.uint8)
    assert predict(found, image, BYTES).tolist() == [20, 9.5, 245]
    assert found.offset.tolist() == [0, 9.5, 255]
    assert found.lost.tolist() == []
    assert found.uses.tolist() == [1, 1]
    assert found.matrix().toarray().tolist() == [[0, 1], [0, 0], [-1, 0]]
    twice = PixelMap(np.array([1, 1, 3]), np.ones(3, dtype=np.int8), 4, 255)
    assert twice.lost.tolist() == [0, 2]
    assert twice.duplicated.tolist() == [1]
    one = np.ones(3)
    eps = 2.0**-23
    near = one + np.array([0, 8 * eps, -9 * eps])
    assert wrong_pixels(one, near, SINGLES).tolist() == [2]
    assert wrong_pixels(one, near, BYTES).tolist() == [1, 2]
    assert SINGLES.tolerance == 8 * eps
    assert BYTES.tolerance == 0


# --- Images that confirm


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_extreme_images_are_what_they_are_called(scale: Scale) -> None:
    size, quarter = 600, scale.base // 4
    images = list(extreme_vectors(size, scale, rng()))
    assert len(images) == 8
    assert all(image.dtype == scale.dtype for image in images)
    dark, bright, white, grey, two, falling, black, glaring = (
        image.astype(np.float64) / scale.unit for image in images
    )
    assert dark.max() < quarter
    assert dark.max() >= 0.9 * quarter
    assert bright.min() >= 3 * quarter
    assert bright.max() >= 0.98 * scale.base
    assert (white == scale.base - 1).all()
    assert (grey == scale.base // 2).all()
    assert set(two) == {0, scale.base - 1}
    assert all((a - b) % scale.base == 1 for a, b in pairwise(falling))
    assert falling[0] == scale.base - 1
    assert black.max() < scale.base // 32
    assert glaring.min() >= 31 * scale.base // 32


def test_triggers_are_faint_even_odd_and_almost_flat() -> None:
    images = [image.astype(np.int64) for image in triggers(900, BYTES, rng())]
    assert not images[0].any()
    for image, spread in zip(images[1:4], (2, 16, 64), strict=True):
        assert image.min() == 128 - spread // 2
        assert image.max() == 128 + (spread + 1) // 2 - 1
    even, odd, first, last = images[4:8]
    assert not (even % 2).any()
    assert np.array_equal(odd, even + 1)
    assert np.flatnonzero(first != even).tolist() == [0]
    assert np.flatnonzero(last != even).tolist() == [899]
    assert first[0] == even[0] + 1
    assert last[-1] == even[-1] + 1
    for image, level in zip(images[8:], (0, 127, 255), strict=True):
        assert 0.85 < (image == level).mean() < 0.95
    assert len(images) == 11


def test_every_pixel_is_shown_every_level_once() -> None:
    shown = np.array(list(sweep_vectors(50, BYTES, rng())))
    assert np.array_equal(np.sort(shown, axis=0), np.tile(np.arange(256)[:, None], 50))
    assert len(np.unique(shown[0])) > 1
    assert shown[0].max() < 32
    words = np.array(list(sweep_vectors(50, WORDS, rng())))
    assert np.array_equal(np.sort(words, axis=0), np.tile(256 * np.arange(256)[:, None], 50))


@pytest.mark.parametrize("effort", [FULL, QUICK, BRIEF, Effort(extremes=2), Effort(extremes=3)])
def test_images_that_confirm_are_as_many_as_counted(effort: Effort) -> None:
    images = list(confirming_vectors(9, BYTES, rng(), effort))
    assert len(images) == confirming_count(9, effort)
    for size, noise, swept in ((1 << 18, 64, 256), ((1 << 18) + 1, 8, 0)):
        assert confirming_count(size, FULL) == noise + 8 + 11 + swept
    assert confirming_count(1 << 20, QUICK) == 2


# --- Numbers


def test_whole_numbers_are_those_that_doubles_hold() -> None:
    largest = 2.0**53
    assert whole_numbers(np.array([largest - 1, -3])) is not None
    assert whole_numbers(np.array([largest])) is None
    assert whole_numbers(np.array([-largest])) is None
    assert whole_numbers(np.array([1.0]), np.array([1.5])) is None
    assert whole_numbers(np.array([2**62 - 1], dtype=np.uint64)) is not None
    assert whole_numbers(np.array([2**62], dtype=np.uint64)) is None
    assert whole_numbers(np.array([2**63], dtype=np.uint64)) is None
    first, second = whole_numbers(np.array([True, False]), np.array([7], dtype=np.uint16)) or []
    assert (first.tolist(), second.tolist()) == ([1, 0], [7])
    assert first.dtype == second.dtype == np.int64


@pytest.mark.parametrize(
    ("scale", "level", "base", "unit"),
    [(BYTES, 255, 256, 1), (WORDS, 65535, 65536, 1), (SINGLES, 1, 1 << 16, 2.0**-16),
     (DOUBLES, 1, 1 << 16, 2.0**-16), (Scale(np.dtype(np.float16)), 1, 1 << 10, 2.0**-10)],
    ids=["bytes", "words", "singles", "doubles", "halves"],
)  # fmt: skip
def test_scales_have_levels(scale: Scale, level: int, base: int, unit: float) -> None:
    assert (scale.level, scale.base, scale.unit) == (level, base, unit)
    drawn = scale.draw(rng(), 9000)
    assert drawn.dtype == scale.dtype
    steps = drawn.astype(np.float64) / unit
    assert np.array_equal(steps, np.rint(steps))
    assert steps.min() < base / 100
    assert base * 0.99 < steps.max() < base
    few = scale.draw(rng(), 900, 2, 4).astype(np.float64) / unit
    assert set(few) == {2, 3}


def test_rounding_is_that_of_the_coarser_type() -> None:
    assert asked(lambda x: x).rounding == 0
    assert asked(lambda x: x.astype(np.float32)).rounding == 8 * 2.0**-23
    assert asked(lambda x: x.astype(np.float64)).rounding == 8 * 2.0**-52
    assert asked(lambda x: x.astype(np.float64), scale=SINGLES).rounding == 8 * 2.0**-23
    oracle = asked(lambda x: x / np.float32(255))
    oracle.output_factor = 255
    assert oracle.rounding == 0
    assert np.array_equal(oracle.one(np.arange(12, dtype=np.uint8)), np.arange(12))


# --- What is told of maps


def test_chances_of_missing_a_departure() -> None:
    found = Confirmation(72, 64, all_levels=False, calls=80)
    assert found.missed(0) == 1
    assert found.missed(1) == 0
    assert found.missed(0.01) == pytest.approx(0.99**64)
    assert "(1 - p)^64: 0.526 for p = 0.01, and 0.05 for p = 0.046." in str(found)
    assert f"missed with probability {(255 / 256) ** 64:.3f}:" in str(found)
    assert "(and on none of the other 8)" in str(found)
    assert "cannot be missed" in str(Confirmation(72, 64, all_levels=True, calls=80))
    assert "one of them uniform noise" in str(Confirmation(2, 1, all_levels=False, calls=9))
    assert "none of them uniform noise" in str(Confirmation(2, 0, all_levels=False, calls=9))
