"""Clusterers, outlier detectors, covariance, density and neighbours, and the invariance of each."""

from __future__ import annotations

from typing import Any, Final

from etcprops.auditing.estimators import reasons as why
from etcprops.auditing.estimators.invariance import (
    ORTHOGONAL,
    PERMUTATION,
    SIGNED_PERMUTATION,
    Entry,
    Path,
)

_COVARIANCE: Final = "mean and covariance turn with the features, and so do Mahalanobis distances"
_SHRUNK: Final = f"{_COVARIANCE}; shrinking towards a multiple of the identity turns too"
_MIXTURE: Final = f"starts from k-means; {_COVARIANCE}"

_SUMS: Final = (
    "scales rows and columns by their sums, which negation changes (constant columns are left out: "
    "a black one has no sum to divide by); its k-means is of columns, too, and draws its first "
    "centres by their number: equal in distribution under movement, and the same from given centres"
)
_CHECKERBOARD: Final = (
    "scales rows and columns by their sums, which negation changes (constant columns are left out: "
    "a black one has no sum to divide by); starts from an SVD whose random matrix is drawn by "
    "index, where pixels that are lit in one image only make the largest singular value fourfold: "
    "which vectors of its space come out is open, equal in distribution under movement; without "
    "these pixels it is the same"
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
    Entry("AffinityPropagation", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"damping": 0.9}, target="none", notes={"any": why.PAIRS}),
    Entry("AgglomerativeClustering", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_clusters": 10}, target="none"),
    Entry("BayesianGaussianMixture", invariance=ORTHOGONAL, because=_MIXTURE, offset=True,
          parameters={"n_components": 5, "reg_covar": 1e-2}, target="none"),
    Entry("BisectingKMeans", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_clusters": 10}, target="none"),
    Entry("DBSCAN", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"eps": 6.0}, target="none"),
    Entry("EllipticEnvelope", invariance=ORTHOGONAL, because=_COVARIANCE, offset=True,
          target="none"),
    Entry("EmpiricalCovariance", invariance=ORTHOGONAL, because=_COVARIANCE, offset=True,
          target="none"),
    Entry("GaussianMixture", invariance=ORTHOGONAL, because=_MIXTURE, offset=True,
          parameters={"n_components": 5, "reg_covar": 1e-2}, target="none"),
    Entry("GraphicalLasso", invariance=SIGNED_PERMUTATION, because=_PRECISION, offset=True,
          path=Path.ORDER, build=_graph("GraphicalLasso", alpha=0.5), target="none"),
    Entry("GraphicalLassoCV", invariance=SIGNED_PERMUTATION, because=_PRECISION, offset=True,
          path=Path.ORDER, build=_graph("GraphicalLassoCV", alphas=[0.5, 0.8], cv=2),
          target="none"),
    Entry("HDBSCAN", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"copy": True}, target="none"),
    Entry("IsolationForest", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS, target="none"),
    Entry("KMeans", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_clusters": 10}, target="none"),
    Entry("KernelDensity", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"bandwidth": 5.0}, target="none",
          notes={"none": why.TREE_OF_SUMS, "mid-grey": why.TREE_OF_SUMS}),
    Entry("LedoitWolf", invariance=ORTHOGONAL, because=_SHRUNK, offset=True, target="none"),
    Entry("LocalOutlierFactor", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"novelty": True}, target="none"),
    Entry("MeanShift", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True, target="none"),
    Entry("MinCovDet", invariance=ORTHOGONAL, because=_COVARIANCE, offset=True, target="none"),
    Entry("MiniBatchKMeans", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_clusters": 10}, target="none"),
    Entry("NearestNeighbors", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          target="none"),
    Entry("OAS", invariance=ORTHOGONAL, because=_SHRUNK, offset=True, target="none"),
    Entry("OPTICS", invariance=ORTHOGONAL, because=f"{why.DISTANCES}; equal distances are ties",
          offset=True, path=Path.TIES, target="none", notes={"any": why.TWICE}),
    Entry("OneClassSVM", invariance=ORTHOGONAL,
          because="a kernel of distances, but gamma='scale' uses X.var() over all features",
          scale="training", offset=True, parameters={"nu": 0.1}, target="none"),
    Entry("SGDOneClassSVM", invariance=ORTHOGONAL, because=why.SAMPLES, target="none"),
    Entry("ShrunkCovariance", invariance=ORTHOGONAL, because=_SHRUNK, offset=True, target="none"),
    Entry("SpectralBiclustering", invariance=PERMUTATION, because=_CHECKERBOARD, path=Path.DRAWS,
          build=_biclusters("SpectralBiclustering"), target="none"),
    Entry("SpectralClustering", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_clusters": 10, "gamma": 0.01}, target="none"),
    Entry("SpectralCoclustering", invariance=PERMUTATION, because=_SUMS, path=Path.DRAWS,
          build=_biclusters("SpectralCoclustering"), target="none"),
)  # fmt: skip
