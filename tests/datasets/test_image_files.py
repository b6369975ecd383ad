"""Image files as pixels: what is taken, what is refused, and what is noted."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from etcprops import InvalidParameterError, read_image
from etcprops.datasets.pictures import PictureError, count_pixels, picture_of, read_picture

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
RGB = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], axis=-1)


def saved(image: Image.Image, name: str = "PNG", **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **settings)
    return file.getvalue()


def png(width: int, height: int, depth: int, kind: int, rows: bytes) -> bytes:
    """Return a PNG file made by hand: Pillow does not write all of them."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack("!I", len(content)) + checked + struct.pack("!I", zlib.crc32(checked))

    header = struct.pack("!2I5B", width, height, depth, kind, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF", "PPM", "JPEG2000"])
@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "RGB"])
def test_lossless_files_are_their_pixels(name: str, pixels: Any) -> None:
    picture = picture_of(saved(Image.fromarray(pixels), name))
    assert np.array_equal(picture.pixels, pixels)
    assert picture.notes == ()


def with_palette() -> Image.Image:
    return Image.fromarray(RGB).quantize(200)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise makes it upright
    return saved(Image.fromarray(GREY), "PNG", exif=exif)


ODD: dict[str, tuple[Callable[[], bytes], Any, str]] = {
    "orientation": (turned, np.rot90(GREY, -1), "turned upright"),
    "wrong extension": (lambda: saved(Image.fromarray(GREY), "BMP"), GREY, "is BMP, whatever"),
    "opaque": (
        lambda: saved(Image.fromarray(np.dstack([RGB, np.full_like(GREY, 255)]))),
        RGB,
        "alpha channel",
    ),
    "palette": (lambda: saved(with_palette()), with_palette().convert("RGB"), "palette became RGB"),
    "bits": (lambda: saved(Image.fromarray(GREY > 99)), 255 * (GREY > 99), ""),
    "profile": (
        lambda: saved(Image.fromarray(GREY), icc_profile=b"profile"),
        GREY,
        "colour profile is dropped",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_can_be_shown_is_shown_and_noted(name: str) -> None:
    make, wanted, note = ODD[name]
    picture = picture_of(make(), ".png")
    assert np.array_equal(picture.pixels, np.asarray(wanted))
    assert note in "".join(picture.notes)
    assert len(picture.notes) == bool(note)


def frames(name: str) -> bytes:
    images = [Image.fromarray(GREY), Image.fromarray(GREY[::-1])]
    return saved(images[0], name, save_all=True, append_images=images[1:])


def bomb() -> bytes:
    return png(20000, 20000, 8, 0, b"")


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "text": (lambda: b"no picture at all", "is no image that Pillow knows"),
    "truncated PNG": (lambda: saved(Image.fromarray(RGB))[:-40], "is broken: "),
    "truncated JPEG": (
        lambda: saved(Image.fromarray(np.tile(RGB, (20, 20, 1))), "JPEG")[:-400],
        "is broken: ",
    ),
    "truncated WebP": (lambda: saved(Image.fromarray(RGB), "WEBP")[:-10], "is "),
    "16 bits": (
        lambda: saved(Image.fromarray(GREY.astype(np.uint16) * 257)),
        "more than 8 bits a component",
    ),
    "16 bits, RGB": (lambda: png(1, 1, 16, 2, bytes(7)), "more than 8 bits a component"),
    "16 bits, JPEG 2000": (
        lambda: saved(Image.fromarray(GREY.astype(np.uint16) * 257), "JPEG2000"),
        "more than 8 bits a component",
    ),
    "floating point": (
        lambda: saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
        "more than 8 bits a component",
    ),
    "CMYK": (lambda: saved(Image.fromarray(RGB).convert("CMYK"), "JPEG"), "is CMYK: convert it"),
    "transparent": (
        lambda: saved(Image.fromarray(np.dstack([RGB, GREY]))),
        "is transparent in parts",
    ),
    "transparent palette": (
        lambda: saved(with_palette(), transparency=int(with_palette().getpixel((0, 0)))),  # type: ignore[arg-type]
        "is transparent in parts",
    ),
    "animated GIF": (lambda: frames("GIF"), "has 2 frames"),
    "animated WebP": (lambda: frames("WEBP"), "has 2 frames"),
    "many pages": (lambda: frames("TIFF"), "has 2 frames"),
    "no pixels": (lambda: png(0, 4, 8, 0, b""), "or has no pixels"),
    "bomb": (bomb, "a decompression bomb"),
    "half a bomb": (lambda: png(10000, 10000, 8, 0, b""), "a decompression bomb"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_shown_is_refused_in_a_line(name: str) -> None:
    make, message = BAD[name]
    with pytest.raises(PictureError, match=message) as error:
        picture_of(make(), ".png")
    assert "\n" not in str(error.value)


def test_counting_pixels_decodes_nothing() -> None:
    assert count_pixels(saved(Image.fromarray(RGB))) == 48
    assert count_pixels(png(9000, 9000, 8, 0, b"")) == 9000 * 9000
    assert count_pixels(b"no picture") == 0


def test_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="cannot be read: No such file"):
        read_picture(tmp_path / "missing.png")
    (tmp_path / "some.png").write_bytes(saved(Image.fromarray(GREY)))
    assert np.array_equal(read_picture(tmp_path / "some.png").pixels, GREY)


# --- read_image: the same rules, and options for what they refuse

DEEP = GREY.astype(np.uint16) * 257
ALPHA = np.dstack([RGB, GREY])


def as_file(image: Image.Image, folder: Path) -> Path:
    path = folder / "image.png"
    image.save(path)
    return path


@pytest.mark.parametrize("kind", ["image", "file"])
@pytest.mark.parametrize("name", [name for name in ODD if name != "wrong extension"])
def test_what_can_be_shown_is_read(tmp_path: Path, name: str, kind: str) -> None:
    make, wanted, _ = ODD[name]
    (tmp_path / "image.png").write_bytes(make())
    file = tmp_path / "image.png"
    pixels = read_image(file if kind == "file" else Image.open(file))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, np.asarray(wanted))


LOSING: dict[str, tuple[Callable[[], Image.Image], str, dict[str, Any], Any]] = {
    "16 bits": (lambda: Image.fromarray(DEEP), "eight_bits=True", {"eight_bits": True}, GREY),
    "white behind": (
        lambda: Image.fromarray(np.dstack([RGB, 0 * GREY])),
        "background=255",
        {"background": 255},
        np.full_like(RGB, 255),
    ),
    "colour behind": (
        lambda: Image.fromarray(np.dstack([RGB, 0 * GREY])),
        "background=255",
        {"background": (1, 2, 3)},
        np.broadcast_to([1, 2, 3], RGB.shape),
    ),
    "partly transparent": (
        lambda: Image.fromarray(ALPHA),
        "background=255",
        {"background": 0},
        np.round(RGB * (GREY[..., None] / 255)),
    ),
}


@pytest.mark.parametrize("kind", ["image", "file"])
@pytest.mark.parametrize("name", LOSING)
def test_an_option_says_what_may_be_lost(tmp_path: Path, name: str, kind: str) -> None:
    make, remedy, options, wanted = LOSING[name]
    given = make() if kind == "image" else as_file(make(), tmp_path)
    with pytest.raises(InvalidParameterError, match=re.escape(f"({remedy} does).")) as caught:
        read_image(given)
    assert ("image.png" in str(caught.value)) == (kind == "file")
    off = np.abs(read_image(given, **options).astype(int) - np.asarray(wanted))
    assert off.max() <= (name == "partly transparent")  # there one division is rounded


def test_other_colours_are_converted_on_request() -> None:
    cmyk = Image.fromarray(RGB).convert("CMYK")
    with pytest.raises(InvalidParameterError, match=re.escape("(mode='colour' does)")):
        read_image(cmyk)
    assert np.array_equal(read_image(cmyk, mode="colour"), np.asarray(cmyk.convert("RGB")))
    assert np.array_equal(read_image(Image.fromarray(GREY), mode="colour"), np.dstack([GREY] * 3))
    luma = RGB @ np.array([0.299, 0.587, 0.114])
    assert np.abs(read_image(Image.fromarray(RGB), mode="grey") - luma).max() < 1
    palette = with_palette()
    assert np.array_equal(
        read_image(palette, mode="grey"), read_image(palette.convert("RGB"), mode="grey")
    )


def test_sixteen_bits_of_colour_lose_the_lower_eight(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    path.write_bytes(png(1, 1, 16, 2, bytes([0, 1, 255, 2, 255, 3, 255])))
    assert read_image(path, eight_bits=True).tolist() == [[[1, 2, 3]]]
    with Image.open(path) as image, pytest.raises(InvalidParameterError, match="eight_bits=True"):
        read_image(image)


REFUSED: dict[str, tuple[Any, str]] = {
    "floating point": (Image.fromarray(GREY.astype(np.float32)), "floating-point"),
    "more than 16 bits": (Image.fromarray(GREY.astype(np.int32) << 16), "more than 16 bits"),
    "missing": ("missing.png", "'missing.png', which cannot be read: No such file"),
    "array": (GREY, "be a path or an image of Pillow. Got an array"),
    "bytes": (b"image.png", "be a path or an image of Pillow. Got b'image.png'"),
    "None": (None, "be a path or an image of Pillow. Got None"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_option_makes_pixels_of_these(name: str) -> None:
    image, got = REFUSED[name]
    with pytest.raises(InvalidParameterError, match=got) as caught:
        read_image(image, mode="colour", background=0, eight_bits=True)
    assert "'image' parameter of read_image" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"mode": "gray"}, {"background": 256}, {"background": (0, 1)}, {"background": "white"},
     {"background": (0, 0, -1)}, {"eight_bits": 1}],
    ids=str,
)  # fmt: skip
def test_bad_options(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(InvalidParameterError, match=f"'{name}' parameter of read_image"):
        read_image(Image.fromarray(GREY), **options)
