"""Images of Pillow where arrays are taken: as their arrays, or refused, never something else."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import NearestNeighbors

from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    attack,
    audit,
    crop_to_blocks,
    decrypt,
    encrypt,
    pad_to_blocks,
    read_image,
    recover_from_pairs,
)
from etcprops.datasets import make_synthetic_faces
from etcprops.formats.exact_jpeg import code_exactly
from etcprops.testing import assert_isometry, different_decisions

GREY = np.random.default_rng(0).integers(0, 256, (16, 24), dtype=np.uint8)
RGB = np.random.default_rng(1).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def turned() -> Image.Image:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: of the same size
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", exif=exif)
    return Image.open(file)


def with_transparent_colour() -> Image.Image:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG", transparency=(0, 0, 0))
    return Image.open(file)


UNLIKE: dict[str, tuple[Any, str]] = {
    "palette": (lambda: Image.fromarray(RGB).quantize(200), "of mode P, not L or RGB"),
    "alpha": (lambda: Image.fromarray(np.dstack([RGB, GREY])), "of mode RGBA, not L or RGB"),
    "bits": (lambda: Image.fromarray(GREY > 9), "of mode 1, not L or RGB"),
    "16 bits": (lambda: Image.fromarray(GREY.astype(np.uint16) * 257), "of mode I;16"),
    "CMYK": (lambda: Image.fromarray(RGB).convert("CMYK"), "of mode CMYK"),
    "turned": (turned, "that its EXIF turns"),
    "transparent colour": (with_transparent_colour, "with transparency"),
}


@pytest.mark.parametrize("pixels", [GREY, RGB], ids=["grey", "RGB"])
def test_images_of_pillow_are_their_pixels(pixels: Any) -> None:
    key = EtCKey.from_secret(BlockGeometry.for_image(pixels), "a photograph")
    encrypted = encrypt(Image.fromarray(pixels), key)
    assert np.array_equal(encrypted, encrypt(pixels, key))
    assert np.array_equal(decrypt(Image.fromarray(encrypted), key), pixels)
    batch = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    assert np.array_equal(encrypt(batch, key), encrypt(np.stack([pixels, 255 - pixels]), key))


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
@pytest.mark.parametrize("function", ["encrypt", "decrypt", "attack"])
@pytest.mark.parametrize("name", UNLIKE)
def test_images_unlike_their_arrays_are_refused(name: str, function: str, *, many: bool) -> None:
    make, what = UNLIKE[name]
    image: Any = [make(), make()] if many else make()
    keys = {
        image.mode: EtCKey.from_secret(BlockGeometry.for_image(pixels), "a photograph")
        for image, pixels in ((Image.fromarray(p), p) for p in (GREY, RGB))
    }
    got = f"Got a Pillow image {what}.*; etcprops.read_image gives its pixels"
    for key in keys.values():
        with pytest.raises(InvalidParameterError, match=got):
            attack(image) if function == "attack" else (
                encrypt(image, key) if function == "encrypt" else decrypt(image, key)
            )


@pytest.mark.parametrize("path", ["sea.png", Path("sea.png"), ["sea.png"]], ids=repr)
def test_paths_are_read_by_read_image(path: Any) -> None:
    key = EtCKey.from_secret(BlockGeometry(16, 24), "a photograph")
    for call in (lambda: encrypt(path, key), lambda: decrypt(path, key), lambda: attack(path)):
        with pytest.raises(InvalidParameterError, match=r"etcprops.read_image\('sea.png'\) gives"):
            call()


KEY = EtCKey.from_secret(BlockGeometry(16, 24), "a photograph")
DOORS: dict[str, Callable[[Any], object]] = {
    "for_image": BlockGeometry.for_image,
    "crop_to_blocks": lambda image: crop_to_blocks(image).tobytes(),
    "pad_to_blocks": lambda image: pad_to_blocks(image).image.tobytes(),
    "recover_from_pairs": lambda image: recover_from_pairs(image, image, KEY.geometry).bits_left,
    "recover_from_pairs of lists": lambda i: recover_from_pairs([i], [i], KEY.geometry).bits_left,
    "code_exactly": code_exactly,
    "audit": lambda image: (
        audit(
            NearestNeighbors(), [image, *[np.roll(GREY, i) for i in range(5)]], None, KEY,
            protection=False, runs=0,
        ).comparison
    ),
    "assert_isometry": lambda image: assert_isometry([image, GREY[::-1]], [image, GREY[::-1]]),
    "different_decisions": lambda image: (
        different_decisions(DummyClassifier(), [image] * 4, [image] * 4, [0, 1, 0, 1], [0, 1]).sum()
    ),
}  # fmt: skip
"""Every public function that takes images, besides those above, by what it gives."""


@pytest.mark.parametrize("door", DOORS)
def test_the_rule_is_the_same_at_every_door(door: str) -> None:
    assert DOORS[door](Image.fromarray(GREY)) == DOORS[door](GREY)
    for given, got in (
        (Image.fromarray(RGB).quantize(200), "Got a Pillow image of mode P, not L or RGB"),
        ("sea.png", r"Got a path; etcprops.read_image\('sea.png'\) gives its pixels"),
    ):
        with pytest.raises(InvalidParameterError, match=got):
            DOORS[door](given)


def test_read_image_makes_of_them_what_encrypt_takes() -> None:
    key = EtCKey.from_secret(BlockGeometry.for_image(RGB), "a photograph")
    assert np.array_equal(encrypt(read_image(turned()), key), encrypt(RGB[::-1, ::-1], key))


def test_other_things_with_an_array_are_taken() -> None:
    class Tensor:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return GREY

    key = EtCKey.from_secret(BlockGeometry.for_image(GREY), "a photograph")
    assert np.array_equal(encrypt(Tensor(), key), encrypt(GREY, key))


def test_a_list_of_images_can_be_attacked() -> None:
    faces = make_synthetic_faces(people=3, lights=16, height=64, width=48)
    encrypted = encrypt(faces.images, EtCKey.from_secret(faces.geometry, "an example"))
    assert attack([Image.fromarray(image) for image in encrypted]).recovered
