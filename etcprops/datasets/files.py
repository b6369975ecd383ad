"""Images by the name of a data set or of a user's file."""

from __future__ import annotations

import zlib
from pathlib import PurePath
from zipfile import BadZipFile

import numpy as np

from etcprops._validation import reject
from etcprops.datasets.digits import load_digits_images
from etcprops.datasets.extended_yale_b import load_extended_yale_b
from etcprops.datasets.image_set import ImageSet
from etcprops.scheme.geometry import BlockGeometry


def load_images(data: str) -> ImageSet:
    """Return images by the name of a data set or of a file.

    Parameters
    ----------
    data : str
        "digits", with blocks of 2 x 2; a file ``.npz`` with ``images`` (uint8, shape
        (N, H, W[, 3])), ``labels`` and, if blocks are not 8 x 8, ``block``; or the Extended
        Yale Face Database B, zip or folder.

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
    if not data.endswith(".npz"):
        return load_extended_yale_b(data)
    wanted = "be a file .npz with arrays images (uint8, N x H x W or N x H x W x 3) and labels"
    try:
        with np.load(data, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
            block = int(arrays["block"]) if "block" in arrays else 8
    except (OSError, EOFError, KeyError, TypeError, ValueError, zlib.error, BadZipFile) as error:
        reject("--data", caller, wanted, f"{data!r}: {error}")
    fits = images.ndim in (3, 4) and labels.shape == images.shape[:1]
    if images.dtype != np.uint8 or not fits:
        shapes = f"images {images.dtype} {images.shape}, labels {labels.shape}"
        reject("--data", caller, wanted, f"{shapes} in {data!r}.")
    channels = images.shape[3] if images.ndim == 4 else 1
    geometry = BlockGeometry(*images.shape[1:3], channels=channels, block=block)
    codes = np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return ImageSet(PurePath(data).name, images, codes, geometry)
