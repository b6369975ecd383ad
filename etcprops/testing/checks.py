"""What an encryption must do so that learning on its images is as good as on plain ones.

One function a metamorphic relation (Chen et al. 1998), each over all keys of the scheme. A check
that does not apply raises ``unittest.SkipTest``, which pytest shows as skipped: it never passes.
What `etcprops` knows of its own encryption plays no part here; the scheme is seen from the outside.
"""

from __future__ import annotations

import functools
import unittest
from collections.abc import Callable
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.exact.gram import exact_gram
from etcprops.exact.statistics import PixelStatistics
from etcprops.testing.assertions import DifferenceError, assert_bitwise_equal, assert_isometry
from etcprops.testing.decisions import decisions, raise_if_different, same_answer
from etcprops.testing.scheme import CounterexampleError, Images, Picture, Scheme, failing

if TYPE_CHECKING:
    from etcprops.probing.model import MapWitness

SchemeCheck = Callable[[Scheme], None]

N_LEARNING_IMAGES: Final = 80
"""Images of noise with random labels, half of them for training."""


def _replayable(check: SchemeCheck) -> SchemeCheck:
    """Let a failure end with a line that repeats it."""

    @functools.wraps(check)
    def run(scheme: Scheme) -> None:
        __tracebackhide__ = True  # pytest shows the test, what was found, and what a scheme raised
        try:
            check(scheme)
        except AssertionError as error:
            text = f"{error}\nTo repeat: {check.__name__}({scheme!r})"
            raise CounterexampleError(text, *pictures_of(error)) from error.__cause__

    return run


def pictures_of(error: BaseException | None) -> tuple[Picture, ...]:
    """Return the images that show why a check failed, if it has any."""
    return error.pictures if isinstance(error, CounterexampleError) else ()


def _under_key(
    scheme: Scheme, key: Any, error: AssertionError, *pictures: Picture
) -> CounterexampleError:
    """Name the key under which it happened."""
    return CounterexampleError(f"{scheme.under(key)}: {error}", *pictures)


def _pair(
    index: int, plain: Images, encrypted: Images, place: tuple[int, ...] = ()
) -> list[Picture]:
    """Return an image and its encryption, with a pixel of the latter to look at."""
    return [
        Picture(f"image {index}", plain[index]),
        Picture(f"image {index}, encrypted", encrypted[index], place),
    ]


def _levels(images: Images) -> NDArray[np.int64]:
    """Return ``|2 x - 255|``, what negation leaves of a grey level, as rows (N, n)."""
    return np.abs(2 * images.reshape(len(images), -1).astype(np.int64) - 255)


@_replayable
def check_scheme_keeps_shape_and_dtype(scheme: Scheme) -> None:
    """Require an image of 8 bits and of the same shape."""
    for key in scheme.keys:
        scheme.encrypted(scheme.images(), key)


@_replayable
def check_scheme_leaves_its_input_alone(scheme: Scheme) -> None:
    """Require that the image that is handed over is not written to."""
    for key, image in product(scheme.keys, scheme.images()):
        given = image.copy()
        with failing(f"encrypt(image, {scheme.shown(key)})"):
            scheme.encrypt(given, key)
        if not np.array_equal(given, image):
            index = tuple(int(i) for i in np.argwhere(given != image)[0])
            raise CounterexampleError(
                f"{scheme.under(key)}: encrypt changed its input at {index} from {image[index]} to "
                f"{given[index]}",
                Picture("what was handed over", image, index),
                Picture("the same, after the call", given, index),
            )


@_replayable
def check_scheme_is_deterministic(scheme: Scheme) -> None:
    """Require the same result for the same image and key, whatever came between."""
    images = scheme.images()
    first = [scheme.encrypted(images, key) for key in scheme.keys]
    for key, before in zip(scheme.keys, first, strict=True):
        again = scheme.encrypted(images, key)
        different = np.argwhere(before != again)
        if len(different):
            image, *place = (int(k) for k in different[0])
            pixels = int((before[image] != again[image]).sum())
            raise CounterexampleError(
                f"{scheme.under(key)}: encrypting image {image} twice gives {pixels} different "
                "pixels",
                Picture(f"image {image}", images[image]),
                Picture("encrypted", before[image], tuple(place)),
                Picture("encrypted again", again[image], tuple(place)),
            )


@_replayable
def check_scheme_uses_its_key(scheme: Scheme) -> None:
    """Require different results for different keys, and of a single one that it changes images."""
    if len(scheme.keys) < 2:
        (key,), images = scheme.keys, scheme.images()
        if np.array_equal(scheme.encrypted(images, key), images):
            raise CounterexampleError(
                f"{scheme.under(key)}, its only one, all images come back as they were: nothing is "
                "tested",
                Picture("image 0, and its encryption", images[0]),
            )
        raise unittest.SkipTest("needs two keys")
    results = [scheme.encrypted(scheme.images()[:3], key) for key in scheme.keys]
    for (i, a), (j, b) in combinations(enumerate(results), 2):
        if np.array_equal(a, b):
            raise CounterexampleError(
                f"{scheme.under(scheme.keys[i])} and {scheme.under(scheme.keys[j])} three images "
                "become the same",
                Picture("image 0", scheme.images()[0]),
                Picture("encrypted under either key", a[0]),
            )


@_replayable
def check_scheme_is_one_map_for_all_images(scheme: Scheme) -> None:
    """Require that the result depends on the pixels in one affine way, the same for every image.

    If four images satisfy ``a + b = c + d`` pixel by pixel, so must their encryptions.
    """
    rng = np.random.default_rng(scheme.seed)
    for key, (i, j) in product(scheme.keys, ((0, 1), (0, 3), (1, 4), (6, 7), (2, 5))):
        a, b = scheme.images()[[i, j]].astype(np.int64)
        low, high = np.maximum(a + b - 255, 0), np.minimum(a + b, 255)
        c = low + np.rint((high - low) * rng.random(scheme.shape)).astype(np.int64)
        quadruple = np.stack([a, b, c, a + b - c]).astype(np.uint8)
        p, q, r, s = scheme.encrypted(quadruple, key).astype(np.int64)
        wrong = np.argwhere(p + q != r + s)
        if len(wrong):
            index = tuple(int(k) for k in wrong[0])
            raise CounterexampleError(
                f"{scheme.under(key)}: a + b = c + d, but at {index} of the encrypted images "
                f"{p[index]} + {q[index]} is not {r[index]} + {s[index]}; {len(wrong)} of {p.size} "
                "pixels are wrong: the map depends on the image, or is not affine",
                *(
                    Picture(f"{name}, encrypted", image.astype(np.uint8), index)
                    for name, image in zip("abcd", (p, q, r, s), strict=True)
                ),
            )


@_replayable
def check_scheme_loses_no_pixel(scheme: Scheme) -> None:
    """Require that every pixel appears once in the result, as it is or negated."""
    for key in scheme.keys:
        images = scheme.images()
        encrypted = scheme.encrypted(images, key)
        before, after = _levels(images), _levels(encrypted)
        wrong = np.flatnonzero((np.sort(before, axis=1) != np.sort(after, axis=1)).any(axis=1))
        if wrong.size:
            counts = [
                np.bincount(row, minlength=256) for row in (before[wrong[0]], after[wrong[0]])
            ]
            level = int(np.argmax(counts[0] != counts[1]))
            x = (255 + level) // 2
            raise CounterexampleError(
                f"{scheme.under(key)}: image {wrong[0]} has {counts[0][level]} pixels of grey "
                f"level {255 - x} or {x}, its encryption has {counts[1][level]}",
                *_pair(int(wrong[0]), images, encrypted),
            )


@_replayable
def check_scheme_preserves_distances(scheme: Scheme) -> None:
    """Require the same squared distances of raw pixels, in integers."""
    _each_key(scheme, assert_isometry)


@_replayable
def check_scheme_preserves_mid_grey_inner_products(scheme: Scheme) -> None:
    """Require the same inner products of pixels centred at mid-grey, doubled: ``2 x - 255``."""

    def compare(plain: Images, encrypted: Images) -> None:
        doubled = [2 * b.reshape(len(b), -1).astype(np.int64) - 255 for b in (plain, encrypted)]
        before, after = (rows @ rows.T for rows in doubled)
        wrong = np.argwhere(before != after)
        if len(wrong):
            i, j = (int(k) for k in wrong[0])
            raise DifferenceError(
                f"the inner product of 2 x - 255 for images {i} and {j} is {before[i, j]} plain, "
                f"{after[i, j]} encrypted",
                (i, j),
            )

    _each_key(scheme, compare)


@_replayable
def check_scheme_preserves_z_score_gram_matrix(scheme: Scheme) -> None:
    """Require the same bits for inner products of z-scores, fitted on seven of eight images.

    The z-score is that of integer numerators and the Gram matrix does not depend on the order of
    the features, so that nothing is hidden by, or put down to, rounding.
    """

    def compare(plain: Images, encrypted: Images) -> None:
        grams = []
        for batch in (plain, encrypted):
            rows = batch.reshape(len(batch), -1)
            grams.append(exact_gram(PixelStatistics(rows[:-1]).z_score(rows)))
        assert_bitwise_equal(grams[1], grams[0])

    _each_key(scheme, compare)


@_replayable
def check_scheme_keeps_blocks_together(scheme: Scheme) -> None:
    """Require that blocks move, and are negated, as a whole: flat blocks stay flat."""
    if scheme.block is None:
        raise unittest.SkipTest("the scheme claims no block size")
    side = scheme.block
    if side == 1 and len(scheme.shape) == 2:
        raise unittest.SkipTest("blocks of one grey pixel have no parts that could differ")
    rows, columns = scheme.shape[0] // side, scheme.shape[1] // side
    channels = scheme.shape[2:]
    rng = np.random.default_rng(scheme.seed)
    for key in scheme.keys:
        levels = rng.integers(0, 256, (3, rows, columns), dtype=np.uint8)
        flat_blocks = levels.repeat(side, axis=1).repeat(side, axis=2)
        if channels:
            flat_blocks = np.repeat(flat_blocks[..., None], channels[0], axis=-1)
        encrypted = scheme.encrypted(flat_blocks, key)
        tiles = encrypted.reshape(3, rows, side, columns, side, -1)
        corners = tiles[:, :, :1, :, :1, :1]
        torn = np.argwhere((tiles != corners).any(axis=(0, 2, 4, 5)))
        if len(torn):
            row, column = (int(k) for k in torn[0])
            raise CounterexampleError(
                f"{scheme.under(key)}: images of flat blocks, {side} x {side}, give blocks that "
                f"are not flat, first in block row {row} and column {column}; "
                f"{len(torn)} of {rows * columns} blocks",
                *_pair(0, flat_blocks, encrypted, (row * side, column * side)),
            )


@_replayable
def check_scheme_decrypts(scheme: Scheme) -> None:
    """Require that decryption gives back the image."""
    if scheme.decrypt is None:
        raise unittest.SkipTest("the scheme has no 'decrypt'")
    for key in scheme.keys:
        images = scheme.images()
        encrypted = scheme.encrypted(images, key)
        restored = scheme.decrypted(encrypted, key)
        different = np.argwhere(restored != images)
        if len(different):
            image, *index = (int(k) for k in different[0])
            raise CounterexampleError(
                f"{scheme.under(key)}: decrypting gives {len(different)} of {images.size} pixels "
                f"wrong, the first in image {image} at {tuple(index)}",
                *_pair(image, images, encrypted),
                Picture(f"image {image}, decrypted", restored[image], tuple(index)),
            )


@_replayable
def check_scheme_keeps_decisions(scheme: Scheme) -> None:
    """Require the same decisions of SVMs and k-NN for every query after z-score normalization.

    Images of noise with random labels: what is learnt hangs on all distances alike, so a scheme
    that distorts some of them changes decisions.
    """
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    rng = np.random.default_rng(scheme.seed)
    images = rng.integers(0, 256, (N_LEARNING_IMAGES, *scheme.shape), dtype=np.uint8)
    labels = rng.permutation(np.arange(N_LEARNING_IMAGES) % 2)
    training = np.arange(N_LEARNING_IMAGES // 2)
    for key in scheme.keys:
        encrypted = scheme.encrypted(images, key)
        telling = False
        for model in (SVC(kernel="linear"), SVC(), SVC(kernel="poly"), KNeighborsClassifier()):
            pipeline = make_pipeline(StandardScaler(), model)
            answers = decisions(
                pipeline, images, encrypted, labels, training, caller="check_scheme_keeps_decisions"
            )
            try:
                raise_if_different(pipeline, *answers)
            except DifferenceError as error:
                query = int(np.delete(np.arange(N_LEARNING_IMAGES), training)[error.place[0]])
                raise _under_key(scheme, key, error, *_pair(query, images, encrypted)) from None
            telling |= not same_answer(answers[0])
        if not telling:
            raise unittest.SkipTest(f"images of shape {scheme.shape} are all decided alike")


@_replayable
def check_scheme_probes_as_signed_permutation(scheme: Scheme) -> None:
    """Require that the probe reads off a bijective signed permutation under every key.

    Every pixel is shown every grey level, so one wrong level of one pixel is found.
    """
    from etcprops.probing import probe

    for key in scheme.keys:
        report = probe(scheme.encrypt, scheme.shape, keys=[key], seed=scheme.seed)
        if not report.ok:
            shown = "" if report.witness is None else f" {report.witness.detail}"
            text = f"{scheme.under(key)}: {report.kind}: {report.reason}{shown}"
            raise CounterexampleError(text, *_pictures_of_probe(report.witness))


def _pictures_of_probe(witness: MapWitness | None) -> list[Picture]:
    """Return the images of a probe's witness that are images of 8 bits."""
    if witness is None:
        return []
    shown = [Picture("first image", witness.first), Picture("second image", witness.second)]
    names = "first result", "second result"
    for name, image in zip(names, witness.outputs or (), strict=False):
        shown.append(Picture(name, image, witness.pixel))
    colours = {(), (3,)}
    return [p for p in shown if p.pixels.dtype == np.uint8 and p.pixels.shape[2:] in colours]


def _each_key(scheme: Scheme, compare: Callable[[Images, Images], None]) -> None:
    """Compare the images with their encryption under each key."""
    for key in scheme.keys:
        images = scheme.images()
        encrypted = scheme.encrypted(images, key)
        try:
            compare(images, encrypted)
        except DifferenceError as error:
            pairs = [_pair(i, images, encrypted) for i in dict.fromkeys(error.place)]
            raise _under_key(scheme, key, error, *chain(*pairs)) from None


CHECKS: Final[dict[str, SchemeCheck]] = {
    check.__name__.removeprefix("check_scheme_"): check
    for check in (
        check_scheme_keeps_shape_and_dtype,
        check_scheme_leaves_its_input_alone,
        check_scheme_is_deterministic,
        check_scheme_uses_its_key,
        check_scheme_is_one_map_for_all_images,
        check_scheme_loses_no_pixel,
        check_scheme_preserves_distances,
        check_scheme_preserves_mid_grey_inner_products,
        check_scheme_preserves_z_score_gram_matrix,
        check_scheme_keeps_blocks_together,
        check_scheme_decrypts,
        check_scheme_keeps_decisions,
        check_scheme_probes_as_signed_permutation,
    )
}
"""Every check by its name, which is that of its function without ``check_scheme_``."""
