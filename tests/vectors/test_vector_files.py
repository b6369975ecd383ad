"""The shipped vectors: what is written today, of sound form, and enough to tell mistakes apart."""

from __future__ import annotations

import copy
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import etcprops
from etcprops import BlockGeometry, EtCKey, InvalidParameterError
from etcprops.exact.gram import integer_squared_distances
from etcprops.vectors import FILES, load_vectors, vectors_text
from etcprops.vectors.__main__ import main
from etcprops.vectors.cipher import STEPS, Cipher, ExplicitKey
from etcprops.vectors.mistakes import (
    ACCEPTANCE,
    ARRANGEMENT,
    DECRYPTION,
    DERIVATION,
    ENCRYPTION,
    kinds,
)
from etcprops.vectors.notes import FEATURES

PACKAGE = Path(etcprops.__file__).parent
SCHEMA = json.loads((PACKAGE / "schemas" / "Vectors.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
FAMILIES = dict(
    zip(FILES, (ENCRYPTION, DECRYPTION, ACCEPTANCE, DERIVATION, ARRANGEMENT), strict=True)
)
FILES_AND_DOCUMENTS = {name: load_vectors(name) for name in FILES}


def cases_of(name: str) -> Iterator[dict[str, Any]]:
    """Yield the tests of a file with the fields of their groups."""
    for group in FILES_AND_DOCUMENTS[name]["testGroups"]:
        shared = {field: value for field, value in group.items() if field != "tests"}
        yield from (shared | test for test in group["tests"])


# --- Files


def test_the_files_are_what_is_written_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1].split()[0] for line in lines] == [
        str(document["numberOfTests"]) for document in FILES_AND_DOCUMENTS.values()
    ]


def test_a_file_that_was_changed_by_hand_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcprops.vectors.__main__.FILES", FILES[3:4])
    assert main([str(tmp_path), "--check"]) == 1  # it is not there
    assert main([str(tmp_path)]) == 0
    (file,) = tmp_path.iterdir()
    assert main([str(tmp_path), "--check"]) == 0
    file.write_text(file.read_text("utf-8").replace('"secret": "', '"secret": "00', 1), "utf-8")
    assert main([str(tmp_path), "--check"]) == 1
    assert f"{file} is not what python -m etcprops.vectors writes" in capsys.readouterr().out


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", FILES)
def test_a_file_follows_the_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    document = FILES_AND_DOCUMENTS[name]
    VALIDATOR.validate(document)
    assert (PACKAGE / "schemas" / document["schema"]).is_file()
    numbers = [test["tcId"] for test in cases_of(name)]
    assert numbers == [*range(1, document["numberOfTests"] + 1)]
    assert {flag for test in cases_of(name) for flag in test["flags"]} == set(document["notes"])
    assert all(ord(letter) < 128 for letter in vectors_text(name))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("etc_encryption", {"ct": "0"}),
        ("etc_encryption", {"ct": "GG"}),
        ("etc_encryption", {"ct": None}),
        ("etc_encryption", {"result": "acceptable"}),
        ("etc_encryption", {"flags": []}),
        ("etc_encryption", {"more": 1}),
        ("etc_decryption", {"tcId": 0}),
        ("etc_malformed", {"result": "valid"}),
        ("etc_malformed", {"block": "2"}),
        ("etc_key_derivation", {"transforms": [8]}),
        ("etc_key_derivation", {"secret": ...}),
        ("etc_grayscale", {"msg": "0"}),
    ],
)
def test_the_schema_refuses_what_is_broken(name: str, change: dict[str, Any]) -> None:
    document = dict(FILES_AND_DOCUMENTS[name])
    group = copy.deepcopy(document["testGroups"][0])
    del group["tests"][1:]
    document["testGroups"] = [group]
    VALIDATOR.validate(document)
    group["tests"][0] |= change
    group["tests"][0] = {k: v for k, v in group["tests"][0].items() if v is not ...}
    assert not VALIDATOR.is_valid(document)


def test_the_loader_names_the_files() -> None:
    with pytest.raises(InvalidParameterError, match=r"be one of .*Did you mean 'etc_encryption'"):
        load_vectors("encryption")


# --- Cases


def test_there_are_enough_cases_in_little_space() -> None:
    tests = [test for name in FILES for test in cases_of(name)]
    assert len(tests) >= 3500
    assert sum(test["result"] == "valid" for test in tests) >= 850
    assert sum(test["result"] == "invalid" for test in tests) >= 2000
    sizes = {tuple(t[s] for s in ("height", "width", "channels", "block")) for t in tests}
    assert len(sizes) >= 120
    assert {*range(1, 9), 10, 12, 16} <= {t["block"] for t in cases_of("etc_encryption")}
    assert sum(len(vectors_text(name)) for name in FILES) <= 1_600_000


def test_valid_tests_have_features_and_invalid_ones_mistakes() -> None:
    for name, family in FAMILIES.items():
        mistakes = {mistake.__name__ for mistake in family}
        for test in cases_of(name):
            known = mistakes if test["result"] == "invalid" else {*FEATURES}
            assert {*test["flags"]} <= known


def test_every_mistake_is_shown_by_several_cases() -> None:
    for name, family in FAMILIES.items():
        counts = Counter(flag for test in cases_of(name) for flag in test["flags"])
        for mistake in family:
            assert counts[mistake.__name__] >= 2, mistake
        if name == "etc_encryption":
            assert sorted(counts[m.__name__] for m in family)[1] >= 10  # but BlockNumbersInBytes


def test_no_test_is_there_twice() -> None:
    for name in FILES:
        tests = [
            repr({k: v for k, v in test.items() if k not in {"tcId", "comment", "flags", "result"}})
            for test in cases_of(name)
        ]
        twice = [test for test, count in Counter(tests).items() if count > 1]
        assert twice == []


@pytest.mark.parametrize("name", FILES)
def test_no_two_mistakes_give_the_same_everywhere(name: str) -> None:
    """Otherwise the one could not be told from the other."""
    where = defaultdict(set)
    for test in cases_of(name):
        if test["result"] == "invalid":
            for flag in test["flags"]:
                where[flag].add(test["tcId"])
    for (a, mine), (b, theirs) in itertools.combinations(where.items(), 2):
        assert mine != theirs, f"{a} and {b}"


def test_secrets_that_share_what_mistakes_use_have_keys_of_their_own() -> None:
    valid = [test for test in cases_of("etc_key_derivation") if test["result"] == "valid"]
    secrets = {test["secret"] for test in valid}
    for part in (slice(8), slice(-8, None), slice(32), slice(64)):  # of hexadecimal digits
        assert max(Counter(secret[part] for secret in secrets).values()) >= 2
    for test in valid:
        geometry = BlockGeometry(
            *(test[s] for s in ("height", "width")), channels=test["channels"], block=test["block"]
        )
        key = ExplicitKey.of(EtCKey.from_secret(geometry, bytes.fromhex(test["secret"])))
        assert key.steps == {step: test[step] for step in STEPS}


# --- What is said of mistakes

KEPT = (kinds.OTHER_MAP, kinds.FEWER_KEYS, kinds.MISSING_STEP, kinds.UNENCRYPTED)
GREY = BlockGeometry(4, 6, block=2)
COLOUR = BlockGeometry(6, 4, channels=3, block=2)
MANY = BlockGeometry(1, 258, block=1)


def keys_under_test(mistake: type[Cipher]) -> list[ExplicitKey]:
    """Return keys with all steps, grey and colour; of many blocks where it takes these."""
    some = [MANY] if mistake.__name__ == "BlockNumbersInBytes" else [GREY, COLOUR]
    return [ExplicitKey.of(EtCKey.from_secret(g, s)) for g in some for s in ("one", "two", "three")]


def image_of(key: ExplicitKey, seed: int) -> bytes:
    size: int = key.height * key.width * key.channels
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@pytest.mark.parametrize("mistake", ENCRYPTION, ids=lambda mistake: mistake.__name__)
def test_a_mistake_keeps_distances_if_its_effect_says_so(mistake: type[Cipher]) -> None:
    kept = []
    for key in keys_under_test(mistake):
        images = [image_of(key, seed) for seed in range(4)]
        encrypted = [mistake().encrypt(image, key) for image in images]
        before, after = (
            integer_squared_distances(np.array([[*row] for row in rows], np.uint8))
            for rows in (images, encrypted)
        )
        kept.append(np.array_equal(before, after))
    assert all(kept) == (mistake.kind in KEPT)


@pytest.mark.parametrize(
    "mistake",
    [m for m in ENCRYPTION if m.kind in {kinds.LOSES, kinds.DISTORTS}],
    ids=lambda mistake: mistake.__name__,
)
def test_a_mistake_loses_images_if_its_effect_says_so(mistake: type[Cipher]) -> None:
    """Two images that differ in one pixel are encrypted alike, or no two are."""
    key = keys_under_test(mistake)[-1]
    image = image_of(key, 0)

    def alike(place: int, levels: range) -> bool:
        images = [image[:place] + bytes([level]) + image[place + 1 :] for level in levels]
        return len({mistake().encrypt(image, key) for image in images}) < len(images)

    lost = any(alike(place, range(0, 256, 255)) for place in reversed(range(len(image))))
    lost = lost or any(alike(place, range(256)) for place in (0, len(image) // 2, len(image) - 1))
    assert lost == (mistake.kind is kinds.LOSES)


def small_families() -> Iterator[list[ExplicitKey]]:
    """Yield all keys of some small sizes and steps."""
    for height, width, channels, steps in (
        (2, 4, 1, STEPS[:3]),
        (4, 2, 1, STEPS[1:3]),
        (2, 2, 3, STEPS[1:]),
        (2, 4, 3, STEPS[3:]),
        (2, 6, 1, STEPS[:1]),
    ):
        blocks = height * width // 4
        values: dict[str, list[Any]] = {
            "permutation": [*map(list, itertools.permutations(range(blocks)))],
            **{
                step: [*map(list, itertools.product(range(n), repeat=blocks))]
                for step, n in (("transforms", 8), ("negatives", 2), ("components", 6))
            },
        }
        chosen = itertools.product(*(values[step] for step in steps))
        yield [
            ExplicitKey(height, width, channels, 2, **dict(zip(steps, c, strict=True)))
            for c in chosen
        ]


SMALL = [*small_families()]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "mistake",
    [m for m in ENCRYPTION if m.kind in KEPT[:3]],
    ids=lambda mistake: mistake.__name__,
)
def test_a_mistake_has_fewer_encryptions_than_keys_if_its_effect_says_so(
    mistake: type[Cipher],
) -> None:
    fewer = False
    for keys in SMALL:
        image = image_of(keys[0], 5)
        fewer |= len({mistake().encrypt(image, key) for key in keys}) < len(keys)
        if fewer:
            break
    assert fewer == (mistake.kind is not kinds.OTHER_MAP)
