"""Comparing the answers of two models: which relation holds between them, and how closely.

Labels of classes are compared as they are and those of clusters up to renaming. Rows of a
transformer may move with the encryption: columns may change their order, sign and offset, or the
rows may be rotated as a whole; the first of these that holds is the relation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from etcprops.auditing.predictions import Predictions
from etcprops.auditing.verdict import Comparison

LARGEST_MATCHED = 512
"""Columns up to which transformers' outputs are matched column by column."""


def compare(plain: Predictions, encrypted: Predictions, *, tolerance: float) -> Comparison:
    """Compare what a model answered on plain and on encrypted images.

    Parameters
    ----------
    plain, encrypted : Predictions
        Of the same queries in the same order.
    tolerance : float
        How far values that are the answer themselves (of regressors, transformers) may differ, in
        units of their spread, and still count as the same answer.

    Returns
    -------
    Comparison
    """
    if plain.decisions is not None and encrypted.decisions is not None:
        return _compare_decisions(plain, encrypted)
    before, after = plain.values, encrypted.values
    if before is None or after is None or before.shape != after.shape:
        shapes = [None if v is None else v.shape for v in (before, after)]
        size = 1 if before is None else len(before)
        text = f"answers of shape {shapes[0]} plain, {shapes[1]} encrypted"
        return Comparison(size, size, False, np.nan, 0.0, failure=text)
    relation, related = "equal", after
    if plain.kind == "transformer" and not _close(before, after, tolerance):
        relation, related, before = _relate(before, after, tolerance)
    return _compare_values(before, related, tolerance, relation)


def _compare_decisions(plain: Predictions, encrypted: Predictions) -> Comparison:
    """Compare labels, and decision values where both have them."""
    before, after = np.asarray(plain.decisions), np.asarray(encrypted.decisions)
    relation = "equal"
    if plain.kind == "clusterer" and not np.array_equal(before, after):
        after, relation = _renamed(before, after), "up to the names of the clusters"
    if before.shape != after.shape:
        text = f"answers of shape {before.shape} plain, {after.shape} encrypted"
        return Comparison(len(before), len(before), False, np.nan, 0.0, failure=text)
    different = before != after
    if different.ndim > 1:
        different = different.any(axis=1)
    count = int(np.count_nonzero(different))
    largest, spread, bitwise = np.nan, 0.0, count == 0
    values, others = plain.values, encrypted.values
    if values is not None and others is not None and values.shape == others.shape:
        bitwise &= values.tobytes() == others.tobytes()
        largest, spread = _distance(values, others), _spread(values)
    first = -1
    if count:
        places = np.flatnonzero(different)
        first = int(places[np.argmin(margins(plain)[places])])
    return Comparison(len(before), count, bitwise, largest, spread, relation, first)


def _compare_values(
    before: NDArray[np.float64], after: NDArray[np.float64], tolerance: float, relation: str
) -> Comparison:
    """Compare values that are the answers themselves."""
    spread = _spread(before)
    worst = _gaps(before, after).reshape(len(before), -1).max(axis=1, initial=0.0)
    different = worst > tolerance * spread
    bitwise = before.shape == after.shape and bool((worst == 0).all())
    first = int(worst.argmax()) if different.any() else -1
    count = int(np.count_nonzero(different))
    return Comparison(
        len(before), count, bitwise, float(worst.max()), spread, relation, first_different=first
    )


def margins(answers: Predictions) -> NDArray[np.float64]:
    """Return by how much each decision was won, NaN where there are no decision values."""
    values = answers.values
    size = len(np.asarray(answers.decisions if values is None else values))
    if values is None or answers.decisions is None:
        return np.full(size, np.nan)
    columns = values.reshape(size, -1)
    if columns.shape[1] == 1:
        return np.abs(columns[:, 0])
    largest = np.sort(columns, axis=1)
    return np.asarray(largest[:, -1] - largest[:, -2])


def _spread(values: NDArray[np.float64]) -> float:
    """Return the largest less the smallest finite value, 1 if that is 0."""
    finite = values[np.isfinite(values)]
    spread = float(np.ptp(finite)) if finite.size else 0.0
    # Constant values have no spread: their own magnitude is the measure.
    return spread or float(np.abs(finite).max(initial=0.0)) or 1.0


def _distance(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    return float(_gaps(before, after).max(initial=0.0))


def _gaps(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return differences; equal infinities do not differ, nor do NaN and NaN, but NaN and 1 do."""
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    with np.errstate(invalid="ignore"):
        gaps = np.where(same, 0.0, np.abs(before - after))
    return np.asarray(np.nan_to_num(gaps, nan=np.inf))


def _close(before: NDArray[np.float64], after: NDArray[np.float64], tolerance: float) -> bool:
    return _distance(before, after) <= tolerance * _spread(before)


def _renamed(before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
    """Return `after` with its labels renamed to agree with `before` as often as possible.

    Noise, the label -1, keeps its name.
    """
    names, rows = np.unique(before, return_inverse=True)
    others, columns = np.unique(after, return_inverse=True)
    if before.shape != after.shape:
        return after
    counts = np.zeros((len(names), len(others)))
    np.add.at(counts, (rows.ravel(), columns.ravel()), 1)
    counts[np.ix_(names == -1, others != -1)] = -1
    counts[np.ix_(names != -1, others == -1)] = -1
    fresh = names.max(initial=0) + 1 + np.arange(len(others))
    for i, j in zip(*linear_sum_assignment(-counts), strict=True):
        if counts[i, j] >= 0:
            fresh[j] = names[i]
    fresh[others == -1] = -1
    return np.asarray(fresh[columns].reshape(after.shape))


def _relate(
    before: NDArray[np.float64], after: NDArray[np.float64], tolerance: float
) -> tuple[str, NDArray[np.float64], NDArray[np.float64]]:
    """Return the first relation that holds, and both outputs so that they should be equal."""
    rows, others = (v.reshape(len(v), -1) for v in (before, after))
    signs = np.sign((rows * others).sum(axis=0))
    related = others * np.where(signs == 0, 1.0, signs)
    if _close(rows, related, tolerance):
        return "up to the signs of the columns", related, rows
    if rows.shape[1] <= LARGEST_MATCHED and np.isfinite([rows, others]).all():
        related = _matched(rows, others)
        if _close(rows, related, tolerance):
            return "up to order, sign and offset of the columns", related, rows
    if rows.shape[1] > 1:
        distances = [_squared_distances(v) for v in (rows, others)]
        if _close(distances[0], distances[1], tolerance):
            return "up to a rotation: the same distances", distances[1], distances[0]
    return "equal", others, rows


def _matched(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `others` with columns permuted, negated and shifted to resemble those of `rows`."""
    a, b = rows - rows.mean(axis=0), others - others.mean(axis=0)
    products = a.T @ b
    # The sum of |a - s b|^2 for the better signs s is smallest: squares are there in any order.
    order = linear_sum_assignment(-np.abs(products))[1]
    sign = np.where(products[np.arange(len(order)), order] < 0, -1.0, 1.0)
    permuted = others[:, order] * sign
    # The offset is that of one row: a mean would round.
    return np.asarray(permuted + (rows[0] - permuted[0]))


def row_distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances between rows: what order, sign and offset of columns do not change.

    Examples
    --------
    >>> row_distances(np.array([[0.0, 3.0], [4.0, 0.0]])).tolist()
    [[0.0, 5.0], [5.0, 0.0]]
    """
    squares = np.maximum(_squared_distances(rows - rows.mean(axis=0)), 0.0)
    np.fill_diagonal(squares, 0.0)
    return np.asarray(np.sqrt(squares))


def _squared_distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = np.vecdot(rows, rows)
    return np.asarray(squares[:, None] + squares - 2 * rows @ rows.T)
