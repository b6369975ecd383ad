"""What is noted of an experiment: another image, option or result shows, rounding does not."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from tracing import Traced, told, traced

from etcprops import BlockGeometry, EtCKey, encrypt

SOURCE = """
def part(number):
    return number + 1

@cache
def kept():
    return part(10)

def experiment(image, seed, alpha, number):
    kept()
    encrypt(image, EtCKey.from_secret(geometry, seed))
    Ridge(alpha=alpha).fit([[0.0], [1.0]], [0.0, 1.0])
    return part(number)
"""
BLACK = np.zeros((8, 8), np.uint8)


def trace(image: Any = BLACK, seed: str = "a", alpha: float = 1.0, number: int = 1) -> Traced:
    geometry = BlockGeometry(8, 8, block=4)
    space: dict[str, Any] = {"__name__": "made_up.module", "geometry": geometry, "cache": cache}
    space |= {"encrypt": encrypt, "EtCKey": EtCKey, "Ridge": Ridge}
    exec(SOURCE, space)  # noqa: S102  # functions of a package that is not there
    with traced("made_up") as found:
        space["experiment"](image, seed, alpha, number)
    return found


@pytest.mark.parametrize(
    ("other", "part"),
    [({"image": BLACK + 1}, 0), ({"seed": "b"}, 0), ({"alpha": 2.0}, 0), ({"number": 2}, 1)],
)
def test_what_is_handed_over_or_returned_otherwise_shows(other: dict[str, Any], part: int) -> None:
    before, after = trace(), trace(**other)
    assert before == trace()
    assert before[part] != after[part]
    assert before[1 - part] == after[1 - part]


def test_what_is_remembered_is_not_noted() -> None:
    assert trace().returned == ["2", "2"]


def test_numbers_are_told_but_for_rounding() -> None:
    numbers = np.random.default_rng(0).standard_normal((50, 20))
    assert told(numbers) == told(numbers * (1 + 1e-13))
    assert told(numbers) != told(numbers * 1.001)
    assert told(numbers) != told(numbers + 0.01 * (numbers == numbers[3, 4]))
    assert told(numbers) != told(numbers[:, ::-1])
    assert told(numbers.astype(np.int64)) != told(numbers.astype(np.int64) + 1)
