"""Claims about floating point: what survives rounding, and what does not."""

from __future__ import annotations

import numpy as np

from etcprops.claims.checks.exactness import search_keys
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Observation
from etcprops.claims.references import CHAN_1983, HIGHAM_2002, IEEE_754
from etcprops.claims.terms import EvidenceKind, Outcome, PaperSays, Scope
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import EtCKey

POWER_OF_TWO = "the number of images is a power of two, up to 2^45"


def check_negation_of_all_grey_levels(implementation: Implementation) -> Observation:
    """Compute 255 - x for all 256 grey levels in integers and in floating point."""
    levels = np.arange(256)
    types = (np.uint8, np.int16, np.int64, np.float16, np.float32, np.float64)
    for dtype in types:
        negated = implementation.arithmetic.negate(levels.astype(dtype)).astype(np.int64)
        wrong = np.flatnonzero(negated != 255 - levels)
        if wrong.size:
            level = wrong[0]
            detail = f"{negated[level]} for the grey level {level} in {dtype.__name__}"
            return Observation(False, detail)
    return Observation(True, f"256 grey levels in {', '.join(t.__name__ for t in types)}")


def _first_asymmetry(implementation: Implementation, count: int) -> str | None:
    """Return the first sum S and pixel x of `count` images that centring does not negate, or None.

    Tries every sum that `count` pixels can have, with every pixel.
    """
    pixels = np.arange(256.0)
    centre = implementation.arithmetic.centre
    sums = range(255 * count + 1)
    for start in range(0, len(sums), 512):  # a megabyte at a time
        part = np.arange(start, min(start + 512, len(sums)), dtype=float)[:, None]
        plain = centre(pixels, part, count)
        negated = centre(255 - pixels, 255 * count - part, count)
        wrong = np.argwhere(negated != -plain)
        if wrong.size:
            i, j = (int(index) for index in wrong[0])
            values = f"{plain[i, j].item()!r} plain, {negated[i, j].item()!r} negated"
            return f"N = {count}, sum {start + i}, x = {j}: {values}"
    return None


def check_centring_for_powers_of_two(implementation: Implementation) -> Observation:
    """Try every sum and every pixel for N = 1, 2, 4, ..., 256."""
    counts = [2**k for k in range(9)]
    for count in counts:
        found = _first_asymmetry(implementation, count)
        if found is not None:
            return Observation(False, found)
    return Observation(True, f"every sum and every pixel for N = {', '.join(map(str, counts))}")


def check_centring_for_other_counts(implementation: Implementation) -> Observation:
    """Try every sum and every pixel for N = 3, 5, 6, 7, 9, 10."""
    counts = (3, 5, 6, 7, 9, 10)
    found = {count: _first_asymmetry(implementation, count) for count in counts}
    cases = {count: case for count, case in found.items() if case is not None}
    if not cases:
        tried = ", ".join(map(str, counts))
        return Observation(True, f"every sum and every pixel for N = {tried}")
    others = ", ".join(map(str, cases))
    return Observation(False, f"{cases[min(cases)]}; counterexamples for N = {others}")


def check_integer_z_score_on_digits(implementation: Implementation) -> Observation:
    """Compare z-scores of encrypted digits, from integer numerators, bit for bit."""
    from etcprops.datasets import load_digits_images

    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    plain, encrypted = flat(digits.images), flat(implementation.encrypt(digits.images, key))
    z, w = (PixelStatistics(vectors[::2]).z_score(vectors) for vectors in (plain, encrypted))
    for matrix in implementation.step_matrices(key).values():
        z = (matrix.astype(np.float64) @ z.T).T
    different = int(np.count_nonzero(z != w))
    detail = f"{z.size} z-scores, half of {len(z)} images for statistics: {different} differ"
    return Observation(different == 0, detail)


def check_blas_gram_on_digits(implementation: Implementation) -> Observation:
    """Multiply equal z-scores, in plain and in encrypted order of the features, through BLAS."""
    from etcprops.datasets import load_digits_images

    digits = load_digits_images()

    def look(keys: list[EtCKey]) -> Observation:
        plain, encrypted = flat(digits.images), flat(implementation.encrypt(digits.images, keys[0]))
        z, w = (PixelStatistics(vectors).z_score(vectors) for vectors in (plain, encrypted))
        before, after = implementation.arithmetic.gram(z), implementation.arithmetic.gram(w)
        different = np.count_nonzero(before != after)
        detail = (
            f"{len(z)} digits: {different / before.size:.0%} of the entries differ, by up to "
            f"{abs(before - after).max():.1e} where entries reach {abs(before).max():.0f}"
        )
        return Observation(different == 0, detail)

    return search_keys(implementation, digits.geometry, 3, look)


ARITHMETIC_CLAIMS = (
    Claim(
        "float-negation",
        "fl(255 - x) is exact for every 8-bit pixel, in integers and in floating point.",
        "not in the paper, which assumes real arithmetic",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        checks=(Check(check_negation_of_all_grey_levels, EvidenceKind.EXACT),),
        references=(IEEE_754,),
    ),
    Claim(
        "float-centring",
        "Centring by the mean in float64 changes its sign exactly under x -> 255 - x.",
        "not in the paper, which assumes real arithmetic",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        hypotheses=(POWER_OF_TWO,),
        checks=(
            Check(check_centring_for_powers_of_two, EvidenceKind.EXACT),
            Check(check_centring_for_other_counts, EvidenceKind.REFUTATION, without=POWER_OF_TWO),
        ),
        note="For powers of two the mean is exact. The smallest number of images that fails is 3.",
        references=(IEEE_754, HIGHAM_2002),
    ),
    Claim(
        "standard-scaler",
        "scikit-learn's StandardScaler makes the negative-positive transform a sign, bit for bit.",
        "section 3.2, read literally",
        Outcome.FAILS,
        paper=PaperSays.LITERAL,
        scope=Scope.BITS_ALIKE,
        note="It does so up to rounding; the integer form does so exactly.",
        references=(HIGHAM_2002,),
    ),
    Claim(
        "integer-z-score",
        "The z-score from the integers N x - S and N sum(x^2) - S^2 makes the encryption a signed "
        "permutation of the z-scores, bit for bit.",
        "not in the paper",
        Outcome.HOLDS,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_EVERYWHERE,
        checks=(Check(check_integer_z_score_on_digits, EvidenceKind.EXACT),),
        references=(CHAN_1983,),
    ),
    Claim(
        "blas-gram",
        "Gram matrices of plain and encrypted z-scores are the same bits through BLAS.",
        "section 3.2, read literally",
        Outcome.FAILS,
        paper=PaperSays.LITERAL,
        scope=Scope.BITS_ALIKE,
        checks=(Check(check_blas_gram_on_digits, EvidenceKind.REFUTATION),),
        note="BLAS adds in an order that depends on the features; the values are equal in exact "
        "arithmetic.",
        references=(HIGHAM_2002,),
    ),
)
