"""What the audit says of models of every kind is on record."""

from __future__ import annotations

import audited
import on_record
import pytest

RECORD = on_record.read(audited.FILE)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", RECORD)
def test_verdicts_are_those_on_record(name: str) -> None:
    """``python tests/audited.py`` records them anew."""
    assert audited.decided(name) == RECORD[name]


def test_models_of_every_kind_are_on_record() -> None:
    assert set(RECORD) <= set(audited.MODELS)
    assert len(RECORD) > 0.6 * len(audited.MODELS)
    assert len({verdict["outcome"] for verdict in RECORD.values()}) >= 4
