"""Inner products of images under independent keys: mean zero, and a variance in closed form.

Let ``u`` and ``v`` be mid-grey-centred images of ``m`` blocks, and ``Q`` a uniform random key. With
the signs ``s_b``, transforms ``T_b`` (and component orders) and the permutation ``p`` of the key,

    ``<u, Q v> = sum_b s_b <u_b, T_b v_p(b)>``.

The signs are independent of each other and of the rest, with mean zero. So the mean is zero, and in
the square only the terms with equal ``b`` remain. There ``p(b)`` is uniform over the blocks and
``T_b`` uniform over the group ``G`` (D4, times the orders of the components in colour). Hence

    ``Var <u, Q v> = (1 / m) <S_u, mean_T T S_v T'>_F``, with ``S_u = sum_b u_b u_b'``.

If both are encrypted under independent keys, ``<P u, Q v> = <u, P' Q v>``, and ``P' Q`` is uniform
too, for keys are a group and ``Q`` is uniform: the distribution is the same.

``proofs/coq/IndependentKeys.v`` has this as theorems, for every geometry.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etcprops._validation import describe, reject
from etcprops.scheme.geometry import BlockGeometry, check_geometry
from etcprops.scheme.keys import COMPONENT_ORDERS


def inner_product_variance(
    x: NDArray[np.uint8], y: NDArray[np.uint8], geometry: BlockGeometry
) -> Fraction:
    """Return the exact variance of the centred inner product of images under independent keys.

    Parameters
    ----------
    x, y : ndarray of uint8, shape (H, W[, 3])
        The images; the vectors are ``x - 127.5`` and ``y - 127.5``.
    geometry : BlockGeometry
        Their size, blocks and channels. The keys are uniform, with all steps that it has.

    Returns
    -------
    Fraction
        Over all keys; the mean is zero.

    Raises
    ------
    InvalidParameterError
        If an image is not uint8 of the geometry's shape.

    Examples
    --------
    >>> x = np.array([[0, 255]], dtype=np.uint8)
    >>> inner_product_variance(x, x, BlockGeometry(1, 2, block=1))
    Fraction(4228250625, 8)
    """
    caller = "inner_product_variance"
    check_geometry(geometry, caller)
    first = _second_moment(x, "x", geometry, caller)
    second = _second_moment(y, "y", geometry, caller)
    orders = _pixel_orders(geometry)
    # Sums over the group stay far below 2 ** 63; their products do not, so those are Python's.
    averaged = np.sum([second[np.ix_(order, order)] for order in orders], axis=0)
    total = sum(a * b for a, b in zip(first.flat, averaged.astype(object).flat, strict=True))
    return Fraction(int(total), 16 * geometry.n_blocks * len(orders))


def _second_moment(
    image: NDArray[np.uint8], parameter: str, geometry: BlockGeometry, caller: str
) -> NDArray[Any]:
    """Return the sum over blocks of ``b b'`` for the doubled deviations ``2 x - 255``."""
    shape = geometry.shape
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
        reject(parameter, caller, f"be a uint8 array of shape {shape}", describe(image))
    rows, columns = geometry.grid
    size = geometry.block
    blocks = (2 * image.astype(np.int64) - 255).reshape(rows, size, columns, size, -1)
    vectors = blocks.swapaxes(1, 2).reshape(geometry.n_blocks, -1)
    return np.asarray((vectors.T @ vectors).astype(object))


def _pixel_orders(geometry: BlockGeometry) -> list[NDArray[np.int64]]:
    """Return the orders in which transforms and component shuffles put a block's pixels."""
    size, channels = geometry.block, geometry.channels
    pixels = np.arange(size * size * channels).reshape(size, size, channels)
    components = [(0,)] if channels == 1 else list(COMPONENT_ORDERS)
    squares = [np.rot90(side, turns) for side in (pixels, pixels[:, ::-1]) for turns in range(4)]
    return [s[..., list(c)].ravel() for s, c in itertools.product(squares, components)]
