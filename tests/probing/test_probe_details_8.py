"""How witnesses shrink, which shapes are tried, what floats are, and what is told of keys."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, asked, rng

from etcprops.probing import bits, classification, key_audit, local, shapes, verdicts
from etcprops.probing.budget import FULL, QUICK
from etcprops.probing.classification import _Classifier
from etcprops.probing.model import MapKind, Notes
from etcprops.probing.reading import Reader
from etcprops.probing.shapes import ShapeOutcome, survey_shapes
from etcprops.probing.witnesses import _describe, _shrink

Array = NDArray[Any]
Patch = pytest.MonkeyPatch
FIRST, SECOND = np.arange(12, dtype=np.uint8), np.arange(12, dtype=np.uint8)[::-1] + 100


# --- Witnesses


def calls_of(function: Any, most: int) -> tuple[int, bool]:
    """Shrink a pair; return how many calls that took, and whether the pair is the same."""
    oracle = asked(function)
    outputs = FIRST, FIRST
    before = oracle.queries
    (a, b), _ = _shrink(oracle, (FIRST, SECOND), outputs, most)
    return oracle.queries - before, bool((a == FIRST).all() and (b == SECOND).all())


def test_pairs_are_kept_where_smaller_ones_have_no_encryption() -> None:
    def black_alone(image: Array) -> Array:
        if image.any():
            raise ValueError
        return image

    calls, same = calls_of(black_alone, 4000)
    assert same
    assert calls < 200


def test_pairs_are_kept_where_smaller_ones_show_nothing() -> None:
    calls, same = calls_of(lambda image: image, 4000)
    assert same
    assert calls < 200


@pytest.mark.parametrize("most", [9, 10, 30])
def test_shrinking_takes_no_more_calls_than_it_may_but_for_the_last_pair(most: int) -> None:
    assert calls_of(lambda image: image, most)[0] <= most + 1


@pytest.mark.parametrize(("times", "said"), [(3.5, "are the same."), (4.5, "in 1, at (0, 0)")])
def test_outputs_that_differ_by_four_roundings_are_the_same(times: float, said: str) -> None:
    oracle: Any = SimpleNamespace(rounding=1e-3, shape=(1, 2), out_shape=(1, 2))
    pair = np.array([0.0, 1.0]), np.array([0.5, 1.0])
    outputs = np.array([1.0, 0.0]), np.array([1 + times * 1e-3, 0.0])
    assert said in _describe(oracle, pair, outputs).detail


# --- Other shapes


def surveyed(monkeypatch: Patch, shape: tuple[int, ...], *said: str, limit: int = 99) -> list[Any]:
    replies = iter(said)

    def outcome(_oracle: Any, other: tuple[int, ...], _kind: MapKind) -> ShapeOutcome:
        return ShapeOutcome(other, ok=True, outcome=next(replies, "gives an image"))

    monkeypatch.setattr(shapes, "_outcome", outcome)
    monkeypatch.setattr(shapes, "LIMIT", limit)
    oracle: Any = SimpleNamespace(shape=shape)
    return [found.shape for found in survey_shapes(oracle, MapKind.IDENTITY)]


def test_shapes_next_to_the_one_asked_for_are_tried(monkeypatch: Patch) -> None:
    assert surveyed(monkeypatch, (2, 4)) == [(2, 8), (4, 4), (1, 4), (2, 5), (2, 4, 3)]
    assert surveyed(monkeypatch, (1, 4)) == [(1, 8), (2, 4), (1, 5), (1, 4, 3)]


def test_shapes_of_too_many_pixels_are_left_out(monkeypatch: Patch) -> None:
    assert surveyed(monkeypatch, (2, 4), limit=16) == [(2, 8), (4, 4), (1, 4), (2, 5)]
    assert surveyed(monkeypatch, (2, 4), limit=15) == [(1, 4), (2, 5)]


def test_no_further_shape_is_tried_once_one_does_not_return(monkeypatch: Patch) -> None:
    said = "gives an image", "did not return within 1 s"
    assert surveyed(monkeypatch, (2, 4), *said) == [(2, 8), (4, 4)]


# --- Bits and floats


@pytest.mark.parametrize(("effort", "lost"), [(FULL, "lost"), (QUICK, None)])
def test_lost_bits_are_looked_for_unless_it_must_be_quick(
    monkeypatch: Patch, effort: Any, lost: str | None
) -> None:
    monkeypatch.setattr(bits, "keeps_xor", lambda *_: True)
    monkeypatch.setattr(bits, "find_bits", lambda *_: None)
    monkeypatch.setattr(bits, "lost_bits", lambda *_: "lost")
    monkeypatch.setattr(verdicts, "over_combined_bits", lambda *given, **_: given)
    classifier: Any = SimpleNamespace(
        oracle=SimpleNamespace(size=12),
        effort=effort,
        rng=rng(),
        sums=SimpleNamespace(modular=False),
        _enter=lambda *_: None,
        _sources=lambda: None,
    )
    found: Any = _Classifier._by_bits(classifier)
    assert found == (lost, 96)


@pytest.mark.parametrize(
    ("level", "factor"),
    [(3, 255), (255, 255), (306, 1), (-1, 1), (3.4, 1), (3.002, 1), (3.0005, 255)],
)
def test_floats_that_are_multiples_of_a_level_are_taken_for_bytes(
    level: float, factor: int
) -> None:
    oracle: Any = SimpleNamespace(
        scale=BYTES,
        size=2,
        out_dtype=np.dtype(float),
        output_factor=1,
        notes=Notes(),
        answered=lambda images: [(image, image / 255) for image in images],
    )
    reader = Reader(oracle, rng())
    reader.outputs = [np.array([0.0, level / 255])]
    reader._find_output_scale()
    assert oracle.output_factor == factor


# --- Keys and sources


def test_keys_that_collide_are_told_of_with_what_even_draws_would_give() -> None:
    def said(space: float) -> str:
        return key_audit._use(15, 14, ((1, 0),), space)[0]

    twentieth = 11.036173612553485  # bits: one of few that give just that
    assert math.comb(15, 2) / 2**twentieth == 0.05
    assert "even draws would give" not in said(twentieth)
    assert "15 even draws would give 0.1 such pairs" in said(twentieth - 1)
    assert "even draws would give" not in said(5000.0)  # more maps than a float can count


@pytest.mark.parametrize(("limit", "looked"), [(11, False), (12, True)])
def test_sources_are_looked_for_in_images_of_up_to_a_limit(
    monkeypatch: Patch, limit: int, *, looked: bool
) -> None:
    found = np.arange(12), np.zeros(0)
    monkeypatch.setattr(classification, "LOCAL_LIMIT", limit)
    monkeypatch.setattr(local, "influences", lambda *_: found)
    oracle = SimpleNamespace(size=12)
    classifier: Any = SimpleNamespace(oracle=oracle, rng=rng(), effort=FULL, source=None)
    assert (_Classifier._sources(classifier) is found[0]) is looked
