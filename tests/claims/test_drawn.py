"""What statements have in common, against other computations of the same."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from etcprops.claims.statements.drawn import products_of, products_of_z_scores, trees
from etcprops.claims.statements.estimators import PENALTY, lassos, solve
from etcprops.exact.statistics import PixelStatistics

ROWS = np.array([[0, 3, 7], [1, 3, 5], [4, 3, 0], [2, 9, 9]])


def test_products_of_z_scores_are_those_of_the_scaler() -> None:
    scores = PixelStatistics(ROWS[:3, [0, 2]]).z_score(ROWS[:, [0, 2]])
    found = products_of_z_scores(ROWS[:, [0, 2]], 3)
    np.testing.assert_allclose(np.array(found, dtype=float), scores @ scores.T, rtol=1e-12)


def test_products_of_z_scores_leave_constant_features_as_they_are() -> None:
    assert products_of_z_scores(ROWS[:, [1]], 3)[3][3] == 36


def test_products_are_exact() -> None:
    assert products_of(ROWS[:1]) == [[Fraction(58)]]


def test_trees_draw_features_by_their_seeds() -> None:
    first, again = (trees(ROWS, [0, 1, 0, 1], 2) for _ in range(2))
    for tree, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(tree.tree_.feature, other.tree_.feature)


def test_systems_are_solved_exactly() -> None:
    third = Fraction(1, 3)
    assert solve([[third, Fraction(0)], [Fraction(1), Fraction(2)]], [1, 1]) == [3, -1]


def test_systems_without_one_solution_are_refused() -> None:
    with pytest.raises(ZeroDivisionError):
        solve([[Fraction(1), Fraction(1)], [Fraction(1), Fraction(1)]], [1, 1])


def test_the_lasso_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import Lasso

    rows, targets = np.array([[30, 2], [-7, 20], [5, -9]]), [5, -1, 3]
    (weights,) = lassos(rows, [Fraction(t) for t in targets])
    model = Lasso(alpha=float(PENALTY) / 3, fit_intercept=False, tol=1e-12).fit(rows, targets)
    np.testing.assert_allclose(np.array(weights, dtype=float), model.coef_, rtol=1e-9)


def test_a_lasso_with_two_equal_features_has_two_corners() -> None:
    rows = np.array([[30, 30], [-7, -7]])
    first, second = lassos(rows, [Fraction(5), Fraction(-1)])
    assert first == second[::-1]
    assert 0 in first
