"""The schemes of the study: what a designer may do to an image before it leaves the client.

Each is a function from images and the number of a key to encrypted images, all under one key but
where its name says otherwise. None is recommended here; the study measures them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, Step, encrypt

Images = NDArray[np.uint8]
Uploads = NDArray[np.uint8] | NDArray[np.float64]
STEPS = (Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES)
SIDES = (8, 16, 32)


@dataclass(frozen=True)
class Scheme:
    """One way to encrypt images.

    Attributes
    ----------
    name : str
        What it does.
    attack : str
        The attack that fits it: "seams", "layout", "alignment" or "none".
    encrypt : callable
        From images, shape (N, H, W), and the number of a key to uploads, shape (N, H, W) or (N, n).
    block : int or None
        Side of the blocks, for an attack on blocks.
    truth : callable
        From images to what a perfect attack would show of them.
    tolerance : int
        Grey levels by which blocks that are in place may differ from the truth.
    """

    name: str
    attack: str
    encrypt: Callable[[Images, int], Uploads]
    block: int | None = None
    truth: Callable[[Images], Images] = lambda images: images
    tolerance: int = 0


def etc_scheme(block: int, steps: tuple[Step, ...], name: str = "") -> Scheme:
    """Return EtC encryption of grey images with some of its steps, one key for all."""

    def encrypted(images: Images, number: int) -> Images:
        geometry = BlockGeometry(*images.shape[1:], block=block)
        return encrypt(images, EtCKey.from_secret(geometry, f"key {number}", steps=set(steps)))

    return Scheme(name or f"{block} x {block}, {', '.join(steps)}", "seams", encrypted, block)


def key_an_image(images: Images, number: int) -> Images:
    """Encrypt every image under a key of its own, 8 x 8 blocks and all steps."""
    geometry = BlockGeometry(*images.shape[1:], block=8)
    keys = [EtCKey.from_secret(geometry, f"{number}, image {i}") for i in range(len(images))]
    return np.stack([encrypt(image, key) for image, key in zip(images, keys, strict=True)])


def _in_blocks(images: Images, block: int) -> Images:
    """Return images as blocks, shape (N, blocks, pixels)."""
    count, height, width = images.shape
    grid = images.reshape(count, height // block, block, width // block, block)
    return grid.transpose(0, 1, 3, 2, 4).reshape(count, -1, block * block)


def _from_blocks(blocks: Images, shape: tuple[int, ...], block: int) -> Images:
    """Return blocks as images again."""
    count, height, width = shape
    grid = blocks.reshape(count, height // block, width // block, block, block)
    return grid.transpose(0, 1, 3, 2, 4).reshape(shape)


def shuffled_in_blocks(images: Images, number: int, *, shared: bool, block: int = 8) -> Images:
    """Permute the pixels of each block, alike in all blocks or in each as it comes."""
    rng = np.random.default_rng(number)
    blocks = _in_blocks(images, block)
    counts = 1 if shared else blocks.shape[1]
    order = rng.permuted(np.tile(np.arange(block * block), (counts, 1)), axis=1)
    moved = np.take_along_axis(blocks, np.broadcast_to(order, (1, *blocks.shape[1:])), axis=2)
    return _from_blocks(moved, images.shape, block)


def signed_pixels(images: Images, number: int) -> Images:
    """Negate half of the pixels, wherever they are."""
    signs = np.random.default_rng(number).integers(0, 2, images.shape[1:]).astype(np.bool_)
    return np.where(signs, 255 - images, images)


def permuted_pixels(images: Images, number: int) -> Images:
    """Permute all pixels and negate half of them: the largest group that keeps pixels whole."""
    order = np.random.default_rng(number).permutation(images[0].size)
    moved = images.reshape(len(images), -1)[:, order].reshape(images.shape)
    return signed_pixels(moved, number + 1)


def rotated(images: Images, number: int) -> NDArray[np.float64]:
    """Multiply centred pixels by a dense random orthogonal matrix (Haar, by QR)."""
    size = images[0].size
    factor, scale = np.linalg.qr(np.random.default_rng(number).standard_normal((size, size)))
    matrix = factor * np.sign(np.diag(scale))
    return np.asarray((images.reshape(len(images), -1) - 127.5) @ matrix)


def halved(images: Images) -> Images:
    """Return the means of 2 x 2 pixels, rounded to 8 bits away from mid-grey, so that it is odd."""
    count, height, width = images.shape
    cells = images.reshape(count, height // 2, 2, width // 2, 2)
    deviation = cells.mean(axis=(2, 4)) - 127.5
    away = np.floor(np.abs(deviation)) + 0.5
    return np.asarray(127.5 + np.where(deviation < 0, -away, away)).astype(np.uint8)


def halved_after(images: Images, number: int) -> Images:
    """Encrypt with 8 x 8 blocks and all steps, and upload the means of 2 x 2 pixels."""
    return halved(np.asarray(etc_scheme(8, STEPS).encrypt(images, number), dtype=np.uint8))


def schemes() -> Iterator[Scheme]:
    """Yield all schemes: EtC with every set of steps that moves blocks, then the others."""
    for block in SIDES:
        for count in range(1, len(STEPS) + 1):
            for steps in combinations(STEPS, count):
                if Step.PERMUTATION in steps:
                    yield etc_scheme(block, steps)
    yield etc_scheme(4, STEPS)
    yield Scheme("one permutation inside all blocks", "layout", _shared, 8)
    yield Scheme("a permutation inside each block", "layout", _own, 8)
    yield Scheme("a sign for each pixel", "layout", signed_pixels)
    yield Scheme("all pixels permuted, a sign for each", "layout", permuted_pixels)
    yield Scheme("dense orthogonal matrix", "alignment", rotated)
    yield Scheme("8 x 8, means of 2 x 2 uploaded", "seams", halved_after, 4, halved, tolerance=1)
    yield Scheme("8 x 8, a key for each image", "seams", key_an_image, 8)


def _shared(images: Images, number: int) -> Images:
    return shuffled_in_blocks(images, number, shared=True)


def _own(images: Images, number: int) -> Images:
    return shuffled_in_blocks(images, number, shared=False)
