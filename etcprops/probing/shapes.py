"""Other image shapes: for which of them a function raises, hangs or loses pixels.

Much public code was only ever run on square images of one size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etcprops.probing.extraction import naming_vectors, read_pixel_map
from etcprops.probing.model import BIJECTIVE, MapKind, Notes
from etcprops.probing.oracle import NoImageError, Oracle

LIMIT = 1 << 18
"""Images of more pixels are not tried."""


@dataclass(frozen=True)
class ShapeOutcome:
    """What became of images of another shape.

    Attributes
    ----------
    shape : tuple of int
        The shape.
    ok : bool
        Whether there was an encrypted image, and no pixel was lost if none is at the shape asked.
    outcome : str
        In words.
    seconds : float
        Spent in the function.
    """

    shape: tuple[int, ...]
    ok: bool
    outcome: str
    seconds: float = 0.0


def survey_shapes(oracle: Oracle, kind: MapKind) -> tuple[ShapeOutcome, ...]:
    """Return what a function does to images of shapes near the one that was asked for.

    Parameters
    ----------
    oracle : Oracle
        Of the shape that was asked for, under the first key that gave images.
    kind : MapKind
        The class found at that shape; a function that gives no image is tried on more shapes.

    Returns
    -------
    tuple of ShapeOutcome
    """
    shape = oracle.shape
    height, width = shape[:2]
    rest = shape[2:]
    others = [(height, 2 * width, *rest), (2 * height, width, *rest)]
    others += [(max(1, height - 1), width, *rest), (height, width + 1, *rest)]
    others += [(height, width)] if rest else [(height, width, 3)]
    if kind is MapKind.NOT_IMAGE:
        others += [(height, width, 4), (32, 32), (32, 32, 3), (64, 64, 3)]
    unique = [s for s in dict.fromkeys(others) if s != shape and np.prod(s) <= LIMIT]
    results = []
    for other in unique:
        outcome = _outcome(oracle, other, kind)
        results.append(outcome)
        if "did not return" in outcome.outcome:
            break
    return tuple(results)


def _outcome(asked: Oracle, shape: tuple[int, ...], kind: MapKind) -> ShapeOutcome:
    """Return what the function does to the chosen images of one shape."""
    scale = asked.scale
    oracle = Oracle(asked.sandbox, shape, scale, Notes(), asked.key, asked.budget)
    try:
        outputs = list(oracle.ask(naming_vectors(oracle.size, scale)))
    except NoImageError as error:
        return ShapeOutcome(shape, False, error.reason, oracle.seconds)
    found = read_pixel_map(outputs, oracle.size, scale)
    became = "" if oracle.out_shape == shape else f", of shape {oracle.out_shape}"
    if found is None or kind not in BIJECTIVE:
        return ShapeOutcome(shape, True, f"gives an image{became}", oracle.seconds)
    if found.lost.size:
        text = f"loses {found.lost.size} of {oracle.size} pixels{became}"
        return ShapeOutcome(shape, False, text, oracle.seconds)
    return ShapeOutcome(shape, True, f"loses no pixel{became}", oracle.seconds)
