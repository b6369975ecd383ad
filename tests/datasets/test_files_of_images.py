"""Folders and zips of image files as data sets."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from etcprops import BlockGeometry, InvalidParameterError
from etcprops.datasets import load_images
from etcprops.datasets.files import load_pictures
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


def zipped(folder: Path, archive: Path, prefix: str = "") -> Path:
    """Return a zip of a folder as file managers make it: with folders and what is hidden."""
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"__MACOSX/{prefix}a/._0.png", b"no image")
        for path in sorted(folder.rglob("*")):
            file.write(path, f"{prefix}{path.relative_to(folder).as_posix()}")
    return archive


@pytest.mark.parametrize("prefix", ["", "set/"], ids=["classes at the top", "in a folder"])
def test_a_zip_is_read_as_the_folder_in_it(folder: Path, tmp_path: Path, prefix: str) -> None:
    expected = load_images(folder)
    (folder / "cover.png").write_bytes(b"no image, and of no class")
    found = load_images(zipped(folder, tmp_path / "set.zip", prefix))
    assert np.array_equal(found.images, expected.images)
    assert found.labels.tolist() == expected.labels.tolist()
    assert np.array_equal(load_images(folder).images, expected.images)


def test_images_of_any_size_are_made_to_fit(tmp_path: Path) -> None:
    sizes = {"day/a.jpg": (100, 60), "day/b.png": (37, 90), "night/c.jpg": (64, 64)}
    for name, size in sizes.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", size, (200, 100, 50)).save(tmp_path / name)
    with pytest.raises(InvalidParameterError, match="hold images of one size and kind"):
        load_images(tmp_path)
    grey, colour = BlockGeometry(32, 48), BlockGeometry(48, 32, channels=3, block=16)
    assert load_images(tmp_path, fit=grey).images.shape == (3, 32, 48)
    found = load_images(tmp_path, fit=colour)
    assert found.geometry == colour
    assert np.array_equal(found.images[1], np.full((48, 32, 3), (200, 100, 50), np.uint8))


def test_without_labels_all_images_are_read(folder: Path, tmp_path: Path) -> None:
    assert np.array_equal(load_pictures(folder), IMAGES)
    assert np.array_equal(load_pictures(zipped(folder, tmp_path / "set.zip")), IMAGES)
    np.save(tmp_path / "set.npy", IMAGES)
    assert np.array_equal(load_pictures(tmp_path / "set.npy"), IMAGES)


def encrypted_zip(path: Path) -> None:
    """Write a zip whose one image says that it has a password."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a/0.png", b"secret")
    content = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    path.write_bytes(content)


@pytest.mark.parametrize("load", [load_images, load_pictures])
def test_what_is_no_data_set_is_told(load: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    encrypted_zip(tmp_path / "locked.zip")
    for name, got in (
        ("empty", "without images in it"),
        ("nowhere", "which is not there"),
        ("text.zip", "which is none: File is not a zip file"),
        ("locked.zip", "0.png, which cannot be read: .*password"),
    ):
        with pytest.raises(InvalidParameterError, match=f"'data' parameter of .*{got}"):
            load(tmp_path / name)


def test_images_without_whole_blocks_are_told_what_fits(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.new("L", (100, 100)).save(tmp_path / "a" / "0.png")
    with pytest.raises(InvalidParameterError, match="5, 10 and 20 divide 100 x 100, and 8 divides"):
        load_images(tmp_path)
