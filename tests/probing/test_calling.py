"""How functions are called: which parameter gets the key, and what a budget leaves out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from etcprops import probe
from etcprops.probing import MapKind
from etcprops.probing.budget import Progress
from etcprops.probing.calling import how_to_call
from etcprops.probing.sandbox import best_isolation, open_sandbox


def keyword_only(image: Any, *, key: int) -> Any:
    return image ^ np.uint8(key)


def iterations_first(image: Any, iterations: int = 3, key: int = 0) -> Any:
    return np.roll(image, iterations) ^ np.uint8(key)


def block_size(image: Any, block_size: int = 2) -> Any:
    return image[::-1] if block_size == 2 else image * 0


def iterations(image: Any, iterations: int = 1) -> Any:
    return np.roll(image, iterations, axis=0)


def required(image: Any, iterations: int) -> Any:
    return np.roll(image, iterations, axis=0)


def seed_later(image: Any, mode: str = "a", *, random_state: int = 0) -> Any:
    return image ^ np.uint8(random_state) if mode == "a" else image


def options(image: Any, **options: Any) -> Any:
    return image ^ np.uint8(options["key"])


def anything(*arguments: Any) -> Any:
    return arguments[0] ^ np.uint8(arguments[1])


def positional(image: Any, k: int, /) -> Any:
    return image ^ np.uint8(k)


def two_more(image: Any, width: int, key: int) -> Any:
    return image[:width] ^ key


CALLS: list[tuple[Callable[..., Any], bool, str]] = [
    (keyword_only, True, "key"),
    (iterations_first, True, "key"),
    (block_size, False, ""),
    (iterations, False, ""),
    (required, True, ""),
    (seed_later, True, "random_state"),
    (options, True, "key"),
    (anything, True, ""),
    (positional, True, ""),
    (lambda image, k: image ^ k, True, ""),
    (lambda image, _: image, True, ""),
    (lambda image: image, False, ""),
    (lambda image, password: image if password else None, True, ""),
    (lambda image, encryption_key=None: image ^ (encryption_key or 0), True, ""),
    (lambda image, secret=b"x": image ^ secret, True, ""),
    (lambda image, n_rounds=2: np.roll(image, n_rounds), False, ""),
    (lambda image, gamma=2.2: image**gamma, False, ""),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_the_key_goes_where_it_belongs(number: int) -> None:
    function, keyed, keyword = CALLS[number]
    calling = how_to_call(function)
    assert (calling.keyed, calling.keyword) == (keyed, keyword)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("function", [keyword_only, iterations_first, seed_later, options])
def test_a_key_that_is_passed_by_name_is_used(function: Callable[..., Any]) -> None:
    report = probe(function, (6, 8), quick=True)
    assert report.kind is MapKind.GF2_AFFINE, str(report)
    assert report.key_audit is not None
    assert report.key_audit.keys_used


def test_a_parameter_that_is_no_key_keeps_its_default() -> None:
    report = probe(block_size, (6, 8), quick=True)
    assert report.kind is MapKind.PERMUTATION
    assert "Its second parameter, 'block_size', is left at 2." in report.findings
    assert report.key_audit is None
    assert not report.key_verdicts
    assert not any("Too few keys" in finding for finding in report.findings)


def test_a_required_parameter_that_is_no_key_is_said() -> None:
    report = probe(required, (6, 8), quick=True)
    assert any("'iterations' and is given the key" in finding for finding in report.findings)
    told = probe(two_more, (6, 8))
    assert told.kind is MapKind.NOT_IMAGE
    assert "Wrap it" in told.reason


# --- Budget


def test_a_budget_that_ends_early_decides_nothing() -> None:
    def slow(image: Any, _key: int) -> Any:
        time.sleep(0.05)
        return image.astype(float) @ np.ones((8, 8)) + image

    report = probe(slow, (6, 8), budget=0.4, keys=1)
    assert report.kind is MapKind.UNDECIDED
    assert report.seconds < 2
    assert "The budget ended after" in report.reason
    assert not any(c.exact for c in report.consequences)
    assert report.to_html()


def test_progress_tells_calls_and_time_left() -> None:
    seen: list[Progress] = []
    report = probe(lambda x, _: x[::-1], (6, 8), budget=60, quick=True, progress=seen.append)
    assert [p.calls for p in seen] == list(range(1, report.calls + 1))
    assert all(0 < p.left <= 60 and p.stage for p in seen)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("side", [4, 16, 64, 128, 300])
def test_classification_takes_as_many_images_as_naming_and_one_of_noise(side: int) -> None:
    size = side * side

    def permuted(image: Any, key: int) -> Any:
        order = np.random.default_rng(key).permutation(size)
        return (255 - image.reshape(-1)[order]).reshape(image.shape)

    report = probe(permuted, (side, side), keys=[1, 2, 3], quick=True)
    naming = int(np.ceil(np.log(2 * size) / np.log(256)))
    assert report.kind is MapKind.SIGNED_PERMUTATION
    assert report.chosen == naming
    # Under further keys nothing else; under the first an extreme image, and one asked again.
    assert report.calls == 3 * (naming + 1) + 2


@pytest.mark.thorough
def test_a_pool_that_hangs_after_a_fork_gets_a_hint() -> None:
    def hangs(_image: Any, _key: int) -> Any:
        time.sleep(60)

    report = probe(hangs, (6, 8), time_limit=0.2, isolation="process", keys=3)
    assert report.kind is MapKind.NOT_IMAGE
    assert any("isolation='alarm'" in finding for finding in report.findings)
    assert report.seconds < 5


@pytest.mark.sampled(3)
@pytest.mark.parametrize("isolation", ["process", "alarm", "none"])
@pytest.mark.parametrize("bad", [1, 0])
def test_an_error_under_one_key_says_nothing_of_another(bad: int, isolation: str) -> None:
    """Answers after an error are not taken for those to the next question."""

    def raises(image: Any, key: int) -> Any:
        if key == bad:
            raise IndexError(f"under {key}")
        return image.copy()

    report = probe(raises, (16, 16), keys=[0, 1], isolation=isolation)
    kinds = [MapKind.IDENTITY, MapKind.IDENTITY]
    kinds[bad] = MapKind.NOT_IMAGE
    assert [verdict.kind for verdict in report.key_verdicts] == kinds
    assert len(report.failures) == 1


def test_answers_that_nobody_read_are_not_those_to_the_next_question() -> None:
    """The iterator that was left is still there, as a traceback keeps it."""

    def some(image: Any, _key: int) -> Any:
        if image[0, 0] == 1:
            raise IndexError("in the middle")
        return image + np.uint8(100)

    images = [np.full((1, 2), level, dtype=np.uint8) for level in range(4)]
    with open_sandbox(some, [0], 5, best_isolation()) as sandbox:
        for read in (1, 2, 3, 4):
            left = sandbox.calls(images, 0)
            replies = [next(left) for _ in range(read)]
            (reply,) = sandbox.calls(images[3:], 0)
            assert reply.value is not None
            assert reply.value.tolist() == [[103, 103]]
            assert [bool(r.problem) for r in replies] == [n == 1 for n in range(read)]
            del left
