"""Claims about normalization and kernels: which statistics make the encryption linear."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks import properties
from etcprops.claims.checks.properties import fuzz, squared_distances
from etcprops.claims.checks.steps import compare, observe, size_of
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, EvidenceKind, Exhibit, Observation, Outcome
from etcprops.claims.references import SCHOELKOPF_SMOLA_2002
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

TWO_PIXELS = BlockGeometry(1, 2, block=1)
ONE_OF_TWO_NEGATED = EtCKey(TWO_PIXELS, negatives=[0, 1])

PER_FEATURE = "the statistics are those of each feature, over the images"
SAME_KEY = "the statistics are fitted on images under the same key"
GAMMA_FIXED = "gamma does not depend on the pixels: a number, or 'auto'"

SCALE_OF_FIT = "gamma='scale' is taken of the images on which the z-score was fitted"

GAMMAS = (1e-4, 0.05, 3.0)


def check_z_score_with_symbols(implementation: Implementation) -> Observation:
    """Prove that negating a pixel in N images negates its z-score, for indeterminate N as well."""
    from etcprops.theory import symbolic

    return observe(
        symbolic.prove_z_score(implementation.arithmetic.negate, implementation.arithmetic.centre)
    )


def check_z_score_at_full_size(implementation: Implementation) -> Observation:
    """Compare z-scores bit for bit at full size, the fifth image only as a query."""
    plain, encrypted = implementation.vectors(implementation.key)
    before = PixelStatistics(plain[:-1]).z_score(plain)
    after = PixelStatistics(encrypted[:-1]).z_score(encrypted)
    for matrix in implementation.step_matrices(implementation.key).values():
        before = (matrix.astype(np.float64) @ before.T).T
    different = np.count_nonzero(before != after)
    if different:
        return Observation(False, f"{different} of {before.size} z-scores differ")
    return Observation(True, f"{before.size} z-scores equal bit for bit: {size_of(implementation)}")


def check_z_score_on_random_keys(implementation: Implementation) -> Observation:
    """Search for a key and images where z-scores of encrypted images are not signed plain ones."""
    return fuzz(properties.z_score_becomes_linear, implementation, count=4)


def _small_batches(count: int, levels: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return all batches of `count` images of two pixels with some grey levels, darkest first."""
    values = itertools.product(levels, repeat=2 * count)
    return np.array(list(values), dtype=np.uint8).reshape(-1, count, 1, 2)


def check_per_image_statistics(implementation: Implementation) -> Observation:
    """Normalize each image by its own mean and deviation; compare inner products of two images."""
    for images in _small_batches(2, (0, 1, 2)):
        encrypted = implementation.encrypt(images, ONE_OF_TWO_NEGATED)
        scores = [_per_image(flat(batch)) for batch in (images, encrypted)]
        products = [float(z[0] @ z[1]) for z in scores]
        if abs(products[0] - products[1]) > 1e-9:
            detail = (
                f"x = {images[0].ravel().tolist()}, y = {images[1].ravel().tolist()}, second pixel "
                f"negated: inner product {products[0]:g} plain, {products[1]:g} encrypted"
            )
            exhibits = tuple(
                Exhibit(label, picture)
                for i, name in enumerate("xy")
                for label, picture in ((name, images[i]), (f"{name} encrypted", encrypted[i]))
            )
            return Observation(False, detail, exhibits)
    return Observation(True, "pairs of images of two pixels with grey levels 0 to 2")


def _per_image(vectors: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return rows less their own mean, over their own deviation, 0 where that is 0."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    deviation = vectors.std(axis=1, keepdims=True)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def check_statistics_of_plain_images(implementation: Implementation) -> Observation:
    """Normalize encrypted images with statistics of the plain ones; compare inner products."""
    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for levels in itertools.product(range(3), repeat=2):
        images = np.array(levels, dtype=np.uint8).reshape(2, 1, 1)
        encrypted = implementation.encrypt(images, key)
        statistics = PixelStatistics(flat(images))
        z, w = statistics.z_score(flat(images)), statistics.z_score(flat(encrypted))
        before, after = float(z[0, 0] * z[1, 0]), float(w[0, 0] * w[1, 0])
        if before != after:
            detail = (
                f"one pixel, x = {levels[0]}, y = {levels[1]}, negated but normalized as if plain: "
                f"inner product {before:g} plain, {after:g} encrypted"
            )
            exhibits = Exhibit("x", images[0]), Exhibit("x encrypted", encrypted[0])
            return Observation(False, detail, exhibits)
    return Observation(True, "pairs of grey levels 0 to 2")


def check_gram_terms_at_full_size(implementation: Implementation) -> Observation:
    """Compare the exact fractions that add up to each inner product of z-scores."""
    plain, encrypted = implementation.vectors(implementation.key)
    terms = []
    for vectors in (plain, encrypted):
        statistics = PixelStatistics(vectors[:-1])
        numerators = statistics.deviation_numerators(vectors)
        scale = statistics.variance_numerator
        # z_i . z_j is the sum over pixels of d_i d_j / scale: equal if the fractions are the same.
        pairs = [
            np.stack([numerators[i] * numerators[j], scale])
            for i, j in itertools.combinations_with_replacement(range(len(vectors)), 2)
        ]
        terms.append(np.stack([pair[:, np.lexsort(pair)] for pair in pairs]))
    same = np.array_equal(terms[0], terms[1])
    detail = f"{len(terms[0])} pairs of 5 images, {terms[0].shape[-1]} exact fractions each"
    return Observation(same, detail if same else f"the fractions differ: {detail}")


def check_kernels_on_digits(implementation: Implementation) -> Observation:
    """Compute scikit-learn's kernels on z-scores of encrypted digits, with every kind of gamma."""
    from sklearn.metrics import pairwise

    from etcprops.datasets import load_digits_images

    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    plain, encrypted = flat(digits.images), flat(implementation.encrypt(digits.images, key))
    z, w = (PixelStatistics(v[::4]).z_score(v[::4]) for v in (plain, encrypted))
    scale = [1 / (v.shape[1] * v.var()) for v in (z, w)]
    worst = abs(scale[0] - scale[1]) / scale[0]
    for name in ("linear", "rbf", "poly", "sigmoid"):
        kernel = getattr(pairwise, f"{'polynomial' if name == 'poly' else name}_kernel")
        choices = [{}] if name == "linear" else [{"gamma": g} for g in (*GAMMAS, *scale[:1])]
        for options in choices:
            before, after = kernel(z, **options), kernel(w, **options)
            worst = max(worst, float(abs(before - after).max() / abs(before).max()))
    detail = f"4 kernels, {len(z)} digits, 4 gammas: greatest relative difference {worst:.1e}"
    return Observation(worst < 1e-12, detail)


def check_scale_at_full_size(implementation: Implementation) -> Observation:
    """Compute the mean and mean square of z-scores, all that 'scale' depends on, in integers."""
    spreads = []
    for vectors in implementation.vectors(implementation.key):
        statistics = PixelStatistics(vectors)
        numerators = statistics.deviation_numerators(vectors)
        # Sums of z over the images are 0, and sums of z^2 are N where the pixel is not constant.
        squares = len(vectors) * statistics.variance_numerator - (numerators**2).sum(axis=0)
        if numerators.sum(axis=0).any() or squares.any():
            return Observation(False, "z-scores have another mean than 0 or variance than 1")
        spreads.append(int(np.count_nonzero(statistics.variance_numerator)))
    size = implementation.geometry.n_pixels
    detail = f"X.var() is {spreads[0]} / {size} plain, {spreads[1]} encrypted"
    return Observation(spreads[0] == spreads[1], detail)


def check_scale_of_other_images(implementation: Implementation) -> Observation:
    """Fit the z-score on two images, and search for a third whose 'scale' changes."""
    training = np.array([[[0, 0]], [[2, 2]]], dtype=np.uint8)
    for images in _small_batches(1, (0, 1, 2)):
        batch = np.concatenate([training, images])
        both = flat(batch), flat(implementation.encrypt(batch, ONE_OF_TWO_NEGATED))
        variances = [float(PixelStatistics(v[:2]).z_score(v[2:]).var()) for v in both]
        if variances[0] != variances[1]:
            detail = (
                f"z-score fitted on [0, 0] and [2, 2], second pixel negated: of the z-scores of "
                f"{images.ravel().tolist()} X.var() is {variances[0]:g} plain, "
                f"{variances[1]:g} encrypted"
            )
            return Observation(False, detail, (Exhibit("x", images[0]),))
    return Observation(True, "images of two pixels with grey levels 0 to 2")


def check_rbf_distances_at_full_size(implementation: Implementation) -> Observation:
    """Compare squared distances of raw pixels, all that RBF with a fixed gamma depends on."""
    plain, encrypted = implementation.vectors(implementation.key)
    distances = squared_distances(plain), squared_distances(encrypted)
    return compare(*distances, "squared distances", size_of(implementation))


def check_gamma_scale(implementation: Implementation) -> Observation:
    """Search for the smallest raw image whose 'scale', 1 / (n X.var()), changes."""
    for images in _small_batches(1, (0, 1)):
        encrypted = implementation.encrypt(images, ONE_OF_TWO_NEGATED)
        variances = [float(batch.var()) for batch in (images, encrypted)]
        # scikit-learn takes gamma = 1 where the variance is 0.
        gammas = [1 / (2 * v) if v else 1.0 for v in variances]
        if gammas[0] != gammas[1]:
            detail = (
                f"x = {images[0].ravel().tolist()}, second pixel negated: X.var() {variances[0]:g} "
                f"plain, {variances[1]:g} encrypted; gamma {gammas[0]:g} and {gammas[1]:g}"
            )
            exhibits = Exhibit("x", images[0]), Exhibit("x encrypted", encrypted[0])
            return Observation(False, detail, exhibits)
    return Observation(True, "images of two pixels with grey levels 0 and 1")


def check_raw_linear_and_polynomial_kernels(implementation: Implementation) -> Observation:
    """Compute both kernels of the smallest raw images."""
    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for level in range(256):
        image = np.array([[[level]]], dtype=np.uint8)
        encrypted = implementation.encrypt(image, key)
        x, y = int(image[0, 0, 0]), int(encrypted[0, 0, 0])
        linear, cubic = (x * x, y * y), ((x * x + 1) ** 3, (y * y + 1) ** 3)
        if linear[0] != linear[1] and cubic[0] != cubic[1]:
            detail = (
                f"n = 1, x = {level}: k(x, x) is {linear[0]} plain and {linear[1]} encrypted, "
                f"(x.x + 1)^3 is {cubic[0]} and {cubic[1]:.4g}"
            )
            exhibits = Exhibit("x", image[0]), Exhibit("x encrypted", encrypted[0])
            return Observation(False, detail, exhibits)
    return Observation(True, "all grey levels of one pixel")


def check_pooled_statistics(implementation: Implementation) -> Observation:
    """Pool two clients with a key each; search for an inner product of one client that changes."""
    keys = [EtCKey(BlockGeometry(1, 1, block=1), negatives=[bit]) for bit in (0, 1)]
    for levels in itertools.product(range(3), repeat=3):
        images = np.array(levels, dtype=np.uint8).reshape(3, 1, 1)
        # The first client has two images under a key that negates nothing, the second has one.
        encrypted = np.concatenate(
            [
                implementation.encrypt(images[:2], keys[0]),
                implementation.encrypt(images[2:], keys[1]),
            ]
        )
        z, w = (PixelStatistics(flat(b)).z_score(flat(b))[:, 0] for b in (images, encrypted))
        before, after = float(z[0] * z[1]), float(w[0] * w[1])
        if before != after:
            detail = (
                f"one pixel; client 1 has {levels[0]} and {levels[1]} (not negated), client 2 has "
                f"{levels[2]} (negated): client 1's inner product is {before:.4g} plain, "
                f"{after:.4g} encrypted"
            )
            exhibits = (
                Exhibit("plain", images.reshape(1, -1)),
                Exhibit("encrypted", encrypted.reshape(1, -1)),
            )
            return Observation(False, detail, exhibits)
    return Observation(True, "three images of one pixel with grey levels 0 to 2")


STATISTICS_CLAIMS = (
    Claim(
        "z-score",
        "z-score normalization fitted on the training images turns x -> Q x + c into z -> Q z, for "
        "training images and queries; constant pixels included.",
        "section 3.2",
        Outcome.HOLDS_IF,
        hypotheses=(PER_FEATURE, SAME_KEY),
        checks=(
            Check(check_z_score_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_z_score_at_full_size, EvidenceKind.EXACT),
            Check(check_z_score_on_random_keys, EvidenceKind.FUZZED),
            Check(check_per_image_statistics, EvidenceKind.REFUTATION, without=PER_FEATURE),
            Check(check_statistics_of_plain_images, EvidenceKind.REFUTATION, without=SAME_KEY),
        ),
        note="Exact in the integer form used here; see 'standard-scaler' for floating point.",
    ),
    Claim(
        "kernels-after-z-score",
        "After z-score normalization the linear, RBF, polynomial and sigmoid kernels are the same, "
        "whatever gamma is.",
        "section 3.2",
        Outcome.HOLDS_IF,
        hypotheses=(SCALE_OF_FIT,),
        checks=(
            Check(check_gram_terms_at_full_size, EvidenceKind.EXACT),
            Check(check_scale_at_full_size, EvidenceKind.EXACT),
            Check(check_kernels_on_digits, EvidenceKind.END_TO_END),
            Check(check_scale_of_other_images, EvidenceKind.REFUTATION, without=SCALE_OF_FIT),
        ),
        note="SVC takes 'scale' of its training images. In a pipeline that is what the z-score was "
        "fitted on; after centring at mid-grey, or on a subset, 'scale' is not invariant.",
        references=(SCHOELKOPF_SMOLA_2002,),
    ),
    Claim(
        "rbf-on-raw-pixels",
        "The RBF kernel is the same on raw pixels.",
        "not in the paper, which normalizes",
        Outcome.HOLDS_IF,
        hypotheses=(GAMMA_FIXED,),
        checks=(
            Check(check_rbf_distances_at_full_size, EvidenceKind.EXACT),
            Check(check_gamma_scale, EvidenceKind.REFUTATION, without=GAMMA_FIXED),
        ),
        note="scikit-learn's default is gamma='scale': SVC() on raw pixels is not invariant.",
        references=(SCHOELKOPF_SMOLA_2002,),
    ),
    Claim(
        "linear-and-polynomial-on-raw-pixels",
        "The linear and polynomial kernels are the same on raw pixels.",
        "section 3.2 asks for z-score normalization, which implies that they are not",
        Outcome.FAILS,
        checks=(Check(check_raw_linear_and_polynomial_kernels, EvidenceKind.REFUTATION),),
        references=(SCHOELKOPF_SMOLA_2002,),
    ),
    Claim(
        "pooled-z-score",
        "With a key per client (key condition 2) and one z-score over all clients, inner products "
        "between images of one client stay the same.",
        "section 4.2.2 does not say; its normalization is pooled",
        Outcome.FAILS,
        checks=(Check(check_pooled_statistics, EvidenceKind.REFUTATION),),
        note="The pooled mean mixes keys. Centring at mid-grey needs no pool.",
    ),
)
