"""Formulas of the ledger as LaTeX, by how they stand in its plain text, for pages."""

from __future__ import annotations

from typing import Final

FORMULAS: Final = {
    "y = Q x + c": r"y = Q x + c",
    "c = 255": r"c = 255",
    "Q^T Q = I": r"Q^T Q = I",
    "Q^T Q": r"Q^T Q",
    "x - 127.5": r"x - 127.5",
    "2 x - 255": r"2 x - 255",
    "x -> Q x + c": r"x \mapsto Q x + c",
    "z -> Q z": r"z \mapsto Q z",
    "x -> 255 - x": r"x \mapsto 255 - x",
    "255 - x": r"255 - x",
    "fl(255 - x)": r"\operatorname{fl}(255 - x)",
    "N x - S": r"N x - S",
    "N sum(x^2) - S^2": r"N \sum x^2 - S^2",
    "N Q - S^2": r"N Q - S^2",
    "x - S / N": r"x - S / N",
    "R Q = E R": r"R Q = E R",
    "Q": r"Q",
    "S": r"S",
    "T": r"T",
    "N": r"N",
    "-DC - 8": r"-\text{DC} - 8",
    "<S_u, mean of T S_v T'> / (number of blocks)": (
        r"\frac{\langle S_u, \text{mean of } T S_v T^\prime \rangle}{\text{number of blocks}}"
    ),
}
