"""Study: how much of real faces comes back where all pixels are permuted, with a sign each.

``python notebooks/what_resists/layouts.py --data CroppedYale.zip --out DIR`` runs the layout attack
on draws of 64 to 1,024 images, each of 19 persons under a key of its own; some minutes a draw.
Interrupted, the same command goes on. Numbers alone are kept.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from etcprops._validation import InvalidParameterError
from etcprops.attacks.layout import recover_layout
from etcprops.cli.reproduce import DataOption, check_folder, interruptible, load_faces
from etcprops.datasets import ImageSet
from etcprops.experiments.resumable import run_tasks

COUNTS = (64, 256, 512, 1024)
DRAWS = 3
PERSONS = 19
SHOWN = 64
"""Images of which the similarity is measured."""

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Drawn:
    """What came back in one draw.

    Attributes
    ----------
    images, draw : int
        How many images, and which draw of them.
    ssim : float
        Mean structural similarity, in the best reading.
    exact, signs : float
        Shares of pixels in their place in that reading, and with their sign, up to one of all.
    agreement : float
        What halves of the images agree on.
    recovered : bool
        Whether the attack claims the layout.
    """

    images: int
    draw: int
    ssim: float
    exact: float
    signs: float
    agreement: float
    recovered: bool


def similarity(one: Images, other: Images) -> float:
    """Return the mean structural similarity (Wang and others 2004), a Gaussian window of 1.5."""

    def smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(gaussian_filter(values, (0, 1.5, 1.5), truncate=3.5))

    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = smooth(a), smooth(b)
    spread = smooth(a * a) - mean_a**2 + smooth(b * b) - mean_b**2
    common = smooth(a * b) - mean_a * mean_b
    light, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + light) * (2 * common + contrast)
    return float((above / ((mean_a**2 + mean_b**2 + light) * (spread + contrast))).mean())


def attacked(faces: ImageSet, images: int, draw: int) -> Drawn:
    """Draw persons, images and a key, and attack."""
    rng = np.random.default_rng((17, images, draw))
    persons = rng.choice(np.unique(faces.labels), PERSONS, replace=False)
    pool = np.flatnonzero(np.isin(faces.labels, persons))
    plain = faces.images[rng.choice(pool, images, replace=False)]
    rng = np.random.default_rng((99, images, draw))
    source, negative = rng.permutation(plain[0].size), rng.random(plain[0].size) < 0.5
    moved = plain.reshape(images, -1)[:, source]
    secret = np.where(negative, 255 - moved, moved).reshape(plain.shape)
    layout = recover_layout(secret, seed=draw)
    shown = layout.images(secret[:SHOWN])
    at = np.arange(plain[0].size).reshape(plain.shape[1:])
    best, exact = 0.0, 0.0
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        truth = plain[:SHOWN, ::a, ::b]
        ssim = max(similarity(shown, truth), similarity(shown, 255 - truth))
        if ssim > best:
            best, exact = ssim, float((source[layout.source] == at[::a, ::b]).mean())
    wrong = float(((layout.sign < 0) ^ negative[layout.source]).mean())
    signs = max(wrong, 1 - wrong)
    return Drawn(images, draw, best, exact, signs, layout.agreement, layout.recovered)


def main(
    *,
    data: DataOption = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where finished draws go.")] = Path(
        "layouts"
    ),
) -> None:
    """Measure how much of images comes back whose pixels are all permuted."""
    check_folder(out, "python notebooks/what_resists/layouts.py")
    faces = load_faces(data, include_bad=False, first_column=4)
    with interruptible(out, "layouts") as progress:
        found = run_tasks(
            attacked,
            {f"{n}-{draw}.json": (faces, n, draw) for n in COUNTS for draw in range(DRAWS)},
            dump=lambda drawn: json.dumps(asdict(drawn)),
            load=lambda text, *_: Drawn(**json.loads(text)),
            label=lambda _faces, images, draw: f"{images} images, draw {draw}",
            folder=out,
            progress=progress,
        )
    for drawn in found:
        print(drawn)


if __name__ == "__main__":
    try:
        typer.run(main)
    except InvalidParameterError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)
