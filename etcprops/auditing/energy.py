"""Energy distances (Szekely and Rizzo 2004) between samples of runs, from the distances of runs.

A run is one vector of answers. For decisions the distance of two runs is the number that differ,
and the energy distance is the sum over queries and answers of ``(p - p')^2``, ``p`` the share of an
answer in a sample: it sees how each query is answered, not which answers come together. For values
distances are Euclidean, and every difference of distributions is seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def energies(distances: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return energy distances, each of two samples that are given by weights of runs.

    Parameters
    ----------
    distances : ndarray of float64, shape (runs, runs)
        Between all runs.
    weights : ndarray of float64, shape (pairs, runs)
        Of the runs in each pair of samples: positive in the first, negative in the second, and 0 in
        sum. The scale is theirs: 1 over the size of the sample gives the energy distance itself.

    Examples
    --------
    >>> distances = np.array([[0.0, 3.0], [3.0, 0.0]])
    >>> energies(distances, np.array([[1.0, -1.0]]))  # 2 E d(X, Y) - E d(X, X') - E d(Y, Y')
    array([6.])
    """
    return np.asarray(-np.vecdot(weights @ distances, weights))


def numbers_of_differences(runs: NDArray[Any]) -> NDArray[np.float64]:
    """Return in how many decisions each two runs differ.

    Parameters
    ----------
    runs : ndarray, shape (runs, queries)
        Decisions.

    Examples
    --------
    >>> numbers_of_differences(np.array([[1, 1, 1], [1, 2, 3]]))
    array([[0., 2.],
           [2., 0.]])
    """
    # Single precision counts exactly up to 2^24 queries, in half the time.
    exact = np.float32 if runs.shape[1] < 2**24 else np.float64
    indicators: NDArray[Any] = np.concatenate(
        [runs == decision for decision in np.unique(runs)], axis=1, dtype=exact
    )
    agreements = (indicators @ indicators.T).astype(np.float64)
    return np.asarray(runs.shape[1] - agreements)


def squared_distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return squared Euclidean distances between rows, not below 0 by much."""
    norms = np.vecdot(rows, rows)
    return np.asarray(norms[:, None] + norms - 2 * rows @ rows.T)


def roots(squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return distances from their squares; rounding may have left some below 0."""
    distances = np.sqrt(np.maximum(squares, 0.0))
    np.fill_diagonal(distances, 0.0)
    return distances
