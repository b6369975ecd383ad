"""What may be given as pixels: arrays, and Pillow images whose array is what they show.

Pillow is not imported: if nobody has, nothing is an image of it. The array of a palette image holds
indices, of a photograph that lies on its side a photograph that lies on its side; such images are
refused here, and `etcprops.read_image` turns them into pixels.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_array, reject

ORIENTATION: Final = 0x0112
"""The tag of EXIF."""


class Picture(Protocol):
    """What Pillow's images have, and whatever else shows its numbers to numpy in this way."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


Pixels: TypeAlias = ArrayLike | Picture | Sequence[Picture]
"""What public functions take for pixels."""


def as_pixels(value: Any, parameter: str, caller: str, wanted: str) -> NDArray[Any]:
    """Return an array, a Pillow image or whatever numpy makes an array of, lists of them as well.

    Parameters
    ----------
    value : array_like, PIL.Image.Image or list of them
        What the caller was given; dtype and shape are not looked at.
    parameter, caller, wanted : str
        For the message.

    Returns
    -------
    ndarray

    Raises
    ------
    InvalidParameterError
        If it is a path, no array can be made of it, pixels are masked, or the array of an image
        would be something else than its pixels: a palette, transparency, more than 8 bits, EXIF
        that turns it.
    """
    if isinstance(value, np.ndarray):
        if np.ma.is_masked(value):
            reject(parameter, caller, wanted, "a masked array, some of whose pixels are missing.")
        return np.asarray(value)
    for part in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(part, (str, os.PathLike)):
            got = f"a path; etcprops.read_image({os.fspath(part)!r}) gives its pixels."
            reject(parameter, caller, wanted, got)
        if what := _unlike_its_array(part):
            got = f"a Pillow image {what}; etcprops.read_image gives its pixels."
            reject(parameter, caller, wanted, got)
    return as_array(value, parameter, caller, wanted)


def has_deep_parts(picture: Any) -> bool:
    """Whether Pillow will cut 16 bits of a file it has not decoded to 8, such as RGB;16B."""
    return any("16" in str(part[3]) for part in getattr(picture, "tile", ()))


def _unlike_its_array(value: Any) -> str:
    """Return in which way a Pillow image is not what its array is; "" for anything else."""
    pillow = sys.modules.get("PIL.Image")
    if pillow is None or not isinstance(value, pillow.Image):
        return ""
    if value.mode not in {"L", "RGB"}:
        return f"of mode {value.mode}, not L or RGB"
    if has_deep_parts(value):
        return "of 16 bits"
    if value.has_transparency_data:
        return "with transparency"
    if value.getexif().get(ORIENTATION, 1) != 1:
        return "that its EXIF turns"
    return ""
