"""The bound on inner products: never passed, by libjpeg or an exact codec, and nearly reached."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from jpegs import through_jpeg
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, encrypt
from etcprops.datasets import load_digits_images
from etcprops.formats import libjpeg
from etcprops.formats.deviation import EXACT, CodecErrors, gram_deviation_bound, libjpeg_errors
from etcprops.formats.exact_jpeg import code_exactly
from etcprops.formats.quantization import exact_table, standard_table

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
KEY = EtCKey.from_secret(BlockGeometry(32, 32), "deviation")


def large_digits(count: int = 40) -> Pixels:
    return np.kron(load_digits_images().images[:count], np.ones((1, 4, 4), dtype=np.uint8))


def noise(count: int = 20) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32), dtype=np.uint8)


def through_exact_codec(images: Pixels, quality: int) -> Pixels:
    """Code exactly, decode by the orthonormal transform, and round to the nearest pixel."""
    decoded = np.empty_like(images)
    for index, image in enumerate(images):
        coded = code_exactly(image, quality=quality)
        blocks = idctn(coded.planes[0] * coded.tables[0], axes=(2, 3), norm="ortho")
        pixels = 128 + blocks.swapaxes(1, 2).reshape(image.shape)
        decoded[index] = np.rint(pixels).clip(0, 255)
    return decoded


def gram(images: Pixels) -> Floats:
    rows = images.reshape(len(images), -1) - 127.5
    return np.asarray(rows @ rows.T)


@pytest.mark.parametrize("images", [large_digits(), noise()], ids=["digits", "noise"])
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_libjpeg_stays_within_the_bound(images: Pixels, quality: int) -> None:
    table = standard_table(quality)
    moved = np.abs(gram(through_jpeg(images, quality)) - gram(images))
    assert (moved <= gram_deviation_bound(images, table, libjpeg_errors(table))).all()


@pytest.mark.parametrize("images", [large_digits(), noise()], ids=["digits", "noise"])
@pytest.mark.parametrize("quality", [10, 50, 90])
def test_an_exact_codec_stays_within_its_bound(images: Pixels, quality: int) -> None:
    moved = np.abs(gram(through_exact_codec(images, quality)) - gram(images))
    assert (moved <= gram_deviation_bound(images, exact_table(quality), EXACT)).all()


def test_compressed_plain_and_compressed_encrypted_images_are_within_both_bounds() -> None:
    images = large_digits()
    hidden, table = encrypt(images, KEY), standard_table(60)
    apart = np.abs(gram(through_jpeg(images, 60)) - gram(through_jpeg(hidden, 60)))
    errors = libjpeg_errors(table)
    both = gram_deviation_bound(images, table, errors) + gram_deviation_bound(hidden, table, errors)
    assert apart.max() > 0
    assert (apart <= both).all()


def test_a_block_just_above_half_of_every_step_nearly_reaches_it() -> None:
    table, margin = standard_table(50), 0.8
    rng = np.random.default_rng(0)
    closest = 0.0
    for _ in range(100):
        signs = rng.choice([-1, 1], (8, 8))
        pixels = np.rint(128 + idctn((table / 2 + margin) * signs, norm="ortho"))
        if pixels.min() < 0 or pixels.max() > 255:
            continue
        block = pixels.astype(np.uint8)[None]
        moved = np.abs(gram(through_jpeg(block, 50)) - gram(block))
        bound = gram_deviation_bound(block, table, libjpeg_errors(table))
        assert moved <= bound
        closest = max(closest, float((moved / bound)[0, 0]))
    assert closest > 0.85


def test_the_errors_of_libjpeg_are_bounded_on_any_blocks() -> None:
    # Extreme blocks beside noise: each pixel black or white.
    rng = np.random.default_rng(0)
    extreme = 255 * rng.integers(0, 2, (2000, 8, 8), dtype=np.uint8)
    blocks = np.concatenate([rng.integers(0, 256, (2000, 8, 8), dtype=np.uint8), extreme])
    table = standard_table(85)
    errors = libjpeg_errors(table)
    true = dctn(blocks - 128.0, axes=(1, 2), norm="ortho")
    found = np.abs(libjpeg.forward(blocks) / 8 - true).max()
    assert errors.coding / 3 < found <= errors.coding
    levels = libjpeg.coded(blocks, table)
    exact = 128 + idctn(levels * table.astype(np.float64), axes=(1, 2), norm="ortho")
    found = np.abs(libjpeg.decoded(levels, table) - exact.clip(0, 255)).max()
    assert 0.5 < found <= errors.decoding


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"images": noise().astype(np.float64)}, "images"),
        ({"images": noise()[0]}, "images"),
        ({"images": noise()[:, :30]}, "images"),
        ({"table": np.zeros((8, 8), dtype=np.int64)}, "table"),
        ({"errors": CodecErrors(-1.0, 0.5)}, "errors"),
    ],
)
def test_bad_parameters(changed: dict[str, Any], parameter: str) -> None:
    good: dict[str, Any] = {"images": noise(), "table": standard_table(50)}
    with pytest.raises(InvalidParameterError, match=f"'{parameter}' parameter of gram_deviation"):
        gram_deviation_bound(**(good | changed))
