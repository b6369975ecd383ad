"""The cache of decoded images: mapped, renewed when it must be, never half-written."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any, Never

import numpy as np
import pytest

from etcprops.datasets import ImageSet, extended_yale_b, load_extended_yale_b

PEOPLE, LIGHTS = (1, 2), ("000E+00", "050E-40")


def write_archive(path: Path, seed: int) -> None:
    """Write a made-up archive in the distribution's layout: noise, no face."""
    rng = np.random.default_rng(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for person in PEOPLE:
            for light in LIGHTS:
                name = f"CroppedYale/yaleB{person:02}/yaleB{person:02}_P00A+{light}.pgm"
                archive.writestr(name, b"P5\n168 192\n255\n" + rng.bytes(168 * 192))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(extended_yale_b, "SUBJECTS", PEOPLE)
    monkeypatch.setattr(extended_yale_b, "ILLUMINATIONS", len(LIGHTS))
    path = tmp_path / "copy.zip"
    write_archive(path, 0)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def must_not_read(*_: object) -> Never:
    pytest.fail("the source was read")


def same(data: ImageSet, expected: ImageSet) -> bool:
    return np.array_equal(data.images, expected.images) and np.array_equal(
        data.labels, expected.labels
    )


def test_second_load_maps_the_file_and_leaves_the_source_alone(
    archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = load_extended_yale_b(archive)
    first = load_extended_yale_b(archive, cache=cache)
    monkeypatch.setattr(extended_yale_b, "files_in", must_not_read)
    second = load_extended_yale_b(archive, cache=cache)
    for data in (first, second):
        assert same(data, expected)
        assert isinstance(data.images, np.memmap)
        assert not data.images.flags.writeable
    assert [entry.suffix for entry in cache.iterdir()] == [".npy", ".npy"]


def test_only_the_user_may_look_into_the_cache(archive: Path, cache: Path) -> None:
    load_extended_yale_b(archive, cache=cache)
    assert not any(path.stat().st_mode & 0o077 for path in (cache, *cache.iterdir()))


@pytest.mark.parametrize("options", [{"include_bad": False}, {"first_column": 0}])
def test_other_options_have_entries_of_their_own(
    archive: Path, cache: Path, options: dict[str, Any]
) -> None:
    load_extended_yale_b(archive, cache=cache)
    assert same(
        load_extended_yale_b(archive, cache=cache, **options),
        load_extended_yale_b(archive, **options),
    )
    assert len(list(cache.iterdir())) == 4


def test_changed_source_makes_a_new_entry(archive: Path, cache: Path) -> None:
    before = load_extended_yale_b(archive, cache=cache)
    time = archive.stat().st_mtime_ns
    write_archive(archive, 1)
    os.utime(archive, ns=(time, time + 1))
    after = load_extended_yale_b(archive, cache=cache)
    assert same(after, load_extended_yale_b(archive))
    assert not same(before, after)


def test_folder_with_a_renamed_file_makes_a_new_entry(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    before = extended_yale_b._stamp(folder, "test")  # noqa: SLF001
    assert extended_yale_b._stamp(folder, "test") == before  # noqa: SLF001
    (folder / "CroppedYale").rename(folder / "Other")
    assert extended_yale_b._stamp(folder, "test") != before  # noqa: SLF001


@pytest.mark.parametrize("which", ["images", "labels"])
@pytest.mark.parametrize(
    "content", [b"", b"no array", None, "short"], ids=["empty", "text", "absent", "truncated"]
)
def test_broken_entry_is_made_anew(
    archive: Path, cache: Path, which: str, content: bytes | str | None
) -> None:
    load_extended_yale_b(archive, cache=cache)
    (entry,) = cache.glob(f"*-{which}.npy")
    whole = entry.read_bytes()
    entry.unlink()
    if content is not None:
        entry.write_bytes(content if isinstance(content, bytes) else whole[:-1])
    assert same(load_extended_yale_b(archive, cache=cache), load_extended_yale_b(archive))
    assert entry.read_bytes() == whole


def test_entry_of_fewer_labels_is_made_anew(archive: Path, cache: Path) -> None:
    expected = load_extended_yale_b(archive, cache=cache)
    (entry,) = cache.glob("*-labels.npy")
    np.save(entry, expected.labels[:-1])
    assert same(load_extended_yale_b(archive, cache=cache), expected)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError], ids=["interrupted", "disk full"])
def test_interrupted_write_leaves_nothing(
    archive: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def half(file: Path, _: object) -> Never:
        file.write_bytes(b"half")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", half)
        if error is OSError:  # the images are there, only not kept
            assert same(load_extended_yale_b(archive, cache=cache), load_extended_yale_b(archive))
        else:
            with pytest.raises(error):
                load_extended_yale_b(archive, cache=cache)
    assert list(cache.iterdir()) == []
    assert same(load_extended_yale_b(archive, cache=cache), load_extended_yale_b(archive))


def test_cache_that_cannot_be_a_folder_is_done_without(archive: Path, tmp_path: Path) -> None:
    # A file in its place: permissions would not stop a test that runs as root.
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    data = load_extended_yale_b(archive, cache=blocked / "cache")
    assert same(data, load_extended_yale_b(archive))
    assert not isinstance(data.images, np.memmap)


def test_damaged_source_leaves_no_entry(archive: Path, cache: Path) -> None:
    archive.write_bytes(b"PK but no more")
    with pytest.raises(ValueError, match="be an existing zip or folder"):
        load_extended_yale_b(archive, cache=cache)
    assert not cache.exists()
