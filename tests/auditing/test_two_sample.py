"""Two-sample and equivalence tests: sizes, powers, and what each excludes."""

from __future__ import annotations

from functools import partial
from math import inf, sqrt
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
from etcprops.auditing.energy import energies, numbers_of_differences, roots, squared_distances
from etcprops.auditing.equivalence import (
    SHARES,
    SIMULATIONS,
    _queries_moved,
    _queries_renamed,
    _shares,
    excluded_mixture,
    excluded_of_decisions,
    excluded_of_values,
    mixtures,
    smallest_excluded,
)
from etcprops.auditing.two_sample import (
    exchanged_weights,
    p_value_of_distances,
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


# --- What is simulated, where it can be told beforehand


@pytest.mark.parametrize("threshold", [*SHARES, inf])
def test_the_smallest_share_is_found_by_bisection(threshold: float) -> None:
    far, close = np.full(10, 9.0), np.zeros(10)
    assert smallest_excluded(lambda share: far if share >= threshold else close, 5.0) == threshold


@pytest.mark.parametrize("observed", [5.0, -5.0])
def test_energy_distances_but_for_rounding_are_as_close(observed: float) -> None:
    with_it = np.full(10, 99.0)
    for beside, share in ((5e-10, 1.0), (-5e-10, 1.0), (2e-9, inf)):
        alike = np.full(10, observed + 5 * beside)
        found = smallest_excluded(lambda s, a=alike: with_it if s else a, observed, [1.0])  # type: ignore[misc]
        assert found == share


def test_mixtures_have_the_share_of_other_runs() -> None:
    """Runs of the pool are all alike, so that distances count how many others were drawn."""
    apart = np.ones((5, 5)) - np.eye(5)
    apart[:3, :3] = apart[3:, 3:] = 0.0  # three of the pool, two others
    simulate, runs = mixtures(2.0 * apart, 40, pool=3, seed=0), 40
    others = {share: np.sqrt(simulate(share) / 4) for share in (0.0, 0.1, 0.5, 1.0)}
    assert all(counts.shape == (SIMULATIONS,) for counts in others.values())
    assert (others[0.0] == 0).all()
    assert (others[1.0] == runs).all()
    assert (others[0.1] <= others[0.5]).all()  # those of a share are among those of a larger one
    for share in (0.1, 0.5):
        error = 5 * np.sqrt(runs * share * (1 - share) / SIMULATIONS)
        assert abs(others[share].mean() - runs * share) < error
        assert np.ptp(others[share]) > 0


def test_mixtures_draw_from_all_runs_and_from_all_others() -> None:
    """Each is drawn once in a while: a run far from all others is seen in the distances."""
    for far in range(6):
        distances = np.zeros((6, 6))
        distances[far], distances[:, far] = 1.0, 1.0
        distances[far, far] = 0.0
        simulate = mixtures(distances, 20, pool=4, seed=0)
        assert bool(simulate(0.0).any()) is (far < 4)
        assert simulate(1.0).any()


def test_renamed_queries_have_no_answer_in_common() -> None:
    """Runs that are all alike are as far apart as queries were renamed, on either side."""
    both = np.tile(np.arange(10) % 3, (12, 1))
    simulate = _queries_renamed(both, numbers_of_differences(both), 0)
    for renamed in range(11):
        assert (simulate(renamed / 10) == 2 * 6**2 * renamed).all()


def test_all_queries_renamed_are_as_far_apart_as_decisions_differ() -> None:
    """Half of the runs answer 0, half 1: the energy distance is the sum of squared numbers."""
    both = np.repeat([[0], [1]], 20, axis=0)
    simulate = _queries_renamed(both, numbers_of_differences(both), 0)
    # n zeros among 20 draws, and m on the other side: n^2 + (20 - n)^2 + m^2 + (20 - m)^2.
    assert (simulate(1.0) >= 4 * 10**2).all()
    assert (simulate(1.0) <= 2 * 20**2).all()
    assert (simulate(0.0) <= simulate(1.0)).all()
    assert simulate(1.0).mean() == pytest.approx(4 * (100 + 5), rel=0.05)  # variance of a count: 5


def test_rows_of_other_queries_are_as_far_apart_as_queries_are() -> None:
    both = np.tile(np.array([[1.0], [4.0]]), (12, 1, 1))  # two queries: the other is 3 away
    simulate = _queries_moved(both, 0)
    for moved in range(3):
        expected = 2 * 6**2 * 3 * sqrt(moved)
        np.testing.assert_allclose(simulate(moved / 2), expected, rtol=1e-12)
        assert simulate(moved / 2).shape == (SIMULATIONS,)


def test_rows_are_those_of_any_other_query() -> None:
    both = np.tile((10.0 ** np.arange(4))[:, None], (4, 1, 1))
    moved = np.unique(np.round(_queries_moved(both, 0)(0.25) / (2 * 2**2), 6))
    gaps = {abs(10.0**i - 10.0**j) for i in range(4) for j in range(4) if i != j}
    assert set(moved.tolist()) <= gaps
    assert len(moved) > 3


def test_at_a_share_of_all_every_query_has_rows_of_another() -> None:
    """One query of many is unlike the others: wherever its row came from, that is seen."""
    both = np.zeros((8, 200, 1))
    both[:, 0] = 1.0
    for seed in range(5):
        assert (_queries_moved(both, seed)(1.0) > 0).all()


def test_every_run_may_be_drawn() -> None:
    both = np.array([[1], [0], [0], [0]])  # the first alone answers otherwise
    for seed in range(3):
        assert _queries_moved(both[:, :, None].astype(float), seed)(0.0).any()
        assert _queries_renamed(both, numbers_of_differences(both), seed)(0.0).any()


def test_decisions_are_counted_beyond_what_single_precision_can() -> None:
    same = np.zeros((1, 2**24 + 1), np.int8)
    assert numbers_of_differences(same).tolist() == [[0.0]]


def test_shares_are_whole_numbers_of_queries() -> None:
    wanted = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20]
    assert _shares(20) == [count / 20 for count in wanted]
    assert _shares(1) == [1.0]
    assert _shares(3) == [1 / 3, 2 / 3, 1.0]
    assert _shares(100) == [*SHARES]


def test_values_that_are_far_from_zero_are_told_apart_as_well() -> None:
    """Squares of so large numbers have no digits left for differences of one."""
    rng = np.random.default_rng(8)
    runs = 9 * rng.standard_normal((30, 1)) + rng.standard_normal((40, 30, 1))
    runs = np.round(256 * runs) / 256  # nothing is lost where they are moved
    near, far = (excluded_of_values(runs + shift, seed=0) for shift in (0.0, 2.0**40))
    assert near == far
    tests = [
        of_numbers(r[:20, :, 0], 3 + r[20:, :, 0], level=0.05, seed=0)
        for r in (runs, runs + 2.0**40)
    ]
    assert tests[0] == tests[1]
    assert tests[0].different


def test_exchanges_leave_as_many_runs_on_each_side() -> None:
    weights = exchanged_weights(3, 5, 50, np.random.default_rng(0))
    assert weights.shape == (51, 8)
    assert weights[0].tolist() == [5, 5, 5, -3, -3, -3, -3, -3]
    assert (np.sort(weights, axis=1) == np.sort(weights[0])).all()
    assert len(np.unique(weights[1:], axis=0)) > 10


def test_a_small_level_takes_more_exchanges() -> None:
    apart = np.zeros((12, 3), dtype=int), np.ones((12, 3), dtype=int)
    for level, exchanges in ((0.05, 999), (2 / 999, 999), (0.001, 2000), (0.0003, 6667)):
        found = two_sample_test(*apart, level=level, seed=0)
        assert found.p_value == 1 / (exchanges + 1)
        assert (found.level, found.runs) == (level, 12)
        assert (
            of_numbers(*(v.astype(float) for v in apart), level=level, seed=0).p_value
            == found.p_value
        )


def test_rounding_is_relative_to_the_samples_as_they_are() -> None:
    # The second exchange is far apart, the third just below the first.
    weights = np.array([[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]])
    distances = -np.diag([1.0, 1e12, 1 - 1e-6])
    assert energies(distances, weights).tolist() == [1.0, 1e12, 1 - 1e-6]
    assert p_value_of_distances(distances, weights, rounding=1e-9) == 2 / 3


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_energy_distances_but_for_rounding_count_as_large(sign: float) -> None:
    weights = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    for less, rounding, expected in ((1e-10, 1e-9, 1.0), (1e-10, 0.0, 0.5), (1e-8, 1e-9, 0.5)):
        distances = np.zeros((3, 3))
        distances[0, 1] = distances[1, 0] = sign
        distances[0, 2] = distances[2, 0] = sign - less
        assert p_value_of_distances(distances, weights, rounding=rounding) == expected


def test_level_and_margin_themselves_are_enough() -> None:
    far, close = Excluded("runs", 0.3, 0.25), Excluded("queries", 0.05, 0.05)
    at, above = (TwoSampleTest(20, p, 0.01, (close,)) for p in (0.01, 0.02))
    assert (at.different, at.equal, at.convincing) == (True, False, True)
    assert (above.different, above.equal, above.convincing) == (False, True, True)
    unclear = TwoSampleTest(20, 0.02, 0.01, (close, far))
    assert (unclear.different, unclear.equal, unclear.convincing) == (False, False, False)


def test_distances_of_rows_and_their_roots() -> None:
    rows = np.array([[0.0, 3.0], [4.0, 0.0], [0.0, 3.0]])
    squares = squared_distances(rows)
    assert squares.tolist() == [[0, 25, 0], [25, 0, 25], [0, 25, 0]]
    assert roots(squares).tolist() == [[0, 5, 0], [5, 0, 5], [0, 5, 0]]
    assert roots(np.array([[1e-9, -1e-9], [-1e-9, -1e-9]])).tolist() == [[0, 0], [0, 0]]


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
