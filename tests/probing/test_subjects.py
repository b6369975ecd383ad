"""The probe on other people's encryptions, from PyPI: what it says of each mode.

Run by ``pytest -m subjects`` with the extra ``subjects`` installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from etcprops import probe
from etcprops.probing import MapKind, PixelMap, ProbeReport

Images = NDArray[np.uint8]

pytestmark = pytest.mark.subjects


class Subject(NamedTuple):
    """A mode of somebody's package and the verdict on it."""

    name: str
    module: str
    encrypt: Callable[[Images, Any], Any]
    shape: tuple[int, ...]
    keys: tuple[Any, ...]
    kind: MapKind


def _pyscramble(function: str) -> Callable[[Images, Any], Any]:
    def encrypt(image: Images, key: Any) -> Any:
        return getattr(importlib.import_module("pyscramble"), function)(image, key)

    return encrypt


def _block_md5(image: Images, key: str) -> Any:
    height, width = image.shape[:2]
    module = importlib.import_module("pyscramble")
    return module.block_md5_encrypt(image, width, height, key, 4, 4)[0]


def _image_scramble(image: Images, key: str) -> Any:
    source = io.BytesIO()
    Image.fromarray(image).save(source, "png")
    source.seek(0)
    canvas = importlib.import_module("pycasso").Canvas(source, slice_size=(4, 4), seed=key)
    result = canvas.export(mode="scramble", format="png")
    return np.asarray(Image.open(result).convert("RGB"))


def _scramblekit(scheme: str, **options: Any) -> Callable[[Images, int], Any]:
    def encrypt(image: Images, key: int) -> Any:
        schemes = importlib.import_module("scramblekit.scramble")
        return getattr(schemes, scheme)(key=key, **options)(image)

    return encrypt


def _one_random_object() -> Callable[[Images, int], Any]:
    objects: dict[int, Any] = {}

    def encrypt(image: Images, key: int) -> Any:
        if key not in objects:
            objects[key] = importlib.import_module("scramblekit.scramble").RandomPE(key=key)
        return objects[key](image)

    return encrypt


TEXTS, NUMBERS, SEEDS = ("a", "b", "c"), (0.3, 0.4, 0.5), (0, 1, 2)
COLOUR, RGBA = (16, 16, 3), (16, 16, 4)
ONE_SIZE = {"image_size": 16}
MIXED = {"image_size": 16, "channel_mode": "permutation"}

SUBJECTS = [
    Subject(name, "pyscramble", _pyscramble(f"{name}_encrypt"), RGBA, keys, MapKind.PERMUTATION)
    for name, keys in (
        ("tomato_scramble", (1.0, 0.5, 0.7)),
        ("per_pixel_md5", TEXTS),
        ("row_md5", TEXTS),
        ("row_logistic", NUMBERS),
        ("row_column_logistic", NUMBERS),
    )
] + [
    Subject("block_md5", "pyscramble", _block_md5, RGBA, TEXTS, MapKind.PERMUTATION),
    Subject("image-scramble", "pycasso", _image_scramble, COLOUR, TEXTS, MapKind.PERMUTATION),
    *(
        Subject(name, "scramblekit", encrypt, COLOUR, SEEDS, kind)
        for name, encrypt, kind in (
            ("Plain", _scramblekit("Plain"), MapKind.IDENTITY),
            ("LE", _scramblekit("LE"), MapKind.GF2_AFFINE),
            ("ELE", _scramblekit("ELE", **ONE_SIZE), MapKind.GF2_AFFINE),
            (
                "BlockwiseScramble",
                _scramblekit("BlockwiseScramble", **ONE_SIZE),
                MapKind.GF2_AFFINE,
            ),
            ("BlockShuffle", _scramblekit("BlockShuffle", **ONE_SIZE), MapKind.PERMUTATION),
            ("EtC original", _scramblekit("EtC", **ONE_SIZE), MapKind.COPY_MAP),
            ("PE original", _scramblekit("PE", **ONE_SIZE), MapKind.COPY_MAP),
            ("EtC permutation", _scramblekit("EtC", **MIXED), MapKind.SIGNED_PERMUTATION),
            ("PE permutation", _scramblekit("PE", **MIXED), MapKind.SIGNED_PERMUTATION),
            ("RandomPE", _one_random_object(), MapKind.RANDOMISED),
        )
    ),
]


def _probe(name: str, **options: Any) -> tuple[Subject, ProbeReport]:
    (subject,) = (s for s in SUBJECTS if s.name == name)
    if importlib.util.find_spec(subject.module) is None:
        pytest.skip(
            "needs other people's packages, which pip install 'etcprops[subjects]' brings: "
            "bash .ci/subjects"
        )
    return subject, probe(subject.encrypt, subject.shape, keys=subject.keys, **options)


@pytest.mark.parametrize("name", [s.name for s in SUBJECTS])
def test_verdict(name: str) -> None:
    for seed in (0, 1):
        subject, report = _probe(name, seed=seed)
        assert report.kind == subject.kind, str(report)
        assert (report.witness is None) == report.ok


@pytest.mark.parametrize("name", ["image-scramble", "BlockShuffle", "EtC permutation"])
def test_the_map_reproduces_the_function(name: str) -> None:
    subject, report = _probe(name)
    image = np.random.default_rng(7).integers(0, 256, subject.shape, dtype=np.uint8)
    found: Any = report.map
    expected = np.asarray(subject.encrypt(image, subject.keys[0]))
    assert np.array_equal(found.apply(image.ravel()), expected.ravel())


@pytest.mark.parametrize("name", ["EtC original", "PE original"])
def test_what_a_copy_map_loses_cannot_be_seen_in_its_results(name: str) -> None:
    subject, report = _probe(name)
    assert isinstance(report.map, PixelMap)
    lost = report.map.lost
    assert lost.size
    image = np.full(subject.shape, 90, dtype=np.uint8)
    other = image.copy()
    other.ravel()[lost] = 200
    results = [np.asarray(subject.encrypt(i, subject.keys[0])) for i in (image, other)]
    assert np.array_equal(results[0], results[1])


def test_keys_of_the_subjects_are_used() -> None:
    for name in ("per_pixel_md5", "image-scramble", "BlockShuffle"):
        _, report = _probe(name)
        assert report.key_audit is not None
        assert report.key_audit.keys_used


def test_threads_that_do_not_survive_a_fork() -> None:
    """Once pyscramble has started its threads here, it hangs in a forked process: use "alarm"."""
    subject, _ = _probe("per_pixel_md5")
    subject.encrypt(np.zeros(subject.shape, dtype=np.uint8), subject.keys[0])
    _, report = _probe("per_pixel_md5", isolation="alarm")
    assert report.kind == MapKind.PERMUTATION
