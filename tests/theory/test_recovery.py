"""Numbers of images that are enough, against images drawn from the model and put together again."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, encrypt
from etcprops.theory.recovery import (
    count_gluings,
    error_exponent,
    images_needed,
    images_needed_for_exponents,
)

GEOMETRY = BlockGeometry(8, 12, block=4)
NOISE, BRIGHTNESS = 0.02, 0.3
"""Shares of pixels that are flipped, and that show the sign of their image."""
RHO = (1 - 2 * NOISE) ** 2
R = RHO * (1 / GEOMETRY.block + BRIGHTNESS**2 * (1 - 1 / GEOMETRY.block))
"""Of gluings in which one pixel, at a common corner, faces its own value."""
FACING = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
"""Where the sides of a block look: each is the top after as many quarter turns."""


def images_of_the_model(number: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return images of 0 and 255 in which pixels are alike if they face each other at a seam."""
    rows, columns = (np.arange(n) - np.arange(n) // GEOMETRY.block for n in (8, 12))
    shape = (number, rows[-1] + 1, columns[-1] + 1)
    values = rng.choice([-1, 1], shape)
    bright = rng.random(shape) < BRIGHTNESS
    values = np.where(bright, rng.choice([-1, 1], (number, 1, 1)), values)
    image = values[:, rows[:, None], columns]
    image *= np.where(rng.random(image.shape) < NOISE, -1, 1)
    return np.where(image > 0, 255, 0).astype(np.uint8)


def cut(images: NDArray[Any]) -> NDArray[Any]:
    (rows, columns), side = GEOMETRY.grid, GEOMETRY.block
    blocks = images.reshape(-1, rows, side, columns, side).transpose(1, 3, 0, 2, 4)
    return blocks.reshape(rows * columns, -1, side, side)


def agreements(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the mean product of facing pixels, shape (2, sides, sides, N), NaN within a block."""
    blocks = cut(images) / 127.5 - 1
    turned = [np.rot90(blocks, s, axes=(-2, -1))[..., 0, :] for s in range(4)]
    sides = np.stack(turned, axis=1).reshape(4 * len(blocks), -1, GEOMETRY.block)
    # What is not mirrored is read in opposite directions.
    means = [np.einsum("aik,bik->abi", sides, other) for other in (sides[..., ::-1], sides)]
    block = np.arange(len(sides)) // 4
    same = (block[:, None] == block)[..., None]
    return np.where(same, np.nan, np.stack(means) / GEOMETRY.block)


def gluings(encrypted: NDArray[np.uint8], rule: str) -> list[tuple[float, int, int, int, int]]:
    """Return cost or ratio, both sides, whether mirrored, and the sign of each, in this order."""
    means = agreements(encrypted).mean(axis=3)
    cost = np.where(np.isnan(means), np.inf, 1 - np.abs(means)) + 1e-6
    block = np.arange(cost.shape[1]) // 4
    found = []
    for mirrored, a, b in np.argwhere(~np.isnan(means)).tolist():
        own = cost[:, a, block != block[b]].min()
        theirs = cost[:, b, block != block[a]].min()
        key = cost[mirrored, a, b] / (min(own, theirs) if rule == "ratio" else 1)
        found.append((key, a, b, mirrored, 1 if means[mirrored, a, b] > 0 else -1))
    return sorted(found)


def put_together(encrypted: NDArray[np.uint8], rule: str) -> NDArray[np.float64] | None:
    """Return the images as a tree of the first gluings lays them; None if it has not all blocks."""
    n = GEOMETRY.n_blocks
    place, motion = np.zeros((n, 2), int), np.stack([np.eye(2, dtype=int)] * n)
    sign, component = np.ones(n, int), np.arange(n)
    for _, side, other, mirrored, relative in gluings(encrypted, rule):
        a, b = side // 4, other // 4
        together, moved = component == component[a], component == component[b]
        if component[a] == component[b]:
            continue
        # The motion that lets side and other face each other, mirrored or not.
        turn = _taking(FACING[other % 4], -FACING[side % 4], -1 if mirrored else 1)
        whole = motion[a] @ turn @ motion[b].T
        target = place[a] + motion[a] @ FACING[side % 4]
        places = (place[moved] - place[b]) @ whole.T + target
        if not _fits(np.concatenate([place[together], places])):
            continue
        place[moved], motion[moved] = places, whole @ motion[moved]
        sign[moved] *= sign[a] * relative * sign[b]
        component[moved] = component[a]
    if (component != component[0]).any():
        return None
    place -= place.min(axis=0)
    if place[:, 0].max() >= GEOMETRY.grid[0]:
        place, motion = place[:, ::-1], motion[:, ::-1]
    image = np.zeros((encrypted.shape[0], *encrypted.shape[1:]))
    side = GEOMETRY.block
    pixels = np.indices((side, side)).reshape(2, -1)
    for values, (row, column), m, s in zip(cut(encrypted), place, motion, sign, strict=True):
        to = (m @ (2 * pixels - side + 1) + side - 1) // 2
        image[:, side * row + to[0], side * column + to[1]] = s * (
            values[:, pixels[0], pixels[1]] / 127.5 - 1
        )
    return image


def _taking(side: NDArray[Any], to: NDArray[Any], determinant: int) -> NDArray[np.int64]:
    """Return the turn, or the mirror image, of a square that takes one side to another."""
    quarter = np.array([[0, -1], [1, 0]])
    candidates = [np.linalg.matrix_power(quarter, k) for k in range(4)]
    candidates += [m @ np.diag([1, -1]) for m in candidates]
    (found,) = (
        m
        for m in candidates
        if np.array_equal(m @ side, to) and round(np.linalg.det(m)) == determinant
    )
    return found


def _fits(places: NDArray[np.int64]) -> bool:
    extent = sorted(np.ptp(places, axis=0) + 1)
    distinct = len({tuple(p) for p in places.tolist()}) == len(places)
    return distinct and all(a <= b for a, b in zip(extent, sorted(GEOMETRY.grid), strict=True))


def recovered(number: int, rule: str, seed: int) -> bool:
    """Tell whether images are recovered up to the symmetries of their frame and sign."""
    rng = np.random.default_rng(seed)
    plain = images_of_the_model(number, rng)
    key = EtCKey.from_secret(GEOMETRY, f"the recovery test, key {seed}")
    image = put_together(encrypt(plain, key), rule)
    readings = [plain[:, ::y, ::x] / 127.5 - 1 for y in (1, -1) for x in (1, -1)]
    return image is not None and any(
        np.array_equal(image, sign * reading) for reading in readings for sign in (1, -1)
    )


def true_sides() -> dict[int, int]:
    """Return which side of a neighbour each side faces in the plain image, where it has one."""
    rows, columns = GEOMETRY.grid
    blocks = np.arange(rows * columns).reshape(GEOMETRY.grid)
    pairs = [(4 * a + 1, 4 * a + 7) for a in blocks[:, :-1].ravel().tolist()]
    pairs += [(4 * a + 2, 4 * (a + columns)) for a in blocks[:-1].ravel().tolist()]
    return dict(pairs) | {b: a for a, b in pairs}


@pytest.mark.parametrize("rule", ["cost", "ratio"])
def test_the_key_is_recovered_from_as_many_images_as_are_enough(rule: str) -> None:
    delta, draws = 0.1, 10
    number = images_needed(RHO, R, GEOMETRY.n_blocks, delta, rule=rule)
    failures = sum(not recovered(number, rule, seed) for seed in range(draws))
    assert failures <= delta * draws


@pytest.mark.parametrize("rule", ["cost", "ratio"])
def test_one_image_is_not_enough(rule: str) -> None:
    assert sum(recovered(1, rule, seed) for seed in range(10)) < 5


def test_every_true_neighbour_wins_with_images_enough_for_the_exponents() -> None:
    rng = np.random.default_rng(0)
    population = agreements(images_of_the_model(100, rng))
    true = true_sides()
    exponents = [
        error_exponent(population[0, a, b] - sign * false)
        for a, b in true.items()
        for mirrored, c in np.argwhere(~np.isnan(population[:, a, :, 0])).tolist()
        if (mirrored, c) != (0, b)
        for false in [population[mirrored, a, c]]
        for sign in (1, -1)
    ]
    number = images_needed_for_exponents(exponents, 1e-3)
    assert number < images_needed(RHO, R, GEOMETRY.n_blocks, 1e-3)
    for _ in range(20):
        means = population[..., rng.integers(100, size=number)].mean(axis=3)
        for a, b in true.items():
            rivals = np.abs(means[:, a])
            rivals[0, b] = np.nan
            assert means[0, a, b] > np.nanmax(rivals)


@pytest.mark.parametrize("values", [[1, 1, 1, -1], [3, 1, -2], [0, 1], [5, 5, 5, 5, -1, 0]])
def test_exponents_bound_the_exact_probability_and_are_the_best_that_do(values: list[int]) -> None:
    exponent = error_exponent(values)
    law = {0: 1.0}
    for number in range(1, 201):
        new: dict[int, float] = {}
        for total, probability in law.items():
            for value in values:
                at = total + value
                new[at] = new.get(at, 0.0) + probability / len(values)
        law = new
        fails = math.fsum(probability for total, probability in law.items() if total <= 0)
        assert fails <= math.exp(-number * exponent) * (1 + 1e-9)
    assert -math.log(fails) / number < 1.2 * exponent + 0.02


def test_exponents_of_what_cannot_win_and_of_what_cannot_fail() -> None:
    assert error_exponent([1.0, -1.0]) == 0
    assert error_exponent([0.5, 2.0]) == math.inf
    assert images_needed_for_exponents([math.inf, math.inf]) == 1
    assert images_needed_for_exponents([math.log(2)], 1.0) == 1


@pytest.mark.parametrize("exponents", [[0.1], [0.1, 0.2, math.inf], [0.01] * 7])
def test_no_fewer_images_are_enough_for_exponents(exponents: list[float]) -> None:
    number = images_needed_for_exponents(exponents, 0.05)
    assert np.exp(-number * np.array(exponents)).sum() <= 0.05
    assert np.exp(-(number - 1) * np.array(exponents)).sum() > 0.05


def test_the_number_grows_with_the_logarithm_of_the_blocks() -> None:
    few, many = (images_needed(0.9, 0.1, blocks, 0.05) for blocks in (100, 10_000))
    assert few < many < 2 * few
    assert images_needed(0.9, 0.1, 100, 0.05, orders=6) > few
    assert images_needed(0.9, 0.1, 100, 0.05, rule="ratio") > few


def test_gluings_are_those_of_all_sides() -> None:
    means = agreements(images_of_the_model(1, np.random.default_rng(0)))
    assert np.count_nonzero(~np.isnan(means)) == 2 * count_gluings(GEOMETRY.n_blocks)
    assert count_gluings(6, orders=6) == 6 * count_gluings(6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: images_needed(0.2, 0.2, 4),
            "'rho' parameter of images_needed must be more than r",
        ),
        (lambda: images_needed(0.7, 0.5, 4, rule="ratio"), "must be more than 2 r"),
        (lambda: images_needed(1.1, 0.2, 4), "'rho' parameter"),
        (lambda: images_needed(0.5, -0.1, 4), "'r' parameter"),
        (lambda: images_needed(0.5, 0.1, 1), "'blocks' parameter"),
        (lambda: images_needed(0.5, 0.1, 4, 0), "'delta' parameter"),
        (lambda: images_needed(0.5, 0.1, 4, orders=0), "'orders' parameter"),
        (lambda: images_needed(0.5, 0.1, 4, rule="luck"), "'rule' parameter"),
        (lambda: error_exponent([]), "'differences' parameter"),
        (lambda: error_exponent([[1]]), "'differences' parameter"),
        (lambda: error_exponent([1, math.nan]), "NaN or infinity"),
        (lambda: error_exponent("cost"), "'differences' parameter"),
        (lambda: images_needed_for_exponents([]), "'exponents' parameter"),
        (lambda: images_needed_for_exponents([0.1, 0.0]), "'exponents' parameter"),
        (lambda: images_needed_for_exponents([0.1], 2), "'delta' parameter"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=re.escape(message)):
        call()
