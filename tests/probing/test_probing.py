"""What the probe says of functions whose truth is known, and what it gives back of them."""

from __future__ import annotations

import itertools
import json
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, SignedPermutation, encrypt
from etcprops.probing import (
    AffineMap,
    BitMap,
    LocalMap,
    MapKind,
    PixelMap,
    infer_structure,
    probe,
)

Image = NDArray[Any]
GREY = (8, 12)
ORDER = np.random.default_rng(5).permutation(96)
MASK = np.random.default_rng(6).integers(0, 2, 96).astype(np.uint8) * 255
NOISE, CALLS = np.random.default_rng(7), itertools.count()


def permuted(image: Image, _key: Any) -> Image:
    return image.reshape(-1)[ORDER].reshape(image.shape)


def signed(image: Image, _key: Any) -> Image:
    return (image.reshape(-1)[ORDER] ^ MASK).reshape(image.shape)


def mean_flip(image: Image, _key: Any) -> Image:
    return 255 - image if image.mean() > 127.5 else image


def blurred(image: Image, _key: Any) -> Image:
    wide = image.astype(np.int64)
    return ((wide + np.roll(wide, 1, axis=1)) // 2).astype(np.uint8)


def noisy(image: Image, _key: Any) -> Image:
    return image ^ NOISE.integers(0, 2, image.shape, dtype=np.uint8)


OUTCOMES: list[tuple[Callable[[Image, Any], Any], MapKind, type | None]] = [
    (lambda x, _: x, MapKind.IDENTITY, SignedPermutation),
    (permuted, MapKind.PERMUTATION, SignedPermutation),
    (signed, MapKind.SIGNED_PERMUTATION, SignedPermutation),
    (lambda x, _: np.stack([x[:, 0]] * x.shape[1], axis=1), MapKind.COPY_MAP, PixelMap),
    (lambda x, _: x.astype(np.int64) * 3 + x[::-1] - 7, MapKind.AFFINE, AffineMap),
    (lambda x, _: x ^ 77, MapKind.GF2_AFFINE, BitMap),
    (lambda x, _: (x.astype(np.int64) ** 2 // 255).astype(np.uint8), MapKind.PIXEL_LOCAL, LocalMap),
    (blurred, MapKind.NON_LINEAR, None),
    (lambda x, _: x + np.uint8(3), MapKind.AFFINE_MODULAR, AffineMap),
    (lambda x, _: (x + 3.0) % 251, MapKind.AFFINE_RESIDUE, AffineMap),
    (mean_flip, MapKind.DATA_DEPENDENT, None),
    (noisy, MapKind.RANDOMISED, None),
    (lambda _x, _k: None, MapKind.NOT_IMAGE, None),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("function", "kind", "kind_of_map"), OUTCOMES, ids=[o[1] for o in OUTCOMES]
)
def test_every_outcome(
    function: Callable[[Image, Any], Any], kind: MapKind, kind_of_map: type | None
) -> None:
    report = probe(function, GREY, keys=2)
    assert report.kind is kind, str(report)
    assert kind_of_map is None or isinstance(report.map, kind_of_map)
    assert report.reason
    assert str(report)
    assert json.loads(report.to_json())["kind"] == kind
    bijective = kind in {MapKind.IDENTITY, MapKind.PERMUTATION, MapKind.SIGNED_PERMUTATION}
    assert report.ok == bijective == (report.witness is None)


def test_all_outcomes_are_tested() -> None:
    # What a budget leaves undecided is tested with budgets.
    assert {kind for _, kind, _ in OUTCOMES} == set(MapKind) - {MapKind.UNDECIDED}


@pytest.mark.thorough
@pytest.mark.parametrize("function", [signed, mean_flip, noisy], ids=lambda f: f.__name__)
def test_the_verdict_does_not_hang_on_the_seed(function: Callable[[Image, Any], Image]) -> None:
    assert len({probe(function, GREY, keys=1, seed=seed).kind for seed in range(8)}) == 1


@pytest.mark.parametrize("function", [blurred, mean_flip], ids=lambda f: f.__name__)
def test_a_witness_shows_what_it_says(function: Callable[[Image, Any], Image]) -> None:
    witness = probe(function, GREY, keys=1).witness
    assert witness is not None
    assert witness.outputs is not None
    pair = (witness.first, witness.second)
    for image, output in zip(pair, witness.outputs, strict=True):
        assert np.array_equal(function(image.astype(np.uint8), 0), output)


# --- Extraction


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_signed_permutations_of_every_type_are_read_exactly(dtype: type) -> None:
    level = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    flip = SignedPermutation(ORDER, np.where(MASK > 0, -1, 1), level=int(level))
    report = probe(
        lambda x, _: np.where(
            MASK > 0, x.dtype.type(level) - x.reshape(-1)[ORDER], x.reshape(-1)[ORDER]
        ).reshape(x.shape),
        GREY,
        dtype=dtype,
        keys=1,
    )
    assert report.kind is MapKind.SIGNED_PERMUTATION, str(report)
    assert report.map == flip


def test_chosen_images_are_as_few_as_they_can_be() -> None:
    report = probe(lambda x, _: x, (20, 20), keys=1)
    assert (
        report.to_dict()["queries"]["chosen"] == 2
    )  # a sign and one of 400 pixels have two digits
    assert report.confirmation is not None
    assert report.confirmation.all_levels
    assert "missed with probability" in str(report)


def test_an_affine_map_comes_with_its_matrix() -> None:
    def mixed(image: Image, _key: Any) -> Image:
        return image.astype(np.int64) * 3 + image[::-1] - 7

    found = probe(mixed, (4, 4), keys=1).map
    assert isinstance(found, AffineMap)
    image = np.random.default_rng(0).integers(0, 256, (4, 4), dtype=np.uint8)
    assert np.array_equal(found.matrix @ image.reshape(-1) + found.offset, mixed(image, 0).ravel())


# --- Structure and keys


@pytest.mark.sampled(2)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("block", [2, 4])
def test_keys_are_recovered(channels: int, block: int) -> None:
    geometry = BlockGeometry(8, 12, channels=channels, block=block)
    keys = [EtCKey.from_secret(geometry, f"key {number}") for number in range(2)]
    report = probe(encrypt, geometry.shape, keys=keys)
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert report.structure is not None
    assert report.structure.block == block
    found = report.key
    assert found is not None
    image = np.random.default_rng(0).integers(0, 256, geometry.shape, dtype=np.uint8)
    assert np.array_equal(encrypt(image, found), encrypt(image, keys[0]))


@pytest.mark.thorough
def test_what_is_not_protected_is_said() -> None:
    geometry = BlockGeometry(16, 16, block=4)
    etc = probe(lambda image, key: encrypt(image, EtCKey.from_secret(geometry, str(key))), (16, 16))
    assert "Whoever gets 2 chosen images" in etc.exposures[0]
    assert etc.exposures[1].endswith("etcprops attack FOLDER --block 4")
    one_block = probe(lambda image, _key: image[::-1, ::-1], (16, 16))
    assert len(one_block.exposures) == 1
    assert probe(lambda image, _key: image, (16, 16)).exposures[0].startswith("Nothing is hidden")
    assert probe(lambda image, _key: image[::-1] // 2, (16, 16)).exposures == ()


def test_in_block_scrambles_are_not_taken_for_d4() -> None:
    geometry = BlockGeometry(16, 16, block=4)
    indices = np.arange(256).reshape(4, 4, 4, 4).swapaxes(1, 2).reshape(16, 16)
    inside = np.random.default_rng(1).permutation(16)
    source = np.empty(256, dtype=np.int64)
    source[indices] = indices[::-1][:, inside]
    structure = infer_structure(SignedPermutation(source, np.ones(256)), geometry.shape)
    assert structure is not None
    assert structure.block == 4
    assert structure.transforms is None
    assert structure.key is None
    assert "in-block scramble, not D4" in structure.statements
    assert structure.in_block_maps == 1
    assert np.array_equal(structure.permutation, np.arange(16)[::-1])


def test_components_side_by_side_are_seen_as_planes() -> None:
    planes = BlockGeometry(8, 24, block=4)
    key = EtCKey.from_secret(planes, "planes")

    def grayscale_based(image: Image, _key: Any) -> Image:
        return encrypt(np.concatenate(list(np.moveaxis(image, 2, 0)), axis=1), key)

    report = probe(grayscale_based, (8, 8, 3), keys=1)
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert report.out_shape == (8, 24)
    assert report.structure is not None
    assert report.structure.layout == "planes"
    assert report.key == key


# --- Functions that misbehave


def crash(_image: Image, _key: Any) -> Image:
    raise KeyError("no such block")


def hang(_image: Image, _key: Any) -> Image:
    while True:
        time.sleep(0.01)


def other_shape(image: Image, _key: Any) -> Image:
    return image[: 1 + next(CALLS) % 3]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("function", "says"),
    [
        (crash, "no such block"),
        (hang, "0.3"),
        (lambda _x, _k: None, "None"),
        (lambda _x, _k: "text", ""),
        (lambda x, _k: x[:1, 0], "shape"),
        (other_shape, "shape"),
        (lambda x, _k: x * np.nan, ""),
    ],
    ids=["raises", "never returns", "None", "text", "vector", "shapes differ", "NaN"],
)
def test_bad_functions_get_a_verdict(function: Callable[[Image, Any], Any], says: str) -> None:
    report = probe(function, GREY, keys=2, time_limit=0.3 if function is hang else 60)
    assert report.kind is MapKind.NOT_IMAGE, str(report)
    assert says in report.reason
    assert report.witness is not None
    with pytest.raises(InvalidParameterError, match="bijective"):
        report.to_certificate()


def test_side_effects_are_found_and_do_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    def loud(image: Image, _key: Any) -> Image:
        print("encrypting")  # noqa: T201  # the defect
        image[:] = 255 - image
        return image

    report = probe(loud, GREY, keys=1)
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert {"It modifies its input: pass it a copy.", "It prints."} <= set(report.findings)
    assert capfd.readouterr().out == ""


def test_floats_of_grey_levels_are_seen_through() -> None:
    report = probe(lambda x, _: (255 - x) / 255, GREY, keys=1)
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert any("divided by 255" in finding for finding in report.findings)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"encrypt": 3}, "'encrypt'"),
        ({"shape": (8,)}, "'shape'"),
        ({"shape": (8, 8, 5)}, "'shape'"),
        ({"shape": (8, 0)}, "'shape'"),
        ({"dtype": "int8"}, "'dtype'"),
        ({"keys": []}, "'keys'"),
        ({"keys": 0}, "'keys'"),
        ({"seed": -1}, "'seed'"),
        ({"time_limit": 0}, "'time_limit'"),
        ({"isolation": "prayer"}, "'isolation'"),
    ],
    ids=str,
)
def test_bad_parameters_are_named(change: dict[str, Any], names: str) -> None:
    given: dict[str, Any] = {"encrypt": permuted, "shape": GREY}
    given |= change
    with pytest.raises(InvalidParameterError, match=names):
        probe(**given)


# --- Keys


def key_audit(function: Callable[[Image, Any], Image], shape: tuple[int, ...], keys: int) -> Any:
    report = probe(function, shape, keys=keys)
    assert report.kind in {MapKind.SIGNED_PERMUTATION, MapKind.PERMUTATION}, str(report)
    return report.key_audit


def drawn(key: int, **changes: Any) -> EtCKey:
    geometry = BlockGeometry(16, 16, block=4)
    whole = EtCKey.from_secret(geometry, f"key {key}")
    codes = {
        "permutation": whole.permutation,
        "transforms": whole.transforms,
        "negatives": whole.negatives,
    }
    return EtCKey(geometry, **(codes | changes))


def test_a_sound_key_audit_is_not_accused() -> None:
    found = key_audit(lambda x, key: encrypt(x, drawn(key)), (16, 16), 40)
    assert found.keys_used
    assert found.distinct_maps == 40
    assert not found.collisions
    assert not any(test.rejected for test in found.tests)
    assert not any("Not uniform" in finding for finding in found.findings)
    assert found.effective_bits == pytest.approx(found.claimed_bits)


def test_the_audit_does_not_ask_for_the_first_key_again() -> None:
    calls = {0: 0, 1: 0}

    def counted(image: Image, key: int) -> Image:
        calls[key] += 1
        return encrypt(image, drawn(key))

    report = probe(counted, (16, 16), keys=2, isolation="alarm")
    assert report.key_audit is not None
    assert report.key_audit.distinct_maps == 2
    surveyed = len(report.shapes)
    assert calls[0] <= report.queries + surveyed
    assert calls[1] == 2 + 1  # two digits, noise


# --- Memory


def test_structure_of_one_large_block_stays_small() -> None:
    side = 512
    source = np.arange(side * side).reshape(side, side)[::-1].reshape(-1)
    flip = SignedPermutation(source, np.ones(side * side))
    tracemalloc.start()
    structure = infer_structure(flip, (side, side))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert structure is not None
    assert structure.block == side
    assert peak <= 24 * side * side
