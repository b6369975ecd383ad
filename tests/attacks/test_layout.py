"""Pixels that a common key has permuted find their places again, if there is evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from etcprops import InvalidParameterError
from etcprops.attacks._halves import Found, consensus
from etcprops.attacks._neighbours import nearest, relative_signs
from etcprops.attacks.layout import (
    Layout,
    divided,
    judged,
    recover_layout,
    recover_within_blocks,
)

SHAPE = (24, 20)
BLOCK = 4


def smooth_images(count: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return independent smooth images."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((count, SHAPE[0] + 16, SHAPE[1] + 16))
    fields = gaussian_filter(noise, (0, 2, 2))[:, 8:-8, 8:-8]
    grey = np.clip(127.5 + 50 * fields / fields.std(), 0, 255)
    return np.asarray(grey.round(), dtype=np.uint8)


def encrypted(
    images: NDArray[np.uint8], source: NDArray[np.int64], negative: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return images with pixel `source[i]` at place `i`, negated or not."""
    moved = images.reshape(len(images), -1)[:, source.ravel()]
    return np.where(negative.ravel(), 255 - moved, moved).reshape(images.shape)


def drawn_key(seed: int = 1) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    size = SHAPE[0] * SHAPE[1]
    return rng.permutation(size), rng.random(size) < 0.5


def within_blocks(*, shared: bool) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return a permutation and negation within blocks, the same in each if shared."""
    rng = np.random.default_rng(2)
    source, negative = (
        np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE),
        np.zeros(SHAPE, dtype=np.bool_),
    )
    order, signs = rng.permutation(BLOCK**2), rng.random((BLOCK, BLOCK)) < 0.5
    for top in range(0, SHAPE[0], BLOCK):
        for left in range(0, SHAPE[1], BLOCK):
            if not shared:
                order, signs = rng.permutation(BLOCK**2), rng.random((BLOCK, BLOCK)) < 0.5
            block = (slice(top, top + BLOCK), slice(left, left + BLOCK))
            source[block] = source[block].ravel()[order].reshape(BLOCK, BLOCK)
            negative[block] = signs
    return source, negative


def readings(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return images mirrored and negated in all ways that keep the frame."""
    mirrored = [images[:, ::a, ::b] for a in (1, -1) for b in (1, -1)]
    return mirrored + [255 - reading for reading in mirrored]


def test_a_permutation_of_all_pixels_with_signs_falls() -> None:
    images = smooth_images(48)
    secret = encrypted(images, *drawn_key())
    layout = recover_layout(secret)
    assert layout.recovered
    assert layout.readings == len(readings(images))
    assert any(np.array_equal(layout.images(secret), reading) for reading in readings(images))
    assert "8 readings" in layout.reason


@pytest.mark.thorough
def test_z_scores_give_the_layout_away_as_well() -> None:
    images = smooth_images(48)
    secret = encrypted(images, *drawn_key()).astype(np.float64)
    scores = (secret - secret.mean(axis=0)) / secret.std(axis=0)
    assert recover_layout(scores).recovered


@pytest.mark.parametrize("shared", [True, False])
def test_a_shuffle_within_blocks_falls(shared: bool) -> None:  # noqa: FBT001
    images = smooth_images(48)
    secret = encrypted(images, *within_blocks(shared=shared))
    layout = recover_within_blocks(secret, block=BLOCK, shared=shared)
    assert layout.recovered
    right = [(layout.images(secret) == r).mean() for r in (images, 255 - images)]
    assert max(right) > (0.999 if shared else 0.9)
    assert layout.readings == 2


def test_blocks_shuffled_alike_need_few_images() -> None:
    images = smooth_images(6)
    secret = encrypted(images, *within_blocks(shared=True))
    found = recover_within_blocks(secret, block=BLOCK, shared=True).images(secret)
    assert any(np.array_equal(found, reading) for reading in (images, 255 - images))


# --- Nothing is claimed without evidence


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("count", "seed"), [(12, 0), (24, 1)])
def test_of_noise_nothing_is_recovered(count: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (count, *SHAPE)).astype(np.uint8)
    layout = recover_layout(noise)
    assert layout.resolution is None
    assert not layout.recovered
    assert "Nothing recovered" in layout.reason


def test_of_a_key_for_each_image_nothing_is_recovered() -> None:
    images = smooth_images(24)
    secret = np.stack([encrypted(x[None], *drawn_key(k))[0] for k, x in enumerate(images)])
    assert recover_layout(secret).resolution is None


@pytest.mark.thorough
def test_of_two_keys_nothing_is_recovered() -> None:
    images = smooth_images(48)
    secret = np.concatenate([encrypted(images[k::2], *drawn_key(k)) for k in (1, 0)])
    layout = recover_layout(secret)
    assert not layout.recovered
    assert layout.agreement == 0


@pytest.mark.thorough
def test_a_picture_on_which_halves_disagree_is_not_claimed() -> None:
    # Twelve images show which pixels are near, not where: a picture that is smooth and bent.
    layout = recover_layout(encrypted(smooth_images(12), *drawn_key()))
    assert layout.resolution is not None
    assert layout.agreement < 0.5
    assert not layout.recovered
    assert "bent" in layout.reason


def test_too_few_images_to_be_halved_are_not_claimed() -> None:
    layout = recover_within_blocks(
        encrypted(smooth_images(4), *within_blocks(shared=False)), block=BLOCK
    )
    assert layout.agreement == 0
    assert not layout.recovered


def test_layouts_agree_up_to_a_pixel_a_shift_a_reading_and_a_sign() -> None:
    rng = np.random.default_rng(0)
    picture, sign = rng.permutation(480).reshape(SHAPE), rng.choice([-1, 1], 480)
    one = Found(picture, sign)
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        other = Found(np.roll(picture, 3, axis=0)[::a, ::b], -sign)
        assert consensus([one, other], motions=4) == pytest.approx(21 / 24)  # three rows come round
        assert consensus([one, other], motions=1) < (1 if (a, b) == (1, 1) else 0.1)
    bent = picture.copy()
    bent[:12] = np.roll(bent[:12], 2, axis=1)
    assert consensus([one, Found(bent, sign)], motions=1) < 0.6
    assert consensus([one], motions=4) == 0


def test_a_pattern_that_all_images_share_is_no_evidence() -> None:
    rng = np.random.default_rng(0)
    pattern = smooth_images(1)[0] / 2
    noise = rng.integers(0, 100, (24, *SHAPE))
    assert recover_layout((pattern + noise).astype(np.uint8)).resolution is None


def test_constant_images_give_nothing() -> None:
    assert recover_layout(np.full((8, *SHAPE), 7, dtype=np.uint8)).resolution is None


def _found(layout: Layout) -> Found:
    sign = np.empty(layout.sign.size, dtype=np.int64)
    sign[layout.source] = layout.sign
    return Found(layout.source, sign)


def _judge(layout: Layout, right: Layout, secret: NDArray[np.uint8]) -> Layout:
    """Judge a layout beside one that both halves have found."""
    agreement = consensus([_found(layout), _found(right), _found(right)], motions=4)
    again = judged(_found(layout), *divided(secret, "test", 0), layout.readings)
    return replace(again, agreement=agreement)


def _wrong_signs(layout: Layout) -> Layout:
    sign = layout.sign.copy()
    sign[::2] *= -1
    return replace(layout, sign=sign)


def _jittered(layout: Layout) -> Layout:
    key = np.indices(SHAPE)[0] + np.random.default_rng(0).uniform(-1.5, 1.5, SHAPE)
    return replace(layout, source=np.take_along_axis(layout.source, key.argsort(axis=0), axis=0))


def _shuffled(layout: Layout) -> Layout:
    rng = np.random.default_rng(0)
    return replace(layout, source=rng.permutation(layout.source.ravel()).reshape(SHAPE))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("wrong", [_wrong_signs, _jittered, _shuffled])
def test_a_wrong_layout_is_not_called_recovered(wrong: Any) -> None:
    secret = encrypted(smooth_images(48), *drawn_key())
    layout = recover_layout(secret)
    assert _judge(layout, layout, secret).recovered
    assert not _judge(wrong(layout), layout, secret).recovered


def test_images_that_were_fitted_would_flatter_noise() -> None:
    # The reason why some are left out: on the others, any search finds what it looks for.
    noise = np.random.default_rng(0).integers(0, 256, (8, 12, 10)).astype(np.uint8)
    layout = recover_layout(noise)
    fitted, _ = divided(noise, "test", 0)
    own = fitted.T.reshape(-1, 12, 10)
    flattered = judged(_found(layout), fitted, own, layout.readings)
    assert flattered.variogram[1] < 0.9 * layout.variogram[1]


# --- Parts


@pytest.mark.parametrize("count", [1, 5, 29])
def test_nearest_are_those_of_a_full_sort(count: int) -> None:
    pixels = np.random.default_rng(0).integers(-9, 10, (30, 7)).astype(np.float32)
    found = nearest(pixels, count)
    plus = np.square(pixels[:, None] - pixels).sum(axis=2)
    minus = np.square(pixels[:, None] + pixels).sum(axis=2)
    distance = np.minimum(plus, minus)
    np.fill_diagonal(distance, np.inf)
    assert np.array_equal(found.distance, np.sort(distance, axis=1)[:, :count])
    rows = np.arange(30)[:, None]
    assert np.array_equal(found.distance, distance[rows, found.index])
    own = np.where(found.sign < 0, minus[rows, found.index], plus[rows, found.index])
    assert np.array_equal(own, found.distance)


def test_signs_reach_parts_that_have_no_neighbour_in_common() -> None:
    rng = np.random.default_rng(0)
    pixels = np.concatenate([rng.normal([9, 0], 0.1, (4, 2)), rng.normal([6, 6], 0.1, (4, 2))])
    secret = pixels * np.array([1, -1, 1, 1, -1, -1, 1, -1])[:, None]
    signs = relative_signs(secret.astype(np.float32), nearest(secret.astype(np.float32), 2))
    assert abs(int((signs * np.array([1, -1, 1, 1, -1, -1, 1, -1])).sum())) == 8


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(np.zeros((3, *SHAPE)), id="three images"),
        pytest.param(np.zeros((8, 7, 20)), id="seven rows"),
        pytest.param(np.zeros((8, *SHAPE, 3)), id="colour"),
        pytest.param(np.full((8, *SHAPE), np.nan), id="NaN"),
        pytest.param("image", id="no array"),
    ],
)
def test_bad_images_are_refused(images: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'images' parameter of recover_layout must"):
        recover_layout(images)


@pytest.mark.parametrize("block", [1, 5, 2.0])
def test_bad_blocks_are_refused(block: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'block' parameter of recover_within_blocks"):
        recover_within_blocks(np.zeros((8, *SHAPE)), block=block)
