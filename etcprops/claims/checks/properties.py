"""Metamorphic relations of the encryption, of which Hypothesis searches for counterexamples.

A metamorphic relation (Chen et al. 1998) says how results on related inputs are related: here those
on plain and on encrypted images. Each takes the implementation under test, a key and a batch of
images, and asserts the relation in exact integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Observation
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import EtCKey, Step

MetamorphicRelation = Callable[[Implementation, EtCKey, NDArray[np.uint8]], None]

PERMUTATIONS = frozenset({Step.PERMUTATION, Step.TRANSFORMS, Step.COMPONENTS})


def fuzz(
    relation: MetamorphicRelation,
    implementation: Implementation,
    *,
    steps: frozenset[Step] | None = None,
    count: int = 2,
) -> Observation:
    """Search for a key and images that break `relation`.

    Parameters
    ----------
    relation : callable
        Raises AssertionError where the relation is broken.
    implementation : Implementation
        The implementation under test.
    steps : frozenset of Step, optional
        Draw keys with these steps; by default with any.
    count : int, default=2
        Images in a batch.

    Returns
    -------
    Observation
        The number of examples, or the smallest counterexample that was found, to be replayed.
    """
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from etcprops import strategies

    examples = 0

    @settings(
        max_examples=60,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=tuple(HealthCheck),
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        nonlocal examples
        examples += 1
        geometry = data.draw(strategies.geometries())
        chosen = steps
        if steps is not None and geometry.channels == 1:
            chosen = steps - {Step.COMPONENTS}
        key = data.draw(
            strategies.keys(geometry, steps=None if chosen is None else st.just(chosen))
        )
        images = data.draw(strategies.images(geometry, count=count))
        try:
            relation(implementation, key, images)
        except AssertionError as error:
            raise AssertionError(
                f"{error} Key: {key.to_json()} images: {images.tolist()}"
            ) from None

    try:
        run()
    except AssertionError as error:
        return Observation(False, str(error))
    return Observation(True, f"{examples} random keys with {count} images each, no counterexample")


def matrices_equal_pixels(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Multiply by the step matrices, add the offset, and get what the pixels give."""
    expected = flat(implementation.encrypt(images, key))
    vectors = flat(images)
    for step, matrix in implementation.step_matrices(key).items():
        wide = matrix.astype(np.int64)
        vectors = (wide @ vectors.T).T
        if step is Step.NEGATIVES:
            vectors = vectors + np.where(wide.diagonal() < 0, 255, 0)
    _same(vectors, expected, "matrices and pixels differ")


def decryption_inverts(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Decrypt what was encrypted, and get the images."""
    decrypted = implementation.decrypt(implementation.encrypt(images, key), key)
    _same(flat(decrypted), flat(images), "decrypted and plain images differ")


def distances_preserved(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare squared distances of raw pixels, in integers."""
    plain, encrypted = flat(images), flat(implementation.encrypt(images, key))
    _same(squared_distances(encrypted), squared_distances(plain), "squared distances differ")


def raw_inner_products_preserved(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare inner products of raw pixels, in integers."""
    plain, encrypted = flat(images), flat(implementation.encrypt(images, key))
    _same(encrypted @ encrypted.T, plain @ plain.T, "inner products differ")


def centred_inner_products_preserved(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare inner products of pixels centred at mid-grey, doubled: ``2 x - 255``."""
    plain, encrypted = 2 * flat(images) - 255, 2 * flat(implementation.encrypt(images, key)) - 255
    _same(encrypted @ encrypted.T, plain @ plain.T, "centred inner products differ")


def mean_centred_products_preserved(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare inner products of images less the mean of all but the last, times their number."""
    products = []
    for vectors in (flat(images), flat(implementation.encrypt(images, key))):
        rows = (len(vectors) - 1) * vectors - vectors[:-1].sum(axis=0)
        products.append(rows @ rows.T)
    _same(products[1], products[0], "centred inner products differ")


def z_score_becomes_linear(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare z-scores: those of encrypted images are those of plain ones, permuted and signed."""
    plain, encrypted = flat(images), flat(implementation.encrypt(images, key))
    # The last image is a query: it takes no part in the statistics.
    before = PixelStatistics(plain[:-1]).z_score(plain)
    after = PixelStatistics(encrypted[:-1]).z_score(encrypted)
    for matrix in implementation.step_matrices(key).values():
        before = (matrix.astype(np.float64) @ before.T).T
    _same(after, before, "z-scores differ")


def normal_form_stays(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Compare the normal forms of the features, learnt from all images but the last two."""
    from etcprops.reductions import CanonicalFeatures

    plain, encrypted = flat(images), flat(implementation.encrypt(images, key))
    before, after = (CanonicalFeatures().fit(X[:-2]).transform(X) for X in (plain, encrypted))
    _same(after, before, "normal forms differ")


def reduced_vectors_are_encrypted(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Reduce encrypted images and compare with what the key does to reduced plain images."""
    from etcprops.reductions import BlockDCT, BlockMean

    plain, encrypted = flat(images), flat(implementation.encrypt(images, key))
    side = key.geometry.block
    for reduction in (BlockMean(key.geometry, side), BlockDCT(key.geometry, (side**2 + 1) // 2)):
        reduction.fit(plain)
        expected = reduction.induced(key).apply(reduction.transform(plain))
        _same(reduction.transform(encrypted), expected, f"{type(reduction).__name__}: differ")


def penalties_and_answers_preserved(
    implementation: Implementation, key: EtCKey, images: NDArray[np.uint8]
) -> None:
    """Take one image for weights: its L1 norm and its products with the others, from mid-grey."""
    plain, encrypted = 2 * flat(images) - 255, 2 * flat(implementation.encrypt(images, key)) - 255
    norms = [abs(vectors[:1]).sum(axis=1, keepdims=True) for vectors in (plain, encrypted)]
    _same(norms[1], norms[0], "L1 norms differ")
    _same(encrypted[1:] @ encrypted[:1].T, plain[1:] @ plain[:1].T, "answers differ")


def squared_distances(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all squared distances between rows, by subtraction."""
    differences = vectors[:, None] - vectors[None]
    return np.asarray((differences**2).sum(axis=-1))


def _same(found: NDArray[np.generic], expected: NDArray[np.generic], message: str) -> None:
    """Assert that two arrays are equal, and name the first place where they are not."""
    assert found.shape == expected.shape, f"{message}: shapes {found.shape}, {expected.shape}."
    indices = np.argwhere(found != expected)
    if indices.size:
        first = tuple(int(index) for index in indices[0])
        raise AssertionError(f"{message}, first at {first}: {found[first]}, not {expected[first]}.")
