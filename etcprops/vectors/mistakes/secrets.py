"""Mistakes about how a key is drawn from a secret."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from etcprops.vectors.derivation import Derivation, Sizes
from etcprops.vectors.mistakes.kinds import BIASED, ONE_KEY_FOR_MANY, OTHER_KEY

# --- Less than the whole secret


class SecretFirst32Bits(Derivation):
    """Uses the first 32 bits of the secret."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret[:4]


class SecretLast32Bits(Derivation):
    """Uses the last 32 bits of the secret, as a seed that is a number modulo 2^32."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret[-4:]


class SecretFirst128Bits(Derivation):
    """Uses the first 16 bytes of the secret, the length of many keys."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret[:16]


class SecretFirst256Bits(Derivation):
    """Uses the first 32 bytes of the secret."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret[:32]


class SecretEndsAtZeroByte(Derivation):
    """Ends the secret at its first zero byte, as strings of C do."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret.split(b"\0", 1)[0]


class SecretStripped(Derivation):
    """Drops white space at the ends of the secret."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret.strip()


class SecretInLowerCase(Derivation):
    """Takes capital letters for small ones."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        return secret.lower()


class SecretDecodedFromHex(Derivation):
    """Decodes a secret that happens to be hexadecimal digits."""

    kind = ONE_KEY_FOR_MANY

    def taken(self, secret: bytes) -> bytes:
        try:
            return bytes.fromhex(secret.decode("ascii"))
        except ValueError:
            return secret


class SecretInLatin1(Derivation):
    """Encodes text in Latin-1 where UTF-8 is meant."""

    kind = OTHER_KEY

    def taken(self, secret: bytes) -> bytes:
        try:
            return secret.decode().encode("latin-1")
        except UnicodeError:
            return secret


# --- What is hashed with it


class StepsShareStream(Derivation):
    """Leaves the step's name out, so that all steps read the same bytes."""

    kind = ONE_KEY_FOR_MANY

    def domain(self, written: str, step: str) -> str:
        return super().domain(written, step).removesuffix(f"/{step}")


class SizesShareStream(Derivation):
    """Leaves the sizes out, so that images of all sizes have one stream."""

    kind = ONE_KEY_FOR_MANY

    def named(self) -> tuple[str, ...]:
        return ()


class WidthBeforeHeight(Derivation):
    """Writes the width before the height."""

    kind = OTHER_KEY

    def named(self) -> tuple[str, ...]:
        return "width", "height", "channels", "block"


class NoSeparator(Derivation):
    """Leaves out the zero byte between the domain and the secret."""

    kind = OTHER_KEY

    def message(self, secret: bytes, sizes: Sizes, step: str) -> bytes:
        return super().message(b"", sizes, step)[:-1] + secret


class SecretFirst(Derivation):
    """Hashes the secret before the domain."""

    kind = OTHER_KEY

    def message(self, secret: bytes, sizes: Sizes, step: str) -> bytes:
        return secret + super().message(b"", sizes, step)


class Shake128(Derivation):
    """Uses SHAKE-128 instead of SHAKE-256."""

    kind = OTHER_KEY

    def stream(self, message: bytes) -> Iterator[int]:
        yield from hashlib.shake_128(message).digest(1 << 14)


# --- From bytes to codes


class ModuloBias(Derivation):
    """Takes every byte modulo 6, though 256 is no multiple: four orders come too often."""

    kind = BIASED

    def code(self, stream: Iterator[int], bound: int) -> int:
        return next(stream) % bound


class BiasedScaling(Derivation):
    """Scales bytes, x * bound / 256, instead of taking remainders."""

    kind = BIASED

    def code(self, stream: Iterator[int], bound: int) -> int:
        return next(stream) * bound // 256


class BigEndianTags(Derivation):
    """Reads tags with the highest byte first."""

    kind = OTHER_KEY

    def tag(self, octets: bytes) -> int:
        return int.from_bytes(octets, "big")


class SignedTags(Derivation):
    """Sorts tags as signed numbers, as Java does."""

    kind = OTHER_KEY

    def tag(self, octets: bytes) -> int:
        return int.from_bytes(octets, "little", signed=True)


class TagsOf32Bits(Derivation):
    """Keeps the lowest 32 bits of tags, as bit operations of JavaScript do."""

    kind = BIASED

    def tag(self, octets: bytes) -> int:
        return super().tag(octets) % 2**32


class RanksForOrder(Derivation):
    """Returns each place's rank, the inverse of the order of the places."""

    kind = OTHER_KEY

    def sorted(self, tags: list[int]) -> list[int]:
        order = super().sorted(tags)
        return [order.index(place) for place in range(len(tags))]


class DescendingTags(Derivation):
    """Puts the place with the largest tag first."""

    kind = OTHER_KEY

    def sorted(self, tags: list[int]) -> list[int]:
        return super().sorted(tags)[::-1]
