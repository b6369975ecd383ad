"""Rounding that is made to happen, so that no test waits for a machine that rounds its way.

Libraries add in an order that depends on the machine. A sum in another order is the exact sum of
numbers that are moved by a few units in the last place; so another machine, or another order of the
features, is played here by moving features, or what one function of a library returns, so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.preprocessing import FunctionTransformer

from etcprops.auditing.comparison import compare
from etcprops.auditing.harness import Candidate, Harness
from etcprops.auditing.verdict import Comparison

DRAWS = 32


def units(values: NDArray[Any], count: Any) -> NDArray[np.float64]:
    """Return numbers that are moved by so many units in their last place."""
    return np.asarray(values + count * np.spacing(values), dtype=np.float64)


def one_unit(X: NDArray[Any], seed: int) -> NDArray[np.float64]:
    """Return features moved by one unit in the last place or not, but for constant ones."""
    X = np.asarray(X, dtype=np.float64)
    count = np.random.default_rng(seed).integers(-1, 2, X.shape)
    return np.where(np.ptp(X, axis=0) > 0, units(X, count), X)


@contextmanager
def changed(target: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """Let a function of a library, by its full name, return something else than it finds."""
    function = resolve_name(target)

    def other(*arguments: Any, **options: Any) -> Any:
        return change(function(*arguments, **options))

    with patch(target, other):
        yield


def otherwise(harness: Harness, candidate: Candidate) -> Iterator[Comparison]:
    """Compare the answers on plain images with those when features are moved by one unit."""
    plain = harness.plain_predictions(candidate)
    for seed in range(DRAWS):
        moved = FunctionTransformer(one_unit, kw_args={"seed": seed})
        other = candidate.with_preprocessing(*candidate.preprocessing, moved)
        answers = harness.fit_and_predict(other, harness.plain_vectors, seed=harness.seed)
        yield compare(plain, answers, tolerance=harness.tolerance)


def assert_rounding_is_the_reason(
    harness: Harness, candidate: Candidate, remedied: Candidate, *, tolerance: float
) -> None:
    """Assert that one unit changes answers, and not those of the remedied, as encryption does not.

    Skips where neither rounding nor the encryption changes anything.
    """
    assert harness.compare(remedied).identical(tolerance)
    for _, found in zip(range(4), otherwise(harness, remedied), strict=False):
        assert found.identical(tolerance), str(found)
    if any(not found.identical(harness.tolerance) for found in otherwise(harness, candidate)):
        return
    found = harness.compare(candidate)
    assert found.identical(harness.tolerance), f"another reason than rounding: {found}"
    pytest.skip(f"{DRAWS} ways to round leave {candidate.estimator} as it is with these libraries")
