"""Which theorems and which solver's answers speak for which claim, and which notebook tells it.

`PROOFS` is the table; `with_proofs` turns a claim's line of it into checks like any other.
"""

from __future__ import annotations

from etcprops.claims.checks.arithmetic import POWER_OF_TWO
from etcprops.claims.checks.estimators import SIGNED
from etcprops.claims.checks.exactness import EXACT_KERNELS
from etcprops.claims.checks.forests import OFF_THRESHOLD, TIES_ALIKE
from etcprops.claims.checks.formal import Proofs, checked
from etcprops.claims.checks.key_conditions import NEGATIVES
from etcprops.claims.checks.models import NO_TIES
from etcprops.claims.checks.recovery import WINS
from etcprops.claims.checks.reductions import ALIKE, COMPONENTS_ALIKE, DRAWN_ALIKE
from etcprops.claims.checks.solver import (
    check_centring_of_all_sums_with_a_solver,
    check_centring_of_known_sums_with_a_solver,
    check_numerators_with_a_solver,
    check_squared_differences_with_a_solver,
    check_xor_with_a_solver,
)
from etcprops.claims.checks.statistics import GAMMA_FIXED, PER_FEATURE
from etcprops.claims.codec_proofs import CODEC_PROOFS
from etcprops.claims.model import Check, Claim
from etcprops.claims.terms import EvidenceKind, Outcome

NUMERATORS = Check(check_numerators_with_a_solver, EvidenceKind.SMT)

PROOFS: dict[str, Proofs] = {
    "matrices-are-the-encryption": Proofs(
        (
            "Blocks.raster_order_bijective",
            "Blocks.encryption_matrix_correct",
            "Blocks.encryption_matrix_product",
            "Executable.etc_encrypt_matrix",
        ),
        notebook="02-blocks",
    ),
    "decryption-inverts": Proofs(
        ("Blocks.flatten_decrypt", "Blocks.flatten_encrypt_twice", "SignedPermutation.decryptK"),
        notebook="01-signed-permutations",
    ),
    "permuting-steps": Proofs(
        (
            "SignedPermutation.perm_mx_orthogonal",
            "SignedPermutation.perm_mx_inner_product",
            "SignedPermutation.perm_mx_squared_distance",
            "Blocks.flatten_permute_blocks",
            "Blocks.flatten_transform_blocks",
            "Blocks.flatten_permute_components",
            "Blocks.unnegated_step_matrix",
        ),
        notebook="01-signed-permutations",
    ),
    "distances": Proofs(
        ("Blocks.encrypt_image_squared_distance", "SignedPermutation.sp_squared_distance"),
        queries=(Check(check_squared_differences_with_a_solver, EvidenceKind.SMT),),
        notebook="01-signed-permutations",
    ),
    "raw-inner-products": Proofs(
        counterexamples={None: ("Refutations.raw_inner_product_changes",)},
        notebook="08-refutations",
    ),
    "mid-grey": Proofs(
        ("Normalization.midgrey_encrypt", "Normalization.midgrey_inner_product"),
        notebook="03-normalization",
    ),
    "eight-transforms": Proofs(
        (
            "Blocks.d4_place_bijective",
            "Blocks.d4_place_injective",
            "Blocks.d4_multiplication_table",
            "Blocks.block_transform_mul",
            "Executable.component_code",
        ),
        notebook="02-blocks",
    ),
    "sixteen-codes": Proofs((), {None: ("Blocks.half_turn_is_two_mirrors",)}, (), "02-blocks"),
    "z-score": Proofs(
        (
            "Normalization.zscore_encrypt",
            "Normalization.standard_scaler_encrypt",
            "Normalization.zscore_gram",
            "Reductions.encrypted_images_zscore_gram",
        ),
        {PER_FEATURE: ("Refutations.per_image_zscore_changes",)},
        (NUMERATORS,),
        notebook="03-normalization",
    ),
    "kernels-after-z-score": Proofs(
        ("Kernels.zscore_kernel_matrix", "Kernels.zscore_gamma_scale"), notebook="04-kernels"
    ),
    "rbf-on-raw-pixels": Proofs(
        ("Kernels.raw_rbf_kernel", "Kernels.raw_distance_kernel"),
        {GAMMA_FIXED: ("Refutations.raw_overall_variance_changes",)},
        notebook="04-kernels",
    ),
    "linear-and-polynomial-on-raw-pixels": Proofs(
        counterexamples={None: ("Refutations.raw_inner_product_changes",)},
        notebook="08-refutations",
    ),
    "pooled-z-score": Proofs(
        counterexamples={
            None: (
                "Refutations.two_keys_negation_changes",
                "Refutations.two_keys_permutation_changes",
            )
        },
        notebook="08-refutations",
    ),
    "svm-and-k-nn": Proofs(
        (
            "Algorithms.svm_zscore",
            "Algorithms.svm_midgrey",
            "Algorithms.svm_raw_rbf",
            "NearestNeighbours.knn_zscore_any_search",
            "NearestNeighbours.knn_raw_any_search",
            "NearestNeighbours.votes_agree_reordered",
        ),
        {NO_TIES: ("NearestNeighbours.tied_neighbour_changes",)},
        notebook="05-algorithms",
    ),
    "named-classifiers": Proofs(
        ("Algorithms.svm_zscore", "NearestNeighbours.knn_raw_any_search"),
        {NO_TIES: ("NearestNeighbours.tied_neighbour_changes",)},
        notebook="05-algorithms",
    ),
    "other-estimators": Proofs(
        (
            "Algorithms.linear_model_zscore",
            "Algorithms.ridge_zscore",
            "Algorithms.gradient_descent_zscore",
            "Algorithms.gp_gram_only",
            "Algorithms.gram_only_zscore",
            "Algorithms.lda_orthogonal",
        ),
        notebook="05-algorithms",
    ),
    "principal-components": Proofs(
        (
            "Algorithms.pca_images",
            "Algorithms.principal_axes_orthogonal_all",
            "Algorithms.principal_scores_up_to_sign",
        ),
        notebook="05-algorithms",
    ),
    "l1-penalties": Proofs(
        ("Algorithms.linear_model_zscore", "Algorithms.l1_penalty_signed_permutation"),
        {SIGNED: ("Refutations.l1_rotation_changes",)},
        notebook="05-algorithms",
    ),
    "random-forest": Proofs(
        counterexamples={
            None: ("Refutations.stump_threshold_changes", "Refutations.first_feature_changes")
        },
        notebook="08-refutations",
    ),
    "random-forest-in-distribution": Proofs(
        (
            "Forest.forest_same_law",
            "Forest.forest_zscore_same_law",
            "Forest.forest_total",
            "Forest.uniform_draw_symmetric",
        ),
        {
            TIES_ALIKE: ("Refutations.first_feature_changes",),
            OFF_THRESHOLD: ("Refutations.stump_threshold_changes",),
        },
        notebook="06-forest-in-distribution",
    ),
    "forest-with-remedy": Proofs(
        (
            "NormalForm.normal_form_encrypt",
            "NormalForm.normal_form_any_algorithm",
            "Algorithms.gram_only_centred",
            "Algorithms.gram_only_midgrey",
        ),
        notebook="06-forest-in-distribution",
    ),
    "reductions": Proofs(
        (
            "Reductions.reduction_zscore_gram",
            "Reductions.block_mean_zscore_gram",
            "Reductions.block_coefficients_zscore_gram",
            "CosineTransform.block_dct_zscore_gram",
            "ReductionRows.by_blocks_commute_iff",
            "ReductionRows.equal_lengths_zscore_gram",
            "ReductionGram.reduced_centred_gram_iff",
        ),
        {
            ALIKE: (
                "Refutations.sampling_does_not_commute",
                "Refutations.sampling_zscore_gram_changes",
            ),
            COMPONENTS_ALIKE: ("ReductionRows.one_component_does_not_commute",),
        },
        notebook="07-reductions",
    ),
    "reduction-ratios": Proofs(
        counterexamples={None: ("ReductionRows.rows_of_480_blocks",)}, notebook="07-reductions"
    ),
    "reductions-in-distribution": Proofs(
        (
            "RandomReductions.random_pixels_same_law",
            "ExchangeableColumns.exchangeable_matrix_same_law",
            "ExchangeableColumns.sign_matrices_exchangeable",
            "ExchangeableColumns.picks_exchangeable",
            "Forest.uniform_draw_symmetric",
        ),
        {
            DRAWN_ALIKE: (
                "ExchangeableColumns.windows_draw_alike",
                "ExchangeableColumns.windows_have_another_law",
            )
        },
        notebook="07-reductions",
    ),
    "float-negation": Proofs(
        ("FloatingPoint.flip_exact", "FloatingPoint.pixel_exact"),
        queries=(Check(check_xor_with_a_solver, EvidenceKind.SMT),),
        notebook="09-floating-point",
    ),
    "float-centring": Proofs(
        ("FloatCentring.centring_negates", "FloatCentring.centring_negates_iff"),
        {
            POWER_OF_TWO: (
                "FloatCentring.centring_fails",
                "FloatCentring.centring_large_powers",
                "FloatingPoint.centring_not_antisymmetric_3",
                "FloatingPoint.centring_not_antisymmetric_5",
                "FloatingPoint.centring_not_antisymmetric_7",
                "FloatingPoint.centring_not_antisymmetric_10",
            )
        },
        queries=(
            Check(check_centring_of_all_sums_with_a_solver, EvidenceKind.SMT),
            Check(
                check_centring_of_known_sums_with_a_solver,
                EvidenceKind.SMT,
                without=POWER_OF_TWO,
                refutes=True,
            ),
        ),
        notebook="09-floating-point",
    ),
    "integer-z-score": Proofs(
        (
            "FloatingPoint.exact_zscore_antisymmetric",
            "FloatingPoint.deviation_numerator_below_2_53",
            "FloatingPoint.float_of_Z_exact",
            "FloatingPoint.variance_numerator_in_int64",
            "Normalization.deviation_numerator_encrypt",
            "Normalization.variance_numerator_encrypt",
            "IntegerZScore.feature_z_score_moved",
            "SameBits.z_scores_encrypt",
        ),
        queries=(NUMERATORS,),
        notebook="09-floating-point",
    ),
    "independent-keys": Proofs(
        (
            "IndependentKeysBySteps.independent_keys_by_steps_mean",
            "IndependentKeysBySteps.independent_keys_by_steps_variance",
            "IndependentKeysBySteps.two_keys_by_steps_same_law",
            "IndependentKeysBySteps.all_steps_variance",
            "IndependentKeys.every_key_is_drawn",
            "IndependentKeys.no_key_is_drawn_twice",
        ),
        {NEGATIVES: ("IndependentKeys.white_unnegated_inner_product",)},
        notebook="03-normalization",
    ),
    "query-under-another-key": Proofs(
        ("IndependentKeysBySteps.independent_key_by_steps_mean",),
        {NEGATIVES: ("IndependentKeys.white_unnegated_inner_product",)},
        notebook="03-normalization",
    ),
    "exact-gram": Proofs(
        (
            "ExactSums.any_order",
            "ExactGram.exponent_magnitudes",
            "ExactGram.splitting_exact",
            "ExactGram.accumulated_exact",
            "ExactGram.returned_moved",
            "ExactGramBound.exact_gram_truncation",
            "ExactGramRounding.exact_gram_rounding",
            "ExactGramRanges.totals_in_range",
            "ExactGramRanges.differences_in_range",
            "ExactGramRanges.digits_in_range",
            "ExactGramRanges.carrying_in_range",
            "SameBitsExact.exact_gram_invariant",
            "WeightedGram.weighted_exact",
            "WeightedGram.gram_centred",
            "WeightedGram.digits_of_weights",
            "WeightedGram.gram_error",
        ),
        notebook="10-same-bits",
    ),
    "same-bits": Proofs(
        (
            "SameBitsExact.exact_same_bits_images",
            "SameBitsExact.exact_same_bits_scale",
            "WeightedGram.gram_moved",
            "WeightedGram.distance_moved",
            "WeightedGram.exponent_moved",
        ),
        {EXACT_KERNELS: ("SameBits.in_order_depends_on_order",)},
        notebook="10-same-bits",
    ),
    "blas-gram": Proofs(
        counterexamples={None: ("SameBits.in_order_depends_on_order",)}, notebook="10-same-bits"
    ),
    "certified-margins": Proofs(
        over_reals=(
            "MarginsFlocq.any_order_error",
            "MarginsFlocq.certified_linear",
            "MarginsFlocq.certified_linear_doubles",
            "KernelMarginsFlocq.certified_polynomial",
            "KernelMarginsFlocq.certified_rbf",
        ),
    ),
    "gram-alone": Proofs(
        ("SameBitsExact.returned_same_bits", "SameBitsExact.exact_same_bits"),
        notebook="10-same-bits",
    ),
    "what-exact-learning-tells": Proofs(
        (
            "GramDetermines.gram_eq_iff",
            "GramDetermines.centred_gram_eq_iff",
            "GramDetermines.distances_eq_iff",
            "GramDetermines.keeps_inner_products",
            "GramDetermines.gram_with_training_that_spans",
            "GramDetermines.gram_tells_equal_rows",
            "GramDetermines.gram_tells_dependencies",
            "GramDetermines.seen_iff_invariant",
            "GramDetermines.no_reconstruction",
        ),
    ),
    "margins-recover-the-key": Proofs(
        (
            "Assembly.key_recovered",
            "Assembly.key_recovered_in_order",
            "Assembly.assembly_joins_true_seams",
            "Assembly.readings",
        ),
        {WINS: ("Assembly.recovered_iff", "Assembly.false_seam_stays")},
    ),
    **CODEC_PROOFS,
}
"""By the name of the claim. To prove another claim, add its line."""


def with_proofs(claim: Claim) -> Claim:
    """Return the claim with the checks of its line in `PROOFS` after its own.

    Parameters
    ----------
    claim : Claim
        Any; one that is pending is returned as it is.

    Returns
    -------
    Claim
    """
    proofs = PROOFS.get(claim.name)
    if proofs is None or claim.expected is Outcome.PENDING:
        return claim
    return checked(claim, proofs)
