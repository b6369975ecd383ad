"""Records of what is found, in JSON: read, and written anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from etcprops.reproducibility import oldest_machine


def read(file: Path) -> dict[str, Any]:
    """Read a record."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def renew(file: Path, here: dict[str, Any], *, depth: int = 1) -> None:
    """Write the entries that are the same on the oldest machine; with --print show those of here.

    Entries are those of dictionaries so many levels deep. The program that calls this is run again
    as on that machine.
    """
    if sys.argv[1:] == ["--print"]:
        print(json.dumps(here))  # noqa: T201  # a program
        return
    command = [sys.executable, sys.argv[0], "--print"]
    environment = os.environ | oldest_machine().variables
    there = json.loads(subprocess.check_output(command, env=environment))  # noqa: S603
    file.write_text(json.dumps(_common(here, there, depth), indent=1) + "\n", "utf-8")


def _common(here: dict[str, Any], there: dict[str, Any], depth: int) -> dict[str, Any]:
    if depth > 1:
        parts = ((name, _common(part, there[name], depth - 1)) for name, part in here.items())
        return {name: part for name, part in parts if part}
    return {name: entry for name, entry in here.items() if there.get(name) == entry}
