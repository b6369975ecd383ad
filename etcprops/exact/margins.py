r"""How far ordinary floating point can move a decision: certificates for those who stay with it.

Ordinary inner products are added in an order that depends on the encryption, so decision values of
plain and encrypted images differ by rounding. Here live rigorous bounds of that difference; nothing
is measured. The rounding-error analysis is Higham's (2002): a sum of n products, in whatever order,
is within :math:`\gamma_n |x|^T |y|` of the truth, with :math:`\gamma_n = n u / (1 - n u)` and
:math:`u = 2^{-53}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etcprops._validation import as_array, as_integer, as_number, describe, reject
from etcprops.exact._kernel_error import UNIT, KernelError, dual_sum_error, gamma_n
from etcprops.exact._two_models import TwoModels, two_models
from etcprops.exact.statistics import PixelStatistics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 2**19  # kernel entries at a time


def decision_error_bound(
    model: Any,
    X: ArrayLike,
    *,
    encrypted: Any = None,
    train: ArrayLike | None = None,
    feature_error: ArrayLike = 0.0,
    ulps: float = 4.0,
    coarse: bool = False,
) -> NDArray[np.float64]:
    r"""Bound how far decision values computed on plain and on encrypted features can differ.

    With one model the two computations share the dual solution: support vectors (encrypted
    the one time), dual coefficients, intercept and gamma. With `encrypted`, a model fitted
    on encrypted features, the bound holds for the decision values of the two models as they are:
    the differences of their coefficients, intercepts and gammas are added.

    Parameters
    ----------
    model : SVC or NuSVC
        Fitted on dense plain features with the kernel "linear", "rbf", "poly" or "sigmoid", or, as
        float64, with scikit-learn's function of one of these (``SVC(kernel=rbf_kernel)``; a partial
        of it sets the parameters), which multiplies by BLAS: much faster with many features.
    X : array_like, shape (q, n)
        Plain features of the queries, as they were computed.
    encrypted : SVC or NuSVC, optional
        Fitted with the same parameters on the encrypted features of the same images in the same
        order. By default `model` itself, as if training had given the same dual coefficients, to
        the bit: then only what rounding does to predictions is bounded.
    train : array_like, shape (m, n), optional
        Plain features that `model` was fitted on: needed where `encrypted` has other support
        vectors.
    feature_error : float or array_like of shape (n,), default=0.0
        How far a computed feature, plain or encrypted, can be from its exact value, query or
        training row. Zero where encrypted features are the plain ones moved and negated;
        :func:`standard_scaler_error_bound` for scikit-learn's StandardScaler.
    ulps : float, default=4.0
        How many units in the last place the results of exp, tanh and pow can be off. The libraries
        in use state 1 to 4; at least 1.
    coarse : bool, default=False
        Whether to bound the kernel by the norms of the rows instead of computing it, which takes
        longer than a prediction. The bound is as rigorous, but larger (after a z-score some 3
        times for linear, 30 for RBF, 3,000 for cubic kernels): enough for most decisions, and the
        sharp one need be asked for the others only.

    Returns
    -------
    ndarray of float64, shape (q,) for two classes, (q, n_pairs) for more
        For every pair of classes, in the order of ``decision_function`` with
        ``decision_function_shape="ovo"``: (0, 1), (0, 2), ..., (1, 2), ...

    Raises
    ------
    InvalidParameterError
        If a model is no such model, the models do not match, `train` is missing or does not hold
        the support vectors, or another parameter has the wrong type, shape or range.

    See Also
    --------
    certified : which decisions that proves the same.
    etcprops.exact.kernels.ExactKernel : makes the difference zero.

    Notes
    -----
    Let x and y be computed plain features, and x', y' the encrypted ones, moved back:
    :math:`\lVert x' - x\rVert \le h`, where :math:`h = 2 \lVert\varepsilon\rVert` for the feature
    error :math:`\varepsilon`. All steps are bounded by norms, so that any order of the features and
    of the sums, and any blocking, is covered; products may be fused or not.

    - Inner product: :math:`e = \gamma_n (\lVert x\rVert + h)(\lVert y\rVert + h)
      + h (\lVert x\rVert + \lVert y\rVert) + h^2`.
    - Squared distance s, from differences or from inner products:
      :math:`\gamma_{n+3} (\lVert x\rVert + \lVert y\rVert + 2h)^2 + 4 h \sqrt s + 4 h^2`.
    - Exponential: an error d of the exponent :math:`-\gamma s` becomes
      :math:`k (e^d - 1)`, besides `ulps`.
    - Power: :math:`(|t| + d)^p - |t|^p \le p (|t| + d)^{p-1} d` for :math:`t = \gamma x^T y + c`,
      besides p roundings and `ulps`.
    - Dual sum: :math:`\sum |a_i| e_i + \gamma_{N+2} (\sum |a_i| (|k_i| + e_i) + |b|)` for N support
      vectors.

    The bound is the sum for the plain and for the encrypted computation, plus
    :math:`\sum |a_i - a'_i| |k_i| + |b - b'|` between the two models. Underflow is counted, and the
    rounding of the bound itself.

    References
    ----------
    .. [1] N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, SIAM 2002,
       chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.svm import SVC
    >>> X = np.random.default_rng(0).standard_normal((20, 100))
    >>> model = SVC(kernel="rbf").fit(X, X[:, 0] > 0)
    >>> bound = decision_error_bound(model, X)
    >>> bool(bound.max() < 1e-11), bool(certified(model.decision_function(X), bound).all())
    (True, True)
    """
    caller = "decision_error_bound"
    both = two_models(model, encrypted, train, feature_error, caller)
    queries = both.features(X, "X", caller)
    ulps = as_number(ulps, "ulps", caller, 1, 2**20, "be a number from 1 to 2**20")
    bounds = bounds_of(both, queries, float(ulps), coarse=coarse)
    return bounds[:, 0] if len(model.classes_) == 2 else bounds


def bounds_of(
    both: TwoModels, queries: NDArray[np.float64], ulps: float, *, coarse: bool
) -> NDArray[np.float64]:
    """Return the bounds of :func:`decision_error_bound`, shape (q, n_pairs)."""
    (dual, intercept), (other_dual, other_intercept) = both.machines
    bounds = np.empty((len(queries), len(intercept)))
    step = len(queries) if coarse else max(1, _BLOCK // len(both.places))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            kernel = KernelError(both.function, part, both.longest if coarse else both.rows, ulps)
            size = kernel.magnitude
            bound = dual_sum_error(dual, intercept, size, kernel.error(0.0, 0.0))
            moved = kernel.error(both.shift, both.gap)
            bound += dual_sum_error(other_dual, other_intercept, size, moved)
            bounds[start : start + step] = bound + both.difference(size)
    bounds *= both.own_rounding(ulps)
    bounds[np.isnan(bounds)] = np.inf
    return bounds


def certified(decision_values: ArrayLike, bound: ArrayLike) -> NDArray[np.bool_]:
    """Tell which decisions are proved to be the same on plain and on encrypted features.

    A decision is the vote over the pairs of classes, as in ``SVC.predict`` (with ``break_ties``
    at its default). It is the same if no pairwise decision value can have changed its sign: if
    each exceeds its bound in magnitude.

    Parameters
    ----------
    decision_values : array_like, shape (q,) or (q, n_pairs)
        Of either computation, with ``decision_function_shape="ovo"``.
    bound : array_like, same shape
        From :func:`decision_error_bound`.

    Returns
    -------
    ndarray of bool, shape (q,)

    Raises
    ------
    InvalidParameterError
        If the shapes differ, a bound is negative, or one is no array of real numbers.

    Examples
    --------
    >>> certified([1e-3, -1e-15], [1e-12, 1e-12])
    array([ True, False])
    """
    caller = "certified"
    wanted = "be an array of real numbers, of one or two dimensions"
    arrays = []
    for value, name in ((decision_values, "decision_values"), (bound, "bound")):
        array = as_array(value, name, caller, wanted)
        if array.ndim not in (1, 2) or array.dtype.kind not in "iuf":
            reject(name, caller, wanted, describe(array))
        arrays.append(array)
    values, bounds = arrays
    if values.shape != bounds.shape:
        wanted = f"have the shape of decision_values, {values.shape}"
        reject("bound", caller, wanted, f"{bounds.shape}.")
    if (bounds < 0).any():
        reject("bound", caller, "not be negative", f"{bounds.min()}.")
    sure: NDArray[np.bool_] = np.abs(values) > bounds
    return sure if sure.ndim == 1 else np.asarray(sure.all(axis=1))


def standard_scaler_error_bound(
    statistics: PixelStatistics, *, level: int = 255
) -> NDArray[np.float64]:
    r"""Bound how far z-scores from scikit-learn's StandardScaler are from the exact ones.

    For a scaler fitted once, on the rows of `statistics` as float64 or integers, and for all pixels
    from 0 to `level`, queries included. The same bound holds for the encrypted images, whose means
    and deviations are moved or reflected: it is the `feature_error` of
    :func:`decision_error_bound`.

    Parameters
    ----------
    statistics : PixelStatistics
        Of the plain training rows.
    level : int, default=255
        The largest grey level.

    Returns
    -------
    ndarray of float64, shape (n,)
        Zero for constant features; infinite where a deviation is so small that scikit-learn might
        take the feature for constant.

    Raises
    ------
    InvalidParameterError
        If `statistics` is no PixelStatistics, or `level` is no integer from 1 to 2**32 or less than
        a mean.

    Notes
    -----
    The sum of the pixels is exact, so the mean is off by :math:`u L` at most. The corrected
    two-pass variance is off by a factor :math:`1 + \theta`,

    .. math:: |\theta| \le \gamma_{N+4}
        + (u^2 L^2 + (u L + \gamma_N (\sigma + u L))^2) (1 + \gamma_{N+6}) / \sigma^2,

    the scale by :math:`1 + \rho`, :math:`|\rho| \le 0.6 |\theta| + 2 u`, and the z-score by
    :math:`(L / \sigma) (u (1 + \tau) + \tau)` with :math:`\tau = (3 u + \rho) / (1 - \rho)`.

    Examples
    --------
    >>> import numpy as np
    >>> pixels = np.random.default_rng(0).integers(0, 256, (100, 5), dtype=np.uint8)
    >>> bool(standard_scaler_error_bound(PixelStatistics(pixels)).max() < 1e-13)
    True
    """
    caller = "standard_scaler_error_bound"
    if not isinstance(statistics, PixelStatistics):
        reject("statistics", caller, "be a PixelStatistics", describe(statistics))
    largest = as_integer(level, "level", caller, 1, 2**32)
    count = statistics.count
    if (statistics.total > count * largest).any() or (statistics.total < 0).any():
        reject("level", caller, "be at least every pixel, and these not negative", f"{level}.")
    varies = statistics.variance_numerator > 0
    # A little less than the deviation, so that rounding here is covered.
    numerator = statistics.variance_numerator[varies].astype(np.float64)
    deviation = np.sqrt(numerator) / count * (1 - 2.0**-40)
    mean_error = UNIT * largest
    correction = mean_error + gamma_n(count) * (deviation * (1 + 2.0**-38) + mean_error)
    theta = gamma_n(count + 4)
    theta = theta + (mean_error**2 + correction**2) * (1 + gamma_n(count + 6)) / deviation**2
    rho = 0.6 * theta + 2 * UNIT
    tau = (3 * UNIT + rho) / (1 - rho)
    error = largest / deviation * (UNIT * (1 + tau) + tau) * (1 + 2.0**-40)
    # scikit-learn compares the variance with (N mean eps)^2, besides a small part of itself. Where
    # that is less, theta is below 0.1: L u is 1 / (8 N) of the deviation, which is at most L / 2.
    constant = deviation < 4 * count * largest * 2.0**-52
    bound = np.zeros(len(varies))
    bound[varies] = np.where(constant, np.inf, error)
    return bound
