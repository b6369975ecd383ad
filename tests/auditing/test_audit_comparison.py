"""What is found between two records of answers: counts, margins, spreads, and which relation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from etcprops.auditing import comparison
from etcprops.auditing.comparison import compare, margins
from etcprops.auditing.predictions import ModelKind, Predictions
from etcprops.auditing.verdict import Comparison

NAN, INF = np.nan, np.inf


def decided(
    labels: ArrayLike, values: ArrayLike | None = None, kind: ModelKind = "classifier"
) -> Predictions:
    numbers = None if values is None else np.asarray(values, dtype=np.float64)
    return Predictions(kind, np.asarray(labels), numbers, False, 0.0, (), None)


def valued(values: ArrayLike | None, kind: ModelKind = "regressor") -> Predictions:
    numbers = None if values is None else np.asarray(values, dtype=np.float64)
    return Predictions(kind, None, numbers, False, 0.0, (), None)


def of_values(before: ArrayLike, after: ArrayLike, tolerance: float = 0.0) -> Comparison:
    return compare(valued(before), valued(after), tolerance=tolerance)


# --- Decisions


def test_the_same_decisions_with_other_values() -> None:
    found = compare(
        decided([0, 1, 1], [[-1.0], [0.5], [1.0]]),
        decided([0, 1, 1], [[-1.0], [1.25], [1.0]]),
        tolerance=0.0,
    )
    assert found == Comparison(3, 0, False, 0.75, 2.0, "equal", -1)
    assert found.decisions_identical
    same = decided([0, 1], [[1.0], [2.0]])
    assert compare(same, same, tolerance=0.0) == Comparison(2, 0, True, 0.0, 1.0, "equal", -1)


def test_the_first_that_differs_is_the_one_with_the_smallest_margin() -> None:
    values: list[list[float]] = [
        [5, 1, 0],
        [5, 1, 4],
        [1, 5, 4.75],
        [9, 5, 4.5],
    ]  # margins 4, 1, 0.25, 4
    plain = decided([0, 0, 1, 0], values)
    assert margins(plain).tolist() == [4, 1, 0.25, 4]
    found = compare(plain, decided([0, 1, 0, 1], values), tolerance=0.0)
    assert (found.n_different, found.first_different, found.bitwise) == (3, 2, False)
    assert compare(plain, decided([1, 1, 1, 0]), tolerance=0.0).first_different == 1


def test_margins_of_one_column_are_magnitudes_and_unknown_without_values() -> None:
    assert margins(decided([0, 1, 1], [[-2.0], [0.5], [1.0]])).tolist() == [2.0, 0.5, 1.0]
    for unknown in (decided([0, 1, 1]), valued([1.0, 2.0, 3.0])):
        assert np.isnan(margins(unknown)).all()
        assert len(margins(unknown)) == 3


def test_several_outputs_are_one_answer() -> None:
    plain = decided([[0, 1], [1, 1], [0, 0]])
    found = compare(plain, decided([[0, 1], [1, 0], [1, 1]]), tolerance=0.0)
    assert (found.n_queries, found.n_different, found.first_different) == (3, 2, 1)


@pytest.mark.parametrize("others", [None, [[1.0, 2.0], [3.0, 4.0]]])
def test_values_that_cannot_be_compared_are_not(others: Any) -> None:
    found = compare(decided([0, 1], [[1.0], [2.0]]), decided([0, 1], others), tolerance=0.0)
    assert np.isnan(found.largest_difference)
    assert (found.n_different, found.bitwise, found.spread) == (0, True, 0.0)


def test_decisions_of_one_side_alone_are_not_compared() -> None:
    both, one = decided([0, 1], [1.0, 3.0]), valued([1.0, 2.0], "classifier")
    for pair in ((both, one), (one, both)):
        found = compare(*pair, tolerance=0.0)
        assert (found.n_different, found.largest_difference, found.failure) == (1, 1.0, "")


def test_bits_are_compared_and_not_numbers() -> None:
    found = compare(decided([0], [[0.0]]), decided([0], [[-0.0]]), tolerance=0.0)
    assert not found.bitwise
    assert found.largest_difference == 0


def test_decisions_of_other_shapes_are_a_failure() -> None:
    for others in ([0, 1], [[0], [1], [1]]):
        found = compare(decided([0, 1, 1]), decided(others), tolerance=9.0)
        assert found.failure == f"answers of shape (3,) plain, {np.shape(others)} encrypted"
        assert (found.n_queries, found.n_different, found.bitwise, found.spread) == (3, 3, False, 0)
        assert not found.decisions_identical


# --- Clusters


CLUSTERS = {
    "renamed": ([0, 0, 1, 1, -1], [5, 5, 3, 3, -1], 0),
    "renamed to each other": ([0, 0, 0, 1], [1, 1, 1, 0], 0),
    "the most that can agree": ([1, 1, 1, 0], [7, 7, 8, 8], 1),
    "one more, with the smallest name": ([0, 0, 0, 1, 1], [5, 5, 4, 7, 7], 1),
    "one more, with the largest name": ([0, 0, 0, 1, 1], [5, 5, 8, 7, 7], 1),
    "one less": ([0, 0, 1, 2], [4, 4, 4, 4], 2),
    "noise has no other name": ([-1, -1, 0], [0, 0, -1], 3),
    "noise is no cluster": ([-1, -1, 0, 0], [3, 3, 7, 7], 2),
    "a cluster is no noise": ([3, 3, 7, 7], [-1, -1, 0, 0], 2),
    "noise in place of the larger part": ([3, 3, 3, 7], [-1, -1, 5, 7], 2),
}


@pytest.mark.parametrize(("before", "after", "different"), CLUSTERS.values(), ids=CLUSTERS)
def test_clusters_are_compared_up_to_their_names(
    before: list[int], after: list[int], different: int
) -> None:
    found = compare(
        decided(before, kind="clusterer"), decided(after, kind="clusterer"), tolerance=0.0
    )
    assert found.n_different == different
    assert found.relation == "up to the names of the clusters"
    assert found.decisions_identical is (different == 0)


def test_names_of_classes_and_of_equal_clusters_stay() -> None:
    assert compare(decided([0, 1]), decided([1, 0]), tolerance=0.0).n_different == 2
    same = decided([0, 1], kind="clusterer")
    assert compare(same, same, tolerance=0.0).relation == "equal"
    fewer = decided([0], kind="clusterer")
    assert compare(same, fewer, tolerance=0.0).failure


# --- Values


def test_values_may_differ_by_the_tolerance_and_no_more() -> None:
    before, after = [0.0, 2.0, 4.0, 1.0], [0.5, 2.0, 5.0, 0.0]
    at, beyond = of_values(before, after, 0.25), of_values(before, after, 0.125)
    assert at == Comparison(4, 0, False, 1.0, 4.0, "equal", -1)
    assert at.identical(0.25)
    assert beyond == Comparison(4, 2, False, 1.0, 4.0, "equal", 2)
    assert of_values(before, before) == Comparison(4, 0, True, 0.0, 4.0, "equal", -1)
    assert of_values([[0, 1], [2, 3]], [[0, 1], [2, 4]], 0.0).n_different == 1


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        ([1.0, 5.0, 2.0], 4.0),
        ([3.0, 3.0], 3.0),
        ([-3.0, -3.0], 3.0),
        ([0.0, 0.0], 1.0),
        ([NAN, 2.0, 5.0], 3.0),
        ([INF, 2.0, 5.0], 3.0),
        ([NAN, NAN], 1.0),
    ],
)
def test_differences_are_measured_by_the_spread_or_the_magnitude(
    values: list[float], spread: float
) -> None:
    assert of_values(values, values).spread == spread


def test_infinities_and_no_numbers_equal_themselves_alone() -> None:
    before = [NAN, INF, -INF, INF, NAN, 1.0]
    found = of_values(before, [NAN, INF, -INF, -INF, 1.0, NAN], 1e300)
    assert found.n_different == 3
    assert found.largest_difference == INF
    assert of_values(before, before).bitwise


def test_values_of_other_shapes_are_a_failure() -> None:
    assert of_values([1, 2, 3], [1, 2]).failure == "answers of shape (3,) plain, (2,) encrypted"
    assert (of_values([1, 2, 3], [1, 2]).n_queries, of_values([1, 2, 3], [1, 2]).n_different) == (
        3,
        3,
    )
    for before, after, size in ((None, [1.0, 2.0], 1), ([1.0, 2.0], None, 2)):
        found = compare(valued(before), valued(after), tolerance=9.0)
        assert "None" in found.failure
        assert (found.n_queries, found.n_different, found.bitwise, found.spread) == (
            size,
            size,
            False,
            0,
        )
        assert np.isnan(found.largest_difference)


# --- Transformers

ROWS = np.random.default_rng(0).standard_normal((6, 3))
TURN = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))[0]
SIGNS, ORDER, TURNED = (
    "up to the signs of the columns",
    "up to order, sign and offset of the columns",
    "up to a rotation: the same distances",
)
RELATED = {
    "as they are": (ROWS, "equal"),
    "negated columns": (ROWS * [1, -1, -1], SIGNS),
    "another order": (ROWS[:, [2, 0, 1]], ORDER),
    "order, sign and offset": (7 - ROWS[:, [1, 2, 0]], ORDER),
    "offsets": (ROWS * [1, -1, 1] + [0, 3, 9], ORDER),
    "rotated": (ROWS @ TURN, TURNED),
}


def of_rows(before: NDArray[Any], after: NDArray[Any], tolerance: float = 1e-9) -> Comparison:
    rows = valued(before, "transformer"), valued(after, "transformer")
    return compare(*rows, tolerance=tolerance)


@pytest.mark.parametrize(("after", "relation"), RELATED.values(), ids=RELATED)
def test_the_first_relation_that_holds_is_found(after: NDArray[Any], relation: str) -> None:
    found = of_rows(ROWS, after)
    assert found.relation == relation
    assert found.identical(1e-9)
    assert of_rows(ROWS.reshape(6, 3, 1), after.reshape(6, 3, 1)).relation == relation
    regressor = compare(valued(ROWS), valued(after), tolerance=1e-9)
    assert regressor.relation == "equal"
    assert regressor.identical(1e-9) is (relation == "equal")


def test_rows_without_a_relation_differ() -> None:
    for change in (2 * ROWS, ROWS + np.arange(6)[:, None], ROWS[::-1]):
        found = of_rows(ROWS, change)
        assert found.relation == "equal"
        assert found.n_different > 0
    column = ROWS[:, :1]
    assert of_rows(column, 3 - column).relation == ORDER
    assert of_rows(column, column[::-1]).relation == "equal"
    assert of_rows(column, column[::-1]).first_different >= 0


def test_a_column_without_a_sign_is_left_as_it_is() -> None:
    before, after = np.array([[0.0, 5.0], [0.0, -5.0]]), np.array([[0.75, -5.0], [0.75, 5.0]])
    found = of_rows(before, after, tolerance=0.1)  # of a spread of 10: up to 1
    assert found.relation == SIGNS
    assert found.largest_difference == 0.75


def test_many_columns_are_not_matched_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "LARGEST_MATCHED", 3)
    assert of_rows(ROWS, ROWS[:, [2, 0, 1]]).relation == ORDER
    monkeypatch.setattr(comparison, "LARGEST_MATCHED", 2)
    assert of_rows(ROWS, ROWS[:, [2, 0, 1]]).relation == TURNED


def test_rows_that_are_no_numbers_are_not_matched() -> None:
    rows = ROWS.copy()
    rows[0, 0] = NAN
    assert of_rows(rows, rows).identical(0.0)
    other = of_rows(rows, rows[::-1])
    assert other.relation == "equal"
    assert (other.n_different, other.largest_difference) == (6, INF)


def test_a_relation_may_be_off_by_the_tolerance() -> None:
    before = np.array([[0.0, 4.0], [2.0, -4.0]])  # spread 8
    after = -before + np.array([[1.0, 0.0], [0.0, 0.0]])
    assert of_rows(before, after, tolerance=0.125).relation == SIGNS
    assert of_rows(before, after, tolerance=0.124).relation != SIGNS


def test_signs_are_those_of_inner_products() -> None:
    before, after = np.array([[10.0, 1.0], [-1.0, 0.0]]), np.array([[10.0, -1.0], [0.01, 0.0]])
    assert of_rows(before, after, tolerance=0.1).relation == SIGNS


def test_columns_without_a_product_keep_their_sign() -> None:
    before, after = (
        np.array(column, dtype=float)[:, None] for column in ([1, 0, -1, 0], [0, 1, 0, -1])
    )
    matched = comparison._matched(before, after)  # noqa: SLF001
    assert matched.ravel().tolist() == [1.0, 2.0, 1.0, 0.0]


def test_each_column_goes_to_the_most_alike() -> None:
    """Products alone tell, since what is assigned has the same squares in any order."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((9, 5)) * [1, 10, 0.1, 3, 7] + 50
    order = rng.permutation(5)
    matched = comparison._matched(rows, 4 - rows[:, order])  # noqa: SLF001
    assert np.abs(matched - rows).max() < 1e-12
