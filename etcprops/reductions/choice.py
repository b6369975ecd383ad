"""Reductions to a wanted dimension, and the nearest exact one where there is none."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from etcprops._validation import as_integer, as_number
from etcprops.reductions.dct import BlockDCT
from etcprops.reductions.gram_pca import GramPCA
from etcprops.reductions.pooling import BlockMean, MeanPooling
from etcprops.reductions.random_projection import GaussianProjection, SparseProjection
from etcprops.reductions.sampling import GridSampling, RandomPixels
from etcprops.scheme.geometry import BlockGeometry, check_geometry

if TYPE_CHECKING:
    from etcprops.reductions.linear import LinearReduction

PAPER_RATIOS: Final = (20, 40, 60, 80)
"""The paper reduces n = 30,720 to ``n / ratio``: 1536, 768, 512 and 384 dimensions."""


def exact_dimensions(geometry: BlockGeometry) -> list[int]:
    """Return the dimensions that `BlockMean` and `BlockDCT` can have, in ascending order.

    Under keys with block scramble and negation the dimension of every exact linear reduction is a
    multiple of the number of blocks: `etcprops.theory.linear_reductions` has the proof.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> dimensions = exact_dimensions(BlockGeometry(192, 160))
    >>> dimensions[:4], [30720 // ratio in dimensions for ratio in PAPER_RATIOS]
    ([480, 960, 1440, 1920], [False, False, False, False])
    """
    size = check_geometry(geometry, "exact_dimensions").n_blocks
    pixels = geometry.block**2
    # Of the sum of the components, or of each.
    per_block = {k * each for k in range(1, pixels + 1) for each in (1, geometry.channels)}
    return [size * k for k in sorted(per_block)]


def nearest_exact(geometry: BlockGeometry, ratio: float) -> LinearReduction:
    """Return the exact linear reduction whose dimension is nearest to ``n / ratio``.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    ratio : float
        At least 1; dimensions are compared by their logarithms.

    Returns
    -------
    LinearReduction
        `BlockMean` where some ``p x p`` cells give that dimension, else `BlockDCT`.

    Raises
    ------
    InvalidParameterError
        If the geometry is none or the ratio no number of at least 1.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> geometry = BlockGeometry(192, 160)
    >>> [nearest_exact(geometry, ratio).dimension for ratio in PAPER_RATIOS]
    [1440, 960, 480, 480]
    >>> nearest_exact(geometry, 16)
    BlockMean(cell=4, geometry=BlockGeometry(height=192, width=160, channels=1, block=8))
    """
    caller = "nearest_exact"
    check_geometry(geometry, caller)
    ratio = as_number(ratio, "ratio", caller, 1)
    wanted = math.log(geometry.n_pixels / ratio)
    dimension = min(exact_dimensions(geometry), key=lambda d: abs(math.log(d) - wanted))
    mean = _block_mean(geometry, dimension)
    return _block_dct(geometry, dimension) if mean is None else mean


def _block_mean(geometry: BlockGeometry, dimension: int) -> BlockMean | None:
    """Return the block means of a dimension, if their cells divide the block."""
    cell = math.isqrt(geometry.n_pixels // dimension)
    fits = geometry.block % cell == 0 and cell**2 * dimension == geometry.n_pixels
    return BlockMean(geometry, cell) if fits else None


def _block_dct(geometry: BlockGeometry, dimension: int) -> BlockDCT:
    """Return the block DCT of an exact dimension, with separate components where that is so."""
    per_block = dimension // geometry.n_blocks
    if per_block % geometry.channels:
        return BlockDCT(geometry, per_block, components="sum")
    return BlockDCT(geometry, per_block // geometry.channels)


def reductions_to(
    geometry: BlockGeometry, dimension: int, *, seed: int = 0
) -> dict[str, LinearReduction | GramPCA]:
    """Return every reduction of this package that reaches a dimension, by name.

    Parameters
    ----------
    geometry : BlockGeometry
        Image and block size.
    dimension : int
        From 1 to ``geometry.n_pixels``.
    seed : int, default=0
        Of the random ones.

    Returns
    -------
    dict of str to transformer
        ``"random-pixels"``, ``"gaussian-projection"``, ``"sparse-projection"`` and ``"gram-pca"``
        always; ``"grid-sampling"`` and ``"mean-pooling"`` if cells of ``n / dimension`` pixels tile
        the image, those of the most quadratic shape, the lower of two; ``"block-mean"`` and
        ``"block-dct"`` only where an exact one has just this dimension. GramPCA has fewer
        components if there are fewer training images.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.

    Examples
    --------
    >>> from etcprops import BlockGeometry
    >>> list(reductions_to(BlockGeometry(192, 160), 1536))
    ['gram-pca', 'random-pixels', 'gaussian-projection', 'sparse-projection', 'grid-sampling',
     'mean-pooling']
    >>> list(reductions_to(BlockGeometry(192, 160), 480))[-2:]
    ['block-mean', 'block-dct']
    """
    caller = "reductions_to"
    check_geometry(geometry, caller)
    dimension = as_integer(dimension, "dimension", caller, 1, geometry.n_pixels)
    as_integer(seed, "seed", caller, 0)
    found: dict[str, Any] = {
        "gram-pca": GramPCA(dimension),
        "random-pixels": RandomPixels(geometry, dimension, seed=seed),
        "gaussian-projection": GaussianProjection(geometry, dimension, seed=seed),
        "sparse-projection": SparseProjection(geometry, dimension, seed=seed),
    }
    cell = _most_quadratic_cell(geometry, dimension)
    if cell is not None:
        found["grid-sampling"] = GridSampling(geometry, cell)
        found["mean-pooling"] = MeanPooling(geometry, cell)
    if dimension in exact_dimensions(geometry):
        mean = _block_mean(geometry, dimension)
        if mean is not None:
            found["block-mean"] = mean
        found["block-dct"] = _block_dct(geometry, dimension)
    return found


def _most_quadratic_cell(geometry: BlockGeometry, dimension: int) -> tuple[int, int] | None:
    """Return height and width of cells that tile the image and leave `dimension` of them."""
    sides = product(_divisors(geometry.height), _divisors(geometry.width))
    cells = [cell for cell in sides if math.prod(cell) * dimension == geometry.n_pixels]
    return min(cells, key=sum, default=None)  # all have one area


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]
