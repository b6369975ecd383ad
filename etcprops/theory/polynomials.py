"""Images whose pixels are indeterminates, encrypted with indeterminate signs.

Pixels are indeterminates, the negative-positive step has an indeterminate sign per block with
``s^2 = 1``, and the largest grey level is an indeterminate ``L``. An identity between polynomials
then holds for every image, every choice of negated blocks and every depth of pixels at once.
"""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from typing import Any

import sympy as sp
from scipy.sparse import csr_array
from sympy.polys.rings import PolyElement, ring

from etcprops.scheme import matrices
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey, Step

StepMatrices = Callable[[EtCKey], dict[Step, csr_array]]
Form = tuple[PolyElement, ...]
"""One polynomial for each entry of a vector."""


@dataclass(frozen=True)
class Proof:
    """What became of a family of identities.

    Attributes
    ----------
    statement : str
        What was to be proved.
    cases : int
        How many identities were looked at: all of them, or up to the first that is false.
    residue : str
        The first difference that is not zero, with its case; empty if everything was proved.
    """

    statement: str
    cases: int
    residue: str = ""

    @property
    def proved(self) -> bool:
        """Whether every difference is the zero polynomial."""
        return not self.residue

    def __bool__(self) -> bool:
        return self.proved


def conclude(statement: str, differences: Iterable[tuple[str, Any]]) -> Proof:
    """Look at differences, each with the name of its case, until one is not zero.

    Parameters
    ----------
    statement : str
        What it proves if all are zero.
    differences : iterable of (str, polynomial or expression)
        At least one.

    Returns
    -------
    Proof

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> conclude("squares", [("x", (x + 1) ** 2 - x**2 - 2 * x - 1)]).proved
    True
    """
    cases = 0
    for case, difference in differences:
        cases += 1
        rest = sp.expand(difference) if isinstance(difference, sp.Basic) else difference
        if rest != 0:
            return Proof(statement, cases, f"{case}: {rest} is left")
    if not cases:
        return Proof(statement, 0, "there was nothing to look at")
    return Proof(statement, cases)


class SymbolicImages:
    """Two images of indeterminate pixels, and encryptions of them with indeterminate signs.

    Parameters
    ----------
    geometry : BlockGeometry
        A small one: the polynomials have two indeterminates a pixel and one a block.
    step_matrices : callable, optional
        The implementation: from a key to the matrix of each of its steps.

    Notes
    -----
    The ring is ``Z[s_0, ..., L, x_0, ..., y_0, ...]``, taken modulo ``s_b^2 - 1``. Encrypted
    vectors are multiplied by `scale`, twice the number of sign patterns, so that nothing is a
    fraction.
    """

    def __init__(
        self, geometry: BlockGeometry, step_matrices: StepMatrices = matrices.step_matrices
    ) -> None:
        self.geometry = geometry
        self._step_matrices = step_matrices
        n, blocks = geometry.n_pixels, geometry.n_blocks
        names = [f"s{b}" for b in range(blocks)] + ["L"]
        names += [f"{image}{i}" for image in "xy" for i in range(n)]
        _, *symbols = ring(names, sp.ZZ)
        self.scale = 2 ** (blocks + 1)
        self.signs: Form = tuple(symbols[:blocks])
        self.level: PolyElement = symbols[blocks]
        # Under all keys the same entries meet again and again, in other places.
        self._product = cache(self._multiplied)
        self._negated = cache(self._combined)
        self._total = cache(self._added)
        self.x: Form = tuple(symbols[blocks + 1 : blocks + 1 + n])
        self.y: Form = tuple(symbols[blocks + 1 + n :])

    def reduce(self, polynomial: PolyElement) -> PolyElement:
        """Replace every ``s^2`` by 1.

        Examples
        --------
        >>> pair = SymbolicImages(BlockGeometry(1, 1, block=1))
        >>> pair.reduce(pair.signs[0] ** 3 * pair.level)
        s0*L
        """
        return self._from_terms(polynomial.items())

    def _from_terms(self, terms: Iterable[tuple[tuple[int, ...], Any]]) -> PolyElement:
        """Add up terms modulo s^2 - 1, in one dictionary, since adding polynomials copies them."""
        total: dict[tuple[int, ...], Any] = {}
        k = len(self.signs)
        for exponents, coefficient in terms:
            even = (*(e & 1 for e in exponents[:k]), *exponents[k:])
            total[even] = total.get(even, 0) + coefficient
        return self._polynomial(total)

    def _polynomial(self, terms: dict[tuple[int, ...], Any]) -> PolyElement:
        """Return the polynomial with these terms, of which some may be zero."""
        return self.level.new({e: c for e, c in terms.items() if c})

    def _multiplied(self, a: PolyElement, b: PolyElement) -> list[tuple[tuple[int, ...], Any]]:
        """Return the terms of a product, reduced."""
        multiply = self.level.ring.monomial_mul
        terms = ((multiply(e, f), c * d) for e, c in a.items() for f, d in b.items())
        return list(self._from_terms(terms).items())

    def inner(self, x: Sequence[PolyElement], y: Sequence[PolyElement]) -> PolyElement:
        """Return the inner product of two vectors, reduced."""
        return self._total(frozenset(Counter(zip(x, y, strict=True)).items()))

    def _added(self, pairs: Iterable[tuple[tuple[PolyElement, PolyElement], int]]) -> PolyElement:
        """Add up products of pairs, each as often as it is said to occur."""
        total: dict[tuple[int, ...], Any] = {}
        for (a, b), count in pairs:
            for exponents, coefficient in self._product(a, b):
                total[exponents] = total.get(exponents, 0) + count * coefficient
        return self._polynomial(total)

    def permute(self, vector: Form, step: Step, codes: Sequence[int]) -> Form:
        """Multiply `vector` by the matrix of one permuting step."""
        zero = self.level.ring.zero
        return tuple(
            # A permutation's only entry is 1: nothing to multiply.
            vector[row[0][0]]
            if len(row) == 1 and row[0][1] == 1
            else sum((weight * vector[j] for j, weight in row), zero)
            for row in self._rows(step, tuple(codes))
        )

    def negate(self, vector: Form) -> Form:
        """Apply the negative-positive step with indeterminate signs, and multiply by `scale`.

        The matrix as a polynomial in the signs is interpolated from those of all choices of negated
        blocks, so it is the implementation's, not a postulate. The offset is ``L (1 - s) / 2``.
        """
        return tuple(
            self._negated(tuple((entry, vector[j]) for j, entry in row.items()))
            for row in self._negation
        )

    def _combined(self, terms: Sequence[tuple[PolyElement, PolyElement]]) -> PolyElement:
        """Return one entry of a negated vector from a row's entries and the vector's."""
        offset = self.level * (self.scale // 2 - sum(entry for entry, _ in terms))
        return self.reduce(sum(2 * entry * pixel for entry, pixel in terms) + offset)

    @cached_property
    def _negation(self) -> list[dict[int, PolyElement]]:
        """Rows of the multilinear polynomial through all sign patterns, times their number."""
        table: list[dict[int, PolyElement]] = [{} for _ in self.x]
        for bits in itertools.product([0, 1], repeat=len(self.signs)):
            factors = (1 - s if bit else 1 + s for s, bit in zip(self.signs, bits, strict=True))
            weight = reduce(operator.mul, factors)
            for row, entries in zip(table, self._rows(Step.NEGATIVES, bits), strict=True):
                for j, entry in entries:
                    row[j] = row.get(j, 0) + entry * weight
        return table

    def _rows(self, step: Step, codes: tuple[int, ...]) -> list[list[tuple[int, int]]]:
        return _rows_of(self._step_matrices, self.geometry, step, codes)

    def encryptions(self, vector: Form) -> Iterator[tuple[str, Form]]:
        """Yield `vector` under every key, times `scale`; all sign patterns are one with symbols.

        Yields
        ------
        case : str
            The key.
        encrypted : tuple of polynomial
        """
        blocks = self.geometry.n_blocks
        for order in itertools.permutations(range(blocks)):
            permuted = self.permute(vector, Step.PERMUTATION, order)
            for codes in itertools.product(range(N_TRANSFORMS), repeat=blocks):
                transformed = self.permute(permuted, Step.TRANSFORMS, codes)
                negated = self.negate(transformed)
                case = f"K1={order}, K2={codes}"
                if self.geometry.channels == 1:
                    yield case, negated
                    continue
                for orders in itertools.product(range(len(COMPONENT_ORDERS)), repeat=blocks):
                    shuffled = self.permute(negated, Step.COMPONENTS, orders)
                    yield f"{case}, K4={orders}", shuffled


@cache
def _rows_of(
    step_matrices: StepMatrices, geometry: BlockGeometry, step: Step, codes: tuple[int, ...]
) -> list[list[tuple[int, int]]]:
    """Return (column, entry) of every row of the step's matrix."""
    (matrix,) = step_matrices(EtCKey(geometry, **{str(step): codes})).values()
    table: list[list[tuple[int, int]]] = [[] for _ in range(matrix.shape[0])]
    coordinates = matrix.tocoo()
    for i, j, entry in zip(*coordinates.coords, coordinates.data, strict=True):
        table[int(i)].append((int(j), int(entry)))
    return table
