"""Classifiers of scikit-learn, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import Entry, Invariance, Path

O, S, P, N = (
    Invariance.ORTHOGONAL,
    Invariance.SIGNED_PERMUTATION,
    Invariance.PERMUTATION,
    Invariance.NONE,
)  # fmt: skip


def _svc(**parameters: Any) -> Any:
    from sklearn.svm import SVC

    return SVC(**parameters)


def _ridge() -> Any:
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier()


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(tol=1e-8, max_iter=1000)


def _lda() -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)


def _meta(name: str, module: str, inner: Any, **parameters: Any) -> Any:
    """Return a builder of the meta-estimator `name` of ``sklearn.<module>`` around `inner`."""

    def build(_features: int) -> Any:
        from importlib import import_module

        return getattr(import_module(f"sklearn.{module}"), name)(inner(), **parameters)

    return build


def _voting(name: str) -> Any:
    def build(_features: int) -> Any:
        from importlib import import_module

        models = [("ridge", _ridge()), ("svm", _svc(gamma="auto"))]
        return getattr(import_module("sklearn.ensemble"), name)(models)

    return build


def _search(name: str, grid: str) -> Any:
    def build(_features: int) -> Any:
        from importlib import import_module

        choices = {grid: {"C": [0.1, 1.0, 10.0]}}
        extra = {"n_iter": 2} if name == "RandomizedSearchCV" else {}
        search = getattr(import_module("sklearn.model_selection"), name)
        return search(_svc(), **choices, **extra, cv=3)

    return build


def _pipeline(_features: int) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import make_pipeline

    return make_pipeline(PCA(20, svd_solver="full"), _svc(gamma=0.01))


_FOLDS: Final = (
    "as SVC inside; but gamma='scale' uses X.var() of a part of the training images, on which "
    "z-scores have no mean of 0"
)
_CHOICE: Final = (
    "as SVC inside; gamma='scale' of a part of the training images has a say in the choice of C "
    "only"
)

CLASSIFIERS: Final = (
    Entry("AdaBoostClassifier", S, why.STUMPS, True, Path.TIES),
    Entry("BaggingClassifier", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS),
    Entry("BernoulliNB", S, "asks whether a feature is above 0; negation exchanges yes and no, "
          "which the model treats alike", path=Path.TIES, notes={"any": why.CONSTANT}),
    Entry("CalibratedClassifierCV", O, _FOLDS, scale="subsets",
          build=_meta("CalibratedClassifierCV", "calibration", _svc, cv=3)),
    Entry("CategoricalNB", S, why.LEVELS, True, counts=True,
          parameters={"min_categories": 256},
          notes={"min-max": why.TRUNCATED, "per-image z-score": why.SOME_NEGATIVE}),
    Entry("ClassifierChain", O, why.META, build=_meta("ClassifierChain", "multioutput", _ridge),
          offset=True, target="binary columns"),
    Entry("ComplementNB", P, why.COUNTS, counts=True),
    Entry("DecisionTreeClassifier", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS),
    Entry("DummyClassifier", Invariance.ANY, why.DUMMY),
    Entry("ExtraTreeClassifier", S, why.TREE, True, Path.DRAWS),
    Entry("ExtraTreesClassifier", S, why.TREE, True, Path.DRAWS),
    Entry("FixedThresholdClassifier", O, why.META, True, target="binary columns",
          build=_meta("FixedThresholdClassifier", "model_selection", _ridge)),
    Entry("GaussianNB", S, why.PER_FEATURE, True),
    Entry("GaussianProcessClassifier", O, why.DISTANCES, True),
    Entry("GradientBoostingClassifier", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS,
          parameters={"n_estimators": 20}),
    Entry("GridSearchCV", O, _CHOICE, True, scale="training",
          build=_search("GridSearchCV", "param_grid")),
    Entry("HistGradientBoostingClassifier", N, why.HIST_TREE, parameters={"max_iter": 10},
          notes={"any": why.ACCIDENT}),
    Entry("KNeighborsClassifier", O, why.DISTANCES, True),
    Entry("LabelPropagation", O, why.DISTANCES, True, parameters={"gamma": 0.01}),
    Entry("LabelSpreading", O, why.DISTANCES, True, parameters={"gamma": 0.01}),
    Entry("LinearDiscriminantAnalysis", O, "class means and one covariance turn with the features",
          True),
    Entry("LinearSVC", O, why.PENALISED_INTERCEPT, path=Path.SOLVER),
    Entry("LogisticRegression", O, why.GRAM, True, Path.SOLVER, {"max_iter": 1000}),
    Entry("LogisticRegressionCV", O, why.GRAM, True, Path.SOLVER,
          {"max_iter": 1000, "Cs": 3, "cv": 3},
          notes={"none": why.CHOICE, "mid-grey": why.CHOICE}),
    Entry("MLPClassifier", O, why.RANDOM_WEIGHTS, path=Path.DRAWS,
          parameters={"hidden_layer_sizes": (20,), "max_iter": 50}),
    Entry("MultiOutputClassifier", O, why.META, True, target="columns",
          build=_meta("MultiOutputClassifier", "multioutput", _ridge)),
    Entry("MultinomialNB", P, why.COUNTS, counts=True),
    Entry("NearestCentroid", O, why.DISTANCES, True),
    Entry("NuSVC", O, "a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True, parameters={"nu": 0.1}),
    Entry("OneVsOneClassifier", O, _FOLDS, scale="subsets",
          build=_meta("OneVsOneClassifier", "multiclass", _svc)),
    Entry("OneVsRestClassifier", O, why.META, scale="training",
          build=_meta("OneVsRestClassifier", "multiclass", _svc)),
    Entry("OutputCodeClassifier", O, why.META, scale="training",
          build=_meta("OutputCodeClassifier", "multiclass", _svc),
          notes={"none": why.FEW_QUERIES, "mid-grey": why.FEW_QUERIES}),
    Entry("PassiveAggressiveClassifier", O, why.SAMPLES),
    Entry("Perceptron", O, why.SAMPLES),
    Entry("QuadraticDiscriminantAnalysis", O,
          "class means and covariances turn with the features", True,
          parameters={"solver": "eigen", "shrinkage": 0.1}),
    Entry("RadiusNeighborsClassifier", O, why.DISTANCES, True,
          parameters={"radius": 1000.0, "outlier_label": "most_frequent"}),
    Entry("RandomForestClassifier", S, why.MIDPOINT_TREE, True, Path.THRESHOLDS),
    Entry("RandomizedSearchCV", O, _CHOICE, True, scale="training",
          build=_search("RandomizedSearchCV", "param_distributions")),
    Entry("RidgeClassifier", O, why.GRAM, True),
    Entry("RidgeClassifierCV", O, why.GRAM, True),
    Entry("SGDClassifier", O, why.SAMPLES),
    Entry("SVC", O, "a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True),
    Entry("SelfTrainingClassifier", O, why.META,
          build=_meta("SelfTrainingClassifier", "semi_supervised", _lda), offset=True,
          notes={"none": why.COMMON_TERM, "min-max": why.COMMON_TERM}),
    Entry("StackingClassifier", O, why.META, build=_voting("StackingClassifier"), offset=True),
    Entry("TunedThresholdClassifierCV", O, why.META, True, target="binary columns",
          build=_meta("TunedThresholdClassifierCV", "model_selection", _ridge)),
    Entry("VotingClassifier", O, why.META, build=_voting("VotingClassifier"), offset=True),
    Entry("Pipeline", O, "PCA, then an SVM with a fixed gamma: distances", True, build=_pipeline),
)  # fmt: skip
