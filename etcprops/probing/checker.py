"""Check a certificate of a signed permutation with nothing but the standard library.

A file of its own on purpose: it can be copied and read without the rest of the package, and run as
``python checker.py CERT``. Exit status 0 if the map is orthogonal, 1 if not, 2 if there is no map.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read(path: str, most: int = 1 << 29) -> dict[str, Any]:
    """Return the certificate in a file; ValueError says what is wrong with it."""
    try:
        with Path(path).open("rb") as file:  # cut off there, what is larger is no JSON
            fields = json.loads(file.read(most).decode("utf-8"), object_pairs_hook=tuple)
    except (ArithmeticError, MemoryError, OSError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path!r} cannot be read as JSON: {error}") from None
    if not isinstance(fields, tuple):
        raise ValueError(f"{path!r} holds no certificate")  # noqa: TRY004  # the file's fault
    certificate = dict(fields)
    if len(certificate) < len(fields):
        raise ValueError(f"{path!r} has a field twice: another reader might take the other")
    kind = (certificate.get("format"), certificate.get("version"))
    known = "etcprops.SignedPermutation"
    if kind not in [(known, 1), (known, 2)] or type(kind[1]) is not int:  # True == 1
        raise ValueError(f"{path!r} holds {str(kind)[:200]}, not {known}, version 1 or 2")
    if certificate.keys() - {"format", "version", "level", "source", "sign", "witness"}:
        raise ValueError(f"{path!r} has a field that no certificate has")
    has_witness = "witness" in certificate
    if (kind[1] == 2) != has_witness or not isinstance(certificate.get("witness", ""), str):
        raise ValueError("'witness' must be text in version 2, and absent in version 1")
    source, sign, level = (certificate.get(name) for name in ("source", "sign", "level"))
    if not (isinstance(source, list) and isinstance(sign, list) and source):
        raise ValueError("'source' and 'sign' must be lists that are not empty")
    if not all(type(number) is int for numbers in (source, sign, [level]) for number in numbers):
        raise ValueError("'source', 'sign' and 'level' must hold integers")
    if len(source) != len(sign) or certificate["level"] < 1:
        raise ValueError("'source' and 'sign' must be as long, and 'level' at least 1")
    return certificate


def faults(certificate: dict[str, Any]) -> Iterator[str]:
    """Yield every reason why y[i] = sign[i] * x[source[i]] + c[i] is not orthogonal."""
    source, sign = certificate["source"], certificate["sign"]
    size = len(source)
    shown_by: dict[int, int] = {}
    for index, pixel in enumerate(source):
        if not 0 <= pixel < size:
            yield f"output {index} shows input {pixel}, which is none of 0 to {size - 1}"
        elif pixel in shown_by:
            yield f"input {pixel} is shown by output {shown_by[pixel]} and by output {index}"
        else:
            shown_by[pixel] = index
    yield from (f"input {pixel} is lost" for pixel in range(size) if pixel not in shown_by)
    strange = ((index, s) for index, s in enumerate(sign) if abs(s) != 1)
    yield from (f"output {index} has sign {s}, not -1 or +1" for index, s in strange)


def witness(certificate: dict[str, Any]) -> str:
    """Return the SHA-256 of the chosen images, black and the digits of places, encrypted."""
    source, sign, level = certificate["source"], certificate["sign"], certificate["level"]
    width, base, digest = (level.bit_length() + 7) // 8, level + 1, hashlib.sha256()
    digits = [0]
    while base ** (len(digits) - 1) < len(source):
        digits.append(base ** (len(digits) - 1))
    for weight in digits:
        for pixel, s in zip(source, sign, strict=True):
            x = pixel // weight % base if weight else 0
            digest.update((x if s > 0 else level - x).to_bytes(width, "little"))
    return digest.hexdigest()


def check(path: str, limit: int = 10) -> tuple[int, str]:
    """Return the exit status and what to say of a file."""
    try:
        certificate = read(path)
    except ValueError as error:
        return 2, f"Error: {error}"
    found = list(faults(certificate))
    if not found and certificate.get("witness", "") not in {"", witness(certificate)}:
        found = ["the map does not make what 'witness' says of the chosen images"]
    if found:
        more = [f"... and {len(found) - limit} more"] if len(found) > limit else []
        return 1, "\n".join(["Not as certified:", *found[:limit], *more])
    size, negated = len(certificate["source"]), certificate["sign"].count(-1)
    confirmed = "; witness hash confirmed" if "witness" in certificate else ""
    return 0, f"Orthogonal: {size} pixels, each shown once, {negated} negated{confirmed}."


if __name__ == "__main__":
    status, text = check(sys.argv[1]) if len(sys.argv) == 2 else (2, "Usage: checker.py CERT")
    print(text)  # noqa: T201  # a script
    sys.exit(status)
