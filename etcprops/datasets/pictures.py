"""Image files as pixels: grey or RGB, 8 bits, upright; whatever else a file may hold is refused.

What cannot be shown as such pixels without a loss (more bits, CMYK, transparency, several frames)
is no picture here, and the error says so in a line, unless `read_image` is told how to lose it.
Metadata is not read, but for the orientation.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops._files import read_at_most
from etcprops._validation import InvalidParameterError, as_choice, as_integer, describe, reject
from etcprops.scheme._pixels_given import ORIENTATION, has_deep_parts

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

SUFFIXES: Final = frozenset(
    {
        ".bmp", ".gif", ".j2k", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif",
        ".tiff", ".webp",
    }
)  # fmt: skip
"""Of files that are taken for images in folders, in lower case."""

MOST_PIXELS: Final = 89_478_485
"""Larger images are refused as decompression bombs: where Pillow begins to warn."""

MOST_BYTES: Final = 1 << 30
"""Larger files are no images of so many pixels."""

FOR_PROGRAMS: Final = frozenset({"EPS", "WMF"})
"""Pillow lets other programs draw these, PostScript among them: no pictures, but programs."""

_CODESTREAM: Final = b"\xff\x4f\xff\x51"  # of JPEG 2000: start, then sizes
_DEPTH: Final = 42  # from there to the bits of the first component, less 1
_MODES: Final = {
    "1": "L",
    "L": "L",
    "LA": "L",
    "RGB": "RGB",
    "RGBA": "RGB",
    "P": "RGB",
    "PA": "RGB",
}
_PRETTY: Final = {"JPEG2000": "JPEG 2000", "WEBP": "WebP"}


class PictureError(InvalidParameterError):
    """A file holds no picture that can be used; the message is one line.

    Parameters
    ----------
    message : str
        What is wrong.
    remedy : str, default=""
        The option of `read_image` with which it is none, as it is written.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class Conversion(NamedTuple):
    """What may be lost on the way to pixels; `read_image` has the rules."""

    mode: str | None = None
    background: tuple[int, int, int] | None = None
    eight_bits: bool = False


LOSSLESS: Final = Conversion()
"""Nothing is lost but metadata."""


class Picture(NamedTuple):
    """An image file as pixels.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        Upright.
    notes : tuple of str
        What the file had beside, and what became of it.
    comment : str
        The text that the file carries as its comment, or "".
    """

    pixels: NDArray[np.uint8]
    notes: tuple[str, ...]
    comment: str


def read_picture(path: Path, conversion: Conversion = LOSSLESS) -> Picture:
    """Return what an image file shows; `picture_of` has the rules.

    Parameters
    ----------
    path : Path
        The file.
    conversion : Conversion, optional
        What may be lost; by default nothing.

    Raises
    ------
    PictureError
        If it cannot be read, or holds something else.
    """
    if not isinstance(path, (str, os.PathLike)):
        reject("path", "read_picture", "be a Path", describe(path))
    path = Path(path)
    try:
        content = read_at_most(path, MOST_BYTES)
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror or error}") from None
    return picture_of(content, path.suffix, conversion)


def read_image(
    image: str | os.PathLike[str] | PillowImage,
    *,
    mode: str | None = None,
    background: int | tuple[int, int, int] | None = None,
    eight_bits: bool = False,
) -> NDArray[np.uint8]:
    """Return the pixels of an image file, or of an image of Pillow: upright, grey or RGB.

    Bits and palettes become grey and RGB, an opaque alpha channel is dropped, and EXIF's
    orientation is applied. What would lose something else is done only if an option says so.

    Parameters
    ----------
    image : str, PathLike or PIL.Image.Image
        A file of any format that Pillow itself reads, or an image.
    mode : {"grey", "colour"}, optional
        Convert to this: luma of ITU-R BT.601 of RGB, three equal components of grey. It also takes
        CMYK and other colours, by Pillow's rules. Without it grey stays grey, and RGB stays RGB.
    background : int or tuple of 3 ints, optional
        What transparent images are put on, grey or RGB, 0 to 255.
    eight_bits : bool, default=False
        Keep the upper 8 bits of 16.

    Returns
    -------
    ndarray of uint8, shape (H, W) or (H, W, 3)

    Raises
    ------
    InvalidParameterError
        If it cannot be read, is transparent in parts, has more than 8 bits or other colours than
        grey and RGB; the message names the option. Also if it has several frames, floating-point
        levels or more pixels than anybody's photograph.

    Examples
    --------
    >>> from PIL import Image
    >>> red = Image.new("RGBA", (1, 1), (255, 0, 0, 51))
    >>> read_image(red, background=255)
    array([[[255, 204, 204]]], dtype=uint8)
    >>> read_image(red, background=255, mode="grey")
    array([[219]], dtype=uint8)
    """
    from PIL import Image

    caller = "read_image"
    if mode is not None:
        as_choice(mode, _MODE_OF, "mode", caller, "None")
    if not isinstance(eight_bits, bool):
        reject("eight_bits", caller, "be True or False", describe(eight_bits))
    conversion = Conversion(mode, _as_background(background, caller), eight_bits)
    if not isinstance(image, (str, os.PathLike, Image.Image)):
        reject("image", caller, "be a path or an image of Pillow", describe(image))
    try:
        if not isinstance(image, Image.Image):
            return read_picture(Path(image), conversion).pixels
        with _errors_in_a_line():
            return _picture(image, b"", "", conversion).pixels
    except PictureError as error:
        name = "an image" if isinstance(image, Image.Image) else repr(str(image))
        remedy = f" ({error.remedy} does)" if error.remedy else ""
        wanted = "be an image that 8 bits of grey or RGB can hold"
        reject("image", caller, wanted, f"{name}, which {error}{remedy}.")


_MODE_OF: Final = {"grey": "L", "colour": "RGB"}


def _as_background(value: Any, caller: str) -> tuple[int, int, int] | None:
    """Return a colour as three levels."""
    if value is None:
        return None
    parts = value if isinstance(value, (tuple, list)) else [value] * 3
    if len(parts) != 3:
        reject("background", caller, "be a grey level, or three levels", describe(value))
    red, green, blue = (as_integer(part, "background", caller, 0, 255) for part in parts)
    return red, green, blue


def picture_of(content: bytes, suffix: str = "", conversion: Conversion = LOSSLESS) -> Picture:
    """Return the picture in the bytes of a file.

    Parameters
    ----------
    content : bytes
        The whole file.
    suffix : str, default=""
        The end of its name; another one than its format has is noted.
    conversion : Conversion, optional
        What may be lost; by default nothing.

    Returns
    -------
    Picture

    Raises
    ------
    InvalidParameterError
        If a parameter is of another kind.
    PictureError
        If it is no image, is broken or truncated, has no pixels or more than `MOST_PIXELS`, more
        than 8 bits a component, transparency, several frames, or other colours than grey and RGB.

    Notes
    -----
    Bits become 0 and 255, palettes RGB. The orientation of EXIF is applied.

    Examples
    --------
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("1", (3, 2), 1).save(file, "PNG")
    >>> picture_of(file.getvalue(), ".jpg")
    Picture(pixels=array([[255, 255, 255],
           [255, 255, 255]], dtype=uint8), notes=('is PNG, whatever its name says',), comment='')
    """
    if not isinstance(content, bytes):
        reject("content", "picture_of", "be bytes", describe(content))
    if not isinstance(suffix, str):
        reject("suffix", "picture_of", "be text", describe(suffix))
    if not isinstance(conversion, Conversion):
        reject("conversion", "picture_of", "be a Conversion", describe(conversion))
    if not content:
        raise PictureError("is empty")
    with _errors_in_a_line(), opened(content) as picture:
        return _picture(picture, content, suffix, conversion)


def opened(content: bytes, formats: list[str] | None = None) -> Any:
    """Open a file without Pillow's own warning of large images, which callers refuse anyway."""
    from PIL import Image

    if threading.current_thread() is not threading.main_thread():  # filters are not a thread's own
        return Image.open(io.BytesIO(content), formats=formats)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(content), formats=formats)


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    """Turn whatever a decoder raises into a `PictureError`."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError("is no image that Pillow knows, or has no pixels") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_LARGE) from None
    except MemoryError:
        raise PictureError("does not fit into memory") from None
    except Exception as error:  # noqa: BLE001  # decoders raise anything where a file is broken
        raise PictureError(f"is broken: {str(error).rstrip('.') or type(error).__name__}") from None


_TOO_LARGE: Final = f"has more than {MOST_PIXELS} pixels: a decompression bomb?"


def _picture(picture: Any, content: bytes, suffix: str, conversion: Conversion) -> Picture:
    """Return the picture that Pillow opened, or say why there is none."""
    _check_header(picture, content, conversion)
    picture.load()
    return _shown(picture, suffix, conversion)


def _check_header(picture: Any, content: bytes, conversion: Conversion) -> None:
    """Refuse what the header tells, before anything is decoded."""
    if picture.format in FOR_PROGRAMS:
        raise PictureError(f"is {picture.format}, which another program would have to run")
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureError(_TOO_LARGE)
    if getattr(picture, "n_frames", 1) > 1:
        raise PictureError(f"has {picture.n_frames} frames: one image is wanted, no animation")
    if picture.mode == "F":
        raise PictureError("has more than 8 bits a component, floating-point: no levels of 8 bits")
    if (picture.mode[0] == "I" or _deep(picture, content)) and not conversion.eight_bits:
        what = "has more than 8 bits a component: convert it to 8 bits first"
        raise PictureError(what, "eight_bits=True")
    if picture.mode not in _MODES and picture.mode[0] != "I" and conversion.mode is None:
        what = f"is {picture.mode}: convert it to grey or RGB first"
        raise PictureError(what, "mode='colour'")


def _deep(picture: Any, content: bytes) -> bool:
    """Whether Pillow would cut components to 8 bits and say nothing."""
    start = content.find(_CODESTREAM) if picture.format == "JPEG2000" else -1
    if start >= 0:
        return (content[start + _DEPTH] & 0x7F) >= 8
    return has_deep_parts(picture)


def _shown(picture: Any, suffix: str, conversion: Conversion) -> Picture:
    """Return the pixels of a picture that was decoded, with notes."""
    from PIL import Image, ImageOps

    notes = []
    name = _PRETTY.get(picture.format, picture.format)
    if suffix and Image.registered_extensions().get(suffix.lower()) != picture.format:
        notes.append(f"is {name}, whatever its name says")
    if "icc_profile" in picture.info:
        notes.append("its colour profile is dropped")
    if picture.getexif().get(ORIENTATION, 1) != 1:
        notes.append("turned upright as its EXIF says")
    comment = _comment(picture)
    upright = ImageOps.exif_transpose(picture)
    mode = _MODE_OF[conversion.mode] if conversion.mode else _MODES.get(upright.mode, "L")
    if upright.mode[0] == "I":
        upright = _upper_bits(upright)
    if upright.has_transparency_data:
        if upright.convert("RGBA").getchannel("A").getextrema() == (255, 255):
            notes.append("its alpha channel, opaque, is dropped")
        elif conversion.background is None:
            what = "is transparent in parts: put it on a background first"
            raise PictureError(what, "background=255")
        else:
            below = Image.new("RGBA", upright.size, (*conversion.background, 255))
            upright = Image.alpha_composite(below, upright.convert("RGBA"))
    if upright.mode[0] == "P":
        notes.append("its palette became RGB")
        upright = upright.convert("RGB")
    return Picture(np.asarray(upright.convert(mode)), tuple(notes), comment)


def _upper_bits(picture: Any) -> Any:
    """Return a grey image of 16 bits as one of 8."""
    from PIL import Image

    levels = np.asarray(picture)
    if levels.size and (levels.min() < 0 or levels.max() > 65535):
        raise PictureError("has more than 16 bits a component: convert it to 8 bits first")
    return Image.fromarray((levels >> 8).astype(np.uint8))


def _comment(picture: Any) -> str:
    """Return the comment of a file, by what each format has for it."""
    found = picture.info.get("comment", picture.info.get("Comment", b""))
    if picture.format == "WEBP":
        found = picture.getexif().get(_DESCRIPTION, b"")
    return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


_DESCRIPTION: Final = 0x010E


def count_pixels(content: bytes) -> int:
    """Return how many pixels the header of an image file promises; 0 if it is none."""
    try:
        with opened(content) as picture:
            width, height = picture.size
            return int(width * height)
    except Exception:  # noqa: BLE001  # as above; what is wrong is said when it is decoded
        return 0


def read_comment(content: bytes) -> str:
    """Return the comment of an image file, "" if it has none or is none; decodes no pixels."""
    try:
        with opened(content) as picture:
            return _comment(picture)
    except Exception:  # noqa: BLE001  # as above
        return ""
