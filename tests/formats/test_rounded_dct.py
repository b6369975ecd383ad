"""The exact transform and its rounding, against sympy's and mpmath's numbers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from jpegs import TABLES, blocks_of_all_kinds
from numpy.typing import NDArray
from sympy import Rational, cos, pi, sqrt

from etcprops import InvalidParameterError
from etcprops.formats import _cosines, rounded_dct
from etcprops.formats.commutation import OPERATIONS, mismatches
from etcprops.formats.exact_jpeg import code_blocks
from etcprops.formats.quantization import exact_table
from etcprops.formats.rounded_dct import rounded_dct as rounded

Numbers = NDArray[Any]
ONES = np.ones((8, 8), dtype=np.int64)

RATIONAL = [
    (u, v)
    for u in range(8)
    for v in range(8)
    if {u, v} <= {0, 4} or {u, v} <= {2, 6} or (u % 2 and v % 2)
]
"""Frequencies at which a coefficient can be a rational number other than zero."""


def test_the_combinations_are_the_transform() -> None:
    t = [2 * cos(k * pi / 16) for k in range(8)]
    scales = [1 / sqrt(8), *[Rational(1, 2)] * 7]
    table = _cosines.combinations().reshape(8, 8, 8, 8, 8)
    with mpmath.workdps(60):
        for u, v, i, j in np.random.default_rng(0).integers(0, 8, (80, 4)).tolist():
            wanted = scales[u] * scales[v]
            wanted *= cos((2 * i + 1) * u * pi / 16) * cos((2 * j + 1) * v * pi / 16)
            found = sum(int(c) * t[k] for k, c in enumerate(table[u, v, i, j])) / 16
            assert abs((wanted - found).evalf(50)) < 1e-45


def test_the_transform_is_orthonormal() -> None:
    matrix = _cosines.transform()
    assert np.abs(matrix @ matrix.T - np.eye(64)).max() < 1e-15


def test_halves_are_possible_where_a_coefficient_can_be_rational() -> None:
    # The part of t[0] = 2 is the rational one, since the eight are independent.
    found = _cosines.combinations()[..., 0].any(axis=1).reshape(8, 8)
    assert [tuple(place) for place in np.argwhere(found).tolist()] == RATIONAL


@pytest.mark.parametrize(("u", "v"), RATIONAL)
def test_halves_go_away_from_zero_wherever_they_are(u: int, v: int) -> None:
    # A block on which the coefficient is rational: the integers that belong to t[0] alone.
    table = _cosines.combinations()[8 * u + v]
    rational = Fraction(0)
    block = np.zeros(64, dtype=np.int64)
    for first in range(64):
        for second in range(first, 64):
            for sign in (1, -1):
                total = table[first] + sign * table[second] * (first != second)
                if total[0] and not total[1:].any():
                    block[first], block[second] = 1, sign if first != second else 1
                    rational = Fraction(2 * int(total[0]), 16)
                    break
            if rational:
                break
        if rational:
            break
    assert rational, "no such pair of pixels"
    # rational * factor / step = 1/2, 3/2, 5/2
    for odd in (1, 3, 5):
        factor = 16 * odd
        step = rational * factor * Fraction(2, odd)
        assert step.denominator == 1
        steps = abs(int(step)) * ONES
        level = (odd + 1) // 2 * (1 if rational > 0 else -1)
        for sign in (1, -1):
            found = rounded(sign * factor * block.reshape(8, 8), 1, steps)
            assert found[u, v] == sign * level


def reference(block: Numbers, denominator: int, table: Numbers) -> list[list[int]]:
    """Round with a hundred digits; what then looks like a half is asked of sympy."""
    with mpmath.workdps(100):
        cosines = mpmath.matrix(8, 8)
        for u in range(8):
            scale = mpmath.sqrt(mpmath.mpf(1) / (4 if u else 8))
            for i in range(8):
                cosines[u, i] = scale * mpmath.cos((2 * i + 1) * u * mpmath.pi / 16)
        values = cosines * mpmath.matrix(block.tolist()) * cosines.T
        rows = []
        for u in range(8):
            row = []
            for v in range(8):
                value = values[u, v] / (denominator * int(table[u, v]))
                size = abs(value)
                half = mpmath.floor(size) + mpmath.mpf(1) / 2
                up = size > half or abs(size - half) < mpmath.mpf(10) ** -80
                row.append(int(mpmath.sign(value) * (mpmath.floor(size) + up)))
            rows.append(row)
    return rows


@pytest.mark.parametrize("step", [1, 4, 16, 99])
def test_rounding_is_right(step: int) -> None:
    table = np.where(np.eye(8, dtype=bool), step, np.maximum(1, step // 2 * 2))
    for _, blocks in blocks_of_all_kinds(2, seed=step):
        for block in 2 * blocks.astype(np.int64) - 255:
            assert rounded(block, 2, table).tolist() == reference(block, 2, table)


def test_numbers_that_look_like_halves_are_told_apart() -> None:
    # Continued fractions: 4756 / 3363 is sqrt(2) but for 6e-8 of it, and so on.
    convergents = [(1, 1)]
    while convergents[-1][1] < 2**21:
        p, q = convergents[-1]
        convergents.append((p + 2 * q, p + q))
    for p, q in convergents:
        integers = np.zeros((1, 8), dtype=np.int64)
        integers[0, 0], integers[0, 4] = -p, 2 * q  # 2 (q sqrt(2) - p)
        sign = 1 if 2 * q * q > p * p else -1
        assert _cosines.signs(integers).tolist() == [sign]
        assert _cosines.signs(-integers).tolist() == [-sign]
    assert _cosines.signs(np.zeros((1, 8), dtype=np.int64)).tolist() == [0]


def test_signs_below_double_precision_are_decided() -> None:
    # Units of the ring: (t[4] - 1)^k is as small as one likes, with integers that double hold.
    p, q = 1, 1
    for _ in range(25):
        p, q = p + 2 * q, p + q
    small = p - q * mpmath.sqrt(2)
    integers = np.array([[p, 0, 0, 0, -2 * q, 0, 0, 0]])
    assert abs(integers @ _cosines._rounded_cosines()) < 2.0**-20  # noqa: SLF001
    with mpmath.workdps(60):
        small = p - q * mpmath.sqrt(2)
        assert _cosines.signs(integers).tolist() == [int(mpmath.sign(small))]


def test_cosines_in_integers_are_those_of_mpmath() -> None:
    for bits in (64, 200, 1000):
        with mpmath.workprec(bits + 64):
            for k, cosine in enumerate(_cosines._cosines(bits)):  # noqa: SLF001
                wanted = 2 * mpmath.cos(k * mpmath.pi / 16) * mpmath.mpf(2) ** bits
                assert abs(wanted - cosine) <= 1


# --- Precision


def everything_in_doubt(unit: float, _largest: float, divisors: Numbers, *_: Any) -> Numbers:
    return np.full(divisors.shape, 0.5 if unit else 0.0)


def nothing_in_doubt(_unit: float, _largest: float, divisors: Numbers, *_: Any) -> Numbers:
    return np.full(divisors.shape, -1.0)


@pytest.mark.parametrize("name", ["exact 50", "exact 95", "exact 100"])
def test_precision_makes_no_difference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = np.concatenate([kind for _, kind in blocks_of_all_kinds(60)])
    fast = code_blocks(blocks, TABLES[name])
    monkeypatch.setattr(rounded_dct, "_error", everything_in_doubt)
    assert np.array_equal(code_blocks(blocks, TABLES[name]), fast)


def test_without_the_integers_it_would() -> None:
    blocks = np.concatenate([kind for _, kind in blocks_of_all_kinds(60)])
    right = code_blocks(blocks, TABLES["exact 50"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounded_dct, "_error", nothing_in_doubt)
        assert not np.array_equal(code_blocks(blocks, TABLES["exact 50"]), right)


# --- The 16 operations


@pytest.mark.parametrize("quality", [10, 50, 75, 90, 95, 100])
def test_the_16_operations_commute(quality: int) -> None:
    table = exact_table(quality)
    for name, blocks in blocks_of_all_kinds(60, seed=quality):
        found = mismatches(lambda blocks: code_blocks(blocks, table), blocks, table)
        assert not found.any(), (name, dict(zip(OPERATIONS, found.tolist(), strict=True)))


def test_what_is_left_out_of_a_strip_is_nothing() -> None:
    blocks = np.concatenate([kind for _, kind in blocks_of_all_kinds(1000)])
    assert len(blocks) > rounded_dct.CHUNK
    table = TABLES["exact 75"]
    numerators = 2 * blocks.astype(np.int16) - 255
    parts = [rounded(part, 2, table) for part in np.array_split(numerators, 13)]
    assert np.array_equal(rounded(numerators, 2, table), np.concatenate(parts))


def test_no_blocks_have_no_coefficients() -> None:
    assert rounded(np.zeros((0, 3, 8, 8), dtype=int), 2, ONES).shape == (0, 3, 8, 8)


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: rounded(np.zeros((8, 8)), 2, ONES), "numerators"),
        (lambda: rounded(ONES.tolist(), 2, ONES), "numerators"),  # type: ignore[arg-type]
        (lambda: rounded(ONES[:4], 2, ONES), "numerators"),
        (lambda: rounded(4000 * ONES, 2, ONES), "numerators"),
        (lambda: rounded(-(1 << 24) * ONES, 1 << 20, ONES), "numerators"),
        (lambda: rounded(ONES, 0, ONES), "denominator"),
        (lambda: rounded(ONES, (1 << 20) + 1, ONES), "denominator"),
        (lambda: rounded(ONES, 2, ONES[:4]), "table"),
        (lambda: mismatches(np.asarray, ONES, ONES), "blocks"),  # type: ignore[arg-type]
        (lambda: code_blocks(ONES, ONES), "blocks"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_refused(call: Callable[[], Any], parameter: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^The '{parameter}' parameter of "):
        call()
