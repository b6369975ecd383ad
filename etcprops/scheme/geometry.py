"""Block geometry: how an image, its blocks and its flat vector correspond.

Only sizes and index arithmetic live here; no pixels and no keys. Blocks are numbered in raster
order and the flat vector is the image in C order, as in the EtC literature (Kurihara et al. 2015;
Chuman et al. 2019).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_indices, as_integer, describe, reject
from etcprops.scheme._pixels_given import Pixels, as_pixels

MOST_PIXELS: Final = 1 << 32
"""Larger images are refused, each component counted: places in them alone would take 32 GB."""


@dataclass(frozen=True)
class BlockGeometry:
    """The size of an image and of its square blocks.

    Parameters
    ----------
    height, width : int
        Image size in pixels; both multiples of `block`.
    channels : {1, 3}, default=1
        1 for grey images of shape ``(H, W)``, 3 for colour images of shape ``(H, W, 3)``.
    block : int, default=8
        Side B of the blocks; a block is ``B x B`` pixels with all their channels.

    Raises
    ------
    InvalidParameterError
        If a size is not a positive integer, the block does not divide height or width, or there
        are more than `MOST_PIXELS` pixels.

    Examples
    --------
    >>> geometry = BlockGeometry(192, 160)
    >>> geometry.shape, geometry.grid, geometry.n_blocks, geometry.n_pixels
    ((192, 160), (24, 20), 480, 30720)
    >>> BlockGeometry(4, 6, channels=3, block=2).shape
    (4, 6, 3)
    """

    height: int
    width: int
    channels: int = 1
    block: int = 8

    def __init__(self, height: int, width: int, *, channels: int = 1, block: int = 8) -> None:
        sizes = {"height": height, "width": width, "channels": channels, "block": block}
        for name, value in sizes.items():
            # The dataclass is frozen: this is how its constructor sets fields.
            object.__setattr__(self, name, as_side(value, name, "BlockGeometry"))
        if self.channels not in {1, 3}:
            reject("channels", "BlockGeometry", "be 1 (grey) or 3 (colour)", describe(channels))
        if self.n_pixels > MOST_PIXELS:
            got = f"{self.height} x {self.width}."
            reject("height", "BlockGeometry", f"be that of at most {MOST_PIXELS} pixels", got)
        for name in ("height", "width"):
            if getattr(self, name) % self.block:
                fits = what_fits(self.height, self.width, self.block)
                got = f"block={self.block}, {name}={getattr(self, name)} instead; {fits}."
                reject("block", "BlockGeometry", f"divide {name}", got)

    @classmethod
    def for_image(cls, image: Pixels, block: int = 8) -> BlockGeometry:
        """Return the geometry of an image.

        Parameters
        ----------
        image : array_like or PIL.Image.Image, shape (H, W) or (H, W, 3)
            One image, of any dtype; of a batch, give one of its images. A file is read by
            `etcprops.read_image` first.
        block : int, default=8
            Side of the blocks.

        Returns
        -------
        BlockGeometry

        Raises
        ------
        InvalidParameterError
            If `image` is none, is several, or blocks do not fit: `crop_to_blocks` and
            `pad_to_blocks` make them fit.

        Examples
        --------
        >>> BlockGeometry.for_image(np.zeros((48, 32, 3), np.uint8), block=16)
        BlockGeometry(height=48, width=32, channels=3, block=16)
        """
        caller = "BlockGeometry.for_image"
        height, width, *channels = image_of(image, caller).shape
        side = as_side(block, "block", caller)
        if height % side or width % side:
            remedy = "crop_to_blocks and pad_to_blocks make them fit"
            got = (
                f"{height} x {width} and block={side}: {what_fits(height, width, side)}; {remedy}."
            )
            reject("image", caller, "be of whole blocks", got)
        return cls(height, width, channels=3 if channels else 1, block=side)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image: ``(H, W)``, or ``(H, W, 3)`` for colour."""
        size = (self.height, self.width)
        return size if self.channels == 1 else (*size, self.channels)

    @property
    def grid(self) -> tuple[int, int]:
        """Number of block rows and block columns."""
        return self.height // self.block, self.width // self.block

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        rows, columns = self.grid
        return rows * columns

    @property
    def n_pixels(self) -> int:
        """Length ``n = H * W * channels`` of the flat vector, each component of a pixel counted."""
        return self.height * self.width * self.channels

    def flat_index(
        self, block: ArrayLike, row: ArrayLike, column: ArrayLike, channel: ArrayLike
    ) -> NDArray[np.int64]:
        """Return the position in the flat vector of a pixel given by its place in its block.

        Parameters
        ----------
        block, row, column, channel : array_like of int
            Block number in ``[0, n_blocks)``, row and column within the block in ``[0, B)``,
            channel in ``[0, channels)``; broadcast against each other.

        Returns
        -------
        ndarray of int64
            Index in ``[0, n_pixels)``, of the broadcast shape.

        Raises
        ------
        InvalidParameterError
            If a part is no integer or outside its range, or shapes do not broadcast.

        Examples
        --------
        >>> BlockGeometry(4, 4, block=2).flat_index(block=3, row=1, column=0, channel=0)
        array(14)
        """
        caller = "BlockGeometry.flat_index"
        number = as_indices(block, self.n_blocks, "block", caller)
        rows = as_indices(row, self.block, "row", caller)
        columns = as_indices(column, self.block, "column", caller)
        component = as_indices(channel, self.channels, "channel", caller)
        shapes = number.shape, rows.shape, columns.shape, component.shape
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            wanted = "have a shape that broadcasts with those of row, column and channel"
            reject("block", caller, wanted, f"{', '.join(map(str, shapes))}.")
        block_row, block_column = np.divmod(number, self.grid[1])
        image_row = block_row * self.block + rows
        image_column = block_column * self.block + columns
        pixel = image_row * self.width + image_column
        return np.asarray(pixel * self.channels + component)

    def locate(
        self, flat: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return block, row, column and channel of positions in the flat vector.

        The inverse of `flat_index`.

        Raises
        ------
        InvalidParameterError
            If a position is no integer in ``[0, n_pixels)``.

        Examples
        --------
        >>> [int(part) for part in BlockGeometry(4, 4, block=2).locate(14)]
        [3, 1, 0, 0]
        """
        position = as_indices(flat, self.n_pixels, "flat", "BlockGeometry.locate")
        pixel, channel = np.divmod(position, self.channels)
        image_row, image_column = np.divmod(pixel, self.width)
        block_row, row = np.divmod(image_row, self.block)
        block_column, column = np.divmod(image_column, self.block)
        return block_row * self.grid[1] + block_column, row, column, channel

    def to_dict(self) -> dict[str, int]:
        """Return the four sizes as a dictionary, ready for JSON."""
        return {
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "block": self.block,
        }


def as_side(value: Any, parameter: str, caller: str) -> int:
    """Return a length in pixels, of which arrays cannot have more than fit into 63 bits."""
    side = as_integer(value, parameter, caller)
    if side > sys.maxsize:
        reject(parameter, caller, f"be at most {sys.maxsize}", describe(value))
    return side


def check_geometry(value: Any, caller: str) -> BlockGeometry:
    """Return `value` if it is a `BlockGeometry`, else raise the error that names `caller`."""
    if not isinstance(value, BlockGeometry):
        reject("geometry", caller, "be a BlockGeometry", describe(value))
    return value


def image_of(value: Any, caller: str) -> NDArray[Any]:
    """Return `value` as the array of one grey or RGB image; batches and the rest are refused."""
    wanted = "be one image of shape (H, W) or (H, W, 3)"
    array = as_pixels(value, "image", caller, wanted)
    numbers = array.dtype.kind in "biuf" and array.size
    if not numbers or array.ndim < 2 or array.shape[2:] not in {(), (3,)}:
        reject("image", caller, wanted, describe(array).rstrip(".") + _remedy(array.shape))
    return array


def _remedy(shape: tuple[int, ...]) -> str:
    """Say how to come from an array to one image, where that may be meant."""
    if len(shape) < 3:
        return "."
    parts = {
        1: "; image[..., 0] is a grey image",
        4: "; image[..., :3] leaves the alpha channel out",
    }
    part = parts.get(shape[-1], "") if len(shape) == 3 else ""
    return f"{part}; of a batch, images[0] is one image."


def fitting_blocks(height: int, width: int, block: int) -> list[int]:
    """Return the block sizes around another that divide an image: one below, two above, if any.

    Blocks of a single pixel and of the whole image are left out.

    Examples
    --------
    >>> fitting_blocks(100, 100, 8), fitting_blocks(101, 97, 8)
    ([5, 10, 20], [])
    """
    common = math.gcd(height, width)
    most = min(common, 16 * block, 4096, max(height, width) - 1)
    sizes = [n for n in range(2, most + 1) if common % n == 0]
    return [n for n in sizes if n < block][-1:] + [n for n in sizes if n > block][:2]


def nearest_size(height: int, width: int, block: int) -> tuple[int, int]:
    """Return the multiples of a block nearest to a size; the smaller of two, but never 0.

    Examples
    --------
    >>> nearest_size(100, 3, 8)
    (96, 8)
    """
    nearest = [
        max(1, -(-(2 * length - block) // (2 * block))) * block for length in (height, width)
    ]
    return nearest[0], nearest[1]


def what_fits(height: int, width: int, block: int) -> str:
    """Say which blocks divide a size, and the nearest size that a block divides.

    Examples
    --------
    >>> what_fits(100, 100, 8)
    '5, 10 and 20 divide 100 x 100, and 8 divides 96 x 96'
    """
    rows, columns = nearest_size(height, width, block)
    size = f"{block} divides {rows} x {columns}"
    *others, last = fitting_blocks(height, width, block) or [0]
    if not last:
        return size
    blocks = f"{', '.join(map(str, others))} and {last} divide" if others else f"{last} divides"
    return f"{blocks} {height} x {width}, and {size}"
