"""Pictures of what a probe found: which pixels are lost, where each came from, witnesses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from etcprops._pictures import Difference, enlarge, told
from etcprops.probing.model import MapWitness, PixelMap
from etcprops.scheme.signed_permutation import SignedPermutation

LOST, ONCE, TWICE, MORE = (196, 40, 40), (226, 230, 235), (90, 150, 205), (22, 62, 110)
CONSTANT = (120, 120, 120)

Colours = NDArray[np.uint8]


def uses(found: SignedPermutation | PixelMap, shape: tuple[int, ...]) -> Image.Image:
    """Draw how often each input pixel is shown: red never, pale once, blue more often.

    Components of a colour image stand side by side.
    """
    source = found.source[found.source >= 0]
    counts = np.bincount(source, minlength=int(np.prod(shape)))
    palette = np.array([LOST, ONCE, TWICE, MORE], dtype=np.uint8)
    return enlarge(_side_by_side(palette[np.minimum(counts, 3)], shape))


def places(shape: tuple[int, ...]) -> Image.Image:
    """Draw the colour of each input place, with which `origins` shows where pixels went."""
    return enlarge(_side_by_side(_place_colours(np.arange(int(np.prod(shape))), shape), shape))


def origins(
    found: SignedPermutation | PixelMap, shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> Image.Image:
    """Draw each output pixel in the colour of the input place that it shows; grey if constant."""
    colours = _place_colours(np.maximum(found.source, 0), shape)
    colours[found.source < 0] = CONSTANT
    return enlarge(_side_by_side(colours, out_shape))


def signs(found: SignedPermutation | PixelMap, out_shape: tuple[int, ...]) -> Image.Image:
    """Draw which output pixels are negated: dark ones are."""
    palette = np.array([ONCE, MORE, CONSTANT], dtype=np.uint8)
    codes = np.select([found.sign < 0, found.sign == 0], [1, 2], 0)
    return enlarge(_side_by_side(palette[codes], out_shape))


def witness(found: MapWitness) -> tuple[list[tuple[str, Image.Image]], float]:
    """Draw the two images of a witness and what became of them, stretched; return what is white.

    Framed, and told in the caption, is in the images the first pixel in which they differ, and in
    the results the pixel where the relation breaks.
    """
    named = list(zip(("First image", "Second image"), (found.first, found.second), strict=True))
    apart = Difference.between(found.first, found.second)
    marks: list[tuple[int, ...] | None] = [None if apart is None else apart.mark] * 2
    if found.outputs is not None:
        named += zip(("First result", "Second result"), found.outputs, strict=True)
        marks += [None if np.array_equal(*found.outputs) else found.pixel[:2]] * 2
    drawable = [
        (name, image, mark)
        for (name, image), mark in zip(named, marks, strict=True)
        if image.dtype.kind in "buif" and image.ndim in {2, 3} and image.size
    ]
    finite = [np.nan_to_num(i.astype(np.float64), posinf=0, neginf=0).max() for _, i, _ in drawable]
    top = float(max([0.0, *finite])) or 1.0
    return [_drawn(name, image, mark, top) for name, image, mark in drawable], top


def _drawn(
    name: str, image: NDArray[Any], mark: tuple[int, ...] | None, top: float
) -> tuple[str, Image.Image]:
    """Return caption and picture of an image; planes side by side have no place to frame."""
    if mark is None or not (image.ndim == 2 or image.shape[2] in {3, 4}):
        return f"{name}.", enlarge(_grey(image, top))
    row, column = mark
    return (
        f"{name}; framed is row {row}, column {column}: {told(image[row, column])}.",
        enlarge(_grey(image, top), mark),
    )


def _grey(image: NDArray[Any], top: float) -> Colours:
    """Return an image of any type as 8-bit colours, on a scale from 0 to `top`."""
    levels = np.nan_to_num(image.astype(np.float64) / top * 255)
    shades = np.clip(levels, 0, 255).astype(np.uint8)
    if shades.ndim == 2 or shades.shape[2] not in {3, 4}:
        shades = shades.reshape(shades.shape[0], -1)
        return np.repeat(shades[..., None], 3, axis=2)
    return shades[..., :3]


def _place_colours(indices: NDArray[np.int64], shape: tuple[int, ...]) -> Colours:
    """Return a colour for each place of an image: red grows to the right, green downwards."""
    where = np.unravel_index(indices, shape)
    down, right = (
        (40 + 200 * place / max(1, side - 1)).astype(np.uint8)
        for place, side in zip(where[:2], shape, strict=False)
    )
    component = where[2] if len(shape) == 3 else np.zeros_like(indices)
    blue = (90 + 40 * component).astype(np.uint8)
    return np.stack([right, down, blue], axis=-1)


def _side_by_side(colours: Colours, shape: tuple[int, ...]) -> Colours:
    """Return colours of pixels, shape (n, 3), as a picture with the components side by side."""
    height, width = (*shape, 1, 1)[:2]
    planes = colours.reshape(height, width, -1, 3)
    gap = np.full((height, 1, 3), 255, dtype=np.uint8)
    parts = [planes[:, :, c] for c in range(planes.shape[2])]
    row = [part for plane in parts for part in (gap, plane)][1:]
    return np.concatenate(row, axis=1)
