"""Which linear reductions are equivariant: ``R Q = E R``, E a signed permutation.

Decided from the entries of ``R`` as they are, by comparing rows: nothing is multiplied or rounded.
It suffices to look at generators of the group of keys, one block at a time. What the answer means
is proved in ``proofs/coq/Reductions.v`` (if) and in `etcprops.theory.linear_reductions` (only if).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

from etcprops._validation import InvalidParameterError, as_array, describe, nearest_name, reject
from etcprops.reductions._rows import Rows, match, transformed
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import EtCKey, Step, check_key
from etcprops.scheme.matrices import encryption_offset
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class EquivarianceKind(StrEnum):
    """What a step of the encryption becomes after the reduction, from the best to the worst."""

    SIGNED_PERMUTATION = "signed-permutation"
    """Features change places and signs: what follows sees an encryption of smaller vectors."""
    SCALED = "scaled"
    """And are multiplied by constants, which a z-score per feature takes away."""
    ORTHOGONAL = "orthogonal"
    """Inner products from mid-grey stay, but features mix: a z-score per feature destroys it."""
    NONE = "none"
    """Inner products change."""


@dataclass(frozen=True)
class InducedMap:
    """What one key does to reduced vectors: ``z[i] -> factor[i] * z[source[i]] + offset[i]``.

    Parameters
    ----------
    source : ndarray of int64, shape (m,)
        A permutation.
    factor : ndarray, shape (m,)
        -1 and 1 for a signed permutation.
    offset : ndarray, shape (m,)
        ``R c`` for the key's offset ``c``.
    """

    source: NDArray[np.int64]
    factor: NDArray[Any]
    offset: NDArray[Any]

    def apply(self, Z: NDArray[Any]) -> NDArray[Any]:
        """Return the reduced vectors of the encrypted images from those of the plain images.

        Parameters
        ----------
        Z : ndarray, shape (N, m)

        Returns
        -------
        ndarray, shape (N, m)

        Raises
        ------
        InvalidParameterError
            If `Z` is no array of real numbers of that shape.
        """
        wanted = f"be an array of real numbers of shape (N, {self.source.size})"
        vectors = as_array(Z, "Z", "InducedMap.apply", wanted)
        fits = vectors.ndim == 2 and vectors.shape[1] == self.source.size
        if not fits or vectors.dtype.kind not in "biuf":
            reject("Z", "InducedMap.apply", wanted, describe(vectors))
        return np.asarray(vectors[:, self.source] * self.factor + self.offset)


@dataclass(frozen=True)
class Counterexample:
    """A key and a row of ``R`` that it turns into none of the rows, whatever the sign.

    Parameters
    ----------
    key : EtCKey
        A key of one step that changes as few blocks as possible.
    row : int
        Row of ``R``.
    image : csr_array, shape (1, n)
        That row of ``R Q``.
    """

    key: EtCKey
    row: int
    image: csr_array


@dataclass(frozen=True)
class Equivariance:
    """Whether a reduction is equivariant under all keys of one step.

    Parameters
    ----------
    step : Step
        The step.
    kind : EquivarianceKind
        What it becomes after the reduction. True as a boolean if that is a signed permutation.
    generators : int
        The number of keys that generate all others of the step.
    counterexample : Counterexample or None
        Why it is no signed permutation.
    """

    step: Step
    kind: EquivarianceKind
    generators: int
    counterexample: Counterexample | None = None

    def __bool__(self) -> bool:
        return self.kind is EquivarianceKind.SIGNED_PERMUTATION


def generators(
    geometry: BlockGeometry, step: Step | str
) -> Iterator[tuple[EtCKey, NDArray[np.int64]]]:
    """Yield keys that generate all keys of a step, each with the blocks that it changes.

    Parameters
    ----------
    geometry : BlockGeometry
        What the keys are for.
    step : Step or str
        The step.

    Yields
    ------
    EtCKey
        K1: the exchange of two blocks, and the cycle of all. K2: a quarter turn and a mirror, of
        each block. K3: the negation of each block. K4: two exchanges of components, in each block.
    ndarray of int64
        Numbers of the blocks that are not as they were.

    Raises
    ------
    InvalidParameterError
        With the first of them, if there is no such step.

    Examples
    --------
    >>> len(list(generators(BlockGeometry(4, 4, block=2), Step.TRANSFORMS)))
    8
    """
    size = check_geometry(geometry, "generators").n_blocks
    step = check_step(step, geometry, "generators")
    if step is Step.PERMUTATION:
        if size > 1:
            swapped = np.arange(size)
            swapped[:2] = 1, 0
            yield EtCKey(geometry, permutation=swapped), np.array([0, 1])
        if size > 2:
            yield EtCKey(geometry, permutation=np.roll(np.arange(size), 1)), np.arange(size)
        return
    # A quarter turn and a mirror generate D4; two exchanges generate all orders of components.
    codes = {Step.TRANSFORMS: (1, 4), Step.NEGATIVES: (1,), Step.COMPONENTS: (1, 2)}[step]
    for block in range(size):
        for code in codes:
            sequence = np.zeros(size, dtype=np.int64)
            sequence[block] = code
            yield EtCKey(geometry, **{str(step): sequence}), np.array([block])


def _columns(geometry: BlockGeometry, block: int) -> NDArray[np.int64]:
    """Return the places of a block's pixels in the flat vector, in raster order."""
    side, channels = geometry.block, geometry.channels
    row, column, channel = np.indices((side, side, channels)).reshape(3, -1)
    return geometry.flat_index(np.array(block), row, column, channel)


def _action(
    geometry: BlockGeometry, key: EtCKey, blocks: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return where each column of ``R`` goes, and its sign.

    A key that changes a single block is built on that block alone.
    """
    target = np.arange(geometry.n_pixels)
    sign = np.ones(geometry.n_pixels, dtype=np.int8)
    if key.permutation is not None:
        whole = SignedPermutation.from_key(key)
        return whole.source, whole.sign
    (block,) = blocks
    step = key.steps[0]
    one = BlockGeometry(
        geometry.block, geometry.block, channels=geometry.channels, block=geometry.block
    )
    local = SignedPermutation.from_key(EtCKey(one, **{str(step): getattr(key, step)[blocks]}))
    columns = _columns(geometry, block)
    target[columns] = columns[local.source]
    sign[columns] = local.sign
    return target, sign


def equivariance(
    R: csr_array | ArrayLike, geometry: BlockGeometry, step: Step | str
) -> Equivariance:
    """Tell what a step of the encryption becomes after the linear reduction ``x -> R x``.

    Parameters
    ----------
    R : csr_array or array_like, shape (m, n)
        Integers or floats, ``n = geometry.n_pixels``; of integers, m squares must fit into 64 bits.
    geometry : BlockGeometry
        What the keys are for.
    step : Step or str
        The step; all its keys are meant.

    Returns
    -------
    Equivariance
        ``kind`` is exact. For floats it is the signed permutation or none: two rows are compared
        bit by bit, up to sign.

    Raises
    ------
    InvalidParameterError
        If `R` is no such matrix, the geometry none, or it does not have the step.

    Examples
    --------
    >>> geometry = BlockGeometry(2, 2, block=2)
    >>> mean, corner = [[1, 1, 1, 1]], [[1, 0, 0, 0]]
    >>> [str(equivariance(R, geometry, "transforms").kind) for R in (mean, corner)]
    ['signed-permutation', 'none']
    """
    caller = "equivariance"
    check_geometry(geometry, caller)
    rows = as_rows(R, geometry, caller)
    chosen = check_step(step, geometry, caller)
    keys = list(generators(geometry, chosen))
    witness = _unmatched(rows, geometry, keys, scaled=False)
    if witness is None:
        return Equivariance(chosen, EquivarianceKind.SIGNED_PERMUTATION, len(keys))
    kind = EquivarianceKind.NONE
    if rows.integer:
        if _unmatched(rows, geometry, keys, scaled=True) is None:
            kind = EquivarianceKind.SCALED
        elif _keeps_inner_products(rows, geometry, keys):
            kind = EquivarianceKind.ORTHOGONAL
    return Equivariance(chosen, kind, len(keys), witness)


def induced_map(R: csr_array | ArrayLike, key: EtCKey) -> InducedMap:
    """Return what a key does to reduced vectors, if that is a permutation with factors.

    Parameters
    ----------
    R : csr_array or array_like, shape (m, n)
        Integers or floats.
    key : EtCKey
        Any key.

    Returns
    -------
    InducedMap

    Raises
    ------
    InvalidParameterError
        If `R` is no such matrix, or some row becomes none of the rows.

    Examples
    --------
    >>> key = EtCKey(BlockGeometry(2, 4, block=2), permutation=[1, 0], negatives=[0, 1])
    >>> induced = induced_map([[1, 1, 0, 0, 1, 1, 0, 0], [0, 0, 1, 1, 0, 0, 1, 1]], key)
    >>> induced.source, induced.factor, induced.offset
    (array([1, 0]), array([ 1, -1]), array([   0, 1020]))
    """
    caller = "induced_map"
    geometry = check_key(key, caller).geometry
    rows = as_rows(R, geometry, caller)
    whole = SignedPermutation.from_key(key)
    for scaled in (False, True):
        lookup = rows.lookup(scaled=scaled)
        found = match(rows, range(rows.n_rows), lookup, whole.source, whole.sign, scaled=scaled)
        if not isinstance(found, int):
            source, factor = found
            offset = np.asarray(rows.matrix @ encryption_offset(key))
            return InducedMap(source, factor, offset)
    raise InvalidParameterError(
        f"The 'R' parameter of {caller} must be equivariant under the key. Got a matrix whose row "
        f"{found} becomes none of its rows."
    )


def as_rows(R: csr_array | ArrayLike, geometry: BlockGeometry, caller: str) -> Rows:
    """Return the rows of `R`, checked; booleans count as integers."""
    wanted = f"be a matrix of real numbers with {geometry.n_pixels} columns"
    sparse = issparse(R)
    matrix: Any = R if sparse else as_array(R, "R", caller, wanted)
    if (
        matrix.ndim != 2
        or matrix.shape[1] != geometry.n_pixels
        or not matrix.shape[0]
        or matrix.dtype.kind not in "biuf"
    ):
        reject("R", caller, wanted, f"dtype {matrix.dtype}, shape {matrix.shape}.")
    values = matrix.data if sparse else matrix
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        reject("R", caller, "be finite", "NaN or infinity.")
    if values.dtype.kind != "f":
        # Inner products of columns are to fit into 64 bits.
        most = math.isqrt((2**63 - 1) // matrix.shape[0])
        largest = max(int(values.max(initial=0)), -int(values.min(initial=0)))
        if largest > most:
            wanted = f"hold integers of magnitude at most {most}"
            reject("R", caller, wanted, f"one of {largest}.")
        matrix = matrix.astype(np.int64)
    elif values.dtype == np.float16:  # of which SciPy makes no sparse rows
        matrix = matrix.astype(np.float32)
    return Rows(matrix)


def check_step(step: Step | str, geometry: BlockGeometry, caller: str) -> Step:
    """Return `step` as a `Step` that images of this geometry can have."""
    possible = [s for s in Step if geometry.channels == 3 or s is not Step.COMPONENTS]
    try:
        chosen = Step(step)
    except ValueError:
        chosen = None
    if chosen not in possible:
        last = 4 if geometry.channels == 3 else 3
        wanted = f"be one of {', '.join(possible)}, or K1 to K{last}"
        reject("step", caller, wanted, describe(step) + nearest_name(step, possible))
    return chosen


def _rows_of_blocks(rows: Rows, geometry: BlockGeometry) -> list[NDArray[np.int64]]:
    """Return for each block the rows that see it: all others stay as they are."""
    matrix = csr_array(rows.matrix)
    of_row = np.repeat(np.arange(rows.n_rows), np.diff(matrix.indptr))
    block, *_ = geometry.locate(matrix.indices)
    pairs = np.unique(block * np.int64(rows.n_rows) + of_row)
    blocks, of_pair = np.divmod(pairs, rows.n_rows)
    return np.split(of_pair, np.searchsorted(blocks, np.arange(1, geometry.n_blocks)))


def _unmatched(
    rows: Rows,
    geometry: BlockGeometry,
    keys: list[tuple[EtCKey, NDArray[np.int64]]],
    *,
    scaled: bool,
) -> Counterexample | None:
    """Return the first key and row that becomes none of the rows, or None."""
    lookup = rows.lookup(scaled=scaled)
    seeing = _rows_of_blocks(rows, geometry) if rows.sparse else None
    for key, blocks in keys:
        target, sign = _action(geometry, key, blocks)
        if seeing is None or blocks.size > 1:
            subset = np.arange(rows.n_rows)
        else:
            subset = seeing[int(blocks[0])]
        found = match(rows, subset, lookup, target, sign, scaled=scaled)
        if isinstance(found, int):
            columns, values = transformed(rows.row(found), target, sign)
            zeros = np.zeros_like(columns)
            image = csr_array((values, (zeros, columns)), shape=(1, rows.n_columns))
            return Counterexample(key, found, image)
    return None


def _keeps_inner_products(
    rows: Rows, geometry: BlockGeometry, keys: list[tuple[EtCKey, NDArray[np.int64]]]
) -> bool:
    """Tell whether ``Q^T R^T R Q = R^T R`` for all keys, in integers."""
    R: Any = csr_array(rows.matrix).tocsc()
    for key, blocks in keys:
        target, sign = _action(geometry, key, blocks)
        back = np.argsort(target)
        image = R[:, back].multiply(sign[back].astype(np.int64)).tocsc()
        touched = np.concatenate([_columns(geometry, int(b)) for b in blocks])
        before, after = R[:, touched].T @ R, image[:, touched].T @ image
        if (before != after).nnz:
            return False
    return True
