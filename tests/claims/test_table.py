"""The page proofs/README.md: up to date, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etcprops.claims import CLAIMS
from etcprops.claims.table import main, page
from etcprops.theory.theorems import find_theorems

PROOFS = Path(__file__).parents[2] / "proofs"


def test_the_page_is_up_to_date() -> None:
    assert main(["--check", str(PROOFS / "README.md")]) == 0


def test_a_page_that_is_out_of_date_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "README.md"
    old.write_text(page().replace("holds-if", "holds", 1))
    assert main(["--check", str(old)]) == 1
    assert "python -m etcprops.claims.table > proofs/README.md" in capsys.readouterr().err
    assert main(["--check", str(tmp_path / "missing.md")]) == 1


def test_every_claim_has_a_row() -> None:
    names = re.findall(r"^\| \*\*([\w-]+)\*\*", page(), flags=re.MULTILINE)
    assert names == [claim.name for claim in CLAIMS]


def test_links_lead_to_the_theorems() -> None:
    known = find_theorems()
    links = re.findall(r"\[(\w+\.\w+)\]\((coq/\w+\.v)#L(\d+)\)", page())
    assert links
    for name, path, line in links:
        text = (PROOFS / path).read_text().split("\n")[int(line) - 1]
        assert re.match(rf"(Theorem|Lemma|Corollary) {name.split('.')[1]}\b", text), name
        assert known[name].line == int(line)


def test_every_notebook_that_is_named_is_there() -> None:
    names = set(re.findall(r"\(([\w-]+\.ipynb)\)", page()))
    assert names
    assert [name for name in names if not (PROOFS / name).is_file()] == []
