"""Where the weights of `confidence` are from, and whether what they state is so.

Attacks under known keys, on images that may be shown: the synthetic faces of this package, and
crops of the two photographs that scikit-learn has, grey and in colour. ``python -m
etcprops.attacks.calibration`` fits the weights on some, prints what was stated of others, and how
much of it was right.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from etcprops.attacks.assembly import assemble
from etcprops.attacks.confidence import BY_CHANCE, OFFSET, WEIGHTS, chance, features
from etcprops.attacks.frame import framed, solve
from etcprops.attacks.poses import COMPOSED, INVERSE, Poses, turned
from etcprops.attacks.seams import Borders, cut, find_seams
from etcprops.datasets import make_synthetic_faces
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey
from etcprops.scheme.pixels import encrypt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

EDGES: Final = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 1.0)
"""Bounds of the rows of a reliability table."""
GREY: Final = np.array([0.299, 0.587, 0.114])


class Case(NamedTuple):
    """Features of the places of a reconstruction, and which are right."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def poses_of(key: EtCKey) -> Poses:
    """Return the poses that undo a key."""
    n, columns = key.geometry.n_blocks, key.geometry.grid[1]
    still = np.zeros(n, dtype=np.int64)
    place = np.arange(n) if key.permutation is None else key.permutation
    code = still if key.transforms is None else key.transforms
    sign = still + 1 if key.negatives is None else 1 - 2 * key.negatives.astype(np.int64)
    order = still if key.components is None else INVERSE[key.components]
    return Poses(np.stack(np.divmod(place, columns), axis=1), code // 4, -code % 4, sign, order)


def right_blocks(
    found: EtCKey | Poses, key: EtCKey, among: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Tell which blocks have the right pose, up to what most of them have in common.

    That is one turn or reflection of the whole, its sign, and an order of the components. With
    `among`, what most of those blocks have in common.

    Examples
    --------
    >>> from etcprops import BlockGeometry, EtCKey
    >>> key = EtCKey(BlockGeometry(4, 6, block=2), permutation=[3, 1, 2, 0, 4, 5])
    >>> upside_down = EtCKey(key.geometry, permutation=[2, 4, 3, 5, 1, 0], transforms=[2] * 6)
    >>> right_blocks(upside_down, key).tolist()
    [True, True, True, True, True, True]
    """
    mine = poses_of(found) if isinstance(found, EtCKey) else found
    true = poses_of(key)
    flip = mine.mirrored ^ true.mirrored
    quarters = np.where(flip, true.turns + mine.turns, true.turns - mine.turns) % 4
    moved = np.empty_like(mine.place)
    for code in range(8):
        chosen = 4 * flip + quarters == code
        moved[chosen] = turned(mine.place[chosen], code // 4, code % 4)
    order = COMPOSED[INVERSE[mine.order], true.order]
    whole = np.stack([flip, quarters, *(true.place - moved).T, mine.sign * true.sign, order])
    which = np.unique(whole, axis=1, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(which if among is None else which[among])
    return np.asarray(which == counts.argmax())


def run(images: NDArray[np.uint8], key: EtCKey) -> Case | None:
    """Attack images under a key; None if no more than chance was found."""
    borders = Borders(cut(encrypt(images, key), key.geometry))
    seams = find_seams(borders)
    tree = assemble(seams, key.geometry.grid)
    layout = framed(tree.poses, tree.largest()[0], key.geometry.grid)
    if chance(layout, tree.joined, tree.poses, seams, borders.orders) > BY_CHANCE:
        return None
    layout = solve(tree, key.geometry.grid, borders, seams, 1)
    right = right_blocks(tree.poses, key)[layout.ravel()]
    return Case(features(layout, tree.poses, seams), right)


def draw(count: int, seed: int) -> list[Case]:
    """Return the cases of some attacks, drawn from a seed; what failed outright is left out."""
    rng = np.random.default_rng(seed)
    faces = make_synthetic_faces(people=8, lights=12, height=96, width=128, seed=seed).images
    found = []
    for number in range(count):
        kind = number % 3
        many = int(rng.choice([1, 2, 3, 4, 6, 8, 12]))
        images = faces[rng.choice(len(faces), many, replace=False)]
        if kind:
            images = _crops(many, rng, colour=kind == 2)
        block = int(rng.choice([8, 8, 16]))
        size = BlockGeometry(96, 128, channels=3 if images.ndim == 4 else 1, block=block)
        case = run(images, EtCKey.from_secret(size, f"calibration {seed} {number}"))
        found += [] if case is None else [case]
    return found


def _crops(many: int, rng: np.random.Generator, *, colour: bool) -> NDArray[np.uint8]:
    """Return crops of photographs, 96 x 128 pixels."""
    from sklearn.datasets import load_sample_image

    photographs = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    crops = []
    for _ in range(many):
        photograph = photographs[rng.integers(2)]
        row, column = (
            int(rng.integers(s - c)) for s, c in zip(photograph.shape, (96, 128), strict=False)
        )
        crops.append(photograph[row : row + 96, column : column + 128])
    stack = np.stack(crops)
    return stack if colour else np.rint(stack @ GREY).astype(np.uint8)


def stated(
    case: Case, weights: NDArray[np.float64] = WEIGHTS, offset: float = OFFSET
) -> NDArray[np.float64]:
    """Return the confidence of each place."""
    return np.asarray(1 / (1 + np.exp(-(case.features @ weights + offset))))


def reliability(cases: Iterable[Case]) -> list[tuple[float, float, int, float, float]]:
    """Return for each range of confidence its bounds, places, mean confidence and share right."""
    chosen = list(cases)
    said = np.concatenate([stated(case) for case in chosen])
    right = np.concatenate([case.right for case in chosen])
    rows = []
    for low, high in pairwise(EDGES):
        inside = (said >= low) & ((said < high) | (high == 1))
        if inside.any():
            places = int(np.count_nonzero(inside))
            rows.append(
                (low, high, places, float(said[inside].mean()), float(right[inside].mean()))
            )
    return rows


def fit(cases: Iterable[Case]) -> tuple[NDArray[np.float64], float]:
    """Return weights and offset by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    chosen = list(cases)
    model = LogisticRegression(C=10, max_iter=10_000)
    model.fit(
        np.concatenate([c.features for c in chosen]), np.concatenate([c.right for c in chosen])
    )
    return model.coef_[0], float(model.intercept_[0])


def main() -> None:
    """Fit on some attacks, and print what the shipped weights state of others."""
    weights, offset = fit(draw(240, seed=1))
    lines = [f"weights {np.round(weights, 2).tolist()}, offset {offset:.2f}"]
    lines += ["confidence    places  stated  right"]
    for low, high, places, said, right in reliability(draw(240, seed=2)):
        lines.append(f"{low:.2f} to {high:.2f}  {places:6}  {said:.3f}   {right:.3f}")
    print(*lines, sep="\n")  # noqa: T201  # a program


if __name__ == "__main__":
    main()
