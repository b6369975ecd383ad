"""Inner products of images under independent keys: mean and variance in closed form.

Let ``u`` and ``v`` be mid-grey-centred images of ``m`` blocks, and ``Q`` a uniform random key of
some of the steps. With the signs ``s_b``, the motions ``T_b`` (transforms and component orders) and
the permutation ``p`` of the key, those that are not drawn being 1,

    ``<u, Q v> = sum_b s_b <u_b, T_b v_p(b)>``.

With negatives, the signs are independent of each other and of the rest, with mean zero: the mean is
zero, and in the square only the terms with equal ``b`` remain. There ``T_b`` is uniform over the
group ``G`` that the drawn motions are, and ``p(b)`` over the blocks if these are permuted. Then

    ``Var <u, Q v> = (1 / m) <S_u, mean_T T S_v T'>_F``, with ``S_u = sum_b u_b u_b'``.

Without negatives, let ``w = mean_T T v``. The mean is that of ``sum_b <u_b, w_p(b)>`` over all
``p``. Given ``p``, the blocks' terms are independent, so the variance is the mean over ``p`` of
theirs, ``(1 / m) (<S_u, mean_T T S_v T'>_F - <S_u, S_w>_F)``, and the variance over ``p`` of the
mean, ``<S_u*, S_w*>_F / (m - 1)`` (Hoeffding 1951), where the star stands for the blocks less their
mean block. Without permutation, sums over pairs of blocks are over the pairs ``(b, b)`` instead.

If both are encrypted under independent keys, ``<P u, Q v> = <u, P' Q v>``, and ``P' Q`` is uniform
too, for keys of any steps are a group and ``Q`` is uniform: the distribution is the same.

``proofs/coq/IndependentKeys.v`` has this as theorems for keys of all steps, for every geometry, and
``proofs/coq/IndependentKeysBySteps.v`` for keys of any steps.

References
----------
W. Hoeffding, A Combinatorial Central Limit Theorem, Annals of Mathematical Statistics 22, 1951.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import ALL, COMPONENT_ORDERS, Step, check_steps


def inner_product_mean(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    geometry: BlockGeometry,
    *,
    steps: Iterable[str] = ALL,
) -> Fraction:
    """Return the exact mean of the centred inner product of images under independent keys.

    Parameters
    ----------
    x, y : ndarray of uint8, shape (H, W[, 3])
        The images; the vectors are ``x - 127.5`` and ``y - 127.5``.
    geometry : BlockGeometry
        Their size, blocks and channels.
    steps : iterable of str, default=ALL
        The steps of the keys, which are uniform; see `Step`. `ALL` means every step that the
        geometry has.

    Returns
    -------
    Fraction
        Over all keys of these steps; zero if negatives are among them.

    Raises
    ------
    InvalidParameterError
        If an image is not uint8 of the geometry's shape, or for steps that the geometry has not.

    Examples
    --------
    >>> x = np.array([[0, 255]], dtype=np.uint8)
    >>> inner_product_mean(x, x, BlockGeometry(1, 2, block=1), steps=[])
    Fraction(65025, 2)
    """
    pair = _Pair.of(x, y, geometry, steps, "inner_product_mean")
    if Step.NEGATIVES in pair.steps:
        return Fraction(0)
    if Step.PERMUTATION in pair.steps:
        total = _dot(pair.first.sum(axis=0), pair.moved.sum(axis=0))
        return Fraction(total, 4 * pair.n_blocks * pair.n_motions)
    return Fraction(_dot(pair.first, pair.moved), 4 * pair.n_motions)


def inner_product_variance(
    x: NDArray[np.uint8],
    y: NDArray[np.uint8],
    geometry: BlockGeometry,
    *,
    steps: Iterable[str] = ALL,
) -> Fraction:
    """Return the exact variance of the centred inner product of images under independent keys.

    Parameters
    ----------
    x, y : ndarray of uint8, shape (H, W[, 3])
        The images; the vectors are ``x - 127.5`` and ``y - 127.5``.
    geometry : BlockGeometry
        Their size, blocks and channels.
    steps : iterable of str, default=ALL
        The steps of the keys, which are uniform; see `Step`. `ALL` means every step that the
        geometry has.

    Returns
    -------
    Fraction
        Over all keys of these steps; the mean is `inner_product_mean`.

    Raises
    ------
    InvalidParameterError
        If an image is not uint8 of the geometry's shape, or for steps that the geometry has not.

    Examples
    --------
    >>> x = np.array([[0, 255]], dtype=np.uint8)
    >>> inner_product_variance(x, x, BlockGeometry(1, 2, block=1))
    Fraction(4228250625, 8)
    >>> inner_product_variance(x, x, BlockGeometry(1, 2, block=1), steps=["transforms"])
    Fraction(0, 1)
    """
    pair = _Pair.of(x, y, geometry, steps, "inner_product_variance")
    squares = pair.mean_squares()
    if Step.NEGATIVES in pair.steps:
        return squares
    return squares - pair.squared_means() + pair.variance_of_permutations()


@dataclass(frozen=True)
class _Pair:
    """Two images' blocks as the rows of matrices, and the keys' steps.

    Attributes
    ----------
    first, second : ndarray of int64, shape (n_blocks, n)
        Doubled deviations ``2 x - 255``, so that all is in integers.
    orders : list of ndarray
        The orders in which the drawn motions put a block's ``n`` pixels.
    steps : frozenset of Step
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    orders: list[NDArray[np.int64]]
    steps: frozenset[Step]

    @classmethod
    def of(
        cls, x: object, y: object, geometry: BlockGeometry, steps: Iterable[str], caller: str
    ) -> _Pair:
        """Return the pair for a public function's arguments."""
        check_geometry(geometry, caller)
        chosen = check_steps(steps, geometry, caller)
        first = _blocks(x, "x", geometry, caller)
        second = _blocks(y, "y", geometry, caller)
        return cls(first, second, _pixel_orders(geometry, chosen), chosen)

    @property
    def n_blocks(self) -> int:
        return len(self.first)

    @property
    def n_motions(self) -> int:
        return len(self.orders)

    @property
    def moved(self) -> NDArray[np.int64]:
        """The sum over the motions of the second image's blocks."""
        return np.asarray(np.sum([self.second[:, order] for order in self.orders], axis=0))

    def mean_squares(self) -> Fraction:
        """Return the mean of the sum of squares of the blocks' inner products."""
        if Step.PERMUTATION in self.steps:
            moments = self.second.T @ self.second
            # Sums over the motions stay far below 2 ** 63, their products do not: `_dot`.
            averaged = np.sum([moments[np.ix_(order, order)] for order in self.orders], axis=0)
            total = _dot(self.first.T @ self.first, averaged)
            return Fraction(total, 16 * self.n_blocks * self.n_motions)
        products = [np.sum(self.first * self.second[:, order], axis=1) for order in self.orders]
        return Fraction(_dot(np.array(products), np.array(products)), 16 * self.n_motions)

    def squared_means(self) -> Fraction:
        """Return the mean of the sum of squares of their means over the motions."""
        moved = self.moved
        if Step.PERMUTATION in self.steps:
            total = _dot(self.first.T @ self.first, moved.T @ moved)
            return Fraction(total, 16 * self.n_blocks * self.n_motions**2)
        means = np.sum(self.first * moved, axis=1)
        return Fraction(_dot(means, means), 16 * self.n_motions**2)

    def variance_of_permutations(self) -> Fraction:
        """Return the variance, over the permutations, of the mean over the motions."""
        if Step.PERMUTATION not in self.steps or self.n_blocks == 1:
            return Fraction(0)
        total = _dot(_scatter(self.first), _scatter(self.moved))
        scale = 16 * (self.n_blocks - 1) * self.n_blocks**2 * self.n_motions**2
        return Fraction(total, scale)


def _dot(a: NDArray[Any], b: NDArray[Any]) -> int:
    """Return the sum of the products of integers, in Python's own, which do not overflow."""
    return sum(p * q for p, q in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True))


def _scatter(blocks: NDArray[np.int64]) -> NDArray[Any]:
    """Return the second moments of the blocks less their mean, times the number of blocks."""
    total = blocks.sum(axis=0).astype(object)
    return np.asarray(len(blocks) * (blocks.T @ blocks).astype(object) - np.outer(total, total))


def _blocks(
    image: object, parameter: str, geometry: BlockGeometry, caller: str
) -> NDArray[np.int64]:
    """Return the blocks of the doubled deviations ``2 x - 255``, a row each."""
    shape = geometry.shape
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
        reject(parameter, caller, f"be a uint8 array of shape {shape}", describe(image))
    rows, columns = geometry.grid
    size = geometry.block
    blocks = (2 * image.astype(np.int64) - 255).reshape(rows, size, columns, size, -1)
    return blocks.swapaxes(1, 2).reshape(geometry.n_blocks, -1)


def _pixel_orders(geometry: BlockGeometry, steps: frozenset[Step]) -> list[NDArray[np.int64]]:
    """Return the orders in which the steps' transforms and shuffles put a block's pixels."""
    size, channels = geometry.block, geometry.channels
    pixels = np.arange(size * size * channels).reshape(size, size, channels)
    squares, components = [pixels], [tuple(range(channels))]
    if Step.TRANSFORMS in steps:
        sides = pixels, pixels[:, ::-1]
        squares = [np.rot90(side, turns) for side in sides for turns in range(4)]
    if Step.COMPONENTS in steps:
        components = list(COMPONENT_ORDERS)
    return [s[..., list(c)].ravel() for s, c in itertools.product(squares, components)]
