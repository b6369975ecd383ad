"""Reading a candidate off the chosen images, under a function's own numbering and scale.

Some functions fail on some images, and some divide by 255: another numbering of the pixels, and a
factor, are tried before a function is said to be no signed permutation.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etcprops.probing.extraction import naming_vectors, read_pixel_map
from etcprops.probing.model import Array, PixelMap
from etcprops.probing.oracle import NoImageError, Oracle

ATTEMPTS = 3
"""Numberings of the pixels that are tried where chosen images have no encryption."""


class Reader:
    """What became of the chosen images.

    Parameters
    ----------
    oracle : Oracle
        The function under one key.
    rng : numpy.random.Generator
        For other numberings.

    Attributes
    ----------
    start : int
        The number of the first pixel.
    outputs : list of ndarray
        The results; empty unless all of them are images.
    candidate : PixelMap or None
        The map that they name, if it is one.
    """

    def __init__(self, oracle: Oracle, rng: np.random.Generator) -> None:
        self.oracle = oracle
        self.rng = rng
        self.start = 0
        self.outputs: list[Array] = []
        self.candidate: PixelMap | None = None

    def read(self) -> None:
        """Read a map off the chosen images, in another numbering where these fail."""
        oracle = self.oracle
        for attempt in range(ATTEMPTS):
            try:
                self.outputs = list(oracle.ask(self.chosen()))
                break
            except NoImageError as error:
                # Whoever gives nothing, or hangs, is not asked in vain again and again.
                if "did not return" in error.reason or not self._encrypts_any(attempt):
                    raise
                oracle.fail(error)
                self.start = int(self.rng.integers(oracle.size))
        self._find_output_scale()
        if self.outputs:
            self.candidate = read_pixel_map(self.outputs, oracle.size, oracle.scale, self.start)

    def chosen(self) -> Iterator[Array]:
        """Yield the chosen images; made again when needed, for they are large."""
        return naming_vectors(self.oracle.size, self.oracle.scale, self.start)

    def _encrypts_any(self, attempt: int) -> bool:
        """Tell whether any of three images of noise has an encryption."""
        if attempt:
            return True
        scale, size = self.oracle.scale, self.oracle.size
        for _ in range(3):
            try:
                self.oracle.one(scale.draw(self.rng, size))
            except NoImageError:
                continue
            return True
        return False

    def _find_output_scale(self) -> None:
        """Take floats of an integer image that are multiples of 1 / level for what they are."""
        oracle, level = self.oracle, self.oracle.scale.level
        if oracle.out_dtype is None or oracle.out_dtype.kind != "f" or level == 1:
            return
        if oracle.output_factor > 1 or not self.outputs:
            return
        noise = [v for _, v in oracle.answered([oracle.scale.draw(self.rng, oracle.size)])]
        seen = [*self.outputs, *noise]
        if min(v.min() for v in seen) < 0 or max(v.max() for v in seen) > 1:
            return
        if all(np.abs(v * level - np.rint(v * level)).max() < 1e-3 for v in seen):
            oracle.output_factor = level
            self.outputs = [np.rint(v * level) for v in self.outputs]
            oracle.notes.add(f"The result is divided by {level}; here it is multiplied by it.")
