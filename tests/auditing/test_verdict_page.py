"""The page of one verdict: the pixels that show it, and nothing of a user's text as markup."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from etcprops._pictures import enlarged
from etcprops.attacks.exposure import Exposure
from etcprops.auditing import AuditOutcome, Verdict
from etcprops.auditing.verdict import AuditWitness, Comparison, Experiment, Remedy

IMAGE = np.arange(16, dtype=np.uint8).reshape(4, 4)
VERDICT = Verdict(
    "SVC(<b>)",
    AuditOutcome.DIFFERENT,
    Comparison(10, 1, bitwise=False, largest_difference=0.5, spread=2.0),
    certified=3,
    cause="gamma='scale' uses <X.var()>",
    remedy=Remedy("gamma=...", AuditOutcome.BITWISE_IDENTICAL, "the same to the last bit"),
    witness=AuditWitness(7, IMAGE, 255 - IMAGE, "<3>", "5", 0.1, (1, 2)),
    experiments=(
        Experiment("negatives alone", False, "1 of 10"),
        Experiment("<none>", None, "cannot"),
    ),
    conditions=("steps: negatives",),
    exposure=Exposure(32, recovered=True, right=1.0),
)


def test_the_page_shows_all_of_the_verdict() -> None:
    page = VERDICT.to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page
    for image in (IMAGE, 255 - IMAGE):
        assert enlarged(image, (0, 0)) in page
    assert "16 of 16 pixels differ, first row 0, column 0 (framed): 0 and 255" in page
    for text in ("3 of 10", "gamma=...", "steps: negatives", "give their key away", "not tried"):
        assert text in page
    for text in ("<b>", "<X.var", "<3>", "<none>"):
        assert text not in page


def test_pixels_too_small_to_be_seen_are_shown_larger() -> None:
    large = np.zeros((64, 48, 3), dtype=np.uint8)
    assert VERDICT.witness is not None
    witness = replace(VERDICT.witness, image=large, encrypted=large + np.uint8(large[0, 0, 0] + 1))
    page = replace(VERDICT, witness=witness).to_html()
    assert page.count("<img") == 4
    assert "rows 0 to 8, columns 0 to 8" in page
    alike = replace(witness, encrypted=large)  # the key need not change what it shows
    assert replace(VERDICT, witness=alike).to_html().count("<img") == 2


@pytest.mark.parametrize("outcome", AuditOutcome)
def test_each_outcome_has_a_page(outcome: AuditOutcome) -> None:
    verdict = Verdict("model", outcome)
    assert f'badge {outcome}">{outcome}<' in verdict.to_html()
    assert "<img" not in verdict.to_html()


def test_a_notebook_shows_the_witness() -> None:
    shown = VERDICT._repr_html_()
    assert "<html" not in shown
    assert enlarged(IMAGE, (0, 0)) in shown
    assert "<3>" not in shown
    assert "<img" not in replace(VERDICT, witness=None)._repr_html_()
