"""Images by the name of a data set, or of a user's file or folder."""

from __future__ import annotations

from pathlib import Path, PurePath

import numpy as np

from etcprops._validation import as_integer, reject
from etcprops.datasets.archives import load_arrays
from etcprops.datasets.digits import load_digits_images
from etcprops.datasets.extended_yale_b import load_extended_yale_b
from etcprops.datasets.image_set import ImageSet
from etcprops.datasets.pictures import SUFFIXES, PictureError, read_picture
from etcprops.scheme.geometry import BlockGeometry


def load_images(data: str) -> ImageSet:
    """Return images by the name of a data set or of a file.

    Parameters
    ----------
    data : str
        "digits", with blocks of 2 x 2; a file ``.npz`` with ``images`` (uint8, shape
        (N, H, W[, 3])), ``labels`` and, if blocks are not 8 x 8, ``block``; a folder with one
        folder of image files a class, plain or as ``etcprops encrypt`` leaves them; or the
        Extended Yale Face Database B, zip or folder.

    Returns
    -------
    ImageSet

    Raises
    ------
    InvalidParameterError
        If there is no such file, or it holds something else.

    Examples
    --------
    >>> load_images("digits").images.shape
    (1797, 8, 8)
    """
    caller = "etcprops audit"
    if data == "digits":
        return load_digits_images(block=2)  # 16 blocks: each step does something
    if classes := _classes(Path(data)):
        return _load_folder(Path(data), classes, caller)
    if not data.endswith(".npz"):
        return load_extended_yale_b(data)
    wanted = "be a file .npz with arrays images (uint8, N x H x W or N x H x W x 3) and labels"
    try:
        arrays = load_arrays(Path(data), "images", "labels", "block")
        images, labels = arrays["images"], arrays["labels"]
    except KeyError as error:
        reject("--data", caller, wanted, f"{data!r}, which has no {error.args[0]}.")
    except ValueError as error:
        reject("--data", caller, wanted, f"{data!r}, which {error}.")
    given = arrays.get("block", np.array(8))
    block = as_integer(given.item() if given.ndim == 0 else given, "block", f"{caller} --data")
    fits = images.ndim in (3, 4) and labels.shape == images.shape[:1]
    if images.dtype != np.uint8 or not fits:
        shapes = f"images {images.dtype} {images.shape}, labels {labels.shape}"
        reject("--data", caller, wanted, f"{shapes} in {data!r}.")
    channels = images.shape[3] if images.ndim == 4 else 1
    geometry = BlockGeometry(*images.shape[1:3], channels=channels, block=block)
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return ImageSet(PurePath(data).name, images, codes, geometry)


def _classes(folder: Path) -> list[list[Path]]:
    """Return the image files of each folder in a folder; none of one that is Extended Yale B's."""
    if not folder.is_dir() or any(folder.rglob("yaleB[0-9][0-9]_P00A*")):
        return []
    within = (sorted(path.iterdir()) for path in sorted(folder.iterdir()) if path.is_dir())
    found = [[file for file in files if file.suffix.lower() in SUFFIXES] for files in within]
    return [files for files in found if files]


def _load_folder(folder: Path, classes: list[list[Path]], caller: str) -> ImageSet:
    """Return the images of all classes, which must be of one size and kind."""
    images, first = [], classes[0][0]
    for file in (file for files in classes for file in files):
        try:
            images.append(read_picture(file).pixels)
        except PictureError as error:
            reject(
                "--data", caller, "hold images that can be read", f"{str(file)!r}, which {error}."
            )
        if images[-1].shape != images[0].shape:
            shapes = images[0].shape, images[-1].shape
            got = f"{str(first)!r} {shapes[0]}, {str(file)!r} {shapes[1]}."
            reject("--data", caller, "hold images of one size and kind", got)
    labels = np.repeat(np.arange(len(classes)), [len(files) for files in classes])
    channels = images[0].shape[2] if images[0].ndim == 3 else 1
    geometry = BlockGeometry(*images[0].shape[:2], channels=channels)
    return ImageSet(folder.name, np.stack(images), labels.astype(np.int64), geometry)
