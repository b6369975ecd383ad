"""What encrypted images give away to somebody who has nothing else.

`attack` recovers the common key of many images from how their blocks continue each other. It is for
those who encrypt: to see, before the first image leaves the client, what a key protects.
"""

from etcprops.attacks.attacker import attack
from etcprops.attacks.report import AttackOutcome, AttackReport

__all__ = ["AttackOutcome", "AttackReport", "attack"]
