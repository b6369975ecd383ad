"""What the claims about coding a block say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.coefficients import (
    EXACT_STEPS,
    MID_GREY,
    ODD_ABOUT_MID_GREY,
    ODD_ROUNDING,
    OFF_TIES,
    STEP_DIVIDES_4,
    STEP_DIVIDES_8,
    SYMMETRIC_TABLE,
    decoded_exactly,
    encrypted_exactly,
)
from etcprops.claims.checks.compression import WHOLE_BLOCKS, Image, blocks_of
from etcprops.claims.search import Statement, same
from etcprops.formats.quantization import standard_table, symmetrised
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey, Step
from etcprops.theory.cosine_transform import (
    HALF_LEVEL,
    SIDE,
    Quantizer,
    Rounding,
    away_from_zero,
    down,
    upwards,
)

AWAY: Final = "halves away from zero"
ROUNDINGS: Final[dict[str, Rounding]] = {
    AWAY: away_from_zero,
    "halves up": upwards,
    "down": down,
}


def _geometry(case: Case, side: int = SIDE) -> BlockGeometry:
    """Draw a grey geometry of few blocks, of sizes that JPEG's blocks tile."""
    rows, columns = (case.integer(name, 1, 2) for name in ("rows", "columns"))
    least = SIDE // np.gcd(side, SIDE)
    return BlockGeometry(rows * least * side, columns * least * side, block=side)


def _table(case: Case) -> NDArray[np.int64]:
    """Draw a table: the standard one of a quality, made symmetric if it must be."""
    table = standard_table(case.integer("quality", 30, 95))
    return symmetrised(table) if case.assumes(SYMMETRIC_TABLE) else table


def _rounding(case: Case, hypothesis: str) -> Rounding:
    """Draw a rounding, an odd one under a hypothesis."""
    others = ("down", "halves up")
    return ROUNDINGS[case.choose("rounding", (AWAY,) if case.assumes(hypothesis) else others)]


def _in_both_orders(case: Case, image: Image, key: EtCKey, quantizer: Quantizer) -> None:
    """Encrypt before and after a codec in exact arithmetic; compare before pixels are rounded."""
    first = decoded_exactly(case.encrypted(image, key), quantizer)
    last = encrypted_exactly(case.implementation, decoded_exactly(image, quantizer), key)
    same(first, last, "decoded numbers differ, before they are rounded to pixels")


def jpeg_block_transforms(case: Case) -> None:
    """Turn and mirror blocks before and after a codec in exact arithmetic."""
    key = case.key(_geometry(case), frozenset({Step.TRANSFORMS}))
    (image,) = case.images(key.geometry, 1)
    _in_both_orders(case, image, key, Quantizer(_table(case), _rounding(case, ODD_ROUNDING)))


def _sums(image: Image) -> NDArray[np.int64]:
    """Return eight times the DC coefficient of each block, shape (rows, columns)."""
    sums: NDArray[np.int64] = blocks_of(image).astype(np.int64).sum(axis=(2, 3))
    return sums - HALF_LEVEL * SIDE**2


def _tied(image: Image, step: int) -> NDArray[np.bool_]:
    """Tell of which blocks the DC coefficient is between -8 and 0, and on a half."""
    sums = _sums(image)
    tied: NDArray[np.bool_] = sums % (8 * step) == 4 * step
    tied &= (sums > -(SIDE**2)) & (sums < 0)
    return tied


def jpeg_negative_positive(case: Case) -> None:
    """Negate blocks before and after a codec in exact arithmetic."""
    key = case.key(_geometry(case), frozenset({Step.NEGATIVES}))
    (image,) = case.images(key.geometry, 1)
    divides = case.assumes(STEP_DIVIDES_8)
    step = case.choose("DC step", (1, 2, 4, 8) if divides else (16, 3, *range(5, 25)))
    table = np.full((SIDE, SIDE), case.integer("AC step", 1, 40))
    table[0, 0] = step
    if case.assumes(OFF_TIES):
        for row, column in np.argwhere(_tied(image, step)):
            pixel = image[row * SIDE, column * SIDE]
            image[row * SIDE, column * SIDE] = pixel - 1 if pixel else 1
    else:
        image[:] = HALF_LEVEL
        image[: SIDE // 2, :step] -= np.uint8(1)  # the sum is 4 steps below 128
    _in_both_orders(case, image, key, Quantizer(table, _rounding(case, ODD_ROUNDING)))


def exact_jpeg(case: Case) -> None:
    """Scramble, turn, mirror and negate blocks before and after the exact encoder's arithmetic."""
    side = case.choose("side of the blocks", (8, 16) if case.assumes(WHOLE_BLOCKS) else (4, 12))
    key = case.key(_geometry(case, side), EXACT_STEPS)
    (image,) = case.images(key.geometry, 1)
    table = _table(case)
    divides = case.assumes(STEP_DIVIDES_4)
    table[0, 0] = case.choose("DC step", (1, 2, 4) if divides else (8, 16, 3))
    rounding = _rounding(case, ODD_ABOUT_MID_GREY)
    _in_both_orders(case, image, key, Quantizer(table, rounding, MID_GREY))


COEFFICIENT_STATEMENTS: Final[dict[str, Statement]] = {
    "jpeg-block-transforms": jpeg_block_transforms,
    "jpeg-negative-positive": jpeg_negative_positive,
    "exact-jpeg": exact_jpeg,
}
"""By the name of the claim."""
