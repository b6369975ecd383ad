"""Linear reductions: sums at the ends of the types they are added in, and what makes a matrix."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from etcprops import BlockGeometry, InvalidParameterError
from etcprops.reductions import (
    BlockMean,
    GaussianProjection,
    LinearReduction,
    RandomPixels,
    SparseProjection,
)

SQUARE = BlockGeometry(4, 4, block=2)


class Given(LinearReduction):
    """The reduction by a given matrix."""

    def __init__(self, geometry: BlockGeometry, given: Any) -> None:
        self.geometry, self.given = geometry, given

    def _build(self) -> Any:
        return self.given


@pytest.mark.parametrize("dtype", [np.uint64, np.int64])
@pytest.mark.parametrize("cell", [1, 2])
def test_integers_are_taken_as_far_as_sums_fit_64_bits(cell: int, dtype: Any) -> None:
    sign, weight = (1 if dtype is np.uint64 else -1), cell**2
    largest = (2**63 - 1) // weight
    rows = np.full((1, 16), sign * largest, dtype=dtype)
    reduction = BlockMean(SQUARE, cell).fit(rows)
    assert set(reduction.transform(rows)[0].tolist()) == {sign * weight * largest}
    rows[0, 3] = sign * (largest + 1)
    with pytest.raises(InvalidParameterError, match=f"at most {largest}. Got one of {largest + 1}"):
        reduction.transform(rows)


def test_rows_have_as_many_features_as_in_training() -> None:
    reduction = BlockMean(SQUARE).fit(np.zeros((1, 16)))
    for other in (15, 17):
        with pytest.raises(ValueError, match="is expecting 16 features"):
            reduction.transform(np.zeros((2, other)))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_sums_of_one_sign_are_exact_beyond_single_precision(sign: int, dtype: Any) -> None:
    rows = np.full((1, 16), sign * 2**22, dtype=dtype)
    rows[0, 0] += sign
    sums = BlockMean(SQUARE, 2).fit(rows).transform(rows)
    assert sums.tolist() == [[sign * (2**24 + 1), *[sign * 2**24] * 3]]


MATRICES: dict[str, Any] = {
    "one entry": csr_array(([0.3], ([0], [5])), shape=(1, 16)),
    "entries of one size": csr_array(([0.3, -0.3], ([0, 1], [5, 2])), shape=(2, 16)),
    "entries of two sizes": csr_array(([0.3, 0.1], ([0, 0], [5, 2])), shape=(2, 16)),
    "zeros": csr_array((2, 16)),
    "integers of two sizes": csr_array(([2, -3, 5], ([0, 0, 1], [5, 2, 5])), shape=(2, 16)),
    "all columns": csr_array(np.arange(16.0)[None] - 7.5),
    "dense": np.array([[0.5] * 8 + [-1.5] * 8, [0.0] * 16]),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_any_matrix_multiplies(matrix: Any, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).integers(0, 256, (5, 16)).astype(dtype)
    reduction = Given(SQUARE, matrix).fit(rows)
    R = (matrix if isinstance(matrix, np.ndarray) else matrix.toarray()).tolist()
    expected = [
        [float(sum(Fraction(a) * Fraction(x) for a, x in zip(r, row, strict=True))) for r in R]
        for row in rows.tolist()
    ]
    found = reduction.transform(rows)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    # In steps of one row, of two, of three and the rest.
    for entries in (1, 40, 3 * 16):
        monkeypatch.setattr("etcprops.reductions.linear._ENTRIES", entries)
        np.testing.assert_array_equal(reduction.transform(rows), found)


RANDOM = [RandomPixels, GaussianProjection, SparseProjection]


@pytest.mark.parametrize("kind", RANDOM)
def test_random_reductions_have_any_dimension_and_seed(kind: Any) -> None:
    def dense(reduction: LinearReduction) -> NDArray[Any]:
        R: Any = reduction.matrix()
        return np.asarray(R if isinstance(R, np.ndarray) else R.toarray())

    for dimension in (1, 16):
        assert dense(kind(SQUARE, dimension)).shape == (dimension, 16)
    default, last = kind(SQUARE, 5), kind(SQUARE, 5, seed=2**32 - 1)
    assert np.array_equal(dense(default), dense(kind(SQUARE, 5, seed=0)))
    assert not np.array_equal(dense(default), dense(last))
    with pytest.raises(InvalidParameterError, match=r"from 0 to 2\^32 - 1"):
        kind(SQUARE, 5, seed=2**32).matrix()


def test_random_pixels_are_different_ones() -> None:
    for dimension in (2, 15, 16):
        R: Any = RandomPixels(SQUARE, dimension).matrix()
        assert len(set(R.indices.tolist())) == dimension
