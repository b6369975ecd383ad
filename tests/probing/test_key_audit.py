"""What an audit of keys says, just at the number of keys from which it is beyond chance.

Draws are given by hand, in descriptions of a few pixels; chance is `FACT_ERROR`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops.probing.description import Structure
from etcprops.probing.draws import Draw, DrawKind, codes, permutation
from etcprops.probing.key_audit import KeyAudit, audit_keys, digest
from etcprops.probing.tiles import Tiles

Integers = NDArray[np.int64]
NOTHING = np.zeros(4, dtype=np.int64)
PLAIN = Tiles((1, 1), np.array([1, 2, 3, 0]), NOTHING + 1, NOTHING, NOTHING, 0, 1)
"""Turned, so that nothing is said of maps that commute."""


def described(*draws: Draw, tiles: Tiles = PLAIN, layout: str = "pixels") -> Structure:
    return Structure(layout, tiles.unit, "free", tiles, draws, (2, 2, 1))


def audited(structures: Sequence[Structure], names: str | None = None) -> KeyAudit:
    """Audit keys whose maps have these letters for names; by default all differ."""
    keys = [str(n) for n in range(len(structures))] if names is None else list(names)
    return audit_keys(dict(enumerate(keys)), structures)


def random_codes(keys: int, number: int, bound: int, name: str = "turn") -> list[Structure]:
    rng = np.random.default_rng(0)
    return [described(codes(name, rng.integers(0, bound, number), bound)) for _ in range(keys)]


def same_codes(keys: int, values: list[int], bound: int, name: str = "turn") -> KeyAudit:
    return audited([described(codes(name, np.array(values), bound)) for _ in range(keys)])


# --- Use and collisions


def test_a_key_is_used_if_two_maps_differ() -> None:
    assert audit_keys({0: "a"}, []).keys_used is None
    assert audit_keys({}, []).keys_used is None
    used = audit_keys({0: "a", 3: "b"}, [])
    assert used.keys_used
    assert (used.n_keys, used.distinct_maps, used.collisions, used.findings) == (2, 2, (), ())
    assert (used.claimed_bits, used.effective_bits) == (None, None)
    unused = audit_keys({0: "a", 3: "a"}, [])
    assert unused.keys_used is False
    assert unused.collisions == ((3, 0),)
    assert unused.findings == ("The key is not used: 2 keys give one and the same map.",)


def test_one_map_of_two_under_all_keys_may_be_chance() -> None:
    """An even draw of a bit is the same under 17 keys with probability 2**-16, above 1e-5."""
    still = described(codes("turn", np.array([0]), 2))
    found = {keys: audited([still] * keys, "a" * keys).findings[0] for keys in (2, 17, 18)}
    assert found[2] == (
        "The key may go unused: 2 keys give one and the same map, as even draws from 2^1.0 maps do "
        "with probability 0.5; ask with more keys."
    )
    assert "with probability 1.5e-05; ask" in found[17]
    assert found[18] == "The key is not used: 18 keys give one and the same map."
    few = [described(codes("turn", np.array([1, 1, 2]), 4))] * 2
    assert "from 2^6.0 maps do with probability 0.016" in audited(few, "aa").findings[0]


def test_collisions_are_told_with_what_is_usual() -> None:
    def said(bits: int) -> str:
        return audited(random_codes(4, bits, 2), "abca").findings[0]

    assert said(7) == "4 keys give 3 maps; numbers 0 and 3 give the same one."
    assert said(6) == (
        "4 keys give 3 maps; numbers 0 and 3 give the same one; of 2^6.0 maps, 4 even draws would "
        "give 0.1 such pairs."
    )
    several = audit_keys({0: "a", 1: "b", 4: "a", 5: "a", 7: "b"}, [])
    assert several.collisions == ((4, 0), (5, 0), (7, 1))
    assert several.distinct_maps == 2
    assert several.findings == ("5 keys give 2 maps; numbers 0 and 4 give the same one.",)


def test_keys_that_collide_beyond_chance_choose_among_few() -> None:
    """Three pairs where 6 / 2**n are expected: (6 / 2**n)**3 / 3! is 1.7e-5 of 7 bits."""
    for bits, few in ((7, False), (8, True)):
        found = audited(random_codes(4, bits, 2), "aaab")
        assert found.claimed_bits == bits
        assert found.effective_bits == pytest.approx(1 if few else bits)
        counted = found.tests[0].counts
        assert sum(counted) == bits * (2 if few else 4), "each map is tested once"


def test_names_of_maps_are_those_of_their_arrays() -> None:
    a, b = np.arange(6), np.arange(6)[::-1]
    assert digest([a, b]) == digest([a.copy(), b.copy()])
    assert digest([a, b]) != digest([b, a])
    assert digest([b]) == digest([np.ascontiguousarray(b)])


# --- Draws


def constant(audit: KeyAudit) -> bool:
    return any(f.endswith("does not depend on the key.") for f in audit.findings)


def test_what_no_key_changes_is_told_beyond_chance() -> None:
    assert not constant(same_codes(17, [1], 2))
    assert constant(same_codes(18, [1], 2))
    assert not constant(same_codes(9, [1], 4))
    assert constant(same_codes(10, [1], 4))
    found = same_codes(18, [1], 2)
    assert "The turn does not depend on the key." in found.findings
    assert (found.claimed_bits, found.effective_bits, found.tests) == (1, 0, ())
    negated = same_codes(18, [1], 2, "negation")
    assert "Which pieces are negated does not depend on the key." in negated.findings
    assert not constant(audited(random_codes(40, 1, 2)))
    assert not constant(same_codes(40, [0], 2))
    assert not constant(same_codes(1, [1] * 40, 2))


def test_pieces_of_several_pixels_are_blocks_if_square() -> None:
    for unit, word in (((2, 2), "block"), ((1, 2), "piece"), ((1, 1), "piece")):
        tiles = Tiles(unit, np.array([1, 0]), NOTHING[:2], NOTHING[:2], NOTHING[:2], 0, 1)
        negated = described(codes("negation", np.array([1]), 2), tiles=tiles)
        found = audited([negated] * 18)
        assert f"Which {word}s are negated does not depend on the key." in found.findings
        mixed = Tiles(unit, np.array([1, 0]), NOTHING[:2], NOTHING[:2], NOTHING[:2] - 1, 0, 1)
        (finding,) = audited([described(tiles=mixed)] * 2).findings[:1]
        each = "pixel" if unit == (1, 1) else word
        assert finding == f"Whether what happens inside the {each}s is drawn evenly was not tested."


def test_numbers_that_hang_together_are_counted_if_a_key_changes_them() -> None:
    """Six numbers of 4 bits: one stays under k keys with probability 6 * 16**(1 - k)."""
    rng = np.random.default_rng(0)
    for keys, told in ((5, False), (6, True)):
        structures = []
        for _ in range(keys):
            values = np.array([*rng.integers(0, 16, 4), 3, 5])
            structures.append(described(Draw("matrix", DrawKind.WHOLE, values, 16, False)))
        found = audited(structures)
        assert found.claimed_bits == 24
        assert found.effective_bits == (16 if told else 24)
        says = "Of the 6 numbers in the matrix, 2 never change with the key."
        assert (says in found.findings) == told


def one_code(keys: int, number: int) -> KeyAudit:
    rng = np.random.default_rng(0)
    values = [np.full(number, rng.integers(4)) for _ in range(keys)]
    return audited([described(codes("turn", v, 4)) for v in values])


def test_one_code_for_all_pieces_is_told_beyond_chance() -> None:
    says = "One turn for every piece of an image: 2, one code."
    assert says not in one_code(8, 2).findings
    found = one_code(9, 2)
    assert says in found.findings
    assert found.effective_bits == 2
    assert "Too few keys to test the turn: 9 draws, 20 needed." in found.findings
    (test,) = one_code(20, 2).tests
    assert sum(test.counts) == 20
    assert not one_code(30, 1).findings


def test_codes_are_tested_from_five_a_case_on() -> None:
    few = audited(random_codes(19, 1, 4))
    assert few.tests == ()
    assert few.findings == ("Too few keys to test the turn: 19 draws, 20 needed.",)
    assert few.effective_bits == 2
    enough = audited(random_codes(20, 1, 4))
    assert enough.findings == ()
    (test,) = enough.tests
    assert sum(test.counts) == 20
    assert len(test.counts) == 4
    of_two = audited([described(codes("turn", np.arange(40) * 3 % 2 + n % 2, 4)) for n in (1, 2)])
    assert of_two.effective_bits == pytest.approx(40 * np.log2(3))
    assert of_two.claimed_bits == 80
    bits = audited(random_codes(3, 5, 2))
    assert bits.tests[0].name == "turn (independent bits)"
    assert bits.effective_bits == 5


def test_half_of_the_pieces_negated_is_told_beyond_chance() -> None:
    """C(8, 4) / 2**8 to the eighth is 3.1e-5, to the ninth 8.5e-6."""
    rng = np.random.default_rng(0)

    def halves(keys: int, name: str = "negation") -> KeyAudit:
        drawn = [rng.permutation([0, 1] * 4) for _ in range(keys)]
        return audited([described(codes(name, values, 2)) for values in drawn])

    assert len(halves(8).tests) == 1
    found = halves(9)
    assert found.tests == ()
    assert found.effective_bits == pytest.approx(np.log2(70))
    (finding,) = found.findings
    assert finding == (
        "Exactly half of the pieces is negated under every key: C(8, 4) choices, not 2^8; "
        "independent bits do that with probability 8.5e-06."
    )
    assert len(halves(9, "turn").tests) == 1


def orders(
    keys: int, count: int, change: Callable[[int, Integers], Any] = lambda _, order: order
) -> KeyAudit:
    rng = np.random.default_rng(0)
    drawn = [np.asarray(change(key, rng.permutation(count))) for key in range(keys)]
    return audited([described(permutation("order", order)) for order in drawn])


def test_orders_are_tested_by_as_many_groups_as_keys_allow() -> None:
    found = orders(3, 6)
    assert found.findings == ("Too few keys to test the order: 3 keys, 4 needed.",)
    assert found.tests == ()
    (test,) = orders(4, 6).tests
    assert test.name == "source of each position, order (2 x 2 groups)"
    assert "(6 x 6 groups)" in orders(30, 6).tests[0].name
    assert "(5 x 5 groups)" in orders(29, 6).tests[0].name
    assert orders(4, 6).effective_bits == pytest.approx(np.log2(720))
    # One key is none of several; its neighbours are tested all the same.
    alone = orders(1, 400)
    assert alone.findings == ("Too few keys to test the order: 1 key, 2 needed.",)
    assert alone.tests[0].name.startswith("order of three neighbouring sources")


def test_all_orders_of_few_pieces_are_counted() -> None:
    def names(keys: int, count: int) -> list[str]:
        return [test.name for test in orders(keys, count).tests]

    assert "order: order" not in names(29, 3)
    assert "order: order" in names(30, 3)
    assert "order: order" in names(600, 5)
    assert "order: order" not in names(599, 5)
    assert "order: order" not in names(3600, 6)
    drawn = list(permutations(range(3))) * 5
    found = audited([described(permutation("order", np.array(order))) for order in drawn])
    (test,) = [t for t in found.tests if t.name == "order: order"]
    assert test.counts == (5,) * 6


def test_keys_that_move_nothing_are_left_out_beyond_chance() -> None:
    """Of three keys one leaves nine pieces in place with probability 3 / 9!, below 1e-5."""
    for count, told in ((8, False), (9, True)):
        found = orders(3, count, lambda key, order: np.arange(order.size) if not key else order)
        says = (
            "Under 1 of 3 keys the order moves nothing: no even draw; the others are tested "
            "without."
        )
        assert (says in found.findings) == told


def test_orders_that_keep_neighbours_together_are_not_tested() -> None:
    def swapped(_key: int, order: Integers) -> Integers:
        """Leave all in place but for a few."""
        places = np.arange(order.size)
        places[order[:6]] = places[np.roll(order[:6], 1)]
        return places

    def halves(key: int, order: Integers) -> Integers:
        """Exchange parts of different lengths, some of them turned round."""
        cut = [order.size // 3, order.size // 2 + key]
        parts = np.split(np.arange(order.size), cut)
        return np.concatenate([parts[2], parts[0][::-1], parts[1]])

    (finding,) = orders(9, 32, swapped).findings
    assert finding == (
        "The order leaves 81% in place, of which an even draw leaves one on average; whether it is "
        "drawn evenly was not tested."
    )
    (finding,) = orders(9, 40, halves).findings
    assert finding.startswith("The order moves neighbours together, in a way that has no name")
    assert orders(9, 24, swapped).tests
    assert not orders(9, 25, swapped).tests
    assert orders(9, 200).tests


# --- Maps that commute


def commuting(keys: int, size: int, **changes: Any) -> KeyAudit:
    """Audit cyclic shifts of a hidden order, described as any order of the pixels."""
    hidden = np.random.default_rng(3).permutation(size)
    none = np.zeros(size, dtype=np.int64)
    structures = []
    for key in range(keys):
        order = np.empty(size, dtype=np.int64)
        order[hidden] = np.roll(hidden, key + 1)
        fields = {"codes": none, "orders": none, "negatives": none} | changes
        layout = fields.pop("layout", "pixels")
        tiles = Tiles((1, 1), order, **fields, negated_pixels=0, in_block_maps=1)
        structures.append(described(permutation("order", order), tiles=tiles, layout=layout))
    return audited(structures)


def test_maps_that_commute_are_few() -> None:
    """So many bits less would be chance under few keys: 24 - log2(size) under two."""
    bits = {size: float(np.log2(np.arange(1, size + 1)).sum()) for size in (9, 10, 12)}
    assert bits[9] - np.log2(9) < -np.log2(1e-5) < bits[10] - np.log2(10)
    assert commuting(2, 9).effective_bits == pytest.approx(bits[9])
    found = commuting(2, 10)
    assert found.effective_bits == pytest.approx(np.log2(10))
    assert found.claimed_bits == pytest.approx(bits[10])
    assert found.findings[-1] == (
        "The maps of all keys commute, as powers of one do: such are at most 2^3.3."
    )
    one = np.eye(12, dtype=np.int64)[0]
    for field in ("codes", "orders", "negatives"):
        assert commuting(2, 12, **{field: one}).effective_bits == pytest.approx(bits[12])
    assert commuting(2, 12, layout="apart").effective_bits == pytest.approx(bits[12])


def test_orders_that_do_not_commute_are_as_many_as_there_are() -> None:
    rng = np.random.default_rng(0)
    none = np.zeros(12, dtype=np.int64)
    structures = []
    for number in range(3):
        order = np.roll(np.arange(12), number + 1) if number < 2 else rng.permutation(12)
        tiles = Tiles((1, 1), order, none, none, none, 0, 1)
        structures.append(described(permutation("order", order), tiles=tiles))
    found = audited(structures)
    assert found.effective_bits == found.claimed_bits
    # Two cycles of six: each is told by where it sends one piece.
    for number, structure in enumerate(structures):
        order = np.concatenate([np.roll(np.arange(6), number + 1), 6 + np.roll(np.arange(6), 1)])
        tiles = Tiles((1, 1), order, none, none, none, 0, 1)
        structures[number] = described(*structure.draws, tiles=tiles)
    assert audited(structures).effective_bits == pytest.approx(2 * np.log2(6))
