"""The fingerprint of all decisions, and the machines that this one can stand in for."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from etcprops import Fingerprint, InvalidParameterError, fingerprint
from etcprops.cli import app
from etcprops.reproducibility import (
    Machine,
    fingerprints_of,
    machines,
    oldest_machine,
    shipped_fingerprint,
)
from etcprops.reproducibility.fingerprints import fingerprint_of_some, hash_of

SHIPPED = shipped_fingerprint()
SIDES = ("plain", "key 1", "key 2", "key 3")


@pytest.fixture(scope="module")
def here() -> Fingerprint:
    return fingerprint()


def test_this_machine_has_the_fingerprint_that_is_shipped(here: Fingerprint) -> None:
    assert here.differences(SHIPPED) == []
    assert here.digest == SHIPPED.digest


def test_what_is_hashed() -> None:
    """No part of an encrypted side: its arrays but pixels and z-scores are those of the plain."""
    kernels = [
        f"{kind} {what}"
        for kind in ("linear", "rbf", "poly", "sigmoid")
        for what in ("kernel", "kernel of queries", "kernel of pixels")
    ]
    own = [f"{what}, {side}" for side in SIDES for what in ("pixels", "z-scores")]
    rest = ["eigenvalues", "principal components", "forest probabilities"]
    rest += ["products of z-scores, one slice", "squared distances of pixels"]
    assert sorted(SHIPPED.parts) == sorted(kernels + own + rest)
    assert len(SHIPPED.by_libsvm) == 8
    assert len({SHIPPED.parts[name] for name in own}) == len(own)


def test_a_document_comes_back_and_names_what_differs() -> None:
    again = Fingerprint.from_json(SHIPPED.to_json())
    assert again == SHIPPED
    other = replace(SHIPPED, parts={**SHIPPED.parts, "rbf kernel": "0", "more": "1"})
    assert other.differences(SHIPPED) == SHIPPED.differences(other) == ["more", "rbf kernel"]
    assert other.digest != SHIPPED.digest
    document = json.loads(SHIPPED.to_json())
    assert (document["format"], document["version"]) == ("etcprops.Fingerprint", 1)
    assert document["digest"] == SHIPPED.digest


def test_decision_values_count_where_nothing_is_fused() -> None:
    """libsvm for arm64 has fused multiply-add instructions, that for x86-64 has none."""
    values = {**SHIPPED.by_libsvm, "rbf decision values by SVM": "0"}
    other = replace(SHIPPED, by_libsvm=values)
    assert other.differences(SHIPPED) == ["rbf decision values by SVM"]
    for machine, fuses in (("Windows AMD64", False), ("Darwin arm64", True), ("", True)):
        elsewhere = replace(other, about={"machine": machine})
        assert elsewhere.fuses is fuses
        assert elsewhere.differences(SHIPPED) == ([] if fuses else ["rbf decision values by SVM"])
    elsewhere = replace(elsewhere, parts={**SHIPPED.parts, "rbf kernel": "0"})
    assert elsewhere.differences(SHIPPED) == ["rbf kernel"]


def test_one_bit_type_and_shape_show() -> None:
    array = np.arange(6.0)
    seen = {
        hash_of(other)
        for other in (
            array,
            array.reshape(2, 3),
            array.astype(np.int64),
            array.astype(np.float32),
            np.array([-0.0, *array[1:]]),
            np.nextafter(array, 9),
        )
    }
    assert len(seen) == 6
    assert hash_of(array.astype(">f8")) == hash_of(array)


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2"])
def test_bad_numbers_of_threads_are_refused(threads: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'threads' parameter of fingerprint must be"):
        fingerprint(threads=threads)


def test_products_of_bytes_that_differ_are_a_part_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(X: Any, Y: Any) -> Any:
        return X.astype(np.int32) @ Y.T.astype(np.int32) + 1

    monkeypatch.setattr("etcprops.exact._bytewise.installed", lambda: wrong)
    found = fingerprint_of_some(30, lambda *_: None)
    own = {name for name in found.parts if name.startswith("squared distances of pixels, ")}
    assert own == {f"squared distances of pixels, {side}" for side in SIDES}


# --- Machines


def test_machines_use_what_this_one_has() -> None:
    kinds = machines()
    assert kinds[0] == Machine("this machine")
    assert kinds[-1] == oldest_machine()
    assert len({kind.name for kind in kinds}) == len(kinds)
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    for kind in kinds:
        assert {*kind.variables.get("NPY_DISABLE_CPU_FEATURES", "").split()} <= {*found}
        assert kind.threads == int(kind.variables.get("OPENBLAS_NUM_THREADS", "1"))


def test_an_old_machine_can_stand_in_for_no_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[machines.__module__]
    monkeypatch.setattr(module, "processor_features", lambda: (["X86_V2"], []))
    names = {kind.name for kind in machines()}
    assert not names & {f"BLAS kernels for {name}" for name in ("Haswell", "Zen", "SkylakeX")}
    assert "NPY_DISABLE_CPU_FEATURES" not in oldest_machine().variables
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert [kind.name for kind in machines()] == [
        "this machine",
        "two BLAS threads",
        "oldest machine",
    ]


def test_a_machine_that_fails_is_named() -> None:
    with pytest.raises(RuntimeError, match="no such machine: status 1, Python"):
        fingerprints_of([Machine("no such machine", {"PYTHONHASHSEED": "no-such-seed"})])


# --- The command


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command take the shipped fingerprint for the one of this machine."""
    monkeypatch.setattr("etcprops.reproducibility.fingerprint", lambda **_: SHIPPED)


@pytest.mark.usefixtures("quick")
def test_the_command_says_the_same_and_writes_json(tmp_path: Path) -> None:
    file = tmp_path / "fingerprint.json"
    done = CliRunner().invoke(app, ["fingerprint", "--json", str(file)])
    assert done.exit_code == 0, done.output
    assert "the same" in done.output
    assert SHIPPED.digest in done.output.replace("\n", "")
    assert Fingerprint.from_json(file.read_text("utf-8")) == SHIPPED
    done = CliRunner().invoke(app, ["fingerprint", "--json", "-"])
    document = done.stdout[done.stdout.index("{") :]  # older click mixes what it prints
    assert Fingerprint.from_json(document) == SHIPPED


@pytest.mark.usefixtures("quick")
def test_the_command_names_the_machine_and_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(SHIPPED, parts={**SHIPPED.parts, "rbf kernel": "0"})

    def others(kinds: Any, _: Any, *, taken: dict[str, Fingerprint]) -> dict[str, Fingerprint]:
        taken |= {kind.name: other for kind in kinds}
        return taken

    monkeypatch.setattr("etcprops.reproducibility.fingerprints_of", others)
    done = CliRunner().invoke(app, ["fingerprint", "--machines"])
    assert done.exit_code == 1
    assert "1 part differs: rbf kernel" in " ".join(done.output.replace("│", " ").split())


def test_the_command_refuses_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    arguments = ["fingerprint", "--json", str(tmp_path / "none" / "file.json")]
    with pytest.raises(InvalidParameterError, match=r"'--json' parameter of etcprops fingerprint"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
