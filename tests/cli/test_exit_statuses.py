"""Every command's exit statuses: 0 as it should be, 1 not, 2 a mistake, 130 interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import typer
from helpers import Run, command_line
from PIL import Image

from etcprops import BlockGeometry, EtCKey, SignedPermutation, cli, reproducibility
from etcprops.claims import CLAIMS, Ledger, Row

COMMANDS = sorted(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
MODELS = """
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
good, bad = KNeighborsClassifier(), DecisionTreeClassifier(random_state=0)
"""
SCHEMES = """
def flip(image, key):
    return 255 - image
def halve(image, key):
    return image // 2
"""
AUDIT = ("--images", "60", "--budget", "0.2")
LEDGER = "etcprops.claims:verify"
ATLAS = "etcprops.auditing.atlas.grid:atlas"


def _ledger(*, ok: bool) -> Callable[..., Any]:
    found = Ledger(() if ok else (Row(CLAIMS[0], ()),))  # without evidence
    return lambda *_, **__: found


def _atlas(*, ok: bool) -> Callable[..., Any]:
    about: dict[str, Any] = {"seconds": 0}
    nothing: list[Any] = []
    found = SimpleNamespace(
        lines=nothing, mismatches=nothing, unexplained=nothing, unfinished=nothing, about=about,
        ok=ok, to_json=str, to_html=str,
    )  # fmt: skip
    return lambda *_, **__: found


def _fingerprint(*, same: bool) -> Callable[..., Any]:
    shipped = reproducibility.shipped_fingerprint()
    first = next(iter(shipped.parts))
    parts = shipped.parts if same else {**shipped.parts, first: "0" * 64}
    return lambda **_: replace(shipped, parts=parts)


def _reproduction(*, ok: bool) -> Callable[..., Any]:
    made = SimpleNamespace(ok=ok, write=lambda out: [out])
    return lambda *_: made


Case = tuple[tuple[str, ...], dict[str, Any]]
"""Arguments, and what is put in the place of what takes long."""
FAST: dict[str, Any] = {
    "etcprops.datasets.synthetic_faces:make_synthetic_faces": lambda: SimpleNamespace(
        name="none", images=[], labels=np.arange(2)
    ),
    "etcprops.experiments.reproduction:run": lambda *_, **__: [],
    "etcprops.experiments.uploads:run_attacks": lambda *_, **__: [],
    "etcprops.cli.reproduce:_print": lambda *_: None,
}
REPRODUCTION = "etcprops.experiments.page:Reproduction"
CASES: dict[tuple[str, int], Case] = {
    ("verify", 0): ((), {LEDGER: _ledger(ok=True)}),
    ("verify", 1): ((), {LEDGER: _ledger(ok=False)}),
    ("verify", 2): (("--claims", "no-such-claim"), {}),
    ("audit", 0): (("exit_models:good", *AUDIT), {}),
    ("audit", 1): (("exit_models:bad", *AUDIT), {}),
    ("audit", 2): (("exit_models:none", *AUDIT), {}),
    ("atlas", 0): ((), {ATLAS: _atlas(ok=True)}),
    ("atlas", 1): ((), {ATLAS: _atlas(ok=False)}),
    ("atlas", 2): (("SVM",), {}),
    ("reproduce", 0): ((), {**FAST, REPRODUCTION: _reproduction(ok=True)}),
    ("reproduce", 1): ((), {**FAST, REPRODUCTION: _reproduction(ok=False)}),
    ("reproduce", 2): (("--data", "nowhere"), {}),
    ("probe", 0): (("exit_schemes:flip", "--shape", "4", "4"), {}),
    ("probe", 1): (("exit_schemes:halve", "--shape", "4", "4", "--certificate", "c.json"), {}),
    ("probe", 2): (("exit_schemes:none", "--shape", "4", "4"), {}),
    ("attack", 0): (("noise.npy",), {}),
    ("attack", 1): (("smooth.npy",), {}),
    ("attack", 2): (("nowhere",), {}),
    ("keygen", 0): (("new",), {}),
    ("keygen", 2): (("secret",), {}),
    ("encrypt", 0): (("photos", "--out", "o", "--secret-file", "secret"), {}),
    ("encrypt", 1): (("broken", "--out", "o", "--secret-file", "secret"), {}),
    ("encrypt", 2): (("nowhere", "--out", "o", "--secret-file", "secret"), {}),
    ("decrypt", 0): (("encrypted", "--out", "o", "--secret-file", "secret"), {}),
    ("decrypt", 1): (("broken", "--out", "o", "--secret-file", "secret"), {}),
    ("decrypt", 2): (("photos", "--out", "o", "--secret-file", "nowhere"), {}),
    ("check", 0): (("certificate.json",), {}),
    ("check", 1): (("wrong.json",), {}),
    ("check", 2): (("noise.npy",), {}),
    ("fingerprint", 0): ((), {"etcprops.reproducibility:fingerprint": _fingerprint(same=True)}),
    ("fingerprint", 1): ((), {"etcprops.reproducibility:fingerprint": _fingerprint(same=False)}),
    ("fingerprint", 2): (("--threads", "0"), {}),
}
INTERRUPTED = {
    "verify": LEDGER,
    "audit": "etcprops.auditing.auditor:audit",
    "atlas": ATLAS,
    "reproduce": "etcprops.experiments.reproduction:run",
    "probe": "etcprops.probing.runner:probe",
    "attack": "etcprops.attacks:attack",
    "keygen": "secrets:token_bytes",
    "encrypt": "etcprops.formats.folders:run_files",
    "decrypt": "etcprops.formats.folders:run_files",
    "check": "etcprops.probing.checker:check",
    "fingerprint": "etcprops.reproducibility:fingerprint",
}
"""What does the work of each command."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run commands in a folder that has what the cases name."""
    monkeypatch.chdir(tmp_path)
    Path("exit_models.py").write_text(MODELS)
    Path("exit_schemes.py").write_text(SCHEMES)
    rng = np.random.default_rng(0)
    np.save("noise.npy", rng.integers(0, 256, (3, 32, 32), dtype=np.uint8))
    smooth = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 3
    np.save("smooth.npy", np.stack([smooth, smooth.T + 9]))
    Path("secret").write_bytes(bytes(32))
    Path("secret").chmod(0o600)
    for name in ("photos", "broken"):
        Path(name).mkdir()
    Image.fromarray(np.stack([smooth] * 3, axis=2)).save("photos/one.png")
    Path("broken/two.png").write_bytes(b"no image")
    key = EtCKey.from_secret(BlockGeometry(4, 4, block=2), "a test")
    certificate = SignedPermutation.from_key(key).to_certificate()
    Path("certificate.json").write_text(json.dumps(certificate))
    Path("wrong.json").write_text(json.dumps({**certificate, "source": [0] * 16}))
    return command_line(monkeypatch, capsys)


def replace_in(patch: pytest.MonkeyPatch, name: str, value: object) -> None:
    """Put a value in the place of ``module:name``; commands are called as their modules are."""
    module, _, attribute = name.partition(":")
    patch.setattr(import_module(module), attribute, value)


@pytest.mark.parametrize(("command", "status"), CASES, ids=str)
def test_statuses(command: str, status: int, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, instead = CASES[command, status]
    if (command, status) == ("decrypt", 0):
        assert run("encrypt", "photos", "--out", "encrypted", "--secret-file", "secret").status == 0
    with monkeypatch.context() as patch:
        for name, value in instead.items():
            replace_in(patch, name, value)
        result = run(command, *arguments)
    assert result.status == status, result.out + result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_interrupted_every_command_says_so(
    command: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        for name, value in CASES[command, 0][1].items():
            replace_in(patch, name, value)
        replace_in(patch, INTERRUPTED[command], interrupted)
        result = run(command, *CASES[command, 0][0])
    assert result.status == 130
    assert result.err.startswith("Interrupted"), result.err
    assert "ame command" in result.err


def test_the_help_tells_the_statuses(run: Run) -> None:
    assert "130 if it was interrupted" in " ".join(run("--help").out.split())


def test_every_command_has_its_cases() -> None:
    assert {command for command, _ in CASES} == set(COMMANDS) == set(INTERRUPTED)
    without_failure = {command for command in COMMANDS if (command, 1) not in CASES}
    assert without_failure == {"keygen"}


def test_an_interrupted_fingerprint_shows_the_machines_that_it_had(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, asked = reproducibility.shipped_fingerprint(), []

    def taken(_: object, machine: reproducibility.Machine) -> reproducibility.Fingerprint:
        asked.append(machine.name)
        if machine.name == "third":
            raise KeyboardInterrupt
        return shipped

    kinds = [reproducibility.Machine(name) for name in ("this machine", "second", "third")]
    monkeypatch.setattr(reproducibility, "fingerprint", lambda **_: shipped)
    monkeypatch.setattr(reproducibility, "machines", lambda: kinds)
    module = import_module("etcprops.reproducibility.machines")  # a function there has its name
    monkeypatch.setattr(module, "_fingerprint", taken)
    result = run("fingerprint", "--machines")
    assert result.status == 130
    assert asked == ["second", "third"]
    assert [name in result.out for name in ("this machine", "second", "third")] == [True] * 2 + [
        False
    ]
    assert "Interrupted after 2 of 3 machines, no file is written." in result.err
