"""How the components of an image lie in it, and which pieces of it move whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_integer, describe, reject
from etcprops.probing.tiles import Tiles, cut
from etcprops.scheme.signed_permutation import SignedPermutation

Placed = tuple[NDArray[np.int64], NDArray[np.bool_]]


def as_shape(value: Any, parameter: str, found: SignedPermutation) -> tuple[int, ...]:
    """Return the shape of images of as many pixels as a map has."""
    caller = "infer_structure"
    wanted = f"be (H, W) or (H, W, C), of {len(found)} pixels in all"
    sides = tuple(value) if isinstance(value, (tuple, list)) else ()
    shape = tuple(as_integer(side, parameter, caller) for side in sides)
    if len(shape) not in {2, 3} or prod(shape) != len(found):
        reject(parameter, caller, wanted, describe(value))
    if max(shape[2:], default=1) > 4:
        reject(parameter, caller, "have 1 to 4 channels", describe(value))
    return shape


def layouts(
    maps: Sequence[SignedPermutation], shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, int, int], list[Placed]]]:
    """Yield each way to lay out the components, with sources and signs in it.

    A result as wide as the image is high is looked at transposed.
    """
    channels = shape[2] if len(shape) == 3 else 1
    height, width = shape[:2]
    size = (height, width, channels)
    if out_shape == shape:
        yield "pixels", size, [(m.source, m.negated) for m in maps]
    turned = (width, height, *shape[2:])
    if out_shape == turned and height != width:
        back = np.arange(prod(size)).reshape(width, height, channels).swapaxes(0, 1).reshape(-1)
        yield "transposed", size, [(m.source[back], m.negated[back]) for m in maps]
    if channels > 1 and out_shape in {shape, (height, channels * width)}:
        # Where each pixel of the components side by side lies in the image, and the inverse.
        order = np.arange(prod(size)).reshape(size).transpose(0, 2, 1).reshape(-1)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        shown = order if out_shape == shape else np.arange(order.size)
        planes = (height, channels * width, 1)
        yield "planes", planes, [(place[m.source[shown]], m.negated[shown]) for m in maps]


def pieces(
    placed: list[Placed], size: tuple[int, int, int], block: int | None
) -> Iterator[list[Tiles]]:
    """Yield all maps cut into pieces of each size worth a description.

    The largest in which all is explained, the smallest that move whole though they are scrambled
    inside, and single pixels.
    """
    height, width, _ = size
    if block is not None:
        yield from _first(placed, size, [(block, block)], explained=False)
        return
    sides = [(h, w) for h in divisors(height) for w in divisors(width) if h * w > 1]
    sides.sort(key=lambda unit: (unit[0] * unit[1], unit[0] == unit[1]), reverse=True)
    found = _first(placed, size, sides, explained=True)
    yield from found
    unit = found[0][0].unit if found else (1, 1)
    if min(unit) > 1 or (found and unit == (height, width)):
        return  # what holds of single pixels holds of such pieces
    if not found:
        squares = [u for u in reversed(sides) if u[0] == u[1] and u != (height, width)]
        yield from _first(placed, size, squares, explained=False)
    yield from _first(placed, size, [(1, 1)], explained=False)


def _first(
    placed: list[Placed],
    size: tuple[int, int, int],
    units: list[tuple[int, int]],
    *,
    explained: bool,
) -> list[list[Tiles]]:
    """Return all maps cut into pieces of the first size that they move whole, if there is one."""
    for unit in units:
        tiles: list[Tiles] = []
        for part in placed:
            cut_up = cut(*part, size, unit, explained=explained)
            if cut_up is None:
                break
            tiles.append(cut_up)
        else:
            return [tiles]
    return []


def divisors(number: int) -> list[int]:
    """Return the divisors of a number, ascending."""
    return [d for d in range(1, number + 1) if number % d == 0]
