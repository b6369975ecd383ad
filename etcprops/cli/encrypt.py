"""``etcprops encrypt``: image files, encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from etcprops._validation import reject
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

if TYPE_CHECKING:
    from etcprops.formats.folders import FilesReport


def encrypt(
    inputs: InputsArgument,
    *,
    out: OutOption,
    secret_file: SecretFileOption,
    scheme: Annotated[
        str | None,
        typer.Option(
            help="grey; colour; grayscale: Y, Cb and Cr of colour images as one grey image.  "
            "\\[default: grey or colour, as each image is]"
        ),
    ] = None,
    block: Annotated[
        int | None, typer.Option(help="Side of the blocks.  \\[default: 8; for colour 16]")
    ] = None,
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help=f"{FORMATS}  \\[default: png, with --exact jpeg]")
    ] = None,
    quality: QualityOption = None,
    sampling: Annotated[
        str, typer.Option(help="Of colour: 4:4:4 or 4:2:0, in jpeg or the grayscale scheme.")
    ] = "4:4:4",
    exact: Annotated[
        bool,
        typer.Option(
            "--exact",
            help="JPEG with which encryption commutes bit by bit; without component shuffle.",
        ),
    ] = False,
    pad: Annotated[
        bool,
        typer.Option("--pad", help="Repeat edges until blocks fit; decryption cuts them off."),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Decrypt what was encoded: is it the same? How near?")
    ] = False,
    force: ForceOption = False,
    jobs: JobsOption = None,
    json: JsonOption = None,
) -> None:
    """Encrypt image files and folders of them.

    All images of one size have one key, derived from the secret. Images are turned upright as
    their EXIF says; other metadata is dropped. Each file carries, sealed under the secret, what
    decryption needs. Interrupted, the same command goes on. Exit status 1 if a file could not be
    done.
    """
    from etcprops.formats.codecs import Codec
    from etcprops.formats.files import FileSettings

    format = format or ("jpeg" if exact else "png")  # noqa: A001
    if sampling != "4:4:4" and scheme != "grayscale" and format != "jpeg":
        wanted = "be 4:4:4 unless the format is jpeg or the scheme grayscale"
        reject("--sampling", "etcprops encrypt", wanted, f"{sampling!r}.")
    in_scheme = scheme == "grayscale"  # whose files have no colour left to sample
    with named_as_options("encrypt"):
        codec = Codec(format, quality, "4:4:4" if in_scheme else sampling, exact)
        settings = FileSettings(
            read_secret(secret_file, "encrypt"),
            codec,
            scheme=scheme,
            block=block,
            sampling=sampling if in_scheme else "4:4:4",
            pad=pad,
            force=force,
            measure=check,
        )
    report = run("encrypt", inputs, out, settings, jobs=jobs, json=json)
    _warn(report)
    raise typer.Exit(0 if report.ok else 1)


def _warn(report: FilesReport) -> None:
    """Say what so many images under one key are worth to somebody else."""
    from etcprops.formats.folders import FEW_IMAGES

    key, images = next(iter(report.keys_in_use().items()), ("", 0))
    if images >= FEW_IMAGES:
        typer.echo(
            f"Warning: {images} images have one key ({key}). That many can be enough to recover "
            f"it from them alone: etcprops attack FOLDER shows what yours give away.",
            err=True,
        )
