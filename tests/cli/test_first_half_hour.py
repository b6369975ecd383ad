"""From photographs to an audited model, by the commands that a newcomer would type."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import Run, command_line
from PIL import Image, ImageFilter

MODEL = """
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

model = make_pipeline(StandardScaler(), SVC())
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run commands in a folder with photographs in two folders, as a camera leaves them."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for number in range(24):
        folder = Path("photographs", ("beach", "forest")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        colours = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        colours[:3] = (120, 170, 230) if number % 2 else (30, 90, 40)
        smooth = Image.fromarray(colours).resize((131, 99), Image.Resampling.BICUBIC)
        exif = Image.Exif()
        exif[0x0110] = "a camera"
        picture = smooth.filter(ImageFilter.GaussianBlur(2))
        picture.save(folder / f"{number:02}.jpg", quality=92, exif=exif)
    Path("model.py").write_text(MODEL)
    return command_line(monkeypatch, capsys)


def test_from_photographs_to_an_audited_model(run: Run) -> None:
    given = ("photographs", "--out", "encrypted", "--secret-file", "secret")
    assert run("keygen", "secret").status == 0
    refused = run("encrypt", *given)
    assert refused.status == 1
    assert refused.err.count("--pad makes them fit") == 3, refused.err
    assert "21 more files: is 99 x 131" in refused.out
    assert run("encrypt", *given, "--pad").out.startswith("24 done")
    attacked = run("attack", "encrypted", "--html", "attack.html")
    assert attacked.status == 1, "what leaves the client under one key can be read"
    assert "recovered: about" in attacked.out
    pictures = ("--data", "photographs", "--fit", "48x64")
    audited = run("audit", "model.py:model", *pictures, "--html", "verdict.html")
    assert audited.status == 0
    assert ": identical-decisions" in audited.out
    assert "encrypted images alone give" in audited.out
    assert run("decrypt", "encrypted", "--out", "back", "--secret-file", "secret").status == 0
    with Image.open("back/forest/01.png") as back, Image.open("photographs/forest/01.jpg") as photo:
        assert np.array_equal(np.asarray(back), np.asarray(photo))
    assert {"attack.html", "verdict.html"} <= {path.name for path in Path().iterdir()}
