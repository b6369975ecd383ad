"""Which changes are tried for a model, and what they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC

from etcprops import ExactKernel
from etcprops.auditing import remedies
from etcprops.auditing.harness import Candidate
from etcprops.auditing.preprocessing import PREPROCESSINGS
from etcprops.auditing.remedies import Change
from etcprops.reductions import CanonicalFeatures, GramPCA

Changes = Callable[[Candidate], Iterable[Change]]


def of(estimator: Any, *preprocessing: Any) -> Candidate:
    return Candidate(preprocessing, estimator)


half = partial(remedies.frozen_gammas, gamma=0.5)
unknown = partial(remedies.frozen_gammas, gamma=None)
SCALES = {"gamma": ["scale", 2.0], "C": [1, 2]}
LBFGS = LogisticRegression(tol=1e-4, max_iter=100)

NAMES: dict[str, tuple[Changes, Candidate, list[str]]] = {
    "gamma": (half, of(SVC()), ["gamma=0.5", "gamma='auto'"]),
    "gamma that is not known": (unknown, of(SVC()), ["gamma='auto'"]),
    "gamma that is a number": (half, of(SVC(gamma=2.0)), []),
    "gamma that is another word": (half, of(SVC(gamma="auto")), []),
    "gamma in a grid": (
        half,
        of(GridSearchCV(SVC(gamma=1.0), SCALES)),
        ["gamma=0.5 for 'scale' in param_grid"],
    ),
    "gamma in a grid, not known": (unknown, of(GridSearchCV(SVC(gamma=1.0), SCALES)), []),
    "no gamma in a grid": (half, of(GridSearchCV(SVC(gamma=1.0), {"C": [1, 2]})), []),
    "newton": (remedies.newton, of(LBFGS), ["solver='newton-cholesky'"]),
    "newton, from its like": (
        remedies.newton,
        of(LogisticRegression(solver="newton-cg")),
        ["solver='newton-cholesky'"],
    ),
    "no newton": (remedies.newton, of(LogisticRegression(solver="saga")), []),
    "no solver": (remedies.newton, of(SVC()), []),
    "tighter": (
        remedies.tighter,
        of(LBFGS),
        ["max_iter=2000, tol=1e-07", "max_iter=20000, tol=1e-10"],
    ),
    "tighter, of many iterations": (
        remedies.tighter,
        of(LogisticRegression(tol=1e-4, max_iter=2000)),
        ["max_iter=40000, tol=1e-07", "max_iter=40000, tol=1e-10"],
    ),
    "tighter, of more than can be multiplied": (
        remedies.tighter,
        of(LogisticRegression(tol=1e-4, max_iter=100_001)),
        ["tol=1e-07", "tol=1e-10"],
    ),
    "tighter, of as many as can be": (
        remedies.tighter,
        of(LogisticRegression(tol=1e-4, max_iter=100_000)),
        ["max_iter=2e+06, tol=1e-07", "max_iter=2e+06, tol=1e-10"],
    ),
    "tighter, of one": (
        remedies.tighter,
        of(LogisticRegression(tol=1e-4, max_iter=1)),
        ["max_iter=20, tol=1e-07", "max_iter=20000, tol=1e-10"],
    ),
    "tighter, without a limit": (
        remedies.tighter,
        of(SVC(tol=1e-3)),
        ["tol=1e-07", "tol=1e-10"],
    ),
    "tight already": (
        remedies.tighter,
        of(LogisticRegression(tol=1e-7)),
        ["max_iter=20000, tol=1e-10"],
    ),
    "as tight as can be": (remedies.tighter, of(LogisticRegression(tol=1e-10)), []),
    "nothing to tighten": (remedies.tighter, of(KNeighborsClassifier()), []),
    "stops early on purpose": (remedies.tighter, of(MLPClassifier()), []),
    "all features": (remedies.all_features, of(RandomForestClassifier()), ["max_features=None"]),
    "all features already": (
        remedies.all_features,
        of(RandomForestClassifier(max_features=3)),
        [],
    ),
    "direct solver": (remedies.direct_solvers, of(PCA()), ["svd_solver='full'"]),
    "direct already": (remedies.direct_solvers, of(PCA(svd_solver="full")), []),
    "one of two": (
        remedies.direct_solvers,
        of(KNeighborsClassifier(algorithm="brute")),
        ["algorithm='arpack'"],
    ),
    "solvers of a line": (remedies.direct_solvers, of(Ridge()), ["solver='svd'", "solver='lbfgs'"]),
    "dual": (remedies.direct_solvers, of(LinearSVC(dual=False)), ["dual=True"]),
    "exact": (
        remedies.exact_arithmetic,
        of(SVR(kernel="poly")),
        ["kernel=ExactKernel('poly') after the exact z-score"],
    ),
    "a kernel of one's own": (remedies.exact_arithmetic, of(SVC(kernel=max)), []),
    "a kernel of numbers": (remedies.exact_arithmetic, of(SVC(kernel="precomputed")), []),
    "no kernel": (remedies.exact_arithmetic, of(LinearSVC()), []),
    "preprocessings": (
        remedies.preprocessings,
        of(SVC()),
        [f"preprocessing {n!r}" for n in ("mid-grey", "z-score", "min-max", "per-image z-score")],
    ),
    "preprocessings instead of one": (
        remedies.preprocessings,
        of(SVC(), PREPROCESSINGS["min-max"]()),
        [
            f"preprocessing {n!r} instead of MinMaxScaler"
            for n in ("mid-grey", "z-score", "none", "per-image z-score")
        ],
    ),
    "preprocessings instead of two": (
        remedies.preprocessings,
        of(SVC(), PREPROCESSINGS["min-max"](), StandardScaler()),
        [
            f"preprocessing {n!r} instead of MinMaxScaler and StandardScaler"
            for n in ("mid-grey", "z-score", "none", "min-max", "per-image z-score")
        ],
    ),
    "normal forms": (
        remedies.normal_forms,
        of(SVC()),
        ["CanonicalFeatures() on pixels", "GramPCA() before the model", "GramPCA() on pixels"],
    ),
    "normal form already": (remedies.normal_forms, of(SVC(), MinMaxScaler(), GramPCA()), []),
    "other form already": (remedies.normal_forms, of(SVC(), CanonicalFeatures()), []),
}


@pytest.mark.parametrize(("changes", "candidate", "names"), NAMES.values(), ids=NAMES)
def test_what_is_tried(changes: Changes, candidate: Candidate, names: list[str]) -> None:
    assert [change.name for change in changes(candidate)] == names


def test_grids_are_changed_where_they_say_scale() -> None:
    grids = [SCALES, {"svc__gamma": ("scale",), "kernel": ["scale"]}, {"gamma": "scale"}]
    (change,) = half(of(GridSearchCV(SVC(gamma=1.0), grids)))
    changed = change.apply(of(GridSearchCV(SVC(gamma=1.0), grids))).estimator
    assert changed.param_grid == [
        {"gamma": [0.5, 2.0], "C": [1, 2]},
        {"svc__gamma": [0.5], "kernel": ["scale"]},
        {"gamma": "scale"},
    ]


def test_the_exact_kernel_is_the_model_s_own() -> None:
    candidate = of(SVC(kernel="poly", gamma=0.25, degree=2, coef0=3.0), MinMaxScaler())
    (change,) = remedies.exact_arithmetic(candidate)
    changed = change.apply(candidate)
    assert changed.estimator.kernel == ExactKernel(
        "poly", slices=3, gamma=0.25, degree=2, coef0=3.0
    )
    assert repr(changed.preprocessing) == repr((PREPROCESSINGS["z-score"](),))


def test_changes_leave_the_candidate_as_it_is() -> None:
    candidate = of(RandomForestClassifier(), MinMaxScaler())
    for changes, wanted in (
        (remedies.preprocessings, 4),
        (remedies.normal_forms, 3),
        (remedies.all_features, 1),
    ):
        found = [change.apply(candidate) for change in changes(candidate)]
        assert len({repr(changed) for changed in found}) == wanted
        assert repr(candidate) not in {repr(changed) for changed in found}
    assert candidate.estimator.max_features == "sqrt"
    before, instead = [change.apply(candidate) for change in remedies.normal_forms(candidate)][1:]
    assert [type(step) for step in before.preprocessing] == [MinMaxScaler, GramPCA]
    assert [type(step) for step in instead.preprocessing] == [GramPCA]
