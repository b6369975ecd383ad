"""What ``encrypt`` and ``decrypt`` share: their options, the secret, and how results are told."""

from __future__ import annotations

from collections import Counter
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from etcprops._files import read_at_most
from etcprops._validation import printable, reject
from etcprops.cli._progress import progress_bar, told_if_interrupted
from etcprops.cli.common import Outputs, warn_of_readers

if TYPE_CHECKING:
    from etcprops.formats.files import FileResult, FileSettings
    from etcprops.formats.folders import FilesReport

InputsArgument = Annotated[
    list[Path],
    typer.Argument(metavar="IN...", help="Image files, and folders with all that is below them."),
]
OutOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder for the files; structure is kept.")
]
SecretFileOption = Annotated[
    Path, typer.Option(metavar="FILE", help="What `etcprops keygen` has made.")
]
QualityOption = Annotated[
    int | None,
    typer.Option(help="1 to 100 for jpeg (95 if not given) and webp, decibels for jp2."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
JobsOption = Annotated[int | None, typer.Option(min=1, help="Files at once.  \\[default: cores]")]
JsonOption = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Write the report as JSON to a file, or to stdout."),
]
FEW = 3
"""Files of which the same is wrong that are named; --json has all."""

FORMATS = "png, jpeg, webp or jp2; webp and jp2 are lossless unless --quality is given."


def read_secret(path: Path, command: str) -> bytes:
    """Return the secret in a file.

    Raises
    ------
    InvalidParameterError
        If it is not there, or of another length.
    """
    from etcprops.formats.schemes import SECRET_BYTES

    wanted = f"hold {SECRET_BYTES} bytes, as etcprops keygen makes them"
    try:
        secret = read_at_most(path, SECRET_BYTES)
    except OSError as error:
        reject("--secret-file", f"etcprops {command}", wanted, f"{str(path)!r}: {error.strerror}.")
    if len(secret) != SECRET_BYTES:
        got = f"{len(secret)} bytes in {str(path)!r}."
        reject("--secret-file", f"etcprops {command}", wanted, got)
    warn_of_readers(path)
    return secret


def run(
    command: str,
    inputs: list[Path],
    out: Path,
    settings: FileSettings,
    *,
    jobs: int | None,
    json: str | None,
) -> FilesReport:
    """Do the files, tell what became of them, and return the report."""
    from etcprops.formats.files import FileOutcome
    from etcprops.formats.folders import run_files

    outputs = Outputs(command, json)
    finished = [0, 0]
    alike: Counter[str] = Counter()

    def looked_at() -> str:
        files = f": {finished[0]} of {finished[1]} files were looked at, those done are whole."
        return f"{files} The same command goes on."

    with told_if_interrupted(looked_at), progress_bar() as bar:

        def progress(done: int, total: int, result: FileResult | None) -> None:
            finished[:] = done, total
            bar(done, total, "starting" if result is None else printable(result.source))
            if result is not None and result.message:
                alike[result.message] += 1
                if alike[result.message] <= FEW:
                    line = f"{result.outcome}: {result.source} {result.message}"
                    bar.say(Text(printable(line), style="red"))

        report = run_files(command, inputs, out, settings, jobs=jobs, progress=progress)
    for message, count in alike.items():
        if count > FEW:
            more = f"{count - FEW} more file{'s' if count > FEW + 1 else ''}: {message}"
            outputs.console.print(Text(printable(more), style="red"), soft_wrap=True)
    counts = [f"{report.count(o)} {o}" for o in FileOutcome if report.count(o)]
    ignored = f", {report.ignored} other files left alone" if report.ignored else ""
    summary = f"{', '.join(counts)}{ignored}, in {report.seconds:.1f} s"
    measured = [result.psnr for result in report.files if result.psnr is not None]
    worst = f"{min(measured):.1f} dB or better" if min(measured, default=inf) < inf else "the same"
    checked = f"; decrypted again {len(measured)} are {worst}" if measured else ""
    rate = f", {100 * report.codec_share:.0f} % of the work in decoding and encoding"
    outputs.console.print(
        Text(f"{summary}{rate if report.count(FileOutcome.DONE) else ''}{checked}."), soft_wrap=True
    )
    outputs.write(report.to_json)
    return report
