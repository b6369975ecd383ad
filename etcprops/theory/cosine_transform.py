"""The 8 x 8 cosine transform in exact arithmetic, and what encryption does to it.

With ``c = 2 cos(pi / 16)`` every cosine of the transform is an integer polynomial in c, taken
modulo the minimal polynomial of c, which has degree 8: two numbers are equal only if their eight
integers are. So 16 times a coefficient of a block of integers is eight integers, and identities
between coefficients are identities between integers. sympy says what c's minimal polynomial is;
Coq has transforms of every size (``proofs/coq/CosineTransform.v``).

The transform is that of Ahmed, Natarajan and Rao (1974), orthonormal.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etcprops.scheme import matrices
from etcprops.scheme.geometry import BlockGeometry
from etcprops.scheme.keys import N_TRANSFORMS, EtCKey, Step

if TYPE_CHECKING:
    from etcprops.theory.polynomials import Proof, StepMatrices

Integers = NDArray[np.int64]

SIDE: Final = 8
SCALE: Final = 16
"""What coefficients are multiplied by to be integer polynomials in c."""

ONE_BLOCK: Final = BlockGeometry(SIDE, SIDE, block=SIDE)

HALF_LEVEL: Final = 128
"""What JPEG takes from pixels before it transforms them."""

_DOUBT: Final = 1e-6
"""Further from an integer than this, floating point is right: it errs by less than 1e-8."""


MINIMAL_POLYNOMIAL: Final = (2, 0, -16, 0, 20, 0, -8, 0, 1)
"""Of c, its constant first: c^8 = 8 c^6 - 20 c^4 + 16 c^2 - 2."""


@cache
def cosines() -> Integers:
    """Return ``2 cos(k pi / 16)`` for k from 0 to 31 as polynomials in c, shape (32, 8)."""
    double = [np.eye(SIDE, dtype=np.int64)[0] * 2, np.eye(SIDE, dtype=np.int64)[1]]
    while len(double) < 2 * SCALE:
        double.append(_times_c(double[-1]) - double[-2])
    return np.array(double)


@cache
def transform() -> Integers:
    """Return 16 times the transform, from pixels to polynomials in c, shape (8, 8, 8, 8, 8).

    Axes are the coefficient's u and v, the pixel's row and column, and the power of c.

    Examples
    --------
    >>> transform()[0, 0, 3, 5]  # the constant coefficient is the sum of all pixels over 8
    array([2, 0, 0, 0, 0, 0, 0, 0])
    """
    u, i = np.ogrid[:SIDE, :SIDE]
    # Function 0 is a cosine as well, of a quarter of pi: the orthonormal factor.
    angle = np.where(u == 0, 4, (2 * i + 1) * u)
    m, n = angle[:, None, :, None], angle[None, :, None, :]
    # 2 cos a 2 cos b = 2 cos (a + b) + 2 cos (a - b)
    found: Integers = cosines()[(m + n) % 32] + cosines()[(m - n) % 32]
    found.flags.writeable = False
    return found


def _times_c(polynomial: Integers) -> Integers:
    """Multiply a polynomial by c, modulo its minimal polynomial."""
    shifted: Integers = np.roll(polynomial, 1)
    lead = int(shifted[0])
    shifted[0] = 0
    shifted -= lead * np.array(MINIMAL_POLYNOMIAL[:-1])
    return shifted


def prove_orthonormal() -> Proof:
    """Prove the transform to be that of the cosines, and orthonormal.

    Each ``2 cos(k pi / 16)`` against sympy's, and all inner products of two of the 64 functions.

    Returns
    -------
    Proof

    Examples
    --------
    >>> prove_orthonormal().proved
    True
    """
    import sympy as sp

    from etcprops.theory.polynomials import conclude

    x = sp.Symbol("x")
    modulus = sp.Poly(list(reversed(MINIMAL_POLYNOMIAL)), x)

    def product(a: Integers, b: Integers) -> sp.Poly:
        factors = (sp.Poly([int(f) for f in reversed(p)], x) for p in (a, b))
        return sp.rem(next(factors) * next(factors), modulus)

    def differences() -> Iterator[tuple[str, Any]]:
        yield (
            "minimal polynomial",
            sp.minimal_polynomial(2 * sp.cos(sp.pi / 16), x) - modulus.as_expr(),
        )
        for k, polynomial in enumerate(cosines()):
            chebyshev = sp.Poly(2 * sp.chebyshevt(k, x / 2), x)
            stored = sp.Poly([int(f) for f in reversed(polynomial)], x)
            yield f"2 cos({k} pi / 16)", (sp.rem(chebyshev, modulus) - stored).as_expr()
        doubled = {
            (j, k): product(cosines()[j], cosines()[k])
            for j, k in itertools.combinations_with_replacement(range(32), 2)
        }
        for (j, k), found in doubled.items():
            sums = cosines()[(j + k) % 32] + cosines()[k - j]
            stored = sp.Poly([int(f) for f in reversed(sums)], x)
            yield f"product of cosines {j} and {k}", (found - stored).as_expr()
        angles = [[4 if u == 0 else (2 * i + 1) * u % 32 for i in range(SIDE)] for u in range(SIDE)]
        for u, v in itertools.combinations_with_replacement(range(SIDE), 2):
            total = sp.Integer(-SCALE * int(u == v))
            for a, b in zip(angles[u], angles[v], strict=True):
                total += doubled[min(a, b), max(a, b)].as_expr()
            yield f"functions {u} and {v}", total

    return conclude("the 8 x 8 cosine transform is orthonormal", differences())


def expected_coefficients(code: int) -> Integers:
    """Return the transform of a block under one of the 8 codes, by signs and transposition.

    Parameters
    ----------
    code : int
        As in `EtCKey`: quarter turns counter-clockwise, then a mirror left-right for 4 to 7.

    Returns
    -------
    ndarray of int64, shape (8, 8, 8, 8, 8)
        `transform`, transposed in (u, v) for odd codes, with ``(-1)^u`` and ``(-1)^v``.
    """
    turns = code % 4
    signs = 1 - 2 * (np.arange(SIDE) % 2)
    found = transform().swapaxes(0, 1) if code % 2 else transform()
    if turns in {1, 2}:
        found = found * signs[:, None, None, None, None]
    if (turns >= 2) != (code >= 4):
        found = found * signs[:, None, None, None]
    return found


def prove_transforms_of_coefficients(
    step_matrices: StepMatrices = matrices.step_matrices,
) -> Proof:
    """Prove what rotation and inversion do to coefficients: signs, and transposition.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
        With one identity for each of 8 codes, 64 coefficients and 64 pixels.

    Examples
    --------
    >>> prove_transforms_of_coefficients().cases
    32768
    """
    from etcprops.theory.polynomials import conclude

    def differences() -> Iterator[tuple[str, Any]]:
        of_vector = transform().reshape(SIDE, SIDE, SIDE**2, SIDE)
        for code in range(N_TRANSFORMS):
            step = step_matrices(EtCKey(ONE_BLOCK, transforms=[code]))[Step.TRANSFORMS].toarray()
            got = np.einsum("uvpk,pq->uvqk", of_vector, step.astype(np.int64))
            rest = got - expected_coefficients(code).reshape(got.shape)
            wrong = rest.any(axis=-1)
            for (u, v, pixel), is_wrong in np.ndenumerate(wrong):
                yield f"code {code}, coefficient ({u}, {v}), pixel {pixel}", int(is_wrong)

    return conclude("coefficients under the 8 codes: signs and transposition", differences())


def prove_negation_of_coefficients(step_matrices: StepMatrices = matrices.step_matrices) -> Proof:
    """Prove what negation does to coefficients of pixels less 128: DC to -DC - 8, AC to -AC.

    Parameters
    ----------
    step_matrices : callable, optional
        The implementation under proof.

    Returns
    -------
    Proof
        With one identity for each coefficient and pixel, and one for each constant.

    Examples
    --------
    >>> bool(prove_negation_of_coefficients())
    True
    """
    from etcprops.theory.polynomials import conclude

    def differences() -> Iterator[tuple[str, Any]]:
        of_vector = transform().reshape(SIDE, SIDE, SIDE**2, SIDE)
        wide = step_matrices(EtCKey(ONE_BLOCK, negatives=[1]))[Step.NEGATIVES].astype(np.int64)
        step, offset = wide.toarray(), np.where(wide.diagonal() < 0, 255, 0)
        linear = np.einsum("uvpk,pq->uvqk", of_vector, step) + of_vector
        for (u, v, pixel), wrong in np.ndenumerate(linear.any(axis=-1)):
            yield f"coefficient ({u}, {v}), pixel {pixel}", int(wrong)
        # Of black: pixels -128 before and 127 after.
        before = np.einsum("uvpk,p->uvk", of_vector, np.full(SIDE**2, -HALF_LEVEL))
        after = np.einsum("uvpk,p->uvk", of_vector, offset - HALF_LEVEL)
        wanted = np.zeros_like(before)
        wanted[0, 0, 0] = -8 * SCALE
        for (u, v), wrong in np.ndenumerate((after + before - wanted).any(axis=-1)):
            yield f"constant of coefficient ({u}, {v})", int(wrong)

    return conclude("negation: DC to -DC - 8, AC to -AC", differences())


# --- Quantization without rounding errors


class Floor(NamedTuple):
    """Numbers rounded down, and whether they were integers.

    Of twice a number that is all that a rounding to integers has to look at.
    """

    floor: Integers
    exact: NDArray[np.bool_]


def away_from_zero(twice: Floor) -> Integers:
    """Round to the nearest integer, halves away from zero: as JPEG's encoders do."""
    ceiling = twice.floor + ~twice.exact
    return np.where(twice.floor >= 0, (twice.floor + 1) // 2, -((1 - ceiling) // 2))


def upwards(twice: Floor) -> Integers:
    """Round to the nearest integer, halves up."""
    return (twice.floor + 1) // 2


def down(twice: Floor) -> Integers:
    """Round down."""
    return twice.floor // 2


Rounding = Callable[[Floor], Integers]


class Quantizer(NamedTuple):
    """How coefficients become levels.

    Attributes
    ----------
    table : ndarray of int, shape (8, 8)
        Steps.
    rounding : callable
        `away_from_zero`, `upwards` or `down`.
    middle : int
        Twice what is taken from pixels before the transform: 255 rounds the constant coefficient
        about mid-grey, where a step that divides 4 then gives levels about 128 again.
    """

    table: NDArray[np.int64]
    rounding: Rounding = away_from_zero
    middle: int = 2 * HALF_LEVEL


def quantized(blocks: NDArray[Any], quantizer: Quantizer) -> Integers:
    """Return the levels of blocks, with the transform in exact arithmetic.

    Parameters
    ----------
    blocks : ndarray of int, shape (..., 8, 8)
        Pixels.
    quantizer : Quantizer

    Returns
    -------
    ndarray of int64, shape (..., 8, 8)

    Examples
    --------
    >>> quantized(np.full((8, 8), 200), Quantizer(np.full((8, 8), 16)))[0, :2]
    array([36,  0])
    """
    table, rounding, middle = quantizer
    # 16 times the coefficients of twice the pixels, so 32 times the coefficients.
    found = np.einsum("uvijk,...ij->...uvk", transform(), 2 * blocks.astype(np.int64) - middle)
    levels = rounding(rounded_down(found, SCALE * table))
    levels[..., 0, 0] -= (2 * HALF_LEVEL - middle) * 4 // table[0, 0]
    return levels


def reconstructed(levels: Integers, table: NDArray[np.int64]) -> Integers:
    """Return decoded pixels before they are rounded, as polynomials in c over 16.

    Parameters
    ----------
    levels : ndarray of int64, shape (..., 8, 8)
        Levels of blocks.
    table : ndarray of int, shape (8, 8)
        Steps.

    Returns
    -------
    ndarray of int64, shape (..., 8, 8, 8)
        Times 16; the last axis is the power of c.

    Examples
    --------
    >>> levels = np.zeros((8, 8), dtype=np.int64)
    >>> reconstructed(levels, np.full((8, 8), 1))[0, 0, :2] / 16
    array([128.,   0.])
    """
    pixels: Integers = np.einsum("uvijk,...uv->...ijk", transform(), levels * table)
    pixels[..., 0] += SCALE * HALF_LEVEL
    return pixels


def rounded_down(numbers: Integers, divisors: Integers) -> Floor:
    """Round polynomials in c over integers down.

    Parameters
    ----------
    numbers : ndarray of int64, shape (..., 8)
        Polynomials in c.
    divisors : ndarray of int64, shape (...)

    Returns
    -------
    Floor

    Examples
    --------
    >>> rounded_down(np.array([[7, 0, 0, 0, 0, 0, 0, 0]]), np.array([2]))
    Floor(floor=array([3]), exact=array([False]))
    """
    cosine = 2 * np.cos(np.pi / 16)
    values = numbers @ cosine ** np.arange(SIDE) / divisors
    rational = ~numbers[..., 1:].any(axis=-1)
    floor = np.floor(values).astype(np.int64)
    whole, rest = np.divmod(numbers[..., 0], divisors)
    floor[rational] = whole[rational]
    for place in np.argwhere(~rational & (abs(values - np.rint(values)) < _DOUBT)):
        index = tuple(place)
        divisor = int(np.broadcast_to(divisors, values.shape)[index])
        floor[index] = _floor([int(factor) for factor in numbers[index]], divisor)
    return Floor(floor, rational & (rest == 0))


def _floor(polynomial: list[int], divisor: int) -> int:
    """Return a polynomial in c over a divisor, rounded down, where it is irrational."""
    import sympy as sp

    c = sp.Integer(2) * sp.cos(sp.pi / 16)
    value = sum((factor * c**k for k, factor in enumerate(polynomial)), sp.Integer(0))
    return int(sp.floor(value / divisor))
