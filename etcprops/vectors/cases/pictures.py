"""Colour pictures in the grayscale-based scheme, and what programs with a mistake make of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from etcprops.formats.schemes import ImageScheme
from etcprops.vectors.arrangement import Arrangement
from etcprops.vectors.cases.common import Case, Group, Message, drawn, octets, wrong_answers
from etcprops.vectors.cipher import ExplicitKey, Image
from etcprops.vectors.mistakes import ARRANGEMENT

PICTURES: Final = (
    *((2, 2, 2, "4:4:4"), (2, 4, 2, "4:4:4"), (4, 2, 2, "4:4:4"), (4, 6, 2, "4:4:4")),
    *((3, 6, 3, "4:4:4"), (2, 5, 1, "4:4:4"), (8, 8, 8, "4:4:4"), (8, 4, 4, "4:4:4")),
    *((4, 4, 2, "4:2:0"), (4, 8, 2, "4:2:0"), (8, 4, 2, "4:2:0"), (2, 6, 1, "4:2:0")),
    *((6, 6, 3, "4:2:0"), (6, 4, 1, "4:2:0"), (8, 8, 4, "4:2:0"), (12, 6, 3, "4:2:0")),
)
"""Height and width of pictures, side of blocks, sampling of the chroma."""


def picture_groups() -> Iterator[Group]:
    """Yield a group for each size: pictures that look random, of pure colours, and of greys."""
    for number, (height, width, block, sampling) in enumerate(PICTURES):
        scheme = ImageScheme("grayscale", block, sampling=sampling)
        key = drawn(scheme.geometry(height, width), f"picture {number}")
        noise = octets(f"picture {number}", 3 * height * width)
        colours = bytes(255 * (octet & 1) for octet in noise)
        greys = bytes(octet for octet in noise[::3] for _ in range(3))
        cases = [
            right_case(Message(noise, "pseudorandom picture", "Pseudorandom"), scheme, key, width),
            *wrong_cases(noise, scheme, key, width),
            right_case(Message(colours, "pure colours", "BlackAndWhite"), scheme, key, width),
            right_case(Message(greys, "greys", "GreyPixels"), scheme, key, width),
        ]
        sizes = {"pictureHeight": height, "pictureWidth": width, "sampling": sampling}
        yield Group("EtcGrayscale", sizes | key.to_dict(), cases)


def right_case(message: Message, scheme: ImageScheme, key: ExplicitKey, width: int) -> Case:
    """Return the case of a picture and its encryption."""
    flags = [message.flag, *["Subsampled"] * (scheme.sampling == "4:2:0")]
    right = encrypted(message.octets, scheme, key, width)
    return Case(message.comment, flags, {"msg": message.octets.hex(), "ct": right.hex()})


def wrong_cases(
    message: bytes, scheme: ImageScheme, key: ExplicitKey, width: int
) -> Iterator[Case]:
    """Yield what programs with a mistake make of a picture."""
    picture = _picture(message, width)
    for comment, names, answer in wrong_answers(
        ARRANGEMENT,
        lambda mistake: mistake.encrypt(picture, scheme.sampling, key),
        encrypted(message, scheme, key, width),
    ):
        yield Case(comment, names, {"msg": message.hex(), "ct": answer.hex()}, "invalid")


def encrypted(message: bytes, scheme: ImageScheme, key: ExplicitKey, width: int) -> bytes:
    """Return the encryption of a picture, on which two paths must agree."""
    picture = _picture(message, width)
    right = scheme.encrypt(picture, key.to_key()).tobytes()
    if Arrangement().encrypt(picture, scheme.sampling, key) != right:
        raise ArithmeticError(f"the plain arrangement disagrees with the package: {key}")
    return right


def _picture(message: bytes, width: int) -> Image:
    """Return bytes as a colour picture."""
    return np.frombuffer(message, np.uint8).reshape(-1, width, 3)
