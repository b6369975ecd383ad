"""The page and the pictures of a probe, for every class of function."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import pytest
from PIL import Image

from etcprops import probe
from etcprops._pictures import MARK, SIDE
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


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_class_has_a_page(name: str) -> None:
    function, shape, kind = FUNCTIONS[name]
    report = probe(function, shape)
    page = report.to_html("<name>")
    assert report.kind == kind
    assert page.startswith("<!DOCTYPE html>")
    assert "<name>" not in page
    assert "&lt;name&gt;" in page
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
    assert max(pictures.places((2000, 1000)).size) <= 2 * SIDE


def test_the_pixels_of_a_witness_are_framed_and_told() -> None:
    report = probe(lossy, (6, 5, 3))
    assert report.witness is not None
    drawn, white = pictures.witness(report.witness)
    assert white == 255
    captions = [caption for caption, _ in drawn]
    assert captions == [
        "First image; framed is row 0, column 0: (0, 0, 0).",
        "Second image; framed is row 0, column 0: (255, 0, 0).",
        "First result.",
        "Second result.",
    ]
    framed = [MARK in {colour[:3] for _, colour in colours(image)} for _, image in drawn]
    assert framed == [True, True, False, False]


def test_a_result_that_departs_is_framed_where_it_does() -> None:
    report = probe(adaptive, (6, 5))
    assert report.witness is not None
    row, column = report.witness.pixel
    drawn, _ = pictures.witness(report.witness)
    assert len(drawn) == 4
    for caption, image in drawn[2:]:
        assert f"framed is row {row}, column {column}: " in caption
        assert MARK in {colour[:3] for _, colour in colours(image)}


def colours(image: Image.Image) -> list[tuple[int, tuple[int, ...]]]:
    """Return how often each colour is there."""
    found: Any = image.convert("RGBA").getcolors(image.width * image.height)
    return list(found)


@pytest.mark.parametrize("name", ["negation", "lossy", "nothing"])
def test_a_notebook_shows_the_report(name: str) -> None:
    function, shape, _ = FUNCTIONS[name]
    report = probe(function, shape)
    shown = report._repr_html_()
    assert escape(report.headline) in shown
    assert "<html" not in shown
    assert "<img" in shown


def test_what_holds_for_all_families_is_said_once() -> None:
    page = probe(lossy, (6, 5, 3)).to_html()
    assert page.count("images that differ only in what is lost cannot be told apart") == 1
    assert "condition, or why not" not in page
    assert "condition, or why not" in probe(lambda image, _: 255 - image, (6, 5)).to_html()
