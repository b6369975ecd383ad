"""What must be refused: images and keys damaged in one place, and what programs make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from etcprops.vectors.cases.common import Case, Grid, Group, drawn, geometry_of, octets
from etcprops.vectors.cases.common import wrong_answers as answers_of
from etcprops.vectors.cipher import STEPS, Cipher, ExplicitKey, fault
from etcprops.vectors.mistakes import ACCEPTANCE

GRIDS: Final[tuple[Grid, ...]] = (
    *((1, 2, 1, 2), (2, 1, 1, 2), (2, 3, 1, 2), (3, 2, 1, 3), (1, 3, 1, 4)),
    *((1, 2, 3, 2), (2, 2, 3, 2), (3, 2, 3, 2), (2, 3, 3, 3), (3, 1, 3, 2)),
)

Damage = tuple[str, bytes, ExplicitKey]
"""What is wrong, an image, and a key."""


def malformed_groups() -> Iterator[Group]:
    """Yield a group for each size: what must be refused, and what may be."""
    for number, grid in enumerate(GRIDS):
        key = drawn(geometry_of(grid), f"malformed {number}")
        image = octets(f"malformed {number}", key.height * key.width * key.channels)
        # Two kinds of damage may come to the same: of two blocks, one twice is one in all places.
        kinds = {repr(damage[1:]): damage for damage in damages(image, key)}
        cases = [case for kind in kinds.values() for case in refusals(*kind)]
        yield Group("EtcMalformed", {}, [*cases, *acceptable(image, key)])


def refusals(comment: str, image: bytes, key: ExplicitKey) -> list[Case]:
    """Return a case for each answer of a lenient program to what must be refused."""
    if not fault(image, key):
        raise ArithmeticError(f"{comment}: {key} is sound")
    given = key.to_dict() | {"msg": image.hex()}
    wrong = answers_of(ACCEPTANCE, lambda mistake: _answer(mistake, image, key), None)
    if not wrong:
        raise ArithmeticError(f"{comment}: nothing makes anything of {key}")
    return [
        Case(comment, names, given | {"ct": answer.hex()}, "invalid") for _, names, answer in wrong
    ]


def _answer(cipher: Cipher, image: bytes, key: ExplicitKey) -> bytes | None:
    """Return what a lenient program encrypts, None if it refuses or crashes."""
    try:
        return cipher.encrypt(image, key)
    except (ValueError, ZeroDivisionError):
        return None


def acceptable(image: bytes, key: ExplicitKey) -> Iterator[Case]:
    """Yield what may be refused or encrypted: bits as booleans, a key that changes nothing."""
    bits = [bit == 1 for bit in key.negatives]
    told = "true and false for bits"
    answer = Cipher().encrypt(image, key).hex()
    given = replace(key, negatives=bits).to_dict() | {"msg": image.hex(), "ct": answer}
    yield Case(told, ["BooleanBits"], given, "acceptable")
    zeros = [0] * key.n_blocks
    weak = replace(
        key,
        permutation=[*range(key.n_blocks)],
        transforms=zeros,
        negatives=zeros,
        components=zeros if key.channels == 3 else None,
    )
    given = weak.to_dict() | {"msg": image.hex(), "ct": image.hex()}
    yield Case("a key that changes nothing", ["WeakKey"], given, "acceptable")


# --- Damage


def damages(image: bytes, key: ExplicitKey) -> Iterator[Damage]:
    """Yield an image and a key, damaged in every way."""
    yield from damaged_sizes(key)
    yield "a byte less", image[:-1], key
    yield "a pixel less", image[: -key.channels], key
    yield "half of the image", image[: len(image) // 2], key
    yield "a byte more", image + b"\x55", key
    yield "two images", image + image, key
    for comment, damaged in damaged_keys(key):
        yield comment, image, damaged


def damaged_sizes(key: ExplicitKey) -> Iterator[Damage]:
    """Yield sizes that blocks do not divide, blocks of nothing, and four components."""
    for down, right in ((1, 0), (0, 1), (1, 1)):
        larger = replace(key, height=key.height + down, width=key.width + right)
        size = larger.height * larger.width * larger.channels
        yield "partial blocks", octets("partial blocks", size), larger
    for down, right in ((1, 0), (0, 1)):
        smaller = replace(key, height=key.height - down, width=key.width - right)
        size = smaller.height * smaller.width * smaller.channels
        yield "partial blocks, as many entries as if whole", octets("partial", size), smaller
    size = key.height * key.width
    yield "blocks of 0 x 0", octets("no blocks", size * key.channels), replace(key, block=0)
    large = replace(key, block=1 + max(key.height, key.width), **dict.fromkeys(STEPS))
    yield "a block larger than the image", octets("large", size * key.channels), large
    if key.channels == 3:
        yield "four components", octets("four components", size * 4), replace(key, channels=4)


def damaged_keys(key: ExplicitKey) -> Iterator[tuple[str, ExplicitKey]]:
    """Yield the key with one sequence damaged."""
    size, last = key.n_blocks, key.n_blocks - 1
    entries: list[tuple[str, str, Callable[[list[int]], list[Any]]]] = [
        ("a block twice", "permutation", lambda k: [*k[:-1], k[0]]),
        ("one block in all places", "permutation", lambda _: [last] * size),
        ("a block that is not there", "permutation", lambda k: [c or size for c in k]),
        ("blocks counted from 1", "permutation", lambda k: [c + 1 for c in k]),
        ("block -1", "permutation", lambda k: [-1 if c == last else c for c in k]),
        ("transform 8", "transforms", lambda t: [8, *t[1:]]),
        ("transform 13", "transforms", lambda t: [*t[:-1], 13]),
        ("transform -1", "transforms", lambda t: [*t[:-1], -1]),
        ("transform 1.5", "transforms", lambda t: [1.5, *t[1:]]),
        ('transform "3"', "transforms", lambda t: [*t[:-1], "3"]),
        ("bit 2", "negatives", lambda b: [2, *b[1:]]),
        ("bit 255", "negatives", lambda b: [*b[:-1], 255]),
        ("bit -1", "negatives", lambda b: [-1, *b[1:]]),
        ("bit 0.5", "negatives", lambda b: [0.5, *b[1:]]),
        ('bit "1"', "negatives", lambda b: ["1", *b[1:]]),
        ("component order 6", "components", lambda c: [6, *c[1:]]),
        ("component order -1", "components", lambda c: [*c[:-1], -1]),
        ("component order 2.5", "components", lambda c: [2.5, *c[1:]]),
    ]
    for step in STEPS[1:]:
        entries += [
            (f"{step} of a block more", step, lambda codes: [*codes, codes[0]]),
            (f"{step} of a block less", step, lambda codes: codes[:-1]),
            (f"{step} of one block", step, lambda codes: codes[:1]),
        ]
    for comment, step, damage in entries:
        if getattr(key, step) is not None:
            yield comment, key.mapped(step, damage)
    if key.channels == 1:
        yield "component orders for a grey image", replace(key, components=[5] * size)
