"""What the claims about decisions in ordinary floating point say of a case."""

from __future__ import annotations

from typing import Final

import numpy as np

from etcprops.claims.case import Case
from etcprops.claims.checks.certificates import MARGIN
from etcprops.claims.checks.exactness import KERNELS
from etcprops.claims.implementation import flat
from etcprops.claims.search import Statement


def certified_margins(case: Case) -> None:
    """Compare decisions of StandardScaler and SVC, and their values with the bound."""
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from etcprops.exact import margins
    from etcprops.exact.statistics import PixelStatistics

    key = case.key(case.geometry(largest=96))
    if case.assumes(MARGIN):
        training = case.integer("training images", 2, 7)
        images = case.images(key.geometry, training + 2)
        labels, kernel = case.labels(training), case.choose("kernel", KERNELS)
        if len(set(labels.tolist())) < 2:
            return  # scikit-learn refuses one class, on either side
    else:
        # z-scores -1 and 1, and a query whose decision value is 0: its terms cancel in pairs.
        training, labels, kernel = 2, np.array([0, 1]), "linear"
        half = key.geometry.n_pixels // 2
        d, e = np.zeros((2, key.geometry.n_pixels), dtype=np.int64)
        d[: 2 * half] = np.tile(2 * np.arange(half) + 3, 2)
        e[: 2 * half] = np.repeat([1, -1], half)
        images = (100 + np.stack([-d, d, e])).astype(np.uint8).reshape(3, *key.geometry.shape)
    svms, halves, values = [], [], []
    for pixels in (images, case.encrypted(images, key)):
        rows = flat(pixels)
        scaler = StandardScaler().fit(rows[:training])
        halves.append((scaler.transform(rows[:training]), scaler.transform(rows[training:])))
        svms.append(SVC(kernel=kernel).fit(halves[-1][0], labels))
        values.append(svms[-1].decision_function(halves[-1][1]))
    flipped = (values[0] > 0) != (values[1] > 0)
    shown = f"{values[0].tolist()} plain, {values[1].tolist()} encrypted"
    if case.assumes(MARGIN):
        bound = margins.decision_error_bound(
            svms[0],
            halves[0][1],
            encrypted=svms[1],
            train=halves[0][0],
            feature_error=margins.standard_scaler_error_bound(
                PixelStatistics(flat(images)[:training])
            ),
        )
        off = abs(values[0] - values[1]) > bound
        assert not off.any(), f"bound {bound.tolist()}, decision values {shown}"
        flipped &= margins.certified(values[0], bound)
    assert not flipped.any(), f"decision values {shown}"


CERTIFICATE_STATEMENTS: Final[dict[str, Statement]] = {"certified-margins": certified_margins}
"""By the name of the claim."""
