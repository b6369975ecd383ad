"""Other people's solvers of jigsaw puzzles beside `attack`, in the measures of the literature.

Run by ``pytest -m references --gaps=DIR tests/attacks/test_references.py`` with a checkout of
https://github.com/nemanja-m/gaps; it prints the figures of ``docs/explanation/what-resists.md``.
That solver is a genetic algorithm and knows permutations alone (Sholomon, David and Netanyahu
2013).
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, Step, attack, encrypt
from etcprops.attacks import compare
from etcprops.attacks.calibration import GREY

pytestmark = pytest.mark.references
Images = NDArray[np.uint8]

POPULATION, GENERATIONS = 300, 20
CASES = {  # block and images: draws, the least mean Nc of gaps, and of the attack
    (32, 1): (5, 0.9, 0.1),
    (16, 1): (3, 0.3, 0.0),
    (16, 4): (2, 0.9, 0.8),
}


@pytest.fixture(scope="module")
def gaps(request: pytest.FixtureRequest) -> Callable[[Images, int], Images]:
    """Return the solver of a checkout: several images are the channels of one."""
    folder = request.config.getoption("--gaps")
    if folder is None:
        pytest.skip("needs a checkout of github.com/nemanja-m/gaps: pytest --gaps=DIR")
    if not (Path(folder) / "gaps" / "genetic_algorithm.py").is_file():
        pytest.fail(f"--gaps={folder} is no checkout of github.com/nemanja-m/gaps")
    sys.path.insert(0, str(folder))
    module: Any = importlib.import_module("gaps.genetic_algorithm")

    def solve(images: Images, block: int) -> Images:
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002  # what gaps draws from
        puzzle = np.moveaxis(images, 0, 2)
        solver = module.GeneticAlgorithm(puzzle, block, POPULATION, GENERATIONS)
        found = solver.start_evolution(verbose=False).to_image()
        return np.ascontiguousarray(np.moveaxis(found, 2, 0))

    return solve


def photographs(count: int, draw: int) -> Images:
    """Return crops of the two photographs that scikit-learn ships, 192 x 160 pixels."""
    from sklearn.datasets import load_sample_image

    rng = np.random.default_rng(draw)
    grey = [load_sample_image(name) @ GREY for name in ("china.jpg", "flower.jpg")]
    crops = []
    for k in range(draw, draw + count):
        row, column = (
            int(rng.integers(n - m + 1)) for n, m in zip(grey[k % 2].shape, (192, 160), strict=True)
        )
        crops.append(grey[k % 2][row : row + 192, column : column + 160])
    return np.asarray(np.rint(np.stack(crops)), dtype=np.uint8)


@pytest.mark.parametrize(("block", "count"), CASES)
def test_gaps_and_the_attack_on_scrambled_blocks(
    gaps: Callable[[Images, int], Images],
    block: int,
    count: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    draws, least, own_least = CASES[block, count]
    geometry = BlockGeometry(192, 160, block=block)
    shares, seconds = [], np.zeros(2)
    for draw in range(draws):
        plain = photographs(count, draw)
        key = EtCKey.from_secret(geometry, f"draw {draw}", steps={Step.PERMUTATION})
        secret = encrypt(plain, key)
        start = time.process_time()
        theirs = compare(gaps(secret, block), plain, geometry)
        middle = time.process_time()
        ours = compare(attack(secret, block=block).images, plain, geometry)
        seconds += middle - start, time.process_time() - middle
        shares.append([astuple(theirs), astuple(ours)])
        # The attack gives the same where blocks are turned and negated; gaps cannot be used then.
        every = EtCKey.from_secret(geometry, f"draw {draw}")
        other = compare(attack(encrypt(plain, every), block=block).images, plain, geometry)
        assert other.neighbours == pytest.approx(ours.neighbours, abs=0.05)
    means = np.mean(shares, axis=0)
    lines = [f"{block} x {block}, {count} images, {draws} draws, mean Dc, Nc, Lc and seconds:"]
    for name, row, each in zip(("gaps", "attack"), means, seconds / draws, strict=True):
        lines.append(f"{name:8}{np.round(row, 2)} {each:.1f}")
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))
    assert means[0, 1] >= least
    assert means[1, 1] >= own_least
