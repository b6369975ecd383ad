"""Small parts of the probe: its time, sums of images, what is read off, and several keys."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, asked, rng

from etcprops import SignedPermutation
from etcprops.probing import MapKind, keys
from etcprops.probing import budget as budgets
from etcprops.probing.budget import FULL, Budget, BudgetSpentError, Progress
from etcprops.probing.classification import SURVEYED, _Classifier
from etcprops.probing.extraction import (
    SWEEP_LIMIT,
    confirming_count,
    naming_vectors,
    read_pixel_map,
    triggers,
)
from etcprops.probing.keys import Keys
from etcprops.probing.linearity import _quadruple, _tiled, sums_of_images
from etcprops.probing.model import MapVerdict
from etcprops.probing.oracle import Scale

Array = NDArray[Any]


# --- Time


@pytest.mark.parametrize(("seconds", "spent"), [(0.5, False), (0.0, True), (-0.5, True)])
def test_a_budget_is_spent_when_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, spent: bool
) -> None:
    monkeypatch.setattr(budgets, "time", SimpleNamespace(perf_counter=lambda: 3.0))
    budget = Budget(seconds, start=3.0)
    if spent:
        with pytest.raises(BudgetSpentError):
            budget.check()
    else:
        budget.check()
        budget.interrupt()
        with pytest.raises(BudgetSpentError):
            budget.check()


def test_seconds_of_calls_add_up_and_none_are_left_after_an_interruption() -> None:
    told: list[Progress] = []
    budget = Budget(1e9, told.append)
    budget.interrupt()
    budget.count(2.0)
    budget.count(0.5)
    assert budget.spent == 2.5
    assert [progress.left for progress in told] == [0.0, 0.0]


# --- Confirmation


@pytest.mark.parametrize(("beyond", "swept"), [(0, True), (1, False)])
def test_images_are_swept_up_to_the_limit(beyond: int, *, swept: bool) -> None:
    oracle: Any = SimpleNamespace(size=SWEEP_LIMIT + beyond, scale=BYTES)
    classifier = _Classifier(oracle, rng(), FULL)
    assert classifier.effort == replace(FULL, sweep=swept)
    assert (classifier.right, classifier.right_on_noise) == (0, 0)


def test_a_confirmation_says_how_many_calls_it_and_the_surveys_take() -> None:
    planned: list[int] = []
    classifier: Any = SimpleNamespace(
        oracle=SimpleNamespace(size=1000, scale=BYTES, answered=lambda _: []),
        effort=FULL, rng=rng(), reader=SimpleNamespace(outputs=[None] * 3),
        _enter=lambda _stage, calls: planned.append(calls),
    )  # fmt: skip
    found: Any = None
    assert _Classifier._confirm(classifier, found) is None
    assert planned == [confirming_count(1000, FULL) + 3 * (2 + SURVEYED)]


# --- What is read off


def test_mid_grey_of_floats_names_no_pixel() -> None:
    scale = Scale(np.dtype(np.float16))
    answers = [*naming_vectors(600, scale)]
    assert read_pixel_map(answers, 600, scale) is not None
    answers[0][0], answers[1][0] = 0.5, 1.0  # as pixel 512 would be, neither plain nor negated
    assert read_pixel_map(answers, 600, scale) is None


def test_noise_among_white_pixels_has_every_level() -> None:
    *_, white = triggers(1 << 16, BYTES, rng())
    assert np.unique(white).tolist() == list(range(256))


# --- Sums


@pytest.mark.parametrize("side", [1, 2])
def test_whole_numbers_are_drawn_from_zero(side: int) -> None:
    assert np.unique(_tiled((20, 20), rng(), 3, side)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("number", range(6))
def test_images_of_one_sum_share_it_evenly(number: int) -> None:
    images = _quadruple(asked(lambda image: image, (400, 400)), rng(), number, 1)
    a, b, c, d = (image.astype(int) for image in images)
    assert np.array_equal(a + b, c + d)
    more, less = np.mean(c > d), np.mean(c < d)
    assert abs(more - less) < 0.05


def test_two_images_have_the_sum_of_a_dark_and_a_bright_one() -> None:
    oracle = asked(lambda image: image, (400, 400))
    for number, narrow in ((1, 8), (4, 1)):
        bright, dark, *_ = _quadruple(oracle, rng(), number, 1)
        assert np.unique(dark).tolist() == list(range(narrow))
        assert np.unique(bright).tolist() == list(range(256 - narrow, 256))
    for image in _quadruple(oracle, rng(), 2, 1):
        assert np.unique(image).tolist() == list(range(256))


def test_roundings_of_results_that_happen_to_be_whole_are_no_departure() -> None:
    factor = np.float32(2**16 + 1 / 3)  # from 128 on, products have no fraction left
    oracle = asked(lambda image: image.astype(np.float32) * factor, (1, 1))
    found = sums_of_images(oracle, rng(), 60)
    assert found.affine
    assert not found.whole


# --- Several keys

IDENTITY, PERMUTED, SIGNED = MapKind.IDENTITY, MapKind.PERMUTATION, MapKind.SIGNED_PERMUTATION


def described(
    monkeypatch: pytest.MonkeyPatch, describe: Callable[[int], list[str]], named: int
) -> Any:
    """Return what keys with two maps, some of them named, have as description."""
    monkeypatch.setattr(keys, "describe", lambda maps, *_: describe(len(maps)))
    found = SimpleNamespace(kind=PERMUTED, map=SignedPermutation.identity(4))
    fake: Any = SimpleNamespace(
        found=[found, found], main=1, digests=dict.fromkeys(range(named), ""),
        oracle=SimpleNamespace(shape=(2, 2), out_shape=(2, 2)), structures=[], structure=None,
    )  # fmt: skip
    Keys._describe(fake)
    return fake.structure


def test_the_map_of_the_main_key_is_described_with_the_others_or_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def describe(maps: int) -> list[str]:
        return ["first", "second"] if maps == 2 else ["alone"]

    assert described(monkeypatch, describe, 2) == "second"
    assert described(monkeypatch, describe, 1) == "alone"
    assert described(monkeypatch, lambda maps: describe(maps) if maps == 1 else [], 2) == "alone"
    assert described(monkeypatch, lambda _: [], 2) is None


def joined(*kinds: MapKind, main: int = 0) -> MapVerdict:
    """Return the verdict on keys of these kinds, each with its kind as reason."""
    found = [MapVerdict(kind, f"Reason: {kind.name}.") for kind in kinds]
    fake: Any = SimpleNamespace(
        found=found, main=main, keys=range(len(found)), _under=lambda kind: kind.name
    )
    return Keys._joined(fake)


def test_permutations_and_signed_ones_are_signed_ones() -> None:
    for kinds in ((PERMUTED, SIGNED), (SIGNED, PERMUTED)):
        verdict = joined(*kinds)
        assert verdict.kind is SIGNED
        assert verdict.reason == "Reason: SIGNED_PERMUTATION."


def test_keys_of_other_kinds_are_told_apart() -> None:
    for other in (IDENTITY, MapKind.COPY_MAP, MapKind.NON_LINEAR):
        assert joined(PERMUTED, other).reason.startswith("The verdict is not the same for all")
    assert joined(MapKind.COPY_MAP, MapKind.NON_LINEAR).reason.startswith("The verdict is not")


def test_of_one_key_without_images_it_is_not_said_that_there_are_none() -> None:
    none = MapKind.NOT_IMAGE
    assert joined(none).reason == "Reason: NOT_IMAGE."
    assert joined(none, none).reason == "Under none of 2 keys: reason: NOT_IMAGE."


def test_no_keys_are_compared_where_results_are_random() -> None:
    fake: Any = SimpleNamespace(
        digests={}, verdict=SimpleNamespace(kind=MapKind.RANDOMISED), found=[None] * 3
    )
    audit = Keys.audit(fake)
    assert audit is not None
    assert (audit.n_keys, audit.keys_used, audit.distinct_maps) == (3, None, 0)
