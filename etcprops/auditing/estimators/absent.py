"""Estimators that cannot be tried on images, and why."""

from __future__ import annotations

from typing import Final

from etcprops.auditing.estimators.invariance import NONE, Entry

_BECAUSE: Final = {
    "CountVectorizer": "takes text, not images",
    "DictVectorizer": "takes dictionaries, not images",
    "FeatureHasher": "takes dictionaries or text, not images",
    "FrozenEstimator": "never fits: it would ask a model of plain images about encrypted ones",
    "HashingVectorizer": "takes text, not images",
    "IsotonicRegression": "takes a single feature",
    "KernelCenterer": "takes a kernel matrix, not images; identical wherever that is",
    "LabelBinarizer": "takes labels, not images; the encryption does not touch labels",
    "LabelEncoder": "takes labels, not images; the encryption does not touch labels",
    "MultiLabelBinarizer": "takes labels, not images; the encryption does not touch labels",
    "PatchExtractor": "cuts patches out of images and learns nothing",
    "TfidfVectorizer": "takes text, not images",
}
ABSENT: Final = tuple(
    Entry(name, invariance=NONE, because=because, absent=because)
    for name, because in _BECAUSE.items()
)
