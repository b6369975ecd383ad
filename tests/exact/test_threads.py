"""Memory that threads use again: each has its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
from numpy.typing import NDArray

from etcprops.exact._threads import Spaces


def test_no_two_threads_share_a_space() -> None:
    spaces, both = Spaces(), Barrier(2)

    def own(value: int) -> NDArray[np.int64]:
        both.wait(20)  # so that each is in a thread of its own
        space = spaces.empty("a sum", (3, 4), np.int64)
        space[:] = value
        both.wait(20)
        return space

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(own, (1, 2))
    assert (first == 1).all()
    assert (second == 2).all()


def test_a_space_is_used_again_under_its_name_and_type_alone() -> None:
    spaces = Spaces()
    first = spaces.empty("a sum", (3, 4), np.int64)
    assert np.shares_memory(spaces.empty("a sum", (2, 5), np.int64), first)
    for other in (
        spaces.empty("another", (3, 4), np.int64),
        spaces.empty("a sum", (3, 4), np.int32),
        spaces.empty("a sum", (30, 4), np.int64),
    ):
        assert not np.shares_memory(other, first)
