"""The command line, one module a command."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, Final

import typer
from rich.text import Text
from typer.core import TyperCommand

from etcprops import __version__
from etcprops._validation import InvalidParameterError
from etcprops._workers import end_processes
from etcprops.cli._progress import told_if_interrupted
from etcprops.cli.atlas import atlas
from etcprops.cli.attack import attack
from etcprops.cli.audit import AuditCommand, audit
from etcprops.cli.check import check
from etcprops.cli.common import terminal
from etcprops.cli.decrypt import decrypt
from etcprops.cli.encrypt import encrypt
from etcprops.cli.fingerprint import fingerprint
from etcprops.cli.keygen import keygen
from etcprops.cli.probe import ShapeCommand, probe
from etcprops.cli.reproduce import reproduce
from etcprops.cli.verify import verify

STATUSES: Final = (
    "Exit status of every command: 0 if all is as it should be; 1 if not: a claim, a model, a "
    "scheme, a file, or images that give something away; 2 if the command was given something that "
    "it cannot work with; 130 if it was interrupted."
)

app = typer.Typer(
    help="Verify and test machine learning on block-wise encrypted (EtC) images.",
    epilog=STATUSES,
    no_args_is_help=True,
    rich_markup_mode="rich",  # older versions of typer have another default
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _add(command: Callable[..., None], cls: type[TyperCommand] = TyperCommand) -> None:
    """Add a command, which ends with status 130 if it is interrupted and does not say more."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        with told_if_interrupted(lambda: ". The same command starts again."):
            command(*arguments, **options)

    app.command(cls=cls)(run)


_add(verify)
_add(audit, AuditCommand)
_add(atlas)
_add(reproduce)
_add(probe, ShapeCommand)
_add(attack)
_add(keygen)
_add(encrypt)
_add(decrypt)
_add(check, ShapeCommand)
_add(fingerprint)


def main() -> None:
    """Run the command line; a user's mistake is a message and status 2, never a traceback."""
    with _ended_in_order():
        try:
            app()
        except InvalidParameterError as error:
            told = str(error)
        except (MemoryError, OSError) as error:
            told = f"cannot go on: {str(error) or 'not enough memory'}"
        else:
            return
        terminal(stderr=True).print(Text(f"Error: {told}"), style="red", soft_wrap=True)
        sys.exit(2)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM end a command as errors do: processes are stopped, half files taken away.

    Programs for which threads wait are ended however the command does.
    """

    def end(_signal: int, _frame: object) -> None:
        sys.exit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        end_processes()


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer's callbacks take the value alone
    if wanted:
        typer.echo(f"etcprops {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[  # eager: its callback has done the work
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Verify and test machine learning on block-wise encrypted (EtC) images."""
