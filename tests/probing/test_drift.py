"""Whether a function still is the map of its certificate: what is seen, and what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from etcprops import SignedPermutation
from etcprops.probing.drift import drift

Image = Any
SHAPE, SIZE = (8, 12), 96


def permuted(image: Image, key: int) -> Image:
    order = np.random.default_rng(key).permutation(image.size)
    return image.reshape(-1)[order].reshape(image.shape)


CERTIFICATE = SignedPermutation(np.random.default_rng(3).permutation(SIZE), np.ones(SIZE))


def changed(place: int, change: Callable[[Image, int], Any]) -> Callable[..., Image]:
    def encrypt(image: Image, key: int) -> Image:
        result = permuted(image, key).reshape(-1)
        result[place] = change(result, place)
        return result.reshape(image.shape)

    return encrypt


@pytest.mark.parametrize(
    ("encrypt", "says"),
    [
        (permuted, "the same on 5 images."),
        (lambda x, k: Picture.fromarray(permuted(x, k)), "the same on 5 images."),
        (lambda x, k: (permuted(x, k), k), "the same on 5 images."),
        (lambda x, k: permuted(x, k)[None].astype(np.float32), "the same on 6 images."),
        # The probe gives such a function the certificate of what it divides.
        (lambda x, k: permuted(x, k) / 255, "Its result is divided by 255."),
    ],
)
def test_the_same_map_is_known_again(encrypt: Callable[..., Any], says: str) -> None:
    found = drift(CERTIFICATE, encrypt, SHAPE, 3)
    assert found.same
    assert says in found.text


@pytest.mark.parametrize(
    ("encrypt", "says"),
    [
        (lambda x, _: permuted(x, 4), "it shows"),
        (changed(5, lambda result, place: result[place + 1]), "1 of 96 pixels differ"),
        (changed(5, lambda result, place: 255 - result[place]), "the first at (0, 5)."),
        # A constant shows no pixel, though it spells the number of one.
        (changed(5, lambda _, __: 9), "1 of 96 pixels differ, the first at (0, 5)."),
        (lambda x, k: np.pad(permuted(x, k), 1), "results have the shape (10, 14)"),
        (lambda x, k: permuted(x, k) / 254, "another map"),
    ],
)
def test_another_map_is_seen_and_its_first_pixel_told(
    encrypt: Callable[..., Any], says: str
) -> None:
    found = drift(CERTIFICATE, encrypt, SHAPE, 3)
    assert not found.same
    assert says in found.text


def test_a_function_that_fails_now_is_no_map() -> None:
    def fails(_image: Image, _key: int) -> Image:
        raise ZeroDivisionError("no more")

    found = drift(CERTIFICATE, fails, SHAPE, 3)
    assert not found.same
    assert "It gives no image now: it raised ZeroDivisionError: no more." in found.text
