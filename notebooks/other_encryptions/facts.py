"""Some dozens of calls that tell what a function is without the probe, to hold the probe against.

Each fact is one relation between results for random images. No witness is looked for and no map
read off: what is rare, or true of some images alone, goes unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

SEED = 20240229


class Facts(NamedTuple):
    """What held for random images.

    Attributes
    ----------
    repeats : bool
        One image gives one result.
    keeps_values : bool
        Every result has the grey levels of its image, each as often.
    keeps_or_negates : bool
        The same of grey levels up to negation.
    adds : bool
        ``f(x + y) = f(x) + f(y) - f(0)`` for images up to 127.
    adds_modulo : bool
        ``f(x + y - z) = f(x) + f(y) - f(z)`` modulo 256.
    xors : bool
        ``f(x ^ y ^ z) = f(x) ^ f(y) ^ f(z)``.
    pixel_by_pixel : bool
        An image mixed from two gives a result mixed from their results.
    tells_apart : bool
        Changes of one value, one level up or down, show: those of the first 24, and of some others.
    """

    repeats: bool
    keeps_values: bool
    keeps_or_negates: bool
    adds: bool
    adds_modulo: bool
    xors: bool
    pixel_by_pixel: bool
    tells_apart: bool

    @property
    def kind(self) -> str:
        """The class that they leave, in the words of the probe; "affine" includes copy maps."""
        named = (
            (not self.repeats, "randomised"),
            (self.adds and self.keeps_values, "permutation"),
            (self.adds and self.keeps_or_negates, "signed permutation"),
            (self.adds, "affine"),
            (self.xors, "affine over GF(2)"),
            (self.adds_modulo, "affine modulo 256"),
            (self.pixel_by_pixel, "non-linear, pixel-local"),
            (self.keeps_values, "data-dependent"),
        )
        return next((name for holds, name in named if holds), "non-linear")


def facts(encrypt: Callable[[NDArray[np.uint8]], Any], shape: tuple[int, ...]) -> Facts:
    """Return what holds of a function of 8-bit images."""
    rng = np.random.default_rng(SEED)

    def f(image: NDArray[Any]) -> NDArray[Any]:
        return as_array(encrypt(image.astype(np.uint8)))

    x, y, z = rng.integers(0, 256, (3, *shape))
    low, lower = rng.integers(0, 128, (2, *shape))
    from_x = rng.integers(0, 2, shape).astype(np.bool_)
    of_x, of_y, of_z = f(x), f(y), f(z)
    whole = of_x.dtype.kind == "i"
    mixed = f(np.where(from_x, x, y))
    summed, apart = f(low + lower), f(low) + f(lower) - f(np.zeros(shape))
    modular = f((x + y - z) % 256) - (of_x + of_y - of_z)
    return Facts(
        repeats=np.array_equal(of_x, f(x)),
        keeps_values=_alike(x, of_x),
        keeps_or_negates=_alike(np.minimum(x, 255 - x), np.minimum(of_x, 255 - of_x)),
        adds=np.array_equal(summed, apart),
        adds_modulo=not (modular % 256).any(),
        xors=whole and np.array_equal(f(x ^ y ^ z), of_x ^ of_y ^ of_z),
        pixel_by_pixel=bool(np.all((mixed == of_x) | (mixed == of_y))),
        tells_apart=not any(np.array_equal(f(near), of_x) for near in _near(x, rng)),
    )


def number_of_maps(
    encrypt: Callable[[NDArray[np.uint8], Any], Any], shape: tuple[int, ...], keys: Sequence[Any]
) -> int:
    """Return how many results one image has under all keys."""
    image = np.random.default_rng(SEED).integers(0, 256, shape, dtype=np.uint8)
    return len({as_array(encrypt(image, key)).tobytes() for key in keys})


def as_array(result: Any) -> NDArray[Any]:
    """Return what a function gave, the first of a tuple, as int64 or float64."""
    first = np.asarray(result[0] if isinstance(result, tuple) else result)
    return first.astype(np.int64 if first.dtype.kind in "ui" else np.float64)


def _alike(before: NDArray[Any], after: NDArray[Any]) -> bool:
    return np.array_equal(np.sort(before, axis=None), np.sort(after, axis=None))


def _near(image: NDArray[Any], rng: np.random.Generator) -> list[NDArray[Any]]:
    """Return the image with one value changed by one level, in 48 places."""
    places = [*range(24), *rng.choice(image.size, 24)]
    changed = []
    for place in places:
        other = image.copy()
        other.ravel()[place] ^= 1
        changed.append(other)
    return changed
