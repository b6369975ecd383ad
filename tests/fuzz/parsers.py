"""The readers of what others made, each as a function of bytes, with the errors that it may raise.

`coverage_guided` looks for bytes that take new ways through them; what it has kept is in `corpus`,
a folder a reader, and replayed by `test_parsers`. A reader returns or raises its errors; what it
has accepted must be right in the way that its function here looks at.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from etcprops import (
    BlockGeometry,
    EtCKey,
    Fingerprint,
    InvalidParameterError,
    SignedPermutation,
    _documents,
    read_coefficients,
)
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.datasets import load_images
from etcprops.datasets.archives import ArchiveError, load_arrays
from etcprops.datasets.files import load_pictures
from etcprops.datasets.pictures import PictureError, count_pixels, picture_of, read_comment
from etcprops.experiments.reproduction import _load
from etcprops.formats.rates import points_from_csv, to_csv
from etcprops.formats.records import opened
from etcprops.probing import checker
from etcprops.theory.coq import Report

CORPUS: Final = Path(__file__).with_name("corpus")


class Parser(NamedTuple):
    """A reader.

    Attributes
    ----------
    read : callable
        Takes the content.
    errors : tuple of type
        What it may raise.
    """

    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _file(content: bytes, name: str) -> Path:
    path = Path(f"parsed-{os.getpid()}-{name}")
    path.write_bytes(content)
    return path


def key(content: bytes) -> None:
    """Read a key; what is read is written as text that reads as the same key."""
    found = EtCKey.from_json(_text(content))
    assert EtCKey.from_json(found.to_json()) == found


def certificate(content: bytes) -> None:
    """Read a certificate; `checker`, which shares no code, must make of it what the class does."""
    status, _ = checker.check(str(_file(content, "certificate")))
    try:
        found = SignedPermutation.from_certificate(_documents.parse(content))
    except ValueError:
        assert status != 0, "the checker accepts what the package refuses"
        raise
    assert status == int(not found.is_orthogonal())


def fingerprint(content: bytes) -> None:
    """Read a fingerprint, and use it."""
    found = Fingerprint.from_json(_text(content))
    assert Fingerprint.from_json(found.to_json()).digest == found.digest
    found.differences(found)


def coq_report(content: bytes) -> None:
    """Read a report of Coq, and use it."""
    found = Report.from_json(_text(content))
    assert Report.from_json(found.to_json()).same_tools(found)
    assert found.source


def vectors(content: bytes) -> None:
    """Read a document as those of test vectors are; Python's own reader must agree."""
    found = _documents.read(_text(content), "etcprops.Vectors", "vectors")
    assert json.loads(_text(content)) == found


def arrays(content: bytes) -> None:
    """Read ``.npy`` or ``.npz``: no objects, and of the size of the file."""
    for array in load_arrays(_file(content, "x.npz"), "images", "labels").values():
        assert isinstance(array, np.ndarray)
        assert not array.dtype.hasobject


def image_set(content: bytes) -> None:
    """Read a labelled set ``.npz``."""
    found = load_images(_file(content, "x.npz"))
    assert len(found.images) == len(found.labels)
    assert found.images.shape[1:] == found.geometry.shape


def zipped_images(content: bytes) -> None:
    """Read a zip of images, as they are and with their folders as classes."""
    path = _file(content, "x.zip")
    pictures = load_pictures(path)
    assert pictures.ndim in {3, 4}
    found = load_images(path, fit=BlockGeometry(8, 8))
    assert len(found.labels) == len(found.images) <= len(pictures)


def picture(content: bytes) -> None:
    """Read an image file."""
    read_comment(content)
    count_pixels(content)
    found = picture_of(content)
    assert found.pixels.dtype == np.uint8
    assert found.pixels.size


def coefficients(content: bytes) -> None:
    """Read a JPEG file's coefficients."""
    assert read_coefficients(content).row().size


def record(content: bytes) -> None:
    """Open the record in a comment; nobody writes one without the secret."""
    assert opened(_text(content), bytes(32)) is None


def rates(content: bytes) -> None:
    """Read a table of rates."""
    points = points_from_csv(_text(content))
    assert len(points_from_csv(to_csv(points))) == len(points)


def atlas_row(content: bytes) -> None:
    """Read a line of an atlas that is resumed."""
    AtlasRow.from_dict(_documents.parse(content))


def study_part(content: bytes) -> None:
    """Read a part of the study that is resumed."""
    nothing: Any = None
    _load(_text(content), nothing, nothing, 20, 0)


RUN_AGAIN: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What whoever resumes takes for a part that is not there, or a file that is none."""

PARSERS: Final[dict[str, Parser]] = {
    "key": Parser(key, (InvalidParameterError,)),
    "certificate": Parser(certificate, (ValueError,)),
    "fingerprint": Parser(fingerprint, (InvalidParameterError,)),
    "coq_report": Parser(coq_report, (InvalidParameterError,)),
    "vectors": Parser(vectors, (InvalidParameterError,)),
    "arrays": Parser(arrays, (ArchiveError,)),
    "image_set": Parser(image_set, (InvalidParameterError,)),
    "zipped_images": Parser(zipped_images, (InvalidParameterError,)),
    "picture": Parser(picture, (PictureError,)),
    "coefficients": Parser(coefficients, (InvalidParameterError,)),
    "record": Parser(record, ()),
    "rates": Parser(rates, (InvalidParameterError,)),
    "atlas_row": Parser(atlas_row, RUN_AGAIN),
    "study_part": Parser(study_part, RUN_AGAIN[1:]),
}
"""By name; seeds of each are the files of its folder."""


def parse(name: str, content: bytes) -> str:
    """Let a reader look at bytes; return the name of its error, or "accepted"."""
    parser = PARSERS[name]
    try:
        parser.read(content)
    except parser.errors as error:
        return type(error).__name__
    return "accepted"
