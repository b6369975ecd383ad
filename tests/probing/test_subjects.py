"""The probe on other people's encryptions, from PyPI: what it ought to say of each function.

Run by ``bash .ci/subjects``, which probes them where they can do no harm and hands over what was
found with ``--subjects``; nothing of theirs is imported here. What is expected was worked out by
reading their code, and is held against some dozens of calls without the probe (`facts`) as well.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from facts import facts
from sources import PACKAGES, REPOSITORIES
from subjects import OF_REPOSITORIES, SUBJECTS
from table import columns

from etcprops.probing import MapKind

pytestmark = pytest.mark.subjects


class Expected(NamedTuple):
    """What the code of a function says.

    Attributes
    ----------
    kind : MapKind
        Its class.
    key : str
        As `table.key_use` has it.
    even : bool or None
        Whether keys draw evenly; None where nothing is drawn, or what is drawn has no description.
    lossless : bool or None
        Whether images can be had back; None where no map is read off.
    """

    kind: MapKind
    key: str = "used"
    even: bool | None = None
    lossless: bool | None = True


EVEN = Expected(MapKind.PERMUTATION, even=True)
UNEVEN = Expected(MapKind.PERMUTATION, even=False)
BITS = Expected(MapKind.GF2_AFFINE)
NEW_EACH_TIME = Expected(MapKind.RANDOMISED, "takes none", lossless=None)
SEED_IGNORED = NEW_NONCE = Expected(MapKind.RANDOMISED, "cannot be told", lossless=None)
NO_MAP = Expected(MapKind.NON_LINEAR, lossless=None)

EXPECTED = {
    # All pixels shift along one curve, by a share of its length.
    ("pyscramble", "tomato_scramble"): UNEVEN,
    # Row j is x[(x[j] + i) mod 16] with one order x, and pixels are a formula of the same: both
    # found under 6,000 keys each, and 44 bits.
    ("pyscramble", "per_pixel_md5"): UNEVEN,
    ("pyscramble", "row_md5"): UNEVEN,
    # Orders of a logistic orbit: neighbours in it are not independent.
    ("pyscramble", "row_logistic"): UNEVEN,
    ("pyscramble", "row_column_logistic"): UNEVEN,
    # Rows and columns of blocks share one order of four: 24 maps, of which 24 keys hit 15 or so.
    ("pyscramble", "block_md5"): Expected(MapKind.PERMUTATION, "13 maps of 24 keys", even=True),
    ("image-scramble", "scramble"): EVEN,
    ("scramblekit", "Plain"): Expected(MapKind.IDENTITY, "unused"),
    ("scramblekit", "LE"): BITS,
    ("scramblekit", "ELE"): BITS,
    ("scramblekit", "BlockwiseScramble"): BITS,
    ("scramblekit", "BlockShuffle"): EVEN,
    # Components are copied one after the other within one array.
    ("scramblekit", "EtC original"): Expected(MapKind.COPY_MAP, lossless=False),
    ("scramblekit", "PE original"): Expected(MapKind.COPY_MAP, lossless=False),
    # 8 of 16 blocks are negated, and 4 rotations meet {none, 2 mirrors}: 1/12 or 1/6, not 1/8.
    ("scramblekit", "EtC permutation"): Expected(MapKind.SIGNED_PERMUTATION, even=False),
    ("scramblekit", "PE permutation"): Expected(MapKind.SIGNED_PERMUTATION, even=True),
    ("scramblekit", "RandomPE"): SEED_IGNORED,
    ("aiposematic", "shuffle_image_pixels"): EVEN,
    # One fixed order, in which places within sixteens are swapped.
    ("enpix", "encrypt"): UNEVEN,
    ("getscrambled", "encode_blocks, seeded"): EVEN,
    ("getscrambled", "encode_blocks"): NEW_EACH_TIME,
    ("image-shuffler", "shuffle"): EVEN,
    # The key is the sum of its bytes: "ab" and "ba" are one; runs of so many bytes change places.
    ("img-encrypt", "converter"): Expected(MapKind.PERMUTATION, "5 maps of 6 keys"),
    ("img-paradox", "scram"): Expected(MapKind.PERMUTATION),
    # A stream cipher whose nonce comes from the key: one mask for all images.
    ("img-paradox", "encrypt_image"): BITS,
    ("pixelpuzzle", "shuffle_pixels"): EVEN,
    ("safelicensing", "shuffle_pixels"): EVEN,
    ("safelicensing", "encrypt_image"): BITS,
    ("scramblery", "classic"): EVEN,
    ("scramblery", "withinblocks"): EVEN,
    # Its seed goes to NumPy's generator, while these draw from Python's.
    ("scramblery", "pixel"): SEED_IGNORED,
    ("scramblery", "rotate"): SEED_IGNORED,
    ("scramblery", "colormap"): SEED_IGNORED,
    ("scramblery", "gradient"): SEED_IGNORED,
    ("scramblery", "fourier"): NO_MAP,
    # Sorts at random, then pops from a set: the order of their hashes, but for collisions.
    ("shufflecrypt", "shufflecrypt"): UNEVEN,
    # One order eight times over, which 24 keys are too few to tell from an even one.
    ("Stegencry", "shuffle_pixels"): Expected(MapKind.PERMUTATION),
    # The digits of "abcde" make it nought times.
    ("Stegencry", "shuffle_pixels, no time"): Expected(MapKind.PERMUTATION),
    # The seed is a multiple of the second digit, 0 for all that starts with a letter from d to m.
    ("Stegencry", "encrypt_rgb"): Expected(MapKind.PIXEL_LOCAL, "unused"),
    ("Stegencry", "both"): Expected(MapKind.PIXEL_LOCAL),
    # Each byte is added to, subtracted from, XORed with, or rotated by its byte of the key.
    ("dynamic-image-encryption", "encrypt_bytes"): Expected(MapKind.PIXEL_LOCAL),
    # Value number i of a file becomes itself + 967 + 247 i, for everybody.
    ("Encrypt-decrypt-tfi", "encrypt_imagefile"): Expected(MapKind.AFFINE, "takes none"),
    # A new nonce for each image, which goes into the keys of its rounds.
    ("hyperchaos", "encrypt"): NEW_NONCE,
    ("imagecrypto", "aes_gcm_128"): NEW_EACH_TIME,
    ("imagecrypto", "aes_gcm_256"): NEW_EACH_TIME,
    ("imagecrypto", "aes_ccm_128"): NEW_EACH_TIME,
    ("imagecrypto", "chacha20_poly1305"): NEW_EACH_TIME,
    # Four blocks of a JPEG file: 24 maps.
    ("ll-descr", "descramble"): Expected(MapKind.NON_LINEAR, "17 maps of 24 keys", lossless=None),
    ("NSAencrypt", "encrypt_image"): BITS,
    # Rows and columns turn left or right by the parity of their sums.
    ("rubikencryptor", "encrypt, 1 round"): NO_MAP,
    ("rubikencryptor", "encrypt"): NO_MAP,
    # The key is a text, written over the last bits of the first pixels.
    ("sbencryptor", "encrypt_data_into_image"): Expected(MapKind.PIXEL_LOCAL, lossless=False),
    ("vortexcrypt", "encrypt"): NO_MAP,
}
NAMES = [" ".join(name) for name in EXPECTED]


@cache
def _found(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.fixture(name="found")
def fixture_found(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what was found out before the tests."""
    file = request.config.getoption("--subjects")
    if file is None:
        pytest.skip("needs other people's packages, probed beforehand: bash .ci/subjects")
    return _found(file)


@pytest.fixture(name="row")
def fixture_row(found: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what was found out about one function."""
    package, function = request.param
    name = f"{package}, {function}"
    needed = {package, *PACKAGES[package].needs}
    for gone, reason in found["missing"].items():
        if gone in needed:
            pytest.skip(f"{gone} could not be installed: {reason}")
    assert not {package, name} & set(found["broken"]), found["broken"]
    (row,) = (r for r in found["rows"] if (r["package"], r["function"]) == request.param)
    return dict(row)


each = pytest.mark.parametrize("row", EXPECTED, ids=NAMES, indirect=True)


def _expected(row: dict[str, Any]) -> Expected:
    return EXPECTED[row["package"], row["function"]]


@each
def test_the_verdict_is_what_the_code_says(row: dict[str, Any]) -> None:
    expected, line = _expected(row), columns(row, "")
    assert line["kind"] == expected.kind, row["report"]["reason"]
    assert line["key"] == expected.key
    assert line["even"] == {True: "yes", False: "no", None: ""}[expected.even] or (
        expected.even is None and line["even"] == "yes"
    ), line["findings"]
    assert row["lossless"] == expected.lossless


@each
def test_the_verdict_agrees_with_calls_without_the_probe(row: dict[str, Any]) -> None:
    facts, report = row["facts"], row["report"]
    assert not facts.get("error"), facts["error"]
    alike = {"identity": "permutation", "copy map": "affine"}
    assert facts["kind"] == alike.get(report["kind"], report["kind"])
    assert facts["map"] is not False
    if row["lossless"] is not None:
        assert facts["tells_apart"] == row["lossless"]
    if report["keys"] and facts["repeats"]:
        assert facts["maps"] == report["key_audit"]["distinct_maps"]


@each
def test_a_witness_comes_with_what_is_no_signed_permutation(row: dict[str, Any]) -> None:
    report = row["report"]
    certified = report["kind"] in {"identity", "permutation", "signed permutation"}
    affine = report["kind"] == "affine"
    assert (report["witness"] is None) == (certified or affine)


def test_most_packages_could_be_had(found: dict[str, Any]) -> None:
    """Some may vanish, and each is a skipped test; if most do, nothing was tested."""
    assert len({row["package"] for row in found["rows"]}) > len(PACKAGES) / 2, found["missing"]


def test_a_file_that_was_replaced_is_no_missing_package(found: dict[str, Any]) -> None:
    replaced = [reason for reason in found["missing"].values() if "HASH" in reason.upper()]
    assert not replaced


RNG = np.random.default_rng(0)
ORDER, MASK = RNG.permutation(64), RNG.integers(0, 256, (8, 8), dtype=np.uint8)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("permutation", lambda x: x.ravel()[ORDER].reshape(8, 8)),
        ("signed permutation", lambda x: np.where(MASK > 127, x, 255 - x)),
        ("affine", lambda x: x * 3.0),
        ("affine over GF(2)", lambda x: x ^ MASK),
        ("affine modulo 256", lambda x: x + MASK),
        ("non-linear, pixel-local", lambda x: x // 3),
        ("data-dependent", lambda x: np.sort(x, axis=0)),
        ("non-linear", lambda x: x * x[::-1]),
        ("randomised", lambda x: x ^ np.random.default_rng().integers(0, 256, (8, 8), np.uint8)),
    ],
)
def test_calls_without_the_probe_tell_classes_apart(kind: str, function: Any) -> None:
    told = facts(function, (8, 8))
    assert told.kind == kind
    assert told.tells_apart == (kind != "non-linear, pixel-local")


def test_expectations_are_of_the_functions_that_are_probed() -> None:
    assert {(s.package, s.name) for s in SUBJECTS} == set(EXPECTED)
    assert len(SUBJECTS) + len(OF_REPOSITORIES) == len({*SUBJECTS, *OF_REPOSITORIES})
    assert {s.package for s in SUBJECTS} == set(PACKAGES)
    assert {s.package for s in OF_REPOSITORIES} == set(REPOSITORIES)
