"""Single files: round trips through all formats, what is refused, and that nothing half is left."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from etcprops import InvalidParameterError
from etcprops._files import parts_folder
from etcprops.datasets.pictures import read_picture
from etcprops.formats.codecs import Codec
from etcprops.formats.files import (
    FileOutcome,
    FileResult,
    FileSettings,
    decrypt_file,
    encrypt_file,
)

SECRET = bytes(range(32))
LEVELS = np.add.outer(2 * np.arange(48), np.arange(64)).astype(np.uint8)
LEVELS += np.random.default_rng(0).integers(0, 9, LEVELS.shape, dtype=np.uint8)
RGB = np.stack([LEVELS, LEVELS[::-1], 255 - LEVELS], axis=-1)
LOSSLESS = [Codec(), Codec("webp"), Codec("jp2")]
LOSSY = [Codec("jpeg", 95), Codec("jpeg", 95, exact=True), Codec("webp", 95), Codec("jp2", 45)]


class Work:
    """A folder in which one file is encrypted and decrypted."""

    def __init__(self, folder: Path) -> None:
        self.plain, self.back = folder / "plain.png", folder / "back.png"
        self.folder = folder

    def encrypt(self, pixels: Any = RGB, **settings: Any) -> FileResult:
        if pixels is not None:
            Image.fromarray(pixels).save(self.plain)
        chosen = FileSettings(**{"secret": SECRET, **settings})
        self.encrypted = self.folder / f"encrypted{chosen.codec.suffix}"
        with parts_folder(self.folder) as parts:
            return encrypt_file(self.plain, self.encrypted, chosen, parts)

    def decrypt(self, **settings: Any) -> FileResult:
        chosen = FileSettings(**{"secret": SECRET, "force": True, **settings})
        with parts_folder(self.folder) as parts:
            return decrypt_file(self.encrypted, self.back, chosen, parts)

    def pixels(self) -> Any:
        return read_picture(self.back).pixels


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


@pytest.mark.parametrize("codec", LOSSLESS, ids=lambda codec: codec.format)
@pytest.mark.parametrize("pixels", [LEVELS, RGB], ids=["grey", "colour"])
def test_lossless_files_come_back_exactly(work: Work, codec: Codec, pixels: Any) -> None:
    result = work.encrypt(pixels, codec=codec, measure=True)
    assert (result.outcome, result.message, result.psnr) == (FileOutcome.DONE, "", np.inf)
    assert not np.array_equal(read_picture(work.encrypted).pixels, pixels)
    assert work.decrypt().outcome is FileOutcome.DONE
    assert np.array_equal(work.pixels(), pixels)


@pytest.mark.parametrize("codec", LOSSY, ids=str)
@pytest.mark.parametrize("scheme", ["grey", "colour", "grayscale"])
def test_lossy_files_come_back_approximately(work: Work, codec: Codec, scheme: str) -> None:
    pixels = LEVELS if scheme == "grey" else RGB
    result = work.encrypt(pixels, codec=codec, scheme=scheme, measure=True)
    assert result.outcome is FileOutcome.DONE, result.message
    assert work.decrypt().outcome is FileOutcome.DONE
    off = np.abs(work.pixels().astype(int) - pixels)
    assert result.psnr == pytest.approx(10 * np.log10(255**2 / np.mean(off**2)))
    assert result.psnr is not None
    assert 25 < result.psnr < np.inf


def test_the_grayscale_scheme_without_loss_is_off_by_1(work: Work) -> None:
    work.encrypt(RGB, scheme="grayscale")
    assert read_picture(work.encrypted).pixels.shape == (48, 192)
    assert work.decrypt().outcome is FileOutcome.DONE
    assert np.abs(work.pixels().astype(int) - RGB).max() == 1


@pytest.mark.parametrize("scheme", [None, "grayscale"])
@pytest.mark.parametrize("shape", [(48, 64), (45, 50), (1, 1), (17, 64)])
def test_padding_comes_off_again(work: Work, scheme: str | None, shape: tuple[int, int]) -> None:
    pixels = RGB[: shape[0], : shape[1]]
    result = work.encrypt(pixels, pad=True, scheme=scheme)
    assert result.outcome is FileOutcome.DONE, result.message
    work.decrypt()
    off = np.abs(work.pixels().astype(int) - pixels)
    assert off.max() <= (1 if scheme else 0)


@pytest.mark.parametrize(
    ("shape", "near"), [((45, 50), "need 32 x 48 or 48 x 64;"), ((5, 50), "need 16 x 64;")]
)
def test_without_padding_the_nearest_sizes_are_named(
    work: Work, shape: tuple[int, int], near: str
) -> None:
    result = work.encrypt(RGB[: shape[0], : shape[1]])
    assert result.outcome is FileOutcome.FAILED
    assert near in result.message
    assert f"is {shape[0]} x {shape[1]}: " in result.message
    assert not work.encrypted.exists()


def test_grey_pictures_may_be_encrypted_as_colour_and_not_the_reverse(work: Work) -> None:
    work.encrypt(LEVELS, scheme="colour")
    work.decrypt()
    assert np.array_equal(work.pixels(), np.repeat(LEVELS[..., None], 3, axis=2))
    result = work.encrypt(RGB, scheme="grey", force=True)
    assert "is in colour: the schemes colour and grayscale keep that" in result.message


def test_what_was_encrypted_is_not_encrypted_again(work: Work) -> None:
    work.encrypt()
    twice = work.folder / "twice.png"
    with parts_folder(work.folder) as parts:
        result = encrypt_file(work.encrypted, twice, FileSettings(SECRET), parts)
    assert result.message == "is encrypted already, under this secret"
    assert not twice.exists()


def test_what_is_not_encrypted_is_not_decrypted(work: Work) -> None:
    work.encrypt()
    work.encrypted.write_bytes(work.plain.read_bytes())
    assert "has no record: if it is encrypted, give --scheme" in work.decrypt().message
    work.encrypt(force=True)
    work.decrypt()
    work.encrypted.write_bytes(work.back.read_bytes())
    assert work.decrypt().message == "is no encrypted image: it was decrypted from one"


def test_another_secret_is_noticed(work: Work) -> None:
    work.encrypt()
    result = work.decrypt(secret=bytes(32), scheme="colour")
    assert result.message == "was encrypted under another secret, or its record was changed"
    assert not work.back.exists()


def test_files_that_lost_their_record_need_scheme_and_block(work: Work) -> None:
    for scheme, sampling in (("colour", "4:4:4"), ("grayscale", "4:4:4"), ("grayscale", "4:2:0")):
        work.encrypt(RGB, scheme=scheme, sampling=sampling, block=8, force=True)
        Image.open(work.encrypted).save(work.encrypted, pnginfo=None)
        stripped = np.asarray(Image.open(work.encrypted))
        Image.fromarray(stripped).save(work.encrypted)
        result = work.decrypt(scheme=scheme, sampling=sampling, block=8)
        assert result.outcome is FileOutcome.DONE, result.message
        off = np.abs(work.pixels().astype(int) - RGB)
        assert off.max() <= {"colour": 0, "grayscale": 1 if sampling == "4:4:4" else 255}[scheme]
        assert off.mean() < 8
    assert "cannot be encrypted by this scheme" in work.decrypt(scheme="grey", block=7).message


def test_another_scheme_than_the_record_has_is_refused(work: Work) -> None:
    work.encrypt()
    assert (
        "was encrypted otherwise: colour, blocks of 16 x 16" in work.decrypt(scheme="grey").message
    )


def changed(work: Work, change: Any) -> None:
    """Change the pixels of the encrypted file and keep its record."""
    with Image.open(work.encrypted) as picture:
        comment, pixels = picture.info["Comment"], np.array(picture)
    work.encrypted.write_bytes(Codec().encode(np.ascontiguousarray(change(pixels)), comment))


def test_a_resized_file_has_no_key(work: Work) -> None:
    work.encrypt()
    changed(work, lambda pixels: pixels[::2, ::2])
    message = "is 24 x 32, was 48 x 64 when it was encrypted: no key for that"
    assert work.decrypt().message == message
    work.encrypt(force=True)
    changed(work, lambda pixels: pixels[..., 0])
    assert "is grey, and was in colour" in work.decrypt().message


def test_an_altered_lossless_file_is_decrypted_and_named(work: Work) -> None:
    work.encrypt()
    changed(work, lambda pixels: pixels ^ (np.indices(pixels.shape).sum(axis=0) == 0))
    result = work.decrypt()
    assert result.outcome is FileOutcome.APPROXIMATE
    assert "was altered since it was encrypted without loss" in result.message
    assert (work.pixels() != RGB).sum() == 1


@pytest.mark.parametrize("codec", [Codec(), Codec("jpeg", 50)], ids=lambda codec: codec.format)
def test_settings_decide_what_is_done_already(work: Work, codec: Codec) -> None:
    assert work.encrypt(codec=codec).outcome is FileOutcome.DONE
    before = work.encrypted.read_bytes()
    again = work.encrypt(None, codec=codec)
    assert again.outcome is FileOutcome.SKIPPED
    assert again.bytes_out == len(before)
    otherwise: list[dict[str, Any]] = [{"block": 8}, {"secret": bytes(32)}]
    if codec.format == "jpeg":
        otherwise += [{"codec": Codec("jpeg", q, exact=e)} for q, e in ((51, False), (50, True))]
    for settings in otherwise:
        result = work.encrypt(None, **{"codec": codec, **settings})
        assert result.outcome is FileOutcome.FAILED
        assert "is there already, and was made otherwise: --force" in result.message
    assert work.encrypt(RGB[::-1], codec=codec).outcome is FileOutcome.FAILED  # another source
    assert work.encrypted.read_bytes() == before
    assert work.encrypt(None, codec=codec, force=True).outcome is FileOutcome.DONE
    assert work.encrypted.read_bytes() != before


def test_a_target_that_is_broken_is_not_taken_for_done(work: Work) -> None:
    work.encrypt()
    work.encrypted.write_bytes(work.encrypted.read_bytes()[:-5])
    assert "is there already, and is broken: --force" in work.encrypt(None).message
    assert work.encrypt(None, force=True).outcome is FileOutcome.DONE


def test_a_full_disk_leaves_nothing_and_keeps_what_was_there(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        result = work.encrypt()
        assert result.outcome is FileOutcome.FAILED
        assert result.message == "cannot be read or written: No space left on device"
        assert sorted(work.folder.iterdir()) == [work.plain]
    work.encrypt()
    before = work.encrypted.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        assert work.encrypt(None, force=True, block=8).outcome is FileOutcome.FAILED
    assert work.encrypted.read_bytes() == before


def test_whatever_goes_wrong_is_the_files_own(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, message in (
        (MemoryError(), "does not fit into memory"),
        (ValueError("too wide"), "cannot be written as png: too wide"),
    ):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Codec, "encode", fail)
            assert work.encrypt().message == message


def test_a_format_that_lies_about_being_lossless_is_noticed(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of measuring: a codec that changes a pixel is refused."""
    encode = Codec.encode
    with monkeypatch.context() as patch:
        patch.setattr(Codec, "encode", lambda self, p, c="": encode(self, p ^ np.uint8(1), c))
        assert work.encrypt(measure=True).message == "does not come back from png as it was"
    assert not work.encrypted.exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"secret": b"short"}, "be 32 bytes"),
        ({"codec": Codec("jpeg", exact=True), "block": 12}, "multiple of 8 for exact JPEG"),
        ({"sampling": "4:2:0"}, "be 4:4:4 unless the scheme is grayscale"),
        ({"scheme": "red"}, "be one of grey, colour, grayscale"),
        ({"block": -8}, "'block' parameter"),
    ],
    ids=str,
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        FileSettings(**{"secret": SECRET, **settings})


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(FileSettings(SECRET))
