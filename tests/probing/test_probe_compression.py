"""JPEG inside a function is named with its quality and sub-sampling, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.probing import MapKind, probe

Image = NDArray[Any]
Function = Callable[[Image, int], Image]


def through(image: Image, codec: str, **options: Any) -> Image:
    file = BytesIO()
    Picture.fromarray(image).save(file, codec, **options)
    return np.asarray(Picture.open(file).convert("RGB" if image.ndim == 3 else "L"))


def scrambled(image: Image, block: int, key: int) -> Image:
    channels = 3 if image.ndim == 3 else 1
    geometry = BlockGeometry(*image.shape[:2], channels=channels, block=block)
    return encrypt(image, EtCKey.from_secret(geometry, f"key {key}"))


def compressing(*, before: int = 0, after: int = 0, **options: Any) -> Function:
    """Return a function that encrypts blocks of these sizes before and after JPEG."""

    def function(image: Image, key: int) -> Image:
        first = scrambled(image, before, key) if before else image
        there = through(first, "jpeg", **(options if image.ndim == 3 else options | SAME))
        return scrambled(there, after, key) if after else there

    return function


SAME = {"subsampling": -1}
"""Grey images have no sub-sampling to choose."""


def named(function: Function, *shape: int) -> list[str]:
    report = probe(function, shape, keys=1, isolation="alarm")
    assert report.kind is MapKind.NON_LINEAR
    return [finding for finding in report.findings if "JPEG" in finding]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("blocks", [{"before": 16}, {"after": 8}], ids=["before", "after"])
@pytest.mark.parametrize("quality", [50, 75, 90])
def test_the_quality_of_grey_images_is_named(quality: int, blocks: dict[str, int]) -> None:
    (finding,) = named(compressing(quality=quality, **blocks), 32, 32)
    assert finding.startswith(f"JPEG of quality {quality} stands in it")


@pytest.mark.sampled(5)
@pytest.mark.parametrize("blocks", [{"before": 16}, {"after": 8}], ids=["before", "after"])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("quality", [50, 75, 90])
def test_quality_and_sub_sampling_of_colour_images_are_named(
    quality: int, sampling: str, blocks: dict[str, int]
) -> None:
    function = compressing(quality=quality, subsampling=sampling, **blocks)
    (finding,) = named(function, 32, 32, 3)
    assert finding.startswith(f"JPEG of quality {quality}, {sampling} stands in it")


def test_columns_of_which_two_share_their_hue() -> None:
    (finding,) = named(compressing(quality=80, subsampling="4:2:2"), 32, 32, 3)
    assert finding.startswith("JPEG of quality 80, 4:2:2 stands in it")


@pytest.mark.thorough
def test_blocks_that_cut_those_of_jpeg_leave_the_old_sign() -> None:
    def finely(image: Image, key: int) -> Image:
        return scrambled(through(image, "jpeg", quality=75), 4, key)

    (finding,) = named(finely, 32, 32)
    assert "lossy compression such as JPEG" in finding


def products(image: Image, _key: int) -> Image:
    wide = image.astype(np.int64)
    return np.asarray((wide * wide[::-1] // 255 // 16 * 16).astype(np.uint8))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "function",
    [
        lambda image, _: gaussian_filter(image, 1),
        lambda image, _: gaussian_filter(image // 32 * 32, 1),
        lambda image, _: through(image, "webp", quality=75),
        lambda image, _: through(image, "jpeg2000", quality_mode="rates", quality_layers=[8]),
        products,
    ],
    ids=["blurred", "blurred levels", "webp", "jpeg 2000", "products of few levels"],
)
def test_other_functions_are_not_called_jpeg(function: Function) -> None:
    report = probe(function, (32, 32), keys=1, isolation="alarm")
    assert report.kind is MapKind.NON_LINEAR
    assert not [finding for finding in report.findings if "quality" in finding]
