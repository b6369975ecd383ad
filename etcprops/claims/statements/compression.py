"""What the claims about libjpeg say of a case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from etcprops.claims.case import Case
from etcprops.claims.checks.compression import (
    AS_THEY_ARE,
    NOT_SUBSAMPLED,
    ONE_TABLE,
    WHOLE_BLOCKS,
    WRITTEN_AS,
    Table,
    through_jpeg,
)
from etcprops.claims.search import Statement, same
from etcprops.formats.quantization import exact_table, standard_table
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey, Step


def _geometry(case: Case, side: int, channels: int) -> BlockGeometry:
    """Draw a geometry of few blocks."""
    rows, columns = (case.integer(name, 1, 3) for name in ("rows", "columns"))
    return BlockGeometry(rows * side, columns * side, channels=channels, block=side)


def _in_both_orders(
    case: Case, key: EtCKey, quantization: int | Sequence[Table], **options: Any
) -> None:
    """Encrypt, then compress and decompress; and the other way round."""
    (image,) = case.images(key.geometry, 1)
    first = through_jpeg(case.encrypted(image, key), quantization, **options)
    last = case.encrypted(through_jpeg(image, quantization, **options), key)
    same(first, last, "decompressed pixels differ")


def jpeg_block_permutation(case: Case) -> None:
    """Scramble an image of few blocks before and after libjpeg, however the file is written."""
    side = case.choose("side of the blocks", (8, 16) if case.assumes(WHOLE_BLOCKS) else (4, 12))
    halved = not case.assumes(NOT_SUBSAMPLED)
    channels = 3 if halved else case.choose("channels", (1, 3))
    key = case.key(_geometry(case, side, channels), frozenset({Step.PERMUTATION}))
    written = WRITTEN_AS[case.integer("form of the file", 0, len(WRITTEN_AS) - 1)]
    sampling = {"subsampling": "4:2:0"} if halved else {}
    _in_both_orders(case, key, case.integer("quality", 30, 95), **written, **sampling)


def jpeg_component_shuffle(case: Case) -> None:
    """Shuffle components and blocks before and after libjpeg."""
    key = case.key(_geometry(case, 8, 3), frozenset({Step.PERMUTATION, Step.COMPONENTS}))
    quality = case.integer("quality", 30, 95)
    kinds = ("luminance",) if case.assumes(ONE_TABLE) else ("luminance", "chrominance")
    tables = [standard_table(quality, kind) for kind in kinds]
    _in_both_orders(case, key, tables, keep_rgb=case.assumes(AS_THEY_ARE))


def jpeg_pixels(case: Case) -> None:
    """Turn, mirror and negate blocks before and after libjpeg, with a table that would commute."""
    key = case.key(_geometry(case, 8, 1), frozenset({Step.TRANSFORMS, Step.NEGATIVES}))
    _in_both_orders(case, key, [exact_table(case.integer("quality", 30, 95))])


COMPRESSION_STATEMENTS: Final[dict[str, Statement]] = {
    "jpeg-block-permutation": jpeg_block_permutation,
    "jpeg-component-shuffle": jpeg_component_shuffle,
    "jpeg-pixels": jpeg_pixels,
}
"""By the name of the claim."""
