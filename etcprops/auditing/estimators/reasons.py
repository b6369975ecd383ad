"""Reasons that several estimators share, in one sentence each."""

from typing import Final

DISTANCES: Final = "sees images only through the distances between them, which every step keeps"
GRAM: Final = (
    "its penalty and its loss see images only through inner products, so the solution turns with "
    "the features; the free intercept takes up offsets"
)
GRAM_NO_OFFSET: Final = (
    "sees images only through inner products, which an offset changes where features are not "
    "centred"
)
PENALISED_INTERCEPT: Final = (
    "sees images only through inner products, but penalises the intercept, which then cannot take "
    "up offsets freely"
)
L1: Final = (
    "the L1 norm is the same under a signed permutation of the features, though not under a "
    "general rotation; coordinates are visited in order, which matters only until convergence"
)
GREEDY: Final = (
    "features enter by the magnitude of their correlation, which moves with them; ties go to the "
    "first"
)
PER_FEATURE: Final = "each feature on its own, by mean and variance; the order does not enter"
TREE: Final = (
    "draws features and thresholds by index: another path for each order and sign; a threshold "
    "drawn from an interval is hit by no query, so equal in distribution"
)
MIDPOINT_TREE: Final = (
    "draws the order in which features are tried by index, and puts thresholds half-way between "
    "training values, where queries of whole grey levels land; they go left, and negation would "
    "have them go right: not even equal in distribution (a single tree: p = 0.0002 with 60 new "
    "seeds and keys; p = 0.9 once noise of 1e-6 keeps the same queries off thresholds), though the "
    "mean of many trees may hide it from 20 runs"
)
STUMPS: Final = (
    "boosts stumps, which try all features and split half-way between training values: but for two "
    "features that tie, of which one is drawn by index, and queries on a threshold, which go left; "
    "with deeper trees (max_depth=3) answers differ"
)
HIST_TREE: Final = (
    "bins and splits of each feature are mirrored by negation; ties between features go to the "
    "first, and a query on a threshold to the left"
)
DUMMY: Final = "does not look at the images"
RANDOM_WEIGHTS: Final = (
    "starts from random weights drawn by the index of a feature, symmetric in sign: equal in "
    "distribution"
)
META: Final = "as the model inside"
SAMPLES: Final = (
    "draws and orders images, never features; each update is a combination of images, so that "
    "weights turn with the features"
)
COUNTS: Final = "takes features as counts: 255 - x is another count"
LEVELS: Final = "treats each level of a pixel on its own, and negation only renames levels"
CENTRED: Final = (
    "centres each feature itself and works with inner products, up to the signs of components"
)
UNCENTRED: Final = "works with inner products of features as they are, without centring"
COLUMNS: Final = "takes columns by their number, which other pixels come to have"
EQUAL_COLUMNS: Final = (
    "pixels that are lit in one and the same training image only have equal z-scores, up to sign: "
    "of two equal columns order or rounding picks one; at mid-grey they differ, and answers agree, "
    "as they do without these pixels (to 1e-13)"
)
MIRRORED: Final = (
    "starts from two principal components, whose signs are those of their largest loadings: where "
    "the key negates these, the start is mirrored, and the tree of quadrants that approximates "
    "forces is not symmetric; with method='exact' or init='random' rows are the same bit by bit"
)
TWICE: Final = (
    "computes the distance to the fifth neighbour twice, as core distance and as a distance, in "
    "sums of another order: rounding decides whether it ties with nearer neighbours, as noise of "
    "1e-14 in plain features does; with each distance computed once (metric='precomputed') orders "
    "are the same"
)
PAIRS: Final = (
    "of two images that are a cluster of their own either may stand for it: the estimator breaks "
    "such ties by noise of the size of rounding, so that rounding chooses as well, though with few "
    "keys (12 of 120 for 150 and 300 digits); with similarities rounded to nine digits "
    "(affinity='precomputed') clusters were the same with each of these"
)
ACCIDENT: Final = (
    "no two features tied for a split, and no query that was told apart lay on a threshold: an "
    "accident of these images, not a property (two features that are equal in training, or a query "
    "half-way between two levels, are decided by order and sign)"
)
CONSTANT: Final = (
    "a pixel that is constant in training has a z-score of 0 there, and 0 is above 0 on neither "
    "side: queries with another level are not mirrored"
)
UNSCALED: Final = (
    "on features that are not z-scores its solver stops before it converges, at a point that "
    "rounding chooses: noise of 1e-14 of plain features changes answers as much"
)
DIVERGES: Final = (
    "on features that are not z-scores the descent diverges, to predictions of 1e15, in which "
    "noise of 1e-14 of plain features changes as much"
)
NEWTON: Final = f"{UNSCALED}; Newton's steps (solver='newton-cholesky') come to one, to 1e-12"
CHOICE: Final = (
    f"{NEWTON}. Mean accuracies of the three values of C differ by two images of 147 or less, so "
    "that rounding chooses between 0.0001, 1 and 10,000, too; with Newton's steps it is one of them"
)
TREE_OF_SUMS: Final = (
    "sums over nodes of a tree subtract bounds of densities of e^-200 to e^-9300, where rounding "
    "is all that is left: with a leaf_size above the number of images rows are the same bit by bit"
)
COMMON_TERM: Final = (
    "an offset adds one number to the decision values of all classes of a query: decisions and "
    "probabilities agree (to 1e-12)"
)
FEW_QUERIES: Final = (
    "has no decision values, and of few queries none happened to be decided otherwise; of 901 "
    "there are"
)
TRUNCATED: Final = (
    "numbers from 0 to 1 are cut to integers, so that only the brightest level of a pixel is told "
    "apart; negation makes it the darkest, and rounding sometimes makes the smallest -1e-17, which "
    "is refused"
)
SOME_NEGATIVE: Final = (
    "cuts numbers to integers and refuses -1 and below; the z-scores of plain digits stay above "
    "(-0.99), those of negated ones do not (-1.36)"
)
SCORES: Final = "ranks each feature by a score that negation does not change"
