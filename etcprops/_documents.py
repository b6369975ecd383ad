"""Documents: JSON text that names its format and version, written and read in one way.

JSON as RFC 8259 has it, without NaN and infinities: a class writes them as null or as text; what is
read is held to the same, each field there once. Of each
format ``etcprops/schemas`` has a schema. Reports say which version of the package wrote them. Keys
and certificates are data and do not: equal ones are equal text, whatever wrote them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from etcprops import __version__
from etcprops._validation import InvalidParameterError, describe, reject

VERSIONS: Final = {
    "etcprops.Atlas": 1,
    "etcprops.AttackReport": 1,
    "etcprops.audit": 1,
    "etcprops.CoqReport": 2,
    "etcprops.EtCKey": 1,
    "etcprops.Files": 1,
    "etcprops.Fingerprint": 1,
    "etcprops.Ledger": 1,
    "etcprops.ProbeReport": 3,
    "etcprops.Reproduction": 1,
    "etcprops.Searches": 1,
    "etcprops.SignedPermutation": 2,
    "etcprops.Vectors": 1,
    "etcprops.Verdict": 1,
}
"""Every format, and the version that is written; older ones are read as well."""

DATA: Final = frozenset({"etcprops.EtCKey", "etcprops.SignedPermutation", "etcprops.Vectors"})
"""Formats of data; the others are reports."""


def document(name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return some content under its format and version, a report under the package's as well.

    Examples
    --------
    >>> document("etcprops.EtCKey", {"permutation": None})
    {'format': 'etcprops.EtCKey', 'version': 1, 'permutation': None}
    """
    writer = {} if name in DATA else {"etcprops": __version__}
    return {"format": name, "version": VERSIONS[name], **writer, **content}


def line(value: Any) -> str:
    """Return JSON in one line; ValueError if it holds NaN or an infinity."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write(name: str, content: Mapping[str, Any]) -> str:
    r"""Return a document as text: data in one line, reports with a line for each of their fields.

    Parameters
    ----------
    name : str
        The format, one of `VERSIONS`.
    content : mapping of str
        Made of what JSON has; numbers are finite.

    Examples
    --------
    >>> text = write("etcprops.Verdict", {"seconds": 0.5, "image": [[0, 1], [2, 3]]})
    >>> print(*text.splitlines()[-3:], sep="\n")
     "seconds": 0.5,
     "image": [[0, 1], [2, 3]]
    }
    """
    whole = document(name, content)
    return line(whole) if name in DATA else _laid_out(whole, "\n")


def parse(text: str | bytes) -> Any:
    """Return what a JSON text of others says, read in the one way that all readers share.

    Raises
    ------
    ValueError
        If it is no JSON as RFC 8259 has it, nested too deeply, no UTF-8, names a field twice (of
        which each reader would take another), or holds numbers that are none. The text itself is
        neither in the message nor in the error's context: it may be a secret.

    Examples
    --------
    >>> parse('{"level": 255, "level": 1}')
    Traceback (most recent call last):
    ...
    ValueError: the field 'level' is there twice
    """
    try:
        return json.loads(
            text, object_pairs_hook=_fields, parse_constant=_number, parse_float=_number
        )
    except RecursionError:
        problem = "it is nested too deeply"
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is no UTF-8"
    except (TypeError, ValueError) as error:
        problem = str(error)
    raise ValueError(problem)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose fields all have names of their own."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {describe(twice).rpartition(' ')[0]} is there twice")
    return found


def _number(text: str) -> float:
    """Return a number that is one: neither NaN nor an infinity, also not one by its size."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is no finite number")
    return number


def read(text: str, name: str, caller: str) -> dict[str, Any]:
    """Return the document in a text, with format and version.

    Parameters
    ----------
    text : str
        As `write` makes it, this version of the package or an earlier one.
    name : str
        The format that it must have.
    caller : str
        For messages.

    Raises
    ------
    InvalidParameterError
        If the text is no JSON, another format, or of a version that is not known.
    """
    try:
        found = parse(text)
    except ValueError as error:
        raise InvalidParameterError(
            f"The 'text' parameter of {caller} must be JSON text as to_json writes it. "
            f"Got text that cannot be read: {error}."
        ) from None
    # What came is named by its type alone: it may be a secret.
    kind = describe(found.get("format")) if isinstance(found, dict) else f"{type(found).__name__}."
    if not isinstance(found, dict) or found.get("format") != name:
        reject("text", caller, f'be a JSON object with "format": "{name}"', kind)
    version, newest = found.get("version"), VERSIONS[name]
    if type(version) is not int or not 1 <= version <= newest:  # True == 1
        known = "version 1" if newest == 1 else f"a version from 1 to {newest}"
        writer = f", by etcprops {found['etcprops']}." if "etcprops" in found else ""
        reject("text", caller, f"be of {known}", f"version {describe(version)[:-1]}{writer or '.'}")
    return found


def finite(value: Any) -> Any:
    """Return numbers, lists and dictionaries with None for NaN and infinities.

    Examples
    --------
    >>> finite({"seconds": float("inf"), "curve": [0.5, float("nan")]})
    {'seconds': None, 'curve': [0.5, None]}
    """
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _laid_out(value: Any, margin: str) -> str:
    """Return JSON with a line for each entry of what holds objects; arrays of numbers in one."""
    inner = f"{margin} "
    if isinstance(value, dict) and value:
        lines = [f"{line(str(key))}: {_laid_out(entry, inner)}" for key, entry in value.items()]
        return f"{{{inner}{f',{inner}'.join(lines)}{margin}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(entry, dict) for entry in value):
        lines = [_laid_out(entry, inner) for entry in value]
        return f"[{inner}{f',{inner}'.join(lines)}{margin}]"
    return line(value)
