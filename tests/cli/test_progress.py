"""Progress: a bar of one width, plain lines where there is no terminal, and a time that is calm."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise

import pytest
import typer
from rich.console import Console
from rich.progress import Progress

from etcprops.cli._progress import EVERY, Reporter, TimeLeft, progress_bar, told_if_interrupted


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_time_left_counts_down_whatever_single_parts_take(clock: Clock) -> None:
    left = TimeLeft(clock)
    seconds = []
    for part in range(1, 100):
        clock.now += 1.0 if part % 7 else 4.0  # one of seven takes four times as long
        left.update(part / 100)
        words = str(left).split()
        seconds.append(float(words[1]) if words[0] == "about" and words[2] == "s" else None)
    told = [now for now in seconds if now is not None]
    assert len(told) > 50
    assert all(after <= before + 10 for before, after in pairwise(told))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(2, "some seconds"), (44, "about 40 s"), (200, "about 3 min"), (9000, "over an hour")],
)
def test_the_time_left_is_told_in_round_numbers(clock: Clock, seconds: float, told: str) -> None:
    left = TimeLeft(clock)
    left.promise(seconds)
    assert str(left) == told


def reporter(clock: Clock) -> tuple[Reporter, io.StringIO]:
    """Return one that writes into what is no terminal."""
    file = io.StringIO()
    return Reporter(Progress(console=Console(file=file, width=80)), clock), file


def test_where_there_is_no_terminal_a_line_comes_every_ten_seconds(clock: Clock) -> None:
    tell, file = reporter(clock)
    for part in range(61):
        tell(part, 60, f"part [{part}]")
        clock.now += 1.0
    lines = file.getvalue().splitlines()
    assert len(lines) == 60 // EVERY
    assert lines[2] == "30 of 60, about 30 s left: part [30]"


def test_what_is_short_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as tell:
        tell(0, 2, "one")
        tell(1, None, "two", left=3.0)
    assert capsys.readouterr().err == ""


def test_parts_of_a_run_before_do_not_count_as_fast(clock: Clock) -> None:
    tell, file = reporter(clock)
    tell(90, 100, "starting")
    clock.now += 20.0
    tell(91, 100, "next")
    assert file.getvalue() == "91 of 100, about 3 min left: next\n"


def test_a_promise_is_taken_for_the_time_left(clock: Clock) -> None:
    tell, file = reporter(clock)
    clock.now += 20.0
    tell(7, None, "searching", left=30.0)
    assert file.getvalue() == "7, about 30 s left: searching\n"


def widths(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Yield how wide each line of a bar is on a terminal of 80 columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with progress_bar() as tell:
        for done, label in (
            (0, "short"),
            (9, "a label that is " + "very " * 30 + "long"),
            (11, ""),
        ):
            clock.now += 7.0
            tell(done, 1000, label)
            (line,) = tell._bar.console.render_lines(tell._bar.get_renderable())  # noqa: SLF001
            yield sum(part.cell_length for part in line)


def test_the_bar_has_one_width(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(widths(clock, monkeypatch)) == {80}


def test_interrupted_it_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as stop, told_if_interrupted(lambda: ": 3 of 5."):
        raise KeyboardInterrupt
    assert stop.value.exit_code == 130
    assert capsys.readouterr().err == "Interrupted: 3 of 5.\n"
