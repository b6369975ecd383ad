"""What the second notebook draws: differences that only rounding makes, and what bounds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import ArrayLike, NDArray
from pictures import BLUE, GREY, ORANGE, STYLE, WIDTH, draw, grid, row, show


def same_bits(
    plain: NDArray[np.uint8],
    encrypted: NDArray[np.uint8],
    values: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
    caption: str,
) -> None:
    """Show images above their encryptions, and by how much decision values differ.

    Parameters
    ----------
    plain, encrypted : ndarray of uint8, shape (n_images, H, W)
    values : mapping of titles to two ndarrays of float64, shape (n_queries,)
        Decision values, learned from plain and from encrypted images.
    caption : str
    """
    names = [f"values {number}" for number in range(len(values))]
    mosaic: list[Any] = [["plain"], ["encrypted"], *([name] for name in names)]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplot_mosaic(
            mosaic,
            figsize=(WIDTH, 1.6 + 1.7 * len(names)),
            height_ratios=[0.6, 0.6, *[1.7] * len(names)],
            layout="constrained",
        )
    draw(axes["plain"], row(np.repeat(plain[..., None], 3, axis=-1), gap=1), "plain")
    draw(axes["encrypted"], row(np.repeat(encrypted[..., None], 3, axis=-1), gap=1), "encrypted")
    units = [1e15 * (before - after) for before, after in values.values()]
    reach = 1.1 * max(float(abs(unit).max()) for unit in units)
    for name, title, unit, (before, _) in zip(names, values, units, values.values(), strict=True):
        axis = axes[name]
        axis.plot(before, unit, ".", markersize=2.5, color=ORANGE if unit.any() else BLUE)
        axis.set(title=f"{title}: {np.mean(unit != 0):.0%} differ", ylim=(-reach, reach))
        axis.set_ylabel("difference, 1e-15")
    axes[names[-1]].set_xlabel("decision value, learned from plain images")
    show(figure, caption)


def differences(matrices: Mapping[str, NDArray[np.float64]], caption: str) -> None:
    """Show matrices of differences in one scale: nothing white, above 0 blue, below red."""
    reach = max(float(abs(matrix).max()) for matrix in matrices.values())
    figure, axes = grid(len(matrices), 2)
    for axis, (title, matrix) in zip(axes, matrices.items(), strict=True):
        axis.imshow(matrix, cmap="RdBu", vmin=-reach, vmax=reach)
        axis.set(title=title, xticks=[], yticks=[])
    show(figure, caption)


def roundoff(x: ArrayLike, errors: Mapping[str, ArrayLike], caption: str) -> None:
    """Show errors in units of the last place; the nearest double is within half of one."""
    figure, axes = grid(len(errors), 1, height=0.35)
    for axis, (title, units) in zip(axes, errors.items(), strict=True):
        far = np.abs(np.asarray(units)) > 0.5
        axis.axhspan(-0.5, 0.5, color=BLUE, alpha=0.12, linewidth=0)
        for chosen, colour in ((~far, BLUE), (far, ORANGE)):
            where = np.asarray(x)[chosen], np.asarray(units)[chosen]
            axis.plot(*where, ".", markersize=1.5, color=colour)
        axis.set(title=title, ylabel="error, last place", ylim=(-0.8, 0.8))
    axes[-1].set_xlabel("x")
    show(figure, caption)


def margins(
    panels: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
    caption: str,
) -> None:
    """Show margins, their bounds and differences, each of shape (n_queries,), by margin."""
    figure, axes = grid(len(panels), 1, height=0.42)
    for axis, (title, (margin, bound, observed)) in zip(axes, panels.items(), strict=True):
        order = margin.argsort()
        axis.semilogy(margin[order], color=BLUE, label="margin")
        axis.semilogy(bound[order], color=ORANGE, label="bound, proved")
        seen = np.where(observed > 0, observed, np.nan)  # zero has no logarithm
        axis.semilogy(seen[order], ".", markersize=2, color=GREY, label="difference, observed")
        axis.set_title(title)
    axes[-1].set_xlabel("queries, by margin")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=3)
    show(figure, caption)
