"""Mutation testing: the probe must name each defect that was seen in public code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.probing import BitMap, MapKind, PixelMap, ProbeReport, probe

Image = NDArray[Any]
GEOMETRY = BlockGeometry(16, 16, block=4)
BLOCKS = GEOMETRY.n_blocks


def found(report: ProbeReport, text: str) -> bool:
    return any(text in finding for finding in report.findings)


# --- Maps that are no signed permutation


def lost_channels(image: Image, key: int) -> Image:
    """Write the first component over the others in some blocks: grey images do not mind."""
    result = image.copy()
    result[:8, :, 1] = result[:8, :, 0]
    return result[np.random.default_rng(key).permutation(len(image))]


def variance_key(image: Image, key: int) -> Image:
    mask = np.random.default_rng([key, int(image.var() * 1000)])
    return image ^ mask.integers(0, 256, image.shape, dtype=np.uint8)


def nibbles(image: Image, key: int) -> Image:
    """Permute halves of bytes."""
    halves = np.stack([image & 15, image >> 4], axis=-1).reshape(-1)
    order = np.random.default_rng(key).permutation(halves.size)
    low, high = halves[order].reshape(-1, 2).T
    return np.asarray(low | high << 4).reshape(image.shape)


def ycbcr(image: Image, _key: int) -> Image:
    there = Picture.fromarray(image).convert("YCbCr")
    return np.asarray(there.convert("RGB"))[::-1]


def jpeg(image: Image, _key: int) -> Image:
    file = BytesIO()
    Picture.fromarray(image).save(file, "jpeg", quality=75)
    return np.asarray(Picture.open(file))[:, ::-1]


def test_lost_channels_are_a_copy_map() -> None:
    report = probe(lost_channels, (16, 16, 3))
    assert report.kind is MapKind.COPY_MAP
    assert isinstance(report.map, PixelMap)
    lost = np.arange(16 * 16 * 3).reshape(16, 16, 3)[:8, :, 1]
    assert np.array_equal(report.map.lost, lost.reshape(-1))
    assert np.array_equal(report.map.duplicated, lost.reshape(-1) - 1)
    assert report.witness is not None
    assert report.witness.pixel[2] == 1
    assert "128 of 768 inputs are lost" in report.reason


def test_xor_with_a_key_from_the_variance_is_data_dependent() -> None:
    report = probe(variance_key, (16, 16))
    assert report.kind is MapKind.DATA_DEPENDENT, str(report)
    assert report.witness is not None


def test_nibbles_are_affine_over_bits_only() -> None:
    report = probe(nibbles, (16, 16))
    assert report.kind is MapKind.GF2_AFFINE
    assert isinstance(report.map, BitMap)
    assert report.map.halves_stay_whole
    assert not report.map.pixels_stay_whole
    assert "nibbles" in report.reason


def test_a_colour_conversion_is_affine_but_for_rounding() -> None:
    report = probe(ycbcr, (16, 16, 3))
    assert report.kind is MapKind.NON_LINEAR, str(report)
    assert found(report, "YCbCr")


def test_lossy_compression_is_seen() -> None:
    report = probe(jpeg, (32, 32))
    assert report.kind is MapKind.NON_LINEAR, str(report)
    assert found(report, "JPEG")


# --- Shapes


def square_only(image: Image, _key: int) -> Image:
    if image.shape[0] != image.shape[1]:
        raise IndexError("out of bounds")
    return image[::-1]


def loses_the_rest(image: Image, _key: int) -> Image:
    side = min(image.shape[:2])
    return image[:side, :side][::-1]


def test_components_side_by_side_are_reported() -> None:
    report = probe(lambda x, _: np.concatenate(list(np.moveaxis(x, 2, 0)), axis=1), (8, 8, 3))
    assert report.kind is MapKind.PERMUTATION
    assert report.out_shape == (8, 24)
    assert found(report, "(8, 8, 3) become images of shape (8, 24)")


@pytest.mark.parametrize("function", [square_only, loses_the_rest], ids=lambda f: f.__name__)
def test_failure_on_other_shapes_is_reported(function: Callable[[Image, Any], Image]) -> None:
    report = probe(function, (16, 16), keys=1)
    assert report.kind is MapKind.PERMUTATION
    failing = [outcome for outcome in report.shapes if not outcome.ok]
    assert failing
    assert all(o.shape[0] != o.shape[1] for o in failing)


# --- Keys


def half_negated(rng: np.random.Generator) -> dict[str, Any]:
    return {"negatives": rng.permutation(BLOCKS) < BLOCKS // 2}


def one_map_for_all(rng: np.random.Generator) -> dict[str, Any]:
    codes = np.full(BLOCKS, rng.integers(8))
    return {"permutation": rng.permutation(BLOCKS), "transforms": codes}


def reflections_only(rng: np.random.Generator) -> dict[str, Any]:
    return {"transforms": rng.integers(4, 8, BLOCKS)}


def biased_shuffle(rng: np.random.Generator) -> dict[str, Any]:
    """Swap each place with any other, not with a later one."""
    order = np.arange(BLOCKS)
    for index in range(BLOCKS):
        other = int(rng.integers(BLOCKS))
        order[[index, other]] = order[[other, index]]
    return {"permutation": order}


def few_seeds(rng: np.random.Generator) -> dict[str, Any]:
    weak = np.random.default_rng(int(rng.integers(4)))
    return {"permutation": weak.permutation(BLOCKS)}


def fixed_signs(rng: np.random.Generator) -> dict[str, Any]:
    signs = np.random.default_rng(0).integers(0, 2, BLOCKS)
    return {"permutation": rng.permutation(BLOCKS), "negatives": signs}


def rarely_negated(rng: np.random.Generator) -> dict[str, Any]:
    return {"negatives": rng.random(BLOCKS) < 0.3}


Draw = Callable[[np.random.Generator], dict[str, Any]]


def audited(draw: Draw, keys: int) -> ProbeReport:
    def weak(image: Image, key: int) -> Image:
        codes = draw(np.random.default_rng([key, 99]))
        return encrypt(image, EtCKey(GEOMETRY, **{n: np.asarray(c) for n, c in codes.items()}))

    return probe(weak, GEOMETRY.shape, keys=keys)


WEAK: Sequence[tuple[Draw, int, str]] = [
    (half_negated, 8, "Exactly half of the blocks is negated"),
    (one_map_for_all, 8, "One element of D4 for every block"),
    (reflections_only, 12, "only 4 of 8 are ever drawn"),
    (biased_shuffle, 600, "Not uniform: source of each position"),
    (few_seeds, 12, "give the same one"),
    (fixed_signs, 8, "Which blocks are negated does not depend on the key"),
    (rarely_negated, 30, "Not uniform: negation"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("draw", "keys", "says"), WEAK, ids=[w[0].__name__ for w in WEAK])
def test_weak_keys_are_named(draw: Draw, keys: int, says: str) -> None:
    report = audited(draw, keys)
    assert report.ok
    assert report.key_audit is not None
    assert any(says in finding for finding in report.key_audit.findings), report.findings
    claimed, effective = report.key_audit.claimed_bits, report.key_audit.effective_bits
    assert claimed is not None
    assert effective is not None
    # A bias is no smaller set of keys.
    biased = draw in {biased_shuffle, rarely_negated}
    assert effective == pytest.approx(claimed) if biased else effective < claimed


def test_a_constant_seed_is_named() -> None:
    def constant(image: Image, _key: int) -> Image:
        return encrypt(image, EtCKey.from_secret(GEOMETRY, "for everybody"))

    report = probe(constant, GEOMETRY.shape)
    audit = report.key_audit
    assert audit is not None
    assert audit.keys_used is False
    assert audit.distinct_maps == 1
    assert found(report, "The key is not used: 4 keys give one and the same map.")
