"""What an audit costs beside the fits and answers of the models that it makes: at most 1.2 times.

Not part of ``pytest -q``: run ``pytest tests/benchmarks --benchmark-only -o addopts=""``. All fits
count, also those of the search for a cause; seconds of the models are taken around each of them,
and both numbers come from one run.
"""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC, LinearSVC

from etcprops import EtCKey, audit
from etcprops.experiments.datasets import load_digits_images

DIGITS = load_digits_images(block=2)
KEY = EtCKey.from_secret(DIGITS.geometry, "benchmarks of the audit")
TARGET = 1.2

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "LinearSVC with cause": (LinearSVC(), {"preprocessing": "z-score"}),
    "SVC on raw pixels with cause": (SVC(), {}),
    "forest with cause and law": (RandomForestClassifier(20), {"preprocessing": "z-score"}),
    "forest, compared only": (RandomForestClassifier(100), {"explain": False}),
    "SVC after z-score, certified": (SVC(), {"preprocessing": "standard-scaler"}),
}


@pytest.mark.parametrize(("model", "options"), CASES.values(), ids=CASES)
def test_cost_beside_the_models(model: Any, options: dict[str, Any], benchmark: Any) -> None:
    audit(model, DIGITS.images[:100], DIGITS.labels[:100], KEY, explain=False)  # imports
    verdict = benchmark.pedantic(
        audit,
        (model, DIGITS.images, DIGITS.labels, KEY),
        {"budget": 20.0, **options},
        rounds=1,
    )
    ratio = verdict.seconds / verdict.model_seconds
    figures = {"seconds": verdict.seconds, "of models": verdict.model_seconds}
    benchmark.extra_info.update(figures, ratio=ratio, target=TARGET)
    assert ratio <= TARGET, figures
