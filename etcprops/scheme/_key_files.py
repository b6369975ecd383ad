"""Keys as files that only their owner can read, whole or not there."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Final

from etcprops._files import read_at_most, write_whole
from etcprops._validation import describe, reject

HOLDS_A_KEY: Final = "be a file with a key as EtCKey.save writes it"
MOST_BYTES: Final = 1 << 28
"""Larger files hold no key: it would be of ten million blocks."""


def save(text: str, path: Any, caller: str, *, overwrite: bool) -> None:
    """Write the text of a key; `EtCKey.save` has the rules."""
    file = as_path(path, caller)
    try:
        write_whole(file, text + "\n", secret=True, overwrite=overwrite)
    except ValueError as error:  # a NUL, or half of a surrogate pair
        reject("path", caller, "be the name of a file", f"{str(file)!r}: {error}.")
    except OSError as error:
        if isinstance(error, FileExistsError) and file.exists():  # else it is a folder of the path
            wanted = "be a file that is not there, unless overwrite=True"
            reject("path", caller, wanted, f"{str(file)!r}.")
        got = f"{str(file)!r}: {error.strerror or error}."
        reject("path", caller, "be a file that can be written", got)


def load(file: Path, caller: str) -> str:
    """Return the text in a file."""
    text = None
    try:
        text = read_at_most(file, MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        problem = "no text"
    except OSError as error:
        problem = f"{error.strerror or error}"
    if text is None:  # raised here, where no codec's error with all of the key is its context
        reject("path", caller, HOLDS_A_KEY, f"{str(file)!r}: {problem}.")
    return text


def as_path(value: Any, caller: str) -> Path:
    """Return a str or PathLike as Path; "" is none."""
    if not isinstance(value, (str, PathLike)) or value == "":
        reject("path", caller, "be a str or PathLike and not empty", describe(value))
    return Path(value)
