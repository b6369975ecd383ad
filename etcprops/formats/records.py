"""What an encrypted file says of itself, to whoever has the secret and to nobody else.

Decryption must know scheme, block and the size before padding; an interrupted run must know what
was made of what. All of it is a record of fixed length in the file's comment, encrypted and
authenticated under the secret (a synthetic initialization vector, as in RFC 5297, from HMAC-SHA-256
and SHAKE-256): it tells others that this package wrote the file, and which files are the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final

from etcprops.formats.schemes import SAMPLINGS, ImageScheme, SchemeName, derived

MARK: Final = "etcprops-record-1:"
"""With what a comment begins that holds a record."""

DIGEST_BYTES: Final = 16
NO_DIGEST: Final = bytes(DIGEST_BYTES)

_LAYOUT: Final = struct.Struct(f"!4B I 2I {DIGEST_BYTES}s {DIGEST_BYTES}s")
_TAG_BYTES: Final = 16
_SCHEMES: Final = (*SchemeName,)
_FORMATS: Final = ("png", "jpeg", "webp", "jp2")


@dataclass(frozen=True)
class FileRecord:
    """What is known of a file that this package wrote.

    Attributes
    ----------
    encrypted : bool
        Or decrypted.
    scheme : ImageScheme
    size : tuple of int
        Height and width of the picture, before padding.
    format : str
        "png", "jpeg", "webp" or "jp2".
    quality : int
        0: without loss.
    exact : bool
        Whether the file is JPEG by exact arithmetic.
    sampling : str
        Of colour in JPEG.
    source : bytes
        Digest of the file from which it was made.
    pixels : bytes
        Digest of the picture, where it comes back exactly, else `NO_DIGEST`.
    """

    encrypted: bool
    scheme: ImageScheme
    size: tuple[int, int]
    format: str
    quality: int
    exact: bool
    sampling: str
    source: bytes
    pixels: bytes = NO_DIGEST

    def sealed(self, secret: bytes) -> str:
        """Return the record as a comment, which only the secret opens."""
        scheme = self.scheme
        flags = self.encrypted | self.exact << 1 | scheme.shuffle << 2
        flags |= SAMPLINGS.index(self.sampling) << 3 | SAMPLINGS.index(scheme.sampling) << 4
        form = _FORMATS.index(self.format)
        numbers = (flags, _SCHEMES.index(scheme.name), form, self.quality, scheme.block)
        plain = _LAYOUT.pack(*numbers, *self.size, self.source, self.pixels)
        tag = _tag(plain, secret)
        return MARK + base64.b64encode(tag + _masked(plain, tag, secret)).decode()


def opened(comment: str, secret: bytes) -> FileRecord | None:
    """Return the record in a comment, or None if there is none that this secret sealed.

    Examples
    --------
    >>> scheme = ImageScheme("colour")
    >>> record = FileRecord(True, scheme, (30, 40), "png", 0, False, "4:4:4", bytes(16))
    >>> comment = record.sealed(bytes(32))
    >>> len(comment), opened(comment, bytes(32)) == record, opened(comment, b"another".ljust(32))
    (106, True, None)
    """
    try:
        content = base64.b64decode(comment.removeprefix(MARK), validate=True)
    except ValueError:
        return None
    tag, masked = content[:_TAG_BYTES], content[_TAG_BYTES:]
    if not comment.startswith(MARK) or len(masked) != _LAYOUT.size:
        return None
    plain = _masked(masked, tag, secret)
    if not hmac.compare_digest(tag, _tag(plain, secret)):
        return None
    # What the secret sealed was well formed.
    flags, name, form, quality, block, height, width, source, pixels = _LAYOUT.unpack(plain)
    scheme = ImageScheme(
        _SCHEMES[name], block, sampling=SAMPLINGS[flags >> 4 & 1], shuffle=bool(flags & 4)
    )
    sampling = SAMPLINGS[flags >> 3 & 1]
    size, exact = (height, width), bool(flags & 2)
    return FileRecord(
        bool(flags & 1), scheme, size, _FORMATS[form], quality, exact, sampling, source, pixels
    )


def digest(content: bytes | memoryview) -> bytes:
    """Return what tells contents apart: the first half of SHA-256."""
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]


def _tag(plain: bytes, secret: bytes) -> bytes:
    return hmac.digest(derived(secret, "record/tag"), plain, "sha256")[:_TAG_BYTES]


def _masked(content: bytes, tag: bytes, secret: bytes) -> bytes:
    """XOR a stream that nobody else knows, and that a tag has for itself."""
    stream = hashlib.shake_256(derived(secret, "record/stream") + tag).digest(len(content))
    return bytes(a ^ b for a, b in zip(content, stream, strict=True))
