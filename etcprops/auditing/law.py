"""Are answers equal in law? A permutation test over many seeds and keys, with its power.

One run says nothing about a distribution. Each side is fitted with many seeds (the encrypted side
with as many keys), every run gives one vector of answers, and both sets of vectors are compared:
decisions by `etcprops.auditing.two_sample`, values by the energy distance here.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.two_sample import permutation_p_value, rejection_rate
from etcprops.auditing.verdict import Law

EXCHANGES: Final = 999
"""At the least; for a small level as many as make a p-value of half of it possible."""
SIMULATIONS: Final = 100
FEWER: Final = 40
"""Simulations where a small level takes many exchanges."""


def two_sample_test(
    plain: NDArray[Any],
    encrypted: NDArray[Any],
    *,
    level: float,
    effect: float,
    seed: int,
) -> Law:
    """Test whether two sets of answer vectors come from one distribution.

    Parameters
    ----------
    plain, encrypted : ndarray, shape (runs, queries)
        Labels, one row a run; as many runs on both sides.
    level : float
        Chance of rejecting equal laws.
    effect : float
        Share of the queries: the power is that against their most frequent answer being replaced
        by another on one side, simulated on the plain runs.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    Law

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
        # Both sides are drawn from the runs at hand, so that they have one law before the change.
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
    return Law(runs, p_value, level, power, effect)


def two_sample_test_of_values(
    plain: NDArray[np.float64],
    encrypted: NDArray[np.float64],
    *,
    level: float,
    effect: float,
    seed: int,
) -> Law:
    """Test whether two sets of runs, of rows of numbers each, come from one distribution.

    The statistic is the energy distance with Euclidean distances between runs as a whole.

    Parameters
    ----------
    plain, encrypted : ndarray of float64, shape (runs, queries, columns)
        Finite values, as many runs on both sides.
    level : float
        Chance of rejecting equal laws.
    effect : float
        Share of the queries: the power is that against their rows being those of other queries on
        one side, simulated on the runs.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    Law

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
    sides = np.repeat([1.0, -1.0], runs)
    exchanges = max(EXCHANGES, ceil(2 / level))
    mixed = np.tile(sides, (exchanges + 1, 1))
    rng.permuted(mixed[1:], axis=1, out=mixed[1:])
    # Less the mean of all runs, so that differences of squares lose no digits.
    squares = _squares(both - means, both - means)

    def simulated() -> float:
        sample = rng.integers(0, 2 * runs, 2 * runs)
        chosen = rng.choice(queries, max(1, round(effect * queries)), replace=False)
        others = (chosen + rng.integers(1, max(queries, 2), len(chosen))) % queries
        own = both[sample][:, chosen] - means[chosen]
        changed = own.copy()
        changed[runs:] = both[sample[runs:]][:, others] - means[chosen]
        whole = squares[np.ix_(sample, sample)] - _squares(own, own) + _squares(changed, changed)
        return _p_value(whole, mixed)

    simulations = SIMULATIONS if exchanges == EXCHANGES else FEWER
    power = np.mean([simulated() <= level for _ in range(simulations)])
    return Law(runs, _p_value(squares, mixed), level, float(power), effect)


def _squares(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared distances between runs, taken as vectors."""
    a, b = first.reshape(len(first), -1), second.reshape(len(second), -1)
    return np.asarray(np.vecdot(a, a)[:, None] + np.vecdot(b, b) - 2 * a @ b.T)


def _p_value(squares: NDArray[np.float64], mixed: NDArray[np.float64]) -> float:
    """Return the share of the exchanges with an energy distance as large as that of the first."""
    distances = np.sqrt(np.maximum(squares, 0.0))
    np.fill_diagonal(distances, 0.0)
    statistics = -np.vecdot(mixed @ distances, mixed)
    # Exchanges that give the same distance but for rounding count as as large.
    enough = statistics[0] - 1e-9 * abs(statistics[0])
    return float(np.count_nonzero(statistics >= enough)) / len(mixed)
