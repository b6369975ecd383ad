"""Hypothesis strategies for geometries, keys, images and signed permutations.

Sizes and a seed are drawn, bulk pixels and keys grow from the seed: examples stay small to draw and
quick to shrink. Besides noise the images include the ones that break things: constant, black and
white, gradients.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from etcprops._validation import as_integer
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import ALL, EtCKey, Step
from etcprops.scheme.signed_permutation import SignedPermutation

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import NDArray

_SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def geometries(
    draw: DrawFn,
    *,
    channels: SearchStrategy[int] | None = None,
    max_side: int = 4,
    max_blocks: int = 16,
) -> BlockGeometry:
    """Draw block geometries, most of them not square.

    Parameters
    ----------
    channels : strategy of int, optional
        By default 1 or 3.
    max_side : int, default=4
        Largest block side.
    max_blocks : int, default=16
        Largest number of blocks.

    Returns
    -------
    strategy of BlockGeometry
    """
    caller = "geometries"
    side = draw(st.integers(1, as_integer(max_side, "max_side", caller)))
    rows = draw(st.integers(1, as_integer(max_blocks, "max_blocks", caller)))
    columns = draw(st.integers(1, max_blocks // rows))
    depth = draw(st.sampled_from([1, 3]) if channels is None else channels)
    return BlockGeometry(rows * side, columns * side, channels=depth, block=side)


@st.composite
def keys(
    draw: DrawFn,
    geometry: BlockGeometry | SearchStrategy[BlockGeometry] | None = None,
    *,
    steps: SearchStrategy[frozenset[Step]] | None = None,
) -> EtCKey:
    """Draw keys, with any subset of the steps.

    Parameters
    ----------
    geometry : BlockGeometry or strategy of them, optional
        By default `geometries()`.
    steps : strategy of frozenset of Step, optional
        By default any subset that fits the geometry; half of the keys have all steps.

    Returns
    -------
    strategy of EtCKey
    """
    if geometry is None:
        geometry = draw(geometries())
    elif isinstance(geometry, st.SearchStrategy):
        geometry = draw(geometry)
    check_geometry(geometry, "keys")
    possible = [s for s in Step if geometry.channels == 3 or s is not Step.COMPONENTS]
    if steps is None:
        # Enumerated, since st.frozensets is empty every other time and rarely has two elements.
        sizes = range(len(possible) + 1)
        subsets = [frozenset(chosen) for size in sizes for chosen in combinations(possible, size)]
        steps = st.just(ALL) | st.sampled_from(subsets)
    secret = draw(_SEEDS).to_bytes(4, "big")
    return EtCKey.from_secret(geometry, secret, steps=draw(steps))


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return rng.integers(0, 256, shape, dtype=np.uint8)


def _constant(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.full(shape, rng.integers(0, 256), dtype=np.uint8)


def _black_and_white(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return rng.choice(np.array([0, 255], dtype=np.uint8), shape)


def _gradient(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    size = int(np.prod(shape))
    return (np.arange(size) + rng.integers(0, 256)).astype(np.uint8).reshape(shape)


_KINDS: tuple[Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.uint8]], ...] = (
    _noise,
    _constant,
    _black_and_white,
    _gradient,
)


@st.composite
def images(
    draw: DrawFn, geometry: BlockGeometry, *, count: SearchStrategy[int] | int | None = None
) -> NDArray[np.uint8]:
    """Draw 8-bit images of a geometry: noise, constant, black and white, or a gradient.

    Parameters
    ----------
    geometry : BlockGeometry
        The size of the images.
    count : int or strategy of int, optional
        Draw a batch of that many images, shape ``(count, H, W[, 3])``; by default a single one.

    Returns
    -------
    strategy of ndarray of uint8
    """
    shape: tuple[int, ...] = check_geometry(geometry, "images").shape
    if isinstance(count, st.SearchStrategy):
        count = draw(count)
    if count is not None:
        shape = (as_integer(count, "count", "images", 0), *shape)
    kind = draw(st.sampled_from(_KINDS))
    return kind(np.random.default_rng(draw(_SEEDS)), shape)


@st.composite
def signed_permutations(
    draw: DrawFn, n: int | SearchStrategy[int] | None = None, *, level: int = 255
) -> SignedPermutation:
    """Draw bijective signed permutations, of all of them, not only those that keys give.

    Parameters
    ----------
    n : int or strategy of int, optional
        Length of the vectors; by default 1 to 64.
    level : int, default=255
        Largest grey level.

    Returns
    -------
    strategy of SignedPermutation
    """
    if n is None:
        n = st.integers(1, 64)
    size = draw(n) if isinstance(n, st.SearchStrategy) else n
    size = as_integer(size, "n", "signed_permutations")
    rng = np.random.default_rng(draw(_SEEDS))
    signs = rng.choice(np.array([-1, 1], dtype=np.int8), size)
    return SignedPermutation(rng.permutation(size), signs, level=level)
