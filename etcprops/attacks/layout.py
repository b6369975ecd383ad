"""What a secret permutation of all pixels, with a sign each, gives away under a common key.

Pixels that are near in the plane are alike in all images, and remain so wherever the key puts them:
the plane can be put together again from correlations, with no plain image (Le Roux and others
2007; Censi and Scaramuzza 2013, from distances between all pairs). Here the picture grows from
one pixel as a jigsaw of pixels does, which needs far fewer images. Shuffles within
blocks and negation pixel by pixel are such permutations. Nothing here knows the key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment

from etcprops._validation import as_array, as_integer, describe, reject
from etcprops.attacks._growth import Growth, reassigned, seeds
from etcprops.attacks._halves import Found, consensus, halves
from etcprops.attacks._neighbours import nearest, relative_signs, weighted
from etcprops.attacks.seams import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from etcprops.attacks._neighbours import Floats, Integers, Neighbours

_NEIGHBOURS: Final = 30
_COMPONENTS: Final = 256  # principal components of the images that are looked at
_SEEDS: Final = 3
_RATIO: Final = 0.8  # variogram at a distance by that at twice the distance: of some picture
_AGREEING: Final = 0.9  # share of pixels that two halves of the images must put in one place


@dataclass(frozen=True)
class Layout:
    """Where the pixels of encrypted images belong, found from these images alone.

    Attributes
    ----------
    source : ndarray of int64, shape (H, W)
        Which pixel of an encrypted image, in raster order, belongs at each place.
    sign : ndarray of int64, shape (H, W)
        -1 where the pixel is negated.
    readings : int
        How many pictures fit as well: the symmetries of the frame, each with either sign.
    variogram : dict of int to float
        Mean squared difference of pixels at 1, 2, 4, ... places, in images that were left out,
        by that of unrelated pixels. It rises from a small value where the layout is right.
    resolution : int or None
        The least of these distances at which pixels are more alike than at twice the distance:
        more for a coarser picture, None for none.
    agreement : float
        Share of pixels that all images and either half of them put in one place, a pixel off at
        most and up to a shift of the whole, with the same sign, in their best common reading; 0 for
        too few images to be halved, or none that are smooth.
    """

    source: Integers
    sign: Integers
    readings: int
    variogram: dict[int, float]
    resolution: int | None
    agreement: float = 0.0

    @property
    def recovered(self) -> bool:
        """Whether two halves of the images put nine pixels in ten where all images put them.

        A pixel off at most, up to a shift of the whole; images left out are smooth there. What is
        wrong by chance is wrong in another way in the other half, whatever the images are; what is
        wrong in both, because it is in the images, is not found out. All images tell more than half
        of them, so that a right layout may not be claimed.
        """
        return self.resolution is not None and self.agreement >= _AGREEING

    @property
    def reason(self) -> str:
        """What was found, in a sentence."""
        if self.resolution is None:
            return "Nothing recovered: in images left out, places side by side are unrelated."
        what = "Pixels are in their places" if self.recovered else "A coarse or bent picture"
        return (
            f"{what}: two halves of the images agree on {self.agreement:.0%} of the pixels; in "
            f"images left out, squared differences of neighbours are {self.variogram[1]:.2g} of "
            f"those of unrelated pixels; {self.readings} readings remain."
        )

    def images(self, encrypted: NDArray[Any]) -> NDArray[Any]:
        """Return encrypted images with their pixels in place, of the same shape and dtype."""
        flat = encrypted.reshape(len(encrypted), -1)[:, self.source]
        if encrypted.dtype == np.uint8:
            return np.where(self.sign < 0, 255 - flat, flat).astype(np.uint8)
        return (flat * self.sign).astype(encrypted.dtype)


def recover_layout(images: ArrayLike, *, seed: int = 0) -> Layout:
    """Put pixels in place that a common key has permuted, each with a sign.

    Parameters
    ----------
    images : array_like, shape (N, H, W)
        Encrypted images: uint8, or real numbers such as z-scores. Four at least; an eighth, up to
        16, are left out to judge the result.
    seed : int, default=0
        Which are left out.

    Returns
    -------
    Layout

    Raises
    ------
    InvalidParameterError
        If `images` is not such an array, or is smaller than 8 x 8 pixels.

    References
    ----------
    N. Le Roux, Y. Bengio, P. Lamblin, M. Joliveau, B. Kegl, "Learning the 2-D topology of images",
    NIPS 2007. A. Censi, D. Scaramuzza, "Calibration by correlation using metric embedding from
    nonmetric similarities", IEEE PAMI 35(10), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(0)
    >>> smooth = gaussian_filter(rng.standard_normal((48, 24, 20)), (0, 2, 2))
    >>> moved = smooth.reshape(48, -1)[:, rng.permutation(480)] * rng.choice([-1, 1], 480)
    >>> encrypted = moved.reshape(smooth.shape)
    >>> layout = recover_layout(encrypted)
    >>> layout.recovered, layout.readings
    (True, 8)
    """
    caller = "recover_layout"
    fitted, left_out = divided(images, caller, seed)
    shape = left_out.shape[1:]

    def find(some: Floats) -> Found:
        pixels = compressed(weighted(some, np.random.default_rng(seed)))
        neighbours = nearest(pixels, _NEIGHBOURS)
        sign = relative_signs(pixels, neighbours)
        return Found(_grown(pixels * sign[:, None].astype(np.float32), neighbours, shape), sign)

    readings = 16 if shape[0] == shape[1] else 8
    found = find(fitted)
    layout = judged(found, fitted, left_out, readings)
    return _checked(layout, lambda: consensus([found, *halves(find, fitted)], readings // 2))


def recover_within_blocks(
    images: ArrayLike, *, block: int, shared: bool = False, seed: int = 0
) -> Layout:
    """Put pixels in place that a common key has permuted within blocks, each with a sign.

    Parameters
    ----------
    images : array_like, shape (N, H, W)
        Encrypted images: uint8, or real numbers. Four at least; two if all blocks are permuted
        alike. An eighth, up to 16, one at least, are left out to judge the result.
    block : int
        The side of the blocks.
    shared : bool, default=False
        Whether all blocks are permuted and signed alike: then each is a sample of the same.
    seed : int, default=0
        Which are left out.

    Returns
    -------
    Layout
        With two readings: blocks are in place, so that only the sign is open.

    Raises
    ------
    InvalidParameterError
        If `images` is not such an array, or `block` does not divide height and width, is below 2,
        or, where `shared`, below 3.
    """
    caller = "recover_within_blocks"
    fitted, left_out = divided(images, caller, seed, least=2 if shared else 4)
    height, width = left_out.shape[1:]
    # Of a pixel the four nearest are looked at: in blocks permuted alike, of its own block.
    side = as_integer(block, "block", caller, least=3 if shared else 2)
    if height % side or width % side:
        reject(
            "block", caller, "divide height and width", f"{height} x {width} and {describe(side)}"
        )
    order = np.arange(height * width).reshape(height, width)

    def find(some: Floats) -> Found:
        pixels = compressed(weighted(some, np.random.default_rng(seed)))
        sign = relative_signs(pixels, nearest(pixels, _NEIGHBOURS))
        return Found(_annealed(pixels * sign[:, None].astype(np.float32), order, side), sign)

    if shared:
        found, agree = _shared(fitted, order, side)
    else:
        found = find(fitted)

        def agree() -> float:
            return consensus([found, *halves(find, fitted)], motions=1)

    return _checked(judged(found, fitted, left_out, 2), agree)


def _checked(layout: Layout, agree: Callable[[], float]) -> Layout:
    """Return the layout with what halves of the images agree on, if there is anything to check."""
    return layout if layout.resolution is None else replace(layout, agreement=agree())


def compressed(pixels: Floats) -> Floats:
    """Return pixels in the leading principal components of the images, which keep distances."""
    if pixels.shape[1] <= _COMPONENTS:
        return pixels
    vectors = np.linalg.eigh(pixels.T @ pixels)[1]
    return np.asarray(pixels @ vectors[:, ::-1][:, :_COMPONENTS])


def divided(
    images: ArrayLike, caller: str, seed: int, least: int = 4
) -> tuple[Floats, NDArray[np.float32]]:
    """Return pixels of the images to fit, shape (n, N), and images to judge by."""
    wanted = f"be an array of real numbers of shape (N, H, W), with {least} images of 8 x 8 or more"
    array = as_array(images, "images", caller, wanted)
    enough = array.ndim == 3 and len(array) >= least and min(array.shape[1:]) >= 8
    if not enough or array.dtype.kind not in "uif" or not np.isfinite(array).all():
        reject("images", caller, wanted, describe(array))
    if (largest := float(np.abs(array).max())) > LARGEST:
        reject("images", caller, f"be of magnitude up to {LARGEST:g}", f"{largest:g}.")
    values = array.astype(np.float32) - np.float32(127.5 if array.dtype == np.uint8 else 0)
    order = np.random.default_rng(as_integer(seed, "seed", caller, least=0)).permutation(
        len(values)
    )
    count = min(16, max(1, len(values) // 8))
    fitted = values[np.sort(order[count:])].reshape(len(values) - count, -1)
    return np.ascontiguousarray(fitted.T), values[np.sort(order[:count])]


def _grown(pixels: Floats, neighbours: Neighbours, shape: tuple[int, ...]) -> Integers:
    """Return a full picture: the smoothest that grew, in its frame, the rest where it is near."""
    pictures = [_filled(np.full(shape, -1), neighbours)]
    for seed in seeds(pixels, neighbours, _SEEDS):
        grown = Growth(pixels, neighbours, max(shape)).run(seed)
        framed = max((_framed(g, shape) for g in (grown, grown.T)), key=_count)
        pictures.append(_filled(framed, neighbours))
    return min(pictures, key=lambda picture: _roughness(pixels, picture))


def _roughness(pixels: Floats, picture: Integers) -> float:
    """Return the sum of squared differences of neighbours."""
    steps = [(picture[1:], picture[:-1]), (picture[:, 1:], picture[:, :-1])]
    return sum(float(np.square(pixels[a] - pixels[b]).sum()) for a, b in steps)


def _count(picture: Integers) -> int:
    """Return how many places have a pixel."""
    return int((picture >= 0).sum())


def _framed(grown: Integers, shape: tuple[int, ...]) -> Integers:
    """Return the part of what has grown that has most pixels in a frame, -1 elsewhere."""
    for axis, length in enumerate(shape):
        beyond = grown.shape[axis] - length
        margin = max(0, -beyond)
        counts = (grown >= 0).sum(axis=1 - axis)
        inside = np.convolve(counts, np.ones(length, dtype=np.int64), "valid")
        start = int(inside.argmax()) if beyond > 0 else 0
        grown = grown.take(np.arange(start, start + length - margin), axis=axis)
        widths = [(0, 0), (0, 0)]
        widths[axis] = (margin // 2, margin - margin // 2)
        grown = np.pad(grown, widths, constant_values=-1)
    return grown


def _filled(picture: Integers, neighbours: Neighbours) -> Integers:
    """Put the pixels that are left over into the places that are, near their neighbours."""
    n, width = picture.size, picture.shape[1]
    place = np.full(n, -1, dtype=np.int64)
    rows, columns = np.nonzero(picture >= 0)
    place[picture[rows, columns]] = rows * width + columns
    rest, empty = np.flatnonzero(place < 0), np.flatnonzero(picture.ravel() < 0)
    near = place[neighbours.index[rest]]
    known = near >= 0
    first = np.where(known.any(axis=1), near[np.arange(len(rest)), known.argmax(axis=1)], n // 2)
    wanted = np.stack(np.divmod(first, width), axis=1).astype(np.float64)
    there = np.stack(np.divmod(empty, width), axis=1).astype(np.float64)
    out = picture.ravel().copy()
    # Assignment takes cubic time: bands of rows, where much is left over.
    bands = -(-len(rest) // 1024)
    order = np.argsort(wanted[:, 0], kind="stable")
    for some, places in zip(
        np.array_split(order, max(1, bands)),
        np.array_split(np.arange(len(empty)), max(1, bands)),
        strict=True,
    ):
        cost = np.square(wanted[some, None] - there[places]).sum(axis=2)
        a, b = linear_sum_assignment(cost)
        out[empty[places[b]]] = rest[some[a]]
    return out.reshape(picture.shape)


def _annealed(pixels: Floats, picture: Integers, side: int) -> Integers:
    """Move pixels within their blocks to where the surroundings, ever nearer ones, want them."""
    for width in (side / 2, side / 4, side / 4, 1.0, 1.0, 0.7, 0.7, 0.7, 0.5, 0.5):
        values = pixels[picture]
        targets = gaussian_filter(values, (width, width, 0), mode="nearest", truncate=3.0)
        own = 1 / max(1.0, 2 * np.pi * width**2)
        picture = reassigned(pixels, picture, targets - np.float32(own) * values, (0, 0), side)
    return picture


def _shared(fitted: Floats, order: Integers, side: int) -> tuple[Found, Callable[[], float]]:
    """Return picture and signs where all blocks are permuted alike, and how far halves agree."""
    height, width = order.shape
    tiles = order.reshape(height // side, side, width // side, side).swapaxes(1, 2)
    blocks = tiles.reshape(-1, side * side)
    samples = np.ascontiguousarray(fitted[blocks.T].reshape(side * side, -1))

    def find(some: Floats) -> Found:
        pixels = some - some.mean(axis=1, keepdims=True)
        neighbours = nearest(pixels, min(_NEIGHBOURS, side * side - 1))
        sign = relative_signs(pixels, neighbours)
        signed = pixels * sign[:, None].astype(np.float32)
        return Found(_grown(signed, neighbours, (side, side)), sign)

    inner = find(samples)
    sign = np.empty(order.size, dtype=np.int64)
    sign[blocks] = inner.sign
    picture = _turned(fitted * sign[:, None].astype(np.float32), blocks, inner.picture, order.shape)
    return Found(picture, sign), lambda: consensus([inner, *halves(find, samples)], motions=8)


def _turned(pixels: Floats, blocks: Integers, inner: Integers, shape: tuple[int, ...]) -> Integers:
    """Return the picture with its blocks turned so that they join best, of the 8 ways."""
    side = len(inner)
    grid = (shape[0] // side, shape[1] // side)
    pictures, costs = [], []
    for turns in range(8):
        turned = np.rot90(inner if turns < 4 else inner.T, turns)
        tiles = blocks[:, turned].reshape(*grid, side, side)
        picture = tiles.swapaxes(1, 2).reshape(shape)
        lines = [(picture[side - 1 : -1 : side], picture[side::side]),
                 (picture[:, side - 1 : -1 : side], picture[:, side::side])]  # fmt: skip
        pictures.append(picture)
        costs.append(sum(float(np.square(pixels[a] - pixels[b]).sum()) for a, b in lines))
    return pictures[int(np.argmin(costs))]


def judged(found: Found, fitted: Floats, left_out: Floats, readings: int) -> Layout:
    """Return the layout, judged by images that it was not made from."""
    picture, sign = found.picture, found.sign[found.picture]
    height, width = picture.shape
    # What all images have in common is no evidence: a pattern of its own may be in noise as well.
    values = left_out.reshape(len(left_out), -1) - fitted.mean(axis=1)
    values = values[:, picture] * sign.astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)
    spread = 2 * np.square(values).mean(axis=(1, 2))
    variogram = {}
    distance = 1
    while distance <= min(height, width) // 2:
        down = np.square(values[:, distance:] - values[:, :-distance]).mean(axis=(1, 2))
        right = np.square(values[:, :, distance:] - values[:, :, :-distance]).mean(axis=(1, 2))
        ratio = (down + right) / np.maximum(2 * spread, 1e-12)
        variogram[distance] = float(np.where(spread > 1e-12, ratio, 1.0).mean())
        distance *= 2
    # Six standard errors of the mean over as many pairs, were they unrelated.
    most = 1 - max(1 - _RATIO, 6 / np.sqrt(values.size))
    resolution = next(
        (
            d
            for d in variogram
            if 2 * d in variogram and variogram[d] < most * min(1, variogram[2 * d])
        ),
        None,
    )
    return Layout(picture, sign, readings, variogram, resolution)
