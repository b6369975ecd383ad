"""What pairs of plain and encrypted images give away of a key."""

from __future__ import annotations

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, encrypt, recover_from_pairs


@pytest.mark.parametrize("channels", [1, 3])
def test_a_random_pair_gives_the_key_away(channels: int) -> None:
    geometry = BlockGeometry(16, 24, channels=channels, block=4)
    key = EtCKey.from_secret(geometry, "known plaintext")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    found = recover_from_pairs(image, encrypt(image, key), geometry)
    assert found.determined.all()
    assert found.bits_left == 0
    assert found.key == key


@pytest.mark.parametrize("channels", [1, 3])
def test_what_pairs_leave_open_is_said(channels: int) -> None:
    geometry = BlockGeometry(16, 16, channels=channels, block=4)
    key = EtCKey.from_secret(geometry, "known plaintext")
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    image[:4, :4] = 40  # constant
    image[4:8, 4:8] = image[7:3:-1, 4:8][::-1]
    image[6:8, 4:8] = image[5:3:-1, 4:8]  # symmetric
    image[8:12, 8:12] = image[12:16, 12:16]  # twins
    found = recover_from_pairs(image, encrypt(image, key), geometry)
    assert found.constant.sum() == 1
    assert found.symmetric.sum() == 1
    assert found.twins.sum() == 2
    assert found.determined.sum() == geometry.n_blocks - 4
    constant, symmetric, twins = 3 + (np.log2(6) if channels == 3 else 0), 1, 1
    assert found.bits_left == pytest.approx(constant + symmetric + twins)
    assert found.key is not None
    assert np.array_equal(encrypt(image, found.key), encrypt(image, key))


def test_pairs_of_another_function_are_unexplained() -> None:
    geometry = BlockGeometry(16, 16, block=4)
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    found = recover_from_pairs(image, image ^ np.uint8(77), geometry)
    assert found.unexplained.all()
    assert found.key is None
    assert found.bits_left == np.inf
