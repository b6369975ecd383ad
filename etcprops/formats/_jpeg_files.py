"""Coefficients in and out of JPEG files, by jpeglib, which wraps libjpeg-turbo.

jpeglib takes files that end early for whole ones, so Pillow, which does not, looks at them first.
It keeps what comments and applications have put into a file, and writes beyond its buffers where
such a segment is empty or of a negative length; so it is given files without them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject
from etcprops.datasets.pictures import MOST_PIXELS, opened
from etcprops.formats.coefficients import LARGEST

_VERSION: Final = "turbo210"
_MODES: Final = {"L", "YCbCr", "RGB"}  # Pillow has turned colours into RGB
_SPACES: Final = {"JCS_GRAYSCALE", "JCS_YCbCr"}
_MARKER: Final = re.compile(rb"\xff+([^\xff\x00\xd0-\xd7])")
"""The next that is not one within coded data, as libjpeg looks for it, and its code."""
_SCAN: Final = 0xDA
_ENDS: Final = 0xD8, 0xD9
_OF_OTHERS: Final = {*range(0xE0, 0xF0), 0xFE}
_TELLS_COLOURS: Final = {0xE0: b"JFIF", 0xEE: b"Adobe"}
_LARGEST_AC: Final = 1023
_LARGEST_DC: Final = 2047


@contextmanager
def _jpeglib() -> Iterator[Any]:
    """Load jpeglib with libjpeg-turbo in it; whoever had another in it finds that again."""
    try:
        import jpeglib
    except ModuleNotFoundError as missing:
        remedy = "coefficients of JPEG files need jpeglib: pip install 'etcprops[formats]'"
        raise ModuleNotFoundError(remedy, name="jpeglib") from missing
    try:
        before = jpeglib.version.get()
    except AttributeError:  # nothing was loaded
        before = None
    if before != _VERSION:
        jpeglib.version.set(_VERSION)
    try:
        yield jpeglib
    finally:
        if before not in {None, _VERSION}:
            jpeglib.version.set(before)


@contextmanager
def _temporary_path() -> Iterator[Path]:
    """Make an empty file that nobody else reads, for jpeglib knows files alone."""
    number, name = tempfile.mkstemp(suffix=".jpg")
    os.close(number)
    try:
        yield Path(name)
    finally:
        Path(name).unlink()


def read(
    source: bytes | str | Path, caller: str
) -> tuple[list[NDArray[np.int16]], list[NDArray[np.int64]]]:
    """Return planes and tables of a file."""
    if not isinstance(source, (bytes, str, Path)):
        reject("source", caller, "be bytes, a str or a Path", describe(source))
    content = source if isinstance(source, bytes) else _content(Path(source), caller)
    _check_content(content, caller)
    with _jpeglib() as jpeglib, _temporary_path() as path:
        path.write_bytes(_bare(content, caller))
        try:
            coded = jpeglib.read_dct(str(path))
            planes = [coded.Y] if coded.num_components == 1 else [coded.Y, coded.Cb, coded.Cr]
            tables = [coded.qt[number].astype(np.int64) for number in coded.quant_tbl_no]
        except OSError:
            reject(
                "source", caller, "be a Huffman-coded JPEG file", "one that jpeglib cannot read."
            )
    if coded.jpeg_color_space.name not in _SPACES:
        reject("source", caller, "be grey or YCbCr", f"{coded.jpeg_color_space.name}.")
    if any(table.min() < 1 or table.max() > 255 for table in tables):
        reject("source", caller, "have quantization steps from 1 to 255", "others.")
    if any(abs(plane.astype(np.int32)).max() > LARGEST for plane in planes):
        reject("source", caller, f"have coefficients up to {LARGEST}", "larger ones.")
    return [np.array(plane, dtype=np.int16) for plane in planes], tables


def _bare(content: bytes, caller: str) -> bytes:
    """Return a file with nothing of others' but the first segments that say what colours are."""
    kept, at, coded, wanted = [content[:2]], 2, False, dict(_TELLS_COLOURS)
    while (marker := _MARKER.search(content, at)) and (code := marker[1][0]) != _ENDS[1]:
        if coded:
            kept.append(content[at : marker.start()])
        start = marker.end()
        length = int.from_bytes(content[start : start + 2], "big")
        if code < 0xC0 or code == _ENDS[0] or length < 2:
            got = f"marker {code:#x} with length {length}."
            reject("source", caller, "be a JPEG file of whole segments", got)
        at, coded = start + length, code == _SCAN
        tells = code in wanted and content.startswith(wanted[code], start + 2)
        if tells:
            del wanted[code]
        if tells or code not in _OF_OTHERS:
            kept.append(b"\xff" + marker[1] + content[start:at])
    return b"".join([*kept, content[at:]])


def _content(path: Path, caller: str) -> bytes:
    """Return what is in a file; one that is not there is the system's error."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # a folder; no name of a file
        reject("source", caller, "be a file that can be read", f"{str(path)!r}: {error}.")


def _check_content(content: bytes, caller: str) -> None:
    """Refuse what is no whole JPEG file of a kind that planes can hold."""
    from PIL import Image, UnidentifiedImageError

    try:
        with opened(content, ["JPEG"]) as picture:
            mode, size = picture.mode, picture.size
            if size[0] * size[1] > MOST_PIXELS:
                wanted = f"be of at most {MOST_PIXELS} pixels"
                reject("source", caller, wanted, f"{size[1]} x {size[0]}.")
            layers = getattr(picture, "layer", [])
            picture.load()
    except UnidentifiedImageError:
        reject("source", caller, "be a JPEG file", f"{len(content)} bytes that are none.")
    except Image.DecompressionBombError as error:
        reject("source", caller, f"be of at most {MOST_PIXELS} pixels", f"more: {error}")
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
    alike = len(tables) == 3 and np.array_equal(tables[1], tables[2])
    steps = np.stack(tables[:2] if alike else tables).astype(np.uint16)
    with _jpeglib() as jpeglib, _temporary_path() as path:
        coded = jpeglib.from_dct(**dict(zip(names, planes, strict=True)), qt=steps)
        coded.write_dct(str(path), flags=["+OPTIMIZE_CODING"])
        return path.read_bytes()


def _check_range(planes: Sequence[NDArray[np.int16]], caller: str) -> None:
    """Refuse coefficients that have no code in a baseline file."""
    for plane in planes:
        alternating = plane.reshape(-1, 64)[:, 1:]
        largest = max(-int(alternating.min()), int(alternating.max()))
        if largest > _LARGEST_AC:
            wanted = f"have AC coefficients up to {_LARGEST_AC}"
            reject("coefficients", caller, wanted, f"{largest}.")
        constant = plane[..., 0, 0]
        # The first is coded as its difference from 0.
        if max(int(constant.max()), 0) - min(int(constant.min()), 0) > _LARGEST_DC:
            wanted = f"have DC coefficients at most {_LARGEST_DC} apart"
            reject("coefficients", caller, wanted, f"{constant.min()} and {constant.max()}.")
