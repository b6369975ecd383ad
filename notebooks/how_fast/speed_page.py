"""What the times say: a figure, and a page with exponents and ratios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from speed_times import BLAS, BYTES, COPY, DGEMM, OWN, Point

Series = dict[str, list[tuple[int, float]]]
Styles = dict[str, dict[str, Any]]
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


def draw(axes: Axes, lines: Series, styles: Styles, title: str, label: str) -> None:
    """Draw times against sizes."""
    for name, line in lines.items():
        axes.loglog(*zip(*line, strict=True), label=name, **styles[name])
    axes.set(title=title, xlabel=label, ylabel="seconds")
    axes.grid(color="0.9")


def draw_threads(axes: Axes, lines: Series, styles: Styles, title: str) -> None:
    """Draw how many times as fast more threads are, beside as many times."""
    most = max(line[-1][0] for line in lines.values())
    axes.plot([1, most], [1, most], color="0.6", linestyle=":")
    for name, line in lines.items():
        if name not in LIMITS:
            gains = [(threads, line[0][1] / seconds) for threads, seconds in line]
            axes.plot(*zip(*gains, strict=True), **styles[name])
    axes.set(title=title, xlabel="threads", ylabel="times as fast as one", ylim=(0, None))
    axes.set_xticks(range(1, most + 1))
    axes.grid(color="0.9")


def draw_slices(axes: Axes, slices: list[Point], rates: Rates, styles: Styles) -> None:
    """Draw the times of one matrix as bars, with what is possible at best."""
    least, reference = rates.least(slices[0]), next(p for p in slices if p.work == BLAS)
    times = least | {p.work: p.seconds for p in slices}
    times = dict(sorted(times.items(), key=lambda entry: -entry[1]))
    bars = axes.barh([*times], [*times.values()], color=[styles[name]["color"] for name in times])
    axes.bar_label(bars, [f"{t / reference.seconds:.2f}" for t in times.values()], padding=3)
    axes.margins(x=0.12)
    title = f"{reference.rows:,} rows of {reference.features:,} features"
    axes.set(title=title, xlabel=f"seconds; beside the bars: times {BLAS}")


def styles_of(points: list[Point]) -> Styles:
    """Return how each work is drawn, in whatever part of the figure."""
    works = [*dict.fromkeys(p.work for p in points if p.sweep != "machine")]
    dashes = dict(zip(LIMITS, (":", "--", "-."), strict=True))
    limits = {name: {"color": "0.6", "linestyle": dash} for name, dash in dashes.items()}
    return limits | {
        name: {"color": f"C{number}", "marker": "o", "markersize": 3}
        for number, name in enumerate(works)
    }


def figure_of(points: list[Point]) -> Figure:
    """Return the figure: times against features and rows, gains by threads, slices as bars."""
    rates, styles = Rates(points), styles_of(points)
    figure = Figure(figsize=(11, 12), layout="constrained")
    places = figure.subplots(3, 2)
    by = {size: series(points, size, size, rates) for size in ("features", "rows", "threads")}
    first = {sweep: next(p for p in points if p.sweep == sweep) for sweep in (*by, "learning")}
    title = f"products of {first['features'].rows:,} rows"
    draw(places[0, 0], by["features"], styles, title, "features")
    title = f"of rows of {first['rows'].features:,} features, mapped from a file"
    draw(places[0, 1], by["rows"], styles, title, "rows")
    draw_slices(places[1, 0], [p for p in points if p.sweep == "slices"], rates, styles)
    draw_threads(places[1, 1], by["threads"], styles, "what more threads gain")
    learning = series(points, "learning", "features", rates)
    title = f"fit and decide, {first['learning'].rows:,} rows"
    draw(places[2, 0], learning, styles, title, "features")
    places[2, 0].legend(frameon=False)
    places[2, 1].axis("off")
    handles = places[0, 0].get_legend_handles_labels()
    places[2, 1].legend(*handles, loc="center", frameon=False, title="in the two parts at the top")
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
