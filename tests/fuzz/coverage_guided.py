"""Look for bytes that take new ways through the readers of `parsers`, by atheris (extra ``fuzz``).

``python tests/fuzz/coverage_guided.py SECONDS [READER ...]`` starts from `corpus`, and adds to it
what takes a new way and is short; so does ``nox -s fuzz``. Bytes with which a reader ends otherwise
than it may are shown, and the status is not 0. JSON is changed as JSON: few other changes get
beyond its grammar.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
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

MOST_BYTES = 1500
"""Longer ones are not tried: the ways through them are the same."""

MOST_KEPT = 40
"""New files of a reader from one run, the shortest."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 255, 256, 2**31, 2**63, 2**64, 10**30, 0.5, 1e300, "",
    "a", "\ud800", "K1", [], {}, [0], [[0]], [None], ["a"], {"a": 0}, [0, 1], [1, 0], [True],
)  # fmt: skip


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


def changed(content: bytes, most: int, seed: int) -> bytes:
    """Return bytes to try: JSON with another value in it, or any change of libFuzzer's own."""
    rng = random.Random(seed)  # noqa: S311  # no secrets
    if rng.random() < 0.7:
        try:
            text = json.dumps(with_a_change(json.loads(content), rng))
        except (RecursionError, ValueError):
            pass
        else:
            return text.encode()[:most]
    mutated: bytes = atheris.Mutate(content, most)
    return mutated


def fuzz(name: str, *options: str) -> None:
    """Fuzz a reader in this process, in a folder of its own; does not return."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        warnings.simplefilter("error")
        atheris.Setup(
            [sys.argv[0], f"-max_len={MOST_BYTES}", "-verbosity=0", *options],
            lambda content: parsers.parse(name, content),
            custom_mutator=changed,
        )
        atheris.Fuzz()


def fuzz_and_keep(name: str, seconds: int) -> bool:
    """Fuzz a reader in a process, add to the corpus what takes new ways; whether nothing broke."""
    corpus = parsers.CORPUS / name
    with tempfile.TemporaryDirectory() as found:
        command = [sys.executable, __file__, "--reader", name]
        limits = (f"-max_total_time={seconds}", f"-artifact_prefix={found}/broken-", "-timeout=20")
        run = subprocess.run([*command, *limits, found, str(corpus)], check=False)  # noqa: S603
        for broken in Path(found).glob("broken-*"):
            sys.stdout.write(f"{name}: {broken.read_bytes()!r}\n")
            broken.unlink()
        # Of what libFuzzer has kept, each of which takes a way that shorter ones do not.
        for path in sorted(Path(found).iterdir(), key=lambda file: file.stat().st_size)[:MOST_KEPT]:
            shutil.copy(path, corpus / path.name)
    sys.stdout.write(f"{name}: {len([*corpus.iterdir()])} files\n")
    return run.returncode == 0


def main(arguments: list[str]) -> int:
    """Fuzz all readers, or some, so many seconds each."""
    if arguments[:1] == ["--reader"]:
        fuzz(*arguments[1:])
    seconds, *names = arguments or ["30"]
    results = [fuzz_and_keep(name, int(seconds)) for name in names or parsers.PARSERS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
