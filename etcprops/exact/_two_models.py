"""Two fitted machines side by side: one on plain features, one on encrypted ones, checked.

What their decisions can differ by is the business of `margins` and `decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, describe, reject
from etcprops.exact._kernel_error import UNIT, norms, weights_of
from etcprops.exact._kernel_function import (
    KINDS,
    KernelFunction,
    kernel_function,
    n_features,
    support_rows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Machine = tuple[NDArray[np.float64], NDArray[np.float64]]

_ROWS = 16  # rows whose norms are taken at a time, from the cache


@dataclass(frozen=True)
class TwoModels:
    """What two machines have in common, and how they differ.

    Attributes
    ----------
    function : KernelFunction
        The kernel of the first, with its gamma.
    given : ndarray, shape (m, n)
        Plain features of training rows.
    places : ndarray of int, shape (N,)
        Which of them are support vectors of either machine, in the order of training.
    machines : two pairs of ndarray of float64, shapes (pairs, N) and (pairs,)
        For each pair of classes, the dual coefficients and the intercept of either machine.
    shift : float
        How far encrypted features, moved back, can be from the plain ones, in norm.
    gap : float
        How much the gammas differ.
    """

    function: KernelFunction
    given: NDArray[Any]
    places: NDArray[np.intp]
    machines: tuple[Machine, Machine]
    shift: float
    gap: float

    @cached_property
    def rows(self) -> NDArray[np.float64]:
        """Plain features of the support vectors of either machine, shape (N, n)."""
        return np.asarray(self.given[self.places], dtype=np.float64)

    @cached_property
    def longest(self) -> float:
        """The largest norm of these rows, a few of which are copied at a time."""
        starts = range(0, len(self.places), _ROWS)
        blocks = (self.given[self.places[start : start + _ROWS]] for start in starts)
        return max(float(norms(block.astype(np.float64, copy=False)).max()) for block in blocks)

    def features(self, X: ArrayLike, name: str, caller: str) -> NDArray[np.float64]:
        """Return finite rows of as many features."""
        return _as_features(X, self.given.shape[1], name, caller)

    def difference(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        """Bound what other coefficients and intercepts change, for kernels of this magnitude."""
        (dual, intercept), (other_dual, other_intercept) = self.machines
        changed = size @ weights_of(dual - other_dual, size)
        return np.asarray(changed + np.abs(intercept - other_intercept))

    def own_rounding(self, ulps: float) -> float:
        """Return by which factor bounds grow, so that their own rounding is covered.

        No sum in them has so many terms, and no power is so wrong.
        """
        terms: int = self.given.shape[1] + len(self.places) + 64
        return 1 + (4 * terms + 16 * ulps) * UNIT


def two_models(
    model: Any, encrypted: Any, train: ArrayLike | None, feature_error: ArrayLike, caller: str
) -> TwoModels:
    """Return a fitted machine beside its counterpart, by default itself; refuse other pairs."""
    function = _kernel_of(model, "model", caller)
    other = model if encrypted is None else encrypted
    # The difference is rounded, and 1 + UNIT would be 1.
    gap = abs(function.gamma - _check_match(model, other, caller)) * (1 + 2 * UNIT)
    shift = 2 * _norm_of_error(feature_error, n_features(model), caller)
    support = np.union1d(model.support_, other.support_)
    given, places = _support_rows(model, other, train, support, caller)
    machines = _dual(model, support), _dual(other, support)
    return TwoModels(function, given, places, machines, shift, gap)


def _norm_of_error(feature_error: ArrayLike, n: int, caller: str) -> float:
    """Return an upper bound of the norm of the error of n features."""
    wanted = f"be a number of at least 0, or {n} of them"
    errors = as_array(feature_error, "feature_error", caller, wanted)
    if errors.shape not in ((), (n,)) or errors.dtype.kind not in "iuf":
        reject("feature_error", caller, wanted, describe(errors))
    if not (errors >= 0).all():
        reject("feature_error", caller, wanted, f"{errors.min()}.")
    return float(norms(np.broadcast_to(errors.astype(np.float64), (1, n)))[0]) * bool(errors.any())


def _dual(model: Any, support: NDArray[Any]) -> Machine:
    """Return the coefficients of each pair of classes, shape (pairs, support), and intercepts."""
    classes = len(model.classes_)
    own = np.searchsorted(support, model.support_)
    ends = np.cumsum(model.n_support_)
    dual = np.zeros((len(model.intercept_), len(support)))
    for pair, (i, j) in enumerate(combinations(range(classes), 2)):
        for one, row in ((i, j - 1), (j, i)):
            members = slice(ends[one] - model.n_support_[one], ends[one])
            dual[pair, own[members]] = model.dual_coef_[row, members]
    return dual, np.asarray(model.intercept_, dtype=np.float64)


def _support_rows(
    model: Any, other: Any, train: ArrayLike | None, support: NDArray[Any], caller: str
) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return plain features of training rows, and which are the support vectors of either model."""
    given, own = support_rows(model)
    if train is None:
        if not np.array_equal(model.support_, other.support_):
            wanted = "hold the training rows, since the models have other support vectors"
            reject("train", caller, wanted, "None.")
        return given, own[np.argsort(model.support_)]
    rows = _as_features(train, n_features(model), "train", caller)
    same = support[-1] < len(rows) and all(
        np.array_equal(rows[place], given[kept])
        for place, kept in zip(model.support_, own, strict=True)
    )
    if not same:
        reject("train", caller, "hold the rows that model was fitted on", "other rows.")
    return rows, support


def _as_features(value: ArrayLike, n: int, name: str, caller: str) -> NDArray[np.float64]:
    """Return finite rows of n features."""
    wanted = f"be a two-dimensional array of finite real numbers with {n} features"
    array = as_array(value, name, caller, wanted)
    if array.ndim != 2 or array.shape[1] != n or not len(array) or array.dtype.kind not in "iuf":
        reject(name, caller, wanted, describe(array))
    if not np.isfinite(array).all():
        reject(name, caller, wanted, "infinities or NaN.")
    return array.astype(np.float64, copy=False)


def _kernel_of(model: Any, name: str, caller: str) -> KernelFunction:
    """Return the kernel of a fitted dense support vector classifier; refuse what is none."""
    from sklearn.svm import SVC, NuSVC

    if not isinstance(model, (SVC, NuSVC)) or not hasattr(model, "support_vectors_"):
        reject(name, caller, "be a fitted SVC or NuSVC", describe(model))
    if not isinstance(model.support_vectors_, np.ndarray):
        reject(name, caller, "be fitted on dense features", "sparse support vectors.")
    function = kernel_function(model)
    if function is None:
        wanted = f"have one of the kernels {', '.join(KINDS)}, or scikit-learn's function of one"
        reject(name, caller, wanted, f"kernel={describe(model.kernel)}")
    return function


def _check_match(model: Any, other: Any, caller: str) -> float:
    """Return the gamma of the second model; refuse one that is not the first one's counterpart."""
    mine, its = _kernel_of(model, "model", caller), _kernel_of(other, "encrypted", caller)
    for name, own, there in (
        ("kernel", mine.kind, its.kind),
        ("degree", mine.degree, its.degree),
        ("coef0", mine.coef0, its.coef0),
        ("features", n_features(model), n_features(other)),
    ):
        if own != there:
            reject("encrypted", caller, f"have {name}={own!r} as model has", f"{there!r}.")
    if not np.array_equal(model.classes_, other.classes_):
        reject("encrypted", caller, "have the classes of model", f"{other.classes_}.")
    return its.gamma
