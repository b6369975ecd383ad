"""Which theorems speak for which claim about compression: a part of the table in `proofs`."""

from __future__ import annotations

from etcprops.claims.checks.coefficients import (
    OFF_TIES,
    STEP_DIVIDES_4,
    STEP_DIVIDES_8,
    SYMMETRIC_TABLE,
)
from etcprops.claims.checks.formal import Proofs

CODEC_PROOFS: dict[str, Proofs] = {
    "jpeg-block-permutation": Proofs(
        ("Codec.code_permute_blocks", "Codec.cells_permute_blocks"), notebook="11-compression"
    ),
    "jpeg-component-shuffle": Proofs(
        ("Codec.code_permute_components", "Codec.code_permute_blocks"), notebook="11-compression"
    ),
    "jpeg-pixels": Proofs(
        counterexamples={None: ("Codec.no_pixel_rounding",)}, notebook="11-compression"
    ),
    "jpeg-block-transforms": Proofs(
        (
            "CosineTransform.dct_parity",
            "CosineTransform.dct_orthonormal",
            "CosineTransform.dct_transform",
            "Codec.level_transform",
        ),
        {SYMMETRIC_TABLE: ("Codec.level_transform_iff",)},
        notebook="11-compression",
        over_reals=(
            "Cosines.real_parity",
            "Cosines.real_orthogonal",
            "Cosines.real_mirror",
            "Cosines.real_quarter_turn",
        ),
    ),
    "jpeg-negative-positive": Proofs(
        (
            "CosineTransform.dct_negative",
            "Codec.ac_level_negative",
            "Codec.dc_negative",
            "Codec.dc_off_ties",
            "Codec.dc_tie_above",
            "Codec.jpeg_dc_steps",
        ),
        {STEP_DIVIDES_8: ("Codec.dc_step_divides",), OFF_TIES: ("Codec.dc_tie_below_iff",)},
        notebook="11-compression",
    ),
    "exact-jpeg": Proofs(
        (
            "Codec.exact_level_operations",
            "Codec.exact_levels_encrypt_image",
            "Codec.dc_about_mean",
            "Codec.dc_quantizer_iff",
        ),
        {
            STEP_DIVIDES_4: ("Codec.dc_own_negative",),
            SYMMETRIC_TABLE: ("Codec.level_transform_iff",),
        },
        notebook="11-compression",
    ),
}
"""By the name of the claim."""
