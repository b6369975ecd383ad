"""The demonstration forest: exact distributions by enumeration, samples that agree, symmetry."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier
from symmetric_forest import SymmetricForestClassifier

from etcprops import InvalidParameterError, SignedPermutation
from etcprops.strategies import signed_permutations
from etcprops.theory.forests import Rules, best_splits, tree_distribution

LABELS = [0, 1, 1, 2, 0]


def rows(seed: int, count: int = 7, features: int = 3, levels: int = 4) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, levels, (count, features))


@settings(max_examples=30, deadline=None)
@given(signed_permutations(st.integers(1, 4)), st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_distribution_of_a_tree_is_that_on_encrypted_images(
    flip: SignedPermutation, seed: int, max_features: int
) -> None:
    plain = rows(seed, features=len(flip))
    permuted = flip.apply(plain)
    before, after = (
        tree_distribution(X[:5], LABELS, X[5:], max_features=max_features)
        for X in (plain, permuted)
    )
    assert before == after
    assert sum(before.values()) == 1


@pytest.mark.parametrize(
    "rules",
    [Rules(draw="first"), Rules(ties="first"), Rules(on_threshold="low")],
    ids=["draw", "ties", "threshold"],
)
def test_each_rule_is_needed(rules: Rules) -> None:
    """Negative control: with one rule of scikit-learn's kind the distribution may change."""
    flip = SignedPermutation([2, 0, 1], [-1, 1, -1])
    different = 0
    for seed in range(10):
        plain = rows(seed)
        distributions = [
            tree_distribution(X[:5], LABELS, X[5:], rules=rules) for X in (plain, flip.apply(plain))
        ]
        different += distributions[0] != distributions[1]
    assert different


def test_best_splits_are_scikit_learns_up_to_ties() -> None:
    for seed in range(20):
        X, y = rows(seed, count=12, levels=9), rows(seed, count=12, features=1).ravel() % 3
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, y).tree_
        found = best_splits(X, y, range(3))
        assert (int(tree.feature[0]), float(tree.threshold[0])) in [(k, t / 2) for k, t in found]
        # By brute force: every threshold between two values, the impurity as a fraction.
        impurities: dict[tuple[int, int], Fraction] = {}
        for k in range(3):
            for a, b in itertools.pairwise(sorted(set(X[:, k].tolist()))):
                low = 2 * X[:, k] <= a + b
                impurities[k, a + b] = Fraction(0) + sum(
                    (len(part) - Fraction(sum(int(n) ** 2 for n in np.bincount(part)), len(part)))
                    for part in (y[low], y[~low])
                )
        least = min(impurities.values())
        assert found == [split for split, value in impurities.items() if value == least]


@pytest.mark.thorough
def test_samples_have_the_distribution_that_enumeration_says() -> None:
    """Two ways to one distribution: sampled trees, and exact probabilities, within 4 deviations."""
    X = rows(3)
    distribution = tree_distribution(X[:5], LABELS, X[5:], max_features=2)
    counts: dict[Any, int] = {}
    trees = 800
    for seed in range(trees):
        forest = SymmetricForestClassifier(
            1, max_features=2, max_depth=2, bootstrap=False, random_state=seed
        )
        answer = forest.fit(X[:5], LABELS).predict_proba(X[5:])
        outcome = tuple(tuple(Fraction(p).limit_denominator(1000) for p in row) for row in answer)
        counts[outcome] = counts.get(outcome, 0) + 1
    assert set(counts) <= set(distribution)
    assert len(distribution) > 3
    for outcome, probability in distribution.items():
        p = float(probability)
        assert abs(counts.get(outcome, 0) - trees * p) < 4 * np.sqrt(trees * p * (1 - p)) + 1


def test_forest_learns() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 100, (80, 5))
    y = np.where(X[:, 2] > 50, "high", "low")
    forest = SymmetricForestClassifier(20, max_features=3, random_state=1).fit(X[:50], y[:50])
    assert np.mean(forest.predict(X[50:]) == y[50:]) > 0.8
    assert np.allclose(forest.predict_proba(X[50:]).sum(axis=1), 1)


def test_bad_input() -> None:
    X = rows(0)
    with pytest.raises(
        InvalidParameterError, match="'y' parameter of tree_distribution must be 7 classes"
    ):
        tree_distribution(X, [0, 1], X)
    with pytest.raises(InvalidParameterError, match="must have 3 features"):
        tree_distribution(X, [0] * 7, X[:, :2])
    with pytest.raises(InvalidParameterError, match="'max_features' parameter"):
        tree_distribution(X, [0] * 7, X, max_features=0)
    with pytest.raises(InvalidParameterError, match="'n_estimators' parameter of Symmetric"):
        SymmetricForestClassifier(0).fit(X, [0] * 7)
    with pytest.raises(InvalidParameterError, match="integers of magnitude"):
        SymmetricForestClassifier().fit(X + 0.5, [0] * 7)
