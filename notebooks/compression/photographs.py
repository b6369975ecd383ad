"""Photographs that anyone may use, from scikit-image and scikit-learn.

What each library says of their licences; `moon` of scikit-image, of which it says nothing, is left
out. None is copied into the repository.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LICENCES: Final = {
    "astronaut": "public domain (NASA)",
    "brick": "CC0 (CC0Textures)",
    "camera": "CC0 (Lav Varshney)",
    "chelsea": "CC0 (Stefan van der Walt)",
    "coffee": "CC0 (Rachel Michetti)",
    "coins": "no known copyright restrictions (Brooklyn Museum)",
    "grass": "CC0 (linolafett)",
    "gravel": "CC0 (CC0Textures)",
    "rocket": "public domain (SpaceX)",
    "china.jpg": "CC BY 2.0 (danielbuechele)",
    "flower.jpg": "CC BY 2.0 (vultilion)",
}
"""By name; those that end in .jpg are scikit-learn's."""

OFF_THE_GRID: Final = 4
"""Rows and columns that are cut off: some had gone through JPEG, and would cost less plain."""


def photographs() -> dict[str, NDArray[np.uint8]]:
    """Return all photographs by name, their grids of blocks moved away from an earlier JPEG's."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    def load(name: str) -> Any:
        return load_sample_image(name) if name.endswith(".jpg") else getattr(data, name)()

    return {name: load(name)[OFF_THE_GRID:, OFF_THE_GRID:] for name in LICENCES}
