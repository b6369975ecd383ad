"""The exact Gram matrices against rational arithmetic, at the edges of their bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etcprops._validation import InvalidParameterError
from etcprops.exact import _splitting, _tiles
from etcprops.exact._memory import remembered
from etcprops.exact._splitting import Splitting, rounded
from etcprops.exact.gram import (
    exact_gram,
    gram_error_bound,
    integer_gram,
    integer_squared_distances,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

MIXED_SLICES = [1, 2, 3, 4, 7, 16]


def in_smallest_doubles(x: NDArray[Any]) -> list[int]:
    """Return each entry in units of the smallest double."""
    ratios = (value.as_integer_ratio() for value in x.tolist())
    return [numerator * (2**1074 // denominator) for numerator, denominator in ratios]


def rational_product(x: NDArray[Any], y: NDArray[Any]) -> Fraction:
    """Return the true inner product."""
    pairs = zip(in_smallest_doubles(x), in_smallest_doubles(y), strict=True)
    return Fraction(sum(a * b for a, b in pairs), 2**2148)


def rational_errors(G: Matrix, X: Matrix, Y: Matrix) -> list[list[Fraction]]:
    """Return the true error of each entry."""
    return [
        [abs(Fraction(G[i, j]) - rational_product(x, y)) for j, y in enumerate(Y)]
        for i, x in enumerate(X)
    ]


def cancelling(X: Matrix) -> Matrix:
    """Return rows whose inner products are tiny beside their terms."""
    half = X.shape[1] // 2
    X[:, half : 2 * half] = -X[:, :half][:, ::-1] * (1 + 2.0**-50)
    return X


# Rows that press on one bound of the splitting each.
WILD: dict[str, Callable[[np.random.Generator, Matrix], Matrix]] = {
    "normal": lambda _, X: X,
    # 2**-60 to 2**60 in one row.
    "wide": lambda rng, X: np.ldexp(X, rng.integers(-60, 61, X.shape)),
    "subnormal": lambda rng, X: np.ldexp(X, rng.integers(-1080, -1000, X.shape)),
    "huge": lambda rng, X: np.ldexp(X, rng.integers(300, 500, (len(X), 1))),
    "sparse": lambda rng, X: np.where(rng.random(X.shape) < 0.7, 0.0, X),
    # The largest energy a slice can have for its largest entry.
    "constant": lambda rng, X: np.full(X.shape, np.nextafter(2.0 ** rng.integers(-3, 4), 0)),
    # Each slice rounds a tie.
    "halves": lambda rng, X: rng.integers(-(2**20), 2**20, X.shape) * (1 + 2.0**-21 + 2.0**-42) / 2,
    # One entry holds the row.
    "spike": lambda _, X: np.where(np.arange(X.shape[1]), X, 2.0**60),
    # From the largest to the smallest magnitude whose products are doubles.
    "whole range": lambda rng, X: np.ldexp(X, rng.integers(-1074, 500, X.shape)),
    "cancelling": lambda _, X: cancelling(X),
}
KINDS = list(WILD)


def wild_rows(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> Matrix:
    """Return rows of one kind."""
    return WILD[kind](rng, rng.standard_normal(shape))


kinds = st.sampled_from(KINDS)
# No number of slices covers products from the smallest double to the largest.
kinds_for_dgemm = st.sampled_from([kind for kind in KINDS if kind != "whole range"])
sizes = st.integers(1, 3)
features = st.sampled_from([1, 2, 3, 8, 61, 200])
shapes = st.tuples(sizes, sizes, features)
seeds = st.integers(0, 2**32 - 1)
slice_counts = st.sampled_from(MIXED_SLICES)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, shape=shapes, kind=kinds, other=kinds, slices=slice_counts)
def test_error_stays_within_the_bound(
    seed: int, shape: tuple[int, int, int], kind: str, other: str, slices: int
) -> None:
    rng, (m, k, n) = np.random.default_rng(seed), shape
    X, Y = wild_rows(rng, (m, n), kind), wild_rows(rng, (k, n), other)
    G = exact_gram(X, Y, slices=slices)
    bound = gram_error_bound(X, Y, slices=slices)
    for errors, bounds in zip(rational_errors(G, X, Y), bound, strict=True):
        for error, limit in zip(errors, bounds, strict=True):
            assert error <= Fraction(limit), (seed, shape, kind, other, slices)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, n=features, kind=kinds_for_dgemm, other=kinds_for_dgemm)
def test_dgemm_choice_keeps_its_promise(seed: int, n: int, kind: str, other: str) -> None:
    rng = np.random.default_rng(seed)
    X, Y = wild_rows(rng, (2, n), kind), wild_rows(rng, (2, n), other)
    G = exact_gram(X, Y, slices="dgemm")
    for i, errors in enumerate(rational_errors(G, X, Y)):
        for j, error in enumerate(errors):
            size = rational_product(np.abs(X[i]), np.abs(Y[j]))
            limit = Fraction(2) ** -51 * size + Fraction(2) ** -1075
            assert error <= limit, (seed, n, kind, other)


@pytest.mark.parametrize("slices", [1, 2, 3, "dgemm"])
@settings(max_examples=30, deadline=None)
@given(seed=seeds, m=sizes, n=features, kind=kinds_for_dgemm)
def test_same_bits_for_every_order_and_sign_of_features(
    slices: Any, seed: int, m: int, n: int, kind: str
) -> None:
    rng = np.random.default_rng(seed)
    X, Y = wild_rows(rng, (m, n), kind), wild_rows(rng, (2, n), kind)
    order, sign = rng.permutation(n), rng.choice([-1.0, 1.0], n)
    moved_X, moved_Y = (sign * X)[:, order], (sign * Y)[:, order]
    here, there = exact_gram(X, Y, slices=slices), exact_gram(moved_X, moved_Y, slices=slices)
    np.testing.assert_array_equal(here, there, err_msg=f"{seed=} {m=} {n=} {kind=}")
    here, there = exact_gram(X, slices=slices), exact_gram(moved_X, slices=slices)
    np.testing.assert_array_equal(here, there, err_msg=f"{seed=} {m=} {n=} {kind=}")
    np.testing.assert_array_equal(here, here.T)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, kind=kinds, slices=slice_counts)
def test_entry_depends_on_its_two_rows_alone(seed: int, kind: str, slices: int) -> None:
    rng = np.random.default_rng(seed)
    X, Y = wild_rows(rng, (3, 37), kind), wild_rows(rng, (2, 37), "normal")
    whole = exact_gram(X, Y, slices=slices)
    apart = [[exact_gram(x[None], y[None], slices=slices)[0, 0] for y in Y] for x in X]
    np.testing.assert_array_equal(whole, apart)
    symmetric = exact_gram(X, slices=slices)
    np.testing.assert_array_equal(symmetric, exact_gram(X, X.copy(), slices=slices))
    np.testing.assert_array_equal(symmetric, exact_gram(X, X, slices=slices))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("slices", [1, 2, 3])
@pytest.mark.parametrize("kind", ["normal", "constant", "halves", "spike"])
def test_many_features_force_flushes_and_halves(slices: int, kind: str) -> None:
    rng = np.random.default_rng(7)
    n = 40_000
    X = wild_rows(rng, (2, n), kind)
    G = exact_gram(X, slices=slices)
    bound = gram_error_bound(X, slices=slices)
    assert abs(Fraction(G[0, 1]) - rational_product(X[0], X[1])) <= Fraction(bound[0, 1])
    order, sign = rng.permutation(n), rng.choice([-1.0, 1.0], n)
    np.testing.assert_array_equal(G, exact_gram((sign * X)[:, order], slices=slices))


def test_flushes_and_halves_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    happened = {"_flush": 0, "_add_halves": 0}

    def count(name: str) -> None:
        method = getattr(_tiles.Accumulator, name)

        def counted(self: _tiles.Accumulator, *arguments: Any) -> None:
            happened[name] += 1
            method(self, *arguments)

        monkeypatch.setattr(_tiles.Accumulator, name, counted)

    count("_flush")
    count("_add_halves")
    rng = np.random.default_rng(0)
    exact_gram(wild_rows(rng, (2, 40_000), "normal"), slices=2)
    assert happened["_flush"] > 0
    assert happened["_add_halves"] == 0
    # The most that four slices can hold: each of them is half a unit of the one before throughout.
    worst = np.full((1, 2000), 1 + 2.0**-22 + 2.0**-42 + 2.0**-52)
    for start in (0, 700, 1400):
        worst[:, start : start + 300] *= 1 - 2.0**-53
    exact_gram(worst, slices=4)
    accumulator = _tiles.Accumulator(1, None)
    block = np.full((1, 6), 2.0**26)
    accumulator.add([block], [np.vecdot(block, block)])
    assert happened["_add_halves"] > 0
    assert accumulator.integers((slice(None), slice(None)))[0, 0] == 6 * 2**52


def test_impossible_integer_is_refused() -> None:
    accumulator = _tiles.Accumulator(1, 1)
    block = np.full((1, 1), 2.0**27)
    with pytest.raises(OverflowError, match=r"one integer reaches the bound 9007199254740992"):
        accumulator.add([block, block], [np.vecdot(block, block)] * 2)


@pytest.mark.parametrize("features", [1, 2**11, 2**18, 2**18 + 1, 2**22, 2**28 - 1])
def test_sums_of_the_worst_slices_fit_int64(features: int) -> None:
    splitting = Splitting(features, _splitting.MOST_SLICES)
    later = features * 4 ** (splitting.bits - 1)
    first = features * 2 ** (2 * splitting.bits - 2)  # twice its bound, for rounding
    assert 4 * max(first, later) < 2**63  # the product of sums of two slices
    assert _splitting.MOST_SLICES * max(first, later) * (1 + 2**-10) < 2**63  # those of one order
    assert (2**26 + 2 ** (splitting.bits - 1)) ** 2 < 2**53  # an entry of a sum with the first
    assert splitting.bits + _splitting.SPARE_BITS <= 26
    assert features * 4**_splitting.COARSE_BITS <= 2**53


def test_naive_sums_and_too_many_bits_are_not_invariant() -> None:
    rng = np.random.default_rng(5)
    X = rng.standard_normal((6, 5000))
    order = rng.permutation(5000)
    assert not np.array_equal(X @ X.T, X[:, order] @ X[:, order].T)
    # One slice of 30 bits in one accumulation: sums pass 2**53, and the order shows.
    coarse = np.rint(X * 2.0**27)
    assert not np.array_equal(coarse @ coarse.T, coarse[:, order] @ coarse[:, order].T)
    np.testing.assert_array_equal(exact_gram(coarse), exact_gram(coarse[:, order]))


def test_result_is_exact_where_the_truth_is_a_double() -> None:
    rng = np.random.default_rng(11)
    integers = rng.integers(-(2**24), 2**24, (5, 12))
    expected = [
        [float(a) for a in row] for row in integers.astype(object) @ integers.T.astype(object)
    ]
    for slices in MIXED_SLICES[1:]:
        np.testing.assert_array_equal(exact_gram(integers, slices=slices), expected)
    orthogonal = np.array([[1.0, 1.0], [1.0, -1.0]]) / 3
    assert exact_gram(orthogonal, slices=3)[0, 1] == 0.0


def test_documented_unit_and_truncation() -> None:
    rng = np.random.default_rng(2)
    for n in (50, 3000, 30_000):
        X = rng.standard_normal((40, n)) * 2 ** rng.uniform(-2, 2, (40, 1))
        X[:20] = np.where(rng.random((20, n)) < 0.02, 40 * X[:20], X[:20])
        scales = _splitting.row_scales(X, Splitting(n, 1))
        unit, norm = np.exp2(scales.exponent), np.linalg.norm(X, axis=1)
        limit = np.maximum(2 ** (2.54 - 21) * norm / np.sqrt(n), 2**-25 * np.abs(X).max(axis=1))
        assert (unit <= limit).all()
        assert (2.0**-20 * norm / np.sqrt(n) <= unit).all()
        for slices, power in ((1, -18.4), (2, -39.4)):
            documented = 2**power * np.outer(norm, norm) * (1 + 2.0**-10)
            assert (gram_error_bound(X[20:], slices=slices) <= documented[20:, 20:]).all()


@pytest.mark.parametrize(("slices", "products"), [(1, 1), (2, 3), (3, 5), (4, 8), (16, 80)])
def test_number_of_products(slices: int, products: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Splitting(100, slices).products == products == slices + slices**2 // 4
    calls = []
    add = _tiles.Accumulator.add

    def counted(self: _tiles.Accumulator, *arguments: Any) -> None:
        calls.append(1)
        add(self, *arguments)

    monkeypatch.setattr(_tiles.Accumulator, "add", counted)
    exact_gram(np.random.default_rng(0).standard_normal((3, 100)), slices=slices)
    assert len(calls) == products


def test_slices_of_dgemm_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    tiles = _tiles.real_gram

    def spy(operands: Any, exponents: Any, splitting: Splitting) -> Matrix:
        used.append(splitting.slices)
        return tiles(operands, exponents, splitting)

    monkeypatch.setattr(_tiles, "real_gram", spy)
    rng = np.random.default_rng(0)
    dense = rng.standard_normal((10, 30_720))
    dense[0] = rng.laplace(size=30_720)
    dense[1] = 0.0
    for X in (dense, np.eye(5), np.zeros((2, 3)), wild_rows(rng, (2, 100), "wide")):
        exact_gram(X, slices="dgemm")
    assert used[:3] == [3, 3, 3]
    assert used[3] > 5


@pytest.mark.thorough
def test_as_accurate_as_dgemm() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((24, 4_000))
    errors = [
        max(map(max, rational_errors(G, X[:4], X[:4])))
        for G in ((X @ X.T)[:4, :4], exact_gram(X, slices="dgemm")[:4, :4])
    ]
    assert errors[1] <= errors[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 3), (40, 2500)])
def test_integer_gram_and_distances(dtype: type[np.unsignedinteger[Any]], shape: Any) -> None:
    rng = np.random.default_rng(3)
    top = np.iinfo(dtype).max
    X = rng.integers(0, top, shape, dtype=dtype, endpoint=True)
    Y = rng.integers(0, top, (3, shape[1]), dtype=dtype, endpoint=True)
    Y[0], Y[1] = 0, top  # the largest energies
    for left, right in ((X, None), (X, Y), (Y, X), (Y, None), (Y, Y.copy())):
        a, b = left.astype(np.int64), (left if right is None else right).astype(np.int64)
        np.testing.assert_array_equal(integer_gram(left, right), a @ b.T)
        squares = ((a[:, None] - b) ** 2).sum(axis=2)
        np.testing.assert_array_equal(integer_squared_distances(left, right), squares)


def test_pixels_of_two_widths_and_of_doubles() -> None:
    rng = np.random.default_rng(4)
    X = rng.integers(0, 256, (4, 300), dtype=np.uint8)
    Y = rng.integers(0, 65536, (3, 300), dtype=np.uint16)
    expected = X.astype(np.int64) @ Y.T.astype(np.int64)
    np.testing.assert_array_equal(integer_gram(X, Y), expected)
    np.testing.assert_array_equal(integer_gram(Y, X), expected.T)
    # Pixels take the integer route; as doubles they have the same bits, even with one slice.
    for slices in (1, 2):
        np.testing.assert_array_equal(exact_gram(X, slices=slices), integer_gram(X))
        as_doubles = exact_gram(X.astype(np.float64), slices=slices)
        np.testing.assert_array_equal(as_doubles, integer_gram(X))
    np.testing.assert_array_equal(exact_gram(X, Y), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.int64, np.uint32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_layouts_give_the_same_bits(dtype: type, order: Any) -> None:
    X: NDArray[Any] = np.array(
        np.random.default_rng(6).uniform(0, 100, (9, 50)), dtype=dtype, order=order
    )
    expected = exact_gram(X.astype(np.float64))
    np.testing.assert_array_equal(exact_gram(X), expected)
    np.testing.assert_array_equal(exact_gram(X.tolist()), expected)
    np.testing.assert_array_equal(exact_gram(X[::-1]), expected[::-1, ::-1])


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (33, 5), (70, 64)])
def test_tiles_do_not_show(shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(8).standard_normal((shape[0], 1500))
    Y = np.random.default_rng(9).standard_normal((shape[1], 1500))
    whole = exact_gram(X, Y), exact_gram(X)
    monkeypatch.setattr(_tiles, "tile_edge", lambda *_: 13)
    monkeypatch.setattr(_tiles, "BLOCK", 100)
    small = exact_gram(X, Y), exact_gram(X)
    for one, other in zip(whole, small, strict=True):
        np.testing.assert_array_equal(one, other)


def peak_bytes(function: Callable[[], Any]) -> tuple[int, Any]:
    """Return the peak of traced memory, and the result."""
    tracemalloc.start()
    result = function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, result


# With a smaller allowance for small inputs, small inputs show what large ones would.
ALLOWANCE = 2**22


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("slices", "shape"), [(1, (900, 1500)), (3, (900, 1500)), (7, (200, 90))])
@pytest.mark.parametrize("symmetric", [True, False])
def test_memory_stays_within_the_documented_bound(
    slices: int, shape: tuple[int, int], *, symmetric: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.random.default_rng(0).standard_normal(shape)
    Y = None if symmetric else X[: shape[0] // 2].copy()
    inputs = X.nbytes + (0 if Y is None else Y.nbytes)
    monkeypatch.setattr(_tiles, "SMALLEST_BUDGET", ALLOWANCE)
    peak, G = peak_bytes(lambda: exact_gram(X, Y, slices=slices))
    assert peak - G.nbytes <= max(inputs, ALLOWANCE) + 2**22


@pytest.mark.thorough
def test_memory_of_pixels_and_of_one_long_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (800, 12_000), dtype=np.uint8)
    long = rng.standard_normal((1, 2**21), dtype=np.float32)
    monkeypatch.setattr(_tiles, "SMALLEST_BUDGET", ALLOWANCE)
    for X, function in ((pixels, integer_gram), (long, exact_gram)):
        peak, G = peak_bytes(lambda X=X, function=function: function(X))  # type: ignore[misc]
        assert peak - G.nbytes <= max(X.nbytes, ALLOWANCE) + 2**22


@pytest.mark.thorough
def test_threads_do_not_show() -> None:
    script = (
        "import hashlib, numpy as np; from etcprops.exact.gram import exact_gram;"
        "X = np.random.default_rng(0).standard_normal((150, 3000));"
        "print(*(hashlib.sha256(G).hexdigest() for G in (X @ X.T, exact_gram(X), "
        "exact_gram(X[:70], X[70:], slices=3))))"
    )
    running = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", script],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "OPENBLAS_CORETYPE": core},
            stdout=subprocess.PIPE,
            text=True,
        )
        for threads, core in (("1", "Nehalem"), ("2", ""))
    ]
    outputs = [process.communicate()[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert len(outputs[0]) == 3
    assert outputs[0][1:] == outputs[1][1:]


one_row = np.ones((1, 3))
REAL = r"be a two-dimensional array of real numbers with at least one row and one feature\. Got "
PIXELS = r"be a two-dimensional array of uint8 or uint16, at least one row and one feature\. Got "
bad_operands: dict[str, tuple[Any, str]] = {
    "one-dimensional": ([1.0, 2.0], REAL + r"an array of dtype float64 and shape \(2,\)\."),
    "scalar": (1.5, REAL + r"1\.5 \(float\)\."),
    "three-dimensional": (np.ones((2, 2, 2)), REAL + r".* shape \(2, 2, 2\)\."),
    "no rows": (np.ones((0, 3)), REAL + r".* shape \(0, 3\)\."),
    "no features": (np.ones((3, 0)), REAL + r".* shape \(3, 0\)\."),
    "ragged": ([[1.0], [1.0, 2.0]], REAL + r"\[\[1\.0\], \[1\.0, 2\.0\]\] \(list\)\."),
    "complex": (np.ones((1, 3), dtype=complex), REAL + r"an array of dtype complex128"),
    "boolean": (np.ones((1, 3), dtype=bool), REAL + r"an array of dtype bool"),
    "objects": (np.ones((1, 3), dtype=object), REAL + r"an array of dtype object"),
    "text": ([["a", "b"]], REAL + r"an array of dtype <U1"),
    "NaN": ([[0.0, 1.0], [np.nan, 1.0]], r"be finite\. Got nan at row 1, feature 0\."),
    "infinity": ([[1.0, -np.inf, 2.0]], r"be finite\. Got -inf at row 0, feature 1\."),
    "large integers": ([[2**53 + 1, 0]], r"be within 2\*\*53 .* 0 to 9007199254740993\."),
    "unsigned integers": (
        np.full((1, 3), 2**63, dtype=np.uint64),
        r"be within 2\*\*53 .* 9223372036854775808 to 9223372036854775808\.",
    ),
    "too many features": (
        np.broadcast_to(1.0, (1, 2**28)),
        r"have fewer than 2\*\*28 = 268435456 features\. Got 268435456\.",
    ),
}


@pytest.mark.parametrize("function", [exact_gram, gram_error_bound])
@pytest.mark.parametrize("name", bad_operands)
def test_bad_real_operands(function: Any, name: str) -> None:
    value, message = bad_operands[name]
    with pytest.raises(
        InvalidParameterError, match=rf"'X' parameter of {function.__name__} must {message}"
    ):
        function(value)


@pytest.mark.parametrize("name", ["scalar", "no rows", "complex", "NaN", "infinity"])
def test_bad_second_operand(name: str) -> None:
    value, message = bad_operands[name]
    # With as many features as Y has, so that only its own fault shows.
    X = np.ones((2, np.asarray(value).shape[-1] if np.ndim(value) else 3))
    with pytest.raises(InvalidParameterError, match=rf"'Y' parameter of exact_gram must {message}"):
        exact_gram(X, value)


@pytest.mark.parametrize("function", [exact_gram, gram_error_bound])
def test_mismatched_features(function: Any) -> None:
    with pytest.raises(
        InvalidParameterError, match=r"'Y' .* as many features as X, 3\. Got 4 features\."
    ):
        function(one_row, np.ones((1, 4)))


@pytest.mark.parametrize("slices", [0, -1, 17, 2.0, True, None, "two", "dgemm "])
def test_bad_slices(slices: Any) -> None:
    message = (
        r"'slices' parameter of exact_gram must be an integer from 1 to 16 or \"dgemm\"\. Got "
    )
    with pytest.raises(InvalidParameterError, match=message):
        exact_gram(one_row, slices=slices)
    with pytest.raises(InvalidParameterError, match=r"gram_error_bound must be .* 1 to 16\. Got "):
        gram_error_bound(one_row, slices=slices)


def test_slices_of_dgemm_exhausted() -> None:
    X = np.array([[1e300, 1e-300], [1e-300, 1e-300]])
    with pytest.raises(InvalidParameterError, match=r"no 16 slices surely keep .* Got 'dgemm'\."):
        exact_gram(X, X[::-1] * 1e-8, slices="dgemm")


def test_overflow_names_the_rows() -> None:
    X = np.array([[1.0, 0.0], [1e155, 1e154]])
    message = r"at most 1\.798e\+308 .* for rows 1 and 1, whose largest magnitudes are 1e\+155"
    with pytest.raises(InvalidParameterError, match=message):
        exact_gram(X)
    assert np.isinf(gram_error_bound(X * 1e150)[1, 1])


@pytest.mark.parametrize("function", [integer_gram, integer_squared_distances])
@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        ([[1, 2]], None, "'X' .*" + PIXELS + "an array of dtype int64"),
        (one_row, None, "'X' .*" + PIXELS + "an array of dtype float64"),
        (np.ones(3, dtype=np.uint8), None, "'X' .*" + PIXELS + r".* shape \(3,\)"),
        (np.ones((0, 3), dtype=np.uint8), None, "'X' .*" + PIXELS + r".* shape \(0, 3\)"),
        (np.ones((1, 3), dtype=np.uint8), one_row, "'Y' .*" + PIXELS + ".* float64"),
        (
            np.ones((1, 3), dtype=np.uint8),
            np.ones((1, 4), dtype=np.uint8),
            r"'Y' .* as many features as X, 3\. Got 4 features\.",
        ),
        (
            np.broadcast_to(np.uint8(1), (1, 2**28)),
            None,
            r"'X' .* fewer than 2\*\*28 = 268435456 features",
        ),
    ],
)
def test_bad_pixels(function: Any, X: Any, Y: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message) as caught:
        function(X, Y)
    assert function.__name__ in str(caught.value)


def test_what_is_remembered_is_what_would_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    fill = _tiles._fill  # noqa: SLF001

    def counting(*args: Any, **options: Any) -> None:
        computed.append(1)
        fill(*args, **options)

    monkeypatch.setattr(_tiles, "_fill", counting)
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((70, 50)), rng.standard_normal((3, 50))
    almost = X.copy()
    almost[-1, -1] = np.nextafter(almost[-1, -1], 9)
    cases: list[tuple[Matrix, Matrix | None, int]] = [
        (X, None, 2),
        (X, None, 3),
        (X, Y, 2),
        (Y, X, 2),
        (almost, None, 2),
        (almost, X, 2),
        (X.reshape(140, 25), None, 2),  # the same bytes in another shape
        (X.astype(np.float32), None, 2),
    ]
    expected = [exact_gram(A, B, slices=slices) for A, B, slices in cases]
    computed.clear()
    with remembered({}):
        for _ in range(3):
            for (A, B, slices), gram in zip(cases, expected, strict=True):
                found = exact_gram(A.copy(), None if B is None else B.copy(), slices=slices)
                assert np.array_equal(found, gram)
                found[:] = 0  # a caller's business
        assert len(computed) == len(cases)
        # Equal rows in two arrays: the symmetric product.
        assert np.array_equal(exact_gram(np.asfortranarray(X), X.copy()), expected[0])
        assert len(computed) == len(cases)
    exact_gram(X)
    assert len(computed) == len(cases) + 1  # and not remembered any more


@pytest.mark.parametrize("slices", [3, 5])
def test_digits_that_cancel_are_carried_before_they_are_rounded(slices: int) -> None:
    splitting = Splitting(12, slices)
    last, bits = splitting.order, splitting.bits
    # Two digits cancel but for one unit of the last, which a double of the last digit loses.
    digits = {last: 2**59 + 1, last - 1: -(2**59 >> bits)}
    assert _rounded(digits, splitting) == 2.0 ** (-bits * last)
    rng = np.random.default_rng(slices)
    for _ in range(200):
        numbers = rng.integers(-(2**59), 2**59, last + 1) >> rng.integers(0, 59, last + 1)
        digits = dict(enumerate(numbers.tolist()))
        exact = sum((Fraction(d, 2 ** (bits * i)) for i, d in digits.items()), Fraction(0))
        error = abs(Fraction(_rounded(digits, splitting)) - exact)
        assert error <= abs(exact) * Fraction(2**12 + 1, 2**64)


def _rounded(digits: dict[int, int], splitting: Splitting) -> float:
    """Return the double made of products of slices that have these sums by order."""
    own = [digits.get(2 * i, 0) if 2 * i <= splitting.order else 0 for i in range(splitting.slices)]
    missing = {order: digit for order, digit in digits.items() if order % 2}
    totals = [*own, *(own[i] + own[j] + missing.pop(i + j, 0) for i, j in splitting.pairs)]
    return float(rounded([np.array([[total]]) for total in totals], splitting)[0, 0])


@pytest.mark.parametrize("sign", [1, -1])
def test_integers_are_taken_as_far_as_doubles_have_them(sign: int) -> None:
    largest = np.array([[sign * 2**53, 1]])
    assert exact_gram(largest, slices=3)[0, 0] == 2.0**106
    with pytest.raises(InvalidParameterError, match="'X' parameter of exact_gram"):
        exact_gram(largest + sign * np.eye(1, 2, dtype=int), slices=3)
