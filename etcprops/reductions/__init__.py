"""Reductions of dimension as scikit-learn transformers, and which of them are equivariant.

Exact, bit for bit: `GramPCA`, `BlockMean`, and `BlockDCT` with a symmetric set of coefficients.
Equal in distribution over seeds: `GaussianProjection`, `SparseProjection`, `RandomPixels`. Not
equal at all: `GridSampling` and `MeanPooling`, whose cells do not fit into the blocks.
`CanonicalFeatures` keeps all features, in a normal form that makes any estimator exact.
"""

from etcprops.reductions.canonical import CanonicalFeatures
from etcprops.reductions.choice import (
    PAPER_RATIOS,
    exact_dimensions,
    nearest_exact,
    reductions_to,
)
from etcprops.reductions.dct import BlockDCT
from etcprops.reductions.deviation import gram_deviation
from etcprops.reductions.equivariance import (
    Counterexample,
    Equivariance,
    EquivarianceKind,
    InducedMap,
    equivariance,
    generators,
    induced_map,
)
from etcprops.reductions.gram_pca import GramPCA
from etcprops.reductions.linear import LinearReduction
from etcprops.reductions.pooling import BlockMean, MeanPooling
from etcprops.reductions.random_projection import GaussianProjection, SparseProjection
from etcprops.reductions.sampling import GridSampling, RandomPixels

__all__ = [
    "PAPER_RATIOS",
    "BlockDCT",
    "BlockMean",
    "CanonicalFeatures",
    "Counterexample",
    "Equivariance",
    "EquivarianceKind",
    "GaussianProjection",
    "GramPCA",
    "GridSampling",
    "InducedMap",
    "LinearReduction",
    "MeanPooling",
    "RandomPixels",
    "SparseProjection",
    "equivariance",
    "exact_dimensions",
    "generators",
    "gram_deviation",
    "induced_map",
    "nearest_exact",
    "reductions_to",
]
