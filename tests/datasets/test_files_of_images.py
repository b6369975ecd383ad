"""Folders of image files as data sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from etcprops import InvalidParameterError
from etcprops.datasets import load_images
from etcprops.formats.codecs import Codec
from etcprops.formats.files import FileSettings
from etcprops.formats.folders import run_files

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 24), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, (image, label) in enumerate(zip(IMAGES, "aabbb", strict=True)):
        (tmp_path / "set" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "set" / label / f"{number}.png")
    (tmp_path / "set" / "notes").mkdir()
    (tmp_path / "set" / "a" / "notes.txt").write_text("no image")
    return tmp_path / "set"


def test_folders_are_classes(folder: Path) -> None:
    found = load_images(str(folder))
    assert found.name == "set"
    assert np.array_equal(found.images, IMAGES)
    assert found.labels.tolist() == [0, 0, 1, 1, 1]
    assert found.geometry.shape == (16, 24)


@pytest.mark.parametrize("codec", [Codec(), Codec("jp2")], ids=lambda codec: codec.format)
def test_encrypted_folders_are_data_sets_as_plain_ones(
    folder: Path, tmp_path: Path, codec: Codec
) -> None:
    """Key condition 1 from file to file: all inner products of centred pixels are the same."""
    settings = FileSettings(bytes(32), codec)
    assert run_files("encrypt", [folder], tmp_path / "out", settings, jobs=1).ok
    plain, encrypted = (load_images(str(path)) for path in (folder, tmp_path / "out"))
    assert encrypted.labels.tolist() == plain.labels.tolist()
    u, v = (2 * s.images.reshape(5, -1).astype(int) - 255 for s in (plain, encrypted))
    assert not np.array_equal(u, v)
    assert np.array_equal(u @ u.T, v @ v.T)


def test_images_of_a_set_are_alike(folder: Path) -> None:
    Image.fromarray(IMAGES[0, :8]).save(folder / "b" / "small.png")
    with pytest.raises(InvalidParameterError, match="hold images of one size and kind"):
        load_images(str(folder))
    (folder / "b" / "small.png").write_bytes(b"no image")
    with pytest.raises(InvalidParameterError, match=r"small.png', which is no image"):
        load_images(str(folder))


def test_extended_yale_b_is_still_read_as_such(tmp_path: Path) -> None:
    (tmp_path / "yaleB01").mkdir()
    (tmp_path / "yaleB01" / "yaleB01_P00A+000E+00.pgm").write_bytes(b"no image")
    with pytest.raises(InvalidParameterError, match="load_extended_yale_b"):
        load_images(str(tmp_path))
