"""What the commands share: sizes as text, objects by name, and what they write."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.segment import Segment

from etcprops._files import write_whole
from etcprops._validation import InvalidParameterError, printable, reject
from etcprops.scheme.geometry import BlockGeometry, fitting_blocks, nearest_size


class _Terminal(Console):
    """Shows what others named without obeying it: no markup, and no escape codes."""

    def render(self, *arguments: Any, **options: Any) -> Iterable[Segment]:
        for segment in super().render(*arguments, **options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                lines = (printable(line) for line in segment.text.split("\n"))
                yield segment._replace(text="\n".join(lines))


def terminal(*, stderr: bool = False) -> Console:
    """Return the console of a command: all that is shown to people goes through one of these."""
    return _Terminal(stderr=stderr, markup=False)


SIZES = re.compile(r"(\d+)x(\d+)(?:x(\d+))?(?:/(\d+))?")

Fit = Annotated[
    str | None,
    typer.Option(
        metavar="HxW[x3][/B]",
        help="Scale and cut images of a folder or zip to this size.  "
        r"\[default: they are of one size]",
    ),
]
"""How every --data makes images of different sizes alike."""


def parse_geometry(text: str, command: str, option: str = "--geometry") -> BlockGeometry:
    """Return the geometry written as ``HxW``, ``HxWx3``, with ``/B`` for blocks other than 8 x 8.

    Parameters
    ----------
    text : str
        For example ``192x160x3/8``.
    command, option : str
        What was given it, for the message.

    Returns
    -------
    BlockGeometry

    Raises
    ------
    InvalidParameterError
        If the text reads otherwise, the sizes do not fit, or there are more pixels than any image
        that is read may have.

    Examples
    --------
    >>> parse_geometry("192x160/16", "verify")
    BlockGeometry(height=192, width=160, channels=1, block=16)
    """
    from etcprops.datasets.pictures import MOST_PIXELS

    match = SIZES.fullmatch(text)
    if match is None:
        wanted = "be height x width [x channels] [/ block], such as 192x160 or 96x64x3/16"
        reject(option, f"etcprops {command}", wanted, f"{text[:80]!r}.")
    height, width, channels, block = (int((size or "0")[:20]) for size in match.groups())
    side = block or 8
    if height * width * (channels or 1) > MOST_PIXELS:
        wanted = f"be of at most {MOST_PIXELS} pixels"
        reject(option, f"etcprops {command}", wanted, f"{text[:80]!r}.")
    if height and width and (height % side or width % side):
        rows, columns = nearest_size(height, width, side)
        blocks = ", ".join(f"/{size}" for size in fitting_blocks(height, width, side))
        near = f"{rows}x{columns} is the nearest size of blocks of {side}"
        fits = f"{near}, and of {height}x{width} these are: {blocks}" if blocks else near
        wanted = "be of whole blocks"
        reject(option, f"etcprops {command}", wanted, f"{text[:80]!r}: {fits}.")
    return BlockGeometry(height, width, channels=channels or 1, block=side)


def warn_of_readers(path: Path) -> None:
    """Say so if others may read a file that is secret.

    ssh would refuse it. Here a warning does: on file systems without modes every file would be
    refused, and what was read by others is no safer for it.
    """
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        told = f"Warning: others can read {printable(str(path))}; chmod 600 keeps it secret."
        typer.echo(told, err=True)


def parse_fit(text: str | None, command: str) -> BlockGeometry | None:
    """Return the geometry of ``--fit``, None if it was not given."""
    return None if text is None else parse_geometry(text, command, "--fit")


class Outputs:
    """What a command was asked to write: ``--json FILE|-``, ``--html FILE`` and other files.

    Made before the work, so that a file that cannot be written is refused then.

    Parameters
    ----------
    command : str
        The command, for messages: "verify".
    json : str or None, default=None
        File for the document as JSON, or "-" for stdout, which then has nothing else.
    html : Path or None, default=None
        File for the page.
    others : mapping of str to Path or None, default={}
        Files of other options by their name, "--certificate"; checked alone.

    Attributes
    ----------
    console : rich.console.Console
        Where to tell people something: stderr if stdout is for JSON.

    Raises
    ------
    InvalidParameterError
        If a file cannot be written.
    """

    def __init__(
        self,
        command: str,
        json: str | None = None,
        html: Path | None = None,
        others: Mapping[str, Path | None] | None = None,
    ) -> None:
        self.to_stdout = json == "-"
        self.json = None if json is None or self.to_stdout else Path(json)
        self.html = html
        self.command = command
        self.console = terminal(stderr=self.to_stdout)
        for option, path in {"--json": self.json, "--html": html, **(others or {})}.items():
            if path is not None:
                check_writable(option, path, command)

    def write(self, to_json: Callable[[], str], to_html: Callable[[], str] | None = None) -> None:
        """Write what was asked for, each file whole; what was not is not made."""
        if self.to_stdout:
            typer.echo(to_json().encode("utf-8", "backslashreplace"))
        if self.json is not None:
            self.put("--json", self.json, to_json() + "\n")
        if self.html is not None and to_html is not None:
            self.put("--html", self.html, to_html())

    def put(self, option: str, path: Path, content: str) -> None:
        """Write a file that an option named, whole; a full disk is an error that names it."""
        try:
            write_whole(path, content)
        except OSError as error:
            got = f"{str(path)!r}: {error.strerror or error}."
            reject(option, f"etcprops {self.command}", "be a file that can be written", got)


@contextlib.contextmanager
def current_folder() -> Iterator[None]:
    """Find modules in the current folder, also those that what was imported imports when called."""
    before = [*sys.path]
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before


def import_object(name: str, option: str, command: str) -> Any:
    """Return the object ``module:object``; whatever goes wrong names the option.

    Parameters
    ----------
    name : str
        For example ``os.path:join``, or ``./folder/file.py:function``.
    option, command : str
        What was given it, for the message.

    Raises
    ------
    InvalidParameterError
        If it cannot be imported.

    Examples
    --------
    >>> import_object("math:pi", "--keys", "etcprops probe")
    3.141592653589793
    """
    module, _, attribute = name.partition(":")
    try:
        is_file = module.endswith(".py")
        found = _module_of(Path(module)) if is_file else importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's module may do anything
        wanted = "be module:object or file.py:object, something that can be imported"
        reject(option, command, wanted, f"{name!r}: {type(error).__name__}: {error}")
    return found


def _module_of(path: Path) -> ModuleType:
    """Import a file by its own name, as if its folder were the current one.

    By its name other processes find it again, who get the path of this one.
    """
    folder = str(path.resolve().parent)
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}")
    known = sys.modules.get(path.stem)
    if (
        known is not None
        and Path(getattr(known, "__file__", None) or "").resolve() != path.resolve()
    ):
        raise ImportError(f"another module is named {path.stem!r}: rename the file")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(path.stem)


@contextlib.contextmanager
def named_as_options(command: str, **names: str) -> Iterator[None]:
    """Let errors of functions name options: --quality of etcprops encrypt, not quality of Codec.

    Parameters
    ----------
    command : str
        The command that was given them.
    **names : str
        Options that are not called as their parameters are, ``path="key"``; arguments in capitals.

    Examples
    --------
    >>> from etcprops._validation import as_integer
    >>> with named_as_options("encrypt"):
    ...     as_integer(0, "quality", "Codec")
    Traceback (most recent call last):
    ...
    etcprops._validation.InvalidParameterError: The '--quality' parameter of etcprops encrypt must \
be a positive integer. Got 0 (int).
    """
    try:
        yield
    except InvalidParameterError as error:
        name = r"The '(\w+)' parameter of [\w.]+ "

        def as_option(found: re.Match[str]) -> str:
            option = names.get(found[1], found[1]).replace("_", "-")
            dashes = "" if option.isupper() else "--"
            return f"The '{dashes}{option}' parameter of etcprops {command} "

        text = re.sub(name, as_option, str(error), count=1)
        raise InvalidParameterError(text) from None


def check_writable(option: str, path: Path, command: str) -> None:
    """Refuse an output file before the work rather than after it.

    A symbolic link is none: to follow it may be to overwrite what somebody else chose.
    """
    if path.is_symlink() and not path.is_char_device() and not path.is_fifo():
        got = f"{str(path)!r}, a symbolic link: give the file that is meant."
        reject(option, f"etcprops {command}", "be a file in an existing folder", got)
    if path.is_dir() or not path.parent.is_dir():
        got = f"{str(path)!r}, which is a folder." if path.is_dir() else f"{str(path)!r}."
        reject(option, f"etcprops {command}", "be a file in an existing folder", got)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        reject(option, f"etcprops {command}", "be a file that may be written", f"{str(path)!r}.")
