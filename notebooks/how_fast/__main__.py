"""Study: how long exact products take, beside BLAS and what the machine can do at most.

``python notebooks/how_fast OUT.svg`` measures by turns, in one run, times against the number of
features, rows, slices and threads, draws them, and prints the exponents and ratios as a table. It
takes some minutes; ``--scale 0.1`` takes a tenth of rows and features, to see that it runs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from etcprops import PixelStatistics, exact_gram, integer_gram, standardized_gram

Work = dict[str, Callable[[], object]]
Times = dict[str, list[float]]
BLAS = "X @ X.T"
LIMITS = ("peak of dgemm", "memory read once")


class Machine(NamedTuple):
    """What was measured of the machine: multiplications with additions, and bytes, per second."""

    products: float
    bandwidth: float


def works(pixels: NDArray[np.uint8], slices: tuple[int, ...] = (2,)) -> Work:
    """Return what is timed on these pixels."""
    z = PixelStatistics(pixels).z_score(pixels)
    of: Work = {BLAS: lambda: z @ z.T, "integer_gram": lambda: integer_gram(pixels)}
    for count in slices:
        of[f"exact_gram, {count}"] = lambda s=count: exact_gram(z, slices=s)
        if count <= 2:
            of[f"standardized_gram, {count}"] = lambda s=count: standardized_gram(pixels, slices=s)
    return of


def medians(of: Work, rounds: int) -> dict[str, float]:
    """Return the median time of each, in seconds, measured by turns."""
    times: Times = {name: [] for name in of}
    for turn in range(rounds + 1):
        for name, work in of.items():
            start = time.perf_counter()
            work()
            if turn:  # the first warms up
                times[name].append(time.perf_counter() - start)
    return {name: median(taken) for name, taken in times.items()}


def measure_machine(edge: int, rounds: int) -> Machine:
    """Return the rates of a square dgemm, and of copying what no cache holds."""
    A = np.random.default_rng(0).random((edge, edge))
    source, target = np.ones((2, 2**25))
    taken = medians({"dgemm": lambda: A @ A, "copy": lambda: np.copyto(target, source)}, rounds)
    return Machine(edge**3 / taken["dgemm"], 2 * source.nbytes / taken["copy"])


def limits(shape: tuple[int, int], machine: Machine) -> dict[str, float]:
    """Return the least times: of half a matrix of products, and of reading doubles once."""
    rows, features = shape
    return {
        LIMITS[0]: rows * (rows + 1) / 2 * features / machine.products,
        LIMITS[1]: 8 * rows * features / machine.bandwidth,
    }


def sweep(shapes: list[tuple[int, int]], machine: Machine, rounds: int) -> Times:
    """Return times of each work for each number of rows and features."""
    times: Times = {}
    rng = np.random.default_rng(0)
    for shape in shapes:
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        found = medians(works(pixels), rounds) | limits(shape, machine)
        for name, value in found.items():
            times.setdefault(name, []).append(value)
    return times


def exponent(sizes: list[int], taken: list[float]) -> float:
    """Return the power of the size that the times follow in the upper half."""
    half = len(sizes) // 2
    slope = np.polyfit(np.log(sizes[half:]), np.log(taken[half:]), 1)[0]
    return float(slope)


def draw(axes: Axes, sizes: list[int], times: Times, label: str) -> None:
    """Draw times against sizes."""
    for name, taken in times.items():
        axes.loglog(sizes, taken, "k:" if name in LIMITS else "o-", label=name, markersize=3)
    axes.set_xlabel(label)
    axes.set_ylabel("seconds")


def main() -> None:
    """Measure, draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size, rounds = (lambda number: max(8, int(number * options.scale))), options.rounds
    machine = measure_machine(size(2048), rounds)
    gigas = machine.products / 1e9, machine.bandwidth / 1e9
    print(f"dgemm: {gigas[0]:.1f} G products/s, memory: {gigas[1]:.1f} GB/s, all threads together")
    figure = Figure(figsize=(11, 8), layout="constrained")
    (by_features, by_rows), (by_slices, by_threads) = figure.subplots(2, 2)

    features = [size(64 * 4**k) for k in range(6)]
    of_features = sweep([(size(400), n) for n in features], machine, rounds)
    draw(by_features, features, of_features, f"features, of {size(400)} rows")
    rows = [size(150 * 2**k) for k in range(5)]
    of_rows = sweep([(m, size(4096)) for m in rows], machine, rounds)
    draw(by_rows, rows, of_rows, f"rows, of {size(4096)} features")
    by_rows.legend(fontsize="small")

    print("| work | exponent of features | of rows | times X @ X.T, largest |\n|---|---|---|---|")
    for name, taken in of_features.items():
        powers = exponent(features, taken), exponent(rows, of_rows[name])
        ratio = of_rows[name][-1] / of_rows[BLAS][-1]
        print(f"| {name} | {powers[0]:.2f} | {powers[1]:.2f} | {ratio:.2f} |")

    shape = size(1216), size(30_720)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    by_slice = medians(works(pixels, (1, 2, 3)), rounds) | limits(shape, machine)
    by_slices.barh(list(by_slice), list(by_slice.values()))
    by_slices.set_xlabel(f"seconds, {shape[0]} rows of {shape[1]} features")
    print("| work | times X @ X.T, {} x {} |\n|---|---|".format(*shape))
    for name, taken_once in by_slice.items():
        print(f"| {name} | {taken_once / by_slice[BLAS]:.2f} |")

    counts = list(range(1, (os.cpu_count() or 1) + 1))
    of_threads: Times = {}
    for count in counts:
        with threadpool_limits(count, user_api="blas"):
            for name, value in medians(works(pixels), rounds).items():
                of_threads.setdefault(name, []).append(value)
    draw(by_threads, counts, of_threads, "threads")
    with mpl.rc_context({"svg.hashsalt": "how fast"}):
        figure.savefig(options.out, metadata={"Date": None})


if __name__ == "__main__":
    main()
