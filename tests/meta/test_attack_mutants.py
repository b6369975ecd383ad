"""Mutation testing of the attack: one that always claims, one that never does, wrong poses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import noise

from etcprops import BlockGeometry, EtCKey, attack, encrypt
from etcprops.attacks import AttackOutcome, attacker
from etcprops.attacks.calibration import right_blocks
from etcprops.attacks.poses import Pose, Poses, Seam
from etcprops.datasets import make_synthetic_faces

GEOMETRY = BlockGeometry(64, 48)
KEY = EtCKey.from_secret(GEOMETRY, "mutants")


def recovers() -> bool:
    """Tell whether the attack recovers a key, and the right one."""
    images = make_synthetic_faces(people=3, lights=12, height=64, width=48).images
    report = attack(encrypt(images, KEY), block=8)
    return report.key is not None and bool(right_blocks(report.key, KEY).all())


def finds_nothing_in_noise() -> bool:
    """Tell whether the attack leaves noise alone."""
    report = attack(noise(GEOMETRY, 6), block=8)
    return report.outcome is AttackOutcome.NOTHING and not report.confidence.any()


def claiming(patch: pytest.MonkeyPatch) -> None:
    """Take everything for evidence, and images for smooth."""
    patch.setattr(attacker, "chance", lambda *_: 0.0)


def silent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attacker, "chance", lambda *_: 1.0)


def altered(change: Callable[[Seam], Seam]) -> Callable[[pytest.MonkeyPatch], None]:
    """Return a mutant that joins blocks along seams that were changed."""
    right = Poses.neighbour

    def wrong(poses: Poses, block: int, seam: Seam) -> Pose:
        return right(poses, block, change(seam))

    return lambda patch: patch.setattr(Poses, "neighbour", wrong)


def turned_the_other_way(patch: pytest.MonkeyPatch) -> None:
    right = attacker.key_of

    def wrong(poses: Poses, geometry: BlockGeometry) -> EtCKey:
        other = Poses(**{**vars(poses), "turns": -poses.turns % 4})
        return right(other, geometry)

    patch.setattr(attacker, "key_of", wrong)


MUTANTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], Callable[[], bool]]] = {
    "always claims": (claiming, finds_nothing_in_noise),
    "never claims": (silent, recovers),
    "a sign flipped": (altered(lambda s: s._replace(sign=-s.sign)), recovers),
    "a mirror forgotten": (altered(lambda s: s._replace(mirrored=0)), recovers),
    "sides mixed up": (altered(lambda s: s._replace(other_side=s.other_side ^ 1)), recovers),
    "turned the other way": (turned_the_other_way, recovers),
}


def test_the_attack_passes_its_checks() -> None:
    assert recovers()
    assert finds_nothing_in_noise()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", MUTANTS)
def test_mutants_do_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate, check = MUTANTS[name]
    mutate(monkeypatch)
    assert not check()


def test_right_blocks_sees_one_wrong_block() -> None:
    """The measure itself: one block negated, or two exchanged, is seen."""
    negatives = np.array(KEY.negatives)
    negatives[5] ^= True
    same = {"permutation": KEY.permutation, "transforms": KEY.transforms}
    assert np.flatnonzero(~right_blocks(EtCKey(GEOMETRY, **same, negatives=negatives), KEY)) == [5]
    places = np.array(KEY.permutation)
    places[[3, 7]] = places[[7, 3]]
    other = EtCKey(GEOMETRY, permutation=places, transforms=KEY.transforms, negatives=KEY.negatives)
    assert np.flatnonzero(~right_blocks(other, KEY)).tolist() == [3, 7]
