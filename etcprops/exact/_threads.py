"""Threads that share out the rows of exact products, while BLAS keeps to one in each of them.

BLAS itself makes its threads wait for each other in every call, which costs most of the time where
calls are many and another program has one of the processors. Whose thread computes what does not
show in exact sums.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray


class Workers:
    """As many threads as BLAS would have, or this one alone."""

    def __init__(self, pool: ThreadPoolExecutor | None, count: int) -> None:
        self._pool, self.count = pool, count

    def for_each(self, function: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Call a function with each of the items, in no order, and wait for all."""
        for _ in (self._pool.map if self._pool else map)(function, items):
            pass


class Spaces:
    """Memory that each thread uses again, where to get it anew would take long."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str, np.dtype[Any]], NDArray[Any]] = {}

    def empty(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
        """Return an array of any contents: what was got by this name and thread before is lost."""
        key, size = (get_ident(), name, np.dtype(dtype)), math.prod(shape)
        if key not in self._kept or self._kept[key].size < size:
            self._kept[key] = np.empty(size, dtype=dtype)
        return self._kept[key][:size].reshape(shape)


@contextmanager
def shared_out(*, worth_it: bool) -> Iterator[Workers]:
    """Yield workers, and hold BLAS to one thread meanwhile in all of the process."""
    if not worth_it:
        yield Workers(None, 1)
        return
    from threadpoolctl import ThreadpoolController

    blas = ThreadpoolController().select(user_api="blas")
    threads = max((library["num_threads"] for library in blas.info()), default=1)
    if threads == 1:
        yield Workers(None, 1)
        return
    with blas.limit(limits=1), ThreadPoolExecutor(threads) as pool:
        yield Workers(pool, threads)


def panels(rows: int, step: int) -> list[slice]:
    """Return slices of so many rows each."""
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
