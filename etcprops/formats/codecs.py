"""Pixels to the bytes of PNG, JPEG, WebP and JPEG 2000 files, by Pillow, with a comment in them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from etcprops._validation import as_choice, as_integer, reject

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "jp2": ".jp2"}
"""The formats, and how their files are named."""

DEFAULT_JPEG_QUALITY: Final = 95

_DESCRIPTION: Final = 0x010E  # of EXIF, where WebP has its comment
_ENDS: Final = {".png": b"IEND\xaeB`\x82", ".jpg": b"\xff\xd9", ".jp2": b"\xff\xd9"}


@dataclass(frozen=True)
class Codec:
    r"""How files are written.

    Parameters
    ----------
    format : {"png", "jpeg", "webp", "jp2"}, default="png"
    quality : int, optional
        1 to 100 for JPEG (default 95) and WebP, decibels for JPEG 2000. Without it WebP and JPEG
        2000 are lossless, as PNG always is.
    sampling : {"4:4:4", "4:2:0"}, default="4:4:4"
        Of colour in JPEG.
    exact : bool, default=False
        JPEG by exact arithmetic, with which encryption commutes: `encode_jpeg_exactly`.

    Raises
    ------
    InvalidParameterError
        If the format has no such setting.

    Examples
    --------
    >>> import numpy as np
    >>> Codec("jpeg", quality=80).encode(np.zeros((8, 8), np.uint8))[:3]
    b'\xff\xd8\xff'
    >>> Codec("jpeg").lossless, Codec("webp").lossless, Codec("webp", quality=80).lossless
    (False, True, False)
    """

    format: str = "png"
    quality: int | None = None
    sampling: str = "4:4:4"
    exact: bool = False

    def __post_init__(self) -> None:
        caller = "Codec"
        as_choice(self.format, SUFFIXES, "format", caller)
        as_choice(self.sampling, ("4:4:4", "4:2:0"), "sampling", caller)
        if self.format == "png" and self.quality is not None:
            reject("quality", caller, "be None for PNG, which is lossless", f"{self.quality}.")
        if self.format != "jpeg" and (self.exact or self.sampling != "4:4:4"):
            name = "exact" if self.exact else "sampling"
            reject(name, caller, "be left as it is unless the format is jpeg", f"{self.format!r}.")
        if self.quality is not None:
            as_integer(self.quality, "quality", caller, least=1, most=100)
        elif self.format == "jpeg":
            # The dataclass is frozen: this is how its constructor sets fields.
            object.__setattr__(self, "quality", DEFAULT_JPEG_QUALITY)

    @property
    def suffix(self) -> str:
        """How names of files end."""
        return SUFFIXES[self.format]

    @property
    def lossless(self) -> bool:
        """Whether pixels come back as they were."""
        return self.quality is None

    def encode(self, pixels: NDArray[np.uint8], comment: str = "") -> bytes:
        """Return pixels as the bytes of a file.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
        comment : str, default=""
            ASCII; what the file says of itself.
        """
        if self.exact:
            from etcprops.formats.exact_jpeg import encode_jpeg_exactly

            quality = self.quality or DEFAULT_JPEG_QUALITY
            content = encode_jpeg_exactly(pixels, quality=quality, sampling=self.sampling)
            return _with_comment(content, comment)
        from PIL import Image

        file = io.BytesIO()
        name = "JPEG2000" if self.format == "jp2" else self.format
        Image.fromarray(pixels).save(file, name, **self._settings(comment))
        return file.getvalue()

    def _settings(self, comment: str) -> dict[str, Any]:
        """Return what Pillow calls all this."""
        from PIL import Image, PngImagePlugin

        if self.format == "png":
            text = PngImagePlugin.PngInfo()
            if comment:
                text.add_text("Comment", comment)
            return {"pnginfo": text}
        if self.format == "jpeg":
            sampling = {"subsampling": self.sampling, "comment": comment.encode()}
            return {"quality": self.quality, "optimize": True, **sampling}
        if self.format == "webp":
            exif = Image.Exif()
            if comment:
                exif[_DESCRIPTION] = comment
            lossless = {"lossless": True, "exact": True} if self.lossless else {}
            return {
                "exif": exif,
                **lossless,
                **({} if self.lossless else {"quality": self.quality}),
            }
        layers = {} if self.lossless else {"quality_mode": "dB", "quality_layers": [self.quality]}
        return {"irreversible": not self.lossless, "comment": comment, **layers}


def is_whole(content: bytes, suffix: str) -> bool:
    """Whether the bytes of a file that this package wrote are there to the end.

    Examples
    --------
    >>> import numpy as np
    >>> content = Codec("webp").encode(np.zeros((8, 8), np.uint8))
    >>> is_whole(content, ".webp"), is_whole(content[:-1], ".webp")
    (True, False)
    """
    if suffix == ".webp":
        return len(content) >= 8 and int.from_bytes(content[4:8], "little") + 8 == len(content)
    return content.endswith(_ENDS[suffix])


def _with_comment(content: bytes, comment: str) -> bytes:
    """Return a JPEG file with a comment after its first marker."""
    if not comment:
        return content
    text = comment.encode()
    return content[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + content[2:]
