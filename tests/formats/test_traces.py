"""What JPEG leaves in pixels: found where it was, at its quality, and nowhere else."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, Step, encrypt
from etcprops.formats import traces
from etcprops.formats.traces import find_jpeg

Pixels = NDArray[np.uint8]
QUALITIES = (15, 50, 75, 90, 97)


def through(image: Pixels, codec: str = "jpeg", **options: Any) -> Pixels:
    file = BytesIO()
    Image.fromarray(image).save(file, codec, **options)
    return np.asarray(Image.open(file).convert("RGB" if image.ndim == 3 else "L"))


def textured(*shape: int, seed: int = 0) -> Pixels:
    """Noise that is smooth as photographs are, and touches neither black nor white."""
    noise = np.random.default_rng(seed).normal(size=shape)
    widths = (1.5, 1.5, *(0,) * (len(shape) - 2))
    smooth = gaussian_filter(noise, widths) + 0.05 * noise
    scaled: Pixels = np.rint(128 + 100 * smooth / np.abs(smooth).max()).astype(np.uint8)
    return scaled


@pytest.mark.sampled(3)
@pytest.mark.parametrize("quality", QUALITIES)
def test_the_quality_of_grey_images_is_read_off(quality: int) -> None:
    found = find_jpeg(through(textured(96, 96), quality=quality))
    assert found is not None
    assert found.qualities == (quality,)
    assert not found.turned
    assert str(found) == f"JPEG of quality {quality}"


@pytest.mark.sampled(4)
@pytest.mark.parametrize("quality", [50, 75, 90])
@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_quality_and_sub_sampling_of_colour_images(quality: int, sampling: str) -> None:
    image = through(textured(128, 128, 3), quality=quality, subsampling=sampling)
    found = find_jpeg(image)
    assert found is not None
    assert (found.qualities, found.sampling) == ((quality,), sampling)


def test_steps_are_those_of_the_file_where_images_tell() -> None:
    file = BytesIO()
    Image.fromarray(textured(96, 96)).save(file, "jpeg", quality=60)
    decoded = Image.open(file)
    table = np.array(decoded.quantization[0]).reshape(8, 8)  # type: ignore[attr-defined]
    found = find_jpeg(np.asarray(decoded))
    assert found is not None
    told = found.steps > 0
    assert told.sum() > 20
    assert np.array_equal(found.steps[told], table[told])


def test_a_table_off_the_scale_is_called_that() -> None:
    steps = [7 + 2 * (i % 13) for i in range(64)]
    file = BytesIO()
    Image.fromarray(textured(96, 96)).save(file, "jpeg", qtables=[steps])
    found = find_jpeg(np.asarray(Image.open(file)))
    assert found is not None
    assert found.qualities == ()
    assert "off libjpeg's scale" in str(found)


def test_steps_that_finer_ones_divide_are_not_taken_for_these() -> None:
    # All 20: the table of quality 99, of steps 1 and 2, explains every coefficient as well.
    tiles = textured(96, 96).reshape(12, 8, 12, 8).swapaxes(1, 2) - 128.0
    coarse = 20 * np.rint(dctn(tiles, axes=(2, 3), norm="ortho") / 20)
    pixels = idctn(coarse, axes=(2, 3), norm="ortho").swapaxes(1, 2).reshape(96, 96) + 128
    found = find_jpeg(np.rint(pixels).clip(0, 255).astype(np.uint8))
    assert found is not None
    assert set(found.steps[found.steps > 0].tolist()) == {20}
    assert found.qualities == ()


@pytest.mark.parametrize("block", [8, 16])
def test_encryption_after_compression_hides_nothing(block: int) -> None:
    key = EtCKey.from_secret(BlockGeometry(96, 96, block=block), "traces")
    found = find_jpeg(encrypt(through(textured(96, 96), quality=75), key))
    assert found is not None
    assert found.qualities == (75,)
    assert found.turned


def test_blocks_that_cut_those_of_jpeg_hide_it() -> None:
    key = EtCKey.from_secret(BlockGeometry(96, 96, block=4), "traces", steps=[Step.PERMUTATION])
    assert find_jpeg(encrypt(through(textured(96, 96), quality=75), key)) is None


def uncompressed() -> dict[str, Pixels]:
    """Images without JPEG that have something of it: smooth, of few levels, of flat tiles."""
    image = textured(96, 96)
    tiles = image.reshape(12, 8, 12, 8).swapaxes(1, 2).astype(np.float64)
    spectrum = dctn(tiles, axes=(2, 3), norm="ortho")
    spectrum[..., 3:, :] = 0
    spectrum[..., 3:] = 0
    low = idctn(spectrum, axes=(2, 3), norm="ortho").swapaxes(1, 2).reshape(96, 96)
    row, column = np.mgrid[:96, :96]
    return {
        "texture": image,
        "colour": textured(96, 96, 3),
        **{f"levels of {step}": image // step * step + step // 2 for step in (2, 8, 16, 64)},
        **{f"tiles of {k}": np.kron(image[::k, ::k], np.ones((k, k), np.uint8)) for k in (2, 4, 8)},
        "blurred": gaussian_filter(image, 2),
        "blurred levels": gaussian_filter(image // 32 * 32, 1),
        "low frequencies": np.rint(low).clip(0, 255).astype(np.uint8),
        "gradient": (row + column + 30).astype(np.uint8),
        "webp": through(image, "webp", quality=60),
        "jpeg 2000": through(image, "jpeg2000", quality_mode="rates", quality_layers=[20]),
        "moved grid": through(image, quality=75)[3:, 5:],
        "black and white": (image > 128).astype(np.uint8) * np.uint8(255),
        "flat": np.full((96, 96), 100, dtype=np.uint8),
        "too small": image[:7, :7],
        "none": np.zeros((0, 8, 8), dtype=np.uint8),
    }


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", uncompressed())
def test_nothing_is_named_that_was_not_there(name: str) -> None:
    assert find_jpeg(uncompressed()[name]) is None


def test_noise_is_refuted_by_its_first_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(traces, "_on_the_scale", never)
    noise = np.random.default_rng(0).integers(1, 255, (64, 64), dtype=np.uint8)
    assert find_jpeg(noise) is None


def test_few_blocks_of_many_images_are_enough() -> None:
    images = np.stack([through(textured(8, 8, seed=i), quality=80) for i in range(12)])
    found = find_jpeg(images)
    assert found is not None
    assert 80 in found.qualities


@pytest.mark.parametrize("images", [[[1]], np.zeros(8, np.uint8), np.zeros((8, 8))])
def test_bad_images(images: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'images' parameter of find_jpeg"):
        find_jpeg(images)
