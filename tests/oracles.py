"""Small images, and functions of them as the probe asks them, in this process."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.model import Notes
from etcprops.probing.oracle import Oracle, Scale
from etcprops.probing.sandbox import Isolation, open_sandbox

Image = NDArray[Any]
BYTES, WORDS = Scale(np.dtype(np.uint8)), Scale(np.dtype(np.uint16))
SINGLES, DOUBLES = Scale(np.dtype(np.float32)), Scale(np.dtype(np.float64))
SCALES = {"bytes": BYTES, "words": WORDS, "singles": SINGLES, "doubles": DOUBLES}


def asked(
    function: Callable[[Image], Any], shape: tuple[int, ...] = (3, 4), scale: Scale = BYTES
) -> Oracle:
    """Return an oracle of a function, asked once."""
    oracle = Oracle(open_sandbox(function, [0], 5, Isolation.NONE), shape, scale, Notes())
    oracle.one(np.zeros(oracle.size, dtype=scale.dtype))
    return oracle


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def grid(*shape: int) -> NDArray[np.int64]:
    """Return an image whose pixels say where they are."""
    return np.arange(prod(shape)).reshape(shape)


def turned(piece: NDArray[Any], code: int) -> NDArray[Any]:
    """Return a piece turned by quarters, and mirrored from code 4 on."""
    rotated = np.rot90(piece, code % 4)
    return np.fliplr(rotated) if code >= 4 else rotated
