"""Proofs with symbols instead of pixels and signs: for all images, on small blocks.

Each function takes the implementation that it is about, by default the package's own, and returns a
`Proof`, or the polynomial that is left where it should have been zero. What is multiplied are the
constructors' own matrices, so a wrong constructor is not proved right.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.polys.rings import PolyElement

from etcprops.scheme import matrices
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import COMPONENT_ORDERS, N_TRANSFORMS, Step
from etcprops.theory.polynomials import Form, Proof, StepMatrices, SymbolicImages, conclude

PAIR_OF_BLOCKS = BlockGeometry(4, 2, block=2)
"""Two blocks of 2 x 2 pixels, one above the other: 2! * 8^2 * 2^2 = 512 keys."""

PAIR_OF_COLOUR_BLOCKS = BlockGeometry(4, 2, channels=3, block=2)
"""The same in colour: 512 * 6^2 = 18,432 keys."""


def prove_orthogonal(
    geometry: BlockGeometry = PAIR_OF_BLOCKS,
    step_matrices: StepMatrices = matrices.step_matrices,
) -> Proof:
    """Prove ``Q^T Q = I`` for every key of a small grey geometry, with indeterminate signs.

    Parameters
    ----------
    geometry : BlockGeometry
        Grey and small; every key of it is looked at.
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof

    Examples
    --------
    >>> prove_orthogonal(BlockGeometry(2, 2, block=2)).proved
    True
    """
    images = SymbolicImages(geometry, step_matrices)
    n = geometry.n_pixels
    one = images.level.ring.one

    def differences() -> Iterator[tuple[str, PolyElement]]:
        units = [tuple(one * int(i == j) for i in range(n)) for j in range(n)]
        zero = tuple(one * 0 for _ in range(n))
        # A column of Q is the encryption of the unit vector less that of zero.
        keys = zip(*(images.encryptions(unit) for unit in [zero, *units]), strict=True)
        for (case, offset), *encrypted in keys:
            columns = [[e - c for e, c in zip(v, offset, strict=True)] for _, v in encrypted]
            for j, k in itertools.combinations_with_replacement(range(n), 2):
                entry = sum(a * b for a, b in zip(columns[j], columns[k], strict=True) if a and b)
                rest = images.reduce(one * entry) - images.scale**2 * int(j == k)
                yield f"{case}, entry ({j}, {k})", rest

    return conclude(f"Q^T Q = I for every key of {_size(geometry)}", differences())


def prove_steps_orthogonal(step_matrices: StepMatrices = matrices.step_matrices) -> Proof:
    """Prove ``<Qx, Qy> = <x, y>`` for each step alone, on blocks of 1 to 4 pixels a side.

    As an identity between polynomials in x and y this is ``Q^T Q = I``, coefficient by coefficient.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
    """

    def differences() -> Iterator[tuple[str, PolyElement]]:
        for side in range(1, 5):
            grey = BlockGeometry(2 * side, side, block=side)
            images = SymbolicImages(grey, step_matrices)
            cases = [(Step.PERMUTATION, codes) for codes in itertools.permutations(range(2))]
            cases += [(Step.TRANSFORMS, (t, (t + 3) % 8)) for t in range(N_TRANSFORMS)]
            for step, codes in cases:
                x, y = (images.permute(v, step, codes) for v in (images.x, images.y))
                rest = images.inner(x, y) - images.inner(images.x, images.y)
                yield f"{step}={codes}, block {side}", rest
            x, y = (images.negate(v) for v in (images.x, images.y))
            zero = images.negate(tuple(images.level.ring.zero for _ in images.x))
            x, y = (tuple(a - b for a, b in zip(v, zero, strict=True)) for v in (x, y))
            rest = images.inner(x, y) - images.scale**2 * images.inner(images.x, images.y)
            yield f"indeterminate signs, block {side}", rest
        colour = SymbolicImages(BlockGeometry(4, 2, channels=3, block=2), step_matrices)
        for orders in itertools.product(range(len(COMPONENT_ORDERS)), repeat=2):
            x, y = (colour.permute(v, Step.COMPONENTS, orders) for v in (colour.x, colour.y))
            rest = colour.inner(x, y) - colour.inner(colour.x, colour.y)
            yield f"components={orders}", rest

    return conclude("Q^T Q = I for each step alone, blocks of 1 to 4 a side", differences())


@cache
def prove_distances(
    geometry: BlockGeometry = PAIR_OF_COLOUR_BLOCKS,
    step_matrices: StepMatrices = matrices.step_matrices,
) -> Proof:
    """Prove the distance of two images preserved by every key of a small geometry.

    Parameters
    ----------
    geometry : BlockGeometry
        Small; every key of it is looked at.
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
        With an identity for each key up to its signs, which are indeterminate.

    Examples
    --------
    >>> prove_distances(BlockGeometry(2, 2, block=2)).cases
    8
    """
    images = SymbolicImages(geometry, step_matrices)
    gap = [images.scale * (x - y) for x, y in zip(images.x, images.y, strict=True)]
    expected = images.inner(gap, gap)

    minus = cache(operator.sub)  # the keys take few entries to many places

    def differences() -> Iterator[tuple[str, PolyElement]]:
        for case, x, y in _encrypted_pairs(images):
            gap = list(map(minus, x, y))
            yield case, images.inner(gap, gap) - expected

    return conclude(f"distances for every key of {_size(geometry)}", differences())


@cache
def prove_centred_inner_products(
    geometry: BlockGeometry = PAIR_OF_COLOUR_BLOCKS,
    step_matrices: StepMatrices = matrices.step_matrices,
) -> Proof:
    """Prove the inner product of two images centred at mid-grey preserved by every key.

    Parameters
    ----------
    geometry : BlockGeometry
        Small; every key of it is looked at.
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
        With an identity for each key up to its signs, which are indeterminate.

    Examples
    --------
    >>> prove_centred_inner_products(BlockGeometry(2, 2, block=2)).cases
    8
    """
    images = SymbolicImages(geometry, step_matrices)
    grey = images.scale // 2 * images.level
    u, v = ([images.scale * p - grey for p in image] for image in (images.x, images.y))
    expected = images.inner(u, v)

    minus = cache(operator.sub)  # the keys take few entries to many places

    def differences() -> Iterator[tuple[str, PolyElement]]:
        for case, x, y in _encrypted_pairs(images):
            u, v = ([minus(p, grey) for p in image] for image in (x, y))
            yield case, images.inner(u, v) - expected

    statement = f"inner products from mid-grey for every key of {_size(geometry)}"
    return conclude(statement, differences())


def _encrypted_pairs(images: SymbolicImages) -> Iterator[tuple[str, Form, Form]]:
    """Yield both images under every key."""
    pairs = zip(images.encryptions(images.x), images.encryptions(images.y), strict=True)
    for (case, x), (_, y) in pairs:
        yield case, x, y


def prove_transforms(step_matrices: StepMatrices = matrices.step_matrices) -> Proof:
    """Prove the 8 transform matrices to be quarter turns and mirrors of pictures of symbols.

    The other path is NumPy's: `numpy.rot90`, then `numpy.fliplr`, on an array of indeterminates;
    blocks of 1 to 4 pixels a side.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
        With one identity a pixel.
    """

    def differences() -> Iterator[tuple[str, PolyElement]]:
        for side in range(1, 5):
            images = SymbolicImages(BlockGeometry(side, side, block=side), step_matrices)
            picture = np.array(images.x, dtype=object).reshape(side, side)
            for code in range(N_TRANSFORMS):
                transformed = np.rot90(picture, code % 4)
                expected = np.fliplr(transformed) if code >= 4 else transformed
                got = images.permute(images.x, Step.TRANSFORMS, (code,))
                for i, (a, b) in enumerate(zip(got, expected.ravel(), strict=True)):
                    yield f"code {code}, block {side}, pixel {i}", a - b

    return conclude("the 8 codes are 4 quarter turns, plain and mirrored", differences())


def multiplication_table(
    transform_matrices: NDArray[np.int64] = matrices.TRANSFORM_MATRICES,
) -> NDArray[np.int64]:
    """Return the table of the dihedral group D4 from integer 2 x 2 matrices.

    Parameters
    ----------
    transform_matrices : ndarray of int, shape (8, 2, 2)
        From the place of an output pixel to that of the input pixel.

    Returns
    -------
    ndarray of int, shape (8, 8)
        ``table[a, b]`` is the code of "first b, then a", or -1 where it is none of the 8.

    Examples
    --------
    >>> multiplication_table()[1, :4]  # one more quarter turn
    array([1, 2, 3, 0])
    """
    # "First b, then a" looks up a's source, and from there b's: the matrices in this order.
    products = np.einsum("bij,ajk->abik", transform_matrices, transform_matrices)
    equal = (products[:, :, None] == transform_matrices).all(axis=(-2, -1))
    return np.where(equal.any(axis=-1), equal.argmax(axis=-1), -1)


def prove_multiplication_table(step_matrices: StepMatrices = matrices.step_matrices) -> Proof:
    """Prove the 8 transforms a group, with the same table on pictures as on 2 x 2 matrices.

    All 64 products on pictures of indeterminates with blocks of 1 to 4 pixels a side; and that
    the table is a group's: closed, every row and every column a permutation, a neutral element.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
    """
    table = multiplication_table()
    codes = np.arange(N_TRANSFORMS)

    def differences() -> Iterator[tuple[str, Any]]:
        for axis, lines in (("row", table), ("column", table.T)):
            for i, line in enumerate(lines):
                yield f"{axis} {i} of the table", int(abs(np.sort(line) - codes).max())
        yield "neutral element", int(abs(table[0] - codes).max() + abs(table[:, 0] - codes).max())
        for side in range(1, 5):
            images = SymbolicImages(BlockGeometry(side, side, block=side), step_matrices)
            pictures = [images.permute(images.x, Step.TRANSFORMS, (int(t),)) for t in codes]
            for a, b in itertools.product(codes, repeat=2):
                product = images.permute(pictures[b], Step.TRANSFORMS, (int(a),))
                for got, expected in zip(product, pictures[table[a, b]], strict=True):
                    yield f"{a} after {b}, block {side}", got - expected

    return conclude("D4's multiplication table, on matrices and on pictures", differences())


def prove_z_score(
    negate: Callable[[Any], Any] = lambda x: 255 - x,
    centre: Callable[[Any, Any, Any], Any] = lambda x, total, count: x - total / count,
    *,
    largest: int = 5,
) -> Proof:
    """Prove that negating a pixel in all images turns its z-score into its negative.

    For 1 to `largest` images with the square root written out, queries included; and for N images,
    N an indeterminate, with sums over them: if the deviation of the i-th image changes its sign,
    i an indeterminate too, the variance does not change, and neither does what stands in for it
    where it is 0.

    Parameters
    ----------
    negate : callable, optional
        The negative-positive transform of a pixel.
    centre : callable, optional
        From a pixel, the sum over the training images and their number to the deviation.
    largest : int, default=5
        Largest number of images for the explicit form.

    Returns
    -------
    Proof

    Examples
    --------
    >>> bool(prove_z_score())
    True
    >>> prove_z_score(centre=lambda x, total, count: x).residue
    '1 images, deviation: 255 is left'
    """
    query = sp.Symbol("q", real=True)

    def differences() -> Iterator[tuple[str, sp.Expr]]:
        for count in range(1, largest + 1):
            pixels = sp.symbols(f"x:{count}", real=True)
            negated = [negate(x) for x in pixels]
            plain, flipped = ([centre(x, sum(v), count) for x in v] for v in (pixels, negated))
            for d, e in zip(plain, flipped, strict=True):
                yield f"{count} images, deviation", d + e
            variance, other = (sum(d**2 for d in v) / count for v in (plain, flipped))
            yield f"{count} images, variance", variance - other
            deviations = (
                centre(query, sum(pixels), count),
                centre(negate(query), sum(negated), count),
            )
            scores = [
                d / sp.sqrt(sp.expand(v))
                for d, v in zip(deviations, (variance, other), strict=True)
            ]
            if count > 1:
                yield f"{count} images, z-score of a query", sp.numer(sp.together(sum(scores)))
        count = sp.Symbol("N", integer=True, positive=True)
        i = sp.Symbol("i", integer=True)
        pixel = sp.IndexedBase("x", real=True)[i]
        total, other_total = (_sum_over(v, i, count) for v in (pixel, negate(pixel)))
        for name, x in (("the i-th image", pixel), ("a query", query)):
            rest = centre(x, total, count) + centre(negate(x), other_total, count)
            yield f"N images, deviation of {name}", rest

    return conclude("the z-score of a negated pixel is the negative of its z-score", differences())


def _sum_over(term: sp.Expr, index: sp.Symbol, count: sp.Symbol) -> sp.Expr:
    """Return the sum over 1 to count, split into terms, with constants taken out."""
    return sp.factor_terms(sp.Sum(term, (index, 1, count)).expand().doit())


def raw_inner_product_change(negate: Callable[[Any], Any] = lambda x: 255 - x) -> sp.Expr:
    """Return by how much the inner product of one raw pixel of two images changes when negated.

    Parameters
    ----------
    negate : callable, optional
        The negative-positive transform of a pixel.

    Returns
    -------
    sympy.Expr
        In ``x`` and ``y``.

    Examples
    --------
    >>> raw_inner_product_change()
    -255*x - 255*y + 65025
    """
    x, y = sp.symbols("x y", real=True)
    return sp.expand(negate(x) * negate(y) - x * y)


def _size(geometry: BlockGeometry) -> str:
    rows, columns = geometry.grid
    kind = "colour" if geometry.channels == 3 else "grey"
    return f"{rows} x {columns} {kind} blocks of {geometry.block} x {geometry.block} pixels"
