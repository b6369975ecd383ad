"""The pages about the proofs: up to date, whole, and every link leads somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from etcprops.claims import CLAIMS, table
from etcprops.claims.proofs import PROOFS as LINES
from etcprops.claims.refuting import REFUTED_BY
from etcprops.claims.table import PAGES, main, what_is_not_proved
from etcprops.theory.theorems import allowed_axioms, find_theorems, reals_folder

ROOT = Path(__file__).parents[2]
PROOFS = ROOT / "proofs"
page, details = cache(table.page), cache(table.details)
ROW = re.compile(r"^\| \[([\w-]+)\]\(claims\.md#\1\)", re.MULTILINE)


def test_the_pages_are_up_to_date() -> None:
    assert main(["--check", "--folder", str(ROOT)]) == 0


@pytest.mark.thorough
def test_a_page_that_is_out_of_date_is_noticed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    assert main(["--folder", str(tmp_path)]) == 0
    assert main(["--check", "--folder", str(tmp_path)]) == 0
    old = tmp_path / "proofs" / "README.md"
    old.write_text(page().replace("holds-if", "holds", 1), encoding="utf-8")
    (tmp_path / "docs" / "explanation" / "not-proved.md").unlink()
    assert main(["--check", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert re.findall(r"^(\S+) is out of date", said, re.MULTILINE) == [
        "proofs/README.md",
        "docs/explanation/not-proved.md",
    ]


def test_every_claim_has_a_line_and_a_section() -> None:
    names = [claim.name for claim in CLAIMS]
    assert ROW.findall(page()) == names
    assert re.findall(r"^## ([\w-]+)$", details(), re.MULTILINE) == names


def test_every_claim_says_what_would_refute_it() -> None:
    assert set(REFUTED_BY) == {claim.name for claim in CLAIMS}
    assert [line for line in REFUTED_BY.values() if "\n" in line or line[-1] == "."] == []
    assert details().count("ould be refuted by: ") == len(CLAIMS)


def test_links_lead_to_the_theorems() -> None:
    known = find_theorems()
    links = re.findall(r"\[(\w+\.\w+)\]\((coq/[\w/]+\.v)#L(\d+)\)", details())
    assert {name for name, _, _ in links} == {
        n for line in LINES.values() for n in line.all_theorems
    }
    for name, path, line in links:
        text = (PROOFS / path).read_text().split("\n")[int(line) - 1]
        assert re.match(rf"(Theorem|Lemma|Corollary) {name.split('.')[1]}\b", text), name
        assert known[name].line == int(line)


def test_theorems_on_axioms_are_shown_with_them() -> None:
    on_axioms = [name for name, line in LINES.items() if line.over_reals]
    assert on_axioms == ["certified-margins", "jpeg-block-transforms"]
    section = details().partition("## certified-margins\n")[2].partition("\n## ")[0]
    assert "machine-checked on 4 axioms" in section
    assert all(f"`{axiom}`" in section for axiom in allowed_axioms(reals_folder()))
    assert "(claims.md#certified-margins) | holds-if | literal | 5\\* |" in page()


def test_links_between_pages_lead_somewhere() -> None:
    texts = {"proofs": page() + details(), "docs/explanation": what_is_not_proved()}
    for folder, text in texts.items():
        links = set(re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text))
        assert links
        assert [link for link in links if not (ROOT / folder / link).exists()] == []


def test_diagrams_join_what_they_name() -> None:
    diagrams = re.findall(r"```mermaid\n(.*?)```", page() + details(), re.DOTALL)
    assert len(diagrams) > 1
    for diagram in diagrams:
        nodes = set(re.findall(r"^ +(\w+)\[", diagram, re.MULTILINE))
        arrows = re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE)
        assert arrows
        assert {node for arrow in arrows for node in arrow} <= nodes
