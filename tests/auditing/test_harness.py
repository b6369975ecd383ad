"""What `audit` is given and where it tries models: folds, targets, candidates, witnesses, time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, encrypt
from etcprops.auditing.causes import Search
from etcprops.auditing.harness import Candidate, Harness, Watch, is_supervised
from etcprops.auditing.inputs import as_folds, as_images, as_targets
from etcprops.auditing.predictions import Predictions
from etcprops.auditing.verdict import Comparison
from etcprops.auditing.witness import FEW, _show, _subsets

GEOMETRY = BlockGeometry(4, 4, block=2)
KEY = EtCKey.from_secret(GEOMETRY, "tests of the harness")
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 4, 4)).astype(np.uint8)
LABELS = np.arange(10) % 2


def folds(targets: Any, count: int, cv: Any = None, **options: Any) -> Any:
    return as_folds(targets, count, cv, **({"seed": 0, "by_class": True} | options))


def harness(**changed: Any) -> Harness:
    halves = [(np.arange(6), np.arange(6, 10))]
    return replace(Harness(IMAGES, LABELS, halves, KEY, 0, 1e-6), **changed)


# --- Folds


def test_half_of_each_class_is_for_training_and_the_rest_is_asked() -> None:
    labels = np.array([0] * 4 + [1] * 5 + [2])
    ((training, queries),) = folds(labels, 10)
    assert np.bincount(labels[training]).tolist() == [2, 2, 1]  # the only one is trained with
    assert np.bincount(labels[queries]).tolist() == [2, 3]
    assert sorted([*training, *queries]) == list(range(10))
    assert all((np.diff(part) > 0).all() for part in (training, queries))
    again, other = (folds(labels, 10, seed=seed)[0][0] for seed in (0, 1))
    assert training.tolist() == again.tolist() != other.tolist()


def test_halves_do_not_mind_what_is_no_class() -> None:
    for targets, by_class in ((None, True), (np.arange(9.0), False), (None, False)):
        ((training, queries),) = folds(targets, 9, by_class=by_class)
        assert (len(training), len(queries)) == (4, 5)


def test_rows_of_several_outputs_are_classes() -> None:
    labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 2)
    ((training, queries),) = folds(labels, 8)
    for part in (training, queries):
        assert len(np.unique(labels[part], axis=0)) == 4


def test_folds_are_those_of_scikit_learn() -> None:
    found = folds(LABELS, 10, 5)
    assert [len(queries) for _, queries in found] == [2] * 5
    assert all(set(LABELS[queries]) == {0, 1} for _, queries in found)
    assert sorted(i for _, queries in found for i in queries) == list(range(10))
    assert folds(LABELS, 10, KFold(2))[0][1].tolist() == [0, 1, 2, 3, 4]
    assert folds(LABELS, 10, 2, by_class=False)[0][1].tolist() == [0, 1, 2, 3, 4]


BAD_FOLDS: dict[str, tuple[NDArray[Any], Any, str]] = {
    "classes of one": (np.arange(4), None, "have a class with two images or more"),
    "more folds than images": (LABELS, 99, "'cv' parameter of audit must be a number of folds"),
    "no splitter": (LABELS, "halves", "'cv' parameter of audit must be a number of folds"),
    "no folds": (LABELS, [], "give folds with images to train on and to ask"),
    "nothing to ask": (LABELS, [([0, 1], [])], "give folds with images to train on and to ask"),
    "nothing to train with": (LABELS, [([], [0])], "give folds with images to train on and to"),
    "an image that is not there": (LABELS, [([0], [10])], "'cv' parameter of audit must be a"),
}


@pytest.mark.parametrize(("labels", "cv", "message"), BAD_FOLDS.values(), ids=BAD_FOLDS)
def test_bad_folds(labels: NDArray[Any], cv: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        folds(labels, len(labels), cv)
    assert message in str(error.value)


# --- Images and targets


def test_four_different_images_are_enough() -> None:
    assert as_images(IMAGES[:4], KEY, "audit").shape == (4, 4, 4)
    almost = np.repeat(IMAGES[:1], 4, axis=0)
    almost[3, 3, 3] ^= 1
    assert as_images(almost, KEY, "audit") is not None


BAD_IMAGES = {
    "three": (IMAGES[:3], "be at least 4"),
    "equal": (np.repeat(IMAGES[:1], 4, axis=0), "be different images"),
    "sixteen bits": (IMAGES.astype(np.uint16), "be an array of uint8"),
    "of another size": (IMAGES[:, :2], "which have the shape (2, 4)"),
    "in colour": (IMAGES.reshape(5, 4, 4, 2), "be for the images"),
}


@pytest.mark.parametrize(("images", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_bad_images(images: NDArray[Any], message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        as_images(images, KEY, "audit")
    assert message in str(error.value)


def test_targets_are_as_many_as_images_and_of_two_classes() -> None:
    assert as_targets(KMeans(), None, 10, "audit") is None
    for model, labels in (
        (SVC(), [0, 1]),
        (SVC(), [[0, 0], [0, 1]]),
        (Ridge(), [7.0, 7.0]),
        (KMeans(), [7, 7]),
    ):
        assert np.array_equal(np.asarray(as_targets(model, labels, 2, "audit")), labels)


BAD_TARGETS: dict[str, tuple[Any, Any, str]] = {
    "none for a classifier": (SVC(), None, "be given for SVC"),
    "none for a regressor": (Ridge(), None, "be given for Ridge"),
    "one class": (SVC(), [7, 7], "be of at least two classes. Got 2 images of class 7"),
    "one class of several outputs": (SVC(), [[7, 1], [7, 1]], "be of at least two classes"),
    "too few": (Ridge(), [7.0], "be 2 labels, one an image"),
    "too many": (Ridge(), [7.0, 8.0, 9.0], "be 2 labels, one an image"),
    "cubes": (Ridge(), np.zeros((2, 1, 1)), "be 2 labels, one an image"),
}


@pytest.mark.parametrize(("model", "labels", "message"), BAD_TARGETS.values(), ids=BAD_TARGETS)
def test_bad_targets(model: Any, labels: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        as_targets(model, labels, 2, "audit")
    assert message in str(error.value)


# --- Candidates


def test_a_pipeline_is_taken_apart() -> None:
    pipeline = make_pipeline(StandardScaler(), "passthrough", None, SVC())
    found = Candidate.of(pipeline, MinMaxScaler())
    assert [type(step) for step in found.preprocessing] == [MinMaxScaler, StandardScaler]
    assert isinstance(found.estimator, SVC)
    assert Candidate.of(SVC(), None).preprocessing == ()
    assert isinstance(Candidate.of(SVC(), None).build(0), SVC)
    assert len(found.build(0).steps) == 3
    assert is_supervised(SVC())
    assert is_supervised(Ridge())
    assert not is_supervised(KMeans())


def test_seeds_that_are_fixed_are_told_and_opened() -> None:
    fixed = Candidate.of(RandomForestClassifier(random_state=5), None)
    assert fixed.fixed_seeds() == "random_state=5"
    assert fixed.build(3).random_state == 5
    assert fixed.with_open_seeds().build(3).random_state == 3
    assert fixed.with_open_seeds().fixed_seeds() == ""
    twice = Candidate((KMeans(random_state=1), KMeans(random_state=1)), SGDClassifier())
    assert twice.fixed_seeds() == "random_state=1"
    assert twice.build(0).steps[-1][1].random_state == 0
    assert Candidate.of(RandomForestClassifier(random_state=0), None).fixed_seeds() != ""


# --- The harness


def test_what_is_asked_again_is_not_computed_again() -> None:
    calls: list[EtCKey] = []
    told: list[tuple[int, str]] = []

    def counted(images: NDArray[np.uint8], key: EtCKey) -> NDArray[np.uint8]:
        calls.append(key)
        return encrypt(images, key)

    watch = Watch(lambda done, _, stage: told.append((done, stage)))
    where = harness(encrypt=counted, watch=watch)
    model, other = Candidate.of(SVC(), None), Candidate.of(SVC(C=2.0), None)
    alone = EtCKey(GEOMETRY, negatives=KEY.negatives)
    for key in (KEY, KEY, alone, alone, KEY):
        assert where.encrypted_vectors(key).shape == (10, 16)
    assert calls == [KEY, alone, KEY]
    first = where.plain_predictions(model)
    assert where.plain_predictions(model) is first
    assert where.plain_predictions(other) is not first
    assert [done for done, _ in told] == [0, 1]
    watch.enter("resting")
    assert told[-1] == (2, "resting")
    assert where.model_seconds > 0
    assert where.restricted(np.arange(4), np.arange(4, 6)).folds[0][1].tolist() == [4, 5]


def test_answers_of_folds_are_put_together() -> None:
    whole = harness(folds=[(np.arange(6), np.arange(6, 10)), (np.arange(4, 10), np.arange(4))])
    found = whole.plain_predictions(Candidate.of(SVC(), None))
    parts = [
        harness(folds=[fold]).plain_predictions(Candidate.of(SVC(), None)) for fold in whole.folds
    ]
    for name in ("decisions", "values", "pairs"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(getattr(found, name), joined)
    assert found.seconds > 0
    projected = whole.plain_predictions(Candidate.of(StandardScaler(), None))
    assert projected.decisions is None
    assert projected.values is not None
    assert projected.values.shape == (8, 16)


BROKEN = {
    "fewer images": lambda images, _key: images[:-1],
    "words": lambda images, _key: images.astype(str),
    "nothing": lambda images, _key: images[:, :0],
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_an_encryption_gives_as_many_images(broken: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'encrypt' parameter of audit must return 10"):
        harness(encrypt=broken).encrypted_vectors(KEY)


# --- Witnesses


def test_few_images_are_left_out_one_by_one_and_many_by_halves() -> None:
    few = np.arange(100, 100 + FEW)
    assert [sorted({*few} - {*part}) for part in _subsets(few, None, 0)] == [[i] for i in few]
    many = np.arange(100, 100 + FEW + 1)
    first, second, more = _subsets(many, None, 0)
    assert (len(first), len(second), len(more)) == (6, 7, 9)
    assert sorted([*first, *second]) == many.tolist()
    assert {*first} < {*more} < {*many}
    assert all((np.diff(part) > 0).all() for part in (first, second, more))
    assert [p.tolist() for p in _subsets(many, None, 0)] != [
        p.tolist() for p in _subsets(many, None, 1)
    ]


def test_a_model_learns_from_two_classes_or_without_any() -> None:
    labels = np.array([0, 0, 1])
    assert [part.tolist() for part in _subsets(np.arange(3), labels, 0)] == [[1, 2], [0, 2]]
    assert [part.tolist() for part in _subsets(np.arange(1), None, 0)] == []
    assert [part.tolist() for part in _subsets(np.arange(2), None, 0)] == [[1], [0]]


def test_answers_are_shown_by_their_first_numbers() -> None:
    assert _show(None, 0) == "?"
    assert _show(np.array([1, 2]), 2) == "?"
    assert _show(np.array([1, 2]), 1) == "2"
    assert _show(np.array(["a"]), 0) == "a"
    assert _show(np.array([1 / 3]), 0) == "0.333333"
    assert _show(np.arange(8.0).reshape(2, 4), 1) == "[4, 5, 6, 7]"
    assert _show(np.arange(10).reshape(2, 5), 0) == "[0, 1, 2, 3, ...]"


# --- The search for the cause


def search(difference: Comparison, **options: Any) -> Search:
    usual: dict[str, Any] = {"budget": 60.0, "thorough": True}
    return Search(harness(), Candidate.of(SVC(), None), difference, **(usual | options))


SMALL = {
    "the same but for rounding": (Comparison(100, 0, False, 1e-7, 1.0), True),
    "a tenth of both": (Comparison(100, 2, False, 0.05, 1.0), True),
    "more decisions": (Comparison(100, 3, False, 0.05, 1.0), False),
    "larger differences": (Comparison(100, 2, False, 0.0625, 1.0), False),
    "a failure": (Comparison(100, 0, False, 0.0, 1.0, failure="raises"), False),
    "in units of the spread": (Comparison(100, 1, False, 0.5, 10.0), True),
}


@pytest.mark.parametrize(("found", "small"), SMALL.values(), ids=SMALL)
def test_a_tenth_of_the_difference_is_next_to_nothing(found: Comparison, *, small: bool) -> None:
    assert search(Comparison(100, 20, False, 0.5, 1.0))._small(found) is small  # noqa: SLF001


def test_no_experiment_is_begun_that_would_end_too_late() -> None:
    for budget, over in ((1e6, False), (15.0, True), (0.0, True)):
        begun = search(Comparison(4, 1, False, 0.5, 1.0), budget=budget)
        begun._cost = 10.0  # noqa: SLF001
        assert begun._over() is over  # noqa: SLF001
        assert begun.cut_short is over
    begun = search(Comparison(4, 1, False, 0.5, 1.0), budget=25.0)
    begun._cost = 10.0  # noqa: SLF001
    assert not begun._over()  # noqa: SLF001
    assert begun._over(3)  # noqa: SLF001
    assert not begun._over()  # noqa: SLF001
    assert begun.cut_short  # once is enough


def test_gamma_of_the_search_is_that_of_the_training_images() -> None:
    difference = Comparison(4, 1, False, 0.5, 1.0)
    rows = IMAGES.reshape(10, -1).astype(float)
    found = search(difference)._gamma()  # noqa: SLF001
    assert found == pytest.approx(1 / (16 * rows[:6].var()), rel=1e-12)
    flat = replace(search(difference), harness=harness(images=np.full_like(IMAGES, 7)))
    assert flat._gamma() == 1.0  # noqa: SLF001


def test_answers_on_constant_images_have_nothing_to_differ_by() -> None:
    def said(decisions: Any, values: Any = None) -> Predictions:
        return Predictions("classifier", decisions, values, False, 0.0, (), None)

    one, two = np.array([1, 1]), np.array([1, 2])
    column, other = np.array([[3.0], [3.0]]), np.array([[3.0], [4.0]])
    assert (said(one).degenerate, said(one).empty) == (True, True)
    assert (said(two).degenerate, said(two).empty) == (False, False)
    assert (said(one, column).degenerate, said(one, column).empty) == (True, True)
    assert (said(one, other).degenerate, said(one, other).empty) == (True, False)
    assert (said(None, other).degenerate, said(None, column).empty) == (False, True)
