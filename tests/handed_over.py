"""What a function hands to the functions that it calls, told so that it is the same on any machine.

Arguments of calls from some modules to the rest of the package, and what estimators are asked.
Floating-point numbers are told roughly: by a part in ten thousand of the greatest.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from inspect import CO_GENERATOR
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from etcprops import EtCKey
from etcprops.claims import Implementation
from etcprops.claims.case import Case


@contextmanager
def handed_over(by: str) -> Iterator[list[str]]:
    """Note calls made from a package, in this thread; calls within it are not among them."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        caller = frame.f_back
        if event == "call" and caller is not None and _is_in(by, caller):
            given = _arguments(frame)
            if _is_in("etcprops", frame) and not _is_in(by, frame) and _each_time(by, frame):
                calls.append(f"{frame.f_code.co_name}({', '.join(map(told, given))})")
            elif given and isinstance(given[0], BaseEstimator) and _is_in("sklearn", frame):
                calls.append(told(given[0]))

    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def told(value: Any) -> str:
    """Describe an argument."""
    text = type(value).__name__
    match value:
        case Enum():
            text = value.name
        case None | bool() | int() | str() | bytes() | Fraction() | np.integer():
            text = str(value)
        case float() | np.floating():
            text = told(np.array([value]))
        case np.ndarray():
            text = f"{value.dtype}{value.shape}{_digest(value)}"
        case list() | tuple():
            text = f"[{', '.join(map(told, value))}]"
        case BaseEstimator():
            text = repr(value)
        case EtCKey():
            text = value.to_json()
        case Case() | Implementation() | type():
            pass
        case _ if is_dataclass(value):
            names = [field.name for field in fields(value) if field.name != "seconds"]
            text += f"({', '.join(told(getattr(value, name)) for name in names)})"
    return text


def _arguments(frame: FrameType) -> list[Any]:
    code = frame.f_code
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    made = code.co_name == "__init__"  # what is about to be made cannot be told yet
    return [frame.f_locals.get(name) for name in names[made:]]


def _each_time(by: str, called: FrameType) -> bool:
    """Tell whether this call is none that goes on, and nothing remembers what it returned."""
    frame: FrameType | None = called
    while frame is called or (frame is not None and _is_in(by, frame)):
        if hasattr(frame.f_globals.get(frame.f_code.co_name), "cache_info"):
            return False
        frame = frame.f_back
    return not called.f_code.co_flags & CO_GENERATOR


def _is_in(package: str, frame: FrameType) -> bool:
    return f"{frame.f_globals.get('__name__')}.".startswith(f"{package}.")


def _digest(array: NDArray[Any]) -> str:
    if array.dtype.kind == "f" and array.size:
        known = np.nan_to_num(array.astype(np.float64), posinf=0, neginf=0)
        greatest = abs(known).max() or 1.0
        # No number of the kind that tests use is on the border between two.
        array = np.floor(np.append(known / greatest * 1e4, np.log2(greatest) * 1e3) + 0.3217)
    if array.dtype.kind not in "biuf":
        return ""
    return hashlib.sha256(array.tobytes()).hexdigest()[:8]
