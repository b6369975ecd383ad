"""Every document that the package ships or the command line writes validates against its schema."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator, ValidationError
from PIL import Image
from referencing import Registry, Resource
from typer.testing import CliRunner

import etcprops
from etcprops import (
    BlockGeometry,
    EtCKey,
    Fingerprint,
    InvalidParameterError,
    SignedPermutation,
    _documents,
    encrypt,
)
from etcprops._files import write_whole
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.claims.searches import report as searched
from etcprops.claims.statements import STATEMENTS
from etcprops.cli import app
from etcprops.datasets import make_synthetic_faces
from etcprops.probing import checker
from etcprops.reproducibility.fingerprints import shipped_fingerprint
from etcprops.theory.coq_report import RECORD, Report, read_record
from etcprops.theory.theorems import sources_folder
from etcprops.vectors import vectors_text

PACKAGE = Path(etcprops.__file__).parent
SCHEMAS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
    for path in sorted((PACKAGE / "schemas").glob("*.schema.json"))
}
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)
KEY = EtCKey.from_secret(BlockGeometry(8, 8, channels=3, block=4), "documents")

FUNCTIONS = """
import numpy as np
from sklearn.svm import SVC

def negate(image, key):
    return 255 - image[:, ::-1]

def shuffle(image, key):
    order = np.random.default_rng(key).permutation(image.size)
    return image.reshape(-1)[order].reshape(image.shape)

def lose(image, key):
    return np.concatenate([image[1:2], image[1:]])

def mix(image, key):
    return (image.astype(int) ** 2 % 251).astype(np.uint8)

def blur(image, key):
    return image.astype(float) + np.roll(image, 1, axis=0)

def gray_code(image, key):
    return image ^ (image >> 1)

def add(image, key):
    return image + np.uint8(key)

def fail(image, key):
    raise RuntimeError("no")

model = SVC()
"""


def strictly(text: str) -> Any:
    """Return what JSON text says; NaN and infinities are no JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def validate(document: Any) -> None:
    """Raise ValidationError if a document is not as the schema of its format says."""
    schema = SCHEMAS[document["format"].removeprefix("etcprops.")]
    Draft202012Validator(schema, registry=REGISTRY).validate(document)


def command(*arguments: str, status: int = 0) -> None:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == status, done.output + repr(done.exception)


def ledger(file: Path) -> None:
    names = "raw-inner-products,z-score,permuting-steps"
    command("verify", "--claims", names, "--geometry", "8x8/4", "--json", str(file))


def report(name: str, shape: str, keys: int, status: int = 0) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        options = ("--shape", shape, "--keys", str(keys), "--isolation", "none")
        command("probe", f"documented:{name}", *options, "--json", str(file), status=status)

    return write


def certificate(file: Path) -> None:
    size = ("--shape", "8x8", "--keys", "1")
    command("probe", "documented:negate", *size, "--certificate", str(file))
    command("check", str(file))


def verdict(file: Path) -> None:
    options = ("--preprocessing", "none", "--images", "60", "--budget", "1", "--json", str(file))
    command("audit", "documented:model", *options, status=1)


def atlas(file: Path) -> None:
    options = ("--images", "40", "--keys", "1", "--budget", "inf", "--time-limit", "inf")
    rows = ("--output", str(file.with_suffix(".rows")))
    names = ("KNeighborsClassifier", "PCA", "VotingClassifier")
    command("audit", *names, *options, *rows, "--json", str(file))


def reproduction(file: Path) -> None:
    command("reproduce", "--out", str(file.parent / "out"), "--jobs", "1")
    file.write_text((file.parent / "out" / "results.json").read_text("utf-8"), "utf-8")


def attack_report(*, scrambled: bool) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        faces = make_synthetic_faces(people=2, lights=16, height=48, width=32)
        key = EtCKey.from_secret(faces.geometry, "documents")
        images = encrypt(faces.images, key) if scrambled else np.zeros_like(faces.images)
        np.save(file.with_suffix(".npy"), images)
        given = (str(file.with_suffix(".npy")), "--json", str(file))
        command("attack", *given, status=int(scrambled))

    return write


def files(name: str) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        plain, secret = file.parent / "plain", file.parent / "secret"
        plain.mkdir()
        image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        Image.fromarray(image).save(plain / "a.png")
        (plain / "b.png").write_bytes(b"no image")
        command("keygen", str(secret))
        for verb, source, form in (
            ("encrypt", plain, "jpeg"),
            ("decrypt", file.parent / "encrypt", "png"),
        ):
            given = (
                "--out",
                str(file.parent / verb),
                "--secret-file",
                str(secret),
                "--format",
                form,
            )
            checked = ("--check",) * (verb == "encrypt")
            status = int(verb == "encrypt")
            command(verb, str(source), *given, *checked, "--json", f"{file}.{verb}", status=status)
        file.write_text(Path(f"{file}.{name}").read_text("utf-8"), "utf-8")

    return write


def fingerprint(file: Path) -> None:
    command("fingerprint", "--json", str(file))


def searches(file: Path) -> None:
    names = ("raw-inner-products", "mid-grey")
    some = {name: STATEMENTS[name] for name in names}
    write_whole(file, searched(20, statements=some).to_json())


def shipped_record(file: Path) -> None:
    file.write_text((sources_folder() / RECORD).read_text("utf-8"), "utf-8")


def record(file: Path) -> None:
    write_whole(file, read_record().to_json())


def shipped_fingerprint_file(file: Path) -> None:
    shipped = PACKAGE / "reproducibility" / "fingerprint.json"
    file.write_text(shipped.read_text("utf-8"), "utf-8")


def key(file: Path) -> None:
    write_whole(file, KEY.to_json())


def vectors(file: Path) -> None:
    file.write_text(vectors_text("etc_key_derivation"), "utf-8")


WRITERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "verify": ("Ledger", ledger),
    "probe: signed permutation": ("ProbeReport", report("negate", "8x8", 3)),
    "probe: permutation by key": ("ProbeReport", report("shuffle", "2x2", 40)),
    "probe: lost pixels": ("ProbeReport", report("lose", "4x4x3", 1)),
    "probe: non-linear": ("ProbeReport", report("mix", "4x4", 1)),
    "probe: affine": ("ProbeReport", report("blur", "4x4", 1)),
    "probe: GF(2)": ("ProbeReport", report("gray_code", "4x4", 1)),
    "probe: modulo 256": ("ProbeReport", report("add", "4x4", 2)),
    "probe: no image": ("ProbeReport", report("fail", "4x4", 1, status=1)),
    "probe --certificate": ("SignedPermutation", certificate),
    "audit of a model": ("Verdict", verdict),
    "audit of many": ("Atlas", atlas),
    "reproduce": ("Reproduction", reproduction),
    "searches": ("Searches", searches),
    "attack": ("AttackReport", attack_report(scrambled=True)),
    "attack in vain": ("AttackReport", attack_report(scrambled=False)),
    "encrypt": ("Files", files("encrypt")),
    "decrypt": ("Files", files("decrypt")),
    "fingerprint": ("Fingerprint", fingerprint),
    "fingerprint, shipped": ("Fingerprint", shipped_fingerprint_file),
    "Coq's record": ("CoqReport", record),
    "Coq's record, shipped": ("CoqReport", shipped_record),
    "key": ("EtCKey", key),
    "vectors": ("Vectors", vectors),
}


@pytest.fixture
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make commands quick: small images, one ratio, no figures, and functions to probe at hand."""
    import etcprops.cli.reproduce  # noqa: F401  # the package's attribute is the command
    from etcprops.experiments import figures
    from etcprops.experiments.reproduction import run

    (tmp_path / "documented.py").write_text(FUNCTIONS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys.modules["etcprops.cli.reproduce"],
        "load_faces",
        lambda *_, **__: make_synthetic_faces(people=3, lights=4, height=16, width=16),
    )
    monkeypatch.setattr(run, "__kwdefaults__", {**(run.__kwdefaults__ or {}), "ratios": (20,)})
    monkeypatch.setattr(figures, "rendered", lambda *_: b"")
    monkeypatch.setattr("etcprops.reproducibility.fingerprint", lambda **_: shipped_fingerprint())
    yield
    sys.modules.pop("documented", None)


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_validates(name: str, tmp_path: Path) -> None:
    kind, write = WRITERS[name]
    file = tmp_path / "document.json"
    write(file)
    document = strictly(file.read_text("utf-8"))
    assert document["format"] == f"etcprops.{kind}"
    assert document["version"] == _documents.VERSIONS[f"etcprops.{kind}"]
    validate(document)
    if kind == "Atlas":
        rows = file.with_suffix(".rows").read_text("utf-8").splitlines()
        header, *lines = [strictly(row) for row in rows]
        assert header["format"] == "etcprops.audit"
        validate(header)
        assert sorted(r["name"] for r in lines) == sorted(r["name"] for r in document["rows"])
        validate(document | {"rows": lines})
        assert header["about"]["time_limit"] is header["about"]["budget"] is None


def test_every_format_has_a_schema_and_every_schema_a_document() -> None:
    formats = {name.removeprefix("etcprops.") for name in _documents.VERSIONS}
    assert formats == set(SCHEMAS) == {kind for kind, _ in WRITERS.values()} | {"audit"}
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"{name}.schema.json"
        assert schema["properties"]["format"] == {"const": f"etcprops.{name}"}
        version = schema["properties"]["version"]
        assert (
            version.get("const", max(version.get("enum", [0])))
            == (_documents.VERSIONS[f"etcprops.{name}"])
        )
        assert ("etcprops" in schema["required"]) == (f"etcprops.{name}" not in _documents.DATA)


def test_every_format_in_the_sources_is_known() -> None:
    """A class that named a format of its own would escape the schemas."""
    writing = r'(?:write|document|read)\((?:text, )?"(etcprops\.\w+)"'
    named = {
        match
        for path in PACKAGE.rglob("*.py")
        for match in re.findall(writing, path.read_text("utf-8"))
    }
    assert {"etcprops.Ledger", "etcprops.Verdict", "etcprops.Atlas"} <= named
    assert named <= set(_documents.VERSIONS)


@cache
def shipped(name: str) -> dict[str, Any]:
    """Return a sound document of each of three kinds."""
    texts = {
        "Fingerprint": shipped_fingerprint().to_json(),
        "EtCKey": KEY.to_json(),
        "SignedPermutation": json.dumps(SignedPermutation.from_key(KEY).to_certificate()),
        "Atlas": Atlas([], {}).to_json(),
    }
    found: dict[str, Any] = json.loads(texts[name])
    return found


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Fingerprint", {"etcprops": ...}),
        ("Fingerprint", {"more": 1}),
        ("Fingerprint", {"digest": "0"}),
        ("EtCKey", {"permutation": ...}),
        ("EtCKey", {"transforms": [8]}),
        ("EtCKey", {"version": 2}),
        ("SignedPermutation", {"witness": ...}),
        ("SignedPermutation", {"sign": [0]}),
        ("SignedPermutation", {"version": 1}),
        ("Atlas", {"rows": [{}]}),
    ],
)
def test_what_is_broken_is_refused(name: str, changes: dict[str, Any]) -> None:
    broken = {k: v for k, v in (shipped(name) | changes).items() if v is not ...}
    if name != "Atlas":
        validate(shipped(name))
    with pytest.raises(ValidationError):
        validate(broken)


def test_certificates_of_version_1_are_sound_documents(tmp_path: Path) -> None:
    old = {k: v for k, v in shipped("SignedPermutation").items() if k != "witness"} | {"version": 1}
    validate(old)
    assert SignedPermutation.from_certificate(old) == SignedPermutation.from_key(KEY)
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old), "utf-8")
    assert checker.check(str(file))[0] == 0


# --- Reading


READERS: dict[str, tuple[Callable[[str], Any], Callable[[], Any]]] = {
    "EtCKey": (EtCKey.from_json, lambda: KEY),
    "Fingerprint": (Fingerprint.from_json, shipped_fingerprint),
    "CoqReport": (Report.from_json, read_record),
}


@pytest.mark.parametrize("name", READERS)
def test_documents_of_0_1_0_are_read(name: str) -> None:
    """They lack the package's version, and were laid out otherwise."""
    read, sound = READERS[name]
    document = json.loads(sound().to_json())
    document.pop("etcprops", None)
    assert read(json.dumps(document)) == sound()
    assert read(json.dumps(document, indent=1) + "\n") == sound()


@pytest.mark.parametrize("name", READERS)
def test_other_formats_and_newer_versions_are_named(name: str) -> None:
    read, sound = READERS[name]
    document = json.loads(sound().to_json())
    with pytest.raises(InvalidParameterError, match=r"Got 'etcprops\.Ledger' \(str\)"):
        read(json.dumps(document | {"format": "etcprops.Ledger"}))
    with pytest.raises(InvalidParameterError, match=r"Got version 7 \(int\), by etcprops 9\.9\."):
        read(json.dumps(document | {"version": 7, "etcprops": "9.9"}))
    with pytest.raises(InvalidParameterError, match="be JSON text"):
        read("[")


@pytest.mark.parametrize("name", ["Fingerprint", "CoqReport"])
def test_a_document_without_a_field_is_refused(name: str) -> None:
    read, sound = READERS[name]
    document = json.loads(sound().to_json())
    del document["digest" if name == "CoqReport" else "parts"]
    with pytest.raises(ValueError, match="digest" if name == "CoqReport" else "parts"):
        read(json.dumps(document))


# --- Writing


def test_nothing_that_is_no_json_is_written() -> None:
    for number in (np.nan, np.inf):
        with pytest.raises(ValueError, match="not JSON compliant"):
            _documents.write("etcprops.Verdict", {"seconds": number})


def test_text_is_as_it_is_and_layout_does_not_change_what_is_said() -> None:
    content = {"name": "Schlüssel, 鍵", "empty": [{}, []], "rows": [{"a": (1, {"b": 2})}, "x"]}
    text = _documents.write("etcprops.Verdict", content)
    assert "Schlüssel, 鍵" in text
    assert json.loads(text) == json.loads(
        json.dumps(_documents.document("etcprops.Verdict", content))
    )


def test_cells_without_a_limit_come_back() -> None:
    cell = AtlasCell("SVC", budget=np.inf)
    assert AtlasCell.from_dict(strictly(_documents.line(cell.to_dict()))) == cell
