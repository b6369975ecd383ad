"""What the claims about decisions say of a case: in ordinary floats, by scikit-learn."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.case import Case
from etcprops.claims.checks.audited import NORMAL_FORM, SCALED
from etcprops.claims.checks.models import MARGINS, NO_TIES, NORMALIZED
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement
from etcprops.claims.statements.drawn import trees
from etcprops.scheme.geometry import BlockGeometry

TRAINING: Final = 8
QUERIES: Final = 6
NEIGHBOURS: Final = 3
MARGIN: Final = 0.02
"""Of decision values, over the length of the query in feature space.

Rounding and libsvm's tolerance stay below it on so few images.
"""

Rows = NDArray[np.float64]


def _is_balanced(case: Case) -> bool:
    """Tell whether the query is as far from either class: where that is not ruled out."""
    return not case.assumes(MARGINS)


def _balanced(case: Case) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return two training images and a query whose decision value is 0 but for rounding."""
    geometry = BlockGeometry(8, 8, block=1)
    case.note("geometry", geometry)
    d = np.tile(2 * np.arange(32) + 3, 2)
    e = np.repeat([1, -1], 32)
    images = (100 + np.stack([-d, d, e])).astype(np.uint8).reshape(3, 8, 8)
    return images, np.array([0, 1])


def _drawn(case: Case, training: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw training images, their labels, of both classes, and then queries."""
    images = case.images(case.geometry(largest=16), training + QUERIES)
    labels = case.labels(training)
    labels[:2] = 0, 1
    return images, labels


def _svm(rows: Rows, labels: Any, kernel: str, gamma: Any) -> tuple[Rows, Rows]:
    """Fit an SVM to the first rows; return decision values of the others, and their margins."""
    from sklearn.svm import SVC

    count = len(labels)
    values = (
        SVC(kernel=kernel, gamma=gamma).fit(rows[:count], labels).decision_function(rows[count:])
    )
    lengths = (rows[count:] ** 2).sum(axis=1)
    if kernel == "rbf":
        lengths[:] = 1.0
    if kernel == "poly":
        scale = gamma
        if gamma == "scale":
            scale = 1 / (rows.shape[1] * (rows[:count].var() or 1 / rows.shape[1]))
        lengths = (scale * lengths) ** 3
    return values, MARGIN * (1 + np.sqrt(lengths))


def _compare_svms(case: Case, sides: list[Rows], labels: Any, kernel: str, gamma: Any) -> None:
    """Compare what SVMs decide on queries of which no decision value is next to zero."""
    (before, margins), (after, _) = (_svm(rows, labels, kernel, gamma) for rows in sides)
    asked = (
        abs(before) > margins if case.assumes(MARGINS) else np.full(len(before), fill_value=True)
    )
    different = np.flatnonzero(((before > 0) != (after > 0)) & asked)
    assert not different.size, (
        f"query {different[0]}: decision value {before[different[0]]:.3g} plain, "
        f"{after[different[0]]:.3g} encrypted"
    )


def _compare_neighbours(case: Case, sides: list[Rows], labels: Any) -> None:
    """Compare what nearest neighbours decide on queries whose nearest are nearer than others.

    They are searched in a tree, as scikit-learn does up to 15 features.
    """
    from sklearn.neighbors import KDTree

    count = len(labels)
    distances = KDTree(sides[0][:count]).query(sides[0][count:], NEIGHBOURS + 1)[0]
    gaps = distances[:, NEIGHBOURS] - distances[:, NEIGHBOURS - 1]
    answers = []
    for rows in sides:
        nearest = KDTree(rows[:count], leaf_size=1).query(rows[count:], NEIGHBOURS)[1]
        answers.append(2 * labels[nearest].sum(axis=1) > NEIGHBOURS)
    asked = gaps > 1e-9 * (1 + distances[:, -1]) if case.assumes(NO_TIES) else gaps >= 0
    different = np.flatnonzero((answers[0] != answers[1]) & asked)
    assert not different.size, f"query {different[0]}: nearest neighbours decide otherwise"


def _z_scored(vectors: NDArray[np.int64], training: int) -> Rows:
    """Return z-scores in floats, as StandardScaler takes them."""
    deviation = vectors[:training].std(axis=0)
    centred = vectors - vectors[:training].mean(axis=0)
    return np.asarray(centred / np.where(deviation > 0, deviation, 1.0))


def svm_and_k_nn(case: Case) -> None:
    """Compare decisions of an SVM or of nearest neighbours, z-scored or from mid-grey."""
    way, model, gamma = "z-score", "linear", "scale"
    if _is_balanced(case):
        images, labels = _balanced(case)
    else:
        images, labels = _drawn(case, TRAINING)
        ways = ("z-score", "mid-grey") if case.assumes(NORMALIZED) else ("raw",)
        way = case.choose("normalization", ways)
        # On pixels as they are libsvm may take very long with kernels that are not bounded.
        models = ("rbf",) if way == "raw" else ("linear", "rbf", "poly", "k-NN")
        model = case.choose("model", models if case.assumes(NO_TIES) else ("k-NN",))
    key = case.key(case.drawn["geometry"])
    sides: list[Any] = [flat(images), flat(case.encrypted(images, key))]
    if way == "z-score":
        sides = [_z_scored(vectors, len(labels)) for vectors in sides]
    if way == "mid-grey":
        sides, gamma = [vectors / 127.5 - 1 for vectors in sides], "auto"
    if model == "k-NN":
        _compare_neighbours(case, sides, labels)
    else:
        number = 1 / sides[0].shape[1] if gamma == "auto" else gamma
        _compare_svms(case, [np.asarray(s, float) for s in sides], labels, model, number)


def named_classifiers(case: Case) -> None:
    """Compare decisions of k-NN on pixels, default SVMs on z-scores, a forest on a normal form."""
    model = "poly"
    if _is_balanced(case):
        images, labels = _balanced(case)
    else:
        images, labels = _drawn(case, TRAINING)
        models = ["k-NN", "rbf", "poly", "forest"]
        for hypothesis, concerned in ((NO_TIES, "k-NN"), (SCALED, "rbf"), (NORMAL_FORM, "forest")):
            if not case.assumes(hypothesis):
                models = [concerned]
        model = case.choose("model", models)
    key = case.key(case.drawn["geometry"])
    sides: list[Any] = [flat(images), flat(case.encrypted(images, key))]
    if model == "k-NN":
        _compare_neighbours(case, sides, labels)
    elif model == "forest":
        _compare_forests(sides, labels, normal=case.assumes(NORMAL_FORM))
    else:
        if case.assumes(SCALED):
            sides = [_z_scored(vectors, len(labels)) for vectors in sides]
        _compare_svms(case, [np.asarray(s, float) for s in sides], labels, model, "scale")


def _compare_forests(sides: list[Any], labels: Any, *, normal: bool) -> None:
    """Compare what the trees of a forest with fixed seeds decide."""
    from etcprops.reductions import CanonicalFeatures

    count = len(labels)
    answers = []
    for side in sides:
        rows = CanonicalFeatures().fit(side[:count]).transform(side) if normal else side
        forest = trees(rows[:count], labels, 1)
        answers.append(np.stack([tree.predict(rows[count:]) for tree in forest], axis=1))
    different = np.flatnonzero((answers[0] != answers[1]).any(axis=1))
    assert not different.size, f"query {different[0]}: the forest decides otherwise"


def random_forest(case: Case) -> None:
    """Compare decisions of a forest with a fixed seed on pixels."""
    images, labels = _drawn(case, 3)
    key = case.key(case.drawn["geometry"])
    _compare_forests([flat(images), flat(case.encrypted(images, key))], labels, normal=False)


MODEL_STATEMENTS: Final[dict[str, Statement]] = {
    "svm-and-k-nn": svm_and_k_nn,
    "random-forest": random_forest,
    "named-classifiers": named_classifiers,
}
"""By the name of the claim."""
