"""``etcprops keygen``: a secret from which the keys of all files are derived."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from etcprops._files import write_whole
from etcprops._validation import printable, reject


def keygen(
    secret_file: Annotated[
        Path, typer.Argument(metavar="SECRET_FILE", help="File to be made; never overwritten.")
    ],
) -> None:
    """Write 32 random bytes to a file that only its owner can read.

    Whoever has the file can decrypt all that is encrypted with it. It is not shown, and nothing
    can be decrypted without it: keep a copy.
    """
    from etcprops.formats.schemes import SECRET_BYTES

    caller = "etcprops keygen"
    if not secret_file.parent.is_dir():
        wanted = "be a file that can be made, in a folder that is there"
        reject("SECRET_FILE", caller, wanted, f"{str(secret_file)!r}.")
    try:
        octets = secrets.token_bytes(SECRET_BYTES)
        write_whole(secret_file, octets, secret=True, overwrite=False)
    except FileExistsError:
        wanted = "be a file that is not there: what it encrypted would be lost"
        reject("SECRET_FILE", caller, wanted, f"{str(secret_file)!r}.")
    except OSError as error:
        got = f"{str(secret_file)!r}: {error.strerror or error}."
        reject("SECRET_FILE", caller, "be a file that can be written", got)
    name = printable(str(secret_file))
    typer.echo(f"{name}: {SECRET_BYTES} random bytes, readable by their owner alone.")
