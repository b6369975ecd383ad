"""README and documentation: programs run, commands exist, links lead somewhere."""

from __future__ import annotations

import pkgutil
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sklearn.datasets
import typer.main
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

import etcprops
from etcprops.claims import CLAIMS, Outcome
from etcprops.cli import app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md"), *ROOT.glob("*/README.md")])
SAMPLE = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[\w-]+)?\)")
COMMAND = re.compile(r"(?:^(?:\$ )?|&& )(etcprops [^#&|\n]+)", re.MULTILINE)
OUTCOMES = {
    "stands": Outcome.HOLDS,
    "with conditions": Outcome.HOLDS_IF,
    "falls": Outcome.FAILS,
}
EXPECTED = {claim.name: claim.expected for claim in CLAIMS}


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def with_programs() -> list[Path]:
    return [page for page in PAGES if "\n```python\n" in page.read_text("utf-8")]


def commands(text: str) -> Iterator[str]:
    """Yield the commands of a page, without what follows them in the line."""
    for language, block in FENCE.findall(text):
        if language in {"bash", "console"}:
            yield from COMMAND.findall(block)


def test_every_room_has_its_page_in_the_reference() -> None:
    pages = {page.stem for page in DOCS.glob("reference/api/*.rst")}
    modules = {module.name for module in pkgutil.iter_modules(etcprops.__path__)}
    rooms = {module for module in modules if not module.startswith("_")} - {"cli"}
    assert pages == rooms | {"index"}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("page", with_programs(), ids=name)
def test_python_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(SAMPLE, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    examples = [*Sybil([PythonCodeBlockParser(), SkipParser()]).parse(page).examples()]
    assert examples
    for example in examples:
        example.evaluate()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    group: Any = typer.main.get_command(app)
    for command in commands(page.read_text("utf-8")):
        words = command.split()
        known = {"--version", "--install-completion"}
        if not words[1].startswith("-"):
            assert words[1] in group.commands, command
            known = {form for param in group.commands[words[1]].params for form in param.opts}
        unknown = {word for word in words if word.startswith("-") and word not in known}
        assert not unknown - {"-", "-h", "--help"}, command


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = LINK.findall(FENCE.sub("", page.read_text("utf-8")))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", DOCS / "index.md"], ids=name)
def test_what_stands_and_falls_is_what_the_ledger_expects(page: Path) -> None:
    row = re.compile(r"^\| .*? \| \*\*([\w ]+)\*\*.*? \| \W*([\w-]+)", re.MULTILINE)
    rows = row.findall(page.read_text("utf-8"))
    assert {word for word, _ in rows} == OUTCOMES.keys()
    assert [(word, row) for word, row in rows if OUTCOMES[word] != EXPECTED[row]] == []


def test_the_comparison_with_the_paper_is_what_the_ledger_expects() -> None:
    text = (DOCS / "explanation" / "what-is-true.md").read_text("utf-8")
    headings = {"stands": "stands", "with conditions": "stands under conditions", "falls": "falls"}
    for word, heading in headings.items():
        section = text.partition(f"## What {heading}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\|.*?\| \[([\w-]+)\]\(", section, re.MULTILINE)
        assert len(rows) > 2
        assert [row for row in rows if EXPECTED[row] != OUTCOMES[word]] == []
