"""What the ledger's checks and statements try is on record, whatever comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import experiments
import on_record
import pytest

from etcprops.claims import CLAIMS, Claim
from etcprops.claims.statements import STATEMENTS

RECORD = on_record.read(experiments.FILE)
STATED = {name: (claim, without) for name, claim, without in experiments.named_statements()}


@pytest.mark.sampled(8)
@pytest.mark.parametrize("name", RECORD["statements"])
def test_statements_are_as_on_record(name: str) -> None:
    """``python tests/experiments.py`` records them anew."""
    found = experiments.stated(*STATED[name])
    assert found | RECORD["statements"][name] == found


def test_nearly_everything_is_on_record_and_nothing_else() -> None:
    checks = {experiments.name_of(claim, c) for claim in CLAIMS for c in claim.checks}
    assert set(RECORD["checks"]) <= checks
    assert set(RECORD["statements"]) <= set(STATED)
    assert len(RECORD["statements"]) > 0.9 * len(STATED)
    assert len(RECORD["checks"]) > 100


def test_another_case_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    claim: Claim = next(claim for claim in CLAIMS if claim.name == "distances")
    before = experiments.stated(claim, None)
    statement: Any = STATEMENTS["distances"]

    def of_one_more(case: Any) -> None:
        statement(case)
        case.integer("one more", 0, 1)

    monkeypatch.setitem(STATEMENTS, "distances", of_one_more)
    assert experiments.stated(claim, None) != before
    monkeypatch.undo()
    assert experiments.stated(claim, None) == before
    assert experiments.stated(replace(claim, name="svm-and-k-nn"), None) != before
