"""What a probe finds: kinds of functions, witnesses against a relation, and the maps themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops._validation import as_array, as_number, describe, reject
from etcprops.probing.isometry import Kept
from etcprops.scheme.signed_permutation import SignedPermutation

Array = NDArray[Any]


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1.

    Examples
    --------
    >>> count(1, "pixel"), count(0, "pixel"), count(12_000, "pixel")
    ('1 pixel', '0 pixels', '12000 pixels')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


class MapKind(StrEnum):
    """What a function does to images, from the most to the least that is known of it."""

    IDENTITY = "identity"
    PERMUTATION = "permutation"
    SIGNED_PERMUTATION = "signed permutation"
    COPY_MAP = "copy map"
    AFFINE = "affine"
    AFFINE_MODULAR = "affine modulo 256"
    AFFINE_RESIDUE = "affine modulo m"
    GF2_AFFINE = "affine over GF(2)"
    PIXEL_LOCAL = "non-linear, pixel-local"
    NON_LINEAR = "non-linear"
    DATA_DEPENDENT = "data-dependent"
    RANDOMISED = "randomised"
    UNDECIDED = "not decided"
    NOT_IMAGE = "not image-to-image"


BIJECTIVE = (MapKind.IDENTITY, MapKind.PERMUTATION, MapKind.SIGNED_PERMUTATION)
"""The kinds of which the theorems on encrypted images speak."""


@dataclass(frozen=True)
class PixelMap:
    """Every output pixel shows one input pixel, negated or not, or is constant.

    Attributes
    ----------
    source : ndarray of int64, shape (m,)
        The input pixel that each output pixel shows; -1 where it is constant.
    sign : ndarray of int8, shape (m,)
        -1 where it is negated, 0 where it is constant.
    size : int
        Number n of input pixels.
    level : int
        Largest grey level: negation is ``x -> level - x``.
    constants : ndarray of float64, shape (m,), or None
        The values of output pixels that are constant, elsewhere 0; None if none is.
    """

    source: NDArray[np.int64]
    sign: NDArray[np.int8]
    size: int
    level: int
    constants: NDArray[np.float64] | None = None

    @property
    def offset(self) -> NDArray[np.float64]:
        """What is added: the level where negated, the constant where constant, shape (m,)."""
        negated = np.asarray(self.sign < 0) * np.float64(self.level)
        return negated if self.constants is None else negated + self.constants

    @property
    def uses(self) -> NDArray[np.int64]:
        """How often each input pixel is shown, shape (n,)."""
        return np.bincount(self.source[self.source >= 0], minlength=self.size)

    @property
    def lost(self) -> NDArray[np.int64]:
        """The input pixels that are never shown."""
        shown = np.zeros(self.size, dtype=np.bool_)
        shown[self.source if self.constants is None else self.source[self.source >= 0]] = True
        return np.flatnonzero(~shown)

    @property
    def duplicated(self) -> NDArray[np.int64]:
        """The input pixels that are shown twice or more."""
        return np.flatnonzero(self.uses > 1)

    def matrix(self) -> csr_array:
        """Return the linear part, shape (m, n): at most one entry, -1 or +1, in every row."""
        rows = np.flatnonzero(self.source >= 0)
        indices = (rows, self.source[rows])
        return csr_array((self.sign[rows], indices), shape=(self.source.size, self.size))


@dataclass(frozen=True)
class AffineMap:
    """``y = matrix @ x + offset`` on pixels, or that modulo a number.

    Attributes
    ----------
    matrix : csr_array, shape (m, n)
        Of int64 if all entries are integers, else of float64.
    offset : ndarray of float64, shape (m,)
        The image of black.
    modulus : int, default=0
        What the results are taken modulo; 0 for none.
    lowest : int, default=0
        What is added after that.
    """

    matrix: csr_array
    offset: NDArray[np.float64]
    modulus: int = 0
    lowest: int = 0

    def apply(self, vector: Array) -> NDArray[np.float64]:
        """Return what the map makes of a vector, shape (m,).

        Raises
        ------
        InvalidParameterError
            If `vector` is none of n real numbers.
        """
        size, caller = self.matrix.shape[1], "AffineMap.apply"
        array = as_array(vector, "vector", caller, f"be {size} real numbers")
        if array.shape != (size,) or array.dtype.kind not in "biuf":
            reject("vector", caller, f"be {size} real numbers", describe(array))
        whole = self.matrix.dtype.kind == "i" and array.dtype.kind in "biu"
        wide = array.astype(np.int64 if whole else np.float64)
        values = np.asarray(self.matrix @ wide + self.offset)
        return values % self.modulus + self.lowest if self.modulus else values


@dataclass(frozen=True)
class BitMap:
    """Every output bit shows one input bit, flipped or not, or is constant.

    Input bit ``8 i + j`` is bit j of pixel i, output bit ``width i + j`` that of the result.

    Attributes
    ----------
    source : ndarray of int64, shape (width m,)
        The input bit that each output bit shows; -1 where it is constant.
    mask : ndarray of int64, shape (m,)
        What is XORed afterwards.
    size : int
        Number n of input pixels.
    width : int, default=8
        Bits of an output pixel.
    """

    source: NDArray[np.int64]
    mask: NDArray[np.int64]
    size: int
    width: int = 8

    @property
    def lost(self) -> NDArray[np.int64]:
        """The input bits that are never shown."""
        shown = np.zeros(8 * self.size, dtype=np.bool_)
        shown[self.source[self.source >= 0]] = True
        return np.flatnonzero(~shown)

    @property
    def halves_stay_whole(self) -> bool:
        """Whether each half of a byte (nibble) comes from one half, its bits in order."""
        return self._whole(4)

    @property
    def pixels_stay_whole(self) -> bool:
        """Whether each pixel comes from one pixel, its bits in order: a permutation and a mask."""
        return self._whole(8)

    def _whole(self, bits: int) -> bool:
        if self.width != 8:
            return False
        groups = self.source.reshape(-1, bits)
        return bool(np.all(groups == groups[:, :1] // bits * bits + np.arange(bits)))


@dataclass(frozen=True)
class LocalMap:
    """``y[i] = table[i, x[source[i]]]``: a tone curve of its own for every output pixel.

    Attributes
    ----------
    places : ndarray of int64, shape (k,)
        The output pixels that were looked at; all m of them unless the image is large.
    source : ndarray of int64, shape (k,)
        The only input pixel on which each depends.
    table : ndarray, shape (k, 256)
        Its value for each grey level.
    """

    indices: NDArray[np.int64]
    source: NDArray[np.int64]
    table: Array


FoundMap = SignedPermutation | PixelMap | AffineMap | BitMap | LocalMap


@dataclass(frozen=True)
class MapWitness:
    """Two images that show that a relation does not hold.

    Attributes
    ----------
    relation : str
        What a signed permutation would do.
    first, second : ndarray of the input's shape
        The images; two calls with the same image if the function is randomised.
    outputs : tuple of two ndarrays, or None
        What the function made of them; None if there is no image to show.
    pixel : tuple of int
        The place where the relation breaks: in the output, or in the input for a lost pixel.
    detail : str
        What is seen there.
    """

    relation: str
    first: Array
    second: Array
    outputs: tuple[Array, Array] | None
    pixel: tuple[int, ...]
    detail: str

    def to_dict(self) -> dict[str, Any]:
        """Return the witness ready for JSON; images by the pixels that differ from black."""
        return {
            "relation": self.relation,
            "detail": self.detail,
            "pixel": list(self.pixel),
            "first": _sparse(self.first),
            "second": _sparse(self.second),
        }


def _sparse(image: Array, limit: int = 64) -> dict[str, Any]:
    """Return an image as its shape and its pixels that are not 0, or no pixels if too many."""
    indices = np.argwhere(image)
    if len(indices) > limit:
        return {"shape": list(image.shape), "nonzero": len(indices)}
    pixels = [[p.tolist(), image[tuple(p)].item()] for p in indices]
    return {"shape": list(image.shape), "nonzero": len(indices), "pixels": pixels}


@dataclass(frozen=True)
class Confirmation:
    """How far a map was tested after it was read off, and what such a test can miss.

    Attributes
    ----------
    images : int
        Images on which the map was right, besides those from which it was read.
    uniform : int
        Those of them that are uniformly random noise, independent of everything.
    all_levels : bool
        Whether every pixel was shown every grey level.
    calls : int
        Calls under this key up to the last repetition of the first image.
    """

    images: int
    uniform: int
    all_levels: bool
    calls: int

    def missed(self, fraction: float) -> float:
        """Return the chance that a function that departs on this part of all images goes unseen.

        Raises
        ------
        InvalidParameterError
            If `fraction` is none from 0 to 1.

        Examples
        --------
        >>> round(Confirmation(264, 8, True, 300).missed(0.1), 3)
        0.43
        """
        share = as_number(fraction, "fraction", "Confirmation.missed", 0, 1)
        return float((1 - share) ** self.uniform)

    def __str__(self) -> str:
        if not self.uniform:
            return f"Sampled: right on {self.images} more images, none of them uniform noise."
        if self.uniform == 1:
            images = count(self.images, "more image")
            return (
                f"Sampled: right on {images}, one of them uniform noise. A function that departs "
                "from the map on a share p of all images is missed with probability 1 - p."
            )
        unseen = 1 - 0.05 ** (1 / self.uniform)
        one_level = (
            "A departure of one pixel at one grey level cannot be missed: every pixel was shown "
            "every level."
            if self.all_levels
            else "A departure of one pixel at one of 256 grey levels is missed with probability "
            f"{(1 - 1 / 256) ** self.uniform:.3f}: not every pixel was shown every level."
        )
        return (
            f"Sampled: right on {count(self.images, 'more image')}, {self.uniform} of them uniform "
            f"noise. "
            f"A function that departs from the map on a fraction p of all images (and on none of "
            f"the other {self.images - self.uniform}) is missed with probability "
            f"(1 - p)^{self.uniform}: {self.missed(0.01):.3f} for p = 0.01, and 0.05 for "
            f"p = {unseen:.3f}. {one_level} What it does after {self.calls} calls, or to an image "
            "made to trigger it, is not known."
        )


@dataclass(frozen=True)
class MapVerdict:
    """What one function does under one key.

    Attributes
    ----------
    kind : MapKind
        Its class.
    reason : str
        Why.
    map : SignedPermutation, PixelMap, AffineMap, BitMap, LocalMap or None
        The map, if it could be read off.
    witness : MapWitness or None
        Why it is no signed permutation.
    confirmation : Confirmation or None
        How far the map was tested.
    kept : Kept or None
        What an affine map keeps of distances and inner products; None for what is not affine.
    findings : tuple of str
        What else was seen.
    """

    kind: MapKind
    reason: str
    map: FoundMap | None = None
    witness: MapWitness | None = None
    confirmation: Confirmation | None = None
    kept: Kept | None = None
    findings: tuple[str, ...] = ()


@dataclass
class Notes:
    """Findings, each once, in the order in which they were made."""

    entries: dict[str, None] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Add a finding unless it is there."""
        self.entries.setdefault(text)

    def discard(self, text: str) -> None:
        """Take a finding back, if it is there: a closer look says more."""
        self.entries.pop(text, None)


Encrypt = Callable[..., Any]
