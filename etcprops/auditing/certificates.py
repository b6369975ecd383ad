"""How many of an SVM's decisions are proved the same in spite of rounding.

By rounding-error analysis (Higham 2002), in `etcprops.exact.margins`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from etcprops._validation import InvalidParameterError
from etcprops.auditing.harness import Harness
from etcprops.auditing.predictions import Predictions
from etcprops.auditing.preprocessing import centre
from etcprops.exact.scaler import ExactStandardScaler
from etcprops.exact.statistics import PixelStatistics
from etcprops.scheme.keys import Step


def certified_decisions(harness: Harness, plain: Predictions, encrypted: Predictions) -> int | None:
    """Count the decisions that the error bound proves to be the same.

    Parameters
    ----------
    harness : Harness
        With one fold.
    plain, encrypted : Predictions
        With their models, as fitted.

    Returns
    -------
    int or None
        None where the bound does not apply: the model is no SVC or NuSVC with a kernel that the
        bound knows, it breaks ties, its features are not the plain ones permuted and negated, or
        there are several folds.

    Notes
    -----
    The coarse bound costs next to nothing and suffices for most decisions; the sharp one, which
    computes the kernel again, is asked for the others.
    """
    from etcprops.exact.margins import certified, decision_error_bound

    preprocessing, model, other = *_apart(plain.model), _apart(encrypted.model)[1]
    pairs = plain.pairs
    # The proof is for votes; ties broken by their sums are no votes.
    if len(harness.folds) != 1 or pairs is None or (pairs.ndim > 1 and model.break_ties):
        return None
    error = _feature_error(harness, preprocessing)
    if error is None:
        return None
    training, queries = harness.folds[0]
    rows = harness.plain_vectors
    features = [rows[training], rows[queries]]
    for step in preprocessing:
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


def _feature_error(harness: Harness, preprocessing: list[Any]) -> Any:
    """Return how far features are from their exact values; None if not permuted and negated."""
    if not preprocessing:
        return None if Step.NEGATIVES in harness.key.steps else 0.0
    if len(preprocessing) != 1:
        return None
    if (
        isinstance(preprocessing[0], ExactStandardScaler)
        or getattr(preprocessing[0], "func", None) is centre
    ):
        return 0.0
    if (
        type(preprocessing[0]) is StandardScaler
        and preprocessing[0].with_mean
        and preprocessing[0].with_std
    ):
        from etcprops.exact.margins import standard_scaler_error_bound

        training = harness.images[harness.folds[0][0]]
        return standard_scaler_error_bound(PixelStatistics(training.reshape(len(training), -1)))
    return None
