"""The statistics behind verdicts on keys, on numbers small enough to count every case."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import chdtri
from scipy.stats import binomtest, chisquare

from etcprops.probing.description import Structure
from etcprops.probing.draws import Draw, codes, permutation
from etcprops.probing.neighbours import orders_of_three
from etcprops.probing.repeats import OwnOrders, own_orders
from etcprops.probing.tiles import cut
from etcprops.probing.uniformity import (
    FACT_ERROR,
    FACTS,
    FAMILY_ERROR,
    UniformityTest,
    bit_uniformity,
    code_uniformity,
    holm,
    source_uniformity,
)

Orders = NDArray[np.int64]
LEVEL = FAMILY_ERROR - FACTS * FACT_ERROR

# --- Uniformity


@pytest.mark.parametrize("counts", [(3, 3, 3), (9, 0, 1), (0, 0, 12), (5, 8), (7, 0, 0, 0, 9)])
def test_codes_are_tested_by_chi_square(counts: tuple[int, ...]) -> None:
    drawn = np.repeat(np.arange(len(counts)), counts).reshape(1, -1)
    found = code_uniformity("codes", drawn, len(counts))
    assert found.counts == counts
    assert found.p_value == pytest.approx(chisquare(counts).pvalue, rel=1e-9)
    assert not found.rejected


@pytest.mark.parametrize("number", [1, 6, 9])
def test_bits_are_tested_by_the_binomial_distribution(number: int) -> None:
    for ones in range(number + 1):
        found = bit_uniformity("bits", np.arange(number) < ones)
        assert found.counts == (number - ones, ones)
        assert found.p_value == pytest.approx(binomtest(ones, number).pvalue, rel=1e-9)
        assert found.p_value <= 1


@pytest.mark.parametrize(("count", "groups", "keys"), [(4, 4, 1), (4, 2, 2), (5, 2, 1), (5, 3, 1)])
def test_the_statistic_of_sources_has_the_mean_of_its_distribution(
    count: int, groups: int, keys: int
) -> None:
    """Over all keys there are, exactly: groups may be of several sizes."""
    orders = list(permutations(range(count)))
    freedom = (groups - 1) ** 2
    statistics = []
    for drawn in product(orders, repeat=keys):
        found = source_uniformity("pieces", np.array(drawn), groups)
        assert sum(found.counts) == keys * count
        statistics.append(float(chdtri(freedom, found.p_value)))
    assert np.mean(statistics) == pytest.approx(freedom)


def test_sources_are_counted_by_the_group_they_fill() -> None:
    found = source_uniformity("pieces", np.array([[2, 3, 0, 1], [0, 2, 3, 1]]), 2)
    assert found.counts == (1, 3, 3, 1)
    assert found.name == "source of each position, pieces (2 x 2 groups)"
    still = source_uniformity("pieces", np.array([[0, 1, 2, 3]]), 2)
    assert still.counts == (2, 0, 0, 2)
    assert float(chdtri(1, still.p_value)) == pytest.approx(3)  # 3/4 of 4 cells' 1


def test_holms_rule_divides_the_level_by_the_tests_that_are_left() -> None:
    def rejected(*p_values: float) -> list[bool]:
        tests = [UniformityTest(str(p), (), p) for p in p_values]
        marked = holm(tests)
        assert [test.name for test in marked] == [test.name for test in tests]
        return [test.rejected for test in marked]

    assert rejected() == []
    assert rejected(LEVEL) == [True]
    assert rejected(LEVEL * 1.001) == [False]
    assert rejected(LEVEL, LEVEL / 3, LEVEL / 2) == [True, True, True]
    # The first that is not rejected ends it.
    assert rejected(LEVEL, LEVEL / 3, LEVEL / 1.999) == [False, True, False]
    assert rejected(LEVEL / 2.999, LEVEL / 3.001, 1) == [True, True, False]
    assert rejected(LEVEL / 2.999, 1, 1) == [False, False, False]


def test_an_accusation_names_the_rarest_and_the_most_frequent() -> None:
    def said(*counts: int) -> str:
        return UniformityTest("turns", counts, 1e-9).accusation

    start = "Not uniform: turns: from "
    assert said(2, 6) == start + "0.25 to 0.75 where 0.5 is uniform (p = 1.0e-09)."
    ends = "uniform (p = 1.0e-09); only 7 of 8 are ever drawn."
    assert said(0, *[2] * 7) == f"{start}0 to 0.143 where 0.125 is {ends}"
    assert said(0, *[2] * 8) == start + "0 to 0.125 where 0.111 is uniform (p = 1.0e-09)."
    assert UniformityTest("turns", (1, 2), 0.5, True).to_dict() == {
        "name": "turns",
        "counts": [1, 2],
        "p_value": 0.5,
        "rejected": True,
    }


# --- Neighbours


def structure(
    size: tuple[int, int, int],
    beside: int = 1,
    layout: str = "pixels",
    arrangement: str = "free",
) -> Structure:
    """Return a description in single pixels."""
    number = int(np.prod(size))
    tiles = cut(np.arange(number), np.zeros(number, dtype=np.bool_), size, (1, 1))
    assert tiles is not None
    return Structure(layout, (1, 1), arrangement, tiles, (), size, beside=beside)


def three(orders: Orders, form: Structure) -> dict[str, tuple[int, ...]]:
    return {test.name: test.counts for test in orders_of_three("it", orders, form)}


def test_each_order_of_three_neighbours_has_a_code_of_its_own() -> None:
    seen, names = set(), ("sources", "places")
    for first in permutations(range(3)):
        order = np.array([*first, *(3 + place for place in first)])
        found = three(np.tile(order, (60, 1)), structure((1, 6, 1)))
        inverse = three(np.tile(np.argsort(order), (60, 1)), structure((1, 6, 1)))
        counts, swapped = (
            [part[f"order of three neighbouring {what}, it"] for what in names]
            for part in (found, inverse)
        )
        assert counts == swapped[::-1]
        seen.add(counts[0].index(120))
    assert seen == set(range(6))


def test_too_few_triples_are_not_tested() -> None:
    """Twenty expected cases an order, and at least two triples in each draw."""
    still = structure((1, 6, 1))
    assert three(np.tile(np.arange(6), (60, 1)), still)
    assert not three(np.tile(np.arange(6), (59, 1)), still)
    assert not three(np.tile(np.arange(5), (900, 1)), structure((1, 5, 1)))
    assert three(np.tile(np.arange(360), (1, 1)), structure((1, 360, 1)))
    assert not three(np.tile(np.arange(359), (1, 1)), structure((1, 359, 1)))


def test_neighbours_are_looked_at_in_each_usual_reading() -> None:
    def readings(form: Structure, count: int = 24) -> list[str]:
        names = list(three(np.tile(np.arange(count), (60, 1)), form))
        assert len(names) % 2 == 0
        return [name.removeprefix("order of three neighbouring sources") for name in names[::2]]

    assert readings(structure((4, 6, 1))) == [", it", ", down the columns, it"]
    assert readings(structure((1, 24, 1))) == [", it"]
    assert readings(structure((24, 1, 1))) == [", it"]
    assert readings(structure((4, 6, 1), layout="axes")) == [", it"]
    assert readings(structure((4, 6, 1), arrangement="rows and columns")) == [", it"]
    assert readings(structure((4, 12, 1)), 24) == [", it"], "these are other things"
    beside = [", it", ", down the columns, it", ", pixel by pixel, it"]
    assert readings(structure((4, 6, 1), 3)) == [*beside, ", component by component, it"]


def test_falls_are_seen_where_the_reading_has_them() -> None:
    """Three components of 2 x 2 pixels side by side: what falls in one reading does in no other."""
    grid = np.arange(12).reshape(2, 3, 2)
    readings = {
        "": grid.reshape(-1),
        ", down the columns": grid.reshape(2, 6).T.reshape(-1),
        ", pixel by pixel": grid.swapaxes(1, 2).reshape(-1),
        ", component by component": grid.swapaxes(0, 1).reshape(-1),
    }
    for how, reading in readings.items():
        falls = np.empty(12, dtype=np.int64)
        falls[reading] = reading[::-1]
        found = three(np.tile(falls, (30, 1)), structure((2, 6, 1), 3))
        assert len(found) == 8
        for what in ("sources", "places"):
            counts = found[f"order of three neighbouring {what}{how}, it"]
            assert counts == (0, 0, 0, 0, 0, 120)


# --- Draws that repeat


def drawn(name: str, *orders: Orders) -> list[Draw]:
    """Return a draw of one or several orders under each key."""
    return [permutation(name, order) for order in orders]


def random_orders(keys: int, count: int, number: int = 1, seed: int = 0) -> list[Orders]:
    rng = np.random.default_rng(seed)
    still = np.tile(np.arange(count), (number, 1))
    return [rng.permuted(still, axis=1) for _ in range(keys)]


def repeated(keys: int) -> str:
    """Return what is found of two draws of one order of three, under so many keys."""
    orders = [np.roll([0, 2, 1], key) for key in range(keys)]
    found = own_orders([drawn("order of the rows", *orders), drawn("other", *orders)])
    assert found[0].finding == ""
    assert found[0].share == 1
    assert found[1].share == (0 if found[1].finding else 1)
    return found[1].finding


def test_equal_orders_are_told_only_beyond_chance() -> None:
    """Six orders, two in all: chance repeats them under seven keys with 4 / 6**7 > 1e-5."""
    assert 4 / 6**7 > FACT_ERROR > 4 / 6**8
    assert repeated(7) == ""
    assert (
        repeated(8) == "The other is the same as the order of the rows under every key: one draw."
    )


def test_one_key_that_differs_makes_two_draws() -> None:
    orders = random_orders(9, 5)
    others = [*orders[:-1], orders[-1][:, ::-1]]
    found = own_orders([drawn("one", *orders), drawn("other", *others)])
    assert [own.finding for own in found] == ["", ""]
    assert [own.share for own in found] == [1, 1]


def test_an_inverse_order_is_told() -> None:
    orders = random_orders(9, 5)
    inverses = [np.argsort(order, axis=1) for order in orders]
    found = own_orders([drawn("rows", *orders), drawn("columns", *inverses)])
    assert found[1].finding == "The columns is the inverse of the rows under every key: one draw."
    assert not found[1].kept.any()


def test_what_is_no_order_or_under_one_key_is_kept() -> None:
    numbers = [codes("codes", np.array([1, 2]), 5)] * 9
    still = drawn("still", *[np.arange(9)] * 9)
    once = drawn("once", *random_orders(1, 99))
    for draws in (numbers, still, once):
        (one, other) = own_orders([draws, draws])
        assert one.share == other.share == 1
        assert one.finding == other.finding == ""


def test_orders_of_one_draw_that_repeat_are_counted() -> None:
    keys = random_orders(9, 9, number=2)
    still = np.arange(9)[None]
    several = [np.concatenate([still, a[:1], a[1:], a[:1], a[:1]]) for a in keys]
    (own,) = own_orders([drawn("orders", *several)])
    assert own.kept.tolist() == [False, True, True, False, False]
    assert own.finding == (
        "The orders: of 5, 1 move nothing under any key. "
        "The orders: of 4, 2 are different under every key."
    )
    assert own.share == pytest.approx(2 / 5)
    (own,) = own_orders([drawn("orders", *[a[[0, 0, 0]] for a in keys])])
    assert own.finding == "The orders: of 3, it is one and the same under every key."


def test_shifts_of_one_order_are_shifts_and_one_order() -> None:
    """Of names and of places; chance makes such of three pieces under few keys."""
    count, rng = 6, np.random.default_rng(1)

    def found(keys: int, count: int, *, places: bool) -> OwnOrders:
        several = []
        for _ in range(keys):
            order, shifts = rng.permutation(count), rng.integers(1, count, 3)
            turned = [np.roll(order, s) if places else (order + s) % count for s in shifts]
            several.append(np.stack([order, *turned]))
        return own_orders([drawn("orders", *several)])[0]

    for places in (True, False):
        own = found(24, count, places=places)
        assert own.kept.tolist() == [True, False, False, False]
        assert own.extra == pytest.approx(3 * np.log2(6) / np.log2(720))
        assert own.share == pytest.approx((1 + own.extra) / 4)
        assert own.finding == (
            "The orders: of 4, 3 are cyclic shifts of others under every key; whether the shifts "
            "are drawn evenly was not tested."
        )
    assert found(2, 3, places=True).kept.all()


def test_shifts_are_told_only_beyond_chance() -> None:
    """Of four pieces a shift leaves six cases: two orders agree in 6**-k, four ways allowed for."""
    orders = [np.array([0, 2, 1, 3]), np.array([0, 1, 3, 2]), np.array([0, 3, 1, 2])]
    kept = {}
    for keys in (7, 8):
        several = [np.stack([o, np.roll(o, 1 + n % 3)]) for n, o in enumerate((orders * 3)[:keys])]
        (own,) = own_orders([drawn("orders", *several)])
        kept[keys] = own.kept.tolist()
    assert 8 * 6.0**-7 > FACT_ERROR > 8 * 6.0**-8
    assert kept == {7: [True, True], 8: [True, False]}


def test_one_order_a_key_is_no_shift_of_another() -> None:
    (own,) = own_orders([drawn("order", *random_orders(30, 6))])
    assert own.kept.tolist() == [True]
    assert own.extra == 0
    assert own.finding == ""
