"""The package against vectors that Coq computed with the very definitions of the theorems."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import (
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    SignedPermutation,
    decrypt,
    encrypt,
    encryption_matrix,
    encryption_offset,
)
from etcprops.exact.statistics import PixelStatistics
from etcprops.theory.coq import CoqUnavailableError, find_coq

FOLDER = Path(__file__).parents[1] / "vectors"
FILES = {
    path.stem: json.loads(path.read_text())
    for path in FOLDER.glob("*.json")
    if ".schema" not in path.name
}
STEPS = ("permutation", "transforms", "negatives", "components")


def _named(file: str, *results: str) -> list[Any]:
    """Return the tests of a file as parameters with readable ids."""
    return [
        pytest.param(vector, id=f"{vector['id']}-{vector['comment'].replace(' ', '-')}")
        for vector in FILES[file]["tests"]
        if vector.get("result") in (results or (None,))
    ]


def _key(vector: dict[str, Any]) -> EtCKey:
    geometry = BlockGeometry(
        vector["height"], vector["width"], channels=vector["channels"], block=vector["block"]
    )
    return EtCKey(geometry, **{step: vector[step] for step in STEPS})


def _image(vector: dict[str, Any], key: EtCKey) -> NDArray[np.int64]:
    """Return the pixels as an image if there are as many as it has."""
    pixels = np.array(vector["pixels"], dtype=np.int64)
    return pixels.reshape(key.geometry.shape) if pixels.size == key.geometry.n_pixels else pixels


@pytest.mark.parametrize("vector", _named("encryption", "valid"))
def test_pixels_are_encrypted_as_coq_does(vector: dict[str, Any]) -> None:
    key = _key(vector)
    image = _image(vector, key).astype(np.uint8)
    encrypted = encrypt(image, key)
    assert encrypted.ravel().tolist() == vector["encrypted"]
    assert np.array_equal(decrypt(encrypted, key), image)


@pytest.mark.parametrize("vector", _named("encryption", "valid"))
def test_matrices_encrypt_as_coq_does(vector: dict[str, Any]) -> None:
    key, x = _key(vector), np.array(vector["pixels"], dtype=np.int64)
    y = encryption_matrix(key).astype(np.int64) @ x + encryption_offset(key)
    assert y.tolist() == vector["encrypted"]
    assert SignedPermutation.from_key(key).apply(x).tolist() == vector["encrypted"]


@pytest.mark.parametrize("vector", _named("encryption", "invalid"))
def test_what_coq_refuses_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError):
        encrypt(_image(vector, key := _key(vector)), key)


def _pixels_of_full_size(count: int) -> bytes:
    """Return the pixels that the file's comment describes."""
    pixels, x = bytearray(count), 1
    for i in range(count):
        x = (1103515245 * x + 12345) % 2**31
        pixels[i] = x >> 16 & 255
    return bytes(pixels)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("vector", _named("full_size"))
def test_full_size_images_are_encrypted_as_coq_does(vector: dict[str, Any]) -> None:
    geometry = BlockGeometry(
        vector["height"], vector["width"], channels=vector["channels"], block=vector["block"]
    )
    key = EtCKey.from_secret(geometry, vector["secret"])
    image = np.frombuffer(_pixels_of_full_size(geometry.n_pixels), np.uint8)
    image = image.reshape(geometry.shape)
    encrypted = encrypt(image, key)
    assert hashlib.sha256(encrypted.tobytes()).hexdigest() == vector["encrypted"]
    assert np.array_equal(decrypt(encrypted, key), image)
    if geometry.n_pixels < 10**5:
        y = encryption_matrix(key).astype(np.int64) @ image.ravel() + encryption_offset(key)
        assert hashlib.sha256(y.astype(np.uint8).tobytes()).hexdigest() == vector["encrypted"]


@pytest.mark.parametrize("vector", _named("numerators"))
def test_numerators_are_those_of_coq(vector: dict[str, Any]) -> None:
    statistics = PixelStatistics(np.array(vector["pixels"])[:, None])
    query = np.array([[vector["query"]]])
    assert statistics.deviation_numerators(query).tolist() == [[vector["deviation"]]]
    assert statistics.variance_numerator.tolist() == [vector["variance"]]


def test_negated_numerators_change_their_sign_only() -> None:
    tests = FILES["numerators"]["tests"]
    for plain, negated in zip(tests[::2], tests[1::2], strict=True):
        assert negated["pixels"] == [255 - x for x in plain["pixels"]]
        assert negated["deviation"] == -plain["deviation"]
        assert negated["variance"] == plain["variance"]


@pytest.mark.parametrize("name", FILES)
def test_files_follow_their_schema(name: str) -> None:
    document = FILES[name]
    schema = json.loads((FOLDER / document["schema"]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["numberOfTests"] == len(document["tests"])
    assert [test["id"] for test in document["tests"]] == [*range(1, len(document["tests"]) + 1)]
    used = {flag for test in document["tests"] for flag in test["flags"]}
    assert used == set(document["flags"])


def test_the_families_are_whole() -> None:
    """Every value of every step occurs, and so does every kind of mistake."""
    tests = FILES["encryption"]["tests"]
    valid = [test for test in tests if test["result"] == "valid"]
    codes = {step: {c for test in valid for c in test[step] or []} for step in STEPS[1:]}
    assert codes == {"transforms": {*range(8)}, "negatives": {0, 1}, "components": {*range(6)}}
    orders = {tuple(t["permutation"]) for t in valid if t["permutation"]}
    assert len({order for order in orders if len(order) == 3}) == 6
    assert {test["channels"] for test in valid} == {1, 3}
    mistakes = Counter(flag for t in tests if t["result"] == "invalid" for flag in t["flags"])
    assert min(mistakes[kind] for kind in ("Geometry", "Key", "Pixels")) >= 4


@pytest.fixture(scope="module")
def make_vectors() -> Any:
    """Return the script that lets Coq compute the vectors."""
    try:
        find_coq()
    except CoqUnavailableError as missing:
        pytest.skip(f"needs Coq to compute the vectors again: {missing}")
    path = Path(__file__).parents[2] / "proofs" / "make_vectors.py"
    spec = importlib.util.spec_from_file_location("make_vectors", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The others take Coq longer: .ci/proofs compares them all.
QUICK = ("encryption.json", "numerators.json")


@pytest.mark.thorough
def test_the_files_are_what_coq_computes_now(make_vectors: Any) -> None:
    assert make_vectors.main(["--check", *QUICK]) == 0


@pytest.mark.thorough
def test_a_pixel_that_coq_does_not_compute_is_noticed(
    make_vectors: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in QUICK:
        text = (FOLDER / name).read_text()
        (tmp_path / name).write_text(text.replace('"encrypted": [255]', '"encrypted": [254]', 1))
    monkeypatch.setattr(make_vectors, "FOLDER", tmp_path)
    assert make_vectors.main(["--check", *QUICK]) == 1
    said = capsys.readouterr().out
    assert "encryption.json is not what Coq computes" in said
    assert "numerators.json is not" not in said
