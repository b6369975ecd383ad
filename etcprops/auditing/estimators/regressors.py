"""Regressors of scikit-learn, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import (
    ANY,
    NONE,
    ORTHOGONAL,
    SIGNED_PERMUTATION,
    Entry,
    Path,
)


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
    Entry("ARDRegression", invariance=SIGNED_PERMUTATION,
          because="one prior a feature: moves with the features, not with rotations", offset=True,
          target="numbers"),
    Entry("AdaBoostRegressor", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS, target="numbers"),
    Entry("BaggingRegressor", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE, offset=True,
          path=Path.THRESHOLDS, target="numbers"),
    Entry("BayesianRidge", invariance=ORTHOGONAL, because=why.GRAM, offset=True, target="numbers"),
    Entry("CCA", invariance=ORTHOGONAL,
          because="components of inner products, found by power iteration", offset=True,
          target="columns"),
    Entry("DecisionTreeRegressor", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS, target="numbers"),
    Entry("DummyRegressor", invariance=ANY, because=why.DUMMY, target="numbers"),
    Entry("ElasticNet", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True, path=Path.ORDER,
          parameters={"alpha": 0.1}, target="numbers"),
    Entry("ElasticNetCV", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True,
          path=Path.ORDER, parameters={"cv": 3}, target="numbers"),
    Entry("ExtraTreeRegressor", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS, target="numbers"),
    Entry("ExtraTreesRegressor", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS, target="numbers"),
    Entry("GammaRegressor", invariance=ORTHOGONAL, because=why.GRAM, offset=True, path=Path.SOLVER,
          target="numbers", notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("GaussianProcessRegressor", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          target="numbers", parameters={"alpha": 0.1, "normalize_y": True}),
    Entry("GradientBoostingRegressor", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS, parameters={"n_estimators": 20}, target="numbers"),
    Entry("HistGradientBoostingRegressor", invariance=NONE, because=why.HIST_TREE,
          parameters={"max_iter": 20}, target="numbers", notes={"any": why.ACCIDENT}),
    Entry("HuberRegressor", invariance=ORTHOGONAL, because=why.GRAM, offset=True, path=Path.SOLVER,
          parameters={"max_iter": 1000}, target="numbers",
          notes=dict.fromkeys(("none", "mid-grey", "min-max", "per-image z-score"), why.UNSCALED)),
    Entry("KNeighborsRegressor", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          target="numbers"),
    Entry("KernelRidge", invariance=ORTHOGONAL, because=why.GRAM_NO_OFFSET, target="numbers"),
    Entry("Lars", invariance=SIGNED_PERMUTATION, because=why.GREEDY, offset=True,
          parameters={"n_nonzero_coefs": 20}, target="numbers"),
    Entry("LarsCV", invariance=SIGNED_PERMUTATION, because=why.GREEDY, offset=True,
          parameters={"cv": 3, "max_iter": 30}, target="numbers"),
    Entry("Lasso", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True, path=Path.ORDER,
          parameters={"alpha": 0.05}, target="numbers"),
    Entry("LassoCV", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True, path=Path.ORDER,
          parameters={"cv": 3}, target="numbers"),
    Entry("LassoLars", invariance=SIGNED_PERMUTATION, because=why.GREEDY, offset=True,
          path=Path.TIES, parameters={"alpha": 0.05}, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LassoLarsCV", invariance=SIGNED_PERMUTATION, because=why.GREEDY, offset=True,
          path=Path.TIES, parameters={"cv": 3}, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LassoLarsIC", invariance=SIGNED_PERMUTATION, because=why.GREEDY, offset=True,
          path=Path.TIES, target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("LinearRegression", invariance=ORTHOGONAL, because=_LEAST_SQUARES, offset=True,
          target="numbers"),
    Entry("LinearSVR", invariance=ORTHOGONAL, because=why.PENALISED_INTERCEPT, path=Path.SOLVER,
          target="numbers"),
    Entry("MLPRegressor", invariance=ORTHOGONAL, because=why.RANDOM_WEIGHTS, path=Path.DRAWS,
          target="numbers", parameters={"hidden_layer_sizes": (20,), "max_iter": 50}),
    Entry("MultiOutputRegressor", invariance=ORTHOGONAL, because=why.META, offset=True,
          target="columns", build=_meta("MultiOutputRegressor", "multioutput")),
    Entry("MultiTaskElasticNet", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True,
          path=Path.ORDER, parameters={"alpha": 0.1}, target="columns"),
    Entry("MultiTaskElasticNetCV", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True,
          path=Path.ORDER, parameters={"cv": 3, "alphas": 10}, target="columns"),
    Entry("MultiTaskLasso", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True,
          path=Path.ORDER, parameters={"alpha": 0.1}, target="columns"),
    Entry("MultiTaskLassoCV", invariance=SIGNED_PERMUTATION, because=why.L1, offset=True,
          path=Path.ORDER, parameters={"cv": 3, "alphas": 10}, target="columns"),
    Entry("NuSVR", invariance=ORTHOGONAL, because=_SCALE, offset=True, scale="training",
          target="numbers"),
    Entry("OrthogonalMatchingPursuit", invariance=SIGNED_PERMUTATION, because=why.GREEDY,
          offset=True, target="numbers"),
    Entry("OrthogonalMatchingPursuitCV", invariance=SIGNED_PERMUTATION, because=why.GREEDY,
          offset=True, parameters={"cv": 3}, target="numbers"),
    Entry("PLSCanonical", invariance=ORTHOGONAL,
          because="components of inner products, found by power iteration", offset=True,
          target="columns"),
    Entry("PLSRegression", invariance=ORTHOGONAL,
          because="components of inner products, found by power iteration", offset=True,
          target="columns"),
    Entry("PassiveAggressiveRegressor", invariance=ORTHOGONAL, because=why.SAMPLES,
          target="numbers"),
    Entry("PoissonRegressor", invariance=ORTHOGONAL, because=why.GRAM, offset=True,
          path=Path.SOLVER, target="numbers", notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("QuantileRegressor", invariance=SIGNED_PERMUTATION,
          because="a linear programme with an L1 penalty; its optimum is unique only if no "
                  "vertices tie", offset=True, path=Path.TIES, parameters={"alpha": 0.01},
          target="numbers",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("RANSACRegressor", invariance=ORTHOGONAL,
          because="draws images, never features; least squares on each draw", offset=True,
          build=_meta("RANSACRegressor", "linear_model", min_samples=100), target="numbers"),
    Entry("RadiusNeighborsRegressor", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"radius": 1000.0}, target="numbers"),
    Entry("RandomForestRegressor", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS, parameters={"n_estimators": 30}, target="numbers"),
    Entry("RegressorChain", invariance=ORTHOGONAL, because=why.META, offset=True,
          build=_meta("RegressorChain", "multioutput"), target="columns"),
    Entry("Ridge", invariance=ORTHOGONAL, because=why.GRAM, offset=True, target="numbers"),
    Entry("RidgeCV", invariance=ORTHOGONAL, because=why.GRAM, offset=True, target="numbers"),
    Entry("SGDRegressor", invariance=ORTHOGONAL, because=why.SAMPLES, target="numbers",
          notes={"none": why.DIVERGES, "mid-grey": why.DIVERGES}),
    Entry("SVR", invariance=ORTHOGONAL, because=_SCALE, offset=True, scale="training",
          target="numbers"),
    Entry("StackingRegressor", invariance=ORTHOGONAL, because=why.META, offset=True,
          build=_several("StackingRegressor"), target="numbers"),
    Entry("TheilSenRegressor", invariance=ORTHOGONAL,
          because="draws images, never features; the least squares of each draw have the "
                  "smallest norm, intercept included, which an offset changes",
          parameters={"max_subpopulation": 100}, target="numbers"),
    Entry("TransformedTargetRegressor", invariance=ORTHOGONAL, because=why.META, offset=True,
          build=_meta("TransformedTargetRegressor", "compose"), target="numbers"),
    Entry("TweedieRegressor", invariance=ORTHOGONAL, because=why.GRAM, offset=True,
          path=Path.SOLVER, target="numbers", notes={"none": why.NEWTON, "mid-grey": why.NEWTON}),
    Entry("VotingRegressor", invariance=ORTHOGONAL, because=why.META, offset=True,
          build=_several("VotingRegressor"), target="numbers"),
)  # fmt: skip
