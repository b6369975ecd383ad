"""The algebra of ``y = s * x[p] + c``: against matrices, pixels, and integers without a size."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, dok_array, eye_array
from scipy.sparse.linalg import LinearOperator, aslinearoperator, svds

from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    SignedPermutation,
    encrypt,
    encryption_matrix,
    encryption_offset,
    strategies,
)
from etcprops.probing import checker

ALL_OF_SIZE_3 = [
    SignedPermutation(source, sign)
    for source in permutations(range(3))
    for sign in product((-1, 1), repeat=3)
]
LOSSY = SignedPermutation([2, 2, 0, 2, 1], [1, -1, -1, -1, 1])


def applied_by_hand(flip: SignedPermutation, vector: list[Any]) -> list[Any]:
    """Apply in Python's own numbers: integers have no size that they could exceed."""
    return [
        vector[p] if s > 0 else flip.level - vector[p]
        for p, s in zip(flip.source.tolist(), flip.sign.tolist(), strict=True)
    ]


# --- One encryption, three representations


@given(st.data())
def test_from_key_equals_matrix_and_pixels(data: st.DataObject) -> None:
    key = data.draw(strategies.keys())
    batch = data.draw(strategies.images(key.geometry, count=st.integers(0, 3)))
    flip = SignedPermutation.from_key(key)
    Q, c = encryption_matrix(key), encryption_offset(key)
    assert flip == SignedPermutation.from_matrix(Q)
    assert np.array_equal(flip.matrix().toarray(), Q.toarray())
    assert np.array_equal(flip.offset(), c)
    assert flip.is_orthogonal()
    vectors = batch.reshape(len(batch), key.geometry.n_pixels)
    encrypted = encrypt(batch, key).reshape(vectors.shape)
    on_pixels = flip.apply(vectors)
    assert on_pixels.dtype == np.uint8
    assert np.array_equal(on_pixels, encrypted)
    assert np.array_equal(flip.apply(vectors.astype(np.int64)), (Q @ vectors.T).T + c)
    assert np.array_equal(flip.inverse().apply(encrypted), vectors)


def test_from_key_at_full_size() -> None:
    geometry = BlockGeometry(64, 96, channels=3)
    key = EtCKey.from_secret(geometry, "full size")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    flip = SignedPermutation.from_key(key)
    assert np.array_equal(flip.apply(image.ravel()), encrypt(image, key).ravel())


# --- The group


def test_group_of_size_3_is_closed_with_identity_and_inverses() -> None:
    everything = set(ALL_OF_SIZE_3)
    assert len(everything) == 6 * 8
    identity = SignedPermutation.identity(3)
    assert identity in everything
    for a in ALL_OF_SIZE_3:
        assert a.is_orthogonal()
        assert a @ identity == identity @ a == a
        assert a @ a.inverse() == a.inverse() @ a == identity
        assert a.inverse().inverse() == a
        assert {a @ b for b in ALL_OF_SIZE_3} == everything


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(*[strategies.signed_permutations(n)] * 3)))
def test_group_laws(
    three: tuple[SignedPermutation, SignedPermutation, SignedPermutation],
) -> None:
    a, b, c = three
    assert (a @ b) @ c == a @ (b @ c)
    assert (a @ b).inverse() == b.inverse() @ a.inverse()
    assert a.compose(b) == a @ b
    # A homomorphism: matrices multiply, offsets follow, vectors go one after the other.
    A, B = a.matrix().astype(np.int64), b.matrix().astype(np.int64)
    assert np.array_equal((a @ b).matrix().toarray(), (A @ B).toarray())
    assert np.array_equal((a @ b).offset(), A @ b.offset() + a.offset())
    x = np.arange(2 * len(a), dtype=np.uint8).reshape(2, len(a))
    assert np.array_equal((a @ b).apply(x), a.apply(b.apply(x)))
    assert np.array_equal(a.inverse().matrix().toarray(), A.T.toarray())
    assert np.array_equal(a.inverse().apply(a.apply(x)), x)


def test_composition_of_lossy_maps_is_still_exact() -> None:
    other = SignedPermutation([4, 4, 3, 0, 1], [-1, 1, 1, -1, 1])
    x = np.array([1, 2, 3, 4, 5], dtype=np.uint8)
    assert np.array_equal((LOSSY @ other).apply(x), LOSSY.apply(other.apply(x)))
    assert not (LOSSY @ other).is_orthogonal()


# --- Orthogonality


def test_orthogonal_exactly_if_the_matrix_says_so() -> None:
    # All 27 sources of length 3, of which 6 are permutations.
    verdicts = []
    for source in product(range(3), repeat=3):
        flip = SignedPermutation(source, [1, -1, 1])
        Q = flip.matrix().toarray().astype(np.int64)
        assert flip.is_orthogonal() == np.array_equal(Q.T @ Q, np.eye(3))
        verdicts.append(flip.is_orthogonal())
    assert sum(verdicts) == 6


@given(st.integers(2, 64), st.data())
def test_one_duplicated_pixel_is_noticed(size: int, data: st.DataObject) -> None:
    sound = data.draw(strategies.signed_permutations(size))
    i, j = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    source = sound.source.copy()
    source[i] = source[j]
    broken = SignedPermutation(source, sound.sign)
    assert sound.is_orthogonal()
    assert not broken.is_orthogonal()
    with pytest.raises(InvalidParameterError) as caught:
        broken.inverse()
    assert str(caught.value) == (
        "SignedPermutation.inverse needs a bijection. Got a map that loses "
        f"1 of {size} pixels, the first of them {sound.source[i]}."
    )


def test_257_copies_do_not_wrap_to_one() -> None:
    # In int8 the product of the first column with itself would be 257 = 1.
    flip = SignedPermutation([0] * 257, [1] * 257)
    assert (flip.matrix().T @ flip.matrix()).toarray()[0, 0] == 1
    assert not flip.is_orthogonal()


def test_a_million_pixels() -> None:
    rng = np.random.default_rng(0)
    size = 1_000_000
    flip = SignedPermutation(rng.permutation(size), rng.choice(np.array([-1, 1]), size))
    assert flip.is_orthogonal()
    assert flip.inverse() @ flip == SignedPermutation.identity(size)
    x = rng.integers(0, 256, size, dtype=np.uint8)
    assert np.array_equal(flip.inverse().apply(flip.apply(x)), x)
    source = flip.source.copy()
    source[-1] = source[0]
    assert not SignedPermutation(source, flip.sign).is_orthogonal()


# --- apply: never a wrap


@pytest.mark.parametrize(
    ("dtype", "level", "values", "out"),
    [
        pytest.param("u1", 255, [0, 1, 127, 128, 255], "u1", id="uint8"),
        pytest.param("u1", 15, [0, 1, 7, 15, 8], "u1", id="uint8 of 4 bits"),
        pytest.param("u2", 255, [0, 1, 127, 128, 255], "u2", id="uint16 of 8 bits"),
        pytest.param("u2", 65535, [0, 1, 32767, 32768, 65535], "u2", id="uint16"),
        pytest.param(">u2", 65535, [0, 1, 256, 4660, 65535], ">u2", id="big-endian uint16"),
        pytest.param("u4", 2**32 - 1, [0, 1, 2**31, 2**32 - 1, 7], "u4", id="uint32"),
        pytest.param("u8", 2**63 - 1, [0, 1, 2**62, 2**63 - 1, 7], "u8", id="uint64"),
        pytest.param("i1", 255, [-128, -1, 0, 1, 127], "i8", id="int8"),
        pytest.param("i2", 65535, [-32768, -1, 0, 1, 32767], "i8", id="int16"),
        pytest.param("i4", 255, [-(2**31), -1, 0, 1, 2**31 - 1], "i8", id="int32"),
        pytest.param("i8", 255, [256 - 2**63, -1, 0, 2**62, 2**63 - 1], "i8", id="int64"),
        pytest.param("i8", 2**63 - 1, [0, 1, 2, 2**62, 2**63 - 1], "i8", id="largest level"),
        pytest.param("f2", 255, [0.5, -1.0, 0.0, 255.0, 2.25], "f2", id="float16"),
        pytest.param("f4", 65535, [0.5, -1.0, 0.0, 65535.0, 2.25], "f4", id="float32"),
        pytest.param("f8", 2**53, [0.5, -1.0, 0.0, 2.0**53, 2.25], "f8", id="float64"),
    ],
)
def test_apply_as_by_hand(dtype: str, level: int, values: list[Any], out: str) -> None:
    for sign in product((-1, 1), repeat=2):
        flip = SignedPermutation([4, 3, 2, 1, 0], [*sign, -1, 1, -1], level=level)
        vector = np.array(values, dtype=dtype)
        before = vector.copy()
        applied = flip.apply(vector)
        assert applied.dtype == np.dtype(out)
        if np.dtype(dtype).kind == "f":
            # One subtraction, rounded once; with these values not at all, but where it says so.
            expected = np.array(applied_by_hand(flip, vector.astype(np.float64).tolist()))
            assert np.array_equal(applied, expected.astype(dtype))
        else:
            assert applied.tolist() == applied_by_hand(flip, values)
        assert np.array_equal(vector, before)


@given(strategies.signed_permutations(), st.integers(0, 2**32 - 1))
def test_apply_to_all_vectors_of_a_batch(flip: SignedPermutation, seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = rng.integers(0, 256, (2, 3, len(flip)), dtype=np.uint8)
    out = flip.apply(batch)
    assert out.shape == batch.shape
    for index in np.ndindex(2, 3):
        assert out[index].tolist() == applied_by_hand(flip, batch[index].tolist())
    assert flip.apply(batch[:, :0]).shape == (2, 0, len(flip))


def test_apply_leaves_inputs_alone_whatever_their_layout() -> None:
    flip = SignedPermutation([2, 0, 1], [1, -1, 1])
    rows = np.arange(12, dtype=np.uint8).reshape(4, 3)
    expected = [applied_by_hand(flip, row) for row in rows.tolist()]
    frozen = rows.copy()
    frozen.flags.writeable = False
    layouts = [rows, np.asfortranarray(rows), rows[::-1].copy()[::-1], frozen]
    for layout in layouts:
        out = flip.apply(layout)
        assert out.tolist() == expected
        assert np.array_equal(layout, rows)
        assert not np.shares_memory(out, layout)
    identity = SignedPermutation.identity(3)
    for vector in (np.arange(3), np.arange(3.0), np.arange(3, dtype=np.uint8)):
        assert not np.shares_memory(identity.apply(vector), vector)


def test_nan_and_infinity_pass_through_floats() -> None:
    flip = SignedPermutation([1, 2, 0], [1, -1, -1])
    out = flip.apply(np.array([np.nan, np.inf, -np.inf]))
    assert out[0] == out[1] == np.inf
    assert np.isnan(out[2])


@pytest.mark.parametrize(
    ("X", "level", "wanted", "got"),
    [
        pytest.param(
            [1, 2],
            255,
            "be an array of real numbers and shape (..., 2)",
            "[1, 2] (list)",
            id="list",
        ),
        pytest.param(
            np.zeros(3),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype float64 and shape (3,)",
            id="another length",
        ),
        pytest.param(
            np.zeros((2, 3)),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype float64 and shape (2, 3)",
            id="vectors in columns",
        ),
        pytest.param(
            np.zeros(()),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype float64 and shape ()",
            id="scalar",
        ),
        pytest.param(
            np.zeros(2, complex),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype complex128 and shape (2,)",
            id="complex",
        ),
        pytest.param(
            np.zeros(2, bool),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype bool and shape (2,)",
            id="boolean",
        ),
        pytest.param(
            np.zeros(2, object),
            255,
            "be an array of real numbers and shape (..., 2)",
            "an array of dtype object and shape (2,)",
            id="objects",
        ),
        pytest.param(
            np.array([0, 16], "u1"), 15, "hold pixels of at most 15", "16", id="pixel above level"
        ),
        pytest.param(
            np.array([256, 0], "u2"),
            255,
            "hold pixels of at most 255",
            "256",
            id="16-bit pixel, 8-bit level",
        ),
        pytest.param(
            np.zeros(2, "u1"),
            65535,
            "have a dtype that holds 65535",
            "an array of dtype uint8 and shape (2,)",
            id="8-bit pixels, 16-bit level",
        ),
        pytest.param(
            np.zeros(2, "f2"),
            65535,
            "have a dtype that holds 65535",
            "an array of dtype float16 and shape (2,)",
            id="half precision, 16-bit level",
        ),
        pytest.param(
            np.zeros(2, "f4"),
            2**24 + 1,
            "have a dtype that holds 16777217",
            "an array of dtype float32 and shape (2,)",
            id="single precision, 25-bit level",
        ),
        pytest.param(
            np.array([0, 255 - 2**63]),
            255,
            f"hold integers of at least {256 - 2**63}",
            str(255 - 2**63),
            id="negation outside int64",
        ),
    ],
)
def test_apply_refuses(X: Any, level: int, wanted: str, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation([1, 0], [1, -1], level=level).apply(X)
    assert str(caught.value) == (
        f"The 'X' parameter of SignedPermutation.apply must {wanted}. Got {got}."
    )


# --- The linear operator


VECTORS: dict[str, NDArray[Any]] = {
    "int8 at -128": np.array([-128, -1, 0, 127, -128], dtype=np.int8),
    "uint8": np.array([0, 255, 128, 1, 2], dtype=np.uint8),
    "bool": np.array([True, False, True, True, False]),
    "int64": np.array([2**62, -(2**62), 1, 0, -1]),
    "float32": np.array([0.5, -1.25, 3, 1e30, 0], dtype=np.float32),
    "float64": np.array([0.1, -0.2, 1e300, 0, 5]),
    "complex": np.array([1 + 2j, -3j, 0, 1, 2 - 1j]),
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.parametrize(
    "flip",
    [SignedPermutation([3, 0, 4, 1, 2], [1, -1, -1, 1, -1]), LOSSY],
    ids=["bijective", "lossy"],
)
def test_operator_equals_the_matrix(flip: SignedPermutation, name: str) -> None:
    operator: Any = flip.linear_operator()
    assert isinstance(operator, LinearOperator)
    assert operator.shape == (5, 5)
    vector = VECTORS[name]
    wide = vector.dtype if vector.dtype.kind in "fc" else np.dtype(np.int64)
    dense = flip.matrix().toarray().astype(wide)
    block = np.stack([vector, vector[::-1]], axis=1)
    for got, expected in [
        (operator.matvec(vector), dense @ vector.astype(wide)),
        (operator @ vector, dense @ vector.astype(wide)),
        (operator.matmat(vector[:, None]), dense @ vector[:, None].astype(wide)),
        (operator.matmat(block), dense @ block.astype(wide)),
        (operator.rmatvec(vector), dense.T @ vector.astype(wide)),
        (operator.rmatmat(block), dense.T @ block.astype(wide)),
        (operator.T @ vector, dense.T @ vector.astype(wide)),
        (operator.H @ block, dense.T @ block.astype(wide)),
        (operator.T.T @ vector, dense @ vector.astype(wide)),
    ]:
        assert got.dtype == wide
        assert got.shape == expected.shape
        assert np.array_equal(got, expected)


@given(st.data())
def test_operator_and_its_adjoint(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 30))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # Any source, bijective or not.
    flip = SignedPermutation(rng.integers(0, size, size), rng.choice(np.array([-1, 1]), size))
    operator: Any = flip.linear_operator()
    x, y = rng.integers(-(2**20), 2**20, (2, size))
    assert operator.matvec(x) @ y == x @ operator.rmatvec(y)
    assert np.array_equal(operator @ np.eye(size), flip.matrix().toarray())
    reference: Any = aslinearoperator(flip.matrix().astype(np.float64))
    assert np.array_equal(operator @ x.astype(float), reference @ x.astype(float))
    assert np.array_equal(operator.T @ x.astype(float), reference.T @ x.astype(float))
    # The affine map is the linear one and the offset.
    assert np.array_equal(flip.apply(x), operator @ x + flip.offset())


def test_operator_in_svds() -> None:
    # Pixel 0 is shown four times, pixel 1 three times, pixel 2 twice, the others once or never:
    # the singular values are the roots of these numbers.
    source = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5]
    flip = SignedPermutation(source, [1, -1] * 6)
    _, singular_values, _ = svds(flip.linear_operator(), k=3, v0=np.linspace(1, 2, 12))
    assert np.sort(singular_values) == pytest.approx([2**0.5, 3**0.5, 2.0], rel=1e-12)


def test_operator_keeps_norms_in_power_iteration() -> None:
    flip = SignedPermutation.from_key(EtCKey.from_secret(BlockGeometry(16, 16), "power"))
    operator: Any = flip.linear_operator()
    vector = np.arange(256)
    for _ in range(10):
        vector = operator.T @ (operator @ vector)
    assert np.array_equal(vector, np.arange(256))


# --- Matrices in and out


@given(strategies.signed_permutations())
def test_matrix_round_trip(flip: SignedPermutation) -> None:
    matrix = flip.matrix()
    assert isinstance(matrix, csr_array)
    assert matrix.dtype == np.int8
    assert matrix.has_canonical_format
    assert SignedPermutation.from_matrix(matrix) == flip
    assert SignedPermutation.from_matrix(matrix.toarray(), level=15).level == 15
    assert not np.shares_memory(matrix.data, flip.sign)


@pytest.mark.parametrize(
    ("form", "dtype"),
    [
        *product([csr_array, csc_array, coo_array, dok_array], ["b1", "i1", "u1", "i8", "f4"]),
        *product([np.asarray], ["b1", "i1", "u1", "i8", "f2", "f8"]),
    ],
)
def test_from_matrix_of_any_form(form: Any, dtype: str) -> None:
    dense = np.eye(4)[[2, 0, 3, 1]]
    if dtype[0] in "if":
        dense[1] = -dense[1]
    given_matrix = form(dense.astype(dtype))
    flip = SignedPermutation.from_matrix(given_matrix)
    assert flip.source.tolist() == [2, 0, 3, 1]
    assert flip.sign.tolist() == [1, -1 if dtype[0] in "if" else 1, 1, 1]


def test_from_matrix_adds_up_duplicates_and_drops_stored_zeros() -> None:
    Q = csr_array(
        (np.array([2, -1, 0, -1]), np.array([1, 1, 0, 0]), np.array([0, 2, 4])), shape=(2, 2)
    )
    before = (Q.data.copy(), Q.indices.copy(), Q.indptr.copy())
    assert SignedPermutation.from_matrix(Q) == SignedPermutation([1, 0], [1, -1])
    # The matrix itself is left as it came.
    assert all(map(np.array_equal, before, (Q.data, Q.indices, Q.indptr)))


@pytest.mark.parametrize("form", [csr_array, coo_array])
def test_from_matrix_does_not_wrap_duplicates(form: Any) -> None:
    ones, zeros = np.ones(257, dtype=np.int8), np.zeros(257, dtype=np.int64)
    if form is csr_array:
        Q: Any = csr_array((ones, zeros, np.array([0, 257])), shape=(1, 1))
    else:
        Q = coo_array((ones, (zeros, zeros)), shape=(1, 1))
    with pytest.raises(InvalidParameterError, match=r"Got 257 in row 0\.$"):
        SignedPermutation.from_matrix(Q)


@pytest.mark.parametrize(
    ("Q", "got"),
    [
        pytest.param([[1, 1], [0, 1]], "2 entries in row 0", id="two entries in a row"),
        pytest.param([[1, 0], [0, 0]], "0 entries in row 1", id="no entry in a row"),
        pytest.param([[1, 0], [0, 2]], "2 in row 1", id="a two"),
        pytest.param([[0.5, 0], [0, 1]], "0.5 in row 0", id="a half"),
        pytest.param([[np.nan, 0], [0, 1]], "nan in row 0", id="NaN"),
        pytest.param([[-np.inf, 0], [0, 1]], "-inf in row 0", id="infinity"),
        pytest.param(np.array([[-128]], np.int8), "-128 in row 0", id="the int8 without negative"),
        pytest.param([[-(2**63)]], f"{-(2**63)} in row 0", id="the int64 without negative"),
        pytest.param(np.eye(2, 3), "shape (2, 3)", id="not square"),
        pytest.param(eye_array(3, 2), "shape (3, 2)", id="sparse, not square"),
        pytest.param(np.zeros((0, 0)), "shape (0, 0)", id="empty"),
        pytest.param([1], "shape (1,)", id="a vector"),
        pytest.param(csr_array(np.array([1])), "shape (1,)", id="a sparse vector"),
        pytest.param(np.ones((1, 1, 1)), "shape (1, 1, 1)", id="three axes"),
        pytest.param(None, "shape ()", id="None"),
        pytest.param([[1, 0], [1]], "a list that is no array of numbers", id="ragged"),
        pytest.param([["1"]], "dtype <U1", id="text"),
        pytest.param(1j * np.eye(2), "dtype complex128", id="complex units"),
        pytest.param(np.array([[None]]), "dtype object", id="objects"),
    ],
)
def test_from_matrix_refuses(Q: Any, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation.from_matrix(Q)
    assert str(caught.value) == (
        "The 'Q' parameter of SignedPermutation.from_matrix must be a square matrix with one "
        f"entry of -1 or +1 in every row. Got {got}."
    )


# --- Certificates


@given(strategies.signed_permutations(level=65535))
def test_certificate_round_trip_through_json(flip: SignedPermutation) -> None:
    certificate = json.loads(json.dumps(flip.to_certificate()))
    assert SignedPermutation.from_certificate(certificate) == flip


@pytest.mark.parametrize("flip", [*ALL_OF_SIZE_3, LOSSY], ids=str)
def test_certificate_is_checkable_without_the_package(flip: SignedPermutation) -> None:
    certificate = flip.to_certificate()
    source, sign, n = certificate["source"], certificate["sign"], len(certificate["source"])
    assert all(type(value) is int for value in source + sign)
    is_bijective = sorted(source) == list(range(n)) and set(sign) <= {-1, 1}
    assert flip.is_orthogonal() == is_bijective


def test_certificate_in_figures() -> None:
    assert SignedPermutation([1, 0], [1, -1]).to_certificate() == {
        "format": "etcprops.SignedPermutation",
        "version": 2,
        "level": 255,
        "source": [1, 0],
        "sign": [1, -1],
        # The chosen images are (0, 0) and (0, 1): encrypted, 0 255 and 1 255.
        "witness": hashlib.sha256(bytes([0, 255, 1, 255])).hexdigest(),
    }


def test_version_1_has_no_witness_and_is_read(flip_1: dict[str, Any]) -> None:
    assert SignedPermutation.from_certificate(flip_1) == SignedPermutation([1, 0], [1, -1])


@pytest.fixture
def flip_1() -> dict[str, Any]:
    certificate = SignedPermutation([1, 0], [1, -1]).to_certificate() | {"version": 1}
    del certificate["witness"]
    return certificate


def test_version_1_with_a_witness_and_2_without_are_refused(flip_1: dict[str, Any]) -> None:
    for certificate in (flip_1 | {"version": 3}, flip_1 | {"witness": "0" * 64}):
        with pytest.raises(InvalidParameterError, match="version"):
            SignedPermutation.from_certificate(certificate)


@pytest.mark.parametrize("level", [1, 255, 65535, 2**63 - 1])
def test_witness_is_what_the_map_makes_of_the_chosen_images(level: int) -> None:
    source = np.random.default_rng(0).permutation(70_000 if level == 65535 else 300)
    flip = SignedPermutation(source, np.where(source % 3, 1, -1), level=level)
    certificate = flip.to_certificate()
    assert certificate["witness"] == checker.witness(certificate)


_FIELDS = "be a dictionary with the fields format, level, sign, source, version, witness"
_KIND = "be of format etcprops.SignedPermutation, version 2, or 1 without a witness"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"version": 3},
            f"The 'certificate' parameter of SignedPermutation.from_certificate must {_KIND}. "
            "Got ('etcprops.SignedPermutation', 3) (tuple).",
            id="a later version",
        ),
        pytest.param(
            {"version": True},
            f"The 'certificate' parameter of SignedPermutation.from_certificate must {_KIND}. "
            "Got ('etcprops.SignedPermutation', True) (tuple).",
            id="version true",
        ),
        pytest.param(
            {"format": "etcprops.EtCKey"},
            f"The 'certificate' parameter of SignedPermutation.from_certificate must {_KIND}. "
            "Got ('etcprops.EtCKey', 2) (tuple).",
            id="a key's format",
        ),
        pytest.param(
            {"sign": ...},
            f"The 'certificate' parameter of SignedPermutation.from_certificate must {_FIELDS}. "
            "Got ['format', 'level', 'source', 'version', 'witness'] (list).",
            id="a field missing",
        ),
        pytest.param(
            {7: 0},
            f"The 'certificate' parameter of SignedPermutation.from_certificate must {_FIELDS}. "
            "Got ['7', 'format', 'level', 'sign', 'source', 'version', 'witness'] (list).",
            id="a field too many, and no text",
        ),
        pytest.param(
            {"source": [0, 2]},
            "The 'source' parameter of SignedPermutation must be 2 integers from 0 to 1. "
            "Got 2 at position 1.",
            id="pixel outside",
        ),
        pytest.param(
            {"source": [0, 1, 2]},
            "The 'sign' parameter of SignedPermutation must be 3 values -1 or +1. "
            "Got an array of dtype int64 and shape (2,).",
            id="other lengths",
        ),
        pytest.param(
            {"sign": [1, 0]},
            "The 'sign' parameter of SignedPermutation must be 2 values -1 or +1. "
            "Got 0 at position 1.",
            id="sign 0",
        ),
        pytest.param(
            {"level": 0},
            "The 'level' parameter of SignedPermutation must be a positive integer. Got 0 (int).",
            id="level 0",
        ),
        pytest.param(
            {"level": 255.0},
            "The 'level' parameter of SignedPermutation must be a positive integer. "
            "Got 255.0 (float).",
            id="fractional level",
        ),
    ],
)
def test_tampered_certificates(changes: dict[Any, Any], message: str) -> None:
    certificate: dict[Any, Any] = SignedPermutation([1, 0], [1, -1]).to_certificate()
    for name, value in changes.items():
        certificate[name] = value
        if value is ...:
            del certificate[name]
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation.from_certificate(certificate)
    assert str(caught.value) == message


@pytest.mark.parametrize("certificate", [None, "{}", [("level", 255)], 1])
def test_certificates_are_dictionaries(certificate: Any) -> None:
    with pytest.raises(InvalidParameterError, match=f"must {_FIELDS}"):
        SignedPermutation.from_certificate(certificate)


def test_a_swapped_pixel_in_a_certificate_is_another_map() -> None:
    flip = SignedPermutation([1, 0, 2], [1, -1, 1])
    certificate = {**flip.to_certificate(), "source": [0, 0, 2]}
    with pytest.raises(InvalidParameterError, match="must hold the witness of its map"):
        SignedPermutation.from_certificate(certificate)
    certificate["version"] = 1
    del certificate["witness"]
    read = SignedPermutation.from_certificate(certificate)
    assert read != flip
    assert not read.is_orthogonal()


# --- Value semantics, and what the constructor refuses


def test_value_semantics() -> None:
    flip = SignedPermutation([1, 0], [1, -1])
    assert flip == SignedPermutation(np.array([1, 0], np.uint8), np.array([1.0, -1.0]))
    assert len({*ALL_OF_SIZE_3, *map(copy.copy, ALL_OF_SIZE_3)}) == 48
    assert flip != SignedPermutation([1, 0], [1, -1], level=15)
    assert flip != SignedPermutation([1, 0], [1, 1])
    assert flip != SignedPermutation([0, 1], [1, -1])
    assert flip != "a map"
    assert len(flip) == 2
    assert repr(flip) == "SignedPermutation(n=2, negated=1, level=255)"
    assert flip.negated.tolist() == [False, True]
    assert flip.offset().tolist() == [0, 255]
    assert flip.offset().dtype == np.int64
    again = pickle.loads(pickle.dumps(flip))  # noqa: S301
    assert again == flip
    assert flip.source.dtype == np.int64
    assert flip.sign.dtype == np.int8
    assert (again.source.flags.writeable, again.sign.flags.writeable) == (False, False)


def test_immutable_and_apart_from_its_arguments() -> None:
    source, sign = np.array([1, 0]), np.array([1, -1], dtype=np.int8)
    flip = SignedPermutation(source, sign)
    source[:] = 0
    sign[:] = 1
    assert (flip.source.tolist(), flip.sign.tolist()) == ([1, 0], [1, -1])
    for name in ("source", "sign", "level", "new"):
        message = f"SignedPermutation is immutable: cannot (set|delete) '{name}'"
        with pytest.raises(AttributeError, match=message):
            setattr(flip, name, 0)
        with pytest.raises(AttributeError, match=message):
            delattr(flip, name)
    for made in (flip, flip.inverse(), flip @ flip, SignedPermutation.identity(2)):
        for array in (made.source, made.sign):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


@pytest.mark.parametrize(
    ("arguments", "parameter", "wanted", "got"),
    [
        pytest.param(
            {"source": []},
            "source",
            "be a sequence of at least one integer",
            "shape (0,)",
            id="empty",
        ),
        pytest.param(
            {"source": 1},
            "source",
            "be a sequence of at least one integer",
            "shape ()",
            id="scalar",
        ),
        pytest.param(
            {"source": [[0], [1]]},
            "source",
            "be a sequence of at least one integer",
            "shape (2, 1)",
            id="column",
        ),
        pytest.param(
            {"source": [[0], [0, 1]]},
            "source",
            "be a sequence of at least one integer",
            "a list that is no array of numbers",
            id="ragged",
        ),
        pytest.param(
            {"source": [0, -1]}, "source", "be 2 integers from 0 to 1", "-1 at position 1", id="-1"
        ),
        pytest.param(
            {"source": [0.0, 1.0]},
            "source",
            "be 2 integers from 0 to 1",
            "dtype float64",
            id="floats",
        ),
        pytest.param(
            {"source": [True, False]},
            "source",
            "be 2 integers from 0 to 1",
            "dtype bool",
            id="bits",
        ),
        pytest.param(
            {"sign": [1]},
            "sign",
            "be 2 values -1 or +1",
            "an array of dtype int64 and shape (1,)",
            id="one sign",
        ),
        pytest.param(
            {"sign": 1},
            "sign",
            "be 2 values -1 or +1",
            "an array of dtype int64 and shape ()",
            id="scalar sign",
        ),
        pytest.param(
            {"sign": [1, 2]}, "sign", "be 2 values -1 or +1", "2 at position 1", id="sign 2"
        ),
        pytest.param(
            {"sign": [np.nan, 1]}, "sign", "be 2 values -1 or +1", "nan at position 0", id="NaN"
        ),
        pytest.param(
            {"sign": np.array([255, 1], np.uint8)},
            "sign",
            "be 2 values -1 or +1",
            "255 at position 0",
            id="-1 wrapped to 255",
        ),
        pytest.param(
            {"sign": np.array([-128, 1], np.int8)},
            "sign",
            "be 2 values -1 or +1",
            "-128 at position 0",
            id="the int8 without negative",
        ),
        pytest.param(
            {"sign": [True, False]},
            "sign",
            "be 2 values -1 or +1",
            "an array of dtype bool and shape (2,)",
            id="bits for signs",
        ),
        pytest.param(
            {"sign": [1j, 1]},
            "sign",
            "be 2 values -1 or +1",
            "an array of dtype complex128 and shape (2,)",
            id="complex unit",
        ),
        pytest.param(
            {"sign": [[1], [1, 1]]},
            "sign",
            "be 2 values -1 or +1",
            "a list that is no array of numbers",
            id="ragged signs",
        ),
        pytest.param({"level": 0}, "level", "be a positive integer", "0 (int)", id="level 0"),
        pytest.param({"level": True}, "level", "be a positive integer", "True (bool)", id="true"),
        pytest.param(
            {"level": 255.0}, "level", "be a positive integer", "255.0 (float)", id="float level"
        ),
        pytest.param(
            {"level": 2**63},
            "level",
            "be less than 2^63",
            f"{2**63} (int)",
            id="level outside int64",
        ),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], parameter: str, wanted: str, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation(**{"source": [1, 0], "sign": [1, -1], **arguments})
    assert str(caught.value) == (
        f"The '{parameter}' parameter of SignedPermutation must {wanted}. Got {got}."
    )


def test_the_identity_has_2_to_the_32_pixels_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "arange", no_memory)
    with pytest.raises(MemoryError):
        SignedPermutation.identity(2**32)
    with pytest.raises(InvalidParameterError, match=r"be at most 2\^32. Got 4294967297"):
        SignedPermutation.identity(2**32 + 1)


@pytest.mark.parametrize("size", [0, -1, 2.0, True, None])
def test_identity_needs_a_size(size: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation.identity(size)
    assert str(caught.value) == (
        "The 'size' parameter of SignedPermutation.identity must be a positive integer. "
        f"Got {size!r} ({type(size).__name__})."
    )


@pytest.mark.parametrize(
    ("other", "wanted", "got"),
    [
        pytest.param(
            SignedPermutation.identity(3), "have n=2 and level=255", "n=3, level=255", id="size"
        ),
        pytest.param(
            SignedPermutation.identity(2, level=15),
            "have n=2 and level=255",
            "n=2, level=15",
            id="level",
        ),
        pytest.param(
            np.zeros(2),
            "be a SignedPermutation",
            "an array of dtype float64 and shape (2,)",
            id="a vector",
        ),
    ],
)
def test_compose_refuses(other: Any, wanted: str, got: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        SignedPermutation([1, 0], [1, -1]).compose(other)
    assert str(caught.value) == (
        f"The 'other' parameter of SignedPermutation.compose must {wanted}. Got {got}."
    )
    with pytest.raises(InvalidParameterError):
        SignedPermutation([1, 0], [1, -1]) @ other


@pytest.mark.parametrize("key", [None, BlockGeometry(8, 8), "secret"])
def test_from_key_needs_a_key(key: Any) -> None:
    with pytest.raises(
        InvalidParameterError,
        match=r"The 'key' parameter of SignedPermutation\.from_key must be an EtCKey\. Got ",
    ):
        SignedPermutation.from_key(key)
