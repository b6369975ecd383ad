"""How often a two-sample test says equal, and different, of samples whose truth is known.

Both errors are held against what they may be: equal distributions that are called different, and
differences of the margin's size that are called equal.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.equivalence import QUERIES_MARGIN, RUNS_MARGIN, SIZE
from etcprops.auditing.verdict import TwoSampleTest

Sample = NDArray[Any]
Model = Callable[[np.random.Generator, int], Sample]
"""Draws runs, shape (runs, queries), of one distribution."""
Truth = Callable[[np.random.Generator, Sample], Sample]
"""Changes the runs of the second sample."""

OTHER = 1000
"""Added to answers that are to be otherwise."""


def quiet(queries: int) -> Model:
    """Return a model that mostly answers the same, as forests do; some queries are harder."""
    usual = np.arange(queries) % 10
    noise = 0.3 * np.arange(queries) / queries

    def draw(rng: np.random.Generator, runs: int) -> Sample:
        shape = (runs, queries)
        return np.asarray(np.where(rng.random(shape) < noise, rng.integers(0, 10, shape), usual))

    return draw


def coins(queries: int) -> Model:
    """Return a model that tosses a coin for each query."""
    return lambda rng, runs: rng.integers(0, 2, (runs, queries))


def together(queries: int) -> Model:
    """Return a model that takes one of two ways for all queries at once, and then errs a little."""
    ways = np.stack([np.arange(queries) % 10, np.arange(queries) % 7])

    def draw(rng: np.random.Generator, runs: int) -> Sample:
        way = ways[(rng.random(runs) < 0.3).astype(int)]
        wrong = rng.random(way.shape) < 0.1
        return np.asarray(np.where(wrong, rng.integers(0, 10, way.shape), way))

    return draw


def heights(queries: int) -> Model:
    """Return a model whose answers are numbers, two deviations apart."""
    return lambda rng, runs: 2.0 * np.arange(queries) + rng.standard_normal((runs, queries))


def otherwise(runs: Sample) -> Sample:
    """Return answers that are none of those before; of numbers, those to other queries."""
    return np.roll(runs, 1, axis=1) if runs.dtype.kind == "f" else runs + OTHER


def equal(_rng: np.random.Generator, runs: Sample) -> Sample:
    """Change nothing."""
    return runs


def some_queries(rng: np.random.Generator, runs: Sample) -> Sample:
    """Answer as many queries otherwise, always, as the margin says."""
    changed = runs.copy()
    count = round(QUERIES_MARGIN * runs.shape[1])
    chosen = rng.choice(runs.shape[1], count, replace=False)
    changed[:, chosen] = otherwise(runs)[:, chosen]
    return changed


def some_runs(rng: np.random.Generator, runs: Sample) -> Sample:
    """Answer otherwise in as many runs as the margin says."""
    chosen = rng.random((len(runs), 1)) < RUNS_MARGIN
    return np.where(chosen, otherwise(runs), runs)


def every_run(_rng: np.random.Generator, runs: Sample) -> Sample:
    """Answer everything otherwise."""
    return otherwise(runs)


def rates(
    test: Callable[..., TwoSampleTest],
    model: Model,
    truth: Truth,
    *,
    repetitions: int,
    level: float,
    runs: int = 20,
) -> tuple[float, float]:
    """Return the shares of pairs of samples that are called different, and equal."""
    rng = np.random.default_rng(1)
    different = same = 0
    for seed in range(repetitions):
        first, second = model(rng, runs), truth(rng, model(rng, runs))
        found = test(first, second, level=level, seed=seed)
        different += found.different
        same += found.equal
    return different / repetitions, same / repetitions


def assert_errors_are_controlled(
    test: Callable[..., TwoSampleTest],
    model: Model,
    *,
    repetitions: int,
    power: float,
    level: float = 0.05,
    runs: int = 20,
) -> None:
    """Hold both errors against their bounds, and the power to say anything against `power`.

    Three standard deviations of a share are allowed for.
    """

    def found(truth: Truth) -> tuple[float, float]:
        return rates(test, model, truth, repetitions=repetitions, level=level, runs=runs)

    def at_most(bound: float) -> float:
        return bound + 3 * sqrt(bound * (1 - bound) / repetitions)

    different, same = found(equal)
    assert different <= at_most(level), f"equal ones called different: {different}"
    assert same >= power, f"equal ones called equal only: {same}"
    for truth in (some_queries, some_runs):
        same = found(truth)[1]
        assert same <= at_most(SIZE), f"{truth.__name__} otherwise, called equal: {same}"
    different, same = found(every_run)
    assert different == 1.0, f"nothing in common, called different only: {different}"
