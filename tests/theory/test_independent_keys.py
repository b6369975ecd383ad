"""The distribution of inner products under independent keys, against all keys and against draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, encrypt
from etcprops.scheme.keys import ALL, Step
from etcprops.theory.independent_keys import inner_product_mean, inner_product_variance


def _doubled(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    return 2 * image.astype(np.int64) - 255


def _products(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    geometry: BlockGeometry,
    steps: frozenset[Step] = ALL,
) -> NDArray[np.int64]:
    """Return four times the inner product for every key of these steps."""
    m = geometry.n_blocks
    choices = {
        Step.PERMUTATION: itertools.permutations(range(m)),
        # Of one pixel all transforms are the same.
        Step.TRANSFORMS: itertools.product(range(8 if geometry.block > 1 else 1), repeat=m),
        Step.NEGATIVES: itertools.product(range(2), repeat=m),
        Step.COMPONENTS: itertools.product(range(6), repeat=m),
    }
    drawn = [s for s in Step if s in steps and (s != Step.COMPONENTS or geometry.channels == 3)]
    u = _doubled(x)
    values = []
    for parts in itertools.product(*(choices[step] for step in drawn)):
        key = EtCKey(geometry, **dict(zip(map(str, drawn), parts, strict=True)))
        values.append(int(np.sum(u * _doubled(encrypt(y, key)))))
    return np.array(values)


def _images(geometry: BlockGeometry, seed: int = 0) -> NDArray[np.uint8]:
    shape = (2, *geometry.shape)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def _subsets(steps: Iterable[Step]) -> list[frozenset[Step]]:
    chosen = list(steps)
    counts = range(len(chosen) + 1)
    return [frozenset(s) for k in counts for s in itertools.combinations(chosen, k)]


def _names(steps: frozenset[Step]) -> str:
    return "+".join(step for step in Step if step in steps) or "none"


def _assert_stated_distribution(geometry: BlockGeometry, steps: frozenset[Step]) -> None:
    x, y = _images(geometry)
    products = _products(x, y, geometry, steps)
    mean = Fraction(int(products.sum()), 4 * len(products))
    square = Fraction(sum(int(value) ** 2 for value in products), 16 * len(products))
    assert inner_product_mean(x, y, geometry, steps=steps) == mean
    assert inner_product_variance(x, y, geometry, steps=steps) == square - mean**2


@pytest.mark.parametrize(
    "geometry",
    [
        BlockGeometry(4, 2, block=2),
        BlockGeometry(2, 4, block=2),
        BlockGeometry(3, 3, block=3),
        BlockGeometry(2, 2, block=2, channels=3),
        BlockGeometry(3, 1, block=1),
    ],
    ids=str,
)
def test_all_keys_of_small_geometries_have_the_stated_distribution(geometry: BlockGeometry) -> None:
    _assert_stated_distribution(geometry, ALL)


@pytest.mark.parametrize(
    "geometry",
    [
        BlockGeometry(4, 2, block=2),
        BlockGeometry(3, 3, block=3),
        BlockGeometry(1, 4, block=1),
    ],
    ids=str,
)
@pytest.mark.parametrize("steps", _subsets(tuple(Step)[:3]), ids=_names)
def test_keys_of_every_subset_of_the_steps_have_the_stated_distribution(
    geometry: BlockGeometry, steps: frozenset[Step]
) -> None:
    _assert_stated_distribution(geometry, steps)


@pytest.mark.parametrize("steps", _subsets(Step), ids=_names)
def test_so_have_keys_of_every_subset_in_colour(steps: frozenset[Step]) -> None:
    _assert_stated_distribution(BlockGeometry(2, 1, block=1, channels=3), steps)
    _assert_stated_distribution(BlockGeometry(2, 2, block=2, channels=3), steps)


def test_the_variance_depends_on_the_steps() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    x, y = _images(geometry)
    variances = [
        inner_product_variance(x, y, geometry, steps={Step.NEGATIVES, *others})
        for others in _subsets([Step.PERMUTATION, Step.TRANSFORMS])
    ]
    assert len(set(variances)) == len(variances)


def test_without_negatives_the_mean_is_not_zero() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    white = np.full((4, 2), 255, dtype=np.uint8)
    steps = frozenset({Step.PERMUTATION, Step.TRANSFORMS})
    assert _products(white, white, geometry, steps).mean() == 8 * 255**2
    assert inner_product_mean(white, white, geometry, steps=steps) == 2 * 255**2
    assert inner_product_variance(white, white, geometry, steps=steps) == 0


def test_draws_at_the_size_of_the_paper() -> None:
    geometry = BlockGeometry(192, 160)
    x, y = _images(geometry)
    x[:96] //= 2  # structure, so that the second moments are not nearly diagonal
    y[:, :80] //= 3
    keys = (EtCKey.from_secret(geometry, f"draw {i}") for i in range(400))
    z = np.array([np.sum(_doubled(x) * _doubled(encrypt(y, key))) / 4 for key in keys])
    variance = float(inner_product_variance(x, y, geometry))
    assert abs(z.mean()) < 4 * np.sqrt(variance / len(z))
    assert z.var() / variance == pytest.approx(1, abs=4 * np.sqrt(2 / len(z)))


def test_images_of_another_size_are_rejected() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    x = np.zeros((4, 2), dtype=np.uint8)
    for function in (inner_product_mean, inner_product_variance):
        with pytest.raises(InvalidParameterError, match="'y'"):
            function(x, x.T, geometry)


def test_steps_that_the_geometry_has_not_are_rejected() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    x = np.zeros((4, 2), dtype=np.uint8)
    for steps in (["components"], ["rotation"], "negatives"):
        with pytest.raises(InvalidParameterError, match="'steps'"):
            inner_product_variance(x, x, geometry, steps=steps)
