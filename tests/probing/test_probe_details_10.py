"""What the probe is given, asks, tells of keys, and takes for constant."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
from itertools import islice, pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, asked, rng

from etcprops import InvalidParameterError, ProbeReport, SignedPermutation, probe
from etcprops.probing import extraction, runner
from etcprops.probing import keys as keys_of
from etcprops.probing.budget import FULL, QUICK
from etcprops.probing.classification import _Classifier
from etcprops.probing.extraction import confirming_count, confirming_vectors, naming_vectors
from etcprops.probing.keys import Keys
from etcprops.probing.model import MapKind
from etcprops.probing.reading import Reader
from etcprops.probing.sandbox import Isolation, best_isolation, open_sandbox
from etcprops.probing.witnesses import _others

Array = NDArray[Any]
Patch = pytest.MonkeyPatch


def quickly(function: Any, **options: Any) -> ProbeReport:
    chosen: dict[str, Any] = {"quick": True, "isolation": "none", "keys": [77, 46]} | options
    return probe(function, (4, 4), **chosen)


def as_it_is(image: Array, _key: int) -> Array:
    return image


# --- What is given


@pytest.mark.parametrize("shape", [7, "88", b"88"])
def test_a_shape_is_a_sequence_of_numbers_and_no_text(shape: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"must be \(H, W\) or \(H, W, C\)"):
        probe(as_it_is, shape)


def test_images_may_have_as_many_pixels_as_is_said(monkeypatch: Patch) -> None:
    monkeypatch.setattr(runner, "MOST_PIXELS", 16)
    assert quickly(as_it_is).kind is MapKind.IDENTITY
    monkeypatch.setattr(runner, "MOST_PIXELS", 15)
    with pytest.raises(InvalidParameterError, match="at most 15 pixels"):
        quickly(as_it_is)


def test_a_call_has_ten_seconds(monkeypatch: Patch) -> None:
    limits: list[float] = []

    def opened(encrypt: Any, keys: Any, time_limit: float, isolation: Any) -> Any:
        limits.append(time_limit)
        return open_sandbox(encrypt, keys, time_limit, isolation)

    monkeypatch.setattr(runner, "open_sandbox", opened)
    quickly(as_it_is)
    assert limits == [10]


def test_keys_are_told_of_where_they_are_taken() -> None:
    assert quickly(as_it_is).keys_given == (77, 46)
    assert quickly(lambda image: image).keys_given == ()


def test_findings_are_those_of_the_key_that_is_described() -> None:
    def divided_under_the_second(image: Array, key: int) -> Array:
        return image if key == 77 else image / 255

    assert "divided" not in " ".join(quickly(divided_under_the_second).findings)
    assert "divided" in " ".join(quickly(divided_under_the_second, keys=[46]).findings)


@pytest.mark.parametrize(
    ("isolation", "returns", "told"),
    [("process", False, True), ("process", True, False), ("none", False, False)],
)
def test_threads_are_thought_of_where_a_process_does_not_return(
    isolation: str, *, returns: bool, told: bool
) -> None:
    if isolation not in {"none", str(best_isolation())}:
        pytest.skip("processes are not forked on this platform")

    def function(image: Array, _key: int) -> Array:
        if not returns:
            raise RuntimeError("it did not return")
        return image

    report = quickly(function, isolation=isolation)
    assert ("try isolation='alarm'" in " ".join(report.findings)) is told


def test_isolation_is_the_best_that_a_platform_has(monkeypatch: Patch) -> None:
    here = threading.current_thread()
    monkeypatch.setattr(threading, "main_thread", lambda: here)
    monkeypatch.setattr(signal, "setitimer", lambda *_: None, raising=False)
    found = []
    for platform, starts in (("linux", ["fork"]), ("linux", ["spawn"]), ("darwin", ["fork"])):
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda starts=starts: starts)
        found.append(best_isolation())
    assert found == [Isolation.PROCESS, Isolation.ALARM, Isolation.ALARM]
    monkeypatch.setattr(threading, "main_thread", lambda: None)
    assert best_isolation() is Isolation.NONE
    monkeypatch.setattr(threading, "main_thread", lambda: here)
    monkeypatch.delattr(signal, "setitimer")
    assert best_isolation() is Isolation.NONE


# --- What is asked


def test_the_first_images_count_from_the_first_pixel() -> None:
    oracle: Any = SimpleNamespace(size=300, scale=BYTES)
    chosen = list(Reader(oracle, rng()).chosen())
    assert len(chosen) == 2
    for image, named in zip(chosen, naming_vectors(300, BYTES), strict=True):
        assert (image == named).all()


def test_pixels_run_through_all_levels_from_dark_to_bright() -> None:
    images = [image.astype(int) for image in extraction.sweep_vectors(5000, BYTES, rng())]
    assert (images[0].min(), images[0].max(), len(images)) == (0, 31, 256)
    assert all(((b - a) % 256 == 1).all() for a, b in pairwise(images))


@pytest.mark.parametrize("limit", [15, 16])
def test_as_many_images_are_asked_about_as_are_announced(monkeypatch: Patch, limit: int) -> None:
    monkeypatch.setattr(extraction, "SWEEP_LIMIT", limit)
    asked_about = list(confirming_vectors(16, BYTES, rng(), FULL))
    assert len(asked_about) == confirming_count(16, FULL)


def test_images_to_pair_are_black_bright_dark_and_of_all_levels() -> None:
    oracle: Any = SimpleNamespace(size=5000, scale=BYTES)
    first = [(int(v.min()), int(v.max())) for v in islice(_others(oracle, rng()), 5)]
    assert first == [(0, 0), (1, 255), (128, 255), (1, 7), (0, 255)]


# --- What is told of keys


def failures(key: Any, *, keyed: bool) -> tuple[str, ...]:
    found = [SimpleNamespace(kind=MapKind.IDENTITY)]
    oracles = [SimpleNamespace(failed="It raised")]
    keys: Any = SimpleNamespace(found=found, oracles=oracles, keys=[key])
    return Keys.failures(keys, keyed=keyed)


def test_failures_name_the_key_once_and_only_where_there_is_one() -> None:
    assert failures(77, keyed=True) == ("under key 77: it raised.",)
    assert failures(object(), keyed=True)[0] == "under key 1 (object): it raised."
    assert failures(77, keyed=False) == ("it raised.",)


def test_maps_that_are_no_bijections_are_not_described(monkeypatch: Patch) -> None:
    def described(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(keys_of, "describe", described)
    still = SignedPermutation.identity(16)
    for kind, found in ((MapKind.RANDOMISED, still), (MapKind.PERMUTATION, None)):
        verdict = SimpleNamespace(kind=kind, map=found)
        keys: Any = SimpleNamespace(found=[verdict], main=0, digests={})
        Keys._describe(keys)


def test_where_further_keys_are_given_up_the_first_is_described(monkeypatch: Patch) -> None:
    described: list[Any] = []

    def describe(keys: Keys) -> None:
        described.append(keys)

    monkeypatch.setattr(Keys, "_hopeless", lambda *_: True)
    monkeypatch.setattr(Keys, "_describe", describe)
    function = asked(lambda image: image)
    looked = Keys([function, function], [1, 2], 0, QUICK)
    looked.look()
    assert len(looked.found) == 1
    assert described == [looked]


def test_maps_are_named_by_two_images() -> None:
    seen: list[int] = []

    def ask(images: list[Array]) -> list[Array]:
        seen.append(len(images))
        return images

    oracle = SimpleNamespace(
        size=300, scale=BYTES, budget=SimpleNamespace(enter=lambda _: None), ask=ask
    )
    found = [SimpleNamespace(kind=MapKind.AFFINE, map=None)]
    keys: Any = SimpleNamespace(found=found, oracles=[oracle], seed=0, digests={})
    Keys._name(keys, 0)
    assert seen == [2]
    assert set(keys.digests) == {0}


# --- Constant pixels


def with_constants(
    monkeypatch: Patch, *, confirmed: bool = True, right: bool = True
) -> tuple[Any, list[Array]]:
    """Look for constants where the last of four pixels is one, and three seem so now and then."""
    outputs = [np.array(v) for v in ([9, 1, 1, 7], [1, 9, 1, 7], [9, 1, 9, 7])]
    noise = [np.array([9, 1, 1, 7])] * 2
    read: list[Array] = []

    def read_map(given: list[Array], *_: Any) -> Any:
        read.extend(given)
        return SimpleNamespace(source=np.arange(4), sign=np.ones(4, np.int8), level=255)

    monkeypatch.setattr(extraction, "read_pixel_map", read_map)
    classifier: Any = SimpleNamespace(
        oracle=SimpleNamespace(scale=BYTES, size=4, answered=lambda _: enumerate(noise)),
        reader=SimpleNamespace(outputs=outputs, start=0),
        effort=QUICK,
        rng=rng(),
        right=right,
        _enter=lambda _: None,
        _confirm=lambda _: None if confirmed else object(),
        _ask_again=lambda: None,
        _copy_map=lambda found: found,
    )
    return _Classifier._with_constants(classifier), read


def test_pixels_are_constant_that_are_the_same_in_all_images(monkeypatch: Patch) -> None:
    found, read = with_constants(monkeypatch)
    assert found.source.tolist() == [0, 1, 2, -1]
    assert found.sign.tolist() == [1, 1, 1, 0]
    assert [v.tolist() for v in read] == [[9, 1, 1, 0], [1, 9, 1, 0], [9, 1, 9, 0]]


@pytest.mark.parametrize("part", ["confirmed", "right"])
def test_constants_are_not_believed_unless_all_else_is_right(monkeypatch: Patch, part: str) -> None:
    options: Any = {part: False}
    assert with_constants(monkeypatch, **options)[0] is None
