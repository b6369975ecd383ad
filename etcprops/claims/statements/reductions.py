"""What the claims about reductions say of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, permutations, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.reductions import (
    ALIGNED,
    ALIKE,
    COMPONENTS_ALIKE,
    DRAWN_ALIKE,
    NORMALIZED,
    SIGNS_ALIKE,
    SYMMETRIC,
    Z_SCORED,
)
from etcprops.claims.search import Statement
from etcprops.claims.statements.drawn import (
    Pixels,
    Products,
    both,
    products_of,
    products_of_z_scores,
)
from etcprops.scheme.geometry import BlockGeometry


def _orbit(pattern: Pixels, *, moved: bool, shuffled: bool) -> list[Pixels]:
    """Return what transforms and orders of components make of a block, each once up to sign."""
    found: list[Pixels] = []
    orders = (
        permutations(range(3)) if shuffled and pattern.shape[2] == 3 else [range(pattern.shape[2])]
    )
    for order in orders:
        for turns, mirrored in product(range(4), (False, True)) if moved else [(0, False)]:
            image = np.rot90(pattern[:, ::-1] if mirrored else pattern, turns)[..., list(order)]
            if not any((image == old).all() or (image == -old).all() for old in found):
                found.append(image)
    return found


def _matrix(case: Case, geometry: BlockGeometry) -> Pixels:
    """Draw a reduction as its matrix, exact as far as hypotheses are assumed."""
    side, blocks = geometry.block, geometry.n_blocks
    across = not case.assumes(ALIGNED)
    size = side**2 * geometry.channels
    entries = case.bits("black", size).astype(np.int64) - case.bits("white", size)
    # A mean over cells is symmetric, so that only where it lies is against the hypotheses.
    pattern = np.ones(size, dtype=np.int64) if across else entries
    features = _orbit(
        pattern.reshape(side, side, -1),
        moved=case.assumes(SYMMETRIC),
        shuffled=case.assumes(COMPONENTS_ALIKE),
    )
    reduced = blocks if case.assumes(ALIKE) else case.integer("blocks", 1, blocks - 1)
    rows = np.zeros((reduced, len(features), *geometry.shape[:2], geometry.channels), np.int64)
    for block in range(reduced):
        top, left = (side * place for place in divmod(block, geometry.width // side))
        rows[block, :, top : top + side, left : left + side] = features
    if across:
        rows = np.roll(rows, 1, axis=3)
    return rows.reshape(reduced * len(features), -1)


def reductions(case: Case) -> None:
    """Compare exact inner products of reduced images, z-scored after or centred before."""
    if not (case.assumes(ALIGNED) and case.assumes(ALIKE)):
        geometry = case.choose("geometry", [BlockGeometry(2, 4, block=2)])
    elif not case.assumes(COMPONENTS_ALIKE):
        geometry = case.choose("geometry", [BlockGeometry(1, 1, channels=3, block=1)])
    else:
        geometry = case.geometry(largest=24)
    R = _matrix(case, geometry)
    case.note("R", R)
    pictures = both(case, case.key(geometry), 4)
    ways = ("z-score", "mid-grey") if case.assumes(NORMALIZED) else ("raw",)
    way = case.choose("normalization", ways)
    before, after = (_products(vectors, R, way) for vectors in pictures)
    assert before == after, "inner products of reduced images differ"


def _products(vectors: Pixels, R: Pixels, way: str) -> Products:
    """Return inner products of reduced vectors; the last image is a query."""
    if way == "z-score":
        return products_of_z_scores(vectors @ R.T, len(vectors) - 1)
    return products_of((2 * vectors - 255 if way == "mid-grey" else vectors) @ R.T)


def _random_reductions(case: Case, n: int) -> Iterator[NDArray[np.int64]]:
    """Yield all values of a random reduction of n features, each as likely."""
    identity = np.eye(n, dtype=np.int64)
    if not case.assumes(DRAWN_ALIKE):
        yield from (identity[[i, (i + 1) % n]] for i in range(n))
        return
    mixed = not case.assumes(SIGNS_ALIKE) or case.choose("kind", ("pixels", "sums")) == "sums"
    for chosen in map(list, combinations(range(n), min(n, 2))):
        if not mixed:
            yield identity[chosen]
            continue
        signs = product((1, -1), repeat=len(chosen)) if case.assumes(SIGNS_ALIKE) else [(1, 1)]
        for pair in signs:
            yield np.asarray(pair[: len(chosen)]) @ identity[chosen][None]


def reductions_in_distribution(case: Case) -> None:
    """Compare how often each set of inner products occurs, over all values of a reduction."""
    geometry = case.geometry(largest=4)
    key = case.key(geometry)
    pictures = both(case, key, 3)
    way = "z-score" if case.assumes(Z_SCORED) else "raw"
    matrices = list(_random_reductions(case, geometry.n_pixels))
    before, after = (
        Counter(str(_products(vectors, R, way)) for R in matrices) for vectors in pictures
    )
    assert before == after, "inner products have another distribution"


REDUCTION_STATEMENTS: Final[dict[str, Statement]] = {
    "reductions": reductions,
    "reductions-in-distribution": reductions_in_distribution,
}
"""By the name of the claim."""
