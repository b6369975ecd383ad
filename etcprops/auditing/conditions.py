"""What an outcome depends on, and whether there was anything that could have come out otherwise."""

from __future__ import annotations

from typing import Final

import numpy as np

from etcprops.auditing.compression import compression_seen
from etcprops.auditing.harness import Harness
from etcprops.auditing.predictions import Predictions
from etcprops.auditing.verdict import DEGENERATE, NO_NUMBER, UNCHANGED, Comparison
from etcprops.scheme import pixels
from etcprops.scheme.keys import EtCKey

OTHER_KEYS: Final = 8
"""Under which an encryption is asked for the same images again, to see that it uses its key."""


def incomparable(plain: Predictions, encrypted: Predictions, harness: Harness) -> str:
    """Return why answers would be the same whatever model and encryption do, "" if they could not.

    They are the same: it remains to be seen whether that says anything.
    """
    if np.array_equal(harness.encrypted_vectors(harness.key), harness.plain_vectors):
        return UNCHANGED
    said = [p.values for p in (plain, encrypted) if p.decisions is None and p.values is not None]
    if said and all(np.isnan(values).all() for values in said):
        return NO_NUMBER
    return ""


def _ignores_its_key(harness: Harness) -> bool:
    """Whether other keys give the same images; asked of encryptions of the user's alone."""
    if harness.encrypt is pixels.encrypt or not harness.key.steps:
        return False
    some = harness.images[:2]
    found = harness.encrypt(some, harness.key)
    others = (
        EtCKey.from_secret(
            harness.key.geometry, f"etcprops audit, other {n}", steps=harness.key.steps
        )
        for n in range(OTHER_KEYS)
    )
    return all(np.array_equal(harness.encrypt(some, key), found) for key in others)


def conditions_of(
    comparison: Comparison, plain: Predictions, encrypted: Predictions, harness: Harness
) -> tuple[str, ...]:
    """Say what the outcome depends on."""
    conditions = [f"steps: {', '.join(harness.key.steps) or 'none'}"]
    if comparison.relation != "equal":
        conditions.append(f"compared {comparison.relation}")
    negatives = harness.key.negatives
    if negatives is not None and len(set(negatives.tolist())) == 1:
        conditions.append(f"the key negates {'every' if negatives[0] else 'no'} block")
    if _ignores_its_key(harness):
        conditions.append(f"the encryption gives the same images under {OTHER_KEYS} other keys")
    if plain.degenerate:
        conditions.append(DEGENERATE)
    if plain.of_training:
        conditions.append("answers are those for the training images: the model has no others")
    conditions += compression_seen(harness.images, harness.encrypted_vectors(harness.key))
    conditions += dict.fromkeys(plain.warnings + encrypted.warnings)
    return tuple(conditions)
