"""Kernels that do not depend on the order of the features, to the last bit.

Inner products and distances come from `gram`, `distances` and `standardized`; whatever is done to
them here is done entry by entry, in one order. Dimensionality reductions are elsewhere.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from joblib import Memory
from sklearn.base import BaseEstimator

import etcprops
from etcprops._validation import as_choice, as_integer, as_number, describe, reject
from etcprops.exact import _elementary
from etcprops.exact._rows import (
    LARGEST_PIXEL,
    as_pixels,
    both_operands,
    largest_integer,
    row_blocks,
)
from etcprops.exact.distances import exact_squared_distances
from etcprops.exact.gram import as_slices, exact_gram
from etcprops.exact.standardized import standardized_gram, standardized_squared_distances
from etcprops.exact.statistics import PixelStatistics

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Kind = Literal["linear", "rbf", "poly", "sigmoid"]

_KINDS = ("linear", "rbf", "poly", "sigmoid")


class ExactKernel(BaseEstimator):
    r"""A kernel for ``SVC(kernel=ExactKernel("rbf"))`` with the same bits for every feature order.

    All four see the rows through inner products alone, and those come from
    :func:`~etcprops.exact_gram`. Permuting the features of both operands, or changing the sign
    of a feature in both, does not change a bit: z-scored encrypted images give the matrix of the
    plain ones. ``"rbf"`` does so on raw 8-bit and 16-bit pixels too, whose distances are integers,
    and all four with `standardize`, which takes raw pixels and is faster.

    Parameters
    ----------
    kind : {"linear", "rbf", "poly", "sigmoid"}
        :math:`x^T y`, :math:`\exp(-\gamma \lVert x - y\rVert^2)`, :math:`(\gamma x^T y + c)^d` or
        :math:`\tanh(\gamma x^T y + c)`.
    gamma : {"scale", "auto"} or float, default="scale"
        :math:`\gamma`, not negative; ``"auto"`` is one over the number of features, ``"scale"`` is
        :func:`scale_gamma` of the training rows. Not used by the linear kernel.
    degree : int, default=3
        :math:`d`, not negative, of the polynomial kernel.
    coef0 : float, default=0.0
        :math:`c`, of the polynomial and sigmoid kernels.
    slices : int from 1 to 16, default=2
        As in :func:`~etcprops.exact_gram`; three are as accurate as dgemm for dense rows. Not
        ``"dgemm"``, which may choose another number for queries than for training rows. With
        `standardize` as in :func:`~etcprops.standardized_gram`, where two, or more, are.
    standardize : bool, default=False
        Whether rows are pixels (integers from 0 to 65,535), of whose z-scores the kernel is meant.
        ``SVC(kernel=ExactKernel("rbf", standardize=True))`` stands for ``ExactStandardScaler``
        before an ``ExactKernel`` without it: the same matrix but for rounding, which happens once
        instead of in every z-score too. The last digits differ, so compare plain images with
        encrypted ones by the same of the two.
    memory : str or joblib.Memory, default=None
        Where inner products and distances are kept, as in scikit-learn's pipelines. They depend on
        the rows, `slices` and `standardize` alone, so a grid search over C and gamma computes them
        once for each fold.

    Raises
    ------
    InvalidParameterError
        If a parameter has another type or value.

    Notes
    -----
    It has the parameters of an estimator (``get_params``, ``set_params``, ``clone``), so a grid
    search reaches ``svc__kernel__gamma``; kernels with equal parameters are equal and hash alike.

    An entry depends on its two rows alone, and through gamma on the training rows: on no other
    row, no number of threads and no machine. Distances are those of
    :func:`exact_squared_distances`, so the RBF kernel is 1, exactly, where two rows are equal.
    Powers are products. Exponentials and hyperbolic tangents are correctly rounded; NumPy's
    depend on the processor.

    With `standardize` the statistics are those of the training rows, `Y`; inner products and
    distances are those of :func:`~etcprops.standardized_gram` and
    :func:`~etcprops.standardized_squared_distances`. ``gamma="scale"`` is then one over the number
    of features that are not constant in the training rows.

    Memory: as :func:`~etcprops.exact_gram` and two megabytes. Pixels that come as floats are
    copied to integers of 8 or 16 bits.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X, order = rng.standard_normal((4, 500)), rng.permutation(500)
    >>> kernel = ExactKernel("rbf", gamma=0.001)
    >>> K = kernel(X, X)
    >>> bool((K == kernel(-X[:, order], -X[:, order])).all()), K.diagonal()
    (True, array([1., 1., 1., 1.]))
    """

    def __init__(
        self,
        kind: Kind,
        *,
        gamma: Literal["scale", "auto"] | float = "scale",
        degree: int = 3,
        coef0: float = 0.0,
        slices: int = 2,
        standardize: bool = False,
        memory: Any = None,
    ) -> None:
        self.kind = kind
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.slices = slices
        self.standardize = standardize
        self.memory = memory
        self._check()

    def _check(self) -> None:
        """Refuse bad parameters; set_params sets them behind the constructor's back."""
        caller = "ExactKernel"
        as_choice(self.kind, _KINDS, "kind", caller)
        if not isinstance(self.gamma, str) or self.gamma not in {"scale", "auto"}:
            wanted = 'be "scale", "auto" or a number of at least 0'
            as_number(self.gamma, "gamma", caller, 0, wanted=wanted)
        as_integer(self.degree, "degree", caller, 0, 2**31 - 1)
        as_number(self.coef0, "coef0", caller)
        as_slices(self.slices, caller)
        if not isinstance(self.standardize, (bool, np.bool_)):
            reject("standardize", caller, "be True or False", describe(self.standardize))
        if not (
            self.memory is None or isinstance(self.memory, str) or hasattr(self.memory, "cache")
        ):
            wanted = "be None, the name of a folder, or a joblib.Memory"
            reject("memory", caller, wanted, describe(self.memory))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self.get_params() == other.get_params())

    def __hash__(self) -> int:
        return hash((type(self), *sorted(self.get_params().items())))

    def __call__(self, X: ArrayLike, Y: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the kernel matrix.

        Parameters
        ----------
        X : array_like, shape (m, n)
            Rows of finite real numbers: queries, or the training rows themselves.
        Y : array_like, shape (k, n), optional
            The training rows: ``gamma="scale"`` is taken from them. By default `X`, which takes
            half the work.

        Returns
        -------
        ndarray of float64, shape (m, k)

        Raises
        ------
        InvalidParameterError
            If an operand is not a two-dimensional array of finite real numbers, the numbers of
            features differ, a parameter is wrong, or a value exceeds the largest double.

        Examples
        --------
        >>> ExactKernel("poly", gamma=0.5, degree=2, coef0=1)([[1.0, 2.0], [0.0, 2.0]])
        array([[12.25, 9. ],
               [ 9. , 9. ]])
        """
        self._check()
        X, Y = both_operands(X, Y, "ExactKernel")
        out, gamma = (self._standardized if self.standardize else self._given)(X, Y)
        if self.kind == "linear":
            return out
        # Infinite products are exact limits for exp and tanh; those of powers are refused.
        with np.errstate(over="ignore", under="ignore"):
            for rows in row_blocks(out):
                if Y is not None:
                    self._apply(out[rows], gamma)
                    continue
                part = out[rows, rows.start :].copy()  # the rest is symmetric
                self._apply(part, gamma)
                out[rows, rows.start :] = part
                out[rows.start :, rows] = part.T
        if self.kind == "poly" and not np.isfinite(out).all():
            wanted = "be one whose powers stay below the largest double for these rows"
            reject("degree", "ExactKernel", wanted, f"{self.degree} with gamma={gamma}.")
        return out

    def _given(self, X: NDArray[Any], Y: NDArray[Any] | None) -> tuple[NDArray[np.float64], float]:
        """Return inner products or squared distances of the rows as they are, and gamma."""
        function: Any = exact_squared_distances if self.kind == "rbf" else exact_gram
        training = X if Y is None else Y
        scale = 1.0
        if self.kind != "linear" and self.gamma == "scale":
            scale = scale_gamma(training)
        out = self._kept(function)(X, Y, slices=int(self.slices))
        return out, self._gamma(scale, training)

    def _standardized(
        self, X: NDArray[Any], Y: NDArray[Any] | None
    ) -> tuple[NDArray[np.float64], float]:
        """Return inner products or squared distances of the z-scores of pixels, and gamma."""
        function: Any = standardized_squared_distances if self.kind == "rbf" else standardized_gram
        # As pixels they are looked through once, and take an eighth of what is hashed.
        X = _pixels(X)
        Y = None if Y is None else _pixels(Y)
        training = X if Y is None else Y
        varying = int(np.count_nonzero(PixelStatistics(training).variance_numerator))
        out = self._kept(function)(X, Y, slices=min(int(self.slices), 2))
        return out, self._gamma(1.0 / (varying or 1), training)

    def _kept(self, function: Any) -> Any:
        """Return a function that keeps its results in `memory`, if there is one.

        By the arguments and the version of this package, which may change a bit.
        """
        if self.memory is None:
            return function
        named = isinstance(self.memory, str)
        try:
            memory = Memory(self.memory, verbose=0) if named else self.memory
            kept = memory.cache(_call)
        except (OSError, ValueError) as error:  # a file is there, or it is no name of a folder
            wanted = "be the name of a folder for results"
            reject("memory", "ExactKernel", wanted, f"{self.memory!r}: {error}.")
        return partial(kept, function.__name__, etcprops.__version__)

    def _gamma(self, scale: float, training: NDArray[Any]) -> float:
        """Return gamma, where "scale" means `scale`."""
        if isinstance(self.gamma, str):
            return scale if self.gamma == "scale" else 1.0 / training.shape[1]
        return float(self.gamma)

    def _apply(self, values: NDArray[np.float64], gamma: float) -> None:
        """Turn inner products, or squared distances, into values of the kernel, in place."""
        if self.kind == "rbf":
            values *= -gamma
            _elementary.exp(values)
            return
        values *= gamma
        values += self.coef0
        if self.kind == "sigmoid":
            _elementary.tanh(values)
        else:
            _power(values, int(self.degree))


def _call(name: str, version: str, *arguments: Any, **options: Any) -> Any:  # noqa: ARG001
    """Call a public function, so that what is kept does not hang on how it is written."""
    return getattr(etcprops, name)(*arguments, **options)


def _pixels(X: NDArray[Any]) -> NDArray[Any]:
    """Return rows as 8-bit or 16-bit pixels if that is what they are."""
    pixels = as_pixels(X)
    return X if pixels is None else pixels


def scale_gamma(X: ArrayLike) -> float:
    r"""Return scikit-learn's ``gamma="scale"`` without its dependence on the encryption.

    This is one over the sum, over the features, of their variances:

    .. math:: 1 / \gamma = \sum_f \operatorname{var}_i x_{if}
        = \tfrac{1}{2 m^2} \sum_{i, j} \lVert x_i - x_j\rVert^2,

    a function of the distances between the rows. scikit-learn divides by ``n_features * X.var()``,
    the variance about the one mean of all entries. Where every feature has mean zero, as in
    z-scored training rows, the two are the same number. On raw pixels scikit-learn's is not
    invariant: the negative-positive step moves the means of features apart. This one is, on raw
    pixels, on any subset of z-scored rows, and under any signed permutation with offset.

    Parameters
    ----------
    X : array_like, shape (m, n)
        The training rows, finite.

    Returns
    -------
    float
        One where all rows are equal, as in scikit-learn.

    Raises
    ------
    InvalidParameterError
        If `X` is not two-dimensional, is empty, is not finite, or the sum exceeds the largest
        double.

    Notes
    -----
    Integers of magnitude up to 65,535, of any real dtype and either sign, are added exactly,
    :math:`\gamma = m^2 / \sum_f (m \sum_i x_{if}^2 - (\sum_i x_{if})^2)` is rounded once, and
    negation at any level, as :math:`x \to 255 - x`, does not change a bit. Of other rows, mean and
    variance of each feature are added up row by row, whatever its place and sign, and the variances
    with :func:`math.fsum`, which rounds once in whatever order they come. A change of sign of a
    feature leaves integers integers, so it does not change which way is taken either.

    Examples
    --------
    >>> import numpy as np
    >>> pixels = np.array([[0, 250], [4, 254]], dtype=np.uint8)
    >>> scale_gamma(pixels), scale_gamma(255 - pixels)
    (0.125, 0.125)
    """
    rows, _ = both_operands(X, None, "scale_gamma")
    count = len(rows)
    if largest_integer(rows) <= LARGEST_PIXEL:
        totals, energy = np.zeros(rows.shape[1], dtype=np.int64), 0
        for block in row_blocks(rows):
            part = rows[block].astype(np.int64)
            totals += part.sum(axis=0)
            energy += int(np.vecdot(part, part).sum())
        inertia = count * energy - sum(total**2 for total in totals.tolist())
        return count**2 / inertia if inertia else 1.0
    if all(np.array_equal(row, rows[0]) for row in rows):  # a mean may differ from what it is of
        return 1.0
    # Not sum(axis=0): how that adds depends on the memory layout.
    mean, squares = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        for row in rows:
            mean += row
        mean /= count
        for row in rows:
            squares += np.square(row - mean)
        squares /= count
    largest = float(squares.max())
    if not math.isfinite(largest * squares.size):
        wanted = "be finite, with variances whose sum is below the largest double"
        reject("X", "scale_gamma", wanted, f"a variance of {largest}.")
    variance = math.fsum(squares.tolist())
    if variance and not math.isfinite(1.0 / variance):
        reject("X", "scale_gamma", "have variances whose sum is a normal double", f"{variance}.")
    return 1.0 / variance if variance else 1.0


def _power(values: NDArray[np.float64], exponent: int) -> None:
    """Raise `values` to a power in place, by multiplication: at most ``exponent - 1`` roundings."""
    square = values.copy()
    values.fill(1.0)
    while exponent:
        if exponent & 1:
            values *= square
        exponent >>= 1
        if exponent:
            square *= square
