"""``etcprops attack``: what encrypted images give away to somebody who has nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from etcprops._validation import reject
from etcprops.cli.common import Outputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

COMMAND: Final = "etcprops attack"


def attack(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER|ARRAY",
            help="Encrypted images: a folder of image files of one size, or a file .npy or .npz "
            "with one array, or one named images, N x H x W or N x H x W x 3.",
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
    pictures = _load(images)

    from etcprops.attacks import AttackOutcome
    from etcprops.attacks import attack as attack_images

    report = attack_images(pictures, block=block, planes=planes, most=most)
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


def _load(path: Path) -> NDArray[Any]:
    """Return the images of a folder or an array file."""
    wanted = "be a folder of images, or a file .npy or .npz"
    if path.is_dir():
        return _load_folder(path)
    from etcprops.datasets.archives import ArchiveError, load_arrays

    if path.suffix not in {".npy", ".npz"}:
        reject("FOLDER|ARRAY", COMMAND, wanted, f"{str(path)!r}.")
    try:
        (array,) = (load_arrays(path, "images") or load_arrays(path)).values()
    except ArchiveError as error:
        reject("FOLDER|ARRAY", COMMAND, wanted, f"{str(path)!r}, which {error}.")
    return array


def _load_folder(folder: Path) -> NDArray[Any]:
    """Return all images of a folder, grey or in colour, of one size."""
    import numpy as np

    from etcprops.datasets.pictures import SUFFIXES, PictureError, read_picture

    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES)
    if not files:
        reject("FOLDER|ARRAY", COMMAND, "hold image files", f"none in {str(folder)!r}.")
    pictures: list[NDArray[Any]] = []
    for file in files:
        try:
            pictures.append(read_picture(file).pixels)
        except PictureError as error:
            got = f"{file.name!r}, which {error}."
            reject("FOLDER|ARRAY", COMMAND, "hold images that can be read", got)
        if pictures[-1].shape != pictures[0].shape:
            shapes = pictures[0].shape, pictures[-1].shape
            sizes = f"{files[0].name!r} {shapes[0]}, {file.name!r} {shapes[1]}."
            reject("FOLDER|ARRAY", COMMAND, "hold images of one size and kind", sizes)
    return np.stack(pictures)
