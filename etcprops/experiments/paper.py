"""What the paper reports: the 16 equal error rates of its tables 1 and 2."""

from __future__ import annotations

from typing import Final

PAPER_EER: Final = {
    ("linear", "plain"): {20: 0.0223, 40: 0.0247, 60: 0.0271, 80: 0.0296},
    ("linear", "own"): {20: 0.000744, 40: 0.000835, 60: 0.000777, 80: 0.000779},
    ("rbf", "plain"): {20: 0.0504, 40: 0.0644, 60: 0.0732, 80: 0.0863},
    ("rbf", "own"): {20: 0.000448, 40: 0.00112, 60: 0.00779, 80: 0.00855},
}
"""By kernel and column: table 1 is linear, table 2 RBF; ``"plain"`` is "not encrypted", ``"own"``
is "encrypted" under key condition 2. The keys of the inner dictionaries are ratios 1/20 to 1/80."""
