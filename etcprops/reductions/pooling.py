"""Sums over cells of pixels: those that fit into the blocks, and those that do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etcprops._validation import as_integer, describe, reject
from etcprops.reductions.linear import LinearReduction, selection_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from etcprops.scheme.geometry import BlockGeometry


class BlockMean(LinearReduction):
    """Mean over the ``p x p`` cells of an aligned grid, times ``p^2`` so that it stays integer.

    A cell lies in one block and is moved as a whole: reducing encrypted images is encrypting the
    reduced ones with the same key at block side ``B / p``. A z-score takes the factor ``p^2`` away.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    cell : int, default=2
        Side p of the cells; divides the block side.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if `cell` does not divide the block side.

    See Also
    --------
    MeanPooling : cells of any size, which need not fit into the blocks.

    Notes
    -----
    Features are in the order of the reduced image, ``(H / p, W / p[, 3])`` in C order. ``m = n /
    p^2``. That it commutes with every key is ``block_mean_encrypt`` in ``proofs/coq/Reductions.v``.

    Examples
    --------
    >>> import numpy as np
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> geometry = BlockGeometry(8, 8, block=4)
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    >>> key = EtCKey.from_secret(geometry, "an example")
    >>> reduction = BlockMean(geometry, cell=2).fit(images.reshape(5, 64))
    >>> plain = reduction.transform(images.reshape(5, 64))
    >>> encrypted = reduction.transform(encrypt(images, key).reshape(5, 64))
    >>> plain.shape, np.array_equal(encrypted, reduction.induced(key).apply(plain))
    ((5, 16), True)
    """

    def __init__(self, geometry: BlockGeometry, cell: int = 2) -> None:
        self.geometry = geometry
        self.cell = cell

    def _build(self) -> csr_array:
        side = self.geometry.block
        if side % as_integer(self.cell, "cell", "BlockMean", 1, side):
            reject("cell", "BlockMean", f"divide the block side {side}", describe(self.cell))
        return selection_sums(_cells(self.geometry, self.cell, self.cell), self.geometry.n_pixels)


class MeanPooling(LinearReduction):
    """Mean over cells of any size that tile the image, times their number of pixels.

    What "average pooling to 1/20" usually means. It is equivariant only where cells fit
    into the blocks and are squares; the paper's ratios have no such cells.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    cell : (int, int), default=(4, 5)
        Height and width of the cells; divide those of the image. On 192 x 160 pixels 4 x 5, 8 x 5,
        6 x 10 and 8 x 10 are the paper's ratios 1/20, 1/40, 1/60 and 1/80.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if `cell` does not tile the image.

    See Also
    --------
    BlockMean : cells that are equivariant.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> reduction = MeanPooling(BlockGeometry(192, 160), cell=(4, 5))
    >>> reduction.dimension, bool(reduction.is_equivariant("transforms"))
    (1536, False)
    """

    def __init__(self, geometry: BlockGeometry, cell: tuple[int, int] = (4, 5)) -> None:
        self.geometry = geometry
        self.cell = cell

    def _build(self) -> csr_array:
        sizes = self.geometry.height, self.geometry.width
        height, width = check_pair(self.cell, sizes, "cell", "MeanPooling")
        if sizes[0] % height or sizes[1] % width:
            wanted = f"tile the image of {sizes[0]} x {sizes[1]} pixels"
            reject("cell", "MeanPooling", wanted, describe(self.cell))
        return selection_sums(_cells(self.geometry, height, width), self.geometry.n_pixels)


def check_pair(
    value: object, largest: tuple[int, int], parameter: str, caller: str
) -> tuple[int, int]:
    """Return `value` as two integers from 1 to the largest height and width."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        reject(parameter, caller, "be two integers, for rows and columns", describe(value))
    rows = as_integer(value[0], parameter, caller, 1, largest[0])
    return rows, as_integer(value[1], parameter, caller, 1, largest[1])


def _cells(geometry: BlockGeometry, height: int, width: int) -> NDArray[np.int64]:
    """Return the flat indices of each cell of each component, shape (m, height * width)."""
    shape = geometry.height // height, height, geometry.width // width, width, geometry.channels
    flat = np.arange(geometry.n_pixels).reshape(shape)
    return flat.transpose(0, 2, 4, 1, 3).reshape(-1, height * width)
