"""``etcprops reproduce``: bad input, interruption, resumption, the four cases and the search."""

from __future__ import annotations

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from etcprops import cli
from etcprops.cli import app
from etcprops.datasets.synthetic_faces import synthetic_cone
from etcprops.experiments import figures
from etcprops.experiments.choices import RATIOS, Choices
from etcprops.experiments.figures import CASES, rendered
from etcprops.experiments.machines import Machine
from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.ranking import (
    Candidate,
    Trial,
    nearest_to_both_columns,
    pairs,
    rank,
    ranking_csv,
    reach,
)
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
def test_bad_input_is_named_and_exits_2(
    arguments: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("sys.argv", ["etcprops", "reproduce", "--out", str(out), *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert named in capsys.readouterr().err
    assert not out.exists()


INTERRUPTED = """
import signal, sys
from etcprops import cli
from etcprops.datasets.synthetic_faces import synthetic_cone

def small(*_, **__):
    return synthetic_cone(people=4, lights=8, height=48, width=40)

# A shell has its background jobs ignore it, and so all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.modules["etcprops.cli.reproduce"]._load = small
sys.argv = ["etcprops", "reproduce", "--splits", "200", "--jobs", "2", "--out", sys.argv[1]]
cli.main()
"""


def is_running(group: int) -> bool:
    """Tell whether a process of a group is there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_interruption_says_what_is_kept_and_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with subprocess.Popen(  # noqa: S603  # our own program, in a group as a terminal makes one
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 60
            # By then both workers are at work: one that is interrupted while Python starts would
            # tell of it, whatever the program says.
            while len(list(tmp_path.glob("parts/*.json"))) < 8 and time.monotonic() < deadline:
                assert process.poll() is None
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    while is_running(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)  # workers take a moment to end
    assert not is_running(process.pid)
    assert "Traceback" not in errors
    (message,) = [line for line in errors.splitlines() if line.startswith("Interrupted. ")]
    assert message.endswith(f"kept in {tmp_path / 'parts'}: the same command goes on.")
    for path in (tmp_path / "parts").iterdir():
        assert path.suffix == ".json"
        json.loads(path.read_text(encoding="utf-8"))


def test_report_shows_the_four_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_cases(figure: Figure, kind: str) -> bytes:
        drawn = len(figure.axes) == 2 * len(CASES)  # drawing all seven takes seconds
        return rendered(figure, kind) if drawn and kind == "png" else b""

    monkeypatch.setattr(figures, "rendered", only_cases)
    monkeypatch.setattr(sys.modules["etcprops.cli.reproduce"], "_load", lambda *_, **__: SMALL)
    own = ["--data", "a copy of one's own", "--first-column", "3", "--without-bad"]
    found = CliRunner().invoke(app, ["reproduce", *own, "--jobs", "1", "--out", str(tmp_path)])
    assert found.exit_code == 0, found.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "columns 3 to 162 of 0 to 167" in page
    assert "marks as corrupt are left out" in page
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["case"] for row in rows} == set(CASES)
    assert len(rows) == 2 * len(CASES) * len(RATIOS)
    for case in CASES:
        assert page.count(f"<td>{case}") == 3
        assert case.split(",")[0] in found.output
    for row in rows:
        quantiles = [float(row[f"q{percent}"]) for percent in (0, 1, 5, 25, 50, 75, 95, 99, 100)]
        assert quantiles == sorted(quantiles)
        # The share accepted and the quantiles tell the same story.
        if quantiles[0] >= float(row["threshold"]):
            assert float(row["accepted"]) == 1
        if quantiles[-1] < float(row["threshold"]):
            assert float(row["accepted"]) == 0
    assert (tmp_path / "cases.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.png"))) == 7


def test_other_choices_in_the_same_folder_are_not_mixed_up(tmp_path: Path) -> None:
    plain = Choices(conditions=("plain",))
    first = run(SMALL, plain, ratios=(20,), folder=tmp_path)
    files = set(tmp_path.iterdir())
    other = run(SMALL, replace(plain, seed=1), ratios=(20,), folder=tmp_path)
    assert other != first
    assert len(set(tmp_path.iterdir())) == 2
    assert files < set(tmp_path.iterdir())
    assert run(SMALL, plain, ratios=(20,), folder=tmp_path) == first


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "[]",
        lambda text: text.replace('"version": 2', '"version": 1'),
        lambda text: text.replace('"split": 0', '"split": 7'),
        lambda text: text.replace('"eer"', '"error"'),
    ],
    ids=["half", "a list", "an older version", "another split", "another field"],
)
def test_damaged_part_is_run_again(tmp_path: Path, damage: Callable[[str], str]) -> None:
    choices = Choices(conditions=("plain",))
    expected = run(SMALL, choices, ratios=(20,), folder=tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_text(encoding="utf-8")
    file.write_text(damage(whole), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != whole
    assert run(SMALL, choices, ratios=(20,), folder=tmp_path) == expected
    assert file.read_text(encoding="utf-8") == whole


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
    told: list[tuple[int, int]] = []

    def progress(done: int, of: int, _: str) -> None:
        told.append((done, of))

    trials = search(SMALL, [(plain, grid)], splits=1, folder=tmp_path, progress=progress)
    assert told == [(done, 4) for done in range(5)]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    told.clear()
    again = search(SMALL, iter([(plain, grid)]), splits=1, folder=tmp_path, progress=progress)
    assert again == trials
    assert told == [(4, 4)]
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    other = search(SMALL, [(plain, MACHINES[:1])], splits=1, folder=tmp_path)
    assert {trial.machine for trial in other} == {MACHINES[0]}


def test_search_gives_up_what_does_not_converge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = (Machine("linear", C=1e-6), Machine("linear", C=1e3))
    options = {"splits": 1, "folder": tmp_path}
    plain = Choices(conditions=("plain",))
    monkeypatch.setattr("etcprops.experiments.search.MAX_ITER", 15)
    few = {trial.machine for trial in search(SMALL, [(plain, grid)], **options)}  # type: ignore[arg-type]
    monkeypatch.undo()
    # Parts of another bound are not taken for those of this one.
    both = {trial.machine for trial in search(SMALL, [(plain, grid)], **options)}  # type: ignore[arg-type]
    assert few == {grid[0]}
    assert both == set(grid)


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
    for title in ("Nearest to both 'not encrypted' columns", "Nearest to all 16 values"):
        assert title in found.output
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


def test_nearness_to_both_columns_counts_one_kind_of_impostors() -> None:
    def candidate(score: str, kernel: Literal["linear", "rbf"], **factors: float) -> Candidate:
        eer = {
            condition: {r: v * factor for r, v in PAPER_EER[kernel, "own"].items()}
            for condition, factor in factors.items()
        }
        return Candidate("exact", "pooled", score, Machine(kernel), eer, 0.3)

    candidates = [
        candidate("pooled", "linear", own=1, stolen=math.e),
        candidate("pooled", "rbf", own=math.exp(4), stolen=math.exp(2)),
        candidate("pooled", "rbf", own=math.exp(5)),
        candidate("distance", "linear", own=1),
        candidate("per-person", "linear"),
    ]
    found = nearest_to_both_columns(candidates)
    # Own keys fit the linear column alone better than any set fits both.
    assert [(impostors, linear.score) for impostors, linear, _, _ in found] == [
        ("stolen", "pooled"),
        ("own", "pooled"),
    ]
    assert found[0][3] == pytest.approx(math.sqrt((0.3**2 + (1 + 4) / 2) / 2))
    assert found[1][3] == pytest.approx(math.sqrt((0.3**2 + (0 + 16) / 2) / 2))
    assert found[1][2] is candidates[1]
    rows = list(csv.DictReader(ranking_csv(candidates).splitlines()))
    assert float(rows[0]["distance_with_own"]) == pytest.approx(0.3 / math.sqrt(2))
    assert rows[4]["distance_with_own"] == ""


def test_columns_with_gaps_are_left_out() -> None:
    machine = Machine("linear")

    def trial(condition: str, ratio: int) -> Trial:
        return Trial("exact", "pooled", "pooled", machine, condition, ratio, 0, 0.1)

    trials = [trial("plain", ratio) for ratio in RATIOS] + [trial("own", 20), trial("own", 40)]
    (candidate,) = rank(trials)
    assert set(candidate.eer) == {"plain"}
    assert {cell.column for cell in reach([candidate])} == {"plain"}
    assert not rank(trials[1:])


def test_ranking_of_nothing_is_a_head() -> None:
    assert ranking_csv(rank([])).count("\n") == 1
    assert not reach([])
