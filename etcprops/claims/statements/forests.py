"""What the claims about random forests say of a case."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from etcprops.claims.case import Case
from etcprops.claims.checks.exactness import ONE_ORDER
from etcprops.claims.checks.forests import DRAWN_ALIKE, INTEGERS, OFF_THRESHOLD, TIES_ALIKE
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement, same
from etcprops.claims.statements.drawn import trees
from etcprops.scheme.geometry import BlockGeometry

TRAINING: Final = 5


def forest_in_distribution(case: Case) -> None:
    """Compare the exact distribution of a small tree's answers to a query."""
    from etcprops.theory.forests import Rules, tree_distribution

    images = case.images(case.geometry(largest=3), TRAINING + 1)
    key = case.key(case.drawn["geometry"])
    labels, depth = case.labels(TRAINING, 3), case.integer("depth", 1, 2)
    if not case.assumes(OFF_THRESHOLD):
        images = 2 * (images // 2)
        images[-1] = (images[0].astype(np.int64) + images[1]) // 2
    if not case.assumes(TIES_ALIKE):
        # One image of its own class between the others, so that it may be split from either side.
        images[:TRAINING] = np.where(images[:TRAINING] % 2, 2, 0)
        images[0], labels, depth = 1, np.array([1, *[0] * (TRAINING - 1)]), 1
    if not (case.assumes(OFF_THRESHOLD) and case.assumes(TIES_ALIKE)):
        case.note("instead", images)
    rules = Rules(
        draw="uniform" if case.assumes(DRAWN_ALIKE) else "first",
        ties="uniform" if case.assumes(TIES_ALIKE) else "first",
        on_threshold="both" if case.assumes(OFF_THRESHOLD) else "low",
    )
    before, after = (
        tree_distribution(rows[:TRAINING], labels, rows[TRAINING:], depth=depth, rules=rules)
        for rows in (flat(images), flat(case.encrypted(images, key)))
    )
    assert before == after, "the distribution of answers differs"


def forest_with_remedy(case: Case) -> None:
    """Compare the bits of a forest's probabilities after GramPCA or on the normal form."""
    from etcprops.reductions import CanonicalFeatures, GramPCA

    if case.assumes(INTEGERS):
        images = case.images(case.geometry(largest=16), 10)
        labels = case.labels(7, 3)
    else:
        low, half = case.integer("low", 0, 9), case.integer("half", 1, 9)
        case.note("geometry", BlockGeometry(1, 1, block=1))
        images = np.array([low, low + 2 * half, low + half], dtype=np.uint8).reshape(3, 1, 1)
        labels = np.array([0, 1])
    if (images[: len(labels)] == images[0]).all():
        return  # GramPCA refuses images that do not differ
    key = case.key(case.drawn["geometry"])
    remedies: list[Any] = [GramPCA(1), CanonicalFeatures()]
    remedy = remedies[case.integer("remedy", 0, 1 if case.assumes(INTEGERS) else 0)]
    # Integers of any type, and of either sign.
    kind = case.choose("dtype", ("int64", "uint8", "float64"))
    shift = 0 if kind == "uint8" else case.choose("shift", (0, 128))
    answers: list[Any] = []
    for vectors in (flat(images), flat(case.encrypted(images, key))):
        rows: Any = (vectors - shift).astype(kind) if case.assumes(INTEGERS) else vectors / 255
        reduced = remedy.fit(rows[: len(labels)]).transform(rows)
        count = 1 if case.assumes(ONE_ORDER) else 7
        forest = trees(reduced[: len(labels)], labels, count, max_depth=1)
        votes = [tree.predict_proba(reduced[len(labels) :]) for tree in forest]
        if answers and not case.assumes(ONE_ORDER):
            votes.reverse()
        answers.append(case.implementation.arithmetic.add(votes))
    same(answers[1], answers[0], "sums of the trees' probabilities differ")


FOREST_STATEMENTS: Final[dict[str, Statement]] = {
    "random-forest-in-distribution": forest_in_distribution,
    "forest-with-remedy": forest_with_remedy,
}
"""By the name of the claim."""
