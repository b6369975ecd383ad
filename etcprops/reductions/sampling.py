"""Reductions that keep some pixels: a random choice, and a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from etcprops._validation import as_integer
from etcprops.reductions.linear import LinearReduction, check_seed, selection_sums
from etcprops.reductions.pooling import check_pair

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from etcprops.scheme.geometry import BlockGeometry


class RandomPixels(LinearReduction):
    """A fixed random choice of pixels, each set of that size with the same probability.

    The choice does not follow the pixels to where a key moves them, so it does not commute. But
    over the seeds the chosen pixels of encrypted images are distributed as those of plain ones,
    up to signs, which a z-score per feature and a Gram matrix do not see.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    n_components : int
        How many pixels (components of pixels, for colour) are kept, at most ``n``.
    seed : int, default=0
        The same seed keeps the same places, whatever the images.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if a parameter is out of range.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> reduction = RandomPixels(BlockGeometry(192, 160), n_components=1536)
    >>> reduction.matrix().shape, bool(reduction.is_equivariant("permutation"))
    ((1536, 30720), False)
    >>> bool(reduction.is_equivariant("negatives"))
    True
    """

    in_distribution: ClassVar[bool] = True

    def __init__(self, geometry: BlockGeometry, n_components: int, *, seed: int = 0) -> None:
        self.geometry = geometry
        self.n_components = n_components
        self.seed = seed

    def _build(self) -> csr_array:
        caller, n = "RandomPixels", self.geometry.n_pixels
        count = as_integer(self.n_components, "n_components", caller, 1, n)
        rng = np.random.default_rng(check_seed(self.seed, caller))
        kept = np.sort(rng.choice(n, size=count, replace=False))
        return selection_sums(kept[:, None], n)


class GridSampling(LinearReduction):
    """Every so many pixels of every so many rows, from the upper left corner on.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    strides : (int, int), default=(4, 5)
        Steps down and to the right. On 192 x 160 pixels 4 x 5, 8 x 5, 6 x 10 and 8 x 10 are the
        paper's ratios 1/20, 1/40, 1/60 and 1/80.

    Raises
    ------
    InvalidParameterError
        In `fit` and `matrix`: if `strides` are not two positive integers within the image.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> reduction = GridSampling(BlockGeometry(192, 160), strides=(8, 10))
    >>> reduction.dimension, bool(reduction.is_equivariant("transforms"))
    (384, False)
    """

    def __init__(self, geometry: BlockGeometry, strides: tuple[int, int] = (4, 5)) -> None:
        self.geometry = geometry
        self.strides = strides

    def _build(self) -> csr_array:
        geometry = self.geometry
        sizes = geometry.height, geometry.width
        down, right = check_pair(self.strides, sizes, "strides", "GridSampling")
        flat = np.arange(geometry.n_pixels).reshape(*sizes, geometry.channels)
        return selection_sums(flat[::down, ::right].ravel()[:, None], geometry.n_pixels)
