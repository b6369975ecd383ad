"""Study: what resists, and what it costs in exactness of learning and in bytes.

``python notebooks/what_resists OUT.csv`` measures every scheme of `schemes` on synthetic faces, in
some minutes, and prints the table of ``docs/explanation/what-resists.md``.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np
from measures import ENOUGH, Trial, gram_deviation, jpeg_ratio, seam_trials
from schemes import schemes

from etcprops._files import write_whole
from etcprops.datasets.synthetic_faces import make_synthetic_faces

FIELDS = ("scheme", "images", "draw", "right", "claimed", "outcome", "seconds")


def main(out: Path) -> None:
    """Measure, write the trials, and print a line a scheme."""
    faces = make_synthetic_faces(people=38, lights=16).images
    few = faces[::20]
    trials: list[Trial] = []
    print("| scheme | images until broken | right before | learning changes by | JPEG bytes |")
    print("|---|---|---|---|---|")
    for scheme in schemes():
        found = list(seam_trials(scheme, faces)) if scheme.attack == "seams" else []
        trials += found
        # A map of 30,720 pixels as a dense matrix would take 7 GB: small images stand in.
        small = few[:, ::8, ::8] if scheme.attack == "alignment" else few
        changed, grown = gram_deviation(scheme, small), jpeg_ratio(scheme, few[:, :64, :64])
        cells = (*_broken(found), f"{changed:.1g}", "" if np.isnan(grown) else f"{grown:.2f}")
        print(f"| {scheme.name} | {' | '.join(cells)} |", flush=True)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([getattr(trial, name) for name in FIELDS] for trial in trials)
    write_whole(out, stream.getvalue())


def _broken(trials: list[Trial]) -> tuple[str, str]:
    """Return how many images were enough, and how much was right with fewer, in words."""
    if not trials:
        return "", ""
    shares: dict[int, list[float]] = {}
    for trial in trials:
        shares.setdefault(trial.images, []).append(trial.right)
    enough = [count for count, right in shares.items() if min(right) >= ENOUGH]
    before = [f"{count}: {np.mean(right):.2f}" for count, right in shares.items()]
    words = str(enough[0]) if enough else f"not by {max(shares)}"
    return words, ", ".join(before[:-1] if enough else before[-3:])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
