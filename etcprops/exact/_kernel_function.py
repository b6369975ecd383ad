"""Which kernel a fitted support vector machine has, and on which rows it rests.

libsvm's own kernels go by name. scikit-learn's functions of the same kernels go through one BLAS
product instead, which is much faster on vectors of many features: `SVC(kernel=rbf_kernel)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("linear", "rbf", "poly", "sigmoid")


@dataclass(frozen=True)
class KernelFunction:
    """A kernel with its parameters; those that its kind does not use are there, too.

    Attributes
    ----------
    kind : {"linear", "rbf", "poly", "sigmoid"}
        As scikit-learn names them.
    gamma, coef0 : float
        The factor, and the constant that is added to products.
    degree : int
        Of a power.
    """

    kind: str
    gamma: float
    degree: int
    coef0: float


def kernel_function(model: Any) -> KernelFunction | None:
    """Return the kernel of a fitted SVC or NuSVC; None if it is no such kernel, or not of doubles.

    Known are names, `sklearn.metrics.pairwise.linear_kernel`, `rbf_kernel`, `polynomial_kernel` and
    `sigmoid_kernel`, and partials of these with keywords.
    """
    kernel = model.kernel
    if isinstance(kernel, str):
        if kernel not in KINDS:
            return None
        return KernelFunction(kernel, float(model._gamma), model.degree, float(model.coef0))  # noqa: SLF001
    from sklearn.metrics import pairwise

    options: dict[str, Any] = {}
    if isinstance(kernel, partial) and not kernel.args:
        options = kernel.keywords
        kernel = kernel.func
    functions = (
        pairwise.linear_kernel,
        pairwise.rbf_kernel,
        pairwise.polynomial_kernel,
        pairwise.sigmoid_kernel,
    )
    rows = _given_rows(model)
    if kernel not in functions or not isinstance(rows, np.ndarray) or rows.dtype != np.float64:
        return None
    gamma, degree = options.get("gamma"), options.get("degree", 3)
    if not float(degree).is_integer():
        return None
    return KernelFunction(
        KINDS[functions.index(kernel)],
        1.0 / rows.shape[1] if gamma is None else float(gamma),
        int(degree),
        float(options.get("coef0", 1.0)),
    )


def support_rows(model: Any) -> tuple[Any, NDArray[np.intp]]:
    """Return rows that a fitted machine keeps, and which are its support vectors, in its order."""
    if isinstance(model.kernel, str):
        return model.support_vectors_, np.arange(len(model.support_))
    return _given_rows(model), np.asarray(model.support_, dtype=np.intp)


def _given_rows(model: Any) -> Any:
    """Return the rows that a machine with a kernel function keeps, as they were given."""
    return model._BaseLibSVM__Xfit  # noqa: SLF001  # it has no public name


def n_features(model: Any) -> int:
    """Return how many features a fitted machine has: one with a function does not count them."""
    return int(model.shape_fit_[1])
