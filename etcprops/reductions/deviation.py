"""How far inner products are from being preserved by encryption before a reduction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from etcprops._validation import as_choice, describe, reject

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gram_deviation(
    reduction: Any,
    images: NDArray[np.uint8],
    encrypted: NDArray[np.uint8],
    *,
    preprocessing: Literal["z-score", "mid-grey"] = "z-score",
) -> float:
    """Return by how much inner products of reduced images change when images are encrypted first.

    Parameters
    ----------
    reduction : transformer
        Fitted, as a fresh clone, on the plain and on the encrypted images.
    images : ndarray of uint8, shape (N, H, W[, 3])
        At least two.
    encrypted : ndarray of uint8, same shape
        The same images, encrypted with one key.
    preprocessing : {"z-score", "mid-grey"}, default="z-score"
        What is done to reduced vectors, as in the paper: a z-score per feature, features that are
        constant becoming 0. Or what is done to images before: centring at mid-grey.

    Returns
    -------
    float
        The Frobenius norm of the difference of the two Gram matrices over that of the plain one: 0
        for an exact reduction, up to rounding; about 1 or more where nothing is left.

    Raises
    ------
    InvalidParameterError
        If a parameter is wrong.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, encrypt
    >>> from etcprops.reductions import BlockMean, GridSampling
    >>> geometry = BlockGeometry(8, 8, block=4)
    >>> images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)
    >>> encrypted = encrypt(images, EtCKey.from_secret(geometry, "an example"))
    >>> gram_deviation(BlockMean(geometry), images, encrypted) < 1e-14
    True
    >>> round(gram_deviation(GridSampling(geometry, (2, 2)), images, encrypted), 2)
    0.63
    """
    caller = "gram_deviation"
    as_choice(preprocessing, ("z-score", "mid-grey"), "preprocessing", caller)
    if not all(hasattr(reduction, name) for name in ("get_params", "fit_transform")):
        reject("reduction", caller, "be a transformer", describe(reduction))
    for name, batch in (("images", images), ("encrypted", encrypted)):
        if not isinstance(batch, np.ndarray) or batch.dtype != np.uint8 or batch.ndim < 3:
            reject(name, caller, "be uint8 images of shape (N, H, W[, 3])", describe(batch))
    if len(images) < 2 or encrypted.shape != images.shape:
        reject(
            "encrypted", caller, "be at least two images, as many as 'images'", describe(encrypted)
        )
    grams = []
    for pictures in (images, encrypted):
        vectors: NDArray[Any] = pictures.reshape(len(pictures), -1)
        if preprocessing == "mid-grey":
            vectors = vectors - 127.5
        reduced = clone(reduction).fit_transform(vectors)
        if preprocessing == "z-score":
            reduced = StandardScaler().fit_transform(reduced)
        grams.append(reduced @ reduced.T)
    before, after = grams
    if not before.any():
        got = "a plain Gram matrix of zeros."
        reject("images", caller, "differ after the reduction", got)
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))
