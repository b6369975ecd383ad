"""How much of a reconstruction is right, up to what no attack can tell."""

from __future__ import annotations

import re
from dataclasses import astuple
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import COMPONENT_ORDERS, BlockGeometry, InvalidParameterError
from etcprops.attacks import Agreement, compare

GEOMETRY = BlockGeometry(24, 16, block=8, channels=3)
READINGS = [
    *product((False, True), range(4), [(1, 2, 0)], (False, True)),
    *product([False], [0], COMPONENT_ORDERS, [False]),
]
Images = NDArray[np.uint8]


def noise(seed: int, shape: tuple[int, ...] = (2, *GEOMETRY.shape)) -> Images:
    """Return images of noise."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def read(images: Images, reading: Any) -> Images:
    """Return images mirrored, turned, with other components, negated."""
    mirrored, turns, order, negated = reading
    turned = np.rot90(images[:, :, ::-1] if mirrored else images, turns, axes=(1, 2))
    turned = turned[..., list(order)]
    return 255 - turned if negated else turned


def test_every_reading_of_the_whole_is_right() -> None:
    truth = noise(0)
    for reading in READINGS:
        found = read(truth, reading)
        if found.shape == truth.shape:
            assert compare(found, truth, GEOMETRY) == Agreement(1.0, 1.0, 1.0)


@pytest.mark.thorough
def test_a_part_is_right_however_it_is_turned_and_wherever_it_is() -> None:
    truth = noise(0)
    for reading in READINGS:
        found = noise(1)
        found[:, 8:] = read(truth[:, :16, :16], reading)
        right = compare(found, truth, GEOMETRY)
        assert right.largest == pytest.approx(4 / 6)
        assert right.neighbours == pytest.approx(4 / 7)


def test_blocks_may_differ_by_a_tolerance() -> None:
    truth = noise(0)
    found = truth ^ np.random.default_rng(2).integers(0, 2, truth.shape, dtype=np.uint8)
    assert compare(found, truth, GEOMETRY).direct == 0
    for reading in READINGS:
        turned = read(found, reading)
        if turned.shape == truth.shape:
            right = compare(turned, truth, GEOMETRY, tolerance=1)
            assert right == Agreement(1.0, 1.0, 1.0)
    assert compare(noise(1), truth, GEOMETRY, tolerance=1).direct == 0
    with pytest.raises(InvalidParameterError, match="'tolerance' parameter of compare must"):
        compare(found, truth, GEOMETRY, tolerance=-1)


def test_two_parts_in_two_readings_are_not_one() -> None:
    truth = noise(0)
    found = truth.copy()
    found[:, 8:] = 255 - found[:, 8:]
    right = compare(found, truth, GEOMETRY)
    assert astuple(right) == pytest.approx((4 / 6, 5 / 7, 4 / 6))


def test_a_block_that_is_turned_where_it_is_counts_as_wrong() -> None:
    truth = noise(0)
    found = truth.copy()
    found[:, :8, :8] = np.rot90(found[:, :8, :8], axes=(1, 2))
    assert compare(found, truth, GEOMETRY).direct == pytest.approx(5 / 6)


def test_blocks_that_look_alike_stand_for_one_another() -> None:
    truth = noise(0)
    truth[:, :8] = 7
    found = truth.copy()
    found[:, :8, :8], found[:, :8, 8:] = truth[:, :8, 8:], truth[:, :8, :8]
    assert compare(found, truth, GEOMETRY) == Agreement(1.0, 1.0, 1.0)


def test_noise_has_nothing_right() -> None:
    assert astuple(compare(noise(1), noise(0), GEOMETRY)) == pytest.approx((0, 0, 1 / 6))


def test_a_single_block_is_right_or_not() -> None:
    geometry = BlockGeometry(8, 8)
    truth = noise(0, (1, 8, 8))
    assert compare(255 - truth, truth, geometry) == Agreement(1.0, 1.0, 1.0)
    assert compare(noise(1, (1, 8, 8)), truth, geometry).direct == 0


@pytest.mark.parametrize("bad", [noise(0)[0], noise(0).astype(float), noise(0)[:1], "images"])
def test_other_images_are_refused(bad: Any) -> None:
    wanted = r"'found' parameter of compare must be an array of uint8 and shape \(2, 24, 16, 3\)"
    with pytest.raises(InvalidParameterError, match=wanted):
        compare(bad, noise(0), GEOMETRY)
    with pytest.raises(InvalidParameterError, match=re.escape("'truth' parameter of compare")):
        compare(noise(0), noise(0).astype(float), GEOMETRY)
