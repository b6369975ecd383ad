"""Two-sample permutation tests: whether plain and encrypted runs have one distribution.

One run says nothing about a distribution. Each side is fitted with many seeds (the encrypted side
with as many keys), and every run gives one vector of answers. The statistic is the energy distance
of Szekely and Rizzo (2004), of the distances between all runs; runs are exchanged between the
sides. For decisions the distance is the number that differ, for values it is Euclidean. What a test
can notice is measured, not assumed: its power is estimated by simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_array, as_integer, describe, reject
from etcprops.auditing.verdict import TwoSampleTest

EXCHANGES: Final = 999
"""At the least; for a small level as many as make a p-value of half of it possible."""
SIMULATIONS: Final = 100
FEWER: Final = 40
"""Simulations where a small level takes many exchanges."""
ROUNDING: Final = 1e-9
"""Relative difference up to which statistics of values count as equal."""


def exchanged_weights(
    first: int, second: int, permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return weights of the runs of both samples: as they are, then with runs exchanged at random.

    Parameters
    ----------
    first, second : int
        Numbers of runs.
    permutations : int
        How many exchanges.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    ndarray of float64, shape (permutations + 1, first + second)
        Integers that add up to 0 in each row: of each run the size of the sample that it is not
        in, negative for the second sample.

    Examples
    --------
    >>> exchanged_weights(1, 2, 0, np.random.default_rng(0))
    array([[ 2., -1., -1.]])
    """
    sizes = [float(second), -float(first)]
    weights = np.tile(np.repeat(sizes, [first, second]), (permutations + 1, 1))
    rng.permuted(weights[1:], axis=1, out=weights[1:])
    return weights


def p_value_of_distances(
    distances: NDArray[np.float64], weights: NDArray[np.float64], *, rounding: float = 0.0
) -> float:
    """Return the share of exchanges with an energy distance as large as that of the samples.

    Parameters
    ----------
    distances : ndarray of float64, shape (runs, runs)
        Between all runs of both samples.
    weights : ndarray of float64, shape (exchanges, runs)
        As of `exchanged_weights`; the first row is the samples as they are.
    rounding : float, default=0.0
        Relative difference up to which energy distances count as equal; 0 for integers, which are
        added exactly.

    Examples
    --------
    >>> distances = 3.0 * (np.arange(4)[:, None] // 2 != np.arange(4) // 2)
    >>> weights = exchanged_weights(2, 2, 999, np.random.default_rng(0))
    >>> 0.3 < p_value_of_distances(distances, weights) < 0.37  # 2 of 6 ways to exchange
    True
    """
    statistics = -np.vecdot(weights @ distances, weights)
    enough = statistics[0] - rounding * abs(statistics[0])
    return float(np.count_nonzero(statistics >= enough)) / len(weights)


def permutation_p_value(
    first: ArrayLike, second: ArrayLike, *, permutations: int = 199, seed: int = 0
) -> float:
    """Return the p-value of the hypothesis that both samples of decisions have one distribution.

    Parameters
    ----------
    first, second : array_like, shapes (S, q), (S', q)
        Each row the decisions on the same q queries under one independent seed.
    permutations : int, default=199
        How often the samples are mixed.
    seed : int, default=0
        Of the mixing.

    Returns
    -------
    float
        At least ``1 / (permutations + 1)``. If both distributions are the same, it is at most ``a``
        with probability at most ``a``, for every ``a``: rejecting there is a test of level ``a``.

    Raises
    ------
    InvalidParameterError
        If the samples are empty or of different queries, or `permutations` is no positive integer.

    Notes
    -----
    With the share ``p`` of each decision for each query, the statistic is the sum over queries and
    decisions of ``(p - p')^2``: the energy distance for the number of decisions that differ. It is
    computed in integers.

    References
    ----------
    G. J. Szekely, M. L. Rizzo, "Testing for equal distributions in high dimension", InterStat 5
    (2004).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> same, other = rng.integers(0, 2, (2, 50, 9)), rng.integers(0, 3, (50, 9))
    >>> permutation_p_value(*same) > 0.1, permutation_p_value(same[0], other)
    (True, 0.005)
    """
    caller = "permutation_p_value"
    wanted = "be an array (seeds, queries)"
    samples = [as_array(v, n, caller, wanted) for v, n in ((first, "first"), (second, "second"))]
    for name, sample in zip(("first", "second"), samples, strict=True):
        if sample.ndim != 2 or not sample.size or sample.shape[1] != samples[0].shape[1]:
            reject(name, caller, f"{wanted} with the same queries", describe(sample))
    as_integer(permutations, "permutations", caller)
    rng = np.random.default_rng(seed)
    weights = exchanged_weights(len(samples[0]), len(samples[1]), permutations, rng)
    return p_value_of_distances(_numbers_of_differences(np.concatenate(samples)), weights)


def _numbers_of_differences(runs: NDArray[Any]) -> NDArray[np.float64]:
    """Return in how many decisions each two runs differ."""
    # Single precision counts exactly up to 2^24 queries, in half the time.
    exact = np.float32 if runs.shape[1] < 2**24 else np.float64
    indicators: NDArray[Any] = np.concatenate(
        [runs == decision for decision in np.unique(runs)], axis=1, dtype=exact
    )
    agreements = (indicators @ indicators.T).astype(np.float64)
    return np.asarray(runs.shape[1] - agreements)


def rejection_rate(
    draw: Callable[[np.random.Generator], tuple[NDArray[Any], NDArray[Any]]],
    *,
    level: float,
    repetitions: int,
    permutations: int = 199,
    seed: int = 0,
) -> float:
    """Return how often the test rejects at a level: its power against what `draw` draws.

    Parameters
    ----------
    draw : callable
        From a random generator to two samples of decisions.
    level : float
        Rejected where the p-value is at most this.
    repetitions : int
        How many pairs of samples are drawn.
    permutations : int, default=199
        As for `permutation_p_value`.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> def shifted(rng):
    ...     return rng.integers(0, 2, (60, 5)), (rng.random((60, 5)) < 0.8).astype(int)
    >>> rejection_rate(shifted, level=0.01, repetitions=10)
    1.0
    """
    rng = np.random.default_rng(seed)
    rejected = 0
    for trial in range(as_integer(repetitions, "repetitions", "rejection_rate")):
        pair = draw(rng)
        rejected += permutation_p_value(*pair, permutations=permutations, seed=trial) <= level
    return rejected / repetitions


def two_sample_test(
    plain: NDArray[Any],
    encrypted: NDArray[Any],
    *,
    level: float,
    effect: float,
    seed: int,
) -> TwoSampleTest:
    """Test whether two sets of answer vectors come from one distribution.

    Parameters
    ----------
    plain, encrypted : ndarray, shape (runs, queries)
        Labels, one row a run; as many runs on both sides.
    level : float
        Chance of rejecting equal distributions.
    effect : float
        Share of the queries: the power is that against their most frequent answer being replaced
        by another on one side, simulated on the plain runs.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    TwoSampleTest

    See Also
    --------
    two_sample_test_of_values : for numbers.

    References
    ----------
    G. J. Szekely, M. L. Rizzo, "Energy statistics: A class of statistics based on distances",
    Journal of Statistical Planning and Inference 143(8), 1249-1272, 2013.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = rng.integers(0, 2, (40, 50))
    >>> two_sample_test(runs[:20], runs[20:], level=0.05, effect=0.2, seed=0).equal
    True
    >>> two_sample_test(runs[:20], runs[20:] | 1, level=0.05, effect=0.2, seed=0).equal
    False
    """
    runs = len(plain)
    codes = np.unique(np.concatenate([plain, encrypted]), return_inverse=True)[1]
    both = codes.reshape(2 * runs, -1)
    changed = max(1, round(effect * both.shape[1]))
    exchanges = max(EXCHANGES, ceil(2 / level))

    def draw(rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        # Both sides are drawn from the runs at hand, so that they have one distribution before.
        sample = both[rng.integers(0, 2 * runs, 2 * runs)]
        for query in rng.choice(both.shape[1], changed, replace=False):
            answers, counts = np.unique(sample[:, query], return_counts=True)
            column = sample[runs:, query]
            # A number that is no answer yet: what is replaced differs from all others.
            column[column == answers[counts.argmax()]] = -1
        return sample[:runs], sample[runs:]

    simulations = SIMULATIONS if exchanges == EXCHANGES else FEWER
    p_value = permutation_p_value(both[:runs], both[runs:], permutations=exchanges, seed=seed)
    power = rejection_rate(
        draw, level=level, repetitions=simulations, permutations=exchanges, seed=seed
    )
    return TwoSampleTest(runs, p_value, level, power, effect)


def two_sample_test_of_values(
    plain: NDArray[np.float64],
    encrypted: NDArray[np.float64],
    *,
    level: float,
    effect: float,
    seed: int,
) -> TwoSampleTest:
    """Test whether two sets of runs, of rows of numbers each, come from one distribution.

    The statistic is the energy distance with Euclidean distances between runs as a whole.

    Parameters
    ----------
    plain, encrypted : ndarray of float64, shape (runs, queries, columns)
        Finite values, as many runs on both sides.
    level : float
        Chance of rejecting equal distributions.
    effect : float
        Share of the queries: the power is that against their rows being those of other queries on
        one side, simulated on the runs.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    TwoSampleTest

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = rng.standard_normal((40, 30, 2))
    >>> two_sample_test_of_values(runs[:20], runs[20:], level=0.05, effect=0.2, seed=0).equal
    True
    >>> two_sample_test_of_values(runs[:20], 2 * runs[20:], level=0.05, effect=0.2, seed=0).equal
    False
    """
    runs, queries = plain.shape[:2]
    both = np.concatenate([plain, encrypted])
    means = both.mean(axis=0)
    rng = np.random.default_rng(seed)
    exchanges = max(EXCHANGES, ceil(2 / level))
    weights = exchanged_weights(runs, runs, exchanges, rng)
    # Less the mean of all runs, so that differences of squares lose no digits.
    squares = _squares(both - means)

    def simulated() -> NDArray[np.float64]:
        sample = rng.integers(0, 2 * runs, 2 * runs)
        chosen = rng.choice(queries, max(1, round(effect * queries)), replace=False)
        others = (chosen + rng.integers(1, max(queries, 2), len(chosen))) % queries
        own = both[sample][:, chosen] - means[chosen]
        changed = own.copy()
        changed[runs:] = both[sample[runs:]][:, others] - means[chosen]
        whole = squares[np.ix_(sample, sample)]
        return np.asarray(whole - _squares(own) + _squares(changed))

    def p_value(squares: NDArray[np.float64]) -> float:
        distances = np.sqrt(np.maximum(squares, 0.0))
        np.fill_diagonal(distances, 0.0)
        return p_value_of_distances(distances, weights, rounding=ROUNDING)

    simulations = SIMULATIONS if exchanges == EXCHANGES else FEWER
    power = np.mean([p_value(simulated()) <= level for _ in range(simulations)])
    return TwoSampleTest(runs, p_value(squares), level, float(power), effect)


def _squares(runs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared distances between runs, taken as vectors."""
    flat = runs.reshape(len(runs), -1)
    norms = np.vecdot(flat, flat)
    return np.asarray(norms[:, None] + norms - 2 * flat @ flat.T)
