"""Images by the name of a data set, or of a user's file, zip or folder: the one loader."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import InvalidParameterError, as_integer, describe, reject
from etcprops.datasets.archives import ArchiveError, File, files_in, is_folder, load_arrays
from etcprops.datasets.digits import load_digits_images
from etcprops.datasets.extended_yale_b import load_extended_yale_b
from etcprops.datasets.image_set import ImageSet
from etcprops.datasets.pictures import SUFFIXES, PictureError, picture_of
from etcprops.scheme.geometry import BlockGeometry, what_fits

FORMS: Final = (
    "a folder or zip of images, in it one folder a class; a file .npz with images (uint8, N x H x "
    "W or N x H x W x 3) and labels; or the Extended Yale Face Database B, cropped, as zip or "
    "folder"
)
"""What data can be, besides the names of data sets: for help and for messages."""

_YALE: Final = re.compile(r"yaleB\d\d_P00A.*")


def load_images(
    data: str | Path,
    *,
    fit: BlockGeometry | None = None,
    include_bad: bool = True,
    first_column: int = 4,
    cache: Path | None = None,
) -> ImageSet:
    """Return labelled images by the name of a data set or of a file.

    Parameters
    ----------
    data : str or Path
        "digits", with blocks of 2 x 2; a folder or zip of images of one size, in it one folder a
        class, plain or as ``etcprops encrypt`` leaves them; a file ``.npz`` with ``images`` (uint8,
        shape (N, H, W[, 3])), ``labels`` and, if blocks are not 8 x 8, ``block``; or the Extended
        Yale Face Database B, zip or folder.
    fit : BlockGeometry, optional
        Scale images of a folder or zip to this size, cut what is too much of a side, and make them
        grey or RGB; by default they must be of one size and kind already.
    include_bad, first_column, cache
        Of Extended Yale B alone: those of `load_extended_yale_b`.

    Returns
    -------
    ImageSet
        Labels are numbers in the order of the names of the classes.

    Raises
    ------
    InvalidParameterError
        If there is no such file, or it holds something else.

    Examples
    --------
    >>> load_images("digits").images.shape
    (1797, 8, 8)
    """
    caller = "load_images"
    if not isinstance(data, (str, Path)):
        reject("data", caller, "be a str or Path", describe(data))
    if fit is not None and not isinstance(fit, BlockGeometry):
        reject("fit", caller, "be a BlockGeometry or None", describe(fit))
    if str(data) == "digits":
        return load_digits_images(block=2)  # 16 blocks: each step does something
    path = Path(data)
    if path.suffix == ".npz" and not is_folder(path, "data", caller, "be a file that can be read"):
        return _load_arrays(path, caller)
    wanted = f"be digits, {FORMS}"
    with files_in(path, "data", caller, wanted) as files:
        if any(_YALE.fullmatch(file.name.name) for file in files):
            return load_extended_yale_b(
                path, include_bad=include_bad, first_column=first_column, cache=cache
            )
        shown = _within(_images_of(files, path, caller, wanted))
        images = _pictures(shown, fit, path, caller)
    names = [file.name.parent.name for file in shown]
    labels = np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.int64)
    geometry = _geometry(images, path, caller) if fit is None else fit
    return ImageSet(path.name, images, labels, geometry)


def load_pictures(data: str | Path) -> NDArray[Any]:
    """Return images without labels: of a folder or zip, whatever folders are in it, or of an array.

    Parameters
    ----------
    data : str or Path
        A folder or zip of image files, a file ``.npy``, or a file ``.npz`` with one array, or one
        named images.

    Returns
    -------
    ndarray, shape (N, H, W) or (N, H, W, 3)
        uint8 of image files; arrays as they are.

    Raises
    ------
    InvalidParameterError
        If there is no such file, or it holds something else.
    """
    caller, path = "load_pictures", Path(data)
    if path.suffix in {".npy", ".npz"} and not path.is_dir():
        return _load_array(path, caller)
    wanted = "be a folder or zip of images, or a file .npy or .npz"
    with files_in(path, "data", caller, wanted) as files:
        return _pictures(_images_of(files, path, caller, wanted), None, path, caller)


def _load_array(path: Path, caller: str) -> NDArray[Any]:
    """Return the array of a file."""
    try:
        (array,) = (load_arrays(path, "images") or load_arrays(path)).values()
    except ArchiveError as error:
        wanted = "be a file .npy, or .npz with one array, or one named images"
        reject("data", caller, wanted, f"{str(path)!r}, which {error}.")
    return array


def _load_arrays(path: Path, caller: str) -> ImageSet:
    """Return the images and labels of a file ``.npz``."""
    wanted = "be a file .npz with arrays images (uint8, N x H x W or N x H x W x 3) and labels"
    try:
        arrays = load_arrays(path, "images", "labels", "block")
        images, labels = arrays["images"], arrays["labels"]
    except KeyError as error:
        reject("data", caller, wanted, f"{str(path)!r}, which has no {error.args[0]}.")
    except ArchiveError as error:
        reject("data", caller, wanted, f"{str(path)!r}, which {error}.")
    given = arrays.get("block", np.array(8))
    block = as_integer(given.item() if given.ndim == 0 else given, "block", caller)
    fits = images.ndim in (3, 4) and labels.shape == images.shape[:1]
    if images.dtype != np.uint8 or not fits:
        shapes = f"images {images.dtype} {images.shape}, labels {labels.shape}"
        reject("data", caller, wanted, f"{shapes} in {str(path)!r}.")
    channels = images.shape[3] if images.ndim == 4 else 1
    geometry = BlockGeometry(*images.shape[1:3], channels=channels, block=block)
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return ImageSet(path.name, images, codes, geometry)


def _images_of(files: Sequence[File], path: Path, caller: str, wanted: str) -> list[File]:
    """Return the files that are named as images are, at least one."""
    shown = [file for file in files if file.name.suffix.lower() in SUFFIXES]
    if not shown:
        reject("data", caller, wanted, f"{str(path)!r}, without images in it.")
    return shown


def _within(files: Sequence[File]) -> list[File]:
    """Return the files in folders, without what lies beside these; all if there are no folders."""
    top = PurePosixPath(os.path.commonpath([file.name.parent for file in files]) or ".")
    return [file for file in files if file.name.parent != top] or [*files]


def _pictures(
    files: Sequence[File], fit: BlockGeometry | None, path: Path, caller: str
) -> NDArray[np.uint8]:
    """Return the pixels of image files, which must be of one size and kind unless made so."""
    images: list[NDArray[np.uint8]] = []
    for file in files:
        try:
            pixels = picture_of(file.read(), file.name.suffix).pixels
        except (ArchiveError, PictureError) as error:
            got = f"{str(path / file.name)!r}, which {error}."
            reject("data", caller, "hold images that can be read", got)
        images.append(pixels if fit is None else _fitted(pixels, fit))
        if images[-1].shape != images[0].shape:
            got = f"{files[0].name} {images[0].shape}, {file.name} {pixels.shape}."
            reject("data", caller, "hold images of one size and kind", got)
    return np.stack(images)


def _fitted(pixels: NDArray[np.uint8], fit: BlockGeometry) -> NDArray[np.uint8]:
    """Return an image scaled until it covers a size, and cut to it evenly on both sides."""
    from PIL import Image, ImageOps

    image = Image.fromarray(pixels).convert("RGB" if fit.channels == 3 else "L")
    return np.asarray(ImageOps.fit(image, (fit.width, fit.height), Image.Resampling.LANCZOS))


def _geometry(images: NDArray[np.uint8], path: Path, caller: str) -> BlockGeometry:
    """Return the size of images with blocks of 8 x 8, or say which size has such."""
    try:
        return BlockGeometry.for_image(images[0])
    except InvalidParameterError:
        height, width = images.shape[1:3]
        got = f"{height} x {width} in {str(path)!r}: {what_fits(height, width, 8)}."
        reject("data", caller, "hold images of whole blocks of 8 x 8 pixels", got)
