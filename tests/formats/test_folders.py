"""Folders: structure, resumption, a kill at any moment, and what stands in the report."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from etcprops import EtCKey, InvalidParameterError
from etcprops._files import parts_folder
from etcprops.datasets.pictures import read_picture
from etcprops.formats.files import FileOutcome, FileResult, FileSettings
from etcprops.formats.folders import FilesReport, run_files

SETTINGS = FileSettings(bytes(range(32)))
RGB = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def save(path: Path, pixels: Any = RGB) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of four images, one of them grey, and of what is no image."""
    folder = tmp_path / "photos"
    for number, name in enumerate(("a.png", "b/a.png", "b/c/d.bmp")):
        save(folder / name, np.roll(RGB, number, axis=1))
    save(folder / "b" / "grey.png", RGB[..., 0])
    (folder / "notes.txt").write_text("no image")
    (folder / "._a.png").write_text("what macOS leaves")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def run(command: str, *inputs: Path, out: Path, **options: Any) -> FilesReport:
    settings = options.pop("settings", SETTINGS)
    return run_files(command, inputs, out, settings, **{"jobs": 2, **options})


def test_folders_keep_their_structure_and_come_back(photos: Path, tmp_path: Path) -> None:
    report = run("encrypt", photos, out=tmp_path / "encrypted")
    assert report.ok
    assert report.count(FileOutcome.DONE) == 4
    assert report.ignored == 2
    assert names(tmp_path / "encrypted") == ["a.png", "b/a.png", "b/c/d.png", "b/grey.png"]
    assert list(report.keys_in_use().values()) == [3, 1]
    assert run("decrypt", tmp_path / "encrypted", out=tmp_path / "back").ok
    for name in names(tmp_path / "back"):
        source = next(photos.glob(str(Path(name).with_suffix(".*"))))
        wanted, found = (read_picture(p).pixels for p in (source, tmp_path / "back" / name))
        assert np.array_equal(found, wanted)
    assert not list(tmp_path.rglob(".etcprops-parts"))


def test_equal_sizes_have_one_key_others_their_own(tmp_path: Path) -> None:
    # Two images with a constant between them: under one key the encrypted ones differ by it.
    save(tmp_path / "in" / "one.png", RGB // 2)
    save(tmp_path / "in" / "two.png", RGB // 2 + 100)
    run("encrypt", tmp_path / "in", out=tmp_path / "out")
    one, two = (read_picture(tmp_path / "out" / f"{n}.png").pixels for n in ("one", "two"))
    assert set(np.unique(two.astype(int) - one)) == {-100, 100}


def test_the_same_call_goes_on_where_it_was(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("encrypt", photos / "b", out=out / "b")
    report = run("encrypt", photos, out=out)
    assert (report.count(FileOutcome.SKIPPED), report.count(FileOutcome.DONE)) == (3, 1)
    assert report.ok
    (out / "a.png").unlink()
    report = run("encrypt", photos, out=out)
    assert (report.count(FileOutcome.SKIPPED), report.count(FileOutcome.DONE)) == (3, 1)
    before = {name: (out / name).read_bytes() for name in names(out)}
    otherwise = FileSettings(SETTINGS.secret, block=8)
    report = run("encrypt", photos, out=out, settings=otherwise)
    assert report.count(FileOutcome.FAILED) == 3  # grey blocks are 8 x 8 anyway
    assert {name: (out / name).read_bytes() for name in names(out)} == before


def test_bad_files_do_not_stop_the_others(photos: Path, tmp_path: Path) -> None:
    (photos / "b" / "empty.png").touch()
    (photos / "b" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 broken")
    report = run("encrypt", photos, out=tmp_path / "out")
    assert not report.ok
    assert (report.count(FileOutcome.DONE), report.count(FileOutcome.FAILED)) == (4, 2)
    failed = {Path(r.source).name: r.message for r in report.files if r.message}
    assert failed == {"empty.png": "is empty", "broken.jpg": "is broken: Truncated File Read"}
    assert len(names(tmp_path / "out")) == 4


def test_folders_that_cannot_be_read_are_named(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if str(path).endswith("/c"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    (photos / "link.png").symlink_to(photos / "nowhere")
    report = run("encrypt", photos, out=tmp_path / "out")
    assert report.count(FileOutcome.DONE) == 3
    assert {Path(r.source).name: r.message for r in report.files if r.message} == {
        "c": "cannot be read: Permission denied",
        "link.png": "cannot be read or written: No such file or directory",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_pipes_are_no_images(photos: Path, tmp_path: Path) -> None:
    os.mkfifo(photos / "pipe.png")  # to read it would wait for ever
    assert run("encrypt", photos, out=tmp_path / "out").ignored == 3


def test_two_files_do_not_become_one(photos: Path, tmp_path: Path) -> None:
    save(photos / "a.bmp")
    report = run("encrypt", photos, out=tmp_path / "out")
    (failed,) = [r for r in report.files if r.outcome is FileOutcome.FAILED]
    assert failed.source == str(photos / "a.png")
    assert f"which is what {photos / 'a.bmp'} becomes" in failed.message
    # The same file twice is one file.
    assert len(run("encrypt", photos, photos / "a.bmp", out=tmp_path / "out").files) == 5


def test_no_file_becomes_itself(photos: Path) -> None:
    forced = FileSettings(SETTINGS.secret, force=True)
    before = (photos / "a.png").read_bytes()
    report = run("encrypt", photos / "a.png", out=photos, settings=forced)
    assert "which is itself" in report.files[0].message
    assert (photos / "a.png").read_bytes() == before
    with pytest.raises(InvalidParameterError, match="another folder than those that are read"):
        run("encrypt", photos, out=photos, settings=forced)
    # What is in --out is no input, so that one call after another does not go deeper.
    inside = run("encrypt", photos, out=photos / "out")
    assert len(inside.files) == len(run("encrypt", photos, out=photos / "out").files)


def test_there_must_be_something_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidParameterError, match=r"hold image files. Got none, and 0 others"):
        run("encrypt", tmp_path / "empty", out=tmp_path / "out")
    with pytest.raises(InvalidParameterError, match="which is not there"):
        run("encrypt", tmp_path / "missing", out=tmp_path / "out")
    (tmp_path / "file").touch()
    save(tmp_path / "a.png")
    with pytest.raises(InvalidParameterError, match="be a folder that may be written"):
        run("encrypt", tmp_path / "a.png", out=tmp_path / "file")


@pytest.mark.skipif(sys.platform == "win32", reason="has no flock")
def test_two_runs_do_not_write_to_one_folder(photos: Path, tmp_path: Path) -> None:
    with (
        parts_folder(tmp_path / "out"),
        pytest.raises(InvalidParameterError, match="to which another run is writing"),
    ):
        run("encrypt", photos, out=tmp_path / "out")
    assert run("encrypt", photos, out=tmp_path / "out").ok


@pytest.mark.thorough
def test_jpeg_2000_takes_processes(photos: Path, tmp_path: Path) -> None:
    from etcprops.formats.codecs import Codec

    settings = FileSettings(SETTINGS.secret, Codec("jp2"))
    assert run("encrypt", photos / "b", out=tmp_path / "out", settings=settings, jobs=2).ok
    assert run("decrypt", tmp_path / "out", out=tmp_path / "back", jobs=1).ok
    back = read_picture(tmp_path / "back" / "c" / "d.png").pixels
    assert np.array_equal(back, np.roll(RGB, 2, axis=1))


STOPPING = """
import os, sys, time
from pathlib import Path
from etcprops.formats.files import FileSettings
from etcprops.formats.folders import run_files

written = []

def fsync(_):
    written.append(1)
    if len(written) == 3:
        print("writing", flush=True)
        time.sleep(60)

os.fsync = fsync
run_files("encrypt", [Path(sys.argv[1])], Path(sys.argv[2]), FileSettings(bytes(range(32))), jobs=1)
"""
"""Encrypts a folder, and stands still while the third file is being written."""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_killed_run_leaves_whole_files_and_the_next_goes_on(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", STOPPING, str(photos), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    *whole, part = sorted(names(out), key=lambda name: name.startswith("."))
    assert len(whole) == 2
    assert part.startswith(".etcprops-parts")
    report = run("encrypt", photos, out=out)
    assert report.ok
    assert (report.count(FileOutcome.SKIPPED), report.count(FileOutcome.DONE)) == (2, 2)
    assert names(out) == ["a.png", "b/a.png", "b/c/d.png", "b/grey.png"]


def test_a_process_that_is_killed_is_said_to_be(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[FileResult]:
        yield FileResult("a", "b")
        raise BrokenProcessPool

    monkeypatch.setattr("etcprops.formats.folders._in_parallel", broken)
    with pytest.raises(InvalidParameterError, match="of which one was killed"):
        run("encrypt", photos, out=tmp_path / "out")
    assert not (tmp_path / "out" / ".etcprops-parts").exists()


def test_an_interruption_leaves_whole_files_and_no_parts(photos: Path, tmp_path: Path) -> None:
    def interrupt(done: int, _total: int, _result: FileResult | None) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("encrypt", photos, out=tmp_path / "out", progress=interrupt, jobs=1)
    done = names(tmp_path / "out")
    assert 1 <= len(done) <= 4
    report = run("encrypt", photos, out=tmp_path / "out")
    assert report.ok
    assert report.count(FileOutcome.SKIPPED) == len(done)


def test_what_a_killed_run_left_is_removed(photos: Path, tmp_path: Path) -> None:
    parts = tmp_path / "out" / ".etcprops-parts"
    parts.mkdir(parents=True)
    (parts / "0123").write_bytes(b"half a file")
    run("encrypt", photos, out=tmp_path / "out")
    assert not parts.exists()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads wait for room; an image larger than all of it is alone."""
    import threading

    from etcprops.formats import _sharing

    monkeypatch.setattr(_sharing, "PIXELS_AT_ONCE", 100)
    room, most, now = _sharing.Room(), [0], [0]
    lock = threading.Lock()

    def work(pixels: int) -> None:
        with room.of(pixels):
            with lock:
                now[0] += pixels
                most[0] = max(most[0], now[0])
                if pixels > 100:
                    assert now[0] == pixels
            time.sleep(0.001)
            with lock:
                now[0] -= pixels

    threads = [threading.Thread(target=work, args=(p,)) for p in [40, 40, 40, 150, 90, 10] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 150
    assert now[0] == 0


def test_keys_are_kept_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from etcprops.formats import _sharing
    from etcprops.formats.schemes import ImageScheme

    monkeypatch.setattr(_sharing, "KEPT_PIXELS", 64 * 3)
    cache, scheme = _sharing.KeyCache(), ImageScheme("grey", 8)

    def key(size: tuple[int, int], secret: bytes) -> EtCKey:
        return cache.key(scheme, size, secret, encrypting=True)

    first = key((8, 8), SETTINGS.secret)
    second = key((8, 16), SETTINGS.secret)
    assert key((8, 8), SETTINGS.secret) is first
    large = key((16, 16), SETTINGS.secret)  # more than all: alone
    assert key((16, 16), SETTINGS.secret) is large
    assert key((8, 8), SETTINGS.secret) is not first
    assert key((8, 16), SETTINGS.secret) is not second
    assert key((8, 8), bytes(32)) != first


def test_the_report_says_all_but_the_secret(photos: Path, tmp_path: Path) -> None:
    settings = FileSettings(SETTINGS.secret, measure=True)
    report = json.loads(run("encrypt", photos, out=tmp_path / "out", settings=settings).to_json())
    assert report["counts"] == {"done": 4, "skipped": 0, "approximate": 0, "failed": 0}
    assert 0 < report["codec_share"] < 1
    assert {file["psnr"] for file in report["files"]} == {"exact"}
    first = report["files"][0]
    assert first["bytes_out"] == Path(first["target"]).stat().st_size
    assert "secret" not in json.dumps(report["settings"])
