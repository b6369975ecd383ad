"""The classification of linear reductions: dimensions, kinds of lines, and brute force."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, Step
from etcprops.reductions import BlockDCT, EquivarianceKind, equivariance, exact_dimensions
from etcprops.scheme.matrices import step_matrices
from etcprops.theory.linear_reductions import (
    CHARACTERS,
    DEGREES,
    action,
    isotypic_projectors,
    least_orbit_of_several_blocks,
    line_types,
    multiplicities,
    prove_dimensions,
    prove_lines_decide,
    prove_rows_come_by_blocks,
)

ONE_BLOCK = BlockGeometry(2, 2, block=2)


def test_theorems_are_proved() -> None:
    for proof in (
        prove_dimensions(),
        prove_lines_decide(),
        prove_rows_come_by_blocks(BlockGeometry(192, 160)),
        prove_rows_come_by_blocks(BlockGeometry(192, 160, channels=3)),
    ):
        assert proof, proof.residue


def test_few_blocks_prove_nothing() -> None:
    """Two blocks: a row that sees both has two lines in its orbit, fewer than pixels."""
    assert not prove_rows_come_by_blocks(BlockGeometry(8, 16))
    difference = np.array([[1] * 4 + [-1] * 4, [1] * 8])[:, [0, 1, 4, 5, 2, 3, 6, 7]]
    assert equivariance(difference, BlockGeometry(2, 4, block=2), "negatives")
    assert least_orbit_of_several_blocks(2) == 2


def test_characters_are_orthonormal() -> None:
    table = np.array(list(CHARACTERS.values()))
    assert np.array_equal(table @ table.T, 8 * np.eye(5))
    # The trace of the 2 x 2 matrices is E; linear characters are multiplicative.
    from etcprops.scheme.matrices import TRANSFORM_MATRICES

    assert np.array_equal(np.trace(TRANSFORM_MATRICES, axis1=1, axis2=2), table[4])


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 6, 8])
def test_multiplicities_count_independent_functions(side: int) -> None:
    """The ranks of the projectors, by exact elimination, are the formula's dimensions."""
    for name, P in isotypic_projectors(side).items():
        if side <= 4:
            assert sp.Matrix(P.tolist()).rank() == DEGREES[name] * multiplicities(side)[name]
        assert np.linalg.matrix_rank(P) == DEGREES[name] * multiplicities(side)[name]


def test_block_dct_is_adapted_to_the_components() -> None:
    """Even-even symmetric combinations are A1, and so on: closed sets span invariant subspaces."""
    side, transforms = 4, action(4)
    for count in range(1, 17):
        matrix: Any = BlockDCT(BlockGeometry(side, side, block=side), count).matrix()
        R = matrix.toarray()
        assert np.linalg.matrix_rank(R) == count
        for Q in transforms:
            assert np.linalg.matrix_rank(np.vstack([R, R @ Q])) == count


def test_line_types_are_all_of_them() -> None:
    """Brute force: small functions on 2 x 2 and 3 x 3 are of one kind, with that orbit."""
    kinds = line_types()
    for side, entries, stride in ((2, (-2, -1, 0, 1, 2), 1), (3, (-1, 0, 1), 7)):
        transforms = action(side)
        seen: dict[int, int] = {}
        functions = itertools.product(entries, repeat=side**2)
        for f in itertools.islice(functions, 0, None, stride):
            if not any(f):
                continue
            images = transforms @ np.array(f)
            lines = {max(tuple(v), tuple(-v)) for v in images.tolist() for v in [np.array(v)]}
            stabiliser = {
                code: 1 if images[code].tolist() == list(f) else -1
                for code in range(8)
                if images[code].tolist() in (list(f), [-x for x in f])
            }
            assert len(lines) == 8 // len(stabiliser)
            content = {
                name: sum(sign * character[code] for code, sign in stabiliser.items())
                // len(stabiliser)
                for name, character in CHARACTERS.items()
            }
            matching = [
                kind
                for kind in kinds
                if kind.orbit == len(lines)
                and kind.content == {name: n for name, n in content.items() if n}
            ]
            assert matching
            seen[len(lines)] = seen.get(len(lines), 0) + 1
        assert set(seen) <= {1, 2, 4, 8}
    # Each orbit spans at most what is induced, which has as many dimensions as lines.
    for kind in kinds:
        assert sum(DEGREES[name] * n for name, n in kind.content.items()) == kind.orbit


def exact_gram(reduced: NDArray[Any]) -> list[Fraction]:
    """Return z-scored inner products of rows, up to a factor, as fractions."""
    rows = len(reduced) * reduced.astype(object) - reduced.astype(object).sum(axis=0)
    scales = [sum(x * x for x in column) or 1 for column in rows.T]
    return [
        sum(
            (Fraction(int(a) * int(b), int(s)) for a, b, s in zip(x, y, scales, strict=True)),
            Fraction(0),
        )
        for x, y in itertools.combinations_with_replacement(rows, 2)
    ]


@pytest.mark.thorough
def test_equivariance_and_fractions_agree_on_small_matrices() -> None:
    """A third way: the answer from the matrix, and z-scored Gram matrices as fractions."""
    lines = [v for v in itertools.product((-1, 0, 1), repeat=4) if v > tuple(-x for x in v)]
    lines = [v for v in lines if v.count(0) % 2 == 0]
    images = np.random.default_rng(0).integers(0, 256, (5, 4))
    quarter, mirror = (
        step_matrices(EtCKey(ONE_BLOCK, transforms=[code]))[Step.TRANSFORMS].toarray().astype(int)
        for code in (1, 4)
    )
    counts = {True: 0, False: 0}
    for number, pair in enumerate(itertools.combinations(lines, 2)):
        for R in (np.array(pair), np.array(pair) * [[1], [3]]):
            kind = equivariance(R, ONE_BLOCK, Step.TRANSFORMS).kind
            if kind is EquivarianceKind.NONE and number % 4:
                continue  # nearly all of them
            grams = [
                exact_gram(images @ Q.T @ R.T) for Q in (np.eye(4, dtype=int), quarter, mirror)
            ]
            same = grams[0] == grams[1] == grams[2]
            assert same == (
                kind in {EquivarianceKind.SIGNED_PERMUTATION, EquivarianceKind.SCALED}
            ), R
            counts[same] += 1
    assert counts[True] == 8
    assert counts[False] > 50


def test_dimensions_of_a_geometry() -> None:
    assert exact_dimensions(BlockGeometry(4, 4, block=2)) == [4, 8, 12, 16]
    colour = exact_dimensions(BlockGeometry(2, 4, channels=3, block=2))
    assert colour == [2, 4, 6, 8, 12, 18, 24]
