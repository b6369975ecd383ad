"""The pictures on the ledger's page."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from etcprops.claims.pictures import example_key, step_pictures
from etcprops.scheme.keys import STEP_NAMES
from etcprops.scheme.matrices import step_matrices

PICTURES = step_pictures()


def differ(first: Image.Image, second: Image.Image) -> bool:
    return not np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("number", range(1, len(PICTURES)))
def test_each_step_is_seen_to_do_something(number: int) -> None:
    _, plain, identity = PICTURES[0]
    _, before, _ = PICTURES[number - 1]
    name, after, matrix = PICTURES[number]
    assert differ(matrix, identity), name
    assert differ(after, plain), name
    assert differ(after, before) or name == "all steps"


def test_the_steps_are_named_in_order() -> None:
    names = [name.partition(" ")[2] for name, *_ in PICTURES[1:-1]]
    assert names == list(STEP_NAMES.values())
    assert PICTURES[0][0] == "the photograph"


def test_no_step_of_the_example_leaves_a_block_as_it_is() -> None:
    for step, matrix in step_matrices(example_key()).items():
        moved = (matrix.diagonal() != 1).reshape(2, 2, 2, 2, 3).any(axis=(1, 3, 4))
        assert moved.all() or step == "negatives", step
