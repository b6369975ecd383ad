"""The exact inner products against vectors that Coq computed with the function of its theorems."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import InvalidParameterError, exact_gram

FILE = Path(__file__).parents[1] / "vectors" / "exact_gram.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["tests"]


def _named(vectors: list[dict[str, Any]]) -> list[Any]:
    """Return vectors as parameters with readable ids."""
    return [
        pytest.param(vector, id=f"{vector['id']}-{vector['comment'].replace(' ', '-')}")
        for vector in vectors
    ]


def _rows(vector: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (np.array([[float.fromhex(v) for v in vector[name]]]) for name in ("x", "y"))
    return x, y


@pytest.mark.parametrize("vector", _named(VECTORS))
def test_inner_products_have_the_bits_that_coq_computes(vector: dict[str, Any]) -> None:
    x, y = _rows(vector)
    if vector["gram"] is None:
        with pytest.raises(InvalidParameterError, match="inner products"):
            exact_gram(x, y, slices=vector["slices"])
    else:
        assert float(exact_gram(x, y, slices=vector["slices"])[0, 0]).hex() == vector["gram"]


@pytest.mark.parametrize("vector", _named([v for v in VECTORS if v["gram"]]))
def test_other_rows_of_the_batch_change_nothing(vector: dict[str, Any]) -> None:
    """Also where the two rows are one operand, whose product is symmetric."""
    x, y = _rows(vector)
    others = np.outer([1.0, -0.3, 2.0**20], np.arange(1.0, x.shape[1] + 1))
    batch = np.concatenate([others[:2], x, others[2:], y])
    gram = exact_gram(batch, slices=vector["slices"])
    assert float(gram[2, 4]).hex() == float(gram[4, 2]).hex() == vector["gram"]


def test_moved_features_are_the_same_pairs_and_give_the_same_bits() -> None:
    def pairs(vector: dict[str, Any]) -> list[tuple[float, float]]:
        """Return the features, the first entry of each positive."""
        x, y = (row[0] for row in _rows(vector))
        return sorted(zip(np.abs(x).tolist(), (np.sign(x) * y).tolist(), strict=True))

    moved = [(plain, after) for plain, after in pairwise(VECTORS) if "Moved" in after["flags"]]
    assert len(moved) >= 6
    for plain, after in moved:
        assert plain["x"] != after["x"]
        assert pairs(plain) == pairs(after)
        assert plain["gram"] == after["gram"]
