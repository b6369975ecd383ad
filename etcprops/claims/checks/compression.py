"""Claims about libjpeg and encrypted images, which EtC images are made for.

JPEG cuts an image into blocks of 8 x 8, and codes each alone and alike. Here is what libjpeg does
to pixels, measured; what commutes with coding a block is in `coefficients`.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.pictures import photograph
from etcprops.claims.references import CHUMAN_2019, KURIHARA_2015, WALLACE_1992
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.formats import libjpeg
from etcprops.formats.quantization import SIDE, exact_table
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import N_TRANSFORMS, EtCKey, Step

Image = NDArray[np.uint8]
Table = NDArray[np.int64]

WHOLE_BLOCKS = "the side of the blocks is a multiple of 8, as JPEG's blocks are 8 x 8"
NOT_SUBSAMPLED = "colour is not sub-sampled"
AS_THEY_ARE = "red, green and blue are stored as they are, not as YCbCr"
ONE_TABLE = "all components have one quantization table"

QUALITIES = (50, 75, 95)

WRITTEN_AS: tuple[dict[str, Any], ...] = (
    {},
    {"optimize": True},
    {"progressive": True},
    {"restart_marker_blocks": 1},
    {"restart_marker_rows": 1},
)
"""Ways to write the same coefficients."""

OPERATIONS = {
    "mirror up-down": ((6, 0),),
    "mirror left-right": ((4, 0),),
    "half turn": ((2, 0),),
    "the four that transpose": ((1, 0), (3, 0), (5, 0), (7, 0)),
    "negation": ((0, 1),),
    "negation with the others": tuple((code, 1) for code in range(1, N_TRANSFORMS)),
}
"""The 15 operations that do something to a block: codes of D4, and whether it is negated."""

MORE_BYTES, LESS_DECIBELS = 1.1, 0.1
"""What the encryption may cost."""


def jpeg_file(image: Image, quantization: int | Sequence[Table], **options: Any) -> bytes:
    """Return an image as a JPEG file by libjpeg; colour is not sub-sampled unless options say so.

    Parameters
    ----------
    image : ndarray of uint8, shape (H, W) or (H, W, 3)
    quantization : int or sequence of ndarray of int, shape (8, 8)
        A quality, or tables.
    **options
        Of Pillow's `Image.save`.
    """
    from PIL import Image as Picture

    file = BytesIO()
    if image.ndim == 3:
        options = {"subsampling": "4:4:4", **options}
    if isinstance(quantization, int):
        options["quality"] = quantization
    else:
        options["qtables"] = [table.ravel().tolist() for table in quantization]
    Picture.fromarray(image).save(file, "jpeg", **options)
    return file.getvalue()


def pixels_of(file: bytes) -> Image:
    """Return what libjpeg makes of a JPEG file."""
    from PIL import Image as Picture

    return np.asarray(Picture.open(BytesIO(file)))


def through_jpeg(image: Image, quantization: int | Sequence[Table], **options: Any) -> Image:
    """Compress an image, and return what is decompressed; parameters are those of `jpeg_file`."""
    return pixels_of(jpeg_file(image, quantization, **options))


def grey_photograph() -> Image:
    """Return a photograph in grey levels, 192 x 288."""
    from PIL import Image as Picture

    return np.asarray(Picture.fromarray(photograph()).convert("L"))


def blocks_of(image: NDArray[Any]) -> NDArray[Any]:
    """Cut a grey image into JPEG's blocks, shape (rows, columns, 8, 8)."""
    rows, columns = (size // SIDE for size in image.shape)
    return image.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2)


def difference(first: NDArray[Any], second: NDArray[Any], case: str) -> str:
    """Say in how many entries two arrays differ; nothing if in none."""
    different = np.count_nonzero(first != second)
    return f"{case}: {different} of {first.size} differ" if different else ""


def _in_both_orders(
    implementation: Implementation,
    image: Image,
    key: EtCKey,
    quantization: int | Sequence[Table],
    **options: Any,
) -> tuple[Image, Image]:
    """Return an image encrypted and then compressed, and compressed and then encrypted."""
    first = through_jpeg(implementation.encrypt(image, key), quantization, **options)
    return first, implementation.encrypt(through_jpeg(image, quantization, **options), key)


def check_scramble_through_libjpeg(implementation: Implementation) -> Observation:
    """Scramble a photograph before and after libjpeg, baseline, progressive, and with restarts."""
    for block, quality, written in product((8, 16, 32), QUALITIES, WRITTEN_AS):
        geometry = BlockGeometry(192, 288, channels=3, block=block)
        steps = frozenset({Step.PERMUTATION})
        key = EtCKey.from_secret(geometry, implementation.secret, steps=steps)
        sides = _in_both_orders(implementation, photograph(), key, quality, **written)
        if found := difference(*sides, f"quality {quality}, block {block}, {written}"):
            return Observation(False, found)
    return Observation(
        True, f"the same pixels: blocks 8, 16, 32, qualities {QUALITIES}, {len(WRITTEN_AS)} forms"
    )


def check_component_shuffle_through_libjpeg(implementation: Implementation) -> Observation:
    """Shuffle components and blocks of a photograph before and after libjpeg, without YCbCr."""
    geometry = BlockGeometry(192, 288, channels=3, block=8)
    steps = frozenset({Step.PERMUTATION, Step.COMPONENTS})
    key = EtCKey.from_secret(geometry, implementation.secret, steps=steps)
    for quality in QUALITIES:
        sides = _in_both_orders(implementation, photograph(), key, quality, keep_rgb=True)
        if found := difference(*sides, f"quality {quality}"):
            return Observation(False, found)
    return Observation(True, f"the same pixels: block 8, qualities {QUALITIES}")


def check_pixels_of_all_operations_through_libjpeg(implementation: Implementation) -> Observation:
    """Turn, mirror and negate all blocks of a photograph before and after libjpeg; count pixels."""
    image = grey_photograph()
    geometry = BlockGeometry(*image.shape, block=SIDE)
    table = exact_table(75)
    every = np.ones(geometry.n_blocks, dtype=np.int64)
    parts, differ, unexplained = [], False, 0
    for name, operations in OPERATIONS.items():
        shares = []
        for code, negated in operations:
            key = EtCKey(geometry, transforms=code * every, negatives=negated * every)
            first, last = _in_both_orders(implementation, image, key, [table])
            shares.append(float(np.mean(first != last)))
            modelled = blocks_of(implementation.encrypt(image, key))
            modelled = libjpeg.decoded(libjpeg.coded(modelled, table), table)
            unexplained += int(np.count_nonzero(modelled != blocks_of(first)))
        differ |= max(shares) > 0
        parts.append(f"{name} {100 * float(np.mean(shares)):.3g} %")
    detail = (
        f"symmetric table, DC step {table[0, 0]}; pixels that differ: {', '.join(parts)}; "
        f"libjpeg's integer transform, modelled, gives all but {unexplained} of its pixels"
    )
    return Observation(not differ, detail)


def _costs(implementation: Implementation, block: int) -> list[tuple[int, float, float]]:
    """Return for each quality what the encryption costs: the ratio of bytes, and decibels lost."""
    image = grey_photograph()
    geometry = BlockGeometry(*image.shape, block=block)
    key = EtCKey.from_secret(geometry, implementation.secret)
    found = []
    for quality in QUALITIES:
        plain = jpeg_file(image, quality, optimize=True)
        file = jpeg_file(implementation.encrypt(image, key), quality, optimize=True)
        errors = [
            np.mean((shown.astype(np.float64) - image) ** 2)
            for shown in (pixels_of(plain), implementation.decrypt(pixels_of(file), key))
        ]
        lost = 10 * np.log10(errors[1] / errors[0])
        found.append((quality, len(file) / len(plain), float(lost)))
    return found


def _cost(implementation: Implementation, blocks: tuple[int, ...]) -> Observation:
    """Observe whether the encryption costs no more than is claimed."""
    costs = {block: _costs(implementation, block) for block in blocks}
    dear = any(
        ratio > MORE_BYTES or lost > LESS_DECIBELS
        for found in costs.values()
        for _, ratio, lost in found
    )
    parts = [
        f"block {block}, quality {quality}: {ratio:.3f} of the bytes, {lost:+.2f} dB lost"
        for block, found in costs.items()
        for quality, ratio, lost in found
    ]
    return Observation(not dear, "; ".join(parts))


def check_size_of_a_photograph(implementation: Implementation) -> Observation:
    """Compress a photograph plain and encrypted, and compare bytes and signal-to-noise ratios."""
    return _cost(implementation, (8, 16, 32))


def check_size_of_a_photograph_off_the_grid(implementation: Implementation) -> Observation:
    """Do the same with blocks of 12 x 12, which JPEG's blocks of 8 x 8 do not tile."""
    return _cost(implementation, (12,))


COMPRESSION_CLAIMS = (
    Claim(
        "jpeg-block-permutation",
        "Compressing a scrambled image by JPEG and scrambling a compressed one give the same "
        "pixels.",
        "not in the paper, whose images were 'proposed for EtC systems with JPEG compression' "
        "(section 1)",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ANY_THREADS,
        hypotheses=(WHOLE_BLOCKS, NOT_SUBSAMPLED),
        checks=(Check(check_scramble_through_libjpeg, EvidenceKind.END_TO_END),),
        note="Of any codec that codes blocks alone and alike, at any quality, progressive or not, "
        "with restarts or without. With sub-sampled colour and blocks of 16 coefficients are the "
        "same as well, but decoders interpolate across blocks.",
        references=(KURIHARA_2015, WALLACE_1992),
    ),
    Claim(
        "jpeg-component-shuffle",
        "Compressing an image by JPEG before and after its colour components are shuffled gives "
        "the same pixels.",
        "not in the paper; the colour schemes of EtC images shuffle red, green and blue",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ANY_THREADS,
        hypotheses=(AS_THEY_ARE, ONE_TABLE),
        checks=(Check(check_component_shuffle_through_libjpeg, EvidenceKind.END_TO_END),),
        note="JPEG files usually hold YCbCr, which is no set of three equals: their luminance is "
        "0.299 R + 0.587 G + 0.114 B. The grayscale-based scheme shuffles nothing.",
        references=(KURIHARA_2015, CHUMAN_2019),
    ),
    Claim(
        "jpeg-pixels",
        "With a symmetric table and a DC step that divides 4, libjpeg gives the same pixels "
        "whether blocks are rotated, inverted or negated before or after.",
        "not in the paper",
        Outcome.FAILS,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ANY_THREADS,
        checks=(
            Check(
                check_pixels_of_all_operations_through_libjpeg,
                EvidenceKind.END_TO_END,
                refutes=True,
            ),
        ),
        note="It is true of coefficients in exact arithmetic: see the next three claims. libjpeg "
        "computes with integers of few bits and rounds halves up, in encoder and decoder, rows and "
        "columns one after the other. A DC step of 4 makes flat blocks of half levels, one of 8 "
        "does not; but no rounding of pixels commutes with negation, as 127.5 is its own negative.",
        references=(WALLACE_1992,),
    ),
    Claim(
        "jpeg-size",
        "Encrypted grey photographs can be compressed: at one quality they take at most a tenth "
        "more bytes as JPEG files, and lose at most a tenth of a decibel more.",
        "section 1: 'proposed for EtC systems with JPEG compression'",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.MEASURED,
        hypotheses=(WHOLE_BLOCKS,),
        checks=(
            Check(check_size_of_a_photograph, EvidenceKind.END_TO_END),
            Check(
                check_size_of_a_photograph_off_the_grid,
                EvidenceKind.REFUTATION,
                without=WHOLE_BLOCKS,
            ),
        ),
        note="What is lost are the differences between DC coefficients of neighbours, by which "
        "JPEG codes them; nothing inside the blocks. The larger the blocks the less.",
        references=(KURIHARA_2015, CHUMAN_2019),
    ),
)
