"""What the claims about the steps say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.claims.case import Case
from etcprops.claims.checks.steps import AT_LEAST_TWO, PERMUTATIONS, squared_distances
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey, Step

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


def eight_transforms(case: Case) -> None:
    """Apply all codes to one block or one pixel whose entries differ, and count the pictures."""
    least = 2 if case.assumes(AT_LEAST_TWO) else 1
    side = case.integer("side of the block", least, 4)
    geometry = BlockGeometry(side, side, channels=3, block=side)
    block = np.arange(geometry.n_pixels, dtype=np.uint8).reshape(geometry.shape)
    block += np.uint8(case.integer("darkest pixel", 0, 200))
    pictures = {
        case.encrypted(block, EtCKey(geometry, transforms=[code])).tobytes() for code in range(8)
    }
    assert len(pictures) == 8, f"{len(pictures)} different pictures for 8 codes"
    turned = {
        np.rot90(mirrored, k).tobytes() for mirrored in (block, block[::-1]) for k in range(4)
    }
    assert pictures == turned or side == 1, "the pictures are not those of the square's symmetries"
    colours = {
        case.encrypted(block, EtCKey(geometry, components=[code])).tobytes() for code in range(6)
    }
    assert len(colours) == 6, f"{len(colours)} different pictures for 6 orders of components"


def sixteen_codes(case: Case) -> None:
    """Apply 4 rotations with 4 inversions to a block whose pixels differ; count the pictures."""
    side = case.integer("side of the block", 2, 5)
    block = np.arange(side**2, dtype=np.uint8).reshape(side, side)
    inversions: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))
    pictures = {
        case.implementation.rotate_and_invert(block, turns, axes).tobytes()
        for turns in range(4)
        for axes in inversions
    }
    assert len(pictures) == 16, f"{len(pictures)} different pictures for 16 codes"


def int8_products(case: Case) -> None:
    """Take a matrix whose Q^T Q is I in int8, and multiply it out in int64."""
    size = case.integer("size", 1, 2)
    entries = [case.choose("entry", (0, 1, -1, 127, -127, 100)) for _ in range(size**2)]
    Q = csr_array(np.array(entries, dtype=np.int8).reshape(size, size))
    case.note("Q", Q.toarray())
    narrow = case.implementation.arithmetic.cross_product(Q).toarray()
    if not (narrow == np.eye(size)).all():
        return
    wide = Q.toarray().astype(np.int64)
    same(wide.T @ wide, np.eye(size), "Q^T Q is I in int8, and not in int64")


STEP_STATEMENTS: Final[dict[str, Statement]] = {
    "matrices-are-the-encryption": matrices_are_the_encryption,
    "decryption-inverts": decryption_inverts,
    "permuting-steps": permuting_steps,
    "distances": distances,
    "raw-inner-products": raw_inner_products,
    "mid-grey": mid_grey,
    "eight-transforms": eight_transforms,
    "sixteen-codes": sixteen_codes,
    "int8-products": int8_products,
}
"""By the name of the claim."""
