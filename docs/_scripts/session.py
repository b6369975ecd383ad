"""Run the commands of the tutorial again, and print them with what they say now.

``python docs/_scripts/session.py`` works in a folder of its own, with the photograph of the page.
What it prints is what stands on the page; only seconds and shares of time may differ.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import sklearn.datasets

PAGE = Path(__file__).parents[1] / "tutorial" / "first-half-hour.md"
PHOTOGRAPH = Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"
BLOCK = re.compile(
    r"`(\w+\.py)`[^`]*```python\n(.*?)^```|```console\n(.*?)^```", re.MULTILINE | re.DOTALL
)


def main() -> None:
    """Write the page's files, run its commands, and print both sides of the session."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PHOTOGRAPH, Path(folder, "photo.jpg"))
        for file, program, session in BLOCK.findall(PAGE.read_text("utf-8")):
            if file:
                Path(folder, file).write_text(program, encoding="utf-8")
            script = "\n".join(shown(c) for c in re.findall(r"^\$ (.*)$", session, re.MULTILINE))
            run = ["bash", "-c", script]
            done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
            print(done.stdout)  # noqa: T201


def shown(command: str) -> str:
    """Return a command for the shell that shows itself first, and finds `$?` as it was."""
    words = "'$ " + command.replace("'", "'\\''") + "'"
    return f"status=$?; echo {words}; (exit $status); {{ {command}; }} 2>&1"


if __name__ == "__main__":
    main()
