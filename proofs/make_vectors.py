"""Write tests/vectors/*.json: what Coq itself computes with the definitions of the theorems.

`Executable.etc_encrypt` is proved to be the encryption that all theorems speak of, and
`FloatingPoint.deviation_numerator` and `variance_numerator` are what the exact z-score is made of;
`ExactGram.exact_gram` is the function whose bits no signed permutation of the features changes.
Coq evaluates them on the cases below; the Python tests compare the package with the results.
Images of full size are encrypted by `Program.fast_encrypt`, proved to be the same, in Coq as well;
the largest by the program that Coq extracted (extraction/), where OCaml is there to compile it.

    python proofs/make_vectors.py            write the files
    python proofs/make_vectors.py --check    fail if what Coq computes is not what is in the files
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from etcprops import BlockGeometry, EtCKey
from etcprops.theory.coq import CoqError, compiled, evaluate

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "vectors"
SEED = 20191127

FLAGS = {
    "Permutation": "K1 moves blocks.",
    "Transform": "K2 turns or mirrors a block.",
    "Negative": "K3 negates a block.",
    "Components": "K4 shuffles the colour components of a block.",
    "AbsentSteps": "At least one step is not part of the key: null.",
    "Exhaustive": "One of a family in which every value of one step occurs.",
    "NotSquare": "The image is higher than wide, or wider than high.",
    "Geometry": "Invalid: the sizes do not fit.",
    "Key": "Invalid: a step has the wrong length, a value out of range, or is no permutation.",
    "Pixels": "Invalid: the wrong number of pixels, or a value that is no grey level.",
}
STEPS = {
    "permutation": "Permutation",
    "transforms": "Transform",
    "negatives": "Negative",
    "components": "Components",
}


FULL_SIZE = {
    "Colour": "The image has three components, and the key shuffles them.",
    "Grey": "The image has one component.",
}
COQ = "Coq: vm_compute of Program.fast_encrypt"
EXTRACTED = "etc_check: Program.fast_encrypt, extracted to OCaml"


def case(comment: str, shape: tuple[int, int, int, int], **fields: Any) -> dict[str, Any]:
    """Return a case: sizes (height, width, channels, block), a step for each field, pixels."""
    height, width, channels, block = shape
    flags = list(fields.pop("flags", []))
    pixels = fields.pop("pixels", None)
    if pixels is None:
        pixels = pixels_of(height * width * channels)
    steps = {step: fields.pop(step, None) for step in STEPS}
    if fields:
        raise TypeError(f"no such steps: {', '.join(fields)}")
    flags += [flag for step, flag in STEPS.items() if steps[step] is not None]
    if None in steps.values():
        flags.append("AbsentSteps")
    if height != width:
        flags.append("NotSquare")
    sizes = {"height": height, "width": width, "channels": channels, "block": block}
    return {"comment": comment, "flags": sorted(set(flags)), **sizes, **steps, "pixels": pixels}


def pixels_of(count: int) -> list[int]:
    """Return grey levels that tell places apart: multiples of 37 modulo 256."""
    return [(37 * i + 11) % 256 for i in range(count)]


def valid_cases() -> Iterator[dict[str, Any]]:
    """Yield cases that are encrypted: every value of every step, then keys at random."""
    for pixel in (0, 1, 127, 128, 254, 255):
        yield case(f"one pixel {pixel}, negated", (1, 1, 1, 1), negatives=[1], pixels=[pixel])
    yield case("no step at all", (4, 4, 1, 2))
    for block in (2, 3):
        for code in range(8):
            comment = f"transform {code} of a {block} x {block} block"
            shape = block, block, 1, block
            yield case(comment, shape, transforms=[code], flags=["Exhaustive"])
    for code in range(6):
        comment = f"component order {code}"
        yield case(comment, (2, 2, 3, 2), components=[code], flags=["Exhaustive"])
    for order in permutations(range(3)):
        comment = f"block order {list(order)}, blocks in a column"
        yield case(comment, (6, 2, 1, 2), permutation=list(order), flags=["Exhaustive"])
    for bits in range(4):
        negatives = [bits & 1, bits >> 1]
        yield case(
            f"negation of blocks {negatives}",
            (2, 4, 1, 2),
            negatives=negatives,
            flags=["Exhaustive"],
        )
    yield case(
        "all steps, blocks of one pixel",
        (1, 3, 3, 1),
        permutation=[2, 0, 1],
        transforms=[5, 6, 7],
        negatives=[1, 0, 1],
        components=[3, 4, 5],
    )
    yield case(
        "steps are indexed by output block: the block that was second is turned",
        (2, 4, 1, 2),
        permutation=[1, 0],
        transforms=[1, 0],
    )
    rng = np.random.default_rng(SEED)
    shapes = [
        (2, 4, 1, 2), (4, 2, 3, 2), (6, 9, 1, 3), (9, 6, 3, 3), (4, 4, 3, 2), (8, 4, 1, 4),
        (5, 10, 3, 5), (6, 6, 3, 2), (16, 8, 1, 8), (8, 16, 3, 8), (12, 8, 3, 4), (16, 24, 3, 8),
    ]  # fmt: skip
    for shape in shapes:
        yield random_case(rng, shape)


def random_case(rng: np.random.Generator, shape: tuple[int, int, int, int]) -> dict[str, Any]:
    """Return a key with all steps and an image, both at random."""
    height, width, channels, block = shape
    blocks = height // block * (width // block)
    steps = {
        "permutation": rng.permutation(blocks).tolist(),
        "transforms": rng.integers(0, 8, blocks).tolist(),
        "negatives": rng.integers(0, 2, blocks).tolist(),
    }
    if channels == 3:
        steps["components"] = rng.integers(0, 6, blocks).tolist()
    pixels = rng.integers(0, 256, height * width * channels).tolist()
    return case("all steps, key and image at random", shape, **steps, pixels=pixels)


def invalid_cases() -> Iterator[dict[str, Any]]:
    """Yield cases that must be refused."""
    geometry, key, pixels = ["Geometry"], ["Key"], ["Pixels"]
    yield case("the block does not divide the height", (3, 4, 1, 2), flags=geometry)
    yield case("the block does not divide the width", (4, 3, 1, 2), flags=geometry)
    yield case("a block of nothing", (4, 4, 1, 0), flags=geometry)
    yield case("two channels", (2, 2, 2, 2), flags=geometry)
    yield case("no rows", (0, 2, 1, 2), flags=geometry)
    two, colour = (2, 4, 1, 2), (2, 4, 3, 2)
    yield case("a block twice", two, permutation=[0, 0], flags=key)
    yield case("a block that is not there", two, permutation=[0, 2], flags=key)
    yield case("a permutation of too few blocks", two, permutation=[0], flags=key)
    yield case("transform 8", two, transforms=[0, 8], flags=key)
    yield case("transforms of too many blocks", two, transforms=[0, 1, 2], flags=key)
    yield case("a bit that is 2", two, negatives=[0, 2], flags=key)
    yield case("bits of too few blocks", two, negatives=[1], flags=key)
    yield case("component order 6", colour, components=[6, 0], flags=key)
    yield case("component orders of too few blocks", colour, components=[1], flags=key)
    yield case("component orders for a grey image", two, components=[0, 0], flags=key)
    yield case("a pixel too few", two, pixels=pixels_of(7), flags=pixels)
    yield case("a pixel too many", two, pixels=pixels_of(9), flags=pixels)
    yield case("a grey level of 256", two, pixels=[256, *pixels_of(7)], flags=pixels)
    yield case("a negative grey level", two, pixels=[-1, *pixels_of(7)], flags=pixels)


@cache
def compute(folder: Path, *names: str) -> dict[str, dict[str, Any]]:
    """Return the contents of some files, computed with the compiled sources of a folder."""
    writers = {
        "encryption.json": encryption_vectors,
        "numerators.json": numerator_vectors,
        "exact_gram.json": gram_vectors,
        "full_size.json": full_size_vectors,
    }
    return {name: write(folder) for name, write in writers.items() if name in names or not names}


def encryption_vectors(folder: Path) -> dict[str, Any]:
    """Return the encryption's vectors, encrypted by Coq."""
    cases = [*valid_cases(), *invalid_cases()]
    n_valid = sum(1 for _ in valid_cases())
    calls = [
        "Eval vm_compute in etc_encrypt "
        f"({c['height']})%N ({c['width']})%N ({c['channels']})%N ({c['block']})%N "
        + " ".join(numbers(c[step] or [], "N") for step in STEPS)
        + f" {numbers(c['pixels'], 'Z')}."
        for c in cases
    ]
    results = ask(["Executable"], calls, folder)
    tests = []
    for number, (fields, encrypted) in enumerate(zip(cases, results, strict=True), start=1):
        if (encrypted is not None) != (number <= n_valid):
            raise ValueError(f"{fields['comment']}: Coq returns {encrypted}")
        result = "invalid" if encrypted is None else "valid"
        tests.append({"id": number, **fields, "result": result, "encrypted": encrypted})
    about = (
        "Images in raster order (row, column, channel) encrypted under explicit keys. Steps are "
        "indexed by output block; null: the step is not part of the key."
    )
    return document("encryption", "Executable.etc_encrypt", about, tests, FLAGS)


def numerator_vectors(folder: Path) -> dict[str, Any]:
    """Return the vectors of the exact z-score's integers, computed by Coq."""
    rng = np.random.default_rng(SEED)
    columns = [[0], [255], [0, 255], [19, 220, 255], [7] * 5, [0] * 4 + [255] * 4]
    columns += [rng.integers(0, 256, size).tolist() for size in (2, 3, 5, 10, 40)]
    cases: list[dict[str, Any]] = []
    for pixels in columns:
        query = int(rng.integers(0, 256))
        negated = {"pixels": [255 - x for x in pixels], "query": 255 - query}
        cases.append({"comment": "as it is", "flags": [], "pixels": pixels, "query": query})
        cases.append({"comment": "the one before, negated", "flags": ["Negative"], **negated})
    calls = [
        "Eval vm_compute in Some [:: "
        f"deviation_numerator {numbers(c['pixels'], 'Z')} {c['query']}; "
        f"variance_numerator {numbers(c['pixels'], 'Z')}]."
        for c in cases
    ]
    results = ask(["FloatingPoint"], calls, folder)
    tests = [
        {"id": number, **fields, "deviation": result[0], "variance": result[1]}
        for number, (fields, result) in enumerate(zip(cases, results, strict=True), start=1)
        if result
    ]
    about = (
        "The values of one pixel in N training images, and x in a query: N x - S and N Q - S^2, "
        "where S is the sum and Q the sum of squares."
    )
    source = "FloatingPoint.deviation_numerator, FloatingPoint.variance_numerator"
    flags = {"Negative": "Every pixel x of the test before is 255 - x."}
    return document("numerators", source, about, tests, flags)


def gram_cases() -> Iterator[dict[str, Any]]:
    """Yield pairs of rows: sizes of every kind, each number of products of slices."""
    rng = np.random.default_rng(SEED)
    fine, spread = 2.0 ** -np.arange(20, 28), 2.0 ** rng.integers(-40, 40, 6)
    thirds = np.arange(1, 5) / 3
    yield gram_case("one feature", 1, [3.0], [-0.5])
    yield gram_case("integers, no remainder", 1, [1.0, 2.0, -3.0, 4.0, 5.0], [5.0, 4, 3, 2, 1])
    yield gram_case("thirds, one slice", 1, thirds, thirds[::-1])
    yield gram_case("halves of a unit, ties to even", 1, [1.0, *fine], [1.0, *(3 * fine)])
    yield gram_case("a row of zeros", 2, [0.0, 0.0], [1.0, 2.0])
    yield gram_case("products that cancel", 2, [0.1, 0.1], [0.7, -0.7])
    for slices, n in [(1, 7), (2, 8), (3, 6), (4, 5), (5, 4)]:
        x, y = rng.standard_normal((2, n))
        yield gram_case("normal entries", slices, x, y)
        yield moved_case(rng, slices, x, y)
    x, y = rng.standard_normal((2, 6)) * spread
    yield gram_case("a wide range of magnitudes", 3, x, y)
    yield moved_case(rng, 3, x, y)
    x, y = rng.standard_normal((2, 3))
    yield gram_case("as many slices as there can be", 16, x, y)
    tiny = 2.0**-1074
    yield gram_case("subnormal entries", 2, [3 * tiny, -5 * tiny], [0.75, 0.3], ["Subnormal"])
    yield gram_case("a subnormal result", 2, x * 2.0**-540, y * 2.0**-520, ["Subnormal"])
    yield gram_case("a negative result that vanishes", 2, [tiny], [-0.25], ["Subnormal"])
    yield gram_case("a result above all doubles", 2, [1e200], [1e200], ["Overflow"])


def gram_case(
    comment: str, slices: int, x: Iterable[float], y: Iterable[float], flags: Sequence[str] = ()
) -> dict[str, Any]:
    """Return two rows as hexadecimal numbers, and the number of slices."""
    rows = {"x": [float(value).hex() for value in x], "y": [float(value).hex() for value in y]}
    return {"comment": comment, "flags": list(flags), "slices": slices, **rows}


def moved_case(rng: np.random.Generator, slices: int, x: Any, y: Any) -> dict[str, Any]:
    """Return two rows with their features permuted and some signs changed in both."""
    order, signs = rng.permutation(len(x)), rng.choice([-1.0, 1.0], len(x))
    moved = (signs * x)[order], (signs * y)[order]
    return gram_case("the one before, features moved and negated", slices, *moved, ["Moved"])


def gram_vectors(folder: Path) -> dict[str, Any]:
    """Return the vectors of the exact inner products, computed by Coq."""
    cases = list(gram_cases())
    calls = [
        f"Eval vm_compute in written (exact_gram {c['slices']}%nat "
        f"{doubles(c['x'])} {doubles(c['y'])})."
        for c in cases
    ]
    results = ask(["FloatingPoint", "ExactSums", "ExactGram"], calls, folder)
    tests = [
        {"id": number, **fields, "gram": None if result is None else hexadecimal(*result)}
        for number, (fields, result) in enumerate(zip(cases, results, strict=True), start=1)
    ]
    about = (
        "Two rows of doubles, the number of slices, and the double that is returned as their inner "
        "product; null where it exceeds all doubles and is refused."
    )
    flags = {
        "Moved": "The rows of the test before: features permuted, some negated in both rows.",
        "Subnormal": "Entries or the result lie below the normal doubles.",
        "Overflow": "Invalid: the inner product exceeds the largest double.",
    }
    return document("exact_gram", "ExactGram.exact_gram", about, tests, flags)


def doubles(values: list[str]) -> str:
    """Return a list of doubles in Coq's syntax, each as an integer times a power of two."""
    ratios = [float.fromhex(value).as_integer_ratio() for value in values]
    terms = [f"float_at ({m})%Z ({1 - power.bit_length()})%Z" for m, power in ratios]
    return f"[:: {'; '.join(terms)}]"


def hexadecimal(mantissa: int, exponent: int) -> str:
    """Return what `ExactGram.written` means."""
    if mantissa:
        return math.ldexp(mantissa, exponent).hex()
    return (-0.0 if exponent else 0.0).hex()


def full_size_vectors(folder: Path) -> dict[str, Any]:
    """Return the vectors of images of full size: a secret, and the hash of what comes out."""
    tests = []
    for number, (shape, by) in enumerate(
        [
            ((32, 48, 3, 16), COQ),
            ((96, 80, 1, 8), COQ),
            ((192, 160, 1, 8), COQ),
            ((192, 160, 3, 8), EXTRACTED),
            ((1024, 1024, 3, 16), EXTRACTED),
        ],
        start=1,
    ):
        height, width, channels, block = shape
        key = EtCKey.from_secret(
            BlockGeometry(height, width, channels=channels, block=block), f"vector {number}"
        )
        computed = coq_encrypts(key, folder) if by == COQ else extracted_encrypts(key, number)
        tests.append(
            {
                "id": number,
                "comment": f"all steps, {key.geometry.n_blocks} blocks",
                "flags": ["Colour" if channels == 3 else "Grey"],
                **key.geometry.to_dict(),
                "secret": f"vector {number}",
                "computedBy": by,
                "encrypted": computed,
            }
        )
    about = (
        "Images in raster order under keys of a secret. Pixel i is bits 16 to 23 of x(i), where "
        "x(i) is 1103515245 x(i - 1) + 12345 modulo 2^31 and x(-1) = 1. 'encrypted' is the SHA-256 "
        "of the encrypted pixels, a byte each."
    )
    return document("full_size", "Program.fast_encrypt, or its extraction", about, tests, FULL_SIZE)


def pixels_of_full_size(count: int) -> bytes:
    """Return the pixels that the full-size vectors encrypt."""
    pixels, x = bytearray(count), 1
    for i in range(count):
        x = (1103515245 * x + 12345) % 2**31
        pixels[i] = x >> 16 & 255
    return bytes(pixels)


def coq_encrypts(key: EtCKey, folder: Path) -> str:
    """Return the SHA-256 of what Coq itself makes of the pixels, which it computes as well."""
    sizes = " ".join(f"{size}%N" for size in key.geometry.to_dict().values())
    steps = " ".join(
        "[]" if values is None else f"[{'; '.join(str(int(n)) for n in values)}]%N"
        for values in (getattr(key, step) for step in STEPS)
    )
    count = key.geometry.n_pixels
    printed = evaluate(
        "From Coq Require Import ZArith List.\nFrom EtC Require Program.\nImport ListNotations.\n"
        "Fixpoint pixels (count : nat) (x : Z) : list Z := match count with O => [] | S n =>\n"
        "  let y := ((1103515245 * x + 12345) mod 2147483648)%Z in\n"
        "  ((y / 65536) mod 256)%Z :: pixels n y end.\n"
        "Set Printing Depth 10000000.\n"
        f"Eval vm_compute in Program.fast_encrypt {sizes} {steps} "
        f"(pixels (N.to_nat {count}) 1%Z).\n",
        folder,
    )
    found = re.search(r"=\s*Some\s*\[(.*?)\]", printed, re.DOTALL)
    values = [int(n) for n in re.findall(r"\d+", found[1])] if found else []
    if len(values) != count:
        raise ValueError(f"{count} pixels, and Coq returns {len(values)}: {printed[:500]}")
    return hashlib.sha256(bytes(values)).hexdigest()


def extracted_encrypts(key: EtCKey, number: int) -> str:
    """Return the SHA-256 of what the extracted program makes of the pixels.

    Without OCaml it is what the file says already.
    """
    if shutil.which("ocamlopt") is None:
        known = json.loads((FOLDER / "full_size.json").read_text())["tests"]
        return str(known[number - 1]["encrypted"])
    with tempfile.TemporaryDirectory() as place:
        build = Path(__file__).parent / "extraction" / "build"
        subprocess.run(["bash", str(build), place], check=True)  # noqa: S603, S607
        path = Path(place) / "key.json"
        path.write_text(key.to_json())
        command = [str(Path(place) / "etc_check"), "encrypt", str(path)]
        given = pixels_of_full_size(key.geometry.n_pixels)
        done = subprocess.run(command, input=given, capture_output=True, check=True)  # noqa: S603
    return hashlib.sha256(done.stdout).hexdigest()


def document(
    name: str, source: str, about: str, tests: list[dict[str, Any]], flags: dict[str, str]
) -> dict[str, Any]:
    """Return the file's contents."""
    return {
        "schema": f"{name}.schema.json",
        "comment": about,
        "generator": f"proofs/make_vectors.py: Coq's evaluation of {source}",
        "flags": flags,
        "numberOfTests": len(tests),
        "tests": tests,
    }


def numbers(values: list[int], scope: str) -> str:
    """Return a list of numbers in Coq's syntax, to be read in a scope: N or Z."""
    return f"[:: {'; '.join(f'({value})' for value in values)}]%{scope}" if values else "[::]"


def ask(modules: list[str], calls: list[str], folder: Path) -> list[list[int] | None]:
    """Let Coq evaluate the calls, each an optional list of numbers."""
    head = (
        "From Coq Require Import ZArith.\nFrom mathcomp Require Import all_ssreflect.\n"
        f"From EtC Require Import {' '.join(modules)}.\n"
        "Local Open Scope Z_scope.\nSet Printing Depth 1000000.\n"
    )
    printed = evaluate(head + "\n".join(calls), folder)
    answers = re.findall(r"=\s*(None|Some\s*\[::.*?\])\s*:\s*option", printed, re.DOTALL)
    if len(answers) != len(calls):
        raise ValueError(f"{len(calls)} questions, {len(answers)} answers: {printed[:500]}")
    return [None if a == "None" else [int(n) for n in re.findall(r"-?\d+", a)] for a in answers]


def text_of(contents: dict[str, Any]) -> str:
    """Return JSON with one test a line, so that a difference shows which."""
    head = json.dumps({k: v for k, v in contents.items() if k != "tests"}, indent=1)
    tests = ",\n".join("  " + json.dumps(test) for test in contents["tests"])
    return f'{head[:-2]},\n "tests": [\n{tests}\n ]\n}}\n'


def main(arguments: list[str] | None = None) -> int:
    """Write the files, or compare them with what Coq computes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    parser.add_argument("files", nargs="*", help="names of files; all if none is given")
    given = parser.parse_args(arguments)
    check = given.check
    try:
        files = compute(compiled(), *given.files)
    except CoqError as error:
        print(f"cannot compute the vectors: {error}")
        return 1
    status = 0
    for name, contents in files.items():
        path, text = FOLDER / name, text_of(contents)
        if not check:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            status = 1
            print(f"{name} is not what Coq computes; run python proofs/make_vectors.py")
        print(f"{name}: {contents['numberOfTests']} vectors")
    return status


if __name__ == "__main__":
    sys.exit(main())
