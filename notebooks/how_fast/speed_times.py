"""Times of exact products beside those of BLAS, scikit-learn and the machine at its best.

A plan is a list of groups: what is timed by turns on one matrix. Each group is a few lines of a CSV
file, which are added when it is done, so that an interrupted run goes on where it was.
"""

from __future__ import annotations

import csv
import os
import platform
import tempfile
import time
from collections.abc import Callable
from functools import partial
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_info, threadpool_limits

from etcprops import ExactKernel, PixelStatistics, exact_gram, standardized_gram
from etcprops.exact import _bytewise
from etcprops.exact._pixel_products import by_bytes, by_singles, products

Work = dict[str, Callable[[], object]]
BLAS, OWN = "X @ X.T", "StandardScaler, SVC"
DGEMM, BYTES, COPY = "dgemm", "bytes by onnxruntime", "copy"
WARM = 5.0  # seconds: what takes longer need not be warmed up
SHORT = 0.02  # seconds: what takes less is called so often that it takes as long
BLAS_ROWS = 10_000
"""Of 20,000 rows ``z @ z.T`` in two threads ends the process (OpenBLAS 0.3.30, of NumPy 2.4.6)."""


class Group(NamedTuple):
    """What is timed by turns: the sweep it belongs to, a shape, a number of threads."""

    sweep: str
    rows: int
    features: int
    threads: int


class Point(NamedTuple):
    """A line of the file: the median of so many turns, in seconds of wall-clock time."""

    machine: str
    sweep: str
    rows: int
    features: int
    threads: int
    work: str
    seconds: float
    rounds: int

    @property
    def group(self) -> Group:
        """The group that it is of."""
        return Group(self.sweep, self.rows, self.features, self.threads)


def plan(*, quick: bool) -> list[Group]:
    """Return all groups, those that take long at the end."""
    cores = os.cpu_count() or 1
    scale = 16 if quick else 1
    counts = range(1, cores + 1)
    full = 1216 // scale, 30_720 // scale
    groups = [Group("machine", 2048 // scale, 2048 // scale, count) for count in counts]
    groups += [Group("slices", *full, cores)]
    groups += [Group("threads", *full, count) for count in counts]
    groups += [Group("learning", 300 // scale, 1024 * 2**k // scale, cores) for k in range(6)]
    groups += [Group("features", 128 // scale, 64 * 4**k, cores) for k in range(4 if quick else 8)]
    rows = [500, 1000, 2000, 5000, 10_000, 20_000]
    return [*groups, *(Group("rows", count // scale, 1024 // scale, cores) for count in rows)]


def machine() -> str:
    """Return what tells this machine from others."""
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kinds = {pool.get("architecture") or pool["internal_api"] for pool in blas}
    return f"{platform.machine()}, {os.cpu_count()} cores, BLAS for {', '.join(sorted(kinds))}"


def read(file: Path) -> list[Point]:
    """Return the points of a file, none if there is none."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return [
            Point(
                row["machine"],
                row["sweep"],
                int(row["rows"]),
                int(row["features"]),
                int(row["threads"]),
                row["work"],
                float(row["seconds"]),
                int(row["rounds"]),
            )
            for row in csv.DictReader(lines)
        ]


def measure(
    file: Path, groups: list[Group], rounds: int, progress: Callable[[Group], None]
) -> None:
    """Measure the groups that the file lacks for this machine, and add each to it."""
    here = machine()
    done = {point.group for point in read(file) if point.machine == here}
    for group in groups:
        if group in done:
            continue
        progress(group)
        with threadpool_limits(group.threads, user_api="blas"):
            found = medians(works(group), rounds)
        new = not file.exists()
        with file.open("a", newline="", encoding="utf-8") as lines:
            writer = csv.writer(lines)
            if new:
                writer.writerow(Point._fields)
            for work, seconds in found.items():
                writer.writerow(Point(here, *group, work, float(f"{seconds:.4g}"), rounds))


def medians(of: Work, rounds: int) -> dict[str, float]:
    """Return the median time of each, in seconds, measured by turns."""
    times: dict[str, list[float]] = {name: [] for name in of}
    calls = dict.fromkeys(of, 1)
    for turn in range(rounds + 1):
        for name, work in of.items():
            if len(times[name]) == rounds:
                continue
            start = time.perf_counter()
            for _ in range(calls[name]):
                work()
            taken = (time.perf_counter() - start) / calls[name]
            if turn or taken > WARM:  # the first warms up
                times[name].append(taken)
            calls[name] = max(1, ceil(SHORT / taken))
    return {name: median(taken) for name, taken in times.items()}


def works(group: Group) -> Work:
    """Return what is timed in a group, on random pixels."""
    if group.sweep == "machine":
        return limits_of_machine(group.rows)
    pixels = random_pixels(group)
    if group.sweep == "learning":
        return learning(pixels)
    z = PixelStatistics(pixels).z_score(pixels)
    counts = (1, 2, 3) if group.sweep == "slices" else (2,)
    of: Work = {"integer_gram": lambda: products([pixels], by_singles())}
    if group.rows <= BLAS_ROWS:
        of = {BLAS: lambda: z @ z.T} | of
    multiply = _bytewise.installed()
    if multiply is not None:
        of["integer_gram, onnxruntime"] = lambda: products([pixels], by_bytes(multiply))
    for count in counts:
        of[f"exact_gram, {count}"] = partial(exact_gram, z, slices=count)
        if count <= 2:
            of[f"standardized_gram, {count}"] = partial(standardized_gram, pixels, slices=count)
    return of


def random_pixels(group: Group) -> NDArray[np.uint8]:
    """Return random pixels; those of the sweep over rows in a file that is mapped to memory."""
    shape = group.rows, group.features
    rng = np.random.default_rng(0)
    if group.sweep != "rows":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    with tempfile.TemporaryFile() as file:  # mapped, it stays until nothing needs it
        for start in range(0, group.rows, 1000):
            count = min(1000, group.rows - start)
            file.write(rng.integers(0, 256, (count, group.features), dtype=np.uint8).tobytes())
        file.flush()
        return np.memmap(file, dtype=np.uint8, mode="r", shape=shape)


def limits_of_machine(edge: int) -> Work:
    """Return square products of doubles and of bytes, and a copy of as many doubles, 16-fold."""
    rng = np.random.default_rng(0)
    A, pixels = rng.random((edge, edge)), rng.integers(0, 256, (edge, edge), dtype=np.uint8)
    source = np.ones(16 * edge**2)
    target = np.zeros_like(source)
    of: Work = {DGEMM: lambda: A @ A, COPY: lambda: np.copyto(target, source)}
    multiply = _bytewise.installed()
    if multiply is not None:
        of[BYTES] = lambda: products([pixels, pixels], by_bytes(multiply))
    return of


def learning(pixels: NDArray[np.uint8]) -> Work:
    """Return fitting on two thirds of the rows, and deciding on the others."""
    labels = np.arange(len(pixels)) % 4
    half = 2 * len(pixels) // 3
    machines = {
        "ExactKernel, RBF": SVC(kernel=ExactKernel("rbf", standardize=True)),
        OWN: make_pipeline(StandardScaler(), SVC()),
    }

    def decide(model: Any, name: str) -> object:
        # libsvm's own dot products are the faster for it.
        with threadpool_limits(1 if name == OWN else None, user_api="blas"):
            return model.fit(pixels[:half], labels[:half]).decision_function(pixels[half:])

    return {name: partial(decide, model, name) for name, model in machines.items()}
