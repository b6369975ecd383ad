"""Lossy compression on the way to a model: on plain images, on encrypted ones, or on both.

That encryption commutes with a codec is a statement of its own, so an audit says what its images
went through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etcprops.formats.traces import find_jpeg

ENOUGH = 64
"""Images that are looked at."""


def compression_seen(images: NDArray[np.uint8], encrypted: NDArray[np.float64]) -> tuple[str, ...]:
    """Return what is to be said of JPEG in an audit: nothing, or one sentence.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Plain images.
    encrypted : ndarray of float64, shape (N, pixels)
        The encrypted ones as vectors, as the model sees them.
    """
    some = slice(None, None, -(-len(images) // ENOUGH))
    plain, hidden = find_jpeg(images[some]), None
    if encrypted.size == images.size:
        pixels = encrypted[some].reshape(images[some].shape)
        whole = pixels.astype(np.uint8)
        hidden = find_jpeg(whole) if np.array_equal(whole, pixels) else None
    if hidden is None:
        return () if plain is None else (f"plain images show {plain}",)
    if plain is None:
        return (f"encrypted images show {hidden}, plain ones do not: it may be what differs",)
    if plain.qualities == hidden.qualities:
        return (f"plain and encrypted images show {plain}",)
    return (f"plain images show {plain}, encrypted ones {hidden}",)
