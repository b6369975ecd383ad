"""``etcprops decrypt``: what ``etcprops encrypt`` has encrypted, decrypted."""

from __future__ import annotations

from typing import Annotated

import typer

from etcprops.cli._encryption import (
    FORMATS,
    ForceOption,
    InputsArgument,
    JobsOption,
    JsonOption,
    OutOption,
    QualityOption,
    SecretFileOption,
    read_secret,
    run,
)
from etcprops.cli.common import named_as_options


def decrypt(
    inputs: InputsArgument,
    *,
    out: OutOption,
    secret_file: SecretFileOption,
    scheme: Annotated[
        str | None,
        typer.Option(help="grey, colour or grayscale: of files that have lost their records."),
    ] = None,
    block: Annotated[
        int | None, typer.Option(help="Side of the blocks, of the same files.")
    ] = None,
    sampling: Annotated[
        str, typer.Option(help="4:4:4 or 4:2:0 in the grayscale scheme, of the same files.")
    ] = "4:4:4",
    format: Annotated[str, typer.Option(help=FORMATS)] = "png",  # noqa: A002
    quality: QualityOption = None,
    force: ForceOption = False,
    jobs: JobsOption = None,
    json: JsonOption = None,
) -> None:
    """Decrypt image files and folders of them.

    How, each file's record says. What was compressed with a loss comes back approximately. A file
    that was recompressed by others may have lost its record: then --scheme and --block say it, and
    padding stays. Exit status 1 if a file could not be done, or was altered.
    """
    from etcprops.formats.codecs import Codec
    from etcprops.formats.files import FileSettings

    with named_as_options("decrypt"):
        settings = FileSettings(
            read_secret(secret_file, "decrypt"),
            Codec(format, quality),
            scheme=scheme,
            block=block,
            sampling=sampling,
            force=force,
        )
    report = run("decrypt", inputs, out, settings, jobs=jobs, json=json)
    raise typer.Exit(0 if report.ok else 1)
