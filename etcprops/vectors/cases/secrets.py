"""Keys drawn from secrets: the right ones, and those of programs that draw otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from etcprops.scheme.keys import EtCKey
from etcprops.vectors.cases.common import Case, Grid, Group, geometry_of, octets, wrong_answers
from etcprops.vectors.cipher import ExplicitKey
from etcprops.vectors.derivation import Derivation
from etcprops.vectors.mistakes import DERIVATION

GRIDS: Final[tuple[Grid, ...]] = (
    *((2, 2, 1, 2), (2, 3, 3, 8), (3, 2, 1, 8), (1, 1, 3, 16), (4, 4, 3, 8), (5, 3, 1, 4)),
)

_RANDOM: Final = octets("secret", 48)
_FLIPPED: Final = bytes(octet ^ 255 for octet in _RANDOM)

SECRETS: Final[tuple[tuple[str, bytes], ...]] = (
    ("text", b"an example"),
    ("one byte", b"\xff"),
    ("32 random bytes", _RANDOM[:32]),
    ("32 bytes, the first 4 of them those of another test", _RANDOM[:4] + _FLIPPED[4:32]),
    ("32 bytes, the last 4 of them those of another test", _FLIPPED[:28] + _RANDOM[28:32]),
    ("32 bytes, the first 16 of them those of another test", _RANDOM[:16] + _FLIPPED[16:32]),
    ("33 bytes, the first 32 of them those of another test", _RANDOM[:32] + b"!"),
    ("48 random bytes", _RANDOM),
    ("more bytes than SHAKE-256 takes at once", octets("long secret", 200)),
    ("a zero byte within", b"before\0after"),
    ("a zero byte at the end", b"an example\0"),
    ("white space at the ends", b" an example\n"),
    ("a capital letter", b"An example"),
    ("hexadecimal digits", b"00112233445566778899aabbccddeeff"),
    ("UTF-8", "Schl\u00fcssel".encode()),
    ("numbers of 32 bits, first those of another test", b"\x00\x00\x00\x01\x00\x00\x00\x02"),
    ("numbers of 32 bits, last those of another test", b"\x00\x00\x00\x03\x00\x00\x00\x02"),
)


def secret_groups() -> Iterator[Group]:
    """Yield a group for each size: the keys of all secrets."""
    for number, grid in enumerate(GRIDS):
        geometry = geometry_of(grid)
        cases = []
        for comment, secret in SECRETS:
            key = ExplicitKey.of(EtCKey.from_secret(geometry, secret))
            if Derivation().derive(secret, key.sizes) != key.steps:
                raise ArithmeticError(f"{comment}: the package draws {key}")
            given = {"secret": secret.hex()}
            cases.append(Case(comment, ["SecretToKey"], given | key.steps))
            if number < 2:
                cases += _wrong(secret, key, given)
        yield Group("EtcKeyDerivation", key.sizes, cases)


def _wrong(secret: bytes, key: ExplicitKey, given: dict[str, Any]) -> Iterator[Case]:
    """Yield what programs with a mistake draw."""
    for comment, names, steps in wrong_answers(
        DERIVATION, lambda mistake: mistake.derive(secret, key.sizes), key.steps
    ):
        yield Case(comment, names, given | steps, "invalid")
