"""What the clients' uploads give away, beside the error rates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from etcprops.datasets import ImageSet
from etcprops.datasets.synthetic_faces import make_synthetic_faces
from etcprops.experiments import uploads
from etcprops.experiments.choices import Choices
from etcprops.experiments.uploads import Exposure, attack_upload, run_attacks, summarise


@pytest.fixture(scope="module")
def faces() -> ImageSet:
    return make_synthetic_faces(people=2, lights=48, height=96, width=80)


def test_common_key_and_own_keys_are_attacked(faces: ImageSet, tmp_path: Path) -> None:
    exposures = run_attacks(faces, Choices(), folder=tmp_path)
    assert [exposure.holder for exposure in exposures] == ["common", "1", "2"]
    assert [exposure.images for exposure in exposures] == [32, 24, 24]
    assert exposures[0].recovered
    assert exposures[0].right > 0.9
    # What is kept is read, not computed again.
    kept = sorted(tmp_path.glob("*-attack-*.json"))
    assert len(kept) == 3
    kept[0].write_text('{"holder": "1", "images": 7, "recovered": false, "right": 0.25}')
    assert Exposure("1", 7, False, 0.25) in run_attacks(faces, Choices(), folder=tmp_path)


def test_noise_gives_nothing_away(faces: ImageSet) -> None:
    noise = np.random.default_rng(0).integers(0, 256, faces.images.shape, dtype=np.uint8)
    exposure = attack_upload(replace(faces, images=noise), Choices(), "1")
    assert not exposure.recovered
    assert exposure.right < 0.1


def test_a_summary_counts_keys_of_each_condition() -> None:
    own = [Exposure("1", 32, True, 1.0), Exposure("2", 24, False, 0.5)]
    first, second = summarise([Exposure(uploads.COMMON, 32, True, 1.0), *own])
    assert (first.keys, first.recovered, first.right) == (1, 1, 1.0)
    assert (second.keys, second.images, second.recovered, second.right) == (2, 24, 1, 0.75)
    assert summarise([]) == []
