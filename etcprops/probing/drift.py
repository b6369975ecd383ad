"""Whether a function still is the map of a certificate.

Random number generators change between versions of libraries, and with them what a key does. The
images that name a signed permutation tell it in as many calls as reading the map takes, and one
pixel of another map is seen; images of noise come on top.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from etcprops._validation import SMALLEST, as_integer, as_number, describe, reject
from etcprops.probing.extraction import predict
from etcprops.probing.model import Encrypt, Notes, count
from etcprops.probing.oracle import NoImageError, Oracle, Scale
from etcprops.probing.reading import Reader
from etcprops.probing.sandbox import best_isolation, open_sandbox
from etcprops.scheme.signed_permutation import SignedPermutation

NOISE = 4
"""Images of noise besides those that name the map."""


@dataclass(frozen=True)
class Drift:
    """What became of a map.

    Attributes
    ----------
    same : bool
        Whether the function is the map of the certificate, on every image that was asked.
    text : str
        In words, with the first pixel that is another.
    calls : int
        Calls of the function.
    """

    same: bool
    text: str
    calls: int


def drift(
    certificate: SignedPermutation,
    encrypt: Encrypt,
    shape: Sequence[int],
    key: Any,
    *,
    time_limit: float = 10.0,
) -> Drift:
    """Return whether a function still is the map of a certificate.

    Parameters
    ----------
    certificate : SignedPermutation
        The map that it was.
    encrypt : callable
        ``encrypt(image, key)``, or ``encrypt(image)``.
    shape : sequence of int
        Of the images, ``(H, W)`` or ``(H, W, C)``.
    key : object
        The key that it was read off under.
    time_limit : float, default=10
        Seconds that one call may take.

    Raises
    ------
    InvalidParameterError
        If the shape does not have as many pixels as the map, the map is not one of 8 or 16 bits, or
        a parameter is of another kind.

    Examples
    --------
    >>> turned = SignedPermutation([3, 2, 1, 0], [1, 1, 1, 1])
    >>> drift(turned, lambda image, key: image[::-1, ::-1], (2, 2), 0).same
    True
    >>> print(drift(turned, lambda image, key: image[::-1], (2, 2), 0).text)
    It is another map now: 4 of 4 pixels differ, the first at (0, 0): it shows (1, 0), not (1, 1).
    """
    if not isinstance(certificate, SignedPermutation):
        reject("certificate", "drift", "be a SignedPermutation", describe(certificate))
    if not callable(encrypt):
        reject("encrypt", "drift", "be a function of an image and a key", describe(encrypt))
    if not isinstance(shape, Sequence) or len(shape) not in {2, 3}:
        reject("shape", "drift", "be (H, W) or (H, W, C)", describe(shape))
    limit = as_number(time_limit, "time_limit", "drift", SMALLEST, math.inf)
    size = tuple(as_integer(side, "shape", "drift") for side in shape)
    if math.prod(size) != len(certificate):
        reject("shape", "drift", f"have the map's {len(certificate)} pixels", describe(tuple(size)))
    kinds = {255: np.uint8, 65535: np.uint16}
    if certificate.level not in kinds:
        reject("certificate", "drift", "be of 8 or 16 bits", f"level {certificate.level}.")
    scale = Scale(np.dtype(kinds[certificate.level]))
    with open_sandbox(encrypt, [key], limit, best_isolation()) as sandbox:
        oracle = Oracle(sandbox, size, scale, Notes())
        try:
            return _compared(oracle, certificate)
        except NoImageError as error:
            return Drift(False, f"It gives no image now: it {error.reason}.", oracle.queries)


def _compared(oracle: Oracle, certificate: SignedPermutation) -> Drift:
    """Compare what the function makes of images with what the map makes of them."""
    rng = np.random.default_rng(0)
    reader = Reader(oracle, rng)
    reader.read()
    vectors = [*reader.chosen(), *(oracle.scale.draw(rng, oracle.size) for _ in range(NOISE))]
    outputs = [*reader.outputs, *oracle.ask(vectors[-NOISE:])]
    calls = oracle.queries
    if outputs[0].size != oracle.size:
        text = f"It is another map now: results have the shape {oracle.out_shape}."
        return Drift(False, text, calls)
    wrong = np.zeros(oracle.size, dtype=np.bool_)
    for vector, got in zip(vectors, outputs, strict=True):
        wrong |= np.asarray(certificate.apply(vector) != got)
    if not wrong.any():
        text = f"The function still is this map: the same on {count(calls, 'image')}."
        scaled = f" Its result is divided by {certificate.level}."
        return Drift(True, text + scaled * (oracle.output_factor > 1), calls)
    found = reader.candidate
    first = int(wrong.argmax())
    text = (
        f"It is another map now: {int(wrong.sum())} of {count(oracle.size, 'pixel')} differ, the "
        f"first at {_place(first, oracle)}"
    )
    if found is None or found.source[first] == certificate.source[first]:
        return Drift(False, f"{text}.", calls)
    expected = (predict(found, vector, oracle.scale)[first] for vector in vectors)
    if any(one != got[first] for one, got in zip(expected, outputs, strict=True)):
        return Drift(False, f"{text}.", calls)
    now, before = (_place(int(m.source[first]), oracle) for m in (found, certificate))
    return Drift(False, f"{text}: it shows {now}, not {before}.", calls)


def _place(index: int, oracle: Oracle) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(index, oracle.shape))
