"""One call of a door with something wrong, and what must be true of it however it ends.

It returns, or raises `InvalidParameterError` or an error of which its docstring speaks; what it was
given is as before; it neither takes long nor asks for much memory; nothing warns.
"""

from __future__ import annotations

import os
import resource
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final, NoReturn
from unittest import mock

import numpy as np
import pandas as pd
from doors import Door, doors
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image
from right_calls import AFTERWARDS, OBJECTS, RIGHT, STUBS, files
from values import UsersError, instead

from etcprops import InvalidParameterError

SECONDS: Final = 20.0
"""Of processor time, for one call: a machine that is busy does not count."""

MEMORY: Final = 1 << 30
"""Bytes above those that the process has."""

RETURNED: Final = "returned"


class HungError(BaseException):
    """A call has not come back in time; not an Exception, so that nobody catches it."""


class Attempt:
    """A call, with its arguments by name.

    Parameters
    ----------
    door : Door
        What is called.
    arguments : dict of str
        By name; of ``*names`` a tuple.
    broken : tuple of str
        The arguments that are not those of the right call.
    """

    def __init__(self, door: Door, arguments: dict[str, Any], broken: tuple[str, ...]) -> None:
        self.door, self.arguments, self.broken = door, arguments, broken

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={shown(self.arguments[name])}" for name in self.broken)
        return f"{self.door.name}({given or 'as is right'}{', ...' if self.broken else ''})"

    def run(self) -> str:
        """Call the door, and return how it ended: "returned", or the name of its error."""
        before = state(self.arguments)
        with warnings.catch_warnings(record=True) as warned, limits():
            warnings.simplefilter("always")
            ended = self._call()
        assert state(self.arguments) == before, f"{self!r} changed what it was given"
        told = [f"{w.category.__name__}: {w.message}" for w in warned]
        told = [text for text in told if not text.startswith(EXPECTED)]
        assert not told, f"{self!r} warned: {told[0]}"
        return ended

    def _call(self) -> str:
        try:
            result = self._result()
            if self.door.name in AFTERWARDS:
                AFTERWARDS[self.door.name](result)
            if isinstance(result, Iterator):
                list(islice(result, 3))
            elif type(result).__module__.startswith("etcprops"):
                repr(result)
        except InvalidParameterError as error:
            self._check_message(str(error))
            return type(error).__name__
        except UsersError as error:
            return type(error).__name__
        except (HungError, Exception) as error:  # noqa: BLE001  # any of them is looked at
            names = {cls.__name__ for cls in type(error).__mro__ if cls not in VAGUE}
            if not names & self.door.documented:
                told = f"{self!r} raised {type(error).__name__}: {shown(error)}"
                raise AssertionError(told) from None
            return type(error).__name__
        return RETURNED

    def _result(self) -> Any:
        given = dict(self.arguments)
        positional = [OBJECTS[self.door.owner]()] if self.door.owner is not None else []
        for name, parameter in self.door.parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                rest = given.pop(name)
                positional += [given.pop(n) for n in [*given]]
                positional += rest if isinstance(rest, tuple) else (rest,)
        return self.door.call(*positional, **given)

    def _check_message(self, text: str) -> None:
        """Assert that a message is one short line, and names what was wrong."""
        assert text.isprintable(), f"{self!r} says what no terminal should see: {text!r}"
        assert len(text) <= 2000, f"{self!r} says {len(text)} characters"


EXPECTED: Final = "UserWarning: X has feature names, but"
"""What scikit-learn says of tables of data to every estimator."""

VAGUE: Final = (Exception, LookupError, ArithmeticError)
"""Classes of errors that nothing documents."""


def examples(share: int, least: int) -> int:
    """Return a part of the examples of the profile: doors are many, and each is simple."""
    profile = settings.default
    assert profile is not None
    return max(least, profile.max_examples // share)


def fuzzed(share: int, least: int) -> settings:
    """Return settings for so many `examples`, all in one folder."""
    return settings(max_examples=examples(share, least), suppress_health_check=[*HealthCheck])


@st.composite
def attempts(draw: st.DrawFn, name: str) -> Attempt:
    """Draw a call of a door of which none, one or two arguments are not right."""
    door = doors()[name]
    arguments = RIGHT.get(name, dict)()
    parameters = {n: p for n, p in door.parameters.items() if n in arguments}
    assert parameters.keys() == arguments.keys(), f"{name} has parameters {[*door.parameters]}"
    if not arguments:
        return Attempt(door, {}, ())
    names = st.sampled_from([*arguments])
    broken = draw(st.lists(names, min_size=1, max_size=2, unique=True))
    for one in broken:
        arguments[one] = draw(instead(parameters[one], arguments[one]))
    return Attempt(door, arguments, tuple(broken))


# --- Limits


@contextmanager
def limits() -> Iterator[None]:
    """End what takes too long, and refuse memory beyond what a small call may want."""
    before = signal.signal(signal.SIGPROF, _end)
    memory = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    with suppress(OSError, ValueError):  # no /proc, or a lower limit already
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        used = pages * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, memory[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, memory)


def _end(_signal: int, _frame: object) -> NoReturn:
    raise HungError(f"it has taken {SECONDS:g} s")


@contextmanager
def folder_of_files() -> Iterator[Path]:
    """Make a folder with what calls name the current one; what takes long is a stub."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as outer, ExitStack() as stubs:
        for name, stub in STUBS.items():
            stubs.enter_context(mock.patch(name, stub))
        folder = Path(outer) / "above" / "inner"  # so that "../.." is not everybody's
        folder.mkdir(parents=True)
        files(folder)
        os.chdir(folder)
        try:
            yield folder
        finally:
            os.chdir(here)


# --- What was given


def state(value: Any) -> Any:
    """Return what can be compared before and after a call: types, bytes, texts."""
    match value:
        case np.ndarray():
            whole = repr(value.tolist()) if value.dtype.hasobject else value.tobytes()
            layout = value.dtype, value.shape, value.strides, value.flags.writeable
            found: Any = (layout, whole)
        case pd.DataFrame():
            found = [*value.columns], value.to_numpy().tobytes()
        case Image.Image():
            found = value.mode, value.size, value.tobytes()
        case dict():
            found = [(key, state(entry)) for key, entry in value.items()]
        case list() | tuple():
            found = [state(entry) for entry in value]
        case str() | bytes() | bytearray() | float() | complex():
            found = repr(value)
        case _:
            found = id(value)
    return type(value), found


def shown(value: Any) -> str:
    """Return a short text of an argument, whatever its class makes of that."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # its mistake
        text = f"<{type(value).__name__}>"
    if isinstance(value, np.ndarray):
        text = f"{text}, {type(value).__name__} of {value.dtype} and shape {value.shape}"
    return text if len(text) <= 300 else f"{text[:300]}..."
