"""Study: what encryption costs in bytes and in quality, and what compression does to learning.

``python notebooks/compression rates OUT.csv`` measures rate and distortion of the photographs of
`photographs` in some minutes, ``learning OUT.csv [CroppedYale.zip]`` what classifiers decide on
digits, and on Extended Yale B from one's own copy. The notebook draws both.
"""

from __future__ import annotations

import sys
from pathlib import Path

from learning import changes, large_digits
from photographs import photographs

from etcprops._files import write_whole
from etcprops.datasets import load_extended_yale_b, user_cache
from etcprops.formats.rates import RatePoint, delta_rates, rate_points, summary, to_csv

FEW_QUALITIES = (95, 75, 50)
"""For 2,414 images of 32,256 pixels: each takes minutes."""


def rates(out: Path) -> None:
    """Measure, write the points, and print the delta rates."""
    points: list[RatePoint] = []
    for name, picture in photographs().items():
        points += rate_points(picture, name)
        print(name, picture.shape, flush=True)
    write_whole(out, to_csv(points))
    print(summary(delta_rates(points)))


def learning(out: Path, archive: Path | None) -> None:
    """Compare on digits, and on Extended Yale B where there is a copy; numbers only."""
    found = list(changes(large_digits()))
    write_whole(out, to_csv(found))
    if archive is not None:
        faces = load_extended_yale_b(archive, include_bad=False, cache=user_cache())
        for change in changes(faces, FEW_QUALITIES, exact=(75,)):
            found.append(change)
            print(change, flush=True)
        write_whole(out, to_csv(found))


if __name__ == "__main__":
    what, path, *rest = sys.argv[1:]
    if what == "rates":
        rates(Path(path))
    else:
        learning(Path(path), Path(rest[0]) if rest else None)
