"""The encryption as one writes it down from the paper: block after block, on bytes.

A third path beside `scheme.pixels` and `scheme.matrices`, cut into parts that can go wrong: each
mistake of `mistakes` replaces one of them. Slow and plain on purpose, and no part of the package's
encryption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS, EtCKey, Step

Image = NDArray[np.uint8]
Place = tuple[slice, slice]

SIZES: Final = ("height", "width", "channels", "block")
STEPS: Final = tuple(str(step) for step in Step)


class MalformedError(ValueError):
    """An image or a key that must be refused."""


@dataclass(frozen=True)
class ExplicitKey:
    """A key spelled out, with the sizes that it is for; anything may stand in it.

    Attributes
    ----------
    height, width, channels, block : int
        As of a `BlockGeometry`.
    permutation, transforms, negatives, components : list or None
        As of an `EtCKey`; None is a step that the key has not.
    """

    height: Any
    width: Any
    channels: Any
    block: Any
    permutation: Any = None
    transforms: Any = None
    negatives: Any = None
    components: Any = None

    @classmethod
    def of(cls, key: EtCKey) -> ExplicitKey:
        """Return a key of the package, spelled out."""
        sequences = {step: getattr(key, step) for step in STEPS}
        spelled = {s: None if v is None else v.astype(int).tolist() for s, v in sequences.items()}
        return cls(**key.geometry.to_dict(), **spelled)

    @property
    def sizes(self) -> dict[str, Any]:
        """Height, width, channels and block."""
        return {name: getattr(self, name) for name in SIZES}

    @property
    def steps(self) -> dict[str, Any]:
        """The four sequences."""
        return {name: getattr(self, name) for name in STEPS}

    @property
    def n_blocks(self) -> int:
        """Number of whole blocks."""
        return int(self.height // self.block * (self.width // self.block))

    def to_dict(self) -> dict[str, Any]:
        """Return sizes and sequences as a dictionary."""
        return self.sizes | self.steps

    def to_key(self) -> EtCKey:
        """Return it as a key of the package; InvalidParameterError if it is none."""
        return EtCKey(BlockGeometry(**self.sizes), **self.steps)

    def mapped(self, step: str, change: Callable[[list[Any]], list[Any]]) -> ExplicitKey:
        """Return the key with another sequence in one step; itself if it has not the step."""
        sequence = getattr(self, step)
        return self if sequence is None else replace(self, **{step: change(sequence)})


@dataclass(frozen=True)
class Kind:
    """What a mistake amounts to: Wycheproof's type of bug, and the effect in words."""

    bug_type: str
    effect: str


class Cipher:
    """Encrypts and decrypts as the scheme is meant; a mistake is a class that overrides a part.

    The documentation of a mistake says what such an implementation does.
    """

    kind: ClassVar[Kind]

    # --- From bytes to bytes

    def encrypt(self, message: bytes, key: ExplicitKey) -> bytes:
        """Return the encrypted bytes of an image; MalformedError if it or the key is none."""
        return self.encrypt_sound(*self.accepted(message, key))

    def encrypt_sound(self, message: bytes, key: ExplicitKey) -> bytes:
        """Return the encrypted bytes of an image, where it and the key are known to be sound."""
        return self.encrypted(_image(message, key), self.understood(key)).tobytes()

    def decrypt(self, message: bytes, key: ExplicitKey) -> bytes:
        """Undo `encrypt`."""
        message, key = self.accepted(message, key)
        return self.decrypted(_image(message, key), self.understood(key)).tobytes()

    def accepted(self, message: bytes, key: ExplicitKey) -> tuple[bytes, ExplicitKey]:
        """Return an image and a key that can be worked with, or raise MalformedError."""
        problem = fault(message, key)
        if problem:
            raise MalformedError(problem)
        return message, key

    def understood(self, key: ExplicitKey) -> ExplicitKey:
        """Return a sound key as this implementation reads it."""
        return key

    # --- On images, arrays of height x width x channels

    def encrypted(self, image: Image, key: ExplicitKey) -> Image:
        """Return the encrypted image."""
        out, places = image.copy(), self.places(key)
        for block, place in enumerate(places):
            out[place] = self.changed(image[places[source(block, key)]], block, key)
        return out

    def decrypted(self, image: Image, key: ExplicitKey) -> Image:
        """Return the decrypted image."""
        out, places = image.copy(), self.places(key)
        for block, place in enumerate(places):
            out[places[source(block, key)]] = self.restored(image[place], block, key)
        return out

    def places(self, key: ExplicitKey) -> list[Place]:
        """Return where the blocks are, in the order in which they are numbered."""
        side = key.block
        corners = product(range(0, key.height, side), range(0, key.width, side))
        return [(slice(y, y + side), slice(x, x + side)) for y, x in corners]

    # --- On blocks, arrays of B x B x channels

    def changed(self, part: Image, block: int, key: ExplicitKey) -> Image:
        """Return what becomes of the block that comes to place `block`."""
        transform, negative, order = self.codes(block, key)
        part = self.transformed(part, transform)
        part = self.negated(part) if negative else part
        return self.shuffled(part, order)

    def restored(self, part: Image, block: int, key: ExplicitKey) -> Image:
        """Undo `changed`."""
        transform, negative, order = self.codes(block, key)
        part = self.unshuffled(part, order)
        part = self.negated(part) if negative else part
        return self.untransformed(part, transform)

    def codes(self, block: int, key: ExplicitKey) -> tuple[int, bool, int]:
        """Return K2, K3 and K4 of a block; 0 for a step that the key has not."""
        sequences = key.transforms, key.negatives, key.components
        transform, bit, order = (s[block] if s is not None else 0 for s in sequences)
        return transform, bool(bit), order

    def transformed(self, part: Image, code: int) -> Image:
        """Return the block after ``code % 4`` quarter turns to the left, then mirrored if >= 4."""
        turned = turned_left(part, code % 4)
        return turned[:, ::-1] if code >= 4 else turned

    def untransformed(self, part: Image, code: int) -> Image:
        """Undo `transformed`."""
        return turned_left(part[:, ::-1] if code >= 4 else part, -code % 4)

    def negated(self, part: Image) -> Image:
        """Return 255 less every pixel."""
        return 255 - part

    def shuffled(self, part: Image, order: int) -> Image:
        """Return the block with its components in another order."""
        return part[:, :, list(COMPONENT_ORDERS[order])] if part.shape[2] == 3 else part

    def unshuffled(self, part: Image, order: int) -> Image:
        """Undo `shuffled`."""
        inverse = np.argsort(COMPONENT_ORDERS[order]).tolist()
        return part[:, :, inverse] if part.shape[2] == 3 else part


def turned_left(part: Image, times: int) -> Image:
    """Return a block after quarter turns counter-clockwise."""
    for _ in range(times):
        part = part.swapaxes(0, 1)[::-1]
    return part


def source(block: int, key: ExplicitKey) -> int:
    """Return which block comes to place `block`."""
    return block if key.permutation is None else int(key.permutation[block])


def fault(message: bytes, key: ExplicitKey) -> str:
    """Return why an image or a key must be refused, or ""."""
    return next(_faults(message, key), "")


def _faults(message: bytes, key: ExplicitKey) -> Iterator[str]:
    """Yield what is wrong; what comes after the first may be a consequence."""
    sizes = key.sizes.values()
    if not all(type(size) is int and size > 0 for size in sizes) or key.channels not in {1, 3}:
        yield "sizes are positive integers, channels 1 or 3"
    if key.height % key.block or key.width % key.block:
        yield "blocks divide height and width"
    if len(message) != key.height * key.width * key.channels:
        yield "an image has height x width x channels bytes"
    if key.components is not None and key.channels == 1:
        yield "grey images have no component shuffle"
    bounds = dict(zip(STEPS, (key.n_blocks, 8, 2, 6), strict=True))
    for step, sequence in key.steps.items():
        if sequence is not None and len(sequence) != key.n_blocks:
            yield f"{step} has an entry for each block"
        if not all(type(code) is int and 0 <= code < bounds[step] for code in sequence or ()):
            yield f"{step} holds integers below {bounds[step]}"
    if key.permutation is not None and len({*key.permutation}) != key.n_blocks:
        yield "permutation holds each block once"


def _image(message: bytes, key: ExplicitKey) -> Image:
    """Return bytes in raster order as an image."""
    pixels = np.frombuffer(message, dtype=np.uint8)
    return pixels.reshape(key.height, key.width, key.channels)
