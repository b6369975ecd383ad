"""What an affine map keeps of the geometry of images, decided from its matrix.

``|A x - A y| = s |x - y|`` for all images exactly if ``A^T A = s^2 I``; inner products of pixels
themselves are kept up to the factor ``s^2`` if, besides, the offset c is 0. A matrix of full column
rank that is no such isometry loses no image, and keeps what does not depend on the choice of
coordinates: Mahalanobis distances, for instance. Where the matrix is too large to be read whole, an
isometry still shows in a few random differences, for ``|A d|^2 - s^2 |d|^2`` is a polynomial in
d, and is 0 at random points only if it is 0 everywhere (Schwartz 1980, Zippel 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array
from scipy.sparse.csgraph import connected_components

RANK_LIMIT = 2048
"""The rank is not computed where more pixels than this hang together."""


class Geometry(StrEnum):
    """What becomes of distances between images."""

    ISOMETRY = "isometry"
    SCALED_ISOMETRY = "scaled isometry"
    INJECTIVE = "injective affine"
    LOSSY = "lossy"
    UNKNOWN = "affine, rank not known"


@dataclass(frozen=True)
class Kept:
    """What an affine map keeps.

    Attributes
    ----------
    geometry : Geometry
        The strongest that is true.
    factor : float or None
        Of all distances, for isometries and scaled isometries.
    inner_products : bool
        Whether inner products of pixels are kept, up to ``factor**2``: an isometry without offset.
    one_pixel_each : bool
        Whether every output pixel follows one input pixel or is constant.
    once : bool
        Whether, besides, every input pixel is shown exactly once, multiplied by some factor.
    same_size : bool
        Whether there are as many output pixels as input pixels.
    rank : int or None
        Of the matrix, if it was computed.
    size : int
        Number of input pixels.
    sampled : bool
        Whether it was decided from random differences, not from the whole matrix.
    """

    geometry: Geometry
    factor: float | None
    inner_products: bool
    one_pixel_each: bool
    once: bool
    same_size: bool
    rank: int | None
    size: int
    sampled: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {**vars(self), "geometry": str(self.geometry)}

    @property
    def in_words(self) -> str:
        """One sentence on it."""
        how = " (seen in random differences)" if self.sampled else ""
        match self.geometry:
            case Geometry.ISOMETRY:
                rest = (
                    "distances and inner products are kept"
                    if self.inner_products
                    else "distances are kept; inner products are not, for something is added"
                )
                return f"An isometry{how}: {rest}."
            case Geometry.SCALED_ISOMETRY:
                return f"A scaled isometry{how}: all distances are multiplied by {self.factor:.6g}."
            case Geometry.INJECTIVE:
                return "Injective: no image is lost, but distances change."
            case Geometry.LOSSY:
                lost = "" if self.rank is None else f": rank {self.rank} of {self.size}"
                return f"Lossy{lost}; images that differ only in what is lost become the same."
            case _:
                return "Distances change; whether images are lost is not known."


def decide(matrix: csr_array, offset: NDArray[np.float64], *, rounding: float = 0.0) -> Kept:
    """Return what ``y = matrix @ x + offset`` keeps.

    Parameters
    ----------
    matrix : csr_array, shape (m, n)
        Of int64, then decided exactly, or of float64.
    offset : ndarray of float64, shape (m,)
        What is added.
    rounding : float, default=0
        How far entries may be off, relative to the largest.

    Returns
    -------
    Kept

    Examples
    --------
    >>> twice = csr_array(np.array([[1, 1], [1, -1]]))
    >>> str(decide(twice, np.zeros(2)).geometry), round(decide(twice, np.zeros(2)).factor, 3)
    ('scaled isometry', 1.414)
    >>> str(decide(csr_array(np.array([[1, 1], [2, 2]])), np.zeros(2)).geometry)
    'lossy'
    """
    rows, size = matrix.shape
    per_row = np.diff(matrix.indptr)
    one_each = bool((per_row <= 1).all())
    wide = matrix.astype(np.int64 if matrix.dtype.kind == "i" else np.float64)
    gram = csr_array(wide.T @ wide)
    diagonal = gram.diagonal()
    square = diagonal[0]
    largest = float(np.abs(diagonal).max()) or 1.0
    exact = matrix.dtype.kind == "i"
    tolerance = 0.0 if exact else max(rounding, 1e-12) * 64 * largest
    rest = csr_array(gram - diags_array(diagonal, dtype=gram.dtype))
    off = float(np.abs(rest.data).max()) if rest.nnz else 0.0
    even = float(np.abs(diagonal - square).max())
    shown = np.bincount(matrix.indices[matrix.data != 0], minlength=size)
    common: dict[str, Any] = {"one_pixel_each": one_each, "same_size": rows == size, "size": size}
    common["once"] = one_each and bool((shown == 1).all())
    if square > tolerance and off <= tolerance and even <= tolerance:
        factor = float(np.sqrt(np.mean(diagonal)))
        plain = abs(factor - 1) <= (0 if exact else max(rounding, 1e-12) * 64)
        geometry = Geometry.ISOMETRY if plain else Geometry.SCALED_ISOMETRY
        factor = 1.0 if plain else factor
        bound = max(rounding, 1e-12) * 64 * factor * 255
        free = bool((np.abs(offset) <= (0 if exact else bound)).all())
        return Kept(geometry, factor, free, rank=size, **common)
    rank = _rank(gram, max(rounding, 1e-13))
    if rank is None:
        geometry = Geometry.LOSSY if (diagonal == 0).any() else Geometry.UNKNOWN
    else:
        geometry = Geometry.INJECTIVE if rank == size else Geometry.LOSSY
    return Kept(geometry, None, inner_products=False, rank=rank, **common)


def from_differences(
    plain: Sequence[NDArray[Any]], results: Sequence[NDArray[Any]], *, rounding: float
) -> Kept:
    """Return what an affine map keeps, from images and results, the first two lists' pairs.

    Parameters
    ----------
    plain, results : sequences of ndarray
        At least three images as vectors, and what became of them; those of two neighbours differ
        in many pixels, or in one.
    rounding : float
        How far results may be off, relative to the largest.
    """
    ratios = []
    for i in range(len(plain) - 1):
        before = _square(plain[i], plain[i + 1])
        ratios.append(_square(results[i], results[i + 1]) / before)
    spread = max(ratios) - min(ratios)
    size = plain[0].size
    unknown: dict[str, Any] = {"one_pixel_each": False, "once": False, "size": size}
    unknown["same_size"] = size == results[0].size
    if min(ratios) <= 0 or spread > max(rounding, 1e-12) * 256 * max(ratios):
        return Kept(Geometry.UNKNOWN, None, False, rank=None, sampled=True, **unknown)
    factor = float(np.sqrt(np.mean(ratios)))
    plain_factor = abs(factor - 1) <= max(rounding, 1e-12) * 256
    geometry = Geometry.ISOMETRY if plain_factor else Geometry.SCALED_ISOMETRY
    wide = [[v.astype(np.float64) for v in pair] for pair in zip(plain, results, strict=True)]
    scale = factor**2
    gaps = [abs(y @ y - scale * (x @ x)) / max(1.0, scale * float(x @ x)) for x, y in wide]
    free = bool(max(gaps) <= max(rounding, 1e-12) * 256)
    factor = 1.0 if plain_factor else factor
    return Kept(geometry, factor, free, rank=plain[0].size, sampled=True, **unknown)


def _square(a: NDArray[Any], b: NDArray[Any]) -> float:
    difference = a.astype(np.float64) - b.astype(np.float64)
    return float(difference @ difference)


def _rank(gram: csr_array, rounding: float) -> int | None:
    """Return the rank of a Gram matrix, part by part of what hangs together; None if too large."""
    _, labels = connected_components(gram, directed=False)
    sizes = np.bincount(labels)
    if sizes.max() > RANK_LIMIT:
        return None
    order = np.argsort(labels, kind="stable")
    ends = np.cumsum(sizes)
    single = sizes[labels] == 1
    rank = int(np.count_nonzero(gram.diagonal()[single] > 0))
    for label in np.flatnonzero(sizes > 1):
        members = order[ends[label] - sizes[label] : ends[label]]
        part = gram[members][:, members].toarray().astype(np.float64)
        values = np.linalg.eigvalsh(part)
        rank += int(np.count_nonzero(values > values.max() * max(1e-12, rounding) * len(part)))
    return rank
