"""The function under every key: a class for each, one verdict for all, and their maps compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from etcprops.probing.budget import BRIEF, QUICK, BudgetSpentError, Effort
from etcprops.probing.classification import SURVEYED, classify
from etcprops.probing.description import Structure
from etcprops.probing.extraction import chosen_calls, confirming_count, naming_vectors
from etcprops.probing.key_audit import KeyAudit, audit_keys, digest
from etcprops.probing.model import BIJECTIVE, MapKind, MapVerdict
from etcprops.probing.oracle import NoImageError, Oracle
from etcprops.probing.region import describe
from etcprops.scheme.signed_permutation import SignedPermutation

_CLEARER = (MapKind.NOT_IMAGE, MapKind.UNDECIDED)
"""Keys of these kinds say nothing about the others."""


def default_keys() -> list[int]:
    """Return keys under which no usual scheme is degenerate.

    None is 0, 1, 128 or 255, which shifts, factors and XORs turn into the identity or a negation;
    they differ modulo 4, 8, 16 and 64, so that rotations and rolls differ as well.
    """
    return [77, 46, 151, 212]


@dataclass(frozen=True)
class KeyVerdict:
    """What the function is under one key.

    Attributes
    ----------
    key : str
        The key if it is a number below 2^32, else its place among the keys and its type.
    kind : MapKind
        Its class.
    reason : str
        Why.
    """

    key: str
    kind: MapKind
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return it ready for JSON."""
        return {"key": self.key, "kind": str(self.kind), "reason": self.reason}


class Keys:
    """Looks at a function under each of its keys.

    Parameters
    ----------
    oracles : sequence of Oracle
        One a key, not asked before.
    keys : sequence
        The keys, for words.
    seed : int
        Of the random images.
    effort : Effort
        How much is asked under the key that is described.
    """

    def __init__(
        self, oracles: Sequence[Oracle], keys: Sequence[Any], seed: int, effort: Effort
    ) -> None:
        self.oracles = oracles
        self.keys = keys
        self.seed = seed
        self.effort = effort
        self.found: list[MapVerdict] = []
        self.digests: dict[int, str] = {}
        self.main = 0
        self.structures: list[Structure] = []
        self.structure: Structure | None = None
        self.verdict = MapVerdict(MapKind.UNDECIDED, "Nothing was asked.")

    @property
    def oracle(self) -> Oracle:
        """That of the key that is described."""
        return self.oracles[self.main]

    @property
    def verdicts(self) -> list[KeyVerdict]:
        """What was found under each key."""
        return [
            KeyVerdict(written(key, number), verdict.kind, verdict.reason)
            for number, (key, verdict) in enumerate(zip(self.keys, self.found, strict=False))
        ]

    def failures(self, *, keyed: bool) -> tuple[str, ...]:
        """Return a line for each key under which images have no encryption."""
        lines = []
        for number, verdict in enumerate(self.found):
            why = self.oracles[number].failed
            if verdict.kind is MapKind.NOT_IMAGE:
                why = verdict.reason.rstrip(".")
            if why:
                name = written(self.keys[number], number)
                key = name if name.startswith("key ") else f"key {name}"
                where = f"under {key}: " if keyed else ""
                lines.append(f"{where}{why[0].lower()}{why[1:]}.")
        return tuple(lines)

    def look(self) -> None:
        """Classify the function under each key, shallowly; then under one as deep as wanted.

        Ctrl-C ends it with what was found so far, as a budget does.
        """
        budget = self.oracle.budget
        budget.plan(self._planned())
        try:
            self._look()
        except KeyboardInterrupt:
            budget.interrupt()
        if self.found:
            self.verdict = self._joined()
        else:
            reason = f"{budget.ending} before the class was known under any key."
            self.verdict = MapVerdict(MapKind.UNDECIDED, reason)

    def _planned(self) -> int:
        """Return how many calls it takes if the function is a signed permutation."""
        chosen = chosen_calls(self.oracle.size, self.oracle.scale)
        deep = confirming_count(self.oracle.size, self.effort) + 3 * chosen
        others = chosen * SURVEYED if self.effort.shapes else 0
        return len(self.keys) * (chosen + 1) + deep + others

    def _look(self) -> None:
        """Look under each key, then deeper under one, then describe the maps."""
        for number, oracle in enumerate(self.oracles):
            if number and self._hopeless(number):
                break
            self.found.append(classify(oracle, self.seed, BRIEF if self._bijective() else QUICK))
            self._name(number)
        self.main = self._most_telling()
        shallow = self.found[self.main]
        if self.effort is not QUICK and shallow.kind is not MapKind.NOT_IMAGE:
            deep = classify(self.oracle, self.seed, self.effort)
            if deep.kind is MapKind.UNDECIDED:
                self.oracle.budget.miss(
                    "departures that few images show: the map was not confirmed further"
                )
            else:
                self.found[self.main] = deep
                if deep.kind is not shallow.kind:
                    self._look_again(shallow.kind)
        self._describe()

    def _bijective(self) -> bool:
        """Tell whether the function was a bijection under some key before."""
        return any(v.kind in BIJECTIVE for v in self.found)

    def _most_telling(self) -> int:
        """Return the first key of the weakest kind; of bijections, the first that moves a pixel."""
        order = list(MapKind)
        seen = [v.kind for v in self.found if v.kind not in _CLEARER]
        if not seen:
            return 0
        weakest = max(seen, key=order.index)
        wanted = {weakest}
        if weakest in BIJECTIVE and weakest is not MapKind.IDENTITY:
            wanted = set(BIJECTIVE) - {MapKind.IDENTITY}
        return next(n for n, v in enumerate(self.found) if v.kind in wanted)

    def _hopeless(self, number: int) -> bool:
        """Tell whether another key is not worth a call: it hung twice, or the time is over."""
        hung = sum("did not return" in v.reason for v in self.found)
        if self.oracles[0].budget.left <= 0 or hung > 1 or hung == number > 1:
            self.oracles[0].budget.miss(f"keys from number {number} on")
            return True
        return False

    def _look_again(self, before: MapKind) -> None:
        """Look deeper under the other keys of the class that turned out to be another."""
        for number, oracle in enumerate(self.oracles[: len(self.found)]):
            if number == self.main or self.found[number].kind is not before:
                continue
            again = classify(oracle, self.seed, self.effort)
            if again.kind is MapKind.UNDECIDED:
                oracle.budget.miss("rare departures under the other keys")
                return
            self.found[number] = again

    def _name(self, number: int) -> None:
        """Give the map under a key a name by which maps are compared."""
        verdict, oracle = self.found[number], self.oracles[number]
        if verdict.kind in _CLEARER or verdict.kind is MapKind.RANDOMISED:
            return
        if isinstance(verdict.map, SignedPermutation):
            self.digests[number] = digest([verdict.map.source, verdict.map.sign])
            return
        oracle.budget.enter("to compare keys")
        rng = np.random.default_rng(self.seed)
        noise = oracle.scale.draw(rng, oracle.size)
        try:
            chosen = list(naming_vectors(oracle.size, oracle.scale))[:1]
            self.digests[number] = digest(list(oracle.ask([*chosen, noise])))
        except (NoImageError, BudgetSpentError):
            return

    def _describe(self) -> None:
        """Describe the maps of all keys in one form."""
        maps = {
            n: v.map
            for n, v in enumerate(self.found)
            if v.kind in BIJECTIVE and isinstance(v.map, SignedPermutation)
        }
        if self.main not in maps:
            return
        oracle = self.oracle
        if set(maps) == set(self.digests):
            numbers = list(maps)
            common = describe(list(maps.values()), oracle.shape, oracle.out_shape)
            self.structures = common
            if common:
                self.structure = common[numbers.index(self.main)]
        if self.structure is None:
            alone = describe([maps[self.main]], oracle.shape, oracle.out_shape)
            self.structure = alone[0] if alone else None

    def _joined(self) -> MapVerdict:
        """Return one verdict for all keys; where keys differ, that comes first."""
        main = self.found[self.main]
        kinds = list(dict.fromkeys(v.kind for v in self.found))
        if len(kinds) == 1:
            if main.kind is MapKind.NOT_IMAGE and len(self.found) > 1:
                reason = f"{main.reason[0].lower()}{main.reason[1:]}"
                main = replace(main, reason=f"Under none of {len(self.found)} keys: {reason}")
            return main
        order = list(MapKind)
        weakest = max((k for k in kinds if k not in _CLEARER), key=order.index, default=main.kind)
        if all(k in BIJECTIVE and k is not MapKind.IDENTITY for k in kinds):
            # A permutation is a signed one that negates nothing.
            shown = next(v for v in self.found if v.kind is weakest)
            return replace(main, kind=weakest, reason=shown.reason)
        parts = [self._under(kind) for kind in sorted(kinds, key=order.index)]
        headline = f"The verdict is not the same for all keys: {'; '.join(parts)}."
        return replace(main, kind=weakest, reason=f"{headline} {main.reason}")

    def _under(self, kind: MapKind) -> str:
        """Return the keys of one kind, in words."""
        numbers = [n for n, v in enumerate(self.found) if v.kind is kind]
        names = ", ".join(written(self.keys[n], n) for n in numbers[:4])
        more = f" and {len(numbers) - 4} more" if len(numbers) > 4 else ""
        witness = self.found[numbers[0]].witness
        reason = "" if witness is None else witness.detail
        why = f" (it {reason})" if reason and kind is MapKind.NOT_IMAGE else ""
        return f"{kind} under {names}{more}{why}"

    def audit(self) -> KeyAudit | None:
        """Return the audit of all keys; None if there are no images."""
        if not self.digests and self.verdict.kind is not MapKind.RANDOMISED:
            return None
        if self.verdict.kind is MapKind.RANDOMISED:
            note = "The result differs from call to call, so keys cannot be compared."
            return KeyAudit(len(self.found), None, 0, (), None, None, (), (note,))
        return audit_keys(self.digests, self.structures)


def written(key: Any, number: int) -> str:
    """Return a name for a key: small numbers are one; others may be somebody's secret."""
    if isinstance(key, (int, np.integer)) and abs(int(key)) < 1 << 32:
        return repr(key)
    return f"key {number + 1} ({type(key).__name__})"
