"""Look for bytes that take new ways through the readers of `parsers`, by atheris (extra ``fuzz``).

``python tests/fuzz/coverage_guided.py SECONDS [READER ...]`` starts from `corpus`, and keeps there
what takes ways of its own and is short; so does ``nox -s fuzz``. Bytes with which a reader ends
otherwise than it may are shown, and the status is not 0. JSON is changed as JSON, and zips are
changed in their members: few other changes get beyond the grammar of one and the checksums of the
other.
"""

from __future__ import annotations

import io
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import atheris

LOOKED_AT = (
    "_documents", "_validation", "auditing.atlas.rows", "datasets", "experiments.reproduction",
    "formats", "probing.checker", "reproducibility.fingerprints", "scheme", "theory.coq_report",
)  # fmt: skip
"""The modules in which ways are counted."""

with atheris.instrument_imports(include=[f"etcprops.{name}" for name in LOOKED_AT]):
    import parsers

HERE = Path(__file__).resolve()

MOST_BYTES = 1500
"""Longer ones are not tried: the ways through them are the same."""

MOST_KEPT = 150
"""Files of a reader's corpus, the shortest."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 255, 256, 2**31, 2**63, 2**64, 10**30, 0.5, 1e300, "",
    "a", "\ud800", "K1", [], {}, [0], [[0]], [None], ["a"], {"a": 0}, [0, 1], [1, 0], [True],
)  # fmt: skip


MEMBERS = ("images.npy", "labels.npy", "a.npy", "a.png", "b/a.pgm", "a/", "", "../a.png", "/a.png")
"""Names of members of zips."""


def with_a_change(value: Any, rng: random.Random) -> Any:
    """Return a JSON value that differs from another in one place."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice([*value])
        if rng.random() < 0.15:
            return {key: entry for key, entry in value.items() if key != name}
        if rng.random() < 0.15:
            return value | {rng.choice(["a", "", *value]): rng.choice(VALUES)}
        return value | {name: with_a_change(value[name], rng)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        changed = [with_a_change(value[at], rng)]
        return value[:at] + rng.choice([[], changed, changed, [value[at]] * 2]) + value[at + 1 :]
    return rng.choice(VALUES)


def zip_with_a_change(content: bytes, rng: random.Random) -> bytes:
    """Return a zip that differs from another in a member: its content, its name, or that it is."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = rng.randrange(len(members))
    name, inside = members[at]
    match rng.randrange(8):
        case 0:
            members.pop(at)
        case 1:
            members[at] = (rng.choice(MEMBERS), inside)
        case 2:
            members.append((rng.choice(MEMBERS), inside))
        case _:
            members[at] = (name, atheris.Mutate(inside, MOST_BYTES))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, inside in members:
            archive.writestr(zipfile.ZipInfo(name), inside, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def changed(content: bytes, most: int, seed: int) -> bytes:
    """Return bytes to try: JSON or a zip with a change, or any change of libFuzzer's own."""
    rng = random.Random(seed)  # noqa: S311  # no secrets
    if rng.random() < 0.7:
        # What cannot be read as either is changed like any bytes.
        with suppress(Exception), warnings.catch_warnings(action="ignore"):
            if content.startswith(b"PK"):
                return zip_with_a_change(content, rng)[:most]
            return json.dumps(with_a_change(json.loads(content), rng)).encode()[:most]
    mutated: bytes = atheris.Mutate(content, most)
    return mutated


def fuzz(name: str, *options: str) -> None:
    """Fuzz a reader in this process, in a folder of its own; does not return."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        warnings.simplefilter("error")
        atheris.Setup(
            # libFuzzer starts itself again by the first of these words to merge folders.
            [f"{sys.executable} {HERE} --reader {name}", f"-max_len={MOST_BYTES}", *options],
            lambda content: parsers.parse(name, content),
            custom_mutator=changed,
        )
        atheris.Fuzz()


def by_itself(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Let libFuzzer work on a reader in a process of its own, and return what it says."""
    command = [sys.executable, str(HERE), "--reader", name, "-verbosity=1", *options]
    return subprocess.run(command, check=False, capture_output=True, encoding="utf-8")  # noqa: S603


def fuzz_and_keep(name: str, seconds: int) -> bool:
    """Fuzz a reader, and keep of its corpus what takes ways of its own; whether nothing broke."""
    corpus = parsers.CORPUS / name
    with tempfile.TemporaryDirectory() as folder:
        found, kept, broken = (Path(folder) / part for part in ("found", "kept", "broken"))
        for part in (found, kept, broken):
            part.mkdir()
        limits = (f"-max_total_time={seconds}", f"-artifact_prefix={broken}/", "-timeout=20")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        run = by_itself(name, *limits, "-print_final_stats=1", str(found), str(corpus))
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        for path in broken.iterdir():
            sys.stdout.write(f"{name}: {path.read_bytes()!r}\n")
        if (
            run.returncode
            or by_itself(name, "-merge=1", str(kept), str(corpus), str(found)).returncode
        ):
            sys.stdout.write(run.stderr[-5000:])
            return False
        replace(corpus, kept)
    (tried,) = re.findall(r"number_of_executed_units: *(\d+)", run.stderr)
    sys.stdout.write(f"{name}: {tried} inputs in {used:.0f} s, {len([*corpus.iterdir()])} files\n")
    sys.stdout.flush()
    return True


def replace(corpus: Path, kept: Path) -> None:
    """Put the shortest of the files that were kept in the place of those that libFuzzer named."""
    for path in corpus.iterdir():
        if re.fullmatch("[0-9a-f]{40}", path.name):
            path.unlink()
    known = {path.read_bytes() for path in corpus.iterdir()}
    shortest = sorted(kept.iterdir(), key=lambda file: file.stat().st_size)
    for path in [file for file in shortest if file.read_bytes() not in known][:MOST_KEPT]:
        shutil.copy(path, corpus / path.name)


def main(arguments: list[str]) -> int:
    """Fuzz all readers, or some, so many seconds each."""
    if arguments[:1] == ["--reader"]:
        fuzz(*arguments[1:])
    seconds, *names = arguments or ["30"]
    results = [fuzz_and_keep(name, int(seconds)) for name in names or parsers.PARSERS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
