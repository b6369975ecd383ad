"""Functions of bits, of single pixels, and of the image: what tells each from the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import SINGLES, WORDS, Image, asked, rng

from etcprops.probing.bits import find_bits, keeps_xor, lost_bits
from etcprops.probing.budget import FULL, QUICK
from etcprops.probing.dependence import signature
from etcprops.probing.local import influences, kind_of_curves, tabulate
from etcprops.probing.model import (
    BitMap,
    LocalMap,
    MapKind,
    PixelMap,
)

# --- Bits


def test_xor_is_kept_by_what_is_linear_over_bits() -> None:
    for function in (lambda x: x ^ 77, lambda x: x[::-1] >> 1, lambda x: x ^ x[::-1]):
        assert keeps_xor(asked(function), rng(), FULL)
    for function in (lambda x: x + 1, lambda x: x // 3, lambda x: x & x[::-1], lambda x: x / 2):
        assert not keeps_xor(asked(function), rng(), FULL)
    assert keeps_xor(asked(lambda x: x ^ 77, scale=WORDS), rng(), QUICK)
    assert not keeps_xor(asked(lambda x: x, scale=SINGLES), rng(), FULL)


def test_functions_of_brightness_keep_no_xor() -> None:
    def bright(image: Image) -> Image:
        return np.asarray(image ^ (image.mean() > 170) * np.uint8(1))

    assert not keeps_xor(asked(bright), rng(), FULL)
    assert not keeps_xor(asked(lambda x: x ^ (x.max() == 0) * np.uint8(1)), rng(), FULL)


def test_what_always_fails_keeps_nothing() -> None:
    calls = iter([True])

    def once(image: Image) -> Image:
        if next(calls, False):
            return image
        raise ValueError("no more")

    assert not keeps_xor(asked(once), rng(), FULL)


def bits_of(function: Callable[[Image], Any]) -> BitMap | None:
    found = find_bits(asked(function), rng(), FULL)
    if found is not None:
        image = rng(5).integers(0, 256, (3, 4), dtype=np.uint8)
        bits = np.unpackbits(image.reshape(-1), bitorder="little").astype(np.int64)
        shown = np.where(found.source >= 0, bits[found.source], 0).reshape(-1, found.width)
        values = (shown << np.arange(found.width)).sum(axis=1) ^ found.mask
        mask = (1 << found.width) - 1
        assert np.array_equal(values & mask, function(image).reshape(-1).astype(np.int64) & mask)
    return found


def test_bits_are_read_where_they_move() -> None:
    still = bits_of(lambda x: x)
    assert still is not None
    assert still.source.tolist() == list(range(96))
    assert (still.width, still.size) == (8, 12)
    assert not still.mask.any()
    assert still.pixels_stay_whole
    assert still.halves_stay_whole
    assert not still.lost.size
    masked = bits_of(lambda x: x[::-1] ^ 0x5A)
    assert masked is not None
    assert (masked.mask == 0x5A).all()
    assert masked.pixels_stay_whole
    nibbles = bits_of(lambda x: (x << 4) | (x >> 4))
    assert nibbles is not None
    assert nibbles.halves_stay_whole
    assert not nibbles.pixels_stay_whole
    rotated = bits_of(lambda x: (x << 1) | (x >> 7))
    assert rotated is not None
    assert not rotated.halves_stay_whole
    fewer = bits_of(lambda x: x & 0xF0 | 3)
    assert fewer is not None
    assert fewer.lost.tolist() == [8 * i + j for i in range(12) for j in range(4)]
    assert (fewer.mask == 3).all()
    assert bits_of(lambda x: x ^ x[::-1]) is None
    assert bits_of(lambda x: x // 3) is None
    assert bits_of(lambda x: x / 2) is None


@pytest.mark.parametrize(
    ("function", "width"),
    [
        (lambda x: x.astype(np.int64) << 3, 16),
        (lambda x: x.astype(np.int64) << 8, 16),
        (lambda x: x.astype(np.int64) << 9, 24),
        (lambda x: ~x.astype(np.int64), 16),
        (lambda x: (x >> 1).astype(np.int64) - 128, 8),
        (lambda x: x.astype(np.int64) - 256, 16),
        (lambda x: 0 * x, 8),
        (lambda x: (x > 127).astype(np.uint8), 8),
    ],
)
def test_bits_of_wider_and_negative_results(function: Any, width: int) -> None:
    found = bits_of(function)
    assert found is not None
    assert found.width == width
    assert found.pixels_stay_whole == (width == 8 and found.source.min() >= 0)


def test_lost_dimensions_are_counted() -> None:
    def lost(function: Callable[[Image], Any], shape: tuple[int, int] = (3, 4)) -> int | None:
        return lost_bits(asked(function, shape), rng())

    assert lost(lambda x: x) == 0
    assert lost(lambda x: x ^ x[::-1]) == 3 * 4 * 8 - 4 * 8
    assert lost(lambda x: x & 0xF0) == 48
    assert lost(lambda x: x ^ (x >> 1)) == 0
    assert lost(lambda x: 0 * x) == 96
    assert lost(lambda x: x / 2) is None
    assert lost(lambda x: x, (8, 16)) == 0
    assert lost(lambda x: x, (3, 43)) is None
    assert lost_bits(asked(lambda x: x, scale=WORDS), rng()) is None


# --- Single pixels


def test_influences_name_the_only_source() -> None:
    order = rng().permutation(12)
    source, mixed = influences(asked(lambda x: x.reshape(-1)[order].reshape(3, 4) // 3), rng())
    assert np.array_equal(source, order)
    assert not mixed.size

    def one_mixed(image: Image) -> Image:
        out = image.copy()
        out[1, 2] ^= image[0, 1]
        out[2, 3] = 9
        return out

    source, mixed = influences(asked(one_mixed), rng())
    assert mixed.tolist() == [6]
    assert source.tolist()[:6] == list(range(6))
    assert source[11] == 0
    for function in (lambda x: x % 2, lambda x: x // 200, lambda x: x > 254):
        source, mixed = influences(asked(function), rng())
        assert source.tolist() == list(range(12))
        assert not mixed.size


def test_curves_are_read_and_sorted() -> None:
    curves = rng().integers(0, 256, (12, 256))

    def local(image: Image) -> Image:
        return curves[np.arange(12), image.reshape(-1)[::-1]].reshape(3, 4)

    source = np.arange(12)[::-1]
    found = tabulate(asked(local), source, rng(), FULL)
    assert found is not None
    assert np.array_equal(found.table, curves)
    assert found.source.tolist() == source.tolist()
    assert found.indices.tolist() == list(range(12))
    assert kind_of_curves(found) is MapKind.PIXEL_LOCAL
    assert tabulate(asked(local), np.arange(12), rng(), FULL) is None
    assert tabulate(asked(lambda x: x // 3 + (x.max() < 9)), np.arange(12), rng(), FULL) is None
    assert tabulate(asked(lambda x: x, scale=WORDS), np.arange(12), rng(), FULL) is None


@pytest.mark.parametrize(
    ("curve", "kind"),
    [
        (lambda x: x, MapKind.AFFINE),
        (lambda x: 255 - x, MapKind.AFFINE),
        (lambda x: 3 * x - 7, MapKind.AFFINE),
        (lambda x: 0 * x, MapKind.AFFINE),
        (lambda x: 0.1 * x + 0.5, MapKind.AFFINE),
        (lambda x: 0.1 * x + 0.01 * (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x ^ 77, MapKind.GF2_AFFINE),
        (lambda x: (x >> 1) ^ x ^ 5, MapKind.GF2_AFFINE),
        (lambda x: (x ^ 77) + (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x + (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x // 3, MapKind.PIXEL_LOCAL),
        (np.sqrt, MapKind.PIXEL_LOCAL),
    ],
)
def test_curves_have_kinds(curve: Any, kind: MapKind) -> None:
    levels = np.arange(256)
    still = np.zeros(2, dtype=np.int64)
    other = np.zeros_like(levels)
    table = np.stack([other.astype(curve(levels).dtype), curve(levels)])
    assert kind_of_curves(LocalMap(still, still, table)) is kind


# --- Maps that hang on the image


def dependence(function: Callable[[Image], Any], shape: tuple[int, ...] = (6, 8)) -> str:
    return signature(asked(function, shape), rng(), None)


def test_maps_that_the_image_chooses_have_signatures() -> None:
    def rolled(image: Image) -> Image:
        return np.roll(image, int(image.sum()))

    def negated(image: Image) -> Image:
        return 255 - rolled(image) if image.sum() % 2 else rolled(image)

    def some_negated(image: Image) -> Image:
        part = rolled(image)
        part[:3] = 255 - part[:3] if image.sum() % 2 else part[:3]
        return part

    def masked(image: Image) -> Image:
        return image ^ np.uint8(image.sum() % 251)

    assert dependence(rolled).startswith("a permutation that the content")
    assert dependence(negated).startswith("a signed permutation that the content")
    assert dependence(some_negated).startswith("a signed permutation that the content")
    assert dependence(masked).startswith("every image keeps its histogram up to the names")
    assert dependence(lambda x: masked(some_negated(x)) // 2) == ""


def test_maps_that_hang_on_statistics_have_a_signature() -> None:
    def brightened(image: Image) -> Image:
        return np.asarray((image.astype(np.int64) ** 2 + int(image.sum())) % 251)

    text = dependence(brightened)
    assert text.startswith("swapping two pixels changes at most 2 pixels of the result, changing")
    assert "changes 48: the map hangs" in text or "changes 47" in text
    assert dependence(brightened, (3, 5)) == ""
    assert dependence(brightened, (4, 4)).startswith("swapping two")
    assert dependence(lambda x: x.astype(np.int64) ** 2 % 251) == ""
    blur = lambda x: (x.astype(np.int64) ** 2 + np.roll(x, 1)) % 251  # noqa: E731
    assert dependence(blur) == ""
    wild = lambda x: np.cumsum(x.astype(np.int64) ** 2).reshape(x.shape) % 251  # noqa: E731
    assert dependence(wild) == ""


def test_a_map_that_explains_some_images_whole_is_named() -> None:
    candidate = PixelMap(np.arange(48), np.ones(48, dtype=np.int8), 48, 255)

    def dark(image: Image) -> Image:
        return image if image.mean() < 64 else image.astype(np.uint8) // 3

    text = signature(asked(dark, (6, 8)), rng(), candidate)
    assert text.startswith("the map read off the chosen images explains ")
    assert "of 16 other images" in text
    assert signature(asked(lambda x: x // 3, (6, 8)), rng(), candidate) == ""
