"""``etcprops keygen``, ``encrypt`` and ``decrypt``: exit statuses, lines, and what is refused."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import Run, command_line
from PIL import Image

from etcprops.formats.files import FileResult

RGB = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with two photos and a secret in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for name, pixels in (("one", RGB), ("two", RGB[::-1])):
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "secret").write_bytes(bytes(range(32)))
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def test_keygen_makes_a_secret_once_and_does_not_show_it(run: Run, folder: Path) -> None:
    result = run("keygen", "new")
    assert (result.status, result.err) == (0, "")
    secret = (folder / "new").read_bytes()
    assert len(secret) == 32
    assert secret.hex() not in result.out
    if os.name == "posix":
        assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o600
    assert run("keygen", "other").status == 0
    assert (folder / "other").read_bytes() != secret
    again = run("keygen", "new")
    assert again.status == 2
    assert "be a file that is not there" in again.err
    assert (folder / "new").read_bytes() == secret
    assert "be a file that can be made" in run("keygen", "missing/secret").err


def test_keygen_on_a_full_disk_leaves_nothing(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = run("keygen", "new")
    assert result.status == 2
    assert "No space left on device" in result.err
    assert not (folder / "new").exists()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--block", "8"),
        ("--scheme", "colour", "--format", "webp"),
        ("--format", "jpeg", "--quality", "90"),
        ("--format", "jpeg", "--exact", "--block", "8"),
        ("--format", "jpeg", "--sampling", "4:2:0"),
        ("--scheme", "grayscale", "--sampling", "4:2:0", "--format", "jpeg", "--exact"),
    ],
    ids=" ".join,
)
def test_photos_come_back(run: Run, folder: Path, options: tuple[str, ...]) -> None:
    given = ("--secret-file", "secret", "--jobs", "2")
    result = run("encrypt", "photos", "--out", "encrypted", *given, *options, "--check")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("2 done, in ")
    assert "of the work in decoding and encoding" in result.out
    result = run("decrypt", "encrypted", "--out", "back", *given)
    assert (result.status, result.err) == (0, "")
    back = np.asarray(Image.open(folder / "back" / "one.png"))
    assert back.shape == RGB.shape
    if "jpeg" not in options:
        assert np.array_equal(back, RGB)
    assert run("encrypt", "photos", "--out", "encrypted", *given, *options).out.startswith("2 skip")


def test_what_is_wrong_with_a_file_is_a_line_and_status_1(run: Run, folder: Path) -> None:
    (folder / "photos" / "bad.png").write_text("no image")
    Image.fromarray(RGB[:30]).save(folder / "photos" / "odd.png")
    (folder / "photos" / "notes.txt").write_text("no image")
    given = ("photos", "--out", "encrypted", "--secret-file", "secret")
    result = run("encrypt", *given, "--json", "report.json")
    assert result.status == 1
    assert result.out.startswith("2 done, 2 failed, 1 other files left alone, in ")
    bad, odd = sorted(result.err.splitlines())
    assert bad == "failed: photos/bad.png is no image that Pillow knows, or has no pixels"
    assert odd.startswith("failed: photos/odd.png is 30 x 48: colour, blocks of 16 x 16, need 16 x")
    assert json.loads((folder / "report.json").read_text("utf-8"))["counts"]["failed"] == 2
    assert run("encrypt", *given, "--pad").out.startswith("1 done, 2 skipped, 1 failed")


def test_json_on_stdout_is_alone(run: Run, folder: Path) -> None:
    assert folder.exists()
    result = run(
        "encrypt", "photos/one.png", "--out", "o", "--secret-file", "secret", "--json", "-"
    )
    assert json.loads(result.out)["counts"]["done"] == 1
    assert result.err.startswith("1 done")


def test_many_images_under_one_key_are_warned_of_once(run: Run, folder: Path) -> None:
    for number in range(4):
        Image.fromarray(np.roll(RGB, number, axis=0)).save(folder / "photos" / f"{number}.png")
    given = ("photos", "--out", "encrypted", "--secret-file", "secret")
    (warning,) = run("encrypt", *given).err.splitlines()
    assert warning.startswith("Warning: 6 images have one key (colour, blocks of 16 x 16, 32 x 48")
    assert "etcprops attack FOLDER" in warning
    assert "Warning" not in run("encrypt", *given, "--block", "8", "--json", "-").err[:7]


def test_interrupted_it_says_so_and_goes_on(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etcprops.formats import folders
    from etcprops.formats.files import encrypt_file

    def interrupted(source: Path, *rest: object) -> FileResult:
        if source.stem == "two":
            raise KeyboardInterrupt
        return encrypt_file(source, *rest)  # type: ignore[arg-type]

    given = ("photos", "--out", "encrypted", "--secret-file", "secret", "--jobs", "1")
    with monkeypatch.context() as patch:
        patch.setattr(folders, "encrypt_file", interrupted)
        result = run("encrypt", *given)
    assert result.status == 130
    assert "Interrupted: 1 of 2 files were looked at, those done are whole." in result.err
    assert [path.name for path in (folder / "encrypted").iterdir()] == ["one.png"]
    assert run("encrypt", *given).out.startswith("1 done, 1 skipped")


def test_what_cannot_be_worked_with_is_status_2(run: Run, folder: Path) -> None:
    (folder / "short").write_bytes(b"hunter2")
    for arguments, message in (
        (("encrypt", "photos", "--secret-file", "short"), "hold 32 bytes, as etcprops keygen"),
        (("encrypt", "photos", "--secret-file", "none"), "No such file"),
        (("encrypt", "none", "--secret-file", "secret"), "be files or folders. Got 'none'"),
        (("encrypt", "photos", "--secret-file", "secret", "--format", "gif"), "be one of png"),
        (("encrypt", "photos", "--secret-file", "secret", "--scheme", "x"), "be one of grey"),
        (("encrypt", "photos", "--secret-file", "secret", "--quality", "9"), "PNG, which is"),
        (
            ("encrypt", "photos", "--secret-file", "secret", "--sampling", "4:2:0"),
            "unless the format is jpeg or the scheme grayscale",
        ),
        (
            ("decrypt", "photos", "--secret-file", "secret", "--block", "-1"),
            "'--block' parameter of etcprops decrypt",
        ),
    ):
        result = run(*arguments, "--out", "out")
        assert result.status == 2, arguments
        assert message in result.err
        assert "hunter2" not in result.err
        assert not (folder / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="has other permissions")
def test_a_secret_that_others_can_read_is_warned_of(run: Run, folder: Path) -> None:
    (folder / "secret").chmod(0o644)
    result = run("encrypt", "photos", "--out", "encrypted", "--secret-file", "secret")
    assert result.status == 0
    assert result.err == "Warning: others can read secret; chmod 600 keeps it secret.\n"


def test_exact_means_jpeg_and_check_says_how_near(run: Run, folder: Path) -> None:
    given = ("encrypt", "photos", "--secret-file", "secret", "--check")
    exact = run(*given, "--out", "exact", "--exact")
    assert exact.status == 0
    assert "dB or better" in exact.out
    assert {path.suffix for path in (folder / "exact").iterdir()} == {".jpg"}
    assert "decrypted again 2 are the same" in run(*given, "--out", "png").out


def test_mistakes_name_the_option(run: Run, folder: Path) -> None:
    given = ("encrypt", "photos", "--secret-file", "secret", "--out", "out")
    mistakes = {("--quality", "80"): "quality", ("--exact", "--format", "webp"): "exact"}
    for options, name in mistakes.items():
        result = run(*given, *options)
        assert result.status == 2
        assert f"The '--{name}' parameter of etcprops encrypt must" in result.err
    assert not (folder / "out").exists()
