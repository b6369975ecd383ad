"""``etcprops attack``: exit statuses, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers import Run, command_line, noise
from PIL import Image

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.attacks.calibration import right_blocks
from etcprops.datasets import make_synthetic_faces

GEOMETRY = BlockGeometry(64, 48)
KEY = EtCKey.from_secret(GEOMETRY, "command")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of encrypted images."""
    images = make_synthetic_faces(people=3, lights=12, height=64, width=48).images
    inside = tmp_path / "encrypted"
    inside.mkdir()
    for i, image in enumerate(encrypt(images, KEY)):
        Image.fromarray(image).save(inside / f"{i:02}.png")
    (inside / "notes.txt").write_text("no image")
    return inside


def test_what_is_recovered_is_status_1(run: Run, folder: Path, tmp_path: Path) -> None:
    names = ("page.html", "report.json", "key.json")
    page, report, key = (tmp_path / name for name in names)
    result = run(
        "attack", str(folder), "--html", str(page), "--json", str(report), "--key", str(key)
    )
    assert result.status == 1
    assert result.out.startswith("recovered: about ")
    assert "Blocks of 8 x 8" in result.out
    assert right_blocks(EtCKey.from_json(key.read_text("utf-8")), KEY).all()
    assert json.loads(report.read_text("utf-8"))["recovered"] is True
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["noise.npy", "named.npz", "only.npz"])
def test_nothing_is_status_0(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    images = noise(GEOMETRY, 4)
    if name == "noise.npy":
        np.save(file, images)
    elif name == "named.npz":
        np.savez(file, images=images, labels=np.zeros(4))
    else:
        np.savez(file, whatever=images)
    key = tmp_path / "key.json"
    result = run("attack", str(file), "--json", "-", "--key", str(key))
    assert result.status == 0
    assert json.loads(result.out)["outcome"] == "nothing recovered"
    assert "nothing recovered" in result.err
    assert not key.exists()


def test_plain_images_do_not_pass_the_gate(run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", make_synthetic_faces(people=2, lights=8).images)
    result = run("attack", str(tmp_path / "plain.npy"))
    assert result.status == 1
    assert result.out.startswith("not encrypted by blocks: ")


def test_what_cannot_be_attacked_is_status_2(run: Run, folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = tmp_path / "text.npy"
    text.write_text("no array")
    other = tmp_path / "two.npz"
    np.savez(other, a=noise(GEOMETRY, 2), b=noise(GEOMETRY, 2))
    for path, message in (
        (empty, "without images in it"),
        (tmp_path / "missing.npy", "which is not there"),
        (tmp_path / "image.txt", "be a folder or zip of images"),
        (text, "be a file .npy, or .npz with one array"),
        (other, "be a file .npy, or .npz with one array"),
    ):
        result = run("attack", str(path))
        assert result.status == 2
        assert message in result.err
        assert "of etcprops attack must" in result.err
    assert "divide 64 and 48" in run("attack", str(folder), "--block", "7").err
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(folder / "99.png")
    assert "of one size" in run("attack", str(folder)).err
    (folder / "99.png").write_bytes(b"no picture")
    assert "that can be read" in run("attack", str(folder)).err


def test_interrupted_it_says_what_it_was_at_and_how_to_make_it_shorter(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("etcprops.attacks.attacker.assemble", interrupted)
    result = run("attack", str(folder))
    assert result.status == 130
    told = "Interrupted while joining 48 blocks of 8 x 8: nothing is recovered yet."
    assert told in result.err
    assert "--most and --block" in result.err
