"""What the probe reports of schemes of every kind is on record."""

from __future__ import annotations

import on_record
import probed
import pytest

RECORD = on_record.read(probed.FILE)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", RECORD)
def test_reports_are_those_on_record(name: str) -> None:
    """``python tests/probed.py`` records them anew."""
    assert probed.reported(name) == RECORD[name]


def test_schemes_of_every_kind_are_on_record() -> None:
    assert set(RECORD) <= set(probed.SCHEMES)
    assert len(RECORD) > 0.9 * len(probed.SCHEMES)
    kinds = {report["headline"].split(":")[0] for report in RECORD.values()}
    assert len(kinds) >= 10
