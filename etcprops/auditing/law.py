"""Are answers equal in law? A permutation test over many seeds and keys, with its power.

One run says nothing about a distribution. Each side is fitted with many seeds (the encrypted side
with as many keys), every run gives one vector of answers, and the energy statistic of Szekely and
Rizzo compares the two sets of vectors under the Hamming distance. Exchanging runs between the
sides gives its law if both are equal: the level holds exactly.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.verdict import Law

EXCHANGES: Final = 999
SIMULATIONS: Final = 100


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
    rng = np.random.default_rng(seed)
    runs = len(plain)
    codes = np.unique(np.concatenate([plain, encrypted]), return_inverse=True)[1]
    both = codes.reshape(2 * runs, -1)
    sides = _exchanged(runs, rng)
    p_value = _p_value(_hamming(both), sides)
    changed = max(1, round(effect * both.shape[1]))
    noticed = 0
    for _ in range(SIMULATIONS):
        # Both sides are drawn from the runs at hand, so that they have one law before the change.
        sample = both[rng.integers(0, 2 * runs, 2 * runs)]
        queries = rng.choice(both.shape[1], changed, replace=False)
        for query in queries:
            answers, counts = np.unique(sample[:, query], return_counts=True)
            column = sample[runs:, query]
            # A number that is no answer yet: every replaced answer differs from all others.
            column[column == answers[counts.argmax()]] = -1
        noticed += _p_value(_hamming(sample), sides) <= level
    return Law(runs, p_value, level, noticed / SIMULATIONS, effect)


def _exchanged(runs: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return +1 and -1 for the two sides: as they are, then `EXCHANGES` random exchanges."""
    start = np.repeat([1.0, -1.0], runs)
    shuffled = rng.permuted(np.tile(start, (EXCHANGES, 1)), axis=1)
    return np.concatenate([start[None], shuffled])


def _p_value(distances: NDArray[np.float64], sides: NDArray[np.float64]) -> float:
    """Return the share of exchanges with at least the statistic of the first row."""
    # With equal sizes the energy statistic is -s' D s up to a factor that does not change.
    statistic = -np.einsum("ij,ij->i", sides @ distances, sides)
    return float(np.mean(statistic >= statistic[0] - 1e-9 * np.abs(statistic).max()))


def _hamming(runs: NDArray[Any]) -> NDArray[np.float64]:
    """Return the number of queries in which two runs differ, for all pairs."""
    return np.stack([(runs != run).sum(axis=1) for run in runs]).astype(np.float64)
