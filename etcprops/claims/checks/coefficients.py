"""Claims about coding a block: which steps commute with JPEG's transform and quantization.

Compressing and encrypting are exchanged in exact arithmetic, with pixels decoded but not yet
rounded: numbers that are polynomials in a cosine. What libjpeg's arithmetic adds to it is in
`compression`.
"""

from __future__ import annotations

import numpy as np

from etcprops.claims.checks.compression import (
    QUALITIES,
    WHOLE_BLOCKS,
    Image,
    blocks_of,
    difference,
    grey_photograph,
)
from etcprops.claims.checks.steps import observe
from etcprops.claims.implementation import Implementation
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.pictures import photograph
from etcprops.claims.references import AHMED_1974, WALLACE_1992
from etcprops.claims.terms import EvidenceKind, Needs, Outcome, PaperSays, Scope
from etcprops.formats.coefficients import encrypt_coefficients
from etcprops.formats.exact_jpeg import (
    code_exactly,
    encode_jpeg_exactly,
    read_coefficients,
    write_coefficients,
)
from etcprops.formats.quantization import standard_table, symmetrised
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey, Step
from etcprops.theory.cosine_transform import (
    HALF_LEVEL,
    ONE_BLOCK,
    SCALE,
    SIDE,
    Integers,
    Quantizer,
    quantized,
    reconstructed,
    upwards,
)

SYMMETRIC_TABLE = "the quantization table is symmetric, where a code exchanges rows and columns"
ODD_ROUNDING = "rounding is odd: halves go away from zero, as in JPEG's encoders"
STEP_DIVIDES_8 = "the step of the DC coefficient divides 8"
OFF_TIES = "the DC coefficient is not between -8 and 0 and half-way between two levels"
STEP_DIVIDES_4 = "the step of the DC coefficient divides 4"
ODD_ABOUT_MID_GREY = "rounding is odd, of the DC coefficient about mid-grey, 127.5"

MID_GREY = 255
"""Twice the mid-grey level."""


def decoded_exactly(image: Image, quantizer: Quantizer) -> Integers:
    """Return what exact arithmetic decodes of a coded grey image, before pixels are rounded.

    Returns
    -------
    ndarray of int64, shape (pixels, 8)
        As those of `reconstructed`.
    """
    levels = quantized(blocks_of(image), quantizer)
    return reconstructed(levels, quantizer.table).swapaxes(1, 2).reshape(image.size, -1)


def encrypted_exactly(implementation: Implementation, decoded: Integers, key: EtCKey) -> Integers:
    """Encrypt what was decoded and not yet rounded, by the matrices of the key's steps."""
    for step, matrix in implementation.step_matrices(key).items():
        wide = matrix.astype(np.int64)
        decoded = wide @ decoded
        if step is Step.NEGATIVES:
            decoded[wide.diagonal() < 0, 0] += 255 * SCALE
    return decoded


def check_transformed_coefficients_with_symbols(implementation: Implementation) -> Observation:
    """Prove the cosines' parity and what the 8 codes do to all 64 coefficients, with symbols."""
    from etcprops.theory import cosine_transform

    basis = cosine_transform.prove_orthonormal()
    if not basis:
        return observe(basis)
    return observe(cosine_transform.prove_transforms_of_coefficients(implementation.step_matrices))


def check_negated_coefficients_with_symbols(implementation: Implementation) -> Observation:
    """Prove what negation does to all 64 coefficients, with symbols."""
    from etcprops.theory import cosine_transform

    return observe(cosine_transform.prove_negation_of_coefficients(implementation.step_matrices))


def check_transforms_through_an_exact_codec(implementation: Implementation) -> Observation:
    """Rotate and invert the blocks of a photograph before and after a codec in exact arithmetic."""
    image = grey_photograph()
    geometry = BlockGeometry(*image.shape, block=8)
    key = EtCKey.from_secret(geometry, implementation.secret, steps={Step.TRANSFORMS})
    mirrors = EtCKey(geometry, transforms=2 * (np.arange(geometry.n_blocks) % 4))
    for quality in QUALITIES:
        table = standard_table(quality)
        for codes, steps in ((key, symmetrised(table)), (mirrors, table)):
            first = decoded_exactly(implementation.encrypt(image, codes), Quantizer(steps))
            plain = decoded_exactly(image, Quantizer(steps))
            last = encrypted_exactly(implementation, plain, codes)
            if found := difference(first, last, f"quality {quality}"):
                return Observation(False, found)
    detail = "all 8 codes with symmetric tables, mirrors and half turns with the standard ones"
    return Observation(True, f"qualities {QUALITIES}: {detail}")


def _one_block(
    implementation: Implementation, block: Image, key: EtCKey, quantizer: Quantizer
) -> Observation:
    """Encrypt one block before and after a codec in exact arithmetic."""
    encrypted = implementation.encrypt(block[None], key)[0]
    first = decoded_exactly(encrypted, quantizer)
    last = encrypted_exactly(implementation, decoded_exactly(block, quantizer), key)
    if found := difference(first, last, f"integers of one block's decoded pixels, {key.steps}"):
        return Observation(False, found, (Exhibit("block", block), Exhibit("encrypted", encrypted)))
    return Observation(True, "one block: the same in both orders")


def check_quarter_turn_with_the_standard_table(implementation: Implementation) -> Observation:
    """Turn a block with one dark corner, and quantize it by the standard table of quality 75."""
    block = np.full(ONE_BLOCK.shape, 255, dtype=np.uint8)
    block[0, :4] = 0
    quantizer = Quantizer(standard_table(75))
    return _one_block(implementation, block, EtCKey(ONE_BLOCK, transforms=[1]), quantizer)


def check_coefficient_halfway_between_levels(implementation: Implementation) -> Observation:
    """Mirror a block of two grey pixels, of which coefficient (1, 1) is 1/2; halves go up."""
    block = np.full(ONE_BLOCK.shape, HALF_LEVEL, dtype=np.uint8)
    block[[0, 3], [0, 3]] += np.uint8(2)
    quantizer = Quantizer(np.ones(ONE_BLOCK.shape, dtype=np.int64), upwards)
    return _one_block(implementation, block, EtCKey(ONE_BLOCK, transforms=[4]), quantizer)


def _of_sum(total: int) -> Image:
    """Return a block with a given sum of its pixels, which differ by at most one level."""
    level, rest = divmod(total, SIDE**2)
    pixels = np.full(SIDE**2, level, dtype=np.uint8)
    pixels[:rest] += 1
    return pixels.reshape(ONE_BLOCK.shape)


def check_dc_coefficients_of_all_sums(implementation: Implementation) -> Observation:
    """Enumerate all sums that a block's pixels can have, negated, with each of 255 steps."""
    blocks = np.stack([_of_sum(total) for total in range(255 * SIDE**2 + 1)])
    picture = np.ascontiguousarray(blocks.swapaxes(0, 1).reshape(SIDE, -1))
    geometry = BlockGeometry(*picture.shape, block=SIDE)
    key = EtCKey(geometry, negatives=np.ones(len(blocks), dtype=np.int64))
    negated = blocks_of(implementation.encrypt(picture, key))[0]
    # Eight times the DC coefficients, which are integers.
    plain, after = (
        b.astype(np.int64).sum(axis=(1, 2)) - HALF_LEVEL * SIDE**2 for b in (blocks, negated)
    )
    following = set()
    for step in range(1, 256):
        levels, others = (np.sign(d) * ((abs(d) + 4 * step) // (8 * step)) for d in (plain, after))
        follows = step * others == -step * levels - 8
        tied = (plain > -64) & (plain < 0) & (plain % (8 * step) == 4 * step)
        if 8 % step == 0 and not np.array_equal(follows, ~tied):
            wrong = int(plain[follows == tied][0])
            return Observation(False, f"step {step}: a DC coefficient of {wrong}/8 is otherwise")
        if follows.any():
            following.add(step)
    if following != {1, 2, 4, 8}:
        return Observation(False, f"DC coefficients follow with the steps {sorted(following)}")
    qualities = [q for q in range(1, 101) if int(standard_table(q)[0, 0]) in following]
    detail = f"{len(blocks)} sums: all but ties follow with steps 1, 2, 4, 8, none with others"
    return Observation(True, f"{detail}; of the standard tables those of qualities {qualities}")


def check_grey_block_with_a_step_of_16(implementation: Implementation) -> Observation:
    """Negate a block of one grey level, and quantize it by the DC step of quality 50."""
    block = np.full(ONE_BLOCK.shape, 200, dtype=np.uint8)
    quantizer = Quantizer(standard_table(50))
    return _one_block(implementation, block, EtCKey(ONE_BLOCK, negatives=[1]), quantizer)


def check_block_that_is_its_own_negative(implementation: Implementation) -> Observation:
    """Negate a block half black, half white, with a DC step of 8, which divides 8 but not 4."""
    block = np.repeat(np.array([[0], [255]], dtype=np.uint8), 4, axis=0).repeat(SIDE, axis=1)
    key = EtCKey(ONE_BLOCK, transforms=[2], negatives=[1])
    quantizer = Quantizer(np.full(ONE_BLOCK.shape, 8), middle=MID_GREY)
    return _one_block(implementation, block, key, quantizer)


def check_dc_coefficient_rounded_about_128(implementation: Implementation) -> Observation:
    """Negate a block with a DC coefficient of -2, half of a step below 0, as encoders round it."""
    block = np.full(ONE_BLOCK.shape, HALF_LEVEL, dtype=np.uint8)
    block[:2] -= np.uint8(1)
    quantizer = Quantizer(np.full(ONE_BLOCK.shape, 4))
    return _one_block(implementation, block, EtCKey(ONE_BLOCK, negatives=[1]), quantizer)


EXACT_STEPS = frozenset({Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES})


def _pictures() -> list[tuple[Image, int, str]]:
    """Return pictures, each with a side of blocks and a sampling of colour.

    Among them is one of blocks that are their own negatives, turned.
    """
    rng = np.random.default_rng(1992)
    noise = rng.integers(0, 256, (64, 64), dtype=np.uint8)
    halves = rng.integers(0, 256, (8, 8, 4, 8), dtype=np.uint8)
    own = np.concatenate([halves, 255 - halves[..., ::-1, ::-1]], axis=2)
    return [
        (grey_photograph(), 8, "4:4:4"),
        (noise, 16, "4:4:4"),
        (np.ascontiguousarray(own.swapaxes(1, 2).reshape(64, 64)), 8, "4:4:4"),
        (photograph(), 8, "4:4:4"),
        (photograph(), 16, "4:2:0"),
    ]


def _exact_key(implementation: Implementation, image: Image, block: int) -> EtCKey:
    """Return a key with all steps but the shuffle of components."""
    geometry = BlockGeometry(*image.shape[:2], channels=1 if image.ndim == 2 else 3, block=block)
    return EtCKey.from_secret(geometry, implementation.secret, steps=EXACT_STEPS)


def check_exact_encoder_at_full_size(implementation: Implementation) -> Observation:
    """Encrypt pictures and code them exactly, and encrypt the coefficients of plain ones."""
    for image, block, sampling in _pictures():
        key = _exact_key(implementation, image, block)
        encrypted = implementation.encrypt(image, key)
        for quality in QUALITIES:
            first = code_exactly(encrypted, quality=quality, sampling=sampling)
            plain = code_exactly(image, quality=quality, sampling=sampling)
            if first != encrypt_coefficients(plain, key):
                return Observation(False, f"coefficients of {plain!r} differ at quality {quality}")
    detail = f"grey, colour 4:4:4 and 4:2:0, qualities {QUALITIES}"
    return Observation(True, f"the same coefficients: {detail}")


def check_files_of_the_exact_encoder(implementation: Implementation) -> Observation:
    """Write files of encrypted pictures, read those of plain ones, encrypt, and write; compare."""
    sizes = []
    for image, block, sampling in _pictures():
        key = _exact_key(implementation, image, block)
        encrypted = implementation.encrypt(image, key)
        try:
            first = encode_jpeg_exactly(encrypted, sampling=sampling)
            plain = read_coefficients(encode_jpeg_exactly(image, sampling=sampling))
        except ModuleNotFoundError as missing:
            return Observation.skipped(Needs.JPEGLIB, str(missing))
        if first != write_coefficients(encrypt_coefficients(plain, key)):
            return Observation(False, f"files of {plain!r} differ")
        sizes.append(len(first))
    return Observation(True, f"the same files, of {sizes} bytes")


COEFFICIENT_CLAIMS = (
    Claim(
        "jpeg-block-transforms",
        "Rotating and inverting the blocks of an image before it is coded, or after it is decoded "
        "and before pixels are rounded, is the same: coefficients change signs, and u with v.",
        "not in the paper",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(SYMMETRIC_TABLE, ODD_ROUNDING),
        checks=(
            Check(check_transformed_coefficients_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_transforms_through_an_exact_codec, EvidenceKind.EXACT),
            Check(
                check_quarter_turn_with_the_standard_table,
                EvidenceKind.REFUTATION,
                without=SYMMETRIC_TABLE,
            ),
            Check(
                check_coefficient_halfway_between_levels,
                EvidenceKind.REFUTATION,
                without=ODD_ROUNDING,
            ),
        ),
        note="The standard tables are not symmetric: that, not rounding, is what breaks the four "
        "codes that transpose. Mirrors and half turns ask nothing of the table.",
        references=(AHMED_1974, WALLACE_1992),
    ),
    Claim(
        "jpeg-negative-positive",
        "Negating the blocks of an image before it is coded, or after it is decoded and before "
        "pixels are rounded, is the same: the DC coefficient goes to -DC - 8, the others to their "
        "negatives.",
        "not in the paper",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(STEP_DIVIDES_8, OFF_TIES, ODD_ROUNDING),
        checks=(
            Check(check_negated_coefficients_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_dc_coefficients_of_all_sums, EvidenceKind.EXACT),
            Check(
                check_grey_block_with_a_step_of_16, EvidenceKind.REFUTATION, without=STEP_DIVIDES_8
            ),
            Check(
                check_dc_coefficient_rounded_about_128, EvidenceKind.REFUTATION, without=OFF_TIES
            ),
        ),
        note="JPEG takes 128 from pixels, where the middle of 0 and 255 is 127.5. Of the standard "
        "tables those of qualities 74 to 76, 86 to 89 and 93 to 100 have such a step; at quality "
        "50, of step 16, no block's DC coefficient follows.",
        references=(WALLACE_1992,),
    ),
    Claim(
        "exact-jpeg",
        "An encoder exists on whose coefficients block scramble and all 16 operations on blocks "
        "are exact, in files that any JPEG decoder reads.",
        "not in the paper",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        hypotheses=(WHOLE_BLOCKS, SYMMETRIC_TABLE, STEP_DIVIDES_4, ODD_ABOUT_MID_GREY),
        checks=(
            Check(check_exact_encoder_at_full_size, EvidenceKind.EXACT),
            Check(check_files_of_the_exact_encoder, EvidenceKind.END_TO_END),
            Check(
                check_block_that_is_its_own_negative,
                EvidenceKind.REFUTATION,
                without=STEP_DIVIDES_4,
            ),
            Check(
                check_dc_coefficient_rounded_about_128,
                EvidenceKind.REFUTATION,
                without=ODD_ABOUT_MID_GREY,
            ),
        ),
        note="`etcprops.formats.exact_jpeg`. With a step of 8 no quantizer does: a block of mean "
        "127.5 is its own negative. Pixels that a decoder rounds may still differ by a level.",
        references=(AHMED_1974, WALLACE_1992),
    ),
)
