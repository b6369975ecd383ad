"""What the notebooks draw: figures with captions, narrow enough for a telephone.

What is computed stands in the notebooks, since that is what they are about; here is drawing, and
the photographs that are drawn.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import PIL.Image
from IPython.display import Image, Markdown, display
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray
from sklearn.datasets import load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d

from etcprops.auditing import AuditOutcome
from etcprops.auditing.atlas.grid import Atlas

BLUE, ORANGE, GREY = "#26547c", "#c2491d", "#8a9199"
WIDTH = 5.0
"""Inches: at this width letters of 9 points can still be read on a screen of 390 pixels."""

OUTCOMES = {
    AuditOutcome.BITWISE_IDENTICAL: "#14603a",
    AuditOutcome.IDENTICAL_DECISIONS: "#5fae7f",
    AuditOutcome.SAME_DECISIONS_HERE: "#c4b43a",
    AuditOutcome.EQUAL_IN_DISTRIBUTION: "#2071a8",
    AuditOutcome.DIFFERENT: "#d98032",
    AuditOutcome.NOT_APPLICABLE: "#c9cfd6",
}
STYLE: dict[Any, Any] = {
    "image.interpolation": "nearest",
    "font.size": 9,
    "axes.titlesize": 9,
    "savefig.dpi": 110,
}


def two_photographs() -> tuple[
    NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[Any]
]:
    """Return scikit-learn's photographs, halved, and 300 patches of each with their labels.

    Returns
    -------
    temple, flower : ndarray of uint8, shape (208, 304, 3)
    patches : ndarray of uint8, shape (600, 16, 16, 3)
    labels : ndarray of str, shape (600,)
    """
    temple, flower = (photo[::2, ::2][:208, :304] for photo in load_sample_images().images)
    patches = [
        extract_patches_2d(photo, (16, 16), max_patches=300, random_state=0)
        for photo in (temple, flower)
    ]
    return temple, flower, np.concatenate(patches), np.repeat(["temple", "flower"], 300)


def show(figure: Figure, caption: str) -> None:
    """Display a figure and, below it, what is to be seen, which is its alternative text as well."""
    with io.BytesIO() as drawn, io.BytesIO() as small:
        figure.savefig(drawn, format="png")
        PIL.Image.open(drawn).convert("RGB").quantize(256).save(small, "png", optimize=True)
        display(Image(small.getvalue(), alt=caption))
    plt.close(figure)
    display(Markdown(f"*{caption}*"))


def grid(count: int, columns: int, height: float = 1.0) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` axes, `columns` a line, each as high as `height` widths."""
    lines = -(-count // columns)
    size = (WIDTH, lines * (WIDTH / columns * height + 0.3))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            lines, columns, figsize=size, layout="constrained", squeeze=False
        )
    for axis in axes.flat[count:]:
        axis.remove()
    return figure, list(axes.flat[:count])


def draw(axis: Axes, picture: ArrayLike, title: str = "") -> None:
    """Draw an image in its own grey levels or colours, without a frame of numbers."""
    axis.imshow(np.asarray(picture), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.set_title(title, fontsize=9)
    axis.set_axis_off()


def images(titled: Mapping[str, ArrayLike], caption: str, columns: int = 3) -> None:
    """Show images with titles, a few beside one another."""
    first = np.asarray(next(iter(titled.values())))
    figure, axes = grid(len(titled), columns, height=first.shape[0] / first.shape[1])
    for axis, (title, picture) in zip(axes, titled.items(), strict=True):
        draw(axis, picture, title)
    show(figure, caption)


def row(pictures: ArrayLike, gap: int = 2) -> NDArray[np.uint8]:
    """Return images of shape (N, H, W, 3) side by side, with white between; one is itself."""
    batch = np.asarray(pictures)
    if batch.ndim == 3:
        return batch
    edge = np.full((batch.shape[1], gap, *batch.shape[3:]), 255, dtype=np.uint8)
    return np.concatenate([part for one in batch for part in (one, edge)][:-1], axis=1)


def same_decisions(
    pairs: Sequence[tuple[ArrayLike, ArrayLike]],
    values: Sequence[NDArray[Any]],
) -> None:
    """Show images beside their encryptions, and decision values of a flower or a temple.

    Parameters
    ----------
    pairs : sequence of (images, encrypted images)
        One pair a line: an image each, or several.
    values : sequence of two ndarrays of float, shape (n_queries,)
        Decision values of the model trained on plain and of that trained on encrypted images;
        above 0 they stand for the temple.
    """
    rows = [(row(before), row(after)) for before, after in pairs]
    heights = [WIDTH / 2 * plain.shape[0] / plain.shape[1] for plain, _ in rows]
    mosaic: list[Any] = [[f"plain {i}", f"encrypted {i}"] for i in range(len(rows))]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplot_mosaic(
            [*mosaic, ["values", "values"]],
            figsize=(WIDTH, sum(heights) + 2.7),
            height_ratios=[*heights, 2.3],
            layout="constrained",
        )
    for i, (plain, encrypted) in enumerate(rows):
        draw(axes[f"plain {i}"], plain, "" if i else "what the owner has")
        draw(axes[f"encrypted {i}"], encrypted, "" if i else "what the cloud sees")
    before, after = values
    axis = axes["values"]
    axis.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
    for name, chosen, colour in zip(
        ("flower", "temple"), (before <= 0, before > 0), (ORANGE, BLUE), strict=True
    ):
        axis.plot(before[chosen], after[chosen], ".", color=colour, label=f"decided: {name}")
    axis.set(xlabel="decision value, learned from plain", ylabel="... from encrypted")
    axis.legend(frameon=False)
    show(
        figure,
        "A photograph and four patches, plain and encrypted. Below, each dot is one of "
        f"{len(before)} queries: the model that saw only encrypted patches gives it the value that "
        "the other gives it.",
    )


def signs(matrices: Mapping[str, Any], caption: str, columns: int = 2) -> None:
    """Show sparse matrices of entries 1 (blue) and -1 (orange)."""
    figure, axes = grid(len(matrices), columns)
    for axis, (title, matrix) in zip(axes, matrices.items(), strict=True):
        entries = matrix.tocoo()
        colours = np.where(entries.data > 0, BLUE, ORANGE)
        axis.scatter(entries.col, entries.row, c=colours, s=3)
        side = matrix.shape[0]
        axis.set(title=title, xlim=(-1, side), ylim=(side, -1), aspect="equal")
        axis.set(xticks=[], yticks=[])
    show(figure, caption)


def recovery(shares: Mapping[tuple[int, str, int], Sequence[float]], caption: str) -> None:
    """Show the share of blocks that an attack puts right, by the number of images under the key.

    Parameters
    ----------
    shares : mapping of (side of the blocks, steps, number of images) to shares, one a draw
    caption : str
    """
    blocks, names, counts = (list(dict.fromkeys(part)) for part in zip(*shares, strict=True))
    figure, axes = grid(len(blocks), 2, height=0.75)
    for axis, block in zip(axes, sorted(blocks), strict=True):
        for steps in names:
            means = [np.mean(shares[block, steps, count]) for count in sorted(counts)]
            axis.plot(sorted(counts), means, ".-", linewidth=1, alpha=0.7)
        axis.set(xscale="log", ylim=(-0.05, 1.05), title=f"blocks of {block} x {block}")
        axis.set_xticks([], minor=True)
        axis.set_xticks([1, 2, 4, 8, 16, 64], ["1", "2", "4", "8", "16", "64"])
    figure.supxlabel("images under the key", fontsize=9)
    figure.supylabel("blocks put right", fontsize=9)
    show(figure, caption)


def answers(
    found: Atlas, estimators: Sequence[str], preprocessings: Sequence[str], caption: str
) -> None:
    """Show how the answers of estimators compare, by preprocessing; a dot is against theory."""
    outcomes: list[str] = list(OUTCOMES)
    lines = {(line.estimator, line.preprocessing): line for line in found.lines}
    table = [[lines[name, before] for before in preprocessings] for name in estimators]
    codes = np.array([[outcomes.index(line.outcome) for line in row] for row in table])
    against = np.array([[line.agrees is False for line in row] for row in table])
    with plt.rc_context(STYLE):
        size = (WIDTH, 0.23 * len(estimators) + 1.3)
        figure, axis = plt.subplots(figsize=size, layout="constrained")
    colours = ListedColormap(list(OUTCOMES.values()))
    axis.imshow(codes, cmap=colours, vmin=0, vmax=len(outcomes) - 1, aspect="auto")
    axis.set_xticks(
        range(codes.shape[1]), [p.replace(" ", "\n") for p in preprocessings], fontsize=8
    )
    axis.set_yticks(range(len(codes)), estimators, fontsize=8)
    axis.set_xticks(np.arange(codes.shape[1] - 1) + 0.5, minor=True)
    axis.set_yticks(np.arange(len(codes) - 1) + 0.5, minor=True)
    axis.grid(which="minor", color="white", linewidth=2)
    axis.tick_params(which="both", length=0)
    down, across = np.nonzero(against)
    axis.scatter(across, down, color="black", s=18)
    handles = [Patch(color=colour, label=outcome) for outcome, colour in OUTCOMES.items()]
    figure.legend(handles=handles, loc="outside lower center", ncol=2, fontsize=8, frameon=False)
    show(figure, caption)


def rates(
    panels: Mapping[str, Mapping[str, tuple[str, ArrayLike, ArrayLike, ArrayLike]]],
    crosses: Mapping[tuple[str, str], Sequence[float]],
    ticks: Sequence[str],
    caption: str,
) -> None:
    """Show equal error rates with their ranges, one kernel above the other.

    Parameters
    ----------
    panels : mapping of titles to mappings of labels to (colour, means, least, greatest)
        Each array of shape (len(ticks),).
    crosses : mapping of (title, label) to sequence of float
        The paper's values, where there are any.
    ticks : sequence of str
    caption : str
    """
    figure, axes = grid(len(panels), 1, height=0.5)
    for axis, (title, conditions) in zip(axes, panels.items(), strict=True):
        for number, (label, (colour, means, least, greatest)) in enumerate(conditions.items()):
            middle, where = np.asarray(means), np.arange(len(ticks)) + 0.06 * number
            ends = np.maximum([middle - np.asarray(least), np.asarray(greatest) - middle], 0)
            axis.errorbar(
                where, middle, ends, color=colour, marker="o", ms=4, capsize=3, label=label
            )
            if paper := crosses.get((title, label)):
                axis.plot(where, paper, "x", color=colour, ms=9, mew=2)
        axis.set_xticks(range(len(ticks)), ticks)
        axis.set(title=title, ylabel="equal error rate")
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    if crosses:
        axes[0].plot([], [], "x", color="black", ms=7, mew=2, label="the paper's")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=2)
    axes[-1].set_xlabel("pixels left by the reduction")
    show(figure, caption)


def bars(
    values: Mapping[str, Mapping[str, float]], xlabel: str, caption: str, *, log: bool = False
) -> None:
    """Show groups of horizontal bars, each with its value.

    Parameters
    ----------
    values : mapping of names to mappings of groups to float
        All names have the same groups, which become colours.
    xlabel, caption : str
    log : bool
        Whether lengths are logarithms; zeros are then drawn at the left edge.
    """
    groups = list(next(iter(values.values())))
    largest = max(max(line.values()) for line in values.values())
    with plt.rc_context(STYLE):
        size = (WIDTH, 0.28 * len(groups) * len(values) + 1.1)
        figure, axis = plt.subplots(figsize=size, layout="constrained")
    for number, (group, colour) in enumerate(zip(groups, (BLUE, ORANGE, GREY), strict=False)):
        height = np.array([line[group] for line in values.values()])
        where = np.arange(len(values)) + (number - (len(groups) - 1) / 2) * 0.8 / len(groups)
        drawn = np.maximum(height, 2e-17) if log else height
        axis.barh(where, drawn, 0.75 / len(groups), color=colour, label=group)
        for y, x, text in zip(where, drawn, height, strict=True):
            axis.annotate(
                f"{text:.3g}", (x, y), (4, 0), textcoords="offset points", va="center", fontsize=8
            )
    axis.set_yticks(range(len(values)), list(values))
    axis.set_xlabel(xlabel)
    axis.set_xlim((1e-17, largest * 1e3) if log else (0, largest * 1.18))
    if log:
        axis.set_xscale("log")
        axis.set_xticks([1e-15, 1e-10, 1e-5, 1], ["1e-15", "1e-10", "1e-5", "1"])
        axis.set_xticks([], minor=True)
    axis.invert_yaxis()
    if len(groups) > 1:
        figure.legend(loc="outside lower center", ncol=len(groups))
    show(figure, caption)


def table(
    panels: Mapping[str, NDArray[np.floating[Any]]],
    lines: Sequence[str],
    columns: Sequence[str],
    caption: str,
) -> None:
    """Show tables of distances, the nearer the greener, one above the other."""
    figure, axes = grid(len(panels), 1, height=0.6)
    for axis, (title, values) in zip(axes, panels.items(), strict=True):
        low, high = np.log(0.02), np.log(1)
        axis.imshow(np.log(values), cmap="RdYlGn_r", vmin=low, vmax=high, aspect="auto")
        for (line, column), value in np.ndenumerate(values):
            colour = "white" if value > 1 else "black"
            axis.text(column, line, f"{value:.2f}", ha="center", va="center", color=colour)
        axis.set_xticks(range(len(columns)), columns)
        axis.set_yticks(range(len(lines)), lines)
        axis.set_title(title)
    show(figure, caption)


def draws(values: NDArray[np.floating[Any]], mark: float, caption: str) -> None:
    """Show how standardized draws are distributed, beside the normal distribution, and one mark."""
    figure, (axis,) = grid(1, 1, height=0.45)
    axis.hist(values, bins=60, density=True, color="#c6dbef", label="random keys")
    x = np.linspace(-4, 4, 200)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    axis.plot(x, density, color=BLUE, label="normal, same variance")
    axis.axvline(mark, color=ORANGE, linestyle="--", label="one key for both")
    axis.set(xlabel="standard deviations", yticks=[])
    figure.legend(loc="outside lower center", ncol=3, fontsize=8)
    show(figure, caption)


def weights(
    titled: Mapping[str, NDArray[np.floating[Any]]], caption: str, *, columns: int, block: int = 0
) -> None:
    """Show weights of pixels, blue above 0 and red below, with the borders of blocks if asked."""
    shape = next(iter(titled.values())).shape
    figure, axes = grid(len(titled), columns, height=shape[0] / shape[1])
    for axis, (title, values) in zip(axes, titled.items(), strict=True):
        scale = abs(values).max()
        axis.imshow(values, cmap="RdBu", vmin=-scale, vmax=scale, interpolation="nearest")
        axis.set_title(title, fontsize=9)
        axis.set(xticks=[], yticks=[])
        if block:
            axis.set_xticks(np.arange(-0.5, shape[1], block), [])
            axis.set_yticks(np.arange(-0.5, shape[0], block), [])
            axis.grid(color="0.7")
    show(figure, caption)


def curves(
    panels: Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]],
    xlabel: str,
    ylabel: str,
    caption: str,
) -> None:
    """Show curves, given as (x, y) by their labels, one panel above the other."""
    figure, axes = grid(len(panels), 1, height=0.45)
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for (label, (x, y)), colour in zip(lines.items(), (BLUE, ORANGE, GREY), strict=False):
            axis.plot(np.asarray(x), np.asarray(y), ".-", color=colour, label=label)
        axis.set(title=title, ylabel=ylabel)
        axis.grid(alpha=0.3)
        if len(lines) > 1:
            axis.legend(frameon=False, fontsize=8)
    axes[-1].set_xlabel(xlabel)
    show(figure, caption)
