"""Mistakes about blocks and memory: which block goes where, and which byte is which pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from etcprops.vectors.cipher import Cipher, ExplicitKey, Image, Place, source
from etcprops.vectors.mistakes.kinds import FEWER_KEYS, LOSES, MISSING_STEP, OTHER_MAP, UNENCRYPTED

# --- Which block goes where


class ScattersBlocks(Cipher):
    """Moves block b to place K1[b], where block K1[b] is to come to place b."""

    kind = OTHER_MAP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", lambda order: np.argsort(order).tolist())


class BlocksNotScrambled(Cipher):
    """Leaves the blocks where they are: K1 is not used."""

    kind = MISSING_STEP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, permutation=None)


class BlocksNumberedFromOne(Cipher):
    """Takes K1 as numbers from 1 on, so that every block comes from one place before its own."""

    kind = OTHER_MAP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", lambda order: [(k - 1) % len(order) for k in order])


class SwapsForPermutation(Cipher):
    """Swaps blocks b and K1[b] one after the other, as a shuffle does, instead of placing them."""

    kind = FEWER_KEYS

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", _swapped)


def _swapped(order: list[int]) -> list[int]:
    """Return the permutation that swaps of each place with its entry make."""
    blocks = [*range(len(order))]
    for place, other in enumerate(order):
        blocks[place], blocks[other] = blocks[other], blocks[place]
    return blocks


class StepsOfInputBlocks(Cipher):
    """Scrambles last: K2, K3 and K4 act on the blocks before K1 moves them."""

    kind = OTHER_MAP

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        return super().codes(source(block, key), key)


class NegatesInputBlocks(Cipher):
    """Negates before it scrambles: the bits of K3 belong to blocks before K1 moves them."""

    kind = OTHER_MAP

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        transform, _, order = super().codes(block, key)
        return transform, super().codes(source(block, key), key)[1], order


class ColumnMajorBlocks(Cipher):
    """Numbers the blocks column by column instead of row by row."""

    kind = OTHER_MAP

    def places(self, key: ExplicitKey) -> list[Place]:
        return sorted(super().places(key), key=lambda place: place[1].start)


class LastBlockSkipped(Cipher):
    """Stops one block early: the last place keeps the plain pixels."""

    kind = LOSES

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        out, last = super().encrypted(image, key), self.places(key)[-1]
        out[last] = image[last]
        return out


class LastLineOfBlocksSkipped(Cipher):
    """Stops one pixel early: the last row of every block keeps the plain pixels."""

    kind = LOSES

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        out, side = super().encrypted(image, key), key.block
        out[side - 1 :: side] = image[side - 1 :: side]
        return out


class ScramblesInPlace(Cipher):
    """Moves blocks within one image, so that some are overwritten before they are read."""

    kind = LOSES

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", _overwritten)


def _overwritten(order: list[int]) -> list[int]:
    """Return which blocks are in the places after each was overwritten in turn."""
    blocks = [*range(len(order))]
    for place, number in enumerate(order):
        blocks[place] = blocks[number]
    return blocks


class BlockNumbersInBytes(Cipher):
    """Keeps the numbers of blocks in bytes: from block 256 on they begin at 0 again."""

    kind = LOSES

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", lambda order: [number % 256 for number in order])


# --- How much of the key is used


class SecondHalfOfKeyUnused(Cipher):
    """Uses K2, K3 and K4 for the first half of the blocks alone; the others are only moved."""

    kind = FEWER_KEYS

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        used = block < (key.n_blocks + 1) // 2
        return super().codes(block, key) if used else (0, False, 0)


class KeyRepeatsByRow(Cipher):
    """Begins K2, K3 and K4 again with every row of blocks."""

    kind = FEWER_KEYS

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        return super().codes(block % (key.width // key.block), key)


class ReturnsTheImage(Cipher):
    """Returns the image as it is."""

    kind = UNENCRYPTED

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:  # noqa: ARG002
        return image


class DecryptsForEncrypts(Cipher):
    """Decrypts where it is to encrypt."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        return super().decrypted(image, key)


# --- Which byte is which pixel


class HeightWidthSwapped(Cipher):
    """Takes the height for the width: right for squares, while the rows of others are torn."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        taken = image.reshape(key.width, key.height, key.channels)
        swapped = replace(key, height=key.width, width=key.height)
        return super().encrypted(taken, swapped).reshape(image.shape)


class TransposedImage(Cipher):
    """Takes x for y: images are stored column by column, as Fortran and MATLAB do."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        swapped = replace(key, height=key.width, width=key.height)
        return super().encrypted(image.swapaxes(0, 1), swapped).swapaxes(0, 1)


class BottomUpImage(Cipher):
    """Takes the last row for the first: images are stored bottom-up, as BMP files are."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        return super().encrypted(image[::-1], key)[::-1]


class PlanarComponents(Cipher):
    """Takes the bytes for three planes, all red ones first, where each pixel has its three."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        height, width, channels = image.shape
        planes = image.reshape(channels, height, width)
        out = super().encrypted(np.moveaxis(planes, 0, 2), key)
        return np.moveaxis(out, 2, 0).reshape(image.shape)


class BgrImage(Cipher):
    """Takes blue for red and red for blue, as OpenCV stores them, before and after."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        return super().encrypted(image[..., ::-1], key)[..., ::-1]


class BgrResult(Cipher):
    """Encrypts RGB and returns BGR."""

    kind = OTHER_MAP

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        return super().encrypted(image, key)[..., ::-1]


class FirstComponentOnly(Cipher):
    """Encrypts the first component and leaves the others plain."""

    kind = UNENCRYPTED

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        out = image.copy()
        if key.channels == 3:
            key = replace(key, components=None)
        out[..., :1] = super().encrypted(image[..., :1], key)
        return out


class SignedBytesClamped(Cipher):
    """Takes bytes for signed numbers, as Java does, and cuts results below 0 or above 255."""

    kind = LOSES

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        signed: Any = image.astype(np.int8).astype(np.int16)
        return np.clip(super().encrypted(signed, key), 0, 255).astype(np.uint8)


class StudioRange(Cipher):
    """Cuts grey levels to 16 to 235, the range of video."""

    kind = LOSES

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        return np.clip(super().encrypted(image, key), 16, 235)
