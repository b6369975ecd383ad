"""Compare the programs that Coq extracted with the Python on cases at random, and time both.

Half of the cases are keys and images, half are certificates; one in two is damaged, in a number, a
field or a character. The extracted program answers all of them in one run.

    python proofs/extraction/compare.py                        two thousand cases
    python proofs/extraction/compare.py --cases 100000 --full-size
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, SignedPermutation, encrypt
from etcprops.probing import checker
from etcprops.scheme import _certificate

HERE = Path(__file__).resolve().parent
STEPS = ("permutation", "transforms", "negatives", "components")
LEVELS = (1, 2, 3, 15, 255, 256, 65535, 10**12)
MOST_OF_A_WITNESS = 10**18  # the level from which the program hashes no chosen images
NUMBERS = (-1, 0, 1, 2, 3, 6, 8, 255, -(10**25), 2**63 - 1, 2**63, 10**25, 10**400)
OTHERS: tuple[Any, ...] = (
    None,
    True,
    False,
    1.0,
    -1.5,
    1e300,
    "1",
    "",
    [],
    [1],
    {},
    {"a": [0, "\u00e9\n"]},
)


@dataclass(frozen=True)
class Case:
    """A question to the extracted program, and what the Python answers."""

    question: str
    expected: str


def build(folder: Path) -> Path:
    """Compile the extracted program into a folder, and return it."""
    if shutil.which("ocamlopt") is None:
        raise FileNotFoundError("ocamlopt not found on this machine")
    subprocess.run(["bash", str(HERE / "build"), str(folder)], check=True)  # noqa: S603, S607
    return folder / "etc_check"


def ask(program: Path, cases: list[Case]) -> list[str]:
    """Return the extracted program's answers."""
    lines = "".join(case.question + "\n" for case in cases)
    command = [str(program), "batch"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.splitlines()


# --- Cases


def cases(count: int, seed: int, folder: Path) -> Iterator[Case]:
    """Yield as many cases, keys and certificates in turn; the folder is for the checker's files."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        yield encryption_case(rng) if number % 2 else certificate_case(rng, folder)


def encryption_case(rng: np.random.Generator) -> Case:
    """Return a key and an image, damaged in one of two cases."""
    rows, columns, block = (int(n) for n in rng.integers(1, 6, 3))
    channels = int(rng.choice([1, 3]))
    geometry = BlockGeometry(rows * block, columns * block, channels=channels, block=block)
    document = random_key(rng, geometry)
    pixels = rng.integers(0, 256, geometry.n_pixels, dtype=np.uint8).tobytes()
    if rng.integers(2):
        if rng.integers(4):
            damage_key(rng, document)
        else:
            pixels = pixels[:-1] if rng.integers(2) else pixels + b"\0"
    text = json.dumps(document)
    return Case(f"encrypt\t{text}\t{pixels.hex()}", python_encrypts(text, pixels))


def random_key(rng: np.random.Generator, geometry: BlockGeometry) -> dict[str, Any]:
    """Return a key's JSON with some of the steps."""
    size = geometry.n_blocks
    draws: dict[str, Callable[[], Any]] = {
        "permutation": lambda: rng.permutation(size),
        "transforms": lambda: rng.integers(0, 8, size),
        "negatives": lambda: rng.integers(0, 2, size),
        "components": lambda: rng.integers(0, 6, size),
    }
    steps = STEPS if geometry.channels == 3 else STEPS[:3]
    chosen = {step: draws[step]() for step in steps if rng.random() < 0.8}
    document: dict[str, Any] = json.loads(EtCKey(geometry, **chosen).to_json())
    return document


def damage_key(rng: np.random.Generator, document: dict[str, Any]) -> None:
    """Change a number of a step or of the geometry, a length, or put something else there."""
    place = str(rng.choice([*STEPS, "geometry"]))
    values = document[place]
    if place == "geometry":
        name = str(rng.choice(sorted(values)))
        values[name] = anything(rng) if rng.integers(2) else values[name] + 1
    elif values is None or rng.integers(4) == 0:
        document[place] = [0] if rng.integers(2) else anything(rng)
    elif rng.integers(3) == 0:
        document[place] = values[:-1] if rng.integers(2) else [*values, 0]
    else:
        # NumPy, and with it the package, takes true among numbers for 1; the program refuses it.
        entry = anything(rng)
        values[int(rng.integers(len(values)))] = int(entry) if isinstance(entry, bool) else entry


def anything(rng: np.random.Generator) -> Any:
    """Return a number, or something that is none."""
    chosen = NUMBERS if rng.integers(3) else OTHERS
    return chosen[int(rng.integers(len(chosen)))]


def python_encrypts(text: str, pixels: bytes) -> str:
    """Return what the package makes of a key and pixels, in hexadecimal digits, or "invalid"."""
    try:
        key = EtCKey.from_json(text)
        image = np.frombuffer(pixels, dtype=np.uint8)
        fits = image.size == key.geometry.n_pixels
        return encrypt(image.reshape(key.geometry.shape) if fits else image, key).tobytes().hex()
    except InvalidParameterError:
        return "invalid"


def certificate_case(rng: np.random.Generator, folder: Path) -> Case:
    """Return a certificate, damaged in one of two cases."""
    size, level = int(rng.integers(1, 60)), int(rng.choice(LEVELS))
    source, sign = rng.permutation(size), rng.choice(np.array([-1, 1], dtype=np.int8), size)
    document = _certificate.write(source, sign, level)
    if rng.integers(4) == 0:
        document = {k: v for k, v in document.items() if k != "witness"} | {"version": 1}
    damage = int(rng.integers(4))
    if damage == 1:
        damage_certificate(rng, document)
    text = json.dumps(document)
    if damage == 2:
        at = int(rng.integers(len(text)))
        text = text[:at] + chr(int(rng.integers(32, 127))) * int(rng.integers(2)) + text[at + 1 :]
    path = folder / "certificate.json"
    path.write_text(text, encoding="utf-8")
    return Case(f"check\t{text}", str(checker.check(str(path))[0]))


def damage_certificate(rng: np.random.Generator, document: dict[str, Any]) -> None:
    """Change an entry or a length, exchange two, or put something else into a field."""
    name = str(rng.choice(["source", "sign"]))
    values = document[name]
    at, other = (int(place) for place in rng.integers(len(values), size=2))
    kind = int(rng.integers(6))
    if kind == 0:
        values[at], values[other] = values[other], values[at]
    elif kind == 1:
        values[at] = values[other]
    elif kind == 2:
        values[at] = anything(rng)
    elif kind == 3:
        document[name] = values[:-1] if rng.integers(2) else [*values, 1]
    elif kind == 4:
        document[str(rng.choice([*document, "witness"]))] = anything(rng)
    else:
        document.pop(str(rng.choice(sorted(document))))
    level = document.get("level")
    if isinstance(level, int) and level >= MOST_OF_A_WITNESS:
        document.pop("witness", None)


def compare(program: Path, count: int, seed: int) -> tuple[Counter[str], list[Case]]:
    """Return how often each answer came, and the cases with another one than the Python's."""
    with tempfile.TemporaryDirectory() as folder:
        asked = list(cases(count, seed, Path(folder)))
    answers = ask(program, asked)
    if len(answers) != count:
        raise ValueError(f"{count} questions, {len(answers)} answers")
    differ = [c for c, answer in zip(asked, answers, strict=True) if c.expected != answer]
    kinds = Counter(a if len(a) == 1 or a == "invalid" else "encrypted" for a in answers)
    return kinds, differ


# --- Images of full size


def seconds(command: list[str], given: bytes = b"", repeats: int = 5) -> tuple[float, bytes]:
    """Return the median of the processor time that a program takes, and what it prints."""
    taken = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, input=given, capture_output=True, check=True)  # noqa: S603
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken), done.stdout


def full_size(program: Path, folder: Path) -> Iterator[str]:
    """Yield figures of images and certificates of full size; ValueError where the two differ."""
    rng = np.random.default_rng(0)
    for height, width, channels, block in ((192, 160, 1, 8), (192, 160, 3, 8), (1024, 1024, 3, 16)):
        geometry = BlockGeometry(height, width, channels=channels, block=block)
        key = EtCKey.from_secret(geometry, "full size")
        image = rng.integers(0, 256, geometry.shape, dtype=np.uint8)
        name = f"{height} x {width} x {channels}, blocks of {block}"
        (folder / "key.json").write_text(key.to_json())
        taken, out = seconds([str(program), "encrypt", str(folder / "key.json")], image.tobytes())
        if out != encrypt(image, key).tobytes():
            raise ValueError(f"{name}: the extracted program encrypts otherwise")
        yield f"{name}: encrypted alike, {1000 * taken:.0f} ms"

        path = str(folder / "certificate.json")
        certificate = SignedPermutation.from_key(key).to_certificate()
        Path(path).write_text(json.dumps(certificate))
        taken, said = seconds([str(program), "check", path])
        python, told = seconds([sys.executable, "-I", checker.__file__, path])
        if not (said.startswith(b"Orthogonal") and told.startswith(b"Orthogonal")):
            raise ValueError(f"{name}: {said!r}, {told!r}")
        yield (
            f"{name}: certificate accepted by both, {1000 * taken:.0f} ms; checker.py takes "
            f"{1000 * python:.0f} ms, {taken / python:.2f} times"
        )


def main(arguments: list[str] | None = None) -> int:
    """Compare, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20191127)
    parser.add_argument("--full-size", action="store_true", help="images of full size, with times")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        try:
            program = build(Path(place))
        except FileNotFoundError as missing:
            print(f"not compared: {missing}")
            return 1
        kinds, differ = compare(program, wanted.cases, wanted.seed)
        print(f"{wanted.cases} cases, {len(differ)} differ; answers: {dict(sorted(kinds.items()))}")
        for case in differ[:5]:
            print(f"{case.question[:2000]}\n  Python: {case.expected}")
        for figure in full_size(program, Path(place)) if wanted.full_size else ():
            print(figure)
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
