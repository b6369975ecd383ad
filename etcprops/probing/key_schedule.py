"""From keys to maps: whether the key is used, keys collide, and each step is drawn evenly.

One map is extracted for each key, and what should be uniform is tested with chi-square statistics.
All tests of an audit together accuse a sound scheme with probability `FAMILY_ERROR` at most, by
Holm's rule: ordered by p-value, test ``i`` of ``m`` (from 0) is rejected while its p-value is below
``FAMILY_ERROR / (m - i)``. Tests with fewer than 5 expected cases a cell are not made.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, permutations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.extraction import chosen_vectors, predict, read_pixel_map, wrong_pixels
from etcprops.probing.model import BIJECTIVE, Kind
from etcprops.probing.oracle import NoImageError, Oracle
from etcprops.probing.structure import Structure, infer_structure
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey, Step
from etcprops.scheme.signed_permutation import SignedPermutation

FAMILY_ERROR: Final = 1e-3
"""Probability that all tests of one audit together accuse a scheme whose keys are uniform."""

LEAST_EXPECTED: Final = 5


@dataclass(frozen=True)
class EvennessTest:
    """One test of uniformity.

    Attributes
    ----------
    name : str
        What should be uniform.
    counts : tuple of int
        How often each case occurred.
    p_value : float
        Probability of counts at least as uneven, were it uniform.
    rejected : bool
        Whether it is, by Holm's rule over all tests of the audit.
    """

    name: str
    counts: tuple[int, ...]
    p_value: float
    rejected: bool = False


@dataclass(frozen=True)
class KeySchedule:
    """What several keys have shown.

    Attributes
    ----------
    n_keys : int
        Keys that were asked.
    keys_used : bool or None
        Whether any two gave different maps; None with one key.
    distinct_maps : int
        Number of different maps.
    collisions : tuple of pairs of int
        Positions of keys that give the same map as an earlier one, with that one.
    claimed_bits, effective_bits : float or None
        log2 of the number of keys of such a scheme, and of those that these keys leave possible;
        None if it is no EtC scheme.
    tests : tuple of EvennessTest
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
    tests: tuple[EvennessTest, ...]
    findings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the audit ready for JSON."""
        tests = [vars(test) | {"counts": list(test.counts)} for test in self.tests]
        return vars(self) | {
            "collisions": [list(pair) for pair in self.collisions],
            "tests": tests,
            "findings": list(self.findings),
        }


def audit_keys(
    oracles: Sequence[Oracle],
    kind: Kind,
    seed: int,
    structure: Structure | None = None,
    first: SignedPermutation | None = None,
) -> KeySchedule:
    """Return what the keys of several oracles do.

    Parameters
    ----------
    oracles : sequence of Oracle
        One a key, for the same function; not asked before.
    kind : Kind
        The class of the function under the first key.
    seed : int
        Of the random images by which other functions are told apart.
    structure : Structure, optional
        That of the first key.
    first : SignedPermutation, optional
        Its map, if it is bijective; the first key is not asked again then.

    Returns
    -------
    KeySchedule
    """
    findings: list[str] = []
    marks, structures = [], []
    if kind is Kind.RANDOMISED:
        note = "The result differs from call to call, so keys cannot be compared."
        return KeySchedule(len(oracles), None, 0, (), None, None, (), (note,))
    for number, oracle in enumerate(oracles):
        known = first if number == 0 else None
        try:
            mark, found = _extract(oracle, seed, known, bijective=kind in BIJECTIVE)
        except NoImageError as error:
            findings.append(f"Key number {number}: it {error.reason}.")
            continue
        marks.append((number, mark))
        if found is not None and structure is not None:
            here = infer_structure(found, oracle.shape, oracle.out_shape, block=structure.block)
            if here is not None:
                structures.append(here)
    seen: dict[str, int] = {}
    collisions = tuple(
        (number, seen[mark]) for number, mark in marks if seen.setdefault(mark, number) != number
    )
    used = len(seen) > 1 if len(marks) > 1 else None
    if used is False:
        findings.append(f"The key is not used: {len(marks)} keys give one and the same map.")
    elif collisions:
        a, b = collisions[0]
        findings.append(
            f"{len(marks)} keys give {len(seen)} maps; numbers {b} and {a} give the same one."
        )
    tests: list[EvennessTest] = []
    claimed = effective = None
    alike = [s for s in structures if s.key is not None and s.permutation.size]
    if alike and len(alike) == len(marks) and len({(s.layout, s.block) for s in alike}) == 1:
        distinct = [s for s, (n, _) in zip(alike, marks, strict=True) if n in seen.values()]
        tests, more, supports = _steps(distinct)
        findings += more
        claimed, effective = _key_space(distinct, supports)
        if collisions:
            pairs = len(marks) * (len(marks) - 1) / 2
            same = sum(c * (c - 1) // 2 for c in Counter(mark for _, mark in marks).values())
            effective = min(effective, math.log2(pairs / same))
    tests = _holm(tests)
    findings += [_accusation(test) for test in tests if test.rejected]
    return KeySchedule(
        len(marks), used, len(seen), collisions, claimed, effective, tuple(tests), tuple(findings)
    )


def _extract(
    oracle: Oracle, seed: int, known: SignedPermutation | None, *, bijective: bool
) -> tuple[str, SignedPermutation | None]:
    """Return a mark of what the function does under a key, and the map if it is bijective."""
    if known is not None:
        return _mark([known.source, known.sign]), known
    chosen = chosen_vectors(oracle.size, oracle.scale)
    rng = np.random.default_rng(seed)
    noise = [oracle.scale.draw(rng, oracle.size)]
    outputs = list(oracle.ask(chain(chosen, noise)))
    found = read_pixel_map(outputs[:-1], oracle.size, oracle.scale) if bijective else None
    if found is None or found.source.size != oracle.size or found.lost.size:
        return _mark(outputs), None
    if wrong_pixels(predict(found, noise[0], oracle.scale), outputs[-1], oracle.scale).size:
        return _mark(outputs), None
    # A bijection, as every input is shown.
    flip = SignedPermutation._trusted(found.source, found.sign, found.level)  # noqa: SLF001
    return _mark([flip.source, flip.sign]), flip


def _mark(arrays: Sequence[NDArray[Any]]) -> str:
    """Return a name for arrays, the same for equal ones."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _steps(
    structures: list[Structure],
) -> tuple[list[EvennessTest], list[str], dict[Step, int]]:
    """Test each step that some key uses; return tests, findings, and the number of codes seen."""
    tests: list[EvennessTest] = []
    findings: list[str] = []
    supports: dict[Step, int] = {}
    count = structures[0].permutation.size
    drawn = {
        Step.TRANSFORMS: ([s.transforms for s in structures], 8, "element of D4"),
        Step.COMPONENTS: ([s.components for s in structures], 6, "component order"),
    }
    for step, (sequences, bound, name) in drawn.items():
        codes = np.array([s for s in sequences if s is not None])
        if not codes.size or not codes.any() or (step is Step.TRANSFORMS and _single(structures)):
            continue
        if count > 1 and (codes == codes[:, :1]).all() and len(codes) * count > 4:
            findings.append(f"One {name} for every block of an image: {count} blocks, one code.")
            codes = codes[:, :1]
        elif len(codes) > 2 and count > 1 and (codes == codes[0]).all():
            findings.append(f"The {name} of each block does not depend on the key.")
            codes = codes[:1]
        supports[step] = np.unique(codes).size
        counts = np.bincount(codes.ravel(), minlength=bound)
        if counts.sum() >= LEAST_EXPECTED * bound:
            tests.append(EvennessTest(name, _integers(counts), _chi_square(counts)))
        else:
            findings.append(_too_few(name, int(counts.sum()), LEAST_EXPECTED * bound))
    places = np.array([s.permutation for s in structures])
    if count > 1 and (places != np.arange(count)).any():
        tests += _places(places, findings)
    bits = np.array([s.negatives for s in structures])
    if bits.any():
        tests += _negation(bits, findings)
    return tests, findings, supports


def _single(structures: list[Structure]) -> bool:
    return structures[0].block == 1


def _places(places: NDArray[np.int64], findings: list[str]) -> list[EvennessTest]:
    """Test the block permutations, shape (keys, blocks): position by source, and all orders."""
    keys, count = places.shape
    tests = []
    if keys > 2 and (places == places[0]).all():
        findings.append("The block permutation does not depend on the key.")
        return []
    groups = min(count, math.isqrt(keys * count // LEAST_EXPECTED))
    if groups > 1 and keys > 1:
        label = np.arange(count) * groups // count
        sizes = np.bincount(label)
        table = np.zeros((groups, groups), dtype=np.int64)
        np.add.at(table, (np.broadcast_to(label, places.shape), label[places]), 1)
        expected = keys * np.outer(sizes, sizes) / count
        # The entries of a random permutation matrix vary by n / (n - 1) more than free draws.
        statistic = (count - 1) / count * float(((table - expected) ** 2 / expected).sum())
        from scipy import stats

        p_value = float(stats.chi2.sf(statistic, (groups - 1) ** 2))
        name = f"source of each place ({groups} x {groups} groups of blocks)"
        tests.append(EvennessTest(name, _integers(table.ravel()), p_value))
    else:
        findings.append(
            _too_few("block permutation", keys, max(2, math.ceil(4 * LEAST_EXPECTED / count)))
        )
    if count <= 5:
        orders = {order: i for i, order in enumerate(permutations(range(count)))}
        if keys >= LEAST_EXPECTED * len(orders):
            drawn = [orders[tuple(row.tolist())] for row in places]
            counts = np.bincount(drawn, minlength=len(orders))
            tests.append(
                EvennessTest("order of the blocks", _integers(counts), _chi_square(counts))
            )
    return tests


def _negation(bits: NDArray[np.bool_], findings: list[str]) -> list[EvennessTest]:
    """Test the negated blocks, shape (keys, blocks): how many, and whether always half."""
    keys, count = bits.shape
    negated = bits.sum(axis=1)
    if keys > 2 and count > 1 and (bits == bits[0]).all():
        findings.append("Which blocks are negated does not depend on the key.")
        return []
    if count % 2 == 0 and (2 * negated == count).all():
        chance = (math.comb(count, count // 2) / 2**count) ** keys
        if chance < FAMILY_ERROR:
            findings.append(
                f"Exactly half of the blocks is negated under every key: C({count}, {count // 2}) "
                f"choices, not 2^{count}; independent bits do that with probability {chance:.1e}."
            )
            return []
    from scipy import stats

    p_value = float(stats.binomtest(int(negated.sum()), bits.size, 0.5).pvalue)
    name = "negation (independent bits)"
    return [EvennessTest(name, (int(bits.size - negated.sum()), int(negated.sum())), p_value)]


def _key_space(structures: list[Structure], supports: dict[Step, int]) -> tuple[float, float]:
    """Return bits of the nominal key space of the steps in use, and of what is really drawn."""
    first = structures[0]
    count = first.permutation.size
    assert first.key is not None
    geometry: BlockGeometry = first.key.geometry
    steps = {step for s in structures if s.key is not None for step in s.key.steps}
    if not steps:
        return 0.0, 0.0
    claimed = EtCKey.from_secret(geometry, "any", steps=steps).key_space_bits()
    effective = 0.0
    varies = len(structures) == 1 or any(
        not np.array_equal(s.permutation, first.permutation) for s in structures
    )
    if Step.PERMUTATION in steps and varies:
        effective += math.lgamma(count + 1) / math.log(2)
    for step in (Step.TRANSFORMS, Step.COMPONENTS):
        codes = [getattr(s, step) for s in structures]
        if step not in steps or _fixed(codes):
            continue
        one_a_block = count == 1 or any(np.unique(c).size > 1 for c in codes)
        effective += (count if one_a_block else 1) * math.log2(supports.get(step, 1))
    if Step.NEGATIVES in steps and not _fixed([s.negatives for s in structures]):
        half = all(s.negatives is not None and 2 * s.negatives.sum() == count for s in structures)
        choices = math.log2(math.comb(count, count // 2)) if half else float(count)
        effective += choices if len(structures) > 1 else float(count)
    return claimed, effective


def _fixed(sequences: list[Any]) -> bool:
    """Tell whether several keys all have the same sequence."""
    return len(sequences) > 1 and all(np.array_equal(s, sequences[0]) for s in sequences)


def _chi_square(counts: NDArray[np.int64]) -> float:
    from scipy import stats

    return float(stats.chisquare(counts).pvalue)


def _integers(counts: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(int(c) for c in counts)


def _too_few(name: str, came: int, needed: int) -> str:
    return f"Too few keys to test the {name}: {came} draws, {needed} needed."


def _holm(tests: list[EvennessTest]) -> list[EvennessTest]:
    """Mark what Holm's rule rejects.

    Examples
    --------
    >>> tests = [EvennessTest(str(p), (), p) for p in (0.2, 1e-4, 6e-4)]
    >>> [test.rejected for test in _holm(tests)]
    [False, True, False]
    """
    marked = list(tests)
    order = sorted(range(len(tests)), key=lambda i: tests[i].p_value)
    for rank, i in enumerate(order):
        if tests[i].p_value > FAMILY_ERROR / (len(tests) - rank):
            break
        marked[i] = replace(tests[i], rejected=True)
    return marked


def _accusation(test: EvennessTest) -> str:
    """Return in words what is uneven."""
    counts = np.array(test.counts)
    never = np.flatnonzero(counts == 0)
    shares = counts / counts.sum()
    text = (
        f"Not uniform: {test.name}: from {shares.min():.3f} to {shares.max():.3f} where "
        f"{1 / counts.size:.3f} is uniform (p = {test.p_value:.1e})"
    )
    if never.size and counts.size <= 8:
        text += f"; only {counts.size - never.size} of {counts.size} are ever drawn"
    return text + "."
