"""Exact products that are asked for again: where they are remembered none is computed twice.

For runs in which many models see the same rows. Rows are known again by all their bits, so what is
remembered is what would be computed.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from etcprops.exact._splitting import Splitting

    Products = dict[tuple[object, ...], NDArray[np.float64]]
    Compute = Callable[[], NDArray[np.float64]]

_remembered: ContextVar[Products | None] = ContextVar("remembered", default=None)


@contextmanager
def remembered(products: Products) -> Iterator[None]:
    """Look products up in `products` in here, and add those that are computed."""
    token = _remembered.set(products)
    try:
        yield
    finally:
        _remembered.reset(token)


def recall(
    operands: list[NDArray[Any]], splitting: Splitting, compute: Compute
) -> NDArray[np.float64]:
    """Return the product of these rows under this splitting, of `compute` where it is not known."""
    products = _remembered.get()
    if products is None:
        return compute()
    # A product of rows with equal rows has the bits of the symmetric one: one digest for both.
    key = (splitting, *dict.fromkeys(_digest(rows) for rows in operands))
    if key not in products:
        products[key] = compute()
    return products[key].copy()


def _digest(rows: NDArray[Any], step: int = 64) -> bytes:
    """Return the SHA-256 of the type, shape and entries of rows."""
    digest = hashlib.sha256(f"{rows.dtype.str} {rows.shape}".encode())
    for start in range(0, len(rows), step):
        digest.update(np.ascontiguousarray(rows[start : start + step]).data)
    return digest.digest()
