"""The paper's figures 3 and 4 with matplotlib, drawn without any global state."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from etcprops._validation import InvalidParameterError
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.experiments.paper import PAPER_EER
from etcprops.experiments.reproduction import FAR_GRID
from etcprops.experiments.tables import case_scores, cells
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from etcprops.experiments.reproduction import Part

COLOURS = {
    "plain": "#1f77b4",
    "common": "#ff7f0e",
    "own": "#2ca02c",
    "stolen": "#d62728",
    "wrong": "#9467bd",
}
LABELS = {
    "plain": "not encrypted",
    "common": "encrypted, key condition 1",
    "own": "key condition 2, own key",
    "stolen": "key condition 2, stolen key",
    "wrong": "key condition 2, right person, wrong key",
}
CASES = {
    "right person, right key": "#2ca02c",
    "right person, wrong key": "#9467bd",
    "other person, stolen key": "#d62728",
    "other person, own key": "#7f7f7f",
}
KERNELS = {"linear": "linear kernel", "rbf": "RBF kernel"}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches.

    Raises
    ------
    InvalidParameterError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        message = "Figures need matplotlib: pip install 'etcprops[notebooks]'."
        raise InvalidParameterError(message) from None
    return Figure(figsize=(width, height), layout="constrained")


def examples_figure() -> Figure:
    """Draw figure 3 with synthetic faces: originals, and their encryption with 8 x 8 blocks."""
    faces = make_synthetic_faces(people=3, lights=16)
    chosen = faces.images[[0, 18, 41]]
    encrypted = encrypt(chosen, EtCKey.from_secret(faces.geometry, "figure 3"))
    figure = new_figure(5.4, 4.4)
    for index, axes in enumerate(figure.subplots(2, 3).flat):
        axes.imshow([*chosen, *encrypted][index], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
        axes.set_title("synthetic face" if index < 3 else "EtC image", fontsize=9)
    return figure


def eer_figure(parts: Sequence[Part], conditions: Sequence[str], *, paper: bool) -> Figure:
    """Draw EERs against the reduction ratio, with the range over splits.

    Parameters
    ----------
    parts : sequence of Part
        From `run`.
    conditions : sequence of str
        Which to draw; those that were not run are left out.
    paper : bool
        Whether to draw the paper's values beside.

    Returns
    -------
    Figure
    """
    table = cells(parts)
    ratios = sorted({cell.ratio for cell in table})
    figure = new_figure(8.4, 3.4)
    panels = figure.subplots(1, 2)
    for axes, (kernel, title) in zip(panels, KERNELS.items(), strict=True):
        for number, condition in enumerate(conditions):
            mine = {c.ratio: c for c in table if (c.kernel, c.condition) == (kernel, condition)}
            if set(mine) != set(ratios):
                continue
            means = np.array([mine[r].mean for r in ratios])
            ends = np.array([[mine[r].least for r in ratios], [mine[r].greatest for r in ratios]])
            errors = np.maximum([means - ends[0], ends[1] - means], 0)
            where = np.arange(len(ratios)) + 0.06 * number
            style = {"color": COLOURS[condition], "capsize": 3, "marker": "o", "ms": 4, "lw": 1.2}
            line = "--" if condition == "common" else "-"
            axes.errorbar(where, means, errors, label=LABELS[condition], linestyle=line, **style)
            reported = PAPER_EER.get((kernel, condition), {})
            if paper and set(ratios) <= set(reported):
                values = [reported[r] for r in ratios]
                axes.plot(where, values, "x", color=COLOURS[condition], ms=9, mew=2)
        if paper:
            axes.plot([], [], "x", color="black", ms=8, mew=2, label="paper")
        axes.set_xticks(range(len(ratios)), [f"1/{r}" for r in ratios])
        axes.set(title=title, xlabel="reduction ratio", ylabel="equal error rate")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=7.5)
    return figure


def det_figure(parts: Sequence[Part], conditions: Sequence[str]) -> Figure:
    """Draw DET curves (Martin et al. 1997), FRR against FAR, of the smallest and largest reduction.

    Parameters
    ----------
    parts : sequence of Part
        From `run`; curves are means over splits.
    conditions : sequence of str
        Which to draw; those that were not run are left out.

    Returns
    -------
    Figure
    """
    ratios = sorted({part.ratio for part in parts})
    ends = list(dict.fromkeys([ratios[0], ratios[-1]]))
    figure = new_figure(8.4, 3.4)
    panels = figure.subplots(1, 2)
    for axes, (kernel, title) in zip(panels, KERNELS.items(), strict=True):
        for condition in conditions:
            for ratio, line in zip(ends, ("-", ":"), strict=False):
                curves = [
                    part.curves[condition][kernel]
                    for part in parts
                    if part.ratio == ratio and condition in part.curves
                ]
                if curves:
                    # A rate of zero has no place on this scale: it is drawn at the lower edge.
                    mean = np.maximum(np.mean(curves, axis=0), 1e-4)
                    label = f"{LABELS[condition]}, 1/{ratio}"
                    axes.plot(FAR_GRID, mean, line, color=COLOURS[condition], label=label, lw=1.3)
        axes.plot([1e-4, 1], [1e-4, 1], color="grey", lw=0.7)
        axes.set(title=title, xlabel="FAR", ylabel="FRR", xscale="log", yscale="log")
        axes.set(xlim=(1e-4, 1), ylim=(1e-4, 1))
        axes.grid(alpha=0.3)
    panels[0].legend(fontsize=6.5, loc="lower left")
    return figure


def cases_figure(parts: Sequence[Part]) -> Figure:
    """Draw the distributions of scores in the four cases of key condition 2, and the threshold.

    Parameters
    ----------
    parts : sequence of Part
        From `run`; densities are of the smallest reduction, from quantiles averaged over splits.

    Returns
    -------
    Figure
    """
    table = case_scores(parts)
    smallest = min((row.ratio for row in table), default=0)
    figure = new_figure(8.4, 4.2)
    panels = figure.subplots(len(CASES), 2, sharex="col", squeeze=False)
    for column, (kernel, title) in zip(panels.T, KERNELS.items(), strict=True):
        for axes, (case, colour) in zip(column, CASES.items(), strict=True):
            axes.set_yticks([])
            for row in table:
                if (row.kernel, row.case, row.ratio) != (kernel, case, smallest):
                    continue
                # Between neighbouring percentiles lies one part in a hundred.
                edges = row.quantiles[::2]
                steps = np.diff(edges)
                kept = steps > 0
                axes.bar(
                    edges[:-1][kept], 0.02 / steps[kept], steps[kept], align="edge", color=colour
                )
                axes.axvline(row.threshold, color="black", lw=1, ls="--")
                text = f"{case}: {100 * row.accepted:.2f} % accepted"
                axes.set_title(text, fontsize=8, loc="left", color=colour, pad=2)
        column[-1].set_xlabel(f"score, {title}, 1/{smallest}")
    return figure


def rendered(figure: Figure, kind: str) -> bytes:
    """Return a figure as a file of the given kind, ``"png"`` or ``"svg"``."""
    file = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {}
    figure.savefig(file, format=kind, dpi=110, metadata=metadata)
    return file.getvalue()
