"""Run the commands of the tutorial again, and hold what they say now against the page.

``python docs/_scripts/session.py`` works in a folder of its own, with the photograph of the page,
and puts what is said now onto the page; with ``--check`` it only shows what differs, and ends with
status 1 if anything does. What varies from run to run, and from machine to machine, may differ.
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import sklearn.datasets

PAGE = Path(__file__).parents[1] / "tutorial" / "first-half-hour.md"
PHOTOGRAPH = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
BLOCK = re.compile(
    r"`(\w+\.py)`[^`]*```python\n(.*?)^```|```console\n(.*?)^```", re.MULTILINE | re.DOTALL
)
PROGRESS = re.compile(r"^\d+(?: of \d+)?(?:, [^:\n]* left)?: .*\n", re.MULTILINE)
"""What a command says when it takes longer than some seconds."""
VARYING = re.compile(r"\b\d+\.\d s\b|\b\d+ %(?= of the work)|\b\d\.\de-1\d\b")
"""Seconds, shares of time, and rounding, which is another on another processor."""


def main(*, check: bool) -> int:
    """Return 0 if the page says what its commands say, and 1 if not; put that right if asked."""
    page = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PHOTOGRAPH, Path(folder, "photo.jpg"))
        pairs = replayed(page, Path(folder))
    changed = [(shown, now) for shown, now in pairs if comparable(shown) != comparable(now)]
    for shown, now in changed:
        lines = (text.splitlines(keepends=True) for text in (shown, now))
        sys.stdout.writelines(difflib.unified_diff(*lines, "on the page", "now", n=1))
        page = page.replace(shown, now)
    if not check:
        PAGE.write_text(page, encoding="utf-8")
    return 1 if check and changed else 0


def replayed(page: str, folder: Path) -> list[tuple[str, str]]:
    """Write the files of a page into a folder, run its sessions there; return pairs: then, now."""
    pairs = []
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for file, program, session in BLOCK.findall(page):
        if file:
            Path(folder, file).write_text(program, encoding="utf-8")
            continue
        script = "\n".join(shown(c) for c in re.findall(r"^\$ (.*)$", session, re.MULTILINE))
        done = subprocess.run(  # noqa: S603
            ["bash", "-c", script],  # noqa: S607
            cwd=folder,
            env={**os.environ, "PATH": tools},
            capture_output=True,
            text=True,
            check=False,
        )
        pairs.append((session, PROGRESS.sub("", done.stdout)))
    return pairs


def shown(command: str) -> str:
    """Return a command for the shell that shows itself first, and finds `$?` as it was."""
    words = "'$ " + command.replace("'", "'\\''") + "'"
    return f"status=$?; echo {words}; (exit $status); {{ {command}; }} 2>&1"


def comparable(session: str) -> str:
    """Return a session without what varies."""
    return VARYING.sub("...", session)


if __name__ == "__main__":
    sys.exit(main(check=sys.argv[1:] == ["--check"]))
