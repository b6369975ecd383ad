"""What all cases are made of: groups, the answers of mistakes, and bytes that look random.

Nothing is random: such bytes are SHAKE-256 of a name, so that everybody generates the same files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.vectors.cipher import STEPS, ExplicitKey

Grid = tuple[int, int, int, int]
"""Rows of blocks, columns of blocks, channels, side of a block."""


@dataclass(frozen=True)
class Case:
    """One test: what is given, what comes out, and whether that is right.

    Attributes
    ----------
    comment : str
        What the test is there for.
    flags : sequence of str
        Keys of the file's notes.
    fields : mapping
        What is given and what comes out, as JSON has it.
    result : {"valid", "invalid", "acceptable"}
    """

    comment: str
    flags: Sequence[str]
    fields: Mapping[str, Any]
    result: str = "valid"


@dataclass(frozen=True)
class Group:
    """Tests that share their kind and some fields, sizes and a key for example."""

    type: str
    fields: Mapping[str, Any]
    cases: Sequence[Case]


@dataclass(frozen=True)
class Message:
    """An image as bytes, with what it is there for."""

    octets: bytes
    comment: str
    flag: str


def wrong_answers(
    mistakes: Iterable[type[Any]], answer: Callable[[Any], Any], right: Any
) -> list[tuple[str, list[str], Any]]:
    """Return the answers of mistakes that are not right, each with a comment and its flags."""
    makers: list[tuple[Any, list[type[Any]]]] = []
    for mistake in mistakes:
        found = answer(mistake())
        if found == right:
            continue
        known = next((those for other, those in makers if other == found), None)
        if known is None:
            makers.append((found, [mistake]))
        else:
            known.append(mistake)
    return [
        ("; ".join(in_short(m) for m in those), [m.__name__ for m in those], found)
        for found, those in makers
    ]


def description(mistake: type[Any]) -> str:
    """Return what an implementation with a mistake does, as a sentence."""
    return " ".join((mistake.__doc__ or "").split())


def in_short(mistake: type[Any]) -> str:
    """Return the beginning of a mistake's description, up to a comma or colon that is not early."""
    text = description(mistake).rstrip(".")
    start = re.match(r".{20,}?(?=[,:])", text)
    short = start[0] if start else text
    return short[0].lower() + short[1:]


def drawn(geometry: BlockGeometry, name: str, steps: Iterable[str] = STEPS) -> ExplicitKey:
    """Return the key of a secret with some name, spelled out; grey images lose K4."""
    some = [step for step in steps if geometry.channels == 3 or step != "components"]
    return ExplicitKey.of(EtCKey.from_secret(geometry, f"etcprops vectors: {name}", steps=some))


def geometry_of(sizes: Grid) -> BlockGeometry:
    """Return the geometry of so many rows and columns of blocks."""
    rows, columns, channels, side = sizes
    return BlockGeometry(rows * side, columns * side, channels=channels, block=side)


def octets(name: str, size: int) -> bytes:
    """Return bytes that look random, the same everywhere."""
    return hashlib.shake_256(f"etcprops vectors: {name}".encode()).digest(size)
