"""Study: what the probe says of other people's encryptions.

``python notebooks/other_encryptions OUT.json`` installs the packages of `sources` into a folder to
be thrown away, each on its own, and probes their functions, each package in a process of its own:
with a home and a working directory to be thrown away, and without a network where the system has
``unshare``. Such a process may still read and write what the user may: read the code before you
change a version. ``--checkouts DIR`` adds the repositories found at ``DIR/owner/name``, and
``--csv`` writes the table of the notebook. Three minutes with two jobs.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from sources import LIBRARIES, PACKAGES, REPOSITORIES, SOURCES, install, surroundings
from table import COLUMNS, columns

LIMIT = 600
"""Seconds for all functions of one package."""


def alone() -> list[str]:
    """Return what to put before a command to run it without a network; nothing if that fails."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


def link(name: str, checkouts: Path, folder: Path) -> str:
    """Put a checkout where `install` would put a package, and return why not, "" if it is there."""
    found = checkouts / name
    if not found.is_dir():
        return f"no checkout at {found}"
    if (found / ".git").exists():
        command = ["git", "-C", str(found), "rev-parse", "HEAD"]
        head = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        if head.stdout.strip() != REPOSITORIES[name].version:
            return f"the checkout is at {head.stdout.strip()}"
    folder.parent.mkdir(exist_ok=True)
    folder.symlink_to(found.resolve())
    return ""


def examine(name: str, work: Path, before: Sequence[str]) -> dict[str, Any]:
    """Return what a process of its own says of the functions of a package, and what broke."""
    home = Path(tempfile.mkdtemp(dir=work))
    out = home.with_suffix(".json")
    worker = Path(__file__).with_name("worker.py")
    command = [*before, sys.executable, "-W", "ignore", str(worker), str(work), name, str(out)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=home,
            env=surroundings(home),
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"rows": [], "broken": {name: f"took more than {LIMIT} seconds"}}
    if done.returncode:
        return {"rows": [], "broken": {name: done.stderr.strip().splitlines()[-1]}}
    return dict(json.loads(out.read_text(encoding="utf-8")))


def study(work: Path, checkouts: Path | None, only: Sequence[str], jobs: int) -> dict[str, Any]:
    """Return what was found, what could not be had, and what went wrong."""
    names = [n for n in (PACKAGES if checkouts is None else SOURCES) if not only or n in only]
    needed = [library for library in LIBRARIES if any(library in SOURCES[n].needs for n in names)]
    missing: dict[str, str] = {}
    broken: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    before = alone()
    if not before:
        print("unshare does not work here: what is probed could reach the network")

    def bring(name: str) -> str:
        if name in REPOSITORIES:
            assert checkouts is not None
            return link(name, checkouts, work / name)
        return install(name, work / name, work / f"{name}.home")

    with ThreadPoolExecutor(jobs) as pool:
        for name, reason in zip((*needed, *names), pool.map(bring, (*needed, *names)), strict=True):
            if reason:
                missing[name] = reason
                print(f"not there: {name}: {reason}")
        there = [n for n in names if not {n, *SOURCES[n].needs} & set(missing)]
        results = pool.map(partial(examine, work=work, before=before), there)
        for name, found in zip(there, results, strict=True):
            rows += found["rows"]
            broken |= found["broken"]
            print(f"{name}: {len(found['rows'])} functions", *found["broken"].values())
    return {
        "probed": time.strftime("%Y-%m-%d"),
        "python": sys.version.split()[0],
        "network": not before,
        "missing": missing,
        "broken": broken,
        "rows": rows,
    }


def main() -> None:
    """Read the command line, and write what was found."""
    parser = argparse.ArgumentParser(prog="other_encryptions", description=__doc__)
    parser.add_argument("out", type=Path, help="everything, as JSON")
    parser.add_argument("--csv", type=Path, help="one line for each function")
    parser.add_argument("--checkouts", type=Path, help="folder of checkouts, DIR/owner/name")
    parser.add_argument("--only", nargs="*", default=(), help="names of packages")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        found = study(Path(work), given.checkouts, given.only, given.jobs)
    given.out.write_text(json.dumps(found), encoding="utf-8")
    if given.csv:
        with given.csv.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(columns(row, found["probed"]) for row in found["rows"])


if __name__ == "__main__":
    main()
