"""Regressors of scikit-learn, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import Entry, Invariance, Path

O, S, N = Invariance.ORTHOGONAL, Invariance.SIGNED_PERMUTATION, Invariance.NONE


def _meta(name: str, module: str, **parameters: Any) -> Any:
    """Return a builder of the meta-estimator `name` of ``sklearn.<module>`` around ridge."""

    def build(_features: int) -> Any:
        from importlib import import_module

        from sklearn.linear_model import Ridge

        return getattr(import_module(f"sklearn.{module}"), name)(Ridge(), **parameters)

    return build


def _several(name: str) -> Any:
    def build(_features: int) -> Any:
        from importlib import import_module

        from sklearn.linear_model import Ridge
        from sklearn.neighbors import KNeighborsRegressor

        models = [("ridge", Ridge()), ("neighbours", KNeighborsRegressor())]
        return getattr(import_module("sklearn.ensemble"), name)(models)

    return build


_SCALE: Final = "a kernel of distances, but gamma='scale' uses X.var() over all features"
_LEAST_SQUARES: Final = (
    "predictions are a projection of the labels on the span of the features; the intercept takes "
    "up offsets"
)

REGRESSORS: Final = (
    Entry("ARDRegression", S, "one prior a feature: moves with the features, not with rotations",
          True, target="numbers"),
    Entry("AdaBoostRegressor", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS, target="numbers"),
    Entry("BaggingRegressor", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS, target="numbers"),
    Entry("BayesianRidge", O, why.GRAM, True, target="numbers"),
    Entry("CCA", O, "components of inner products, found by power iteration", True,
          target="columns"),
    Entry("DecisionTreeRegressor", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS, target="numbers"),
    Entry("DummyRegressor", Invariance.ANY, why.DUMMY, target="numbers"),
    Entry("ElasticNet", S, why.L1, True, Path.ORDER, {"alpha": 0.1}, target="numbers"),
    Entry("ElasticNetCV", S, why.L1, True, Path.ORDER, {"cv": 3}, target="numbers"),
    Entry("ExtraTreeRegressor", S, why.TREE, True, Path.DRAWS, target="numbers"),
    Entry("ExtraTreesRegressor", S, why.TREE, True, Path.DRAWS, target="numbers"),
    Entry("GammaRegressor", O, why.GRAM, True, Path.SOLVER, target="numbers",
          notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("GaussianProcessRegressor", O, why.DISTANCES, True, target="numbers",
          parameters={"alpha": 0.1, "normalize_y": True}),
    Entry("GradientBoostingRegressor", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS,
          {"n_estimators": 20}, target="numbers"),
    Entry("HistGradientBoostingRegressor", N, why.HIST_TREE, parameters={"max_iter": 20},
          target="numbers", notes={"any": why.ACCIDENT}),
    Entry("HuberRegressor", O, why.GRAM, True, Path.SOLVER, {"max_iter": 1000},
          target="numbers",
          notes=dict.fromkeys(("none", "mid-grey", "min-max", "per-image z-score"), why.UNSCALED)),
    Entry("KNeighborsRegressor", O, why.DISTANCES, True, target="numbers"),
    Entry("KernelRidge", O, why.GRAM_NO_OFFSET, target="numbers"),
    Entry("Lars", S, why.GREEDY, True, parameters={"n_nonzero_coefs": 20}, target="numbers"),
    Entry("LarsCV", S, why.GREEDY, True, parameters={"cv": 3, "max_iter": 30}, target="numbers"),
    Entry("Lasso", S, why.L1, True, Path.ORDER, {"alpha": 0.05}, target="numbers"),
    Entry("LassoCV", S, why.L1, True, Path.ORDER, {"cv": 3}, target="numbers"),
    Entry("LassoLars", S, why.GREEDY, True, Path.TIES, {"alpha": 0.05}, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LassoLarsCV", S, why.GREEDY, True, Path.TIES, {"cv": 3}, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LassoLarsIC", S, why.GREEDY, True, Path.TIES, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LinearRegression", O, _LEAST_SQUARES, True, target="numbers"),
    Entry("LinearSVR", O, why.PENALISED_INTERCEPT, path=Path.SOLVER, target="numbers"),
    Entry("MLPRegressor", O, why.RANDOM_WEIGHTS, path=Path.DRAWS, target="numbers",
          parameters={"hidden_layer_sizes": (20,), "max_iter": 50}),
    Entry("MultiOutputRegressor", O, why.META, True, target="columns",
          build=_meta("MultiOutputRegressor", "multioutput")),
    Entry("MultiTaskElasticNet", S, why.L1, True, Path.ORDER, {"alpha": 0.1}, target="columns"),
    Entry("MultiTaskElasticNetCV", S, why.L1, True, Path.ORDER, {"cv": 3, "alphas": 10},
          target="columns"),
    Entry("MultiTaskLasso", S, why.L1, True, Path.ORDER, {"alpha": 0.1}, target="columns"),
    Entry("MultiTaskLassoCV", S, why.L1, True, Path.ORDER, {"cv": 3, "alphas": 10},
          target="columns"),
    Entry("NuSVR", O, _SCALE, True, scale="training", target="numbers"),
    Entry("OrthogonalMatchingPursuit", S, why.GREEDY, True, target="numbers"),
    Entry("OrthogonalMatchingPursuitCV", S, why.GREEDY, True, parameters={"cv": 3},
          target="numbers"),
    Entry("PLSCanonical", O, "components of inner products, found by power iteration", True,
          target="columns"),
    Entry("PLSRegression", O, "components of inner products, found by power iteration", True,
          target="columns"),
    Entry("PassiveAggressiveRegressor", O, why.SAMPLES, target="numbers"),
    Entry("PoissonRegressor", O, why.GRAM, True, Path.SOLVER, target="numbers",
          notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("QuantileRegressor", S, "a linear programme with an L1 penalty; its optimum is unique "
          "only if no vertices tie", True, Path.TIES, {"alpha": 0.01}, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("RANSACRegressor", O, "draws images, never features; least squares on each draw", True,
          build=_meta("RANSACRegressor", "linear_model", min_samples=100), target="numbers"),
    Entry("RadiusNeighborsRegressor", O, why.DISTANCES, True, parameters={"radius": 1000.0},
          target="numbers"),
    Entry("RandomForestRegressor", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS,
          {"n_estimators": 30}, target="numbers"),
    Entry("RegressorChain", O, why.META, True, build=_meta("RegressorChain", "multioutput"),
          target="columns"),
    Entry("Ridge", O, why.GRAM, True, target="numbers"),
    Entry("RidgeCV", O, why.GRAM, True, target="numbers"),
    Entry("SGDRegressor", O, why.SAMPLES, target="numbers",
          notes={"none": why.DIVERGES, "mid-grey": why.DIVERGES}),
    Entry("SVR", O, _SCALE, True, scale="training", target="numbers"),
    Entry("StackingRegressor", O, why.META, True, build=_several("StackingRegressor"),
          target="numbers"),
    Entry("TheilSenRegressor", O, "draws images, never features; the least squares of each draw "
          "have the smallest norm, intercept included, which an offset changes",
          parameters={"max_subpopulation": 100}, target="numbers"),
    Entry("TransformedTargetRegressor", O, why.META, True,
          build=_meta("TransformedTargetRegressor", "compose"), target="numbers"),
    Entry("TweedieRegressor", O, why.GRAM, True, Path.SOLVER, target="numbers",
          notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("VotingRegressor", O, why.META, True, build=_several("VotingRegressor"),
          target="numbers"),
)  # fmt: skip
