"""What pairs of plain and encrypted images give away of the key: a known-plaintext attack.

Those of Li et al. (2008) on permutation-only ciphers move pixels; here the unit is the block. Every
block of every plain image is rotated, mirrored, negated and reordered in all ways; an encrypted
block names the input block and the way by being equal in all pairs. Blocks that look the same in
several ways, being constant or symmetric, or that have a twin, leave that part of the key open.
Where no block is equal, for pairs went through a codec or have wrong pixels, the nearest is taken,
and only if the next way to explain it is twice as far (`_noisy_pairs`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject
from etcprops.attacks._noisy_pairs import recover_nearest
from etcprops.scheme._pixels_given import Pixels, as_pixels
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class RecoveredKey:
    """What is known of a key.

    Attributes
    ----------
    geometry : BlockGeometry
        Of the images.
    determined, constant, symmetric, twins, unexplained : ndarray of bool, shape (n_blocks,)
        Of each output block: all of its key is known; its input is constant (turning it shows
        nothing); its input looks the same in several ways; several input blocks could be it; no
        input block becomes it, so this is no such scheme.
    permutation, transforms, negatives, components : ndarray of int64, shape (n_blocks,)
        One key that fits, as `EtCKey` has it; -1 where unexplained.
    bits_left : float
        log2 of the number of keys that fit all pairs; infinite if none does. With noise, of those
        that the blocks that are not determined leave open.
    noise : float
        Root mean square of what pairs are off the key, in grey levels, differences above 40 counted
        as 40; 0 if they fit exactly.
    """

    geometry: BlockGeometry
    determined: NDArray[np.bool_]
    constant: NDArray[np.bool_]
    symmetric: NDArray[np.bool_]
    twins: NDArray[np.bool_]
    unexplained: NDArray[np.bool_]
    permutation: NDArray[np.int64]
    transforms: NDArray[np.int64]
    negatives: NDArray[np.int64]
    components: NDArray[np.int64]
    bits_left: float
    noise: float = 0.0

    @property
    def share(self) -> float:
        """The share of the blocks whose key is determined."""
        return float(self.determined.mean())

    @property
    def key(self) -> EtCKey | None:
        """A key that fits every pair, the only one if all is determined; None if none does."""
        if self.unexplained.any():
            return None
        steps = {
            "permutation": self.permutation,
            "transforms": self.transforms,
            "negatives": self.negatives,
            "components": self.components,
        }
        # A step that does nothing is none, as in the keys that the probe finds.
        still = {"permutation": np.arange(self.geometry.n_blocks)}
        used = {n: c for n, c in steps.items() if (c != still.get(n, 0)).any()}
        return EtCKey(self.geometry, **used)

    def __str__(self) -> str:
        total = self.geometry.n_blocks
        if self.unexplained.all():
            return f"no key fits: none of {total} blocks is explained by an input block"
        parts = [f"{int(self.determined.sum())} of {total} blocks determined"]
        for name in ("constant", "symmetric", "twins", "unexplained"):
            count = int(getattr(self, name).sum())
            if count:
                parts.append(f"{count} {name}")
        if math.isinf(self.bits_left):
            return f"{', '.join(parts)}; no key fits all blocks"
        noise = f", pairs are {self.noise:.1f} grey levels off it" if self.noise else ""
        return f"{', '.join(parts)}; {self.bits_left:.1f} bits of the key are open{noise}"


def recover_from_pairs(plain: Pixels, encrypted: Pixels, geometry: BlockGeometry) -> RecoveredKey:
    """Return how much of an EtC key pairs of plain and encrypted images determine.

    Parameters
    ----------
    plain, encrypted : array_like of uint8, shape (H, W[, 3]) or (N, H, W[, 3])
        Images and their encryptions under one key.
    geometry : BlockGeometry
        Of the scheme.

    Returns
    -------
    RecoveredKey

    Raises
    ------
    InvalidParameterError
        If the images are not 8-bit images of the geometry, or not as many of both.

    Examples
    --------
    >>> from etcprops import encrypt
    >>> geometry = BlockGeometry(16, 16, block=4)
    >>> secret_key = EtCKey.from_secret(geometry, "nobody knows")
    >>> image = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    >>> found = recover_from_pairs(image, encrypt(image, secret_key), geometry)
    >>> print(found)
    16 of 16 blocks determined; 0.0 bits of the key are open
    >>> found.key == secret_key
    True
    """
    caller = "recover_from_pairs"
    check_geometry(geometry, caller)
    before = _blocks(plain, geometry, "plain")
    after = _blocks(encrypted, geometry, "encrypted")
    if before.shape != after.shape:
        reject("encrypted", caller, f"hold {before.shape[1]} images", describe(encrypted))
    count = geometry.n_blocks
    codes = _codes(geometry)
    variants = np.stack([_apply(before, code) for code in codes])  # (codes, blocks, bytes)
    rows = np.concatenate([variants.reshape(len(codes) * count, -1), after.reshape(count, -1)])
    names = _names(rows)
    candidates, wanted = names[:-count].reshape(len(codes), count), names[-count:]
    # Blocks that are the same up to a code have the same set of variants, so the same least name.
    orbit, orbit_after = candidates.min(axis=0), np.full(count, -1)
    order = np.argsort(candidates.ravel(), kind="stable")
    index = np.searchsorted(candidates.ravel()[order], wanted)
    hit = order[np.minimum(index, order.size - 1)]
    known = candidates.ravel()[hit] == wanted
    orbit_after[known] = orbit[hit[known] % count]
    exact = _assemble(geometry, codes, candidates, wanted, orbit, orbit_after, before)
    if not exact.unexplained.any():
        return exact
    found = recover_nearest(variants.reshape(len(codes), count, -1), after.reshape(count, -1))
    if not found.determined.any():
        return exact
    source, code = found.source, codes[found.code].T
    flat = _flat(before)[source] & ~found.determined
    return RecoveredKey(
        geometry,
        determined=found.determined,
        constant=flat,
        symmetric=~found.determined & ~found.unexplained & ~flat & found.same_source,
        twins=~found.determined & ~found.unexplained & ~flat & ~found.same_source,
        unexplained=found.unexplained,
        permutation=source,
        transforms=code[0],
        negatives=code[1],
        components=code[2],
        bits_left=math.inf if found.unexplained.any() else found.bits_left,
        noise=found.noise,
    )


def _flat(blocks: Images) -> NDArray[np.bool_]:
    """Tell which blocks look the same whichever way they are turned, being constant."""
    if blocks.shape[2] == 1:
        return np.zeros(len(blocks), dtype=np.bool_)
    return np.asarray((blocks == blocks[:, :, :1, :1, :]).all(axis=(1, 2, 3, 4)))


def _assemble(  # noqa: PLR0917
    geometry: BlockGeometry,
    codes: NDArray[np.int64],
    candidates: NDArray[np.int64],
    wanted: NDArray[np.int64],
    orbit: NDArray[np.int64],
    orbit_after: NDArray[np.int64],
    before: Images,
) -> RecoveredKey:
    """Match output blocks to input blocks within classes of look-alikes."""
    count = geometry.n_blocks
    inputs, outputs = np.argsort(orbit, kind="stable"), np.argsort(orbit_after, kind="stable")
    fits = np.array_equal(orbit[inputs], orbit_after[outputs])
    source = np.full(count, -1)
    if fits:
        source[outputs] = inputs
    unexplained = np.full(count, not fits) & (~np.isin(orbit_after, orbit) | (orbit_after < 0))
    if not fits and not unexplained.any():
        unexplained = ~_as_often(orbit, orbit_after)
    sizes = dict(zip(*np.unique(orbit_after, return_counts=True), strict=True))
    twins = np.array([sizes[name] > 1 for name in orbit_after]) & ~unexplained
    equal = candidates[:, np.maximum(source, 0)] == wanted
    # How many codes take the block to what was seen; all blocks of a class have as many.
    ways = np.where(source >= 0, equal.sum(axis=0), 0)
    code = codes[equal.argmax(axis=0)].T
    constant = np.where(source >= 0, _flat(before)[np.maximum(source, 0)], False)
    bits = sum(math.log2(math.factorial(size)) for size in sizes.values())
    bits += float(np.log2(np.maximum(ways, 1)).sum())
    chosen = [np.where(source >= 0, part, -1) for part in code]
    return RecoveredKey(
        geometry,
        determined=(ways == 1) & ~twins,
        constant=constant,
        symmetric=(ways > 1) & ~constant,
        twins=twins,
        unexplained=unexplained,
        permutation=source,
        transforms=chosen[0],
        negatives=chosen[1],
        components=chosen[2],
        bits_left=bits if fits else math.inf,
    )


def _as_often(orbit: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell for each output block whether its class is as large among inputs as among outputs."""
    return np.array([(orbit == name).sum() == (after == name).sum() for name in after])


def _blocks(given: Pixels, geometry: BlockGeometry, name: str) -> Images:
    """Return images as blocks, shape (n_blocks, N, B, B, C)."""
    caller = "recover_from_pairs"
    shape = ", ".join(str(size) for size in geometry.shape)
    wanted = f"be an array of uint8 and shape ({shape}) or (N, {shape}) with N at least 1"
    images: Images = np.asarray(as_pixels(given, name, caller, wanted))  # without masks
    if images.dtype != np.uint8 or not images.size:
        reject(name, caller, wanted, describe(images))
    dimensions = len(geometry.shape)
    if images.shape[-dimensions:] != geometry.shape or images.ndim - dimensions not in {0, 1}:
        reject(name, caller, wanted, describe(images))
    rows, columns = geometry.grid
    side, channels = geometry.block, geometry.channels
    tiles = images.reshape(-1, rows, side, columns, side, channels)
    return tiles.transpose(1, 3, 0, 2, 4, 5).reshape(geometry.n_blocks, -1, side, side, channels)


def _codes(geometry: BlockGeometry) -> NDArray[np.int64]:
    """Return all codes of a block, rows of transform, negation and component order."""
    turns = range(N_TRANSFORMS if geometry.block > 1 else 1)
    orders = range(6 if geometry.channels == 3 else 1)
    return np.array(list(product(turns, range(2), orders)))


def _apply(blocks: Images, code: NDArray[np.int64]) -> Images:
    """Turn, negate and reorder every block by one code, in the order of the scheme; flat."""
    transform, negate, order = code.tolist()
    transformed = np.rot90(blocks, transform % 4, axes=(2, 3))
    if transform >= 4:
        transformed = np.flip(transformed, axis=3)
    if blocks.shape[-1] == 3:
        transformed = transformed[..., COMPONENT_ORDERS[order]]
    if negate:
        transformed = 255 - transformed
    return np.ascontiguousarray(transformed).reshape(len(blocks), -1)


def _names(rows: Images) -> NDArray[np.int64]:
    """Return a number for each row, the same for equal rows."""
    keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, inverse = np.unique(keys, return_inverse=True)
    return inverse.astype(np.int64).ravel()
