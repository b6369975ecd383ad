"""Small PNG pictures for the report: counterexamples, the steps, and the matrices' patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.sparse import eye_array

from etcprops._pictures import enlarge, framed
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import STEP_NAMES, EtCKey, Step
from etcprops.scheme.matrices import encryption_matrix, step_matrices
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TILE = 44
LARGEST_TILED = 12
POSITIVE, NEGATIVE = (38, 84, 124), (214, 73, 51)


def drawn(values: NDArray[Any], mark: tuple[int, int] | None = None) -> Image.Image | None:
    """Draw an exhibit: a few numbers as tiles, a picture as it is, enlarged.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        As for `tiles`.
    mark : tuple of int, optional
        Row and column of what to frame.

    Returns
    -------
    PIL.Image.Image or None
        None for long rows of numbers, of which a picture would show nothing.
    """
    if max(values.shape) <= LARGEST_TILED:
        picture = tiles(values)
        return picture if mark is None else framed(picture, mark[0] * TILE, mark[1] * TILE, TILE)
    if values.dtype != np.uint8 or min(values.shape) <= LARGEST_TILED:
        return None
    return enlarge(values, mark)


def tiles(values: NDArray[Any]) -> Image.Image:
    """Draw a small array as tiles with their numbers.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        uint8 is drawn as grey levels; other numbers on a scale from their least to their greatest.

    Returns
    -------
    PIL.Image.Image
    """
    array = np.atleast_2d(values)
    shades = array.astype(np.float64)
    if array.dtype != np.uint8:
        spread = float(np.ptp(shades)) or 1.0
        shades = 255 * (shades - shades.min()) / spread
    rows, columns = array.shape
    picture = Image.new("L", (columns * TILE + 1, rows * TILE + 1), 128)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    for (i, j), shade in np.ndenumerate(shades):
        corner = (j * TILE, i * TILE)
        draw.rectangle((corner, (corner[0] + TILE, corner[1] + TILE)), int(shade), 128)
        ink = 0 if shade > 110 else 255
        middle = (corner[0] + TILE / 2, corner[1] + TILE / 2)
        draw.text(middle, f"{array[i, j]:.4g}", ink, font, anchor="mm")
    return picture


def pattern(matrix: csr_array, size: int = 192) -> Image.Image:
    """Draw where a sparse matrix of -1, 0 and +1 has entries: blue +1, red -1.

    Parameters
    ----------
    matrix : csr_array, shape (n, n)
        The matrix.
    size : int, default=192
        Side of the picture; a pixel stands for several entries where n is larger.

    Returns
    -------
    PIL.Image.Image
    """
    coordinates = matrix.tocoo()
    n = matrix.shape[0]
    canvas = np.full((size, size, 3), 255, dtype=np.uint8)
    row, column = (np.asarray(c) * size // n for c in coordinates.coords)
    span = max(1, size // n)
    for down in range(span):
        for right in range(span):
            negative = coordinates.data < 0
            canvas[row[~negative] + down, column[~negative] + right] = POSITIVE
            canvas[row[negative] + down, column[negative] + right] = NEGATIVE
    return Image.fromarray(canvas)


def photograph(shape: tuple[int, int] = (192, 288)) -> NDArray[np.uint8]:
    """Return a photograph of scikit-learn's samples (no people), cut to a size.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    from sklearn.datasets import load_sample_image

    picture = np.asarray(load_sample_image("china.jpg"), dtype=np.uint8)[30:414:2, 20:596:2]
    return np.ascontiguousarray(picture[: shape[0], : shape[1]])


def example_key() -> EtCKey:
    """Return a key of four blocks of which no step leaves any block as it is, but for two signs."""
    return EtCKey(
        BlockGeometry(4, 4, channels=3, block=2),
        permutation=np.array([2, 0, 3, 1]),
        transforms=np.array([1, 6, 3, 4]),
        negatives=np.array([True, False, False, True]),
        components=np.array([3, 1, 5, 4]),
    )


def step_pictures(block: int = 16) -> list[tuple[str, Image.Image, Image.Image]]:
    """Return what each step makes of a photograph, and the pattern of its matrix.

    Returns
    -------
    list of (str, PIL.Image.Image, PIL.Image.Image)
        The name, the photograph after this and all steps before it, and the matrix of this step
        alone on a small image; first without any step, last the product of all.
    """
    plain = photograph()
    geometry = BlockGeometry(*plain.shape[:2], channels=3, block=block)
    small = example_key()
    result = [("the photograph", Image.fromarray(plain), pattern(eye_array(48, format="csr")))]
    steps: set[Step] = set()
    for step, matrix in step_matrices(small).items():
        steps.add(step)
        key = EtCKey.from_secret(geometry, "pictures", steps=steps)
        picture = Image.fromarray(encrypt(plain, key))
        result.append((f"{len(steps)}. {STEP_NAMES[step]}", picture, pattern(matrix)))
    return [*result, ("all steps", picture, pattern(encryption_matrix(small)))]
