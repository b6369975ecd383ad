"""The recipe of ``docs/how-to/gate.md``: its files and commands are run as they stand there."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import command_line
from PIL import Image

pytest_plugins = "pytester"

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "gate.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
(WORKFLOW,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [shlex.split(line) for line in re.findall(r"- run: (.*)", WORKFLOW)]


@pytest.fixture
def gates(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[int]]:
    """Return what runs the workflow in a folder with images, and returns the exit statuses."""
    rng = np.random.default_rng(0)
    for number in range(24):
        folder = Path("images", ("dark", "light")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 150, (16, 16), dtype=np.uint8) + np.uint8(105 * (number % 2))
        Image.fromarray(pixels).save(folder / f"{number}.png")

    def run(files: dict[str, str]) -> list[int]:
        for name, content in files.items():
            Path(name).write_text(content)
        tested = pytester.runpytest_inprocess(*COMMANDS[1][1:], "-p", "no:xdist")
        sys.modules.pop("pipeline", None)
        audited = command_line(monkeypatch, capsys)(*COMMANDS[2][1:])
        return [int(tested.ret), audited.status]

    return run


def test_the_workflow_has_ten_lines_and_installs_first() -> None:
    assert len(WORKFLOW.strip().splitlines()) == 10
    assert COMMANDS[0] == ["pip", "install", "etcprops", "pytest"]
    assert [command[0] for command in COMMANDS[1:]] == ["pytest", "etcprops"]


def test_what_is_right_passes(gates: Callable[..., list[int]]) -> None:
    assert gates(FILES) == [0, 0]
    assert {"gate.html", "gate.xml", "model.html"} <= {path.name for path in Path().iterdir()}


def test_what_is_wrong_does_not(gates: Callable[..., list[int]]) -> None:
    scheme, model = FILES["test_encryption.py"], FILES["pipeline.py"]
    twice = scheme.replace("permutation(image.size)", "integers(0, image.size, image.size)")
    tree = model.replace("sklearn.svm import SVC", "sklearn.tree import DecisionTreeClassifier")
    wrong = {
        "test_encryption.py": twice,
        "pipeline.py": tree.replace("SVC()", "DecisionTreeClassifier(random_state=0)"),
    }
    assert twice != scheme
    assert gates(wrong) == [1, 1]
