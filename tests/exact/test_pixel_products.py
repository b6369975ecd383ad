"""Products of bytes by onnxruntime: the numbers of the other route, and nothing taken on trust."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from etcprops.exact import _bytewise, _pixel_products, _threads, _tiles
from etcprops.exact._pixel_products import by_bytes, by_doubles, by_singles, products
from etcprops.exact.distances import exact_squared_distances
from etcprops.exact.gram import exact_gram, integer_gram, integer_squared_distances

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etcprops.exact._bytewise import Multiply
    from etcprops.exact._pixel_products import Route

FUNCTIONS = (integer_gram, integer_squared_distances, exact_gram, exact_squared_distances)


def by_numpy(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Stand in for onnxruntime where it is not installed."""
    return X.astype(np.int32) @ Y.T.astype(np.int32)


def by_onnxruntime() -> Multiply:
    """Return the real one."""
    multiply = _bytewise.installed()
    if multiply is None:
        pytest.skip("the extra fast (onnxruntime) is not installed")
    return multiply


@pytest.fixture(params=["NumPy", "onnxruntime"])
def multiply(request: pytest.FixtureRequest) -> Multiply:
    return by_numpy if request.param == "NumPy" else by_onnxruntime()


def rows(count: int, features: int) -> NDArray[np.uint8]:
    """Return random rows, the first two of the largest sums."""
    X = np.random.default_rng(count).integers(0, 256, (count, features), dtype=np.uint8)
    X[:2] = 255
    return X


@pytest.mark.parametrize("shape", [(1, 1), (3, 61), (150, 40), (9, 2 * _bytewise.FEATURES + 5)])
def test_the_numbers_of_the_other_route(
    shape: tuple[int, int], multiply: Multiply, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, Y = rows(*shape), rows(7, shape[1])
    both: list[list[NDArray[Any]]] = []
    for route in (None, multiply):
        monkeypatch.setattr(_bytewise, "multiplier", lambda _, route=route: route)
        both.append([f(*given) for f in FUNCTIONS for given in ((X,), (X, Y), (Y, X))])
    for blas, other in zip(*both, strict=True):
        assert blas.dtype == other.dtype
        np.testing.assert_array_equal(blas, other)


ROUTES = {
    "bytes": lambda: by_bytes(by_numpy),
    "singles": by_singles,
    "doubles": by_doubles,
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_tiles_and_workers_do_not_show(
    route: Callable[[], Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, Y = rows(300, 50), rows(140, 50)
    whole = [products(list(given), route()) for given in ((X,), (X, Y))]
    monkeypatch.setattr(_pixel_products, "_edge", lambda *_: 77)
    monkeypatch.setattr(_pixel_products, "WORTH_THREADS", 1)
    for panel in (30, None):
        few = route()._replace(features=16, panel=panel)
        for expected, given in zip(whole, ((X,), (X, Y)), strict=True):
            np.testing.assert_array_equal(products(list(given), few), expected)


def test_workers_add_to_a_tile_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy lets other threads go on while it adds, and would lose what they add meanwhile."""
    alone, threads, add = Lock(), set(), _pixel_products._add  # noqa: SLF001

    def watched(*given: Any, **options: Any) -> None:
        assert alone.acquire(blocking=False), "two workers add at once"
        threads.add(get_ident())
        time.sleep(0.005)
        add(*given, **options)
        alone.release()

    monkeypatch.setattr(_pixel_products, "_add", watched)
    X = rows(20, 64)
    with ThreadPoolExecutor(2) as pool:  # whatever threads BLAS has here
        workers = nullcontext(_threads.Workers(pool, 2))
        monkeypatch.setattr(_threads, "shared_out", lambda **_: workers)
        found = products([X], by_bytes(by_numpy)._replace(features=4))
    assert len(threads) == 2
    np.testing.assert_array_equal(found, by_numpy(X, X))


@pytest.mark.parametrize(
    ("route", "dtype", "largest"), [(by_singles, np.uint8, 128), (by_doubles, np.uint16, 32768)]
)
def test_the_longest_sums_of_floats(
    route: Callable[[], Route], dtype: type[np.generic], largest: int
) -> None:
    way = route()
    for features in (way.features, way.features + 1):  # in one block, and in two
        black = np.zeros((3, features), dtype=dtype)
        black[1] = 2 * largest - 1
        black[2, ::2] += 1  # odd sums
        factors = black.astype(object) - largest
        np.testing.assert_array_equal(products([black], way), factors @ factors.T)
    assert way.features * largest**2 <= (2**24 if dtype is np.uint8 else 2**53)


def test_the_longest_sums_that_fit_32_bits() -> None:
    white = np.full((5, 33_025), 255, dtype=np.uint8)  # 255**2 * 33,025 < 2**31
    assert (by_onnxruntime()(white, white) == 33_025 * 255**2).all()
    assert 33_025 * 255**2 < 2**31 <= 33_026 * 255**2
    assert _bytewise.FEATURES <= 33_025


def saturating(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Add pairs of products in 16 bits, as AVX2 does where one factor has a sign."""
    X, Y = X[:, : X.shape[1] // 2 * 2], Y[:, : X.shape[1] // 2 * 2]
    pairs = np.zeros((len(X), len(Y)), dtype=np.int32)
    for f in range(0, X.shape[1], 2):
        pair = X[:, f : f + 2].astype(np.int32) @ (Y[:, f : f + 2].T.astype(np.int32) - 128)
        pairs += np.clip(pair, -(2**15), 2**15 - 1)
    pairs += 128 * X.sum(axis=1, dtype=np.int32)[:, None]
    return pairs


def rounding(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Add in single precision, which rounds from 2**24 on."""
    return (X.astype(np.float32) @ Y.T.astype(np.float32)).astype(np.int32)


def one_less(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return one less for the largest sums."""
    products = by_numpy(X, Y)
    products[products == 255**2 * X.shape[1]] -= 1
    return products


def test_what_is_not_exact_is_found_out() -> None:
    extreme = _bytewise.extreme_rows()
    assert _bytewise.is_exact(by_numpy, extreme)
    for wrong in (saturating, rounding, one_less):
        assert not _bytewise.is_exact(wrong, extreme)


@pytest.mark.parametrize(
    "levels", [(255, 255), (0, 0), (255, 0), (0, 255), (127, 127), (128, 128)], ids=str
)
def test_what_errs_for_rows_of_few_levels_is_found_out(levels: tuple[int, int]) -> None:
    def wrong(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
        there = (X[:, ::2] == levels[0]).all(axis=1) & (X[:, 1::2] == levels[1]).all(axis=1)
        products: NDArray[np.int32] = by_numpy(X, Y) + there[:, None]
        return products

    assert not _bytewise.is_exact(wrong, _bytewise.extreme_rows())


def test_rows_of_chance_take_every_level() -> None:
    extreme = _bytewise.extreme_rows()
    chance = [row for row in extreme if len(np.unique(row)) > 2]
    assert 2 * len(chance) == len(extreme)
    assert all(len(np.unique(row)) == 256 for row in chance)
    assert extreme.shape[1] == _bytewise.FEATURES


@pytest.mark.parametrize("features", [61, _bytewise.FEATURES])
def test_what_errs_for_a_single_number_of_features_is_found_out(features: int) -> None:
    def wrong(X: NDArray[np.uint8], Y: NDArray[np.uint8]) -> NDArray[np.int32]:
        products: NDArray[np.int32] = by_numpy(X, Y) + (X.shape[1] == features)
        return products

    assert not _bytewise.is_exact(wrong, _bytewise.extreme_rows())


@pytest.fixture
def unchecked() -> Any:
    """Forget what this process found out about onnxruntime, before and after."""
    _bytewise._checked_multiplier.cache_clear()  # noqa: SLF001
    yield _bytewise._checked_multiplier  # noqa: SLF001
    _bytewise._checked_multiplier.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize(
    ("multiplies", "faster", "taken"),
    [(by_numpy, True, True), (by_numpy, False, False), (saturating, True, False)],
    ids=["exact and faster", "slower", "wrong"],
)
def test_only_what_is_exact_and_faster_is_taken(
    unchecked: Callable[[], Multiply | None],
    monkeypatch: pytest.MonkeyPatch,
    multiplies: Multiply,
    *,
    faster: bool,
    taken: bool,
) -> None:
    monkeypatch.setattr(_bytewise, "installed", lambda: multiplies)
    monkeypatch.setattr(_bytewise, "_is_faster", lambda *_: faster)
    assert unchecked() is (multiplies if taken else None)


def test_where_it_is_missing_nothing_is_taken(
    unchecked: Callable[[], Multiply | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert _bytewise.installed() is unchecked() is None


@pytest.mark.parametrize(("blas", "other"), [(5, 1), (1, 5), (3, 3)])
def test_the_faster_of_two_is_known(blas: int, other: int, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = [10, 10 + blas, 20, 20 + other]  # start and end of either
    clock = iter(turn * 5)
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    extreme = _bytewise.extreme_rows()[:2]
    assert _bytewise._is_faster(by_numpy, extreme) is (other < blas)  # noqa: SLF001


def test_small_and_wide_pixels_never_load_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_bytewise, "_checked_multiplier", lambda: by_numpy)
    small, wide = rows(4, 9), rows(4, 9).astype(np.uint16)
    assert _bytewise.multiplier([small]) is None
    monkeypatch.setattr(_bytewise, "WORTH", 4 * 4 * 9)
    assert _bytewise.multiplier([small]) is by_numpy
    assert _bytewise.multiplier([wide]) is _bytewise.multiplier([small, wide]) is None


def test_memory_follows_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tiles, "SMALLEST_BUDGET", 2**22)
    for route, itemsize in ((by_bytes(by_numpy), 1), (by_singles(), 4), (by_doubles(), 8)):
        for count, features in ((200, 100_000), (20_000, 64)):
            operand = np.broadcast_to(np.uint8(0), (count, features))
            edge = _pixel_products._edge([operand], route, 2)  # noqa: SLF001
            sides = 2 * itemsize * min(features, route.features) * edge
            half = max(4, itemsize) * edge * edge // 2
            assert 2 * (sides + half) <= max(operand.nbytes, 2**22)


def test_it_says_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra fast (onnxruntime) is not installed")
    script = (
        "from etcprops.exact import _bytewise as b; r = b.extreme_rows();"
        "assert b.is_exact(b.installed(), r)"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())
