"""What the claims about the steps say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.claims.case import Case
from etcprops.claims.checks.properties import squared_distances
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.scheme.keys import EtCKey, Step

PERMUTATIONS = frozenset({Step.PERMUTATION, Step.TRANSFORMS, Step.COMPONENTS})
Pixels = NDArray[np.int64]


def _vectors(case: Case, count: int, key: EtCKey) -> tuple[Pixels, Pixels]:
    """Draw images, and return them and what the key makes of them as vectors of integers."""
    images = case.images(key.geometry, count)
    return flat(images), flat(case.encrypted(images, key))


def matrices_are_the_encryption(case: Case) -> None:
    """Multiply by the step matrices, add the offset, and get what the pixels give."""
    key = case.key(case.geometry())
    vectors, expected = _vectors(case, 2, key)
    for step, matrix in case.implementation.step_matrices(key).items():
        wide = matrix.astype(np.int64)
        vectors = (wide @ vectors.T).T
        if step is Step.NEGATIVES:
            vectors = vectors + np.where(wide.diagonal() < 0, 255, 0)
    same(vectors, expected, "matrices and pixels differ")


def decryption_inverts(case: Case) -> None:
    """Decrypt what was encrypted, and get the images."""
    key = case.key(case.geometry())
    images = case.images(key.geometry, 2)
    decrypted = case.implementation.decrypt(case.encrypted(images, key), key)
    same(decrypted, images, "decrypted and plain images differ")


def permuting_steps(case: Case) -> None:
    """Multiply out Q^T Q, and compare distances and inner products."""
    key = case.key(case.geometry(), PERMUTATIONS)
    for step, matrix in case.implementation.step_matrices(key).items():
        wide = csr_array(matrix.astype(np.int64))
        same((wide.T @ wide).toarray(), np.eye(wide.shape[0]), f"{step}: Q^T Q is not I")
        assert wide.min() >= 0, f"{step}: an entry of Q is {wide.min()}"
    plain, encrypted = _vectors(case, 2, key)
    same(squared_distances(encrypted), squared_distances(plain), "squared distances differ")
    same(encrypted @ encrypted.T, plain @ plain.T, "inner products differ")


def distances(case: Case) -> None:
    """Compare squared distances of raw pixels."""
    plain, encrypted = _vectors(case, 2, case.key(case.geometry()))
    same(squared_distances(encrypted), squared_distances(plain), "squared distances differ")


def raw_inner_products(case: Case) -> None:
    """Compare inner products of raw pixels under the negative-positive transform."""
    key = case.key(case.geometry(), frozenset({Step.NEGATIVES}))
    plain, encrypted = _vectors(case, 2, key)
    same(encrypted @ encrypted.T, plain @ plain.T, "inner products differ")


def mid_grey(case: Case) -> None:
    """Compare inner products of pixels centred at mid-grey, doubled: ``2 x - 255``."""
    vectors = _vectors(case, 2, case.key(case.geometry()))
    plain, encrypted = (2 * pixels - 255 for pixels in vectors)
    same(encrypted @ encrypted.T, plain @ plain.T, "centred inner products differ")


STEP_STATEMENTS: Final[dict[str, Statement]] = {
    "matrices-are-the-encryption": matrices_are_the_encryption,
    "decryption-inverts": decryption_inverts,
    "permuting-steps": permuting_steps,
    "distances": distances,
    "raw-inner-products": raw_inner_products,
    "mid-grey": mid_grey,
}
"""By the name of the claim."""
