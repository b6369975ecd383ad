"""``etcprops keygen``: a secret from which the keys of all files are derived."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from etcprops._validation import reject


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
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(secret_file, flags, 0o600)
    except FileExistsError:
        wanted = "be a file that is not there: what it encrypted would be lost"
        reject("SECRET_FILE", caller, wanted, f"{str(secret_file)!r}.")
    except OSError as error:
        reject("SECRET_FILE", caller, "be a file that can be made", f"{secret_file}: {error}")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        secret_file.unlink()
        reject("SECRET_FILE", caller, "be a file that can be written", f"{secret_file}: {error}")
    typer.echo(f"{secret_file}: {SECRET_BYTES} random bytes, readable by their owner alone.")
