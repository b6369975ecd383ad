"""Parts of an audit on their own: what is asked for, told, tried and left as it is."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from scripted import IMAGES, KEY
from sklearn.base import BaseEstimator
from sklearn.cluster import SpectralBiclustering
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.multiclass import _ovr_decision_function

from etcprops import (
    EtCKey,
    ExactStandardScaler,
    InvalidParameterError,
    PixelStatistics,
    standard_scaler_error_bound,
)
from etcprops.auditing import (
    AuditOutcome,
    auditor,
    certificates,
    comparison,
    conditions,
    equivalence,
    page,
    predictions,
    remedies,
)
from etcprops.auditing.atlas.cells import AtlasCell
from etcprops.auditing.atlas.grid import Atlas
from etcprops.auditing.atlas.rows import AtlasRow
from etcprops.auditing.estimators import classifiers, transformers, unsupervised
from etcprops.auditing.harness import Candidate, Harness, _joined, is_supervised
from etcprops.auditing.preprocessing import per_image
from etcprops.auditing.two_sample import permutation_p_value
from etcprops.auditing.verdict import AuditWitness, Verdict

STEPS = StandardScaler(), MinMaxScaler()


def test_steps_before_the_last_are_told_from_the_last() -> None:
    svm = SVC()
    assert certificates._apart(make_pipeline(*STEPS, svm)) == ([*STEPS], svm)
    assert certificates._apart(svm) == ([], svm)
    assert predictions.is_bicluster(make_pipeline(*STEPS, SpectralBiclustering()))
    assert not predictions.is_bicluster(make_pipeline(SpectralBiclustering(), *STEPS))


def test_what_is_no_estimator_is_refused_by_what_it_lacks() -> None:
    with pytest.raises(InvalidParameterError, match=r"SVC\(\), which does not transform, before"):
        predictions.check_estimator(make_pipeline(StandardScaler(), SVC(), PCA()), "audit")
    for half in (SimpleNamespace(fit=len), SimpleNamespace(get_params=len)):
        with pytest.raises(InvalidParameterError, match=r"scores\. Got namespace"):
            predictions.check_estimator(half, "audit")


class Raising(SVC):  # type: ignore[misc]
    """Say much when it is fitted."""

    def fit(self, *_: Any) -> Any:
        raise ValueError("x" * 250)


def test_errors_of_models_are_told_up_to_a_length() -> None:
    rows = np.eye(2)
    with pytest.raises(predictions.ModelError) as error:
        predictions.fit_and_predict(Raising(), rows, np.array([0, 1]), rows)
    assert str(error.value).count("x") == 200


def test_seeds_of_models_within_are_told_and_looked_into() -> None:
    nested = BaggingClassifier(DecisionTreeClassifier(max_features="sqrt", random_state=3))
    assert Candidate(STEPS, nested).fixed_seeds() == "estimator__random_state=3"
    names = [change.name for change in remedies.all_features(Candidate((), nested))]
    assert names == ["estimator__max_features=None"]
    nested = BaggingClassifier(LogisticRegression(tol=1e-8, max_iter=7))
    names = [change.name for change in remedies.tighter(Candidate((), nested))]
    assert names == ["estimator__max_iter=20000, estimator__tol=1e-10"]
    none = LogisticRegression(tol=1e-8, max_iter=0)
    assert [c.name for c in remedies.tighter(Candidate((), none))] == ["tol=1e-10"]
    assert Candidate((), RandomForestClassifier()).fixed_seeds() == ""
    assert [c.name for c in remedies.tighter(Candidate((), Ridge(tol=1e-8)))] == ["tol=1e-10"]


def test_images_of_one_level_but_little_are_divided_by_their_deviation() -> None:
    assert per_image(np.array([[0.0, 1.0], [3.0, 3.0]])).tolist() == [[-1.0, 1.0], [0.0, 0.0]]


def test_two_images_tell_whether_other_keys_matter() -> None:
    seen: list[int] = []

    def encrypt(images: Any, _key: EtCKey) -> Any:
        seen.append(len(images))
        return images

    harness: Any = SimpleNamespace(encrypt=encrypt, key=KEY, images=IMAGES)
    assert conditions._ignores_its_key(harness)
    assert set(seen) == {2}


def test_models_of_the_table_are_small() -> None:
    coder = transformers._dictionary(64)
    atoms = np.random.default_rng(0).standard_normal((10, 64))
    assert np.array_equal(coder.dictionary, atoms)
    assert coder.transform_n_nonzero_coefs == 3
    ((_, _, columns),) = transformers._first_columns(64).transformers
    assert columns == slice(0, 12)
    assert classifiers._lda().shrinkage == 0.1
    assert transformers._union(64).transformer_list[0][1].n_components == 5
    assert unsupervised._biclusters("SpectralBiclustering")(64)[-1].n_clusters == 3


def test_pictures_of_a_witness_come_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    image = IMAGES[0]
    witness = AuditWitness(
        query=3, training=(0, 1), image=image, encrypted=255 - image, plain_answer="1",
        encrypted_answer="2", margin=0.5,
    )  # fmt: skip
    verdict = Verdict("SVC()", AuditOutcome.DIFFERENT, witness=witness)
    asked: list[Any] = []

    def gallery(pictures: list[tuple[str, str]], *, pairs: bool) -> str:
        asked.append(pairs)
        assert len(pictures) % 2 == 0
        assert pictures[0][0].startswith("Image 3, plain: 1")
        return ""

    monkeypatch.setattr(page, "gallery", gallery)
    assert page.fragment(verdict).startswith("<pre>")
    assert asked == [True]


# --- What is compared


def test_noise_is_not_the_name_of_a_cluster() -> None:
    renamed = comparison._renamed(np.array([-1, -1, 0]), np.array([1, 1, 0]))
    assert (renamed >= 0).all()
    assert renamed[0] == renamed[1] != renamed[2]


def test_clusters_keep_their_names_beside_noise() -> None:
    for before, after, renamed in (
        ([1, 1, 1], [-1, -1, 5], [-1, -1, 1]),
        ([0, 0, 1], [-1, -1, 1], [-1, -1, 1]),
        ([-1, -1, 1], [-1, -1, 7], [-1, -1, 1]),
    ):
        found = comparison._renamed(np.array(before), np.array(after))
        assert found.tolist() == renamed


def test_two_columns_may_be_turned() -> None:
    rows = np.random.default_rng(0).standard_normal((6, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])

    def said(values: Any) -> predictions.Predictions:
        return predictions.Predictions("transformer", None, values, False, 0.0, (), None)

    found = comparison.compare(said(rows), said(rows @ turn), tolerance=1e-6)
    assert found.relation == "up to a rotation: the same distances"
    off = rows @ turn
    off[0, 0] += 1e-9
    assert 0 < comparison.compare(said(rows), said(off), tolerance=1e-6).largest_difference < 1e-6


def test_constant_values_are_measured_by_their_magnitude() -> None:
    for values, spread in (([0.5, 0.5], 0.5), ([1.0, 3.0, np.inf], 2.0), ([0.0], 1.0), ([], 1.0)):
        assert comparison._spread(np.array(values)) == spread


def test_distances_far_from_zero_are_as_exact() -> None:
    rows = np.array([[0.0, 3.0], [4.0, 0.0]])
    found = comparison.row_distances(rows + 2.0**40)
    assert found.tolist() == [[0.0, 5.0], [5.0, 0.0]]


def harness(**options: Any) -> Harness:
    folds = [(np.arange(6), np.arange(6, 10))]
    return Harness(IMAGES, np.arange(10) % 2, folds, KEY, 0, 1e-6, **options)


def test_models_that_fail_on_encrypted_images_differ_everywhere() -> None:
    class Choosy(SVC):  # type: ignore[misc]
        def fit(self, X: Any, y: Any) -> Any:
            if not np.array_equal(X, IMAGES[:6].reshape(6, -1)):
                raise ValueError("not these")
            return super().fit(X, y)

    place = harness()
    found = place.compare_rows(Candidate((), Choosy()), place.encrypted_vectors(KEY))
    assert (found.n_queries, found.n_different, found.bitwise) == (4, 4, False)
    assert np.isnan(found.largest_difference)
    assert found.spread == 0
    assert found.failure.endswith("not these")


def test_errors_of_scalers_are_those_of_the_training_images() -> None:
    place = harness()
    found = certificates._feature_error(place, [StandardScaler()])
    stated = standard_scaler_error_bound(PixelStatistics(IMAGES[:6].reshape(6, -1)))
    assert np.array_equal(found, stated)


def test_answers_of_folds_that_do_not_fit_are_not_joined() -> None:
    def part(values: Any) -> predictions.Predictions:
        return predictions.Predictions("classifier", np.array([0, 1]), values, False, 0.0, (), None)

    two, three = np.zeros((2, 2)), np.zeros((2, 3))
    for first, second, joined in ((two, two, True), (two, three, False), (two, None, False)):
        found = _joined([part(first), part(second)])
        assert (found.values is not None) is joined


def test_transformers_that_choose_by_labels_need_them() -> None:
    assert is_supervised(NeighborhoodComponentsAnalysis())
    assert not is_supervised(PCA())
    assert is_supervised(SVC())


class Embedding(BaseEstimator):  # type: ignore[misc]
    """Give training images places, and no others; draw from the global state."""

    def fit_transform(self, X: Any, y: Any = None) -> Any:  # noqa: ARG002
        return np.random.random((len(X), 2))  # noqa: NPY002  # as models without random_state do

    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: ARG002
        return self


def test_places_are_those_of_training_images_and_of_the_seed() -> None:
    rows = np.eye(3)
    found = predictions.fit_and_predict(Embedding(), rows, None, rows)
    assert found.of_training
    again = predictions.fit_and_predict(Embedding(), rows, None, rows, seed=0)
    assert found.values is not None
    assert again.values is not None
    assert np.array_equal(found.values, again.values)
    other = predictions.fit_and_predict(Embedding(), rows, None, rows, seed=1)
    assert other.values is not None
    assert not np.array_equal(found.values, other.values)


def test_values_of_several_outputs_are_columns() -> None:
    parts = [np.array([[0.25, 0.75]]), np.array([[0.5, 0.5]])]
    model = SimpleNamespace(predict_proba=lambda _: parts)
    found = predictions._decision_values(model, np.eye(1))
    assert found is not None
    assert found.tolist() == [[0.25, 0.75, 0.5, 0.5]]


def test_decisions_of_two_classes_that_break_ties_are_certified() -> None:
    place = harness()
    model = SVC(kernel="linear", break_ties=True)
    candidate = Candidate((ExactStandardScaler(),), model)
    plain = place.plain_predictions(candidate)
    encrypted = place.fit_and_predict(candidate, place.encrypted_vectors(KEY), seed=0)
    assert certificates.certified_decisions(place, plain, encrypted) is not None


def test_verdicts_against_theory_alone_are_bold() -> None:
    rows = [
        AtlasRow(cell=AtlasCell("SVC"), predicted=predicted, outcome=AuditOutcome.DIFFERENT,
                 values_agree=False)
        for predicted in (AuditOutcome.DIFFERENT, AuditOutcome.IDENTICAL_DECISIONS)
    ]  # fmt: skip
    agreeing, against = (page.atlas_fragment(Atlas([row], {})) for row in rows)
    assert "<strong>" in against
    assert "<strong>" not in agreeing


def test_values_are_dense() -> None:
    dense = predictions._as_values(csr_array([[0.0, 2.0]]))
    assert dense.tolist() == [[0.0, 2.0]]


def test_votes_of_pairs_are_those_of_scikit_learn() -> None:
    model = SVC(decision_function_shape="ovr")
    model.classes_ = np.arange(3)
    pairs = np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 0.0]])
    found = predictions._of_pairs(model, pairs)
    assert np.array_equal(found, _ovr_decision_function(pairs < 0, -pairs, 3))
    assert found[0].argmax() == 0  # a tie is a vote for the first of two


def test_a_search_says_how_long_it_may_take() -> None:
    stages: list[str] = []
    model = SVC()  # raw pixels: gamma="scale" is another number

    def watch(_done: Any, _total: Any, stage: str) -> None:
        stages.append(stage)

    auditor.audit(
        model, IMAGES, np.arange(10) % 2, KEY, runs=0, protection=False, thorough=False,
        progress=watch,
    )  # fmt: skip
    searched = [stage for stage in stages if "at most" in stage]
    assert all("at most 60 s" in stage for stage in searched)
    assert searched


# --- Tests of distributions


def test_where_no_seed_is_given_it_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 3, (2, 6, 10))
    found = permutation_p_value(first, second)
    assert found == permutation_p_value(first, second, seed=0)
    assert len({permutation_p_value(first, second, seed=seed) for seed in range(5)}) > 1
    seeds: list[int] = []
    mixtures = equivalence.mixtures

    def noting(*arguments: Any, seed: int, **options: Any) -> Any:
        seeds.append(seed)
        return mixtures(*arguments, seed=seed, **options)

    monkeypatch.setattr(equivalence, "mixtures", noting)
    equivalence.excluded_mixture(first, second, first[:2])
    assert seeds == [0]


def test_of_two_queries_runs_may_have_each_others_rows() -> None:
    runs = np.array([[[0.0], [9.0]]]) + np.random.default_rng(0).random((60, 2, 1))
    of_runs = equivalence.excluded_of_values(runs, seed=0)[1]
    assert of_runs.enough
