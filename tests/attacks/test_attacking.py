"""The attack: what it recovers, what it does not, and that it says which."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
from helpers import noise, possible_steps
from numpy.typing import NDArray

from etcprops import (
    AttackReport,
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    SignedPermutation,
    Step,
    attack,
    decrypt,
    encrypt,
)
from etcprops.attacks import AttackOutcome
from etcprops.attacks.calibration import draw, reliability, right_blocks
from etcprops.attacks.lattice import find_lattice
from etcprops.attacks.seams import smallest
from etcprops.datasets import make_synthetic_faces

GREY = BlockGeometry(96, 80)
COLOUR = BlockGeometry(96, 80, channels=3)


@cache
def faces(*, colour: bool = False) -> NDArray[np.uint8]:
    """Return 48 synthetic faces; in colour, each component has a curve of its own."""
    images = make_synthetic_faces(people=6, lights=8, height=96, width=80).images
    if not colour:
        return images
    curves = [np.rint(255 * (images / 255) ** power) for power in (0.7, 1.0, 1.6)]
    return np.stack(curves, axis=-1).astype(np.uint8)


def key(geometry: BlockGeometry = GREY, name: str = "attack", **options: Any) -> EtCKey:
    return EtCKey.from_secret(geometry, name, **options)


def whole(report: AttackReport, true: EtCKey) -> bool:
    return report.key is not None and bool(right_blocks(report.key, true).all())


@pytest.mark.sampled(2)
@pytest.mark.parametrize("colour", [False, True])
def test_the_whole_key_falls(*, colour: bool) -> None:
    true = key(COLOUR if colour else GREY)
    encrypted = encrypt(faces(colour=colour), true)
    report = attack(encrypted)
    assert report.outcome is AttackOutcome.RECOVERED
    assert report.recovered
    assert whole(report, true)
    assert report.key is not None
    assert np.array_equal(decrypt(encrypted, report.key), report.images)
    assert report.images.shape == encrypted.shape
    assert report.block == 8
    assert report.block_confidence > 0.99
    assert report.confidence.shape == (120,)
    assert report.share > 0.95
    assert report.fitting.all()
    assert report.sign_known
    assert report.images.mean() < 127.5
    assert report.images_needed is None


@pytest.mark.sampled(3)
@pytest.mark.parametrize("step", possible_steps(COLOUR))
def test_every_single_step_is_undone(step: Step) -> None:
    true = key(COLOUR, steps=[step])
    assert whole(attack(encrypt(faces(colour=True)[::2], true), block=8), true)


def test_orientation_of_the_frame_does_not_matter() -> None:
    upright = faces()[:32]
    turned = np.ascontiguousarray(np.rot90(upright, axes=(1, 2)))
    for images in (upright, turned):
        true = key(BlockGeometry(*images.shape[1:]))
        assert whole(attack(encrypt(images, true)), true)


def test_z_scores_keep_the_arrangement_readable() -> None:
    images = faces()
    scores = (images - images.mean(axis=0)) / images.std(axis=0)
    true = key()
    encrypted = encrypted_scores(scores, true)
    report = attack(encrypted, block=8)
    assert whole(report, true)
    assert report.key is not None
    there = encrypted_scores(report.images, report.key)
    assert np.array_equal(there, encrypted)
    assert not report.sign_known


def encrypted_scores(scores: NDArray[np.float64], under: EtCKey) -> NDArray[np.float64]:
    moved = SignedPermutation.from_key(under)
    flat = scores.reshape(len(scores), -1)
    return np.asarray((flat[:, moved.source] * moved.sign).reshape(scores.shape))


@pytest.mark.thorough
def test_three_planes_side_by_side_fall_one_by_one() -> None:
    """The grayscale-based scheme: luminance and two planes of colour as one grey image."""
    colour = np.moveaxis(faces(colour=True), -1, 0).astype(np.int64)
    luminance = colour.sum(axis=0) // 3
    planes = [luminance, *(128 + 2 * (colour[c] - luminance) for c in (0, 2))]
    images = np.concatenate([np.clip(p, 0, 255) for p in planes], axis=2).astype(np.uint8)
    true = key(BlockGeometry(96, 240))
    report = attack(encrypt(images, true), block=8)
    assert report.key is not None
    assert "in three planes" in report.reason
    assert not report.sign_known
    assert true.permutation is not None
    of_plane = true.permutation % 30 // 10
    for plane in range(3):
        chosen = of_plane == plane
        assert right_blocks(report.key, true, chosen)[chosen].all()


# --- Nothing


@pytest.mark.sampled(4)
@pytest.mark.parametrize("block", [None, 2, 4, 8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_noise_gives_nothing(block: int | None, channels: int) -> None:
    height, width = (24, 32) if block == 2 else (48, 64)
    size = BlockGeometry(height, width, channels=channels)
    for seed, count in enumerate((1, 4, 16)):
        images = noise(size, count, seed=seed)
        report = attack(images, block=block)
        assert report.outcome is AttackOutcome.NOTHING
        assert report.key is None
        assert not report.confidence.any()
        assert report.images_needed is None
        assert np.array_equal(report.images, images)
        assert "noise" in report.reason


def test_a_key_for_each_image_gives_nothing_and_that_is_said() -> None:
    encrypted = [encrypt(image, key(name=f"{i}")) for i, image in enumerate(faces())]
    report = attack(encrypted)
    assert report.outcome is AttackOutcome.NOTHING
    assert "not under one key" in report.reason
    assert not report.confidence.any()


def test_images_under_another_key_are_named() -> None:
    images = faces()
    strange = np.arange(len(images)) % 12 == 5
    encrypted = np.where(
        strange[:, None, None], encrypt(images, key(name="b")), encrypt(images, key())
    )
    report = attack(encrypted)
    assert whole(report, key())
    assert np.array_equal(report.fitting, ~strange)
    assert "4 of 48 images are not under this key." in report.facts


def test_one_image_is_too_few_and_how_many_it_would_take() -> None:
    report = attack(encrypt(faces()[20], key(BlockGeometry(96, 80, block=4))), block=4)
    assert report.outcome is AttackOutcome.NOTHING
    assert report.reason == "One image is too few to tell neighbours from all other blocks."
    assert report.images_needed is not None
    assert 2 <= report.images_needed <= 48
    assert f"Some {report.images_needed} images like these would be enough." in report.facts


def test_images_that_are_not_scrambled_are_named() -> None:
    assert "not scrambled" in attack(faces(), block=8).reason
    found = attack(faces())
    assert found.outcome is AttackOutcome.PLAIN
    assert str(found).startswith("not encrypted by blocks: no lattice")
    assert not found.recovered
    assert found.facts == ()
    assert found.geometry is None
    assert found.block is None


@pytest.mark.parametrize("block", [None, 8])
def test_constant_images_give_nothing(block: int | None) -> None:
    levels = np.arange(4, dtype=np.uint8)[:, None, None]
    report = attack(np.broadcast_to(levels, (4, 48, 48)), block=block)
    assert report.outcome is AttackOutcome.NOTHING
    assert "constant" in report.reason


def test_few_blocks_and_other_blocks_are_named() -> None:
    small = BlockGeometry(16, 16)
    assert "too few" in attack(encrypt(faces()[:, 40:56, 32:48], key(small)), block=8).reason
    encrypted = encrypt(faces(), key())
    assert "another size" in attack(encrypted, block=16).reason
    assert attack(encrypted, block=4).recovered  # a key of 4 x 4 blocks does the same


# --- Parts


@pytest.mark.parametrize("block", [2, 4, 8, 16])
@pytest.mark.parametrize("count", [1, 8])
def test_the_size_of_blocks_is_found(block: int, count: int) -> None:
    encrypted = encrypt(faces()[:count], key(BlockGeometry(96, 80, block=block)))
    found = find_lattice(encrypted)
    assert found.block == block
    assert found.confidence > 0.95
    assert find_lattice(encrypted[:, :, :72]).block == (block if 72 % block == 0 else 8)


@pytest.mark.parametrize("n", [3, 30, 480, 4097])
def test_the_smallest_are_found(n: int) -> None:
    values = np.random.default_rng(n).random((5, n)).astype(np.float32)
    for count in (1, 2, 6):
        if count < n:
            expected = np.sort(values.argsort(axis=1)[:, :count], axis=1)
            assert np.array_equal(np.sort(smallest(values, count), axis=1), expected)


@pytest.mark.thorough
def test_confidence_is_calibrated() -> None:
    """Of what is stated with some probability, so much is right; nothing was fitted on these."""
    for low, high, places, stated, right in reliability(draw(6, seed=100)):
        assert low <= stated <= high
        # Places of one image are not independent: some 30 of them are worth one.
        error = 3 * (max(stated * (1 - stated), 0.002) / max(1, places / 30)) ** 0.5
        assert abs(right - stated) < error + 0.02, (low, high, places, stated, right)


# --- Reports


def test_report_as_json_and_html() -> None:
    encrypted = encrypt(faces(), key())
    report = attack(encrypted)
    document = json.loads(report.to_json())
    assert (document["key"], document["places"]) == (None, [])
    document = json.loads(report.to_json(with_key=True))
    assert EtCKey.from_json(json.dumps(document["key"])) == report.key
    assert document["places"] == report.places.tolist()
    assert document["recovered"] is True
    assert document["images"] == {"shape": [48, 96, 80], "dtype": "uint8"}
    page = report.to_html("some <images>")
    assert page.startswith("<!DOCTYPE html>")
    assert "some &lt;images&gt;" in page
    assert page.count("data:image/png;base64,") == 9
    assert "http" not in page
    assert "<html" not in report._repr_html_()
    assert "data:image/png;base64," in report._repr_html_()
    assert str(report).startswith("recovered: about ")
    assert repr(report).startswith("AttackReport('recovered', share=")
    assert report.confidence_map.shape == (12, 10)
    assert sorted(report.confidence_map.ravel()) == sorted(report.confidence)


def test_report_of_nothing() -> None:
    report = attack(noise(GREY, 4))
    document = json.loads(report.to_json())
    assert document["key"] is None
    assert document["confidence"] == []
    assert report.to_html().count("data:image/png;base64,") == 4
    assert report.confidence_map.size == 0
    assert report.share == 0


# --- Bad input


BAD: dict[str, tuple[Any, dict[str, Any], str]] = {
    "sizes": ([np.zeros((8, 8), np.uint8), np.zeros((8, 16), np.uint8)], {}, "be images of one"),
    "type": (np.zeros((2, 8, 8), np.int64), {}, "uint8 or floats"),
    "text": ("images", {}, "be images of one size"),
    "vectors": (np.zeros(64, np.uint8), {}, "N x H x W"),
    "four channels": (np.zeros((2, 8, 8, 4), np.uint8), {}, "N x H x W x 3"),
    "none": (np.zeros((0, 8, 8), np.uint8), {}, "be images of one size"),
    "NaN": (np.full((2, 8, 8), np.nan), {}, "be finite"),
    "block does not divide": (np.zeros((2, 8, 8), np.uint8), {"block": 3}, "divide 8 and 8"),
    "block is all": (np.zeros((2, 8, 8), np.uint8), {"block": 8}, "into two blocks or more"),
    "block of a pixel": (np.zeros((2, 8, 8), np.uint8), {"block": 1}, "at least 2"),
    "no block possible": (np.zeros((2, 7, 8), np.uint8), {}, "common divisor"),
    "planes": (np.zeros((2, 8, 24), np.uint8), {"planes": 2}, "be 1, or 3"),
    "planes in colour": (np.zeros((2, 8, 24, 3), np.uint8), {"planes": 3}, "images are grey"),
    "planes and block": (np.zeros((2, 24, 60), np.uint8), {"planes": 3, "block": 12}, "each of 3"),
    "most": (np.zeros((2, 8, 8), np.uint8), {"most": 0}, "positive integer"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused(name: str) -> None:
    images, options, message = BAD[name]
    with pytest.raises(InvalidParameterError, match=message) as caught:
        attack(images, **options)
    assert "of attack must" in str(caught.value)
