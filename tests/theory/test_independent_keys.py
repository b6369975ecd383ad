"""The distribution of inner products under independent keys, against all keys and against draws."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, InvalidParameterError, encrypt
from etcprops.theory.independent_keys import inner_product_variance


def _doubled(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    return 2 * image.astype(np.int64) - 255


def _products(
    x: NDArray[np.uint8], y: NDArray[np.uint8], geometry: BlockGeometry, negatives: int = 2
) -> NDArray[np.int64]:
    """Return four times the inner product for every key."""
    m = geometry.n_blocks
    codes = 6 if geometry.channels == 3 else 1
    turns = 8 if geometry.block > 1 else 1  # of one pixel all transforms are the same
    keys = itertools.product(
        itertools.permutations(range(m)),
        itertools.product(range(turns), repeat=m),
        itertools.product(range(negatives), repeat=m),
        itertools.product(range(codes), repeat=m),
    )
    u = _doubled(x)
    values = []
    for p, t, s, c in keys:
        colour = {"components": c} if codes > 1 else {}
        key = EtCKey(geometry, permutation=p, transforms=t, negatives=s, **colour)
        values.append(int(np.sum(u * _doubled(encrypt(y, key)))))
    return np.array(values)


def _images(geometry: BlockGeometry, seed: int = 0) -> NDArray[np.uint8]:
    shape = (2, *geometry.shape)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


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
    x, y = _images(geometry)
    products = _products(x, y, geometry)
    squares = sum(int(value) ** 2 for value in products)
    assert products.sum() == 0
    assert Fraction(squares, 16 * len(products)) == inner_product_variance(x, y, geometry)


def test_without_negatives_the_mean_is_not_zero() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    white = np.full((4, 2), 255, dtype=np.uint8)
    assert _products(white, white, geometry, negatives=1).mean() == 8 * 255**2


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
    with pytest.raises(InvalidParameterError, match="'y'"):
        inner_product_variance(x, x.T, geometry)
