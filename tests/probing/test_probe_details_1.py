"""Small parts of the probe: what is said of partial results, drift, shapes, and what came back."""

# ruff: noqa: SLF001  # parts, each alone

from __future__ import annotations

import base64
import io
import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import BYTES, asked, grid, rng
from PIL import Image as Picture

from etcprops import InvalidParameterError, SignedPermutation
from etcprops.probing import (
    BitMap,
    Confirmation,
    MapKind,
    MapWitness,
    ProbeReport,
    page,
    pictures,
    probe,
    returns,
    verdicts,
)
from etcprops.probing.calling import how_to_call
from etcprops.probing.classification import _Classifier, _no_image
from etcprops.probing.consequences import Consequence, in_two_lines
from etcprops.probing.drift import drift
from etcprops.probing.keys import Keys, KeyVerdict
from etcprops.probing.model import _sparse
from etcprops.probing.oracle import NoImageError
from etcprops.probing.sandbox import Forked, Isolation

Array = NDArray[Any]


# --- How it is called


def test_the_only_parameter_that_must_be_given_by_name_gets_the_key() -> None:
    def one(image: Any, *, brightness: int, gain: int = 1) -> None: ...
    def two(image: Any, *, brightness: int, contrast: int) -> None: ...
    def with_default(image: Any, *, gain: int = 1) -> None: ...

    assert how_to_call(one).keyword == "brightness"
    assert not how_to_call(two).keyed
    assert not how_to_call(with_default).keyed


@pytest.mark.parametrize(
    ("code", "says"),
    [(0, " with status 0"), (3, " with status 3"), (-9, " by signal 9 (Killed)"), (None, "")],
)
def test_how_a_process_ended_is_told_by_its_status(code: int | None, says: str) -> None:
    process = SimpleNamespace(join=lambda _seconds: None, exitcode=code)
    forked: Any = SimpleNamespace(process=process, close=lambda: None)
    assert Forked._how(forked) == says


# --- What is said


def test_nothing_is_said_of_what_was_excluded_when_nothing_was() -> None:
    classifier: Any = SimpleNamespace(
        reached=None, reader=SimpleNamespace(candidate=None), right=0, excluded=[],
        oracle=SimpleNamespace(queries=1, budget=SimpleNamespace(ending="The budget ended")),
    )  # fmt: skip
    assert _Classifier.partial(classifier).reason == (
        "The budget ended after 1 call under this key, before its class was known."
    )


def refusing(image: Array) -> Array | None:
    return None if image.any() else image


def test_the_image_that_has_no_encryption_is_told() -> None:
    image = np.array([[0, 9]], np.uint8)
    encrypted_black = _no_image(asked(refusing, (1, 2)), NoImageError("returned None", image))
    what = "For an image with pixels up to 9 of shape (1, 2) and type uint8, it returned None."
    assert encrypted_black.reason == what
    black = _no_image(asked(refusing, (1, 2)), NoImageError("hung", image * 0))
    assert black.reason == "For black of shape (1, 2) and type uint8, it hung."


@pytest.mark.parametrize(
    ("pixels", "what"), [([0, 0], "black"), ([3, 9], "an image with pixels from 3 to 9")]
)
def test_the_first_image_that_failed_is_told(pixels: list[int], what: str) -> None:
    oracle = asked(refusing, (1, 2))
    for image in (np.array([pixels]), np.array([[1, 1]])):
        oracle.fail(NoImageError("returned None", image))
    assert oracle.failed == f"for {what}, it returned None"


def consequence(condition: str, *, exact: bool) -> Consequence:
    return Consequence("one" if exact else "other", "family", exact, condition, "")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([(True, ""), (False, "b")], ("keeps exactly: one.", "loses: other.")),
        ([(True, "a"), (False, "b")], ("keeps exactly (under conditions): one.", "loses: other.")),
        ([(False, "a")], ("keeps nothing exactly: a.",)),
        ([(False, "a"), (False, "a")], ("keeps nothing exactly: a.",)),
        ([(False, "a"), (False, "b")], ("keeps nothing exactly.",)),
        ([(True, "a")], ("keeps everything exactly.",)),
    ],
)
def test_what_learning_keeps_is_told_in_two_lines(
    found: list[tuple[bool, str]], says: tuple[str, ...]
) -> None:
    lines = in_two_lines(tuple(consequence(condition, exact=exact) for exact, condition in found))
    assert lines == tuple(f"Learning {line}" for line in says)


@pytest.mark.parametrize(("number", "more"), [(4, ""), (5, " and 1 more"), (6, " and 2 more")])
def test_four_keys_of_a_kind_are_named(number: int, more: str) -> None:
    found = [SimpleNamespace(kind=MapKind.AFFINE, witness=None)] * number
    keys: Any = SimpleNamespace(found=found, keys=list(range(number)))
    assert Keys._under(keys, MapKind.AFFINE) == f"affine under 0, 1, 2, 3{more}"


def test_residues_of_all_grey_levels_but_one_merge_two() -> None:
    sums: Any = SimpleNamespace(modulus=255, tried=3)
    reason = verdicts.affine(MapKind.AFFINE_RESIDUE, None, sums, None, 255).reason
    assert reason == (
        "Sums of images are kept modulo 255: y = A x + c, seen in 3 random instances; the matrix "
        "was not read. Grey levels that differ by 255 become the same, 255 and 0 for one: of 256, "
        "no more than 255 are told apart. Distances of grey levels are not kept, for results wrap "
        "around."
    )


@pytest.mark.parametrize(
    ("lost", "modular", "says"),
    [
        (0, True, "no bit is lost. It is affine modulo 256 as well."),
        (1, False, "1 of 8 bits are lost."),
        (None, False, "whether some are lost is not known."),
    ],
)
def test_what_combined_bits_lose_is_told(lost: int | None, says: str, *, modular: bool) -> None:
    reason = verdicts.over_combined_bits(lost, 8, modular=modular).reason
    assert reason.endswith(f"XORs of several bits of the image; {says}")


# --- The report


@pytest.fixture(scope="module", name="report")
def of_a_negation() -> ProbeReport:
    return probe(lambda image, _key: 255 - image, (2, 2), keys=[0], quick=True, isolation="none")


@pytest.mark.parametrize(("number", "more"), [(6, ""), (7, " and 1 more"), (8, " and 2 more")])
def test_six_keys_are_named_in_a_report(report: ProbeReport, number: int, more: str) -> None:
    of_keys = tuple(KeyVerdict(str(n), MapKind.AFFINE, "") for n in range(number))
    text = str(replace(report, key_verdicts=of_keys))
    assert f"  keys: 0, 1, 2, 3, 4, 5{more}\n" in f"{text}\n"


def test_milliseconds_and_finite_budgets_are_written(report: ProbeReport) -> None:
    found = replace(report, seconds=1.23456, own_seconds=0.12345, budget=math.inf).to_dict()
    assert (found["seconds"], found["own_seconds"], found["budget"]) == (1.235, 0.123, None)
    assert replace(report, budget=7.5).to_dict()["budget"] == 7.5


def test_pages_without_witnesses_have_no_pictures_of_them(report: ProbeReport) -> None:
    assert page._witness_pictures(report) == ([], 1.0)


@pytest.mark.parametrize(
    ("conditions", "same"), [([], ""), (["a"], "a"), (["a", "a"], "a"), (["a", "b"], "")]
)
def test_a_condition_of_all_consequences_is_told_once(
    monkeypatch: pytest.MonkeyPatch, conditions: list[str], same: str
) -> None:
    monkeypatch.setattr(page, "render_page", lambda *_, **shown: shown["same"])
    found = [consequence(condition, exact=False) for condition in conditions]
    report: Any = SimpleNamespace(witness=None, consequences=found, map=None)
    assert page.render(report, "f") == same


def test_images_of_up_to_64_bright_pixels_are_written_out() -> None:
    for number, written in ((64, True), (65, False)):
        image = (np.arange(100) < number).astype(np.uint8)
        assert ("pixels" in _sparse(image)) is written


def test_shares_of_images_are_at_most_one() -> None:
    confirmed = Confirmation(images=9, uniform=2, all_levels=False, calls=12)
    assert confirmed.missed(1) == 0
    with pytest.raises(InvalidParameterError, match="fraction"):
        confirmed.missed(1.5)


def test_halves_of_bytes_that_meet_in_one_byte_are_no_whole_pixels() -> None:
    found = BitMap(np.arange(16) + 4, np.zeros(2, np.int64), 3)
    assert found.halves_stay_whole
    assert not found.pixels_stay_whole


# --- Pictures


def test_images_of_four_components_are_drawn_by_the_first_three_and_framed() -> None:
    image = grid(2, 3, 4).astype(np.uint8)
    assert pictures._grey(image, 255.0).tolist() == image[..., :3].tolist()
    caption, _ = pictures._drawn("Result", image, (1, 2), 255.0)
    assert caption == "Result; framed is row 1, column 2: (20, 21, 22, 23)."
    assert pictures._drawn("Result", grid(2, 3, 5), (1, 2), 255.0)[0] == "Result."


def test_places_are_coloured_from_one_side_to_the_other() -> None:
    colours = pictures._place_colours(np.arange(4), (2, 2))
    assert colours.tolist() == [[40, 40, 90], [240, 40, 90], [40, 240, 90], [240, 240, 90]]
    assert pictures._side_by_side(colours, (4,)).shape == (4, 1, 3)


@pytest.mark.parametrize("result", [np.zeros(4), np.zeros((0, 3)), np.zeros((2, 2), complex)])
def test_what_is_no_picture_is_not_drawn(result: Array) -> None:
    black = np.zeros((2, 2), np.uint8)
    drawn, white = pictures.witness(MapWitness("any", black, black, (result, result), (0, 0), ""))
    assert [caption for caption, _ in drawn] == ["First image.", "Second image."]
    assert white == 1.0


# --- What came back

IMAGE = np.arange(4).reshape(2, 2)
OTHER = np.arange(9).reshape(3, 3)


class ByArray:
    def __array__(self, *_: Any, **__: Any) -> Array:
        return IMAGE


class ByExchange:
    def __dlpack__(self, **how: Any) -> Any:
        return IMAGE.__dlpack__(**how)

    def __dlpack_device__(self) -> Any:
        return IMAGE.__dlpack_device__()


class ByList:
    def tolist(self) -> Any:
        return IMAGE.tolist()


class Failing(ByList):
    def __array__(self, *_: Any, **__: Any) -> Array:
        raise RuntimeError


@pytest.mark.parametrize("kind", [ByArray, ByExchange, ByList, Failing])
def test_whatever_can_be_made_an_array_is_taken(kind: type[Any]) -> None:
    array, taken = returns.as_image(kind(), (2, 2))
    assert array.tolist() == IMAGE.tolist()
    assert taken == f"a {kind.__name__}"


def test_large_whole_numbers_of_python_are_taken_as_floats() -> None:
    found = returns._plain(np.array([2**70, 0], dtype=object))
    assert found is not None
    assert found.tolist() == [2.0**70, 0]
    assert returns._plain(np.array([object()])) is None


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({"a": OTHER}, "item ['a'] of a dict"),
        ({"a": OTHER, "b": IMAGE}, "item ['b'] of a dict"),
        ({"a": IMAGE.ravel()}, "item ['a'] of a dict: a vector, its pixels row by row"),
        ([IMAGE], "a list of planes: a batch of one image"),
        ([OTHER, OTHER], "a list of planes"),
        (IMAGE.tolist(), "a list"),
    ],
)
def test_the_image_in_a_container_is_found(value: Any, taken: str) -> None:
    assert returns.as_image(value, (2, 2))[1] == taken


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": np.arange(3)}, "returned a dict with no image in it"),
        (
            {"a": OTHER, "b": OTHER},
            (
                "returned a dict with 2 images in it; choose one: "
                "lambda image, key: encrypt(image, key)['a']"
            ),
        ),
        (["a", "b"], "returned a list with no image in it"),
        ([object()], "returned a list with no image in it"),
    ],
)
def test_why_no_image_in_a_container_was_taken_is_told(value: Any, says: str) -> None:
    with pytest.raises(returns.NoArrayError) as error:
        returns.as_image(value, (2, 2))
    assert str(error.value) == says


def test_pictures_of_other_modes_are_converted_and_it_is_said() -> None:
    picture = Picture.fromarray(IMAGE.astype(np.uint8))
    for mode, taken in (("P", ", as RGB"), ("1", ", as L"), ("L", "")):
        found = returns._from_picture(picture.convert(mode))[1]
        assert found == [f"a PIL image of mode {mode}{taken}"]


def test_text_in_which_other_characters_stand_is_no_base64() -> None:
    file = io.BytesIO()
    Picture.fromarray(IMAGE.astype(np.uint8)).save(file, "PNG")
    text = base64.b64encode(file.getvalue()).decode()
    assert returns.as_image(text, (2, 2))[0].tolist() == IMAGE.tolist()
    with pytest.raises(returns.NoArrayError, match="no image"):
        returns.as_image(f"{text[:8]}*{text[8:]}", (2, 2))


# --- Drift

TURNED = SignedPermutation([3, 2, 1, 0], [1, 1, 1, 1])


@pytest.fixture(name="_here")
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etcprops.probing.drift.best_isolation", lambda: Isolation.NONE)


def turned(image: Array, _key: int) -> Array:
    return image[::-1, ::-1]


def dark_changed(image: Array, _key: int) -> Array:
    return image if image.max() < 4 else image[::-1, ::-1]


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 1), [1, 4]])
def test_a_map_that_is_the_same_is_said_to_be(shape: Any) -> None:
    found = drift(TURNED, turned, shape, 0)
    assert found.text == "The function still is this map: the same on 5 images."


@pytest.mark.usefixtures("_here")
def test_one_image_that_is_encrypted_otherwise_is_drift() -> None:
    assert not drift(TURNED, dark_changed, (2, 2), 0).same
    words = SignedPermutation([3, 2, 1, 0], [1, 1, 1, 1], level=65535)
    assert drift(words, turned, (2, 2), 0).same


@pytest.mark.usefixtures("_here")
def test_drift_is_looked_for_in_the_same_noise_each_time() -> None:
    seen: list[Array] = []

    def watched(image: Array, key: int) -> Array:
        seen.append(image.ravel())
        return turned(image, key)

    drift(TURNED, watched, (2, 2), 0)
    random = rng(0)
    noise = [BYTES.draw(random, 4) for _ in range(4)]
    assert np.array_equal(seen[-4:], noise)


@pytest.mark.parametrize("shape", [4, (4,), (2, 2, 1, 1)])
def test_drift_takes_shapes_of_images(shape: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r"must be \(H, W\) or \(H, W, C\)"):
        drift(TURNED, turned, shape, 0)
