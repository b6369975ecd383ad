"""Searches for counterexamples: what they reach and find, and that they notice bad claims."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from etcprops.claims import CLAIMS, Claim, EvidenceKind, Implementation, Outcome, PaperSays, Scope
from etcprops.claims import searches as report_on
from etcprops.claims.case import Case, subsets
from etcprops.claims.runner import run
from etcprops.claims.search import UNTIL_FOUND, Found, Statement, search, with_search
from etcprops.claims.searches import lines_of, main, report
from etcprops.claims.statements import STATEMENTS, UNSEARCHED
from etcprops.scheme.keys import ALL

IMPLEMENTATION = Implementation()
DARK, GREY = "the image is dark", "the image is grey"


def brightness(case: Case) -> None:
    """Say that no pixel of a dark image is above 100; whether it is grey does not matter."""
    image = case.images(case.geometry(channels=1 if case.assumes(GREY) else None), 1)
    if case.assumes(DARK):
        image = np.minimum(image, 100)
    assert image.max() <= 100, f"a pixel is {image.max()}"


def of_any_image(case: Case) -> None:
    """Say so of any image."""
    image = case.images(case.geometry(), 1)
    assert image.max() <= 100, f"a pixel is {image.max()}"


def claim(expected: Outcome, *hypotheses: str) -> Claim:
    return Claim(
        "dark",
        "It is.",
        "nowhere",
        expected,
        paper=PaperSays.SILENT,
        scope=Scope.EXACT,
        hypotheses=hypotheses,
    )


def found_by(statement: Statement, examples: int = 200) -> Found:
    return search(statement, IMPLEMENTATION, examples=examples)


def test_every_claim_has_a_statement_or_a_reason() -> None:
    assert set(STATEMENTS) | set(UNSEARCHED) == {claim.name for claim in CLAIMS}
    assert not set(STATEMENTS) & set(UNSEARCHED)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_asks_about_the_hypotheses_of_its_claim(name: str) -> None:
    """Whatever else it asked about could not be dropped."""
    (claim,) = (claim for claim in CLAIMS if claim.name == name)
    found = search(STATEMENTS[name], IMPLEMENTATION, examples=20, shrinks=0)
    assert found.asked <= set(claim.hypotheses)


def test_the_smallest_counterexample_is_found_and_found_again() -> None:
    texts = {found_by(of_any_image).counterexample for _ in range(2)}
    assert texts == {"a pixel is 255. geometry: 1x1/1; images: [[[255]]]"}


@pytest.mark.thorough
def test_a_search_reaches_the_corners() -> None:
    seen: set[str] = set()
    steps = set()

    def look(case: Case) -> None:
        key = case.key(case.geometry())
        images = case.images(key.geometry, 2).reshape(2, -1)
        rows = case.rows(2, 8)
        geometry = key.geometry
        steps.add(key.steps if geometry.channels == 3 else None)
        corners = {
            "1x1": geometry.n_pixels == 1,
            "blocks of one pixel": geometry.block == 1 < geometry.n_blocks,
            "one block": geometry.n_blocks == 1 < geometry.block,
            "not square": geometry.height != geometry.width,
            "constant images": geometry.n_pixels > 1 and (np.ptp(images, axis=1) == 0).all(),
            "equal images": geometry.n_pixels > 4 and np.array_equal(*images),
            "black and white": set(images.ravel().tolist()) == {0, 255},
            "one class": len(set(case.labels(3).tolist())) == 1,
            "signed": rows.min() < 0 < rows.max(),
            "fractions": bool((rows % 1).any()),
            "large and small": np.abs(rows).max() > 2**20 and np.abs(rows[rows != 0]).min() < 1,
            "cancelling": rows.any() and not rows.sum(),
        }
        seen.update(name for name, holds in corners.items() if holds)
        seen.add("colour" if geometry.channels == 3 else "grey")

    assert found_by(look, 500).counterexample is None
    assert len(seen) == 14, sorted(seen)
    assert len(steps - {None}) == len(set(subsets(ALL))) == 16


WELL_AND_BADLY_STATED: dict[str, tuple[Claim, Statement, list[str]]] = {
    "well stated": (claim(Outcome.HOLDS_IF, DARK), brightness, ["", ""]),
    "superfluous": (claim(Outcome.HOLDS_IF, DARK, GREY), brightness, ["", "", "SUPERFLUOUS"]),
    "false as stated": (claim(Outcome.HOLDS), of_any_image, ["FALSE AS STATED"]),
    "fails": (claim(Outcome.FAILS), of_any_image, [""]),
    "fails, and holds": (claim(Outcome.FAILS), brightness, ["the claim is not false"]),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("stated", "statement", "complaints"),
    WELL_AND_BADLY_STATED.values(),
    ids=WELL_AND_BADLY_STATED,
)
def test_the_report_says_which_claims_are_well_stated(
    stated: Claim, statement: Statement, complaints: list[str]
) -> None:
    lines = list(lines_of(stated, statement, IMPLEMENTATION, 60))
    assert [line.ok for line in lines] == [not complaint for complaint in complaints]
    for line, complaint in zip(lines, complaints, strict=True):
        assert complaint in line.result


def test_a_superfluous_hypothesis_leaves_the_claim_pending() -> None:
    row = run(IMPLEMENTATION, (with_search(claim(Outcome.HOLDS_IF, DARK, GREY), brightness),)).rows[
        0
    ]
    assert row.outcome is Outcome.PENDING
    assert "search of dark without hypothesis 2 (supports" in row.surprise


def test_a_claim_is_given_its_searches() -> None:
    checks = with_search(claim(Outcome.HOLDS_IF, DARK), brightness).checks
    assert [check.kind for check in checks] == [EvidenceKind.FUZZED, EvidenceKind.REFUTATION]
    assert [check.without for check in checks] == [None, DARK]
    (check,) = with_search(claim(Outcome.FAILS), brightness).checks
    assert check.refuting
    assert with_search(claim(Outcome.HOLDS), None).checks == ()


def test_what_a_statement_raises_is_not_hidden() -> None:
    def broken(case: Case) -> None:
        raise KeyError(case.geometry().n_pixels)

    with pytest.raises(KeyError):
        found_by(broken)


def test_a_statement_that_changes_its_mind_has_a_counterexample() -> None:
    calls = count()

    def fickle(case: Case) -> None:
        case.geometry()
        assert next(calls) != 3, "the fourth time"

    found = found_by(fickle)
    assert found.counterexample is not None
    assert found.counterexample.startswith("the fourth time. geometry")


def test_shrinking_stops_when_it_is_told() -> None:
    few, all_of_them = (
        search(of_any_image, IMPLEMENTATION, examples=50, shrinks=shrinks) for shrinks in (2, None)
    )
    assert few.counterexample is not None
    assert few.cases < all_of_them.cases


def test_cases_are_shown_so_that_they_can_be_typed_in_again() -> None:
    def no_key(case: Case) -> None:
        case.key(case.geometry(channels=3))
        case.choose("kernel", ("linear",))
        case.choose("kernel", ("rbf",))
        raise AssertionError("never\nand more")

    text = found_by(no_key).counterexample
    assert text == "never. geometry: 1x1x3/1; key: EtCKey(geometry); kernel: linear; kernel 2: rbf"


def test_pictures_are_those_of_small_counterexamples() -> None:
    def no_image(case: Case) -> None:
        key = case.key(case.geometry(channels=1))
        case.encrypted(case.images(key.geometry, 1), key)
        raise AssertionError("never")

    labels = [exhibit.label for exhibit in found_by(no_image).exhibits]
    assert labels == ["image 0", "encrypted 0"]


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Callable[[Statement], None]:
    """Let the report be on two claims, the second with some statement."""

    def replaced(second: Statement) -> None:
        some = {"raw-inner-products": STATEMENTS["raw-inner-products"], "mid-grey": second}
        monkeypatch.setattr(report_on, "report", lambda n: report(n, statements=some))

    return replaced


def test_the_command_writes_page_and_document(
    two: Callable[[Statement], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two(STATEMENTS["mid-grey"])
    file = tmp_path / "searches.json"
    assert main(["--examples", "12", "--json", str(file)]) == 0
    page = capsys.readouterr().out
    assert "all 2 searches found what they must" in page
    assert "| mid-grey |  | 20 | " in page
    document = json.loads(file.read_text("utf-8"))
    assert document["ok"]
    assert [row["expected"] for row in document["rows"]] == [True, False]


def test_the_command_fails_where_a_search_does(
    two: Callable[[Statement], None], capsys: pytest.CaptureFixture[str]
) -> None:
    two(STATEMENTS["raw-inner-products"])
    assert main(["--examples", "12"]) == 1
    page = capsys.readouterr().out
    assert "1 of 2 searches NOT as they must be" in page
    assert "**FALSE AS STATED**" in page


def test_the_page_has_every_claim_and_every_hypothesis() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "searches.md").read_text("utf-8")
    searched = [claim for claim in CLAIMS if claim.name in STATEMENTS]
    rows = [
        f"| {'' if hypothesis else claim.name} | {hypothesis} |"
        for claim in searched
        for hypothesis in ("", *claim.hypotheses)
    ]
    assert [row for row in rows if row not in page] == []
    assert "FALSE AS STATED" not in page
    assert "SUPERFLUOUS" not in page


def test_a_search_that_must_find_something_has_enough_cases() -> None:
    """A statement that draws a counterexample one time in twenty misses it in one of 10^8 runs."""
    assert 0.95**UNTIL_FOUND < 1e-8
