"""Mutation testing: each check of a scheme rejects its own defect, and spares a sound scheme."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, Step, decrypt, encrypt
from etcprops.testing import (
    CHECKS,
    Scheme,
    Status,
    assert_isometry,
    assert_orthogonal,
    check_scheme,
    parametrize_with_checks,
)

Images = NDArray[np.uint8]

GREY, COLOUR = BlockGeometry(20, 20, block=4), BlockGeometry(8, 20, channels=3, block=4)


def sound(geometry: BlockGeometry) -> Scheme:
    keys = [EtCKey.from_secret(geometry, secret) for secret in ("a", "b")]
    return Scheme("EtC", encrypt, geometry.shape, keys, decrypt=decrypt, block=geometry.block)


def broken(encryption: Callable[[Images, Any], Any]) -> Scheme:
    return replace(sound(GREY), encrypt=encryption, decrypt=None)


def float_result(image: Images, key: EtCKey) -> Any:
    return encrypt(image, key) / 255


def components_side_by_side(image: Images, key: EtCKey) -> Images:
    return np.concatenate([encrypt(image, key)] * 3, axis=1)


def no_result(_image: Images, _key: EtCKey) -> None:
    return None


def crash(_image: Images, _key: EtCKey) -> Images:
    raise KeyError("no such block")


def in_place(image: Images, key: EtCKey) -> Images:
    image[:] = encrypt(image, key)
    return image


NOISE, CALLS = np.random.default_rng(0), itertools.count()


def randomised(image: Images, key: EtCKey) -> Images:
    return encrypt(image, key) ^ NOISE.integers(0, 2, image.shape, dtype=np.uint8)


def counting(image: Images, key: EtCKey) -> Images:
    """Go wrong from the tenth call on."""
    return encrypt(image, key) if next(CALLS) < 10 else 255 - encrypt(image, key)


def key_not_used(image: Images, _key: EtCKey) -> Images:
    return encrypt(image, EtCKey.from_secret(GREY, "always the same"))


def negated_where_bright(image: Images, key: EtCKey) -> Images:
    """A data-dependent step."""
    return encrypt(255 - image if image.mean() > 127 else image, key)


def xor_with_a_key_of_the_variance(image: Images, key: EtCKey) -> Images:
    return encrypt(image, key) ^ np.uint8(int(image.var()) % 256)


def nibbles_swapped(image: Images, key: EtCKey) -> Images:
    """Linear over GF(2), not over pixels."""
    encrypted = encrypt(image, key)
    return np.asarray(encrypted << 4 | encrypted >> 4, dtype=np.uint8)


def one_pixel_twice(image: Images, key: EtCKey) -> Images:
    encrypted = encrypt(image, key)
    encrypted[0, 0] = encrypted[-1, -1]
    return encrypted


def negation_wraps(image: Images, key: EtCKey) -> Images:
    """0 - x in uint8 instead of 255 - x."""
    negated = encrypt(np.zeros_like(image), key) == 255
    encrypted = encrypt(image, key)
    return np.where(negated, encrypted + np.uint8(1), encrypted)


def one_sign_of_two(image: Images, key: EtCKey) -> Images:
    """Negate only every other pixel of a row in negated blocks."""
    encrypted = encrypt(image, key)
    negated = encrypt(np.zeros_like(image), key) == 255
    negated[:, ::2] = False
    return np.where(negated, 255 - encrypted, encrypted)


def blocks_off_by_one(image: Images, key: EtCKey) -> Images:
    """Blocks of 5 x 5 instead of 4 x 4."""
    other = BlockGeometry(20, 20, block=5)
    secret = key.to_json()
    return encrypt(image, EtCKey.from_secret(other, secret))


def blurred(image: Images, key: EtCKey) -> Images:
    wide = image.astype(np.int64)
    return encrypt(((wide + np.roll(wide, 1, axis=0)) // 2).astype(np.uint8), key)


def not_undone(image: Images, _key: EtCKey) -> Images:
    return image


def one_level_of_one_pixel(image: Images, key: EtCKey) -> Images:
    """Wrong where the first pixel of the result should be 7."""
    encrypted = encrypt(image, key)
    encrypted[0, 0] += encrypted[0, 0] == 7
    return encrypted


MUTANTS: dict[str, list[Scheme]] = {
    "keeps_shape_and_dtype": [
        broken(float_result),
        broken(components_side_by_side),
        broken(no_result),
        broken(crash),
    ],
    "leaves_its_input_alone": [broken(in_place)],
    "is_deterministic": [broken(randomised), broken(counting)],
    "uses_its_key": [broken(key_not_used)],
    "is_one_map_for_all_images": [
        broken(negated_where_bright),
        broken(xor_with_a_key_of_the_variance),
        broken(nibbles_swapped),
        broken(negation_wraps),
    ],
    "loses_no_pixel": [broken(one_pixel_twice), broken(negation_wraps), broken(blurred)],
    "preserves_distances": [
        broken(one_pixel_twice),
        broken(negation_wraps),
        broken(negated_where_bright),
    ],
    "preserves_mid_grey_inner_products": [broken(negation_wraps), broken(one_pixel_twice)],
    "preserves_z_score_gram_matrix": [broken(one_pixel_twice), broken(negated_where_bright)],
    "keeps_blocks_together": [broken(blocks_off_by_one), broken(one_sign_of_two)],
    "decrypts": [replace(sound(GREY), decrypt=not_undone)],
    "keeps_decisions": [broken(blurred), broken(negated_where_bright)],
    "probes_as_signed_permutation": [
        broken(one_level_of_one_pixel),
        broken(one_pixel_twice),
        broken(negation_wraps),
        broken(negated_where_bright),
    ],
}

CASES = [
    pytest.param(name, scheme, id=f"{name}-{scheme.encrypt.__name__}")
    for name, schemes in MUTANTS.items()
    for scheme in schemes
]


def test_every_check_has_a_mutant() -> None:
    assert set(MUTANTS) == set(CHECKS)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_the_check_rejects_its_mutant(name: str, scheme: Scheme) -> None:
    with pytest.raises(AssertionError, match="To repeat: check_scheme_") as error:
        CHECKS[name](scheme)
    assert scheme.encrypt.__name__ in str(error.value)


SPARED = {
    "one sign of two keeps all but the blocks": (one_sign_of_two, {"keeps_blocks_together"}),
    "blocks off by one keep all but the blocks": (blocks_off_by_one, {"keeps_blocks_together"}),
    "an unused key breaks nothing else": (key_not_used, {"uses_its_key"}),
    "writing into the input breaks nothing else": (in_place, {"leaves_its_input_alone"}),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("encryption", "failing"), SPARED.values(), ids=SPARED)
def test_the_defect_fails_only_the_checks_meant_for_it(
    encryption: Callable[[Images, Any], Images], failing: set[str]
) -> None:
    results = check_scheme(broken(encryption), on_fail="return")
    assert {result.check for result in results if not result.ok} == failing


@pytest.mark.sampled(4)
@parametrize_with_checks([sound(GREY), sound(COLOUR)])
def test_the_sound_scheme_is_not_accused(scheme: Scheme, check: Callable[[Scheme], None]) -> None:
    check(scheme)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("step", [str(step) for step in Step])
def test_each_step_alone_is_not_accused(step: str) -> None:
    keys = [EtCKey.from_secret(COLOUR, secret, steps=[step]) for secret in ("a", "b")]
    results = check_scheme(Scheme(step, encrypt, COLOUR.shape, keys, block=4))
    assert {r.check for r in results if r.status is Status.NOT_APPLICABLE} == {"decrypts"}


def test_int8_wrap_is_rejected() -> None:
    """In int8 the product is the identity, since 257 wraps to 1."""
    matrix = np.array([[1, 16], [-16, 1]], dtype=np.int8)
    assert np.array_equal(matrix.T @ matrix, np.eye(2))
    with pytest.raises(AssertionError, match=r"entry \(0, 0\) of Q\^T Q is 257, not 1"):
        assert_orthogonal(matrix)


def test_uint8_wrap_is_rejected() -> None:
    """In uint8 both squared distances are 0, since 16^2 wraps."""
    plain, encrypted = np.array([[0], [16]], dtype=np.uint8), np.zeros((2, 1), dtype=np.uint8)
    assert (plain[1] - plain[0]) ** 2 == (encrypted[1] - encrypted[0]) ** 2
    with pytest.raises(AssertionError, match="changes by -256"):
        assert_isometry(plain, encrypted)
