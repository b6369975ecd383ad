"""The relations that decide a verdict, on functions that keep them and on ones that barely do not.

Functions are called in this process, on images of a few pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops.probing.bits import find_bits, keeps_xor, lost_bits
from etcprops.probing.budget import BRIEF, FULL, QUICK, Effort
from etcprops.probing.dependence import signature
from etcprops.probing.extraction import (
    chosen_calls,
    confirming_count,
    confirming_vectors,
    extreme_vectors,
    naming_vectors,
    predict,
    read_pixel_map,
    sweep_vectors,
    triggers,
    wrong_pixels,
)
from etcprops.probing.isometry import Geometry, decide, from_differences
from etcprops.probing.linearity import (
    Sums,
    affine_departure,
    find_matrix,
    kept_in_samples,
    sums_of_images,
)
from etcprops.probing.local import influences, kind_of_curves, tabulate
from etcprops.probing.model import (
    AffineMap,
    BitMap,
    Confirmation,
    LocalMap,
    MapKind,
    Notes,
    PixelMap,
)
from etcprops.probing.oracle import Oracle, Scale, whole_numbers
from etcprops.probing.residuals import how_non_linear
from etcprops.probing.sandbox import Isolation, open_sandbox

Image = NDArray[Any]
BYTES, WORDS = Scale(np.dtype(np.uint8)), Scale(np.dtype(np.uint16))
SINGLES, DOUBLES = Scale(np.dtype(np.float32)), Scale(np.dtype(np.float64))
SCALES = {"bytes": BYTES, "words": WORDS, "singles": SINGLES, "doubles": DOUBLES}


def asked(
    function: Callable[[Image], Any], shape: tuple[int, ...] = (3, 4), scale: Scale = BYTES
) -> Oracle:
    """Return an oracle of a function, asked once."""
    oracle = Oracle(open_sandbox(function, [0], 5, Isolation.NONE), shape, scale, Notes())
    oracle.one(np.zeros(oracle.size, dtype=scale.dtype))
    return oracle


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


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
    brightest, darkest = [], []
    for a, b, c, d in zip(*[iter(seen[1:])] * 4, strict=True):
        assert np.allclose(a + b, c + d, rtol=0, atol=1e-9)
        for image in (a, b, c, d):
            assert image.min() >= 0
            assert image.max() < scale.base
            tiles = image.repeat(1, axis=0)
            for place in np.ndindex(*shape[:2]):
                corner = tuple(side // flat * flat for side in place)
                assert np.array_equal(tiles[place], tiles[corner])
        assert not np.array_equal(a, c)
        brightest.append(a.mean())
        darkest.append(b.mean())
    assert max(brightest) > 0.9 * scale.base
    assert min(darkest) < 0.1 * scale.base


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


# --- Geometry


ROTATION = np.array([[0.6, -0.8], [0.8, 0.6]])


def geometry(matrix: Any, offset: float = 0.0, rounding: float = 0.0) -> tuple[Any, ...]:
    given = csr_array(np.asarray(matrix))
    kept = decide(given, np.full(given.shape[0], offset), rounding=rounding)
    return kept.geometry, kept.factor, kept.inner_products, kept.rank


def test_isometries_are_told_from_their_matrix() -> None:
    isometry, scaled = Geometry.ISOMETRY, Geometry.SCALED_ISOMETRY
    assert geometry([[0, 1], [-1, 0]]) == (isometry, 1, True, 2)
    assert geometry([[0, 1], [-1, 0]], 255) == (isometry, 1, False, 2)
    assert geometry([[0, 1], [-1, 0]], 1e-13) == (isometry, 1, False, 2)
    assert geometry([[3, -4], [4, 3]]) == (scaled, 5, True, 2)
    assert geometry([[1, 0], [0, 1], [1, 0], [0, 1]]) == (scaled, np.sqrt(2), True, 2)
    assert geometry(ROTATION) == (isometry, 1, True, 2)
    assert geometry(ROTATION, 1e-13) == (isometry, 1, True, 2)
    assert geometry(ROTATION, 1e-7) == (isometry, 1, False, 2)
    assert geometry(ROTATION * (1 + 1e-12)) == (isometry, 1, True, 2)
    assert geometry(ROTATION * (1 + 1e-9))[0] == scaled
    assert geometry(ROTATION * (1 + 1e-9), rounding=1e-10)[0] == isometry
    assert geometry(2 * ROTATION)[:2] == (scaled, pytest.approx(2))


def test_other_matrices_keep_all_images_or_lose_some() -> None:
    injective, lossy = Geometry.INJECTIVE, Geometry.LOSSY
    assert geometry([[1, 0], [0, 2]]) == (injective, None, False, 2)
    assert geometry([[1, 1], [0, 1]]) == (injective, None, False, 2)
    assert geometry([[1, 1], [1, 1]]) == (lossy, None, False, 1)
    assert geometry([[1, 0], [0, 0]]) == (lossy, None, False, 1)
    assert geometry([[0, 0], [0, 0]]) == (lossy, None, False, 0)
    assert geometry([[1, 1]]) == (lossy, None, False, 1)
    assert geometry([[1.0, 1e-9], [0, 1]])[0] == injective
    assert geometry([[1.0, 0], [0, 1 + 1e-9]])[0] == injective
    assert geometry([[1.0, 1e-13], [0, 1]])[0] == Geometry.ISOMETRY
    assert geometry([[1.0, 0], [0, 1 + 1e-13]])[0] == Geometry.ISOMETRY


def test_ranks_add_up_over_what_hangs_together() -> None:
    part, whole = np.array([[1, 2], [2, 4]]), np.array([[1, 2], [2, 5]])
    blocks = np.zeros((7, 7), dtype=np.int64)
    blocks[0, 0] = 3
    blocks[np.ix_([1, 4], [1, 4])] = part
    blocks[np.ix_([2, 6], [2, 6])] = whole
    assert geometry(blocks) == (Geometry.LOSSY, None, False, 4)
    blocks[3, 3] = blocks[5, 5] = 1
    assert geometry(blocks) == (Geometry.LOSSY, None, False, 6)
    blocks[1, 1] = 2
    assert geometry(blocks) == (Geometry.INJECTIVE, None, False, 7)


def test_what_each_pixel_of_the_result_shows_is_told() -> None:
    def shown(matrix: Any) -> tuple[bool, bool, bool, int]:
        kept = decide(csr_array(np.asarray(matrix)), np.zeros(len(matrix)))
        return kept.one_pixel_each, kept.once, kept.same_size, kept.size

    assert shown([[0, 2], [1, 0]]) == (True, True, True, 2)
    assert shown([[0, 2], [0, 1]]) == (True, False, True, 2)
    assert shown([[0, 2], [1, 0], [0, 0]]) == (True, True, False, 2)
    assert shown([[0, 2], [1, 0], [1, 0]]) == (True, False, False, 2)
    assert shown([[0, 2], [1, 1]]) == (False, False, True, 2)


def sampled(
    function: Callable[[NDArray[np.float64]], Any], rounding: float = 0.0
) -> tuple[Any, ...]:
    plain = [rng(3).integers(0, 256, 6).astype(np.float64) + n for n in range(3)]
    plain.append(plain[-1].copy())
    plain[-1][2] = 0
    kept = from_differences(plain, [np.asarray(function(x)) for x in plain], rounding=rounding)
    assert kept.sampled
    assert not kept.one_pixel_each
    assert not kept.once
    assert kept.size == 6
    return kept.geometry, kept.factor, kept.inner_products, kept.rank, kept.same_size


def test_isometries_are_told_from_differences() -> None:
    isometry, scaled = Geometry.ISOMETRY, Geometry.SCALED_ISOMETRY
    assert sampled(lambda x: -x[::-1]) == (isometry, 1, True, 6, True)
    assert sampled(lambda x: 255 - x) == (isometry, 1, False, 6, True)
    assert sampled(lambda x: 2 * x) == (scaled, 2, True, 6, True)
    assert sampled(lambda x: x / 2) == (scaled, 0.5, True, 6, True)
    assert sampled(lambda x: np.concatenate([x, [0]])) == (isometry, 1, True, 6, False)
    unknown = (Geometry.UNKNOWN, None, False, None, True)
    assert sampled(np.cumsum) == unknown
    assert sampled(np.zeros_like) == unknown
    assert sampled(lambda x: x * np.array([1, 1, 0, 1, 1, 1])) == unknown
    uneven = np.array([1, 1, 1 + 1e-7, 1, 1, 1])
    assert sampled(lambda x: x * uneven) == unknown
    assert sampled(lambda x: x * uneven, 1e-6)[0] == isometry
    assert sampled(lambda x: x * (1 + 1e-8))[0] == scaled
    assert sampled(lambda x: x * (1 + 1e-12))[:3] == (isometry, 1, True)
    assert sampled(lambda x: x + 1e-10)[:3] == (isometry, 1, True)

    def turned(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1e5 * (ROTATION @ x.reshape(2, 3)).reshape(-1))

    assert sampled(turned)[::2] == (scaled, True, True)


def test_samples_of_a_function_show_what_it_keeps() -> None:
    kept = kept_in_samples(asked(lambda x: 255 - x), rng())
    assert kept is not None
    assert (kept.geometry, kept.inner_products) == (Geometry.ISOMETRY, False)
    kept = kept_in_samples(asked(lambda x: x[::-1]), rng())
    assert kept is not None
    assert (kept.geometry, kept.inner_products) == (Geometry.ISOMETRY, True)
    kept = kept_in_samples(asked(lambda x: np.cumsum(x, dtype=np.int64).reshape(x.shape)), rng())
    assert kept is not None
    assert kept.geometry is Geometry.UNKNOWN
    # The last two differ in one pixel, by much: from below the middle to white, or to black.
    seen: list[Image] = []

    def keeps(image: Image) -> Image:
        seen.append(image)
        return image

    for seed in range(12):
        kept_in_samples(asked(keeps), rng(seed))
        before, after = (image.astype(np.int64) for image in seen[-2:])
        (place,) = np.flatnonzero(before != after)
        old, new = before.flat[place], after.flat[place]
        assert new == (0 if old > 127 else 255)


# --- Naming images


@pytest.mark.parametrize(
    ("size", "scale"),
    [(200, BYTES), (40_000, BYTES), (300, WORDS), (200, SINGLES), (128, BYTES), (129, BYTES)],
)
@pytest.mark.parametrize("start", [0, 77])
def test_the_naming_images_name_every_pixel_and_sign(size: int, scale: Scale, start: int) -> None:
    source = rng().permutation(size)
    sign = rng(1).choice(np.array([-1, 1], dtype=np.int8), size)
    level = scale.dtype.type(scale.level)
    images = list(naming_vectors(size, scale, start))
    assert len(images) == chosen_calls(size, scale)
    assert all(image.dtype == scale.dtype for image in images)
    answers = [np.where(sign < 0, level - image[source], image[source]) for image in images]
    found = read_pixel_map(answers, size, scale, start)
    assert found is not None
    assert np.array_equal(found.source, source)
    assert np.array_equal(found.sign, sign)
    assert (found.size, found.level) == (size, scale.level)
    for image, answer in zip(images, answers, strict=True):
        assert np.array_equal(predict(found, image, scale), answer)


def test_as_few_images_as_counting_allows() -> None:
    assert [chosen_calls(n, BYTES) for n in (1, 128, 129, 32_768, 32_769)] == [1, 1, 2, 2, 3]


def test_answers_that_name_no_pixel_are_none() -> None:
    images = list(naming_vectors(129, BYTES))
    plain = [image.astype(np.float64) for image in images]
    assert read_pixel_map(plain, 129, BYTES) is not None

    def changed(number: int, value: float) -> PixelMap | None:
        answers = [answer.copy() for answer in plain]
        answers[number][5] = value
        return read_pixel_map(answers, 129, BYTES)

    assert changed(0, 6) is not None
    assert changed(0, 127) is not None
    assert changed(0, 128) is None, "negated, and 255 in the other image"
    assert changed(0, 6.5) is None
    assert changed(0, -1) is None
    assert changed(0, 256) is None
    assert changed(1, 255) is None, "there are not so many pixels"
    assert changed(1, 1) is None, "this would be pixel 133"
    assert changed(1, 256) is None
    assert changed(1, -1) is None


def test_constants_and_tolerances() -> None:
    found = PixelMap(
        np.array([1, -1, 0]), np.array([1, 0, -1], dtype=np.int8), 2, 255, np.array([0, 9.5, 0])
    )
    image = np.array([10, 20], dtype=np.uint8)
    assert predict(found, image, BYTES).tolist() == [20, 9.5, 245]
    assert found.offset.tolist() == [0, 9.5, 255]
    assert found.lost.tolist() == []
    assert found.uses.tolist() == [1, 1]
    assert found.matrix().toarray().tolist() == [[0, 1], [0, 0], [-1, 0]]
    twice = PixelMap(np.array([1, 1, 3]), np.ones(3, dtype=np.int8), 4, 255)
    assert twice.lost.tolist() == [0, 2]
    assert twice.duplicated.tolist() == [1]
    one = np.ones(3)
    eps = 2.0**-23
    near = one + np.array([0, 8 * eps, -9 * eps])
    assert wrong_pixels(one, near, SINGLES).tolist() == [2]
    assert wrong_pixels(one, near, BYTES).tolist() == [1, 2]
    assert SINGLES.tolerance == 8 * eps
    assert BYTES.tolerance == 0


# --- Images that confirm


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_extreme_images_are_what_they_are_called(scale: Scale) -> None:
    size, quarter = 600, scale.base // 4
    images = list(extreme_vectors(size, scale, rng()))
    assert len(images) == 8
    assert all(image.dtype == scale.dtype for image in images)
    dark, bright, white, grey, two, falling, black, glaring = (
        image.astype(np.float64) / scale.unit for image in images
    )
    assert dark.max() < quarter
    assert dark.max() >= 0.9 * quarter
    assert bright.min() >= 3 * quarter
    assert bright.max() >= 0.98 * scale.base
    assert (white == scale.base - 1).all()
    assert (grey == scale.base // 2).all()
    assert set(two) == {0, scale.base - 1}
    assert all((a - b) % scale.base == 1 for a, b in pairwise(falling))
    assert falling[0] == scale.base - 1
    assert black.max() < scale.base // 32
    assert glaring.min() >= 31 * scale.base // 32


def test_triggers_are_faint_even_odd_and_almost_flat() -> None:
    images = [image.astype(np.int64) for image in triggers(900, BYTES, rng())]
    assert not images[0].any()
    for image, spread in zip(images[1:4], (2, 16, 64), strict=True):
        assert image.min() == 128 - spread // 2
        assert image.max() == 128 + (spread + 1) // 2 - 1
    even, odd, first, last = images[4:8]
    assert not (even % 2).any()
    assert np.array_equal(odd, even + 1)
    assert np.flatnonzero(first != even).tolist() == [0]
    assert np.flatnonzero(last != even).tolist() == [899]
    assert first[0] == even[0] + 1
    assert last[-1] == even[-1] + 1
    for image, level in zip(images[8:], (0, 127, 255), strict=True):
        assert 0.85 < (image == level).mean() < 0.95
    assert len(images) == 11


def test_every_pixel_is_shown_every_level_once() -> None:
    shown = np.array(list(sweep_vectors(50, BYTES, rng())))
    assert np.array_equal(np.sort(shown, axis=0), np.tile(np.arange(256)[:, None], 50))
    assert len(np.unique(shown[0])) > 1
    assert shown[0].max() < 32
    words = np.array(list(sweep_vectors(50, WORDS, rng())))
    assert np.array_equal(np.sort(words, axis=0), np.tile(256 * np.arange(256)[:, None], 50))


@pytest.mark.parametrize("effort", [FULL, QUICK, BRIEF, Effort(extremes=2), Effort(extremes=3)])
def test_images_that_confirm_are_as_many_as_counted(effort: Effort) -> None:
    images = list(confirming_vectors(9, BYTES, rng(), effort))
    assert len(images) == confirming_count(9, effort)
    for size, noise, swept in ((1 << 18, 64, 256), ((1 << 18) + 1, 8, 0)):
        assert confirming_count(size, FULL) == noise + 8 + 11 + swept
    assert confirming_count(1 << 20, QUICK) == 2


# --- Numbers


def test_whole_numbers_are_those_that_doubles_hold() -> None:
    largest = 2.0**53
    assert whole_numbers(np.array([largest - 1, -3])) is not None
    assert whole_numbers(np.array([largest])) is None
    assert whole_numbers(np.array([-largest])) is None
    assert whole_numbers(np.array([1.0]), np.array([1.5])) is None
    assert whole_numbers(np.array([2**62 - 1], dtype=np.uint64)) is not None
    assert whole_numbers(np.array([2**62], dtype=np.uint64)) is None
    assert whole_numbers(np.array([2**63], dtype=np.uint64)) is None
    first, second = whole_numbers(np.array([True, False]), np.array([7], dtype=np.uint16)) or []
    assert (first.tolist(), second.tolist()) == ([1, 0], [7])
    assert first.dtype == second.dtype == np.int64


@pytest.mark.parametrize(
    ("scale", "level", "base", "unit"),
    [(BYTES, 255, 256, 1), (WORDS, 65535, 65536, 1), (SINGLES, 1, 1 << 16, 2.0**-16),
     (DOUBLES, 1, 1 << 16, 2.0**-16), (Scale(np.dtype(np.float16)), 1, 1 << 10, 2.0**-10)],
    ids=["bytes", "words", "singles", "doubles", "halves"],
)  # fmt: skip
def test_scales_have_levels(scale: Scale, level: int, base: int, unit: float) -> None:
    assert (scale.level, scale.base, scale.unit) == (level, base, unit)
    drawn = scale.draw(rng(), 9000)
    assert drawn.dtype == scale.dtype
    steps = drawn.astype(np.float64) / unit
    assert np.array_equal(steps, np.rint(steps))
    assert steps.min() < base / 100
    assert base * 0.99 < steps.max() < base
    few = scale.draw(rng(), 900, 2, 4).astype(np.float64) / unit
    assert set(few) == {2, 3}


def test_rounding_is_that_of_the_coarser_type() -> None:
    assert asked(lambda x: x).rounding == 0
    assert asked(lambda x: x.astype(np.float32)).rounding == 8 * 2.0**-23
    assert asked(lambda x: x.astype(np.float64)).rounding == 8 * 2.0**-52
    assert asked(lambda x: x.astype(np.float64), scale=SINGLES).rounding == 8 * 2.0**-23
    oracle = asked(lambda x: x / np.float32(255))
    oracle.output_factor = 255
    assert oracle.rounding == 0
    assert np.array_equal(oracle.one(np.arange(12, dtype=np.uint8)), np.arange(12))


# --- Bits


def test_xor_is_kept_by_what_is_linear_over_bits() -> None:
    for function in (lambda x: x ^ 77, lambda x: x[::-1] >> 1, lambda x: x ^ x[::-1]):
        assert keeps_xor(asked(function), rng(), FULL)
    for function in (lambda x: x + 1, lambda x: x // 3, lambda x: x & x[::-1], lambda x: x / 2):
        assert not keeps_xor(asked(function), rng(), FULL)
    assert keeps_xor(asked(lambda x: x ^ 77, scale=WORDS), rng(), QUICK)
    assert not keeps_xor(asked(lambda x: x, scale=SINGLES), rng(), FULL)


def test_functions_of_brightness_keep_no_xor() -> None:
    def bright(image: Image) -> Image:
        return np.asarray(image ^ (image.mean() > 170) * np.uint8(1))

    assert not keeps_xor(asked(bright), rng(), FULL)
    assert not keeps_xor(asked(lambda x: x ^ (x.max() == 0) * np.uint8(1)), rng(), FULL)


def test_what_always_fails_keeps_nothing() -> None:
    calls = iter([True])

    def once(image: Image) -> Image:
        if next(calls, False):
            return image
        raise ValueError("no more")

    assert not keeps_xor(asked(once), rng(), FULL)


def bits_of(function: Callable[[Image], Any]) -> BitMap | None:
    found = find_bits(asked(function), rng(), FULL)
    if found is not None:
        image = rng(5).integers(0, 256, (3, 4), dtype=np.uint8)
        bits = np.unpackbits(image.reshape(-1), bitorder="little").astype(np.int64)
        shown = np.where(found.source >= 0, bits[found.source], 0).reshape(-1, found.width)
        values = (shown << np.arange(found.width)).sum(axis=1) ^ found.mask
        mask = (1 << found.width) - 1
        assert np.array_equal(values & mask, function(image).reshape(-1).astype(np.int64) & mask)
    return found


def test_bits_are_read_where_they_move() -> None:
    still = bits_of(lambda x: x)
    assert still is not None
    assert still.source.tolist() == list(range(96))
    assert (still.width, still.size) == (8, 12)
    assert not still.mask.any()
    assert still.pixels_stay_whole
    assert still.halves_stay_whole
    assert not still.lost.size
    masked = bits_of(lambda x: x[::-1] ^ 0x5A)
    assert masked is not None
    assert (masked.mask == 0x5A).all()
    assert masked.pixels_stay_whole
    nibbles = bits_of(lambda x: (x << 4) | (x >> 4))
    assert nibbles is not None
    assert nibbles.halves_stay_whole
    assert not nibbles.pixels_stay_whole
    rotated = bits_of(lambda x: (x << 1) | (x >> 7))
    assert rotated is not None
    assert not rotated.halves_stay_whole
    fewer = bits_of(lambda x: x & 0xF0 | 3)
    assert fewer is not None
    assert fewer.lost.tolist() == [8 * i + j for i in range(12) for j in range(4)]
    assert (fewer.mask == 3).all()
    assert bits_of(lambda x: x ^ x[::-1]) is None
    assert bits_of(lambda x: x // 3) is None
    assert bits_of(lambda x: x / 2) is None


@pytest.mark.parametrize(
    ("function", "width"),
    [
        (lambda x: x.astype(np.int64) << 3, 16),
        (lambda x: x.astype(np.int64) << 8, 16),
        (lambda x: x.astype(np.int64) << 9, 24),
        (lambda x: ~x.astype(np.int64), 16),
        (lambda x: (x >> 1).astype(np.int64) - 128, 8),
        (lambda x: x.astype(np.int64) - 256, 16),
        (lambda x: 0 * x, 8),
        (lambda x: (x > 127).astype(np.uint8), 8),
    ],
)
def test_bits_of_wider_and_negative_results(function: Any, width: int) -> None:
    found = bits_of(function)
    assert found is not None
    assert found.width == width
    assert found.pixels_stay_whole == (width == 8 and found.source.min() >= 0)


def test_lost_dimensions_are_counted() -> None:
    def lost(function: Callable[[Image], Any], shape: tuple[int, int] = (3, 4)) -> int | None:
        return lost_bits(asked(function, shape), rng())

    assert lost(lambda x: x) == 0
    assert lost(lambda x: x ^ x[::-1]) == 3 * 4 * 8 - 4 * 8
    assert lost(lambda x: x & 0xF0) == 48
    assert lost(lambda x: x ^ (x >> 1)) == 0
    assert lost(lambda x: 0 * x) == 96
    assert lost(lambda x: x / 2) is None
    assert lost(lambda x: x, (8, 16)) == 0
    assert lost(lambda x: x, (3, 43)) is None
    assert lost_bits(asked(lambda x: x, scale=WORDS), rng()) is None


# --- Single pixels


def test_influences_name_the_only_source() -> None:
    order = rng().permutation(12)
    source, mixed = influences(asked(lambda x: x.reshape(-1)[order].reshape(3, 4) // 3), rng())
    assert np.array_equal(source, order)
    assert not mixed.size

    def one_mixed(image: Image) -> Image:
        out = image.copy()
        out[1, 2] ^= image[0, 1]
        out[2, 3] = 9
        return out

    source, mixed = influences(asked(one_mixed), rng())
    assert mixed.tolist() == [6]
    assert source.tolist()[:6] == list(range(6))
    assert source[11] == 0
    for function in (lambda x: x % 2, lambda x: x // 200, lambda x: x > 254):
        source, mixed = influences(asked(function), rng())
        assert source.tolist() == list(range(12))
        assert not mixed.size


def test_curves_are_read_and_sorted() -> None:
    curves = rng().integers(0, 256, (12, 256))

    def local(image: Image) -> Image:
        return curves[np.arange(12), image.reshape(-1)[::-1]].reshape(3, 4)

    source = np.arange(12)[::-1]
    found = tabulate(asked(local), source, rng(), FULL)
    assert found is not None
    assert np.array_equal(found.table, curves)
    assert found.source.tolist() == source.tolist()
    assert found.indices.tolist() == list(range(12))
    assert kind_of_curves(found) is MapKind.PIXEL_LOCAL
    assert tabulate(asked(local), np.arange(12), rng(), FULL) is None
    assert tabulate(asked(lambda x: x // 3 + (x.max() < 9)), np.arange(12), rng(), FULL) is None
    assert tabulate(asked(lambda x: x, scale=WORDS), np.arange(12), rng(), FULL) is None


@pytest.mark.parametrize(
    ("curve", "kind"),
    [
        (lambda x: x, MapKind.AFFINE),
        (lambda x: 255 - x, MapKind.AFFINE),
        (lambda x: 3 * x - 7, MapKind.AFFINE),
        (lambda x: 0 * x, MapKind.AFFINE),
        (lambda x: 0.1 * x + 0.5, MapKind.AFFINE),
        (lambda x: 0.1 * x + 0.01 * (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x ^ 77, MapKind.GF2_AFFINE),
        (lambda x: (x >> 1) ^ x ^ 5, MapKind.GF2_AFFINE),
        (lambda x: (x ^ 77) + (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x + (x == 200), MapKind.PIXEL_LOCAL),
        (lambda x: x // 3, MapKind.PIXEL_LOCAL),
        (np.sqrt, MapKind.PIXEL_LOCAL),
    ],
)
def test_curves_have_kinds(curve: Any, kind: MapKind) -> None:
    levels = np.arange(256)
    still = np.zeros(2, dtype=np.int64)
    other = np.zeros_like(levels)
    table = np.stack([other.astype(curve(levels).dtype), curve(levels)])
    assert kind_of_curves(LocalMap(still, still, table)) is kind


# --- Maps that hang on the image


def dependence(function: Callable[[Image], Any], shape: tuple[int, ...] = (6, 8)) -> str:
    return signature(asked(function, shape), rng(), None)


def test_maps_that_the_image_chooses_have_signatures() -> None:
    def rolled(image: Image) -> Image:
        return np.roll(image, int(image.sum()))

    def negated(image: Image) -> Image:
        return 255 - rolled(image) if image.sum() % 2 else rolled(image)

    def some_negated(image: Image) -> Image:
        part = rolled(image)
        part[:3] = 255 - part[:3] if image.sum() % 2 else part[:3]
        return part

    def masked(image: Image) -> Image:
        return image ^ np.uint8(image.sum() % 251)

    assert dependence(rolled).startswith("a permutation that the content")
    assert dependence(negated).startswith("a signed permutation that the content")
    assert dependence(some_negated).startswith("a signed permutation that the content")
    assert dependence(masked).startswith("every image keeps its histogram up to the names")
    assert dependence(lambda x: masked(some_negated(x)) // 2) == ""


def test_maps_that_hang_on_statistics_have_a_signature() -> None:
    def brightened(image: Image) -> Image:
        return np.asarray((image.astype(np.int64) ** 2 + int(image.sum())) % 251)

    text = dependence(brightened)
    assert text.startswith("swapping two pixels changes at most 2 pixels of the result, changing")
    assert "changes 48: the map hangs" in text or "changes 47" in text
    assert dependence(brightened, (3, 5)) == ""
    assert dependence(brightened, (4, 4)).startswith("swapping two")
    assert dependence(lambda x: x.astype(np.int64) ** 2 % 251) == ""
    blur = lambda x: (x.astype(np.int64) ** 2 + np.roll(x, 1)) % 251  # noqa: E731
    assert dependence(blur) == ""
    wild = lambda x: np.cumsum(x.astype(np.int64) ** 2).reshape(x.shape) % 251  # noqa: E731
    assert dependence(wild) == ""


def test_a_map_that_explains_some_images_whole_is_named() -> None:
    candidate = PixelMap(np.arange(48), np.ones(48, dtype=np.int8), 48, 255)

    def dark(image: Image) -> Image:
        return image if image.mean() < 64 else image.astype(np.uint8) // 3

    text = signature(asked(dark, (6, 8)), rng(), candidate)
    assert text.startswith("the map read off the chosen images explains ")
    assert "of 16 other images" in text
    assert signature(asked(lambda x: x // 3, (6, 8)), rng(), candidate) == ""


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


# --- What is told of maps


def test_chances_of_missing_a_departure() -> None:
    found = Confirmation(72, 64, all_levels=False, calls=80)
    assert found.missed(0) == 1
    assert found.missed(1) == 0
    assert found.missed(0.01) == pytest.approx(0.99**64)
    assert "(1 - p)^64: 0.526 for p = 0.01, and 0.05 for p = 0.046." in str(found)
    assert f"missed with probability {(255 / 256) ** 64:.3f}:" in str(found)
    assert "(and on none of the other 8)" in str(found)
    assert "cannot be missed" in str(Confirmation(72, 64, all_levels=True, calls=80))
    assert "one of them uniform noise" in str(Confirmation(2, 1, all_levels=False, calls=9))
    assert "none of them uniform noise" in str(Confirmation(2, 0, all_levels=False, calls=9))


def test_affine_maps_are_applied() -> None:
    image = np.array([1, 2, 3, 250], dtype=np.uint8)
    offset = np.array([0, 255, 0, 0.0])
    assert AffineMap(csr_array(MATRIX), offset).apply(image).tolist() == [7, 253, 750, 256]
    modular = AffineMap(csr_array(MATRIX), offset, 256, -3)
    assert modular.apply(image).tolist() == [4, 250, 235, -3]
    assert modular.apply(image / 2).tolist() == [0.5, 251, 116, 125]
