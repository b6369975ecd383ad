"""What the times say: a figure, and a page with exponents and ratios."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from speed_times import BLAS, BYTES, COPY, DGEMM, OWN, Point

Series = dict[str, list[tuple[int, float]]]
PEAK, READ, BYTES_PEAK = "peak of dgemm", "memory read once", "peak of bytes"
LIMITS = (PEAK, READ, BYTES_PEAK)
FEWEST = 3  # points of a fit


class Rates:
    """What a machine does at most, by the number of threads."""

    def __init__(self, points: list[Point]) -> None:
        own = [p for p in points if p.sweep == "machine"]
        self.products = {p.threads: p.rows**3 / p.seconds for p in own if p.work == DGEMM}
        self.bytes = {p.threads: p.rows**3 / p.seconds for p in own if p.work == BYTES}
        # Read and written.
        self.memory = {p.threads: 256 * p.rows**2 / p.seconds for p in own if p.work == COPY}

    def least(self, point: Point) -> dict[str, float]:
        """Return the least times of half a matrix of products, and of reading doubles once."""
        products = point.rows * (point.rows + 1) / 2 * point.features
        found = {
            PEAK: products / self.products[point.threads],
            READ: 8 * point.rows * point.features / self.memory[point.threads],
        }
        if point.threads in self.bytes:
            found[BYTES_PEAK] = products / self.bytes[point.threads]
        return found


def series(points: list[Point], sweep: str, size: str, rates: Rates) -> Series:
    """Return sizes and times of each work of a sweep, and what is possible at best."""
    found: Series = {}
    own = sorted((p for p in points if p.sweep == sweep), key=lambda p: int(getattr(p, size)))
    for point in own:
        found.setdefault(point.work, []).append((getattr(point, size), point.seconds))
        if point.work == BLAS:
            for name, seconds in rates.least(point).items():
                found.setdefault(name, []).append((getattr(point, size), seconds))
    return found


def exponent(line: list[tuple[int, float]]) -> float:
    """Return the power of the size that the times follow in the upper half, at least three."""
    upper = line[-max(FEWEST, len(line) // 2) :]
    sizes, times = np.log(np.array(upper, dtype=np.float64)).T
    return float(np.polyfit(sizes, times, 1)[0])


def draw(axes: Axes, lines: Series, label: str) -> None:
    """Draw times against sizes."""
    for name, line in lines.items():
        style = {PEAK: "k:", READ: "k--", BYTES_PEAK: "k-."}.get(name, "o-")
        power = "" if name in LIMITS or len(line) < FEWEST else f": power {exponent(line):.2f}"
        axes.loglog(*zip(*line, strict=True), style, label=name + power, markersize=3)
    axes.set(xlabel=label, ylabel="seconds")
    axes.legend(fontsize="x-small")


def figure_of(points: list[Point]) -> Figure:
    """Return the figure: times against features, rows, threads, and slices as bars."""
    rates = Rates(points)
    figure = Figure(figsize=(11, 11), layout="constrained")
    places = figure.subplots(3, 2)
    draw(places[0, 0], series(points, "features", "features", rates), "features")
    draw(places[0, 1], series(points, "rows", "rows", rates), "rows, mapped from a file")
    draw(places[1, 0], series(points, "threads", "threads", rates), "threads")
    draw(places[1, 1], series(points, "learning", "features", rates), "features, fit and decide")
    slices = [p for p in points if p.sweep == "slices"]
    least = rates.least(slices[0])
    names = [*least, *(p.work for p in slices)]
    colours = ["0.7"] * len(least) + ["C0"] * len(slices)
    places[2, 0].barh(names, [*least.values(), *(p.seconds for p in slices)], color=colours)
    places[2, 0].set_xlabel(f"seconds, {slices[0].rows} rows of {slices[0].features} features")
    places[2, 1].axis("off")
    return figure


def page(points: list[Point], picture: str) -> str:
    """Return the page as Markdown."""
    rates = Rates(points)
    lines = [
        "# How fast",
        "",
        "Drawn by `python notebooks/how_fast draw` from `times.csv`, which",
        "`python notebooks/how_fast measure` made: medians of wall-clock times by turns.",
        f"{points[0].machine}. [What it means](../../docs/explanation/speed.md).",
        "",
        f"![Times against features, rows and threads]({picture})",
        "",
        "| threads | dgemm, G products/s | bytes, G products/s | memory, GB/s |",
        "|---|---|---|---|",
    ]
    for threads, products in rates.products.items():
        bytewise = f"{rates.bytes[threads] / 1e9:.0f}" if threads in rates.bytes else ""
        memory = rates.memory[threads] / 1e9
        lines.append(f"| {threads} | {products / 1e9:.0f} | {bytewise} | {memory:.0f} |")
    slices = {p.work: p for p in points if p.sweep == "slices"}
    reference = slices[BLAS]
    shape = f"{reference.rows} x {reference.features}"
    lines += ["", f"| {shape} | seconds | times `X @ X.T` |", "|---|---|---|"]
    for work, point in slices.items():
        ratio = point.seconds / reference.seconds
        lines.append(f"| {work} | {point.seconds:.2f} | {ratio:.2f} |")
    by = {size: series(points, size, size, rates) for size in ("features", "rows")}
    ends = {size: lines_of[BLAS][-1][0] for size, lines_of in by.items()}
    lines += [
        "",
        f"| power | of features, to {ends['features']:,} | of rows, to {ends['rows']:,} |",
        "|---|---|---|",
    ]
    for work in by["features"]:
        if work not in LIMITS:
            powers = [exponent(by[size][work]) for size in ("features", "rows")]
            lines.append(f"| {work} | {powers[0]:.2f} | {powers[1]:.2f} |")
    lines += ["", "| features | exact pipeline beside scikit-learn's own |", "|---|---|"]
    learning = series(points, "learning", "features", rates)
    others = [name for name in learning if name != OWN]
    for (features, own), *exact in zip(learning[OWN], *(learning[n] for n in others), strict=True):
        lines.append(f"| {features} | {exact[0][1] / own:.2f} |")
    return "\n".join(lines) + "\n"


def latest(points: list[Point]) -> list[Point]:
    """Return the points of the machine that was measured last."""
    return [point for point in points if point.machine == points[-1].machine]


def write(points: list[Point], folder: Path) -> None:
    """Write the figure and the page of the machine that was measured last."""
    own = latest(points)
    with mpl.rc_context({"svg.hashsalt": "how fast", "svg.fonttype": "none"}):
        figure_of(own).savefig(folder / "times.svg", metadata={"Date": None})
    (folder / "README.md").write_text(page(own, "times.svg"), encoding="utf-8")
