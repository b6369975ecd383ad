"""A dense orthogonal map hides little from one who has images of the same distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import InvalidParameterError
from etcprops.attacks import alignment
from etcprops.attacks.alignment import align


def skewed(count: int, seed: int, n: int = 6) -> NDArray[np.float64]:
    """Return rows with independent skewed coordinates of falling variance, in mixed directions."""
    scores = np.random.default_rng(seed).exponential(size=(count, n)) * 3.0 ** -np.arange(n)
    return scores @ turn(99, n)


def turn(seed: int, n: int = 6) -> NDArray[np.float64]:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]


def share_explained(found: NDArray[np.float64], plain: NDArray[np.float64]) -> float:
    spread = np.square(plain - plain.mean(axis=0)).sum()
    return float(1 - np.square(found - plain).sum() / spread)


@pytest.mark.parametrize("rounds", [0, 10])
def test_a_public_set_of_the_same_kind_gives_the_images_away(rounds: int) -> None:
    plain, public = skewed(800, 0), skewed(800, 1)
    found = align(plain @ turn(2), public, rounds=rounds)
    assert share_explained(found.images, plain) > 0.8
    assert found.likeness > 0.8
    assert found.components == 6


def test_more_pixels_than_images() -> None:
    base = turn(3, 900)[:6]
    plain, public = skewed(300, 0) @ base, skewed(300, 1) @ base
    found = align(plain @ turn(2, 900), public, components=4)
    assert share_explained(found.images, plain) > 0.8


def test_a_set_of_another_kind_gives_nothing() -> None:
    plain = skewed(800, 0)
    other = skewed(800, 1) @ turn(5)
    assert share_explained(align(plain @ turn(2), other).images, plain) < 0.5


def test_wrong_signs_give_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, public = skewed(800, 0), skewed(800, 1)
    answers = iter([1, -1])
    skewness = alignment.skewness
    monkeypatch.setattr(alignment, "skewness", lambda scores: next(answers) * skewness(scores))
    assert share_explained(align(plain @ turn(2), public, rounds=0).images, plain) < 0


@pytest.mark.parametrize(
    ("encrypted", "public", "parameter"),
    [
        pytest.param(np.zeros((2, 4)), np.zeros((9, 4)), "encrypted", id="two images"),
        pytest.param(np.zeros((9, 4)), np.zeros((9, 5)), "public", id="other pixels"),
        pytest.param(np.zeros((9, 4, 4)), np.zeros((9, 4)), "encrypted", id="not flat"),
        pytest.param(np.full((9, 4), np.nan), np.zeros((9, 4)), "encrypted", id="NaN"),
    ],
)
def test_bad_arrays_are_refused(encrypted: Any, public: Any, parameter: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"'{parameter}' parameter of align must"):
        align(encrypted, public)


def test_constant_images_are_aligned_with_the_mean() -> None:
    public = skewed(20, 0)
    found = align(np.ones((5, 6)), public)
    assert np.allclose(found.images, public.mean(axis=0))
