"""Errors at the door: every public function checks what it is given, and says what is wanted.

The message always names the parameter, the caller, what was wanted and what came.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = math.ulp(0.0)
"""The least positive number."""

LARGEST: Final = sys.float_info.max
"""The largest finite number."""


class InvalidParameterError(ValueError):
    """A parameter has the wrong type, shape, dtype or value; the message is one line."""

    def __init__(self, *details: object) -> None:
        super().__init__(*(_in_a_line(d) if isinstance(d, str) else d for d in details))


def _in_a_line(text: str, most: int = 2000) -> str:
    """Return text as one line, of a name of megabytes without the middle."""
    line = printable(text)
    return line if len(line) <= most else f"{line[: most // 2]}...{line[-most // 2 + 3 :]}"


def reject(parameter: str, caller: str, wanted: str, got: object) -> NoReturn:
    """Raise the error that names `parameter` and `caller`, what was `wanted` and what came."""
    raise InvalidParameterError(f"The '{parameter}' parameter of {caller} must {wanted}. Got {got}")


def printable(text: str) -> str:
    r"""Return text in one line that a terminal shows as it is, and does not obey.

    Names of files and texts from files may hold line ends, escape codes, marks that turn the
    direction of writing, and bytes that are no UTF-8: these are written as `repr` writes them.

    Examples
    --------
    >>> print(printable("\x1b[31mred.png\n"))
    \x1b[31mred.png\n
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@contextmanager
def in_the_name_of(caller: str) -> Iterator[None]:
    """Let errors of what a function calls name the function itself, the door that was used.

    Examples
    --------
    >>> with in_the_name_of("ExactStandardScaler.fit"):
    ...     as_integer(0, "X", "PixelStatistics")
    Traceback (most recent call last):
    ...
    etcprops._validation.InvalidParameterError: The 'X' parameter of ExactStandardScaler.fit must \
be a positive integer. Got 0 (int).
    """
    try:
        yield
    except InvalidParameterError as error:
        text = re.sub(r"(?<=' parameter of )[\w.]+", caller, str(error), count=1)
        raise InvalidParameterError(text) from None


def describe(value: object) -> str:
    """Return a short description of `value`: arrays by dtype and shape, the rest by `repr`."""
    if isinstance(value, np.ndarray):
        kind = "a masked array" if np.ma.is_masked(value) else "an array"
        return f"{kind} of dtype {value.dtype} and shape {value.shape}."
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # integers of 4,301 digits, or a class with a mistake
        return f"an object of type {type(value).__name__} that cannot be shown."
    return f"{text if len(text) <= 80 else text[:77] + '...'} ({type(value).__name__})."


def as_integer(  # noqa: PLR0917
    value: Any,
    parameter: str,
    caller: str,
    least: int = 1,
    most: int | None = None,
    wanted: str | None = None,
) -> int:
    """Return `value` as a Python `int` in a range; booleans and floats are refused."""
    integer = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not integer or value < least or (most is not None and value > most):
        limits = f"an integer of at least {least}" if least != 1 else "a positive integer"
        limits = limits if most is None else f"an integer from {least} to {most}"
        reject(parameter, caller, wanted or f"be {limits}", describe(value))
    return int(value)


def as_number(  # noqa: PLR0917
    value: Any,
    parameter: str,
    caller: str,
    least: float = -LARGEST,
    most: float = LARGEST,
    wanted: str | None = None,
) -> float:
    """Return `value` as a Python `float` in a range; booleans and NaN are refused."""
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    try:
        number = float(value) if real else math.nan
    except OverflowError:  # an integer beyond doubles
        number = math.nan
    if not least <= number <= most:
        limits = f"number of at least {least:g}" if least != SMALLEST else "positive number"
        limits = limits if least != -LARGEST else "finite number"
        limits = limits if most >= LARGEST else f"number from {least:g} to {most:g}"
        reject(parameter, caller, wanted or f"be a {limits}", describe(value))
    return number


def as_function(value: Any, parameter: str, caller: str) -> Any:
    """Return `value` if it can be called, or is None."""
    if value is not None and not callable(value):
        reject(parameter, caller, "be a function or None", describe(value))
    return value


def as_iterator(value: Any, parameter: str, caller: str, wanted: str) -> Iterator[Any]:
    """Return an iterator of several things; text, bytes and arrays of no dimensions are refused."""
    if not isinstance(value, (str, bytes, bytearray, memoryview)):
        with suppress(TypeError):
            return iter(value)
    reject(parameter, caller, wanted, describe(value))


def as_choice(
    value: Any, choices: Iterable[str], parameter: str, caller: str, also: str = ""
) -> str:
    """Return `value` if it is one of some strings; the caller may take something `also`."""
    choices = [*choices]
    if not isinstance(value, str) or value not in choices:
        wanted = f"be one of {', '.join(choices)}{also and f', or {also}'}"
        reject(parameter, caller, wanted, describe(value) + nearest_name(value, choices))
    return value


def nearest_name(value: object, choices: Iterable[str]) -> str:
    """Return `` Did you mean 'name'?`` where one of the choices is near, else "".

    Examples
    --------
    >>> nearest_name("kneighbors", ["SVC", "KNeighborsClassifier", "z-score"])
    " Did you mean 'KNeighborsClassifier'?"
    >>> nearest_name("something", ["SVC"])
    ''
    """
    if not isinstance(value, str):
        return ""
    known = {name.casefold(): str(name) for name in choices}
    typed = value.casefold()
    within = [name for name in known if len(typed) >= 3 and typed in name]
    near = (get_close_matches(typed, known, n=1, cutoff=0.75) or within)[:1]
    return "".join(f" Did you mean {known[name]!r}?" for name in near)


def as_array(value: Any, parameter: str, caller: str, wanted: str) -> NDArray[Any]:
    """Return `value` as an array; what numpy makes none of (ragged lists, say) is refused."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        # Its type alone: it may be a sequence of a key.
        reject(parameter, caller, wanted, f"a {type(value).__name__} that is no array of numbers.")


def as_indices(value: Any, bound: int, parameter: str, caller: str) -> NDArray[np.int64]:
    """Return `value` as an int64 array of its own shape with entries in ``[0, bound)``."""
    wanted = f"be integers from 0 to {bound - 1}"
    array = as_array(value, parameter, caller, wanted)
    if array.dtype.kind not in "iu":
        reject(parameter, caller, wanted, f"dtype {array.dtype}.")
    if array.size and (array.min() < 0 or array.max() >= bound):
        outside = array.min() if array.min() < 0 else array.max()
        reject(parameter, caller, wanted, f"{outside}.")
    return array.astype(np.int64)


def as_codes(value: Any, size: int, bound: int, parameter: str, caller: str) -> NDArray[np.int64]:
    """Return `value` as an int64 array of shape ``(size,)`` with entries in ``[0, bound)``."""
    wanted = f"be {size} integers from 0 to {bound - 1}"
    array = as_array(value, parameter, caller, wanted)
    if array.shape != (size,):
        reject(parameter, caller, wanted, f"shape {array.shape}.")
    if array.dtype.kind not in "iu":
        reject(parameter, caller, wanted, f"dtype {array.dtype}.")
    if isinstance(value, Sequence) and any(isinstance(entry, bool) for entry in value):
        reject(parameter, caller, wanted, "booleans among them.")
    outside = np.flatnonzero((array < 0) | (array >= bound))
    if outside.size:
        first = int(outside[0])
        reject(parameter, caller, wanted, f"{array[first]} at position {first}.")
    return array.astype(np.int64)


def as_permutation(value: Any, size: int, parameter: str, caller: str) -> NDArray[np.int64]:
    """Return `value` as an int64 permutation of ``range(size)``."""
    array = as_codes(value, size, size, parameter, caller)
    counts = np.bincount(array, minlength=size)
    twice = np.flatnonzero(counts > 1)
    if twice.size:
        reject(
            parameter,
            caller,
            f"hold each of 0 to {size - 1} once",
            f"{twice[0]} {counts[twice[0]]} times.",
        )
    return array


def as_bits(value: Any, size: int, parameter: str, caller: str) -> NDArray[np.bool_]:
    """Return `value` as a boolean array of shape ``(size,)``; 0 and 1 are taken for booleans."""
    array = as_array(value, parameter, caller, f"be {size} booleans, or 0 and 1")
    if array.dtype == np.bool_ and array.shape == (size,):
        return array.copy()
    return as_codes(value, size, 2, parameter, caller).astype(np.bool_)
