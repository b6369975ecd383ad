"""What a reconstruction shows: which images it fits, what is bright, whether anything was moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry
    from etcprops.scheme.keys import EtCKey

VISIBLE: Final = 0.1
"""Logarithm of differences across borders over those within blocks from which there are borders."""
SURE: Final = 3.0
"""Standard errors that the mean brightness must be away from mid-grey."""
FEWEST: Final = 4
"""Images from which brightness may tell anything."""


def fitting(
    encrypted: NDArray[Any], restored: NDArray[Any], geometry: BlockGeometry
) -> NDArray[np.bool_]:
    """Tell of which images the reconstruction makes the borders of blocks disappear.

    Differences across borders against those within blocks must come down at least half the way, on
    the scale of logarithms. An image that shows no borders before fits any key.

    Parameters
    ----------
    encrypted, restored : ndarray, shape (N, H, W[, 3])
        Images before and after.
    geometry : BlockGeometry
        With the blocks.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    before, after = (_edges(images, geometry) for images in (encrypted, restored))
    return np.asarray((before < VISIBLE) | (after < before / 2))


def _edges(images: NDArray[Any], geometry: BlockGeometry) -> NDArray[np.float64]:
    """Return the logarithm of mean differences across borders over those within blocks."""
    across, within = np.zeros((2, len(images)))
    for axis, length in ((1, geometry.height), (2, geometry.width)):
        steps = np.abs(np.diff(images.astype(np.float32), axis=axis))
        others = tuple(a for a in range(1, images.ndim) if a != axis)
        lines = steps.mean(axis=others, dtype=np.float64)
        border = np.arange(1, length) % geometry.block == 0
        across += lines[:, border].mean(axis=1) if border.any() else 0
        within += lines[:, ~border].mean(axis=1) * border.any()
    known = (across > 0) & (within > 0)
    ratio = np.divide(across, within, out=np.ones_like(across), where=known)
    return np.log(ratio)


def brightness(images: NDArray[Any]) -> tuple[int, bool]:
    """Return -1 if images are negatives, and whether that is sure.

    Photographs, and faces in changing light, are darker than mid-grey on the whole.
    """
    if images.dtype != np.uint8:
        return 1, False
    means = images.reshape(len(images), -1).mean(axis=1) - 127.5
    error = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.inf
    sign = -1 if means.mean() > 0 else 1
    return sign, bool(len(means) >= FEWEST and abs(means.mean()) > SURE * error)


def in_order(key: EtCKey) -> bool:
    """Tell whether a key does nothing but turn, reflect, negate or colour the whole."""
    steps = (key.transforms, key.negatives, key.components)
    alike = all(step is None or (step == step[0]).all() for step in steps)
    columns = key.geometry.grid[1]
    row, column = np.divmod(np.arange(key.geometry.n_blocks), columns)
    if not alike or key.permutation is None:
        return alike
    there = np.stack(np.divmod(key.permutation, columns))
    here = np.stack([row, column])
    moves = [there - there[:, :1] - s * (h - h[:, :1])
             for h in (here, here[::-1])
             for s in (np.array([[a], [b]]) for a in (1, -1) for b in (1, -1))]  # fmt: skip
    return any(not move.any() for move in moves)
