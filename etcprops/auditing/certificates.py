"""How many of a support vector machine's decisions are proved the same in spite of rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from etcprops._validation import InvalidParameterError
from etcprops.auditing.answers import Answers
from etcprops.auditing.bench import Bench
from etcprops.auditing.preprocessing import centre
from etcprops.exact.scaler import ExactStandardScaler
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import Step


def certified_decisions(bench: Bench, plain: Answers, encrypted: Answers) -> int | None:
    """Count the decisions that the error bound proves to be the same.

    Parameters
    ----------
    bench : Bench
        With one fold.
    plain, encrypted : Answers
        With their models, as fitted.

    Returns
    -------
    int or None
        None where the bound does not apply: the model is no SVC or NuSVC with a kernel that the
        bound knows, it breaks ties, its features are not the plain ones moved and negated, or there
        are several folds.

    Notes
    -----
    The coarse bound costs next to nothing and suffices for most decisions; the sharp one, which
    computes the kernel again, is asked for the others.
    """
    from etcprops.exact.margins import certified, decision_error_bound

    front, model, other = *_apart(plain.model), _apart(encrypted.model)[1]
    pairs = plain.pairs
    # The proof is for votes; ties broken by their sums are no votes.
    if len(bench.folds) != 1 or pairs is None or (pairs.ndim > 1 and model.break_ties):
        return None
    error = _feature_error(bench, front)
    if error is None:
        return None
    training, queries = bench.folds[0]
    rows = bench.plain_vectors
    features = [rows[training], rows[queries]]
    for step in front:
        features = [np.asarray(step.transform(part)) for part in features]

    def proved(asked: NDArray[np.bool_], *, coarse: bool) -> NDArray[np.bool_]:
        bound = decision_error_bound(
            model,
            features[1][asked],
            encrypted=other,
            train=features[0],
            feature_error=error,
            coarse=coarse,
        )
        return certified(pairs[asked], bound)

    try:
        sure = proved(np.ones(len(queries), dtype=np.bool_), coarse=True)
    except InvalidParameterError:
        return None  # a kernel that the bound does not know, or models that do not match
    if not sure.all():
        sure[~sure] = proved(~sure, coarse=False)
    return int(np.count_nonzero(sure))


def _apart(model: Any) -> tuple[list[Any], Any]:
    """Return the fitted steps before the last, and the last."""
    if isinstance(model, Pipeline):
        return [step for _, step in model.steps[:-1]], model.steps[-1][1]
    return [], model


def _feature_error(bench: Bench, front: list[Any]) -> Any:
    """Return how far features are from their exact values; None if not moved and negated."""
    if not front:
        return None if Step.NEGATIVES in bench.key.steps else 0.0
    if len(front) != 1:
        return None
    if isinstance(front[0], ExactStandardScaler) or getattr(front[0], "func", None) is centre:
        return 0.0
    if type(front[0]) is StandardScaler and front[0].with_mean and front[0].with_std:
        from etcprops.exact.margins import standard_scaler_error_bound

        training = bench.images[bench.folds[0][0]]
        return standard_scaler_error_bound(PixelStatistics(training.reshape(len(training), -1)))
    return None
