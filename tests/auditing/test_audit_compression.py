"""An audit says what its images went through: plain ones, encrypted ones, or both."""

from __future__ import annotations

import numpy as np
import pytest
from jpegs import through_jpeg
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import NearestCentroid

from etcprops import BlockGeometry, EtCKey, audit, encrypt
from etcprops.auditing import compression
from etcprops.auditing.harness import Encryption

Pixels = NDArray[np.uint8]
GEOMETRY = BlockGeometry(32, 32, block=8)
KEY = EtCKey.from_secret(GEOMETRY, "compressed")


def textures(count: int) -> Pixels:
    noise = np.random.default_rng(0).normal(size=(count, *GEOMETRY.shape))
    smooth = gaussian_filter(noise, (0, 1.5, 1.5))
    scaled: Pixels = np.rint(128 + 100 * smooth / np.abs(smooth).max()).astype(np.uint8)
    return scaled


PLAIN = textures(16)
HIDDEN = "encrypted images show JPEG of quality 60, plain ones do not: it may be what differs"
BOTH = "plain images show JPEG of quality 95, encrypted ones JPEG of quality 60"


def compressing(images: Pixels, key: EtCKey) -> Pixels:
    return through_jpeg(encrypt(images, key), 60)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("images", "function", "said"),
    [
        (PLAIN, encrypt, []),
        (PLAIN, compressing, [HIDDEN]),
        (through_jpeg(PLAIN, 75), encrypt, ["plain and encrypted images show JPEG of quality 75"]),
        (through_jpeg(PLAIN, 95), compressing, [BOTH]),
    ],
    ids=["neither", "encrypted", "both alike", "both"],
)
def test_compression_is_said_in_the_conditions(
    images: Pixels, function: Encryption, said: list[str]
) -> None:
    labels = np.arange(len(images)) % 2
    verdict = audit(NearestCentroid(), images, labels, KEY, encrypt=function, explain=False)
    assert [c for c in verdict.conditions if "JPEG" in c] == said


@pytest.mark.thorough
def test_blocks_that_cut_those_of_jpeg_are_seen_on_plain_images_alone() -> None:
    geometry = BlockGeometry(32, 32, block=4)
    images, labels = through_jpeg(PLAIN, 75), np.arange(len(PLAIN)) % 2
    key = EtCKey.from_secret(geometry, "compressed")
    verdict = audit(NearestCentroid(), images, labels, key, explain=False)
    assert "plain images show JPEG of quality 75" in verdict.conditions


def test_every_so_many_images_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first on, at most 64 of them, and as many of the encrypted ones."""
    seen: list[list[int]] = []
    monkeypatch.setattr(compression, "find_jpeg", lambda some: seen.append(some[:, 0, 0].tolist()))
    images = np.arange(200, dtype=np.uint8)[:, None, None] * np.ones((2, 2), np.uint8)
    for count, step in ((64, 1), (66, 2), (128, 2), (130, 3)):
        seen.clear()
        some = images[:count]
        assert compression.compression_seen(some, some.reshape(count, -1).astype(float)) == ()
        assert seen == [list(range(0, count, step))] * 2
    seen.clear()
    assert compression.compression_seen(some, some.reshape(count, -1).astype(float) + 0.5) == ()
    assert len(seen) == 1  # what is encrypted is no picture
