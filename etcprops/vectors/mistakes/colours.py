"""Mistakes about colour pictures that are encrypted as one grey image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops.vectors.arrangement import Arrangement, Weights
from etcprops.vectors.cipher import Image
from etcprops.vectors.mistakes.kinds import OTHER_COLOURS

# --- From R, G and B to Y, Cb and Cr


class ColoursUnconverted(Arrangement):
    """Lays R, G and B side by side, without making Y, Cb and Cr of them."""

    kind = OTHER_COLOURS

    def weights(self, number: int) -> Weights:
        red, green, blue = (int(number == place) for place in range(3))
        return (red, green, blue), 1, 0


class BgrPicture(Arrangement):
    """Takes blue for red and red for blue, as OpenCV stores them."""

    kind = OTHER_COLOURS

    def arranged(self, picture: Image, sampling: str) -> Image:
        return super().arranged(picture[..., ::-1], sampling)


class WeightsOfBt709(Arrangement):
    """Weighs the colours as BT.709 does, high-definition video, where JFIF's BT.601 is meant."""

    kind = OTHER_COLOURS

    def weights(self, number: int) -> Weights:
        weights = (2126, 7152, 722), (-2126, -7152, 9278), (7874, -7152, -722)
        return weights[number], (10000, 18556, 15748)[number], (0, 128, 128)[number]


class WeightsOfEightBits(Arrangement):
    """Rounds the weights themselves to multiples of 1/256."""

    kind = OTHER_COLOURS

    def weights(self, number: int) -> Weights:
        weights = (77, 150, 29), (-43, -85, 128), (128, -107, -21)
        return weights[number], 256, (0, 128, 128)[number]


class StudioRangeOfColours(Arrangement):
    """Scales Y to 16 to 235, and Cb and Cr to 16 to 240, the ranges of video."""

    kind = OTHER_COLOURS

    def weights(self, number: int) -> Weights:
        (red, green, blue), over, middle = super().weights(number)
        levels = 224 if number else 219
        return (levels * red, levels * green, levels * blue), 255 * over, middle or 16


class ChromaUncentred(Arrangement):
    """Does not add 128 to Cb and Cr, so that negative ones begin again from 255."""

    kind = OTHER_COLOURS

    def weights(self, number: int) -> Weights:
        weights, over, _ = super().weights(number)
        return weights, over, 0


class RoundsColoursDown(Arrangement):
    """Cuts decimals of Y, Cb and Cr instead of rounding to the nearest."""

    kind = OTHER_COLOURS

    def divided(self, value: NDArray[Any], over: int) -> NDArray[Any]:
        return value // over


# --- Half of the chroma


class ChromaOfOnePixel(Arrangement):
    """Takes Cb and Cr of the upper left of four pixels, where their mean is meant."""

    kind = OTHER_COLOURS

    def plane(self, picture: Image, number: int, side: int) -> Image:
        return super().plane(picture[::side, ::side], number, 1)


class RoundsChromaTwice(Arrangement):
    """Rounds Cb and Cr of each pixel, and the mean of four once more."""

    kind = OTHER_COLOURS

    def plane(self, picture: Image, number: int, side: int) -> Image:
        whole = super().plane(picture, number, 1).astype(np.int64)
        height, width = whole.shape
        tiles = whole.reshape(height // side, side, width // side, side)
        return self.divided(tiles.sum(axis=(1, 3)), side**2).astype(np.uint8)


# --- The planes' places


class RedBeforeBlue(Arrangement):
    """Puts Cr before Cb, the order YCrCb of OpenCV."""

    kind = OTHER_COLOURS

    def placed(self, luma: Image, blue: Image, red: Image) -> Image:
        return super().placed(luma, red, blue)


class PlanesStacked(Arrangement):
    """Puts the planes below each other, where side by side is meant."""

    kind = OTHER_COLOURS

    def placed(self, luma: Image, blue: Image, red: Image) -> Image:
        chroma = np.concatenate([blue, red], axis=int(blue.shape != luma.shape))
        return np.concatenate([luma, chroma], axis=0)


class ComponentsInterleaved(Arrangement):
    """Puts Y, Cb and Cr of each pixel side by side, where the planes are to be."""

    kind = OTHER_COLOURS

    def placed(self, luma: Image, blue: Image, red: Image) -> Image:
        if blue.shape != luma.shape:
            return super().placed(luma, blue, red)
        return np.stack([luma, blue, red], axis=-1).reshape(luma.shape[0], -1)
