"""Clusterers, outlier detectors, covariance, density and neighbours, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import Entry, Invariance, Path

O, S = Invariance.ORTHOGONAL, Invariance.SIGNED_PERMUTATION

_COVARIANCE: Final = "mean and covariance turn with the features, and so do Mahalanobis distances"
_SHRUNK: Final = f"{_COVARIANCE}; shrinking towards a multiple of the identity turns too"
_MIXTURE: Final = f"starts from k-means; {_COVARIANCE}"

_SUMS: Final = (
    "scales rows and columns by their sums, which negation changes (constant columns are left out: "
    "a black one has no sum to divide by); its k-means is of columns, too, and draws its first "
    "centres by their number: equal in law under movement, and the same from given centres"
)
_CHECKERBOARD: Final = (
    "scales rows and columns by their sums, which negation changes (constant columns are left out: "
    "a black one has no sum to divide by); starts from an SVD whose random matrix is drawn by "
    "index, where pixels that are lit in one image only make the largest singular value fourfold: "
    "which vectors of its space come out is open, equal in law under movement; without these "
    "pixels it is the same"
)
_PRECISION: Final = (
    "an L1 penalty on the precision matrix moves with the features; columns are visited in order"
)


def _biclusters(name: str) -> Any:
    """Return a builder of a spectral clustering of images and pixels, of those that vary."""

    def build(_features: int) -> Any:
        from importlib import import_module

        from sklearn.feature_selection import VarianceThreshold
        from sklearn.pipeline import make_pipeline

        model = getattr(import_module("sklearn.cluster"), name)(n_clusters=3)
        return make_pipeline(VarianceThreshold(), model)

    return build


def _graph(name: str, **parameters: Any) -> Any:
    """Return a builder of a graphical lasso on the features that vary, each scaled."""

    def build(_features: int) -> Any:
        from importlib import import_module

        from sklearn.feature_selection import VarianceThreshold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        graph = getattr(import_module("sklearn.covariance"), name)(**parameters)
        return make_pipeline(VarianceThreshold(), StandardScaler(), graph)

    return build


UNSUPERVISED: Final = (
    Entry("AffinityPropagation", O, why.DISTANCES, True, parameters={"damping": 0.9},
          target="none", notes={"any": why.PAIRS}),
    Entry("AgglomerativeClustering", O, why.DISTANCES, True, parameters={"n_clusters": 10},
          target="none"),
    Entry("BayesianGaussianMixture", O, _MIXTURE, True,
          parameters={"n_components": 5, "reg_covar": 1e-2}, target="none"),
    Entry("BisectingKMeans", O, why.DISTANCES, True, parameters={"n_clusters": 10},
          target="none"),
    Entry("DBSCAN", O, why.DISTANCES, True, parameters={"eps": 6.0}, target="none"),
    Entry("EllipticEnvelope", O, _COVARIANCE, True, target="none"),
    Entry("EmpiricalCovariance", O, _COVARIANCE, True, target="none"),
    Entry("GaussianMixture", O, _MIXTURE, True,
          parameters={"n_components": 5, "reg_covar": 1e-2}, target="none"),
    Entry("GraphicalLasso", S, _PRECISION, True, Path.ORDER,
          build=_graph("GraphicalLasso", alpha=0.5), target="none"),
    Entry("GraphicalLassoCV", S, _PRECISION, True, Path.ORDER,
          build=_graph("GraphicalLassoCV", alphas=[0.5, 0.8], cv=2), target="none"),
    Entry("HDBSCAN", O, why.DISTANCES, True, parameters={"copy": True}, target="none"),
    Entry("IsolationForest", S, why.TREE, True, Path.DRAWS, target="none"),
    Entry("KMeans", O, why.DISTANCES, True, parameters={"n_clusters": 10}, target="none"),
    Entry("KernelDensity", O, why.DISTANCES, True, parameters={"bandwidth": 5.0}, target="none",
          notes={"none": why.TREE_OF_SUMS, "mid-grey": why.TREE_OF_SUMS}),
    Entry("LedoitWolf", O, _SHRUNK, True, target="none"),
    Entry("LocalOutlierFactor", O, why.DISTANCES, True, parameters={"novelty": True},
          target="none"),
    Entry("MeanShift", O, why.DISTANCES, True, target="none"),
    Entry("MinCovDet", O, _COVARIANCE, True, target="none"),
    Entry("MiniBatchKMeans", O, why.DISTANCES, True, parameters={"n_clusters": 10},
          target="none"),
    Entry("NearestNeighbors", O, why.DISTANCES, True, target="none"),
    Entry("OAS", O, _SHRUNK, True, target="none"),
    Entry("OPTICS", O, f"{why.DISTANCES}; equal distances are ties", True, Path.TIES,
          target="none", notes={"any": why.TWICE}),
    Entry("OneClassSVM", O,
          "a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True, parameters={"nu": 0.1}, target="none"),
    Entry("SGDOneClassSVM", O, why.SAMPLES, target="none"),
    Entry("ShrunkCovariance", O, _SHRUNK, True, target="none"),
    Entry("SpectralBiclustering", Invariance.PERMUTATION, _CHECKERBOARD, path=Path.DRAWS,
          build=_biclusters("SpectralBiclustering"), target="none"),
    Entry("SpectralClustering", O, why.DISTANCES, True,
          parameters={"n_clusters": 10, "gamma": 0.01}, target="none"),
    Entry("SpectralCoclustering", Invariance.PERMUTATION, _SUMS, path=Path.DRAWS,
          build=_biclusters("SpectralCoclustering"), target="none"),
)  # fmt: skip
