"""Verdicts in words, class by class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etcprops.probing.isometry import Kept
from etcprops.probing.model import (
    AffineMap,
    BitMap,
    Confirmation,
    LocalMap,
    MapKind,
    MapVerdict,
    MapWitness,
    PixelMap,
    count,
)
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from etcprops.probing.linearity import Sums
    from etcprops.probing.oracle import Oracle


def bijective(found: PixelMap, calls: int, confirmed: Confirmation) -> MapVerdict:
    """Return the verdict on a map of n pixels to n, none of them lost."""
    bijection = SignedPermutation._trusted(found.source, found.sign, found.level)  # noqa: SLF001
    negated = int(np.count_nonzero(found.sign < 0))
    how = (
        f"read off {count(calls, 'chosen image')}, bijective, and right on {confirmed.images} more"
    )
    if negated:
        kind = MapKind.SIGNED_PERMUTATION
        reason = f"Every pixel is shown once, {negated} of {found.size} negated: {how}."
    elif np.array_equal(found.source, np.arange(found.size)):
        kind, reason = MapKind.IDENTITY, f"Every pixel stays where it is: {how}."
    else:
        kind, reason = MapKind.PERMUTATION, f"Every pixel is shown once, as it is: {how}."
    return MapVerdict(kind, reason, bijection, confirmation=confirmed)


def copy_map(
    found: PixelMap, kept: Kept, witness: MapWitness | None, confirmed: Confirmation
) -> MapVerdict:
    """Return the verdict on a map that loses, repeats or adds pixels."""
    constant = int(np.count_nonzero(found.source < 0))
    lost, twice = found.lost.size, found.duplicated.size
    also = f", {count(constant, 'pixel')} of the result constant" if constant else ""
    reason = (
        f"Every pixel of the result shows one input pixel{', or is constant' * bool(constant)}"
        f": {lost} of {found.size} inputs {'is' if lost == 1 else 'are'} lost, {twice} "
        f"{'is' if twice == 1 else 'are'} shown more than once{also}. {kept.in_words}"
    )
    return MapVerdict(MapKind.COPY_MAP, reason, found, witness, confirmed, kept)


def affine(
    kind: MapKind, found: AffineMap | None, sums: Sums, kept: Kept | None, level: int
) -> MapVerdict:
    """Return the verdict on ``y = A x + c``, as it is or modulo a number, of pixels to `level`."""
    modulo = f" modulo {sums.modulus}" if kind is not MapKind.AFFINE else ""
    relation = f"Sums of images are kept{modulo}: y = A x + c"
    if found is None:
        how = f"seen in {count(sums.tried, 'random instance')}; the matrix was not read"
    else:
        entries = "integers" if found.matrix.dtype.kind == "i" else "real numbers, not integers"
        how = f"a matrix with {count(int(found.matrix.nnz), 'entry').replace('entrys', 'entries')}"
        how += f", {entries}"
    reason = f"{relation}, {how}."
    if kept is not None:
        reason += f" {kept.in_words}"
    if modulo and sums.modulus <= level:
        reason += (
            f" Grey levels that differ by {sums.modulus} become the same, {sums.modulus} and 0 for "
            f"one: of {level + 1}, no more than {sums.modulus} are told apart."
        )
    if modulo:
        reason += " Distances of grey levels are not kept, for results wrap around."
    return MapVerdict(kind, reason, found, kept=kept)


def over_bits(found: BitMap) -> MapVerdict:
    """Return the verdict on a map that moves bits."""
    if found.pixels_stay_whole:
        what = "Pixels stay whole and are XORed with a mask that is not only 0 and 255"
    elif found.halves_stay_whole:
        what = "Halves of bytes (nibbles) move on their own, and are XORed with a mask"
    else:
        what = "Every bit of the result is one bit of the image, flipped or not, or constant"
    lost, bits = found.lost.size, 8 * found.size
    loss = f"{lost} of {bits} bits are lost" if lost else "no bit is lost"
    reason = f"{what}: linear over bits, not over grey levels; {loss}."
    return MapVerdict(MapKind.GF2_AFFINE, reason, found)


def over_combined_bits(lost: int | None, bits: int, *, modular: bool) -> MapVerdict:
    """Return the verdict on a map whose bits are XORs of several bits."""
    known = {None: "whether some are lost is not known", 0: "no bit is lost"}
    loss = known.get(lost, f"{lost} of {bits} bits are lost")
    also = " It is affine modulo 256 as well." if modular else ""
    return MapVerdict(
        MapKind.GF2_AFFINE,
        "f(a ^ b ^ c) = f(a) ^ f(b) ^ f(c) for all images that were tried: bits of the result are "
        f"XORs of several bits of the image; {loss}.{also}",
    )


def curves(found: LocalMap, oracle: Oracle) -> MapVerdict:
    """Return the verdict on tone curves."""
    pixels = int(np.prod(oracle.out_shape))
    sampled = f" Sampled: {found.indices.size} of {pixels} pixels."
    levels = np.arange(256, dtype=np.int64)
    simple = np.all(found.table == levels, axis=1) | np.all(found.table == 255 - levels, axis=1)
    rest = int(np.count_nonzero(~simple))
    merged = max(256 - len(np.unique(row)) for row in found.table)
    loss = f" Up to {merged} of 256 grey levels become the same as another." if merged else ""
    reason = (
        f"Every pixel of the result depends on one input pixel alone; {rest} of {simple.size} "
        f"neither copy nor negate it, but follow another curve.{loss}"
        f"{sampled * (found.indices.size < pixels)}"
    )
    return MapVerdict(MapKind.PIXEL_LOCAL, reason, found)


def seen_local() -> MapVerdict:
    """Return the verdict on pixels that follow one pixel each, by curves that were not read."""
    reason = "Every pixel of the result depends on one input pixel alone, and is not linear in it."
    return MapVerdict(MapKind.PIXEL_LOCAL, reason)
