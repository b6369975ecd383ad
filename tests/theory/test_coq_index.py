"""The index of definitions in the header of each Coq file: up to date, or noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from etcprops.theory.theorems import sources_folder

SCRIPT = Path(__file__).parents[2] / "proofs" / "index_definitions.py"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_headers_list_what_the_files_define() -> None:
    done = run("--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_definition_that_is_not_listed_is_noticed_and_written(tmp_path: Path) -> None:
    for name in ("Kernels.v", "NormalForm.v"):
        shutil.copy(sources_folder() / name, tmp_path)
    path = tmp_path / "Kernels.v"
    path.write_text(path.read_text() + "\nDefinition one_more := 1.\n")
    done = run(tmp_path, "--check")
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "Kernels.v")
    assert run(tmp_path).returncode == 0
    assert run(tmp_path, "--check").returncode == 0
    header = path.read_text().partition("\n\n")[0]
    assert "one_more." in header
    assert header.count("Definitions:") == 1
