"""Checks of reductions that are drawn: the distribution of Gram matrices over their seeds."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Observation
from etcprops.datasets import load_digits_images
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

TWO_BLOCKS = BlockGeometry(2, 4, block=2)


def gram_terms(reduced: NDArray[np.int64], *, normalize: bool) -> list[Fraction]:
    """Return all inner products of reduced vectors exactly, z-scored per feature."""
    rows = reduced.astype(object)
    if normalize:
        rows = len(rows) * rows - rows.sum(axis=0)
    scales = [int((column**2).sum()) or 1 for column in rows.T]
    pairs = itertools.combinations_with_replacement(range(len(rows)), 2)
    return [
        sum(
            (
                Fraction(int(a * b), s if normalize else 1)
                for a, b, s in zip(rows[i], rows[j], scales, strict=True)
            ),
            Fraction(0),
        )
        for i, j in pairs
    ]


def _distribution_of_grams(
    matrices: Iterable[NDArray[np.int64]], vectors: NDArray[np.int64], *, normalize: bool
) -> Counter[tuple[Fraction, ...]]:
    """Return how often each set of inner products occurs over some reductions."""
    return Counter(tuple(gram_terms(vectors @ R.T, normalize=normalize)) for R in matrices)


def _compare_distributions(
    implementation: Implementation,
    matrices: Callable[[], Iterable[NDArray[np.int64]]],
    what: str,
    *,
    normalize: bool = True,
) -> Observation:
    """Compare distributions of inner products over some reductions, for keys of two blocks."""
    images = np.random.default_rng(1).integers(0, 256, (3, *TWO_BLOCKS.shape)).astype(np.uint8)
    plain = _distribution_of_grams(matrices(), flat(images), normalize=normalize)
    for secret in ("one", "two", "three"):
        key = EtCKey.from_secret(TWO_BLOCKS, secret)
        vectors = flat(implementation.encrypt(images, key))
        encrypted = _distribution_of_grams(matrices(), vectors, normalize=normalize)
        if plain != encrypted:
            changed = sum(((plain - encrypted) + (encrypted - plain)).values())
            return Observation(False, f"{what}: {changed} of {2 * plain.total()} results differ")
    return Observation(True, f"{what}: {plain.total()} reductions, {len(plain)} results, 3 keys")


def _three_pixels() -> Iterable[NDArray[np.int64]]:
    """Yield the matrix of each choice of 3 of 8 pixels."""
    identity = np.eye(TWO_BLOCKS.n_pixels, dtype=np.int64)
    return (identity[list(c)] for c in itertools.combinations(range(len(identity)), 3))


def _pairs_of_pixels(signs: Iterable[tuple[int, ...]]) -> Iterable[NDArray[np.int64]]:
    """Yield the matrix of each row of 8 entries that are 0, but for two with each of some signs."""
    for indices in itertools.combinations(range(TWO_BLOCKS.n_pixels), 2):
        for pair in signs:
            row = np.zeros((1, TWO_BLOCKS.n_pixels), dtype=np.int64)
            row[0, list(indices)] = pair
            yield row


def check_distribution_of_random_pixels(implementation: Implementation) -> Observation:
    """Enumerate all choices of 3 of 8 pixels, and compare how often each Gram matrix occurs."""
    return _compare_distributions(implementation, _three_pixels, "3 of 8 pixels")


def check_distribution_of_raw_random_pixels(implementation: Implementation) -> Observation:
    """Do the same without a z-score."""
    return _compare_distributions(implementation, _three_pixels, "3 raw pixels", normalize=False)


def check_distribution_of_sparse_projections(implementation: Implementation) -> Observation:
    """Enumerate all rows of 8 entries -1, 0, 1 with two that are not 0; compare Gram matrices."""
    signs = list(itertools.product((-1, 1), repeat=2))
    return _compare_distributions(
        implementation, lambda: _pairs_of_pixels(signs), "two random signs at random indices"
    )


def check_distribution_of_sums_of_two_pixels(implementation: Implementation) -> Observation:
    """Enumerate all sums of two pixels: drawn exchangeably, but always added."""
    return _compare_distributions(
        implementation, lambda: _pairs_of_pixels([(1, 1)]), "sums of two random pixels"
    )


def check_distribution_of_grid_sampling(implementation: Implementation) -> Observation:
    """Keep every other pixel of every row: a choice that is the same for every seed."""
    from etcprops.reductions import GridSampling

    R = GridSampling(TWO_BLOCKS, (1, 2)).matrix()
    return _compare_distributions(
        implementation, lambda: [np.asarray(csr_array(R).toarray())], "a grid"
    )


def check_distribution_of_cyclic_windows(implementation: Implementation) -> Observation:
    """Keep two pixels that follow one another, round the end: each is drawn equally often."""
    n = TWO_BLOCKS.n_pixels
    identity = np.eye(n, dtype=np.int64)
    return _compare_distributions(
        implementation,
        lambda: (identity[[i, (i + 1) % n]] for i in range(n)),
        "two pixels that follow one another",
    )


def check_one_projection_of_digits(implementation: Implementation) -> Observation:
    """Project plain and encrypted digits by one Gaussian matrix, and compare inner products."""
    from etcprops.reductions import GaussianProjection, gram_deviation

    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    images, encrypted = digits.images[:200], implementation.encrypt(digits.images[:200], key)
    reduction = GaussianProjection(digits.geometry, 16)
    deviation = gram_deviation(reduction, images, encrypted)
    detail = f"64 pixels to 16, seed 0: inner products differ by {deviation:.3f} of their norm"
    return Observation(deviation < 1e-9, detail)
