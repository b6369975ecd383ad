"""``etcprops audit`` as a gate: exit statuses by outcome, for an own model on own images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import Run, command_line
from PIL import Image
from sklearn.tree import DecisionTreeClassifier

from etcprops import EtCKey, audit
from etcprops.datasets import load_digits_images

MODELS = """
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

neighbours = KNeighborsClassifier()
lucky = SVC(gamma="scale", C=0.01)
tree = DecisionTreeClassifier(random_state=0)
"""
OPTIONS = ("--preprocessing", "none", "--budget", "2")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run commands in a folder with models and images."""
    digits = load_digits_images(block=2)
    (tmp_path / "gate_models.py").write_text(MODELS)
    for name, count, classes in (("few", 40, 2), ("many", 200, 10)):
        images, labels = digits.images[:count], digits.labels[:count] % classes
        np.savez(tmp_path / f"{name}.npz", images=images, labels=labels, block=2)
    monkeypatch.chdir(tmp_path)
    return command_line(monkeypatch, capsys)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("model", "images", "outcome", "status"),
    [
        ("neighbours", "few", "bitwise-identical", 0),
        ("lucky", "few", "same-decisions-here", 1),
        ("tree", "many", "different", 1),
    ],
)
def test_the_status_is_that_of_the_outcome(
    run: Run, model: str, images: str, outcome: str, status: int
) -> None:
    arguments = ("audit", f"gate_models:{model}", "--data", f"{images}.npz", *OPTIONS)
    result = run(*arguments)
    assert f": {outcome}" in result.out.splitlines()[0]
    assert result.status == status
    assert run(*arguments, "--fail-on", outcome).status == 1
    others = {"bitwise-identical", "same-decisions-here", "different"} - {outcome}
    assert run(*arguments, "--fail-on", ",".join(sorted(others))).status == 0


def test_what_images_give_away_is_said(run: Run) -> None:
    result = run("audit", "gate_models:neighbours", "--data", "few.npz", *OPTIONS)
    assert "protection: etcprops attack found no key" in result.out


def test_an_outcome_that_there_is_not_is_refused(run: Run) -> None:
    result = run("audit", "gate_models:tree", "--fail-on", "diferent")
    assert result.status == 2
    assert "'--fail-on' parameter of etcprops audit must be one of bitwise-identical" in result.err
    assert run("audit", "SVC", "--fail-on", "different").status == 2


def test_a_file_that_is_no_key_names_the_option(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    result = run("audit", "gate_models:neighbours", "--data", "few.npz", "--key", "key.json")
    assert result.status == 2
    wanted = "The '--key' parameter of etcprops audit must be a file with a key"
    assert wanted in " ".join(result.err.split())


def test_interrupted_it_shows_the_verdict_so_far(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    options = ("--images", "100", "--budget", "1", "--json", "verdict.json")
    with monkeypatch.context() as patch:
        patch.setattr("etcprops.auditing.auditor.smallest_witness", interrupted)
        result = run("audit", "gate_models:tree", *options)
    assert result.status == 130
    assert "DecisionTreeClassifier(random_state=0): different" in result.out
    assert "cause: the model depends on" in result.out
    assert "witness" not in result.out
    assert "--budget and --images make it shorter" in result.err
    assert not Path("verdict.json").exists()


def test_it_tells_what_it_is_doing() -> None:
    digits = load_digits_images()
    told: list[tuple[int, int | None, str]] = []
    audit(
        DecisionTreeClassifier(random_state=0), digits.images[:100], digits.labels[:100],
        EtCKey.from_secret(digits.geometry, "a test"), runs=0, budget=1,
        progress=lambda *now: told.append(now),
    )  # fmt: skip
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert {total for _, total, _ in told} == {None}
    stages = list(dict.fromkeys(stage for _, _, stage in told))
    assert stages == [
        "fitting on plain images",
        "fitting on encrypted images",
        "looking for the cause, at most 1 s",
        "looking for the smallest witness, at most 1 s",
        "attacking the encrypted images",
    ]


def test_a_folder_of_photographs_can_be_audited(run: Run) -> None:
    rng = np.random.default_rng(0)
    for number in range(24):
        folder = Path("photographs", ("dark", "light")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 128, (50, 70, 3), dtype=np.uint8) + 127 * (number % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.jpg")
    given = ("--data", "photographs", "--fit", "32x32/8")
    assert run("audit", "gate_models:neighbours", *given).status == 0
    refused = run("audit", "gate_models:neighbours", "--data", "photographs")
    assert refused.status == 2
    assert "'--data' parameter of etcprops audit must hold images of whole blocks" in refused.err
