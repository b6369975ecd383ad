"""Coefficients in and out of JPEG files, by jpeglib, which wraps libjpeg-turbo.

jpeglib takes files that end early for whole ones, so Pillow, which does not, looks at them first.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject

_VERSION: Final = "turbo210"
_DEFAULT: Final = "6b"  # of jpeglib
_MODES: Final = {"L": 1, "YCbCr": 3, "RGB": 3}
_LARGEST_AC: Final = 1023
_LARGEST_DC: Final = 2047


@contextmanager
def _jpeglib() -> Iterator[Any]:
    """Load jpeglib with libjpeg-turbo in it; whoever uses it too finds it as it was."""
    try:
        import jpeglib
    except ModuleNotFoundError as missing:
        remedy = "coefficients of JPEG files need jpeglib: pip install 'etcprops[formats]'"
        raise ModuleNotFoundError(remedy, name="jpeglib") from missing
    try:
        before = jpeglib.version.get()
    except AttributeError:  # nothing was loaded
        before = _DEFAULT
    jpeglib.version.set(_VERSION)
    try:
        yield jpeglib
    finally:
        jpeglib.version.set(before)


def read(
    source: bytes | str | Path, caller: str
) -> tuple[list[NDArray[np.int16]], list[NDArray[np.int64]]]:
    """Return planes and tables of a file."""
    if not isinstance(source, (bytes, str, Path)):
        reject("source", caller, "be bytes, a str or a Path", describe(source))
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    _check_content(content, caller)
    with _jpeglib() as jpeglib, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "read.jpg"
        path.write_bytes(content)
        coded = jpeglib.read_dct(str(path))
        planes = [coded.Y] if coded.num_components == 1 else [coded.Y, coded.Cb, coded.Cr]
        tables = [coded.qt[number].astype(np.int64) for number in coded.quant_tbl_no]
    return [np.array(plane, dtype=np.int16) for plane in planes], tables


def _check_content(content: bytes, caller: str) -> None:
    """Refuse what is no whole JPEG file of a kind that planes can hold."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
            mode, size = picture.mode, picture.size
            layers = getattr(picture, "layer", [])
            picture.load()
    except UnidentifiedImageError:
        reject("source", caller, "be a JPEG file", f"{len(content)} bytes that are none.")
    except (OSError, SyntaxError) as error:
        reject("source", caller, "be a whole JPEG file", f"one that is broken: {error}.")
    if mode not in _MODES:
        reject("source", caller, "be grey or YCbCr", f"mode {mode}.")
    factors = [(horizontal, vertical) for _, horizontal, vertical, _ in layers]
    side = 8 * factors[0][0] if len(factors) == 3 else 8
    if len(factors) == 3 and factors not in ([(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)]):
        reject("source", caller, "be 4:4:4 or 4:2:0", f"sampling factors {factors}.")
    if size[0] % side or size[1] % side:
        wanted = f"have sizes that are multiples of {side}"
        reject("source", caller, wanted, f"{size[1]} x {size[0]} pixels.")


def write(
    planes: Sequence[NDArray[np.int16]], tables: Sequence[NDArray[np.int64]], caller: str
) -> bytes:
    """Return a baseline file, with Huffman codes made for it."""
    _check_range(planes, caller)
    names = ("Y", "Cb", "Cr")[: len(planes)]
    steps = np.stack([tables[0], tables[-1]][: len(planes)]).astype(np.uint16)
    with _jpeglib() as jpeglib, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written.jpg"
        coded = jpeglib.from_dct(**dict(zip(names, planes, strict=True)), qt=steps)
        coded.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        return path.read_bytes()


def _check_range(planes: Sequence[NDArray[np.int16]], caller: str) -> None:
    """Refuse coefficients that have no code in a baseline file."""
    for plane in planes:
        alternating = plane.reshape(-1, 64)[:, 1:]
        largest = int(max(-alternating.min(), alternating.max()))
        if largest > _LARGEST_AC:
            wanted = f"have AC coefficients up to {_LARGEST_AC}"
            reject("coefficients", caller, wanted, f"{largest}.")
        constant = plane[..., 0, 0]
        if int(constant.max()) - min(int(constant.min()), 0) > _LARGEST_DC:
            wanted = f"have DC coefficients at most {_LARGEST_DC} apart"
            reject("coefficients", caller, wanted, f"{constant.min()} and {constant.max()}.")
