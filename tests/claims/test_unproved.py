"""The list of what is not proved: complete, and nothing is on it that is proved."""

from __future__ import annotations

import re
from dataclasses import replace

from etcprops.claims import CLAIMS, Outcome
from etcprops.claims.proofs import PROOFS
from etcprops.claims.table import what_is_not_proved
from etcprops.claims.unproved import BY_HAND, UNPROVED, without_theorem


def test_every_claim_that_holds_has_a_theorem_or_is_on_the_list() -> None:
    """A claim that is missing, or has got its theorem: change `UNPROVED`."""
    assert sorted(UNPROVED) == sorted(without_theorem(CLAIMS, PROOFS))


def test_each_has_a_reason() -> None:
    for entry in UNPROVED.values():
        assert entry.reason
        assert entry.what.endswith(".")


def test_theorems_count_and_refutations_do_not() -> None:
    (claim,) = (c for c in CLAIMS if c.name == "certified-margins")
    assert without_theorem([claim], PROOFS) == []
    assert without_theorem([claim], {}) == [claim.name]
    refuted = {
        claim.name: replace(PROOFS[claim.name], over_reals=(), counterexamples={None: ("A.b",)})
    }
    assert without_theorem([claim], refuted) == [claim.name]
    assert without_theorem([replace(claim, expected=Outcome.FAILS)], {}) == []


def test_the_page_counts_what_it_lists() -> None:
    text = what_is_not_proved()
    section = text.partition(f"## {len(UNPROVED)} claims without a theorem\n")[2].partition("## ")[
        0
    ]
    listed = re.findall(r"^\| \[([\w-]+)\]", section, re.MULTILINE)
    assert sorted(listed) == sorted(UNPROVED)
    assert all(where in text for where in BY_HAND)
