"""scikit-learn's handwritten digits as 8-bit images."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from etcprops.datasets.image_set import ImageSet
from etcprops.scheme.geometry import BlockGeometry


def load_digits_images(*, block: int = 4) -> ImageSet:
    """Return scikit-learn's 1,797 handwritten digits, 8 x 8, as 8-bit images.

    Their 17 levels 0 to 16 become ``round(255 * level / 16)``.

    Parameters
    ----------
    block : {1, 2, 4, 8}, default=4
        Block size for encryption.

    Returns
    -------
    ImageSet

    Examples
    --------
    >>> digits = load_digits_images()
    >>> digits.images.shape, digits.images.dtype, int(digits.images.max())
    ((1797, 8, 8), dtype('uint8'), 255)
    """
    images, labels = _digits()
    return ImageSet("digits", images.copy(), labels.copy(), BlockGeometry(8, 8, block=block))


@cache
def _digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the pixels and the labels, which scikit-learn reads from a text file at each call."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target.astype(np.int64)
