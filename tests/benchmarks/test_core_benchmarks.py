"""How fast and how lean the core is, against the figures that it is meant to reach.

Not part of ``pytest -q``: run ``pytest tests/benchmarks --benchmark-only -o addopts=""``. Where a
figure is a ratio both sides are measured by turns in one run, so that a busy machine slows both;
the ratio is that of the fastest rounds. Every figure is in the ``extra_info`` of its benchmark,
next to its target.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

from etcprops import BlockGeometry, EtCKey, SignedPermutation, decrypt, encrypt

YALE = BlockGeometry(192, 160)
LARGE = BlockGeometry(1024, 1024, channels=3)


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


# --- Measuring two things in one run


class Comparison(NamedTuple):
    """Seconds that each round of two functions took."""

    subject: list[float]
    reference: list[float]

    @property
    def ratio(self) -> float:
        """How many times the reference the subject takes, in the fastest rounds."""
        return min(self.subject) / min(self.reference)

    @property
    def ratio_of_medians(self) -> float:
        return statistics.median(self.subject) / statistics.median(self.reference)


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def by_turns(
    subject: Callable[[], object], reference: Callable[[], object], *, rounds: int
) -> Comparison:
    """Measure two functions by turns, after one round of each to warm up."""
    subject()
    reference()
    times = [(seconds(subject), seconds(reference)) for _ in range(rounds)]
    return Comparison([s for s, _ in times], [r for _, r in times])


def peak_bytes(function: Callable[[], object]) -> int:
    """Return how far `function` raises the traced memory at its highest."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = function()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak - before


def test_by_turns_measures_a_ratio(benchmark: Any) -> None:
    # The measure itself: three times the work is about three times the time.
    work = noise(1 << 20)

    def thrice() -> list[NDArray[np.uint8]]:
        return [np.sort(work) for _ in range(3)]

    result = by_turns(thrice, lambda: np.sort(work), rounds=5)
    benchmark.extra_info.update(ratio=result.ratio)
    benchmark.pedantic(thrice, rounds=3)
    assert 2 < result.ratio < 4.5


# --- Encryption


@pytest.mark.parametrize("function", [encrypt, decrypt])
def test_batch_of_2432_images_within_6_copies(
    benchmark: Any, function: Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]]
) -> None:
    key, batch = EtCKey.from_secret(YALE, "benchmark"), noise(2432, *YALE.shape)
    result = by_turns(lambda: function(batch, key), batch.copy, rounds=15)
    benchmark.extra_info.update(
        ratio=result.ratio,
        ratio_of_medians=result.ratio_of_medians,
        target_ratio=6,
        copy_ms=1e3 * min(result.reference),
        ns_per_pixel=1e9 * min(result.subject) / batch.size,
    )
    benchmark.pedantic(function, args=(batch, key), rounds=10, warmup_rounds=1)
    assert result.ratio <= 6


@pytest.mark.parametrize("function", [encrypt, decrypt])
def test_one_large_colour_image_within_40_copies_and_15_ms(
    benchmark: Any, function: Callable[[NDArray[np.uint8], EtCKey], NDArray[np.uint8]]
) -> None:
    key, image = EtCKey.from_secret(LARGE, "benchmark"), noise(*LARGE.shape)
    result = by_turns(lambda: function(image, key), image.copy, rounds=50)
    median_ms = 1e3 * statistics.median(result.subject)
    benchmark.extra_info.update(
        ratio=result.ratio,
        ratio_of_medians=result.ratio_of_medians,
        target_ratio=40,
        median_ms=median_ms,
        target_ms=15,
    )
    benchmark.pedantic(function, args=(image, key), rounds=50, warmup_rounds=1)
    assert result.ratio <= 40
    assert median_ms <= 15


def test_key_of_a_large_colour_image_in_100_ms(benchmark: Any) -> None:
    numbers = itertools.count()
    nothing = noise(0, *LARGE.shape)

    def set_up() -> EtCKey:
        # A new secret every time: an equal key would find the route of the last one.
        key = EtCKey.from_secret(LARGE, f"benchmark {next(numbers)}")
        # Encrypting no image works out the route and does no more.
        encrypt(nothing, key)
        return key

    set_up()
    times = [seconds(set_up) for _ in range(15)]
    median_ms = 1e3 * statistics.median(times)
    benchmark.extra_info.update(median_ms=median_ms, target_ms=100)
    benchmark.pedantic(set_up, rounds=10)
    assert median_ms <= 100


@pytest.mark.parametrize("ready", [True, False], ids=["key ready", "first use of the key"])
@pytest.mark.parametrize(
    ("geometry", "count"), [(YALE, 2432), (LARGE, 1)], ids=["batch", "large image"]
)
def test_peak_memory_is_the_output_and_an_index_array(
    benchmark: Any, geometry: BlockGeometry, count: int, *, ready: bool
) -> None:
    batch = noise(count, *geometry.shape)
    key = EtCKey.from_secret(geometry, f"memory {ready}")
    if ready:
        encrypt(batch[:0], key)
    beyond = peak_bytes(lambda: encrypt(batch, key)) - batch.nbytes
    index_bytes = geometry.n_pixels * np.dtype(np.intp).itemsize
    benchmark.extra_info.update(
        bytes_beyond_output=beyond, in_index_arrays=beyond / index_bytes, target_index_arrays=1
    )
    benchmark.pedantic(encrypt, args=(batch, key), rounds=3)
    if ready:
        assert beyond <= index_bytes
    elif count > 1:
        # The mask, one byte a pixel, comes to the index array; 64 KiB for what Python keeps.
        assert beyond <= index_bytes + geometry.n_pixels + (1 << 16)
    else:
        # While the route of a single image is worked out, blocks are copied once.
        assert beyond <= 2.5 * index_bytes


# --- Orthogonality


def _product_is_identity(Q: csr_array, identity: csr_array) -> bool:
    """Do what is_orthogonal replaces, in the dtype in which it is right."""
    wide = Q.astype(np.int64)
    difference = csr_array(wide.T @ wide) - identity
    return not difference.data.any()


def test_orthogonality_10_times_faster_than_the_product(benchmark: Any) -> None:
    flip = SignedPermutation.from_key(EtCKey.from_secret(YALE, "benchmark"))
    Q = flip.matrix()
    identity = csr_array(eye_array(YALE.n_pixels, dtype=np.int64))
    assert flip.is_orthogonal()
    assert _product_is_identity(Q, identity)
    result = by_turns(lambda: _product_is_identity(Q, identity), flip.is_orthogonal, rounds=50)
    # In int8, where the product may wrap and pass falsely, scipy is faster, and still slower.
    narrow = identity.astype(np.int8)
    int8 = by_turns(
        lambda: not (csr_array(Q.T @ Q) - narrow).data.any(), flip.is_orthogonal, rounds=50
    )
    benchmark.extra_info.update(
        times_faster=result.ratio, times_faster_than_int8=int8.ratio, target_times_faster=10
    )
    benchmark(flip.is_orthogonal)
    assert result.ratio >= 10
    assert int8.ratio >= 10


def _random_order(size: int) -> NDArray[np.int64]:
    """Return any permutation: every pixel somewhere else in memory, the worst for caches."""
    return np.random.default_rng(0).permutation(size)


def _blocks_in_random_order(size: int) -> NDArray[np.int64]:
    """Return what keys give: rows of 8 pixels stay together."""
    order = np.random.default_rng(0).permutation(size // 8)
    return (8 * order[:, None] + np.arange(8)).ravel()


@pytest.mark.parametrize("order", [_blocks_in_random_order, _random_order])
def test_orthogonality_is_linear_to_50_million_pixels(
    benchmark: Any, order: Callable[[int], NDArray[np.int64]]
) -> None:
    per_pixel = {}
    flip = SignedPermutation.identity(1)
    for size in (500_000, 5_000_000, 50_000_000):
        flip = SignedPermutation(order(size), np.ones(size, dtype=np.int8))
        assert flip.is_orthogonal()
        per_pixel[size] = 1e9 * min(seconds(flip.is_orthogonal) for _ in range(5)) / size
    benchmark.extra_info.update({f"ns_per_pixel_at_{s}": ns for s, ns in per_pixel.items()})
    benchmark.pedantic(flip.is_orthogonal, rounds=3)
    # A hundred times the pixels: quadratic work would take a hundred times as long for each, memory
    # that is no longer in the cache a few times.
    assert per_pixel[50_000_000] <= 10 * per_pixel[500_000]


# --- Import


def _import_seconds(statement: str) -> float:
    code = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def test_import_in_400_ms(benchmark: Any) -> None:
    core = "from etcprops import EtCKey, SignedPermutation, PixelStatistics, encrypt"
    package = statistics.median(_import_seconds("import etcprops") for _ in range(7))
    everything = statistics.median(_import_seconds(core) for _ in range(7))
    benchmark.extra_info.update(
        import_ms=1e3 * package, import_core_ms=1e3 * everything, target_ms=400
    )
    benchmark.pedantic(_import_seconds, args=("import etcprops",), rounds=3)
    assert package <= 0.4
