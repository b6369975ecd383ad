"""The page and the pictures of a probe, for every class of function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from etcprops import probe
from etcprops.probing import MapKind, PixelMap, pictures

RNG = np.random.default_rng(0)


def lossy(image: Any, _key: int) -> Any:
    result = image.copy()
    result[0, 0] = image[1, 1]
    return result


def adaptive(image: Any, _key: int) -> Any:
    order = np.random.default_rng(int(image.sum())).permutation(image.size)
    return image.ravel()[order].reshape(image.shape)


def randomised(image: Any, _key: int) -> Any:
    return image ^ RNG.integers(0, 2, image.shape, dtype=np.uint8)


FUNCTIONS: dict[str, tuple[Callable[[Any, int], Any], tuple[int, ...], MapKind]] = {
    "identity": (lambda image, _: image.copy(), (6, 5), MapKind.IDENTITY),
    "negation": (lambda image, _: 255 - image, (6, 5, 3), MapKind.SIGNED_PERMUTATION),
    "vector": (lambda image, _: image.ravel()[::-1], (6, 5), MapKind.PERMUTATION),
    "lossy": (lossy, (6, 5, 3), MapKind.COPY_MAP),
    "adaptive": (adaptive, (6, 5), MapKind.DATA_DEPENDENT),
    "randomised": (randomised, (6, 5), MapKind.RANDOMISED),
    "nothing": (lambda _image, _key: None, (6, 5), MapKind.NOT_IMAGE),
    "not a number": (lambda image, _: image * np.nan, (6, 5), MapKind.NOT_IMAGE),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_class_has_a_page(name: str) -> None:
    function, shape, kind = FUNCTIONS[name]
    report = probe(function, shape)
    page = report.to_html("<script>")
    assert report.kind == kind
    assert page.startswith("<!DOCTYPE html>")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert f">{kind}</span>" in page
    assert ("Why it is no signed permutation" in page) == (report.witness is not None)
    assert ("The map</h2>" in page) == (kind in {*list(MapKind)[:4]})


def test_lost_pixels_are_red_and_no_other() -> None:
    report = probe(lossy, (6, 5))
    assert isinstance(report.map, PixelMap)
    drawn = np.asarray(pictures.uses(report.map, (6, 5)))
    factor = drawn.shape[0] // 6
    red = (drawn[::factor, ::factor] == pictures.LOST).all(axis=-1)
    assert np.argwhere(red).tolist() == [[0, 0]]
    blue = (drawn[::factor, ::factor] == pictures.TWICE).all(axis=-1)
    assert np.argwhere(blue).tolist() == [[1, 1]]


def test_origins_have_the_colours_of_their_places() -> None:
    report = probe(lambda image, _: image[:, ::-1].copy(), (6, 5))
    found: Any = report.map
    places = np.asarray(pictures.places((6, 5)))
    assert np.array_equal(np.asarray(pictures.origins(found, (6, 5), (6, 5))), places[:, ::-1])


def test_large_images_are_thinned_out() -> None:
    assert max(pictures.places((2000, 1000)).size) <= 2 * pictures.SIDE
