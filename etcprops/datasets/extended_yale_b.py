"""A user's own copy of the Extended Yale Face Database B.

Only loading lives here. It shows real people: it is read where the user has it, and nothing of it
is written anywhere but into the user's own cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_integer, describe, reject
from etcprops.datasets.archives import ArchiveError, files_in, is_folder
from etcprops.datasets.image_set import ImageSet
from etcprops.scheme.geometry import BlockGeometry

Reader = Callable[[], bytes]

SUBJECTS: Final = tuple(number for number in range(1, 40) if number != 14)
"""The 38 people of Extended Yale B."""

ILLUMINATIONS: Final = 64
"""Images of each person."""

YALE_SHAPE: Final = (192, 168)
YALE_WIDTH: Final = 160
"""The columns that are used. The paper has 192 x 160 pixels and does not say which."""

MOST_BYTES: Final = 1 << 16
"""Of a file: the pixels are half as many."""

_HEADER: Final = re.compile(rb"P5\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s")
_NAME: Final = re.compile(r"(yaleB(\d\d))_P00A[+-]\d{3}E[+-]\d{2}\.pgm(\.bad)?")


def load_extended_yale_b(
    path: str | Path,
    *,
    include_bad: bool = True,
    first_column: int = 4,
    block: int = 8,
    cache: Path | None = None,
) -> ImageSet:
    """Read the cropped Extended Yale Face Database B from a user's own copy.

    38 people under 64 illuminations. 18 images are marked as corrupt by the distribution itself,
    with the ending ``.pgm.bad``; they are whole files of the right size, and the paper's number of
    images, 2,432, includes them. Images are cropped from 168 columns to 160, by default the middle
    ones: the paper does not say which. The ambient images are none of the 64 and are left out.

    Parameters
    ----------
    path : str or Path
        ``CroppedYale.zip``, or the folder that it unpacks to, or the folder that holds that.
    include_bad : bool, default=True
        Whether to take the 18 images: 2,432 with them, 2,414 without.
    first_column : int from 0 to 8, default=4
        Where the 160 columns begin.
    block : int, default=8
        Block size for encryption; divides 192 and 160.
    cache : Path, optional
        A folder in which the decoded images are kept, from where they are mapped into memory the
        next time: see `etcprops.datasets.user_cache`. It holds what `path` holds, pictures of real
        people. If it cannot be written they are read anew each time.

    Returns
    -------
    ImageSet
        Images of shape ``(2432, 192, 160)``, the labels are the people's numbers.

    Raises
    ------
    InvalidParameterError
        If there is no such file or folder, it is no zip, images are missing, or one cannot be read.

    References
    ----------
    A. Georghiades, P. Belhumeur, D. Kriegman, "From few to many: illumination cone models for face
    recognition under variable lighting and pose", IEEE PAMI 23(6), 2001.

    K. Lee, J. Ho, D. Kriegman, "Acquiring linear subspaces for face recognition under variable
    lighting", IEEE PAMI 27(5), 2005.
    """
    caller = "load_extended_yale_b"
    side = as_integer(block, "block", caller)
    geometry = BlockGeometry(YALE_SHAPE[0], YALE_WIDTH, block=side)
    if not isinstance(path, (str, Path)):
        reject("path", caller, "be a str or Path", describe(path))
    if not isinstance(cache, (str, Path, type(None))):
        reject("cache", caller, "be a folder or None", describe(cache))
    if not isinstance(include_bad, (bool, np.bool_)):
        reject("include_bad", caller, "be True or False", describe(include_bad))
    most = YALE_SHAPE[1] - YALE_WIDTH
    first_column = as_integer(first_column, "first_column", caller, 0, most)
    columns = slice(first_column, first_column + YALE_WIDTH)
    if cache is None:
        pictures, labels = _read_extended_yale_b(Path(path), columns, include_bad, caller)
    else:
        pictures, labels = _mapped(
            Path(cache) / f"yale-{_stamp(Path(path), caller)}-{first_column}-{bool(include_bad):d}",
            lambda: _read_extended_yale_b(Path(path), columns, include_bad, caller),
        )
    return ImageSet(
        "Extended Yale B"
        if include_bad
        else "Extended Yale B without the images marked as corrupt",
        pictures,
        labels,
        geometry,
    )


def _read_extended_yale_b(
    path: Path,
    columns: slice,
    include_bad: bool,  # noqa: FBT001  # passed on
    caller: str,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Read and decode all images, in the order of people and names."""
    pictures, labels = [], []
    wanted = "be an existing zip or folder"
    with files_in(path, "path", caller, wanted, MOST_BYTES) as files:
        people: dict[int, list[tuple[str, bool, Reader]]] = {number: [] for number in SUBJECTS}
        for file in files:
            match = _NAME.fullmatch(file.name.name)
            if match and int(match[2]) in people:
                people[int(match[2])].append((str(file.name), bool(match[3]), file.read))
        if not any(people.values()):
            got = f"no image named like yaleB01/yaleB01_P00A+000E+00.pgm in {str(path)!r}."
            reject("path", caller, "be the cropped Extended Yale B, zip or folder", got)
        for number, found in people.items():
            if len(found) != ILLUMINATIONS:
                wanted = f"hold {ILLUMINATIONS} images of each of the 38 people"
                got = f"{len(found)} of yaleB{number:02} in {str(path)!r}."
                reject("path", caller, wanted, got)
            for name, is_bad, read in sorted(found, key=lambda entry: entry[0]):
                if include_bad or not is_bad:
                    pictures.append(_read_pgm(name, read, caller)[:, columns])
                    labels.append(number)
    return np.stack(pictures), np.array(labels, dtype=np.int64)


def _stamp(path: Path, caller: str) -> str:
    """Return a name for the content of a zip or folder: names, sizes and times, unread."""
    if not is_folder(path, "path", caller, "be an existing zip or folder") and not path.exists():
        reject("path", caller, "be an existing zip or folder", f"{str(path)!r}.")
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256(os.fsencode(path.resolve()))
    for file in files:
        status = file.stat()
        name = file.relative_to(path) if path.is_dir() else file.name
        digest.update(os.fsencode(f"{name}/{status.st_size}/{status.st_mtime_ns}/"))
    return digest.hexdigest()[:16]


def _mapped(
    file: Path, read: Callable[[], tuple[NDArray[np.uint8], NDArray[np.int64]]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return pictures and labels, the pictures mapped from a file that is made if it is not there.

    A file that cannot be read is made anew; where none can be written the pictures stay in memory.
    """
    paths = [file.with_name(f"{file.name}-{name}.npy") for name in ("images", "labels")]
    with suppress(OSError, ValueError, EOFError):
        pictures = np.load(paths[0], mmap_mode="r", allow_pickle=False)
        labels = np.load(paths[1], allow_pickle=False)
        shape = (labels.size, YALE_SHAPE[0], YALE_WIDTH)
        if (pictures.dtype, pictures.shape, labels.ndim) == (np.uint8, shape, 1):
            return pictures, labels
    arrays = read()
    try:
        # Nobody else's business: the folder holds pictures of real people.
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as unfinished:
            parts = [Path(unfinished) / path.name for path in paths]
            for part, array in zip(parts, map(np.asarray, arrays), strict=True):
                part.touch(mode=0o600)
                np.save(part, array)
            for part, path in zip(parts, paths, strict=True):
                part.replace(path)
        return np.load(paths[0], mmap_mode="r", allow_pickle=False), arrays[1]
    except OSError:
        return arrays


def _read_pgm(name: str, read: Reader, caller: str) -> NDArray[np.uint8]:
    """Return the pixels of a binary 8-bit PGM file of the database's size."""

    def refuse(what: str) -> NoReturn:
        reject("path", caller, "hold 8-bit PGM images of 168 x 192 pixels", f"{name}: {what}.")

    try:
        content = read()
    except ArchiveError as error:
        refuse(str(error))
    header = _HEADER.match(content)
    if header is None:
        refuse("no PGM header")
    width, height, largest = (int(number) for number in header.groups())
    if ((height, width), largest) != (YALE_SHAPE, 255):
        refuse(f"{width} x {height} pixels up to {largest}")
    pixels = np.frombuffer(content, dtype=np.uint8, offset=header.end())
    if pixels.size != height * width:
        refuse(f"{pixels.size} of {height * width} bytes")
    return pixels.reshape(height, width)
