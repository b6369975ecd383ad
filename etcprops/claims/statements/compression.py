"""What the claims about compression say of a case."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.compression import BLOCKS_ALONE, NOT_SUBSAMPLED, WHOLE_BLOCKS
from etcprops.claims.search import Statement, same
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import ALL, Step

FULL, HALVED = "4:4:4", "4:2:0"


def _through_jpeg(image: NDArray[np.uint8], quality: int, sampling: str) -> NDArray[np.uint8]:
    """Compress an image, and return what is decompressed."""
    from PIL import Image

    file = BytesIO()
    options = {"subsampling": sampling} if image.ndim == 3 else {}
    Image.fromarray(image).save(file, "jpeg", quality=quality, **options)
    return np.asarray(Image.open(file))


def jpeg(case: Case) -> None:
    """Encrypt, then compress and decompress; and the other way round."""
    side = case.choose("side of the blocks", (8, 16) if case.assumes(WHOLE_BLOCKS) else (4,))
    rows, columns = (case.integer(name, 1, 3) for name in ("rows", "columns"))
    halved = not case.assumes(NOT_SUBSAMPLED)
    channels = 3 if halved else case.choose("channels", (1, 3))
    geometry = BlockGeometry(rows * side, columns * side, channels=channels, block=side)
    steps = frozenset({Step.PERMUTATION}) if case.assumes(BLOCKS_ALONE) else ALL
    key = case.key(geometry, steps)
    (image,) = case.images(geometry, 1)
    quality, sampling = case.integer("quality", 30, 95), HALVED if halved else FULL
    first = _through_jpeg(case.encrypted(image, key), quality, sampling)
    last = case.encrypted(_through_jpeg(image, quality, sampling), key)
    same(first, last, "decompressed pixels differ")


COMPRESSION_STATEMENTS: Final[dict[str, Statement]] = {"jpeg": jpeg}
"""By the name of the claim."""
