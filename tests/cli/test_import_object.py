"""Objects by module or by file, where commands take ``module:object``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etcprops import InvalidParameterError
from etcprops.cli.common import current_folder, import_object

SOURCE = "from beside_it import LEVEL\n\ndef invert(image, key):\n    return LEVEL - image\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inner = tmp_path / "schemes"
    inner.mkdir()
    (inner / "scheme_in_a_file.py").write_text(SOURCE)
    (inner / "beside_it.py").write_text("LEVEL = 255\n")
    monkeypatch.chdir(tmp_path)
    for name in ("scheme_in_a_file", "beside_it"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return inner


@pytest.mark.parametrize("start", ["./", "", "absolute"])
def test_a_file_is_imported_with_what_is_beside_it(folder: Path, start: str) -> None:
    before = [*sys.path]
    name = f"{start.removesuffix('absolute')}schemes/scheme_in_a_file.py"
    if start == "absolute":
        name = str(folder / "scheme_in_a_file.py")
    with current_folder():
        invert = import_object(f"{name}:invert", "MODEL", "a test")
        assert import_object(f"{name}:invert", "MODEL", "a test") is invert
    assert invert(5, None) == 250
    assert sys.path == before


@pytest.mark.parametrize(
    ("name", "got"),
    [
        ("./schemes/missing.py:f", "no file 'schemes/missing.py'"),
        ("./schemes/scheme_in_a_file.py:other", "has no attribute 'other'"),
        ("./schemes/scheme_in_a_file.py", "has no attribute ''"),
        ("./schemes/json.py:f", "another module is named 'json': rename the file"),
        ("./schemes/sys.py:f", "another module is named 'sys': rename the file"),
    ],
)
def test_files_that_cannot_be_imported(folder: Path, name: str, got: str) -> None:
    import json  # noqa: F401  # so that its name is taken

    for taken in ("json.py", "sys.py"):
        (folder / taken).write_text("f = 1\n")
    wanted = "The 'MODEL' parameter of a test must be module:object or file.py:object"
    with current_folder(), pytest.raises(InvalidParameterError, match=f"^{wanted}.*{got}"):
        import_object(name, "MODEL", "a test")
