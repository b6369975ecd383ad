"""``etcprops check``: a certificate of a signed permutation, and whether a function still is it."""

from __future__ import annotations

import contextlib
import math
import sys
from typing import Annotated, Any

import typer
from rich.text import Text

from etcprops._validation import InvalidParameterError, describe, reject
from etcprops.cli.common import current_folder, import_object, named_as_options, terminal
from etcprops.cli.probe import SHAPES, parse_sides, split_keys

COMMAND = "etcprops check"


def check(
    certificate: Annotated[
        str,
        typer.Argument(
            metavar="CERT",
            help="File with what SignedPermutation.to_certificate or etcprops probe --certificate "
            "gave, as JSON.",
        ),
    ],
    function: Annotated[
        str | None,
        typer.Argument(
            metavar="MODULE:FUNCTION",
            help="Check, too, that encrypt(image, key) still is this map.",
        ),
    ] = None,
    *,
    shape: Annotated[
        str | None,
        typer.Option(
            metavar="H W [C]",
            help=f"Of the images, {SHAPES}.  \\[default: square, grey or RGB]",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY|MODULE:OBJECT",
            help="The key under which the map was read off: a number, text, or the name of an "
            "object.  \\[default: 77, the first of etcprops probe]",
        ),
    ] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds that one call may take.")] = 10.0,
) -> None:
    """Check a certificate: is each pixel shown exactly once, with sign -1 or +1.

    The checker is etcprops/probing/checker.py, one file that needs nothing but Python. With a
    function, it is asked as well whether it still is that map: libraries change their random
    numbers. Exit status 0 if all is so, 1 if not, 2 if the file holds no certificate.
    """
    from etcprops.probing import checker

    status, text = checker.check(certificate)
    _say(status, text)
    if function is not None and status == 0:
        status, text = _drifted(certificate, function, shape, key, time_limit)
        _say(status, text)
    raise typer.Exit(status)


def _say(status: int, text: str) -> None:
    style = {0: "green", 1: "bold yellow"}.get(status, "red")
    terminal(stderr=status == 2).print(Text(text, style=style), soft_wrap=True)


def _drifted(
    certificate: str, function: str, shape: str | None, key: str | None, time_limit: float
) -> tuple[int, str]:
    """Return exit status and text on whether a function still is the map of a certificate."""
    from etcprops.probing import checker
    from etcprops.probing.drift import drift
    from etcprops.probing.keys import default_keys
    from etcprops.scheme.signed_permutation import SignedPermutation

    try:
        found = SignedPermutation.from_certificate(checker.read(certificate))
    except InvalidParameterError:
        raise
    except ValueError as error:  # it is another file by now
        reject("CERT", COMMAND, "be a certificate", f"{error}.")
    sides = _square(len(found)) if shape is None else parse_sides(shape, COMMAND)
    with current_folder(), contextlib.redirect_stdout(sys.stderr):
        encrypt = import_object(function, "MODULE:FUNCTION", COMMAND)
        if not callable(encrypt):
            reject("MODULE:FUNCTION", COMMAND, "name a function", describe(encrypt))
        chosen: Any = default_keys()[0] if key is None else split_keys(f"{key},")[0]
        if key is not None and ":" in key:
            chosen = import_object(key, "--key", COMMAND)
        with named_as_options("check"):
            result = drift(found, encrypt, sides, chosen, time_limit=time_limit)
    return int(not result.same), result.text


def _square(pixels: int) -> tuple[int, ...]:
    """Return the shape of a square image, grey or RGB, of so many pixels."""
    shapes = [(math.isqrt(pixels),) * 2, (*(math.isqrt(pixels // 3),) * 2, 3)]
    fitting = [shape for shape in shapes if math.prod(shape) == pixels]
    if not fitting:
        reject("--shape", COMMAND, "be given: the images are not square", f"{pixels} pixels.")
    return fitting[0]
