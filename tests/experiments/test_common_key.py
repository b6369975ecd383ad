"""Key condition 1: decisions on plain and on encrypted images, by two routes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etcprops import EtCKey, InvalidParameterError, encrypt
from etcprops.datasets import ImageSet, load_digits_images
from etcprops.experiments import common_key
from etcprops.experiments.common_key import MODELS, compare_decisions

DIGITS = load_digits_images()
PART = ImageSet("part of the digits", DIGITS.images[:400], DIGITS.labels[:400], DIGITS.geometry)
KEY = EtCKey.from_secret(DIGITS.geometry, "common")


@pytest.mark.parametrize("preprocessing", ["z-score", "mid-grey"])
@pytest.mark.parametrize("many", [1, 4096], ids=["kernel matrices", "vectors"])
def test_decisions_are_identical(
    preprocessing: Any, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(common_key, "MANY_FEATURES", many)
    for result in compare_decisions(PART, KEY, preprocessing=preprocessing):
        assert result.identical, result
        assert result.accuracy_plain == result.accuracy_encrypted > 0.75
        if result.name != "k-NN":
            assert result.largest_difference <= 1e-9 * result.largest_value


def test_both_routes_decide_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """From vectors, where libsvm makes the kernel, and from our kernel matrices."""
    by_vectors = compare_decisions(PART, KEY)
    monkeypatch.setattr(common_key, "MANY_FEATURES", 1)
    by_kernels = compare_decisions(PART, KEY)
    for a, b in zip(by_vectors, by_kernels, strict=True):
        assert a.accuracy_plain == b.accuracy_plain
        if np.isfinite(a.largest_value):
            assert a.largest_value == pytest.approx(b.largest_value, rel=1e-9)


def test_another_encryption_is_noticed() -> None:
    """The control: a scheme that halves pixels of negated blocks changes decisions."""

    def careless(images: Any, key: EtCKey) -> Any:
        encrypted = encrypt(images, key)
        return np.where(encrypt(np.zeros_like(images), key) == 255, encrypted // 4, encrypted)

    assert not all(r.identical for r in compare_decisions(PART, KEY, encrypt=careless))


def test_raw_pixels_are_not_enough() -> None:
    results = {r.name: r for r in compare_decisions(PART, KEY, preprocessing=None)}
    assert results["RBF SVM"].largest_difference > 1e-3
    assert results["k-NN"].identical


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown model": ({"models": ["tree"]}, f"hold names from {', '.join(MODELS)}"),
    "no model": ({"models": []}, "'models' parameter of compare_decisions"),
    "unknown preprocessing": (
        {"preprocessing": "whitening"},
        "be one of z-score, mid-grey, or None",
    ),
    "a key of another geometry": (
        {"key": EtCKey.from_secret(load_digits_images(block=2).geometry, "s")},
        "'key' parameter of compare_decisions",
    ),
    "no key": ({"key": "secret"}, "be an EtCKey"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError) as error:
        compare_decisions(PART, **{"key": KEY, **options})
    assert message in str(error.value)
