"""The atlas: its table, cells in processes of their own, files that go on, and their judgement."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sklearn.utils import all_estimators

from etcprops import InvalidParameterError, Step
from etcprops.auditing import AuditOutcome
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


@pytest.mark.thorough
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
