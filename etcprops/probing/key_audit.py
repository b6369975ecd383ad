"""From keys to maps: whether the key is used, keys collide, and each step is drawn uniformly.

One map is extracted for each key; `uniformity` has the tests of what they should draw uniformly.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.probing.extraction import chosen_vectors, predict, read_pixel_map, wrong_pixels
from etcprops.probing.model import BIJECTIVE, MapKind
from etcprops.probing.oracle import NoImageError, Oracle
from etcprops.probing.structure import Structure, infer_structure
from etcprops.probing.uniformity import (
    FAMILY_ERROR,
    LEAST_EXPECTED,
    UniformityTest,
    bit_uniformity,
    code_uniformity,
    holm,
    source_uniformity,
)
from etcprops.scheme.keys import EtCKey, Step
from etcprops.scheme.signed_permutation import SignedPermutation


@dataclass(frozen=True)
class KeyAudit:
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


@dataclass(frozen=True)
class _KeyedMap:
    """What the function does under one key: a digest of it, and its blocks if it has any."""

    number: int
    digest: str
    structure: Structure | None


@dataclass
class _Draws:
    """What the keys draw: tests, findings, and how many codes of a step were seen."""

    tests: list[UniformityTest] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    supports: dict[Step, int] = field(default_factory=dict)


def audit_keys(
    oracles: Sequence[Oracle],
    kind: MapKind,
    seed: int,
    structure: Structure | None = None,
    first: SignedPermutation | None = None,
) -> KeyAudit:
    """Return what the keys of several oracles do.

    Parameters
    ----------
    oracles : sequence of Oracle
        One a key, for the same function; not asked before.
    kind : MapKind
        The class of the function under the first key.
    seed : int
        Of the random images by which other functions are told apart.
    structure : Structure, optional
        That of the first key.
    first : SignedPermutation, optional
        Its map, if it is bijective; the first key is not asked again then.

    Returns
    -------
    KeyAudit
    """
    if kind is MapKind.RANDOMISED:
        note = "The result differs from call to call, so keys cannot be compared."
        return KeyAudit(len(oracles), None, 0, (), None, None, (), (note,))
    findings: list[str] = []
    extracted = _extract_all(oracles, seed, structure, first, findings, bijective=kind in BIJECTIVE)
    maps = list(extracted)
    earliest: dict[str, int] = {}
    collisions = tuple(
        (m.number, earliest[m.digest])
        for m in maps
        if earliest.setdefault(m.digest, m.number) != m.number
    )
    findings += _use(len(maps), len(earliest), collisions)
    claimed = effective = None
    tests: list[UniformityTest] = []
    distinct = _comparable(maps, set(earliest.values()))
    if distinct:
        draws = _test_steps(distinct)
        tests = holm(draws.tests)
        findings += draws.findings
        claimed, effective = _key_space(distinct, draws.supports)
        effective = min(effective, _birthday_bits(maps))
    findings += [test.accusation for test in tests if test.rejected]
    return KeyAudit(
        n_keys=len(maps),
        keys_used=len(earliest) > 1 if len(maps) > 1 else None,
        distinct_maps=len(earliest),
        collisions=collisions,
        claimed_bits=claimed,
        effective_bits=effective,
        tests=tuple(tests),
        findings=tuple(findings),
    )


# --- Maps


def _extract_all(
    oracles: Sequence[Oracle],
    seed: int,
    structure: Structure | None,
    first: SignedPermutation | None,
    findings: list[str],
    *,
    bijective: bool,
) -> Iterator[_KeyedMap]:
    """Yield what each key does; report those under which there is no image."""
    for number, oracle in enumerate(oracles):
        found = first if number == 0 else None
        try:
            digest, found = _extract(oracle, seed, found, bijective=bijective)
        except NoImageError as error:
            findings.append(f"Key number {number}: it {error.reason}.")
            continue
        here = None
        if found is not None and structure is not None:
            here = infer_structure(found, oracle.shape, oracle.out_shape, block=structure.block)
        yield _KeyedMap(number, digest, here)


def _extract(
    oracle: Oracle, seed: int, known: SignedPermutation | None, *, bijective: bool
) -> tuple[str, SignedPermutation | None]:
    """Return a digest of what the function does under a key, and the map if it is bijective."""
    if known is not None:
        return _digest([known.source, known.sign]), known
    chosen = chosen_vectors(oracle.size, oracle.scale)
    rng = np.random.default_rng(seed)
    noise = [oracle.scale.draw(rng, oracle.size)]
    outputs = list(oracle.ask(chain(chosen, noise)))
    found = read_pixel_map(outputs[:-1], oracle.size, oracle.scale) if bijective else None
    if found is None or found.source.size != oracle.size or found.lost.size:
        return _digest(outputs), None
    if wrong_pixels(predict(found, noise[0], oracle.scale), outputs[-1], oracle.scale).size:
        return _digest(outputs), None
    # A bijection, as every input is shown.
    flip = SignedPermutation._trusted(found.source, found.sign, found.level)  # noqa: SLF001
    return _digest([flip.source, flip.sign]), flip


def _digest(arrays: Sequence[NDArray[Any]]) -> str:
    """Return a name for arrays, the same for equal ones."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _use(keys: int, distinct: int, collisions: tuple[tuple[int, int], ...]) -> list[str]:
    """Return what is wrong with the use of the key."""
    if keys > 1 and distinct == 1:
        return [f"The key is not used: {keys} keys give one and the same map."]
    if collisions:
        a, b = collisions[0]
        return [f"{keys} keys give {distinct} maps; numbers {b} and {a} give the same one."]
    return []


def _comparable(maps: list[_KeyedMap], numbers: set[int]) -> list[Structure]:
    """Return the structures of keys with these numbers; none unless all are of one EtC scheme."""
    found = [m.structure for m in maps]
    if any(s is None or s.key is None or not s.permutation.size for s in found):
        return []
    if len({(s.layout, s.block) for s in found if s is not None}) != 1:
        return []
    return [m.structure for m in maps if m.structure is not None and m.number in numbers]


# --- What each step draws


def _test_steps(structures: list[Structure]) -> _Draws:
    """Test each step that some key uses."""
    draws = _Draws()
    transforms = [s.transforms for s in structures]
    if structures[0].block > 1:
        _test_codes(draws, Step.TRANSFORMS, transforms, 8, "element of D4")
    components = [s.components for s in structures]
    _test_codes(draws, Step.COMPONENTS, components, 6, "component order")
    _test_permutations(draws, np.array([s.permutation for s in structures]))
    _test_negatives(draws, np.array([s.negatives for s in structures]))
    return draws


def _test_codes(
    draws: _Draws,
    step: Step,
    sequences: Sequence[NDArray[np.int64] | None],
    bound: int,
    name: str,
) -> None:
    """Test the codes of K2 or K4, from 0 to ``bound - 1``."""
    codes = np.array([s for s in sequences if s is not None])
    if not codes.any():
        return
    count = codes.shape[1]
    if count > 1 and (codes == codes[:, :1]).all() and codes.size > 4:
        draws.findings.append(f"One {name} for every block of an image: {count} blocks, one code.")
        codes = codes[:, :1]
    elif _ignores_key(codes) and count > 1:
        draws.findings.append(f"The {name} of each block does not depend on the key.")
        codes = codes[:1]
    draws.supports[step] = np.unique(codes).size
    if codes.size >= LEAST_EXPECTED * bound:
        draws.tests.append(code_uniformity(name, codes, bound))
    else:
        draws.findings.append(_too_few(name, codes.size, LEAST_EXPECTED * bound))


def _test_permutations(draws: _Draws, orders: NDArray[np.int64]) -> None:
    """Test the block permutations, shape (keys, blocks): position by source, and all orders."""
    keys, count = orders.shape
    if (orders == np.arange(count)).all():
        return
    if _ignores_key(orders):
        draws.findings.append("The block permutation does not depend on the key.")
        return
    groups = min(count, math.isqrt(keys * count // LEAST_EXPECTED))
    if groups > 1 and keys > 1:
        draws.tests.append(source_uniformity(orders, groups))
    else:
        needed = max(2, math.ceil(4 * LEAST_EXPECTED / count))
        draws.findings.append(_too_few("block permutation", keys, needed))
    if count <= 5 and keys >= LEAST_EXPECTED * math.factorial(count):
        codes = {order: i for i, order in enumerate(permutations(range(count)))}
        drawn = np.array([codes[tuple(row)] for row in orders.tolist()])
        draws.tests.append(code_uniformity("order of the blocks", drawn, len(codes)))


def _test_negatives(draws: _Draws, bits: NDArray[np.bool_]) -> None:
    """Test the negated blocks, shape (keys, blocks): how many, and whether always half."""
    keys, count = bits.shape
    if not bits.any():
        return
    if _ignores_key(bits) and count > 1:
        draws.findings.append("Which blocks are negated does not depend on the key.")
        return
    chance = (math.comb(count, count // 2) / 2**count) ** keys
    if (2 * bits.sum(axis=1) == count).all() and chance < FAMILY_ERROR:
        draws.findings.append(
            f"Exactly half of the blocks is negated under every key: C({count}, {count // 2}) "
            f"choices, not 2^{count}; independent bits do that with probability {chance:.1e}."
        )
        return
    draws.tests.append(bit_uniformity("negation (independent bits)", bits))


def _ignores_key(draws: NDArray[Any]) -> bool:
    """Tell whether three keys or more all draw the same, shape (keys, blocks)."""
    return len(draws) > 2 and bool((draws == draws[0]).all())


def _too_few(name: str, came: int, needed: int) -> str:
    return f"Too few keys to test the {name}: {came} draws, {needed} needed."


# --- The key space


def _key_space(structures: list[Structure], supports: dict[Step, int]) -> tuple[float, float]:
    """Return bits of the nominal key space of the steps in use, and of what is really drawn."""
    keys = [s.key for s in structures if s.key is not None]
    steps = {step for key in keys for step in key.steps}
    if not steps:
        return 0.0, 0.0
    claimed = EtCKey.from_secret(keys[0].geometry, "any", steps=steps).key_space_bits()
    used = (step for step in Step if step in steps)
    return claimed, sum((_drawn_bits(structures, step, supports) for step in used), 0.0)


def _drawn_bits(structures: list[Structure], step: Step, supports: dict[Step, int]) -> float:
    """Return log2 of the number of sequences of one step that the keys leave possible."""
    sequences = [getattr(s, step) for s in structures]
    count = structures[0].permutation.size
    if len(sequences) > 1 and all(np.array_equal(s, sequences[0]) for s in sequences):
        return 0.0
    if step is Step.PERMUTATION:
        return math.lgamma(count + 1) / math.log(2)
    if step is Step.NEGATIVES:
        half = len(sequences) > 1 and all(2 * s.sum() == count for s in sequences)
        return math.log2(math.comb(count, count // 2)) if half else float(count)
    one_a_block = count == 1 or any(np.unique(s).size > 1 for s in sequences)
    return (count if one_a_block else 1) * math.log2(supports.get(step, 1))


def _birthday_bits(maps: list[_KeyedMap]) -> float:
    """Return log2 of the number of maps that makes so many pairs of keys collide."""
    same = sum(math.comb(c, 2) for c in Counter(m.digest for m in maps).values())
    return math.log2(math.comb(len(maps), 2) / same) if same else math.inf
