"""What the checks of certified margins conclude from decision values, which are given here."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import returning
from numpy.typing import NDArray

from etcprops import BlockGeometry, EtCKey, encrypt
from etcprops.claims import Implementation
from etcprops.claims.checks import certificates
from etcprops.claims.model import Observation
from etcprops.datasets import make_synthetic_faces

Images = NDArray[Any]
Patch = pytest.MonkeyPatch
SMALL = BlockGeometry(8, 8, block=4)


KERNELS: dict[str, Any] = {"linear": "linear", "rbf": "rbf"}


def margins_of(
    monkeypatch: Patch,
    *values: tuple[float, float],
    bound: float = 1.0,
    seen: dict[str, Any] | None = None,
) -> bool | None:
    """Let SVMs have these decision values, plain and encrypted, all of them certified."""
    seen = {} if seen is None else seen
    pairs = [tuple(np.full(4, v) for v in pair) for pair in values]

    def bounded(_svm: Any, queries: Any, **_: Any) -> NDArray[np.float64]:
        seen["queries"] = queries
        return np.full(4, bound)

    monkeypatch.setattr(certificates, "_values_of", returning(*pairs))
    monkeypatch.setattr("etcprops.exact.margins.decision_error_bound", bounded)
    everything = np.full(4, fill_value=True)
    monkeypatch.setattr("etcprops.exact.margins.certified", lambda *_: everything)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 8, 8)).astype(np.uint8)

    def half_split(seed: int) -> tuple[Any, Any]:
        seen["seed"] = seed
        return np.arange(4), np.arange(4, 8)

    data: Any = SimpleNamespace(
        images=images, labels=np.arange(8) % 2, name="-", geometry=SMALL, half_split=half_split
    )
    seen["images"] = images
    kernels = dict(itertools.islice(KERNELS.items(), len(values)))
    return certificates._margins(Implementation(SMALL), data, kernels, "-").agrees


def test_differences_may_reach_the_bound(monkeypatch: Patch) -> None:
    assert margins_of(monkeypatch, (2.0, 3.0))
    assert not margins_of(monkeypatch, (2.0, 3.0), bound=0.5)


def test_certified_decisions_must_be_the_same_within_the_bound(monkeypatch: Patch) -> None:
    assert not margins_of(monkeypatch, (0.25, -0.25))


def test_one_kernel_that_differs_is_enough(monkeypatch: Patch) -> None:
    assert not margins_of(monkeypatch, (0.25, -0.25), (2.0, 2.0))


@pytest.mark.parametrize("pair", [(0.0, -0.25), (-0.25, 0.0)])
def test_zero_is_of_the_first_class(monkeypatch: Patch, pair: tuple[float, float]) -> None:
    assert margins_of(monkeypatch, pair)


def test_bounds_are_of_plain_queries_of_the_first_halves(monkeypatch: Patch) -> None:
    seen: dict[str, Any] = {}
    margins_of(monkeypatch, (1.0, 1.0), seen=seen)
    vectors = seen["images"].reshape(8, -1).astype(float)
    z = (vectors - vectors[:4].mean(axis=0)) / vectors[:4].std(axis=0)
    np.testing.assert_allclose(seen["queries"], z[4:])
    assert seen["seed"] == 0


def test_kernels_of_scikit_learn_are_those_of_its_svm(monkeypatch: Patch) -> None:
    monkeypatch.setattr(certificates, "_margins", lambda _i, _d, kernels, _w: kernels)
    kernels: Any = certificates.check_certified_margins_on_given_images(
        Implementation(data=make_synthetic_faces(people=2, lights=2, height=16, width=16))
    )
    x, y = np.array([[1.0, 2.0]]), np.array([[3.0, 1.0]])
    assert kernels["linear"](x, y).item() == pytest.approx(5.0)
    assert kernels["rbf"](x, y, gamma=0.5).item() == pytest.approx(np.exp(-2.5))
    assert kernels["poly"](x, y, gamma=0.5).item() == pytest.approx(2.5**3)


def query_between(
    monkeypatch: Patch, plain: float, encrypted: float
) -> tuple[Observation, list[Images]]:
    """Let the SVM have these decision values."""
    tried: list[Images] = []

    class Decided:
        def __init__(self, kernel: str) -> None:
            assert kernel == "linear"

        def fit(self, *_: Any) -> Decided:
            return self

        def decision_function(self, _: Any) -> list[float]:
            return [encrypted if tried else plain]

    def noted(images: Images, key: EtCKey) -> Images:
        assert key.geometry.block == 1
        tried.append(images)
        return encrypt(images, key)

    monkeypatch.setattr("sklearn.svm.SVC", Decided)
    return certificates.check_query_as_far_from_either_class(
        Implementation(SMALL, encrypt=noted)
    ), tried


@pytest.mark.parametrize("values", [(0.0, -1.0), (-1.0, 0.0), (0.0, 0.0)])
def test_values_of_one_class_are_looked_for_further(
    monkeypatch: Patch, values: tuple[float, float]
) -> None:
    found, tried = query_between(monkeypatch, *values)
    assert found.agrees
    assert len(tried) == 200
    below, above, query = (tried[0].reshape(3, -1).astype(int) - 100).tolist()
    assert below == [-d for d in above]
    assert sorted(above) == sorted([*range(3, 67, 2)] * 2)  # odd ones, each twice
    assert sorted(zip(above, query, strict=True)) == [
        (d, e) for d in range(3, 67, 2) for e in (-1, 1)
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.5, -1.0), "class 1 plain, 0 encrypted"),
        ((-1.0, 0.5), "class 0 plain, 1 encrypted"),
        ((0.0, 2.0), "class 0 plain, 1 encrypted"),
        ((2.0, 0.0), "class 1 plain, 0 encrypted"),
    ],
)
def test_values_of_two_classes_are_found(
    monkeypatch: Patch, values: tuple[float, float], said: str
) -> None:
    found, tried = query_between(monkeypatch, *values)
    assert found.agrees is False
    assert found.detail.endswith(said)
    assert len(tried) == 1
