"""Blocks on which coders are tried, photographs, and files by Pillow's libjpeg."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from etcprops.formats.quantization import exact_table, standard_table, symmetrised

TABLES = {
    f"{name} {quality}": make(quality)
    for quality in (50, 75, 86, 95, 100)
    for name, make in (
        ("standard", standard_table),
        ("symmetrised", lambda quality: symmetrised(standard_table(quality))),
        ("exact", exact_table),
    )
}


def blocks_of_all_kinds(count: int, seed: int = 0) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield kinds of blocks with their names, `count` of each."""
    rng = np.random.default_rng(seed)
    shape = (count, 8, 8)
    yield "noise", rng.integers(0, 256, shape, dtype=np.uint8)
    yield "black and white", rng.choice(np.array([0, 255], dtype=np.uint8), shape)
    yield "around the middle", rng.choice(np.array([127, 128], dtype=np.uint8), shape)
    ends = rng.choice([10, 245], (count, 1, 1)) + rng.integers(-30, 31, shape)
    yield "near black or white", np.clip(ends, 0, 255).astype(np.uint8)
    yield (
        "faint",
        rng.integers(0, 256, (count, 1, 1), dtype=np.uint8)
        ^ rng.integers(0, 4, shape, dtype=np.uint8),
    )
    slopes = rng.integers(-300, 301, (2, count, 1, 1)) / 10
    side = np.arange(8) - 3.5
    ramps = 128 + slopes[0] * side[:, None] + slopes[1] * side
    yield "ramps", np.clip(ramps, 0, 255).astype(np.uint8)
    # Their negatives are what half a turn makes of them.
    half = rng.integers(0, 256, (count, 4, 8), dtype=np.uint8)
    yield "self-negative", np.concatenate([half, 255 - half[:, ::-1, ::-1]], axis=1)


def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return the two photographs that scikit-learn brings along, in colour, cut to 16 pixels."""
    from sklearn.datasets import load_sample_images

    bunch = load_sample_images()
    names = (name.split(".")[0] for name in ("china.jpg", "flower.jpg"))
    return {
        name: np.ascontiguousarray(image[: image.shape[0] // 16 * 16])
        for name, image in zip(names, bunch.images, strict=True)
    }


def grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a colour image in grey, as Pillow makes it."""
    return np.asarray(Image.fromarray(image).convert("L"))


def by_pillow(image: NDArray[np.uint8], *tables: Any, **options: Any) -> bytes:
    """Return a JPEG file with given tables."""
    file = io.BytesIO()
    lists = [np.asarray(table).ravel().tolist() for table in tables]
    Image.fromarray(image).save(file, "JPEG", qtables=lists or None, **options)
    return file.getvalue()


def decoded_by_pillow(file: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a file."""
    return np.asarray(Image.open(io.BytesIO(file)))


def through_jpeg(images: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Compress and decompress every image with Pillow."""
    return np.stack([decoded_by_pillow(by_pillow(image, quality=quality)) for image in images])


def cut(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut a plane into blocks, shape (block rows, block columns, 8, 8)."""
    rows, columns = (size // 8 for size in plane.shape)
    return np.ascontiguousarray(plane.reshape(rows, 8, columns, 8).swapaxes(1, 2))


def joined(blocks: NDArray[Any], columns: int) -> NDArray[Any]:
    """Put blocks, in raster order, together into a plane of so many block columns."""
    tiles = blocks.reshape(-1, columns, 8, 8)
    return np.ascontiguousarray(tiles.swapaxes(1, 2).reshape(-1, 8 * columns))


def all_blocks(images: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return the blocks of grey images, shape (n, 8, 8)."""
    return np.concatenate([cut(image).reshape(-1, 8, 8) for image in images])
