"""What encrypted images give away to somebody who has nothing else.

`attack` recovers the common key of many images from how their blocks continue each other. It is for
those who encrypt: to see, before the first image leaves the client, what a key protects.
`recover_from_pairs` does with pairs of plain and encrypted images; `compare` says how much of a
reconstruction is right.
"""

from etcprops.attacks.attacker import attack
from etcprops.attacks.comparison import Agreement, compare
from etcprops.attacks.known_plaintext import RecoveredKey, recover_from_pairs
from etcprops.attacks.report import AttackOutcome, AttackReport

__all__ = [
    "Agreement",
    "AttackOutcome",
    "AttackReport",
    "RecoveredKey",
    "attack",
    "compare",
    "recover_from_pairs",
]
