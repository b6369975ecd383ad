"""Equivariance of matrices that are written down: one in every place of the classification."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, Step, encrypt
from etcprops.reductions import (
    BlockMean,
    EquivarianceKind,
    equivariance,
    generators,
    induced_map,
)

BLOCKS = BlockGeometry(4, 4, block=2)
PIXELS = BlockGeometry(1, 2, block=1)


def in_block(block: int, rows: Any) -> NDArray[np.int64]:
    """Return rows that see one block of four pixels alone."""
    matrix = np.zeros((len(rows), 16), dtype=np.int64)
    matrix[:, BLOCKS.flat_index(block, [0, 0, 1, 1], [0, 1, 0, 1], 0)] = rows
    return matrix


@pytest.mark.parametrize("as_matrix", [np.asarray, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("odd", range(4))
def test_a_single_block_that_is_reduced_otherwise_is_found(odd: int, as_matrix: Any) -> None:
    mean, corner = [[1, 1, 1, 1]], [[1, 0, 0, 0]]
    even = [in_block(block, mean) for block in range(4)]
    assert equivariance(as_matrix(np.concatenate(even)), BLOCKS, "transforms")
    even[odd] = in_block(odd, corner)
    found = equivariance(as_matrix(np.concatenate(even)), BLOCKS, "transforms")
    assert found.kind is EquivarianceKind.NONE
    assert found.generators == 8
    assert found.counterexample is not None
    assert found.counterexample.row == odd
    codes = found.counterexample.key.transforms
    assert codes is not None
    assert np.flatnonzero(codes).tolist() == [odd]


@pytest.mark.parametrize("as_matrix", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_rows_of_zeros_are_equivariant(as_matrix: Any) -> None:
    for step in (Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES):
        assert equivariance(as_matrix(np.zeros((3, 16), dtype=np.int64)), BLOCKS, step)


@pytest.mark.parametrize("as_matrix", [np.asarray, csr_array], ids=["dense", "sparse"])
def test_kinds_in_each_block_by_itself(as_matrix: Any) -> None:
    rotated = [[3, 4, 0, 0], [-4, 3, 0, 0], [0, 0, 5, 0], [0, 0, 0, 5]]
    mirrored = [[1, 1, -1, -1], [2, -2, 2, -2]]
    for block in range(4):
        for rows, kind in (
            (rotated, EquivarianceKind.ORTHOGONAL),
            (rotated[:3], EquivarianceKind.NONE),
            (mirrored, EquivarianceKind.SCALED),
            (mirrored[:1], EquivarianceKind.NONE),
        ):
            found = equivariance(as_matrix(in_block(block, rows)), BLOCKS, "transforms")
            assert found.kind is kind, (block, rows)
            assert not found
            # Of floats, bits are compared: nothing but a signed permutation is told.
            floats = as_matrix(in_block(block, rows).astype(np.float64))
            assert equivariance(floats, BLOCKS, "transforms").kind is EquivarianceKind.NONE


def test_generators_are_as_many_as_stated_and_change_what_they_say() -> None:
    colour = BlockGeometry(4, 6, channels=3, block=2)
    counts = {Step.PERMUTATION: 2, Step.TRANSFORMS: 12, Step.NEGATIVES: 6, Step.COMPONENTS: 12}
    image = np.arange(72, dtype=np.uint8).reshape(1, *colour.shape)
    for step, count in counts.items():
        found = list(generators(colour, step))
        assert len(found) == count
        assert len({key.to_json() for key, _ in found}) == count
        for key, blocks in found:
            assert key.steps == (step,)
            once = encrypt(image, key)
            if step in {Step.NEGATIVES, Step.COMPONENTS}:  # exchanges
                assert np.array_equal(encrypt(once, key), image)
            changed = np.flatnonzero(once != image)
            assert set(colour.locate(changed)[0].tolist()) == set(blocks.tolist())
    assert [
        len(list(generators(BlockGeometry(1, n, block=1), "permutation"))) for n in (1, 2, 3)
    ] == [0, 1, 2]


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_generators_of_the_permutation_generate_all(columns: int) -> None:
    geometry = BlockGeometry(1, columns, block=1)
    reached = {tuple(range(columns))}
    keys = [key.permutation for key, _ in generators(geometry, "permutation")]
    while True:
        more = {tuple(np.array(p)[key].tolist()) for p, key in product(reached, keys)}
        if more <= reached:
            break
        reached |= more
    assert len(reached) == {2: 2, 3: 6, 4: 24}[columns]


@pytest.mark.parametrize("as_matrix", [np.asarray, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("seen", [0, 1])
def test_both_exchanged_blocks_are_looked_at(seen: int, as_matrix: Any) -> None:
    R = np.eye(2, dtype=np.int64)
    assert equivariance(as_matrix(R), PIXELS, "permutation")
    found = equivariance(as_matrix(R[[seen]]), PIXELS, "permutation")
    assert found.kind is EquivarianceKind.NONE
    assert found.counterexample is not None
    assert found.counterexample.image.toarray().tolist() == R[[1 - seen]].tolist()


def test_rows_of_their_own_size_are_preferred() -> None:
    # Each row is a multiple of another; the exchange of the pixels needs no factors.
    R = np.array([[1, 0], [0, 2], [2, 0], [0, 1]])
    induced = induced_map(R, EtCKey(PIXELS, permutation=[1, 0]))
    assert induced.source.tolist() == [3, 2, 1, 0]
    assert induced.factor.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_induced_maps_multiply_and_add(dtype: Any) -> None:
    R = np.array([[1, 0], [0, 3]], dtype=dtype)
    key = EtCKey(PIXELS, permutation=[1, 0], negatives=[0, 1])
    if dtype is np.float64:
        with pytest.raises(InvalidParameterError, match="row 0 becomes none of its rows"):
            induced_map(R, key)
        return
    induced = induced_map(R, key)
    images = np.array([[[5, 90]], [[200, 3]]], dtype=np.uint8)
    plain, encrypted = (batch.reshape(2, 2) @ R.T for batch in (images, encrypt(images, key)))
    np.testing.assert_allclose(induced.apply(plain), encrypted, rtol=1e-15)


@pytest.mark.parametrize(
    "bad",
    [np.zeros(4), np.zeros((3, 4, 4)), np.zeros((4, 3)), np.full((2, 4), "a"), [[1j] * 4]],
    ids=["one row", "a batch", "columns", "text", "complex"],
)
def test_induced_maps_take_matrices_of_real_numbers(bad: Any) -> None:
    induced = BlockMean(BLOCKS).induced(EtCKey.from_secret(BLOCKS, "bad"))
    assert induced.apply(np.zeros((3, 4))).shape == (3, 4)
    with pytest.raises(InvalidParameterError, match=r"'Z' .* of shape \(N, 4\)"):
        induced.apply(bad)


@pytest.mark.parametrize(
    "bad",
    [np.zeros(16), np.zeros((0, 16)), np.zeros((2, 15)), [["a"] * 16], [[1j] * 16]],
    ids=["one row", "no rows", "columns", "text", "complex"],
)
def test_matrices_have_rows_of_real_numbers(bad: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"'R' .* real numbers with 16 columns"):
        equivariance(bad, BLOCKS, "transforms")


@pytest.mark.parametrize("as_matrix", [np.asarray, csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("sign", [1, -1])
def test_integers_are_taken_as_far_as_inner_products_fit_64_bits(sign: int, as_matrix: Any) -> None:
    # 2**32 squared would be nothing in 64 bits, and as good after the exchange as before.
    most = 2147483647
    for rows, largest in ((1, 3037000499), (2, most)):
        R = np.zeros((rows, 2), dtype=np.int64)
        R[0, 0] = sign * largest
        found = equivariance(as_matrix(R), PIXELS, "permutation")
        assert found.kind is EquivarianceKind.NONE
        R[0, 0] += sign
        with pytest.raises(InvalidParameterError, match=f"at most {largest}. Got one of"):
            equivariance(as_matrix(R), PIXELS, "permutation")
    with pytest.raises(InvalidParameterError, match=f"Got one of {2**63}"):
        equivariance(np.full((1, 2), 2**63, dtype=np.uint64), PIXELS, "permutation")


@pytest.mark.parametrize("size", [0.25, 1.0, 3.0])
def test_rows_of_any_size_are_found_again_up_to_sign(size: float) -> None:
    R = size * np.array([[1.0, -2.0], [3.0, 1.0]])
    assert equivariance(R, PIXELS, "negatives").kind is EquivarianceKind.NONE
    assert equivariance(np.concatenate([R, R * [1, -1]]), PIXELS, "negatives")


def test_rows_that_occur_three_times_are_used_once_each() -> None:
    key = EtCKey(PIXELS, permutation=[1, 0])
    R = np.repeat(np.eye(2, dtype=np.int64), 3, axis=0)
    assert sorted(induced_map(R, key).source.tolist()) == list(range(6))
    assert not equivariance(R[:5], PIXELS, "permutation")
    assert not equivariance(R[1:], PIXELS, "permutation")
