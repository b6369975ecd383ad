"""Mistakes about the way back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from etcprops.vectors.cipher import Cipher, ExplicitKey, Image, source, turned_left
from etcprops.vectors.mistakes.kinds import NOT_RESTORED


class EncryptsForDecrypts(Cipher):
    """Encrypts again where it is to decrypt."""

    kind = NOT_RESTORED

    def decrypted(self, image: Image, key: ExplicitKey) -> Image:
        return super().encrypted(image, key)


class ReturnsTheEncryptedImage(Cipher):
    """Returns the encrypted image as it is."""

    kind = NOT_RESTORED

    def decrypted(self, image: Image, key: ExplicitKey) -> Image:  # noqa: ARG002
        return image


class ScramblesForUnscrambles(Cipher):
    """Permutes blocks by K1 itself, where its inverse is meant."""

    kind = NOT_RESTORED

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("permutation", lambda order: np.argsort(order).tolist())


class LeavesBlocksScrambled(Cipher):
    """Leaves the blocks where they are."""

    kind = NOT_RESTORED

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, permutation=None)


class UndoesStepsForwards(Cipher):
    """Undoes K1 first: K2, K3 and K4 of the blocks' places in the plain image are undone."""

    kind = NOT_RESTORED

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        return super().codes(source(block, key), key)


class NegatesPlainBlocks(Cipher):
    """Negates by the blocks' places in the plain image, where those in the encrypted are meant."""

    kind = NOT_RESTORED

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        transform, _, order = super().codes(block, key)
        return transform, super().codes(source(block, key), key)[1], order


class LeavesBlocksNegated(Cipher):
    """Does not negate."""

    kind = NOT_RESTORED

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, negatives=None)


class TransformsAgain(Cipher):
    """Makes the turns and mirrors of K2 again, where it is to undo them."""

    kind = NOT_RESTORED

    def untransformed(self, part: Image, code: int) -> Image:
        return super().transformed(part, code)


class TurnsBackBeforeMirroring(Cipher):
    """Turns back first and mirrors afterwards, where the mirror came last and is undone first."""

    kind = NOT_RESTORED

    def untransformed(self, part: Image, code: int) -> Image:
        turned = turned_left(part, -code % 4)
        return turned[:, ::-1] if code >= 4 else turned


class ShufflesAgain(Cipher):
    """Shuffles components by K4's orders, where their inverses are meant."""

    kind = NOT_RESTORED

    def unshuffled(self, part: Image, order: int) -> Image:
        return super().shuffled(part, order)
