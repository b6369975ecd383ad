"""How fast and how lean the exact Gram matrices are, next to BLAS in the same run.

Not part of ``pytest -q``: run ``pytest tests/benchmarks --benchmark-only -o addopts=""``. The
size is that of the paper's training half, 1,216 images of 30,720 pixels. Both sides are measured by
turns; the ratio is that of the fastest rounds. Every figure is in the ``extra_info`` of its
benchmark, next to its target.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from etcprops import (
    ExactKernel,
    exact_gram,
    exact_squared_distances,
    integer_gram,
    standardized_gram,
    standardized_squared_distances,
)
from etcprops.exact import _bytewise

ROWS, FEATURES = 1216, 30_720
ROUNDS = 5


@pytest.fixture(scope="module")
def z_scores() -> NDArray[np.float64]:
    """Rows of mean zero and variance one in each feature."""
    X = np.random.default_rng(0).standard_normal((ROWS, FEATURES))
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return X


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (ROWS, FEATURES), dtype=np.uint8)


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def ratio_by_turns(subject: Callable[[], object], reference: Callable[[], object]) -> float:
    """Return how many times the reference the subject takes, in the fastest rounds."""
    subject()
    reference()
    times = [(seconds(subject), seconds(reference)) for _ in range(ROUNDS)]
    return min(s for s, _ in times) / min(r for _, r in times)


def peak_beyond_output(function: Callable[[], NDArray[Any]]) -> int:
    """Return how far `function` raises the traced memory at its highest, less its result."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        result = function()
        return tracemalloc.get_traced_memory()[1] - before - result.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("slices", "target"), [(1, 1.6), (2, 3.8), ("dgemm", 7.5)])
def test_exact_gram_of_z_scores(
    benchmark: Any, z_scores: NDArray[np.float64], slices: Any, target: float
) -> None:
    X = z_scores
    ratio = ratio_by_turns(lambda: exact_gram(X, slices=slices), lambda: X @ X.T)
    benchmark.extra_info.update(ratio_to_syrk=ratio, target_ratio=target)
    benchmark.pedantic(exact_gram, args=(X,), kwargs={"slices": slices}, rounds=1)
    assert ratio <= target


@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("function", [standardized_gram, standardized_squared_distances])
def test_z_scored_products_from_pixels(
    benchmark: Any,
    z_scores: NDArray[np.float64],
    pixels: NDArray[np.uint8],
    function: Callable[..., NDArray[np.float64]],
    slices: int,
) -> None:
    X, target = z_scores, {1: 1.8, 2: 3.2}[slices]
    ratio = ratio_by_turns(lambda: function(pixels, slices=slices), lambda: X @ X.T)
    benchmark.extra_info.update(ratio_to_syrk=ratio, target_ratio=target)
    benchmark.pedantic(function, args=(pixels,), kwargs={"slices": slices}, rounds=1)
    assert ratio <= target


def test_fit_and_decide_beside_scikit_learns_own(benchmark: Any) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (400, FEATURES), dtype=np.uint8)
    labels = rng.integers(0, 4, 400)

    def decide(model: Any) -> object:
        return model.fit(pixels[:200], labels[:200]).decision_function(pixels[200:])

    exact = SVC(kernel=ExactKernel("rbf", standardize=True))
    own = make_pipeline(StandardScaler(), SVC())
    with threadpool_limits(1):  # several would slow scikit-learn's own
        ratio = ratio_by_turns(lambda: decide(exact), lambda: decide(own))
    benchmark.extra_info.update(ratio_to_scikit_learn=ratio, target_ratio=1)
    benchmark.pedantic(decide, args=(exact,), rounds=1)
    assert ratio <= 1


@pytest.mark.parametrize(("features", "target"), [(64, 1.6), (256, 1.4), (1024, 1.3)])
@pytest.mark.parametrize("kind", ["rbf", "sigmoid"])
def test_kernels_whose_functions_are_correctly_rounded(
    benchmark: Any, z_scores: NDArray[np.float64], kind: Any, features: int, target: float
) -> None:
    X = np.ascontiguousarray(z_scores[:, :features])
    kernel = ExactKernel(kind, gamma=1 / features)

    def with_numpys_functions() -> None:
        values = exact_squared_distances(X) if kind == "rbf" else exact_gram(X)
        values *= (-1 if kind == "rbf" else 1) / features
        (np.exp if kind == "rbf" else np.tanh)(values, out=values)

    ratio = ratio_by_turns(lambda: kernel(X), with_numpys_functions)
    benchmark.extra_info.update(ratio_to_numpys_functions=ratio, target_ratio=target)
    benchmark.pedantic(kernel, args=(X,), rounds=1)
    assert ratio <= target


def test_error_of_dgemm_choice_is_no_worse_than_that_of_dgemm(
    benchmark: Any, z_scores: NDArray[np.float64]
) -> None:
    # The truth of a sample of entries, the diagonal among them, in rational arithmetic.
    X = z_scores
    own, theirs = exact_gram(X, slices="dgemm"), X @ X.T
    sample = [(0, 0), (1, 1), (0, 1), (5, 900), (77, 1215), (400, 401), (1000, 3), (611, 611)]
    errors = []
    for i, j in sample:
        pairs = zip(X[i].tolist(), X[j].tolist(), strict=True)
        truth = sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(0))
        errors.append([float(abs(Fraction(float(G[i, j])) - truth)) for G in (own, theirs)])
    ours, dgemm = np.max(errors, axis=0)
    benchmark.extra_info.update(largest_error=ours, largest_error_of_dgemm=dgemm)
    benchmark.pedantic(exact_gram, args=(X[:100],), kwargs={"slices": "dgemm"}, rounds=1)
    assert ours <= dgemm


@pytest.mark.parametrize("function", [integer_gram, exact_squared_distances])
def test_pixels_no_slower_than_doubles_through_blas(
    benchmark: Any, pixels: NDArray[np.uint8], function: Callable[..., NDArray[Any]]
) -> None:
    doubles = pixels.astype(np.float64)
    ratio = ratio_by_turns(lambda: function(pixels), lambda: doubles @ doubles.T)
    benchmark.extra_info.update(ratio_to_syrk=ratio, target_ratio=1)
    benchmark.pedantic(function, args=(pixels,), rounds=1)
    assert ratio <= 1


@pytest.mark.parametrize(("route", "target"), [("BLAS", 0.63), ("onnxruntime", 0.5)])
def test_products_of_pixels_by_either_route(
    benchmark: Any,
    pixels: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    route: str,
    target: float,
) -> None:
    multiply = None
    if route == "onnxruntime":
        multiply = _bytewise.installed()
        if multiply is None:
            pytest.skip("the extra fast (onnxruntime) is not installed")
    monkeypatch.setattr(_bytewise, "multiplier", lambda _: multiply)
    doubles = pixels.astype(np.float64)
    ratio = ratio_by_turns(lambda: integer_gram(pixels), lambda: doubles @ doubles.T)
    benchmark.extra_info.update(ratio_to_syrk=ratio, target_ratio=target)
    benchmark.pedantic(integer_gram, args=(pixels,), rounds=1)
    assert ratio <= target


RISE = """
import numpy as np
from pathlib import Path
from etcprops.exact import _bytewise, gram
from etcprops import standardized_gram

def highest():
    return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])

def products(pixels):
    return {work}

products(np.zeros(({rows}, 8), dtype=np.uint8))
pixels = np.random.default_rng(0).integers(0, 256, ({rows}, {features}), dtype=np.uint8)
before = highest()
result = products(pixels)
print((highest() - before - result.nbytes) / pixels.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "work",
    [
        "standardized_gram(pixels)",
        "gram.pixel_distances([pixels], None)",
        "gram.pixel_distances([pixels], _bytewise.installed())",
    ],
)
def test_memory_of_the_process(benchmark: Any, work: str) -> None:
    """As the operating system counts it, what libraries allocate included."""
    script = RISE.format(work=work, rows=ROWS, features=FEATURES)
    command = [sys.executable, "-c", script]
    rise = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603
    benchmark.extra_info.update(rise_in_inputs=rise, target_in_inputs=1)
    benchmark.pedantic(lambda: None, rounds=1)
    assert rise <= 1 + 2**22 / (ROWS * FEATURES)


@pytest.mark.parametrize("slices", [1, 2, "dgemm"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_memory_of_real_rows(
    benchmark: Any, z_scores: NDArray[np.float64], slices: Any, *, symmetric: bool
) -> None:
    X = z_scores
    Y = None if symmetric else X[:600]
    inputs = X.nbytes + (0 if Y is None else Y.nbytes)
    beyond = peak_beyond_output(lambda: exact_gram(X, Y, slices=slices))
    benchmark.extra_info.update(beyond_in_inputs=beyond / inputs, target_in_inputs=2)
    benchmark.pedantic(exact_gram, args=(X[:100],), kwargs={"slices": slices}, rounds=1)
    assert beyond <= inputs + 2**22


@pytest.mark.parametrize("function", [integer_gram, standardized_gram])
def test_memory_of_pixels(
    benchmark: Any, pixels: NDArray[np.uint8], function: Callable[..., NDArray[Any]]
) -> None:
    beyond = peak_beyond_output(lambda: function(pixels))
    benchmark.extra_info.update(beyond_in_inputs=beyond / pixels.nbytes, target_in_inputs=2)
    benchmark.pedantic(function, args=(pixels[:100],), rounds=1)
    of_features = 500 * FEATURES if function is standardized_gram else 0
    assert beyond <= max(pixels.nbytes, 2**25) + 2**22 + of_features
