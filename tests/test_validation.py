"""Errors at the door: what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from etcprops import InvalidParameterError
from etcprops._validation import as_choice, nearest_name
from etcprops.auditing.atlas.grid import atlas
from etcprops.auditing.preprocessing import make_preprocessing

NAMES = ["SVC", "KNeighborsClassifier", "z-score", "standard-scaler"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("svc", "SVC"),
        ("zscore", "z-score"),
        ("StandardScaler", "standard-scaler"),
        ("KNeighbors", "KNeighborsClassifier"),
        ("KNeigborsClassifier", "KNeighborsClassifier"),
    ],
)
def test_a_near_name_is_suggested(typed: str, meant: str) -> None:
    assert nearest_name(typed, NAMES) == f" Did you mean {meant!r}?"
    with pytest.raises(InvalidParameterError, match=re.escape(f"(str). Did you mean {meant!r}?")):
        as_choice(typed, NAMES, "name", "a test")


@pytest.mark.parametrize("typed", ["", "s", "photograph", None, 3, ["SVC"]])
def test_nothing_is_suggested_where_nothing_is_near(typed: Any) -> None:
    assert not nearest_name(typed, NAMES)


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: make_preprocessing("zscore", "a test"), "z-score"),
        (lambda: atlas(["RandomForestClasifier"]), "RandomForestClassifier"),
        (lambda: atlas(["SVC"], preprocessings=["mid-gray"]), "mid-grey"),
    ],
    ids=["preprocessing", "estimators", "preprocessings"],
)
def test_names_of_tables_are_suggested(call: Callable[[], Any], meant: str) -> None:
    with pytest.raises(InvalidParameterError, match=re.escape(f"Did you mean {meant!r}?")):
        call()
