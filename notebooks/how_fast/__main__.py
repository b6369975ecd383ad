"""Study: how long exact products take, beside BLAS, scikit-learn and what the machine can do.

``python notebooks/how_fast measure`` adds what is missing to ``times.csv`` beside this file, ten
minutes on two idle cores, and can be interrupted; ``python notebooks/how_fast draw`` makes the
figure and the page of it. With ``--quick`` both take seconds, to see that they run.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from speed_page import write
from speed_times import Group, measure, plan, read

HERE = Path(__file__).parent


def say(group: Group) -> None:
    """Print what is measured next."""
    print(f"{group.sweep}: {group.rows} x {group.features}, threads: {group.threads}", flush=True)


def main() -> None:
    """Measure or draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["measure", "draw"])
    parser.add_argument("--folder", type=Path, default=HERE, help="of times.csv and what is drawn")
    parser.add_argument("--quick", action="store_true", help="small matrices, two turns")
    options = parser.parse_args()
    file = options.folder / "times.csv"
    if options.what == "measure":
        measure(file, plan(quick=options.quick), 2 if options.quick else 5, say)
    else:
        write(read(file), options.folder)


if __name__ == "__main__":
    main()
