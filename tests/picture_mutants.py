"""The grayscale-based scheme, broken in each way that the test vectors know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cipher_mutants import Array, Key, Mutant, edited, etc_key, ours

from etcprops.formats import schemes, ycbcr

SIDE_BY_SIDE = "np.concatenate(ycbcr.rgb_to_ycbcr(picture), axis=1)"
WEIGHTS = "((299, 587, 114), (-299, -587, 886), (701, -587, -114))"
OVER = "(1000, 1772, 1402)"
MIDDLE = "MIDDLE: Final = (0, 128, 128)"
SUM = "red + green + blue + over // 2"


def arranging(
    *changes: tuple[str, str], words: tuple[tuple[str, str], ...] = ()
) -> Callable[[Array, Key], Array]:
    """Return the scheme with other words in `ycbcr` or, as `words`, in `schemes`."""
    scheme = edited(schemes, *words)
    vars(scheme)["ycbcr"] = edited(ycbcr, *changes)

    def encrypt(picture: Array, key: Key) -> Array:
        of_size = scheme.ImageScheme("grayscale", key["block"], sampling=key["sampling"])
        encrypted: Array = of_size.encrypt(picture, etc_key(key))
        return encrypted

    return encrypt


def rounds_twice(picture: Array, key: Key) -> Array:
    luma, *chroma = ycbcr.rgb_to_ycbcr(picture)
    if key["sampling"] == "4:2:0":
        height, width = luma.shape
        tiles = [c.reshape(height // 2, 2, width // 2, 2).astype(int) for c in chroma]
        chroma = [np.concatenate([(t.sum(axis=(1, 3)) + 2) // 4 for t in tiles]).astype("u1")]
    return ours(np.concatenate([luma, *chroma], axis=1), key)


def stacked(picture: Array, key: Key) -> Array:
    arranged = schemes.ImageScheme("grayscale", 1, sampling=key["sampling"]).arranged(picture)
    luma, rest = np.split(arranged, [picture.shape[1]], axis=1)
    halves = np.split(rest, 2, axis=int(key["sampling"] == "4:4:4"))
    image = np.concatenate([luma, np.concatenate(halves, axis=int(key["sampling"] == "4:2:0"))])
    return ours(image, key, height=image.shape[0], width=image.shape[1])


ARRANGED = arranging()
ONE_PIXEL = arranging(
    ("sums = pairs[:, :, ::2] + pairs[:, :, 1::2]", "sums = 4 * components[:, ::2, ::2]")
)
UNCENTRED = arranging((MIDDLE, "MIDDLE: Final = (0, 0, 0)"))

ARRANGEMENT: dict[str, Mutant] = {
    "ColoursUnconverted": arranging(
        (WEIGHTS, "((1, 0, 0), (0, 1, 0), (0, 0, 1))"),
        (OVER, "(1, 1, 1)"),
        (MIDDLE, "MIDDLE: Final = (0, 0, 0)"),
    ),
    "BgrPicture": lambda picture, key: ARRANGED(picture[..., ::-1], key),
    "WeightsOfBt709": arranging(
        (WEIGHTS, "((2126, 7152, 722), (-2126, -7152, 9278), (7874, -7152, -722))"),
        (OVER, "(10000, 18556, 15748)"),
    ),
    "WeightsOfEightBits": arranging(
        (WEIGHTS, "((77, 150, 29), (-43, -85, 128), (128, -107, -21))"), (OVER, "(256, 256, 256)")
    ),
    "StudioRangeOfColours": arranging(
        ("OVER[number] * pixels", "OVER[number] * pixels * 255"),
        ("(w * c for", "(w * c * (219, 224, 224)[number] for"),
        (MIDDLE, "MIDDLE: Final = (16, 128, 128)"),
    ),
    "ChromaUncentred": UNCENTRED,
    "RoundsColoursDown": arranging((SUM, "red + green + blue")),
    "ChromaOfOnePixel": ONE_PIXEL,
    "RoundsChromaTwice": rounds_twice,
    "RedBeforeBlue": arranging(
        words=(
            (
                "luma, blue, red = ycbcr.rgb_to_ycbcr_420",
                "luma, red, blue = ycbcr.rgb_to_ycbcr_420",
            ),
            (SIDE_BY_SIDE, "np.concatenate(ycbcr.rgb_to_ycbcr(picture)[[0, 2, 1]], axis=1)"),
        )
    ),
    "PlanesStacked": stacked,
    "ComponentsInterleaved": arranging(
        words=(
            (
                SIDE_BY_SIDE,
                "np.moveaxis(ycbcr.rgb_to_ycbcr(picture), 0, 2).reshape(len(picture), -1)",
            ),
        )
    ),
}
PICTURE_FEATURES = {"GreyPixels": UNCENTRED, "Subsampled": ONE_PIXEL}
