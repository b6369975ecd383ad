"""The three schemes of the literature, from the pixels of a picture to those of its encrypted file.

Grey images and RGB images are encrypted as they are. The grayscale-based scheme lays Y, Cb and Cr
side by side as one grey image and encrypts that: smaller blocks, more of them, no colour left.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_choice, as_integer, describe, reject
from etcprops.formats import ycbcr
from etcprops.scheme.geometry import MOST_PIXELS, BlockGeometry
from etcprops.scheme.keys import ALL, EtCKey, Step
from etcprops.scheme.pixels import decrypt, encrypt

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class SchemeName(StrEnum):
    """The schemes, by what they encrypt."""

    GREY = "grey"
    COLOUR = "colour"
    GRAYSCALE = "grayscale"


BLOCKS: Final = {SchemeName.GREY: 8, SchemeName.COLOUR: 16, SchemeName.GRAYSCALE: 8}
"""The block sizes of the literature: with 16, JPEG's 4:2:0 stays within blocks."""

SAMPLINGS: Final = ("4:4:4", "4:2:0")

SECRET_BYTES: Final = 32

_DOMAIN: Final = "etcprops.formats/v1"


@dataclass(frozen=True)
class ImageScheme:
    """One of the three schemes, with its block size.

    Parameters
    ----------
    name : {"grey", "colour", "grayscale"}
        Grey images; RGB images, all components alike, with the component shuffle; RGB images as
        one grey image of their Y, Cb and Cr (Chuman et al. 2019; Sirichotedumrong, Kiya 2019).
    block : int, optional
        Side of the blocks; 8, or 16 for "colour", if not given.
    sampling : {"4:4:4", "4:2:0"}, default="4:4:4"
        For "grayscale": Cb and Cr in full, or the mean of each 2 x 2 pixels.
    shuffle : bool, default=True
        For "colour": whether the key has the component shuffle, K4.

    Raises
    ------
    InvalidParameterError
        If a value is none of these.

    Examples
    --------
    >>> scheme = ImageScheme("grayscale", sampling="4:2:0")
    >>> scheme.unit, scheme.geometry(32, 64)
    (16, BlockGeometry(height=32, width=96, channels=1, block=8))
    >>> ImageScheme("colour").geometry(32, 64)
    BlockGeometry(height=32, width=64, channels=3, block=16)
    """

    name: SchemeName
    block: int
    sampling: str = "4:4:4"
    shuffle: bool = True

    def __init__(
        self, name: str, block: int | None = None, *, sampling: str = "4:4:4", shuffle: bool = True
    ) -> None:
        caller = "ImageScheme"
        scheme = SchemeName(as_choice(name, SchemeName, "name", caller))
        side = (
            BLOCKS[scheme] if block is None else as_integer(block, "block", caller, 1, MOST_PIXELS)
        )
        as_choice(sampling, SAMPLINGS, "sampling", caller)
        if scheme is not SchemeName.GRAYSCALE and sampling != "4:4:4":
            reject("sampling", caller, "be 4:4:4 unless the scheme is grayscale", f"{sampling!r}.")
        if scheme is not SchemeName.COLOUR and not shuffle:
            reject("shuffle", caller, "be True unless the scheme is colour", describe(shuffle))
        # The dataclass is frozen: this is how its constructor sets fields.
        for field, value in zip(
            ("name", "block", "sampling", "shuffle"), (scheme, side, sampling, shuffle), strict=True
        ):
            object.__setattr__(self, field, value)

    def __str__(self) -> str:
        extra = f" {self.sampling}" if self.name is SchemeName.GRAYSCALE else ""
        without = "" if self.shuffle else " without component shuffle"
        return f"{self.name}{extra}{without}, blocks of {self.block} x {self.block}"

    @property
    def unit(self) -> int:
        """What height and width must be multiples of, so that no block crosses a border."""
        return self.block * (2 if self.sampling == "4:2:0" else 1)

    @property
    def channels(self) -> int:
        """Channels of the pictures: 1 or 3."""
        return 1 if self.name is SchemeName.GREY else 3

    @property
    def rounds(self) -> bool:
        """Whether pictures become others by rounding, even where no file is lossy."""
        return self.name is SchemeName.GRAYSCALE

    def geometry(self, height: int, width: int) -> BlockGeometry:
        """Return the geometry of the encrypted images of pictures of some size.

        Parameters
        ----------
        height, width : int
            Of the picture; multiples of `unit`.

        Raises
        ------
        InvalidParameterError
            If they are not.
        """
        for name, size in (("height", height), ("width", width)):
            if as_integer(size, name, "ImageScheme.geometry") % self.unit:
                wanted = f"be a multiple of {self.unit}"
                reject(name, "ImageScheme.geometry", wanted, f"{size}.")
        if self.name is SchemeName.GRAYSCALE:
            width = 3 * width if self.sampling == "4:4:4" else 3 * width // 2
            return BlockGeometry(height, width, block=self.block)
        return BlockGeometry(height, width, channels=self.channels, block=self.block)

    def key(self, height: int, width: int, secret: bytes) -> EtCKey:
        """Return the key of all pictures of one size.

        Parameters
        ----------
        height, width : int
            Of the picture; multiples of `unit`.
        secret : bytes
            32 random bytes.

        Returns
        -------
        EtCKey
            For the encrypted images, drawn by `EtCKey.from_secret` from SHAKE-256 of the scheme's
            name and the secret: of one secret, each scheme, block and size has a key of its own.

        Raises
        ------
        InvalidParameterError
            If a size or the secret is not as said.

        Examples
        --------
        >>> scheme = ImageScheme("colour", block=8)
        >>> scheme.key(16, 16, bytes(32)) == scheme.key(16, 16, bytes(32))
        True
        >>> scheme.key(16, 16, bytes(32)) == scheme.key(16, 16, bytes(31) + b"!")
        False
        """
        check_secret(secret, "ImageScheme.key")
        steps = ALL if self.shuffle else ALL - {Step.COMPONENTS}
        own = derived(secret, f"key/{self.name} {self.sampling}")
        return EtCKey.from_secret(self.geometry(height, width), own, steps=steps)

    def arranged(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the image that is encrypted: the picture itself, or its components side by side.

        Parameters
        ----------
        picture : ndarray of uint8, shape (H, W) or (H, W, 3)
            Sizes are multiples of `unit`.

        Returns
        -------
        ndarray of uint8
            For "grayscale" Y, Cb and Cr, shape (H, 3 W); with 4:2:0 shape (H, 3 W / 2), Cb above Cr
            to the right of Y. These are rounded.

        Raises
        ------
        InvalidParameterError
            If the picture has other channels or sizes.

        Examples
        --------
        >>> picture = np.full((2, 2, 3), 77, np.uint8)
        >>> ImageScheme("grayscale", block=1).arranged(picture).tolist()
        [[77, 77, 128, 128, 128, 128], [77, 77, 128, 128, 128, 128]]
        >>> ImageScheme("grayscale", block=1, sampling="4:2:0").arranged(picture).tolist()
        [[77, 77, 128], [77, 77, 128]]
        """
        self._check(picture, "ImageScheme.arranged")
        self.geometry(*picture.shape[:2])
        if self.name is not SchemeName.GRAYSCALE:
            return picture
        if self.sampling == "4:4:4":
            return np.concatenate(ycbcr.rgb_to_ycbcr(picture), axis=1)
        luma, blue, red = ycbcr.rgb_to_ycbcr_420(picture)
        return np.concatenate([luma, np.concatenate([blue, red])], axis=1)

    def restored(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the picture of an image that `arranged` made, and decryption gave back.

        Parameters
        ----------
        image : ndarray of uint8
            Of the shape that `arranged` returns.

        Returns
        -------
        ndarray of uint8, shape (H, W) or (H, W, 3)
            The picture; for "grayscale" 4:4:4 no component is off by more than 1, with 4:2:0 Cb and
            Cr are interpolated.
        """
        if self.name is not SchemeName.GRAYSCALE:
            return image
        if self.sampling == "4:4:4":
            return ycbcr.ycbcr_to_rgb(*np.split(image, 3, axis=1))
        luma, chroma = np.split(image, [image.shape[1] // 3 * 2], axis=1)
        blue, red = (ycbcr.doubled(plane) for plane in np.split(chroma, 2))
        return ycbcr.ycbcr_to_rgb(luma, blue, red)

    def encrypt(self, picture: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
        """Return the encrypted image of a picture.

        Examples
        --------
        >>> scheme = ImageScheme("grayscale")
        >>> encrypted = scheme.encrypt(np.zeros((8, 8, 3), np.uint8), scheme.key(8, 8, bytes(32)))
        >>> encrypted.shape, scheme.decrypt(encrypted, scheme.key(8, 8, bytes(32))).max()
        ((8, 24), np.uint8(0))
        """
        return encrypt(self.arranged(picture), key)

    def decrypt(self, image: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
        """Return the picture of an encrypted image, lossy or not: `restored` has how exact."""
        return self.restored(decrypt(image, key))

    def arrangement(self, height: int, width: int) -> tuple[csr_array, NDArray[np.float64]]:
        """Return the linear part of `arranged` and what is added, before rounding.

        Parameters
        ----------
        height, width : int
            Of the picture; multiples of `unit`.

        Returns
        -------
        matrix : csr_array of float64, shape (n_encrypted, n_picture)
            From the vector of a picture to that of the image that is encrypted. `encryption_matrix`
            of the key stands to its left; only the rounding between the two is not linear.
        offset : ndarray of float64, shape (n_encrypted,)

        Examples
        --------
        >>> matrix, offset = ImageScheme("grayscale", block=1).arrangement(1, 1)
        >>> matrix.toarray().round(3).tolist()
        [[0.299, 0.587, 0.114], [-0.169, -0.331, 0.5], [0.5, -0.419, -0.081]]
        >>> offset.tolist()
        [0.0, 128.0, 128.0]
        """
        from scipy.sparse import coo_array, eye_array

        encrypted = self.geometry(height, width)
        if self.name is not SchemeName.GRAYSCALE:
            n = encrypted.n_pixels
            return eye_array(n, format="csr"), np.zeros(n)
        side = 1 if self.sampling == "4:4:4" else 2
        weights = np.array(ycbcr.YCBCR) / np.array(ycbcr.OVER)[:, None]
        row, column, component = np.indices((height, width, 3)).reshape(3, -1)
        source = np.arange(row.size)
        chroma = row // side, width + column // side
        # Below Cb of half height is Cr, else it is to the right.
        down, right = (height // 2, 0) if side == 2 else (0, width)
        targets = [(row, column), chroma, (chroma[0] + down, chroma[1] + right)]
        flat = [r * encrypted.width + c for r, c in targets]
        means = [1, side**2, side**2]
        values = [w[component] / mean for w, mean in zip(weights, means, strict=True)]
        indices = np.concatenate(flat), np.concatenate([source] * 3)
        shape = (encrypted.n_pixels, row.size)
        matrix = coo_array((np.concatenate(values), indices), shape=shape).tocsr()
        offset = np.where(np.arange(encrypted.width) < width, 0.0, 128.0)
        return matrix, np.tile(offset, height)

    def _check(self, picture: Any, caller: str) -> None:
        shape = "(H, W)" if self.channels == 1 else "(H, W, 3)"
        wanted = f"be an array of uint8 and shape {shape}"
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            reject("picture", caller, wanted, describe(picture))
        if picture.shape[2:] != (() if self.channels == 1 else (3,)) or picture.ndim < 2:
            reject("picture", caller, wanted, describe(picture))


def derived(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes for a purpose: SHAKE-256 of its name and the secret, as keys are drawn."""
    return hashlib.shake_256(f"{_DOMAIN}/{purpose}\0".encode() + secret).digest(SECRET_BYTES)


def check_secret(secret: Any, caller: str) -> bytes:
    """Return `secret` if it is 32 bytes; what it is does not show in the error."""
    if not isinstance(secret, bytes) or len(secret) != SECRET_BYTES:
        size = f" of {len(secret)}" if isinstance(secret, bytes) else ""
        reject("secret", caller, f"be {SECRET_BYTES} bytes", f"{type(secret).__name__}{size}.")
    return secret
