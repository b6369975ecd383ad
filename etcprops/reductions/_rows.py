"""Rows of a matrix as vectors that are found again up to sign, or up to a factor, exactly."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

Row = tuple["NDArray[np.int64]", "NDArray[Any]"]
"""Places, ascending, and values of the entries of a row that are not zero."""


class Rows:
    """The rows of a matrix, to be found again up to sign, or up to a factor.

    Parameters
    ----------
    R : csr_array or ndarray, shape (m, n)
        Integers or floats. Floats count as different unless all bits agree.
    """

    def __init__(self, R: csr_array | NDArray[Any]) -> None:
        if issparse(R):
            R = csr_array(R, copy=True)
            R.sum_duplicates()
            R.eliminate_zeros()
        self.sparse = issparse(R)
        self.matrix: Any = R
        self.n_rows, self.n_columns = self.matrix.shape
        self.integer = self.matrix.dtype.kind in "iu"

    def row(self, i: int) -> Row:
        """Return the entries of row `i` that are not zero."""
        if self.sparse:
            part = slice(self.matrix.indptr[i], self.matrix.indptr[i + 1])
            return self.matrix.indices[part].astype(np.int64), self.matrix.data[part]
        columns = np.flatnonzero(self.matrix[i])
        return columns, self.matrix[i, columns]

    def lookup(self, *, scaled: bool) -> dict[bytes, list[int]]:
        """Return the rows by their canonical form's digest."""
        found = defaultdict(list)
        for i in range(self.n_rows):
            found[_digest(canonical(self.row(i), scaled=scaled)[0])].append(i)
        return found


def canonical(row: Row, *, scaled: bool) -> tuple[Row, Any]:
    """Return the row with a first entry above 0, and what it was divided by.

    With `scaled`, integers are divided by their greatest common divisor as well.
    """
    columns, values = row
    if not values.size:
        return row, 1
    divisor = -1 if values[0] < 0 else 1
    if scaled and values.dtype.kind in "iu":
        divisor *= int(np.gcd.reduce(values))
        return (columns, values // divisor), divisor
    return (columns, values * divisor), divisor


def _digest(row: Row) -> bytes:
    """Return a short key of a canonical row; equal rows have equal ones."""
    columns, values = row
    return hashlib.blake2b(columns.tobytes() + values.tobytes(), digest_size=16).digest()


def transformed(row: Row, target: NDArray[np.int64], sign: NDArray[np.int8]) -> Row:
    """Return the row of ``R Q`` that comes from a row of ``R``.

    Column ``j`` of ``R`` becomes column ``place[j]`` of ``R Q``, times ``sign[j]``.
    """
    columns, values = row
    signed = values * sign[columns].astype(values.dtype)
    order = np.argsort(target[columns])
    return target[columns][order], signed[order]


def match(
    rows: Rows,
    subset: Any,
    lookup: dict[bytes, list[int]],
    target: NDArray[np.int64],
    sign: NDArray[np.int8],
    *,
    scaled: bool,
) -> tuple[NDArray[np.int64], NDArray[Any]] | int:
    """Find for each row of ``R Q`` a row of ``R`` of its own, or return one that has none."""
    used: dict[bytes, int] = defaultdict(int)
    source, factor = np.empty(len(subset), dtype=np.int64), []
    for position, i in enumerate(subset):
        form, divisor = canonical(transformed(rows.row(i), target, sign), scaled=scaled)
        digest = _digest(form)
        candidates = lookup.get(digest, [])
        # Rows that occur several times are used up one by one.
        if used[digest] >= len(candidates):
            return int(i)
        chosen = candidates[used[digest]]
        used[digest] += 1
        other, other_divisor = canonical(rows.row(chosen), scaled=scaled)
        if not all(np.array_equal(a, b) for a, b in zip(form, other, strict=True)):
            return int(i)
        source[position] = chosen
        whole, rest = divmod(divisor, other_divisor)
        factor.append(divisor / other_divisor if rest else whole)
    return source, np.array(factor)
