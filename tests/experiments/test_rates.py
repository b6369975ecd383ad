"""Error rates: hand cases, and scikit-learn with a root finder as the independent path."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from sklearn.metrics import roc_curve

from etcprops import InvalidParameterError
from etcprops.experiments.rates import error_rates

SCORES = st.lists(st.integers(-6, 6), min_size=1, max_size=30)


def eer_through_roc_curve(genuine: list[int], impostors: list[int]) -> float:
    """Return the root of FAR - FRR along scikit-learn's curve."""
    truth = np.repeat([1, 0], [len(genuine), len(impostors)])
    far, tpr, _ = roc_curve(truth, np.array(genuine + impostors), drop_intermediate=False)
    indices = np.arange(len(far))

    def surplus(position: float) -> float:
        return float(np.interp(position, indices, far) - 1 + np.interp(position, indices, tpr))

    root = brentq(surplus, 0, len(far) - 1, xtol=1e-14)
    return float(np.interp(root, indices, far))


@pytest.mark.parametrize(
    ("genuine", "impostors", "eer"),
    [
        pytest.param([2, 3], [0, 1], 0, id="separated"),
        pytest.param([0, 1], [2, 3], 1, id="all-wrong"),
        pytest.param([5], [5], Fraction(1, 2), id="one-tie"),
        pytest.param([1, 1, 1], [1, 1], Fraction(1, 2), id="all-tied"),
        pytest.param([3, 5, 6, 7], [0, 1, 2, 4], Fraction(1, 4), id="crossing-at-a-threshold"),
        # From FAR 0, FRR 1/2 (threshold 3) to FAR 1/3, FRR 1/2 and then FAR 1/3, FRR 0.
        pytest.param([3, 1], [0, 0, 2], Fraction(1, 3), id="crossing-on-a-vertical-line"),
        # The tie at 1 goes from (0, 1/2) to (1/3, 0): they meet at 1/5.
        pytest.param([3, 1], [0, 0, 1], Fraction(1, 5), id="crossing-within-a-tie"),
        pytest.param([1, 1, 1, 9], [1, 0], Fraction(3, 10), id="tie-of-several"),
    ],
)
def test_hand_cases(genuine: list[int], impostors: list[int], eer: Fraction) -> None:
    assert error_rates(genuine, impostors).eer_fraction == eer


@given(SCORES, SCORES)
def test_eer_is_that_of_scikit_learns_curve(genuine: list[int], impostors: list[int]) -> None:
    assert error_rates(genuine, impostors).eer == pytest.approx(
        eer_through_roc_curve(genuine, impostors), abs=1e-9
    )


@given(SCORES, SCORES)
def test_points_are_those_of_the_definition(genuine: list[int], impostors: list[int]) -> None:
    rates = error_rates(genuine, impostors)
    for threshold, far, frr in zip(rates.thresholds, rates.far, rates.frr, strict=True):
        assert far == np.mean(np.array(impostors) >= threshold)
        assert frr == np.mean(np.array(genuine) < threshold)


@given(SCORES, SCORES)
def test_order_is_all_that_counts(genuine: list[int], impostors: list[int]) -> None:
    def stretch(scores: list[int]) -> NDArray[np.float64]:
        return np.exp(np.array(scores) / 3.0)

    expected = error_rates(genuine, impostors).eer_fraction
    assert error_rates(stretch(genuine), stretch(impostors)).eer_fraction == expected
    # Whoever says the opposite errs where the other is right.
    assert error_rates(impostors, genuine).eer_fraction == 1 - expected


@given(SCORES, SCORES)
def test_threshold_is_at_the_crossing(genuine: list[int], impostors: list[int]) -> None:
    rates = error_rates(genuine, impostors)
    accepted, also = (
        Fraction(rates.share_accepted(scores)).limit_denominator(100)  # exact: 1 - 0.8 is not 0.2
        for scores in (impostors, genuine)
    )
    assert accepted <= rates.eer_fraction <= 1 - also


@pytest.mark.parametrize("bad", [[], [np.nan], [np.inf], ["a"], [[1], [2, 3]], [1j]])
def test_bad_scores(bad: list[object]) -> None:
    with pytest.raises(InvalidParameterError, match="'genuine' parameter of error_rates"):
        error_rates(bad, [1])  # type: ignore[arg-type]
