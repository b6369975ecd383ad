"""Is the law of decisions the same? A permutation test for samples of whole vectors of decisions.

The statistic is the energy distance of Szekely and Rizzo (2004) for the number of decisions that
differ. What the test can notice is measured, not assumed: see `rejection_rate`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, as_integer, describe, reject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def permutation_p_value(
    first: ArrayLike, second: ArrayLike, *, permutations: int = 199, seed: int = 0
) -> float:
    """Return the p-value of the hypothesis that both samples of decisions have one law.

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
        At least ``1 / (permutations + 1)``. If both laws are the same, it is at most ``a`` with
        probability at most ``a``, for every ``a``: rejecting there is a test of level ``a``.

    Raises
    ------
    InvalidParameterError
        If the samples are empty or of different queries, or `permutations` is no positive integer.

    Notes
    -----
    With the share ``p`` of each decision for each query, the statistic is the sum over queries and
    decisions of ``(p - p')^2``, in integers.

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
    pooled = np.concatenate(samples)
    decisions = np.unique(pooled)
    # Single precision counts exactly up to 2^24 queries, in half the time.
    exact = np.float32 if pooled.shape[1] < 2**24 else np.float64
    indicators: NDArray[Any] = np.concatenate(
        [pooled == decision for decision in decisions], axis=1, dtype=exact
    )
    # Sizes as weights in place of shares: sums of integers, the same in any order.
    weights = np.repeat(
        [float(len(samples[1])), -float(len(samples[0]))], [len(s) for s in samples]
    )
    rng = np.random.default_rng(seed)
    mixed = np.tile(weights, (permutations + 1, 1))
    rng.permuted(mixed[1:], axis=1, out=mixed[1:])
    # |mixed @ indicators|^2 by way of the few samples instead of the many queries.
    statistics = np.vecdot(mixed @ (indicators @ indicators.T).astype(np.float64), mixed)
    return float(1 + np.count_nonzero(statistics[1:] >= statistics[0])) / (permutations + 1)


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
