"""The study of the paper's open choices: its search, its ranking and its command."""

from __future__ import annotations

import csv
import math
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Literal

import grid
import pytest
import study
from grid import SVMS, search, search_choices, try_svms
from ranking import (
    Candidate,
    Trial,
    nearest_to_both_columns,
    pairs,
    rank,
    ranking_csv,
    reach,
)
from typer.testing import CliRunner

from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.experiments.choices import SVM, Choices
from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.tables import log_ratio
from etcprops.reductions import PAPER_RATIOS

SMALL = make_synthetic_faces(people=4, lights=8, height=48, width=40)


def test_search_ranks_by_distance() -> None:
    svms = (SVM("linear", C=10), SVM("rbf", C=10))
    trials = [t for r in PAPER_RATIOS for t in try_svms(SMALL, Choices(), r, 0, svms)]
    ranked = rank(trials)
    assert len(ranked) == 6
    assert [c.distance for c in ranked] == sorted(c.distance for c in ranked)


def test_search_resumes_only_its_own_grid(tmp_path: Path) -> None:
    svms = (SVM("linear", C=1.0),)
    plain = Choices(conditions=("plain",))
    told: list[tuple[int, int]] = []

    def progress(done: int, of: int, _: str) -> None:
        told.append((done, of))

    trials = search(SMALL, [(plain, svms)], splits=1, folder=tmp_path, progress=progress)
    assert told == [(done, 4) for done in range(5)]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    told.clear()
    again = search(SMALL, iter([(plain, svms)]), splits=1, folder=tmp_path, progress=progress)
    assert again == trials
    assert told == [(4, 4)]
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    path = next(iter(files))
    path.write_text(path.read_text(encoding="utf-8")[:-1], encoding="utf-8")  # damaged: run again
    assert search(SMALL, [(plain, svms)], splits=1, folder=tmp_path) == trials
    other = search(SMALL, [(plain, SVMS[:1])], splits=1, folder=tmp_path)
    assert {trial.svm for trial in other} == {SVMS[0]}


def test_search_gives_up_what_does_not_converge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    svms = (SVM("linear", C=1e-6), SVM("linear", C=1e3))
    options = {"splits": 1, "folder": tmp_path}
    plain = Choices(conditions=("plain",))
    monkeypatch.setattr(grid, "MAX_ITER", 15)
    few = {trial.svm for trial in search(SMALL, [(plain, svms)], **options)}  # type: ignore[arg-type]
    monkeypatch.undo()
    # Parts of another bound are not taken for those of this one.
    both = {trial.svm for trial in search(SMALL, [(plain, svms)], **options)}  # type: ignore[arg-type]
    assert few == {svms[0]}
    assert both == set(svms)


@pytest.mark.thorough
def test_search_command_writes_a_ranking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "load_faces", lambda *_, **__: SMALL)
    svms = (SVM("linear"), SVM("linear", C=0.01), SVM("rbf"))
    small = partial(
        search_choices,
        reductions=("random-pixels", "exact"),
        normalizations=("pooled", "mid-grey"),
        svms=svms,
        closest=1,
    )
    monkeypatch.setattr(study, "search_choices", small)
    arguments = ["--jobs", "1", "--splits", "1", "--out", str(tmp_path)]
    found = CliRunner().invoke(study.app, arguments)
    assert found.exit_code == 0, found.output
    with (tmp_path / "search.csv").open(encoding="utf-8") as file:
        ranking = list(csv.DictReader(file))
    assert len(ranking) == 2 * 2 * 3 * len(svms)
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
        resolution = 1 / (4 * 4)
        nearest = min(abs(log_ratio(eer, paper, resolution)) for eer in column)
        assert abs(log_ratio(float(cell["nearest"]), paper, resolution)) == nearest


def test_pairs_share_their_setting() -> None:
    def candidate(score: str, kernel: Literal["linear", "rbf"], distance: float) -> Candidate:
        return Candidate("exact", "pooled", score, SVM(kernel, C=distance), {}, distance, 0.1)

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
    # The nearest linear SVM has a bad partner, and one setting has no linear SVM.
    assert [[c.distance for c in pair] for pair in found] == [[0.4, 0.4], [0.1, 0.9]]
    assert all(linear.setting == rbf.setting for linear, rbf in found)


def test_nearness_to_both_columns_counts_one_kind_of_impostors() -> None:
    def candidate(score: str, kernel: Literal["linear", "rbf"], **factors: float) -> Candidate:
        eer = {
            condition: {r: v * factor for r, v in PAPER_EER[kernel, "own"].items()}
            for condition, factor in factors.items()
        }
        return Candidate("exact", "pooled", score, SVM(kernel), eer, 0.3, 1e-4)

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
    assert float(rows[0]["encrypted_distance"]) == 0
    assert rows[4]["distance_with_own"] == rows[4]["encrypted_distance"] == ""


def test_columns_with_gaps_are_left_out() -> None:
    svm = SVM("linear")

    def trial(condition: str, ratio: int) -> Trial:
        return Trial("exact", "pooled", "pooled", svm, condition, ratio, 0, 0.1, 0.01)

    trials = [trial("plain", ratio) for ratio in PAPER_RATIOS] + [
        trial("own", 20),
        trial("own", 40),
    ]
    (candidate,) = rank(trials)
    assert set(candidate.eer) == {"plain"}
    assert {cell.column for cell in reach([candidate])} == {"plain"}
    assert not rank(trials[1:])


def test_ranking_of_nothing_is_a_head() -> None:
    assert ranking_csv(rank([])).count("\n") == 1
    assert not reach([])


@pytest.mark.thorough
def test_command_names_what_it_cannot_read(tmp_path: Path) -> None:
    folder = Path(grid.__file__).parent
    command = [sys.executable, str(folder), "--data", "absent.zip", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 2
    assert "absent.zip" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
