"""What statements have in common, against other computations of the same."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from etcprops import encrypt
from etcprops.claims import Implementation
from etcprops.claims.checks.key_conditions import _all_keys, _moments
from etcprops.claims.checks.steps import compare, identity, squared_distances
from etcprops.claims.statements.drawn import products_of, products_of_z_scores, trees
from etcprops.claims.statements.estimators import (
    PENALTY,
    _answer,
    _discriminant,
    _from_offset,
    _kernel,
    lassos,
    solve,
)
from etcprops.claims.statements.statistics import _gram, _scores, _scores_per_image
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import Step

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


# --- Other estimators

SIGNED_ROWS = np.array([[3, -1], [0, 2], [-4, 5], [2, 7]])
TARGETS = [1, 0, 2]
KERNELS = {
    "linear": lambda x, y: x @ y.T,
    "quadratic": lambda x, y: (1 + x @ y.T) ** 2,
    "rational quadratic": lambda x, y: 1 / (1 + ((x[:, None] - y[None]) ** 2).sum(axis=-1)),
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_are_those_of_their_names(name: str) -> None:
    found = np.array(_kernel(name, products_of(SIGNED_ROWS)), dtype=float)
    np.testing.assert_allclose(found, KERNELS[name](SIGNED_ROWS, SIGNED_ROWS), rtol=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_answers_are_those_of_kernel_ridge_regression(name: str) -> None:
    from sklearn.kernel_ridge import KernelRidge

    model = KernelRidge(alpha=1.0, kernel="precomputed")
    kernel = KERNELS[name](SIGNED_ROWS, SIGNED_ROWS)
    expected = model.fit(kernel[:3, :3], TARGETS).predict(kernel[3:, :3])[0]
    found = _answer(_kernel(name, products_of(SIGNED_ROWS)), TARGETS, intercept=False)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_an_intercept_is_that_of_ridge_regression() -> None:
    from sklearn.linear_model import Ridge

    expected = Ridge(alpha=1.0).fit(SIGNED_ROWS[:3], TARGETS).predict(SIGNED_ROWS[3:])[0]
    found = _answer(products_of(SIGNED_ROWS), TARGETS, intercept=True)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_discriminants_are_those_of_shrunk_covariances() -> None:
    """Up to a positive factor, by the means and the scatter within classes, in floats."""
    rows = np.array([[3, -1, 0], [0, 2, 2], [-4, 5, 1], [1, 1, 9], [2, 7, -3]])
    labels = np.array([0, 1, 0, 1])
    means = np.stack([rows[:4][labels == c].mean(axis=0) for c in (0, 1)])
    within = rows[:4] - means[labels]
    scatter = within.T @ within
    normal = np.linalg.solve(scatter + np.trace(scatter) * np.eye(3), means[1] - means[0])
    expected = (rows[4] - means.mean(axis=0)) @ normal
    found = _discriminant(rows, labels.tolist())
    assert found is not None
    # Means are times 4, scatter times 16, and what is asked is times 8.
    assert float(found) == pytest.approx(expected * 4 / 16 * 8, rel=1e-9)
    assert _discriminant(np.array([[1], [2], [1], [2], [5]]), [0, 1, 0, 1]) is None


def test_offsets_are_of_mid_grey_of_the_mean_or_none() -> None:
    rows = np.array([[0, 255], [10, 5], [20, 100]])
    assert _from_offset(rows, "mid-grey").tolist() == [[-255, 255], [-235, -245], [-215, -55]]
    assert _from_offset(rows, "intercept").tolist() == [[-10, 250], [10, -250], [30, -60]]
    assert _from_offset(rows, "raw") is rows


# --- Keys


def test_all_keys_of_two_blocks_are_there_once() -> None:
    steps = (Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES)
    for chosen, count in ((steps, 2 * 64 * 4), (steps[:2], 128), (steps[2:], 4), ((), 1)):
        keys = list(_all_keys(chosen))
        assert len({key.to_json() for key in keys}) == len(keys) == count
        assert all(set(key.steps) == set(chosen) for key in keys)


def test_moments_are_those_of_centred_products() -> None:
    x, y = np.random.default_rng(0).integers(0, 256, (2, 4, 2)).astype(np.uint8)
    steps = (Step.PERMUTATION, Step.TRANSFORMS)
    mean, variance = _moments(Implementation(), x, y, steps)
    products = [((x - 127.5) * (encrypt(y, key) - 127.5)).sum() for key in _all_keys(steps)]
    assert float(mean) == pytest.approx(np.mean(products), rel=1e-12)
    assert float(variance) == pytest.approx(np.var(products), rel=1e-9)


# --- What checks observe


def test_the_first_entry_that_differs_is_told() -> None:
    before = np.arange(6).reshape(2, 3)
    after = before.copy()
    assert compare(before, after, "things", "two").agrees is True
    assert compare(before, after, "things", "two").detail == "things equal in integers: two"
    after[0, 2], after[1, 0] = 9, 8
    found = compare(before, after, "things", "two")
    assert found.agrees is False
    assert found.detail == (
        "things differ in 2 of 6 entries: 2 plain, 9 encrypted, for rows 0 and 2"
    )


def test_squared_distances_are_by_subtraction() -> None:
    assert squared_distances(np.array([[0, 3], [4, 0]])).tolist() == [[0, 25], [25, 0]]
    assert identity(3).toarray().tolist() == np.eye(3).tolist()


def test_z_scores_of_features_and_of_images() -> None:
    rows = np.array([[0, 3, 7], [2, 3, 5], [4, 3, 0]])
    numerators, squares = _scores(rows, rows)
    found = np.sign(numerators) * np.sqrt(numerators**2 / squares)
    np.testing.assert_allclose(found, PixelStatistics(rows).z_score(rows), rtol=1e-12)
    numerators, squares = _scores_per_image(rows)
    found = numerators / np.sqrt(squares)
    expected = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    gram = np.array(_gram(_scores(rows, rows)), dtype=float)
    scores = PixelStatistics(rows).z_score(rows)
    np.testing.assert_allclose(gram, scores @ scores.T, rtol=1e-12, atol=1e-12)
