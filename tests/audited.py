"""What `audit` says of models of every kind, on record: a verdict that changes shows.

The record is ``tests/auditing/verdicts.json``; ``python tests/audited.py`` writes it anew. Figures
that rounding makes are left out, and so are models of which the oldest machine that this one can
stand in for says something else.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from on_record import renew
from sklearn.cluster import DBSCAN, AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import AdaBoostClassifier, ExtraTreesRegressor, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, LinearSVC, OneClassSVM
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_limits

from etcprops import EtCKey, audit
from etcprops.datasets import load_digits_images

FILE: Final = Path(__file__).parent / "auditing" / "verdicts.json"
DIGITS: Final = load_digits_images(block=2)
IMAGES, LABELS = DIGITS.images[:120], DIGITS.labels[:120]
TURNED: Final = {"steps": ["permutation", "transforms"]}
PARTS: Final = ("estimator", "outcome", "cause", "certified", "conditions", "exposure")
NUMBER: Final = re.compile(r"\d+\.\d+(e[+-]?\d+)?|\de[+-]\d+")


class Model(NamedTuple):
    """An estimator, and how it is audited."""

    estimator: Any
    options: dict[str, Any] = {}  # noqa: RUF012  # read only
    steps: dict[str, Any] = {}  # noqa: RUF012  # read only


MODELS: Final = {
    "SVC": Model(SVC()),
    "SVC, briefly": Model(SVC(), {"thorough": False}),
    "SVC after z-score": Model(SVC(), {"preprocessing": "z-score"}),
    "SVC after a pipeline's scaler": Model(make_pipeline(StandardScaler(), SVC(kernel="linear"))),
    "SVC without explanation": Model(SVC(), {"explain": False, "protection": False}),
    "SVC under block scramble": Model(SVC(), {}, {"steps": ["permutation"]}),
    "grid search": Model(GridSearchCV(SVC(), {"C": [1.0, 10.0], "gamma": ["scale"]}, cv=2)),
    "linear SVC": Model(LinearSVC(random_state=0), {"preprocessing": "z-score", "thorough": False}),
    "linear SVC of raw pixels": Model(LinearSVC(max_iter=20), {"thorough": False}),
    "logistic regression": Model(LogisticRegression(), {"thorough": False}),
    "stochastic gradients": Model(SGDClassifier(), {"thorough": False, "runs": 3}),
    "ridge": Model(Ridge(), {"preprocessing": "mid-grey"}),
    "lasso": Model(Lasso(alpha=0.05), {"preprocessing": "z-score", "thorough": False}),
    "neighbours": Model(KNeighborsClassifier()),
    "neighbours after min-max": Model(make_pipeline(MinMaxScaler(), KNeighborsClassifier(1))),
    "neighbours after statistics of each image": Model(
        KNeighborsClassifier(), {"preprocessing": "per-image z-score"}
    ),
    "neighbours of numbers": Model(KNeighborsRegressor(3), {"cv": 2}),
    "naive Bayes": Model(GaussianNB()),
    "multinomial Bayes": Model(MultinomialNB(), {"thorough": False}),
    "tree": Model(DecisionTreeClassifier(random_state=0), {"runs": 4}),
    "tree of one feature in two": Model(DecisionTreeClassifier(max_features=0.5), {"runs": 4}),
    "forest": Model(RandomForestClassifier(5), {"runs": 4, "thorough": False}),
    "forest under turns": Model(RandomForestClassifier(5), {"runs": 4, "thorough": False}, TURNED),
    "trees of numbers": Model(ExtraTreesRegressor(3), {"runs": 3, "thorough": False}),
    "boosting": Model(AdaBoostClassifier(n_estimators=5), {"runs": 3, "thorough": False}),
    "network": Model(MLPClassifier((8,), max_iter=20), {"runs": 3, "thorough": False}),
    "k-means": Model(KMeans(4, n_init=1), {"runs": 3, "thorough": False}),
    "clusters by density": Model(DBSCAN(eps=20)),
    "agglomerative clusters": Model(AgglomerativeClustering(3)),
    "one class": Model(OneClassSVM(nu=0.2)),
    "principal components": Model(PCA(3)),
    "scaler": Model(StandardScaler()),
    "majority": Model(DummyClassifier()),
}


def decided(name: str) -> dict[str, Any]:
    """Audit a model; return what its verdict says, without the figures."""
    estimator, options, steps = MODELS[name]
    key = EtCKey.from_secret(DIGITS.geometry, "verdicts on record", **steps)
    with threadpool_limits(1):
        verdict = audit(estimator, IMAGES, LABELS, key, budget=1e4, **options)
    document = json.loads(verdict.to_json())
    said = {part: document[part] for part in PARTS}
    said["cause"] = NUMBER.sub("N", verdict.cause)
    said["conditions"] = [NUMBER.sub("N", text) for text in verdict.conditions]
    said["experiments"] = {
        NUMBER.sub("N", trial.name): trial.identical for trial in verdict.experiments
    }
    said["remedy"] = verdict.remedy and [
        NUMBER.sub("N", verdict.remedy.change), str(verdict.remedy.outcome)
    ]  # fmt: skip
    if verdict.witness is not None:
        said["witness"] = [int(verdict.witness.query), len(verdict.witness.training)]
    test = verdict.two_sample_test
    said["differs in distribution"] = None if test is None else NUMBER.sub("N", str(test))
    said["text"] = [NUMBER.sub("N", line) for line in str(verdict).split("\n")]
    written: dict[str, Any] = json.loads(json.dumps(said, default=np.ndarray.tolist))
    return written


if __name__ == "__main__":
    renew(FILE, {name: decided(name) for name in MODELS})
