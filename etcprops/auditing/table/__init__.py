"""The table of scikit-learn's estimators: invariance of each, the reason, and how to build it.

One module a kind; `TABLE` is all of it by name.
"""

from __future__ import annotations

from typing import Final

from etcprops.auditing.table.absent import ABSENT
from etcprops.auditing.table.classifiers import CLASSIFIERS
from etcprops.auditing.table.regressors import REGRESSORS
from etcprops.auditing.table.transformers import TRANSFORMERS
from etcprops.auditing.table.unsupervised import UNSUPERVISED
from etcprops.auditing.theory import Entry

TABLE: Final[dict[str, Entry]] = {
    entry.name: entry
    for entry in (*CLASSIFIERS, *REGRESSORS, *TRANSFORMERS, *UNSUPERVISED, *ABSENT)
}
"""Every estimator by its name."""
