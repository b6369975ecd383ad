"""The commands ``etcprops audit`` and ``etcprops atlas``: two doors, their mistakes and data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from etcprops import InvalidParameterError, cli
from etcprops.auditing import AuditOutcome, Remedy
from etcprops.auditing.atlas import grid
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.auditing.atlas.isolation import stop_workers
from etcprops.auditing.atlas.rows import AtlasRow, run_cell
from etcprops.cli.atlas import print_atlas
from etcprops.datasets import load_images

SOME = ("KNeighborsClassifier", "DummyClassifier")


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    yield
    stop_workers()


def _row(cell: AtlasCell, outcome: AuditOutcome, predicted: AuditOutcome, **found: Any) -> AtlasRow:
    return AtlasRow(cell=cell, predicted=predicted, outcome=outcome, **found)


MISTAKES = {
    "neither": ((), "'MODEL' parameter of etcprops audit must be given, or --all"),
    "both": (("SVC", "--all"), "be given, or --all. Got SVC with --all"),
    "unknown estimator": (("SVM",), "hold known names"),
    "unknown preprocessing": (("SVC", "--preprocessing", "zscore"), "'--preprocessing' parameter"),
    "unknown step": (("SVC", "--steps", "shuffle"), "'--steps' parameter"),
    "no keys": (("SVC", "--keys", "0"), "'--keys' parameter"),
    "no jobs": (("SVC", "--jobs", "0"), "'--jobs' parameter"),
    "no data": (("SVC", "--data", "none.npz"), "'--data' parameter"),
    "no module": (("none:model",), "ModuleNotFoundError"),
    "no such model": (("json:model",), "AttributeError"),
    "resume nothing": (("SVC", "--resume"), "come with --output FILE"),
    "unknown backend": (("SVC", "--backend", "spark"), "be one of joblib, dask"),
    "no scheduler": (("SVC", "--backend", "dask"), "'--scheduler' parameter"),
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


@pytest.mark.sampled(2)
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


@pytest.mark.thorough
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


@pytest.mark.sampled(2)
@pytest.mark.parametrize("command", ["audit", "atlas"])
def test_names_print_a_table_and_write_a_page(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "atlas.html"
    arguments = (*SOME, "--keys", "1", "--images", "60", "--html", str(page))
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
        "secret": "etcprops audit", "data": "digits", "fit": None, "images": 600, "jobs": 2,
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
    for option in ("--keys", "--jobs", "--scheduler", "--resume", "--time-limit"):
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


def test_interrupted_it_shows_what_it_found_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of photographs in a folder, scaled by --fit."""
    rng = np.random.default_rng(0)
    for number in range(24):
        folder = tmp_path / "photographs" / ("dark", "light")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 150, (10, 20), dtype=np.uint8) + np.uint8(105 * (number % 2))
        Image.fromarray(pixels).save(folder / f"{number}.png")

    def run_here(cells: Iterable[AtlasCell], *_: object) -> Iterator[AtlasRow]:
        """Run cells in this process, from what another one would be sent."""
        return (run_cell(AtlasCell.from_dict(json.loads(json.dumps(c.to_dict())))) for c in cells)

    def interrupted(cells: Iterable[AtlasCell], *_: object) -> Iterator[AtlasRow]:
        yield next(run_here(cells))
        raise KeyboardInterrupt

    given = [
        *("KNeighborsClassifier", "--keys", "2", "--data", str(tmp_path / "photographs")),
        *("--fit", "8x8/2", "--output", str(tmp_path / "rows.jsonl")),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(grid, "_run", interrupted)
        assert _run(monkeypatch, *given) == 130
    out, err = capsys.readouterr()
    assert "KNeighborsClassifier" in out
    assert "1 line: 1 bitwise-identical" in " ".join(out.split())
    assert "Interrupted, no page is written. The same command with --resume goes on." in err
    monkeypatch.setattr(grid, "_run", run_here)
    assert _run(monkeypatch, *given, "--resume", "--json", str(tmp_path / "atlas.json")) == 0
    atlas = json.loads((tmp_path / "atlas.json").read_text())
    assert atlas["about"]["fit"] == [8, 8, 1, 2]
    assert [row["outcome"] for row in atlas["rows"]] == ["bitwise-identical"] * 2
