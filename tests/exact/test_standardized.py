"""Z-scored products straight from pixels: against rational arithmetic, and at their edges."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import tracemalloc
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import flat
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC
from threadpoolctl import threadpool_info, threadpool_limits

from etcprops import (
    EtCKey,
    ExactKernel,
    ExactStandardScaler,
    GramPCA,
    InvalidParameterError,
    PixelStatistics,
    encrypt,
    standardized_gram,
    standardized_squared_distances,
)
from etcprops.datasets import load_digits_images
from etcprops.exact import _threads, _tiles, _weighted, _weights
from etcprops.exact._rounding import carry, digits_of, nearest
from etcprops.exact._weights import Weights

FUNCTIONS = (standardized_gram, standardized_squared_distances)
DIGITS = load_digits_images()
ROUNDING = Fraction(2) ** -53
WEIGHT = {1: Fraction(2) ** -27, 2: Fraction(2) ** -53}  # relative error
seeds = st.integers(0, 2**32 - 1)


def z_scores(x: NDArray[Any], statistics: PixelStatistics) -> list[tuple[int, int]]:
    """Return the exact z-scores, each a numerator and the square of its divisor."""
    count = statistics.count
    squares = [int(v) or count**2 for v in statistics.variance_numerator.tolist()]
    sums = statistics.total.tolist()
    return [
        (count * a - s, v) for a, s, v in zip(x.astype(int).tolist(), sums, squares, strict=True)
    ]


def true_product(x: NDArray[Any], y: NDArray[Any], statistics: PixelStatistics) -> list[Fraction]:
    """Return the inner product of exact z-scores, and that of their magnitudes."""
    pairs = zip(z_scores(x, statistics), z_scores(y, statistics), strict=True)
    terms = [Fraction(a * b, v) for (a, v), (b, _) in pairs]
    return [sum(terms, Fraction(0)), sum(map(abs, terms), Fraction(0))]


def true_distance(x: NDArray[Any], y: NDArray[Any], statistics: PixelStatistics) -> Fraction:
    pairs = zip(z_scores(x, statistics), z_scores(y, statistics), strict=True)
    return sum((Fraction((a - b) ** 2, v) for (a, v), (b, _) in pairs), Fraction(0))


# Pixels that press on one part of the way each; the first rows are the training images.
WILD: dict[str, Any] = {
    "even": lambda rng, shape, top: rng.integers(0, top, shape, endpoint=True),
    "two levels": lambda rng, shape, top: rng.integers(0, 2, shape),  # noqa: ARG005
    "constant": lambda rng, shape, top: np.full(shape, rng.integers(0, top, endpoint=True)),
    # Weights from the least to the largest in one row: one image is off by one level.
    "nearly constant": lambda rng, shape, top: np.where(
        rng.random(shape[1]) < 0.5,
        rng.integers(0, top, shape, endpoint=True),
        (np.arange(shape[0]) == 0)[:, None] + top // 2,
    ),
    "black and white": lambda rng, shape, top: top * rng.integers(0, 2, shape),
}


def wild_pixels(rng: np.random.Generator, kind: str, rows: int, n: int, top: int) -> NDArray[Any]:
    """Return rows of pixels of the smallest dtype."""
    X = np.asarray(WILD[kind](rng, (rows, n), top))
    return X.astype(np.uint8 if top <= 255 else np.uint16)


kinds, tops = st.sampled_from(list(WILD)), st.sampled_from([1, 255, 1023, 65535])
features = st.sampled_from([1, 2, 9, 300])


@settings(max_examples=60, deadline=None)
@given(seed=seeds, kind=kinds, other=kinds, top=tops, n=features, slices=st.sampled_from([1, 2]))
def test_error_stays_within_the_bound(  # noqa: PLR0917
    seed: int, kind: str, other: str, top: int, n: int, slices: int
) -> None:
    rng = np.random.default_rng(seed)
    statistics = PixelStatistics(wild_pixels(rng, kind, int(rng.integers(1, 9)), n, top))
    # Queries need not resemble the training images.
    X, Y = (wild_pixels(rng, name, 2, n, top) for name in (kind, other))
    options: dict[str, Any] = {"statistics": statistics, "slices": slices}
    products = standardized_gram(X, Y, **options)
    distances = standardized_squared_distances(X, Y, **options)
    for i, j in np.ndindex(2, 2):
        product, size = true_product(X[i], Y[j], statistics)
        got = Fraction(float(products[i, j]))
        assert abs(got - product) <= WEIGHT[slices] * size + ROUNDING * abs(got)
        distance = true_distance(X[i], Y[j], statistics)
        got = Fraction(float(distances[i, j]))
        assert abs(got - distance) <= WEIGHT[slices] * distance + ROUNDING * got


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=30, deadline=None)
@given(seed=seeds, kind=kinds, top=tops, n=features)
def test_same_bits_for_every_order_and_sign_of_features(
    function: Any, seed: int, kind: str, top: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = wild_pixels(rng, kind, 6, n, top)
    order, negative = rng.permutation(n), rng.random(n) < 0.5
    moved = np.where(negative, top - rows, rows)[:, order]
    assert moved.dtype == rows.dtype
    for slices in (1, 2):
        here = function(rows[4:], rows[:4], slices=slices)
        np.testing.assert_array_equal(here, function(moved[4:], moved[:4], slices=slices))
        own = function(rows, slices=slices)
        np.testing.assert_array_equal(own, function(moved, slices=slices))
        np.testing.assert_array_equal(own, own.T)


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=20, deadline=None)
@given(seed=seeds, kind=kinds, top=tops)
def test_entry_depends_on_rows_and_statistics_alone(
    function: Any, seed: int, kind: str, top: int
) -> None:
    rng = np.random.default_rng(seed)
    statistics = PixelStatistics(wild_pixels(rng, "even", 5, 37, top))
    X, Y = wild_pixels(rng, kind, 3, 37, top), wild_pixels(rng, "even", 2, 37, top)
    whole = function(X, Y, statistics=statistics)
    apart = [[function(x[None], y[None], statistics=statistics)[0, 0] for y in Y] for x in X]
    np.testing.assert_array_equal(whole, apart)
    own = function(X, statistics=statistics)
    np.testing.assert_array_equal(own, function(X, X.copy(), statistics=statistics))
    # Whatever the dtype: 8-bit pixels in 16 bits take other digits and blocks.
    for dtype in (np.uint16, np.int64, np.float64):
        other = function(X.astype(dtype), Y.astype(dtype), statistics=statistics)
        np.testing.assert_array_equal(whole, other)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("top", [255, 65535])
def test_tiles_panels_threads_and_carries_do_not_show(
    function: Any, top: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    X = wild_pixels(rng, "nearly constant", 250, 1700, top)
    queries = wild_pixels(rng, "even", 40, 1700, top)
    expected = function(X), function(queries, X)
    for threads in (1, 2, 3):
        with threadpool_limits(threads, user_api="blas"):
            monkeypatch.setattr(_weighted, "WORTH_THREADS", 1)
            np.testing.assert_array_equal(expected[0], function(X))
    monkeypatch.setattr(_weighted, "WORTH_THREADS", 2**60)
    monkeypatch.setattr(_weighted, "MOST", 2**52)  # carried before nearly every block
    monkeypatch.setattr(_weighted, "PANEL", 7)
    monkeypatch.setattr(_tiles, "SMALLEST_BUDGET", 2**21)
    monkeypatch.setitem(_weights.BLOCK, 8, 100)
    monkeypatch.setitem(_weights.BLOCK, 16, 100)
    np.testing.assert_array_equal(expected[0], function(X))
    np.testing.assert_array_equal(expected[1], function(queries, X))


def test_halves_carries_and_heavy_weights_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: dict[str, int] = {}

    def count(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def counted(*arguments: Any) -> Any:
            happened[name] = happened.get(name, 0) + 1
            return function(*arguments)

        monkeypatch.setattr(owner, name, counted)

    count(_weighted, "_halves")
    count(_weighted.Strip, "_carry")
    rng = np.random.default_rng(0)
    rows = wild_pixels(rng, "even", 4, 3000, 255)
    standardized_gram(rows)
    assert happened == {}
    # Training images of low contrast, black and white queries: energies as none of them has.
    training = wild_pixels(rng, "even", 200, 3000, 30)
    training[:100, 0] = 255
    statistics = PixelStatistics(training)
    queries = wild_pixels(rng, "black and white", 2, 3000, 255)
    standardized_gram(queries, statistics=statistics)
    assert happened["_halves"] > 0
    training = wild_pixels(rng, "nearly constant", 50, 3000, 255)
    blocks = list(Weights(PixelStatistics(training), 2, 8).blocks())
    assert {len(block.digits) for block in blocks} == {2, 3}
    bounds = [float((block.digits * 255.0**2).max()) for block in blocks]
    assert max(bounds) < 2.0**50
    monkeypatch.setattr(_weighted, "MOST", 2**40)
    standardized_gram(training)
    assert happened["_carry"] > 0


def test_error_of_the_weights_comes_near_its_bound() -> None:
    # 2**35 / 511 is 2**26 and little more, and half a unit from the next integer.
    training = np.zeros((512, 1), dtype=np.uint8)
    training[0] = 1
    statistics = PixelStatistics(training)
    assert statistics.variance_numerator == 511
    one = np.array([[1]], dtype=np.uint8)
    product, size = true_product(one[0], one[0], statistics)
    got = Fraction(standardized_gram(one, statistics=statistics, slices=1)[0, 0])
    assert 0.99 < abs(got - product) / (WEIGHT[1] * size) <= 1


numbers = st.integers(-(2**130), 2**130) | st.builds(
    # Halfway between doubles, or nearly so.
    lambda head, drop, off: (2 * head + 1 << drop) + off,
    st.integers(-(2**53), 2**53),
    st.integers(0, 60),
    st.sampled_from([0, 1, -1]),
)


@given(st.lists(numbers, min_size=1, max_size=5), st.integers(12, 27))
def test_integers_are_rounded_to_the_nearest(values: list[int], bits: int) -> None:
    digits = list(digits_of(values, bits, 131 // bits + 1))
    spread = [digit.copy() for digit in digits]
    for d in range(len(digits) - 1):
        spread[d] += 3 << bits
        spread[d + 1] -= 3
    carry(spread, bits)
    np.testing.assert_array_equal(spread, digits)
    expected = [float(Fraction(value)) for value in values]
    np.testing.assert_array_equal(nearest(spread, bits), expected)


def test_constant_features_are_divided_by_one() -> None:
    training = np.array([[7, 0], [7, 4]], dtype=np.uint8)
    queries = np.array([[9, 2], [4, 6]], dtype=np.uint8)
    statistics = PixelStatistics(training)
    z = statistics.z_score(queries)
    np.testing.assert_array_equal(standardized_gram(queries, statistics=statistics), z @ z.T)
    np.testing.assert_array_equal(
        standardized_squared_distances(queries, statistics=statistics),
        ((z[:, None] - z) ** 2).sum(axis=2),
    )


def test_near_the_products_of_z_scores() -> None:
    X = flat(DIGITS.images)[:100]
    z = ExactStandardScaler().fit_transform(X)
    np.testing.assert_allclose(standardized_gram(X), z @ z.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(standardized_gram(X, slices=1), z @ z.T, rtol=0, atol=1e-5)


@pytest.mark.thorough
def test_same_bits_with_other_kernels_and_threads_of_blas() -> None:
    code = (
        "import hashlib, numpy as np; from etcprops import standardized_gram as g;"
        "X = np.random.default_rng(0).integers(0, 256, (300, 2000), dtype=np.uint8);"
        "print(hashlib.sha256(g(X).tobytes() + g(X[:9], X).tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OPENBLAS_CORETYPE": core},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads, core in (("1", "Prescott"), ("2", "Haswell"), ("4", ""))
    }
    assert len(digests) == 1


@pytest.mark.thorough
def test_memory_is_at_most_that_of_the_input() -> None:
    X = np.random.default_rng(0).integers(0, 256, (600, 60_000), dtype=np.uint8)
    statistics = PixelStatistics(X)
    weights = 400 * X.shape[1]  # Python's integers, once for each feature
    tracemalloc.start()
    try:
        result = standardized_gram(X[:300], X[300:], statistics=statistics)
        beyond = tracemalloc.get_traced_memory()[1] - result.nbytes
    finally:
        tracemalloc.stop()
    assert beyond <= max(X.nbytes, 2**25) + 2**22 + weights


def test_a_memory_map_is_read_block_by_block(tmp_path: Path) -> None:
    X = np.random.default_rng(0).integers(0, 256, (200, 30_000), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", X)
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    statistics = PixelStatistics(mapped)
    tracemalloc.start()
    try:
        result = standardized_gram(mapped[:9], mapped[9:60], statistics=statistics)
        beyond = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(result, standardized_gram(X[:9], X[9:60], statistics=statistics))
    assert beyond < 2**22 + 500 * X.shape[1]


# --- Threads


def blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_blas_has_one_thread_while_workers_have_several() -> None:
    seen: set[int] = set()
    both = threading.Barrier(2)

    def meet(_: int) -> None:
        both.wait(10)
        seen.add(threading.get_ident())

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with _threads.shared_out(worth_it=True) as workers:
            assert workers.count == 2
            assert set(blas_threads()) == {1}
            workers.for_each(meet, [1, 2])
            assert len(seen) == 2
        assert blas_threads() == before
        with _threads.shared_out(worth_it=False) as workers:
            assert blas_threads() == before
            workers.for_each(lambda _: seen.add(threading.get_ident()), [1, 2])
        assert threading.get_ident() in seen


def test_errors_of_a_worker_are_raised_and_threads_given_back() -> None:
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with (
            pytest.raises(ZeroDivisionError),
            _threads.shared_out(worth_it=True) as workers,
        ):
            workers.for_each(lambda number: 1 // number, [1, 0, 2])
        assert blas_threads() == before


# --- In a kernel


@pytest.mark.parametrize("kind", ["linear", "rbf", "poly", "sigmoid"])
def test_svm_on_raw_pixels_is_the_same_under_a_key(kind: Any) -> None:
    key = EtCKey.from_secret(DIGITS.geometry, "standardized")
    training, queries = DIGITS.half_split(0)
    answers = []
    for images in (DIGITS.images, encrypt(DIGITS.images, key)):
        X = flat(images)
        kernel = ExactKernel(kind, standardize=True)
        model = SVC(kernel=kernel).fit(X[training][:200], DIGITS.labels[training][:200])
        answers.append(model.decision_function(X[queries][:100]))
    np.testing.assert_array_equal(*answers)
    scaled = ExactStandardScaler().fit(flat(DIGITS.images)[training][:200])
    rows, others = (
        scaled.transform(flat(DIGITS.images)[half][:k])
        for half, k in ((training, 200), (queries, 100))
    )
    ordinary = SVC(kernel=kind).fit(rows, DIGITS.labels[training][:200])
    np.testing.assert_allclose(ordinary.decision_function(others), answers[0], atol=0.02)


def test_scale_gamma_is_one_over_the_features_that_vary() -> None:
    X = np.array([[0, 7, 1], [4, 7, 2], [5, 7, 9]], dtype=np.uint8)
    distances = standardized_squared_distances(X)
    expected = ExactKernel("rbf", gamma=0.5, standardize=True)(X)
    np.testing.assert_array_equal(ExactKernel("rbf", standardize=True)(X), expected)
    np.testing.assert_allclose(expected, np.exp(-0.5 * distances))
    assert ExactKernel("rbf", standardize=True)(X[:1])[0, 0] == 1


def test_components_of_pixels_are_the_same_under_a_key() -> None:
    key = EtCKey.from_secret(DIGITS.geometry, "components of pixels")
    reduction = GramPCA(5, kernel=ExactKernel("linear", standardize=True))
    plain, encrypted = flat(DIGITS.images)[:80], flat(encrypt(DIGITS.images, key))[:80]
    scores = [clone(reduction).fit(rows[:60]).transform(rows) for rows in (plain, encrypted)]
    np.testing.assert_array_equal(*scores)
    z = ExactStandardScaler().fit(plain[:60])
    others = GramPCA(5).fit(z.transform(plain[:60])).transform(z.transform(plain))
    np.testing.assert_allclose(np.abs(scores[0]), np.abs(others), atol=1e-9)


def test_grid_search_reaches_gamma() -> None:
    X, y = flat(DIGITS.images)[:120], DIGITS.labels[:120]
    search = GridSearchCV(
        SVC(kernel=ExactKernel("rbf", standardize=True)), {"kernel__gamma": [1e-4, 0.02]}, cv=3
    ).fit(X, y)
    assert search.best_params_ == {"kernel__gamma": 0.02}


# --- Errors

PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)
BAD: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "fractions": ((PIXELS + 0.5,), {}, "'X' parameter .* hold pixels"),
    "negative": ((PIXELS.astype(int) - 1,), {}, "'X' parameter .* hold pixels"),
    "too large": ((PIXELS, PIXELS.astype(int) + 2**16), {}, "'Y' parameter .* hold pixels"),
    "not a number": ((np.where(PIXELS == 3, np.nan, PIXELS),), {}, "hold pixels"),
    "one dimension": ((PIXELS[0],), {}, "two-dimensional"),
    "no rows": ((PIXELS[:0],), {}, "at least one row"),
    "features": ((PIXELS, PIXELS[:, :3]), {}, "as many features as X, 4. Got 3"),
    "statistics of others": (
        (PIXELS,),
        {"statistics": PixelStatistics(PIXELS[:, :3])},
        "of 4 features .* Got 3 features",
    ),
    "no statistics": ((PIXELS,), {"statistics": 3}, "PixelStatistics .* Got a int"),
    "statistics of no pixels": (
        (PIXELS,),
        {"statistics": PixelStatistics(PIXELS.astype(int) - 9)},
        "means from 0 to 65,535",
    ),
    "statistics of larger pixels": (
        (PIXELS,),
        {"statistics": PixelStatistics(PIXELS.astype(int) + 65535)},
        "means from 65539 to 65542",
    ),
    "no slices": ((PIXELS,), {"slices": 0}, "be 1 or 2"),
    "slices": ((PIXELS,), {"slices": 3}, "be 1 or 2"),
    "truth": ((PIXELS,), {"slices": True}, "be 1 or 2"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("case", BAD)
def test_bad_calls_are_refused(function: Any, case: str) -> None:
    arguments, options, message = BAD[case]
    with pytest.raises(InvalidParameterError, match=message) as raised:
        function(*arguments, **options)
    assert f"of {function.__name__} must" in str(raised.value)


def test_kernel_refuses_what_is_no_truth_value() -> None:
    with pytest.raises(InvalidParameterError, match="'standardize' parameter of ExactKernel"):
        ExactKernel("rbf", standardize="yes")  # type: ignore[arg-type]


def test_energies_are_added_up_from_halves_down_to_single_features() -> None:
    U, weight = np.full((1, 2), 2.0**24), np.full((1, 2), 24.0)
    assert _weighted.exact_energies(U, weight) == 48 * 2**48 >= 2**53
    with pytest.raises(OverflowError, match="one feature"):
        _weighted.exact_energies(U[:, :1], np.full((1, 1), 32.0))


def test_sums_are_carried_before_they_could_leave_int64() -> None:
    rows = np.random.default_rng(0).integers(0, 256, (6, 30))
    weights = Weights(PixelStatistics(rows), 1, 8)
    block = next(weights.blocks())
    loaded = _weighted.load("U", rows, block, _threads.Spaces())
    strip = _weighted.Strip(slice(1, 5), slice(2, 6), weights)
    largest = int(loaded.energies[:, 1:].max())
    digits = len(strip.digits)

    def add() -> None:
        strip.add([loaded], block.digits, _threads.Spaces())

    for _ in range(3):
        add()
    assert strip.bound == 3 * largest
    strip.bound = _weighted.MOST - largest
    add()
    assert (strip.bound, len(strip.digits)) == (_weighted.MOST, digits)
    add()
    assert len(strip.digits) == digits + 1
    assert strip.bound == (_weighted.MOST >> weights.bits) + (1 << weights.bits) + largest
    weight = [sum(int(d) << weights.bits * i for i, d in enumerate(c)) for c in block.digits.T]
    U = loaded.pixels.astype(int).tolist()
    for i, x in enumerate(U[1:5]):
        for j, y in enumerate(U[2:]):
            total = sum(int(d[i, j]) << weights.bits * k for k, d in enumerate(strip.digits))
            assert total == 5 * sum(w * a * b for w, a, b in zip(weight, x, y, strict=True))


def test_products_that_might_round_are_added_up_from_halves() -> None:
    pixels, digits = np.array([[2.0, 2.0, 1.0]]), np.array([[2.0**50, 2.0**50, 1.0]])
    energies = np.array([[2**53 + 1]])  # no double
    loaded = _weighted.Loaded(pixels, energies, np.zeros((1, 1), dtype=np.int64))
    weights = Weights(PixelStatistics([[0, 0, 0], [1, 1, 1]]), 1, 8)
    strip = _weighted.Strip(slice(0, 1), slice(0, 1), weights)
    strip.add([loaded], digits, _threads.Spaces())
    assert strip.digits[0].tolist() == [[2**53 + 1]]


@pytest.mark.parametrize("number", [2**26, 2**200 + 2**140, -(2**200), 3 * 2**400])
def test_results_have_the_digits_of_the_largest_term(number: int) -> None:
    weights = Weights(PixelStatistics([[0], [1]]), 1, 8)
    results, places = np.empty((1, 2)), (slice(0, 1), slice(0, 2))
    for left, right in (([number], [0, 1]), ([1], [number, number - 1])):
        terms = _weighted.Terms.of(2**weights.exponent, left, right, weights, 1)
        strip = _weighted.Strip(*places, weights)
        strip.digits[0][:] = 1
        strip.write(results, terms)
        assert results.tolist() == [
            [float(Fraction(left[0] + r, 2**weights.exponent) + 1) for r in right]
        ]


def test_sums_of_rows_are_exact_however_many_are_added() -> None:
    sums, largest = _weighted.RowSums(2, 26), _weighted.MOST
    for number in range(1, 5):
        sums.add(np.array([[largest, -largest]]))
        assert sums.bound <= largest
        assert sums.value().tolist() == [number * largest, -number * largest]
    sums.add(np.array([[1, 2], [3, 4]]))
    assert sums.value().tolist() == [4 * largest + 1 + (3 << 26), -4 * largest + 2 + (4 << 26)]
    for number in (1, 2, 3):
        sums.add(np.array([[5, 0], [0, 0]]))
        assert sums.bound == 4 + 5 * number


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("sides", [1, 2])
def test_tiles_are_as_large_as_their_memory_allows(workers: int, sides: int) -> None:
    rows = np.zeros((60_000, 20), dtype=np.uint8)
    rows[0] = 255
    operands = [rows] * sides
    weights = Weights(PixelStatistics(rows), 2, 8)
    tiles = -(-len(rows) // _weighted._edge(operands, weights, workers))  # noqa: SLF001

    def memory(edge: float) -> float:
        line = workers * (sides * weights.block + 2 * weights.digits * _weighted.PANEL)
        return 8 * (edge**2 * weights.digits + edge * line)

    budget = max(_tiles.SMALLEST_BUDGET, sum(operand.nbytes for operand in operands))
    assert memory(len(rows) / tiles) <= budget < memory(len(rows) / (tiles - 1))
