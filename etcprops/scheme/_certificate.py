"""Certificates of signed permutations, as dictionaries ready for JSON.

Version 1 had no witness; `etcprops.probing.checker` reads both versions without this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops import _documents
from etcprops._validation import describe, reject
from etcprops.scheme._chosen_images import fingerprint

_FORMAT: Final = "etcprops.SignedPermutation"
_VERSION: Final = _documents.VERSIONS[_FORMAT]
_FIELDS: Final = {"format", "version", "level", "source", "sign", "witness"}


def write(source: NDArray[np.int64], sign: NDArray[np.int8], level: int) -> dict[str, Any]:
    """Return the certificate of a map."""
    content = {
        "level": level,
        "source": source.tolist(),
        "sign": sign.tolist(),
        "witness": fingerprint(source, sign, level),
    }
    return _documents.document(_FORMAT, content)


def check_fields(certificate: Any, caller: str) -> None:
    """Refuse what has not the fields of a certificate, or other ones in them."""
    if not isinstance(certificate, dict) or set(certificate) | {"witness"} != _FIELDS:
        wanted = f"be a dictionary with the fields {', '.join(sorted(_FIELDS))}"
        got = sorted(map(str, certificate)) if isinstance(certificate, dict) else certificate
        reject("certificate", caller, wanted, describe(got))
    kind = (certificate["format"], certificate["version"])
    version = _VERSION if "witness" in certificate else 1
    if kind != (_FORMAT, version) or type(kind[1]) is not int:  # True == 1
        wanted = f"be of format {_FORMAT}, version {_VERSION}, or 1 without a witness"
        reject("certificate", caller, wanted, describe(kind))
    for name in ("source", "sign"):  # of which NumPy would make integers
        numbers = certificate[name]
        if isinstance(numbers, list) and any(isinstance(number, bool) for number in numbers):
            reject("certificate", caller, f"hold integers in {name!r}", "booleans among them.")


def check_witness(
    certificate: Mapping[str, Any], source: NDArray[np.int64], sign: NDArray[np.int8], caller: str
) -> None:
    """Refuse a witness that is not that of the map; version 1 has none."""
    if "witness" not in certificate:
        return
    if certificate["witness"] != fingerprint(source, sign, certificate["level"]):
        wanted = "hold the witness of its map"
        reject("certificate", caller, wanted, describe(certificate["witness"]))
