"""What the claims about the key conditions say of a case."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.key_conditions import EQUIVARIANT, INTEGERS, NEGATIVES
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, EtCKey, Step

MOST_KEYS: Final = 96
"""Whose images are averaged over: all of a few steps of one block or two."""


class _Pixels:
    """A reduction that keeps some pixels, whatever they are divided by."""

    def __init__(self, chosen: NDArray[np.int64]) -> None:
        self.chosen = chosen

    def fit(self, _: NDArray[Any]) -> _Pixels:
        return self

    def transform(self, vectors: NDArray[Any]) -> NDArray[np.int64]:
        return vectors[:, self.chosen].astype(np.int64)


class _Divided:
    """A reduction, divided by a number."""

    def __init__(self, reduction: Any, divisor: int) -> None:
        self.reduction, self.divisor = reduction, divisor

    def fit(self, vectors: NDArray[Any]) -> _Divided:
        self.reduction.fit(vectors)
        return self

    def transform(self, vectors: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(self.reduction.transform(vectors) / self.divisor)


def _reduction(case: Case, geometry: BlockGeometry) -> Any:
    """Draw a reduction: equivariant, and of integers, as far as these are assumed."""
    from etcprops.reductions import BlockMean

    reduction: Any = BlockMean(geometry, cell=geometry.block)
    if not case.assumes(EQUIVARIANT):
        reduction = _Pixels(np.arange(case.integer("pixels", 1, geometry.n_pixels)))
    return reduction if case.assumes(INTEGERS) else _Divided(reduction, 3)


def common_key_scores(case: Case) -> None:
    """Compare the bits of the scores that a cloud gives queries of two or three people."""
    from etcprops.experiments.choices import SVM
    from etcprops.experiments.scenario import Cloud, EncryptedImages

    geometry = case.geometry(largest=16)
    people, each = 2, 3
    images = case.images(geometry, each * people)
    key = case.key(geometry)
    reduction = _reduction(case, geometry)
    svm = SVM(case.choose("kernel", ("linear", "rbf")))
    scores = []
    for batch in (images, case.encrypted(images, key)):
        cloud = Cloud(reduction, [svm])
        cloud.train([EncryptedImages(batch[p:-people:people], p) for p in range(people)])
        scores += cloud.test([EncryptedImages(batch[-people:], 0)])
    same(scores[1].view(np.int64), scores[0].view(np.int64), "bits of scores differ")


def _all_keys(geometry: BlockGeometry, steps: Collection[Step]) -> list[EtCKey]:
    """Return all keys of a geometry with some of the steps."""
    blocks = geometry.n_blocks
    choices: dict[Step, Iterable[Any]] = {
        Step.PERMUTATION: itertools.permutations(range(blocks)),
        Step.TRANSFORMS: itertools.product(range(N_TRANSFORMS), repeat=blocks),
        Step.NEGATIVES: itertools.product((False, True), repeat=blocks),
        Step.COMPONENTS: itertools.product(range(len(COMPONENT_ORDERS)), repeat=blocks),
    }
    drawn = [step for step in choices if step in steps]
    return [
        EtCKey(geometry, **dict(zip(map(str, drawn), codes, strict=True)))
        for codes in itertools.product(*(choices[step] for step in drawn))
    ]


def _products_under_all_keys(case: Case, steps: Collection[Step]) -> tuple[Any, list[int]]:
    """Draw two images; return them and their doubled centred products over all keys."""
    images = case.images(case.drawn["geometry"], 2)
    keys = _all_keys(case.drawn["geometry"], steps)
    encrypted = np.stack([case.encrypted(images[1:], key)[0] for key in keys])
    products = (2 * flat(encrypted) - 255) @ (2 * flat(images[:1]) - 255)[0]
    return images, products.tolist()


def _steps(case: Case) -> frozenset[Step]:
    """Draw a geometry of one block or two, and steps of which there are not too many keys."""
    blocks = case.integer("blocks", 1, 2)
    side = case.integer("side", 1, 3)
    channels = case.choose("channels", (1, 3))
    geometry = BlockGeometry(side, blocks * side, channels=channels, block=side)
    case.drawn.clear()
    case.note("geometry", geometry)
    counts = {
        Step.PERMUTATION: blocks,
        Step.TRANSFORMS: N_TRANSFORMS**blocks,
        Step.COMPONENTS: len(COMPONENT_ORDERS) ** blocks if channels == 3 else MOST_KEYS,
    }
    # Without negatives, some transforms: an encryption may then still have mean zero.
    needed = Step.NEGATIVES if case.assumes(NEGATIVES) else Step.TRANSFORMS
    drawn, keys = {needed}, 2**blocks
    for step, wanted in zip(counts, case.bits("further steps", len(counts)), strict=True):
        if wanted and keys * counts[step] <= MOST_KEYS:
            drawn.add(step)
            keys *= counts[step]
    return frozenset(drawn)


def independent_keys(case: Case) -> None:
    """Compare mean and variance over all keys of one block or two with the formula."""
    from etcprops.theory.independent_keys import inner_product_variance

    steps = _steps(case)
    case.note("steps", sorted(steps))
    (x, y), products = _products_under_all_keys(case, steps)
    mean = Fraction(sum(products), 4 * len(products))
    assert mean == 0, f"mean {mean} over {len(products)} keys"
    if not case.assumes(NEGATIVES):
        return
    variance = Fraction(sum(p * p for p in products), 16 * len(products))
    formula = inner_product_variance(x, y, case.drawn["geometry"], steps=steps)
    assert variance == formula, f"variance {variance}, formula {formula}"


def query_under_another_key(case: Case) -> None:
    """Average the score of a query over all keys of one block or two."""
    steps = _steps(case)
    case.note("steps", sorted(steps))
    _, products = _products_under_all_keys(case, steps)
    assert sum(products) == 0, f"sum {sum(products)} of the scores under {len(products)} keys"


KEY_CONDITION_STATEMENTS: Final[dict[str, Statement]] = {
    "common-key-scores": common_key_scores,
    "independent-keys": independent_keys,
    "query-under-another-key": query_under_another_key,
}
"""By the name of the claim."""
