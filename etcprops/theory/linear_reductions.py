"""Which linear reductions are equivariant: the classification, proved and computed.

Theorem 1. For a reduction ``R`` without zero rows and a group of signed permutations ``Q`` with
offsets, these are equivalent: (a) for every ``Q`` there is a permutation with factors, ``E``, with
``R Q = E R``; (b) the lines that the rows span are permuted by every ``Q``, as a multiset; (c) for
every data set of images of any depth of pixels, the inner products of z-scored reduced vectors are
those of the plain images. The factors are signs if and only if rows on lines that are moved to each
other have equal length.

Proof. (a) says the same as (b), row by row. (a) gives (c) as a z-score per feature takes factors
and offsets away up to sign (``proofs/coq/Reductions.v``). For (c) to (b): with centred images ``X``
and ``C = X^T X / N``, row ``r`` contributes ``X r r^T X^T / l_r(C)``, ``l_r(C) = r^T C r``. Take N
> n images with ``X`` of full rank, then (c) says that the sum of ``r r^T / l_r(C)`` over the rows
of ``R`` is that over the rows of ``R Q``, for all ``C`` in an open set. Now ``1 / l`` for pairwise
non-proportional linear forms ``l`` are linearly independent: multiplied by all denominators, the
term of one form alone does not vanish on the hyperplane where that form does. ``l_r`` and ``l_s``
are proportional only if ``r`` and ``s`` are. So each line occurs as often in ``R Q`` as in ``R``.

Theorem 2. Let block scramble and negation be among the steps. A row that sees s > 1 of N blocks has
at least ``C(N, s) 2^(s-1)`` lines in its orbit. So a reduction without zero rows, and with fewer
rows than the least of these, sees one block a row, has the same lines in each block, and N times as
many rows as those: of the paper's images with 480 blocks, 480, 960, 1440, ... but never 1536, 768,
512 or 384. Zero rows may be added to any reduction: 1440 rows and 96 zero rows commute.
``proofs/coq/ReductionRows.v`` has this for all sizes.

Theorem 3. The lines in a block are then a union of orbits under D4 (times the orders of components,
for colour). A line in an orbit of 8 / h is fixed by a subgroup H of order h, which acts on it by
signs chi; such lines are those in the subspace of functions with ``f(h p) = chi(h) f(p)``, whose
dimension `line_types` gives. The rows span a D4-invariant subspace; and every D4-invariant subspace
is spanned by such rows, since each irreducible part of it has a basis that D4 permutes up to sign.
So the reductions that commute are, up to the choice of rows, the sums of subspaces of the isotypic
components, whose dimensions `multiplicities` gives.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import sympy as sp

from etcprops.scheme import matrices
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import N_TRANSFORMS, EtCKey, Step
from etcprops.theory.polynomials import Proof, StepMatrices, conclude

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHARACTERS: Final[dict[str, tuple[int, ...]]] = {
    "A1": (1, 1, 1, 1, 1, 1, 1, 1),
    "A2": (1, 1, 1, 1, -1, -1, -1, -1),
    "B1": (1, -1, 1, -1, 1, -1, 1, -1),
    "B2": (1, -1, 1, -1, -1, 1, -1, 1),
    "E": (2, 0, -2, 0, 0, 0, 0, 0),
}
"""The irreducible characters of D4 by transform code: 4 turns, then 4 turns with a mirror."""

DEGREES: Final = {name: character[0] for name, character in CHARACTERS.items()}

SIDES: Final = (2, 4, 8)
"""Block sides for which all dimensions are also counted on the matrices."""


def action(side: int, step_matrices: StepMatrices = matrices.step_matrices) -> NDArray[np.int64]:
    """Return the 8 transforms as permutation matrices of a block's pixels, int64 (8, B^2, B^2)."""
    geometry = BlockGeometry(side, side, block=side)
    keys = (EtCKey(geometry, transforms=[code]) for code in range(N_TRANSFORMS))
    return np.stack([step_matrices(key)[Step.TRANSFORMS].toarray() for key in keys]).astype(
        np.int64
    )


def fixed_pixels(side: sp.Expr | int, parity: int) -> tuple[sp.Expr, ...]:
    """Return how many pixels of a ``B x B`` block each of the 8 transforms leaves in place.

    Parameters
    ----------
    side : sympy expression or int
        B.
    parity : {0, 1}
        Of B: a block of odd side has a pixel in the middle, and one row and column through it.
    """
    B = sp.sympify(side)
    middle = sp.Integer(parity)
    # Code 4 mirrors left and right, 5 along a diagonal, 6 up and down, 7 along the other diagonal.
    return B**2, middle, middle, middle, middle * B, B, middle * B, B


def multiplicities(side: sp.Expr | int, parity: int | None = None) -> dict[str, sp.Expr]:
    """Return how often each irreducible representation of D4 is contained in a block's functions.

    Parameters
    ----------
    side : sympy expression or int
        B; a symbol gives the formula.
    parity : {0, 1}, optional
        Of B; by default that of an int.

    Returns
    -------
    dict of str to sympy expression
        By the names of `CHARACTERS`; E counts twice in the dimension.

    Examples
    --------
    >>> {side: [int(m) for m in multiplicities(side).values()] for side in (2, 4, 8)}
    {2: [1, 0, 0, 1, 1], 4: [3, 1, 1, 3, 4], 8: [10, 6, 6, 10, 16]}
    >>> multiplicities(sp.Symbol("B"), 0)["E"]
    B**2/4
    """
    fixed = fixed_pixels(side, int(sp.sympify(side) % 2) if parity is None else parity)
    return {
        name: sp.factor(sum(c * f for c, f in zip(character, fixed, strict=True)) / N_TRANSFORMS)
        for name, character in CHARACTERS.items()
    }


def isotypic_projectors(
    side: int, step_matrices: StepMatrices = matrices.step_matrices
) -> dict[str, NDArray[np.int64]]:
    """Return ``8 P`` for the projector ``P`` onto each isotypic component, int64 (B^2, B^2).

    Examples
    --------
    >>> int(isotypic_projectors(2)["A1"].sum())  # constant functions: 8 times 1/4 everywhere
    32
    """
    transforms = action(side, step_matrices)
    return {
        name: DEGREES[name] * np.einsum("t,tij->ij", np.array(character), transforms)
        for name, character in CHARACTERS.items()
    }


def prove_dimensions(step_matrices: StepMatrices = matrices.step_matrices) -> Proof:
    """Prove the dimensions of the isotypic components of ``B x B`` blocks.

    By characters for all even and odd B with a symbol; and for B = 2, 4, 8 on the matrices: the
    projectors are idempotent, orthogonal, add up to 1, commute with all transforms, and have the
    traces that the formula says.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
    """

    def differences() -> Iterator[tuple[str, Any]]:
        B = sp.Symbol("B", positive=True)
        for parity in (0, 1):
            of = multiplicities(B, parity)
            yield f"all of B^2, parity {parity}", sum(DEGREES[k] * of[k] for k in of) - B**2
        for side in SIDES:
            transforms = action(side, step_matrices)
            for code, count in enumerate(fixed_pixels(side, side % 2)):
                yield f"B = {side}, pixels fixed by {code}", int(transforms[code].trace()) - count
            projectors = isotypic_projectors(side, step_matrices)
            identity = np.eye(side**2, dtype=np.int64)
            yield f"B = {side}, sum", _size(sum(projectors.values()) - 8 * identity)
            for name, P in projectors.items():
                yield f"B = {side}, {name} idempotent", _size(P @ P - 8 * P)
                yield f"B = {side}, {name} symmetric", _size(P - P.T)
                commutators = transforms @ P - P @ transforms
                yield f"B = {side}, {name} commutes", _size(commutators)
                dimension = DEGREES[name] * multiplicities(side)[name]
                yield f"B = {side}, dimension of {name}", int(P.trace()) - 8 * dimension

    sides = ", ".join(map(str, SIDES))
    return conclude(f"isotypic components of D4 on B x B blocks, B = {sides}", differences())


@dataclass(frozen=True)
class LineType:
    """A kind of orbit of lines under D4.

    Attributes
    ----------
    stabiliser : tuple of int
        The subgroup's transform codes.
    signs : tuple of int
        How each of them acts on the line.
    orbit : int
        Number of lines that come together.
    content : dict of str to int
        The representations that the orbit can span, each at most so often.
    """

    stabiliser: tuple[int, ...]
    signs: tuple[int, ...]
    orbit: int
    content: dict[str, int]

    def dimension(self, side: int) -> int:
        """Return the dimension of the space of functions that transform so, on ``B x B`` pixels."""
        fixed = fixed_pixels(side, side % 2)
        terms = zip(self.stabiliser, self.signs, strict=True)
        return int(sum(sign * fixed[code] for code, sign in terms) / len(self.stabiliser))


@cache
def line_types() -> tuple[LineType, ...]:
    """Return all kinds of orbits of lines under D4: subgroups with a sign, up to conjugation.

    Returns
    -------
    tuple of LineType
        Smallest orbits first.

    Examples
    --------
    >>> sorted({kind.orbit for kind in line_types()}), len(line_types())
    ([1, 2, 4, 8], 19)
    """
    table = _multiplication_table()
    inverse = {
        a: b for a, b in itertools.product(range(N_TRANSFORMS), repeat=2) if table[a, b] == 0
    }
    found: dict[frozenset[tuple[int, int]], LineType] = {}
    for size in (8, 4, 2, 1):
        for others in itertools.combinations(range(1, N_TRANSFORMS), size - 1):
            group = (0, *others)
            if any(table[a, b] not in group for a, b in itertools.product(group, repeat=2)):
                continue
            for rest in itertools.product((1, -1), repeat=size - 1):
                sign = dict(zip(group, (1, *rest), strict=True))
                pairs = itertools.product(group, repeat=2)
                if any(sign[table[a, b]] != sign[a] * sign[b] for a, b in pairs):
                    continue
                conjugates = {
                    frozenset((int(table[table[g, h], inverse[g]]), sign[h]) for h in group)
                    for g in range(N_TRANSFORMS)
                }
                if not conjugates & set(found):
                    # Frobenius: as often as the sign is contained in the restriction to the group.
                    content = {
                        name: sum(sign[h] * character[h] for h in group) // size
                        for name, character in CHARACTERS.items()
                    }
                    signs = tuple(sign[h] for h in group)
                    kept = {name: n for name, n in content.items() if n}
                    found[frozenset(sign.items())] = LineType(group, signs, 8 // size, kept)
    return tuple(found.values())


def _multiplication_table() -> NDArray[np.int64]:
    """Return the code of the product of any two transforms, from their 2 x 2 matrices."""
    of = {M.tobytes(): code for code, M in enumerate(matrices.TRANSFORM_MATRICES)}
    products = matrices.TRANSFORM_MATRICES[:, None] @ matrices.TRANSFORM_MATRICES[None]
    return np.array([[of[np.ascontiguousarray(M).tobytes()] for M in row] for row in products])


def prove_lines_decide(
    step_matrices: StepMatrices = matrices.step_matrices, *, largest: int = 3
) -> Proof:
    """Prove theorem 1 by enumeration, for all sets of few small integer rows on a block of 2 x 2.

    All sets of up to `largest` of the 40 lines with entries -1, 0, 1: their z-scored inner products
    on one data set change under some key if and only if the set of lines does. The inner products
    are rational numbers, compared modulo a prime: where they differ modulo the prime they differ,
    and where the lines are permuted they are the same by theorem 1.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.
    largest : int, default=3
        Number of rows.

    Returns
    -------
    Proof
    """
    prime = 2**31 - 1
    vectors = [v for v in itertools.product((-1, 0, 1), repeat=4) if any(v)]
    lines = np.array([v for v in vectors if v > tuple(-x for x in v)])
    index = {tuple(line): i for i, line in enumerate(lines.tolist())}

    def number(row: NDArray[np.int64]) -> int:
        found = index.get(tuple(row.tolist()), -1)
        return found if found >= 0 else index.get(tuple((-row).tolist()), -1)

    images = np.random.default_rng(4).integers(0, 256, (6, 4))
    transforms = action(2, step_matrices)
    # Lines are moved as pictures, inner products by the matrices: two ways to one answer.
    pictures = lines.reshape(-1, 2, 2)
    transformed = [np.rot90(pictures, code, axes=(1, 2)) for code in range(4)]
    transformed += [picture[:, :, ::-1] for picture in transformed]
    permuted = np.array([[number(line.ravel()) for line in picture] for picture in transformed])
    terms = np.stack(
        [[_gram_modulo(images @ (line @ Q), prime) for line in lines] for Q in transforms]
    )
    grams_differ, lines_differ, names = [], [], []
    for size in range(1, largest + 1):
        sets = np.array(list(itertools.combinations(range(len(lines)), size)))
        before = terms[0][sets].sum(axis=1)
        after = terms[:, sets].sum(axis=2)
        grams_differ.append(((after - before) % prime).any(axis=(0, 2)))
        there = np.sort(permuted[:, sets], axis=2)
        lines_differ.append((there != sets).any(axis=(0, 2)))
        names += [f"lines {lines[chosen].tolist()}" for chosen in sets]
    differences = np.concatenate(grams_differ) != np.concatenate(lines_differ)
    statement = f"z-scored inner products stay if and only if lines do, up to {largest} rows"
    return conclude(statement, zip(names, differences.astype(int).tolist(), strict=True))


def _gram_modulo(feature: NDArray[np.int64], prime: int) -> NDArray[np.int64]:
    """Return the inner products of one z-scored feature modulo a prime, without the factor N."""
    centred = len(feature) * feature - feature.sum()
    if not centred.any():
        return np.zeros(len(feature) * (len(feature) + 1) // 2, dtype=np.int64)
    inverse = pow(int(centred @ centred), -1, prime)
    pairs = np.outer(centred, centred)[np.triu_indices(len(feature))] % prime
    return np.asarray(pairs * inverse % prime)


def least_orbit_of_several_blocks(n_blocks: int) -> int:
    """Return a lower bound for the number of lines in the orbit of a row that sees several blocks.

    The least of ``C(N, s) 2^(s-1)`` for s from 2 to N: under block scramble and negation alone.

    Examples
    --------
    >>> least_orbit_of_several_blocks(480)
    229920
    """
    return min(math.comb(n_blocks, s) << (s - 1) for s in range(2, n_blocks + 1))


def prove_rows_come_by_blocks(
    geometry: BlockGeometry, step_matrices: StepMatrices = matrices.step_matrices
) -> Proof:
    """Prove that the number of rows of an exact reduction is a multiple of the number of blocks.

    Theorem 2, for a geometry: that the keys' matrices move one block to any other and any two to
    any other two, and that negation gives both signs between them. What is moved are the blocks'
    indicator functions.

    Parameters
    ----------
    geometry : BlockGeometry
        With at least two blocks.
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
    """
    size = geometry.n_blocks
    block = geometry.locate(np.arange(geometry.n_pixels))[0]

    def blocks_after(permutation: NDArray[np.int64]) -> NDArray[np.int64]:
        matrix = step_matrices(EtCKey(geometry, permutation=permutation))[Step.PERMUTATION]
        # Each row of the matrix shows one pixel: the block that it comes from.
        sources = block[np.asarray(matrix.indices)]
        return np.asarray(sources[np.unique(block, return_index=True)[1]])

    def differences() -> Iterator[tuple[str, Any]]:
        swap, cycle = np.arange(size), np.roll(np.arange(size), 1)
        swap[:2] = 1, 0
        for name, permutation in (("exchange", swap), ("cycle", cycle)):
            permuted = blocks_after(permutation)
            yield f"{name} of blocks", int(np.count_nonzero(permuted != permutation))
        # An exchange of neighbours and the cycle generate every order of the blocks: what is left
        # is that one negation changes the sign of its block alone.
        for chosen in (0, size - 1):
            bits = np.arange(size) == chosen
            signs = step_matrices(EtCKey(geometry, negatives=bits))[Step.NEGATIVES].diagonal()
            wrong = np.count_nonzero(signs.astype(np.int64) != np.where(bits[block], -1, 1))
            yield f"negation of block {chosen}", int(wrong)
        too_many = least_orbit_of_several_blocks(size) > geometry.n_pixels
        yield "rows that see several blocks need more rows than pixels", int(not too_many)

    return conclude(f"rows come {size} at a time", differences())


def _size(entries: Any) -> int:
    """Return how many entries are not zero."""
    return int(np.count_nonzero(entries))
