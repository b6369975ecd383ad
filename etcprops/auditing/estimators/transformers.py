"""Transformers and decompositions of scikit-learn, and the invariance of each.

What is invariant are their rows up to the relations of `etcprops.auditing.comparison`: a scaler's
output moves with the pixels, that of PCA changes signs of components.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

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


def _first_columns(features: int) -> Any:
    from sklearn.compose import ColumnTransformer

    return ColumnTransformer([("some", "passthrough", slice(0, features // 5))])


def _union(_features: int) -> Any:
    from sklearn.decomposition import PCA
    from sklearn.pipeline import FeatureUnion
    from sklearn.preprocessing import StandardScaler

    parts = [("components", PCA(5, svd_solver="full")), ("scores", StandardScaler())]
    return FeatureUnion(parts)


def _dictionary(features: int) -> Any:
    from sklearn.decomposition import SparseCoder

    atoms = np.random.default_rng(0).standard_normal((10, features))
    return SparseCoder(atoms, transform_n_nonzero_coefs=3)


def _selector(name: str, **parameters: Any) -> Any:
    def build(_features: int) -> Any:
        from importlib import import_module

        from sklearn.linear_model import RidgeClassifier

        selector = getattr(import_module("sklearn.feature_selection"), name)
        return selector(RidgeClassifier(), **parameters)

    return build


_NO_CENTRE: Final = "scales by magnitude without centring: an offset changes the scale"
_TWO_GROUPS: Final = (
    "two groups of images (15 and 70 of 899) have all their 5 neighbours in their own group: the "
    "eigenvalue 0 is double, and of its plane rounding picks a vector; with n_neighbors=8, one "
    "group and a simple eigenvalue, rows agree to 1e-11"
)
_TWO_SMALL_GROUPS: Final = (
    "two groups of images (16 and 10 of 150) have all their 5 neighbours in their own group, and "
    "of the plane of the eigenvalue 0 rounding picks a vector, as noise of 1e-14 in plain features "
    "does; with n_neighbors=6 there is one, and rows agree to 1e-10"
)
_RANDOM_SVD: Final = (
    "starts from an SVD whose random matrix is drawn by index, and stops 1e-6 from where another "
    "start ends; with an SVD that draws nothing rows agree to 1e-13"
)
_BLACK_COLUMNS: Final = (
    "pixels that are black in all training images have equal columns (9 of 64), and equal weights: "
    "rounding decides which is dropped first, as noise of 1e-14 in plain features does"
)
_LOST_COMPONENTS: Final = (
    "multiplies eigenvectors by the sign of the first feature's loading, which is 0 or rounding "
    "where the first pixel is black in all training images: components are lost, others on "
    "encrypted images; without constant pixels rows are the same up to a rotation (to 1e-13)"
)
_MANIFOLD: Final = "sees images only through distances; rows are compared up to rotation"
_ROBUST: Final = "median and quartiles of each feature; negation exchanges the quartiles"

TRANSFORMERS: Final = (
    Entry("AdditiveChi2Sampler", invariance=PERMUTATION, because=why.COUNTS, counts=True,
          target="none"),
    Entry("BernoulliRBM", invariance=PERMUTATION,
          because="takes features as probabilities; draws weights by index", path=Path.DRAWS,
          parameters={"n_components": 5, "n_iter": 3}, target="none"),
    Entry("Binarizer", invariance=SIGNED_PERMUTATION,
          because="asks whether a feature is above 0; negation exchanges yes and no, but for 0 "
                  "itself", path=Path.TIES, target="none", notes={"any": why.CONSTANT}),
    Entry("Birch", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"threshold": 5.0, "n_clusters": 10}, target="none"),
    Entry("ClassicalMDS", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True, target="none"),
    Entry("ColumnTransformer", invariance=SIGNED_PERMUTATION, because=why.COLUMNS, offset=True,
          path=Path.ORDER, build=_first_columns, target="none"),
    Entry("DictionaryLearning", invariance=SIGNED_PERMUTATION,
          because="an L1 penalty on the codes, inner products otherwise; started from an SVD",
          path=Path.SOLVER, parameters={"n_components": 5, "max_iter": 20}, target="none"),
    Entry("FactorAnalysis", invariance=SIGNED_PERMUTATION,
          because="one noise variance a feature: moves with the features", offset=True,
          parameters={"n_components": 5, "svd_method": "lapack"}, target="none",
          notes={"z-score": why.EQUAL_COLUMNS, "standard-scaler": why.EQUAL_COLUMNS}),
    Entry("FastICA", invariance=ORTHOGONAL,
          because="turns whitened components: rows are those of a whitened PCA up to a rotation, "
                  "whatever the random start", offset=True, parameters={"n_components": 5},
          target="none", notes={"any": _LOST_COMPONENTS}),
    Entry("FeatureAgglomeration", invariance=PERMUTATION,
          because="clusters features by their distance, which negation of one of two changes",
          parameters={"n_clusters": 5}, target="none"),
    Entry("FeatureUnion", invariance=SIGNED_PERMUTATION,
          because="as PCA and the z-score side by side", offset=True, build=_union, target="none"),
    Entry("FunctionTransformer", invariance=SIGNED_PERMUTATION,
          because="the identity: rows move with the features", offset=True, target="none"),
    Entry("GaussianRandomProjection", invariance=ORTHOGONAL,
          because="one fixed random matrix, drawn by index", path=Path.DRAWS,
          parameters={"n_components": 5}, target="none"),
    Entry("GenericUnivariateSelect", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True,
          parameters={"mode": "k_best", "param": 10}),
    Entry("IncrementalPCA", invariance=ORTHOGONAL, because=why.CENTRED, offset=True,
          parameters={"n_components": 5}, target="none"),
    Entry("Isomap", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True, target="none"),
    Entry("KBinsDiscretizer", invariance=SIGNED_PERMUTATION,
          because="equal bins of each feature, mirrored by negation but for values on an edge",
          offset=True, path=Path.TIES,
          parameters={"n_bins": 3, "encode": "ordinal", "strategy": "uniform"}, target="none",
          notes={"any": "a third of a pixel's range is a level itself where the range is a "
                        "multiple of three levels, and an edge belongs to the bin above; without "
                        "such pixels rows are the same bit by bit"}),
    Entry("KNNImputer", invariance=SIGNED_PERMUTATION, because="nothing is missing: the identity",
          offset=True, target="none"),
    Entry("KNeighborsTransformer", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          target="none"),
    Entry("KernelPCA", invariance=ORTHOGONAL, because=why.GRAM_NO_OFFSET, offset=True,
          parameters={"n_components": 5, "eigen_solver": "dense"}, target="none"),
    Entry("LatentDirichletAllocation", invariance=PERMUTATION, because=why.COUNTS, counts=True,
          path=Path.DRAWS, parameters={"n_components": 3, "max_iter": 3}, target="none"),
    Entry("LocallyLinearEmbedding", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True,
          parameters={"eigen_solver": "dense"}, target="none",
          notes={"z-score": _TWO_GROUPS, "per-image z-score": _TWO_SMALL_GROUPS}),
    Entry("MDS", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True,
          parameters={"n_init": 1, "max_iter": 50}, target="none"),
    Entry("MaxAbsScaler", invariance=SIGNED_PERMUTATION, because=_NO_CENTRE, target="none",
          notes={"min-max": "features reach up to 1 on both sides already: nothing is scaled"}),
    Entry("MinMaxScaler", invariance=SIGNED_PERMUTATION,
          because="x - min over the range becomes 1 less that", offset=True, target="none"),
    Entry("MiniBatchDictionaryLearning", invariance=SIGNED_PERMUTATION,
          because="an L1 penalty on the codes, inner products otherwise; started from an SVD "
                  "whose random matrix is drawn by index", path=Path.DRAWS,
          parameters={"n_components": 5, "max_iter": 5}, target="none"),
    Entry("MiniBatchNMF", invariance=PERMUTATION, because=why.COUNTS, counts=True, path=Path.SOLVER,
          parameters={"n_components": 5, "max_iter": 5}, target="none",
          notes={"none": _RANDOM_SVD, "min-max": _RANDOM_SVD}),
    Entry("MiniBatchSparsePCA", invariance=SIGNED_PERMUTATION,
          because="an L1 penalty on the components; batches are of features, drawn by index",
          offset=True, path=Path.DRAWS, parameters={"n_components": 3, "max_iter": 5},
          target="none"),
    Entry("MissingIndicator", invariance=ANY, because="nothing is missing",
          parameters={"features": "all"}, target="none"),
    Entry("NMF", invariance=PERMUTATION, because=why.COUNTS, counts=True, path=Path.SOLVER,
          parameters={"n_components": 5, "max_iter": 50}, target="none",
          notes={"none": _RANDOM_SVD, "min-max": _RANDOM_SVD}),
    Entry("NeighborhoodComponentsAnalysis", invariance=ORTHOGONAL,
          because="learns a linear map of which only distances count", offset=True,
          parameters={"max_iter": 5, "init": "pca", "n_components": 5}),
    Entry("Normalizer", invariance=ORTHOGONAL,
          because="divides each image by its norm, which an offset changes", target="none"),
    Entry("Nystroem", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"n_components": 20, "gamma": 0.001}, target="none"),
    Entry("OneHotEncoder", invariance=SIGNED_PERMUTATION, because=why.LEVELS, offset=True,
          parameters={"handle_unknown": "ignore"}, target="none"),
    Entry("OrdinalEncoder", invariance=PERMUTATION,
          because="the rank of a level among the levels of its pixel, which negation turns "
                  "round, but -1 for unknown levels on both sides",
          parameters={"handle_unknown": "use_encoded_value", "unknown_value": -1}, target="none"),
    Entry("PCA", invariance=ORTHOGONAL, because=why.CENTRED, offset=True,
          parameters={"n_components": 5}, target="none"),
    Entry("PLSSVD", invariance=ORTHOGONAL, because=why.CENTRED, offset=True, target="columns"),
    Entry("PolynomialCountSketch", invariance=SIGNED_PERMUTATION,
          because="random hashes and signs drawn by index", path=Path.DRAWS,
          parameters={"n_components": 20}, target="none"),
    Entry("PolynomialFeatures", invariance=SIGNED_PERMUTATION,
          because="products of features: signs change, and an offset mixes them", target="none"),
    Entry("PowerTransformer", invariance=SIGNED_PERMUTATION,
          because="the Yeo-Johnson transform of -x at 2 - lambda is that of x, negated",
          target="none"),
    Entry("QuantileTransformer", invariance=SIGNED_PERMUTATION,
          because="ranks within each feature, symmetric under negation", offset=True,
          path=Path.TIES, parameters={"n_quantiles": 50}, target="none",
          notes={"any": "a pixel that is constant in training becomes 0, not 1/2: queries with "
                        "another level are not mirrored"}),
    Entry("RBFSampler", invariance=ORTHOGONAL,
          because="random directions drawn by index: equal in distribution", offset=True,
          path=Path.DRAWS, parameters={"n_components": 20, "gamma": 0.001}, target="none"),
    Entry("RFE", invariance=SIGNED_PERMUTATION,
          because="drops the feature of smallest weight, which moves with it", offset=True,
          build=_selector("RFE", n_features_to_select=10),
          notes={"per-image z-score": _BLACK_COLUMNS}),
    Entry("RFECV", invariance=SIGNED_PERMUTATION,
          because="drops the feature of smallest weight, which moves with it", offset=True,
          build=_selector("RFECV", step=16, cv=3)),
    Entry("RadiusNeighborsTransformer", invariance=ORTHOGONAL, because=why.DISTANCES, offset=True,
          parameters={"radius": 6.0}, target="none"),
    Entry("RandomTreesEmbedding", invariance=SIGNED_PERMUTATION, because=why.TREE, offset=True,
          path=Path.DRAWS, parameters={"n_estimators": 10}, target="none"),
    Entry("RobustScaler", invariance=SIGNED_PERMUTATION, because=_ROBUST, offset=True,
          target="none"),
    Entry("SelectFdr", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True),
    Entry("SelectFpr", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True),
    Entry("SelectFromModel", invariance=SIGNED_PERMUTATION,
          because="keeps features of large weight", offset=True,
          build=_selector("SelectFromModel")),
    Entry("SelectFwe", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True),
    Entry("SelectKBest", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True),
    Entry("SelectPercentile", invariance=SIGNED_PERMUTATION, because=why.SCORES, offset=True),
    Entry("SequentialFeatureSelector", invariance=SIGNED_PERMUTATION,
          because="adds the feature of best accuracy; ties go to the first", offset=True,
          build=_selector("SequentialFeatureSelector", n_features_to_select=2, cv=2)),
    Entry("SimpleImputer", invariance=SIGNED_PERMUTATION,
          because="nothing is missing: the identity", offset=True, target="none"),
    Entry("SkewedChi2Sampler", invariance=PERMUTATION, because=why.COUNTS, counts=True,
          path=Path.DRAWS, parameters={"n_components": 20}, target="none",
          notes={"per-image z-score": "may be fitted, since z-scores of plain digits stay above "
                                      "-1 (-0.99); then draws by index, and those of negated "
                                      "digits do not (-1.36)"}),
    Entry("SparseCoder", invariance=NONE,
          because="a given dictionary that does not move with the pixels", build=_dictionary,
          target="none"),
    Entry("SparsePCA", invariance=SIGNED_PERMUTATION,
          because="centres features; an L1 penalty on the components", offset=True,
          parameters={"n_components": 3, "max_iter": 5}, target="none"),
    Entry("SparseRandomProjection", invariance=SIGNED_PERMUTATION,
          because="one fixed random matrix, drawn by index", path=Path.DRAWS,
          parameters={"n_components": 5}, target="none"),
    Entry("SpectralEmbedding", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True,
          parameters={"gamma": 0.01, "affinity": "rbf"}, target="none"),
    Entry("SplineTransformer", invariance=SIGNED_PERMUTATION,
          because="a symmetric set of knots and of basis functions", offset=True, target="none"),
    Entry("StandardScaler", invariance=SIGNED_PERMUTATION, because=why.PER_FEATURE, offset=True,
          target="none"),
    Entry("TSNE", invariance=ORTHOGONAL, because=_MANIFOLD, offset=True,
          parameters={"max_iter": 250, "perplexity": 10}, target="none",
          notes={"any": why.MIRRORED}),
    Entry("TargetEncoder", invariance=SIGNED_PERMUTATION, because=why.LEVELS, offset=True,
          target="numbers"),
    Entry("TfidfTransformer", invariance=SIGNED_PERMUTATION,
          because="counts the images in which a feature is not 0, and divides each image by its "
                  "norm", target="none"),
    Entry("TruncatedSVD", invariance=ORTHOGONAL, because=why.UNCENTRED,
          parameters={"n_components": 5, "algorithm": "arpack"}, target="none"),
    Entry("VarianceThreshold", invariance=SIGNED_PERMUTATION,
          because="variances are the same under negation", offset=True, target="none"),
)  # fmt: skip
