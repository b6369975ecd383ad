"""The programs that Coq extracted against the Python, and against Coq's extraction today."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, SignedPermutation, encrypt
from etcprops.theory.coq import CoqUnavailableError, compiled, find_coq
from etcprops.vectors import load_vectors

FOLDER = Path(__file__).parents[2] / "proofs" / "extraction"
VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture(scope="module")
def compare() -> Any:
    """Return the script that compares the extracted program with the Python."""
    spec = importlib.util.spec_from_file_location("compare_extracted", FOLDER / "compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its data classes look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def program(compare: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the extracted program."""
    if shutil.which("ocamlopt") is None:
        pytest.skip("needs OCaml to compile the extracted program: ocamlopt not found")
    built: Path = compare.build(tmp_path_factory.mktemp("extracted"))
    return built


def _run(program: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(program), *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603


def test_both_answer_alike_on_random_and_damaged_cases(compare: Any, program: Path) -> None:
    kinds, differ = compare.compare(program, 800, seed=1)
    assert differ == []
    assert set(kinds) == {"0", "1", "2", "encrypted", "invalid"}
    assert min(kinds.values()) >= 20


@pytest.mark.sampled(2)
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_of_full_size(channels: int, program: Path, tmp_path: Path) -> None:
    geometry = BlockGeometry(192, 160, channels=channels)
    key = EtCKey.from_secret(geometry, "full size")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    (tmp_path / "key.json").write_text(key.to_json())
    done = _run(program, "encrypt", str(tmp_path / "key.json"), given=image.tobytes())
    assert (done.returncode, done.stdout) == (0, encrypt(image, key).tobytes())
    assert _run(program, "encrypt", str(tmp_path / "key.json"), given=b"\0").returncode == 2

    certificate = SignedPermutation.from_key(key).to_certificate()
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(certificate))
    done = _run(program, "check", str(path))
    assert (done.returncode, done.stdout[:10]) == (0, b"Orthogonal")
    certificate["source"][-1] = certificate["source"][0]
    path.write_text(json.dumps(certificate))
    assert _run(program, "check", str(path)).returncode == 1


def test_small_vectors_come_out_as_coq_evaluates_etc_encrypt(compare: Any, program: Path) -> None:
    """The slow program of the theorems and the fast one, on valid and on invalid input."""
    cases = []
    for vector in json.loads((VECTORS / "encryption.json").read_text())["tests"]:
        if all(0 <= x < 256 for x in vector["pixels"]):
            sizes = {name: vector[name] for name in ("height", "width", "channels", "block")}
            key = {"format": "etcprops.EtCKey", "version": 1, "geometry": sizes}
            key |= {step: vector[step] for step in compare.STEPS}
            question = f"encrypt\t{json.dumps(key)}\t{bytes(vector['pixels']).hex()}"
            out = vector["encrypted"]
            cases.append(compare.Case(question, "invalid" if out is None else bytes(out).hex()))
    assert compare.ask(program, cases) == [case.expected for case in cases]
    assert len(cases) > 60


def test_shipped_vectors_come_out_as_the_extracted_program_encrypts(
    compare: Any, program: Path
) -> None:
    """Right answers it gives, mistakes' answers it does not, and malformed keys it refuses."""
    cases, given = [], []
    for name in ("etc_encryption", "etc_malformed"):
        for group in load_vectors(name)["testGroups"]:
            for test in (group | test for test in group["tests"]):
                sizes = {name: test[name] for name in ("height", "width", "channels", "block")}
                key = {"format": "etcprops.EtCKey", "version": 1, "geometry": sizes}
                key |= {step: test[step] for step in compare.STEPS}
                cases.append(compare.Case(f"encrypt\t{json.dumps(key)}\t{test['msg']}", ""))
                given.append(test)
    for answer, test in zip(compare.ask(program, cases), given, strict=True):
        if test["type"] == "EtcMalformed":
            # It refuses bits that are true and false, as it may.
            weak = "WeakKey" in test["flags"]
            assert answer == (test["ct"] if weak else "invalid"), test["tcId"]
        else:
            assert (answer == test["ct"]) == (test["result"] == "valid"), test["tcId"]


def test_full_size_vectors_come_out_as_coq_evaluates_fast_encrypt(
    program: Path, tmp_path: Path
) -> None:
    for vector in json.loads((VECTORS / "full_size.json").read_text())["tests"][:4]:
        geometry = BlockGeometry(
            vector["height"], vector["width"], channels=vector["channels"], block=vector["block"]
        )
        key = EtCKey.from_secret(geometry, vector["secret"])
        (tmp_path / "key.json").write_text(key.to_json())
        pixels, x = bytearray(geometry.n_pixels), 1
        for i in range(geometry.n_pixels):
            x = (1103515245 * x + 12345) % 2**31
            pixels[i] = x >> 16 & 255
        done = _run(program, "encrypt", str(tmp_path / "key.json"), given=bytes(pixels))
        assert hashlib.sha256(done.stdout).hexdigest() == vector["encrypted"]


def test_a_map_that_is_not_as_certified_and_files_that_hold_none(
    program: Path, tmp_path: Path
) -> None:
    certificate = SignedPermutation([1, 0], [1, -1]).to_certificate()
    path = tmp_path / "certificate.json"
    for status, changed in (
        (0, {}),
        (1, {"witness": "0" * 64}),
        (1, {"witness": ""}),
        (1, {"sign": [1, 2]}),
        (2, {"version": 3}),
        (2, {"level": 0}),
    ):
        path.write_text(json.dumps(certificate | changed))
        assert _run(program, "check", str(path)).returncode == status
    plain = {name: v for name, v in certificate.items() if name != "witness"} | {"version": 1}
    for level in (1, 10**18, 2**62, 2**63 - 1, 2**63, 10**19, 10**500):
        path.write_text(json.dumps(plain | {"level": level}))
        assert _run(program, "check", str(path)).returncode == (0 if level < 2**63 else 2)
    for text in ("", "{", "[" * 10**6, '{"format": "etcprops.SignedPermutation"}', "\u00e9"):
        path.write_text(text)
        assert _run(program, "check", str(path)).returncode == 2
    assert _run(program, "check", str(tmp_path / "absent.json")).returncode == 2
    assert _run(program).returncode == 2


@pytest.mark.parametrize("size", [*range(1, 7), 27, 28, 31, 32, 59, 60, 64, 200])
def test_the_hash_of_the_chosen_images(size: int, program: Path, tmp_path: Path) -> None:
    """Messages of every length around a block of SHA-256, which the program computes itself."""
    for level in (1, 255, 65535):
        certificate = SignedPermutation(np.arange(size), [-1] * size, level=level).to_certificate()
        path = tmp_path / "certificate.json"
        path.write_text(json.dumps(certificate))
        assert _run(program, "check", str(path)).returncode == 0
        wrong = hashlib.sha256(certificate["witness"].encode()).hexdigest()
        path.write_text(json.dumps(certificate | {"witness": wrong}))
        assert _run(program, "check", str(path)).returncode == 1


def test_a_difference_is_noticed(compare: Any, tmp_path: Path) -> None:
    """A program that accepts everything."""
    liar = tmp_path / "liar"
    liar.write_text("#!/bin/sh\nwhile read -r line; do echo 0; done\n")
    liar.chmod(0o755)
    _, differ = compare.compare(liar, 40, seed=1)
    assert len(differ) > 20


@pytest.mark.thorough
def test_the_shipped_text_is_what_coq_extracts_now(tmp_path: Path) -> None:
    try:
        find_coq()
    except CoqUnavailableError as missing:
        pytest.skip(f"needs Coq to extract the programs again: {missing}")
    shutil.copy(FOLDER / "Extract.v", tmp_path)
    command = ["coqc", "-q", "-Q", str(compiled()), "EtC", "Extract.v"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)  # noqa: S603
    for name in ("proved.ml", "proved.mli"):
        assert (tmp_path / name).read_text() == (FOLDER / name).read_text()


def test_extraction_replaces_no_numbers() -> None:
    """OCaml's integers are no part of what is proved, and no type is forced."""
    text = (FOLDER / "proved.ml").read_text()
    assert not re.search(r"Obj\.magic|\bint\b|Stdlib|external|failwith|AXIOM", text)
    assert "Extract " not in (FOLDER / "Extract.v").read_text()
