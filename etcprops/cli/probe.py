"""``etcprops probe``: what somebody's encryption does to images, from the outside."""

from __future__ import annotations

import contextlib
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperCommand

from etcprops._documents import line
from etcprops._validation import describe, reject
from etcprops.cli.common import Outputs, current_folder, import_object, terminal
from etcprops.probing.model import count

if TYPE_CHECKING:
    from rich.console import Console

    from etcprops.probing.budget import Progress
    from etcprops.probing.report import ProbeReport

COMMAND = "etcprops probe"
NUMBER = re.compile(r"-?\d+")
MOST_PIXELS = 1 << 32
"""Larger images no memory holds as often as a probe needs them."""


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
            if joined[-1] == "--shape":
                sides = []
                while rest and NUMBER.fullmatch(rest[0]):
                    sides.append(rest.pop(0))
                joined += ["x".join(sides)] if sides else []
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
    shape: Annotated[
        str, typer.Option(metavar="H W [C]", help="Of the images, such as 32 32 3, or 32x32x3.")
    ],
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
            help="Believe the class after few images: about ten calls for a permutation under four "
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
) -> None:
    """Find out what an encryption does to images: its class, its map, its keys, what follows.

    Exit status 0 with every verdict, 2 if there was nothing to probe.
    """
    outputs = Outputs("probe", json, html, {"--certificate": certificate})
    sides = parse_sides(shape, COMMAND)
    with current_folder(), contextlib.redirect_stdout(sys.stderr):
        encrypt = import_object(function, "MODULE:FUNCTION", COMMAND)
        if not callable(encrypt):
            reject("MODULE:FUNCTION", COMMAND, "name a function", describe(encrypt))
        from etcprops.probing.runner import probe as probe_function

        with _progress() as tell:
            report = probe_function(
                encrypt,
                sides,
                dtype=dtype,
                keys=_keys(keys),
                seed=seed,
                time_limit=time_limit,
                budget=budget,
                quick=quick,
                isolation=isolation,
                progress=tell,
            )
    _print(report, outputs.console)
    outputs.write(report.to_json, lambda: report.to_html(function))
    if certificate is not None:
        if not report.ok:
            text = "No certificate: it is no bijective signed permutation."
            outputs.console.print(Text(text, style="red"))
            raise typer.Exit(1)
        outputs.put("--certificate", certificate, line(report.to_certificate()) + "\n")


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Show on a terminal what the probe is doing, the calls made and the time left."""
    console = terminal(stderr=True)
    shown = 0.0
    with console.status("Calling it for the first time ...") as status:

        def tell(progress: Progress) -> None:
            nonlocal shown
            now = time.perf_counter()
            if now - shown < 0.2:
                return
            shown = now
            left = "" if math.isinf(progress.left) else f", at most {progress.left:.0f} s to go"
            calls = count(progress.calls, "call")
            status.update(f"{calls}{left}: {progress.stage}")
            if not console.is_terminal and now - told[0] > 20:
                told[0] = now
                console.print(f"{calls}{left}: {progress.stage}", highlight=False)

        told = [time.perf_counter()]
        yield tell


def parse_sides(text: str, command: str) -> tuple[int, ...]:
    """Return the sides written as ``HxW`` or ``HxWxC``."""
    if not re.fullmatch(r"-?\d+(x-?\d+)*", text):
        reject("--shape", command, "be H W or H W C, such as 32 32 3", f"{text!r}.")
    sides = tuple(int(side[:20]) for side in text.split("x"))
    if math.prod(sides) > MOST_PIXELS:
        reject("--shape", command, f"be of at most {MOST_PIXELS} pixels", f"{text[:80]!r}.")
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
    if isinstance(found, (str, bytes)) or not isinstance(found, Iterable):
        reject("--keys", COMMAND, f"{wanted} that is iterable", describe(found))
    return found


def _print(report: ProbeReport, console: Console) -> None:
    """Print the verdict, what was seen, and what follows for learning."""
    style = "bold green" if report.ok else "bold yellow"
    text = Text(str(report))
    text.stylize(style, 0, len(str(report.kind)))
    console.print(text, soft_wrap=True)
    for exact, title in ((True, "Exactly preserved"), (False, "Not preserved")):
        families: dict[str, list[str]] = {}
        for c in report.consequences:
            if c.exact == exact:
                families.setdefault(c.condition, []).append(c.family)
        for condition, names in families.items():
            console.print(Text(f"{title}{condition and ': '}{condition}", "bold"), soft_wrap=True)
            for name in names:
                console.print(Text(f"  {name}"), soft_wrap=True)
    if report.exposures:
        console.print(Text("Not protected", "bold"), soft_wrap=True)
        for sentence in report.exposures:
            console.print(Text(f"  {sentence}"), soft_wrap=True)
    bought = ", ".join(f"{calls} {stage}" for stage, calls in report.bought.items())
    console.print(
        f"{count(report.calls, 'call')} ({bought}); {report.chosen} chosen images name a signed "
        f"permutation of that size. {report.seconds:.2f} s, {report.own_seconds:.2f} s of them the "
        "probe's own.",
        highlight=False,
        soft_wrap=True,
    )
