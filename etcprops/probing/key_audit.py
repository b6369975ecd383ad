"""From keys to maps: whether the key is used, keys collide, and each step is drawn uniformly.

The maps of all keys are described in one form, the smallest that all of them have; what a key draws
in it are independent numbers, and `uniformity` has their tests. In a larger form the same
evenness looks uneven: pixels that move together are no independent draws.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.description import Structure, common_bits, scramble_bits
from etcprops.probing.draws import Draw, DrawKind
from etcprops.probing.model import count as counted
from etcprops.probing.neighbours import orders_of_three
from etcprops.probing.repeats import own_orders
from etcprops.probing.uniformity import (
    FACT_ERROR,
    LEAST_EXPECTED,
    UniformityTest,
    bit_uniformity,
    code_uniformity,
    holm,
    source_uniformity,
)

COHERENT = 0.25
"""Pieces of which this share keeps its neighbours moves together in a way that has no name here."""


@dataclass(frozen=True)
class KeyAudit:
    """What several keys have shown.

    Attributes
    ----------
    n_keys : int
        Keys that gave images.
    keys_used : bool or None
        Whether any two gave different maps; None with one key.
    distinct_maps : int
        Number of different maps.
    collisions : tuple of pairs of int
        Positions of keys that give the same map as an earlier one, with that one.
    claimed_bits, effective_bits : float or None
        log2 of the number of keys of such a scheme, and of those that these keys leave possible;
        None if the maps have no description.
    tests : tuple of UniformityTest
        The tests for which there were enough keys.
    findings : tuple of str
        What is wrong, in words; what could not be tested.
    """

    n_keys: int
    keys_used: bool | None
    distinct_maps: int
    collisions: tuple[tuple[int, int], ...]
    claimed_bits: float | None
    effective_bits: float | None
    tests: tuple[UniformityTest, ...]
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit ready for JSON."""
        return vars(self) | {
            "collisions": [list(pair) for pair in self.collisions],
            "tests": [test.to_dict() for test in self.tests],
            "findings": list(self.findings),
        }


@dataclass
class _Draws:
    """What the keys draw: tests, findings, and how many bits of each draw were seen."""

    tests: list[UniformityTest] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    bits: float = 0.0
    piece: str = "piece"


def audit_keys(digests: dict[int, str], structures: Sequence[Structure]) -> KeyAudit:
    """Return what several keys do.

    Parameters
    ----------
    digests : dict of int to str
        A name for the map of each key that gave images, by the key's position.
    structures : sequence of Structure
        The description of each map in a form that all share, in that order; empty if there is none.

    Returns
    -------
    KeyAudit
    """
    earliest: dict[str, int] = {}
    collisions = tuple(
        (number, earliest[digest])
        for number, digest in digests.items()
        if earliest.setdefault(digest, number) != number
    )
    claimed = effective = None
    tests: list[UniformityTest] = []
    findings: list[str] = []
    space = math.inf
    if structures:
        first = set(earliest.values())
        distinct = [s for n, s in zip(digests, structures, strict=True) if n in first]
        # Keys that collide in a small space are draws like others.
        space = common_bits(structures)
        alike = _collide_too_often(list(digests.values()), space)
        draws = _test_draws(distinct if alike else list(structures))
        tests, findings = holm(draws.tests), draws.findings
        claimed, effective = space, draws.bits + scramble_bits(structures)
        least = _orbit_bits(structures)
        if (effective - least) * (len(structures) - 1) > -math.log2(FACT_ERROR):
            effective = least
            findings.append(
                "The maps of all keys commute, as powers of one do: such are at most "
                f"2^{effective:.1f}."
            )
        if any(test.rejected for test in tests):
            findings.append(f"Of what is drawn unevenly, {effective:.1f} bits are left at most.")
        if alike:
            effective = min(effective, _birthday_bits(list(digests.values())))
    findings = _use(len(digests), len(earliest), collisions, space) + findings
    findings += [test.accusation for test in tests if test.rejected]
    return KeyAudit(
        n_keys=len(digests),
        keys_used=len(earliest) > 1 if len(digests) > 1 else None,
        distinct_maps=len(earliest),
        collisions=collisions,
        claimed_bits=claimed,
        effective_bits=effective,
        tests=tuple(tests),
        findings=tuple(findings),
    )


def digest(arrays: Sequence[NDArray[Any]]) -> str:
    """Return a name for arrays, the same for equal ones."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


# --- Use and collisions


def _use(
    keys: int, distinct: int, collisions: tuple[tuple[int, int], ...], space: float
) -> list[str]:
    """Return what is wrong with the use of the key."""
    if keys > 1 and distinct == 1:
        same = f"{keys} keys give one and the same map"
        # Identities alone show no draw; the scheme may have one, of a bit at least.
        space = max(space, 1.0)
        chance = 2 ** -min(space * (keys - 1), 1000.0)
        if chance > FACT_ERROR:
            return [
                (
                    f"The key may go unused: {same}, as even draws from 2^{space:.1f} maps do with "
                    f"probability {chance:.2g}; ask with more keys."
                )
            ]
        return [f"The key is not used: {same}."]
    if collisions:
        a, b = collisions[0]
        expected = math.comb(keys, 2) / 2**space if space < 1000 else 0.0
        usual = (
            f"; of 2^{space:.1f} maps, {keys} even draws would give {expected:.1f} such pairs"
            if expected > 0.05
            else ""
        )
        same = f"numbers {b} and {a} give the same one{usual}."
        return [f"{keys} keys give {counted(distinct, 'map')}; {same}"]
    return []


def _collide_too_often(digests: list[str], space: float) -> bool:
    """Tell whether more pairs collide than even draws from so many maps let collide."""
    from scipy.special import gammainc

    same = _pairs(digests)
    if not same:
        return False
    expected = math.comb(len(digests), 2) / 2 ** min(space, 1000.0)
    return bool(gammainc(same, expected) < FACT_ERROR)  # Poisson: P(at least `same`)


def _pairs(digests: list[str]) -> int:
    return sum(math.comb(c, 2) for c in Counter(digests).values())


def _birthday_bits(digests: list[str]) -> float:
    """Return log2 of the number of maps that makes so many pairs of keys collide."""
    return math.log2(math.comb(len(digests), 2) / _pairs(digests))


def _orbit_bits(structures: Sequence[Structure]) -> float:
    """Return log2 of how many maps commute with each other and with these; inf if these do not.

    On each orbit of all of them such a map is told by where it sends one piece.
    """
    if any((s.tiles.codes != 0).any() or s.tiles.orders.any() for s in structures):
        return math.inf
    if any(s.tiles.negatives.any() or s.layout == "apart" for s in structures):
        return math.inf
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    orders = [s.permutation for s in structures]
    for number, order in enumerate(orders):
        if any((order[other] != other[order]).any() for other in orders[:number]):
            return math.inf
    size = orders[0].size
    places = np.tile(np.arange(size), len(orders))
    links = (np.ones(places.size), (places, np.concatenate(orders)))
    _, label = connected_components(coo_array(links, shape=(size, size)), directed=False)
    return float(np.log2(np.bincount(label)).sum())


# --- What keys draw


def _test_draws(structures: Sequence[Structure]) -> _Draws:
    """Test each draw that some key uses."""
    result = _Draws(piece="block" if structures[0].block > 1 else "piece")
    if scramble_bits(structures):
        piece = "pixel" if structures[0].unit == (1, 1) else result.piece
        result.findings.append(
            f"Whether what happens inside the {piece}s is drawn evenly was not tested."
        )
    drawn = list(zip(*(s.draws for s in structures), strict=True))
    for same, own in zip(drawn, own_orders(drawn), strict=True):
        if all(d.neutral for d in same):
            continue
        if own.finding:
            result.findings.append(own.finding)
        if not own.kept.any():
            continue
        values = np.array([d.values for d in same])
        if _constant(result, same[0], values):
            continue
        if same[0].kind is DrawKind.WHOLE:
            result.bits += _varying(result, same[0], values)
        elif same[0].kind is DrawKind.PERMUTATION:
            result.bits += same[0].bits * own.share
            kept = values if own.kept.all() else values[:, own.kept]
            _test_permutations(result, structures[0], same[0], kept)
        else:
            _test_codes(result, same[0], values)
    return result


def _constant(result: _Draws, draw: Draw, values: NDArray[np.int64]) -> bool:
    """Tell whether all keys draw the same, beyond chance, and note it."""
    keys = len(values)
    if keys < 2 or draw.bits <= 0 or (values != values[0]).any():
        return False
    if draw.bits * (keys - 1) <= -math.log2(FACT_ERROR):
        return False
    what = f"Which {result.piece}s are negated" if draw.name == "negation" else f"The {draw.name}"
    result.findings.append(f"{what} does not depend on the key.")
    return True


def _varying(result: _Draws, draw: Draw, values: NDArray[np.int64]) -> float:
    """Return the bits of numbers that hang together, less those that no key changes."""
    keys, number = values.shape
    each = math.log2(draw.bound)
    still = np.count_nonzero((values == values[0]).all(axis=0))
    if not still or (keys - 1) * each <= math.log2(number / FACT_ERROR):
        return draw.bits
    result.findings.append(
        f"Of the {number} numbers in the {draw.name}, {still} never change with the key."
    )
    return float((number - still) * each)


def _test_codes(result: _Draws, draw: Draw, values: NDArray[np.int64]) -> None:
    """Test codes, shape (keys, count), from 0 to ``bound - 1``."""
    keys, number = values.shape
    bound, name = draw.bound, draw.name
    if name == "negation" and _half(result, values):
        return
    alike = (values == values[:, :1]).all()
    if number > 1 and alike and keys * (number - 1) * math.log2(bound) > -math.log2(FACT_ERROR):
        result.findings.append(
            f"One {name} for every {result.piece} of an image: {number}, one code."
        )
        values, number = values[:, :1], 1
    drawn = np.unique(values).size
    if draw.kind is DrawKind.BITS:
        result.bits += float(number)
        result.tests.append(bit_uniformity(f"{name} (independent bits)", values.astype(np.bool_)))
    elif values.size >= LEAST_EXPECTED * bound:
        result.bits += number * math.log2(drawn)
        result.tests.append(code_uniformity(name, values, bound))
    else:
        result.bits += number * math.log2(bound)
        result.findings.append(_too_few(name, values.size, LEAST_EXPECTED * bound))


def _half(result: _Draws, bits: NDArray[np.int64]) -> bool:
    """Tell whether exactly half of the pieces is negated under every key, beyond chance."""
    keys, number = bits.shape
    if (2 * bits.sum(axis=1) != number).any():
        return False
    chance = (math.comb(number, number // 2) / 2**number) ** keys
    if chance >= FACT_ERROR:
        return False
    result.bits += math.log2(math.comb(number, number // 2))
    result.findings.append(
        f"Exactly half of the {result.piece}s is negated under every key: "
        f"C({number}, {number // 2}) choices, not 2^{number}; independent bits do that with "
        f"probability {chance:.1e}."
    )
    return True


def _test_permutations(
    result: _Draws, structure: Structure, draw: Draw, values: NDArray[np.int64]
) -> None:
    """Test permutations, shape (keys, m, count): position by source, neighbours, all orders."""
    values = _moving(result, draw, values)
    orders = values.reshape(-1, values.shape[-1])
    number, count = orders.shape
    if count < 2:
        return
    if count > 24 and _coherence(orders) > COHERENT:
        still = float(np.mean(orders == np.arange(count)))
        how = "moves neighbours together, in a way that has no name here"
        if still > COHERENT:
            how = f"leaves {still:.0%} in place, of which an even draw leaves one on average"
        result.findings.append(f"The {draw.name} {how}; whether it is drawn evenly was not tested.")
        return
    groups = min(count, math.isqrt(number * count // LEAST_EXPECTED))
    if groups > 1 and len(values) > 1:
        result.tests.append(source_uniformity(draw.name, orders, groups))
    else:
        needed = max(2, math.ceil(4 * LEAST_EXPECTED / count))
        result.findings.append(_too_few(draw.name, len(values), needed, "key"))
    result.tests += orders_of_three(draw.name, orders, structure)
    if count <= 5 and number >= LEAST_EXPECTED * math.factorial(count):
        known = {order: i for i, order in enumerate(permutations(range(count)))}
        drawn = np.array([known[tuple(row)] for row in orders.tolist()])
        result.tests.append(code_uniformity(f"order: {draw.name}", drawn, len(known)))


def _moving(result: _Draws, draw: Draw, values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what is drawn under the keys that move anything, and name the others.

    They stay in where chance may leave all in place.
    """
    still = (values == np.arange(values.shape[-1])).all(axis=(1, 2))
    keys = int(still.sum())
    bits = values.shape[1] * math.lgamma(values.shape[2] + 1) / math.log(2)
    if not keys or bits <= math.log2(len(values) / FACT_ERROR):
        return values
    result.findings.append(
        f"Under {keys} of {counted(len(values), 'key')} the {draw.name} moves nothing: no even "
        "draw; the others are tested without."
    )
    moving: NDArray[np.int64] = values[~still]
    return moving


def _coherence(orders: NDArray[np.int64]) -> float:
    """Return the share of neighbours that lie apart by the commonest distance, on average."""
    count = orders.shape[1]
    best = 0.0
    for gap in {1, max(1, math.isqrt(count)), max(1, count // 3)}:
        shares = []
        for order in orders[:16]:
            # A part is enough to see a quarter.
            steps = (order[gap : gap + 20_000] - order[:-gap][:20_000]) % count
            times = np.unique(steps, return_counts=True)[1]
            shares.append(times.max() / steps.size)
        best = max(best, float(np.mean(shares)))
    return best


def _too_few(name: str, came: int, needed: int, noun: str = "draw") -> str:
    return f"Too few keys to test the {name}: {counted(came, noun)}, {needed} needed."
