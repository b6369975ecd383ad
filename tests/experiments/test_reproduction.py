"""The scenario, the fast engine beside the straightforward one, and the experiment's conditions."""

from __future__ import annotations

import gc
import math
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from straightforward import straightforward_scores

from etcprops import BlockGeometry, EtCKey, InvalidParameterError
from etcprops.datasets import ImageSet
from etcprops.datasets.synthetic_faces import light_directions, make_synthetic_faces
from etcprops.experiments.choices import SVM, Choices
from etcprops.experiments.reproduction import Stage, run, run_part
from etcprops.experiments.scenario import Client, Cloud, PlainClient
from etcprops.experiments.svm import (
    fit_one_vs_rest,
    query_products,
    training_products,
)
from etcprops.reductions import BlockDCT, BlockMean

PAIR = np.arange(2)
SVMS = (SVM("linear", C=10), SVM("rbf", C=10))


@cache
def small_faces() -> ImageSet:
    return make_synthetic_faces(people=5, lights=12, height=48, width=40)


def reachable(start: object) -> list[object]:
    """Return every object that can be reached by references, classes and modules excepted."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, (type, ModuleType)) or callable(thing):
            continue
        seen[id(thing)] = thing
        waiting.extend(gc.get_referents(thing))
    return list(seen.values())


def trained(clients: list[Client]) -> tuple[Cloud, list[Any]]:
    data = small_faces()
    cloud = Cloud(BlockMean(data.geometry, cell=4), SVMS)
    images = data.images.reshape(5, 12, 48, 40)
    cloud.train([c.send(images[c.name - 1, ::2]) for c in clients])
    sent = [c.send(images[c.name - 1, 1::2]) for c in clients]
    return cloud, [sent, cloud.test(sent)]


def own_keys() -> list[Client]:
    geometry = small_faces().geometry
    return [Client(n, EtCKey.from_secret(geometry, f"client {n}")) for n in range(1, 6)]


def test_cloud_and_what_is_sent_reach_no_key() -> None:
    clients = own_keys()
    cloud, (sent, _) = trained(clients)
    assert not [x for x in reachable([cloud, sent]) if isinstance(x, (EtCKey, Client))]
    # The control: the same search finds the key that a client holds.
    assert [x for x in reachable([clients[0]]) if isinstance(x, EtCKey)]


def test_key_condition_1_is_exact_with_block_means() -> None:
    key = EtCKey.from_secret(small_faces().geometry, "common")
    plain = trained([PlainClient(n) for n in range(1, 6)])[1][1]
    common = trained([Client(n, key) for n in range(1, 6)])[1][1]
    own = trained(own_keys())[1][1]
    for before, after, other in zip(plain, common, own, strict=True):
        assert np.array_equal(before, after)
        assert not np.allclose(before, other)


def test_scale_about_mid_grey_is_no_keys_business() -> None:
    """With exact reductions even a key per client leaves the scale as it is, to the bit."""
    data = small_faces()
    groups: dict[str, list[Client]] = {
        "plain": [PlainClient(n) for n in range(1, 6)],
        "common": [Client(n, EtCKey.from_secret(data.geometry, "common")) for n in range(1, 6)],
        "own": own_keys(),
    }
    lengths, scores = {}, {}
    for name, clients in groups.items():
        cloud = Cloud(BlockMean(data.geometry, cell=4), SVMS, normalization="mid-grey")
        images = data.images.reshape(5, 12, 48, 40)
        cloud.train([c.send(images[c.name - 1, ::2]) for c in clients])
        scores[name] = cloud.test([c.send(images[c.name - 1, 1::2]) for c in clients])
        trained_on = cloud._trained  # noqa: SLF001  # the scale shows in no public attribute
        assert trained_on is not None
        lengths[name] = trained_on.products.squares
        assert np.mean(lengths[name]) == pytest.approx(cloud.n_features)
    assert np.array_equal(lengths["plain"], lengths["common"])
    assert np.array_equal(lengths["plain"], lengths["own"])
    assert all(map(np.array_equal, scores["plain"], scores["common"]))


def test_authentication_has_the_scores_of_the_test() -> None:
    clients = own_keys()
    cloud, (sent, scores) = trained(clients)
    for index, query in enumerate(sent):
        rows = slice(6 * index, 6 * index + 6)
        for found, expected in zip(cloud.authenticate(query), scores, strict=True):
            np.testing.assert_allclose(found, expected[rows, index], atol=1e-9)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("svm", SVMS, ids=lambda svm: svm.kernel)
def test_engine_has_the_straightforward_scores(svm: SVM, exact: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(0)
    training, queries = rng.normal(size=(60, 20)), rng.normal(size=(30, 20))
    labels = np.arange(60) % 4
    own = training_products(training, exact=exact)
    models = fit_one_vs_rest(own.kernel(svm), labels, np.arange(4), svm.C)
    cross = query_products(queries, training, own, exact=exact)
    expected = straightforward_scores(training, labels, np.arange(4), queries, svm)
    np.testing.assert_allclose(models.scores(cross.kernel(svm)), expected, atol=1e-6)


def test_mid_grey_has_no_overflow() -> None:
    """Sums of squared cosine coefficients of bright images pass 2^63."""
    geometry = BlockGeometry(192, 160)
    reduction = BlockDCT(geometry, 3)
    images = np.random.default_rng(3).integers(200, 256, (2, 24, 192, 160), dtype=np.uint8)
    key = EtCKey.from_secret(geometry, "bright")
    doubled = 2 * reduction.fit_transform(images.reshape(48, -1)).astype(object)
    doubled -= reduction.transform(np.full((1, geometry.n_pixels), 255, dtype=np.uint8))[0]
    total = (doubled**2).sum()
    assert total >= 2**63
    expected = math.sqrt(total / (4 * doubled.size))
    answers = []
    for clients in ([PlainClient(0), PlainClient(1)], [Client(0, key), Client(1, key)]):
        cloud = Cloud(reduction, [SVM("linear")], normalization="mid-grey")
        cloud.train([client.send(images[client.name, ::2]) for client in clients])
        answers.append(cloud.test([client.send(images[client.name, 1::2]) for client in clients]))
    (plain,), (encrypted,) = answers
    assert np.array_equal(plain, encrypted)
    cloud.train([PlainClient(n).send(images[n]) for n in (0, 1)])
    state = cloud._trained  # noqa: SLF001
    assert state is not None
    assert state.statistics[0].divisor == expected


def test_an_svm_that_does_not_converge_is_given_up() -> None:
    data = small_faces()
    stage = Stage(data, Choices(), 20, 0)
    assert stage.genuine.sum() == len(stage.genuine) == 30
    svms = (SVM("linear", C=1e-6), SVM("linear", C=1e3), SVM("rbf"))
    clients = [PlainClient(person) for person in stage.people]
    bounded, unbounded = (
        Cloud(BlockMean(data.geometry, cell=4), svms, max_iter=steps) for steps in (20, -1)
    )
    for cloud in (bounded, unbounded):
        cloud.train([client.send(stage.training[client.name]) for client in clients])
    assert unbounded.trained == svms
    assert svms[1] not in bounded.trained
    assert bounded.trained
    queries = [client.send(stage.queries[client.name]) for client in clients]
    answers = dict(zip(bounded.trained, bounded.test(queries), strict=True))
    expected = dict(zip(svms, unbounded.test(queries), strict=True))
    assert all(np.array_equal(answers[svm], expected[svm]) for svm in answers)
    assert len(bounded.authenticate(queries[0])) == len(bounded.trained)
    assert len(bounded.normal_lengths()) == len(bounded.trained)


def test_conditions_and_resumption(tmp_path: Path) -> None:
    data, choices = small_faces(), Choices()
    parts = run(data, choices, ratios=[20], splits=2, folder=tmp_path)
    assert set(parts[0].eer) == {"plain", "common", "own", "stolen", "wrong"}
    assert parts[0].eer["own"]["linear"] <= parts[0].eer["stolen"]["linear"]
    seen: list[int] = []
    again = run(data, choices, ratios=[20], splits=2, folder=tmp_path,
                progress=lambda done, _total, _last: seen.append(done))  # fmt: skip
    assert again == parts
    assert seen == [2]
    next(tmp_path.glob("*-20-1.json")).write_text("{")
    assert run(data, choices, ratios=[20], splits=2, folder=tmp_path) == parts


def test_exact_reduction_gives_identical_parts() -> None:
    choices = Choices(reduction="exact", conditions=("plain", "common"))
    part = run_part(small_faces(), choices, 20, 0)
    same = {"scores": True, "decisions": True}
    assert part.identical == {"linear": same, "rbf": same}
    assert part.eer["plain"] == part.eer["common"]


@pytest.mark.parametrize("normalization", ["pooled", "per-client", "mid-grey"])
def test_normalizations(normalization: Any) -> None:
    choices = Choices(normalization=normalization, conditions=("plain", "own"))
    assert set(run_part(small_faces(), choices, 40, 0).eer) == {"plain", "own"}


def test_faces_repeat_and_differ_by_seed() -> None:
    small = {"people": 2, "lights": 4, "height": 48, "width": 40}
    assert np.array_equal(
        make_synthetic_faces(**small).images, make_synthetic_faces(**small).images
    )
    assert not np.array_equal(
        make_synthetic_faces(**small).images, make_synthetic_faces(**small, seed=1).images
    )
    assert np.allclose(np.linalg.norm(light_directions(), axis=1), 1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SVM("poly"), "'kernel' parameter of SVM"),  # type: ignore[arg-type]
        (lambda: SVM("rbf", C=0), "'C' parameter of SVM"),
        (lambda: Choices(conditions=()), "'conditions' parameter of Choices"),
        (lambda: Choices(conditions=("theirs",)), "'conditions' parameter of Choices"),
        (
            lambda: run_part(small_faces(), Choices(conditions=("own",)), 20, 0),
            "'choices' parameter",
        ),
        (lambda: Cloud(None, []), "'svms' parameter of Cloud"),
        (
            lambda: fit_one_vs_rest(np.full((2, 2), np.nan), PAIR, PAIR, 1.0),
            "'kernel' .* be finite",
        ),
        (lambda: make_synthetic_faces(lights=65), "'lights' parameter of make_synthetic_faces"),
        (lambda: run_part(small_faces(), Choices(reduction="none"), 20, 0), "'reduction' param"),
    ],
)
def test_bad_parameters(build: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        build()
