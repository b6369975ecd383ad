"""Classifiers of scikit-learn, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import (
    ANY,
    NONE,
    ORTHOGONAL,
    PERMUTATION,
    SIGNED_PERMUTATION,
    Entry,
    Path,
)


def _svc(**parameters: Any) -> Any:
    from sklearn.svm import SVC

    return SVC(**parameters)


def _ridge() -> Any:
    from sklearn.linear_model import RidgeClassifier

    return RidgeClassifier()


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
    Entry("AdaBoostClassifier", invariance=SIGNED_PERMUTATION, because=why.STUMPS, offset=True,
          path=Path.TIES),
    Entry("BaggingClassifier", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS),
    Entry("BernoulliNB", invariance=SIGNED_PERMUTATION,
          because="asks whether a feature is above 0; negation exchanges yes and no, which the "
                  "model treats alike", path=Path.TIES, notes={"any": why.CONSTANT}),
    Entry("CalibratedClassifierCV", invariance=ORTHOGONAL, because=_FOLDS, scale="subsets",
          build=_meta("CalibratedClassifierCV", "calibration", _svc, cv=3)),
    Entry("CategoricalNB", invariance=SIGNED_PERMUTATION, because=why.LEVELS, offset=True,
          counts=True, parameters={"min_categories": 256},
          notes={"min-max": why.TRUNCATED, "per-image z-score": why.SOME_NEGATIVE}),
    Entry("ClassifierChain", invariance=ORTHOGONAL, because=why.META,
          build=_meta("ClassifierChain", "multioutput", _ridge), offset=True,
          target="binary columns"),
    Entry("ComplementNB", invariance=PERMUTATION, because=why.COUNTS, counts=True),
    Entry("DecisionTreeClassifier", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS),
    Entry("DummyClassifier", invariance=ANY, because=why.DUMMY),
    Entry("ExtraTreeClassifier", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS),
    Entry("ExtraTreesClassifier", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS),
    Entry("FixedThresholdClassifier", invariance=ORTHOGONAL, because=why.META, offset=True,
          target="binary columns",
          build=_meta("FixedThresholdClassifier", "model_selection", _ridge)),
    Entry("GaussianNB", invariance=SIGNED_PERMUTATION, because=why.PER_FEATURE, offset=True),
    Entry("GaussianProcessClassifier", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True),
    Entry("GradientBoostingClassifier", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS, parameters={"n_estimators": 20}),
    Entry("GridSearchCV", invariance=ORTHOGONAL, because=_CHOICE, offset=True, scale="training",
          build=_search("GridSearchCV", "param_grid")),
    Entry("HistGradientBoostingClassifier", invariance=NONE, because=why.HIST_TREE,
          parameters={"max_iter": 10}, notes={"any": why.ACCIDENT}),
    Entry("KNeighborsClassifier", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True),
    Entry("LabelPropagation", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"gamma": 0.01}),
    Entry("LabelSpreading", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"gamma": 0.01}),
    Entry("LinearDiscriminantAnalysis", invariance=ORTHOGONAL,
          because="class means and one covariance turn with the features", offset=True),
    Entry("LinearSVC", invariance=ORTHOGONAL, because=why.PENALISED_INTERCEPT, path=Path.SOLVER),
    Entry("LogisticRegression", invariance=ORTHOGONAL, because=why.GRAM, offset=True,
          path=Path.SOLVER, parameters={"max_iter": 1000}),
    Entry("LogisticRegressionCV", invariance=ORTHOGONAL, because=why.GRAM, offset=True,
          path=Path.SOLVER, parameters={"max_iter": 1000, "Cs": 3, "cv": 3},
          notes={"none": why.CHOICE, "mid-grey": why.CHOICE}),
    Entry("MLPClassifier", invariance=ORTHOGONAL, because=why.RANDOM_WEIGHTS, path=Path.DRAWS,
          parameters={"hidden_layer_sizes": (20,), "max_iter": 50}),
    Entry("MultiOutputClassifier", invariance=ORTHOGONAL, because=why.META, offset=True,
          target="columns", build=_meta("MultiOutputClassifier", "multioutput", _ridge)),
    Entry("MultinomialNB", invariance=PERMUTATION, because=why.COUNTS, counts=True),
    Entry("NearestCentroid", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True),
    Entry("NuSVC", invariance=ORTHOGONAL,
          because="a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True, parameters={"nu": 0.1}),
    Entry("OneVsOneClassifier", invariance=ORTHOGONAL, because=_FOLDS, scale="subsets",
          build=_meta("OneVsOneClassifier", "multiclass", _svc)),
    Entry("OneVsRestClassifier", invariance=ORTHOGONAL, because=why.META, scale="training",
          build=_meta("OneVsRestClassifier", "multiclass", _svc)),
    Entry("OutputCodeClassifier", invariance=ORTHOGONAL, because=why.META, scale="training",
          build=_meta("OutputCodeClassifier", "multiclass", _svc),
          notes={"none": why.FEW_QUERIES, "mid-grey": why.FEW_QUERIES}),
    Entry("PassiveAggressiveClassifier", invariance=ORTHOGONAL, because=why.SAMPLES),
    Entry("Perceptron", invariance=ORTHOGONAL, because=why.SAMPLES),
    Entry("QuadraticDiscriminantAnalysis", invariance=ORTHOGONAL,
          because="class means and covariances turn with the features", offset=True,
          parameters={"solver": "eigen", "shrinkage": 0.1}),
    Entry("RadiusNeighborsClassifier", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"radius": 1000.0, "outlier_label": "most_frequent"}),
    Entry("RandomForestClassifier", invariance=SIGNED_PERMUTATION, because=why.MIDPOINT_TREE,
          offset=True, path=Path.THRESHOLDS),
    Entry("RandomizedSearchCV", invariance=ORTHOGONAL, because=_CHOICE, offset=True,
          scale="training", build=_search("RandomizedSearchCV", "param_distributions")),
    Entry("RidgeClassifier", invariance=ORTHOGONAL, because=why.GRAM, offset=True),
    Entry("RidgeClassifierCV", invariance=ORTHOGONAL, because=why.GRAM, offset=True),
    Entry("SGDClassifier", invariance=ORTHOGONAL, because=why.SAMPLES),
    Entry("SVC", invariance=ORTHOGONAL,
          because="a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True),
    Entry("SelfTrainingClassifier", invariance=ORTHOGONAL, because=why.META,
          build=_meta("SelfTrainingClassifier", "semi_supervised", _lda), offset=True,
          notes={"none": why.COMMON_TERM, "min-max": why.COMMON_TERM}),
    Entry("StackingClassifier", invariance=ORTHOGONAL, because=why.META,
          build=_voting("StackingClassifier"), offset=True),
    Entry("TunedThresholdClassifierCV", invariance=ORTHOGONAL, because=why.META, offset=True,
          target="binary columns",
          build=_meta("TunedThresholdClassifierCV", "model_selection", _ridge)),
    Entry("VotingClassifier", invariance=ORTHOGONAL, because=why.META,
          build=_voting("VotingClassifier"), offset=True),
    Entry("Pipeline", invariance=ORTHOGONAL,
          because="PCA, then an SVM with a fixed gamma: distances", offset=True, build=_pipeline),
)  # fmt: skip
