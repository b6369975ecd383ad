"""How a key is drawn from a secret, written down once more, in parts that can go wrong.

What `EtCKey.from_secret` does, without its code and without numpy: the mistakes in
`mistakes.secrets` replace its parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from typing import ClassVar

from etcprops.vectors.cipher import STEPS, Kind

Sizes = Mapping[str, int]

CODES = {"transforms": 8, "negatives": 2, "components": 6}


class Derivation:
    """Draws keys as the scheme is meant; a mistake is a class that overrides a part."""

    kind: ClassVar[Kind]

    def derive(self, secret: bytes, sizes: Sizes) -> dict[str, list[int] | None]:
        """Return the four sequences of a secret's key; K4 is None for grey images."""
        blocks = sizes["height"] // sizes["block"] * (sizes["width"] // sizes["block"])
        sequences: dict[str, list[int] | None] = {}
        for step in STEPS:
            stream = self.stream(self.message(self.taken(secret), sizes, step))
            if step == "permutation":
                sequences[step] = self.order(stream, blocks)
            else:
                sequences[step] = [self.code(stream, CODES[step]) for _ in range(blocks)]
        return sequences | ({"components": None} if sizes["channels"] == 1 else {})

    def taken(self, secret: bytes) -> bytes:
        """Return what is used of the secret: all."""
        return secret

    def message(self, secret: bytes, sizes: Sizes, step: str) -> bytes:
        """Return what is hashed for a step."""
        written = ",".join(f"{name}={sizes[name]}" for name in self.named())
        return f"{self.domain(written, step)}\0".encode() + secret

    def named(self) -> tuple[str, ...]:
        """Return the names of the sizes in the order in which they are written."""
        return "height", "width", "channels", "block"

    def domain(self, written: str, step: str) -> str:
        """Return what separates one step and geometry from all others."""
        return f"etcprops.EtCKey/v1/{written}/{step}"

    def stream(self, message: bytes) -> Iterator[int]:
        """Yield the bytes of SHAKE-256 of a message."""
        done = 0
        for size in count(1):
            octets = hashlib.shake_256(message).digest(1024 * size)
            yield from octets[done:]
            done = len(octets)

    def code(self, stream: Iterator[int], bound: int) -> int:
        """Return the next byte modulo `bound`; bytes of the last, partial range are passed over."""
        limit = 256 - 256 % bound
        return next(octet for octet in stream if octet < limit) % bound

    def order(self, stream: Iterator[int], size: int) -> list[int]:
        """Return the places in the order of their tags, eight bytes each; ties are drawn again."""
        while True:
            tags = [self.tag(bytes(next(stream) for _ in range(8))) for _ in range(size)]
            if len({*tags}) == size:
                return self.sorted(tags)

    def tag(self, octets: bytes) -> int:
        """Return a tag as a number, the lowest byte first."""
        return int.from_bytes(octets, "little")

    def sorted(self, tags: list[int]) -> list[int]:
        """Return the places, that with the smallest tag first."""
        return sorted(range(len(tags)), key=tags.__getitem__)
