"""How many images under one key are enough for the arrangement of their blocks to be recovered.

Bounds that follow from means of independent images; ``docs/explanation/recovery.md`` has the model
and the proofs, ``proofs/coq/Assembly.v`` what is recovered where every true neighbour wins. They
bound the number from above: an attack may need far fewer images.

References
----------
W. Hoeffding, Probability Inequalities for Sums of Bounded Random Variables, Journal of the American
Statistical Association 58, 1963.
H. Chernoff, A Measure of Asymptotic Efficiency for Tests of a Hypothesis Based on the Sum of
Observations, Annals of Mathematical Statistics 23, 1952.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from etcprops._validation import (
    SMALLEST,
    as_array,
    as_choice,
    as_integer,
    as_number,
    describe,
    reject,
)

RULES: Final = ("cost", "ratio")
"""Orders in which gluings are taken: by cost, or by cost over that of the cheapest rival."""
_EXPONENTS: Final = (-30.0, 30.0)
"""Logarithms of the factors among which the best exponent is looked for."""


def count_gluings(blocks: int, *, orders: int = 1) -> int:
    """Return in how many ways a side of one block can be glued to a side of another.

    Parameters
    ----------
    blocks : int
        Number of blocks, at least 2.
    orders : int, default=1
        Orders of colour components: 6 where they are shuffled.

    Returns
    -------
    int
        Two blocks, a side of each, mirrored or not, an order of components; signs not counted.

    Examples
    --------
    >>> count_gluings(2)
    32
    """
    n = as_integer(blocks, "blocks", "count_gluings", least=2)
    return 16 * n * (n - 1) * as_integer(orders, "orders", "count_gluings")


def images_needed(
    rho: float,
    r: float,
    blocks: int,
    delta: float = 0.05,
    *,
    orders: int = 1,
    rule: str = "cost",
) -> int:
    """Return a number of images from which the whole key is recovered with probability 1 - delta.

    The agreement of a gluing in an image is the mean product of the pixels that face each other,
    each from -1 to 1. Images are independent; pixels within one need not be. The cost of a gluing
    is 1 less the absolute mean of its agreement over the images.

    Parameters
    ----------
    rho : float
        Least expected agreement, in absolute value, of true neighbours, at most 1.
    r : float
        Largest of all other gluings, from 0, less than `rho`.
    blocks : int
        Number of blocks, at least 2.
    delta : float, default=0.05
        Accepted probability of a failure, above 0, at most 1.
    orders : int, default=1
        Orders of colour components: 6 where they are shuffled.
    rule : {"cost", "ratio"}, default="cost"
        How gluings are ordered. By ratios, ``rho > 2 r - r**2`` is needed.

    Returns
    -------
    int
        Of order ``log(blocks / delta) / (rho - r)**2``, from Hoeffding's inequality.

    Raises
    ------
    InvalidParameterError
        If a parameter is outside its range, or no number of images is enough by this argument.

    Examples
    --------
    >>> images_needed(0.95, 0.3, blocks=480)
    357
    """
    caller = "images_needed"
    rho = as_number(rho, "rho", caller, 0.0, 1.0)
    r = as_number(r, "r", caller, 0.0, 1.0)
    delta = as_number(delta, "delta", caller, SMALLEST, 1.0)
    gap = _gap(rho, r, as_choice(rule, RULES, "rule", caller))
    # A true gluing fails on one side, a false one on either.
    events = 2 * count_gluings(blocks, orders=orders)
    return math.ceil(2 * (math.log(events) - math.log(delta)) / gap**2)


def _gap(rho: float, r: float, rule: str) -> float:
    """Return by how much each mean may be off before the order of gluings can be wrong."""
    if rule == "cost":
        gap = (rho - r) / 2
        wanted = "be more than r"
    else:
        # 1 - rho + gap = (1 - r - gap)**2: no true gluing has the ratio of a false one, or more.
        b = 3 - 2 * r
        c = (1 - r) ** 2 - (1 - rho)
        gap = 2 * c / (b + math.sqrt(b * b - 4 * c))
        wanted = "be more than 2 r - r**2 where gluings are ordered by ratios"
    if gap <= 0:
        reject("rho", "images_needed", wanted, f"rho={rho:g}, r={r:g} instead.")
    return gap


def error_exponent(differences: Any) -> float:
    """Return how fast the probability falls that a false gluing costs no more than a true one.

    Parameters
    ----------
    differences : array_like of numbers, shape (n,)
        For each of a population of images, the cost of the false gluing less that of the true one.

    Returns
    -------
    float
        Chernoff's exponent, not negative: in ``N`` images drawn from the population with
        replacement, the sum of the differences is 0 or less with probability at most
        ``exp(-N * exponent)``. It is 0 where their mean is not above 0; infinite where all are.

    Examples
    --------
    >>> round(error_exponent([1, 1, 1, -1]), 4)
    0.1438
    """
    caller, wanted = "error_exponent", "be a vector of finite numbers, not empty"
    values = as_array(differences, "differences", caller, wanted)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "iuf":
        reject("differences", caller, wanted, describe(differences))
    if not np.isfinite(values).all():
        reject("differences", caller, wanted, "NaN or infinity.")
    if values.min() > 0:
        return math.inf
    if values.mean() <= 0:
        return 0.0
    scaled = values / np.abs(values).max()
    if scaled.min() >= 0:  # only an image of difference 0 can fail
        return -math.log(np.mean(scaled == 0))
    found = minimize_scalar(
        lambda t: np.logaddexp.reduce(-math.exp(t) * scaled), bounds=_EXPONENTS, method="bounded"
    )
    return max(0.0, math.log(len(scaled)) - float(found.fun))


def images_needed_for_exponents(exponents: Any, delta: float = 0.05) -> int:
    """Return a number of images from which every true neighbour wins with probability 1 - delta.

    Parameters
    ----------
    exponents : array_like of numbers, shape (n,)
        From `error_exponent`, for each pair of a true gluing and a false one that must cost more.
    delta : float, default=0.05
        Accepted probability that some false one does not, above 0, at most 1.

    Returns
    -------
    int
        The least number whose ``sum(exp(-number * exponents))`` is at most `delta`.

    Raises
    ------
    InvalidParameterError
        If an exponent is not above 0: then no number of images is enough by this argument.

    Examples
    --------
    >>> images_needed_for_exponents([0.1438] * 100)
    53
    """
    caller, wanted = "images_needed_for_exponents", "be a vector of positive numbers"
    values = as_array(exponents, "exponents", caller, wanted)
    if values.ndim != 1 or not values.size or values.dtype.kind not in "iuf":
        reject("exponents", caller, wanted, describe(exponents))
    if not (values > 0).all():
        reject("exponents", caller, wanted, "one that is not.")
    delta = as_number(delta, "delta", caller, SMALLEST, 1.0)
    enough = math.ceil((math.log(len(values)) - math.log(delta)) / values.min())
    return bisect_left(range(enough), True, lo=1, key=lambda n: _failing(values, n) <= delta)


def _failing(exponents: NDArray[np.float64], images: int) -> float:
    return float(np.exp(-images * exponents).sum())
