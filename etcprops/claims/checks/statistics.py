"""Claims about normalization and kernels: which statistics make the encryption linear."""

from __future__ import annotations

import itertools

import numpy as np

from etcprops.claims.checks.steps import compare, observe, size_of, squared_distances
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import SCHOELKOPF_SMOLA_2002
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import EtCKey

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


def check_rbf_distances_at_full_size(implementation: Implementation) -> Observation:
    """Compare squared distances of raw pixels, all that RBF with a fixed gamma depends on."""
    plain, encrypted = implementation.vectors(implementation.key)
    distances = squared_distances(plain), squared_distances(encrypted)
    return compare(*distances, "squared distances", size_of(implementation))


STATISTICS_CLAIMS = (
    Claim(
        "z-score",
        "z-score normalization fitted on the training images turns x -> Q x + c into z -> Q z, for "
        "training images and queries; constant pixels included.",
        "section 3.2",
        Outcome.HOLDS_IF,
        paper=PaperSays.STATED,
        scope=Scope.EXACT,
        hypotheses=(PER_FEATURE, SAME_KEY),
        checks=(
            Check(check_z_score_with_symbols, EvidenceKind.SYMBOLIC),
            Check(check_z_score_at_full_size, EvidenceKind.EXACT),
        ),
        note="Exact in the integer form used here; see 'standard-scaler' for floating point.",
    ),
    Claim(
        "kernels-after-z-score",
        "After z-score normalization the linear, RBF, polynomial and sigmoid kernels are the same, "
        "whatever gamma is.",
        "section 3.2",
        Outcome.HOLDS_IF,
        paper=PaperSays.STATED,
        scope=Scope.EXACT,
        hypotheses=(SCALE_OF_FIT,),
        checks=(
            Check(check_gram_terms_at_full_size, EvidenceKind.EXACT),
            Check(check_scale_at_full_size, EvidenceKind.EXACT),
            Check(check_kernels_on_digits, EvidenceKind.END_TO_END),
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
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=(GAMMA_FIXED,),
        checks=(Check(check_rbf_distances_at_full_size, EvidenceKind.EXACT),),
        note="scikit-learn's default is gamma='scale': SVC() on raw pixels is not invariant.",
        references=(SCHOELKOPF_SMOLA_2002,),
    ),
    Claim(
        "linear-and-polynomial-on-raw-pixels",
        "The linear and polynomial kernels are the same on raw pixels.",
        "section 3.2 asks for z-score normalization, which implies that they are not",
        Outcome.FAILS,
        paper=PaperSays.CONTRARY,
        scope=Scope.EXACT,
        note="One image refutes both; the theorem is about the linear kernel.",
        references=(SCHOELKOPF_SMOLA_2002,),
    ),
    Claim(
        "pooled-z-score",
        "With a key per client (key condition 2) and one z-score over all clients, inner products "
        "between images of one client stay the same.",
        "sections 4.1 and 4.2.2, read so: they do not say over whose images the z-score is taken",
        Outcome.FAILS,
        paper=PaperSays.LITERAL,
        scope=Scope.EXACT,
        note="The pooled mean mixes keys. Centring at mid-grey needs no pool.",
    ),
)
