"""The notebooks of proofs/: their theorems are those of the sources, and nothing is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from etcprops.claims.proofs import PROOFS
from etcprops.theory.theorems import find_theorems, sources_folder

FOLDER = Path(__file__).parents[2] / "proofs"
NOTEBOOKS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.ipynb"))}
SECTIONS = ("Why one would believe it", "Look at it", "Checked by machine", "References")
AGAIN = "run pytest -q -o addopts= -o filterwarnings= --nbmake --overwrite proofs"


def _outputs(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [output for cell in cells for output in cell["outputs"]]


def _theorems(notebook: dict[str, Any]) -> dict[str, str]:
    """Return the Markdown of each theorem that a notebook's stored outputs show."""
    shown = {}
    for output in _outputs(notebook):
        text = "".join(output.get("data", {}).get("text/markdown", ""))
        if match := re.match(r"\*\*\[(\w+\.\w+)\]", text):
            shown[match[1]] = text
    return shown


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_theorems_stand_as_in_the_sources(name: str) -> None:
    """Statement, file and line: a change of the sources makes the stored outputs stale."""
    known = find_theorems()
    shown = _theorems(NOTEBOOKS[name])
    assert shown
    for theorem, text in shown.items():
        assert text == known[theorem]._repr_markdown_(), f"{theorem} has moved: {AGAIN}"
        path, line = re.findall(r"\(coq/([\w/]+\.v)#L(\d+)\)", text)[0]
        lines = (sources_folder() / path).read_text().split("\n")
        assert theorem.split(".")[1] in lines[int(line) - 1]


@pytest.mark.parametrize("claim", [name for name, line in PROOFS.items() if line.notebook])
def test_the_claim_s_theorems_are_in_its_notebook(claim: str) -> None:
    line = PROOFS[claim]
    assert [n for n in line.all_theorems if n not in _theorems(NOTEBOOKS[line.notebook])] == []


def test_every_notebook_is_of_a_claim() -> None:
    named = {line.notebook for line in PROOFS.values()} - {""}
    assert named == set(NOTEBOOKS) - {"template"}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebooks_are_whole_executed_and_small(name: str) -> None:
    notebook = NOTEBOOKS[name]
    text = "\n".join(
        "".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"
    )
    assert [section for section in SECTIONS if f"## {section}" not in text] == []
    assert "**Statement" in text
    assert "**Hypotheses.**" in text
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [*range(1, len(code) + 1)]
    assert any("image/png" in output.get("data", {}) for output in _outputs(notebook))
    assert not [o for o in _outputs(notebook) if o.get("name") == "stderr" or "ename" in o]
    assert (FOLDER / f"{name}.ipynb").stat().st_size < 400_000
    assert not re.search(r"/(home|root|work|tmp|usr)/", json.dumps(notebook))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_links_between_notebooks_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([\w-]+\.ipynb)\)", json.dumps(NOTEBOOKS[name]))
    assert [link for link in links if not (FOLDER / link).is_file()] == []
