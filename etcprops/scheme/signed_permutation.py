"""Exact algebra of signed permutations with offset, ``y = s * x[p] + c``.

The third representation of an encryption, besides pixels and matrices: O(n) in memory and time, so
it answers for full-size images what products of sparse matrices answer for small ones. The linear
parts are the hyperoctahedral group: the symmetries of the cube in n dimensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, issparse
from scipy.sparse.linalg import LinearOperator

from etcprops._validation import (
    InvalidParameterError,
    as_array,
    as_codes,
    as_integer,
    describe,
    reject,
)
from etcprops.scheme import _certificate
from etcprops.scheme._immutable import Immutable, freeze
from etcprops.scheme.keys import check_key
from etcprops.scheme.matrices import step_matrices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from etcprops.scheme.keys import EtCKey


class SignedPermutation(Immutable):
    """The map ``y[i] = sign[i] * x[source[i]] + c[i]``, with ``c = level`` where the sign is -1.

    Immutable. A `source` that is no permutation is allowed, since maps found in the wild are not
    always what they claim: `is_orthogonal` tells.

    Parameters
    ----------
    source : array_like of int in [0, n), shape (n,)
        The input pixel that each output pixel shows.
    sign : array_like of -1 and +1, shape (n,)
        -1 where it is negated.
    level : int, default=255
        Largest grey level, from 1 to 2^63 - 1: negation is ``x -> level - x``.

    Raises
    ------
    InvalidParameterError
        If an array has the wrong length, type or range.

    Examples
    --------
    >>> flip = SignedPermutation([1, 0], [1, -1])
    >>> flip.apply(np.array([10, 20], dtype=np.uint8))
    array([ 20, 245], dtype=uint8)
    >>> (flip.inverse() @ flip) == SignedPermutation([0, 1], [1, 1])
    True
    """

    __slots__ = ("level", "sign", "source")

    source: NDArray[np.int64]
    sign: NDArray[np.int8]
    level: int

    def __init__(self, source: ArrayLike, sign: ArrayLike, *, level: int = 255) -> None:
        caller = "SignedPermutation"
        wanted = "be a sequence of at least one integer"
        indices = as_array(source, "source", caller, wanted)
        if indices.ndim != 1 or not indices.size:
            reject("source", caller, wanted, f"shape {indices.shape}.")
        indices = as_codes(indices, indices.size, indices.size, "source", caller)
        wanted = f"be {indices.size} values -1 or +1"
        signs = as_array(sign, "sign", caller, wanted)
        if signs.shape != indices.shape or signs.dtype.kind not in "iuf":
            reject("sign", caller, wanted, describe(signs))
        wrong = np.flatnonzero(abs(signs) != 1)
        if wrong.size:
            reject("sign", caller, wanted, f"{signs[wrong[0]]} at position {wrong[0]}.")
        level = as_integer(level, "level", caller)
        if level >= 2**63:
            reject("level", caller, "be less than 2^63", describe(level))
        freeze(self, source=indices, sign=signs.astype(np.int8), level=level)

    @classmethod
    def _trusted(
        cls, source: NDArray[np.int64], sign: NDArray[np.int8], level: int
    ) -> SignedPermutation:
        """Wrap arrays that are right by construction, without another look at them."""
        result = cls.__new__(cls)
        freeze(result, source=source, sign=sign, level=level)
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        return SignedPermutation._trusted, (self.source, self.sign, self.level)

    def __repr__(self) -> str:
        negated = int(np.count_nonzero(self.sign < 0))
        return f"SignedPermutation(n={len(self)}, negated={negated}, level={self.level})"

    def __len__(self) -> int:
        return int(self.source.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SignedPermutation):
            return NotImplemented
        return (
            self.level == other.level
            and np.array_equal(self.source, other.source)
            and np.array_equal(self.sign, other.sign)
        )

    def __hash__(self) -> int:
        return hash((self.level, self.source.tobytes(), self.sign.tobytes()))

    @classmethod
    def identity(cls, size: int, *, level: int = 255) -> SignedPermutation:
        """Return the map that changes nothing.

        Raises
        ------
        InvalidParameterError
            If `size` is no integer from 1 to 2^32.
        MemoryError
            If there is not memory for so many pixels.

        Examples
        --------
        >>> SignedPermutation.identity(3)
        SignedPermutation(n=3, negated=0, level=255)
        """
        size = as_integer(size, "size", "SignedPermutation.identity")
        if size > 1 << 32:
            reject("size", "SignedPermutation.identity", "be at most 2^32", describe(size))
        return cls(np.arange(size), np.ones(size, dtype=np.int8), level=level)

    @classmethod
    def from_key(cls, key: EtCKey) -> SignedPermutation:
        """Return the encryption under `key`, composed from the matrices of its steps.

        Examples
        --------
        >>> from etcprops import BlockGeometry, EtCKey
        >>> key = EtCKey.from_secret(BlockGeometry(4, 4, block=2), "an example")
        >>> SignedPermutation.from_key(key).is_orthogonal()
        True
        """
        result = cls.identity(check_key(key, "SignedPermutation.from_key").geometry.n_pixels)
        for matrix in step_matrices(key).values():
            result = cls.from_matrix(matrix) @ result
        return result

    @classmethod
    def from_matrix(cls, Q: csr_array | ArrayLike, *, level: int = 255) -> SignedPermutation:
        """Return the map whose linear part is `Q`.

        Parameters
        ----------
        Q : sparse array or array_like, shape (n, n)
            Exactly one entry that is not zero in every row, -1 or +1.
        level : int, default=255
            Largest grey level.

        Raises
        ------
        InvalidParameterError
            If `Q` is not square, or a row has another number of entries or another entry.

        Examples
        --------
        >>> SignedPermutation.from_matrix([[0, -1], [1, 0]]).source
        array([1, 0])
        """
        caller = "SignedPermutation.from_matrix"
        wanted = "be a square matrix with one entry of -1 or +1 in every row"
        given: Any = Q if issparse(Q) else as_array(Q, "Q", caller, wanted)
        if given.ndim != 2 or given.shape[0] != given.shape[1] or not given.shape[0]:
            reject("Q", caller, wanted, f"shape {given.shape}.")
        if given.dtype.kind not in "biuf":
            reject("Q", caller, wanted, f"dtype {given.dtype}.")
        # A copy, since duplicates are added up; and wide, since 257 ones add up to 1 in int8.
        matrix = csr_array(given.astype(np.promote_types(given.dtype, np.int64)))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        entries = np.diff(matrix.indptr)
        wrong = np.flatnonzero(entries != 1)
        if wrong.size:
            reject("Q", caller, wanted, f"{entries[wrong[0]]} entries in row {wrong[0]}.")
        wrong = np.flatnonzero(abs(matrix.data) != 1)
        if wrong.size:
            reject("Q", caller, wanted, f"{matrix.data[wrong[0]]} in row {wrong[0]}.")
        return cls(matrix.indices.astype(np.int64), matrix.data, level=level)

    @property
    def negated(self) -> NDArray[np.bool_]:
        """Where the sign is -1, shape (n,)."""
        return self.sign < 0

    def apply(self, X: NDArray[Any]) -> NDArray[Any]:
        """Apply the map to vectors, without wrap-around.

        Parameters
        ----------
        X : ndarray of real numbers, shape (..., n)
            Vectors along the last axis. Unsigned pixels must not exceed `level`.

        Returns
        -------
        ndarray, shape (..., n)
            Of the dtype of `X` for unsigned pixels and for floats, else int64.

        Raises
        ------
        InvalidParameterError
            If the last axis is not ``n``, the dtype is not real or does not hold `level`, a pixel
            exceeds `level`, or an integer is so small that its negation would not fit in int64.

        Examples
        --------
        >>> SignedPermutation([0], [-1]).apply(np.array([-1]))
        array([256])
        """
        caller = "SignedPermutation.apply"
        wanted = f"be an array of real numbers and shape (..., {len(self)})"
        real = isinstance(X, np.ndarray) and X.dtype.kind in "iuf"
        if not real or X.shape[-1:] != self.source.shape:
            reject("X", caller, wanted, describe(X))
        if X.dtype.kind == "u" and X.size and X.max() > self.level:
            reject("X", caller, f"hold pixels of at most {self.level}", f"{X.max()}.")
        dtype = np.dtype(np.int64) if X.dtype.kind == "i" else X.dtype
        # Floats hold every integer up to 2^(bits of the mantissa).
        largest = 2 << np.finfo(X.dtype).nmant if dtype.kind == "f" else int(np.iinfo(dtype).max)
        if self.level > largest:
            reject("X", caller, f"have a dtype that holds {self.level}", describe(X))
        if X.dtype.kind == "i" and X.size and X.min() < self.level - largest:
            reject("X", caller, f"hold integers of at least {self.level - largest}", f"{X.min()}.")
        out = np.take(X, self.source, axis=-1).astype(dtype, copy=False)
        np.subtract(dtype.type(self.level), out, out=out, where=self.negated)
        return out

    def compose(self, other: SignedPermutation) -> SignedPermutation:
        """Return the map that applies `other` first and then this one; ``self @ other``.

        Raises
        ------
        InvalidParameterError
            If `other` has another size or level.

        Examples
        --------
        >>> swap = SignedPermutation([1, 0], [1, 1])
        >>> swap.compose(SignedPermutation([0, 1], [-1, 1])).sign
        array([ 1, -1], dtype=int8)
        """
        caller = "SignedPermutation.compose"
        if not isinstance(other, SignedPermutation):
            reject("other", caller, "be a SignedPermutation", describe(other))
        if (len(other), other.level) != (len(self), self.level):
            wanted = f"have n={len(self)} and level={self.level}"
            reject("other", caller, wanted, f"n={len(other)}, level={other.level}.")
        sign = self.sign * other.sign[self.source]
        return self._trusted(other.source[self.source], sign, self.level)

    def __matmul__(self, other: SignedPermutation) -> SignedPermutation:
        return self.compose(other)

    def is_orthogonal(self) -> bool:
        """Tell whether the linear part is orthogonal: exactly if `source` is a permutation.

        Exact, in O(n) time and n bytes: nothing is multiplied, so nothing can wrap, as ``Q.T @ Q``
        does on int8 (257 products of 1 add up to 1).

        Examples
        --------
        >>> SignedPermutation([0, 0], [1, 1]).is_orthogonal()
        False
        """
        reached = np.zeros(len(self), dtype=np.bool_)
        reached[self.source] = True
        # n pixels reached from n places: none twice.
        return bool(reached.all())

    def inverse(self) -> SignedPermutation:
        """Return the map that undoes this one.

        Raises
        ------
        InvalidParameterError
            If an input pixel is lost: there is no inverse.

        Examples
        --------
        >>> SignedPermutation([1, 2, 0], [1, 1, -1]).inverse().source
        array([2, 0, 1])
        """
        if not self.is_orthogonal():
            lost = np.setdiff1d(np.arange(len(self)), self.source)
            raise InvalidParameterError(
                f"SignedPermutation.inverse needs a bijection. Got a map that loses "
                f"{lost.size} of {len(self)} pixels, the first of them {lost[0]}."
            )
        source = np.empty_like(self.source)
        source[self.source] = np.arange(len(self))
        return self._trusted(source, self.sign[source], self.level)

    def matrix(self) -> csr_array:
        """Return the linear part as a csr_array of int8, shape (n, n).

        Examples
        --------
        >>> SignedPermutation([1, 0], [1, -1]).matrix().toarray()
        array([[ 0,  1],
               [-1,  0]], dtype=int8)
        """
        places = np.arange(len(self))
        return csr_array((self.sign, (places, self.source)), shape=(len(self), len(self)))

    def offset(self) -> NDArray[np.int64]:
        """Return the constant part: `level` where the sign is -1, else 0; int64, shape (n,).

        Examples
        --------
        >>> SignedPermutation([1, 0], [1, -1]).offset()
        array([  0, 255])
        """
        return self.negated * np.int64(self.level)

    def linear_operator(self) -> LinearOperator:
        """Return the linear part as a scipy LinearOperator: no matrix is stored.

        Integers are promoted to int64 (uint64 to float64), so that no pixel wraps.

        Examples
        --------
        >>> SignedPermutation([1, 0], [1, -1]).linear_operator() @ np.array([3, 4])
        array([ 4, -3])
        """
        size = len(self)

        def signed(vectors: NDArray[Any], sign: NDArray[np.int8]) -> NDArray[Any]:
            dtype = np.dtype(np.int64) if vectors.dtype.kind in "iub" else vectors.dtype
            column = sign.reshape(size, *[1] * (vectors.ndim - 1))
            return np.asarray(column.astype(dtype) * vectors)

        def forward(vectors: NDArray[Any]) -> NDArray[Any]:
            return signed(vectors[self.source], self.sign)

        def adjoint(vectors: NDArray[Any]) -> NDArray[Any]:
            products = signed(vectors, self.sign)
            result = np.zeros_like(products)
            np.add.at(result, self.source, products)
            return result

        maps = {"matvec": forward, "matmat": forward, "rmatvec": adjoint, "rmatmat": adjoint}
        return LinearOperator((size, size), **maps, dtype=np.float64)

    def to_certificate(self) -> dict[str, Any]:
        """Return a dictionary ready for JSON, which can be checked without this package.

        The map is orthogonal exactly if ``sorted(source) == list(range(n))`` and every sign is -1
        or +1. ``witness`` is the SHA-256 of the images from which the map can be read off,
        encrypted: black, then the digits of the pixels' places to the base ``level + 1``, least
        digit first. Whoever holds the encryption can encrypt these and compare.

        Examples
        --------
        >>> SignedPermutation([1, 0], [1, -1]).to_certificate()["sign"]
        [1, -1]
        """
        return _certificate.write(self.source, self.sign, self.level)

    @classmethod
    def from_certificate(cls, certificate: Mapping[str, Any]) -> SignedPermutation:
        """Read what `to_certificate` wrote, or its version 1, which has no witness.

        Raises
        ------
        InvalidParameterError
            If the fields are not those of a certificate, of another version, or hold no map, or if
            the witness is not that of the map.

        Examples
        --------
        >>> SignedPermutation.from_certificate(SignedPermutation([0], [-1]).to_certificate())
        SignedPermutation(n=1, negated=1, level=255)
        """
        caller = "SignedPermutation.from_certificate"
        _certificate.check_fields(certificate, caller)
        found = cls(certificate["source"], certificate["sign"], level=certificate["level"])
        _certificate.check_witness(certificate, found.source, found.sign, caller)
        return found
