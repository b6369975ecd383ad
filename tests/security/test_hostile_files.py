"""Files that others made: archives, images, JSON and folders that are there to do harm.

Each is refused before it costs anything, in a line that names what was typed and what came, with
exit status 2, or is a file's result; no traceback, and nothing is unpickled.
"""

from __future__ import annotations

import ast
import io
import json
import os
import pickle
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import Run, command_line
from hypothesis import given
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image

import etcprops
from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    SignedPermutation,
    _documents,
    read_image,
)
from etcprops._files import parts_folder, read_at_most, write_whole
from etcprops.datasets import load_images
from etcprops.datasets.archives import ArchiveError, load_arrays
from etcprops.datasets.extended_yale_b import SUBJECTS, load_extended_yale_b
from etcprops.datasets.files import load_pictures
from etcprops.exact.kernels import ExactKernel
from etcprops.formats.rates import RatePoint, points_from_csv, to_csv
from etcprops.probing import checker

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 16, 16), dtype=np.uint8)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with a secret, a picture and a model in it."""
    monkeypatch.chdir(tmp_path)
    write_whole(tmp_path / "secret", bytes(range(32)), secret=True)
    Image.fromarray(IMAGES[0]).save(tmp_path / "good.png")
    return tmp_path


# --- Arrays and archives


def array_file(shape: str, body: bytes = b"", descr: str = "'|u1'") -> bytes:
    """Return a file .npy whose header says what it likes."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


def archive_of(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)  # also names that are empty
    return file.getvalue()


def marked(content: bytes, *, flags: int = 0, method: int | None = None) -> bytes:
    """Return a zip whose headers say something else of how entries are stored."""
    changed = bytearray(content)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(signature)
        while start >= 0:
            changed[start + at] |= flags
            if method is not None:
                changed[start + at + 2] = method
            start = changed.find(signature, start + 4)
    return bytes(changed)


def promising_more(content: bytes) -> bytes:
    """Return a zip whose directory says that its entry is four gigabytes large."""
    changed = bytearray(content)
    start = changed.find(b"PK\x01\x02")
    changed[start + 24 : start + 28] = struct.pack("<I", 0xFFFFFFF0)
    return bytes(changed)


GOOD = array_file("(4, 16, 16)", IMAGES.tobytes())
PICKLED = io.BytesIO()
np.save(PICKLED, np.array([{"a": 1}], dtype=object), allow_pickle=True)

ARRAYS = {
    "a shape of a trillion images": (array_file("(10**12, 8, 8)"), "literal|broken|malformed"),
    "10^18 images": (array_file(f"({10**18}, 8, 8)"), f"promises {64 * 10**18} bytes"),
    "a negative length": (array_file("(-1, 8, 8)"), "promises -64 bytes"),
    "a header that is nested deeply": (array_file("(" * 4000 + ")" * 4000), "header"),
    "a header of signs": (array_file("-" * 9000 + "1"), "header"),
    "no header": (b"\x93NUMPY\x07\x00", "of version"),
    "less than is promised": (array_file("(4, 16, 16)", bytes(100)), "and holds 100"),
    "objects": (PICKLED.getvalue(), "not unpickled"),
    "a pickle": (pickle.dumps([1, 2]), "as a zip"),
    "nothing": (b"", "as a zip"),
}
ARCHIVES = {
    **{f"of {what}": (archive_of({"images.npy": c}), m) for what, (c, m) in ARRAYS.items()},
    "of a pickle": (archive_of({"images.npy": pickle.dumps([1])}), "magic string"),
    "of nothing": (archive_of({"images.npy": b""}), "cannot be read"),
    "encrypted": (marked(archive_of({"images.npy": GOOD}), flags=1), "encrypted"),
    "another method": (marked(archive_of({"images.npy": GOOD}), method=99), "not supported"),
    "a wrong size": (promising_more(archive_of({"images.npy": GOOD})), "promises"),
    "an archive in it": (archive_of({"images.npy": archive_of({"images.npy": GOOD})}), "magic"),
    "deflated badly": (archive_of({"images.npy": GOOD}).replace(GOOD[:1], b"\0"), "cannot be read"),
}


@pytest.mark.parametrize(("content", "message"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_are_refused_by_what_their_headers_promise(
    run: Run, here: Path, content: bytes, message: str
) -> None:
    (here / "x.npy").write_bytes(content)
    with pytest.raises(ArchiveError, match=message):
        load_arrays(here / "x.npy")
    result = run("attack", "x.npy")
    assert result.status == 2
    assert "The 'FOLDER|ARRAY' parameter of etcprops attack must be" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(("content", "message"), ARCHIVES.values(), ids=ARCHIVES)
def test_archives_are_refused_by_what_their_entries_promise(
    here: Path, content: bytes, message: str
) -> None:
    (here / "x.npz").write_bytes(content)
    with pytest.raises(ArchiveError, match=message):
        load_arrays(here / "x.npz", "images")
    with pytest.raises(InvalidParameterError, match=r"'data' parameter of .* Got 'x.npz', which"):
        load_images("x.npz")


def test_an_archive_of_zeros_is_no_image_set_of_gigabytes(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = array_file("(1000, 64, 64)", bytes(1000 * 64 * 64))
    (here / "x.npz").write_bytes(archive_of({"images.npy": zeros}))
    assert load_arrays(here / "x.npz")["images"].shape == (1000, 64, 64)
    monkeypatch.setattr("etcprops.datasets.archives.UNSUSPECTED", 1 << 20)
    with pytest.raises(ArchiveError, match=r"becomes 4096000 bytes from .*: a zip bomb"):
        load_arrays(here / "x.npz")


def test_an_archive_of_very_many_entries_is_refused(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcprops.datasets.archives.MOST_ENTRIES", 5)
    (here / "x.npz").write_bytes(archive_of({f"{n}.npy": GOOD for n in range(6)}))
    with pytest.raises(ArchiveError, match="has more than 5 entries"):
        load_arrays(here / "x.npz", "images")


@pytest.mark.parametrize("block", [np.inf, np.nan, 1e300, 0, -8, [8], "8", True])
def test_a_block_in_an_archive_is_an_integer(here: Path, block: Any) -> None:
    np.savez(here / "x.npz", images=IMAGES, labels=np.arange(4), block=block)
    with pytest.raises(InvalidParameterError):
        load_images("x.npz")


def test_what_is_no_file_is_not_waited_for(run: Run, here: Path) -> None:
    os.mkfifo(here / "pipe.npz")
    assert "which is no file" in run("attack", "pipe.npz").err
    result = run("encrypt", "good.png", "--out", "o", "--secret-file", "/dev/zero")
    assert result.status == 2
    assert "hold 32 bytes" in result.err
    assert "more than 32 bytes" in result.err
    with pytest.raises(OSError, match="more than 10 bytes"):
        read_at_most(Path("/dev/zero"), 10)


# --- Extended Yale B


def yale(content: bytes) -> bytes:
    name = "yaleB{0:02}/yaleB{0:02}_P00A+{1:03}E+00.pgm"
    return archive_of(
        {name.format(person, light): content for person in SUBJECTS for light in range(64)},
        zipfile.ZIP_STORED,
    )


YALE = {
    "encrypted": (lambda: marked(yale(b"P5"), flags=1), "is encrypted"),
    "another method": (lambda: marked(yale(b"P5"), method=99), "not supported"),
    "a number of 5,000 digits": (
        lambda: yale(b"P5 " + b"1" * 5000 + b" 192 255 "),
        "no PGM header",
    ),
    "10^9 pixels": (lambda: yale(b"P5 999999999 999999999 255 "), "999999999 x 999999999 pixels"),
    "of a wrong size": (lambda: promising_more(yale(b"P5")), "4294967280 bytes, more than 65536"),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("content", "message"), YALE.values(), ids=YALE)
def test_a_zip_of_faces_is_refused_file_by_file(
    here: Path, content: Callable[[], bytes], message: str
) -> None:
    (here / "yale.zip").write_bytes(content())
    with pytest.raises(InvalidParameterError, match=message):
        load_extended_yale_b("yale.zip")


def test_names_in_archives_lead_nowhere(here: Path) -> None:
    content = archive_of({"../../escaped": b"x", "/escaped": b"x", "images.npy": GOOD})
    (here / "x.npz").write_bytes(content)
    assert np.array_equal(load_arrays(here / "x.npz", "images")["images"], IMAGES)
    assert sorted(path.name for path in here.iterdir()) == ["good.png", "secret", "x.npz"]
    assert not any(path.name == "escaped" for path in here.parent.parent.glob("escaped"))


@pytest.mark.parametrize("other", ["/a/1.png", "", "b/", "//c/1.png"])
def test_names_in_zips_of_images_count_from_the_top(here: Path, other: str) -> None:
    """Also those that begin with a slash, or are empty."""
    picture = (here / "good.png").read_bytes()
    (here / "x.zip").write_bytes(archive_of({other: picture, "b/2.png": picture}))
    classes = 2 if other.endswith("1.png") else 1
    assert load_images("x.zip").labels.tolist() == [*range(classes)]
    assert len(load_pictures("x.zip")) == classes


# --- Pickles


class Planted:
    """Something that, unpickled, leaves a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return open, (str(self.trace), "w")


def planted_files(trace: Path) -> dict[str, bytes]:
    array, archive = io.BytesIO(), io.BytesIO()
    objects = np.array([Planted(trace)], dtype=object)
    np.save(array, objects, allow_pickle=True)
    np.savez(archive, images=objects, labels=objects)
    return {"raw": pickle.dumps(Planted(trace)), "npy": array.getvalue(), "npz": archive.getvalue()}


def readers(path: Path) -> Iterator[Callable[[], object]]:
    """Yield every public reader of files, with this one."""
    from etcprops.cli.check import check
    from etcprops.experiments.resumable import run_tasks
    from etcprops.reproducibility import Fingerprint
    from etcprops.theory.coq_report import Report

    yield lambda: load_arrays(path)
    yield lambda: load_arrays(path, "images", "labels")
    yield lambda: load_images(str(path))
    yield lambda: load_extended_yale_b(path)
    yield lambda: load_pictures(path)
    yield lambda: EtCKey.load(path)
    yield lambda: checker.read(str(path))
    yield lambda: check(str(path))
    yield lambda: read_image(path)
    yield lambda: SignedPermutation.from_certificate(_documents.parse(path.read_bytes()))
    yield lambda: Fingerprint.from_json(path.read_text("latin-1"))
    yield lambda: Report.from_json(path.read_text("latin-1"))
    yield lambda: run_tasks(
        abs, {path.name: (-1,)}, dump=str, load=int, label=str, folder=path.parent
    )


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".json", ".png", ".zip", ".pgm"])
def test_no_reader_unpickles(tmp_path: Path, suffix: str) -> None:
    trace = tmp_path / "trace"
    for name, content in planted_files(trace).items():
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(content)
        for read in readers(path):
            path.write_bytes(content)
            with suppress(ValueError, SystemExit, RuntimeError):  # typer's Exit is the last
                read()
    assert not trace.exists()
    pickle.loads(pickle.dumps(Planted(trace))).close()  # noqa: S301  # the control: it would have
    assert trace.exists()


def test_the_cache_of_faces_is_not_unpickled_and_not_believed(tmp_path: Path) -> None:
    from etcprops.datasets import extended_yale_b

    shape = (2, *extended_yale_b.YALE_SHAPE[:1], extended_yale_b.YALE_WIDTH)
    right = np.zeros(shape, np.uint8), np.array([1, 1])
    trace = tmp_path / "trace"
    file = tmp_path / "cache" / "yale"
    paths = [file.with_name(f"yale-{name}.npy") for name in ("images", "labels")]
    for planted in (
        planted_files(trace)["npy"],
        planted_files(trace)["raw"],
        b"",
        array_file("()", b"\0"),
        array_file(f"({10**12}, 192, 160)"),
        array_file("(2, 5)", bytes(10)),
    ):
        file.parent.mkdir(exist_ok=True)
        for path in paths:
            path.write_bytes(planted)
        pictures, labels = extended_yale_b._mapped(file, lambda: right)  # noqa: SLF001
        assert pictures.shape == shape
        assert labels.tolist() == [1, 1]
    assert not trace.exists()
    # What was made anew is believed.
    again, _ = extended_yale_b._mapped(file, pytest.fail)  # noqa: SLF001
    assert again.shape == shape


def test_inner_products_are_kept_only_where_a_user_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """joblib's memory does unpickle: its folder is the user's own, and there is none by default."""
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).standard_normal((4, 8))
    ExactKernel("rbf", gamma=0.1)(rows, rows)
    assert not [*tmp_path.iterdir()]
    ExactKernel("rbf", gamma=0.1, memory=str(tmp_path / "mine"))(rows, rows)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


OPENERS = {
    "Image.open": {
        "datasets.pictures", "formats.rates", "probing.returns",
    },
    "json.loads": {
        # One reader for what others wrote, one that stands alone, and what this package made.
        "_documents", "probing.checker", "attacks.report", "auditing.atlas.isolation",
        "auditing.atlas.worker", "claims.record",
    },
    "np.load": {"datasets.extended_yale_b"},  # its own cache, which the user alone can write
    "npy.read_array": {"datasets.archives"},
    "zipfile.ZipFile": {"datasets.archives"},
    "ET.fromstring": {"_pages"},  # of formulas that the package itself made
}  # fmt: skip
"""What opens files of formats that can do harm, and the only modules that call it."""

NEVER = {"pickle", "shelve", "marshal", "dill", "tarfile", "yaml"}
"""Modules that run what they read, or unpack it to where it says."""

NEVER_CALLED = {"eval", "exec", "json.load", "np.fromfile", "np.loadtxt", "np.genfromtxt"}
UNPACKERS = {"extract", "extractall", "unpack_archive"}


def test_files_of_others_come_through_one_door_each() -> None:
    found: dict[str, set[str]] = {name: set() for name in OPENERS}
    package = Path(etcprops.__file__).parent
    for path in package.rglob("*.py"):
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                imported = {name.name.partition(".")[0] for name in node.names}
                imported |= {(getattr(node, "module", "") or "").partition(".")[0]}
                assert not imported & NEVER, module
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in NEVER_CALLED, (module, called)
                assert called.rpartition(".")[2] not in UNPACKERS, (module, called)
                if called in found:
                    found[called].add(module)
                if called in {"np.load", "npy.read_array"}:
                    allowed = {k.arg: ast.unparse(k.value) for k in node.keywords}
                    assert allowed.get("allow_pickle") == "False", module
    assert found == OPENERS


# --- Images


def png(width: int, height: int) -> bytes:
    """Return a file whose header promises pixels that it does not have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        code = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + code

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [10_000, 20_000, 2**31 - 1])
def test_images_of_absurd_sizes_are_refused_by_their_headers(
    run: Run, here: Path, side: int
) -> None:
    (here / "folder").mkdir()
    (here / "folder" / "bomb.png").write_bytes(png(side, side))
    for command in (("attack", "folder"), ("audit", "json:loads", "--data", ".")):
        result = run(*command)
        assert result.status == 2, result.err
        assert "Warning" not in result.err
    assert "pixels: a decompression bomb?" in run("attack", "folder").err
    result = run("encrypt", "folder", "--out", "out", "--secret-file", "secret")
    assert result.status == 1
    assert "bomb.png has more than 89478485 pixels: a decompression bomb?" in result.err


def test_no_program_is_started_to_draw_a_picture(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *a, **_: started.append(a))
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n%%EndComments\nshowpage\n%%EOF\n"
    (here / "photo.png").write_text(text, "ascii")
    with pytest.raises(InvalidParameterError, match="is EPS, which another program"):
        read_image("photo.png")
    result = run("encrypt", "photo.png", "--out", "out", "--secret-file", "secret")
    assert (result.status, started) == (1, [])
    assert "photo.png is EPS" in result.err


def test_a_file_that_is_too_large_is_not_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (here / "large.png").open("wb") as file:
        file.truncate((1 << 30) + 1)
    monkeypatch.setattr("etcprops.datasets.pictures.MOST_BYTES", 1000)
    with pytest.raises(InvalidParameterError, match="cannot be read: more than 1000 bytes"):
        read_image("large.png")


# --- JSON

KEY = json.loads(EtCKey.generate(BlockGeometry(16, 16)).to_json())
CERTIFICATE = SignedPermutation([1, 0], [1, -1]).to_certificate()
TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "a field twice": lambda text: text[:-1] + ', "format": "x"}',
    "NaN": lambda text: text.replace('"version": ', '"level": NaN, "version": ', 1),
    "an infinity": lambda text: text.replace('"version": ', '"level": -Infinity, "version": ', 1),
    "a number beyond doubles": lambda text: text.replace("[", "[1e999, ", 1),
    "an integer of 40,000 digits": lambda text: text.replace("[", f"[{'1' * 40_000}, ", 1),
    "an integer of 4,000 digits": lambda text: text.replace("[", f"[{'1' * 4000}, ", 1),
    "deep nesting": lambda _: "[" * 100_000,
    "deep objects": lambda _: '{"a":' * 100_000,
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "no UTF-8": lambda text: text.encode().replace(b'"format"', b'"\xff"', 1),
    "UTF-16": lambda text: text.encode("utf-16"),
    "nothing": lambda _: "",
    "a lone surrogate": lambda text: text.replace("etcprops", "\\ud800", 1),
    "a list": lambda _: "[]",
    "null": lambda _: "null",
}


@pytest.mark.parametrize("harm", TEXTS.values(), ids=TEXTS)
def test_json_is_read_strictly(run: Run, here: Path, harm: Callable[[str], str | bytes]) -> None:
    for document in (KEY, CERTIFICATE):
        content = harm(json.dumps(document))
        (here / "x.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InvalidParameterError, match="path") as caught:
            EtCKey.load("x.json")
        assert len(str(caught.value)) < 1000
        result = run("check", "x.json")
        assert result.status == 2, result
        assert result.err.count("\n") == 1
        assert len(result.err) < 1000


def test_a_file_without_an_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        checker.read("/dev/zero", most=1000)
    monkeypatch.setattr("etcprops.scheme._key_files.MOST_BYTES", 1000)
    with pytest.raises(InvalidParameterError, match="more than 1000 bytes"):
        EtCKey.load("/dev/zero")


def test_lengths_beyond_the_geometry_are_refused_before_anything_is_made() -> None:
    for side, message in ((2**16, f"be {2**32} integers"), (10**18, "most 4294967296 pixels")):
        sizes = {"height": side, "width": side, "channels": 1, "block": 1}
        text = json.dumps(KEY | {"geometry": sizes})
        with pytest.raises(InvalidParameterError, match=message):
            EtCKey.from_json(text)


SIDES = st.integers(1, 2**62) | st.integers(2**14, 2**18)


@given(height=SIDES, width=SIDES, channels=st.sampled_from([1, 3]))
def test_a_geometry_is_of_few_enough_pixels(height: int, width: int, channels: int) -> None:
    if height * width * channels <= 2**32:
        geometry = BlockGeometry(height, width, channels=channels, block=1)
        assert geometry.n_pixels == height * width * channels
    else:
        with pytest.raises(InvalidParameterError, match="be that of at most 4294967296 pixels"):
            BlockGeometry(height, width, channels=channels, block=1)


def test_a_size_that_has_no_text_is_refused_too() -> None:
    with pytest.raises(InvalidParameterError, match="must be"):
        BlockGeometry(8, 10**5000, block=1)


@pytest.mark.parametrize(
    "size", ["9464x9456", f"{10**30}x{10**30}", f"1x1/{'9' * 5000}", f"{'9' * 5000}x1", "0x0"]
)
def test_absurd_sizes_are_refused_before_anything_is_made(run: Run, size: str) -> None:
    for arguments in (
        ("verify", "--geometry", size),
        ("audit", "json:loads", "--data", ".", "--fit", size),
    ):
        result = run(*arguments)
        assert result.status == 2, result
        assert result.err.count("\n") == 1
        assert len(result.err) < 1000


# --- Folders


def test_what_a_link_in_the_place_of_parts_names_is_not_emptied(run: Run, here: Path) -> None:
    (here / "precious").mkdir()
    (here / "precious" / "letter").write_text("dear")
    (here / "out").mkdir()
    (here / "out" / ".etcprops-parts").symlink_to("../precious")
    result = run("encrypt", "good.png", "--out", "out", "--secret-file", "secret")
    assert result.status == 2
    assert "is a symbolic link" in result.err
    assert (here / "precious" / "letter").read_text() == "dear"
    with pytest.raises(NotADirectoryError), parts_folder(here / "out"):
        pass


def test_links_in_circles_cost_their_own_line(run: Run, here: Path) -> None:
    (here / "in").mkdir()
    (here / "in" / "loop.png").symlink_to("loop.png")
    (here / "in" / "folder").symlink_to(".")
    (here / "in" / "gone.png").symlink_to("nowhere.png")
    result = run("encrypt", "in", "--out", "out", "--secret-file", "secret")
    assert result.status == 1
    assert "loop.png cannot be read" in result.err
    assert "2 failed" in result.out
    (here / "circle").symlink_to("circle")
    assert run("encrypt", "in", "--out", "circle", "--secret-file", "secret").status == 2


def test_an_output_is_neither_a_link_nor_in_the_place_of_a_device(run: Run, here: Path) -> None:
    (here / "theirs.json").write_text("theirs")
    (here / "link.json").symlink_to("theirs.json")
    for option in ("--json", "--html", "--key"):
        result = run("attack", "good.png", option, "link.json")
        assert result.status == 2
        assert f"'{option}' parameter of etcprops attack" in result.err
        assert "a symbolic link: give the file that is meant" in result.err
    write_whole(here / "link.json", "ours")  # and if it became one in the meantime
    assert (here / "theirs.json").read_text() == "theirs"
    assert not (here / "link.json").is_symlink()
    os.mkfifo(here / "pipe")  # as a device: of root's the place would be taken by a file
    reader = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(here / "pipe", "all of it")
    assert os.read(reader, 100) == b"all of it"
    os.close(reader)
    assert (here / "pipe").is_fifo()


def test_names_of_files_that_are_no_text_are_kept(run: Run, here: Path) -> None:
    (here / "in").mkdir()
    name = b"in/\xff\xfe.png"
    with open(name, "wb") as file:  # noqa: PTH123  # no str is such a name
        file.write((here / "good.png").read_bytes())
    result = run("encrypt", "in", "--out", "o", "--secret-file", "secret", "--json", "r.json")
    assert (result.status, result.err) == (0, "")
    report = json.loads((here / "r.json").read_text("utf-8"))
    assert os.fsencode(report["files"][0]["source"]) == name
    result = run("encrypt", "in", "--out", "o", "--secret-file", "secret", "--json", "-")
    assert os.fsencode(json.loads(result.out)["files"][0]["source"]) == name


# --- Tables


@pytest.mark.parametrize("name", ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\tx", "plain.png"])
def test_no_cell_of_a_table_is_a_formula(name: str) -> None:
    point = RatePoint(name, "grey", 8, "jpeg", "", 75, 1.5, -36.25, 0.98)
    text = to_csv([point])
    cell = text.splitlines()[1]
    assert cell.lstrip('"')[0] not in "=+-@\t\r"
    assert points_from_csv(text) == [point]


def test_the_limit_of_digits_is_pythons_own() -> None:
    """What refuses integers of 40,000 digits above; whoever lifts it waits for quadratic time."""
    assert 0 < sys.get_int_max_str_digits() <= 10_000


@pytest.mark.parametrize("shape", ["10000000000x10000000000", f"{'9' * 5000}x1"])
def test_a_shape_that_no_memory_holds_is_refused(run: Run, shape: str) -> None:
    result = run("probe", "numpy:flipud", "--shape", shape)
    assert result.status == 2
    assert f"be of at most {1 << 32} pixels" in result.err
