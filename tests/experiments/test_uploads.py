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
from etcprops.experiments.uploads import Upload, attack_upload, run_attacks, summarise


@pytest.fixture(scope="module")
def faces() -> ImageSet:
    return make_synthetic_faces(people=2, lights=48, height=96, width=80)


def test_common_key_and_own_keys_are_attacked(faces: ImageSet, tmp_path: Path) -> None:
    found = run_attacks(faces, Choices(), folder=tmp_path)
    assert [upload.holder for upload in found] == ["common", "1", "2"]
    assert [upload.images for upload in found] == [32, 24, 24]
    assert found[0].recovered
    assert found[0].right > 0.9
    # What is kept is read, not computed again.
    kept = sorted(tmp_path.glob("*-attack-*.json"))
    assert len(kept) == 3
    text = kept[0].read_text().replace('"images": 24', '"images": 7')
    kept[0].write_text(text)
    assert run_attacks(faces, Choices(), folder=tmp_path)[1].images == 7
    # But not if another version of the attack has written it, or if it is another holder's.
    for other in (text.replace('"version": 1', '"version": 0'), kept[1].read_text()):
        kept[0].write_text(other)
        assert run_attacks(faces, Choices(), folder=tmp_path)[1] == found[1]


def test_noise_gives_nothing_away(faces: ImageSet) -> None:
    noise = np.random.default_rng(0).integers(0, 256, faces.images.shape, dtype=np.uint8)
    upload = attack_upload(replace(faces, images=noise), Choices(), "1")
    assert not upload.recovered
    assert upload.right < 0.1


def test_a_summary_counts_keys_of_each_condition() -> None:
    own = [Upload(32, True, 1.0, "1"), Upload(24, False, 0.5, "2")]
    first, second = summarise([Upload(32, True, 1.0, uploads.COMMON), *own])
    assert (first.keys, first.recovered, first.right) == (1, 1, 1.0)
    assert (second.keys, second.images, second.recovered, second.right) == (2, 24, 1, 0.75)
    assert summarise([]) == []
