"""Claims about random forests: the distribution of their decisions, and what makes them exact."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from etcprops.claims.checks.exactness import ONE_ORDER, check_votes_in_another_order
from etcprops.claims.checks.models import check_forest_on_digits, check_stump_on_one_pixel
from etcprops.claims.implementation import Implementation, flat
from etcprops.claims.model import Check, Claim, Exhibit, Observation
from etcprops.claims.references import BREIMAN_2001, SCHOELKOPF_1998
from etcprops.claims.terms import EvidenceKind, Finding, Outcome, PaperSays, Scope, Sense
from etcprops.datasets import load_digits_images
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import EtCKey

DRAWN_ALIKE = "features are drawn alike, whatever their numbers"
TIES_ALIKE = "ties between best splits are broken alike, or do not occur"
OFF_THRESHOLD = "no query lies half-way between two training values, or it goes to both sides"

INTEGERS = "pixels are integers, not scaled to floats before"

LEVEL = 0.001
"""Of the tests that tell distributions apart."""
MARGIN = 0.25
"""Share of trees with another distribution that equivalence must exclude; its size is 0.1."""
TREES = 250
TREES_APART = 100
"""Suffice where distributions do differ."""
TRAINING, QUERIES = 600, 400
PERMUTATIONS = 999


def check_distribution_of_small_trees(implementation: Implementation) -> Observation:
    """Compute exactly, for all 48 keys of three pixels, what trees with symmetric rules answer."""
    from etcprops.theory.forests import tree_distribution

    geometry = BlockGeometry(1, 3, block=1)
    rng = np.random.default_rng(3)
    cases = 0
    sizes = []
    for max_features in (1, 2):
        # Five training images and two queries with few levels: ties and queries on thresholds.
        images = rng.integers(0, 4, (7, 1, 3)).astype(np.uint8)
        labels = [0, 1, 1, 2, 0]
        expected = tree_distribution(
            flat(images[:5]), labels, flat(images[5:]), max_features=max_features
        )
        sizes.append(len(expected))
        for order in itertools.permutations(range(3)):
            for bits in itertools.product((0, 1), repeat=3):
                key = EtCKey(geometry, permutation=order, negatives=bits)
                rows = flat(implementation.encrypt(images, key))
                cases += 1
                if (
                    tree_distribution(rows[:5], labels, rows[5:], max_features=max_features)
                    != expected
                ):
                    detail = f"another distribution for order {order}, negatives {bits}"
                    return Observation(False, detail, (Exhibit("training, queries", flat(images)),))
    detail = f"{cases} distributions of two queries' answers equal, on {max(sizes)} outcomes"
    return Observation(True, detail)


def check_distribution_of_forests_on_digits(implementation: Implementation) -> Observation:
    """Test whether scikit-learn's trees have one distribution where no query is on a threshold."""
    from etcprops.auditing.equivalence import excluded_mixture
    from etcprops.auditing.two_sample import permutation_p_value

    (plain, _), (encrypted, on_thresholds) = _decisions(implementation, TREES)
    p = permutation_p_value(plain, encrypted, permutations=PERMUTATIONS)
    share = excluded_mixture(plain, encrypted, on_thresholds)
    detail = (
        f"{TREES} trees each, {QUERIES} queries: p = {p:.3f} at level {LEVEL}; equivalence test of "
        f"size 0.1: excluded are {share:.0%} of trees answering where queries lie on thresholds, "
        f"margin {MARGIN:.0%}"
    )
    # Not rejected, and too blind to have been: neither one nor the other is shown.
    agrees = False if p <= LEVEL else share <= MARGIN or None
    return Observation(agrees, detail, otherwise=Finding.UNKNOWN)


def check_distribution_of_forests_with_queries_on_thresholds(
    implementation: Implementation,
) -> Observation:
    """Test the same where grey pixels of queries lie half-way between black and white training."""
    from etcprops.auditing.two_sample import permutation_p_value

    (_, plain), (_, encrypted) = _decisions(implementation, TREES_APART)
    p = permutation_p_value(plain, encrypted, permutations=PERMUTATIONS)
    return Observation(p > LEVEL, f"{TREES_APART} trees each: p = {p:.3f} at level {LEVEL}")


def _decisions(implementation: Implementation, trees: int) -> list[list[NDArray[np.int64]]]:
    """Return the decisions of trees of scikit-learn's forest on plain and on encrypted digits.

    Training images have levels 0 and 4, so a feature has one threshold, 2, and no ties with itself;
    queries have level 1 as well, or else 2. Seeds differ: the samples are independent.
    """
    from sklearn.ensemble import RandomForestClassifier

    digits = load_digits_images(block=2)
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    thirds = np.digitize(digits.images[: TRAINING + QUERIES], [80, 170])
    training = np.where(thirds[:TRAINING] > 0, 4, 0)
    queries = [np.array([0, middle, 4])[thirds[TRAINING:]] for middle in (1, 2)]
    images = np.concatenate([training, *queries]).astype(np.uint8)
    samples = []
    for seed, pictures in enumerate((images, implementation.encrypt(images, key))):
        vectors = flat(pictures).astype(np.float32)
        forest = RandomForestClassifier(n_estimators=trees, random_state=seed)
        forest.fit(vectors[:TRAINING], digits.labels[:TRAINING])
        answers = [tree.predict(vectors[TRAINING:]) for tree in forest.estimators_]
        samples.append(np.split(np.array(answers, dtype=np.int64), 2, axis=1))
    return samples


def check_ties_to_the_lowest_threshold(implementation: Implementation) -> Observation:
    """Search for the smallest stump of scikit-learn that has two best thresholds."""
    from sklearn.tree import DecisionTreeClassifier

    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for count in (3, 4):
        images = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1)
        encrypted = implementation.encrypt(images, key)
        for labels in itertools.product((0, 1), repeat=count):
            if len(set(labels)) < 2:
                continue
            answers = []
            for vectors in (flat(images), flat(encrypted)):
                # One feature: no seed matters, the distribution is a single tree.
                stump = DecisionTreeClassifier(max_depth=1, random_state=0).fit(vectors, labels)
                answers.append(stump.predict_proba(vectors)[:, 1].tolist())
            if answers[0] != answers[1]:
                index = next(i for i, (a, b) in enumerate(zip(*answers, strict=True)) if a != b)
                shares = [f"{answer[index]:.2f}" for answer in answers]
                detail = (
                    f"one pixel, training 0 to {count - 1} with classes {list(labels)}, one split: "
                    f"level {index} is of class 1 with {shares[0]} plain, {shares[1]} encrypted"
                )
                return Observation(False, detail, (Exhibit("training", images.reshape(1, -1)),))
    return Observation(True, "stumps on one pixel with up to 4 levels")


def check_features_drawn_by_number(implementation: Implementation) -> Observation:
    """Compute the answers of trees that look at the features of lowest number first, two pixels."""
    from etcprops.theory.forests import Rules, tree_distribution

    key = EtCKey(BlockGeometry(1, 2, block=1), permutation=[1, 0])
    rules = Rules(draw="first")
    for levels in itertools.product((0, 2), repeat=6):
        images = np.array(levels, dtype=np.uint8).reshape(3, 1, 2)
        distributions = [
            tree_distribution(rows[:2], [0, 1], rows[2:], depth=1, rules=rules)
            for rows in (flat(images), flat(implementation.encrypt(images, key)))
        ]
        if distributions[0] != distributions[1]:
            shown = [
                [[str(p) for p in outcome[0]] for outcome in distribution]
                for distribution in distributions
            ]
            detail = (
                f"training {images[0].ravel().tolist()} -> class 0, {images[1].ravel().tolist()} "
                f"-> class 1, query {images[2].ravel().tolist()}, pixels exchanged: probabilities "
                f"{shown[0]} plain, {shown[1]} encrypted"
            )
            return Observation(False, detail, (Exhibit("training, query", flat(images)),))
    return Observation(True, "two training images of two pixels, all queries, levels 0 and 2")


def check_forest_after_gram_pca(implementation: Implementation) -> Observation:
    """Train random forests with one seed on GramPCA scores of plain and of encrypted digits."""
    from etcprops.reductions import GramPCA

    return _with_remedy(implementation, GramPCA(12))


def check_forest_on_normal_form(implementation: Implementation) -> Observation:
    """Train random forests with one seed on the normal forms of plain and of encrypted digits."""
    from etcprops.reductions import CanonicalFeatures

    return _with_remedy(implementation, CanonicalFeatures())


def _with_remedy(implementation: Implementation, before: object) -> Observation:
    """Compare the probabilities that a forest gives after a transformer, bit for bit."""
    from sklearn.base import clone
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    digits = load_digits_images()
    key = EtCKey.from_secret(digits.geometry, implementation.secret)
    train, query = (half[::3] for half in digits.half_split(0))
    answers = []
    for images in (digits.images, implementation.encrypt(digits.images, key)):
        vectors = flat(images)
        forest = RandomForestClassifier(n_estimators=10, random_state=0)
        model = make_pipeline(clone(before), forest).fit(vectors[train], digits.labels[train])
        answers.append(model.predict_proba(vectors[query]))
    different = int(np.count_nonzero(answers[0] != answers[1]))
    detail = f"10 trees, the same seed: {different} of {answers[0].size} probabilities differ"
    return Observation(different == 0, detail)


def check_forest_after_gram_pca_of_pixels_in_floats(implementation: Implementation) -> Observation:
    """Divide three pixels by 255 before GramPCA, two for training and a query half-way between.

    Whether its score is zero or a little more or less hangs on how the quotients round.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline

    from etcprops.reductions import GramPCA

    key = EtCKey(BlockGeometry(1, 1, block=1), negatives=[1])
    for low, half in itertools.product(range(1, 8), range(1, 8)):
        levels = [low, low + 2 * half, low + half]
        images = np.array(levels, dtype=np.uint8).reshape(3, 1, 1)
        answers = []
        for vectors in (flat(images) / 255, flat(implementation.encrypt(images, key)) / 255):
            forest = RandomForestClassifier(1, bootstrap=False, random_state=0)
            model = make_pipeline(GramPCA(1), forest).fit(vectors[:2], [0, 1])
            answers.append(int(model.predict(vectors[2:])[0]))
        if answers[0] != answers[1]:
            detail = (
                f"one pixel over 255, training {levels[0]} -> class 0 and {levels[1]} -> class 1, "
                f"query {levels[2]}: class {answers[0]} plain, class {answers[1]} encrypted"
            )
            exhibit = Exhibit("training, training, query", images.reshape(1, -1))
            return Observation(False, detail, (exhibit,))
    return Observation(True, "49 pairs of training pixels, divided by 255, and the query between")


FOREST_CLAIMS = (
    Claim(
        "random-forest-in-distribution",
        "A random forest's decisions have the same distribution over its seeds.",
        "section 3.2, in a weaker form than stated there",
        Outcome.IN_DISTRIBUTION,
        paper=PaperSays.IMPLIED,
        scope=Scope.EXACT,
        hypotheses=(DRAWN_ALIKE, TIES_ALIKE, OFF_THRESHOLD),
        checks=(
            Check(check_distribution_of_small_trees, EvidenceKind.EXACT, sense=Sense.DISTRIBUTION),
            Check(
                check_distribution_of_forests_on_digits,
                EvidenceKind.END_TO_END,
                sense=Sense.DISTRIBUTION,
            ),
            Check(check_forest_on_digits, EvidenceKind.REFUTATION),
            Check(
                check_features_drawn_by_number,
                EvidenceKind.REFUTATION,
                without=DRAWN_ALIKE,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_ties_to_the_lowest_threshold,
                EvidenceKind.REFUTATION,
                without=TIES_ALIKE,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_stump_on_one_pixel,
                EvidenceKind.REFUTATION,
                without=OFF_THRESHOLD,
                sense=Sense.DISTRIBUTION,
            ),
            Check(
                check_distribution_of_forests_with_queries_on_thresholds,
                EvidenceKind.REFUTATION,
                without=OFF_THRESHOLD,
                sense=Sense.DISTRIBUTION,
            ),
        ),
        note="Proved for all sizes in proofs/coq/Forest.v. scikit-learn draws features alike and "
        "breaks ties between features by the order of the draw, but of equal thresholds of one "
        "feature it takes the lowest, and sends a query on a threshold to the low side.",
        references=(BREIMAN_2001,),
    ),
    Claim(
        "forest-with-remedy",
        "A random forest with a fixed seed decides exactly the same after GramPCA, or on the "
        "normal form of the features (CanonicalFeatures), bit for bit.",
        "not there: a form in which what section 3.2 says of random forests is true",
        Outcome.HOLDS_IF,
        paper=PaperSays.SILENT,
        scope=Scope.BITS_ALIKE,
        hypotheses=(INTEGERS, ONE_ORDER),
        checks=(
            Check(check_forest_after_gram_pca, EvidenceKind.END_TO_END),
            Check(check_forest_on_normal_form, EvidenceKind.END_TO_END),
            Check(
                check_forest_after_gram_pca_of_pixels_in_floats,
                EvidenceKind.REFUTATION,
                without=INTEGERS,
            ),
            Check(check_votes_in_another_order, EvidenceKind.REFUTATION, without=ONE_ORDER),
        ),
        note="The cloud can do either without a key; CanonicalFeatures refuses floats. Training "
        "images must come in the same order.",
        references=(BREIMAN_2001, SCHOELKOPF_1998),
    ),
)
