"""What follows once the class of a map is known: which learning is the same, what is given away.

Statements and conditions come from the ledger of claims, by name, so that they are those that the
package proves and tests; here stands only for which classes of maps each of them is true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etcprops.probing.isometry import Geometry, Kept
from etcprops.probing.model import BIJECTIVE, MapKind, count

if TYPE_CHECKING:
    from etcprops.claims.model import Claim


@dataclass(frozen=True)
class Consequence:
    """One family of methods for one class of maps.

    Attributes
    ----------
    name : str
        The family in some words.
    family : str
        The preprocessing, kernels or estimators.
    exact : bool
        Whether results on encrypted images are exactly those on plain ones.
    condition : str
        Under which condition, or why not.
    claim : str
        The ledger's claim that says so, or "" if it has none.
    """

    name: str
    family: str
    exact: bool
    condition: str
    claim: str

    def to_dict(self) -> dict[str, Any]:
        """Return the consequence ready for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Rule:
    """A family, its claim, for which kinds it stays the same, and for which affine maps besides."""

    name: str
    family: str
    claim: str
    kinds: tuple[MapKind, ...]
    otherwise: str
    keeps: Callable[[Kept], bool] = lambda _kept: False
    if_kept: str = ""
    if_affine: str = "the matrix is not that of an isometry: distances change"


_UNSIGNED = (MapKind.IDENTITY, MapKind.PERMUTATION)
_BROKEN = "distances between images change"


def _isometry(kept: Kept) -> bool:
    return kept.geometry is Geometry.ISOMETRY


def _similar(kept: Kept) -> bool:
    return kept.geometry in {Geometry.ISOMETRY, Geometry.SCALED_ISOMETRY}


def _injective(kept: Kept) -> bool:
    return _similar(kept) or kept.geometry is Geometry.INJECTIVE


def _standardised(kept: Kept) -> bool:
    return kept.one_pixel_each and _injective(kept)


_FEATURES = "features are mixed, repeated or lost"
_RULES = (
    _Rule(
        "distances",
        "Euclidean distances on raw pixels, and k-NN on them",
        "distances",
        BIJECTIVE,
        _BROKEN,
        _isometry,
        "the matrix is that of an isometry",
    ),
    _Rule(
        "RBF kernel with a fixed gamma",
        "RBF kernel on raw pixels with a fixed gamma or 'auto'",
        "rbf-on-raw-pixels",
        BIJECTIVE,
        _BROKEN,
        _isometry,
        "the matrix is that of an isometry; with 'auto', as many pixels come out as go in",
    ),
    _Rule(
        "linear and polynomial kernels",
        "linear and polynomial kernels on raw pixels",
        "permuting-steps",
        _UNSIGNED,
        "inner products of raw pixels change",
        lambda kept: _isometry(kept) and kept.inner_products,
        "the matrix is that of an isometry, and nothing is added; gamma is a number",
        "inner products of raw pixels change",
    ),
    _Rule(
        "RBF kernel with gamma='scale'",
        "RBF kernel on raw pixels with gamma='scale'",
        "permuting-steps",
        _UNSIGNED,
        "gamma is taken from the variance of all raw pixels, which changes",
        lambda kept: _similar(kept) and kept.inner_products and kept.once and kept.same_size,
        "distances and the variance of all pixels are multiplied alike",
        "distances, or the variance of all raw pixels, from which gamma is taken, change",
    ),
    _Rule(
        "nearest neighbours",
        "order of distances: nearest neighbours, single linkage",
        "",
        BIJECTIVE,
        "distances do not keep their order",
        _similar,
        "all distances are multiplied by one factor",
        "distances are not multiplied by one factor",
    ),
    _Rule(
        "kernels after centring, PCA",
        "inner products of images less their mean: kernels after centring, PCA's scores",
        "",
        BIJECTIVE,
        _BROKEN,
        _similar,
        "up to the factor squared, and the sign of scores",
    ),
    _Rule(
        "inner products from mid-grey",
        "pixels centred at mid-grey, x - 127.5: inner products",
        "mid-grey",
        BIJECTIVE,
        _BROKEN,
        if_affine="mid-grey does not become mid-grey in every pixel, or distances change",
    ),
    _Rule(
        "z-scores",
        "z-score per feature",
        "z-score",
        BIJECTIVE,
        _FEATURES,
        _standardised,
        "each feature is one pixel, multiplied by a factor, or constant",
        _FEATURES,
    ),
    _Rule(
        "kernels after z-score",
        "linear, RBF, polynomial and sigmoid kernels after z-score",
        "kernels-after-z-score",
        BIJECTIVE,
        "z-scores change",
        lambda kept: kept.once,
        "z-scores are the same, up to order, sign and constants; gamma is a number or 'scale'",
        _FEATURES,
    ),
    _Rule(
        "SVM and k-NN after z-score",
        "SVM and k-NN on normalized pixels",
        "svm-and-k-nn",
        BIJECTIVE,
        _BROKEN,
        lambda kept: kept.once,
        "pixels are z-scored per feature by the training images; no decision hangs on rounding",
        _FEATURES,
    ),
    _Rule(
        "Mahalanobis distances, LDA",
        "Mahalanobis distances with the covariance of all images; unpenalised regression, LDA",
        "",
        BIJECTIVE,
        "images that differ may become the same",
        _injective,
        "the matrix has full rank",
        "whether the matrix has full rank is not known",
    ),
    _Rule(
        "random forest with a fixed seed",
        "random forest with a fixed seed, decision by decision",
        "random-forest",
        (MapKind.IDENTITY,),
        "feature numbers, ties and thresholds depend on order and sign",
        if_affine="feature numbers, ties and thresholds depend on order, sign and scale",
    ),
)

_WHY_NOT = {
    MapKind.AFFINE_MODULAR: "results wrap around, so that near grey levels become far ones",
    MapKind.AFFINE_RESIDUE: "results wrap around, so that near grey levels become far ones",
    MapKind.GF2_AFFINE: "grey levels are not kept: only Hamming distances of bits are, and only if "
    "each bit is moved once",
    MapKind.PIXEL_LOCAL: "tone curves change differences of grey levels",
    MapKind.NON_LINEAR: "nothing is known to be kept",
    MapKind.DATA_DEPENDENT: "two images are not encrypted by one map, so nothing between them is "
    "kept",
    MapKind.RANDOMISED: "the same image is encrypted differently each time",
    MapKind.UNDECIDED: "the class of the map is not known",
    MapKind.NOT_IMAGE: "there is no encrypted image to learn from",
}

_LOSSY = (
    "images that differ only in what is lost cannot be told apart, so distances and inner products "
    "change"
)


def exposures(kind: MapKind, chosen: int, block: int | None) -> tuple[str, ...]:
    r"""Return what images under one key of such a map give away.

    Parameters
    ----------
    kind : MapKind
        The class that the probe found.
    chosen : int
        How many chosen images named the map.
    block : int or None
        The side of the blocks, if it is an EtC scheme.

    Returns
    -------
    tuple of str
        Sentences; none for maps on which this package has no attack.

    Examples
    --------
    >>> print(*exposures(MapKind.SIGNED_PERMUTATION, 3, 8), sep="\n")
    Whoever gets 3 chosen images encrypted under a key can decrypt all images under it.
    A key that several images share is found from these alone: etcprops attack FOLDER --block 8
    """
    if kind is MapKind.IDENTITY:
        return ("Nothing is hidden: encrypted images are the plain ones.",)
    if kind not in BIJECTIVE:
        return ()
    asked = count(chosen, "chosen image")
    first = f"Whoever gets {asked} encrypted under a key can decrypt all images under it."
    if block is None or block == 1:
        return (first,)
    command = f"etcprops attack FOLDER --block {block}"
    return (first, f"A key that several images share is found from these alone: {command}")


def consequences(kind: MapKind, kept: Kept | None = None) -> tuple[Consequence, ...]:
    """Return what is exactly the same, and what is not, for a class of maps.

    Parameters
    ----------
    kind : MapKind
        The class that the probe found.
    kept : Kept, optional
        What the matrix keeps, for copy maps and affine maps.

    Returns
    -------
    tuple of Consequence

    Examples
    --------
    >>> [c.family for c in consequences(MapKind.SIGNED_PERMUTATION) if not c.exact][0]
    'linear and polynomial kernels on raw pixels'
    >>> any(c.exact for c in consequences(MapKind.COPY_MAP))
    False
    """
    from etcprops.claims import CLAIMS

    claims: dict[str, Claim] = {claim.name: claim for claim in CLAIMS}
    result = []
    for rule in _RULES:
        claim = claims.get(rule.claim)
        if kind in rule.kinds:
            known = claim.hypotheses if claim is not None and kind is not MapKind.IDENTITY else ()
            condition = f"if {'; '.join(known)}" if known else ""
            result.append(Consequence(rule.name, rule.family, True, condition, rule.claim))
        elif kept is not None and rule.keeps(kept):
            # The ledger speaks of signed permutations; this follows from the matrix.
            result.append(Consequence(rule.name, rule.family, True, rule.if_kept, ""))
        else:
            why = _WHY_NOT.get(kind, rule.otherwise)
            if kept is not None:
                why = _LOSSY if kept.geometry is Geometry.LOSSY else rule.if_affine
            result.append(Consequence(rule.name, rule.family, False, why, rule.claim))
    return tuple(result)


def in_two_lines(found: tuple[Consequence, ...]) -> tuple[str, ...]:
    r"""Return what is the same and what is not, by name, in two lines at most.

    Examples
    --------
    >>> print(*in_two_lines(consequences(MapKind.RANDOMISED)), sep="\n")
    Learning keeps nothing exactly: the same image is encrypted differently each time.
    >>> print(in_two_lines(consequences(MapKind.IDENTITY)))
    ('Learning keeps everything exactly.',)
    """
    kept = [c.name for c in found if c.exact]
    lost = [c.name for c in found if not c.exact]
    if not lost:
        return ("Learning keeps everything exactly.",)
    if not kept:
        reasons = {c.condition for c in found}
        why = f": {found[0].condition}" if len(reasons) == 1 else ""
        return (f"Learning keeps nothing exactly{why}.",)
    conditions = " (under conditions)" if any(c.condition for c in found if c.exact) else ""
    return (
        f"Learning keeps exactly{conditions}: {'; '.join(kept)}.",
        f"Learning loses: {'; '.join(lost)}.",
    )
