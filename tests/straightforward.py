"""The scores of the experiment's SVMs as one would write them with scikit-learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from etcprops.experiments.choices import SVM


def straightforward_scores(
    training: NDArray[np.float64],
    labels: NDArray[np.int64],
    people: NDArray[np.int64],
    queries: NDArray[np.float64],
    svm: SVM,
) -> NDArray[np.float64]:
    """Return scores of shape (queries, people): a `SVC` on the vectors for each person.

    The independent path to `fit_one_vs_rest`, and what its speed is measured against.
    """
    gamma = svm.width(training.shape[1])
    columns = [
        SVC(kernel=svm.kernel, C=svm.C, gamma=gamma)
        .fit(training, labels == person)
        .decision_function(queries)
        for person in people
    ]
    return np.stack(columns, axis=1)
