"""One file encrypted, one file decrypted: what is read, refused, done before, and written.

Whatever is wrong with a file becomes its result, so that a folder goes on without it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from etcprops._files import move_whole, read_at_most
from etcprops._validation import InvalidParameterError, as_choice, as_integer, describe, reject
from etcprops.datasets.pictures import (
    MOST_BYTES,
    Picture,
    PictureError,
    count_pixels,
    picture_of,
    read_comment,
)
from etcprops.formats._sharing import keys, room
from etcprops.formats.codecs import Codec, is_whole
from etcprops.formats.records import MARK, NO_DIGEST, FileRecord, digest, opened
from etcprops.formats.schemes import ImageScheme, SchemeName, check_secret
from etcprops.scheme.fitting import Padding, crop_to_blocks, pad_to_blocks

if TYPE_CHECKING:
    from pathlib import Path


class FileOutcome(StrEnum):
    """What became of a file."""

    DONE = "done"
    SKIPPED = "skipped"
    APPROXIMATE = "approximate"
    FAILED = "failed"


@dataclass
class FileResult:
    """What became of one file.

    Attributes
    ----------
    source, target : str
        Paths.
    outcome : FileOutcome
        "skipped" if an earlier run did it, "approximate" if a file without loss was altered.
    message : str
        What is wrong, in a line, or "".
    notes : tuple of str
        What the file had beside, and what became of it.
    key : str
        Scheme and size, so the key, of the encrypted image; "" if it did not come to that.
    bytes_in, bytes_out : int
    psnr : float or None
        In decibels, of what decryption gives back against the picture; infinite if that is the
        picture itself, None if it was not measured.
    seconds : dict
        By stage: "decode", "encryption", "encode", "check", "rest".
    """

    source: str
    target: str
    outcome: FileOutcome = FileOutcome.DONE
    message: str = ""
    notes: tuple[str, ...] = ()
    key: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    psnr: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the seconds of what is done inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0) + time.perf_counter() - start


@dataclass(frozen=True)
class FileSettings:
    """How files are encrypted or decrypted.

    Parameters
    ----------
    secret : bytes
        32 random bytes.
    codec : Codec, default=Codec()
        How files are written.
    scheme : {"grey", "colour", "grayscale"}, optional
        Without it grey images are encrypted by the first, RGB images by the second; decrypted are
        all files by what their records say, and those without a record not at all.
    block : int, optional
        Side of the blocks; 8, or 16 for "colour", if not given.
    sampling : {"4:4:4", "4:2:0"}, default="4:4:4"
        For "grayscale".
    pad : bool, default=False
        Repeat the last row and column until blocks fit; decryption takes them away again. Else
        such images are refused.
    force : bool, default=False
        Overwrite what is there.
    measure : bool, default=False
        Read back and decrypt what was encoded: it must be the same without loss, else `psnr`.

    Raises
    ------
    InvalidParameterError
        If settings do not fit together.
    """

    secret: bytes = field(repr=False)
    codec: Codec = field(default_factory=Codec)
    scheme: str | None = None
    block: int | None = None
    sampling: str = "4:4:4"
    pad: bool = False
    force: bool = False
    measure: bool = False

    def __post_init__(self) -> None:
        caller = "FileSettings"
        check_secret(self.secret, caller)
        if not isinstance(self.codec, Codec):
            reject("codec", caller, "be a Codec", describe(self.codec))
        if self.scheme is not None:
            as_choice(self.scheme, SchemeName, "scheme", caller)
        either = SchemeName.GREY, SchemeName.COLOUR
        for name in either if self.scheme is None else (self.scheme,):
            scheme = self.scheme_of(name)
            side = 16 if self.codec.sampling == "4:2:0" else 8
            if self.codec.exact and scheme.block % side:
                wanted = f"be a multiple of {side} for exact JPEG"
                reject("block", caller, wanted, f"{scheme.block}.")
        as_choice(self.sampling, ("4:4:4", "4:2:0"), "sampling", caller)
        if self.sampling != "4:4:4" and self.scheme != SchemeName.GRAYSCALE:
            reject("sampling", caller, "be 4:4:4 unless the scheme is grayscale", self.sampling)

    def scheme_of(self, name: str) -> ImageScheme:
        """Return one of the schemes with these settings."""
        block = None if self.block is None else as_integer(self.block, "block", "FileSettings")
        sampling = self.sampling if name == SchemeName.GRAYSCALE else "4:4:4"
        # Exact JPEG commutes with all steps but this one, which no YCbCr survives.
        shuffle = not (self.codec.exact and name == SchemeName.COLOUR)
        return ImageScheme(name, block, sampling=sampling, shuffle=shuffle)

    def matches(self, record: FileRecord | None, source: bytes, *, encrypted: bool) -> bool:
        """Whether a file with this record is what would be made of a source of this digest."""
        if record is None or (record.encrypted, record.source) != (encrypted, source):
            return False
        codec = self.codec
        written = (record.format, record.quality, record.exact, record.sampling)
        if written != (codec.format, codec.quality or 0, codec.exact, codec.sampling):
            return False
        if not encrypted and self.scheme is None:
            return True
        return record.scheme == self.scheme_of(self.scheme or record.scheme.name)

    def record(
        self, scheme: ImageScheme, size: tuple[int, int], source: bytes, *, encrypted: bool
    ) -> FileRecord:
        """Return the record of a file that is to be written."""
        codec = self.codec
        quality = codec.quality or 0
        return FileRecord(
            encrypted, scheme, size, codec.format, quality, codec.exact, codec.sampling, source
        )


def encrypt_file(source: Path, target: Path, settings: FileSettings, parts: Path) -> FileResult:
    """Encrypt an image file.

    Parameters
    ----------
    source, target : Path
        Files.
    settings : FileSettings
    parts : Path
        Where the target grows: a folder of the same file system.

    Returns
    -------
    FileResult
        Also if there is something wrong with the file: nothing is raised then, nor written.
    """
    return _worked(source, target, settings, parts, encrypted=True)


def decrypt_file(source: Path, target: Path, settings: FileSettings, parts: Path) -> FileResult:
    """Decrypt an image file; parameters and results are those of `encrypt_file`.

    A lossy file gives an approximate picture: losses are moved, turned and negated with blocks.
    """
    return _worked(source, target, settings, parts, encrypted=False)


def _worked(
    source: Path, target: Path, settings: FileSettings, parts: Path, *, encrypted: bool
) -> FileResult:
    """Do a file, unless it is done, and return what became of it."""
    result = FileResult(str(source), str(target))
    with result.timed("all"):
        try:
            content = read_at_most(source, MOST_BYTES)
            result.bytes_in = len(content)
            known = digest(content)
            if _is_done(target, settings, known, result, encrypted=encrypted):
                result.outcome = FileOutcome.SKIPPED
            else:
                make = _encrypted if encrypted else _decrypted
                with room.of(count_pixels(content)):
                    made = make(content, source.suffix, known, settings, result)
                    result.bytes_out = len(made)
                    move_whole(target, made, parts)
        except InvalidParameterError as error:
            result.outcome, result.message = FileOutcome.FAILED, str(error)
        except OSError as error:
            what = f"cannot be read or written: {error.strerror or error}"
            result.outcome, result.message = FileOutcome.FAILED, what
        except MemoryError:
            result.outcome, result.message = FileOutcome.FAILED, "does not fit into memory"
        except Exception as error:  # noqa: BLE001  # encoders: sizes a format has not, say
            what = f"cannot be written as {settings.codec.format}: {error}"
            result.outcome, result.message = FileOutcome.FAILED, what
    total = result.seconds.pop("all")
    result.seconds["rest"] = max(0.0, total - sum(result.seconds.values()))
    return result


def _is_done(
    target: Path, settings: FileSettings, known: bytes, result: FileResult, *, encrypted: bool
) -> bool:
    """Whether the target is there, whole, from this source and by these settings."""
    if settings.force or not target.exists():
        return False
    content = read_at_most(target, MOST_BYTES)
    record = opened(read_comment(content), settings.secret)
    matching = settings.matches(record, known, encrypted=encrypted)
    if record is None or not matching or not is_whole(content, settings.codec.suffix):
        how = "is broken" if matching else "was made otherwise"
        raise PictureError(f"{target} is there already, and {how}: --force overwrites it")
    result.key = _key_name(record.scheme, record.size)
    result.bytes_out = len(content)
    return True


def _encrypted(
    content: bytes, suffix: str, known: bytes, settings: FileSettings, result: FileResult
) -> bytes:
    """Return the bytes of an encrypted file."""
    with result.timed("decode"):
        picture = picture_of(content, suffix)
    result.notes = picture.notes
    record = opened(picture.comment, settings.secret)
    if record is not None and record.encrypted:
        raise PictureError("is encrypted already, under this secret")
    scheme = settings.scheme_of(settings.scheme or _scheme_for(picture))
    pixels = _fitting(picture.pixels, scheme, pad=settings.pad)
    height, width = picture.pixels.shape[:2]
    result.key = _key_name(scheme, (height, width))
    with result.timed("encryption"):
        key = keys.key(scheme, pixels.shape[:2], settings.secret, encrypting=True)
        image = scheme.encrypt(pixels, key)
    own = settings.record(scheme, (height, width), known, encrypted=True)
    if settings.codec.lossless:
        own = _with_pixels(own, image)
    with result.timed("encode"):
        made = settings.codec.encode(image, own.sealed(settings.secret))
    if settings.measure:
        with result.timed("check"):
            back = _as_encrypted(picture_of(made), scheme, image.shape)
            if settings.codec.lossless and not np.array_equal(back, image):
                raise PictureError(f"does not come back from {settings.codec.format} as it was")
            result.psnr = _psnr(scheme.decrypt(back, key)[:height, :width], picture.pixels)
    return made


def _decrypted(
    content: bytes, suffix: str, known: bytes, settings: FileSettings, result: FileResult
) -> bytes:
    """Return the bytes of a decrypted file."""
    with result.timed("decode"):
        picture = picture_of(content, suffix)
    result.notes = picture.notes
    record = opened(picture.comment, settings.secret)
    if record is None:
        scheme, size = _without_record(picture, settings)
    else:
        scheme, size = record.scheme, record.size
        if not record.encrypted:
            raise PictureError("is no encrypted image: it was decrypted from one")
        wanted = settings.scheme and settings.scheme_of(settings.scheme)
        if wanted and (wanted.name, wanted.block) != (scheme.name, scheme.block):
            raise PictureError(f"was encrypted otherwise: {scheme}")
    padded = _padded(scheme, size)
    image = _as_encrypted(picture, scheme, scheme.geometry(*padded).shape)
    result.key = _key_name(scheme, size)
    with result.timed("encryption"):
        key = keys.key(scheme, padded, settings.secret, encrypting=False)
        padding = Padding(size[0], size[1], scheme.channels, scheme.unit)
        pixels = np.ascontiguousarray(padding.undo(scheme.decrypt(image, key)))
    if record is not None and record.pixels not in {NO_DIGEST, digest(image.data)}:
        result.outcome = FileOutcome.APPROXIMATE
        result.message = "was altered since it was encrypted without loss: approximate at best"
    own = settings.record(scheme, size, known, encrypted=False)
    with result.timed("encode"):
        return settings.codec.encode(pixels, own.sealed(settings.secret))


def _with_pixels(record: FileRecord, image: NDArray[np.uint8]) -> FileRecord:
    return replace(record, pixels=digest(image.data))


def _scheme_for(picture: Picture) -> SchemeName:
    return SchemeName.GREY if picture.pixels.ndim == 2 else SchemeName.COLOUR


def _key_name(scheme: ImageScheme, size: tuple[int, ...]) -> str:
    padded = _padded(scheme, size)
    return f"{scheme}, {' x '.join(str(length) for length in padded)} pixels"


def _padded(scheme: ImageScheme, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return the size that a picture of this size has once blocks fit."""
    return Padding(size[0], size[1], block=scheme.unit).geometry.shape


def _fitting(pixels: NDArray[np.uint8], scheme: ImageScheme, *, pad: bool) -> NDArray[np.uint8]:
    """Return a picture that the scheme can encrypt, or say why there is none."""
    if pixels.ndim == 2 and scheme.channels == 3:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    elif pixels.ndim == 3 and scheme.channels == 1:
        raise PictureError("is in colour: the schemes colour and grayscale keep that")
    height, width = pixels.shape[:2]
    padding = Padding(height, width, block=scheme.unit)
    larger = padding.geometry.shape
    if larger == (height, width):
        return pixels
    if not pad:
        near = f"{larger[0]} x {larger[1]}"
        if min(height, width) >= scheme.unit:
            rows, columns = crop_to_blocks(pixels, scheme.unit).shape[:2]
            near = f"{rows} x {columns} or {near}"
        raise PictureError(f"is {height} x {width}: {scheme}, need {near}; --pad makes them fit")
    return pad_to_blocks(pixels, scheme.unit).image


def _without_record(picture: Picture, settings: FileSettings) -> tuple[ImageScheme, Any]:
    """Return what settings say of an encrypted file that says nothing of itself."""
    if picture.comment.startswith(MARK):
        raise PictureError("was encrypted under another secret, or its record was changed")
    if settings.scheme is None:
        raise PictureError("has no record: if it is encrypted, give --scheme, and --block")
    scheme = settings.scheme_of(settings.scheme)
    height, width = picture.pixels.shape[:2]
    if scheme.name is SchemeName.GRAYSCALE:
        width = width // 3 if scheme.sampling == "4:4:4" else width // 3 * 2
    if height % scheme.unit or width % scheme.unit:
        raise PictureError(f"cannot be encrypted by this scheme: {scheme}")
    return scheme, (height, width)


def _as_encrypted(
    picture: Picture, scheme: ImageScheme, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Return the pixels of an encrypted file, of the shape that the key is for."""
    pixels = picture.pixels
    if pixels.ndim == 3 and len(shape) == 2:  # WebP has no grey images
        from PIL import Image

        pixels = np.asarray(Image.fromarray(pixels).convert("L"))
    if pixels.ndim != len(shape):
        raise PictureError(f"is grey, and was in colour when it was encrypted ({scheme})")
    if pixels.shape != shape:
        sizes = [" x ".join(str(length) for length in size[:2]) for size in (pixels.shape, shape)]
        raise PictureError(f"is {sizes[0]}, was {sizes[1]} when it was encrypted: no key for that")
    return np.ascontiguousarray(pixels)


def _psnr(found: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    if wanted.ndim == 2 and found.ndim == 3:
        wanted = wanted[..., None]
    error = float(np.mean((found.astype(np.int32) - wanted) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")
