"""When true neighbours win, told from plain images: smooth ones, and ones that are cut apart."""

from __future__ import annotations

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.claims.checks.recovery import _between, margins, recovered, smooth_images

GEOMETRY = BlockGeometry(24, 24, block=8)


def test_weights_are_linear_between_corners() -> None:
    weights = _between(2, 4)
    assert weights.shape == (8, 3)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(weights @ np.arange(3), (np.arange(8) + 0.5) / 4, rtol=1e-15)
    assert (weights >= 0).all()
    assert (weights[0] == [0.875, 0.125, 0]).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_smooth_images_are_smooth_and_continue_if_periodic(channels: int) -> None:
    geometry = BlockGeometry(24, 16, block=8, channels=channels)
    for periodic in (False, True):
        found = smooth_images(geometry, 40, 0, periodic=periodic).astype(int)
        assert found.shape == (40, *geometry.shape)
        steps = max(np.abs(np.diff(found, axis=axis)).max() for axis in (1, 2))
        assert steps <= 255 / 8 + 1
        seam = np.abs(found[:, 0] - found[:, -1]).max()
        assert bool(seam > 100) is not periodic
        assert np.ptp(found) > 150
    again, other = (smooth_images(geometry, 40, seed) for seed in (0, 1))
    assert (again == smooth_images(geometry, 40, 0)).all()
    assert (again != other).any()


def test_true_neighbours_win_in_smooth_images_and_the_key_is_recovered() -> None:
    plain = smooth_images(GEOMETRY, 32, 0)
    assert margins(plain, GEOMETRY) == (True, True)
    key = EtCKey.from_secret(GEOMETRY, "smooth")
    assert recovered(encrypt(plain, key), plain, GEOMETRY) == 1.0


def test_borders_of_periodic_images_are_seams_as_well() -> None:
    plain = smooth_images(GEOMETRY, 32, 0, periodic=True)
    wins, border = margins(plain, GEOMETRY)
    assert not (wins and border)


def test_neighbours_lose_in_noise_and_in_constant_blocks() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 24, 24)).astype(np.uint8)
    assert not margins(noise, GEOMETRY).wins
    flat = np.kron(np.arange(9).reshape(3, 3) * 20, np.ones((8, 8))).astype(np.uint8)[None]
    assert margins(flat, GEOMETRY) == (False, False)
    flat[0, 0, 0] += 1  # one pixel is enough to look at seams
    assert not margins(flat, GEOMETRY).wins
