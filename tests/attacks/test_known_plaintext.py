"""What pairs of plain and encrypted images give away of a key."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from etcprops import BlockGeometry, EtCKey, encrypt, probe, recover_from_pairs


@pytest.mark.parametrize("channels", [1, 3])
def test_a_random_pair_gives_the_key_away(channels: int) -> None:
    geometry = BlockGeometry(16, 24, channels=channels, block=4)
    key = EtCKey.from_secret(geometry, "known plaintext")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    found = recover_from_pairs(image, encrypt(image, key), geometry)
    assert found.determined.all()
    assert found.bits_left == 0
    assert found.key == key


@pytest.mark.parametrize("channels", [1, 3])
def test_what_pairs_leave_open_is_said(channels: int) -> None:
    geometry = BlockGeometry(16, 16, channels=channels, block=4)
    key = EtCKey.from_secret(geometry, "known plaintext")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    image[:4, :4] = 40  # constant
    image[4:8, 4:8] = image[7:3:-1, 4:8][::-1]
    image[6:8, 4:8] = image[5:3:-1, 4:8]  # symmetric
    image[8:12, 8:12] = image[12:16, 12:16]  # twins
    found = recover_from_pairs(image, encrypt(image, key), geometry)
    assert found.constant.sum() == 1
    assert found.symmetric.sum() == 1
    assert found.twins.sum() == 2
    assert found.determined.sum() == geometry.n_blocks - 4
    constant, symmetric, twins = 3 + (np.log2(6) if channels == 3 else 0), 1, 1
    assert found.bits_left == pytest.approx(constant + symmetric + twins)
    assert found.key is not None
    assert np.array_equal(encrypt(image, found.key), encrypt(image, key))


def test_pairs_of_another_function_are_unexplained() -> None:
    geometry = BlockGeometry(16, 16, block=4)
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    found = recover_from_pairs(image, image ^ np.uint8(77), geometry)
    assert found.unexplained.all()
    assert found.key is None
    assert found.bits_left == np.inf


def test_single_pixels_are_not_called_constant() -> None:
    geometry = BlockGeometry(8, 8, block=1)
    key = EtCKey.from_secret(geometry, "single pixels", steps=("permutation", "negatives"))
    images = np.random.default_rng(0).integers(0, 256, (8, 8, 8), dtype=np.uint8)
    found = recover_from_pairs(images, encrypt(images, key), geometry)
    assert not found.constant.any()
    assert found.determined.all()
    assert "constant" not in str(found)


def test_nothing_that_fits_is_said_without_bits() -> None:
    geometry = BlockGeometry(16, 16, block=4)
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    assert str(recover_from_pairs(image, image ^ np.uint8(77), geometry)).startswith("no key fits")


STEPS = [
    ("permutation",),
    ("negatives",),
    ("permutation", "transforms"),
    ("permutation", "negatives"),
    ("permutation", "transforms", "negatives"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("shape", [(24, 32), (24, 32, 3)])
def test_the_key_is_that_of_the_probe(steps: tuple[str, ...], shape: tuple[int, ...]) -> None:
    channels = shape[2] if len(shape) == 3 else 1
    geometry = BlockGeometry(*shape[:2], channels=channels, block=8)
    key = EtCKey.from_secret(geometry, "both know it", steps=steps)
    image = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    found = recover_from_pairs(image, encrypt(image, key), geometry)
    assert found.key == probe(encrypt, shape, keys=[key], quick=True).key == key


def picture(shape: tuple[int, ...], seed: int) -> NDArray[np.uint8]:
    """Return a smooth picture with edges and some texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    layers = []
    for _ in range(shape[2] if len(shape) == 3 else 1):
        waves = sum(
            a * np.sin(b * y + c * x + d)
            for a, b, c, d in rng.uniform(0, 1, (12, 4)) * [20, 1, 1, 6]
        )
        layers.append(128 + waves + 40 * ((x * rng.random() + y * rng.random()) % 30 > 15))
    image = np.clip(np.stack(layers, -1), 0, 255).astype(np.uint8)
    return np.asarray(image if len(shape) == 3 else image[..., 0])


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("shape", [(128, 128), (64, 64, 3)])
def test_pairs_that_went_through_jpeg(shape: tuple[int, ...], quality: int) -> None:
    channels = shape[2] if len(shape) == 3 else 1
    geometry = BlockGeometry(*shape[:2], channels=channels, block=16)
    key = EtCKey.from_secret(geometry, "through a codec")
    image = picture(shape, 2)
    file = io.BytesIO()
    Image.fromarray(encrypt(image, key)).save(file, "jpeg", quality=quality, subsampling=0)
    coded = np.asarray(Image.open(file))
    found = recover_from_pairs(image, coded, geometry)
    assert found.share > 0.9
    assert 0 < found.noise < 20
    for step in ("permutation", "transforms", "negatives"):
        here, there = getattr(found, step), getattr(key, step)
        assert np.array_equal(here[found.determined], there[found.determined])
    assert "grey levels off" in str(found)


@pytest.mark.parametrize("share", [1 / 4096, 0.01, 0.1, 0.2])
def test_wrong_pixels_are_borne(share: float) -> None:
    geometry = BlockGeometry(64, 64, block=8)
    key = EtCKey.from_secret(geometry, "wrong pixels")
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, geometry.shape, dtype=np.uint8)
    wrong = encrypt(image, key)
    places = rng.choice(wrong.size, max(1, int(share * wrong.size)), replace=False)
    wrong.reshape(-1)[places] = rng.integers(0, 256, places.size)
    found = recover_from_pairs(image, wrong, geometry)
    assert found.determined.all()
    assert found.key == key
    assert found.noise > 0


def test_noise_alone_names_no_key() -> None:
    geometry = BlockGeometry(64, 64, block=8)
    rng = np.random.default_rng(4)
    image, other = rng.integers(0, 256, (2, 64, 64), dtype=np.uint8)
    found = recover_from_pairs(image, other, geometry)
    assert not found.determined.any()
    assert found.key is None
