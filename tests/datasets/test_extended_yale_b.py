"""Reading a copy of Extended Yale B: made-up files in its layout, and the real one where it is."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import InvalidParameterError, cli
from etcprops.datasets import extended_yale_b, load_extended_yale_b

PEOPLE, ILLUMINATIONS = (1, 11), 3
BAD = "yaleB11/yaleB11_P00A+050E-40.pgm.bad"
FIRST = "yaleB01/yaleB01_P00A+000E+00.pgm"


def pgm(pixels: NDArray[np.uint8]) -> bytes:
    height, width = pixels.shape
    return b"P5\n%d %d\n255\n" % (width, height) + pixels.tobytes()


def noise(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (192, 168), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in the distribution's layout: two people in three lights, and ambient."""
    monkeypatch.setattr(extended_yale_b, "SUBJECTS", PEOPLE)
    monkeypatch.setattr(extended_yale_b, "ILLUMINATIONS", ILLUMINATIONS)
    root = tmp_path / "copy" / "CroppedYale"
    for person in PEOPLE:
        home = root / f"yaleB{person:02}"
        home.mkdir(parents=True)
        for i, light in enumerate(("000E+00", "050E-40", "110E+15")):
            bad = ".bad" if f"yaleB{person:02}/{home.name}_P00A+{light}.pgm.bad" == BAD else ""
            name = f"{home.name}_P00A+{light}.pgm{bad}"
            (home / name).write_bytes(pgm(noise(100 * person + i)))
        (home / f"{home.name}_P00_Ambient.pgm").write_bytes(b"P5\n640 480\n255\n")
    return root


def test_a_folder_is_read_in_order_and_cropped_to_the_middle(folder: Path) -> None:
    data = load_extended_yale_b(folder)
    assert data.images.shape == (6, 192, 160)
    assert data.images.dtype == np.uint8
    assert data.labels.tolist() == [1, 1, 1, 11, 11, 11]
    assert data.geometry.shape == (192, 160)
    assert np.array_equal(data.images[0], noise(100)[:, 4:164])
    assert np.array_equal(data.images[4], noise(1101)[:, 4:164])


def test_images_marked_as_corrupt_can_be_left_out(folder: Path) -> None:
    data = load_extended_yale_b(folder, include_bad=False)
    assert data.labels.tolist() == [1, 1, 1, 11, 11]
    assert "without" in data.name


def test_zip_and_folders_give_the_same(folder: Path) -> None:
    expected = load_extended_yale_b(folder)
    archive = Path(shutil.make_archive(str(folder.parent.parent / "y"), "zip", folder.parent))
    for path in (folder.parent, archive, str(archive)):
        data = load_extended_yale_b(path)
        assert np.array_equal(data.images, expected.images)
        assert np.array_equal(data.labels, expected.labels)


def remove(folder: Path) -> Path:
    (folder / FIRST).unlink()
    return folder


def truncate(folder: Path) -> Path:
    (folder / FIRST).write_bytes((folder / FIRST).read_bytes()[:-1])
    return folder


def scribble(folder: Path) -> Path:
    (folder / FIRST).write_bytes(b"GIF89a")
    return folder


def resize(folder: Path) -> Path:
    (folder / FIRST).write_bytes(pgm(noise(0)[:100]))
    return folder


def sixteen_bits(folder: Path) -> Path:
    (folder / FIRST).write_bytes(b"P5\n168 192\n65535\n" + bytes(2 * 168 * 192))
    return folder


def an_empty_folder(folder: Path) -> Path:
    shutil.rmtree(folder)
    folder.mkdir()
    return folder


def no_such_file(folder: Path) -> Path:
    return folder / "CroppedYale.zip"


def no_zip(folder: Path) -> Path:
    path = folder / "CroppedYale.zip"
    path.write_bytes(b"PK but no more")
    return path


def a_damaged_zip(folder: Path) -> Path:
    path = folder.parent / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.glob("*/*")):
            archive.write(file, str(file.relative_to(folder)))
    content = bytearray(path.read_bytes())
    content[5000] ^= 255
    path.write_bytes(content)
    return path


MISTAKES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "an image is missing": (remove, "hold 3 images of each of the 38 people. Got 2 of yaleB01 in"),
    "an image is truncated": (truncate, "yaleB01_P00A+000E+00.pgm: 32255 of 32256 bytes."),
    "an image is none": (scribble, "yaleB01_P00A+000E+00.pgm: no PGM header."),
    "an image of another size": (resize, "168 x 100 pixels up to 255."),
    "an image of 16 bits": (sixteen_bits, "168 x 192 pixels up to 65535."),
    "an empty folder": (an_empty_folder, "no image named like yaleB01/yaleB01_P00A+000E+00.pgm"),
    "no such file": (no_such_file, "be an existing zip or folder. Got"),
    "a file that is no zip": (no_zip, "which is none"),
    "a damaged zip": (a_damaged_zip, "cannot be read"),
}


@pytest.mark.parametrize(("damage", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_wrong_with_a_copy_is_said(
    folder: Path, damage: Callable[[Path], Path], message: str
) -> None:
    path = damage(folder)
    with pytest.raises(InvalidParameterError) as error:
        load_extended_yale_b(path)
    assert message in str(error.value)


def test_the_command_line_says_it_with_status_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["etcprops", "verify", "--data", str(remove(folder))])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2
    assert "Got 2 of yaleB01" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [({"block": 7}, "divide height"), ({"path": 3}, "be a str or Path. Got 3")],
)
def test_bad_parameters(folder: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        load_extended_yale_b(**{"path": folder, **options})  # type: ignore[arg-type]


@pytest.mark.thorough
def test_the_real_database_is_as_the_paper_counts_it(
    yale_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = load_extended_yale_b(yale_path)
    assert data.images.shape == (2432, 192, 160)
    people, counts = np.unique(data.labels, return_counts=True)
    assert people.tolist() == [*range(1, 14), *range(15, 40)]
    assert set(counts.tolist()) == {64}
    # They have all been decoded: now it is enough to count them.
    monkeypatch.setattr(
        extended_yale_b, "_read_pgm", lambda *_: np.zeros((192, 168), dtype=np.uint8)
    )
    assert len(load_extended_yale_b(yale_path, include_bad=False).images) == 2414
