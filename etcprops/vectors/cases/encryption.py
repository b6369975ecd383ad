"""Encryption and decryption: under which keys, of which images, and what must come out.

Right answers are those of the package's encryption, on pixels and by its matrices, which must agree
with each other and with `cipher`; wrong ones are what the `mistakes` make.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations, product
from typing import Final

import numpy as np

from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.pixels import decrypt, encrypt
from etcprops.scheme.signed_permutation import SignedPermutation
from etcprops.vectors.cases.common import (
    Case,
    Grid,
    Group,
    Message,
    drawn,
    geometry_of,
    octets,
    wrong_answers,
)
from etcprops.vectors.cipher import STEPS, Cipher, ExplicitKey
from etcprops.vectors.mistakes import DECRYPTION, ENCRYPTION

DIAGNOSED: Final[tuple[Grid, ...]] = (
    *((2, 2, 1, 2), (2, 3, 1, 2), (3, 2, 1, 2), (1, 4, 1, 2), (4, 1, 1, 2), (1, 1, 1, 3)),
    *((2, 3, 1, 3), (3, 2, 1, 1), (2, 2, 1, 4), (3, 3, 1, 2), (1, 2, 1, 5)),
    *((2, 2, 3, 2), (2, 3, 3, 2), (3, 2, 3, 2), (1, 3, 3, 2), (3, 1, 3, 2), (1, 1, 3, 3)),
    *((2, 2, 3, 3), (2, 3, 3, 1), (1, 2, 3, 4)),
)
"""Sizes on which every mistake is shown that shows."""

GRIDS: Final = (
    *((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (2, 3), (3, 2), (3, 3), (1, 5), (5, 1)),
    *((4, 3), (3, 5)),
)
SIDES: Final = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16)
MOST_BYTES: Final = 400
"""Images of one of the `GRIDS` are at most so large, but where size is the point."""


# --- Encryption and decryption


def encryption_groups() -> Iterator[Group]:
    """Yield the groups of the encryption."""
    for number, key in enumerate(diagnosed_keys()):
        yield encryption_group(key, messages(key, number), diagnosed=True)
    for number, geometry in enumerate(geometries()):
        key = drawn(geometry, f"geometry {number}")
        yield encryption_group(key, messages(key, 1000 + number))
    for number, (key, flag) in enumerate(families()):
        some, diagnosed = messages(key, 2000 + number)[:2], flag == "EveryTransform"
        yield encryption_group(key, some, [flag], diagnosed=diagnosed)
    levels = Message(bytes(range(256)), "every grey level", "EveryGreyLevel")
    for number, key in enumerate(keys_of_256_pixels()):
        yield encryption_group(key, [levels], diagnosed=not number)
    for number, (key, flag) in enumerate(keys_of_larger_images()):
        some = messages(key, 3000 + number)[:1]
        yield encryption_group(key, some, [flag], diagnosed=number < 2)


def decryption_groups() -> Iterator[Group]:
    """Yield the groups of the decryption: keys of the encryption, other images."""
    for number, key in enumerate(diagnosed_keys()):
        yield decryption_group(key, messages(key, 4000 + number)[:2])


def encryption_group(
    key: ExplicitKey, some: Sequence[Message], flags: Iterable[str] = (), *, diagnosed: bool = False
) -> Group:
    """Return the group of a key: right answers, and if `diagnosed` the wrong ones to the first."""
    told, plain = [*flags, *flags_of(key)], some[0].octets
    right = encrypted([message.octets for message in some], key)
    cases = [
        Case(m.comment, [m.flag, *told], {"msg": m.octets.hex(), "ct": r.hex()})
        for m, r in zip(some, right, strict=True)
    ]
    if diagnosed:
        for comment, names, answer in wrong_answers(
            ENCRYPTION, lambda mistake: mistake.encrypt_sound(plain, key), right[0]
        ):
            given = {"msg": plain.hex(), "ct": answer.hex()}
            cases.append(Case(comment, names, given, "invalid"))
    return Group("EtcEncryption", key.to_dict(), cases)


def decryption_group(key: ExplicitKey, some: Sequence[Message]) -> Group:
    """Return the group of a key for decryption, with the wrong answers to the first image."""
    told, plain = flags_of(key), some[0].octets
    given = encrypted([message.octets for message in some], key)
    cases = [
        Case(m.comment, [m.flag, *told], {"ct": g.hex(), "msg": m.octets.hex()})
        for m, g in zip(some, given, strict=True)
    ]
    for comment, names, answer in wrong_answers(
        DECRYPTION, lambda mistake: mistake.decrypt(given[0], key), plain
    ):
        fields = {"ct": given[0].hex(), "msg": answer.hex()}
        cases.append(Case(comment, names, fields, "invalid"))
    return Group("EtcDecryption", key.to_dict(), cases)


def encrypted(some: Sequence[bytes], key: ExplicitKey) -> list[bytes]:
    """Return the encryptions of images under a key, on which three paths must agree."""
    real, plain = key.to_key(), Cipher()
    images = np.array([[*image] for image in some], np.uint8)
    by_pixels = encrypt(images.reshape(-1, *real.geometry.shape), real)
    by_matrices = SignedPermutation.from_key(real).apply(images.astype(np.int64))
    answers = [row.tobytes() for row in by_matrices.astype(np.uint8)]
    if by_pixels.tobytes() != b"".join(answers):
        raise ArithmeticError(f"pixels and matrices disagree under {key}")
    if [plain.encrypt(image, key) for image in some] != answers:
        raise ArithmeticError(f"the plain cipher disagrees with the package under {key}")
    back = decrypt(by_pixels, real).tobytes()
    if not back == b"".join(some) == b"".join(plain.decrypt(a, key) for a in answers):
        raise ArithmeticError(f"decryption does not give the images back under {key}")
    return answers


# --- Keys


def diagnosed_keys() -> Iterator[ExplicitKey]:
    """Yield keys with all steps for `DIAGNOSED`, and for two of these with one or two steps."""
    for number, sizes in enumerate(DIAGNOSED):
        yield drawn(geometry_of(sizes), f"diagnosed {number}")
    for grid in ((2, 3, 1, 2), (3, 2, 3, 2)):
        for steps in sets_of_steps(grid[2], 2):
            yield drawn(geometry_of(grid), "steps", steps)


def families() -> Iterator[tuple[ExplicitKey, str]]:
    """Yield keys in which every value of one step occurs, each with the family's flag."""
    yield from families_of_codes()
    yield from families_of_orders()
    for grid in ((2, 2, 1, 3), (2, 2, 3, 2)):
        for steps in sets_of_steps(grid[2], 4):
            yield drawn(geometry_of(grid), "every set", steps), "EverySetOfSteps"


def families_of_codes() -> Iterator[tuple[ExplicitKey, str]]:
    """Yield keys of one block: every transform, every order of components."""
    for side, channels in product((2, 3, 4), (1, 3)):
        for code in range(8):
            yield ExplicitKey(side, side, channels, side, transforms=[code]), "EveryTransform"
    for side, code in product((1, 2, 3), range(6)):
        yield ExplicitKey(side, side, 3, side, components=[code]), "EveryComponentOrder"


def families_of_orders() -> Iterator[tuple[ExplicitKey, str]]:
    """Yield keys of a few blocks: every order of them, every pattern of negatives."""
    for height, width in ((6, 2), (2, 6)):
        for order in permutations(range(3)):
            yield ExplicitKey(height, width, 1, 2, permutation=[*order]), "EveryBlockOrder"
    for order in permutations(range(4)):
        yield ExplicitKey(4, 4, 1, 2, permutation=[*order]), "EveryBlockOrder"
    for bits in product((0, 1), repeat=3):
        yield ExplicitKey(2, 6, 1, 2, negatives=[*bits]), "EveryBitPattern"
        yield ExplicitKey(6, 2, 3, 2, negatives=[*bits]), "EveryBitPattern"


def sets_of_steps(channels: int, most: int) -> Iterator[tuple[str, ...]]:
    """Yield every set of at least one and at most so many steps that images have."""
    some = STEPS if channels == 3 else STEPS[:3]
    for size in range(1, min(most, len(some)) + 1):
        yield from combinations(some, size)


def geometries() -> Iterator[BlockGeometry]:
    """Yield sizes: grids of blocks, sides of blocks, grey and colour."""
    for grid, side, channels in product(GRIDS, SIDES, (1, 3)):
        geometry = geometry_of((*grid, channels, side))
        if geometry.n_pixels <= MOST_BYTES and (*grid, channels, side) not in DIAGNOSED:
            yield geometry


def keys_of_256_pixels() -> Iterator[ExplicitKey]:
    """Yield keys of images that have room for every grey level: negated, as it is, mixed."""
    yield ExplicitKey(16, 16, 1, 16, negatives=[1])
    yield ExplicitKey(16, 16, 1, 16, negatives=[0])
    for grid in ((2, 2, 1, 8), (4, 4, 1, 4)):
        yield drawn(geometry_of(grid), "levels")


def keys_of_larger_images() -> Iterator[tuple[ExplicitKey, str]]:
    """Yield keys of more than 256 blocks, and of blocks of the usual sizes, with their flags."""
    for grid in ((20, 15, 1, 1), (15, 20, 1, 1), (17, 17, 1, 1)):
        yield drawn(geometry_of(grid), "many blocks", ["permutation"]), "ManyBlocks"
    for grid in ((6, 8, 1, 8), (3, 2, 3, 16)):
        yield drawn(geometry_of(grid), "larger image"), "LargerImage"


def flags_of(key: ExplicitKey) -> list[str]:
    """Return the flags of a key's sizes."""
    rows, columns = key.height // key.block, key.width // key.block
    holds = {
        "NotSquare": rows != columns,
        "OneBlock": rows == columns == 1,
        "RowOfBlocks": rows == 1 < columns,
        "ColumnOfBlocks": columns == 1 < rows,
        "BlocksOfOnePixel": key.block == 1,
    }
    return [flag for flag, held in holds.items() if held]


# --- Images


def messages(key: ExplicitKey, number: int) -> list[Message]:
    """Return an image that looks random and, if small, one of places and one black and white."""
    size = key.height * key.width * key.channels
    some = [Message(octets(f"image {number}", size), "pseudorandom image", "Pseudorandom")]
    if size <= 128:
        some.append(Message(bytes(range(size)), "each byte is its place", "Places"))
    if 1 < size <= 64:
        contrast = bytes(255 * (octet & 1) for octet in octets(f"contrast {number}", size))
        some.append(Message(contrast, "black and white", "BlackAndWhite"))
    return some
