"""``etcprops reproduce``: bad input, interruption, resumption and the four cases."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from etcprops import cli
from etcprops.cli import app
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.experiments import figures
from etcprops.experiments.choices import Choices
from etcprops.experiments.figures import CASES, rendered
from etcprops.experiments.reproduction import Part, run
from etcprops.reductions import PAPER_RATIOS

SMALL = make_synthetic_faces(people=4, lights=8, height=48, width=40)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--data", "absent.zip"], "absent.zip"),
        (["--linear-c", "-1"], "--linear-c"),
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
from etcprops.datasets.synthetic_faces import make_synthetic_faces

def small(*_, **__):
    return make_synthetic_faces(people=4, lights=8, height=48, width=40)

# A shell has its background jobs ignore it, and so all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.modules["etcprops.cli.reproduce"].load_faces = small
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


@pytest.mark.thorough
def test_interruption_says_what_is_kept_and_leaves_no_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with subprocess.Popen(  # noqa: S603  # our own program, in a group as a terminal makes one
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not list(tmp_path.glob("parts/*.json")) and time.monotonic() < deadline:
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


@pytest.mark.thorough
def test_report_shows_the_four_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_cases(figure: Figure, kind: str) -> bytes:
        drawn = len(figure.axes) == 2 * len(CASES)  # drawing all seven takes seconds
        return rendered(figure, kind) if drawn and kind == "png" else b""

    monkeypatch.setattr(figures, "rendered", only_cases)
    images = replace(SMALL, name="Extended Yale B")
    command = sys.modules["etcprops.cli.reproduce"]
    monkeypatch.setattr(command, "load_faces", lambda *_, **__: images)
    own = ["--data", "a copy of one's own", "--first-column", "3", "--without-bad"]
    found = CliRunner().invoke(app, ["reproduce", *own, "--jobs", "1", "--out", str(tmp_path)])
    assert found.exit_code == 0, found.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "columns 3 to 162 of 0 to 167" in page
    assert "marks as corrupt are left out" in page
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["case"] for row in rows} == set(CASES)
    assert len(rows) == 2 * len(CASES) * len(PAPER_RATIOS)
    for case in CASES:
        assert page.count(f'<th scope="row">{case}</th>') == 3
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
    assert "synthetic" not in found.output
    same_parts = CliRunner().invoke(app, ["reproduce", "--jobs", "1", "--out", str(tmp_path)])
    check_numbers_of_others(same_parts.output, "synthetic")


def check_numbers_of_others(output: str, whose: str) -> None:
    """Require that each column and line with numbers that are not the paper's says whose."""
    words = " ".join(output.replace("┃", " ").split())
    columns = 2 * 4 + 4  # of both tables of EERs, and of the scores
    sentences = ("exact reductions", "one key", "a key each")
    assert words.count(whose) == columns + len(sentences)
    assert all(f"{sentence}, {whose}" in words for sentence in sentences)


def test_choices_for_extended_yale_b_are_refused_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = sys.modules["etcprops.cli.reproduce"]
    monkeypatch.setattr(command, "load_faces", lambda *_, **__: SMALL)
    given = ["--data", "mine", "--first-column", "3", "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["etcprops", "reproduce", *given])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "be left out with other images than Extended Yale B" in capsys.readouterr().err


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
        lambda text: text.replace('"version": 3', '"version": 2'),
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
        return Part(ratio, split, 1, 2, {})

    monkeypatch.setattr("etcprops.experiments.reproduction.run_part", only_40)
    again = run(SMALL, choices, ratios=(20, 40), folder=tmp_path)
    assert again[0] == first[0]
    assert again[1].ratio == 40
