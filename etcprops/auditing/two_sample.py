"""Two-sample tests: whether plain and encrypted runs have one distribution.

One run says nothing about a distribution. Each side is fitted with many seeds (the encrypted side
with as many keys), and every run gives one vector of answers. That the sides *differ* is said where
a permutation test of their energy distance rejects, at its level; that they are *equal* where
equivalence tests exclude stated differences. Where neither speaks, nothing is shown.
"""

from __future__ import annotations

from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etcprops._validation import as_array, as_integer, describe, reject
from etcprops.auditing.energy import energies, numbers_of_differences, roots, squared_distances
from etcprops.auditing.equivalence import ROUNDING, excluded_of_decisions, excluded_of_values
from etcprops.auditing.verdict import TwoSampleTest

EXCHANGES: Final = 999
"""At the least; for a small level as many as make a p-value of half of it possible."""


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
    statistics = energies(distances, weights)
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
    return p_value_of_distances(numbers_of_differences(np.concatenate(samples)), weights)


def two_sample_test(
    plain: NDArray[Any], encrypted: NDArray[Any], *, level: float, seed: int
) -> TwoSampleTest:
    """Test whether two sets of answer vectors come from one distribution.

    Parameters
    ----------
    plain, encrypted : ndarray, shape (runs, queries)
        Labels, one row a run; as many runs on both sides.
    level : float
        Chance of calling equal distributions different.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    TwoSampleTest

    See Also
    --------
    two_sample_test_of_values : for numbers.
    etcprops.auditing.equivalence : what is excluded, and why no level enters there.

    References
    ----------
    G. J. Szekely, M. L. Rizzo, "Energy statistics: A class of statistics based on distances",
    Journal of Statistical Planning and Inference 143(8), 1249-1272, 2013.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = (rng.random((40, 50)) < 0.1).astype(int)
    >>> two_sample_test(runs[:20], runs[20:], level=0.05, seed=0).equal
    True
    >>> two_sample_test(runs[:20], 1 - runs[20:], level=0.05, seed=0).different
    True
    """
    runs = len(plain)
    codes = np.unique(np.concatenate([plain, encrypted]), return_inverse=True)[1]
    both = codes.reshape(2 * runs, -1)
    p_value = permutation_p_value(
        both[:runs], both[runs:], permutations=_exchanges(level), seed=seed
    )
    return TwoSampleTest(runs, p_value, level, excluded_of_decisions(both, seed=seed))


def two_sample_test_of_values(
    plain: NDArray[np.float64], encrypted: NDArray[np.float64], *, level: float, seed: int
) -> TwoSampleTest:
    """Test whether two sets of runs, of rows of numbers each, come from one distribution.

    The statistic is the energy distance with Euclidean distances between runs as a whole.

    Parameters
    ----------
    plain, encrypted : ndarray of float64, shape (runs, queries, columns)
        Finite values, as many runs on both sides.
    level : float
        Chance of calling equal distributions different.
    seed : int
        Of the exchanges and of the simulation.

    Returns
    -------
    TwoSampleTest

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = 9 * rng.standard_normal((30, 2)) + rng.standard_normal((40, 30, 2))
    >>> two_sample_test_of_values(runs[:20], runs[20:], level=0.05, seed=0).equal
    True
    >>> two_sample_test_of_values(runs[:20], 2 * runs[20:], level=0.05, seed=0).different
    True
    """
    runs = len(plain)
    both = np.concatenate([plain, encrypted])
    weights = exchanged_weights(runs, runs, _exchanges(level), np.random.default_rng(seed))
    # Less the mean of all runs, so that differences of squares lose no digits.
    distances = roots(squared_distances((both - both.mean(axis=0)).reshape(2 * runs, -1)))
    p_value = p_value_of_distances(distances, weights, rounding=ROUNDING)
    return TwoSampleTest(runs, p_value, level, excluded_of_values(both, seed=seed))


def _exchanges(level: float) -> int:
    return max(EXCHANGES, ceil(2 / level))
