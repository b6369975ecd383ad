"""Pictures for pages: enlarged so that pixels are seen, with the one in question framed."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

SIDE: Final = 256
"""Images are enlarged, or thinned out, to about this many screen pixels."""
MARK, HALO = (214, 0, 108), (255, 255, 255)
"""The frame of a pixel: a red and a white line, of which one stands out from any picture."""
SMALL: Final = 6
"""Pixels below so many screen pixels are shown once more, larger, with those around them."""
AROUND: Final = 8
"""So many on each side."""
MARGIN: Final = 5


def data_uri(picture: Image.Image | bytes) -> str:
    """Return a picture, or the content of a PNG file, as a PNG in a data URI.

    Examples
    --------
    >>> data_uri(b"PNG")
    'data:image/png;base64,UE5H'
    """
    if not isinstance(picture, bytes):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG", optimize=True)
        picture = buffer.getvalue()
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def enlarge(image: NDArray[Any], mark: Sequence[int] | None = None) -> Image.Image:
    """Return an image of a size to be looked at; floats from least to largest.

    Parameters
    ----------
    image : ndarray, shape (H, W) or (H, W, 3)
        uint8, or floats.
    mark : sequence of int, optional
        Row and column of a pixel to frame; then the picture has a transparent margin.

    Examples
    --------
    >>> enlarge(np.eye(2)).size, enlarge(np.eye(2), mark=(0, 1)).size
    ((256, 256), (266, 266))
    """
    from PIL import Image

    if image.dtype != np.uint8:
        low, high = image.min(), image.max()
        image = ((image - low) / max(high - low, 1e-12) * 255).astype(np.uint8)
    factor, step = _scale(image)
    large = image[::step, ::step].repeat(factor, axis=0).repeat(factor, axis=1)
    picture = Image.fromarray(large)
    if mark is None:
        return picture
    top, left = (place // step * factor for place in mark[:2])
    return framed(picture, top, left, factor)


def framed(picture: Image.Image, top: int, left: int, side: int) -> Image.Image:
    """Return a picture, with a transparent margin, in which a square is framed.

    Parameters
    ----------
    picture : PIL.Image.Image
        The picture.
    top, left, side : int
        The square, in screen pixels.
    """
    from PIL import Image, ImageDraw

    size = (picture.width + 2 * MARGIN, picture.height + 2 * MARGIN)
    canvas = Image.new("RGBA", size)
    canvas.paste(picture, (MARGIN, MARGIN))
    draw = ImageDraw.Draw(canvas)
    gap = 0 if side >= SMALL else 3  # a frame of its own size would be taken for the pixel
    x, y = left + MARGIN - gap, top + MARGIN - gap
    last = side - 1 + 2 * gap
    for grown, colour in ((5, HALO), (4, HALO), (3, MARK), (2, MARK), (1, MARK)):
        draw.rectangle((x - grown, y - grown, x + last + grown, y + last + grown), outline=colour)
    return canvas


def _scale(image: NDArray[Any]) -> tuple[int, int]:
    """Return how many screen pixels a pixel takes, and of how many pixels one is shown."""
    longer = max(image.shape[:2])
    return max(1, SIDE // longer), -(-longer // (2 * SIDE))


def enlarged(image: NDArray[Any], mark: Sequence[int] | None = None) -> str:
    """Return an image as `enlarge` makes it, as a data URI.

    Examples
    --------
    >>> enlarged(np.eye(2))[:22]
    'data:image/png;base64,'
    """
    return data_uri(enlarge(image, mark))


@dataclass(frozen=True)
class Difference:
    """Where two images of one shape differ first, in raster order.

    Attributes
    ----------
    row, column : int
        The pixel.
    values : tuple of str
        What each image has there: a number, or all components.
    count, total : int
        How many pixels differ, and of how many.
    """

    row: int
    column: int
    values: tuple[str, str]
    count: int
    total: int

    @classmethod
    def between(cls, first: NDArray[Any], second: NDArray[Any]) -> Difference | None:
        """Return the difference; None if there is none, or the shapes are not the same.

        Examples
        --------
        >>> print(Difference.between(np.zeros((2, 2), int), np.eye(2, dtype=int)))
        2 of 4 pixels differ, first row 0, column 0 (framed): 0 and 1
        """
        if first.shape != second.shape or first.ndim not in {2, 3}:
            return None
        unlike = first != second
        places = np.argwhere(unlike if first.ndim == 2 else unlike.any(axis=2))
        if not len(places):
            return None
        row, column = map(int, places[0])
        values = told(first[row, column]), told(second[row, column])
        return cls(row, column, values, len(places), unlike.shape[0] * unlike.shape[1])

    @property
    def mark(self) -> tuple[int, int]:
        """The pixel, as `enlarge` takes it."""
        return self.row, self.column

    def __str__(self) -> str:
        several = f"{self.count} of {self.total} pixels differ, first row"
        where = "The images differ in one pixel, row" if self.count == 1 else several
        values = " and ".join(self.values)
        return f"{where} {self.row}, column {self.column} (framed): {values}"


def told(value: Any) -> str:
    """Return what a pixel has, in words.

    Examples
    --------
    >>> told(np.array([0, 128, 255])), told(np.float64(0.5))
    ('(0, 128, 255)', '0.5')
    """
    values = [f"{entry:.6g}" for entry in np.atleast_1d(value).tolist()]
    return values[0] if np.ndim(value) == 0 else f"({', '.join(values)})"


def close_ups(
    image: NDArray[Any], mark: Sequence[int] | None, caption: str
) -> list[tuple[str, str]]:
    """Return caption and data URI of an image with a framed pixel, and of what is around it.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
        The image.
    mark : sequence of int, optional
        Row and column.
    caption : str
        What the image is.

    Examples
    --------
    >>> [caption for caption, _ in close_ups(np.zeros((64, 64), np.uint8), (0, 9), "Plain")]
    ['Plain', 'Plain, rows 0 to 8, columns 1 to 17']
    """
    shown = [(caption, enlarged(image, mark))]
    if mark is not None and _scale(image)[0] < SMALL:
        row, column = mark[:2]
        top, left = max(0, row - AROUND), max(0, column - AROUND)
        part = image[top : row + AROUND + 1, left : column + AROUND + 1]
        where = (
            f"{caption}, rows {top} to {top + part.shape[0] - 1}, "
            f"columns {left} to {left + part.shape[1] - 1}"
        )
        shown.append((where, enlarged(part, (row - top, column - left))))
    return shown


def gallery(pictures: Sequence[tuple[str, str]], *, pairs: bool = False) -> str:
    """Return captions and data URIs as figures side by side, for a notebook.

    Examples
    --------
    >>> gallery([])
    ''
    """
    look = "image-rendering: pixelated; outline: 1px solid #8884"
    figures = "".join(
        f'<figure style="margin: 0"><img src="{uri}" alt="{text}" style="{look}">'
        f'<figcaption style="max-width: 20rem">{text}</figcaption></figure>'
        for text, uri in ((escape(caption), uri) for caption, uri in pictures)
    )
    grid = "display: grid; grid-template-columns: repeat(2, max-content)"
    style = f"{grid if pairs else 'display: flex; flex-wrap: wrap'}; gap: 1.25rem"
    return figures and f'<div style="{style}">{figures}</div>'
