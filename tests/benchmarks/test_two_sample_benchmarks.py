"""Sizes and powers of the two-sample tests on many samples: a minute or more a model.

Not part of ``pytest -q``, which has the same on fewer: run ``pytest tests/benchmarks
--benchmark-only -o addopts="" -k two_sample``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from operating import Model, assert_errors_are_controlled, coins, heights, quiet, together

from etcprops.auditing.two_sample import two_sample_test, two_sample_test_of_values
from etcprops.auditing.verdict import TwoSampleTest


def of_any(first: NDArray[Any], second: NDArray[Any], **options: Any) -> TwoSampleTest:
    """Test decisions, or numbers with a column a query."""
    if np.issubdtype(first.dtype, np.floating):
        return two_sample_test_of_values(first[:, :, None], second[:, :, None], **options)
    return two_sample_test(first, second, **options)


@pytest.mark.parametrize("runs", [20, 40])
@pytest.mark.parametrize(
    ("model", "power"),
    [(quiet(100), 0.95), (coins(100), 0.8), (together(100), 0.5), (heights(100), 0.9)],
    ids=["quiet", "coins", "together", "heights"],
)
def test_both_errors_are_controlled(benchmark: Any, model: Model, power: float, runs: int) -> None:
    options = {"repetitions": 300, "power": power, "level": 0.01, "runs": runs}
    arguments = (of_any, model)
    benchmark.pedantic(assert_errors_are_controlled, arguments, options, rounds=1)
