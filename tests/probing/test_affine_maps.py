"""Sums of images, and the matrices of functions that keep them or barely do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, DOUBLES, SCALES, SINGLES, Image, asked, rng
from scipy.sparse import csr_array

from etcprops.probing.budget import BRIEF, FULL, QUICK, Effort
from etcprops.probing.linearity import (
    Sums,
    affine_departure,
    find_matrix,
    sums_of_images,
)
from etcprops.probing.model import AffineMap
from etcprops.probing.oracle import Scale
from etcprops.probing.residuals import how_non_linear

# --- Sums of images


def sums(
    function: Callable[[Image], Any], instances: int = 6, scale: Scale = BYTES, flat: int = 1
) -> Sums:
    return sums_of_images(asked(function, scale=scale), rng(), instances, flat=flat)


def test_a_relation_holds_if_it_was_tried_and_nothing_departs() -> None:
    assert Sums(0, 0, 0, 255, True, 1).affine
    assert not Sums(0, 0, 0, 255, True, 0).affine
    assert not Sums(1, 0, 0, 255, True, 1).affine
    assert Sums(256, 256, 0, 255, True, 1).modular
    assert Sums(256, 256, -255, 0, True, 1).modular
    assert not Sums(256, 256, 0, 256, True, 1).modular
    assert Sums(2, 2, 0, 1, True, 1).modular
    assert not Sums(1, 1, 0, 0, True, 1).modular


@pytest.mark.parametrize("flat", [1, 2, 5])
@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("shape", [(3, 4), (5, 2, 3)])
def test_quadruples_have_equal_sums(shape: tuple[int, ...], scale: Scale, flat: int) -> None:
    """Bright ones and dark ones among them, constant on tiles, and seldom the same pair twice."""
    seen: list[NDArray[np.float64]] = []

    def keeps(image: Image) -> Image:
        seen.append(image.astype(np.float64) / scale.unit)
        return image

    found = sums_of_images(asked(keeps, shape, scale), rng(), 9, flat=flat)
    assert found.affine
    assert found.tried == 9
    for number, (a, b, c, d) in enumerate(zip(*[iter(seen[1:])] * 4, strict=True)):
        assert np.allclose(a + b, c + d, rtol=0, atol=1e-9)
        for image in (a, b, c, d):
            assert image.min() >= 0
            assert image.max() < scale.base
            for place in np.ndindex(*shape[:2]):
                corner = tuple(side // flat * flat for side in place)
                assert np.array_equal(image[place], image[corner])
        assert not np.array_equal(a, c)
        # Dark ones, one of the brightest with one of the darkest, and any.
        if number % 3 == 0:
            assert max(a.max(), b.max()) < scale.base // 4
        elif number % 3 == 1:
            narrow = scale.base // 32 if number % 2 else 1
            assert a.min() >= scale.base - narrow
            assert b.max() < narrow
            assert flat > 2 or number == 4 or a.min() < a.max()
    assert max(image.max() for image in seen[9::12]) > scale.base // 2


def test_sums_of_affine_functions_are_kept() -> None:
    for function in (lambda x: 3.0 * x - 7, lambda x: 255 - x, lambda x: x.astype(np.int64) - 300):
        found = sums(function)
        assert found.affine
        assert found.residual == 0
        assert found.modulus == 0
        assert found.whole
    found = sums(lambda x: 0.1 * x)
    assert found.affine
    assert not found.whole
    assert sums(lambda x: x * x[0, 0].astype(np.float64)).residual > 1000


def test_lowest_and_highest_are_those_of_all_results() -> None:
    results: list[Image] = []

    def function(image: Image) -> Image:
        results.append(np.where(image > 200, 900, -image.astype(np.int64)))
        return results[-1]

    found = sums(function)
    assert (found.lowest, found.highest) == (np.min(results[1:]), 900)
    assert max(np.unique(image).size for image in results) > 4, "tiles are of one pixel by default"


@pytest.mark.parametrize("modulus", [7, 100, 255, 256])
def test_sums_modulo_a_number_name_the_number(modulus: int) -> None:
    found = sums(lambda x: (x.astype(np.int64) * 3 + 5) % modulus, 12)
    assert found.modulus == modulus
    assert found.modular
    assert not found.affine
    assert sums(lambda x: (x // 2).astype(np.int64)).modulus == 1


def test_floats_may_be_off_by_their_rounding_and_no_more() -> None:
    def bright_ones_more(much: float) -> Callable[[Image], Image]:
        return lambda x: x + x.dtype.type(much) * (x > 0.5).astype(x.dtype)

    for scale, unit in ((SINGLES, 2.0**-24), (DOUBLES, 2.0**-53)):
        assert sums(lambda x: x * x.dtype.type(0.3) + x.dtype.type(0.7), scale=scale).affine
        assert sums(bright_ones_more(8 * unit), scale=scale).affine
        assert not sums(bright_ones_more(800 * unit), scale=scale).affine


def test_rounding_grows_with_the_root_of_the_pixels() -> None:
    def found(much: float) -> Sums:
        oracle = asked(
            lambda x: x + x.dtype.type(much) * (x > 0.5).astype(x.dtype), (64, 64), SINGLES
        )
        return sums_of_images(oracle, rng(), 3)

    assert found(2.0**-19).affine
    assert not found(2.0**-14).affine


def test_one_result_that_is_no_integer_leaves_no_modulus() -> None:
    found = sums(lambda x: (x.astype(np.float64) * 3 + 0.5 * (x[0, 0] % 2)) % 256, 9)
    assert not found.whole
    assert found.modulus == 0
    assert found.residual > 100


def test_images_that_fail_are_not_counted() -> None:
    def function(image: Image) -> Image:
        if image.mean() > 150:
            raise ValueError("too bright")
        return image

    found = sums(function, 9)
    assert 0 < found.tried < 9
    assert found.affine
    assert sums(function, 0).tried == 0
    calls = iter(range(99))

    def fails_once(image: Image) -> Image:
        if next(calls) == 6:
            raise ValueError("once")
        return image

    assert sums(fails_once, 9).tried == 8


# --- Matrices


MATRIX = np.array([[1, 0, 2, 0], [0, -1, 0, 0], [0, 0, 0, 3], [1, 1, 1, 1]])


def matrix_of(
    function: Callable[[Image], Any],
    scale: Scale = BYTES,
    source: list[int] | None = None,
    effort: Effort = FULL,
) -> AffineMap | None:
    oracle = asked(function, (2, 2), scale)
    measured = sums_of_images(oracle, rng(), 12)
    assert measured.affine or measured.modular
    given = None if source is None else np.array(source)
    found = find_matrix(oracle, rng(), measured, effort, given)
    if found is not None:
        assert affine_departure(oracle, rng(), found, FULL) is None
    return found


def times(matrix: NDArray[Any], offset: Any = 0) -> Callable[[Image], Image]:
    return lambda image: (matrix @ image.reshape(-1) + offset).reshape(2, -1)


@pytest.mark.parametrize("matrix", [MATRIX, -MATRIX, MATRIX.T, np.zeros((4, 4), dtype=np.int64)])
@pytest.mark.parametrize("offset", [0, -9, 1000])
def test_matrices_of_integers_are_read(matrix: NDArray[np.int64], offset: int) -> None:
    found = matrix_of(times(matrix, offset))
    assert found is not None
    assert found.matrix.dtype == np.int64
    assert found.matrix.nnz == np.count_nonzero(matrix)
    assert np.array_equal(found.matrix.toarray(), matrix)
    assert (found.offset == offset).all()
    assert (found.modulus, found.lowest) == (0, 0)


@pytest.mark.parametrize("scale", [BYTES, DOUBLES, SINGLES], ids=["bytes", "doubles", "singles"])
@pytest.mark.parametrize("offset", [0, 0.25])
def test_matrices_of_reals_are_read(scale: Scale, offset: float) -> None:
    dtype = np.dtype(np.float64) if scale.dtype.kind == "u" else scale.dtype
    matrix = np.array([[0.5, 0, 0.1], [0, -1.5, 0], [0, 0, 1e-3], [0.3, 0.3, 0.3]], dtype=dtype)
    full = np.column_stack([matrix, np.zeros(4, dtype=dtype)])
    added = dtype.type(offset)
    found = matrix_of(lambda x: (full @ x.reshape(-1) + added).reshape(2, 2), scale)
    assert found is not None
    eps = float(np.finfo(dtype).eps)
    assert found.matrix.nnz == np.count_nonzero(matrix)
    assert np.allclose(found.matrix.toarray(), full, rtol=0, atol=64 * eps)
    assert np.allclose(found.offset, offset, rtol=0, atol=1e5 * eps)
    assert found.matrix.dtype == np.float64
    if not offset:
        assert not found.offset.any()


@pytest.mark.parametrize("modulus", [256, 251, 10])
@pytest.mark.parametrize("lowest", [0, -3, 400])
def test_matrices_modulo_a_number_are_read(modulus: int, lowest: int) -> None:
    """Entries from minus half of it on."""
    function = times(MATRIX, 7)
    found = matrix_of(lambda x: function(x.astype(np.int64)) % modulus + lowest)
    assert found is not None
    assert found.modulus == modulus
    assert np.array_equal(found.matrix.toarray(), MATRIX)
    assert found.lowest <= lowest
    if lowest == -3:
        assert found.lowest == -3
        assert (found.offset == 7).all()
    half = times(np.diag([128, 127, -127, 1]))
    found = matrix_of(lambda x: half(x.astype(np.int64)) % 256)
    assert found is not None
    assert found.matrix.diagonal().tolist() == [-128, 127, -127, 1]


def test_a_matrix_of_single_sources_is_read_at_once() -> None:
    matrix = np.array([[0, 0, 2, 0], [0, -1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]])
    function = times(matrix, 5)
    oracle = asked(function, (2, 2))
    measured = sums_of_images(oracle, rng(), 6)
    before = oracle.queries
    found = find_matrix(oracle, rng(), measured, BRIEF, np.array([2, 1, 2, 0]))
    assert oracle.queries == before + 2
    assert found is not None
    assert np.array_equal(found.matrix.toarray(), matrix)
    assert found.matrix.nnz == 3
    assert (found.offset == 5).all()


def test_entries_of_all_sizes_are_read() -> None:
    """Integers however far apart, and reals that are small in the whole column."""
    far = np.diag([1, 1, 1, 1])
    far[3, 0] = 10**10
    found = matrix_of(times(far))
    assert found is not None
    assert np.array_equal(found.matrix.toarray(), far)
    small = np.diag([1.0, 1e-10, 1, 1])
    found = matrix_of(times(small), DOUBLES)
    assert found is not None
    assert np.allclose(found.matrix.diagonal(), small.diagonal(), rtol=1e-3)
    halves = matrix_of(lambda x: x + 0.5)
    assert halves is not None
    assert halves.matrix.dtype == np.float64


def test_matrices_are_read_from_black_and_white() -> None:
    seen: list[Image] = []

    def keeps(image: Image) -> Image:
        seen.append(image.copy())
        return image

    oracle = asked(keeps)
    measured = sums_of_images(oracle, rng(), 3)
    seen.clear()
    assert find_matrix(oracle, rng(), measured, FULL, None) is not None
    assert set(seen[0].flat) == {0, 255}


def test_large_matrices_are_not_read() -> None:
    for columns, read in ((3, False), (4, True)):
        effort = Effort(columns=columns)
        assert (matrix_of(times(MATRIX), effort=effort) is not None) == read
        assert matrix_of(times(np.diag([1, 2, 3, 4])), source=[0, 1, 2, 3], effort=effort)


def test_a_departure_from_a_matrix_is_seen() -> None:
    found = AffineMap(csr_array(MATRIX), np.zeros(4))
    real = AffineMap(csr_array(MATRIX / 1.0), np.zeros(4))
    plain, rough = times(MATRIX), times(MATRIX * (1 + 1e-8))
    odd = times(MATRIX, np.array([0, 0, 0, 1]))
    for given in (found, real):
        assert affine_departure(asked(plain, (2, 2)), rng(), given, FULL) is None
        assert affine_departure(asked(odd, (2, 2)), rng(), given, FULL) is not None
        assert affine_departure(asked(rough, (2, 2)), rng(), given, FULL) is not None
    close = times(MATRIX * (1 + 1e-10))
    assert affine_departure(asked(close, (2, 2)), rng(), real, FULL) is None

    def dark(image: Image) -> Image:
        return np.asarray(plain(image) + (image.max() == 255))

    vector = affine_departure(asked(dark, (2, 2)), rng(), found, FULL)
    assert vector is not None
    assert vector.max() == 255


def test_affine_maps_are_applied() -> None:
    image = np.array([1, 2, 3, 250], dtype=np.uint8)
    offset = np.array([0, 255, 0, 0.0])
    assert AffineMap(csr_array(MATRIX), offset).apply(image).tolist() == [7, 253, 750, 256]
    modular = AffineMap(csr_array(MATRIX), offset, 256, -3)
    assert modular.apply(image).tolist() == [4, 250, 235, -3]
    assert modular.apply(image / 2).tolist() == [0.5, 251, 116, 125]


# --- How far from affine


def test_how_far_a_function_is_from_affine() -> None:
    def said(function: Callable[[Image], Any], shape: tuple[int, ...]) -> tuple[str, list[str]]:
        oracle = asked(function, shape)
        measured = sums_of_images(oracle, rng(), 6)
        text = how_non_linear(oracle, rng(), measured, QUICK)
        return text, list(oracle.notes.entries)

    mean = lambda x: ((x.astype(np.int64) + np.roll(x, 1)) // 2).astype(np.uint8)  # noqa: E731
    text, notes = said(mean, (6, 8))
    assert text.endswith(": affine but for rounding.")
    assert any("as an average of pixels is" in note for note in notes)

    def luma(image: Image) -> Image:
        weights = np.array([[0.3, 0.6, 0.1], [-0.2, -0.3, 0.5], [0.5, -0.4, -0.1]])
        return np.asarray(np.rint(image @ weights.T + [0, 128, 128]), dtype=np.uint8)

    text, notes = said(luma, (4, 4, 3))
    assert any("as a colour conversion such as YCbCr is" in note for note in notes)
    text, notes = said(lambda x: x.astype(np.int64) ** 2, (6, 8))
    assert text.endswith(" to 65025.")
    assert not notes[1:]
    text, _ = said(lambda x: x // 64, (6, 8))
    assert not text.endswith("rounding."), "of few levels all are off by few"
    untried = Sums(0, 0, 0, 0, True, 0)
    unread = how_non_linear(asked(mean), rng(), untried, QUICK)
    assert unread == "Sums of images could not be compared, for images failed."
