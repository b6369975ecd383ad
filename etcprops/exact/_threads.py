"""Threads that share out the rows of exact products, while BLAS keeps to one in each of them.

BLAS itself makes its threads wait for each other in every call, which costs most of the time where
calls are many and another program has one of the processors. Whose thread computes what does not
show in exact sums.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Workers:
    """As many threads as BLAS would have, or this one alone."""

    def __init__(self, pool: ThreadPoolExecutor | None, count: int) -> None:
        self._pool, self.count = pool, count

    def for_each(self, function: Callable[[Any], object], items: Iterable[Any]) -> None:
        """Call a function with each of the items, in no order, and wait for all."""
        for _ in (self._pool.map if self._pool else map)(function, items):
            pass


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
