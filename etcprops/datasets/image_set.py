"""Labelled images of one geometry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import as_integer
from etcprops.scheme.geometry import BlockGeometry


@dataclass(frozen=True)
class ImageSet:
    """Labelled images of one geometry.

    Parameters
    ----------
    name : str
        What it is, for reports.
    images : ndarray of uint8, shape (N, H, W[, 3])
        The images.
    labels : ndarray of int64, shape (N,)
        Their classes.
    geometry : BlockGeometry
        Their size, with the block size for encryption.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    geometry: BlockGeometry

    def half_split(self, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Divide each class into halves at random, as the paper does.

        Parameters
        ----------
        seed : int
            The same seed gives the same halves.

        Returns
        -------
        training, queries : ndarray of int64
            Indices in ascending order; of a class with an odd number of images the training half
            is the smaller.

        Raises
        ------
        InvalidParameterError
            If `seed` is negative, or no integer.

        Examples
        --------
        >>> from etcprops.datasets import load_digits_images
        >>> training, queries = load_digits_images().half_split(0)
        >>> len(training), len(queries)
        (896, 901)
        """
        rng = np.random.default_rng(as_integer(seed, "seed", "ImageSet.half_split", least=0))
        training = np.zeros(len(self.labels), dtype=np.bool_)
        for label in np.unique(self.labels):
            members = rng.permutation(np.flatnonzero(self.labels == label))
            training[members[: len(members) // 2]] = True
        return np.flatnonzero(training), np.flatnonzero(~training)
