"""What the paper reports: the 16 equal error rates of its tables 1 and 2."""

from __future__ import annotations

from typing import Final

from etcprops.reductions import PAPER_RATIOS

_COLUMNS = {
    ("linear", "plain"): (0.0223, 0.0247, 0.0271, 0.0296),
    ("linear", "own"): (0.000744, 0.000835, 0.000777, 0.000779),
    ("rbf", "plain"): (0.0504, 0.0644, 0.0732, 0.0863),
    ("rbf", "own"): (0.000448, 0.00112, 0.00779, 0.00855),
}

PAPER_EER: Final = {
    column: dict(zip(PAPER_RATIOS, rates, strict=True)) for column, rates in _COLUMNS.items()
}
"""By kernel and column: table 1 is linear, table 2 RBF; ``"plain"`` is "not encrypted", ``"own"``
is "encrypted" under key condition 2. The keys of the inner dictionaries are `PAPER_RATIOS`."""
