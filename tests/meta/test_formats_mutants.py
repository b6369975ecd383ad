"""Mutation testing: the count of blocks that do not commute sees every ingredient that is missing.

Each coder is the exact one but for one thing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from jpegs import blocks_of_all_kinds
from numpy.typing import NDArray

from etcprops.formats import libjpeg
from etcprops.formats._cosines import transform
from etcprops.formats.commutation import OPERATIONS, Operation, mismatches
from etcprops.formats.exact_jpeg import code_blocks
from etcprops.formats.quantization import exact_table, standard_table, symmetrised
from etcprops.formats.rounded_dct import rounded_dct

Blocks = NDArray[np.uint8]
Table = NDArray[np.int64]
Coder = Callable[[Blocks], NDArray[np.int16]]

TURNING = {operation for operation in OPERATIONS if operation.code % 2}
NEGATING = {operation for operation in OPERATIONS if operation.negated}

EXACT = exact_table(50)


def with_dc_step(step: int) -> Table:
    table = EXACT.copy()
    table[0, 0] = step
    return table


def from_128(table: Table) -> Coder:
    """Code what JPEG codes, pixels less 128, with exact odd rounding, whatever the table."""
    return lambda blocks: rounded_dct(blocks.astype(np.int16) - 128, 1, table)


def halves_up(table: Table) -> Coder:
    def coder(blocks: Blocks) -> NDArray[np.int16]:
        values = (blocks.reshape(-1, 64) - 127.5) @ transform() / table.ravel()
        # Halves are halves in double precision too, but for errors of the last bits.
        levels = np.floor(np.round(values, 9) + 0.5).reshape(blocks.shape)
        levels[..., 0, 0] -= 4 / table[0, 0]
        return levels.astype(np.int16)

    return coder


def libjpegs(table: Table) -> Coder:
    return lambda blocks: libjpeg.coded(blocks, table)


def exact(table: Table) -> Coder:
    return lambda blocks: code_blocks(blocks, table)


STANDARD = standard_table(50)
STANDARD[0, 0] = 4
MUTANTS: dict[str, tuple[Callable[[Table], Coder], Table, set[Operation]]] = {
    "standard table": (from_128, STANDARD, TURNING),
    "DC step 16": (from_128, with_dc_step(16), NEGATING),
    "DC step 8": (from_128, with_dc_step(8), NEGATING),
    "DC step 3": (from_128, with_dc_step(3), NEGATING),
    "halves away from 128": (from_128, EXACT, NEGATING),
    "halves up": (halves_up, EXACT, NEGATING),
    "libjpeg": (libjpegs, EXACT, TURNING | NEGATING),
    "libjpeg, standard": (libjpegs, symmetrised(standard_table(75)), TURNING | NEGATING),
}


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return np.concatenate([kind for _, kind in blocks_of_all_kinds(400)])


@pytest.mark.parametrize(("make", "table", "at_least"), MUTANTS.values(), ids=MUTANTS)
def test_what_is_missing_shows(
    make: Callable[[Table], Coder],
    table: Table,
    at_least: set[Operation],
    blocks: Blocks,
) -> None:
    found = mismatches(make(table), blocks, table)
    failing = {o for o, count in zip(OPERATIONS, found.tolist(), strict=True) if count}
    assert at_least <= failing


@pytest.mark.parametrize("step", [1, 2, 4])
def test_what_lacks_nothing_is_spared(step: int, blocks: Blocks) -> None:
    table = with_dc_step(step)
    assert not mismatches(exact(table), blocks, table).any()


def test_a_standard_table_fails_at_turns_alone(blocks: Blocks) -> None:
    found = mismatches(from_128(STANDARD), blocks, STANDARD)
    unnegated = {o for o, n in zip(OPERATIONS, found.tolist(), strict=True) if n and not o.negated}
    assert unnegated == {o for o in TURNING if not o.negated}
