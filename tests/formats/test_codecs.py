"""Pixels to files: lossless ones come back, comments are kept, settings are checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etcprops import InvalidParameterError
from etcprops.datasets.pictures import picture_of, read_comment
from etcprops.formats.codecs import Codec, is_whole

GREY = np.random.default_rng(0).integers(0, 256, (16, 32), dtype=np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (16, 32, 3), dtype=np.uint8)
COMMENT = "etcprops-record-1:" + "A" * 88
CODECS = {
    "png": Codec(),
    "jpeg": Codec("jpeg"),
    "jpeg, coarse": Codec("jpeg", 10, "4:2:0"),
    "exact": Codec("jpeg", 90, exact=True),
    "webp": Codec("webp"),
    "webp, lossy": Codec("webp", 80),
    "jp2": Codec("jp2"),
    "jp2, lossy": Codec("jp2", 30),
}


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "RGB"])
def test_files_come_back(name: str, pixels: Any) -> None:
    codec = CODECS[name]
    content = codec.encode(pixels, COMMENT)
    assert read_comment(content) == COMMENT
    picture = picture_of(content, codec.suffix)
    assert picture.notes == ()
    back = picture.pixels
    if codec.format == "webp" and pixels.ndim == 2:
        assert back.shape == (*pixels.shape, 3)  # WebP has no grey images
        back = back[..., 0]
    assert back.shape == pixels.shape
    assert np.array_equal(back, pixels) == codec.lossless
    assert is_whole(content, codec.suffix)
    assert not is_whole(content[:-1], codec.suffix)
    assert not is_whole(b"", codec.suffix)


@pytest.mark.parametrize("name", CODECS)
def test_without_a_comment_there_is_none(name: str) -> None:
    content = CODECS[name].encode(RGB)
    assert "record" not in read_comment(content)  # OpenJPEG writes one of its own
    assert len(content) < len(CODECS[name].encode(RGB, COMMENT))


def test_quality_is_that_of_the_format() -> None:
    # JPEG 2000 takes decibels: on noise it reaches them.
    back = picture_of(Codec("jp2", 30).encode(GREY)).pixels.astype(float)
    assert 10 * np.log10(255**2 / np.mean((back - GREY) ** 2)) == pytest.approx(30, abs=2)
    assert len(Codec("jpeg", 50).encode(RGB)) < len(Codec("jpeg", 90).encode(RGB))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gif",), "'format' parameter of Codec must be one of png, jpeg, webp, jp2"),
        (("png", 90), "'quality' parameter of Codec must be None for PNG"),
        (("jpeg", 0), "an integer from 1 to 100"),
        (("webp", None, "4:2:0"), "'sampling' parameter of Codec must be left as it is"),
        (("jpeg", 90, "4:1:1"), "be one of 4:4:4, 4:2:0"),
        (("png", None, "4:4:4", True), "'exact' parameter of Codec must be left as it is"),
    ],
    ids=str,
)
def test_settings_are_checked(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        Codec(*arguments)
