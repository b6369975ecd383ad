"""Products and distances of pixels that were checked: exact integers, by the fastest route.

A route multiplies so few features at a time that nothing rounds, whatever order its library adds
in, and the products of these blocks are added as integers. Workers share out blocks and tiles.
"""

from __future__ import annotations

import math
import operator
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from etcprops.exact import _bytewise, _threads, _tiles
from etcprops.exact._splitting import chunks
from etcprops.exact._threads import Spaces, panels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etcprops.exact._bytewise import Multiply

EXACT = 1024  # features whose products single precision adds exactly: 1024 * 128**2 == 2**24
PANEL = 160  # columns of products of bytes that are made at a time, in the cache
WORTH_THREADS = 2**25  # products of pixels that take longer than to start threads


class Route(NamedTuple):
    """A way to multiply pixels exactly."""

    features: int  # at a time: so many fit the products, and the cache
    dtype: type[np.generic]  # of the factors
    centre: int  # the pixel value that becomes zero
    panel: int | None  # columns of products that are made at a time; half of them if None
    multiply: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]


def by_singles() -> Route:
    """Return the route of 8-bit pixels in single precision."""
    spaces = Spaces()

    def multiply(X: NDArray[np.float32], Y: NDArray[np.float32]) -> NDArray[np.float32]:
        product = spaces.empty("product", (len(X), len(Y)), np.float32)
        return np.matmul(X, Y.T, out=product)

    return Route(EXACT, np.float32, 128, None, multiply)


def by_doubles() -> Route:
    """Return the route of wider pixels, whose products of 2**23 features stay below 2**53."""

    def multiply(X: NDArray[np.float64], Y: NDArray[np.float64]) -> NDArray[np.float64]:
        product: NDArray[np.float64] = X @ Y.T
        return product

    return Route(2 * EXACT, np.float64, 32768, None, multiply)


def by_bytes(multiply: Multiply) -> Route:
    """Return the route of what multiplies unsigned bytes to integers of 32 bits."""
    return Route(_bytewise.FEATURES, np.uint8, 0, PANEL, multiply)


def pixel_gram(operands: list[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the exact products of pixels."""
    route = _route(operands, _bytewise.multiplier(operands))
    out, centre = products(operands, route), route.centre
    if centre:
        # x.y = u.v + c (sum(x) + sum(y)) - n c^2 with u = x - c, v = y - c
        sums = [centre * operand.sum(axis=1, dtype=np.int64) for operand in operands]
        out += sums[0][:, None] - operands[0].shape[1] * centre**2
        out += sums[-1]
    return out


def pixel_distances(operands: list[NDArray[Any]], multiply: Multiply | None) -> NDArray[np.int64]:
    """Return the exact squared distances of pixels, by what multiplies bytes, or by BLAS."""
    route = _route(operands, multiply)
    out = products(operands, route)
    if len(operands) == 1:
        squares = [np.diagonal(out).copy()]
    else:
        squares = [_centred_squares(operand, route.centre) for operand in operands]
    out *= -2
    out += squares[0][:, None]
    out += squares[-1]
    return out


def _route(operands: list[NDArray[Any]], multiply: Multiply | None) -> Route:
    """Return the way to go."""
    if multiply is not None:
        return by_bytes(multiply)
    return by_singles() if all(operand.dtype == np.uint8 for operand in operands) else by_doubles()


def products(operands: list[NDArray[Any]], route: Route) -> NDArray[np.int64]:
    """Return the exact products of pixels less the route's centre, of [X] with itself or [X, Y]."""
    symmetric = len(operands) == 1
    out = np.zeros((len(operands[0]), len(operands[-1])), dtype=np.int64)
    features, spaces = operands[0].shape[1], Spaces()
    with _threads.shared_out(worth_it=out.size * features >= WORTH_THREADS) as workers:
        edge = _edge(operands, route, workers.count)
        tiles = list(_tiles.tiles(out.shape, edge, symmetric=symmetric))
        adding: list[Callable[[], None]] = []
        for rows, columns in tiles:
            both = [operands[0][rows], operands[-1][columns]]
            parts = both[:1] if symmetric and rows == columns else both
            add = _adder(out[rows, columns], parts, route, spaces)
            adding += [partial(add, block) for block in _blocks(features, route, workers.count)]
        workers.for_each(operator.call, adding)
        workers.for_each(partial(_mirror, out), tiles if symmetric else ())
    return out


def _mirror(out: NDArray[np.int64], tile: tuple[slice, slice]) -> None:
    """Copy a tile of the upper triangle to the lower."""
    rows, columns = tile
    if rows == columns:
        _tiles.mirror(out[tile])
    else:
        out[columns, rows] = out[tile].T


def _edge(operands: list[NDArray[Any]], route: Route, workers: int) -> int:
    """Return the rows of a tile whose working memory stays within the bytes of the input.

    Or `_tiles.SMALLEST_BUDGET`, where that is more.
    """
    budget = max(_tiles.SMALLEST_BUDGET, sum(operand.nbytes for operand in operands)) // workers
    features = min(route.features, operands[0].shape[1])
    itemsize = np.dtype(route.dtype).itemsize
    # Per row, a block of features of either side, and once more as the library arranges it; per
    # entry, half of the products.
    line, half = 3 * itemsize * features, max(4, itemsize) // 2
    edge: int = (math.isqrt(line**2 + 4 * half * budget) - line) // (2 * half)
    most = max(len(operand) for operand in operands)
    if operands[0].shape[1] <= route.features:  # a block alone: tiles are what workers share out
        edge = min(edge, -(-most // workers))
    return -(-most // -(-most // max(1, edge)))


def _blocks(features: int, route: Route, workers: int) -> list[slice]:
    """Return the blocks of features: one if it fits, else as many for each worker."""
    turns = -(-features // (route.features * workers))
    return panels(
        features, features if features <= route.features else -(-features // (turns * workers))
    )


def _adder(
    out: NDArray[np.int64], parts: list[NDArray[Any]], route: Route, spaces: Spaces
) -> Callable[[slice], None]:
    """Return what adds a block's products to `out`; of rows with themselves the upper triangle."""
    adding, symmetric = Lock(), len(parts) == 1
    width = route.panel or -(-out.shape[1] // 2)

    def add(block: slice) -> None:
        sides = []
        for name, part in zip("XY", parts, strict=False):
            pixels = part[:, block]
            sides.append(spaces.empty(name, pixels.shape, route.dtype))
            np.subtract(pixels, route.centre, out=sides[-1], dtype=route.dtype)
        for columns in panels(out.shape[1], width):
            above, panel = slice(columns.start if symmetric else None), sides[-1][columns]
            product = route.multiply(sides[0][above], panel)
            with adding:
                _add(out[above, columns], product)
            if symmetric:  # a panel with itself costs BLAS half
                product = route.multiply(panel, panel)
                with adding:
                    _add(out[columns, columns], product, symmetric=True)

    return add


def _add(out: NDArray[np.int64], product: NDArray[Any], *, symmetric: bool = False) -> None:
    """Add integers of any type, a few rows at a time, of the upper triangle where `symmetric`."""
    for start in range(0, len(out), _tiles.ROWS):
        few = slice(start, start + _tiles.ROWS), slice(start if symmetric else 0, None)
        out[few] += product[few].astype(np.int64)


def _centred_squares(X: NDArray[Any], centre: int) -> NDArray[np.int64]:
    """Return the exact sums of squares of pixels less `centre`, row by row."""
    squares = np.zeros(len(X), dtype=np.int64)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            centred = np.subtract(X[rows, columns], centre, dtype=np.int64)
            squares[rows] += np.vecdot(centred, centred)
    return squares
