"""The study of times: interrupted it goes on, and its page is drawn from its file alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from speed_page import BYTES_PEAK, PEAK, READ, Rates, exponent, latest, page, series, write
from speed_times import BLAS, BYTES, COPY, DGEMM, OWN, Group, Point, measure, plan, read

SWEEPS = ("machine", "slices", "threads", "learning", "features", "rows")


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    file, groups = tmp_path / "times.csv", [Group(sweep, 24, 16, 1) for sweep in SWEEPS]
    measure(file, groups[:2], 1, lambda _: None)
    begun = file.read_text("utf-8")
    asked: list[Group] = []
    measure(file, groups, 1, asked.append)
    assert asked == groups[2:]
    assert file.read_text("utf-8").startswith(begun)
    points = read(file)
    assert [*dict.fromkeys(point.group for point in points)] == groups
    assert all(point.seconds > 0 for point in points)
    measure(file, groups, 1, asked.append)
    assert read(file) == points


def times(*, seconds: float = 1.0) -> list[Point]:
    """Return made-up times: linear in the features, square in the rows."""

    def point(sweep: str, rows: int, features: int, work: str, taken: float) -> Point:
        return Point("a machine", sweep, rows, features, 1, work, taken * seconds, 5)

    found = [point("machine", 100, 100, DGEMM, 1e-3), point("machine", 100, 100, COPY, 1e-3)]
    found += [point("machine", 100, 100, BYTES, 0.5e-3)]
    for work, factor in ((BLAS, 1.0), ("integer_gram", 0.5)):
        found += [point("slices", 60, 40, work, factor), point("threads", 60, 40, work, factor)]
        found += [point("features", 9, 10**k, work, factor * 10**k) for k in range(1, 6)]
        found += [point("rows", 10**k, 9, work, factor * 100**k) for k in range(1, 6)]
    learning = [("ExactKernel, RBF", 1.0), (OWN, 4.0)]
    return found + [point("learning", 9, n, work, s * n) for work, s in learning for n in (8, 16)]


def test_exponents_and_limits() -> None:
    points = times()
    rates = Rates(points)
    by_features = series(points, "features", "features", rates)
    assert exponent(by_features["integer_gram"]) == pytest.approx(1)
    assert exponent(series(points, "rows", "rows", rates)[BLAS]) == pytest.approx(2)
    least = rates.least(points[3])
    assert least[PEAK] == pytest.approx(60 * 61 / 2 * 40 / 1e9)
    assert least[BYTES_PEAK] == pytest.approx(least[PEAK] / 2)
    assert least[READ] == pytest.approx(8 * 60 * 40 / 256e7)


@pytest.mark.thorough
def test_the_page_says_what_the_file_says(tmp_path: Path) -> None:
    write(times(), tmp_path)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert text == page(times(), "times.svg")
    assert "| integer_gram | 0.50 | 0.50 |" in text
    assert "| integer_gram | 1.00 | 2.00 |" in text
    assert "| 16 | 0.25 |" in text
    figure = (tmp_path / "times.svg").read_text("utf-8")
    assert ">0.50<" in figure  # beside a bar
    assert "60 rows of 40 features" in figure


def test_the_page_follows_its_file() -> None:
    folder = Path(__file__).parents[2] / "notebooks" / "how_fast"
    points = read(folder / "times.csv")
    if not points:
        pytest.skip("nothing was measured")
    assert (folder / "README.md").read_text("utf-8") == page(latest(points), "times.svg")


def test_the_plan() -> None:
    for quick in (False, True):
        groups = plan(quick=quick)
        assert len(set(groups)) == len(groups)
        assert {group.sweep for group in groups} == {*SWEEPS}
        assert all(group.rows > 2 and group.features > 0 for group in groups)
    largest = max(plan(quick=False), key=lambda group: group.rows)
    assert largest.rows == 20_000
    assert max(group.features for group in plan(quick=False)) == 2**20
