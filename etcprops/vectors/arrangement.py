"""The grayscale-based scheme written down once more: a colour picture as one grey image.

What `ImageScheme("grayscale")` does, without its code, in parts that can go wrong: the mistakes in
`mistakes.colours` replace them. What is encrypted then is grey, and goes through `cipher`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from etcprops.vectors.cipher import Cipher, ExplicitKey, Image, Kind

Weights = tuple[tuple[int, int, int], int, int]
"""What R, G and B weigh, over what, and what is added to the sum."""


class Arrangement:
    """Arranges and encrypts as the scheme is meant; a mistake is a class that overrides a part."""

    kind: ClassVar[Kind]

    def encrypt(self, picture: Image, sampling: str, key: ExplicitKey) -> bytes:
        """Return the encrypted bytes of an RGB picture, shape (H, W, 3), under a grey key."""
        image = self.arranged(picture, sampling)
        height, width = image.shape
        return Cipher().encrypt(image.tobytes(), replace(key, height=height, width=width))

    def arranged(self, picture: Image, sampling: str) -> Image:
        """Return the grey image of a picture."""
        side = 2 if sampling == "4:2:0" else 1
        planes = [self.plane(picture, number, side if number else 1) for number in range(3)]
        return self.placed(*planes)

    def plane(self, picture: Image, number: int, side: int) -> Image:
        """Return Y, Cb or Cr of the mean of each ``side x side`` pixels."""
        height, width, _ = picture.shape
        tiles = picture.reshape(height // side, side, width // side, side, 3).astype(np.int64)
        weights, over, middle = self.weights(number)
        value = self.divided(tiles.sum(axis=(1, 3)) @ np.array(weights), over * side**2)
        levels: NDArray[Any] = np.minimum(value + middle, 255)
        return levels.astype(np.uint8)

    def weights(self, number: int) -> Weights:
        """Return the weights of Y, Cb or Cr, as JFIF has them."""
        weights = (299, 587, 114), (-299, -587, 886), (701, -587, -114)
        return weights[number], (1000, 1772, 1402)[number], (0, 128, 128)[number]

    def divided(self, value: NDArray[Any], over: int) -> NDArray[Any]:
        """Return the nearest integers to a quotient, halves up."""
        return (2 * value + over) // (2 * over)

    def placed(self, luma: Image, blue: Image, red: Image) -> Image:
        """Return the planes as one image: side by side, or Cb above Cr where these are halved."""
        chroma = np.concatenate([blue, red], axis=int(blue.shape == luma.shape))
        return np.concatenate([luma, chroma], axis=1)
