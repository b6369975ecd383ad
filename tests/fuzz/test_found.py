"""What fuzzing of doors has found, the smallest call of each: refused, or right."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from right_calls import GREY, KEY, coq_report, encrypted, images, labels, negate, rows
from sklearn.neighbors import KNeighborsClassifier
from values import NoArray, NoText, NoTruth

import etcprops as ep
from etcprops import InvalidParameterError
from etcprops._files import read_at_most
from etcprops._validation import describe
from etcprops.attacks import compare
from etcprops.attacks.alignment import align
from etcprops.attacks.layout import recover_layout, recover_within_blocks
from etcprops.claims import Implementation
from etcprops.datasets import ImageSet, load_extended_yale_b, load_images, make_synthetic_faces
from etcprops.datasets.pictures import picture_of
from etcprops.formats.files import FileSettings
from etcprops.formats.rates import points_from_csv
from etcprops.formats.schemes import ImageScheme
from etcprops.probing import AffineMap, Confirmation, checker, infer_structure
from etcprops.probing.drift import drift
from etcprops.reductions import (
    BlockMean,
    InducedMap,
    equivariance,
    generators,
    gram_deviation,
    reductions_to,
)
from etcprops.testing import (
    Scheme,
    assert_bitwise_equal,
    assert_orthogonal,
    different_decisions,
    parametrize_with_checks,
)
from etcprops.theory.coq import Report, rejected
from etcprops.theory.recovery import images_needed, images_needed_for_exponents

ENORMOUS = 10**5000
"""More digits than Python shows."""

NOTHING: Any = None
OBJECTS: Any = [None]
IDENTITY = ep.SignedPermutation.identity(4)
REPORT = ep.attack(images(), block=4)
AFFINE = AffineMap(IDENTITY.matrix(), np.zeros(4))
INDUCED = InducedMap(np.array([1, 0]), np.array([1, -1]), np.array([0, 255]))
MASKED = np.ma.masked_array(images(), mask=True)


def bomb() -> bytes:
    """Return a JPEG file of 8 x 8 pixels that says it has 12,280 x 12,280."""
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "JPEG")
    size = b"\xff\xc0\x00\x0b\x08"  # and then the height and the width
    return file.getvalue().replace(size + b"\x00\x08\x00\x08", size + b"\x2f\xf8\x2f\xf8")


NEGATION = Scheme("negation", negate, (2, 2), [0])
audit = partial(
    ep.audit, KNeighborsClassifier(1), images(), labels(), KEY, explain=False, protection=False
)

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    # sizes of which there is no array, or not the memory
    "a height of 5,000 digits": (lambda: ep.BlockGeometry(ENORMOUS, 8), "'height'.*be at most"),
    "a block of 5,000 digits": (lambda: ep.Padding(8, 8, block=ENORMOUS), "'block'.*be at most"),
    "padding to terabytes": (lambda: ep.pad_to_blocks(rows(), 10**12), "at most"),
    "cropping to 5,000 digits": (lambda: ep.crop_to_blocks(rows(), ENORMOUS), "'block'"),
    "an identity of 2^63": (lambda: ep.SignedPermutation.identity(2**63), "'size'"),
    "billions of people": (lambda: make_synthetic_faces(people=2**31), "at most 1073741824"),
    "2^64 threads": (lambda: ep.fingerprint(threads=2**64), "'threads'"),
    "components without a text": (
        lambda: ep.GramPCA(ENORMOUS).fit(images().reshape(len(images()), -1)), "'n_components'"),
    "blocks of schemes without a text": (lambda: ImageScheme("grayscale", ENORMOUS), "'block'"),
    "more keys than memory": (
        lambda: ep.probe(negate, (2, 2), keys=ENORMOUS), "'keys'.*1 to 1000000"),
    "faces of one column": (
        lambda: make_synthetic_faces(people=1, width=1, block=1), "'height'.*at least 2"),
    "a heading that is none": (lambda: REPORT.to_html(ENORMOUS), "'name'"),  # type: ignore[arg-type]
    "a block without a text": (lambda: ep.attack(images(), block=ENORMOUS), "'block'"),
    "a degree without a text": (lambda: ep.ExactKernel("poly", degree=ENORMOUS), "'degree'"),
    "people without a text": (lambda: make_synthetic_faces(people=ENORMOUS), "'people'.*at most"),
    "a seed without a text": (
        lambda: Scheme("a", negate, (2, 2), [0], seed=ENORMOUS), "'seed'"),
    "a number of components that is an array": (
        lambda: Scheme("a", negate, (2, 2, np.array(4)), [0]), "'shape'"),  # type: ignore[arg-type]
    "pixels beyond NumPy's": (lambda: ep.probe(negate, (2**63, 1)), "'shape'.*at most 4294967296"),
    "blocks of four pixels, permuted alike": (
        lambda: recover_within_blocks(images(), block=2, shared=True), "'block'.*at least 3"),
    "a block within which nothing is": (
        lambda: recover_within_blocks(images(), block=ENORMOUS), "'block'"),
    "rounds without an end": (
        lambda: align(np.eye(4), np.eye(4), rounds=2**63), "'rounds'.*0 to 1000"),
    "pixels whose cubes are no doubles": (
        lambda: align(np.eye(4), np.eye(4) * 1e301), "'public'.*magnitude up to"),
    "a seed that is neither true nor false": (
        lambda: Scheme("a", negate, (2, 2), [0], seed=NoTruth()), "'seed'"),  # type: ignore[arg-type]
    "a heading of a probe that is none": (
        lambda: ep.probe(negate, (2, 2), keys=[0], quick=True, isolation="none").to_html(7),  # type: ignore[arg-type]
        "'name'"),
    "a folder that is a file": (
        lambda: ep.ExactKernel("rbf", memory=f"{__file__}/inside")(np.eye(2)), "'memory'"),
    # numbers that are none
    "a tolerance beyond doubles": (lambda: audit(tolerance=10**400), "'tolerance'"),
    "a difference beyond grey levels": (
        lambda: compare(images(), images(), GREY, tolerance=10**400), "'tolerance'"),
    "a seed below zero": (lambda: ImageSet("a", images(), labels(), GREY).half_split(-1), "'seed'"),
    "a seed that is text": (lambda: make_synthetic_faces(people=1, seed="1"), "'seed'"),  # type: ignore[arg-type]
    "a seed of no integer": (lambda: reductions_to(GREY, 4, seed=0.5), "'seed'"),  # type: ignore[arg-type]
    "a share above one": (lambda: Confirmation(1, 1, True, 1).missed(1.5), "'fraction'"),
    "no block": (lambda: infer_structure(IDENTITY, (2, 2), block=0), "'block'"),
    "another number of pixels": (lambda: infer_structure(IDENTITY, (2, 3)), "'shape'.*4 pixels"),
    "too many components": (
        lambda: infer_structure(ep.SignedPermutation.identity(10), (1, 1, 10)),
        "'shape'.*1 to 4 channels",
    ),
    "no time": (lambda: drift(IDENTITY, negate, (2, 2), 0, time_limit=0), "'time_limit'"),
    "pixels beyond single precision": (
        lambda: recover_layout(np.full((4, 8, 8), 1e300)), "magnitude up to"),
    # shapes and kinds of arrays
    "indices of several shapes": (
        lambda: ep.BlockGeometry(8, 8).flat_index([0], [1, 2], [1, 2, 3], 0), "broadcasts"),
    "planes that are none": (lambda: ep.JpegCoefficients(NOTHING, []), "'planes'"),
    "tables that are a number": (
        lambda: ep.encode_jpeg_exactly(images()[0], tables=np.array(3)), "'tables'"),  # type: ignore[arg-type]
    "a vector of another size": (lambda: AFFINE.apply(np.zeros(3)), "'vector'"),
    "reduced vectors of another size": (lambda: INDUCED.apply(np.zeros(2)), "'Z'"),
    "objects without bits": (lambda: assert_bitwise_equal(OBJECTS, OBJECTS), "'found'"),
    "no images to encrypt": (lambda: NEGATION.encrypted(np.zeros((0, 2, 2), np.uint8), 0), "'imag"),
    "pixels that are masked": (lambda: ep.attack(MASKED), "'images'.*masked"),
    "found pixels that are masked": (lambda: compare(MASKED, images(), GREY), "'found'.*a masked"),
    "pixels of 1e300 to attack": (
        lambda: ep.attack(np.full((2, 8, 8), 1e300)), "up to 1e\\+15 at most"),
    "halves that are infinite": (
        lambda: ep.attack(np.full((2, 8), np.inf, np.float16)), "be finite"),
    "labels beyond integers": (
        lambda: different_decisions(
            KNeighborsClassifier(1), images(), encrypted(), [1e300] * len(images()), [0, 1]),
        "'labels'.*2\\^63"),
    "images without a difference": (
        lambda: gram_deviation(
            BlockMean(GREY), np.repeat(images()[:1], 2, 0), np.repeat(images()[:1], 2, 0)),
        "'images'.*differ"),
    # where several are wanted
    **{
        f"{name} of no dimensions": (partial(call, np.array(7)), message)
        for name, call, message in (
            ("files", ep.coefficient_rows, "'sources'.*iterable"),
            ("keys", lambda keys: ep.probe(negate, (2, 2), keys=keys), "'keys'"),
            ("claims", lambda claims: ep.verify(claims=claims), "'claims'"),
            ("schemes", parametrize_with_checks, "'schemes'"),
            ("theorems", lambda names: rejected(coq_report(), names), "'names'"),
        )
    },
    "bytes for tables": (
        lambda: ep.encode_jpeg_exactly(images()[0], tables=memoryview(bytes(64))), "'tables'"),
    # objects of another kind
    "no encryption": (lambda: audit(encrypt=NOTHING), "'encrypt'.*function"),
    "a table for a scheme": (
        lambda: FileSettings(bytes(32), scheme=pd.DataFrame({"a": [1]})), "'scheme'"),
    "no geometry": (lambda: compare(images(), images(), NOTHING), "'geometry'"),
    "no fingerprint": (lambda: ep.fingerprint.__globals__["shipped_fingerprint"]().differences(
        NOTHING), "'other'"),
    "no codec": (lambda: FileSettings(bytes(32), codec=NOTHING), "'codec'"),
    "no certificate": (lambda: drift(NOTHING, negate, (2, 2), 0), "'certificate'"),
    "no report of Coq": (lambda: rejected(NOTHING, ["a"]), "'report'"),
    "bad images of no truth value": (
        lambda: load_extended_yale_b("a.zip", include_bad=NoTruth()), "'include_bad'"),  # type: ignore[arg-type]
    "no data": (lambda: ep.verify(claims=["int8-products"], data=1), "'data'"),  # type: ignore[arg-type]
    "no transformer": (lambda: gram_deviation(None, images(), encrypted()), "'reduction'"),
    "no estimator": (
        lambda: different_decisions(len, images(), encrypted(), labels(), [0]), "'estimator'"),
    "no step": (lambda: next(generators(GREY, "K9")), "'step'"),
    "no function to call back": (
        lambda: ep.attack(images(), progress=1), "'progress'.*function"),  # type: ignore[arg-type]
    "an array for steps": (
        lambda: ep.EtCKey.generate(GREY, steps=[np.array([1, 2])]), "'steps'"),  # type: ignore[list-item]
    "claims that are arrays": (
        lambda: ep.verify(claims=[np.array([1, 2])]), "'claims'"),  # type: ignore[list-item]
    "steps of no set": (lambda: Implementation(GREY).key_with(NOTHING), "'steps'"),
    "a level beyond doubles": (
        lambda: ep.standard_scaler_error_bound(
            ep.PixelStatistics(images().reshape(len(images()), -1)), level=10**400),
        "'level'"),
    "one file for several": (lambda: ep.coefficient_rows("a.jpg"), "'sources'.*iterable"),
    "a list of planes": (lambda: ep.attack(images(), planes=[3]), "'planes'"),  # type: ignore[arg-type]
    "a size that is none": (lambda: load_images("digits", fit=OBJECTS), "'fit'"),
    "a table for a data set": (lambda: load_images({}), "'data'"),  # type: ignore[arg-type]
    "a sampling that is none": (
        lambda: FileSettings(bytes(32), sampling=NOTHING), "'sampling'"),
    "a suffix that is none": (
        lambda: picture_of(b"a picture", suffix=NotImplemented), "'suffix'.*text"),
    "a conversion that is none": (
        lambda: picture_of(b"a picture", conversion=NOTHING), "'conversion'"),
    # what functions of users return
    "an encryption that returns nothing": (lambda: audit(encrypt=lambda *_: NOTHING), "'encrypt'"),
    "an encryption that loses images": (lambda: audit(encrypt=lambda x, _: x[:1]), "'encrypt'"),
    "folds without images": (lambda: audit(cv=[]), "'cv'"),
    "folds beyond the images": (lambda: audit(cv=[([0], [99])]), "'cv'"),
    # texts and names of files
    "a table with other columns": (lambda: points_from_csv("a,b\n1,2,3\n"), "'text'"),
    "a table with a number that is none": (lambda: points_from_csv("bits\nx\n"), "'text'"),
    "a fingerprint of numbers": (
        lambda: ep.Fingerprint.from_json(ep.Fingerprint({"a": 1}).to_json()),  # type: ignore[dict-item]
        "nothing but text"),
    "a report of Coq of lists": (
        lambda: Report.from_json('{"format": "etcprops.CoqReport", "version": 1, "digest": []}'),
        "digest"),
    "a NUL in a name": (lambda: ep.EtCKey.load("a\0b"), "no name of a file"),
    "a NUL in a new name": (lambda: KEY.save("a\0b"), "be the name of a file"),
    "a NUL in a picture's name": (lambda: ep.read_image("a\0b"), "'image'"),
    "a NUL in a file's name": (lambda: ep.read_coefficients("a\0b"), "'source'"),
    "a header of too many pixels": (lambda: ep.read_coefficients(bomb()), "at most 89478485"),
    "a folder for a file": (lambda: ep.read_coefficients("/"), "'source'"),
    "a name that is too long": (lambda: load_extended_yale_b("a" * 10_000), "'path'"),
    "a data set's name that is too long": (lambda: load_images("a" * 10_000), "'data'"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_what_was_found_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message) as caught:
        call()
    assert len(str(caught.value)) <= 2000


def test_objects_that_cannot_be_shown_are_told_by_their_type() -> None:
    assert describe(ENORMOUS) == "an object of type int that cannot be shown."
    assert describe([NoText()]) == "an object of type list that cannot be shown."
    hostile: tuple[Any, ...] = (ENORMOUS, NoText(), NoTruth(), NoArray(None), [NoText()])
    for value in hostile:
        with pytest.raises(InvalidParameterError, match="'key' parameter of encrypt"):
            ep.encrypt(images(), value)
    assert "keys=" in repr(Scheme("a", negate, (2, 2), [ENORMOUS]))


def test_matrices_of_the_other_byte_order_are_matrices() -> None:
    assert_orthogonal(np.eye(4, dtype=">i4"))


def test_dimensions_of_eight_bits_do_not_wrap() -> None:
    wide = reductions_to(ep.BlockGeometry(64, 64, channels=3), np.int8(64))  # type: ignore[arg-type]
    assert wide.keys() == reductions_to(ep.BlockGeometry(64, 64, channels=3), 64).keys()


def test_a_time_limit_may_be_infinite() -> None:
    report = ep.probe(negate, (2, 2), keys=[0], quick=True, time_limit=math.inf)
    assert report.verdict.kind == "signed permutation"


def test_a_file_costs_no_more_memory_than_it_has(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "small").write_bytes(b"abc")
    tracemalloc.start()
    assert read_at_most(tmp_path / "small", 1 << 30) == b"abc"
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()


def test_numbers_of_numpy_are_numbers() -> None:
    assert infer_structure(IDENTITY, (2, 2), block=np.int8(1)) is not None  # type: ignore[arg-type]
    assert_orthogonal(np.eye(4, dtype=np.float16))
    assert len(make_synthetic_faces(people=1, lights=np.int8(4), height=96, width=96).images) == 4  # type: ignore[arg-type]
    vectors = images().reshape(len(images()), -1).astype(np.float64)
    assert ep.GramPCA(2, slices=np.uint8(2)).fit(vectors).n_components_ == 2  # type: ignore[arg-type]


def test_reductions_may_be_in_half_precision() -> None:
    matrix = np.eye(GREY.n_pixels, dtype=np.float16)
    matrix[0, 0] = 0.5
    for given in (matrix, matrix.astype(np.float64)):
        found = equivariance(given, GREY, "permutation")
        assert found.counterexample is not None


def test_masks_are_left_out() -> None:
    plain = images()
    found = ep.recover_from_pairs(np.ma.masked_array(plain), ep.encrypt(plain, KEY), GREY)
    assert found.determined.all()
    assert found.bits_left == 0


def test_the_least_probability_needs_finitely_many_images() -> None:
    assert 0 < images_needed(0.95, 0.3, blocks=480) < images_needed(0.95, 0.3, 480, delta=5e-324)
    assert images_needed_for_exponents([0.1] * 9, 5e-324) < 10**5


@pytest.mark.parametrize("path", [None, "a\0b", 7.5, NoTruth()])
def test_the_checker_takes_only_names_of_files(path: Any) -> None:
    with pytest.raises(ValueError, match="cannot be read as JSON"):
        checker.read(path)
