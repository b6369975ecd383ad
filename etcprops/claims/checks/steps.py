"""Claims about the steps themselves: what they are as matrices, and what they preserve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import HORN_JOHNSON_2013, KURIHARA_2015
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.scheme.keys import Step

if TYPE_CHECKING:
    from etcprops.theory.polynomials import Proof

PERMUTATIONS = frozenset({Step.PERMUTATION, Step.TRANSFORMS, Step.COMPONENTS})
AT_LEAST_TWO = "blocks have at least 2 x 2 pixels"


def compare(
    plain: NDArray[np.int64], encrypted: NDArray[np.int64], what: str, cases: str
) -> Observation:
    """Observe whether two arrays of exact integers are equal."""
    different = np.argwhere(plain != encrypted)
    if not different.size:
        return Observation(True, f"{what} equal in integers: {cases}")
    i, j = (int(index) for index in different[0])
    got = f"{plain[i, j]} plain, {encrypted[i, j]} encrypted, for rows {i} and {j}"
    return Observation(False, f"{what} differ in {len(different)} of {plain.size} entries: {got}")


def squared_distances(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all squared distances between rows, by subtraction."""
    differences = vectors[:, None] - vectors[None]
    return np.asarray((differences**2).sum(axis=-1))


def size_of(implementation: Implementation) -> str:
    """Return the size of the implementation's images in words."""
    return f"5 images of {'x'.join(str(n) for n in implementation.geometry.shape)}"


def check_matrices_equal_pixels_at_full_size(implementation: Implementation) -> Observation:
    """Multiply images by the matrices of one key at full size, and encrypt their pixels."""
    vectors, expected = implementation.vectors(implementation.key)
    for step, matrix in implementation.step_matrices(implementation.key).items():
        wide = matrix.astype(np.int64)
        vectors = (wide @ vectors.T).T
        if step is Step.NEGATIVES:
            vectors = vectors + np.where(wide.diagonal() < 0, 255, 0)
    return compare(vectors, expected, "pixels", size_of(implementation))


def check_decryption_at_full_size(implementation: Implementation) -> Observation:
    """Decrypt encrypted images of one key at full size."""
    decrypted = implementation.decrypt(
        implementation.encrypt(implementation.images, implementation.key), implementation.key
    )
    return compare(flat(implementation.images), flat(decrypted), "pixels", size_of(implementation))


def check_orthogonality_at_full_size(implementation: Implementation) -> Observation:
    """Multiply out Q^T Q in int64 for each permuting step of one key at full size."""
    key = implementation.key_with(PERMUTATIONS)
    for step, matrix in implementation.step_matrices(key).items():
        wide = matrix.astype(np.int64)
        if wide.nnz != wide.shape[0] or not (wide.data == 1).all():
            return Observation(False, f"the matrix of step {step} is no selection of pixels")
        if (wide.T @ wide != identity(wide.shape[0])).nnz:
            return Observation(False, f"Q^T Q is not the identity for step {step}")
    steps = ", ".join(key.steps)
    return Observation(True, f"n = {key.geometry.n_pixels}: {steps} are permutation matrices")


def observe(proof: Proof) -> Observation:
    """Turn a symbolic proof, or what is left of it, into an observation."""
    if proof:
        return Observation(True, f"{proof.statement}: {proof.cases} identities")
    return Observation(False, f"{proof.statement}: {proof.residue}")


def check_orthogonality_of_steps_with_symbols(implementation: Implementation) -> Observation:
    """Prove Q^T Q = I for each step alone, in symbols."""
    from etcprops.theory import symbolic

    return observe(symbolic.prove_steps_orthogonal(implementation.step_matrices))


def check_orthogonality_of_keys_with_symbols(implementation: Implementation) -> Observation:
    """Prove Q^T Q = I for all 512 keys of two grey blocks, the signs indeterminate."""
    from etcprops.theory import symbolic

    return observe(symbolic.prove_orthogonal(step_matrices=implementation.step_matrices))


def check_distances_with_symbols(implementation: Implementation) -> Observation:
    """Prove the distance preserved by all 18,432 keys of two colour blocks, in symbols."""
    from etcprops.theory import symbolic

    return observe(symbolic.prove_distances(step_matrices=implementation.step_matrices))


def check_mid_grey_inner_products_with_symbols(implementation: Implementation) -> Observation:
    """Prove the inner product from mid-grey preserved by the same 18,432 keys, in symbols."""
    from etcprops.theory import symbolic

    return observe(
        symbolic.prove_centred_inner_products(step_matrices=implementation.step_matrices)
    )


def check_transforms_with_symbols(implementation: Implementation) -> Observation:
    """Compare the 8 transform matrices with NumPy's rot90 and fliplr on pictures of symbols."""
    from etcprops.theory import symbolic

    return observe(symbolic.prove_transforms(implementation.step_matrices))


def check_multiplication_table_with_symbols(implementation: Implementation) -> Observation:
    """Prove the multiplication table of D4 on pictures of symbols and on 2 x 2 matrices."""
    from etcprops.theory import symbolic

    return observe(symbolic.prove_multiplication_table(implementation.step_matrices))


def identity(size: int) -> csr_array:
    """Return the identity as a csr_array of int64."""
    indices = np.arange(size)
    return csr_array((np.ones(size, dtype=np.int64), (indices, indices)), shape=(size, size))


def check_permuted_distances_at_full_size(implementation: Implementation) -> Observation:
    """Compare all distances of images of full size under the permuting steps."""
    plain, encrypted = implementation.vectors(implementation.key_with(PERMUTATIONS))
    distances = squared_distances(plain), squared_distances(encrypted)
    return compare(*distances, "squared distances", size_of(implementation))


def check_permuted_inner_products_at_full_size(implementation: Implementation) -> Observation:
    """Compare all inner products of images of full size under the permuting steps."""
    plain, encrypted = implementation.vectors(implementation.key_with(PERMUTATIONS))
    return compare(
        plain @ plain.T, encrypted @ encrypted.T, "inner products", size_of(implementation)
    )


def check_distances_at_full_size(implementation: Implementation) -> Observation:
    """Compare all distances of raw images of full size under all steps."""
    plain, encrypted = implementation.vectors(implementation.key)
    distances = squared_distances(plain), squared_distances(encrypted)
    return compare(*distances, "squared distances", size_of(implementation))


def check_mid_grey_inner_products_at_full_size(implementation: Implementation) -> Observation:
    """Compare inner products of 2 x - 255 for images of full size under all steps."""
    plain, encrypted = (2 * vectors - 255 for vectors in implementation.vectors(implementation.key))
    what = "inner products of centred pixels"
    return compare(plain @ plain.T, encrypted @ encrypted.T, what, size_of(implementation))


STEP_CLAIMS = (
    Claim(
        "matrices-are-the-encryption",
        "The encryption of pixels is y = Q x + c with the sparse matrix Q of the key, the product "
        "of its steps' matrices, and c = 255 where Q negates.",
        "section 3.2: 'These operations can be represented as an orthogonal matrix'",
        Outcome.HOLDS,
        paper=PaperSays.STATED,
        scope=Scope.EXACT,
        checks=(Check(check_matrices_equal_pixels_at_full_size, EvidenceKind.EXACT),),
        references=(KURIHARA_2015,),
    ),
    Claim(
        "decryption-inverts",
        "Decryption under the same key gives back every image.",
        "section 2, by reference to EtC systems",
        Outcome.HOLDS,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        checks=(Check(check_decryption_at_full_size, EvidenceKind.EXACT),),
        references=(KURIHARA_2015,),
    ),
    Claim(
        "permuting-steps",
        "Block scramble, rotation/inversion and component shuffle are permutation matrices: "
        "orthogonal, and Euclidean distances and inner products stay the same.",
        "section 3.2",
        Outcome.HOLDS,
        paper=PaperSays.STATED,
        scope=Scope.EXACT,
        checks=(
            Check(check_orthogonality_of_steps_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_orthogonality_of_keys_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_orthogonality_at_full_size, EvidenceKind.EXACT),
            Check(check_permuted_distances_at_full_size, EvidenceKind.EXACT),
            Check(check_permuted_inner_products_at_full_size, EvidenceKind.EXACT),
        ),
        references=(HORN_JOHNSON_2013,),
    ),
    Claim(
        "distances",
        "All steps together, the negative-positive transform included, preserve Euclidean "
        "distances, on raw pixels too.",
        "section 3.2 says it under z-score normalization",
        Outcome.HOLDS,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        checks=(
            Check(check_distances_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_distances_at_full_size, EvidenceKind.EXACT),
        ),
        note="Stronger than the paper: no normalization is needed for distances.",
        references=(HORN_JOHNSON_2013,),
    ),
    Claim(
        "raw-inner-products",
        "The negative-positive transform preserves inner products of raw pixels.",
        "section 3.2 asks for z-score normalization, which implies that it does not",
        Outcome.FAILS,
        paper=PaperSays.CONTRARY,
        scope=Scope.EXACT,
        note="True after z-score normalization, and after centring at mid-grey.",
    ),
    Claim(
        "mid-grey",
        "In pixels centred at mid-grey, x - 127.5, all steps together preserve inner products, "
        "without any statistics of the data.",
        "not in the paper",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        checks=(
            Check(check_mid_grey_inner_products_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_mid_grey_inner_products_at_full_size, EvidenceKind.EXACT),
        ),
    ),
    Claim(
        "eight-transforms",
        "The 8 codes of step K2 are 8 different maps, the rotations and inversions of the square, "
        "and the 6 codes of step K4 are 6 different orders of the components.",
        "section 2, by reference to EtC systems",
        Outcome.HOLDS_IF,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        hypotheses=(AT_LEAST_TWO,),
        checks=(
            Check(check_transforms_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_multiplication_table_with_symbols, EvidenceKind.SYMBOLIC),
        ),
        references=(KURIHARA_2015,),
    ),
    Claim(
        "sixteen-codes",
        "4 rotations with 4 inversions are 16 different maps of a block.",
        "not in the paper; key spaces in the literature count them",
        Outcome.FAILS,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        note="The dihedral group of the square has 8 elements: 3 bits a block, not 4.",
        references=(KURIHARA_2015,),
    ),
    Claim(
        "int8-products",
        "Q^T Q = I in int8 arithmetic shows that Q is orthogonal.",
        "not in the paper; a pitfall of checking with the matrices' own dtype",
        Outcome.FAILS,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        note="Products wrap: the smallest such matrix is [[127]]. Every check here multiplies in "
        "int64 or not at all.",
    ),
)
