"""Mistakes about what is done to a block: K2, K3 and K4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from etcprops.vectors.cipher import Cipher, ExplicitKey, Image, turned_left
from etcprops.vectors.mistakes.kinds import (
    DISTORTS,
    FEWER_KEYS,
    LOSES,
    MISSING_STEP,
    OTHER_MAP,
)

# --- K2: turns and mirrors


class TurnsClockwise(Cipher):
    """Turns blocks to the right (clockwise), where to the left (counter-clockwise) is meant."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        return super().transformed(part, code - code % 4 + -code % 4)


class MirrorsBeforeTurning(Cipher):
    """Mirrors first and turns afterwards."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        return turned_left(part[:, ::-1] if code >= 4 else part, code % 4)


class MirrorsUpsideDown(Cipher):
    """Mirrors top to bottom, where left to right is meant."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        turned = turned_left(part, code % 4)
        return turned[::-1] if code >= 4 else turned


class TransposesForMirror(Cipher):
    """Transposes where it is to mirror."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        turned = turned_left(part, code % 4)
        return turned.swapaxes(0, 1) if code >= 4 else turned


class InverseTransforms(Cipher):
    """Undoes the turns and mirrors of K2, where it is to make them."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        return super().untransformed(part, code)


class MirrorInLowestBit(Cipher):
    """Takes the lowest bit of a transform for the mirror, and the other two for the turns."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        return super().transformed(part, code // 2 + 4 * (code % 2))


class FourTurnsOnly(Cipher):
    """Knows 4 of the 8 transforms: it turns, and never mirrors."""

    kind = FEWER_KEYS

    def transformed(self, part: Image, code: int) -> Image:
        return super().transformed(part, code % 4)


class FourMirrorsOnly(Cipher):
    """Knows 4 of the 8 transforms: mirrors to the side, upside down, both, or none."""

    kind = FEWER_KEYS

    def transformed(self, part: Image, code: int) -> Image:
        part = part[:, ::-1] if code % 2 else part
        return part[::-1] if code // 2 % 2 else part


class TransformsMissing(Cipher):
    """Neither turns nor mirrors: K2 is not used."""

    kind = MISSING_STEP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, transforms=None)


class OneTransformForAllBlocks(Cipher):
    """Transforms all blocks as the first one."""

    kind = FEWER_KEYS

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("transforms", lambda codes: codes[:1] * len(codes))


class TransformForEachComponent(Cipher):
    """Gives each component of a block a transform of its own, the next of K2."""

    kind = OTHER_MAP

    def changed(self, part: Image, block: int, key: ExplicitKey) -> Image:
        out = part.copy()
        for component in range(part.shape[2]):
            code = self.codes((block + component) % key.n_blocks, key)[0]
            alone = slice(component, component + 1)
            out[..., alone] = self.transformed(part[..., alone], code)
        return super().changed(out, block, replace(key, transforms=None))


class FirstComponentTransformed(Cipher):
    """Turns and mirrors the first component of a block alone."""

    kind = OTHER_MAP

    def transformed(self, part: Image, code: int) -> Image:
        out = part.copy()
        out[..., :1] = super().transformed(part[..., :1], code)
        return out


# --- K3: negatives


class NegatesFrom256(Cipher):
    """Negates by 256 - x, the two's complement: 0 stays 0."""

    kind = DISTORTS

    def negated(self, part: Image) -> Image:
        return -part


class NegatesLowSevenBits(Cipher):
    """Negates by XOR with 0x7F, so that the highest bit stays."""

    kind = DISTORTS

    def negated(self, part: Image) -> Image:
        return part ^ np.uint8(0x7F)


class NegatesHighestBit(Cipher):
    """Negates by XOR with 0x80: the highest bit alone."""

    kind = DISTORTS

    def negated(self, part: Image) -> Image:
        return part ^ np.uint8(0x80)


class NegatesByTruncatedFloats(Cipher):
    """Negates in floating point, 255 * (1 - x / 255), and cuts the decimals instead of rounding."""

    kind = LOSES

    def negated(self, part: Image) -> Image:
        return (255 * (1 - part / 255)).astype(np.uint8)


class NegatesTheWholeImage(Cipher):
    """Negates all blocks, or none, as the first bit of K3 says."""

    kind = FEWER_KEYS

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("negatives", lambda bits: bits[:1] * len(bits))


class NegatesTheOthers(Cipher):
    """Negates the blocks whose bit is 0, and leaves those whose bit is 1."""

    kind = OTHER_MAP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("negatives", lambda bits: [1 - bit for bit in bits])


class NegatesFirstComponent(Cipher):
    """Negates the first component of a block alone."""

    kind = OTHER_MAP

    def negated(self, part: Image) -> Image:
        out = part.copy()
        out[..., 0] = 255 - part[..., 0]
        return out


class NegationMissing(Cipher):
    """Never negates: K3 is not used."""

    kind = MISSING_STEP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, negatives=None)


# --- K4: components


class ComponentOrdersInverted(Cipher):
    """Moves component c to place order[c], where component order[c] is to come to place c."""

    kind = OTHER_MAP

    def shuffled(self, part: Image, order: int) -> Image:
        return super().unshuffled(part, order)


class OneOrderForAllBlocks(Cipher):
    """Shuffles the components of all blocks as those of the first one."""

    kind = FEWER_KEYS

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("components", lambda orders: orders[:1] * len(orders))


class ColourOrderFixed(Cipher):
    """Returns the components of every block in one fixed order, whatever K4 says: GBR."""

    kind = MISSING_STEP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return key.mapped("components", lambda orders: [3] * len(orders))


class ComponentsMissing(Cipher):
    """Leaves the components where they are: K4 is not used."""

    kind = MISSING_STEP

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        return replace(key, components=None)


class OrdersNumberedOtherwise(Cipher):
    """Numbers the six orders otherwise: RGB, GBR, BRG, and after these BGR, RBG, GRB."""

    kind = OTHER_MAP

    def shuffled(self, part: Image, order: int) -> Image:
        return super().shuffled(part, (0, 3, 4, 5, 1, 2)[order])


class CyclicOrdersOnly(Cipher):
    """Knows 3 of the 6 orders: RGB, GBR and BRG."""

    kind = FEWER_KEYS

    def shuffled(self, part: Image, order: int) -> Image:
        return super().shuffled(part, (0, 3, 4)[order % 3])


# --- Key parts for each other


class TransformsAndNegativesSwapped(Cipher):
    """Takes K2 for K3 and K3 for K2: odd transforms negate, and bits turn."""

    kind = FEWER_KEYS

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        transform, bit, order = super().codes(block, key)
        return int(bit), transform % 2 == 1, order


class TransformsAndComponentsSwapped(Cipher):
    """Takes K2 for K4 and K4 for K2."""

    kind = FEWER_KEYS

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        transform, bit, order = super().codes(block, key)
        if key.channels == 1:
            return transform, bit, order
        return order, bit, transform % 6
