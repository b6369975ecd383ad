"""What a process that is called sees and leaves, and what is asked again, paired and read."""

# ruff: noqa: ARG005, SLF001  # signatures; parts, each alone

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import SINGLES, WORDS

from etcprops.probing.calling import how_to_call
from etcprops.probing.classification import _Classifier
from etcprops.probing.extraction import naming_vectors
from etcprops.probing.returns import _numbers
from etcprops.probing.sandbox import LONGEST, Isolation, Reply, best_isolation, open_sandbox
from etcprops.probing.witnesses import _broken

Array = NDArray[Any]
forks = pytest.mark.skipif(
    best_isolation() is not Isolation.PROCESS,
    reason="processes are not forked on this platform",
)


def replies(function: Callable[[Array], Any], *levels: int) -> list[Reply]:
    """Call a function in a process of its own, on an image of each of some levels."""
    images = [np.full((1, 2), level, np.uint8) for level in levels]
    with open_sandbox(function, [0], 20, Isolation.PROCESS) as sandbox:
        return list(sandbox.calls(images, 0))


def same(_image: Array) -> Array:
    return _image


# --- Processes


@forks
def test_what_is_printed_is_counted_call_by_call_and_does_not_come_out(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def function(image: Array) -> Array:
        if image[0, 0] == 1:
            sys.stdout.write("abcde\n")
        if image[0, 0] == 2:
            os.write(1, b"on stdout")
            os.write(2, b"on stderr")
        return image

    assert [r.printed for r in replies(function, 1, 1, 0, 2, 0)] == [6, 6, 0, 18, 0]
    assert capfd.readouterr() == ("", "")


@forks
def test_nothing_can_be_read_from_the_caller() -> None:
    def function(image: Array) -> Array:
        sys.stdout.write("to be read?")
        sys.stdout.flush()
        read = len(os.read(0, 9)) + len(sys.stdin.read()) + 2 * sys.stdin.fileno()
        return image + read

    here, there = os.pipe()
    kept = os.dup(0)
    try:
        os.write(there, b"the caller's")
        os.dup2(here, 0)
        (reply,) = replies(function, 7)
    finally:
        os.dup2(kept, 0)
        for descriptor in (here, there, kept):
            os.close(descriptor)
    assert reply.problem == ""
    assert reply.value is not None
    assert (reply.value == 7).all()


@forks
def test_streams_that_are_closed_leave_the_files_open() -> None:
    def function(image: Array) -> Array:
        sys.stdin.close()
        sys.stdout.close()
        for descriptor in (0, 1, 2):
            os.fstat(descriptor)
        return image

    assert [r.problem for r in replies(function, 1, 2)] == ["", ""]


def test_errors_are_told_in_300_characters() -> None:
    def function(_image: Array) -> Array:
        raise RuntimeError("x" * 400)

    with open_sandbox(function, [0], 5, Isolation.NONE) as sandbox:
        (reply,) = sandbox.calls([np.zeros((1, 2), np.uint8)], 0)
    assert len(reply.problem) == 300


def test_things_that_cannot_be_looked_at_are_told_of() -> None:
    class Thing:
        @property
        def __array__(self) -> Any:
            raise RuntimeError("not today")

        @property
        def getbands(self) -> Any:
            raise RuntimeError("not today")

    with open_sandbox(lambda _: Thing(), [0], 5, Isolation.NONE) as sandbox:
        (reply,) = sandbox.calls([np.zeros((1, 2), np.uint8)], 0)
    assert reply.value is None
    assert reply.problem == "returned a Thing of which no array can be made: not today"


@pytest.mark.parametrize(("limit", "kept"), [(5, 5), (0, LONGEST), (2 * LONGEST, LONGEST)])
def test_calls_may_take_as_long_as_is_said(limit: float, kept: float) -> None:
    with open_sandbox(same, [0], limit, Isolation.NONE) as sandbox:
        assert sandbox.time_limit == kept


# --- What is asked again, paired and read


@pytest.mark.parametrize(("again", "asked"), [(0, []), (1, [2]), (2, [1, 2, 2]), (9, [0, 1, 2, 2])])
def test_the_last_images_are_asked_again_and_the_last_of_them_twice(
    again: int, asked: list[int]
) -> None:
    seen: list[int] = []
    classifier: Any = SimpleNamespace(
        effort=SimpleNamespace(again=again),
        reader=SimpleNamespace(chosen=lambda: range(4), outputs=[10, 11, 12]),  # one was not asked
        _enter=lambda _: None,
        _same_twice=lambda image, _before: seen.append(image),
    )
    _Classifier._ask_again(classifier)
    assert seen == asked


def test_images_of_floats_that_name_pixels_are_those_of_integers() -> None:
    size = 1 << 16
    for words, floats in zip(
        naming_vectors(size, WORDS), naming_vectors(size, SINGLES), strict=True
    ):
        assert (floats * 65536 == words).all()


def test_something_else_than_a_picture_may_be_convertible() -> None:
    class Converts:
        def convert(self) -> None:
            """Do nothing."""

        def __array__(self, *_: Any, **__: Any) -> Array:
            return np.arange(4).reshape(2, 2)

    assert _numbers(Converts(), (2, 2))[0].tolist() == [[0, 1], [2, 3]]


def test_of_what_never_ends_one_value_more_than_there_are_pixels_is_taken() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield number

    _numbers(numbers(), (2, 2))
    assert taken == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("times", "broken"), [(3.5, False), (4.5, True)])
def test_pairs_that_differ_by_more_than_four_roundings_are_broken(
    times: float, *, broken: bool
) -> None:
    oracle: Any = SimpleNamespace(scale=SimpleNamespace(tolerance=0.0), rounding=1e-3)
    pair = np.array([0.0, 1.0]), np.array([0.5, 1.0])
    outputs = np.array([0.0, 1.0]), np.array([0.5 + times * 1e-3, 1.0])
    assert _broken(oracle, pair, outputs) is broken


@pytest.mark.parametrize(
    ("function", "keyed", "noted"),
    [
        (lambda image, mode="fast": image, False, True),  # a name for something else
        (lambda image, thing="fast": image, True, False),
        (lambda image, thing=None: image, True, False),
        (lambda image, thing=3: image, False, True),
        (lambda image, block_size, *rest: image, True, True),
        (lambda image, *rest: image, True, False),
    ],
)
def test_keys_go_where_names_and_defaults_say(function: Any, *, keyed: bool, noted: bool) -> None:
    calling = how_to_call(function)
    assert (calling.keyed, bool(calling.note)) == (keyed, noted)
