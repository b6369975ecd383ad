"""What follows once the class of a map is known: which learning is the same, what is given away.

Statements and conditions come from the ledger of claims, by name, so that they are those that the
package proves and tests; here stands only for which classes of maps each of them is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from etcprops.probing.model import BIJECTIVE, MapKind

if TYPE_CHECKING:
    from etcprops.claims.model import Claim


@dataclass(frozen=True)
class Consequence:
    """One family of methods for one class of maps.

    Attributes
    ----------
    family : str
        The preprocessing, kernels or estimators.
    exact : bool
        Whether results on encrypted images are exactly those on plain ones.
    condition : str
        Under which condition, or why not.
    claim : str
        The ledger's claim that says so, or "" if it has none.
    """

    family: str
    exact: bool
    condition: str
    claim: str

    def to_dict(self) -> dict[str, Any]:
        """Return the consequence ready for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class _Rule:
    """A family, its claim, and the kinds for which it stays the same."""

    family: str
    claim: str
    kinds: tuple[MapKind, ...]
    otherwise: str


_UNSIGNED = (MapKind.IDENTITY, MapKind.PERMUTATION)
_BROKEN = "distances between images change"

_RULES = (
    _Rule("Euclidean distances on raw pixels, and k-NN on them", "distances", BIJECTIVE, _BROKEN),
    _Rule(
        "RBF kernel on raw pixels with a fixed gamma or 'auto'",
        "rbf-on-raw-pixels",
        BIJECTIVE,
        _BROKEN,
    ),
    _Rule(
        "linear and polynomial kernels on raw pixels",
        "permuting-steps",
        _UNSIGNED,
        "negation changes inner products of raw pixels",
    ),
    _Rule(
        "RBF kernel on raw pixels with gamma='scale'",
        "permuting-steps",
        _UNSIGNED,
        "gamma is taken from the variance of all raw pixels, which negation changes",
    ),
    _Rule("pixels centred at mid-grey, x - 127.5: inner products", "mid-grey", BIJECTIVE, _BROKEN),
    _Rule("z-score per feature", "z-score", BIJECTIVE, "the map is no signed permutation"),
    _Rule(
        "linear, RBF, polynomial and sigmoid kernels after z-score",
        "kernels-after-z-score",
        BIJECTIVE,
        "the map is no signed permutation",
    ),
    _Rule("SVM and k-NN on normalized pixels", "svm-and-k-nn", BIJECTIVE, _BROKEN),
    _Rule(
        "random forest with a fixed seed, decision by decision",
        "random-forest",
        (MapKind.IDENTITY,),
        "feature numbers, ties and thresholds depend on order and sign",
    ),
)

_WHY_NOT = {
    MapKind.COPY_MAP: "lost and repeated pixels change distances and inner products; images that "
    "differ only in lost pixels cannot be told apart",
    MapKind.AFFINE: "an affine map keeps distances only if its matrix is orthogonal",
    MapKind.GF2_AFFINE: "grey levels are not kept: only Hamming distances of bits are, and only if "
    "each bit is moved once",
    MapKind.PIXEL_LOCAL: "tone curves change differences of grey levels",
    MapKind.NON_LINEAR: "nothing is known to be kept",
    MapKind.DATA_DEPENDENT: "two images are not encrypted by one map, so nothing between them is "
    "kept",
    MapKind.RANDOMISED: "the same image is encrypted differently each time",
    MapKind.NOT_IMAGE: "there is no encrypted image to learn from",
}


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
    asked = f"{chosen} chosen image{'s' if chosen > 1 else ''}"
    first = f"Whoever gets {asked} encrypted under a key can decrypt all images under it."
    if block is None or block == 1:
        return (first,)
    command = f"etcprops attack FOLDER --block {block}"
    return (first, f"A key that several images share is found from these alone: {command}")


def consequences(kind: MapKind) -> tuple[Consequence, ...]:
    """Return what is exactly the same, and what is not, for a class of maps.

    Parameters
    ----------
    kind : MapKind
        The class that the probe found.

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
        exact = kind in rule.kinds
        if exact:
            hypotheses = claims[rule.claim].hypotheses if kind is not MapKind.IDENTITY else ()
            condition = f"if {'; '.join(hypotheses)}" if hypotheses else ""
        else:
            condition = _WHY_NOT.get(kind, rule.otherwise)
        result.append(Consequence(rule.family, exact, condition, rule.claim))
    return tuple(result)
