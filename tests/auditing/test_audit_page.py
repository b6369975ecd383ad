"""The page of the atlas: what it shows, and that it sorts and filters in a browser."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcprops._about import versions
from etcprops.auditing import AuditOutcome
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.auditing.atlas.rows import AtlasRow, run_cell
from etcprops.auditing.auditor import TOLERANCE, _outcome
from etcprops.auditing.page import MEANINGS
from etcprops.auditing.verdict import Comparison

SOME = ("KNeighborsClassifier", "DummyClassifier", "GaussianNB")
ABOUT: dict[str, Any] = {
    "data": "digits", "images": 60, "keys": 1, "seeds": 1, "preprocessings": ["z-score"],
    "law_level": 0.01, "seconds": 1.0, **versions(),
}  # fmt: skip


def test_the_page_needs_nothing_else_and_escapes() -> None:
    rows = [run_cell(AtlasCell(name, images=60, explain=False)) for name in SOME]
    rows[0] = replace(rows[0], cause="<script>alert(1)</script>")
    page = Atlas(rows, ABOUT).to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert "http" not in page
    assert "<script>alert" not in page
    assert all(name in page for name in SOME)
    assert "this is no score of blind predictions" in page
    assert "Of 3 lines, 3 are as predicted, 0 not contradicted, and\n  0 against theory." in page


def lines() -> Atlas:
    """Return an atlas of every verdict, of two preprocessings and two sets of steps."""
    identical, different = AuditOutcome.IDENTICAL_DECISIONS, AuditOutcome.DIFFERENT
    cells: tuple[tuple[AtlasCell, AuditOutcome, str, dict[str, Any]], ...] = (
        (AtlasCell("SVC"), identical, "rounding alone", {}),
        (
            AtlasCell("SVC", "none"),
            different,
            "gamma='scale' uses X.var()",
            {"values_agree": False},
        ),
        (AtlasCell("LinearSVC", "none", ("permutation",)), different, "", {}),
        (AtlasCell("Ridge"), AuditOutcome.BITWISE_IDENTICAL, "", {}),
        (AtlasCell("BernoulliNB"), different, "the model depends on thresholds", {}),
        (AtlasCell("GaussianNB"), AuditOutcome.NOT_APPLICABLE, "", {"status": "timed out"}),
    )
    predicted = {("SVC", "none"): different, ("LinearSVC", "none"): different}
    rows = [
        AtlasRow(
            cell=cell, predicted=predicted.get((cell.estimator, cell.preprocessing), identical),
            outcome=outcome, cause=cause, **found,
        )
        for cell, outcome, cause, found in cells
    ]  # fmt: skip
    return Atlas(rows, ABOUT)


def test_filters_are_there_where_lines_differ() -> None:
    page = lines().to_html()
    for name in ("measured", "theory", "preprocessing", "steps"):
        assert f'data-filter="{name}"' in page
    assert "<option>against theory</option>" in page
    one = Atlas(
        [
            AtlasRow(
                cell=AtlasCell("SVC"),
                predicted=AuditOutcome.DIFFERENT,
                outcome=AuditOutcome.DIFFERENT,
            )
        ],
        ABOUT,
    )
    assert "data-filter=" not in one.to_html()


def test_the_legend_is_true_of_every_line_that_has_the_outcome() -> None:
    """Of what the outcomes are made, `_outcome` decides; the words must not say more."""
    for n_different, bitwise, difference, expected in (
        (0, True, 0.0, AuditOutcome.BITWISE_IDENTICAL),
        (0, False, TOLERANCE, AuditOutcome.IDENTICAL_DECISIONS),
        (0, False, math.nan, AuditOutcome.IDENTICAL_DECISIONS),  # there are no values
        (0, False, 2 * TOLERANCE, AuditOutcome.SAME_DECISIONS_HERE),
        (1, False, math.nan, AuditOutcome.DIFFERENT),
    ):
        comparison = Comparison(
            9, n_different, bitwise=bitwise, largest_difference=difference, spread=1.0
        )
        assert _outcome(comparison, TOLERANCE) is expected
    assert _outcome(replace(comparison, n_different=0, failure="raised"), TOLERANCE) is expected
    assert (
        f"tolerance, {TOLERANCE:.0e}".replace("e-0", "e-")
        in MEANINGS[AuditOutcome.IDENTICAL_DECISIONS]
    )
    assert "where there are any" in MEANINGS[AuditOutcome.IDENTICAL_DECISIONS]
    assert "by more than the tolerance" in MEANINGS[AuditOutcome.SAME_DECISIONS_HERE]
    assert "or an error on one side alone" in MEANINGS[AuditOutcome.DIFFERENT]
    assert set(MEANINGS) == set(AuditOutcome)


def test_a_notebook_shows_a_line_an_estimator() -> None:
    found = lines()
    found.rows[0] = replace(found.rows[0], cause="<b> by 1e-15")
    shown = found._repr_html_()
    assert "<html" not in shown
    assert shown.count("<tr>") == 1 + len(found.lines)
    assert shown.startswith("<p>1 bitwise-identical, 1 identical-decisions, 3 different, 1 not-")
    assert "<strong>against theory</strong>" in shown
    assert "&lt;b&gt;" in shown
    assert "<sup" in shown


SCRIPT = """<pre id="result"></pre><script>
const state = () => [...document.querySelectorAll("#atlas tbody tr")].filter(row => !row.hidden)
  .map(row => row.cells[0].textContent + " " + row.dataset.preprocessing);
const click = name => [...document.querySelectorAll("#atlas th")]
  .find(head => head.textContent.startsWith(name)).firstElementChild.click();
const choose = (name, value) => {
  const control = document.querySelector(`[data-filter="${name}"]`);
  control.value = value; control.dispatchEvent(new Event("input"));
};
const log = {start: state()};
click("measured"); log.best = state();
click("measured"); log.worst = state();
click("theory"); log.theory = state();
click("cause"); log.cause = state();
click("cause"); log.reversed = state();
choose("theory", "against theory"); log.against = state();
choose("theory", ""); choose("preprocessing", "none"); log.none = state();
document.getElementById("find").value = "X.VAR";
document.getElementById("find").dispatchEvent(new Event("input")); log.found = state();
log.said = document.getElementById("shown").textContent;
log.sorted = document.querySelectorAll("[aria-sort]").length;
document.getElementById("result").textContent = JSON.stringify(log);
</script></body>"""


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("chromium") is None, reason="clicks in chromium, not installed")
def test_the_page_sorts_and_filters_in_a_browser(tmp_path: Path) -> None:
    path = tmp_path / "atlas.html"
    path.write_text(lines().to_html().replace("</body>", SCRIPT), encoding="utf-8")
    command = [
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None
    log = json.loads(found[1].replace("&amp;", "&"))
    ridge, svc, raw = "Ridge z-score", "SVC z-score", "SVC none"
    linear, nb, lost = "LinearSVC none", "BernoulliNB z-score", "GaussianNB z-score"
    assert log["start"] == [nb, lost, linear, ridge, raw, svc]
    assert log["best"][:2] == [ridge, svc]
    assert log["worst"][0] == lost
    assert log["worst"][-1] == ridge
    assert log["theory"][0] == nb  # against it
    assert log["theory"][-1] == lost  # no answer
    assert log["cause"][:3] == [raw, svc, nb]
    assert log["reversed"][:3] == [nb, svc, raw]  # empty causes last all the same
    assert log["against"] == [nb]
    assert sorted(log["none"]) == [linear, raw]
    assert log["found"] == [raw]
    assert log["said"] == "1 of 6 shown"
    assert log["sorted"] == 1
