"""The atlas: its table, cells in processes of their own, files that go on, pages, the command."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn.utils import all_estimators

from etcprops import InvalidParameterError, Step, cli
from etcprops.auditing import AuditOutcome, Remedy
from etcprops.auditing.atlas.cells import AtlasCell, build_estimator
from etcprops.auditing.atlas.grid import Atlas, atlas, grid
from etcprops.auditing.atlas.isolation import Worker, stop_workers
from etcprops.auditing.atlas.rows import AtlasRow, run_cell
from etcprops.auditing.atlas.store import Store
from etcprops.auditing.estimators import TABLE
from etcprops.auditing.estimators.invariance import (
    ANY,
    NONE,
    ORTHOGONAL,
    PERMUTATION,
    SIGNED_PERMUTATION,
    Entry,
    Invariance,
    predict,
)
from etcprops.auditing.estimators.invariance import Path as Way
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.cli.atlas import print_atlas
from etcprops.datasets import load_images

FULL = (Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES)
SOME = ("KNeighborsClassifier", "DummyClassifier", "GaussianNB")


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    yield
    stop_workers()


def _row(cell: AtlasCell, outcome: AuditOutcome, predicted: AuditOutcome, **found: Any) -> AtlasRow:
    return AtlasRow(cell=cell, predicted=predicted, outcome=outcome, **found)


# --- The table


@pytest.mark.filterwarnings("ignore")  # scikit-learn's own modules warn when all are imported
def test_the_table_has_every_estimator_and_no_other() -> None:
    # These are there only where some other test has switched them on.
    experimental = {"HalvingGridSearchCV", "HalvingRandomSearchCV"}
    assert {name for name, _ in all_estimators()} - experimental == set(TABLE)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_every_entry_builds_and_has_a_reason(entry: Entry) -> None:
    assert len(entry.because) > 10
    assert set(entry.notes) <= {*PREPROCESSINGS, "any"}
    if not entry.absent:
        assert type(build_estimator(entry, 64)).__name__ in {entry.name, "Pipeline"}


@pytest.mark.parametrize(
    ("invariance", "known", "preprocessing", "steps", "outcome"),
    [
        (ORTHOGONAL, {}, "z-score", FULL, "identical-decisions"),
        (ORTHOGONAL, {}, "none", FULL, "different"),
        (ORTHOGONAL, {"offset": True}, "none", FULL, "identical-decisions"),
        (ORTHOGONAL, {"offset": True}, "per-image z-score", FULL, "different"),
        (ORTHOGONAL, {"offset": True, "path": Way.SOLVER}, "none", FULL, "different"),
        (PERMUTATION, {}, "z-score", FULL, "different"),
        (PERMUTATION, {}, "z-score", FULL[:2], "identical-decisions"),
        (NONE, {}, "z-score", FULL[:1], "different"),
        (ANY, {}, "per-image z-score", FULL, "identical-decisions"),
        (ORTHOGONAL, {"path": Way.DRAWS}, "z-score", FULL[:1], "equal-in-distribution"),
        (SIGNED_PERMUTATION, {"path": Way.ORDER}, "z-score", FULL, "different"),
        (SIGNED_PERMUTATION, {"path": Way.ORDER}, "z-score", FULL[2:], "identical-decisions"),
        (ORTHOGONAL, {"offset": True, "scale": "training"}, "mid-grey", FULL, "different"),
        (ORTHOGONAL, {"offset": True, "scale": "training"}, "z-score", FULL, "identical-decisions"),
        (ORTHOGONAL, {"offset": True, "scale": "subsets"}, "z-score", FULL, "different"),
        (ANY, {"counts": True}, "z-score", FULL, "not-applicable"),
    ],
)
def test_predictions_follow_from_invariance(
    invariance: Invariance,
    known: dict[str, Any],
    preprocessing: str,
    steps: tuple[Step, ...],
    outcome: str,
) -> None:
    entry = Entry("", invariance=invariance, because="", **known)
    assert predict(entry, preprocessing, steps) == outcome


def test_agreement_is_strict_where_it_can_be() -> None:
    def agree(predicted: AuditOutcome, outcome: AuditOutcome, **found: Any) -> bool | None:
        cell = AtlasCell("KNeighborsClassifier")
        return AtlasRow(cell=cell, predicted=predicted, outcome=outcome, **found).agrees

    identical, different = AuditOutcome.IDENTICAL_DECISIONS, AuditOutcome.DIFFERENT
    assert agree(identical, AuditOutcome.BITWISE_IDENTICAL)
    assert not agree(identical, identical, values_agree=False)
    assert not agree(identical, different)
    assert agree(different, identical, values_agree=False)
    assert not agree(different, identical)
    assert not agree(different, AuditOutcome.NOT_APPLICABLE)
    assert agree(AuditOutcome.EQUAL_IN_DISTRIBUTION, different)
    assert not agree(AuditOutcome.EQUAL_IN_DISTRIBUTION, different, distribution_tested=True)
    assert agree(identical, different, status="crashed") is None


# --- Cells in processes


@pytest.mark.parametrize(
    "name", ["GaussianNB", "Binarizer", "LinearRegression", "NearestNeighbors"]
)
def test_rows_are_json_and_agree_with_theory(name: str) -> None:
    row = run_cell(AtlasCell(name, images=120, explain=False))
    document = json.loads(json.dumps(row.to_dict(), allow_nan=False))
    assert document == row.to_dict()
    assert AtlasRow.from_dict(document) == row
    assert row.agrees


def test_rows_of_earlier_files_are_read() -> None:
    # As 0.1.0 wrote it: of a cell that could not be tried, without what only a verdict has.
    cell = AtlasCell("SVC", "none")
    told = {"name": cell.name, "cell": cell.to_dict(), "status": "done", "invariance": "orthogonal"}
    judged = {"reason": "", "predicted": "different", "outcome": "different", "agrees": True}
    found: dict[str, Any] = {
        "certified": None,
        "cause": "gamma",
        "witness": None,
        "law": "",
        "conditions": [],
    }
    remedy = {"change": "gamma=0.5", "outcome": "bitwise-identical", "detail": "the same"}
    row = AtlasRow.from_dict(told | judged | found | {"mend": remedy, "seconds": None})
    assert row.name == cell.name
    assert row.confirmed
    assert row.to_dict()["mend"] == remedy


HANGS = "import sys, time; print('0', flush=True); sys.stdin.readline(); time.sleep(60)"
CRASHES = (
    "import os, sys, signal; print('0', flush=True); sys.stdin.readline(); "
    "print('last words', file=sys.stderr, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
)


def test_a_cell_that_hangs_costs_its_own_row() -> None:
    worker = Worker([sys.executable, "-c", HANGS])
    row = worker.run(AtlasCell("SVC"), limit=0.3)
    assert row.status == "timed out"
    assert "more than 0.3 s" in row.conditions[0]
    assert row.agrees is None
    worker.stop()


def test_a_cell_that_crashes_costs_its_own_row() -> None:
    worker = Worker([sys.executable, "-c", CRASHES])
    rows = [worker.run(AtlasCell("SVC"), limit=30) for _ in "ab"]  # the second in a new process
    for row in rows:
        assert row.status == "crashed"
        assert f"signal {int(signal.SIGKILL)}: last words" in row.conditions[0]
    worker.stop()


def test_a_worker_that_cannot_start_is_told() -> None:
    worker = Worker([sys.executable, "-c", "raise SystemExit(3)"])
    assert "exit status 3" in worker.run(AtlasCell("SVC"), limit=30).conditions[0]
    worker.stop()


def test_real_workers_and_a_file_that_goes_on(tmp_path: Path) -> None:
    output, options = tmp_path / "rows.jsonl", {"keys": 2, "images": 60, "jobs": 2}
    whole = atlas(SOME, output=output, **options)  # type: ignore[arg-type]
    assert [line.outcome for line in whole.lines] == [
        "bitwise-identical",
        "identical-decisions",
        "bitwise-identical",
    ]
    assert whole.ok
    content = output.read_bytes()
    lines = content.splitlines(keepends=True)
    assert len(lines) == 1 + 6
    # Cut off in the middle of the fourth row: what is whole stays, the rest runs again.
    output.write_bytes(b"".join(lines[:4]) + lines[4][:30])
    ran: list[int] = []
    again = atlas(
        SOME,
        output=output,
        resume=True,
        progress=lambda done, _total, _name: ran.append(done),
        **options,  # type: ignore[arg-type]
    )
    assert ran == [3, 4, 5, 6]
    assert _timeless(again.rows) == _timeless(whole.rows)
    after = output.read_bytes().splitlines(keepends=True)
    assert after[:4] == lines[:4]
    names = [json.loads(line)["name"] for line in after[1:]]
    assert len(names) == len(set(names)) == 6


def _timeless(rows: list[AtlasRow]) -> list[AtlasRow]:
    return [replace(row, seconds=0.0, model_seconds=0.0) for row in rows]


def test_files_of_other_runs_are_refused_and_kept(tmp_path: Path) -> None:
    path, about = tmp_path / "rows.jsonl", {"keys": 3}
    row = _row(AtlasCell("SVC"), AuditOutcome.DIFFERENT, AuditOutcome.DIFFERENT)
    with Store(path, about, resume=False) as store:
        store.add(row)
        store.add(row)  # nothing twice
    content = path.read_bytes()
    assert content.count(b"\n") == 2
    for options, resume, message in (
        (about, False, "not there yet, unless --resume"),
        ({"keys": 4}, True, "keys=3 there, 4 here"),
    ):
        with pytest.raises(InvalidParameterError, match=message):
            Store(path, options, resume=resume)
    other = tmp_path / "letter.txt"
    other.write_text("Dear reader,\n")
    with pytest.raises(InvalidParameterError, match="be a file of results"):
        Store(other, about, resume=True)
    assert other.read_text() == "Dear reader,\n"
    assert path.read_bytes() == content


def test_two_processes_do_not_write_to_one_file(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="this system has no file locks")
    path = tmp_path / "rows.jsonl"
    with Store(path, {}, resume=False), pytest.raises(InvalidParameterError, match="no other pro"):
        Store(path, {}, resume=True)


# --- Reading and showing


def test_mismatches_without_explanation_are_not_ok() -> None:
    right, wrong = (
        _row(AtlasCell("SVC", secret=secret), outcome, AuditOutcome.IDENTICAL_DECISIONS)
        for secret, outcome in (
            ("a", AuditOutcome.BITWISE_IDENTICAL),
            ("b", AuditOutcome.DIFFERENT),
        )
    )
    assert Atlas([right]).ok
    assert not Atlas([right, wrong]).ok
    assert Atlas([right, wrong]).lines[0].outcome == AuditOutcome.DIFFERENT  # the worst key counts
    explained = _row(AtlasCell("TSNE"), AuditOutcome.DIFFERENT, AuditOutcome.IDENTICAL_DECISIONS)
    assert Atlas([explained]).ok
    lost = _row(
        AtlasCell("SVC"), AuditOutcome.NOT_APPLICABLE, AuditOutcome.DIFFERENT, status="crashed"
    )
    assert not Atlas([lost]).ok


def test_grids_have_one_explaining_cell_a_line() -> None:
    cells = list(
        grid(["SVC"], ["none", "z-score"], [(), ("negatives",)], keys=3, seeds=2, secret="s")  # noqa: S106
    )
    assert len(cells) == len({cell.name for cell in cells}) == 24
    assert sum(cell.explain for cell in cells) == 4
    assert [AtlasCell.from_dict(cell.to_dict()) for cell in cells] == cells


# --- The command

MISTAKES = {
    "neither": ((), "'MODEL' parameter of etcprops audit must be given, or --all"),
    "both": (("SVC", "--all"), "be given, or --all. Got SVC with --all"),
    "unknown estimator": (("SVM",), "hold known names"),
    "unknown preprocessing": (("SVC", "--preprocessing", "zscore"), "'preprocessing' parameter"),
    "unknown step": (("SVC", "--steps", "shuffle"), "'steps' parameter"),
    "no keys": (("SVC", "--keys", "0"), "'keys' parameter"),
    "no jobs": (("SVC", "--jobs", "0"), "'jobs' parameter"),
    "no data": (("SVC", "--data", "none.npz"), "'--data' parameter"),
    "no module": (("none:model",), "ModuleNotFoundError"),
    "no such model": (("json:model",), "AttributeError"),
    "resume nothing": (("SVC", "--resume"), "come with --output FILE"),
    "unknown backend": (("SVC", "--backend", "spark"), "be one of joblib, dask"),
    "no scheduler": (("SVC", "--backend", "dask"), "'scheduler' parameter"),
    "time limit": (("SVC", "--time-limit", "0"), "positive number of seconds"),
    "key with names": (("SVC", "--key", "k.json"), "'--key' parameter"),
}


OF_AUDIT_ALONE = {"neither", "both", "no module", "no such model", "key with names"}
DOORS = [("audit", mistake) for mistake in MISTAKES]
DOORS += [("atlas", mistake) for mistake in MISTAKES if mistake not in OF_AUDIT_ALONE]


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str, command: str = "audit") -> int:
    monkeypatch.setattr(sys, "argv", ["etcprops", command, *arguments])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code if isinstance(stop.value.code, int) else 0


@pytest.mark.parametrize(("command", "mistake"), DOORS)
def test_a_mistake_is_status_2_and_a_message(
    command: str,
    mistake: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, message = MISTAKES[mistake]
    assert _run(monkeypatch, *arguments, command=command) == 2
    out, err = capsys.readouterr()
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert not out


def test_an_own_model_gets_a_verdict_and_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_models.py").write_text(
        "from sklearn.neighbors import KNeighborsClassifier as K\n"
        "from sklearn.tree import DecisionTreeClassifier\n"
        "good = K()\n\ndef bad():\n    return DecisionTreeClassifier()\n"
    )
    options = ("--images", "100", "--budget", "1")
    assert _run(monkeypatch, "own_models:good", *options, "--json", "v.json") == 0
    assert json.loads((tmp_path / "v.json").read_text())["outcome"] == "bitwise-identical"
    assert _run(monkeypatch, "own_models:bad", *options) == 1
    assert "cause: the model depends on the order" in capsys.readouterr().out


def test_an_own_model_may_import_its_neighbours_while_it_is_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "neighbour_of_a_model.py").write_text("n_neighbors = 3\n")
    (tmp_path / "model_with_a_neighbour.py").write_text(
        "from sklearn.neighbors import KNeighborsClassifier\n\n"
        "class Model(KNeighborsClassifier):\n"
        "    def fit(self, X, y):\n"
        "        from neighbour_of_a_model import n_neighbors\n"
        "        self.n_neighbors = n_neighbors\n"
        "        return super().fit(X, y)\n\n"
        "model = Model()\n"
    )
    before = list(sys.path)
    options = ("--images", "100", "--budget", "1", "--json", "v.json")
    assert _run(monkeypatch, "model_with_a_neighbour:model", *options) == 0
    assert json.loads((tmp_path / "v.json").read_text())["outcome"] == "bitwise-identical"
    assert sys.path == before


@pytest.mark.parametrize("command", ["audit", "atlas"])
def test_names_print_a_table_and_write_a_page(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "atlas.html"
    arguments = (*SOME[:2], "--keys", "1", "--images", "60", "--html", str(page))
    assert _run(monkeypatch, *arguments, command=command) == 0
    assert "2 bitwise-identical. 2 as theory predicts" in capsys.readouterr().out
    assert "KNeighborsClassifier" in page.read_text()


@pytest.mark.parametrize("arguments", [("audit", "--all"), ("atlas",)])
def test_all_of_scikit_learn_goes_through_both_doors_with_the_same_options(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def run(names: list[str] | None, **options: Any) -> Atlas:
        given.update(options, names=names)
        return Atlas([], {"seconds": 0})

    monkeypatch.setattr("etcprops.auditing.atlas.grid.atlas", run)
    output, page = tmp_path / "rows.jsonl", tmp_path / "atlas.html"
    files = ("--output", str(output), "--html", str(page))
    monkeypatch.setattr(Atlas, "to_html", lambda _: "<html>")
    command, *rest = arguments
    assert _run(monkeypatch, *rest, "--jobs", "2", "--keys", "5", *files, command=command) == 0
    del given["progress"]
    assert given == {
        "names": None, "preprocessings": ["z-score"], "steps": [[]], "keys": 5, "seeds": 1,
        "secret": "etcprops audit", "data": "digits", "images": 600, "jobs": 2,
        "backend": "joblib", "scheduler": None, "output": output, "resume": False,
        "time_limit": 60.0, "budget": 10.0,
    }  # fmt: skip
    assert page.read_text() == "<html>"


def test_options_of_the_grid_are_described_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    helps = []
    for command in ("audit", "atlas"):
        assert _run(monkeypatch, "--help", command=command) == 0
        helps.append(capsys.readouterr().out)
    for option in ("--keys", "--jobs", "--scheduler", "--resume", "--time-limit", "--html"):
        assert option not in helps[0]
        assert option in helps[1]
    assert all("--budget" in text and "[default: all]" in text for text in helps)


@pytest.mark.parametrize("width", [80, 160])
def test_causes_can_be_read_at_every_width(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    options: dict[str, Any] = {"cause": "gamma='scale' uses X.var(), which negation changes"}
    remedy = Remedy("gamma=0.5", AuditOutcome.BITWISE_IDENTICAL, "")
    different, identical = AuditOutcome.DIFFERENT, AuditOutcome.IDENTICAL_DECISIONS
    rows = [
        _row(AtlasCell("SVC", "none"), different, different, remedy=remedy, **options),
        _row(AtlasCell("HistGradientBoostingClassifier", "none"), different, different),
        _row(AtlasCell("BernoulliNB"), identical, identical, values_agree=False),
    ]
    print_atlas(Atlas(rows, {"seconds": 1}), Console(width=width))
    out = capsys.readouterr().out
    words = " ".join(out.replace("│", " ").split())
    assert max(len(line) for line in out.splitlines()) <= width
    assert "after none, all steps:" in words
    assert "HistGradientBoostingClassifier different" in words
    assert "which negation changes. Remedy: gamma=0.5 (bitwise-identical)." in words
    assert "with values that differ by more than rounding: a pixel that is constant" in words


def test_own_images_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    images = np.zeros((30, 8, 16, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.array(["cat", "dog"] * 15), block=4)
    mine = load_images(str(path))
    assert mine.geometry.shape == (8, 16, 3)
    assert mine.geometry.block == 4
    assert mine.labels.tolist() == [0, 1] * 15


LABELS = np.arange(30) % 3
BAD_DATA: dict[str, tuple[dict[str, Any], str]] = {
    "of floats": ({"images": np.zeros((30, 8, 8))}, "Got images float64 (30, 8, 8)"),
    "of one image": ({"images": np.zeros((8, 8), np.uint8)}, "Got images uint8 (8, 8)"),
    "with fewer labels": ({"labels": LABELS[:29]}, "labels (29,)"),
    "with two columns of labels": ({"labels": np.zeros((30, 2))}, "labels (30, 2)"),
    "with one label": ({"labels": np.array(3)}, "labels ()"),
    "of one class": ({"labels": np.zeros(30)}, "Got 30 images of 1 class, in"),
    "with a class of one": ({"labels": np.arange(30) == 4}, "Got 30 images of 2 classes, 1 of one"),
    "of few images": (
        {"images": np.zeros((9, 8, 8), np.uint8), "labels": LABELS[:9]},
        "hold 20 images or more, of two classes or more, two of each or more",
    ),
    "with blocks that do not fit": ({"block": 3}, "block=3, height=8"),
}


@pytest.mark.parametrize(("change", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data_is_status_2_before_any_work(
    change: dict[str, Any],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, output = tmp_path / "mine.npz", tmp_path / "rows.jsonl"
    good: dict[str, Any] = {"images": np.zeros((30, 8, 8), np.uint8), "labels": LABELS, "block": 4}
    np.savez(path, **(good | change))
    arguments = ("SVC", "--data", str(path), "--output", str(output))
    assert _run(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert message in " ".join(err.split())
    assert not out
    assert not output.exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"Dear reader"])
def test_files_that_are_no_arrays_are_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(InvalidParameterError, match="with arrays images"):
        load_images(str(path))
