"""Tables: what a range of splits is, and when an EER agrees with the paper's."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace

import pytest

from etcprops.experiments.choices import Choices
from etcprops.experiments.page import Reproduction
from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.reproduction import FAR_GRID, Part
from etcprops.experiments.tables import EERCell, cells, log_ratio, to_csv
from etcprops.reductions import PAPER_RATIOS

CLAIMS = 1216
"""Genuine claims of the paper: 38 people, 32 queries each."""


def parts(*rates: float, condition: str = "plain", ratio: int = 20) -> list[Part]:
    """Return parts with these EERs of the RBF kernel, a split each."""
    return [
        Part(ratio, split, 8, CLAIMS, {condition: {"rbf": rate}})
        for split, rate in enumerate(rates)
    ]


def own(mean: float, paper: float) -> EERCell:
    return EERCell("rbf", "own", 20, 10, mean, 0.0, mean, mean, 1 / CLAIMS, paper)


def test_the_range_is_from_the_least_to_the_greatest_of_the_splits() -> None:
    (cell,) = cells(parts(0.05, 0.03, *[0.04] * 8))
    assert (cell.splits, cell.least, cell.greatest) == (10, 0.03, 0.05)
    assert cell.within is (0.03 <= PAPER_EER["rbf", "plain"][20] <= 0.05)
    # Quantiles of ten splits would lie between the outermost two.
    paper = PAPER_EER["rbf", "plain"][20]
    assert cells(parts(paper, *[0.04] * 9))[0].within


@pytest.mark.parametrize(
    ("found", "paper", "near"),
    [
        (0.0, 0.00855, False),  # the mutant "not above the paper's" accepts it
        (0.01, 0.00855, True),  # and refuses this
        (0.0171, 0.00855, True),
        (0.0172, 0.00855, False),
        (0.00427, 0.00855, False),
        (0.00428, 0.00855, True),
        (0.0, 0.000744, True),  # neither is one query of 1,216
        (0.0, 0.0016, True),
        (0.0, 0.0017, False),
    ],
)
def test_own_keys_agree_by_a_factor_either_way(found: float, paper: float, *, near: bool) -> None:
    assert own(found, paper).near is near


def test_log_ratio_changes_its_sign_with_the_order_and_counts_less_than_one_query_as_one() -> None:
    assert log_ratio(0.02, 0.01, 1e-3) == -log_ratio(0.01, 0.02, 1e-3) == math.log(2)
    assert log_ratio(0.0, 0.01, 1e-3) == log_ratio(1e-3, 0.01, 1e-3)
    assert own(0.01, 0.01).log_ratio == 0
    assert replace(own(0.01, 0.01), paper=None).log_ratio is None
    assert not replace(own(0.01, 0.01), paper=None).near


def test_the_resolution_is_one_genuine_claim() -> None:
    (cell,) = cells(parts(0.0, 0.0, condition="own"))
    assert cell.resolution == 1 / CLAIMS
    (row,) = csv.DictReader(to_csv([cell], "faces").splitlines())
    assert row["data"] == "faces"
    assert float(row["resolution"]) == 1 / CLAIMS
    assert float(row["log_ratio"]) == cell.log_ratio


def test_the_page_says_what_a_range_is_and_how_own_keys_are_judged() -> None:
    eers = {c: dict.fromkeys(("linear", "rbf"), eer) for c, eer in (("plain", 0.05), ("own", 0.0))}
    found = [Part(ratio, split, 8, CLAIMS, eers) for ratio in PAPER_RATIOS for split in range(10)]
    about = {"data": "faces", "images": 1, "people": 38, "splits": 10, "synthetic": False}
    pictures = dict.fromkeys(
        ("tables", "figure4", "figure4-reduced", "cases", "impostors", "det", "figure3"), b""
    )
    page = " ".join(Reproduction(about, Choices(), found, []).to_html(pictures).split())
    assert "least to greatest of the 10" in page
    assert "Splits share images and so are not independent" in page
    assert "95 %" not in page
    assert "splits 0 to 3 of seed 101" in page
    assert "(-2.34)" in page  # 0 against 0.00855
    assert "within a factor of 2 either way in 6 of 8 (green)" in page


def shown(*, synthetic: bool) -> str:
    """Return the page of a run whose pictures are left out."""
    eers = {c: dict.fromkeys(("linear", "rbf"), 0.05) for c in ("plain", "own")}
    found = [Part(ratio, 0, 8, CLAIMS, eers) for ratio in PAPER_RATIOS]
    about = {"data": "faces", "images": 1, "people": 38, "splits": 1, "synthetic": synthetic}
    names = ("tables", "figure4", "figure4-reduced", "cases", "impostors", "det", "figure3")
    return Reproduction(about, Choices(), found, []).to_html(dict.fromkeys(names, b""))


def test_every_column_and_picture_of_synthetic_faces_says_so() -> None:
    page = shown(synthetic=True)
    columns = re.findall(r'<th scope="col"(?: rowspan="2")?>(.*?)</th>', page)
    of_others = {"ratio", "paper", "query", "dimension", "condition"}
    assert {c for c in columns if "<small>synthetic</small>" not in c} == of_others - {"condition"}
    captions = re.findall("<figcaption>(.*?)</figcaption>", page)
    assert len(captions) == 7
    assert all("ynthetic" in caption for caption in captions)
    assert page.index("These faces are synthetic") < page.index("<h2>")


def test_nothing_is_called_synthetic_that_is_not() -> None:
    page = shown(synthetic=False)
    assert "These faces are synthetic" not in page
    assert "<small>synthetic</small>" not in page
    said = page.replace("Synthetic faces and their EtC images", "").replace("synthetic: False", "")
    assert "synthetic" not in said.casefold()


def test_the_pictures_of_synthetic_faces_say_so() -> None:
    conditions = ("plain", "own", "common", "stolen", "wrong")
    curve = dict.fromkeys(("linear", "rbf"), FAR_GRID.tolist())
    eers = {condition: dict.fromkeys(("linear", "rbf"), 0.05) for condition in conditions}
    found = [Part(20, 0, 8, CLAIMS, eers, curves=dict.fromkeys(conditions, curve))]
    for synthetic in (True, False):
        run = Reproduction({"data": "faces", "synthetic": synthetic}, Choices(), found, found)
        drawn = run.figures()
        del drawn["figure3"]  # its pictures say so one by one
        titles = {figure.get_suptitle() for figure in drawn.values()}
        assert titles == {"synthetic faces" if synthetic else ""}
