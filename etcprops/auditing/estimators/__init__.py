"""The table of scikit-learn's estimators: invariance of each, the reason, and how to build it.

One module a kind; `TABLE` is all of it by name.
"""

from __future__ import annotations

from typing import Final

from etcprops.auditing.estimators.absent import ABSENT
from etcprops.auditing.estimators.classifiers import CLASSIFIERS
from etcprops.auditing.estimators.invariance import Entry
from etcprops.auditing.estimators.regressors import REGRESSORS
from etcprops.auditing.estimators.transformers import TRANSFORMERS
from etcprops.auditing.estimators.unsupervised import UNSUPERVISED

TABLE: Final[dict[str, Entry]] = {
    entry.name: entry
    for entry in (*CLASSIFIERS, *REGRESSORS, *TRANSFORMERS, *UNSUPERVISED, *ABSENT)
}
"""Every estimator by its name."""
