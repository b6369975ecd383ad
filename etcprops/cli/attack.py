"""``etcprops attack``: what encrypted images give away to somebody who has nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from etcprops.cli._progress import progress_bar, told_if_interrupted
from etcprops.cli.common import Outputs, named_as_options

SHORTER = "The same command starts again; --most and --block make it shorter."


def attack(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|ARRAY",
            help="Encrypted images: a folder or zip of image files of one size, or a file .npy or "
            ".npz with one array, or one named images, N x H x W or N x H x W x 3.",
        ),
    ],
    *,
    block: Annotated[
        int | None, typer.Option(help="Side of the blocks.  \\[default: found from the images]")
    ] = None,
    planes: Annotated[
        int | None,
        typer.Option(
            help="3 for the grayscale-based scheme, planes side by side, else 1.  "
            "\\[default: 1, then 3]"
        ),
    ] = None,
    most: Annotated[int, typer.Option(help="Images that are looked at, evenly chosen.")] = 256,
    json: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="Write the report as JSON to a file, or to stdout."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write a page that shows the first images reconstructed."
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the key, if it was recovered, as JSON."),
    ] = None,
) -> None:
    """Try to reconstruct images that were encrypted under one key, from themselves alone.

    Exit status 0 if nothing was recovered, 1 if something was, in part or as a whole, or if images
    are not encrypted, 2 if there was nothing to attack: a gate for images that are to leave the
    client.
    """
    outputs = Outputs("attack", json, html, {"--key": key})
    from etcprops.datasets.files import load_pictures

    with named_as_options("attack", data="FOLDER|ARRAY"):
        pictures = load_pictures(images)
    from etcprops.attacks import AttackOutcome
    from etcprops.attacks import attack as attack_images

    doing = "looking for blocks"
    with (
        told_if_interrupted(lambda: f" while {doing}: nothing is recovered yet. {SHORTER}"),
        named_as_options("attack", images="FOLDER|ARRAY"),
        progress_bar() as progress,
    ):

        def show(done: int, total: int | None, step: str) -> None:
            nonlocal doing
            doing = f"{step}, {done / total:.0%} done" if total else step
            progress(done, total, step)

        report = attack_images(pictures, block=block, planes=planes, most=most, progress=show)
    safe = report.outcome is AttackOutcome.NOTHING
    text = Text(str(report))
    text.stylize("bold green" if safe else "bold red", 0, len(str(report.outcome)))
    outputs.console.print(text, soft_wrap=True)
    for fact in report.facts:
        outputs.console.print(Text(f"  {fact}"), soft_wrap=True)
    outputs.write(report.to_json, lambda: report.to_html(images.name))
    if key is not None and report.key is not None:
        report.key.save(key, overwrite=True)
    raise typer.Exit(0 if safe else 1)
