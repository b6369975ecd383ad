"""What an affine map keeps, at the edges of what rounding may hide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import Image, asked, rng
from scipy.sparse import csr_array

from etcprops.probing import isometry
from etcprops.probing.isometry import Geometry, decide, from_differences
from etcprops.probing.linearity import kept_in_samples

ROTATION = np.array([[0.6, -0.8], [0.8, 0.6]])


def geometry(matrix: Any, offset: float = 0.0, rounding: float = 0.0) -> tuple[Any, ...]:
    given = csr_array(np.asarray(matrix))
    kept = decide(given, np.full(given.shape[0], offset), rounding=rounding)
    return kept.geometry, kept.factor, kept.inner_products, kept.rank


def test_isometries_are_told_from_their_matrix() -> None:
    same, scaled = Geometry.ISOMETRY, Geometry.SCALED_ISOMETRY
    assert geometry([[0, 1], [-1, 0]]) == (same, 1, True, 2)
    assert geometry([[0, 1], [-1, 0]], 255) == (same, 1, False, 2)
    assert geometry([[0, 1], [-1, 0]], 1e-13) == (same, 1, False, 2)
    assert geometry([[3, -4], [4, 3]]) == (scaled, 5, True, 2)
    assert geometry([[1, 0], [0, 1], [1, 0], [0, 1]]) == (scaled, np.sqrt(2), True, 2)
    assert geometry(ROTATION) == (same, 1, True, 2)
    assert geometry(ROTATION, 1e-13) == (same, 1, True, 2)
    assert geometry(ROTATION, 1e-7) == (same, 1, False, 2)
    assert geometry(ROTATION * (1 + 1e-12)) == (same, 1, True, 2)
    assert geometry(ROTATION * (1 + 1e-9))[0] == scaled
    assert geometry(ROTATION * (1 + 1e-9), rounding=1e-10)[0] == same
    assert geometry(2 * ROTATION)[:2] == (scaled, pytest.approx(2))


def test_other_matrices_keep_all_images_or_lose_some() -> None:
    injective, lossy = Geometry.INJECTIVE, Geometry.LOSSY
    assert geometry([[1, 0], [0, 2]]) == (injective, None, False, 2)
    assert geometry([[1, 1], [0, 1]]) == (injective, None, False, 2)
    assert geometry([[1, 1], [1, 1]]) == (lossy, None, False, 1)
    assert geometry([[1, 0], [0, 0]]) == (lossy, None, False, 1)
    assert geometry([[0, 0], [0, 0]]) == (lossy, None, False, 0)
    assert geometry([[1, 1]]) == (lossy, None, False, 1)
    assert geometry([[1.0, 1e-9], [0, 1]])[0] == injective
    assert geometry([[1.0, 0], [0, 1 + 1e-9]])[0] == injective
    assert geometry([[1.0, 1e-13], [0, 1]])[0] == Geometry.ISOMETRY
    assert geometry([[1.0, 0], [0, 1 + 1e-13]])[0] == Geometry.ISOMETRY


def test_integers_are_decided_exactly() -> None:
    """By one in 10**12, and by one in 2**54, which doubles do not tell."""
    big = 10**6
    assert geometry([[big, -1], [1, big], [1, 1]])[0] == Geometry.INJECTIVE
    assert geometry([[1 << 27, 0], [0, 1 << 27], [0, 1]])[0] == Geometry.INJECTIVE
    assert geometry([[1 << 27, 0], [0, 1 << 27]])[:2] == (Geometry.SCALED_ISOMETRY, 1 << 27)
    assert geometry([[-1]]) == (Geometry.ISOMETRY, 1, True, 1)


def test_rounding_is_relative_to_the_entries() -> None:
    turned = np.linalg.qr(np.arange(9).reshape(3, 3) % 7 + np.eye(3))[0]
    for factor in (1e-3, 1e5):
        assert geometry(factor * turned)[:2] == (
            Geometry.SCALED_ISOMETRY,
            pytest.approx(factor),
        )
        assert geometry(factor * turned * [1, 1, 1 + 1e-9])[0] == Geometry.INJECTIVE
    assert geometry(turned, 1e-8)[2]
    assert geometry(10 * turned, 1e-7)[2]
    assert not geometry(turned, 1e-7)[2]
    plain = decide(csr_array(turned * 1.001), np.zeros(3))
    assert plain.geometry is Geometry.SCALED_ISOMETRY


def test_large_parts_have_no_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isometry, "RANK_LIMIT", 2)
    assert geometry([[1, 1], [0, 1]]) == (Geometry.INJECTIVE, None, False, 2)
    three = [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    assert geometry(three) == (Geometry.UNKNOWN, None, False, None)
    lost = [[*row, 0] for row in three]
    assert geometry(lost) == (Geometry.LOSSY, None, False, None)


def test_ranks_add_up_over_what_hangs_together() -> None:
    part, whole = np.array([[1, 2], [2, 4]]), np.array([[1, 2], [2, 5]])
    blocks = np.zeros((7, 7), dtype=np.int64)
    blocks[0, 0] = 3
    blocks[np.ix_([1, 4], [1, 4])] = part
    blocks[np.ix_([2, 6], [2, 6])] = whole
    assert geometry(blocks) == (Geometry.LOSSY, None, False, 4)
    blocks[3, 3] = blocks[5, 5] = 1
    assert geometry(blocks) == (Geometry.LOSSY, None, False, 6)
    blocks[1, 1] = 2
    assert geometry(blocks) == (Geometry.INJECTIVE, None, False, 7)


def test_what_each_pixel_of_the_result_shows_is_told() -> None:
    def shown(matrix: Any) -> tuple[bool, bool, bool, int]:
        kept = decide(csr_array(np.asarray(matrix)), np.zeros(len(matrix)))
        return kept.one_pixel_each, kept.once, kept.same_size, kept.size

    assert shown([[0, 2], [1, 0]]) == (True, True, True, 2)
    assert shown([[0, 2], [0, 1]]) == (True, False, True, 2)
    assert shown([[0, 2], [1, 0], [0, 0]]) == (True, True, False, 2)
    assert shown([[0, 2], [1, 0], [1, 0]]) == (True, False, False, 2)
    assert shown([[0, 2], [1, 1]]) == (False, False, True, 2)


def sampled(
    function: Callable[[NDArray[np.float64]], Any], rounding: float = 0.0
) -> tuple[Any, ...]:
    plain = [rng(3).integers(0, 256, 6).astype(np.float64) + n for n in range(3)]
    plain.append(plain[-1].copy())
    plain[-1][2] = 0
    kept = from_differences(plain, [np.asarray(function(x)) for x in plain], rounding=rounding)
    assert kept.sampled
    assert not kept.one_pixel_each
    assert not kept.once
    assert kept.size == 6
    return kept.geometry, kept.factor, kept.inner_products, kept.rank, kept.same_size


def test_isometries_are_told_from_differences() -> None:
    same, scaled = Geometry.ISOMETRY, Geometry.SCALED_ISOMETRY
    assert sampled(lambda x: -x[::-1]) == (same, 1, True, 6, True)
    assert sampled(lambda x: 255 - x) == (same, 1, False, 6, True)
    assert sampled(lambda x: 2 * x) == (scaled, 2, True, 6, True)
    assert sampled(lambda x: x / 2) == (scaled, 0.5, True, 6, True)
    assert sampled(lambda x: np.concatenate([x, [0]])) == (same, 1, True, 6, False)
    unknown = (Geometry.UNKNOWN, None, False, None, True)
    assert sampled(np.cumsum) == unknown
    assert sampled(np.zeros_like) == unknown
    assert sampled(lambda x: x * np.array([1, 1, 0, 1, 1, 1])) == unknown
    uneven = np.array([1, 1, 1 + 1e-7, 1, 1, 1])
    assert sampled(lambda x: x * uneven) == unknown
    assert sampled(lambda x: x * uneven, 1e-6)[0] == same
    assert sampled(lambda x: x * (1 + 1e-8))[0] == scaled
    assert sampled(lambda x: x * (1 + 1e-12))[:3] == (same, 1, True)
    assert sampled(lambda x: x + 1e-10)[:3] == (same, 1, True)

    def turned(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(1e5 * (ROTATION @ x.reshape(2, 3)).reshape(-1))

    assert sampled(turned)[::2] == (scaled, True, True)


def test_samples_of_a_function_show_what_it_keeps() -> None:
    kept = kept_in_samples(asked(lambda x: 255 - x), rng())
    assert kept is not None
    assert (kept.geometry, kept.inner_products) == (Geometry.ISOMETRY, False)
    kept = kept_in_samples(asked(lambda x: x[::-1]), rng())
    assert kept is not None
    assert (kept.geometry, kept.inner_products) == (Geometry.ISOMETRY, True)
    kept = kept_in_samples(asked(lambda x: np.cumsum(x, dtype=np.int64).reshape(x.shape)), rng())
    assert kept is not None
    assert kept.geometry is Geometry.UNKNOWN
    # The last two differ in one pixel, by much: from below the middle to white, or to black.
    seen: list[Image] = []

    def keeps(image: Image) -> Image:
        seen.append(image)
        return image

    for seed in range(12):
        kept_in_samples(asked(keeps), rng(seed))
        before, after = (image.astype(np.int64) for image in seen[-2:])
        (place,) = np.flatnonzero(before != after)
        old, new = before.flat[place], after.flat[place]
        assert new == (0 if old > 127 else 255)
