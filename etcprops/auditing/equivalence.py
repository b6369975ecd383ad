"""Equivalence tests: which differences between two samples of runs are excluded, being so alike.

A test that does not reject shows nothing by that: one without power never rejects. Here what is to
be refuted is a *difference* (Schuirmann 1987; Wellek 2010). Samples that differ in a stated way, by
a stated share, are drawn from the runs at hand. The difference is excluded if at most a tenth of
them are as close as those at hand: had it been there, the samples would have been further apart
with a probability of 0.9. No level of another test enters. And it is a tenth of those that are as
close where nothing differs (Read 2002), so that luck excludes nothing to which the test is blind.

Errors. Samples are called equal if every stated difference is excluded at its margin: an
intersection-union test (Berger 1982), each at the full `SIZE` with no correction for their number,
and one equality is not called more easily for others that are tested too. It is the claim that
distributions *differ* that needs one: its level is divided by the number of tests (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.auditing.energy import energies, numbers_of_differences, roots, squared_distances
from etcprops.auditing.verdict import Excluded

SIZE: Final = 0.1
"""Chance of excluding a difference that is there: 1 less the power with which it is found."""
QUERIES_MARGIN: Final = 0.05
"""Share of the queries; of fewer than 20 queries, one."""
RUNS_MARGIN: Final = 0.25
SIMULATIONS: Final = 200
SETS: Final = 10
"""Of queries with rows of others, each for as many of the simulations."""
SHARES: Final = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Which are tried."""
ROUNDING: Final = 1e-9
"""Relative difference up to which energy distances of values count as equal."""

Simulate = Callable[[float], NDArray[np.float64]]
"""From a share to energy distances of samples that differ by it."""


def smallest_excluded(
    simulate: Simulate, observed: float, shares: Sequence[float] = SHARES
) -> float:
    """Return the smallest share of a difference that is excluded; infinity if none is.

    Parameters
    ----------
    simulate : callable
        Returns energy distances of samples that differ by a share, which grow with the share.
    observed : float
        The energy distance of the samples at hand.
    shares : sequence of float
        Rising. Which to try, by bisection.

    References
    ----------
    A. L. Read, "Presentation of search results: the CLs technique", Journal of Physics G 28(10),
    2693-2704, 2002.

    Examples
    --------
    >>> noise = np.arange(99.0)
    >>> smallest_excluded(lambda share: 100 * share + noise, 49.5)
    0.5
    >>> smallest_excluded(lambda share: noise, 0.5)  # blind: close, but by luck
    inf
    """

    def as_close(share: float) -> int:
        return int(np.count_nonzero(simulate(share) <= observed + ROUNDING * abs(observed)))

    if not (alike := as_close(0.0)):
        return inf
    low, high = 0, len(shares)
    while low < high:
        middle = (low + high) // 2
        excluded = as_close(shares[middle]) <= SIZE * alike
        low, high = (low, middle) if excluded else (middle + 1, high)
    return shares[low] if low < len(shares) else inf


def mixtures(distances: NDArray[np.float64], runs: int, *, pool: int, seed: int) -> Simulate:
    """Return what simulates samples of which the second has a share of other runs.

    Parameters
    ----------
    distances : ndarray of float64, shape (N, N)
        Between the runs at hand, `pool` of them, and the others.
    runs : int
        In each sample.
    pool : int
        How many come first.
    seed : int
        Of the draws; those for one share are among those for a larger one.

    Returns
    -------
    callable
        From the share, the probability of each run of the second sample to be another, to energy
        distances, shape (SIMULATIONS,), in units of ``1 / runs**2``.
    """
    rng = np.random.default_rng(seed)
    size = len(distances)
    sizes = (SIMULATIONS, runs)
    first, second = rng.integers(0, pool, (2, *sizes))
    others, chance = rng.integers(pool, size, sizes), rng.random(sizes)

    def simulate(share: float) -> NDArray[np.float64]:
        mixed = np.where(chance < share, others, second)
        return energies(distances, _counts(first, size) - _counts(mixed, size))

    return simulate


def _counts(drawn: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """Return how often each of `size` runs is drawn in each row."""
    rows = np.arange(len(drawn))[:, None] * size
    counts = np.bincount((rows + drawn).ravel(), minlength=len(drawn) * size)
    return counts.reshape(len(drawn), size).astype(np.float64)


def excluded_mixture(
    first: NDArray[Any], second: NDArray[Any], others: NDArray[Any], *, seed: int = 0
) -> float:
    """Return the smallest share of other runs in the second sample that is excluded.

    Parameters
    ----------
    first, second : ndarray, shape (runs, queries)
        Decisions, as many runs in both.
    others : ndarray, shape (any, queries)
        Decisions of which the second sample may have some.
    seed : int, default=0
        Of the simulation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> first, second, others = rng.integers(0, [[[2]], [[2]], [[3]]], (3, 100, 40))
    >>> excluded_mixture(first, second, others)
    0.2
    """
    pool, runs = len(first) + len(second), len(first)
    distances = numbers_of_differences(np.concatenate([first, second, others]))
    observed = _observed(distances[:pool, :pool])
    return smallest_excluded(mixtures(distances, runs, pool=pool, seed=seed), observed)


def excluded_of_decisions(both: NDArray[Any], *, seed: int) -> tuple[Excluded, ...]:
    """Return which share of queries, and of runs, that are answered otherwise is excluded.

    Parameters
    ----------
    both : ndarray, shape (2 * runs, queries)
        Decisions of both samples, the first one's first.
    seed : int
        Of the simulation.

    Examples
    --------
    >>> runs = np.random.default_rng(0).integers(0, 2, (80, 100))
    >>> for difference in excluded_of_decisions(runs, seed=0):
    ...     print(difference)
    1 % of the queries always answered otherwise (margin 5 %)
    15 % of the runs answering otherwise (margin 25 %)
    """
    runs, queries = len(both) // 2, both.shape[1]
    distances = numbers_of_differences(both)
    observed = _observed(distances)
    # A second copy of each run whose answers are all other ones, as if they were renamed.
    apart = np.full_like(distances, queries)
    renamed = np.block([[distances, apart], [apart, distances]])
    shares = _shares(queries)
    of_queries = smallest_excluded(_queries_renamed(both, distances, seed), observed, shares)
    simulate = mixtures(renamed, runs, pool=2 * runs, seed=seed)
    of_runs = smallest_excluded(simulate, observed)
    return _described(
        of_queries, of_runs, queries, ("always answered otherwise", "answering otherwise")
    )


def _queries_renamed(both: NDArray[Any], distances: NDArray[np.float64], seed: int) -> Simulate:
    """Return what simulates samples with no common answer to a share of the queries."""
    rng = np.random.default_rng(seed)
    size, queries = both.shape
    first, second = (
        _counts(rng.integers(0, size, (SIMULATIONS, size // 2)), size) for _ in range(2)
    )
    common = np.zeros((SIMULATIONS, queries))
    for answer in np.unique(both):
        indicator = (both == answer).astype(np.float64)
        common += (first @ indicator) * (second @ indicator)
    # With no answer in common (p - p')^2 becomes p^2 + p'^2. Queries are taken in random order.
    gains = np.cumsum(2 * rng.permuted(common, axis=1), axis=1)
    gains = np.insert(gains, 0, 0.0, axis=1)
    alike = energies(distances, first - second)
    return lambda share: np.asarray(alike + gains[:, round(share * queries)])


def excluded_of_values(both: NDArray[np.float64], *, seed: int) -> tuple[Excluded, ...]:
    """Return which share of queries, and of runs, with the rows of other queries is excluded.

    Parameters
    ----------
    both : ndarray of float64, shape (2 * runs, queries, columns)
        Values of both samples, the first one's first.
    seed : int
        Of the simulation.

    Examples
    --------
    >>> runs = np.arange(20.0)[:, None] + np.random.default_rng(0).random((60, 20, 1))
    >>> for difference in excluded_of_values(runs, seed=0):
    ...     print(difference)
    5 % of the queries with rows of other queries (margin 5 %)
    10 % of the runs with rows of other queries (margin 25 %)
    """
    runs, queries = len(both) // 2, both.shape[1]
    # Less the mean of all runs, so that differences of squares lose no digits.
    centred = both - both.mean(axis=(0, 1))
    moved = np.concatenate([centred, np.roll(centred, 1, axis=1)])
    distances = roots(squared_distances(moved.reshape(4 * runs, -1)))
    observed = _observed(distances[: 2 * runs, : 2 * runs])
    shares = _shares(queries)
    of_queries = smallest_excluded(_queries_moved(both, seed), observed, shares)
    of_runs = smallest_excluded(mixtures(distances, runs, pool=2 * runs, seed=seed), observed)
    how = "with rows of other queries"
    return _described(of_queries, of_runs, queries, (how, how))


def _queries_moved(both: NDArray[np.float64], seed: int) -> Simulate:
    """Return what simulates samples with rows of other queries at a share of the queries."""
    rng = np.random.default_rng(seed)
    size, queries = both.shape[:2]
    centred = both - both.mean(axis=0)
    squares = squared_distances(centred.reshape(size, -1))
    weights = [
        np.hstack([_counts(first, size), -_counts(second, size)])
        for first, second in rng.integers(0, size, (SETS, 2, SIMULATIONS // SETS, size // 2))
    ]
    orders = rng.permuted(np.tile(np.arange(queries), (SETS, 1)), axis=1)
    steps = rng.integers(1, max(queries, 2), (SETS, queries))

    def distances(chosen: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float64]:
        """Between all runs, as they are and with rows of other queries."""
        rows = [both[:, of] - both[:, chosen].mean(axis=0) for of in (chosen, others)]
        parts = squared_distances(np.concatenate(rows).reshape(2 * size, -1))
        return roots(np.tile(squares - parts[:size, :size], (2, 2)) + parts)

    def simulate(share: float) -> NDArray[np.float64]:
        count = round(share * queries)
        found = []
        for order, step, pairs in zip(orders, steps, weights, strict=True):
            chosen = order[:count]
            others = (chosen + step[:count]) % queries
            found.append(energies(distances(chosen, others), pairs))
        return np.concatenate(found)

    return simulate


def _observed(distances: NDArray[np.float64]) -> float:
    """Return the energy distance of both halves, in units of one over the squared size."""
    weights = np.repeat([[1.0, -1.0]], len(distances) // 2, axis=1)
    return float(energies(distances, weights)[0])


def _shares(queries: int) -> list[float]:
    """Return the shares to try as whole numbers of queries, at least one."""
    return sorted({max(1, int(share * queries + 1e-9)) / queries for share in SHARES})


def _described(
    of_queries: float, of_runs: float, queries: int, how: tuple[str, str]
) -> tuple[Excluded, ...]:
    margin = max(QUERIES_MARGIN, 1 / queries)
    return (
        Excluded(f"queries {how[0]}", of_queries, margin),
        Excluded(f"runs {how[1]}", of_runs, RUNS_MARGIN),
    )
