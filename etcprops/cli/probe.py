"""``etcprops probe``: what somebody's encryption does to images, from the outside.

Exit status 0 if there is a verdict, and it is one of those that ``--expect`` names; 1 if it is none
of them, if the function gives no image for some image that it was given, or if there is no map for
``--certificate``; 2 for a user's mistake, such as a module that is not there; 130 for Ctrl-C.
"""

from __future__ import annotations

import contextlib
import math
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperCommand

from etcprops._documents import line
from etcprops._validation import as_iterator, describe, reject
from etcprops.cli._progress import progress_bar
from etcprops.cli.common import Outputs, current_folder, import_object, named_as_options
from etcprops.probing.model import MapKind, count
from etcprops.scheme.geometry import MOST_PIXELS

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.probing.budget import Progress
    from etcprops.probing.report import ProbeReport

COMMAND = "etcprops probe"
NUMBER = re.compile(r"-?\d+")
SIDE = re.compile(r"[(\[]?-?\d+[,x]?[)\]]?")
SHAPES = "such as 32 32 3, 32,32,3 or 32x32x3"


class ShapeCommand(TyperCommand):
    """A command whose ``--shape`` takes as many numbers as follow it: ``--shape 32 32 3``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the numbers after ``--shape`` to one value, then parse as ever."""
        joined: list[str] = []
        rest = list(args)
        while rest:
            joined.append(rest.pop(0))
            if joined[-1] == "--":
                break
            sides = []
            if joined[-1] == "--shape" or joined[-1].startswith("--shape="):
                while rest and SIDE.fullmatch(rest[0]):
                    sides.append(rest.pop(0))
            if sides and joined[-1] == "--shape":
                joined.append(" ".join(sides))
            elif sides:
                joined[-1] = " ".join([joined[-1], *sides])
        return super().parse_args(ctx, joined + rest)


def probe(
    function: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            help="encrypt(image, key) or encrypt(image), in a module that can be imported, from "
            "the current folder too.",
        ),
    ],
    *,
    shape: Annotated[str, typer.Option(metavar="H W [C]", help=f"Of the images, {SHAPES}.")],
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="K|A,B,...|MODULE:OBJECT",
            help="A number K for 0 to K - 1, a list (integers, else text), or an iterable or a "
            "function that returns one. The function is classified under each.  "
            "\\[default: 77,46,151,212]",
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="Of the images: uint8, uint16, or floats in [0, 1].")
    ] = "uint8",
    seed: Annotated[int, typer.Option(help="Of the random images.")] = 0,
    time_limit: Annotated[float, typer.Option(help="Seconds that one call may take.")] = 10.0,
    budget: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Seconds that all of it may take; what was not looked at then is said.",
        ),
    ] = 300.0,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Believe the class after few images: 10 to 18 calls for a permutation under four "
            "keys.",
        ),
    ] = False,
    isolation: Annotated[
        str | None,
        typer.Option(
            metavar="process|alarm|none",
            help="What stands between the function and this program.  "
            "\\[default: the best there is]",
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS,...",
            help=f"Exit status 1 unless it is of one of these classes under every key: "
            f"{'; '.join(MapKind)}.",
        ),
    ] = None,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Write the report as JSON to a file, or to stdout."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report as one HTML page.")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the map as a certificate for etcprops check; exit status 1 if the function "
            "is no bijective signed permutation.",
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "-v", "--verbose", help="Print what learning keeps and loses, under which conditions."
        ),
    ] = False,
) -> None:
    """Find out what an encryption does to images: its class, its map, its keys, what follows.

    Exit status 0 with a verdict, if it is one that --expect names; 1 if it is not, or if the
    function gives no image for an image of this shape (it raises, hangs, returns something else);
    2 for a mistake of yours, such as a module that is not there; 130 for Ctrl-C, with what was
    found so far.
    """
    from etcprops.probing.gates import named_kinds
    from etcprops.probing.runner import InterruptedProbeError
    from etcprops.probing.runner import probe as probe_function

    outputs = Outputs("probe", json, html, {"--certificate": certificate})
    sides = parse_sides(shape, COMMAND)
    wanted = () if expect is None else named_kinds(expect, "--expect", COMMAND)
    try:
        with current_folder(), contextlib.redirect_stdout(sys.stderr):
            encrypt = import_object(function, "MODULE:FUNCTION", COMMAND)
            if not callable(encrypt):
                reject("MODULE:FUNCTION", COMMAND, "name a function", describe(encrypt))
            given = _keys(keys)
            with named_as_options("probe"), shown_progress() as tell:
                report = probe_function(
                    encrypt,
                    sides,
                    dtype=dtype,
                    keys=given,
                    seed=seed,
                    time_limit=time_limit,
                    budget=budget,
                    quick=quick,
                    isolation=isolation,
                    progress=tell,
                )
    except InterruptedProbeError as stopped:
        _stopped(stopped.report, outputs.console)
        raise typer.Exit(130) from None
    failed = _print(report, wanted, outputs.console, verbose=verbose)
    outputs.write(report.to_json, lambda: report.to_html(function))
    if certificate is not None and report.ok:
        outputs.put("--certificate", certificate, line(report.to_certificate()) + "\n")
    elif certificate is not None:
        failed = True
        text = "No certificate: it is no bijective signed permutation."
        outputs.console.print(Text(text, style="red"))
    raise typer.Exit(int(failed))


@contextlib.contextmanager
def shown_progress() -> Iterator[Callable[[Progress], None]]:
    """Show what the probe is doing, the calls made and the time left."""
    with progress_bar() as bar:

        def tell(progress: Progress) -> None:
            planned = progress.planned if progress.planned > progress.calls else None
            bar(progress.calls, planned, f"calls {progress.stage}", left=progress.expected)

        yield tell


def parse_sides(text: str, command: str) -> tuple[int, ...]:
    """Return the sides of images, written with spaces, commas or ``x`` between them.

    Parameters
    ----------
    text : str
        For example ``32 32 3``, ``32,32,3``, ``32x32x3`` or ``(32, 32, 3)``.
    command : str
        The command that was given it, for the message.

    Raises
    ------
    InvalidParameterError
        If it is no height and width, with up to 4 components.

    Examples
    --------
    >>> parse_sides("(32, 32, 3)", "etcprops probe")
    (32, 32, 3)
    """
    parts = [part for part in re.split(r"[\s,xX\u00d7*]+", text.strip(" ()[]")) if part]
    wanted = f"be H W or H W C, {SHAPES}"
    if not parts or not all(NUMBER.fullmatch(part) for part in parts):
        reject("--shape", command, wanted, f"{text!r}.")
    sides = tuple(int(part[:20]) for part in parts)
    if len(sides) not in {2, 3}:
        reject("--shape", command, wanted, f"{text!r}: {count(len(sides), 'number')}.")
    if min(sides) < 1:
        reject("--shape", command, f"{wanted}, all positive", f"{text!r}.")
    if math.prod(sides) > MOST_PIXELS:
        reject("--shape", command, f"be of at most {MOST_PIXELS} pixels", f"{text[:80]!r}.")
    if len(sides) == 3 and sides[2] > 4:
        last = " ".join(str(side) for side in (*sides[1:], sides[0]))
        meant = f" Did you mean {last}?" if sides[0] <= 4 else ""
        reject("--shape", command, f"{wanted}, with 1 to 4 components C", f"{text!r}.{meant}")
    return sides


def split_keys(text: str) -> list[Any]:
    """Return the keys of a list with commas: integers, else text."""
    entries = [entry.strip() for entry in text.split(",")]
    return [int(e) if NUMBER.fullmatch(e) else e for e in entries if e]


def _keys(text: str | None) -> Any:
    """Return the keys written as a number, a list, or the name of what makes them."""
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    if "," in text:
        return split_keys(text)
    wanted = "be a number, a list with commas (7, for one key), or module:object"
    if ":" not in text:
        reject("--keys", COMMAND, wanted, f"{text!r}.")
    found = import_object(text, "--keys", COMMAND)
    if callable(found):
        try:
            found = found()
        except Exception as error:  # noqa: BLE001  # a user's function may raise anything
            reject("--keys", COMMAND, wanted, f"{text!r}: {type(error).__name__}: {error}")
    return as_iterator(found, "--keys", COMMAND, f"{wanted} that is iterable")


def _print(
    report: ProbeReport, wanted: tuple[MapKind, ...], console: Console, *, verbose: bool
) -> bool:
    """Print what is right or wrong first, then what was seen and what follows for learning.

    Returns whether it is wrong.
    """
    from etcprops.probing.gates import unexpected

    found = unexpected(report, wanted) if wanted else ""
    failed = bool(found) or (not wanted and bool(report.failures))
    first, *rest = str(report).splitlines()
    style = "bold red" if failed else "bold green" if report.ok or wanted else "bold yellow"
    if wanted:
        missed = f"Expected {' or '.join(wanted)}, found {found}"
        first = missed if found else f"As expected, {first}"
    elif failed and report.kind is not MapKind.NOT_IMAGE:
        first = f"No image {report.failures[0]} Otherwise a {first}"
    lines = [Text(first, style=style), *(Text(line) for line in rest)]
    lines += _all_learning(report) if verbose else [Text(line) for line in report.learning]
    lines += [Text(f"Not protected: {sentence}") for sentence in report.exposures]
    bought = ", ".join(f"{calls} {stage}" for stage, calls in report.bought.items())
    lines.append(
        Text(
            f"{count(report.calls, 'call')} ({bought}); {report.chosen} chosen images name a "
            f"signed permutation of that size. {report.seconds:.2f} s, {report.own_seconds:.2f} s "
            "of them the probe's own."
        )
    )
    for text in lines:
        console.print(text, soft_wrap=True)
    return failed


def _all_learning(report: ProbeReport) -> Iterator[Text]:
    """Yield what is kept and what is lost, with the conditions."""
    for exact, title in ((True, "Exactly preserved"), (False, "Not preserved")):
        families: dict[str, list[str]] = {}
        for c in report.consequences:
            if c.exact == exact:
                families.setdefault(c.condition, []).append(c.family)
        for condition, names in families.items():
            yield Text(f"{title}{condition and ': '}{condition}", "bold")
            yield from (Text(f"  {name}") for name in names)


def _stopped(report: ProbeReport, console: Console) -> None:
    """Print what was found until Ctrl-C, and how to go on."""
    console.print(Text(str(report)), soft_wrap=True)
    typer.echo(
        f"Interrupted after {count(report.calls, 'call')}, no file is written. The same command "
        "starts again; with --quick it believes the class after few images.",
        err=True,
    )
