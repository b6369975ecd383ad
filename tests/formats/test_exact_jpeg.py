"""Files of encrypted pictures have the encrypted coefficients of the plain ones, bit by bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import noise
from hypothesis import given
from hypothesis import strategies as st
from jpegs import by_pillow, cut, decoded_by_pillow, grey, photographs
from numpy.typing import NDArray

from etcprops import (
    BlockGeometry,
    EtCKey,
    ExactKernel,
    ExactStandardScaler,
    InvalidParameterError,
    JpegCoefficients,
    coefficient_rows,
    decrypt_coefficients,
    encode_jpeg_exactly,
    encrypt,
    encrypt_coefficients,
    exact_gram,
    read_coefficients,
    write_coefficients,
)
from etcprops.formats import libjpeg
from etcprops.formats.coefficients import row_map
from etcprops.formats.commutation import OPERATIONS, on_coefficients, on_pixels
from etcprops.formats.exact_jpeg import code_blocks, code_exactly
from etcprops.formats.quantization import exact_table, standard_table, symmetrised

FILE = by_pillow(np.zeros((16, 16), dtype=np.uint8))
STEPS = ("permutation", "transforms", "negatives")
KINDS = {
    "grey, 8": (BlockGeometry(32, 48), "4:4:4"),
    "grey, 16": (BlockGeometry(32, 48, block=16), "4:4:4"),
    "4:4:4, 8": (BlockGeometry(32, 48, channels=3), "4:4:4"),
    "4:2:0, 16": (BlockGeometry(32, 48, channels=3, block=16), "4:2:0"),
    "4:2:0, 32": (BlockGeometry(64, 96, channels=3, block=32), "4:2:0"),
}
pytest.importorskip("jpeglib", reason="needs jpeglib: pip install 'etcprops[formats]'")

by_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def images_of(geometry: BlockGeometry) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(geometry.n_pixels)
    middle = rng.choice(np.array([127, 128], dtype=np.uint8), geometry.shape)
    photograph = photographs()["flower"][200:, 200:][: geometry.height, : geometry.width]
    natural = photograph if geometry.channels == 3 else grey(np.ascontiguousarray(photograph))
    return [noise(geometry), middle, natural]


# --- The theorem


@by_kind
@pytest.mark.parametrize("quality", [30, 75, 95])
def test_coding_commutes_with_encryption(kind: Any, quality: int) -> None:
    geometry, sampling = kind
    key = EtCKey.from_secret(geometry, f"{quality}", steps=STEPS)
    for image in images_of(geometry):
        plain = code_exactly(image, quality=quality, sampling=sampling)
        coded = code_exactly(encrypt(image, key), quality=quality, sampling=sampling)
        assert encrypt_coefficients(plain, key) == coded
        assert decrypt_coefficients(coded, key) == plain
        assert plain.exact


@given(st.integers(0, 2**32), st.integers(1, 100), st.sets(st.sampled_from(STEPS)))
def test_coding_commutes_under_any_key(seed: int, quality: int, steps: set[str]) -> None:
    geometry = BlockGeometry(16, 24)
    key = EtCKey.from_secret(geometry, f"{seed}", steps=steps)
    image = noise(geometry, seed=seed)
    plain = code_exactly(image, quality=quality)
    assert encrypt_coefficients(plain, key) == code_exactly(encrypt(image, key), quality=quality)


@by_kind
def test_files_commute_with_encryption(kind: Any) -> None:
    geometry, sampling = kind
    key = EtCKey.from_secret(geometry, "an example", steps=STEPS)
    for image in images_of(geometry):
        plain, encrypted = (
            encode_jpeg_exactly(picture, quality=90, sampling=sampling)
            for picture in (image, encrypt(image, key))
        )
        coded = read_coefficients(plain)
        assert coded == code_exactly(image, quality=90, sampling=sampling)
        assert write_coefficients(encrypt_coefficients(coded, key)) == encrypted
        # Whoever decrypts gets the same file that plain coding gives.
        assert write_coefficients(decrypt_coefficients(read_coefficients(encrypted), key)) == plain


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_planes_and_blocks_are_transformed_alike(operation: Any) -> None:
    # Two paths: turns and mirrors of whole planes, and the table of what D4 is to the transform.
    code, negated = operation
    rng = np.random.default_rng(0)
    plane = rng.integers(-50, 50, (2, 3, 8, 8)).astype(np.int16)
    key = EtCKey(BlockGeometry(16, 24), transforms=[code] * 6, negatives=[negated] * 6)
    coded = JpegCoefficients([plane], [4 * np.ones((8, 8), dtype=int)])
    wanted = on_coefficients(4 * plane, operation) // 4
    assert np.array_equal(encrypt_coefficients(coded, key).planes[0], wanted)


def test_steps_of_the_dc_that_do_not_divide_4_have_blocks_without_a_code() -> None:
    # Its upper half negated is its lower half: half a turn and negation leave it as it is.
    block = np.where(np.arange(8)[:, None] < 4, 127, 128).astype(np.uint8) * np.ones(
        (8, 8), dtype=np.uint8
    )
    itself = next(o for o in OPERATIONS if o.negated and o.code == 2)
    assert np.array_equal(on_pixels(block, itself), block)
    for step in range(1, 17):
        # A code k must be -k - 8 / step.
        has_code = 4 % step == 0
        assert has_code == any(2 * k * step == -8 for k in range(-8, 1))
        if has_code:
            table = np.full((8, 8), step)
            level = code_blocks(block, table)[0, 0]
            assert level == -level - 8 // step


def test_the_component_shuffle_does_not_commute() -> None:
    # Red and blue exchange places, and Y is another number: neither sign nor place makes it so.
    red = np.zeros((8, 8, 3), dtype=np.uint8)
    red[..., 0] = 255
    levels = [
        sorted(abs(int(plane.sum())) for plane in code_exactly(image, quality=100).planes)
        for image in (red, red[..., ::-1].copy())
    ]
    assert levels[0] != levels[1]


def test_no_decoder_to_bytes_can_be_exact_about_negation() -> None:
    # This file is its own negative, and no byte is.
    levels = np.zeros((1, 1, 8, 8), dtype=np.int16)
    levels[..., 0, 0] = -1
    middle = JpegCoefficients([levels], [FOUR])
    negative = EtCKey(BlockGeometry(8, 8), negatives=[True])
    assert encrypt_coefficients(middle, negative) == middle
    pixels = np.arange(256, dtype=np.uint8)
    assert not (pixels == 255 - pixels).any()
    assert not middle.row().any()


# --- Features


@by_kind
def test_encryption_is_a_signed_permutation_of_rows(kind: Any) -> None:
    geometry, sampling = kind
    key = EtCKey.from_secret(geometry, "rows", steps=STEPS)
    source, sign = row_map(key, subsampled=sampling == "4:2:0")
    assert np.array_equal(np.sort(source), np.arange(len(source)))
    for image in images_of(geometry):
        plain, coded = (
            code_exactly(i, sampling=sampling).row() for i in (image, encrypt(image, key))
        )
        assert np.array_equal(coded, sign * plain[source])


def test_rows_have_the_inner_products_of_the_coded_pictures() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 16, 16), dtype=np.uint8)
    rows = coefficient_rows(code_exactly(image, quality=100) for image in images)
    centred = images.reshape(3, -1) - 127.5
    assert np.abs(rows @ rows.T - centred @ centred.T).max() < 0.002 * (centred**2).sum()


def test_learning_from_encrypted_files_is_the_same_bit_by_bit() -> None:
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    digits, labels = load_digits(return_X_y=True)
    images = np.kron(digits[:60].reshape(-1, 8, 8) * 15, np.ones((2, 2))).astype(np.uint8)
    key = EtCKey.from_secret(BlockGeometry(16, 16), "learning", steps=STEPS)
    found = []
    for batch in (images, encrypt(images, key)):
        rows = coefficient_rows(encode_jpeg_exactly(image, quality=60) for image in batch)
        z = ExactStandardScaler().fit(rows[:40]).transform(rows)
        machine = SVC(kernel=ExactKernel("rbf")).fit(z[:40], labels[:40])
        decisions = machine.decision_function(z[40:])
        found.append((exact_gram(z), rows @ rows.T, decisions))
    for plain, encrypted in zip(*found, strict=True):
        assert np.array_equal(plain, encrypted)


# --- Files


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_files_are_no_larger_than_pillows_with_the_same_tables(quality: int) -> None:
    for image in photographs().values():
        plain = grey(image)
        table = exact_table(quality)
        ours = len(encode_jpeg_exactly(plain, quality=quality))
        assert ours <= 1.005 * len(by_pillow(plain, table, optimize=True))
        colour = [table, exact_table(quality, "chrominance")]
        ours = len(encode_jpeg_exactly(image, quality=quality))
        theirs = by_pillow(image, *colour, optimize=True, subsampling=0)
        assert ours <= 1.005 * len(theirs)


@by_kind
def test_pillow_decodes_the_files(kind: Any) -> None:
    geometry, sampling = kind
    image = images_of(geometry)[2]
    file = encode_jpeg_exactly(image, quality=95, sampling=sampling)
    decoded = decoded_by_pillow(file)
    tables = [exact_table(95), exact_table(95, "chrominance")][: len(image.shape) - 1]
    options = {"subsampling": sampling} if geometry.channels == 3 else {}
    theirs = decoded_by_pillow(by_pillow(image, *tables, **options))
    errors = [np.square(pixels - 1.0 * image).mean() for pixels in (decoded, theirs)]
    assert errors[0] < 1.05 * errors[1]
    if geometry.channels == 1:
        model = libjpeg.decoded(read_coefficients(file).planes[0], exact_table(95))
        assert np.array_equal(cut(decoded), model)


def test_files_of_other_encoders_are_read() -> None:
    image = noise(BlockGeometry(32, 48, channels=3))
    for options in ({}, {"progressive": True}, {"restart_marker_blocks": 1}, {"quality": 30}):
        for subsampling, halved in ((0, False), (2, True)):
            file = by_pillow(image, subsampling=subsampling, **options)
            coded = read_coefficients(file)
            assert coded.subsampled == halved
            assert coded.size == (32, 48)
            assert read_coefficients(write_coefficients(coded)) == coded
    file = by_pillow(grey(image), standard_table(80), progressive=True)
    assert np.array_equal(
        read_coefficients(file).planes[0], libjpeg.coded(cut(grey(image)), standard_table(80))
    )


def with_segments(*segments: bytes) -> bytes:
    return FILE[:2] + b"".join(segments) + FILE[2:]


EMPTY, LONG = b"\xff\xfe\0\2", b"\xff\xe5\xea\x60" + b"A" * 59_998
FILES_OF_OTHERS = {
    "data after an empty comment": (EMPTY, LONG, LONG),  # jpeglib writes beyond its buffer
    "more than fifty": (b"\xff\xe5\0\3a",) * 60,
    "an empty one of Adobe": (b"\xff\xee\0\2", LONG),
    "JFIF twice": (FILE[2:20], FILE[2:20]),
    "fill bytes": (b"\xff\xff\xff\xe5\0\3a",),
}


@pytest.mark.parametrize("name", FILES_OF_OTHERS)
def test_what_others_put_into_files_is_not_read(name: str) -> None:
    assert read_coefficients(with_segments(*FILES_OF_OTHERS[name])) == read_coefficients(FILE)


def test_what_others_put_between_scans_is_not_read() -> None:
    file = by_pillow(noise(BlockGeometry(32, 48)), progressive=True)
    scan = file.rindex(b"\xff\xda")
    assert read_coefficients(file[:scan] + EMPTY + LONG + file[scan:]) == read_coefficients(file)
    with pytest.raises(InvalidParameterError, match=r"whole segments.*marker 0x1 "):
        read_coefficients(file[:scan] + b"\xff\1" + file[scan:])  # of no length, for libjpeg


def test_each_plane_may_have_a_table_of_its_own() -> None:
    planes = [np.full((2, 2, 8, 8), level, dtype=np.int16) for level in (1, 2, 3)]
    tables = [np.full((8, 8), step) for step in (4, 5, 6)]
    coded = JpegCoefficients(planes, tables)
    assert read_coefficients(write_coefficients(coded)) == coded


def test_files_are_read_by_path(tmp_path: Path) -> None:
    image = noise(BlockGeometry(16, 16))
    path = tmp_path / "a.jpg"
    path.write_bytes(encode_jpeg_exactly(image))
    assert read_coefficients(path) == read_coefficients(str(path)) == code_exactly(image)
    with pytest.raises(FileNotFoundError):
        read_coefficients(tmp_path / "b.jpg")


def test_the_largest_coefficients_have_codes() -> None:
    i = np.arange(8)
    for u, v in np.ndindex(8, 8):
        wave = np.outer(np.cos((2 * i + 1) * u * np.pi / 16), np.cos((2 * i + 1) * v * np.pi / 16))
        white = np.where(wave >= 0, 255, 0).astype(np.uint8)
        image = np.concatenate([white, 255 - white], axis=1)
        coded = code_exactly(image, quality=100)
        assert read_coefficients(write_coefficients(coded)) == coded


def test_whoever_had_another_libjpeg_loaded_finds_it_again() -> None:
    import jpeglib

    before = jpeglib.version.get()
    with jpeglib.version("8d"):
        encode_jpeg_exactly(noise(BlockGeometry(16, 16)))
        assert jpeglib.version.get() == "8d"
    assert jpeglib.version.get() == before


def test_without_the_extra_the_error_names_it() -> None:
    code = (
        "import sys; sys.modules['jpeglib'] = None\n"
        "import numpy as np, etcprops\n"
        "try: etcprops.encode_jpeg_exactly(np.zeros((8, 8), np.uint8))\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "pip install 'etcprops[formats]'" in done.stdout


# --- Bad input

GREY = np.zeros((16, 16), dtype=np.uint8)
PLANE = np.zeros((2, 2, 8, 8), dtype=np.int16)
FOUR = np.full((8, 8), 4)
CODED = JpegCoefficients([PLANE], [FOUR])
COLOURED = JpegCoefficients([PLANE, PLANE[:1, :1], PLANE[:1, :1]], [FOUR, FOUR, FOUR])
TABLE = FILE.index(b"\xff\xdb") + 5
STEPLESS = FILE[:TABLE] + bytes(1) + FILE[TABLE + 1 :]
LARGE = PLANE.copy()
LARGE[0, 0, 1, 1] = -1024
APART = PLANE.copy()
APART[0, 0, 0, 0], APART[0, 1, 0, 0] = -1024, 1024


def key_of(*sizes: int, **options: Any) -> EtCKey:
    steps = options.pop("steps", STEPS)
    return EtCKey.from_secret(BlockGeometry(*sizes, **options), "an example", steps=steps)


def other(mode: str, **options: Any) -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new(mode, (16, 16)).save(file, **options)
    return file.getvalue()


BAD: dict[str, tuple[Callable[[], Any], str, str]] = {
    "list": (lambda: encode_jpeg_exactly([[0] * 8] * 8), "image", "uint8"),
    "floats": (lambda: encode_jpeg_exactly(GREY * 1.0), "image", "uint8"),
    "no pixels": (lambda: encode_jpeg_exactly(GREY[:0]), "image", "shape"),
    "alpha": (lambda: encode_jpeg_exactly(np.zeros((8, 8, 4), np.uint8)), "image", "shape"),
    "size": (lambda: encode_jpeg_exactly(GREY[:12]), "image", "multiples of 8"),
    "4:2:0 size": (
        lambda: encode_jpeg_exactly(np.zeros((8, 16, 3), np.uint8), sampling="4:2:0"),
        "image",
        "multiples of 16",
    ),
    "quality": (lambda: encode_jpeg_exactly(GREY, quality=0), "quality", "from 1 to 100"),
    "sampling": (lambda: encode_jpeg_exactly(GREY, sampling="4:1:1"), "sampling", "one of"),
    "standard": (
        lambda: encode_jpeg_exactly(GREY, tables=[standard_table(95)]),
        "tables",
        "symmetric",
    ),
    "DC step 8": (
        lambda: encode_jpeg_exactly(GREY, tables=[symmetrised(standard_table(75))]),
        "tables",
        "DC step",
    ),
    "two tables": (lambda: encode_jpeg_exactly(GREY, tables=[FOUR, FOUR]), "tables", "be 1"),
    "no file": (lambda: read_coefficients(b""), "source", "a JPEG file"),
    "text": (lambda: read_coefficients(b"GIF89a"), "source", "a JPEG file"),
    "number": (lambda: read_coefficients(7), "source", "bytes"),  # type: ignore[arg-type]
    "truncated": (lambda: read_coefficients(FILE[:-12]), "source", "whole"),
    "PNG": (lambda: read_coefficients(other("L", format="PNG")), "source", "a JPEG file"),
    "CMYK": (lambda: read_coefficients(other("CMYK", format="JPEG")), "source", "YCbCr"),
    "RGB": (
        lambda: read_coefficients(other("RGB", format="JPEG", keep_rgb=True)),
        "source",
        "YCbCr",
    ),
    "4:2:2": (
        lambda: read_coefficients(other("RGB", format="JPEG", subsampling=1)),
        "source",
        "4:4:4 or 4:2:0",
    ),
    "length below 2": (
        lambda: read_coefficients(with_segments(b"\xff\xe5\0\1")),
        "source",
        "whole segments",
    ),
    "odd size": (lambda: read_coefficients(by_pillow(GREY[:12])), "source", "multiples of 8"),
    "coefficients": (lambda: write_coefficients(PLANE), "coefficients", "be"),  # type: ignore[arg-type]
    "large": (lambda: write_coefficients(JpegCoefficients([LARGE], [FOUR])), "coefficients", "AC"),
    "apart": (lambda: write_coefficients(JpegCoefficients([APART], [FOUR])), "coefficients", "DC"),
    "no rows": (lambda: coefficient_rows([]), "sources", "at least one"),
    "rows": (lambda: coefficient_rows([CODED, COLOURED]), "sources", "one size"),
    "planes": (lambda: JpegCoefficients([PLANE] * 2, [FOUR] * 2), "planes", "1 .* or 3"),
    "4:1:1": (
        lambda: JpegCoefficients([PLANE, PLANE[:1], PLANE[:1]], [FOUR] * 3),
        "planes",
        "4:2:0",
    ),
    "wide planes": (lambda: JpegCoefficients([PLANE.astype(int)], [FOUR]), "planes", "int16"),
    "larger than any": (
        lambda: JpegCoefficients([LARGE * np.int16(32)], [FOUR]),
        "planes",
        "16384",
    ),
    "steps of 0": (lambda: read_coefficients(STEPLESS), "source", "steps from 1"),
    "flat planes": (lambda: JpegCoefficients([PLANE[0]], [FOUR]), "planes", "shape"),
    "tables": (lambda: JpegCoefficients([PLANE], []), "tables", "be 1"),
    "table": (lambda: JpegCoefficients([PLANE], [FOUR * 0]), "tables", "255"),
    "no coefficients": (
        lambda: encrypt_coefficients(GREY, key_of(16, 16)),  # type: ignore[arg-type]
        "coefficients",
        "be",
    ),
    "no key": (lambda: encrypt_coefficients(CODED, None), "key", "EtCKey"),  # type: ignore[arg-type]
    "key for another size": (lambda: decrypt_coefficients(CODED, key_of(16, 8)), "key", "16 x 16"),
    "key in colour": (
        lambda: encrypt_coefficients(CODED, key_of(16, 16, channels=3)),
        "key",
        "of 1",
    ),
    "small blocks": (
        lambda: encrypt_coefficients(CODED, key_of(16, 16, block=4)),
        "key",
        "multiple of 8",
    ),
    "4:2:0 blocks": (
        lambda: encrypt_coefficients(COLOURED, key_of(16, 16, channels=3)),
        "key",
        "multiple of 16",
    ),
    "component shuffle": (
        lambda: row_map(key_of(16, 16, channels=3, steps=("components",))),
        "key",
        "no component shuffle",
    ),
    "grey rows": (
        lambda: row_map(key_of(16, 16, block=16), subsampled=True),
        "subsampled",
        "False",
    ),
    "standard turned": (
        lambda: encrypt_coefficients(
            JpegCoefficients([PLANE], [standard_table(75)]), key_of(16, 16)
        ),
        "key",
        "no transforms",
    ),
    "DC step 16": (
        lambda: encrypt_coefficients(JpegCoefficients([PLANE], [4 * FOUR]), key_of(16, 16)),
        "key",
        "no negatives",
    ),
}


@pytest.mark.parametrize(("call", "parameter", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_refused(call: Callable[[], Any], parameter: str, words: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^The '{parameter}' parameter of .*{words}"):
        call()


def test_coefficients_are_immutable_and_comparable() -> None:
    assert JpegCoefficients([PLANE], [FOUR]) == CODED
    assert hash(CODED) == hash(JpegCoefficients([PLANE], [FOUR]))
    assert CODED != COLOURED
    assert JpegCoefficients([PLANE + np.int16(1)], [FOUR]) != CODED
    assert CODED != "coefficients"
    assert repr(COLOURED) == "JpegCoefficients(16 x 16, 4:2:0)"
    assert not JpegCoefficients([PLANE], [standard_table(75)]).exact
    with pytest.raises(ValueError, match="read-only"):
        CODED.planes[0][0] = 1
    with pytest.raises(AttributeError, match="immutable"):
        CODED.planes = ()
