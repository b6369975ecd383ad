"""Inner products alone: duplicates, clusters, links, outliers, and the images up to a turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etcprops import EtCKey, InvalidParameterError, centre_mid_grey, encrypt
from etcprops.attacks.gram import (
    clusters,
    duplicates,
    embedding,
    from_known_images,
    links,
    nearest_images,
    normalized,
    squared_distances,
    unlikeness,
)
from etcprops.datasets import make_synthetic_faces

FACES = make_synthetic_faces(people=5, lights=12, height=24, width=20, block=4)


def rows_of(images: NDArray[np.uint8], key: EtCKey | None = None) -> NDArray[np.float64]:
    """Return images as the cloud has them, about mid-grey."""
    sent = images if key is None else encrypt(images, key)
    return centre_mid_grey(sent).reshape(len(images), -1).astype(np.float64)


KEY = EtCKey.from_secret(FACES.geometry, "key 3")
SENT = rows_of(FACES.images, KEY)
GRAM = SENT @ SENT.T


def test_distances_are_those_of_plain_images() -> None:
    plain = rows_of(FACES.images)
    direct = np.square(plain[:, None] - plain).sum(axis=2)
    assert np.array_equal(squared_distances(GRAM), direct)


def test_duplicates_are_found_and_no_others() -> None:
    again = np.concatenate([SENT, SENT[[7]], SENT[[9]] + 1])
    gram = again @ again.T
    assert duplicates(gram).tolist() == [[7, 60]]
    assert duplicates(gram, tolerance=1e-3).tolist() == [[7, 60], [9, 61]]


def test_nearest_images_are_of_one_person_far_above_chance() -> None:
    faces = make_synthetic_faces(people=4, lights=48, height=24, width=20, block=4)
    rows = rows_of(faces.images, EtCKey.from_secret(faces.geometry, "key 3"))
    nearest = nearest_images(normalized(rows @ rows.T))
    assert not np.any(nearest == np.arange(len(rows)))
    assert (faces.labels[nearest] == faces.labels).mean() > 2 / 4


def test_keys_of_their_own_end_the_linkage() -> None:
    apart = np.concatenate(
        [
            rows_of(x[None], EtCKey.from_secret(FACES.geometry, f"key {k}"))
            for k, x in enumerate(FACES.images)
        ]
    )
    again = np.concatenate(
        [apart, rows_of(FACES.images[:1], EtCKey.from_secret(FACES.geometry, "key 99"))]
    )
    assert not len(duplicates(again @ again.T))


def test_clusters_are_groups_that_lie_apart() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(10 * np.eye(3), 4, axis=0)
    rows = centres + 0.1 * rng.standard_normal(centres.shape)
    groups = clusters(rows @ rows.T, 3)
    assert sorted(np.bincount(groups)) == [4, 4, 4]
    assert all(len(set(groups[k : k + 4])) == 1 for k in (0, 4, 8))
    assert set(clusters(GRAM, 1)) == {0}


def test_two_sites_under_one_key_are_linked_and_members_known() -> None:
    one, other = SENT[:40], SENT[30:]
    energies = [np.square(rows).sum(axis=1) for rows in (one, other)]
    found = links(energies[0], energies[1], one @ other.T)
    assert found.tolist() == [-1] * 30 + list(range(10))
    stranger = rows_of(FACES.images[30:], EtCKey.from_secret(FACES.geometry, "key 4"))
    assert set(links(energies[0], energies[1], one @ stranger.T)) == {-1}


def test_what_is_unlike_the_rest_stands_out() -> None:
    rows = np.concatenate([SENT, np.full((1, SENT.shape[1]), 127.5)])
    assert unlikeness(rows @ rows.T).argmax() == 60
    assert unlikeness(GRAM).mean() == pytest.approx(1)
    assert unlikeness(np.ones((3, 3))).tolist() == [0, 0, 0]


def test_the_embedding_is_the_images_up_to_an_orthogonal_map() -> None:
    found = embedding(GRAM)
    assert found.shape == (60, 60)
    assert np.allclose(found @ found.T, GRAM, rtol=0, atol=1e-9 * GRAM.max())


@pytest.mark.parametrize(("known", "exact"), [(10, True), (9, False)])
def test_as_many_known_images_as_the_rank_give_all(known: int, exact: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(0)
    plain = rng.standard_normal((30, 10)) @ rng.standard_normal((10, 480))
    found = from_known_images(plain @ plain.T, np.arange(known), plain[:known])
    assert np.allclose(found, plain, rtol=0, atol=1e-6) is exact


@pytest.mark.parametrize(
    "gram",
    [
        pytest.param([[1.0, 2.0]], id="not square"),
        pytest.param([[1.0, 2.0], [3.0, 4.0]], id="not symmetric"),
        pytest.param([[np.inf, 0], [0, 1]], id="infinite"),
        pytest.param([[1.0]], id="one image"),
        pytest.param("gram", id="no array"),
    ],
)
@pytest.mark.parametrize(
    "function",
    [squared_distances, duplicates, nearest_images, normalized, unlikeness, embedding],
)
def test_what_is_no_gram_matrix_is_refused(function: Any, gram: Any) -> None:
    with pytest.raises(InvalidParameterError, match="'gram' parameter of"):
        function(gram)


def test_other_bad_parameters_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="'tolerance' parameter of duplicates"):
        duplicates(GRAM, tolerance=-1)
    with pytest.raises(InvalidParameterError, match="'count' parameter of clusters"):
        clusters(GRAM, 0)
    with pytest.raises(InvalidParameterError, match="'cross' parameter of links"):
        links([1.0], [1.0, 2.0], [[1.0]])
    for known in ([0, 60], [0], [0.0, 1.0], [-1, 0]):
        with pytest.raises(InvalidParameterError, match="'known' parameter of from_known_images"):
            from_known_images(GRAM, known, SENT[:2])
