"""Products and distances of pixels that were checked: exact integers, by the fastest route.

A route multiplies so few features at a time that nothing rounds, whatever order its library adds
in, and the products of these blocks are added as integers. Workers share out the panels of a block.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from etcprops.exact import _bytewise, _threads, _tiles
from etcprops.exact._splitting import chunks
from etcprops.exact._threads import Spaces, panels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from etcprops.exact._bytewise import Multiply
    from etcprops.exact._threads import Workers

EXACT = 1008  # features whose products single precision adds exactly: 1008 * 128**2 < 2**24
PANEL = 160  # columns that a worker takes at a time
WORTH_THREADS = 2**25  # products of pixels that take longer than to start threads


class Route(NamedTuple):
    """A way to multiply pixels exactly."""

    features: int  # at a time: so many fit the products, and the cache
    dtype: type[np.generic]  # of the factors
    centre: int  # the pixel value that becomes zero
    multiply: Callable[[NDArray[Any], NDArray[Any]], NDArray[Any]]


def by_singles() -> Route:
    """Return the route of 8-bit pixels in single precision."""
    spaces = Spaces()

    def multiply(X: NDArray[np.float32], Y: NDArray[np.float32]) -> NDArray[np.int32]:
        shape = len(X), len(Y)
        product = spaces.empty("product", shape, np.float32)
        integers = spaces.empty("integers", shape, np.int32)
        total = spaces.empty("total", shape, np.int32)
        total[:] = 0
        for block in panels(X.shape[1], EXACT):
            np.matmul(X[:, block], Y[:, block].T, out=product)
            np.copyto(integers, product, casting="unsafe")
            np.add(total, integers, out=total)
        return total

    return Route(2 * EXACT, np.float32, 128, multiply)


def by_doubles() -> Route:
    """Return the route of wider pixels, whose products of 2**23 features stay below 2**53."""

    def multiply(X: NDArray[np.float64], Y: NDArray[np.float64]) -> NDArray[np.int64]:
        product: NDArray[np.int64] = (X @ Y.T).astype(np.int64)
        return product

    return Route(2 * EXACT, np.float64, 32768, multiply)


def by_bytes(multiply: Multiply) -> Route:
    """Return the route of what multiplies unsigned bytes to integers of 32 bits."""
    return Route(_bytewise.FEATURES, np.uint8, 0, multiply)


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
    worth_it = out.size * operands[0].shape[1] >= WORTH_THREADS
    with _threads.shared_out(worth_it=worth_it) as workers:
        edge = _edge(operands, route, workers.count)
        for rows, columns in _tiles.tiles(out.shape, edge, symmetric=symmetric):
            diagonal = symmetric and rows == columns
            parts = [operands[0][rows]] if diagonal else [operands[0][rows], operands[-1][columns]]
            _fill(out[rows, columns], parts, route, workers)
            if diagonal:
                _tiles.mirror(out[rows, columns])
            elif symmetric:
                out[columns, rows] = out[rows, columns].T
    return out


def _edge(operands: list[NDArray[Any]], route: Route, workers: int) -> int:
    """Return the rows of a tile whose working memory stays within the bytes of the input.

    Or `_tiles.SMALLEST_BUDGET`, where that is more.
    """
    budget = max(_tiles.SMALLEST_BUDGET, sum(operand.nbytes for operand in operands))
    features = min(route.features, operands[0].shape[1])
    itemsize = np.dtype(route.dtype).itemsize
    # Per row, a block of features of either side, and for each worker the products of a panel, as
    # multiplied and as integers; besides, its panel once more, as the library arranges it.
    line = 2 * itemsize * features + (itemsize + 8) * workers * PANEL
    most = max(len(operand) for operand in operands)
    edge: int = max(PANEL, (budget - 4 * workers * PANEL * features) // line)
    return -(-most // -(-most // edge))


def _fill(
    out: NDArray[np.int64], parts: list[NDArray[Any]], route: Route, workers: Workers
) -> None:
    """Add the products of a tile to `out`, or the upper triangle of rows with themselves."""
    n = parts[0].shape[1]
    spaces = [np.empty(len(part) * min(n, route.features), dtype=route.dtype) for part in parts]
    for start in range(0, n, route.features):
        blocks = [part[:, start : start + route.features] for part in parts]
        sides = [
            space[: block.size].reshape(block.shape)
            for block, space in zip(blocks, spaces, strict=True)
        ]
        for block, side in zip(blocks, sides, strict=True):
            workers.for_each(
                partial(_load, block, side, route),
                panels(len(side), -(-len(side) // workers.count)),
            )

        def add(columns: slice, sides: list[NDArray[Any]] = sides) -> None:
            panel = sides[-1][columns]
            # A panel with itself costs BLAS half.
            above = slice(columns.start if len(sides) == 1 else None)
            out[above, columns] += route.multiply(sides[0][above], panel)
            if len(sides) == 1:
                out[columns, columns] += route.multiply(panel, panel)

        workers.for_each(add, reversed(panels(out.shape[1], PANEL)))  # the largest first


def _load(pixels: NDArray[Any], factors: NDArray[Any], route: Route, rows: slice) -> None:
    """Write some rows as the route multiplies them."""
    np.subtract(pixels[rows], route.centre, out=factors[rows], dtype=route.dtype)


def _centred_squares(X: NDArray[Any], centre: int) -> NDArray[np.int64]:
    """Return the exact sums of squares of pixels less `centre`, row by row."""
    squares = np.zeros(len(X), dtype=np.int64)
    for rows, blocks in chunks(*X.shape):
        for columns in blocks:
            centred = np.subtract(X[rows, columns], centre, dtype=np.int64)
            squares[rows] += np.vecdot(centred, centred)
    return squares
