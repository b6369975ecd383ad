"""The programs of ``docs/reference/vectors.md``, run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import etcprops.vectors
from etcprops.vectors import FILES, load_vectors

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "vectors.md").read_text("utf-8")
FOLDER = Path(etcprops.vectors.__file__).parent

MINE = """
import numpy as np
from etcprops import BlockGeometry, EtCKey, encrypt as ours

def encrypt(image, test):
    sizes = {name: test[name] for name in ("height", "width", "channels", "block")}
    steps = {s: test[s] for s in ("permutation", "transforms", "negatives", "components")}
    geometry = BlockGeometry(**sizes)
    pixels = np.frombuffer(image, np.uint8).reshape(geometry.shape)
    return ours(pixels, EtCKey(geometry, **steps)).tobytes()
"""


def blocks(language: str) -> list[str]:
    """Return what the page has in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def failed(program: str, folder: Path, *names: str) -> set[str]:
    """Hold what is in a folder against files, and return the flags of what failed."""
    interpreter = "node" if program.endswith(".js") else sys.executable
    flags: set[str] = set()
    for name in names or ("etc_encryption", "etc_malformed"):
        command = [interpreter, program, str(FOLDER / f"{name}.json")]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stderr
        flags.update(*(line.split()[1:] for line in done.stdout.splitlines()))
    return flags


@pytest.mark.thorough
def test_the_ten_lines_pass_the_package_and_name_a_mistake(tmp_path: Path) -> None:
    _, program = blocks("python")
    assert len([line for line in program.splitlines() if line]) == 10
    (tmp_path / "hold.py").write_text(program, "utf-8")
    (tmp_path / "mine.py").write_text(MINE, "utf-8")
    assert failed("hold.py", tmp_path) == set()
    wrong = MINE.replace("**steps)", "**steps | {'components': None})")
    (tmp_path / "mine.py").write_text(wrong, "utf-8")
    assert {"ComponentsMissing", "EveryComponentOrder"} <= failed(
        "hold.py", tmp_path, "etc_encryption"
    )


@pytest.fixture
def javascript(tmp_path: Path) -> Path:
    if shutil.which("node") is None:
        pytest.skip("needs Node.js to run the page's JavaScript: node not found")
    hold, mine = blocks("js")
    assert len(hold.splitlines()) <= 10
    (tmp_path / "hold.js").write_text(hold, "utf-8")
    (tmp_path / "mine.js").write_text(mine, "utf-8")
    return tmp_path


def test_the_javascript_passes(javascript: Path) -> None:
    assert failed("hold.js", javascript) == set()


@pytest.mark.thorough
def test_mistakes_in_the_javascript_are_named(javascript: Path) -> None:
    mine = javascript / "mine.js"
    text = mine.read_text("utf-8")
    for old, new in (
        ("[u, block - 1 - v]", "[block - 1 - u, v]"),
        ("255 - byte", "256 - byte"),
        ("ORDERS[components[b]][c]", "ORDERS[components[b]].indexOf(c)"),
        ("sequence.length === n", "sequence.length >= n"),
    ):
        assert old in text
        text = text.replace(old, new)
    mine.write_text(text, "utf-8")
    flags = failed("hold.js", javascript)
    assert {"TurnsClockwise", "NegatesFrom256", "ComponentOrdersInverted"} <= flags
    assert "LongSequencesCut" in flags
    assert not flags & {"FourTurnsOnly", "NegatesLowSevenBits", "ShortSequencesFilled"}


def test_the_page_shows_what_check_vectors_says(capsys: pytest.CaptureFixture[str]) -> None:
    example, _ = blocks("python")
    exec(compile(example, "docs/reference/vectors.md", "exec"), {})  # noqa: S102
    (shown,) = blocks("text")
    assert capsys.readouterr().out == shown


def test_the_page_counts_the_tests() -> None:
    for name in FILES:
        groups = load_vectors(name)["testGroups"]
        results = Counter(test["result"] for group in groups for test in group["tests"])
        mistakes = {
            flag
            for group in groups
            for test in group["tests"]
            for flag in test["flags"]
            if test["result"] == "invalid"
        }
        counts = [results.total(), *(results[r] for r in ("valid", "invalid", "acceptable"))]
        row = " | ".join(f"{count:,}" for count in [*counts, len(mistakes)])
        assert f"| `{name}.json` | `{groups[0]['type']}` | {row} |" in PAGE
