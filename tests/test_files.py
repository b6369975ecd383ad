"""Files are whole or not there, also if the writing fails or is interrupted."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from etcprops._files import user_cache, write_whole
from etcprops.datasets import user_cache as cache_of_images
from etcprops.theory.coq import default_cache


@pytest.mark.parametrize("moment", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "new folder" / "part.json"
    write_whole(path, "before")

    def fail(*_: object, **__: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(moment, fail)
        with pytest.raises(OSError):  # noqa: PT011  # it has no message
            write_whole(path, "after")
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "before"
    write_whole(path, "after")
    assert path.read_text(encoding="utf-8") == "after"


def test_a_handler_that_python_did_not_set_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_be_called(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(signal, "signal", must_not_be_called)
    write_whole(tmp_path / "part.json", "all of it")
    assert (tmp_path / "part.json").read_text(encoding="utf-8") == "all of it"


@pytest.mark.parametrize("moment", ["mkdir", "replace"])
def test_an_interruption_waits_until_the_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = tmp_path / "new folder" / "part.json"
    usual: Callable[..., object] = getattr(Path, moment)

    def interrupted(*arguments: object, **options: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return usual(*arguments, **options)

    # A shell has its background jobs ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(Path, moment, interrupted)
            with pytest.raises(KeyboardInterrupt):
                write_whole(path, "all of it")
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text(encoding="utf-8") == "all of it"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other places")
def test_cache_follows_the_xdg_base_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME")  # the tests' own, see conftest.py
    assert user_cache() == tmp_path / ".cache" / "etcprops"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert user_cache() == cache_of_images() == tmp_path / "elsewhere" / "etcprops"
    assert not user_cache().exists()
    assert default_cache() == user_cache()
    assert user_cache().stat().st_mode & 0o077 == 0


def test_proofs_have_a_place_where_the_cache_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert_of_this_process_alone(default_cache())


def assert_of_this_process_alone(folder: Path) -> None:
    assert folder.name != "etcprops", "another user could guess it, and plant proofs there"
    status = folder.stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.getuid(), 0o700)
    assert default_cache() == folder


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize("mode", [0o770, 0o703, 0o1777])
def test_proofs_are_not_kept_where_others_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "etcprops").mkdir()
    (tmp_path / "etcprops").chmod(mode)
    assert_of_this_process_alone(default_cache())
    (tmp_path / "etcprops").chmod(0o700)
    assert default_cache() == tmp_path / "etcprops"
