"""A million blocks through libjpeg and its model, and through exact coding under 16 operations.

No test, since it takes minutes: ``PYTHONPATH=tests python tests/formats/million_blocks.py``. It
needs the extra ``formats``, and prints what it counts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

import numpy as np
from jpegs import (
    TABLES,
    all_blocks,
    blocks_of_all_kinds,
    by_pillow,
    cut,
    decoded_by_pillow,
    grey,
    joined,
    photographs,
)
from numpy.typing import NDArray

from etcprops import (
    BlockGeometry,
    EtCKey,
    encrypt,
    encrypt_coefficients,
    read_coefficients,
)
from etcprops.formats import libjpeg
from etcprops.formats.commutation import OPERATIONS, mismatches
from etcprops.formats.exact_jpeg import code_blocks, code_exactly
from etcprops.formats.quantization import exact_table

COLUMNS = 64
QUALITIES = (50, 75, 90, 100)


def portions(count: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield some `count` blocks: half from photographs cut at every offset, half made up."""
    pictures = [grey(image) for image in photographs().values()]
    total = 0
    for top, left in np.ndindex(8, 8):
        offset = [picture[top : top - 8, left : left - 8] for picture in pictures]
        blocks = all_blocks(offset)
        blocks = blocks[: len(blocks) // COLUMNS * COLUMNS]
        total += len(blocks)
        yield "photographs", blocks
        if 2 * total >= count:
            break
    each = -(-(count - total) // (16 * 7 * COLUMNS)) * COLUMNS
    for seed in range(16):
        yield from blocks_of_all_kinds(each, seed=seed)


def compare_with_libjpeg(count: int) -> None:
    """Count coefficients and pixels that the model has otherwise than the library."""
    tables = list(TABLES.values())
    blocks = coefficients = pixels = 0
    for number, (_, portion) in enumerate(portions(count)):
        table = tables[number % len(tables)]
        file = by_pillow(joined(portion, COLUMNS), table)
        levels = read_coefficients(file).planes[0].reshape(-1, 8, 8)
        theirs = cut(decoded_by_pillow(file)).reshape(-1, 8, 8)
        blocks += len(portion)
        coefficients += int((libjpeg.coded(portion, table) != levels).sum())
        pixels += int((libjpeg.decoded(levels, table) != theirs).sum())
    print(f"{blocks} blocks: {coefficients} coefficients, {pixels} pixels differ from libjpeg's")  # noqa: T201


def count_mismatches(count: int) -> None:
    """Count blocks and operations for which exact coding does not commute."""
    blocks, found = 0, np.zeros(len(OPERATIONS), dtype=np.int64)
    for number, (_, portion) in enumerate(portions(count)):
        table = exact_table(QUALITIES[number % len(QUALITIES)])
        found += mismatches(partial(code_blocks, table=table), portion, table)
        blocks += len(portion)
    print(f"{blocks} blocks x {len(OPERATIONS)} operations: {found.sum()} mismatches")  # noqa: T201


def count_mismatches_in_colour(count: int) -> None:
    """Count coded blocks that differ where photographs in colour are encrypted by random keys."""
    blocks = found = 0
    for number, (top, left) in enumerate(np.ndindex(8, 8)):
        for name, image in photographs().items():
            sampling, side = (("4:4:4", 8), ("4:2:0", 16))[number % 2]
            cropped = np.ascontiguousarray(image[top : top - 16, left : left - 16])
            geometry = BlockGeometry(*cropped.shape[:2], channels=3, block=side)
            steps = ("permutation", "transforms", "negatives")
            key = EtCKey.from_secret(geometry, f"{number} {name}", steps=steps)
            quality = QUALITIES[number // 2 % len(QUALITIES)]
            code = partial(code_exactly, quality=quality, sampling=sampling)
            coded = code(encrypt(cropped, key))
            wanted = encrypt_coefficients(code(cropped), key)
            for theirs, ours in zip(coded.planes, wanted.planes, strict=True):
                found += int((theirs != ours).any(axis=(2, 3)).sum())
                blocks += ours.shape[0] * ours.shape[1]
        if blocks >= count:
            break
    print(f"{blocks} blocks of Y, Cb and Cr: {found} mismatches")  # noqa: T201


if __name__ == "__main__":
    number = int(sys.argv[1]) if sys.argv[1:] else 10**6
    compare_with_libjpeg(number)
    count_mismatches(number)
    count_mismatches_in_colour(number)
