"""What the functions of a package hand over and return, told so that it is the same anywhere.

Arguments of calls from the package to the rest of ours and to scikit-learn, and what functions
return. Floating-point numbers are told roughly: by a part in ten thousand of the
greatest.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from inspect import CO_GENERATOR, CO_VARARGS, CO_VARKEYWORDS
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sympy import Basic, MatrixBase

from etcprops import EtCKey
from etcprops.claims import Implementation
from etcprops.claims.case import Case


class Traced(NamedTuple):
    """What was handed over, and what was returned, in order."""

    handed_over: list[str]
    returned: list[str]


@contextmanager
def traced(package: str) -> Iterator[Traced]:
    """Note what functions of a package hand to others and return, in this thread."""
    found = Traced([], [])
    user = sys._getframe(2)  # noqa: SLF001  # inspect.stack() takes long

    def note(frame: FrameType, event: str, value: Any) -> None:
        inside = _is_in(package, frame)
        if event == "return" and inside and value is not None and _each_time(frame, user):
            found.returned.append(told(value))
        elif event == "call" and not inside and _is_in(package, frame.f_back):
            name, given = frame.f_code.co_name, told(_arguments(frame))
            if _is_in("etcprops", frame) and _each_time(frame, user):
                found.handed_over.append(f"{name}{given}")
            elif _is_in("sklearn", frame) and name != "__init__":  # whose defaults are not ours
                found.handed_over.append(given)

    sys.setprofile(note)
    try:
        yield found
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
        case list() | tuple() | dict():
            parts = value.items() if isinstance(value, dict) else value
            text = f"[{', '.join(map(told, parts))}]"
        case BaseEstimator() | Basic() | MatrixBase():
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
    starred = bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]
    made = code.co_name == "__init__"  # what is about to be made cannot be told yet
    return [frame.f_locals.get(name) for name in names[made:]]


def _each_time(frame: FrameType, user: FrameType) -> bool:
    """Tell whether this is a function, not a part of one, and nothing remembers what it returns."""
    code = frame.f_code
    if code.co_flags & CO_GENERATOR or (code.co_name[0] == "<" and code.co_name != "<lambda>"):
        return False
    caller: FrameType | None = frame
    while caller is not None and caller is not user:
        if hasattr(caller.f_globals.get(caller.f_code.co_name), "cache_info"):
            return False
        caller = caller.f_back
    return True


def _is_in(package: str, frame: FrameType | None) -> bool:
    return frame is not None and f"{frame.f_globals.get('__name__')}.".startswith(f"{package}.")


def _digest(array: NDArray[Any]) -> str:
    if array.dtype.kind == "f" and array.size:
        known = np.nan_to_num(array.astype(np.float64), posinf=0, neginf=0)
        greatest = abs(known).max() or 1.0
        # No number of the kind that tests use is on the border between two.
        array = np.floor(np.append(known / greatest * 1e4, np.log2(greatest) * 1e3) + 0.3217)
    if array.dtype.kind not in "biuf":
        return ""
    return hashlib.sha256(array.tobytes()).hexdigest()[:8]
