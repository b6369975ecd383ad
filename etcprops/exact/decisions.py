"""Decisions of ordinary machines that are certain: by norms, and else by exact kernels.

The ordinary way to predict stays: only queries whose margins the bound of `margins` does not cover
are computed again, from exact inner products, with an error that is bounded as rigorously.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_number
from etcprops.exact._kernel_error import UNIT, KernelError
from etcprops.exact._two_models import TwoModels, two_models
from etcprops.exact.gram import exact_gram, gram_error_bound
from etcprops.exact.kernels import ExactKernel
from etcprops.exact.margins import bounds_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Doubles = NDArray[np.float64]

SLICES = 3  # as accurate as dgemm is allowed to be at its best, whatever the number of features
_BLOCK = 2**19  # kernel entries at a time
_ROWS = 64  # rows whose inner products with each other are bounded at a time


@dataclass(frozen=True, eq=False)
class CertainDecisions:
    """Decisions, and between which values what they are made of surely lies.

    Attributes
    ----------
    labels : ndarray, shape (q,)
        The class of each query, by votes of the pairs, as ``SVC.predict`` (with ``break_ties`` at
        its default).
    certified : ndarray of bool, shape (q,)
        Whether `labels` is that of exact arithmetic, for the machine on plain features as for its
        counterpart on encrypted ones: zero is outside of all intervals.
    refined : ndarray of bool, shape (q,)
        Which queries the bound by norms left open, so that exact kernels were computed. All others
        that are certified have the same label by the ordinary computation, on either side.
    lower, upper : ndarray of float64, shape (q,) for two classes, (q, n_pairs) for more
        The exact decision values of both machines are not below or above.
    """

    labels: NDArray[Any]
    certified: NDArray[np.bool_]
    refined: NDArray[np.bool_]
    lower: Doubles
    upper: Doubles


def certain_decisions(
    model: Any,
    X: ArrayLike,
    *,
    encrypted: Any = None,
    train: ArrayLike | None = None,
    feature_error: ArrayLike = 0.0,
    ulps: float = 4.0,
) -> CertainDecisions:
    r"""Decide by an ordinary support vector machine, and say which decisions are certain.

    In place of ``model.predict(X)``, at the cost of norms more: decision values are computed as
    ever, and bounded by :func:`decision_error_bound` with ``coarse=True``. Queries that it leaves
    open, as a rule few, are decided by exact inner products, whose error is thousands of times
    less. What is certified is what exact arithmetic decides, so it is the same wherever it is
    computed: on plain and on encrypted features, by whichever of the two ways.

    Parameters
    ----------
    model, encrypted, train, feature_error, ulps
        As in :func:`decision_error_bound`: with one model, the machines share the dual solution.
    X : array_like, shape (q, n)
        Plain features of the queries, as they were computed.

    Returns
    -------
    CertainDecisions

    Raises
    ------
    InvalidParameterError
        As :func:`decision_error_bound`; and where exact kernels are needed, if gamma is negative or
        a power exceeds the largest double.

    Notes
    -----
    The intervals contain :math:`f(x) = \sum_i a_i k(x, y_i) + b`, without any rounding, for the
    features, coefficients and parameters as they are, and the same of the other machine, whose
    features are off by `feature_error` at most. Those of `refined` queries are inside of those by
    norms. Their width is made of

    - :func:`gram_error_bound` of three slices, through the kernel, whose function is correctly
      rounded;
    - the same for the sum over the support vectors, an inner product as well;
    - what other features, coefficients, intercepts and gammas change. It is zero with one model
      and ``feature_error=0``, as after :class:`~etcprops.ExactStandardScaler`.

    That sums of integers below :math:`2^{53}` are exact in any order is proved in Coq
    (``ExactSums.v``, ``ExactGram.v``), and that a margin above the bound by norms decides, for
    linear, polynomial and RBF kernels (``reals/MarginsFlocq.v``, ``reals/KernelMarginsFlocq.v``).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> X = np.random.default_rng(0).standard_normal((20, 100))
    >>> model = SVC().fit(X, X[:, 0] > 0)
    >>> found = certain_decisions(model, X)
    >>> bool(found.certified.all()), bool((found.labels == model.predict(X)).all())
    (True, True)
    """
    caller = "certain_decisions"
    both = two_models(model, encrypted, train, feature_error, caller)
    queries = both.features(X, "X", caller)
    values = _pairwise(model, queries)
    ulps = as_number(ulps, "ulps", caller, 1, 2**20, "be a number from 1 to 2**20")
    bound = bounds_of(both, queries, float(ulps), coarse=True).reshape(values.shape)
    lower, upper = _interval(values, bound)
    refined = ~_decided(lower, upper)
    places = np.flatnonzero(refined)
    step = max(1, _BLOCK // len(both.places))
    for some in (places[start : start + step] for start in range(0, len(places), step)):
        exact, error = (part.reshape(values[some].shape) for part in _refined(both, queries[some]))
        low, high = _interval(exact, error)
        lower[some] = np.maximum(lower[some], low)
        upper[some] = np.minimum(upper[some], high)
        values[some] = exact
    sure = _decided(lower, upper)
    return CertainDecisions(_labels(model, values), sure, refined, lower, upper)


def _decided(lower: Doubles, upper: Doubles) -> NDArray[np.bool_]:
    """Return whether no interval of a query contains zero."""
    apart = (lower > 0) | (upper < 0)
    return np.asarray(apart.reshape(len(apart), -1).all(axis=1))


def _interval(values: Doubles, bound: Doubles) -> tuple[Doubles, Doubles]:
    """Return the ends of intervals, rounded outwards."""
    return np.nextafter(values - bound, -np.inf), np.nextafter(values + bound, np.inf)


def _pairwise(model: Any, X: Doubles) -> Doubles:
    """Return the ordinary decision values of all pairs of classes."""
    machine = copy(model)
    machine.decision_function_shape = "ovo"
    return np.array(machine.decision_function(X), dtype=np.float64)


def _labels(model: Any, values: Doubles) -> NDArray[Any]:
    """Return the classes with the most votes, the first of several."""
    if values.ndim == 1:  # of two classes, negative values are for the first
        return np.asarray(model.classes_[(values >= 0).astype(np.intp)])
    votes = np.zeros((len(values), len(model.classes_)), dtype=np.intp)
    for pair, (i, j) in enumerate(combinations(range(votes.shape[1]), 2)):
        votes[:, i] += values[:, pair] > 0
        votes[:, j] += values[:, pair] <= 0
    return np.asarray(model.classes_[votes.argmax(axis=1)])


def _refined(both: TwoModels, X: Doubles) -> tuple[Doubles, Doubles]:
    """Return decision values from exact kernels, and what either machine's can be off."""
    (dual, intercept), (other_dual, _) = both.machines
    of = both.function
    kind: Any = of.kind
    options: dict[str, Any] = {"gamma": of.gamma, "degree": of.degree, "coef0": of.coef0}
    K = ExactKernel(kind, **options, slices=SLICES)(X, both.rows)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        size = KernelError(of, X, both.rows, ulps=1.0)
        error = size.through(_argument_error(of.kind, X, both.rows, size)) @ np.abs(dual).T
        error += size.change(both.shift, both.gap) @ np.abs(other_dual).T
        error += both.difference(size.magnitude)
        values = exact_gram(K, dual, slices=SLICES)
        error += gram_error_bound(K, dual, slices=SLICES)
        error += UNIT * (np.abs(values) + np.abs(intercept))  # of their sum
        error *= both.own_rounding(1.0)
    error[np.isnan(error)] = np.inf
    return values + intercept, error


def _argument_error(kind: str, X: Doubles, Y: Doubles, size: KernelError) -> Doubles:
    """Bound the error of exact inner products, or of squared distances made from them."""
    error = gram_error_bound(X, Y, slices=SLICES)
    if kind != "rbf":
        return error
    squares = [_square_error(rows) for rows in (X, Y)]
    rounding = 2 * UNIT * (size.norms[0] + size.norms[1]) ** 2
    return np.asarray(2 * error + squares[0][:, None] + squares[1] + rounding)


def _square_error(X: Doubles) -> Doubles:
    """Bound the error of the exact inner product of each row with itself."""
    blocks = (X[start : start + _ROWS] for start in range(0, len(X), _ROWS))
    return np.concatenate([np.diagonal(gram_error_bound(rows, slices=SLICES)) for rows in blocks])
