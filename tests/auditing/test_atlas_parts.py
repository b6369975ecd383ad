"""Parts of the atlas on their own: what is asked for, what becomes of a cell, and workers."""

from __future__ import annotations

import inspect
import json
import math
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from audited import DIGITS
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from threadpoolctl import threadpool_info

from etcprops import EtCKey, InvalidParameterError, Step, Verdict, audit
from etcprops.auditing import AuditOutcome
from etcprops.auditing.atlas import backends, grid, rows
from etcprops.auditing.atlas.cells import FAMILY_LEVEL, AtlasCell, build_estimator, make_targets
from etcprops.auditing.atlas.isolation import Worker
from etcprops.auditing.atlas.rows import AtlasRow, run_cell
from etcprops.auditing.atlas.store import Store
from etcprops.auditing.estimators import TABLE, classifiers
from etcprops.auditing.estimators.invariance import predict
from etcprops.auditing.verdict import TwoSampleTest

Cells = list[AtlasCell]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Cells:
    """What the atlas would have run, in place of running it."""
    cells: Cells = []

    def run(left: Cells, *_: Any) -> Iterator[AtlasRow]:
        cells[:] = left
        return (AtlasRow.without_answer(cell, "timed out", "not run") for cell in left)

    monkeypatch.setattr(grid, "_run", run)
    return cells


# --- What is asked for


def test_what_is_asked_for_where_nothing_is_said(asked: Cells) -> None:
    parameters = inspect.signature(grid.atlas).parameters.values()
    assert {p.name: p.default for p in parameters if p.default is not p.empty} == {
        "estimators": None,
        "preprocessings": ("z-score",),
        "steps": ((),),
        "keys": 3,
        "seeds": 1,
        "secret": "etcprops audit",
        "data": "digits",
        "fit": None,
        "images": 600,
        "jobs": 1,
        "backend": "joblib",
        "scheduler": None,
        "output": None,
        "resume": False,
        "time_limit": 60.0,
        "budget": 10.0,
        "progress": None,
    }
    found = grid.atlas()
    assert found.about["estimators"] == list(TABLE)
    assert {cell.estimator for cell in asked} == set(TABLE)
    assert len(asked) == 3 * len(TABLE)
    assert {(cell.images, cell.budget, cell.seed) for cell in asked} == {(600, 10.0, 0)}
    assert grid.atlas(["SVC"], images=0, keys=1).about["images"] == 0
    assert [cell.images for cell in asked] == [0]


def test_cells_run_one_after_the_other_where_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[Any] = []

    def run(_cells: Cells, *how: Any) -> Iterator[AtlasRow]:
        given.append(how)
        return iter(())

    monkeypatch.setattr(grid, "_run", run)
    grid.atlas(["SVC"])
    assert given == [("joblib", None, 1, 60.0)]
    output = tmp_path / "rows.jsonl"
    for resume in ({}, {"resume": True}):
        grid.atlas(["SVC"], output=output, **resume)  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="--resume"):
        grid.atlas(["SVC"], output=output)


def test_names_are_taken_once_and_others_refused() -> None:
    known = {"SVC": 1, "NuSVC": 2}
    assert grid._names(None, known, "estimators", "atlas") == ["SVC", "NuSVC"]  # noqa: SLF001
    assert grid._names(["NuSVC", "SVC", "NuSVC"], known, "e", "atlas") == ["NuSVC", "SVC"]  # noqa: SLF001
    for given, message in (([], r"Got \[\]"), (["NuSvC", "SVC"], r"Got \['NuSvC'\].*'NuSVC'")):
        with pytest.raises(InvalidParameterError, match=message):
            grid._names(given, known, "estimators", "atlas")  # noqa: SLF001


TESTED = [
    name
    for name, entry in TABLE.items()
    if predict(entry, "z-score", list(Step)) is AuditOutcome.EQUAL_IN_DISTRIBUTION
]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_tests_of_distributions_share_one_level(count: int, asked: Cells) -> None:
    names = ["SVC", *TESTED[:count]]
    found = grid.atlas(names, keys=2)
    assert {cell.level for cell in asked} == {FAMILY_LEVEL / max(count, 1)}
    assert found.about["law_level"] == FAMILY_LEVEL / max(count, 1)


@pytest.mark.usefixtures("asked")
def test_seconds_are_those_since_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1000.0, 1002.53, 1002.53])
    monkeypatch.setattr("etcprops.auditing.atlas.grid.time.perf_counter", lambda: next(clock))
    assert grid.atlas(["SVC"], keys=1).about["seconds"] == 2.5


# --- Cells and rows


@pytest.mark.parametrize("budget", [math.inf, 3.5])
def test_cells_come_back_from_their_dictionaries(budget: float) -> None:
    cell = AtlasCell("SVC", "none", ("permutation",), budget=budget, fit=(8, 8, 1, 2), seed=3)
    assert AtlasCell.from_dict(cell.to_dict()) == cell


def verdict_of(model: Any) -> Any:
    key = EtCKey.from_secret(DIGITS.geometry, "parts of the atlas")
    return audit(model, DIGITS.images[:60], DIGITS.labels[:60], key, runs=0, thorough=False)


@pytest.mark.parametrize("model", [SVC(), KNeighborsClassifier()], ids=["differs", "does not"])
def test_rows_say_what_verdicts_say(model: Any) -> None:
    verdict = verdict_of(model)
    row = AtlasRow.of(AtlasCell(type(model).__name__), AuditOutcome.DIFFERENT, verdict)
    assert (row.outcome, row.cause, row.remedy) == (verdict.outcome, verdict.cause, verdict.remedy)
    assert row.witness == ("" if verdict.witness is None else str(verdict.witness))
    assert (row.witness == "") == verdict.identical
    assert row.comparison == str(verdict.comparison)
    assert (row.certified, row.experiments) == (verdict.certified, verdict.experiments)
    assert (row.two_sample_test, row.distribution_tested) == ("", False)
    assert row.values_agree is verdict.identical
    assert AtlasRow.from_dict(row.to_dict()).to_dict() == row.to_dict()


def test_what_was_not_compared_and_what_was_tested_is_told() -> None:
    alone = Verdict("SVC()", AuditOutcome.NOT_APPLICABLE)
    row = AtlasRow.of(AtlasCell("SVC"), AuditOutcome.DIFFERENT, alone)
    assert (row.comparison, row.two_sample_test, row.values_agree) == ("", "", False)
    test = TwoSampleTest(runs=4, p_value=0.5, level=0.01, excluded=())
    tested = replace(alone, two_sample_test=test)
    row = AtlasRow.of(AtlasCell("SVC"), AuditOutcome.DIFFERENT, tested)
    assert (row.two_sample_test, row.distribution_tested) == (str(test), True)


class Taken(Exception):  # noqa: N818  # ends a run in the middle
    """What an audit was given."""


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what a cell gives an audit."""

    def take(model: Any, images: Any, targets: Any, key: EtCKey, **options: Any) -> None:
        raise Taken(model, images, targets, key, options)

    monkeypatch.setattr(rows, "audit", take)

    def of(cell: AtlasCell) -> tuple[Any, ...]:
        with pytest.raises(Taken) as raised:
            run_cell(cell)
        return raised.value.args

    return of


def test_distributions_are_tested_where_causes_are_looked_for(taken: Any) -> None:
    cell = AtlasCell("SVC", "none", seed=4, runs=7, level=0.25, budget=2.0)
    for explain, runs in ((True, 7), (False, 0)):
        *_, options = taken(replace(cell, explain=explain))
        assert (options["runs"], options["explain"]) == (runs, explain)
    assert {name: options[name] for name in ("level", "budget", "seed", "preprocessing")} == {
        "level": 0.25, "budget": 2.0, "seed": 4, "preprocessing": "none",
    }  # fmt: skip
    assert not options["thorough"]
    assert not options["protection"]


def test_as_many_images_as_are_asked_for(taken: Any) -> None:
    everything = taken(AtlasCell("SVC", images=0))[1]
    for images in (1, 60, len(everything) - 1):
        some = taken(AtlasCell("SVC", images=images))[1]
        assert len(some) == images
        places = [np.flatnonzero((everything == image).all(axis=(1, 2)))[0] for image in some[:60]]
        assert places == sorted(places)
    for images in (len(everything), 10**6):
        assert np.array_equal(taken(AtlasCell("SVC", images=images))[1], everything)


def test_thresholds_are_learned_from_one_column(taken: Any) -> None:
    labels = taken(AtlasCell("SVC"))[2]
    for name in ("FixedThresholdClassifier", "TunedThresholdClassifierCV"):
        assert np.array_equal(taken(AtlasCell(name))[2], labels % 2)
    assert taken(AtlasCell("PCA"))[2] is None


@pytest.mark.parametrize(
    ("name", "grid_name", "tries"),
    [("GridSearchCV", "param_grid", 3), ("RandomizedSearchCV", "param_distributions", 2)],
)
def test_searches_look_for_one_number(name: str, grid_name: str, tries: int) -> None:
    assert str(build_estimator(TABLE[name], 64)) == str(classifiers._search(name, grid_name)(64))  # noqa: SLF001
    search = classifiers._search(name, grid_name)(64)  # noqa: SLF001  # the table is made once
    assert getattr(search, grid_name) == {"C": [0.1, 1.0, 10.0]}
    assert search.cv == 3
    assert getattr(search, "n_iter", 3) == tries


def test_a_pipeline_keeps_twenty_components() -> None:
    pipeline = classifiers._pipeline(64)  # noqa: SLF001  # the table is made once
    assert [pipeline[0].n_components, pipeline[1].gamma] == [20, 0.01]


def test_two_images_of_a_class_are_enough() -> None:
    labels = np.repeat([0, 1], [grid.FEWEST_IMAGES, 2])
    grid._check_classes(labels, "digits", "atlas")  # noqa: SLF001
    with pytest.raises(InvalidParameterError, match="1 of one"):
        grid._check_classes(labels[:-1], "digits", "atlas")  # noqa: SLF001
    grid._check_classes(np.arange(grid.FEWEST_IMAGES) % 2, "digits", "atlas")  # noqa: SLF001


def test_the_least_numbers_are_taken() -> None:
    assert grid._image_count(grid.FEWEST_IMAGES, "atlas") == grid.FEWEST_IMAGES  # noqa: SLF001
    assert [grid._job_count(jobs, "atlas") for jobs in (-1, 1)] == [-1, 1]  # noqa: SLF001
    for refused in (0, -2):
        with pytest.raises(InvalidParameterError, match="positive integer, or -1"):
            grid._job_count(refused, "atlas")  # noqa: SLF001
    with pytest.raises(InvalidParameterError, match="be 0 for all or at least"):
        grid._image_count(1, "atlas")  # noqa: SLF001


def test_the_scheduler_is_the_one_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(grid, "run_with_dask", lambda *_, **options: asked.append(options))
    for scheduler in ("tcp://a:1", None):
        grid._run([AtlasCell("SVC")], "dask", scheduler, 1, 2.0)  # noqa: SLF001
    assert [options["scheduler"] for options in asked] == ["tcp://a:1", ""]


def test_rows_without_an_answer_say_what_was_predicted_for_their_steps() -> None:
    for steps in ((), ("permutation",)):
        row = AtlasRow.without_answer(AtlasCell("MultinomialNB", "none", steps), "crashed", "why")
        chosen = [Step(step) for step in steps] or list(Step)
        assert row.predicted is predict(TABLE["MultinomialNB"], "none", chosen)
    assert row.predicted is not predict(TABLE["MultinomialNB"], "none", list(Step))


def test_numbers_to_learn_begin_at_one() -> None:
    numbers = make_targets("numbers", np.array([0, 4]))
    assert numbers is not None
    assert numbers.tolist() == [1.0, 5.0]


def test_what_is_large_is_above_the_median() -> None:
    targets = make_targets("binary columns", np.array([0, 1, 2]))
    assert targets is not None
    assert targets.tolist() == [[0, 0], [1, 0], [0, 1]]


def test_results_without_a_description_are_none(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"format": "etcprops.audit", "version": 1, "about": 3}\n')
    with pytest.raises(InvalidParameterError, match="be a file of results"):
        Store(file, {"about": 1}, resume=True)


def test_steps_are_taken_in_their_order() -> None:
    chosen = [Step.NEGATIVES, Step.PERMUTATION]
    found = grid._steps([str(step) for step in chosen], DIGITS.geometry, "a secret")  # noqa: SLF001
    assert found == (str(Step.PERMUTATION), str(Step.NEGATIVES))
    assert grid._steps([], DIGITS.geometry, "a secret") == ()  # noqa: SLF001


@pytest.mark.skipif(os.name != "posix", reason="needs permissions as POSIX has them")
def test_files_may_be_read_and_written_as_the_user_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Store(tmp_path / "rows.jsonl", {"about": 1}, resume=False).close()
    finally:
        os.umask(before)
    assert (tmp_path / "rows.jsonl").stat().st_mode & 0o777 == 0o666


# --- Workers

STARTS = "import sys; print('ready', flush=True); "
ENDS = f"{STARTS}sys.stdin.readline(); "
ANSWERS = f'{STARTS}[print(\'{{"raised": "no"}}\', flush=True) for _ in sys.stdin]'


def test_the_last_words_of_a_worker_are_told_up_to_a_length() -> None:
    for status, said, told in ((5, "x" * 250, f": {'x' * 200}"), (5, "", ""), (0, "", "")):
        ends = f"sys.stderr.write('first\\n' * {bool(said)} + {said!r}); sys.exit({status})"
        row = Worker([sys.executable, "-c", ENDS + ends]).run(AtlasCell("SVC"), 60.0)
        assert row.conditions == (f"crashed: its process ended with exit status {status}{told}",)


def test_a_worker_that_never_was_has_no_last_words() -> None:
    row = Worker(["/no/such/program"]).run(AtlasCell("SVC"), 60.0)
    assert row.conditions == ("crashed: its process ended with exit status None",)


def test_a_worker_is_started_once_and_leaves_nothing_open() -> None:
    before, worker = {*threading.enumerate()}, Worker([sys.executable, "-c", ANSWERS])
    for _ in range(2):
        assert worker.run(AtlasCell("SVC"), 60.0).conditions == ("crashed: no",)
    readers = {*threading.enumerate()} - before
    process = worker._start()  # noqa: SLF001
    assert process is worker._start()  # noqa: SLF001
    worker.stop()
    assert process.stdin is not None
    assert process.stdin.closed
    assert process.poll() is not None
    another = worker._start()  # noqa: SLF001
    assert another is not process
    worker.stop()
    assert all(thread.daemon for thread in readers)  # asked last: others would never end


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_what_models_print_is_none_of_a_workers_rows() -> None:
    """Run the worker in a forked process, whose streams are pipes."""
    from etcprops.auditing.atlas import worker

    class Row:
        def to_dict(self) -> dict[str, Any]:
            return {"threads": [pool["num_threads"] for pool in threadpool_info()]}

    def printing(cell: AtlasCell) -> Row:
        os.write(1, b"what the model printed\n")
        if cell.estimator == "NuSVC":
            raise ValueError("of this cell")
        return Row()

    (cells, asks), (answers, rows_end), (errors, errors_end) = os.pipe(), os.pipe(), os.pipe()
    with os.fdopen(asks, "w") as asking:
        for name in ("SVC", "NuSVC"):
            print(json.dumps(AtlasCell(name).to_dict()), file=asking)
    child = os.fork()
    if child == 0:
        try:
            for number, end in enumerate((cells, rows_end, errors_end)):
                os.dup2(end, number)
            sys.stdin = os.fdopen(0)
            rows.run_cell = printing  # type: ignore[assignment]  # for this process
            worker.main()
        finally:
            os._exit(0)
    for end in (cells, rows_end, errors_end):
        os.close(end)
    with os.fdopen(answers) as said, os.fdopen(errors) as printed:
        ready, row, raised = (json.loads(line) for line in said)
        assert (ready, raised) == ("ready", {"raised": "ValueError: of this cell"})
        assert set(row["threads"]) == {1}
        assert printed.read() == "what the model printed\n" * 2
    os.waitpid(child, 0)


def test_a_cluster_is_not_made_the_one_that_others_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of dask that is the default would take what the caller computes elsewhere."""
    asked: dict[str, Any] = {}

    def client(scheduler: str, **options: Any) -> None:
        asked.update(options, scheduler=scheduler)
        raise OSError("nobody  answers")

    monkeypatch.setitem(
        sys.modules, "distributed", SimpleNamespace(Client=client, as_completed=iter)
    )
    with pytest.raises(InvalidParameterError, match=r"Got 'tcp://a:1': nobody answers$"):
        next(backends.run_with_dask([AtlasCell("SVC")], scheduler="tcp://a:1", limit=1.0))
    assert asked == {"scheduler": "tcp://a:1", "timeout": 10, "set_as_default": False}


def test_cells_of_workers_that_die_are_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    client = SimpleNamespace(
        submit=lambda *_, **options: asked.append(options), close=lambda: None, loop=None
    )
    fake = SimpleNamespace(Client=lambda *_, **__: client, as_completed=lambda *_, **__: [])
    monkeypatch.setitem(sys.modules, "distributed", fake)
    assert not [*backends.run_with_dask([AtlasCell("SVC")], scheduler="tcp://a:1", limit=1.0)]
    assert asked == [{"key": f"etcprops {AtlasCell('SVC').name}", "retries": 3}]
