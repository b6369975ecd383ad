"""Remedies: what goes before a random forest so that it decides the same, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import flat
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from etcprops import EtCKey, InvalidParameterError, SignedPermutation, encrypt
from etcprops.datasets import load_digits_images
from etcprops.reductions import CanonicalFeatures, GramPCA, canonical
from etcprops.strategies import signed_permutations

DIGITS = load_digits_images()


@given(signed_permutations(st.integers(1, 12)), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_normal_form_is_that_of_every_signed_permutation(
    flip: SignedPermutation, seed: int, levels: int
) -> None:
    # Few levels and rows: columns that are equal, opposite, or constant abound.
    rng = np.random.default_rng(seed)
    plain = rng.integers(0, levels, (7, len(flip)), dtype=np.uint8)
    permuted = flip.apply(plain)
    before, after = (CanonicalFeatures().fit(X[:3]).transform(X) for X in (plain, permuted))
    assert np.array_equal(before, after)


def test_normal_form_loses_nothing_but_order_and_sign() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(-500, 500, (20, 9))
    X[:, 3] = X[:, 5]
    form = CanonicalFeatures().fit(X)
    back = form.transform(X) * form.sign_ + form.offset_
    assert np.array_equal(back, X[:, form.order_])
    assert len(set(form.group_.tolist())) == 8


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "before", [GramPCA(12), CanonicalFeatures()], ids=["gram-pca", "canonical-features"]
)
@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(n_estimators=8, random_state=0),
        ExtraTreesClassifier(n_estimators=8, random_state=0),
        DecisionTreeRegressor(random_state=0),
    ],
    ids=["forest", "extra-trees", "tree"],
)
def test_trees_decide_the_same_to_the_last_bit(before: Any, estimator: Any) -> None:
    train, query = DIGITS.half_split(0)
    train, query = train[::4], query[::4]
    answers, unwith_remedy = [], []
    for images in (DIGITS.images, encrypt(DIGITS.images, EtCKey.from_secret(DIGITS.geometry, "t"))):
        vectors = flat(images)
        model = make_pipeline(clone(before), clone(estimator))
        model.fit(vectors[train], DIGITS.labels[train])
        method = getattr(model, "predict_proba", model.predict)
        answers.append(method(vectors[query]))
        alone = clone(estimator).fit(vectors[train], DIGITS.labels[train])
        unwith_remedy.append(alone.predict(vectors[query]))
    assert np.array_equal(*answers)
    assert not np.array_equal(*unwith_remedy)


def test_an_estimator_with_no_invariance_at_all() -> None:
    vectors = [flat(DIGITS.images)]
    vectors.append(flat(encrypt(DIGITS.images, EtCKey.from_secret(DIGITS.geometry, "nb"))))
    with_remedy, alone = [], []
    for X in vectors:
        model = make_pipeline(CanonicalFeatures(), MultinomialNB())
        with_remedy.append(model.fit(X[:900], DIGITS.labels[:900]).predict_proba(X[900:]))
        alone.append(MultinomialNB().fit(X[:900], DIGITS.labels[:900]).predict_proba(X[900:]))
    assert np.array_equal(*with_remedy)
    assert not np.array_equal(*alone)


def test_fractions_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="parameter of CanonicalFeatures must be an"):
        CanonicalFeatures().fit([[0.5, 1.0]])


def test_features_are_numbered_by_their_training_values() -> None:
    #             constant, falling, rising, rising alike, falling by one, rising by one
    X = np.array([[7, 9, 0, 3, 5, 0], [7, 2, 7, 10, 4, 1], [7, 5, 4, 7, 5, 0]])
    form = CanonicalFeatures().fit(X)
    assert form.order_.tolist() == [0, 4, 5, 1, 2, 3]
    assert form.sign_.tolist() == [1, -1, 1, -1, 1, 1]
    assert form.offset_.tolist() == [7, 5, 0, 9, 0, 3]
    assert form.group_.tolist() == [0, 1, 1, 2, 2, 2]
    assert form.transform([[4, *X[1, 1:]]]).tolist() == [[3, 1, 1, 7, 7, 7]]


def test_of_one_image_all_features_are_constant() -> None:
    form = CanonicalFeatures().fit([[4, 9, 4]])
    assert form.transform([[5, 7, 1]]).tolist() == [[1, 2, 3]]


def test_normal_forms_have_the_features_they_were_fitted_with() -> None:
    form = CanonicalFeatures().fit(np.arange(6).reshape(2, 3))
    with pytest.raises(ValueError, match="is expecting 3 features"):
        form.transform(np.zeros((2, 4), dtype=int))
    assert form.n_features_in_ == 3
    assert form.fit(np.arange(8).reshape(2, 4)).n_features_in_ == 4


@pytest.mark.parametrize("columns", [1, 2, 5])
def test_how_many_features_at_once_does_not_show(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = np.random.default_rng(0).integers(0, 3, (4, 11))
    whole = CanonicalFeatures().fit(X)
    monkeypatch.setattr(canonical, "_COLUMNS", columns)
    parts = CanonicalFeatures().fit(X)
    for name in ("order_", "offset_", "sign_", "group_"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
