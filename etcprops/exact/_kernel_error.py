"""How far computed kernels and dual sums can be from the exact ones, in whatever order they add.

Here lives the arithmetic of the bounds; what they are put together for is in `margins`.
The rounding-error analysis is Higham's (2002, chapter 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etcprops.exact._kernel_function import KernelFunction

UNIT = 2.0**-53
SMALLEST = 2.0**-1074


@dataclass
class KernelError:
    """The kernel between plain queries, shape (q, n), and rows, shape (N, n): size and error.

    Results of exp, tanh and pow are off by `ulps` units in the last place at most. Of rows that
    are given as their largest norm nothing is multiplied: all are taken for that long, in the
    direction that is worst, and arrays have a single column.
    """

    kernel: KernelFunction
    X: NDArray[np.float64]
    rows: NDArray[np.float64] | float
    ulps: float

    def __post_init__(self) -> None:
        self.gamma = abs(self.kernel.gamma)
        self.features = self.X.shape[1]
        self.coarse = isinstance(self.rows, float)
        if isinstance(self.rows, float):
            self.norms = norms(self.X)[:, None], np.array([self.rows])
            self.products = self.norms[0] * self.norms[1] * (1 + 4 * UNIT)
            self.product_error = self._product_error(0.0)
            self.nearest = np.zeros_like(self.products)
            self.farthest = (self.norms[0] + self.norms[1]) ** 2 * (1 + 8 * UNIT)
            return
        self.norms = norms(self.X)[:, None], norms(self.rows)
        self.products = self.X @ self.rows.T
        self.product_error = self._product_error(0.0)
        sum_of_norms = self.norms[0] + self.norms[1]
        squares = self.norms[0] ** 2 + self.norms[1] ** 2
        distances = squares - 2 * self.products
        # The squares are too large by 3 gamma_n at most, the products wrong by gamma_n; the second
        # term is for rows so small that squares underflow.
        slack = gamma_n(4 * self.features + 32) * sum_of_norms**2
        slack += math.sqrt(self.features) * 2.0**-534 * sum_of_norms + self.features * 2.0**-1064
        self.nearest = np.maximum(distances - slack, 0.0)
        self.farthest = np.maximum(distances, 0.0) + slack

    @cached_property
    def magnitude(self) -> NDArray[np.float64]:
        """A bound of the exact kernel's magnitude for the computed plain features."""
        kind = self.kernel.kind
        if kind == "linear":
            return np.asarray(np.abs(self.products) + self.product_error)
        if kind == "rbf":
            # The product is below the true exponent by a rounding at most.
            power = np.exp(-self.gamma * self.nearest * (1 - 4 * UNIT))
            return np.asarray(power * (1 + 4 * self.ulps * UNIT) + self.ulps * 2 * SMALLEST)
        argument = self._argument()
        return np.asarray(
            argument**self.kernel.degree if kind == "poly" else np.minimum(argument, 1.0)
        )

    def error(self, shift: float, gap: float) -> NDArray[np.float64]:
        """Return a bound of the error of the computed kernel, from the exact one without shift.

        Rows and queries are moved by `shift` at most, gamma is changed by `gap` at most.
        """
        if self.kernel.kind != "rbf":
            return self.through(self._product_error(shift), gap)
        error = gamma_n(self.features + 3) * (self.norms[0] + self.norms[1] + 2 * shift) ** 2
        return self.through(error + self._moved(shift) + self.features * 4 * SMALLEST, gap)

    def change(self, shift: float, gap: float) -> NDArray[np.float64]:
        """Return a bound of the change of the exact kernel, where nothing is rounded."""
        return self.through(self._moved(shift), gap, computed=False)

    def through(
        self, error: NDArray[np.float64], gap: float = 0.0, *, computed: bool = True
    ) -> NDArray[np.float64]:
        """Return what an error of inner products, or of squared distances, makes of the kernel.

        Gamma is changed by `gap` at most. Where the kernel is `computed`, its own steps round.
        """
        kind, off = self.kernel.kind, 2 * self.ulps * UNIT * computed
        tiny = SMALLEST * computed
        gamma = self.gamma + gap
        if kind == "rbf":
            exponent = gamma * error + gap * self.farthest
            exponent += UNIT * computed * gamma * (self.farthest + error) + tiny
            grown = np.expm1(exponent) * (1 + 8 * UNIT)
            return np.asarray(self.magnitude * (grown * (1 + off) + off) + 2 * self.ulps * tiny)
        if kind == "linear":
            return error
        product = np.abs(self.products) + self.product_error
        rounding = gamma_n(3) * computed * (gamma * (product + error) + abs(self.kernel.coef0))
        error = gamma * error + gap * product + rounding + 2 * tiny
        if kind == "sigmoid":
            return np.asarray(error + off)
        degree = self.kernel.degree
        top = self._argument() + error
        slope = degree * top ** max(degree - 1, 0)
        rounding = (gamma_n(degree) * computed + off) * top**degree
        return np.asarray(slope * error + rounding + degree * 2 * tiny)

    def _moved(self, shift: float) -> NDArray[np.float64]:
        """Return a bound of the change of exact inner products, or squared distances."""
        if self.kernel.kind == "rbf":  # both ends of a distance move
            return np.asarray(4 * np.sqrt(self.farthest) * shift + 4 * shift**2)
        return np.asarray(shift * (self.norms[0] + self.norms[1]) + shift**2)

    def _product_error(self, shift: float) -> NDArray[np.float64]:
        """Return a bound of the error of computed inner products."""
        x, y = self.norms
        error = gamma_n(self.features) * (x + shift) * (y + shift) + shift * (x + y) + shift**2
        return np.asarray(error + self.features * 2 * SMALLEST)

    def _argument(self) -> NDArray[np.float64]:
        """Return a bound of the magnitude of ``gamma x.y + coef0``."""
        gamma, constant = self.kernel.gamma, self.kernel.coef0
        rounding = gamma_n(4) * (self.gamma * np.abs(self.products) + abs(constant))
        if self.coarse:  # the products are magnitudes
            gamma, constant = self.gamma, abs(constant)
        value = np.abs(gamma * self.products + constant)
        return np.asarray(value + rounding + self.gamma * self.product_error + 2 * SMALLEST)


def dual_sum_error(
    dual: NDArray[np.float64],
    intercept: NDArray[np.float64],
    size: NDArray[np.float64],
    error: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return a bound of the error of ``sum(dual * kernel) + intercept``, shape (q, pairs)."""
    weights = weights_of(dual, size)
    terms = dual.shape[1] + 2
    rounding = gamma_n(terms) * ((size + error) @ weights + np.abs(intercept))
    return np.asarray(error @ weights + rounding + terms * 2 * SMALLEST)


def weights_of(dual: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the coefficients' magnitudes, added up where `size` has one column for all rows."""
    weights = np.abs(dual).T
    return weights.sum(axis=0, keepdims=True) if size.shape[1] < len(weights) else weights


def gamma_n(terms: int) -> float:
    """Return Higham's gamma_n, rounded up."""
    return terms * UNIT / (1 - terms * UNIT) * (1 + 4 * UNIT)


def norms(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return upper bounds of the norms of rows, in spite of rounding and underflow."""
    n = X.shape[1]
    squares = np.einsum("ij,ij->i", X, X)  # no BLAS, which gives long dot products to threads
    return np.asarray(np.sqrt(squares) * (1 + gamma_n(n + 4)) + math.sqrt(n) * 2.0**-536)
