"""Encryption and decryption of pixel arrays, step by step as the EtC literature draws them.

Nothing here knows of matrices: blocks are cut out, rotated, mirrored and inverted as pictures are.
The steps act once on the picture of pixel *positions*; the result says for each output pixel where
it comes from, and whole batches then take one gather and one XOR. `matrices` is the independent
second path; that the two agree is tested, not assumed.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from etcprops._validation import describe, reject
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey, check_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.scheme.geometry import BlockGeometry

CHUNK_BYTES = 1 << 18
"""Pixels are gathered and XORed in portions of this size, so that the XOR finds them in cache."""

FEW_CHUNKS = 8
"""Below so many portions, one thread is as fast as several."""

MOST_THREADS = 4
"""More do not help: by then memory is the limit."""


class _Route(NamedTuple):
    """Where every pixel of the result comes from, and what is XORed to it (None: nothing)."""

    source: NDArray[np.intp]
    mask: NDArray[np.uint8] | None


_encryption_routes: WeakKeyDictionary[EtCKey, _Route] = WeakKeyDictionary()
_decryption_routes: WeakKeyDictionary[EtCKey, _Route] = WeakKeyDictionary()


def encrypt(images: Pixels, key: EtCKey) -> NDArray[np.uint8]:
    """Encrypt one image or a batch.

    Block permutation, then transform, negation and component shuffle of the blocks, each as far as
    the key has the step (Kurihara et al. 2015).

    Parameters
    ----------
    images : ndarray of uint8, shape (..., H, W) or (..., H, W, 3), or PIL.Image.Image
        One image of the key's geometry, or any number of them along axes in front; none at all
        gives none. Never modified; need not be contiguous. A grey or RGB image of Pillow counts as
        its array, a list of them as a batch; files are read by `etcprops.read_image` first.
    key : EtCKey
        The key.

    Returns
    -------
    ndarray of uint8
        A new array of the same shape.

    Raises
    ------
    InvalidParameterError
        If `images` is no uint8 array that ends in the geometry's shape, or `key` is no `EtCKey`.
        Images of Pillow whose array is not what they show are refused: with a palette, with
        transparency, of 16 bits, or that their EXIF turns.

    Notes
    -----
    The first call with a key works out the route of every pixel (8 bytes a pixel, one for the
    mask); it is kept as long as the key is. Beyond that and the result nothing of the size of an
    image is allocated, unless `images` is not C-contiguous, which costs a copy. Two megabytes or
    more are divided among up to four threads.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> image = np.arange(8, dtype=np.uint8).reshape(2, 4)
    >>> key = EtCKey(BlockGeometry(2, 4, block=2), permutation=[1, 0], negatives=[0, 1])
    >>> encrypt(image, key)
    array([[  2,   3, 255, 254],
           [  6,   7, 251, 250]], dtype=uint8)
    """
    route = _encryption_routes.get(check_key(key, "encrypt"))
    pixels = _as_images(images, key.geometry, "encrypt")
    if route is None:
        route = _encryption_routes[key] = _route_of_encryption(key)
    return _take(pixels, route)


def decrypt(images: Pixels, key: EtCKey) -> NDArray[np.uint8]:
    """Undo `encrypt` under the same key.

    Parameters
    ----------
    images : ndarray of uint8, shape (..., H, W) or (..., H, W, 3), or PIL.Image.Image
        Encrypted images of the key's geometry, as `encrypt` takes them. Never modified.
    key : EtCKey
        The key that encrypted them.

    Returns
    -------
    ndarray of uint8
        A new array of the same shape.

    Raises
    ------
    InvalidParameterError
        As `encrypt`.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> key = EtCKey.from_secret(BlockGeometry(8, 8, block=4), "an example")
    >>> np.array_equal(decrypt(encrypt(image, key), key), image)
    True
    """
    route = _decryption_routes.get(check_key(key, "decrypt"))
    pixels = _as_images(images, key.geometry, "decrypt")
    if route is None:
        route = _decryption_routes[key] = _route_of_decryption(key)
    return _take(pixels, route)


def _as_images(images: Any, geometry: BlockGeometry, caller: str) -> NDArray[np.uint8]:
    """Return a uint8 array that ends in the geometry's shape, and refuse anything else."""
    shape = ", ".join(str(size) for size in geometry.shape)
    wanted = f"be an array of uint8 and shape (..., {shape})"
    array = as_pixels(images, "images", caller, wanted)
    if array.dtype != np.uint8 or array.shape[-len(geometry.shape) :] != geometry.shape:
        whole = isinstance(images, (np.ndarray, list)) or array.dtype == object
        reject("images", caller, wanted, describe(images if whole else array))
    return array


def _take(images: NDArray[np.uint8], route: _Route) -> NDArray[np.uint8]:
    """Gather the pixels of every image along `route` and XOR the mask."""
    size = route.source.size
    vectors = np.ascontiguousarray(images).reshape(images.size // size, size)
    out = np.empty_like(vectors)

    rows, columns = max(1, CHUNK_BYTES // size), min(size, CHUNK_BYTES)
    starts = range(0, len(vectors), rows), range(0, size, columns)
    few = len(starts[0]) * len(starts[1]) < FEW_CHUNKS
    threads = 1 if few else min(MOST_THREADS, os.cpu_count() or 1)

    def fill(thread: int) -> None:
        for first_row, first_column in islice(product(*starts), thread, None, threads):
            row = slice(first_row, first_row + rows)
            column = slice(first_column, first_column + columns)
            part = out[row, column]
            # mode="clip" spares numpy a buffer of the size of the result; no index is out of range.
            np.take(vectors[row], route.source[column], axis=1, out=part, mode="clip")
            if route.mask is not None:
                np.bitwise_xor(part, route.mask[column], out=part)

    if threads == 1:
        fill(0)
    else:
        # numpy gathers without the interpreter's lock. A pool of its own for each call costs some
        # 0.1 ms, and is never inherited, without its threads, by a process that is forked.
        with ThreadPoolExecutor(threads) as pool:
            deque(pool.map(fill, range(threads)), maxlen=0)
    return out.reshape(images.shape)


def _route_of_encryption(key: EtCKey) -> _Route:
    """Encrypt the picture of positions."""
    blocks = _cut(_positions(key.geometry), key.geometry)
    if key.permutation is not None:
        blocks = blocks[key.permutation]
    if key.transforms is not None:
        for code in range(N_TRANSFORMS):
            chosen = key.transforms == code
            turned = np.rot90(blocks[chosen], code % 4, axes=(1, 2))
            blocks[chosen] = np.flip(turned, axis=2) if code >= 4 else turned
    if key.components is not None:
        for code, order in enumerate(COMPONENT_ORDERS):
            chosen = key.components == code
            blocks[chosen] = blocks[chosen][..., order]
    mask = None if key.negatives is None else _mask(key.negatives, key.geometry)
    return _Route(_join(blocks, key.geometry), mask)


def _route_of_decryption(key: EtCKey) -> _Route:
    """Decrypt the picture of positions: the inverse of each step, in the opposite order."""
    blocks = _cut(_positions(key.geometry), key.geometry)
    negatives = key.negatives
    if key.components is not None:
        for code, order in enumerate(COMPONENT_ORDERS):
            chosen = key.components == code
            restored = np.empty_like(blocks[chosen])
            restored[..., order] = blocks[chosen]
            blocks[chosen] = restored
    if key.transforms is not None:
        for code in range(N_TRANSFORMS):
            chosen = key.transforms == code
            mirrored = np.flip(blocks[chosen], axis=2) if code >= 4 else blocks[chosen]
            blocks[chosen] = np.rot90(mirrored, -(code % 4), axes=(1, 2))
    if key.permutation is not None:
        unscrambled = np.empty_like(blocks)
        unscrambled[key.permutation] = blocks
        blocks = unscrambled
        if negatives is not None:
            negatives = np.empty_like(negatives)
            negatives[key.permutation] = key.negatives
    mask = None if negatives is None else _mask(negatives, key.geometry)
    return _Route(_join(blocks, key.geometry), mask)


def _positions(geometry: BlockGeometry) -> NDArray[np.intp]:
    """Return the picture whose pixels are their own positions in the flat vector."""
    return np.arange(geometry.n_pixels, dtype=np.intp)


def _cut(picture: NDArray[Any], geometry: BlockGeometry) -> NDArray[Any]:
    """Cut a picture into its blocks, shape (n_blocks, B, B, channels); always a copy."""
    rows, columns = geometry.grid
    side = geometry.block
    tiles = picture.reshape(rows, side, columns, side, geometry.channels)
    blocks = np.ascontiguousarray(tiles.swapaxes(1, 2))
    return blocks.reshape(geometry.n_blocks, side, side, geometry.channels)


def _join(blocks: NDArray[Any], geometry: BlockGeometry) -> NDArray[Any]:
    """Put blocks together again, as a flat vector."""
    rows, columns = geometry.grid
    side = geometry.block
    tiles = blocks.reshape(rows, columns, side, side, geometry.channels)
    return tiles.swapaxes(1, 2).reshape(geometry.n_pixels)


def _mask(negatives: NDArray[np.bool_], geometry: BlockGeometry) -> NDArray[np.uint8]:
    """Return 255 at every pixel of the blocks in `negatives`, 0 elsewhere; flat."""
    levels = np.where(negatives, np.uint8(255), np.uint8(0))
    side = geometry.block
    shape = (geometry.n_blocks, side, side, geometry.channels)
    return _join(np.broadcast_to(levels[:, None, None, None], shape), geometry)
