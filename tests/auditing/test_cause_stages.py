"""Features that a search for the cause takes after some of a pipeline's transformers."""

# ruff: noqa: SLF001  # parts of the search, each alone

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scripted import IMAGES, KEY, MUCH, ROWS
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from etcprops.auditing.causes import Search, _after
from etcprops.auditing.harness import Candidate, Harness

TARGETS = np.arange(10) % 3
TRAINING = np.arange(6)


class Targeted(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Add the mean of the targets, 100 where there are none."""

    def fit(self, X: Any, y: Any = None) -> Targeted:  # noqa: ARG002
        self.mean_ = 100.0 if y is None else float(np.mean(y))
        return self

    def transform(self, X: NDArray[Any]) -> NDArray[Any]:
        return X + self.mean_


def failing(_rows: Any) -> Any:
    raise ValueError("of nothing")


def first_half(rows: NDArray[Any]) -> NDArray[Any]:
    return rows[:, :8]


def real(**changed: Any) -> Harness:
    halves = [(TRAINING, np.arange(6, 10))]
    return replace(Harness(IMAGES, TARGETS, halves, KEY, 0, 1e-6), **changed)


def search_of(harness: Harness, *transformers: Any) -> Search:
    return Search(harness, Candidate(transformers, "the model"), MUCH, 1e6, thorough=False)


SQUARE, HALF, FAILING = (FunctionTransformer(f) for f in (np.square, first_half, failing))


def test_features_are_those_of_transformers_fitted_on_training_images() -> None:
    def after(*transformers: Any, **changed: Any) -> Any:
        return search_of(real(**changed))._features_after(transformers)

    np.testing.assert_array_equal(after(), ROWS)
    scaler = StandardScaler().fit(ROWS[TRAINING] ** 2)
    np.testing.assert_array_equal(after(SQUARE, StandardScaler()), scaler.transform(ROWS**2))
    scaler = MinMaxScaler().fit(scaler.transform(ROWS[TRAINING] ** 2))
    squared = StandardScaler().fit(ROWS[TRAINING] ** 2).transform(ROWS**2)
    found = after(SQUARE, StandardScaler(), MinMaxScaler())
    np.testing.assert_array_equal(found, scaler.transform(squared))
    np.testing.assert_array_equal(after(Targeted()), ROWS + TARGETS[TRAINING].mean())
    np.testing.assert_array_equal(after(Targeted(), targets=None), ROWS + 100)
    assert after(FAILING) is None
    assert search_of(real(), FAILING)._gamma() is None


@pytest.mark.parametrize(
    ("transformers", "counts"),
    [
        ((), [0]),
        ((HALF, SQUARE), [0]),
        ((FAILING, SQUARE), [0]),
        ((SQUARE, HALF), [1]),
        ((SQUARE, FAILING), [1]),
        ((SQUARE, StandardScaler(), HALF, SQUARE), [1, 2]),
        ((SQUARE, StandardScaler()), [1, 2]),
    ],
)
def test_stages_are_those_with_a_feature_a_pixel(
    transformers: tuple[Any, ...], counts: list[int]
) -> None:
    search = search_of(real(), *transformers)
    stages = list(search._stages())
    assert [len(before) for _, before, _ in stages] == counts
    for features, before, rest in stages:
        assert before + rest.preprocessing == transformers
        assert rest.estimator == "the model"
        np.testing.assert_array_equal(features, search._features_after(before))


def test_transformers_are_named_unless_they_are_all_there_is() -> None:
    scalers = StandardScaler(), MinMaxScaler()
    assert _after((), Candidate(scalers, None)) == ""
    assert _after(scalers[:1], Candidate(scalers[:1], None)) == ""
    assert _after(scalers[:1], Candidate(scalers, None)) == " after StandardScaler"
    assert _after(scalers, Candidate(scalers, None)) == " after StandardScaler and MinMaxScaler"


def test_where_nothing_could_be_compared_no_other_stage_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = search_of(real(), SQUARE)
    stages = [(ROWS, (), Candidate((), name)) for name in ("first", "second")]
    fed: list[Any] = []

    def feed(_search: Any, _rows: Any, model: Candidate, _where: str) -> dict[str, bool]:
        fed.append(model.estimator)
        return {}

    monkeypatch.setattr(Search, "_stages", lambda _: iter(stages))
    monkeypatch.setattr(Search, "_feed", feed)
    assert search._features() == ({}, ())
    assert fed == ["first"]
