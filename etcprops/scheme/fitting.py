"""Images of any size, cropped or padded until blocks fit, and padding taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_integer, describe, reject
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.scheme.geometry import BlockGeometry, as_side, image_of

MOST_PIXELS: Final = 1 << 28
"""Smaller images are not padded to more."""


@dataclass(frozen=True)
class Padding:
    """The size that an image had, so that what `pad_to_blocks` added can be taken away.

    Parameters
    ----------
    height, width : int
        Of the image before.
    channels : {1, 3}, default=1
        As of `BlockGeometry`.
    block : int, default=8
        What height and width became multiples of.

    Examples
    --------
    >>> padding = Padding(30, 32)
    >>> padding.geometry
    BlockGeometry(height=32, width=32, channels=1, block=8)
    >>> padding.undo(np.zeros((5, 32, 32), np.uint8)).shape
    (5, 30, 32)
    """

    height: int
    width: int
    channels: int = 1
    block: int = 8

    def __post_init__(self) -> None:
        for name in ("height", "width", "block"):
            as_side(getattr(self, name), name, "Padding")
        if as_integer(self.channels, "channels", "Padding") not in {1, 3}:
            wanted = "be 1 (grey) or 3 (colour)"
            reject("channels", "Padding", wanted, describe(self.channels))

    @property
    def geometry(self) -> BlockGeometry:
        """The geometry of the padded image."""
        height, width = (-(-n // self.block) * self.block for n in (self.height, self.width))
        return BlockGeometry(height, width, channels=self.channels, block=self.block)

    def undo(self, images: Pixels) -> NDArray[Any]:
        """Return padded images without what was added to them.

        Parameters
        ----------
        images : array_like or PIL.Image.Image, shape (..., H, W) or (..., H, W, 3)
            Of the size that the image has after `pad_to_blocks`, decrypted.

        Returns
        -------
        ndarray, shape (..., height, width) or (..., height, width, 3)
            A view where `images` is an array.

        Raises
        ------
        InvalidParameterError
            If `images` have another size.
        """
        shape = self.geometry.shape
        wanted = f"be an array of shape (..., {', '.join(str(size) for size in shape)})"
        array = as_pixels(images, "images", "Padding.undo", wanted)
        if array.shape[-len(shape) :] != shape:
            reject("images", "Padding.undo", wanted, describe(array))
        size = slice(self.height), slice(self.width)
        return array[(..., *size, slice(None))[: len(shape) + 1]]


class Padded(NamedTuple):
    """A padded image, and what it takes to undo that.

    Attributes
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
    padding : Padding
    """

    image: NDArray[Any]
    padding: Padding


def crop_to_blocks(image: Pixels, block: int = 8) -> NDArray[Any]:
    """Return an image without the last rows and columns, which fill no block.

    Parameters
    ----------
    image : array_like or PIL.Image.Image, shape (H, W) or (H, W, 3)
        One image, of any dtype.
    block : int, default=8
        Side of the blocks.

    Returns
    -------
    ndarray
        A view where `image` is an array.

    Raises
    ------
    InvalidParameterError
        If `image` is none, or smaller than a block.

    See Also
    --------
    pad_to_blocks : loses nothing.

    Examples
    --------
    >>> crop_to_blocks(np.zeros((30, 41, 3), np.uint8)).shape
    (24, 40, 3)
    """
    caller = "crop_to_blocks"
    array = image_of(image, caller)
    side = as_side(block, "block", caller)
    height, width = (length // side * side for length in array.shape[:2])
    if not height or not width:
        size = f"{array.shape[0]} x {array.shape[1]}: pad_to_blocks makes it fit."
        reject("image", caller, f"hold a block of {side} x {side}", size)
    return array[:height, :width]


def pad_to_blocks(image: Pixels, block: int = 8) -> Padded:
    """Return an image whose last row and column are repeated until blocks fit.

    Parameters
    ----------
    image : array_like or PIL.Image.Image, shape (H, W) or (H, W, 3)
        One image, of any dtype.
    block : int, default=8
        Side of the blocks.

    Returns
    -------
    Padded
        The image and a `Padding`, which undoes it and has the geometry for a key.

    Raises
    ------
    InvalidParameterError
        If `image` is none, or so much would be added that there is not memory for it.

    Notes
    -----
    Undo it after decryption: in an encrypted image the padding is everywhere.

    Examples
    --------
    >>> from etcprops import EtCKey, decrypt, encrypt
    >>> photograph = np.arange(30 * 41, dtype=np.uint8).reshape(30, 41)
    >>> image, padding = pad_to_blocks(photograph)
    >>> image.shape, padding
    ((32, 48), Padding(height=30, width=41, channels=1, block=8))
    >>> key = EtCKey.from_secret(padding.geometry, "an example")
    >>> np.array_equal(padding.undo(decrypt(encrypt(image, key), key)), photograph)
    True
    """
    caller = "pad_to_blocks"
    array = image_of(image, caller)
    side = as_side(block, "block", caller)
    height, width, *rest = array.shape
    added = ((0, -height % side), (0, -width % side), (0, 0))[: array.ndim]
    padding = Padding(height, width, channels=3 if rest else 1, block=side)
    pixels = padding.geometry.n_pixels
    if pixels > max(MOST_PIXELS, 4 * array.size):
        got = f"{side}: {pixels} pixels of {array.size}."
        reject("block", caller, f"make images of at most {MOST_PIXELS} pixels", got)
    return Padded(np.pad(array, added, mode="edge"), padding)
