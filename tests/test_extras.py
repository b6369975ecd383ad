"""The extra ``notebooks`` has whatever the notebooks and what lies beside them import."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ROOT / "notebooks", ROOT / "proofs"
DISTRIBUTIONS = {
    "IPython": "ipykernel",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "z3": "z3-solver",
}
"""Of modules that are named otherwise."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def required(extra: str | None = None) -> set[str]:
    """Return the names of the distributions that are installed, with an extra or without."""
    extras = PROJECT["optional-dependencies"]
    names: set[str] = set()
    for requirement in PROJECT["dependencies"] + (extras[extra] if extra else []):
        name, others = re.fullmatch(r"([\w.-]+)(?:\[([\w,]+)\])?.*", requirement).groups()  # type: ignore[union-attr]
        if name == PROJECT["name"]:
            names = names.union(*(required(other) for other in others.split(",")))
        else:
            names.add(name.lower())
    return names


def sources() -> Iterator[tuple[str, str]]:
    """Yield the name and the Python of each notebook and of each module beside one."""
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.ipynb")):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
            lines = "\n".join(code).splitlines()
            yield path.name, "\n".join(line for line in lines if not line.startswith(("%", "!")))
    for path in sorted(FOLDERS[0].rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


SOURCES = dict(sources())


def imported(source: str) -> set[str]:
    """Return the top-level modules of other projects that some Python imports."""
    nodes = [*ast.walk(ast.parse(source))]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [n.module for n in nodes if isinstance(n, ast.ImportFrom) and n.module and not n.level]
    beside = {path.stem for path in FOLDERS[0].rglob("*.py")}
    return {n.partition(".")[0] for n in names} - {*sys.stdlib_module_names, *beside, "etcprops"}


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_notebook_imports_is_in_the_extra(name: str) -> None:
    names = {DISTRIBUTIONS.get(module, module.lower()) for module in imported(SOURCES[name])}
    assert names <= required("notebooks")


def test_what_the_package_itself_imports_for_notebooks_is_in_the_extra() -> None:
    """Proof notebooks ask z3, that on compression reads JPEG files."""
    assert required("smt") | required("formats") <= required("notebooks")


def test_imports_of_notebooks_are_seen() -> None:
    by_name = {name: imported(source) for name, source in SOURCES.items()}
    assert "z3" in by_name["08-refutations.ipynb"]
    assert "skimage" in by_name["notebooks/compression/photographs.py"]
    assert not required("smt") <= required()
