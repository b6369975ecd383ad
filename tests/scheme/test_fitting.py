"""Cropping and padding: whole blocks come out, and padding can be undone."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    Padding,
    crop_to_blocks,
    decrypt,
    encrypt,
    pad_to_blocks,
)
from etcprops.scheme import fitting

SIDES = st.integers(1, 40)


def picture(height: int, width: int, channels: int) -> Any:
    shape = (height, width) if channels == 1 else (height, width, 3)
    return np.random.default_rng(height * width).integers(0, 256, shape, dtype=np.uint8)


@given(SIDES, SIDES, st.sampled_from([1, 3]), st.integers(1, 16))
def test_padding_is_undone_after_decryption(
    height: int, width: int, channels: int, block: int
) -> None:
    image = picture(height, width, channels)
    padded, padding = pad_to_blocks(image, block)
    assert padded.dtype == np.uint8
    assert padding == Padding(height, width, channels, block)
    assert padding.geometry == BlockGeometry.for_image(padded, block)
    assert all(more - less < block for more, less in zip(padded.shape, image.shape, strict=True))
    key = EtCKey.from_secret(padding.geometry, "padded")
    assert np.array_equal(padding.undo(decrypt(encrypt(padded, key), key)), image)
    batch = np.stack([padded, 255 - padded])
    assert np.array_equal(padding.undo(batch), np.stack([image, 255 - image]))


def test_too_small_to_crop_is_told_with_its_size() -> None:
    with pytest.raises(InvalidParameterError, match=r"Got 5 x 20: pad_to_blocks makes it fit"):
        crop_to_blocks(picture(5, 20, 1))


def test_blocks_are_of_8_pixels_unless_told() -> None:
    assert pad_to_blocks(picture(9, 9, 1)).padding.block == 8


def test_padding_repeats_the_last_row_and_column() -> None:
    padded, _ = pad_to_blocks([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 2)
    assert padded.tolist() == [[1, 2, 3, 3], [4, 5, 6, 6], [7, 8, 9, 9], [7, 8, 9, 9]]


@given(SIDES, SIDES, st.sampled_from([1, 3]), st.integers(1, 16))
def test_cropping_leaves_whole_blocks(height: int, width: int, channels: int, block: int) -> None:
    image = picture(height, width, channels)
    if min(height, width) < block:
        with pytest.raises(InvalidParameterError, match="pad_to_blocks makes it fit"):
            crop_to_blocks(image, block)
        return
    cropped = crop_to_blocks(image, block)
    assert BlockGeometry.for_image(cropped, block).shape == cropped.shape
    assert cropped.shape[0] > height - block
    assert cropped.shape[1] > width - block
    assert np.array_equal(cropped, image[: cropped.shape[0], : cropped.shape[1]])


def test_pillow_images_are_taken() -> None:
    image = picture(9, 17, 3)
    assert np.array_equal(crop_to_blocks(Image.fromarray(image)), image[:8, :16])
    padded, padding = pad_to_blocks(Image.fromarray(image))
    assert np.array_equal(padding.undo(Image.fromarray(padded)), image)


@pytest.mark.parametrize(
    ("size", "most", "fits"),
    [((4, 4), 10, True), ((3, 5), 60, False), ((3, 5), 64, True), ((4, 4), 64, True)],
)
def test_little_is_padded_to_no_more_than_the_most_or_four_times_as_much(
    size: tuple[int, int], most: int, *, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "MOST_PIXELS", most)
    if fits:
        assert pad_to_blocks(picture(*size, 1)).image.shape == (8, 8)
        return
    with pytest.raises(InvalidParameterError, match=f"at most {most} pixels. Got 8: 64 pixels of"):
        pad_to_blocks(picture(*size, 1))


def test_sides_are_as_long_as_those_of_arrays_can_be() -> None:
    assert Padding(sys.maxsize, 1).height == sys.maxsize
    with pytest.raises(InvalidParameterError, match=f"'height' .* at most {sys.maxsize}"):
        Padding(sys.maxsize + 1, 1)


@pytest.mark.parametrize("block", [0, -8, 2.0, "8", True, None])
@pytest.mark.parametrize("function", [crop_to_blocks, pad_to_blocks])
def test_blocks_that_are_none(function: Any, block: Any) -> None:
    with pytest.raises(InvalidParameterError, match=f"'block' parameter of {function.__name__}"):
        function(np.zeros((8, 8)), block)


@pytest.mark.parametrize("shape", [(30, 32), (32, 32, 3), (32,), (2, 32, 40)])
def test_what_was_not_padded_so_is_not_undone(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidParameterError, match=r"be an array of shape \(..., 32, 32\)"):
        Padding(30, 32).undo(np.zeros(shape))


@pytest.mark.parametrize(
    "sizes", [{"height": 0}, {"width": "3"}, {"channels": 2}, {"channels": True}, {"block": 0}]
)
def test_bad_records(sizes: dict[str, Any]) -> None:
    (name,) = sizes
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of Padding"):
        Padding(**{"height": 30, "width": 32, **sizes})
