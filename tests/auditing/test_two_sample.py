"""Two-sample and equivalence tests: sizes, powers, and what each excludes."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from operating import (
    Model,
    assert_errors_are_controlled,
    coins,
    heights,
    quiet,
    rates,
    some_queries,
    some_runs,
)

from etcprops import InvalidParameterError
from etcprops.auditing.equivalence import (
    excluded_mixture,
    excluded_of_decisions,
    excluded_of_values,
    smallest_excluded,
)
from etcprops.auditing.two_sample import (
    permutation_p_value,
    two_sample_test,
    two_sample_test_of_values,
)
from etcprops.auditing.verdict import Excluded, TwoSampleTest


def of_numbers(first: NDArray[Any], second: NDArray[Any], **options: Any) -> TwoSampleTest:
    """Test numbers, a column a query."""
    return two_sample_test_of_values(first[:, :, None], second[:, :, None], **options)


# --- Both errors; tests/benchmarks has the same with many more samples


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("model", "power"), [(quiet(40), 0.9), (coins(40), 0.5)])
def test_both_errors_of_decisions_are_controlled(model: Model, power: float) -> None:
    assert_errors_are_controlled(two_sample_test, model, repetitions=30, power=power)


def test_both_errors_of_values_are_controlled() -> None:
    assert_errors_are_controlled(of_numbers, heights(20), repetitions=12, power=0.8)


def test_equality_is_not_easier_at_a_stricter_level() -> None:
    """Not rejected is said of all but everything at a small level; excluded of no more."""
    ask = partial(rates, two_sample_test, quiet(40), some_runs, repetitions=20)
    (loose, equal_then), (strict, equal_now) = ask(level=0.2), ask(level=0.001)
    assert loose > strict + 0.3
    assert equal_now <= equal_then + 0.1


def test_level_is_what_it_says() -> None:
    """Under one distribution p-values are uniform: of 400 few are at most the level."""
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 3, (400, 2, 25, 6))
    found = [permutation_p_value(*pair, seed=seed) for seed, pair in enumerate(pairs)]
    # Binomial with p = 0.05: mean 20 of 400, standard deviation 4.4.
    assert abs(np.count_nonzero(np.array(found) <= 0.05) - 20) < 4 * 4.4


def test_power_grows_with_the_difference() -> None:
    rng = np.random.default_rng(0)

    def rejected(probability: float) -> int:
        return sum(
            permutation_p_value(
                rng.integers(0, 2, (60, 8)), (rng.random((60, 8)) < probability).astype(int)
            )
            <= 0.01
            for _ in range(20)
        )

    assert rejected(0.5) <= 2
    assert rejected(0.9) == 20


# --- What is excluded


def test_nothing_is_excluded_by_luck_where_the_test_is_blind() -> None:
    noise = np.random.default_rng(0).random(99)
    for observed in (-1.0, 0.0, 0.01, 0.5):  # below all, closer than most, in the middle
        assert smallest_excluded(lambda _: noise, observed) == inf


def test_a_tenth_of_those_as_close_is_the_bound() -> None:
    # Of 100 without a difference 50 are as close as 49: of those with it, 5 may be.
    for close, expected in ((5, 1.0), (6, inf)):
        with_it = np.where(np.arange(100) < close, 0.0, 100.0)
        share = smallest_excluded(lambda s, x=with_it: x if s else np.arange(100.0), 49, [1.0])  # type: ignore[misc]
        assert share == expected


def test_what_is_there_is_not_excluded() -> None:
    rng = np.random.default_rng(3)
    model = quiet(100)
    first, second = model(rng, 40), model(rng, 40)
    queries, runs = excluded_of_decisions(np.concatenate([first, second]), seed=0)
    assert queries.enough
    assert runs.enough
    for change in (some_queries, some_runs):
        both = np.concatenate([first, change(rng, second)])
        assert not all(one.enough for one in excluded_of_decisions(both, seed=0))


def test_more_runs_exclude_smaller_shares() -> None:
    rng = np.random.default_rng(4)
    model = quiet(60)
    shares = []
    for count in (10, 40, 160):
        first, second, others = model(rng, count), model(rng, count), 1 + model(rng, count)
        shares.append(excluded_mixture(first, second, others))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 2 * shares[-1]


def test_other_runs_of_the_same_distribution_are_not_excluded() -> None:
    # But for half of them or more: being few, they differ by luck.
    first, second, others = np.random.default_rng(5).integers(0, 3, (3, 30, 20))
    assert excluded_mixture(first, second, others) > 0.5


@pytest.mark.parametrize("queries", [1, 3, 19, 20, 21])
def test_of_few_queries_one_is_the_margin(queries: int) -> None:
    runs = np.random.default_rng(6).random((60, queries)) < 0.02
    found = excluded_of_decisions(runs.astype(int), seed=0)[0]
    assert found.margin == max(0.05, 1 / queries)
    assert found.share == 1 / queries
    assert found.enough


def test_one_query_has_no_rows_of_others() -> None:
    runs = np.random.default_rng(7).standard_normal((40, 1, 3))
    assert [one.share for one in excluded_of_values(runs, seed=0)] == [inf, inf]


def test_values_without_spread_between_runs() -> None:
    runs = np.tile(np.arange(30.0)[:, None], (20, 1, 1))
    assert two_sample_test_of_values(runs[:10], runs[10:], level=0.01, seed=0).equal
    assert two_sample_test_of_values(runs[:10], 1 + runs[10:], level=0.01, seed=0).different


def test_excluded_in_words_and_enough() -> None:
    assert str(Excluded("queries", 1 / 30, 0.05)) == "3.3 % of the queries (margin 5 %)"
    assert str(Excluded("runs", inf, 0.25)) == "no share of the runs (margin 25 %)"
    assert Excluded("runs", 0.25, 0.25).enough
    assert not Excluded("runs", inf, 0.25).enough


# --- Samples


def test_smallest_p_value_and_text_labels() -> None:
    first, second = np.full((9, 2), "a"), np.full((12, 2), "b")
    assert permutation_p_value(first, second, permutations=99) == 0.01
    assert permutation_p_value(first, first[:5]) == 1.0
    assert two_sample_test(first, second[:9], level=0.01, seed=0).different


def test_bad_samples() -> None:
    with pytest.raises(InvalidParameterError, match="'second' parameter of permutation_p_value"):
        permutation_p_value([[1, 2]], [[1, 2, 3]])
    with pytest.raises(InvalidParameterError, match="'first' parameter of permutation_p_value"):
        permutation_p_value([1, 2], [[1, 2]])
    with pytest.raises(InvalidParameterError, match="'permutations' parameter"):
        permutation_p_value([[1]], [[2]], permutations=0)
