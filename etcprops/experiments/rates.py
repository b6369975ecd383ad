"""False accept, false reject and equal error rates (ISO/IEC 19795-1), counted without rounding.

Definitions first, since EERs of the paper's size differ by them: a claim is accepted if its score
is at least the threshold, and tied scores are accepted together. The DET curve runs straight
between neighbouring thresholds, and the EER is where it crosses ``FAR = FRR``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from etcprops._validation import as_array, describe, reject

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class ErrorRates:
    """Accepted impostors and rejected genuine claims at every threshold that matters.

    Attributes
    ----------
    thresholds : ndarray of float64, shape (k,)
        Infinity, then the distinct scores in falling order.
    accepted_impostors, rejected_genuine : ndarray of int64, shape (k,)
        How many impostors score at least the threshold, and how many genuine claims less.
    n_impostors, n_genuine : int
        How many there are.
    """

    thresholds: NDArray[np.float64]
    accepted_impostors: NDArray[np.int64]
    rejected_genuine: NDArray[np.int64]
    n_impostors: int
    n_genuine: int

    @property
    def far(self) -> NDArray[np.float64]:
        """False accept rate at each threshold: from 0 to 1."""
        return self.accepted_impostors / self.n_impostors

    @property
    def frr(self) -> NDArray[np.float64]:
        """False reject rate at each threshold: from 1 to 0."""
        return self.rejected_genuine / self.n_genuine

    def _crossing(self) -> tuple[int, Fraction]:
        """Return the threshold before the crossing, and how far it is to the next."""
        # (FAR - FRR) times both counts: it rises strictly from -1 to 1 times them.
        surplus = self.accepted_impostors * self.n_genuine
        surplus -= self.rejected_genuine * self.n_impostors
        after = int(np.argmax(surplus >= 0))
        low, high = int(surplus[after - 1]), int(surplus[after])
        return after - 1, Fraction(-low, high - low)

    @property
    def eer_fraction(self) -> Fraction:
        """The equal error rate, exactly."""
        before, share = self._crossing()
        low, high = (int(n) for n in self.accepted_impostors[before : before + 2])
        return (low + share * (high - low)) / self.n_impostors

    @property
    def eer(self) -> float:
        """The equal error rate, where the straight line between two thresholds has FAR = FRR."""
        return float(self.eer_fraction)

    @property
    def eer_threshold(self) -> float:
        """The threshold next to the crossing at which fewer are accepted, or the crossing itself.

        Infinity if every impostor scores at least as much as the best genuine claim.
        """
        before, share = self._crossing()
        return float(self.thresholds[before + (share == 1)])

    def share_accepted(self, scores: ArrayLike) -> float:
        """Return the share of other scores that `eer_threshold` accepts.

        Parameters
        ----------
        scores : array_like, any shape but empty

        Returns
        -------
        float
        """
        return float(np.mean(_as_scores(scores, "scores", "share_accepted") >= self.eer_threshold))


def error_rates(genuine: ArrayLike, impostors: ArrayLike) -> ErrorRates:
    """Count both errors at all thresholds.

    Parameters
    ----------
    genuine : array_like, any shape but empty
        Scores of claims that are true. Higher means more likely genuine.
    impostors : array_like, any shape but empty
        Scores of claims that are not.

    Returns
    -------
    ErrorRates

    Raises
    ------
    InvalidParameterError
        If one is empty, not real or holds NaN or infinities.

    Notes
    -----
    Since FAR falls and FRR rises with the threshold, strictly in sum, there is just one crossing.
    scikit-learn's ``roc_curve(..., drop_intermediate=False)`` has the same points.

    Examples
    --------
    One of four genuine claims scores less than one of four impostors:

    >>> rates = error_rates([3, 5, 6, 7], [0, 1, 2, 4])
    >>> rates.eer, rates.eer_threshold
    (0.25, 4.0)

    Between thresholds the curve is straight; here from FAR 0, FRR 1 to FAR 1, FRR 0:

    >>> error_rates([1], [1]).eer
    0.5
    """
    caller = "error_rates"
    accepts = np.sort(_as_scores(genuine, "genuine", caller).ravel())
    others = np.sort(_as_scores(impostors, "impostors", caller).ravel())
    levels = np.unique(np.concatenate([accepts, others]))[::-1]
    rejected = np.concatenate([[accepts.size], np.searchsorted(accepts, levels, side="left")])
    accepted = np.concatenate([[0], others.size - np.searchsorted(others, levels, side="left")])
    thresholds = np.concatenate([[np.inf], levels])
    return ErrorRates(
        thresholds,
        accepted.astype(np.int64),
        rejected.astype(np.int64),
        others.size,
        accepts.size,
    )


def _as_scores(value: ArrayLike, parameter: str, caller: str) -> NDArray[np.float64]:
    """Return scores as float64; NaN and infinities are refused, since they have no place."""
    wanted = "hold at least one finite real number"
    array = as_array(value, parameter, caller, wanted)
    if array.dtype.kind not in "iuf" or not array.size:
        reject(parameter, caller, wanted, describe(array))
    scores = array.astype(np.float64)
    if not np.isfinite(scores).all():
        reject(parameter, caller, wanted, "NaN or infinity among them.")
    return scores
