"""Mistakes about what must be refused: malformed images and keys that are taken for sound ones."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from etcprops.vectors.cipher import STEPS, Cipher, ExplicitKey, Image, fault
from etcprops.vectors.mistakes.kinds import ACCEPTS

Given = tuple[bytes, ExplicitKey]

CODES = {"transforms": 8, "negatives": 2, "components": 6}
"""The steps that have codes, and how many."""


class _Lenient(Cipher):
    """Makes something sound of what is malformed, and refuses what it cannot mend."""

    kind = ACCEPTS

    def accepted(self, message: bytes, key: ExplicitKey) -> Given:
        if fault(message, key):
            message, key = self.mended(message, key)
        return super().accepted(message, key)

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        return message, key


class _LenientEntries(_Lenient):
    """Makes sound entries of those of one type, in some of the steps."""

    steps: ClassVar[tuple[str, ...]] = STEPS
    type_of_entries: ClassVar[type[Any]] = int

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        for step in self.steps:
            key = key.mapped(step, partial(self._mended, CODES.get(step, key.n_blocks)))
        return message, key

    def _mended(self, bound: int, codes: list[Any]) -> list[Any]:
        return [self.entry(c, bound) if type(c) is self.type_of_entries else c for c in codes]

    @abstractmethod
    def entry(self, code: Any, bound: int) -> Any:
        """Return the sound entry that an unsound one is taken for."""


# --- Sizes


class _PartialBlocks(_Lenient):
    """Encrypts the whole blocks in the upper left."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        inner = _whole(key)
        return _pixels(message, key)[: inner.height, : inner.width].tobytes(), inner


class PartialBlocksCropped(_PartialBlocks):
    """Cuts away without a word what does not fill a block."""


class PartialBlocksLeftPlain(_PartialBlocks):
    """Encrypts whole blocks, and leaves what does not fill a block as it is."""

    def encrypt(self, message: bytes, key: ExplicitKey) -> bytes:
        inner, out = _whole(key), _pixels(message, key).copy()
        encrypted = super().encrypt(message, key) if inner.n_blocks else b""
        out[: inner.height, : inner.width] = _pixels(encrypted, inner)
        return out.tobytes()


class PartialBlocksPadded(_Lenient):
    """Fills partial blocks with black without a word, so that a larger image comes back."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        up = {name: -(-getattr(key, name) // key.block) * key.block for name in ("height", "width")}
        out = np.zeros((*up.values(), key.channels), np.uint8)
        out[: key.height, : key.width] = _pixels(message, key)
        return out.tobytes(), replace(key, **up)


class BlocksOfNothing(_Lenient):
    """Takes blocks of 0 pixels, or none, for nothing to do, and returns the image."""

    def encrypt(self, message: bytes, key: ExplicitKey) -> bytes:
        return message if key.block == 0 else super().encrypt(message, key)


class AlphaLeftPlain(_Lenient):
    """Takes images of four components, encrypts three, and leaves the fourth plain."""

    def encrypt(self, message: bytes, key: ExplicitKey) -> bytes:
        if key.channels != 4:
            return super().encrypt(message, key)
        out = _pixels(message, key).copy()
        colour = super().encrypt(out[..., :3].tobytes(), replace(key, channels=3))
        out[..., :3] = _pixels(colour, replace(key, channels=3))
        return out.tobytes()


class MissingPixelsBlack(_Lenient):
    """Takes too few bytes for an image whose other pixels are black."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        return message.ljust(key.height * key.width * key.channels, b"\0"), key


class SurplusPixelsIgnored(_Lenient):
    """Takes the first bytes of too many, and drops the others."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        return message[: key.height * key.width * key.channels], key


# --- Keys


class RepeatedBlocksAccepted(Cipher):
    """Copies a block that K1 names twice, and loses the one that it does not name."""

    kind = ACCEPTS

    def accepted(self, message: bytes, key: ExplicitKey) -> Given:
        every, order = [*range(key.n_blocks)], key.permutation or []
        repeats = len(order) == len(every) and {*order} < {*every}
        super().accepted(message, replace(key, permutation=every) if repeats else key)
        return message, key


class LargeBlockNumbersWrap(_LenientEntries):
    """Takes numbers of blocks that are too large modulo the number of blocks."""

    steps = ("permutation",)

    def entry(self, code: int, bound: int) -> int:
        return code % bound if code >= bound else code


class NegativeBlockNumbersCount(_LenientEntries):
    """Counts negative numbers of blocks from the last one, as Python does."""

    steps = ("permutation",)

    def entry(self, code: int, bound: int) -> int:
        return code + bound if code < 0 else code


class CodesWrap(_LenientEntries):
    """Takes transforms and component orders that do not exist modulo their number."""

    steps = ("transforms", "components")

    def entry(self, code: int, bound: int) -> int:
        return code % bound


class AnyBitNegates(_LenientEntries):
    """Negates a block whose bit is neither 0 nor 1."""

    steps = ("negatives",)

    def entry(self, code: int, bound: int) -> int:  # noqa: ARG002
        return int(code != 0)


class FractionsCut(_LenientEntries):
    """Cuts the decimals of numbers that are no integers."""

    type_of_entries = float

    def entry(self, code: float, bound: int) -> int:  # noqa: ARG002
        return int(code)


class TextTakenForNumbers(_LenientEntries):
    """Takes text for the number that it shows."""

    type_of_entries = str

    def entry(self, code: Any, bound: int) -> int:  # noqa: ARG002
        return int(code)


class _LenientLengths(_Lenient):
    """Makes sequences of K2, K3 and K4 as long as there are blocks."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        for step in STEPS:
            key = key.mapped(step, partial(self.sized, key.n_blocks))
        return message, key

    @abstractmethod
    def sized(self, size: int, codes: list[int]) -> list[int]:
        """Return a sequence as long as there are blocks."""


class LongSequencesCut(_LenientLengths):
    """Drops what a sequence has beyond the number of blocks."""

    def sized(self, size: int, codes: list[int]) -> list[int]:
        return codes[:size]


class ShortSequencesFilled(_LenientLengths):
    """Takes 0 for what a sequence lacks: the last blocks are not transformed, negated, shuffled."""

    def sized(self, size: int, codes: list[int]) -> list[int]:
        return codes + [0] * (size - len(codes))


class ShortSequencesRepeat(_LenientLengths):
    """Begins a sequence again that is too short."""

    def sized(self, size: int, codes: list[int]) -> list[int]:
        return [codes[place % len(codes)] for place in range(size)]


class GreyComponentsIgnored(_Lenient):
    """Ignores component orders that come with a grey image."""

    def mended(self, message: bytes, key: ExplicitKey) -> Given:
        return message, replace(key, components=None) if key.channels == 1 else key


def _whole(key: ExplicitKey) -> ExplicitKey:
    """Return the key for the whole blocks of a larger image."""
    sizes = {name: getattr(key, name) // key.block * key.block for name in ("height", "width")}
    return replace(key, **sizes)


def _pixels(message: bytes, key: ExplicitKey) -> Image:
    """Return bytes as an image of the key's sizes."""
    pixels = np.frombuffer(message, np.uint8)
    return pixels.reshape(key.height, key.width, key.channels)
