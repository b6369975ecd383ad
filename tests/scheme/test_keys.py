"""Keys: known answers computed by hand, the key space counted, JSON, and what must be refused."""

from __future__ import annotations

import copy
import gc
import hashlib
import json
import math
import os
import pickle
import stat
import traceback
import weakref
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import subsets_of_steps
from hypothesis import given

from etcprops import (
    ALL,
    COMPONENT_ORDERS,
    BlockGeometry,
    EtCKey,
    InvalidParameterError,
    Step,
    encrypt,
    strategies,
)

GREY = BlockGeometry(4, 6, block=2)
COLOUR = BlockGeometry(4, 6, channels=3, block=2)


CASES = [(geometry, steps) for geometry in (GREY, COLOUR) for steps in subsets_of_steps(geometry)]
CASE_IDS = [f"{geometry.channels}:{'+'.join(steps) or 'none'}" for geometry, steps in CASES]


# --- What the secret gives: computed once more, from the documented definition, by plain Python


def _octets(geometry: BlockGeometry, step: str, secret: bytes, size: int) -> bytes:
    sizes = (
        f"height={geometry.height},width={geometry.width},"
        f"channels={geometry.channels},block={geometry.block}"
    )
    message = b"etcprops.EtCKey/v1/" + sizes.encode() + b"/" + step.encode() + b"\0" + secret
    return hashlib.shake_256(message).digest(size)


def _codes(geometry: BlockGeometry, step: str, secret: bytes, bound: int) -> list[int]:
    codes: list[int] = []
    for octet in _octets(geometry, step, secret, 4 * geometry.n_blocks + 64):
        if octet < (256 // bound) * bound and len(codes) < geometry.n_blocks:
            codes.append(octet % bound)
    assert len(codes) == geometry.n_blocks
    return codes


def _order(geometry: BlockGeometry, secret: bytes) -> list[int]:
    octets = _octets(geometry, "permutation", secret, 8 * geometry.n_blocks)
    tags = [int.from_bytes(octets[8 * i : 8 * i + 8], "little") for i in range(geometry.n_blocks)]
    assert len(set(tags)) == len(tags)
    return sorted(range(len(tags)), key=tags.__getitem__)


@pytest.mark.parametrize(
    "geometry",
    [
        BlockGeometry(2, 2, block=2),
        GREY,
        COLOUR,
        BlockGeometry(192, 160),
        BlockGeometry(64, 96, channels=3, block=4),
    ],
    ids=str,
)
@pytest.mark.parametrize("secret", [b"an example", b"\x00\xff" * 16, "schlüssel".encode()])
def test_known_answers_from_the_definition(geometry: BlockGeometry, secret: bytes) -> None:
    key = EtCKey.from_secret(geometry, secret)
    assert key.permutation is not None
    assert key.transforms is not None
    assert key.negatives is not None
    assert key.permutation.tolist() == _order(geometry, secret)
    assert key.transforms.tolist() == _codes(geometry, "transforms", secret, 8)
    assert key.negatives.tolist() == [
        bool(code) for code in _codes(geometry, "negatives", secret, 2)
    ]
    if geometry.channels == 1:
        assert key.components is None
    else:
        assert key.components is not None
        assert key.components.tolist() == _codes(geometry, "components", secret, 6)


def test_known_answer_in_figures() -> None:
    # These never change: a key that someone stored as a secret must come out the same for ever.
    assert EtCKey.from_secret(COLOUR, b"an example") == EtCKey(
        COLOUR,
        permutation=[4, 2, 0, 1, 3, 5],
        transforms=[4, 2, 7, 4, 2, 3],
        negatives=[0, 0, 1, 1, 0, 0],
        components=[3, 4, 5, 1, 1, 5],
    )


def test_text_secret_is_utf8() -> None:
    assert EtCKey.from_secret(GREY, "schlüssel") == EtCKey.from_secret(GREY, b"schl\xc3\xbcssel")


@pytest.mark.parametrize(("geometry", "steps"), CASES, ids=CASE_IDS)
def test_a_subset_of_the_steps_agrees_with_the_full_key(
    geometry: BlockGeometry, steps: tuple[Step, ...]
) -> None:
    full = EtCKey.from_secret(geometry, "s")
    part = EtCKey.from_secret(geometry, "s", steps=steps)
    assert part.steps == steps
    for step in Step:
        if step in steps:
            assert getattr(part, step).tolist() == getattr(full, step).tolist()
        else:
            assert getattr(part, step) is None


def test_steps_may_be_named_in_any_order_by_plain_strings() -> None:
    key = EtCKey.from_secret(GREY, "s", steps=["negatives", "permutation"])
    assert key.steps == (Step.PERMUTATION, Step.NEGATIVES)
    assert EtCKey.from_secret(GREY, "s", steps=(str(s) for s in ALL)) == EtCKey.from_secret(
        GREY, "s"
    )


def test_another_geometry_or_secret_gives_unrelated_sequences() -> None:
    # Same number of blocks everywhere, so that sequences could be equal; 1,200 blocks, so that
    # they are not by chance.
    reference = EtCKey.from_secret(BlockGeometry(240, 320), "s")
    others = [
        EtCKey.from_secret(BlockGeometry(320, 240), "s"),
        EtCKey.from_secret(BlockGeometry(120, 160, block=4), "s"),
        EtCKey.from_secret(BlockGeometry(240, 320, channels=3), "s"),
        EtCKey.from_secret(BlockGeometry(240, 320), "t"),
        EtCKey.from_secret(BlockGeometry(240, 320), "s\0"),
    ]
    for other in others:
        assert other != reference
        for step in (Step.PERMUTATION, Step.TRANSFORMS, Step.NEGATIVES):
            mine, theirs = getattr(reference, step), getattr(other, step)
            assert not np.array_equal(mine, theirs)
            chance = {Step.PERMUTATION: 1 / 1200, Step.TRANSFORMS: 1 / 8, Step.NEGATIVES: 1 / 2}
            # Five standard deviations of the number of places that agree by chance.
            p = chance[step]
            assert abs(np.mean(mine == theirs) - p) < 5 * math.sqrt(p * (1 - p) / 1200)


def test_steps_read_separate_streams() -> None:
    key = EtCKey.from_secret(BlockGeometry(240, 320), "s")
    assert key.transforms is not None
    # Bytes of one stream would give a transform that tells whether its block is negated.
    agreement = np.mean((key.transforms % 2 == 1) == key.negatives)
    assert abs(agreement - 0.5) < 5 * math.sqrt(0.25 / 1200)


def test_generate_draws_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    geometry = BlockGeometry(64, 64)
    assert EtCKey.generate(geometry) != EtCKey.generate(geometry)
    sizes = []

    def counted(size: int) -> bytes:
        sizes.append(size)
        return bytes(range(size))

    monkeypatch.setattr("etcprops.scheme.keys.secrets.token_bytes", counted)
    key = EtCKey.generate(BlockGeometry(4, 4, block=2), steps={"transforms", "negatives"})
    assert sizes == [4, 4]
    assert key == EtCKey(key.geometry, transforms=[0, 1, 2, 3], negatives=[0, 1, 0, 1])


@pytest.mark.parametrize("geometry", [GREY, COLOUR], ids=["grey", "colour"])
def test_generate_covers_every_code(geometry: BlockGeometry) -> None:
    large = BlockGeometry(64, 64, channels=geometry.channels, block=2)
    key: Any = EtCKey.generate(large)
    assert set(key.transforms.tolist()) == set(range(8))
    assert set(key.negatives.tolist()) == {False, True}
    assert sorted(key.permutation.tolist()) == list(range(1024))
    if geometry.channels == 3:
        assert set(key.components.tolist()) == set(range(6))


# --- The key space


def test_every_key_of_two_grey_blocks_is_another_map() -> None:
    geometry = BlockGeometry(4, 2, block=2)
    keys = [
        EtCKey(geometry, permutation=order, transforms=turns, negatives=bits)
        for order in permutations(range(2))
        for turns in product(range(8), repeat=2)
        for bits in product((0, 1), repeat=2)
    ]
    assert len(set(keys)) == len(keys) == 512
    assert {key.key_space_size() for key in keys} == {512}
    assert {key.key_space_bits() for key in keys} == {9.0}
    # Levels that no negation confuses: the picture tells the maps apart.
    picture = np.arange(8, dtype=np.uint8).reshape(4, 2)
    assert len({encrypt(picture, key).tobytes() for key in keys}) == 512


def test_every_key_of_one_colour_block_is_another_map() -> None:
    geometry = BlockGeometry(2, 2, channels=3, block=2)
    keys = [
        EtCKey(geometry, permutation=[0], transforms=[t], negatives=[n], components=[c])
        for t, n, c in product(range(8), range(2), range(6))
    ]
    assert len(set(keys)) == len(keys) == 96
    assert {key.key_space_size() for key in keys} == {96}
    assert {key.key_space_bits() for key in keys} == {math.log2(96)}
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert len({encrypt(picture, key).tobytes() for key in keys}) == 96


@pytest.mark.parametrize(("geometry", "steps"), CASES, ids=CASE_IDS)
def test_key_space_is_the_product_over_the_steps(
    geometry: BlockGeometry, steps: tuple[Step, ...]
) -> None:
    sizes = {
        Step.PERMUTATION: 1 * 2 * 3 * 4 * 5 * 6,
        Step.TRANSFORMS: 8**6,
        Step.NEGATIVES: 2**6,
        Step.COMPONENTS: 6**6,
    }
    key = EtCKey.from_secret(geometry, "s", steps=steps)
    assert key.key_space_size() == math.prod(sizes[step] for step in steps)
    assert key.key_space_bits() == pytest.approx(math.log2(key.key_space_size()), rel=1e-15, abs=0)


@pytest.mark.parametrize("blocks", [1, 2, 3, 10, 100, 480, 999, 1000, 1001, 1002, 4096, 16384])
@pytest.mark.parametrize("channels", [1, 3])
def test_key_space_bits_to_the_last_digit(blocks: int, channels: int) -> None:
    key = EtCKey.from_secret(BlockGeometry(1, blocks, channels=channels, block=1), "s")
    exact = math.log2(key.key_space_size())
    assert key.key_space_bits() == pytest.approx(exact, rel=1e-15, abs=0)
    alone = EtCKey(key.geometry, permutation=key.permutation)
    assert alone.key_space_size() == math.factorial(blocks)
    assert alone.key_space_bits() == pytest.approx(
        math.log2(math.factorial(blocks)), rel=1e-15, abs=0
    )


def test_component_orders_are_all_orders() -> None:
    assert sorted(COMPONENT_ORDERS) == sorted(permutations(range(3)))


# --- Value semantics


@given(strategies.keys())
def test_json_and_pickle_and_copy_return_the_key(key: EtCKey) -> None:
    assert EtCKey.from_json(key.to_json()) == key
    assert EtCKey.from_json(key.to_json()).steps == key.steps
    assert pickle.loads(pickle.dumps(key)) == key  # noqa: S301
    assert copy.deepcopy(key) == key
    assert hash(copy.copy(key)) == hash(key)


def test_keys_of_one_geometry_have_hashes_of_their_own() -> None:
    keys = [EtCKey.from_secret(BlockGeometry(2, 8, block=2), f"{i}") for i in range(9)]
    assert len({hash(key) for key in keys}) == 9


@pytest.mark.parametrize(("geometry", "steps"), CASES, ids=CASE_IDS)
def test_json_for_every_subset_of_the_steps(
    geometry: BlockGeometry, steps: tuple[Step, ...]
) -> None:
    key = EtCKey.from_secret(geometry, "s", steps=steps)
    again = EtCKey.from_json(key.to_json())
    assert again == key
    assert again.steps == steps
    assert again.to_json() == key.to_json()
    document = json.loads(key.to_json())
    assert (document["format"], document["version"]) == ("etcprops.EtCKey", 1)
    assert document["geometry"] == geometry.to_dict()
    assert {step for step in Step if document[step] is not None} == set(steps)


def test_keys_differ_in_any_field() -> None:
    fields: dict[str, Any] = {
        "permutation": [1, 0],
        "transforms": [0, 0],
        "negatives": [0, 0],
        "components": [0, 0],
    }
    geometry = BlockGeometry(2, 4, channels=3, block=2)
    changed: dict[str, Any] = {name: [0, 1] for name in fields}
    without = [EtCKey(geometry, **{**fields, name: None}) for name in fields]
    other = [EtCKey(geometry, **{**fields, name: changed[name]}) for name in fields]
    key = EtCKey(geometry, **fields)
    transposed = EtCKey(BlockGeometry(4, 2, channels=3, block=2), **fields)
    assert len({key, transposed, *without, *other}) == 10
    assert key == EtCKey(geometry, **fields)
    assert key != "a key"
    # A step that does nothing is not the same as no step.
    assert EtCKey(geometry, negatives=[0, 0]) != EtCKey(geometry)


def test_immutable() -> None:
    key = EtCKey.from_secret(COLOUR, "s")
    for name in ("geometry", *map(str, Step), "new"):
        with pytest.raises(AttributeError, match=f"EtCKey is immutable: cannot set '{name}'"):
            setattr(key, name, None)
        with pytest.raises(AttributeError, match=f"EtCKey is immutable: cannot delete '{name}'"):
            delattr(key, name)
    for step in Step:
        with pytest.raises(ValueError, match="read-only"):
            getattr(key, step)[0] = 0
    assert key == EtCKey.from_secret(COLOUR, "s")


def test_the_arrays_it_was_made_from_are_copied() -> None:
    geometry = BlockGeometry(2, 4, channels=3, block=2)
    given_arrays = {
        "permutation": np.array([1, 0]),
        "transforms": np.array([3, 4]),
        "negatives": np.array([True, False]),
        "components": np.array([5, 0]),
    }
    key = EtCKey(geometry, **given_arrays)
    before = key.to_json()
    for array in given_arrays.values():
        array[:] = array[::-1].copy()
    assert key.to_json() == before


def test_repr_shows_no_secret() -> None:
    assert repr(EtCKey.from_secret(COLOUR, "s")) == (
        "EtCKey(BlockGeometry(height=4, width=6, channels=3, block=2), "
        "steps=permutation+transforms+negatives+components)"
    )
    assert repr(EtCKey(GREY)) == (
        "EtCKey(BlockGeometry(height=4, width=6, channels=1, block=2), steps=none)"
    )
    assert str(EtCKey.from_secret(GREY, "s")) == repr(EtCKey.from_secret(GREY, "t"))


def test_keys_can_be_kept_weakly() -> None:
    key = EtCKey.from_secret(GREY, "s")
    reference = weakref.ref(key)
    del key
    gc.collect()
    assert reference() is None


# --- What is refused

_SEQUENCE = "The '{}' parameter of EtCKey must {}. Got {}."
_BLOCKS = "be 6 integers from 0 to {}"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param(
            {"permutation": [0, 1, 2, 3, 4, 4]},
            _SEQUENCE.format("permutation", "hold each of 0 to 5 once", "4 2 times"),
            id="permutation with a duplicate",
        ),
        pytest.param(
            {"permutation": [0] * 6},
            _SEQUENCE.format("permutation", "hold each of 0 to 5 once", "0 6 times"),
            id="constant permutation",
        ),
        pytest.param(
            {"permutation": [0, 1, 2, 3, 4]},
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "shape (5,)"),
            id="permutation too short",
        ),
        pytest.param(
            {"permutation": [1, 2, 3, 4, 5, 6]},
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "6 at position 5"),
            id="permutation counted from one",
        ),
        pytest.param(
            {"permutation": np.arange(6.0)},
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "dtype float64"),
            id="permutation of floats",
        ),
        pytest.param(
            {"permutation": [[0, 1, 2], [3, 4, 5]]},
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "shape (2, 3)"),
            id="permutation as a grid",
        ),
        pytest.param(
            {"transforms": [0, 1, 2, 3, 4, 8]},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "8 at position 5"),
            id="transform 8",
        ),
        pytest.param(
            {"transforms": [0, -1, 2, 3, 4, 5]},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "-1 at position 1"),
            id="negative transform",
        ),
        pytest.param(
            {"transforms": 3},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "shape ()"),
            id="one transform for all",
        ),
        pytest.param(
            {"transforms": [[0], [0, 1]]},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "a list that is no array of numbers"),
            id="ragged transforms",
        ),
        pytest.param(
            {"transforms": [2**70] * 6},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "dtype object"),
            id="huge transforms",
        ),
        pytest.param(
            {"transforms": [0, False, 5, 1, 2, 3]},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "booleans among them"),
            id="a boolean among transforms",
        ),
        pytest.param(
            {"transforms": [True] * 6},
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "dtype bool"),
            id="transforms of booleans",
        ),
        pytest.param(
            {"negatives": [0, 1, 2, 0, 0, 0]},
            _SEQUENCE.format("negatives", _BLOCKS.format(1), "2 at position 2"),
            id="negatives with a two",
        ),
        pytest.param(
            {"negatives": [True, False]},
            _SEQUENCE.format("negatives", _BLOCKS.format(1), "shape (2,)"),
            id="negatives too short",
        ),
        pytest.param(
            {"negatives": [0.0] * 6},
            _SEQUENCE.format("negatives", _BLOCKS.format(1), "dtype float64"),
            id="negatives of floats",
        ),
        pytest.param(
            {"negatives": "010101"},
            _SEQUENCE.format("negatives", _BLOCKS.format(1), "shape ()"),
            id="negatives as text",
        ),
        pytest.param(
            {"negatives": [[0], [0, 1]]},
            _SEQUENCE.format(
                "negatives", "be 6 booleans, or 0 and 1", "a list that is no array of numbers"
            ),
            id="ragged negatives",
        ),
        pytest.param(
            {"components": [0, 1, 2, 3, 4, 6]},
            _SEQUENCE.format("components", _BLOCKS.format(5), "6 at position 5"),
            id="component order 6",
        ),
    ],
)
def test_bad_sequences(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        EtCKey(COLOUR, **fields)
    assert str(caught.value) == message


def test_components_need_colour() -> None:
    with pytest.raises(InvalidParameterError) as caught:
        EtCKey(GREY, components=[0] * 6)
    assert str(caught.value) == (
        "The 'components' parameter of EtCKey must be None for a grey geometry. Got list."
    )


@pytest.mark.parametrize(
    ("caller", "arguments", "message"),
    [
        pytest.param(
            "from_secret",
            {"secret": ""},
            "The 'secret' parameter of EtCKey.from_secret must be bytes or str and not empty. "
            "Got str.",
            id="empty text",
        ),
        pytest.param(
            "from_secret",
            {"secret": b""},
            "The 'secret' parameter of EtCKey.from_secret must be bytes or str and not empty. "
            "Got bytes.",
            id="empty bytes",
        ),
        pytest.param(
            "from_secret",
            {"secret": 4711},
            "The 'secret' parameter of EtCKey.from_secret must be bytes or str and not empty. "
            "Got int.",
            id="number as secret",
        ),
        pytest.param(
            "from_secret",
            {"secret": "4711\udcff"},
            "The 'secret' parameter of EtCKey.from_secret must be encodable as UTF-8. "
            "Got a str with lone surrogates.",
            id="command line argument that is not UTF-8",
        ),
        pytest.param(
            "from_secret",
            {"geometry": (4, 6)},
            "The 'geometry' parameter of EtCKey.from_secret must be a BlockGeometry. "
            "Got (4, 6) (tuple).",
            id="shape as geometry",
        ),
        pytest.param(
            "generate",
            {"geometry": None},
            "The 'geometry' parameter of EtCKey.generate must be a BlockGeometry. "
            "Got None (NoneType).",
            id="no geometry",
        ),
        pytest.param(
            "from_secret",
            {"steps": "permutation"},
            "The 'steps' parameter of EtCKey.from_secret must be a collection, and hold names "
            "from permutation, transforms, negatives, components, or K1 to K4. "
            "Got 'permutation' (str).",
            id="steps as one string",
        ),
        pytest.param(
            "from_secret",
            {"steps": ["rotation"]},
            "The 'steps' parameter of EtCKey.from_secret must hold names from permutation, "
            "transforms, negatives, components, or K1 to K4. Got ['rotation'] (list).",
            id="unknown step",
        ),
        pytest.param(
            "from_secret",
            {"steps": ["negatives", "tranforms"]},
            "The 'steps' parameter of EtCKey.from_secret must hold names from permutation, "
            "transforms, negatives, components, or K1 to K4. Got ['negatives', 'tranforms'] "
            "(list). Did you mean 'transforms'?",
            id="misspelt step",
        ),
        pytest.param(
            "generate",
            {"steps": 4},
            "The 'steps' parameter of EtCKey.generate must hold names from permutation, "
            "transforms, negatives, components, or K1 to K4. Got 4 (int).",
            id="number of steps",
        ),
        pytest.param(
            "generate",
            {"steps": ["components"]},
            "The 'steps' parameter of EtCKey.generate must fit the geometry. "
            "Got components for a grey geometry.",
            id="component shuffle of grey images",
        ),
    ],
)
def test_bad_arguments(caller: str, arguments: dict[str, Any], message: str) -> None:
    defaults: dict[str, Any] = {"geometry": GREY}
    if caller == "from_secret":
        defaults |= {"secret": "s"}
    with pytest.raises(InvalidParameterError) as caught:
        getattr(EtCKey, caller)(**{**defaults, **arguments})
    assert str(caught.value) == message


def test_errors_do_not_print_the_secret() -> None:
    secret = chr(0x6B65) + "-".join("abc") + chr(0xDCFF)
    bad: list[Any] = [secret, list(secret), {"secret": secret}]
    for value in bad:
        with pytest.raises(InvalidParameterError) as caught:
            EtCKey.from_secret(GREY, value)
        printed = "".join(traceback.format_exception(caught.value))
        assert "a-b-c" not in printed
        assert chr(0x6B65) not in printed


def test_every_truncation_of_the_json_is_refused() -> None:
    text = EtCKey.from_secret(BlockGeometry(2, 4, block=2), "s").to_json()
    for length in range(len(text)):
        with pytest.raises(
            InvalidParameterError,
            match=r"The 'text' parameter of EtCKey\.from_json must be JSON text as to_json .* Got ",
        ):
            EtCKey.from_json(text[:length])


_WANTED = "The 'text' parameter of EtCKey.from_json must {}. Got {}."
_FIELDS = (
    "have the fields components, format, geometry, negatives, permutation, transforms, version"
)
_FORMAT = _WANTED.replace("{}", 'be a JSON object with "format": "etcprops.EtCKey"', 1)


def _tampered(**changes: Any) -> str:
    document = json.loads(
        EtCKey(COLOUR, permutation=range(6), negatives=[0] * 6, components=[0] * 6).to_json()
    )
    for name, value in changes.items():
        if value is ...:
            del document[name]
        else:
            document[name] = value
    return json.dumps(document)


def test_the_untampered_document_is_read() -> None:
    assert EtCKey.from_json(_tampered()).steps == ("permutation", "negatives", "components")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            _tampered(version=2),
            _WANTED.format("be of version 1", "version 2 (int)"),
            id="a later version",
        ),
        pytest.param(
            _tampered(version="1"),
            _WANTED.format("be of version 1", "version '1' (str)"),
            id="version as text",
        ),
        pytest.param(
            _tampered(version=True),
            _WANTED.format("be of version 1", "version True (bool)"),
            id="version true",
        ),
        pytest.param(
            _tampered(version=...),
            _WANTED.format("be of version 1", "version None (NoneType)"),
            id="no version",
        ),
        pytest.param(
            _tampered(format="other"),
            _FORMAT.format("'other' (str)"),
            id="another format",
        ),
        pytest.param(
            _tampered(format=...),
            _FORMAT.format("None (NoneType)"),
            id="no format",
        ),
        pytest.param(
            "[1, 2]",
            _FORMAT.format("list"),
            id="a list",
        ),
        pytest.param(
            "null",
            _FORMAT.format("NoneType"),
            id="null",
        ),
        pytest.param(
            _tampered(transforms=...), _WANTED.format(_FIELDS, "transforms"), id="a field missing"
        ),
        pytest.param(
            _tampered(blocks=6, note=""),
            _WANTED.format(_FIELDS, "blocks, note"),
            id="extra fields",
        ),
        pytest.param(
            _tampered(geometry=[4, 6]),
            _WANTED.format("have height, width, channels and block as its geometry", "list"),
            id="geometry as a list",
        ),
        pytest.param(
            _tampered(geometry={"height": 4}),
            _WANTED.format("have height, width, channels and block as its geometry", "dict"),
            id="geometry without a width",
        ),
        pytest.param(
            _tampered(geometry={**COLOUR.to_dict(), "block": 4}),
            "The 'block' parameter of BlockGeometry must divide width. "
            "Got block=4, width=6 instead; 2 divides 4 x 6, and 4 divides 4 x 4.",
            id="geometry that is none",
        ),
        pytest.param(
            _tampered(geometry={**COLOUR.to_dict(), "block": "2"}),
            "The 'block' parameter of BlockGeometry must be a positive integer. Got '2' (str).",
            id="geometry of strings",
        ),
        pytest.param(
            _tampered(geometry={**COLOUR.to_dict(), "height": 8}),
            _SEQUENCE.format("permutation", "be 12 integers from 0 to 11", "shape (6,)"),
            id="another size",
        ),
        pytest.param(
            _tampered(geometry={**COLOUR.to_dict(), "channels": 1}),
            _SEQUENCE.format("components", "be None for a grey geometry", "list"),
            id="colour key made grey",
        ),
        pytest.param(
            _tampered(permutation=[0, 1, 2, 3, 4, 0]),
            _SEQUENCE.format("permutation", "hold each of 0 to 5 once", "0 2 times"),
            id="permutation with a duplicate",
        ),
        pytest.param(
            _tampered(permutation={"0": 1}),
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "shape ()"),
            id="permutation as an object",
        ),
        pytest.param(
            _tampered(permutation="012345"),
            _SEQUENCE.format("permutation", _BLOCKS.format(5), "shape ()"),
            id="permutation as text",
        ),
        pytest.param(
            _tampered(transforms=[0, 1, 2, 3, 4, 5.5]),
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "dtype float64"),
            id="a fraction",
        ),
        pytest.param(
            _tampered(transforms=[0, 1, 2, 3, 4, None]),
            _SEQUENCE.format("transforms", _BLOCKS.format(7), "dtype object"),
            id="a null among numbers",
        ),
        pytest.param(
            _tampered(negatives=[0, 1, [0], 1, 0, 0]),
            _SEQUENCE.format(
                "negatives", "be 6 booleans, or 0 and 1", "a list that is no array of numbers"
            ),
            id="ragged negatives",
        ),
        pytest.param(
            _tampered(negatives=[0, 1, 0, 1, 0, float("nan")]),
            "The 'text' parameter of EtCKey.from_json must be JSON text as to_json writes it. "
            "Got text that cannot be read: NaN is no finite number.",
            id="NaN",
        ),
    ],
)
def test_bad_json(text: str, message: str) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        EtCKey.from_json(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="None"),
        pytest.param({"format": "etcprops.EtCKey"}, id="a dictionary"),
        pytest.param(b"\xff\xfe\x00", id="bytes that are no text"),
        pytest.param("", id="empty"),
        pytest.param("{'format': 1}", id="single quotes"),
        pytest.param("[" * 100_000, id="nested too deeply"),
        pytest.param("[" + "9" * 5000 + "]", id="too many digits"),
    ],
)
def test_unreadable_json(text: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        EtCKey.from_json(text)
    assert str(caught.value).startswith(
        "The 'text' parameter of EtCKey.from_json must be JSON text as to_json writes it. "
        "Got text that cannot be read: "
    )


# --- Files


def test_a_saved_key_is_the_key_and_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "key.json"
    key = EtCKey.from_secret(COLOUR, "an example")
    key.save(path)
    assert EtCKey.load(path) == EtCKey.load(str(path)) == key
    assert EtCKey.from_json(path.read_text(encoding="utf-8")) == key
    assert [*path.parent.iterdir()] == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_a_key_is_overwritten_only_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, links: bool
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not links:  # some file systems have none
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "key.json"
    first, second = (EtCKey.from_secret(COLOUR, secret) for secret in ("one", "two"))
    first.save(path)
    with pytest.raises(InvalidParameterError, match=r"not there, unless overwrite=True. Got '.*"):
        second.save(path)
    assert EtCKey.load(path) == first
    second.save(path, overwrite=True)
    assert EtCKey.load(path) == second
    assert [*tmp_path.iterdir()] == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    key = EtCKey.from_secret(COLOUR, "an example")
    with pytest.raises(InvalidParameterError, match="be a file that can be written"):
        key.save(tmp_path / "file" / "key.json")
    with pytest.raises(InvalidParameterError, match="be a file that"):
        key.save(tmp_path, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("content", "got"),
    [
        pytest.param(None, "No such file", id="not there"),
        pytest.param(b"", "not valid JSON|JSON", id="empty"),
        pytest.param(b"\xff\xfe", "no text", id="no text"),
        pytest.param(b'{"format": "something else", "version": 1}', "format", id="other document"),
    ],
)
def test_files_that_hold_no_key(tmp_path: Path, content: bytes | None, got: str) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_bytes(content)
    wanted = "The 'path' parameter of EtCKey.load must be a file with a key as EtCKey.save writes"
    with pytest.raises(InvalidParameterError, match=f"^{wanted} it. Got '.*key.json': .*({got})"):
        EtCKey.load(path)


@pytest.mark.skipif(os.name != "posix", reason="folders are refused in other words here")
def test_what_the_system_says_is_told_in_its_words_alone(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"': Is a directory\.$"):
        EtCKey.load(tmp_path)
    with pytest.raises(InvalidParameterError, match=r"': Is a directory\.$"):
        EtCKey.from_secret(COLOUR, "an example").save(tmp_path, overwrite=True)


@pytest.mark.parametrize("path", [None, 3, "", b"key.json"])
def test_paths_that_are_none(path: Any) -> None:
    key = EtCKey.from_secret(COLOUR, "an example")
    with pytest.raises(InvalidParameterError, match=r"'path' parameter of EtCKey.load must be a"):
        EtCKey.load(path)
    with pytest.raises(InvalidParameterError, match=r"'path' parameter of EtCKey.save must be a"):
        key.save(path)


# --- Names of steps


@pytest.mark.parametrize("step", Step)
def test_steps_have_the_names_of_the_literature(step: Step) -> None:
    code = f"K{[*Step].index(step) + 1}"
    assert Step(code) is Step(code.lower()) is step
    named = EtCKey.from_secret(COLOUR, "an example", steps=[code])
    assert named == EtCKey.from_secret(COLOUR, "an example", steps=[step])
    assert named.steps == (step,)


@pytest.mark.parametrize("value", ["K0", "K5", "K", "1", "", None, 1])
def test_other_names_are_no_steps(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid Step"):
        Step(value)
