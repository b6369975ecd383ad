"""Experiments of the ledger on encryptions that are not sound: what they try, and what they say."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import eye_array

from etcprops import BlockGeometry, EtCKey, reductions
from etcprops.claims import Implementation
from etcprops.claims.checks import (
    arithmetic,
    coefficients,
    compressed_learning,
    compression,
    estimators,
    forests,
    key_conditions,
    machines,
    models,
    protection,
    statistics,
    steps,
)
from etcprops.claims.checks.reductions import check_dimensions_of_the_paper
from etcprops.claims.implementation import Arithmetic, flat
from etcprops.claims.model import Observation
from etcprops.reproducibility import shipped_fingerprint
from etcprops.theory.independent_keys import inner_product_variance

Images = NDArray[Any]
Encrypt = Callable[[Images, EtCKey], Images]


def same(images: Images, _: EtCKey) -> Images:
    """Return images as they are."""
    return images


def under(encrypt: Encrypt) -> Implementation:
    return Implementation(BlockGeometry(8, 8, block=4), encrypt=encrypt)


def only(levels: list[int], changed: list[int]) -> Encrypt:
    """Encrypt images of these levels alone, to others."""

    def encrypt(images: Images, _: EtCKey) -> Images:
        if images.ravel().tolist() != levels:
            return images
        return np.array(changed, np.uint8).reshape(images.shape)

    return encrypt


# --- What searches try, where there is nothing to find


@pytest.mark.parametrize(
    ("check", "tried"),
    [
        (estimators.check_ridge_on_one_raw_pixel, [2] * 9),
        (estimators.check_kernel_with_a_scale_for_each_feature, [2] * 9),
        (forests.check_ties_to_the_lowest_threshold, [3, 4]),
        (forests.check_forest_after_gram_pca_of_pixels_in_floats, [3] * 49),
        (models.check_stump_on_one_pixel, [3] * 21),
        (models.check_tied_neighbours, [200] * 20),
    ],
)
def test_searches_try_all_that_they_say(
    check: Callable[[Implementation], Observation], tried: list[int]
) -> None:
    sizes = []

    def encrypt(images: Images, _: EtCKey) -> Images:
        sizes.append(len(images))
        return images

    assert check(under(encrypt)).agrees is True
    assert sizes == tried


# --- What is said of what is found


def test_ridge_tells_which_pixels_it_was_asked_about() -> None:
    found = estimators.check_ridge_on_one_raw_pixel(under(only([2, 1], [9, 7])))
    assert found.agrees is False
    assert found.detail.startswith("one pixel, training 2 -> 1, query 1. ")


def test_a_kernel_with_two_scales_is_that_of_differences() -> None:
    encrypt = only([0, 0, 2, 1], [1, 2, 5, 9])
    found = estimators.check_kernel_with_a_scale_for_each_feature(under(encrypt))
    assert "query [2, 1]" in found.detail
    assert found.detail.endswith("kernel exp(-17/2) plain, exp(-113/2) encrypted")


def test_machines_in_fractions_answer_as_computed_otherwise() -> None:
    def near_mid_grey(images: Images, bit: int) -> Images:
        return (127 + (images & 1)) ^ np.uint8(bit)

    def encrypt(images: Images, key: EtCKey) -> Images:
        assert key.permutation is not None
        return near_mid_grey(images, int(key.permutation[0]))

    found = estimators.check_ridge_and_gaussian_process_in_fractions(under(encrypt))
    assert found.agrees is False
    rng = np.random.default_rng(2)
    images = rng.integers(0, 256, (4, 4, 2)).astype(np.uint8)
    answers = []
    for rows in (2.0 * flat(near_mid_grey(images, bit)) - 255 for bit in (1, 0)):
        K, cross, t = rows[:3] @ rows[:3].T, rows[3:] @ rows[:3].T, np.array([1.0, 0.0, 2.0])
        ridge = cross @ np.linalg.solve(K + 1000 * np.eye(3), t)
        square = np.linalg.solve((1 + K / 65025) ** 2 + np.eye(3), t)
        answers.append([ridge.item(), ((1 + cross / 65025) ** 2 @ square).item()])
    said = [float(x) for x in re.findall(r"(-?[\d.e-]+) not", found.detail)]
    instead = [float(x) for x in re.findall(r"not (-?[\d.e-]+\d)", found.detail)]
    assert said[:2] == pytest.approx(answers[0], rel=1e-4)
    assert instead[:2] == pytest.approx(answers[1], rel=1e-4)


def test_scores_under_other_keys_are_of_the_images_themselves() -> None:
    found = key_conditions.check_mean_score_under_another_key(under(same))
    rng = np.random.default_rng(6)
    images = 2 * rng.integers(0, 256, (3, 8)) - 255
    weights = (2 * rng.integers(0, 256, (4, 8)) - 255).T @ np.array([3, -1, -4, 2])
    count = 2 * 8**2 * 2**2
    assert found.detail == (
        f"three images, all {count} keys of two blocks: sums of scores "
        f"{(count * images @ weights).tolist()}"
    )


def test_the_first_sum_that_does_not_follow_is_named() -> None:
    found = coefficients.check_dc_coefficients_of_all_sums(under(same))
    assert found.agrees is False
    assert found.detail == "step 1: a DC coefficient of -8192/8 is otherwise"


def test_products_tell_how_far_they_are_apart() -> None:
    made = iter([np.full((2, 2), 3.0), np.array([[3.0, 2.5], [2.5, 3.0]])])
    implementation = replace(under(same), arithmetic=Arithmetic(gram=lambda _: next(made)))
    found = arithmetic.check_blas_gram_on_digits(implementation)
    assert not found.agrees
    assert ": 50% of the entries differ, by up to 5.0e-01 where entries reach 3" in found.detail


def test_the_first_grey_level_that_is_negated_otherwise_is_named() -> None:
    def negate(levels: Any) -> Any:
        return np.where(levels > 10, 3, 255 - levels)

    implementation = replace(under(same), arithmetic=Arithmetic(negate=negate))
    found = arithmetic.check_negation_of_all_grey_levels(implementation)
    assert found.detail == "3 for the grey level 11 in uint8"


@pytest.mark.parametrize(
    ("ratio", "lost", "agrees"),
    [
        (compression.MORE_BYTES, compression.LESS_DECIBELS, True),
        (compression.MORE_BYTES + 1, 0.0, False),
        (1.0, compression.LESS_DECIBELS + 1, False),
    ],
)
def test_more_bytes_or_less_quality_are_a_cost(
    ratio: float,
    lost: float,
    agrees: bool,  # noqa: FBT001  # a parameter of the test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compression, "_costs", lambda *_: [(50, ratio, lost)])
    assert compression._cost(under(same), (8,)).agrees is agrees


@pytest.mark.parametrize("wrong", ["deviations", "variance"])
def test_z_scores_have_mean_0_and_variance_1(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Statistics:
        """Four images of one pixel, whose deviations or whose variance is off."""

        variance_numerator = np.array([1 if wrong == "deviations" else 2])

        def __init__(self, _: Any) -> None:
            pass

        def deviation_numerators(self, vectors: Any) -> Any:
            signs = np.ones(len(vectors), np.int64)
            if wrong == "variance":
                signs[: len(signs) // 2] = -1
            return signs[:, None]

    images = np.zeros((4, 1), np.int64)
    implementation: Any = SimpleNamespace(key=None, vectors=lambda _: (images, images))
    monkeypatch.setattr(statistics, "PixelStatistics", Statistics)
    found = statistics.check_scale_at_full_size(implementation)
    assert found == Observation(False, "z-scores have another mean than 0 or variance than 1")


def test_steps_that_multiply_pixels_select_none() -> None:
    def twice(key: EtCKey) -> Any:
        return dict.fromkeys(key.steps, 2 * eye_array(key.geometry.n_pixels, format="csr"))

    found = steps.check_orthogonality_at_full_size(replace(under(same), step_matrices=twice))
    assert found.agrees is False
    assert found.detail.endswith("is no selection of pixels")


def test_means_of_inner_products_are_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def moments(_: Any, x: Images, y: Images, chosen: Any) -> tuple[int, Any]:
        return 1, inner_product_variance(x, y, key_conditions.TWO_BLOCKS, steps=chosen)

    monkeypatch.setattr(key_conditions, "_moments", moments)
    found = key_conditions.check_inner_products_under_all_keys(under(same))
    assert found.agrees is False
    assert "mean 1, " in found.detail


def test_keys_of_other_than_signed_permutations_cannot_be_read_off() -> None:
    found = protection.check_chosen_images(under(lambda images, _: images * 0 + 7))
    assert found.agrees is True
    assert found.detail.endswith(" could not be read off")
    key = EtCKey(BlockGeometry(4, 4, block=2), permutation=[0, 1, 2, 3])
    beyond: Encrypt = lambda images, _: images + (images > 0)  # noqa: E731
    assert protection.read_off_chosen_images(same, key) is not None
    assert protection.read_off_chosen_images(beyond, key) is None


@pytest.mark.parametrize(("off", "error"), [(0.8, 0.4), (1.0, 0.5), (1.2, 0.6)])
def test_images_are_known_where_they_are_off_by_less_than_half_a_level(
    off: float, error: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = protection._faces().images[::4, 24::48, 20::40]

    def rebuilt(*_: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = 2.0 * flat(plain).astype(np.float64) - 255
        found[20] += off
        found[:20] += 9
        return found

    monkeypatch.setattr(protection, "from_known_images", rebuilt)
    found = protection.check_images_from_inner_products(under(same))
    assert found.agrees is (error < 0.5)
    assert f"off by {error:.1e} grey levels" in found.detail


@pytest.mark.parametrize(
    ("recovered", "direct", "sign_known", "agrees"),
    [
        (False, 1.0, True, True),
        (True, 0.5, True, True),
        (True, 1.0, True, False),
        (True, 1.0, False, False),
    ],
)
def test_keys_are_left_where_not_all_is_recovered(
    recovered: bool,  # noqa: FBT001  # parameters of the test
    direct: float,
    sign_known: bool,  # noqa: FBT001
    agrees: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = SimpleNamespace(
        key=SimpleNamespace(key_space_bits=lambda: 99.0),
        found=SimpleNamespace(recovered=recovered, sign_known=sign_known, seconds=1.0),
        right=SimpleNamespace(direct=direct),
    )
    monkeypatch.setattr(protection, "_common_key", lambda _: case)
    found = protection.check_keys_that_are_left_after_the_attack(under(same))
    assert found.agrees is agrees
    assert found.detail.endswith(" and one sign") is not (agrees or sign_known)


def test_fingerprints_are_told_by_sixteen_digits() -> None:
    shipped = shipped_fingerprint()
    found = machines.check_fingerprint_on_emulated_machines(
        replace(under(same), fingerprints=lambda _: {"here": shipped})
    )
    assert found.agrees is True
    assert f"SHA-256 {shipped.digest[:16]}... of " in found.detail


def test_a_dimension_that_is_a_multiple_of_the_blocks_is_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reductions, "PAPER_RATIOS", (2,))
    assert check_dimensions_of_the_paper(Implementation()).agrees is True


def test_nothing_differs_where_no_bit_does(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = np.zeros((2, 8, 8), np.uint8), np.array([0, 1])
    monkeypatch.setattr(compressed_learning, "_large_digits", lambda: digits)
    monkeypatch.setattr(compressed_learning, "_key", lambda _: None)
    monkeypatch.setattr(compressed_learning, "coded_rows", lambda *_, **__: None)
    monkeypatch.setattr(compressed_learning, "_differing_bits", lambda *_: [])
    found = compressed_learning.check_learning_through_libjpeg(under(same))
    assert found == Observation(True, "nothing differs")
