"""Study: how many images under one key an attack needs, by block size and steps, on real faces.

``python notebooks/what_resists/curves.py --data CroppedYale.zip --out DIR`` attacks draws of 1 to
64 images under every set of steps, in some twenty minutes; interrupted, the same command goes on.
Numbers alone are kept: ``notebooks/data/yale-curves.csv`` is what it wrote.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, fields
from itertools import combinations, product
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from schemes import STEPS, Images

from etcprops import BlockGeometry, EtCKey, Step, attack, encrypt
from etcprops._files import write_whole
from etcprops._validation import InvalidParameterError
from etcprops.attacks import compare
from etcprops.cli.reproduce import DataOption, check_folder, interruptible, load_faces
from etcprops.experiments.resumable import run_tasks

BLOCKS = (32, 16, 8, 4)
COUNTS = (1, 2, 3, 4, 6, 8, 16, 32, 64)
DRAWS = 5
HEADLINE = (8, STEPS)
HEADLINE_DRAWS = 20


@dataclass(frozen=True)
class Cell:
    """One attack on one draw of images under one key.

    Attributes
    ----------
    block : int
        Side of the blocks.
    steps : str
        Which steps the key has; the attack is not told.
    images, draw : int
        How many images, and which draw of them: the same images and key for all steps.
    direct, neighbours, largest : float
        Of `compare`; the whole key, where `direct` is 1.
    claimed : float
        What share of blocks the attack claims.
    """

    block: int
    steps: str
    images: int
    draw: int
    direct: float
    neighbours: float
    largest: float
    claimed: float


def named(steps: tuple[Step, ...]) -> str:
    """Return steps in words."""
    return " + ".join(steps) or "none"


def attacked(faces: Images, block: int, steps: tuple[Step, ...], images: int, draw: int) -> Cell:
    """Draw images, encrypt them under one key, and attack them."""
    rng = np.random.default_rng((block, images, draw))
    plain = faces[rng.choice(len(faces), images, replace=False)]
    geometry = BlockGeometry(*plain.shape[1:], block=block)
    key = EtCKey.from_secret(geometry, f"curve {draw}, {images} images", steps=set(steps))
    found = attack(encrypt(plain, key), block=block)
    right = compare(found.images, plain, geometry)
    shares = (right.direct, right.neighbours, right.largest, float(found.share))
    return Cell(block, named(steps), images, draw, *(round(share, 6) for share in shares))


def tasks(faces: Images) -> dict[str, tuple[Any, ...]]:
    """Return all cells, the cheap ones first."""
    sets = [steps for count in range(4) for steps in combinations(STEPS, count)]
    found: dict[str, tuple[Any, ...]] = {}
    for block, draw, images, steps in product(BLOCKS, range(HEADLINE_DRAWS), COUNTS, sets):
        if draw < DRAWS or (block, steps) == HEADLINE:
            name = f"{block}-{named(steps).replace(' + ', '-')}-{images}-{draw}.json"
            found[name] = (faces, block, steps, images, draw)
    return found


def to_csv(cells: list[Cell]) -> str:
    """Return a line a cell."""
    rows = [",".join(field.name for field in fields(Cell))]
    rows += [",".join(map(str, asdict(cell).values())) for cell in cells]
    return "\n".join(rows) + "\n"


def main(
    *,
    data: DataOption = None,
    jobs: int = 1,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the table and finished cells go.")
    ] = Path("curves"),
) -> None:
    """Measure what is recovered from N images, for blocks of 4 to 32 and every set of steps."""
    check_folder(out, "python notebooks/what_resists/curves.py")
    faces = load_faces(data, include_bad=False, first_column=4).images
    with interruptible(out / "cells", "attacks") as progress:
        cells = run_tasks(
            attacked,
            tasks(faces),
            dump=lambda cell: json.dumps(asdict(cell)),
            load=lambda text, *_: Cell(**json.loads(text)),
            label=lambda _faces, block, steps, images, draw: (
                f"{block} x {block}, {named(steps)}, {images} images, draw {draw}"
            ),
            jobs=jobs,
            folder=out / "cells",
            progress=progress,
        )
    write_whole(out / "curves.csv", to_csv(cells))


if __name__ == "__main__":
    try:
        typer.run(main)
    except InvalidParameterError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)
