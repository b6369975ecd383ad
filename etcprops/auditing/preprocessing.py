"""What is done to pixels before a model sees them, by name.

Every transformer takes pixel vectors of 8-bit levels and gives vectors of as many features. The
first two after "none" make the encryption linear; the others are what people use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from etcprops._validation import describe, nearest_name, reject
from etcprops.exact.scaler import ExactStandardScaler
from etcprops.exact.statistics import MID_GREY


def centre(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return ``X - 127.5``; exact for pixels."""
    return np.asarray(np.subtract(X, MID_GREY, dtype=np.float64))


def per_image(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return rows less their own mean, over their own deviation (1 where that is 0)."""
    rows = np.asarray(X, dtype=np.float64)
    deviation = rows.std(axis=1, keepdims=True)
    divisor = np.where(deviation > 0, deviation, 1.0)
    return np.asarray((rows - rows.mean(axis=1, keepdims=True)) / divisor, dtype=np.float64)


PREPROCESSINGS: Final[dict[str, Callable[[], Any]]] = {
    "none": lambda: None,
    "z-score": ExactStandardScaler,
    "mid-grey": lambda: FunctionTransformer(centre),
    "standard-scaler": StandardScaler,
    "per-image z-score": lambda: FunctionTransformer(per_image),
    "min-max": MinMaxScaler,
}
"""A constructor for each name; "none" has no transformer."""

LINEARISING: Final = frozenset({"z-score", "mid-grey", "standard-scaler"})
"""After these, encrypted features are the plain ones permuted and negated, up to rounding."""


def make_preprocessing(value: Any, caller: str) -> tuple[str, Any]:
    """Return the name and a new transformer (or None) for a name, a transformer or None.

    Parameters
    ----------
    value : str, transformer or None
        A key of `PREPROCESSINGS`, or something with ``fit`` and ``transform``; None is "none".
    caller : str
        For the message.

    Returns
    -------
    tuple of str and transformer or None

    Raises
    ------
    InvalidParameterError
        If it is neither.

    Examples
    --------
    >>> make_preprocessing("min-max", "an example")
    ('min-max', MinMaxScaler())
    """
    if value is None:
        value = "none"
    if isinstance(value, str) and value in PREPROCESSINGS:
        return value, PREPROCESSINGS[value]()
    if isinstance(value, type) or not all(hasattr(value, m) for m in ("fit", "transform")):
        wanted = f"be one of {', '.join(PREPROCESSINGS)}, a transformer or None"
        got = describe(value) + nearest_name(value, PREPROCESSINGS)
        reject("preprocessing", caller, wanted, got)
    return type(value).__name__, value
