"""What encrypted images gave away, held against the plain ones."""

from __future__ import annotations

import numpy as np
import pytest

from etcprops import BlockGeometry, EtCKey, InvalidParameterError
from etcprops.attacks.exposure import Exposure, can_be_attacked, expose
from etcprops.datasets import make_synthetic_faces


def test_faces_fall_and_noise_does_not() -> None:
    faces = make_synthetic_faces(people=3, lights=16, height=64, width=48)
    key = EtCKey.from_secret(faces.geometry, "faces")
    assert expose(faces.images, key) == Exposure(32, recovered=True, right=1.0)
    noise = np.random.default_rng(0).integers(0, 256, faces.images.shape, dtype=np.uint8)
    found = expose(noise, key, most=8)
    assert (found.images, found.recovered) == (8, False)
    assert found.right < 0.1


def test_the_encryption_is_the_one_that_is_given() -> None:
    faces = make_synthetic_faces(people=3, lights=16, height=64, width=48)
    key = EtCKey.from_secret(faces.geometry, "faces")
    rng = np.random.default_rng(0)
    noisy = expose(
        faces.images,
        key,
        encrypt=lambda images, _: rng.integers(0, 256, images.shape, dtype=np.uint8),
    )
    assert not noisy.recovered


def test_each_degree_is_said() -> None:
    assert str(Exposure(1, True, 1.0)).startswith("1 encrypted image alone give")
    assert str(Exposure(2, False, 0.5)).endswith(
        "part of their key away: 50 % of the blocks are found"
    )
    assert "no proof" in str(Exposure(2, False, 0.01))


@pytest.mark.parametrize(
    ("side", "block", "possible"), [(8, 8, False), (8, 1, False), (8, 4, True)]
)
def test_what_has_no_sides_to_compare_is_not_attacked(
    side: int, block: int, *, possible: bool
) -> None:
    key = EtCKey.from_secret(BlockGeometry(side, side, block=block), "small")
    assert can_be_attacked(key) == possible


def test_images_of_another_size_are_refused() -> None:
    key = EtCKey.from_secret(BlockGeometry(16, 16, block=8), "small")
    with pytest.raises(InvalidParameterError):
        expose(np.zeros((2, 8, 8), dtype=np.uint8), key)
