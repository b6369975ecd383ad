"""The checker of certificates, run as its user does: alone, with the standard library only."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import etcprops
from etcprops import InvalidParameterError, SignedPermutation
from etcprops.probing import probe
from etcprops.scheme._chosen_images import digit_count, digits

GREY = (8, 12)
CHECKER = Path(etcprops.__file__).parent / "probing" / "checker.py"


def check(tmp_path: Path, content: str) -> subprocess.CompletedProcess[str]:
    """Run the checker as its user does, apart from the package."""
    certificate = tmp_path / "certificate.json"
    certificate.write_text(content, encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(CHECKER), str(certificate)]
    return subprocess.run(  # noqa: S603  # our own checker
        command, capture_output=True, text=True, timeout=20, check=False
    )


def test_good_certificates_are_confirmed(tmp_path: Path) -> None:
    certificate = probe(lambda x, _: 255 - x[::-1], GREY, keys=1).to_certificate()
    done = check(tmp_path, json.dumps(certificate))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("Orthogonal: 96 pixels")


@pytest.mark.parametrize("shape", [(1, 1), GREY, (20, 30)])
def test_witness_hashes_are_those_of_the_encrypted_chosen_images(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    size = shape[0] * shape[1]
    rng = np.random.default_rng(0)
    flip = SignedPermutation(rng.permutation(size), rng.choice([-1, 1], size))
    digest = hashlib.sha256()
    chosen = [np.zeros(size, dtype=np.uint8)]
    places = (digits(np.arange(size), 256, d) for d in range(digit_count(size, 256)))
    chosen += [place.astype(np.uint8) for place in places]
    for vector in chosen:
        digest.update(flip.apply(vector).tobytes())
    certificate = flip.to_certificate()
    assert certificate["witness"] == digest.hexdigest()
    done = check(tmp_path, json.dumps(certificate))
    assert done.returncode == 0, done.stdout
    assert "witness hash confirmed" in done.stdout


def replaced(**changes: Any) -> str:
    certificate = SignedPermutation([2, 0, 1], [1, -1, 1]).to_certificate()
    return json.dumps(certificate | changes)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        (replaced(source=[2, 2, 1]), 1, "input 2 is shown by output 0 and by output 1"),
        (replaced(source=[2, 2, 1]), 1, "input 0 is lost"),
        (replaced(source=[2, 0, 3]), 1, "output 2 shows input 3, which is none of 0 to 2"),
        (replaced(sign=[1, -1, 0]), 1, "output 2 has sign 0"),
        (replaced(witness="00"), 1, "witness"),
        (replaced(witness=""), 1, "witness"),
        (replaced(source=[2, 0]), 2, "as long"),
        (replaced(source=[2, 0, 1.0]), 2, "integers"),
        (replaced(source=[2, True, 1]), 2, "integers"),
        (replaced(sign=[1, 1, 1]), 1, "witness"),
        (replaced(version=3), 2, "version 1 or 2"),
        (replaced(version=1), 2, "absent in version 1"),
        (replaced(version=1, witness=[]), 2, "absent in version 1"),
        (replaced(version=True), 2, "version 1 or 2"),
        (replaced(witness=None), 2, "must be text in version 2"),
        (replaced(level=0), 2, "level"),
        (replaced(level=2**63), 2, "level"),
        (replaced(level=2**63 - 1), 1, "witness"),
        (replaced(other=1), 2, "a field that no certificate has"),
        ("[]", 2, "no certificate"),
        ("{", 2, "cannot be read as JSON"),
    ],
)
def test_broken_certificates_are_rejected(
    tmp_path: Path, content: str, status: int, says: str
) -> None:
    done = check(tmp_path, content)
    assert (done.returncode, done.stderr) == (status, "")
    assert says in done.stdout


@pytest.mark.parametrize("field", ["source", "sign"])
def test_the_package_refuses_booleans_as_the_checker_does(field: str) -> None:
    certificate = json.loads(replaced())
    certificate[field] = [number == 1 or number for number in certificate[field]]
    with pytest.raises(InvalidParameterError, match=f"integers in '{field}'"):
        SignedPermutation.from_certificate(certificate)


def test_the_checker_is_short_and_needs_the_standard_library_only() -> None:
    text = CHECKER.read_text(encoding="utf-8").splitlines()
    assert len(text) < 100
    imports = {
        line.split()[1].split(".")[0] for line in text if line.startswith(("import", "from"))
    }
    assert imports <= sys.stdlib_module_names
