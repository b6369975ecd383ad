"""The explicit matrices: signed permutations, and the same encryption as on pixels."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from helpers import noise, possible_steps, subsets_of_steps
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from etcprops import (
    COMPONENT_ORDERS,
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    Step,
    block_permutation_matrix,
    block_transform_matrix,
    component_permutation_matrix,
    encrypt,
    encryption_matrix,
    encryption_offset,
    negative_positive_matrix,
    strategies,
)
from etcprops.scheme.matrices import TRANSFORM_MATRICES, step_matrices

GREY = BlockGeometry(4, 6, block=2)
COLOUR = BlockGeometry(4, 6, channels=3, block=2)
GEOMETRIES = [
    GREY,
    COLOUR,
    BlockGeometry(1, 1, block=1),
    BlockGeometry(3, 9, block=3),
    BlockGeometry(8, 4, channels=3, block=4),
    BlockGeometry(5, 2, channels=3, block=1),
]
CONSTRUCTORS: dict[Step, Callable[..., csr_array]] = {
    Step.PERMUTATION: block_permutation_matrix,
    Step.TRANSFORMS: block_transform_matrix,
    Step.NEGATIVES: negative_positive_matrix,
    Step.COMPONENTS: component_permutation_matrix,
}


def differences(A: Any, B: Any) -> int:
    """Count the places in which two sparse arrays differ."""
    return int((A != B).nnz)


def assert_same_as_pixels(key: EtCKey, images: NDArray[np.uint8]) -> None:
    """Compare ``Q x + c`` in int64 with `encrypt` for every image of a batch."""
    Q, c = encryption_matrix(key), encryption_offset(key)
    vectors = images.reshape(len(images), -1).astype(np.int64)
    by_matrix = (Q @ vectors.T).T + c
    on_pixels = encrypt(images, key).reshape(len(images), -1)
    assert by_matrix.dtype == np.int64
    assert np.array_equal(by_matrix, on_pixels), key.to_json()


def assert_sound(matrix: csr_array, size: int) -> None:
    """Check the form that every constructor promises, and orthogonality in int64."""
    assert isinstance(matrix, csr_array)
    assert matrix.dtype == np.int8
    assert matrix.shape == (size, size)
    assert matrix.has_canonical_format
    assert matrix.nnz == size
    assert np.array_equal(np.diff(matrix.indptr), np.ones(size))
    assert np.array_equal(np.sort(matrix.indices), np.arange(size))
    assert set(matrix.data.tolist()) <= {-1, 1}
    wide = matrix.astype(np.int64)
    identity = eye_array(size, dtype=np.int64)
    assert differences(wide.T @ wide, identity) == 0
    assert differences(wide @ wide.T, identity) == 0


# --- Matrices are pixels


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_every_subset_of_the_steps_equals_the_pixels(geometry: BlockGeometry) -> None:
    images = noise(geometry, 3)
    for steps in subsets_of_steps(geometry):
        key = EtCKey.from_secret(geometry, "test_matrices", steps=steps)
        assert_same_as_pixels(key, images)
        assert_sound(encryption_matrix(key), geometry.n_pixels)


@given(st.data())
def test_any_key_equals_the_pixels(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    assert_same_as_pixels(key, data.draw(strategies.images(key.geometry, count=2)))
    assert_sound(encryption_matrix(key), key.geometry.n_pixels)


def test_every_key_of_two_grey_blocks_equals_the_pixels() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    images = noise(geometry, 1)
    for order in permutations(range(2)):
        for turns in product(range(8), repeat=2):
            for bits in product((0, 1), repeat=2):
                key = EtCKey(geometry, permutation=order, transforms=turns, negatives=bits)
                assert_same_as_pixels(key, images)


def test_every_key_of_one_colour_block_equals_the_pixels() -> None:
    geometry = BlockGeometry(2, 2, channels=3, block=2)
    images = noise(geometry, 1)
    for turn, bit, order in product(range(8), range(2), range(6)):
        key = EtCKey(geometry, transforms=[turn], negatives=[bit], components=[order])
        assert_same_as_pixels(key, images)


@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_columns_are_the_encrypted_unit_images(geometry: BlockGeometry) -> None:
    # The matrix is recovered from the pixels alone: column j is encrypt(e_j) - encrypt(0).
    key = EtCKey.from_secret(geometry, "columns")
    size = geometry.n_pixels
    units = np.eye(size, dtype=np.uint8).reshape(size, *geometry.shape)
    black = encrypt(np.zeros(geometry.shape, dtype=np.uint8), key).ravel().astype(np.int64)
    columns = encrypt(units, key).reshape(size, size).astype(np.int64) - black
    assert np.array_equal(encryption_matrix(key).toarray(), columns.T)
    assert np.array_equal(encryption_offset(key), black)


def test_full_size_key_equals_the_pixels() -> None:
    geometry = BlockGeometry(192, 160)
    assert_same_as_pixels(EtCKey.from_secret(geometry, "full size"), noise(geometry, 2))


# --- The constructors one by one


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_constructors_are_keys_of_one_step(geometry: BlockGeometry) -> None:
    full = EtCKey.from_secret(geometry, "one step")
    for step in possible_steps(geometry):
        matrix = CONSTRUCTORS[step](geometry, getattr(full, step))
        assert_sound(matrix, geometry.n_pixels)
        alone = EtCKey.from_secret(geometry, "one step", steps=[step])
        assert differences(matrix, encryption_matrix(alone)) == 0
        if step is not Step.NEGATIVES:
            assert (matrix.data == 1).all()


@pytest.mark.parametrize("step", Step)
def test_constructors_take_keys_that_have_the_step(step: Step) -> None:
    geometry = BlockGeometry(4, 4, channels=3, block=2)
    key = EtCKey.from_secret(geometry, "a test")
    matrix = CONSTRUCTORS[step](key)
    assert np.array_equal(matrix.toarray(), step_matrices(key)[step].toarray())
    without = EtCKey.from_secret(geometry, "a test", steps=[s for s in Step if s is not step])
    others = ", ".join(s for s in Step if s is not step)
    for other, has in ((without, others), (EtCKey(geometry), "none")):
        wanted = f"be a key with the step {step}. Got one with {has}."
        with pytest.raises(InvalidParameterError, match=wanted):
            CONSTRUCTORS[step](other)
    with pytest.raises(InvalidParameterError, match="be left out with a key, which has it"):
        CONSTRUCTORS[step](key, getattr(key, step))


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_the_key_is_the_product_of_its_steps_in_order(geometry: BlockGeometry) -> None:
    key = EtCKey.from_secret(geometry, "product")
    matrices = step_matrices(key)
    assert list(matrices) == possible_steps(geometry)
    product_of_all = np.eye(geometry.n_pixels, dtype=np.int64)
    offset = np.zeros(geometry.n_pixels, dtype=np.int64)
    for step, matrix in matrices.items():
        dense = matrix.toarray().astype(np.int64)
        product_of_all, offset = dense @ product_of_all, dense @ offset
        if step is Step.NEGATIVES:
            offset += 255 * (np.diag(dense) == -1)
    assert np.array_equal(encryption_matrix(key).toarray(), product_of_all)
    assert np.array_equal(encryption_offset(key), offset)


def test_the_order_of_the_steps_matters() -> None:
    geometry = BlockGeometry(2, 4, block=2)
    key = EtCKey(geometry, permutation=[1, 0], transforms=[1, 0], negatives=[1, 0])
    K1, K2, K3 = step_matrices(key).values()
    assert differences(encryption_matrix(key), K3 @ K2 @ K1) == 0
    assert differences(encryption_matrix(key), K1 @ K2 @ K3) > 0


def test_negation_is_diagonal_with_its_blocks() -> None:
    matrix = negative_positive_matrix(BlockGeometry(2, 4, block=2), [0, 1])
    assert differences(matrix, csr_array(np.diag([1, 1, -1, -1, 1, 1, -1, -1]))) == 0


def test_offset_is_255_where_negated_and_moves_with_nothing_after() -> None:
    key = EtCKey.from_secret(COLOUR, "offset")
    offset = encryption_offset(key)
    assert offset.dtype == np.int64
    assert offset.shape == (COLOUR.n_pixels,)
    block = COLOUR.locate(np.arange(COLOUR.n_pixels))[0]
    assert key.negatives is not None
    assert np.array_equal(offset, np.where(key.negatives[block], 255, 0))
    assert not encryption_offset(EtCKey(COLOUR)).any()


def test_a_key_without_steps_is_the_identity() -> None:
    assert differences(encryption_matrix(EtCKey(GREY)), eye_array(24, dtype=np.int8)) == 0
    assert step_matrices(EtCKey(GREY)) == {}


# --- Groups


def test_the_transforms_are_the_dihedral_group() -> None:
    elements = [tuple(matrix.ravel().tolist()) for matrix in TRANSFORM_MATRICES]
    assert len(set(elements)) == 8
    for a, b in product(TRANSFORM_MATRICES, repeat=2):
        assert tuple((a @ b).ravel().tolist()) in elements
    for code, matrix in enumerate(TRANSFORM_MATRICES):
        assert np.array_equal(matrix @ matrix.T, np.eye(2))
        assert round(np.linalg.det(matrix)) == (1 if code < 4 else -1)


@pytest.mark.parametrize("side", [2, 3, 4, 5])
def test_the_matrices_of_one_block_represent_it(side: int) -> None:
    geometry = BlockGeometry(side, side, block=side)
    matrices = [block_transform_matrix(geometry, [code]).astype(np.int64) for code in range(8)]
    for (a, A), (b, B) in product(enumerate(matrices), repeat=2):
        small = TRANSFORM_MATRICES[b] @ TRANSFORM_MATRICES[a]
        # Matrix t of the group takes output places to input places, so products turn round.
        (expected,) = [code for code in range(8) if np.array_equal(TRANSFORM_MATRICES[code], small)]
        assert differences(A @ B, matrices[expected]) == 0, (a, b)


def test_blocks_of_one_pixel_have_one_transform() -> None:
    geometry = BlockGeometry(2, 4, block=1)
    assert differences(block_transform_matrix(geometry, range(8)), eye_array(8)) == 0


def test_component_orders_are_the_six_permutation_matrices() -> None:
    geometry = BlockGeometry(1, 1, channels=3, block=1)
    for code, order in enumerate(COMPONENT_ORDERS):
        matrix = component_permutation_matrix(geometry, [code]).toarray()
        assert np.array_equal(matrix, np.eye(3)[list(order)])


# --- Why all this is checked in int64


def test_int8_products_wrap_and_can_pass_falsely() -> None:
    ones = csr_array(np.ones((257, 1), dtype=np.int8))
    assert (ones.T @ ones).toarray().tolist() == [[1]]
    assert (ones.T.astype(np.int64) @ ones).toarray().tolist() == [[257]]
    # Square, and by no means orthogonal: 127 squared is 1 modulo 256.
    stretched = csr_array(127 * np.eye(4, dtype=np.int8))
    assert differences(stretched.T @ stretched, eye_array(4)) == 0
    wide = stretched.astype(np.int64)
    assert differences(wide.T @ wide, eye_array(4)) == 4


# --- What is refused

_WANTED = "The '{}' parameter of {} must {}. Got {}."


@pytest.mark.parametrize(
    ("constructor", "arguments", "message"),
    [
        pytest.param(
            block_permutation_matrix,
            (GREY, [0, 0, 1, 2, 3, 4]),
            ("permutation", "hold each of 0 to 5 once", "0 2 times"),
            id="permutation with a duplicate",
        ),
        pytest.param(
            block_permutation_matrix,
            (GREY, [0, 1, 2]),
            ("permutation", "be 6 integers from 0 to 5", "shape (3,)"),
            id="permutation of another geometry",
        ),
        pytest.param(
            block_permutation_matrix,
            (GREY, None),
            ("permutation", "be 6 integers from 0 to 5", "shape ()"),
            id="no permutation",
        ),
        pytest.param(
            block_transform_matrix,
            (GREY, [0, 1, 2, 3, 4, 8]),
            ("transforms", "be 6 integers from 0 to 7", "8 at position 5"),
            id="transform 8",
        ),
        pytest.param(
            block_transform_matrix,
            (GREY, np.zeros(6)),
            ("transforms", "be 6 integers from 0 to 7", "dtype float64"),
            id="transforms of floats",
        ),
        pytest.param(
            negative_positive_matrix,
            (GREY, [1, 1, 1, 1, 1, -1]),
            ("negatives", "be 6 integers from 0 to 1", "-1 at position 5"),
            id="signs for bits",
        ),
        pytest.param(
            negative_positive_matrix,
            (GREY, [[True]] * 6),
            ("negatives", "be 6 integers from 0 to 1", "shape (6, 1)"),
            id="bits in a column",
        ),
        pytest.param(
            component_permutation_matrix,
            (COLOUR, [6] * 6),
            ("components", "be 6 integers from 0 to 5", "6 at position 0"),
            id="component order 6",
        ),
        pytest.param(
            component_permutation_matrix,
            (GREY, [0] * 6),
            (
                "geometry",
                "have 3 channels",
                "BlockGeometry(height=4, width=6, channels=1, block=2)",
            ),
            id="components of grey images",
        ),
        *(
            pytest.param(
                constructor,
                ((4, 6), [0] * 6),
                ("geometry", "be a BlockGeometry", "(4, 6) (tuple)"),
                id=f"shape for {constructor.__name__}",
            )
            for constructor in (
                block_permutation_matrix,
                block_transform_matrix,
                negative_positive_matrix,
                component_permutation_matrix,
            )
        ),
        *(
            pytest.param(
                function,
                ("secret",),
                ("key", "be an EtCKey", "str"),
                id=f"secret for {function.__name__}",
            )
            for function in (encryption_matrix, encryption_offset, step_matrices)
        ),
    ],
)
def test_bad_arguments(
    constructor: Callable[..., Any], arguments: tuple[Any, ...], message: tuple[str, str, str]
) -> None:
    parameter, wanted, got = message
    with pytest.raises(InvalidParameterError) as caught:
        constructor(*arguments)
    expected = _WANTED.format(parameter, constructor.__name__, wanted, got)
    assert str(caught.value) == expected
