"""Image files as pixels: grey or RGB, 8 bits, upright; whatever else a file may hold is refused.

What cannot be shown as such pixels without a loss (more bits, CMYK, transparency, several frames)
is no picture here, and the error says so in a line. Metadata is not read, but for the orientation.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import InvalidParameterError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES: Final = frozenset(
    {
        ".bmp", ".gif", ".j2k", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif",
        ".tiff", ".webp",
    }
)  # fmt: skip
"""Of files that are taken for images in folders, in lower case."""

MOST_PIXELS: Final = 89_478_485
"""Larger images are refused as decompression bombs: where Pillow begins to warn."""

_ORIENTATION: Final = 0x0112
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
    """A file holds no picture that can be used; the message is one line."""


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


def read_picture(path: Path) -> Picture:
    """Return what an image file shows; `picture_of` has the rules.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    PictureError
        If it cannot be read, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot be read: {error.strerror or error}") from None
    return picture_of(content, path.suffix)


def picture_of(content: bytes, suffix: str = "") -> Picture:
    """Return the picture in the bytes of a file.

    Parameters
    ----------
    content : bytes
        The whole file.
    suffix : str, default=""
        The end of its name; another one than its format has is noted.

    Returns
    -------
    Picture

    Raises
    ------
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
    from PIL import Image, UnidentifiedImageError

    if not content:
        raise PictureError("is empty")
    try:
        with Image.open(io.BytesIO(content)) as picture:
            _check_header(picture, content)
            picture.load()
            return _shown(picture, suffix)
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


def _check_header(picture: Any, content: bytes) -> None:
    """Refuse what the header tells, before anything is decoded."""
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureError(_TOO_LARGE)
    if getattr(picture, "n_frames", 1) > 1:
        raise PictureError(f"has {picture.n_frames} frames: one image is wanted, no animation")
    if picture.mode[0] in "IF" or _deep(picture, content):
        raise PictureError("has more than 8 bits a component: convert it to 8 bits first")
    if picture.mode not in _MODES:
        raise PictureError(f"is {picture.mode}: convert it to grey or RGB first")


def _deep(picture: Any, content: bytes) -> bool:
    """Whether Pillow would cut components to 8 bits and say nothing."""
    start = content.find(_CODESTREAM) if picture.format == "JPEG2000" else -1
    if start >= 0:
        return (content[start + _DEPTH] & 0x7F) >= 8
    return any("16" in str(part[3]) for part in picture.tile)  # such as RGB;16B


def _shown(picture: Any, suffix: str) -> Picture:
    """Return the pixels of a picture that was decoded, with notes."""
    from PIL import Image, ImageOps

    notes = []
    name = _PRETTY.get(picture.format, picture.format)
    if suffix and Image.registered_extensions().get(suffix.lower()) != picture.format:
        notes.append(f"is {name}, whatever its name says")
    if "icc_profile" in picture.info:
        notes.append("its colour profile is dropped")
    if picture.getexif().get(_ORIENTATION, 1) != 1:
        notes.append("turned upright as its EXIF says")
    comment = _comment(picture)
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        if upright.convert("RGBA").getchannel("A").getextrema() != (255, 255):
            raise PictureError("is transparent in parts: put it on a background first")
        notes.append("its alpha channel, opaque, is dropped")
    if upright.mode[0] == "P":
        notes.append("its palette became RGB")
    pixels = np.asarray(upright.convert(_MODES[upright.mode]))
    return Picture(pixels, tuple(notes), comment)


def _comment(picture: Any) -> str:
    """Return the comment of a file, by what each format has for it."""
    found = picture.info.get("comment", picture.info.get("Comment", b""))
    if picture.format == "WEBP":
        found = picture.getexif().get(_DESCRIPTION, b"")
    return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


_DESCRIPTION: Final = 0x010E


def count_pixels(content: bytes) -> int:
    """Return how many pixels the header of an image file promises; 0 if it is none."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            return int(width * height)
    except Exception:  # noqa: BLE001  # as above; what is wrong is said when it is decoded
        return 0


def read_comment(content: bytes) -> str:
    """Return the comment of an image file, "" if it has none or is none; decodes no pixels."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return _comment(picture)
    except Exception:  # noqa: BLE001  # as above
        return ""
