"""Gates in Python, interruptions, and the plan by which the time left is estimated."""

from __future__ import annotations

import json
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import InvalidParameterError, probe
from etcprops.probing import MapKind
from etcprops.probing.budget import Budget, Progress
from etcprops.probing.gates import named_kinds
from etcprops.probing.runner import InterruptedProbeError

Image = NDArray[Any]
GREY = (8, 12)


def flipped(image: Image, _key: Any) -> Image:
    return 255 - image[::-1]


def stopped_after(calls: int, function: Any, **options: Any) -> InterruptedProbeError:
    def stop(progress: Progress) -> None:
        if progress.calls > calls:
            raise KeyboardInterrupt

    with pytest.raises(InterruptedProbeError) as raised:
        probe(function, GREY, progress=stop, **options)
    return raised.value


@pytest.mark.parametrize("kind", MapKind)
def test_every_class_is_known_however_it_is_written(kind: MapKind) -> None:
    for text in (kind, kind.upper(), kind.replace(" ", "-"), kind.replace(" ", "_"), f" {kind} "):
        assert named_kinds(text, "kinds", "a test") == (kind,)
    assert named_kinds(f"{kind},identity", "kinds", "a test")[0] is kind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("signed permutations", [MapKind.SIGNED_PERMUTATION]),
        ("identities, copy maps", [MapKind.IDENTITY, MapKind.COPY_MAP]),
        ("randomized", [MapKind.RANDOMISED]),
        ("nonlinear", [MapKind.NON_LINEAR]),
        ("pixel-local", [MapKind.PIXEL_LOCAL]),
        ("affine over gf2,affine", [MapKind.GF2_AFFINE, MapKind.AFFINE]),
        ("non-linear,pixel-local,affine", [MapKind.PIXEL_LOCAL, MapKind.AFFINE]),
        (
            "non-linear,affine,pixel-local",
            [MapKind.NON_LINEAR, MapKind.AFFINE, MapKind.PIXEL_LOCAL],
        ),
    ],
)
def test_several_names(text: str, kinds: list[MapKind]) -> None:
    assert list(named_kinds(text, "kinds", "a test")) == kinds


def test_a_report_is_what_is_expected_or_raises() -> None:
    report = probe(flipped, GREY, quick=True)
    assert report.expect("signed permutation") is report
    assert report.expect("identity", "signed-permutations") is report
    with pytest.raises(AssertionError, match=r"^Expected identity or copy map, found signed perm"):
        report.expect("identity", "copy map")
    with pytest.raises(InvalidParameterError, match="Did you mean 'signed permutation'"):
        report.expect("signed permutatoin")


def test_a_permutation_is_no_surprise_among_signed_ones() -> None:
    mixed = probe(lambda x, k: x[::-1] if k == 1 else flipped(x, k), GREY, keys=[1, 2], quick=True)
    assert mixed.kind is MapKind.SIGNED_PERMUTATION
    mixed.expect("signed permutation")
    plain = probe(lambda x, _: x[::-1], GREY, quick=True)
    with pytest.raises(AssertionError, match="found permutation"):
        plain.expect("signed permutation")


def test_every_key_and_every_image_counts() -> None:
    def fails(image: Image, key: int) -> Image:
        if key == 2:
            raise OSError("no such key")
        return image[::-1]

    report = probe(fails, GREY, keys=[1, 2], quick=True)
    assert report.failures == (
        "under key 2: for black of shape (8, 12) and type uint8, it raised OSError: no such key.",
    )
    with pytest.raises(AssertionError, match="found not image-to-image under key 2"):
        report.expect("permutation")
    report.expect("permutation", "not image-to-image")
    assert probe(flipped, GREY, quick=True).failures == ()


def test_the_schema_tells_each_field() -> None:
    """But the format, which says itself."""
    text = resources.files("etcprops").joinpath("schemas/ProbeReport.schema.json").read_text()
    silent = []

    def walk(part: Any, path: str) -> None:
        if isinstance(part, dict):
            for name, field in part.get("properties", {}).items():
                if not field.get("description"):
                    silent.append(f"{path}/{name}")
            for name, inner in part.items():
                walk(inner, f"{path}/{name}")
        elif isinstance(part, list):
            for number, inner in enumerate(part):
                walk(inner, f"{path}/{number}")

    walk(json.loads(text), "")
    assert silent == ["/format"]


# --- Interruptions


def test_an_interruption_leaves_what_was_found() -> None:
    report = stopped_after(60, flipped).report
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert 60 < report.calls < 70
    assert "images of other shapes" in report.not_looked_at
    assert report.confirmation is not None
    assert report.confirmation.images < 64


def test_an_interruption_at_the_first_call_decides_nothing() -> None:
    report = stopped_after(0, flipped).report
    assert report.kind is MapKind.UNDECIDED
    assert report.reason.startswith("It was interrupted after 1 call under this key")
    assert report.not_looked_at[0] == "keys from number 1 on"


@pytest.mark.parametrize("isolation", ["process", "alarm"])
def test_ctrl_c_reaches_the_probe_wherever_the_function_runs(isolation: str) -> None:
    def interrupts(image: Image, _key: Any) -> Image:
        if image.min() > 200:
            raise KeyboardInterrupt
        return image // 3

    if isolation == "process":  # there it is the function's own
        report = probe(interrupts, GREY, keys=[1], isolation=isolation)
        assert report.failures
    else:
        with pytest.raises(InterruptedProbeError):
            probe(interrupts, GREY, keys=[1], isolation=isolation)


def test_a_class_that_is_known_is_kept_while_a_witness_is_sought() -> None:
    def third(image: Image, _key: Any) -> Image:
        return image // 3

    seen: list[Progress] = []
    probe(third, GREY, keys=[1], progress=seen.append)
    last = max(p.calls for p in seen if p.stage == "to find a small witness")
    report = stopped_after(last - 20, third, keys=[1]).report
    assert report.kind is MapKind.PIXEL_LOCAL
    assert "a small witness" in report.not_looked_at


# --- The time left


def test_the_plan_of_a_permutation_is_right_from_the_start() -> None:
    seen: list[Progress] = []
    report = probe(flipped, GREY, progress=seen.append)
    assert seen
    assert all(abs(p.planned - report.calls) <= 0.1 * report.calls for p in seen)
    assert all(p.expected <= p.left for p in seen)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("function", [lambda x, _: x // 3, lambda x, _: x * 2.5 + np.roll(x, 1)])
def test_the_plan_rises_only_where_another_stage_begins(function: Any) -> None:
    seen: list[Progress] = []
    probe(function, GREY, keys=[1], progress=seen.append)
    for before, after in pairwise(seen):
        if after.planned > before.planned:
            assert after.stage != before.stage


def test_beyond_the_plan_a_tenth_is_to_come() -> None:
    purse = Budget(1e6)
    purse.plan(2)
    for _ in range(9):
        purse.count(0.0)
    assert 0 < purse.expected < purse.left
