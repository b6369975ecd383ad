"""What moves lies in a rectangle, and the rest stays under every key: then that is the image.

A face is scrambled and the background is not, or blocks do not divide the image and a border is
left. In a description of the whole image the pixels that stay make every even draw look uneven.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from etcprops.probing.description import Structure, common_bits
from etcprops.probing.structure import infer_common
from etcprops.probing.uniformity import FACT_ERROR
from etcprops.scheme.signed_permutation import SignedPermutation

Box = tuple[range, range]


def describe(
    maps: Sequence[SignedPermutation], shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> list[Structure]:
    """Return the smallest common descriptions, of the part of the image that changes at all.

    Parameters
    ----------
    maps : sequence of SignedPermutation
        Of several keys.
    shape, out_shape : tuple of int
        Of the images and of the results.

    Returns
    -------
    list of Structure
        One a map, as of `infer_common`; of a part only if chance leaves so much in place with a
        probability below `FACT_ERROR`. A key is of the whole image all the same.

    Examples
    --------
    >>> order = np.arange(64).reshape(8, 8)
    >>> order[2:6] = order[[3, 5, 2, 4]]
    >>> found = describe([SignedPermutation(order.ravel(), np.ones(64))] * 9, (8, 8), (8, 8))
    >>> found[0].statements[:2]
    ('4 rows; 4 change their place', 'only rows 2 to 5 and columns 0 to 7 change under any key')
    """
    whole = infer_common(maps, shape, out_shape)
    box = _changing(maps, shape) if out_shape == shape else None
    if box is None:
        return whole
    part = infer_common(*_cropped(maps, shape, box))
    rows, columns = box
    boxes = math.comb(shape[0] + 1, 2) * math.comb(shape[1] + 1, 2)
    saved = common_bits(whole) - common_bits(part) if whole and part else 0.0
    if saved * len(maps) < math.log2(boxes / FACT_ERROR):
        return whole
    words = (
        f"only rows {rows[0]} to {rows[-1]} and columns {columns[0]} to {columns[-1]} change under "
        "any key"
    )
    return [
        replace(s, key=w.key, statements=(s.statements[0], words, *s.statements[1:]))
        for s, w in zip(part, whole, strict=True)
    ]


def _changing(maps: Sequence[SignedPermutation], shape: tuple[int, ...]) -> Box | None:
    """Return the rectangle in which all changes lie; None if it is the image, or empty."""
    changed = np.zeros(shape[:2], dtype=np.bool_)
    edges = (changed[0], changed[-1], changed[:, 0], changed[:, -1])
    still = np.arange(math.prod(shape))
    for found in maps:
        moved = (found.source != still) | found.negated
        changed |= moved.reshape(*shape[:2], -1).any(axis=2)
        if all(edge.any() for edge in edges):
            return None
    rows, columns = (np.flatnonzero(changed.any(axis=axis)).tolist() for axis in (1, 0))
    return (range(rows[0], rows[-1] + 1), range(columns[0], columns[-1] + 1)) if rows else None


def _cropped(
    maps: Sequence[SignedPermutation], shape: tuple[int, ...], box: Box
) -> tuple[list[SignedPermutation], tuple[int, ...]]:
    """Return the maps of a rectangle that nothing leaves, and its shape."""
    places = np.arange(math.prod(shape)).reshape(shape)[np.ix_(*box)]
    inside = places.reshape(-1)
    number = np.full(math.prod(shape), -1)
    number[inside] = np.arange(inside.size)
    cut = [SignedPermutation(number[m.source[inside]], m.sign[inside]) for m in maps]
    return cut, places.shape
