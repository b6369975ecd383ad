"""``etcprops reproduce``: bad input, resumption and the search."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from typer.testing import CliRunner

from etcprops.cli import app
from etcprops.experiments.choices import Choices
from etcprops.experiments.cone import synthetic_cone
from etcprops.experiments.machines import Machine
from etcprops.experiments.ranking import Candidate, pairs, rank, ranking_csv, reach
from etcprops.experiments.reproduction import Part, run
from etcprops.experiments.search import MACHINES, search, search_choices

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
    plain = Choices(conditions=("plain",))
    trials = search(SMALL, [(plain, grid)], splits=1, folder=tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = search(SMALL, iter([(plain, grid)]), splits=1, folder=tmp_path)
    assert again == trials
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    other = search(SMALL, [(plain, MACHINES[:1])], splits=1, folder=tmp_path)
    assert {trial.machine for trial in other} == {MACHINES[0]}


def test_search_command_writes_a_ranking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = sys.modules["etcprops.cli.reproduce"]
    monkeypatch.setattr(command, "_load", lambda *_, **__: SMALL)
    grid = (Machine("linear"), Machine("linear", C=0.01), Machine("rbf"))
    small = partial(
        search_choices,
        reductions=("random-pixels", "exact"),
        normalizations=("pooled", "mid-grey"),
        machines=grid,
        closest=1,
    )
    monkeypatch.setattr("etcprops.experiments.search.search_choices", small)
    arguments = ["reproduce", "--search", "--jobs", "1", "--splits", "1", "--out", str(tmp_path)]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    with (tmp_path / "search.csv").open(encoding="utf-8") as file:
        ranking = list(csv.DictReader(file))
    assert len(ranking) == 2 * 2 * 3 * len(grid)
    distances = [float(row["distance"]) for row in ranking]
    assert distances == sorted(distances)
    # The nearest of each setting and kernel was tried with own keys, and the RBF one has no rival.
    assert all(row["own_20"] for row in ranking if row["kernel"] == "rbf")
    assert {row["own_20"] == "" for row in ranking} == {True, False}
    with (tmp_path / "search-cells.csv").open(encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    assert len(cells) == 16
    for cell in cells[:4]:
        column = [float(r[f"plain_{cell['ratio']}"]) for r in ranking if r["kernel"] == "linear"]
        paper = float(cell["paper"])
        # log_ratio takes an EER of zero as 1e-5.
        nearest = min(column, key=lambda eer: abs(math.log(max(eer, 1e-5) / paper)))
        assert float(cell["nearest"]) == nearest


def test_pairs_share_their_setting() -> None:
    def candidate(score: str, kernel: Literal["linear", "rbf"], distance: float) -> Candidate:
        return Candidate("exact", "pooled", score, Machine(kernel, C=distance), {}, distance)

    found = pairs(
        [
            candidate("pooled", "linear", 0.1),
            candidate("pooled", "rbf", 0.9),
            candidate("per-person", "linear", 0.4),
            candidate("per-person", "rbf", 0.4),
            candidate("per-person", "rbf", 0.5),
            candidate("distance", "rbf", 0.01),
        ]
    )
    # The nearest linear machine has a bad partner, and one setting has no linear machine.
    assert [[c.distance for c in pair] for pair in found] == [[0.4, 0.4], [0.1, 0.9]]
    assert all(linear.setting == rbf.setting for linear, rbf in found)


def test_ranking_of_nothing_is_a_head() -> None:
    assert ranking_csv(rank([])).count("\n") == 1
    assert not reach([])
