"""``etcprops reproduce``: bad input, resumption and the search."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from etcprops.cli import app
from etcprops.experiments.choices import Choices
from etcprops.experiments.cone import synthetic_cone
from etcprops.experiments.machines import Machine
from etcprops.experiments.reproduction import Part, run
from etcprops.experiments.search import MACHINES, rank, ranking_csv, search

SMALL = synthetic_cone(people=4, lights=8, height=48, width=40)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "absent.zip"], "absent.zip"),
        (["--linear-c", "-1"], "C"),
        (["--splits", "0"], "splits"),
    ],
)
def test_bad_input_is_named_and_exits_2(arguments: list[str], named: str, tmp_path: Path) -> None:
    command_line = [sys.executable, "-m", "etcprops", "reproduce", "--out", "out", *arguments]
    found = subprocess.run(  # noqa: S603  # our own program
        command_line, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2, found.stderr
    assert named in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "out").exists()


def test_interrupted_run_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = Choices(conditions=("plain",))
    first = run(SMALL, choices, ratios=(20,), folder=tmp_path)

    def only_40(_data: object, _choices: object, ratio: int, split: int) -> Part:
        assert ratio == 40
        return Part(ratio, split, 1, {})

    monkeypatch.setattr("etcprops.experiments.reproduction.run_part", only_40)
    again = run(SMALL, choices, ratios=(20, 40), folder=tmp_path)
    assert again[0] == first[0]
    assert again[1].ratio == 40


def test_search_resumes_only_its_own_grid(tmp_path: Path) -> None:
    grid = (Machine("linear", C=1.0),)
    trials = search(SMALL, [Choices()], splits=1, folder=tmp_path, machines=grid)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = search(SMALL, iter([Choices()]), splits=1, folder=tmp_path, machines=grid)
    assert again == trials
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    other = search(SMALL, [Choices()], splits=1, folder=tmp_path, machines=MACHINES[:1])
    assert {trial.machine for trial in other} == {MACHINES[0]}


def test_search_command_writes_a_ranking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = sys.modules["etcprops.cli.reproduce"]
    monkeypatch.setattr(command, "_load", lambda *_, **__: SMALL)
    monkeypatch.setattr(command, "_SEARCHED", ("random-pixels",))
    arguments = ["reproduce", "--search", "--jobs", "1", "--out", str(tmp_path)]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    lines = (tmp_path / "search.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3 * len(MACHINES)


def test_ranking_of_nothing_is_a_head() -> None:
    assert ranking_csv(rank([])).count("\n") == 1
