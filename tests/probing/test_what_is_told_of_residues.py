"""What is told of functions that are of no class, and of draws: each rule by its smallest case."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from oracles import asked, rng

from etcprops.probing import dependence, key_audit, residuals
from etcprops.probing.draws import permutation
from etcprops.probing.repeats import own_orders


@pytest.mark.parametrize(("shape", "components"), [((4, 5), 1), ((4, 5, 3), 3), ((4, 5, 1), 1)])
def test_three_pixels_are_changed_with_all_their_components(
    shape: tuple[int, ...], components: int
) -> None:
    found = residuals._changed(asked(lambda image: image, shape), rng())  # noqa: SLF001
    assert len(found) == 3
    for places in found:
        assert places.tolist() == list(range(places[0], places[0] + components))
        assert places[0] % components == 0
    assert len({int(places[0]) for places in found}) > 1


@pytest.mark.parametrize(
    ("shape", "changed", "flat", "whole", "jpeg"),
    [
        ((16, 16), 64, 8.0, 0.0, True),
        ((16, 15), 64, 8.0, 0.0, False),
        ((15, 16), 64, 8.0, 0.0, False),
        ((16, 16), 5, 8.0, 0.0, True),
        ((16, 16), 4, 8.0, 0.0, False),
        ((16, 16), 256, 8.0, 0.0, True),
        ((16, 16), 257, 8.0, 0.0, False),
        ((16, 16, 3), 768, 8.0, 0.0, True),
        ((16, 16, 3), 769, 8.0, 0.0, False),
        ((16, 16), 64, 9.0, 0.0, False),
        ((16, 16), 64, 9.0, 36.0, True),
        ((16, 16), 64, 9.0, 35.0, False),
    ],
)
def test_pixels_that_change_a_few_tiles_alone_look_like_compression(  # noqa: PLR0917
    shape: tuple[int, ...],
    changed: int,
    flat: float,
    whole: float,
    jpeg: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [np.arange(64), np.arange(changed), np.arange(64)]
    monkeypatch.setattr(residuals, "_changed", lambda *_: places)
    monkeypatch.setattr(
        residuals, "sums_of_images", lambda *_, **__: SimpleNamespace(residual=flat)
    )
    oracle: Any = SimpleNamespace(shape=shape)
    sums: Any = SimpleNamespace(residual=whole)
    effort: Any = SimpleNamespace(instances=3)
    assert residuals._looks_like_jpeg(oracle, rng(), sums, effort) is jpeg  # noqa: SLF001


def test_uneven_histograms_have_many_pixels_of_few_levels() -> None:
    images = [v.astype(np.int64) for v in dependence._skewed(asked(lambda i: i, (40, 50)), rng(1))]  # noqa: SLF001
    for number, image in enumerate(images[:6]):
        counts = np.sort(np.unique(image, return_counts=True)[1])[::-1]
        levels = 2 + 3 * number
        assert len(counts) <= levels
        expected = 2000 * 0.6 ** np.arange(levels) * 0.4 / (1 - 0.6**levels)
        assert abs(counts[0] - expected[0]) < 150
        assert abs(counts[1] - expected[1]) < 150
    dark, bright, any_level = images[6:]
    assert dark.max() < 64 <= any_level.max()
    assert bright.min() >= 192 > any_level.min()


@pytest.mark.parametrize(("keys", "told"), [(1, False), (2, True), (3, True)])
def test_what_no_key_changes_is_told_from_two_keys_on(keys: int, told: bool) -> None:  # noqa: FBT001
    draw = permutation("order of the rows", rng().permutation(12))
    result: Any = SimpleNamespace(findings=[], piece="row")
    values = np.tile(draw.values, (keys, 1))
    assert key_audit._constant(result, draw, values) is told  # noqa: SLF001
    said = ["The order of the rows does not depend on the key."] if told else []
    assert result.findings == said
    if told:
        assert not key_audit._constant(result, draw, values + np.arange(keys)[:, None])  # noqa: SLF001


def test_orders_that_repeat_nothing_are_kept() -> None:
    orders = [permutation("order of the rows", rng(key).permutation(9)) for key in range(3)]
    found = own_orders([orders])
    assert [own.kept.tolist() for own in found] == [[True]]
