"""Claims about dimensionality reduction between encryption and learning."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from etcprops.claims.checks.reductions_in_distribution import (
    TWO_BLOCKS,
    check_distribution_of_cyclic_windows,
    check_distribution_of_grid_sampling,
    check_distribution_of_random_pixels,
    check_distribution_of_raw_random_pixels,
    check_distribution_of_sparse_projections,
    check_distribution_of_sums_of_two_pixels,
    check_one_projection_of_digits,
    gram_terms,
)
from etcprops.claims.checks.steps import observe
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import ACHLIOPTAS_2003, AHMED_1974, JOHNSON_LINDENSTRAUSS_1984
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope, Sense
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

ALIGNED = "each feature is computed from one block"
ALIKE = "all blocks are reduced alike"
SYMMETRIC = (
    "the features of a block are the same set, up to sign, when the block is rotated or inverted: "
    "block means, DCT coefficients (u, v) with (v, u)"
)
COMPONENTS_ALIKE = (
    "so they are when the colour components of the block change places, where the scheme shuffles "
    "them: means or coefficients of each component"
)
NORMALIZED = "reduced features are z-scored, or pixels centred at mid-grey before"
DRAWN_ALIKE = "places are drawn exchangeably: each set of them as often as any other of its size"
SIGNS_ALIKE = "where a feature mixes pixels, each of them has either sign as often"
Z_SCORED = "pixels or features are z-scored, per feature"

PAPER = BlockGeometry(192, 160)
ONE_BLOCK = BlockGeometry(2, 2, block=2)
TWO_PIXELS = BlockGeometry(1, 2, block=1)


def _exact_reductions(geometry: BlockGeometry) -> list[Any]:
    """Return block means over the largest cells below the block, and some DCT coefficients."""
    from etcprops.reductions import BlockDCT, BlockMean

    side = geometry.block
    cell = max((d for d in range(1, side) if side % d == 0), default=1)
    return [BlockMean(geometry, cell), BlockDCT(geometry, min(3, side**2))]


def check_reduced_vectors_at_full_size(implementation: Implementation) -> Observation:
    """Reduce encrypted images of full size, and encrypt reduced plain ones; compare all bits."""
    parts = []
    for reduction in _exact_reductions(implementation.geometry):
        plain, encrypted = implementation.vectors(implementation.key)
        reduction.fit(plain)
        expected = reduction.induced(implementation.key).apply(reduction.transform(plain))
        different = np.count_nonzero(reduction.transform(encrypted) != expected)
        name = f"{type(reduction).__name__} to {expected.shape[1]}"
        if different:
            return Observation(False, f"{name}: {different} of {expected.size} integers differ")
        parts.append(name)
    return Observation(True, f"5 images reduced from {plain.shape[1]}: {', '.join(parts)}")


def check_products_of_matrices_at_full_size(implementation: Implementation) -> Observation:
    """Multiply out R Q for the key's steps, and E R with the E found by comparing rows."""
    steps = implementation.step_matrices(implementation.key)
    Q = reduce(lambda before, step: step @ before, steps.values())
    names = []
    for reduction in _exact_reductions(implementation.geometry):
        R = reduction.matrix()
        induced = reduction.induced(implementation.key)
        size = len(induced.source)
        E = csr_array((induced.factor, (np.arange(size), induced.source)), shape=(size, size))
        names.append(f"{type(reduction).__name__} to {size}")
        if (R @ Q.astype(np.int64) != E @ R).nnz:
            return Observation(False, f"R Q is not E R for {names[-1]}")
    return Observation(True, f"R Q = E R, steps {', '.join(steps)}: {' and '.join(names)}")


def check_dimensions_of_invariant_functions(implementation: Implementation) -> Observation:
    """Prove how many symmetric features a block has: isotypic components of D4, with symbols."""
    from etcprops.theory.linear_reductions import prove_dimensions

    return observe(prove_dimensions(implementation.step_matrices))


def check_lines_decide(implementation: Implementation) -> Observation:
    """Prove by enumeration that symmetry is sufficient and necessary: sets of up to 3 features."""
    from etcprops.theory.linear_reductions import prove_lines_decide

    return observe(prove_lines_decide(implementation.step_matrices))


def _search(
    implementation: Implementation,
    R: Any,
    keys: Iterable[EtCKey],
    *,
    count: int = 3,
    normalize: bool = True,
) -> Observation:
    """Search images of few levels for inner products of reduced vectors that some key changes."""
    rng = np.random.default_rng(0)
    for key in keys:
        # Black images first, then black and dark ones: the first that differ are simple.
        for levels in np.repeat([1, 2, 3], [1, 40, 40]):
            images = rng.integers(0, levels, (count, *key.geometry.shape)).astype(np.uint8)
            encrypted = implementation.encrypt(images, key)
            before, after = (
                gram_terms(flat(pictures) @ R.T, normalize=normalize)
                for pictures in (images, encrypted)
            )
            if before != after:
                index = next(
                    i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b
                )
                pairs = list(itertools.combinations_with_replacement(range(count), 2))
                detail = (
                    f"images {flat(images).tolist()}, {key.steps[0]}: inner product of reduced "
                    f"images {pairs[index]} {before[index]} plain, {after[index]} encrypted"
                )
                exhibits = tuple(
                    Exhibit(name, batch.reshape(-1, batch.shape[-1]))
                    for name, batch in (("images", images), ("encrypted", encrypted))
                )
                return Observation(False, detail, exhibits)
    return Observation(True, "images of few pixels with grey levels 0 to 2")


def check_cells_across_blocks(implementation: Implementation) -> Observation:
    """Take means over cells that lie in two blocks, one of them negated."""
    from etcprops.reductions import MeanPooling

    R = MeanPooling(TWO_BLOCKS, (1, 4)).matrix()
    return _search(implementation, R, [EtCKey(TWO_BLOCKS, negatives=[0, 1])])


def check_pixel_of_one_block(implementation: Implementation) -> Observation:
    """Keep one of two pixels, each a block, when they are exchanged."""
    R = np.array([[1, 0]])
    return _search(implementation, R, [EtCKey(TWO_PIXELS, permutation=[1, 0])])


def check_half_of_a_pair_of_coefficients(implementation: Implementation) -> Observation:
    """Keep coefficients (0, 0) and (0, 1) of a block, but not (1, 0), when it is rotated."""
    from etcprops.reductions import BlockDCT

    R = BlockDCT(ONE_BLOCK, [(0, 0), (0, 1)]).matrix()
    return _search(implementation, R, [EtCKey(ONE_BLOCK, transforms=[1])])


def check_red_component(implementation: Implementation) -> Observation:
    """Take means of the red component, when the components of the block change places."""
    geometry = BlockGeometry(1, 1, channels=3, block=1)
    keys = [EtCKey(geometry, components=[order]) for order in range(6)]
    return _search(implementation, np.array([[1, 0, 0]]), keys[1:])


def check_raw_block_means(implementation: Implementation) -> Observation:
    """Take inner products of raw block means of a negated block."""
    from etcprops.reductions import BlockMean

    R = BlockMean(ONE_BLOCK, 2).matrix()
    key = EtCKey(ONE_BLOCK, negatives=[1])
    return _search(implementation, R, [key], count=1, normalize=False)


def check_dimensions_of_the_paper(implementation: Implementation) -> Observation:
    """Count the rows that an exact reduction of 192 x 160 pixels with 8 x 8 blocks can have."""
    from etcprops.reductions import PAPER_RATIOS, nearest_exact
    from etcprops.theory.linear_reductions import prove_rows_come_by_blocks

    proof = prove_rows_come_by_blocks(PAPER, implementation.step_matrices)
    wanted = [PAPER.n_pixels // ratio for ratio in PAPER_RATIOS]
    reached = [d for d in wanted if d % PAPER.n_blocks == 0]
    nearest = [nearest_exact(PAPER, ratio).dimension for ratio in PAPER_RATIOS]
    if not proof:
        return Observation(True, f"rows need not come by blocks: {proof.residue}")
    return Observation(
        bool(reached),
        f"{proof.statement}: {wanted} are no multiples of {PAPER.n_blocks}; nearest {nearest}",
    )


REDUCTION_CLAIMS = (
    Claim(
        "reductions",
        "A linear reduction of encrypted images leaves all inner products and distances those of "
        "reduced plain images.",
        "sections 3.1 and 4.1, where the reduction is not named",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        hypotheses=(ALIGNED, ALIKE, SYMMETRIC, COMPONENTS_ALIKE, NORMALIZED),
        checks=(
            Check(check_reduced_vectors_at_full_size, EvidenceKind.EXACT),
            Check(check_products_of_matrices_at_full_size, EvidenceKind.EXACT),
            Check(check_dimensions_of_invariant_functions, EvidenceKind.SYMBOLIC),
            Check(check_lines_decide, EvidenceKind.EXACT),
            Check(check_cells_across_blocks, EvidenceKind.REFUTATION, without=ALIGNED),
            Check(check_pixel_of_one_block, EvidenceKind.REFUTATION, without=ALIKE),
            Check(check_half_of_a_pair_of_coefficients, EvidenceKind.REFUTATION, without=SYMMETRIC),
            Check(check_red_component, EvidenceKind.REFUTATION, without=COMPONENTS_ALIKE),
            Check(check_raw_block_means, EvidenceKind.REFUTATION, without=NORMALIZED),
        ),
        note="In exact arithmetic. The classification is in etcprops/theory/linear_reductions.py: "
        "rows of equal length are exact if and only if every key permutes the lines that they "
        "span. PCA is exact by an argument of its own: GramPCA.",
        references=(AHMED_1974,),
    ),
    Claim(
        "reduction-ratios",
        "A linear reduction without zero rows that knows no key and is exact reaches one of the "
        "paper's dimensions: 1536, 768, 512, 384 of 30,720.",
        "section 4.1: ratios 1/20, 1/40, 1/60 and 1/80 with 8 x 8 blocks",
        Outcome.FAILS,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        checks=(Check(check_dimensions_of_the_paper, EvidenceKind.EXACT, refutes=True),),
        note="With zero rows any number is reached. GramPCA has up to as many components as there "
        "are training images less one. Random projections are equal in distribution.",
    ),
    Claim(
        "reductions-in-distribution",
        "Random projections and random choices of pixels give inner products of the same "
        "distribution over seeds.",
        "not there: what is true of reductions to the paper's dimensions",
        Outcome.IN_DISTRIBUTION,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(DRAWN_ALIKE, SIGNS_ALIKE, Z_SCORED),
        checks=(
            *(
                Check(check, EvidenceKind.EXACT, sense=Sense.DISTRIBUTION)
                for check in (
                    check_distribution_of_random_pixels,
                    check_distribution_of_sparse_projections,
                )
            ),
            Check(check_one_projection_of_digits, EvidenceKind.REFUTATION),
            Check(
                check_distribution_of_grid_sampling,
                EvidenceKind.REFUTATION,
                without=DRAWN_ALIKE,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_distribution_of_cyclic_windows,
                EvidenceKind.REFUTATION,
                without=DRAWN_ALIKE,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_distribution_of_sums_of_two_pixels,
                EvidenceKind.REFUTATION,
                without=SIGNS_ALIKE,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_distribution_of_raw_random_pixels,
                EvidenceKind.REFUTATION,
                without=Z_SCORED,
                sense=Sense.DISTRIBUTION,
            ),
        ),
        note="For Gaussian projections R Q is distributed as R, for every orthogonal Q.",
        references=(JOHNSON_LINDENSTRAUSS_1984, ACHLIOPTAS_2003),
    ),
)
