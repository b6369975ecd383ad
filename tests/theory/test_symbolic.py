"""Symbolic proofs: what they prove, and that they reject what is wrong."""

from __future__ import annotations

import itertools
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.sparse import csr_array

from etcprops import BlockGeometry, EtCKey, Step, encrypt, encryption_matrix
from etcprops.scheme.matrices import TRANSFORM_MATRICES, step_matrices
from etcprops.theory import symbolic
from etcprops.theory.polynomials import SymbolicImages, conclude

PAIR = symbolic.PAIR_OF_BLOCKS
COLOUR = BlockGeometry(2, 1, channels=3, block=1)


def test_conclude_stops_at_the_first_difference() -> None:
    x = sp.Symbol("x")
    proof = conclude("a square", [("fine", x - x), ("bad", x**2 - x), ("later", x)])
    assert not proof
    assert proof.cases == 2
    assert proof.residue == "bad: x**2 - x is left"


def test_nothing_looked_at_is_nothing_proved() -> None:
    assert not conclude("nothing", [])


def test_differences_are_expanded() -> None:
    x = sp.Symbol("x")
    assert conclude("binomial", [("x", (x + 1) ** 2 - x**2 - 2 * x - 1)])


@pytest.mark.sampled(3)
@pytest.mark.parametrize("geometry", [PAIR, COLOUR, BlockGeometry(2, 4, block=2)], ids=str)
def test_symbols_stand_for_pixels(geometry: BlockGeometry) -> None:
    """Put numbers into the symbolic encryption of some keys, and compare with the pixels' path."""
    rng = np.random.default_rng(5)
    images = SymbolicImages(geometry)
    pixels = rng.integers(0, 256, geometry.shape).astype(np.uint8)
    orders = list(itertools.permutations(range(2)))
    wanted = rng.choice(len(orders) * 64 * (36 if geometry.channels == 3 else 1), 12, replace=False)
    for i in sorted(wanted.tolist()):
        _, form = next(itertools.islice(images.encryptions(images.x), i, None))
        counts = [len(orders), 8, 8] + [6, 6] * (geometry.channels == 3)
        k1, *codes = (int(c) for c in np.unravel_index(i, counts))
        bits = rng.integers(0, 2, 2)
        sequences: dict[str, Any] = {
            "permutation": orders[k1],
            "transforms": codes[:2],
            "negatives": bits,
        }
        if geometry.channels == 3:
            sequences["components"] = codes[2:]
        signs = [1 - 2 * int(b) for b in bits]
        values = [*signs, 255, *(int(x) for x in pixels.ravel()), *([0] * geometry.n_pixels)]
        got = [
            int(entry.evaluate(list(zip(entry.ring.gens, values, strict=True)))) for entry in form
        ]
        expected = encrypt(pixels, EtCKey(geometry, **sequences)).ravel()
        assert got == [images.scale * int(x) for x in expected]


def test_every_key_of_two_blocks_is_enumerated() -> None:
    keys = [case for case, _ in SymbolicImages(PAIR).encryptions(SymbolicImages(PAIR).x)]
    assert len(set(keys)) == 2 * 8**2  # times 2^2 sign patterns, which are indeterminate: 512
    assert 4 * len(keys) == 2 ** EtCKey.generate(PAIR).key_space_bits()


def test_signs_square_to_one() -> None:
    images = SymbolicImages(PAIR)
    s, t = images.signs
    assert images.reduce(s**2) == 1
    assert images.reduce((s + t) ** 2) == 2 * s * t + 2
    assert images.reduce(images.level**2) == images.level**2


def test_keys_are_orthogonal() -> None:
    proof = symbolic.prove_orthogonal()
    assert proof, proof.residue
    assert proof.cases == 128 * 36  # keys up to signs, times entries of a symmetric 8 x 8 matrix


def test_each_step_is_orthogonal() -> None:
    proof = symbolic.prove_steps_orthogonal()
    assert proof, proof.residue


@pytest.mark.parametrize("prove", [symbolic.prove_distances, symbolic.prove_centred_inner_products])
@pytest.mark.parametrize("geometry", [PAIR, COLOUR], ids=["grey", "colour"])
def test_isometries(prove: Any, geometry: BlockGeometry) -> None:
    proof = prove(geometry)
    assert proof, proof.residue
    assert proof.cases == (128 if geometry == PAIR else 128 * 36)


def test_transforms_and_their_table() -> None:
    assert symbolic.prove_transforms()
    assert symbolic.prove_multiplication_table()


def test_table_by_hand() -> None:
    """Two mirrors are a turn; turns and mirrors do not commute."""
    table = symbolic.multiplication_table()
    assert table[4, 4] == 0
    assert table[1, 1] == 2
    assert table[1, 4] != table[4, 1]
    assert sorted(np.diag(table)) == [0] * 6 + [2] * 2  # two elements of order 4


def test_table_of_no_group_is_marked() -> None:
    assert -1 in symbolic.multiplication_table(2 * TRANSFORM_MATRICES)


def test_whole_keys_as_integer_matrices() -> None:
    """The other path to Q^T Q = I: all 512 keys with numbers for signs, multiplied out by NumPy."""
    stacks = []
    for order, a, b, bits in itertools.product(
        itertools.permutations(range(2)), range(8), range(8), itertools.product([0, 1], repeat=2)
    ):
        key = EtCKey(PAIR, permutation=order, transforms=[a, b], negatives=bits)
        stacks.append(encryption_matrix(key).toarray().astype(np.int64))
    Q = np.stack(stacks)
    assert len(Q) == 512
    assert len(np.unique(Q, axis=0)) == 512
    assert (np.swapaxes(Q, 1, 2) @ Q == np.eye(8, dtype=np.int64)).all()


@pytest.mark.thorough
def test_all_component_orders_as_integer_matrices() -> None:
    """The 18,432 keys of two colour blocks, from products of their steps' matrices."""
    geometry = symbolic.PAIR_OF_COLOUR_BLOCKS

    def stack(name: str, codes: Any) -> Any:
        return np.stack(
            [
                reduce(lambda _, m: m, step_matrices(EtCKey(geometry, **{name: c})).values())
                .toarray()
                .astype(np.int64)
                for c in codes
            ]
        )

    first = stack("permutation", itertools.permutations(range(2)))
    turns = stack("transforms", itertools.product(range(8), repeat=2))
    signs = stack("negatives", itertools.product([0, 1], repeat=2))
    orders = stack("components", itertools.product(range(6), repeat=2))
    spatial = np.einsum("aij,bjk->abik", turns, first).reshape(-1, 24, 24)
    colours = np.einsum("aij,bjk->abik", orders, signs).reshape(-1, 24, 24)
    assert len(spatial) * len(colours) == 18432
    identity = np.eye(24, dtype=np.int64)
    for colour in colours:
        Q = colour @ spatial
        assert (np.swapaxes(Q, 1, 2) @ Q == identity).all()


def test_z_score() -> None:
    proof = symbolic.prove_z_score()
    assert proof, proof.residue


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"negate": lambda x: 255 - 2 * x}, "deviation"),
        ({"negate": lambda x: x}, "deviation"),
        ({"centre": lambda x, total, _count: x - total}, "deviation"),
        ({"centre": lambda x, total, count: (x - total / count) ** 2}, "deviation"),
        ({"centre": lambda x, total, count: x - sp.floor(total / count)}, "deviation"),
    ],
    ids=["stretched", "identity", "sum for mean", "squared", "mean rounded down"],
)
def test_z_score_of_something_else(wrong: dict[str, Any], where: str) -> None:
    proof = symbolic.prove_z_score(**wrong)
    assert not proof
    assert where in proof.residue


def test_z_score_for_indeterminate_number_only() -> None:
    """A deviation that is right for up to 5 images and wrong for more is refuted by the sums."""

    def centre(x: Any, total: Any, count: Any) -> Any:
        return x - total / count + (0 if isinstance(count, int) and count <= 5 else 1)

    assert "N images" in symbolic.prove_z_score(centre=centre).residue


def test_change_of_the_raw_inner_product() -> None:
    """Zero exactly where x + y = 255; 65,025 at black."""
    x, y = sp.symbols("x y", real=True)
    change = symbolic.raw_inner_product_change()
    assert change.subs({x: 0, y: 0}) == 65025
    assert sp.expand(change + 255 * (x + y - 255)) == 0


def broken(step: Step, entry: tuple[int, int], value: int) -> Any:
    """Return step matrices with one entry changed."""

    def matrices(key: EtCKey) -> dict[Step, csr_array]:
        steps = step_matrices(key)
        if step in steps:
            dense = steps[step].toarray()
            dense[entry] = value
            steps[step] = csr_array(dense)
        return steps

    return matrices


@pytest.mark.parametrize(
    ("prove", "step"),
    [
        (symbolic.prove_orthogonal, Step.PERMUTATION),
        (symbolic.prove_orthogonal, Step.NEGATIVES),
        (symbolic.prove_steps_orthogonal, Step.TRANSFORMS),
        (symbolic.prove_steps_orthogonal, Step.NEGATIVES),
        (symbolic.prove_steps_orthogonal, Step.COMPONENTS),
        (symbolic.prove_distances, Step.COMPONENTS),
        (symbolic.prove_distances, Step.NEGATIVES),
        (symbolic.prove_centred_inner_products, Step.TRANSFORMS),
        (symbolic.prove_centred_inner_products, Step.NEGATIVES),
        (symbolic.prove_transforms, Step.TRANSFORMS),
        (symbolic.prove_multiplication_table, Step.TRANSFORMS),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),  # the same in every run
)
@pytest.mark.parametrize(("entry", "value"), [((0, 0), 2), ((0, 0), 0)])
def test_one_wrong_entry_is_found(
    prove: Any, step: Step, entry: tuple[int, int], value: int
) -> None:
    """An entry that is 2 or missing, in any step, leaves a polynomial that is not zero."""
    proof = prove(step_matrices=broken(step, entry, value))
    assert not proof
    assert proof.residue
