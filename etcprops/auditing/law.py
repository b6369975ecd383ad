"""Are answers equal in law? A permutation test over many seeds and keys, with its power.

One run says nothing about a distribution. Each side is fitted with many seeds (the encrypted side
with as many keys), every run gives one vector of answers, and `etcprops.two_sample` compares both
sets of vectors.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.verdict import Law
from etcprops.two_sample import permutation_p_value, rejection_rate

EXCHANGES: Final = 999
"""At the least; for a small level as many as make a p-value of half of it possible."""
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

    p_value = permutation_p_value(both[:runs], both[runs:], permutations=exchanges, seed=seed)
    power = rejection_rate(
        draw, level=level, repetitions=SIMULATIONS, permutations=exchanges, seed=seed
    )
    return Law(runs, p_value, level, power, effect)
