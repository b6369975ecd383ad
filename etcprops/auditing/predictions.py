"""Fitting a model and predicting with it: one record per model, whatever kind of model it is.

Classifiers, clusterers and outlier detectors decide, and most have decision values besides;
regressors, transformers and density models have values only.
"""

from __future__ import annotations

import contextlib
import random
import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.base import (
    BiclusterMixin,
    clone,
    is_classifier,
    is_outlier_detector,
    is_regressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM
from sklearn.utils.multiclass import _ovr_decision_function
from threadpoolctl import threadpool_limits

from etcprops._validation import describe, reject
from etcprops.exact._memory import remembered

ModelKind = Literal[
    "classifier", "regressor", "outlier detector", "clusterer", "transformer", "scorer"
]

VALUES: Final = ("decision_function", "predict_proba", "score_samples")
"""Where decision values come from, in order of preference."""

SCORES: Final = ("score_samples", "mahalanobis", "score")
OF_TRAINING: Final = ("labels_", "row_labels_", "embedding_")
"""What models that answer for their training images only leave behind."""


@dataclass(frozen=True)
class Predictions:
    """What one fitted model said.

    Attributes
    ----------
    kind : str
        What kind of model it is.
    decisions : ndarray, shape (q,) or (q, outputs), or None
        Labels; None for models that have values only.
    values : ndarray of float64, shape (q,) or (q, k), or None
        Decision values, predictions of a regressor, or rows of a transformer.
    of_training : bool
        Whether the model answers for its training images, having no way to answer for others.
    seconds : float
        What fitting and answering took.
    warnings : tuple of str
        That a solver did not converge, for instance.
    model : estimator
        As fitted.
    pairs : ndarray of float64, shape (q,) or (q, n_pairs), or None
        Of support vector classifiers: decision values of each pair of classes, of which `values`
        are made.
    """

    kind: ModelKind
    decisions: NDArray[Any] | None
    values: NDArray[np.float64] | None
    of_training: bool
    seconds: float
    warnings: tuple[str, ...]
    model: Any
    pairs: NDArray[np.float64] | None = None

    @property
    def degenerate(self) -> bool:
        """Whether every answer is the same one."""
        return _constant(self.values if self.decisions is None else self.decisions)

    @property
    def empty(self) -> bool:
        """Whether all decision values are the same, too: there is nothing that could differ."""
        return self.degenerate and (self.values is None or _constant(self.values))


def _constant(said: NDArray[Any] | None) -> bool:
    return said is not None and bool((said == said[:1]).all())


class ModelError(Exception):
    """A model could not be fitted or asked; the message says what it raised."""


def kind_of(estimator: Any) -> ModelKind:
    """Return what kind of model an estimator is.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> kind_of(SVC())
    'classifier'
    """
    kinds: tuple[tuple[ModelKind, bool], ...] = (
        ("classifier", is_classifier(estimator)),
        ("regressor", is_regressor(estimator)),
        ("outlier detector", is_outlier_detector(estimator)),
        ("clusterer", _has(estimator, "predict", "fit_predict") or is_bicluster(estimator)),
        ("transformer", _has(estimator, "transform", "fit_transform")),
    )
    # What is left are models of covariance, density or neighbours.
    return next((kind for kind, is_one in kinds if is_one), "scorer")


def _has(estimator: Any, *methods: str) -> bool:
    return any(hasattr(estimator, method) for method in methods)


def is_bicluster(estimator: Any) -> bool:
    """Whether an estimator clusters rows and columns at once; it has no other sign of that."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return isinstance(last, BiclusterMixin)


def check_estimator(value: Any, caller: str) -> Any:
    """Return `value` if it is an estimator that can be fitted and asked.

    Raises
    ------
    InvalidParameterError
        If it is a class instead of an instance, cannot be cloned, or has nothing to ask.
    """
    wanted = "be a scikit-learn estimator with fit, and predict, transform or scores"
    if isinstance(value, type):
        reject("estimator", caller, f"{wanted}; an instance, not the class", describe(value))
    if not hasattr(value, "fit") or not hasattr(value, "get_params"):
        reject("estimator", caller, wanted, describe(value))
    methods = ("predict", "fit_predict", "transform", "fit_transform", *SCORES, "kneighbors")
    for step in [s for _, s in value.steps[:-1]] if isinstance(value, Pipeline) else []:
        if step not in (None, "passthrough") and not _has(step, "transform"):
            got = f"a pipeline with {step!r}, which does not transform, before its end."
            reject("estimator", caller, wanted, got)
    try:
        known = is_bicluster(value) or _has(value, *methods)
        clone(value)
    except Exception as error:  # noqa: BLE001  # an invalid pipeline may raise anything
        got = f"one that fails: {type(error).__name__}: {error}"
        reject("estimator", caller, wanted, got)
    if not known:
        reject("estimator", caller, wanted, describe(value))
    return value


def seeded(estimator: Any, seed: int) -> Any:
    """Return a fresh clone in which every ``random_state`` that was None is `seed`.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> seeded(RandomForestClassifier(), 3).random_state
    3
    """
    fresh = clone(estimator)
    open_states = {
        name: seed
        for name, value in fresh.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    }
    return fresh.set_params(**open_states)


def unseeded(estimator: Any) -> Any:
    """Return a fresh clone in which every ``random_state`` is None, for `seeded` to set.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> seeded(unseeded(RandomForestClassifier(random_state=5)), 3).random_state
    3
    """
    fresh = clone(estimator)
    names: Mapping[str, Any] = fresh.get_params(deep=True)
    states = [name for name in names if name.rpartition("__")[2] == "random_state"]
    return fresh.set_params(**dict.fromkeys(states))


def fit_and_predict(
    estimator: Any,
    training: NDArray[Any],
    targets: NDArray[Any] | None,
    queries: NDArray[Any],
    *,
    seed: int = 0,
) -> Predictions:
    """Fit an estimator, which is changed, and predict the queries.

    Parameters
    ----------
    estimator : estimator
        A fresh one.
    training, queries : ndarray, shapes (m, n) and (q, n)
        Vectors.
    targets : ndarray of shape (m,) or (m, outputs), or None
        What to learn.
    seed : int, default=0
        Of the global states of `random` and `numpy.random`, from which models without a
        ``random_state`` draw; they are as before afterwards.

    Returns
    -------
    Predictions

    Raises
    ------
    ModelError
        If the model raises.
    """
    kind = kind_of(estimator)
    start = time.perf_counter()
    with (
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="ignore"),
        _global_states(seed),
        _threads_for(estimator),
        remembered({}),  # exact products: labels and decision values need the same
    ):
        warnings.simplefilter("always")
        try:
            found = _fit_and_predict(estimator, kind, training, targets, queries)
        except Exception as error:
            message = " ".join(str(error).split())[:200]
            raise ModelError(f"{type(error).__name__}: {message}") from error
    seconds = time.perf_counter() - start
    stopped = [str(w.message) for w in caught if issubclass(w.category, ConvergenceWarning)]
    told = ("the solver stopped before it converged",) if stopped else ()
    return Predictions(
        kind,
        found.decisions,
        found.values,
        found.of_training,
        seconds,
        told,
        estimator,
        found.pairs,
    )


@contextlib.contextmanager
def _global_states(seed: int) -> Iterator[None]:
    """Seed what models without a random_state of their own draw from, and put it back."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002  # a user's model draws there
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


@contextlib.contextmanager
def _threads_for(model: Any) -> Iterator[None]:
    """Hold BLAS to one thread for libsvm's own kernels.

    OpenBLAS gives each of their dot products of more than 10,000 terms to several threads, which
    then wait for one another most of the time.
    """
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    own = isinstance(last, (SVC, NuSVC, SVR, NuSVR, OneClassSVM)) and isinstance(last.kernel, str)
    with threadpool_limits(1, user_api="blas") if own else contextlib.nullcontext():
        yield


class _Parts(NamedTuple):
    """What `Predictions` is made of."""

    decisions: NDArray[Any] | None
    values: NDArray[np.float64] | None
    of_training: bool = False
    pairs: NDArray[np.float64] | None = None


def _fit_and_predict(
    model: Any, kind: ModelKind, training: NDArray[Any], targets: Any, queries: NDArray[Any]
) -> _Parts:
    """Fit and predict."""
    if kind == "transformer" and not hasattr(model, "transform"):
        return _Parts(None, _as_values(model.fit_transform(training, targets)), of_training=True)
    model.fit(training, targets)
    if kind in {"transformer", "regressor"}:
        asked = model.transform if kind == "transformer" else model.predict
        return _Parts(None, _as_values(asked(queries)))
    if kind == "scorer":
        return _Parts(*_scores(model, queries))
    if not hasattr(model, "predict"):
        return _Parts(_labels_of_training(model, training), None, of_training=True)
    if kind == "clusterer":  # columns of theirs have no fixed order
        return _Parts(np.asarray(model.predict(queries)), None)
    pairs = _values_of_pairs(model, queries)
    values = _decision_values(model, queries) if pairs is None else _of_pairs(model, pairs)
    return _Parts(np.asarray(model.predict(queries)), values, pairs=pairs)


def _scores(
    model: Any, queries: NDArray[Any]
) -> tuple[NDArray[Any] | None, NDArray[np.float64]]:  # fmt: skip
    """Return scores, or neighbours with their distances; a pipeline does not pass these on."""
    last = model
    if isinstance(model, Pipeline):
        last, queries = model.steps[-1][1], model[:-1].transform(queries)
    for name in SCORES:
        if hasattr(last, name):
            return None, _as_values(getattr(last, name)(queries))
    distances, neighbours = last.kneighbors(queries)
    return np.asarray(neighbours), _as_values(distances)


def _labels_of_training(model: Any, training: NDArray[Any]) -> NDArray[Any]:
    """Return what a model without predict says of its training images."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    for name in OF_TRAINING:
        if hasattr(last, name):
            return np.asarray(getattr(last, name))
    return np.asarray(model.fit_predict(training))


def _values_of_pairs(model: Any, queries: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return decision values of each pair of classes; None if it is no SVM."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if type(last) not in {SVC, NuSVC}:
        return None
    shape = last.decision_function_shape
    last.decision_function_shape = "ovo"
    try:
        return _as_values(model.decision_function(queries))
    finally:
        last.decision_function_shape = shape


def _of_pairs(model: Any, pairs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what ``decision_function`` makes of the values of pairs, as columns."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if pairs.ndim == 1 or last.decision_function_shape == "ovo":
        return pairs.reshape(len(pairs), -1)
    return _as_values(_ovr_decision_function(pairs < 0, -pairs, len(last.classes_)))


def _decision_values(model: Any, queries: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return decision values as columns; None if the model has none."""
    for name in VALUES:
        if hasattr(model, name):
            answer = getattr(model, name)(queries)
            # Several outputs come as a list.
            parts = answer if isinstance(answer, list) else [answer]
            return np.column_stack([_as_values(part) for part in parts])
    return None


def _as_values(answer: Any) -> NDArray[np.float64]:
    """Return numbers as an array, dense."""
    dense: Any = answer.toarray() if issparse(answer) else answer  # type: ignore[attr-defined]
    return np.atleast_1d(np.asarray(dense, dtype=np.float64))
