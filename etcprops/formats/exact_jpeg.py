"""JPEG files with which every encryption commutes, bit by bit.

The file of an encrypted picture has the encrypted coefficients of the plain one, whatever the key:
tables are symmetric, the DC step of Y divides 4, the transform is exact and its rounding odd. Any
decoder reads the files. Reading and writing coefficients is jpeglib's work (extra ``formats``).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_choice, as_iterator, describe, reject
from etcprops.formats import _jpeg_files
from etcprops.formats.coefficients import JpegCoefficients
from etcprops.formats.quantization import DC_STEPS, SIDE, as_table, exact_table
from etcprops.formats.rounded_dct import CHUNK, round_in_place, rounded_dct
from etcprops.scheme._pixels_given import Pixels, as_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SAMPLINGS: Final = {"4:4:4": SIDE, "4:2:0": 2 * SIDE}
"""How colour is coded, with the sizes that pictures and blocks must be multiples of."""


def encode_jpeg_exactly(
    image: Pixels,
    *,
    quality: int = 75,
    sampling: str = "4:4:4",
    tables: Sequence[ArrayLike] | None = None,
) -> bytes:
    r"""Return a picture as a JPEG file that commutes with encryption.

    Parameters
    ----------
    image : array_like of uint8, shape (H, W) or (H, W, 3)
        Grey or RGB, images of Pillow as `encrypt` takes them; sizes are multiples of 8, or of 16
        for 4:2:0.
    quality : int, default=75
        From 1 to 100: which `exact_table` to use.
    sampling : {"4:4:4", "4:2:0"}, default="4:4:4"
        Of colour. For 4:2:0 each four pixels of Cb and Cr are averaged.
    tables : sequence of array_like of int, optional
        Other tables, one in grey, two in colour: symmetric, the first with a DC step of 1, 2 or 4.

    Returns
    -------
    bytes
        A baseline JPEG file with Huffman codes made for it.

    Raises
    ------
    InvalidParameterError
        If the picture is no such array, or a table would not commute.
    ModuleNotFoundError
        Without the extra ``formats``.

    Notes
    -----
    For each key whose blocks are a multiple of 8 (16 for 4:2:0) and which has no component shuffle,
    ``read_coefficients(encode_jpeg_exactly(encrypt(image, key)))`` is
    ``encrypt_coefficients(read_coefficients(encode_jpeg_exactly(image)), key)``. Colours are
    turned into Y, Cb and Cr as fractions, not rounded to bytes: negation is then exact in them too.
    A decoder's rounding comes after, and is its own: no decoder to bytes can keep negation exactly,
    as the coefficients of mid-grey are their own negative and no byte is. So decrypt coefficients.

    Examples
    --------
    >>> image = np.full((8, 16), 200, np.uint8)
    >>> encode_jpeg_exactly(image, quality=90)[:3]
    b'\xff\xd8\xff'
    """
    caller = "encode_jpeg_exactly"
    return write_coefficients(_coded(image, quality, sampling, tables, caller=caller))


def code_exactly(
    image: Pixels,
    *,
    quality: int = 75,
    sampling: str = "4:4:4",
    tables: Sequence[ArrayLike] | None = None,
) -> JpegCoefficients:
    """Return the coefficients that `encode_jpeg_exactly` writes; needs no extra.

    Parameters, errors and notes are those of `encode_jpeg_exactly`.

    Examples
    --------
    >>> code_exactly(np.full((8, 8), 200, np.uint8)).planes[0][0, 0, 0]
    array([144,   0,   0,   0,   0,   0,   0,   0], dtype=int16)
    """
    return _coded(image, quality, sampling, tables, caller="code_exactly")


def _coded(
    picture: Pixels,
    quality: int,
    sampling: str,
    tables: Sequence[ArrayLike] | None,
    *,
    caller: str,
) -> JpegCoefficients:
    """Return coefficients as `code_exactly` for whoever was called."""
    side = SAMPLINGS[as_choice(sampling, SAMPLINGS, "sampling", caller)]
    image = _as_image(picture, side, caller)
    colour = image.ndim == 3
    steps = _tables(quality, tables, caller, colour=colour)
    rows, columns = image.shape[0] // SIDE, image.shape[1] // SIDE
    shapes = [(rows, columns), *[(rows * SIDE // side, columns * SIDE // side)] * (2 * colour)]
    planes = [np.empty((*shape, SIDE, SIDE), dtype=np.int16) for shape in shapes]
    for top, strip in _strips(image, side):
        for plane, levels in zip(planes, _coded_strip(strip, side, steps), strict=True):
            start = top * len(plane) // image.shape[0]
            plane[start : start + len(levels)] = levels
    planes[0][..., 0, 0] -= DC_STEPS[0] // steps[0][0, 0]  # from 127.5 to 128
    return JpegCoefficients.trusted(planes, steps)


def code_blocks(blocks: NDArray[np.uint8], table: ArrayLike) -> NDArray[np.int16]:
    """Return the quantized coefficients of single grey blocks, as `code_exactly` codes them.

    Parameters
    ----------
    blocks : ndarray of uint8, shape (..., 8, 8)
    table : array_like of int, shape (8, 8)
        Symmetric, with a DC step of 1, 2 or 4.

    Returns
    -------
    ndarray of int16, shape (..., 8, 8)

    Raises
    ------
    InvalidParameterError
        If the blocks are no such array, or the table would not commute.

    Examples
    --------
    >>> code_blocks(np.full((8, 8), 129, np.uint8), np.full((8, 8), 4))[0, :2]
    array([2, 0], dtype=int16)
    """
    caller = "code_blocks"
    (steps,) = _tables(1, [table], caller, colour=False)
    if not isinstance(blocks, np.ndarray) or blocks.dtype != np.uint8:
        reject("blocks", caller, "be an array of uint8 and shape (..., 8, 8)", describe(blocks))
    levels = rounded_dct(2 * blocks.astype(np.int16) - 255, 2, steps)
    levels[..., 0, 0] -= DC_STEPS[0] // steps[0, 0]  # from 127.5 to 128
    return levels


def read_coefficients(source: bytes | str | Path) -> JpegCoefficients:
    """Return the coefficients of a JPEG file as they are.

    Parameters
    ----------
    source : bytes, str or Path
        The file, or where it is: grey or YCbCr (4:4:4, 4:2:0), 8 bits, sizes a multiple of 8, or
        of 16 for 4:2:0; from any encoder.

    Returns
    -------
    JpegCoefficients

    Raises
    ------
    InvalidParameterError
        If it is no whole JPEG file, or one of another kind.
    FileNotFoundError
        If there is no such file.
    ModuleNotFoundError
        Without the extra ``formats``.

    Examples
    --------
    >>> image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    >>> read_coefficients(encode_jpeg_exactly(image)) == code_exactly(image)
    True
    """
    return JpegCoefficients.trusted(*_jpeg_files.read(source, "read_coefficients"))


def write_coefficients(coefficients: JpegCoefficients) -> bytes:
    """Return a JPEG file with coefficients as they are.

    Parameters
    ----------
    coefficients : JpegCoefficients
        Those of a plain or of an encrypted picture.

    Returns
    -------
    bytes
        A baseline JPEG file with Huffman codes made for it; the same for the same coefficients.

    Raises
    ------
    InvalidParameterError
        If they are none, or too large for a baseline file: 1023, or 2047 between two DCs.
    ModuleNotFoundError
        Without the extra ``formats``.
    """
    caller = "write_coefficients"
    if not isinstance(coefficients, JpegCoefficients):
        reject("coefficients", caller, "be JpegCoefficients", describe(coefficients))
    return _jpeg_files.write(coefficients.planes, coefficients.tables, caller)


def coefficient_rows(sources: Iterable[bytes | str | Path | JpegCoefficients]) -> NDArray[np.int32]:
    """Return JPEG files as rows of features on which encryption is a signed permutation.

    Parameters
    ----------
    sources : iterable of bytes, str, Path or JpegCoefficients
        Files of one size, sampling and tables, plain or encrypted.

    Returns
    -------
    ndarray of int32, shape (n_files, n_features)
        `JpegCoefficients.row` of each: integers, so that the exact z-scores and kernels of this
        package are the same bits for plain and for encrypted files.

    Raises
    ------
    InvalidParameterError
        As `read_coefficients`; and if there is no file, or they differ in size or tables.
    FileNotFoundError, ModuleNotFoundError
        As `read_coefficients`.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey, encrypt, exact_gram
    >>> images = np.arange(128, dtype=np.uint8).reshape(2, 8, 8)
    >>> key = EtCKey.from_secret(BlockGeometry(8, 8), "an example")
    >>> plain, encrypted = (
    ...     coefficient_rows(encode_jpeg_exactly(image) for image in batch)
    ...     for batch in (images, encrypt(images, key))
    ... )
    >>> np.array_equal(plain @ plain.T, encrypted @ encrypted.T)
    True
    """
    caller = "coefficient_rows"
    rows = []
    kind: tuple[Any, ...] | None = None
    for source in as_iterator(sources, "sources", caller, "be an iterable of files"):
        coded = source if isinstance(source, JpegCoefficients) else read_coefficients(source)
        found = (*(p.shape for p in coded.planes), *(t.tobytes() for t in coded.tables))
        if kind not in {None, found}:
            reject("sources", caller, "have one size, sampling and tables", f"{coded!r} too.")
        kind = found
        rows.append(coded.row())
    if not rows:
        reject("sources", caller, "hold at least one file", "none.")
    return np.stack(rows)


def _as_image(value: Pixels, side: int, caller: str) -> NDArray[np.uint8]:
    """Return a picture whose sizes `side` divides; refuse anything else."""
    wanted = "be an array of uint8 and shape (H, W) or (H, W, 3)"
    image = as_pixels(value, "image", caller, wanted)
    if image.dtype != np.uint8 or not image.size:
        reject("image", caller, wanted, describe(image))
    if image.ndim != 2 and image.shape[2:] != (3,):
        reject("image", caller, wanted, describe(image))
    if image.shape[0] % side or image.shape[1] % side:
        reject("image", caller, f"have sizes that are multiples of {side}", describe(image))
    return image


def _tables(
    quality: int, tables: Sequence[ArrayLike] | None, caller: str, *, colour: bool
) -> list[NDArray[np.int64]]:
    """Return the table of each plane; those that would not commute are refused."""
    if tables is None:
        kinds = ["luminance", "chrominance", "chrominance"] if colour else ["luminance"]
        return [exact_table(quality, kind) for kind in kinds]
    given = as_iterator(tables, "tables", caller, f"be {1 + colour}")
    steps = [as_table(table, "tables", caller) for table in given]
    if len(steps) != 1 + colour:
        reject("tables", caller, f"be {1 + colour}", f"{len(steps)}.")
    if steps[0][0, 0] not in DC_STEPS:
        reject("tables", caller, "begin with a DC step of 1, 2 or 4", f"{steps[0][0, 0]}.")
    if any(not np.array_equal(table, table.T) for table in steps):
        reject("tables", caller, "be symmetric", "one that is not.")
    return [steps[0], *[steps[-1]] * (2 * colour)]


def _strips(image: NDArray[np.uint8], side: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Cut a picture into strips of whole blocks, some `CHUNK` blocks each, with where they are."""
    rows = side * max(1, CHUNK * SIDE * SIDE // (image.shape[1] * side))
    for top in range(0, image.shape[0], rows):
        yield top, image[top : top + rows]


def _coded_strip(
    image: NDArray[np.uint8], side: int, tables: list[NDArray[np.int64]]
) -> list[NDArray[np.int16]]:
    """Return the coefficients of each plane, less its middle."""
    planes = []
    for (numerators, denominator), table in zip(_fractions(image, side), tables, strict=True):
        rows, columns, *_ = numerators.shape
        flat = numerators.reshape(rows * columns, SIDE * SIDE)
        levels = round_in_place(flat, denominator * table.ravel())
        planes.append(levels.reshape(rows, columns, SIDE, SIDE))
    return planes


def _fractions(image: NDArray[np.uint8], side: int) -> list[tuple[NDArray[np.float32], int]]:
    """Return blocks of the planes less their middle, as integers and what they are over.

    The integers are below 2^24, so single precision holds them and their sums.
    """
    if image.ndim == 2:
        grey = _blocks(image)
        grey *= 2
        grey -= 255
        return [(grey, 2)]
    red, green, blue = (_blocks(image[..., component]) for component in range(3))
    luminance = 299 * red + 587 * green + 114 * blue
    red *= 1000
    red -= luminance
    blue *= 1000
    blue -= luminance
    luminance *= 2
    luminance -= 255000
    if side == SIDE:
        return [(luminance, 2000), (blue, 1772), (red, 1402)]
    return [(luminance, 2000), (_averaged(blue), 4 * 1772), (_averaged(red), 4 * 1402)]


def _blocks(plane: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Cut a plane into blocks, shape (rows, columns, 8, 8)."""
    rows, columns = (size // SIDE for size in plane.shape)
    tiles = plane.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2)
    return tiles.astype(np.float32, order="C")


def _averaged(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return four times the averages of 2 x 2 pixels, as blocks again."""
    rows, columns, half = blocks.shape[0] // 2, blocks.shape[1] // 2, SIDE // 2
    pairs = blocks.reshape(rows, 2, columns, 2, half, 2, half, 2)
    sums = pairs.sum(axis=(5, 7)).transpose(0, 2, 1, 4, 3, 5)
    return np.ascontiguousarray(sums).reshape(rows, columns, SIDE, SIDE)
