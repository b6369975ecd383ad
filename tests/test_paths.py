"""Paths that prose names exist: pages, docstrings, comments of proofs, cells of notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PATH = re.compile(r"(?<![\w./-])(?:docs|etcprops|notebooks|proofs|tests|\.ci)/[\w./-]*[\w-]")
SPEAKING = (
    "*.md",
    "docs/**/*.md",
    "*/**/README.md",
    "proofs/*.md",
    ".ci/*",
    "noxfile.py",
    *tuple(
        f"{folder}/**/*.{kind}"
        for folder in ("docs", "etcprops", "notebooks", "proofs")
        for kind in ("ipynb", "j2", "ml", "py", "v")
    ),
)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name and the prose of each file; notebooks without what they put out."""
    for path in sorted({path for pattern in SPEAKING for path in ROOT.glob(pattern)}):
        if not path.is_file():
            continue
        text = path.read_text("utf-8")
        if path.suffix == ".ipynb":
            text = "".join(line for cell in json.loads(text)["cells"] for line in cell["source"])
        yield path.relative_to(ROOT).as_posix(), text


def stale(text: str) -> list[str]:
    """Return the paths that a text names and that are not there; a beginning of names is enough."""
    named = {path.rstrip(".") for path in PATH.findall(text)}
    return sorted(path for path in named if not (ROOT / path).exists() and not any_begins(path))


def any_begins(path: str) -> bool:
    """Say whether something is there whose name goes on: ``tests/meta/test_*_mutants.py``."""
    return any((ROOT / path).parent.glob(f"{Path(path).name}*"))


def test_paths_that_are_named_exist() -> None:
    found = {name: paths for name, text in texts() if (paths := stale(text))}
    assert found == {}


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("(docs/recovery.md); anything", ["docs/recovery.md"]),
        ("`docs/explanation/recovery.md`", []),
        ("docs/explanation/recovery.md.", []),
        ("in `tests/meta/test_*_mutants.py`, and `proofs/coq`", []),
        ("from tests/test_no_such.py", ["tests/test_no_such.py"]),
        ("https://example.org/docs/absent.md, ../docs/absent.md", []),
    ],
)
def test_what_is_not_there_is_seen(text: str, paths: list[str]) -> None:
    assert stale(text) == paths


def test_proofs_and_notebooks_are_read() -> None:
    read = [name for name, text in texts() if PATH.search(text)]
    assert {Path(name).suffix for name in read} >= {".ipynb", ".md", ".py", ".v"}
